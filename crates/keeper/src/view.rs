//! What the plans are made from: the minter and the staking system at one block.

use crate::Result;
use alloy::primitives::{Address, U256};
use chain::{
    Block, ChainError, Pool,
    bindings::{
        ILiquidMinter as M, ILiquidVault as V, IPlumeStaking as S,
        minter::ILiquidMinterTypes::{BucketInfo, LineState, ValidatorState},
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeMap;

/// What the contract keeps over the queue's value against rounding, wei.
const MARGIN: u64 = 1_000_000_000;
/// Scale of the rate.
const RAY: u128 = 1_000_000_000_000_000_000_000_000_000;

/// One validator as minter and staking system show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorView {
    /// Its id.
    pub id: u16,
    /// What the minter's books say.
    pub state: ValidatorState,
    /// Its buckets, by index.
    pub buckets: Vec<BucketInfo>,
    /// The staking system says that it was slashed.
    pub slashed: bool,
    /// The staking system says that it is active.
    pub active: bool,
}

/// A request that can be paid out to its owner now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// The request.
    pub id: U256,
    /// Its owner, who takes pushes (`autoPay`).
    pub owner: Address,
    /// What it gets, after the fee.
    pub net: U256,
}

/// The vault behind the minter, as far as a harvest is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultView {
    /// Where it is.
    pub address: Address,
    /// LST that it counts as its own.
    pub lst: U256,
    /// Reward coins that it took and did not turn.
    pub coins: U256,
    /// Coins that a harvest would turn, those included.
    pub pending: U256,
    /// The minter takes deposits, so a harvest can be.
    pub open: bool,
}

/// Everything at one block. All amounts in wei, times in unix seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The block.
    pub block: Block,
    /// The exit line.
    pub line: LineState,
    /// Units and time of the last promise, if there is one.
    pub last_mark: Option<(U256, U256)>,
    /// Value of the closed, unfunded rungs.
    pub open_value: U256,
    /// Value of the open rung.
    pub staged_value: U256,
    /// Coins of funded requests and of fees.
    pub reserved: U256,
    /// The first-loss reserve, coins.
    pub insurance: U256,
    /// Coins that the minter holds, in its books or not.
    pub held: U256,
    /// Free coins.
    pub headroom: U256,
    /// Coins and stake of the holders.
    pub assets: U256,
    /// Stake that earns.
    pub active: U256,
    /// Stake in cooldown, matured and unswept included.
    pub cooling: U256,
    /// Value of what is past its promised time.
    pub due: U256,
    /// The buffer target in force.
    pub target: U256,
    /// The buffer target's share of the assets, basis points.
    pub withhold_bps: U256,
    /// What the stake bus may stake.
    pub free_to_stake: U256,
    /// When the validators were last synced.
    pub synced_at: u64,
    /// The least that the minter stakes.
    pub min_stake: U256,
    /// Seconds between a cooldown's end and the bucket's next use.
    pub safety: U256,
    /// The least age of a rung at its close, seconds.
    pub min_rung_age: U256,
    /// The minter's validators, in their order.
    pub validators: Vec<ValidatorView>,
    /// How many validators the staking system lists.
    pub listed: usize,
    /// The vault, where the minter has one.
    pub vault: Option<VaultView>,
    /// What can be pushed, of the candidates that were looked at: see [`View::look_at`].
    pub payouts: Vec<Payout>,
}

impl View {
    /// Reads everything at `block`, by its hash: no other branch, no other moment.
    ///
    /// # Errors
    /// Those of the chain.
    pub async fn read(pool: &Pool, minter: Address, block: Block) -> Result<Self> {
        let at = block.id();
        let (line, headroom, assets, active, cooling, due, target) = tokio::try_join!(
            pool.read(minter, &M::lineCall {}, at),
            pool.read(minter, &M::headroomCall {}, at),
            pool.read(minter, &M::assetsCall {}, at),
            pool.read(minter, &M::activeStakeCall {}, at),
            pool.read(minter, &M::totalUnstakedCall {}, at),
            pool.read(minter, &M::dueCall {}, at),
            pool.read(minter, &M::bufferTargetCall {}, at),
        )?;
        let (rate, free_to_stake, flags, params, ratios, ids, staking) = tokio::try_join!(
            pool.read(minter, &M::rateCall {}, at),
            pool.read(minter, &M::freeToStakeCall {}, at),
            pool.read(minter, &M::flagsCall {}, at),
            pool.read(minter, &M::keeperParamsCall {}, at),
            pool.read(minter, &M::feesAndRatiosCall {}, at),
            pool.read(minter, &M::validatorsCall {}, at),
            pool.read(minter, &M::stakingCall {}, at),
        )?;
        let (stats, insurance, held) = tokio::try_join!(
            pool.read(minter, &M::getBufferAndQueueStatsCall {}, at),
            pool.read(minter, &M::insuranceCall {}, at),
            pool.balance(minter, at),
        )?;
        let last_mark = match line.marks.checked_sub(U256::ONE) {
            Some(index) => {
                let mark = pool.read(minter, &M::markCall { index }, at).await?;
                Some((mark.units, mark.eta))
            }
            None => None,
        };
        let listed = pool
            .read(staking, &S::getValidatorsListCall {}, at)
            .await?
            .len();
        let validators = stream::iter(ids)
            .map(|id| async move {
                let books = M::validatorStateCall { validatorId: id };
                let ladder = M::getBucketsCall { validatorId: id };
                let outside = S::getValidatorInfoCall { validatorId: id };
                let (state, buckets, info) = tokio::try_join!(
                    pool.read(minter, &books, at),
                    pool.read(minter, &ladder, at),
                    pool.read(staking, &outside, at),
                )?;
                Ok::<_, crate::Error>(ValidatorView {
                    id,
                    state,
                    buckets,
                    slashed: info.info.slashed,
                    active: info.info.active,
                })
            })
            .buffered(4)
            .try_collect()
            .await?;
        let value = |lst: U256| lst.saturating_mul(rate) / U256::from(RAY);
        let vault = pool.read(minter, &M::vaultCall {}, at).await?;
        let vault = if vault.is_zero() {
            None
        } else {
            match VaultView::read(pool, minter, vault, &block).await {
                Ok(vault) => Some(vault),
                // Whatever the minter names there must not keep exits waiting.
                Err(crate::Error::Chain(
                    error @ (ChainError::Rpc { .. } | ChainError::Decode { .. }),
                )) => {
                    tracing::warn!(%vault, %error, "the vault does not answer as one");
                    None
                }
                Err(error) => return Err(error),
            }
        };
        let (open_value, staged_value) = (value(line.openLst), value(line.stagedLst));
        Ok(Self {
            block,
            line,
            last_mark,
            open_value,
            staged_value,
            reserved: stats.reserved,
            insurance,
            held,
            headroom,
            assets,
            active,
            cooling,
            due,
            target,
            withhold_bps: ratios._4,
            free_to_stake,
            synced_at: flags._3.saturating_to(),
            min_stake: params._2,
            safety: params._4,
            min_rung_age: params._5,
            validators,
            listed,
            vault,
            payouts: Vec::new(),
        })
    }

    /// Asks the chain about requests that the store names, at the view's own block: which of them are funded in full, still
    /// there, and of an account that is paid without asking. Returns how many there were before the first that waits for
    /// coins: those after it wait too.
    ///
    /// # Errors
    /// Those of the chain.
    pub async fn look_at(
        &mut self,
        pool: &Pool,
        minter: Address,
        candidates: &[U256],
    ) -> Result<usize> {
        let at = self.block.id();
        let mut rungs = BTreeMap::new();
        let mut funded = 0_usize;
        self.payouts.clear();
        for id in candidates {
            let rung: U256 = *id >> 32;
            let end = match rungs.get(&rung) {
                Some(end) => *end,
                None => {
                    let found = pool.read(minter, &M::rungCall { id: rung }, at).await?;
                    *rungs.entry(rung).or_insert(found.unitsEnd)
                }
            };
            if rung >= self.line.openRung || end > self.line.watermark {
                break;
            }
            funded = funded.saturating_add(1);
        }
        let known = candidates.get(..funded).unwrap_or_default();
        self.payouts = stream::iter(known.iter().copied())
            .map(|id| async move {
                let ticket = pool.read(minter, &M::requestCall { id }, at).await?;
                let owner = ticket.owner;
                // Gone since the store looked, or of one who takes coins without help.
                let pushed = M::autoPayCall { owner };
                if owner.is_zero() || !pool.read(minter, &pushed, at).await? {
                    return Ok(None);
                }
                let owed = pool.read(minter, &M::claimableCall { id }, at).await?;
                let net = owed.gross.saturating_sub(owed.fee);
                Ok::<_, crate::Error>(Some(Payout { id, owner, net }))
            })
            .buffered(4)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await?;
        Ok(funded)
    }

    /// A validator of the minter.
    #[must_use]
    pub fn validator(&self, id: u16) -> Option<&ValidatorView> {
        self.validators.iter().find(|validator| validator.id == id)
    }

    pub(crate) fn now(&self) -> U256 {
        U256::from(self.block.timestamp)
    }

    /// Coins that neither the buffer's target nor a promised time has a claim on.
    pub(crate) fn early_money(&self) -> U256 {
        self.headroom
            .saturating_sub(self.line.committed.saturating_add(self.target))
    }

    /// Coins outside the books.
    pub(crate) fn surplus(&self) -> U256 {
        let booked = self.headroom.saturating_add(self.reserved);
        self.held
            .saturating_sub(booked.saturating_add(self.insurance))
    }

    /// The bucket that matures last of all, as the contract finds it: the first of those with the latest end.
    pub(crate) fn latest_cooling(&self) -> Option<(&ValidatorView, usize, &BucketInfo)> {
        let mut latest: Option<(&ValidatorView, usize, &BucketInfo)> = None;
        for validator in &self.validators {
            for (index, bucket) in validator.buckets.iter().enumerate() {
                if !bucket.coolingAmount.is_zero()
                    && latest.is_none_or(|(_, _, last)| {
                        bucket.nextAvailableTime > last.nextAvailableTime
                    })
                {
                    latest = Some((validator, index, bucket));
                }
            }
        }
        latest
    }

    /// Cooling stake that neither the queue nor the buffer waits for. The contract asks for the queue's part only.
    pub(crate) fn restakable(&self) -> U256 {
        let queue = self
            .open_value
            .saturating_add(self.staged_value)
            .saturating_add(U256::from(MARGIN));
        let free = self
            .cooling
            .saturating_add(self.line.committed)
            .saturating_sub(queue);
        let buffer = self.headroom.saturating_sub(self.line.committed);
        free.saturating_sub(self.target.saturating_sub(buffer))
    }

    /// Whether what departed and what is committed cover the line.
    pub(crate) fn covered(&self) -> bool {
        self.open_value <= self.line.committed.saturating_add(self.cooling)
    }

    /// The closed line reaches beyond the last promise.
    pub(crate) fn unpromised(&self) -> bool {
        self.line.end > self.line.watermark
            && self
                .last_mark
                .is_none_or(|(units, _)| self.line.end > units)
    }
}

impl VaultView {
    async fn read(pool: &Pool, minter: Address, address: Address, block: &Block) -> Result<Self> {
        let at = block.id();
        let (lst, coins, pending, terms) = tokio::try_join!(
            pool.read(address, &V::lstHeldCall {}, at),
            pool.read(address, &V::coinsHeldCall {}, at),
            pool.read(address, &V::pendingRewardsCall {}, at),
            pool.read(minter, &M::depositTermsCall {}, at),
        )?;
        Ok(Self {
            address,
            lst,
            coins,
            pending: pending.coins,
            open: !terms.room.is_zero(),
        })
    }
}

impl ValidatorView {
    /// Buckets whose cooldown has ended, with their index.
    pub(crate) fn matured(
        &self,
        now: U256,
        safety: U256,
    ) -> impl Iterator<Item = (usize, &BucketInfo)> {
        self.buckets.iter().enumerate().filter(move |(_, bucket)| {
            !bucket.coolingAmount.is_zero()
                && now.saturating_add(safety) >= bucket.nextAvailableTime
        })
    }
}
