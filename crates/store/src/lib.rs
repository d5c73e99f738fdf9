#![doc = include_str!("../README.md")]

mod alerts;
mod changes;
mod db;
mod error;
mod failpoint;
mod index;
mod journal;
mod metrics;
mod page;
mod project;
mod read;
mod rows;
mod tables;
#[cfg(test)]
mod tests;
mod value;

pub use alerts::{
    Alert, AlertOp, AlertState, Message, MessageKind, MessageState, RETRACTED, Raise, Severity,
};
pub use changes::{Change, Changes, RESYNC};
pub use db::{Migrated, Options, Reader, Store, unix_now};
pub use error::{Error, Result};
pub use index::{Block, BlockBatch, Completeness, Cursor, Event, EventFilter, Hole, RangeBatch};
pub use journal::{
    Attempt, AttemptState, Decision, GiveUp, Inclusion, Intent, IntentState, JournalEntry, Leader,
    SignedTx, TxRow, TxState, Work, WorkKey,
};
pub use metrics::Sample;
pub use page::{Page, PageRequest};
pub use project::totals;
pub use read::NavPoint;
pub use rows::{
    AuctionBid, AutoPay, BasketAuction, BasketHolder, BasketMove, BasketMoveKind, BasketReceipt,
    BasketSleeve, Bucket, Checkpoint, Claim, Conversion, ConversionSale, Delegate, Delegation,
    Emergency, EmergencyKind, Epoch, EpochLeg, EpochPosition, ExitPool, GovAccount, GuardianAct,
    GuardianActKind, Harvest, History, HistoryKind, Holder, LegState, LossKind, Operation,
    OperationCall, OperationState, Parameter, PoolSale, PoolStyle, PowerMove, PriceObservation,
    Proposal, Receipt, ReceiptState, Request, RequestState, ReserveMove, ReserveMoveKind,
    RewardLoad, RoleChange, Rung, Scheduled, Slash, Total, Validator, VaultHolder, VaultMove,
    VaultMoveKind, VaultRequest, Vote, WaitingLeg,
};
pub use value::Amounts;
