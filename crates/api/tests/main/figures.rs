//! Live figures: what the contracts say, at one block.

use std::time::Duration;

use alloy::{
    primitives::{Address, U256},
    sol_types::SolError,
};
use serde_json::json;

use crate::world::{
    BucketInfo, ExitQuote, IMinter, IStaking, IToken, LineState, MINTER, STAKING, TOKEN,
    ValidatorState, Views, World, account, config, ray, wei,
};

pub fn u(value: u64) -> U256 {
    U256::from(value)
}

pub fn line() -> LineState {
    LineState {
        end: wei(40),
        watermark: wei(30),
        c: U256::ZERO,
        b: wei(29),
        openLst: wei(9),
        stagedLst: wei(2),
        openRung: u(3),
        openCount: u(4),
        lastClosedAt: u(1_700_000_000),
        committed: wei(1),
        nextDeparture: U256::ZERO,
        latestEta: U256::ZERO,
        marks: U256::ZERO,
        marksDone: U256::ZERO,
        checkpoints: u(2),
    }
}

/// A pot of 100 coins: 6 of 10 in the buffer's target, 60 active, 34 cooling.
pub fn minter() -> Views {
    Views::default()
        .any::<IMinter::assetsCall>(&wei(100))
        .any::<IMinter::supplyCall>(&wei(105))
        .any::<IMinter::rateCall>(&(ray() * u(95) / u(100)))
        .any::<IMinter::getBufferAndQueueStatsCall>(
            &(wei(13), wei(7), wei(34), wei(6), wei(10)).into(),
        )
        .any::<IMinter::activeStakeCall>(&wei(60))
        .any::<IMinter::lineCall>(&line())
        .any::<IMinter::bufferTargetCall>(&wei(10))
        .any::<IMinter::dueCall>(&U256::ZERO)
        .any::<IMinter::instantLiquidityCall>(&wei(5))
        .any::<IMinter::feesAndRatiosCall>(&(u(30), u(100), u(5), u(7), u(1_000), u(10_000)).into())
        .any::<IMinter::flagsCall>(
            &(
                U256::ZERO,
                U256::ZERO,
                U256::ZERO,
                U256::ZERO,
                U256::ZERO,
                false,
            )
                .into(),
        )
        .any::<IMinter::keeperParamsCall>(
            &(
                u(0),
                u(3_600),
                wei(1),
                u(21_600),
                u(3_600),
                u(3_600),
                u(3_600),
                u(3_300),
            )
                .into(),
        )
        .any::<IMinter::validatorsCall>(&vec![1, 2])
        .any::<IMinter::ammRouteCall>(&(Address::ZERO, U256::ZERO).into())
}

#[tokio::test]
async fn the_overview_is_one_block_of_the_chain() {
    let world = World::new().await;
    world.chain.install(MINTER, minter());
    let head = world.index(vec![]).await;
    let answer = world.get("/api/v1/monitoring/overview").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let ether = |n: u64| format!("{n}000000000000000000");
    assert_eq!(
        answer.json(),
        json!({
            "tvl": ether(100), "supply": ether(105), "rate": "950000000000000000000000000",
            "buffer": ether(13), "reserved": ether(7), "headroom": ether(6), "bufferTarget": ether(10),
            "committed": ether(1), "due": "0", "instantLiquidity": ether(5), "active": ether(60), "cooling": ether(34),
            "totalQueued": ether(10), "openLst": ether(9), "stagedLst": ether(2), "openUnits": ether(10),
            "rungCount": 4, "openRungId": 3, "openRungAt": null,
            "nextCloseAt": head.timestamp.max(1_700_003_600),
            // 5 of 10 free: half way between 30 and 100.
            "minInstantFeeBps": 30, "maxInstantFeeBps": 100, "currentInstantFeeBps": 65,
            "standardFeeBps": 5, "withholdBps": 1000, "instantPaused": false, "pausedUntil": null,
            "depositors": 0, "at": head.timestamp, "block": head.number,
        })
    );
    // Every figure was asked of the same block, by its hash.
    let calls: Vec<_> = world
        .node
        .requests()
        .into_iter()
        .filter(|(method, _)| method == "eth_call")
        .collect();
    assert!(calls.len() >= 12, "{calls:?}");
    for (_, params) in calls {
        assert!(
            params[1].to_string().contains(&head.hash.to_string()),
            "{params}"
        );
    }
}

#[tokio::test]
async fn a_pause_shows_until_it_lapses() {
    let world = World::new().await;
    let head = world.chain.head();
    let paused = |until: u64| {
        minter().any::<IMinter::flagsCall>(
            &(
                u(until),
                U256::ZERO,
                U256::ZERO,
                U256::ZERO,
                U256::ZERO,
                true,
            )
                .into(),
        )
    };
    world.chain.install(MINTER, paused(head.timestamp + 1));
    let overview = world.get("/api/v1/monitoring/overview").await.json();
    assert_eq!(
        (&overview["instantPaused"], &overview["pausedUntil"]),
        (&json!(true), &json!(head.timestamp + 1))
    );
    // A vote to slash is open: the fee is the highest.
    assert_eq!(overview["currentInstantFeeBps"], 100);

    world.chain.install(MINTER, paused(head.timestamp));
    world.chain.mine(1);
    let overview = world.get("/api/v1/monitoring/overview").await.json();
    assert_eq!(
        (&overview["instantPaused"], &overview["pausedUntil"]),
        (&json!(false), &json!(null))
    );
}

#[tokio::test]
async fn a_crowd_asks_the_chain_once() {
    let mut config = config();
    config.cache = Duration::from_secs(60);
    let world = World::with(config).await;
    world.chain.install(MINTER, minter());
    world.index(vec![]).await;
    let visits = (0..40).map(|_| world.get("/api/v1/monitoring/overview"));
    let answers = futures_util::future::join_all(visits).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 && answer.text == answers[0].text)
    );
    assert_eq!(world.node.count("eth_call"), 12);
}

/// A world whose answers are kept for an hour, and a question that tells its block.
async fn kept() -> (World, String) {
    let mut config = config();
    config.cache = Duration::from_secs(3_600);
    let world = World::with(config).await;
    let call = IMinter::quoteDepositCall { coins: wei(95) };
    world.chain.install(MINTER, minter().on(&call, &wei(100)));
    (world, format!("/api/v1/quote/deposit?amount={}", wei(95)))
}

/// What was just indexed is asked about at its own block, not at the one that is still in the cache.
#[tokio::test]
async fn an_answer_is_never_from_before_the_index() {
    let (world, quote) = kept().await;
    for _ in 0..3 {
        let indexed = world.index(vec![]).await.number;
        assert_eq!(world.get(&quote).await.json()["block"], json!(indexed));
    }
    // The chain alone goes on: the cache holds.
    world.chain.mine(2);
    let asked = world.node.count("eth_getBlockByNumber");
    world.get(&quote).await;
    assert_eq!(world.node.count("eth_getBlockByNumber"), asked);
}

/// Endpoints that are behind the index are asked once for its block, not by every visitor.
#[tokio::test]
async fn endpoints_behind_the_index_are_asked_once() {
    let (world, quote) = kept().await;
    let indexed = world.index(vec![]).await.number;
    world.node.set_lag(1);
    let asked = world.node.count("eth_getBlockByNumber");
    let visits = (0..20).map(|_| world.get(&quote));
    for answer in futures_util::future::join_all(visits).await {
        assert_eq!(answer.json()["block"], json!(indexed - 1));
    }
    assert_eq!(world.node.count("eth_getBlockByNumber") - asked, 1);
}

#[tokio::test]
async fn an_outage_is_asked_once_as_well() {
    let mut config = config();
    config.cache = Duration::from_secs(60);
    let world = World::with(config).await;
    world.chain_down();
    let before = world.node.count("eth_getBlockByNumber");
    let visits = (0..20).map(|_| world.get("/api/v1/monitoring/overview"));
    assert!(
        futures_util::future::join_all(visits)
            .await
            .iter()
            .all(|answer| answer.status == 503)
    );
    assert_eq!(world.node.count("eth_getBlockByNumber") - before, 1);
}

fn state(weight: u64, active: u64, buckets: u64, target: u64) -> ValidatorState {
    ValidatorState {
        registered: true,
        inactive: false,
        slashed: false,
        booked: false,
        weight: u(weight),
        maxPercentageBps: u(9_000),
        active: wei(active),
        cooling: wei(34),
        buckets: u(buckets),
        targetBuckets: u(target),
        nextDeparture: u(1_800_000_000),
        sweepCursor: U256::ZERO,
        stakeCursor: U256::ZERO,
        claimCursor: U256::ZERO,
    }
}

fn info(id: u16, active: bool, capacity: u64, delegated: u64) -> IStaking::ValidatorInfo {
    IStaking::ValidatorInfo {
        validatorId: id,
        active,
        slashed: false,
        slashedAtTimestamp: U256::ZERO,
        maxCapacity: wei(capacity),
        delegatedAmount: wei(delegated),
        // 5 % of 1e18.
        commission: U256::from(50_000_000_000_000_000_u64),
        l2AdminAddress: account(1),
        l2WithdrawAddress: account(1),
        l1ValidatorAddress: "<script>alert(1)</script>".into(),
        l1AccountAddress: String::new(),
        l1AccountEvmAddress: account(1),
    }
}

#[tokio::test]
async fn validators_show_their_ladder() {
    let world = World::new().await;
    let at = world.chain.head().timestamp;
    let bucket = |n: u8, next: u64, active: u64, cooling: u64| BucketInfo {
        bucket: account(n),
        nextAvailableTime: u(next),
        activeStake: wei(active),
        coolingAmount: wei(cooling),
    };
    let one = IMinter::validatorStateCall { validatorId: 1 };
    let minter = minter()
        .on(&one, &state(3, 45, 5, 4))
        .on(
            &IMinter::validatorStateCall { validatorId: 2 },
            &state(1, 15, 1, 1),
        )
        .on(
            &IMinter::getBucketsCall { validatorId: 1 },
            &vec![
                bucket(0x10, 0, 10, 0),
                bucket(0x11, at + 3_601, 0, 20),
                // Ended this second; safety is an hour.
                bucket(0x12, at + 3_600, 0, 14),
                bucket(0x13, at + 5, 3, 0),
                bucket(0x14, 0, 0, 0),
            ],
        )
        .on(
            &IMinter::getBucketsCall { validatorId: 2 },
            &vec![bucket(0x20, at - 1, 15, 0)],
        )
        .on(
            &IMinter::totalQueuedWithdrawalsPerValidatorCall { validatorId: 1 },
            &wei(8),
        )
        .on(
            &IMinter::totalQueuedWithdrawalsPerValidatorCall { validatorId: 2 },
            &U256::ZERO,
        )
        .any::<IMinter::nextBatchUnstakeTimePerValidatorCall>(&u(1_800_000_000));
    let item = |id, staked| IStaking::ValidatorListItem {
        id,
        totalStaked: wei(staked),
        commission: U256::ZERO,
    };
    let staking = Views::default()
        .any::<IStaking::getValidatorsListCall>(&vec![item(1, 300), item(2, 700)])
        .on(
            &IStaking::getValidatorInfoCall { validatorId: 1 },
            &(info(1, true, 500, 300), wei(300), u(9)).into(),
        )
        .on(
            &IStaking::getValidatorInfoCall { validatorId: 2 },
            &(info(2, false, 0, 700), wei(700), u(9)).into(),
        )
        .on(&IStaking::getSlashVoteCountCall { validatorId: 1 }, &u(1))
        .on(
            &IStaking::getSlashVoteCountCall { validatorId: 2 },
            &U256::ZERO,
        );
    world.chain.install(MINTER, minter);
    world.chain.install(STAKING, staking);

    let answer = world.get("/api/v1/validators").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let validators = answer.json();
    let first = &validators[0];
    let states: Vec<_> = first["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states,
        ["available", "cooling", "matured", "cooling", "retired"]
    );
    assert_eq!(
        first["buckets"][1]["address"],
        account(0x11).to_checksum(None)
    );
    assert_eq!(first["buckets"][1]["nextAvailableTime"], at + 3_601);
    for (field, value) in [
        ("name", json!("Validator 1")),
        ("active", json!(true)),
        ("slashVotes", json!(1)),
        ("weightBps", json!(7_500)),
        ("commissionBps", json!(500)),
        ("capacity", json!(wei(200).to_string())),
        ("ourStake", json!(wei(45).to_string())),
        ("totalStaked", json!(wei(300).to_string())),
        ("queued", json!(wei(8).to_string())),
        ("nextDepartureAt", json!(1_800_000_000)),
        // 10,000 less 500 commission, less one vote; 45 of 60 is its weight exactly.
        ("score", json!(7_000)),
        // (300 + x) * 10000 < 3301 * (1000 + x), the largest x in wei: (3301*1000 - 300*10000)e18 / 6699 = 44.93…
        ("percentageHeadroom", json!("44932079414838035527")),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    let second = &validators[1];
    for (field, value) in [
        ("active", json!(false)),
        ("score", json!(0)),
        ("capacity", json!(null)),
        ("percentageHeadroom", json!("0")),
        ("nextDepartureAt", json!(null)),
    ] {
        assert_eq!(second[field], value, "{field}");
    }
    assert!(
        !answer.text.contains("<script>"),
        "nothing of the validator's own texts is repeated"
    );

    assert_eq!(world.get("/api/v1/validators/2").await.json(), *second);
    let missing = world.get("/api/v1/validators/3").await;
    assert_eq!(
        (missing.status, missing.code().as_str()),
        (404, "not_found")
    );
    assert!(missing.message().contains("`3`"));
}

#[tokio::test]
async fn an_exit_is_quoted_on_all_paths() {
    let world = World::new().await;
    let quote = |instant: u64, queue: u64, eta: u64| ExitQuote {
        instantLst: wei(instant),
        instantPay: wei(instant) - u(1),
        instantFeeBps: u(42),
        ammPay: U256::ZERO,
        queueLst: wei(queue),
        queueValue: wei(queue) - u(2),
        queueEta: u(eta),
        ammLst: U256::ZERO,
    };
    let too_much = IMinter::AmountTooLarge {
        amount: wei(9),
        most: wei(8),
    };
    let staking = Views::default().any::<IStaking::getCooldownIntervalCall>(&u(21 * 86_400));
    world.chain.install(STAKING, staking);
    world.chain.install(
        MINTER,
        minter()
            .on(
                &IMinter::quoteExitCall { amount: wei(10) },
                &quote(3, 7, 1_900_000_000),
            )
            .on(&IMinter::quoteExitCall { amount: wei(1) }, &quote(1, 0, 0))
            .on(&IMinter::quoteExitCall { amount: wei(2) }, &quote(0, 2, 0))
            .refuse(
                &IMinter::quoteExitCall { amount: wei(9) },
                too_much.abi_encode(),
            )
            .refuse(
                &IMinter::quoteExitCall { amount: wei(11) },
                [0xde, 0xad, 0xbe, 0xef, 1, 2, 3],
            )
            .on(&IMinter::quoteDepositCall { coins: wei(95) }, &wei(100))
            .on(
                &IMinter::validatorStateCall { validatorId: 1 },
                &state(1, 1, 22, 22),
            )
            .on(
                &IMinter::validatorStateCall { validatorId: 2 },
                &state(1, 1, 7, 7),
            ),
    );
    let head = world.chain.head();
    let answer = world
        .get(&format!("/api/v1/quote/exit?amount={}", wei(10)))
        .await;
    assert_eq!(
        answer.json(),
        json!({
            "instantNow": { "lst": wei(3).to_string(), "pay": (wei(3) - u(1)).to_string(), "feeBps": 42 },
            // Off: nothing is asked of a pool.
            "amm": { "enabled": false, "lst": "0", "pay": "0" },
            "queue": {
                "lst": wei(7).to_string(), "value": (wei(7) - u(2)).to_string(),
                // Somebody is in the open rung: its fee is fixed.
                "feeBps": 7,
                "eta": 1_900_000_000_u64,
                // (21 d + 1 h) / 7 buckets = 259,714.3 s, up.
                "etaIfMissed": 1_900_259_715_u64,
            },
            "block": head.number,
        })
    );
    let all_now = world
        .get(&format!("/api/v1/quote/exit?amount={}", wei(1)))
        .await
        .json();
    assert_eq!(
        (&all_now["queue"]["eta"], &all_now["queue"]["etaIfMissed"]),
        (&json!(null), &json!(null))
    );
    // Coins are here: only the close of the rung is to be waited for.
    let here = world
        .get(&format!("/api/v1/quote/exit?amount={}", wei(2)))
        .await
        .json();
    assert_eq!(here["queue"]["eta"], head.timestamp.max(1_700_003_600));

    let refused = world
        .get(&format!("/api/v1/quote/exit?amount={}", wei(9)))
        .await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "reverted"));
    assert!(
        refused.message().contains("AmountTooLarge"),
        "{}",
        refused.message()
    );
    assert!(
        refused.message().contains(&wei(8).to_string()),
        "{}",
        refused.message()
    );
    let unknown = world
        .get(&format!("/api/v1/quote/exit?amount={}", wei(11)))
        .await;
    assert!(
        unknown.message().contains("0xdeadbeef"),
        "{}",
        unknown.message()
    );

    let deposit = world
        .get(&format!("/api/v1/quote/deposit?amount={}", wei(95)))
        .await
        .json();
    assert_eq!(
        deposit,
        json!({ "lst": wei(100).to_string(), "rate": "950000000000000000000000000", "block": head.number })
    );
}

#[tokio::test]
async fn an_account_is_valued_at_the_rate() {
    let world = World::new().await;
    let who = account(7);
    let token = Views::default()
        .on(&IToken::balanceOfCall { account: who }, &(wei(3) + u(1)))
        .any::<IToken::balanceOfCall>(&U256::ZERO)
        .on(&IToken::earnedCall { account: who }, &u(77))
        .any::<IToken::earnedCall>(&U256::ZERO);
    world.chain.install(TOKEN, token);
    world.chain.install(MINTER, minter());
    let holder = world
        .get(&format!("/api/v1/accounts/{who:#x}"))
        .await
        .json();
    assert_eq!(
        holder,
        json!({
            "address": who.to_checksum(None), "lstBalance": "3000000000000000001",
            // floor(3.000000000000000001 * 0.95)
            "lstValue": "2850000000000000000", "claimableRewards": "77", "deposited": "0", "claimedRewards": "0", "requests": 0,
        })
    );
    // Somebody who never came by is no error.
    let nobody = world.get(&format!("/api/v1/accounts/{}", account(9))).await;
    assert_eq!(
        (nobody.status, nobody.json()["lstBalance"].as_str()),
        (200, Some("0"))
    );
}

#[tokio::test]
async fn requests_show_where_they_stand() {
    let world = World::new().await;
    let who = account(7);
    let id = |rung: u64, seq: u64| (u(rung) << 32) | u(seq);
    let asked = |id: U256, lst: u64| {
        (
            "ExitRequested",
            json!({ "id": id.to_string(), "owner": format!("{who:#x}"), "lst": wei(lst).to_string(), "hint": "65535" }),
        )
    };
    let closed = |rung: u64, lst: u64, count: u64, end: u64| {
        (
            "RungClosed",
            json!({
                "rung": rung.to_string(), "lst": wei(lst).to_string(), "count": count.to_string(), "unitsEnd": wei(end).to_string(),
                "c0": "0", "feeBps": "5",
            }),
        )
    };
    let numbered = |events: Vec<(&'static str, serde_json::Value)>| {
        (0_u64..)
            .zip(events)
            .map(|(n, (name, args))| (n, name, args))
            .collect::<Vec<_>>()
    };
    let deposited = (
        "Deposited",
        json!({ "account": format!("{who:#x}"), "payer": format!("{who:#x}"), "hint": "65535", "coins": wei(50).to_string(), "lst": wei(50).to_string() }),
    );
    // Rung 0 is funded whole, rung 1 for a half, rung 2 not at all, rung 3 is open.
    world
        .index(numbered(vec![
            deposited,
            asked(id(0, 1), 20),
            closed(0, 20, 1, 20),
        ]))
        .await;
    world
        .index(numbered(vec![
            (
                "EtaMarked",
                json!({ "mark": "1", "units": wei(20).to_string(), "eta": "1800000000" }),
            ),
            asked(id(1, 1), 8),
            asked(id(1, 2), 2),
            closed(1, 10, 2, 30),
            asked(id(2, 1), 5),
            closed(2, 5, 1, 35),
        ]))
        .await;
    world
        .index(numbered(vec![
            ("LineFunded", json!({
                "checkpoint": "1", "watermark": wei(25).to_string(), "b": wei(24).to_string(), "lst": wei(25).to_string(),
                "coins": wei(24).to_string(),
            })),
            asked(id(3, 1), 4),
            asked(id(3, 2), 6),
            ("ExitCancelled", json!({ "id": id(3, 1).to_string(), "owner": format!("{who:#x}"), "lst": wei(4).to_string() })),
        ]))
        .await;
    let line = LineState {
        end: wei(35),
        watermark: wei(25),
        openLst: wei(10),
        stagedLst: wei(6),
        openRung: u(3),
        ..line()
    };
    let claimable = |views: Views, id: U256, gross: u64, fee: u64, eta: u64, revised: bool| {
        views
            .on(
                &IMinter::claimableCall { id },
                &(wei(gross), U256::from(fee)).into(),
            )
            .on(&IMinter::exitEtaCall { id }, &(u(eta), revised).into())
    };
    let mut views = minter()
        .any::<IMinter::lineCall>(&line)
        .any::<IMinter::findHintsCall>(
            &(
                vec![u(11), u(12), u(13), u(14), u(15)],
                vec![u(21), u(22), u(23), u(24), u(25)],
            )
                .into(),
        );
    views = claimable(views, id(0, 1), 19, 3, 0, false);
    views = claimable(views, id(1, 1), 4, 2, 1_800_000_111, true);
    views = claimable(views, id(1, 2), 1, 1, 1_800_000_111, true);
    views = claimable(views, id(2, 1), 0, 0, 1_800_000_222, false);
    views = claimable(views, id(3, 2), 0, 0, 1_800_000_333, false);
    world.chain.install(MINTER, views);

    let answer = world
        .get(&format!("/api/v1/accounts/{who:#x}/requests"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.json()["items"].as_array().unwrap().clone();
    let seen: Vec<_> = items
        .iter()
        .map(|r| {
            (
                r["rung"].as_u64().unwrap(),
                r["seq"].as_u64().unwrap(),
                r["state"].as_str().unwrap(),
                r["position"].as_str().unwrap().to_owned(),
                r["promisedAt"].as_u64(),
                r["revised"].as_bool().unwrap(),
            )
        })
        .collect();
    let ahead = |n: u64| wei(n).to_string();
    assert_eq!(
        seen,
        [
            // Everything unfunded is ahead of the open rung.
            (3, 2, "open", ahead(10), Some(1_800_000_333), false),
            (3, 1, "cancelled", ahead(0), None, false),
            // Half of rung 1 is unfunded: 5 of the 10 units between it and the watermark.
            (2, 1, "waiting", ahead(5), Some(1_800_000_222), false),
            (1, 2, "partial", ahead(0), Some(1_800_000_111), true),
            (1, 1, "partial", ahead(0), Some(1_800_000_111), true),
            (0, 1, "ready", ahead(0), Some(1_800_000_000), false),
        ]
    );
    let first = &items[5];
    for (field, value) in [
        ("id", json!("1")),
        ("lst", json!(wei(20).to_string())),
        ("value", json!(wei(19).to_string())),
        ("feeBps", json!(5)),
        ("claimable", json!((wei(19) - u(3)).to_string())),
        ("paid", json!("0")),
        // The live ones newest first: this is the fifth.
        ("hints", json!([15, 25])),
        ("requestedAt", json!(world.chain.block(1).timestamp)),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    // The open rung's fee is what the contract says now.
    assert_eq!(items[0]["feeBps"], 7);
    assert_eq!(items[0]["id"], id(3, 2).to_string());

    let rungs = world.get("/api/v1/monitoring/rungs").await.json()["items"].clone();
    let seen: Vec<_> = rungs
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            (
                r["id"].as_u64().unwrap(),
                r["state"].as_str().unwrap(),
                r["fundedBps"].as_u64().unwrap(),
                r["promisedAt"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (3, "open", 0, None),
            (2, "closed", 0, None),
            (1, "partial", 5_000, None),
            (0, "funded", 10_000, Some(1_800_000_000))
        ]
    );
    assert_eq!(
        rungs[1],
        json!({
            "id": 2, "lst": wei(5).to_string(), "count": 1, "closedAt": world.chain.block(2).timestamp, "feeBps": 5,
            "unitsStart": wei(30).to_string(), "unitsEnd": wei(35).to_string(), "state": "closed", "fundedBps": 0,
            "promisedAt": null, "revised": false,
        })
    );
    assert_eq!(rungs[0]["feeBps"], json!(null));
    // A walk meets each once.
    let page = world
        .get(&format!("/api/v1/accounts/{who:#x}/requests?limit=4"))
        .await
        .json();
    let rest = world
        .get(&format!(
            "/api/v1/accounts/{who:#x}/requests?limit=4&cursor={}",
            page["nextCursor"].as_str().unwrap()
        ))
        .await
        .json();
    assert_eq!(
        (
            page["items"].as_array().unwrap().len(),
            rest["items"].as_array().unwrap().len()
        ),
        (4, 2)
    );
    assert_eq!(rest["nextCursor"], json!(null));

    // With the chain down what is claimable cannot be said; the history can.
    world.chain_down();
    assert_eq!(
        world
            .get(&format!("/api/v1/accounts/{who:#x}/requests"))
            .await
            .code(),
        "chain_unavailable"
    );
    let history = world
        .get(&format!("/api/v1/accounts/{who:#x}/history"))
        .await
        .json();
    assert_eq!(history["items"].as_array().unwrap().len(), 8);
}

/// A request that the contract does not know, read so many blocks after the one that the index has it from.
async fn unknown_request(blocks: u64) -> serde_json::Value {
    let world = World::new().await;
    let who = account(7);
    let one = u(1);
    world
        .index(vec![(
            0,
            "ExitRequested",
            json!({ "id": "1", "owner": format!("{who:#x}"), "lst": "5", "hint": "65535" }),
        )])
        .await;
    world.chain.mine(blocks);
    let unknown = IMinter::UnknownRequest { id: one }.abi_encode();
    world.chain.install(
        MINTER,
        minter()
            .refuse(&IMinter::findHintsCall { ids: vec![one] }, unknown.clone())
            .refuse(&IMinter::claimableCall { id: one }, unknown.clone())
            .refuse(&IMinter::exitEtaCall { id: one }, unknown),
    );
    let answer = world
        .get(&format!("/api/v1/accounts/{who:#x}/requests"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["items"][0].clone()
}

#[tokio::test]
async fn a_request_that_ended_a_moment_ago_is_no_error() {
    let request = unknown_request(1).await;
    assert_eq!(
        (&request["state"], &request["claimable"]),
        (&json!("claimed"), &json!("0"))
    );
}

/// The block that is read is kept for a moment: a request may be newer.
#[tokio::test]
async fn a_request_that_was_made_a_moment_ago_is_open() {
    assert_eq!(unknown_request(0).await["state"], "open");
}
