//! End-to-end tests.

pub mod basket;
pub mod cores;
pub mod differential;
pub mod queue;
pub mod stateful;
pub mod table;
pub mod world;
