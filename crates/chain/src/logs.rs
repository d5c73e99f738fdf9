use crate::{Block, ChainError, Fault, Log, Pool, pool::EndpointIndex};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bloom, BloomInput, U64},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Headers in flight at once.
const IN_FLIGHT: usize = 8;
/// Widest first guess for one `eth_getLogs`, blocks.
const WIDEST: u64 = 10_000;
/// With more addresses than this, only empty blocks are suspect: a bloom hit for one of many means little.
const ADDRESSES_CHECKED: usize = 8;

/// Which logs are wanted. An empty list means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Emitting contracts.
    pub addresses: Vec<Address>,
    /// First topics (event signatures).
    pub topics: Vec<B256>,
}

impl LogFilter {
    fn matches(&self, log: &Log) -> bool {
        (self.addresses.is_empty() || self.addresses.contains(&log.address()))
            && (self.topics.is_empty()
                || log
                    .topic0()
                    .is_some_and(|topic| self.topics.contains(topic)))
    }

    /// Whether the bloom leaves room for a topic we want.
    fn topic_possible(&self, bloom: &Bloom) -> bool {
        self.topics.is_empty()
            || self
                .topics
                .iter()
                .any(|topic| bloom.contains_input(BloomInput::Raw(topic.as_slice())))
    }

    fn address_possible(address: &Address, bloom: &Bloom) -> bool {
        bloom.contains_input(BloomInput::Raw(address.as_slice()))
    }

    fn params(&self, range: Range) -> serde_json::Value {
        let mut fields = serde_json::Map::new();
        match range {
            Range::Numbers(from, to) => {
                fields.insert("fromBlock".into(), serde_json::json!(U64::from(from)));
                fields.insert("toBlock".into(), serde_json::json!(U64::from(to)));
            }
            Range::Hash(hash) => {
                fields.insert("blockHash".into(), serde_json::json!(hash));
            }
        }
        if !self.addresses.is_empty() {
            fields.insert("address".into(), serde_json::json!(self.addresses));
        }
        if !self.topics.is_empty() {
            fields.insert("topics".into(), serde_json::json!([self.topics]));
        }
        serde_json::Value::Array(vec![fields.into()])
    }
}

#[derive(Clone, Copy)]
enum Range {
    Numbers(u64, u64),
    Hash(B256),
}

/// All logs of a range, and the linked headers that vouch for them.
#[derive(Clone, Debug)]
pub struct VerifiedLogs {
    /// Every block of the range, in order, linked by parent hashes.
    pub headers: Vec<Block>,
    /// Every matching log, in chain order, each in one of `headers`.
    pub logs: Vec<Log>,
}

/// What a [`LogReader`] has had to do so far, and what it could not do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Completeness {
    /// Blocks whose logs were verified.
    pub blocks: u64,
    /// Ranges a provider refused and we halved.
    pub bisections: u64,
    /// Blocks whose answer did not fit the header's bloom and was asked for again.
    pub suspects: u64,
    /// Answers with logs that do not belong: another branch, another filter, not in the bloom.
    pub rejected: u64,
    /// Blocks where logs were missing at first, and were found.
    pub holes_found: u64,
    /// Blocks known to miss logs that nobody has served since. 0 is the promise.
    pub holes_left: u64,
    /// Suspect blocks that nobody else could confirm: one endpoint, without `eth_getBlockReceipts`.
    pub unproven: u64,
}

/// Reads logs so that a lazy, lagging or lying endpoint cannot make a hole.
#[derive(Debug)]
pub struct LogReader {
    pool: Pool,
    filter: LogFilter,
    /// The widest range that providers take, as far as we know.
    width: AtomicU64,
    seen: Mutex<(Completeness, BTreeSet<u64>)>,
}

#[derive(Deserialize)]
struct LogsOnly {
    logs: Vec<Log>,
}

impl LogReader {
    /// Reads what `filter` matches.
    #[must_use]
    pub fn new(pool: Pool, filter: LogFilter) -> Self {
        Self {
            pool,
            filter,
            width: AtomicU64::new(WIDEST),
            seen: Mutex::default(),
        }
    }

    /// What is read.
    #[must_use]
    pub fn filter(&self) -> &LogFilter {
        &self.filter
    }

    /// Reads something else from now on; the counters go on.
    pub fn set_filter(&mut self, filter: LogFilter) {
        self.filter = filter;
    }

    /// The counters so far.
    #[must_use]
    pub fn completeness(&self) -> Completeness {
        let (counters, holes) = &*self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Completeness {
            holes_left: u64::try_from(holes.len()).unwrap_or(u64::MAX),
            ..*counters
        }
    }

    fn count(&self, change: impl FnOnce(&mut Completeness, &mut BTreeSet<u64>)) {
        let (counters, holes) = &mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        change(counters, holes);
    }

    /// All logs from block `from` to block `to`, both included, or an error: never a part of them.
    ///
    /// # Errors
    /// [`ChainError::Moved`] when the chain changed meanwhile (read again), [`ChainError::Hole`] when logs are known to
    /// be missing everywhere, [`ChainError::BlockUnavailable`] when `to` is above the head.
    pub async fn range(&self, from: u64, to: u64) -> Result<VerifiedLogs, ChainError> {
        if to < from {
            return Err(ChainError::EmptyRange { from, to });
        }
        let headers = self.headers(from, to).await?;
        let mut by_block: BTreeMap<u64, Vec<Log>> = BTreeMap::new();
        // Who answered for the blocks from this number on.
        let mut answered: BTreeMap<u64, EndpointIndex> = BTreeMap::new();
        // A stack of ranges, lowest on top. A failure leaves the function: no partial result.
        let mut todo = vec![(from, to)];
        while let Some((low, high)) = todo.pop() {
            let width = self.width.load(Ordering::Relaxed).max(1);
            let end = low.saturating_add(width.saturating_sub(1)).min(high);
            if end < high {
                todo.push((end.saturating_add(1), high));
            }
            match self.fetch(Range::Numbers(low, end), &[]).await {
                Ok((logs, endpoint)) => {
                    answered.insert(low, endpoint);
                    for log in logs {
                        // What is outside of the range is rejected below, with its block.
                        by_block
                            .entry(log.block_number.unwrap_or(low).clamp(low, end))
                            .or_default()
                            .push(log);
                    }
                    if end.saturating_sub(low).saturating_add(1) == width {
                        self.width.store(
                            width.saturating_add(width / 8).min(WIDEST),
                            Ordering::Relaxed,
                        );
                    }
                }
                Err(error) if low < end && may_be_the_range(&error) => {
                    let half = (end - low) / 2;
                    let middle = low + half;
                    tracing::debug!(low, end, %error, "log range refused, halving it");
                    self.width.store(half.saturating_add(1), Ordering::Relaxed);
                    self.count(|counters, _| counters.bisections += 1);
                    todo.push((middle + 1, end));
                    todo.push((low, middle));
                }
                Err(error) => return Err(error),
            }
        }
        let mut logs = Vec::new();
        for header in &headers {
            let found = by_block.remove(&header.number).unwrap_or_default();
            let endpoint = answered
                .range(..=header.number)
                .next_back()
                .map(|(_, endpoint)| *endpoint);
            logs.extend(self.check(header, found, endpoint).await?);
        }
        Ok(VerifiedLogs { headers, logs })
    }

    /// All logs of one block, which names the branch too.
    ///
    /// # Errors
    /// As [`LogReader::range`]; [`ChainError::Unavailable`] when no endpoint knows the block (any more).
    pub async fn block(&self, header: &Block) -> Result<Vec<Log>, ChainError> {
        if !self.bloom_matches(&header.logs_bloom) {
            // The bloom has no false negatives.
            self.count(|counters, holes| {
                counters.blocks += 1;
                holes.remove(&header.number);
            });
            return Ok(Vec::new());
        }
        let (found, endpoint) = self.fetch(Range::Hash(header.hash), &[]).await?;
        self.check(header, found, Some(endpoint)).await
    }

    async fn headers(&self, from: u64, to: u64) -> Result<Vec<Block>, ChainError> {
        let headers: Vec<Block> = stream::iter(from..=to)
            .map(|number| async move {
                let block = self.pool.block(BlockNumberOrTag::Number(number)).await?;
                block
                    .filter(|block| block.number == number)
                    .ok_or(ChainError::BlockUnavailable(number))
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        for (below, above) in headers.iter().zip(headers.iter().skip(1)) {
            if above.parent_hash != below.hash {
                return Err(ChainError::Moved {
                    block: above.number,
                });
            }
        }
        Ok(headers)
    }

    async fn fetch(
        &self,
        range: Range,
        avoid: &[EndpointIndex],
    ) -> Result<(Vec<Log>, EndpointIndex), ChainError> {
        self.pool
            .request_avoiding("eth_getLogs", self.filter.params(range), avoid)
            .await
    }

    fn bloom_matches(&self, bloom: &Bloom) -> bool {
        self.filter.topic_possible(bloom)
            && (self.filter.addresses.is_empty()
                || self
                    .filter
                    .addresses
                    .iter()
                    .any(|address| LogFilter::address_possible(address, bloom)))
    }

    /// Whether the header leaves room for logs that the answer does not have.
    fn suspect(&self, header: &Block, logs: &[Log]) -> bool {
        if logs.is_empty() {
            return self.bloom_matches(&header.logs_bloom);
        }
        self.filter.addresses.len() <= ADDRESSES_CHECKED
            && self.filter.topic_possible(&header.logs_bloom)
            && self.filter.addresses.iter().any(|address| {
                LogFilter::address_possible(address, &header.logs_bloom)
                    && !logs.iter().any(|log| log.address() == *address)
            })
    }

    /// Sorted and without doubles when every log belongs to this header and this filter.
    fn belonging(&self, header: &Block, mut logs: Vec<Log>) -> Result<Vec<Log>, String> {
        for log in &logs {
            if log.removed
                || log.block_hash != Some(header.hash)
                || log.block_number != Some(header.number)
            {
                return Err(format!(
                    "a log of block {:?}, not {}",
                    log.block_hash, header.hash
                ));
            }
            if log.log_index.is_none() || log.transaction_hash.is_none() {
                return Err("a log without its place".into());
            }
            if !self.filter.matches(log) {
                return Err("a log that was not asked for".into());
            }
            let mut own = Bloom::default();
            own.accrue_log(&log.inner);
            if header.logs_bloom & own != own {
                return Err("a log that the header's bloom excludes".into());
            }
        }
        logs.sort_by_key(|log| log.log_index);
        logs.dedup_by_key(|log| log.log_index);
        Ok(logs)
    }

    /// Settles what the logs of a block are, starting from what one endpoint said.
    async fn check(
        &self,
        header: &Block,
        found: Vec<Log>,
        endpoint: Option<EndpointIndex>,
    ) -> Result<Vec<Log>, ChainError> {
        let first = match self.belonging(header, found) {
            Ok(logs) if !self.suspect(header, &logs) => {
                self.settle(header, 0);
                return Ok(logs);
            }
            Ok(logs) => {
                self.count(|counters, _| counters.suspects += 1);
                Some(logs)
            }
            Err(reason) => {
                tracing::warn!(
                    block = header.number,
                    reason,
                    "logs do not belong, asking again"
                );
                self.count(|counters, _| counters.rejected += 1);
                None
            }
        };
        let avoid: Vec<EndpointIndex> = endpoint.into_iter().collect();
        let rejected = first.is_none();
        let had = first.as_ref().map_or(0, Vec::len);
        let mut best = first;
        let mut confirmed = false;
        if let Ok((again, other)) = self.fetch(Range::Hash(header.hash), &avoid).await {
            if let Ok(again) = self.belonging(header, again) {
                let elsewhere = !avoid.contains(&other);
                let more = best.as_ref().is_none_or(|best| again.len() > best.len());
                confirmed = elsewhere && best.as_ref().is_none_or(|best| again.len() >= best.len());
                if more {
                    best = Some(again);
                }
            } else {
                self.pool
                    .blame(other, "logs that do not belong to the block");
            }
        }
        let still_suspect = best.as_ref().is_none_or(|logs| self.suspect(header, logs));
        if still_suspect && !confirmed {
            match self.prove(header, &avoid).await {
                Proof::Logs(logs) => {
                    best = Some(logs);
                    confirmed = true;
                }
                Proof::Contradiction(reason) => {
                    self.count(|_, holes| {
                        holes.insert(header.number);
                    });
                    return Err(ChainError::Hole {
                        block: header.number,
                        reason,
                    });
                }
                Proof::NotOffered => {}
            }
        }
        let Some(logs) = best else {
            // Only answers from another branch: the block left the chain, or nobody has it.
            return Err(ChainError::Moved {
                block: header.number,
            });
        };
        if still_suspect && !confirmed {
            tracing::warn!(
                block = header.number,
                "bloom says maybe, one endpoint says no, nobody else to ask"
            );
            self.count(|counters, _| counters.unproven += 1);
        }
        let missed = logs.len().saturating_sub(had);
        if (missed > 0 || rejected)
            && let Some(endpoint) = endpoint
        {
            self.pool
                .blame(endpoint, "its logs do not match the block's header");
        }
        self.settle(header, if rejected { 0 } else { missed });
        Ok(logs)
    }

    fn settle(&self, header: &Block, missed: usize) {
        self.count(|counters, holes| {
            counters.blocks += 1;
            counters.holes_found += u64::from(missed > 0);
            holes.remove(&header.number);
        });
    }

    /// All receipts of a block give exactly the header's bloom, or they are not all.
    async fn prove(&self, header: &Block, avoid: &[EndpointIndex]) -> Proof {
        let mut avoid = avoid.to_vec();
        let mut contradiction = None;
        for _ in 0..self.pool.usable().max(1) {
            let answer = self
                .pool
                .request_avoiding::<_, Option<Vec<LogsOnly>>>(
                    "eth_getBlockReceipts",
                    (header.hash,),
                    &avoid,
                )
                .await;
            let Ok((Some(receipts), endpoint)) = answer else {
                break;
            };
            let logs: Vec<Log> = receipts
                .into_iter()
                .flat_map(|receipt| receipt.logs)
                .collect();
            let mut bloom = Bloom::default();
            for log in &logs {
                bloom.accrue_log(&log.inner);
            }
            if bloom == header.logs_bloom {
                let wanted = logs
                    .into_iter()
                    .filter(|log| self.filter.matches(log))
                    .collect();
                match self.belonging(header, wanted) {
                    Ok(logs) => return Proof::Logs(logs),
                    Err(reason) => contradiction = Some(reason),
                }
            } else {
                contradiction = Some("the receipts do not add up to the header's bloom".to_owned());
            }
            self.pool
                .blame(endpoint, "receipts that do not match the block's header");
            avoid.push(endpoint);
        }
        contradiction.map_or(Proof::NotOffered, Proof::Contradiction)
    }
}

enum Proof {
    Logs(Vec<Log>),
    Contradiction(String),
    NotOffered,
}

/// Whether a smaller range could help.
fn may_be_the_range(error: &ChainError) -> bool {
    match error {
        ChainError::RangeTooWide { .. } | ChainError::Rpc { .. } => true,
        // Too slow or too large to send, everywhere.
        ChainError::Unavailable { faults, .. } => {
            !faults.is_empty()
                && faults.iter().any(|(_, fault)| {
                    matches!(
                        fault,
                        Fault::Timeout(_)
                            | Fault::Malformed(_)
                            | Fault::Http(400 | 413 | 414 | 422 | 502 | 504)
                    )
                })
        }
        _ => false,
    }
}
