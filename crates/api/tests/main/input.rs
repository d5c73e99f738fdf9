//! Bad input: a typed error that names the value and says what to do.

use crate::world::{OPERATOR, World};

#[tokio::test]
async fn wrong_values_are_named() {
    let world = World::new().await;
    let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    let long = "9".repeat(400);
    for (path, code, named) in [
        (
            "/api/v1/accounts/0x12".to_owned(),
            "invalid_address",
            "0x12",
        ),
        // One letter in the wrong case: a typo.
        (
            "/api/v1/accounts/0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".to_owned(),
            "invalid_address",
            "0x5AAeb",
        ),
        (
            "/api/v1/accounts/vitalik.eth/history".to_owned(),
            "invalid_address",
            "vitalik.eth",
        ),
        (
            "/api/v1/accounts/%00/requests".to_owned(),
            "invalid_address",
            "\0",
        ),
        (
            "/api/v1/accounts/%ff/requests".to_owned(),
            "invalid_id",
            "%ff",
        ),
        (
            format!("/api/v1/accounts/{good}/history?cursor=zz"),
            "invalid_cursor",
            "zz",
        ),
        (
            format!("/api/v1/accounts/{good}/history?cursor=7b7d"),
            "invalid_cursor",
            "7b7d",
        ),
        (
            format!("/api/v1/accounts/{good}/requests?cursor=00"),
            "invalid_cursor",
            "00",
        ),
        (
            format!("/api/v1/accounts/{good}/history?limit=0"),
            "invalid_parameter",
            "limit: `0`",
        ),
        (
            format!("/api/v1/accounts/{good}/history?limit=201"),
            "invalid_parameter",
            "201",
        ),
        (
            format!("/api/v1/accounts/{good}/history?limit=+5"),
            "invalid_parameter",
            "limit",
        ),
        (
            format!("/api/v1/accounts/{good}/history?limt=5"),
            "invalid_parameter",
            "limt",
        ),
        (
            format!("/api/v1/accounts/{good}/history?limit=5&limit=6"),
            "invalid_parameter",
            "limit",
        ),
        (
            "/api/v1/quote/exit".to_owned(),
            "invalid_parameter",
            "amount",
        ),
        (
            "/api/v1/quote/exit?amount=".to_owned(),
            "invalid_amount",
            "``",
        ),
        (
            "/api/v1/quote/exit?amount=0".to_owned(),
            "invalid_amount",
            "`0`",
        ),
        (
            "/api/v1/quote/exit?amount=-1".to_owned(),
            "invalid_amount",
            "-1",
        ),
        (
            "/api/v1/quote/exit?amount=1.5".to_owned(),
            "invalid_amount",
            "1.5",
        ),
        (
            "/api/v1/quote/exit?amount=0x10".to_owned(),
            "invalid_amount",
            "0x10",
        ),
        (
            "/api/v1/quote/deposit?amount=1e18".to_owned(),
            "invalid_amount",
            "1e18",
        ),
        // 2^96: more than a balance can hold.
        (
            "/api/v1/quote/deposit?amount=79228162514264337593543950336".to_owned(),
            "invalid_amount",
            "79228162514264337593543950336",
        ),
        (
            format!("/api/v1/quote/deposit?amount={long}"),
            "invalid_amount",
            "9999",
        ),
        ("/api/v1/validators/65536".to_owned(), "invalid_id", "65536"),
        ("/api/v1/validators/-1".to_owned(), "invalid_id", "-1"),
        ("/api/v1/validators/one".to_owned(), "invalid_id", "one"),
        (
            "/api/v1/monitoring/events?account=0x1".to_owned(),
            "invalid_address",
            "0x1",
        ),
        (
            "/api/v1/monitoring/rungs?cursor=%22".to_owned(),
            "invalid_cursor",
            "\"",
        ),
        (
            "/api/v1/metrics/history".to_owned(),
            "invalid_parameter",
            "metric",
        ),
        (
            "/api/v1/metrics/history?metric=price".to_owned(),
            "invalid_parameter",
            "price",
        ),
        (
            "/api/v1/metrics/history?metric=rate&from=yesterday".to_owned(),
            "invalid_parameter",
            "yesterday",
        ),
        (
            "/api/v1/metrics/history?metric=rate&from=5&to=4".to_owned(),
            "invalid_parameter",
            "5",
        ),
        (
            "/api/v1/metrics/history?metric=rate&to=18446744073709551615".to_owned(),
            "invalid_parameter",
            "18446744073709551615",
        ),
        (
            "/api/v1/alerts?state=closed".to_owned(),
            "invalid_parameter",
            "closed",
        ),
        ("/api/v1/ws".to_owned(), "invalid_parameter", "WebSocket"),
    ] {
        let answer = world.get_as(&path, OPERATOR).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, code),
            "{path}: {}",
            answer.text
        );
        assert!(
            answer.message().contains(named),
            "{path}: {}",
            answer.message()
        );
        // An error is not a mirror for megabytes.
        assert!(answer.text.len() < 1_000, "{path}");
    }
}

#[tokio::test]
async fn unknown_routes_and_methods_answer_json() {
    let world = World::new().await;
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v2/config",
        "/api/v1/configs",
        "/nothing",
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "no_route"),
            "{path}"
        );
    }
    let answer = world
        .send(world.http.delete(world.url("/api/v1/config")))
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (405, "method_not_allowed")
    );
    assert!(answer.message().contains("DELETE"));
    let answer = world.get_as("/api/v1/alerts/7/acknowledge", OPERATOR).await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn unknown_things_are_not_found() {
    let world = World::new().await;
    let answer = world
        .post_as("/api/v1/alerts/7/acknowledge", OPERATOR, "")
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    assert!(answer.message().contains("`7`"));
    let answer = world
        .post_as(
            "/api/v1/alerts/18446744073709551615/acknowledge",
            OPERATOR,
            "",
        )
        .await;
    assert_eq!(answer.status, 404);
}
