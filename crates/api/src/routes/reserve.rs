//! The first-loss reserve, and the sale of reward tokens.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{
    dto::{ConversionSale, Converter, Page, Reserve, ReserveMove},
    error::ApiError,
    extract::{PageParams, Params},
    server::AppState,
};

/// The first-loss reserve, read from the chain.
#[utoipa::path(get, path = "/api/v1/reserve", tag = "reserve", operation_id = "reserve", responses((status = 200, body = Reserve), PartErrors))]
pub(crate) async fn held(State(state): State<AppState>) -> Result<Json<Reserve>, ApiError> {
    state.reserve().await.map(Json)
}

/// What moved it, newest first.
#[utoipa::path(get, path = "/api/v1/reserve/history", tag = "reserve", operation_id = "reserve_history", params(PageParams),
    responses((status = 200, body = Page<ReserveMove>), PartErrors))]
pub(crate) async fn history(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<ReserveMove>>, ApiError> {
    state
        .reserve_history(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// The converter of reward tokens with limits and prices, read from the chain at one block.
#[utoipa::path(get, path = "/api/v1/converter", tag = "reserve", operation_id = "converter", responses((status = 200, body = Converter), PartErrors))]
pub(crate) async fn converter(State(state): State<AppState>) -> Result<Json<Converter>, ApiError> {
    state.converter().await.map(Json)
}

/// Sales of reward tokens, newest first.
#[utoipa::path(get, path = "/api/v1/converter/sales", tag = "reserve", operation_id = "conversion_sales", params(PageParams),
    responses((status = 200, body = Page<ConversionSale>), PartErrors))]
pub(crate) async fn sales(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<ConversionSale>>, ApiError> {
    state
        .conversion_sales(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}
