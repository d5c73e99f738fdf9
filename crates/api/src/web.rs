//! What stands behind the routes: the built web app as files, or a typed refusal.

use std::path::Path;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower_http::services::{ServeDir, ServeFile};

use crate::error::{ApiError, excerpt};

/// The folder of the app, if there is one.
#[derive(Debug, Clone)]
pub(crate) struct Files(Option<(ServeDir, ServeFile)>);

impl Files {
    pub(crate) fn new(dir: Option<&Path>) -> Self {
        Self(dir.map(|dir| (ServeDir::new(dir), ServeFile::new(dir.join("index.html")))))
    }
}

/// Answers what no route answers: files, and `index.html` for every page of the app.
///
/// `/api` never falls back to it, nor does `/assets`, where HTML in place of a script would be a riddle.
pub(crate) async fn fallback(State(files): State<Files>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path == "/api" || path.starts_with("/api/") {
        return ApiError::NoRoute(excerpt(&path)).into_response();
    }
    let Some((mut dir, mut index)) = files.0 else {
        return ApiError::NoRoute(excerpt(&path)).into_response();
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return ApiError::MethodNotAllowed(request.method().to_string()).into_response();
    }
    let asset = path.starts_with("/assets/");
    let mut page = Request::new(axum::body::Body::empty());
    page.method_mut().clone_from(request.method());
    page.headers_mut().clone_from(request.headers());
    let found = match dir.try_call(request).await {
        Ok(response) if response.status() == StatusCode::NOT_FOUND && !asset => {
            index.try_call(page).await
        }
        other => other,
    };
    let mut response = match found {
        Ok(response) => response.into_response(),
        Err(error) => {
            tracing::error!(%error, "web app folder");
            return ApiError::Internal.into_response();
        }
    };
    if asset && response.status() == StatusCode::NOT_FOUND {
        return ApiError::NoRoute(excerpt(&path)).into_response();
    }
    let cache = if asset {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// A route of ours, asked by a method that it does not have.
pub(crate) async fn method_not_allowed(request: Request) -> ApiError {
    ApiError::MethodNotAllowed(excerpt(request.method().as_str()))
}
