//! The derived tables: what the events add up to.
//!
//! Amounts are wei. `lst` is LST wei, everything else coin wei unless it says so. Times are unix seconds of the block.

mod basket;

pub use basket::{
    AuctionBid, BasketAuction, BasketHolder, BasketMove, BasketMoveKind, BasketReceipt,
    BasketSleeve, Delegation, Epoch, EpochLeg, EpochPosition, GovAccount, GuardianAct,
    GuardianActKind, Harvest, LegState, Operation, OperationCall, OperationState, PowerMove,
    PriceObservation, Proposal, Vote, WaitingLeg,
};

use crate::value::{Row, Spec, rows, words};
use alloy::primitives::{Address, B256, Bytes, U256};

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
        /// LST sold to a pool, coins out at once.
        PoolExit = "poolExit",
        /// LST into the vault, shares out.
        VaultDeposit = "vaultDeposit",
        /// Shares of the vault back, LST out.
        VaultWithdraw = "vaultWithdraw",
        /// Shares of the vault joined the queue.
        VaultRequest = "vaultRequest",
        /// Coins of a vault's request taken.
        VaultClaim = "vaultClaim",
        /// A receipt received.
        ReceiptIn = "receiptIn",
        /// A receipt given or sold.
        ReceiptOut = "receiptOut",
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
    /// What moved the vault.
    pub enum VaultMoveKind {
        /// LST in, or coins that became LST.
        Deposit = "deposit",
        /// LST out.
        Withdraw = "withdraw",
        /// Rewards became LST.
        Harvest = "harvest",
        /// LST and waiting reward coins out, as they lay.
        InKind = "inKind",
    }
    /// What became of a receipt.
    pub enum ReceiptState {
        /// Its owner owns the request.
        Live = "live",
        /// Burned by a claim; what it left lives on under the next id.
        Claimed = "claimed",
        /// Burned; the request is its owner's own again.
        Unwrapped = "unwrapped",
    }
    /// How a pool is spoken to.
    pub enum PoolStyle {
        /// Not on the list any more.
        Removed = "removed",
        /// Constant product.
        V2 = "v2",
        /// Concentrated liquidity.
        V3 = "v3",
    }
    /// What moved the first-loss reserve.
    pub enum ReserveMoveKind {
        /// Coins came in.
        Funded = "funded",
        /// A loss took them.
        Used = "used",
        /// The admin took them out.
        Withdrawn = "withdrawn",
    }
    /// What governor and guardian may do together at once.
    pub enum EmergencyKind {
        /// Switch to the halt implementation.
        Halt = "halt",
        /// Ask another contract for the staking system's flags.
        Reader = "reader",
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
        /// Its ERC-721 receipt, while it has one. Then the owner is the receipt's.
        receipt: Option<U256>,
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

    /// Somebody who ever held shares of the vault, or exited through it.
    pub struct VaultHolder in "vault_holders" {
        /// Who.
        account: Address;
        /// Shares held.
        shares: U256,
        /// LST that went in for this account, ever.
        lst_in: U256,
        /// LST that its shares brought, ever; into the queue included.
        lst_out: U256,
        /// Coins claimed of the vault's requests, ever.
        coins_claimed: U256,
        /// First seen.
        first_at: u64,
    }

    /// A change of what the vault holds, with what it held afterwards.
    pub struct VaultMove in "vault_moves" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// What.
        kind: VaultMoveKind,
        /// Whose shares; of a harvest, who called it.
        account: Address,
        /// LST moved.
        lst: U256,
        /// Shares minted or burned.
        shares: U256,
        /// Coins that became LST, or were paid out in kind.
        coins: U256,
        /// LST held after it; rewards that wait are not in it.
        lst_after: U256,
        /// Shares in circulation after it.
        shares_after: U256,
    }

    /// A controller's exit from the vault by the queue. How far it is funded is the contract's to say: its logs name no
    /// request when coins are claimed.
    pub struct VaultRequest in "vault_requests" {
        /// Who controls it.
        controller: Address,
        /// Its id: the rung plus 1.
        id: u64;
        /// Shares asked for; 0 once taken back.
        shares: U256,
        /// LST given back when it was taken back.
        lst_back: U256,
        /// When it was last added to.
        requested_at: u64,
        /// Block of that.
        block: u64,
        /// Transaction of that.
        tx_hash: B256,
    }

    /// An ERC-721 receipt of a request.
    pub struct Receipt in "receipts" {
        /// Token id: version << 64 | request id.
        id: U256;
        /// The request.
        request: U256,
        /// Who owns it, or owned it last.
        owner: Address,
        /// Live, claimed or unwrapped.
        state: ReceiptState,
        /// Coins that its claim paid.
        paid: U256,
        /// The receipt of what its claim left.
        next: Option<U256>,
        /// When it was minted.
        minted_at: u64,
        /// Block of its last change.
        block: u64,
        /// Transaction of its last change.
        tx_hash: B256,
    }

    /// What an account said about pushes. One that said nothing has no row.
    pub struct AutoPay in "auto_pay" {
        /// Who.
        account: Address;
        /// Whether others may pay its funded requests to it.
        is_on: bool,
        /// When it said so.
        at: u64,
    }

    /// A pool that is or was on a route's list.
    pub struct ExitPool in "pools" {
        /// The route.
        route: Address,
        /// The pool.
        pool: Address;
        /// How it is spoken to, or that it is off the list.
        style: PoolStyle,
        /// Its fee; 0 for a V3 pool, which tells its own.
        fee_bps: u64,
        /// When that was set.
        changed_at: u64,
    }

    /// LST of an exit that a pool bought.
    pub struct PoolSale in "pool_sales" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// The pool.
        pool: Address,
        /// Who left.
        account: Address,
        /// Who got the coins.
        recipient: Address,
        /// LST sold.
        lst: U256,
        /// Coins paid.
        coins: U256,
    }

    /// An announced change. Its execution logs only what it changes, so a row says that it was announced, not that it waits.
    pub struct Scheduled in "scheduled" {
        /// Hash of the call.
        operation: B256;
        /// When it was announced.
        at: u64,
        /// Whether it was called off since.
        cancelled: bool,
        /// The call.
        data: Bytes,
        /// Block.
        block: u64,
    }

    /// Who claims the rewards of a contract that cannot.
    pub struct Delegate in "delegates" {
        /// The contract.
        account: Address;
        /// Its delegate.
        delegate: Option<Address>,
        /// Since when.
        active_from: Option<u64>,
        /// Rewards earned before delegations, kept for the account until it claims: coins.
        kept: U256,
        /// It claimed or refused, and never has a delegate again.
        closed: bool,
        /// An announced delegate.
        proposed: Option<Address>,
        /// When it was announced.
        proposed_at: Option<u64>,
    }

    /// A signature of an emergency, or its execution.
    pub struct Emergency in "emergencies" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// What.
        what: EmergencyKind,
        /// The halt, or who is asked from now on.
        target: Address,
        /// Who signed.
        signer: Address,
        /// Carried out, or one signature of two.
        done: bool,
        /// Until when the one signature counts.
        until: Option<u64>,
    }

    /// A change of the first-loss reserve.
    pub struct ReserveMove in "reserve_moves" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// What.
        kind: ReserveMoveKind,
        /// Who paid, or was paid; none for a loss.
        account: Option<Address>,
        /// Coins.
        amount: U256,
        /// Held after it.
        held: U256,
    }

    /// A reward token and the limits of its sale. Amounts in its smallest units.
    pub struct Conversion in "conversions" {
        /// The token.
        token: Address;
        /// The least price, coin wei for 1e18 units; 0: not for sale yet.
        floor: U256,
        /// The most in one sale.
        per_sale: U256,
        /// The most in a UTC day.
        per_day: U256,
        /// Rewards received, ever.
        received: U256,
        /// Sold, ever.
        sold: U256,
        /// Coins that came for it, ever.
        coins: U256,
        /// When the limits were set; 0: never.
        changed_at: u64,
    }

    /// A sale of a reward token.
    pub struct ConversionSale in "conversion_sales" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// The token.
        token: Address,
        /// Who bought.
        buyer: Address,
        /// How much, smallest units.
        amount: U256,
        /// Coins paid.
        coins: U256,
        /// Coin wei for 1e18 units.
        price: U256,
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
    VaultHolder::SPEC,
    VaultMove::SPEC,
    VaultRequest::SPEC,
    Receipt::SPEC,
    AutoPay::SPEC,
    ExitPool::SPEC,
    PoolSale::SPEC,
    Scheduled::SPEC,
    Delegate::SPEC,
    Emergency::SPEC,
    ReserveMove::SPEC,
    Conversion::SPEC,
    ConversionSale::SPEC,
    BasketSleeve::SPEC,
    Harvest::SPEC,
    PriceObservation::SPEC,
    BasketHolder::SPEC,
    BasketMove::SPEC,
    WaitingLeg::SPEC,
    Epoch::SPEC,
    EpochLeg::SPEC,
    EpochPosition::SPEC,
    BasketReceipt::SPEC,
    BasketAuction::SPEC,
    AuctionBid::SPEC,
    Proposal::SPEC,
    Vote::SPEC,
    GovAccount::SPEC,
    Delegation::SPEC,
    PowerMove::SPEC,
    Operation::SPEC,
    OperationCall::SPEC,
    GuardianAct::SPEC,
];
