//! The keeper, seen and asked.

use axum::{Json, extract::State, http::StatusCode};

use super::{GuardErrors, ReadErrors};
use crate::{
    dto::{Intent, IntentRequest, Job, JournalEntry, Page},
    error::{ApiError, excerpt},
    extract::{Body, PageParams, Params},
    server::AppState,
};

/// All jobs of the keeper.
#[utoipa::path(get, path = "/api/v1/automation/jobs", tag = "automation", responses((status = 200, body = Vec<Job>), GuardErrors, ReadErrors))]
pub(crate) async fn jobs(State(state): State<AppState>) -> Result<Json<Vec<Job>>, ApiError> {
    state.jobs().await.map(Json)
}

/// The transaction journal, newest first.
#[utoipa::path(get, path = "/api/v1/automation/journal", tag = "automation", params(PageParams), responses((status = 200, body = Page<JournalEntry>), GuardErrors, ReadErrors))]
pub(crate) async fn journal(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<JournalEntry>>, ApiError> {
    state
        .journal(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// Asks the keeper to look at a job now. It decides by its own limits; this never carries calldata.
#[utoipa::path(post, path = "/api/v1/automation/intents", tag = "automation", request_body = IntentRequest,
    responses((status = 202, body = Intent), GuardErrors, ReadErrors))]
pub(crate) async fn intents(
    State(state): State<AppState>,
    Body(wish): Body<IntentRequest>,
) -> Result<(StatusCode, Json<Intent>), ApiError> {
    for (name, value) in [("job", &wish.job), ("target", &wish.target)] {
        if !is_name(value) {
            return Err(ApiError::InvalidBody(format!(
                "{name}: `{}` is not a name",
                excerpt(value)
            )));
        }
    }
    Ok((StatusCode::ACCEPTED, Json(state.insert_intent(wish).await?)))
}

/// 1 to 64 of `A-Z a-z 0-9 : _ . -`, and nothing that looks like data for a contract.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b":_.-".contains(&b))
        && !text.contains("0x")
}
