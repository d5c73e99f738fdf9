//! The basket's contracts against its model: random histories, and after each call what both keep is compared.
//!
//! The model ([`model::basket`]) was written from the design, apart from the contracts, and keeps its books by itself: of the
//! basket it is told the calls and nothing else. Before a call it is told what lies *outside*: coins, tokens and stake of the
//! adapters, prices, stCORE's rate, the round, who refuses what. So how a staking system shares rewards, and which validator a
//! coin comes from, is not compared, and neither are auctions, caps, throttles, bands, the fee of a year and governance.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code: a slip of the run itself ends it"
)]

mod tell;

use std::collections::BTreeSet;

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};
use chain::bindings::{IBasket, IBasketReceipts, IUnbondingQueue, LocalCoreEarn as E};
use eyre::{Result, bail};
use model::basket::{Asset, Call, Owner, Shares, SleeveId, State, Units, apply};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{
    books::{self, Key},
    runner::{Deed, Runner},
    world::{Actor, BTC, BTC_PRICE, DAY, Erc20, Terms, u},
};
use crate::world::COIN;

const HOUR: u64 = 3_600;

/// One thing that somebody does, or that happens.
#[derive(Debug, Clone)]
pub enum Act {
    Transfer {
        to: Address,
        shares: U256,
    },
    Deposit {
        sleeve: usize,
        units: u128,
    },
    MintInKind {
        priced: u128,
    },
    Instant {
        shares: U256,
        to: Address,
    },
    InKind {
        shares: U256,
        to: Address,
    },
    Deliver {
        owner: Address,
        sleeve: usize,
    },
    Recipient {
        to: Address,
    },
    Request {
        shares: U256,
        controller: Address,
        owner: Address,
    },
    Cancel,
    Operator {
        operator: Address,
        on: bool,
    },
    Close,
    Start {
        epoch: u64,
        sleeve: usize,
    },
    Collect {
        epoch: u64,
        sleeve: usize,
    },
    Claim {
        epoch: u64,
        owner: Address,
        mask: u64,
        to: Address,
    },
    MakeReceipt {
        epoch: u64,
    },
    MoveReceipt {
        line: u64,
        to: Address,
    },
    ClaimReceipt {
        line: u64,
        mask: u64,
        to: Address,
    },
    Harvest {
        sleeve: usize,
    },
    PayFees {
        sleeve: usize,
    },
    BookLoss {
        sleeve: usize,
    },
    // Outside of the model's books.
    Delegate,
    Turn,
    Rate {
        kept: u64,
    },
    Price {
        coins: u128,
    },
    Pause {
        on: bool,
    },
    InParts {
        on: bool,
    },
    Refuse {
        on: bool,
    },
    Blacklist {
        who: Address,
        on: bool,
    },
    Lose {
        sleeve: usize,
        bps: u64,
    },
    Gift {
        sleeve: usize,
        units: u128,
    },
}

/// Who does it, and when.
#[derive(Debug, Clone)]
pub struct Deal {
    pub at: u64,
    pub who: Address,
    pub act: Act,
}

/// Contracts and model side by side.
pub struct Pair {
    pub r: Runner,
    pub m: State,
    /// Earn pays a record by halves.
    in_parts: bool,
    refusing: bool,
    blacklisted: BTreeSet<Address>,
    pub script: Vec<Deal>,
    /// Fields compared.
    pub fields: u64,
    /// Calls that both took, and that both refused.
    pub taken: u64,
    pub refused: u64,
}

/// What a call is on the model's side.
enum Told {
    Calls(Vec<Call>),
    Outside,
}

impl Pair {
    #[must_use]
    pub fn new(terms: &Terms) -> Self {
        let mut r = Runner::new(terms);
        let m = tell::state(&mut r, terms);
        Self {
            r,
            m,
            in_parts: false,
            refusing: false,
            blacklisted: BTreeSet::new(),
            script: Vec::new(),
            fields: 0,
            taken: 0,
            refused: 0,
        }
    }

    fn call<C: SolCall>(&self, from: Address, to: Address, value: u128, call: &C) -> Deed {
        Deed::Call {
            at: self.r.w.c.now,
            from,
            to,
            value,
            data: call.abi_encode().into(),
        }
    }

    /// What a deal is for the contracts, and for the model.
    fn sides(&mut self, who: Address, act: &Act) -> Result<(Vec<Deed>, Told)> {
        let a = self.r.w.at.clone();
        let (op, basket, queue) = (self.r.w.c.operator, a.basket, a.queue);
        let id = |i: usize| SleeveId(i);
        let word = |i: usize| u(i as u64);
        let addr = tell::addr;
        let one = |deed: Deed, call: Call| Ok((vec![deed], Told::Calls(vec![call])));
        let outside = |deeds: Vec<Deed>| Ok((deeds, Told::Outside));
        match act {
            Act::Transfer { to, shares } => {
                let call = Erc20::transferCall {
                    to: *to,
                    value: *shares,
                };
                one(
                    self.call(who, a.token, 0, &call),
                    Call::Transfer {
                        to: addr(*to),
                        shares: Shares::new(*shares),
                    },
                )
            }
            Act::Deposit { sleeve, units } => {
                let call = IBasket::depositCall {
                    sleeve: word(*sleeve),
                    units: u(*units),
                    receiver: who,
                    minShares: U256::ZERO,
                    deadline: U256::MAX,
                };
                let coins = if *sleeve == 0 { *units } else { 0 };
                one(
                    self.call(who, basket, coins, &call),
                    Call::Deposit {
                        sleeve: id(*sleeve),
                        units: Units::of(*units),
                        min_shares: Shares::ZERO,
                        deadline: tell::forever(),
                    },
                )
            }
            Act::MintInKind { priced } => {
                let call = IBasket::mintInKindCall {
                    priced: u(*priced),
                    maxUnits: vec![U256::MAX; 3],
                    receiver: who,
                    deadline: U256::MAX,
                };
                let coins = self.r.w.c.balance(who);
                let coins = u128::try_from(coins).expect("coins");
                one(
                    self.call(who, basket, coins, &call),
                    Call::MintInKind {
                        shares: Shares::of(*priced),
                        max_units: vec![Units::MAX; 3],
                        min_shares: Shares::ZERO,
                        deadline: tell::forever(),
                    },
                )
            }
            Act::Instant { shares, to } => {
                let call = IBasket::redeemInstantCall {
                    shares: *shares,
                    minOut: U256::ZERO,
                    receiver: *to,
                    deadline: U256::MAX,
                };
                one(
                    self.call(who, basket, 0, &call),
                    Call::InstantExit {
                        shares: Shares::new(*shares),
                        recipient: addr(*to),
                        min_out: Units::ZERO,
                        deadline: tell::forever(),
                    },
                )
            }
            Act::InKind { shares, to } => {
                let call = IBasket::redeemInKindCall {
                    shares: *shares,
                    recipient: *to,
                };
                one(
                    self.call(who, basket, 0, &call),
                    Call::ExitInKind {
                        shares: Shares::new(*shares),
                        recipient: addr(*to),
                    },
                )
            }
            Act::Deliver { owner, sleeve } => {
                let call = IBasket::deliverLegCall {
                    owner: *owner,
                    sleeve: word(*sleeve),
                };
                // At most one exit of an owner waits in a sleeve here: the contract keeps the sum of them.
                let exits = tell::exits(&self.m, *owner, *sleeve);
                let [exit] = exits.as_slice() else {
                    bail!("the run's own delivery: {} exits wait", exits.len());
                };
                one(
                    self.call(who, basket, 0, &call),
                    Call::Retry {
                        exit: *exit,
                        sleeve: id(*sleeve),
                    },
                )
            }
            Act::Recipient { to } => {
                let call = IBasket::setLegRecipientCall { recipient: *to };
                let exits = tell::all_exits(&self.m, who);
                let calls = exits.into_iter().map(|exit| Call::SetRecipient {
                    exit,
                    recipient: addr(*to),
                });
                let calls = Told::Calls(calls.collect());
                Ok((vec![self.call(who, basket, 0, &call)], calls))
            }
            Act::Request {
                shares,
                controller,
                owner,
            } => {
                let call = IUnbondingQueue::requestRedeemCall {
                    shares: *shares,
                    controller: *controller,
                    owner: *owner,
                };
                one(
                    self.call(who, queue, 0, &call),
                    Call::RequestRedeem {
                        shares: Shares::new(*shares),
                        controller: addr(*controller),
                        owner: addr(*owner),
                    },
                )
            }
            Act::Cancel => {
                let all = self.m.open.requests.get(&addr(who)).copied();
                let call = IUnbondingQueue::cancelCall {
                    epoch: u(self.m.open.number),
                    shares: all.unwrap_or_default().raw(),
                    controller: who,
                    receiver: who,
                };
                one(
                    self.call(who, queue, 0, &call),
                    Call::CancelRedeem {
                        controller: addr(who),
                    },
                )
            }
            Act::Operator { operator, on } => {
                let call = IUnbondingQueue::setOperatorCall {
                    operator: *operator,
                    approved: *on,
                };
                one(
                    self.call(who, queue, 0, &call),
                    Call::SetOperator {
                        operator: addr(*operator),
                        on: *on,
                    },
                )
            }
            Act::Close => one(
                self.call(who, queue, 0, &IUnbondingQueue::closeEpochCall {}),
                Call::CloseEpoch,
            ),
            Act::Start { epoch, sleeve } => {
                let call = IUnbondingQueue::startLegCall {
                    epoch: u(*epoch),
                    sleeve: word(*sleeve),
                };
                let told = Call::StartLeg {
                    epoch: *epoch,
                    sleeve: id(*sleeve),
                };
                one(self.call(who, queue, 0, &call), told)
            }
            Act::Collect { epoch, sleeve } => {
                let call = IUnbondingQueue::collectCall {
                    epoch: u(*epoch),
                    sleeve: word(*sleeve),
                };
                let told = Call::Collect {
                    epoch: *epoch,
                    sleeve: id(*sleeve),
                };
                one(self.call(who, queue, 0, &call), told)
            }
            Act::Claim {
                epoch,
                owner,
                mask,
                to,
            } => {
                let call = IUnbondingQueue::claimCall {
                    epoch: u(*epoch),
                    owner: *owner,
                    legMask: u(*mask),
                    recipient: *to,
                };
                let told = Call::Claim {
                    epoch: *epoch,
                    owner: Owner::Account(addr(*owner)),
                    mask: *mask,
                    recipient: addr(*to),
                };
                one(self.call(who, queue, 0, &call), told)
            }
            Act::MakeReceipt { epoch } => {
                let call = IUnbondingQueue::mintReceiptCall { epoch: u(*epoch) };
                one(
                    self.call(who, queue, 0, &call),
                    Call::MintReceipt { epoch: *epoch },
                )
            }
            Act::MoveReceipt { line, to } => {
                let call = IBasketReceipts::transferFromCall {
                    from: who,
                    to: *to,
                    tokenId: self.token_id(*line)?,
                };
                one(
                    self.call(who, a.receipts, 0, &call),
                    Call::MoveReceipt {
                        receipt: *line,
                        to: addr(*to),
                    },
                )
            }
            Act::ClaimReceipt { line, mask, to } => {
                let Some(&epoch) = self.r.b.lines.get(line) else {
                    bail!("the run's own receipt: {line}");
                };
                let call = IBasketReceipts::claimCall {
                    tokenId: self.token_id(*line)?,
                    legMask: u(*mask),
                    recipient: *to,
                };
                let told = Call::Claim {
                    epoch,
                    owner: Owner::Receipt(*line),
                    mask: *mask,
                    recipient: addr(*to),
                };
                one(self.call(who, a.receipts, 0, &call), told)
            }
            Act::Harvest { sleeve } => {
                let call = IBasket::harvestCall {
                    sleeve: word(*sleeve),
                };
                let told = Call::HarvestSleeve {
                    sleeve: id(*sleeve),
                };
                one(self.call(who, basket, 0, &call), told)
            }
            Act::PayFees { sleeve } => {
                let call = IBasket::collectUnitFeesCall {
                    sleeve: word(*sleeve),
                };
                let told = Call::PayFees {
                    sleeve: id(*sleeve),
                };
                one(self.call(who, basket, 0, &call), told)
            }
            Act::BookLoss { sleeve } => {
                let call = IBasket::bookLossCall {
                    sleeve: word(*sleeve),
                };
                one(self.call(who, basket, 0, &call), Call::BookLosses)
            }
            Act::Delegate => {
                let sleeve = U256::ZERO;
                let call = IBasket::delegateIdleCall { sleeve };
                outside(vec![self.call(who, basket, 0, &call)])
            }
            Act::Turn => {
                // Seen before and after, so that the feed knows the round of the new rate.
                let see = chain::bindings::IPriceFeed::observeCall { asset: a.st };
                let turn = E::afterTurnRoundCall(Vec::new());
                outside(vec![
                    self.call(op, a.feed, 0, &see),
                    self.call(op, a.earn, 0, &turn),
                    self.call(op, a.feed, 0, &see),
                ])
            }
            Act::Rate { kept } => {
                let rate = E::getCurrentExchangeRateCall {};
                let rate = self.r.w.c.view(a.earn, &rate) * u(*kept) / u(10_000_u64);
                outside(vec![self.call(op, a.earn, 0, &E::setRateCall { rate })])
            }
            Act::Price { coins } => {
                let both = [0, 1].map(|source| {
                    let (to, data) = self.r.w.report(source, u(*coins));
                    Deed::Call {
                        at: self.r.w.c.now,
                        from: op,
                        to,
                        value: 0,
                        data,
                    }
                });
                outside(both.to_vec())
            }
            Act::Pause { on } => {
                let call = E::setPausedCall { paused_: *on };
                outside(vec![self.call(op, a.earn, 0, &call)])
            }
            Act::InParts { on } => {
                self.in_parts = *on;
                let call = E::setInPartsCall { inParts_: *on };
                outside(vec![self.call(op, a.earn, 0, &call)])
            }
            Act::Refuse { on } => {
                self.refusing = *on;
                let call = Actor::behaveCall {
                    mode: u8::from(*on),
                    target: Address::ZERO,
                    data: alloy::primitives::Bytes::new(),
                };
                outside(vec![self.call(op, a.actors[0], 0, &call)])
            }
            Act::Blacklist { who, on } => {
                if *on {
                    self.blacklisted.insert(*who);
                } else {
                    self.blacklisted.remove(who);
                }
                let call = chain::bindings::LocalCoreBtc::setBlacklistedCall {
                    account: *who,
                    listed: *on,
                };
                outside(vec![self.call(op, a.btc, 0, &call)])
            }
            Act::Lose { sleeve, bps } => {
                let from = a.adapters[*sleeve];
                let token = self.r.b.sleeves[*sleeve].token;
                let has = self.r.w.token_balance(token, from);
                let value = has * u(*bps) / u(10_000_u64);
                if *sleeve == 0 {
                    let wei = u128::try_from(value).expect("coins");
                    return outside(vec![Deed::Take { who: from, wei }]);
                }
                let call = Erc20::transferCall { to: op, value };
                outside(vec![Deed::Loss {
                    from,
                    to: token,
                    data: call.abi_encode().into(),
                }])
            }
            Act::Gift { sleeve, units } => {
                let to = a.adapters[*sleeve];
                let token = self.r.b.sleeves[*sleeve].token;
                if *sleeve == 0 {
                    return outside(vec![Deed::Call {
                        at: self.r.w.c.now,
                        from: who,
                        to,
                        value: *units,
                        data: alloy::primitives::Bytes::new(),
                    }]);
                }
                let call = Erc20::transferCall {
                    to,
                    value: u(*units),
                };
                outside(vec![self.call(who, token, 0, &call)])
            }
        }
    }

    fn token_id(&self, line: u64) -> Result<U256> {
        let mut all = self.r.b.receipts.keys();
        let id = all.find(|id| books::line(**id) == line).copied();
        id.ok_or_else(|| eyre::eyre!("the run's own receipt: {line}"))
    }

    /// Does it on both sides, and compares.
    ///
    /// # Errors
    /// A difference, or a broken promise of the contracts.
    pub fn perform(&mut self, deal: Deal) -> Result<bool> {
        self.script.push(deal.clone());
        self.r.w.c.set(deal.at);
        let now = model::Timestamp::new(self.r.w.c.now);
        let (deeds, told) = self.sides(deal.who, &deal.act)?;
        let Told::Calls(calls) = told else {
            for deed in deeds {
                self.r.perform(deed)?;
            }
            return Ok(true);
        };
        self.tell(deal.who, &deal.act)?;
        let mut ok = true;
        let mut said = alloy::primitives::Bytes::new();
        for deed in deeds {
            let out = self.r.perform(deed)?;
            ok &= out.ok;
            said = out.output.clone();
            self.rewards(&out.logs)?;
        }
        let before = self.m.clone();
        for call in &calls {
            let made = apply(&mut self.m, tell::addr(deal.who), now, call);
            if made.is_ok() != ok {
                let text = format!(
                    "{:?}: the contracts {} ({said}), the model says {made:?}",
                    deal.act,
                    if ok { "take it" } else { "refuse it" }
                );
                self.m = before;
                bail!("refusal: {text}");
            }
        }
        if ok {
            self.taken += 1;
        } else {
            self.refused += 1;
        }
        let all = self.taken.is_multiple_of(64);
        self.compare(&deal, all)?;
        Ok(ok)
    }
}

// ------------------------------------------------------------------------------------------------------------- history

/// Deals from a seed.
pub struct Story {
    pub p: Pair,
    pub terms: Terms,
    rng: ChaCha8Rng,
    now: u64,
    price: u128,
    day: u64,
    late_until: u64,
    /// Deals that undo others, and when.
    ends: Vec<(u64, Act)>,
}

impl Story {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let terms = Terms {
            entry: rng.random_range(5..=30),
            instant: rng.random_range(0..=50),
            management: 0,
            performance: *[0, 1_000, 2_000].choose(&mut rng).expect("some"),
            floor: 2 * COIN,
            bands: [10_000; 3],
            caps: [u128::MAX >> 17, u128::MAX >> 17, u128::MAX >> 17],
            limits: [u128::MAX >> 17, u128::MAX >> 17, u128::MAX >> 17],
            ..Terms::default()
        };
        let p = Pair::new(&terms);
        Self {
            now: p.r.w.c.now,
            day: p.r.w.c.now / DAY,
            p,
            terms,
            rng,
            price: BTC_PRICE,
            late_until: 0,
            ends: Vec::new(),
        }
    }

    fn act(&mut self, who: Address, act: Act) -> Result<bool> {
        self.p.perform(Deal {
            at: self.now,
            who,
            act,
        })
    }

    fn person(&mut self) -> Address {
        *self.p.r.w.at.people.choose(&mut self.rng).expect("people")
    }

    fn size(&mut self, most: u128) -> u128 {
        let bits = 128 - most.max(1).leading_zeros();
        let bits = self.rng.random_range(1..=bits);
        self.rng
            .random_range(1..=(1_u128 << bits.min(127)) - 1)
            .min(most.max(1))
    }

    fn part(&mut self, all: U256) -> U256 {
        let most = u128::try_from(all).unwrap_or(u128::MAX);
        if self.rng.random_range(0..6) == 0 {
            return all;
        }
        u(self.size(most / 4))
    }

    fn recipient(&mut self, who: Address) -> Address {
        match self.rng.random_range(0..8) {
            0 => self.p.r.w.at.actors[0],
            1 => self.person(),
            _ => who,
        }
    }

    /// One step: some time, what is due, and a deal.
    ///
    /// # Errors
    /// As [`Pair::perform`].
    pub fn step(&mut self) -> Result<()> {
        let second = self.now % DAY;
        self.now += match self.rng.random_range(0..10) {
            0..5 => self.rng.random_range(0..1_200),
            5..9 => self.rng.random_range(0..2 * HOUR),
            _ => DAY - second + self.rng.random_range(0..5 * HOUR),
        };
        self.due()?;
        let who = self.person();
        let mine = self.p.r.b.of(who);
        let sleeve = self.rng.random_range(0..3);
        match self.rng.random_range(0..100) {
            0..12 => {
                let units = self.size(if sleeve < 2 { 50 * COIN } else { BTC / 20 });
                self.act(who, Act::Deposit { sleeve, units })?;
            }
            12..19 => {
                let priced = self.size(100 * COIN);
                self.act(who, Act::MintInKind { priced })?;
            }
            19..27 if !mine.is_zero() => {
                // What lies idle is told before a call: the harvest that an exit makes comes before it here.
                for sleeve in 0..3 {
                    self.act(who, Act::Harvest { sleeve })?;
                }
                let (shares, to) = (u(self.size(8 * COIN)).min(mine), self.recipient(who));
                self.act(who, Act::Instant { shares, to })?;
            }
            27..36 if !mine.is_zero() => {
                // The contract keeps one sum for each owner and sleeve: one exit of an owner waits at a time.
                if !self
                    .p
                    .r
                    .b
                    .sleeves
                    .iter()
                    .any(|s| s.waiting.contains_key(&who))
                {
                    let (shares, to) = (self.part(mine), self.recipient(who));
                    self.act(who, Act::InKind { shares, to })?;
                }
            }
            36..50 if !mine.is_zero() => {
                let shares = self.part(mine);
                let controller = if self.rng.random_range(0..6) == 0 {
                    self.person()
                } else {
                    who
                };
                let owner = who;
                let operators = self.p.r.b.operators.iter().filter(|(o, _)| *o == owner);
                let operators: Vec<_> = operators.map(|(_, op)| *op).collect();
                let from = match operators.choose(&mut self.rng) {
                    Some(operator) if self.rng.random_range(0..2) == 0 => *operator,
                    _ => who,
                };
                self.act(
                    from,
                    Act::Request {
                        shares,
                        controller,
                        owner,
                    },
                )?;
            }
            50..54 => {
                let open = self.p.r.b.open.requests.iter();
                let open: Vec<_> = open
                    .filter(|(_, s)| !s.is_zero())
                    .map(|(w, _)| *w)
                    .collect();
                if let Some(who) = open.choose(&mut self.rng).copied() {
                    self.act(who, Act::Cancel)?;
                }
            }
            54..58 => {
                let (operator, on) = (self.person(), self.rng.random_range(0..3) > 0);
                self.act(who, Act::Operator { operator, on })?;
            }
            58..66 => self.leg()?,
            66..78 => self.claim()?,
            78..84 => self.receipt()?,
            84..89 => {
                self.act(who, Act::Harvest { sleeve })?;
            }
            89 if !self.p.r.b.sleeves[sleeve].fees.is_zero() => {
                self.act(who, Act::PayFees { sleeve })?;
            }
            90 if !mine.is_zero() => {
                let (to, shares) = (self.person(), self.part(mine));
                self.act(who, Act::Transfer { to, shares })?;
            }
            91..94 => {
                let to = self.recipient(who);
                self.act(who, Act::Recipient { to })?;
            }
            _ => self.happens(who, sleeve)?,
        }
        Ok(())
    }

    /// What comes with the hours: round, prices, closes, dusk, and the end of what began.
    fn due(&mut self) -> Result<()> {
        let (op, now) = (self.p.r.w.c.operator, self.now);
        if now / DAY != self.day && now >= self.late_until {
            self.day = now / DAY;
            self.act(op, Act::Turn)?;
            let step = self.rng.random_range(9_900..=10_100);
            let (least, most) = (BTC_PRICE * 8 / 10, BTC_PRICE * 12 / 10);
            self.price = (self.price * step / 10_000).clamp(least, most);
            let coins = self.price;
            self.act(op, Act::Price { coins })?;
        }
        while let Some(k) = self.ends.iter().position(|(at, _)| *at <= now) {
            let (_, act) = self.ends.remove(k);
            self.act(op, act)?;
        }
        let open = &self.p.r.b.open;
        let due = !open.shares.is_zero() && now / DAY > open.day;
        if due && self.rng.random_range(0..3) == 0 {
            let who = self.person();
            self.act(who, Act::Close)?;
        }
        if now % DAY >= 23 * HOUR {
            let who = self.person();
            self.act(who, Act::Delegate)?;
        }
        Ok(())
    }

    fn leg(&mut self) -> Result<()> {
        let who = self.person();
        let mut waits = Vec::new();
        let mut out = Vec::new();
        for (epoch, e) in &self.p.r.b.epochs {
            for (sleeve, leg) in e.legs.iter().enumerate() {
                match leg.state {
                    books::State::Waiting => waits.push((*epoch, sleeve)),
                    books::State::Out => out.push((*epoch, sleeve, leg.started)),
                    books::State::Done => {}
                }
            }
        }
        let now = self.now;
        out.retain(|(_, _, started)| started + 7 * DAY < now);
        if let Some(&(epoch, sleeve, _)) = out.choose(&mut self.rng)
            && self.rng.random_range(0..2) == 0
        {
            self.act(who, Act::Collect { epoch, sleeve })?;
        } else if let Some(&(epoch, sleeve)) = waits.choose(&mut self.rng) {
            self.act(who, Act::Start { epoch, sleeve })?;
        }
        Ok(())
    }

    /// Positions of closed epochs.
    fn positions(&self) -> Vec<(u64, Key)> {
        let all = self.p.r.b.epochs.iter();
        all.flat_map(|(id, e)| e.positions.keys().map(|key| (*id, *key)))
            .collect()
    }

    fn claim(&mut self) -> Result<()> {
        let all = self.positions();
        let Some(&(epoch, key)) = all.choose(&mut self.rng) else {
            return Ok(());
        };
        let mask = match self.rng.random_range(0..3) {
            0 => self.rng.random_range(1..8),
            _ => 7,
        };
        match key {
            Key::Account(owner) => {
                let operators = self.p.r.b.operators.iter().filter(|(o, _)| *o == owner);
                let operators: Vec<_> = operators.map(|(_, op)| *op).collect();
                let from = match operators.choose(&mut self.rng) {
                    Some(operator) if self.rng.random_range(0..2) == 0 => *operator,
                    _ => owner,
                };
                let to = self.recipient(owner);
                let act = Act::Claim {
                    epoch,
                    owner,
                    mask,
                    to,
                };
                self.act(from, act)?;
            }
            Key::Line(line) => {
                let all = self.p.r.b.receipts.iter();
                let mut owners = all.filter(|(id, _)| books::line(**id) == line);
                let owner = owners.next().map(|(_, who)| *who);
                if let Some(who) = owner {
                    let to = self.recipient(who);
                    self.act(who, Act::ClaimReceipt { line, mask, to })?;
                }
            }
        }
        Ok(())
    }

    fn receipt(&mut self) -> Result<()> {
        let all = self.positions();
        let Some(&(epoch, key)) = all.choose(&mut self.rng) else {
            return Ok(());
        };
        match key {
            Key::Account(who) => {
                self.act(who, Act::MakeReceipt { epoch })?;
            }
            Key::Line(line) => {
                let all = self.p.r.b.receipts.iter();
                let mut owners = all.filter(|(id, _)| books::line(**id) == line);
                let owner = owners.next().map(|(_, who)| *who);
                if let Some(who) = owner {
                    let to = self.person();
                    self.act(who, Act::MoveReceipt { line, to })?;
                }
            }
        }
        Ok(())
    }

    fn happens(&mut self, who: Address, sleeve: usize) -> Result<()> {
        let op = self.p.r.w.c.operator;
        let end = self.now + self.rng.random_range(1..30) * HOUR;
        match self.rng.random_range(0..10) {
            0 => self.late_until = self.now + self.rng.random_range(1..4) * DAY,
            1 => {
                self.act(op, Act::Pause { on: true })?;
                self.ends.push((end, Act::Pause { on: false }));
            }
            2 => {
                self.act(op, Act::InParts { on: true })?;
                self.ends.push((end, Act::InParts { on: false }));
            }
            3 => {
                self.act(op, Act::Refuse { on: true })?;
                self.ends.push((end, Act::Refuse { on: false }));
            }
            4 => {
                let who = self.recipient(who);
                self.act(op, Act::Blacklist { who, on: true })?;
                self.ends.push((end, Act::Blacklist { who, on: false }));
            }
            5 | 6 => {
                let bps = self.rng.random_range(1..300);
                self.act(op, Act::Lose { sleeve, bps })?;
                // The model books what shows before each call; here somebody does.
                self.act(who, Act::BookLoss { sleeve })?;
            }
            7 => {
                let units = self.size(if sleeve < 2 { COIN } else { 100_000 });
                self.act(who, Act::Gift { sleeve, units })?;
            }
            8 => {
                let kept = self.rng.random_range(9_990..10_000);
                self.act(op, Act::Rate { kept })?;
            }
            _ => {
                let all = self.p.r.b.sleeves.iter().enumerate();
                let all = all.flat_map(|(i, s)| s.waiting.keys().map(move |w| (*w, i)));
                let all: Vec<_> = all.collect();
                if let Some(&(owner, sleeve)) = all.choose(&mut self.rng) {
                    self.act(who, Act::Deliver { owner, sleeve })?;
                }
            }
        }
        Ok(())
    }
}

/// What was compared.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Report {
    pub histories: u64,
    pub taken: u64,
    pub refused: u64,
    pub fields: u64,
}

impl Report {
    pub fn add(&mut self, other: &Self) {
        self.histories += other.histories;
        self.taken += other.taken;
        self.refused += other.refused;
        self.fields += other.fields;
    }
}

/// Calls that both sides take, of one world.
pub const CALLS_OF_A_WORLD: u64 = 500;

/// Some histories of a seed.
///
/// # Errors
/// The first difference, with the fewest deals that end in it.
pub fn play(seed: u64, numbers: std::ops::Range<u64>) -> Result<Report, String> {
    let all = crate::cores::each(numbers, |number| one(seed, number))?;
    let mut sum = Report::default();
    all.iter().for_each(|report| sum.add(report));
    Ok(sum)
}

fn one(seed: u64, number: u64) -> Result<Report, String> {
    let seed = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut story = Story::new(seed);
    let mut result = Ok(());
    let mut steps = 0;
    while result.is_ok() && story.p.taken < CALLS_OF_A_WORLD && steps < 4 * CALLS_OF_A_WORLD {
        result = story.step();
        steps += 1;
    }
    if result.is_ok() {
        result = story.p.compare_all();
    }
    match result {
        Ok(()) => Ok(Report {
            histories: 1,
            taken: story.p.taken,
            refused: story.p.refused,
            fields: story.p.fields,
        }),
        Err(broken) => Err(told(&story, number, &broken.to_string())),
    }
}

fn told(story: &Story, number: u64, broken: &str) -> String {
    use std::fmt::Write as _;
    let again = |script: &[Deal]| -> Option<String> {
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut p = Pair::new(&story.terms);
            for deal in script {
                match p.perform(deal.clone()) {
                    Ok(_) => {}
                    // A deal that made sense where it stood may make none without those before it.
                    Err(e) if e.to_string().starts_with("the run's own") => {}
                    Err(e) => return Some(e.to_string()),
                }
            }
            p.compare_all().err().map(|e| e.to_string())
        }));
        played.ok().flatten()
    };
    let fewer = super::shrink::fewest(&story.p.script, broken, again);
    let mut text = format!("{broken}\nhistory {number} of the basket's lockstep\n");
    let (how, deals) = match &fewer {
        Some(deals) => ("the fewest deals that end in it", deals.as_slice()),
        None => (
            "it did not show again; its last deals",
            &story.p.script[story.p.script.len().saturating_sub(20)..],
        ),
    };
    let _ = writeln!(text, "{how}:");
    for deal in deals {
        let _ = writeln!(text, "  {deal:?}");
    }
    text
}

/// The asset of a sleeve, as the model names it.
fn asset(r: &Runner, i: usize) -> Asset {
    match i {
        0 => Asset::Core,
        _ => Asset::Token(tell::addr(r.b.sleeves[i].token)),
    }
}

#[cfg(test)]
mod tests {
    use super::play;

    /// Both sides take so many calls; `LOCKSTEP_SEED` and `LOCKSTEP_HISTORIES` choose another run.
    #[test]
    fn basket_contracts_agree_with_the_model_after_every_call() {
        let number = |name: &str| std::env::var(name).ok().and_then(|t| t.parse().ok());
        let histories = number("LOCKSTEP_HISTORIES").unwrap_or(200);
        let seed = number("LOCKSTEP_SEED").unwrap_or(1);
        let report = play(seed, 0..histories).unwrap_or_else(|broken| panic!("{broken}"));
        println!("{report:?}");
        assert!(report.taken >= histories * 450, "{report:?}");
        assert!(report.fields > report.taken * 20, "{report:?}");
    }
}
