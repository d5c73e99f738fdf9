//! What the model is told of the world outside, and what is compared.

use alloy::{
    primitives::{Address, Log, U256},
    sol_types::SolEvent,
};
use chain::bindings::{
    IBasket, IPriceFeed, IUnbondingQueue, LocalCoreEarn as E, core_stake_hub::ICoreStakeHub,
};
use eyre::{Result, ensure};
use model::{
    Bps, Price, Timestamp,
    basket::{
        Asset, BatchId, Book, Condition, CoreAgent, Delegation, Fees, Kind, LegState, Limits,
        OpenEpoch, Outside, Owner, Places, Quote, Shares, Sleeve, SleeveId, State, Units,
    },
};

use super::{Act, Deal, Pair, asset};
use crate::basket::{
    books::ONE,
    runner::Runner,
    world::{DAY, DEAD, Erc20, NATIVE, SEED, Terms, u},
};

pub fn addr(address: Address) -> model::Address {
    model::Address(address.into_array())
}

/// A deadline that does not come.
pub fn forever() -> Timestamp {
    Timestamp::new(u64::MAX)
}

/// The basket of the model, as it stands after the first deposit.
pub fn state(r: &mut Runner, terms: &Terms) -> State {
    let a = r.w.at.clone();
    let now = Timestamp::new(r.w.c.now);
    let kinds = [Kind::Core, Kind::StCore, Kind::Held];
    let sleeves = (0..3).map(|i| {
        let limits = Limits {
            cap: Units::MAX,
            target: Bps::new(terms.targets[i].into()),
            band: Bps::new(10_000),
            max_exit: if i == 1 { 7 * DAY } else { 0 },
        };
        let mut sleeve = Sleeve::new(kinds[i], addr(a.adapters[i]), asset(r, i), limits);
        sleeve.book = Book::first(Units::of(SEED.1[i]));
        sleeve.performance = Bps::new(terms.performance.into());
        // The first deposit harvests nothing: the round's is missing still.
        sleeve.step.next = Units::of(SEED.1[i]);
        sleeve
    });
    let sleeves: Vec<Sleeve> = sleeves.collect();
    let mut m = State {
        places: Places {
            basket: addr(a.queue),
            agent: addr(a.agent),
            governor: addr(a.governor),
            fees: addr(a.fees),
        },
        sleeves,
        minted: Shares::of(SEED.0),
        fees_at: now,
        fees: Fees {
            entry: Bps::new(terms.entry.into()),
            instant: Bps::new(terms.instant.into()),
            management: Bps::new(0),
        },
        total_cap: Shares::MAX,
        open: OpenEpoch {
            number: 1,
            ..OpenEpoch::default()
        },
        next_receipt: 1,
        grain: 24,
        ..State::default()
    };
    if let Some(st) = m.sleeves.get_mut(1) {
        st.high_water = Price::new(ONE);
    }
    // Dead shares are the contract's many, not the model's few.
    let dead = Shares::of(1_000_000_000_000_000);
    m.balances.insert(addr(DEAD), dead);
    let rest = Shares::of(SEED.0 - 1_000_000_000_000_000);
    m.balances.insert(addr(a.people[0]), rest);
    m
}

/// In-kind exits of an owner of which a sleeve's leg waits.
pub fn exits(m: &State, owner: Address, sleeve: usize) -> Vec<u64> {
    let mine = Owner::Account(addr(owner));
    let all = m.batches.iter().filter_map(|(id, batch)| match id {
        BatchId::Exit(number) if batch.positions.contains_key(&mine) => {
            let leg = batch.legs.get(sleeve)?;
            (leg.state == LegState::Waiting && !leg.parts.is_zero()).then_some(*number)
        }
        _ => None,
    });
    all.collect()
}

/// All in-kind exits of an owner that are not over.
pub fn all_exits(m: &State, owner: Address) -> Vec<u64> {
    let mine = Owner::Account(addr(owner));
    let all = m.batches.iter().filter_map(|(id, batch)| match id {
        BatchId::Exit(number) if batch.positions.contains_key(&mine) => Some(*number),
        _ => None,
    });
    all.collect()
}

impl Pair {
    /// Everything outside, as it is before the call.
    pub(super) fn tell(&mut self, who: Address, act: &Act) -> Result<()> {
        let a = self.r.w.at.clone();
        let now = self.r.w.c.now;
        let mut outside = Outside {
            // Redemptions are the model's own.
            earn: std::mem::take(&mut self.m.outside.earn),
            ..Outside::default()
        };
        let staked = {
            let call = chain::bindings::ICoreAgent::delegatorMapCall {
                delegator: a.adapters[0],
            };
            self.r.w.c.view(a.agent, &call)
        };
        let core = addr(a.adapters[0]);
        outside.agent = CoreAgent {
            round: now / DAY,
            open: a.validators.iter().map(|v| addr(*v)).collect(),
            ..CoreAgent::default()
        };
        if !staked.is_zero() {
            let all = Units::new(staked);
            outside.agent.delegations.insert(
                (core, addr(a.validators[0])),
                Delegation {
                    earning: all,
                    total: all,
                    moved: Units::ZERO,
                },
            );
        }
        outside
            .holdings
            .insert((addr(a.agent), Asset::Core), Units::new(staked));
        let holders = a.adapters.iter().chain([&a.queue, &who]).copied();
        for holder in holders.collect::<Vec<_>>() {
            for i in 0..3 {
                let token = self.r.b.sleeves[i].token;
                let has = self.r.w.token_balance(token, holder);
                let key = (addr(holder), asset(&self.r, i));
                outside.holdings.insert(key, Units::new(has));
            }
        }
        let earn = a.earn;
        let c = &mut self.r.w.c;
        outside.earn.rate = c.view(earn, &E::getCurrentExchangeRateCall {});
        outside.earn.rate_at = Timestamp::new(now);
        outside.earn.turned = crate::basket::books::number(c.view(earn, &E::roundTagCall {}));
        outside.earn.paused = c.view(earn, &E::pausedCall {});
        outside.earn.lock = crate::basket::books::number(c.view(earn, &E::lockDayCall {})) * DAY;
        outside.earn.funds = None;
        if self.refusing {
            outside.refuses.insert((addr(a.actors[0]), Asset::Core));
        }
        for who in &self.blacklisted {
            let key = (addr(*who), asset(&self.r, 2));
            outside.refuses.insert(key);
            // What he has he cannot send either.
            outside.holdings.insert(key, Units::ZERO);
        }
        // Earn pays a record by halves: so much it has.
        if let Act::Collect { epoch, sleeve } = act
            && self.in_parts
        {
            let leg = self.m.batches.get(&BatchId::Epoch(*epoch));
            let leg = leg.and_then(|batch| batch.legs.get(*sleeve));
            let ticket = leg.map(|leg| leg.ticket.raw()).unwrap_or_default();
            outside.earn.funds = Some(Units::new(ticket / u(2_u64)));
        }
        self.m.outside = outside;
        for i in 0..3 {
            let token = self.r.b.sleeves[i].token;
            let told = if token == NATIVE {
                Quote::core()
            } else {
                let call = IPriceFeed::quoteCall { asset: token };
                let q = self.r.w.c.view(a.feed, &call);
                Quote {
                    low: Price::new(q.low),
                    high: Price::new(q.high),
                    condition: match q.state {
                        0 => Condition::Sound,
                        1 => Condition::Doubtful,
                        _ => Condition::Impaired,
                    },
                }
            };
            self.m.sleeves[i].feed.told = Some(told);
        }
        let here = self.r.w.c.balance(a.adapters[0]);
        let fees = self.m.sleeves[0].fees.raw();
        self.m.sleeves[0].idle = Units::new(here.saturating_sub(fees));
        Ok(())
    }

    /// Rewards that the staking system paid in the call: the model's sleeve claims as many.
    pub(super) fn rewards(&mut self, logs: &[Log]) -> Result<()> {
        let hub = self.r.w.at.stake_hub;
        for log in logs.iter().filter(|log| log.address == hub) {
            let e = ICoreStakeHub::claimedReward::decode_log(log)?;
            let core = self.m.sleeves[0].account;
            let all = Units::new(e.amount);
            self.m.outside.agent.rewards.insert(core, all);
        }
        Ok(())
    }

    fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        field: &str,
        model: T,
        contract: T,
    ) -> Result<()> {
        self.fields += 1;
        ensure!(
            model == contract,
            "{field}: the model has {model:?}, the contract {contract:?}"
        );
        Ok(())
    }

    /// After a call: sleeves, supply, worth; positions and legs of whom it touched, or of all.
    pub(super) fn compare(&mut self, deal: &Deal, all: bool) -> Result<()> {
        let (basket, queue) = (self.r.b.basket, self.r.b.queue);
        for i in 0..3 {
            let call = IBasket::sleeveInfoCall {
                sleeve: u(i as u64),
            };
            let said = self.r.w.c.view(basket, &call);
            let s = self.m.sleeves[i].clone();
            let field = |what: &str| format!("sleeve {i} {what}");
            self.same(&field("units"), s.book.units.raw(), said.units)?;
            self.same(&field("parts"), s.book.parts.raw(), said.parts)?;
            self.same(&field("own parts"), s.book.basket.raw(), said.basketParts)?;
            self.same(&field("locked"), s.locked.raw(), said.locked)?;
            self.same(&field("fees"), s.fees.raw(), said.feeUnits)?;
            // No view tells it: by the events, which the books follow.
            let lost = self.r.b.sleeves[i].lost;
            self.same(&field("lost"), s.lost.raw(), lost)?;
            let owed = IBasket::owedCall {
                sleeve: u(i as u64),
            };
            let owed = self.r.w.c.view(basket, &owed);
            self.same(&field("owed"), s.book.owed_up()?.raw(), owed)?;
        }
        let total = self.m.supply()?.raw();
        let said = self.r.w.c.view(basket, &IBasket::effectiveSupplyCall {});
        self.same("supply", total, said)?;
        self.worth(total)?;
        let open = IUnbondingQueue::openEpochCall {};
        let said = self.r.w.c.view(queue, &open);
        self.same("open epoch", u(self.m.open.number), said.epoch)?;
        let call = IUnbondingQueue::epochInfoCall { epoch: said.epoch };
        let said = self.r.w.c.view(queue, &call);
        self.same("escrowed", self.m.open.shares.raw(), said.shares)?;
        if all {
            return self.compare_all();
        }
        self.holder(deal.who)?;
        match &deal.act {
            Act::Start { epoch, .. } | Act::Collect { epoch, .. } | Act::Claim { epoch, .. } => {
                self.epoch(*epoch)
            }
            Act::Close => self.epoch(self.m.open.number.saturating_sub(1)),
            Act::Transfer { to, .. } => self.holder(*to),
            Act::Deliver { owner, .. } => self.holder(*owner),
            Act::Request { controller, .. } => self.holder(*controller),
            _ => Ok(()),
        }
    }

    /// Coins for 1e18 shares, on both sides.
    fn worth(&mut self, total: U256) -> Result<()> {
        let said = self.r.w.c.view(self.r.b.basket, &IBasket::navCall {});
        // Prices now, which the model was told before the call.
        let now = Timestamp::new(self.r.w.c.now);
        let nav = self.m.nav(now)?;
        let low = crate::basket::books::down(nav.low.raw(), ONE, total);
        let high = crate::basket::books::up(nav.high.raw(), ONE, total);
        self.same("worth from below", low, said.low)?;
        self.same("worth from above", high, said.high)?;
        let state = match nav.unsound {
            None => 0,
            Some((_, Condition::Sound)) => 0,
            Some((_, Condition::Doubtful)) => 1,
            Some((_, Condition::Impaired)) => 2,
        };
        // The model names the first sleeve that is not sound, the contract the worst.
        self.same("closed", state > 0, said.state > U256::ZERO)?;
        let most = self
            .r
            .w
            .c
            .view(self.r.b.basket, &IBasket::maxInstantCall {});
        if state == 0 {
            // What lies idle is told: the call may have moved it.
            let here = self.r.w.c.balance(self.r.w.at.adapters[0]);
            let fees = self.m.sleeves[0].fees.raw();
            self.m.sleeves[0].idle = Units::new(here.saturating_sub(fees));
            let model = self.m.max_instant()?.raw();
            self.same("most at once", model, most)?;
        }
        Ok(())
    }

    /// One account: shares, request, legs in kind that wait.
    fn holder(&mut self, who: Address) -> Result<()> {
        let (token, queue, basket) = (self.r.b.token, self.r.b.queue, self.r.b.basket);
        let call = Erc20::balanceOfCall { account: who };
        let said = self.r.w.c.view(token, &call);
        let model = self.m.balance(addr(who)).raw();
        self.same(&format!("shares of {who}"), model, said)?;
        let call = IUnbondingQueue::positionCall {
            epoch: u(self.m.open.number),
            owner: who,
        };
        let said = self.r.w.c.view(queue, &call).shares;
        let model = self.m.open.requests.get(&addr(who)).copied();
        let model = model.unwrap_or_default().raw();
        self.same(&format!("request of {who}"), model, said)?;
        for i in 0..3 {
            let call = IBasket::waitingPartsCall {
                owner: who,
                sleeve: u(i as u64),
            };
            let said = self.r.w.c.view(basket, &call);
            let model: U256 = exits(&self.m, who, i)
                .into_iter()
                .filter_map(|exit| self.m.batches.get(&BatchId::Exit(exit)))
                .filter_map(|batch| batch.legs.get(i))
                .map(|leg| leg.parts.raw())
                .sum();
            self.same(&format!("waiting of {who} in {i}"), model, said)?;
        }
        Ok(())
    }

    /// A closed epoch: its legs and its positions.
    fn epoch(&mut self, epoch: u64) -> Result<()> {
        let queue = self.r.b.queue;
        let Some(batch) = self.m.batches.get(&BatchId::Epoch(epoch)).cloned() else {
            return Ok(());
        };
        let call = IUnbondingQueue::epochInfoCall { epoch: u(epoch) };
        let said = self.r.w.c.view(queue, &call);
        self.same("shares of an epoch", batch.shares.raw(), said.shares)?;
        for (i, leg) in batch.legs.iter().enumerate() {
            let call = IUnbondingQueue::legInfoCall {
                epoch: u(epoch),
                sleeve: u(i as u64),
            };
            let said = self.r.w.c.view(queue, &call);
            let field = |what: &str| format!("leg {i} of epoch {epoch}: {what}");
            self.same(&field("state"), leg.state as u8, said.state)?;
            self.same(&field("parts"), leg.parts.raw(), said.parts)?;
            self.same(&field("units"), leg.units.raw(), said.units)?;
            self.same(&field("recovered"), leg.recovered.raw(), said.recovered)?;
        }
        let people = self.r.w.at.people.clone();
        for who in people {
            let call = IUnbondingQueue::positionCall {
                epoch: u(epoch),
                owner: who,
            };
            let said = self.r.w.c.view(queue, &call);
            let key = Owner::Account(addr(who));
            self.position(epoch, &batch, key, (said.shares, said.mask, said.paid))?;
        }
        let lines: Vec<u64> = self
            .r
            .b
            .lines
            .iter()
            .filter(|(_, e)| **e == epoch)
            .map(|(l, _)| *l)
            .collect();
        for line in lines {
            let call = IUnbondingQueue::receiptPositionCall {
                epoch: u(epoch),
                line: u(line),
            };
            let said = self.r.w.c.view(queue, &call);
            let key = Owner::Receipt(line);
            self.position(epoch, &batch, key, (said.shares, said.mask, said.paid))?;
        }
        Ok(())
    }

    fn position(
        &mut self,
        epoch: u64,
        batch: &model::basket::Batch,
        key: Owner,
        (shares, mask, paid): (U256, U256, Vec<U256>),
    ) -> Result<()> {
        let p = batch.positions.get(&key).cloned().unwrap_or_default();
        let field = |what: &str| format!("{what} of {key:?} in epoch {epoch}");
        self.same(&field("shares"), p.shares.raw(), shares)?;
        self.same(&field("mask"), u(p.mask), mask)?;
        for (i, paid) in paid.into_iter().enumerate() {
            let model = p.paid.get(&SleeveId(i)).copied().unwrap_or_default();
            self.same(&field("paid"), model.raw(), paid)?;
        }
        Ok(())
    }

    /// Everything that both keep.
    ///
    /// # Errors
    /// The first difference.
    pub fn compare_all(&mut self) -> Result<()> {
        for who in self.r.w.at.people.clone() {
            self.holder(who)?;
        }
        for who in [self.r.w.at.fees, self.r.w.at.queue, DEAD] {
            let call = Erc20::balanceOfCall { account: who };
            let said = self.r.w.c.view(self.r.b.token, &call);
            let model = self.m.balance(addr(who)).raw();
            self.same(&format!("shares of {who}"), model, said)?;
        }
        for epoch in 1..self.m.open.number {
            self.epoch(epoch)?;
        }
        let receipts = self.r.b.receipts.clone();
        for (id, owner) in receipts {
            let line = crate::basket::books::line(id);
            let model = self.m.receipts.get(&line).copied();
            self.same("owner of a receipt", model, Some(addr(owner)))?;
        }
        Ok(())
    }
}
