//! What others do to a basket's world: operators that come or not, prices, faults and losses, each with its end.

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};
use chain::bindings::{
    ICoreAgent, LocalCoreAgent as A, LocalCoreBtc as T, LocalCoreCandidateHub as H,
    LocalCoreEarn as E,
};
use eyre::{Result, ensure};
use rand::{Rng, seq::IndexedRandom};

use super::{HOUR, History};
use crate::{
    basket::{
        runner::Deed,
        world::{Actor, BTC_PRICE, DAY, Erc20, REWARD, u},
    },
    world::COIN,
};

/// What ends when.
struct End {
    at: u64,
    heals: Vec<Deed>,
}

/// The state of the weather.
pub struct Weather {
    ends: Vec<End>,
    /// Rounds that Earn's operator saw.
    round: u64,
    lag: u64,
    operator_away: u64,
    reporters_away: u64,
    earn_paused: u64,
    /// Until then somebody is on the BTC token's blacklist.
    pub blacklist: u64,
    /// Wei of CORE for one BTC.
    price: u128,
    reported: u64,
    /// Validators that are jailed, closed or gone.
    out: Vec<(u64, Address)>,
}

impl Weather {
    pub fn new(now: u64) -> Self {
        Self {
            ends: Vec::new(),
            round: now / DAY,
            lag: 0,
            operator_away: 0,
            reporters_away: 0,
            earn_paused: 0,
            blacklist: 0,
            price: BTC_PRICE,
            reported: now,
            out: Vec::new(),
        }
    }

    /// Earn does nothing now.
    pub fn earn_stalls(&self, now: u64) -> bool {
        now < self.earn_paused || (now - self.lag) / DAY != self.round
    }

    /// Validators that take nothing.
    pub fn out(&self) -> Vec<Address> {
        self.out.iter().map(|(_, v)| *v).collect()
    }
}

impl History {
    /// A deed of the world outside: it must work.
    fn other(&mut self, deed: Deed) -> Result<()> {
        let text = format!("{deed:?}");
        let out = self.r.perform(deed)?;
        ensure!(out.ok, "the run's own deed failed: {text}: {}", out.output);
        Ok(())
    }

    fn told<C: SolCall>(&self, from: Address, to: Address, call: &C) -> Deed {
        Deed::Call {
            at: self.now,
            from,
            to,
            value: 0,
            data: call.abi_encode().into(),
        }
    }

    /// What comes with the hours.
    pub(super) fn morning(&mut self) -> Result<()> {
        let (now, op) = (self.now, self.r.w.c.operator);
        let round = (now - self.weather.lag) / DAY;
        if round != self.weather.round && now >= self.weather.operator_away {
            self.weather.round = round;
            let settle = self.told(op, self.r.w.at.earn, &E::afterTurnRoundCall(Vec::new()));
            self.other(settle)?;
        }
        if now >= self.weather.reported + 6 * HOUR && now >= self.weather.reporters_away {
            let step = self.rng.random_range(9_900..=10_101);
            let price = self.weather.price * step / 10_000;
            let (least, most) = (BTC_PRICE * 8 / 10, BTC_PRICE * 12 / 10);
            self.weather.price = price.clamp(least, most);
            let apart = self.rng.random_range(9_980..=10_020);
            let other = self.weather.price * apart / 10_000;
            self.report(0, self.weather.price)?;
            self.report(1, other)?;
            self.weather.reported = now;
        }
        self.weather.out.retain(|(until, _)| *until > now);
        while let Some(k) = self.weather.ends.iter().position(|e| e.at <= now) {
            for mut deed in self.weather.ends.remove(k).heals {
                if let Deed::Call { at, .. } = &mut deed {
                    *at = now;
                }
                self.other(deed)?;
            }
        }
        Ok(())
    }

    fn report(&mut self, source: usize, price: u128) -> Result<()> {
        let from = self.r.w.c.operator;
        let (to, data) = self.world().report(source, u(price));
        self.other(Deed::Call {
            at: self.now,
            from,
            to,
            value: 0,
            data,
        })
    }

    /// Something begins now and ends then.
    fn until(&mut self, at: u64, begins: Deed, ends: Deed) -> Result<()> {
        self.other(begins)?;
        self.weather.ends.push(End {
            at,
            heals: vec![ends],
        });
        Ok(())
    }

    /// Something happens.
    pub(super) fn weather(&mut self) -> Result<()> {
        let op = self.r.w.c.operator;
        let at = self.r.w.at.clone();
        let now = self.now;
        let hours = |h: &mut Self, from: u64, to: u64| now + h.rng.random_range(from..=to) * HOUR;
        match self.rng.random_range(0..100) {
            0..14 => self.validator_leaves(),
            14..20 => {
                self.weather.operator_away = hours(self, 24, 120);
                if self.chance(10) {
                    // So long that the operator counts as gone.
                    self.weather.operator_away = now + 9 * DAY;
                }
                self.r.counts.note("late operators", 1);
                Ok(())
            }
            20..25 => {
                let end = hours(self, 3, 40);
                self.weather.earn_paused = self.weather.earn_paused.max(end);
                let begins = self.told(op, at.earn, &E::setPausedCall { paused_: true });
                let ends = self.told(op, at.earn, &E::setPausedCall { paused_: false });
                self.r.counts.note("stalls", 1);
                self.until(end, begins, ends)
            }
            25..28 => {
                let days = u(self.rng.random_range(8..30_u64));
                let begins = self.told(op, at.earn, &E::setLockDayCall { days_: days });
                let ends = self.told(op, at.earn, &E::setLockDayCall { days_: u(7_u64) });
                self.r.counts.note("slow sleeves", 1);
                let end = hours(self, 3, 24);
                self.until(end, begins, ends)
            }
            28..30 => {
                let begins = self.told(
                    op,
                    at.earn,
                    &E::setFeeCall {
                        fee_: u(20_000_u64),
                    },
                );
                let ends = self.told(op, at.earn, &E::setFeeCall { fee_: U256::ZERO });
                self.r.counts.note("slow sleeves", 1);
                let end = hours(self, 3, 24);
                self.until(end, begins, ends)
            }
            30..38 => {
                let begins = self.told(op, at.earn, &E::setInPartsCall { inParts_: true });
                let ends = self.told(op, at.earn, &E::setInPartsCall { inParts_: false });
                let end = hours(self, 24, 120);
                self.until(end, begins, ends)
            }
            38..42 => {
                let short = u(self.rng.random_range(1..200_000_u64));
                let begins = self.told(op, at.earn, &E::setShortfallCall { shortfall_: short });
                let ends = self.told(
                    op,
                    at.earn,
                    &E::setShortfallCall {
                        shortfall_: U256::ZERO,
                    },
                );
                let end = hours(self, 6, 48);
                self.until(end, begins, ends)
            }
            42..50 => {
                // A blacklist: of the adapter, of a receiver, of the queue.
                let account = match self.rng.random_range(0..5) {
                    0 | 1 => at.adapters[2],
                    2 => at.queue,
                    3 => self.person(),
                    _ => at.actors[0],
                };
                let listed = |listed| T::setBlacklistedCall { account, listed };
                let (begins, ends) = (
                    self.told(op, at.btc, &listed(true)),
                    self.told(op, at.btc, &listed(false)),
                );
                self.r.counts.note("stalls", 1);
                let end = hours(self, 3, 30);
                self.weather.blacklist = self.weather.blacklist.max(end);
                self.until(end, begins, ends)
            }
            50..60 => self.actor_turns(),
            60..70 => self.lose(),
            70..80 => self.gift(),
            80..84 => {
                let rate = self.r.outside().rate / u(1_000_000_000_000_u64);
                // From half a percent on it is an impairment.
                let kept = u(self.rng.random_range(9_850..9_999_u64));
                let rate = rate * kept / u(10_000_u64);
                if rate < u(910_000_u64) {
                    return Ok(());
                }
                let fall = self.told(op, at.earn, &E::setRateCall { rate });
                self.other(fall)?;
                self.recover()
            }
            84..88 => {
                // One source is off; the next report of both mends it.
                let off = self.weather.price * 103 / 100;
                if self.weather.reported == now {
                    return Ok(());
                }
                self.report(0, off)?;
                self.r.counts.note("stalls", 1);
                Ok(())
            }
            88..91 => {
                self.weather.reporters_away = hours(self, 20, 70);
                Ok(())
            }
            91..94 => {
                let wei = u128::try_from(self.world().c.balance(at.stake_hub)).unwrap_or(0);
                let end = hours(self, 2, 12);
                let (who, stalls) = (at.stake_hub, "stalls");
                self.r.counts.note(stalls, 1);
                self.until(end, Deed::Take { who, wei }, Deed::Give { who, wei })
            }
            94..97 => {
                let second = now % DAY;
                if second < HOUR {
                    return Ok(());
                }
                let lag = self.rng.random_range(0..1_500);
                let call = H::setTurnLagCall { lag: u(lag) };
                let deed = self.told(op, at.hub, &call);
                self.weather.lag = lag;
                self.other(deed)
            }
            _ => {
                let most = |amount| A::setRequiredCoinDepositCall { amount };
                let begins = self.told(op, at.agent, &most(u(2 * COIN)));
                let ends = self.told(op, at.agent, &most(u(COIN)));
                let end = hours(self, 6, 48);
                self.until(end, begins, ends)
            }
        }
    }

    fn validator_leaves(&mut self) -> Result<()> {
        let (op, hub) = (self.r.w.c.operator, self.r.w.at.hub);
        let candidate = *self.r.w.at.validators.choose(&mut self.rng).expect("five");
        if self.weather.out.len() > 3 || self.weather.out().contains(&candidate) {
            return Ok(());
        }
        let end = self.now + self.rng.random_range(4..=60) * HOUR;
        let (begins, ends) = match self.rng.random_range(0..4) {
            0 => (
                self.told(
                    op,
                    hub,
                    &H::setClosedCall {
                        candidate,
                        closed: true,
                    },
                ),
                self.told(
                    op,
                    hub,
                    &H::setClosedCall {
                        candidate,
                        closed: false,
                    },
                ),
            ),
            1 => (
                self.told(op, hub, &H::removeCandidateCall { candidate }),
                self.told(
                    op,
                    hub,
                    &H::addCandidateCall {
                        candidate,
                        rewardPerRound: u(REWARD),
                    },
                ),
            ),
            _ => (
                self.told(
                    op,
                    hub,
                    &H::setJailedCall {
                        candidate,
                        jailed: true,
                    },
                ),
                self.told(
                    op,
                    hub,
                    &H::setJailedCall {
                        candidate,
                        jailed: false,
                    },
                ),
            ),
        };
        self.weather.out.push((end, candidate));
        self.r.counts.note("validators out", 1);
        self.until(end, begins, ends)
    }

    /// A contract that gets coins refuses them, burns all gas, or calls back.
    fn actor_turns(&mut self) -> Result<()> {
        let op = self.r.w.c.operator;
        let actor = *self.r.w.at.actors.choose(&mut self.rng).expect("two");
        let (target, data): (Address, Bytes) = match self.rng.random_range(0..3) {
            0 => (
                self.r.b.basket,
                chain::bindings::IBasket::harvestCall { sleeve: U256::ZERO }
                    .abi_encode()
                    .into(),
            ),
            1 => (
                self.r.b.queue,
                chain::bindings::IUnbondingQueue::closeEpochCall {}
                    .abi_encode()
                    .into(),
            ),
            _ => (
                self.r.b.basket,
                chain::bindings::IBasket::bookLossCall { sleeve: u(1_u64) }
                    .abi_encode()
                    .into(),
            ),
        };
        let behave = |mode| Actor::behaveCall {
            mode,
            target,
            data: data.clone(),
        };
        let mode = self.rng.random_range(1..=3);
        let begins = self.told(op, actor, &behave(mode));
        let ends = self.told(op, actor, &behave(0));
        self.r.counts.note("stalls", 1);
        let end = self.now + self.rng.random_range(4..=40) * HOUR;
        self.until(end, begins, ends)
    }

    /// A position loses a part of what it holds.
    fn lose(&mut self) -> Result<()> {
        let at = self.r.w.at.clone();
        // Stake more often than tokens: only a few of its losses are large enough to be one.
        let i = if self.chance(30) {
            0
        } else {
            self.rng.random_range(0..self.sleeves())
        };
        let s = &self.r.b.sleeves[i];
        let (adapter, token, retired) = (s.adapter, s.token, s.retired);
        if retired {
            return Ok(());
        }
        // Mostly little; one in ten up to a quarter.
        let most = if self.chance(10) { 2_500 } else { 100 };
        let bps = u(self.rng.random_range(1..=most));
        let thief = self.world().c.operator;
        if i > 0 {
            let has = self.world().token_balance(token, adapter);
            let value = has * bps / u(10_000_u64);
            if value.is_zero() {
                return Ok(());
            }
            let call = Erc20::transferCall { to: thief, value };
            // A blacklisted adapter loses nothing now.
            self.r.perform(Deed::Loss {
                from: adapter,
                to: token,
                data: call.abi_encode().into(),
            })?;
            return Ok(());
        }
        let stakes: Vec<(Address, U256)> = self
            .r
            .b
            .stake
            .iter()
            .filter(|(_, stake)| !stake.is_zero())
            .map(|(v, stake)| (*v, *stake))
            .collect();
        if let Some(&(candidate, stake)) = stakes.choose(&mut self.rng)
            && self.chance(60)
        {
            // Stake that the system no longer knows: undelegated behind the adapter's back, and gone.
            let call = ICoreAgent::getDelegatorCall {
                candidate,
                delegator: adapter,
            };
            let known = self.world().c.view(at.agent, &call).realtimeAmount;
            let mut amount = known.min(stake) * bps / u(10_000_u64);
            if amount < u(2 * COIN) || known - amount < u(2 * COIN) {
                amount = known;
            }
            if amount.is_zero() || amount > u(60 * COIN) {
                return Ok(());
            }
            let call = ICoreAgent::undelegateCoinCall { candidate, amount };
            let out = self.r.perform(Deed::Loss {
                from: adapter,
                to: at.agent,
                data: call.abi_encode().into(),
            })?;
            ensure!(out.ok, "the run's own loss: {}", out.output);
            let wei = u128::try_from(amount).expect("coins");
            return self.other(Deed::Take { who: adapter, wei });
        }
        let wei = u128::try_from(self.world().c.balance(adapter) * bps / u(10_000_u64));
        self.other(Deed::Take {
            who: adapter,
            wei: wei.expect("coins"),
        })
    }

    /// Somebody gives a sleeve what nobody asked for.
    fn gift(&mut self) -> Result<()> {
        let from = self.person();
        let i = self.rng.random_range(0..self.sleeves());
        let (adapter, token) = (self.r.b.sleeves[i].adapter, self.r.b.sleeves[i].token);
        let most = if i < 2 { COIN } else { 100_000 };
        let size = self.size(most);
        let (to, value, data) = if i == 0 {
            (adapter, size, Bytes::new())
        } else {
            let call = Erc20::transferCall {
                to: adapter,
                value: u(size),
            };
            (token, 0, call.abi_encode().into())
        };
        // A blacklist may be in its way.
        let at = self.now;
        self.r
            .perform(Deed::Call {
                at,
                from,
                to,
                value,
                data,
            })
            .map(drop)
    }
}
