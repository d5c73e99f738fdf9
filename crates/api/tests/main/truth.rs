//! Health, readiness and metrics tell the truth, and nothing secret.

use std::time::Duration;

use serde_json::json;

use crate::lists::{decision, raise};
use crate::world::{IMinter, MINTER, OPERATOR, Views, World, account, config, ray, transfer, wei};

#[tokio::test]
async fn readiness_follows_the_index() {
    let mut config = config();
    config.max_lag_blocks = 3;
    let world = World::with(config).await;
    let answer = world.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.json()["checks"][2],
        json!({ "name": "index", "ok": false, "detail": "is empty" })
    );

    world.index(vec![]).await;
    let answer = world.get("/readyz").await;
    assert_eq!(
        (answer.status, answer.json()["ready"].as_bool()),
        (200, Some(true)),
        "{}",
        answer.text
    );

    world.chain.mine(3);
    assert_eq!(world.get("/readyz").await.status, 200);
    world.chain.mine(1);
    let answer = world.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.json()["checks"][2]["detail"],
        "4 blocks behind, at most 3 allowed"
    );
    assert_eq!(world.get("/api/v1/status").await.json()["lagBlocks"], 4);
    // The process itself is well.
    assert_eq!(world.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn an_open_hole_is_not_ready() {
    let world = World::new().await;
    world.index(vec![]).await;
    assert_eq!(world.get("/readyz").await.status, 200);
    let hole = world
        .store
        .report_hole(1, 2, "bloom says otherwise".into())
        .await
        .unwrap();
    let answer = world.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["checks"][2]["detail"], "1 holes left");
    world.store.fill_hole(hole).await.unwrap();
    assert_eq!(world.get("/readyz").await.status, 200);
    let status = world.get("/api/v1/status").await.json();
    assert_eq!(
        (status["holesFound"].as_u64(), status["holesLeft"].as_u64()),
        (Some(1), Some(0))
    );
}

#[tokio::test]
async fn while_the_chain_is_down_the_index_still_answers() {
    let world = World::new().await;
    let who = account(7);
    world
        .index(vec![(
            0,
            "Transfer",
            transfer(alloy::primitives::Address::ZERO, who, wei(5)),
        )])
        .await;
    world
        .index(vec![(0, "Transfer", transfer(who, account(8), wei(2)))])
        .await;
    world.chain_down();

    for path in [
        "/api/v1/monitoring/overview".to_owned(),
        "/api/v1/validators".to_owned(),
        "/api/v1/validators/1".to_owned(),
        format!("/api/v1/accounts/{who}"),
        "/api/v1/quote/exit?amount=1".to_owned(),
        "/api/v1/quote/deposit?amount=1".to_owned(),
        "/api/v1/quote/pool?amount=1".to_owned(),
        "/api/v1/vault".to_owned(),
        format!("/api/v1/accounts/{who}/vault"),
        format!("/api/v1/accounts/{who}/payouts"),
        "/api/v1/pools".to_owned(),
        "/api/v1/reserve".to_owned(),
        "/api/v1/converter".to_owned(),
    ] {
        let answer = world.get(&path).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "chain_unavailable"),
            "{path}: {}",
            answer.text
        );
    }
    for path in [
        "/api/v1/config".to_owned(),
        "/api/v1/monitoring/rungs".to_owned(),
        "/api/v1/monitoring/events".to_owned(),
        format!("/api/v1/accounts/{who}/history"),
        "/api/v1/metrics/history?metric=tvl".to_owned(),
        "/api/v1/automation/jobs".to_owned(),
        "/api/v1/automation/journal".to_owned(),
        "/api/v1/alerts".to_owned(),
        "/api/v1/oracle".to_owned(),
        "/api/v1/vault/history".to_owned(),
        "/api/v1/pools/sales".to_owned(),
        "/api/v1/reserve/history".to_owned(),
        "/api/v1/converter/sales".to_owned(),
        "/api/v1/delegates".to_owned(),
        "/api/v1/halt".to_owned(),
    ] {
        let answer = world.get_as(&path, OPERATOR).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    let status = world.get("/api/v1/status").await.json();
    assert_eq!(status["chainHead"], json!(null));
    assert_eq!(status["lagBlocks"], json!(null));
    assert_eq!(status["indexed"]["number"], 2);
    let answer = world.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["checks"][0]["ok"], true);
    assert_eq!(
        answer.json()["checks"][1],
        json!({ "name": "chain", "ok": false, "detail": "does not answer" })
    );

    world.node.heal();
    assert_eq!(world.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_chain_that_hangs_is_down_within_the_timeout() {
    let mut config = config();
    config.chain_timeout = Duration::from_millis(300);
    let world = World::with(config).await;
    world.node.fail(None, chain::fake::NodeFault::Hang, None);
    let started = std::time::Instant::now();
    assert_eq!(
        world.get("/api/v1/monitoring/overview").await.code(),
        "chain_unavailable"
    );
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn the_wrong_address_is_no_outage() {
    // Nothing at the minter's address: the chain answers, but with nothing.
    let world = World::new().await;
    let answer = world.get("/api/v1/quote/deposit?amount=1").await;
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
    assert_eq!(answer.message(), "internal error");
}

#[tokio::test]
async fn o15_keys_of_endpoints_never_leave_the_server() {
    let key = "k3y-0f-th3-pr0v1d3r";
    let world = World::at(config(), &format!("/v2/{key}?apikey={key}")).await;
    world
        .chain
        .install(MINTER, Views::default().any::<IMinter::rateCall>(&ray()));
    let mut texts = Vec::new();
    for _ in 0..2 {
        for path in [
            "/readyz",
            "/metrics",
            "/api/v1/status",
            "/api/v1/config",
            "/api/v1/monitoring/overview",
            "/api/v1/quote/exit?amount=1",
            "/api/v1/validators",
        ] {
            let answer = world.get_as(path, OPERATOR).await;
            texts.push(format!("{:?}{}", answer.headers, answer.text));
        }
        world.node.fail(
            None,
            chain::fake::NodeFault::Error(-32000, format!("quota of {key} used up")),
            None,
        );
    }
    for text in texts {
        assert!(!text.contains(key), "{text}");
        assert!(!text.contains(OPERATOR), "{text}");
    }
}

/// By name and labels, as it stands in the text.
fn series(text: &str, name: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn metrics_count_requests_and_leave_out_what_is_unknown() {
    let world = World::new().await;
    world.index(vec![]).await;
    world.chain.mine(2);
    for _ in 0..3 {
        world.get("/api/v1/oracle").await;
    }
    world
        .get(&format!("/api/v1/accounts/{}/nothing", "x".repeat(50)))
        .await;
    let answer = world.get("/metrics").await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert!(answer.text.ends_with("# EOF\n"));
    let text = &answer.text;
    assert_eq!(
        series(
            text,
            r#"omnibus_http_requests_total{method="GET",route="/api/v1/oracle",status="200"}"#
        ),
        Some(3.0),
        "{text}"
    );
    assert_eq!(
        series(
            text,
            r#"omnibus_http_requests_total{method="GET",route="other",status="404"}"#
        ),
        Some(1.0),
        "{text}"
    );
    assert_eq!(
        series(
            text,
            r#"omnibus_http_request_seconds_count{route="/api/v1/oracle"}"#
        ),
        Some(3.0),
        "{text}"
    );
    assert_eq!(
        series(text, "omnibus_index_lag_blocks"),
        Some(2.0),
        "{text}"
    );
    assert_eq!(series(text, "omnibus_ready"), Some(1.0), "{text}");
    assert!(!text.contains("xxxx"));

    world.chain_down();
    let text = world.get("/metrics").await.text;
    assert_eq!(series(&text, "omnibus_ready"), Some(0.0), "{text}");
    assert_eq!(series(&text, "omnibus_index_block"), Some(1.0), "{text}");
    assert!(
        !text.contains("omnibus_chain_block") && !text.contains("omnibus_index_lag_blocks"),
        "{text}"
    );
}

#[tokio::test]
async fn metrics_show_the_keeper_alerts_and_what_the_monitor_read() {
    let world = World::new().await;
    let head = world.index(vec![]).await;
    let text = world.get("/metrics").await.text;
    assert_eq!(series(&text, "omnibus_keeper_mode"), Some(0.0), "{text}");
    assert!(
        !text.contains("omnibus_keeper_last_run") && !text.contains("omnibus_sample"),
        "{text}"
    );
    let alerts = |text: &str, severity: &str, state: &str| {
        series(
            text,
            &format!(r#"omnibus_alerts{{severity="{severity}",state="{state}"}}"#),
        )
    };
    assert_eq!(alerts(&text, "critical", "open"), Some(0.0), "{text}");

    let samples = [
        ("validator/3/slashVotes", "2"),
        ("headroom", "12345678901234567890"),
        ("odd\"name", "7"),
        ("word", "slow"),
        ("almost", "inf"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    world
        .store
        .record_samples(head.number, head.hash, samples.to_vec(), vec![])
        .await
        .unwrap();
    world
        .store
        .apply_alerts(vec![raise("a", "first", "x"), raise("b", "second", "y")])
        .await
        .unwrap();
    world
        .post_as("/api/v1/alerts/1/acknowledge", OPERATOR, "")
        .await;
    world
        .store
        .record_decision(decision("sweep", "nothing matured"))
        .await
        .unwrap();
    let text = world.get("/metrics").await.text;
    for (name, value) in [
        ("omnibus_keeper_mode", 1.0),
        ("omnibus_keeper_last_run_timestamp_seconds", 1_700_000_100.0),
        (r#"omnibus_sample{metric="validator/3/slashVotes"}"#, 2.0),
        (
            r#"omnibus_sample{metric="headroom"}"#,
            12_345_678_901_234_567_890.0,
        ),
        (r#"omnibus_sample{metric="odd\"name"}"#, 7.0),
    ] {
        assert_eq!(series(&text, name), Some(value), "{name} in\n{text}");
    }
    let at = std::time::Duration::from_secs(head.timestamp).as_secs_f64();
    assert_eq!(series(&text, "omnibus_sample_timestamp_seconds"), Some(at));
    assert!(!text.contains("slow") && !text.contains("almost"), "{text}");
    assert_eq!(alerts(&text, "critical", "open"), Some(1.0), "{text}");
    assert_eq!(
        alerts(&text, "critical", "acknowledged"),
        Some(1.0),
        "{text}"
    );
    assert_eq!(alerts(&text, "warning", "open"), Some(0.0), "{text}");
}

#[tokio::test]
async fn it_stops_when_told_and_finishes_what_runs() {
    let mut world = World::new().await;
    assert_eq!(world.get("/healthz").await.status, 200);
    world.stop().await;
    assert!(world.http.get(world.url("/healthz")).send().await.is_err());
}
