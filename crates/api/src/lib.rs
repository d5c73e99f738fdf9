#![doc = include_str!("../README.md")]

mod abi;
mod auth;
mod basket;
mod config;
mod dto;
mod error;
mod extract;
mod figures;
mod governance;
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
    Account, Alert, AlertState, AmmQuote, AssetPrice, AuctionBudget, BasketAccount,
    BasketAddresses, BasketAuction, BasketAuctions, BasketDepositQuote, BasketEpoch,
    BasketExitQuote, BasketFees, BasketHistory, BasketMintQuote, BasketMove, BasketMoveKind,
    BasketPause, BasketPosition, BasketPrices, BasketReceipt, BasketSleeve, BasketSleeves,
    BasketSummary, Bucket, BucketState, ChainHead, Check, Closed, Contracts, ContractsShown,
    Conversion, ConversionSale, Converter, CoreDetail, CoreValidator, Delegate, DepositQuote,
    DriftReading, Emergency, EmergencyKind, EpochLeg, EpochState, EpochWay, ErrorBody, ErrorDetail,
    Event, ExitPool, ExitPools, ExitQuote, ExitRequest, Features, Governance, GovernanceAccount,
    GovernanceCall, Halt, Health, HistoryItem, HistoryKind, InKindWay, Indexed, InstantQuote,
    InstantWay, Intent, IntentRequest, Job, JournalEntry, KeeperStatus, LegState, LiquidContracts,
    Mandate, MandatePause, MetricName, Mode, Nav, NavSample, OpenEpoch, Operation, OperationState,
    Oracle, Overview, Page, PausePart, Payouts, PoolQuote, PoolSale, PoolStyle, PositionLeg,
    PositionState, PriceGuard, PriceMemory, PriceSource, PriceState, Proposal, ProposalDetail,
    ProposalState, PublicConfig, QueueQuote, QuoteLeg, Readiness, Receipt, ReceiptState,
    RequestState, Reserve, ReserveMove, ReserveMoveKind, Rung, RungState, RunningAuction, Sample,
    Scheduled, Severity, SleeveKind, SleeveSample, SleeveTicket, SleeveYield, SourceRole,
    StCoreDetail, Status, Support, Tally, Timelock, Usd, Validator, Vault, VaultMove,
    VaultMoveKind, VaultPosition, VaultRequest, VaultRequestState, Vote, WaitingLeg, WsMessage,
    WsRequest,
};
pub use error::ApiError;
pub use routes::{RouteInfo, openapi, route_list};
pub use scalar::{Addr, Hash, Price, Ray, RequestId, Units, Wei};
pub use server::{Server, serve};
