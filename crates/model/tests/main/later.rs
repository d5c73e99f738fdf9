//! Worked by hand: pools, reserve, receipts, pushes, delegates, reward tokens, vaults, halt.

use crate::world::*;
use omnibus_model::*;
use ruint::aliases::U256;

const GUARDIAN: Address = Address::short(4);
const SAFE: Address = Address::short(21);
const ROUTE: Address = Address::short(31);
const PAIR: Address = Address::short(32);
const CONVERTER: Address = Address::short(33);
const HALT: Address = Address::short(34);

fn world() -> World {
    let mut w = World::new(&[(0, 1, 2)]);
    let role = Role::Guardian;
    w.ok(
        ADMIN,
        MinterCall::GrantRole {
            role,
            account: GUARDIAN,
        },
    );
    w
}

/// A quarter of one coin per LST.
fn quarter() -> Rate {
    Rate::new(RAY / U256::from(4))
}

#[test]
fn a_sale_stops_where_the_next_wei_would_bring_less_than_its_price() {
    let pool = Pool {
        at: PAIR,
        lst: Shares::of(10_000),
        coins: Assets::of(10_000),
    };
    // Without a fee the price after a sale of d is 10^8 / (10,000 + d)^2: a quarter at d = 10,000, which brings half.
    let all = pool
        .quote_down(Bps::new(0), Shares::of(50_000), quarter())
        .unwrap();
    assert_eq!(
        (all.lst, all.coins),
        (Shares::of(10_000), Assets::of(5_000))
    );
    // 2,500 of 12,500 is a fifth of the coins.
    let some = pool
        .quote_down(Bps::new(0), Shares::of(2_500), quarter())
        .unwrap();
    assert_eq!(
        (some.lst, some.coins),
        (Shares::of(2_500), Assets::of(2_000))
    );
    // Of 10,000 in, 9,970 count: 99,700,000 * 10,000 / 199,700,000, down.
    let fee = pool
        .quote_down(Bps::new(30), Shares::of(10_000), Rate::new(U256::from(1)))
        .unwrap();
    assert_eq!(fee.coins, Assets::of(4_992));
    // The first wei already brings less than a coin.
    let none = pool
        .quote_down(Bps::new(0), Shares::of(1), Rate::ONE)
        .unwrap();
    assert_eq!(none, Sale::default());
    let empty = Pool::default();
    assert_eq!(
        empty
            .quote_down(Bps::new(0), Shares::of(1), quarter())
            .unwrap(),
        Sale::default()
    );
}

#[test]
fn sqrt_rounds_down() {
    for (x, root) in [(0, 0), (1, 1), (3, 1), (4, 2), (99, 9), (100, 10)] {
        assert_eq!(sqrt_down(U256::from(x)), U256::from(root));
    }
}

/// A deep pool at one to one without a fee, listed; Alice has 100 LST and the buffer 101 coins.
fn with_pool() -> World {
    let mut w = world();
    w.deposit(ALICE, 100);
    let wrapped: Account = w.s.places.wrapped_coin.into();
    w.give(wrapped, 1_000_000);
    w.s.pool = Pool {
        at: PAIR,
        lst: lst(1_000_000),
        coins: coins(1_000_000),
    };
    w.s.token.holders.entry(PAIR).or_default().balance = lst(1_000_000);
    let route = ROUTE;
    w.ok(
        ADMIN,
        MinterCall::SetAmmRoute {
            route,
            slippage: Bps::new(500),
        },
    );
    w.ok(
        ADMIN,
        MinterCall::SetAmmPool {
            pool: PAIR,
            style: Style::V2,
            fee: Bps::new(30),
        },
    );
    w
}

#[test]
fn l33_what_a_pool_pays_comes_with_the_exit_and_touches_no_books() {
    let mut w = with_pool();
    let before = w.s.balance(ALICE);
    let amount = lst(10);
    let params = ExitParams {
        instant_max: Shares::ZERO,
        amm_max: amount,
        queue_max: Shares::ZERO,
        min_out_now: coins(9),
        fee_limit_bps: U256::ZERO,
        deadline: w.at(),
        recipient: ALICE,
    };
    let held = w.s.minter.headroom;
    let out = w.ok(ALICE, MinterCall::Redeem { amount, params });
    // 9.97 of 10 count, against a million: 9.97 * 1,000,000 / 1,000,009.97.
    let paid = w.s.balance(ALICE).minus(before).unwrap();
    let nines = mul_div_down(
        U256::from(997_u64) * U256::from(E),
        U256::from(1_000_000_u64),
        U256::from(100_000_997_u64),
    );
    assert_eq!(paid.raw(), nines.unwrap());
    assert_eq!(World::events(&out, "AmmExit"), 1);
    assert_eq!(w.s.minter.headroom, held);
    assert_eq!(w.s.token.balance(PAIR), lst(1_000_010));
    assert_eq!(w.s.token.total_supply, lst(1 + 100));
}

#[test]
fn l33_below_the_cap_nothing_is_sold_and_the_exit_queues() {
    let mut w = with_pool();
    // 0.9 coins per LST lies below the cap of 0.95.
    w.s.pool.coins = coins(900_000);
    let amount = lst(10);
    let params = ExitParams {
        instant_max: Shares::ZERO,
        amm_max: amount,
        queue_max: amount,
        min_out_now: Assets::ZERO,
        fee_limit_bps: U256::ZERO,
        deadline: w.at(),
        recipient: ALICE,
    };
    let out = w.ok(ALICE, MinterCall::Redeem { amount, params });
    assert_eq!(World::events(&out, "AmmSkipped"), 1);
    assert_eq!(w.s.minter.line.staged_lst, amount);
    assert_eq!(w.s.token.balance(PAIR), lst(1_000_000));
}

#[test]
fn the_reserve_pays_first_and_never_raises_the_rate() {
    let mut w = world();
    w.deposit(ALICE, 99);
    w.ok(ADMIN, MinterCall::SetWithholdRatio { bps: Bps::new(0) });
    w.stake(0, 50);
    w.ok(BOB, MinterCall::FundInsurance { coins: coins(20) });
    let held = w.s.minter.headroom;
    w.slash(0);
    let pay = MinterCall::WithdrawInsurance {
        recipient: ADMIN,
        amount: coins(1),
    };
    let refused = w.try_(ADMIN, pay.clone());
    assert_eq!(refused, Err(Error::SlashNotBooked(ValidatorId(0))));
    let validator = ValidatorId(0);
    w.ok(CAROL, MinterCall::BookSlash { validator });
    // 100 LST had 100 coins; 50 are lost and 20 come: 70.
    assert_eq!(w.s.minter.rate.raw(), RAY / U256::from(10) * U256::from(7));
    assert_eq!(w.s.minter.headroom, held.plus(coins(20)).unwrap());
    assert!(w.s.minter.insurance.is_zero());
    // What comes later waits for the next loss.
    w.ok(BOB, MinterCall::FundInsurance { coins: coins(5) });
    assert_eq!(w.s.minter.rate.raw(), RAY / U256::from(10) * U256::from(7));
    let much = MinterCall::WithdrawInsurance {
        recipient: ADMIN,
        amount: coins(6),
    };
    assert_eq!(
        w.try_(ADMIN, much),
        Err(Error::InsuranceTooMuch(coins(6), coins(5)))
    );
    w.ok(ADMIN, pay);
    assert_eq!(w.s.balance(ADMIN), coins(1));
}

/// Alice's request of 40 LST, closed, with 20 of its 40 coins paid in by pro rata; the other 20 stay staked.
fn half_funded(w: &mut World) -> RequestId {
    w.deposit(ALICE, 99);
    w.ok(ADMIN, MinterCall::SetWithholdRatio { bps: Bps::new(0) });
    w.stake(0, 80);
    let id = w.queue(ALICE, lst(40));
    w.wait(HOUR);
    w.close();
    w.ok(
        KEEPER,
        MinterCall::FulfillProRata {
            users: vec![],
            ids: vec![],
            max_spend: coins(20),
        },
    );
    id
}

#[test]
fn l40_a_partial_claim_burns_the_receipt_and_mints_the_next_version() {
    let mut w = world();
    let id = half_funded(&mut w);
    w.ok(ALICE, MinterCall::MintReceipt { id });
    let first = ReceiptId {
        request: id,
        version: 0,
    };
    assert_eq!(w.s.receipts.owners[&first], ALICE);
    let sell = ReceiptsCall::TransferFrom {
        from: ALICE,
        to: BOB,
        id: first,
    };
    w.call(ALICE, Call::Receipts(sell)).unwrap();
    let redeem = |id, recipient| Call::Receipts(ReceiptsCall::Redeem { id, recipient });
    assert_eq!(
        w.call(ALICE, redeem(first, ALICE)),
        Err(Error::NotReceiptOwner(first, ALICE))
    );
    let before = w.s.balance(CAROL);
    w.call(BOB, redeem(first, CAROL)).unwrap();
    // Half of 40 coins less the standard fee of 5 bps.
    let paid = coins(20).minus(Assets::of(E / 100)).unwrap();
    assert_eq!(w.s.balance(CAROL), before.plus(paid).unwrap());
    let next = ReceiptId {
        request: id,
        version: 1,
    };
    assert_eq!(w.s.receipts.owners[&next], BOB);
    assert_eq!(
        w.call(BOB, redeem(first, BOB)),
        Err(Error::NoSuchReceipt(first))
    );
    // Unwrapped and wrapped again it is the version after.
    w.call(BOB, Call::Receipts(ReceiptsCall::Unwrap { id: next }))
        .unwrap();
    assert_eq!(w.s.minter.line.tickets[&id].owner, BOB);
    w.ok(BOB, MinterCall::MintReceipt { id });
    assert_eq!(
        w.s.receipts.owners.keys().next().unwrap().version,
        2,
        "a burned id never comes back"
    );
}

#[test]
fn l41_a_receipt_is_never_pushed() {
    let mut w = world();
    w.deposit(ALICE, 99);
    let id = w.queue(ALICE, lst(5));
    w.wait(HOUR);
    w.close();
    w.depart();
    w.ok(BOB, MinterCall::Finalize);
    w.ok(ALICE, MinterCall::MintReceipt { id });
    let receipts = w.s.places.receipts;
    assert_eq!(
        w.try_(BOB, MinterCall::ClaimFor { id }),
        Err(Error::AutoPayOff(receipts))
    );
    let users = vec![receipts];
    let ids = vec![id];
    let out = w.ok(KEEPER, MinterCall::FulfillRequests { users, ids });
    assert_eq!(out.ret, vec![word(0), word(0)]);
}

#[test]
fn an_account_with_code_is_pushed_once_it_says_so() {
    let mut w = world();
    w.outside(StakingCall::PutCode { account: SAFE });
    w.deposit(ALICE, 99);
    let amount = lst(5);
    w.call(ALICE, Call::Token(TokenCall::Transfer { to: SAFE, amount }))
        .unwrap();
    let id = w.queue(SAFE, amount);
    w.wait(HOUR);
    w.close();
    w.depart();
    w.ok(BOB, MinterCall::Finalize);
    assert_eq!(
        w.try_(BOB, MinterCall::ClaimFor { id }),
        Err(Error::AutoPayOff(SAFE))
    );
    w.ok(SAFE, MinterCall::SetAutoPay { on: true });
    w.ok(BOB, MinterCall::ClaimFor { id });
    let fee = Assets::of(5 * E / 2_000);
    assert_eq!(w.s.balance(SAFE), coins(5).minus(fee).unwrap());
}

#[test]
fn l13_a_delegate_gets_what_is_earned_from_then_on_and_nothing_after_a_claim() {
    let mut w = world();
    w.outside(StakingCall::PutCode { account: SAFE });
    w.deposit(ALICE, 99);
    let amount = lst(99);
    w.call(ALICE, Call::Token(TokenCall::Transfer { to: SAFE, amount }))
        .unwrap();
    w.ok(BOB, MinterCall::LoadRewards { coins: coins(70) });
    w.wait(DAY);
    let set = |delegate| MinterCall::SetDelegateClaimer {
        account: SAFE,
        delegate,
    };
    assert_eq!(
        w.try_(
            ADMIN,
            MinterCall::SetDelegateClaimer {
                account: ALICE,
                delegate: BOB
            }
        ),
        Err(Error::NotContract(ALICE))
    );
    w.ok(ADMIN, set(CAROL));
    let day = w.s.rewards.kept[&SAFE];
    // 63 coins over seven days, to 99 of 100 LST: 8.91 a day.
    let expected = coins(891).mul_div_down(U256::from(1), U256::from(100));
    assert!(expected.unwrap().minus(day).unwrap() < Assets::of(1_000_000));
    w.wait(DAY);
    let (all, by_delegate) = w.s.rewards_of(SAFE, w.at()).unwrap();
    assert_eq!(all, day.plus(by_delegate).unwrap());
    let claim = |recipient| RewardsCall::ClaimAsDelegate {
        account: SAFE,
        recipient,
    };
    assert_eq!(
        w.call(BOB, Call::Rewards(claim(BOB))),
        Err(Error::NotDelegate(SAFE, BOB))
    );
    let before = w.s.balance(CAROL);
    w.call(CAROL, Call::Rewards(claim(CAROL))).unwrap();
    assert_eq!(w.s.balance(CAROL), before.plus(by_delegate).unwrap());
    // The account claims: it gets what was kept, and the delegation is over for good.
    w.call(SAFE, Call::Rewards(RewardsCall::Claim { recipient: SAFE }))
        .unwrap();
    assert_eq!(w.s.balance(SAFE), day);
    assert_eq!(w.try_(ADMIN, set(CAROL)), Err(Error::CanClaim(SAFE)));
}

#[test]
fn a_price_halves_every_hour_in_straight_pieces_and_stops_at_its_floor() {
    let c = Conversion {
        floor: Price::of(1_000),
        start: Price::of(16_000),
        started_at: Timestamp::new(START),
        ..Conversion::default()
    };
    for (age, price) in [
        (0, 16_000),
        (HOUR / 2, 12_000),
        (HOUR, 8_000),
        (3 * HOUR / 2, 6_000),
        (4 * HOUR, 1_000),
        (300 * HOUR, 1_000),
    ] {
        let at = Timestamp::new(START + age);
        assert_eq!(c.price(at).unwrap(), Price::of(price), "after {age} s");
    }
}

#[test]
fn reward_tokens_are_bought_at_the_price_and_become_a_load() {
    let mut w = world();
    let token = w.s.places.reward_token;
    w.ok(
        ADMIN,
        MinterCall::SetConverter {
            converter: CONVERTER,
        },
    );
    w.ok(
        ADMIN,
        MinterCall::SetConversion {
            token,
            floor: Price::of(E / 16),
            per_sale: Goods::of(100 * E),
            per_day: Goods::of(120 * E),
        },
    );
    w.s.goods.insert(CONVERTER.into(), Goods::of(1_000 * E));
    let buy = |amount: u128, max: u128, coins: Assets| {
        Call::Converter(ConverterCall::Buy {
            converter: CONVERTER,
            token,
            amount: Goods::of(amount),
            max_price: Price::of(max),
            coins,
        })
    };
    // It starts at sixteen floors: one coin for one.
    assert_eq!(
        w.call(BOB, buy(101 * E, E, coins(101))),
        Err(Error::AboveLimit(Goods::of(101 * E), Goods::of(100 * E)))
    );
    assert_eq!(
        w.call(BOB, buy(50 * E, E - 1, coins(50))),
        Err(Error::PriceAboveMaximum(Price::of(E), Price::of(E - 1)))
    );
    assert_eq!(
        w.call(BOB, buy(50 * E, E, coins(49))),
        Err(Error::PaymentTooSmall(coins(49), coins(50)))
    );
    let before = w.s.balance(BOB);
    w.call(BOB, buy(50 * E, E, coins(60))).unwrap();
    assert_eq!(w.s.balance(BOB), before.minus(coins(50)).unwrap());
    assert_eq!(w.s.goods_of(BOB), Goods::of(50 * E));
    assert_eq!(w.s.rewards.protocol_fees, coins(5));
    // Half of the limit lifts the price by half; 70 are left today.
    let c = w.s.conversion(CONVERTER, token);
    assert_eq!(c.price(w.at()).unwrap(), Price::of(3 * E / 2));
    assert_eq!(c.room(w.at()), Goods::of(70 * E));
}

fn with_vault() -> World {
    let mut w = world();
    let vault = w.s.places.vault;
    w.ok(ADMIN, MinterCall::SetVault { vault });
    w.deposit(ALICE, 99);
    w.call(
        ALICE,
        Call::Token(TokenCall::Approve {
            spender: vault,
            amount: Shares::MAX,
        }),
    )
    .unwrap();
    w
}

#[test]
fn l23_a_share_starts_at_one_lst_and_a_gift_moves_nothing() {
    let mut w = with_vault();
    let put = |lst| {
        Call::Vault(VaultCall::Deposit {
            lst,
            receiver: ALICE,
        })
    };
    w.call(ALICE, put(lst(10))).unwrap();
    assert_eq!(w.s.vault.balance(ALICE), VaultShares::of(10 * E));
    let to = w.s.places.vault;
    let amount = lst(20);
    w.call(ALICE, Call::Token(TokenCall::Transfer { to, amount }))
        .unwrap();
    assert_eq!(w.s.vault_assets(w.at()).unwrap(), lst(10));
    w.call(ALICE, put(lst(1))).unwrap();
    assert_eq!(w.s.vault.balance(ALICE), VaultShares::of(11 * E));
}

#[test]
fn a_harvest_moves_no_price() {
    let mut w = with_vault();
    let now = w.at();
    w.call(
        ALICE,
        Call::Vault(VaultCall::Deposit {
            lst: lst(50),
            receiver: ALICE,
        }),
    )
    .unwrap();
    w.ok(BOB, MinterCall::LoadRewards { coins: coins(70) });
    w.wait(7 * DAY);
    let before = w.s.vault_assets(w.at()).unwrap();
    // Half of all LST gets half of the 63 coins.
    let off = lst(50).plus(Shares::of(63 * E / 2)).unwrap();
    assert!(off.minus(before).unwrap() < Shares::of(1_000_000));
    w.call(BOB, Call::Vault(VaultCall::Harvest)).unwrap();
    assert_eq!(w.s.vault_assets(w.at()).unwrap(), before);
    assert_eq!(w.s.vault.lst_held, before);
    assert!(now < w.at());
}

#[test]
fn an_exit_in_kind_works_while_deposits_are_paused() {
    let mut w = with_vault();
    w.call(
        ALICE,
        Call::Vault(VaultCall::Deposit {
            lst: lst(50),
            receiver: ALICE,
        }),
    )
    .unwrap();
    w.ok(BOB, MinterCall::LoadRewards { coins: coins(70) });
    w.wait(7 * DAY);
    w.ok(GUARDIAN, MinterCall::PauseDeposits { pause: true });
    let until = w.at().after(7 * DAY);
    assert_eq!(
        w.call(ALICE, Call::Vault(VaultCall::Harvest)),
        Err(Error::Paused(until))
    );
    let shares = VaultShares::of(25 * E);
    let before = w.s.balance(ALICE);
    w.call(
        ALICE,
        Call::Vault(VaultCall::RedeemInKind {
            shares,
            receiver: ALICE,
            owner: ALICE,
        }),
    )
    .unwrap();
    // Half of 50 LST and of 31.5 coins, less what nobody's million shares keep.
    let got = w.s.balance(ALICE).minus(before).unwrap();
    let half = Assets::of(63 * E / 4);
    assert!(half.minus(got).unwrap() < Assets::of(10_000_000));
    assert!(
        lst(25)
            .minus(w.s.vault.lst_held.minus(lst(25)).unwrap())
            .is_ok()
    );
    assert!(!w.s.vault.coins_held.is_zero());
}

#[test]
fn requests_of_one_rung_share_a_pool_and_one_fraction() {
    let mut w = with_vault();
    w.ok(ADMIN, MinterCall::SetWithholdRatio { bps: Bps::new(0) });
    for (receiver, part) in [(ALICE, 30), (BOB, 10)] {
        w.call(
            ALICE,
            Call::Vault(VaultCall::Deposit {
                lst: lst(part),
                receiver,
            }),
        )
        .unwrap();
    }
    w.stake(0, 80);
    for (who, part) in [(ALICE, 30), (BOB, 10)] {
        let call = CoinVaultCall::RequestRedeem {
            shares: VaultShares::of(part * E),
            controller: who,
            owner: who,
        };
        let out = w.call(who, Call::CoinVault(call)).unwrap();
        assert_eq!(out.ret, vec![word(1)], "the first rung is 0");
    }
    assert_eq!(w.s.minter.line.staged_lst, lst(40));
    assert_eq!(w.s.minter.line.tickets.len(), 1, "one ticket for the pool");
    assert_eq!(w.s.exit_claimable(ALICE, 1).unwrap(), Part::default());
    w.wait(HOUR);
    w.close();
    w.ok(
        KEEPER,
        MinterCall::FulfillProRata {
            users: vec![],
            ids: vec![],
            max_spend: coins(20),
        },
    );
    // Pro rata funds a half of everybody: half of the LST waits, and half of the shares are claimable.
    let alice = w.s.exit_claimable(ALICE, 1).unwrap();
    let bob = w.s.exit_claimable(BOB, 1).unwrap();
    let near = |a: VaultShares, b: u128| VaultShares::of(b).min0(a) <= VaultShares::of(2);
    assert!(near(alice.shares, 15 * E) && near(bob.shares, 5 * E));
    let net = coins(20).minus(Assets::of(E / 100)).unwrap();
    let three = net.mul_div_down(U256::from(3), U256::from(4)).unwrap();
    assert!(three.minus(alice.coins).unwrap() <= Assets::of(2));
    // Too late to take it back, and Carol has nothing.
    let cancel = CoinVaultCall::CancelRequest {
        receiver: ALICE,
        controller: ALICE,
    };
    assert_eq!(
        w.call(ALICE, Call::CoinVault(cancel)),
        Err(Error::NothingToCancel(2, ALICE))
    );
    let claim = |controller| CoinVaultCall::ClaimRequest {
        id: 1,
        receiver: controller,
        controller,
    };
    assert_eq!(
        w.call(CAROL, Call::CoinVault(claim(CAROL))),
        Err(Error::NothingToClaimOf(1, CAROL))
    );
    assert_eq!(
        w.call(CAROL, Call::CoinVault(claim(BOB))),
        Err(Error::NotController(BOB, CAROL))
    );
    let before = w.s.balance(BOB);
    w.call(BOB, Call::CoinVault(claim(BOB))).unwrap();
    assert_eq!(w.s.balance(BOB), before.plus(bob.coins).unwrap());
}

/// The first wei that are paid pro rata are the fee's: of shares that no longer wait, and nothing can be claimed for them.
#[test]
fn no_share_of_a_request_is_given_up_for_nothing() {
    let mut w = with_vault();
    w.ok(ADMIN, MinterCall::SetWithholdRatio { bps: Bps::new(0) });
    let receiver = ALICE;
    let part = lst(30);
    w.call(
        ALICE,
        Call::Vault(VaultCall::Deposit {
            lst: part,
            receiver,
        }),
    )
    .unwrap();
    w.stake(0, 80);
    let call = CoinVaultCall::RequestRedeem {
        shares: VaultShares::of(30 * E),
        controller: ALICE,
        owner: ALICE,
    };
    w.call(ALICE, Call::CoinVault(call)).unwrap();
    w.wait(HOUR);
    w.close();
    let wei = MinterCall::FulfillProRata {
        users: vec![],
        ids: vec![],
        max_spend: Assets::of(1),
    };
    let mut paid = Vec::new();
    for _ in 0..5 {
        w.ok(KEEPER, wei.clone());
        let part = w.s.exit_claimable(ALICE, 1).unwrap();
        assert_eq!(part.shares.is_zero(), part.coins.is_zero(), "{part:?}");
        paid.push(part.coins.raw().to::<u64>());
    }
    assert!(paid[0] == 0 && paid[4] > 0, "{paid:?}");
}

#[test]
fn two_may_halt_and_then_only_what_leads_out_goes_on() {
    let mut w = world();
    w.deposit(ALICE, 99);
    let id = w.queue(ALICE, lst(5));
    w.wait(HOUR);
    w.close();
    w.depart();
    w.ok(ADMIN, MinterCall::SetHalt { code: HALT });
    let what = Emergency::Halt;
    let sign = MinterCall::Emergency { what, to: HALT };
    let other = MinterCall::Emergency { what, to: ROUTE };
    assert_eq!(
        w.try_(ADMIN, other),
        Err(Error::BadParameter("haltCode", ROUTE.raw()))
    );
    assert_eq!(
        w.try_(BOB, sign.clone()),
        Err(Error::Unauthorized(BOB, Role::Admin))
    );
    // One signature, twice, does nothing; neither does one that is two days and a second old.
    w.ok(ADMIN, sign.clone());
    w.ok(ADMIN, sign.clone());
    w.wait(2 * DAY + 1);
    w.ok(GUARDIAN, sign.clone());
    assert!(!w.s.halted());
    w.wait(2 * DAY);
    w.ok(ADMIN, sign);
    assert!(w.s.halted());
    let submit = MinterCall::Submit { coins: coins(1) };
    assert_eq!(
        w.try_(ALICE, submit.clone()),
        Err(Error::Halted(Box::new(Call::Minter(submit.clone()))))
    );
    assert!(w.s.deposit_terms(w.at()).1.is_zero());
    w.ok(BOB, MinterCall::Finalize);
    w.withdraw(ALICE, id).unwrap();
    let code = w.s.places.code;
    w.ok(ADMIN, MinterCall::Upgrade { code });
    w.ok(ALICE, submit);
}

#[test]
fn a_rung_that_would_overflow_the_line_waits() {
    let mut w = world();
    w.deposit(ALICE, 99);
    w.queue(ALICE, lst(5));
    w.wait(HOUR);
    let most = MAX_AMOUNT.raw();
    w.s.minter.line.open_lst = Shares::new(most - lst(5).raw() + U256::from(1));
    let room = coins(5).minus(Assets::of(1)).unwrap();
    assert_eq!(
        w.try_(KEEPER, MinterCall::CloseRung),
        Err(Error::AmountTooLarge(coins(5), room))
    );
}

#[test]
fn a_permit_is_its_owners_and_ends() {
    let mut w = world();
    let permit = |signer, deadline| {
        Call::Token(TokenCall::Permit {
            owner: ALICE,
            spender: BOB,
            amount: lst(3),
            deadline: Timestamp::new(deadline),
            signer,
        })
    };
    assert_eq!(
        w.call(CAROL, permit(BOB, START)),
        Err(Error::InvalidSigner(BOB, ALICE))
    );
    assert_eq!(
        w.call(CAROL, permit(ALICE, START - 1)),
        Err(Error::ExpiredSignature(Timestamp::new(START - 1)))
    );
    w.call(CAROL, permit(ALICE, START)).unwrap();
    assert_eq!(w.s.token.allowance(ALICE, BOB), lst(3));
    assert_eq!(w.s.token.nonces[&ALICE], 1);
}
