//! Who decides about the basket.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{
    dto::{Governance, GovernanceAccount, Page, Proposal, ProposalDetail, Timelock},
    error::{ApiError, excerpt},
    extract::{PageParams, Params, Segment},
    scalar,
    server::AppState,
};

/// Rules, delays, quorum and the guardian's mandate, read from the chain at one block.
#[utoipa::path(get, path = "/api/v1/governance", tag = "governance", operation_id = "governance", responses((status = 200, body = Governance), PartErrors))]
pub(crate) async fn summary(State(state): State<AppState>) -> Result<Json<Governance>, ApiError> {
    state.governance().await.map(Json)
}

/// Proposals with their states and tallies, newest first, at most 50 a page.
#[utoipa::path(get, path = "/api/v1/governance/proposals", tag = "governance", operation_id = "proposals", params(PageParams),
    responses((status = 200, body = Page<Proposal>), PartErrors))]
pub(crate) async fn proposals(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Proposal>>, ApiError> {
    state
        .proposals(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// One proposal, and the votes on it, oldest first.
#[utoipa::path(get, path = "/api/v1/governance/proposals/{id}", tag = "governance", operation_id = "proposal",
    params(("id" = crate::scalar::RequestId, Path, description = "Its id."), PageParams),
    responses((status = 200, body = ProposalDetail), PartErrors))]
pub(crate) async fn proposal(
    State(state): State<AppState>,
    id: Segment,
    Params(page): Params<PageParams>,
) -> Result<Json<ProposalDetail>, ApiError> {
    let id = scalar::parse_decimal(&id.0).ok_or_else(|| ApiError::InvalidId(excerpt(&id.0)))?;
    state
        .proposal(id, page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// An account's GOV, who votes with it, and how it voted. One that never came by has zeros.
#[utoipa::path(get, path = "/api/v1/governance/accounts/{address}", tag = "governance", operation_id = "governance_account",
    params(("address" = crate::scalar::Addr, Path, description = "The account."), PageParams),
    responses((status = 200, body = GovernanceAccount), PartErrors))]
pub(crate) async fn account(
    State(state): State<AppState>,
    address: Segment,
    Params(page): Params<PageParams>,
) -> Result<Json<GovernanceAccount>, ApiError> {
    state
        .governance_account(address.address()?, page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// The timelock: its delay, and its operations, newest first, at most 50 a page.
#[utoipa::path(get, path = "/api/v1/governance/timelock", tag = "governance", operation_id = "timelock", params(PageParams),
    responses((status = 200, body = Timelock), PartErrors))]
pub(crate) async fn timelock(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Timelock>, ApiError> {
    state
        .timelock(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}
