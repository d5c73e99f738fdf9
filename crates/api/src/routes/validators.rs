//! Validators and their bucket ladders.

use axum::{Json, extract::State};

use super::PartErrors;
use crate::{dto::Validator, error::ApiError, extract::Segment, server::AppState};

/// All validators with their buckets, by id, read from the chain at one block.
#[utoipa::path(get, path = "/api/v1/validators", tag = "validators", operation_id = "validators", responses((status = 200, body = Vec<Validator>), PartErrors))]
pub(crate) async fn list(State(state): State<AppState>) -> Result<Json<Vec<Validator>>, ApiError> {
    state.validators().await.map(Json)
}

/// One validator.
#[utoipa::path(get, path = "/api/v1/validators/{id}", tag = "validators", operation_id = "validator",
    params(("id" = u16, Path, description = "Id at the staking system.")),
    responses((status = 200, body = Validator), PartErrors))]
pub(crate) async fn one(
    State(state): State<AppState>,
    id: Segment,
) -> Result<Json<Validator>, ApiError> {
    let id: u16 = id.number()?;
    let all = state.validators().await?;
    all.into_iter()
        .find(|validator| validator.id == id)
        .map(Json)
        .ok_or_else(|| ApiError::NotFound {
            what: "validator",
            id: id.to_string(),
        })
}
