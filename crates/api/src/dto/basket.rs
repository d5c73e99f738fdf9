//! The basket: what it holds, what the three ways out bring, its epochs, prices and auctions.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Page, ReceiptState};
use crate::scalar::{Addr, Hash, Price, RequestId, Units, Wei};

/// Whether a price, or all that a basket needs of them, is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PriceState {
    /// It is.
    Sound,
    /// Stale, missing, disputed or off its peg for a while: deposits of one asset and instant exits are closed.
    Doubtful,
    /// Far off its peg, or a rate fell: the same, until a day inside the band has passed.
    Impaired,
}

/// What a figure is in US dollars. For the eye only: nothing is ever reckoned with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usd {
    /// USD for one whole share, from the middle of both sides, as a decimal; `null` when unavailable.
    #[schema(required)]
    pub nav: Option<String>,
    /// USD for all that the basket holds, as a decimal; `null` when unavailable.
    #[schema(required)]
    pub assets: Option<String>,
    /// Who says what the coin is worth.
    #[schema(required)]
    pub source: Option<String>,
    /// When it was said, unix seconds.
    #[schema(required)]
    pub updated_at: Option<u64>,
    /// Why it is unavailable: `unavailable` where no source is configured.
    #[schema(required)]
    pub reason: Option<String>,
}

/// What a share is worth.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nav {
    /// Coins (wei) for 1e18 wei of shares, from below: what an instant exit is reckoned with.
    pub low: Wei,
    /// The same from above: what a deposit is reckoned with; `null` while some price is not known at all.
    #[schema(required)]
    pub high: Option<Wei>,
    /// The worst state of what needs a price. Other than `sound`, both sides are for display only.
    pub state: PriceState,
}

/// A basket's fees, bps.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketFees {
    /// Of what comes in, on both ways; stays with the holders.
    pub entry_bps: u32,
    /// Of an instant exit; stays with the holders.
    pub instant_bps: u32,
    /// Of all, a year; makes shares, which `shares` counts at every second.
    pub management_bps: u32,
    /// Of yield, in units.
    pub performance_bps: u32,
}

/// What the guardian may pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PausePart {
    /// Both ways in.
    Mint,
    /// Instant exits.
    Instant,
    /// Auctions.
    Auction,
}

/// Whether a part is paused.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketPause {
    /// Which.
    pub part: PausePart,
    /// It is now.
    pub paused: bool,
    /// Unix seconds at which the pause lapses; `null` while it is not paused.
    #[schema(required)]
    pub until: Option<u64>,
    /// Unix seconds from which it may be paused again; 0 when it never was.
    pub allowed_from: u64,
}

/// The open epoch.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenEpoch {
    /// Its number, from 1: the `requestId` of a request made now.
    pub id: u64,
    /// Shares requested in it so far, wei.
    pub shares: Wei,
    /// Unix seconds from which its close is due; the next dawn when nothing was requested yet.
    pub closes_at: u64,
    /// Its close is due: no requests until somebody closes it.
    pub due: bool,
    /// It takes requests now.
    pub takes_requests: bool,
    /// Requests in it can be cancelled now.
    pub takes_cancels: bool,
    /// Unix seconds at which it stops to take requests (dusk); in the past while it waits for its close.
    pub requests_until: u64,
}

/// What auctions lost against mid prices, and may.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuctionBudget {
    /// Lost and not yet leaked away, in parts of 1e9 of the basket's worth.
    pub spent: u64,
    /// The most that it may be, in the same; it leaks by as much in 30 days.
    pub capacity: u64,
}

/// A basket at one block.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketSummary {
    /// Its address.
    pub address: Addr,
    /// Its share token.
    pub token: Addr,
    /// Its epoch queue.
    pub queue: Addr,
    /// Its receipts.
    pub receipts: Addr,
    /// Its price feed in force; `null` where it needs none.
    #[schema(required)]
    pub feed: Option<Addr>,
    /// Who gets the management and performance fees.
    pub fee_recipient: Addr,
    /// Symbol of a share; `null` when the token does not say. Text, never markup.
    #[schema(required)]
    pub symbol: Option<String>,
    /// What a share is worth.
    pub nav: Nav,
    /// T: shares, accrued fee shares included, wei.
    pub shares: Wei,
    /// All that the basket holds, coins (wei), from below: `floor(nav.low * shares / 1e18)`.
    pub assets_low: Wei,
    /// The same from above, rounded up; `null` while some price is not known at all.
    #[schema(required)]
    pub assets_high: Option<Wei>,
    /// Accounts that hold shares now, by the index; the queue and nobody (the dead shares) among them.
    pub holders: u64,
    /// The open epoch.
    pub epoch: OpenEpoch,
    /// Coins (wei) that one instant exit could pay now, before its fee; 0 while it is closed.
    pub max_instant: Wei,
    /// Fees.
    pub fees: BasketFees,
    /// Coins (wei) that stay idle whatever leaves at once.
    pub floor: Wei,
    /// Coins (wei) beyond it that dusk leaves idle for instant exits.
    pub buffer: Wei,
    /// The most shares that there may be, wei.
    pub share_cap: Wei,
    /// How far off its target a sleeve may be before an auction may mend it, in bps of the target.
    pub drift_bps: u32,
    /// Seconds from a request to the last coin, at the longest, as declared.
    pub longest_exit: u64,
    /// Pauses, one for each part.
    pub pauses: Vec<BasketPause>,
    /// Budget of auctions.
    pub budget: AuctionBudget,
    /// In US dollars.
    pub usd: Usd,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block all these figures were read at.
    pub block: u64,
}

/// What a sleeve holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SleeveKind {
    /// The chain's coin, idle or delegated.
    Core,
    /// stCORE.
    StCore,
    /// Another token.
    Token,
}

/// A validator of the coin's sleeve.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoreValidator {
    /// Its address at the staking system.
    pub address: Addr,
    /// Coins (wei) delegated to it by the sleeve, as booked.
    pub stake: Wei,
    /// Its weight among the others', bps.
    pub weight_bps: u32,
    /// It is jailed.
    pub jailed: bool,
    /// It earns in the running round.
    pub elected: bool,
    /// It takes delegations: known, not jailed, not closed.
    pub takes_stake: bool,
}

/// What the coin's sleeve has beyond the others.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoreDetail {
    /// Coins (wei) delegated.
    pub delegated: Wei,
    /// Coins (wei) that could be paid at once: the idle ones.
    pub idle: Wei,
    /// The staking system's running round: a unix day.
    pub round: u64,
    /// Another sleeve that may leave its tokens here; `null`: none.
    #[schema(required)]
    pub tenant: Option<Addr>,
    /// Its validators, as its list has them.
    pub validators: Vec<CoreValidator>,
}

/// A ticket at an outside staking system.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SleeveTicket {
    /// Its number at the sleeve.
    pub ticket: RequestId,
    /// The epoch whose leg it is.
    pub epoch: u64,
    /// Units that went into it.
    pub units: Units,
    /// The account that the outside system owes; `null` when the sleeve does not say.
    #[schema(required)]
    pub account: Option<Addr>,
    /// Unix seconds after which it pays, by its terms at the start; `null` when the sleeve does not say.
    #[schema(required)]
    pub due_at: Option<u64>,
}

/// What the stCORE sleeve has beyond the others.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StCoreDetail {
    /// The contract that makes and redeems stCORE.
    pub earn: Addr,
    /// Its terms are within what the sleeve declared. While they are not, legs are paid in stCORE.
    pub terms_hold: bool,
    /// Its fee on a redemption now, of 1e6; `null` when it does not say.
    #[schema(required)]
    pub fee: Option<u64>,
    /// The highest fee at which a leg is redeemed, of 1e6.
    pub most_fee: u64,
    /// Days from a redemption to its unlock; `null` when it does not say.
    #[schema(required)]
    pub lock_days: Option<u64>,
    /// Round (unix day) of its operator's last call; `null` when it does not say.
    #[schema(required)]
    pub operator_round: Option<u64>,
    /// Rounds by which the operator is behind the day of this block; 0 while it keeps up or is not known.
    pub rounds_late: u64,
    /// Accounts that wait for a ticket.
    pub free_accounts: u64,
    /// Tickets that are out, by the index.
    pub tickets: Vec<SleeveTicket>,
}

/// One sleeve at the block of the answer. Units are smallest units of `token`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketSleeve {
    /// Its number, from 0.
    pub id: u64,
    /// Its adapter.
    pub address: Addr,
    /// What it holds.
    pub kind: SleeveKind,
    /// What comes in and what leaves in kind; `0xEeee…EEeE` is the chain's coin.
    pub token: Addr,
    /// What an epoch's leg ends in; the same convention.
    pub epoch_token: Addr,
    /// Symbol of `token`; `null` when it does not say. Text, never markup.
    #[schema(required)]
    pub symbol: Option<String>,
    /// Decimals of `token`; `null` when it does not say.
    #[schema(required)]
    pub decimals: Option<u8>,
    /// U: units booked.
    pub units: Units,
    /// P: what they are divided into.
    pub parts: Units,
    /// B: the parts that are the basket's.
    pub basket_parts: Units,
    /// Units that are the basket's own, rounded down.
    pub own_units: Units,
    /// Units that belong to exits, rounded up.
    pub owed: Units,
    /// Units harvested and not released yet.
    pub locked: Units,
    /// Units owed to the fee recipient.
    pub fee_units: Units,
    /// Units that are really there; `null` when the adapter does not say.
    #[schema(required)]
    pub held: Option<Units>,
    /// Units that could be paid at once without touching what earns; `null` when the adapter does not say.
    #[schema(required)]
    pub instant_capacity: Option<Units>,
    /// Coins (wei) for 1e18 wei of `token` by its staking system's own rate; `null` where there is none.
    #[schema(required)]
    pub rate: Option<Wei>,
    /// Unix day of the last harvest.
    pub harvested_round: u64,
    /// It was harvested on the day of this block.
    pub harvested_today: bool,
    /// The most units booked.
    pub cap: Units,
    /// The most units that may come in, net, in a day.
    pub daily_limit: Units,
    /// What of that limit is used up now, units.
    pub daily_used: Units,
    /// Its target, in bps of the basket's worth.
    pub target_bps: u32,
    /// A deposit at a price may push it to target plus this, bps.
    pub band_bps: u32,
    /// Its part of the basket's worth at mid prices, bps; `null` while some price is not known.
    #[schema(required)]
    pub weight_bps: Option<u32>,
    /// Its price from below.
    pub price_low: Price,
    /// Its price from above; `null` while it is not known at all.
    #[schema(required)]
    pub price_high: Option<Price>,
    /// State of its price.
    pub price_state: PriceState,
    /// What the basket owns of it, coins (wei), from below, without what is locked.
    pub worth_low: Wei,
    /// The same from above, with what is locked; `null` while its price is not known.
    #[schema(required)]
    pub worth_high: Option<Wei>,
    /// It takes and gives nothing any more.
    pub retired: bool,
    /// Its system takes longer than it declared: it takes nothing in.
    pub slow: bool,
    /// Seconds that a leg takes at most, as declared.
    pub most_exit: u64,
    /// Seconds that the outside says today; `null` when it does not say.
    #[schema(required)]
    pub exit_time: Option<u64>,
    /// Tickets of epochs that are out.
    pub open_tickets: u64,
    /// Of the coin's sleeve.
    #[schema(required)]
    pub core: Option<CoreDetail>,
    /// Of the stCORE sleeve.
    #[schema(required)]
    pub st_core: Option<StCoreDetail>,
}

/// All sleeves at one block.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketSleeves {
    /// By number, retired ones included.
    pub sleeves: Vec<BasketSleeve>,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
}

/// Why a way is closed for this amount now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Closed {
    /// The guardian paused it.
    Paused,
    /// A price that it needs is not sound.
    Price,
    /// The basket has no sleeve of coins that pays.
    NoCoins,
    /// It is more than is idle.
    Idle,
    /// It would bring less than the smallest unit.
    TooSmall,
    /// The sleeve would hold more than its cap.
    Cap,
    /// More would have come into the sleeve today than may.
    DailyLimit,
    /// The sleeve would be above target and band.
    Band,
    /// There would be more shares than may be.
    ShareCap,
    /// The first deposit was not made yet.
    NotSeeded,
    /// A sleeve that it needs takes nothing in: retired, wiped, or slower than it declared.
    SleeveShut,
}

/// Amount of one sleeve in an exit or a mint in kind.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuoteLeg {
    /// The sleeve.
    pub sleeve: u64,
    /// What it is paid in; `0xEeee…EEeE` is the chain's coin.
    pub asset: Addr,
    /// Symbol of the sleeve's token. Text, never markup.
    #[schema(required)]
    pub symbol: Option<String>,
    /// Decimals of the sleeve's token.
    #[schema(required)]
    pub decimals: Option<u8>,
    /// Smallest units of the sleeve's token. By epoch, what starts its way: what its system pays for them is its own.
    pub units: Units,
    /// Units harvested and not released yet that these shares leave behind, whichever way they go. Of a mint: 0.
    pub forgone: Units,
}

/// Coins, now.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstantWay {
    /// It is open for these shares.
    pub available: bool,
    /// Why it is not.
    #[schema(required)]
    pub closed: Option<Closed>,
    /// Coins (wei), after the fee; 0 when it is not available.
    pub coins: Wei,
    /// The fee in coins (wei), rounded up; 0 when it is not available.
    pub fee_coins: Wei,
    /// The fee in bps of the low value.
    pub fee_bps: u32,
    /// Coins (wei) that one instant exit could pay now, before its fee.
    pub most: Wei,
    /// Unix seconds of the block: it pays at once.
    pub ready_at: u64,
}

/// A part of every sleeve, now.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InKindWay {
    /// One for each sleeve that has something.
    pub legs: Vec<QuoteLeg>,
    /// There is none: 0.
    pub fee_bps: u32,
    /// Unix seconds of the block: it is delivered at once. A leg whose system refuses waits in the owner's name.
    pub ready_at: u64,
}

/// The epoch queue.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EpochWay {
    /// The epoch that the request joins: its place. All of an epoch are paid alike, there is no rank.
    pub position: u64,
    /// The queue takes requests now. While it does not, these figures are those of the next request that it will take.
    pub takes_requests: bool,
    /// Unix seconds from which it takes them: this block's when it does, or as soon as somebody closes the epoch that is due;
    /// else the next dawn.
    pub requests_from: u64,
    /// One for each sleeve that has something.
    pub legs: Vec<QuoteLeg>,
    /// There is none: 0.
    pub fee_bps: u32,
    /// Unix seconds from which the epoch can be closed.
    pub closes_at: u64,
    /// The latest time by which the slowest leg is promised, unix seconds.
    pub ready_by: u64,
}

/// The three ways out for the same shares, side by side. A quote, not a promise.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketExitQuote {
    /// Shares asked about, wei.
    pub shares: Wei,
    /// Their worth in coins (wei), from below.
    pub worth_low: Wei,
    /// From above, rounded up; `null` while some price is not known at all.
    #[schema(required)]
    pub worth_high: Option<Wei>,
    /// State of the prices behind it.
    pub state: PriceState,
    /// Coins, now, at a price.
    pub instant: InstantWay,
    /// Every sleeve's own, now, without a price.
    pub in_kind: InKindWay,
    /// By the queue, without a price.
    pub epoch: EpochWay,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
}

/// What a deposit of one asset would credit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketDepositQuote {
    /// The sleeve.
    pub sleeve: u64,
    /// What is paid in; `0xEeee…EEeE` is the chain's coin.
    pub asset: Addr,
    /// Smallest units paid in.
    pub units: Units,
    /// Shares credited, wei, after the fee; 0 while it is closed for a price.
    pub shares: Wei,
    /// The fee, bps.
    pub fee_bps: u32,
    /// It would be taken now.
    pub available: bool,
    /// Why not.
    #[schema(required)]
    pub closed: Option<Closed>,
    /// The most units that the sleeve takes now by its cap and its daily limit.
    pub room: Units,
    /// State of the prices behind it.
    pub state: PriceState,
    /// The block it was read at.
    pub block: u64,
}

/// What a mint in kind would take.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketMintQuote {
    /// Shares that are paid for, wei.
    pub priced: Wei,
    /// Shares credited, wei, after the fee.
    pub shares: Wei,
    /// The fee, bps.
    pub fee_bps: u32,
    /// What it takes, one for each sleeve ever added, what is locked included; the harvest of the day may add to it.
    pub legs: Vec<QuoteLeg>,
    /// It would be taken now.
    pub available: bool,
    /// Why not.
    #[schema(required)]
    pub closed: Option<Closed>,
    /// The block it was read at.
    pub block: u64,
}

/// State of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EpochState {
    /// Takes requests, or will after dusk.
    Open,
    /// Its close is due.
    Due,
    /// Closed; legs are on their way.
    Closed,
    /// Every leg is done.
    Settled,
}

/// State of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LegState {
    /// Parts in the sleeve: shares its gains and losses.
    Waiting,
    /// A ticket: what it loses is its own.
    Out,
    /// Nothing more comes.
    Done,
}

/// One sleeve's leg of an epoch.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EpochLeg {
    /// The sleeve.
    pub sleeve: u64,
    /// Its state.
    pub state: LegState,
    /// What it is paid in; `null` before it starts.
    #[schema(required)]
    pub asset: Option<Addr>,
    /// Parts while it waits.
    pub parts: Units,
    /// Units that began to unbond.
    pub units: Units,
    /// Smallest units of `asset` that came so far.
    pub recovered: Units,
    /// Its ticket while it is out.
    #[schema(required)]
    pub ticket: Option<SleeveTicket>,
}

/// One epoch.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketEpoch {
    /// Its number, from 1.
    pub id: u64,
    /// Its state.
    pub state: EpochState,
    /// Shares requested in it, wei.
    pub shares: Wei,
    /// Requests made in it, those taken back included, by the index.
    pub requests: u64,
    /// Unix seconds from which its close is due, or was; `null` while nothing was requested.
    #[schema(required)]
    pub due_at: Option<u64>,
    /// Unix seconds of its close.
    #[schema(required)]
    pub closed_at: Option<u64>,
    /// The latest time by which its slowest leg is promised, unix seconds: from the later of `dueAt` and `closedAt`; `null` when it is
    /// settled, or while nothing was requested.
    #[schema(required)]
    pub ready_by: Option<u64>,
    /// Its legs by sleeve; none while it is open.
    pub legs: Vec<EpochLeg>,
}

/// What one leg of a position brings.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PositionLeg {
    /// The sleeve.
    pub sleeve: u64,
    /// State of the epoch's leg.
    pub state: LegState,
    /// What it is paid in; `null` before it starts.
    #[schema(required)]
    pub asset: Option<Addr>,
    /// Smallest units that a claim pays now.
    pub claimable: Units,
    /// Nothing more is owed: its bit is set.
    pub paid: bool,
}

/// State of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PositionState {
    /// Its epoch is open: the shares are whole and earn.
    Open,
    /// Its epoch is closed, nothing can be claimed now.
    Waiting,
    /// A claim pays something now; more may come.
    Claimable,
    /// All is paid.
    Claimed,
    /// All shares were taken back.
    Cancelled,
}

/// What one account has in one epoch by itself; what it has by receipts is with those.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketPosition {
    /// The epoch.
    pub epoch: u64,
    /// Its state.
    pub state: PositionState,
    /// Shares in it, wei.
    pub shares: Wei,
    /// It can be cancelled now.
    pub cancellable: bool,
    /// The latest time by which the slowest leg is promised, unix seconds; `null` when nothing more comes.
    #[schema(required)]
    pub ready_by: Option<u64>,
    /// Legs by sleeve; none while the epoch is open, and none once all is paid.
    pub legs: Vec<PositionLeg>,
    /// What each leg paid so far, smallest units of its asset, by sleeve; empty before the first claim.
    pub paid: Vec<Units>,
    /// Unix seconds at which it was last added to.
    pub requested_at: u64,
    /// Transaction of its last change.
    pub tx_hash: Hash,
}

/// A receipt (ERC-721) of a position.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketReceipt {
    /// Its token id, `version << 128 | line`.
    pub id: RequestId,
    /// Who owns it, or owned it last.
    pub owner: Addr,
    /// What became of it.
    pub receipt_state: ReceiptState,
    /// State of the position that it stands for, as long as it is live.
    pub state: PositionState,
    /// The epoch.
    pub epoch: u64,
    /// Shares, wei.
    pub shares: Wei,
    /// The latest time by which the slowest leg is promised, unix seconds; `null` when nothing more comes of it.
    #[schema(required)]
    pub ready_by: Option<u64>,
    /// Legs by sleeve; none while the epoch is open, and none once it ended.
    pub legs: Vec<PositionLeg>,
    /// What each leg paid so far, smallest units of its asset, by sleeve, earlier versions included; empty before the first claim.
    pub paid: Vec<Units>,
    /// The receipt of what its claim left.
    #[schema(required)]
    pub next: Option<RequestId>,
    /// Unix seconds.
    pub minted_at: u64,
    /// Transaction of its last change.
    pub tx_hash: Hash,
}

/// A leg of an exit in kind that could not be delivered.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingLeg {
    /// The sleeve.
    pub sleeve: u64,
    /// What it is paid in; `0xEeee…EEeE` is the chain's coin.
    pub asset: Addr,
    /// Parts that wait.
    pub parts: Units,
    /// Units that they stand for now, rounded down.
    pub units: Units,
    /// Where it goes when somebody delivers it: to whom the owner named last.
    pub recipient: Addr,
    /// Unix seconds since when the oldest part of it waits; `null` while the index is behind.
    #[schema(required)]
    pub since: Option<u64>,
}

/// One account of the basket.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketAccount {
    /// The account.
    pub address: Addr,
    /// Shares in its wallet, wei.
    pub shares: Wei,
    /// Their worth in coins (wei), from below.
    pub worth_low: Wei,
    /// From above, rounded up; `null` while some price is not known at all.
    #[schema(required)]
    pub worth_high: Option<Wei>,
    /// State of the prices behind it.
    pub state: PriceState,
    /// Legs of exits in kind that wait for it.
    pub waiting: Vec<WaitingLeg>,
    /// Shares that ways in credited, ever, wei, by the index.
    pub shares_in: Wei,
    /// Shares that went by ways out, ever, wei, by the index; those waiting in epochs included.
    pub shares_out: Wei,
    /// What it has in epochs, newest first.
    pub positions: Page<BasketPosition>,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
}

/// Kind of a line in an account's history with the basket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BasketMoveKind {
    /// One asset in.
    Deposit,
    /// All assets in.
    MintInKind,
    /// Coins out, now.
    InstantExit,
    /// Every sleeve out, now.
    InKindExit,
    /// A leg that had waited was delivered.
    LegDelivered,
    /// Shares into an epoch.
    Request,
    /// Shares back out of an epoch.
    Cancel,
    /// What an epoch brought.
    Claim,
    /// Shares from another holder.
    TransferIn,
    /// Shares to another holder.
    TransferOut,
    /// A position became a receipt.
    Wrap,
    /// A receipt became a position.
    Unwrap,
    /// A receipt from another holder.
    ReceiptIn,
    /// A receipt to another holder.
    ReceiptOut,
}

/// One line of an account's history with the basket.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketMove {
    /// What happened.
    pub kind: BasketMoveKind,
    /// Shares moved, wei; 0 when none.
    pub shares: Wei,
    /// Coins (wei) paid out by an instant exit, or by the coin legs of a claim; 0 otherwise.
    pub coins: Wei,
    /// Coins (wei) that an instant exit left as its fee; 0 otherwise.
    pub fee: Wei,
    /// The one sleeve that it was about; `null`: all of them, or none.
    #[schema(required)]
    pub sleeve: Option<u64>,
    /// The epoch.
    #[schema(required)]
    pub epoch: Option<u64>,
    /// Smallest units: of the one sleeve, or one for each; of a claim what each leg paid, in the leg's asset.
    pub units: Vec<Units>,
    /// The other side: who paid, or was paid.
    #[schema(required)]
    pub counterparty: Option<Addr>,
    /// Unix seconds.
    pub at: u64,
    /// Block.
    pub block: u64,
    /// Transaction.
    pub tx_hash: Hash,
}

/// One sleeve at one time.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SleeveSample {
    /// The sleeve.
    pub sleeve: u64,
    /// Its part of the basket's worth at mid prices, bps; `null` when it was not measured.
    #[schema(required)]
    pub weight_bps: Option<u32>,
    /// Units booked; `null` when it was not measured.
    #[schema(required)]
    pub units: Option<Units>,
}

/// The basket at one time.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NavSample {
    /// Unix seconds.
    pub at: u64,
    /// Coins (wei) for 1e18 wei of shares, from below.
    pub nav_low: Wei,
    /// From above; `null` when it was not measured.
    #[schema(required)]
    pub nav_high: Option<Wei>,
    /// State of the prices behind it; `null` when it was not measured.
    #[schema(required)]
    pub state: Option<PriceState>,
    /// Shares, wei; `null` when it was not measured.
    #[schema(required)]
    pub shares: Option<Wei>,
    /// What it was made of.
    pub sleeves: Vec<SleeveSample>,
}

/// What a sleeve earned over the span of the answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SleeveYield {
    /// The sleeve.
    pub sleeve: u64,
    /// Units harvested, before the performance fee.
    pub gained: Units,
    /// Units lost.
    pub lost: Units,
    /// Harvests counted.
    pub harvests: u64,
    /// By harvests, a year, bps of the units that earned it: negative after a loss; `null` where the span is under a day or nothing was measured.
    #[schema(required)]
    pub harvest_bps: Option<i64>,
    /// By the growth of its staking system's rate, a year, bps; `null` where it has no rate, or the span is under a day.
    #[schema(required)]
    pub rate_bps: Option<i64>,
}

/// NAV, composition and yield over a span.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketHistory {
    /// Unix seconds of the first sample that counts.
    pub from: u64,
    /// Unix seconds of the last.
    pub to: u64,
    /// Seconds between samples.
    pub step: u64,
    /// Oldest first, at most 1,000.
    pub samples: Vec<NavSample>,
    /// By sleeve, over the whole span.
    pub yields: Vec<SleeveYield>,
    /// Growth of NAV from below over the span, a year, bps; `null` where the span is under a day.
    #[schema(required)]
    pub nav_growth_bps: Option<i64>,
}

/// What a source is to a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SourceRole {
    /// The rate of a staking system, or the first of two sources.
    Fair,
    /// What the market pays, or the second source.
    Market,
}

/// One source of a price. It answers in coins (wei) for one whole asset.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceSource {
    /// What it is to the listing.
    pub role: SourceRole,
    /// The adapter.
    pub address: Addr,
    /// The contract behind it; `null` when it does not say.
    #[schema(required)]
    pub origin: Option<Addr>,
    /// The second one, where the price is made of two.
    #[schema(required)]
    pub origin2: Option<Addr>,
    /// Coins (wei) for one whole asset; `null` when it does not answer.
    #[schema(required)]
    pub price: Option<Wei>,
    /// When that was measured, unix seconds; `null` when it does not answer.
    #[schema(required)]
    pub updated_at: Option<u64>,
    /// Seconds from then to this block; `null` when it does not answer, 0 when it is from the future.
    #[schema(required)]
    pub age: Option<u64>,
    /// It answers, and says that its price is sound.
    pub sound: bool,
    /// It is the rate of a staking system.
    pub is_rate: bool,
    /// How far a sound price may be from the truth, bps; `null` when it does not answer.
    #[schema(required)]
    pub error_bps: Option<u32>,
}

/// A pool's average beside a price: it may close it and never makes one.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceGuard {
    /// The adapter.
    pub address: Addr,
    /// Coins (wei) for one whole asset over its window; `null` when it does not answer.
    #[schema(required)]
    pub mean: Option<Wei>,
    /// It answers, and its pool is deep and old enough.
    pub sound: bool,
}

/// What the feed remembers of an asset. Times are unix seconds, `null` for never.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceMemory {
    /// Last observation that could read everything.
    #[schema(required)]
    pub observed_at: Option<u64>,
    /// Last of these that saw the peg inside 1.5 %.
    #[schema(required)]
    pub in_band_at: Option<u64>,
    /// Last that saw it impaired; `null` when it is not, or recovered.
    #[schema(required)]
    pub impaired_at: Option<u64>,
    /// Since when every observation is inside.
    #[schema(required)]
    pub inside_since: Option<u64>,
    /// Coins (wei) for one whole asset by the rate last seen; `null` where there is none.
    #[schema(required)]
    pub rate: Option<Wei>,
}

/// What a sleeve's asset is worth, and why that is believed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetPrice {
    /// The asset; `0xEeee…EEeE` is the chain's coin, which is 1 and needs no source.
    pub asset: Addr,
    /// Its symbol; `null` when it does not say. Text, never markup.
    #[schema(required)]
    pub symbol: Option<String>,
    /// Its decimals; `null` when it does not say.
    #[schema(required)]
    pub decimals: Option<u8>,
    /// Sleeves that hold it.
    pub sleeves: Vec<u64>,
    /// The feed has a listing for it. The coin needs none.
    pub listed: bool,
    /// Its price from below.
    pub low: Price,
    /// From above; `null` while it is not known at all.
    #[schema(required)]
    pub high: Option<Price>,
    /// Whether to believe it.
    pub state: PriceState,
    /// What both sides are kept apart by, at least, bps of the middle's each side.
    pub spread_bps: u32,
    /// How far apart two sources of one price may be, bps; 0 for a rate.
    pub disagree_bps: u32,
    /// How far apart its two sources are now, in bps of the lower; `null` where there are not two that answer.
    #[schema(required)]
    pub gap_bps: Option<u32>,
    /// Its sources.
    pub sources: Vec<PriceSource>,
    /// Its guard.
    #[schema(required)]
    pub guard: Option<PriceGuard>,
    /// What the feed remembers; `null` for the coin.
    #[schema(required)]
    pub memory: Option<PriceMemory>,
}

/// All prices that the basket uses, at one block.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketPrices {
    /// The feed in force; `null` where the basket needs none.
    #[schema(required)]
    pub feed: Option<Addr>,
    /// One for each asset, in the order of the sleeves.
    pub prices: Vec<AssetPrice>,
    /// The worst state of what the basket owns and needs a price.
    pub state: PriceState,
    /// In US dollars.
    pub usd: Usd,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
}

/// A reading of the drift.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftReading {
    /// Sleeves over their target by more than the limit.
    pub over: Vec<u64>,
    /// Sleeves under it by more.
    pub under: Vec<u64>,
    /// Unix seconds.
    pub at: u64,
}

/// The auction that runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunningAuction {
    /// Its number, from 1.
    pub id: u64,
    /// The sleeve that sells.
    pub from: u64,
    /// The sleeve that buys.
    pub to: u64,
    /// Units of `from` still for sale.
    pub left: Units,
    /// Units of `to` for 1e18 units of `from`, now; `null` while a price is not sound: then it takes no bid.
    #[schema(required)]
    pub price: Option<Units>,
    /// Unix seconds.
    pub started_at: u64,
    /// Unix seconds after which it takes no bid.
    pub ends_at: u64,
}

/// An auction of the past, or the one that runs, by the index.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketAuction {
    /// Its number, from 1.
    pub id: u64,
    /// The sleeve that sells.
    pub from: u64,
    /// The sleeve that buys.
    pub to: u64,
    /// Units of `from` that were for sale.
    pub units: Units,
    /// Units of `from` that were sold.
    pub sold: Units,
    /// Units of `to` that were paid.
    pub paid: Units,
    /// What the basket lost against mid, coins (wei).
    pub loss: Wei,
    /// Number of bids.
    pub bids: u64,
    /// Unix seconds.
    pub started_at: u64,
    /// Unix seconds at which somebody ended it, or the next one began; `null` when nobody did: it is over four hours after its start.
    #[schema(required)]
    pub ended_at: Option<u64>,
    /// Transaction of its last change.
    pub tx_hash: Hash,
}

/// Drift, budget and auctions.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketAuctions {
    /// The one that runs.
    #[schema(required)]
    pub running: Option<RunningAuction>,
    /// The guardian paused auctions.
    pub paused: bool,
    /// How far off its target a sleeve may be, in bps of the target.
    pub drift_bps: u32,
    /// The last two readings, newest first.
    pub readings: Vec<DriftReading>,
    /// The budget.
    pub budget: AuctionBudget,
    /// All that started, newest first.
    pub auctions: Page<BasketAuction>,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
}
