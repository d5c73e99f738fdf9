//! What stands behind the routes: the built web app as files, or a typed refusal.

use std::{io, path::Path};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower_http::services::{ServeDir, ServeFile};

use crate::error::{ApiError, excerpt};

/// The folder of the app, if there is one: its assets, and its other files with `index.html` in place of what is not there.
#[derive(Debug, Clone)]
pub(crate) struct Files(Option<(ServeDir, ServeDir<ServeFile>)>);

impl Files {
    pub(crate) fn new(dir: Option<&Path>) -> Self {
        Self(dir.map(|dir| {
            let index = ServeFile::new(dir.join("index.html"));
            (ServeDir::new(dir), ServeDir::new(dir).fallback(index))
        }))
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
    let Some((mut assets, mut pages)) = files.0 else {
        return ApiError::NoRoute(excerpt(&path)).into_response();
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return ApiError::MethodNotAllowed(excerpt(request.method().as_str())).into_response();
    }
    let asset = path.starts_with("/assets/");
    let found = if asset {
        assets.try_call(request).await
    } else {
        pages.try_call(request).await
    };
    let mut response = match found {
        Ok(response) if response.status() != StatusCode::NOT_FOUND => response.into_response(),
        Ok(_) => return ApiError::NoRoute(excerpt(&path)).into_response(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return ApiError::NoRoute(excerpt(&path)).into_response();
        }
        Err(error) => {
            tracing::error!(%error, "web app folder");
            return ApiError::Internal.into_response();
        }
    };
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
