//! The one table of routes: nothing is reachable that does not stand here with its auth class.

mod accounts;
mod alerts;
mod automation;
mod basket;
mod governance;
mod metrics;
mod monitoring;
mod pools;
mod power;
mod quotes;
mod receipts;
mod reserve;
mod system;
mod validators;
mod vault;

use utoipa::{
    IntoResponses, OpenApi,
    openapi::{
        path::PathItem,
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};

use crate::{
    auth::{Auth, Class},
    dto,
    server::AppState,
};

/// Each route with its class. Adding one without a class does not compile.
fn table() -> Vec<(Class, UtoipaMethodRouter<AppState>)> {
    use Class::{Operator, Public, Viewer};
    vec![
        (Public, routes!(system::healthz)),
        (Public, routes!(system::readyz)),
        (Public, routes!(system::metrics)),
        (Public, routes!(system::openapi_json)),
        (Public, routes!(system::config)),
        (Public, routes!(system::status)),
        (Public, routes!(monitoring::overview)),
        (Public, routes!(monitoring::rungs)),
        (Public, routes!(monitoring::events)),
        (Public, routes!(validators::list)),
        (Public, routes!(validators::one)),
        (Public, routes!(accounts::account)),
        (Public, routes!(accounts::requests)),
        (Public, routes!(accounts::history)),
        (Public, routes!(quotes::exit)),
        (Public, routes!(quotes::deposit)),
        (Public, routes!(quotes::pool)),
        (Public, routes!(vault::summary)),
        (Public, routes!(vault::history)),
        (Public, routes!(vault::position)),
        (Public, routes!(vault::requests)),
        (Public, routes!(receipts::of)),
        (Public, routes!(receipts::one)),
        (Public, routes!(pools::list)),
        (Public, routes!(pools::sales)),
        (Public, routes!(reserve::held)),
        (Public, routes!(reserve::history)),
        (Public, routes!(reserve::converter)),
        (Public, routes!(reserve::sales)),
        (Public, routes!(power::payouts)),
        (Public, routes!(power::delegates)),
        (Public, routes!(power::halt)),
        (Public, routes!(power::scheduled)),
        (Public, routes!(basket::summary)),
        (Public, routes!(basket::sleeves)),
        (Public, routes!(basket::quote_exit)),
        (Public, routes!(basket::quote_deposit)),
        (Public, routes!(basket::quote_mint)),
        (Public, routes!(basket::epochs)),
        (Public, routes!(basket::epoch)),
        (Public, routes!(basket::account)),
        (Public, routes!(basket::account_history)),
        (Public, routes!(basket::account_receipts)),
        (Public, routes!(basket::receipt)),
        (Public, routes!(basket::history)),
        (Public, routes!(basket::prices)),
        (Public, routes!(basket::auctions)),
        (Public, routes!(governance::summary)),
        (Public, routes!(governance::proposals)),
        (Public, routes!(governance::proposal)),
        (Public, routes!(governance::account)),
        (Public, routes!(governance::timelock)),
        (Public, routes!(metrics::history)),
        (Public, routes!(metrics::oracle)),
        // Its topics have classes of their own: see `ws::Topic::class`.
        (Public, routes!(crate::ws::connect)),
        (Viewer, routes!(automation::jobs)),
        (Viewer, routes!(automation::journal)),
        (Viewer, routes!(alerts::list)),
        (Operator, routes!(automation::intents)),
        (Operator, routes!(alerts::acknowledge)),
    ]
}

/// A route as the table has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouteInfo {
    /// Method in capitals.
    pub method: &'static str,
    /// Path with `{parameters}`.
    pub path: String,
    /// Who may call it.
    pub class: Class,
}

/// What a read can be refused with.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its derive is used")]
pub(crate) enum ReadErrors {
    /// A value is wrong; the message names it.
    #[response(status = 400)]
    Bad(dto::ErrorBody),
    /// Too many requests.
    #[response(status = 429)]
    RateLimited(dto::ErrorBody),
    /// Chain or index do not answer.
    #[response(status = 503)]
    Unavailable(dto::ErrorBody),
}

/// What a read of a part can be refused with.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its derive is used")]
pub(crate) enum PartErrors {
    /// A value is wrong; the message names it.
    #[response(status = 400)]
    Bad(dto::ErrorBody),
    /// The deployment lacks this part, or there is no such thing in it.
    #[response(status = 404)]
    NotFound(dto::ErrorBody),
    /// Too many requests.
    #[response(status = 429)]
    RateLimited(dto::ErrorBody),
    /// Chain or index do not answer.
    #[response(status = 503)]
    Unavailable(dto::ErrorBody),
}

/// What a guarded route can be refused with.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its derive is used")]
pub(crate) enum GuardErrors {
    /// No token, or one that is not ours.
    #[response(status = 401)]
    Unauthorized(dto::ErrorBody),
    /// A token of a lesser scope.
    #[response(status = 403)]
    Forbidden(dto::ErrorBody),
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Omnibus",
        description = "Liquid staking with predictable exits, and baskets of staked positions. Amounts are decimal strings of wei, rates are scaled by 1e27, times are unix seconds.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(dto::WsRequest, dto::WsMessage))
)]
struct Document;

/// Router, document and list of routes, all from the table.
pub(crate) fn build(
    auth: &Auth,
) -> (
    axum::Router<AppState>,
    utoipa::openapi::OpenApi,
    Vec<RouteInfo>,
) {
    let mut router = OpenApiRouter::with_openapi(Document::openapi());
    let mut listed = Vec::new();
    for (class, (schemas, mut paths, methods)) in table() {
        for (path, item) in &mut paths.paths {
            for method in guard(item, class) {
                listed.push(RouteInfo {
                    method,
                    path: path.clone(),
                    class,
                });
            }
        }
        let methods = methods.layer(axum::middleware::from_fn_with_state(
            (auth.clone(), class),
            crate::auth::require,
        ));
        router = router.routes((schemas, paths, methods));
    }
    listed.sort();
    let (router, mut document) = router.split_for_parts();
    if let Some(components) = document.components.as_mut() {
        components.add_security_scheme(
            "token",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
    }
    (router, document, listed)
}

/// Writes the class into the document and names the methods of the item.
fn guard(item: &mut PathItem, class: Class) -> Vec<&'static str> {
    let operations = [
        ("GET", &mut item.get),
        ("PUT", &mut item.put),
        ("POST", &mut item.post),
        ("DELETE", &mut item.delete),
        ("OPTIONS", &mut item.options),
        ("HEAD", &mut item.head),
        ("PATCH", &mut item.patch),
        ("TRACE", &mut item.trace),
    ];
    let mut methods = Vec::new();
    for (method, operation) in operations {
        if let Some(operation) = operation {
            methods.push(method);
            if class != Class::Public {
                operation.security = Some(vec![SecurityRequirement::new("token", [class.name()])]);
            }
        }
    }
    methods
}

/// The OpenAPI document, as `crates/api/openapi.json` has it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    build(&Auth::default()).1
}

/// Every route with its class.
#[must_use]
pub fn route_list() -> Vec<RouteInfo> {
    build(&Auth::default()).2
}
