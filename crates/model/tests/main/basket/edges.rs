//! Edges of single rules, each of which a planted mistake once survived.

use super::world::*;
use omnibus_model::{
    Bps,
    basket::{
        Call, Condition, Error, GovernanceCall, OutsideCall, Parts, SleeveId, Throttle, Units,
    },
};

const STCORE_SLEEVE: SleeveId = SleeveId(1);
const BTC_SLEEVE: SleeveId = SleeveId(2);

#[test]
fn a_sleeve_is_closed_and_opened_by_vote_and_a_retired_one_stays_closed() {
    let mut w = World::core_and_stcore();
    let set = |on| GovernanceCall::OpenSleeve {
        sleeve: STCORE_SLEEVE,
        on,
    };
    w.govern(set(false)).unwrap();
    assert!(!w.s.sleeves[1].open);
    w.govern(set(true)).unwrap();
    assert!(w.s.sleeves[1].open);
    w.s.sleeves[1].retired = true;
    w.govern(set(true)).unwrap();
    assert!(!w.s.sleeves[1].open);
}

#[test]
fn a_new_sleeve_has_the_throttle_that_was_voted_for() {
    let mut w = World::core_only();
    let mut sleeve = stcore_sleeve(0);
    sleeve.limits.max_exit = 0; // fits the delay in force
    sleeve.throttle = Throttle::new(whole(5));
    w.govern(GovernanceCall::AddSleeve(Box::new(sleeve)))
        .unwrap();
    assert_eq!(w.s.sleeves[1].throttle.limit, whole(5));
}

#[test]
fn a_price_in_doubt_is_no_price_of_its_sleeve() {
    let mut w = World::full();
    let now = w.at();
    w.outside(OutsideCall::Post {
        sleeve: BTC_SLEEVE,
        source: 1,
        price: Some(btc_price(102_000)), // 2 % above the other
        at: now,
    });
    let nav = w.s.nav(now).unwrap();
    assert_eq!(
        nav.sound(BTC_SLEEVE),
        Err(Error::PriceNotSound(BTC_SLEEVE, Condition::Doubtful))
    );
    assert!(nav.sound(STCORE_SLEEVE).is_ok());
}

/// Units of 500 stCORE at 1.1, which are to go, that an auction offers when CORE is to be that part of all.
fn offered(core_target: u64) -> Units {
    let mut w = World::core_and_stcore();
    for (sleeve, target) in w.s.sleeves.iter_mut().zip([core_target, 0]) {
        sleeve.limits.target = Bps::new(target);
    }
    w.ok(BOB, Call::Observe);
    w.wait(HOUR);
    let sell = Call::StartAuction {
        sell: STCORE_SLEEVE,
        buy: CORE,
    };
    let out = w.ok(BOB, sell);
    assert_eq!(out.ret.len(), 1);
    Units::new(out.ret[0])
}

/// CORE 500 of 840 wanted: 340 CORE's worth, up. Of 1,050: to the last unit.
#[test]
fn a_sleeve_that_is_to_go_is_sold_for_what_the_other_lacks() {
    assert_eq!(offered(8_000), Units::of(309_090_909_090_909_090_910));
    assert_eq!(offered(10_000), whole(500));
}

#[test]
fn a_sleeve_counts_with_units_that_are_the_baskets() {
    let mut sleeve = core_sleeve(10_000);
    assert!(!sleeve.counts());
    sleeve.book.units = whole(5);
    assert!(!sleeve.counts(), "all of them leave");
    sleeve.book.basket = Parts::of(5);
    assert!(sleeve.counts());
    sleeve.book.units = Units::ZERO;
    assert!(!sleeve.counts(), "parts of nothing");
}
