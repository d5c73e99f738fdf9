//! Who may act for whom, what is announced, and whether the minter is halted.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{
    dto::{Delegate, Halt, Page, Payouts, Scheduled},
    error::ApiError,
    extract::{PageParams, Params, Segment},
    server::AppState,
};

/// Who may pay its requests, and who claims its rewards.
#[utoipa::path(get, path = "/api/v1/accounts/{address}/payouts", tag = "accounts", operation_id = "payouts",
    params(("address" = crate::scalar::Addr, Path, description = "The account.")),
    responses((status = 200, body = Payouts), PartErrors))]
pub(crate) async fn payouts(
    State(state): State<AppState>,
    address: Segment,
) -> Result<Json<Payouts>, ApiError> {
    state.payouts(address.address()?).await.map(Json)
}

/// Contracts with a delegate, or with one announced, by address.
#[utoipa::path(get, path = "/api/v1/delegates", tag = "power", operation_id = "delegates", params(PageParams),
    responses((status = 200, body = Page<Delegate>), PartErrors))]
pub(crate) async fn delegates(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Delegate>>, ApiError> {
    state
        .delegates(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// Whether the minter is halted, and what governor and guardian signed.
#[utoipa::path(get, path = "/api/v1/halt", tag = "power", operation_id = "halt", responses((status = 200, body = Halt), PartErrors))]
pub(crate) async fn halt(State(state): State<AppState>) -> Result<Json<Halt>, ApiError> {
    state.halt().await.map(Json)
}

/// Announced changes, newest first.
#[utoipa::path(get, path = "/api/v1/scheduled", tag = "power", operation_id = "scheduled", params(PageParams),
    responses((status = 200, body = Page<Scheduled>), PartErrors))]
pub(crate) async fn scheduled(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Scheduled>>, ApiError> {
    state
        .scheduled(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}
