use super::{Asset, BatchId, Condition, Parts, Power, Shares, SleeveId, Units, claim::Owner};
use crate::{Address, Price, Timestamp};
use ruint::aliases::U256;

/// Why a call is refused, with the values that explain it. The state is then unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The model's own: a sum or quotient left 256 bits. No reachable state does that.
    #[error("arithmetic left 256 bits")]
    Arithmetic,
    /// An amount of 0, or one that rounds to 0 shares.
    #[error("the amount is zero")]
    ZeroAmount,
    /// The zero address.
    #[error("the address is zero")]
    ZeroAddress,
    /// Deadline, now.
    #[error("deadline {0:?} is past at {1:?}")]
    DeadlinePassed(Timestamp, Timestamp),
    /// Shares credited, least wanted.
    #[error("{0:?} are below the minimum {1:?}")]
    SharesBelowMinimum(Shares, Shares),
    /// CORE wei out, least wanted.
    #[error("{0:?} is below the minimum {1:?}")]
    OutBelowMinimum(Units, Units),
    /// Sleeve, units asked, most offered.
    #[error("{0:?} asks {1:?}, above the maximum {2:?}")]
    InAboveMaximum(SleeveId, Units, Units),
    /// What is paused, until when.
    #[error("{0:?} is paused until {1:?}")]
    Paused(Power, Timestamp),
    /// No such sleeve.
    #[error("no {0:?}")]
    UnknownSleeve(SleeveId),
    /// There are as many sleeves as a mask has bits for.
    #[error("{0} sleeves, at most {1}")]
    TooManySleeves(usize, usize),
    /// Closed to inflow, or retired.
    #[error("{0:?} takes nothing in")]
    SleeveClosed(SleeveId),
    /// Rule 7: sleeve, its units, its parts.
    #[error("{0:?} is wiped: {1:?} for {2:?}")]
    SleeveWiped(SleeveId, Units, Parts),
    /// Sleeve, seconds that its exit takes now, seconds declared.
    #[error("{0:?} exits in {1} s, declared {2} s")]
    ExitTooSlow(SleeveId, u64, u64),
    /// Sleeve, units it would hold, its cap.
    #[error("{0:?} would hold {1:?}, cap {2:?}")]
    AboveCap(SleeveId, Units, Units),
    /// Shares there would be, the cap.
    #[error("{0:?} in all, cap {1:?}")]
    AboveTotalCap(Shares, Shares),
    /// Sleeve, units coming in, room in the throttle.
    #[error("{0:?} has room for {2:?} now, not {1:?}")]
    Throttled(SleeveId, Units, Units),
    /// Sleeve, weight it would have, target + band, both bps.
    #[error("{0:?} would weigh {1} bps, at most {2}")]
    AboveBand(SleeveId, U256, U256),
    /// The first nonzero sleeve whose price may not be used, and why.
    #[error("{0:?} is {1:?}")]
    PriceNotSound(SleeveId, Condition),
    /// Price, least, most: CORE wei for 1e18 smallest units.
    #[error("price {0:?} is outside {1:?} to {2:?}")]
    PriceOutOfRange(Price, Price, Price),
    /// Shares there are: nothing of value is behind them, so none can be priced.
    #[error("nothing is behind {0:?}")]
    NothingBehind(Shares),
    /// Sleeve, source.
    #[error("{0:?} has no source {1}")]
    UnknownSource(SleeveId, usize),
    /// Holder, balance, asked.
    #[error("{0:?} has {1:?}, not {2:?}")]
    InsufficientShares(Address, Shares, Shares),
    /// Holder, asset, balance, asked.
    #[error("{0:?} has {2:?} of {1:?}, not {3:?}")]
    InsufficientAsset(Address, Asset, Units, Units),
    /// Recipient, asset: the transfer failed.
    #[error("{0:?} cannot be sent {1:?}")]
    Refused(Address, Asset),
    /// Units asked, most that may leave at once.
    #[error("{0:?} at once, at most {1:?}")]
    InstantTooLarge(Units, Units),
    /// The basket has no CORE sleeve.
    #[error("no CORE sleeve")]
    NoCoreSleeve,
    /// An external step of a sleeve failed; nothing changed.
    #[error("a step of {0:?} failed")]
    StepFailed(SleeveId),
    /// Requests are closed until the open epoch is carved, or the round turns.
    #[error("requests are closed at {0:?}")]
    RequestsClosed(Timestamp),
    /// Now, when cancelling reopens.
    #[error("cancelling is closed at {0:?}, reopens by {1:?}")]
    CancelClosed(Timestamp, Timestamp),
    /// Nothing is escrowed, or the round in which it was has not ended.
    #[error("the epoch is not due at {0:?}")]
    EpochNotDue(Timestamp),
    /// No such batch.
    #[error("no {0:?}")]
    UnknownBatch(BatchId),
    /// Leg of a batch that does not wait.
    #[error("the leg of {0:?} in {1:?} does not wait")]
    LegNotWaiting(SleeveId, BatchId),
    /// Leg of a batch without a ticket out.
    #[error("the leg of {0:?} in {1:?} is not out")]
    LegNotOut(SleeveId, BatchId),
    /// Nobody of that name in it.
    #[error("{1:?} has nothing in {0:?}")]
    NoPosition(BatchId, Owner),
    /// Nothing due on the legs asked for.
    #[error("nothing of {0:?} is due to {1:?}")]
    NothingToClaim(BatchId, Owner),
    /// Owner, caller.
    #[error("{1:?} does not act for {0:?}")]
    NotOperator(Address, Address),
    /// No such receipt.
    #[error("no receipt {0}")]
    UnknownReceipt(u64),
    /// Sleeve, units still booked, parts of waiting legs, legs out.
    #[error("{0:?} holds {1:?}, {2:?} wait, {3} legs are out")]
    SleeveInUse(SleeveId, Units, Parts, usize),
    /// Not in the last hour of the round.
    #[error("idle CORE is delegated at dusk, not at {0:?}")]
    NotDusk(Timestamp),
    /// Nothing to do.
    #[error("nothing to do")]
    NothingToDo,
    /// The sleeves are not off target, or not for an hour.
    #[error("{0:?} and {1:?} are not off target on two readings")]
    NotOffTarget(SleeveId, SleeveId),
    /// An auction is running until then.
    #[error("an auction runs until {0:?}")]
    AuctionRunning(Timestamp),
    /// No auction runs.
    #[error("no auction runs")]
    NoAuction,
    /// Fraction of NAV that would be lost, fraction left, times 1e18.
    #[error("{0} of the budget asked, {1} left")]
    BudgetExceeded(U256, U256),
    /// Setting, value, least, most.
    #[error("{0} cannot be {1}, {2} to {3}")]
    OutOfBounds(&'static str, u64, u64, u64),
    /// Lists that do not match.
    #[error("lists of {0} and {1}")]
    LengthMismatch(usize, usize),
    /// Caller, who may.
    #[error("{0:?} is not {1:?}")]
    NotAllowed(Address, Address),
    /// Caller, guardian, end of its mandate.
    #[error("{0:?} is not the guardian {1:?} until {2:?}")]
    NotGuardian(Address, Address, Timestamp),
    /// A proposal that only removes the guardian is not its to cancel.
    #[error("proposal {0} removes the guardian")]
    RemovesGuardian(u64),
    /// Seconds that the window would hold, limit.
    #[error("{0} s of pause in the window, at most {1}")]
    PauseExceeded(u64, u64),
    /// Seconds, least.
    #[error("a delay of {0} s, at least {1}")]
    DelayTooShort(u64, u64),
    /// No such proposal.
    #[error("proposal {0} is not queued")]
    NotQueued(u64),
    /// Proposal, when it may run.
    #[error("proposal {0} may run at {1:?}")]
    TooEarly(u64, Timestamp),
    /// CoreAgent: `InactiveCandidate(candidate)`.
    #[error("core: {0:?} cannot be delegated to")]
    InactiveCandidate(Address),
    /// CoreAgent: `SameCandidate(candidate)`.
    #[error("core: {0:?} twice")]
    SameCandidate(Address),
    /// CoreAgent and Earn: amount (or what would remain), least.
    #[error("core: {0:?} is below {1:?}")]
    BelowLeastStake(Units, Units),
    /// CoreAgent: candidate, delegated, asked.
    #[error("core: {1:?} with {0:?}, not {2:?}")]
    NotDelegated(Address, Units, Units),
    /// Earn: paused by its owner.
    #[error("earn: paused")]
    EarnPaused,
    /// Earn: last round that its operator turned, the round.
    #[error("earn: turned {0}, round {1}")]
    OperatorLate(u64, u64),
    /// Earn: account, most records.
    #[error("earn: {0:?} has {1} records open")]
    TooManyRecords(Address, usize),
    /// Earn: nothing of the account's is past its unlock time.
    #[error("earn: nothing unlocked for {0:?}")]
    NothingUnlocked(Address),
}

impl From<crate::Error> for Error {
    /// The shared quantities refuse for one reason only.
    fn from(_: crate::Error) -> Self {
        Self::Arithmetic
    }
}
