//! Figures of the liquid side: minter, staking system, bucket ladder.

use super::{Monitor, Snapshot};
use crate::{Liquid, Metrics, Result};
use alloy::{eips::BlockId, primitives::U256};
use chain::bindings::{minter::ILiquidMinter as minter, staking::IPlumeStaking as staking};
use futures_util::future::try_join_all;
use store::Cursor;

impl Monitor {
    /// Adds what minter, parts and staking system say at the cursor's block.
    pub(super) async fn liquid(
        &self,
        of: &Liquid,
        cursor: Cursor,
        snapshot: &mut Snapshot,
    ) -> Result<()> {
        let at = BlockId::hash(cursor.hash);
        let m = of.minter;
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
        self.parts(of, cursor, rate, &mut metrics).await?;

        let safety = params._4;
        let validators = try_join_all(
            ids.iter()
                .map(|id| self.validator(of, *id, cursor, safety, active, assets)),
        )
        .await?;
        let mut ladder = Ladder::default();
        for validator in validators {
            let prefix = format!("validator/{}/", validator.id);
            metrics.extend(
                validator
                    .metrics
                    .into_iter()
                    .map(|(name, value)| (format!("{prefix}{name}"), value)),
            );
            snapshot.names.insert(validator.id, validator.name);
            ladder.add(&validator.ladder);
        }
        metrics.extend(ladder.metrics());
        snapshot.metrics.extend(metrics);
        Ok(())
    }

    async fn validator(
        &self,
        of: &Liquid,
        id: u16,
        cursor: Cursor,
        safety: U256,
        all: U256,
        assets: U256,
    ) -> Result<ValidatorLook> {
        let at = BlockId::hash(cursor.hash);
        let (m, s) = (of.minter, of.staking);
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
