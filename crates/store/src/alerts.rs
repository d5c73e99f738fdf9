//! Alerts are rows before they are messages: what is raised in a transaction is in the outbox when it commits.

use crate::{
    Error, Page, PageRequest, Reader, Result, Store,
    db::Tx,
    value::{Column as _, rows, words},
};
use serde_json::json;

words! {
    /// How bad.
    pub enum Severity {
        /// Worth knowing.
        Info = "info",
        /// Needs somebody today.
        Warning = "warning",
        /// Needs somebody now.
        Critical = "critical",
    }
    /// Where an alert stands.
    pub enum AlertState {
        /// Nobody has looked.
        Open = "open",
        /// Somebody has.
        Acknowledged = "acknowledged",
        /// Over.
        Resolved = "resolved",
    }
    /// What a message tells.
    pub enum MessageKind {
        /// The alert opened.
        Opened = "opened",
        /// It is over.
        Resolved = "resolved",
        /// The block that caused it is no longer part of the chain.
        Retracted = "retracted",
    }
    /// Where a message stands.
    pub enum MessageState {
        /// To be sent at `next_try_at`.
        Pending = "pending",
        /// The channel took it.
        Sent = "sent",
        /// Not needed any more before it was sent.
        Dropped = "dropped",
        /// Given up.
        Dead = "dead",
    }
}

rows! {
    /// An alert.
    pub struct Alert in "alerts" {
        /// Its id.
        id: i64;
        /// At most one live alert for each such key.
        dedupe: String,
        /// The rule that raised it.
        rule: String,
        /// How bad.
        severity: Severity,
        /// Where it stands.
        state: AlertState,
        /// One line.
        title: String,
        /// As last seen.
        detail: String,
        /// The block at which it was first seen.
        block: u64,
        /// When.
        opened_at: u64,
        /// Last seen.
        seen_at: u64,
        /// How often it was seen.
        times: u64,
        /// When somebody looked.
        acknowledged_at: Option<u64>,
        /// Who.
        acknowledged_by: Option<String>,
        /// When it was over.
        resolved_at: Option<u64>,
        /// Why.
        resolution: Option<String>,
    }

    /// A message in the outbox.
    pub struct Message in "outbox" {
        /// Its id: the same at each try, so that a receiver can tell a repetition.
        id: i64;
        /// The alert.
        alert: i64,
        /// The channel.
        channel: String,
        /// What it tells.
        kind: MessageKind,
        /// Where it stands.
        state: MessageState,
        /// Tries so far.
        attempts: u64,
        /// Not before.
        next_try_at: u64,
        /// Why the last try failed.
        last_error: Option<String>,
        /// When it was put here.
        created_at: u64,
        /// When it was taken.
        sent_at: Option<u64>,
    }
}

/// The resolution of an alert whose block was reorganised away.
pub const RETRACTED: &str = "retracted: its block is no longer part of the chain";

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertOp {
    /// It holds (still).
    Raise(Raise),
    /// It does not hold any more; nothing happens when no such alert is live.
    Resolve {
        /// Key of the alert.
        dedupe: String,
        /// Unix seconds.
        at: u64,
        /// Why.
        resolution: String,
    },
}

/// A rule that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raise {
    /// Key of the alert.
    pub dedupe: String,
    /// The rule.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// More.
    pub detail: String,
    /// The block that it was seen at.
    pub block: u64,
    /// Unix seconds.
    pub at: u64,
    /// The channels to tell.
    pub channels: Vec<String>,
    /// Seconds after a resolution in which the same alert comes back without a message.
    pub cooldown: u64,
}

pub(crate) async fn apply_alerts(tx: &mut Tx<'_>, ops: Vec<AlertOp>) -> Result<()> {
    for op in ops {
        match op {
            AlertOp::Raise(raise) => apply_raise(tx, raise).await?,
            AlertOp::Resolve {
                dedupe,
                at,
                resolution,
            } => {
                let live: Vec<Alert> = tx
                    .select(
                        "WHERE dedupe = $1 AND state <> 'resolved'",
                        vec![dedupe.to_value()],
                    )
                    .await?;
                for alert in live {
                    resolve(tx, alert, at, &resolution, MessageKind::Resolved).await?;
                }
            }
        }
    }
    Ok(())
}

async fn apply_raise(tx: &mut Tx<'_>, raise: Raise) -> Result<()> {
    let last: Option<Alert> = tx
        .select(
            "WHERE dedupe = $1 ORDER BY id DESC LIMIT 1",
            vec![raise.dedupe.to_value()],
        )
        .await?
        .into_iter()
        .next();
    let again = last.filter(|a| match a.resolved_at {
        None => true,
        Some(at) => {
            a.resolution.as_deref() != Some(RETRACTED)
                && raise.at < at.saturating_add(raise.cooldown)
        }
    });
    let (id, cooldown) = match again {
        Some(mut alert) => {
            if alert.state == AlertState::Resolved {
                alert.state = AlertState::Open;
                alert.resolved_at = None;
                alert.resolution = None;
                alert.acknowledged_at = None;
                alert.acknowledged_by = None;
                tell(tx, alert.id, AlertState::Open);
            }
            alert.seen_at = raise.at;
            alert.times += 1;
            alert.detail = raise.detail;
            tx.update(&alert).await?;
            (alert.id, raise.cooldown)
        }
        None => {
            let alert = Alert {
                id: 0,
                dedupe: raise.dedupe,
                rule: raise.rule,
                severity: raise.severity,
                state: AlertState::Open,
                title: raise.title,
                detail: raise.detail,
                block: raise.block,
                opened_at: raise.at,
                seen_at: raise.at,
                times: 1,
                acknowledged_at: None,
                acknowledged_by: None,
                resolved_at: None,
                resolution: None,
            };
            let id = tx.insert_new(&alert).await?;
            tell(tx, id, AlertState::Open);
            (id, 0)
        }
    };
    // A channel is told unless its last word on this alert is that it is open. One that came back while cooling down is told
    // at the first sight after that: it is late, never lost.
    for channel in raise.channels {
        let last = last_message(tx, id, &channel).await?;
        let due = match last {
            None => true,
            Some(m) => {
                m.kind != MessageKind::Opened && raise.at >= m.created_at.saturating_add(cooldown)
            }
        };
        if due {
            queue(tx, id, channel, MessageKind::Opened, raise.at).await?;
        }
    }
    Ok(())
}

async fn resolve(
    tx: &mut Tx<'_>,
    mut alert: Alert,
    at: u64,
    resolution: &str,
    kind: MessageKind,
) -> Result<()> {
    alert.state = AlertState::Resolved;
    alert.resolved_at = Some(at);
    alert.resolution = Some(resolution.to_owned());
    tx.update(&alert).await?;
    tell(tx, alert.id, AlertState::Resolved);
    let sent: Vec<Message> = tx
        .select("WHERE alert = $1 ORDER BY id", vec![alert.id.to_value()])
        .await?;
    let mut channels: Vec<String> = sent.into_iter().map(|m| m.channel).collect();
    channels.sort();
    channels.dedup();
    for channel in channels {
        let Some(last) = last_message(tx, alert.id, &channel)
            .await?
            .filter(|m| m.kind == MessageKind::Opened)
        else {
            continue;
        };
        // What never was true need not be told. What was true and is over is told, both halves of it.
        if kind == MessageKind::Retracted
            && last.state == MessageState::Pending
            && last.attempts == 0
        {
            tx.update(&Message {
                state: MessageState::Dropped,
                ..last
            })
            .await?;
        } else {
            queue(tx, alert.id, channel, kind, at).await?;
        }
    }
    Ok(())
}

pub(crate) async fn retract(tx: &mut Tx<'_>, height: u64) -> Result<()> {
    let gone: Vec<Alert> = tx
        .select(
            "WHERE block > $1 AND state <> 'resolved' ORDER BY id",
            vec![height.to_value()],
        )
        .await?;
    for alert in gone {
        let at = alert.seen_at;
        resolve(tx, alert, at, RETRACTED, MessageKind::Retracted).await?;
    }
    Ok(())
}

async fn last_message(tx: &mut Tx<'_>, alert: i64, channel: &str) -> Result<Option<Message>> {
    let tail = "WHERE alert = $1 AND channel = $2 AND state <> 'dropped' ORDER BY id DESC LIMIT 1";
    Ok(tx
        .select(tail, vec![alert.to_value(), channel.to_owned().to_value()])
        .await?
        .into_iter()
        .next())
}

async fn queue(
    tx: &mut Tx<'_>,
    alert: i64,
    channel: String,
    kind: MessageKind,
    at: u64,
) -> Result<()> {
    let message = Message {
        id: 0,
        alert,
        channel,
        kind,
        state: MessageState::Pending,
        attempts: 0,
        // At once: `at` may be chain time, and a chain's clock is not ours.
        next_try_at: 0,
        last_error: None,
        created_at: at,
        sent_at: None,
    };
    tx.insert_new(&message).await?;
    Ok(())
}

fn tell(tx: &mut Tx<'_>, alert: i64, state: AlertState) {
    tx.change("alerts", Some(json!({ "id": alert, "state": state })));
}

impl Store {
    /// Applies what rules say outside a block: absence, endpoints, failed deliveries.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn apply_alerts(&self, ops: Vec<AlertOp>) -> Result<()> {
        self.write("alerts", move |tx| {
            Box::pin(async move { apply_alerts(tx, ops).await })
        })
        .await
    }

    /// Somebody has looked. Doing it twice keeps the first name.
    ///
    /// # Errors
    /// [`Error::NoSuch`] when there is no such alert, or it is resolved.
    pub async fn acknowledge_alert(&self, id: i64, by: String, at: u64) -> Result<Alert> {
        self.write("acknowledge", move |tx| {
            Box::pin(async move {
                let alert = tx
                    .get(Alert::key(&id))
                    .await?
                    .filter(|a| a.state != AlertState::Resolved);
                let mut alert = alert.ok_or_else(|| Error::NoSuch {
                    what: "live alert",
                    id: id.to_string(),
                })?;
                if alert.state == AlertState::Open {
                    alert.state = AlertState::Acknowledged;
                    alert.acknowledged_at = Some(at);
                    alert.acknowledged_by = Some(by);
                    tx.update(&alert).await?;
                    tell(tx, id, AlertState::Acknowledged);
                }
                Ok(alert)
            })
        })
        .await
    }

    /// The channel took the message.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn message_sent(&self, id: i64, at: u64) -> Result<()> {
        self.write("message_sent", move |tx| {
            Box::pin(async move {
                let message = under_way(tx, id).await?;
                let taken_back = message.state == MessageState::Dropped;
                let (alert, channel) = (message.alert, message.channel.clone());
                let attempts = message.attempts + 1;
                tx.update(&Message {
                    state: MessageState::Sent,
                    attempts,
                    sent_at: Some(at),
                    last_error: None,
                    ..message
                })
                .await?;
                if taken_back {
                    queue(tx, alert, channel, MessageKind::Retracted, at).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The channel did not take it: try again at `retry_at`, or never.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn message_failed(
        &self,
        id: i64,
        error: String,
        retry_at: Option<u64>,
    ) -> Result<()> {
        self.write("message_failed", move |tx| {
            Box::pin(async move {
                let message = under_way(tx, id).await?;
                let taken_back = message.state == MessageState::Dropped;
                let (alert, channel) = (message.alert, message.channel.clone());
                let state = match retry_at {
                    _ if taken_back => MessageState::Dropped,
                    Some(_) => MessageState::Pending,
                    None => MessageState::Dead,
                };
                let next_try_at = retry_at.unwrap_or(message.next_try_at);
                tx.update(&Message {
                    state,
                    attempts: message.attempts + 1,
                    next_try_at,
                    last_error: Some(error),
                    ..message
                })
                .await?;
                // It may have arrived all the same: what is not answered in time counts as failed.
                if taken_back {
                    queue(tx, alert, channel, MessageKind::Retracted, next_try_at).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// A message that a deliverer took: it waits, or was dropped by a reorganisation while it was on its way.
async fn under_way(tx: &mut Tx<'_>, id: i64) -> Result<Message> {
    let message = tx.get(Message::key(&id)).await?.filter(|m| match m.state {
        MessageState::Pending => true,
        // Nobody has answered for it yet.
        MessageState::Dropped => m.attempts == 0,
        _ => false,
    });
    message.ok_or_else(|| Error::NoSuch {
        what: "pending message",
        id: id.to_string(),
    })
}

impl Reader {
    /// Alerts, newest first, optionally of one state.
    ///
    /// # Errors
    /// [`Error::BadCursor`].
    pub async fn alerts(
        &self,
        state: Option<AlertState>,
        page: &PageRequest,
    ) -> Result<Page<Alert>> {
        match state {
            Some(state) => {
                self.page("state = $1", vec![state.to_value()], &["id"], true, page)
                    .await
            }
            None => self.page("1 = 1", vec![], &["id"], true, page).await,
        }
    }

    /// Alerts that are not resolved, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn live_alerts(&self) -> Result<Vec<Alert>> {
        self.select("WHERE state <> 'resolved' ORDER BY id", vec![])
            .await
    }

    /// One alert.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn alert(&self, id: i64) -> Result<Option<Alert>> {
        self.get(Alert::key(&id)).await
    }

    /// Messages due at `now`, oldest first (a try put off by more than an hour counts as due: the clock was set back); for each alert and channel only the first that is pending, so that they arrive in order.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn due_messages(&self, now: u64, limit: u32) -> Result<Vec<Message>> {
        // No try is put off by an hour. A time that far ahead was written by a clock that has been set back since.
        let tail = "WHERE state = 'pending' AND (next_try_at <= $1 OR next_try_at - 3600 > $1) AND NOT EXISTS (
               SELECT 1 FROM outbox AS earlier
               WHERE earlier.alert = outbox.alert AND earlier.channel = outbox.channel AND earlier.state = 'pending' AND earlier.id < outbox.id)
             ORDER BY id LIMIT $2";
        self.select(tail, vec![now.to_value(), limit.to_value()])
            .await
    }

    /// All messages of an alert, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn messages(&self, alert: i64) -> Result<Vec<Message>> {
        self.select("WHERE alert = $1 ORDER BY id", vec![alert.to_value()])
            .await
    }
}
