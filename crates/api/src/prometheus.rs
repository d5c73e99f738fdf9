//! Counters of requests, and gauges that are read when Prometheus asks.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{
        counter::Counter,
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::Registry,
};
use store::{Alert, AlertState, Sample, Severity};

use crate::{
    dto::{KeeperStatus, Mode},
    error::ApiError,
    scalar::Wei,
    server::AppState,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Live {
    severity: &'static str,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Figure {
    metric: String,
}

/// What the server counts itself.
pub(crate) struct Prometheus {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Family<Route, Histogram>,
}

impl Prometheus {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("omnibus");
        let requests = Family::default();
        registry.register(
            "http_requests",
            "Requests by method, route and status",
            requests.clone(),
        );
        let seconds: Family<Route, Histogram> = Family::new_with_constructor(|| {
            Histogram::new([0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0])
        });
        registry.register(
            "http_request_seconds",
            "Time to the first byte by route",
            seconds.clone(),
        );
        Self {
            registry,
            requests,
            seconds,
        }
    }

    fn count(&self, method: &'static str, route: String, status: u16, took: Duration) {
        self.seconds
            .get_or_create(&Route {
                route: route.clone(),
            })
            .observe(took.as_secs_f64());
        self.requests
            .get_or_create(&Labels {
                method,
                route,
                status,
            })
            .inc();
    }
}

/// The middleware. Labels are the table's paths, never what a caller typed: the series stay few.
pub(crate) async fn count(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", MatchedPath::as_str)
        .to_owned();
    let method = match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    };
    let response = next.run(request).await;
    state
        .prometheus()
        .count(method, route, response.status().as_u16(), started.elapsed());
    response
}

impl AppState {
    /// Everything as text. What is unknown (a chain that is down) is left out, never repeated from before.
    pub(crate) async fn scrape(&self) -> Result<String, ApiError> {
        let mut registry = Registry::with_prefix("omnibus");
        let mut gauge = |name: &str, help: &str, value: f64| {
            registry.register(name, help, ConstGauge::new(value))
        };
        let ready = self.readiness().await;
        gauge(
            "ready",
            "1 when /readyz says so",
            if ready.ready { 1.0 } else { 0.0 },
        );
        gauge(
            "ws_clients",
            "WebSocket clients",
            small(u64::try_from(self.hub().clients()).unwrap_or(u64::MAX)),
        );
        if let Ok(status) = self.status().await {
            gauge(
                "holes_found",
                "Holes ever found in answers about logs",
                small(status.holes_found),
            );
            gauge("holes_left", "Holes still open", small(status.holes_left));
            gauge(
                "change_seq",
                "Number of the newest change",
                small(status.seq),
            );
            if let Some(at) = status.indexed {
                gauge("index_block", "Last indexed block", small(at.number));
            }
            if let Some(head) = status.chain_head {
                gauge("chain_block", "Head of the chain", small(head.number));
                gauge(
                    "chain_timestamp_seconds",
                    "Time of the head",
                    small(head.timestamp),
                );
            }
            if let Some(lag) = status.lag_blocks {
                gauge(
                    "index_lag_blocks",
                    "Blocks between head and index",
                    small(lag),
                );
            }
            keeper(&mut registry, &status.keeper);
        }
        if let Ok(live) = self.store().live_alerts().await {
            alerts(&mut registry, &live);
        }
        if let Ok(samples) = self.store().latest_samples().await {
            monitored(&mut registry, samples);
        }
        let mut gauge = |name: &str, help: &str, value: f64| {
            registry.register(name, help, ConstGauge::new(value))
        };
        if let Ok(pot) = self.overview().await {
            for (name, help, amount) in [
                ("tvl_wei", "Coins that holders own", pot.tvl),
                (
                    "headroom_wei",
                    "Coins for exits and the next stake bus",
                    pot.headroom,
                ),
                (
                    "reserved_wei",
                    "Coins of finalized requests and of fees",
                    pot.reserved,
                ),
                ("active_wei", "Stake that earns", pot.active),
                ("cooling_wei", "Stake in cooldown", pot.cooling),
                (
                    "total_queued_wei",
                    "Value of all open and staged requests",
                    pot.total_queued,
                ),
            ] {
                gauge(name, help, rough(amount));
            }
        }
        if let Ok(basket) = self.basket_summary().await {
            for (name, help, amount) in [
                (
                    "basket_nav_low_wei",
                    "Coins for 1e18 wei of shares, from below",
                    basket.nav.low,
                ),
                (
                    "basket_shares_wei",
                    "Shares, accrued fee shares included",
                    basket.shares,
                ),
                (
                    "basket_assets_low_wei",
                    "What the basket holds in coins, from below",
                    basket.assets_low,
                ),
                (
                    "basket_max_instant_wei",
                    "What one instant exit could pay now",
                    basket.max_instant,
                ),
            ] {
                gauge(name, help, rough(amount));
            }
            gauge(
                "basket_open_epoch",
                "Number of the open epoch",
                small(basket.epoch.id),
            );
        }
        let mut text = String::new();
        encode_registry(&mut text, &self.prometheus().registry)
            .and_then(|()| encode_registry(&mut text, &registry))
            .and_then(|()| encode_eof(&mut text))
            .map_err(|_| ApiError::Internal)?;
        Ok(text)
    }
}

fn keeper(registry: &mut Registry, keeper: &KeeperStatus) {
    let mode: i64 = match keeper.mode {
        Mode::Off => 0,
        Mode::DryRun => 1,
        Mode::On => 2,
    };
    registry.register(
        "keeper_mode",
        "0 off, 1 dry run, 2 on: the highest among its jobs",
        ConstGauge::new(mode),
    );
    if let Some(at) = keeper.last_run_at {
        registry.register(
            "keeper_last_run_timestamp_seconds",
            "Time of the last tick of any job",
            ConstGauge::new(small(at)),
        );
    }
}

/// Every pair of labels, so that none is a 0 and not an absent series.
fn alerts(registry: &mut Registry, live: &[Alert]) {
    let family = Family::<Live, Gauge>::default();
    for severity in [Severity::Info, Severity::Warning, Severity::Critical] {
        for state in [AlertState::Open, AlertState::Acknowledged] {
            let such = live
                .iter()
                .filter(|alert| alert.severity == severity && alert.state == state);
            family
                .get_or_create(&Live {
                    severity: severity.as_str(),
                    state: state.as_str(),
                })
                .set(i64::try_from(such.count()).unwrap_or(i64::MAX));
        }
    }
    registry.register("alerts", "Alerts that are not over", family);
}

/// The monitor's figures of its last block, by the names that rules know them by. Words are left out.
fn monitored(registry: &mut Registry, samples: Vec<Sample>) {
    let Some(at) = samples.first().map(|sample| sample.at) else {
        return;
    };
    let family = Family::<Figure, Gauge<f64, AtomicU64>>::default();
    for Sample { metric, value, .. } in samples {
        // `inf` and `nan` are words too.
        if let Some(value) = value.parse().ok().filter(|value: &f64| value.is_finite()) {
            family.get_or_create(&Figure { metric }).set(value);
        }
    }
    registry.register(
        "sample",
        "Figures that the monitor read at its last block",
        family,
    );
    registry.register(
        "sample_timestamp_seconds",
        "Time of that block",
        ConstGauge::new(small(at)),
    );
}

#[allow(
    clippy::cast_precision_loss,
    reason = "Prometheus knows floats only; exact below 2^53"
)]
fn small(value: u64) -> f64 {
    value as f64
}

/// Fifteen digits of an amount: for graphs, not for accounts.
fn rough(amount: Wei) -> f64 {
    f64::from(amount.0)
}
