//! What would happen, asked of the contract itself.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{
    dto::{DepositQuote, ErrorBody, ExitQuote, PoolQuote},
    error::ApiError,
    extract::{AmountParams, Params},
    server::AppState,
};

/// The three paths of an exit side by side. A quote, not a promise: pass `minOutNow` and `feeLimitBps` when you redeem.
#[utoipa::path(get, path = "/api/v1/quote/exit", tag = "quotes", operation_id = "quote_exit", params(AmountParams),
    responses((status = 200, body = ExitQuote), (status = 422, body = ErrorBody, description = "The contract refuses this amount."), PartErrors))]
pub(crate) async fn exit(
    State(state): State<AppState>,
    Params(params): Params<AmountParams>,
) -> Result<Json<ExitQuote>, ApiError> {
    state.quote_exit(params.amount()?).await.map(Json)
}

/// What a deposit mints.
#[utoipa::path(get, path = "/api/v1/quote/deposit", tag = "quotes", operation_id = "quote_deposit", params(AmountParams),
    responses((status = 200, body = DepositQuote), (status = 422, body = ErrorBody, description = "The contract refuses this amount."), PartErrors))]
pub(crate) async fn deposit(
    State(state): State<AppState>,
    Params(params): Params<AmountParams>,
) -> Result<Json<DepositQuote>, ApiError> {
    state.quote_deposit(params.amount()?).await.map(Json)
}

/// What the best pool would buy by itself, at no less than the cap: the AMM path beside the other two. Zeros while it is off.
#[utoipa::path(get, path = "/api/v1/quote/pool", tag = "quotes", operation_id = "quote_pool", params(AmountParams),
    responses((status = 200, body = PoolQuote), PartErrors))]
pub(crate) async fn pool(
    State(state): State<AppState>,
    Params(params): Params<AmountParams>,
) -> Result<Json<PoolQuote>, ApiError> {
    state.quote_pool(params.amount()?).await.map(Json)
}
