//! What can happen in a history. Arguments are chosen so that most calls succeed; a tenth is chosen blindly.

use super::*;
use crate::world::later::{POOL_FEE, STYLE_V2};

/// What no value of makes tighter.
const ALWAYS_LOOSENING: &[&str] = &[
    "setFeeRecipient(address)",
    "setVault(address)",
    "setHalt(address)",
    "setConverter(address)",
    "withdrawInsurance(address,uint256)",
];

type Action = fn(&mut History) -> Result<()>;

/// How often each thing happens, per mille or so.
const ACTIONS: &[(u32, Action)] = &[
    (60, History::deposit),
    (38, History::token),
    (75, History::exit),
    (12, History::cancel),
    (52, History::claim_request),
    (42, History::rewards),
    (110, History::time),
    (160, History::keep),
    (44, History::anybody),
    (118, History::parameters),
    (14, History::loosening),
    (24, History::registry),
    (20, History::weather),
    (6, History::slash),
    (6, History::validator_joins),
    (12, History::donate),
    (10, History::forbidden),
    (6, History::behave),
    (40, History::receipts),
    (34, History::paid_unasked),
    (28, History::reserve),
    (40, History::delegates),
    (18, History::gold),
    (20, History::vaults),
    (20, History::market),
    (60, History::wiring),
    (1, History::halt),
];

/// The same where nothing happens that may make an exit late: people leave, keepers stay.
const CALM: &[(u32, Action)] = &[
    (120, History::deposit),
    (20, History::token),
    (260, History::exit),
    (10, History::cancel),
    (120, History::claim_request),
    (10, History::rewards),
    (140, History::time),
    (60, History::keep),
    (20, History::receipts),
    (20, History::paid_unasked),
    (20, History::vaults),
];

impl History {
    /// One thing happens.
    pub(super) fn one(&mut self) -> Result<()> {
        let actions = if self.calm { CALM } else { ACTIONS };
        let total: u32 = actions.iter().map(|(w, _)| w).sum();
        let mut at = self.rng.random_range(0..total);
        for (weight, action) in actions {
            if at < *weight {
                return action(self);
            }
            at -= weight;
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------------ choices

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// Between `least` and `most` coins, every size as likely as the next, to the wei.
    pub(super) fn coins(&mut self, least: u128, most: u128) -> u128 {
        let (lo, hi) = ((least as f64).ln(), (most as f64).ln());
        let milli = (self.rng.random_range(lo..=hi).exp() * 1000.0) as u128;
        milli * (COIN / 1000) + self.rng.random_range(0..COIN / 1000)
    }

    pub(super) fn part(&mut self, of: u128) -> u128 {
        match self.rng.random_range(0..10) {
            0 => of,
            1 => of.min(self.rng.random_range(1..1_000_000)),
            _ => mul_div(of, self.rng.random_range(1..1_000), 1_000),
        }
    }

    pub(super) fn anyone(&mut self) -> Who {
        *self.people.choose(&mut self.rng).expect("there are people")
    }

    /// A keeper while they are there, somebody else now and then.
    fn keeper_or_not(&mut self) -> Who {
        if self.w.now < self.away_until || self.chance(6) {
            self.anyone()
        } else {
            self.keeper()
        }
    }

    fn id(&mut self) -> u16 {
        if self.chance(3) {
            return self.rng.random();
        }
        self.rng.random_range(0..self.validators)
    }

    pub(super) fn live(&self) -> Vec<u16> {
        (0..self.validators)
            .filter(|id| !self.b.slashed_at.contains_key(id))
            .collect()
    }

    pub(super) fn live_id(&mut self) -> u16 {
        if self.chance(8) {
            return self.id();
        }
        let live = self.live();
        *live.choose(&mut self.rng).expect("some validator lives")
    }

    pub(super) fn lst_of(&self, who: Who) -> u128 {
        self.b.lst.get(&who.at).copied().unwrap_or_default()
    }

    /// Somebody who has LST.
    pub(super) fn holder(&mut self) -> (Who, u128) {
        for _ in 0..6 {
            let who = self.anyone();
            let has = self.lst_of(who);
            if has > 1_000_000 {
                return (who, has);
            }
        }
        let who = self.anyone();
        (who, self.lst_of(who))
    }

    pub(super) fn who_owns(&self, owner: Address) -> Who {
        self.people
            .iter()
            .copied()
            .find(|p| p.at == owner)
            .unwrap_or(Who::plain(owner))
    }

    // ------------------------------------------------------------------------------------------------------- people

    fn deposit(&mut self) -> Result<()> {
        let who = self.anyone();
        let has = self.w.balance(who.driver);
        let amount = if self.chance(5) {
            self.rng.random_range(0..1_000)
        } else {
            self.coins(1, 4_000) / 4
        };
        let amount = amount.min(has);
        let to = self.w.minter;
        match self.rng.random_range(0..5) {
            0 => self.call(who, to, amount, &M::submitCall {})?,
            1 => {
                let recipient = self.anyone().at;
                self.call(who, to, amount, &M::submitAndGiveCall { recipient })?
            }
            2 => {
                let validator_id = self.id();
                self.call(
                    who,
                    to,
                    amount,
                    &M::submitForValidatorCall {
                        validatorId: validator_id,
                    },
                )?
            }
            3 => {
                let late = self.chance(5);
                let call = M::depositCall {
                    recipient: who.at,
                    minOut: if self.chance(95) {
                        U256::from(mul_div(amount, RAY, self.b.rate.max(1)))
                    } else {
                        U256::from(amount) * U256::from(200)
                    },
                    deadline: U256::from(self.w.now - u64::from(late)),
                };
                self.call(who, to, amount, &call)?
            }
            _ => self.raw("receive()", who, to, amount, Vec::new(), "")?,
        };
        Ok(())
    }

    fn token(&mut self) -> Result<()> {
        let token = self.w.token;
        let (who, has) = self.holder();
        let other = self.anyone();
        let value = self.part(has);
        match self.rng.random_range(0..7) {
            0 | 1 => {
                let value = U256::from(if self.chance(4) { has + 1 } else { value });
                self.call(
                    who,
                    token,
                    0,
                    &T::transferCall {
                        to: other.at,
                        value,
                    },
                )?;
            }
            2 => {
                self.call(
                    who,
                    token,
                    0,
                    &T::approveCall {
                        spender: other.at,
                        value: U256::from(value),
                    },
                )?;
            }
            3 | 4 => {
                let allowed = wei(self
                    .w
                    .view(
                        token,
                        &T::allowanceCall {
                            owner: who.at,
                            spender: other.at,
                        },
                    )
                    .min(U256::from(u128::MAX)));
                if allowed == 0 {
                    self.call(
                        who,
                        token,
                        0,
                        &T::approveCall {
                            spender: other.at,
                            value: U256::from(value),
                        },
                    )?;
                }
                let value = U256::from(if allowed == 0 {
                    value
                } else {
                    allowed.min(has)
                });
                self.call(
                    other,
                    token,
                    0,
                    &T::transferFromCall {
                        from: who.at,
                        to: self.w.fee_recipient,
                        value: U256::ZERO,
                    },
                )?;
                self.call(
                    other,
                    token,
                    0,
                    &T::transferFromCall {
                        from: who.at,
                        to: other.at,
                        value,
                    },
                )?;
            }
            _ => self.permit()?,
        }
        Ok(())
    }

    fn permit(&mut self) -> Result<()> {
        let k = self.rng.random_range(0..self.keys.len());
        let (owner, spender, token) = (self.people[k].at, self.anyone(), self.w.token);
        let value = U256::from(self.part(self.lst_of(self.people[k]).max(1)));
        let nonce = self.w.view(token, &Permit::noncesCall { owner });
        let nonce = if self.chance(5) {
            nonce + U256::ONE
        } else {
            nonce
        };
        let deadline = U256::from(self.w.now);
        let terms = (owner, spender.at, value);
        let key = self.keys[k].clone();
        let call = self.w.permit(&key, terms, nonce, deadline);
        self.call(spender, token, 0, &call)?;
        Ok(())
    }

    pub(super) fn exit(&mut self) -> Result<()> {
        let (who, has) = self.holder();
        let amount = if self.chance(3) {
            has + 1
        } else {
            self.part(has)
        };
        let u = U256::from(amount);
        match self.rng.random_range(0..5) {
            0 => self.minter(who, &M::unstakeCall { amount: u })?,
            1 => {
                let validator_id = self.id();
                self.minter(
                    who,
                    &M::unstakeFromValidatorCall {
                        amount: u,
                        validatorId: validator_id,
                    },
                )?
            }
            _ => {
                let instant = match self.rng.random_range(0..6) {
                    0 => amount,
                    1 => amount / 2,
                    _ => 0,
                };
                let queue = if self.chance(6) {
                    self.part(amount)
                } else {
                    amount
                };
                let recipient = if self.chance(15) {
                    self.anyone().at
                } else {
                    who.at
                };
                let p = ExitParams {
                    instantMax: U256::from(instant),
                    ammMax: U256::from(if self.chance(30) { amount } else { 0 }),
                    queueMax: U256::from(queue),
                    minOutNow: U256::ZERO,
                    feeLimitBps: U256::from(if self.chance(90) { 10_000 } else { 60 }),
                    deadline: U256::from(self.w.now - u64::from(self.rng.random_range(0..30) == 0)),
                    recipient,
                };
                self.minter(who, &M::redeemCall { amount: u, p })?
            }
        };
        Ok(())
    }

    fn cancel(&mut self) -> Result<()> {
        let open: Vec<_> = self
            .b
            .tickets
            .range(self.b.open_rung << 32..)
            .filter(|(_, t)| t.owner != self.w.receipts)
            .map(|(&id, t)| (id, t.owner))
            .collect();
        let chosen = open.choose(&mut self.rng).copied();
        let Some((id, owner)) = chosen else {
            if self.chance(70) {
                return self.exit();
            }
            let who = self.anyone();
            self.minter(
                who,
                &M::cancelCall {
                    id: U256::from(self.b.open_rung << 32 | 1),
                },
            )?;
            return Ok(());
        };
        let who = if self.chance(5) {
            self.anyone()
        } else {
            self.who_owns(owner)
        };
        self.minter(who, &M::cancelCall { id: U256::from(id) })?;
        Ok(())
    }

    /// Requests that have something to take, by the books of the run.
    pub(super) fn ready(&self, whole: bool) -> Vec<(u64, Address)> {
        let mut ready = Vec::new();
        for (&id, t) in &self.b.tickets {
            let Some(r) = self.b.rungs.get((id >> 32) as usize) else {
                break;
            };
            let some = !whole && mul_div(r.paid(), t.lst, r.lst) > t.taken + self.b.slack();
            if r.funded_at == 0 && !some {
                continue;
            }
            ready.push((id, t.owner));
        }
        ready
    }

    fn claim_request(&mut self) -> Result<()> {
        let mut ready = self.ready(false);
        ready.retain(|r| r.1 != self.w.receipts);
        let chosen = if self.chance(94) {
            ready.choose(&mut self.rng).copied()
        } else {
            None
        };
        let (id, owner) = match chosen {
            Some(x) => x,
            None => {
                let all: Vec<_> = self
                    .b
                    .tickets
                    .iter()
                    .filter(|(_, t)| t.owner != self.w.receipts)
                    .map(|(&id, t)| (id, t.owner))
                    .collect();
                match all.choose(&mut self.rng).copied() {
                    Some(x) if self.chance(40) => x,
                    _ => return self.exit(),
                }
            }
        };
        let who = if self.chance(3) {
            self.anyone()
        } else {
            self.who_owns(owner)
        };
        let recipient = if self.chance(10) {
            self.anyone().at
        } else {
            who.at
        };
        let u = U256::from(id);
        if self.chance(30) {
            self.minter(who, &M::withdrawCall { recipient, id: u })?;
            return Ok(());
        }
        let hints = self.look(&M::findHintsCall { ids: vec![u] });
        let (a, b) = (hints.hintsA[0], hints.hintsB[0]);
        let b = if self.chance(3) { b + U256::ONE } else { b };
        if self.chance(50) {
            self.minter(
                who,
                &Claims::claimCall {
                    id: u,
                    hintA: a,
                    hintB: b,
                },
            )?;
        } else {
            self.minter(
                who,
                &M::claimToCall {
                    id: u,
                    hintA: a,
                    hintB: b,
                    recipient,
                },
            )?;
        }
        Ok(())
    }

    pub(super) fn rewards(&mut self) -> Result<()> {
        let (who, to) = (self.anyone(), self.w.rewards);
        match self.rng.random_range(0..12) {
            0 | 1 => {
                self.minter(who, &M::unstakeRewardsCall {})?;
            }
            2 | 3 => {
                let recipient = if self.chance(10) {
                    self.anyone().at
                } else {
                    who.at
                };
                self.call(who, to, 0, &R::claimCall { recipient })?;
            }
            4 | 8 | 9 => {
                let gift = self.coins(1, 10) / 10;
                self.call(who, to, gift, &R::loadCall {})?;
            }
            5 | 10 | 11 => {
                self.call(who, to, 0, &R::payProtocolFeesCall {})?;
            }
            _ => {
                let gift = self.coins(1, 10) / 10;
                self.call(who, self.w.minter, gift, &M::loadRewardsCall {})?;
            }
        }
        Ok(())
    }

    /// What anybody may do at any time.
    fn anybody(&mut self) -> Result<()> {
        let who = self.anyone();
        match self.rng.random_range(0..8) {
            0 => self.minter(who, &M::finalizeCall {})?,
            1 => self.minter(who, &M::payFeesCall {})?,
            2 => self.minter(who, &M::skimCall {})?,
            3 | 6 | 7 => {
                let id = self.live_id();
                let given: Vec<_> = self
                    .b
                    .buckets
                    .iter()
                    .filter(|(_, b)| self.donated.contains_key(&b.address))
                    .map(|(&k, _)| k)
                    .collect();
                let (id, index) = match given.choose(&mut self.rng) {
                    Some(&k) => k,
                    None => (id, 0),
                };
                self.minter(
                    who,
                    &M::skimStakeCall {
                        validatorId: id,
                        index: U256::from(index),
                    },
                )?
            }
            4 => {
                let rung = self.rng.random_range(0..=self.b.open_rung);
                let rung = if rung == self.b.open_rung && self.chance(80) {
                    rung.saturating_sub(1)
                } else {
                    rung
                };
                self.minter(
                    who,
                    &M::publishEtaCall {
                        rung: U256::from(rung),
                    },
                )?
            }
            _ => self.sync()?,
        };
        Ok(())
    }

    fn sync(&mut self) -> Result<Outcome> {
        let who = self.anyone();
        let before = self.b.revisions[1];
        let out = self.minter(who, &M::syncValidatorsCall {})?;
        if out.ok && std::mem::take(&mut self.cooldown_raised) {
            ensure!(self.b.revisions[1] > before, "8: a raised cooldown is told");
        }
        Ok(out)
    }

    // ------------------------------------------------------------------------------------------------------ keepers

    fn slashed_unbooked(&mut self) -> Vec<u16> {
        let all: Vec<u16> = self.b.slashed_at.keys().copied().collect();
        all.into_iter()
            .filter(|&id| {
                let s = self.look(&M::validatorStateCall { validatorId: id });
                s.registered && !s.booked
            })
            .collect()
    }

    pub(super) fn matured(&self) -> Vec<u16> {
        let mut ids: Vec<u16> = self
            .b
            .buckets
            .iter()
            .filter(|(_, b)| b.cooling > 0 && self.w.now >= b.end)
            .map(|(k, _)| k.0)
            .collect();
        ids.dedup();
        ids
    }

    fn keep(&mut self) -> Result<()> {
        let who = self.keeper_or_not();
        match self.rng.random_range(0..28) {
            0 | 1 => {
                self.minter(who, &M::closeRungCall {})?;
            }
            2 | 3 => {
                self.depart(who)?;
            }
            4 => {
                let matured = self.matured();
                let id = match matured.choose(&mut self.rng) {
                    Some(&id) => id,
                    None => self.live_id(),
                };
                let most = U256::from(self.rng.random_range(0..6));
                self.minter(
                    who,
                    &M::sweepMaturedBucketsCall {
                        validatorId: id,
                        maxToSweep: most,
                    },
                )?;
            }
            5 | 6 => self.fulfil(who)?,
            7 | 8 => {
                let (users, ids) = self.listed();
                let most = if self.chance(30) {
                    U256::MAX >> 128
                } else {
                    U256::from(self.coins(1, 1_000))
                };
                let before = self.etas();
                let out = self.minter(
                    who,
                    &M::fulfillProRataCall {
                        users,
                        ids,
                        maxSpend: most,
                    },
                )?;
                if out.ok {
                    self.not_later(before)?;
                }
            }
            9 | 10 => {
                self.minter(who, &M::rebalanceCall {})?;
            }
            11 | 20 | 21 => self.stake_by_hand(who)?,
            12 | 13 | 22..=27 => self.restake(who)?,
            14 => {
                let id = self.id();
                self.minter(who, &Rewards::claimCall { validatorId: id })?;
            }
            15 => {
                self.minter(who, &M::claimAllCall {})?;
            }
            16 => {
                let (id, from) = (self.id(), self.rng.random_range(0..3));
                let to = U256::from(from + self.rng.random_range(1..8));
                self.minter(
                    who,
                    &M::claimBucketsCall {
                        validatorId: id,
                        from: U256::from(from),
                        to,
                    },
                )?;
            }
            17 => {
                if self.keepers_here() {
                    self.full_round()?;
                } else {
                    self.minter(who, &M::finalizeCall {})?;
                }
            }
            18 => {
                let unbooked = self.slashed_unbooked();
                let id = match unbooked.choose(&mut self.rng) {
                    Some(&id) => id,
                    None => return self.anybody(),
                };
                self.minter(who, &M::bookSlashCall { validatorId: id })?;
            }
            _ => {
                self.sync()?;
            }
        }
        Ok(())
    }

    fn etas(&mut self) -> Vec<(u64, u64)> {
        let rungs: Vec<u64> = (self.b.first_open as u64..self.b.open_rung)
            .take(6)
            .collect();
        let mut out = Vec::new();
        for rung in rungs {
            if let Some((&id, _)) = self.b.tickets.range(rung << 32..(rung + 1) << 32).next() {
                let a = self.look(&M::exitEtaCall { id: U256::from(id) });
                out.push((id, num(a.eta)));
            }
        }
        out
    }

    /// 5: pro rata never delays a promised time.
    fn not_later(&mut self, before: Vec<(u64, u64)>) -> Result<()> {
        for (id, eta) in before {
            if self.b.tickets.contains_key(&id) {
                let now = num(self.look(&M::exitEtaCall { id: U256::from(id) }).eta);
                ensure!(
                    now <= eta,
                    "5: pro rata moved request {id} from {eta} to {now}"
                );
            }
        }
        Ok(())
    }

    /// Some that are ready, some that are not, some under a wrong owner.
    fn listed(&mut self) -> (Vec<Address>, Vec<U256>) {
        let mut list = self.ready(true);
        while list.len() > 6 {
            list.swap_remove(self.rng.random_range(0..list.len()));
        }
        if self.chance(20) {
            list.push((self.rng.random_range(0..1 << 34), self.anyone().at));
        }
        if self.chance(20)
            && let Some(x) = list.first_mut()
        {
            x.1 = self.anyone().at;
        }
        (
            list.iter().map(|x| x.1).collect(),
            list.iter().map(|x| U256::from(x.0)).collect(),
        )
    }

    pub(super) fn fulfil(&mut self, who: Who) -> Result<()> {
        let (mut users, ids) = self.listed();
        if self.chance(3) {
            users.push(Address::ZERO);
        }
        self.minter(who, &M::fulfillRequestsCall { users, ids })?;
        Ok(())
    }

    /// Asks for a departure. Counts when buckets that could carry it cool: nothing may merge.
    fn depart(&mut self, who: Who) -> Result<Outcome> {
        let committed = wei(self.look(&M::committedCall {}));
        let open = mul_div(self.b.open_lst, self.b.rate, RAY);
        let wanted = open > self.b.cooling + committed;
        let now = self.w.now;
        let cools = self
            .b
            .buckets
            .values()
            .any(|b| b.active > 0 && (b.cooling > 0 || now < b.end));
        // A short page is no departure done: the rest follows at once, else the step would be late.
        if self.chance(25) {
            let most = self.rng.random_range(0..4_u64);
            let call = M::processBatchUnstakePageCall {
                maxDepartures: U256::from(most),
            };
            self.minter(who, &call)?;
        }
        let out = self.minter(who, &M::processBatchUnstakeCall {})?;
        self.table.merges += u64::from(out.ok && wanted && cools);
        Ok(out)
    }

    fn stake_by_hand(&mut self, who: Who) -> Result<()> {
        if wei(self.look(&M::freeToStakeCall {})) < 3 * COIN {
            // Fresh coins, so that there is something to place.
            let (from, coins) = (self.anyone(), self.coins(20, 300));
            self.call(from, self.w.minter, coins, &M::submitCall {})?;
        }
        let free = wei(self.look(&M::freeToStakeCall {}));
        let amount = self.part(free.max(1)).max(COIN);
        let next = self.look(&M::getNextValidatorCall {
            amount: U256::from(amount),
        });
        let (id, amount) = if self.chance(90) && next.validatorId < self.validators {
            (
                next.validatorId,
                amount.min(wei(next.capacity.min(U256::from(u128::MAX)))),
            )
        } else {
            (self.live_id(), amount)
        };
        if free < COIN && self.chance(80) {
            return Ok(());
        }
        self.minter(
            who,
            &M::stakeWitheldForValidatorCall {
                amount: U256::from(amount),
                validatorId: id,
            },
        )?;
        Ok(())
    }

    /// What cools latest, and how much of it no exit needs.
    fn restakeable(&mut self) -> Option<(u16, u128)> {
        let committed = wei(self.look(&M::committedCall {}));
        let open = mul_div(self.b.open_lst, self.b.rate, RAY)
            + mul_div(self.b.staged, self.b.rate, RAY)
            + 1_000_000_000;
        let free = (self.b.cooling + committed).saturating_sub(open);
        let mut latest: Option<(u16, u64, u128)> = None;
        for (&(id, _), b) in &self.b.buckets {
            if b.cooling > 0 && latest.is_none_or(|l| b.end > l.1) {
                latest = Some((id, b.end, b.cooling));
            }
        }
        latest.map(|(id, _, cooling)| (id, free.min(cooling)))
    }

    fn restake(&mut self, who: Who) -> Result<()> {
        if self.restakeable().is_none_or(|(_, most)| most < 2 * COIN) {
            self.retire()?;
        }
        match self.restakeable() {
            Some((id, most)) if most >= 2 * COIN => {
                let amount = if self.chance(20) {
                    most
                } else {
                    (2 * COIN).max(most / 8).min(most)
                };
                self.minter(
                    who,
                    &M::restakeCall {
                        validatorId: id,
                        amount: U256::from(amount),
                    },
                )?;
            }
            Some((id, _)) if self.chance(10) => self.restake_anyway(who, id)?,
            _ => {}
        }
        Ok(())
    }

    fn restake_anyway(&mut self, who: Who, id: u16) -> Result<()> {
        self.minter(
            who,
            &M::restakeCall {
                validatorId: id,
                amount: U256::from(COIN),
            },
        )?;
        Ok(())
    }

    /// Stake begins to cool that no exit needs.
    fn retire(&mut self) -> Result<()> {
        let id = self.live_id();
        let state = self.look(&M::validatorStateCall { validatorId: id });
        let n = num(state.targetBuckets);
        if n > 1 {
            self.minter(
                self.admin(),
                &M::configureBucketsCall {
                    validatorId: id,
                    count: U256::from(n - 1),
                },
            )?;
        }
        if self.keepers_here() {
            self.depart(self.keeper())?;
        }
        Ok(())
    }

    pub(super) fn keepers_here(&self) -> bool {
        self.w.now >= self.away_until
    }

    /// Everything that keepers would do now, until nothing is left to do.
    pub(super) fn full_round(&mut self) -> Result<()> {
        let keeper = self.keeper();
        for id in self.slashed_unbooked() {
            self.minter(keeper, &M::bookSlashCall { validatorId: id })?;
        }
        for id in self.matured() {
            self.minter(
                keeper,
                &M::sweepMaturedBucketsCall {
                    validatorId: id,
                    maxToSweep: U256::from(128),
                },
            )?;
        }
        if self.b.open_lst > 0 {
            self.minter(keeper, &M::finalizeCall {})?;
        }
        if self.b.staged > 0 {
            let line = self.look(&M::lineCall {});
            if self.w.now >= num(line.lastClosedAt) + HOUR {
                self.minter(keeper, &M::closeRungCall {})?;
            }
        }
        for turn in 0.. {
            ensure!(
                turn < 60,
                "7: keepers find something to depart for ever: {} netted {}",
                self.b.call.departures,
                self.b.call.netted
            );
            let out = self.depart(keeper)?;
            ensure!(out.ok, "7: keepers cannot ask for a departure");
            if self.b.call.departures == 0 && !self.b.call.netted {
                break;
            }
            if self.b.open_lst > 0 {
                self.minter(keeper, &M::finalizeCall {})?;
            }
        }
        if self.chance(25) {
            self.minter(keeper, &M::rebalanceCall {})?;
        }
        self.last_round = self.w.now;
        Ok(())
    }

    // --------------------------------------------------------------------------------------------------------- time

    /// When something may next be done that cannot be done now.
    fn next_step(&mut self) -> u64 {
        let now = self.w.now;
        let mut next = u64::MAX;
        let mut at = |t: u64| {
            if t > now {
                next = next.min(t);
            }
        };
        for b in self.b.buckets.values() {
            at(b.end);
            at(b.end + SAFETY);
        }
        let line = self.look(&M::lineCall {});
        at(num(line.nextDeparture));
        if self.b.staged > 0 {
            at(num(line.lastClosedAt) + HOUR);
        }
        for id in self.live() {
            at(num(self
                .look(&M::validatorStateCall { validatorId: id })
                .nextDeparture));
        }
        next
    }

    fn time(&mut self) -> Result<()> {
        let seconds = match self.rng.random_range(0..40) {
            0..=15 => self.rng.random_range(1..600),
            16..=27 => self.rng.random_range(600..HOUR),
            28..=36 => self.rng.random_range(HOUR..8 * HOUR),
            37 | 38 => self.rng.random_range(DAY..3 * DAY),
            _ => self
                .rng
                .random_range(7 * DAY..30 * DAY)
                .min(4 * self.cooldown),
        };
        if !self.calm && self.keepers_here() && self.rng.random_range(0..70) == 0 {
            self.away_until = self.w.now + self.rng.random_range(HOUR..6 * DAY);
            self.note(format!(
                "  keepers leave until t+{}",
                self.away_until - crate::world::T0
            ));
        }
        self.pass(seconds)
    }

    /// Time goes by. Keepers that are there let no step be later than its grace.
    pub(super) fn pass(&mut self, seconds: u64) -> Result<()> {
        let end = self.w.now + seconds;
        let mut rounds = 0;
        while self.w.now < end {
            if !self.keepers_here() {
                // Steps may be late from here on, until a full round after their return.
                self.late = true;
                self.jump(end.min(self.away_until.max(self.w.now + 1)))?;
                if self.keepers_here() {
                    self.full_round()?;
                    self.times()?;
                    self.late = false;
                }
                continue;
            }
            let late = self.rng.random_range(0..=GRACE);
            // Nothing done since can be later than its grace by then.
            if end <= self.last_round + GRACE && self.chance(80) {
                self.jump(end)?;
                continue;
            }
            self.full_round()?;
            self.times()?;
            let next = self.next_step().saturating_add(late);
            let reached = next <= end;
            self.jump(next.min(end))?;
            if reached {
                self.times()?;
                self.full_round()?;
            }
            rounds += 1;
            if rounds > 40 {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn jump(&mut self, to: u64) -> Result<()> {
        self.w.pass(to.saturating_sub(self.w.now));
        let line = format!("  time t+{}", self.w.now - crate::world::T0);
        self.note(line);
        self.times()
    }

    // --------------------------------------------------------------------------------------------------- parameters

    /// A keeper of the keys: admin mostly, a stranger now and then.
    pub(super) fn admin_or_not(&mut self) -> Who {
        if self.chance(4) {
            self.anyone()
        } else {
            self.admin()
        }
    }

    fn parameters(&mut self) -> Result<()> {
        let admin = self.admin_or_not();
        let f = self.look(&M::feesAndRatiosCall {});
        let (min, max, standard, threshold) = (num(f._0), num(f._1), num(f._2), num(f._5));
        let guardian = Who::plain(self.w.guardian);
        match self.rng.random_range(0..20) {
            0 => {
                let (a, b) = if self.sealed {
                    (
                        self.rng.random_range(0..=min),
                        self.rng.random_range(0..=standard),
                    )
                } else {
                    (
                        self.rng.random_range(0..=max.min(60)),
                        self.rng.random_range(0..=30),
                    )
                };
                self.minter(
                    admin,
                    &M::setFeesCall {
                        minInstantFeeBps: U256::from(a),
                        standardFeeBps: U256::from(b),
                    },
                )?;
            }
            1 => {
                let bps = if self.sealed {
                    self.rng.random_range(min..=max)
                } else {
                    self.rng.random_range(min..=min.max(150))
                };
                self.minter(
                    admin,
                    &M::setMaxInstantFeeCall {
                        bps: U256::from(bps),
                    },
                )?;
            }
            2 => {
                let to = if self.sealed {
                    threshold
                } else {
                    self.rng.random_range(8_000..=10_000)
                };
                let pause = self.chance(15);
                let who = if to == threshold && self.chance(60) {
                    guardian
                } else {
                    admin
                };
                self.minter(
                    who,
                    &M::setInstantPolicyCall {
                        pause,
                        utilizationThresholdBps: U256::from(to),
                    },
                )?;
            }
            3 => {
                let pause = self.chance(12);
                let who = if self.chance(60) { guardian } else { admin };
                self.minter(who, &M::pauseDepositsCall { pause })?;
            }
            4 => {
                let threshold = if self.chance(50) {
                    0
                } else {
                    self.coins(1, 2_000)
                };
                let interval = self.rng.random_range(0..12 * HOUR);
                let call = M::setBatchUnstakeParamsCall {
                    threshold: U256::from(threshold),
                    interval: U256::from(interval),
                };
                let who = if self.chance(50) {
                    self.keeper()
                } else {
                    admin
                };
                self.minter(who, &call)?;
            }
            5 => {
                let least = if self.chance(5) {
                    COIN / 2
                } else {
                    self.coins(2, 6).max(2 * COIN)
                };
                self.minter(
                    admin,
                    &M::setMinStakeCall {
                        minStake: U256::from(least),
                    },
                )?;
            }
            6 => {
                let bps = self.rng.random_range(0..=2_500);
                self.minter(
                    admin,
                    &M::setWithholdRatioCall {
                        bps: U256::from(bps),
                    },
                )?;
            }
            7 => {
                let id = self.id();
                let s = self.look(&M::validatorStateCall { validatorId: id });
                let most = if self.sealed {
                    num(s.maxPercentageBps).max(1)
                } else {
                    9_999
                };
                let bps = self.rng.random_range((most / 2).max(1)..=most);
                self.minter(
                    admin,
                    &M::setMaxValidatorPercentageCall {
                        validatorId: U256::from(id),
                        bps: U256::from(bps),
                    },
                )?;
            }
            8 => {
                let (id, weight) = (self.live_id(), self.rng.random_range(1..5));
                self.minter(
                    admin,
                    &M::setValidatorWeightCall {
                        validatorId: id,
                        weight: U256::from(weight),
                    },
                )?;
            }
            9 => {
                let bps = if self.chance(60) {
                    0
                } else {
                    self.rng.random_range(3_000..=10_000)
                };
                let who = if self.chance(90) {
                    self.keeper()
                } else {
                    self.anyone()
                };
                self.minter(
                    who,
                    &M::setStakingPercentageCapCall {
                        bps: U256::from(bps),
                    },
                )?;
            }
            10 => {
                let now = num(self.w.view(self.w.rewards, &R::rewardFeeBpsCall {}));
                let bps = self
                    .rng
                    .random_range(0..=if self.sealed { now } else { 2_000 });
                self.minter(
                    admin,
                    &M::setRewardFeeCall {
                        bps: U256::from(bps),
                    },
                )?;
            }
            11 | 16 if !self.sealed => {
                let recipient = if self.chance(50) {
                    self.w.fee_recipient
                } else {
                    account("another fee recipient")
                };
                self.minter(admin, &M::setFeeRecipientCall { recipient })?;
            }
            12 | 17 if !self.sealed => {
                let sink = if self.chance(60) {
                    self.w.rewards
                } else {
                    account("sink")
                };
                self.minter(admin, &M::setRewardsSinkCall { sink })?;
            }
            11..=13 | 16 | 17 => {
                let done = self.table.successes() * 100 / self.quota;
                if self.sealed || done > 55 {
                    self.sealed |= self.minter(admin, &M::sealSetupCall {})?.ok;
                }
            }
            _ => self.loosening()?,
        }
        Ok(())
    }

    /// Announces a loosening call, takes one back, or makes one whose time has come.
    fn loosening(&mut self) -> Result<()> {
        let admin = self.admin_or_not();
        let ripe = self
            .planned
            .iter()
            .position(|p| self.sealed && self.w.now >= p.at);
        if let Some(k) = ripe {
            let p = self.planned.swap_remove(k);
            self.raw(
                p.name,
                self.admin(),
                self.w.minter,
                0,
                p.data,
                "as announced",
            )?;
            return Ok(());
        }
        if !self.planned.is_empty() && self.chance(30) {
            let k = self.rng.random_range(0..self.planned.len());
            let operation = keccak256(&self.planned[k].data);
            let who = if self.chance(50) {
                Who::plain(self.w.guardian)
            } else {
                admin
            };
            if self.minter(who, &M::cancelScheduledCall { operation })?.ok {
                self.planned.retain(|p| keccak256(&p.data) != operation);
            }
            return Ok(());
        }
        let (data, name) = self.loose();
        if self.sealed && self.chance(10) {
            let told = !self
                .look(&M::scheduledAtCall {
                    operation: keccak256(&data),
                })
                .is_zero();
            let out = self.raw(
                name,
                self.admin(),
                self.w.minter,
                0,
                data.clone(),
                "not announced",
            )?;
            // What changes nothing, or only tightens, needs no announcement.
            ensure!(
                !out.ok || told || !ALWAYS_LOOSENING.contains(&name),
                "10: a loosening call went through unannounced"
            );
            return Ok(());
        }
        if self
            .minter(
                admin,
                &M::scheduleCall {
                    data: data.clone().into(),
                },
            )?
            .ok
        {
            let wait = num(self.look(&M::longestExitCall {}));
            self.planned.retain(|p| p.data != data);
            self.planned.push(Planned {
                data,
                name,
                at: self.w.now + wait,
            });
        }
        Ok(())
    }

    fn loose(&mut self) -> (Vec<u8>, &'static str) {
        fn of<C: SolCall>(c: &C) -> (Vec<u8>, &'static str) {
            (c.abi_encode(), C::SIGNATURE)
        }
        match self.rng.random_range(0..12) {
            5 => of(&M::setVaultCall {
                vault: self.parts.vault,
            }),
            6 => of(&M::setHaltCall {
                code: self.parts.halts[self.rng.random_range(0..2)],
            }),
            7 => of(&M::setConverterCall {
                converter: self.parts.converters[self.rng.random_range(0..2)],
            }),
            8 => of(&M::withdrawInsuranceCall {
                recipient: self.w.fee_recipient,
                amount: U256::from(COIN / 10),
            }),
            9 => of(&M::setAmmRouteCall {
                route: self.parts.route,
                slippageBps: U256::from(500),
            }),
            10 => of(&M::setAmmPoolCall {
                pool: self.parts.pair,
                style: STYLE_V2,
                feeBps: U256::from(POOL_FEE),
            }),
            0 => of(&M::setFeesCall {
                minInstantFeeBps: U256::from(self.rng.random_range(0..40)),
                standardFeeBps: U256::from(self.rng.random_range(0..30)),
            }),
            1 => of(&M::setMaxInstantFeeCall {
                bps: U256::from(self.rng.random_range(60..300)),
            }),
            2 => of(&M::setRewardFeeCall {
                bps: U256::from(self.rng.random_range(0..=2_000)),
            }),
            3 => of(&M::setFeeRecipientCall {
                recipient: self.w.fee_recipient,
            }),
            4 => of(&M::setRewardsSinkCall {
                sink: self.w.rewards,
            }),
            _ => of(&M::setMaxValidatorPercentageCall {
                validatorId: U256::from(self.rng.random_range(0..self.validators)),
                bps: U256::from(9_999),
            }),
        }
    }

    fn registry(&mut self) -> Result<()> {
        let (admin, id) = (self.admin_or_not(), self.live_id());
        let state = self.look(&M::validatorStateCall { validatorId: id });
        let (n, target) = (num(state.buckets), num(state.targetBuckets));
        if self.chance(50) {
            let count = if target < 7 {
                self.rng.random_range(0..2)
            } else {
                0
            };
            self.minter(
                admin,
                &M::addBucketsCall {
                    validatorId: id,
                    count: U256::from(count),
                },
            )?;
        } else {
            let count = self.rng.random_range(1..=n.clamp(1, 6) + 1);
            self.minter(
                admin,
                &M::configureBucketsCall {
                    validatorId: id,
                    count: U256::from(count),
                },
            )?;
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------------ weather

    fn weather(&mut self) -> Result<()> {
        let (operator, staking) = (self.w.operator, self.w.staking);
        let live = self.live();
        let id = *live.choose(&mut self.rng).expect("some validator lives");
        match self.rng.random_range(0..12) {
            0 => {
                let call = S::setValidatorStatusCall { id, active: false };
                if live.len() > 3 {
                    self.outside(operator, staking, 0, &call)?;
                }
            }
            1 | 2 => {
                for id in live {
                    self.outside(
                        operator,
                        staking,
                        0,
                        &S::setValidatorStatusCall { id, active: true },
                    )?;
                }
            }
            3 => {
                let capacity = if self.chance(50) {
                    0
                } else {
                    self.coins(10, 10_000)
                };
                self.outside(
                    operator,
                    staking,
                    0,
                    &S::setValidatorCapacityCall {
                        id,
                        capacity: U256::from(capacity),
                    },
                )?;
            }
            4 => {
                let bps = if self.chance(50) {
                    0
                } else {
                    self.rng.random_range(2_000..10_000)
                };
                self.outside(
                    operator,
                    staking,
                    0,
                    &S::setMaxValidatorPercentageCall {
                        bps: U256::from(bps),
                    },
                )?;
            }
            5 => {
                let hours = self.cooldown / HOUR;
                let interval = HOUR
                    * self
                        .rng
                        .random_range((hours * 3 / 4).max(25)..=hours * 3 / 2);
                self.set_cooldown(interval)?;
            }
            6 => {
                self.short_treasury = !self.short_treasury;
                let treasury = if self.short_treasury {
                    self.treasury_poor
                } else {
                    self.w.treasury
                };
                self.outside(operator, staking, 0, &S::setTreasuryCall { treasury })?;
            }
            7 => {
                let bps = if std::mem::replace(&mut self.shortfall, false) || self.chance(40) {
                    0
                } else {
                    self.shortfall = true;
                    self.rng.random_range(1..60)
                };
                self.outside(
                    operator,
                    staking,
                    0,
                    &S::setWithdrawShortfallCall {
                        bps: U256::from(bps),
                    },
                )?;
            }
            8 if self.chance(20) => {
                let rates = vec![U256::from(self.rng.random_range(0..6_000_000_000_u64))];
                self.outside(
                    operator,
                    staking,
                    0,
                    &S::setRewardRatesCall {
                        tokens: vec![NATIVE],
                        rates,
                    },
                )?;
            }
            9 => {
                let minimum = if self.chance(70) { COIN } else { 2 * COIN };
                self.outside(
                    operator,
                    staking,
                    0,
                    &S::setMinStakeAmountCall {
                        amount: U256::from(minimum),
                    },
                )?;
            }
            10 | 11 => self.vote(id)?,
            _ => {}
        }
        Ok(())
    }

    fn set_cooldown(&mut self, interval: u64) -> Result<()> {
        let (operator, staking) = (self.w.operator, self.w.staking);
        let before = num(self.w.view(staking, &S::getCooldownIntervalCall {}));
        self.sync()?;
        self.outside(
            operator,
            staking,
            0,
            &S::setCooldownIntervalCall {
                interval: U256::from(interval),
            },
        )?;
        if interval > before {
            self.own_reasons += 1;
            self.cooldown_raised = true;
        } else {
            self.cooldown_raised = false;
        }
        Ok(())
    }

    /// Some validators' admins vote; now and then all of them, and the last vote slashes.
    fn vote(&mut self, target: u16) -> Result<()> {
        let live = self.live();
        let all = live.len() > 4 && !self.ruinous(target) && self.chance(35);
        for voter in live {
            if voter == target || (!all && self.chance(60)) {
                continue;
            }
            let call = S::voteToSlashValidatorCall {
                target,
                voteExpiration: U256::from(self.w.now + HOUR * 20),
            };
            // A vote that stands, or an inactive voter or target, is refused: nothing to the run.
            let admin = World::validator_admin(voter);
            let out = self
                .w
                .send(admin, self.w.staking, 0, call.abi_encode(), GAS);
            self.note(format!(
                "  outside: {voter} votes to slash {target}: {}",
                out.ok
            ));
            if out.ok {
                self.b.apply(&self.w, &out.logs)?;
            }
        }
        Ok(())
    }

    /// Whether a slash would leave a world that takes no deposits any more.
    fn ruinous(&self, id: u16) -> bool {
        let lost: u128 = self
            .b
            .buckets
            .iter()
            // What is slashed already and not yet booked is as good as lost.
            .filter(|(k, _)| k.0 == id || self.b.slashed_at.contains_key(&k.0))
            .map(|(_, b)| b.active + b.cooling)
            .sum();
        let assets = self.b.headroom + self.b.active + self.b.cooling;
        self.b.rate < RAY / 20 || lost > assets / 2
    }

    fn slash(&mut self) -> Result<()> {
        let live = self.live();
        if live.len() <= 4 {
            return self.validator_joins();
        }
        let id = if self.chance(25) {
            *live.choose(&mut self.rng).expect("not empty")
        } else {
            let stake = |id: u16| {
                self.b
                    .buckets
                    .range((id, 0)..=(id, u64::MAX))
                    .map(|(_, b)| b.active + b.cooling)
                    .sum::<u128>()
            };
            live.iter()
                .copied()
                .min_by_key(|&id| stake(id))
                .expect("not empty")
        };
        if self.ruinous(id) {
            return Ok(());
        }
        self.outside(
            self.w.operator,
            self.w.staking,
            0,
            &S::slashValidatorCall { id },
        )?;
        if self.chance(50) {
            // A known slash that nobody booked: deposits and exits for coins wait.
            self.sync()?;
            if self.chance(30) {
                self.deposit()?;
                self.exit()?;
            }
        }
        Ok(())
    }

    fn validator_joins(&mut self) -> Result<()> {
        if self.validators >= 32 || self.live().len() > 9 {
            return Ok(());
        }
        let id = self.validators;
        self.w.add_validator(id);
        self.validators += 1;
        let rates = S::setValidatorRewardRateCall {
            id,
            token: NATIVE,
            rate: U256::from(3_000_000_000_u64),
        };
        self.outside(self.w.operator, self.w.staking, 0, &rates)?;
        self.sync()?;
        let (admin, n) = (self.admin(), self.rng.random_range(1..5));
        self.minter(
            admin,
            &M::addBucketsCall {
                validatorId: id,
                count: U256::from(n),
            },
        )?;
        if self.chance(70) {
            self.minter(
                admin,
                &M::setValidatorWeightCall {
                    validatorId: id,
                    weight: U256::ONE,
                },
            )?;
        }
        Ok(())
    }

    /// Coins and stake that nobody asked for.
    fn donate(&mut self) -> Result<()> {
        let actor = self.people[self.people.len() - 1];
        let amount = self.coins(1, 50);
        let some: Vec<_> = self
            .b
            .buckets
            .iter()
            .filter(|(k, b)| b.address != Address::ZERO && !self.b.slashed_at.contains_key(&k.0))
            .map(|(&k, b)| (k, b.address))
            .collect();
        let Some(&(key, bucket)) = some.choose(&mut self.rng) else {
            return Ok(());
        };
        match self.rng.random_range(0..4) {
            0 => {
                let target = self.w.minter;
                self.outside(
                    self.w.operator,
                    actor.at,
                    amount,
                    &Actor::forceCall { target },
                )?;
                self.b.surplus += amount;
            }
            1 => {
                let target = self.w.rewards;
                self.outside(
                    self.w.operator,
                    actor.at,
                    amount,
                    &Actor::forceCall { target },
                )?;
                self.b.rewards_forced += amount;
            }
            2 => self.outside(
                self.w.operator,
                actor.at,
                amount,
                &Actor::forceCall { target: bucket },
            )?,
            _ => {
                let id = if self.chance(80) {
                    key.0
                } else {
                    self.live_id()
                };
                let call = S::stakeOnBehalfCall { id, staker: bucket };
                let out = self.w.send(
                    self.w.operator,
                    self.w.staking,
                    amount,
                    call.abi_encode(),
                    GAS,
                );
                self.note(format!(
                    "  outside: {amount} staked for bucket {key:?} at {id}: {}",
                    out.ok
                ));
                if out.ok && id == key.0 {
                    *self.donated.entry(bucket).or_default() += amount;
                }
            }
        }
        Ok(())
    }

    /// What nobody may do.
    fn forbidden(&mut self) -> Result<()> {
        let who = self.anyone();
        let (token, rewards, minter) = (self.w.token, self.w.rewards, self.w.minter);
        let one = U256::ONE;
        let out = match self.rng.random_range(0..7) {
            0 => self.call(
                who,
                token,
                0,
                &T::mintCall {
                    to: who.at,
                    amount: one,
                },
            )?,
            1 => self.call(
                who,
                token,
                0,
                &T::burnCall {
                    from: SEED_HOLDER,
                    amount: one,
                },
            )?,
            2 => self.call(who, token, 0, &T::streamCall { amount: one })?,
            3 => self.call(
                who,
                token,
                0,
                &T::collectCall {
                    account: SEED_HOLDER,
                },
            )?,
            4 => self.call(who, rewards, 0, &R::claimForCall { account: who.at })?,
            5 => self.call(who, rewards, 0, &R::setRewardFeeCall { bps: one })?,
            _ => self.call(who, minter, COIN, &M::receiveFromBucketCall {})?,
        };
        ensure!(!out.ok, "10: a stranger may do what only the contracts may");
        Ok(())
    }

    /// The accounts with code change their manners.
    fn behave(&mut self) -> Result<()> {
        let k = self.people.len() - 1 - self.rng.random_range(0..3);
        let who = self.people[k];
        let mine = self
            .b
            .tickets
            .iter()
            .find(|(_, t)| t.owner == who.at)
            .map_or(1, |(&id, _)| id);
        let data = match self.rng.random_range(0..5) {
            0 => M::withdrawCall {
                recipient: who.at,
                id: U256::from(mine),
            }
            .abi_encode(),
            1 => M::unstakeCall {
                amount: U256::from(COIN),
            }
            .abi_encode(),
            2 => M::finalizeCall {}.abi_encode(),
            3 => M::cancelCall {
                id: U256::from(mine),
            }
            .abi_encode(),
            _ => R::claimCall { recipient: who.at }.abi_encode(),
        };
        let target = if self.chance(75) {
            self.w.minter
        } else {
            self.w.rewards
        };
        let mode = *[0, 0, 1, 2, 3, 3].choose(&mut self.rng).expect("not empty");
        let call = Actor::behaveCall {
            mode,
            target,
            data: data.into(),
        };
        self.outside(who.driver, who.at, 0, &call)
    }
}
