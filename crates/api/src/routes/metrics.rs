//! Series and prices.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::PartErrors;
use crate::{
    dto::{MetricName, Oracle, Sample},
    error::{ApiError, excerpt},
    extract::{Params, span},
    server::AppState,
};

/// Which series, and of when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryParams {
    #[param(value_type = MetricName, required, inline)]
    metric: Option<String>,
    /// Unix seconds, inclusive; 0 when left out.
    #[param(value_type = Option<u64>)]
    from: Option<String>,
    /// Unix seconds, inclusive; now when left out.
    #[param(value_type = Option<u64>)]
    to: Option<String>,
}

/// A series, oldest first, at most 1,000 samples: the longer the span, the coarser.
#[utoipa::path(get, path = "/api/v1/metrics/history", tag = "metrics", operation_id = "metric_history", params(HistoryParams),
    responses((status = 200, body = Vec<Sample>), PartErrors))]
pub(crate) async fn history(
    State(state): State<AppState>,
    Params(params): Params<HistoryParams>,
) -> Result<Json<Vec<Sample>>, ApiError> {
    let text = params.metric.as_deref().unwrap_or_default();
    let metric = MetricName::parse(text).ok_or_else(|| {
        ApiError::InvalidParameter(format!(
            "metric: `{}` is none of rate, tvl, headroom, totalQueued",
            excerpt(text)
        ))
    })?;
    let (from, to) = span(params.from.as_deref(), params.to.as_deref())?;
    state.metric_history(metric, from, to).await.map(Json)
}

/// Prices. None are configured in this version, and none is made up.
#[utoipa::path(get, path = "/api/v1/oracle", tag = "oracle", responses((status = 200, body = Oracle)))]
pub(crate) async fn oracle() -> Json<Oracle> {
    Json(Oracle {
        usd: None,
        reason: Some("no price source configured".to_owned()),
    })
}
