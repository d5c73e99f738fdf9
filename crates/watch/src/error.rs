use std::path::PathBuf;

/// What stops a watcher. Transient trouble with endpoints does not: it is retried, and shows in the status.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The chain.
    #[error(transparent)]
    Chain(#[from] chain::ChainError),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The chain was rewritten below what can be rolled back.
    #[error(
        "the block {number} of the index is not on the chain, nor is any block down to {floor}: the reorganisation is deeper \
         than the window of the store; re-index into a new file"
    )]
    TooDeep {
        /// The index's last block.
        number: u64,
        /// The lowest block that could be rolled back to.
        floor: u64,
    },
    /// A rules file that cannot be used. The rules in force stay.
    #[error("rules: {0}")]
    Rules(String),
    /// A rules file that cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// E-mail cannot be set up.
    #[error("e-mail: {0}")]
    Mail(String),
    /// A committed ABI does not parse.
    #[error("ABI of {contract}: {reason}")]
    Abi {
        /// The contract.
        contract: &'static str,
        /// Why.
        reason: String,
    },
}

/// The watcher's result.
pub type Result<T, E = WatchError> = std::result::Result<T, E>;
