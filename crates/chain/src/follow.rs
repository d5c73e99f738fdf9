use crate::{Block, ChainError, Pool, Step, Window, WindowError};
use alloy::eips::BlockNumberOrTag;
use futures_util::{StreamExt, stream};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{sync::Notify, time::Instant};

/// Headers fetched ahead while catching up.
const AHEAD: u64 = 32;
/// Headers in flight at once.
const IN_FLIGHT: usize = 8;
/// Polls in a row with the tip below the whole window before we believe it.
const PATIENCE: u32 = 20;

/// How to follow the head.
#[derive(Clone, Copy, Debug)]
pub struct FollowConfig {
    /// Longest wait between two looks at the chain.
    pub poll: Duration,
}

impl Default for FollowConfig {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(1),
        }
    }
}

/// Follows the canonical chain: the I/O around a [`Window`].
///
/// Polling is the truth. [`Follower::hint`] only shortens a wait: whoever has a subscription notifies it.
#[derive(Debug)]
pub struct Follower {
    pool: Pool,
    window: Window,
    config: FollowConfig,
    hint: Arc<Notify>,
    /// Headers fetched ahead, consecutive. Only a cache: the window checks every link.
    ahead: VecDeque<Block>,
    tip: u64,
    below: u32,
    next_poll: Instant,
}

impl Follower {
    /// Follows from where `window` stands.
    #[must_use]
    pub fn new(pool: Pool, window: Window, config: FollowConfig) -> Self {
        let tip = window.head().number;
        Self {
            pool,
            window,
            config,
            hint: Arc::default(),
            ahead: VecDeque::new(),
            tip,
            below: 0,
            next_poll: Instant::now(),
        }
    }

    /// The window, as of the last step returned.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The highest block number the chain has shown: our lag is this minus the window's head.
    #[must_use]
    pub fn tip(&self) -> u64 {
        self.tip
    }

    /// Notify this to look at the chain at once.
    #[must_use]
    pub fn hint(&self) -> Arc<Notify> {
        Arc::clone(&self.hint)
    }

    /// Waits for the next [`Step::Applied`] or [`Step::Rollback`]. Cancel-safe: a step is never lost, because the
    /// window only moves when this returns.
    ///
    /// # Errors
    /// Transient errors ([`ChainError::is_transient`]) may be answered by calling again;
    /// [`WindowError::TooDeep`] must stop the program.
    pub async fn next(&mut self) -> Result<Step, ChainError> {
        loop {
            if let Some(step) = self.step().await? {
                return Ok(step);
            }
            tokio::select! {
                () = self.hint.notified() => {}
                () = tokio::time::sleep_until(self.next_poll) => {}
            }
        }
    }

    /// As [`Follower::next`], but `None` when we are at the tip now instead of waiting.
    ///
    /// # Errors
    /// As [`Follower::next`].
    pub async fn step(&mut self) -> Result<Option<Step>, ChainError> {
        loop {
            let Some(number) = self.window.want(self.tip) else {
                if !self.look().await? {
                    return Ok(None);
                }
                continue;
            };
            let block = self.fetch(number).await?;
            match self.window.offer(block) {
                Ok(Step::Searching) => self.ahead.clear(),
                Ok(step) => return Ok(Some(step)),
                Err(error) => {
                    self.ahead.clear();
                    return Err(error.into());
                }
            }
        }
    }

    /// Looks at the tip; `true` when there is something to fetch.
    async fn look(&mut self) -> Result<bool, ChainError> {
        self.next_poll = Instant::now() + self.config.poll;
        let tip = self.pool.latest().await?;
        if self.window.notice(&tip) {
            self.below = 0;
            self.tip = tip.number;
        } else {
            self.below = self.below.saturating_add(1);
            if self.below >= PATIENCE {
                // Nobody has a higher head: the chain was cut below everything we remember.
                let oldest = self.window.oldest();
                return Err(WindowError::TooDeep {
                    oldest: oldest.number,
                    oldest_hash: oldest.hash,
                    head: self.window.head().number,
                }
                .into());
            }
        }
        Ok(self.window.want(self.tip).is_some())
    }

    async fn fetch(&mut self, number: u64) -> Result<Block, ChainError> {
        while let Some(block) = self.ahead.pop_front() {
            if block.number == number {
                return Ok(block);
            }
        }
        // One alone while searching backwards, several while catching up.
        let last = if number > self.window.head().number {
            self.tip.min(number.saturating_add(AHEAD))
        } else {
            number
        };
        let pool = &self.pool;
        let mut fetched = stream::iter(number..=last.max(number))
            .map(|number| pool.block(BlockNumberOrTag::Number(number)))
            .buffered(IN_FLIGHT);
        let first = fetched.next().await.transpose()?.flatten();
        let mut ahead = VecDeque::new();
        while let Some(Ok(Some(block))) = fetched.next().await {
            ahead.push_back(block);
        }
        drop(fetched);
        self.ahead = ahead;
        match first {
            Some(block) => Ok(block),
            None => {
                // The tip went away, or this endpoint is behind the one that showed it.
                self.tip = self.window.head().number;
                Err(ChainError::BlockUnavailable(number))
            }
        }
    }
}
