//! End-to-end tests.

pub mod differential;
pub mod stateful;
pub mod world;
