//! Channels: what each kind of them is sent, and by which answer it has taken it.

mod email;

pub use email::{Email, MailServer, MailTls};

use crate::Result;
use chain::{InvalidUrl, SensitiveUrl};
use hmac::{Hmac, Mac};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header::RETRY_AFTER};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    time::{Duration, UNIX_EPOCH},
};
use store::{Alert, Message, MessageKind, Severity};

/// The header with the message's id: the same at each try.
pub const DELIVERY_HEADER: &str = "omnibus-delivery";
/// The header with the unix second at which the body was signed.
pub const TIMESTAMP_HEADER: &str = "omnibus-timestamp";
/// The header with `v1=` and the hex HMAC-SHA256 over `timestamp.body`.
pub const SIGNATURE_HEADER: &str = "omnibus-signature";

/// Longest first line, and longest line of facts.
const MOST_LINE: usize = 300;
/// Longest text where the service has no smaller limit: more is not read in a chat.
const MOST_TEXT: usize = 4_000;
/// Longest content of a Discord message.
const MOST_DISCORD: usize = 2_000;
/// Longest text of a Telegram message.
const MOST_TELEGRAM: usize = 4_096;
/// Longest summary of a PagerDuty event.
const MOST_SUMMARY: usize = 1_024;
/// More of an answer is not read.
const MOST_ANSWER: usize = 65_536;

/// A shared secret. It shows nothing of itself.
#[derive(Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Where alerts go.
#[derive(Debug, Clone)]
pub enum Channel {
    /// JSON, signed.
    Webhook(Webhook),
    /// An incoming webhook of Slack.
    Slack(SensitiveUrl),
    /// A webhook of a Discord channel.
    Discord(SensitiveUrl),
    /// A bot of Telegram.
    Telegram(Telegram),
    /// E-mail.
    Email(Box<Email>),
    /// A service of PagerDuty.
    PagerDuty(PagerDuty),
}

/// A receiver of signed JSON.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where to post.
    pub url: SensitiveUrl,
    /// What the receiver checks the signature with.
    pub secret: Secret,
}

/// A chat that a bot writes to.
#[derive(Debug, Clone)]
pub struct Telegram {
    /// The method's address, with the bot's token in it.
    url: SensitiveUrl,
    chat: String,
}

impl Telegram {
    /// The bot with this `token` writes to `chat` (a number, or `@name`). `api` is the bot server: Telegram's or one's own.
    ///
    /// # Errors
    /// [`InvalidUrl`] when no address can be made of them.
    pub fn new(api: &SensitiveUrl, token: &Secret, chat: String) -> Result<Self, InvalidUrl> {
        let mut url = api.expose().clone();
        url.path_segments_mut()
            .map_err(|()| InvalidUrl)?
            .pop_if_empty()
            .extend([format!("bot{}", token.expose()).as_str(), "sendMessage"]);
        let url = url.as_str().parse()?;
        Ok(Self { url, chat })
    }
}

/// A service that takes events.
#[derive(Debug, Clone)]
pub struct PagerDuty {
    /// Where events are enqueued: PagerDuty has one address per region.
    pub url: SensitiveUrl,
    /// The integration key of the service.
    pub routing_key: Secret,
}

/// All channels, by name, and the name under which they are told.
#[derive(Debug, Clone)]
pub struct Channels {
    source: String,
    channels: BTreeMap<String, Channel>,
}

impl Default for Channels {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl Channels {
    /// Channels by name.
    #[must_use]
    pub fn new(channels: BTreeMap<String, Channel>) -> Self {
        Self {
            source: "omnibus".to_owned(),
            channels,
        }
    }

    /// Says whose alerts they are, which matters where several deployments report to one place.
    #[must_use]
    pub fn from_source(self, source: String) -> Self {
        Self { source, ..self }
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.channels.keys().cloned().collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Channel> {
        self.channels.get(name)
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }
}

/// Why a channel did not take a message. No secret is in it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    /// Seconds for which the channel asked not to be tried again.
    pub(crate) wait: Option<u64>,
}

impl<T: Into<String>> From<T> for Failure {
    fn from(reason: T) -> Self {
        Self {
            reason: reason.into(),
            wait: None,
        }
    }
}

/// A message, and all that is needed to write it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Letter<'a> {
    pub(crate) source: &'a str,
    pub(crate) message: &'a Message,
    pub(crate) alert: &'a Alert,
    /// Unix seconds of this try.
    pub(crate) now: u64,
}

impl Channel {
    /// Sends it once.
    pub(crate) async fn send(&self, client: &Client, letter: &Letter<'_>) -> Result<(), Failure> {
        let post = |url: &SensitiveUrl| client.post(url.expose().clone());
        let (url, request, took): (_, _, fn(StatusCode, &[u8]) -> bool) = match self {
            Self::Webhook(hook) => (&hook.url, hook.request(client, letter)?, |status, _| {
                status.is_success()
            }),
            Self::Slack(url) => (url, post(url).json(&slack(letter)), |status, body| {
                status.is_success() && body.trim_ascii() == b"ok"
            }),
            Self::Discord(url) => {
                // Otherwise a message that cannot be shown is no error either.
                let mut waits = url.expose().clone();
                waits.query_pairs_mut().append_pair("wait", "true");
                let request = client.post(waits).json(&discord(letter));
                (url, request, |status, _| {
                    matches!(status, StatusCode::OK | StatusCode::NO_CONTENT)
                })
            }
            Self::Telegram(bot) => {
                let request = post(&bot.url).json(&telegram(&bot.chat, letter));
                (&bot.url, request, |status, body| {
                    status.is_success() && answer(body).pointer("/ok") == Some(&json!(true))
                })
            }
            Self::PagerDuty(service) => {
                let request = post(&service.url).json(&pager_duty(service, letter));
                (&service.url, request, |status, _| {
                    status == StatusCode::ACCEPTED
                })
            }
            Self::Email(email) => return email.send(letter).await,
        };
        let answer = request
            .send()
            .await
            .map_err(|error| url.scrub(&error.without_url().to_string()))?;
        let status = answer.status();
        let asked = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| seconds(&Value::from(value.to_str().ok()?)));
        let body = start_of(answer).await;
        if took(status, &body) {
            return Ok(());
        }
        let limited = status == StatusCode::TOO_MANY_REQUESTS;
        Err(Failure {
            reason: match status {
                status if status.is_success() => {
                    format!(
                        "the channel answered {}, but not that it took it",
                        status.as_u16()
                    )
                }
                status => format!("the channel answered {}", status.as_u16()),
            },
            wait: limited.then(|| asked.max(asked_in(&body))).flatten(),
        })
    }
}

impl Webhook {
    fn request(&self, client: &Client, letter: &Letter<'_>) -> Result<RequestBuilder, Failure> {
        let Letter { message, alert, .. } = letter;
        let body = Body {
            delivery: message.id,
            kind: message.kind,
            alert: alert.id,
            rule: &alert.rule,
            severity: alert.severity,
            title: &alert.title,
            detail: &alert.detail,
            block: alert.block,
            opened_at: alert.opened_at,
            resolved_at: alert.resolved_at,
            resolution: alert.resolution.as_deref(),
        };
        let body = serde_json::to_vec(&body).map_err(|error| error.to_string())?;
        let signature = sign(&self.secret, letter.now, &body).ok_or("the secret cannot be used")?;
        Ok(client
            .post(self.url.expose().clone())
            .header("content-type", "application/json")
            .header(DELIVERY_HEADER, message.id)
            .header(TIMESTAMP_HEADER, letter.now)
            .header(SIGNATURE_HEADER, signature)
            .body(body))
    }
}

/// What a webhook is sent, as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    delivery: i64,
    kind: MessageKind,
    alert: i64,
    rule: &'a str,
    severity: Severity,
    title: &'a str,
    detail: &'a str,
    block: u64,
    opened_at: u64,
    resolved_at: Option<u64>,
    resolution: Option<&'a str>,
}

/// `v1=` and the hex HMAC-SHA256 over `timestamp.body`: the timestamp is inside, so an old message cannot be replayed as new.
#[must_use]
pub fn sign(secret: &Secret, timestamp: u64, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.0.as_bytes()).ok()?;
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(format!("v1={}", hex::encode(mac.finalize().into_bytes())))
}

/// The three characters that Slack reads are escaped, so no `<!channel>` and no link comes out; the rest of its markup is off.
fn slack(letter: &Letter<'_>) -> Value {
    let text = letter.text(MOST_TEXT);
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    json!({ "text": text, "mrkdwn": false })
}

/// In a code block nothing is markup but its end. Nobody is mentioned.
fn discord(letter: &Letter<'_>) -> Value {
    const FENCE: &str = "```";
    let text = letter.text(MOST_DISCORD - 2 * (FENCE.len() + 1));
    let content = format!("{FENCE}\n{}\n{FENCE}", text.replace('`', "'"));
    json!({ "content": content, "allowed_mentions": { "parse": [] } })
}

/// Without a parse mode nothing is markup; what Telegram would still find by itself are names after an `@`.
fn telegram(chat: &str, letter: &Letter<'_>) -> Value {
    let text = letter.text(MOST_TELEGRAM).replace('@', "\u{ff20}");
    json!({ "chat_id": chat, "text": text, "link_preview_options": { "is_disabled": true } })
}

/// One incident for each key of an alert: it is opened again, and ended, under the same name.
fn pager_duty(service: &PagerDuty, letter: &Letter<'_>) -> Value {
    let alert = letter.alert;
    let mut event = json!({
        "routing_key": service.routing_key.expose(),
        "event_action": match letter.message.kind {
            MessageKind::Opened => "trigger",
            MessageKind::Resolved | MessageKind::Retracted => "resolve",
        },
        "dedup_key": letter.key(),
    });
    if let (MessageKind::Opened, Some(event)) = (letter.message.kind, event.as_object_mut()) {
        let payload = json!({
            "summary": cut(&one_line(&alert.title), MOST_SUMMARY),
            "source": letter.source,
            "severity": match alert.severity {
                Severity::Critical => "critical",
                Severity::Warning => "warning",
                Severity::Info => "info",
            },
            "timestamp": utc(alert.opened_at),
            "custom_details": {
                "detail": cut(&one_line(&alert.detail), MOST_TEXT),
                "rule": alert.rule,
                "block": alert.block,
                "alert": alert.id,
                "delivery": letter.message.id,
            },
        });
        event.insert("payload".to_owned(), payload);
    }
    event
}

impl Letter<'_> {
    /// The first line: how bad, or that it is over, and the title.
    fn head(&self) -> String {
        let word = match self.message.kind {
            MessageKind::Opened => self.alert.severity.to_string(),
            kind => kind.to_string(),
        };
        cut(
            &one_line(&format!("[{word}] {}", self.alert.title)),
            MOST_LINE,
        )
    }

    /// Everything, for people, in at most `most` UTF-16 units. Of what is too long the detail is cut.
    fn text(&self, most: usize) -> String {
        let alert = self.alert;
        let head = self.head();
        let facts = format!(
            "{}, rule {}, alert {}, message {}, block {}, opened {}",
            self.source,
            alert.rule,
            alert.id,
            self.message.id,
            alert.block,
            utc(alert.opened_at)
        );
        let facts = cut(&one_line(&facts), MOST_LINE);
        let detail = match (self.message.kind, &alert.resolution) {
            (MessageKind::Resolved | MessageKind::Retracted, Some(resolution)) => {
                format!(
                    "{}\nIt was: {}",
                    one_line(resolution),
                    one_line(&alert.detail)
                )
            }
            _ => one_line(&alert.detail),
        };
        let room = most.saturating_sub(units(&head) + units(&facts) + 2);
        format!("{head}\n{}\n{facts}", cut(&detail, room))
    }

    /// The alert's key in the world: the same as long as the same source tells of the same thing, and of a length that every service takes.
    fn key(&self) -> String {
        digest(&[self.source, &self.alert.dedupe])
    }

    /// The message's name in the world: the same at each try. The outbox's ids begin anew with a new store, so they do not serve alone.
    fn name(&self) -> String {
        let Message { id, created_at, .. } = self.message;
        let made = created_at.to_string();
        let digest = digest(&[self.source, &self.alert.dedupe, &made]);
        format!("{id}.{}", digest.get(..32).unwrap_or_default())
    }
}

fn digest(parts: &[&str]) -> String {
    hex::encode(Sha256::digest(parts.join("\n").as_bytes()))
}

/// What a text of strangers may do to a line: nothing. Line breaks become blanks; what controls or hides becomes `�`.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\r' | '\t' => ' ',
            // Directions, joiners, separators and fillers that no eye sees.
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' => '\u{fffd}',
            character if character.is_control() => '\u{fffd}',
            character => character,
        })
        .collect()
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// At most `most` UTF-16 units, the strictest count among the services, never half a character; `…` where something is missing.
fn cut(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.chars().take_while(|character| {
        used += character.len_utf16();
        used <= most
    });
    let mut kept: String = kept.collect();
    kept.push('…');
    kept
}

fn utc(second: u64) -> String {
    UNIX_EPOCH
        .checked_add(Duration::from_secs(second))
        .map(|at| humantime::format_rfc3339_seconds(at).to_string())
        .unwrap_or_default()
}

/// Whether `host` is this machine, so that nobody on the way reads what is sent to it in clear.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The beginning of an answer; what cannot be read is empty.
async fn start_of(mut answer: Response) -> Vec<u8> {
    let mut start = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        start.extend_from_slice(&chunk);
        if start.len() > MOST_ANSWER {
            break;
        }
    }
    start
}

fn answer(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// Seconds to wait as Discord and Telegram write them into the body of a 429.
fn asked_in(body: &[u8]) -> Option<u64> {
    let body = answer(body);
    ["/retry_after", "/parameters/retry_after"]
        .into_iter()
        .filter_map(|at| seconds(body.pointer(at)?))
        .max()
}

/// Whole seconds, rounded up, of a number or its text.
fn seconds(value: &Value) -> Option<u64> {
    let seconds = match value {
        Value::String(text) => text.trim().parse().ok()?,
        value => value.as_f64()?,
    };
    // The conversion saturates: what is below zero or no number is 0, the endless is the longest.
    Some(seconds.ceil() as u64)
}
