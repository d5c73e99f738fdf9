//! The epoch queue, worked by hand: windows, losses in every state, tickets, partial claims, receipts.

use super::world::*;
use omnibus_model::{
    Address, Bps, DAY, Timestamp,
    basket::{
        Asset, BatchId, Call, Error, LegState, OutsideCall, Owner, Shares, SleeveId, Units, Window,
    },
};

const STCORE_SLEEVE: SleeveId = SleeveId(1);

fn start(epoch: u64, sleeve: SleeveId) -> Call {
    Call::StartLeg { epoch, sleeve }
}

fn collect(epoch: u64, sleeve: SleeveId) -> Call {
    Call::Collect { epoch, sleeve }
}

/// Bob and Carol have 100 shares each of 1,000.
fn with_three() -> World {
    let mut w = World::core_and_stcore();
    w.give(BOB, shares(100));
    w.give(CAROL, shares(100));
    w
}

/// Both ask at noon, the round turns, the epoch is closed.
fn closed() -> World {
    let mut w = with_three();
    w.ok(BOB, w.request(BOB, shares(100)));
    w.ok(CAROL, w.request(CAROL, shares(50)));
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    w
}

fn gained(w: &World, who: Address, asset: Asset) -> Units {
    w.held(who, asset).min0(whole(1_000_000))
}

#[test]
fn requests_and_cancels_close_from_dusk_to_the_close() {
    let mut w = with_three();
    let open = Window {
        requests: true,
        cancels: true,
        due: false,
    };
    let shut = Window {
        requests: false,
        cancels: false,
        due: false,
    };
    // Noon: both ways.
    assert_eq!(w.s.window(w.at()), open);
    w.ok(BOB, w.request(BOB, shares(60)));
    w.ok(BOB, Call::CancelRedeem { controller: BOB });
    assert_eq!(w.s.balance(BOB), shares(100));
    w.ok(BOB, w.request(BOB, shares(60)));
    w.ok(BOB, w.request(BOB, shares(40)));
    // Dusk: neither.
    w.dusk();
    assert_eq!(w.s.window(w.at()), shut);
    assert_eq!(
        w.no(CAROL, w.request(CAROL, shares(1))),
        Error::RequestsClosed(w.at())
    );
    let reopens = Timestamp::new((ROUND + 1) * DAY + 2 * HOUR);
    let cancel = Call::CancelRedeem { controller: BOB };
    assert_eq!(
        w.no(BOB, cancel.clone()),
        Error::CancelClosed(w.at(), reopens)
    );
    assert_eq!(w.no(KEEPER, Call::CloseEpoch), Error::EpochNotDue(w.at()));
    // Dawn: due, and still shut for two hours.
    w.dawn(0);
    assert!(w.s.window(w.at()).due);
    w.wait(2 * HOUR - 1);
    assert_eq!(
        w.no(BOB, cancel.clone()),
        Error::CancelClosed(w.at(), reopens)
    );
    // Nobody closed: out again, also in the next dusk.
    w.wait(1);
    let mut late = w.clone();
    late.ok(BOB, cancel.clone());
    assert_eq!(late.s.balance(BOB), shares(100));
    assert_eq!(late.s.window(late.at()), open);
    late = w.clone();
    late.dusk();
    late.ok(BOB, cancel.clone());
    // Somebody closed: a new epoch takes requests.
    w.ok(CAROL, Call::CloseEpoch);
    assert_eq!(w.s.window(w.at()), open);
    assert_eq!(
        w.no(BOB, cancel),
        Error::NoPosition(BatchId::Epoch(1), Owner::Account(BOB))
    );
    assert_eq!(w.ok(CAROL, w.request(CAROL, shares(1))).ret, [word(1)]);
    // An epoch that nobody asked in is never due, and the morning is open.
    let mut idle = with_three();
    idle.dawn(0);
    assert_eq!(idle.s.window(idle.at()), open);
    assert!(matches!(
        idle.no(KEEPER, Call::CloseEpoch),
        Error::EpochNotDue(_)
    ));
}

#[test]
fn b21_the_queue_cannot_be_bypassed_nor_spoken_for() {
    let mut w = with_three();
    w.ok(BOB, w.request(BOB, shares(100)));
    // Nothing of an open epoch can be started, collected or claimed.
    let none = Error::UnknownBatch(BatchId::Epoch(0));
    assert_eq!(w.no(BOB, start(0, CORE)), none);
    assert_eq!(w.no(BOB, collect(0, CORE)), none);
    assert_eq!(w.no(BOB, claim(0, BOB, ALL)), none);
    assert_eq!(
        w.no(BOB, w.request(BOB, Shares::of(1))),
        Error::InsufficientShares(BOB, Shares::ZERO, Shares::of(1))
    );
    // Carol cannot ask, cancel or claim for Bob, until he says so.
    let not_his = Error::NotOperator(BOB, CAROL);
    let theft = Call::RequestRedeem {
        shares: shares(1),
        controller: CAROL,
        owner: BOB,
    };
    assert_eq!(w.no(CAROL, theft), not_his);
    let cancel = Call::CancelRedeem { controller: BOB };
    assert_eq!(w.no(CAROL, cancel), not_his);
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    w.ok(KEEPER, start(0, CORE));
    let to_carol = Call::Claim {
        epoch: 0,
        owner: Owner::Account(BOB),
        mask: ALL,
        recipient: CAROL,
    };
    assert_eq!(w.no(CAROL, to_carol.clone()), not_his);
    w.ok(
        BOB,
        Call::SetOperator {
            operator: CAROL,
            on: true,
        },
    );
    w.ok(CAROL, to_carol);
    // 100 of 1,000 shares, 500 CORE.
    assert_eq!(gained(&w, CAROL, Asset::Core), whole(50));
}

#[test]
fn b13_a_loss_is_shared_until_the_leg_starts_and_then_it_is_alone() {
    let mut w = with_three();
    let lose = |w: &mut World| {
        w.outside(OutsideCall::Lose {
            sleeve: STCORE_SLEEVE,
            units: whole(100),
        });
    };
    // Escrowed: 500 -> 400 stCORE for everybody.
    w.ok(BOB, w.request(BOB, shares(100)));
    lose(&mut w);
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    // Waiting, and stalled: 400 -> 300, a tenth of it Bob's.
    w.outside(OutsideCall::Stall {
        sleeve: STCORE_SLEEVE,
        on: true,
    });
    assert_eq!(
        w.no(KEEPER, start(0, STCORE_SLEEVE)),
        Error::StepFailed(STCORE_SLEEVE)
    );
    lose(&mut w);
    w.outside(OutsideCall::Stall {
        sleeve: STCORE_SLEEVE,
        on: false,
    });
    let out = w.ok(KEEPER, start(0, STCORE_SLEEVE));
    assert_eq!(out.ret, [word(30 * E)]);
    assert_eq!(told(&out, "LossBooked"), 1);
    // Out at 1.1: 33 CORE. The sleeve's next loss is not his, and a tenth of his ticket is nobody else's.
    lose(&mut w);
    w.outside(OutsideCall::TicketLoss {
        account: 0,
        kept: Bps::new(9_000),
    });
    w.ok(KEEPER, start(0, CORE));
    w.wait(8 * DAY);
    w.dawn(0);
    assert_eq!(
        w.ok(KEEPER, collect(0, STCORE_SLEEVE)).ret,
        [word(297 * E / 10)]
    );
    w.ok(BOB, claim(0, BOB, ALL));
    // 50 CORE of the CORE sleeve, 29.7 of the ticket; those who stay have 170 of the 270 that they had, and 450 CORE.
    assert_eq!(
        gained(&w, BOB, Asset::Core),
        Units::of(50 * E + 297 * E / 10)
    );
    assert_eq!(w.s.sleeves[1].book.units, whole(170));
    assert_eq!(w.s.sleeves[0].book.units, whole(450));
    assert!(w.s.batches[&BatchId::Epoch(0)].positions.is_empty());
}

#[test]
fn b14_a_giant_redeemer_blocks_nobody() {
    let mut w = with_three();
    w.dusk();
    w.ok(KEEPER, Call::DelegateIdle);
    w.dawn(0);
    // 800 of 1,000 shares ask; a hundred dust requests come with them.
    w.ok(ALICE, w.request(ALICE, shares(750)));
    for i in 0..100 {
        let who = Address::short(1_000 + i);
        w.give(who, Shares::of(1));
        w.ok(who, w.request(who, Shares::of(1)));
    }
    // Bob leaves in kind in between, Carol after the close.
    w.ok(BOB, exit_in_kind(BOB, shares(100)));
    assert_eq!(gained(&w, BOB, Asset::Core), whole(50));
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    w.ok(CAROL, exit_in_kind(CAROL, shares(100)));
    let carol = gained(&w, CAROL, Asset::Core);
    assert!(carol >= whole(50));
    // The giant's legs start and end like others; each dust owner's share of them is floor(375 / 750e18) = 0.
    w.ok(KEEPER, start(0, CORE));
    w.ok(ALICE, claim(0, ALICE, 1));
    let legs = &w.s.batches[&BatchId::Epoch(0)].legs;
    assert_eq!(
        (legs[0].state, legs[1].state),
        (LegState::Done, LegState::Waiting)
    );
    assert!(legs[0].recovered.min0(legs[0].claimed) <= Units::of(101));
}

#[test]
fn b16_a_stalled_sleeve_delays_its_own_leg_only() {
    let mut w = closed();
    w.outside(OutsideCall::Stall {
        sleeve: STCORE_SLEEVE,
        on: true,
    });
    w.ok(KEEPER, start(0, CORE));
    let failed = Error::StepFailed(STCORE_SLEEVE);
    assert_eq!(w.no(KEEPER, start(0, STCORE_SLEEVE)), failed);
    w.ok(BOB, claim(0, BOB, ALL));
    assert_eq!(gained(&w, BOB, Asset::Core), whole(50));
    // Nothing more of it for now; nothing is paid twice.
    let nothing = Error::NothingToClaim(BatchId::Epoch(0), Owner::Account(BOB));
    assert_eq!(w.no(BOB, claim(0, BOB, ALL)), nothing);
    // Who leaves at a price needs the harvest of the day, and nobody sees whether its units are still there.
    assert_eq!(w.no(BOB, w.instant(BOB, shares(1))), failed);
    // A mint would need the stalled sleeve's harvest; leaving in kind does not.
    w.dawn(0);
    assert_eq!(w.no(BOB, w.mint(shares(1))), failed);
    w.ok(CAROL, exit_in_kind(CAROL, shares(50)));
    w.outside(OutsideCall::Stall {
        sleeve: STCORE_SLEEVE,
        on: false,
    });
    w.ok(KEEPER, start(0, STCORE_SLEEVE));
    // Started twice, collected early: refused by name.
    assert_eq!(
        w.no(KEEPER, start(0, STCORE_SLEEVE)),
        Error::LegNotWaiting(STCORE_SLEEVE, BatchId::Epoch(0))
    );
    assert_eq!(
        w.no(KEEPER, collect(0, CORE)),
        Error::LegNotOut(CORE, BatchId::Epoch(0))
    );
    assert!(matches!(
        w.no(KEEPER, collect(0, STCORE_SLEEVE)),
        Error::NothingUnlocked(_)
    ));
}

#[test]
fn partial_recoveries_pay_in_parts_and_exactly_once() {
    let mut w = closed();
    // 150 of 1,000 shares: 75 stCORE, 82.5 CORE.
    w.ok(KEEPER, start(0, STCORE_SLEEVE));
    w.wait(8 * DAY);
    w.dawn(0);
    let pays = |w: &mut World, n: u128| {
        w.outside(OutsideCall::EarnFunds(Some(whole(n))));
        w.ok(KEEPER, collect(0, STCORE_SLEEVE)).ret[0]
    };
    assert_eq!(pays(&mut w, 10), word(10 * E));
    // Bob has two thirds: 6.666…, down. Carol waits.
    w.ok(BOB, claim(0, BOB, 2));
    assert_eq!(
        gained(&w, BOB, Asset::Core),
        Units::of(6_666_666_666_666_666_666)
    );
    assert_eq!(pays(&mut w, 11), word(11 * E));
    w.ok(BOB, claim(0, BOB, 2));
    // Two thirds of 21 in all.
    assert_eq!(gained(&w, BOB, Asset::Core), whole(14));
    w.ok(CAROL, claim(0, CAROL, 2));
    assert_eq!(gained(&w, CAROL, Asset::Core), whole(7));
    // The rest, 61.5.
    assert_eq!(pays(&mut w, 1_000), word(615 * E / 10));
    w.ok(BOB, claim(0, BOB, 2));
    w.ok(CAROL, claim(0, CAROL, 2));
    assert_eq!(gained(&w, BOB, Asset::Core), whole(55));
    assert_eq!(gained(&w, CAROL, Asset::Core), Units::of(275 * E / 10));
    let position = &w.s.batches[&BatchId::Epoch(0)].positions[&Owner::Account(BOB)];
    assert_eq!((position.mask, position.paid.len()), (2, 0));
    assert!(matches!(
        w.no(BOB, claim(0, BOB, 2)),
        Error::NothingToClaim(..)
    ));
}

#[test]
fn b27_a_receipt_sold_after_a_partial_claim_carries_what_is_left() {
    let mut w = closed();
    w.ok(KEEPER, start(0, CORE));
    w.ok(KEEPER, start(0, STCORE_SLEEVE));
    w.wait(8 * DAY);
    w.dawn(0);
    w.outside(OutsideCall::EarnFunds(Some(whole(30))));
    w.ok(KEEPER, collect(0, STCORE_SLEEVE));
    // Bob takes the CORE leg, 50, and two thirds of the 30 that have come; then he sells.
    w.ok(BOB, claim(0, BOB, ALL));
    assert_eq!(gained(&w, BOB, Asset::Core), whole(70));
    assert_eq!(w.ok(BOB, Call::MintReceipt { epoch: 0 }).ret, [word(0)]);
    let buyer = Address::short(77);
    let sale = Call::MoveReceipt {
        receipt: 0,
        to: buyer,
    };
    assert_eq!(w.no(CAROL, sale.clone()), Error::NotOperator(BOB, CAROL));
    w.ok(BOB, sale);
    // Bob has nothing in it any more, the buyer what the receipt showed: 55 - 20 when the rest comes.
    assert_eq!(
        w.no(BOB, claim(0, BOB, ALL)),
        Error::NoPosition(BatchId::Epoch(0), Owner::Account(BOB))
    );
    let owner = Owner::Receipt(0);
    let take = Call::Claim {
        epoch: 0,
        owner,
        mask: ALL,
        recipient: buyer,
    };
    assert_eq!(w.no(BOB, take.clone()), Error::NotOperator(buyer, BOB));
    assert_eq!(
        w.no(buyer, take.clone()),
        Error::NothingToClaim(BatchId::Epoch(0), owner)
    );
    w.outside(OutsideCall::EarnFunds(None));
    w.ok(KEEPER, collect(0, STCORE_SLEEVE));
    assert_eq!(
        w.s.claimable(BatchId::Epoch(0), owner, STCORE_SLEEVE),
        Ok(whole(35))
    );
    w.ok(buyer, take.clone());
    assert_eq!(w.held(buyer, Asset::Core), whole(35));
    // Settled: the receipt is gone.
    assert_eq!(w.no(buyer, take), Error::UnknownReceipt(0));
}

#[test]
fn b25_a_late_operator_a_long_lock_and_a_pause_delay_stcore_only() {
    let mut w = with_three();
    w.ok(BOB, w.request(BOB, shares(100)));
    // The operator is late: the epoch closes all the same, CORE leaves, stCORE waits.
    w.turn_only(0);
    w.ok(KEEPER, Call::CloseEpoch);
    w.ok(KEEPER, start(0, CORE));
    assert_eq!(
        w.no(KEEPER, start(0, STCORE_SLEEVE)),
        Error::OperatorLate(ROUND, ROUND + 1)
    );
    // In kind needs no operator: the token itself.
    w.ok(CAROL, exit_in_kind(CAROL, shares(100)));
    assert_eq!(gained(&w, CAROL, STCORE), whole(50));
    w.outside(OutsideCall::EarnTurn {
        rate: word(1_100_000),
    });
    w.outside(OutsideCall::EarnPause(true));
    assert_eq!(w.no(KEEPER, start(0, STCORE_SLEEVE)), Error::EarnPaused);
    w.outside(OutsideCall::EarnPause(false));
    w.ok(KEEPER, start(0, STCORE_SLEEVE));
    // The lock becomes a year: what is out keeps its week, nothing new comes in, in kind goes on.
    w.outside(OutsideCall::EarnLock(365 * DAY));
    let slow = Error::ExitTooSlow(STCORE_SLEEVE, 365 * DAY, 7 * DAY);
    assert_eq!(w.no(BOB, w.deposit(STCORE_SLEEVE, whole(1))), slow);
    assert_eq!(w.no(BOB, w.mint(shares(1))), slow);
    w.ok(ALICE, exit_in_kind(ALICE, shares(100)));
    w.wait(7 * DAY);
    w.dawn(0);
    w.ok(KEEPER, collect(0, STCORE_SLEEVE));
    w.ok(BOB, claim(0, BOB, ALL));
    assert_eq!(gained(&w, BOB, Asset::Core), whole(105));
}

#[test]
fn b28_without_any_feed_in_kind_and_epochs_work() {
    let mut w = World::full();
    w.give(BOB, shares(100_900));
    w.give(CAROL, shares(100_900));
    for source in 0..2 {
        let at = w.at();
        w.outside(OutsideCall::Post {
            sleeve: SleeveId(2),
            source,
            price: None,
            at,
        });
    }
    let silent = Error::PriceNotSound(SleeveId(2), omnibus_model::basket::Condition::Doubtful);
    assert_eq!(w.no(BOB, w.deposit(CORE, whole(1))), silent);
    assert_eq!(w.no(BOB, w.instant(BOB, shares(1))), silent);
    w.ok(BOB, exit_in_kind(BOB, shares(100_900)));
    assert_eq!(gained(&w, BOB, Asset::Core), whole(40_000));
    w.ok(CAROL, w.request(CAROL, shares(100_900)));
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    for id in w.s.ids().collect::<Vec<_>>() {
        w.ok(KEEPER, start(0, id));
    }
    w.wait(8 * DAY);
    w.dawn(0);
    w.ok(KEEPER, collect(0, STCORE_SLEEVE));
    w.ok(CAROL, claim(0, CAROL, ALL));
    // 40,000 CORE and 20,000 stCORE at 1.1; BTC and LST as tokens.
    assert_eq!(gained(&w, CAROL, Asset::Core), whole(62_000));
    assert_eq!(w.held(CAROL, BTC), Units::of(1_000_020_000_000));
    assert_eq!(gained(&w, CAROL, LST), whole(18_000));
    // A mint in kind needs no price either.
    w.ok(BOB, w.mint(shares(1)));
}

/// Seven rounds late is late, eight is gone; and a lock above what was declared is not waited for.
#[test]
fn b25_without_earns_operator_or_at_a_longer_lock_a_leg_is_paid_in_stcore() {
    let mut w = with_three();
    w.ok(BOB, w.request(BOB, shares(100)));
    w.turn_only(0);
    w.ok(KEEPER, Call::CloseEpoch);
    for _ in 0..6 {
        w.turn_only(0);
    }
    let late = Error::OperatorLate(ROUND, ROUND + 7);
    assert_eq!(w.no(KEEPER, start(0, STCORE_SLEEVE)), late);
    w.turn_only(0);
    w.ok(KEEPER, start(0, STCORE_SLEEVE));
    w.ok(BOB, claim(0, BOB, 2));
    assert_eq!(gained(&w, BOB, STCORE), whole(50));

    let mut w = with_three();
    w.ok(BOB, w.request(BOB, shares(100)));
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    w.outside(OutsideCall::EarnLock(7 * DAY + 1));
    w.ok(KEEPER, start(0, STCORE_SLEEVE));
    w.ok(BOB, claim(0, BOB, 2));
    assert_eq!(gained(&w, BOB, STCORE), whole(50));
}

#[test]
fn a_leg_below_one_stcore_is_paid_in_stcore() {
    let mut w = with_three();
    // 1.998 of 1,000 shares: 0.999 stCORE.
    w.ok(BOB, w.request(BOB, Shares::of(1_998 * E / 1_000)));
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    w.ok(KEEPER, start(0, STCORE_SLEEVE));
    w.ok(BOB, claim(0, BOB, 2));
    assert_eq!(gained(&w, BOB, STCORE), Units::of(999 * E / 1_000));
}

#[test]
fn each_ticket_has_its_own_account_and_gives_it_back() {
    let mut w = closed();
    w.ok(KEEPER, start(0, STCORE_SLEEVE));
    w.ok(ALICE, w.request(ALICE, shares(100)));
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    w.ok(KEEPER, start(1, STCORE_SLEEVE));
    let leg = |w: &World, epoch| w.s.batches[&BatchId::Epoch(epoch)].legs[1];
    assert_eq!((leg(&w, 0).account, leg(&w, 1).account), (Some(0), Some(1)));
    w.wait(6 * DAY + 1);
    // The first is past its week, the second is not.
    w.outside(OutsideCall::EarnTurn {
        rate: word(1_100_000),
    });
    w.ok(KEEPER, collect(0, STCORE_SLEEVE));
    assert_eq!(leg(&w, 0).state, LegState::Done);
    assert!(matches!(
        w.no(KEEPER, collect(1, STCORE_SLEEVE)),
        Error::NothingUnlocked(_)
    ));
    assert_eq!(w.s.free_accounts, [0]);
}

#[test]
fn quote_exit_shows_the_three_ways_and_means_them() {
    let mut w = with_three();
    w.s.fees.instant = Bps::new(10);
    w.s.sleeves[0].locked = whole(10);
    w.s.outside
        .credit(account(0), Asset::Core, whole(10))
        .unwrap();
    let quote = w.s.quote_exit(shares(100), w.at()).unwrap();
    // NAV low 1,050: 105 less 0.1 %; idle 500 less the floor of 2. Of what is locked a tenth is forgone.
    let instant = quote.instant.unwrap();
    assert_eq!(instant.out, Units::of(104_895 * E / 1_000));
    assert_eq!(instant.fee, Units::of(105 * E / 1_000));
    assert_eq!(instant.most, whole(498));
    assert_eq!(quote.in_kind, [whole(50), whole(50)]);
    assert_eq!(quote.forgone, [whole(1), Units::ZERO]);
    assert_eq!(quote.epoch.position, 0);
    let dawn = Timestamp::new((ROUND + 1) * DAY);
    assert_eq!(
        (quote.epoch.closes, quote.epoch.ready),
        (dawn, dawn.after(7 * DAY))
    );
    // And the calls pay what it said.
    let mut now = w.clone();
    let out = now.ok(BOB, now.instant(BOB, shares(100)));
    assert_eq!(out.ret, [instant.out.raw()]);
    let mut kind = w.clone();
    let out = kind.ok(BOB, exit_in_kind(BOB, shares(100)));
    assert_eq!(out.ret, [word(50 * E), word(50 * E)]);
    w.ok(BOB, w.request(BOB, shares(100)));
    w.dawn(0);
    w.ok(KEEPER, Call::CloseEpoch);
    w.ok(KEEPER, start(0, STCORE_SLEEVE));
    w.now = quote.epoch.ready.get() + 1;
    w.outside(OutsideCall::EarnTurn {
        rate: word(1_100_000),
    });
    w.ok(KEEPER, collect(0, STCORE_SLEEVE));
}

#[test]
fn lstbtc_yield_goes_to_the_core_sleeve_less_its_fee() {
    use omnibus_model::basket::{Kind, Sleeve};
    let now = Timestamp::new(ROUND * DAY + 12 * HOUR);
    let mut lst = btc_sleeve(0, now);
    lst = Sleeve {
        kind: Kind::LstBtc,
        performance: Bps::new(1_000),
        ..lst
    };
    // The yield is a reward of the sleeve that it comes to, and pays that one's fee.
    let core = Sleeve {
        performance: Bps::new(1_000),
        ..core_sleeve(10_000)
    };
    let mut w = World::found(
        vec![core, lst],
        &[whole(10_000), Units::of(100_000_000)],
        shares(110_000),
    );
    w.outside(OutsideCall::Yield {
        sleeve: SleeveId(1),
        core: whole(2),
    });
    w.dawn(0);
    w.ok(BOB, Call::Harvest);
    // 2 less a tenth; 2.5 bps of 10,000 would be 2.5: all of it is released at once.
    assert_eq!(
        w.s.sleeves[0].book.units,
        Units::of(10_001_800_000_000_000_000_000)
    );
    assert_eq!(w.s.sleeves[0].fees, Units::of(200_000_000_000_000_000));
}
