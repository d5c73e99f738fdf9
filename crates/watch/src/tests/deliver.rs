use super::*;
use crate::{
    Channel, DELIVERY_HEADER, Deliverer, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER, Webhook, sign,
};
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use hmac::{Hmac, Mac};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Mutex};
use store::{AlertOp, AlertState, MessageState, PageRequest, Raise, Severity};

const SECRET: &str = "a shared secret";

#[derive(Clone, Default)]
pub(super) struct Receiver {
    pub(super) got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    /// What to answer, first to last; then 200.
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    /// The address ends in a key, as those of chat services do.
    pub(super) async fn start(&self) -> chain::SensitiveUrl {
        let router = Router::new()
            .route("/hook/{key}", post(receive))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "http://{}/hook/key-in-the-path",
            listener.local_addr().unwrap()
        );
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url.parse().unwrap()
    }

    fn bodies(&self) -> Vec<Value> {
        self.got
            .lock()
            .unwrap()
            .iter()
            .map(|(_, body)| serde_json::from_slice(body).unwrap())
            .collect()
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    receiver.got.lock().unwrap().push((headers, body));
    let mut answers = receiver.answers.lock().unwrap();
    let answer = if answers.is_empty() {
        200
    } else {
        answers.remove(0)
    };
    StatusCode::from_u16(answer).unwrap()
}

pub(super) fn hook(url: chain::SensitiveUrl) -> Channel {
    Channel::Webhook(Webhook {
        url,
        secret: Secret::new(SECRET.to_owned()),
    })
}

pub(super) fn raise(dedupe: &str, channels: &[&str]) -> AlertOp {
    AlertOp::Raise(Raise {
        dedupe: dedupe.into(),
        rule: "r".into(),
        severity: Severity::Critical,
        title: "title".into(),
        detail: "detail".into(),
        block: 5,
        at: 1_000,
        channels: channels.iter().map(|c| (*c).to_owned()).collect(),
        cooldown: 0,
    })
}

#[test]
fn the_signature_is_hmac_sha256_over_time_and_body() {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac topsecret
    let expected = "v1=6a939b0c71853d606167625a15168ee9188c6a511c773ef4f42d307f3849e50f";
    let secret = Secret::new("topsecret".to_owned());
    assert_eq!(
        sign(&secret, 1_700_000_000, br#"{"a":1}"#).unwrap(),
        expected
    );
    assert!(!format!("{secret:?}").contains("topsecret"));
}

#[tokio::test]
async fn o10_a_webhook_is_signed_and_tried_again_in_order_with_the_same_id() {
    let receiver = Receiver::default();
    let url = receiver.start().await;
    receiver.answers.lock().unwrap().extend([503, 500]);
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 8).await;
    let channels = Channels::new(BTreeMap::from([("ops".to_owned(), hook(url))]));
    let deliverer = Deliverer::new(store.clone(), channels).unwrap();
    store
        .apply_alerts(vec![raise("a", &["ops"])])
        .await
        .unwrap();
    store
        .apply_alerts(vec![AlertOp::Resolve {
            dedupe: "a".into(),
            at: 1_010,
            resolution: "over".into(),
        }])
        .await
        .unwrap();
    let mut now = 2_000_000_000;
    assert_eq!(deliverer.deliver_due(now).await.unwrap(), 1);
    // Not before its time.
    assert_eq!(deliverer.deliver_due(now + 4).await.unwrap(), 0);
    for wait in [5, 10] {
        now += wait;
        assert_eq!(deliverer.deliver_due(now).await.unwrap(), 1);
    }
    assert_eq!(deliverer.deliver_due(now).await.unwrap(), 1);
    assert_eq!(deliverer.deliver_due(now + 10_000).await.unwrap(), 0);
    let bodies = receiver.bodies();
    let kinds: Vec<_> = bodies.iter().map(|b| b["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["opened", "opened", "opened", "resolved"]);
    assert_eq!(
        (bodies[0]["title"].as_str(), bodies[0]["block"].as_u64()),
        (Some("title"), Some(5))
    );
    for (headers, body) in receiver.got.lock().unwrap().iter() {
        let header = |name| headers.get(name).unwrap().to_str().unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{}.", header(TIMESTAMP_HEADER)).as_bytes());
        mac.update(body);
        let signature = header(SIGNATURE_HEADER).strip_prefix("v1=").unwrap();
        mac.verify_slice(&hex::decode(signature).unwrap()).unwrap();
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(
            header(DELIVERY_HEADER),
            body["delivery"].as_i64().unwrap().to_string()
        );
    }
    assert_eq!(bodies[0]["delivery"], bodies[2]["delivery"]);
    assert_ne!(bodies[0]["delivery"], bodies[3]["delivery"]);
}

/// Between the receiver's answer and our note of it: the message comes again, and can be told as the same.
#[tokio::test]
async fn o10_a_crash_after_sending_sends_again_with_the_same_id() {
    let receiver = Receiver::default();
    let url = receiver.start().await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 8).await;
    store
        .apply_alerts(vec![raise("a", &["ops"])])
        .await
        .unwrap();
    let channels = Channels::new(BTreeMap::from([("ops".to_owned(), hook(url))]));
    let deliverer = Deliverer::new(store.clone(), channels).unwrap();
    // Dropped as soon as the receiver has it, before the note.
    let dropped = tokio::time::timeout(PATIENCE, async {
        let mut delivery = Box::pin(deliverer.deliver_due(2_000_000_000));
        loop {
            tokio::select! {
                biased;
                () = async {}, if !receiver.got.lock().unwrap().is_empty() => return true,
                _ = &mut delivery => return false,
                () = tokio::task::yield_now() => {}
            }
        }
    });
    assert!(dropped.await.expect("in time"));
    drop((deliverer, store));
    // As a new process finds it.
    let store = open(dir.path(), 8).await;
    assert_eq!(
        store.messages(1).await.unwrap()[0].state,
        MessageState::Pending
    );
    let url = receiver.start().await;
    let channels = Channels::new(BTreeMap::from([("ops".to_owned(), hook(url))]));
    let deliverer = Deliverer::new(store, channels).unwrap();
    deliverer.deliver_due(2_000_000_000).await.unwrap();
    let bodies = receiver.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn o10_a_dead_channel_is_reported_through_another_one_and_tells_no_secret() {
    let (dead, good) = (Receiver::default(), Receiver::default());
    let (dead_url, good_url) = (dead.start().await, good.start().await);
    dead.answers.lock().unwrap().extend([500; 5]);
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 8).await;
    let channels = Channels::new(BTreeMap::from([
        ("dead".to_owned(), hook(dead_url)),
        ("good".to_owned(), hook(good_url)),
    ]));
    assert!(
        !format!("{channels:?}").contains("key-in-the-path")
            && !format!("{channels:?}").contains(SECRET)
    );
    let deliverer = Deliverer::new(store.clone(), channels).unwrap();
    store
        .apply_alerts(vec![raise("a", &["dead"])])
        .await
        .unwrap();
    let mut now = 2_000_000_000;
    for _ in 0..5 {
        now += 1_000;
        deliverer.deliver_due(now).await.unwrap();
    }
    assert!(good.bodies().is_empty());
    deliverer.deliver_due(now).await.unwrap();
    assert_eq!(good.bodies()[0]["rule"], "channel/dead");
    assert!(
        good.bodies()[0]["detail"]
            .as_str()
            .unwrap()
            .contains("channel dead: the channel answered 500")
    );
    // It comes back: the message arrives, and the report ends.
    deliverer.deliver_due(now + 1_000).await.unwrap();
    deliverer.deliver_due(now + 1_000).await.unwrap();
    assert_eq!(dead.bodies().len(), 6);
    assert_eq!(good.bodies()[1]["kind"], "resolved");

    // Nobody listens: the reason names no address.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!(
        "http://{}/hook/key-in-the-path",
        listener.local_addr().unwrap()
    );
    drop(listener);
    let channels = Channels::new(BTreeMap::from([(
        "gone".to_owned(),
        hook(gone.parse().unwrap()),
    )]));
    let deliverer = Deliverer::new(store.clone(), channels).unwrap();
    store
        .apply_alerts(vec![raise("b", &["gone", "no-such"])])
        .await
        .unwrap();
    deliverer.deliver_due(now + 2_000).await.unwrap();
    let open = store
        .alerts(Some(AlertState::Open), &PageRequest::default())
        .await
        .unwrap();
    let alert = open.items.iter().find(|a| a.dedupe == "b").unwrap();
    for message in store.messages(alert.id).await.unwrap() {
        assert_eq!(
            (message.state, message.attempts),
            (MessageState::Pending, 1)
        );
        let error = message.last_error.unwrap();
        assert!(
            !error.is_empty() && !error.contains("key-in-the-path"),
            "{error}"
        );
    }
}
