//! A scripted chain for tests: blocks, logs, accounts, a mempool, reorgs, and nodes that misbehave on command.
//!
//! [`FakeChain`] is the world; each [`FakeNode`] serves it as JSON-RPC over loopback HTTP, with faults of its own.
//! Nothing moves unless a test says so: no clock, no automatic mining (unless asked for).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test support: a broken script should fail the test at once"
)]

mod node;
mod world;

pub use node::{FakeNode, NodeFault};
pub use world::{Contract, Dropped, FakeChain, FakeLog, Message, Reply};
