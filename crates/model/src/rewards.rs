//! Rewards: from buckets to the sink, into the stream, to holders.

use crate::{
    Account, Address, Assets, BucketId, Error, Event, Outcome, REWARD_FEE_CEILING, RewardsCall,
    Role, StakingError, State, Timestamp, ValidatorId,
    exit::Ctx,
    staking::RewardToken,
    state::{CLAIM_PAGE, MAX_BUCKETS},
    units::DAY,
};

impl State {
    /// Coins that the minter holds go to the rewards sink.
    pub(crate) fn feed_sink(
        &mut self,
        now: Timestamp,
        amount: Assets,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let sink = self.minter.rewards_sink;
        if sink != self.places.rewards {
            return self.send(self.places.minter, sink, amount);
        }
        self.load(self.places.minter, amount, now, out)
    }

    /// `load()`: the cut rounds down, the rest streams.
    fn load(
        &mut self,
        from: Address,
        amount: Assets,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if amount.is_zero() {
            return Err(Error::ZeroAmount);
        }
        self.move_coins(from.into(), self.places.rewards.into(), amount)?;
        let fee = self.rewards.fee.of_down(amount)?;
        let rest = amount.minus(fee)?;
        self.rewards.protocol_fees = self.rewards.protocol_fees.plus(fee)?;
        self.rewards.holders_owed = self.rewards.holders_owed.plus(rest)?;
        self.token.stream(now, rest, out)?;
        out.tell(Event::RewardsLoaded { from, amount, fee });
        Ok(())
    }

    /// Pays what `account` earned to `recipient`; a refusal undoes all.
    pub(crate) fn pay_rewards(
        &mut self,
        account: Address,
        recipient: Address,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let earned = self.token.collect(now, account, out)?;
        let amount = earned.plus(self.rewards.kept.remove(&account).unwrap_or_default())?;
        self.close_delegation(account, out);
        self.pay_collected(account, recipient, amount, out)
    }

    /// The account speaks for itself, for ever.
    fn close_delegation(&mut self, account: Address, out: &mut Outcome) {
        self.rewards.delegates.remove(&account);
        if self.rewards.claimed.insert(account) {
            out.tell(Event::DelegationClosed { account });
        }
    }

    /// `setDelegate`: what was earned before, or left by an earlier delegate, is the account's.
    pub(crate) fn set_delegate(
        &mut self,
        account: Address,
        delegate: Address,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if !delegate.is_zero() {
            if !self.has_code(account) {
                return Err(Error::NotContract(account));
            }
            if self.rewards.claimed.contains(&account) {
                return Err(Error::CanClaim(account));
            }
        }
        let kept = self.token.collect(now, account, out)?;
        let before = self.rewards.kept.entry(account).or_default();
        *before = before.plus(kept)?;
        if delegate.is_zero() {
            self.rewards.delegates.remove(&account);
        } else {
            self.rewards.delegates.insert(account, delegate);
        }
        out.tell(Event::DelegateSet {
            account,
            delegate,
            kept,
        });
        Ok(())
    }

    /// Wei that `account` could claim at `now`, and of these what its delegate could claim instead; down.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn rewards_of(&self, account: Address, now: Timestamp) -> Result<(Assets, Assets), Error> {
        let earned = self.token.earned(now, account)?;
        let kept = self.rewards.kept.get(&account).copied().unwrap_or_default();
        let by_delegate = if self.rewards.delegates.contains_key(&account) {
            earned
        } else {
            Assets::ZERO
        };
        Ok((earned.plus(kept)?, by_delegate))
    }

    fn pay_collected(
        &mut self,
        account: Address,
        recipient: Address,
        amount: Assets,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if !amount.is_zero() {
            self.rewards.holders_owed = self.rewards.holders_owed.minus(amount)?;
            out.tell(Event::RewardsPaid {
                account,
                recipient,
                amount,
            });
            self.send(self.places.rewards, recipient, amount)?;
        }
        out.words([amount.raw()])
    }

    pub(crate) fn rewards_call(
        &mut self,
        ctx: Ctx,
        call: &RewardsCall,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let only_minter = |state: &Self| {
            if ctx.caller == state.places.minter {
                Ok(())
            } else {
                Err(Error::NotMinter(ctx.caller))
            }
        };
        match *call {
            RewardsCall::Load { coins } => self.load(ctx.caller, coins, ctx.now, out),
            RewardsCall::Claim { recipient } => {
                if recipient.is_zero() {
                    return Err(Error::TransferFailed(recipient, Assets::ZERO));
                }
                self.pay_rewards(ctx.caller, recipient, ctx.now, out)
            }
            RewardsCall::ClaimAsDelegate { account, recipient } => {
                let delegate = self.rewards.delegates.get(&account).copied();
                if delegate != Some(ctx.caller) {
                    return Err(Error::NotDelegate(account, ctx.caller));
                }
                let amount = self.token.collect(ctx.now, account, out)?;
                self.pay_collected(account, recipient, amount, out)
            }
            RewardsCall::RefuseDelegate => {
                self.close_delegation(ctx.caller, out);
                Ok(())
            }
            RewardsCall::SetDelegate { account, delegate } => {
                only_minter(self)?;
                self.set_delegate(account, delegate, ctx.now, out)
            }
            RewardsCall::ClaimFor { account } => {
                only_minter(self)?;
                self.pay_rewards(account, account, ctx.now, out)
            }
            RewardsCall::PayProtocolFees => {
                let recipient = self.minter.fee_recipient;
                let amount = core::mem::take(&mut self.rewards.protocol_fees);
                if !amount.is_zero() {
                    out.tell(Event::ProtocolFeesPaid { recipient, amount });
                    self.send(self.places.rewards, recipient, amount)?;
                }
                out.words([amount.raw()])
            }
            RewardsCall::SetRewardFee { bps } => {
                only_minter(self)?;
                if bps > REWARD_FEE_CEILING {
                    return Err(Error::FeeAboveCeiling(bps.raw(), REWARD_FEE_CEILING.get()));
                }
                self.set_reward_fee(bps, out);
                Ok(())
            }
        }
    }

    pub(crate) fn set_reward_fee(&mut self, bps: crate::Bps, out: &mut Outcome) {
        self.rewards.fee = bps;
        out.tell(Event::RewardFeeSet { bps: bps.get() });
    }

    /// `payFees()` of the minter.
    pub(crate) fn pay_fees(&mut self, out: &mut Outcome) -> Result<(), Error> {
        let recipient = self.minter.fee_recipient;
        let amount = core::mem::take(&mut self.minter.fees);
        if !amount.is_zero() {
            self.minter.reserved = self.minter.reserved.minus(amount)?;
            out.tell(Event::FeesPaid { recipient, amount });
            self.send(self.places.minter, recipient, amount)?;
        }
        out.words([amount.raw()])
    }

    /// One bucket claims: what the treasury owes and whatever else the bucket holds come to the minter.
    fn claim_bucket(
        &mut self,
        id: BucketId,
        now: Timestamp,
    ) -> Result<Result<Assets, StakingError>, Error> {
        let account = Account::Bucket(id);
        let treasury: Account = self.places.treasury.into();
        let owed = self.staking.claimable(account, id.validator, now);
        let there = self.balance(treasury);
        if owed > there {
            return Ok(Err(StakingError::InsufficientPlumeBalance(owed, there)));
        }
        self.staking
            .collect_of(RewardToken::Coin, account, id.validator, now);
        self.move_coins(treasury, account, owed)?;
        let received = self.balance(account);
        self.move_coins(account, self.places.minter.into(), received)?;
        Ok(Ok(received))
    }

    /// Claims from up to `count` buckets from `from` on, unused ones passed over. Each may fail by itself.
    fn claim_range(
        &mut self,
        id: ValidatorId,
        indices: impl Iterator<Item = usize>,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<Assets, Error> {
        let mut sum = Assets::ZERO;
        for index in indices {
            let bucket = BucketId {
                validator: id,
                index,
            };
            let buckets = &self.minter.validator(id)?.buckets;
            if !buckets.get(index).is_some_and(|bucket| bucket.used) {
                continue;
            }
            match self.claim_bucket(bucket, now)? {
                Err(reason) => out.tell(Event::RewardsClaimFailed {
                    validator: id,
                    index,
                    reason,
                }),
                Ok(amount) => {
                    sum = sum.plus(amount)?;
                    if !amount.is_zero() {
                        out.tell(Event::RewardsClaimed {
                            validator: id,
                            index,
                            amount,
                        });
                    }
                }
            }
        }
        Ok(sum)
    }

    fn give_to_sink(
        &mut self,
        sum: Assets,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if !sum.is_zero() {
            self.feed_sink(now, sum, out)?;
        }
        out.words([sum.raw()])
    }

    fn claimer(&self, ctx: Ctx) -> Result<(), Error> {
        let m = &self.minter;
        let opens = m.last_claim_at.after(DAY).after(m.params.keeper_grace);
        m.keeper(ctx, &[Role::Claimer], opens)
    }

    /// `claim(v)`: one page of buckets from the cursor, around.
    pub(crate) fn claim_validator(
        &mut self,
        ctx: Ctx,
        id: ValidatorId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.claimer(ctx)?;
        let v = self.minter.validator(id)?;
        let (n, start) = (v.n, v.claim_cursor);
        let page = n.min(usize::try_from(CLAIM_PAGE).unwrap_or(n));
        let at = |step: usize| start.saturating_add(step).checked_rem(n).unwrap_or(0);
        let sum = self.claim_range(id, (0..page).map(at), ctx.now, out)?;
        self.minter.validator_mut(id)?.claim_cursor = at(page);
        self.give_to_sink(sum, ctx.now, out)
    }

    /// `claimBuckets(v, from, to)`.
    pub(crate) fn claim_buckets(
        &mut self,
        ctx: Ctx,
        id: ValidatorId,
        from: u64,
        to: u64,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.claimer(ctx)?;
        self.minter.validator(id)?;
        // Not cut to the present buckets: one that has ended may still have rewards.
        let cut = |x: u64| usize::try_from(x.min(MAX_BUCKETS)).unwrap_or_default();
        let sum = self.claim_range(id, cut(from)..cut(to), ctx.now, out)?;
        self.give_to_sink(sum, ctx.now, out)
    }

    /// `claimAll()`: one page over all validators, going on where the last one stopped.
    pub(crate) fn claim_all(&mut self, ctx: Ctx, out: &mut Outcome) -> Result<(), Error> {
        self.claimer(ctx)?;
        let registry = self.minter.registry.clone();
        let mut left = usize::try_from(CLAIM_PAGE).unwrap_or(0);
        let mut sum = Assets::ZERO;
        for _ in 0..registry.len() {
            let Some(id) = registry.get(self.minter.claim_at).copied() else {
                break;
            };
            let began = *self.minter.claim_round_at.get_or_insert(ctx.now);
            let v = self.minter.validator(id)?;
            let (from, n) = (v.claim_cursor, v.n);
            let to = from.saturating_add(left).min(n);
            left = left.saturating_sub(to.saturating_sub(from));
            sum = sum.plus(self.claim_range(id, from..to, ctx.now, out)?)?;
            let done = to >= n;
            self.minter.validator_mut(id)?.claim_cursor = if done { 0 } else { to };
            if done {
                let next = self.minter.claim_at.saturating_add(1);
                self.minter.claim_at = next.checked_rem(registry.len()).unwrap_or(0);
                if self.minter.claim_at == 0 {
                    self.minter.last_claim_at = began;
                    self.minter.claim_round_at = None;
                }
            }
            if left == 0 {
                break;
            }
        }
        self.give_to_sink(sum, ctx.now, out)
    }
}
