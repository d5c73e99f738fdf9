//! What contracts and model once disagreed about, each as the fewest calls that show it. After every call everything is
//! compared, so a test fails when either side goes back.

use model::{Emergency, MarketCall, VaultCall, VaultShares};

use super::*;

/// One call that both sides must answer alike.
fn goes(h: &mut History, who: model::Address, call: Call) -> Step {
    let done = h.play(who, &call);
    assert!(
        done.differences.is_empty(),
        "{}: {:?}",
        done.call,
        done.differences
    );
    done
}

fn minter(h: &mut History, who: model::Address, call: MinterCall) -> Step {
    goes(h, who, Call::Minter(call))
}

/// A world, its first person, and an account with code that the driver makes act.
fn world() -> (History, model::Address, model::Address) {
    let mut h = History::new(1);
    let start = h.compare_all();
    assert!(start.is_empty(), "{start:?}");
    let person = h.people[0].at;
    let actor = h.people.iter().find(|p| p.code).expect("there is one").at;
    (h, person, actor)
}

fn exit(h: &History, amount: Shares, amm_max: Shares, recipient: model::Address) -> MinterCall {
    let params = ExitParams {
        instant_max: Shares::ZERO,
        amm_max,
        queue_max: amount,
        min_out_now: Assets::ZERO,
        fee_limit_bps: U256::ZERO,
        deadline: h.now(),
        recipient,
    };
    MinterCall::Redeem { amount, params }
}

#[test]
fn regression_a_push_of_nothing_to_an_owner_that_refuses_leaves_its_ticket() {
    let (mut h, person, actor) = world();
    let (keeper, coins) = (h.keeper, Assets::of(100 * COIN));
    minter(&mut h, person, MinterCall::Submit { coins });
    // A wei of LST is worth a wei, which the fee takes.
    let call = exit(&h, Shares::of(1), Shares::ZERO, actor);
    minter(&mut h, person, call);
    minter(&mut h, actor, MinterCall::SetAutoPay { on: true });
    h.world.pass(2 * 3_600);
    for call in [
        MinterCall::CloseRung,
        MinterCall::ProcessBatchUnstake,
        MinterCall::Finalize,
    ] {
        assert!(minter(&mut h, keeper, call).ok);
    }
    let (account, refuse) = (actor, true);
    goes(
        &mut h,
        person,
        Call::Staking(StakingCall::Refuse { account, refuse }),
    );
    let id = RequestId::of(0, 1);
    let push = MinterCall::FulfillRequests {
        users: vec![actor],
        ids: vec![id],
    };
    assert!(minter(&mut h, keeper, push).ok);
    assert!(h.state.minter.line.tickets.contains_key(&id));
    let done = minter(&mut h, person, MinterCall::ClaimFor { id });
    assert_eq!(done.refusal.as_deref(), Some("TransferFailed"));
}

#[test]
fn regression_what_no_pool_takes_is_minted_and_burned() {
    let (mut h, person, _) = world();
    let coins = Assets::of(2_000 * COIN);
    minter(&mut h, person, MinterCall::Submit { coins });
    let lst = Shares::of(1_000 * COIN);
    goes(&mut h, person, Call::Market(MarketCall::SellLst { lst }));
    let amount = Shares::of(10 * COIN);
    let call = exit(&h, amount, amount, person);
    assert!(minter(&mut h, person, call).ok);
    assert_eq!(h.state.minter.line.staged_lst, amount);
}

#[test]
fn regression_an_exit_by_pool_burns_before_it_looks_at_fees() {
    let (mut h, person, _) = world();
    let one = Shares::of(1);
    let MinterCall::Redeem { amount, mut params } = exit(&h, one, one, person) else {
        return;
    };
    params.instant_max = one;
    let done = minter(&mut h, person, MinterCall::Redeem { amount, params });
    assert_eq!(done.refusal.as_deref(), Some("InsufficientBalance"));
}

#[test]
fn regression_an_exit_in_kind_of_more_shares_than_exist() {
    let (mut h, person, _) = world();
    let vault = h.state.places.vault;
    let coins = Assets::of(COIN);
    minter(&mut h, person, MinterCall::Submit { coins });
    let (spender, amount) = (vault, Shares::MAX);
    goes(
        &mut h,
        person,
        Call::Token(TokenCall::Approve { spender, amount }),
    );
    let (lst, receiver) = (Shares::of(COIN / 2), person);
    goes(
        &mut h,
        person,
        Call::Vault(VaultCall::Deposit { lst, receiver }),
    );
    let call = VaultCall::RedeemInKind {
        shares: VaultShares::of(COIN),
        receiver,
        owner: person,
    };
    assert!(!goes(&mut h, person, Call::Vault(call)).ok);
}

#[test]
fn regression_deposits_end_where_the_buffer_would_not_fit_96_bits() {
    let (mut h, person, _) = world();
    let most = model::MAX_AMOUNT;
    let (to, coins) = (person, most);
    h.world.give(addr(to), coins.raw().saturating_to());
    let to = to.into();
    apply(
        &mut h.state,
        person,
        Timestamp::new(T0),
        &Call::Staking(StakingCall::ForceCoins { to, coins }),
    )
    .expect("coins from nowhere");
    let room = most.min0(h.state.minter.headroom);
    let more = room.plus(Assets::of(1)).expect("it fits");
    let done = minter(&mut h, person, MinterCall::Submit { coins: more });
    assert_eq!(done.refusal.as_deref(), Some("AmountTooLarge"));
    assert!(minter(&mut h, person, MinterCall::Submit { coins: room }).ok);
}

#[test]
fn regression_who_may_not_cancel_or_lower_is_told_the_role() {
    let (mut h, person, _) = world();
    let call = Box::new(Call::Minter(MinterCall::SealSetup));
    let done = minter(&mut h, person, MinterCall::CancelScheduled { call });
    assert_eq!(done.refusal.as_deref(), Some("Unauthorized"));
    let guardian = h.guardian;
    let (pause, threshold) = (false, Bps::new(9_000));
    let call = MinterCall::SetInstantPolicy { pause, threshold };
    let done = minter(&mut h, guardian, call);
    assert_eq!(done.refusal.as_deref(), Some("Unauthorized"));
}

#[test]
fn regression_a_delay_is_asked_for_before_the_validator() {
    let (mut h, _, _) = world();
    let admin = h.admin;
    minter(&mut h, admin, MinterCall::SealSetup);
    let (validator, bps) = (ValidatorId(999), Bps::new(9_611));
    let call = MinterCall::SetMaxValidatorPercentage { validator, bps };
    let done = minter(&mut h, admin, call);
    assert_eq!(done.refusal.as_deref(), Some("NotScheduled"));
}

#[test]
fn regression_a_halt_tells_of_its_code_and_keeps_claims_for_others() {
    let (mut h, person, _) = world();
    let (admin, guardian) = (h.admin, h.guardian);
    let to = h.state.minter.halt_code;
    let what = Emergency::Halt;
    for who in [admin, guardian] {
        assert!(minter(&mut h, who, MinterCall::Emergency { what, to }).ok);
    }
    let id = RequestId::of(0, 1);
    let done = minter(&mut h, person, MinterCall::ClaimFor { id });
    assert_eq!(done.refusal.as_deref(), Some("UnknownRequest"));
    let done = minter(&mut h, person, MinterCall::SetAutoPay { on: true });
    assert_eq!(done.refusal.as_deref(), Some("Halted"));
}
