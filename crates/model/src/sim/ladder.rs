//! Validators and their buckets, in forms that do not look at all of them at each step.
//!
//! The rules are those of `bus.rs` and `eta.rs` for validators of equal weight: with them the share of a validator is the
//! same for all, so "most over weight" is "most active stake". One cooldown for the whole run means that departures mature
//! in the order in which they left.

use crate::{
    Assets, Bucket, DEPARTURES_PER_CALL, Error, MARGIN, STAKES_PER_CALL, Timestamp,
    state::{Minter, SLACK, Validator},
    units::{ceil_div, small},
};
use ruint::aliases::U256;
use std::{
    cmp::Reverse,
    collections::{BTreeSet, VecDeque},
};

/// A bucket in cooldown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cooling {
    end: Timestamp,
    validator: usize,
    index: usize,
}

/// What one exit bus did.
#[derive(Debug, Default)]
pub(super) struct Departures {
    /// Wei.
    pub(super) amount: Assets,
    /// Buckets.
    pub(super) buckets: u64,
}

/// What one sweep brought.
#[derive(Debug, Default)]
pub(super) struct Swept {
    /// Wei.
    pub(super) amount: Assets,
    /// Buckets of one validator, for each that had any.
    pub(super) by_validator: Vec<u64>,
}

/// All buckets.
#[derive(Debug)]
pub(super) struct Ladder {
    validators: Vec<Validator>,
    /// By end, and of one end by departure.
    cooling: VecDeque<Cooling>,
    cooldown: u64,
}

impl Ladder {
    pub(super) fn new(validators: u16, buckets: usize, cooldown: u64) -> Self {
        let validator = Validator {
            weight: 1,
            buckets: vec![Bucket::default(); buckets],
            n: buckets,
            target: buckets,
            ..Validator::new()
        };
        Self {
            validators: vec![validator; usize::from(validators)],
            cooling: VecDeque::new(),
            cooldown,
        }
    }

    fn live(&self) -> impl Iterator<Item = (usize, &Validator)> {
        self.validators
            .iter()
            .enumerate()
            .filter(|(_, v)| !v.booked)
    }

    fn get_mut(
        &mut self,
        validator: usize,
        index: usize,
    ) -> Result<(&mut Validator, Bucket), Error> {
        let v = self
            .validators
            .get_mut(validator)
            .ok_or(Error::Arithmetic)?;
        let bucket = *v.buckets.get(index).ok_or(Error::Arithmetic)?;
        Ok((v, bucket))
    }

    fn amount(&self, cooling: &Cooling) -> Assets {
        self.validators
            .get(cooling.validator)
            .and_then(|v| v.buckets.get(cooling.index))
            .map_or(Assets::ZERO, |bucket| bucket.cooling)
    }

    /// Step 3 of the exit bus: departs for `need`, and advances the timetable when the need is gone.
    pub(super) fn depart(
        &mut self,
        m: &mut Minter,
        uncovered: Assets,
        mut need: Assets,
        now: Timestamp,
    ) -> Result<Departures, Error> {
        let mut done = Departures::default();
        let mut order: Vec<(Reverse<Assets>, usize)> =
            self.live().map(|(i, v)| (Reverse(v.active), i)).collect();
        order.sort_unstable();
        let (mut tries, mut on_time) = (DEPARTURES_PER_CALL, Vec::new());
        for (_, i) in order {
            let v = self.validators.get(i).ok_or(Error::Arithmetic)?;
            let in_time = now >= m.line.next_departure && now >= v.next_departure;
            let mut allowed = usize::MAX;
            if !in_time {
                if m.params.threshold.is_zero() || uncovered < m.params.threshold {
                    continue;
                }
                let available = v.present().filter(|(_, b)| m.is_available(b, now)).count();
                let kept = ceil_div(m.span(self.cooldown), m.period(v, self.cooldown));
                allowed = available.saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX));
            }
            let mut left = false;
            while need > MARGIN && tries > 0 && allowed > 0 {
                let v = self.validators.get(i).ok_or(Error::Arithmetic)?;
                let Some(index) = m.pick(v, need, now, &BTreeSet::new()) else {
                    break;
                };
                (tries, allowed) = (tries.saturating_sub(1), allowed.saturating_sub(1));
                let amount = self.leave(m, i, index, need, now)?;
                need = need.minus(amount)?;
                done.amount = done.amount.plus(amount)?;
                done.buckets = done.buckets.saturating_add(1);
                left = true;
            }
            if left && in_time {
                on_time.push(i);
            }
            if need <= MARGIN || tries == 0 {
                break;
            }
        }
        if need <= MARGIN {
            self.advance(m, &on_time, now);
        }
        Ok(done)
    }

    /// One bucket departs with at most `need`.
    fn leave(
        &mut self,
        m: &mut Minter,
        validator: usize,
        index: usize,
        need: Assets,
        now: Timestamp,
    ) -> Result<Assets, Error> {
        let end = now.after(self.cooldown);
        let (v, _) = self.get_mut(validator, index)?;
        let bucket = v.buckets.get_mut(index).ok_or(Error::Arithmetic)?;
        let amount = bucket.active.min(need);
        bucket.active = bucket.active.minus(amount)?;
        bucket.cooling = amount;
        bucket.end = end;
        v.active = v.active.minus(amount)?;
        v.cooling = v.cooling.plus(amount)?;
        m.active = m.active.minus(amount)?;
        m.cooling = m.cooling.plus(amount)?;
        m.line.latest_eta = m.line.latest_eta.max(end.after(m.params.keeper_grace));
        self.cooling.push_back(Cooling {
            end,
            validator,
            index,
        });
        Ok(amount)
    }

    fn advance(&mut self, m: &mut Minter, departed: &[usize], now: Timestamp) {
        for i in departed {
            if let Some(v) = self.validators.get_mut(*i) {
                v.next_departure = now.after(m.period(v, self.cooldown));
            }
        }
        if !departed.is_empty() {
            let buckets = self
                .live()
                .fold(0_u64, |sum, (_, v)| sum.saturating_add(small(v.n)));
            let period = ceil_div(m.span(self.cooldown), buckets);
            m.line.next_departure = now.after(period);
        }
    }

    /// When a departure may be possible next, after `now`, for a line that is not covered; `None` when no stake is left.
    pub(super) fn next_departure(&self, m: &Minter, now: Timestamp) -> Option<Timestamp> {
        let on_time = self.departures(m).map(|(at, _)| at.max(now.after(1)));
        if m.params.threshold.is_zero() {
            return on_time.min();
        }
        // By the threshold buckets may leave before their turn, but none before it is available, and one of them that
        // becomes available lets another go.
        let early = self
            .live()
            .flat_map(|(_, v)| v.present())
            .map(|(_, bucket)| m.available_at(bucket))
            .filter(|at| *at > now);
        on_time.chain(early).min()
    }

    /// Buckets with active stake: when the timetable lets them go, and how much.
    fn departures(&self, m: &Minter) -> impl Iterator<Item = (Timestamp, Assets)> {
        let earliest = m.line.next_departure;
        self.live()
            .flat_map(|(_, v)| v.present().map(move |(_, bucket)| (v, bucket)))
            .filter(|(_, bucket)| !bucket.active.is_zero())
            .map(move |(v, bucket)| {
                let at = v.next_departure.max(earliest).max(m.available_at(bucket));
                (at, bucket.active)
            })
    }

    /// Section 8 of the specification for the whole line, just after its last rung closed: when it is paid if every step
    /// uses its grace.
    pub(super) fn promise(&self, m: &Minter, now: Timestamp) -> Result<Timestamp, Error> {
        let grace = m.params.keeper_grace;
        let value = m.rate.to_assets_up(m.line.open_lst)?;
        if value.is_zero() {
            return Ok(now);
        }
        let value = value.plus(SLACK)?;
        if value <= m.line.committed {
            return Ok(now);
        }
        let mut here = m.line.committed.plus(m.cooling)?;
        let last_end = self.cooling.back().map_or(Timestamp::ZERO, |last| last.end);
        if here >= value {
            // From the latest on: the first whose loss would leave too little is the one that is waited for. All that
            // matures with it counts at once.
            let mut at = last_end;
            for cooling in self.cooling.iter().rev() {
                at = cooling.end;
                here = here.minus(self.amount(cooling))?;
                if here < value {
                    break;
                }
            }
            return Ok(at.after(grace).max(now));
        }
        let earliest = m.line.next_departure;
        let missing = value.minus(here)?;
        let departure = self.reach(m, missing, earliest)?;
        let at = departure
            .after(grace)
            .max(now)
            .after(self.cooldown)
            .max(last_end)
            .after(grace);
        Ok(at.max(m.line.latest_eta))
    }

    /// The earliest time by which `missing` wei can have departed, or the last departure there is.
    fn reach(&self, m: &Minter, missing: Assets, earliest: Timestamp) -> Result<Timestamp, Error> {
        // Mostly the buckets that wait for nothing but the line's own turn are enough.
        let mut sum = Assets::ZERO;
        for (at, amount) in self.departures(m) {
            if at == earliest {
                sum = sum.plus(amount)?;
                if sum >= missing {
                    return Ok(earliest);
                }
            }
        }
        let mut later: Vec<_> = self.departures(m).collect();
        later.sort_unstable();
        let (mut departure, mut sum) = (earliest, Assets::ZERO);
        for (at, amount) in later {
            departure = at;
            sum = sum.plus(amount)?;
            if sum >= missing {
                break;
            }
        }
        Ok(departure)
    }

    /// Ends of cooldowns: the next one.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.cooling.front().map(|cooling| cooling.end)
    }

    /// Takes home what has matured.
    pub(super) fn sweep(&mut self, m: &mut Minter, now: Timestamp) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        let mut from = Vec::new();
        while let Some(cooling) = self.cooling.front().copied().filter(|c| c.end <= now) {
            self.cooling.pop_front();
            let (v, bucket) = self.get_mut(cooling.validator, cooling.index)?;
            v.cooling = v.cooling.minus(bucket.cooling)?;
            if let Some(slot) = v.buckets.get_mut(cooling.index) {
                slot.cooling = Assets::ZERO;
            }
            swept.amount = swept.amount.plus(bucket.cooling)?;
            from.push(cooling.validator);
        }
        m.cooling = m.cooling.minus(swept.amount)?;
        from.sort_unstable();
        swept.by_validator = from
            .chunk_by(|a, b| a == b)
            .map(|run| small(run.len()))
            .collect();
        Ok(swept)
    }

    /// The stake bus: how many stakes it made, and the wei that they took.
    pub(super) fn stake(
        &mut self,
        m: &mut Minter,
        free: Assets,
        now: Timestamp,
    ) -> Result<(u64, Assets), Error> {
        let (mut rest, mut stakes) = (free, 0_u64);
        let assets = m.assets()?;
        let eligible = U256::from(small(self.live().count()));
        for _ in 0..STAKES_PER_CALL {
            if rest.is_zero() || rest < m.params.min_stake {
                break;
            }
            // Equal weights: the largest deficit is the least stake, and it has the most room under the cap.
            let Some((i, v)) = self.live().min_by_key(|(i, v)| (v.active, *i)) else {
                break;
            };
            let capacity = v.max_percentage.of_down(assets)?.min0(v.active);
            if capacity < m.params.min_stake {
                break;
            }
            let share = m.active.plus(rest)?.mul_div_down(U256::from(1), eligible)?;
            let deficit = share.min0(v.active);
            let mut amount = rest.min(capacity);
            if deficit >= m.params.min_stake {
                amount = amount.min(deficit);
            }
            let (index, part) = m.choose_bucket(v, amount, now)?;
            let (v, _) = self.get_mut(i, index)?;
            v.stake_cursor = index.saturating_add(1).checked_rem(v.target).unwrap_or(0);
            self.book(m, i, index, part)?;
            m.headroom = m.headroom.minus(part)?;
            rest = rest.minus(part)?;
            stakes = stakes.saturating_add(1);
        }
        Ok((stakes, free.minus(rest)?))
    }

    fn book(
        &mut self,
        m: &mut Minter,
        validator: usize,
        index: usize,
        amount: Assets,
    ) -> Result<(), Error> {
        let (v, _) = self.get_mut(validator, index)?;
        let bucket = v.buckets.get_mut(index).ok_or(Error::Arithmetic)?;
        bucket.active = bucket.active.plus(amount)?;
        v.active = v.active.plus(amount)?;
        m.active = m.active.plus(amount)?;
        Ok(())
    }

    /// Puts at most `most` of the stake that matures last back to work, when at least `least` can be; the wei.
    pub(super) fn restake(
        &mut self,
        m: &mut Minter,
        most: Assets,
        least: Assets,
        now: Timestamp,
    ) -> Result<Assets, Error> {
        let Some(end) = self
            .cooling
            .back()
            .map(|last| last.end)
            .filter(|end| *end > now)
        else {
            return Ok(Assets::ZERO);
        };
        // Of several with the latest end the first, as registered.
        let latest = self
            .cooling
            .iter()
            .enumerate()
            .rev()
            .take_while(|(_, cooling)| cooling.end == end)
            .min_by_key(|(_, cooling)| (cooling.validator, cooling.index));
        let Some((place, cooling)) = latest.map(|(place, cooling)| (place, *cooling)) else {
            return Ok(Assets::ZERO);
        };
        let (v, bucket) = self.get_mut(cooling.validator, cooling.index)?;
        let amount = most.min(bucket.cooling);
        if v.booked || amount < least || amount.is_zero() {
            return Ok(Assets::ZERO);
        }
        let left = bucket.cooling.minus(amount)?;
        v.cooling = v.cooling.minus(amount)?;
        if let Some(slot) = v.buckets.get_mut(cooling.index) {
            slot.cooling = left;
        }
        m.cooling = m.cooling.minus(amount)?;
        self.book(m, cooling.validator, cooling.index, amount)?;
        if left.is_zero() {
            self.cooling.remove(place);
        }
        Ok(amount)
    }

    /// Writes off a slashed validator; the wei lost, `None` when it was written off before.
    pub(super) fn slash(
        &mut self,
        m: &mut Minter,
        validator: u16,
        at: Timestamp,
    ) -> Result<Option<Assets>, Error> {
        let i = usize::from(validator);
        let v = self.validators.get_mut(i).ok_or(Error::Arithmetic)?;
        if v.booked {
            return Ok(None);
        }
        let active = core::mem::take(&mut v.active);
        let mut cooling = Assets::ZERO;
        for bucket in &mut v.buckets {
            bucket.active = Assets::ZERO;
            if bucket.end >= at {
                cooling = cooling.plus(core::mem::take(&mut bucket.cooling))?;
            }
        }
        v.cooling = v.cooling.minus(cooling)?;
        v.booked = true;
        m.active = m.active.minus(active)?;
        m.cooling = m.cooling.minus(cooling)?;
        self.cooling.retain(|c| c.validator != i || c.end < at);
        active.plus(cooling).map(Some)
    }
}
