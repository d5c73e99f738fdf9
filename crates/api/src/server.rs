//! The server: state, layers, life.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::from_fn_with_state,
};
use tokio::net::TcpListener;
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

use crate::{
    auth::Auth, config::ApiConfig, dto::PublicConfig, error::ApiError, extract::BODY_LIMIT, limit,
    limit::Limit, routes, web,
};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

struct Shared {
    config: ApiConfig,
    document: String,
}

impl AppState {
    pub(crate) fn public_config(&self) -> &PublicConfig {
        &self.0.config.public
    }

    pub(crate) fn document(&self) -> String {
        self.0.document.clone()
    }
}

/// A server that listens but does not answer yet: the port is known, and a port in use is an error by now.
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    router: Router,
    limit: Limit,
}

impl Server {
    /// Checks the settings and listens.
    ///
    /// # Errors
    /// [`ApiError::Setting`], [`ApiError::WebDir`], [`ApiError::Bind`].
    pub async fn bind(config: ApiConfig) -> Result<Self, ApiError> {
        config.validate()?;
        let wanted = config.bind;
        let bind = |source| ApiError::Bind {
            addr: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        let limit = Limit::new(&config);
        let router = router(config, &limit)?;
        Ok(Self {
            listener,
            addr,
            router,
            limit,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers until `shutdown` ends, then lets running requests finish.
    ///
    /// # Errors
    /// [`ApiError::Serve`].
    pub async fn run(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ApiError> {
        let limit = self.limit;
        let tidy = async move {
            let mut tick = tokio::time::interval(Duration::from_secs(60));
            loop {
                tick.tick().await;
                limit.forget_idle();
            }
        };
        let service = self
            .router
            .into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(self.listener, service).with_graceful_shutdown(shutdown);
        tokio::select! {
            result = server.into_future() => result.map_err(ApiError::Serve),
            () = tidy => Ok(()),
        }
    }
}

fn router(config: ApiConfig, limit: &Limit) -> Result<Router, ApiError> {
    let auth = Auth::new(config.auth.clone());
    let (router, document, _) = routes::build(&auth);
    let document = document.to_json().map_err(|_| ApiError::Internal)?;
    let files = web::Files::new(config.web_dir.as_deref());
    let cors = cors(&config)?;
    let policy = content_policy(&config.public)?;
    let state = AppState(Arc::new(Shared { config, document }));
    Ok(router
        .method_not_allowed_fallback(web::method_not_allowed)
        .with_state(state)
        .fallback_service(axum::routing::any(web::fallback).with_state(files))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(limit.clone(), limit::meter))
        .layer(cors)
        .layer(fixed(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(fixed(
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, policy)))
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
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ApiError> {
    Server::bind(config).await?.run(shutdown).await
}
