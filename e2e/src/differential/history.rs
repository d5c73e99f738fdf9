//! One random history: many people, keepers, administrators and accidents.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code: a slip of the run itself ends it"
)]

mod later;
#[cfg(test)]
mod regressions;
mod shrink;

use std::collections::BTreeSet;

use alloy::{
    primitives::{Address, U256, keccak256},
    signers::local::PrivateKeySigner,
    sol_types::{SolCall, SolValue},
};
use chain::bindings::BucketFactory;
use model::{
    Account, Assets, Bps, BucketId, Call, ExitParams, MinterCall, RequestId, RewardsCall, Role,
    Shares, Staking, StakingCall, State, Timestamp, TokenCall, ValidatorId, apply,
};
use rand::{Rng, seq::IndexedRandom};

use crate::{
    table::Table,
    world::{
        COIN, GAS, Setup, T0, World,
        journal::Deed,
        later::{Later, Pair},
    },
};

pub(super) use shrink::shrink;

use super::{
    choices::Choices,
    compare::{Compare, Difference, Probe},
    encode::{Book, Encoded, addr, describe, describe_revert, log, model_addr, revert},
    file::{File, Told, VERSION},
};

alloy::sol! {
    function act(address target, bytes data) external payable returns (bytes);
    function behave(uint8 mode, address target, bytes data) external;
    function force(address target) external payable;
}

/// Steps of a history before its setup may be sealed.
const SEALED_FROM: usize = 470;
/// The most that the driver hands an actor for one call, wei.
const PURSE: u128 = 1_000_000 * COIN;
/// Validators at the start, and at most.
const VALIDATORS: u16 = 4;
const MOST_VALIDATORS: u16 = 8;

/// A person: an account with a key, or one with code that the driver makes act.
#[derive(Debug, Clone, Copy)]
struct Person {
    at: model::Address,
    code: bool,
}

/// What came of one step.
#[derive(Debug)]
pub(super) struct Step {
    /// The function, as the table names it; `None` for what others do outside of the system.
    pub(super) function: Option<&'static str>,
    pub(super) gas: u64,
    /// Events that it left.
    pub(super) told: usize,
    /// What our other contracts did inside it.
    pub(super) inside: Vec<&'static str>,
    pub(super) call: String,
    pub(super) actor: String,
    pub(super) ok: bool,
    pub(super) refusal: Option<String>,
    pub(super) differences: Vec<Difference>,
}

impl Step {
    /// Differences that no call showed.
    pub(super) fn only(when: &str, differences: Vec<Difference>) -> Self {
        Self {
            function: None,
            gas: 0,
            told: 0,
            inside: Vec::new(),
            call: when.to_owned(),
            actor: String::new(),
            ok: true,
            refusal: None,
            differences,
        }
    }
}

/// One call of a history.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    at: u64,
    who: model::Address,
    call: Call,
}

pub(super) struct History {
    world: World,
    parts: Later,
    /// How the world was made, and what was done in it.
    start: Vec<Deed>,
    told: Vec<Told>,
    /// When, who and what: enough to play the same again.
    script: Vec<Deal>,
    book: Book,
    keys: Vec<PrivateKeySigner>,
    /// Accounts with code that never act: somebody may be told to claim for them.
    mute: Vec<model::Address>,
    state: State,
    rng: Choices,
    people: Vec<Person>,
    keeper: model::Address,
    admin: model::Address,
    guardian: model::Address,
    watched: Vec<model::Address>,
    probe: Probe,
    vote: u64,
    /// Contracts whose storage changed since the last comparison; `None`: compare everything.
    wrote: Option<BTreeSet<Address>>,
    /// The clock at the last comparison.
    compared_at: u64,
    /// The line ran empty.
    refillable: bool,
    pub(super) fields: u64,
}

impl History {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(Choices::seeded(seed))
    }

    pub(super) fn with(mut rng: Choices) -> Self {
        let cooldown = *[10 * 3_600, 3 * 86_400, 21 * 86_400]
            .choose(&mut rng)
            .unwrap_or(&86_400);
        let setup = Setup {
            validators: VALIDATORS,
            buckets: rng.random_range(1..7),
            cooldown,
            vote: 3_600,
        };
        let mut world = World::new(&setup);
        let parts = world.deploy_later();
        let places = model::Places {
            minter: model_addr(world.minter),
            token: model_addr(world.token),
            rewards: model_addr(world.rewards),
            staking: model_addr(world.staking),
            treasury: model_addr(world.treasury),
            receipts: model_addr(world.receipts),
            vault: model_addr(parts.vault),
            coin_vault: model_addr(parts.coin_vault),
            wrapped_coin: model_addr(parts.wcoin),
            reward_token: model_addr(parts.gold),
            code: model_addr(world.code),
        };
        let lst_is_first = world.view(parts.pair, &Pair::token0Call {}) == world.token;
        let book = Book {
            minter: world.minter,
            token: world.token,
            rewards: world.rewards,
            staking: world.staking,
            operator: world.operator,
            receipts: world.receipts,
            vault: parts.vault,
            coin_vault: parts.coin_vault,
            converters: parts.converters,
            pair: parts.pair,
            gold: parts.gold,
            route: parts.route,
            lst_is_first,
            buckets: Default::default(),
        };
        let (admin, keeper) = (model_addr(world.admin), model_addr(world.keeper));
        let guardian = model_addr(world.guardian);
        let staking = Staking {
            min_stake: Assets::of(COIN),
            cooldown,
            ..Default::default()
        };
        let fees = model_addr(world.fee_recipient);
        let now = Timestamp::new(T0);
        let state = State::initialize(places, admin, fees, Assets::of(COIN), staking, now)
            .expect("the model starts");
        let mut people = Vec::new();
        let keys: Vec<_> = (0..5)
            .map(|i| PrivateKeySigner::from_bytes(&keccak256(format!("person{i}"))).expect("a key"))
            .collect();
        for key in &keys {
            let at = key.address();
            world.give(at, 1_000_000 * COIN);
            people.push(Person {
                at: model_addr(at),
                code: false,
            });
        }
        for _ in 0..2 {
            let at = world.deploy("LocalActor", &[], 0);
            people.push(Person {
                at: model_addr(at),
                code: true,
            });
        }
        let mute: Vec<_> = (0..2)
            .map(|_| model_addr(world.deploy("LocalActor", &[], 0)))
            .collect();
        let watched = people
            .iter()
            .map(|p| p.at)
            .chain(mute.iter().copied())
            .chain([fees, admin, keeper, guardian, model::DEAD])
            .chain([
                places.minter,
                places.rewards,
                places.staking,
                places.treasury,
                places.vault,
                places.coin_vault,
                places.wrapped_coin,
            ])
            .chain([parts.pair, parts.converters[0], parts.converters[1]].map(model_addr))
            .collect();
        let mut history = Self {
            world,
            parts,
            start: Vec::new(),
            told: Vec::new(),
            script: Vec::new(),
            keys,
            mute,
            book,
            state,
            rng,
            people,
            keeper,
            admin,
            guardian,
            watched,
            probe: Probe::default(),
            vote: setup.vote,
            wrote: None,
            compared_at: 0,
            refillable: false,
            fields: 0,
        };
        history.same_start(&setup);
        history.start = history.world.take_journal();
        history
    }

    /// Runs the transactions of another history with the same beginning, and nothing else; how many they were.
    pub(super) fn replay(&mut self, other: &Self) -> u64 {
        let mut transactions = 0;
        for deed in other.told.iter().flat_map(|told| &told.deeds) {
            match deed {
                Deed::Call {
                    at,
                    from,
                    to,
                    value,
                    data,
                    gas,
                    ok,
                } => {
                    self.world.pass(at - self.world.now);
                    let out = self.world.send(*from, *to, value.to(), data.to_vec(), *gas);
                    assert_eq!(out.ok, *ok, "the same history goes the same way");
                    transactions += 1;
                }
                Deed::Balance { who, wei } => {
                    let had = self.world.balance(*who);
                    self.world.take(*who, had);
                    self.world.give(*who, wei.to());
                }
                Deed::Deploy { name, .. } => unreachable!("{name} is deployed in a beginning"),
            }
        }
        transactions
    }

    /// The model goes the way that the world's deployment went.
    fn same_start(&mut self, setup: &Setup) {
        let mut calls = vec![(
            self.admin,
            Call::Staking(StakingCall::ForceCoins {
                to: self.state.places.treasury.into(),
                coins: Assets::of(1_000_000 * COIN),
            }),
        )];
        for id in 0..setup.validators {
            calls.push((
                self.admin,
                Call::Staking(StakingCall::AddValidator {
                    validator: ValidatorId(id),
                    commission: U256::from(COIN / 10),
                    capacity: Assets::ZERO,
                }),
            ));
        }
        for person in self.people.clone() {
            if person.code {
                calls.push((
                    self.admin,
                    Call::Staking(StakingCall::PutCode { account: person.at }),
                ));
            } else {
                let coins = Assets::of(1_000_000 * COIN);
                let to = person.at.into();
                calls.push((
                    self.admin,
                    Call::Staking(StakingCall::ForceCoins { to, coins }),
                ));
            }
        }
        for role in [Role::Rebalancer, Role::Claimer, Role::Handler] {
            calls.push((
                self.admin,
                Call::Minter(MinterCall::GrantRole {
                    role,
                    account: self.keeper,
                }),
            ));
        }
        calls.push((self.admin, Call::Minter(MinterCall::SyncValidators)));
        for id in 0..setup.validators {
            let validator = ValidatorId(id);
            let count = setup.buckets;
            calls.push((
                self.admin,
                Call::Minter(MinterCall::AddBuckets { validator, count }),
            ));
            let call = MinterCall::SetValidatorWeight {
                validator,
                weight: 1,
            };
            calls.push((self.admin, Call::Minter(call)));
        }
        self.state
            .minter
            .roles
            .insert((Role::Guardian, self.guardian));
        self.play_start(calls);
        let later = self.later_start(setup);
        self.play_start(later);
        self.learn_buckets();
    }

    fn play_start(&mut self, calls: Vec<(model::Address, Call)>) {
        for (who, call) in calls {
            apply(&mut self.state, who, Timestamp::new(T0), &call).expect("the start is allowed");
        }
    }

    /// Addresses of buckets follow from validator and index; the factory knows how.
    fn learn_buckets(&mut self) {
        for (id, v) in &self.state.minter.validators {
            for index in 0..v.buckets.len() {
                let bucket = BucketId {
                    validator: *id,
                    index,
                };
                if !self.book.buckets.contains_key(&bucket) {
                    let call = BucketFactory::bucketAddressCall {
                        validatorId: id.0,
                        index: U256::from(index),
                    };
                    let at = self.world.view(self.world.factory, &call);
                    self.book.buckets.insert(bucket, at);
                }
            }
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(self.world.now)
    }

    /// Time passes, or not; one call; everything is compared.
    pub(super) fn step(&mut self, table: &mut Table) -> Step {
        self.pass_time();
        let (who, call) = loop {
            let (who, call) = self.propose();
            if self.affords(who, &call) {
                break (who, call);
            }
        };
        let before = self.state.minter.clone();
        let done = self.play(who, &call);
        if done.ok {
            self.count(&before, &call, table);
        }
        done
    }

    /// A chain takes no transaction whose sender lacks its coins.
    fn affords(&self, who: model::Address, call: &Call) -> bool {
        let coins = Assets::of(self.book.encode(call).value);
        let purse = if self.acts(who) {
            Assets::of(PURSE)
        } else {
            self.state.balance(who)
        };
        coins <= purse
    }

    /// What the table counts beside calls.
    fn count(&mut self, before: &model::Minter, call: &Call, table: &mut Table) {
        let Call::Minter(call) = call else { return };
        let after = &self.state.minter;
        match call {
            MinterCall::BookSlash { .. } => table.slashes += 1,
            MinterCall::ProcessBatchUnstake => {
                let needs = before.open_value().unwrap_or_default();
                let has = before
                    .line
                    .committed
                    .plus(before.cooling)
                    .unwrap_or_default();
                let now = self.now();
                let cools = before
                    .live()
                    .flat_map(|(_, v)| v.present())
                    .any(|(_, b)| !b.active.is_zero() && !before.is_available(b, now));
                table.merges += u64::from(needs > has && cools);
            }
            _ => {}
        }
        table.departures += u64::from(after.cooling > before.cooling);
        let (was, is) = (before.line.open_lst, after.line.open_lst);
        if !was.is_zero() && is.is_zero() {
            table.emptied += 1;
            self.refillable = true;
        }
        if was.is_zero() && !is.is_zero() && self.refillable {
            table.refilled += 1;
            self.refillable = false;
        }
    }

    /// One call, and everything compared after it.
    fn play(&mut self, who: model::Address, call: &Call) -> Step {
        let mut done = self.act(who, call);
        // What was refused changed nothing: only time could.
        if done.differences.is_empty() && (done.ok || self.compared_at < self.world.now) {
            self.learn_buckets();
            done.differences = self.compare_all();
        }
        done
    }

    /// One call on both sides; what it answers, tells and refuses is compared.
    fn act(&mut self, who: model::Address, call: &Call) -> Step {
        let shown = format!("{call:?}");
        let now = self.now();
        let mut encoded = self.book.encode(call);
        if let Call::Token(TokenCall::Permit { .. }) = call {
            encoded.data = self.signed(call);
        }
        let function = self.function(call, &encoded);
        let to = encoded.to;
        let person = self.people.iter().find(|p| p.at == who).copied();

        let mut expected_state = self.state.clone();
        let acts = person.is_some_and(|p| p.code);
        if acts && encoded.value > 0 {
            // The driver hands the actor the coins that it sends.
            let coins = expected_state.coins.entry(who.into()).or_default();
            *coins = coins.plus(Assets::of(encoded.value)).unwrap_or_default();
        }
        let expected = apply(&mut expected_state, who, now, call);
        let out = self.perform(who, acts, call, encoded);
        let (ok, output, logs) = (out.ok, out.output, out.logs);
        let words = format!("{} {who:?} calls {shown}", self.world.now);
        let deeds = self.world.take_journal();
        self.told.push(Told { words, deeds });
        self.script.push(Deal {
            at: self.world.now,
            who,
            call: call.clone(),
        });
        if let Some(wrote) = &mut self.wrote {
            wrote.extend(out.wrote);
        }

        let mut differences = Vec::new();
        let mut refusal = None;
        match &expected {
            Ok(outcome) => {
                self.state = expected_state;
                if !ok {
                    differences.push(Difference {
                        field: "success".into(),
                        expected: "succeeds".into(),
                        actual: format!("reverts: {}", describe_revert(&output)),
                        view: None,
                    });
                } else if !matches!(call, Call::Staking(_)) {
                    let mut words = outcome.ret.clone();
                    if let Call::Minter(MinterCall::Schedule { call }) = call {
                        // The model names an operation by its call, the contract by its hash.
                        words = vec![self.book.operation(call).into()];
                    }
                    differences.extend(self.compare_answer(&words, outcome, &output, &logs));
                }
            }
            Err(error) => {
                refusal = Some(name_of(&format!("{error:?}")));
                let bytes = revert(&self.book, error, to);
                if ok || bytes != output {
                    differences.push(Difference {
                        field: "refusal".into(),
                        expected: format!("{error:?}"),
                        actual: if ok {
                            "succeeds".into()
                        } else {
                            describe_revert(&output)
                        },
                        view: None,
                    });
                }
            }
        }
        let inside = expected.as_ref().map_or(Vec::new(), inside);
        Step {
            function,
            gas: out.gas,
            told: logs.len(),
            inside,
            call: shown,
            actor: format!("{who:?}"),
            ok,
            refusal,
            differences,
        }
    }

    /// Sends the call; what has no transaction of its own happens here.
    fn perform(
        &mut self,
        who: model::Address,
        acts: bool,
        call: &Call,
        encoded: Encoded,
    ) -> crate::world::Outcome {
        let operator = self.world.operator;
        let actor = self
            .people
            .iter()
            .find(|p| p.code)
            .map_or(Address::ZERO, |p| addr(p.at));
        match call {
            Call::Market(call) => self.trade(addr(who), call),
            Call::Staking(StakingCall::StockGoods { amount }) => self.stock(amount.raw()),
            Call::Staking(StakingCall::ForceCoins { to, coins }) => {
                let data = forceCall {
                    target: self.book.account(*to),
                }
                .abi_encode();
                let value = coins.raw().saturating_to();
                self.world.send(operator, actor, value, data, GAS)
            }
            Call::Staking(StakingCall::DrainTreasury { coins }) => {
                let treasury = self.world.treasury;
                self.world.take(treasury, coins.raw().saturating_to());
                crate::world::Outcome {
                    ok: true,
                    ..Default::default()
                }
            }
            Call::Staking(StakingCall::Refuse { account, refuse }) => {
                let data = behaveCall {
                    mode: u8::from(*refuse),
                    target: Address::ZERO,
                    data: Default::default(),
                };
                self.world
                    .send(operator, addr(*account), 0, data.abi_encode(), GAS)
            }
            _ if acts && encoded.from.is_none() => {
                let data = actCall {
                    target: encoded.to,
                    data: encoded.data.into(),
                }
                .abi_encode();
                let out = self
                    .world
                    .send(operator, addr(who), encoded.value, data, GAS);
                let output = if out.ok {
                    alloy::primitives::Bytes::abi_decode(&out.output).unwrap_or_default()
                } else {
                    out.output
                };
                crate::world::Outcome { output, ..out }
            }
            _ => {
                let from = encoded.from.unwrap_or_else(|| addr(who));
                self.world
                    .send(from, encoded.to, encoded.value, encoded.data, GAS)
            }
        }
    }

    /// Returned words, and the events of our contracts, in any order.
    fn compare_answer(
        &self,
        expected: &[U256],
        outcome: &model::Outcome,
        output: &[u8],
        logs: &[alloy::primitives::Log],
    ) -> Option<Difference> {
        let words: Vec<U256> = output.chunks(32).map(U256::from_be_slice).collect();
        if words != expected {
            return Some(Difference {
                field: "returned".into(),
                expected: format!("{expected:?}"),
                actual: format!("{words:?}"),
                view: None,
            });
        }
        let key = |(at, data): &(Address, alloy::primitives::LogData)| {
            (*at, data.topics().to_vec(), data.data.clone())
        };
        let book = &self.book;
        let ours = [
            book.minter,
            book.token,
            book.rewards,
            book.receipts,
            book.vault,
            book.coin_vault,
            book.converters[0],
            book.converters[1],
        ];
        let mut expected: Vec<_> = outcome
            .events
            .iter()
            .map(|event| log(&self.book, event))
            .collect();
        let mut actual: Vec<_> = logs
            .iter()
            .filter(|log| ours.contains(&log.address))
            .map(|log| (log.address, log.data.clone()))
            .collect();
        expected.sort_by_key(key);
        actual.sort_by_key(key);
        if expected == actual {
            return None;
        }
        let only = |from: &[(Address, alloy::primitives::LogData)], other: &[_]| {
            let list: Vec<_> = from
                .iter()
                .filter(|entry| !other.contains(*entry))
                .map(|(_, data)| describe(data))
                .collect();
            list.join("; ")
        };
        Some(Difference {
            field: "events".into(),
            expected: only(&expected, &actual),
            actual: only(&actual, &expected),
            view: None,
        })
    }

    pub(super) fn compare_all(&mut self) -> Vec<Difference> {
        self.probe.amount = {
            let balance = self.state.token.total_supply.raw();
            self.part(balance)
        };
        self.probe.user = self
            .people
            .choose(&mut self.rng)
            .map_or(model::DEAD, |p| p.at);
        let rungs = self.state.minter.line.open_rung();
        self.probe.start = (self.rng.random_range(0..=rungs) << 32) | self.rng.random_range(0..4);
        self.probe.items = self.rng.random_range(0..20);
        let now = self.now();
        let mut compare = Compare {
            world: &mut self.world,
            book: &self.book,
            state: &self.state,
            now,
            found: Vec::new(),
            wrote: self.wrote.take(),
            later: self.compared_at < now.get(),
            fields: 0,
        };
        compare.all(&mut self.probe, &self.watched);
        self.fields += compare.fields;
        let found = compare.found;
        self.wrote = Some(BTreeSet::new());
        self.compared_at = self.world.now;
        found
    }

    /// Everything so far, and where contracts and model disagree.
    pub(super) fn file(&self, seed: u64, history: u64, differences: Vec<Difference>) -> File {
        File {
            version: VERSION,
            seed,
            history,
            start: self.start.clone(),
            steps: self.told.clone(),
            differences,
        }
    }

    /// Calls made so far, refused ones counted.
    pub(super) fn calls(&self) -> u64 {
        self.script.len() as u64
    }

    /// Whether the choices that were given from outside are made.
    pub(super) fn has_chosen_all(&self) -> bool {
        self.rng.is_used_up()
    }

    /// At the end: what never changes is looked at once more, from the beginning.
    pub(super) fn finish(&mut self) -> Vec<Difference> {
        self.probe = Probe::default();
        self.wrote = None;
        self.compare_all()
    }

    // ------------------------------------------------------------------------------------------------ the dice

    fn pass_time(&mut self) {
        if !self.rng.random_bool(0.45) {
            return;
        }
        let m = &self.state.minter;
        let ends: Vec<u64> = m
            .validators
            .values()
            .flat_map(|v| v.present())
            .filter(|(_, bucket)| !bucket.cooling.is_zero())
            .map(|(_, bucket)| bucket.end.get())
            .filter(|end| *end > self.world.now)
            .collect();
        if self.state.halted() && m.sealed && self.rng.random_bool(0.2) {
            let seconds = self.state.longest_exit();
            self.world.pass(seconds);
            return;
        }
        let m = &self.state.minter;
        let departure = m.line.next_departure.get().saturating_sub(self.world.now);
        let seconds = match self.rng.random_range(0..100) {
            0..30 => self.rng.random_range(1..600),
            30..60 => 3_600,
            60..70 => 6 * 3_600 + self.rng.random_range(0..3_600),
            70..78 => 86_400,
            78..92 => ends.iter().min().map_or(300, |end| {
                end - self.world.now + self.rng.random_range(0..2) * 3_600
            }),
            92..97 => departure.max(1),
            97..99 => self.state.staking.cooldown,
            _ => self.state.longest_exit(),
        };
        self.world.pass(seconds);
    }

    /// A part of `whole`: rarely a wei or all of it, mostly something between.
    fn part(&mut self, whole: U256) -> U256 {
        match self.rng.random_range(0..20) {
            0 => U256::from(1),
            1 | 2 => whole,
            3 => whole + U256::from(1),
            _ => {
                let thousandth = U256::from(self.rng.random_range(1..1_000_u64));
                let odd = U256::from(self.rng.random_range(0..1_000_u64));
                whole * thousandth / U256::from(1_000) + odd
            }
        }
    }

    fn coins(&mut self) -> Assets {
        match self.rng.random_range(0..30) {
            0 => Assets::ZERO,
            1 => Assets::of(self.rng.random_range(1..100)),
            2..10 => Assets::of(self.rng.random_range(1..1_000) * COIN / 1_000),
            _ => {
                Assets::of(self.rng.random_range(1..2_000) * COIN + self.rng.random_range(0..COIN))
            }
        }
    }

    fn person(&mut self) -> model::Address {
        self.people
            .choose(&mut self.rng)
            .map_or(model::DEAD, |p| p.at)
    }

    /// Mostly the one who may, sometimes anybody; contracts of ours send nothing by themselves.
    fn mostly(&mut self, who: model::Address) -> model::Address {
        let sends = !self.state.has_code(who) || self.acts(who);
        if sends && self.rng.random_bool(0.93) {
            who
        } else {
            self.person()
        }
    }

    /// The last part of a history, in which the setup is sealed: delays hold from then on.
    fn late(&self) -> bool {
        self.told.len() > SEALED_FROM
    }

    fn is_person(&self, who: model::Address) -> bool {
        self.people.iter().any(|p| p.at == who)
    }

    /// Whether the driver can make it act.
    fn acts(&self, who: model::Address) -> bool {
        self.people.iter().any(|p| p.code && p.at == who)
    }

    fn validator(&mut self) -> ValidatorId {
        let registry = self.state.minter.registry.clone();
        if self.rng.random_bool(0.01) {
            return ValidatorId(999);
        }
        registry.choose(&mut self.rng).copied().unwrap_or_default()
    }

    fn holder(&mut self) -> (model::Address, Shares) {
        let holders: Vec<_> = self
            .people
            .iter()
            .map(|p| (p.at, self.state.token.balance(p.at)))
            .filter(|(_, balance)| !balance.is_zero())
            .collect();
        let other = (self.person(), Shares::of(COIN));
        holders.choose(&mut self.rng).copied().unwrap_or(other)
    }

    /// A request and who should claim it: one that has something, if there is one.
    fn request(&mut self) -> (RequestId, model::Address) {
        let line = &self.state.minter.line;
        let all: Vec<_> = line.tickets.iter().map(|(id, t)| (*id, t.owner)).collect();
        let ready: Vec<_> = all
            .iter()
            .copied()
            .filter(|(id, _)| line.claimable(*id).is_ok_and(|(gross, _)| !gross.is_zero()))
            .collect();
        // What contracts of ours own is claimed through them.
        let own: Vec<_> = ready
            .iter()
            .copied()
            .filter(|(_, owner)| self.is_person(*owner))
            .collect();
        let from = if self.rng.random_bool(0.1) {
            all
        } else if own.is_empty() {
            ready
        } else {
            own
        };
        let other = (RequestId::of(self.rng.random_range(0..9), 1), self.person());
        from.choose(&mut self.rng).copied().unwrap_or(other)
    }

    fn propose(&mut self) -> (model::Address, Call) {
        let slashed: Vec<ValidatorId> = self
            .state
            .minter
            .live()
            .filter(|(id, _)| {
                self.state
                    .staking
                    .validators
                    .get(id)
                    .is_some_and(|v| v.slashed)
            })
            .map(|(id, _)| id)
            .collect();
        if let (Some(id), true) = (slashed.first(), self.rng.random_bool(0.2)) {
            return (
                self.person(),
                Call::Minter(MinterCall::BookSlash { validator: *id }),
            );
        }
        if self.state.halted() && self.rng.random_bool(0.15) {
            return self.leave_halt();
        }
        match self.rng.random_range(0..1_000) {
            0..65 => self.deposit(),
            65..140 => self.exit(),
            140..160 => self.cancel(),
            160..235 => self.claim(),
            235..365 => self.keep(),
            365..435 => self.bus(),
            435..515 => self.reward(),
            515..560 => self.token(),
            560..615 => self.outside(),
            615..760 => self.configure(),
            760..770 => self.forbidden(),
            770..805 => self.receipt(),
            805..835 => self.vaults(),
            835..865 => self.coin_vaults(),
            865..890 => self.delegates(),
            890..910 => self.paid_unasked(),
            910..928 => self.reserve(),
            928..943 => self.gold(),
            943..953 => self.market(),
            _ => self.wiring(),
        }
    }

    fn deposit(&mut self) -> (model::Address, Call) {
        let who = self.person();
        let coins = self.coins();
        let recipient = if self.rng.random_bool(0.02) {
            model::Address::ZERO
        } else {
            self.person()
        };
        let call = match self.rng.random_range(0..10) {
            0..4 => MinterCall::Submit { coins },
            4 | 5 => MinterCall::SubmitAndGive { coins, recipient },
            6 => MinterCall::SubmitForValidator {
                coins,
                validator: self.validator(),
            },
            7 => MinterCall::Receive { coins },
            _ => {
                let min = self
                    .state
                    .minter
                    .rate
                    .to_shares_down(coins)
                    .unwrap_or_default();
                let more = Shares::of(u128::from(self.rng.random_bool(0.1)));
                let min_out = min.plus(more).unwrap_or_default();
                let late = self.rng.random_bool(0.05);
                let deadline = Timestamp::new(self.world.now - u64::from(late));
                MinterCall::Deposit {
                    coins,
                    recipient,
                    min_out,
                    deadline,
                }
            }
        };
        (who, Call::Minter(call))
    }

    fn exit(&mut self) -> (model::Address, Call) {
        let (who, balance) = self.holder();
        let amount = Shares::new(self.part(balance.raw())).min(balance);
        let amount = if self.rng.random_bool(0.02) {
            balance.plus(Shares::of(1)).unwrap_or(amount)
        } else {
            amount
        };
        let call = match self.rng.random_range(0..10) {
            0..3 => MinterCall::Unstake { amount },
            3 => MinterCall::UnstakeFromValidator {
                amount,
                validator: self.validator(),
            },
            _ => {
                let strict = |rng: &mut Choices| rng.random_bool(0.04);
                let instant = *[Shares::ZERO, amount, amount]
                    .choose(&mut self.rng)
                    .unwrap_or(&amount);
                let params = ExitParams {
                    instant_max: instant,
                    amm_max: if self.rng.random_bool(0.3) {
                        amount
                    } else {
                        Shares::ZERO
                    },
                    queue_max: if strict(&mut self.rng) {
                        Shares::ZERO
                    } else {
                        amount
                    },
                    min_out_now: if strict(&mut self.rng) {
                        Assets::of(COIN)
                    } else {
                        Assets::ZERO
                    },
                    fee_limit_bps: U256::from(if strict(&mut self.rng) { 20 } else { 500 }),
                    deadline: Timestamp::new(self.world.now - u64::from(strict(&mut self.rng))),
                    recipient: if strict(&mut self.rng) {
                        model::Address::ZERO
                    } else {
                        self.person()
                    },
                };
                MinterCall::Redeem { amount, params }
            }
        };
        (who, Call::Minter(call))
    }

    fn cancel(&mut self) -> (model::Address, Call) {
        let line = &self.state.minter.line;
        let open = line.open_rung();
        let staged: Vec<_> = line
            .tickets
            .iter()
            .filter(|(id, _)| id.rung() == open || self.state.minter.line.tickets.len() < 3)
            .map(|(id, t)| (*id, t.owner))
            .collect();
        let other = self.request();
        let (id, owner) = staged.choose(&mut self.rng).copied().unwrap_or(other);
        (self.mostly(owner), Call::Minter(MinterCall::Cancel { id }))
    }

    /// The keeper's next step towards funded requests.
    fn fund(&mut self) -> (model::Address, Call) {
        let m = &self.state.minter;
        let closes = m.line.last_closed_at.after(m.params.min_rung_age);
        let call = if let Some(validator) = self.matured().first().copied() {
            MinterCall::SweepMaturedBuckets {
                validator,
                max_to_sweep: 50,
            }
        } else if !m.line.staged_lst.is_zero() && self.now() >= closes {
            MinterCall::CloseRung
        } else if self.rng.random_bool(0.5) {
            MinterCall::Finalize
        } else {
            MinterCall::ProcessBatchUnstake
        };
        (self.keeper, Call::Minter(call))
    }

    fn claim(&mut self) -> (model::Address, Call) {
        let (id, owner) = self.request();
        let line = &self.state.minter.line;
        let ready = line.claimable(id).is_ok_and(|(gross, _)| !gross.is_zero());
        if !(ready && self.is_person(owner)) && self.rng.random_bool(0.8) {
            return self.fund();
        }
        let (a, b) = self.state.minter.line.hints(id).unwrap_or_default();
        let wrong = usize::from(self.rng.random_bool(0.05));
        let (hint_a, hint_b) = (U256::from(a + wrong), U256::from(b));
        let recipient = if self.rng.random_bool(0.02) {
            model::Address::ZERO
        } else {
            self.person()
        };
        let call = match self.rng.random_range(0..3) {
            0 => MinterCall::Claim { id, hint_a, hint_b },
            1 => MinterCall::ClaimTo {
                id,
                hint_a,
                hint_b,
                recipient,
            },
            _ => MinterCall::Withdraw { recipient, id },
        };
        (self.mostly(owner), Call::Minter(call))
    }

    /// Users and ids of a push: whatever waits, in any order, with some nonsense.
    fn pushes(&mut self) -> (Vec<model::Address>, Vec<RequestId>) {
        let mut users = Vec::new();
        let mut ids = Vec::new();
        for _ in 0..self.rng.random_range(0..6) {
            let (id, owner) = self.request();
            ids.push(id);
            users.push(self.mostly(owner));
        }
        if self.rng.random_bool(0.03) {
            users.push(self.keeper);
        }
        (users, ids)
    }

    fn keep(&mut self) -> (model::Address, Call) {
        let keeper = self.mostly(self.keeper);
        let anybody = self.person();
        let (who, call) = match self.rng.random_range(0..100) {
            0..18 => (keeper, MinterCall::CloseRung),
            18..30 => (anybody, MinterCall::Finalize),
            30..42 => {
                let (users, ids) = self.pushes();
                (keeper, MinterCall::FulfillRequests { users, ids })
            }
            42..52 => {
                let (users, ids) = self.pushes();
                let max_spend = self.coins();
                (
                    keeper,
                    MinterCall::FulfillProRata {
                        users,
                        ids,
                        max_spend,
                    },
                )
            }
            52..58 => {
                let rungs = self.state.minter.line.open_rung();
                let closed = u64::from(self.rng.random_bool(0.9));
                let rung = self.rng.random_range(0..=rungs.saturating_sub(closed));
                (anybody, MinterCall::PublishEta { rung })
            }
            58..74 => (keeper, MinterCall::ProcessBatchUnstake),
            74..78 => {
                let most = self.rng.random_range(0..4);
                (keeper, MinterCall::ProcessBatchUnstakePage { most })
            }
            78..94 => {
                let matured = self.matured();
                let any = self.validator();
                let validator = matured.choose(&mut self.rng).copied().unwrap_or(any);
                let max_to_sweep = *[0, 1, 2, 50, 50, 50].choose(&mut self.rng).unwrap_or(&1);
                (
                    keeper,
                    MinterCall::SweepMaturedBuckets {
                        validator,
                        max_to_sweep,
                    },
                )
            }
            _ => (anybody, MinterCall::SyncValidators),
        };
        (who, Call::Minter(call))
    }

    /// Validators with something to sweep.
    fn matured(&self) -> Vec<ValidatorId> {
        let now = self.now();
        let m = &self.state.minter;
        let validators = m
            .registry
            .iter()
            .filter_map(|id| m.validators.get(id).map(|v| (id, v)));
        validators
            .filter(|(_, v)| {
                let mut present = v.present();
                present.any(|(_, b)| !b.cooling.is_zero() && now >= b.end)
            })
            .map(|(id, _)| *id)
            .collect()
    }

    fn bus(&mut self) -> (model::Address, Call) {
        let keeper = self.mostly(self.keeper);
        let validator = self.validator();
        let call = match self.rng.random_range(0..10) {
            0..3 => MinterCall::Rebalance,
            3..6 => {
                let free = self
                    .state
                    .minter
                    .free_to_stake(self.now())
                    .unwrap_or_default();
                let room = self.state.capacity(validator).unwrap_or_default();
                let most = free.min(room);
                let least = self.state.minter.params.min_stake;
                if most < least && self.rng.random_bool(0.8) {
                    return self.deposit();
                }
                let amount = Assets::new(self.part(most.raw())).max(least.min(most));
                MinterCall::StakeWithheldForValidator { amount, validator }
            }
            _ => {
                let m = &self.state.minter;
                let latest = m
                    .registry
                    .iter()
                    .filter_map(|id| m.validators.get(id).map(|v| (id, v)))
                    .flat_map(|(id, v)| v.present().map(move |(_, b)| (b.end, *id, b.cooling)))
                    .filter(|(_, _, cooling)| !cooling.is_zero())
                    .max_by_key(|(end, ..)| *end);
                let staged = m.rate.to_assets_down(m.line.staged_lst).unwrap_or_default();
                let free = m
                    .cooling
                    .plus(m.line.committed)
                    .unwrap_or_default()
                    .min0(m.open_value().unwrap_or_default())
                    .min0(staged)
                    .min0(model::MARGIN);
                let (_, validator, cooling) =
                    latest.unwrap_or((Timestamp::ZERO, validator, Assets::ZERO));
                let most = free.min(cooling);
                let least = self.state.minter.params.min_stake;
                if most < least && self.rng.random_bool(0.9) {
                    return (keeper, Call::Minter(MinterCall::ProcessBatchUnstake));
                }
                let amount = Assets::new(self.part(most.raw())).max(least.min(most));
                MinterCall::Restake { validator, amount }
            }
        };
        (keeper, Call::Minter(call))
    }

    fn reward(&mut self) -> (model::Address, Call) {
        let keeper = self.mostly(self.keeper);
        let anybody = self.person();
        let validator = self.validator();
        let (who, call) = match self.rng.random_range(0..16) {
            0 | 1 => (keeper, MinterCall::ClaimAll),
            2 | 3 => (keeper, MinterCall::ClaimValidator { validator }),
            4 | 5 => {
                let from = self.rng.random_range(0..4);
                let to = from + self.rng.random_range(0..6);
                (
                    keeper,
                    MinterCall::ClaimBuckets {
                        validator,
                        from,
                        to,
                    },
                )
            }
            6 => (
                anybody,
                MinterCall::LoadRewards {
                    coins: self.coins(),
                },
            ),
            7 => (anybody, MinterCall::Skim),
            8 => {
                let index = self.rng.random_range(0..6);
                (
                    anybody,
                    MinterCall::SkimStake {
                        bucket: BucketId { validator, index },
                    },
                )
            }
            9 => (anybody, MinterCall::PayFees),
            10 | 11 => (self.holder().0, MinterCall::UnstakeRewards),
            12 => {
                let call = RewardsCall::Claim { recipient: anybody };
                return (self.holder().0, Call::Rewards(call));
            }
            _ => {
                let call = if self.rng.random_bool(0.4) {
                    RewardsCall::PayProtocolFees
                } else {
                    RewardsCall::Load {
                        coins: self.coins(),
                    }
                };
                return (anybody, Call::Rewards(call));
            }
        };
        (who, Call::Minter(call))
    }

    fn token(&mut self) -> (model::Address, Call) {
        let (who, balance) = self.holder();
        let amount = Shares::new(self.part(balance.raw()));
        let amount = if self.rng.random_bool(0.9) {
            amount.min(balance)
        } else {
            amount
        };
        let to = if self.rng.random_bool(0.01) {
            model::Address::ZERO
        } else if self.rng.random_bool(0.1) {
            self.place()
        } else {
            self.person()
        };
        if self.rng.random_bool(0.1) {
            return self.permit();
        }
        let call = match self.rng.random_range(0..10) {
            0..5 => TokenCall::Transfer { to, amount },
            5 | 6 => {
                let unlimited = self.rng.random_bool(0.3);
                let amount = if unlimited { Shares::MAX } else { amount };
                TokenCall::Approve {
                    spender: to,
                    amount,
                }
            }
            _ => {
                let granted: Vec<_> = self
                    .state
                    .token
                    .allowances
                    .iter()
                    .filter(|((_, spender), amount)| !amount.is_zero() && self.is_person(*spender))
                    .map(|(key, amount)| (*key, *amount))
                    .collect();
                let Some(((from, spender), most)) = granted.choose(&mut self.rng).copied() else {
                    return (
                        who,
                        Call::Token(TokenCall::TransferFrom {
                            from: to,
                            to: who,
                            amount,
                        }),
                    );
                };
                let there = self.state.token.balance(from).min(most);
                let amount = Shares::new(self.part(there.raw()));
                return (
                    spender,
                    Call::Token(TokenCall::TransferFrom { from, to, amount }),
                );
            }
        };
        (who, Call::Token(call))
    }

    fn any_bucket(&mut self) -> Option<BucketId> {
        let all: Vec<_> = self.book.buckets.keys().copied().collect();
        all.choose(&mut self.rng).copied()
    }

    /// The staking system and everybody around it.
    fn outside(&mut self) -> (model::Address, Call) {
        let who = self
            .people
            .iter()
            .filter(|p| !p.code)
            .map(|p| p.at)
            .collect::<Vec<_>>();
        let who = who.choose(&mut self.rng).copied().unwrap_or_default();
        let ids = self.state.staking.ids.clone();
        let validator = ids.choose(&mut self.rng).copied().unwrap_or_default();
        let theirs = self
            .state
            .staking
            .validators
            .get(&validator)
            .cloned()
            .unwrap_or_default();
        let coins = self.coins();
        let now = self.now();
        let call = match self.rng.random_range(0..100) {
            0..14 => StakingCall::Stake { validator, coins },
            14..28 => {
                let bucket = self.any_bucket().unwrap_or_default();
                let staker = Account::Bucket(bucket);
                let validator = if self.rng.random_bool(0.8) {
                    bucket.validator
                } else {
                    validator
                };
                StakingCall::StakeOnBehalf {
                    validator,
                    staker,
                    coins,
                }
            }
            28..34 => {
                let staked = self.state.staking.position(who.into(), validator).staked;
                StakingCall::Unstake {
                    validator,
                    amount: Assets::new(self.part(staked.raw())),
                }
            }
            34..38 => StakingCall::Withdraw,
            38..43 if !theirs.slashed => StakingCall::SetStatus {
                validator,
                active: !theirs.active,
            },
            43..47 => {
                let most = theirs.delegated.plus(coins).unwrap_or_default();
                let capacity = if self.rng.random_bool(0.5) {
                    Assets::ZERO
                } else {
                    most
                };
                StakingCall::SetCapacity {
                    validator,
                    capacity,
                }
            }
            47..50 => {
                let bps = Bps::new(*[0, 0, 3_000, 6_000].choose(&mut self.rng).unwrap_or(&0));
                StakingCall::SetPercentage { bps }
            }
            50..52 => {
                let amount = Assets::of(
                    *[COIN, COIN, 2 * COIN]
                        .choose(&mut self.rng)
                        .unwrap_or(&COIN),
                );
                StakingCall::SetMinStake { amount }
            }
            52..55 => {
                let seconds = *[10 * 3_600, 86_400, 21 * 86_400]
                    .choose(&mut self.rng)
                    .unwrap_or(&86_400);
                StakingCall::SetCooldown { seconds }
            }
            55..57 => {
                let rate = U256::from(self.rng.random_range(0..90_000_000_000_u64));
                StakingCall::SetGoodsRate { validator, rate }
            }
            57..61 => {
                let rate = U256::from(self.rng.random_range(0..20_000_000_000_u64));
                StakingCall::SetRewardRate { validator, rate }
            }
            61..68 if !theirs.slashed => StakingCall::Slash { validator },
            65..70 => {
                let open = |v: &ValidatorId| theirs.votes.get(v).is_none_or(|end| *end < now);
                let voter = ids
                    .iter()
                    .copied()
                    .filter(|id| *id != validator && open(id))
                    .find(|id| {
                        self.state
                            .staking
                            .validators
                            .get(id)
                            .is_some_and(|v| v.active)
                    });
                match voter {
                    Some(voter) if theirs.active => StakingCall::Vote {
                        target: validator,
                        voter,
                        expiration: now.after(self.rng.random_range(1..=self.vote)),
                    },
                    _ => StakingCall::Withdraw,
                }
            }
            70 => {
                let bucket = self.any_bucket().unwrap_or_default();
                let v = self.state.staking.validators.get(&bucket.validator);
                let position = self
                    .state
                    .staking
                    .position(Account::Bucket(bucket), bucket.validator);
                if v.is_some_and(|v| v.slashed) && position.cooling.is_zero() {
                    let account = Account::Bucket(bucket);
                    StakingCall::ClearRecord {
                        account,
                        validator: bucket.validator,
                    }
                } else {
                    StakingCall::Withdraw
                }
            }
            71..74 => {
                let bps = Bps::new(*[0, 0, 0, 100, 2_500].choose(&mut self.rng).unwrap_or(&0));
                StakingCall::SetWithdrawShortfall { bps }
            }
            74..84 => {
                let to = match self.rng.random_range(0..5) {
                    4 => self.state.places.vault.into(),
                    0 => self.state.places.minter.into(),
                    1 => self.state.places.rewards.into(),
                    2 => self.state.places.treasury.into(),
                    _ => Account::Bucket(self.any_bucket().unwrap_or_default()),
                };
                StakingCall::ForceCoins { to, coins }
            }
            84..86 => {
                let there = self.state.balance(self.state.places.treasury);
                StakingCall::DrainTreasury {
                    coins: Assets::new(self.part(there.raw())).min(there),
                }
            }
            86..94 => {
                let actors: Vec<_> = self
                    .people
                    .iter()
                    .filter(|p| p.code)
                    .map(|p| p.at)
                    .collect();
                let account = actors.choose(&mut self.rng).copied().unwrap_or_default();
                let refuse = !self.state.refusing.contains(&account);
                StakingCall::Refuse { account, refuse }
            }
            _ if ids.len() < usize::from(MOST_VALIDATORS) => StakingCall::AddValidator {
                validator: ValidatorId(u16::try_from(ids.len()).unwrap_or_default()),
                commission: U256::from(self.rng.random_range(0..COIN / 2)),
                capacity: Assets::ZERO,
            },
            _ => StakingCall::Stake { validator, coins },
        };
        (who, Call::Staking(call))
    }

    /// A value around what is in force: mostly down, sometimes up or too far.
    fn around(&mut self, now: Bps, ceiling: u64) -> Bps {
        match self.rng.random_range(0..10) {
            0 => Bps::new(ceiling + 1),
            1..4 => Bps::new(self.rng.random_range(0..=ceiling)),
            _ => Bps::new(self.rng.random_range(0..=now.get())),
        }
    }

    fn parameter(&mut self) -> MinterCall {
        let p = self.state.minter.params;
        let validator = self.validator();
        match self.rng.random_range(0..9) {
            0 => MinterCall::SetFees {
                min_instant: self.around(p.min_instant_fee, 100),
                standard: self.around(p.standard_fee, 500),
            },
            1 => MinterCall::SetMaxInstantFee {
                bps: self.around(p.max_instant_fee, 500),
            },
            2 => MinterCall::SetRewardFee {
                bps: self.around(self.state.rewards.fee, 2_000),
            },
            3 => MinterCall::SetInstantPolicy {
                pause: self.rng.random_bool(0.3),
                threshold: Bps::new(self.rng.random_range(5_000..10_002)),
            },
            4 => MinterCall::SetMaxValidatorPercentage {
                validator,
                bps: Bps::new(self.rng.random_range(2_000..10_100)),
            },
            5 => MinterCall::SetFeeRecipient {
                recipient: self.person(),
            },
            6 => {
                let own = self.state.places.rewards;
                let sink = if self.rng.random_bool(0.8) {
                    own
                } else {
                    self.person()
                };
                MinterCall::SetRewardsSink { sink }
            }
            7 => MinterCall::GrantRole {
                role: Role::Claimer,
                account: self.person(),
            },
            _ => MinterCall::SetFees {
                min_instant: p.min_instant_fee,
                standard: p.standard_fee,
            },
        }
    }

    fn configure(&mut self) -> (model::Address, Call) {
        let admin = self.mostly(self.admin);
        let operator = if self.rng.random_bool(0.5) {
            admin
        } else {
            self.keeper
        };
        let guardian = self.mostly(self.guardian);
        let validator = self.validator();
        let (who, call) = match self.rng.random_range(0..100) {
            0..8 => {
                let count = self.rng.random_range(0..3);
                (operator, MinterCall::AddBuckets { validator, count })
            }
            8..16 => {
                let count = *[0, 1, 2, 3, 5, 8, 129].choose(&mut self.rng).unwrap_or(&1);
                (operator, MinterCall::ConfigureBuckets { validator, count })
            }
            16..22 => {
                let weight = self.rng.random_range(0..5);
                (
                    operator,
                    MinterCall::SetValidatorWeight { validator, weight },
                )
            }
            22..28 => {
                let threshold = if self.rng.random_bool(0.3) {
                    Assets::ZERO
                } else {
                    self.coins()
                };
                let interval = *[0, 600, 3_600, 86_400]
                    .choose(&mut self.rng)
                    .unwrap_or(&3_600);
                (
                    operator,
                    MinterCall::SetBatchUnstakeParams {
                        threshold,
                        interval,
                    },
                )
            }
            28..34 => {
                let amount = Assets::of(
                    *[COIN, 2 * COIN, COIN / 2]
                        .choose(&mut self.rng)
                        .unwrap_or(&COIN),
                );
                (operator, MinterCall::SetMinStake { amount })
            }
            34..40 => {
                let bps = Bps::new(self.rng.random_range(0..6_000));
                (operator, MinterCall::SetWithholdRatio { bps })
            }
            40..46 => {
                let bps = self.state.staking.percentage;
                (
                    self.mostly(self.keeper),
                    MinterCall::SetStakingPercentageCap { bps },
                )
            }
            46..54 => (
                guardian,
                MinterCall::PauseDeposits {
                    pause: self.rng.random_bool(0.4),
                },
            ),
            54..61 => {
                let now = self.state.minter.params.utilization_threshold;
                let lower = u64::from(self.rng.random_bool(0.1));
                let threshold = Bps::new(now.get().saturating_sub(lower));
                let pause = self.rng.random_bool(0.4);
                (guardian, MinterCall::SetInstantPolicy { pause, threshold })
            }
            61..65 => {
                let ready: Vec<_> = self
                    .state
                    .minter
                    .scheduled
                    .iter()
                    .map(|(call, _)| call.clone())
                    .collect();
                match ready.choose(&mut self.rng).cloned() {
                    Some(call) => return (admin, call),
                    None => (admin, self.parameter()),
                }
            }
            65..85 if self.late() && self.rng.random_bool(0.5) => (admin, MinterCall::SealSetup),
            65..90 => (admin, self.parameter()),
            90..95 => {
                let call = Box::new(Call::Minter(self.parameter()));
                (admin, MinterCall::Schedule { call })
            }
            95..99 => {
                let call = Box::new(Call::Minter(self.parameter()));
                let first = self
                    .state
                    .minter
                    .scheduled
                    .first()
                    .map(|(call, _)| Box::new(call.clone()));
                (
                    guardian,
                    MinterCall::CancelScheduled {
                        call: first.unwrap_or(call),
                    },
                )
            }
            _ => {
                let account = self.person();
                (
                    admin,
                    MinterCall::RevokeRole {
                        role: Role::Claimer,
                        account,
                    },
                )
            }
        };
        (who, Call::Minter(call))
    }

    /// What only contracts of ours may call.
    fn forbidden(&mut self) -> (model::Address, Call) {
        let who = self.person();
        let amount = Shares::of(COIN);
        let call = match self.rng.random_range(0..12) {
            7.. => return (who, self.forbidden_later(who)),
            0 => Call::Token(TokenCall::Mint { to: who, amount }),
            1 => Call::Token(TokenCall::Burn {
                from: self.holder().0,
                amount,
            }),
            2 => Call::Token(TokenCall::Stream {
                amount: Assets::of(COIN),
            }),
            3 => Call::Token(TokenCall::Collect {
                account: self.holder().0,
            }),
            4 => Call::Rewards(RewardsCall::ClaimFor {
                account: self.holder().0,
            }),
            5 => Call::Rewards(RewardsCall::SetRewardFee { bps: Bps::new(0) }),
            _ => Call::Minter(MinterCall::ReceiveFromBucket {
                coins: Assets::of(COIN),
            }),
        };
        (who, call)
    }
}

/// The variant's name: `ZeroAmount(..)` -> `ZeroAmount`.
fn name_of(shown: &str) -> String {
    let end = shown
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(shown.len());
    shown.get(..end).unwrap_or(shown).to_owned()
}

/// Functions that only our other contracts call, by what they leave behind.
fn inside(outcome: &model::Outcome) -> Vec<&'static str> {
    use model::Event as E;
    outcome
        .events
        .iter()
        .filter_map(|event| match event {
            E::Swept { .. } => Some("receiveFromBucket()"),
            E::AmmExit { .. } => Some("receiveFromAmm()"),
            E::Unwrapped { .. } => Some("unwrapTicket(uint256,address)"),
            _ => None,
        })
        .collect()
}
