//! What happened to a world, so that it can happen again: on another chain, or with other contracts.

use alloy::primitives::{Address, Bytes, U256};
use serde::Serialize;

/// Something that happened. Times are unix seconds, amounts wei.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Deed {
    /// A contract by the name of its artifact.
    Deploy {
        /// When.
        at: u64,
        /// By whom.
        from: Address,
        /// The artifact.
        name: String,
        /// Of its constructor, encoded.
        arguments: Bytes,
        /// Coins that went along.
        value: U256,
        /// Where it lives.
        made: Address,
    },
    /// A transaction that the chain took.
    Call {
        /// When.
        at: u64,
        /// By whom.
        from: Address,
        /// To whom.
        to: Address,
        /// Coins that went along.
        value: U256,
        /// Calldata.
        data: Bytes,
        /// Its limit.
        gas: u64,
        /// Whether it succeeded.
        ok: bool,
    },
    /// An account was given coins, or lost some, out of nothing.
    Balance {
        /// Whose.
        who: Address,
        /// What it has now.
        wei: U256,
    },
}
