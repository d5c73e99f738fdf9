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
mod parts;
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
    Conversion, ConversionSale, Converter, Delegate, DepositQuote, Emergency, EmergencyKind,
    ErrorBody, ErrorDetail, Event, ExitPool, ExitPools, ExitQuote, ExitRequest, Features, Halt,
    Health, HistoryItem, HistoryKind, Indexed, InstantQuote, Intent, IntentRequest, Job,
    JournalEntry, KeeperStatus, MetricName, Mode, Oracle, Overview, Page, Payouts, PoolQuote,
    PoolSale, PoolStyle, PublicConfig, QueueQuote, Readiness, Receipt, ReceiptState, RequestState,
    Reserve, ReserveMove, ReserveMoveKind, Rung, RungState, Sample, Scheduled, Severity, Status,
    Validator, Vault, VaultMove, VaultMoveKind, VaultPosition, VaultRequest, VaultRequestState,
    WsMessage, WsRequest,
};
pub use error::ApiError;
pub use routes::{RouteInfo, openapi, route_list};
pub use scalar::{Addr, Hash, Ray, RequestId, Wei};
pub use server::{Server, serve};
