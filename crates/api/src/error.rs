//! The one error of this crate: what stops the server, and what a request is answered with.

use std::{io, net::SocketAddr, path::PathBuf};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::dto::{ErrorBody, ErrorDetail};

/// Everything that can go wrong. Texts of other layers (endpoints, SQL) are logged, never sent: they may hold secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The address is taken or not ours.
    #[error("cannot listen on {addr}: {source}")]
    Bind {
        /// Where.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A setting makes no sense.
    #[error("{name}: {reason}")]
    Setting {
        /// Which.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// The folder with the web app has no `index.html`.
    #[error("{} has no index.html", dir.display())]
    WebDir {
        /// The folder.
        dir: PathBuf,
    },
    /// The server stopped.
    #[error("server stopped: {0}")]
    Serve(#[source] io::Error),

    /// Not an address.
    #[error("`{0}` is not an address")]
    InvalidAddress(String),
    /// Not an amount.
    #[error("`{0}` is not an amount")]
    InvalidAmount(String),
    /// Not an id.
    #[error("`{0}` is not an id")]
    InvalidId(String),
    /// Not a cursor of this list.
    #[error("`{0}` is not a cursor of this list")]
    InvalidCursor(String),
    /// A parameter is missing, unknown or out of range.
    #[error("{0}")]
    InvalidParameter(String),
    /// The body is not what the route takes.
    #[error("{0}")]
    InvalidBody(String),
    /// No such thing.
    #[error("no {what} `{id}`")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// The id asked for.
        id: String,
    },
    /// No such route.
    #[error("no route `{0}`")]
    NoRoute(String),
    /// The route has other methods.
    #[error("`{0}` is not a method of this route")]
    MethodNotAllowed(String),
    /// No token, or one that is not ours.
    #[error("this needs a token")]
    Unauthorized,
    /// A token of a lesser scope.
    #[error("this token may not do that")]
    Forbidden,
    /// A web page from elsewhere.
    #[error("origin `{0}` is not allowed")]
    ForbiddenOrigin(String),
    /// The body is too large.
    #[error("the body is larger than {0} bytes")]
    BodyTooLarge(usize),
    /// Not JSON.
    #[error("the body is not application/json")]
    UnsupportedMediaType,
    /// Too many requests from one address.
    #[error("too many requests")]
    RateLimited {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// All seats of the change feed are taken.
    #[error("no seat left on the change feed")]
    Full,
    /// A contract refused a view.
    #[error("the contract refused: {0}")]
    Reverted(String),
    /// No endpoint answers.
    #[error("the chain does not answer")]
    ChainUnavailable,
    /// The store does not answer, or has nothing yet.
    #[error("the index does not answer")]
    IndexUnavailable,
    /// A bug or a broken store.
    #[error("internal error")]
    Internal,
}

impl ApiError {
    /// Status, code for programs, hint for people.
    fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::InvalidAddress(_) => (
                S::BAD_REQUEST,
                "invalid_address",
                "Use 0x and 40 hex digits; if letters differ in case, the checksum must be right.",
            ),
            Self::InvalidAmount(_) => (
                S::BAD_REQUEST,
                "invalid_amount",
                "Use a decimal string of wei above 0, as \"1000000000000000000\".",
            ),
            Self::InvalidId(_) => (
                S::BAD_REQUEST,
                "invalid_id",
                "Use the id as the lists show it.",
            ),
            Self::InvalidCursor(_) => (
                S::BAD_REQUEST,
                "invalid_cursor",
                "Pass nextCursor of the page before unchanged, or leave it out to start over.",
            ),
            Self::InvalidParameter(_) => (
                S::BAD_REQUEST,
                "invalid_parameter",
                "See /api/v1/openapi.json for the parameters of this route.",
            ),
            Self::InvalidBody(_) => (
                S::BAD_REQUEST,
                "invalid_body",
                "See /api/v1/openapi.json for the body of this route.",
            ),
            Self::NotFound { .. } => (
                S::NOT_FOUND,
                "not_found",
                "Use an id from the list; the index may also be a few blocks behind.",
            ),
            Self::NoRoute(_) => (
                S::NOT_FOUND,
                "no_route",
                "See /api/v1/openapi.json for the routes.",
            ),
            Self::MethodNotAllowed(_) => (
                S::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "See /api/v1/openapi.json for the methods.",
            ),
            Self::Unauthorized => (
                S::UNAUTHORIZED,
                "unauthorized",
                "Send `Authorization: Bearer <token>` with a token of this server.",
            ),
            Self::Forbidden => (
                S::FORBIDDEN,
                "forbidden",
                "Use a token with a higher scope.",
            ),
            Self::ForbiddenOrigin(_) => (
                S::FORBIDDEN,
                "forbidden_origin",
                "Add the origin to the server's CORS allow-list.",
            ),
            Self::BodyTooLarge(_) => (S::PAYLOAD_TOO_LARGE, "body_too_large", "Send less."),
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send `Content-Type: application/json`.",
            ),
            Self::RateLimited { .. } => (
                S::TOO_MANY_REQUESTS,
                "rate_limited",
                "Wait for the seconds in Retry-After; use the WebSocket instead of polling.",
            ),
            Self::Full => (S::SERVICE_UNAVAILABLE, "full", "Try again later, or poll."),
            Self::Reverted(_) => (
                S::UNPROCESSABLE_ENTITY,
                "reverted",
                "Change the amount; the message names the contract's reason.",
            ),
            Self::ChainUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "chain_unavailable",
                "Try again in a few seconds; lists and history still work. Operators: see /readyz.",
            ),
            Self::IndexUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "index_unavailable",
                "Try again in a few seconds. Operators: see /readyz.",
            ),
            Self::Internal
            | Self::Bind { .. }
            | Self::Setting { .. }
            | Self::WebDir { .. }
            | Self::Serve(_) => (
                S::INTERNAL_SERVER_ERROR,
                "internal",
                "Try again; if it stays, the server's log has the reason.",
            ),
        }
    }

    /// What an operator should do about an error that stops the server.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                "Another program listens there: stop it, or choose another port (0 picks a free one)."
            }
            Self::Bind { .. } => "Choose an address of this machine; loopback always works.",
            Self::Setting { .. } => "Correct the setting and start again.",
            Self::WebDir { .. } => {
                "Build the web app first, or leave the setting out to serve the API alone."
            }
            Self::Serve(_) => "Start again; nothing is lost, the server holds no state.",
            other => other.parts().2,
        }
    }

    /// The same as it goes over the wire.
    pub(crate) fn detail(&self) -> ErrorDetail {
        let (status, code, hint) = self.parts();
        let message = if status == StatusCode::INTERNAL_SERVER_ERROR {
            "internal error".to_owned()
        } else {
            self.to_string()
        };
        ErrorDetail {
            code: code.to_owned(),
            message,
            hint: hint.to_owned(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, ..) = self.parts();
        let mut response = (
            status,
            Json(ErrorBody {
                error: self.detail(),
            }),
        )
            .into_response();
        let headers = response.headers_mut();
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::RateLimited { retry_after } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            }
            _ => {}
        }
        response
    }
}

/// Cuts what a caller sent before it is echoed: an error is not a mirror for megabytes.
pub(crate) fn excerpt(value: &str) -> String {
    const MOST: usize = 80;
    match value.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}
