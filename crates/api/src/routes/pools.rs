//! The AMM path of exits.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{
    dto::{ExitPools, Page, PoolSale},
    error::ApiError,
    extract::{PageParams, Params},
    server::AppState,
};

/// The pools that exits may be sold to, read from the chain at one block.
#[utoipa::path(get, path = "/api/v1/pools", tag = "pools", operation_id = "pools", responses((status = 200, body = ExitPools), PartErrors))]
pub(crate) async fn list(State(state): State<AppState>) -> Result<Json<ExitPools>, ApiError> {
    state.pools().await.map(Json)
}

/// What they bought, newest first.
#[utoipa::path(get, path = "/api/v1/pools/sales", tag = "pools", operation_id = "pool_sales", params(PageParams),
    responses((status = 200, body = Page<PoolSale>), PartErrors))]
pub(crate) async fn sales(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<PoolSale>>, ApiError> {
    state
        .pool_sales(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}
