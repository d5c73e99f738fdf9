//! The parts around the minter: vault, receipts, pools, reserve, delegates, converter, halt.

use serde::Serialize;
use utoipa::ToSchema;

use super::ExitRequest;
use crate::scalar::{Addr, Hash, Ray, RequestId, Wei};

/// The compounding vault, at one block.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vault {
    /// `LiquidVault`: tokens and shares.
    pub address: Addr,
    /// `LiquidCoinVault`: coins in, coins out by the queue; `null` when the deployment lacks it.
    #[schema(required)]
    pub coin_vault: Option<Addr>,
    /// Shares in circulation.
    pub shares: Wei,
    /// Liquid tokens that they are worth, waiting rewards included.
    pub lst: Wei,
    /// Coins that those are worth at the rate, rounded down.
    pub value: Wei,
    /// Liquid tokens per share.
    pub price: Ray,
    /// Liquid tokens held; the rest of `lst` waits as rewards.
    pub lst_held: Wei,
    /// Reward coins that a harvest would turn into tokens.
    pub pending_coins: Wei,
    /// Deposits are open; while they are not, tokens leave as far as they are held.
    pub open: bool,
    /// Accounts that hold shares.
    pub holders: u64,
    /// Reward coins that became tokens, ever.
    pub harvested: Wei,
    /// Unix seconds of the last harvest.
    #[schema(required)]
    pub harvested_at: Option<u64>,
    /// The block it was read at.
    pub block: u64,
}

/// What moved the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum VaultMoveKind {
    /// Tokens in, or coins that became tokens.
    Deposit,
    /// Tokens out.
    Withdraw,
    /// Rewards became tokens.
    Harvest,
    /// Tokens and waiting reward coins out, as they lay.
    InKind,
}

/// A change of what the vault holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultMove {
    /// What.
    pub kind: VaultMoveKind,
    /// Whose shares; of a harvest, who called it.
    pub account: Addr,
    /// Liquid tokens moved.
    pub lst: Wei,
    /// Shares minted or burned.
    pub shares: Wei,
    /// Coins that became tokens, or were paid out in kind.
    pub coins: Wei,
    /// Liquid tokens held afterwards.
    pub lst_after: Wei,
    /// Shares in circulation afterwards.
    pub shares_after: Wei,
    /// Unix seconds.
    pub at: u64,
    /// Block.
    pub block: u64,
}

/// One account's part of the vault.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultPosition {
    /// The account.
    pub account: Addr,
    /// Shares held.
    pub shares: Wei,
    /// Liquid tokens that they are worth now.
    pub lst: Wei,
    /// Coins that those are worth at the rate, rounded down.
    pub value: Wei,
    /// Shares that can be turned into tokens now.
    pub redeemable: Wei,
    /// Tokens that went in for it, ever.
    pub deposited: Wei,
    /// Tokens that its shares brought, ever; into the queue included.
    pub withdrawn: Wei,
    /// Coins claimed of its requests, ever.
    pub claimed: Wei,
    /// The block it was read at.
    pub block: u64,
}

/// State of an exit from the vault by the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum VaultRequestState {
    /// In the open rung; can be taken back.
    Open,
    /// Nothing to claim yet.
    Waiting,
    /// Some of it can be claimed.
    Partial,
    /// All that is left can be claimed.
    Ready,
    /// Claimed.
    Claimed,
    /// Taken back.
    Cancelled,
}

/// An exit from the vault by the queue (ERC-7540). Everybody in one rung shares its coins by shares.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultRequest {
    /// `requestId`: the rung plus 1.
    pub id: u64,
    /// Its rung.
    pub rung: u64,
    /// Shares asked for; 0 once taken back.
    pub shares: Wei,
    /// Shares that wait.
    pub pending: Wei,
    /// Shares that can be claimed now.
    pub claimable: Wei,
    /// Coins for them.
    pub claimable_coins: Wei,
    /// Tokens given back, if it was taken back.
    pub lst_back: Wei,
    /// Its state.
    pub state: VaultRequestState,
    /// Promised time in unix seconds; for an open rung the estimate if it closed now. `null` when nothing waits.
    #[schema(required)]
    pub promised_at: Option<u64>,
    /// Unix seconds; of the last addition.
    pub requested_at: u64,
    /// Transaction of that.
    pub tx_hash: Hash,
}

/// What became of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReceiptState {
    /// Its owner owns the request.
    Live,
    /// Burned by a claim; what that left lives on under `next`.
    Claimed,
    /// Burned; the request is its owner's own again.
    Unwrapped,
}

/// An ERC-721 receipt and the request behind it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Token id: `version << 64 | request id`.
    pub id: RequestId,
    /// Who owns it, or owned it last.
    pub owner: Addr,
    /// Its state.
    pub state: ReceiptState,
    /// Coins that its claim paid.
    pub paid: Wei,
    /// The receipt of what its claim left.
    #[schema(required)]
    pub next: Option<RequestId>,
    /// Unix seconds.
    pub minted_at: u64,
    /// Transaction of its last change.
    pub tx_hash: Hash,
    /// What it stands for, as it is now: value, what can be claimed, by when. Of a receipt that ended, the request of today.
    pub request: ExitRequest,
}

/// How a pool is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PoolStyle {
    /// Constant product.
    V2,
    /// Concentrated liquidity.
    V3,
}

/// A pool that exits may be sold to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExitPool {
    /// The pool.
    pub address: Addr,
    /// How it is spoken to.
    pub style: PoolStyle,
    /// Its fee in bps; `null` for a V3 pool, which tells its own.
    #[schema(required)]
    pub fee_bps: Option<u32>,
    /// How far its price for a small sale, fee included, was off the rate at the last look, in bps.
    #[schema(required)]
    pub off_bps: Option<u32>,
    /// Unix seconds since which it is on the list as it is.
    #[schema(required)]
    pub listed_at: Option<u64>,
}

/// The AMM path of exits, at one block.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExitPools {
    /// The route in force; `null` while the path is off.
    #[schema(required)]
    pub route: Option<Addr>,
    /// The most that a sale may fall short of the rate, in bps.
    pub slippage_bps: u32,
    /// The pools on its list.
    pub pools: Vec<ExitPool>,
    /// The block it was read at.
    pub block: u64,
}

/// Tokens of an exit that a pool bought.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolSale {
    /// The pool.
    pub pool: Addr,
    /// Who left.
    pub account: Addr,
    /// Liquid tokens sold.
    pub lst: Wei,
    /// Coins paid.
    pub coins: Wei,
    /// Unix seconds.
    pub at: u64,
    /// Block.
    pub block: u64,
    /// Its place in the block.
    pub log_index: u64,
}

/// What the best pool would buy of `amount` by itself, at no less than the cap.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolQuote {
    /// The pool; `null` when none buys at that price, or the path is off.
    #[schema(required)]
    pub pool: Option<Addr>,
    /// Liquid tokens that it takes.
    pub lst: Wei,
    /// Coins for them, its fee taken.
    pub pay: Wei,
    /// The block it was read at.
    pub block: u64,
}

/// Who may pay an account, or claim for it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payouts {
    /// The account.
    pub account: Addr,
    /// Others may pay its funded requests to it.
    pub auto_pay: bool,
    /// Unix seconds at which it said so; `null` when it said nothing, and the default holds.
    #[schema(required)]
    pub auto_pay_set_at: Option<u64>,
    /// Who claims its rewards for it.
    pub delegate: Delegate,
}

/// The delegate of a contract that cannot claim.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delegate {
    /// The contract.
    pub account: Addr,
    /// Who claims what it earns; `null`: nobody but itself.
    #[schema(required)]
    pub delegate: Option<Addr>,
    /// Unix seconds since which.
    #[schema(required)]
    pub active_from: Option<u64>,
    /// An announced delegate.
    #[schema(required)]
    pub proposed: Option<Addr>,
    /// Unix seconds of the announcement.
    #[schema(required)]
    pub proposed_at: Option<u64>,
    /// It claimed or refused, and never has a delegate again.
    pub closed: bool,
}

/// The first-loss reserve.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reserve {
    /// Coins held. They back no token until a loss is booked.
    pub held: Wei,
    /// The block it was read at.
    pub block: u64,
}

/// What moved the reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReserveMoveKind {
    /// Coins came in.
    Funded,
    /// A loss took them.
    Used,
    /// The admin took them out.
    Withdrawn,
}

/// A change of the reserve.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReserveMove {
    /// What.
    pub kind: ReserveMoveKind,
    /// Who paid, or was paid; `null` for a loss.
    #[schema(required)]
    pub account: Option<Addr>,
    /// Coins.
    pub amount: Wei,
    /// Held afterwards.
    pub held: Wei,
    /// Unix seconds.
    pub at: u64,
    /// Block.
    pub block: u64,
}

/// A reward token and its sale. Amounts in its smallest units, prices in coin wei for 1e18 of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversion {
    /// The token.
    pub token: Addr,
    /// The least price.
    pub floor: Wei,
    /// The most in one sale.
    pub per_sale: Wei,
    /// The most in a UTC day.
    pub per_day: Wei,
    /// What may be bought now.
    pub for_sale: Wei,
    /// The price now; `null` while it is not for sale.
    #[schema(required)]
    pub price: Option<Wei>,
    /// Received as rewards, ever.
    pub received: Wei,
    /// Sold, ever.
    pub sold: Wei,
    /// Coins that came for it and became rewards, ever.
    pub coins: Wei,
}

/// The converter of reward tokens, at one block.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Converter {
    /// Where reward tokens go; `null` while nowhere.
    #[schema(required)]
    pub address: Option<Addr>,
    /// The tokens it knows.
    pub tokens: Vec<Conversion>,
    /// The block it was read at.
    pub block: u64,
}

/// A sale of a reward token.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversionSale {
    /// The token.
    pub token: Addr,
    /// Who bought.
    pub buyer: Addr,
    /// How much, smallest units.
    pub amount: Wei,
    /// Coins paid.
    pub coins: Wei,
    /// Coin wei for 1e18 units.
    pub price: Wei,
    /// Unix seconds.
    pub at: u64,
    /// Block.
    pub block: u64,
    /// Its place in the block.
    pub log_index: u64,
}

/// What governor and guardian may do together at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EmergencyKind {
    /// Switch to the halt implementation.
    Halt,
    /// Ask another contract for the staking system's flags.
    Reader,
}

/// A signature of an emergency, or its execution.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Emergency {
    /// What.
    pub what: EmergencyKind,
    /// The halt, or who is asked.
    pub target: Addr,
    /// Who signed.
    pub signer: Addr,
    /// Carried out, or one signature of two.
    pub done: bool,
    /// Unix seconds until which the one signature counts.
    #[schema(required)]
    pub until: Option<u64>,
    /// Unix seconds.
    pub at: u64,
    /// Block.
    pub block: u64,
}

/// Whether the minter is halted, and what was signed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Halt {
    /// Only sweeps, finalization and claims go on.
    pub halted: bool,
    /// The code in force, as far as the index tells.
    #[schema(required)]
    pub implementation: Option<Addr>,
    /// The halt that is named; `null`: none.
    #[schema(required)]
    pub halt_code: Option<Addr>,
    /// Who is asked for the staking system's flags, if not itself.
    #[schema(required)]
    pub reader: Option<Addr>,
    /// Signatures and executions, newest first.
    pub emergencies: Vec<Emergency>,
}

/// An announced change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scheduled {
    /// Hash of the call.
    pub operation: Hash,
    /// Name of the function; `null` when it is none of ours.
    #[schema(required)]
    pub call: Option<String>,
    /// The call, hex.
    pub data: String,
    /// Unix seconds of the announcement.
    pub at: u64,
    /// Neither carried out nor called off yet.
    pub waits: bool,
    /// Unix seconds from which it may be carried out, by today's longest exit.
    pub executable_at: u64,
    /// It was called off.
    pub cancelled: bool,
    /// Block.
    pub block: u64,
}
