//! Who may call what.

use std::num::NonZeroU32;

use omnibus_api::{ApiConfig, ApiError, Class, Server, TokenHash, Viewers, route_list};

use crate::world::{OPERATOR, VIEWER, World, config, public};

/// The classes by hand: a new route fails here until somebody has thought about it.
const CLASSES: &[(&str, &str, Class)] = &[
    ("GET", "/api/v1/accounts/{address}", Class::Public),
    ("GET", "/api/v1/accounts/{address}/history", Class::Public),
    ("GET", "/api/v1/accounts/{address}/payouts", Class::Public),
    ("GET", "/api/v1/accounts/{address}/receipts", Class::Public),
    ("GET", "/api/v1/accounts/{address}/requests", Class::Public),
    ("GET", "/api/v1/accounts/{address}/vault", Class::Public),
    (
        "GET",
        "/api/v1/accounts/{address}/vault/requests",
        Class::Public,
    ),
    ("GET", "/api/v1/alerts", Class::Viewer),
    ("GET", "/api/v1/automation/jobs", Class::Viewer),
    ("GET", "/api/v1/automation/journal", Class::Viewer),
    ("GET", "/api/v1/basket", Class::Public),
    ("GET", "/api/v1/basket/accounts/{address}", Class::Public),
    (
        "GET",
        "/api/v1/basket/accounts/{address}/history",
        Class::Public,
    ),
    (
        "GET",
        "/api/v1/basket/accounts/{address}/receipts",
        Class::Public,
    ),
    ("GET", "/api/v1/basket/auctions", Class::Public),
    ("GET", "/api/v1/basket/epochs", Class::Public),
    ("GET", "/api/v1/basket/epochs/{id}", Class::Public),
    ("GET", "/api/v1/basket/history", Class::Public),
    ("GET", "/api/v1/basket/prices", Class::Public),
    ("GET", "/api/v1/basket/quote-deposit", Class::Public),
    ("GET", "/api/v1/basket/quote-exit", Class::Public),
    ("GET", "/api/v1/basket/quote-mint", Class::Public),
    ("GET", "/api/v1/basket/receipts/{id}", Class::Public),
    ("GET", "/api/v1/basket/sleeves", Class::Public),
    ("GET", "/api/v1/config", Class::Public),
    ("GET", "/api/v1/converter", Class::Public),
    ("GET", "/api/v1/converter/sales", Class::Public),
    ("GET", "/api/v1/delegates", Class::Public),
    ("GET", "/api/v1/governance", Class::Public),
    (
        "GET",
        "/api/v1/governance/accounts/{address}",
        Class::Public,
    ),
    ("GET", "/api/v1/governance/proposals", Class::Public),
    ("GET", "/api/v1/governance/proposals/{id}", Class::Public),
    ("GET", "/api/v1/governance/timelock", Class::Public),
    ("GET", "/api/v1/halt", Class::Public),
    ("GET", "/api/v1/metrics/history", Class::Public),
    ("GET", "/api/v1/monitoring/events", Class::Public),
    ("GET", "/api/v1/monitoring/overview", Class::Public),
    ("GET", "/api/v1/monitoring/rungs", Class::Public),
    ("GET", "/api/v1/openapi.json", Class::Public),
    ("GET", "/api/v1/oracle", Class::Public),
    ("GET", "/api/v1/pools", Class::Public),
    ("GET", "/api/v1/pools/sales", Class::Public),
    ("GET", "/api/v1/quote/deposit", Class::Public),
    ("GET", "/api/v1/quote/exit", Class::Public),
    ("GET", "/api/v1/quote/pool", Class::Public),
    ("GET", "/api/v1/receipts/{id}", Class::Public),
    ("GET", "/api/v1/reserve", Class::Public),
    ("GET", "/api/v1/reserve/history", Class::Public),
    ("GET", "/api/v1/scheduled", Class::Public),
    ("GET", "/api/v1/status", Class::Public),
    ("GET", "/api/v1/validators", Class::Public),
    ("GET", "/api/v1/validators/{id}", Class::Public),
    ("GET", "/api/v1/vault", Class::Public),
    ("GET", "/api/v1/vault/history", Class::Public),
    ("GET", "/api/v1/ws", Class::Public),
    ("GET", "/healthz", Class::Public),
    ("GET", "/metrics", Class::Public),
    ("GET", "/readyz", Class::Public),
    ("POST", "/api/v1/alerts/{id}/acknowledge", Class::Operator),
    ("POST", "/api/v1/automation/intents", Class::Operator),
];

#[tokio::test]
async fn o13_every_route_has_its_auth_class() {
    let mut listed: Vec<_> = route_list()
        .into_iter()
        .map(|r| (r.method.to_owned(), r.path, r.class))
        .collect();
    listed.sort();
    let expected: Vec<_> = CLASSES
        .iter()
        .map(|(m, p, c)| ((*m).to_owned(), (*p).to_owned(), *c))
        .collect();
    assert_eq!(listed, expected);

    let world = World::new().await;
    for (method, path, class) in CLASSES {
        let path = path
            .replace("{address}", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
            .replace("{id}", "1");
        let ask = |token: Option<&str>| {
            let mut request = world
                .http
                .request(method.parse().unwrap(), world.url(&path));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            world.send(request)
        };
        let outcomes = [
            (None, None),
            (Some("a-token-that-nobody-here-knows"), None),
            (Some(VIEWER), Some(Class::Viewer)),
            (Some(OPERATOR), Some(Class::Operator)),
        ];
        for (token, granted) in outcomes {
            let answer = ask(token).await;
            let passes =
                *class == Class::Public || granted.is_some_and(|granted| granted >= *class);
            let wanted = match (passes, granted) {
                (true, _) => None,
                (false, None) => Some((401, "unauthorized")),
                (false, Some(_)) => Some((403, "forbidden")),
            };
            match wanted {
                Some((status, code)) => {
                    assert_eq!(
                        answer.status, status,
                        "{method} {path} {granted:?}: {}",
                        answer.text
                    );
                    assert_eq!(answer.code(), code);
                }
                None => assert!(
                    ![401, 403].contains(&answer.status),
                    "{method} {path} {granted:?}: {}",
                    answer.text
                ),
            }
        }
    }
}

#[tokio::test]
async fn o13_only_a_whole_bearer_token_counts() {
    let world = World::new().await;
    for value in [
        format!("Basic {OPERATOR}"),
        OPERATOR.to_owned(),
        format!("Bearer {}", &OPERATOR[..OPERATOR.len() - 1]),
        format!("Bearer {OPERATOR}x"),
        "Bearer ".to_owned(),
        // The hash is no token: a stolen configuration opens nothing.
        format!("Bearer {}", hex(&OPERATOR_HASH())),
    ] {
        let request = world
            .http
            .get(world.url("/api/v1/alerts"))
            .header("authorization", &value);
        assert_eq!(world.send(request).await.status, 401, "{value}");
    }
    let request = world
        .http
        .get(world.url("/api/v1/alerts"))
        .header("authorization", format!("bearer {OPERATOR}"));
    assert_eq!(world.send(request).await.status, 200);
}

#[allow(non_snake_case)]
fn OPERATOR_HASH() -> [u8; 32] {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(OPERATOR).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test]
async fn o13_a_hash_from_the_configuration_is_the_tokens() {
    let mut config = config();
    config.auth.operators = vec![TokenHash::from_hex(&hex(&OPERATOR_HASH())).unwrap()];
    let world = World::with(config).await;
    assert_eq!(world.get_as("/api/v1/alerts", OPERATOR).await.status, 200);
}

#[test]
fn o15_bad_tokens_are_refused_without_repeating_them() {
    for bad in ["short", "has blanks in it, quite a few", ""] {
        let error = TokenHash::of(bad).unwrap_err().to_string();
        assert!(bad.is_empty() || !error.contains(bad), "{error}");
    }
    let mistake = "operator-token-put-where-its-hash-belongs";
    let error = TokenHash::from_hex(mistake).unwrap_err().to_string();
    assert!(!error.contains(mistake), "{error}");
    let hash = TokenHash::of(OPERATOR).unwrap();
    assert_eq!(format!("{hash:?}"), "TokenHash(…)");
}

#[tokio::test]
async fn o13_viewers_may_be_everyone_but_operators_never() {
    let mut config = config();
    config.auth.viewers = Viewers::Everyone;
    let world = World::with(config).await;
    assert_eq!(world.get("/api/v1/alerts").await.status, 200);
    assert_eq!(world.get("/api/v1/automation/journal").await.status, 200);
    let request = world.http.post(world.url("/api/v1/alerts/1/acknowledge"));
    assert_eq!(world.send(request).await.status, 401);
}

#[tokio::test]
async fn o13_without_tokens_only_public_routes_answer() {
    let world = World::with(ApiConfig::new(public())).await;
    assert_eq!(world.get("/api/v1/config").await.status, 200);
    assert_eq!(world.get("/api/v1/alerts").await.status, 401);
    assert_eq!(world.get_as("/api/v1/alerts", OPERATOR).await.status, 401);
}

#[tokio::test]
async fn o13_oversized_bodies_are_refused_before_they_are_read_whole() {
    let world = World::new().await;
    let body = format!("{{\"job\":\"{}\",\"target\":\"all\"}}", "a".repeat(20_000));
    let answer = world
        .post_as("/api/v1/automation/intents", OPERATOR, &body)
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "body_too_large")
    );
    assert!(world.store.pending_intents().await.unwrap().is_empty());
}

#[tokio::test]
async fn o17_an_intent_is_a_job_and_a_target_and_nothing_else() {
    let world = World::new().await;
    let path = "/api/v1/automation/intents";
    for (body, names) in [
        (
            r#"{"job":"sweep","target":"all","calldata":"0x00"}"#,
            "calldata",
        ),
        (r#"{"job":"sweep","target":"all","value":"1"}"#, "value"),
        (r#"{"job":"sweep"}"#, "target"),
        (
            r#"{"job":"sweep","target":"0xa9059cbb0000"}"#,
            "0xa9059cbb0000",
        ),
        (r#"{"job":"sweep","target":""}"#, "target"),
        (r#"{"job":"sweep; rm","target":"all"}"#, "sweep; rm"),
        (r#"{"job":["sweep"],"target":"all"}"#, "sequence"),
        ("{", "EOF"),
    ] {
        let answer = world.post_as(path, OPERATOR, body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_body"),
            "{body}"
        );
        assert!(
            answer.message().contains(names),
            "{body}: {}",
            answer.message()
        );
    }
    let request = world
        .http
        .post(world.url(path))
        .bearer_auth(OPERATOR)
        .body(r#"{"job":"sweep","target":"all"}"#);
    let answer = world
        .send(request.header("content-type", "text/plain"))
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (415, "unsupported_media_type")
    );
    assert!(world.store.pending_intents().await.unwrap().is_empty());

    let answer = world
        .post_as(path, OPERATOR, r#"{"job":"sweep","target":"validator:1"}"#)
        .await;
    assert_eq!(answer.status, 202);
    let stored = world.store.pending_intents().await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(
        (stored[0].job.as_str(), stored[0].target.as_str()),
        ("sweep", "validator:1")
    );
    assert_eq!(answer.json()["id"], stored[0].id);
}

#[tokio::test]
async fn o13_one_address_cannot_take_the_server_for_itself() {
    let mut config = config();
    config.requests_per_second = NonZeroU32::MIN;
    config.burst = 5.try_into().unwrap();
    let world = World::with(config).await;
    for _ in 0..5 {
        assert_eq!(world.get("/api/v1/oracle").await.status, 200);
    }
    let answer = world.get("/api/v1/oracle").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "rate_limited")
    );
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    // Probes are not metered: a busy client must not make the server look dead.
    for _ in 0..10 {
        assert_eq!(world.get("/healthz").await.status, 200);
    }
}

#[tokio::test]
async fn o13_other_origins_only_by_the_list() {
    let mut config = config();
    config.allowed_origins = vec!["https://app.example".into()];
    let world = World::with(config).await;
    let ask = |origin: &'static str| {
        world.send(
            world
                .http
                .get(world.url("/api/v1/oracle"))
                .header("origin", origin),
        )
    };
    assert_eq!(
        ask("https://app.example")
            .await
            .header("access-control-allow-origin"),
        "https://app.example"
    );
    assert_eq!(
        ask("https://evil.example")
            .await
            .header("access-control-allow-origin"),
        ""
    );
    assert_eq!(ask("null").await.header("access-control-allow-origin"), "");

    for bad in [
        "*",
        "app.example",
        "https://*.example",
        "https://app.example/",
    ] {
        let mut config = ApiConfig::new(public());
        config.allowed_origins = vec![bad.into()];
        let world = World::new().await;
        let pool = pool(&world).await;
        let refused = Server::bind(config, world.store.clone(), pool).await;
        assert!(
            matches!(
                refused,
                Err(ApiError::Setting {
                    name: "allowed_origins",
                    ..
                })
            ),
            "{bad}"
        );
    }
}

pub async fn pool(world: &World) -> chain::Pool {
    chain::Pool::connect(chain::PoolConfig::new(vec![world.node.url()]))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_port_in_use_is_said_in_one_line() {
    let world = World::new().await;
    let mut config = config();
    config.bind = world.addr;
    let Err(error) = Server::bind(config, world.store.clone(), pool(&world).await).await else {
        panic!("bound a taken port");
    };
    assert!(matches!(error, ApiError::Bind { addr, .. } if addr == world.addr));
    assert!(
        error.to_string().contains(&world.addr.to_string()),
        "{error}"
    );
    assert!(error.hint().contains("another port"), "{}", error.hint());
}

#[tokio::test]
async fn it_binds_loopback_unless_told_otherwise() {
    assert!(ApiConfig::new(public()).bind.ip().is_loopback());
    assert!(World::new().await.addr.ip().is_loopback());
}

#[tokio::test]
async fn o15_a_public_endpoint_with_credentials_is_refused() {
    for bad in [
        "https://user:secret@rpc.example",
        "rpc.example",
        "ftp://rpc.example",
        "https://",
        "https://a;b",
    ] {
        let mut config = ApiConfig::new(public());
        config.public.rpc_url = bad.into();
        let world = World::new().await;
        let refused = Server::bind(config, world.store.clone(), pool(&world).await)
            .await
            .err()
            .unwrap();
        assert!(
            matches!(
                refused,
                ApiError::Setting {
                    name: "rpc_url",
                    ..
                }
            ),
            "{bad}"
        );
        assert!(!refused.to_string().contains("secret"));
    }
}
