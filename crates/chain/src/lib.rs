#![doc = include_str!("../README.md")]

mod basket;
pub mod bindings;
mod classify;
mod endpoint;
mod error;
#[cfg(any(test, feature = "test-util"))]
pub mod fake;
mod follow;
mod logs;
mod pool;
mod reads;
mod score;
#[cfg(test)]
mod tests;
mod url;
mod window;

pub use alloy::rpc::types::Log;
pub use basket::BasketContracts;
pub use endpoint::http_client;
pub use error::{ChainError, Fault, RpcFailure};
pub use follow::{FollowConfig, Follower};
pub use logs::{Completeness, LogFilter, LogReader, VerifiedLogs};
pub use pool::{EndpointStatus, Pool, PoolConfig};
pub use reads::{Block, Broadcast, Fees, Receipt};
pub use url::{InvalidUrl, SensitiveUrl};
pub use window::{Step, Window, WindowError};
