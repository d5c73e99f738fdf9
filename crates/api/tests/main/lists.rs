//! Lists out of the index.

use alloy::primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};
use store::{AlertOp, Decision, Inclusion, Raise, Severity, SignedTx, WorkKey};

use crate::world::{OPERATOR, TOKEN, World, account, transfer, wei};

/// Walks a list to its end.
async fn walk(world: &World, path: &str, limit: u32) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    for _ in 0..100 {
        let sign = if path.contains('?') { '&' } else { '?' };
        let answer = world
            .get_as(&format!("{path}{sign}limit={limit}{cursor}"), OPERATOR)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page = answer.json();
        let these = page["items"].as_array().unwrap();
        assert!(these.len() <= limit as usize);
        items.extend(these.iter().cloned());
        match page["nextCursor"].as_str() {
            None => return items,
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
    panic!("{path} never ends");
}

#[tokio::test]
async fn a_walk_meets_every_event_once_newest_first() {
    let world = World::new().await;
    let (one, two) = (account(1), account(2));
    for block in 1..=4_u64 {
        let mut events = vec![(0, "Transfer", transfer(Address::ZERO, one, wei(block)))];
        if block % 2 == 0 {
            events.push((3, "Transfer", transfer(one, two, U256::from(1))));
            events.push((4, "RoleGranted", json!({
                "role": B256::repeat_byte(9), "account": format!("{two:#x}"), "sender": format!("{one:#x}"),
            })));
        }
        world.index(events).await;
    }
    let expected: Vec<(u64, u64)> = vec![
        (4, 4),
        (4, 3),
        (4, 0),
        (3, 0),
        (2, 4),
        (2, 3),
        (2, 0),
        (1, 0),
    ];
    for limit in [1, 3, 200] {
        let all = walk(&world, "/api/v1/monitoring/events", limit).await;
        let keys: Vec<_> = all
            .iter()
            .map(|e| {
                (
                    e["block"].as_u64().unwrap(),
                    e["logIndex"].as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(keys, expected, "limit {limit}");
    }
    let first = &walk(&world, "/api/v1/monitoring/events", 50).await[7];
    assert_eq!(
        *first,
        json!({
            "block": 1, "logIndex": 0, "txHash": format!("{:#x}", B256::repeat_byte(1)), "at": world.chain.block(1).timestamp,
            "name": "Transfer", "contract": TOKEN.to_checksum(None),
            "args": { "from": format!("{:#x}", Address::ZERO), "to": format!("{one:#x}"), "value": wei(1).to_string() },
        })
    );
    let named = walk(&world, "/api/v1/monitoring/events?name=RoleGranted", 1).await;
    assert_eq!(named.len(), 2);
    let theirs = walk(
        &world,
        &format!(
            "/api/v1/monitoring/events?account={}",
            two.to_checksum(None)
        ),
        2,
    )
    .await;
    assert_eq!(theirs.len(), 4);
    let both = walk(
        &world,
        &format!("/api/v1/monitoring/events?account={two:#x}&name=Transfer"),
        2,
    )
    .await;
    assert_eq!(both.len(), 2);

    let history = walk(&world, &format!("/api/v1/accounts/{two:#x}/history"), 1).await;
    assert_eq!(history.len(), 2);
    assert_eq!(
        history[0],
        json!({
            "kind": "transferIn", "amount": "0", "lst": "1", "at": world.chain.block(4).timestamp, "block": 4,
            "txHash": format!("{:#x}", B256::repeat_byte(4)), "counterparty": one.to_checksum(None),
        })
    );
}

pub fn raise(dedupe: &str, title: &str, detail: &str) -> AlertOp {
    AlertOp::Raise(Raise {
        dedupe: dedupe.into(),
        rule: "headroom".into(),
        severity: Severity::Critical,
        title: title.into(),
        detail: detail.into(),
        block: 1,
        at: 1_700_000_000,
        channels: vec![],
        cooldown: 0,
    })
}

#[tokio::test]
async fn an_alert_is_taken_once_and_shown_by_state() {
    let world = World::new().await;
    world
        .store
        .apply_alerts(vec![raise("a", "first", "x"), raise("b", "second", "y")])
        .await
        .unwrap();
    let all = walk(&world, "/api/v1/alerts", 1).await;
    assert_eq!(
        all.iter()
            .map(|a| a["title"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["second", "first"]
    );
    let id = all[1]["id"].as_u64().unwrap();
    assert_eq!(
        all[1],
        json!({
            "id": id, "rule": "headroom", "severity": "critical", "state": "open", "title": "first", "detail": "x",
            "openedAt": 1_700_000_000, "resolvedAt": null,
        })
    );
    for _ in 0..2 {
        let taken = world
            .post_as(&format!("/api/v1/alerts/{id}/acknowledge"), OPERATOR, "")
            .await;
        assert_eq!(
            (taken.status, taken.json()["state"].as_str()),
            (200, Some("acknowledged"))
        );
    }
    assert_eq!(walk(&world, "/api/v1/alerts?state=open", 50).await.len(), 1);
    assert_eq!(
        walk(&world, "/api/v1/alerts?state=acknowledged", 50)
            .await
            .len(),
        1
    );

    let over = AlertOp::Resolve {
        dedupe: "a".into(),
        at: 1_700_000_009,
        resolution: "gone".into(),
    };
    world.store.apply_alerts(vec![over]).await.unwrap();
    assert_eq!(
        walk(&world, "/api/v1/alerts?state=resolved", 50).await[0]["resolvedAt"],
        1_700_000_009
    );
    let late = world
        .post_as(&format!("/api/v1/alerts/{id}/acknowledge"), OPERATOR, "")
        .await;
    assert_eq!(late.code(), "not_found");
}

#[tokio::test]
async fn o16_hostile_texts_travel_as_json_and_nothing_else() {
    let world = World::new().await;
    let hostile =
        "</script><img src=x onerror=alert(1)>\u{202e}\u{0}\r\nSet-Cookie: a=b\"'`${7*7}\u{1b}[2J";
    let event = json!({ "note": hostile, hostile: "key" });
    world.index(vec![(0, hostile, event.clone())]).await;
    world
        .store
        .apply_alerts(vec![raise("h", hostile, hostile)])
        .await
        .unwrap();
    world
        .store
        .record_decision(decision(hostile, hostile))
        .await
        .unwrap();

    let events = world.get("/api/v1/monitoring/events").await;
    assert_eq!(events.json()["items"][0]["args"], event);
    assert_eq!(events.json()["items"][0]["name"], hostile);
    let alerts = world.get_as("/api/v1/alerts", OPERATOR).await;
    assert_eq!(alerts.json()["items"][0]["title"], hostile);
    let jobs = world.get_as("/api/v1/automation/jobs", OPERATOR).await;
    assert_eq!(jobs.json()[0]["lastReason"], hostile);
    // Asking for it by name, which puts it into errors and addresses.
    let encoded = "%3C/script%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%0D%0ASet-Cookie:%20a%3Db";
    let named = world
        .get(&format!("/api/v1/accounts/{encoded}/history"))
        .await;
    let wrong = world
        .get(&format!("/api/v1/alerts/x?state={encoded}"))
        .await;
    for answer in [&events, &alerts, &jobs, &named, &wrong] {
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("set-cookie"), "");
        assert!(
            !answer.text.contains(['\0', '\r', '\u{1b}']),
            "control characters are escaped"
        );
    }
}

pub fn decision(job: &str, reason: &str) -> Decision {
    Decision {
        id: 0,
        job: job.into(),
        mode: "dryRun".into(),
        at: 1_700_000_100,
        block: 7,
        decision: "wait".into(),
        reason: reason.into(),
        work: None,
        next_due: Some(1_700_000_400),
    }
}

#[tokio::test]
async fn jobs_and_journal_show_what_the_keeper_did_but_never_signed_bytes() {
    let world = World::new().await;
    let secret = Bytes::from(vec![0xab; 120]);
    let fence = world
        .store
        .take_lease("keeper on this machine".into())
        .await
        .unwrap();
    let key = WorkKey {
        chain_id: 1,
        contract: account(3),
        job: "sweep".into(),
        target: "validator:1".into(),
        precondition: B256::ZERO,
    };
    let attempt = world
        .store
        .begin_attempt(fence, key.clone(), "matured".into())
        .await
        .unwrap();
    let signed = SignedTx {
        signer: account(5),
        nonce: 17,
        hash: B256::repeat_byte(0x77),
        raw: secret.clone(),
        max_fee: U256::from(1),
        priority_fee: U256::from(1),
    };
    let tx = world
        .store
        .journal_signed(fence, attempt.id, signed)
        .await
        .unwrap();
    world.store.mark_broadcast(tx.id).await.unwrap();
    let inclusion = Inclusion {
        block: 9,
        hash: B256::ZERO,
        success: true,
        gas_used: 123_456,
        gas_price: U256::from(7),
    };
    world.store.mark_mined(tx.id, inclusion).await.unwrap();
    world
        .store
        .conclude(attempt.id, true, "swept".into())
        .await
        .unwrap();
    world
        .store
        .record_decision(decision("sweep", "nothing matured"))
        .await
        .unwrap();
    world
        .store
        .record_decision(Decision {
            mode: "on".into(),
            ..decision("claim", "too small")
        })
        .await
        .unwrap();

    let journal = world.get_as("/api/v1/automation/journal", OPERATOR).await;
    let entry = &journal.json()["items"][0];
    for (field, value) in [
        ("workId", json!(format!("{:#x}", key.id()))),
        ("job", json!("sweep")),
        ("target", json!("validator:1")),
        ("state", json!("succeeded")),
        ("txHash", json!(format!("{:#x}", B256::repeat_byte(0x77)))),
        ("nonce", json!(17)),
        ("gasUsed", json!(123_456)),
    ] {
        assert_eq!(entry[field], value, "{field}");
    }
    assert!(!journal.text.contains("abababab"), "signed bytes");

    let jobs = world
        .get_as("/api/v1/automation/jobs", OPERATOR)
        .await
        .json();
    assert_eq!(
        jobs,
        json!([
            {
                "job": "claim", "mode": "on", "lastRunAt": 1_700_000_100, "lastDecision": "wait", "lastReason": "too small",
                "lastTxHash": null, "nextDueAt": 1_700_000_400,
            },
            {
                "job": "sweep", "mode": "dryRun", "lastRunAt": 1_700_000_100, "lastDecision": "wait",
                "lastReason": "nothing matured", "lastTxHash": format!("{:#x}", B256::repeat_byte(0x77)), "nextDueAt": 1_700_000_400,
            },
        ])
    );
    let keeper = world.get("/api/v1/status").await.json()["keeper"].clone();
    assert_eq!(
        keeper,
        json!({ "mode": "on", "lastRunAt": 1_700_000_100, "leader": "keeper on this machine" })
    );
}

#[tokio::test]
async fn a_series_is_thinned_to_a_thousand_and_keeps_its_ends() {
    let world = World::new().await;
    let mut times = Vec::new();
    for n in 1..=1_500_u64 {
        let block = world.chain.mine(1);
        let header = store::Block {
            number: block.number,
            hash: block.hash,
            parent: block.parent_hash,
            timestamp: block.timestamp,
            events: 0,
        };
        let batch = store::BlockBatch {
            block: header,
            events: vec![],
            alerts: vec![],
        };
        world.store.apply_block(batch).await.unwrap();
        let samples = vec![
            ("tvl".to_owned(), (wei(1) * U256::from(n)).to_string()),
            ("other".to_owned(), "word".to_owned()),
        ];
        world
            .store
            .record_samples(block.number, block.hash, samples, vec![])
            .await
            .unwrap();
        times.push(block.timestamp);
    }
    let world = &world;
    let ask = |query: String| async move {
        world
            .get(&format!("/api/v1/metrics/history?metric=tvl{query}"))
            .await
            .json()
    };
    let all = ask(String::new()).await;
    let all = all.as_array().unwrap();
    assert!((700..=1_000).contains(&all.len()), "{}", all.len());
    assert_eq!(
        all.last().unwrap(),
        &json!({ "at": times[1_499], "value": (wei(1) * U256::from(1_500)).to_string() })
    );
    assert!(
        all.windows(2)
            .all(|pair| pair[0]["at"].as_u64() < pair[1]["at"].as_u64())
    );

    let few = ask(format!("&from={}&to={}", times[3], times[6])).await;
    assert_eq!(
        few,
        json!(
            (3..=6_usize)
                .map(
                    |n| json!({ "at": times[n], "value": (wei(1) * U256::from(n + 1)).to_string() })
                )
                .collect::<Vec<_>>()
        )
    );
    assert_eq!(ask(format!("&from={}", times[1_499] + 1)).await, json!([]));
    assert_eq!(
        world
            .get("/api/v1/metrics/history?metric=rate")
            .await
            .json(),
        json!([])
    );
}
