//! A sign of life for a service outside, which calls people when it stays away.

use crate::{Look, Result};
use chain::{SensitiveUrl, http_client};
use std::time::Duration;
use store::unix_now;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// The monitor counts as stalled when its last look, or the block that it looked at, is older.
const STALLED: Duration = Duration::from_secs(300);

/// Pings an address for as long as the monitor works.
///
/// Alerts cannot tell that nobody looks any more: neither that the process is dead, nor that it hangs, nor that its chain does.
#[derive(Debug)]
pub struct Heartbeat {
    url: SensitiveUrl,
    every: Duration,
    looks: watch::Receiver<Option<Look>>,
    client: reqwest::Client,
}

impl Heartbeat {
    /// Asks for `url` `every` so often, while `looks` ([`crate::Monitor::looks`]) are fresh.
    ///
    /// # Errors
    /// [`crate::WatchError::Chain`] when TLS cannot be set up.
    pub fn new(
        url: SensitiveUrl,
        every: Duration,
        looks: watch::Receiver<Option<Look>>,
    ) -> Result<Self> {
        Ok(Self {
            url,
            every,
            looks,
            client: http_client(Duration::from_secs(10))?,
        })
    }

    /// Runs for ever. To stop it, drop the future.
    pub async fn run(&self) {
        let mut tick = interval(self.every.max(Duration::from_millis(10)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.beat(unix_now()).await;
        }
    }

    /// Pings once, unless the monitor has stalled at `now`. Returns whether the ping arrived.
    pub async fn beat(&self, now: u64) -> bool {
        if !self.is_fresh(now) {
            tracing::warn!("no heartbeat: the monitor has not seen a fresh block for a while");
            return false;
        }
        let answer = self.client.get(self.url.expose().clone()).send().await;
        let reason = match answer {
            Ok(answer) if answer.status().is_success() => return true,
            Ok(answer) => format!("it answered {}", answer.status().as_u16()),
            Err(error) => self.url.scrub(&error.without_url().to_string()),
        };
        tracing::warn!(reason, "the heartbeat did not arrive");
        false
    }

    /// Two clocks: ours says whether the loop turns, the chain's whether it sees anything new.
    fn is_fresh(&self, now: u64) -> bool {
        self.looks.borrow().is_some_and(|look| {
            look.at.elapsed() <= STALLED && now.saturating_sub(look.timestamp) <= STALLED.as_secs()
        })
    }
}
