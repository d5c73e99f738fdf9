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
