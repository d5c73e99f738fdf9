//! The binary as its user sees it, and what only the binary's crate can see: the shape of the workspace.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise; clippy only excuses the test functions themselves"
)]

mod edges;
mod input;
mod planning;
