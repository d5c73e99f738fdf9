//! One history of a basket: people, keepers, governance and weather, from one seed.
#![allow(
    non_snake_case,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code: a slip of the run itself ends it"
)]

mod outside;

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::{SolCall, SolValue},
};
use chain::bindings::{
    IBasket, IBasketReceipts, ICoreSleeve, IGuardian, IPriceFeed, IUnbondingQueue,
    TimelockController, basket::IBasketTypes,
};
use eyre::Result;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{
    books::{Key, ONE, State, line, line_of},
    counts::Counts,
    runner::{Deed, Runner},
    world::{Actor, BTC, DAY, Erc20, Terms, World, u},
};
use crate::world::{COIN, Outcome};
use outside::Weather;

const HOUR: u64 = 3_600;

/// Something that the timelock was told.
struct Plan {
    target: Address,
    payload: Vec<u8>,
    salt: B256,
    ready: u64,
    /// It is to fail: a sleeve that is slower than the delay.
    refused: bool,
}

/// See the module.
pub struct History {
    /// World, books, counts and script.
    pub r: Runner,
    rng: ChaCha8Rng,
    now: u64,
    quota: u64,
    weather: Weather,
    plans: Vec<Plan>,
    salts: u64,
    /// Sleeves that governance is about to add, or has added.
    added: u64,
    noted: u64,
    pub(super) terms: Terms,
    /// The history is at its end: everything is brought to its end.
    pub(super) draining: bool,
    /// Deeds before that.
    pub(super) played: usize,
}

impl History {
    /// A fresh world for history `number` of `seed`, which ends after `quota` successful calls.
    #[must_use]
    pub fn new(seed: u64, number: u64, quota: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number);
        let terms = Terms {
            entry: rng.random_range(5..=30),
            instant: rng.random_range(0..=50),
            management: *[0, 100, 200].choose(&mut rng).expect("not empty"),
            performance: *[0, 1_000, 2_000].choose(&mut rng).expect("not empty"),
            ..Terms::default()
        };
        let r = Runner::new(&terms);
        let now = r.w.c.now;
        Self {
            weather: Weather::new(now),
            r,
            rng,
            now,
            quota,
            plans: Vec::new(),
            salts: 0,
            added: 0,
            noted: 0,
            terms,
            draining: false,
            played: 0,
        }
    }

    /// What happened in it.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = self.r.counts.clone();
        for (what, n) in &self.r.b.seen {
            counts.note(what, *n);
        }
        counts
    }

    /// Runs it, to its last claim.
    ///
    /// # Errors
    /// A promise that did not hold.
    pub fn run(&mut self) -> Result<()> {
        self.first()?;
        while self.r.counts.successes() < self.quota && self.r.calls < 3 * self.quota {
            self.one()?;
        }
        self.draining = true;
        self.played = self.r.script.len();
        self.r.drain()
    }

    /// Everybody comes in, so that there is a basket to act on.
    fn first(&mut self) -> Result<()> {
        for who in self.r.w.at.people.clone() {
            self.in_kind(who, 500 * COIN)?;
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------------- tools

    fn call<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        value: u128,
        call: &C,
    ) -> Result<Outcome> {
        self.r.perform(Deed::Call {
            at: self.now,
            from,
            to,
            value,
            data: call.abi_encode().into(),
        })
    }

    fn basket<C: SolCall>(&mut self, from: Address, call: &C) -> Result<Outcome> {
        self.call(from, self.r.b.basket, 0, call)
    }

    fn queue<C: SolCall>(&mut self, from: Address, call: &C) -> Result<Outcome> {
        self.call(from, self.r.b.queue, 0, call)
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    fn person(&mut self) -> Address {
        *self.r.w.at.people.choose(&mut self.rng).expect("people")
    }

    /// Somebody with shares.
    fn holder(&mut self) -> Option<(Address, U256)> {
        let people = self.r.w.at.people.iter();
        let holders: Vec<_> = people
            .map(|who| (*who, self.r.b.of(*who)))
            .filter(|(_, shares)| !shares.is_zero())
            .collect();
        holders.choose(&mut self.rng).copied()
    }

    /// From 1 to `most`, each size as likely as the next.
    fn size(&mut self, most: u128) -> u128 {
        if most <= 1 {
            return 1;
        }
        let bits = 128 - most.leading_zeros();
        let bits = self.rng.random_range(1..=bits);
        let top = if bits >= 128 { most } else { (1 << bits) - 1 };
        self.rng.random_range(1..=top.min(most))
    }

    /// A part of some shares.
    fn part(&mut self, all: U256) -> U256 {
        let most = u128::try_from(all).unwrap_or(u128::MAX);
        match self.rng.random_range(0..10) {
            0 => all,
            1..=3 => u(self.size(most)),
            _ => u(self.rng.random_range(1..=(most / 8).max(1))),
        }
    }

    /// Whom money goes to: mostly its owner.
    fn recipient(&mut self, who: Address) -> Address {
        match self.rng.random_range(0..10) {
            0 => self.person(),
            1 | 2 => *self.r.w.at.actors.choose(&mut self.rng).expect("two"),
            _ => who,
        }
    }

    fn sleeves(&self) -> usize {
        self.r.b.sleeves.len()
    }

    /// Every price that the basket needs may be used.
    fn sound(&mut self) -> bool {
        self.r.w.c.set(self.now);
        let prices = self.r.outside().prices;
        let all = self.r.b.sleeves.iter().zip(prices);
        all.filter(|(s, _)| s.counts()).all(|(_, p)| p.sound)
    }

    fn pass(&mut self, seconds: u64) -> Result<()> {
        self.now += seconds;
        self.r.w.c.set(self.now);
        self.morning()
    }

    // -------------------------------------------------------------------------------------------------------- steps

    fn one(&mut self) -> Result<()> {
        let second = self.now % DAY;
        let more = match self.rng.random_range(0..100) {
            0..50 => self.rng.random_range(0..900),
            50..90 => self.rng.random_range(0..3_000),
            // To dusk, or past the next dawn.
            90..95 if second < 23 * HOUR => 23 * HOUR - second + 60,
            _ => DAY - second + self.rng.random_range(60..5 * HOUR),
        };
        self.pass(more)?;
        self.duties()?;
        match self.rng.random_range(0..1_000) {
            0..90 => self.deposit(),
            90..140 => {
                let (who, size) = (self.person(), self.size(200 * COIN));
                self.in_kind(who, size)
            }
            140..190 => self.instant(),
            190..250 => self.leave_in_kind(),
            250..340 => self.request(),
            340..380 => self.cancel(),
            380..450 => self.start_leg(),
            450..500 => self.collect(),
            500..580 => self.claim(),
            580..650 => self.receipt(),
            650..720 => self.chore(),
            720..735 => self.auction(),
            735..825 => self.trip(),
            825..880 => self.small(),
            880..920 => self.deliver(),
            920..926 => self.guard(),
            926..940 => self.plan(),
            _ => self.weather(),
        }
    }

    /// What keepers do when it is time: mostly.
    fn duties(&mut self) -> Result<()> {
        let (now, open) = (self.now, &self.r.b.open);
        let due = !open.shares.is_zero() && now / DAY > open.day;
        if due && self.chance(40) {
            let who = self.person();
            self.queue(who, &IUnbondingQueue::closeEpochCall {})?;
        }
        if now % DAY >= 23 * HOUR && self.chance(50) {
            let who = self.person();
            let sleeve = U256::ZERO;
            self.basket(who, &IBasket::delegateIdleCall { sleeve })?;
        }
        if !self.legs(State::Waiting).is_empty() && self.chance(30) {
            self.start_leg()?;
        }
        if !self.ripe().is_empty() && self.chance(30) {
            self.collect()?;
        }
        let out = self.weather.out();
        let left = out
            .iter()
            .any(|v| self.r.b.stake.get(v).is_some_and(|s| !s.is_zero()));
        if left && self.chance(15) {
            self.move_stake()?;
        }
        // Those who hear of it want their legs, and some have to wait.
        if self.now < self.weather.blacklist && self.chance(30) {
            self.leave_in_kind()?;
        }
        if self.chance(8) {
            self.observe()?;
        }
        self.execute()
    }

    fn observe(&mut self) -> Result<()> {
        let tokens: Vec<Address> = self.r.b.sleeves.iter().skip(1).map(|s| s.token).collect();
        let asset = *tokens.choose(&mut self.rng).expect("some");
        let who = self.person();
        let feed = self.r.w.at.feed;
        let out = self.call(who, feed, 0, &IPriceFeed::observeCall { asset })?;
        if out.ok {
            let state = IPriceFeed::observeCall::abi_decode_returns(&out.output)?;
            match state {
                1 => self.r.counts.note("doubtful prices", 1),
                2 => self.r.counts.note("impaired prices", 1),
                _ => {}
            }
        }
        Ok(())
    }

    fn deposit(&mut self) -> Result<()> {
        if !self.sound() && !self.chance(15) {
            return self.observe();
        }
        let who = self.person();
        let i = self.rng.random_range(0..self.sleeves());
        let most = if i < 2 { 100 * COIN } else { BTC / 10 };
        let units = self.size(most);
        let receiver = if self.chance(80) { who } else { self.person() };
        let sleeve = u(i as u64);
        let deadline = u(self.now);
        if i > 0 && self.chance(25) {
            // No token here has a permit: the allowance is there all the same.
            let call = IBasket::depositWithPermitCall {
                sleeve,
                units: u(units),
                receiver,
                minShares: U256::ZERO,
                deadline,
                v: 27,
                r: B256::ZERO,
                s: B256::ZERO,
            };
            return self.basket(who, &call).map(drop);
        }
        let call = IBasket::depositCall {
            sleeve,
            units: u(units),
            receiver,
            minShares: U256::ZERO,
            deadline,
        };
        let coins = if i == 0 { units } else { 0 };
        self.call(who, self.r.b.basket, coins, &call).map(drop)
    }

    fn in_kind(&mut self, who: Address, priced: u128) -> Result<()> {
        let call = IBasket::mintInKindCall {
            priced: u(priced),
            maxUnits: vec![U256::MAX; self.sleeves()],
            receiver: who,
            deadline: U256::MAX,
        };
        // What is too much comes back.
        self.call(who, self.r.b.basket, 5_000 * COIN, &call)
            .map(drop)
    }

    fn instant(&mut self) -> Result<()> {
        if !self.sound() && !self.chance(15) {
            return self.observe();
        }
        let Some((who, shares)) = self.holder() else {
            return Ok(());
        };
        let most = self
            .r
            .w
            .c
            .view(self.r.b.basket, &IBasket::maxInstantCall {});
        let most = (most / u(3_u64)).min(shares);
        let most = u128::try_from(most).unwrap_or(u128::MAX).max(10_000);
        let shares = u(self.size(most)).min(shares);
        let receiver = self.recipient(who);
        let call = IBasket::redeemInstantCall {
            shares,
            minOut: U256::ZERO,
            receiver,
            deadline: U256::MAX,
        };
        self.basket(who, &call).map(drop)
    }

    fn leave_in_kind(&mut self) -> Result<()> {
        let Some((who, all)) = self.holder() else {
            return Ok(());
        };
        let shares = self.part(all);
        let recipient = self.recipient(who);
        self.basket(who, &IBasket::redeemInKindCall { shares, recipient })
            .map(drop)
    }

    fn request(&mut self) -> Result<()> {
        let open = &self.r.b.open;
        let closed =
            self.now % DAY >= 23 * HOUR || (!open.shares.is_zero() && self.now / DAY > open.day);
        if closed && !self.chance(5) {
            return self.claim();
        }
        let Some((owner, all)) = self.holder() else {
            return Ok(());
        };
        let shares = self.part(all);
        let controller = if self.chance(85) {
            owner
        } else {
            self.person()
        };
        // By himself, by an operator, or by whom he allowed to.
        let others = self.r.b.operators.iter();
        let others: Vec<_> = others.filter(|(o, _)| *o == owner).copied().collect();
        let from = match others.choose(&mut self.rng) {
            Some((_, operator)) if self.chance(50) => *operator,
            _ => owner,
        };
        let call = IUnbondingQueue::requestRedeemCall {
            shares,
            controller,
            owner,
        };
        self.queue(from, &call).map(drop)
    }

    fn cancel(&mut self) -> Result<()> {
        let open = &self.r.b.open;
        let due = (open.day + 1) * DAY;
        let shut = self.now >= due - HOUR && self.now < due + 2 * HOUR;
        let all: Vec<_> = open
            .requests
            .iter()
            .filter(|(who, shares)| !shares.is_zero() && line_of(**who).is_none())
            .map(|(who, shares)| (*who, *shares))
            .collect();
        let epoch = u(open.number);
        let Some(&(controller, all)) = all.choose(&mut self.rng) else {
            return self.request();
        };
        if shut && !self.chance(10) {
            return self.start_leg();
        }
        let shares = self.part(all);
        let receiver = self.person();
        let call = IUnbondingQueue::cancelCall {
            epoch,
            shares,
            controller,
            receiver,
        };
        self.queue(controller, &call).map(drop)
    }

    /// Legs in a state, epoch and sleeve.
    fn legs(&self, state: State) -> Vec<(u64, usize)> {
        let epochs = self.r.b.epochs.iter();
        epochs
            .flat_map(|(id, e)| e.legs.iter().enumerate().map(move |(i, leg)| (id, i, leg)))
            .filter(|(_, _, leg)| leg.state == state)
            .map(|(id, i, _)| (*id, i))
            .collect()
    }

    fn start_leg(&mut self) -> Result<()> {
        let legs = self.legs(State::Waiting);
        let Some(&(id, i)) = legs.choose(&mut self.rng) else {
            return self.collect();
        };
        let who = self.person();
        let (epoch, sleeve) = (u(id), u(i as u64));
        let stuck = self.r.b.epochs[&id].closed + 7 * DAY <= self.now;
        if stuck && self.chance(60) {
            let call = IUnbondingQueue::startInKindCall { epoch, sleeve };
            return self.queue(who, &call).map(drop);
        }
        // Some are left until they may leave in kind.
        if i == 1 && (id % 7 == 3 || self.weather.earn_stalls(self.now)) && !self.chance(5) {
            return self.chore();
        }
        let out = self.queue(who, &IUnbondingQueue::startLegCall { epoch, sleeve })?;
        if !out.ok {
            self.r.counts.note("stalls", 1);
        }
        Ok(())
    }

    /// Legs that have been out for long enough.
    fn ripe(&self) -> Vec<(u64, usize)> {
        let mut legs = self.legs(State::Out);
        legs.retain(|(id, i)| self.r.b.epochs[id].legs[*i].started + 7 * DAY < self.now);
        legs
    }

    fn collect(&mut self) -> Result<()> {
        let Some(&(id, i)) = self.ripe().choose(&mut self.rng) else {
            return self.claim();
        };
        let who = self.person();
        let (epoch, sleeve) = (u(id), u(i as u64));
        let out = self.queue(who, &IUnbondingQueue::collectCall { epoch, sleeve })?;
        if !out.ok {
            self.r.counts.note("stalls", 1);
        }
        Ok(())
    }

    /// Positions that a claim pays something, or ends.
    fn due(&self) -> Vec<(u64, Key)> {
        let mut all = Vec::new();
        for (id, e) in &self.r.b.epochs {
            for (key, p) in &e.positions {
                let mut legs = e.legs.iter().enumerate();
                let any = legs.any(|(i, leg)| {
                    leg.state != State::Waiting
                        && super::books::down(leg.recovered, p.shares, e.shares) > p.paid[i]
                });
                if any {
                    all.push((*id, *key));
                }
            }
        }
        all
    }

    fn claim(&mut self) -> Result<()> {
        let due = self.due();
        let accounts: Vec<_> = due
            .iter()
            .filter_map(|(id, key)| match key {
                Key::Account(who) => Some((*id, *who)),
                Key::Line(_) => None,
            })
            .collect();
        let legs = |id: &u64| self.r.b.epochs[id].legs.iter();
        let in_parts = accounts.iter().filter(|(id, _)| {
            legs(id).any(|leg| leg.state == State::Out && !leg.recovered.is_zero())
        });
        // Before the rest of such a leg comes.
        let in_parts: Vec<_> = in_parts.copied().collect();
        let hurried = !in_parts.is_empty() && self.chance(50);
        let some = if hurried { &in_parts } else { &accounts };
        let Some(&(id, owner)) = some.choose(&mut self.rng) else {
            return self.chore();
        };
        let legMask = if self.chance(60) {
            U256::MAX
        } else {
            u(self.rng.random_range(1..16_u64))
        };
        let others = self.r.b.operators.iter();
        let others: Vec<_> = others.filter(|(o, _)| *o == owner).copied().collect();
        let from = match others.choose(&mut self.rng) {
            Some((_, operator)) if self.chance(50) => *operator,
            _ => owner,
        };
        let recipient = self.recipient(owner);
        let call = IUnbondingQueue::claimCall {
            epoch: u(id),
            owner,
            legMask,
            recipient,
        };
        self.queue(from, &call).map(drop)
    }

    fn receipt(&mut self) -> Result<()> {
        let receipts = self.r.b.receipts_at;
        let all: Vec<(U256, Address)> = self
            .r
            .b
            .receipts
            .iter()
            .map(|(id, who)| (*id, *who))
            .collect();
        let pick = all.choose(&mut self.rng).copied();
        match (self.rng.random_range(0..10), pick) {
            (0..3, Some((tokenId, from))) => {
                let call = IBasketReceipts::transferFromCall {
                    from,
                    to: self.person(),
                    tokenId,
                };
                self.call(from, receipts, 0, &call).map(drop)
            }
            (3..7, Some(_)) => {
                let due = self.due();
                let ripe = all
                    .iter()
                    .filter(|(id, _)| due.iter().any(|(_, key)| *key == Key::Line(line(*id))));
                let ripe: Vec<_> = ripe.copied().collect();
                let Some(&(tokenId, owner)) = ripe.choose(&mut self.rng) else {
                    return self.claim();
                };
                let legMask = if self.chance(60) { U256::MAX } else { u(1_u64) };
                let call = IBasketReceipts::claimCall {
                    tokenId,
                    legMask,
                    recipient: self.recipient(owner),
                };
                self.call(owner, receipts, 0, &call).map(drop)
            }
            (7, Some((tokenId, owner))) => {
                let call = IBasketReceipts::unwrapCall { tokenId };
                self.call(owner, receipts, 0, &call).map(drop)
            }
            _ => {
                let open = &self.r.b.open;
                let closed = self.r.b.epochs.iter();
                let mut mine: Vec<(u64, Address)> = closed
                    .flat_map(|(id, e)| e.positions.keys().map(|key| (*id, *key)))
                    .filter_map(|(id, key)| match key {
                        Key::Account(who) => Some((id, who)),
                        Key::Line(_) => None,
                    })
                    .collect();
                let requests = open.requests.iter().filter(|(_, s)| !s.is_zero());
                let requests = requests.filter(|(who, _)| line_of(**who).is_none());
                mine.extend(requests.map(|(who, _)| (open.number, *who)));
                let Some(&(id, who)) = mine.choose(&mut self.rng) else {
                    return self.request();
                };
                let epoch = u(id);
                self.queue(who, &IUnbondingQueue::mintReceiptCall { epoch })
                    .map(drop)
            }
        }
    }

    fn chore(&mut self) -> Result<()> {
        let who = self.person();
        let i = self.rng.random_range(0..self.sleeves());
        let sleeve = u(i as u64);
        let core = self.r.w.at.adapters[0];
        match self.rng.random_range(0..100) {
            0..45 => {
                let out = self.basket(who, &IBasket::harvestCall { sleeve })?;
                if !out.ok {
                    self.r.counts.note("stalls", 1);
                }
                Ok(())
            }
            45..55 => self
                .basket(who, &IBasket::bookLossCall { sleeve })
                .map(drop),
            55..65 if !self.r.b.supply(self.now).eq(&self.r.b.minted) => {
                self.basket(who, &IBasket::collectFeesCall {}).map(drop)
            }
            65..78 if !self.r.b.sleeves[i].fees.is_zero() => self
                .basket(who, &IBasket::collectUnitFeesCall { sleeve })
                .map(drop),
            78..90 => self.move_stake(),
            90..97 => {
                let v = *self.r.w.at.validators.choose(&mut self.rng).expect("five");
                let call = ICoreSleeve::reconcileCall { validator: v };
                self.call(who, core, 0, &call).map(drop)
            }
            // Nothing is delegated in between: at dusk this goes through.
            _ => self
                .basket(who, &IBasket::delegateIdleCall { sleeve })
                .map(drop),
        }
    }

    /// Away from a validator that is out; sometimes from one that is not.
    fn move_stake(&mut self) -> Result<()> {
        let (who, core) = (self.person(), self.r.w.at.adapters[0]);
        let out = self.weather.out();
        let from = match out.choose(&mut self.rng) {
            Some(v) if self.chance(85) => *v,
            _ => *self.r.w.at.validators.choose(&mut self.rng).expect("five"),
        };
        if self.r.b.stake.get(&from).is_none_or(U256::is_zero) {
            return Ok(());
        }
        self.call(who, core, 0, &ICoreSleeve::moveStakeCall { from })
            .map(drop)
    }

    fn small(&mut self) -> Result<()> {
        let Some((who, all)) = self.holder() else {
            return Ok(());
        };
        let to = self.person();
        let token = self.r.b.token;
        match self.rng.random_range(0..10) {
            0..3 => {
                let value = self.part(all);
                self.call(who, token, 0, &Erc20::transferCall { to, value })
                    .map(drop)
            }
            3 => {
                let call = Erc20::approveCall {
                    spender: self.r.b.queue,
                    value: U256::MAX,
                };
                self.call(who, token, 0, &call).map(drop)
            }
            4..7 => {
                let call = IUnbondingQueue::setOperatorCall {
                    operator: to,
                    approved: self.chance(60),
                };
                self.queue(who, &call).map(drop)
            }
            _ => {
                let recipient = self.recipient(who);
                self.basket(who, &IBasket::setLegRecipientCall { recipient })
                    .map(drop)
            }
        }
    }

    fn deliver(&mut self) -> Result<()> {
        let mut all = Vec::new();
        for (i, s) in self.r.b.sleeves.iter().enumerate() {
            all.extend(s.waiting.keys().map(|owner| (*owner, i)));
        }
        let Some(&(owner, i)) = all.choose(&mut self.rng) else {
            return self.leave_in_kind();
        };
        let sleeve = u(i as u64);
        let refused = {
            let call = IBasket::deliverLegCall { owner, sleeve };
            !self.basket(owner, &call)?.ok
        };
        if refused {
            // Somewhere else then.
            self.r.counts.note("stalls", 1);
            let call = IBasket::setLegRecipientCall { recipient: owner };
            self.basket(owner, &call)?;
        }
        Ok(())
    }

    fn guard(&mut self) -> Result<()> {
        let (guardian, warden, basket) =
            (self.r.w.at.guardian, self.r.w.at.warden, self.r.b.basket);
        let part = self.rng.random_range(0..3);
        let data = if self.chance(75) {
            IGuardian::pauseCall {
                basket,
                part,
                time: u(self.rng.random_range(HOUR..2 * DAY)),
            }
            .abi_encode()
        } else {
            IGuardian::unpauseCall { basket, part }.abi_encode()
        };
        let who = self.person();
        let call = Actor::actCall {
            target: guardian,
            data: data.into(),
        };
        self.call(who, warden, 0, &call).map(drop)
    }

    // -------------------------------------------------------------------------------------------------- round trips

    /// In and out again at once, by many sizes and ways: it gains nothing.
    fn trip(&mut self) -> Result<()> {
        for _ in 0..2 {
            self.once_around()?;
        }
        Ok(())
    }

    fn once_around(&mut self) -> Result<()> {
        let who = self.person();
        let (basket, max) = (self.r.b.basket, U256::MAX);
        let had = self.r.b.of(who);
        let priced_ways = self.sound();
        let way = self.rng.random_range(0..if priced_ways { 5 } else { 2 });
        self.r.perform(Deed::Trip { who, open: true })?;
        match way {
            0 => {
                let size = self.size(COIN);
                self.in_kind(who, size)?;
            }
            1 if self.now % DAY < 23 * HOUR && !had.is_zero() => {
                let most = u128::try_from(had).unwrap_or(u128::MAX);
                let shares = u(self.size(most.min(COIN)));
                let call = IUnbondingQueue::requestRedeemCall {
                    shares,
                    controller: who,
                    owner: who,
                };
                if self.queue(who, &call)?.ok {
                    let call = IUnbondingQueue::cancelCall {
                        epoch: u(self.r.b.open.number),
                        shares,
                        controller: who,
                        receiver: who,
                    };
                    self.queue(who, &call)?;
                }
            }
            1 => {
                let size = self.size(1_000_000);
                self.in_kind(who, size)?;
            }
            2 if !had.is_zero() => {
                // Out at once, and back in with the coins.
                let most = u128::try_from(had).unwrap_or(u128::MAX).min(COIN / 2);
                let shares = u(self.size(most));
                let call = IBasket::redeemInstantCall {
                    shares,
                    minOut: U256::ZERO,
                    receiver: who,
                    deadline: max,
                };
                let out = self.basket(who, &call)?;
                if out.ok {
                    let units = IBasket::redeemInstantCall::abi_decode_returns(&out.output)?;
                    let coins = u128::try_from(units).expect("coins");
                    let call = IBasket::depositCall {
                        sleeve: U256::ZERO,
                        units,
                        receiver: who,
                        minShares: U256::ZERO,
                        deadline: max,
                    };
                    if !self.call(who, basket, coins, &call)?.ok {
                        // The coins stay: that is no round trip.
                        return Ok(());
                    }
                }
            }
            _ => {
                let i = self.rng.random_range(0..3_usize);
                let units = self.size(if i < 2 { COIN } else { BTC / 100 });
                let call = IBasket::depositCall {
                    sleeve: u(i as u64),
                    units: u(units),
                    receiver: who,
                    minShares: U256::ZERO,
                    deadline: max,
                };
                let coins = if i == 0 { units } else { 0 };
                self.call(who, basket, coins, &call)?;
            }
        }
        let more = self.r.b.of(who).saturating_sub(had);
        if !more.is_zero() {
            let instant = priced_ways && self.chance(40) && {
                let call = IBasket::redeemInstantCall {
                    shares: more,
                    minOut: U256::ZERO,
                    receiver: who,
                    deadline: max,
                };
                self.basket(who, &call)?.ok
            };
            if !instant {
                let call = IBasket::redeemInKindCall {
                    shares: more,
                    recipient: who,
                };
                self.basket(who, &call)?;
            }
        }
        self.r.perform(Deed::Trip { who, open: false }).map(drop)
    }

    // ----------------------------------------------------------------------------------------------------- auctions

    /// Somebody pushes the weights apart, two readings see it, and an auction is held.
    fn auction(&mut self) -> Result<()> {
        if !self.sound() {
            return self.recover();
        }
        let who = self.person();
        let i = self.rng.random_range(0..3_usize);
        let price = self.r.outside().prices[i].mid();
        let nav: U256 = {
            let o = self.r.outside();
            let all = self.r.b.sleeves.iter().zip(&o.prices);
            all.map(|(s, p)| s.own_units() * p.mid() / ONE).sum()
        };
        // A quarter of the basket, as far as its owner has it.
        let units = nav / u(4_u64) * ONE / price;
        let token = self.r.b.sleeves[i].token;
        let units = units.min(self.r.w.token_balance(token, who) / u(2_u64));
        let coins = u128::try_from(units).unwrap_or(0);
        let call = IBasket::depositCall {
            sleeve: u(i as u64),
            units,
            receiver: who,
            minShares: U256::ZERO,
            deadline: U256::MAX,
        };
        let value = if i == 0 { coins } else { 0 };
        self.call(who, self.r.b.basket, value, &call)?;
        if self.now >= self.noted + HOUR {
            self.basket(who, &IBasket::noteDriftCall {})?;
            self.noted = self.now;
        }
        let wait = self.rng.random_range(HOUR + 1..2 * HOUR);
        self.pass(wait)?;
        let o = self.r.outside();
        let worth: Vec<U256> = {
            let all = self.r.b.sleeves.iter().zip(&o.prices);
            all.map(|(s, p)| s.own_units() * p.mid() / ONE).collect()
        };
        let nav: U256 = worth.iter().sum();
        let off = |k: usize| {
            let target = nav * u(self.r.b.sleeves[k].target) / u(10_000_u64);
            (
                worth[k] > target * u(11_u64) / u(10_u64),
                worth[k] < target * u(9_u64) / u(10_u64),
            )
        };
        let n = self.sleeves();
        let over: Vec<usize> = (0..n).filter(|k| off(*k).0).collect();
        let under: Vec<usize> = (0..n).filter(|k| off(*k).1).collect();
        let (Some(&from), Some(&to)) = (over.choose(&mut self.rng), under.choose(&mut self.rng))
        else {
            return Ok(());
        };
        let call = IBasket::startAuctionCall {
            from: u(from as u64),
            to: u(to as u64),
        };
        if !self.basket(who, &call)?.ok {
            return Ok(());
        }
        self.r.counts.note("auctions started", 1);
        for _ in 0..self.rng.random_range(1..6) {
            let wait = self.rng.random_range(60..4_000);
            self.pass(wait)?;
            if !self.sound() {
                continue;
            }
            let bidder = self.person();
            let left = self.r.b.auction.left;
            if left.is_zero() {
                break;
            }
            let mut units = self.part(left);
            if from == 0 {
                let most = self
                    .r
                    .w
                    .c
                    .view(self.r.b.basket, &IBasket::maxInstantCall {});
                units = units.min(most).max(u(1_u64));
            }
            let call = IBasket::bidCall {
                id: self.r.b.auction.id,
                units,
                maxPay: U256::MAX,
                recipient: self.recipient(bidder),
                deadline: U256::MAX,
            };
            let coins = if to == 0 { 20_000 * COIN } else { 0 };
            let coins = coins.min(u128::try_from(self.r.w.c.balance(bidder)).unwrap_or(0));
            self.call(bidder, self.r.b.basket, coins, &call)?;
        }
        if self.chance(60) && !self.r.b.auction.left.is_zero() {
            self.pass(4 * HOUR + 1)?;
            let id = self.r.b.auction.id;
            self.basket(who, &IBasket::endAuctionCall { id })?;
        }
        Ok(())
    }

    /// An impairment ends by itself: it has to be watched for a day.
    fn recover(&mut self) -> Result<()> {
        let (feed, asset) = (self.r.w.at.feed, self.r.w.at.st);
        let state = |h: &mut Self| {
            let said = h.r.w.c.view(feed, &IPriceFeed::quoteCall { asset });
            said.state
        };
        if state(self) != 2 {
            return self.observe();
        }
        for _ in 0..16 {
            let who = self.person();
            self.call(who, feed, 0, &IPriceFeed::observeCall { asset })?;
            self.pass(6_600)?;
            self.duties()?;
        }
        if state(self) != 2 {
            self.r.counts.note("recoveries from an impairment", 1);
        }
        Ok(())
    }

    // --------------------------------------------------------------------------------------------------- governance

    fn propose(&mut self, target: Address, payload: Vec<u8>, refused: bool) -> Result<()> {
        let (timelock, governor) = (self.r.w.at.timelock, self.r.w.at.governor);
        let delay = self
            .r
            .w
            .c
            .view(timelock, &TimelockController::getMinDelayCall {});
        self.salts += 1;
        let salt = B256::from(u(self.salts));
        let call = TimelockController::scheduleCall {
            target,
            value: U256::ZERO,
            data: payload.clone().into(),
            predecessor: B256::ZERO,
            salt,
            delay,
        };
        let out = self.call(governor, timelock, 0, &call)?;
        eyre::ensure!(out.ok, "the run's own proposal: {}", out.output);
        self.plans.push(Plan {
            target,
            payload,
            salt,
            ready: self.now + super::books::number(delay),
            refused,
        });
        Ok(())
    }

    fn execute(&mut self) -> Result<()> {
        let Some(k) = self.plans.iter().position(|p| p.ready <= self.now) else {
            return Ok(());
        };
        let plan = self.plans.remove(k);
        let who = self.person();
        let call = TimelockController::executeCall {
            target: plan.target,
            value: U256::ZERO,
            payload: plan.payload.into(),
            predecessor: B256::ZERO,
            salt: plan.salt,
        };
        let out = self.call(who, self.r.w.at.timelock, 0, &call)?;
        if plan.refused {
            eyre::ensure!(!out.ok, "7: a sleeve slower than the delay was added");
            self.r.counts.note("slower sleeves refused", 1);
        }
        Ok(())
    }

    fn plan(&mut self) -> Result<()> {
        let at = self.r.w.at.clone();
        let n = self.sleeves();
        let i = self.rng.random_range(0..n);
        let sleeve = u(i as u64);
        let payload = match self.rng.random_range(0..16) {
            0 | 1 => IBasket::setFeesCall {
                entryBps: self.rng.random_range(5..=60),
                instantBps: self.rng.random_range(0..=60),
                managementBps: self.rng.random_range(0..=200),
                performanceBps: self.rng.random_range(0..=2_000),
            }
            .abi_encode(),
            2 => {
                let most = if i < 2 { 1_000_000 * COIN } else { 1_000 * BTC };
                IBasket::setCapsCall {
                    sleeve,
                    cap: u(most),
                    limit: u(most / self.rng.random_range(1..200)),
                    bandBps: self.rng.random_range(3_000..=5_000),
                }
                .abi_encode()
            }
            3 => {
                let mut targets = vec![0; n];
                targets[..3].copy_from_slice(&[4_800, 3_000, 2_200]);
                let open = |k: &usize| !self.r.b.sleeves[*k].retired;
                if let Some(k) = (3..n).find(open)
                    && self.rng.random_range(0..3) > 0
                {
                    (targets[2], targets[k]) = (1_200, 1_000);
                }
                let targetBps = targets;
                IBasket::setWeightsCall { targetBps }.abi_encode()
            }
            4 => IBasket::setIdleCall {
                floor: u(self.rng.random_range(2..10) * COIN),
                buffer: u(self.rng.random_range(5..60) * COIN),
            }
            .abi_encode(),
            5 => IBasket::setShareCapCall {
                shares: u(1_000_000_000 * COIN),
            }
            .abi_encode(),
            6 => IBasket::setDriftBpsCall {
                bps: self.rng.random_range(500..=1_000),
            }
            .abi_encode(),
            7 => IBasket::setFeeRecipientCall { recipient: at.fees }.abi_encode(),
            8 => IBasket::setGuardianCall {
                guardian: at.guardian,
            }
            .abi_encode(),
            9 => IBasket::setFeedCall { feed: at.feed }.abi_encode(),
            10 => {
                let mut weights = vec![3, 2, 2, 1, 1];
                weights[self.rng.random_range(0..5)] = self.rng.random_range(0..5);
                let call = ICoreSleeve::setValidatorsCall {
                    validators: at.validators.to_vec(),
                    weights,
                };
                return self.propose(at.adapters[0], call.abi_encode(), false);
            }
            11 => {
                let call = IGuardian::appointCall {
                    holder: at.warden,
                    until: u(self.now + 300 * DAY),
                };
                return self.propose(at.guardian, call.abi_encode(), false);
            }
            12 => {
                // Slower than the delay by far.
                let args = (at.basket, at.st, at.earn, u(60 * DAY), U256::ZERO);
                return self.add("StCoreSleeve", &args.abi_encode_params(), true);
            }
            13 | 14 if self.added < 3 => {
                self.added += 1;
                if self.added == 1 {
                    let list = self.r.w.listing_of_btc(at.wbtc);
                    self.propose(at.feed, list.abi_encode(), false)?;
                }
                let args = (at.basket, at.wbtc);
                return self.add("HeldSleeve", &args.abi_encode_params(), false);
            }
            _ => {
                let empty = self.r.b.sleeves.iter().skip(3);
                let Some(k) = empty
                    .clone()
                    .position(|s| s.parts.is_zero() && !s.retired && s.target == 0)
                else {
                    return Ok(());
                };
                let sleeve = u(3 + k as u64);
                IBasket::retireSleeveCall { sleeve }.abi_encode()
            }
        };
        self.propose(at.basket, payload, false)
    }

    fn add(&mut self, name: &'static str, args: &[u8], refused: bool) -> Result<()> {
        let made = self.r.perform(Deed::Deploy {
            name,
            args: args.to_vec().into(),
        })?;
        let sleeve = Address::from_slice(&made.output[12..]);
        let most = 1_000 * BTC;
        let call = IBasket::addSleeveCall {
            params: IBasketTypes::SleeveParams {
                sleeve,
                cap: u(most),
                limit: u(most),
                targetBps: 0,
                bandBps: 2_000,
            },
        };
        self.propose(self.r.b.basket, call.abi_encode(), refused)
    }

    /// The world of this history.
    fn world(&mut self) -> &mut World {
        &mut self.r.w
    }
}
