//! The change feed over WebSocket.
//!
//! One task reads the store's numbered changes and hands each, as text made once, to a ring that all clients share. A
//! client that falls more than the ring behind is closed, and so is one whose socket takes nothing for a heartbeat: a
//! slow reader costs the others nothing. Whoever comes back with the last number it saw gets what it missed, or `resync`.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{
            CloseFrame, Message, Utf8Bytes, WebSocket, close_code,
            rejection::WebSocketUpgradeRejection,
        },
    },
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt as _, StreamExt as _, stream::SplitSink};
use store::{Changes, Store};
use tokio::{
    sync::{Semaphore, broadcast, watch},
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use crate::{
    auth::Class,
    config::ApiConfig,
    dto::{WsMessage, WsRequest},
    error::{ApiError, excerpt},
    extract::BODY_LIMIT,
    index::index,
    scalar::parse_address,
    server::AppState,
};

/// Changes read at once.
const PAGE: u32 = 500;
/// Most topics of one client.
const MOST_TOPICS: usize = 32;
/// Most messages of one client within a heartbeat.
const MOST_MESSAGES: u32 = 30;
/// How often the store is asked even without a hint.
const POLL: Duration = Duration::from_secs(1);

/// What the ring holds.
#[derive(Debug, Clone)]
enum Item {
    Change {
        seq: u64,
        topic: Arc<str>,
        text: Utf8Bytes,
    },
    Resync {
        seq: u64,
    },
}

/// The middle of the star.
pub(crate) struct Hub {
    ring: broadcast::Sender<Item>,
    seq: AtomicU64,
    seats: Arc<Semaphore>,
    most: usize,
    heartbeat: Duration,
    closing: watch::Sender<bool>,
}

impl Hub {
    pub(crate) fn new(config: &ApiConfig, seq: u64) -> Self {
        Self {
            ring: broadcast::channel(config.ws_buffer).0,
            seq: AtomicU64::new(seq),
            seats: Arc::new(Semaphore::new(config.ws_clients)),
            most: config.ws_clients,
            heartbeat: config.heartbeat,
            closing: watch::channel(false).0,
        }
    }

    /// Clients now.
    pub(crate) fn clients(&self) -> usize {
        self.most.saturating_sub(self.seats.available_permits())
    }

    /// Tells all clients to come back later.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Reads the store until it is dropped; a store that fails is asked again.
    pub(crate) async fn run(&self, store: &Store) {
        let mut hint = store.subscribe();
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut hints = true;
        loop {
            tokio::select! {
                changed = hint.changed(), if hints => hints = changed.is_ok(),
                _ = poll.tick() => {}
            }
            if let Err(error) = self.drain(store).await {
                tracing::warn!(%error, "change feed");
            }
        }
    }

    async fn drain(&self, store: &Store) -> Result<(), store::Error> {
        loop {
            let last = self.seq.load(Ordering::Acquire);
            match store.changes(last, PAGE).await? {
                Changes::Next(changes) if changes.is_empty() => return Ok(()),
                Changes::Next(changes) => {
                    for change in changes {
                        let seq = change.seq;
                        let item = Item::Change {
                            seq,
                            topic: change.topic.as_str().into(),
                            text: text(change),
                        };
                        // Without clients nobody takes it, and that is fine.
                        let _ = self.ring.send(item);
                        self.seq.store(seq, Ordering::Release);
                    }
                }
                Changes::Resync(seq) => {
                    let _ = self.ring.send(Item::Resync { seq });
                    self.seq.store(seq, Ordering::Release);
                }
            }
        }
    }
}

fn text(change: store::Change) -> Utf8Bytes {
    encode(&WsMessage::Change {
        seq: change.seq,
        topic: change.topic,
        payload: change.payload.unwrap_or_default(),
    })
}

fn encode(message: &WsMessage) -> Utf8Bytes {
    // Serializing these cannot fail; an empty text would be no worse than a closed line.
    serde_json::to_string(message).unwrap_or_default().into()
}

/// Checks a topic and says who may hear it. Accounts are compared in lower case, as the store writes them.
fn topic(text: &str) -> Result<(String, Class), ApiError> {
    let class = match text {
        "metrics" | "validators" | "buckets" | "queue" | "nav" | "epochs" | "sleeves"
        | "prices" | "governance" => Class::Public,
        "alerts" | "jobs" => Class::Viewer,
        _ => {
            let address = text.strip_prefix("account:").ok_or_else(|| {
                ApiError::InvalidParameter(format!(
                    "topic: `{}` is none of metrics, validators, buckets, queue, nav, epochs, sleeves, prices, governance, alerts, jobs, account:0x…",
                    excerpt(text)
                ))
            })?;
            let address =
                parse_address(address).ok_or_else(|| ApiError::InvalidAddress(excerpt(address)))?;
            return Ok((format!("account:{address:#x}"), Class::Public));
        }
    };
    Ok((text.to_owned(), class))
}

/// The change feed. Send a `WsRequest`, receive `WsMessage`s.
#[utoipa::path(get, path = "/api/v1/ws", tag = "system", operation_id = "ws",
    responses(
        (status = 101, description = "WebSocket; its messages are WsRequest and WsMessage."),
        (status = 400, body = crate::dto::ErrorBody, description = "Not a WebSocket handshake."),
        (status = 403, body = crate::dto::ErrorBody, description = "A web page from elsewhere."),
        (status = 503, body = crate::dto::ErrorBody, description = "No seat left."),
    ))]
pub(crate) async fn connect(
    State(state): State<AppState>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade
        .map_err(|_| ApiError::InvalidParameter("this is not a WebSocket handshake".to_owned()))?;
    same_origin(&headers, &state.config().allowed_origins)?;
    let seat = state
        .hub()
        .seats
        .clone()
        .try_acquire_owned()
        .map_err(|_| ApiError::Full)?;
    Ok(upgrade
        .max_message_size(BODY_LIMIT)
        .max_frame_size(BODY_LIMIT)
        .on_upgrade(move |socket| async move {
            Session::new(state, socket).run().await;
            drop(seat);
        })
        .into_response())
}

/// Browsers let any page open a socket anywhere; CORS does not apply. So the origin is checked here.
fn same_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let here = origin
        .split_once("://")
        .is_some_and(|(_, from)| !host.is_empty() && from.eq_ignore_ascii_case(host));
    if here || allowed.iter().any(|one| one == origin) {
        return Ok(());
    }
    Err(ApiError::ForbiddenOrigin(excerpt(origin)))
}

/// Why a session ends.
enum End {
    /// The client left, or its line broke.
    Gone,
    /// We close, with a code and a word.
    Close(u16, &'static str),
}

struct Session {
    state: AppState,
    out: SplitSink<WebSocket, Message>,
    input: futures_util::stream::SplitStream<WebSocket>,
    topics: HashSet<String>,
    seen: u64,
}

impl Session {
    fn new(state: AppState, socket: WebSocket) -> Self {
        let (out, input) = socket.split();
        Self {
            state,
            out,
            input,
            topics: HashSet::new(),
            seen: 0,
        }
    }

    async fn run(mut self) {
        let end = self.serve().await;
        if let Err(End::Close(code, reason)) = end {
            let frame = CloseFrame {
                code,
                reason: reason.into(),
            };
            let _ = timeout(
                Duration::from_secs(1),
                self.out.send(Message::Close(Some(frame))),
            )
            .await;
        }
    }

    async fn serve(&mut self) -> Result<(), End> {
        let state = self.state.clone();
        let hub = state.hub();
        let mut feed = hub.ring.subscribe();
        let mut closing = hub.closing.subscribe();
        let mut beat = interval(hub.heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.reset();
        let mut heard = Instant::now();
        let mut messages = 0_u32;
        loop {
            tokio::select! {
                // Its answer is a lock, which must not live across an await.
                () = async { let _ = closing.wait_for(|closing| *closing).await; } => return Err(End::Close(close_code::AWAY, "server stops")),
                message = self.input.next() => {
                    let Some(Ok(message)) = message else { return Err(End::Gone) };
                    heard = Instant::now();
                    match message {
                        Message::Text(text) => {
                            messages += 1;
                            if messages > MOST_MESSAGES {
                                return Err(End::Close(close_code::POLICY, "too many messages"));
                            }
                            if let Err(error) = self.subscribe(&text).await? {
                                self.send(encode(&WsMessage::Error { error: error.detail() })).await?;
                            }
                        }
                        Message::Binary(_) => return Err(End::Close(close_code::UNSUPPORTED, "text only")),
                        Message::Close(_) => return Err(End::Gone),
                        Message::Ping(_) | Message::Pong(_) => {}
                    }
                }
                item = feed.recv() => match item {
                    Ok(item) => self.pass(item).await?,
                    Err(broadcast::error::RecvError::Lagged(_)) => return Err(End::Close(close_code::AGAIN, "too slow")),
                    Err(broadcast::error::RecvError::Closed) => return Err(End::Close(close_code::AWAY, "server stops")),
                },
                _ = beat.tick() => {
                    if heard.elapsed() > 3 * hub.heartbeat {
                        return Err(End::Gone);
                    }
                    messages = 0;
                    self.send_message(Message::Ping(axum::body::Bytes::new())).await?;
                    self.heartbeat().await?;
                }
            }
        }
    }

    /// Outer error: the session ends. Inner error: the request is refused.
    async fn subscribe(&mut self, text: &str) -> Result<Result<(), ApiError>, End> {
        let request: WsRequest = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(error) => return Ok(Err(ApiError::InvalidBody(excerpt(&error.to_string())))),
        };
        if request.subscribe.len() > MOST_TOPICS {
            return Ok(Err(ApiError::InvalidParameter(format!(
                "subscribe: more than {MOST_TOPICS} topics"
            ))));
        }
        let mut topics = HashSet::new();
        for name in &request.subscribe {
            let (name, class) = match topic(name) {
                Ok(topic) => topic,
                Err(error) => return Ok(Err(error)),
            };
            if let Err(error) = self.state.auth().check(request.token.as_deref(), class) {
                return Ok(Err(error));
            }
            topics.insert(name);
        }
        self.topics = topics;
        match request.since {
            Some(since) => self.replay(since).await,
            None => {
                self.seen = self.state.hub().seq.load(Ordering::Acquire);
                self.heartbeat().await?;
                Ok(Ok(()))
            }
        }
    }

    /// Sends what came after `since`. What comes in meanwhile is in the ring, and skipped there by its number.
    async fn replay(&mut self, mut since: u64) -> Result<Result<(), ApiError>, End> {
        loop {
            match self.state.store().changes(since, PAGE).await {
                Ok(Changes::Next(changes)) => {
                    let Some(last) = changes.last().map(|change| change.seq) else {
                        break;
                    };
                    for change in changes {
                        if self.topics.contains(&change.topic) {
                            self.send(text(change)).await?;
                        }
                    }
                    since = last;
                }
                Ok(Changes::Resync(seq)) => {
                    self.send(encode(&WsMessage::Resync { seq })).await?;
                    since = seq;
                }
                Err(error) => return Ok(Err(index(error))),
            }
        }
        self.seen = since;
        self.heartbeat().await?;
        Ok(Ok(()))
    }

    async fn pass(&mut self, item: Item) -> Result<(), End> {
        match item {
            Item::Change { seq, topic, text } if seq > self.seen => {
                self.seen = seq;
                if self.topics.contains(topic.as_ref()) {
                    self.send(text).await?;
                }
                Ok(())
            }
            Item::Resync { seq } if seq > self.seen => {
                self.seen = seq;
                if self.topics.is_empty() {
                    Ok(())
                } else {
                    self.send(encode(&WsMessage::Resync { seq })).await
                }
            }
            Item::Change { .. } | Item::Resync { .. } => Ok(()),
        }
    }

    /// Says up to where this client has everything.
    async fn heartbeat(&mut self) -> Result<(), End> {
        let seq = self.seen.max(if self.topics.is_empty() {
            self.state.hub().seq.load(Ordering::Acquire)
        } else {
            0
        });
        self.send(encode(&WsMessage::Heartbeat { seq })).await
    }

    async fn send(&mut self, text: Utf8Bytes) -> Result<(), End> {
        self.send_message(Message::Text(text)).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.state.hub().heartbeat, self.out.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Gone),
        }
    }
}
