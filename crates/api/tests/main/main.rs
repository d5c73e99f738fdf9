//! The real server over loopback, with a store of its own and a scripted chain.
// A sleeve has more fields than `json!` counts to by itself.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: what is not as expected should fail at once"
)]

mod access;
mod basket;
mod feed;
mod figures;
mod governance;
mod input;
mod lists;
mod openapi;
mod parts;
mod site;
mod truth;
mod world;
