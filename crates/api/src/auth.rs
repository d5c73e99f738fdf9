//! Who may call what.

use std::{fmt, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// What a route asks of its caller. The order is the order of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Anybody: chain data and service metrics.
    Public,
    /// Reads the inside: jobs, journal, alerts.
    Viewer,
    /// Acknowledges alerts and inserts intents.
    Operator,
}

impl Class {
    /// Its name in the OpenAPI document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }
}

/// SHA-256 of a token. The token itself is never kept, so no dump of the server or its configuration yields one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Fewest characters of a token. A plain hash is only sound for what nobody can guess.
    pub const MIN_TOKEN: usize = 24;

    /// Hash of a token.
    ///
    /// # Errors
    /// [`ApiError::Setting`] when it is shorter than [`Self::MIN_TOKEN`] or not visible ASCII.
    pub fn of(token: &str) -> Result<Self, ApiError> {
        if token.len() < Self::MIN_TOKEN || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ApiError::Setting {
                name: "token",
                reason: format!(
                    "must be at least {} visible ASCII characters",
                    Self::MIN_TOKEN
                ),
            });
        }
        Ok(Self::digest(token))
    }

    /// Reads 64 hex digits, as `sha256sum` prints them.
    ///
    /// # Errors
    /// [`ApiError::Setting`]; the message does not repeat the value, which may be a token by mistake.
    pub fn from_hex(text: &str) -> Result<Self, ApiError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ApiError::Setting {
            name: "token hash",
            reason: "must be 64 hex digits, the SHA-256 of the token".to_owned(),
        })?;
        Ok(Self(bytes))
    }

    fn digest(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Who counts as a viewer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Viewers {
    /// Only those with a token: the default.
    #[default]
    Tokens,
    /// Everybody, as in a demo or behind a network of trust.
    Everyone,
}

/// The tokens of this server. The default has none: then only public routes answer.
#[derive(Debug, Clone, Default)]
pub struct AuthConfig {
    /// Tokens of operators; they are viewers too.
    pub operators: Vec<TokenHash>,
    /// Tokens of viewers.
    pub viewer_tokens: Vec<TokenHash>,
    /// Who else is a viewer.
    pub viewers: Viewers,
}

/// [`AuthConfig`], shared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Auth(Arc<AuthConfig>);

impl Auth {
    pub(crate) fn new(config: AuthConfig) -> Self {
        Self(Arc::new(config))
    }

    /// Whether the holder of `token` may act as `class`.
    ///
    /// Digests are compared, not tokens: how far a comparison gets tells nothing about a token.
    pub(crate) fn check(&self, token: Option<&str>, class: Class) -> Result<(), ApiError> {
        if class == Class::Public || (class == Class::Viewer && self.0.viewers == Viewers::Everyone)
        {
            return Ok(());
        }
        let hash = TokenHash::digest(token.ok_or(ApiError::Unauthorized)?);
        let granted = if self.0.operators.contains(&hash) {
            Class::Operator
        } else if self.0.viewer_tokens.contains(&hash) {
            Class::Viewer
        } else {
            return Err(ApiError::Unauthorized);
        };
        if granted >= class {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// The middleware around each route; it runs before the body is read.
pub(crate) async fn require(
    State((auth, class)): State<(Auth, Class)>,
    request: Request,
    next: Next,
) -> Response {
    match auth.check(bearer(request.headers()), class) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}
