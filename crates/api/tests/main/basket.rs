//! The basket: every route, by figures worked out by hand.

use alloy::primitives::{
    Address, B256, Bytes, U256, address,
    aliases::{U40, U48, U88},
};
use chain::bindings::{
    IBasket, ICoreCandidateHub as IHub, ICoreEarn as IEarn, ICoreSleeve, IPriceFeed as IFeed,
    IPriceSource as ISource, ISleeve, IStCoreSleeve, IUnbondingQueue as IQueue,
    basket::IBasketTypes::{Auction, ExitQuote as Quote, SleeveInfo},
    basket_queue::IUnbondingQueue::{EpochInfo, LegInfo},
    core_sleeve::ICoreSleeve::Validator,
    price_feed::IPriceFeed::{Listing, Memory},
};
use omnibus_api::{Addr, ApiConfig, BasketAddresses};
use serde_json::{Value, json};

use crate::{
    figures::u,
    world::{Views, World, account, config, wei},
};

pub const BASKET: Address = address!("00000000000000000000000000000000000000b1");
pub const SHARE: Address = address!("00000000000000000000000000000000000000b2");
pub const QUEUE: Address = address!("00000000000000000000000000000000000000b3");
pub const FEED: Address = address!("00000000000000000000000000000000000000b5");
pub const TIMELOCK: Address = address!("00000000000000000000000000000000000000b6");
pub const GOVERNOR: Address = address!("00000000000000000000000000000000000000b7");
pub const GOV: Address = address!("00000000000000000000000000000000000000b8");
pub const GUARDIAN: Address = address!("00000000000000000000000000000000000000b9");
const CORE_SLEEVE: Address = address!("00000000000000000000000000000000000000c0");
const ST_SLEEVE: Address = address!("00000000000000000000000000000000000000c1");
const BTC_SLEEVE: Address = address!("00000000000000000000000000000000000000c2");
const ST_CORE: Address = address!("00000000000000000000000000000000000000d1");
const WBTC: Address = address!("00000000000000000000000000000000000000d2");
const EARN: Address = address!("00000000000000000000000000000000000000d3");
const HUB: Address = address!("00000000000000000000000000000000000000d4");
const RATE: Address = address!("00000000000000000000000000000000000000e1");
const CHAINLINK: Address = address!("00000000000000000000000000000000000000e2");
const BAND: Address = address!("00000000000000000000000000000000000000e3");
const TWAP: Address = address!("00000000000000000000000000000000000000e4");
const COIN: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");

const DAY: u64 = 86_400;
/// Mined blocks are so far apart.
const BLOCK_TIME: u64 = 12;

alloy::sol! {
    interface IErc20 {
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
    }
    interface ICoreParts {
        function HUB() external view returns (address);
    }
}

/// A deployment of both sides.
pub fn with_basket() -> ApiConfig {
    let mut config = config();
    // Some answers are made of a hundred views: on a busy machine they take their time.
    config.chain_timeout = std::time::Duration::from_secs(60);
    config.public.contracts.basket = Some(BasketAddresses {
        basket: Addr(BASKET),
        token: Addr(SHARE),
        queue: Addr(QUEUE),
        receipts: Addr(account(0xb4)),
        feed: Some(Addr(FEED)),
        timelock: Addr(TIMELOCK),
        governor: Addr(GOVERNOR),
        gov: Addr(GOV),
        guardian: Addr(GUARDIAN),
    });
    config
}

pub fn hex(account: Address) -> String {
    format!("{account:#x}")
}

pub fn sum(account: Address) -> String {
    account.to_checksum(None)
}

pub fn numbered(events: Vec<(&'static str, Value)>) -> Vec<(u64, &'static str, Value)> {
    (0_u64..)
        .zip(events)
        .map(|(n, (name, args))| (n, name, args))
        .collect()
}

/// The next block is mined at this second of the day after the head's.
pub fn tomorrow(world: &World, second: u64) -> u64 {
    let next = world.chain.head().timestamp + BLOCK_TIME;
    let wanted = (next / DAY + 1) * DAY + second;
    world.chain.warp(wanted - next);
    wanted
}

fn e(mantissa: u64, exponent: u64) -> U256 {
    u(mantissa) * u(10).pow(u(exponent))
}

/// Books of a sleeve: units, parts, the basket's parts.
fn books(adapter: Address, token: Address, books: [U256; 3], target: u16) -> SleeveInfo {
    let [units, parts, own] = books;
    SleeveInfo {
        sleeve: adapter,
        token,
        epochToken: token,
        units,
        parts,
        basketParts: own,
        locked: U256::ZERO,
        feeUnits: U256::ZERO,
        round: U256::ZERO,
        cap: units * u(10),
        limit: units,
        level: U256::ZERO,
        targetBps: target,
        bandBps: 500,
        retired: false,
        slow: false,
    }
}

/// 600 coins, of which the basket has five sixths, and one locked; 400 stCORE at 1.1 to 1.3; a thousandth of a BTC at 190,000 to 210,000.
fn three() -> [SleeveInfo; 3] {
    let core = SleeveInfo {
        locked: wei(1),
        feeUnits: u(7),
        round: u(19_675),
        level: wei(60),
        ..books(CORE_SLEEVE, COIN, [wei(600), wei(600), wei(500)], 4_000)
    };
    let st_core = SleeveInfo {
        epochToken: COIN,
        ..books(ST_SLEEVE, ST_CORE, [wei(400); 3], 4_000)
    };
    let btc = books(BTC_SLEEVE, WBTC, [u(100_000); 3], 2_000);
    [core, st_core, btc]
}

fn sleeve(exit: u64, held: U256, idle: U256, rate: U256) -> Views {
    Views::default()
        .any::<ISleeve::MAX_EXITCall>(&u(exit))
        .any::<ISleeve::heldCall>(&held)
        .any::<ISleeve::instantCapacityCall>(&idle)
        .any::<ISleeve::exitTimeCall>(&u(exit))
        .any::<ISleeve::rateCall>(&rate)
}

fn token(symbol: &str, decimals: u8) -> Views {
    Views::default()
        .any::<IErc20::symbolCall>(&symbol.to_owned())
        .any::<IErc20::decimalsCall>(&decimals)
}

fn quoted(views: Views, asset: Address, low: U256, high: U256, state: u8) -> Views {
    views.on(&IFeed::quoteCall { asset }, &(low, high, state).into())
}

fn feed() -> Views {
    let views = quoted(Views::default(), ST_CORE, e(11, 17), e(13, 17), 0);
    quoted(views, WBTC, e(19, 32), e(21, 32), 0)
}

/// The basket's own views: a thousand shares at 1.13 to 1.24.
fn basket(sleeves: &[SleeveInfo]) -> Views {
    let mut views = Views::default()
        .any::<IBasket::sleeveCountCall>(&u(sleeves.len() as u64))
        .any::<IBasket::feedCall>(&FEED)
        .any::<IBasket::feeRecipientCall>(&account(0x99))
        .any::<IBasket::navCall>(&(e(113, 16), e(124, 16), u(0)).into())
        .any::<IBasket::effectiveSupplyCall>(&wei(1_000))
        .any::<IBasket::feesCall>(&(u(10), u(50), u(100), u(1_000)).into())
        .any::<IBasket::idleCall>(&(wei(2), wei(20)).into())
        .any::<IBasket::shareCapCall>(&wei(5_000))
        .any::<IBasket::driftBpsCall>(&u(1_000))
        // A day, its dusk, and ten days from the close on.
        .any::<IBasket::longestExitCall>(&u(DAY + 3_600 + 10 * DAY))
        .any::<IBasket::maxInstantCall>(&wei(80))
        .any::<IBasket::budgetCall>(&(u(1_000_000), u(2_500_000)).into())
        .any::<IBasket::pausedUntilCall>(&(u(0), u(0)).into())
        .any::<IBasket::owedCall>(&u(0))
        .any::<IBasket::waitingPartsCall>(&u(0))
        .any::<IBasket::legRecipientCall>(&Address::ZERO);
    for (number, info) in sleeves.iter().enumerate() {
        let sleeve = u(number as u64);
        views = views.on(&IBasket::sleeveInfoCall { sleeve }, info);
    }
    views
}

/// The queue with one epoch open: closes at, shares asked for.
fn queue(epoch: u64, closes_at: u64, shares: U256) -> Views {
    let asked = !shares.is_zero();
    Views::default()
        .any::<IQueue::openEpochCall>(&(u(epoch), u(closes_at)).into())
        .any::<IQueue::openTicketsCall>(&u(0))
        .on(
            &IQueue::epochInfoCall { epoch: u(epoch) },
            &EpochInfo {
                shares,
                legs: u(0),
                closedAt: u(0),
                dueAt: u(if asked { closes_at } else { 0 }),
            },
        )
}

fn install(world: &World, basket: Views, queue: Views) {
    world.chain.install(BASKET, basket);
    world.chain.install(QUEUE, queue);
    world.chain.install(FEED, feed());
    world.chain.install(SHARE, token("BASKET", 18));
    world.chain.install(ST_CORE, token("stCORE", 18));
    world.chain.install(WBTC, token("WBTC", 8));
}

/// Another contract, from the next block on: of one block the server asks everything once.
pub fn renew(world: &World, address: Address, views: Views) {
    world.chain.install(address, views);
    world.chain.mine(1);
}

fn dawn(time: u64) -> u64 {
    (time / DAY + 1) * DAY
}

fn part(answer: &crate::world::Answer, name: &str, path: &str) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (404, "not_found"),
        "{path}"
    );
    assert_eq!(
        answer.message(),
        format!("no part of this deployment `{name}`"),
        "{path}"
    );
}

#[tokio::test]
async fn a_deployment_without_a_basket_says_so() {
    let world = World::new().await;
    let who = account(7);
    for path in [
        "/api/v1/basket".to_owned(),
        "/api/v1/basket/sleeves".to_owned(),
        "/api/v1/basket/quote-exit?shares=1".to_owned(),
        "/api/v1/basket/quote-deposit?sleeve=0&units=1".to_owned(),
        "/api/v1/basket/quote-mint?shares=1".to_owned(),
        "/api/v1/basket/epochs".to_owned(),
        "/api/v1/basket/epochs/1".to_owned(),
        format!("/api/v1/basket/accounts/{who}"),
        format!("/api/v1/basket/accounts/{who}/history"),
        format!("/api/v1/basket/accounts/{who}/receipts"),
        "/api/v1/basket/receipts/1".to_owned(),
        "/api/v1/basket/history".to_owned(),
        "/api/v1/basket/prices".to_owned(),
        "/api/v1/basket/auctions".to_owned(),
        "/api/v1/governance".to_owned(),
        "/api/v1/governance/proposals".to_owned(),
        "/api/v1/governance/proposals/1".to_owned(),
        format!("/api/v1/governance/accounts/{who}"),
        "/api/v1/governance/timelock".to_owned(),
    ] {
        part(&world.get(&path).await, "basket", &path);
    }
    // Today's clients find what they knew where it was.
    let told = world.get("/api/v1/config").await.json();
    assert_eq!(told["contracts"]["basket"], Value::Null);
    assert_eq!(
        told["contracts"]["minter"],
        sum(address!("00000000000000000000000000000000000000a1"))
    );
    assert_eq!(told["lstSymbol"], "stCOIN");
}

#[tokio::test]
async fn a_deployment_without_the_liquid_side_says_so() {
    let mut config = with_basket();
    config.public.contracts.liquid = None;
    config.public.lst_symbol = None;
    let world = World::with(config).await;
    let who = account(7);
    for path in [
        "/api/v1/monitoring/overview".to_owned(),
        "/api/v1/monitoring/rungs".to_owned(),
        "/api/v1/validators".to_owned(),
        "/api/v1/validators/1".to_owned(),
        format!("/api/v1/accounts/{who}"),
        format!("/api/v1/accounts/{who}/requests"),
        format!("/api/v1/accounts/{who}/history"),
        format!("/api/v1/accounts/{who}/vault"),
        format!("/api/v1/accounts/{who}/vault/requests"),
        format!("/api/v1/accounts/{who}/receipts"),
        format!("/api/v1/accounts/{who}/payouts"),
        "/api/v1/quote/exit?amount=1".to_owned(),
        "/api/v1/quote/deposit?amount=1".to_owned(),
        "/api/v1/quote/pool?amount=1".to_owned(),
        "/api/v1/vault".to_owned(),
        "/api/v1/vault/history".to_owned(),
        "/api/v1/receipts/1".to_owned(),
        "/api/v1/pools".to_owned(),
        "/api/v1/pools/sales".to_owned(),
        "/api/v1/reserve".to_owned(),
        "/api/v1/reserve/history".to_owned(),
        "/api/v1/converter".to_owned(),
        "/api/v1/converter/sales".to_owned(),
        "/api/v1/delegates".to_owned(),
        "/api/v1/halt".to_owned(),
        "/api/v1/scheduled".to_owned(),
        "/api/v1/metrics/history?metric=tvl".to_owned(),
    ] {
        part(&world.get(&path).await, "liquid", &path);
    }
    for path in ["/api/v1/status", "/api/v1/monitoring/events", "/metrics"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
    let told = world.get("/api/v1/config").await.json();
    assert_eq!(
        (&told["contracts"]["minter"], &told["lstSymbol"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        told["contracts"]["basket"],
        json!({
            "basket": sum(BASKET), "token": sum(SHARE), "queue": sum(QUEUE), "receipts": sum(account(0xb4)), "feed": sum(FEED),
            "timelock": sum(TIMELOCK), "governor": sum(GOVERNOR), "gov": sum(GOV), "guardian": sum(GUARDIAN),
        })
    );
}

#[tokio::test]
async fn a_bad_value_is_named() {
    let world = World::with(with_basket()).await;
    install(&world, basket(&three()), queue(3, DAY, U256::ZERO));
    let big = "5192296858534827628530496329220096"; // 2^112
    for (path, code, value) in [
        ("/api/v1/basket/quote-exit", "invalid_parameter", "shares"),
        ("/api/v1/basket/quote-exit?shares=0", "invalid_amount", "0"),
        (
            "/api/v1/basket/quote-exit?shares=-5",
            "invalid_amount",
            "-5",
        ),
        (
            "/api/v1/basket/quote-exit?amount=5",
            "invalid_parameter",
            "amount",
        ),
        (
            &format!("/api/v1/basket/quote-mint?shares={big}"),
            "invalid_amount",
            big,
        ),
        (
            "/api/v1/basket/quote-deposit?units=5",
            "invalid_parameter",
            "sleeve",
        ),
        (
            "/api/v1/basket/quote-deposit?sleeve=0",
            "invalid_parameter",
            "units",
        ),
        (
            "/api/v1/basket/quote-deposit?sleeve=x&units=5",
            "invalid_id",
            "x",
        ),
        (
            "/api/v1/basket/quote-deposit?sleeve=0&units=1e3",
            "invalid_amount",
            "1e3",
        ),
        ("/api/v1/basket/epochs?cursor=zz", "invalid_cursor", "zz"),
        (
            "/api/v1/basket/epochs?limit=0",
            "invalid_parameter",
            "limit",
        ),
        ("/api/v1/basket/epochs/one", "invalid_id", "one"),
        ("/api/v1/basket/accounts/0x12", "invalid_address", "0x12"),
        (
            "/api/v1/basket/accounts/0x12/history",
            "invalid_address",
            "0x12",
        ),
        (
            "/api/v1/basket/accounts/0x12/receipts",
            "invalid_address",
            "0x12",
        ),
        ("/api/v1/basket/receipts/1x", "invalid_id", "1x"),
        (
            "/api/v1/basket/history?from=9&to=8",
            "invalid_parameter",
            "9",
        ),
        (
            "/api/v1/basket/history?step=0",
            "invalid_parameter",
            "step: `0`",
        ),
        (
            "/api/v1/basket/history?from=soon",
            "invalid_parameter",
            "soon",
        ),
        ("/api/v1/basket/auctions?cursor=zz", "invalid_cursor", "zz"),
        (
            "/api/v1/governance/proposals?cursor=zz",
            "invalid_cursor",
            "zz",
        ),
        ("/api/v1/governance/proposals/0x1", "invalid_id", "0x1"),
        (
            "/api/v1/governance/accounts/0x12",
            "invalid_address",
            "0x12",
        ),
        (
            "/api/v1/governance/timelock?cursor=zz",
            "invalid_cursor",
            "zz",
        ),
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, code),
            "{path}"
        );
        assert!(answer.message().contains(value), "{path}: {}", answer.text);
    }
    for (path, message) in [
        (
            "/api/v1/basket/quote-deposit?sleeve=3&units=5",
            "no sleeve `3`",
        ),
        ("/api/v1/basket/epochs/0", "no epoch `0`"),
        ("/api/v1/basket/epochs/4", "no epoch `4`"),
        ("/api/v1/basket/receipts/77", "no receipt `77`"),
        ("/api/v1/governance/proposals/77", "no proposal `77`"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status, answer.message().as_str()),
            (404, message),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_basket_at_one_block() {
    let world = World::with(with_basket()).await;
    let noon = tomorrow(&world, 43_200);
    let head = world.chain.mine(1);
    assert_eq!(head.timestamp, noon);
    let closes_at = dawn(noon);
    let paused = basket(&three())
        .on(
            &IBasket::pausedUntilCall { what: 1 },
            &(u(noon + 60), u(noon + 30 * DAY)).into(),
        )
        .on(
            &IBasket::pausedUntilCall { what: 2 },
            &(u(noon), u(noon + 9)).into(),
        );
    install(&world, paused, queue(3, closes_at, wei(5)));
    let answer = world.get("/api/v1/basket").await.json();
    assert_eq!(
        answer,
        json!({
            "address": sum(BASKET), "token": sum(SHARE), "queue": sum(QUEUE), "receipts": sum(account(0xb4)), "feed": sum(FEED),
            "feeRecipient": sum(account(0x99)), "symbol": "BASKET",
            "nav": { "low": "1130000000000000000", "high": "1240000000000000000", "state": "sound" },
            "shares": wei(1_000).to_string(), "assetsLow": wei(1_130).to_string(), "assetsHigh": wei(1_240).to_string(), "holders": 0,
            "epoch": {
                "id": 3, "shares": wei(5).to_string(), "closesAt": closes_at, "due": false, "takesRequests": true, "takesCancels": true,
                "requestsUntil": closes_at - 3_600,
            },
            "maxInstant": wei(80).to_string(),
            "fees": { "entryBps": 10, "instantBps": 50, "managementBps": 100, "performanceBps": 1_000 },
            "floor": wei(2).to_string(), "buffer": wei(20).to_string(), "shareCap": wei(5_000).to_string(), "driftBps": 1_000,
            "longestExit": 11 * DAY + 3_600,
            "pauses": [
                { "part": "mint", "paused": false, "until": null, "allowedFrom": 0 },
                { "part": "instant", "paused": true, "until": noon + 60, "allowedFrom": noon + 30 * DAY },
                // A pause that ends in this second is over.
                { "part": "auction", "paused": false, "until": null, "allowedFrom": noon + 9 },
            ],
            "budget": { "spent": 1_000_000, "capacity": 2_500_000 },
            "usd": { "nav": null, "assets": null, "source": null, "updatedAt": null, "reason": "unavailable" },
            "at": noon, "block": head.number,
        })
    );
}

#[tokio::test]
async fn a_price_that_nobody_knows_has_no_upper_side() {
    let world = World::with(with_basket()).await;
    let noon = tomorrow(&world, 43_200);
    world.chain.mine(1);
    let most = U256::from(u128::MAX);
    let unsure = basket(&three()).any::<IBasket::navCall>(&(e(9, 17), most, u(1)).into());
    install(&world, unsure, queue(3, dawn(noon), U256::ZERO));
    world
        .chain
        .install(FEED, quoted(feed(), WBTC, U256::ZERO, most, 1));
    let whole = world.get("/api/v1/basket").await.json();
    assert_eq!(
        whole["nav"],
        json!({ "low": "900000000000000000", "high": null, "state": "doubtful" })
    );
    assert_eq!(
        (&whole["assetsLow"], &whole["assetsHigh"]),
        (&json!(wei(900).to_string()), &Value::Null)
    );
    core(&world);
    world.chain.install(ST_SLEEVE, sleeve(1, u(0), u(0), u(0)));
    world.chain.install(BTC_SLEEVE, sleeve(1, u(0), u(0), u(0)));
    let sleeves = world.get("/api/v1/basket/sleeves").await.json();
    let btc = &sleeves["sleeves"][2];
    assert_eq!(
        (&btc["priceLow"], &btc["priceHigh"], &btc["priceState"]),
        (&json!("0"), &Value::Null, &json!("doubtful"))
    );
    assert_eq!(
        (&btc["worthLow"], &btc["worthHigh"]),
        (&json!("0"), &Value::Null)
    );
    // Nobody's weight is known then.
    for number in 0..3 {
        assert_eq!(sleeves["sleeves"][number]["weightBps"], Value::Null);
    }
    world.chain.install(
        BASKET,
        basket(&three())
            .any::<IBasket::navCall>(&(e(9, 17), most, u(1)).into())
            .any::<IBasket::quoteDepositCall>(&U256::ZERO),
    );
    let quote = world
        .get("/api/v1/basket/quote-deposit?sleeve=0&units=1")
        .await
        .json();
    assert_eq!(
        (&quote["available"], &quote["closed"], &quote["state"]),
        (&json!(false), &json!("price"), &json!("doubtful"))
    );
}

/// The coin's sleeve: two validators, the second jailed.
fn core(world: &World) {
    let (one, two) = (account(0x51), account(0x52));
    let validators = vec![
        Validator {
            account: one,
            stake: U88::from(300_000_000_000_000_000_000_u128),
            weight: 3,
        },
        Validator {
            account: two,
            stake: U88::from(200_000_000_000_000_000_000_u128),
            weight: 1,
        },
    ];
    world.chain.install(
        CORE_SLEEVE,
        sleeve(DAY, wei(602), wei(100), u(0))
            .any::<ICoreSleeve::validatorsCall>(&validators)
            .any::<ICoreSleeve::delegatedCall>(&wei(500))
            .any::<ICoreSleeve::tenantCall>(&Address::ZERO)
            .any::<ICoreParts::HUBCall>(&HUB),
    );
    world.chain.install(
        HUB,
        Views::default()
            .any::<IHub::getRoundTagCall>(&u(19_676))
            .on(&IHub::isJailedCall { candidate: one }, &false)
            .on(&IHub::isJailedCall { candidate: two }, &true)
            .on(&IHub::isValidatorCall { candidate: one }, &true)
            .on(&IHub::isValidatorCall { candidate: two }, &false)
            .on(&IHub::canDelegateCall { candidate: one }, &true)
            .on(&IHub::canDelegateCall { candidate: two }, &false),
    );
}

#[tokio::test]
async fn each_sleeve_with_what_it_is() {
    let world = World::with(with_basket()).await;
    // An epoch's stCORE leg is out with ticket 9.
    closed_epoch(&world).await;
    // 2023-11-16, round 19,677.
    let noon = tomorrow(&world, 43_200);
    let head = world.chain.mine(1);
    let today = noon / DAY;
    let mut sleeves = three();
    sleeves[0].round = u(today);
    let views = basket(&sleeves).on(&IBasket::owedCall { sleeve: u(0) }, &wei(100));
    let tickets =
        queue(3, dawn(noon), U256::ZERO).on(&IQueue::openTicketsCall { sleeve: u(1) }, &u(1));
    install(&world, views, tickets);
    core(&world);
    let due_at = noon + 5 * DAY;
    world.chain.install(
        ST_SLEEVE,
        sleeve(8 * DAY, wei(400), U256::ZERO, e(12, 17))
            .any::<IStCoreSleeve::EARNCall>(&EARN)
            .any::<IStCoreSleeve::termsHoldCall>(&true)
            .any::<IStCoreSleeve::MAX_FEECall>(&u(3_000))
            .any::<IStCoreSleeve::freeAccountsCall>(&u(2))
            .on(
                &IStCoreSleeve::ticketInfoCall { ticket: u(9) },
                &(account(0x77), u(due_at)).into(),
            ),
    );
    // Earn does not tell its lock.
    world.chain.install(
        EARN,
        Views::default()
            .any::<IEarn::protocolFeePointsCall>(&u(1_000))
            .any::<IEarn::roundTagCall>(&u(today - 2)),
    );
    // A held token's sleeve that refuses to say what it holds.
    world.chain.install(
        BTC_SLEEVE,
        Views::default().any::<ISleeve::MAX_EXITCall>(&u(0)),
    );
    let answer = world.get("/api/v1/basket/sleeves").await.json();
    assert_eq!(
        (&answer["at"], &answer["block"]),
        (&json!(noon), &json!(head.number))
    );
    let [one, two, three] = [0, 1, 2].map(|n| answer["sleeves"][n].clone());
    assert_eq!(
        one,
        json!({
            "id": 0, "address": sum(CORE_SLEEVE), "kind": "core", "token": sum(COIN), "epochToken": sum(COIN), "symbol": "COIN",
            "decimals": 18, "units": wei(600).to_string(), "parts": wei(600).to_string(), "basketParts": wei(500).to_string(),
            "ownUnits": wei(500).to_string(), "owed": wei(100).to_string(), "locked": wei(1).to_string(), "feeUnits": "7",
            "held": wei(602).to_string(), "instantCapacity": wei(100).to_string(), "rate": null, "harvestedRound": today,
            "harvestedToday": true, "cap": wei(6_000).to_string(), "dailyLimit": wei(600).to_string(), "dailyUsed": wei(60).to_string(),
            "targetBps": 4_000, "bandBps": 500,
            // 500, 480 and 200 coins at mid prices: 500 / 1,180.
            "weightBps": 4_237,
            "priceLow": wei(1).to_string(), "priceHigh": wei(1).to_string(), "priceState": "sound",
            "worthLow": wei(500).to_string(),
            // And five sixths of the coin that is locked, up.
            "worthHigh": "500833333333333333334",
            "retired": false, "slow": false, "mostExit": DAY, "exitTime": DAY, "openTickets": 0,
            "core": {
                "delegated": wei(500).to_string(), "idle": wei(100).to_string(), "round": 19_676, "tenant": null,
                "validators": [
                    { "address": sum(account(0x51)), "stake": wei(300).to_string(), "weightBps": 7_500, "jailed": false, "elected": true,
                      "takesStake": true },
                    { "address": sum(account(0x52)), "stake": wei(200).to_string(), "weightBps": 2_500, "jailed": true, "elected": false,
                      "takesStake": false },
                ],
            },
            "stCore": null,
        })
    );
    assert_eq!(
        (&two["kind"], &two["epochToken"], &two["rate"]),
        (
            &json!("stCore"),
            &json!(sum(COIN)),
            &json!("1200000000000000000")
        )
    );
    assert_eq!(
        (&two["weightBps"], &two["worthLow"], &two["worthHigh"]),
        (
            &json!(4_067),
            &json!(wei(440).to_string()),
            &json!(wei(520).to_string())
        )
    );
    assert_eq!(
        two["stCore"],
        json!({
            "earn": sum(EARN), "termsHold": true, "fee": 1_000, "mostFee": 3_000, "lockDays": null, "operatorRound": today - 2,
            "roundsLate": 2, "freeAccounts": 2,
            "tickets": [{ "ticket": "9", "epoch": 1, "units": wei(40).to_string(), "account": sum(account(0x77)), "dueAt": due_at }],
        })
    );
    assert_eq!(
        (&two["core"], &two["openTickets"], &two["harvestedToday"]),
        (&Value::Null, &json!(1), &json!(false))
    );
    assert_eq!(
        (&three["kind"], &three["symbol"], &three["decimals"]),
        (&json!("token"), &json!("WBTC"), &json!(8))
    );
    assert_eq!(
        (
            &three["held"],
            &three["instantCapacity"],
            &three["exitTime"]
        ),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    // 100,000 satoshis at 1.9e15 and 2.1e15 wei.
    assert_eq!(
        (&three["worthLow"], &three["worthHigh"], &three["weightBps"]),
        (
            &json!(wei(190).to_string()),
            &json!(wei(210).to_string()),
            &json!(1_694)
        )
    );
}

fn exit_quote(closes_at: u64, coins: U256, fee: U256) -> Quote {
    Quote {
        instantCoins: coins,
        instantFee: fee,
        units: vec![wei(5), wei(4), u(0)],
        forgone: vec![e(8, 15), u(0), u(0)],
        epoch: u(3),
        closesAt: u(closes_at),
        readyBy: u(closes_at + 10 * DAY),
    }
}

#[tokio::test]
async fn the_three_ways_out_side_by_side() {
    let world = World::with(with_basket()).await;
    let noon = tomorrow(&world, 43_200);
    let head = world.chain.mine(1);
    let closes_at = dawn(noon);
    let ask = IBasket::quoteExitCall { shares: wei(10) };
    let open = basket(&three()).on(&ask, &exit_quote(closes_at, e(112_435, 14), e(565, 14)));
    install(&world, open, queue(3, closes_at, wei(5)));
    let path = "/api/v1/basket/quote-exit?shares=10000000000000000000";
    let legs = |asset: [Address; 2]| {
        json!([
            { "sleeve": 0, "asset": sum(asset[0]), "symbol": "COIN", "decimals": 18, "units": wei(5).to_string(),
              "forgone": "8000000000000000" },
            { "sleeve": 1, "asset": sum(asset[1]), "symbol": "stCORE", "decimals": 18, "units": wei(4).to_string(), "forgone": "0" },
        ])
    };
    assert_eq!(
        world.get(path).await.json(),
        json!({
            "shares": wei(10).to_string(), "worthLow": "11300000000000000000", "worthHigh": "12400000000000000000", "state": "sound",
            "instant": {
                "available": true, "closed": null, "coins": "11243500000000000000", "feeCoins": "56500000000000000", "feeBps": 50,
                "most": wei(80).to_string(), "readyAt": noon,
            },
            // In kind stCORE is stCORE; by epoch it becomes coins.
            "inKind": { "legs": legs([COIN, ST_CORE]), "feeBps": 0, "readyAt": noon },
            "epoch": {
                "position": 3, "takesRequests": true, "requestsFrom": noon, "legs": legs([COIN, COIN]), "feeBps": 0,
                "closesAt": closes_at, "readyBy": closes_at + 10 * DAY,
            },
            "at": noon, "block": head.number,
        })
    );

    // Why the instant way is closed, each by itself.
    let shut = |views: Views| views.on(&ask, &exit_quote(closes_at, u(0), u(0)));
    let mut retired = three();
    retired[0].retired = true;
    let paused = IBasket::pausedUntilCall { what: 1 };
    for (views, why) in [
        (
            basket(&three()).on(&paused, &(u(noon + 3_600), u(0)).into()),
            "paused",
        ),
        (basket(&retired), "noCoins"),
        (
            basket(&three()).any::<IBasket::navCall>(&(e(113, 16), e(124, 16), u(2)).into()),
            "price",
        ),
        (basket(&three()), "idle"),
    ] {
        renew(&world, BASKET, shut(views));
        let answer = world.get(path).await.json();
        let instant = &answer["instant"];
        assert_eq!(
            (&instant["available"], &instant["closed"], &instant["coins"]),
            (&json!(false), &json!(why), &json!("0"))
        );
        // What needs no price stays.
        assert_eq!(answer["inKind"]["legs"].as_array().unwrap().len(), 2);
    }
    let one = IBasket::quoteExitCall { shares: u(1) };
    renew(
        &world,
        BASKET,
        basket(&three()).on(&one, &exit_quote(closes_at, u(0), u(0))),
    );
    let tiny = world.get("/api/v1/basket/quote-exit?shares=1").await.json();
    assert_eq!(tiny["instant"]["closed"], "tooSmall");

    // A refusal of the contract keeps its name and its values.
    let refusal = alloy::sol_types::SolError::abi_encode(&IBasket::AmountTooLarge {
        amount: u(9),
        most: u(8),
    });
    renew(&world, BASKET, basket(&three()).refuse(&ask, refusal));
    let answer = world.get(path).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "reverted"));
    assert_eq!(
        answer.message(),
        "the contract refused: AmountTooLarge { amount: 9, most: 8 }"
    );
}

#[tokio::test]
async fn at_dusk_the_epoch_is_the_one_that_takes_the_request() {
    let world = World::with(with_basket()).await;
    let dusk = tomorrow(&world, 23 * 3_600 + 60);
    world.chain.mine(1);
    let closes_at = dawn(dusk);
    let quote = exit_quote(closes_at, u(0), u(0));
    install(
        &world,
        basket(&three()).any::<IBasket::quoteExitCall>(&quote),
        queue(3, closes_at, wei(5)),
    );
    let path = "/api/v1/basket/quote-exit?shares=10000000000000000000";
    let epoch = world.get(path).await.json()["epoch"].clone();
    assert_eq!(
        (
            &epoch["position"],
            &epoch["takesRequests"],
            &epoch["requestsFrom"]
        ),
        (&json!(4), &json!(false), &json!(closes_at))
    );
    assert_eq!(
        (&epoch["closesAt"], &epoch["readyBy"]),
        (&json!(closes_at + DAY), &json!(closes_at + 11 * DAY))
    );
    let open = world.get("/api/v1/basket").await.json()["epoch"].clone();
    assert_eq!(
        (&open["id"], &open["takesRequests"], &open["takesCancels"]),
        (&json!(3), &json!(false), &json!(false))
    );
}

#[tokio::test]
async fn a_deposit_is_quoted_with_what_stands_against_it() {
    let world = World::with(with_basket()).await;
    let noon = tomorrow(&world, 43_200);
    world.chain.mine(1);
    let fresh = || basket(&three()).any::<IBasket::quoteDepositCall>(&wei(8));
    install(&world, fresh(), queue(3, dawn(noon), U256::ZERO));
    let ask = |sleeve: u64, units: U256| {
        format!("/api/v1/basket/quote-deposit?sleeve={sleeve}&units={units}")
    };
    // A tenth of stCORE's daily limit; its weight from above becomes 533 of 1,244.
    let good = world.get(&ask(1, wei(10))).await.json();
    assert_eq!(
        good,
        json!({
            "sleeve": 1, "asset": sum(ST_CORE), "units": wei(10).to_string(), "shares": wei(8).to_string(), "feeBps": 10,
            "available": true, "closed": null, "room": wei(400).to_string(), "state": "sound", "block": world.chain.head().number,
        })
    );
    // Coins: 540 of the day's 600 are left.
    let coins = world.get(&ask(0, wei(10))).await.json();
    assert_eq!(coins["room"], wei(540).to_string());

    let mut full = three();
    full[1].cap = wei(405);
    let mut busy = three();
    busy[1].level = wei(395);
    let mut narrow = three();
    (narrow[1].targetBps, narrow[1].bandBps) = (4_000, 284);
    let quote = |views: Views| views.any::<IBasket::quoteDepositCall>(&wei(8));
    let paused = IBasket::pausedUntilCall { what: 0 };
    for (views, why) in [
        (
            quote(basket(&three())).on(&paused, &(u(noon + 3_600), u(0)).into()),
            "paused",
        ),
        (
            quote(basket(&three())).any::<IBasket::effectiveSupplyCall>(&U256::ZERO),
            "notSeeded",
        ),
        (quote(basket(&full)), "cap"),
        (quote(basket(&busy)), "dailyLimit"),
        // 533 of 1,243.83: 4,285 bps, one above 4,284.
        (quote(basket(&narrow)), "band"),
        (
            quote(basket(&three())).any::<IBasket::shareCapCall>(&(wei(1_008) - u(1))),
            "shareCap",
        ),
        (
            basket(&three()).any::<IBasket::quoteDepositCall>(&U256::ZERO),
            "tooSmall",
        ),
    ] {
        renew(&world, BASKET, views);
        let answer = world.get(&ask(1, wei(10))).await.json();
        assert_eq!(
            (&answer["available"], &answer["closed"]),
            (&json!(false), &json!(why))
        );
    }
    // One bps more and it is let in.
    narrow[1].bandBps = 285;
    renew(&world, BASKET, quote(basket(&narrow)));
    assert_eq!(
        world.get(&ask(1, wei(10))).await.json()["closed"],
        Value::Null
    );
}

#[tokio::test]
async fn a_mint_in_kind_is_quoted_with_what_stands_against_it() {
    let world = World::with(with_basket()).await;
    let noon = tomorrow(&world, 43_200);
    world.chain.mine(1);
    let quoted = |views: Views, shares: U256| {
        views.any::<IBasket::quoteMintInKindCall>(&(vec![wei(5), wei(4), u(1_000)], shares).into())
    };
    let credited = wei(10) - e(1, 16);
    install(
        &world,
        quoted(basket(&three()), credited),
        queue(3, dawn(noon), U256::ZERO),
    );
    let path = "/api/v1/basket/quote-mint?shares=10000000000000000000";
    let leg = |sleeve: u64, asset: Address, symbol: &str, decimals: u8, units: U256| json!({ "sleeve": sleeve, "asset": sum(asset), "symbol": symbol, "decimals": decimals, "units": units.to_string(), "forgone": "0" });
    assert_eq!(
        world.get(path).await.json(),
        json!({
            "priced": wei(10).to_string(), "shares": credited.to_string(), "feeBps": 10,
            "legs": [
                leg(0, COIN, "COIN", 18, wei(5)), leg(1, ST_CORE, "stCORE", 18, wei(4)), leg(2, WBTC, "WBTC", 8, u(1_000)),
            ],
            "available": true, "closed": null, "block": world.chain.head().number,
        })
    );
    // 10 of 1,000 shares: 1,000 satoshis, of which 999 may come in.
    let mut busy = three();
    busy[2].limit = u(999);
    let mut full = three();
    full[2].cap = u(100_999);
    let mut slow = three();
    slow[1].slow = true;
    let mut wiped = three();
    (wiped[2].units, wiped[2].parts, wiped[2].basketParts) = (u(0), u(5), u(5));
    // What the basket owns nothing of does not matter.
    let mut foreign = three();
    (foreign[2].basketParts, foreign[2].slow) = (u(0), true);
    for (sleeves, why) in [
        (busy, json!("dailyLimit")),
        (full, json!("cap")),
        (slow, json!("sleeveShut")),
        (wiped, json!("sleeveShut")),
        (foreign, Value::Null),
    ] {
        renew(&world, BASKET, quoted(basket(&sleeves), credited));
        assert_eq!(world.get(path).await.json()["closed"], why);
    }
    for (views, why) in [
        (quoted(basket(&three()), U256::ZERO), "tooSmall"),
        (
            quoted(basket(&three()), credited)
                .any::<IBasket::shareCapCall>(&(wei(1_000) + credited - u(1))),
            "shareCap",
        ),
        (
            quoted(basket(&three()), credited).on(
                &IBasket::pausedUntilCall { what: 0 },
                &(u(noon + 3_600), u(0)).into(),
            ),
            "paused",
        ),
    ] {
        renew(&world, BASKET, views);
        assert_eq!(world.get(path).await.json()["closed"], why);
    }
}

fn listing(fair: Address, market: Address, guard: Address, rate: bool) -> Listing {
    Listing {
        fair,
        isRate: rate,
        roundBps: 5,
        decimals: 18,
        spreadBps: 60,
        disagreeBps: if rate { 0 } else { 150 },
        market,
        guard,
        least: 1,
        most: 2,
    }
}

fn remembered(seen: u64, rate: u128) -> Memory {
    Memory {
        seenAt: U48::from(seen),
        inBandAt: U48::from(seen),
        impairedAt: U48::ZERO,
        insideSince: U48::from(seen / 2),
        rateRound: U48::ZERO,
        rise: 0,
        rate,
        bestRate: rate,
    }
}

#[tokio::test]
async fn prices_with_their_sources_and_ages() {
    let world = World::with(with_basket()).await;
    let noon = tomorrow(&world, 43_200);
    let head = world.chain.mine(1);
    let mut four = three().to_vec();
    // A second sleeve of the coin: one price for both.
    four.push(books(account(0xc3), COIN, [u(0); 3], 0));
    install(&world, basket(&four), queue(3, dawn(noon), U256::ZERO));
    let of = |asset: Address| IFeed::listingCall { asset };
    let memory = |asset: Address| IFeed::memoryOfCall { asset };
    let views = feed()
        .on(
            &of(ST_CORE),
            &listing(RATE, Address::ZERO, Address::ZERO, true),
        )
        .on(
            &memory(ST_CORE),
            &remembered(noon - 600, 1_200_000_000_000_000_000),
        )
        .on(&of(WBTC), &listing(CHAINLINK, BAND, TWAP, false))
        .on(&memory(WBTC), &remembered(0, 0));
    world
        .chain
        .install(FEED, quoted(views, WBTC, e(19, 32), e(21, 32), 1));
    let source = |price: u64, at: u64, sound: bool, origin: Address, rate: bool| {
        Views::default()
            .any::<ISource::readCall>(&(e(price, 18), u(at), sound).into())
            .any::<ISource::originCall>(&origin)
            .any::<ISource::origin2Call>(&Address::ZERO)
            .any::<ISource::isRateCall>(&rate)
            .any::<ISource::errorBpsCall>(&u(50))
    };
    world
        .chain
        .install(RATE, source(1, noon - 43_200, true, EARN, true));
    world.chain.install(
        CHAINLINK,
        source(200_000, noon - 90, true, account(0x61), false),
    );
    world
        .chain
        .install(BAND, source(203_000, noon + 5, false, account(0x62), false));
    world.chain.install(TWAP, Views::default());
    let answer = world.get("/api/v1/basket/prices").await.json();
    let unsure = json!({ "nav": null, "assets": null, "source": null, "updatedAt": null, "reason": "unavailable" });
    assert_eq!(
        answer,
        json!({
            "feed": sum(FEED), "state": "doubtful", "usd": unsure, "at": noon, "block": head.number,
            "prices": [
                {
                    "asset": sum(COIN), "symbol": "COIN", "decimals": 18, "sleeves": [0, 3], "listed": false, "low": wei(1).to_string(),
                    "high": wei(1).to_string(), "state": "sound", "spreadBps": 0, "disagreeBps": 0, "gapBps": null, "sources": [],
                    "guard": null, "memory": null,
                },
                {
                    "asset": sum(ST_CORE), "symbol": "stCORE", "decimals": 18, "sleeves": [1], "listed": true,
                    "low": "1100000000000000000", "high": "1300000000000000000", "state": "sound", "spreadBps": 60, "disagreeBps": 0,
                    "gapBps": null,
                    "sources": [{
                        "role": "fair", "address": sum(RATE), "origin": sum(EARN), "origin2": null, "price": wei(1).to_string(),
                        "updatedAt": noon - 43_200, "age": 43_200, "sound": true, "isRate": true, "errorBps": 50,
                    }],
                    "guard": null,
                    "memory": {
                        "observedAt": noon - 600, "inBandAt": noon - 600, "impairedAt": null, "insideSince": (noon - 600) / 2,
                        "rate": "1200000000000000000",
                    },
                },
                {
                    "asset": sum(WBTC), "symbol": "WBTC", "decimals": 8, "sleeves": [2], "listed": true,
                    "low": e(19, 32).to_string(), "high": e(21, 32).to_string(), "state": "doubtful", "spreadBps": 60,
                    "disagreeBps": 150,
                    // 3,000 of 200,000.
                    "gapBps": 150,
                    "sources": [
                        {
                            "role": "fair", "address": sum(CHAINLINK), "origin": sum(account(0x61)), "origin2": null,
                            "price": wei(200_000).to_string(), "updatedAt": noon - 90, "age": 90, "sound": true, "isRate": false,
                            "errorBps": 50,
                        },
                        {
                            "role": "market", "address": sum(BAND), "origin": sum(account(0x62)), "origin2": null,
                            "price": wei(203_000).to_string(), "updatedAt": noon + 5, "age": 0, "sound": false, "isRate": false,
                            "errorBps": 50,
                        },
                    ],
                    // A pool that does not answer.
                    "guard": { "address": sum(TWAP), "mean": null, "sound": false },
                    "memory": { "observedAt": null, "inBandAt": null, "impairedAt": null, "insideSince": null, "rate": null },
                },
            ],
        })
    );
    // A source that reverts does not take the page down.
    renew(&world, BAND, Views::default());
    let btc = world.get("/api/v1/basket/prices").await.json()["prices"][2].clone();
    assert_eq!(
        (
            &btc["gapBps"],
            &btc["sources"][1]["price"],
            &btc["sources"][1]["age"]
        ),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(btc["sources"][1]["sound"], false);
}

/// `Transfer` of shares, as the indexer stores it.
fn moved(from: Address, to: Address, shares: u64) -> (&'static str, Value) {
    (
        "basketToken.Transfer",
        json!({ "from": hex(from), "to": hex(to), "value": wei(shares).to_string() }),
    )
}

fn asked(who: Address, epoch: u64, shares: u64) -> Vec<(&'static str, Value)> {
    vec![
        (
            "queue.RedeemRequest",
            json!({ "controller": hex(who), "owner": hex(who), "requestId": epoch.to_string(), "sender": hex(who), "shares": wei(shares).to_string() }),
        ),
        moved(who, QUEUE, shares),
    ]
}

/// The basket, three sleeves, and shares: 500 of the first account's, 100 of the second's.
fn beginning() -> Vec<(&'static str, Value)> {
    let added = |sleeve: u64, adapter: Address, token: Address, epoch: Address| {
        (
            "basket.SleeveAdded",
            json!({ "sleeve": sleeve.to_string(), "adapter": hex(adapter), "token": hex(token), "epochToken": hex(epoch) }),
        )
    };
    vec![
        (
            "basket.Initialized",
            json!({ "token": hex(SHARE), "queue": hex(QUEUE), "feed": hex(FEED), "timelock": hex(TIMELOCK) }),
        ),
        added(0, CORE_SLEEVE, COIN, COIN),
        added(1, ST_SLEEVE, ST_CORE, COIN),
        added(2, BTC_SLEEVE, WBTC, WBTC),
        moved(Address::ZERO, account(1), 500),
        moved(Address::ZERO, account(2), 100),
    ]
}

/// Epoch 1 closed with 100 shares, 60 of them the first account's: coins paid, 40 stCORE out with ticket 9, no BTC.
async fn closed_epoch(world: &World) -> (u64, u64) {
    let day = tomorrow(world, 36_000);
    let mut events = beginning();
    events.extend(asked(account(1), 1, 60));
    events.extend(asked(account(2), 1, 40));
    world.index(numbered(events)).await;
    let due_at = dawn(day);
    let closed_at = tomorrow(world, 600);
    world
        .index(numbered(vec![
            (
                "queue.EpochClosed",
                json!({ "epoch": "1", "shares": wei(100).to_string(), "parts": [wei(50).to_string(), wei(40).to_string(), "0"] }),
            ),
            (
                "queue.LegStarted",
                json!({ "epoch": "1", "sleeve": "0", "units": wei(50).to_string(), "ticket": "0" }),
            ),
            (
                "queue.LegPaid",
                json!({ "epoch": "1", "sleeve": "0", "asset": hex(COIN), "amount": wei(50).to_string(), "done": true }),
            ),
            (
                "queue.LegStarted",
                json!({ "epoch": "1", "sleeve": "1", "units": wei(40).to_string(), "ticket": "9" }),
            ),
        ]))
        .await;
    assert_eq!(due_at + 600, closed_at);
    (due_at, closed_at)
}

fn leg(state: u8, asset: Address, ticket: u64, units: U256, recovered: U256) -> LegInfo {
    LegInfo {
        state,
        asset,
        parts: U256::ZERO,
        units,
        ticket: u(ticket),
        recovered,
    }
}

/// The queue of [`closed_epoch`] on chain, with epoch 2 open.
fn queue_of_two(closed_at: u64, closes_at: u64, open: U256) -> Views {
    let leg_of = |sleeve: u64| IQueue::legInfoCall {
        epoch: u(1),
        sleeve: u(sleeve),
    };
    queue(2, closes_at, open)
        .on(
            &IQueue::epochInfoCall { epoch: u(1) },
            &EpochInfo {
                shares: wei(100),
                legs: u(3),
                closedAt: u(closed_at),
                dueAt: u(0),
            },
        )
        .on(&leg_of(0), &leg(2, COIN, 0, wei(50), wei(50)))
        .on(&leg_of(1), &leg(1, COIN, 9, wei(40), u(0)))
        .on(&leg_of(2), &leg(2, COIN, 0, u(0), u(0)))
}

#[tokio::test]
async fn epochs_from_the_newest_with_their_legs() {
    let world = World::with(with_basket()).await;
    let (due_at, closed_at) = closed_epoch(&world).await;
    // The same day: epoch 2 gets a request.
    world.index(numbered(asked(account(1), 2, 30))).await;
    let now = world.chain.head().timestamp;
    install(
        &world,
        basket(&three()),
        queue_of_two(closed_at, dawn(now), wei(30)),
    );
    world.chain.install(
        ST_SLEEVE,
        Views::default().on(
            &IStCoreSleeve::ticketInfoCall { ticket: u(9) },
            &(account(0x77), u(closed_at + 7 * DAY)).into(),
        ),
    );
    let page = world.get("/api/v1/basket/epochs?limit=1").await.json();
    assert_eq!(
        page["items"],
        json!([{
            "id": 2, "state": "open", "shares": wei(30).to_string(), "requests": 1, "dueAt": dawn(now), "closedAt": null,
            "readyBy": dawn(now) + 10 * DAY, "legs": [],
        }])
    );
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = world
        .get(&format!("/api/v1/basket/epochs?limit=1&cursor={cursor}"))
        .await
        .json();
    let first = json!({
        "id": 1, "state": "closed", "shares": wei(100).to_string(), "requests": 2, "dueAt": due_at, "closedAt": closed_at,
        // It was closed ten minutes late, and the rest is promised from then on.
        "readyBy": closed_at + 10 * DAY,
        "legs": [
            { "sleeve": 0, "state": "done", "asset": sum(COIN), "parts": "0", "units": wei(50).to_string(), "recovered": wei(50).to_string(),
              "ticket": null },
            { "sleeve": 1, "state": "out", "asset": sum(COIN), "parts": "0", "units": wei(40).to_string(), "recovered": "0",
              "ticket": { "ticket": "9", "epoch": 1, "units": wei(40).to_string(), "account": sum(account(0x77)), "dueAt": closed_at + 7 * DAY } },
            { "sleeve": 2, "state": "done", "asset": sum(COIN), "parts": "0", "units": "0", "recovered": "0", "ticket": null },
        ],
    });
    assert_eq!(
        (&rest["items"], &rest["nextCursor"]),
        (&json!([first.clone()]), &Value::Null)
    );
    assert_eq!(world.get("/api/v1/basket/epochs/1").await.json(), first);

    // The last leg comes; from then on the index alone knows it.
    world
        .index(numbered(vec![(
            "queue.LegPaid",
            json!({ "epoch": "1", "sleeve": "1", "asset": hex(COIN), "amount": wei(43).to_string(), "done": true }),
        )]))
        .await;
    let over = world.get("/api/v1/basket/epochs/1").await.json();
    assert_eq!(
        (&over["state"], &over["readyBy"], &over["closedAt"]),
        (&json!("settled"), &Value::Null, &json!(closed_at))
    );
    assert_eq!(
        (
            &over["legs"][1]["state"],
            &over["legs"][1]["recovered"],
            &over["legs"][1]["ticket"]
        ),
        (&json!("done"), &json!(wei(43).to_string()), &Value::Null)
    );

    // From the dawn on the open one is due.
    tomorrow(&world, 5);
    world.chain.mine(1);
    let due = world.get("/api/v1/basket/epochs/2").await.json();
    assert_eq!(due["state"], "due");
}

#[tokio::test]
async fn what_an_account_has_in_the_basket() {
    let world = World::with(with_basket()).await;
    let (one, two) = (account(1), account(2));
    let (_, closed_at) = closed_epoch(&world).await;
    world.index(numbered(asked(one, 2, 30))).await;
    let head = world.chain.head();
    let (now, closes_at) = (head.timestamp, dawn(head.timestamp));
    let waits = IBasket::waitingPartsCall {
        owner: one,
        sleeve: u(2),
    };
    let views = basket(&three())
        .on(&waits, &u(500))
        .on(&IBasket::legRecipientCall { owner: one }, &account(0x66));
    let position = |epoch: u64, owner: Address| IQueue::positionCall {
        epoch: u(epoch),
        owner,
    };
    let claim = |epoch: u64, owner: Address| IQueue::claimableCall {
        epoch: u(epoch),
        owner,
    };
    let none: Vec<U256> = vec![];
    let queue = queue_of_two(closed_at, closes_at, wei(30))
        .on(&position(1, one), &(wei(60), u(0), vec![u(0); 3]).into())
        .on(
            &claim(1, one),
            &(vec![wei(30), u(0), u(0)], u(0b101)).into(),
        )
        // Took the coins already.
        .on(
            &position(1, two),
            &(wei(40), u(0b001), vec![wei(20), u(0), u(0)]).into(),
        )
        .on(&claim(1, two), &(vec![u(0); 3], u(0b101)).into())
        .on(&position(2, one), &(wei(30), u(0), none.clone()).into())
        .on(&claim(2, one), &(none, u(0)).into());
    install(&world, views, queue);
    world.chain.install(
        SHARE,
        token("BASKET", 18)
            .on(&IErc20::balanceOfCall { account: one }, &wei(410))
            .any::<IErc20::balanceOfCall>(&U256::ZERO),
    );
    let path = format!("/api/v1/basket/accounts/{one}?limit=1");
    let answer = world.get(&path).await.json();
    let cursor = answer["positions"]["nextCursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let tx = |block: u8| format!("{:#x}", B256::repeat_byte(block));
    assert_eq!(
        answer,
        json!({
            "address": sum(one), "shares": wei(410).to_string(),
            "worthLow": "463300000000000000000", "worthHigh": "508400000000000000000", "state": "sound",
            "waiting": [{ "sleeve": 2, "asset": sum(WBTC), "parts": "500", "units": "500", "recipient": sum(account(0x66)), "since": null }],
            "sharesIn": "0", "sharesOut": wei(90).to_string(),
            "positions": {
                "items": [{
                    "epoch": 2, "state": "open", "shares": wei(30).to_string(), "cancellable": true, "readyBy": closes_at + 10 * DAY,
                    "legs": [], "paid": [], "requestedAt": now, "txHash": tx(3),
                }],
                "nextCursor": cursor.clone(),
            },
            "at": now, "block": head.number,
        })
    );
    let rest = world.get(&format!("{path}&cursor={cursor}")).await.json();
    let first = &rest["positions"]["items"][0];
    assert_eq!(
        (&first["epoch"], &first["state"], &first["cancellable"]),
        (&json!(1), &json!("claimable"), &json!(false))
    );
    assert_eq!(
        first["legs"],
        json!([
            { "sleeve": 0, "state": "done", "asset": sum(COIN), "claimable": wei(30).to_string(), "paid": false },
            { "sleeve": 1, "state": "out", "asset": sum(COIN), "claimable": "0", "paid": false },
            { "sleeve": 2, "state": "done", "asset": sum(COIN), "claimable": "0", "paid": false },
        ])
    );
    assert_eq!(first["readyBy"], closed_at + 10 * DAY);
    assert_eq!(rest["positions"]["nextCursor"], Value::Null);

    let other = world
        .get(&format!("/api/v1/basket/accounts/{two}"))
        .await
        .json();
    let theirs = &other["positions"]["items"][0];
    assert_eq!(
        (&theirs["state"], &theirs["legs"][0]["paid"]),
        (&json!("waiting"), &json!(true))
    );
    assert_eq!(other["waiting"], json!([]));

    // One that never came by has zeros.
    let nobody = world
        .get(&format!("/api/v1/basket/accounts/{}", account(0x44)))
        .await
        .json();
    assert_eq!(
        (
            &nobody["shares"],
            &nobody["sharesOut"],
            &nobody["positions"]["items"]
        ),
        (&json!("0"), &json!("0"), &json!([]))
    );
}

#[tokio::test]
async fn an_ended_position_asks_no_contract() {
    let world = World::with(with_basket()).await;
    let (one, two) = (account(1), account(2));
    closed_epoch(&world).await;
    let mut events = asked(one, 2, 30);
    events.push((
        "queue.RequestCancelled",
        json!({ "controller": hex(one), "epoch": "2", "shares": wei(30).to_string() }),
    ));
    events.push(moved(QUEUE, one, 30));
    events.push((
        "queue.LegPaid",
        json!({ "epoch": "1", "sleeve": "1", "asset": hex(COIN), "amount": wei(43).to_string(), "done": true }),
    ));
    // 40 of 100 shares: 20 coins of 50, 17.2 of 43.
    events.push((
        "queue.Claimed",
        json!({ "epoch": "1", "owner": hex(two), "recipient": hex(two),
                "paid": [wei(20).to_string(), "17200000000000000000", "0"], "whole": true }),
    ));
    world.index(numbered(events)).await;
    let now = world.chain.head().timestamp;
    // A queue that knows the open epoch and nothing of positions.
    install(&world, basket(&three()), queue(2, dawn(now), U256::ZERO));
    world.chain.install(
        SHARE,
        token("BASKET", 18).any::<IErc20::balanceOfCall>(&U256::ZERO),
    );
    let theirs = world
        .get(&format!("/api/v1/basket/accounts/{two}"))
        .await
        .json();
    let position = &theirs["positions"]["items"][0];
    assert_eq!(
        (
            &position["state"],
            &position["shares"],
            &position["readyBy"]
        ),
        (&json!("claimed"), &json!(wei(40).to_string()), &Value::Null)
    );
    assert_eq!(
        position["paid"],
        json!([wei(20).to_string(), "17200000000000000000", "0"])
    );
    let mine = world
        .get(&format!("/api/v1/basket/accounts/{one}?limit=1"))
        .await
        .json();
    assert_eq!(mine["positions"]["items"][0]["state"], "cancelled");
    assert_eq!(mine["positions"]["items"][0]["cancellable"], false);

    let history = world
        .get(&format!("/api/v1/basket/accounts/{two}/history?limit=1"))
        .await
        .json();
    let line = &history["items"][0];
    assert_eq!(
        (
            &line["kind"],
            &line["coins"],
            &line["epoch"],
            &line["units"]
        ),
        (
            &json!("claim"),
            &json!("37200000000000000000"),
            &json!(1),
            &json!([wei(20).to_string(), "17200000000000000000", "0"])
        )
    );
    let cursor = history["nextCursor"].as_str().unwrap();
    let rest = world
        .get(&format!(
            "/api/v1/basket/accounts/{two}/history?cursor={cursor}"
        ))
        .await
        .json();
    assert_eq!(
        (&rest["items"][0]["kind"], &rest["items"][0]["shares"]),
        (&json!("request"), &json!(wei(40).to_string()))
    );
}

#[tokio::test]
async fn a_receipt_carries_its_position() {
    let world = World::with(with_basket()).await;
    let (one, three_) = (account(1), account(3));
    let (_, closed_at) = closed_epoch(&world).await;
    let receipt = |from: Address, to: Address, id: &str| {
        (
            "basketReceipts.Transfer",
            json!({ "from": hex(from), "to": hex(to), "tokenId": id }),
        )
    };
    world
        .index(numbered(vec![
            receipt(Address::ZERO, one, "5"),
            (
                "queue.PositionWrapped",
                json!({ "epoch": "1", "owner": hex(one), "line": "5" }),
            ),
            receipt(one, three_, "5"),
        ]))
        .await;
    let head = world.chain.head();
    let (epoch, line) = (u(1), u(5));
    let queue = queue_of_two(closed_at, dawn(head.timestamp), U256::ZERO)
        .on(
            &IQueue::receiptPositionCall { epoch, line },
            &(wei(60), u(0), vec![u(0); 3]).into(),
        )
        .on(
            &IQueue::receiptClaimableCall { epoch, line },
            &(vec![wei(30), u(0), u(0)], u(0b101)).into(),
        );
    install(&world, basket(&three()), queue);
    let answer = world.get("/api/v1/basket/receipts/5").await.json();
    assert_eq!(
        answer,
        json!({
            "id": "5", "owner": sum(three_), "receiptState": "live", "state": "claimable", "epoch": 1, "shares": wei(60).to_string(),
            "readyBy": closed_at + 10 * DAY,
            "legs": [
                { "sleeve": 0, "state": "done", "asset": sum(COIN), "claimable": wei(30).to_string(), "paid": false },
                { "sleeve": 1, "state": "out", "asset": sum(COIN), "claimable": "0", "paid": false },
                { "sleeve": 2, "state": "done", "asset": sum(COIN), "claimable": "0", "paid": false },
            ],
            "paid": [], "next": null, "mintedAt": head.timestamp, "txHash": format!("{:#x}", B256::repeat_byte(3)),
        })
    );
    let of = |who: Address| format!("/api/v1/basket/accounts/{who}/receipts");
    assert_eq!(
        world.get(&of(three_)).await.json()["items"],
        json!([answer])
    );
    assert_eq!(world.get(&of(one)).await.json()["items"], json!([]));
}

#[tokio::test]
async fn nav_composition_and_yield_over_time() {
    let world = World::with(with_basket()).await;
    let start = tomorrow(&world, 0);
    let first = world.index(numbered(beginning())).await;
    let sample = |name: &str, value: String| (format!("basket/{name}"), value);
    let look = |low: u64, high: u64, weight: u64, rate: u64| {
        vec![
            sample("nav_low", e(low, 15).to_string()),
            sample("nav_high", e(high, 15).to_string()),
            sample("state", "0".into()),
            sample("shares", wei(600).to_string()),
            sample("sleeve/0/weight_bps", weight.to_string()),
            sample("sleeve/0/units", wei(600).to_string()),
            sample("sleeve/1/rate", e(rate, 15).to_string()),
        ]
    };
    world
        .store
        .record_samples(
            first.number,
            first.hash,
            look(1_000, 1_010, 4_000, 1_200),
            vec![],
        )
        .await
        .unwrap();
    // Ten days of harvests: 3 coins gained, 1 lost, the last one after the span.
    tomorrow(&world, 100);
    world
        .index(numbered(vec![
            (
                "basket.Harvested",
                json!({ "sleeve": "0", "gained": wei(3).to_string(), "released": "0", "locked": "0", "feeUnits": "0" }),
            ),
            (
                "basket.LossBooked",
                json!({ "sleeve": "0", "units": wei(1).to_string() }),
            ),
        ]))
        .await;
    world.chain.warp(9 * DAY - 112);
    let last = world.index(vec![]).await;
    assert_eq!(last.timestamp, start + 10 * DAY);
    world
        .store
        .record_samples(
            last.number,
            last.hash,
            look(1_002, 1_012, 4_100, 1_206),
            vec![],
        )
        .await
        .unwrap();
    // The chain is not asked.
    world.chain_down();
    let answer = world.get("/api/v1/basket/history").await.json();
    let sleeves = |weight: u64| {
        json!([
            { "sleeve": 0, "weightBps": weight, "units": wei(600).to_string() },
            { "sleeve": 1, "weightBps": null, "units": null },
            { "sleeve": 2, "weightBps": null, "units": null },
        ])
    };
    assert_eq!(
        answer["samples"],
        json!([
            { "at": start, "navLow": e(1_000, 15).to_string(), "navHigh": e(1_010, 15).to_string(), "state": "sound",
              "shares": wei(600).to_string(), "sleeves": sleeves(4_000) },
            { "at": start + 10 * DAY, "navLow": e(1_002, 15).to_string(), "navHigh": e(1_012, 15).to_string(), "state": "sound",
              "shares": wei(600).to_string(), "sleeves": sleeves(4_100) },
        ])
    );
    assert_eq!(
        (&answer["from"], &answer["to"], &answer["navGrowthBps"]),
        // 20 bps in ten days.
        (&json!(start), &json!(start + 10 * DAY), &json!(730))
    );
    assert_eq!(
        answer["yields"],
        json!([
            // 2 of 600 in ten days.
            { "sleeve": 0, "gained": wei(3).to_string(), "lost": wei(1).to_string(), "harvests": 1, "harvestBps": 1_216, "rateBps": null },
            // 6 of 1,200 in ten days.
            { "sleeve": 1, "gained": "0", "lost": "0", "harvests": 0, "harvestBps": null, "rateBps": 1_825 },
            { "sleeve": 2, "gained": "0", "lost": "0", "harvests": 0, "harvestBps": null, "rateBps": null },
        ])
    );
    // A coarse step keeps the last of each; a span before everything is empty.
    let coarse = world
        .get("/api/v1/basket/history?step=10000000000")
        .await
        .json();
    assert_eq!(
        (
            &coarse["step"],
            &coarse["samples"][0]["at"],
            &coarse["samples"][1]
        ),
        (
            &json!(10_000_000_000_u64),
            &json!(start + 10 * DAY),
            &Value::Null
        )
    );
    let none = world.get("/api/v1/basket/history?to=5").await.json();
    assert_eq!(
        (&none["samples"], &none["yields"], &none["navGrowthBps"]),
        (&json!([]), &json!([]), &Value::Null)
    );
}

#[tokio::test]
async fn drift_budget_and_auctions() {
    let world = World::with(with_basket()).await;
    tomorrow(&world, 36_000);
    world.index(numbered(beginning())).await;
    let started = |id: u64, units: u64| {
        (
            "basket.AuctionStarted",
            json!({ "id": id.to_string(), "from": "0", "to": "1", "units": wei(units).to_string() }),
        )
    };
    let old = world.index(numbered(vec![started(1, 7)])).await;
    world
        .index(numbered(vec![(
            "basket.AuctionBid",
            json!({ "id": "1", "bidder": hex(account(9)), "sold": wei(7).to_string(), "paid": wei(6).to_string(), "loss": "11" }),
        )]))
        .await;
    let new = world.index(numbered(vec![started(2, 20)])).await;
    world
        .index(numbered(vec![(
            "basket.AuctionBid",
            json!({ "id": "2", "bidder": hex(account(9)), "sold": wei(5).to_string(), "paid": wei(4).to_string(), "loss": "3" }),
        )]))
        .await;
    let head = world.chain.head();
    let read_at = head.timestamp - 3_700;
    let running = Auction {
        left: 15_000_000_000_000_000_000,
        startedAt: U40::from(new.timestamp),
        from: 0,
        to: 1,
    };
    let views = basket(&three())
        .any::<IBasket::driftReadingsCall>(
            &(u(0b001), u(0b110), u(read_at), u(0), u(0), u(0)).into(),
        )
        .any::<IBasket::auctionIdCall>(&u(2));
    let id = u(2);
    let priced = views
        .clone()
        .on(&IBasket::auctionCall { id }, &(running, e(83, 16)).into());
    install(&world, priced, queue(3, dawn(head.timestamp), U256::ZERO));
    let answer = world.get("/api/v1/basket/auctions?limit=1").await.json();
    let cursor = answer["auctions"]["nextCursor"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        answer,
        json!({
            "running": {
                "id": 2, "from": 0, "to": 1, "left": wei(15).to_string(), "price": "830000000000000000", "startedAt": new.timestamp,
                "endsAt": new.timestamp + 14_400,
            },
            "paused": false, "driftBps": 1_000, "readings": [{ "over": [0], "under": [1, 2], "at": read_at }],
            "budget": { "spent": 1_000_000, "capacity": 2_500_000 },
            "auctions": {
                "items": [{
                    "id": 2, "from": 0, "to": 1, "units": wei(20).to_string(), "sold": wei(5).to_string(), "paid": wei(4).to_string(),
                    "loss": "3", "bids": 1, "startedAt": new.timestamp, "endedAt": null, "txHash": format!("{:#x}", B256::repeat_byte(5)),
                }],
                "nextCursor": cursor.clone(),
            },
            "at": head.timestamp, "block": head.number,
        })
    );
    let rest = world
        .get(&format!("/api/v1/basket/auctions?limit=1&cursor={cursor}"))
        .await
        .json();
    assert_eq!(
        (
            &rest["auctions"]["items"][0]["id"],
            &rest["auctions"]["items"][0]["startedAt"],
            &rest["auctions"]["nextCursor"]
        ),
        (&json!(1), &json!(old.timestamp), &Value::Null)
    );

    // Without a sound price the basket does not show it; the log does, without a price.
    renew(
        &world,
        BASKET,
        views
            .clone()
            .refuse(&IBasket::auctionCall { id }, Bytes::new()),
    );
    let blind = world.get("/api/v1/basket/auctions").await.json();
    assert_eq!(
        blind["running"],
        json!({
            "id": 2, "from": 0, "to": 1, "left": wei(15).to_string(), "price": null, "startedAt": new.timestamp,
            "endsAt": new.timestamp + 14_400,
        })
    );
    // Over is over.
    let none = Auction {
        left: 0,
        startedAt: U40::ZERO,
        from: 0,
        to: 0,
    };
    renew(
        &world,
        BASKET,
        views.on(&IBasket::auctionCall { id }, &(none, u(0)).into()),
    );
    assert_eq!(
        world.get("/api/v1/basket/auctions").await.json()["running"],
        Value::Null
    );
}
