//! From the outbox to the world.

use crate::{
    Channels, Result, WatchError,
    channels::{Failure, Letter},
};
use chain::http_client;
use futures_util::future::join_all;
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::{AlertOp, Message, Raise, Severity, Store, unix_now};
use tokio::time::sleep;

/// First wait after a failure, seconds; doubles up to the last.
const FIRST_RETRY: u64 = 5;
const LAST_RETRY: u64 = 600;
/// Failures in a row after which the other channels are told.
const DEAD_AFTER: u64 = 5;
/// A message is given up after about three days.
const MOST_ATTEMPTS: u64 = 440;
/// First wait while the store takes no notes; doubles up to a minute.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Messages on their way at once.
const AT_ONCE: u32 = 16;

/// Sends what the outbox holds.
#[derive(Debug)]
pub struct Deliverer {
    store: Store,
    channels: Channels,
    client: reqwest::Client,
    /// Messages that a channel took and the store could not note: not to be sent again by us.
    taken: Mutex<BTreeSet<i64>>,
}

impl Deliverer {
    /// Sends to `channels`, each try within ten seconds, to a mail server within thirty.
    ///
    /// # Errors
    /// [`crate::WatchError::Chain`] when TLS cannot be set up.
    pub fn new(store: Store, channels: Channels) -> Result<Self> {
        Ok(Self {
            store,
            channels,
            client: http_client(Duration::from_secs(10))?,
            taken: Mutex::default(),
        })
    }

    /// Runs until the store fails for good; a full disk or a locked database is waited for. To stop it, drop the future: what was sent
    /// and not noted is sent again, with the same id.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn run(&self) -> Result<()> {
        let mut hint = self.store.subscribe();
        let mut wait = FIRST_PAUSE;
        loop {
            match self.deliver_due(unix_now()).await {
                Ok(0) => wait = FIRST_PAUSE,
                Ok(_) => continue,
                Err(WatchError::Store(error)) if error.passes() => {
                    tracing::warn!(%error, "what became of alerts cannot be noted");
                    sleep(wait).await;
                    wait = wait.saturating_mul(2).min(FIRST_PAUSE * 64);
                    continue;
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                _ = hint.changed() => {}
                () = sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    /// Tries every message that is due at `now` once. Returns how many there were.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn deliver_due(&self, now: u64) -> Result<usize> {
        let due = self.store.due_messages(now, AT_ONCE).await?;
        let results = join_all(due.iter().map(|message| self.deliver_once(message, now))).await;
        // All of them first: when one cannot be noted, the others are not forgotten.
        for (message, result) in due.iter().zip(&results) {
            if matches!(result, Ok(Ok(()))) {
                self.taken().insert(message.id);
            }
        }
        for (message, result) in due.iter().zip(results) {
            match result? {
                Ok(()) => {
                    self.store.message_sent(message.id, now).await?;
                    self.taken().remove(&message.id);
                    self.channel_works(&message.channel, now).await?;
                }
                Err(Failure {
                    reason,
                    wait: asked,
                }) => {
                    tracing::warn!(
                        channel = message.channel,
                        message = message.id,
                        reason,
                        "an alert was not delivered"
                    );
                    let tries = message.attempts + 1;
                    let wait = FIRST_RETRY
                        .saturating_mul(1 << tries.min(8).saturating_sub(1))
                        .max(asked.unwrap_or_default())
                        .min(LAST_RETRY);
                    let retry = (tries < MOST_ATTEMPTS).then_some(now.saturating_add(wait));
                    self.store
                        .message_failed(message.id, reason.clone(), retry)
                        .await?;
                    if tries == DEAD_AFTER {
                        self.channel_fails(&message.channel, &reason, now).await?;
                    }
                }
            }
        }
        Ok(due.len())
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends it, unless the channel has it and only the store does not know.
    async fn deliver_once(&self, message: &Message, now: u64) -> Result<Result<(), Failure>> {
        if self.taken().contains(&message.id) {
            return Ok(Ok(()));
        }
        self.deliver(message, now).await
    }

    /// The inner error is the channel's and is never fatal; it shows no secret.
    async fn deliver(&self, message: &Message, now: u64) -> Result<Result<(), Failure>> {
        let Some(channel) = self.channels.get(&message.channel) else {
            return Ok(Err("there is no such channel any more".into()));
        };
        let Some(alert) = self.store.alert(message.alert).await? else {
            return Ok(Err("its alert is gone".into()));
        };
        let letter = Letter {
            source: self.channels.source(),
            message,
            alert: &alert,
            now,
        };
        Ok(channel.send(&self.client, &letter).await)
    }

    /// A dead channel is reported through the others.
    async fn channel_fails(&self, channel: &str, reason: &str, at: u64) -> Result<()> {
        let channels = self
            .channels
            .names()
            .into_iter()
            .filter(|name| name != channel)
            .collect();
        let raise = Raise {
            dedupe: channel_key(channel),
            rule: "channel/dead".to_owned(),
            severity: Severity::Critical,
            title: "An alert channel does not take messages".to_owned(),
            detail: format!("channel {channel}: {reason}"),
            block: 0,
            at,
            channels,
            cooldown: 0,
        };
        Ok(self.store.apply_alerts(vec![AlertOp::Raise(raise)]).await?)
    }

    async fn channel_works(&self, channel: &str, at: u64) -> Result<()> {
        let dedupe = channel_key(channel);
        if self
            .store
            .live_alerts()
            .await?
            .iter()
            .any(|alert| alert.dedupe == dedupe)
        {
            let resolution = "it takes messages again".to_owned();
            self.store
                .apply_alerts(vec![AlertOp::Resolve {
                    dedupe,
                    at,
                    resolution,
                }])
                .await?;
        }
        Ok(())
    }
}

fn channel_key(channel: &str) -> String {
    format!("channel/dead:{channel}")
}
