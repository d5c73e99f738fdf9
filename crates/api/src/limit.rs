//! Requests per address.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use crate::{config::ApiConfig, error::ApiError};

/// One meter for each address.
#[derive(Clone)]
pub(crate) struct Limit(Arc<DefaultKeyedRateLimiter<IpAddr>>);

impl Limit {
    pub(crate) fn new(config: &ApiConfig) -> Self {
        let quota = Quota::per_second(config.requests_per_second).allow_burst(config.burst);
        Self(Arc::new(RateLimiter::dashmap(quota)))
    }

    /// Forgets addresses whose meter is full again, so that memory follows the callers of now.
    pub(crate) fn forget_idle(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

/// An IPv6 caller owns a /64 at least: all of it is one address here.
fn key(peer: SocketAddr) -> IpAddr {
    match peer.ip().to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

/// The middleware. Probes and files are not metered, or a busy client could make the server look dead.
pub(crate) async fn meter(
    State(limit): State<Limit>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/api/")
        && let Err(refused) = limit.0.check_key(&key(peer))
    {
        let wait = refused.wait_time_from(DefaultClock::default().now());
        return ApiError::RateLimited {
            retry_after: wait.as_secs() + 1,
        }
        .into_response();
    }
    next.run(request).await
}
