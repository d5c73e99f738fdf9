use alloy::primitives::{Address, B256, Bytes, U256};
use chain::ChainError;

/// What can go wrong in the keeper. None of these leaves anything half done: the journal says how far each attempt got.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The chain could not be read or reached.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The journal refused.
    #[error("journal: {0}")]
    Store(#[from] store::Error),
    /// The signer refused or failed.
    #[error("signer: {0}")]
    Signer(String),
    /// No signer is configured, but something is to be signed.
    #[error("job {0} is on but no signer is configured: configure one, or set the job to dry-run")]
    NoSigner(String),
    /// The call would revert now. Nothing was signed.
    #[error("the call would revert: {reason}")]
    WouldRevert {
        /// In words.
        reason: String,
        /// What the contract said, for whoever knows more of its errors.
        data: Option<Bytes>,
    },
    /// The call must have a nonce that the account has used, or has not come to. Nothing was signed.
    #[error(
        "the call is for nonce {expected} of {signer}, the next one is {found}: has another program used this key?"
    )]
    NonceMoved {
        /// The signer.
        signer: Address,
        /// The nonce that the call was made for.
        expected: u64,
        /// The next free one.
        found: u64,
    },
    /// The call needs more gas than one transaction may use. Nothing was signed.
    #[error(
        "the call needs {needed} gas, the limit is {limit}: use smaller pages or raise `gas_limit`"
    )]
    GasAboveLimit {
        /// Gas estimated, margin included.
        needed: u64,
        /// The limit.
        limit: u64,
    },
    /// The chain asks more for gas than we are willing to pay now. Nothing was signed.
    #[error(
        "gas costs {asked} wei now, the limit is {limit} wei: waiting for it to fall (`max_fee_per_gas`)"
    )]
    FeesTooHigh {
        /// Base fee and tip, wei per gas.
        asked: u128,
        /// The limit, wei per gas.
        limit: u128,
    },
    /// The signer cannot pay. Nothing was signed.
    #[error("{signer} has {balance} wei and needs {needed} wei: top it up")]
    FundsOut {
        /// The signer.
        signer: Address,
        /// What it has.
        balance: U256,
        /// What the transaction may cost.
        needed: U256,
    },
    /// The transaction was mined and reverted.
    #[error("transaction {0} was mined and reverted")]
    Reverted(B256),
    /// The attempt ended without effect for another reason.
    #[error("the attempt ended without effect: {0}")]
    Ended(String),
    /// Signed bytes in the journal are not what this program writes.
    #[error("transaction {0} in the journal cannot be decoded")]
    BadJournal(B256),
    /// The key file or variable is unusable. Says nothing about its content.
    #[error("{what}: {why}")]
    Key {
        /// Which one.
        what: String,
        /// Why.
        why: String,
    },
    /// A setting is unusable.
    #[error("setting {name}: {why}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// Why.
        why: String,
    },
}

/// The keeper's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
