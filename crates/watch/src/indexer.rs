//! The chain into the store: backfill of final ranges, then block by block, with one cursor for both.

use crate::{AlertManager, Contracts, Decoder, Result, WatchError};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, Bloom},
};
use chain::{Block, ChainError, FollowConfig, Follower, LogReader, Pool, Step, Window};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use store::{BlockBatch, Cursor, RangeBatch, Store};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

/// How to index.
#[derive(Debug, Clone)]
pub struct IndexerConfig {
    /// Blocks in one transaction of the backfill. Bounds its memory.
    pub chunk: u64,
    /// Longest wait between two looks at the chain.
    pub poll: Duration,
    /// Wait after trouble; doubles up to 32 times itself.
    pub retry: Duration,
}

impl Default for IndexerConfig {
    fn default() -> Self {
        Self {
            chunk: 2_000,
            poll: Duration::from_secs(1),
            retry: Duration::from_millis(500),
        }
    }
}

/// What the indexer is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Looking for the last block that the index and the chain share.
    Starting,
    /// Reading final ranges.
    Backfill,
    /// Following the head.
    Live,
}

/// Where the indexer is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexStatus {
    /// What it is at.
    pub phase: Phase,
    /// The highest block that the chain has shown; 0 before the first look.
    pub tip: u64,
    /// The last block in the store.
    pub cursor: Option<u64>,
    /// What holds it up at the moment. Endpoints' secrets are not in it.
    pub trouble: Option<String>,
}

impl IndexStatus {
    /// Blocks behind the tip.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.tip.saturating_sub(self.cursor.unwrap_or_default())
    }
}

/// A decoder, and a reader of what it can decode.
#[derive(Debug)]
struct Following {
    decoder: Decoder,
    logs: LogReader,
}

impl Following {
    fn new(pool: Pool, decoder: Decoder) -> Arc<Self> {
        let logs = LogReader::new(pool, decoder.filter());
        Arc::new(Self { decoder, logs })
    }

    /// The events of `logs`, and the sleeves among them that are not followed yet.
    fn decode(&self, logs: &[chain::Log]) -> (Vec<store::Event>, Vec<(Address, u64)>) {
        let events: Vec<_> = logs
            .iter()
            .filter_map(|log| self.decoder.decode(log))
            .collect();
        let unknown = events
            .iter()
            .filter_map(Decoder::sleeve_added)
            .filter(|(adapter, _)| !self.decoder.sleeves().contains_key(adapter))
            .collect();
        (events, unknown)
    }
}

/// Keeps the store equal to the chain.
#[derive(Debug)]
pub struct Indexer {
    pool: Pool,
    store: Store,
    contracts: Contracts,
    /// Whose logs are read; grows with the sleeves of the basket.
    following: RwLock<Arc<Following>>,
    alerts: Arc<AlertManager>,
    config: IndexerConfig,
    status: watch::Sender<IndexStatus>,
    hint: Arc<Notify>,
}

impl Indexer {
    /// An indexer of one deployment. The store is tied to it at the first [`Indexer::run`].
    ///
    /// # Errors
    /// [`WatchError::Abi`].
    pub fn new(
        pool: Pool,
        store: Store,
        contracts: Contracts,
        alerts: Arc<AlertManager>,
        config: IndexerConfig,
    ) -> Result<Self> {
        let following = Following::new(pool.clone(), Decoder::new(contracts)?);
        let status = IndexStatus {
            phase: Phase::Starting,
            tip: 0,
            cursor: None,
            trouble: None,
        };
        Ok(Self {
            pool,
            store,
            contracts,
            following: RwLock::new(following),
            alerts,
            config,
            status: watch::channel(status).0,
            hint: Arc::default(),
        })
    }

    /// Where it is, now and later.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<IndexStatus> {
        self.status.subscribe()
    }

    /// Notify this when there may be a new block.
    #[must_use]
    pub fn hint(&self) -> Arc<Notify> {
        Arc::clone(&self.hint)
    }

    /// Runs until something happens that waiting does not cure. To stop it, drop the future: each write is a whole one.
    ///
    /// # Errors
    /// [`WatchError::TooDeep`], a window error, or what the store refuses for good: an event that does not fit, another deployment.
    /// A full disk or a locked database is waited for ([`store::Error::passes`]), once it runs.
    pub async fn run(&self) -> Result<()> {
        let identity = format!(
            "chain {} genesis {} {}",
            self.pool.chain_id(),
            self.pool.genesis(),
            self.contracts.identity()
        );
        self.store.bind_deployment(&identity).await?;
        if self.store.follow(&self.contracts.followed()).await? {
            tracing::info!("the index was made of other contracts and starts anew");
        }
        self.follow_stored().await?;
        self.patiently(Self::find_common).await?;
        loop {
            self.patiently(Self::backfill).await?;
            self.live().await?;
        }
    }

    fn following(&self) -> Arc<Following> {
        let following = self.following.read();
        Arc::clone(&following.unwrap_or_else(PoisonError::into_inner))
    }

    fn follow(&self, following: Arc<Following>) {
        let mut now = self
            .following
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *now = following;
    }

    /// Follows the sleeves that the store knows, and no other: after a start, and after a rollback, which may have taken one.
    async fn follow_stored(&self) -> Result<()> {
        let rows = self.store.basket_sleeves().await?;
        let sleeves: BTreeMap<_, _> = rows
            .iter()
            .map(|row| (row.adapter, row.added_block))
            .collect();
        let now = self.following();
        if *now.decoder.sleeves() != sleeves {
            let decoder = now.decoder.with_sleeves(sleeves);
            self.follow(Following::new(self.pool.clone(), decoder));
        }
        Ok(())
    }

    /// The same reader with more sleeves.
    fn widened(&self, following: &Following, more: Vec<(Address, u64)>) -> Arc<Following> {
        tracing::info!(sleeves = more.len(), "the basket took sleeves");
        let known = following.decoder.sleeves().clone();
        let decoder = following
            .decoder
            .with_sleeves(known.into_iter().chain(more));
        Following::new(self.pool.clone(), decoder)
    }

    /// Repeats `step` while it fails for a reason that passes.
    async fn patiently(&self, step: impl AsyncFn(&Self) -> Result<()>) -> Result<()> {
        let mut wait = self.config.retry;
        loop {
            match step(self).await {
                Ok(()) => {
                    self.trouble(None);
                    return Ok(());
                }
                Err(error) => self.bear(error).await?,
            }
            sleep(wait).await;
            wait = (wait * 2).min(self.config.retry * 32);
        }
    }

    /// Swallows what passes by itself, and notes it.
    async fn bear(&self, error: WatchError) -> Result<()> {
        match &error {
            WatchError::Chain(ChainError::Hole { block, reason }) => {
                match self.note_hole(*block, reason).await {
                    // It is met again, and noted then.
                    Err(error) if !error.passes() => return Err(error.into()),
                    _ => {}
                }
            }
            WatchError::Chain(error) if passes(error) => {}
            WatchError::Store(error) if error.passes() => {}
            _ => return Err(error),
        }
        tracing::warn!(%error, "the index waits");
        self.trouble(Some(error.to_string()));
        Ok(())
    }

    async fn note_hole(&self, block: u64, reason: &str) -> store::Result<()> {
        let holes = self.store.holes().await?;
        if !holes
            .iter()
            .any(|hole| hole.first <= block && block <= hole.last)
        {
            self.store
                .report_hole(block, block, reason.to_owned())
                .await?;
        }
        Ok(())
    }

    fn trouble(&self, trouble: Option<String>) {
        self.status.send_if_modified(|status| {
            let changed = status.trouble != trouble;
            if trouble.is_none() && changed {
                tracing::info!(cursor = status.cursor, "the index goes on");
            }
            status.trouble = trouble;
            changed
        });
    }

    /// Where we are. Trouble stays until something succeeded: [`Indexer::trouble`].
    fn publish(&self, phase: Phase, tip: u64, cursor: Option<u64>) {
        self.status.send_modify(|status| {
            status.phase = phase;
            status.tip = tip;
            status.cursor = cursor;
        });
    }

    /// Rolls back to the last stored block that is on the chain: what a reorganisation did while nobody watched.
    async fn find_common(&self) -> Result<()> {
        let Some(cursor) = self.store.cursor().await? else {
            return Ok(());
        };
        let floor = self.store.rollback_floor().await?;
        for block in self.store.blocks_from(floor).await?.iter().rev() {
            let canonical = self
                .pool
                .block(BlockNumberOrTag::Number(block.number))
                .await?;
            match canonical {
                Some(canonical) if canonical.hash == block.hash => {
                    self.store.rollback_to(block.number).await?;
                    self.follow_stored().await?;
                    // Copied out first: the guard of a borrow would lock the writer out.
                    let tip = self.status.borrow().tip;
                    self.publish(Phase::Starting, tip, Some(block.number));
                    return Ok(());
                }
                // Not there: the endpoint may only be behind. Then it must not look like a reorganisation.
                None if self.pool.latest().await?.number < block.number => {
                    return Err(ChainError::BlockUnavailable(block.number).into());
                }
                _ => {}
            }
        }
        Err(WatchError::TooDeep {
            number: cursor.number,
            floor,
        })
    }

    /// Applies final ranges until the cursor is within the window of the head.
    async fn backfill(&self) -> Result<()> {
        let window = self.store.reorg_window();
        loop {
            let head = self.pool.latest().await?;
            let tip = head.number;
            let cursor = self.store.cursor().await?;
            self.publish(Phase::Backfill, tip, cursor.map(|c| c.number));
            let start = self.contracts.first_block;
            let first = cursor.map_or(start, |c| c.number.saturating_add(1));
            let last = tip.saturating_sub(window);
            // A new chain has nothing final yet; its first block is taken as given, else there is nothing to build on.
            let last = if cursor.is_none() {
                last.max(start)
            } else {
                last
            };
            if last < first {
                return Ok(());
            }
            if tip < first {
                return Err(ChainError::BlockUnavailable(first).into());
            }
            let last = last.min(first.saturating_add(self.config.chunk.max(1) - 1));
            self.apply_range(first, last, cursor, head.timestamp)
                .await?;
            self.trouble(None);
        }
    }

    async fn apply_range(
        &self,
        first: u64,
        last: u64,
        cursor: Option<Cursor>,
        now: u64,
    ) -> Result<()> {
        let mut following = self.following();
        let (verified, events) = loop {
            let verified = following.logs.range(first, last).await?;
            let (events, unknown) = following.decode(&verified.logs);
            if unknown.is_empty() {
                break (verified, events);
            }
            // What these logged since was not asked for.
            following = self.widened(&following, unknown);
        };
        let (Some(head), Some(end)) = (verified.headers.first(), verified.headers.last()) else {
            return Err(ChainError::EmptyRange {
                from: first,
                to: last,
            }
            .into());
        };
        if cursor.is_some_and(|c| c.hash != head.parent_hash) {
            return self.find_common().await;
        }
        let mut with_events: Vec<u64> = events.iter().map(|event| event.block).collect();
        with_events.dedup();
        let blocks: Vec<_> = verified
            .headers
            .iter()
            .filter(|h| with_events.binary_search(&h.number).is_ok())
            .map(header)
            .collect();
        // History is not news, but what still holds is: a slash while nobody watched needs somebody now.
        let mut alerts = Vec::new();
        for (block, events) in blocks
            .iter()
            .zip(events.chunk_by(|one, next| one.block == next.block))
        {
            let past = self
                .alerts
                .on_past_events(block.number, block.timestamp, now, events);
            alerts.extend(past);
        }
        let batch = RangeBatch {
            first,
            last: header(end),
            blocks,
            events,
            alerts,
        };
        self.store.apply_range(batch).await?;
        self.follow(following);
        self.fill_holes(last).await
    }

    async fn fill_holes(&self, to: u64) -> Result<()> {
        for hole in self.store.holes().await? {
            if hole.last <= to {
                self.store.fill_hole(hole.id).await?;
            }
        }
        Ok(())
    }

    /// Follows the head. Returns when it has fallen so far behind that ranges are the better way.
    async fn live(&self) -> Result<()> {
        let window = self.store.reorg_window();
        let floor = self.store.rollback_floor().await?;
        let known: Vec<Block> = self
            .store
            .blocks_from(floor)
            .await?
            .iter()
            .map(stored)
            .collect();
        let capacity = usize::try_from(window.saturating_add(1)).unwrap_or(usize::MAX);
        let resumed = Window::resume(known, capacity).map_err(ChainError::from)?;
        let mut follower = Follower::new(
            self.pool.clone(),
            resumed,
            FollowConfig {
                poll: self.config.poll,
            },
        );
        // Followed, not yet in the store. Longer than one only while logs cannot be had.
        let mut pending: VecDeque<Block> = VecDeque::new();
        let mut wait = self.config.retry;
        loop {
            let attempt = async {
                if let Some(block) = pending.front() {
                    self.apply_block(block).await?;
                    pending.pop_front();
                    return Ok(());
                }
                let step = tokio::select! {
                    step = follower.next() => step?,
                    // The follower looks at the chain when it is asked again.
                    () = self.hint.notified() => return Ok(()),
                };
                self.take(step, &mut pending).await
            };
            match attempt.await {
                Ok(()) => {
                    wait = self.config.retry;
                    if pending.is_empty() {
                        self.trouble(None);
                    }
                }
                Err(error) => {
                    self.bear(error).await?;
                    sleep(wait).await;
                    wait = (wait * 2).min(self.config.retry * 32);
                    // The block at hand may be gone from the chain: only the follower can tell.
                    if !pending.is_empty() {
                        match follower.step().await {
                            Ok(Some(step)) => self.take(step, &mut pending).await?,
                            Ok(None) => {}
                            Err(error) => self.bear(error.into()).await?,
                        }
                    }
                }
            }
            let cursor = match self.store.cursor().await {
                Ok(cursor) => cursor.map(|c| c.number),
                Err(error) => {
                    self.bear(error.into()).await?;
                    continue;
                }
            };
            self.publish(Phase::Live, follower.tip(), cursor);
            let behind = follower.tip().saturating_sub(cursor.unwrap_or_default());
            if pending.is_empty() && behind > window.saturating_add(self.config.chunk) {
                return Ok(());
            }
        }
    }

    async fn take(&self, step: Step, pending: &mut VecDeque<Block>) -> Result<()> {
        match step {
            Step::Applied(block) => pending.push_back(block),
            Step::Rollback { to, dropped } => {
                tracing::info!(
                    to = to.number,
                    depth = dropped.len(),
                    "the chain was reorganised"
                );
                pending.retain(|block| block.number <= to.number);
                // The follower does not tell it twice, and nothing fits on the branch that is gone.
                let mut wait = self.config.retry;
                while let Err(error) = self.roll_back(to.number).await {
                    self.bear(error).await?;
                    sleep(wait).await;
                    wait = (wait * 2).min(self.config.retry * 32);
                }
            }
            Step::Searching => {}
        }
        Ok(())
    }

    async fn roll_back(&self, to: u64) -> Result<()> {
        self.store.rollback_to(to).await?;
        self.follow_stored().await
    }

    async fn apply_block(&self, block: &Block) -> Result<()> {
        let mut following = self.following();
        let events = loop {
            let logs = following.logs.block(block).await?;
            let (events, unknown) = following.decode(&logs);
            if unknown.is_empty() {
                break events;
            }
            following = self.widened(&following, unknown);
        };
        let alerts = self
            .alerts
            .on_events(block.number, block.timestamp, &events);
        self.store
            .apply_block(BlockBatch {
                block: header(block),
                events,
                alerts,
            })
            .await?;
        self.follow(following);
        match self.fill_holes(block.number).await {
            // The block is applied; the next one fills what this one could not.
            Err(WatchError::Store(error)) if error.passes() => Ok(()),
            done => done,
        }
    }
}

fn header(block: &Block) -> store::Block {
    let Block {
        number,
        hash,
        parent_hash,
        timestamp,
        ..
    } = *block;
    store::Block {
        number,
        hash,
        parent: parent_hash,
        timestamp,
        events: 0,
    }
}

/// As much of a header as a window needs; its bloom is never looked at again.
fn stored(block: &store::Block) -> Block {
    Block {
        number: block.number,
        hash: block.hash,
        parent_hash: block.parent,
        timestamp: block.timestamp,
        logs_bloom: Bloom::ZERO,
        base_fee_per_gas: 0,
        gas_limit: 0,
    }
}

/// Endpoints come back, ranges get smaller, branches settle. A chain that was rewritten, or is another one, does not pass.
fn passes(error: &ChainError) -> bool {
    match error {
        ChainError::Unavailable { .. }
        | ChainError::Rpc { .. }
        | ChainError::RangeTooWide { .. }
        | ChainError::Decode { .. }
        | ChainError::BlockUnavailable(_)
        | ChainError::Hole { .. }
        | ChainError::Moved { .. } => true,
        _ => error.is_transient(),
    }
}
