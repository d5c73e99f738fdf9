//! One holder.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{
    dto::{Account, ExitRequest, HistoryItem, Page},
    error::ApiError,
    extract::{PageParams, Params, Segment},
    server::AppState,
};

/// Holdings and rewards. An address that never came by has zeros.
#[utoipa::path(get, path = "/api/v1/accounts/{address}", tag = "accounts",
    params(("address" = crate::scalar::Addr, Path, description = "The account.")),
    responses((status = 200, body = Account), PartErrors))]
pub(crate) async fn account(
    State(state): State<AppState>,
    address: Segment,
) -> Result<Json<Account>, ApiError> {
    state.account(address.address()?).await.map(Json)
}

/// Its exit requests, newest first.
#[utoipa::path(get, path = "/api/v1/accounts/{address}/requests", tag = "accounts",
    params(("address" = crate::scalar::Addr, Path, description = "The account."), PageParams),
    responses((status = 200, body = Page<ExitRequest>), PartErrors))]
pub(crate) async fn requests(
    State(state): State<AppState>,
    address: Segment,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<ExitRequest>>, ApiError> {
    state
        .requests(address.address()?, page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// What it did, newest first.
#[utoipa::path(get, path = "/api/v1/accounts/{address}/history", tag = "accounts", operation_id = "account_history",
    params(("address" = crate::scalar::Addr, Path, description = "The account."), PageParams),
    responses((status = 200, body = Page<HistoryItem>), PartErrors))]
pub(crate) async fn history(
    State(state): State<AppState>,
    address: Segment,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<HistoryItem>>, ApiError> {
    state
        .history(address.address()?, page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}
