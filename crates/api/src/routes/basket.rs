//! The basket.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{
    dto::{
        BasketAccount, BasketAuctions, BasketDepositQuote, BasketEpoch, BasketExitQuote,
        BasketHistory, BasketMintQuote, BasketMove, BasketPrices, BasketReceipt, BasketSleeves,
        BasketSummary, ErrorBody, Page,
    },
    error::{ApiError, excerpt},
    extract::{PageParams, Params, Segment, SharesParams, SpanParams, UnitsParams},
    scalar,
    server::AppState,
};

/// The basket as a whole, read from the chain at one block.
#[utoipa::path(get, path = "/api/v1/basket", tag = "basket", operation_id = "basket", responses((status = 200, body = BasketSummary), PartErrors))]
pub(crate) async fn summary(
    State(state): State<AppState>,
) -> Result<Json<BasketSummary>, ApiError> {
    state.basket_summary().await.map(Json)
}

/// What it holds: every sleeve with its books, price, validators and tickets, read from the chain at one block.
#[utoipa::path(get, path = "/api/v1/basket/sleeves", tag = "basket", operation_id = "basket_sleeves",
    responses((status = 200, body = BasketSleeves), PartErrors))]
pub(crate) async fn sleeves(
    State(state): State<AppState>,
) -> Result<Json<BasketSleeves>, ApiError> {
    state.basket_sleeves().await.map(Json)
}

/// The three ways out side by side. A quote, not a promise: pass `minOut` when you redeem at once.
#[utoipa::path(get, path = "/api/v1/basket/quote-exit", tag = "basket", operation_id = "basket_quote_exit", params(SharesParams),
    responses((status = 200, body = BasketExitQuote), (status = 422, body = ErrorBody, description = "The contract refuses this amount."), PartErrors))]
pub(crate) async fn quote_exit(
    State(state): State<AppState>,
    Params(params): Params<SharesParams>,
) -> Result<Json<BasketExitQuote>, ApiError> {
    state.basket_quote_exit(params.shares()?).await.map(Json)
}

/// What a deposit of one asset credits. The deposit harvests first where the day's harvest is missing, which this does not foresee.
#[utoipa::path(get, path = "/api/v1/basket/quote-deposit", tag = "basket", operation_id = "basket_quote_deposit", params(UnitsParams),
    responses((status = 200, body = BasketDepositQuote), (status = 422, body = ErrorBody, description = "The contract refuses this amount."), PartErrors))]
pub(crate) async fn quote_deposit(
    State(state): State<AppState>,
    Params(params): Params<UnitsParams>,
) -> Result<Json<BasketDepositQuote>, ApiError> {
    let (sleeve, units) = (params.sleeve()?, params.units()?);
    state.basket_quote_deposit(sleeve, units).await.map(Json)
}

/// What a mint in kind takes for `shares` that are paid for.
#[utoipa::path(get, path = "/api/v1/basket/quote-mint", tag = "basket", operation_id = "basket_quote_mint", params(SharesParams),
    responses((status = 200, body = BasketMintQuote), (status = 422, body = ErrorBody, description = "The contract refuses this amount."), PartErrors))]
pub(crate) async fn quote_mint(
    State(state): State<AppState>,
    Params(params): Params<SharesParams>,
) -> Result<Json<BasketMintQuote>, ApiError> {
    state.basket_quote_mint(params.shares()?).await.map(Json)
}

/// Epochs in which something was requested, newest first, at most 50 a page.
#[utoipa::path(get, path = "/api/v1/basket/epochs", tag = "basket", operation_id = "basket_epochs", params(PageParams),
    responses((status = 200, body = Page<BasketEpoch>), PartErrors))]
pub(crate) async fn epochs(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<BasketEpoch>>, ApiError> {
    state
        .basket_epochs(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// One epoch with its legs.
#[utoipa::path(get, path = "/api/v1/basket/epochs/{id}", tag = "basket", operation_id = "basket_epoch",
    params(("id" = u64, Path, description = "Its number, from 1.")),
    responses((status = 200, body = BasketEpoch), PartErrors))]
pub(crate) async fn epoch(
    State(state): State<AppState>,
    id: Segment,
) -> Result<Json<BasketEpoch>, ApiError> {
    state.basket_epoch(id.number()?).await.map(Json)
}

/// An account's shares, waiting legs and positions (newest first, at most 50 a page). One that never came by has zeros.
#[utoipa::path(get, path = "/api/v1/basket/accounts/{address}", tag = "basket", operation_id = "basket_account",
    params(("address" = crate::scalar::Addr, Path, description = "The account."), PageParams),
    responses((status = 200, body = BasketAccount), PartErrors))]
pub(crate) async fn account(
    State(state): State<AppState>,
    address: Segment,
    Params(page): Params<PageParams>,
) -> Result<Json<BasketAccount>, ApiError> {
    state
        .basket_account(address.address()?, page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// What an account did with the basket, newest first.
#[utoipa::path(get, path = "/api/v1/basket/accounts/{address}/history", tag = "basket", operation_id = "basket_account_history",
    params(("address" = crate::scalar::Addr, Path, description = "The account."), PageParams),
    responses((status = 200, body = Page<BasketMove>), PartErrors))]
pub(crate) async fn account_history(
    State(state): State<AppState>,
    address: Segment,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<BasketMove>>, ApiError> {
    state
        .basket_history_of(address.address()?, page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// The receipts of positions that an account owns, or owned last before they ended, newest id first, at most 50 a page.
#[utoipa::path(get, path = "/api/v1/basket/accounts/{address}/receipts", tag = "basket", operation_id = "basket_account_receipts",
    params(("address" = crate::scalar::Addr, Path, description = "The account."), PageParams),
    responses((status = 200, body = Page<BasketReceipt>), PartErrors))]
pub(crate) async fn account_receipts(
    State(state): State<AppState>,
    address: Segment,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<BasketReceipt>>, ApiError> {
    state
        .basket_receipts_of(address.address()?, page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// One receipt: whose it is, what it stands for, and what became of it.
#[utoipa::path(get, path = "/api/v1/basket/receipts/{id}", tag = "basket", operation_id = "basket_receipt",
    params(("id" = crate::scalar::RequestId, Path, description = "Its token id.")),
    responses((status = 200, body = BasketReceipt), PartErrors))]
pub(crate) async fn receipt(
    State(state): State<AppState>,
    id: Segment,
) -> Result<Json<BasketReceipt>, ApiError> {
    let id = scalar::parse_decimal(&id.0).ok_or_else(|| ApiError::InvalidId(excerpt(&id.0)))?;
    state.basket_receipt(id).await.map(Json)
}

/// NAV from both sides, what the basket was made of, and what each sleeve earned. Answers while the chain is down.
#[utoipa::path(get, path = "/api/v1/basket/history", tag = "basket", operation_id = "basket_history", params(SpanParams),
    responses((status = 200, body = BasketHistory), PartErrors))]
pub(crate) async fn history(
    State(state): State<AppState>,
    Params(params): Params<SpanParams>,
) -> Result<Json<BasketHistory>, ApiError> {
    let (from, to) = params.span()?;
    state
        .basket_history(from, to, params.step()?)
        .await
        .map(Json)
}

/// Prices with their sources, ages and states, read from the chain at one block.
#[utoipa::path(get, path = "/api/v1/basket/prices", tag = "basket", operation_id = "basket_prices",
    responses((status = 200, body = BasketPrices), PartErrors))]
pub(crate) async fn prices(State(state): State<AppState>) -> Result<Json<BasketPrices>, ApiError> {
    state.basket_prices().await.map(Json)
}

/// Drift, the budget, the auction that runs, and those that were, newest first.
#[utoipa::path(get, path = "/api/v1/basket/auctions", tag = "basket", operation_id = "basket_auctions", params(PageParams),
    responses((status = 200, body = BasketAuctions), PartErrors))]
pub(crate) async fn auctions(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<BasketAuctions>, ApiError> {
    state
        .basket_auctions(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}
