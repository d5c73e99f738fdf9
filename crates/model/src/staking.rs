//! The staking system as facts P1 to P18 describe it: what our calls to it do, and what others do there.
//!
//! Coins move in the caller's ledger ([`crate::State::coins`]); here are the books.

use crate::{
    Address, Assets, Bps, BucketId, Goods, StakingError, Timestamp, ValidatorId,
    units::{BPS, mul_div_down, mul_div_up},
};
use ruint::aliases::U256;
use std::collections::BTreeMap;

/// Rates and commissions are times this.
const ONE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// Who holds coins and stakes: one of our buckets, or somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// A bucket of ours.
    Bucket(BucketId),
    /// Any other address.
    Other(Address),
}

impl From<Address> for Account {
    fn from(address: Address) -> Self {
        Self::Other(address)
    }
}

/// From `at` on, `rate` and `commission` hold; `index` is the reward of one staked wei up to then, times 1e18.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateCheckpoint {
    /// When.
    pub at: Timestamp,
    /// Wei per staked wei and second, times 1e18.
    pub rate: U256,
    /// Fraction, times 1e18.
    pub commission: U256,
    /// Accumulated, times 1e18.
    pub index: U256,
}

/// What rewards are paid in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RewardToken {
    /// The native coin.
    Coin,
    /// The ERC-20.
    Goods,
}

/// How a validator rewards in one token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewardRate {
    /// Configured rate; holds while active.
    pub rate: U256,
    /// History of rates.
    pub history: Vec<RateCheckpoint>,
}

/// What an account has of one reward token from one validator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accrual {
    /// Rewards are settled up to here.
    pub paid_at: Timestamp,
    /// The validator's index then.
    pub paid_index: U256,
    /// Rewards settled and unpaid, smallest units.
    pub accrued: U256,
}

/// One thing for each reward token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Both<T> {
    /// The native coin's.
    pub coin: T,
    /// The ERC-20's.
    pub goods: T,
}

impl<T> Both<T> {
    const fn of(&self, token: RewardToken) -> &T {
        match token {
            RewardToken::Coin => &self.coin,
            RewardToken::Goods => &self.goods,
        }
    }

    const fn of_mut(&mut self, token: RewardToken) -> &mut T {
        match token {
            RewardToken::Coin => &mut self.coin,
            RewardToken::Goods => &mut self.goods,
        }
    }
}

/// A validator of the staking system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StakingValidator {
    /// Takes stake and earns (P10).
    pub active: bool,
    /// Lost everything (P11).
    pub slashed: bool,
    /// When it was slashed. (The real one sets it for inactive ones too; `slashed` is the fact.)
    pub slashed_at: Timestamp,
    /// Wei, 0: unlimited.
    pub capacity: Assets,
    /// Wei delegated now.
    pub delegated: Assets,
    /// Fraction, times 1e18.
    pub commission: U256,
    /// What it rewards.
    pub rewards: Both<RewardRate>,
    /// Voter -> until when its vote to slash this one counts.
    pub votes: BTreeMap<ValidatorId, Timestamp>,
}

/// What one account has with one validator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Wei that earn; a phantom after a slash (P12).
    pub staked: Assets,
    /// Wei in the one cooldown slot (P1).
    pub cooling: Assets,
    /// When the slot matures; 0 when it is empty.
    pub end: Timestamp,
    /// Rewards.
    pub rewards: Both<Accrual>,
}

/// The whole staking system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staking {
    /// Ids in the order of joining.
    pub ids: Vec<ValidatorId>,
    /// By id.
    pub validators: BTreeMap<ValidatorId, StakingValidator>,
    /// By account and validator.
    pub positions: BTreeMap<(Account, ValidatorId), Position>,
    /// Matured and unwithdrawn, by account (P2).
    pub parked: BTreeMap<Account, Assets>,
    /// Wei delegated to all validators, slashed ones excluded.
    pub total_staked: Assets,
    /// Wei per call (P9).
    pub min_stake: Assets,
    /// Seconds, for slots that start or merge (P5).
    pub cooldown: u64,
    /// Percentage cap; 0: none.
    pub percentage: Bps,
    /// Fault: withdrawals pay this much less.
    pub shortfall: Bps,
}

type Answer<T> = Result<T, StakingError>;

/// Amounts are coins that exist: their sums fit.
fn add(a: Assets, b: Assets) -> Assets {
    a.plus(b).unwrap_or(Assets::MAX)
}

impl Staking {
    /// The validator, or that there is none.
    ///
    /// # Errors
    /// `ValidatorDoesNotExist`.
    pub fn validator(&self, id: ValidatorId) -> Answer<&StakingValidator> {
        self.validators
            .get(&id)
            .ok_or(StakingError::ValidatorDoesNotExist(id))
    }

    /// What `account` has with `id`; nothing if it never had.
    #[must_use]
    pub fn position(&self, account: Account, id: ValidatorId) -> Position {
        self.positions
            .get(&(account, id))
            .copied()
            .unwrap_or_default()
    }

    fn unslashed(&self, id: ValidatorId) -> Answer<&StakingValidator> {
        let v = self.validator(id)?;
        if v.slashed {
            Err(StakingError::ActionOnSlashedValidator(id))
        } else {
            Ok(v)
        }
    }

    /// Stake of any origin: every check of P9 and P10, in the real order.
    fn stakeable(&self, id: ValidatorId, amount: Assets) -> Answer<()> {
        if !self.unslashed(id)?.active {
            return Err(StakingError::ValidatorInactive(id));
        }
        if amount.is_zero() {
            return Err(StakingError::InvalidAmount(amount));
        }
        if amount < self.min_stake {
            return Err(StakingError::StakeAmountTooSmall(amount, self.min_stake));
        }
        Ok(())
    }

    /// P9: capacity and percentage, asked after an addition and only then.
    fn fits(&self, id: ValidatorId, amount: Assets) -> Answer<()> {
        let v = self.validator(id)?;
        let delegated = add(v.delegated, amount);
        if !v.capacity.is_zero() && delegated > v.capacity {
            return Err(StakingError::ExceedsValidatorCapacity(
                id, delegated, v.capacity, amount,
            ));
        }
        if self.percentage.get() > 0 && !self.total_staked.is_zero() {
            let total = add(self.total_staked, amount);
            let share = mul_div_down(delegated.raw(), BPS, total.raw()).unwrap_or(U256::MAX);
            if share > self.percentage.raw() {
                return Err(StakingError::ValidatorPercentageExceeded);
            }
        }
        Ok(())
    }

    fn add_stake(&mut self, account: Account, id: ValidatorId, amount: Assets, now: Timestamp) {
        self.settle(account, id, now);
        let position = self.positions.entry((account, id)).or_default();
        position.staked = add(position.staked, amount);
        if let Some(v) = self.validators.get_mut(&id) {
            v.delegated = add(v.delegated, amount);
        }
        self.total_staked = add(self.total_staked, amount);
    }

    /// `stake` / `stakeOnBehalf` of `amount` wei (P3: the slot is not touched).
    ///
    /// # Errors
    /// As the staking system's, in its order.
    pub fn stake(
        &mut self,
        account: Account,
        id: ValidatorId,
        amount: Assets,
        now: Timestamp,
    ) -> Answer<()> {
        self.stakeable(id, amount)?;
        self.fits(id, amount)?;
        self.add_stake(account, id, amount, now);
        Ok(())
    }

    /// `unstake(uint16,uint256)`: the end of the slot (P1, P2). No minimum; inactive validators are fine.
    ///
    /// # Errors
    /// As the staking system's, in its order.
    pub fn unstake(
        &mut self,
        account: Account,
        id: ValidatorId,
        amount: Assets,
        now: Timestamp,
    ) -> Answer<Timestamp> {
        self.unslashed(id)?;
        if amount.is_zero() {
            return Err(StakingError::InvalidAmount(amount));
        }
        let position = self.position(account, id);
        if position.staked.is_zero() {
            return Err(StakingError::NoActiveStake);
        }
        if amount > position.staked {
            return Err(StakingError::InsufficientFunds(position.staked, amount));
        }
        self.settle(account, id, now);
        if !position.cooling.is_zero() && now >= position.end {
            self.park(account, id);
        }
        let end = now.after(self.cooldown);
        let position = self.positions.entry((account, id)).or_default();
        position.staked = position.staked.min0(amount);
        position.cooling = add(position.cooling, amount);
        position.end = end;
        if let Some(v) = self.validators.get_mut(&id) {
            v.delegated = v.delegated.min0(amount);
        }
        self.total_staked = self.total_staked.min0(amount);
        Ok(end)
    }

    /// P4, P11: due when matured; on a slashed validator only what had matured before the slash.
    fn is_due(&self, account: Account, id: ValidatorId, now: Timestamp) -> bool {
        let position = self.position(account, id);
        let Some(v) = self.validators.get(&id) else {
            return false;
        };
        !position.cooling.is_zero()
            && if v.slashed {
                position.end < v.slashed_at
            } else {
                now >= position.end
            }
    }

    fn park(&mut self, account: Account, id: ValidatorId) {
        let position = self.positions.entry((account, id)).or_default();
        let amount = core::mem::take(&mut position.cooling);
        position.end = Timestamp::ZERO;
        let parked = self.parked.entry(account).or_default();
        *parked = add(*parked, amount);
    }

    fn park_due(&mut self, account: Account, now: Timestamp) {
        let due: Vec<_> = self
            .ids
            .iter()
            .copied()
            .filter(|&id| self.is_due(account, id, now))
            .collect();
        for id in due {
            self.park(account, id);
        }
    }

    /// `withdraw()`: wei that the staking system owes and wei that it pays (P6).
    ///
    /// # Errors
    /// `InvalidAmount(0)` when nothing is available.
    pub fn withdraw(&mut self, account: Account, now: Timestamp) -> Answer<Assets> {
        let mut next = self.parked.get(&account).copied().unwrap_or_default();
        for &id in &self.ids {
            if self.is_due(account, id, now) {
                next = add(next, self.position(account, id).cooling);
            }
        }
        if next.is_zero() {
            return Err(StakingError::InvalidAmount(next));
        }
        self.park_due(account, now);
        self.parked.insert(account, Assets::ZERO);
        Ok(next.min0(self.shortfall.of_down(next).unwrap_or_default()))
    }

    /// `restake(uint16,uint256)`: the validator's own slot first, then parked coins (P7).
    ///
    /// # Errors
    /// As the staking system's, in its order.
    pub fn restake(
        &mut self,
        account: Account,
        id: ValidatorId,
        amount: Assets,
        now: Timestamp,
    ) -> Answer<()> {
        if amount.is_zero() {
            return Err(StakingError::InvalidAmount(amount));
        }
        let mut next = self.clone();
        next.park_due(account, now);
        let slot = next.position(account, id).cooling;
        let parked = next.parked.get(&account).copied().unwrap_or_default();
        let available = add(slot, parked);
        if available < amount {
            return Err(StakingError::InsufficientCooledAndParkedBalance(
                available, amount,
            ));
        }
        next.stakeable(id, amount)?;
        next.fits(id, amount)?;
        let from_slot = slot.min(amount);
        let position = next.positions.entry((account, id)).or_default();
        position.cooling = position.cooling.min0(from_slot);
        if position.cooling.is_zero() {
            position.end = Timestamp::ZERO;
        }
        next.parked
            .insert(account, parked.min0(amount.min0(from_slot)));
        next.add_stake(account, id, amount, now);
        *self = next;
        Ok(())
    }

    /// Net reward since the last settle and the index now. Stretch by stretch between rate changes: gross down,
    /// commission up (P15).
    fn accrued(
        &self,
        token: RewardToken,
        account: Account,
        id: ValidatorId,
        now: Timestamp,
    ) -> (U256, U256) {
        let position = self.position(account, id);
        let Some(v) = self.validators.get(&id) else {
            return (U256::ZERO, U256::ZERO);
        };
        let settled = position.rewards.of(token);
        let history = &v.rewards.of(token).history;
        let (mut at, mut index, mut net) = (settled.paid_at, settled.paid_index, U256::ZERO);
        for (i, checkpoint) in history.iter().enumerate() {
            let end = history.get(i.saturating_add(1)).map_or(now, |next| next.at);
            if end <= at {
                continue;
            }
            if at < checkpoint.at {
                index = checkpoint.index;
            }
            let seconds = U256::from(end.since(checkpoint.at));
            let end_index = checkpoint
                .index
                .saturating_add(checkpoint.rate.saturating_mul(seconds));
            let grown = end_index.saturating_sub(index);
            let gross = mul_div_down(position.staked.raw(), grown, ONE).unwrap_or(U256::ZERO);
            let cut = mul_div_up(gross, checkpoint.commission, ONE).unwrap_or(gross);
            net = net.saturating_add(gross.saturating_sub(cut));
            index = end_index;
            at = end;
        }
        (net, index)
    }

    /// Stake changes: both tokens are settled.
    fn settle(&mut self, account: Account, id: ValidatorId, now: Timestamp) {
        for token in [RewardToken::Coin, RewardToken::Goods] {
            self.settle_one(token, account, id, now);
        }
    }

    fn settle_one(
        &mut self,
        token: RewardToken,
        account: Account,
        id: ValidatorId,
        now: Timestamp,
    ) {
        let (net, index) = self.accrued(token, account, id, now);
        let position = self.positions.entry((account, id)).or_default();
        let settled = position.rewards.of_mut(token);
        settled.accrued = settled.accrued.saturating_add(net);
        settled.paid_at = now;
        settled.paid_index = index;
    }

    /// Wei of rewards that `account` could claim from `id` (P13: a slashed one still owes what came before).
    #[must_use]
    pub fn claimable(&self, account: Account, id: ValidatorId, now: Timestamp) -> Assets {
        Assets::new(self.claimable_of(RewardToken::Coin, account, id, now))
    }

    /// The same in the reward token.
    #[must_use]
    pub fn claimable_goods(&self, account: Account, id: ValidatorId, now: Timestamp) -> Goods {
        Goods::new(self.claimable_of(RewardToken::Goods, account, id, now))
    }

    /// The same in either token, smallest units.
    pub(crate) fn claimable_of(
        &self,
        token: RewardToken,
        account: Account,
        id: ValidatorId,
        now: Timestamp,
    ) -> U256 {
        let settled = self.position(account, id).rewards.of(token).accrued;
        settled.saturating_add(self.accrued(token, account, id, now).0)
    }

    /// `claim(token, id)`: settles and hands out wei; the treasury pays them (P16: nothing owed is 0).
    pub(crate) fn collect_of(
        &mut self,
        token: RewardToken,
        account: Account,
        id: ValidatorId,
        now: Timestamp,
    ) {
        self.settle_one(token, account, id, now);
        if let Some(position) = self.positions.get_mut(&(account, id)) {
            position.rewards.of_mut(token).accrued = U256::ZERO;
        }
    }

    /// Unexpired votes of active validators to slash `id`, and how many would do.
    #[must_use]
    pub fn votes(&self, id: ValidatorId, now: Timestamp) -> (u64, u64) {
        let Some(target) = self.validators.get(&id) else {
            return (0, 0);
        };
        let voters = self
            .validators
            .iter()
            .filter(|(voter, v)| **voter != id && v.active);
        let counts = |voter: &ValidatorId| target.votes.get(voter).is_some_and(|&end| end >= now);
        let needed = voters.clone().count();
        let votes = voters.filter(|(voter, _)| counts(voter)).count();
        (crate::units::small(votes), crate::units::small(needed))
    }

    fn checkpoint(&mut self, id: ValidatorId, now: Timestamp) {
        for token in [RewardToken::Coin, RewardToken::Goods] {
            self.checkpoint_one(token, id, now);
        }
    }

    fn checkpoint_one(&mut self, token: RewardToken, id: ValidatorId, now: Timestamp) {
        if let Some(v) = self.validators.get_mut(&id) {
            let active = v.active;
            let commission = v.commission;
            let rewards = v.rewards.of_mut(token);
            let index = rewards.history.last().map_or(U256::ZERO, |last| {
                let seconds = U256::from(now.since(last.at));
                last.index.saturating_add(last.rate.saturating_mul(seconds))
            });
            let rate = if active { rewards.rate } else { U256::ZERO };
            rewards.history.push(RateCheckpoint {
                at: now,
                rate,
                commission,
                index,
            });
        }
    }

    /// A validator joins, active.
    pub(crate) fn join(
        &mut self,
        id: ValidatorId,
        commission: U256,
        capacity: Assets,
        now: Timestamp,
    ) {
        if self.validators.contains_key(&id) {
            return;
        }
        self.ids.push(id);
        let v = StakingValidator {
            active: true,
            commission,
            capacity,
            ..Default::default()
        };
        self.validators.insert(id, v);
        self.checkpoint(id, now);
    }

    /// P10. Slashed validators stay as they are.
    pub(crate) fn set_status(
        &mut self,
        id: ValidatorId,
        active: bool,
        now: Timestamp,
    ) -> Answer<()> {
        self.unslashed(id)?;
        if let Some(v) = self.validators.get_mut(&id) {
            if v.active == active {
                return Ok(());
            }
            v.active = active;
            v.slashed_at = if active { Timestamp::ZERO } else { now };
        }
        self.checkpoint(id, now);
        Ok(())
    }

    pub(crate) fn set_rate(&mut self, id: ValidatorId, rate: U256, now: Timestamp) -> Answer<()> {
        self.set_rate_of(RewardToken::Coin, id, rate, now)
    }

    pub(crate) fn set_goods_rate(
        &mut self,
        id: ValidatorId,
        rate: U256,
        now: Timestamp,
    ) -> Answer<()> {
        self.set_rate_of(RewardToken::Goods, id, rate, now)
    }

    fn set_rate_of(
        &mut self,
        token: RewardToken,
        id: ValidatorId,
        rate: U256,
        now: Timestamp,
    ) -> Answer<()> {
        self.unslashed(id)?;
        if let Some(v) = self.validators.get_mut(&id) {
            v.rewards.of_mut(token).rate = rate;
        }
        self.checkpoint_one(token, id, now);
        Ok(())
    }

    pub(crate) fn set_capacity(&mut self, id: ValidatorId, capacity: Assets) -> Answer<()> {
        self.unslashed(id)?;
        if let Some(v) = self.validators.get_mut(&id) {
            v.capacity = capacity;
        }
        Ok(())
    }

    /// P11: always all of it.
    pub(crate) fn slash(&mut self, id: ValidatorId, now: Timestamp) -> Answer<()> {
        if self.validator(id)?.slashed {
            return Err(StakingError::ValidatorAlreadySlashed(id));
        }
        if let Some(v) = self.validators.get_mut(&id) {
            v.active = false;
            v.slashed = true;
            v.slashed_at = now;
            self.total_staked = self.total_staked.min0(v.delegated);
            v.delegated = Assets::ZERO;
        }
        self.checkpoint(id, now);
        Ok(())
    }

    /// P14: one vote; the last one needed slashes.
    pub(crate) fn vote(
        &mut self,
        target: ValidatorId,
        voter: ValidatorId,
        expiration: Timestamp,
        now: Timestamp,
    ) -> Answer<()> {
        let v = self.validator(target)?;
        if v.slashed {
            return Err(StakingError::ValidatorAlreadySlashed(target));
        }
        if !v.active {
            return Err(StakingError::ValidatorInactive(target));
        }
        if let Some(v) = self.validators.get_mut(&target) {
            v.votes.insert(voter, expiration);
        }
        let (votes, needed) = self.votes(target, now);
        if votes >= needed {
            self.slash(target, now)
        } else {
            Ok(())
        }
    }

    /// P12, P13: phantoms and unclaimed rewards of one account vanish; what matured before the slash is parked.
    pub(crate) fn clear(&mut self, account: Account, id: ValidatorId, now: Timestamp) {
        if self.is_due(account, id, now) {
            self.park(account, id);
        }
        self.positions.remove(&(account, id));
    }
}
