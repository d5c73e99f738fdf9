//! The server: state, layers, life.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::from_fn_with_state,
};
use chain::Pool;
use store::Store;
use tokio::net::TcpListener;
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

use crate::{
    auth::Auth,
    config::ApiConfig,
    dto::PublicConfig,
    dto::{BasketAddresses, Check, LiquidContracts, Readiness},
    error::ApiError,
    extract::BODY_LIMIT,
    index::index,
    limit,
    limit::Limit,
    live::Live,
    parts::lacking,
    prometheus::{self, Prometheus},
    routes, web,
    ws::Hub,
};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

struct Shared {
    config: ApiConfig,
    auth: Auth,
    document: String,
    store: Store,
    live: Live,
    hub: Hub,
    prometheus: Prometheus,
}

impl AppState {
    pub(crate) fn config(&self) -> &ApiConfig {
        &self.0.config
    }

    pub(crate) fn public_config(&self) -> &PublicConfig {
        &self.0.config.public
    }

    /// Where the liquid side is.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] where the deployment has none.
    pub(crate) fn liquid(&self) -> Result<LiquidContracts, ApiError> {
        let all = self.0.config.public.contracts;
        all.liquid.ok_or_else(|| lacking("liquid"))
    }

    /// Where the basket is.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] where the deployment has none.
    pub(crate) fn basket(&self) -> Result<BasketAddresses, ApiError> {
        let all = self.0.config.public.contracts;
        all.basket.ok_or_else(|| lacking("basket"))
    }

    pub(crate) fn document(&self) -> String {
        self.0.document.clone()
    }

    pub(crate) fn auth(&self) -> &Auth {
        &self.0.auth
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn live(&self) -> &Live {
        &self.0.live
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub(crate) fn prometheus(&self) -> &Prometheus {
        &self.0.prometheus
    }

    /// Store, chain and index, each asked now (the chain at most once a cache time).
    pub(crate) async fn readiness(&self) -> Readiness {
        let check = |name: &str, ok: bool, detail: String| Check {
            name: name.to_owned(),
            ok,
            detail,
        };
        let cursor = self.store().cursor().await;
        let holes = self.store().completeness().await;
        let head = self.now().await.ok().map(|now| now.block.number);
        let most = self.config().max_lag_blocks;
        let store = match (&cursor, &holes) {
            (Ok(_), Ok(_)) => check("store", true, "answers".to_owned()),
            _ => check("store", false, "does not answer".to_owned()),
        };
        let chain = match head {
            Some(number) => check("chain", true, format!("head is {number}")),
            None => check("chain", false, "does not answer".to_owned()),
        };
        let index = match (cursor.ok().flatten(), holes.ok(), head) {
            (None, ..) => check("index", false, "is empty".to_owned()),
            (_, None, _) => check("index", false, "unknown".to_owned()),
            (_, Some(holes), _) if holes.left > 0 => {
                check("index", false, format!("{} holes left", holes.left))
            }
            (Some(at), _, None) => check("index", false, format!("at {}, head unknown", at.number)),
            (Some(at), _, Some(head)) => {
                let lag = head.saturating_sub(at.number);
                check(
                    "index",
                    lag <= most,
                    format!("{lag} blocks behind, at most {most} allowed"),
                )
            }
        };
        let checks = vec![store, chain, index];
        Readiness {
            ready: checks.iter().all(|check| check.ok),
            checks,
        }
    }
}

/// A server that listens but does not answer yet: the port is known, and a port in use is an error by now.
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    router: Router,
    state: AppState,
    limit: Limit,
}

impl Server {
    /// Checks the settings and listens.
    ///
    /// # Errors
    /// [`ApiError::Setting`], [`ApiError::WebDir`], [`ApiError::Bind`].
    pub async fn bind(config: ApiConfig, store: Store, pool: Pool) -> Result<Self, ApiError> {
        config.validate()?;
        let wanted = config.bind;
        let bind = |source| ApiError::Bind {
            addr: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        let limit = Limit::new(&config);
        let seq = store.seq().await.map_err(index)?;
        let (router, state) = router(config, store, pool, seq, &limit)?;
        Ok(Self {
            listener,
            addr,
            router,
            state,
            limit,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers until `shutdown` ends, then lets running requests finish, for at most ten seconds.
    ///
    /// # Errors
    /// [`ApiError::Serve`].
    pub async fn run(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ApiError> {
        let Self {
            listener,
            router,
            state,
            limit,
            ..
        } = self;
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener, service)
            .with_graceful_shutdown(stopped(stopping.clone()))
            .into_future();
        let feed = {
            let state = state.clone();
            async move { state.hub().run(state.store()).await }
        };
        let tidy = async move {
            let mut tick = tokio::time::interval(Duration::from_secs(60));
            loop {
                tick.tick().await;
                limit.forget_idle();
            }
        };
        let end = async move {
            shutdown.await;
            state.hub().close();
            stop.send_replace(true);
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            result = server => result.map_err(ApiError::Serve),
            () = end => Ok(()),
            () = feed => Ok(()),
            () = tidy => Ok(()),
        }
    }
}

/// How long running requests may take to finish after the shutdown.
const GRACE: Duration = Duration::from_secs(10);

async fn stopped(mut stopping: tokio::sync::watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn router(
    config: ApiConfig,
    store: Store,
    pool: Pool,
    seq: u64,
    limit: &Limit,
) -> Result<(Router, AppState), ApiError> {
    let auth = Auth::new(config.auth.clone());
    let (router, document, _) = routes::build(&auth);
    let document = document.to_json().map_err(|_| ApiError::Internal)?;
    let files = web::Files::new(config.web_dir.as_deref());
    let cors = cors(&config)?;
    let policy = content_policy(&config.public)?;
    let live = Live::new(pool, config.cache, config.chain_timeout);
    let hub = Hub::new(&config, seq);
    let prometheus = Prometheus::new();
    let state = AppState(Arc::new(Shared {
        config,
        auth,
        document,
        store,
        live,
        hub,
        prometheus,
    }));
    let router = router
        .method_not_allowed_fallback(web::method_not_allowed)
        .with_state(state.clone())
        .fallback_service(axum::routing::any(web::fallback).with_state(files))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(limit.clone(), limit::meter))
        .layer(cors)
        .layer(from_fn_with_state(state.clone(), prometheus::count))
        .layer(fixed(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(fixed(
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, policy));
    Ok((router, state))
}

fn fixed(name: HeaderName, value: HeaderValue) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, value)
}

/// Same origin always works; others only by the list. No cookies are ever involved.
fn cors(config: &ApiConfig) -> Result<CorsLayer, ApiError> {
    let origins = config
        .allowed_origins
        .iter()
        .map(|origin| HeaderValue::from_str(origin))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| ApiError::Setting {
            name: "allowed_origins",
            reason: "not ASCII".to_owned(),
        })?;
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .max_age(Duration::from_secs(3600)))
}

/// Scripts only from here: a hostile name that slipped through as markup still could not run (O16).
/// Besides us the app talks only to the public RPC endpoint; wallets announce their icons as data URLs.
fn content_policy(public: &PublicConfig) -> Result<HeaderValue, ApiError> {
    let setting = |reason: &str| ApiError::Setting {
        name: "rpc_url",
        reason: reason.to_owned(),
    };
    let (scheme, rest) = public
        .rpc_url
        .split_once("://")
        .ok_or_else(|| setting("has no scheme"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if !matches!(scheme, "http" | "https" | "ws" | "wss") {
        return Err(setting("is not http(s) or ws(s)"));
    }
    if host.is_empty() || host.contains(['@', ';', ',', ' ', '\'', '"']) {
        return Err(setting(
            "must be host[:port] without credentials: every visitor sees it",
        ));
    }
    let policy = format!(
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self' {scheme}://{host}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).map_err(|_| setting("is not ASCII"))
}

/// Binds and runs in one go.
///
/// # Errors
/// Those of [`Server::bind`] and [`Server::run`].
pub async fn serve(
    config: ApiConfig,
    store: Store,
    pool: Pool,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ApiError> {
    Server::bind(config, store, pool).await?.run(shutdown).await
}
