//! The basket's plans as pure functions of a view made by hand. What is expected follows from the contracts' rules, by hand.

use crate::{
    Config, Job, Plan, Target,
    basket::{
        AuctionView, Backoff, BasketView, CoreView, DriftView, EpochView, GuardView, LegView,
        OpenEpoch, PriceView, Reading, Scan, SleeveKind, SleeveView, StCoreView, StakeReading,
        StakeView, Step, WaitingLeg, counter, next_due, plan, worth,
    },
};
use alloy::{
    primitives::{Address, B256, Bloom, U256, address},
    sol_types::{SolCall, SolValue},
};
use chain::{
    BasketContracts,
    bindings::{
        IBasket as B, ICoreSleeve, IPriceFeed, IUnbondingQueue as Q,
        basket::IBasketTypes::SleeveInfo, basket_queue::IUnbondingQueue::LegInfo,
    },
};

const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;
/// A midnight.
const DAWN: u64 = 20_000 * DAY;
const COIN: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
const BASKET: Address = Address::repeat_byte(0xba);
const QUEUE: Address = Address::repeat_byte(0xbb);
const FEED: Address = Address::repeat_byte(0xfe);

fn coins(n: u64) -> U256 {
    U256::from(n) * U256::from(10).pow(U256::from(18))
}

/// Tenths of a coin.
fn tenths(n: u64) -> U256 {
    U256::from(n) * U256::from(10).pow(U256::from(17))
}

fn validator(byte: u8, weight: u64, stake: U256) -> StakeView {
    StakeView {
        account: Address::repeat_byte(byte),
        stake,
        told: Some(stake),
        weight,
        takes: true,
        elected: true,
        jailed: false,
        reading: None,
    }
}

fn sleeve(
    id: u8,
    token: Address,
    units: U256,
    target: u16,
    price: U256,
    kind: SleeveKind,
) -> SleeveView {
    SleeveView {
        id,
        info: SleeveInfo {
            sleeve: Address::repeat_byte(0xa0 + id),
            token,
            units,
            parts: units,
            basketParts: units,
            round: U256::from(20_000),
            targetBps: target,
            ..SleeveInfo::default()
        },
        held: Some(units),
        idle: Some(units),
        price: Some(PriceView {
            low: price,
            high: price,
            state: 0,
            seen_at: DAWN + HOUR,
            impaired_at: 0,
            listed: token != COIN,
            guard: None,
        }),
        kind,
    }
}

/// Half past one in the morning of day 20,000, all chores done. 500 coins (497 with three validators, by weights 2, 1, 1), 300
/// stCORE and 0.2 BTC at 1,000 coins: at its targets.
fn view() -> BasketView {
    let core = CoreView {
        round: Some(20_000),
        least: coins(1),
        drift_bps: U256::from(1_000),
        validators: vec![
            validator(1, 2, coins(248)),
            validator(2, 1, coins(124)),
            validator(3, 1, coins(124)),
        ],
        gain: U256::ZERO,
    };
    let earn = StCoreView {
        round: Some(20_000),
        least: coins(1),
        terms_hold: true,
    };
    let one = coins(1);
    let btc = U256::from(10).pow(U256::from(31));
    let mut coin = sleeve(0, COIN, coins(500), 5_000, one, SleeveKind::Core(core));
    coin.idle = Some(coins(4));
    BasketView {
        block: chain::Block {
            number: 7,
            hash: B256::repeat_byte(7),
            parent_hash: B256::repeat_byte(6),
            timestamp: DAWN + HOUR + HOUR / 2,
            logs_bloom: Bloom::ZERO,
            base_fee_per_gas: 0,
            gas_limit: 30_000_000,
        },
        contracts: BasketContracts {
            basket: BASKET,
            token: Address::ZERO,
            queue: QUEUE,
            receipts: Address::ZERO,
            feed: Some(FEED),
            timelock: Address::ZERO,
            governor: Address::ZERO,
            gov: Address::ZERO,
            guardian: Address::ZERO,
        },
        open: OpenEpoch {
            id: 5,
            due_at: None,
            shares: U256::ZERO,
        },
        epochs: Vec::new(),
        sleeves: vec![
            coin,
            sleeve(
                1,
                Address::repeat_byte(0x51),
                coins(300),
                3_000,
                one,
                SleeveKind::StCore(earn),
            ),
            sleeve(
                2,
                Address::repeat_byte(0x52),
                U256::from(20_000_000),
                2_000,
                btc,
                SleeveKind::Other,
            ),
        ],
        floor: coins(2),
        buffer: coins(1),
        max_instant: coins(2),
        drift: DriftView {
            last: Reading {
                at: DAWN + HOUR,
                ..Reading::default()
            },
            before: Reading::default(),
            limit_bps: U256::from(1_000),
        },
        auction: AuctionView::default(),
        nav_low: coins(1),
        fee_shares: U256::ZERO,
        waiting: Vec::new(),
    }
}

fn at(mut view: BasketView, time: u64) -> BasketView {
    view.block.timestamp = time;
    view
}

fn core(view: &mut BasketView) -> &mut CoreView {
    match &mut view.sleeves[0].kind {
        SleeveKind::Core(core) => core,
        _ => unreachable!(),
    }
}

fn earn(view: &mut BasketView) -> &mut StCoreView {
    match &mut view.sleeves[1].kind {
        SleeveKind::StCore(earn) => earn,
        _ => unreachable!(),
    }
}

fn price(view: &mut BasketView, sleeve: usize) -> &mut PriceView {
    view.sleeves[sleeve].price.as_mut().unwrap()
}

/// What is to be done, in a word for each step: its target, and whether it waits.
fn told(job: Job, view: &BasketView) -> Vec<String> {
    plan(job, view, &Config::default(), None)
        .into_iter()
        .map(|step| match step {
            Step::Do(plan) => format!("do {}", plan.target),
            Step::Wait { target, until, .. } => match until {
                Some(until) => format!("wait {target} until +{}", until - DAWN),
                None => format!("wait {target}"),
            },
        })
        .collect()
}

fn plans(job: Job, view: &BasketView) -> Vec<Plan> {
    plan(job, view, &Config::default(), None)
        .into_iter()
        .filter_map(|step| match step {
            Step::Do(plan) => Some(plan),
            Step::Wait { .. } => None,
        })
        .collect()
}

fn one(job: Job, view: &BasketView) -> Plan {
    let mut all = plans(job, view);
    assert_eq!(all.len(), 1, "{job}: {all:?}");
    all.remove(0)
}

/// Each case changes the view, and says what is expected.
type Case<'a> = (&'a str, &'a dyn Fn(&mut BasketView), &'a [&'a str]);

fn table(job: Job, cases: &[Case<'_>]) {
    for (name, change, expected) in cases {
        let mut view = view();
        change(&mut view);
        assert_eq!(told(job, &view), *expected, "{job}: {name}");
    }
}

#[test]
fn at_rest_nothing_is_to_be_done() {
    let view = view();
    for job in Job::ALL {
        assert_eq!(told(job, &view), [""; 0], "{job}");
    }
}

#[test]
fn what_the_system_has_is_booked_when_it_is_not_what_is_booked() {
    let who = format!("do 0/{:#x}", Address::repeat_byte(2));
    table(
        Job::Reconcile,
        &[
            (
                "less",
                &|view| core(view).validators[1].told = Some(coins(94)),
                &[&who],
            ),
            (
                "as much again as was booked",
                &|view| core(view).validators[1].told = Some(coins(125)),
                &[&who],
            ),
            (
                "it does not say",
                &|view| core(view).validators[1].told = None,
                &[],
            ),
        ],
    );
    let mut view = view();
    core(&mut view).validators[1].told = Some(coins(94));
    let plan = one(Job::Reconcile, &view);
    let validator = Address::repeat_byte(2);
    assert_eq!(plan.to, view.sleeves[0].info.sleeve);
    assert_eq!(
        plan.call.as_ref(),
        ICoreSleeve::reconcileCall { validator }.abi_encode()
    );
    assert!(
        plan.reason.contains(&coins(124).to_string())
            && plan.reason.contains(&coins(94).to_string()),
        "{}",
        plan.reason
    );
    // Booked, or told otherwise meanwhile, it is other work.
    for (stake, told) in [(coins(94), coins(94)), (coins(124), coins(93))] {
        let one = &mut core(&mut view).validators[1];
        (one.stake, one.told) = (stake, Some(told));
        assert_ne!(
            counter(Job::Reconcile, plan.target, &view),
            Some(plan.precondition)
        );
    }
}

#[test]
fn fees_are_collected_when_they_are_worth_it() {
    table(
        Job::CollectFees,
        &[
            (
                "a coin's worth of shares",
                &|view| (view.fee_shares, view.nav_low) = (tenths(5), coins(2)),
                &["do "],
            ),
            (
                "a wei less",
                &|view| {
                    (view.fee_shares, view.nav_low) = (tenths(5) - U256::ONE, coins(2));
                },
                &[],
            ),
            (
                "shares without a price",
                &|view| (view.fee_shares, view.nav_low) = (coins(50), U256::ZERO),
                &[],
            ),
            (
                "units of two sleeves, each by its own price",
                &|view| {
                    view.sleeves[0].info.feeUnits = coins(1);
                    view.sleeves[1].info.feeUnits = tenths(9);
                    view.sleeves[2].info.feeUnits = U256::from(100_000);
                },
                &["do 0", "do 2"],
            ),
            (
                "units without a price",
                &|view| {
                    view.sleeves[2].info.feeUnits = U256::from(20_000_000);
                    view.sleeves[2].price = None;
                },
                &[],
            ),
        ],
    );
    let mut view = view();
    (view.fee_shares, view.sleeves[2].info.feeUnits) = (coins(3), U256::from(250_000));
    let [shares, units] = plans(Job::CollectFees, &view).try_into().unwrap();
    assert_eq!((shares.to, units.to), (BASKET, BASKET));
    assert_eq!(shares.call.as_ref(), B::collectFeesCall {}.abi_encode());
    let sleeve = U256::from(2);
    assert_eq!(
        units.call.as_ref(),
        B::collectUnitFeesCall { sleeve }.abi_encode()
    );
    // It goes by value: 0.0025 BTC at 1,000 coins are 2.5.
    assert_eq!(
        (shares.value, units.value),
        (Some(coins(3)), Some(tenths(25)))
    );
    let config = Config::default();
    assert!(worth(&shares, &config, &[], tenths(3)));
    assert!(!worth(&shares, &config, &[], tenths(3) + U256::ONE));
    // Collected, it is other work.
    let before = counter(Job::CollectFees, Target::All, &view);
    assert_eq!(before, Some(shares.precondition));
    view.fee_shares = U256::ZERO;
    assert_ne!(counter(Job::CollectFees, Target::All, &view), before);
    // A dust of nothing is never asked for, whatever is worth it.
    let all = Config {
        fees_least: 0,
        ..Config::default()
    };
    view.sleeves[2].info.feeUnits = U256::ZERO;
    assert_eq!(crate::basket::plan(Job::CollectFees, &view, &all, None), []);
}

#[test]
fn each_sleeve_is_harvested_once_a_round_when_its_round_has_turned() {
    let yesterday = |view: &mut BasketView| {
        for sleeve in &mut view.sleeves {
            sleeve.info.round = U256::from(19_999);
        }
    };
    table(
        Job::BasketHarvest,
        &[
            ("a new round", &yesterday, &["do 0", "do 1", "do 2"]),
            (
                "Core's round turns late: its sleeve waits, the others do not",
                &|view| {
                    yesterday(view);
                    core(view).round = Some(19_999);
                    view.block.timestamp = DAWN + 60;
                },
                &["wait 0 until +3600", "do 1", "do 2"],
            ),
            (
                "but not beyond the first hour",
                &|view| {
                    yesterday(view);
                    core(view).round = Some(19_999);
                    view.block.timestamp = DAWN + HOUR;
                },
                &["do 0", "do 1", "do 2"],
            ),
            (
                "nor for a system that does not say",
                &|view| {
                    yesterday(view);
                    core(view).round = None;
                    view.block.timestamp = DAWN + 60;
                },
                &["do 0", "do 1", "do 2"],
            ),
            (
                "a retired and an empty one have nothing",
                &|view| {
                    yesterday(view);
                    view.sleeves[1].info.retired = true;
                    view.sleeves[2].info.parts = U256::ZERO;
                },
                &["do 0"],
            ),
            (
                "a loss is booked at once",
                &|view| view.sleeves[0].held = Some(coins(470)),
                &["do 0"],
            ),
            (
                "but not of stake that is only to be booked again",
                &|view| {
                    view.sleeves[0].held = Some(coins(470));
                    core(view).validators[0].told = Some(coins(278));
                },
                &["wait 0"],
            ),
            (
                "rewards that came after the round's harvest",
                &|view| core(view).gain = coins(3),
                &["do 0"],
            ),
            (
                "a gift of dust makes nobody act",
                &|view| core(view).gain = U256::from(9_999_999_999_999_999_u64),
                &[],
            ),
            (
                "a loss that shows",
                &|view| view.sleeves[2].held = Some(U256::from(19_999_999)),
                &["do 2"],
            ),
            (
                "losses go before rewards",
                &|view| {
                    yesterday(view);
                    view.sleeves[2].held = Some(U256::from(19_999_999));
                },
                &["do 2", "do 0", "do 1"],
            ),
            (
                "what is locked or owed as a fee is in the books, too",
                &|view| {
                    view.sleeves[1].info.locked = coins(2);
                    view.sleeves[1].info.feeUnits = coins(1);
                    view.sleeves[1].held = Some(coins(303) - U256::ONE);
                },
                &["do 1"],
            ),
            (
                "one that does not say what it holds shows no loss",
                &|view| view.sleeves[2].held = None,
                &[],
            ),
        ],
    );
    let mut view = view();
    view.sleeves[2].held = Some(U256::from(19_999_999));
    let loss = one(Job::BasketHarvest, &view);
    let call = B::bookLossCall::abi_decode(&loss.call).unwrap();
    assert_eq!((call.sleeve, loss.to), (U256::from(2), BASKET));
    // A sleeve whose rewards cannot be claimed has its loss booked all the same.
    view.sleeves[2].info.round = U256::from(19_999);
    let both = one(Job::BasketHarvest, &view);
    assert_eq!(
        both.call.as_ref(),
        B::harvestCall {
            sleeve: U256::from(2)
        }
        .abi_encode()
    );
    assert_eq!(both.or_else, Some(loss.call.clone()));
    // The counter is the round.
    assert_eq!(both.precondition, B256::from(U256::from(19_999)));
    assert_eq!(
        next_due(Job::BasketHarvest, &view, &Config::default()),
        Some(DAWN + DAY)
    );
}

#[test]
fn an_epoch_closes_when_it_is_due_and_not_before() {
    table(
        Job::CloseEpoch,
        &[
            ("nobody asked for anything", &|_| {}, &[]),
            ("not due", &|view| view.open.due_at = Some(DAWN + DAY), &[]),
            (
                "due to the second",
                &|view| view.open.due_at = Some(view.block.timestamp),
                &["do "],
            ),
            (
                "a second early",
                &|view| view.open.due_at = Some(view.block.timestamp + 1),
                &[],
            ),
        ],
    );
    let mut view = view();
    view.open.due_at = Some(DAWN);
    let plan = one(Job::CloseEpoch, &view);
    assert_eq!(plan.to, QUEUE);
    assert_eq!(plan.call.as_ref(), Q::closeEpochCall {}.abi_encode());
    assert_eq!(plan.precondition, B256::from(U256::from(5)));
    view.open.due_at = Some(DAWN + DAY);
    assert_eq!(
        next_due(Job::CloseEpoch, &view, &Config::default()),
        Some(DAWN + DAY)
    );
}

/// Epoch 4, closed at the dawn of `day`, a tenth of each sleeve.
fn leg(sleeve: u8, state: u8, parts: U256) -> LegView {
    LegView {
        sleeve,
        info: LegInfo {
            state,
            parts,
            ticket: U256::from(if state == 1 { 9 } else { 0 }),
            ..LegInfo::default()
        },
        due_at: None,
    }
}

fn closed(view: &mut BasketView, closed_at: u64) {
    view.epochs = vec![EpochView {
        id: 4,
        closed_at,
        legs: vec![
            leg(0, 0, coins(50)),
            leg(1, 0, coins(30)),
            leg(2, 0, U256::from(2_000_000)),
        ],
    }];
}

#[test]
fn legs_start_on_their_own_way_each_when_its_system_lets_it() {
    table(
        Job::StartLeg,
        &[
            (
                "all of them",
                &|view| closed(view, DAWN),
                &["do 4/0", "do 4/1", "do 4/2"],
            ),
            (
                "before Core's round has turned",
                &|view| {
                    closed(view, DAWN);
                    core(view).round = Some(19_999);
                    earn(view).round = Some(19_999);
                    view.block.timestamp = DAWN + 60;
                },
                &["wait 4/0 until +3600", "do 4/1", "do 4/2"],
            ),
            (
                "Earn's operator is late: nobody else waits for it",
                &|view| {
                    closed(view, DAWN);
                    earn(view).round = Some(19_999);
                },
                &["do 4/0", "wait 4/1 until +604800", "do 4/2"],
            ),
            (
                "late, but the leg is too small for Earn: it is paid in stCORE, for which nobody needs Earn",
                &|view| {
                    closed(view, DAWN);
                    earn(view).round = Some(19_999);
                    view.epochs[0].legs[1].info.parts = tenths(9);
                },
                &["do 4/0", "do 4/1", "do 4/2"],
            ),
            (
                "late for so long that the sleeve does not count on Earn any more",
                &|view| {
                    closed(view, DAWN);
                    earn(view).round = Some(19_990);
                    earn(view).terms_hold = false;
                },
                &["do 4/0", "do 4/1", "do 4/2"],
            ),
            (
                "only those that have not started",
                &|view| {
                    closed(view, DAWN);
                    view.epochs[0].legs[0].info.state = 2;
                    view.epochs[0].legs[1].info.state = 1;
                },
                &["do 4/2"],
            ),
        ],
    );
    // 7 days after the close it may end in kind, to the second.
    let mut view = view();
    closed(&mut view, DAWN + HOUR / 2 + HOUR - 7 * DAY + 1);
    view.block.timestamp = DAWN + HOUR + HOUR / 2;
    let early = plans(Job::StartLeg, &view);
    assert!(early.iter().all(|plan| plan.or_else.is_none()), "{early:?}");
    view.block.timestamp += 1;
    let kind = |sleeve: u64| {
        let call = Q::startInKindCall {
            epoch: U256::from(4),
            sleeve: U256::from(sleeve),
        };
        Some(call.abi_encode().into())
    };
    let late = plans(Job::StartLeg, &view);
    assert_eq!(late.len(), 3);
    for (sleeve, plan) in late.iter().enumerate() {
        // Whoever leaves wants what the leg's own way brings, if that is open by now.
        let own = Q::startLegCall {
            epoch: U256::from(4),
            sleeve: U256::from(sleeve),
        };
        assert_eq!(plan.call.as_ref(), own.abi_encode());
        assert_eq!(plan.or_else, kind(sleeve as u64));
        assert_eq!(plan.to, QUEUE);
    }
    earn(&mut view).round = Some(19_999);
    assert_eq!(plans(Job::StartLeg, &view)[1].call, kind(1).unwrap());
    // The counter is the leg's state.
    let target = Target::Leg {
        epoch: 4,
        sleeve: 1,
    };
    let before = counter(Job::StartLeg, target, &view).unwrap();
    view.epochs[0].legs[1].info.state = 1;
    assert_ne!(counter(Job::StartLeg, target, &view), Some(before));
    view.epochs.clear();
    assert_eq!(counter(Job::StartLeg, target, &view), None);
}

#[test]
fn tickets_are_collected_when_they_are_ready() {
    let out = |view: &mut BasketView| {
        closed(view, DAWN - 7 * DAY);
        view.epochs[0].legs = vec![leg(1, 1, U256::ZERO), leg(2, 1, U256::ZERO)];
        view.epochs[0].legs[0].due_at = Some(DAWN + HOUR);
    };
    table(
        Job::CollectLeg,
        &[
            ("after its time", &out, &["do 4/1", "do 4/2"]),
            (
                "Earn pays strictly after it",
                &|view| {
                    out(view);
                    view.block.timestamp = DAWN + HOUR;
                },
                &["wait 4/1 until +3601", "do 4/2"],
            ),
            (
                "Earn's operator is late",
                &|view| {
                    out(view);
                    earn(view).round = Some(19_999);
                },
                &["wait 4/1", "do 4/2"],
            ),
            (
                "what has not started or is done has no ticket",
                &|view| {
                    out(view);
                    view.epochs[0].legs[0].info.state = 0;
                    view.epochs[0].legs[1].info.state = 2;
                },
                &[],
            ),
        ],
    );
    let mut view = view();
    out(&mut view);
    let plan = plans(Job::CollectLeg, &view).remove(0);
    let call = Q::collectCall {
        epoch: U256::from(4),
        sleeve: U256::ONE,
    };
    assert_eq!(
        (plan.call.as_ref(), plan.to),
        (call.abi_encode().as_slice(), QUEUE)
    );
    // A ticket that pays in parts is other work after each part.
    view.epochs[0].legs[0].info.recovered = coins(1);
    assert_ne!(
        plans(Job::CollectLeg, &view)[0].precondition,
        plan.precondition
    );
}

#[test]
fn legs_in_kind_are_delivered_while_they_are_worth_it() {
    let owner = Address::repeat_byte(0x77);
    let waits = |sleeve: u8, parts: U256| WaitingLeg {
        owner,
        sleeve,
        parts,
    };
    let who = |sleeve: u8| format!("do {sleeve}/{owner:#x}");
    let mut view = view();
    view.waiting = vec![
        waits(2, U256::from(100_000)),
        // 0.00999 coins: dust, which must not cost us gas.
        waits(2, U256::from(999)),
        waits(1, coins(3)),
        waits(7, coins(3)),
    ];
    view.waiting[1].owner = Address::repeat_byte(0x78);
    assert_eq!(told(Job::DeliverLeg, &view), [who(2), who(1)]);
    let first = plans(Job::DeliverLeg, &view).remove(0);
    let call = B::deliverLegCall {
        owner,
        sleeve: U256::from(2),
    };
    assert_eq!(
        (first.call.as_ref(), first.to),
        (call.abi_encode().as_slice(), BASKET)
    );
    // A thousandth of a BTC at 1,000 coins; a tenth of it may go for gas.
    assert_eq!(first.value, Some(coins(1)));
    let config = Config::default();
    assert!(worth(&first, &config, &[], tenths(1)));
    assert!(!worth(&first, &config, &[], tenths(1) + U256::ONE));
    assert_eq!(first.precondition, B256::from(U256::from(100_000)));
    // Half of the parts were lost: so are the units.
    view.sleeves[2].info.units /= U256::from(2);
    assert_eq!(plans(Job::DeliverLeg, &view)[0].value, Some(tenths(5)));
    // Where nobody says what it is worth it is delivered whatever it is.
    view.sleeves[2].price = None;
    assert_eq!(told(Job::DeliverLeg, &view).len(), 3);
    // A page a tick.
    view.waiting = (0..50)
        .map(|byte| WaitingLeg {
            owner: Address::repeat_byte(byte),
            sleeve: 1,
            parts: coins(1),
        })
        .collect();
    assert_eq!(plans(Job::DeliverLeg, &view).len(), 20);
}

#[test]
fn idle_coins_are_delegated_at_dusk_alone() {
    let dusk = |view: &mut BasketView| view.block.timestamp = DAWN + 23 * HOUR;
    table(
        Job::DelegateIdle,
        &[
            (
                "by day",
                &|view| view.block.timestamp = DAWN + 23 * HOUR - 1,
                &[],
            ),
            ("at dusk", &dusk, &["do 0"]),
            (
                "floor, buffer and fees stay, and less than a coin more is none to delegate",
                &|view| {
                    dusk(view);
                    view.sleeves[0].info.feeUnits = coins(1);
                    view.sleeves[0].idle = Some(coins(5) - U256::ONE);
                },
                &[],
            ),
            (
                "the staking system's least, where that is more",
                &|view| {
                    dusk(view);
                    core(view).least = coins(2);
                },
                &[],
            ),
            (
                "the day's round has not begun",
                &|view| {
                    dusk(view);
                    core(view).round = Some(19_999);
                },
                &["wait 0"],
            ),
            (
                "nobody takes it",
                &|view| {
                    dusk(view);
                    for one in &mut core(view).validators {
                        one.elected = false;
                    }
                },
                &["wait 0"],
            ),
        ],
    );
    let mut view = at(view(), DAWN + 23 * HOUR);
    let plan = one(Job::DelegateIdle, &view);
    assert_eq!(
        plan.call.as_ref(),
        B::delegateIdleCall { sleeve: U256::ZERO }.abi_encode()
    );
    // What exits are owed only the basket knows: it may answer that nothing was left.
    let config = Config::default();
    assert!(worth(&plan, &config, &coins(1).abi_encode(), U256::ZERO));
    assert!(!worth(&plan, &config, &U256::ZERO.abi_encode(), U256::ZERO));
    // Once delegated, more of it is other work.
    core(&mut view).validators[1].stake += coins(1);
    assert_ne!(
        one(Job::DelegateIdle, &view).precondition,
        plan.precondition
    );
    assert_eq!(
        next_due(Job::DelegateIdle, &view, &config),
        Some(DAWN + 47 * HOUR)
    );
}

#[test]
fn stake_leaves_validators_that_earn_nothing() {
    let who = |byte: u8| format!("0/{:#x}", Address::repeat_byte(byte));
    for spoil in [
        |one: &mut StakeView| (one.takes, one.elected, one.jailed) = (false, false, true),
        |one: &mut StakeView| one.takes = false,
        |one: &mut StakeView| one.elected = false,
        |one: &mut StakeView| one.weight = 0,
    ] {
        let mut view = view();
        spoil(&mut core(&mut view).validators[0]);
        let plan = one(Job::MoveStake, &view);
        assert_eq!(plan.target.to_string(), who(1));
        assert_eq!(plan.to, view.sleeves[0].info.sleeve);
        let from = Address::repeat_byte(1);
        assert_eq!(
            plan.call.as_ref(),
            ICoreSleeve::moveStakeCall { from }.abi_encode()
        );
        // 496 by two equal weights: the first of them lacks 124.
        assert!(
            plan.reason.contains(&format!("{} wei", coins(124))),
            "{}",
            plan.reason
        );
        // Its counter is what is booked with it.
        let mut other = view.clone();
        core(&mut other).validators[0].stake = coins(124);
        assert_ne!(one(Job::MoveStake, &other).precondition, plan.precondition);
        core(&mut other).validators[0].stake = U256::ZERO;
        assert_eq!(told(Job::MoveStake, &other), [""; 0], "it has left");
    }
    // Of two, the one with more at stake first: each move changes what the others lack.
    let mut view = view();
    core(&mut view).validators[0].elected = false;
    core(&mut view).validators[2].jailed = true;
    core(&mut view).validators[2].takes = false;
    assert_eq!(told(Job::MoveStake, &view), [format!("do {}", who(1))]);
    // Nobody can take it.
    core(&mut view).validators[1].takes = false;
    assert_eq!(
        told(Job::MoveStake, &view),
        [1, 2, 3].map(|byte| format!("wait {}", who(byte)))
    );
    // Less than the least stays, which could not leave later: all of it goes.
    let mut view = self::view();
    core(&mut view).validators[0].weight = 0;
    core(&mut view).validators[0].stake = tenths(1_245);
    core(&mut view).validators[1].stake = coins(1);
    core(&mut view).validators[2].stake = coins(124);
    let plan = one(Job::MoveStake, &view);
    // 249.5 by two: the second lacks 123.75, and 0.75 would stay.
    assert!(
        plan.reason.contains(&format!("{} wei", tenths(1_245))),
        "{}",
        plan.reason
    );
}

#[test]
fn stake_leaves_a_sound_validator_at_the_second_reading() {
    let who = format!("0/{:#x}", Address::repeat_byte(2));
    // 500 in all: 250, 125, 125 by weight. The second has 138: more than a tenth over.
    let over = |reading: Option<StakeReading>| {
        let mut view = view();
        let list = &mut core(&mut view).validators;
        list[0].stake = coins(240);
        list[1].stake = coins(138);
        list[2].stake = coins(122);
        list[1].reading = reading;
        view
    };
    assert_eq!(
        told(Job::MoveStake, &over(Some(StakeReading::First))),
        [format!("do {who}")]
    );
    let young = over(Some(StakeReading::Young(DAWN + 2 * HOUR)));
    assert_eq!(
        told(Job::MoveStake, &young),
        [format!("wait {who} until +7200")]
    );
    assert_eq!(
        next_due(Job::MoveStake, &young, &Config::default()),
        Some(DAWN + 2 * HOUR)
    );
    let second = over(Some(StakeReading::Second));
    let plan = one(Job::MoveStake, &second);
    // It is 13 over, and the first lacks 10.
    assert!(
        plan.reason.contains(&format!("{} wei", coins(10))),
        "{}",
        plan.reason
    );
    // First reading and second are two works.
    assert_ne!(
        plan.precondition,
        one(Job::MoveStake, &over(Some(StakeReading::First))).precondition
    );
    // The sleeve did not say: nothing is guessed.
    assert_eq!(told(Job::MoveStake, &over(None)), [""; 0]);
    // A tenth over, and no more, is not too much.
    let mut view = over(Some(StakeReading::First));
    core(&mut view).validators[1].stake = tenths(1_375);
    core(&mut view).validators[2].stake = tenths(1_225);
    assert_eq!(told(Job::MoveStake, &view), [""; 0]);
}

#[test]
fn prices_are_observed_hourly_and_an_impairment_at_once() {
    table(
        Job::ObservePrices,
        &[
            (
                "an hour after each",
                &|view| view.block.timestamp = DAWN + 2 * HOUR,
                &["do 1", "do 2"],
            ),
            (
                "a second early",
                &|view| view.block.timestamp = DAWN + 2 * HOUR - 1,
                &[],
            ),
            (
                "impaired and not noted",
                &|view| price(view, 1).state = 2,
                &["do 1"],
            ),
            (
                "noted already",
                &|view| (price(view, 1).state, price(view, 1).impaired_at) = (2, DAWN),
                &[],
            ),
            (
                "a source does not answer: it would keep nothing",
                &|view| {
                    view.block.timestamp = DAWN + 2 * HOUR;
                    (price(view, 2).low, price(view, 2).high) = (U256::ZERO, U256::from(u128::MAX));
                    price(view, 2).state = 1;
                },
                &["do 1", "wait 2"],
            ),
            (
                "not listed, retired, or without a feed",
                &|view| {
                    view.block.timestamp = DAWN + 2 * HOUR;
                    price(view, 1).listed = false;
                    view.sleeves[2].info.retired = true;
                },
                &[],
            ),
            (
                "no feed at all",
                &|view| {
                    view.block.timestamp = DAWN + 2 * HOUR;
                    view.contracts.feed = None;
                },
                &[],
            ),
        ],
    );
    let view = at(view(), DAWN + 2 * HOUR);
    let plan = plans(Job::ObservePrices, &view).remove(0);
    let asset = Address::repeat_byte(0x51);
    assert_eq!(
        (plan.call.as_ref(), plan.to),
        (
            IPriceFeed::observeCall { asset }.abi_encode().as_slice(),
            FEED
        )
    );
    assert_eq!(plan.precondition, B256::from(U256::from(DAWN + HOUR)));
    // Starved of gas it would read nothing and not fail.
    assert!(plan.gas_least >= 1_000_000);
}

#[test]
fn marks_of_a_pool_move_on_once_a_window() {
    let guard = GuardView {
        address: Address::repeat_byte(0x99),
        marked_at: DAWN + HOUR,
        window: 1_800,
        touched: false,
    };
    let who = format!("2/{:#x}", guard.address);
    for (name, change, expected) in [
        ("a window later", guard, vec![format!("do {who}")]),
        (
            "too early",
            GuardView {
                marked_at: DAWN + HOUR + 1,
                ..guard
            },
            vec![],
        ),
        (
            "never marked",
            GuardView {
                marked_at: 0,
                ..guard
            },
            vec![format!("do {who}")],
        ),
        (
            "the pool was touched in this second",
            GuardView {
                touched: true,
                ..guard
            },
            vec![],
        ),
    ] {
        let mut view = view();
        price(&mut view, 2).guard = Some(change);
        assert_eq!(told(Job::ObservePrices, &view), expected, "{name}");
    }
    let mut view = view();
    price(&mut view, 2).guard = Some(guard);
    let plan = one(Job::ObservePrices, &view);
    assert_eq!(plan.to, guard.address);
    assert_eq!(plan.precondition, B256::from(U256::from(guard.marked_at)));
}

/// 20 % of the basket is BTC by target, 25 % of it is: 250 of 1,000; and 250 are stCORE instead of 300.
fn drifted(view: &mut BasketView) {
    for (sleeve, units) in [(1, coins(250)), (2, U256::from(25_000_000))] {
        let info = &mut view.sleeves[sleeve].info;
        (info.units, info.parts, info.basketParts) = (units, units, units);
        view.sleeves[sleeve].held = Some(units);
    }
}

/// Governance lets the BTC go: 200 of 1,000 with a target of 0, the others' are 55 and 45 %.
fn goes(view: &mut BasketView) {
    for (sleeve, target) in [(0, 5_500), (1, 4_500), (2, 0)] {
        view.sleeves[sleeve].info.targetBps = target;
    }
}

#[test]
fn a_drift_is_noted_hourly_and_silence_daily() {
    let later = |view: &mut BasketView| view.block.timestamp = DAWN + 2 * HOUR;
    table(
        Job::NoteDrift,
        &[
            ("no drift", &later, &[]),
            (
                "a drift",
                &|view| {
                    later(view);
                    drifted(view);
                },
                &["do "],
            ),
            (
                "what is to go is a drift, though nothing lacks a tenth",
                &|view| {
                    later(view);
                    goes(view);
                    view.sleeves[1].info.targetBps = 3_200;
                    view.sleeves[0].info.targetBps = 5_200;
                },
                &["do "],
            ),
            (
                "the basket takes a reading an hour",
                &|view| {
                    drifted(view);
                    view.block.timestamp = DAWN + 2 * HOUR - 1;
                },
                &[],
            ),
            (
                "the noted one is over",
                &|view| {
                    later(view);
                    view.drift.last.over = U256::from(4);
                    view.drift.last.under = U256::from(2);
                },
                &["do "],
            ),
            (
                "over without an under is nothing to trade",
                &|view| {
                    later(view);
                    // 230 of 1,030: 22.3 % where 22 % are the limit; the others are at most 3 % short.
                    view.sleeves[2].info.units = U256::from(23_000_000);
                    view.sleeves[2].info.parts = U256::from(23_000_000);
                    view.sleeves[2].info.basketParts = U256::from(23_000_000);
                },
                &[],
            ),
            (
                "a day without a reading",
                &|view| view.block.timestamp = DAWN + DAY + HOUR,
                &["do "],
            ),
            (
                "a price is not sound",
                &|view| {
                    later(view);
                    drifted(view);
                    price(view, 2).state = 1;
                },
                &["wait "],
            ),
            (
                "one that counts for nothing needs no price",
                &|view| {
                    later(view);
                    price(view, 2).state = 1;
                    view.sleeves[2].info.basketParts = U256::ZERO;
                    view.sleeves[2].info.targetBps = 0;
                    view.sleeves[1].info.targetBps = 5_000;
                },
                // 500 and 300 of 800: 62.5 % where 55 % are the limit, 37.5 % where 45 % are.
                &["do "],
            ),
            (
                "a single sleeve is at its target",
                &|view| {
                    view.block.timestamp = DAWN + 2 * DAY;
                    view.sleeves.truncate(1);
                },
                &[],
            ),
        ],
    );
    let mut view = at(view(), DAWN + 2 * HOUR);
    drifted(&mut view);
    let plan = one(Job::NoteDrift, &view);
    assert_eq!(
        (plan.call.as_ref(), plan.to),
        (B::noteDriftCall {}.abi_encode().as_slice(), BASKET)
    );
    assert_eq!(plan.precondition, B256::from(U256::from(DAWN + HOUR)));
}

#[test]
fn an_auction_starts_at_the_second_reading_for_the_worst_pair() {
    // BTC over, stCORE under.
    let reading = |at: u64| Reading {
        over: U256::from(4),
        under: U256::from(2),
        at,
    };
    let ready = |view: &mut BasketView| {
        drifted(view);
        view.drift.last = reading(DAWN + HOUR / 2);
    };
    table(
        Job::StartAuction,
        &[
            ("two readings", &ready, &["do "]),
            (
                "the first is too young",
                &|view| {
                    drifted(view);
                    view.drift.last = reading(DAWN + HOUR);
                },
                &["wait  until +7200"],
            ),
            (
                "a fresh reading hides no older one",
                &|view| {
                    drifted(view);
                    view.drift.last = reading(DAWN + HOUR);
                    view.drift.before = reading(DAWN);
                },
                &["do "],
            ),
            (
                "too old",
                &|view| {
                    drifted(view);
                    view.drift.last = reading(DAWN + HOUR / 2 + HOUR - DAY - 1);
                },
                &[],
            ),
            (
                "the reading was of other sleeves",
                &|view| {
                    ready(view);
                    view.drift.last.under = U256::from(1);
                },
                &[],
            ),
            (
                "no drift any more",
                &|view| view.drift.last = reading(DAWN + HOUR / 2),
                &[],
            ),
            (
                "one is running",
                &|view| {
                    ready(view);
                    view.auction.running = true;
                },
                &[],
            ),
            (
                "paused",
                &|view| {
                    ready(view);
                    view.auction.paused_until = DAWN + 3 * HOUR;
                },
                &["wait  until +10800"],
            ),
            (
                "what is lacking takes nothing in",
                &|view| {
                    ready(view);
                    view.sleeves[1].info.slow = true;
                },
                &[],
            ),
            (
                "a price is not sound",
                &|view| {
                    ready(view);
                    price(view, 1).state = 1;
                },
                &[],
            ),
            (
                "what is to go goes for what is not above its target, at a reading that says so of it alone",
                &|view| {
                    goes(view);
                    view.drift.last = Reading {
                        over: U256::from(4),
                        under: U256::ZERO,
                        at: DAWN + HOUR / 2,
                    };
                },
                &["do "],
            ),
            (
                "coins are sold from what is idle, and nothing is",
                &|view| {
                    // 600 coins where 545 would be 10 % over; 300 and 200.
                    let info = &mut view.sleeves[0].info;
                    (info.units, info.parts, info.basketParts) =
                        (coins(600), coins(600), coins(600));
                    let info = &mut view.sleeves[1].info;
                    (info.units, info.parts, info.basketParts) =
                        (coins(200), coins(200), coins(200));
                    view.drift.last = Reading {
                        over: U256::from(1),
                        under: U256::from(2),
                        at: DAWN + HOUR / 2,
                    };
                    view.max_instant = U256::ZERO;
                },
                &["wait "],
            ),
        ],
    );
    let mut view = view();
    ready(&mut view);
    let plan = one(Job::StartAuction, &view);
    let call = B::startAuctionCall::abi_decode(&plan.call).unwrap();
    assert_eq!((call.from, call.to), (U256::from(2), U256::ONE));
    // 250 of BTC are 50 too many; 250 of stCORE are 50 too few.
    assert!(
        plan.reason.contains(&format!("{} wei", coins(50))),
        "{}",
        plan.reason
    );
    assert_eq!(plan.precondition, B256::ZERO);
    view.auction.id = U256::ONE;
    assert_eq!(
        one(Job::StartAuction, &view).precondition,
        B256::from(U256::ONE)
    );
    // 500 coins are 50 % of 1,000, where 55 are due; 300 are 30 % of it, where 45 are: that one lacks more.
    let mut leaving = self::view();
    goes(&mut leaving);
    leaving.drift.last = reading(DAWN + HOUR / 2);
    let plan = one(Job::StartAuction, &leaving);
    let call = B::startAuctionCall::abi_decode(&plan.call).unwrap();
    assert_eq!((call.from, call.to), (U256::from(2), U256::ONE));
    assert!(
        plan.reason.contains(&format!("{} wei", coins(150))),
        "{}",
        plan.reason
    );
    let dear = Config {
        auction_least: coins(51).to(),
        ..Config::default()
    };
    assert_eq!(
        crate::basket::plan(Job::StartAuction, &view, &dear, None),
        []
    );
}

#[test]
fn an_auction_that_is_over_or_mended_ends() {
    let auction = |running: bool, endable: bool| AuctionView {
        id: U256::from(3),
        running,
        endable,
        paused_until: 0,
    };
    let mut view = view();
    view.auction = auction(true, false);
    assert_eq!(told(Job::EndAuction, &view), [""; 0]);
    view.auction = auction(true, true);
    let mended = one(Job::EndAuction, &view);
    let call = B::endAuctionCall { id: U256::from(3) };
    assert_eq!(mended.call.as_ref(), call.abi_encode());
    assert!(mended.reason.contains("mend"), "{}", mended.reason);
    view.auction = auction(false, true);
    assert!(one(Job::EndAuction, &view).reason.contains("over"));
    // Ended, it is other work.
    view.auction = auction(false, false);
    assert_ne!(
        counter(Job::EndAuction, Target::All, &view),
        Some(mended.precondition)
    );
}

#[test]
fn what_is_asked_for_skips_our_cadence_and_no_rule_of_the_chain() {
    let config = Config::default();
    let asked =
        |job: Job, target: Target, view: &BasketView| plan(job, view, &config, Some(target)).len();
    let view = view();
    assert_eq!(asked(Job::BasketHarvest, Target::Sleeve(1), &view), 1);
    assert_eq!(asked(Job::ObservePrices, Target::Sleeve(1), &view), 1);
    assert_eq!(asked(Job::ObservePrices, Target::All, &view), 2);
    assert_eq!(
        asked(Job::NoteDrift, Target::All, &view),
        0,
        "half an hour after the last reading"
    );
    assert_eq!(
        asked(
            Job::NoteDrift,
            Target::All,
            &at(view.clone(), DAWN + 2 * HOUR)
        ),
        1
    );
    assert_eq!(asked(Job::CloseEpoch, Target::All, &view), 0);
    assert_eq!(asked(Job::DelegateIdle, Target::Sleeve(0), &view), 0);
    assert_eq!(asked(Job::StartAuction, Target::All, &view), 0);
}

#[test]
fn a_refusal_is_asked_again_later_and_later_and_another_occasion_at_once() {
    let mut backoff = Backoff::default();
    let target = Target::Leg {
        epoch: 4,
        sleeve: 2,
    };
    let (first, other) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let waits =
        |backoff: &Backoff, counter, now| backoff.waits(Job::StartLeg, target, counter, now);
    let mut now = DAWN;
    for wait in [60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
        backoff.refused(Job::StartLeg, target, first, now, None, "paused".into());
        let why = waits(&backoff, first, now + wait - 1).unwrap();
        assert!(
            why.contains("paused") && why.contains(&(now + wait).to_string()),
            "{why}"
        );
        assert_eq!(waits(&backoff, first, now + wait), None, "{wait}");
        assert_eq!(waits(&backoff, other, now), None, "another counter");
        assert_eq!(backoff.waits(Job::CollectLeg, target, first, now), None);
        now += wait;
    }
    // Another occasion begins anew; a time that the refuser named is believed, for an hour.
    backoff.refused(Job::StartLeg, target, other, now, None, "paused".into());
    assert_eq!(waits(&backoff, other, now + 60), None);
    backoff.refused(
        Job::StartLeg,
        target,
        other,
        now,
        Some(now + 10),
        "early".into(),
    );
    assert!(waits(&backoff, other, now + 9).is_some());
    assert_eq!(waits(&backoff, other, now + 10), None);
    backoff.refused(
        Job::StartLeg,
        target,
        other,
        now,
        Some(now + 9 * DAY),
        "early".into(),
    );
    assert!(waits(&backoff, other, now + HOUR - 1).is_some());
    assert_eq!(waits(&backoff, other, now + HOUR), None);
    backoff.clear(Job::StartLeg, target);
    assert_eq!(waits(&backoff, other, now), None);
}

#[test]
fn every_unfinished_epoch_is_looked_at_each_time_and_the_others_in_turn() {
    let done = |id: u64| EpochView {
        id,
        closed_at: DAWN,
        legs: vec![leg(0, 2, U256::ZERO)],
    };
    let open = |id: u64| EpochView {
        legs: vec![leg(0, 0, U256::ONE)],
        ..done(id)
    };
    // 40 closed ones; 3 and 38 wait for something.
    let unfinished = [3, 38];
    let look = |scan: &mut Scan, open_epoch: u64| {
        let page = scan.page(open_epoch);
        let looked = page.iter().map(|id| {
            if unfinished.contains(id) {
                open(*id)
            } else {
                done(*id)
            }
        });
        let kept: Vec<u64> = scan
            .keep(looked.collect())
            .iter()
            .map(|one| one.id)
            .collect();
        (page, kept)
    };
    let mut scan = Scan::default();
    let (page, kept) = look(&mut scan, 41);
    assert_eq!(page, (25..=40).collect::<Vec<u64>>());
    assert_eq!(kept, [38]);
    look(&mut scan, 41);
    let (page, kept) = look(&mut scan, 41);
    assert!(
        page.contains(&1) && page.contains(&38) && page.len() <= 17,
        "{page:?}"
    );
    assert_eq!(kept, [3, 38], "the old one is found, too");
    // After that they are looked at each time, with few of the others, and a new one at once.
    let (page, kept) = look(&mut scan, 42);
    assert!(
        page.contains(&41) && page.contains(&3) && page.len() <= 5,
        "{page:?}"
    );
    assert_eq!(kept, [3, 38]);
    // In the middle of the others, too: the next of them are far below.
    let (page, _) = look(&mut scan, 43);
    assert!(page.contains(&42) && page.contains(&39), "{page:?}");
    let mut all: std::collections::BTreeSet<u64> = std::collections::BTreeSet::new();
    for _ in 0..21 {
        all.extend(look(&mut scan, 43).0);
    }
    assert_eq!(all, (1..=42).collect(), "in turn");
    // A token that is stopped for a year leaves a leg in each epoch: a tick looks at the newest and, in turn, at some others.
    let mut scan = Scan::default();
    let mut seen: std::collections::BTreeSet<u64> = std::collections::BTreeSet::new();
    for tick in 0..100 {
        let page = scan.page(366);
        assert!(page.len() <= 64, "{}", page.len());
        assert!(tick < 2 || page.contains(&365), "{page:?}");
        if tick >= 40 {
            seen.extend(&page);
        }
        scan.keep(page.into_iter().map(open).collect());
    }
    assert_eq!(seen, (1..=365).collect());
    // The first epoch is open: there is none to look at.
    assert_eq!(Scan::default().page(1), [0; 0]);
    // A reorganisation opened epoch 38 again.
    let mut scan = Scan::default();
    look(&mut scan, 43);
    let page = scan.page(38);
    assert!(page.iter().all(|id| *id < 38), "{page:?}");
}
