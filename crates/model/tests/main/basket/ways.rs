//! In and out, worked by hand; and what attackers of the ways in and out end with.

use super::world::*;
use omnibus_model::{
    Bps, DAY, DEAD, Price,
    basket::{
        Asset, BatchId, Call, Error, GovernanceCall, Limits, OutsideCall, Parts, Setting, Shares,
        SleeveId, Throttle, Units, management_shares, rate_fee_units,
    },
};

/// 0.05 % of 100 shares are kept: 99.95.
const CREDITED_OF_100: u128 = 99_950_000_000_000_000_000;

#[test]
fn mint_in_kind_takes_every_sleeve_and_keeps_the_entry_fee() {
    let mut w = World::core_and_stcore();
    let out = w.ok(BOB, w.mint(shares(100)));
    // 100 of 1,000 shares: 50 CORE and 50 stCORE.
    assert_eq!(out.ret, [word(CREDITED_OF_100)]);
    assert_eq!(w.s.balance(BOB), Shares::of(CREDITED_OF_100));
    assert_eq!(w.held(BOB, Asset::Core), whole(1_000_000 - 50));
    assert_eq!(w.held(BOB, STCORE), whole(1_000_000 - 50));
    assert_eq!(w.s.sleeves[0].book.units, whole(550));
    // And out: 550 * 99.95 / 1,099.95 = 49.977271694167916723…
    w.ok(BOB, exit_in_kind(BOB, Shares::of(CREDITED_OF_100)));
    let lost = Units::of(22_728_305_832_083_277);
    assert_eq!(w.held(BOB, Asset::Core), whole(1_000_000).min0(lost));
    assert_eq!(w.held(BOB, STCORE), whole(1_000_000).min0(lost));
    assert!(w.s.batches.is_empty());
}

#[test]
fn mint_in_kind_refuses_what_the_caller_did_not_agree_to() {
    let mut w = World::core_and_stcore();
    let mint = |max: [Units; 2], min: u128, late: u64| Call::MintInKind {
        shares: shares(100),
        max_units: max.to_vec(),
        min_shares: Shares::of(min),
        deadline: omnibus_model::Timestamp::new(ROUND * DAY + 12 * HOUR - late),
    };
    let enough = [whole(50), whole(50)];
    let at = w.at();
    let wei = Units::of(50 * E - 1);
    assert_eq!(
        w.no(BOB, mint([whole(50), wei], 0, 0)),
        Error::InAboveMaximum(SleeveId(1), whole(50), wei)
    );
    let credited = Shares::of(CREDITED_OF_100);
    let more = Shares::of(CREDITED_OF_100 + 1);
    assert_eq!(
        w.no(BOB, mint(enough, CREDITED_OF_100 + 1, 0)),
        Error::SharesBelowMinimum(credited, more)
    );
    assert_eq!(
        w.no(BOB, mint(enough, 0, 1)),
        Error::DeadlinePassed(omnibus_model::Timestamp::new(at.get() - 1), at)
    );
    let one = Call::MintInKind {
        shares: shares(1),
        max_units: vec![],
        min_shares: Shares::ZERO,
        deadline: at,
    };
    assert_eq!(w.no(BOB, one), Error::LengthMismatch(0, 2));
    // One share wei less 0.05 % is nothing.
    assert_eq!(w.no(BOB, w.mint(Shares::of(1))), Error::ZeroAmount);
    w.ok(BOB, mint(enough, CREDITED_OF_100, 0));
}

#[test]
fn a_deposit_is_valued_low_against_a_nav_that_is_high() {
    let mut w = World::core_and_stcore();
    // NAV 500 + 550 = 1,050 for 1,000 shares; 10 stCORE are 11: 10.476190476190476190, less 0.05 %.
    let out = w.ok(BOB, w.deposit(SleeveId(1), whole(10)));
    assert_eq!(out.ret, [word(10_470_952_380_952_380_951)]);
    // Two rounds after the rate's last update its high side is 10 bps up: 550.55 + 500 + 11.011.
    w.turn_only(0);
    w.turn_only(0);
    let nav = w.s.nav(w.at()).unwrap();
    assert_eq!(nav.low.raw(), word(1_061 * E));
    assert_eq!(nav.high.raw(), word(1_061_561 * E / 1_000));
    // 10 CORE then: 10 * 1,010.470952380952380951 / 1,061.561 = 9.518727347…, less 0.05 %.
    let supply = 1_010_470_952_380_952_380_951_u128;
    let priced = word(10 * E) * word(supply) / word(1_061_561 * E / 1_000);
    let out = w.ok(BOB, w.deposit(CORE, whole(10)));
    assert_eq!(out.ret, [priced * word(9_995) / word(10_000)]);
    assert_eq!(out.ret[0] / word(E / 1_000), word(9_513));
}

/// 600 of 1,000 shares, on 500 coins and as much stCORE: no coin less than they are worth is paid for them.
#[test]
fn an_instant_exit_above_the_coins_there_are_is_refused_and_not_cut() {
    let mut w = World::core_and_stcore();
    w.give(BOB, shares(600));
    let Error::InstantTooLarge(due, most) = w.no(BOB, w.instant(BOB, shares(600))) else {
        panic!("not refused for its size");
    };
    assert!(due > whole(550) && due < whole(650), "{due:?}");
    assert_eq!(most, whole(498));
}

#[test]
fn an_instant_exit_pays_nav_low_from_idle_above_floor_and_debts() {
    let mut w = World::core_only();
    w.give(BOB, shares(600));
    w.s.fees.instant = Bps::new(10);
    // 100 less 0.1 %
    let out = w.ok(BOB, w.instant(BOB, shares(100)));
    assert_eq!(out.ret, [word(99_900_000_000_000_000_000)]);
    assert_eq!(w.s.sleeves[0].book.units, Units::of(9_001 * E / 10));
    // A closed epoch is owed its 300 of 900 shares: 300.0333…, carved down; idle 900.1 less 2 less that.
    w.ok(BOB, w.request(BOB, shares(300)));
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    let most = 900_100_000_000_000_000_000 - 2 * E - 300_033_333_333_333_333_333;
    assert_eq!(w.s.max_instant(), Ok(Units::of(most)));
    w.ok(
        BOB,
        Call::Transfer {
            to: ALICE,
            shares: shares(200),
        },
    );
    // All 600 shares but the dead ones: 600.06… less 0.1 % is more than that.
    let call = w.instant(ALICE, w.s.balance(ALICE));
    assert!(matches!(w.no(ALICE, call), Error::InstantTooLarge(_, m) if m == Units::of(most)));
    let low = Call::InstantExit {
        shares: shares(1),
        recipient: ALICE,
        min_out: whole(1),
        deadline: w.at(),
    };
    // 600.066666666666666667 / 600 = 1.000111111111111111, less 0.1 % = 0.999110999999999999.9
    assert_eq!(
        w.no(ALICE, low),
        Error::OutBelowMinimum(Units::of(999_110_999_999_999_999), whole(1))
    );
}

#[test]
fn b1_decimals_6_8_and_18_land_in_the_same_unit_and_1e10_off_is_refused() {
    use omnibus_model::basket::price_of;
    let (least, most) = (btc_price(10_000), btc_price(1_000_000));
    // 100,000 CORE per BTC in feeds of 8 and 18 decimals, a token of 8.
    for (feed, answer) in [(8, 10_u128.pow(13)), (18, 10_u128.pow(23))] {
        assert_eq!(
            price_of(word(answer), feed, 8, least, most),
            Ok(btc_price(100_000))
        );
    }
    // A token of 6: 1 unit is a millionth; 2 CORE are 2e12 wei per unit, 2e30 for 1e18.
    let two = Price::new(word(2) * word(10).pow(word(30)));
    assert_eq!(
        price_of(word(2 * 10_u128.pow(8)), 8, 6, Price::ZERO, Price::MAX),
        Ok(two)
    );
    // The feed's decimals taken for 18 where they are 8, and the other way.
    for (feed, answer) in [(18, 10_u128.pow(13)), (8, 10_u128.pow(23))] {
        let refused = price_of(word(answer), feed, 8, least, most);
        assert!(matches!(refused, Err(Error::PriceOutOfRange(..))));
    }
}

#[test]
fn b7_a_price_outside_its_declared_range_is_not_configured() {
    let mut w = World::core_only();
    let at = w.at();
    w.s.governance.delay = 30 * DAY;
    let mut sleeve = btc_sleeve(0, at);
    for source in &mut sleeve.feed.sources {
        source.as_mut().unwrap().price = btc_price(9_999);
    }
    let add = GovernanceCall::AddSleeve(Box::new(sleeve.clone()));
    let range = (btc_price(10_000), btc_price(1_000_000));
    assert_eq!(
        w.govern(add),
        Err(Error::PriceOutOfRange(btc_price(9_999), range.0, range.1))
    );
    sleeve.feed.sources.truncate(1);
    sleeve.feed.sources[0].as_mut().unwrap().price = btc_price(10_000);
    let add = GovernanceCall::AddSleeve(Box::new(sleeve.clone()));
    // It asks for two sources.
    assert_eq!(w.govern(add), Err(Error::UnknownSource(SleeveId(1), 1)));
    sleeve.feed.needed = 1;
    w.govern(GovernanceCall::AddSleeve(Box::new(sleeve)))
        .unwrap();
    assert_eq!(w.s.sleeves.len(), 2);
}

#[test]
fn b2_b18_fee_accrual_is_exact_and_nobody_mints_more() {
    // 2 % of a year are 2 % of the new supply: 1000 * 2 / 98.
    let year = 365 * DAY;
    let one = management_shares(shares(1_000), Bps::new(200), year).unwrap();
    assert_eq!(one, Shares::of(20_408_163_265_306_122_448));
    let mut w = World::core_only();
    w.s.fees.management = Bps::new(200);
    w.wait(year / 2);
    // Half a year: 1000 / 99.
    let out = w.ok(BOB, Call::MintFees);
    assert_eq!(out.ret, [word(10_101_010_101_010_101_010)]);
    assert_eq!(w.s.balance(FEES), Shares::of(10_101_010_101_010_101_010));
    // Again in the same second, and again: nothing.
    for _ in 0..3 {
        assert_eq!(w.ok(FEES, Call::MintFees).ret, [word(0)]);
    }
    // The supply doubles in between: the first half was charged on the old one, the second on the new.
    w.turn_only(0);
    let now = w.s.fees_at;
    w.now = now.get();
    w.ok(BOB, w.mint(shares(2_000)));
    let supply = w.s.supply().unwrap();
    w.wait(year / 2);
    let expected = supply.raw() / word(99);
    assert_eq!(w.ok(BOB, Call::MintFees).ret, [expected]);
    // Accruing often gives no more than accruing once.
    let mut often = World::core_only();
    often.s.fees.management = Bps::new(200);
    for _ in 0..365 {
        often.wait(DAY);
        often.ok(BOB, Call::MintFees);
    }
    assert!(often.s.balance(FEES) < one);
    assert!(often.s.balance(FEES) > Shares::of(20_200_000_000_000_000_000));
}

#[test]
fn b18_the_rate_fee_is_charged_once_above_the_high_water_mark() {
    let of = |rate: u128, mark: u128| {
        let (rate, mark) = (Price::of(rate * E / 100), Price::of(mark * E / 100));
        rate_fee_units(whole(1_000), mark, rate, Bps::new(1_000)).unwrap()
    };
    // 1 - 110/121 = 1/11 of 1,000 units, a tenth of it: 9.0909…
    assert_eq!(of(121, 110), Units::of(9_090_909_090_909_090_909));
    assert_eq!(of(110, 110), Units::ZERO);
    assert_eq!(of(100, 110), Units::ZERO);

    let mut w = World::core_and_stcore();
    w.s.sleeves[1].performance = Bps::new(1_000);
    let at = |w: &mut World, rate| {
        w.turn_only(0);
        w.outside(OutsideCall::EarnTurn { rate: word(rate) });
        w.ok(BOB, Call::Harvest);
        w.s.sleeves[1].fees
    };
    // 1.1 -> 1.1011: 500 * 0.0011/1.1011 * 0.1 = 0.049950049950…
    let first = Units::of(49_950_049_950_049_950);
    assert_eq!(at(&mut w, 1_101_100), first);
    assert_eq!(w.s.sleeves[1].book.units, whole(500).min0(first));
    // It falls and comes back: nothing more.
    assert_eq!(at(&mut w, 1_100_000), first);
    assert_eq!(at(&mut w, 1_101_100), first);
    // Twice in a round: nothing more.
    w.ok(BOB, Call::Harvest);
    assert_eq!(w.s.sleeves[1].fees, first);
    w.ok(
        CAROL,
        Call::PayFees {
            sleeve: SleeveId(1),
        },
    );
    assert_eq!(w.held(FEES, STCORE), first);
}

#[test]
fn b18_a_leg_that_has_left_is_not_charged_for_a_rise() {
    let mut w = World::core_and_stcore();
    let stcore = SleeveId(1);
    w.s.sleeves[1].performance = Bps::new(1_000);
    let stall = |w: &mut World, on| w.outside(OutsideCall::Stall { sleeve: stcore, on });
    stall(&mut w, true);
    w.ok(ALICE, exit_in_kind(ALICE, shares(500)));
    stall(&mut w, false);
    w.turn_only(0);
    w.outside(OutsideCall::EarnTurn {
        rate: word(1_101_100),
    });
    w.ok(BOB, Call::Harvest);
    // Of the 250 that stayed: 250 * 0.0011/1.1011 * 0.1 = 0.024975024975…
    let fee = Units::of(24_975_024_975_024_975);
    assert_eq!(w.s.sleeves[1].fees, fee);
    // The leg has all of its 250.
    let retry = Call::Retry {
        exit: 0,
        sleeve: stcore,
    };
    assert_eq!(w.ok(BOB, retry).ret, [word(250 * E)]);
    assert_eq!(w.s.sleeves[1].book.units, whole(250).min0(fee));
}

#[test]
fn b3_the_first_depositor_cannot_be_robbed_by_a_donation() {
    // The least that can be founded: a wei of shares beside the dead ones.
    let first = Units::of(1_000_001);
    let mut w = World::found(vec![core_sleeve(10_000)], &[first], Shares::of(1_000_001));
    assert_eq!(w.s.balance(DEAD), Shares::of(1_000_000));
    // Alice gives 100 CORE to sleeve, basket and agent; no unit is booked.
    for to in [account(0), w.s.places.basket, w.s.places.agent] {
        w.ok(
            ALICE,
            Call::Outside(OutsideCall::Send {
                to,
                asset: Asset::Core,
                units: whole(100),
            }),
        );
    }
    assert_eq!(w.s.sleeves[0].book.units, first);
    // Bob deposits 1 CORE: NAV per share is 1, he is credited 0.9995 of it, and out he gets that.
    w.ok(BOB, w.deposit(CORE, whole(1)));
    let mine = w.s.balance(BOB);
    assert_eq!(mine, Shares::of(999_500_000_000_000_000));
    w.ok(BOB, exit_in_kind(BOB, mine));
    let left = w.held(BOB, Asset::Core);
    assert!(left >= whole(1_000_000).min0(Units::of(E / 2_000)));
    // What was given to the sleeve is a reward of all, 2.5 bps a round.
    let out = w.ok(CAROL, Call::Skim { sleeve: CORE });
    assert_eq!(out.ret, [word(100 * E)]);
    assert_eq!(w.no(CAROL, Call::Skim { sleeve: CORE }), Error::NothingToDo);
    let before = w.s.sleeves[0].book.units;
    w.dawn(0);
    w.ok(CAROL, Call::Harvest);
    let more = before.mul_div_down(word(25), word(100_000)).unwrap();
    assert_eq!(w.s.sleeves[0].book.units, before.plus(more).unwrap());
    // A donation to a leg that waits stays out of it too: the basket's account only holds more.
    assert!(w.held(w.s.places.basket, Asset::Core) == whole(100));
}

#[test]
fn b4_everybody_leaves_and_it_starts_again() {
    let mut w = World::core_and_stcore();
    let all = w.s.balance(ALICE);
    w.ok(ALICE, exit_in_kind(ALICE, all));
    assert_eq!(w.s.supply(), Ok(Shares::of(1_000_000)));
    // 500e18 * 1e6 / 1,000e18 = 500,000 units behind a million dead shares.
    for sleeve in &w.s.sleeves {
        assert_eq!(sleeve.book.units, Units::of(500_000));
        assert_eq!(sleeve.book.parts, Parts::of(500_000));
    }
    w.ok(BOB, w.mint(shares(1_000)));
    assert_eq!(w.s.sleeves[0].book.units, Units::of(500 * E + 500_000));
    let mine = w.s.balance(BOB);
    w.ok(BOB, exit_in_kind(BOB, mine));
    // 5 bps of 1,000 shares stayed with a million dead shares: nearly all of it is Bob's again, but for the rounding.
    assert!(w.held(BOB, Asset::Core) < whole(1_000_000));
}

#[test]
fn b5_12_000_micro_round_trips_gain_nobody_a_wei() {
    let mut w = World::core_and_stcore();
    // Odd ratios: a loss, then rewards.
    w.outside(OutsideCall::Lose {
        sleeve: CORE,
        units: Units::of(123_456_789_012_345_678_901),
    });
    w.dusk();
    w.ok(KEEPER, Call::DelegateIdle);
    w.dawn(E / 10_000);
    w.dawn(E / 10_000);
    w.ok(KEEPER, Call::Harvest);
    let core = w.held(BOB, Asset::Core);
    let stcore = w.held(BOB, STCORE);
    let alice = w.s.quote_exit(shares(1), w.at()).unwrap().in_kind;
    let mut trips = 0;
    for i in 0..12_000_u128 {
        let amount = Shares::of(i * 7 % 4_001 + 2);
        if w.call(BOB, w.mint(amount)).is_ok() {
            trips += 1;
        }
        let mine = w.s.balance(BOB);
        if !mine.is_zero() {
            w.ok(BOB, exit_in_kind(BOB, mine));
        }
        assert!(w.held(BOB, Asset::Core) <= core && w.held(BOB, STCORE) <= stcore);
    }
    assert!(trips > 11_000);
    // Through a price: what comes in at low and goes out at low.
    for i in 0..1_000_u128 {
        let amount = Units::of(i * 13 % 4_001 + 2);
        let _ = w.call(BOB, w.deposit(CORE, amount));
        let mine = w.s.balance(BOB);
        if !mine.is_zero() {
            let _ = w.call(BOB, w.instant(BOB, mine));
        }
        assert!(w.held(BOB, Asset::Core) <= core);
    }
    // Nobody who stayed has lost a wei by it.
    let after = w.s.quote_exit(shares(1), w.at()).unwrap().in_kind;
    assert!(after.iter().zip(&alice).all(|(a, b)| a >= b));
}

#[test]
fn b8_a_priced_mint_and_an_in_kind_exit_are_no_free_swap() {
    let mut w = World::core_and_stcore();
    w.s.sleeves[1].limits.band = Bps::new(100);
    w.s.sleeves[1].limits.target = Bps::new(5_300);
    // stCORE weighs 550 / 1,050 = 52.38 %; at 54 % it is (550 + 1.1x) / (1,050 + 1.1x): x = 33.59.
    let error = w.no(BOB, w.deposit(SleeveId(1), whole(34)));
    // 587.4 / 1,087.4 = 54.018 %, in whole bps up.
    assert_eq!(
        error,
        Error::AboveBand(SleeveId(1), word(5_402), word(5_400))
    );
    let before = value_of_bob(&w);
    w.ok(BOB, w.deposit(SleeveId(1), whole(33)));
    let mine = w.s.balance(BOB);
    w.ok(BOB, exit_in_kind(BOB, mine));
    // 36.3 CORE of value cost 5 bps less his own part of what stays: 0.018 * 1,050 / 1,086.3.
    let cost = before - value_of_bob(&w);
    assert!(cost > 17 * E / 1_000 && cost < 19 * E / 1_000, "{cost}");
}

/// CORE and stCORE at 1.1, wei.
fn value_of_bob(w: &World) -> u128 {
    let core = w.held(BOB, Asset::Core).raw();
    let stcore = w.held(BOB, STCORE).raw() * word(11) / word(10);
    (core + stcore).to::<u128>()
}

#[test]
fn b9_a_harvest_cannot_be_bought_for_a_moment_nor_for_some_rounds() {
    let mut w = World::core_only();
    w.dusk();
    w.ok(KEEPER, Call::DelegateIdle);
    w.dawn(0);
    // A whole per cent in one round: 9.98.
    w.dawn(E / 100);
    let core = w.held(BOB, Asset::Core);
    // The mint harvests first: 0.25 is released, 9.73 locked, and a hundred thousand shares pay for both.
    w.ok(BOB, w.mint(shares(100_000)));
    let sleeve = &w.s.sleeves[0];
    assert_eq!(sleeve.book.units, Units::of(101_025 * E + E / 4));
    assert_eq!(sleeve.locked, Units::of(973 * E + 973 * E / 100));
    let mine = w.s.balance(BOB);
    let mut flash = w.clone();
    flash.ok(BOB, exit_in_kind(BOB, mine));
    assert!(flash.held(BOB, Asset::Core) < core);
    // Ten rounds later he has 99 % of it and still less than he brought.
    for _ in 0..10 {
        w.dawn(0);
        w.ok(KEEPER, Call::Harvest);
    }
    let alice = w.s.quote_exit(shares(1_000), w.at()).unwrap().in_kind[0];
    w.ok(BOB, exit_in_kind(BOB, mine));
    assert!(w.held(BOB, Asset::Core) < core);
    // Alice's thousand shares are worth their thousand and everything that was released to them.
    assert!(alice >= Units::of(1_000 * E + E / 4));
}

#[test]
fn b10_a_round_trip_over_a_fee_boundary_gains_nothing() {
    let mut w = World::core_and_stcore();
    w.s.fees.management = Bps::new(200);
    w.s.sleeves[1].performance = Bps::new(2_000);
    w.turn_only(0);
    w.outside(OutsideCall::EarnTurn {
        rate: word(1_100_200),
    });
    // In before the round's fees are charged: the mint charges them itself, so out again brings less.
    let before = (w.held(BOB, Asset::Core), w.held(BOB, STCORE));
    w.ok(BOB, w.mint(shares(100)));
    assert!(!w.s.sleeves[1].fees.is_zero() && !w.s.fee_shares.is_zero());
    let mine = w.s.balance(BOB);
    w.ok(BOB, exit_in_kind(BOB, mine));
    assert!(w.held(BOB, Asset::Core) < before.0 && w.held(BOB, STCORE) < before.1);
}

#[test]
fn b11_a_flash_loan_meets_caps_and_throttle() {
    let mut w = World::core_only();
    let limits = Limits {
        cap: whole(1_500),
        ..w.s.sleeves[0].limits
    };
    w.s.sleeves[0].limits = limits;
    assert_eq!(
        w.no(BOB, w.deposit(CORE, Units::of(500 * E + 1))),
        Error::AboveCap(CORE, Units::of(1_500 * E + 1), whole(1_500))
    );
    w.s.total_cap = shares(1_100);
    let credited = Shares::of(1_100 * E + 5 * E / 100);
    assert_eq!(
        w.no(BOB, w.mint(Shares::of(100_100_050_025_012_506_254))),
        Error::AboveTotalCap(Shares::of(1_100_050_000_000_000_000_000), shares(1_100))
    );
    assert_eq!(credited, Shares::of(1_100_050_000_000_000_000_000));
    w.s.total_cap = Shares::MAX;
    w.s.sleeves[0].throttle = Throttle::new(whole(240));
    w.ok(BOB, w.deposit(CORE, whole(200)));
    assert_eq!(
        w.no(CAROL, w.mint(shares(41))),
        Error::Throttled(
            CORE,
            // 41 shares of 1,199.9 in 1,200 units.
            Units::of(41_003_416_951_412_617_719),
            whole(40)
        )
    );
    // What leaves makes room at once: a loan that is paid back has used nothing up.
    let mine = w.s.balance(BOB);
    w.ok(BOB, exit_in_kind(BOB, mine));
    w.ok(CAROL, w.deposit(CORE, whole(239)));
    // A tenth of a day forgets a tenth of the limit.
    assert!(w.call(BOB, w.deposit(CORE, whole(24))).is_err());
    w.wait(DAY / 10);
    w.ok(BOB, w.deposit(CORE, whole(24)));
}

#[test]
fn b26_a_token_that_blacklists_the_basket_keeps_its_own_leg_only() {
    let mut w = World::full();
    w.give(BOB, shares(100_900));
    // The sleeve can no longer send: a tenth of everything but BTC comes.
    let btc = SleeveId(2);
    w.outside(OutsideCall::Stall {
        sleeve: btc,
        on: true,
    });
    let held = |w: &World, asset| w.held(BOB, asset);
    let before = [Asset::Core, STCORE, BTC, LST].map(|asset| held(&w, asset));
    let out = w.ok(BOB, exit_in_kind(BOB, shares(100_900)));
    assert_eq!(
        out.ret,
        [
            word(40_000 * E),
            word(20_000 * E),
            word(0),
            word(18_000 * E)
        ]
    );
    assert_eq!(
        (told(&out, "LegDelivered"), told(&out, "LegBooked")),
        (3, 1)
    );
    assert_eq!(held(&w, BTC), before[2]);
    // Anybody tries again; a gain meanwhile is shared, for the leg is still parts.
    let retry = Call::Retry {
        exit: 0,
        sleeve: btc,
    };
    assert_eq!(w.no(CAROL, retry.clone()), Error::StepFailed(btc));
    w.outside(OutsideCall::Stall {
        sleeve: btc,
        on: false,
    });
    // Bob himself is on the list: another recipient.
    w.outside(OutsideCall::Refuse {
        who: BOB,
        asset: BTC,
        on: true,
    });
    assert_eq!(w.no(CAROL, retry.clone()), Error::Refused(BOB, BTC));
    let to_carol = Call::SetRecipient {
        exit: 0,
        recipient: CAROL,
    };
    assert_eq!(
        w.no(CAROL, to_carol.clone()),
        Error::NotOperator(BOB, CAROL)
    );
    w.ok(BOB, to_carol);
    let carol = w.held(CAROL, BTC);
    w.ok(KEEPER, retry.clone());
    assert_eq!(w.held(CAROL, BTC).minus(carol), Ok(Units::of(20_000_000)));
    assert_eq!(w.no(KEEPER, retry), Error::UnknownBatch(BatchId::Exit(0)));
}

#[test]
fn b29_a_wiped_sleeve_takes_nothing_in() {
    let mut w = World::core_and_stcore();
    w.s.sleeves[1].limits.target = Bps::new(9_000);
    let stcore = SleeveId(1);
    // All but 499 trillion wei of 500e18: just under a millionth.
    w.outside(OutsideCall::Lose {
        sleeve: stcore,
        units: whole(500).min0(Units::of(499_999_999_999_999)),
    });
    let wiped = Error::SleeveWiped(stcore, Units::of(499_999_999_999_999), Parts::of(500 * E));
    assert_eq!(w.call(BOB, w.deposit(stcore, whole(1))), Err(wiped.clone()));
    assert_eq!(w.call(BOB, w.mint(shares(1))), Err(wiped));
    // Out it goes in kind, and nobody is kept from it.
    w.give(BOB, shares(100));
    w.ok(BOB, exit_in_kind(BOB, shares(100)));
    assert_eq!(w.s.sleeves[0].book.units, whole(450));
    // Nothing at all left: whoever came in now would have part of what is made good later.
    w.outside(OutsideCall::Lose {
        sleeve: stcore,
        units: Units::MAX,
    });
    let held = w.held(BOB, STCORE);
    let wiped = Error::SleeveWiped(stcore, Units::ZERO, Parts::of(450 * E));
    assert_eq!(w.call(BOB, w.mint(shares(90))), Err(wiped));
    // It retires, mints in kind go on without it, and its place is not taken again.
    w.govern(GovernanceCall::RetireSleeve { sleeve: stcore })
        .unwrap();
    assert_eq!(
        w.no(BOB, w.deposit(stcore, whole(1))),
        Error::SleeveClosed(stcore)
    );
    w.ok(BOB, w.mint(shares(99)));
    assert_eq!(w.held(BOB, STCORE), held);
    assert!(w.s.sleeves[1].book.units.is_zero());
}

#[test]
fn a_sleeve_retires_at_zero_units_and_zero_open_legs_only() {
    let mut w = World::core_and_stcore();
    let stcore = SleeveId(1);
    let retire = GovernanceCall::RetireSleeve { sleeve: stcore };
    let in_use = Error::SleeveInUse(stcore, whole(500), Parts::ZERO, 0);
    assert_eq!(w.govern(retire.clone()), Err(in_use));
    w.outside(OutsideCall::Stall {
        sleeve: stcore,
        on: true,
    });
    w.ok(ALICE, exit_in_kind(ALICE, shares(100)));
    w.outside(OutsideCall::Stall {
        sleeve: stcore,
        on: false,
    });
    w.outside(OutsideCall::Lose {
        sleeve: stcore,
        units: Units::MAX,
    });
    // A leg of nothing still waits.
    let in_use = Error::SleeveInUse(stcore, Units::ZERO, Parts::of(50 * E), 1);
    assert_eq!(w.govern(retire.clone()), Err(in_use));
    w.ok(
        BOB,
        Call::Retry {
            exit: 0,
            sleeve: stcore,
        },
    );
    w.govern(retire).unwrap();
    assert!(w.s.sleeves[1].retired);
}

#[test]
fn settings_stay_within_bounds_in_code() {
    let mut w = World::core_only();
    for (setting, name, value, least, most) in [
        (Setting::EntryFee, "entryFee", 4, 5, 100),
        (Setting::EntryFee, "entryFee", 101, 5, 100),
        (Setting::ManagementFee, "managementFee", 201, 0, 200),
        (Setting::InstantFee, "instantFee", 501, 0, 500),
        (Setting::MaxSlip, "maxSlip", 501, 0, 500),
    ] {
        assert_eq!(
            w.govern(GovernanceCall::Set(setting, value)),
            Err(Error::OutOfBounds(name, value, least, most))
        );
    }
    let fee = Bps::new(2_001);
    assert_eq!(
        w.govern(GovernanceCall::SetPerformance { sleeve: CORE, fee }),
        Err(Error::OutOfBounds("performanceFee", 2_001, 0, 2_000))
    );
    w.govern(GovernanceCall::Set(Setting::ManagementFee, 200))
        .unwrap();
}
