//! Rules 1 to 8 on one sleeve: numbers worked by hand, and each rounding's promise for any numbers.

use super::tools::Ratio;
use omnibus_model::basket::{Book, Error, Parts, Purchase, Sale, Shares, Taken, Units, due_down};
use proptest::prelude::*;
use ruint::aliases::U256;

fn book(units: u128, parts: u128, basket: u128) -> Book {
    Book {
        units: Units::of(units),
        parts: Parts::of(parts),
        basket: Parts::of(basket),
    }
}

/// 1,000 units in 900 parts, 600 of them the basket's: 1.11… units a part, 300 parts wait.
fn odd() -> Book {
    book(1_000, 900, 600)
}

#[test]
fn rule_1_rounds_parts_up_and_then_their_units_up() {
    let taken = |s, t| odd().taken_up(Shares::of(s), Shares::of(t)).unwrap();
    let of = |parts, units| Taken {
        parts: Parts::of(parts),
        units: Units::of(units),
    };
    // 600 * 7 / 100 = 42 parts; 42 * 1000 / 900 = 46.67
    assert_eq!(taken(7, 100), of(42, 47));
    // 600 / 7 = 85.7; 86 * 1000 / 900 = 95.56
    assert_eq!(taken(1, 7), of(86, 96));
    let mut after = odd();
    after.take(of(42, 47)).unwrap();
    assert_eq!(after, book(1_047, 942, 642));
    // An empty sleeve gives nothing and takes nothing.
    assert_eq!(
        Book::default().taken_up(Shares::of(7), Shares::of(100)),
        Ok(of(0, 0))
    );
}

#[test]
fn rule_2_rounds_down_and_values_what_the_parts_are_worth() {
    let of = |units, parts, credited| Purchase {
        units: Units::of(units),
        parts: Parts::of(parts),
        credited: Units::of(credited),
    };
    // 10 * 0.9 = 9 parts, worth 10; 11 * 0.9 = 9.9: 9 parts, worth 10 all the same; 1 unit buys no part.
    assert_eq!(odd().purchase_down(Units::of(10)), Ok(of(10, 9, 10)));
    assert_eq!(odd().purchase_down(Units::of(11)), Ok(of(11, 9, 10)));
    assert_eq!(odd().purchase_down(Units::of(1)), Ok(of(1, 0, 0)));
    // The eleventh unit stays with everybody.
    let mut after = odd();
    after.buy(of(11, 9, 10)).unwrap();
    assert_eq!(after, book(1_011, 909, 609));
    // One part per unit where there was nothing.
    assert_eq!(Book::default().purchase_down(Units::of(5)), Ok(of(5, 5, 5)));
    // Parts without units have no price.
    assert_eq!(
        book(0, 9, 9).purchase_down(Units::of(5)),
        Err(Error::Arithmetic)
    );
}

#[test]
fn rule_3_carves_parts_and_lets_them_leave_later() {
    let mut b = odd();
    // 600 * 33 / 100 = 198
    assert_eq!(b.carve(Shares::of(33), Shares::of(100)), Ok(Parts::of(198)));
    assert_eq!(b, book(1_000, 900, 402));
    // Rule 4 and 5 before it starts: 1000 - 100 + 8 = 908, shared by all 900 parts.
    assert_eq!(b.lose(Units::of(100)), Units::of(100));
    b.gain(Units::of(8)).unwrap();
    // 908 * 198 / 900 = 199.76
    assert_eq!(b.depart(Parts::of(198)), Ok(Units::of(199)));
    assert_eq!(b, book(709, 702, 402));
    // What is the basket's does not leave as a leg: 300 wait.
    assert_eq!(b.depart(Parts::of(301)), Err(Error::Arithmetic));
    assert_eq!(b.depart(Parts::of(300)), Ok(Units::of(302)));
    // The last leg takes the last unit: nothing is stuck.
    let mut last = book(77, 10, 0);
    assert_eq!(last.depart(Parts::of(10)), Ok(Units::of(77)));
    assert_eq!(last, Book::default());
    // A loss is at most what is there.
    assert_eq!(book(5, 1, 1).lose(Units::of(9)), Units::of(5));
}

#[test]
fn rule_6_pays_the_difference() {
    let due = |recovered, paid| {
        due_down(
            Units::of(recovered),
            Shares::of(1),
            Shares::of(3),
            Units::of(paid),
        )
    };
    // A third of 10 is 3; of 100, 33, of which 3 are paid.
    assert_eq!(due(10, 0), Ok(Units::of(3)));
    assert_eq!(due(100, 3), Ok(Units::of(30)));
    assert_eq!(due(100, 33), Ok(Units::ZERO));
    assert_eq!(due(100, 34), Err(Error::Arithmetic));
}

#[test]
fn rule_7_counts_a_millionth() {
    assert!(book(1, 1_000_000, 1).takes_in());
    assert!(!book(1, 1_000_001, 1).takes_in());
    assert!(!book(0, 1, 1).takes_in());
    assert!(Book::default().takes_in());
}

#[test]
fn rule_8_gives_up_no_more_than_is_paid_for() {
    let of = |parts, given, priced| Sale {
        parts: Parts::of(parts),
        given: Units::of(given),
        priced: Units::of(priced),
    };
    // 99 * 0.9 = 89.1: 89 parts, worth 98.89.
    assert_eq!(odd().sale_down(Units::of(99)), Ok(of(89, 98, 99)));
    assert_eq!(odd().sale_down(Units::of(100)), Ok(of(90, 100, 100)));
    // 900 * 0.9 = 810 parts, the basket has 600: 666.67.
    assert_eq!(odd().sale_down(Units::of(900)), Ok(of(600, 666, 667)));
    let mut after = odd();
    after.sell(of(89, 98, 99)).unwrap();
    assert_eq!(after, book(902, 811, 511));
    // With parts rounded up, 2 of these 3 units would cost both parts and hand out all 3.
    assert_eq!(book(3, 2, 2).sale_down(Units::of(2)), Ok(of(1, 1, 2)));
    assert_eq!(book(0, 2, 2).sale_down(Units::of(2)), Ok(of(0, 0, 0)));
    assert_eq!(odd().sell(of(601, 600, 600)), Err(Error::Arithmetic));
}

#[test]
fn owed_is_what_waiting_legs_are_worth_rounded_up() {
    // 300 * 1000 / 900 = 333.33
    assert_eq!(odd().owed_up(), Ok(Units::of(334)));
    assert_eq!(book(10, 10, 10).owed_up(), Ok(Units::ZERO));
}

fn ratio(a: U256, b: U256) -> Ratio {
    Ratio::of(a, b)
}

fn per_part(b: &Book) -> Ratio {
    ratio(b.units.raw(), b.parts.raw())
}

fn wei(n: u128) -> U256 {
    U256::from(n)
}

prop_compose! {
    /// Up to 2^96 units, parts up to a thousand times as many, some of them the basket's.
    fn any_book()(u in 1..(1_u128 << 96), shift in 0..20_u32, thousandth in 1..=1_000_u128, many in 1..1_000_u128)
        -> Book
    {
        let units = (u >> (shift * 4)).max(1);
        let parts = (units / 7 + 1) * many;
        book(units, parts, (parts / 1_000 * thousandth).clamp(1, parts))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn ways_in_lower_no_units_per_part(b in any_book(), s in 1..(1_u128 << 90), t in 1..(1_u128 << 90)) {
        let mut minted = b;
        let taken = b.taken_up(Shares::of(s), Shares::of(t)).unwrap();
        minted.take(taken).unwrap();
        prop_assert!(per_part(&minted) >= per_part(&b));
        // The basket's parts grow at least as the supply does.
        prop_assert!(ratio(minted.basket.raw(), wei(s) + wei(t)) >= ratio(b.basket.raw(), wei(t)));
        if b.takes_in() {
            let mut bought = b;
            let purchase = b.purchase_down(Units::of(s)).unwrap();
            bought.buy(purchase).unwrap();
            prop_assert!(per_part(&bought) >= per_part(&b));
            prop_assert!(purchase.credited <= purchase.units);
            // What the basket has gained is at least what is credited.
            let before = ratio(b.units.raw(), b.parts.raw()).times(b.basket.raw());
            let after = ratio(bought.units.raw(), bought.parts.raw()).times(bought.basket.raw());
            prop_assert!(after >= before.plus(ratio(purchase.credited.raw(), wei(1))));
        }
    }

    #[test]
    fn ways_out_lower_no_units_per_part(b in any_book(), a in 1..(1_u128 << 90), c in 1..(1_u128 << 90)) {
        let (s, t) = (a.min(c), a.max(c));
        let mut carved = b;
        let parts = carved.carve(Shares::of(s), Shares::of(t)).unwrap();
        if s < t {
            let per_share = |book: &Book, t: u128| ratio(book.basket.raw(), wei(t));
            prop_assert!(per_share(&carved, t - s) >= per_share(&b, t));
        }
        let units = carved.depart(parts).unwrap();
        // The leg gets no more than its part, and less than a wei less.
        let exact = ratio(b.units.raw(), b.parts.raw()).times(parts.raw());
        prop_assert!(ratio(units.raw(), wei(1)) <= exact);
        prop_assert!(ratio(units.raw() + wei(1), wei(1)) > exact);
        if !carved.parts.is_zero() {
            prop_assert!(per_part(&carved) >= per_part(&b));
        }
    }

    #[test]
    fn a_sale_costs_the_basket_no_more_than_it_is_priced(b in any_book(), asked in 1..(1_u128 << 97)) {
        let sale = b.sale_down(Units::of(asked)).unwrap();
        prop_assert!(sale.given <= sale.priced && sale.priced <= Units::of(asked));
        let mut after = b;
        after.sell(sale).unwrap();
        if after.parts.is_zero() {
            prop_assert!(after.units.is_zero());
        } else {
            prop_assert!(per_part(&after) >= per_part(&b));
            let of = |b: &Book| ratio(b.units.raw(), b.parts.raw()).times(b.basket.raw());
            prop_assert!(of(&after).plus(ratio(sale.priced.raw(), wei(1))) >= of(&b));
        }
    }
}
