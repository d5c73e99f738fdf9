//! End-to-end tests.

pub mod stateful;
pub mod world;
