#![doc = include_str!("../README.md")]

mod auth;
mod config;
mod dto;
mod error;
mod extract;
mod figures;
mod index;
mod limit;
mod live;
mod prometheus;
mod routes;
mod scalar;
mod server;
mod web;
mod ws;

pub use auth::{AuthConfig, Class, TokenHash, Viewers};
pub use config::ApiConfig;
pub use dto::{
    Account, Alert, AlertState, AmmQuote, Bucket, BucketState, ChainHead, Check, Contracts,
    DepositQuote, ErrorBody, ErrorDetail, Event, ExitQuote, ExitRequest, Features, Health,
    HistoryItem, HistoryKind, Indexed, InstantQuote, Intent, IntentRequest, Job, JournalEntry,
    KeeperStatus, MetricName, Mode, Oracle, Overview, Page, PublicConfig, QueueQuote, Readiness,
    RequestState, Rung, RungState, Sample, Severity, Status, Validator, WsMessage, WsRequest,
};
pub use error::ApiError;
pub use routes::{RouteInfo, openapi, route_list};
pub use scalar::{Addr, Hash, Ray, RequestId, Wei};
pub use server::{Server, serve};
