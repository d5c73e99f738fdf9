//! What the server is told.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::PathBuf,
    time::Duration,
};

use crate::{auth::AuthConfig, dto::PublicConfig, error::ApiError};

/// Settings of the server. [`ApiConfig::new`] gives safe ones: loopback, no CORS, public routes only.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Where to listen. Loopback with a free port unless told otherwise.
    pub bind: SocketAddr,
    /// What clients are told about the deployment.
    pub public: PublicConfig,
    /// Folder of the built web app; without it the server is the API alone.
    pub web_dir: Option<PathBuf>,
    /// Origins of other web pages that may call, as `https://app.example`. `*` is refused.
    pub allowed_origins: Vec<String>,
    /// Tokens.
    pub auth: AuthConfig,
    /// Requests a second that one address may make on average under `/api`.
    pub requests_per_second: NonZeroU32,
    /// Requests that it may make at once.
    pub burst: NonZeroU32,
    /// Blocks that the index may lag before `/readyz` fails.
    pub max_lag_blocks: u64,
    /// How long an answer read from the chain is used again.
    pub cache: Duration,
    /// Longest wait for the chain.
    pub chain_timeout: Duration,
    /// Time between heartbeats of a WebSocket.
    pub heartbeat: Duration,
    /// Messages that a WebSocket client may be behind before it is dropped.
    pub ws_buffer: usize,
    /// Most WebSocket clients at once.
    pub ws_clients: usize,
}

impl ApiConfig {
    /// Safe settings for a deployment.
    #[must_use]
    pub fn new(public: PublicConfig) -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public,
            web_dir: None,
            allowed_origins: Vec::new(),
            auth: AuthConfig::default(),
            requests_per_second: NonZeroU32::MIN.saturating_add(49),
            burst: NonZeroU32::MIN.saturating_add(199),
            max_lag_blocks: 20,
            cache: Duration::from_secs(1),
            chain_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(15),
            ws_buffer: 256,
            ws_clients: 10_000,
        }
    }

    pub(crate) fn validate(&self) -> Result<(), ApiError> {
        for origin in &self.allowed_origins {
            let host = origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"));
            if !host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' '])) {
                return Err(ApiError::Setting {
                    name: "allowed_origins",
                    reason: format!("`{origin}` is not scheme://host[:port]"),
                });
            }
        }
        if self.ws_buffer == 0 || self.heartbeat.is_zero() {
            return Err(ApiError::Setting {
                name: "ws_buffer, heartbeat",
                reason: "must be above 0".to_owned(),
            });
        }
        if let Some(dir) = &self.web_dir
            && !dir.join("index.html").is_file()
        {
            return Err(ApiError::WebDir { dir: dir.clone() });
        }
        Ok(())
    }
}
