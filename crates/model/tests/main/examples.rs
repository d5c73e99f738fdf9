//! Thirty examples worked by hand from the specification. Every expected number is written out, with its arithmetic;
//! none was taken from a run.

use crate::world::*;
use omnibus_model::*;
use ruint::aliases::U256;

/// 20 coins staked with validator 1 are slashed: 100 -> 80 coins for 100 LST, rate 0.8.
fn world_at_rate_0_8() -> World {
    let mut w = World::new(&[(1, 1, 2), (2, 1, 2)]);
    w.deposit(ALICE, 99);
    w.stake(1, 20);
    w.slash(1);
    w.ok(
        BOB,
        MinterCall::BookSlash {
            validator: ValidatorId(1),
        },
    );
    w
}

/// Assets 1,000, all stakeable staked: headroom = target = 100.
fn world_with_target_100() -> World {
    let mut w = World::new(&[(1, 1, 2), (2, 1, 2)]);
    w.deposit(ALICE, 999);
    w.ok(KEEPER, MinterCall::Rebalance);
    assert_eq!(
        (w.s.minter.target, w.s.minter.headroom),
        (coins(100), coins(100))
    );
    w
}

/// `n` LST of Alice's in one closed rung; nothing above what stays in headroom is staked.
fn world_with_line(n: u128) -> (World, RequestId) {
    let mut w = World::new(&[(1, 1, 4), (2, 1, 4)]);
    w.deposit(ALICE, 999);
    w.deposit(BOB, 1_000);
    let id = w.queue(ALICE, lst(n));
    w.wait(HOUR);
    w.close();
    (w, id)
}

fn commit(w: &mut World, n: u128) {
    w.s.minter.line.committed = coins(n);
}

#[test]
fn example_01_deposit_at_rate_one() {
    let mut w = World::new(&[(1, 1, 1)]);
    // 5 / 1 = 5 LST
    let out = w.ok(ALICE, MinterCall::Submit { coins: coins(5) });
    assert_eq!(out.ret, [word(5 * E)]);
    assert_eq!(w.s.token.balance(ALICE), lst(5));
    // 1 of the seed + 5
    assert_eq!(w.s.minter.headroom, coins(6));
}

#[test]
fn example_02_deposit_after_a_loss() {
    let mut w = world_at_rate_0_8();
    // rate = 80 / 100 = 0.8; 10 / 0.8 = 12.5 LST
    assert_eq!(
        w.s.minter.rate,
        Rate::new(U256::from(800_000_000_000_000_000_000_000_000_u128))
    );
    let out = w.ok(BOB, MinterCall::Submit { coins: coins(10) });
    assert_eq!(out.ret, [word(12_500_000_000_000_000_000)]);
}

#[test]
fn example_03_the_rate_rounds_down() {
    let mut w = World::new(&[(1, 1, 1)]);
    w.deposit(ALICE, 2);
    w.stake(1, 1);
    w.slash(1);
    w.ok(
        BOB,
        MinterCall::BookSlash {
            validator: ValidatorId(1),
        },
    );
    // 2 / 3 in 27 digits, down: 0.666666666666666666666666666
    assert_eq!(
        w.s.minter.rate,
        Rate::new(U256::from(666_666_666_666_666_666_666_666_666_u128))
    );
    // An exit of 3 LST wei: floor(3 * 0.666…666) = floor(1.999…998) = 1 wei
    assert_eq!(
        w.s.minter.rate.to_assets_down(Shares::of(3)),
        Ok(Assets::of(1))
    );
    // A deposit of 2 wei: floor(2 / 0.666…666) = floor(3.000…003) = 3 LST wei
    assert_eq!(
        w.s.minter.rate.to_shares_down(Assets::of(2)),
        Ok(Shares::of(3))
    );
}

#[test]
fn example_04_instant_fee_from_a_full_buffer() {
    let mut w = world_with_target_100();
    // 20 out of 100: level 100 -> 80, mean 90 of 100, fee rate 100 - 70 * 0.9 = 37 bps; 20 * 0.0037 = 0.074
    let out = w.ok(ALICE, MinterCall::Unstake { amount: lst(20) });
    assert_eq!(out.ret, [word(19_926_000_000_000_000_000), U256::ZERO]);
    assert_eq!(w.s.minter.fees, Assets::of(74_000_000_000_000_000));
    assert_eq!(w.s.minter.headroom, coins(80));
}

#[test]
fn example_05_splitting_gains_nothing() {
    let mut w = world_with_target_100();
    // mean 95: 100 - 66.5 = 33.5 bps of 10 = 0.0335; mean 85: 40.5 bps of 10 = 0.0405; together 0.074 as in example 4
    w.ok(ALICE, MinterCall::Unstake { amount: lst(10) });
    assert_eq!(w.s.minter.fees, Assets::of(33_500_000_000_000_000));
    w.ok(ALICE, MinterCall::Unstake { amount: lst(10) });
    assert_eq!(w.s.minter.fees, Assets::of(74_000_000_000_000_000));
}

#[test]
fn example_06_what_lies_above_the_target_costs_the_minimum() {
    let mut w = world_with_target_100();
    w.deposit(BOB, 50);
    // A = 150, T = 100, exit 80: 50 above the target at 30 bps = 0.15; level 100 -> 70, mean 85, 40.5 bps of 30 = 0.1215
    w.ok(ALICE, MinterCall::Unstake { amount: lst(80) });
    assert_eq!(w.s.minter.fees, Assets::of(271_500_000_000_000_000));
}

#[test]
fn example_07_an_open_vote_to_slash_costs_the_maximum() {
    let mut w = world_with_target_100();
    let expiration = w.at().after(HOUR);
    // A third validator, so that one vote is not all that is needed.
    let third = ValidatorId(3);
    w.outside(StakingCall::AddValidator {
        validator: third,
        commission: U256::ZERO,
        capacity: Assets::ZERO,
    });
    let (target, voter) = (ValidatorId(1), ValidatorId(2));
    w.outside(StakingCall::Vote {
        target,
        voter,
        expiration,
    });
    // 20 * 1 % = 0.2
    w.ok(ALICE, MinterCall::Unstake { amount: lst(20) });
    assert_eq!(w.s.minter.fees, Assets::of(200_000_000_000_000_000));
}

#[test]
fn example_08_the_meter() {
    let mut w = world_with_target_100();
    let liquidity = |w: &World| w.s.minter.instant_liquidity(w.at()).unwrap();
    w.ok(ALICE, MinterCall::Unstake { amount: lst(60) });
    // A = 40, meter 60: min(100, 40, 100 - 60) = 40
    assert_eq!(liquidity(&w), coins(40));
    w.deposit(BOB, 50);
    // A = 90, meter 60 - 50 = 10: min(100, 90, 90) = 90
    assert_eq!(w.s.minter.meter.level, coins(10));
    assert_eq!(liquidity(&w), coins(90));
    w.deposit(BOB, 10);
    w.wait(72 * 60);
    // A = 100; meter 0 after the deposit: min(100, 100, 100) = 100
    assert_eq!(liquidity(&w), coins(100));
    w.ok(ALICE, MinterCall::Unstake { amount: lst(30) });
    w.wait(72 * 60);
    // 72 minutes are 1/20 day: the meter forgets 100 / 20 = 5 of 30
    assert_eq!(w.s.minter.leak(w.at()), Ok(coins(25)));
}

#[test]
fn example_09_seed_b_partial_instant() {
    // The first seed's example B: the buffer covers 30 %; 30 % are paid instantly, 70 % follow the queue.
    let mut w = World::new(&[(1, 1, 2), (2, 1, 2)]);
    w.deposit(ALICE, 299);
    w.ok(KEEPER, MinterCall::Rebalance);
    assert_eq!(w.s.minter.headroom, coins(30));
    let before = w.s.balance(ALICE);
    let out = w.ok(ALICE, MinterCall::Unstake { amount: lst(100) });
    // level 30 -> 0 of 30, mean half: 100 - 35 = 65 bps of 30 = 0.195; 30 - 0.195 = 29.805
    assert_eq!(out.ret, [word(29_805_000_000_000_000_000), word(1)]);
    assert_eq!(
        w.s.balance(ALICE),
        before.plus(Assets::of(29_805_000_000_000_000_000)).unwrap()
    );
    let id = RequestId::of(0, 1);
    assert_eq!(w.s.minter.line.tickets[&id].lst, lst(70));
    assert_eq!(w.s.minter.line.staged_lst, lst(70));
    // The rest: rung after an hour, departure with it, 21 days, sweep, claim of 70 - 5 bps = 70 - 0.035 = 69.965
    w.wait(HOUR);
    w.close();
    w.depart();
    w.wait(COOLDOWN);
    w.sweep(1);
    w.sweep(2);
    w.ok(CAROL, MinterCall::Finalize);
    assert_eq!(
        w.withdraw(ALICE, id).unwrap().ret,
        [word(69_965_000_000_000_000_000)]
    );
}

/// Keepers come every five minutes: close, depart, sweep, finalize. Runs until `done` says so; the time it took.
fn keep_until(w: &mut World, ids: &[u16], mut done: impl FnMut(&World) -> bool) -> u64 {
    let from = w.now;
    while !done(w) {
        assert!(w.now < from + 30 * DAY, "never");
        w.wait(300);
        let _ = w.try_(KEEPER, MinterCall::CloseRung);
        w.depart();
        for id in ids {
            w.sweep(*id);
        }
        w.ok(KEEPER, MinterCall::Finalize);
    }
    w.now - from
}

#[test]
fn example_10_seed_a_on_the_timetable_of_22_buckets() {
    // The first seed's example A, corrected: cooldown 21 d, 22 buckets of one validator.
    // (21 d + 1 h) / 22 = 1,818,000 s / 22 = 82,636.4 -> 82,637 s = 22 h 57 min 17 s between departures: up to 23 h.
    let mut w = World::new(&[(1, 1, 22)]);
    w.deposit(ALICE, 2_199);
    w.ok(KEEPER, MinterCall::Rebalance);
    w.ok(KEEPER, MinterCall::Rebalance);
    w.ok(KEEPER, MinterCall::Rebalance);
    w.queue(ALICE, lst(10));
    w.wait(HOUR);
    w.close();
    w.depart();
    assert_eq!(
        w.s.minter.line.next_departure,
        Timestamp::new(w.now + 82_637)
    );
    // The worst moment: right behind a departure.
    let id = w.queue(ALICE, lst(10));
    let departed = keep_until(&mut w, &[1], |w| w.bucket(1, 1).cooling > Assets::ZERO);
    assert!((82_637..=23 * HOUR).contains(&departed), "{departed}");
    let paid = keep_until(&mut w, &[1], |w| {
        w.s.minter.line.claimable(id).unwrap().0 >= coins(10)
    });
    assert!((21 * DAY..=21 * DAY + 600).contains(&paid), "{paid}");
}

#[test]
fn example_11_seed_a_with_four_staggered_validators_of_127_buckets() {
    // (21 d + 1 h) / 508 = 3,578.7 -> 3,579 s between departures of the line, 1,818,000 / 127 = 14,314.96 -> 14,315 s
    // for each validator: an hourly rung always finds one of the four on time. Up to 1 h + 21 d + 0 to 10 min.
    let ids = [1, 2, 3, 4];
    let mut w = World::new(&ids.map(|id| (id, 1, 127)));
    w.deposit(ALICE, 9_999);
    for _ in 0..64 {
        w.ok(KEEPER, MinterCall::Rebalance);
    }
    w.queue(ALICE, lst(1));
    w.wait(HOUR);
    w.close();
    w.depart();
    assert_eq!(
        w.s.minter.line.next_departure,
        Timestamp::new(w.now + 3_579)
    );
    let first =
        w.s.minter
            .validators
            .values()
            .map(|v| v.next_departure)
            .max();
    assert_eq!(first, Some(Timestamp::new(w.now + 14_315)));
    let mut last = RequestId::default();
    for _ in 0..9 {
        // Right behind a departure: the worst moment.
        last = w.queue(ALICE, lst(1));
        let cooling = w.s.minter.cooling;
        let waited = keep_until(&mut w, &ids, |w| w.s.minter.cooling > cooling);
        assert!(waited <= HOUR, "{waited}");
    }
    let paid = keep_until(&mut w, &ids, |w| {
        w.s.minter.line.claimable(last).unwrap().0 >= coins(1)
    });
    assert!((21 * DAY..=21 * DAY + 600).contains(&paid), "{paid}");
}

#[test]
fn example_12_the_first_rung_has_one_unit_per_wei() {
    let (w, _) = world_with_line(100);
    let rung = w.s.minter.line.rungs[0];
    assert_eq!((rung.start, rung.end), (Units::ZERO, Units::of(100 * E)));
    assert_eq!(w.s.minter.line.open_lst, lst(100));
}

#[test]
fn example_13_a_rung_after_a_pro_rata_payment() {
    let (mut w, _) = world_with_line(100);
    // 20 of 100 are paid to all units alike: C = floor(20 * 2^96 / 100) = floor(2^96 / 5)
    let out = w.ok(
        KEEPER,
        MinterCall::FulfillProRata {
            users: vec![],
            ids: vec![],
            max_spend: coins(20),
        },
    );
    assert_eq!(out.ret, [word(20 * E), U256::ZERO, U256::ZERO]);
    let c = 15_845_632_502_852_867_518_708_790_067;
    assert_eq!(w.s.minter.line.c, Scaled::of(c));
    assert_eq!(w.s.minter.line.open_lst, lst(80));
    // 40 LST more: 40 * 100 / 80 = 50 units
    w.queue(BOB, lst(40));
    w.wait(HOUR);
    w.close();
    let rung = w.s.minter.line.rungs[1];
    assert_eq!(
        (rung.start, rung.end),
        (Units::of(100 * E), Units::of(150 * E))
    );
    assert_eq!(rung.c0, Scaled::of(c));
}

#[test]
fn example_14_units_round_up() {
    let (mut w, _) = world_with_line(100);
    // pro rata 30: 70 LST in 100 units; 1 LST wei: 1 * 100 / 70 = 1.43 -> 2 units
    w.ok(
        KEEPER,
        MinterCall::FulfillProRata {
            users: vec![],
            ids: vec![],
            max_spend: coins(30),
        },
    );
    w.queue(BOB, Shares::of(1));
    w.wait(HOUR);
    w.close();
    assert_eq!(w.s.minter.line.rungs[1].end, Units::of(100 * E + 2));
}

#[test]
fn example_15_fifo_funds_a_part() {
    let (mut w, id) = world_with_line(100);
    commit(&mut w, 30);
    // x = 30 of 100: l = 30, du = 30 * 100 / 100, burn = 30, pay = 30
    let out = w.ok(CAROL, MinterCall::Finalize);
    assert_eq!(out.ret, [word(30 * E)]);
    let line = &w.s.minter.line;
    let expected = Checkpoint {
        watermark: Units::of(30 * E),
        b: coins(30),
    };
    assert_eq!(line.checkpoints, [Checkpoint::default(), expected]);
    assert_eq!((line.open_lst, line.committed), (lst(70), Assets::ZERO));
    assert_eq!(w.s.minter.reserved, coins(30));
    // gross 30, fee 30 * 5 bps = 0.015
    assert_eq!(
        line.claimable(id),
        Ok((coins(30), Assets::of(15_000_000_000_000_000)))
    );
}

#[test]
fn example_16_inside_a_rung_everybody_has_the_same_fraction() {
    let mut w = World::new(&[(1, 1, 2)]);
    w.deposit(ALICE, 100);
    w.deposit(BOB, 100);
    let a = w.queue(ALICE, lst(75));
    let b = w.queue(BOB, lst(25));
    w.wait(HOUR);
    w.close();
    commit(&mut w, 30);
    w.ok(CAROL, MinterCall::Finalize);
    // 30 % of 75 = 22.5, of 25 = 7.5
    let gross = |id| w.s.minter.line.claimable(id).unwrap().0;
    assert_eq!(gross(a), Assets::of(22_500_000_000_000_000_000));
    assert_eq!(gross(b), Assets::of(7_500_000_000_000_000_000));
}

#[test]
fn example_17_fifo_across_rungs() {
    let mut w = World::new(&[(1, 1, 2)]);
    w.deposit(ALICE, 200);
    w.deposit(BOB, 200);
    let a = w.queue(ALICE, lst(60));
    w.wait(HOUR);
    w.close();
    let b = w.queue(BOB, lst(40));
    w.wait(HOUR);
    w.close();
    commit(&mut w, 80);
    w.ok(CAROL, MinterCall::Finalize);
    // The older rung is full, 80 - 60 = 20 are left for the younger.
    let gross = |id| w.s.minter.line.claimable(id).unwrap().0;
    assert_eq!((gross(a), gross(b)), (coins(60), coins(20)));
}

#[test]
fn example_18_pro_rata_then_fifo() {
    let (mut w, id) = world_with_line(100);
    w.ok(
        KEEPER,
        MinterCall::FulfillProRata {
            users: vec![],
            ids: vec![],
            max_spend: coins(20),
        },
    );
    // 100 units * C / 2^96 = 20 less a hair: 19.999999999999999999
    let gross = |w: &World| w.s.minter.line.claimable(id).unwrap().0;
    assert_eq!(gross(&w), Assets::of(20 * E - 1));
    commit(&mut w, 80);
    w.ok(CAROL, MinterCall::Finalize);
    // B = 80 + 19.999999999999999999
    assert_eq!(w.s.minter.line.b, Assets::of(100 * E - 1));
    assert_eq!(gross(&w), Assets::of(100 * E - 1));
}

#[test]
fn example_19_a_younger_rung_gets_nothing_of_an_older_pro_rata() {
    let (mut w, _) = world_with_line(100);
    w.ok(
        KEEPER,
        MinterCall::FulfillProRata {
            users: vec![],
            ids: vec![],
            max_spend: coins(20),
        },
    );
    let b = w.queue(BOB, lst(40));
    w.wait(HOUR);
    w.close();
    commit(&mut w, 120);
    w.ok(CAROL, MinterCall::Finalize);
    // 120 for 150 units at once: B(150) = 120 + floor(150 * C) = 120 + 29.999999999999999999 = 149.999999999999999999
    assert_eq!(w.s.minter.line.b, Assets::of(150 * E - 1));
    // B(100) = floor(149.999999999999999999 * 100 / 150) = 99.999999999999999999 (…99.33 down)
    // rung 1: 149.999999999999999999 - 99.999999999999999999 - ceil(50 * C0) = 50 - 10 = 40
    assert_eq!(w.s.minter.line.claimable(b).unwrap().0, coins(40));
}

#[test]
fn example_20_fees_of_a_claim() {
    let (mut w, id) = world_with_line(100);
    commit(&mut w, 100);
    w.ok(CAROL, MinterCall::Finalize);
    // 100 * 5 bps = 0.05
    let out = w.withdraw(ALICE, id).unwrap();
    assert_eq!(out.ret, [word(99_950_000_000_000_000_000)]);
    assert_eq!(w.s.minter.fees, Assets::of(50_000_000_000_000_000));
    assert_eq!(w.s.minter.reserved, Assets::of(50_000_000_000_000_000));
    w.ok(BOB, MinterCall::PayFees);
    assert_eq!(w.s.balance(FEES), Assets::of(50_000_000_000_000_000));
    assert_eq!(w.s.minter.reserved, Assets::ZERO);
    assert_eq!(w.withdraw(ALICE, id), Err(Error::UnknownRequest(id)));
}

#[test]
fn example_21_netting() {
    // Assets 1,000, nothing staked; 100 in the line. target = 10 % of 1,000 = 100; above it 900: need 100 + 1 gwei.
    let mut w = World::new(&[(1, 1, 2)]);
    w.deposit(ALICE, 999);
    w.queue(ALICE, lst(100));
    w.wait(HOUR);
    w.close();
    let out = w.depart();
    assert_eq!(out.ret, [word(100 * E + 1_000_000_000), U256::ZERO]);
    assert_eq!(
        w.s.minter.line.committed,
        Assets::of(100 * E + 1_000_000_000)
    );
    // Promised at once: nothing departs, six hours of grace.
    let mark = Mark {
        units: Units::of(100 * E),
        eta: Timestamp::new(w.now + 6 * HOUR),
    };
    assert_eq!(w.s.minter.line.marks, [mark]);
}

#[test]
fn example_22_the_smallest_bucket_that_fits_departs() {
    let mut w = World::new(&[(1, 1, 3)]);
    w.deposit(ALICE, 999);
    // ideal = ceil(300/3) = 100 each: 100, then 200 and 300 by later stakes on the cursor
    w.stake(1, 300);
    let stakes = |w: &World| [0, 1, 2].map(|i| w.bucket(1, i).active);
    assert_eq!(stakes(&w), [coins(100); 3]);
    // 540 more: ideal = ceil(840/3) = 280; each bucket takes 180
    w.stake(1, 540);
    assert_eq!(stakes(&w), [coins(280); 3]);
    // assets 1,000, headroom 160, target 100: 60 is netted; need 200 + 1 gwei - 60 = 140.000000001 from bucket 0
    w.queue(ALICE, lst(200));
    w.wait(HOUR);
    w.close();
    let out = w.depart();
    assert_eq!(out.ret, [word(60 * E), word(140 * E + 1_000_000_000)]);
    let first = w.bucket(1, 0);
    assert_eq!(first.cooling, Assets::of(140 * E + 1_000_000_000));
    assert_eq!(first.active, Assets::of(140 * E - 1_000_000_000));
    assert_eq!(first.end, Timestamp::new(w.now + COOLDOWN));
}

#[test]
fn example_23_largest_first_when_none_fits() {
    let mut w = World::new(&[(1, 1, 3)]);
    w.deposit(ALICE, 999);
    w.stake(1, 840);
    // netted 60, need 340.000000001: bucket 0 whole (280, lowest index of equals), then 60.000000001 of bucket 1
    w.queue(ALICE, lst(400));
    w.wait(HOUR);
    w.close();
    let out = w.depart();
    assert_eq!(out.ret, [word(60 * E), word(340 * E + 1_000_000_000)]);
    assert_eq!(w.bucket(1, 0).cooling, coins(280));
    assert_eq!(w.bucket(1, 1).cooling, Assets::of(60 * E + 1_000_000_000));
    assert_eq!(w.bucket(1, 2).cooling, Assets::ZERO);
}

#[test]
fn example_24_no_cooldown_is_ever_merged() {
    let mut w = World::new(&[(1, 1, 1)]);
    w.deposit(ALICE, 999);
    w.stake(1, 890);
    // One bucket. 10 above the target are netted, 90.000000001 depart.
    w.queue(ALICE, lst(100));
    w.wait(HOUR);
    w.close();
    w.depart();
    let end = w.bucket(1, 0).end;
    // More exits wait: the bucket has 799.999999999 of stake left, but its slot is taken.
    w.queue(ALICE, lst(50));
    w.wait(HOUR);
    w.close();
    w.wait(20 * DAY);
    assert_eq!(w.depart().ret, [U256::ZERO, U256::ZERO]);
    assert_eq!(w.bucket(1, 0).end, end);
    // Matured at 21 d, available an hour later: then it leaves. 140.000000001 were committed... 50 less the gwei of
    // margin that the first departure brought, plus the margin: 50.
    w.now = end.get();
    w.sweep(1);
    assert_eq!(w.depart().ret, [U256::ZERO, U256::ZERO]);
    w.wait(HOUR);
    let out = w.depart();
    assert_eq!(out.ret, [U256::ZERO, word(50 * E)]);
}

#[test]
fn example_25_a_sweep_credits_once() {
    let mut w = World::new(&[(1, 1, 2)]);
    w.deposit(ALICE, 999);
    w.stake(1, 890);
    w.queue(ALICE, lst(100));
    w.wait(HOUR);
    w.close();
    w.depart();
    w.wait(COOLDOWN - 1);
    assert_eq!(w.sweep(1).ret, [U256::ZERO, U256::ZERO]);
    w.wait(1);
    // 90.000000001 cooled; headroom 110 + 90.000000001; committed 10 + 90.000000001 (the cap: 100 + 1 gwei)
    assert_eq!(w.sweep(1).ret, [word(1), word(90 * E + 1_000_000_000)]);
    assert_eq!(w.s.minter.headroom, Assets::of(200 * E + 1_000_000_000));
    assert_eq!(
        w.s.minter.line.committed,
        Assets::of(100 * E + 1_000_000_000)
    );
    assert_eq!(w.sweep(1).ret, [U256::ZERO, U256::ZERO]);
    assert_eq!(w.s.minter.headroom, Assets::of(200 * E + 1_000_000_000));
}

#[test]
fn example_26_a_slash_takes_what_had_not_matured() {
    let mut w = World::new(&[(1, 1, 2)]);
    w.deposit(ALICE, 999);
    w.stake(1, 890);
    w.queue(ALICE, lst(100));
    w.wait(HOUR);
    w.close();
    w.depart();
    let cooled = w.bucket(1, 0).cooling;
    assert_eq!(cooled, Assets::of(90 * E + 1_000_000_000));
    // A second departure two weeks later (period ceil(1,818,000 / 2) = 909,000 s = 10.5 days).
    w.wait(14 * DAY);
    w.queue(ALICE, lst(100));
    w.close();
    w.depart();
    assert_eq!(w.bucket(1, 1).cooling, coins(100));
    // The slash comes when the first has matured and is unswept, the second has not.
    w.wait(8 * DAY);
    w.slash(1);
    let out = w.ok(
        BOB,
        MinterCall::BookSlash {
            validator: ValidatorId(1),
        },
    );
    // active 890 - 90.000000001 - 100 = 699.999999999, cooling 100: loss 799.999999999
    assert_eq!(out.ret, [word(800 * E - 1_000_000_000)]);
    // assets 1,000 - 799.999999999 = 200.000000001 for 1,000 LST: rate 0.200000000001
    let rate = U256::from(200_000_000_001_000_000_000_000_000_u128);
    assert_eq!(w.s.minter.rate, Rate::new(rate));
    assert_eq!(w.s.minter.cooling, cooled);
    assert_eq!(w.sweep(1).ret, [word(1), cooled.raw()]);
}

#[test]
fn example_27_an_underpayment_is_a_loss() {
    let mut w = World::new(&[(1, 1, 2)]);
    w.deposit(ALICE, 999);
    w.stake(1, 890);
    w.queue(ALICE, lst(110));
    w.wait(HOUR);
    w.close();
    w.depart();
    // need 110 + 1 gwei - 10 = 100.000000001; 10 % are withheld: 10.0000000001 missing
    w.wait(COOLDOWN);
    w.outside(StakingCall::SetWithdrawShortfall {
        bps: Bps::new(1_000),
    });
    let out = w.sweep(1);
    assert_eq!(out.ret, [word(1), word(90_000_000_000_900_000_000)]);
    let missing = Assets::of(10_000_000_000_100_000_000);
    assert_eq!(World::events(&out, "ShortfallBooked"), 1);
    // assets 1,000 - 10.0000000001 = 989.9999999999 for 1,000: rate 0.9899999999999
    assert_eq!(
        w.s.minter.assets(),
        Ok(coins(1_000).minus(missing).unwrap())
    );
    let rate = U256::from(989_999_999_999_900_000_000_000_000_u128);
    assert_eq!(w.s.minter.rate, Rate::new(rate));
}

#[test]
fn example_28_the_reward_stream() {
    let mut w = World::new(&[(1, 1, 1)]);
    w.deposit(ALICE, 1);
    // 700: cut 70, 630 stream over 7 days from a day boundary: flow = floor(630e18 / 604,800) = 1,041,666,666,666,666 wei/s,
    // left 630e18 - flow * 604,800 = 403,200 wei
    w.call(BOB, Call::Rewards(RewardsCall::Load { coins: coins(700) }))
        .unwrap();
    assert_eq!(w.s.rewards.protocol_fees, coins(70));
    assert_eq!(w.s.token.flow, Assets::of(1_041_666_666_666_666));
    assert_eq!(w.s.token.unallocated, Assets::of(403_200));
    // One day: flow * 86,400 = 89,999,999,999,999,942,400 over 2 LST (the seed's is one): Alice has half
    w.wait(DAY);
    assert_eq!(
        w.s.token.earned(w.at(), ALICE),
        Ok(Assets::of(44_999_999_999_999_971_200))
    );
    // A week and a year: all but what was left over, half of it
    w.wait(365 * DAY);
    assert_eq!(
        w.s.token.earned(w.at(), ALICE),
        Ok(Assets::of(314_999_999_999_999_798_400))
    );
    let before = w.s.balance(ALICE);
    let out = w.ok(ALICE, MinterCall::UnstakeRewards);
    assert_eq!(out.ret, [word(314_999_999_999_999_798_400)]);
    assert_eq!(
        w.s.balance(ALICE),
        before
            .plus(Assets::of(314_999_999_999_999_798_400))
            .unwrap()
    );
}

#[test]
fn example_29_percentage_headroom() {
    // (D + x) * 10,000 < 3,001 * (T + x) with D = 100, T = 400 coins: x < (3,001 * 400 - 1,000,000) / 6,999
    // = 200,400 / 6,999 = 28.632661808829832833261894556365…: in wei 28,632,661,808,829,832,833 (not a whole number: down)
    let mut w = World::new(&[(1, 1, 1), (2, 1, 1)]);
    w.deposit(ALICE, 9_999);
    let stake = |validator, n| StakingCall::Stake {
        validator: ValidatorId(validator),
        coins: coins(n),
    };
    w.call(BOB, Call::Staking(stake(1, 100))).unwrap();
    w.call(BOB, Call::Staking(stake(2, 300))).unwrap();
    w.ok(
        KEEPER,
        MinterCall::SetStakingPercentageCap {
            bps: Bps::new(3_000),
        },
    );
    let room = Assets::of(28_632_661_808_829_832_833);
    assert_eq!(w.s.capacity(ValidatorId(1)), Ok(room));
    // And the staking system agrees on both sides of it.
    w.outside(StakingCall::SetPercentage {
        bps: Bps::new(3_000),
    });
    let amount = room.plus(Assets::of(1)).unwrap();
    let validator = ValidatorId(1);
    let refused = Error::Staking(StakingError::ValidatorPercentageExceeded);
    let more = StakingCall::Stake {
        validator,
        coins: amount,
    };
    assert_eq!(w.call(CAROL, Call::Staking(more)), Err(refused));
    assert!(
        w.call(
            CAROL,
            Call::Staking(StakingCall::Stake {
                validator,
                coins: room
            })
        )
        .is_ok()
    );
}

#[test]
fn example_30_promised_times() {
    let mut w = World::new(&[(1, 1, 2)]);
    w.deposit(ALICE, 999);
    w.stake(1, 890);
    let eta = |w: &World, id| w.s.exit_eta(id, w.at()).unwrap();
    let open = w.queue(ALICE, lst(100));
    // Open: closes an hour from the start, departs then at the latest six hours later, 21 days, six hours.
    let promised = START + HOUR + 6 * HOUR + 21 * DAY + 6 * HOUR;
    assert_eq!(
        eta(&w, open),
        Eta {
            at: Timestamp::new(promised),
            revised: false
        }
    );
    w.wait(HOUR);
    w.close();
    assert_eq!(
        eta(&w, open),
        Eta {
            at: Timestamp::new(promised),
            revised: false
        }
    );
    // Two hours later it departs: the end and six hours.
    w.wait(2 * HOUR);
    w.depart();
    let sooner = START + 3 * HOUR + 21 * DAY + 6 * HOUR;
    assert_eq!(
        eta(&w, open),
        Eta {
            at: Timestamp::new(sooner),
            revised: false
        }
    );
    // Swept: its coins are here.
    w.wait(21 * DAY);
    w.sweep(1);
    assert_eq!(
        eta(&w, open),
        Eta {
            at: Timestamp::ZERO,
            revised: false
        }
    );
    // Nobody comes for a departure: after six hours of grace the promise is exceeded, and the view says so.
    let late = w.queue(ALICE, lst(300));
    w.close();
    w.wait(6 * HOUR + 1);
    let now = w.now;
    assert_eq!(
        eta(&w, late),
        Eta {
            at: Timestamp::new(now + 21 * DAY + 6 * HOUR),
            revised: true
        }
    );
}
