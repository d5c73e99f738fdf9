use crate::SensitiveUrl;
use alloy::primitives::{B256, Bytes};
use std::{fmt, time::Duration};

/// What can go wrong between us and a chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The pool was configured without an endpoint.
    #[error("no endpoint is configured; give at least one http(s) address")]
    NoEndpoints,
    /// An endpoint belongs to another chain. The pool refuses to start.
    #[error(
        "endpoint {endpoint} serves chain {found}, expected {expected}; remove it or fix the chain id"
    )]
    WrongChain {
        /// The endpoint, redacted.
        endpoint: SensitiveUrl,
        /// The chain id it reports.
        found: u64,
        /// The chain id of the configuration, or of the endpoints before it.
        expected: u64,
    },
    /// Two endpoints have the same chain id but not the same first block. The pool refuses to start.
    #[error(
        "endpoint {endpoint} has genesis {found}, the others have {expected}; they are different chains"
    )]
    WrongGenesis {
        /// The endpoint, redacted.
        endpoint: SensitiveUrl,
        /// The hash of its block 0.
        found: B256,
        /// The hash of block 0 on the others.
        expected: B256,
    },
    /// No endpoint gave an answer, after all rounds.
    #[error("no endpoint answered {method}: {}", Joined(faults))]
    Unavailable {
        /// The JSON-RPC method.
        method: String,
        /// Why each endpoint failed, last attempt of each.
        faults: Vec<(SensitiveUrl, Fault)>,
    },
    /// The chain answered with an error that another endpoint would repeat.
    #[error("{method}: {error}")]
    Rpc {
        /// The JSON-RPC method.
        method: String,
        /// The error object.
        error: RpcFailure,
    },
    /// A log query is wider than the provider serves.
    #[error("{method}: the provider refuses the range: {reason}")]
    RangeTooWide {
        /// The JSON-RPC method.
        method: String,
        /// The provider's words, scrubbed.
        reason: String,
    },
    /// An answer does not have the expected shape.
    #[error("{method}: unexpected answer: {reason}")]
    Decode {
        /// The JSON-RPC method, or the function that was called.
        method: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A block that must exist is not served (yet) by any endpoint.
    #[error("block {0} is not available from any endpoint yet")]
    BlockUnavailable(u64),
    /// The canonical window cannot explain what the chain says.
    #[error(transparent)]
    Window(#[from] crate::WindowError),
    /// A log range is not complete, and nobody could fill it. Nothing of the range was returned.
    #[error("logs of block {block} are incomplete on every endpoint: {reason}")]
    Hole {
        /// The block with the hole.
        block: u64,
        /// Why we know.
        reason: String,
    },
    /// The chain moved while a range was read. Read it again.
    #[error("the chain changed at block {block} while its logs were read; read the range again")]
    Moved {
        /// The first block that does not fit.
        block: u64,
    },
    /// A range ends before it begins.
    #[error("empty block range {from}..={to}")]
    EmptyRange {
        /// First block.
        from: u64,
        /// Last block.
        to: u64,
    },
    /// The HTTP client could not be built.
    #[error("cannot build the HTTP client: {0}")]
    Client(String),
}

impl ChainError {
    /// The error object, when the chain itself said no.
    #[must_use]
    pub fn rpc(&self) -> Option<&RpcFailure> {
        match self {
            Self::Rpc { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Whether the same request may succeed later without anybody acting.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::BlockUnavailable(_) | Self::Moved { .. }
        )
    }
}

struct Joined<'a>(&'a [(SensitiveUrl, Fault)]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return write!(f, "all endpoints are banned");
        }
        for (index, (url, fault)) in self.0.iter().enumerate() {
            if index > 0 {
                write!(f, "; ")?;
            }
            write!(f, "{url}: {fault}")?;
        }
        Ok(())
    }
}

/// One failed attempt at one endpoint. Texts are scrubbed of the endpoint's secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Connection refused, reset, DNS, TLS.
    #[error("{0}")]
    Connect(String),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// An HTTP status outside 2xx.
    #[error("HTTP {0}")]
    Http(u16),
    /// The provider asks us to slow down.
    #[error("throttled")]
    Throttled(Option<Duration>),
    /// The body is not a JSON-RPC answer to our request.
    #[error("malformed answer: {0}")]
    Malformed(String),
    /// The endpoint does not know the block yet.
    #[error("behind: {0}")]
    Behind(String),
    /// The endpoint does not offer the method.
    #[error("method not offered")]
    Unsupported,
    /// An error object that may be the endpoint's fault or the request's.
    #[error("{0}")]
    Doubtful(RpcFailure),
    /// The endpoint serves another chain and is never used again.
    #[error("serves another chain")]
    Banned,
}

/// A JSON-RPC error object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcFailure {
    /// The code, as the node sent it.
    pub code: i64,
    /// The message, scrubbed.
    pub message: String,
    /// `data` as raw JSON text, if any.
    pub data: Option<String>,
}

impl RpcFailure {
    /// The bytes a contract reverted with, when this is a revert that carries them.
    #[must_use]
    pub fn revert_data(&self) -> Option<Bytes> {
        let data: serde_json::Value = serde_json::from_str(self.data.as_deref()?).ok()?;
        let text = match &data {
            serde_json::Value::String(text) => text.as_str(),
            // Some nodes nest it: {"data": "0x…"} or {"result": "0x…"}.
            serde_json::Value::Object(fields) => fields
                .get("data")
                .or_else(|| fields.get("result"))?
                .as_str()?,
            _ => return None,
        };
        text.trim_start_matches("Reverted ").parse().ok()
    }

    /// Whether a contract reverted.
    #[must_use]
    pub fn is_revert(&self) -> bool {
        self.code == 3 || self.message.to_ascii_lowercase().contains("revert")
    }
}

impl fmt::Display for RpcFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}
