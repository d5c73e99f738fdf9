//! The pot, the line and the log.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{PartErrors, ReadErrors};
use crate::{
    dto::{Event, Overview, Page, Rung},
    error::{ApiError, excerpt},
    extract::{PageParams, Params, limit},
    scalar,
    server::AppState,
};

/// Everything about the pot, read from the chain at one block.
#[utoipa::path(get, path = "/api/v1/monitoring/overview", tag = "monitoring", responses((status = 200, body = Overview), PartErrors))]
pub(crate) async fn overview(State(state): State<AppState>) -> Result<Json<Overview>, ApiError> {
    state.overview().await.map(Json)
}

/// The rungs of the queue, newest first.
#[utoipa::path(get, path = "/api/v1/monitoring/rungs", tag = "monitoring", params(PageParams), responses((status = 200, body = Page<Rung>), PartErrors))]
pub(crate) async fn rungs(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Rung>>, ApiError> {
    state
        .rungs(page.cursor.as_deref(), page.limit()?)
        .await
        .map(Json)
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventParams {
    /// Name of the event, exact.
    name: Option<String>,
    /// Events that name this account in an indexed argument.
    account: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Rows a page, 1 to 200; 50 when left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// The decoded events of the deployment, newest first.
#[utoipa::path(get, path = "/api/v1/monitoring/events", tag = "monitoring", params(EventParams), responses((status = 200, body = Page<Event>), ReadErrors))]
pub(crate) async fn events(
    State(state): State<AppState>,
    Params(params): Params<EventParams>,
) -> Result<Json<Page<Event>>, ApiError> {
    let account = match params.account.as_deref() {
        None => None,
        Some(text) => Some(
            scalar::parse_address(text).ok_or_else(|| ApiError::InvalidAddress(excerpt(text)))?,
        ),
    };
    let limit = limit(params.limit.as_deref())?;
    state
        .events(
            params.name.as_deref(),
            account,
            params.cursor.as_deref(),
            limit,
        )
        .await
        .map(Json)
}
