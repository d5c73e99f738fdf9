//! Who decides about the basket: every route, by figures worked out by hand.

use alloy::{
    primitives::{Address, B256, Bytes, U256, aliases::U48},
    sol_types::SolCall as _,
};
use chain::bindings::{IBasket, IBasketGovernor, IBasketTimelock, IGuardian, TimelockController};
use serde_json::{Value, json};

use crate::{
    basket::{
        BASKET, GOV, GOVERNOR, GUARDIAN, TIMELOCK, hex, numbered, renew, sum, tomorrow, with_basket,
    },
    figures::u,
    world::{Views, World, account, wei},
};

alloy::sol! {
    interface IGov {
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function getVotes(address account) external view returns (uint256);
        function delegates(address account) external view returns (address);
    }
    interface IGovernor {
        function votingDelay() external view returns (uint256);
        function votingPeriod() external view returns (uint256);
        function lateQuorumVoteExtension() external view returns (uint48);
        function proposalThreshold() external view returns (uint256);
        function quorum(uint256 timepoint) external view returns (uint256);
        function state(uint256 proposalId) external view returns (uint8);
        function proposalSnapshot(uint256 proposalId) external view returns (uint256);
        function proposalDeadline(uint256 proposalId) external view returns (uint256);
        function proposalEta(uint256 proposalId) external view returns (uint256);
        function proposalVotes(uint256 proposalId) external view returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes);
    }
}

const DAY: u64 = 86_400;

/// A million GOV, a fifth of them undistributed.
fn gov() -> Views {
    Views::default()
        .any::<IGov::symbolCall>(&"GOV".to_owned())
        .any::<IGov::decimalsCall>(&18)
        .any::<IGov::totalSupplyCall>(&wei(1_000_000))
        .any::<IGov::balanceOfCall>(&U256::ZERO)
        .any::<IGov::getVotesCall>(&U256::ZERO)
        .any::<IGov::delegatesCall>(&Address::ZERO)
        .on(&IGov::balanceOfCall { account: TIMELOCK }, &wei(200_000))
}

fn governor() -> Views {
    Views::default()
        .any::<IGovernor::votingDelayCall>(&u(DAY))
        .any::<IGovernor::votingPeriodCall>(&u(5 * DAY))
        .any::<IGovernor::lateQuorumVoteExtensionCall>(&U48::from(2 * DAY))
        .any::<IGovernor::proposalThresholdCall>(&wei(1_000))
        .any::<IBasketGovernor::QUORUM_FLOORCall>(&wei(10_000))
}

/// What the governor says of one proposal: state, begin, end, votes against, for and neither, eta.
fn told(views: Views, id: U256, state: u8, span: (u64, u64), votes: [u64; 3], eta: u64) -> Views {
    let [against, in_favour, neither] = votes.map(wei);
    let proposal = id;
    views
        .on(
            &IGovernor::stateCall {
                proposalId: proposal,
            },
            &state,
        )
        .on(
            &IGovernor::proposalSnapshotCall {
                proposalId: proposal,
            },
            &u(span.0),
        )
        .on(
            &IGovernor::proposalDeadlineCall {
                proposalId: proposal,
            },
            &u(span.1),
        )
        .on(
            &IGovernor::proposalVotesCall {
                proposalId: proposal,
            },
            &(against, in_favour, neither).into(),
        )
        .on(
            &IGovernor::proposalEtaCall {
                proposalId: proposal,
            },
            &u(eta),
        )
}

fn created(
    id: &str,
    calls: &[(Address, Bytes)],
    span: (u64, u64),
    text: &str,
) -> (&'static str, Value) {
    let each = |of: fn(&(Address, Bytes)) -> String| calls.iter().map(of).collect::<Vec<_>>();
    (
        "governor.ProposalCreated",
        json!({
            "proposalId": id, "proposer": hex(account(1)), "targets": each(|(to, _)| hex(*to)), "values": each(|_| "0".to_owned()),
            "signatures": each(|_| String::new()), "calldatas": each(|(_, data)| data.to_string()), "voteStart": span.0.to_string(),
            "voteEnd": span.1.to_string(), "description": text,
        }),
    )
}

fn voted(id: &str, who: Address, support: u8, weight: u64) -> (&'static str, Value) {
    (
        "governor.VoteCast",
        json!({ "proposalId": id, "voter": hex(who), "support": support.to_string(), "weight": wei(weight).to_string(), "reason": "<b>why</b>" }),
    )
}

fn fees() -> Bytes {
    let call = IBasket::setFeesCall {
        entryBps: 10,
        instantBps: 50,
        managementBps: 100,
        performanceBps: 1_000,
    };
    call.abi_encode().into()
}

#[tokio::test]
async fn the_rules_at_one_block() {
    let world = World::with(with_basket()).await;
    let noon = tomorrow(&world, 43_200);
    let head = world.chain.mine(1);
    let holder = account(0x71);
    // The quorum is that of the second before: this one is not over.
    let asked = IGovernor::quorumCall {
        timepoint: u(noon - 1),
    };
    world
        .chain
        .install(GOVERNOR, governor().on(&asked, &wei(32_000)));
    world.chain.install(GOV, gov());
    world.chain.install(
        TIMELOCK,
        Views::default()
            .any::<TimelockController::getMinDelayCall>(&u(12 * DAY))
            .any::<IBasketTimelock::longestExitCall>(&u(11 * DAY)),
    );
    let from = |part: u8| IGuardian::pauseFromCall {
        basket: BASKET,
        part,
    };
    world.chain.install(
        GUARDIAN,
        Views::default()
            .any::<IGuardian::holderCall>(&holder)
            .any::<IGuardian::untilCall>(&u(noon + 100 * DAY))
            .on(&IGuardian::isActingCall { account: holder }, &true)
            .on(&from(0), &u(0))
            .on(&from(1), &u(noon + DAY))
            .on(&from(2), &u(0)),
    );
    assert_eq!(
        world.get("/api/v1/governance").await.json(),
        json!({
            "governor": sum(GOVERNOR), "timelock": sum(TIMELOCK), "gov": sum(GOV), "symbol": "GOV", "supply": wei(1_000_000).to_string(),
            "undistributed": wei(200_000).to_string(), "proposalThreshold": wei(1_000).to_string(), "quorum": wei(32_000).to_string(),
            "quorumFloor": wei(10_000).to_string(), "votingDelay": DAY, "votingPeriod": 5 * DAY, "lateQuorumExtension": 2 * DAY,
            "timelockDelay": 12 * DAY, "longestExit": 11 * DAY,
            "guardian": {
                "address": sum(GUARDIAN), "holder": sum(holder), "until": noon + 100 * DAY, "acting": true,
                "pauses": [{ "part": "mint", "from": 0 }, { "part": "instant", "from": noon + DAY }, { "part": "auction", "from": 0 }],
            },
            "at": noon, "block": head.number,
        })
    );
    // Nobody holds it. The next block is of another second, whose quorum is the same.
    let same = governor().any::<IGovernor::quorumCall>(&wei(32_000));
    world.chain.install(GOVERNOR, same);
    renew(
        &world,
        GUARDIAN,
        Views::default()
            .any::<IGuardian::holderCall>(&Address::ZERO)
            .any::<IGuardian::untilCall>(&u(0))
            .any::<IGuardian::isActingCall>(&false)
            .any::<IGuardian::pauseFromCall>(&u(0)),
    );
    let guardian = world.get("/api/v1/governance").await.json()["guardian"].clone();
    assert_eq!(
        (&guardian["holder"], &guardian["until"], &guardian["acting"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
}

#[tokio::test]
async fn proposals_with_their_votes() {
    let world = World::with(with_basket()).await;
    let made = tomorrow(&world, 36_000);
    let span = (made + DAY, made + 6 * DAY);
    let (one, two) = (account(1), account(2));
    let remove = Bytes::from(IGuardian::removeCall {}.abi_encode());
    let foreign = account(0x55);
    let first = world
        .index(numbered(vec![created(
            "11",
            &[(BASKET, fees()), (foreign, fees())],
            span,
            "Lower the fees",
        )]))
        .await;
    tomorrow(&world, 40_000);
    world
        .index(numbered(vec![
            voted("11", one, 1, 30_000),
            voted("11", two, 2, 2_000),
        ]))
        .await;
    let late = (made + 3 * DAY, made + 8 * DAY);
    let second = world
        .index(numbered(vec![created(
            "12",
            &[(GUARDIAN, remove.clone())],
            late,
            "Remove the guardian",
        )]))
        .await;
    let head = world.chain.head();
    let views = told(governor(), u(11), 1, span, [0, 30_000, 2_000], 0).on(
        &IGovernor::quorumCall {
            timepoint: u(span.0),
        },
        &wei(32_000),
    );
    let views = told(views, u(12), 0, late, [0, 0, 0], 0);
    world.chain.install(GOVERNOR, views.clone());
    let page = world
        .get("/api/v1/governance/proposals?limit=1")
        .await
        .json();
    assert_eq!(
        page["items"],
        json!([{
            "id": "12", "proposer": sum(one), "state": "pending", "description": "Remove the guardian",
            "calls": [{
                "target": sum(GUARDIAN), "contract": "guardian", "value": "0", "data": remove.to_string(), "function": "remove()",
            }],
            "voteStart": late.0, "voteEnd": late.1, "extended": false,
            "votes": { "forVotes": "0", "againstVotes": "0", "abstainVotes": "0" },
            // Nobody knows it before the vote begins.
            "quorum": null, "quorumReached": null, "eta": null, "operation": null, "voters": 0, "onlyRemovesGuardian": true,
            "createdAt": second.timestamp, "block": second.number, "txHash": format!("{:#x}", B256::repeat_byte(3)),
        }])
    );
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = world
        .get(&format!(
            "/api/v1/governance/proposals?limit=1&cursor={cursor}"
        ))
        .await
        .json();
    let call = |to: Address, contract: Value, function: Value| json!({ "target": sum(to), "contract": contract, "value": "0", "data": fees().to_string(), "function": function });
    let expected = json!({
        "id": "11", "proposer": sum(one), "state": "active", "description": "Lower the fees",
        "calls": [
            call(BASKET, json!("basket"), json!("setFees(uint16,uint16,uint16,uint16)")),
            // Of somebody else's contract we know no function.
            call(foreign, Value::Null, Value::Null),
        ],
        "voteStart": span.0, "voteEnd": span.1, "extended": false,
        "votes": { "forVotes": wei(30_000).to_string(), "againstVotes": "0", "abstainVotes": wei(2_000).to_string() },
        "quorum": wei(32_000).to_string(), "quorumReached": true, "eta": null, "operation": null, "voters": 2,
        "onlyRemovesGuardian": false, "createdAt": made, "block": first.number, "txHash": format!("{:#x}", B256::repeat_byte(1)),
    });
    assert_eq!(
        (&rest["items"], &rest["nextCursor"]),
        (&json!([expected]), &Value::Null)
    );

    let detail = world
        .get("/api/v1/governance/proposals/11?limit=1")
        .await
        .json();
    assert_eq!(
        (&detail["proposal"], &detail["at"], &detail["block"]),
        (&expected, &json!(head.timestamp), &json!(head.number))
    );
    let vote = &detail["votes"]["items"][0];
    assert_eq!(
        (
            &vote["voter"],
            &vote["support"],
            &vote["weight"],
            &vote["reason"]
        ),
        (
            &json!(sum(one)),
            &json!("for"),
            &json!(wei(30_000).to_string()),
            // Text, and never more.
            &json!("<b>why</b>")
        )
    );
    let cursor = detail["votes"]["nextCursor"].as_str().unwrap();
    let rest = world
        .get(&format!(
            "/api/v1/governance/proposals/11?limit=1&cursor={cursor}"
        ))
        .await
        .json();
    assert_eq!(
        (
            &rest["votes"]["items"][0]["support"],
            &rest["votes"]["nextCursor"]
        ),
        (&json!("abstain"), &Value::Null)
    );

    // One wei less than the quorum is none, and votes against count for none.
    let short = told(views, u(11), 1, span, [5_000, 29_999, 2_000], 0);
    renew(&world, GOVERNOR, short);
    let answer = world.get("/api/v1/governance/proposals/11").await.json();
    assert_eq!(answer["proposal"]["quorumReached"], false);

    // A block that does not know it yet: not a state of our own making.
    renew(&world, GOVERNOR, governor());
    let answer = world.get("/api/v1/governance/proposals/11").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "index_unavailable")
    );
}

#[tokio::test]
async fn every_state_of_a_proposal_has_its_name() {
    let world = World::with(with_basket()).await;
    let made = tomorrow(&world, 36_000);
    let span = (made + DAY, made + 6 * DAY);
    world
        .index(numbered(vec![created(
            "11",
            &[(BASKET, fees())],
            span,
            "x",
        )]))
        .await;
    for (number, name) in (0_u8..).zip([
        "pending",
        "active",
        "canceled",
        "defeated",
        "succeeded",
        "queued",
        "expired",
        "executed",
    ]) {
        renew(
            &world,
            GOVERNOR,
            told(governor(), u(11), number, span, [0, 0, 0], 77),
        );
        let proposal =
            world.get("/api/v1/governance/proposals/11").await.json()["proposal"].clone();
        assert_eq!(
            (&proposal["state"], &proposal["eta"]),
            (&json!(name), &json!(77))
        );
    }
}

#[tokio::test]
async fn an_accounts_gov() {
    let world = World::with(with_basket()).await;
    let made = tomorrow(&world, 36_000);
    let span = (made + DAY, made + 6 * DAY);
    let (one, two) = (account(1), account(2));
    world
        .index(numbered(vec![
            created("11", &[(BASKET, fees())], span, "x"),
            created("12", &[(BASKET, fees())], span, "y"),
            voted("11", one, 0, 1_000),
            voted("12", one, 1, 1_000),
        ]))
        .await;
    let head = world.chain.head();
    world.chain.install(GOVERNOR, governor());
    world.chain.install(
        GOV,
        gov()
            .on(&IGov::balanceOfCall { account: one }, &wei(400))
            .on(&IGov::getVotesCall { account: one }, &wei(1_000))
            .on(&IGov::delegatesCall { account: one }, &two),
    );
    let path = format!("/api/v1/governance/accounts/{one}?limit=1");
    let answer = world.get(&path).await.json();
    let cursor = answer["cast"]["nextCursor"].as_str().unwrap().to_owned();
    assert_eq!(
        answer,
        json!({
            "address": sum(one), "balance": wei(400).to_string(), "votes": wei(1_000).to_string(), "delegate": sum(two),
            // Just enough.
            "canPropose": true,
            "cast": {
                "items": [{
                    "proposal": "12", "voter": sum(one), "support": "for", "weight": wei(1_000).to_string(), "reason": "<b>why</b>",
                    "at": head.timestamp, "block": head.number, "txHash": format!("{:#x}", B256::repeat_byte(1)),
                }],
                "nextCursor": cursor.clone(),
            },
            "at": head.timestamp, "block": head.number,
        })
    );
    let rest = world.get(&format!("{path}&cursor={cursor}")).await.json();
    assert_eq!(
        (
            &rest["cast"]["items"][0]["support"],
            &rest["cast"]["nextCursor"]
        ),
        (&json!("against"), &Value::Null)
    );
    let nobody = world
        .get(&format!("/api/v1/governance/accounts/{}", account(0x44)))
        .await
        .json();
    assert_eq!(
        (
            &nobody["balance"],
            &nobody["delegate"],
            &nobody["canPropose"]
        ),
        (&json!("0"), &Value::Null, &json!(false))
    );
}

#[tokio::test]
async fn what_the_timelock_holds() {
    let world = World::with(with_basket()).await;
    tomorrow(&world, 36_000);
    let id = |n: u8| B256::repeat_byte(n);
    let scheduled = |n: u8, index: u64, target: Address, data: &Bytes| {
        (
            "basketTimelock.CallScheduled",
            json!({
                "id": format!("{:#x}", id(n)), "index": index.to_string(), "target": hex(target), "value": "7", "data": data.to_string(),
                "predecessor": format!("{:#x}", if n == 0xa2 { id(0xa1) } else { B256::ZERO }), "delay": (12 * DAY).to_string(),
            }),
        )
    };
    let first = world
        .index(numbered(vec![
            scheduled(0xa1, 0, BASKET, &fees()),
            scheduled(0xa1, 1, TIMELOCK, &fees()),
        ]))
        .await;
    world
        .index(numbered(vec![scheduled(0xa2, 0, BASKET, &fees())]))
        .await;
    world
        .index(numbered(vec![
            scheduled(0xa3, 0, BASKET, &fees()),
            (
                "basketTimelock.Cancelled",
                json!({ "id": format!("{:#x}", id(0xa3)) }),
            ),
        ]))
        .await;
    let head = world.chain.head();
    let ready = head.timestamp + 12 * DAY;
    let views = Views::default()
        .any::<TimelockController::getMinDelayCall>(&u(12 * DAY))
        .any::<IBasketTimelock::longestExitCall>(&u(11 * DAY))
        .any::<IBasketTimelock::basketsCall>(&vec![BASKET])
        .on(
            &IBasketTimelock::readyAtCall { id: id(0xa1) },
            &u(head.timestamp),
        )
        .on(&IBasketTimelock::readyAtCall { id: id(0xa2) }, &u(ready));
    world.chain.install(TIMELOCK, views);
    let page = world
        .get("/api/v1/governance/timelock?limit=2")
        .await
        .json();
    assert_eq!(
        (
            &page["address"],
            &page["delay"],
            &page["longestExit"],
            &page["baskets"]
        ),
        (
            &json!(sum(TIMELOCK)),
            &json!(12 * DAY),
            &json!(11 * DAY),
            &json!([sum(BASKET)])
        )
    );
    let seen: Vec<_> = page["operations"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| {
            (
                o["id"].clone(),
                o["state"].clone(),
                o["readyAt"].clone(),
                o["predecessor"].clone(),
            )
        })
        .collect();
    let text = |n: u8| json!(format!("{:#x}", id(n)));
    assert_eq!(
        seen,
        [
            (text(0xa3), json!("canceled"), Value::Null, Value::Null),
            (text(0xa2), json!("waiting"), json!(ready), text(0xa1)),
        ]
    );
    let cursor = page["operations"]["nextCursor"].as_str().unwrap();
    let rest = world
        .get(&format!(
            "/api/v1/governance/timelock?limit=2&cursor={cursor}"
        ))
        .await
        .json();
    assert_eq!(
        (
            &rest["operations"]["items"],
            &rest["operations"]["nextCursor"]
        ),
        (
            &json!([{
                "id": format!("{:#x}", id(0xa1)), "state": "ready",
                "calls": [
                    { "target": sum(BASKET), "contract": "basket", "value": "7", "data": fees().to_string(),
                      "function": "setFees(uint16,uint16,uint16,uint16)" },
                    // The timelock has no such function.
                    { "target": sum(TIMELOCK), "contract": "timelock", "value": "7", "data": fees().to_string(), "function": null },
                ],
                "proposal": null, "predecessor": null, "scheduledAt": first.timestamp, "readyAt": head.timestamp, "block": first.number,
                "txHash": format!("{:#x}", B256::repeat_byte(1)),
            }]),
            &Value::Null
        )
    );
}
