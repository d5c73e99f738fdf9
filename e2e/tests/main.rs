//! The whole system from outside: a local chain, the `omnibus` binary, a browser. One test binary; every test has its
//! own chain and folder, and a timeout.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise; clippy only excuses the test functions themselves"
)]

mod basket;
mod basket_index;
mod browser;
mod deploy;
mod doctor;
mod index;
mod invest;
mod journey;
mod parts;
mod queue;
mod replay;
mod service;
mod simulate;
mod site;
mod stateful;
