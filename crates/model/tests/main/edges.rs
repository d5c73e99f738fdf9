//! Edges of single rules, each of which a planted mistake once survived.

use crate::world::*;
use omnibus_model::*;

#[test]
fn coins_of_the_staking_system_and_of_the_rewards_contract_are_no_deposit() {
    let mut w = World::new(&[(0, 1, 1)]);
    for from in [w.s.places.staking, w.s.places.rewards] {
        w.give(from.into(), 1);
        let before = w.s.clone();
        assert_eq!(
            w.try_(from, MinterCall::Receive { coins: coins(1) }),
            Err(Error::FromBucket(from))
        );
        assert_eq!(w.s, before);
    }
}

#[test]
fn a_bucket_is_free_an_hour_of_safety_after_its_cooldown_and_at_once_when_it_never_cooled() {
    let w = World::new(&[(0, 1, 1)]);
    let fresh = Bucket::default();
    assert_eq!(w.s.minter.available_at(&fresh), Timestamp::ZERO);
    let cooled = Bucket {
        end: Timestamp::new(START + 100),
        ..fresh
    };
    let free = START + 100 + HOUR;
    assert_eq!(w.s.minter.available_at(&cooled), Timestamp::new(free));
    assert!(!w.s.minter.is_available(&cooled, Timestamp::new(free - 1)));
    assert!(w.s.minter.is_available(&cooled, Timestamp::new(free)));
    let cools = Bucket {
        cooling: coins(1),
        ..cooled
    };
    assert!(!w.s.minter.is_available(&cools, Timestamp::new(free)));
}

#[test]
fn deposits_are_open_at_a_hundredth_of_a_coin_and_closed_below() {
    let mut w = World::new(&[(0, 1, 1)]);
    w.s.minter.rate = Rate::new(word(10).pow(word(25)));
    let out = w.ok(ALICE, MinterCall::Submit { coins: coins(1) });
    assert_eq!(out.ret[0], word(100 * E));
    let lowest = w.s.minter.rate.raw();
    w.s.minter.rate = Rate::new(lowest - word(1));
    assert_eq!(
        w.try_(ALICE, MinterCall::Submit { coins: coins(1) }),
        Err(Error::DepositsClosed(lowest - word(1), lowest))
    );
}

#[test]
fn what_is_collected_is_told_and_nothing_is_not() {
    let mut w = World::new(&[(0, 1, 1)]);
    w.deposit(ALICE, 99);
    w.call(BOB, Call::Rewards(RewardsCall::Load { coins: coins(70) }))
        .unwrap();
    w.wait(DAY);
    let claim = Call::Rewards(RewardsCall::Claim { recipient: ALICE });
    let before = w.s.balance(ALICE);
    let out = w.call(ALICE, claim.clone()).unwrap();
    let amount = w.s.balance(ALICE).minus(before).unwrap();
    // 70 less 10 % over seven days, to 99 of 100, each rounded against her.
    assert!(amount <= Assets::of(891 * E / 100) && amount > Assets::of(891 * E / 100 - 100_000));
    let account = ALICE;
    let told = Event::RewardsCollected { account, amount };
    assert!(out.events.contains(&told), "{:?}", out.events);
    let again = w.call(ALICE, claim).unwrap();
    assert_eq!(World::events(&again, "RewardsCollected"), 0);
}

/// Two buckets: the next departure comes an hour of safety after the first has matured.
#[test]
fn a_validator_to_sweep_shows_its_next_departure_when_somebody_waits_for_it() {
    let mut w = World::new(&[(0, 1, 2)]);
    w.deposit(ALICE, 99);
    w.stake(0, 80);
    w.stake(0, 10);
    w.wait(HOUR);
    let first = w.now;
    let half = (COOLDOWN + HOUR) / 2;
    for _ in 0..2 {
        w.queue(ALICE, lst(15));
        w.close();
        w.depart();
        w.wait(half);
    }
    w.queue(ALICE, lst(40));
    w.close();
    w.now = first + COOLDOWN;
    let turn = Timestamp::new(first + 2 * half);
    assert_eq!(
        w.s.work(w.at()).unwrap(),
        [Work {
            validator: ValidatorId(0),
            reasons: 1,
            next: turn
        }]
    );
}

#[test]
fn a_receipt_is_approved_by_its_owner_and_his_operators_and_by_nobody_else() {
    let mut w = World::new(&[(0, 1, 2)]);
    w.deposit(ALICE, 99);
    let request = w.queue(ALICE, lst(10));
    w.ok(ALICE, MinterCall::MintReceipt { id: request });
    let id = ReceiptId {
        request,
        version: 0,
    };
    let approve = |to| Call::Receipts(ReceiptsCall::Approve { to, id });
    w.call(ALICE, approve(CAROL)).unwrap();
    assert_eq!(w.s.receipts.approved[&id], CAROL);
    assert_eq!(w.call(BOB, approve(BOB)), Err(Error::InvalidApprover(BOB)));
    // Who may move it may not give that on.
    assert_eq!(
        w.call(CAROL, approve(BOB)),
        Err(Error::InvalidApprover(CAROL))
    );
    w.s.receipts.operators.insert((ALICE, BOB));
    w.call(BOB, approve(BOB)).unwrap();
    assert_eq!(w.s.receipts.approved[&id], BOB);
}
