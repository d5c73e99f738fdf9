//! Plans as pure functions of a view made by hand.

use crate::{
    Config, Job, Payout, Plan, Target, ValidatorView, VaultView, View, counter, plan, worth,
};
use alloy::{
    primitives::{Address, B256, Bloom, U256},
    sol_types::{SolCall, SolValue},
};
use chain::bindings::{
    ILiquidMinter as M, ILiquidVault as V,
    minter::ILiquidMinterTypes::{BucketInfo, LineState, ValidatorState},
};

const NOW: u64 = 1_000_000;

fn config() -> Config {
    Config {
        minter: Some(Address::repeat_byte(0x11)),
        ..Config::default()
    }
}

fn coins(n: u64) -> U256 {
    U256::from(n) * U256::from(10).pow(U256::from(18))
}

/// A line of 100 coins, covered by 60 committed and 150 cooling; 30 of headroom over that and over a target of 40.
fn view() -> View {
    let bucket = |active: u64, end: u64, cooling: u64| BucketInfo {
        bucket: Address::ZERO,
        nextAvailableTime: U256::from(end),
        activeStake: coins(active),
        coolingAmount: coins(cooling),
    };
    let validator = |id: u16, buckets: Vec<BucketInfo>| ValidatorView {
        id,
        state: ValidatorState {
            weight: U256::ONE,
            buckets: U256::from(buckets.len()),
            targetBuckets: U256::from(buckets.len()),
            ..ValidatorState::default()
        },
        buckets,
        slashed: false,
        active: true,
    };
    View {
        block: chain::Block {
            number: 7,
            hash: B256::repeat_byte(7),
            parent_hash: B256::repeat_byte(6),
            timestamp: NOW,
            logs_bloom: Bloom::ZERO,
            base_fee_per_gas: 0,
            gas_limit: 30_000_000,
        },
        line: LineState {
            end: coins(100),
            watermark: U256::ZERO,
            openLst: coins(100),
            openRung: U256::from(5),
            committed: coins(60),
            marks: U256::ONE,
            ..LineState::default()
        },
        last_mark: Some((coins(100), U256::from(NOW + 10_000))),
        open_value: coins(100),
        staged_value: U256::ZERO,
        reserved: coins(3),
        insurance: U256::ZERO,
        held: coins(133),
        headroom: coins(130),
        assets: coins(1_000),
        active: coins(720),
        cooling: coins(150),
        due: U256::ZERO,
        target: coins(40),
        withhold_bps: U256::from(400),
        free_to_stake: U256::ZERO,
        synced_at: NOW,
        min_stake: coins(1),
        safety: U256::from(3_600),
        min_rung_age: U256::from(3_600),
        validators: vec![
            validator(
                1,
                vec![bucket(360, NOW + 9_000, 70), bucket(0, NOW + 90_000, 50)],
            ),
            validator(2, vec![bucket(360, 0, 0), bucket(0, NOW + 90_000, 30)]),
        ],
        listed: 2,
        vault: None,
        payouts: Vec::new(),
    }
}

fn one(job: Job, view: &View) -> Plan {
    let mut plans = plan(job, view, &config(), None);
    assert_eq!(plans.len(), 1, "{job}: {plans:?}");
    plans.remove(0)
}

fn none(job: Job, view: &View) {
    assert_eq!(plan(job, view, &config(), None), [], "{job}");
}

#[test]
fn pro_rata_spends_early_money_and_never_what_is_due() {
    let view = view();
    let plan = one(Job::FulfilProRata, &view);
    let call = M::fulfillProRataCall::abi_decode(&plan.call).unwrap();
    assert_eq!(call.maxSpend, coins(30), "130 of headroom, less 60 and 40");
    assert!(call.ids.is_empty());
    assert_eq!(plan.precondition, B256::from(view.line.c));
    let mut other = view.clone();
    other.due = U256::ONE;
    none(Job::FulfilProRata, &other);
    // An uncovered line is the exit bus's: it nets the same coins.
    let mut other = view.clone();
    other.cooling = coins(39);
    none(Job::FulfilProRata, &other);
    let mut other = view.clone();
    other.headroom = coins(100);
    none(Job::FulfilProRata, &other);
    let mut other = view.clone();
    other.line.openLst = U256::ZERO;
    none(Job::FulfilProRata, &other);
    // The integral advances: the next money is other work.
    let mut other = view.clone();
    other.line.c += U256::ONE;
    assert_ne!(
        one(Job::FulfilProRata, &other).precondition,
        plan.precondition
    );
}

#[test]
fn restake_takes_the_latest_maturing_and_leaves_queue_and_buffer_what_they_wait_for() {
    let view = view();
    let plan = one(Job::Restake, &view);
    let call = M::restakeCall::abi_decode(&plan.call).unwrap();
    // Two end at the same time: the contract takes the first. 210 cover 100 and a margin; 50 cool there.
    assert_eq!((call.validatorId, call.amount), (1, coins(50)));
    // The open rung counts, and the buffer's lack.
    let mut other = view.clone();
    other.staged_value = coins(70);
    let call = M::restakeCall::abi_decode(&one(Job::Restake, &other).call).unwrap();
    assert_eq!(call.amount, coins(40) - U256::from(1_000_000_000_u64));
    other.headroom = coins(80);
    let call = M::restakeCall::abi_decode(&one(Job::Restake, &other).call).unwrap();
    assert_eq!(call.amount, coins(20) - U256::from(1_000_000_000_u64));
    other.headroom = coins(60);
    none(Job::Restake, &other);
    // Its counter is the cooldown and its amount.
    let mut other = view.clone();
    other.validators[0].buckets[1].coolingAmount -= U256::ONE;
    assert_ne!(one(Job::Restake, &other).precondition, plan.precondition);
    // Not where stake is not to stay, and not what has matured.
    for spoil in [
        |v: &mut ValidatorView| v.active = false,
        |v: &mut ValidatorView| v.slashed = true,
        |v: &mut ValidatorView| v.state.weight = U256::ZERO,
        |v: &mut ValidatorView| v.state.targetBuckets = U256::ONE,
    ] {
        let mut other = view.clone();
        spoil(&mut other.validators[0]);
        none(Job::Restake, &other);
    }
    let mut other = view.clone();
    other.block.timestamp = NOW + 90_000 - 3_600;
    none(Job::Restake, &other);
    let mut other = view.clone();
    for bucket in other.validators.iter_mut().flat_map(|v| &mut v.buckets) {
        bucket.coolingAmount = U256::ZERO;
    }
    none(Job::Restake, &other);
    assert_eq!(counter(Job::Restake, Target::All, &other, &config()), None);
}

#[test]
fn skim_takes_what_is_outside_the_books_when_it_is_enough() {
    let mut view = view();
    none(Job::Skim, &view);
    view.held += coins(2);
    let plan = one(Job::Skim, &view);
    assert_eq!(plan.call.as_ref(), M::skimCall {}.abi_encode());
    let output = coins(2).abi_encode();
    let config = config();
    // A tenth may go for gas.
    let tenth = coins(2) / U256::from(10);
    assert!(worth(&plan, &view, &config, &output, tenth));
    assert!(!worth(&plan, &view, &config, &output, tenth + U256::ONE));
    // The first-loss reserve lies there too, and is in the books.
    view.insurance = coins(2);
    none(Job::Skim, &view);
    view.insurance = U256::ZERO;
    view.held = view.headroom + view.reserved + U256::from(1_000);
    none(Job::Skim, &view);
    // Less than the books say is no surplus.
    view.held = U256::ZERO;
    none(Job::Skim, &view);
}

#[test]
fn harvest_calls_the_vault_while_it_can_be_and_is_worth_it() {
    let mut view = view();
    none(Job::Harvest, &view);
    let vault = VaultView {
        address: Address::repeat_byte(0xfa),
        lst: coins(500),
        coins: U256::ZERO,
        pending: coins(2),
        open: true,
    };
    view.vault = Some(vault.clone());
    let plan = one(Job::Harvest, &view);
    assert_eq!(plan.to, vault.address);
    assert_eq!(plan.call.as_ref(), V::harvestCall {}.abi_encode());
    let output = (coins(2), coins(2)).abi_encode();
    let config = config();
    let tenth = coins(2) / U256::from(10);
    assert!(worth(&plan, &view, &config, &output, tenth));
    assert!(!worth(&plan, &view, &config, &output, tenth + U256::ONE));
    let nothing = (U256::ZERO, U256::ZERO).abi_encode();
    assert!(!worth(&plan, &view, &config, &nothing, U256::ZERO));
    // It is other work once the vault holds other LST.
    let held = |lst| {
        let mut other = view.clone();
        other.vault = Some(VaultView {
            lst,
            ..vault.clone()
        });
        one(Job::Harvest, &other).precondition
    };
    assert_eq!(held(coins(500)), plan.precondition);
    assert_ne!(held(coins(502)), plan.precondition);
    let spoilt = |vault: VaultView| {
        let mut other = view.clone();
        other.vault = Some(vault);
        none(Job::Harvest, &other);
    };
    spoilt(VaultView {
        open: false,
        ..vault.clone()
    });
    spoilt(VaultView {
        pending: U256::from(10).pow(U256::from(15)),
        ..vault
    });
}

#[test]
fn pushes_are_bounded_and_leave_dust_to_its_owners() {
    let mut view = view();
    none(Job::Push, &view);
    let payout = |id: u64, net: U256| Payout {
        id: U256::from(id),
        owner: Address::with_last_byte(id as u8),
        net,
    };
    view.payouts = (1..=50)
        .map(|id| payout(id, if id % 2 == 0 { U256::ONE } else { coins(id) }))
        .collect();
    let plan = one(Job::Push, &view);
    let call = M::fulfillRequestsCall::abi_decode(&plan.call).unwrap();
    assert_eq!(call.ids.len(), 20);
    // With too little gas the minter pays fewer and does not fail, so an estimate is of no use; a page fits a transaction.
    assert!(plan.gas_least >= 20 * 90_000 + 120_000);
    assert!(plan.gas_least < config().send.gas_limit);
    assert!(call.ids.iter().all(|id| id.bit(0)), "odd ones are large");
    for (user, id) in call.users.iter().zip(&call.ids) {
        assert_eq!(*user, Address::with_last_byte(id.to::<u8>()));
    }
    // What is paid does not come again: the next page is other work.
    view.payouts.retain(|payout| !call.ids.contains(&payout.id));
    let next = one(Job::Push, &view);
    assert_ne!(next.precondition, plan.precondition);
    let next = M::fulfillRequestsCall::abi_decode(&next.call).unwrap();
    assert_eq!(next.ids.len(), 5);
    view.payouts.retain(|payout| !next.ids.contains(&payout.id));
    none(Job::Push, &view);
    let config = config();
    let output = |processed: u64, paid: U256| (U256::from(processed), paid).abi_encode();
    assert!(!worth(
        &plan,
        &view,
        &config,
        &output(0, U256::ZERO),
        U256::ZERO
    ));
    assert!(worth(
        &plan,
        &view,
        &config,
        &output(3, coins(10)),
        coins(1)
    ));
    assert!(!worth(
        &plan,
        &view,
        &config,
        &output(3, coins(10)),
        coins(1) + U256::ONE
    ));
}

#[test]
fn claims_wait_until_they_are_worth_their_gas() {
    let view = view();
    let config = config();
    let plans = plan(Job::ClaimRewards, &view, &config, None);
    assert_eq!(plans.len(), 2);
    let claim =
        |reward: U256, gas: U256| worth(&plans[0], &view, &config, &reward.abi_encode(), gas);
    assert!(claim(coins(10), coins(1)));
    assert!(!claim(coins(10), coins(1) + U256::ONE));
    assert!(!claim(U256::ZERO, U256::ZERO));
    // Twice the rewards bear twice the gas; a dearer hour waits.
    assert!(claim(coins(20), coins(2)) && !claim(coins(20), coins(3)));
    let careful = Config {
        gas_share_bps: 0,
        ..config.clone()
    };
    assert!(!worth(
        &plans[0],
        &view,
        &careful,
        &coins(10).abi_encode(),
        U256::ONE
    ));
    // Jobs with a promised time behind them do not ask for the price.
    for job in [
        Job::Sweep,
        Job::CloseRung,
        Job::ExitBus,
        Job::Fulfil,
        Job::BookSlash,
    ] {
        assert!(!job.is_by_value(), "{job}");
    }
}

#[test]
fn jobs_have_one_name_each() {
    for job in Job::ALL {
        assert_eq!(job.name().parse(), Ok(job));
        let name = serde_json::to_value(job).unwrap();
        assert_eq!(name, job.name());
    }
    let names: std::collections::BTreeSet<&str> = Job::ALL.iter().map(|job| job.name()).collect();
    assert_eq!(names.len(), Job::ALL.len());
}

#[test]
fn a_target_has_one_spelling() {
    let account = Address::repeat_byte(0xab);
    let who = "0xabababababababababababababababababababab";
    let leg = Target::Leg {
        epoch: 12,
        sleeve: 1,
    };
    let owner = Target::Account { sleeve: 2, account };
    for (job, target, text) in [
        (Job::CloseEpoch, Target::All, String::new()),
        (Job::StakeBus, Target::All, String::new()),
        (Job::Sweep, Target::Validator(7), "7".to_owned()),
        (Job::BasketHarvest, Target::Sleeve(2), "2".to_owned()),
        (Job::DelegateIdle, Target::Sleeve(0), "0".to_owned()),
        (Job::StartLeg, leg, "12/1".to_owned()),
        (Job::CollectLeg, leg, "12/1".to_owned()),
        (Job::DeliverLeg, owner, format!("2/{who}")),
        (Job::MoveStake, owner, format!("2/{who}")),
        (Job::ObservePrices, Target::Sleeve(2), "2".to_owned()),
        (Job::ObservePrices, owner, format!("2/{who}")),
    ] {
        assert_eq!(target.to_string(), text, "{job}");
        assert_eq!(Target::parse(job, &text), Some(target), "{job} {text:?}");
    }
    for (job, text) in [
        (Job::CloseEpoch, "0".to_owned()),
        (Job::BasketHarvest, String::new()),
        (Job::BasketHarvest, "02".to_owned()),
        (Job::BasketHarvest, "+2".to_owned()),
        (Job::BasketHarvest, "256".to_owned()),
        (Job::BasketHarvest, "12/1".to_owned()),
        (Job::StartLeg, "12".to_owned()),
        (Job::StartLeg, "12/01".to_owned()),
        (Job::StartLeg, "012/1".to_owned()),
        (Job::StartLeg, "12/1/1".to_owned()),
        (Job::StartLeg, "-1/1".to_owned()),
        (Job::DeliverLeg, "2".to_owned()),
        (Job::DeliverLeg, format!("2/{}", &who[2..])),
        (Job::DeliverLeg, format!("2/{}", who.to_uppercase())),
        (Job::DeliverLeg, format!("2/{account}")),
        (Job::DeliverLeg, format!("2/{who} ")),
        (Job::DeliverLeg, format!("+2/{who}")),
    ] {
        assert_eq!(Target::parse(job, &text), None, "{job} {text:?}");
    }
}
