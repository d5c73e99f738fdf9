//! The model against examples worked by hand, and its promises over random histories.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests: helpers outside #[test] functions too"
)]

mod basket;
mod edges;
mod examples;
mod later;
mod properties;
mod sim;
mod staking;
mod world;
