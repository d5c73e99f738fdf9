//! Receipts of requests.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{
    dto::{Page, Receipt},
    error::{ApiError, excerpt},
    extract::{PageParams, Params, Segment},
    scalar,
    server::AppState,
};

/// The receipts that an account owns, or owned last before they ended, newest id first.
#[utoipa::path(get, path = "/api/v1/accounts/{address}/receipts", tag = "receipts", operation_id = "receipts",
    params(("address" = crate::scalar::Addr, Path, description = "The account."), PageParams),
    responses((status = 200, body = Page<Receipt>), PartErrors))]
pub(crate) async fn of(
    State(state): State<AppState>,
    address: Segment,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Receipt>>, ApiError> {
    state
        .receipts(address.address()?, page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// One receipt: whose it is, what it stands for, and what became of it.
#[utoipa::path(get, path = "/api/v1/receipts/{id}", tag = "receipts", operation_id = "receipt",
    params(("id" = crate::scalar::RequestId, Path, description = "Its token id.")),
    responses((status = 200, body = Receipt), PartErrors))]
pub(crate) async fn one(
    State(state): State<AppState>,
    id: Segment,
) -> Result<Json<Receipt>, ApiError> {
    let id = scalar::parse_decimal(&id.0).ok_or_else(|| ApiError::InvalidId(excerpt(&id.0)))?;
    state.receipt(id).await.map(Json)
}
