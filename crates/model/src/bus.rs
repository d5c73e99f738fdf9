//! Stake bus, exit bus, sweeps, losses.

use crate::{
    Assets, Bps, BucketId, Error, EtaReason, Event, Outcome, Rate, Role, StakingError, State,
    Timestamp, ValidatorId,
    exit::Ctx,
    state::{
        CURSOR_TRIES, DEPARTURES_PER_CALL, MARGIN, MARKS, MAX_VALIDATORS, Mark, Minter,
        STAKES_PER_CALL, Validator,
    },
    units::{BPS, small, wide},
};
use ruint::aliases::U256;
use std::collections::BTreeSet;

/// Who drives the buses.
const KEEPERS: [Role; 2] = [Role::Rebalancer, Role::Handler];

/// Orders like `a - b`, which may be negative: shifted by 2^255, amounts being far smaller.
fn shifted(a: Assets, b: Assets) -> U256 {
    U256::from_limbs([0, 0, 0, 1 << 63])
        .saturating_add(a.raw())
        .saturating_sub(b.raw())
}

/// A staking call that the minter lets fail, or an error of ours.
type Tried<T> = Result<Result<T, StakingError>, Error>;

/// One call's progress through the departures.
#[derive(Default)]
struct Departing {
    need: Assets,
    tries: usize,
    departed: Assets,
    for_need: bool,
    on_time: Vec<ValidatorId>,
}

impl Minter {
    /// Refreshes the absolute target: `floor(assets * withhold)`.
    pub(crate) fn refresh_target(&mut self, out: &mut Outcome) -> Result<(), Error> {
        let target = self.params.withhold.of_down(self.assets()?)?;
        if target != self.target {
            self.target = target;
            out.tell(Event::BufferTargetSet { target });
        }
        Ok(())
    }

    /// Wei of headroom that no exit needs: above the target, what is committed or due, and what no cooling stake covers.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn free_to_stake(&self, now: Timestamp) -> Result<Assets, Error> {
        // Netting comes first: stake laid beside what cools would push back the departure that the line waits for.
        if !self.covered()? {
            return Ok(Assets::ZERO);
        }
        let queued = self.total_queued()?;
        // The margin is left for the netting, which takes it.
        let exits = if queued.is_zero() {
            queued
        } else {
            queued.plus(MARGIN)?.min0(self.cooling)
        };
        let taken = self.line.committed.max(self.due(now)?).max(exits);
        Ok(self.headroom.min0(self.target).min0(taken))
    }

    fn on_time(&self, v: &Validator, now: Timestamp) -> bool {
        now >= self.line.next_departure && now >= v.next_departure
    }

    /// Validators in the order of departures: inactive first, as registered, then most over weight.
    pub(crate) fn departure_order(&self) -> Result<Vec<ValidatorId>, Error> {
        let weights = self
            .live()
            .fold(0_u64, |sum, (_, v)| sum.saturating_add(v.weight));
        let mut order = Vec::new();
        for (id, v) in self.live() {
            if v.inactive {
                order.push((false, U256::ZERO, id));
                continue;
            }
            let share = if weights == 0 {
                Assets::ZERO
            } else {
                self.active
                    .mul_div_down(U256::from(v.weight), U256::from(weights))?
            };
            order.push((true, shifted(v.active, share), id));
        }
        // Stable: ties stay in registration order.
        order.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        Ok(order.into_iter().map(|(_, _, id)| id).collect())
    }

    /// The smallest available bucket that fits the need, else the largest (ties: lowest index).
    pub(crate) fn pick(
        &self,
        v: &Validator,
        need: Assets,
        now: Timestamp,
        not: &BTreeSet<usize>,
    ) -> Option<usize> {
        let open = || {
            v.present().filter(|(index, bucket)| {
                !bucket.active.is_zero() && self.is_available(bucket, now) && !not.contains(index)
            })
        };
        let fits = open()
            .filter(|(_, b)| b.active >= need)
            .min_by_key(|(i, b)| (b.active, *i));
        fits.or_else(|| open().max_by_key(|(i, b)| (b.active, core::cmp::Reverse(*i))))
            .map(|(index, _)| index)
    }

    /// `n` falls from the top while the last bucket retires and is empty.
    pub(crate) fn drop_retired(&mut self, id: ValidatorId, out: &mut Outcome) -> Result<(), Error> {
        let v = self.validator_mut(id)?;
        let before = v.n;
        while v.n > v.target {
            let last = v.n.saturating_sub(1);
            let empty = v
                .buckets
                .get(last)
                .is_none_or(|b| b.active.is_zero() && b.cooling.is_zero());
            if !empty {
                break;
            }
            v.n = last;
        }
        if v.n != before {
            for cursor in [
                &mut v.sweep_cursor,
                &mut v.stake_cursor,
                &mut v.claim_cursor,
            ] {
                if *cursor >= v.n {
                    *cursor = 0;
                }
            }
            out.tell(Event::BucketsConfigured {
                validator: id,
                buckets: v.n,
                target: v.target,
            });
        }
        Ok(())
    }

    /// After any loss: the reserve pays first, the rate falls to what is there (promise 3), and so does what depends on it.
    pub(crate) fn after_loss(
        &mut self,
        loss: Assets,
        out: &mut Outcome,
        supply: crate::Shares,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.use_insurance(loss, out)?;
        self.rate = self
            .rate
            .min(Rate::from_quotient_down(self.assets()?, supply)?);
        self.cap_committed()?;
        // Promises are made anew from what is left; what now waits for a departure waits from here.
        self.line.drop_promises(now);
        if !self.covered()? {
            self.line.next_departure = self.line.next_departure.max(now);
        }
        out.tell(Event::EtaRevised {
            reason: EtaReason::Loss,
            value: loss.raw(),
        });
        self.refresh_target(out)
    }

    /// Coins that came home belong to the line, as far as it goes.
    pub(crate) fn credit(&mut self, gained: Assets) -> Result<(), Error> {
        self.headroom = self.headroom.plus(gained)?;
        self.line.committed = self.line.committed.plus(gained)?.min(self.commit_cap()?);
        Ok(())
    }

    /// Commits headroom above the target to what is uncovered and the margin; the wei.
    pub(crate) fn net(&mut self, uncovered: Assets, out: &mut Outcome) -> Result<Assets, Error> {
        let early = self.headroom.min0(self.line.committed).min0(self.target);
        let netted = uncovered
            .plus(MARGIN)?
            .min(early)
            .min(self.commit_cap()?.min0(self.line.committed));
        self.line.committed = self.line.committed.plus(netted)?;
        if !netted.is_zero() {
            out.tell(Event::Netted { amount: netted });
        }
        Ok(netted)
    }

    /// Tells an uncovered line whose first departure was possible more than a grace ago that its promise is lost.
    fn tell_if_late(&self, now: Timestamp, out: &mut Outcome) -> Result<(), Error> {
        if self.covered()? || self.line.marked() {
            return Ok(());
        }
        let first = self
            .live()
            .flat_map(|(_, v)| v.present().map(move |(_, bucket)| (v, bucket)))
            .filter(|(_, bucket)| !bucket.active.is_zero())
            .map(|(v, bucket)| {
                v.next_departure
                    .max(self.line.next_departure)
                    .max(self.available_at(bucket))
            })
            .min();
        if let Some(latest) = first.map(|at| at.after(self.params.keeper_grace))
            && now > latest
        {
            out.tell(Event::EtaRevised {
                reason: EtaReason::StepLate,
                value: latest.raw(),
            });
        }
        Ok(())
    }

    /// Pushes a mark when the end of the line is promised and not marked yet.
    pub(crate) fn mark_line(
        &mut self,
        departed_for_need: bool,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let promised = self.covered()? || self.active.is_zero();
        let line = &mut self.line;
        let units = line.end;
        if units == line.watermark || line.marked() || !promised {
            return Ok(());
        }
        let eta = if departed_for_need {
            line.latest_eta
        } else {
            line.latest_eta.max(now.after(self.params.keeper_grace))
        };
        line.latest_eta = eta;
        if line.marks.len().saturating_sub(line.marks_done) >= MARKS {
            line.marks.pop();
        }
        line.marks.push(Mark { units, eta });
        let mark = line.marks.len().saturating_sub(1);
        out.tell(Event::EtaMarked { mark, units, eta });
        Ok(())
    }
}

impl State {
    /// `supply`: LST that the rate is about, wei.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn supply(&self) -> Result<crate::Shares, Error> {
        let line = &self.minter.line;
        self.token
            .total_supply
            .plus(line.open_lst)?
            .plus(line.staged_lst)
    }

    /// The exit bus: nets early money in, departs for the rest, marks what is now promised.
    /// At most `most` departures, and never more than [`DEPARTURES_PER_CALL`].
    pub(crate) fn process_batch_unstake(
        &mut self,
        ctx: Ctx,
        most: usize,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let now = ctx.now;
        let m = &mut self.minter;
        let first = m
            .live()
            .filter(|(_, v)| v.n > 0)
            .map(|(_, v)| v.next_departure)
            .min();
        let opens = m
            .line
            .next_departure
            .max(first.unwrap_or(Timestamp::NEVER))
            .after(m.params.keeper_grace);
        m.keeper(ctx, &KEEPERS, opens)?;

        m.refresh_target(out)?;
        m.tell_if_late(now, out)?;
        let uncovered = m.open_value()?.min0(m.cooling).min0(m.line.committed);
        let mut netted = Assets::ZERO;
        let mut run = Departing {
            tries: most.min(DEPARTURES_PER_CALL),
            ..Departing::default()
        };
        if !uncovered.is_zero() {
            netted = m.net(uncovered, out)?;
            run.need = uncovered.plus(MARGIN)?.minus(netted)?;
        }
        let needed = run.need > MARGIN;
        if needed {
            for id in self.minter.departure_order()? {
                self.depart_validator(id, uncovered, now, &mut run, out)?;
                if run.need <= MARGIN || run.tries == 0 {
                    break;
                }
            }
            run.for_need = !run.departed.is_zero();
            if run.need <= MARGIN {
                self.advance_timetable(&run.on_time, now)?;
            }
        } else if run.tries > 0 {
            self.depart_retiring(now, &mut run, out)?;
        }
        self.minter.mark_line(run.for_need, now, out)?;
        out.words([netted.raw(), run.departed.raw()])
    }

    fn depart_validator(
        &mut self,
        id: ValidatorId,
        uncovered: Assets,
        now: Timestamp,
        run: &mut Departing,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let m = &self.minter;
        let v = m.validator(id)?;
        let on_time = m.on_time(v, now);
        let mut allowed = usize::MAX;
        if !on_time {
            if m.params.threshold.is_zero() || uncovered < m.params.threshold {
                return Ok(());
            }
            let available = v.present().filter(|(_, b)| m.is_available(b, now)).count();
            let cooldown = self.staking.cooldown;
            let kept = crate::units::ceil_div(m.span(cooldown), m.period(v, cooldown));
            allowed = available.saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX));
        }
        let mut tried = BTreeSet::new();
        let mut left_on_time = false;
        while run.need > MARGIN && run.tries > 0 && tried.len() < allowed {
            let m = &self.minter;
            let Some(index) = m.pick(m.validator(id)?, run.need, now, &tried) else {
                break;
            };
            tried.insert(index);
            run.tries = run.tries.saturating_sub(1);
            let bucket = BucketId {
                validator: id,
                index,
            };
            let amount = m.bucket(bucket)?.active.min(run.need);
            if self.depart(bucket, amount, now, !on_time, out)? {
                run.need = run.need.minus(amount)?;
                run.departed = run.departed.plus(amount)?;
                left_on_time = on_time;
            }
        }
        if left_on_time {
            run.on_time.push(id);
        }
        Ok(())
    }

    /// Unstakes from one bucket; false when the staking system refuses.
    fn depart(
        &mut self,
        id: BucketId,
        amount: Assets,
        now: Timestamp,
        early: bool,
        out: &mut Outcome,
    ) -> Result<bool, Error> {
        let (validator, index) = (id.validator, id.index);
        match self
            .staking
            .unstake(crate::Account::Bucket(id), validator, amount, now)
        {
            Err(reason) => {
                out.tell(Event::DepartFailed {
                    validator,
                    index,
                    amount,
                    reason,
                });
                Ok(false)
            }
            Ok(end) => {
                let m = &mut self.minter;
                let bucket = m.bucket_mut(id)?;
                bucket.active = bucket.active.minus(amount)?;
                bucket.cooling = bucket.cooling.plus(amount)?;
                bucket.end = end;
                let v = m.validator_mut(validator)?;
                v.active = v.active.minus(amount)?;
                v.cooling = v.cooling.plus(amount)?;
                m.active = m.active.minus(amount)?;
                m.cooling = m.cooling.plus(amount)?;
                let eta = end.after(m.params.keeper_grace);
                m.line.latest_eta = m.line.latest_eta.max(eta);
                out.tell(Event::Departed {
                    validator,
                    index,
                    amount,
                    end,
                    early,
                });
                Ok(true)
            }
        }
    }

    fn advance_timetable(&mut self, departed: &[ValidatorId], now: Timestamp) -> Result<(), Error> {
        let cooldown = self.staking.cooldown;
        let m = &mut self.minter;
        for id in departed {
            let period = m.period(m.validator(*id)?, cooldown);
            m.validator_mut(*id)?.next_departure = now.after(period);
        }
        if !departed.is_empty() {
            m.line.next_departure = now.after(m.line_period(cooldown));
        }
        Ok(())
    }

    /// With no need left, one retiring bucket gives all its stake back.
    fn depart_retiring(
        &mut self,
        now: Timestamp,
        run: &mut Departing,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let m = &self.minter;
        let found = m
            .live()
            .filter(|(_, v)| m.on_time(v, now))
            .find_map(|(id, v)| {
                v.present()
                    .skip(v.target)
                    .find(|(_, b)| !b.active.is_zero() && m.is_available(b, now))
                    .map(|(index, b)| {
                        (
                            BucketId {
                                validator: id,
                                index,
                            },
                            b.active,
                        )
                    })
            });
        let Some((bucket, amount)) = found else {
            return Ok(());
        };
        if self.depart(bucket, amount, now, false, out)? {
            run.departed = amount;
            self.advance_timetable(&[bucket.validator], now)?;
        }
        Ok(())
    }

    /// Withdraws what matured, bucket by bucket from the cursor. One that fails never blocks another.
    pub(crate) fn sweep(
        &mut self,
        ctx: Ctx,
        id: ValidatorId,
        max: u64,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let m = &self.minter;
        let (n, start) = {
            let v = m.validator(id)?;
            (v.n, v.sweep_cursor)
        };
        let patience = if m.has_any(ctx.caller, &KEEPERS) {
            0
        } else {
            m.params.keeper_grace
        };
        let (mut tries, mut swept, mut total) = (0_u64, 0_u64, Assets::ZERO);
        let mut looked = 0_usize;
        while looked < n && tries < max {
            let index = start.saturating_add(looked).checked_rem(n).unwrap_or(0);
            looked = looked.saturating_add(1);
            let bucket = BucketId {
                validator: id,
                index,
            };
            let state = self.minter.bucket(bucket)?;
            if state.cooling.is_zero() || ctx.now < state.end.after(patience) {
                continue;
            }
            tries = tries.saturating_add(1);
            match self.sweep_bucket(bucket, ctx.now, out)? {
                Err(reason) => out.tell(Event::SweepFailed {
                    validator: id,
                    index,
                    reason,
                }),
                Ok(gained) => {
                    swept = swept.saturating_add(1);
                    total = total.plus(gained)?;
                }
            }
        }
        let cursor = start.saturating_add(looked).checked_rem(n).unwrap_or(0);
        self.minter.validator_mut(id)?.sweep_cursor = cursor;
        self.minter.drop_retired(id, out)?;
        out.words([U256::from(swept), total.raw()])
    }

    fn sweep_bucket(&mut self, id: BucketId, now: Timestamp, out: &mut Outcome) -> Tried<Assets> {
        let account = crate::Account::Bucket(id);
        let booked = self.minter.validator(id.validator)?.booked;
        let received = match self.staking.withdraw(account, now) {
            Ok(paid) => {
                self.move_coins(self.places.staking.into(), account, paid)?;
                let received = self.balance(account);
                self.move_coins(account, self.places.minter.into(), received)?;
                received
            }
            // Booked, matured before the slash, and nothing is owed: the record was cleared over there.
            Err(StakingError::InvalidAmount(owed)) if booked && owed.is_zero() => Assets::ZERO,
            Err(reason) => return Ok(Err(reason)),
        };

        let unbooked_slash = self.staking.validator(id.validator)?.slashed && !booked;
        let supply = self.supply()?;
        let m = &mut self.minter;
        let bucket = m.bucket_mut(id)?;
        let gained = received.min(bucket.cooling);
        let missing = bucket.cooling.minus(gained)?;
        let off = if unbooked_slash {
            gained
        } else {
            bucket.cooling
        };
        bucket.cooling = bucket.cooling.minus(off)?;
        let v = m.validator_mut(id.validator)?;
        v.cooling = v.cooling.minus(off)?;
        m.cooling = m.cooling.minus(off)?;
        m.credit(gained)?;
        out.tell(Event::Swept {
            validator: id.validator,
            index: id.index,
            gained,
            received,
        });
        if !missing.is_zero() && !unbooked_slash {
            m.after_loss(missing, out, supply, now)?;
            out.tell(Event::ShortfallBooked {
                validator: id.validator,
                index: id.index,
                missing,
                rate: m.rate.raw(),
            });
        }
        Ok(Ok(gained))
    }

    /// The most that our stake with `v` may grow by, wei.
    ///
    /// # Errors
    /// [`Error::UnknownValidator`].
    pub fn capacity(&self, id: ValidatorId) -> Result<Assets, Error> {
        let m = &self.minter;
        let v = m.validator(id)?;
        let theirs = self.staking.validator(id)?;
        let room = if theirs.capacity.is_zero() {
            Assets::MAX
        } else {
            theirs.capacity.min0(theirs.delegated)
        };
        let share = percentage_room(
            theirs.delegated,
            self.staking.total_staked,
            m.params.staking_percentage_cap,
        );
        let own = v.max_percentage.of_down(m.assets()?)?.min0(v.active);
        Ok(room.min(share).min(own))
    }

    /// Validators that the stake bus may use, with their capacity: registered and unbooked, neither inactive nor slashed
    /// (mirrored or read now), with weight and buckets wanted.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub(crate) fn eligible(&self) -> Result<Vec<(ValidatorId, Assets)>, Error> {
        let mut list = Vec::new();
        for (id, v) in self.minter.live() {
            let theirs = self.staking.validator(id)?;
            let out = v.inactive || v.slashed || !theirs.active || theirs.slashed;
            if !out && v.weight > 0 && v.target > 0 {
                list.push((id, self.capacity(id)?));
            }
        }
        Ok(list)
    }

    /// Where the stake bus would put coins next: bucket, amount, and the validator's capacity.
    pub(crate) fn next_stake(
        &self,
        rest: Assets,
        eligible: &[(ValidatorId, Assets)],
        now: Timestamp,
    ) -> Result<Option<(BucketId, Assets, Assets)>, Error> {
        let m = &self.minter;
        let mut weights = 0_u64;
        for (id, _) in eligible {
            weights = weights.saturating_add(m.validator(*id)?.weight);
        }
        let mut best: Option<(U256, Assets, ValidatorId, Assets)> = None;
        for (id, capacity) in eligible {
            if *capacity < m.params.min_stake {
                continue;
            }
            let v = m.validator(*id)?;
            let share = m
                .active
                .plus(rest)?
                .mul_div_down(U256::from(v.weight), U256::from(weights))?;
            let deficit = shifted(share, v.active);
            if best.is_none_or(|(most, ..)| deficit > most) {
                best = Some((deficit, share.min0(v.active), *id, *capacity));
            }
        }
        let Some((_, deficit, id, capacity)) = best else {
            return Ok(None);
        };
        let mut amount = rest.min(capacity);
        if deficit >= m.params.min_stake {
            amount = amount.min(deficit);
        }
        let (index, part) = m.choose_bucket(m.validator(id)?, amount, now)?;
        let bucket = BucketId {
            validator: id,
            index,
        };
        Ok(Some((bucket, part, capacity)))
    }

    fn place(
        &mut self,
        id: BucketId,
        amount: Assets,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Tried<()> {
        let m = &mut self.minter;
        let v = m.validator_mut(id.validator)?;
        v.stake_cursor = id
            .index
            .saturating_add(1)
            .checked_rem(v.target)
            .unwrap_or(0);
        let account = crate::Account::Bucket(id);
        if let Err(reason) = self.staking.stake(account, id.validator, amount, now) {
            return Ok(Err(reason));
        }
        self.move_coins(
            self.places.minter.into(),
            self.places.staking.into(),
            amount,
        )?;
        let m = &mut self.minter;
        m.headroom = m.headroom.minus(amount)?;
        self.book_stake(id, amount)?;
        out.tell(Event::StakePlaced {
            validator: id.validator,
            index: id.index,
            amount,
        });
        Ok(Ok(()))
    }

    /// `amount` of active stake appears in the books of one bucket.
    fn book_stake(&mut self, id: BucketId, amount: Assets) -> Result<(), Error> {
        let m = &mut self.minter;
        let bucket = m.bucket_mut(id)?;
        bucket.active = bucket.active.plus(amount)?;
        bucket.used = true;
        let v = m.validator_mut(id.validator)?;
        v.active = v.active.plus(amount)?;
        m.active = m.active.plus(amount)?;
        Ok(())
    }

    /// The stake bus.
    pub(crate) fn rebalance(&mut self, ctx: Ctx, out: &mut Outcome) -> Result<(), Error> {
        self.minter
            .keeper(ctx, &[Role::Rebalancer], Timestamp::NEVER)?;
        self.minter.refresh_target(out)?;
        let mut staked = Assets::ZERO;
        if self.minter.slash_pending == 0 {
            let mut rest = self.minter.free_to_stake(ctx.now)?;
            let mut eligible = self.eligible()?;
            for _ in 0..STAKES_PER_CALL {
                if rest.is_zero() || rest < self.minter.params.min_stake {
                    break;
                }
                let Some((bucket, amount, _)) = self.next_stake(rest, &eligible, ctx.now)? else {
                    break;
                };
                let validator = bucket.validator;
                match self.place(bucket, amount, ctx.now, out)? {
                    Ok(()) => {
                        rest = rest.minus(amount)?;
                        staked = staked.plus(amount)?;
                        for (id, capacity) in &mut eligible {
                            if *id == validator {
                                *capacity = capacity.min0(amount);
                            }
                        }
                    }
                    Err(reason) => {
                        eligible.retain(|(id, _)| *id != validator);
                        out.tell(Event::StakeSkipped {
                            validator,
                            amount,
                            reason,
                        });
                    }
                }
            }
        }
        out.words([staked.raw()])
    }

    /// Stakes a given amount with a given validator.
    pub(crate) fn stake_withheld(
        &mut self,
        ctx: Ctx,
        amount: Assets,
        id: ValidatorId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.minter
            .keeper(ctx, &[Role::Rebalancer], Timestamp::NEVER)?;
        if amount.is_zero() {
            return Err(Error::ZeroAmount);
        }
        let targets = self.minter.validator(id)?.target;
        let free = self.minter.free_to_stake(ctx.now)?;
        if amount > free {
            return Err(Error::StakeTooMuch(amount, free));
        }
        let capacity = if targets == 0 {
            Assets::ZERO
        } else {
            self.capacity(id)?
        };
        if amount > capacity {
            return Err(Error::NoCapacity(id, capacity));
        }
        let mut rest = amount;
        for _ in 0..STAKES_PER_CALL {
            if rest.is_zero() {
                break;
            }
            let m = &self.minter;
            let (index, part) = m.choose_bucket(m.validator(id)?, rest, ctx.now)?;
            let bucket = BucketId {
                validator: id,
                index,
            };
            self.place(bucket, part, ctx.now, out)?
                .map_err(Error::Staking)?;
            rest = rest.minus(part)?;
        }
        Ok(())
    }

    /// Puts cooling stake back to work, latest maturing first, while the rest still covers the queue.
    pub(crate) fn restake(
        &mut self,
        ctx: Ctx,
        id: ValidatorId,
        amount: Assets,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let m = &self.minter;
        m.keeper(ctx, &[Role::Rebalancer], Timestamp::NEVER)?;
        if amount.is_zero() {
            return Err(Error::ZeroAmount);
        }
        m.validator(id)?;
        let staged = m.rate.to_assets_down(m.line.staged_lst)?;
        let covering = m.cooling.plus(m.line.committed)?;
        let free = covering.min0(m.open_value()?.plus(staged)?.plus(MARGIN)?);
        if amount > free {
            return Err(Error::RestakeTooMuch(amount, free));
        }
        let Some((bucket, end)) = self.latest_cooling() else {
            return Err(Error::RestakeTooMuch(amount, Assets::ZERO));
        };
        if bucket.validator != id {
            return Err(Error::NotLatest(id, bucket.validator, end));
        }
        let there = self.minter.bucket(bucket)?.cooling;
        if amount > there {
            return Err(Error::RestakeTooMuch(amount, there));
        }
        self.staking
            .restake(crate::Account::Bucket(bucket), id, amount, ctx.now)?;
        let m = &mut self.minter;
        let state = m.bucket_mut(bucket)?;
        state.cooling = state.cooling.minus(amount)?;
        let v = m.validator_mut(id)?;
        v.cooling = v.cooling.minus(amount)?;
        m.cooling = m.cooling.minus(amount)?;
        self.book_stake(bucket, amount)?;
        out.tell(Event::Restaked {
            validator: id,
            index: bucket.index,
            amount,
        });
        Ok(())
    }

    /// Books a slash: all active stake and all cooling that had not matured. Atomic, anybody's, once.
    pub(crate) fn book_slash(
        &mut self,
        id: ValidatorId,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let supply = self.supply()?;
        let m = &mut self.minter;
        let v = m.validator_mut(id)?;
        let theirs = self.staking.validator(id)?;
        if v.booked {
            return Err(Error::AlreadyBooked(id));
        }
        if !theirs.slashed {
            return Err(Error::NotSlashed(id));
        }
        let active_loss = core::mem::take(&mut v.active);
        let mut cooling_loss = Assets::ZERO;
        let n = v.n;
        for bucket in v.buckets.iter_mut().take(n) {
            bucket.active = Assets::ZERO;
            if bucket.end >= theirs.slashed_at {
                cooling_loss = cooling_loss.plus(core::mem::take(&mut bucket.cooling))?;
            }
        }
        v.cooling = v.cooling.minus(cooling_loss)?;
        let counted = v.slashed;
        v.slashed = true;
        v.booked = true;
        if counted {
            m.slash_pending = m.slash_pending.saturating_sub(1);
        }
        m.active = m.active.minus(active_loss)?;
        m.cooling = m.cooling.minus(cooling_loss)?;
        let loss = active_loss.plus(cooling_loss)?;
        m.after_loss(loss, out, supply, now)?;
        let rate = m.rate.raw();
        out.tell(Event::SlashBooked {
            validator: id,
            active_loss,
            cooling_loss,
            rate,
        });
        out.words([loss.raw()])
    }

    /// Mirrors ids, flags and votes of the staking system.
    pub(crate) fn sync(&mut self, now: Timestamp, out: &mut Outcome) -> Result<(), Error> {
        let m = &mut self.minter;
        let mut new = 0_usize;
        for id in &self.staking.ids {
            if m.validators.contains_key(id) || m.registry.len() >= MAX_VALIDATORS {
                continue;
            }
            m.registry.push(*id);
            m.validators.insert(*id, Validator::new());
            new = new.saturating_add(1);
            out.tell(Event::ValidatorRegistered { validator: *id });
        }
        m.vote_open = false;
        for id in m.registry.clone() {
            let theirs = self.staking.validator(id)?;
            let v = m.validator_mut(id)?;
            if v.booked {
                continue;
            }
            let (slash_votes, _) = self.staking.votes(id, now);
            v.inactive = !theirs.active;
            if theirs.slashed && !v.slashed {
                v.slashed = true;
                m.slash_pending = m.slash_pending.saturating_add(1);
            }
            m.vote_open |= slash_votes > 0;
            out.tell(Event::ValidatorSynced {
                validator: id,
                active: theirs.active,
                slashed: theirs.slashed,
                slash_votes,
            });
        }
        let cooldown = self.staking.cooldown;
        if cooldown > m.last_cooldown {
            let value = U256::from(cooldown);
            out.tell(Event::EtaRevised {
                reason: EtaReason::CooldownRaised,
                value,
            });
        }
        m.last_cooldown = cooldown;
        m.synced_at = now;
        out.words([wide(new)])
    }

    /// Coins that arrived unasked go to the rewards sink; they never move the rate.
    pub(crate) fn skim(&mut self, ctx: Ctx, out: &mut Outcome) -> Result<(), Error> {
        let m = &self.minter;
        let surplus = self
            .balance(self.places.minter)
            .min0(m.headroom.plus(m.reserved)?.plus(m.insurance)?);
        if !surplus.is_zero() {
            out.tell(Event::Skimmed { coins: surplus });
            self.feed_sink(ctx.now, surplus, out)?;
        }
        out.words([surplus.raw()])
    }

    /// Stake that others gave a bucket is exchanged for free headroom, which goes to the sink.
    pub(crate) fn skim_stake(
        &mut self,
        ctx: Ctx,
        id: BucketId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let bucket = self.minter.bucket(id)?;
        let mut amount = Assets::ZERO;
        if !self.staking.validator(id.validator)?.slashed {
            let account = crate::Account::Bucket(id);
            let theirs = self.staking.position(account, id.validator).staked;
            amount = theirs
                .min0(bucket.active)
                .min(self.minter.free_to_stake(ctx.now)?);
        }
        if !amount.is_zero() {
            self.minter.headroom = self.minter.headroom.minus(amount)?;
            self.book_stake(id, amount)?;
            out.tell(Event::StakeSkimmed {
                validator: id.validator,
                index: id.index,
                amount,
            });
            self.feed_sink(ctx.now, amount, out)?;
        }
        out.words([amount.raw()])
    }
}

impl Minter {
    /// The bucket that the cursor leads to, and how much of `amount` it takes: even filling, never a rest below the
    /// minimum.
    pub(crate) fn choose_bucket(
        &self,
        v: &Validator,
        amount: Assets,
        now: Timestamp,
    ) -> Result<(usize, Assets), Error> {
        let start = if v.stake_cursor < v.target {
            v.stake_cursor
        } else {
            0
        };
        let at = |step: usize| {
            start
                .saturating_add(step)
                .checked_rem(v.target)
                .unwrap_or(0)
        };
        let available = |index: &usize| {
            v.buckets
                .get(*index)
                .is_some_and(|b| self.is_available(b, now))
        };
        let index = (0..CURSOR_TRIES.min(v.target))
            .map(at)
            .find(available)
            .unwrap_or(start);
        let targets = U256::from(small(v.target));
        let ideal = v.active.plus(amount)?.mul_div_up(U256::from(1), targets)?;
        let bucket = v.buckets.get(index).copied().unwrap_or_default();
        let room = ideal.min0(bucket.active);
        let part = amount.min(room.max(self.params.min_stake));
        let rest = amount.minus(part)?;
        Ok((
            index,
            if rest < self.params.min_stake {
                amount
            } else {
                part
            },
        ))
    }
}

/// P9: the largest x with `(D+x)*10000 < (cap+1)*(T+x)`, wei; unlimited without a cap or a total.
fn percentage_room(delegated: Assets, total: Assets, cap: Bps) -> Assets {
    if cap.get() == 0 || total.is_zero() {
        return Assets::MAX;
    }
    // x * (9999 - cap) < (cap+1)*T - 10000*D
    let have = total
        .raw()
        .saturating_mul(cap.raw().saturating_add(U256::from(1)));
    let used = delegated.raw().saturating_mul(BPS);
    let Some(left) = have.checked_sub(used).filter(|left| !left.is_zero()) else {
        return Assets::ZERO;
    };
    let slope = U256::from(9_999_u64.saturating_sub(cap.get()));
    left.saturating_sub(U256::from(1))
        .checked_div(slope)
        .map_or(Assets::MAX, Assets::new)
}
