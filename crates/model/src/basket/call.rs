use super::{Asset, Limits, Owner, Power, Shares, Sleeve, SleeveId, Throttle, Units};
use crate::{Address, Bps, Price, Timestamp};
use ruint::aliases::U256;

/// One call to the basket, or something that happens outside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "fields are the quantities that their types name"
)]
pub enum Call {
    /// BASKET's `transfer`.
    Transfer { to: Address, shares: Shares },
    /// One asset at a price, by the caller, to the caller.
    Deposit {
        sleeve: SleeveId,
        units: Units,
        min_shares: Shares,
        deadline: Timestamp,
    },
    /// Every sleeve's units for `shares` priced, less the entry fee.
    MintInKind {
        shares: Shares,
        max_units: Vec<Units>,
        min_shares: Shares,
        deadline: Timestamp,
    },
    /// CORE at once, at NAV low.
    InstantExit {
        shares: Shares,
        recipient: Address,
        min_out: Units,
        deadline: Timestamp,
    },
    /// Every sleeve's units at once.
    ExitInKind { shares: Shares, recipient: Address },
    /// A booked leg of an in-kind exit again; anybody.
    Retry { exit: u64, sleeve: SleeveId },
    /// Where its legs go; its owner.
    SetRecipient { exit: u64, recipient: Address },
    /// `requestRedeem(shares, controller, owner)`.
    RequestRedeem {
        shares: Shares,
        controller: Address,
        owner: Address,
    },
    /// Everything of `controller` in the open epoch.
    CancelRedeem { controller: Address },
    /// `setOperator`.
    SetOperator { operator: Address, on: bool },
    /// Anybody, when due.
    CloseEpoch,
    /// Anybody.
    StartLeg { epoch: u64, sleeve: SleeveId },
    /// Anybody.
    Collect { epoch: u64, sleeve: SleeveId },
    /// `claim(epoch, owner, legMask, recipient)`.
    Claim {
        epoch: u64,
        owner: Owner,
        mask: u64,
        recipient: Address,
    },
    /// The caller's position becomes a receipt.
    MintReceipt { epoch: u64 },
    /// A receipt changes hands.
    MoveReceipt { receipt: u64, to: Address },
    /// This round's rewards, where they are missing; anybody.
    Harvest,
    /// What one sleeve has earned until now; anybody, as often as he likes.
    HarvestSleeve { sleeve: SleeveId },
    /// Losses that the outside shows, and nothing else; anybody.
    BookLosses,
    /// What lies in a sleeve's account beyond its books; anybody.
    Skim { sleeve: SleeveId },
    /// Fee shares to the fee recipient; anybody.
    MintFees,
    /// Fee units to the fee recipient; anybody.
    PayFees { sleeve: SleeveId },
    /// Anybody, at dusk.
    DelegateIdle,
    /// Anybody, away from a closed or unweighted validator.
    MoveStake {
        from: Address,
        to: Address,
        units: Units,
    },
    /// Feeds and targets are read; anybody.
    Observe,
    /// Anybody, when both are off target on two readings.
    StartAuction { sell: SleeveId, buy: SleeveId },
    /// Up to `units` of what is sold, for at most `max_pay` of what is bought.
    Bid { units: Units, max_pay: Units },
    /// The Governor queues a call.
    Schedule { call: GovernanceCall, delay: u64 },
    /// Anybody carries it out when ready.
    Execute { id: u64 },
    /// The guardian, within its mandate.
    CancelScheduled { id: u64 },
    /// The guardian, within its mandate.
    Pause { power: Power, seconds: u64 },
    /// The guardian.
    Unpause { power: Power },
    /// Something outside.
    Outside(OutsideCall),
}

/// What only the timelock does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "fields are the quantities that their types name"
)]
pub enum GovernanceCall {
    /// Appended, empty; books, flags and counters in it are ignored.
    AddSleeve(Box<Sleeve>),
    /// Stops or resumes taking in.
    OpenSleeve { sleeve: SleeveId, on: bool },
    /// At zero units and zero open legs.
    RetireSleeve { sleeve: SleeveId },
    /// What a sleeve may hold.
    SetLimits { sleeve: SleeveId, limits: Limits },
    /// Net inflow of a day.
    SetThrottle {
        sleeve: SleeveId,
        throttle: Throttle,
    },
    /// A bounded number.
    Set(Setting, u64),
    /// Performance fee of a sleeve, bps.
    SetPerformance { sleeve: SleeveId, fee: Bps },
    /// Validators of the CORE sleeve and their weights, at most 8.
    SetValidators(Vec<(Address, u64)>),
    /// Effective supply, at most.
    SetTotalCap(Shares),
    /// CORE kept idle beside the floor.
    SetBuffer(Units),
    /// Zero: none. Its mandate begins anew.
    SetGuardian(Address),
    /// Another 12 months.
    RenewMandate,
    /// Seconds.
    SetDelay(u64),
}

impl GovernanceCall {
    /// It does nothing but remove the guardian.
    #[must_use]
    pub fn removes_guardian(&self) -> bool {
        matches!(self, Self::SetGuardian(who) if who.is_zero())
    }
}

/// A number that governance sets, within bounds in code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// Bps.
    EntryFee,
    /// Bps.
    InstantFee,
    /// Bps a year.
    ManagementFee,
    /// Bps of the target.
    Trigger,
    /// Bps.
    Premium,
    /// Bps.
    MaxSlip,
    /// Seconds.
    AuctionDuration,
}

/// What happens outside, or is made to happen by a test.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "fields are the quantities that their types name"
)]
pub enum OutsideCall {
    /// An asset appears somewhere.
    Give {
        to: Address,
        asset: Asset,
        units: Units,
    },
    /// The caller sends an asset.
    Send {
        to: Address,
        asset: Asset,
        units: Units,
    },
    /// A round ends: reward per staked wei, times 1e18, by candidate.
    TurnRound {
        round: u64,
        rates: Vec<(Address, U256)>,
    },
    /// A candidate can be delegated to, or not.
    SetCandidate { candidate: Address, open: bool },
    /// Earn's operator turns the round and sets the rate (times 1e6).
    EarnTurn { rate: U256 },
    /// Earn's owner.
    EarnPause(bool),
    /// Earn's owner, seconds.
    EarnLock(u64),
    /// What Earn can pay, if bounded.
    EarnFunds(Option<Units>),
    /// A ticket's record falls to `kept` bps.
    TicketLoss { account: u64, kept: Bps },
    /// Units of a sleeve vanish, delegated ones first.
    Lose { sleeve: SleeveId, units: Units },
    /// Every external call of a sleeve fails, or works again.
    Stall { sleeve: SleeveId, on: bool },
    /// An account cannot receive an asset, or can again.
    Refuse {
        who: Address,
        asset: Asset,
        on: bool,
    },
    /// A source reports: CORE wei for 1e18 units, made at `at`; `None`: it fell silent.
    Post {
        sleeve: SleeveId,
        source: usize,
        price: Option<Price>,
        at: Timestamp,
    },
    /// A rate sleeve's rate.
    SetRate { sleeve: SleeveId, rate: Price },
    /// CORE that the holder of lstBTC may claim.
    Yield { sleeve: SleeveId, core: Units },
}
