//! What a harvest, a loss and a close do that contracts and model once did differently.

use super::world::{ALICE, BOB, CORE, E, HOUR, KEEPER, World, account, shares, told, whole};
use omnibus_model::{
    Bps,
    basket::{Asset, BatchId, Call, LegState, OutsideCall, Parts, Shares, Units},
};

/// Rule 4 falls on what nobody counted on first; what was lost and comes back is no yield, and pays no fee.
#[test]
fn a_loss_takes_what_is_locked_first_and_what_is_found_again_is_no_yield() {
    let mut w = World::core_only();
    let give = |units| OutsideCall::Give {
        to: account(0),
        asset: Asset::Core,
        units,
    };
    w.s.sleeves[0].performance = Bps::new(1_000);
    w.outside(give(whole(10)));
    w.s.sleeves[0].locked = whole(10);
    w.outside(OutsideCall::Lose {
        sleeve: CORE,
        units: whole(15),
    });
    w.ok(KEEPER, Call::BookLosses);
    assert_eq!(w.s.sleeves[0].locked, Units::ZERO);
    assert_eq!(w.s.sleeves[0].book.units, whole(995));
    w.outside(give(whole(15)));
    w.ok(KEEPER, Call::HarvestSleeve { sleeve: CORE });
    assert_eq!(w.s.sleeves[0].locked, whole(15));
    assert_eq!(w.s.sleeves[0].fees, Units::ZERO);
    // What comes beyond it is yield: a tenth of it is the fee.
    w.outside(give(whole(10)));
    w.ok(KEEPER, Call::HarvestSleeve { sleeve: CORE });
    assert_eq!(w.s.sleeves[0].locked, whole(24));
    assert_eq!(w.s.sleeves[0].fees, whole(1));
}

/// A round's step is 2.5 bps of what was here at the last round's harvest: a hundred thousand that came since add nothing.
#[test]
fn who_came_since_the_last_harvest_widens_no_step() {
    let mut w = World::core_only();
    w.outside(OutsideCall::Give {
        to: account(0),
        asset: Asset::Core,
        units: whole(10),
    });
    w.dawn(0);
    w.ok(KEEPER, Call::Harvest);
    // 2.5 bps of 1,000.
    let first = Units::of(1_000 * E + E / 4);
    assert_eq!(w.s.sleeves[0].book.units, first);
    w.ok(BOB, w.mint(shares(100_000)));
    let before = w.s.sleeves[0].book.units;
    w.dawn(0);
    w.ok(KEEPER, Call::Harvest);
    // 2.5 bps of 1,000.25.
    let step = Units::of(250_062_500_000_000_000);
    assert_eq!(w.s.sleeves[0].book.units.minus(before), Ok(step));
    // A second harvest of the round releases no second step.
    let before = w.s.sleeves[0].book.units;
    w.ok(KEEPER, Call::HarvestSleeve { sleeve: CORE });
    assert_eq!(w.s.sleeves[0].book.units, before);
}

/// Ten wei of a million shares are three parts of CORE and none of two BTC: of that leg nothing is to come.
#[test]
fn a_leg_of_no_parts_is_done_at_the_close() {
    let mut w = World::full();
    w.ok(ALICE, w.request(ALICE, Shares::of(10)));
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    let batch = w.s.batch(BatchId::Epoch(0)).unwrap();
    assert_eq!(batch.legs[0].parts, Parts::of(3));
    assert_eq!(batch.legs[0].state, LegState::Waiting);
    assert_eq!(batch.legs[2].parts, Parts::ZERO);
    assert_eq!(batch.legs[2].state, LegState::Done);
}

/// Who leaves at a price leaves after this round's harvest.
#[test]
fn an_instant_exit_harvests_what_is_missing() {
    let mut w = World::core_only();
    w.dawn(0);
    let out = w.ok(ALICE, w.instant(ALICE, shares(1)));
    assert_eq!(told(&out, "Harvested"), 1);
    let out = w.ok(ALICE, w.instant(ALICE, shares(1)));
    // In a day's first hour the round may not have turned: it is harvested again, and once more after it.
    assert_eq!(told(&out, "Harvested"), 1);
    w.wait(HOUR);
    w.ok(ALICE, w.instant(ALICE, shares(1)));
    let out = w.ok(ALICE, w.instant(ALICE, shares(1)));
    assert_eq!(told(&out, "Harvested"), 0);
}
