//! The derived tables: what the events add up to.
//!
//! Amounts are wei. `lst` is LST wei, everything else coin wei unless it says so. Times are unix seconds of the block.

use crate::value::{Row, Spec, rows, words};
use alloy::primitives::{Address, B256, U256};

words! {
    /// What a line of an account's history is.
    pub enum HistoryKind {
        /// Coins in, LST out.
        Deposit = "deposit",
        /// LST in, coins out at once.
        InstantExit = "instantExit",
        /// LST joined the queue.
        Request = "request",
        /// A request left the open rung.
        Cancel = "cancel",
        /// Coins of a funded request taken.
        Claim = "claim",
        /// Reward coins taken.
        Rewards = "rewards",
        /// LST received.
        TransferIn = "transferIn",
        /// LST sent.
        TransferOut = "transferOut",
    }
    /// What the log alone says about a request; how far its rung is funded comes from the checkpoints.
    pub enum RequestState {
        /// Not claimed in full, not cancelled.
        Live = "live",
        /// Left before its rung closed.
        Cancelled = "cancelled",
        /// Paid in full.
        Claimed = "claimed",
    }
    /// Why a loss was booked.
    pub enum LossKind {
        /// A validator was slashed.
        Slash = "slash",
        /// The staking system paid less than it owed.
        Shortfall = "shortfall",
    }
}

rows! {
    /// A running total, by name (see `project.rs` for the names).
    pub struct Total in "totals" {
        /// Its name.
        name: String;
        /// Its value.
        value: U256,
    }

    /// Somebody who ever held LST, or staked, exited or claimed.
    pub struct Holder in "holders" {
        /// Who.
        account: Address;
        /// LST held.
        balance: U256,
        /// Coins deposited, ever.
        deposited: U256,
        /// Deposits made.
        deposits: u64,
        /// Coins received for exits, ever: instant and claims.
        exited: U256,
        /// Reward coins received, ever.
        rewards_claimed: U256,
        /// Requests made.
        requests: u64,
        /// First seen.
        first_at: u64,
    }

    /// One line of an account's history.
    pub struct History in "history" {
        /// Whose.
        account: Address,
        /// Block.
        block: u64,
        /// Log index in the block.
        log_index: u64,
        /// What.
        kind: HistoryKind;
        /// When.
        at: u64,
        /// In which transaction.
        tx_hash: B256,
        /// Coins moved.
        amount: U256,
        /// LST moved.
        lst: U256,
        /// The other side.
        counterparty: Option<Address>,
        /// The request.
        request: Option<U256>,
    }

    /// An exit request. Its place in the line is its rung's start plus its share of the rung.
    pub struct Request in "requests" {
        /// Its id, which encodes rung and seq.
        id: U256;
        /// Who may claim it.
        owner: Address,
        /// Its rung.
        rung: u64,
        /// Its number in the rung.
        seq: u64,
        /// LST asked for.
        lst: U256,
        /// Coins paid so far, fee included.
        paid: U256,
        /// LST in its rung when it joined.
        lst_before: U256,
        /// Live, cancelled or claimed.
        state: RequestState,
        /// When.
        requested_at: u64,
        /// Block.
        block: u64,
        /// Transaction.
        tx_hash: B256,
    }

    /// A rung of the queue.
    pub struct Rung in "rungs" {
        /// Its number.
        id: u64;
        /// LST in it.
        lst: U256,
        /// Requests in it.
        count: u64,
        /// Standard fee, fixed by its first request; told when the rung closes.
        fee_bps: Option<u64>,
        /// First request.
        opened_at: u64,
        /// When it joined the line.
        closed_at: Option<u64>,
        /// Its stretch of the line, in units: from here …
        units_start: U256,
        /// … to here.
        units_end: U256,
        /// `C` at closing, 2^96 fixed point.
        c0: U256,
        /// Promised time, once published.
        promised_at: Option<u64>,
        /// Whether the promise was ever revised.
        revised: bool,
    }

    /// A point of the payout integral: at watermark `w` it is `b`.
    pub struct Checkpoint in "checkpoints" {
        /// Its index on chain.
        idx: u64;
        /// Watermark, units.
        w: U256,
        /// Monotone integral.
        b: U256,
        /// Block.
        block: u64,
        /// When.
        at: u64,
    }

    /// A validator as our contracts know it.
    pub struct Validator in "validators" {
        /// Its id at the staking system.
        id: u16;
        /// Flag, as last synced.
        active: bool,
        /// Flag, as last synced or booked.
        slashed: bool,
        /// Its loss is booked.
        booked: bool,
        /// Slash votes open, as last synced.
        votes: u64,
        /// Target weight.
        weight: u64,
        /// Our active stake there.
        staked: U256,
        /// Buckets, retiring ones included.
        buckets: u64,
        /// Buckets wanted.
        target_buckets: u64,
        /// Reward coins claimed there, ever.
        rewards: U256,
        /// Last sync.
        synced_at: u64,
    }

    /// A bucket.
    pub struct Bucket in "buckets" {
        /// Its validator.
        validator: u16,
        /// Its index there.
        idx: u64;
        /// Its address.
        address: Address,
        /// Stake that earns.
        active: U256,
        /// Stake in cooldown, matured and unswept included.
        cooling: U256,
        /// When the last cooldown ends, as the staking system reports it, safety not included; 0: never cooled.
        cooldown_end: u64,
        /// Draining, takes no new stake.
        retired: bool,
    }

    /// Rewards that began to vest.
    pub struct RewardLoad in "reward_loads" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// Coins for holders.
        amount: U256,
        /// Wei per second that it adds to the stream.
        flow: U256,
        /// When they have vested.
        ends_at: u64,
    }

    /// Coins that left for an account: a queue claim, or rewards.
    pub struct Claim in "claims" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// `claim` or `rewards`.
        kind: HistoryKind,
        /// To whom.
        account: Address,
        /// Which request.
        request: Option<U256>,
        /// Coins paid.
        amount: U256,
        /// Fee taken.
        fee: U256,
    }

    /// A parameter as last set.
    pub struct Parameter in "parameters" {
        /// Its name.
        name: String;
        /// Its value: a decimal, `true` / `false`, or an address.
        value: String,
        /// Block that set it.
        block: u64,
        /// When.
        at: u64,
    }

    /// A booked loss.
    pub struct Slash in "slashes" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// Why.
        kind: LossKind,
        /// Which validator.
        validator: u16,
        /// Active stake written off.
        active_lost: U256,
        /// Cooling stake written off.
        cooling_lost: U256,
        /// Rate before, RAY.
        rate_before: U256,
        /// Rate after, RAY.
        rate_after: U256,
    }

    /// A role granted or revoked.
    pub struct RoleChange in "role_changes" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// On which contract.
        contract: Address,
        /// The role's id.
        role: B256,
        /// Who got or lost it.
        account: Address,
        /// Granted, or revoked.
        granted: bool,
        /// By whom.
        sender: Address,
    }
}

/// Every derived table, in the order in which `table_hash` walks them.
pub(crate) const DERIVED: &[Spec] = &[
    Total::SPEC,
    Holder::SPEC,
    History::SPEC,
    Request::SPEC,
    Rung::SPEC,
    Checkpoint::SPEC,
    Validator::SPEC,
    Bucket::SPEC,
    RewardLoad::SPEC,
    Claim::SPEC,
    Parameter::SPEC,
    Slash::SPEC,
    RoleChange::SPEC,
];
