//! Alerts.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{GuardErrors, ReadErrors};
use crate::{
    dto::{Alert, AlertState, ErrorBody, Page},
    error::{ApiError, excerpt},
    extract::{Params, Segment, limit},
    server::AppState,
};

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertParams {
    /// Only those in this state.
    #[param(value_type = Option<AlertState>, inline)]
    state: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Rows a page, 1 to 200; 50 when left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Alerts, newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", operation_id = "alerts", params(AlertParams), responses((status = 200, body = Page<Alert>), GuardErrors, ReadErrors))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Params(params): Params<AlertParams>,
) -> Result<Json<Page<Alert>>, ApiError> {
    let wanted = match params.state.as_deref() {
        None => None,
        Some(text) => Some(AlertState::parse(text).ok_or_else(|| {
            ApiError::InvalidParameter(format!(
                "state: `{}` is none of open, acknowledged, resolved",
                excerpt(text)
            ))
        })?),
    };
    state
        .alerts(
            wanted,
            params.cursor.as_deref(),
            limit(params.limit.as_deref())?,
        )
        .await
        .map(Json)
}

/// Takes an open alert. Taking it twice is no error.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/acknowledge", tag = "alerts",
    params(("id" = u64, Path, description = "The alert.")),
    responses((status = 200, body = Alert), (status = 404, body = ErrorBody), GuardErrors, ReadErrors))]
pub(crate) async fn acknowledge(
    State(state): State<AppState>,
    id: Segment,
) -> Result<Json<Alert>, ApiError> {
    state.acknowledge(id.number()?).await.map(Json)
}
