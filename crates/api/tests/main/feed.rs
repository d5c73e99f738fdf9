//! The change feed.

use std::time::Duration;

use alloy::primitives::Address;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use store::{AlertOp, Decision, Raise, Severity};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::world::{OPERATOR, VIEWER, World, account, config, transfer, wei};

const PATIENCE: Duration = Duration::from_secs(20);

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn open(world: &World) -> Self {
        Self(
            connect_async(format!("ws://{}/api/v1/ws", world.addr))
                .await
                .unwrap()
                .0,
        )
    }

    async fn say(&mut self, message: Value) {
        self.0
            .send(Message::Text(message.to_string().into()))
            .await
            .unwrap();
    }

    async fn subscribe(world: &World, message: Value) -> Self {
        let mut client = Self::open(world).await;
        client.say(message).await;
        client
    }

    /// The next message; `None` when the server closed, with its code.
    async fn hear(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("silence") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The next change, resync or error.
    async fn news(&mut self) -> Value {
        loop {
            let message = self.hear().await.unwrap();
            if message["type"] != "heartbeat" {
                return message;
            }
        }
    }

    /// The next heartbeat, which ends a subscription's replay; what came before it.
    async fn settled(&mut self) -> (Vec<Value>, u64) {
        let mut before = Vec::new();
        loop {
            let message = self.hear().await.unwrap();
            if message["type"] == "heartbeat" {
                return (before, message["seq"].as_u64().unwrap());
            }
            before.push(message);
        }
    }
}

fn raise(dedupe: &str) -> AlertOp {
    AlertOp::Raise(Raise {
        dedupe: dedupe.into(),
        rule: "rule".into(),
        severity: Severity::Info,
        title: "t".into(),
        detail: "d".into(),
        block: 1,
        at: 1,
        channels: vec![],
        cooldown: 0,
    })
}

fn decision(text: &str) -> Decision {
    Decision {
        id: 0,
        job: "sweep".into(),
        mode: "on".into(),
        at: 1,
        block: 1,
        decision: text.into(),
        reason: String::new(),
        work: None,
        next_due: None,
    }
}

#[tokio::test]
async fn a_client_hears_its_topics_and_no_others() {
    let world = World::new().await;
    let (one, two) = (account(1), account(2));
    let topic = format!("account:{}", one.to_checksum(None));
    let mut client = Client::subscribe(&world, json!({ "subscribe": [topic] })).await;
    let (before, start) = client.settled().await;
    assert!(before.is_empty());
    world
        .index(vec![(0, "Transfer", transfer(Address::ZERO, two, wei(1)))])
        .await;
    world
        .index(vec![(0, "Transfer", transfer(Address::ZERO, one, wei(1)))])
        .await;
    let change = client.news().await;
    assert_eq!(
        (&change["type"], &change["topic"]),
        (&json!("change"), &json!(format!("account:{one:#x}")))
    );
    assert!(change["seq"].as_u64().unwrap() > start);
    assert_eq!(change["payload"], Value::Null);

    // A later message replaces the subscription.
    client
        .say(json!({ "subscribe": ["alerts"], "token": VIEWER }))
        .await;
    client.settled().await;
    world
        .index(vec![(0, "Transfer", transfer(Address::ZERO, one, wei(1)))])
        .await;
    world.store.apply_alerts(vec![raise("a")]).await.unwrap();
    let change = client.news().await;
    assert_eq!(change["topic"], "alerts");
    assert_eq!(change["payload"]["state"], "open");
}

#[tokio::test]
async fn the_baskets_topics_are_heard_by_who_asks_for_them() {
    let world = World::new().await;
    let who = format!("{:#x}", account(1));
    let amount = wei(5).to_string();
    let events = [
        (
            "sleeves",
            "basket.SleeveAdded",
            json!({ "sleeve": "0", "adapter": who, "token": who, "epochToken": who }),
        ),
        (
            "nav",
            "basket.Harvested",
            json!({ "sleeve": "0", "gained": "1", "released": "1", "locked": "0", "feeUnits": "0" }),
        ),
        (
            "epochs",
            "queue.RedeemRequest",
            json!({ "controller": who, "owner": who, "requestId": "1", "sender": who, "shares": amount }),
        ),
        (
            "prices",
            "feed.Listed",
            json!({ "asset": who, "low": "1", "high": "2" }),
        ),
        (
            "governance",
            "gov.Transfer",
            json!({ "from": format!("{:#x}", Address::ZERO), "to": who, "value": amount }),
        ),
    ];
    for (topic, name, args) in events {
        let mut client = Client::subscribe(&world, json!({ "subscribe": [topic] })).await;
        client.settled().await;
        let seq = world.store.seq().await.unwrap();
        world.index(vec![(0, name, args)]).await;
        let change = client.news().await;
        assert_eq!(
            (&change["type"], &change["topic"], &change["payload"]),
            (&json!("change"), &json!(topic), &Value::Null),
            "{name}"
        );
        assert!(change["seq"].as_u64().unwrap() > seq);
    }
    let mut client = Client::subscribe(&world, json!({ "subscribe": ["navs"] })).await;
    let refusal = client.news().await;
    assert_eq!(refusal["error"]["code"], "invalid_parameter");
    let message = refusal["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("`navs`") && message.contains("governance"),
        "{message}"
    );
}

#[tokio::test]
async fn who_comes_back_gets_what_it_missed_exactly_once() {
    let world = World::new().await;
    let subscribe =
        |since: Option<u64>| json!({ "subscribe": ["jobs"], "token": OPERATOR, "since": since });
    let mut client = Client::subscribe(&world, subscribe(None)).await;
    let (_, start) = client.settled().await;
    for n in 0..3 {
        world
            .store
            .record_decision(decision(&format!("{n}")))
            .await
            .unwrap();
    }
    let first = client.news().await;
    assert_eq!(
        (first["seq"].as_u64(), &first["payload"]["decision"]),
        (Some(start + 1), &json!("0"))
    );
    drop(client);
    world.store.record_decision(decision("3")).await.unwrap();

    let mut client = Client::subscribe(&world, subscribe(Some(start + 1))).await;
    let (missed, at) = client.settled().await;
    let told: Vec<_> = missed
        .iter()
        .map(|m| m["payload"]["decision"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["1", "2", "3"]);
    assert_eq!(at, start + 4);
    world.store.record_decision(decision("4")).await.unwrap();
    let next = client.news().await;
    assert_eq!(
        (next["seq"].as_u64(), &next["payload"]["decision"]),
        (Some(start + 5), &json!("4"))
    );
}

#[tokio::test]
async fn changes_during_the_replay_are_neither_lost_nor_told_twice() {
    let world = World::new().await;
    for n in 0..700 {
        world
            .store
            .record_decision(decision(&n.to_string()))
            .await
            .unwrap();
    }
    let start = world.store.seq().await.unwrap() - 700;
    let store = world.store.clone();
    let writer = tokio::spawn(async move {
        for n in 700..900 {
            store
                .record_decision(decision(&n.to_string()))
                .await
                .unwrap();
        }
    });
    let message = json!({ "subscribe": ["jobs"], "token": OPERATOR, "since": start });
    let mut client = Client::subscribe(&world, message).await;
    for n in 0..900 {
        let change = client.news().await;
        assert_eq!(
            (change["seq"].as_u64(), &change["payload"]["decision"]),
            (Some(start + 1 + n), &json!(n.to_string()))
        );
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn a_number_that_was_never_given_means_start_over() {
    let world = World::new().await;
    world.store.record_decision(decision("0")).await.unwrap();
    let now = world.store.seq().await.unwrap();
    let mut client =
        Client::subscribe(&world, json!({ "subscribe": ["queue"], "since": now + 50 })).await;
    assert_eq!(
        client.hear().await.unwrap(),
        json!({ "type": "resync", "seq": now })
    );
    assert_eq!(
        client.hear().await.unwrap(),
        json!({ "type": "heartbeat", "seq": now })
    );
}

#[tokio::test]
async fn o2_a_reorg_sends_everybody_back_to_the_start() {
    let world = World::new().await;
    world.index(vec![]).await;
    world
        .index(vec![(
            0,
            "Transfer",
            transfer(Address::ZERO, account(1), wei(1)),
        )])
        .await;
    let seen = world.store.seq().await.unwrap();
    let message = json!({ "subscribe": ["metrics"], "since": seen });
    let mut client = Client::subscribe(&world, message).await;
    assert_eq!(client.settled().await, (vec![], seen));
    world.store.rollback_to(1).await.unwrap();
    let message = client.news().await;
    assert_eq!(message["type"], "resync");
    assert!(message["seq"].as_u64().unwrap() > seen);
    // One who was away during it as well.
    let mut late =
        Client::subscribe(&world, json!({ "subscribe": ["metrics"], "since": seen })).await;
    assert_eq!(late.news().await["type"], "resync");
}

#[tokio::test]
async fn bad_requests_are_answered_and_the_line_stays() {
    let world = World::new().await;
    let mut client = Client::open(&world).await;
    for (message, code, names) in [
        (
            json!({ "subscribe": ["weather"] }),
            "invalid_parameter",
            "weather",
        ),
        (
            json!({ "subscribe": ["account:0x12"] }),
            "invalid_address",
            "0x12",
        ),
        (json!({ "subscribe": ["alerts"] }), "unauthorized", "token"),
        (
            json!({ "subscribe": ["jobs"], "token": "not-the-token-of-this-server" }),
            "unauthorized",
            "token",
        ),
        (
            json!({ "subscribe": vec!["queue"; 33] }),
            "invalid_parameter",
            "32",
        ),
        (json!({ "subscribe": "queue" }), "invalid_body", "sequence"),
        (
            json!({ "subscribe": ["queue"], "sinec": 1 }),
            "invalid_body",
            "sinec",
        ),
        (
            json!({ "subscribe": ["queue"], "since": -1 }),
            "invalid_body",
            "-1",
        ),
        (json!([]), "invalid_body", "length"),
    ] {
        client.say(message.clone()).await;
        let answer = client.hear().await.unwrap();
        assert_eq!(
            (&answer["type"], &answer["error"]["code"]),
            (&json!("error"), &json!(code)),
            "{message}: {answer}"
        );
        assert!(
            answer["error"]["message"].as_str().unwrap().contains(names),
            "{message}: {answer}"
        );
        assert!(!answer["error"]["hint"].as_str().unwrap().is_empty());
    }
    client.say(json!({ "subscribe": ["queue"] })).await;
    client.settled().await;
}

#[tokio::test]
async fn o13_who_floods_is_closed() {
    let world = World::new().await;
    let mut client = Client::open(&world).await;
    for _ in 0..31 {
        client.say(json!({ "subscribe": [] })).await;
    }
    let code = loop {
        if let Err(code) = client.hear().await {
            break code;
        }
    };
    assert_eq!(code, Some(1008));
    let mut client = Client::open(&world).await;
    let _ = client
        .0
        .send(Message::Text("x".repeat(20_000).into()))
        .await;
    assert!(client.hear().await.is_err());
}

#[tokio::test]
async fn heartbeats_come_and_carry_the_number() {
    let mut config = config();
    config.heartbeat = Duration::from_millis(100);
    let world = World::with(config).await;
    world.store.record_decision(decision("0")).await.unwrap();
    let seq = world.store.seq().await.unwrap();
    let mut client = Client::open(&world).await;
    // Without a subscription too; the number may trail the store by a moment.
    let mut last = 0;
    for _ in 0..100 {
        let message = client.hear().await.unwrap();
        assert_eq!(message["type"], "heartbeat");
        last = message["seq"].as_u64().unwrap();
        if last == seq {
            return;
        }
    }
    panic!("stays at {last}, the store is at {seq}");
}

#[tokio::test]
async fn o13_a_slow_reader_is_dropped_and_the_others_hear_everything() {
    let mut config = config();
    config.ws_buffer = 64;
    config.heartbeat = Duration::from_millis(500);
    let world = World::with(config).await;
    let message = json!({ "subscribe": ["jobs"], "token": OPERATOR });
    let mut slow = Client::subscribe(&world, message.clone()).await;
    slow.settled().await;
    let mut quick = Client::subscribe(&world, message).await;
    let (_, start) = quick.settled().await;

    // 60 MB: more than the buffers of any socket hold. `slow` reads none of it.
    let store = world.store.clone();
    let writer = tokio::spawn(async move {
        let big = "x".repeat(100_000);
        for n in 0..600 {
            store
                .record_decision(decision(&format!("{n} {big}")))
                .await
                .unwrap();
        }
    });
    for n in 0..600 {
        let change = quick.news().await;
        assert_eq!(change["seq"].as_u64(), Some(start + 1 + n));
    }
    writer.await.unwrap();
    // Only one is left.
    let mut left = String::new();
    let gone = timeout(PATIENCE, async {
        loop {
            left = world.get("/metrics").await.text;
            if left.lines().any(|line| line == "omnibus_ws_clients 1.0") {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    assert!(gone.await.is_ok(), "{left}");
    // It can come back for the rest.
    drop(slow);
}

#[tokio::test]
async fn seats_are_counted_and_given_back() {
    let mut config = config();
    config.ws_clients = 1;
    let world = World::with(config).await;
    let client = Client::open(&world).await;
    let refused = connect_async(format!("ws://{}/api/v1/ws", world.addr)).await;
    let Err(Error::Http(response)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(response.status(), 503);
    drop(client);
    let again = timeout(PATIENCE, async {
        while connect_async(format!("ws://{}/api/v1/ws", world.addr))
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    });
    again.await.unwrap();
}

#[tokio::test]
async fn o13_pages_from_elsewhere_get_no_socket() {
    let mut config = config();
    config.allowed_origins = vec!["https://app.example".into()];
    let world = World::with(config).await;
    for (origin, passes) in [
        (format!("http://{}", world.addr), true),
        ("https://app.example".to_owned(), true),
        ("https://evil.example".to_owned(), false),
        ("null".to_owned(), false),
        (format!("http://{}.evil.example", world.addr), false),
    ] {
        let mut request = format!("ws://{}/api/v1/ws", world.addr)
            .into_client_request()
            .unwrap();
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        match connect_async(request).await {
            Ok(_) => assert!(passes, "{origin}"),
            Err(Error::Http(response)) => assert!(
                !passes && response.status() == 403,
                "{origin}: {response:?}"
            ),
            Err(error) => panic!("{origin}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let mut world = World::new().await;
    let mut client = Client::subscribe(&world, json!({ "subscribe": ["queue"] })).await;
    client.settled().await;
    let (_, heard) = tokio::join!(world.stop(), client.hear());
    assert_eq!(heard, Err(Some(1001)));
}
