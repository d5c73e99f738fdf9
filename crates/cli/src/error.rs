//! What can go wrong, in words that say what to do next, and the exit code that scripts can rely on.

use alloy::primitives::{Address, B256};
use std::{net::SocketAddr, path::PathBuf};

/// The result of a command.
pub type Result<T> = std::result::Result<T, Problem>;

/// One of the two sides of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Liquid staking.
    Liquid,
    /// The basket and its governance.
    Basket,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Liquid => "liquid",
            Self::Basket => "basket",
        })
    }
}

/// A command ended without doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A file that the user wrote does not read.
    #[error("{path}: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// Where and what.
        reason: String,
    },
    /// An argument has the right form and a wrong value.
    #[error("{what}: {reason}")]
    Argument {
        /// Which.
        what: String,
        /// Why not.
        reason: String,
    },
    /// No such profile.
    #[error("there is no profile `{name}`")]
    UnknownProfile {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The endpoint serves another chain than the profile says.
    #[error("this endpoint serves chain {found}, the profile `{profile}` is for chain {expected}")]
    WrongChain {
        /// The profile's.
        expected: u64,
        /// The endpoint's.
        found: u64,
        /// Name of the profile.
        profile: String,
    },
    /// Nobody answers.
    #[error("no endpoint answers: {reason}")]
    ChainDown {
        /// What the last one said.
        reason: String,
    },
    /// The deployment file is missing.
    #[error("there is no deployment file {path}")]
    NoDeployment {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The deployment file speaks of contracts that the chain does not have.
    #[error("{name} at {address} is not what {path} says: {reason}")]
    ForeignDeployment {
        /// The contract.
        name: String,
        /// Its address.
        address: Address,
        /// The file.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
    /// A deployment of that name exists already.
    #[error("{path} exists: this name is deployed")]
    AlreadyDeployed {
        /// The file.
        path: PathBuf,
    },
    /// The port is taken.
    #[error("{addr} is in use by another program")]
    PortInUse {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// Another process holds the data folder.
    #[error("another omnibus works in {path}")]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// Another process sends with the same key.
    #[error("another omnibus is sending with the key of {account} ({path})")]
    KeyBusy {
        /// Whose key.
        account: Address,
        /// The folder of its journal.
        path: PathBuf,
    },
    /// A program that is needed is not there.
    #[error("{tool} is not installed")]
    MissingTool {
        /// Its name.
        tool: &'static str,
        /// How to get it.
        hint: &'static str,
    },
    /// The web app has not been built.
    #[error("the web app is not built: {path} has no index.html")]
    NoWebApp {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// No key to sign with.
    #[error("no key: {var} is not set")]
    MissingKey {
        /// The environment variable.
        var: String,
    },
    /// A channel of alerts without its secret.
    #[error("{var} is not set")]
    MissingSecret {
        /// The environment variable.
        var: &'static str,
    },
    /// A key that is none. The text never repeats it.
    #[error("{origin} does not hold a private key")]
    BadKey {
        /// Variable or file.
        origin: String,
    },
    /// A stand-in was asked for where money is real.
    #[error(
        "the profile `{profile}` is for a chain where money is real: stand-ins are refused ({sections})"
    )]
    StandInRefused {
        /// The profile.
        profile: String,
        /// Where they are asked for.
        sections: String,
    },
    /// What a command is for is not there.
    #[error("{place} has no {side} side")]
    NoSide {
        /// Which.
        side: Side,
        /// A profile or a deployment.
        place: String,
    },
    /// An address that is to be built on is not what it should be.
    #[error(
        "{name} at {address} is not what it should be: {expected} was expected, found: {found}"
    )]
    NotAsExpected {
        /// What should be there.
        name: String,
        /// Where.
        address: Address,
        /// What it should be or answer.
        expected: String,
        /// What it is or answers.
        found: String,
    },
    /// A question was not answered with yes.
    #[error("not confirmed")]
    NotConfirmed,
    /// The contract refuses.
    #[error("{what}: the contract refuses: {reason}")]
    Refused {
        /// What was to be done.
        what: String,
        /// The decoded error.
        reason: String,
    },
    /// It was mined and failed.
    #[error("{what}: transaction {hash} was mined and failed")]
    Failed {
        /// What was to be done.
        what: String,
        /// The transaction.
        hash: B256,
    },
    /// Nothing was mined in time.
    #[error("{what}: transaction {hash} is not mined after {seconds} s: {why}")]
    NotMined {
        /// What was to be done.
        what: String,
        /// The transaction.
        hash: B256,
        /// How long it was waited for.
        seconds: u64,
        /// What it waits for.
        why: String,
    },
    /// It was not sent, or can have no effect any more.
    #[error("{what}: {reason}")]
    NotSent {
        /// What was to be done.
        what: String,
        /// Why not.
        reason: String,
    },
    /// The deployer's nonce moved without us.
    #[error(
        "the account {account} has sent something else meanwhile (nonce {found}, expected {expected})"
    )]
    NonceUsedElsewhere {
        /// Whose nonce.
        account: Address,
        /// What the plan was made for.
        expected: u64,
        /// What the chain says.
        found: u64,
    },
    /// Not enough coins to go on.
    #[error("{account} has {have} and needs {need}")]
    Funds {
        /// Who.
        account: Address,
        /// Coins there.
        have: String,
        /// Coins needed.
        need: String,
    },
    /// What was deployed does not read back as planned.
    #[error("verification failed: {what} is {found}, planned was {expected}")]
    Verification {
        /// What was read.
        what: String,
        /// The plan.
        expected: String,
        /// The chain.
        found: String,
    },
    /// The chain's access layer.
    #[error(transparent)]
    Chain(#[from] chain::ChainError),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The server.
    #[error(transparent)]
    Api(api::ApiError),
    /// A file or a process.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// No ladder keeps the promise that was asked for.
    #[error("{goal} is out of reach: with up to {most} buckets the best is {nearest}")]
    Unreached {
        /// The goal.
        goal: String,
        /// Buckets that were tried at most.
        most: u64,
        /// The best that was found.
        nearest: String,
    },
    /// One of the long-running parts ended.
    #[error("{part} stopped: {reason}")]
    Stopped {
        /// Which.
        part: &'static str,
        /// Its own words.
        reason: String,
    },
    /// A bug of ours, said instead of a panic.
    #[error("unexpected: {0}")]
    Unexpected(String),
}

impl Problem {
    /// What to do next, if there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Config { .. } => "see the examples in deploy/profiles/ and docs/src/runbook.md".to_owned(),
            Self::UnknownProfile { known, .. } => format!("there is: {known}; or give the path of a .toml file"),
            Self::WrongChain { .. } => "choose the profile of that chain with --profile, or another endpoint with --rpc-url".to_owned(),
            Self::ChainDown { .. } => "start the node, or give another endpoint with --rpc-url (`make demo` starts a local chain)".to_owned(),
            Self::NoDeployment { .. } => "run `omnibus deploy` first, or name another one with --deployment".to_owned(),
            Self::ForeignDeployment { .. } => "was the local chain started afresh? Then remove the file and run `omnibus deploy`".to_owned(),
            Self::AlreadyDeployed { .. } => "choose another name with --deployment".to_owned(),
            Self::PortInUse { .. } => "stop that program or choose another port (--port; 0 takes any free one)".to_owned(),
            Self::Locked { .. } => "stop it, or choose another folder with --data-dir".to_owned(),
            Self::KeyBusy { .. } => "wait until it ends. While `omnibus run` keeps with this key, ask its keeper on the Operate page, or use another key".to_owned(),
            Self::MissingTool { hint, .. } => (*hint).to_owned(),
            Self::NoWebApp { .. } => "build it with: npm --prefix web ci && npm --prefix web run build".to_owned(),
            Self::MissingKey { var } => format!("put the private key into {var} (development), or use --keystore FILE"),
            Self::MissingSecret { .. } => "[alerts] in omnibus.toml names a channel that needs it: set it, or take the channel out".to_owned(),
            Self::BadKey { .. } => "a private key is 64 hex digits; a keystore also needs its password in OMNIBUS_KEYSTORE_PASSWORD".to_owned(),
            Self::StandInRefused { .. } => "give the addresses of the real systems (the staking system with --staking)".to_owned(),
            Self::NoSide { .. } => "choose another deployment with --deployment, or another profile with --profile".to_owned(),
            Self::NotAsExpected { .. } => "nothing was sent; compare the profile's address with the chain's own documentation".to_owned(),
            Self::NotConfirmed => "add --yes to go on without being asked".to_owned(),
            Self::NotMined { .. } => "run the same command again: it waits for the same transaction and sends no second one".to_owned(),
            Self::NotSent { .. } => "nothing waits any more; run the same command again when the reason is gone".to_owned(),
            Self::NonceUsedElsewhere { .. } => "use an account that nothing else uses; start over under another name with --deployment".to_owned(),
            Self::Funds { account, .. } => format!("send coins to {account} and run the same command again"),
            Self::Failed { .. } => "look at it in the explorer; nothing that follows was sent".to_owned(),
            Self::Unreached { .. } => "allow more time, more validators or a larger buffer (--withhold)".to_owned(),
            Self::Chain(error) if error.is_transient() => "the endpoint may be busy: try again".to_owned(),
            _ => return None,
        })
    }

    /// The exit code. Documented in `omnibus --help`; a number never changes its meaning.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Argument { .. } | Self::UnknownProfile { .. } | Self::NotConfirmed => 2,
            Self::Config { .. }
            | Self::MissingKey { .. }
            | Self::MissingSecret { .. }
            | Self::BadKey { .. }
            | Self::StandInRefused { .. } => 3,
            Self::WrongChain { .. } | Self::ChainDown { .. } | Self::Chain(_) => 4,
            Self::NoDeployment { .. }
            | Self::NoSide { .. }
            | Self::ForeignDeployment { .. }
            | Self::AlreadyDeployed { .. } => 5,
            Self::Refused { .. }
            | Self::Failed { .. }
            | Self::NotMined { .. }
            | Self::NotSent { .. }
            | Self::NonceUsedElsewhere { .. }
            | Self::Funds { .. } => 6,
            Self::PortInUse { .. }
            | Self::Locked { .. }
            | Self::KeyBusy { .. }
            | Self::MissingTool { .. }
            | Self::NoWebApp { .. } => 7,
            Self::Verification { .. } | Self::NotAsExpected { .. } => 8,
            Self::Unreached { .. } => 9,
            Self::Store(store::Error::Locked { .. }) => 7,
            Self::Store(_) | Self::Api(_) => 3,
            Self::Io { .. } | Self::Stopped { .. } | Self::Unexpected(_) => 1,
        }
    }

    /// For `map_err` on file and process calls.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// For what should not happen.
    pub fn unexpected(error: impl std::fmt::Display) -> Self {
        Self::Unexpected(error.to_string())
    }
}

impl From<keeper::Error> for Problem {
    /// Chain and journal speak for themselves.
    fn from(error: keeper::Error) -> Self {
        match error {
            keeper::Error::Chain(error) => error.into(),
            keeper::Error::Store(error) => error.into(),
            error => Self::unexpected(error),
        }
    }
}

impl From<api::ApiError> for Problem {
    /// Two of the server's errors are everybody's.
    fn from(error: api::ApiError) -> Self {
        match error {
            api::ApiError::Bind { addr, source }
                if source.kind() == std::io::ErrorKind::AddrInUse =>
            {
                Self::PortInUse { addr }
            }
            api::ApiError::WebDir { dir } => Self::NoWebApp { path: dir },
            error => Self::Api(error),
        }
    }
}
