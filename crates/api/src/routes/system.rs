//! The server about itself.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::ReadErrors;
use crate::{
    dto::{Health, PublicConfig, Readiness, Status},
    error::ApiError,
    server::AppState,
};

/// The process answers; says nothing about what is behind it.
#[utoipa::path(get, path = "/healthz", tag = "system", responses((status = 200, body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Whether traffic should come: the store answers, the chain answers, the index keeps up.
#[utoipa::path(get, path = "/readyz", tag = "system", responses(
    (status = 200, body = Readiness),
    (status = 503, body = Readiness, description = "At least one check fails."),
))]
pub(crate) async fn readyz(State(state): State<AppState>) -> Response {
    let readiness = state.readiness().await;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

/// Counters and gauges in the OpenMetrics text format that Prometheus reads.
#[utoipa::path(get, path = "/metrics", tag = "system", responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(State(state): State<AppState>) -> Result<Response, ApiError> {
    let text = state.scrape().await?;
    Ok((
        [(
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    )
        .into_response())
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "system", responses((status = 200, body = serde_json::Value, content_type = "application/json")))]
pub(crate) async fn openapi_json(State(state): State<AppState>) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        state.document(),
    )
        .into_response()
}

/// What a client needs to know before it can do anything.
#[utoipa::path(get, path = "/api/v1/config", tag = "system", responses((status = 200, body = PublicConfig)))]
pub(crate) async fn config(State(state): State<AppState>) -> Json<PublicConfig> {
    Json(state.public_config().clone())
}

/// How far chain, index and keeper are. Answers while the chain is down.
#[utoipa::path(get, path = "/api/v1/status", tag = "system", responses((status = 200, body = Status), ReadErrors))]
pub(crate) async fn status(State(state): State<AppState>) -> Result<Json<Status>, ApiError> {
    state.status().await.map(Json)
}
