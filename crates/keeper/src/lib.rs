#![doc = include_str!("../README.md")]

mod abi;
pub mod basket;
mod engine;
mod error;
mod jobs;
pub mod send;
mod signer;
#[cfg(test)]
mod tests;
mod view;

pub use basket::BasketView;
pub use engine::{Config, Keeper, Mode, Report, Verdict, note_off};
pub use error::{Error, Result};
pub use jobs::{Job, Plan, Target, counter, next_due, plan, worth};
pub use send::{Call, Lease, Order, SendPolicy, Sender, Settled};
pub use signer::{DynSigner, signer_from_env, signer_from_keystore};
pub use view::{Payout, ValidatorView, VaultView, View};
