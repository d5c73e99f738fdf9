//! Every kind of channel against a server on this machine that speaks its wire format.

mod email;

use super::*;
use crate::{Channel, Deliverer, PagerDuty, Secret, Telegram, is_loopback};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};
use store::{AlertOp, MessageState, Raise, Severity};
use tempfile::TempDir;

/// 2033-05-18 03:33:20 UTC.
const NOW: u64 = 2_000_000_000;
/// 2023-11-14 22:13:20 UTC.
const OPENED: u64 = 1_700_000_000;
const TITLE: &str = "Gas is low";
const DETAIL: &str = "5 left, 10 wanted";
const FACTS: &str =
    "test/main, rule gas-low, alert 1, message 1, block 77, opened 2023-11-14T22:13:20Z";
/// What strangers might hope to get through.
const HOSTILE: &str = "@everyone <!channel> <@U1> a&b `x` **y** [pay](https://evil.example)\r\nBcc: evil@example.org\u{202e}\u{0}\u{200b}";

/// What a server was asked.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

/// What it answers.
#[derive(Clone, Default)]
struct Reply(u16, Vec<(&'static str, String)>, String);

impl Reply {
    fn new(status: u16, body: &str) -> Self {
        Self(status, vec![], body.to_owned())
    }
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.1.push((name, value.to_owned()));
        self
    }
}

/// A server that notes what it is asked and answers from a list; then as its service does when all is well.
#[derive(Clone)]
pub(super) struct Wire {
    asked: Arc<Mutex<Vec<Asked>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    good: Reply,
}

impl Wire {
    async fn start(good: Reply) -> (Self, String) {
        let wire = Self {
            asked: Arc::default(),
            replies: Arc::default(),
            good,
        };
        let router = Router::new().fallback(note).with_state(wire.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (wire, base)
    }

    /// For services that are asked without a body.
    pub(super) async fn start_plain() -> (Self, String) {
        Self::start(Reply::new(200, "OK")).await
    }

    pub(super) fn paths(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .map(|a| format!("{} {}", a.method, a.uri))
            .collect()
    }

    fn next(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// The only request so far, or the last: its path, and its JSON.
    fn last(&self) -> (String, Value) {
        let asked = self.asked.lock().unwrap();
        let last = asked.last().unwrap();
        assert_eq!(last.method, Method::POST);
        assert_eq!(last.headers["content-type"], "application/json");
        let body = serde_json::from_slice(&last.body).unwrap();
        (last.uri.to_string(), body)
    }
}

async fn note(
    State(wire): State<Wire>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    wire.asked.lock().unwrap().push(Asked {
        method,
        uri,
        headers,
        body,
    });
    let reply = wire.replies.lock().unwrap().pop_front();
    let Reply(status, headers, body) = reply.unwrap_or_else(|| wire.good.clone());
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        let value = HeaderValue::from_str(&value).unwrap();
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    response
}

async fn slack() -> (Wire, Channel) {
    let (wire, base) = Wire::start(Reply::new(200, "ok")).await;
    let url = format!("{base}/services/T0/B0/slack-key").parse().unwrap();
    (wire, Channel::Slack(url))
}

async fn discord() -> (Wire, Channel) {
    let good = Reply::new(200, r#"{"id":"1","type":0}"#).with("content-type", "application/json");
    let (wire, base) = Wire::start(good).await;
    let url = format!("{base}/api/webhooks/1/discord-key")
        .parse()
        .unwrap();
    (wire, Channel::Discord(url))
}

async fn telegram() -> (Wire, Channel) {
    let good = r#"{"ok":true,"result":{"message_id":7}}"#;
    let (wire, base) = Wire::start(Reply::new(200, good)).await;
    // A server of one's own may be below a path.
    let api = format!("{base}/bots/").parse().unwrap();
    let token = Secret::new("123456:telegram-token".to_owned());
    let bot = Telegram::new(&api, &token, "-1001".to_owned()).unwrap();
    (wire, Channel::Telegram(bot))
}

async fn pager_duty() -> (Wire, Channel) {
    let good = r#"{"status":"success","message":"Event processed","dedup_key":"k"}"#;
    let (wire, base) = Wire::start(Reply::new(202, good)).await;
    let url = format!("{base}/v2/enqueue").parse().unwrap();
    let routing_key = Secret::new("pagerduty-routing-key".to_owned());
    (wire, Channel::PagerDuty(PagerDuty { url, routing_key }))
}

/// A store with channels before it.
struct Site {
    _dir: TempDir,
    store: Store,
    deliverer: Deliverer,
    now: u64,
    /// When the next alert opens.
    opens: u64,
}

impl Site {
    async fn new<const N: usize>(channels: [(&str, Channel); N]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), 8).await;
        let channels = channels.map(|(name, channel)| (name.to_owned(), channel));
        let channels = Channels::new(BTreeMap::from(channels)).from_source("test/main".to_owned());
        let deliverer = Deliverer::new(store.clone(), channels).unwrap();
        Self {
            _dir: dir,
            store,
            deliverer,
            now: NOW,
            opens: OPENED,
        }
    }

    /// The alert that most tests tell of, to the channel `c`.
    async fn raise(&self, title: &str, detail: &str) {
        let raise = Raise {
            dedupe: "gas-low:0xab".to_owned(),
            rule: "gas-low".to_owned(),
            severity: Severity::Critical,
            title: title.to_owned(),
            detail: detail.to_owned(),
            block: 77,
            at: self.opens,
            channels: vec!["c".to_owned()],
            cooldown: 0,
        };
        let ops = vec![AlertOp::Raise(raise)];
        self.store.apply_alerts(ops).await.unwrap();
    }

    async fn resolve(&mut self) {
        let ops = vec![AlertOp::Resolve {
            dedupe: "gas-low:0xab".to_owned(),
            at: self.opens + 60,
            resolution: "20 left".to_owned(),
        }];
        self.store.apply_alerts(ops).await.unwrap();
        self.opens += 1_000;
    }

    /// Tries what is due now; later the clock is past every wait.
    async fn deliver(&mut self) -> usize {
        let count = self.deliverer.deliver_due(self.now).await.unwrap();
        self.now += 1_000;
        count
    }

    async fn message(&self, alert: i64) -> store::Message {
        self.store.messages(alert).await.unwrap().remove(0)
    }

    /// The channel `c` refuses each of these answers, says nothing that it should not, and takes the next.
    async fn refuses(&mut self, wire: &Wire, replies: &[Reply], secret: &str) {
        self.raise(TITLE, DETAIL).await;
        for (index, reply) in replies.iter().enumerate() {
            wire.next(reply.clone());
            self.deliver().await;
            let message = self.message(1).await;
            assert_eq!(
                message.state,
                MessageState::Pending,
                "{} {}",
                reply.0,
                reply.2
            );
            assert_eq!(message.attempts, index as u64 + 1);
            let error = message.last_error.unwrap();
            assert!(error.contains(&reply.0.to_string()), "{error}");
            assert!(!error.contains(secret), "{error}");
        }
        self.deliver().await;
        let message = self.message(1).await;
        assert_eq!(message.state, MessageState::Sent);
        assert_eq!(wire.count(), replies.len() + 1);
    }

    /// The answers, each to the first try of an alert of its own, and the seconds until the next.
    async fn waits(&mut self, wire: &Wire, table: &[(Reply, u64)]) {
        for (index, (reply, wait)) in table.iter().enumerate() {
            self.raise(TITLE, DETAIL).await;
            wire.next(reply.clone());
            let now = self.now;
            assert_eq!(self.deliver().await, 1);
            let alert = index as i64 + 1;
            let message = self.message(alert).await;
            assert_eq!(
                message.next_try_at,
                now + wait,
                "{} {:?} {}",
                reply.0,
                reply.1,
                reply.2
            );
            let early = self.deliverer.deliver_due(now + wait - 1).await.unwrap();
            let due = self.deliverer.deliver_due(now + wait).await.unwrap();
            assert_eq!((early, due), (0, 1));
            assert_eq!(self.message(alert).await.state, MessageState::Sent);
            self.resolve().await;
            assert_eq!(self.deliver().await, 1);
        }
    }
}

fn limited(wait: &str) -> Reply {
    Reply::new(429, "").with("retry-after", wait)
}

fn units(text: &Value) -> usize {
    text.as_str().unwrap().encode_utf16().count()
}

#[tokio::test]
async fn o10_slack_is_told_and_takes_with_ok() {
    let (wire, channel) = slack().await;
    let mut site = Site::new([("c", channel)]).await;
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    let text = format!("[critical] Gas is low\n5 left, 10 wanted\n{FACTS}");
    let expected = json!({ "text": text, "mrkdwn": false });
    assert_eq!(
        wire.last(),
        ("/services/T0/B0/slack-key".to_owned(), expected)
    );
    site.resolve().await;
    site.deliver().await;
    let text = "[resolved] Gas is low\n20 left\nIt was: 5 left, 10 wanted\n\
                test/main, rule gas-low, alert 1, message 2, block 77, opened 2023-11-14T22:13:20Z";
    assert_eq!(wire.last().1["text"], text);
}

#[tokio::test]
async fn o10_slack_refuses_with_anything_else() {
    let (wire, channel) = slack().await;
    let mut site = Site::new([("c", channel)]).await;
    let replies = [
        Reply::new(200, "<html>sign in</html>"),
        Reply::new(200, ""),
        Reply::new(400, "invalid_payload slack-key"),
        Reply::new(403, "action_prohibited"),
        Reply::new(500, "ok"),
        Reply::new(302, "ok").with("location", "/elsewhere"),
    ];
    site.refuses(&wire, &replies, "slack-key").await;
}

#[tokio::test]
async fn o10_a_429_is_waited_for_as_long_as_slack_says_and_ten_minutes_at_most() {
    let (wire, channel) = slack().await;
    let mut site = Site::new([("c", channel)]).await;
    let table = [
        (limited("90"), 90),
        (limited(" 30.2 "), 31),
        // Our own wait is longer.
        (limited("1"), 5),
        (limited("86400"), 600),
        (limited("inf"), 600),
        // No number, or none at all.
        (limited("-7"), 5),
        (limited("Wed, 21 Oct 2099 07:28:00 GMT"), 5),
        (Reply::new(429, "slow down"), 5),
        // Only a 429 is a request to wait.
        (Reply::new(503, "").with("retry-after", "90"), 5),
    ];
    site.waits(&wire, &table).await;
}

#[tokio::test]
async fn o16_hostile_text_stays_text_in_slack() {
    let (wire, channel) = slack().await;
    let mut site = Site::new([("c", channel)]).await;
    site.raise(HOSTILE, HOSTILE).await;
    site.deliver().await;
    let line = "@everyone &lt;!channel&gt; &lt;@U1&gt; a&amp;b `x` **y** [pay](https://evil.example)  Bcc: evil@example.org���";
    let text = format!("[critical] {line}\n{line}\n{FACTS}");
    assert_eq!(wire.last().1, json!({ "text": text, "mrkdwn": false }));
}

#[tokio::test]
async fn o16_long_text_is_cut_in_slack_before_it_is_escaped() {
    let (wire, channel) = slack().await;
    let mut site = Site::new([("c", channel)]).await;
    site.raise(TITLE, &"&".repeat(9_000)).await;
    site.deliver().await;
    let body = wire.last().1;
    let text = body["text"].as_str().unwrap();
    assert!(text.starts_with("[critical] Gas is low\n&amp;&amp;"));
    assert!(text.ends_with(&format!("&amp;…\n{FACTS}")));
    let read = text.replace("&amp;", "&");
    assert!(!read.contains("amp"), "half an escape");
    assert_eq!(read.chars().count(), 4_000);
}

#[tokio::test]
async fn o10_discord_is_told_and_takes_with_200_or_204() {
    let (wire, channel) = discord().await;
    let mut site = Site::new([("c", channel)]).await;
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    let content = format!("```\n[critical] Gas is low\n5 left, 10 wanted\n{FACTS}\n```");
    let expected = json!({ "content": content, "allowed_mentions": { "parse": [] } });
    assert_eq!(
        wire.last(),
        ("/api/webhooks/1/discord-key?wait=true".to_owned(), expected)
    );
    site.resolve().await;
    wire.next(Reply::new(204, ""));
    site.deliver().await;
    assert_eq!(site.deliver().await, 0);
    assert_eq!(wire.count(), 2);
}

#[tokio::test]
async fn o10_discord_refuses_with_anything_else() {
    let (wire, channel) = discord().await;
    let mut site = Site::new([("c", channel)]).await;
    let replies = [
        Reply::new(
            400,
            r#"{"message":"Cannot send an empty message","code":50006}"#,
        ),
        Reply::new(401, r#"{"message":"401: discord-key","code":0}"#),
        Reply::new(404, r#"{"message":"Unknown Webhook","code":10015}"#),
        Reply::new(202, ""),
        Reply::new(502, ""),
    ];
    site.refuses(&wire, &replies, "discord-key").await;
}

#[tokio::test]
async fn o10_a_429_is_waited_for_as_long_as_discord_says() {
    let (wire, channel) = discord().await;
    let mut site = Site::new([("c", channel)]).await;
    let body = |wait| {
        let body = json!({ "message": "You are being rate limited.", "retry_after": wait, "global": false });
        Reply::new(429, &body.to_string())
    };
    let table = [
        (body(json!(64.57)), 65),
        (body(json!(64.57)).with("retry-after", "80"), 80),
        (body(json!(1e300)), 600),
        (body(json!(-1)), 5),
        (body(json!(null)), 5),
        (
            Reply::new(429, "<html>error 1015</html>").with("retry-after", "40"),
            40,
        ),
    ];
    site.waits(&wire, &table).await;
}

#[tokio::test]
async fn o16_hostile_text_stays_text_in_discord() {
    let (wire, channel) = discord().await;
    let mut site = Site::new([("c", channel)]).await;
    site.raise(HOSTILE, "```\n@here ||x||").await;
    site.deliver().await;
    let title = "@everyone <!channel> <@U1> a&b 'x' **y** [pay](https://evil.example)  Bcc: evil@example.org���";
    let content = format!("```\n[critical] {title}\n''' @here ||x||\n{FACTS}\n```");
    let expected = json!({ "content": content, "allowed_mentions": { "parse": [] } });
    assert_eq!(wire.last().1, expected);
}

#[tokio::test]
async fn o16_long_text_is_cut_between_characters_at_discords_limit() {
    let (wire, channel) = discord().await;
    let mut site = Site::new([("c", channel)]).await;
    // Two UTF-16 units each, at both parities: never half of one, and nothing given away.
    for detail in ["😀".repeat(3_000), format!("x{}", "😀".repeat(3_000))] {
        site.raise(&"t".repeat(500), &detail).await;
        site.deliver().await;
        let body = wire.last().1;
        let content = body["content"].as_str().unwrap();
        assert!((1_999..=2_000).contains(&units(&body["content"])));
        let lines: Vec<_> = content.lines().collect();
        assert_eq!(lines[1], format!("[critical] {}…", "t".repeat(288)));
        assert!(lines[2].ends_with("😀…"));
        assert!(lines[3].starts_with("test/main, rule gas-low, alert "));
        assert_eq!((lines[0], lines[4], lines.len()), ("```", "```", 5));
        site.resolve().await;
        site.deliver().await;
    }
}

#[tokio::test]
async fn o10_telegram_is_told_and_takes_with_ok_true() {
    let (wire, channel) = telegram().await;
    let mut site = Site::new([("c", channel)]).await;
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    let expected = json!({
        "chat_id": "-1001",
        "text": format!("[critical] Gas is low\n5 left, 10 wanted\n{FACTS}"),
        "link_preview_options": { "is_disabled": true },
    });
    let path = "/bots/bot123456:telegram-token/sendMessage".to_owned();
    assert_eq!(wire.last(), (path, expected));
}

#[tokio::test]
async fn o10_telegram_refuses_with_anything_else() {
    let (wire, channel) = telegram().await;
    let mut site = Site::new([("c", channel)]).await;
    let replies = [
        Reply::new(
            400,
            r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#,
        ),
        Reply::new(
            401,
            r#"{"ok":false,"error_code":401,"description":"123456:telegram-token"}"#,
        ),
        Reply::new(200, r#"{"ok":false}"#),
        Reply::new(200, r#"{"ok":"true"}"#),
        Reply::new(200, "<html>a proxy</html>"),
        Reply::new(502, r#"{"ok":true}"#),
    ];
    site.refuses(&wire, &replies, "telegram-token").await;
}

#[tokio::test]
async fn o10_a_429_is_waited_for_as_long_as_telegram_says() {
    let (wire, channel) = telegram().await;
    let mut site = Site::new([("c", channel)]).await;
    let body = |wait| {
        let body = json!({
            "ok": false,
            "error_code": 429,
            "description": "Too Many Requests: retry after 34",
            "parameters": { "retry_after": wait },
        });
        Reply::new(429, &body.to_string())
    };
    let table = [
        (body(json!(34)), 34),
        (body(json!(3_600)), 600),
        (body(json!({})), 5),
    ];
    site.waits(&wire, &table).await;
}

#[tokio::test]
async fn o16_hostile_and_long_text_stays_text_in_telegram() {
    let (wire, channel) = telegram().await;
    let mut site = Site::new([("c", channel)]).await;
    site.raise(HOSTILE, &"é".repeat(9_000)).await;
    site.deliver().await;
    let body = wire.last().1;
    let title = "＠everyone <!channel> <＠U1> a&b `x` **y** [pay](https://evil.example)  Bcc: evil＠example.org���";
    let text = body["text"].as_str().unwrap();
    assert!(
        text.starts_with(&format!("[critical] {title}\néé")),
        "{text}"
    );
    assert!(text.ends_with(&format!("éé…\n{FACTS}")));
    assert_eq!(units(&body["text"]), 4_096);
    assert!(body.get("parse_mode").is_none());
}

#[tokio::test]
async fn o10_pager_duty_opens_and_ends_one_incident() {
    let (wire, channel) = pager_duty().await;
    let mut site = Site::new([("c", channel)]).await;
    // printf 'test/main\ngas-low:0xab' | sha256sum
    let key = "30dbdbd5373e1e3ac151ed3cad5d9ba29710061505661165f3097892d78102e9";
    let trigger = |alert: i64, delivery: i64, opened: &str| {
        json!({
            "routing_key": "pagerduty-routing-key",
            "event_action": "trigger",
            "dedup_key": key,
            "payload": {
                "summary": "Gas is low",
                "source": "test/main",
                "severity": "critical",
                "timestamp": opened,
                "custom_details": {
                    "detail": "5 left, 10 wanted",
                    "rule": "gas-low",
                    "block": 77,
                    "alert": alert,
                    "delivery": delivery,
                },
            },
        })
    };
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    assert_eq!(
        wire.last(),
        (
            "/v2/enqueue".to_owned(),
            trigger(1, 1, "2023-11-14T22:13:20Z")
        )
    );
    site.resolve().await;
    site.deliver().await;
    let resolve = json!({
        "routing_key": "pagerduty-routing-key",
        "event_action": "resolve",
        "dedup_key": key,
    });
    assert_eq!(wire.last().1, resolve);
    // It comes back as an alert of its own, under the same key.
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    assert_eq!(wire.last().1, trigger(2, 3, "2023-11-14T22:30:00Z"));
}

#[tokio::test]
async fn o10_pager_duty_knows_how_bad_it_is() {
    let (wire, channel) = pager_duty().await;
    let mut site = Site::new([("c", channel)]).await;
    for (severity, word) in [
        (Severity::Info, "info"),
        (Severity::Warning, "warning"),
        (Severity::Critical, "critical"),
    ] {
        let raise = Raise {
            dedupe: format!("r:{word}"),
            rule: "r".to_owned(),
            severity,
            title: TITLE.to_owned(),
            detail: DETAIL.to_owned(),
            block: 1,
            at: OPENED,
            channels: vec!["c".to_owned()],
            cooldown: 0,
        };
        site.store
            .apply_alerts(vec![AlertOp::Raise(raise)])
            .await
            .unwrap();
        site.deliver().await;
        assert_eq!(wire.last().1["payload"]["severity"], word);
    }
}

#[tokio::test]
async fn o10_pager_duty_refuses_with_anything_but_202_and_is_waited_for() {
    let (wire, channel) = pager_duty().await;
    let mut site = Site::new([("c", channel)]).await;
    let replies = [
        Reply::new(
            400,
            r#"{"status":"invalid event","errors":["pagerduty-routing-key"]}"#,
        ),
        Reply::new(200, r#"{"status":"success"}"#),
        Reply::new(500, ""),
    ];
    site.refuses(&wire, &replies, "pagerduty-routing-key").await;
    let (wire, channel) = pager_duty().await;
    let mut site = Site::new([("c", channel)]).await;
    site.waits(&wire, &[(limited("60"), 60), (Reply::new(429, ""), 5)])
        .await;
}

#[tokio::test]
async fn o16_hostile_and_long_text_stays_text_in_pager_duty() {
    let (wire, channel) = pager_duty().await;
    let mut site = Site::new([("c", channel)]).await;
    site.raise(&format!("{HOSTILE}{}", "ü".repeat(2_000)), HOSTILE)
        .await;
    site.deliver().await;
    let payload = &wire.last().1["payload"];
    let line = "@everyone <!channel> <@U1> a&b `x` **y** [pay](https://evil.example)  Bcc: evil@example.org���";
    let summary = payload["summary"].as_str().unwrap();
    assert!(
        summary.starts_with(&format!("{line}ü")) && summary.ends_with("ü…"),
        "{summary}"
    );
    assert_eq!(units(&payload["summary"]), 1_024);
    assert_eq!(payload["custom_details"]["detail"], line);
}

#[tokio::test]
async fn o15_no_channel_shows_its_secret() {
    let made = [
        (slack().await.1, "slack-key"),
        (discord().await.1, "discord-key"),
        (telegram().await.1, "telegram-token"),
        (pager_duty().await.1, "pagerduty-routing-key"),
    ];
    for (channel, secret) in made {
        let shown = format!("{channel:?}");
        assert!(
            shown.contains("127.0.0.1") && !shown.contains(secret),
            "{shown}"
        );
    }
    // Nobody listens: the reason names neither address nor token.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let token = Secret::new("123456:telegram-token".to_owned());
    let bot = Telegram::new(&gone.parse().unwrap(), &token, "1".to_owned()).unwrap();
    let mut site = Site::new([("c", Channel::Telegram(bot))]).await;
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    let error = site.message(1).await.last_error.unwrap();
    assert!(
        !error.is_empty() && !error.contains("telegram-token"),
        "{error}"
    );
}

#[tokio::test]
async fn o10_a_message_is_the_same_at_each_try() {
    let (wire, channel) = slack().await;
    let mut site = Site::new([("c", channel)]).await;
    site.refuses(
        &wire,
        &[Reply::new(500, ""), Reply::new(500, "")],
        "slack-key",
    )
    .await;
    let asked = wire.asked.lock().unwrap();
    assert_eq!(
        (&asked[0].body, &asked[1].body),
        (&asked[2].body, &asked[2].body)
    );
}

#[tokio::test]
async fn o10_a_channel_of_one_kind_is_told_dead_through_one_of_another() {
    let (bot, telegram) = telegram().await;
    let (pager, pager_duty) = pager_duty().await;
    let mut site = Site::new([("c", telegram), ("pager", pager_duty)]).await;
    site.raise(TITLE, DETAIL).await;
    for _ in 0..5 {
        bot.next(Reply::new(403, r#"{"ok":false,"error_code":403}"#));
        assert_eq!(pager.count(), 0);
        site.deliver().await;
    }
    // The sixth try, and the report.
    assert_eq!(site.deliver().await, 2);
    let event = pager.last().1;
    assert_eq!(event["event_action"], "trigger");
    assert_eq!(event["payload"]["severity"], "critical");
    assert_eq!(
        event["payload"]["custom_details"]["detail"],
        "channel c: the channel answered 403"
    );
    // It took the sixth, so the report ends.
    assert_eq!(site.message(1).await.state, MessageState::Sent);
    assert_eq!(site.deliver().await, 1);
    let over = pager.last().1;
    assert_eq!(over["event_action"], "resolve");
    assert_eq!(over["dedup_key"], event["dedup_key"]);
}

#[test]
fn only_this_machine_is_loopback() {
    for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
        assert!(is_loopback(host), "{host}");
    }
    for host in [
        "",
        "0.0.0.0",
        "128.0.0.1",
        "::",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "mail.example.org",
    ] {
        assert!(!is_loopback(host), "{host}");
    }
}
