//! Performs deeds on a world, keeps its books and checks the promises after each. A history is a list of deeds: it can be
//! performed again, whole or in parts.
#![allow(
    missing_docs,
    non_snake_case,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code: a slip of the run itself ends it"
)]

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};
use chain::bindings::{
    IBasket, IBasketReceipts, IBasketTimelock, ICoreAgent, IPriceFeed, IUnbondingQueue,
    LocalCoreEarn, TimelockController,
};
use eyre::{Result, bail, ensure};

use super::{
    books::{Books, Key, ONE, Outside, Price, State, index},
    counts::{Counts, name_of},
    world::{Actor, DAY, Erc20, NATIVE, SEED, Terms, World, u},
};
use crate::world::Outcome;

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Deed {
    /// A transaction.
    Call {
        at: u64,
        from: Address,
        to: Address,
        value: u128,
        data: Bytes,
    },
    /// A transaction out of a contract that makes none: so a position loses what it holds.
    Loss {
        from: Address,
        to: Address,
        data: Bytes,
    },
    /// Coins vanish.
    Take {
        who: Address,
        wei: u128,
    },
    /// Coins vanish and the books are not told: a fault of the run, for its own tests.
    Steal {
        who: Address,
        wei: u128,
    },
    /// Coins appear.
    Give {
        who: Address,
        wei: u128,
    },
    Deploy {
        name: &'static str,
        args: Bytes,
    },
    /// A round trip of somebody begins, or ends: it must have gained him nothing.
    Trip {
        who: Address,
        open: bool,
    },
}

/// What somebody had when a round trip began.
struct Trip {
    who: Address,
    shares: U256,
    held: Vec<U256>,
    prices: Vec<Price>,
}

pub struct Runner {
    pub w: World,
    pub b: Books,
    pub counts: Counts,
    pub script: Vec<Deed>,
    /// Calls of the system, refused ones too.
    pub calls: u64,
    /// Stake was lost outside.
    stake_off: bool,
    trip: Option<Trip>,
}

impl Runner {
    #[must_use]
    pub fn new(terms: &Terms) -> Self {
        let w = World::new(terms);
        let b = Books::new(&w.at, terms, SEED, w.c.now);
        Self {
            w,
            b,
            counts: Counts::default(),
            script: Vec::new(),
            calls: 0,
            stake_off: false,
            trip: None,
        }
    }

    /// What the world says now.
    pub fn outside(&mut self) -> Outside {
        let tokens: Vec<Address> = self.b.sleeves.iter().map(|s| s.token).collect();
        let feed = self.w.at.feed;
        let prices = tokens
            .into_iter()
            .map(|asset| match asset {
                NATIVE => Price::COIN,
                _ => {
                    let q = self.w.c.view(feed, &IPriceFeed::quoteCall { asset });
                    Price {
                        low: q.low,
                        high: q.high,
                        sound: q.state == 0,
                    }
                }
            })
            .collect();
        let rate = LocalCoreEarn::getCurrentExchangeRateCall {};
        let rate = self.w.c.view(self.w.at.earn, &rate) * u(1_000_000_000_000_u64);
        Outside {
            now: self.w.c.now,
            prices,
            rate,
            ..Outside::default()
        }
    }

    /// The function of the system that a transaction calls: none of it, where the world is called.
    fn name(&self, to: Address, data: &[u8]) -> Option<&'static str> {
        let a = &self.w.at;
        let selector = data.get(..4)?.try_into().ok()?;
        let contract = match to {
            _ if to == a.basket => "basket",
            _ if to == a.queue => "queue",
            _ if to == a.receipts => "receipts",
            _ if to == a.token => "token",
            _ if to == a.feed => "feed",
            _ if to == a.adapters[0] => "core",
            _ if to == a.timelock => "timelock",
            _ if to == a.warden => {
                let act = Actor::actCall::abi_decode(data).ok()?;
                return name_of("guardian", act.data.get(..4)?.try_into().ok()?);
            }
            _ => return None,
        };
        name_of(contract, selector)
    }

    /// # Errors
    /// A promise that did not hold.
    pub fn perform(&mut self, deed: Deed) -> Result<Outcome> {
        self.script.push(deed.clone());
        match deed {
            Deed::Call {
                at,
                from,
                to,
                value,
                data,
            } => {
                self.w.c.set(at);
                match self.name(to, &data) {
                    Some(name) => self.call(name, from, to, value, data),
                    None => Ok(self.w.c.send(from, to, value, data)),
                }
            }
            Deed::Loss { from, to, data } => {
                let out = self.w.c.send_as(from, to, data);
                self.spoil(from);
                Ok(out)
            }
            Deed::Take { who, wei } => {
                self.w.c.take(who, wei);
                self.spoil(who);
                Ok(done())
            }
            Deed::Steal { who, wei } => {
                self.w.c.take(who, wei);
                Ok(done())
            }
            Deed::Give { who, wei } => {
                self.w.c.give(who, wei);
                Ok(done())
            }
            Deed::Deploy { name, args } => {
                let made = self.w.c.deploy(name, &args);
                Ok(Outcome {
                    output: made.into_word().to_vec().into(),
                    ..done()
                })
            }
            Deed::Trip { who, open: true } => {
                let (shares, held) = self.wealth(who);
                let prices = self.outside().prices;
                self.trip = Some(Trip {
                    who,
                    shares,
                    held,
                    prices,
                });
                Ok(done())
            }
            Deed::Trip { who, open: false } => self.trip_ends(who),
        }
    }

    fn spoil(&mut self, who: Address) {
        if who == self.w.at.adapters[0] {
            self.stake_off = true;
        }
        for s in &mut self.b.sleeves {
            s.dirty |= s.adapter == who;
        }
    }

    /// Shares, and each asset once: two sleeves may hold one token.
    fn wealth(&mut self, who: Address) -> (U256, Vec<U256>) {
        let tokens: Vec<Address> = self.b.sleeves.iter().map(|s| s.token).collect();
        let mut held = Vec::new();
        for (i, token) in tokens.iter().enumerate() {
            held.push(if tokens[..i].contains(token) {
                U256::ZERO
            } else {
                self.w.token_balance(*token, who)
            });
        }
        (self.b.of(who), held)
    }

    /// 6: at no price in the box is anything gained, and no share.
    fn trip_ends(&mut self, who: Address) -> Result<Outcome> {
        let Some(trip) = self.trip.take() else {
            return Ok(done());
        };
        ensure!(trip.who == who, "the run's own trip is another's");
        let (shares, held) = self.wealth(who);
        ensure!(
            shares <= trip.shares,
            "6: a round trip made {} shares of {}",
            shares,
            trip.shares
        );
        let n = trip.held.len();
        for corner in 0..1_usize << n {
            let worth = |held: &[U256]| -> U256 {
                let all = held.iter().zip(&trip.prices).enumerate();
                // A price that is not sound says nothing: then no asset may grow.
                all.map(|(i, (x, p))| {
                    let price = if corner >> i & 1 == 1 { p.high } else { p.low };
                    if p.sound { *x * price } else { U256::ZERO }
                })
                .sum()
            };
            ensure!(
                worth(&held) <= worth(&trip.held),
                "6: a round trip gained: {held:?} of {:?}",
                trip.held
            );
        }
        for (i, (new, old)) in held.iter().zip(&trip.held).enumerate() {
            ensure!(
                trip.prices[i].sound || new <= old,
                "6: a round trip gained {new} of {old}"
            );
        }
        self.counts.note("round trips", 1);
        Ok(done())
    }

    /// What of a call its events do not tell, and what must not fail.
    fn call(
        &mut self,
        name: &'static str,
        from: Address,
        to: Address,
        value: u128,
        data: Bytes,
    ) -> Result<Outcome> {
        self.calls += 1;
        let mut o = self.outside();
        match name {
            "basket.bid" => {
                o.asked = IBasket::bidCall::abi_decode(&data).map_or(U256::ZERO, |c| c.units);
            }
            "receipts.claim" => {
                let call = IBasketReceipts::claimCall::abi_decode(&data);
                o.receipt = call.ok().map(|c| c.tokenId);
            }
            _ => {}
        }
        let must = self.cannot_fail(name, from, &data, o.now);
        let out = self.w.c.send(from, to, value, data.clone());
        self.counts
            .count(name, out.ok, !out.logs.is_empty(), out.gas);
        if !out.ok {
            ensure!(!must, "5: {name} failed: {}", out.output);
            return Ok(out);
        }
        if name == "timelock.execute"
            && let Ok(c) = TimelockController::executeCall::abi_decode(&data)
            && let Some(inner) = self.name(c.target, &c.payload)
        {
            self.counts.count(inner, true, true, out.gas);
        }
        self.b.apply(&o, &out.logs)?;
        self.cheap(&o)?;
        if name == "basket.harvest" {
            let i = index(U256::from_be_slice(&data[4..36]));
            let (booked, held) = (self.booked(i), self.held(i));
            ensure!(
                booked == held,
                "1: after its harvest sleeve {i} books {booked} and holds {held}"
            );
        }
        if self.calls.is_multiple_of(10) {
            self.anybody_may_leave()?;
        }
        if self.calls.is_multiple_of(100) {
            self.deep()?;
        }
        Ok(out)
    }

    /// 5 and 8: what needs nobody's consent.
    fn cannot_fail(&self, name: &str, from: Address, data: &[u8], now: u64) -> bool {
        match name {
            "basket.redeemInKind" => IBasket::redeemInKindCall::abi_decode(data).is_ok_and(|c| {
                !c.shares.is_zero() && !c.recipient.is_zero() && c.shares <= self.b.of(from)
            }),
            "queue.closeEpoch" => !self.b.open.shares.is_zero() && now / DAY > self.b.open.day,
            "queue.cancel" => IUnbondingQueue::cancelCall::abi_decode(data).is_ok_and(|c| {
                let due = (self.b.open.day + 1) * DAY;
                let has = self.b.open.requests.get(&c.controller).copied();
                c.epoch == u(self.b.open.number)
                    && from == c.controller
                    && !c.shares.is_zero()
                    && !c.receiver.is_zero()
                    && has.is_some_and(|has| c.shares <= has)
                    && (now < due - 3_600 || now >= due + 2 * 3_600)
            }),
            _ => false,
        }
    }

    fn booked(&self, i: usize) -> U256 {
        let s = &self.b.sleeves[i];
        s.units + s.locked + s.fees
    }

    /// What a sleeve's adapter holds, as the world outside knows it.
    pub fn held(&mut self, i: usize) -> U256 {
        let (adapter, token) = (self.b.sleeves[i].adapter, self.b.sleeves[i].token);
        let here = self.w.token_balance(token, adapter);
        if i != 0 {
            return here;
        }
        let booked: U256 = self.b.stake.values().sum();
        here + booked.min(self.staked())
    }

    fn staked(&mut self) -> U256 {
        let call = ICoreAgent::delegatorMapCall {
            delegator: self.b.sleeves[0].adapter,
        };
        self.w.c.view(self.w.at.agent, &call)
    }

    /// After every call: the basket says what the books say; 1: parts and units.
    fn cheap(&mut self, o: &Outside) -> Result<()> {
        for i in 0..self.b.sleeves.len() {
            let call = IBasket::sleeveInfoCall {
                sleeve: u(i as u64),
            };
            let said = self.w.c.view(self.b.basket, &call);
            let s = &self.b.sleeves[i];
            let ours = (s.units, s.parts, s.own, s.locked, s.fees);
            let theirs = (
                said.units,
                said.parts,
                said.basketParts,
                said.locked,
                said.feeUnits,
            );
            ensure!(
                ours == theirs,
                "1: sleeve {i} is {ours:?} by the calls and says {theirs:?}"
            );
            let (own, parts, waiting) = (s.own, s.parts, self.b.waiting(i));
            ensure!(
                s.retired || own + waiting == parts,
                "1: sleeve {i} has {parts} parts: {own} the basket's, {waiting} of legs"
            );
            let (booked, held) = (self.booked(i), self.held(i));
            ensure!(
                self.b.sleeves[i].dirty || booked <= held,
                "1: sleeve {i} books {booked} and holds {held}"
            );
        }
        let staked = self.staked();
        let booked: U256 = self.b.stake.values().sum();
        if booked == staked {
            self.stake_off = false;
        }
        ensure!(
            self.stake_off || booked == staked,
            "1: {booked} delegated by events, {staked} known outside"
        );
        let call = IBasket::effectiveSupplyCall {};
        let said = self.w.c.view(self.b.basket, &call);
        let ours = self.b.supply(o.now);
        ensure!(ours == said, "1: {ours} shares, says {said}");
        Ok(())
    }

    /// 5: each holder could leave in kind with everything, whatever state anything is in.
    fn anybody_may_leave(&mut self) -> Result<()> {
        for who in self.w.at.people.clone() {
            let shares = self.b.of(who);
            if shares.is_zero() {
                continue;
            }
            let call = IBasket::redeemInKindCall {
                shares,
                recipient: who,
            };
            let data = call.abi_encode().into();
            let out = self.w.c.attempt(who, self.b.basket, 0, data);
            ensure!(
                out.ok,
                "5: {who} cannot leave with {shares} shares: {}",
                out.output
            );
            self.counts.note("in-kind exits tried in every state", 1);
        }
        Ok(())
    }

    /// Now and then: the queue's coins and tokens, its positions, the delay.
    pub fn deep(&mut self) -> Result<()> {
        let queue = self.b.queue;
        let mut owed = std::collections::BTreeMap::from([(NATIVE, U256::ZERO)]);
        for s in &self.b.sleeves {
            owed.insert(s.token, U256::ZERO);
        }
        for e in self.b.epochs.values() {
            for leg in &e.legs {
                *owed.entry(leg.asset).or_default() += leg.recovered - leg.claimed;
            }
        }
        for (token, owed) in owed {
            let has = self.w.token_balance(token, queue);
            ensure!(
                has == owed,
                "2: the queue owes {owed} of {token} and has {has}"
            );
        }
        let (has, escrowed) = (self.b.of(queue), self.b.open.shares);
        ensure!(
            has == escrowed,
            "2: {escrowed} shares escrowed, the queue has {has}"
        );
        let account = Erc20::balanceOfCall { account: queue };
        let said = self.w.c.view(self.b.token, &account);
        ensure!(has == said, "1: the queue has {has} shares, says {said}");
        for (&id, e) in &self.b.epochs {
            for (&key, p) in &e.positions {
                let epoch = u(id);
                let shares = match key {
                    Key::Account(owner) => {
                        let call = IUnbondingQueue::positionCall { epoch, owner };
                        self.w.c.view(queue, &call).shares
                    }
                    Key::Line(line) => {
                        let line = u(line);
                        let call = IUnbondingQueue::receiptPositionCall { epoch, line };
                        self.w.c.view(queue, &call).shares
                    }
                };
                ensure!(
                    shares == p.shares,
                    "2: {key:?} has {} shares in epoch {id}, says {shares}",
                    p.shares
                );
            }
        }
        // 7: governance is slower than the longest exit.
        let timelock = self.w.at.timelock;
        let call = TimelockController::getMinDelayCall {};
        let delay = self.w.c.view(timelock, &call);
        let (longest, said) = (
            u(self.b.longest_exit()),
            self.w
                .c
                .view(timelock, &IBasketTimelock::longestExitCall {}),
        );
        ensure!(
            longest == said && delay >= longest,
            "7: the delay is {delay}, the longest exit {longest}, says {said}"
        );
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------------ the end

    /// A call that nothing may stand in the way of any more.
    fn must<C: SolCall>(&mut self, from: Address, to: Address, call: &C) -> Result<Outcome> {
        let deed = Deed::Call {
            at: self.w.c.now,
            from,
            to,
            value: 0,
            data: call.abi_encode().into(),
        };
        let out = self.perform(deed)?;
        ensure!(
            out.ok,
            "8: {} fails at the end: {}",
            C::SIGNATURE,
            out.output
        );
        Ok(out)
    }

    fn on(&mut self, now: u64) -> Result<()> {
        self.w.c.set(now);
        let (op, earn) = (self.w.c.operator, self.w.at.earn);
        let settle = LocalCoreEarn::afterTurnRoundCall(Vec::new());
        self.must(op, earn, &settle).map(drop)
    }

    /// 8: everything outside is well again, and anybody's calls bring every leg and every claim to its end.
    ///
    /// # Errors
    /// A leg that does not end, a claim that does not pay, dust above a wei for each claimant.
    pub fn drain(&mut self) -> Result<()> {
        let tomorrow = |now: u64| (now / DAY + 1) * DAY + 2 * 3_600;
        let (basket, queue, receipts) = (self.b.basket, self.b.queue, self.b.receipts_at);
        self.heal()?;
        self.on(tomorrow(self.w.c.now))?;
        let op = self.w.c.operator;
        for v in self.w.at.validators {
            if self.b.stake.contains_key(&v) {
                let call = chain::bindings::ICoreSleeve::reconcileCall { validator: v };
                // A validator that governance took off the list has no stake.
                let deed = Deed::Call {
                    at: self.w.c.now,
                    from: op,
                    to: self.w.at.adapters[0],
                    value: 0,
                    data: call.abi_encode().into(),
                };
                self.perform(deed)?;
            }
        }
        for i in 0..self.b.sleeves.len() {
            let sleeve = u(i as u64);
            if !self.b.sleeves[i].retired {
                self.must(op, basket, &IBasket::harvestCall { sleeve })?;
            }
        }
        if !self.b.open.shares.is_zero() {
            self.must(op, queue, &IUnbondingQueue::closeEpochCall {})?;
        }
        for (epoch, sleeve) in self.legs(State::Waiting) {
            self.must(op, queue, &IUnbondingQueue::startLegCall { epoch, sleeve })?;
        }
        self.on(tomorrow(self.w.c.now + 8 * DAY))?;
        for (epoch, sleeve) in self.legs(State::Out) {
            self.must(op, queue, &IUnbondingQueue::collectCall { epoch, sleeve })?;
        }
        let left = self.legs(State::Waiting).len() + self.legs(State::Out).len();
        ensure!(left == 0, "8: {left} legs did not end");
        let all = U256::MAX;
        let open: Vec<(u64, Key)> = self
            .b
            .epochs
            .iter()
            .flat_map(|(id, e)| e.positions.keys().map(|key| (*id, *key)))
            .collect();
        for (id, key) in open {
            match key {
                Key::Account(owner) => {
                    let call = IUnbondingQueue::claimCall {
                        epoch: u(id),
                        owner,
                        legMask: all,
                        recipient: owner,
                    };
                    self.must(owner, queue, &call)?;
                }
                Key::Line(line) => {
                    let found = self.b.receipts.iter();
                    let mut found = found.filter(|(id, _)| super::books::line(**id) == line);
                    let Some((&tokenId, &owner)) = found.next() else {
                        bail!("2: line {line} has a position and no receipt");
                    };
                    let call = IBasketReceipts::claimCall {
                        tokenId,
                        legMask: all,
                        recipient: owner,
                    };
                    self.must(owner, receipts, &call)?;
                }
            }
        }
        for e in self.b.epochs.values() {
            ensure!(e.positions.is_empty(), "8: a position is left");
            for leg in &e.legs {
                let dust = leg.recovered - leg.claimed;
                ensure!(
                    dust <= u(e.claimants),
                    "2: {dust} wei of dust of {} claimants",
                    e.claimants
                );
                let thousandths = dust * u(1_000_u64) / u(e.claimants.max(1));
                let thousandths = u64::try_from(thousandths).unwrap_or(u64::MAX);
                self.counts.worst_dust = self.counts.worst_dust.max(thousandths);
            }
        }
        for i in 0..self.b.sleeves.len() {
            let owners: Vec<Address> = self.b.sleeves[i].waiting.keys().copied().collect();
            for owner in owners {
                let sleeve = u(i as u64);
                self.must(op, basket, &IBasket::deliverLegCall { owner, sleeve })?;
            }
        }
        for who in self.b.shares.clone().into_keys() {
            let shares = self.b.of(who);
            if shares.is_zero() || who == super::world::DEAD {
                continue;
            }
            let out = self.must(
                who,
                basket,
                &IBasket::redeemInKindCall {
                    shares,
                    recipient: who,
                },
            )?;
            let got = IBasket::redeemInKindCall::abi_decode_returns(&out.output)?;
            ensure!(
                got.delivered == (u(1_u64) << self.b.sleeves.len()) - u(1_u64),
                "8: at the end {who} was delivered {:b}",
                got.delivered
            );
        }
        self.deep()?;
        self.counts.note("worlds drained to the last claim", 1);
        Ok(())
    }

    fn legs(&self, state: State) -> Vec<(U256, U256)> {
        let mut all = Vec::new();
        for (&id, e) in &self.b.epochs {
            for (i, leg) in e.legs.iter().enumerate() {
                if leg.state == state {
                    all.push((u(id), u(i as u64)));
                }
            }
        }
        all
    }

    /// Every system outside works again; what was lost stays lost.
    fn heal(&mut self) -> Result<()> {
        use chain::bindings::{LocalCoreAgent as A, LocalCoreBtc as T, LocalCoreCandidateHub as H};
        let op = self.w.c.operator;
        let at = self.w.at.clone();
        // A round's lag may change where that moves no round.
        self.w.c.set(self.w.c.now / DAY * DAY + DAY + 2 * 3_600);
        self.must(op, at.hub, &H::setTurnLagCall { lag: U256::ZERO })?;
        for candidate in at.validators {
            let add = H::addCandidateCall {
                candidate,
                rewardPerRound: u(super::world::REWARD),
            };
            self.must(op, at.hub, &add)?;
            let free = H::setJailedCall {
                candidate,
                jailed: false,
            };
            self.must(op, at.hub, &free)?;
            let open = H::setClosedCall {
                candidate,
                closed: false,
            };
            self.must(op, at.hub, &open)?;
        }
        let least = A::setRequiredCoinDepositCall { amount: ONE };
        self.must(op, at.agent, &least)?;
        use LocalCoreEarn as E;
        self.must(op, at.earn, &E::setPausedCall { paused_: false })?;
        self.must(op, at.earn, &E::setInPartsCall { inParts_: false })?;
        self.must(
            op,
            at.earn,
            &E::setShortfallCall {
                shortfall_: U256::ZERO,
            },
        )?;
        self.must(op, at.earn, &E::setFeeCall { fee_: U256::ZERO })?;
        self.must(op, at.earn, &E::setLockDayCall { days_: u(7_u64) })?;
        let shut = at.adapters.iter().chain(&at.people).chain(&at.actors);
        for account in shut.chain([&at.queue]).copied().collect::<Vec<_>>() {
            let free = T::setBlacklistedCall {
                account,
                listed: false,
            };
            self.must(op, at.btc, &free)?;
        }
        for actor in at.actors {
            let accept = Actor::behaveCall {
                mode: 0,
                target: Address::ZERO,
                data: Bytes::new(),
            };
            self.must(op, actor, &accept)?;
        }
        self.perform(Deed::Give {
            who: at.stake_hub,
            wei: 1_000_000 * crate::world::COIN,
        })?;
        Ok(())
    }
}

fn done() -> Outcome {
    Outcome {
        ok: true,
        ..Outcome::default()
    }
}
