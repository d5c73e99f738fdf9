//! Who decides: GOV, proposals, the timelock and the guardian.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Page, PausePart};
use crate::scalar::{Addr, Hash, RequestId, Wei};

/// The guardian's mandate.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mandate {
    /// The guardian's contract.
    pub address: Addr,
    /// Who holds the mandate; `null`: nobody.
    #[schema(required)]
    pub holder: Option<Addr>,
    /// Unix seconds at which it ends; `null` without a holder.
    #[schema(required)]
    pub until: Option<u64>,
    /// It is in force now.
    pub acting: bool,
    /// From when it may pause each part of the basket.
    pub pauses: Vec<MandatePause>,
}

/// From when the guardian may pause a part.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MandatePause {
    /// The part.
    pub part: PausePart,
    /// Unix seconds; 0: it never did.
    pub from: u64,
}

/// Rules and figures of governance at one block.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Governance {
    /// The governor.
    pub governor: Addr,
    /// The timelock: what executes.
    pub timelock: Addr,
    /// GOV.
    pub gov: Addr,
    /// Symbol of GOV; `null` when it does not say. Text, never markup.
    #[schema(required)]
    pub symbol: Option<String>,
    /// All GOV, wei.
    pub supply: Wei,
    /// GOV in the timelock, wei: it does not vote.
    pub undistributed: Wei,
    /// GOV that a proposer needs, wei.
    pub proposal_threshold: Wei,
    /// GOV (wei) that a vote beginning now would need.
    pub quorum: Wei,
    /// GOV (wei) below which no quorum is.
    pub quorum_floor: Wei,
    /// Seconds from a proposal to the beginning of its vote.
    pub voting_delay: u64,
    /// Seconds that a vote takes.
    pub voting_period: u64,
    /// Seconds that a vote goes on at least after its quorum came late.
    pub late_quorum_extension: u64,
    /// Seconds from the queue to the earliest execution.
    pub timelock_delay: u64,
    /// The longest exit of a basket, seconds: the delay is never shorter.
    pub longest_exit: u64,
    /// The guardian.
    pub guardian: Mandate,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
}

/// State of a proposal, in the governor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProposalState {
    /// Its vote has not begun.
    Pending,
    /// Its vote runs.
    Active,
    /// Cancelled.
    Canceled,
    /// Voted down, or without a quorum.
    Defeated,
    /// Passed; waits for the queue.
    Succeeded,
    /// In the timelock.
    Queued,
    /// Its time in the queue ran out.
    Expired,
    /// Done.
    Executed,
}

/// One call of a proposal or of an operation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GovernanceCall {
    /// Who is called.
    pub target: Addr,
    /// What that is in this deployment, as `basket`; `null` for an address that is none of ours.
    #[schema(required)]
    pub contract: Option<String>,
    /// Coins (wei) that go along.
    pub value: Wei,
    /// Calldata, hex.
    pub data: String,
    /// The function, as `setFees(uint16,uint16,uint16,uint16)`; `null` when the contract is not ours or has no such function.
    #[schema(required)]
    pub function: Option<String>,
}

/// GOV for, against and neither, wei.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// For.
    pub for_votes: Wei,
    /// Against.
    pub against_votes: Wei,
    /// Neither; counts for the quorum.
    pub abstain_votes: Wei,
}

/// One proposal.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Its id.
    pub id: RequestId,
    /// Who made it.
    pub proposer: Addr,
    /// Its state at this block.
    pub state: ProposalState,
    /// What it says. Text, never markup.
    pub description: String,
    /// What it would do, in order.
    pub calls: Vec<GovernanceCall>,
    /// Unix seconds at whose end votes are counted, and the vote begins.
    pub vote_start: u64,
    /// Unix seconds at which the vote ends, an extension included.
    pub vote_end: u64,
    /// The end was put off because the quorum came late.
    pub extended: bool,
    /// Votes so far, at this block.
    pub votes: Tally,
    /// GOV (wei) that it needs; `null` before the vote begins.
    #[schema(required)]
    pub quorum: Option<Wei>,
    /// For and abstain reach it; `null` before the vote begins.
    #[schema(required)]
    pub quorum_reached: Option<bool>,
    /// Unix seconds of the earliest execution; `null` while it is not queued.
    #[schema(required)]
    pub eta: Option<u64>,
    /// The timelock's operation, once it is queued.
    #[schema(required)]
    pub operation: Option<Hash>,
    /// Accounts that voted, by the index.
    pub voters: u64,
    /// It does nothing but end the guardian's mandate: the guardian cannot cancel it.
    pub only_removes_guardian: bool,
    /// Unix seconds.
    pub created_at: u64,
    /// Block.
    pub block: u64,
    /// Transaction.
    pub tx_hash: Hash,
}

/// How somebody voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Support {
    /// Against.
    Against,
    /// For.
    For,
    /// Neither.
    Abstain,
}

/// One vote.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vote {
    /// The proposal.
    pub proposal: RequestId,
    /// Who.
    pub voter: Addr,
    /// How.
    pub support: Support,
    /// GOV, wei.
    pub weight: Wei,
    /// Why. Text, never markup.
    pub reason: String,
    /// Unix seconds.
    pub at: u64,
    /// Block.
    pub block: u64,
    /// Transaction.
    pub tx_hash: Hash,
}

/// One proposal and who voted on it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposalDetail {
    /// The proposal.
    pub proposal: Proposal,
    /// Votes, oldest first.
    pub votes: Page<Vote>,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
}

/// One account's GOV.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GovernanceAccount {
    /// The account.
    pub address: Addr,
    /// GOV in its wallet, wei.
    pub balance: Wei,
    /// GOV that it votes with now, wei: delegated to it, by itself or by others.
    pub votes: Wei,
    /// Who votes with its GOV; `null`: nobody, its GOV does not vote.
    #[schema(required)]
    pub delegate: Option<Addr>,
    /// It has enough to propose.
    pub can_propose: bool,
    /// Its votes, newest first.
    pub cast: Page<Vote>,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
}

/// State of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OperationState {
    /// Its delay runs.
    Waiting,
    /// Anybody can execute it.
    Ready,
    /// Done.
    Done,
    /// Cancelled.
    Canceled,
}

/// One operation of the timelock.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Its id.
    pub id: Hash,
    /// Its state at this block.
    pub state: OperationState,
    /// What it does, in order.
    pub calls: Vec<GovernanceCall>,
    /// The proposal that it carries out; `null` when it is none that the index knows.
    #[schema(required)]
    pub proposal: Option<RequestId>,
    /// The operation that has to be done before it; `null`: none.
    #[schema(required)]
    pub predecessor: Option<Hash>,
    /// Unix seconds at which it was scheduled.
    pub scheduled_at: u64,
    /// Unix seconds of its earliest execution as things stand; `null` once it is done or cancelled.
    #[schema(required)]
    pub ready_at: Option<u64>,
    /// Block.
    pub block: u64,
    /// Transaction.
    pub tx_hash: Hash,
}

/// The timelock.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Timelock {
    /// Its address.
    pub address: Addr,
    /// Seconds from the queue to the earliest execution.
    pub delay: u64,
    /// The longest exit of its baskets, seconds.
    pub longest_exit: u64,
    /// The baskets that it is slower than.
    pub baskets: Vec<Addr>,
    /// Operations, newest first.
    pub operations: Page<Operation>,
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
}
