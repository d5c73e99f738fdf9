//! The compounding vault.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{
    dto::{Page, Vault, VaultMove, VaultPosition, VaultRequest},
    error::ApiError,
    extract::{PageParams, Params, Segment},
    server::AppState,
};

/// The vault, read from the chain at one block.
#[utoipa::path(get, path = "/api/v1/vault", tag = "vault", operation_id = "vault", responses((status = 200, body = Vault), PartErrors))]
pub(crate) async fn summary(State(state): State<AppState>) -> Result<Json<Vault>, ApiError> {
    state.vault().await.map(Json)
}

/// What moved it, newest first, each with what it held afterwards.
#[utoipa::path(get, path = "/api/v1/vault/history", tag = "vault", operation_id = "vault_history", params(PageParams),
    responses((status = 200, body = Page<VaultMove>), PartErrors))]
pub(crate) async fn history(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<VaultMove>>, ApiError> {
    state
        .vault_history(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// An account's part of the vault. One that never came by has zeros.
#[utoipa::path(get, path = "/api/v1/accounts/{address}/vault", tag = "vault", operation_id = "vault_position",
    params(("address" = crate::scalar::Addr, Path, description = "The account.")),
    responses((status = 200, body = VaultPosition), PartErrors))]
pub(crate) async fn position(
    State(state): State<AppState>,
    address: Segment,
) -> Result<Json<VaultPosition>, ApiError> {
    state.vault_position(address.address()?).await.map(Json)
}

/// Its exits from the vault by the queue, newest first.
#[utoipa::path(get, path = "/api/v1/accounts/{address}/vault/requests", tag = "vault", operation_id = "vault_requests",
    params(("address" = crate::scalar::Addr, Path, description = "The account."), PageParams),
    responses((status = 200, body = Page<VaultRequest>), PartErrors))]
pub(crate) async fn requests(
    State(state): State<AppState>,
    address: Segment,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<VaultRequest>>, ApiError> {
    state
        .vault_requests(address.address()?, page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}
