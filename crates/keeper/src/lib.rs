#![doc = include_str!("../README.md")]

mod abi;
mod error;
pub mod send;
mod signer;
#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use send::{Call, Lease, Order, SendPolicy, Sender, Settled};
pub use signer::{DynSigner, signer_from_env, signer_from_keystore};
