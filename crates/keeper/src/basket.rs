//! The basket's jobs: what anybody may do for it, done on time. No role is needed for any of them.

mod jobs;
pub(crate) mod outside;
mod scan;
mod view;

pub use jobs::{Step, counter, next_due, plan, worth};
pub(crate) use jobs::{is_done, words};
pub(crate) use scan::{Backoff, Legs, Scan};
pub(crate) use view::is_own_fault;
pub use view::{
    AuctionView, BasketView, CoreView, DriftView, EpochView, GuardView, LegView, OpenEpoch,
    PriceView, Reading, SleeveKind, SleeveView, StCoreView, StakeReading, StakeView, WaitingLeg,
};

/// Length of a round, seconds: a UTC day.
pub(crate) const DAY: u64 = 86_400;
/// Every staking system's round has turned so long after midnight.
pub(crate) const TURN: u64 = 3_600;
/// The beginning of dusk in a day.
pub(crate) const DUSK: u64 = 23 * 3_600;
/// A leg that did not start for so long after its epoch's close may end in kind.
pub(crate) const STUCK: u64 = 7 * DAY;
