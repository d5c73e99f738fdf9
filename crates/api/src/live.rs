//! Reads from the chain, all of one answer at one pinned block.
//!
//! A [`Snapshot`] is one block and what was asked of it so far. Whoever asks the same again within the cache time gets
//! the same answer without a request, so the load on the endpoints follows the number of questions, not of visitors.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use alloy::{
    primitives::{Address, Bytes, hex},
    sol_types::{SolCall, SolInterface},
};
use chain::{
    Block, ChainError, Pool,
    bindings::{IBasket as Basket, ILiquidMinter as Minter, IUnbondingQueue as Queue},
};
use tokio::sync::{OnceCell, Semaphore};

use crate::{error::ApiError, server::AppState};

/// Answers kept of one block. Beyond it answers are still given, only not kept.
const MOST_ANSWERS: usize = 20_000;
/// Requests to the chain at once, for all visitors together.
const AT_ONCE: usize = 32;

type Answer = Arc<OnceCell<Bytes>>;

/// The chain as of one block.
pub(crate) struct Snapshot {
    pub(crate) block: Block,
    pool: Pool,
    answers: Mutex<HashMap<(Address, Bytes), Answer>>,
    permits: Arc<Semaphore>,
    timeout: Duration,
}

/// The newest snapshot, renewed when it is older than the cache time or than what the index shows.
pub(crate) struct Live {
    pool: Pool,
    cache: Duration,
    timeout: Duration,
    permits: Arc<Semaphore>,
    /// Held while the head is asked for, so that a crowd asks once.
    last: tokio::sync::Mutex<Option<Asked>>,
}

/// A question for the head. A failure is kept as long as an answer.
struct Asked {
    at: Instant,
    /// The block that was wanted, or a later one that came: no more than one question is asked for it in a cache time.
    least: u64,
    snapshot: Option<Arc<Snapshot>>,
}

impl Live {
    pub(crate) fn new(pool: Pool, cache: Duration, timeout: Duration) -> Self {
        Self {
            pool,
            cache,
            timeout,
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            last: tokio::sync::Mutex::default(),
        }
    }

    /// The chain now; at block `least` or later, unless the endpoints are behind it.
    ///
    /// # Errors
    /// [`ApiError::ChainUnavailable`].
    pub(crate) async fn now(&self, least: u64) -> Result<Arc<Snapshot>, ApiError> {
        let mut last = self.last.lock().await;
        if let Some(asked) = &*last
            && asked.at.elapsed() < self.cache
            && (asked.least >= least || asked.snapshot.is_none())
        {
            return asked.snapshot.clone().ok_or(ApiError::ChainUnavailable);
        }
        let known = last.take().and_then(|asked| asked.snapshot);
        let head = match tokio::time::timeout(self.timeout, self.pool.latest()).await {
            Ok(Ok(head)) => Some(head),
            Ok(Err(error)) => {
                tracing::warn!(%error, "head of the chain");
                None
            }
            Err(_) => {
                tracing::warn!(timeout = ?self.timeout, "head of the chain: no answer");
                None
            }
        };
        let snapshot = head.map(|block| match known {
            Some(known) if known.block.hash == block.hash => known,
            _ => Arc::new(Snapshot {
                block,
                pool: self.pool.clone(),
                answers: Mutex::default(),
                permits: self.permits.clone(),
                timeout: self.timeout,
            }),
        });
        *last = Some(Asked {
            at: Instant::now(),
            least: least.max(snapshot.as_ref().map_or(0, |now| now.block.number)),
            snapshot: snapshot.clone(),
        });
        snapshot.ok_or(ApiError::ChainUnavailable)
    }
}

impl AppState {
    /// The chain now, and not before what the index shows: rows that were read are known to it.
    ///
    /// # Errors
    /// [`ApiError::ChainUnavailable`].
    pub(crate) async fn now(&self) -> Result<Arc<Snapshot>, ApiError> {
        // Without the index any block will do.
        let indexed = self.store().cursor().await.ok().flatten();
        self.live().now(indexed.map_or(0, |at| at.number)).await
    }
}

impl Snapshot {
    /// Asks a contract at this block for what it never refuses.
    ///
    /// # Errors
    /// [`ApiError::ChainUnavailable`] when nobody answers, [`ApiError::Internal`] when what answers is not the contract.
    pub(crate) async fn read<C: SolCall>(
        &self,
        to: Address,
        call: C,
    ) -> Result<C::Return, ApiError> {
        match self.try_read(to, call).await {
            Err(ApiError::Reverted(reason)) => {
                tracing::error!(call = C::SIGNATURE, %to, reason, "a view refused");
                Err(ApiError::Internal)
            }
            other => other,
        }
    }

    /// Asks a contract at this block for what it may refuse.
    ///
    /// # Errors
    /// As [`Self::read`], and [`ApiError::Reverted`].
    pub(crate) async fn try_read<C: SolCall>(
        &self,
        to: Address,
        call: C,
    ) -> Result<C::Return, ApiError> {
        let answer = self.answer(to, &call).await?;
        C::abi_decode_returns(&answer).map_err(|error| {
            tracing::error!(call = C::SIGNATURE, %to, %error, "not the contract that the deployment names");
            ApiError::Internal
        })
    }

    /// Asks what is not ours, as a token for its symbol: none when it refuses, or says something else.
    ///
    /// # Errors
    /// [`ApiError::ChainUnavailable`].
    pub(crate) async fn maybe<C: SolCall>(
        &self,
        to: Address,
        call: C,
    ) -> Result<Option<C::Return>, ApiError> {
        match self.answer(to, &call).await {
            Ok(answer) => Ok(C::abi_decode_returns(&answer).ok()),
            Err(ApiError::Reverted(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn answer<C: SolCall>(&self, to: Address, call: &C) -> Result<Bytes, ApiError> {
        let data = Bytes::from(call.abi_encode());
        match self.slot(to, &data) {
            Some(slot) => slot
                .get_or_try_init(|| self.ask::<C>(to, data))
                .await
                .cloned(),
            None => self.ask::<C>(to, data).await,
        }
    }

    fn slot(&self, to: Address, data: &Bytes) -> Option<Answer> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (to, data.clone());
        if answers.len() >= MOST_ANSWERS && !answers.contains_key(&key) {
            return None;
        }
        Some(answers.entry(key).or_default().clone())
    }

    async fn ask<C: SolCall>(&self, to: Address, data: Bytes) -> Result<Bytes, ApiError> {
        let asked = async {
            let _permit = self.permits.acquire().await;
            self.pool.call(to, data, self.block.id()).await
        };
        match tokio::time::timeout(self.timeout, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(ChainError::Rpc { error, .. })) if error.is_revert() => {
                Err(ApiError::Reverted(reason(error.revert_data())))
            }
            Ok(Err(error)) => {
                tracing::warn!(call = C::SIGNATURE, %error, "read of the chain");
                Err(ApiError::ChainUnavailable)
            }
            Err(_) => {
                tracing::warn!(call = C::SIGNATURE, timeout = ?self.timeout, "read of the chain: no answer");
                Err(ApiError::ChainUnavailable)
            }
        }
    }
}

/// Our contracts' errors by name and values; of others only the selector, for their texts are not ours to repeat.
fn reason(data: Option<Bytes>) -> String {
    let data = data.unwrap_or_default();
    if let Ok(error) = Minter::ILiquidMinterErrors::abi_decode(&data) {
        return describe(&error);
    }
    if let Ok(error) = Basket::IBasketErrors::abi_decode(&data) {
        return describe(&error);
    }
    if let Ok(error) = Queue::IUnbondingQueueErrors::abi_decode(&data) {
        return describe(&error);
    }
    match data.get(..4) {
        Some(selector) => format!("unknown error 0x{}", hex::encode(selector)),
        None => "no reason given".to_owned(),
    }
}

/// `Name(Name { a: 1, b: 2 })` as `Name { a: 1, b: 2 }`.
fn describe(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    let inner = text
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(&text);
    inner.to_owned()
}
