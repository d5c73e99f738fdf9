//! End-to-end tests.

pub mod world;
