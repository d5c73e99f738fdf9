//! What the plans are made from: the minter and the staking system at one block.

use crate::Result;
use alloy::primitives::{Address, U256};
use chain::{
    Block, Pool,
    bindings::{
        ILiquidMinter as M, IPlumeStaking as S,
        minter::ILiquidMinterTypes::{BucketInfo, LineState, ValidatorState},
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};

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
        let open_value = line.openLst.saturating_mul(rate) / U256::from(RAY);
        Ok(Self {
            block,
            line,
            last_mark,
            open_value,
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
        })
    }

    /// A validator of the minter.
    #[must_use]
    pub fn validator(&self, id: u16) -> Option<&ValidatorView> {
        self.validators.iter().find(|validator| validator.id == id)
    }

    pub(crate) fn now(&self) -> U256 {
        U256::from(self.block.timestamp)
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
