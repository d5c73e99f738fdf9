//! The basket's side from outside: deployed, invested in, left all three ways, governed, and refused where an address is not
//! what a profile takes it for.

use crate::site::{ACCOUNTS, COIN, Site, root, until, wei};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolValue as _},
};
use chain::bindings::{
    IBasket, ICoreEarn, IGuardian, IPriceFeed, ISleeve, IUnbondingQueue, basket::IBasketTypes,
};
use serde_json::Value;
use std::{path::PathBuf, process::Stdio, time::Duration};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(240);
const DAY: u64 = 86_400;
/// The timelock's delay of the local profile.
const DELAY: u64 = 12 * DAY;
const CORE: usize = 0;
const STCORE: usize = 1;
const BTC: usize = 2;

alloy::sol! {
    interface IToken {
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
    }
    interface ITimelock {
        function updateDelay(uint256 newDelay) external;
        function getMinDelay() external view returns (uint256);
        function hasRole(bytes32 role, address account) external view returns (bool);
    }
    interface IOperated {
        function operator() external view returns (address);
    }
    interface ILocalBtc {
        function setBlacklisted(address account, bool listed) external;
    }
}

/// The basket alone; account 3 is the guardian.
async fn site() -> Site {
    Site::with_basket(&["--only", "basket", "--guardian", ACCOUNTS[3]]).await
}

async fn read<C: SolCall>(site: &Site, to: Address, call: &C) -> C::Return {
    site.pool.read(to, call, BlockId::latest()).await.unwrap()
}

async fn read_at<C: SolCall>(site: &Site, to: Address, call: &C, block: u64) -> C::Return {
    site.pool.read(to, call, block.into()).await.unwrap()
}

pub async fn call<C: SolCall>(site: &Site, from: &str, to: Address, call: &C) {
    site.act(from.parse().unwrap(), Some(to), call.abi_encode())
        .await;
}

/// Deploys a committed artifact.
async fn create(site: &Site, name: &str, arguments: &[u8]) -> Address {
    let artifact = format!("contracts/artifacts/{name}.json");
    site.create(&artifact, arguments).await
}

/// Earn's operator settles the round that runs.
pub async fn settle_earn(site: &Site) {
    let earn = site.address("CoreEarn");
    let operator = read(site, earn, &IOperated::operatorCall {}).await;
    let settle = ICoreEarn::afterTurnRoundCall {
        newElectedValidators: Vec::new(),
    };
    site.act(operator, Some(earn), settle.abi_encode()).await;
}

async fn tokens(site: &Site, token: Address, account: usize) -> U256 {
    let account = ACCOUNTS[account].parse().unwrap();
    read(site, token, &IToken::balanceOfCall { account }).await
}

async fn sleeve(site: &Site, index: usize, block: BlockId) -> IBasketTypes::SleeveInfo {
    let call = IBasket::sleeveInfoCall {
        sleeve: U256::from(index),
    };
    site.pool
        .read(site.address("Basket"), &call, block)
        .await
        .unwrap()
}

/// To `hour` o'clock of the day that is `days` after this one.
pub async fn go_to(site: &Site, days: u64, hour: u64) {
    let now = site.now().await;
    let at = (now / DAY + days) * DAY + hour * 3_600;
    site.pass(at - now).await;
}

/// What the file says is what the chain says; the deployer has no power left; whoever may do what is as governance wants it.
#[tokio::test(flavor = "multi_thread")]
async fn basket_deploys_with_its_governance_and_the_deployer_renounces() {
    timeout(LIMIT, async {
        let site = Site::new().await;
        let flags = ["--only", "basket", "--guardian", ACCOUNTS[3]];
        let plan = site.ok(0, &[&["deploy", "--plan"], &flags[..]].concat());
        // The owners of GOV come first, and are all there is.
        let owners = plan["gov"].as_array().unwrap();
        assert_eq!(owners.len(), 5);
        assert_eq!(owners[0]["name"], "timelock");
        let sum: U256 = owners.iter().map(|owner| wei(&owner["amount"])).sum();
        assert_eq!(sum, U256::from(100_000_000) * U256::from(COIN));
        site.ok(0, &[&["deploy", "--yes"], &flags[..]].concat());
        let (basket, timelock) = (site.address("Basket"), site.address("BasketTimelock"));
        assert_eq!(
            owners[0]["account"]
                .as_str()
                .unwrap()
                .parse::<Address>()
                .unwrap(),
            timelock
        );
        let gov = site.address("GovToken");
        assert_eq!(read(&site, gov, &IToken::totalSupplyCall {}).await, sum);
        for role in ["PROPOSER_ROLE", "CANCELLER_ROLE", ""] {
            let role = if role.is_empty() {
                B256::ZERO
            } else {
                keccak256(role)
            };
            let call = ITimelock::hasRoleCall {
                role,
                account: ACCOUNTS[0].parse().unwrap(),
            };
            assert!(!read(&site, timelock, &call).await, "{role}");
        }
        let delay = read(&site, timelock, &ITimelock::getMinDelayCall {}).await;
        assert_eq!(delay, U256::from(DELAY));
        let exit = read(&site, basket, &IBasket::longestExitCall {}).await;
        // Eight days of stCORE, an hour of dusk, a day, two hours and a day of grace.
        assert_eq!(exit, U256::from(8 * DAY + 3_600 + DAY + 7_200 + DAY));
        for (index, target) in [(CORE, 5_000), (STCORE, 3_000), (BTC, 2_000)] {
            let info = sleeve(&site, index, BlockId::latest()).await;
            assert_eq!(info.targetBps, target);
        }
        let shares = read(
            &site,
            site.address("BasketToken"),
            &IToken::totalSupplyCall {},
        )
        .await;
        assert_eq!(shares, U256::from(100 * COIN));
        // A command of the other side says what is missing.
        for args in [
            &["user", "balance"][..],
            &["ops", "status"],
            &["user", "deposit", "1"],
        ] {
            let text = site.fails(2, args, 5);
            assert!(text.contains("no liquid side"), "{text}");
        }
        assert!(
            site.fails(2, &["deploy", "--yes"], 5)
                .contains("is deployed")
        );
    })
    .await
    .expect("in time");
}

/// And the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn basket_commands_on_a_deployment_without_one_say_so() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        for args in [
            &["basket", "info"][..],
            &["basket", "mint", "1"],
            &["gov", "proposals"],
        ] {
            let text = site.fails(2, args, 5);
            assert!(text.contains("no basket side"), "{text}");
        }
        let text = site.fails(
            0,
            &[
                "deploy",
                "--yes",
                "--only",
                "basket",
                "--profile",
                "plume",
                "--deployment",
                "x",
            ],
            4,
        );
        assert!(text.contains("98866"), "{text}");
    })
    .await
    .expect("in time");
}

/// Both sides in one deployment, killed on the way: each step once, and everything read back.
#[tokio::test(flavor = "multi_thread")]
async fn o7_a_deployment_of_both_sides_killed_on_the_way_resumes() {
    timeout(LIMIT, async {
        let site = Site::new().await;
        let steps = site.ok(0, &["deploy", "--plan"])["steps"]
            .as_array()
            .unwrap()
            .len() as u64;
        let nonce = || async {
            let deployer = ACCOUNTS[0].parse().unwrap();
            site.pool.nonce(deployer, BlockId::latest()).await.unwrap()
        };
        // In the liquid side, among the basket's parts, and between what is scheduled and what is executed.
        for stop in [15, 35, 55, 75, steps - 30, steps - 12] {
            let mut child = site
                .command(0, &["deploy", "--yes"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let _ = until("the deployment gets on", || async {
                (nonce().await >= stop).then_some(())
            })
            .await;
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(nonce().await < steps, "it was too quick to be killed");
        let done = site.ok(0, &["deploy", "--yes"]);
        assert_eq!(nonce().await, steps, "one transaction for each step");
        for name in ["LiquidMinter", "Basket", "BasketGovernor", "PriceFeed"] {
            assert!(done["contracts"][name]["address"].is_string(), "{name}");
        }
    })
    .await
    .expect("in time");
}

/// In by a price and in kind; out at once, in kind and by an epoch: what the commands say is what was paid, to the wei, and what
/// the rules of parts give.
#[tokio::test(flavor = "multi_thread")]
async fn basket_is_left_all_three_ways_to_the_wei() {
    timeout(LIMIT, async {
        let site = site().await;
        let (basket, queue) = (site.address("Basket"), site.address("UnbondingQueue"));
        let (st, btc) = (site.address("StCore"), site.address("CoreBtc"));
        let shares = site.address("BasketToken");
        // Ten o'clock of a day of whose round Earn's operator has been told.
        go_to(&site, 1, 10).await;
        settle_earn(&site).await;
        call(
            &site,
            ACCOUNTS[2],
            site.address("PriceFeed"),
            &IPriceFeed::observeCall { asset: st },
        )
        .await;
        site.ok(2, &["basket", "faucet", "--stcore", "100"]);
        site.ok(
            0,
            &[
                "basket",
                "faucet",
                "--btc",
                "0.01",
                "--recipient",
                ACCOUNTS[2],
            ],
        );
        let text = site.fails(2, &["basket", "faucet", "--btc", "0.01"], 6);
        assert!(text.contains("MinterCapExceeded"), "{text}");

        // In, at a price: coins.
        let before = tokens(&site, shares, 2).await;
        let coins = site.coins(2).await;
        let done = site.ok(2, &["basket", "deposit", "core", "10"]);
        let got = tokens(&site, shares, 2).await - before;
        assert_eq!(wei(&done["shares"]), got);
        let gas = site.gas_paid(&done["transaction"]).await;
        assert_eq!(coins - site.coins(2).await, U256::from(10 * COIN) + gas);
        // 100 CORE of worth stand behind 100 shares; 0.05 % for the holders, and the two sides of two prices.
        assert!(
            got > U256::from(9_800 * COIN / 1_000) && got < U256::from(10 * COIN),
            "{got}"
        );
        // A sleeve that would leave its band is refused, with the numbers.
        let text = site.fails(
            2,
            &["basket", "deposit", "btc", "0.005", "--min-shares", "0"],
            6,
        );
        assert!(text.contains("AboveBand"), "{text}");

        // In kind.
        let (st_before, btc_before) = (tokens(&site, st, 2).await, tokens(&site, btc, 2).await);
        let coins = site.coins(2).await;
        let before = tokens(&site, shares, 2).await;
        let done = site.ok(2, &["basket", "mint", "40"]);
        let credited = U256::from(40 * COIN)
            - (U256::from(40 * COIN) * U256::from(5)).div_ceil(U256::from(10_000));
        assert_eq!(wei(&done["shares"]), credited);
        assert_eq!(tokens(&site, shares, 2).await - before, credited);
        let paid = |index: usize| wei(&done["units"][index]["amount"]);
        assert_eq!(st_before - tokens(&site, st, 2).await, paid(STCORE));
        assert_eq!(btc_before - tokens(&site, btc, 2).await, paid(BTC));
        // The transactions before it let the basket take the tokens; the last one paid.
        assert!(coins - site.coins(2).await >= paid(CORE));

        // Out at once.
        let quote = site.ok(2, &["basket", "quote", "5"]);
        let coins = site.coins(2).await;
        let done = site.ok(2, &["basket", "exit", "5", "--instant"]);
        let gas = site.gas_paid(&done["transaction"]).await;
        assert_eq!(site.coins(2).await + gas - coins, wei(&done["coins"]));
        let quoted = wei(&quote["instantCoins"]);
        assert!(wei(&done["coins"]) >= quoted * U256::from(9_999) / U256::from(10_000));
        assert!(wei(&done["coins"]) <= quoted);
        let text = site.fails(
            2,
            &["basket", "exit", "5", "--instant", "--min-out", "6"],
            6,
        );
        assert!(text.contains("OutBelowMinimum"), "{text}");

        // Out in kind: q = floor(B s / T) parts, x = floor(U q / P) units.
        let (st_before, btc_before) = (tokens(&site, st, 2).await, tokens(&site, btc, 2).await);
        let coins = site.coins(2).await;
        let done = site.ok(2, &["basket", "exit", "8", "--in-kind"]);
        let gas = site.gas_paid(&done["transaction"]).await;
        let block = done["block"].as_u64().unwrap();
        let s = U256::from(8 * COIN);
        let total = read_at(&site, basket, &IBasket::effectiveSupplyCall {}, block).await + s;
        let mut expected = Vec::new();
        for index in [CORE, STCORE, BTC] {
            let info = sleeve(&site, index, (block - 1).into()).await;
            let q = info.basketParts * s / total;
            expected.push(info.units * q / info.parts);
        }
        assert_eq!(site.coins(2).await + gas - coins, expected[CORE]);
        assert_eq!(tokens(&site, st, 2).await - st_before, expected[STCORE]);
        assert_eq!(tokens(&site, btc, 2).await - btc_before, expected[BTC]);
        for index in [CORE, STCORE, BTC] {
            assert_eq!(wei(&done["units"][index]["amount"]), expected[index]);
        }

        // A leg that cannot be paid waits for its owner, and the others are paid.
        let listed = ILocalBtc::setBlacklistedCall {
            account: site.address("BtcSleeve"),
            listed: true,
        };
        call(&site, ACCOUNTS[0], btc, &listed).await;
        let done = site.ok(2, &["basket", "exit", "1", "--in-kind"]);
        assert_eq!(done["waiting"], serde_json::json!(["btc"]));
        assert_eq!(
            site.ok(2, &["basket", "balance"])["waiting"][0]["sleeve"],
            "btc"
        );
        let healed = ILocalBtc::setBlacklistedCall {
            listed: false,
            ..listed
        };
        call(&site, ACCOUNTS[0], btc, &healed).await;
        let btc_before = tokens(&site, btc, 2).await;
        // By anybody, to its owner.
        let done = site.ok(3, &["basket", "deliver", "btc", "--account", ACCOUNTS[2]]);
        let came = tokens(&site, btc, 2).await - btc_before;
        assert!(!came.is_zero());
        assert_eq!(wei(&done["amount"]), came);

        // Out by an epoch; a part of it is taken back.
        let done = site.ok(2, &["basket", "exit", "12", "--epoch"]);
        assert_eq!(done["epoch"], "1");
        site.ok(2, &["basket", "cancel", "1", "2"]);
        let requests = site.ok(2, &["basket", "requests"]);
        assert_eq!(wei(&requests[0]["shares"]), U256::from(10 * COIN));
        assert_eq!(requests[0]["state"], "open");
        let text = site.fails(2, &["basket", "claim", "1"], 6);
        assert!(text.contains("EpochNotClosed"), "{text}");
        go_to(&site, 0, 23).await;
        let text = site.fails(2, &["basket", "cancel", "1"], 6);
        assert!(text.contains("ClosedUntilDawn"), "{text}");
        let text = site.fails(2, &["basket", "exit", "1", "--epoch"], 6);
        assert!(text.contains("ClosedUntilDawn"), "{text}");
        go_to(&site, 1, 2).await;
        settle_earn(&site).await;
        let anybody = ACCOUNTS[3];
        call(&site, anybody, queue, &IUnbondingQueue::closeEpochCall {}).await;
        let leg = |index: usize| (U256::from(1), U256::from(index));
        for index in [CORE, STCORE, BTC] {
            let (epoch, sleeve) = leg(index);
            call(
                &site,
                anybody,
                queue,
                &IUnbondingQueue::startLegCall { epoch, sleeve },
            )
            .await;
        }
        // CORE and BTC came at once; stCORE takes its lock.
        let (coins, btc_before) = (site.coins(2).await, tokens(&site, btc, 2).await);
        let done = site.ok(2, &["basket", "claim"]);
        assert_eq!(done[0]["whole"], false);
        let gas = site.gas_paid(&done[0]["transaction"]).await;
        let recovered = async |index: usize| {
            let (epoch, sleeve) = leg(index);
            let call = IUnbondingQueue::legInfoCall { epoch, sleeve };
            read(&site, queue, &call).await.recovered
        };
        // The only position of the epoch gets all that came.
        assert_eq!(site.coins(2).await + gas - coins, recovered(CORE).await);
        assert_eq!(
            tokens(&site, btc, 2).await - btc_before,
            recovered(BTC).await
        );
        assert_eq!(wei(&done[0]["paid"][CORE]["amount"]), recovered(CORE).await);
        assert!(
            site.ok(2, &["basket", "claim"])
                .as_array()
                .unwrap()
                .is_empty()
        );
        go_to(&site, 8, 3).await;
        settle_earn(&site).await;
        let (epoch, sleeve) = leg(STCORE);
        call(
            &site,
            anybody,
            queue,
            &IUnbondingQueue::collectCall { epoch, sleeve },
        )
        .await;
        let coins = site.coins(2).await;
        let done = site.ok(2, &["basket", "claim"]);
        let gas = site.gas_paid(&done[0]["transaction"]).await;
        assert_eq!(done[0]["whole"], true);
        assert_eq!(site.coins(2).await + gas - coins, recovered(STCORE).await);
        assert!(!recovered(STCORE).await.is_zero());
        assert!(
            site.ok(2, &["basket", "requests"])
                .as_array()
                .unwrap()
                .is_empty(),
            "what is paid in full is gone"
        );
    })
    .await
    .expect("in time");
}

/// Proposes, votes with account 0, and queues; the id.
pub async fn pass_bill(site: &Site, propose: &[&str]) -> String {
    let done = site.ok(0, propose);
    let id = done["proposal"].as_str().unwrap().to_owned();
    site.pass(DAY + 60).await;
    site.ok(0, &["gov", "vote", &id, "for"]);
    // A quorum that is reached late extends the vote by two days; this one is reached at its beginning.
    site.pass(5 * DAY).await;
    site.ok(3, &["gov", "queue", &id]);
    id
}

fn stage(site: &Site, id: &str) -> String {
    let list = site.ok(3, &["gov", "proposals"]);
    let found = list.as_array().unwrap().iter().find(|one| one["id"] == id);
    found.unwrap()["state"].as_str().unwrap().to_owned()
}

fn bill(to: Address, call: &impl SolCall) -> String {
    format!("{to}:{}", Bytes::from(call.abi_encode()))
}

/// A change of weights, from its proposal to its execution by a stranger; a veto; what the guardian cannot do.
#[tokio::test(flavor = "multi_thread")]
async fn governance_changes_weights_and_the_guardian_stops_what_he_may() {
    timeout(LIMIT, async {
        let site = site().await;
        // What is not delegated does not count.
        let propose = ["gov", "propose-weights", "4500,3500,2000"];
        let text = site.fails(0, &propose, 6);
        assert!(text.contains("GovernorInsufficientProposerVotes"), "{text}");
        site.ok(0, &["gov", "delegate"]);
        site.ok(2, &["gov", "delegate"]);
        site.pass(1).await;
        let id = pass_bill(&site, &propose).await;
        let text = site.fails(3, &["gov", "execute", &id], 6);
        assert!(
            text.contains("TooEarly") || text.contains("TimelockUnexpectedOperationState"),
            "{text}"
        );
        site.pass(DELAY - 120).await;
        assert_eq!(
            site.run(3, &["gov", "execute", &id]).status.code(),
            Some(6),
            "two minutes early"
        );
        site.pass(120).await;
        site.ok(3, &["gov", "execute", &id]);
        assert_eq!(stage(&site, &id), "executed");
        for (index, target) in [(CORE, 4_500), (STCORE, 3_500), (BTC, 2_000)] {
            assert_eq!(
                sleeve(&site, index, BlockId::latest()).await.targetBps,
                target
            );
        }

        // The guardian says no, even when it is queued; nobody else can.
        let id = pass_bill(&site, &["gov", "propose-weights", "9000,500,500"]).await;
        let text = site.fails(2, &["gov", "cancel", &id], 6);
        assert!(text.contains("GovernorUnableToCancel"), "{text}");
        site.ok(3, &["gov", "cancel", &id]);
        assert_eq!(stage(&site, &id), "canceled");
        site.pass(DELAY).await;
        site.fails(3, &["gov", "execute", &id], 6);
        assert_eq!(
            sleeve(&site, CORE, BlockId::latest()).await.targetBps,
            4_500
        );

        // Pauses close mint and instant exit, and nothing else.
        site.ok(3, &["gov", "pause", "mint"]);
        site.ok(3, &["gov", "pause", "instant", "--days", "7"]);
        let text = site.fails(2, &["gov", "pause", "auction"], 6);
        assert!(text.contains("NotHolder"), "{text}");
        let text = site.fails(3, &["gov", "pause", "auction", "--days", "8"], 6);
        assert!(text.contains("PauseOutOfRange"), "{text}");
        let text = site.fails(
            2,
            &["basket", "deposit", "core", "1", "--min-shares", "0"],
            6,
        );
        assert!(text.contains("Paused"), "{text}");
        let text = site.fails(
            0,
            &["basket", "exit", "1", "--instant", "--min-out", "0"],
            6,
        );
        assert!(text.contains("Paused"), "{text}");
        go_to(&site, 1, 9).await;
        site.ok(0, &["basket", "exit", "1", "--in-kind"]);
        site.ok(0, &["basket", "exit", "1", "--epoch"]);
        site.ok(3, &["gov", "unpause", "mint"]);
        let text = site.fails(3, &["gov", "pause", "mint"], 6);
        assert!(text.contains("PauseNotYet"), "{text}");

        // He cannot stop the proposal that only removes him.
        let guardian = site.address("Guardian");
        let removal = bill(guardian, &IGuardian::removeCall {});
        let id = pass_bill(
            &site,
            &[
                "gov",
                "propose",
                &removal,
                "--description",
                "the guardian goes",
            ],
        )
        .await;
        let text = site.fails(3, &["gov", "cancel", &id], 6);
        assert!(text.contains("OwnRemoval"), "{text}");
        site.pass(DELAY).await;
        site.ok(2, &["gov", "execute", &id]);
        let holder = read(&site, guardian, &IGuardian::holderCall {}).await;
        assert_eq!(holder, Address::ZERO);
        let text = site.fails(3, &["gov", "pause", "auction"], 6);
        assert!(text.contains("NotHolder"), "{text}");
    })
    .await
    .expect("in time");
}

/// A sleeve that takes longer to leave than governance takes to decide comes only after the longer delay is in force.
#[tokio::test(flavor = "multi_thread")]
async fn governance_takes_a_slower_sleeve_only_under_the_longer_delay() {
    timeout(LIMIT, async {
        let site = site().await;
        site.ok(0, &["gov", "delegate"]);
        site.pass(1).await;
        let (basket, timelock) = (site.address("Basket"), site.address("BasketTimelock"));
        let (st, earn) = (site.address("StCore"), site.address("CoreEarn"));
        let longest = 25 * DAY;
        let arguments = (basket, st, earn, U256::from(longest), U256::from(10_000));
        let slow = create(&site, "StCoreSleeve", &arguments.abi_encode_params()).await;
        assert_eq!(
            read(&site, slow, &ISleeve::MAX_EXITCall {}).await,
            U256::from(longest)
        );
        let params = IBasketTypes::SleeveParams {
            sleeve: slow,
            cap: U256::from(1_000 * COIN),
            limit: U256::from(100 * COIN),
            targetBps: 0,
            bandBps: 100,
        };
        let add = bill(basket, &IBasket::addSleeveCall { params });
        // Its price must be sound when it is added: a rate whose last change nobody saw may be as old as the last look.
        let ready = async || {
            for _ in 0..2 {
                site.pass(DAY).await;
                settle_earn(&site).await;
                let observe = IPriceFeed::observeCall { asset: st };
                call(&site, ACCOUNTS[2], site.address("PriceFeed"), &observe).await;
            }
        };
        ready().await;
        let id = pass_bill(
            &site,
            &["gov", "propose", &add, "--description", "a slow sleeve"],
        )
        .await;
        site.pass(DELAY).await;
        ready().await;
        let text = site.fails(3, &["gov", "execute", &id], 6);
        assert!(text.contains("ExitTooSlow"), "{text}");
        let delay = ITimelock::updateDelayCall {
            newDelay: U256::from(30 * DAY),
        };
        let longer = bill(timelock, &delay);
        let longer = pass_bill(
            &site,
            &["gov", "propose", &longer, "--description", "a longer delay"],
        )
        .await;
        site.pass(DELAY).await;
        site.ok(3, &["gov", "execute", &longer]);
        let delay = read(&site, timelock, &ITimelock::getMinDelayCall {}).await;
        assert_eq!(delay, U256::from(30 * DAY));
        // What was scheduled under the shorter delay waits as long as what is scheduled now.
        site.pass(30 * DAY).await;
        ready().await;
        site.ok(3, &["gov", "execute", &id]);
        let count = read(&site, basket, &IBasket::sleeveCountCall {}).await;
        assert_eq!(count, U256::from(4));
        assert_eq!(sleeve(&site, 3, BlockId::latest()).await.sleeve, slow);
    })
    .await
    .expect("in time");
}

/// The mainnet's profile, for this chain and with the addresses that a test gives.
fn profile(site: &Site, name: &str, changes: &[(&str, String)]) -> PathBuf {
    let text = std::fs::read_to_string(root().join("deploy/profiles/core.toml")).unwrap();
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| match line.split(" = ").next().unwrap() {
            "chain_id" => "chain_id = 31337".to_owned(),
            "endpoints" => format!("endpoints = [\"{}\"]", site.url),
            _ => line.to_owned(),
        })
        .collect();
    for (key, value) in changes {
        let (section, key) = key.rsplit_once('.').unwrap();
        let header = format!("[basket.{section}]");
        let start = lines.iter().position(|line| *line == header).unwrap();
        let old = lines[start + 1..]
            .iter()
            .take_while(|line| !line.starts_with('['))
            .position(|line| line.starts_with(&format!("{key} = ")));
        let line = format!("{key} = \"{value}\"");
        match old {
            Some(index) => lines[start + 1 + index] = line,
            None => lines.insert(start + 1, line),
        }
    }
    let path = site.folder.path().join(name);
    std::fs::write(&path, lines.join("\n")).unwrap();
    path
}

/// A mainnet's deployment asks every address first: a wrong one ends it, by name, before anything is sent.
#[tokio::test(flavor = "multi_thread")]
async fn preflight_refuses_what_is_not_what_the_profile_takes_it_for() {
    timeout(LIMIT, async {
        // The stand-ins of one deployment are the outside of another.
        let site = site().await;
        let at = |name: &str| site.address(name).to_string();
        let right = [
            ("core.agent", at("CoreAgent")),
            ("core.stake_hub", at("CoreStakeHub")),
            ("core.candidate_hub", at("CoreCandidateHub")),
            ("stcore.earn", at("CoreEarn")),
            ("stcore.token", at("StCore")),
            ("btc.token", at("CoreBtc")),
        ];
        let eighteen = create(
            &site,
            "LocalToken",
            &("a".to_owned(), "b".to_owned()).abi_encode_params(),
        )
        .await;
        let anybody_mints = create(
            &site,
            "LocalWbtc",
            &("a".to_owned(), "b".to_owned()).abi_encode_params(),
        )
        .await;
        let candidates = site
            .pool
            .read(
                site.address("CoreCandidateHub"),
                &chain::bindings::ICoreCandidateHub::getCandidatesCall {},
                BlockId::latest(),
            )
            .await
            .unwrap();
        let (good, bad) = (format!("{}:2", candidates[0]), ACCOUNTS[3].to_owned());
        let wallet = at("BasketTimelock");
        let try_with = |name: &str,
                        changes: &[(&str, String)],
                        validators: &str,
                        guardian: &str,
                        plan: bool| {
            let mut all = right.to_vec();
            for (key, value) in changes {
                all.retain(|(known, _)| known != key);
                all.push((key, value.clone()));
            }
            let path = profile(&site, &format!("{name}.toml"), &all);
            let path = path.to_str().unwrap().to_owned();
            let args = [
                "deploy",
                "--deployment",
                "second",
                "--profile",
                &path,
                "--guardian",
                guardian,
                "--core-validators",
                validators,
                if plan { "--plan" } else { "--yes" },
            ];
            site.run(2, &args)
        };
        let deployer = ACCOUNTS[2].parse().unwrap();
        let nonce = site.pool.nonce(deployer, BlockId::latest()).await.unwrap();
        let empty = ACCOUNTS[3].to_owned();
        let cases: [(&str, &str, String, &str); 9] = [
            ("no-agent", "core.agent", empty.clone(), "no code"),
            (
                "wrong-agent",
                "core.agent",
                at("GovToken"),
                "requiredCoinDeposit()",
            ),
            (
                "wrong-hub",
                "core.candidate_hub",
                at("GovToken"),
                "getRoundTag()",
            ),
            (
                "wrong-stake-hub",
                "core.stake_hub",
                at("CoreAgent"),
                "getDelegator(address)",
            ),
            ("no-earn", "stcore.earn", empty.clone(), "no code"),
            (
                "wrong-earn",
                "stcore.earn",
                at("Basket"),
                "getCurrentExchangeRate()",
            ),
            (
                "six-decimals",
                "stcore.token",
                at("CoreBtc"),
                "decimals() of 18",
            ),
            (
                "eighteen-decimals",
                "btc.token",
                eighteen.to_string(),
                "decimals() of 8",
            ),
            (
                "no-blacklist",
                "btc.token",
                anybody_mints.to_string(),
                "isBlacklisted(address)",
            ),
        ];
        for (name, key, address, expected) in cases {
            let out = try_with(name, &[(key, address.clone())], &good, &wallet, false);
            let text = String::from_utf8_lossy(&out.stderr).into_owned();
            assert_eq!(out.status.code(), Some(8), "{name}: {text}");
            assert!(text.contains(expected), "{name}: {text}");
            assert!(text.contains(&address), "{name} names the address: {text}");
        }
        for (name, validators, guardian, expected) in [
            ("no-candidate", bad.as_str(), wallet.as_str(), "canDelegate"),
            ("no-wallet", good.as_str(), ACCOUNTS[3], "a contract wallet"),
        ] {
            let out = try_with(name, &[], validators, guardian, false);
            let text = String::from_utf8_lossy(&out.stderr).into_owned();
            assert_eq!(out.status.code(), Some(8), "{name}: {text}");
            assert!(text.contains(expected), "{name}: {text}");
        }
        let after = site.pool.nonce(deployer, BlockId::latest()).await.unwrap();
        assert_eq!(after, nonce, "nothing was sent");
        // And with everything right it deploys, on systems that it did not make.
        let out = try_with("right", &[], &good, &wallet, false);
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let done: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(done["standIn"], false);
        assert_eq!(
            done["contracts"]["CoreEarn"]["address"]
                .as_str()
                .unwrap()
                .parse::<Address>()
                .unwrap(),
            site.address("CoreEarn")
        );
    })
    .await
    .expect("in time");
}
