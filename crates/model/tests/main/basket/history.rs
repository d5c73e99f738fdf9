//! The promises over random histories of the whole basket: every call is looked at, exactly.

use super::{
    tools::{Dice, Ratio, big},
    world::*,
};
use omnibus_model::{
    Address, Bps, DAY, Price, Timestamp,
    basket::{
        Asset, BatchId, Call, Error, Event, GovernanceCall, Kind, LegState, Outcome, OutsideCall,
        Owner, Power, Setting, Shares, SleeveId, State, Throttle, Units, apply,
    },
};
use ruint::aliases::U256;
use std::collections::BTreeMap;

const PEOPLE: [Address; 4] = [ALICE, BOB, CAROL, FEES];
const STEPS: usize = 450;
const HISTORIES: u64 = 250;

/// What the outside has put in and taken out, by asset: the model's accounts have to add up to it.
#[derive(Default)]
struct Total(BTreeMap<Asset, (U256, U256)>);

struct History {
    w: World,
    dice: Dice,
    /// Losses charged by auctions: when, and the fraction of NAV, exactly.
    losses: Vec<(u64, U256, U256)>,
    total: Total,
    done: BTreeMap<&'static str, u64>,
    calls: u64,
}

fn sum(state: &State, asset: Asset) -> U256 {
    let all = state.outside.holdings.iter();
    all.filter(|((_, held), _)| *held == asset)
        .fold(U256::ZERO, |sum, (_, amount)| sum + amount.raw())
}

/// Effective supply after a streaming fee of `bps` a year for `seconds`: `T + floor(T*x / (1 - x))`.
fn accrued(state: &State, now: Timestamp) -> U256 {
    let t = state.minted.raw() + state.fee_shares.raw();
    let part = state.fees.management.raw() * U256::from(now.since(state.fees_at));
    let whole = U256::from(10_000_u64 * 365 * DAY);
    t + t * part / (whole - part)
}

/// Value of one share at some prices (wei for 1e18 units); with what is locked, or without.
fn value_per_share(state: &State, prices: &[Price], supply: U256, locked: bool) -> Ratio {
    let mut value = Ratio::zero();
    for (sleeve, price) in state.sleeves.iter().zip(prices) {
        let book = sleeve.book;
        if book.parts.is_zero() {
            continue;
        }
        let mut units = book.units.raw();
        if locked {
            units += sleeve.locked.raw();
        }
        let over = big(units) * big(book.basket.raw()) * big(price.raw());
        value = value.plus(Ratio::new(over, big(book.parts.raw())));
    }
    value.per(supply)
}

impl History {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut w = match dice.below(4) {
            0 => World::core_only(),
            1 => World::core_and_stcore(),
            _ => World::full(),
        };
        // Odd ratios from the start: 1,000,003 parts and so on come of rewards and losses below.
        w.s.fees.management = Bps::new(dice.small(201));
        w.s.fees.instant = Bps::new(dice.pick(&[0, 0, 10]));
        for sleeve in &mut w.s.sleeves {
            sleeve.performance = Bps::new(dice.pick(&[0, 1_000, 2_000]));
            sleeve.limits.band = Bps::new(dice.pick(&[300, 10_000, 10_000]));
        }
        if dice.chance(60) && w.s.sleeves.len() == 4 {
            // Off target from the start: auctions have something to do.
            for (sleeve, target) in w.s.sleeves.iter_mut().zip([2_500, 3_000, 2_500, 2_000]) {
                sleeve.limits.target = Bps::new(target);
            }
            w.s.terms.duration = DAY;
        }
        w.s.buffer = whole(dice.below(50));
        let (bob, carol) = (
            w.s.balance(ALICE).raw() / word(4),
            w.s.balance(ALICE).raw() / word(5),
        );
        w.give(BOB, Shares::new(bob));
        w.give(CAROL, Shares::new(carol));
        let mut total = Total::default();
        for asset in [Asset::Core, STCORE, BTC, LST] {
            total.0.insert(asset, (sum(&w.s, asset), U256::ZERO));
        }
        Self {
            w,
            dice,
            losses: Vec::new(),
            total,
            done: BTreeMap::new(),
            calls: 0,
        }
    }

    fn id(&mut self) -> SleeveId {
        SleeveId(self.dice.index(self.w.s.sleeves.len()))
    }

    /// From a wei to more than there is.
    fn amount(&mut self, of: U256) -> U256 {
        let most: u128 = of.try_into().unwrap_or(u128::MAX / 2);
        let (part, tiny) = (self.dice.below(most / 8 + 2), self.dice.range(1, 2_000_000));
        let all = most + self.dice.below(2);
        word(self.dice.pick(&[1, 2, 3, tiny, part, part, part, all]))
    }

    /// One call, looked at from all sides.
    fn play(&mut self, name: &'static str, who: Address, call: Call) -> Option<Outcome> {
        let before = self.w.s.clone();
        let now = self.w.at();
        self.calls += 1;
        let out = match self.w.call(who, call.clone()) {
            Ok(out) => out,
            Err(error) => {
                // `Arithmetic` is no answer: every refusal names its reason.
                assert_ne!(error, Error::Arithmetic, "{call:?}");
                assert_eq!(before, self.w.s, "{call:?}");
                return None;
            }
        };
        *self.done.entry(name).or_default() += 1;
        self.book(&call, &out);
        self.books_hold(&out);
        if matches!(call, Call::MintInKind { .. }) {
            self.locked_stands(&before);
        }
        match &call {
            Call::Outside(_) | Call::Execute { .. } | Call::Transfer { .. } => {}
            Call::Deposit { .. } | Call::InstantExit { .. } => self.in_box(&before, now, &call),
            Call::Bid { .. } => self.within_budget(&before, &out),
            _ => self.not_lower(&before, now, &call, &out),
        }
        Some(out)
    }

    /// Conservation: what came from outside, what went there.
    fn book(&mut self, call: &Call, out: &Outcome) {
        let mut comes = |asset: Asset, amount: U256| {
            self.total.0.entry(asset).or_default().0 += amount;
        };
        // A reward is what came now, and what somebody gave before: that came with the gift.
        let mut rewards = U256::ZERO;
        for event in &out.events {
            match event {
                Event::Harvested { reward, .. } => rewards += reward.raw(),
                Event::LegCollected { recovered, .. } => comes(Asset::Core, recovered.raw()),
                _ => {}
            }
        }
        if let Call::Outside(OutsideCall::Give { asset, units, .. }) = call {
            comes(*asset, units.raw());
        }
        // Losses and what Earn burned: what is missing now is what went then; it never comes back.
        for (asset, (came, went)) in &mut self.total.0 {
            let there = sum(&self.w.s, *asset);
            let more = there.saturating_sub(*came - *went);
            if *asset == Asset::Core {
                assert!(more <= rewards, "{more} of {rewards} came: {call:?}");
                *came += more;
            }
            let missing = came.checked_sub(there).expect("nothing comes of nothing");
            assert!(missing >= *went, "{asset:?} came from nowhere");
            if missing > *went {
                let lost = matches!(call, Call::Outside(OutsideCall::Lose { .. }));
                let redeemed = *asset == STCORE && matches!(call, Call::StartLeg { .. });
                assert!(lost || redeemed, "{asset:?} vanished: {call:?}");
                *went = missing;
            }
        }
    }

    /// Promises 1 and 2, after every call.
    fn books_hold(&self, out: &Outcome) {
        let s = &self.w.s;
        let mut owed: BTreeMap<Asset, U256> = BTreeMap::new();
        for (i, sleeve) in s.sleeves.iter().enumerate() {
            let id = SleeveId(i);
            let waiting = s
                .batches
                .values()
                .filter_map(|batch| batch.legs.get(i))
                .fold(U256::ZERO, |sum, leg| sum + leg.parts.raw());
            assert_eq!(
                sleeve.book.parts.raw(),
                sleeve.book.basket.raw() + waiting,
                "promise 1 of {id:?}"
            );
            // An unseen loss may be there until the next call to the basket, and while nobody can see it.
            let unseen = out.events.is_empty() || s.outside.stalled.contains(&id);
            let held = s.held(id).unwrap();
            assert!(unseen || sleeve.book.units <= held, "promise 1 of {id:?}");
        }
        for (id, batch) in &s.batches {
            for (i, leg) in batch.legs.iter().enumerate() {
                assert!(leg.claimed <= leg.recovered, "promise 2 of {id:?}");
                let due = batch.positions.iter().fold(U256::ZERO, |sum, (who, _)| {
                    let due = s.claimable(*id, *who, SleeveId(i)).unwrap();
                    sum + due.raw()
                });
                let left = leg.recovered.raw() - leg.claimed.raw();
                assert!(due <= left, "promise 2 of {id:?}");
                *owed.entry(leg.asset).or_default() += left;
            }
        }
        for (asset, owed) in owed {
            let held = s.outside.held(s.places.basket, asset).raw();
            assert!(held >= owed, "{asset:?}: {held} of {owed}");
        }
        let balances = s.balances.values().fold(U256::ZERO, |sum, b| sum + b.raw());
        assert_eq!(balances, s.minted.raw());
        assert_eq!(s.balance(s.places.basket), s.open.shares);
    }

    /// Promise 3: parts per share, fees aside, and units per part, losses aside.
    fn not_lower(&self, before: &State, now: Timestamp, call: &Call, out: &Outcome) {
        let after = &self.w.s;
        let (supply, supply_after) = (accrued(before, now), after.supply().unwrap().raw());
        for (i, (a, b)) in before.sleeves.iter().zip(&after.sleeves).enumerate() {
            let id = SleeveId(i);
            let charged = out.events.iter().any(|event| {
                matches!(event, Event::Harvested { sleeve, fee, .. } if *sleeve == id && !fee.is_zero())
            });
            if !(charged && a.kind != Kind::Core) {
                assert!(
                    Ratio::of(b.book.basket.raw(), supply_after)
                        >= Ratio::of(a.book.basket.raw(), supply),
                    "promise 3, parts per share of {id:?}: {call:?}"
                );
            }
            let lost = out
                .events
                .iter()
                .any(|event| matches!(event, Event::LossBooked { sleeve, .. } if *sleeve == id));
            if !lost && !a.book.parts.is_zero() && !b.book.parts.is_zero() {
                assert!(
                    Ratio::of(b.book.units.raw(), b.book.parts.raw())
                        >= Ratio::of(a.book.units.raw(), a.book.parts.raw()),
                    "promise 3, units per part of {id:?}: {call:?}"
                );
            }
        }
    }

    /// Whoever mints in kind takes nothing of what is locked for those who were there. (The driver has harvested
    /// before.)
    fn locked_stands(&self, before: &State) {
        for (a, b) in before.sleeves.iter().zip(&self.w.s.sleeves) {
            if a.harvested == b.harvested && !a.book.units.is_zero() {
                assert!(
                    Ratio::of(b.locked.raw(), b.book.parts.raw())
                        >= Ratio::of(a.locked.raw(), a.book.parts.raw()),
                    "locked per part"
                );
            }
        }
    }

    /// Promise 4: for corners of the box and points inside. The driver has harvested and accrued just before.
    fn in_box(&mut self, before: &State, now: Timestamp, call: &Call) {
        let nav = before.nav(now).unwrap();
        let (t0, t1) = (accrued(before, now), self.w.s.supply().unwrap().raw());
        // NAV low does not know what is locked. Parts sold at once leave their claim on it to all parts that stay, those
        // of waiting legs among them: then the basket's own claim may fall, and nobody who leaves is paid for it.
        let shifts = matches!(call, Call::InstantExit { .. })
            && before
                .sleeves
                .iter()
                .any(|sleeve| !sleeve.locked.is_zero() && !sleeve.book.waiting().is_zero());
        for _ in 0..4 {
            let prices: Vec<Price> = nav
                .quotes
                .iter()
                .map(|quote| {
                    let Some(quote) = quote else {
                        return Price::ZERO;
                    };
                    let width = quote.high.raw() - quote.low.raw() + word(1);
                    let inside = quote.low.raw() + word(self.dice.below(u128::MAX)) % width;
                    let corners = [quote.low.raw(), quote.high.raw(), inside];
                    Price::new(self.dice.pick(&corners))
                })
                .collect();
            for locked in [false, true].into_iter().take(if shifts { 1 } else { 2 }) {
                assert!(
                    value_per_share(&self.w.s, &prices, t1, locked)
                        >= value_per_share(before, &prices, t0, locked),
                    "promise 4: {call:?}"
                );
            }
        }
    }

    /// Promise 4, auctions: at mid no more is lost than is charged, and no 30 days are charged more than 0.5 %.
    fn within_budget(&mut self, before: &State, out: &Outcome) {
        let now = self.w.at();
        let nav = before.nav(now).unwrap();
        let twice: Vec<Price> = nav
            .quotes
            .iter()
            .map(|quote| quote.map_or(Price::ZERO, |q| Price::new(q.low.raw() + q.high.raw())))
            .collect();
        let charged = out.events.iter().find_map(|event| match event {
            Event::AuctionBid { loss, .. } => Some(loss.raw()),
            _ => None,
        });
        let loss = charged.unwrap();
        let supply = before.supply().unwrap().raw();
        // Doubled prices in wei for 1e18 units: the loss counts 2e18 times.
        let paid = Ratio::of(loss * word(2 * E), U256::from(1)).per(supply);
        assert!(
            value_per_share(&self.w.s, &twice, supply, false).plus(paid)
                >= value_per_share(before, &twice, supply, false),
            "an auction loses more than it charges"
        );
        let mid = (nav.low.raw() + nav.high.raw()) / word(2);
        self.losses.push((self.w.now, loss, mid));
        let window = self
            .losses
            .iter()
            .filter(|(at, ..)| at + 30 * DAY > self.w.now);
        let spent = window.fold(Ratio::zero(), |sum, (_, loss, nav)| {
            sum.plus(Ratio::of(*loss, *nav))
        });
        assert!(spent <= Ratio::of(word(5), word(1_000)), "budget");
    }

    /// Promise 5: whoever has shares can leave in kind now, whatever is paused, stalled or in doubt.
    fn anybody_can_leave(&self) {
        for who in PEOPLE {
            let mine = self.w.s.balance(who);
            if !mine.is_zero() {
                let mut trial = self.w.s.clone();
                let call = exit_in_kind(who, mine);
                apply(&mut trial, who, self.w.at(), &call).expect("promise 5");
                assert_eq!(trial.balance(who), Shares::ZERO);
            }
        }
    }

    /// Time passes; a round may turn.
    fn pass(&mut self) {
        let hours = self.dice.pick(&[1, 2, 5, 11, 24, 24 * 3]) * HOUR;
        let dt = self.dice.pick(&[0, 1, 60, 900, 2_000, HOUR, hours, hours]);
        let turns = (self.w.now + dt) / DAY > self.w.now / DAY;
        if turns {
            self.w.now = (self.w.now + dt) / DAY * DAY + self.dice.small(30);
            let round = self.w.now / DAY;
            let rates = [V1, V2, V3].map(|v| (v, word(self.dice.below(4 * E / 10_000))));
            let rates = rates.to_vec();
            self.play(
                "turn",
                KEEPER,
                Call::Outside(OutsideCall::TurnRound { round, rates }),
            );
        } else {
            self.w.wait(dt);
        }
        if self.dice.chance(if turns { 85 } else { 5 }) {
            let rate = self.w.s.outside.earn.rate;
            let more = rate * word(self.dice.below(4)) / word(10_000);
            let fell = rate * word(994) / word(1_000);
            let rate = if self.dice.chance(1) {
                fell
            } else {
                rate + more
            };
            let rate = rate.clamp(word(1_000_000), word(1_900_000));
            self.play(
                "earn",
                KEEPER,
                Call::Outside(OutsideCall::EarnTurn { rate }),
            );
        }
        self.prices();
    }

    fn prices(&mut self) {
        for id in self.w.s.ids().collect::<Vec<_>>() {
            match self.w.s.sleeves[id.0].kind {
                Kind::Held if self.dice.chance(60) => {
                    let core = self.dice.range(98_000, 102_000);
                    let far = self.dice.pick(&[3_000, 3_000, 20_000]);
                    let gap = if self.dice.chance(4) { far } else { 0 };
                    let silent = self.dice.chance(1);
                    for source in 0..2 {
                        let apart = core + self.dice.below(100) + gap * source as u128;
                        let price = Some(btc_price(apart)).filter(|_| !silent);
                        let at = Timestamp::new(self.w.now - self.dice.small(60));
                        let post = OutsideCall::Post {
                            sleeve: id,
                            source,
                            price,
                            at,
                        };
                        self.play("post", KEEPER, Call::Outside(post));
                    }
                }
                Kind::Rate if self.dice.chance(20) => {
                    let now = self.w.s.outside.rates[&id].raw();
                    let rate = Price::new(now + now * word(self.dice.below(3)) / word(10_000));
                    let set = OutsideCall::SetRate { sleeve: id, rate };
                    self.play("rate", KEEPER, Call::Outside(set));
                }
                _ => {}
            }
        }
    }

    /// What a priced call would do by itself, so that what it does beside is seen alone.
    fn settle(&mut self) {
        self.play("harvest", KEEPER, Call::Harvest);
        self.play("fees", KEEPER, Call::MintFees);
        self.play("observe", KEEPER, Call::Observe);
    }

    fn batch(&mut self) -> Option<BatchId> {
        let ids: Vec<BatchId> = self.w.s.batches.keys().copied().collect();
        (!ids.is_empty()).then(|| self.dice.pick(&ids))
    }

    fn in_and_out(&mut self) {
        let who = self.dice.pick(&PEOPLE);
        let mine = self.w.s.balance(who).raw();
        let some = Shares::new(self.amount(mine));
        match self.dice.below(10) {
            0..2 => {
                self.settle();
                let call = self.w.mint(some);
                self.play("mint", who, call);
            }
            2..4 => {
                self.settle();
                let id = self.id();
                let asset = self.w.s.sleeves[id.0].asset;
                let held = self.w.held(who, asset).raw() / word(50);
                let amount = Units::new(self.amount(held));
                let call = self.w.deposit(id, amount);
                self.play("deposit", who, call);
            }
            4..5 => {
                self.settle();
                let call = self.w.instant(who, some);
                self.play("instant", who, call);
            }
            5..6 => {
                let to = self.dice.pick(&PEOPLE);
                let call = Call::ExitInKind {
                    shares: some,
                    recipient: to,
                };
                self.play("in kind", who, call);
            }
            6..8 => {
                let call = self.w.request(who, some);
                self.play("request", who, call);
            }
            8..9 => {
                self.play("cancel", who, Call::CancelRedeem { controller: who });
            }
            _ => {
                let to = self.dice.pick(&PEOPLE);
                self.play("transfer", who, Call::Transfer { to, shares: some });
            }
        }
    }

    fn queue(&mut self) {
        self.play("close", KEEPER, Call::CloseEpoch);
        let (Some(batch), sleeve) = (self.batch(), self.id()) else {
            return;
        };
        match batch {
            BatchId::Epoch(epoch) => {
                match self.dice.below(3) {
                    0 => self.play("start", KEEPER, Call::StartLeg { epoch, sleeve }),
                    1 => self.play("collect", KEEPER, Call::Collect { epoch, sleeve }),
                    _ => {
                        let owners: Vec<Owner> =
                            self.w.s.batches[&batch].positions.keys().copied().collect();
                        let Some(owner) = (!owners.is_empty()).then(|| self.dice.pick(&owners))
                        else {
                            return;
                        };
                        let who = match owner {
                            Owner::Account(who) => who,
                            Owner::Receipt(receipt) => self.w.s.receipts[&receipt],
                        };
                        if self.dice.chance(10) {
                            self.play("receipt", who, Call::MintReceipt { epoch });
                            return;
                        }
                        if let (Owner::Receipt(receipt), true) = (owner, self.dice.chance(30)) {
                            let to = self.dice.pick(&PEOPLE);
                            self.play("sold", who, Call::MoveReceipt { receipt, to });
                            return;
                        }
                        let mask = self.dice.pick(&[ALL, 1, 2, 4, 8]);
                        let call = Call::Claim {
                            epoch,
                            owner,
                            mask,
                            recipient: self.dice.pick(&PEOPLE),
                        };
                        self.play("claim", who, call)
                    }
                };
            }
            BatchId::Exit(exit) => {
                let recipient = self.dice.pick(&PEOPLE);
                if self.dice.chance(20)
                    && let Some(Owner::Account(who)) =
                        self.w.s.batches[&batch].positions.keys().next().copied()
                {
                    self.play("renamed", who, Call::SetRecipient { exit, recipient });
                }
                self.play("retry", KEEPER, Call::Retry { exit, sleeve });
            }
        }
    }

    fn chores(&mut self) {
        let auction = self.w.s.auction.is_some() && self.dice.chance(50);
        match if auction { 6 } else { self.dice.below(7) } {
            0 => {
                self.play("harvest", KEEPER, Call::Harvest);
            }
            1 => {
                // Dusk is an hour of 24: go there, unless that would skip a turn.
                if self.dice.chance(50) && self.w.now % DAY < DAY - HOUR {
                    self.w.dusk();
                }
                self.play("delegate", KEEPER, Call::DelegateIdle);
            }
            2 => {
                let account = self.w.s.sleeves[0].account;
                let to = self.dice.pick(&[V1, V2, V3]);
                let stakes = self.w.s.outside.agent.of(account);
                if stakes.is_empty() {
                    return;
                }
                let from = self.dice.pick(&stakes).0;
                let there = self.w.s.outside.agent.delegation(account, from).total;
                let units = self.dice.pick(&[there, whole(3)]);
                self.play("move", KEEPER, Call::MoveStake { from, to, units });
            }
            3 => {
                let sleeve = self.id();
                self.play("skim", KEEPER, Call::Skim { sleeve });
                self.play("pay fees", KEEPER, Call::PayFees { sleeve });
            }
            4..6 => {
                let (sell, buy) = (self.id(), self.id());
                self.play("observe", KEEPER, Call::Observe);
                self.play("auction", KEEPER, Call::StartAuction { sell, buy });
            }
            _ => {
                self.settle();
                let Some(auction) = self.w.s.auction else {
                    return;
                };
                let units = Units::new(self.amount(auction.left.raw()));
                let max_pay = Units::MAX;
                let who = self.dice.pick(&PEOPLE);
                self.play("bid", who, Call::Bid { units, max_pay });
            }
        }
    }

    fn govern(&mut self) {
        let sleeve = self.id();
        let call = match self.dice.below(8) {
            0 => GovernanceCall::OpenSleeve {
                sleeve,
                on: self.dice.chance(80),
            },
            1 => GovernanceCall::RetireSleeve { sleeve },
            2 => GovernanceCall::Set(Setting::ManagementFee, self.dice.small(250)),
            3 => GovernanceCall::Set(Setting::EntryFee, self.dice.small(20)),
            4 => GovernanceCall::SetPerformance {
                sleeve,
                fee: Bps::new(self.dice.small(2_500)),
            },
            5 => GovernanceCall::SetThrottle {
                sleeve,
                throttle: Throttle::new(whole(self.dice.range(1, 1_000_000))),
            },
            6 => GovernanceCall::SetBuffer(whole(self.dice.below(100))),
            _ => GovernanceCall::SetValidators(vec![(V2, 1), (V3, self.dice.small(3))]),
        };
        let delay = self.dice.pick(&[HOUR, 9 * DAY, 20 * DAY]);
        self.play("schedule", GOVERNOR, Call::Schedule { call, delay });
        let id = self.dice.small(self.w.s.governance.next + 1);
        self.play("execute", KEEPER, Call::Execute { id });
    }

    fn mishap(&mut self) {
        let sleeve = self.id();
        let held = self.w.s.sleeves[sleeve.0].book.units.raw();
        let call = match self.dice.below(11) {
            0..2 => OutsideCall::Stall {
                sleeve,
                on: self.dice.chance(40),
            },
            2 => OutsideCall::Lose {
                sleeve,
                units: Units::new(
                    held * word(self.dice.pick(&[1, 50, 500, 500, 3_000, 9_990])) / word(10_000),
                ),
            },
            3 => OutsideCall::TicketLoss {
                account: self.dice.small(4),
                kept: Bps::new(self.dice.pick(&[0, 9_000, 9_990])),
            },
            4 => OutsideCall::EarnPause(self.dice.chance(30)),
            5 => OutsideCall::EarnLock(self.dice.pick(&[DAY, 7 * DAY, 7 * DAY, 30 * DAY])),
            6 => {
                let some = whole(self.dice.below(5_000));
                let funds = self.dice.pick(&[None, None, Some(some)]);
                OutsideCall::EarnFunds(funds)
            }
            7 => OutsideCall::Refuse {
                who: self.dice.pick(&PEOPLE),
                asset: self.dice.pick(&[Asset::Core, BTC, STCORE]),
                on: self.dice.chance(30),
            },
            8 => OutsideCall::SetCandidate {
                candidate: self.dice.pick(&[V1, V2, V3]),
                open: self.dice.chance(70),
            },
            9 => {
                let power = self
                    .dice
                    .pick(&[Power::Mint, Power::Instant, Power::Auction]);
                let seconds = self.dice.pick(&[HOUR, 2 * DAY, 8 * DAY]);
                self.play("pause", GUARDIAN, Call::Pause { power, seconds });
                return;
            }
            _ => {
                // A donation to a sleeve or to the basket itself.
                let to = self
                    .dice
                    .pick(&[self.w.s.sleeves[sleeve.0].account, self.w.s.places.basket]);
                let asset = self.w.s.sleeves[sleeve.0].asset;
                let units = Units::of(self.dice.range(1, 1_000_000_000));
                OutsideCall::Give { to, asset, units }
            }
        };
        self.play("mishap", KEEPER, Call::Outside(call));
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..34 => self.in_and_out(),
            34..54 => self.queue(),
            54..70 => self.chores(),
            70..74 => self.govern(),
            74..79 => self.mishap(),
            _ => self.pass(),
        }
        if self.dice.chance(3) {
            self.anybody_can_leave();
        }
    }

    /// Promise 8: once everything outside works again, calls open to all bring every leg to its end.
    fn finish(&mut self) {
        for sleeve in self.w.s.ids().collect::<Vec<_>>() {
            self.w.outside(OutsideCall::Stall { sleeve, on: false });
        }
        for (who, asset) in self.w.s.outside.refuses.clone() {
            let on = false;
            self.w.outside(OutsideCall::Refuse { who, asset, on });
        }
        self.w.outside(OutsideCall::EarnPause(false));
        self.w.outside(OutsideCall::EarnFunds(None));
        self.w.dawn(0);
        self.play("close", KEEPER, Call::CloseEpoch);
        assert!(self.w.s.open.shares.is_zero(), "promise 8: the close");
        let ids: Vec<BatchId> = self.w.s.batches.keys().copied().collect();
        let sleeves: Vec<SleeveId> = self.w.s.ids().collect();
        for id in &ids {
            for sleeve in &sleeves {
                match *id {
                    BatchId::Epoch(epoch) => {
                        let sleeve = *sleeve;
                        self.play("start", KEEPER, Call::StartLeg { epoch, sleeve });
                    }
                    BatchId::Exit(exit) => {
                        let sleeve = *sleeve;
                        self.play("retry", KEEPER, Call::Retry { exit, sleeve });
                    }
                }
            }
        }
        self.w.wait(31 * DAY);
        self.w.dawn(0);
        for id in &ids {
            let BatchId::Epoch(epoch) = *id else {
                assert!(!self.w.s.batches.contains_key(id), "promise 8: {id:?}");
                continue;
            };
            for sleeve in &sleeves {
                let sleeve = *sleeve;
                self.play("collect", KEEPER, Call::Collect { epoch, sleeve });
            }
            let batch = self.w.s.batches[id].clone();
            assert!(
                batch.legs.iter().all(|leg| leg.state == LegState::Done),
                "promise 8: {id:?} {:?}",
                batch.legs
            );
            for owner in batch.positions.keys() {
                let who = match owner {
                    Owner::Account(who) => *who,
                    Owner::Receipt(receipt) => self.w.s.receipts[receipt],
                };
                let call = Call::Claim {
                    epoch,
                    owner: *owner,
                    mask: ALL,
                    recipient: who,
                };
                self.play("claim", who, call).expect("promise 8: a claim");
            }
            let batch = &self.w.s.batches[id];
            assert!(batch.positions.is_empty());
            for leg in &batch.legs {
                let dust = leg.recovered.raw() - leg.claimed.raw();
                assert!(dust <= word(4), "promise 2: dust {dust}");
            }
        }
        self.anybody_can_leave();
    }
}

#[test]
fn promises_1_to_5_and_8_over_more_than_100_000_calls() {
    let mut calls = 0;
    let mut done: BTreeMap<&'static str, u64> = BTreeMap::new();
    for seed in 0..HISTORIES {
        let mut history = History::new(seed);
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..STEPS {
                history.step();
            }
            history.finish();
        }));
        if played.is_err() {
            panic!("seed {seed}, call {}", history.calls);
        }
        calls += history.calls;
        for (name, count) in history.done {
            *done.entry(name).or_default() += count;
        }
    }
    println!("{calls} calls, carried out: {done:?}");
    assert!(calls >= 100_000, "{calls}");
    // Every kind of call has been carried out, many times.
    for name in [
        "mint", "deposit", "instant", "in kind", "request", "cancel", "close", "start", "collect",
        "claim", "retry", "receipt", "sold", "harvest", "skim", "pay fees", "fees", "delegate",
        "move", "auction", "bid", "execute", "pause", "observe",
    ] {
        let count = done.get(name).copied().unwrap_or_default();
        assert!(count >= 20, "{name}: {count}");
    }
}
