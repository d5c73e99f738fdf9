//! Figures from the contracts' and the staking system's views, all at one block of the index.

mod basket;
mod liquid;
mod parts;

use crate::{
    AlertManager, Contracts, IndexStatus, Metrics, Past, Phase, Result, WatchError, printable,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, U256},
    sol_types::SolCall,
};
use chain::Pool;
use futures_util::future::try_join_all;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};
use store::{Cursor, Store, totals};
use tokio::{
    sync::watch,
    time::{Instant, interval},
};

/// How to look.
#[derive(Debug, Clone)]
pub struct MonitorConfig {
    /// Time between two looks.
    pub every: Duration,
    /// Accounts whose coins pay for gas.
    pub gas_accounts: Vec<Address>,
}

impl Default for MonitorConfig {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(60),
            gas_accounts: vec![],
        }
    }
}

/// Contract and validator monitor in one: looks, records, judges.
#[derive(Debug)]
pub struct Monitor {
    pool: Pool,
    store: Store,
    contracts: Contracts,
    alerts: Arc<AlertManager>,
    index: watch::Receiver<IndexStatus>,
    config: MonitorConfig,
    looks: watch::Sender<Option<Look>>,
}

/// A look that was recorded.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The block that was looked at.
    pub block: u64,
    /// The block's time, unix seconds by the chain's clock.
    pub timestamp: u64,
    /// When, by ours.
    pub at: Instant,
}

/// What one look found.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The figures.
    pub metrics: Metrics,
    /// What the validators call themselves, as it came from the chain.
    pub names: BTreeMap<u16, String>,
}

/// A look back, fetched beforehand so that rules stay pure.
#[derive(Debug, Default)]
struct Memory {
    before: HashMap<(String, u64), U256>,
    last: HashMap<String, u64>,
}

impl Past for Memory {
    fn before(&self, metric: &str, seconds: u64) -> Option<U256> {
        self.before.get(&(metric.to_owned(), seconds)).copied()
    }

    fn last(&self, events: &[String]) -> Option<u64> {
        events
            .iter()
            .filter_map(|name| self.last.get(name))
            .max()
            .copied()
    }
}

impl Monitor {
    /// A monitor of one deployment, beside the indexer that fills `store`.
    #[must_use]
    pub fn new(
        pool: Pool,
        store: Store,
        contracts: Contracts,
        alerts: Arc<AlertManager>,
        index: watch::Receiver<IndexStatus>,
        config: MonitorConfig,
    ) -> Self {
        Self {
            pool,
            store,
            contracts,
            alerts,
            index,
            config,
            looks: watch::Sender::default(),
        }
    }

    /// The last look, as it changes.
    #[must_use]
    pub fn looks(&self) -> watch::Receiver<Option<Look>> {
        self.looks.subscribe()
    }

    /// Runs until the store fails for good. An endpoint that fails, a full disk or a locked database cost a look, no more. To stop
    /// it, drop the future.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn run(&self) -> Result<()> {
        let mut tick = interval(self.config.every.max(Duration::from_millis(50)));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut thinned = 0;
        loop {
            tick.tick().await;
            // What figures were in the past is not to be judged as if it were now.
            if self.index.borrow().phase != Phase::Live {
                continue;
            }
            match self.look().await {
                Ok(_) => {}
                Err(WatchError::Store(store::Error::OtherBranch { .. })) => {}
                Err(WatchError::Chain(error)) => {
                    tracing::warn!(%error, "the monitor could not look")
                }
                Err(WatchError::Store(error)) if error.passes() => {
                    tracing::warn!(%error, "the monitor could not record what it saw");
                    continue;
                }
                Err(error) => return Err(error),
            }
            let now = match self.store.cursor().await {
                Ok(cursor) => cursor.map_or(0, |c| c.timestamp),
                Err(error) if error.passes() => continue,
                Err(error) => return Err(error.into()),
            };
            if now > thinned + 3_600 {
                match self.store.thin_samples(now).await {
                    Ok(_) => thinned = now,
                    Err(error) if error.passes() => {
                        tracing::warn!(%error, "old figures could not be thinned")
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    /// Looks once: reads at the index's last block, records, judges, in one transaction. `None` in an empty store.
    ///
    /// # Errors
    /// Those of the chain and the store; [`store::Error::OtherBranch`] when the block was reorganised away meanwhile.
    pub async fn look(&self) -> Result<Option<Snapshot>> {
        let Some(cursor) = self.store.cursor().await? else {
            return Ok(None);
        };
        let mut snapshot = self.read(cursor).await?;
        self.compare(cursor, &mut snapshot.metrics).await?;
        self.alerts.set_names(snapshot.names.clone());

        let (before, last) = self.alerts.wants(&snapshot.metrics);
        let mut memory = Memory::default();
        for (metric, window) in before {
            let sample = self
                .store
                .sample_since(&metric, cursor.timestamp.saturating_sub(window))
                .await?;
            if let Some(value) = sample.and_then(|s| s.value.parse().ok()) {
                memory.before.insert((metric, window), value);
            }
        }
        for name in last {
            if let Some(event) = self.store.last_event(&name).await? {
                memory.last.insert(name, event.at);
            }
        }
        let live = self.store.live_alerts().await?;
        let alerts = self.alerts.on_metrics(
            cursor.number,
            cursor.timestamp,
            &snapshot.metrics,
            &memory,
            &live,
        );
        let mut samples: Vec<_> = snapshot
            .metrics
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect();
        samples.extend(
            snapshot
                .names
                .iter()
                .map(|(id, name)| (format!("validator/{id}/name"), printable(name))),
        );
        self.store
            .record_samples(cursor.number, cursor.hash, samples, alerts)
            .await?;
        self.looks.send_replace(Some(Look {
            block: cursor.number,
            timestamp: cursor.timestamp,
            at: Instant::now(),
        }));
        Ok(Some(snapshot))
    }

    async fn view<C: SolCall + Send + Sync>(
        &self,
        to: Address,
        call: C,
        at: BlockId,
    ) -> Result<C::Return> {
        Ok(self.pool.read(to, &call, at).await?)
    }

    async fn read(&self, cursor: Cursor) -> Result<Snapshot> {
        let at = BlockId::hash(cursor.hash);
        let mut snapshot = Snapshot::default();
        let lag = U256::from(self.index.borrow().lag());
        snapshot.metrics.insert("indexLag".to_owned(), lag);
        let balances = self.config.gas_accounts.iter().map(|account| async move {
            Ok::<_, WatchError>((
                format!("gasBalance/{account}"),
                self.pool.balance(*account, at).await?,
            ))
        });
        snapshot.metrics.extend(try_join_all(balances).await?);
        if let Some(liquid) = &self.contracts.liquid {
            self.liquid(liquid, cursor, &mut snapshot).await?;
        }
        if let Some(basket) = &self.contracts.basket {
            self.basket(basket, cursor, &mut snapshot.metrics).await?;
        }
        Ok(snapshot)
    }

    /// The index and the contract at the same block must agree; figures of an index that has moved on are not compared.
    async fn compare(&self, cursor: Cursor, metrics: &mut Metrics) -> Result<()> {
        let pairs = [
            (totals::HEADROOM, "headroom"),
            (totals::RESERVED, "reserved"),
            (totals::COOLING, "cooling"),
            (totals::ACTIVE, "active"),
            (totals::COMMITTED, "committed"),
            (totals::RATE, "rate"),
            (totals::FEES, "fees"),
            (totals::OPEN_LST, "openLst"),
            (totals::STAGED_LST, "stagedLst"),
            (totals::INSURANCE, "insurance"),
            (totals::VAULT_SHARES, "vaultShares"),
            (totals::VAULT_LST, "vaultLst"),
            (totals::BASKET_SHARES, "basket/supply"),
            (totals::BASKET_REQUESTED, "basket/epoch_shares"),
        ];
        let mut differ = Vec::new();
        for (total, metric) in pairs {
            let ours = self.store.total(total).await?;
            if metrics.get(metric).is_some_and(|theirs| *theirs != ours) {
                differ.push(metric);
            }
        }
        if let Some(liquid) = &self.contracts.liquid {
            differ.extend(self.compare_parts(liquid.parts, cursor, metrics).await?);
        }
        if let Some(basket) = &self.contracts.basket {
            differ.extend(self.compare_basket(basket, cursor).await?);
        }
        if self
            .store
            .cursor()
            .await?
            .is_none_or(|c| c.hash != cursor.hash)
        {
            return Ok(());
        }
        if !differ.is_empty() {
            tracing::error!(
                block = cursor.number,
                ?differ,
                "the index disagrees with the contract"
            );
        }
        metrics.insert("indexMismatches".to_owned(), U256::from(differ.len()));
        Ok(())
    }
}
