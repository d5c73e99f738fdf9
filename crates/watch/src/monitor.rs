//! Figures from the contracts' and the staking system's views, all at one block of the index.

mod parts;

use crate::{
    AlertManager, Contracts, IndexStatus, Metrics, Past, Phase, Result, WatchError, printable,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, U256},
    sol_types::SolCall,
};
use chain::{
    Pool,
    bindings::{minter::ILiquidMinter as minter, staking::IPlumeStaking as staking},
};
use futures_util::future::try_join_all;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};
use store::{Cursor, Store, totals};
use tokio::{sync::watch, time::interval};

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
        }
    }

    /// Runs until the store fails. An endpoint that fails costs a look, no more. To stop it, drop the future.
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
                Err(error) => return Err(error),
            }
            let now = self.store.cursor().await?.map_or(0, |c| c.timestamp);
            if now > thinned + 3_600 {
                self.store.thin_samples(now).await?;
                thinned = now;
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
        let m = self.contracts.minter;
        let (stats, rate, supply, assets, active, committed, due, target, instant, free) = tokio::try_join!(
            self.view(m, minter::getBufferAndQueueStatsCall {}, at),
            self.view(m, minter::rateCall {}, at),
            self.view(m, minter::supplyCall {}, at),
            self.view(m, minter::assetsCall {}, at),
            self.view(m, minter::activeStakeCall {}, at),
            self.view(m, minter::committedCall {}, at),
            self.view(m, minter::dueCall {}, at),
            self.view(m, minter::bufferTargetCall {}, at),
            self.view(m, minter::instantLiquidityCall {}, at),
            self.view(m, minter::freeToStakeCall {}, at),
        )?;
        let (line, flags, params, fees, ids) = tokio::try_join!(
            self.view(m, minter::lineCall {}, at),
            self.view(m, minter::flagsCall {}, at),
            self.view(m, minter::keeperParamsCall {}, at),
            self.view(m, minter::feesCall {}, at),
            self.view(m, minter::validatorsCall {}, at),
        )?;
        let held = self.pool.balance(m, at).await?;
        let now = U256::from(cursor.timestamp);
        let mut metrics: Metrics = [
            ("buffer", stats.buffer),
            ("reserved", stats.reserved),
            ("cooling", stats.unstakedTotal),
            ("headroom", stats.headroom),
            ("totalQueued", stats.totalQueued),
            ("rate", rate),
            ("supply", supply),
            ("tvl", assets),
            ("active", active),
            ("committed", committed),
            ("due", due),
            ("bufferTarget", target),
            ("instantLiquidity", instant),
            ("freeToStake", free),
            ("fees", fees),
            ("openLst", line.openLst),
            ("stagedLst", line.stagedLst),
            ("openRung", line.openRung),
            ("openRequests", line.openCount),
            ("openUnits", line.end.saturating_sub(line.watermark)),
            ("lineNextDeparture", line.nextDeparture),
            ("marksWaiting", line.marks.saturating_sub(line.marksDone)),
            ("syncAge", now.saturating_sub(flags._3)),
            ("slashPending", flags._4),
            ("voteOpen", U256::from(u8::from(flags._5))),
            ("instantPausedFor", flags._0.saturating_sub(now)),
            ("depositsPausedFor", flags._1.saturating_sub(now)),
            ("coinsHeld", held),
            ("indexLag", U256::from(self.index.borrow().lag())),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        let waiting = self
            .store
            .oldest_waiting()
            .await?
            .map_or(0, |since| cursor.timestamp.saturating_sub(since));
        metrics.insert("queueOldestAge".to_owned(), U256::from(waiting));
        let balances = self.config.gas_accounts.iter().map(|account| async move {
            Ok::<_, WatchError>((
                format!("gasBalance/{account}"),
                self.pool.balance(*account, at).await?,
            ))
        });
        metrics.extend(try_join_all(balances).await?);
        self.parts(cursor, rate, &mut metrics).await?;

        let safety = params._4;
        let validators = try_join_all(
            ids.iter()
                .map(|id| self.validator(*id, cursor, safety, active, assets)),
        )
        .await?;
        let mut names = BTreeMap::new();
        let mut ladder = Ladder::default();
        for validator in validators {
            let prefix = format!("validator/{}/", validator.id);
            metrics.extend(
                validator
                    .metrics
                    .into_iter()
                    .map(|(name, value)| (format!("{prefix}{name}"), value)),
            );
            names.insert(validator.id, validator.name);
            ladder.add(&validator.ladder);
        }
        metrics.extend(ladder.metrics());
        Ok(Snapshot { metrics, names })
    }

    async fn validator(
        &self,
        id: u16,
        cursor: Cursor,
        safety: U256,
        all: U256,
        assets: U256,
    ) -> Result<ValidatorLook> {
        let at = BlockId::hash(cursor.hash);
        let (m, s) = (self.contracts.minter, self.contracts.staking);
        let (state, buckets, queued, info, votes) = tokio::try_join!(
            self.view(m, minter::validatorStateCall { validatorId: id }, at),
            self.view(m, minter::getBucketsCall { validatorId: id }, at),
            self.view(
                m,
                minter::totalQueuedWithdrawalsPerValidatorCall { validatorId: id },
                at
            ),
            self.view(s, staking::getValidatorInfoCall { validatorId: id }, at),
            self.view(s, staking::getSlashVoteCountCall { validatorId: id }, at),
        )?;
        let mut ladder = Ladder::default();
        for bucket in &buckets {
            ladder.bucket(
                bucket.coolingAmount,
                bucket.nextAvailableTime,
                safety,
                cursor.timestamp,
            );
        }
        let works = info.info.active && !info.info.slashed;
        let share = |part: U256, whole: U256| {
            if whole.is_zero() {
                U256::ZERO
            } else {
                part.saturating_mul(U256::from(10_000)) / whole
            }
        };
        let capacity = info.info.maxCapacity;
        let mut metrics: Metrics = [
            ("active", U256::from(u8::from(info.info.active))),
            ("slashed", U256::from(u8::from(info.info.slashed))),
            ("slashVotes", votes),
            ("staked", state.active),
            ("cooling", state.cooling),
            ("queued", queued),
            ("weight", state.weight),
            ("nextDeparture", state.nextDeparture),
            (
                "inactiveStake",
                if works { U256::ZERO } else { state.active },
            ),
            ("totalStaked", info.totalStaked),
            ("delegators", info.stakers),
            ("commission", info.info.commission),
            ("stakeShareBps", share(state.active, all)),
            ("assetsShareBps", share(state.active, assets)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        // 0 is no limit: then there is no figure, rather than one that means something else.
        if !capacity.is_zero() {
            metrics.insert("capacity".to_owned(), capacity);
            metrics.insert(
                "capacityLeft".to_owned(),
                capacity.saturating_sub(info.info.delegatedAmount),
            );
        }
        metrics.extend(ladder.metrics());
        Ok(ValidatorLook {
            id,
            name: info.info.l1ValidatorAddress,
            metrics,
            ladder,
        })
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
        ];
        let mut differ = Vec::new();
        for (total, metric) in pairs {
            let ours = self.store.total(total).await?;
            if metrics.get(metric).is_some_and(|theirs| *theirs != ours) {
                differ.push(metric);
            }
        }
        differ.extend(self.compare_parts(cursor, metrics).await?);
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

struct ValidatorLook {
    id: u16,
    name: String,
    metrics: Metrics,
    ladder: Ladder,
}

/// What the buckets of a ladder are at.
#[derive(Debug, Clone, Copy, Default)]
struct Ladder {
    buckets: u64,
    available: u64,
    matured: u64,
    matured_coins: U256,
    oldest_age: u64,
    /// When the next bucket comes back, while none is available.
    next: Option<u64>,
}

impl Ladder {
    /// `next_available` has the safety in it; sweeping needs only the cooldown's end.
    fn bucket(&mut self, cooling: U256, next_available: U256, safety: U256, now: u64) {
        let end: u64 = next_available.saturating_sub(safety).saturating_to();
        self.buckets += 1;
        if cooling.is_zero() && next_available <= U256::from(now) {
            self.available += 1;
        } else if !cooling.is_zero() && end <= now {
            self.matured += 1;
            self.matured_coins = self.matured_coins.saturating_add(cooling);
            self.oldest_age = self.oldest_age.max(now.saturating_sub(end));
        }
        let back: u64 = next_available.saturating_to();
        self.next = Some(self.next.map_or(back, |next| next.min(back)));
    }

    fn add(&mut self, other: &Self) {
        self.buckets += other.buckets;
        self.available += other.available;
        self.matured += other.matured;
        self.matured_coins = self.matured_coins.saturating_add(other.matured_coins);
        self.oldest_age = self.oldest_age.max(other.oldest_age);
        self.next = [self.next, other.next].into_iter().flatten().min();
    }

    fn metrics(&self) -> Metrics {
        let next = if self.available > 0 {
            0
        } else {
            self.next.unwrap_or_default()
        };
        [
            ("buckets", U256::from(self.buckets)),
            ("availableBuckets", U256::from(self.available)),
            ("maturedBuckets", U256::from(self.matured)),
            ("maturedCoins", self.matured_coins),
            ("oldestMaturedAge", U256::from(self.oldest_age)),
            ("nextBucketAt", U256::from(next)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}
