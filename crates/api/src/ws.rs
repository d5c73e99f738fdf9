//! The change feed over WebSocket.

use axum::extract::State;

use crate::{error::ApiError, server::AppState};

/// The change feed. Send a `WsRequest`, receive `WsMessage`s.
#[utoipa::path(get, path = "/api/v1/ws", tag = "system", operation_id = "ws",
    responses((status = 101, description = "WebSocket; messages are WsRequest and WsMessage."), (status = 403, body = crate::dto::ErrorBody)))]
pub(crate) async fn connect(State(_state): State<AppState>) -> Result<(), ApiError> {
    Err(ApiError::IndexUnavailable)
}
