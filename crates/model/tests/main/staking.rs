//! Facts of the staking system, on the model of it.

use crate::world::*;
use omnibus_model::*;
use ruint::aliases::U256;

const V: ValidatorId = ValidatorId(1);

fn world() -> World {
    let w = World::new(&[(1, 1, 1), (2, 1, 1)]);
    assert_eq!(w.s.staking.min_stake, coins(1));
    w
}

#[track_caller]
fn ok(w: &mut World, call: StakingCall) {
    w.call(BOB, Call::Staking(call)).unwrap();
}

fn position(w: &World) -> Position {
    w.s.staking.position(BOB.into(), V)
}

#[test]
fn p1_unstaking_again_restarts_the_whole_slot() {
    let mut w = world();
    ok(
        &mut w,
        StakingCall::Stake {
            validator: V,
            coins: coins(5),
        },
    );
    ok(
        &mut w,
        StakingCall::Unstake {
            validator: V,
            amount: coins(4),
        },
    );
    w.wait(20 * DAY);
    ok(
        &mut w,
        StakingCall::Unstake {
            validator: V,
            amount: coins(1),
        },
    );
    assert_eq!(position(&w).cooling, coins(5));
    assert_eq!(position(&w).end, Timestamp::new(START + 41 * DAY));
}

#[test]
fn p2_a_matured_slot_is_parked_and_a_fresh_one_starts() {
    let mut w = world();
    ok(
        &mut w,
        StakingCall::Stake {
            validator: V,
            coins: coins(5),
        },
    );
    ok(
        &mut w,
        StakingCall::Unstake {
            validator: V,
            amount: coins(4),
        },
    );
    w.wait(21 * DAY);
    ok(
        &mut w,
        StakingCall::Unstake {
            validator: V,
            amount: coins(1),
        },
    );
    assert_eq!(position(&w).cooling, coins(1));
    assert_eq!(w.s.staking.parked[&BOB.into()], coins(4));
}

#[test]
fn p6_withdraw_pays_what_matured_or_refuses() {
    let mut w = world();
    ok(
        &mut w,
        StakingCall::Stake {
            validator: V,
            coins: coins(5),
        },
    );
    ok(
        &mut w,
        StakingCall::Unstake {
            validator: V,
            amount: coins(4),
        },
    );
    w.wait(21 * DAY - 1);
    let refused = StakingError::InvalidAmount(Assets::ZERO);
    assert_eq!(
        w.call(BOB, Call::Staking(StakingCall::Withdraw)),
        Err(refused.into())
    );
    w.wait(1);
    let before = w.s.balance(BOB);
    ok(&mut w, StakingCall::Withdraw);
    assert_eq!(w.s.balance(BOB), before.plus(coins(4)).unwrap());
}

#[test]
fn p9_minimum_capacity_and_percentage() {
    let mut w = world();
    let mut stake = |n: u128| {
        w.call(
            BOB,
            Call::Staking(StakingCall::Stake {
                validator: V,
                coins: Assets::of(n),
            }),
        )
    };
    let small = StakingError::StakeAmountTooSmall(Assets::of(E - 1), coins(1));
    assert_eq!(stake(E - 1), Err(small.into()));
    w.outside(StakingCall::SetCapacity {
        validator: V,
        capacity: coins(10),
    });
    let full = StakingError::ExceedsValidatorCapacity(V, coins(11), coins(10), coins(11));
    let eleven = StakingCall::Stake {
        validator: V,
        coins: coins(11),
    };
    assert_eq!(w.call(BOB, Call::Staking(eleven)), Err(full.into()));
}

#[test]
fn p11_a_slash_takes_active_and_unmatured_strictly() {
    let mut w = world();
    ok(
        &mut w,
        StakingCall::Stake {
            validator: V,
            coins: coins(5),
        },
    );
    ok(
        &mut w,
        StakingCall::Unstake {
            validator: V,
            amount: coins(4),
        },
    );
    w.wait(21 * DAY);
    // end == slashedAt: lost. One second later it would have been safe.
    let mut safe = w.clone();
    w.slash(1);
    let refused = StakingError::InvalidAmount(Assets::ZERO);
    assert_eq!(
        w.call(BOB, Call::Staking(StakingCall::Withdraw)),
        Err(refused.into())
    );
    // P12: phantoms stay visible.
    assert_eq!(position(&w).staked, coins(1));
    safe.wait(1);
    safe.slash(1);
    ok(&mut safe, StakingCall::Withdraw);
}

#[test]
fn p15_commission_rounds_up_stretch_by_stretch() {
    let mut w = World::new(&[]);
    let third = U256::from(333_333_333_333_333_333_u128);
    w.outside(StakingCall::AddValidator {
        validator: V,
        commission: third,
        capacity: Assets::ZERO,
    });
    w.outside(StakingCall::SetRewardRate {
        validator: V,
        rate: U256::from(10_u64),
    });
    ok(
        &mut w,
        StakingCall::Stake {
            validator: V,
            coins: coins(1),
        },
    );
    // 10 wei a second, commission 3.33 -> 4: 6 for one second
    w.wait(1);
    assert_eq!(w.s.staking.claimable(BOB.into(), V, w.at()), Assets::of(6));
    // two seconds in one stretch: 20 - ceil(6.67) = 13
    w.wait(1);
    assert_eq!(w.s.staking.claimable(BOB.into(), V, w.at()), Assets::of(13));
    // a new rate cuts the stretch: 13, then 20 - 7 = 13 more for one second at 20
    w.outside(StakingCall::SetRewardRate {
        validator: V,
        rate: U256::from(20_u64),
    });
    w.wait(1);
    assert_eq!(w.s.staking.claimable(BOB.into(), V, w.at()), Assets::of(26));
}
