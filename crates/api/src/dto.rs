//! What goes over the wire. Field names are the contract with every client: `openapi.json` is made from here.

mod basket;
mod governance;
mod parts;

pub use basket::{
    AssetPrice, AuctionBudget, BasketAccount, BasketAuction, BasketAuctions, BasketDepositQuote,
    BasketEpoch, BasketExitQuote, BasketFees, BasketHistory, BasketMintQuote, BasketMove,
    BasketMoveKind, BasketPause, BasketPosition, BasketPrices, BasketReceipt, BasketSleeve,
    BasketSleeves, BasketSummary, Closed, CoreDetail, CoreValidator, DriftReading, EpochLeg,
    EpochState, EpochWay, InKindWay, InstantWay, LegState, Nav, NavSample, OpenEpoch, PausePart,
    PositionLeg, PositionState, PriceGuard, PriceMemory, PriceSource, PriceState, QuoteLeg,
    RunningAuction, SleeveKind, SleeveSample, SleeveTicket, SleeveYield, SourceRole, StCoreDetail,
    Usd, WaitingLeg,
};
pub use governance::{
    Governance, GovernanceAccount, GovernanceCall, Mandate, MandatePause, Operation,
    OperationState, Proposal, ProposalDetail, ProposalState, Support, Tally, Timelock, Vote,
};
pub use parts::{
    Conversion, ConversionSale, Converter, Delegate, Emergency, EmergencyKind, ExitPool, ExitPools,
    Halt, Payouts, PoolQuote, PoolSale, PoolStyle, Receipt, ReceiptState, Reserve, ReserveMove,
    ReserveMoveKind, Scheduled, Vault, VaultMove, VaultMoveKind, VaultPosition, VaultRequest,
    VaultRequestState,
};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::{Addr, Hash, Ray, RequestId, Wei};

/// One page of a list. `nextCursor` is opaque; `null` means that this was the last page.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T: ToSchema> {
    /// The rows, in the order of the list.
    pub items: Vec<T>,
    /// Pass as `?cursor=` for the next page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// What a client needs to know before it can do anything.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicConfig {
    /// Name of the deployment.
    pub name: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Name of the chain, for people.
    pub chain_name: String,
    /// A public RPC endpoint for the wallet. Never the server's own endpoint with a key in it.
    pub rpc_url: String,
    /// Base URL of the block explorer.
    #[schema(required)]
    pub explorer_url: Option<String>,
    /// Symbol of the native coin.
    pub native_symbol: String,
    /// Symbol of the liquid token; `null` where there is no liquid side.
    #[schema(required)]
    pub lst_symbol: Option<String>,
    /// Decimals of both, always 18.
    pub decimals: u8,
    /// Where the contracts are.
    #[schema(value_type = ContractsShown)]
    pub contracts: Contracts,
    /// First block of the deployment.
    pub deployment_block: u64,
    /// A demo chain whose clock runs fast.
    pub accelerated: bool,
    /// Chain seconds per real second; 1 on a real chain.
    pub clock_factor: u64,
    /// What is switched on.
    pub features: Features,
}

/// Addresses of the deployment. It has a liquid side, a basket, or both.
#[derive(Debug, Clone, Copy, Default, Serialize, PartialEq, Eq)]
#[serde(into = "ContractsShown")]
pub struct Contracts {
    /// Liquid staking.
    pub liquid: Option<LiquidContracts>,
    /// The basket and who governs it.
    pub basket: Option<BasketAddresses>,
}

/// Addresses of the liquid side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiquidContracts {
    /// `LiquidMinter`.
    pub minter: Addr,
    /// `LiquidToken`.
    pub token: Addr,
    /// `LiquidRewards`.
    pub rewards: Addr,
    /// `BucketFactory`.
    pub factory: Addr,
    /// The staking system.
    pub staking: Addr,
    /// `LiquidVault`; none, as those below, when the deployment lacks it.
    pub vault: Option<Addr>,
    /// `LiquidCoinVault`.
    pub coin_vault: Option<Addr>,
    /// `LiquidReceipts`.
    pub receipts: Option<Addr>,
    /// `AmmRoute` of the deployment.
    pub amm_route: Option<Addr>,
    /// `RewardConverter`.
    pub converter: Option<Addr>,
}

/// Addresses of the basket's side.
#[derive(Debug, Clone, Copy, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasketAddresses {
    /// `Basket`.
    pub basket: Addr,
    /// `BasketToken`.
    pub token: Addr,
    /// `UnbondingQueue`.
    pub queue: Addr,
    /// `BasketReceipts`.
    pub receipts: Addr,
    /// `PriceFeed` of the deployment; `null` when it needs none. The one in force is in `/api/v1/basket`.
    #[schema(required)]
    pub feed: Option<Addr>,
    /// `BasketTimelock`.
    pub timelock: Addr,
    /// `BasketGovernor`.
    pub governor: Addr,
    /// `GovToken`.
    pub gov: Addr,
    /// `Guardian`.
    pub guardian: Addr,
}

impl From<chain::BasketContracts> for BasketAddresses {
    fn from(at: chain::BasketContracts) -> Self {
        Self {
            basket: Addr(at.basket),
            token: Addr(at.token),
            queue: Addr(at.queue),
            receipts: Addr(at.receipts),
            feed: at.feed.map(Addr),
            timelock: Addr(at.timelock),
            governor: Addr(at.governor),
            gov: Addr(at.gov),
            guardian: Addr(at.guardian),
        }
    }
}

/// Addresses of the deployment. Those of the liquid side are `null` where it has none.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Contracts)]
pub struct ContractsShown {
    /// `LiquidMinter`.
    #[schema(required)]
    minter: Option<Addr>,
    /// `LiquidToken`.
    #[schema(required)]
    token: Option<Addr>,
    /// `LiquidRewards`.
    #[schema(required)]
    rewards: Option<Addr>,
    /// `BucketFactory`.
    #[schema(required)]
    factory: Option<Addr>,
    /// The staking system of the liquid side.
    #[schema(required)]
    staking: Option<Addr>,
    /// `LiquidVault`.
    #[schema(required)]
    vault: Option<Addr>,
    /// `LiquidCoinVault`.
    #[schema(required)]
    coin_vault: Option<Addr>,
    /// `LiquidReceipts`.
    #[schema(required)]
    receipts: Option<Addr>,
    /// `AmmRoute` of the deployment; the one in force is in `/api/v1/pools`.
    #[schema(required)]
    amm_route: Option<Addr>,
    /// `RewardConverter`.
    #[schema(required)]
    converter: Option<Addr>,
    /// The basket and who governs it; `null` where the deployment has none.
    #[schema(required)]
    basket: Option<BasketAddresses>,
}

impl From<Contracts> for ContractsShown {
    fn from(all: Contracts) -> Self {
        let of = all.liquid;
        Self {
            minter: of.map(|at| at.minter),
            token: of.map(|at| at.token),
            rewards: of.map(|at| at.rewards),
            factory: of.map(|at| at.factory),
            staking: of.map(|at| at.staking),
            vault: of.and_then(|at| at.vault),
            coin_vault: of.and_then(|at| at.coin_vault),
            receipts: of.and_then(|at| at.receipts),
            amm_route: of.and_then(|at| at.amm_route),
            converter: of.and_then(|at| at.converter),
            basket: all.basket,
        }
    }
}

/// Parts of the design that a deployment may lack; the app shows them as not enabled.
#[derive(Debug, Clone, Copy, Default, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Features {
    /// ERC-4626 vault.
    pub vault: bool,
    /// AMM path of an exit; whether it is on, and through which pools, is in `/api/v1/pools`.
    pub amm: bool,
    /// Transferable receipts of requests.
    pub receipts: bool,
    /// ERC-7540.
    pub async_exit: bool,
    /// First-loss reserve.
    pub insurance: bool,
    /// Liquid staking: all routes but those of basket, governance and the machine itself.
    pub liquid: bool,
    /// The basket and its governance.
    pub basket: bool,
}

/// A block.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainHead {
    /// Height.
    pub number: u64,
    /// Hash.
    pub hash: Hash,
    /// Unix seconds.
    pub timestamp: u64,
}

/// How far the index is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Indexed {
    /// Height of the last indexed block.
    pub number: u64,
    /// Its time in unix seconds.
    pub timestamp: u64,
}

/// Who acts for the protocol.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeeperStatus {
    /// `off`, `dryRun` or `on`: the highest mode among its jobs.
    pub mode: Mode,
    /// Unix seconds of the last tick of any job.
    #[schema(required)]
    pub last_run_at: Option<u64>,
    /// Holder of the leader lease.
    #[schema(required)]
    pub leader: Option<String>,
}

/// What a job is allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Does nothing.
    Off,
    /// Plans and simulates, signs nothing.
    DryRun,
    /// Sends.
    On,
}

/// The state of the machine.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Head of the chain; `null` while the chain does not answer.
    #[schema(required)]
    pub chain_head: Option<ChainHead>,
    /// Head of the index; `null` before the first block.
    #[schema(required)]
    pub indexed: Option<Indexed>,
    /// Blocks between them; `null` while either is unknown.
    #[schema(required)]
    pub lag_blocks: Option<u64>,
    /// Holes that were ever found in answers about logs.
    pub holes_found: u64,
    /// Holes that are still open. 0 means complete.
    pub holes_left: u64,
    /// The keeper.
    pub keeper: KeeperStatus,
    /// Last number of the change feed; what a WebSocket client passes as `since`.
    pub seq: u64,
}

/// Everything about the pot at one block.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Coins that holders own: `headroom + active + cooling`.
    pub tvl: Wei,
    /// Liquid tokens, queued ones included: `totalSupply + openLst + stagedLst`.
    pub supply: Wei,
    /// Coins per token.
    pub rate: Ray,
    /// `headroom + reserved`.
    pub buffer: Wei,
    /// Coins of finalized requests and of fees.
    pub reserved: Wei,
    /// Coins for exits and the next stake bus.
    pub headroom: Wei,
    /// What the stake bus leaves in the buffer.
    pub buffer_target: Wei,
    /// Coins promised to closed rungs.
    pub committed: Wei,
    /// Value of unfunded rungs past their promised time.
    pub due: Wei,
    /// What an instant exit could take now.
    pub instant_liquidity: Wei,
    /// Stake that earns.
    pub active: Wei,
    /// Stake in cooldown.
    pub cooling: Wei,
    /// Value of all open and staged requests.
    pub total_queued: Wei,
    /// Liquid tokens in closed, unfunded rungs.
    pub open_lst: Wei,
    /// Liquid tokens in the open rung.
    pub staged_lst: Wei,
    /// Units in the line.
    pub open_units: Wei,
    /// Number of rungs, the open one included.
    pub rung_count: u64,
    /// Id of the open rung.
    pub open_rung_id: u64,
    /// Unix seconds of its first request; `null` while it is empty.
    #[schema(required)]
    pub open_rung_at: Option<u64>,
    /// Unix seconds from which it may close; `null` while it is empty.
    #[schema(required)]
    pub next_close_at: Option<u64>,
    /// Instant fee of a full buffer, in bps.
    pub min_instant_fee_bps: u32,
    /// Instant fee of an empty buffer, in bps.
    pub max_instant_fee_bps: u32,
    /// Instant fee of the next small exit, in bps.
    pub current_instant_fee_bps: u32,
    /// Fee of the queue, in bps.
    pub standard_fee_bps: u32,
    /// Buffer target in bps of assets.
    pub withhold_bps: u32,
    /// Instant exits are paused.
    pub instant_paused: bool,
    /// Unix seconds at which the pause lapses.
    #[schema(required)]
    pub paused_until: Option<u64>,
    /// Accounts that ever deposited.
    pub depositors: u64,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block all these figures were read at.
    pub block: u64,
}

/// State of a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RungState {
    /// Takes requests.
    Open,
    /// In the line, nothing funded.
    Closed,
    /// Funded in part.
    Partial,
    /// Funded.
    Funded,
}

/// One rung of the queue.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rung {
    /// Its number.
    pub id: u64,
    /// Liquid tokens in it.
    pub lst: Wei,
    /// Requests in it.
    pub count: u64,
    /// Unix seconds of its close.
    #[schema(required)]
    pub closed_at: Option<u64>,
    /// Standard fee fixed by its first request, in bps; `null` while open, for the log tells it at the close.
    #[schema(required)]
    pub fee_bps: Option<u32>,
    /// Where it starts in the line; `null` while open.
    #[schema(required)]
    pub units_start: Option<Wei>,
    /// Where it ends in the line; `null` while open.
    #[schema(required)]
    pub units_end: Option<Wei>,
    /// Its state.
    pub state: RungState,
    /// How much of it is funded in order, in bps.
    pub funded_bps: u32,
    /// The promised time in unix seconds, once published.
    #[schema(required)]
    pub promised_at: Option<u64>,
    /// The promise was revised for one of the three named reasons.
    pub revised: bool,
}

/// One decoded event. Strings in `args` come from the chain: treat them as text, never as markup.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Block.
    pub block: u64,
    /// Index of the log in its block.
    pub log_index: u64,
    /// Transaction.
    pub tx_hash: Hash,
    /// Unix seconds.
    pub at: u64,
    /// Name of the event.
    pub name: String,
    /// Contract that emitted it.
    pub contract: Addr,
    /// Arguments by name; numbers as decimal strings, addresses and bytes as lower-case hex, booleans as such.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub args: BTreeMap<String, serde_json::Value>,
}

/// State of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BucketState {
    /// May depart.
    Available,
    /// In cooldown.
    Cooling,
    /// Cooldown over, waits for a sweep.
    Matured,
    /// Out of use.
    Retired,
}

/// One bucket of a validator.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// Index at its validator.
    pub index: u64,
    /// Its address.
    pub address: Addr,
    /// Stake that earns.
    pub active: Wei,
    /// Stake in cooldown.
    pub cooling: Wei,
    /// Unix seconds at which it is available again; 0 when it is.
    pub next_available_time: u64,
    /// Its state at the block of the answer.
    pub state: BucketState,
}

/// One validator and its bucket ladder.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validator {
    /// Id at the staking system.
    pub id: u16,
    /// Name, made from its id where the staking system has none. Text, never markup.
    pub name: String,
    /// Takes stake.
    pub active: bool,
    /// Was slashed.
    pub slashed: bool,
    /// Open votes to slash it.
    pub slash_votes: u64,
    /// Target weight in bps.
    pub weight_bps: u32,
    /// Stake of everybody.
    pub total_staked: Wei,
    /// Stake of ours that earns.
    pub our_stake: Wei,
    /// What it can still take; `null` when unbounded.
    #[schema(required)]
    pub capacity: Option<Wei>,
    /// What the staking system's percentage cap still allows; `null` when there is none.
    #[schema(required)]
    pub percentage_headroom: Option<Wei>,
    /// Commission in bps.
    pub commission_bps: u32,
    /// 0 to 10,000; the formula is in the crate's README.
    pub score: u32,
    /// Its buckets by index.
    pub buckets: Vec<Bucket>,
    /// Unix seconds of its next departure by the timetable; `null` when none is planned.
    #[schema(required)]
    pub next_departure_at: Option<u64>,
    /// Exits that wait for its next departure.
    pub queued: Wei,
}

/// One holder.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The account.
    pub address: Addr,
    /// Liquid tokens.
    pub lst_balance: Wei,
    /// Their value at the rate, rounded down.
    pub lst_value: Wei,
    /// Rewards that it can take now.
    pub claimable_rewards: Wei,
    /// Sum of its deposits.
    pub deposited: Wei,
    /// Sum of its claimed rewards.
    pub claimed_rewards: Wei,
    /// Number of requests, finished ones included.
    pub requests: u64,
}

/// State of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RequestState {
    /// In the open rung; can be cancelled.
    Open,
    /// In the line, nothing to claim yet.
    Waiting,
    /// Some of it can be claimed.
    Partial,
    /// All that is left can be claimed.
    Ready,
    /// Paid.
    Claimed,
    /// Cancelled.
    Cancelled,
}

/// One exit request.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExitRequest {
    /// Its id on chain.
    pub id: RequestId,
    /// Its rung.
    pub rung: u64,
    /// Its place in the rung.
    pub seq: u64,
    /// Unfunded liquid tokens of the rungs before its own; inside a rung everybody is funded at once.
    pub position: Wei,
    /// Liquid tokens requested.
    pub lst: Wei,
    /// Their value at today's rate, before the fee, rounded down.
    pub value: Wei,
    /// Standard fee in bps.
    pub fee_bps: u32,
    /// Coins already paid, the fee included.
    pub paid: Wei,
    /// Coins that can be claimed now.
    pub claimable: Wei,
    /// Its state.
    pub state: RequestState,
    /// Promised time in unix seconds; for an open rung the estimate if it closed now.
    #[schema(required)]
    pub promised_at: Option<u64>,
    /// The promise was revised for one of the three named reasons.
    pub revised: bool,
    /// Unix seconds.
    pub requested_at: u64,
    /// Transaction of the request.
    pub tx_hash: Hash,
    /// Arguments for `claim(id, hintA, hintB)`.
    pub hints: [u64; 2],
    /// Its receipt, while it has one: then that is claimed, by its owner.
    #[schema(required)]
    pub receipt: Option<RequestId>,
}

/// Kind of a line in an account's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum HistoryKind {
    /// Coins in, tokens out.
    Deposit,
    /// Tokens in, coins out, now.
    InstantExit,
    /// Tokens burned for a place in the queue.
    Request,
    /// Request taken back.
    Cancel,
    /// Coins of a request.
    Claim,
    /// Rewards taken.
    Rewards,
    /// Tokens from another holder.
    TransferIn,
    /// Tokens to another holder.
    TransferOut,
    /// Tokens sold to a pool, coins out, now.
    PoolExit,
    /// Tokens into the vault.
    VaultDeposit,
    /// Tokens out of the vault.
    VaultWithdraw,
    /// Shares of the vault given for a place in the queue.
    VaultRequest,
    /// Coins of a vault's request.
    VaultClaim,
    /// A receipt from another holder.
    ReceiptIn,
    /// A receipt to another holder.
    ReceiptOut,
}

/// One line of an account's history.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryItem {
    /// What happened.
    pub kind: HistoryKind,
    /// Coins moved; 0 when none.
    pub amount: Wei,
    /// Liquid tokens moved; 0 when none.
    pub lst: Wei,
    /// Unix seconds.
    pub at: u64,
    /// Block.
    pub block: u64,
    /// Transaction.
    pub tx_hash: Hash,
    /// The other side of a transfer.
    #[schema(required)]
    pub counterparty: Option<Addr>,
}

/// The instant part of an exit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstantQuote {
    /// Liquid tokens that the buffer takes now.
    pub lst: Wei,
    /// Coins for them, after the fee.
    pub pay: Wei,
    /// The fee, integrated over this exit, in bps of value, rounded up.
    pub fee_bps: u32,
}

/// The AMM part of an exit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AmmQuote {
    /// The path is on and a pool is allowed.
    pub enabled: bool,
    /// Liquid tokens of this exit that a pool would take.
    pub lst: Wei,
    /// Coins for them, the pool's fee taken.
    pub pay: Wei,
}

/// The queued part of an exit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueQuote {
    /// Liquid tokens that would be queued.
    pub lst: Wei,
    /// Their value, after the standard fee.
    pub value: Wei,
    /// Standard fee in bps.
    pub fee_bps: u32,
    /// Unix seconds if the open rung closed as it stands; `null` when nothing would be queued.
    #[schema(required)]
    pub eta: Option<u64>,
    /// `eta` plus one period of the timetable: what missing the next departure costs. An estimate.
    #[schema(required)]
    pub eta_if_missed: Option<u64>,
}

/// What an exit of `amount` would bring, at `block`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExitQuote {
    /// From the buffer.
    pub instant_now: InstantQuote,
    /// By AMM.
    pub amm: AmmQuote,
    /// The rest, by the queue.
    pub queue: QueueQuote,
    /// The block it was read at.
    pub block: u64,
}

/// What a deposit of `amount` would mint, at `block`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DepositQuote {
    /// Liquid tokens.
    pub lst: Wei,
    /// Coins per token.
    pub rate: Ray,
    /// The block it was read at.
    pub block: u64,
}

/// One job of the keeper.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its name.
    pub job: String,
    /// What it may do.
    pub mode: Mode,
    /// Unix seconds.
    #[schema(required)]
    pub last_run_at: Option<u64>,
    /// What it decided.
    #[schema(required)]
    pub last_decision: Option<String>,
    /// Why.
    #[schema(required)]
    pub last_reason: Option<String>,
    /// Its last transaction.
    #[schema(required)]
    pub last_tx_hash: Option<Hash>,
    /// Unix seconds.
    #[schema(required)]
    pub next_due_at: Option<u64>,
}

/// One attempt in the transaction journal. Signed bytes are never shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JournalEntry {
    /// `keccak(chain, contract, job, target, precondition)`.
    pub work_id: Hash,
    /// The job.
    pub job: String,
    /// What it works on.
    pub target: String,
    /// State of the work or of its attempt.
    pub state: String,
    /// The transaction.
    #[schema(required)]
    pub tx_hash: Option<Hash>,
    /// Its nonce.
    #[schema(required)]
    pub nonce: Option<u64>,
    /// Gas by the receipt.
    #[schema(required)]
    pub gas_used: Option<u64>,
    /// Unix seconds.
    pub created_at: u64,
    /// Unix seconds.
    pub updated_at: u64,
}

/// A wish for a job: what to run on what. It cannot carry calldata, an amount or a recipient.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntentRequest {
    /// Name of the job.
    #[schema(example = "sweep", max_length = 64)]
    pub job: String,
    /// `all`, whatever the job finds to do; or a validator's id, for a job that is done for each.
    #[schema(example = "all", max_length = 64)]
    pub target: String,
}

/// A stored wish. The keeper checks it against its own limits before it acts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// Its number.
    pub id: u64,
    /// The job.
    pub job: String,
    /// The target.
    pub target: String,
    /// Unix seconds.
    pub created_at: u64,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// For the record.
    Info,
    /// Look today.
    Warning,
    /// Look now.
    Critical,
}

/// State of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AlertState {
    /// Nobody has it.
    Open,
    /// Somebody has it.
    Acknowledged,
    /// Over.
    Resolved,
}

impl AlertState {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "open" => Self::Open,
            "acknowledged" => Self::Acknowledged,
            "resolved" => Self::Resolved,
            _ => return None,
        })
    }
}

/// One alert.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Its number.
    pub id: u64,
    /// The rule that raised it.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// Its state.
    pub state: AlertState,
    /// One line. Text, never markup.
    pub title: String,
    /// The figures. Text, never markup.
    pub detail: String,
    /// Unix seconds.
    pub opened_at: u64,
    /// Unix seconds.
    #[schema(required)]
    pub resolved_at: Option<u64>,
}

/// A measured series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum MetricName {
    /// Coins per token, scaled 1e27.
    Rate,
    /// Coins that holders own.
    Tvl,
    /// Coins for exits and the next stake bus.
    Headroom,
    /// Value of all open and staged requests.
    TotalQueued,
}

impl MetricName {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "rate" => Self::Rate,
            "tvl" => Self::Tvl,
            "headroom" => Self::Headroom,
            "totalQueued" => Self::TotalQueued,
            _ => return None,
        })
    }
}

/// One sample.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// Unix seconds.
    pub at: u64,
    /// The value, in the metric's unit.
    pub value: Wei,
}

/// Prices. Display only.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Oracle {
    /// USD per native coin as a decimal; `null` when unavailable.
    #[schema(required)]
    pub usd: Option<String>,
    /// Why it is unavailable.
    #[schema(required)]
    pub reason: Option<String>,
}

/// The process answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Always `ok`.
    pub status: String,
    /// Version of the server.
    pub version: String,
}

/// One thing that must hold before traffic should come.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// `store`, `chain` or `index`.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// The figures behind it.
    pub detail: String,
}

/// Whether traffic should come.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// All checks hold.
    pub ready: bool,
    /// Each of them.
    pub checks: Vec<Check>,
}

/// An error.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// What went wrong and what to do.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, ToSchema)]
pub struct ErrorDetail {
    /// Stable, for programs.
    pub code: String,
    /// For people; names the offending value.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// First message of a WebSocket client, and any later one: replaces the subscription.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WsRequest {
    /// `metrics`, `validators`, `buckets`, `queue`, `nav`, `epochs`, `sleeves`, `prices`, `governance`, `alerts`, `jobs`,
    /// `account:0x…`.
    pub subscribe: Vec<String>,
    /// Last `seq` the client saw; changes after it are replayed, or `resync` is sent.
    #[serde(default)]
    pub since: Option<u64>,
    /// For topics that need more than `public`: `alerts`, `jobs`.
    #[serde(default)]
    pub token: Option<String>,
}

/// Messages of the WebSocket server.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum WsMessage {
    /// Something changed.
    Change {
        /// Its number.
        seq: u64,
        /// Its topic.
        topic: String,
        /// What; `null` means: ask again.
        #[schema(value_type = Option<Object>, required)]
        payload: serde_json::Value,
    },
    /// Nothing changed, the line is alive.
    Heartbeat {
        /// Last number of the feed.
        seq: u64,
    },
    /// The client is too far behind, or a reorg undid what it saw: ask for everything again, go on from `seq`.
    Resync {
        /// Last number of the feed.
        seq: u64,
    },
    /// The request was refused; the connection stays.
    Error {
        /// Why.
        error: ErrorDetail,
    },
}
