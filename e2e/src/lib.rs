//! End-to-end tests.

pub mod differential;
pub mod queue;
pub mod stateful;
pub mod world;
