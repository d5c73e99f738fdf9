//! Core's staking, facts C1 to C12, and what the CORE sleeve makes of them.

use super::world::*;
use omnibus_model::{
    Address, Bps, DAY, Timestamp,
    basket::{
        Asset, Call, CoreAgent, Earn, Error, LEAST_STAKE, OutsideCall, Undelegation, Units,
        plan_undelegation,
    },
};
use std::collections::BTreeMap;

const ME: Address = Address::short(61);

/// A round of 37.5 CORE for 600: 0.0625 each.
const RATE: u128 = E / 16;

fn agent() -> CoreAgent {
    CoreAgent {
        round: 1,
        open: [V1, V2, V3].into(),
        ..CoreAgent::default()
    }
}

fn turn(agent: &mut CoreAgent) {
    let rates: BTreeMap<_, _> = [V1, V2, V3].map(|v| (v, word(RATE))).into();
    let next = agent.round + 1;
    agent.turn(next, &rates).unwrap();
}

/// 600 with V1 that earn.
fn earning() -> CoreAgent {
    let mut a = agent();
    a.delegate(ME, V1, whole(600)).unwrap();
    turn(&mut a);
    assert_eq!(a.claim(ME), Units::ZERO);
    a
}

#[test]
fn c2_a_delegation_earns_from_the_next_full_round() {
    let mut a = earning();
    turn(&mut a);
    // 600 / 16 = 37.5
    assert_eq!(a.claim(ME), Units::of(37_500_000_000_000_000_000));
    assert_eq!(a.claim(ME), Units::ZERO);
}

#[test]
fn c3_undelegating_eats_the_earning_stake_first() {
    let mut a = earning();
    a.delegate(ME, V1, whole(500)).unwrap();
    a.undelegate(ME, V1, whole(500)).unwrap();
    assert_eq!(a.delegation(ME, V1).total, whole(600));
    turn(&mut a);
    // 100 earn 6.25; 31.25 of 37.5 are lost.
    assert_eq!(a.claim(ME), Units::of(6_250_000_000_000_000_000));
    // The next round is whole again.
    turn(&mut a);
    assert_eq!(a.claim(ME), Units::of(37_500_000_000_000_000_000));
}

#[test]
fn c4_parts_and_remainders_are_at_least_one_core_a_full_exit_is_any() {
    let mut a = earning();
    let wei = Units::of(E - 1);
    let below = |x| Error::BelowLeastStake(x, LEAST_STAKE);
    assert_eq!(a.delegate(ME, V1, wei), Err(below(wei)));
    assert_eq!(a.undelegate(ME, V1, wei), Err(below(wei)));
    let most = Units::of(599 * E + 1);
    assert_eq!(a.undelegate(ME, V1, most), Err(below(wei)));
    let more = Units::of(600 * E + 1);
    assert_eq!(
        a.undelegate(ME, V1, more),
        Err(Error::NotDelegated(V1, whole(600), more))
    );
    assert_eq!(a.undelegate(ME, V1, whole(599)), Ok(()));
    assert_eq!(a.undelegate(ME, V1, whole(1)), Ok(()));
    assert_eq!(a.of(ME), []);
}

#[test]
fn c5_a_transfer_keeps_the_rounds_reward() {
    let mut a = earning();
    assert_eq!(
        a.transfer(ME, V1, V1, whole(1)),
        Err(Error::SameCandidate(V1))
    );
    // The source may be closed, the target may not.
    a.open = [V2].into();
    assert_eq!(
        a.transfer(ME, V1, V3, whole(600)),
        Err(Error::InactiveCandidate(V3))
    );
    a.transfer(ME, V1, V2, whole(600)).unwrap();
    assert_eq!(a.of(ME), [(V2, whole(600))]);
    turn(&mut a);
    assert_eq!(a.claim(ME), Units::of(37_500_000_000_000_000_000));
    turn(&mut a);
    assert_eq!(a.claim(ME), Units::of(37_500_000_000_000_000_000));
    // What arrived in a round does not earn in it, moved on or not.
    a.open.insert(V3);
    a.delegate(ME, V2, whole(160)).unwrap();
    a.transfer(ME, V2, V3, whole(700)).unwrap();
    turn(&mut a);
    assert_eq!(a.claim(ME), Units::of(37_500_000_000_000_000_000));
}

#[test]
fn c7_a_jailed_validator_only_stops_earning() {
    let mut a = earning();
    a.open.remove(&V1);
    a.turn(a.round + 1, &BTreeMap::new()).unwrap();
    assert_eq!(a.claim(ME), Units::ZERO);
    assert_eq!(a.undelegate(ME, V1, whole(600)), Ok(()));
}

fn step(candidate: Address, amount: Units) -> Undelegation {
    Undelegation { candidate, amount }
}

#[test]
fn b23_a_shortfall_leaves_no_remainder_below_one_core() {
    let mut a = agent();
    for (v, n) in [(V1, 10), (V2, 5), (V3, 3)] {
        a.delegate(ME, v, whole(n)).unwrap();
    }
    let plan = |a: &CoreAgent, need| plan_undelegation(a, ME, need).unwrap();
    // Half a CORE: at least 1 is undelegated, from the largest.
    assert_eq!(plan(&a, Units::of(E / 2)), [step(V1, whole(1))]);
    // 9.5 of 10 would leave 0.5: all 10.
    assert_eq!(plan(&a, Units::of(95 * E / 10)), [step(V1, whole(10))]);
    // 10.2: 10, and of the missing 0.2 at least 1.
    assert_eq!(
        plan(&a, Units::of(102 * E / 10)),
        [step(V1, whole(10)), step(V2, whole(1))]
    );
    // Closed ones first: they earn nothing.
    a.open.remove(&V3);
    assert_eq!(plan(&a, whole(4)), [step(V3, whole(3)), step(V1, whole(1))]);
    // More than there is: everything.
    assert_eq!(plan(&a, whole(99)).len(), 3);
    // And the agent takes every plan.
    for need in 1..40_u128 {
        let mut copy = a.clone();
        for todo in plan(&a, Units::of(need * E / 2)) {
            copy.undelegate(ME, todo.candidate, todo.amount).unwrap();
        }
        let left = copy.delegated(ME).unwrap();
        assert!(left <= whole(18).min0(Units::of(need * E / 2)));
    }
}

fn earn() -> Earn {
    Earn {
        rate: word(1_234_567),
        turned: 5,
        lock: 7 * DAY,
        ..Earn::default()
    }
}

#[test]
fn c9_a_redemption_fixes_its_rate_and_is_paid_strictly_after_its_lock() {
    let mut e = earn();
    let at = |s| Timestamp::new(s);
    assert_eq!(
        e.redeem(ME, 5, at(0), Units::of(E - 1)),
        Err(Error::BelowLeastStake(Units::of(E - 1), whole(1)))
    );
    // 2 * 1.234567
    let core = Units::of(2_469_134_000_000_000_000);
    assert_eq!(e.redeem(ME, 5, at(100), whole(2)), Ok(core));
    e.rate = word(1);
    let unlock = 100 + 7 * DAY;
    assert_eq!(
        e.withdraw(ME, 5, at(unlock)),
        Err(Error::NothingUnlocked(ME))
    );
    assert_eq!(e.withdraw(ME, 5, at(unlock + 1)), Ok(core));
    assert_eq!(
        e.withdraw(ME, 5, at(unlock + 2)),
        Err(Error::NothingUnlocked(ME))
    );
    // A hundred records.
    for _ in 0..100 {
        e.redeem(ME, 5, at(0), whole(1)).unwrap();
    }
    assert_eq!(
        e.redeem(ME, 5, at(0), whole(1)),
        Err(Error::TooManyRecords(ME, 100))
    );
}

#[test]
fn c10_nothing_works_before_the_operators_turn_or_while_paused() {
    let mut e = earn();
    let late = Err(Error::OperatorLate(5, 6));
    assert_eq!(e.mint(6, whole(1)), late);
    assert_eq!(e.redeem(ME, 6, Timestamp::ZERO, whole(1)), late);
    assert_eq!(e.withdraw(ME, 6, Timestamp::ZERO), late);
    e.paused = true;
    assert_eq!(e.mint(5, whole(1)), Err(Error::EarnPaused));
    e.paused = false;
    // 1 / 1.234567, down
    assert_eq!(e.mint(5, whole(1)), Ok(Units::of(810_000_591_300_431_649)));
}

#[test]
fn an_earn_short_of_funds_pays_in_part_and_keeps_the_rest_on_record() {
    let mut e = earn();
    e.rate = word(1_000_000);
    e.redeem(ME, 5, Timestamp::ZERO, whole(10)).unwrap();
    e.funds = Some(whole(4));
    let late = Timestamp::new(8 * DAY);
    assert_eq!(e.withdraw(ME, 5, late), Ok(whole(4)));
    assert_eq!(e.open(ME), Ok(whole(6)));
    e.cut(ME, Bps::new(5_000)).unwrap();
    e.funds = None;
    assert_eq!(e.withdraw(ME, 5, late), Ok(whole(3)));
}

#[test]
fn b24_idle_core_is_delegated_at_dusk_only_less_buffer_and_floor() {
    let mut w = World::core_only();
    w.s.buffer = whole(98);
    let at = w.at();
    assert_eq!(w.no(BOB, Call::DelegateIdle), Error::NotDusk(at));
    w.dusk();
    w.ok(BOB, Call::DelegateIdle);
    // 1000 - 98 - 2 = 900, by weight 1 : 1
    let account = w.s.sleeves[0].account;
    let stakes = w.s.outside.agent.of(account);
    assert_eq!(stakes, [(V1, whole(450)), (V2, whole(450))]);
    assert_eq!(w.s.sleeves[0].idle, whole(100));
    assert_eq!(w.s.max_instant(), Ok(whole(98)));
    // A second time there is nothing.
    assert_eq!(w.no(BOB, Call::DelegateIdle), Error::NothingToDo);
    // One second before the last hour it is not dusk.
    w.dawn(0);
    w.dusk();
    w.now -= 1;
    assert!(matches!(w.no(BOB, Call::DelegateIdle), Error::NotDusk(_)));
}

#[test]
fn b24_a_leaver_earns_the_round_in_which_he_asked() {
    let mut w = World::core_only();
    w.give(BOB, shares(500));
    w.dusk();
    w.ok(KEEPER, Call::DelegateIdle);
    // 998 delegated; the first full round begins at dawn.
    w.dawn(0);
    w.wait(HOUR);
    w.ok(BOB, w.request(BOB, shares(500)));
    // 0.0002 each: 998 * 0.0002 = 0.1996, less than the 0.25 that a round may release.
    w.dawn(2 * E / 10_000);
    w.ok(KEEPER, Call::CloseEpoch);
    w.ok(
        KEEPER,
        Call::StartLeg {
            epoch: 0,
            sleeve: CORE,
        },
    );
    let before = w.held(BOB, Asset::Core);
    w.ok(BOB, claim(0, BOB, ALL));
    let got = w.held(BOB, Asset::Core).minus(before).unwrap();
    // Half of 1000.1996
    assert_eq!(got, Units::of(500_099_800_000_000_000_000));
}

#[test]
fn b22_every_validator_is_jailed_and_everybody_leaves() {
    let mut w = World::core_only();
    w.give(BOB, shares(400));
    w.dusk();
    w.ok(KEEPER, Call::DelegateIdle);
    w.dawn(0);
    for candidate in [V1, V2, V3] {
        w.outside(OutsideCall::SetCandidate {
            candidate,
            open: false,
        });
    }
    let before = w.held(BOB, Asset::Core);
    w.ok(BOB, exit_in_kind(BOB, shares(400)));
    assert_eq!(w.held(BOB, Asset::Core).minus(before), Ok(whole(400)));
    // 2 idle + 499 * 2; 400 out of one of them: 398 short, from V1, which keeps 101.
    let stakes = w.s.outside.agent.of(w.s.sleeves[0].account);
    assert_eq!(stakes, [(V1, whole(101)), (V2, whole(499))]);
}

#[test]
fn stake_moves_away_from_closed_or_unweighted_validators_only() {
    let mut w = World::core_only();
    w.dusk();
    w.ok(KEEPER, Call::DelegateIdle);
    let go = |from, to| Call::MoveStake {
        from,
        to,
        units: whole(499),
    };
    assert_eq!(w.no(BOB, go(V1, V2)), Error::NothingToDo);
    w.outside(OutsideCall::SetCandidate {
        candidate: V1,
        open: false,
    });
    assert_eq!(w.no(BOB, go(V1, V3)), Error::InactiveCandidate(V3));
    w.ok(BOB, go(V1, V2));
    let stakes = w.s.outside.agent.of(w.s.sleeves[0].account);
    assert_eq!(stakes, [(V2, whole(998))]);
}
