//! One history: a world, its people, its keepers and its weather, from one seed.
#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "test code: a slip of the run itself ends it"
)]

mod actions;
mod later;

use std::collections::{BTreeMap, VecDeque};

use alloy::{
    primitives::{Address, U256, keccak256},
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use chain::bindings::{
    IBucketFactory, ILiquidMinter as M, ILiquidRewards as R, ILiquidToken as T, LocalStaking as S,
    minter::ILiquidMinterTypes::ExitParams,
};
use eyre::{Result, ensure};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::books::{Books, Bucket, RAY, mul_div, num, wei};
use crate::{
    table::Table,
    world::{
        COIN, Claims, GAS, NATIVE, Outcome, Permit, Setup, World, account,
        later::{DEPTH, Later},
    },
};

alloy::sol! {
    #[sol(all_derives)]
    interface Actor {
        function behave(uint8 mode, address target, bytes data) external;
        function act(address target, bytes data) external payable returns (bytes memory);
        function force(address target) external payable;
        function tries() external view returns (uint256);
    }
    #[sol(all_derives)]
    interface Rewards {
        function claim(uint16 validatorId) external returns (uint256 rewards);
    }
}

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;
/// keeperGrace, as deployed.
const GRACE: u64 = 6 * HOUR;
/// safety, as deployed.
const SAFETY: u64 = HOUR;
/// The whole gas of a user's call, whatever the number of users and requests; the flags of 32 validators are in it.
const USER_GAS: u64 = 1_800_000;
/// The same for keepers' calls: bounded by validators, buckets and pages.
const KEEPER_GAS: u64 = 8_000_000;
/// Wealth is compared every hundredth call, up to this many wei of roundings in between.
const WEALTH_DUST: i128 = 1_000;
const SEED_HOLDER: Address =
    alloy::primitives::address!("000000000000000000000000000000000000dEaD");

/// Who calls: an account, and who sends its transactions when it is a contract.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Who {
    at: Address,
    driver: Address,
}

impl Who {
    const fn plain(at: Address) -> Self {
        Self { at, driver: at }
    }
    fn is_contract(self) -> bool {
        self.at != self.driver
    }
}

/// What a closed request was told.
#[derive(Debug, Clone)]
struct Promise {
    eta: u64,
    /// Named reasons known when it was told.
    reasons: u64,
    /// The same when the rung was first looked at.
    first: u64,
    /// It was already exceeded when it was told: it moves with the clock.
    revised: bool,
}

/// An announced loosening call.
struct Planned {
    data: Vec<u8>,
    name: &'static str,
    at: u64,
}

/// See the module.
pub struct History {
    w: World,
    parts: Later,
    /// Accounts with code that never claim: somebody may be told to claim for them.
    mute: Vec<Address>,
    /// LST for 1e18 shares of the vault, when last looked at.
    share_price: u128,
    b: Books,
    rng: ChaCha8Rng,
    people: Vec<Who>,
    keys: Vec<PrivateKeySigner>,
    /// What each person may be worth at most, by address (contracts and their drivers are one).
    budget: BTreeMap<Address, i128>,
    persons: BTreeMap<Address, usize>,
    /// Stake that strangers gave to buckets.
    donated: BTreeMap<Address, u128>,
    validators: u16,
    cooldown: u64,
    treasury_poor: Address,
    short_treasury: bool,
    shortfall: bool,
    sealed: bool,
    planned: Vec<Planned>,
    /// Keepers are away until then.
    away_until: u64,
    promises: BTreeMap<u64, Promise>,
    /// Reasons that the run itself knows: late steps, raised cooldowns.
    own_reasons: u64,
    cooldown_raised: bool,
    calls: u64,
    quota: u64,
    /// Nothing happens that may make an exit late.
    calm: bool,
    last: VecDeque<String>,
    /// Counts of this history.
    pub table: Table,
    refillable: bool,
    /// Keepers were away and have not yet caught up: a step may be late.
    late: bool,
    /// When keepers last did all there was to do.
    last_round: u64,
}

impl History {
    /// A fresh world for history `number` of `seed`, which ends after `quota` successful calls. In a `calm` one nothing
    /// happens that may make an exit late.
    pub fn new(seed: u64, number: u64, quota: u64, calm: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number);
        let cooldown = *[2 * DAY, 3 * DAY, 7 * DAY, 21 * DAY]
            .choose(&mut rng)
            .expect("not empty");
        let setup = Setup {
            validators: rng.random_range(4..=6),
            buckets: rng.random_range(2..=6),
            cooldown,
            vote: DAY,
        };
        let mut w = World::new(&setup);
        let parts = w.deploy_later();
        let mute = (0..3)
            .map(|_| w.deploy("LocalActor", &[], 0))
            .chain([parts.pair])
            .collect();
        let keys: Vec<_> = (0..9)
            .map(|i| PrivateKeySigner::from_bytes(&keccak256(format!("person{i}"))).expect("a key"))
            .collect();
        let mut people: Vec<_> = keys.iter().map(|k| Who::plain(k.address())).collect();
        for i in 0..3 {
            let at = w.deploy("LocalActor", &[], 0);
            people.push(Who {
                at,
                driver: account(&format!("driver{i}")),
            });
        }
        let treasury_poor = w.deploy("LocalTreasury", w.staking.into_word().as_slice(), 0);
        let (mut budget, mut persons) = (BTreeMap::new(), BTreeMap::new());
        for (i, p) in people.iter().enumerate() {
            w.give(p.driver, 100_000 * COIN);
            budget.insert(p.at, i128::try_from(100_000 * COIN).expect("fits"));
            persons.insert(p.at, i);
            persons.insert(p.driver, i);
        }
        let mut b = Books {
            rate: RAY,
            headroom: COIN + 3 * DEPTH,
            supply: COIN + 3 * DEPTH,
            ..Books::default()
        };
        b.lst.insert(SEED_HOLDER, COIN);
        b.lst.insert(parts.pair, DEPTH);
        b.lst.insert(w.operator, 2 * DEPTH);
        for id in 0..setup.validators {
            for i in 0..setup.buckets {
                let call = IBucketFactory::bucketAddressCall {
                    validatorId: id,
                    index: U256::from(i),
                };
                let address = w.view(w.factory, &call);
                b.buckets.insert(
                    (id, i),
                    Bucket {
                        address,
                        ..Bucket::default()
                    },
                );
            }
        }
        Self {
            w,
            parts,
            mute,
            share_price: 0,
            b,
            rng,
            people,
            keys,
            budget,
            persons,
            donated: BTreeMap::new(),
            validators: setup.validators,
            cooldown,
            treasury_poor,
            short_treasury: false,
            shortfall: false,
            sealed: false,
            planned: Vec::new(),
            away_until: 0,
            promises: BTreeMap::new(),
            own_reasons: 0,
            cooldown_raised: false,
            calls: 0,
            quota,
            calm,
            last: VecDeque::new(),
            table: Table::default(),
            refillable: false,
            late: false,
            last_round: 0,
        }
    }

    /// The calls before a failure, oldest first.
    pub fn tail(&self) -> impl Iterator<Item = &String> {
        self.last.iter()
    }

    /// Runs it.
    pub fn run(&mut self) -> Result<()> {
        for i in 0..self.people.len() {
            let amount = self.coins(100, 20_000);
            self.call(self.people[i], self.w.minter, amount, &M::submitCall {})?;
        }
        while self.table.successes() < self.quota && self.calls < 4 * self.quota {
            self.one()?;
        }
        self.deep()?;
        for p in self.people.clone() {
            if p.is_contract() {
                self.table.reentries += num(self.w.view(p.at, &Actor::triesCall {}));
            }
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------------- calls

    fn note(&mut self, line: String) {
        if self.last.len() == 30 {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    fn call<C: SolCall + std::fmt::Debug>(
        &mut self,
        who: Who,
        to: Address,
        value: u128,
        c: &C,
    ) -> Result<Outcome> {
        let contract = match to {
            _ if to == self.w.rewards => "rewards",
            _ if to == self.w.token => "token",
            _ if to == self.w.receipts => "receipts",
            _ if to == self.parts.vault => "vault",
            _ if self.parts.converters.contains(&to) => "converter",
            _ => "",
        };
        let name = Table::named(contract, C::SIGNATURE);
        let mut line = format!("{c:?}");
        line.truncate(300);
        self.raw(name, who, to, value, c.abi_encode(), &line)
    }

    /// One call of the system under test: counted, written down, booked and checked.
    fn raw(
        &mut self,
        name: &'static str,
        who: Who,
        to: Address,
        value: u128,
        data: Vec<u8>,
        line: &str,
    ) -> Result<Outcome> {
        self.calls += 1;
        let (had, held) = (self.w.balance(who.driver), self.w.balance(who.at));
        let out = if who.is_contract() {
            let act = Actor::actCall {
                target: to,
                data: data.into(),
            };
            self.w
                .send(who.driver, who.at, value, act.abi_encode(), 4_000_000)
        } else {
            self.w.send(who.at, to, value, data, GAS)
        };
        let said = if out.ok {
            "ok".to_string()
        } else {
            format!("{}", out.output.slice(..out.output.len().min(68)))
        };
        self.note(format!(
            "{} t+{} {name} {line} from {} value {value}: {said}",
            self.calls,
            self.w.now - crate::world::T0,
            who.at
        ));
        self.table
            .count(name, out.ok, !out.logs.is_empty(), out.gas);
        if !out.ok {
            return Ok(out);
        }
        self.b.apply(&self.w, &out.logs)?;
        if GIVEN_AWAY.contains(&name) {
            // Nothing comes back in that call but change.
            let spent = had.saturating_sub(self.w.balance(who.driver));
            self.shift(who.at, Address::ZERO, spent);
        }
        if name.starts_with("vault.") {
            // Rewards that the vault had not compounded yet go out as coins: they are the vault's, not another person's.
            let got = self.w.balance(who.at).saturating_sub(held);
            self.shift(Address::ZERO, who.at, got);
        }
        self.after(name, who, out.gas)?;
        Ok(out)
    }

    /// A call of something else than the system: weather. It must work, and it is not counted.
    fn outside<C: SolCall + std::fmt::Debug>(
        &mut self,
        from: Address,
        to: Address,
        value: u128,
        c: &C,
    ) -> Result<()> {
        let out = self.w.send(from, to, value, c.abi_encode(), GAS);
        let mut line = format!("{c:?}");
        line.truncate(200);
        self.note(format!(
            "  outside t+{}: {line} value {value}: {}",
            self.w.now - crate::world::T0,
            out.ok
        ));
        ensure!(
            out.ok,
            "the run's own call failed: {} {}",
            C::SIGNATURE,
            out.output
        );
        self.b.apply(&self.w, &out.logs)
    }

    fn keeper(&self) -> Who {
        Who::plain(self.w.keeper)
    }
    fn admin(&self) -> Who {
        Who::plain(self.w.admin)
    }
    fn minter<C: SolCall + std::fmt::Debug>(&mut self, who: Who, c: &C) -> Result<Outcome> {
        self.call(who, self.w.minter, 0, c)
    }
    fn look<C: SolCall>(&mut self, c: &C) -> C::Return {
        self.w.view(self.w.minter, c)
    }

    // ------------------------------------------------------------------------------------------------------ checks

    fn person(&self, a: Address) -> Option<Address> {
        self.persons.get(&a).map(|&i| self.people[i].at)
    }

    fn shift(&mut self, from: Address, to: Address, x: u128) {
        let x = i128::try_from(x).expect("amounts fit");
        let (from, to) = (self.person(from), self.person(to));
        if from == to {
            return;
        }
        if let Some(f) = from {
            *self.budget.entry(f).or_default() -= x;
        }
        if let Some(t) = to {
            *self.budget.entry(t).or_default() += x + 1;
        }
    }

    fn after(&mut self, name: &'static str, who: Who, gas: u64) -> Result<()> {
        let call = self.b.call.clone();
        for (from, to, x) in call.transfers {
            if from != Address::ZERO && to != Address::ZERO {
                self.shift(from, to, mul_div(x, self.b.rate, RAY));
            }
        }
        for (payer, account, x) in call.given {
            self.shift(payer, account, x);
        }
        for (payer, owner, x) in call.requested {
            self.shift(payer, owner, mul_div(x, self.b.rate, RAY));
        }
        for (from, to, x) in call.paid {
            self.shift(from, to, x);
        }
        for (_, to, x) in call.rewards {
            self.shift(Address::ZERO, to, x);
        }
        // What a pool pays is its own: above the rate or below it.
        for (seller, to, lst, coins) in call.sold {
            self.shift(seller, Address::ZERO, mul_div(lst, self.b.rate, RAY));
            self.shift(Address::ZERO, to, coins);
            self.table.add("receiveFromAmm()", 1);
        }
        for (from, to, id) in call.moved {
            let t = self.b.tickets[&id].clone();
            self.shift(from, to, self.b.worth(id, &t));
        }
        if call.unwrapped > 0 {
            self.table
                .add("unwrapTicket(uint256,address)", call.unwrapped);
        }
        if PUSHES.contains(&name) {
            for owner in call.claimed_by {
                ensure!(
                    self.told_to_pay(owner),
                    "2: {owner} was paid unasked against their word"
                );
            }
        }
        for (id, i, x) in call.skimmed_stake {
            let at = self.b.buckets[&(id, i)].address;
            let d = self.donated.entry(at).or_default();
            ensure!(*d >= x, "2: skimmed stake that nobody gave");
            *d -= x;
        }
        self.table.slashes += call.slashes;
        self.table.departures += call.departures;
        if call.from_buckets > 0 {
            self.table.add("receiveFromBucket()", call.from_buckets);
        }
        if call.emptied {
            self.table.emptied += 1;
            self.refillable = true;
        }
        if call.closed && self.refillable {
            self.table.refilled += 1;
            self.refillable = false;
        }
        // 6
        let most = if who.at == self.w.keeper || who.at == self.w.admin || KEEPERS.contains(&name) {
            KEEPER_GAS
        } else {
            USER_GAS
        };
        ensure!(gas <= most, "6: {name} took {gas} gas, more than {most}");
        self.cheap()?;
        if self.calls.is_multiple_of(4) {
            self.times()?;
        }
        if self.calls.is_multiple_of(100) {
            self.deep()?;
        }
        Ok(())
    }

    /// After every successful call.
    fn cheap(&mut self) -> Result<()> {
        let s = self.look(&M::getBufferAndQueueStatsCall {});
        let (buffer, reserved, cooling, headroom) = (
            wei(s.buffer),
            wei(s.reserved),
            wei(s.unstakedTotal),
            wei(s.headroom),
        );
        let held = self.w.balance(self.w.minter);
        ensure!(
            held >= buffer && buffer >= reserved,
            "1: coins held >= buffer >= reserved: {held} {buffer} {reserved}"
        );
        ensure!(
            held == buffer + self.b.insurance + self.b.surplus,
            "2: coins held are the buffer and what nobody booked: {held}, not {buffer} + {}",
            self.b.surplus
        );
        ensure!(
            (headroom, reserved, cooling) == (self.b.headroom, self.b.reserved, self.b.cooling),
            "2: every coin's way is told: (headroom, reserved, cooling) {:?}, by events {:?}",
            (headroom, reserved, cooling),
            (self.b.headroom, self.b.reserved, self.b.cooling)
        );
        let (active, fees) = (
            wei(self.look(&M::activeStakeCall {})),
            wei(self.look(&M::feesCall {})),
        );
        ensure!(
            (active, fees) == (self.b.active, self.b.fees),
            "2: (active, fees) {:?}, by events {:?}",
            (active, fees),
            (self.b.active, self.b.fees)
        );
        let rate = wei(self.look(&M::rateCall {}));
        ensure!(
            rate == self.b.rate,
            "3: the rate is {rate}, told was {}: it falls only with a booked loss",
            self.b.rate
        );
        let supply = self.b.supply + self.b.open_lst + self.b.staged;
        ensure!(
            mul_div(supply, rate, RAY) <= headroom + active + cooling,
            "3: every LST is backed at the rate"
        );
        let line = self.look(&M::lineCall {});
        ensure!(
            (wei(line.openLst), wei(line.stagedLst)) == (self.b.open_lst, self.b.staged),
            "2: (open, staged) {:?}, by events {:?}",
            (line.openLst, line.stagedLst),
            (self.b.open_lst, self.b.staged)
        );
        ensure!(
            line.watermark == self.b.watermark && line.end >= line.watermark,
            "5: the watermark stands where the fundings put it"
        );
        ensure!(
            wei(line.committed) <= headroom,
            "1: committed coins are there"
        );
        let (owed, fees) = (
            wei(self.w.view(self.w.rewards, &R::holdersOwedCall {})),
            wei(self.w.view(self.w.rewards, &R::protocolFeesCall {})),
        );
        ensure!(
            (owed, fees) == (self.b.holders_owed, self.b.protocol_fees),
            "2: rewards are what was loaded less what was paid"
        );
        let held = self.w.balance(self.w.rewards);
        ensure!(
            held == owed + fees + self.b.rewards_forced,
            "2: rewards held: {held}, owed {owed}, fees {fees}"
        );
        let total = wei(self.w.view(self.w.token, &T::totalSupplyCall {}));
        ensure!(
            total == self.b.supply,
            "2: the supply is what was minted less what was burned"
        );
        Ok(())
    }

    fn reasons(&self) -> u64 {
        self.own_reasons + self.b.revisions.iter().sum::<u64>()
    }

    /// 8, for one request of each open rung (at most eight rungs, by chance).
    fn times(&mut self) -> Result<()> {
        if self.late {
            self.own_reasons += 1;
        }
        let reasons = self.reasons();
        let mut rungs: Vec<u64> = (self.b.first_open as u64..self.b.open_rung).collect();
        while rungs.len() > 8 {
            rungs.swap_remove(self.rng.random_range(0..rungs.len()));
        }
        for rung in rungs {
            let Some(id) = self
                .b
                .tickets
                .range(rung << 32..(rung + 1) << 32)
                .next()
                .map(|(&id, _)| id)
            else {
                continue;
            };
            let answer = self.look(&M::exitEtaCall { id: U256::from(id) });
            let (eta, revised) = (num(answer.eta), answer.revised);
            let now = self.w.now;
            let known = self.promises.get(&rung).cloned();
            let first = known.as_ref().map_or(reasons, |p| p.first);
            if let Some(p) = known
                && p.reasons == reasons
                && !p.revised
            {
                ensure!(
                    eta <= p.eta && !revised,
                    "8: the promise of rung {rung} went from {} to {eta} (revised {revised}) at {now} without a named reason",
                    p.eta
                );
            }
            self.table.promises += 1;
            // 0 says that the coins are here: whoever wants them finalizes.
            self.promises.insert(
                rung,
                Promise {
                    eta,
                    reasons,
                    first,
                    revised,
                },
            );
        }
        // What was funded was funded in time.
        let first = self.b.first_open as u64;
        let done: Vec<u64> = self.promises.range(..first).map(|(&r, _)| r).collect();
        for rung in done {
            let p = self.promises.remove(&rung).expect("listed");
            let at = self.b.rungs[rung as usize].funded_at;
            let excused = p.first != reasons || p.revised || p.eta == 0;
            ensure!(
                excused || at <= p.eta,
                "8: rung {rung} was promised for {} and funded at {at}",
                p.eta
            );
            let exits = self.b.tickets.range(rung << 32..(rung + 1) << 32).count() as u64;
            if excused {
                self.table.excused += exits;
            } else {
                self.table.kept += exits;
            }
        }
        Ok(())
    }

    /// Every hundredth call.
    fn deep(&mut self) -> Result<()> {
        self.requests()?;
        self.buckets()?;
        self.holders()?;
        self.vault()?;
        self.wealth()
    }

    /// 1 and 5: every request.
    fn requests(&mut self) -> Result<()> {
        let tickets: Vec<_> = self
            .b
            .tickets
            .iter()
            .map(|(&id, t)| (id, t.clone()))
            .collect();
        let mut owed = self.b.fees;
        // Requests that coins have come for: each claim to come rounds down by less than a wei.
        let mut claims_to_come = 0;
        let mut fraction: BTreeMap<u64, (u128, u128)> = BTreeMap::new();
        for (id, t) in tickets {
            let r = self.look(&M::requestCall { id: U256::from(id) });
            ensure!(
                (r.owner, wei(r.lst), wei(r.paid)) == (t.owner, t.lst, t.taken),
                "2: request {id} is {r:?}, by events {t:?}"
            );
            let gross = wei(self.look(&M::claimableCall { id: U256::from(id) }).gross);
            owed += gross;
            let rung = id >> 32;
            if rung >= self.b.open_rung {
                ensure!(gross == 0, "5: a request in the open rung may take {gross}");
                continue;
            }
            let got = gross + t.taken;
            let r = &self.b.rungs[rung as usize];
            let share = mul_div(r.paid(), t.lst, r.lst);
            claims_to_come += u128::from(r.paid() > 0);
            ensure!(
                got.abs_diff(share) <= self.b.slack(),
                "5: FIFO across rungs: request {id} has {got}, the line simulated rung by rung gives it {share} (slack {})",
                self.b.slack()
            );
            self.table.worst_share = self.table.worst_share.max(got.abs_diff(share));
            let (other, lst) = *fraction.entry(rung).or_insert((got, t.lst));
            // A wei here and there: earlier partial claims were rounded then.
            let (a, b) = (
                U256::from(got) * U256::from(lst),
                U256::from(other) * U256::from(t.lst),
            );
            ensure!(
                a.abs_diff(b) <= U256::from(t.lst.max(lst)) * U256::from(16),
                "5: one fraction within rung {rung}: {got} of {} and {other} of {lst}",
                t.lst
            );
        }
        ensure!(
            self.b.reserved >= owed,
            "1: reserved {} covers what finalized requests and fees may take, {owed}",
            self.b.reserved
        );
        let dust = self.b.reserved - owed;
        ensure!(
            dust <= self.b.line_dust + claims_to_come,
            "2: {dust} wei of the line's dust, more than its roundings ({}) and {claims_to_come} claims to come explain",
            self.b.line_dust
        );
        self.table.worst_dust = self.table.worst_dust.max(dust);
        Ok(())
    }

    /// 2 and 4: the staking system's own records of every bucket.
    fn buckets(&mut self) -> Result<()> {
        let all: Vec<_> = self
            .b
            .buckets
            .iter()
            .map(|(&k, b)| (k, b.clone()))
            .collect();
        for ((id, i), b) in all {
            if b.address == Address::ZERO || self.b.slashed_at.contains_key(&id) {
                continue;
            }
            let staked = wei(self.w.view(
                self.w.staking,
                &S::getUserValidatorStakeCall {
                    user: b.address,
                    id,
                },
            ));
            let donated = self.donated.get(&b.address).copied().unwrap_or_default();
            ensure!(
                staked == b.active + donated,
                "2: bucket {id}/{i} has {staked} staked, booked {} and given {donated}",
                b.active
            );
            let slots = self
                .w
                .view(self.w.staking, &S::getUserCooldownsCall { user: b.address });
            let parked = wei(self
                .w
                .view(self.w.staking, &S::stakeInfoCall { user: b.address })
                .parked);
            let cooled: u128 = slots.iter().map(|s| wei(s.amount)).sum();
            ensure!(
                cooled + parked == b.cooling,
                "2: bucket {id}/{i} has {cooled} + {parked} cooling, booked {}",
                b.cooling
            );
            for s in slots {
                ensure!(
                    num(s.cooldownEndTime) == b.end,
                    "4: no cooldown end is pushed back: bucket {id}/{i} {} to {}",
                    b.end,
                    s.cooldownEndTime
                );
            }
        }
        Ok(())
    }

    /// 2: holders' balances, and rewards owed against streamed and streaming.
    fn holders(&mut self) -> Result<()> {
        let holders: Vec<_> = self.b.lst.iter().map(|(&a, &x)| (a, x)).collect();
        let mut earned = 0;
        for (a, x) in holders {
            let balance = wei(self.w.view(self.w.token, &T::balanceOfCall { account: a }));
            ensure!(balance == x, "2: {a} has {balance} LST, by events {x}");
            // What was set aside when a delegation began included.
            earned += wei(self
                .w
                .view(self.w.rewards, &R::rewardsOfCall { account: a })
                .all);
        }
        let s = self.w.view(self.w.token, &T::streamStateCall {});
        let mut coming = wei(s.carry) + wei(s.unallocated);
        let today = self.w.now / DAY;
        for day in today..=today + 86 {
            let ending = wei(self.w.view(
                self.w.token,
                &T::flowEndingCall {
                    day: U256::from(day),
                },
            ));
            coming += ending * u128::from((day * DAY).saturating_sub(self.w.now));
        }
        let known = earned + coming;
        ensure!(
            known <= self.b.holders_owed,
            "1: rewards owed {} cover what holders earned {earned} and what streams {coming}",
            self.b.holders_owed
        );
        let dust = self.b.holders_owed - known;
        // A wei for each settling and each accrual; a call has at most a few.
        ensure!(
            dust <= 8 * u128::from(self.calls) + 64,
            "2: {dust} wei of reward dust after {} calls",
            self.calls
        );
        Ok(())
    }

    /// 3: nobody is worth more than what they put in, were given and earned.
    fn wealth(&mut self) -> Result<()> {
        for k in 0..self.people.len() {
            let p = self.people[k];
            let mut worth = self.w.balance(p.at);
            if p.is_contract() {
                worth += self.w.balance(p.driver);
            }
            worth += mul_div(
                self.b.lst.get(&p.at).copied().unwrap_or_default(),
                self.b.rate,
                RAY,
            );
            for (&id, t) in &self.b.tickets {
                if self.b.behind(&self.w, id, t.owner) == p.at {
                    worth += self.b.worth(id, t);
                }
            }
            let worth = i128::try_from(worth).expect("fits");
            let profit = worth - self.budget[&p.at];
            ensure!(
                profit <= WEALTH_DUST,
                "3: person {k} ({}) gained {profit} wei at others' cost",
                p.at
            );
            self.table.best_profit = self.table.best_profit.max(profit);
            // Fees and losses are gone: from here on nobody gains either.
            self.budget.insert(p.at, worth.min(self.budget[&p.at]));
        }
        Ok(())
    }
}

/// Calls whose gas follows validators and buckets, whoever makes them.
const KEEPERS: &[&str] = &[
    "processBatchUnstake()",
    "sweepMaturedBuckets(uint16,uint256)",
    "syncValidators()",
    "bookSlash(uint16)",
    "claim(uint16)",
    "claimAll()",
    "claimBuckets(uint16,uint256,uint256)",
    "claimToken(address,uint16,uint256,uint256)",
    "publishEta(uint256)",
    "fulfillRequests(address[],uint256[])",
    "finalize()",
    "closeRung()",
];

/// Calls that pay owners who did not ask.
const PUSHES: &[&str] = &[
    "fulfillRequests(address[],uint256[])",
    "fulfillProRata(address[],uint256[],uint256)",
    "claimFor(uint256)",
];

/// Calls whose coins are the caller's no more: gifts, and what shares of the vault or reward tokens were paid with (both are
/// outside of what a person is worth here; LST that the vault gives back counts as given).
const GIVEN_AWAY: &[&str] = &[
    "fundInsurance()",
    "rewards.load()",
    "loadRewards()",
    "submitAndDeposit(address,uint256)",
    "converter.buy(address,uint256,uint256)",
];
