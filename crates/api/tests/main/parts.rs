//! The parts around the minter: every route, by figures worked out by hand.

use alloy::primitives::{Address, B256, U256};
use serde_json::{Value, json};

use crate::{
    figures::{line, minter, u},
    world::{
        COIN_VAULT, CONVERTER, ICoinVault, IConverter, IMinter, IRoute, IVault, LineState, MINTER,
        ROUTE, VAULT, Views, World, account, config, ray, wei,
    },
};

fn hex(account: Address) -> String {
    format!("{account:#x}")
}

fn sum(account: Address) -> String {
    account.to_checksum(None)
}

fn numbered(events: Vec<(&'static str, Value)>) -> Vec<(u64, &'static str, Value)> {
    (0_u64..)
        .zip(events)
        .map(|(n, (name, args))| (n, name, args))
        .collect()
}

fn asked(id: U256, owner: Address, lst: u64) -> (&'static str, Value) {
    (
        "ExitRequested",
        json!({ "id": id.to_string(), "owner": hex(owner), "lst": wei(lst).to_string(), "hint": "65535" }),
    )
}

fn receipt(from: Address, to: Address, id: U256) -> (&'static str, Value) {
    (
        "receipts.Transfer",
        json!({ "from": hex(from), "to": hex(to), "tokenId": id.to_string() }),
    )
}

#[tokio::test]
async fn a_deployment_without_a_part_says_which() {
    let mut config = config();
    let liquid = config.public.contracts.liquid.as_mut().unwrap();
    liquid.vault = None;
    liquid.coin_vault = None;
    liquid.receipts = None;
    let world = World::with(config).await;
    let who = account(7);
    for (path, part) in [
        ("/api/v1/vault".to_owned(), "vault"),
        ("/api/v1/vault/history".to_owned(), "vault"),
        (format!("/api/v1/accounts/{who}/vault"), "vault"),
        (
            format!("/api/v1/accounts/{who}/vault/requests"),
            "coinVault",
        ),
        (format!("/api/v1/accounts/{who}/receipts"), "receipts"),
        ("/api/v1/receipts/1".to_owned(), "receipts"),
    ] {
        let answer = world.get(&path).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "not_found"),
            "{path}"
        );
        assert_eq!(
            answer.message(),
            format!("no part of this deployment `{part}`"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_bad_value_is_named() {
    let world = World::new().await;
    for (path, code, value) in [
        ("/api/v1/receipts/1x", "invalid_id", "1x"),
        ("/api/v1/receipts/-1", "invalid_id", "-1"),
        ("/api/v1/accounts/0x12/vault", "invalid_address", "0x12"),
        (
            "/api/v1/accounts/0x12/vault/requests",
            "invalid_address",
            "0x12",
        ),
        ("/api/v1/accounts/0x12/receipts", "invalid_address", "0x12"),
        ("/api/v1/accounts/0x12/payouts", "invalid_address", "0x12"),
        ("/api/v1/quote/pool?amount=0", "invalid_amount", "0"),
        ("/api/v1/quote/pool", "invalid_parameter", "amount"),
        ("/api/v1/vault/history?cursor=zz", "invalid_cursor", "zz"),
        ("/api/v1/pools/sales?cursor=zz", "invalid_cursor", "zz"),
        ("/api/v1/reserve/history?cursor=zz", "invalid_cursor", "zz"),
        ("/api/v1/converter/sales?cursor=zz", "invalid_cursor", "zz"),
        ("/api/v1/delegates?cursor=zz", "invalid_cursor", "zz"),
        ("/api/v1/scheduled?cursor=zz", "invalid_cursor", "zz"),
        ("/api/v1/scheduled?limit=0", "invalid_parameter", "limit"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, code),
            "{path}"
        );
        assert!(answer.message().contains(value), "{path}: {}", answer.text);
    }
    let answer = world.get("/api/v1/receipts/77").await;
    assert_eq!(
        (answer.status, answer.message().as_str()),
        (404, "no receipt `77`")
    );
}

#[tokio::test]
async fn the_vault_and_an_accounts_part_of_it() {
    let world = World::new().await;
    let (one, two) = (account(1), account(2));
    let moved = |from: Address, to: Address, value: u64| {
        (
            "vault.Transfer",
            json!({ "from": hex(from), "to": hex(to), "value": wei(value).to_string() }),
        )
    };
    world
        .index(numbered(vec![
            moved(Address::ZERO, one, 10),
            (
                "vault.Deposit",
                json!({ "sender": hex(one), "owner": hex(one), "assets": wei(10).to_string(), "shares": wei(10).to_string() }),
            ),
            moved(one, two, 4),
        ]))
        .await;
    let harvest = world
        .index(numbered(vec![(
            "vault.Harvested",
            json!({ "caller": hex(two), "coins": wei(3).to_string(), "lst": wei(2).to_string() }),
        )]))
        .await;
    world
        .index(numbered(vec![
            moved(two, Address::ZERO, 1),
            (
                "vault.Withdraw",
                json!({ "sender": hex(two), "receiver": hex(two), "owner": hex(two), "assets": wei(1).to_string(), "shares": wei(1).to_string() }),
            ),
            (
                "coinVault.RedeemRequest",
                json!({ "controller": hex(two), "owner": hex(two), "requestId": "3", "sender": hex(two), "shares": wei(1).to_string() }),
            ),
        ]))
        .await;
    world
        .index(numbered(vec![
            (
                "coinVault.RedeemRequest",
                json!({ "controller": hex(two), "owner": hex(two), "requestId": "4", "sender": hex(two), "shares": wei(2).to_string() }),
            ),
            (
                "coinVault.RedeemRequest",
                json!({ "controller": hex(two), "owner": hex(two), "requestId": "5", "sender": hex(two), "shares": wei(3).to_string() }),
            ),
            (
                "coinVault.RedeemRequestCancelled",
                json!({ "controller": hex(two), "receiver": hex(two), "requestId": "5", "shares": wei(3).to_string(), "lst": wei(3).to_string() }),
            ),
        ]))
        .await;
    let vault = Views::default()
        .any::<IVault::totalSupplyCall>(&wei(9))
        .any::<IVault::totalAssetsCall>(&wei(12))
        .any::<IVault::lstHeldCall>(&wei(11))
        .any::<IVault::pendingRewardsCall>(&(wei(2), wei(1)).into())
        .on(
            &IVault::convertToAssetsCall { shares: ray() },
            &(ray() * u(4) / u(3)),
        )
        .on(&IVault::balanceOfCall { account: two }, &wei(3))
        .on(&IVault::convertToAssetsCall { shares: wei(3) }, &wei(4))
        .on(&IVault::maxRedeemCall { owner: two }, &wei(2));
    let of = |id: u64, pending: u64, claimable: u64, coins: u64| {
        let (id, controller) = (u(id), two);
        let waits = ICoinVault::pendingRedeemRequestCall {
            requestId: id,
            controller,
        };
        let funded = ICoinVault::claimableRedeemRequestCall {
            requestId: id,
            controller,
        };
        let worth = ICoinVault::claimableAssetsCall {
            requestId: id,
            controller,
        };
        move |views: Views| {
            views
                .on(&waits, &wei(pending))
                .on(&funded, &wei(claimable))
                .on(&worth, &wei(coins))
                .on(&ICoinVault::ticketOfCall { requestId: id }, &id)
        }
    };
    let coin_vault = of(5, 0, 0, 0)(of(4, 2, 0, 0)(of(3, 0, 1, 7)(Views::default())));
    world.chain.install(VAULT, vault);
    world.chain.install(COIN_VAULT, coin_vault);
    world.chain.install(
        MINTER,
        minter()
            .any::<IMinter::depositTermsCall>(&(ray() / u(2), U256::ZERO).into())
            .any::<IMinter::openRungCall>(&u(3))
            .on(
                &IMinter::exitEtaCall { id: u(4) },
                &(u(1_900_000_000), false).into(),
            ),
    );
    let head = world.chain.head();
    assert_eq!(
        world.get("/api/v1/vault").await.json(),
        json!({
            "address": sum(VAULT), "coinVault": sum(COIN_VAULT), "shares": wei(9).to_string(), "lst": wei(12).to_string(),
            "value": wei(6).to_string(), "price": (ray() * u(4) / u(3)).to_string(), "lstHeld": wei(11).to_string(),
            "pendingCoins": wei(2).to_string(), "open": false, "holders": 2, "harvested": wei(3).to_string(),
            "harvestedAt": harvest.timestamp, "block": head.number,
        })
    );
    let history = world.get("/api/v1/vault/history?limit=2").await.json();
    let seen: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| {
            (
                m["kind"].clone(),
                m["account"].clone(),
                m["lstAfter"].clone(),
                m["sharesAfter"].clone(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (
                json!("withdraw"),
                json!(sum(two)),
                json!(wei(11).to_string()),
                json!(wei(9).to_string())
            ),
            (
                json!("harvest"),
                json!(sum(two)),
                json!(wei(12).to_string()),
                json!(wei(10).to_string())
            ),
        ]
    );
    let rest = format!(
        "/api/v1/vault/history?limit=2&cursor={}",
        history["nextCursor"].as_str().unwrap()
    );
    let rest = world.get(&rest).await.json();
    assert_eq!(rest["items"][0]["kind"], "deposit");
    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["nextCursor"]),
        (1, &Value::Null)
    );

    // The rate of these views is 0.95.
    assert_eq!(
        world
            .get(&format!("/api/v1/accounts/{two}/vault"))
            .await
            .json(),
        json!({
            "account": sum(two), "shares": wei(3).to_string(), "lst": wei(4).to_string(), "value": "3800000000000000000",
            "redeemable": wei(2).to_string(), "deposited": "0", "withdrawn": wei(1).to_string(), "claimed": "0",
            "block": head.number,
        })
    );
    let answer = world
        .get(&format!("/api/v1/accounts/{two}/vault/requests"))
        .await;
    let items = answer.json()["items"].as_array().unwrap().clone();
    let seen: Vec<_> = items
        .iter()
        .map(|r| {
            (
                r["id"].as_u64().unwrap(),
                r["rung"].as_u64().unwrap(),
                r["state"].as_str().unwrap(),
                r["promisedAt"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (5, 4, "cancelled", None),
            (4, 3, "open", Some(1_900_000_000)),
            (3, 2, "ready", None),
        ]
    );
    assert_eq!(
        (
            &items[2]["claimable"],
            &items[2]["claimableCoins"],
            &items[0]["lstBack"]
        ),
        (
            &json!(wei(1).to_string()),
            &json!(wei(7).to_string()),
            &json!(wei(3).to_string())
        )
    );
}

#[tokio::test]
async fn a_receipt_goes_with_its_request() {
    let world = World::new().await;
    let (seller, buyer) = (account(3), account(4));
    let (one, two) = (u(1), u(2));
    world
        .index(numbered(vec![
            asked(one, seller, 20),
            asked(two, seller, 5),
            receipt(Address::ZERO, seller, one),
            receipt(Address::ZERO, seller, two),
        ]))
        .await;
    world
        .index(numbered(vec![
            receipt(seller, buyer, one),
            receipt(seller, Address::ZERO, two),
            (
                "receipts.Unwrapped",
                json!({ "tokenId": "2", "requestId": "2", "owner": hex(seller) }),
            ),
        ]))
        .await;
    let funding = |views: Views, id: U256, gross: u64| {
        views
            .on(&IMinter::claimableCall { id }, &(wei(gross), u(3)).into())
            .on(
                &IMinter::exitEtaCall { id },
                &(u(1_800_000_000), false).into(),
            )
    };
    let open = LineState {
        openRung: U256::ZERO,
        ..line()
    };
    let views = funding(funding(minter(), one, 0), two, 0)
        .any::<IMinter::lineCall>(&open)
        .any::<IMinter::findHintsCall>(&(vec![u(1)], vec![u(2)]).into());
    world.chain.install(MINTER, views);

    let answer = world.get("/api/v1/receipts/1").await.json();
    assert_eq!(
        (
            &answer["owner"],
            &answer["state"],
            &answer["paid"],
            &answer["next"]
        ),
        (
            &json!(sum(buyer)),
            &json!("live"),
            &json!("0"),
            &Value::Null
        )
    );
    assert_eq!(answer["mintedAt"], world.chain.block(1).timestamp);
    assert_eq!(answer["txHash"], format!("{:#x}", B256::repeat_byte(2)));
    let request = &answer["request"];
    assert_eq!(
        (
            &request["id"],
            &request["lst"],
            &request["value"],
            &request["state"],
            &request["promisedAt"]
        ),
        (
            &json!("1"),
            &json!(wei(20).to_string()),
            &json!(wei(19).to_string()),
            &json!("open"),
            &json!(1_800_000_000)
        )
    );
    assert_eq!(request["receipt"], "1");
    // The seller's list has what it owned last, the buyer's what it bought; requests go along.
    let ids = async |path: String| {
        let items = world.get(&path).await.json()["items"].clone();
        let items = items.as_array().unwrap().clone();
        items
            .iter()
            .map(|r| {
                (
                    r["id"].as_str().unwrap().to_owned(),
                    r["state"].as_str().unwrap().to_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    let pair = |id: &str, state: &str| (id.to_owned(), state.to_owned());
    assert_eq!(
        ids(format!("/api/v1/accounts/{seller}/receipts")).await,
        [pair("2", "unwrapped")]
    );
    assert_eq!(
        ids(format!("/api/v1/accounts/{buyer}/receipts")).await,
        [pair("1", "live")]
    );
    assert_eq!(
        ids(format!("/api/v1/accounts/{seller}/requests")).await,
        [pair("2", "open")]
    );
    assert_eq!(
        ids(format!("/api/v1/accounts/{buyer}/requests")).await,
        [pair("1", "open")]
    );
    let lines = world
        .get(&format!("/api/v1/accounts/{buyer}/history"))
        .await
        .json();
    assert_eq!(
        (
            &lines["items"][0]["kind"],
            &lines["items"][0]["counterparty"]
        ),
        (&json!("receiptIn"), &json!(sum(seller)))
    );
}

#[tokio::test]
async fn pools_their_quote_and_their_sales() {
    let world = World::new().await;
    let (pool, v3) = (account(0x51), account(0x52));
    let head = world
        .index(numbered(vec![
            ("AmmPoolSet", json!({ "route": hex(ROUTE), "pool": hex(pool), "style": "1", "feeBps": "30" })),
            (
                "AmmExit",
                json!({ "account": hex(account(5)), "recipient": hex(account(5)), "pool": hex(pool), "lst": wei(2).to_string(), "coins": wei(1).to_string() }),
            ),
        ]))
        .await;
    let samples = vec![(format!("pool/{pool:#x}/offBps"), "42".to_owned())];
    world
        .store
        .record_samples(head.number, head.hash, samples, vec![])
        .await
        .unwrap();
    let quoted = IMinter::quoteExitCall { amount: wei(10) };
    let quote = crate::world::ExitQuote {
        instantLst: wei(3),
        instantPay: wei(2),
        instantFeeBps: u(42),
        ammPay: wei(4),
        queueLst: U256::ZERO,
        queueValue: U256::ZERO,
        queueEta: U256::ZERO,
        ammLst: wei(7),
    };
    // 1 % under 0.95, rounded up.
    let least = ray() * u(95) * u(99) / u(10_000);
    let on = minter()
        .any::<IMinter::ammRouteCall>(&(ROUTE, u(100)).into())
        .on(&quoted, &quote);
    let listed = |at: Address, style: u8, fee: u16| IRoute::Pool {
        at,
        style,
        feeBps: fee,
    };
    let route = Views::default()
        .any::<IRoute::poolsCall>(&vec![listed(pool, 1, 30), listed(v3, 2, 0)])
        .on(
            &IRoute::quoteCall {
                lst: wei(10),
                minPrice: least,
            },
            &(pool, wei(8), wei(7)).into(),
        );
    world.chain.install(MINTER, on);
    world.chain.install(ROUTE, route);
    assert_eq!(
        world.get("/api/v1/pools").await.json(),
        json!({
            "route": sum(ROUTE), "slippageBps": 100, "block": head.number, "pools": [
                { "address": sum(pool), "style": "v2", "feeBps": 30, "offBps": 42, "listedAt": head.timestamp },
                { "address": sum(v3), "style": "v3", "feeBps": null, "offBps": null, "listedAt": null },
            ],
        })
    );
    assert_eq!(
        world
            .get(&format!("/api/v1/quote/pool?amount={}", wei(10)))
            .await
            .json(),
        json!({ "pool": sum(pool), "lst": wei(8).to_string(), "pay": wei(7).to_string(), "block": head.number })
    );
    assert_eq!(
        world
            .get(&format!("/api/v1/quote/exit?amount={}", wei(10)))
            .await
            .json()["amm"],
        json!({ "enabled": true, "lst": wei(7).to_string(), "pay": wei(4).to_string() })
    );
    assert_eq!(
        world.get("/api/v1/pools/sales").await.json(),
        json!({ "nextCursor": null, "items": [{
            "pool": sum(pool), "account": sum(account(5)), "lst": wei(2).to_string(), "coins": wei(1).to_string(),
            "at": head.timestamp, "block": head.number, "logIndex": 1,
        }] })
    );
    // Off: no pools, and zeros for a quote.
    world.index(vec![]).await;
    world.chain.install(MINTER, minter());
    let off = world.get("/api/v1/pools").await.json();
    assert_eq!((&off["route"], &off["pools"]), (&Value::Null, &json!([])));
    let quote = world.get("/api/v1/quote/pool?amount=1").await.json();
    assert_eq!(
        (&quote["pool"], &quote["lst"], &quote["pay"]),
        (&Value::Null, &json!("0"), &json!("0"))
    );
}

#[tokio::test]
async fn reserve_and_converter() {
    let world = World::new().await;
    let (token, new) = (account(0x61), account(0x62));
    let head = world
        .index(numbered(vec![
            ("Deposited", json!({ "account": hex(account(1)), "payer": hex(account(1)), "hint": "65535", "coins": "100", "lst": "100" })),
            ("InsuranceFunded", json!({ "from": hex(account(1)), "amount": "9", "held": "9" })),
            ("InsuranceUsed", json!({ "amount": "4", "held": "5" })),
            ("TokenRewardsClaimed", json!({ "validatorId": "1", "token": hex(token), "amount": "100" })),
            ("TokenRewardsClaimed", json!({ "validatorId": "1", "token": hex(new), "amount": "7" })),
            ("converter.Configured", json!({ "token": hex(token), "floor": "11", "perSale": "12", "perDay": "13" })),
            ("converter.Sold", json!({ "token": hex(token), "buyer": hex(account(2)), "amount": "9", "coins": "8", "price": "77" })),
        ]))
        .await;
    let limits = |floor: u64| IConverter::Conversion {
        floor: u(floor),
        perSale: u(12),
        perDay: u(13),
        start: U256::ZERO,
        startedAt: U256::ZERO,
        day: U256::ZERO,
        soldToday: U256::ZERO,
    };
    let sale = Views::default()
        .on(&IConverter::conversionCall { token }, &limits(11))
        .on(&IConverter::forSaleCall { token }, &u(3))
        .on(&IConverter::priceCall { token }, &u(78))
        .on(&IConverter::conversionCall { token: new }, &limits(0))
        .on(&IConverter::forSaleCall { token: new }, &U256::ZERO)
        .refuse(&IConverter::priceCall { token: new }, [1, 2, 3, 4]);
    world.chain.install(CONVERTER, sale);
    let views = minter()
        .any::<IMinter::insuranceCall>(&u(5))
        .any::<IMinter::converterCall>(&CONVERTER);
    world.chain.install(MINTER, views);
    assert_eq!(
        world.get("/api/v1/reserve").await.json(),
        json!({ "held": "5", "block": head.number })
    );
    assert_eq!(
        world.get("/api/v1/reserve/history").await.json()["items"],
        json!([
            { "kind": "used", "account": null, "amount": "4", "held": "5", "at": head.timestamp, "block": head.number },
            { "kind": "funded", "account": sum(account(1)), "amount": "9", "held": "9", "at": head.timestamp, "block": head.number },
        ])
    );
    let answer = world.get("/api/v1/converter").await.json();
    assert_eq!(answer["address"], sum(CONVERTER));
    assert_eq!(
        answer["tokens"],
        json!([
            {
                "token": sum(token), "floor": "11", "perSale": "12", "perDay": "13", "forSale": "3", "price": "78",
                "received": "100", "sold": "9", "coins": "8",
            },
            {
                "token": sum(new), "floor": "0", "perSale": "12", "perDay": "13", "forSale": "0", "price": null,
                "received": "7", "sold": "0", "coins": "0",
            },
        ])
    );
    assert_eq!(
        world.get("/api/v1/converter/sales").await.json()["items"],
        json!([{
            "token": sum(token), "buyer": sum(account(2)), "amount": "9", "coins": "8", "price": "77", "at": head.timestamp,
            "block": head.number, "logIndex": 6,
        }])
    );
}

#[tokio::test]
async fn payouts_delegates_announcements_and_the_halt() {
    let world = World::new().await;
    let (contract, delegate, halt) = (account(0x71), account(0x72), account(0x73));
    let operation = B256::repeat_byte(0x11);
    let name = format!("0x{:0<64}", alloy::primitives::hex::encode("haltCode"));
    let data = {
        use alloy::sol_types::SolCall;
        let call = IMinter::setDelegateClaimerCall {
            account: contract,
            delegate,
        };
        alloy::primitives::hex::encode_prefixed(call.abi_encode())
    };
    let first = world
        .index(numbered(vec![
            ("AddressSet", json!({ "name": name, "value": hex(halt) })),
            ("Upgraded", json!({ "implementation": hex(account(0x74)) })),
            ("AutoPaySet", json!({ "owner": hex(contract), "on": true })),
            (
                "Scheduled",
                json!({ "operation": operation, "scheduledAt": "1700000000", "data": data }),
            ),
            (
                "EmergencySigned",
                json!({ "what": "0", "to": hex(halt), "by": hex(delegate), "until": "1800000000" }),
            ),
        ]))
        .await;
    let views = minter()
        .on(&IMinter::autoPayCall { owner: contract }, &true)
        .on(&IMinter::autoPayCall { owner: delegate }, &false)
        .any::<IMinter::longestExitCall>(&u(500))
        .on(&IMinter::scheduledAtCall { operation }, &u(1_700_000_000));
    world.chain.install(MINTER, views.clone());
    let proposed = json!({
        "account": sum(contract), "delegate": null, "activeFrom": null, "proposed": sum(delegate),
        "proposedAt": 1_700_000_000, "closed": false,
    });
    assert_eq!(
        world
            .get(&format!("/api/v1/accounts/{contract}/payouts"))
            .await
            .json(),
        json!({ "account": sum(contract), "autoPay": true, "autoPaySetAt": first.timestamp, "delegate": proposed })
    );
    let silent = world
        .get(&format!("/api/v1/accounts/{delegate}/payouts"))
        .await
        .json();
    assert_eq!(
        (&silent["autoPay"], &silent["autoPaySetAt"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(silent["delegate"]["account"], sum(delegate));
    assert_eq!(
        world.get("/api/v1/delegates").await.json()["items"],
        json!([proposed])
    );
    assert_eq!(
        world.get("/api/v1/scheduled").await.json()["items"],
        json!([{
            "operation": operation, "call": "setDelegateClaimer(address,address)", "data": data, "at": 1_700_000_000,
            "waits": true, "executableAt": 1_700_000_500, "cancelled": false, "block": first.number,
        }])
    );
    let answer = world.get("/api/v1/halt").await.json();
    assert_eq!(
        (
            &answer["halted"],
            &answer["haltCode"],
            &answer["implementation"],
            &answer["reader"]
        ),
        (
            &json!(false),
            &json!(sum(halt)),
            &json!(sum(account(0x74))),
            &Value::Null
        )
    );
    assert_eq!(
        answer["emergencies"],
        json!([{
            "what": "halt", "target": sum(halt), "signer": sum(delegate), "done": false, "until": 1_800_000_000,
            "at": first.timestamp, "block": first.number,
        }])
    );

    // Carried out: the delegate is in force, the announcement waits no more, the halt is the code.
    let second = world
        .index(numbered(vec![
            (
                "DelegateSet",
                json!({ "account": hex(contract), "delegate": hex(delegate), "kept": "0" }),
            ),
            (
                "EmergencyDone",
                json!({ "what": "0", "to": hex(halt), "by": hex(contract) }),
            ),
            ("Upgraded", json!({ "implementation": hex(halt) })),
        ]))
        .await;
    let done = views.on(&IMinter::scheduledAtCall { operation }, &U256::ZERO);
    world.chain.install(MINTER, done);
    let answer = world.get("/api/v1/delegates").await.json();
    assert_eq!(
        (
            &answer["items"][0]["delegate"],
            &answer["items"][0]["activeFrom"],
            &answer["items"][0]["proposed"]
        ),
        (
            &json!(sum(delegate)),
            &json!(second.timestamp),
            &Value::Null
        )
    );
    assert_eq!(
        world.get("/api/v1/scheduled").await.json()["items"][0]["waits"],
        false
    );
    let answer = world.get("/api/v1/halt").await.json();
    assert_eq!(
        (&answer["halted"], &answer["emergencies"][0]["done"]),
        (&json!(true), &json!(true))
    );
}
