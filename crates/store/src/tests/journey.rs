//! One history through every event that moves something, with the figures worked out by hand.

use super::{Script, account, fresh, transfer};
use crate::{Error, HistoryKind, LossKind, PageRequest, RequestState, totals::*};
use alloy::primitives::{Address, B256, U256};
use serde_json::{Value, json};

const RATE_AFTER: u64 = 400_000_000_000_000_000;

fn ann() -> Address {
    account(20)
}

fn ben() -> Address {
    account(21)
}

fn hex(account: Address) -> String {
    format!("{account:#x}")
}

fn name(word: &str) -> B256 {
    let mut name = B256::ZERO;
    name[..word.len()].copy_from_slice(word.as_bytes());
    name
}

fn burn(from: Address, value: u64) -> (&'static str, Value) {
    ("Transfer", transfer(from, Address::ZERO, U256::from(value)))
}

fn mint(to: Address, value: u64) -> (&'static str, Value) {
    ("Transfer", transfer(Address::ZERO, to, U256::from(value)))
}

/// `(1 << 32) | 1`: the first request of rung 1.
const SECOND: &str = "4294967297";

pub(super) fn events(number: u64) -> Vec<(&'static str, Value)> {
    let (a, b) = (hex(ann()), hex(ben()));
    let v = "7";
    match number {
        1 => vec![
            (
                "ParameterSet",
                json!({ "name": name("standardFeeBps"), "value": "5" }),
            ),
            ("ValidatorRegistered", json!({ "validatorId": v })),
            (
                "BucketCreated",
                json!({ "validatorId": v, "index": "0", "bucket": hex(account(30)) }),
            ),
            (
                "BucketCreated",
                json!({ "validatorId": v, "index": "1", "bucket": hex(account(31)) }),
            ),
            (
                "BucketCreated",
                json!({ "validatorId": v, "index": "2", "bucket": hex(account(32)) }),
            ),
            (
                "BucketsConfigured",
                json!({ "validatorId": v, "buckets": "3", "target": "2" }),
            ),
            (
                "ValidatorWeightSet",
                json!({ "validatorId": v, "weight": "3" }),
            ),
        ],
        2 => vec![
            mint(ann(), 1000),
            (
                "Deposited",
                json!({ "account": a, "payer": b, "hint": "65535", "coins": "1000", "lst": "1000" }),
            ),
        ],
        3 => vec![
            ("BufferTargetSet", json!({ "target": "100" })),
            (
                "InsuranceFunded",
                json!({ "from": b, "amount": "9", "held": "9" }),
            ),
            (
                "StakePlaced",
                json!({ "validatorId": v, "index": "0", "amount": "600" }),
            ),
            (
                "StakePlaced",
                json!({ "validatorId": v, "index": "1", "amount": "300" }),
            ),
        ],
        4 => vec![
            burn(ann(), 50),
            (
                "InstantExit",
                json!({ "account": a, "recipient": a, "lst": "50", "gross": "50", "fee": "1" }),
            ),
        ],
        5 => vec![
            burn(ann(), 200),
            (
                "ExitRequested",
                json!({ "id": "1", "owner": b, "lst": "200", "hint": "65535" }),
            ),
            burn(ann(), 100),
            (
                "ExitRequested",
                json!({ "id": "2", "owner": a, "lst": "100", "hint": "65535" }),
            ),
        ],
        6 => vec![
            (
                "ExitCancelled",
                json!({ "id": "2", "owner": a, "lst": "100" }),
            ),
            mint(ann(), 100),
        ],
        7 => vec![
            (
                "RungClosed",
                json!({ "rung": "0", "lst": "200", "count": "2", "unitsEnd": "200", "c0": "0", "feeBps": "5" }),
            ),
            ("Netted", json!({ "amount": "20" })),
            (
                "Departed",
                json!({ "validatorId": v, "index": "1", "amount": "181", "end": "1090", "early": false }),
            ),
            (
                "EtaMarked",
                json!({ "mark": "0", "units": "200", "eta": "1100" }),
            ),
        ],
        8 => vec![(
            "Swept",
            json!({ "validatorId": v, "index": "1", "gained": "181", "received": "185" }),
        )],
        9 => vec![
            (
                "LineFunded",
                json!({ "checkpoint": "1", "watermark": "200", "b": "200", "lst": "200", "coins": "200" }),
            ),
            ("EtaRevised", json!({ "reason": "2", "value": "1100" })),
        ],
        10 => vec![(
            "Claimed",
            json!({ "id": "1", "owner": b, "recipient": b, "paid": "199", "fee": "1", "done": true }),
        )],
        11 => vec![
            (
                "InsuranceWithdrawn",
                json!({ "recipient": b, "amount": "2", "held": "7" }),
            ),
            burn(ann(), 300),
            (
                "ExitRequested",
                json!({ "id": SECOND, "owner": a, "lst": "300", "hint": "7" }),
            ),
            (
                "RungClosed",
                json!({ "rung": "1", "lst": "300", "count": "1", "unitsEnd": "500", "c0": "0", "feeBps": "5" }),
            ),
            (
                "Departed",
                json!({ "validatorId": v, "index": "0", "amount": "100", "end": "6000", "early": true }),
            ),
            (
                "Departed",
                json!({ "validatorId": v, "index": "1", "amount": "40", "end": "5000", "early": true }),
            ),
            (
                "Restaked",
                json!({ "validatorId": v, "index": "0", "amount": "30" }),
            ),
            (
                "EtaMarked",
                json!({ "mark": "1", "units": "500", "eta": "9500" }),
            ),
        ],
        // What ends at 5000 had matured: only the 70 of the other bucket are lost with the active stake.
        12 => vec![
            (
                "ValidatorSynced",
                json!({ "validatorId": v, "active": false, "slashed": true, "slashVotes": "2" }),
            ),
            ("InsuranceUsed", json!({ "amount": "6", "held": "1" })),
            ("EtaRevised", json!({ "reason": "0", "value": "679" })),
            (
                "SlashBooked",
                json!({ "validatorId": v, "activeLoss": "609", "coolingLoss": "70", "rate": format!("{RATE_AFTER}000000000") }),
            ),
        ],
        13 => vec![
            (
                "RewardsClaimed",
                json!({ "validatorId": v, "index": "0", "amount": "50" }),
            ),
            (
                "RewardsLoaded",
                json!({ "from": hex(account(30)), "amount": "50", "fee": "5" }),
            ),
            (
                "StreamAdded",
                json!({ "amount": "45", "flow": "1", "end": "691200" }),
            ),
            (
                "RewardsPaid",
                json!({ "account": a, "recipient": b, "amount": "10" }),
            ),
            ("ProtocolFeesPaid", json!({ "recipient": b, "amount": "4" })),
        ],
        14 => vec![
            ("FeesPaid", json!({ "recipient": b, "amount": "2" })),
            (
                "LinePaidProRata",
                json!({ "c": "7", "lst": "100", "coins": "10" }),
            ),
            (
                "Claimed",
                json!({ "id": SECOND, "owner": a, "recipient": a, "paid": "9", "fee": "1", "done": false }),
            ),
            (
                "ShortfallBooked",
                json!({ "validatorId": v, "index": "1", "missing": "40", "rate": format!("{RATE_AFTER}000000000") }),
            ),
            (
                "RoleRevoked",
                json!({ "role": name("X"), "account": a, "sender": b }),
            ),
        ],
        _ => vec![],
    }
}

#[tokio::test]
async fn the_rows_are_what_the_journey_adds_up_to() {
    let (_dir, store) = fresh(100).await;
    let script = Script { fork: u64::MAX };
    for number in 1..=7 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    let total = async |name: &str| store.total(name).await.unwrap();
    let u = U256::from::<u64>;
    assert_eq!(total(RATE).await, U256::from(10).pow(u(27)));
    // 1000 in, 900 staked, 50 out at once: 50 left, 20 of it committed.
    assert_eq!(
        (
            total(HEADROOM).await,
            total(COMMITTED).await,
            total(TARGET).await
        ),
        (u(50), u(20), u(100))
    );
    // The reserve is no part of headroom.
    assert_eq!(total(INSURANCE).await, u(9));
    assert_eq!((total(RESERVED).await, total(FEES).await), (u(1), u(1)));
    assert_eq!(
        (total(ACTIVE).await, total(COOLING).await),
        (u(719), u(181))
    );
    assert_eq!(
        (
            total(OPEN_LST).await,
            total(STAGED_LST).await,
            total(LINE_END).await
        ),
        (u(200), u(0), u(200))
    );
    let first = store.request(u(1)).await.unwrap().unwrap();
    assert_eq!(
        (first.owner, first.rung, first.seq, first.lst, first.state),
        (ben(), 0, 1, u(200), RequestState::Live)
    );
    let second = store.request(u(2)).await.unwrap().unwrap();
    assert_eq!(
        (second.lst_before, second.state),
        (u(200), RequestState::Cancelled)
    );
    let rung = store.rung(0).await.unwrap().unwrap();
    assert_eq!(
        (rung.lst, rung.count, rung.fee_bps, rung.promised_at),
        (u(200), 2, Some(5), Some(1100))
    );
    assert_eq!(
        (rung.opened_at, rung.closed_at, rung.revised),
        (1060, Some(1084), false)
    );
    assert_eq!(
        store
            .live_requests(&PageRequest::default())
            .await
            .unwrap()
            .items,
        [first]
    );
    let buckets = store.buckets_of(7).await.unwrap();
    let shape: Vec<_> = buckets
        .iter()
        .map(|b| (b.active, b.cooling, b.cooldown_end, b.retired))
        .collect();
    assert_eq!(
        shape,
        [
            (u(600), u(0), 0, false),
            (u(119), u(181), 1090, false),
            (u(0), u(0), 0, true)
        ]
    );

    store.apply_block(script.batch(b'a', 8)).await.unwrap();
    // 20 netted and 181 swept: 1 wei over what is open, within the margin.
    assert_eq!(total(COMMITTED).await, u(201));
    store.apply_block(script.batch(b'a', 9)).await.unwrap();
    // 181 swept (not the 185 that came), all that is open to the rung, 8 s late, and with nothing open nothing is committed.
    assert_eq!(
        (
            total(HEADROOM).await,
            total(RESERVED).await,
            total(COMMITTED).await
        ),
        (u(31), u(201), u(0))
    );
    assert_eq!(
        (
            total(OPEN_LST).await,
            total(WATERMARK).await,
            total(COOLING).await
        ),
        (u(0), u(200), u(0))
    );
    assert!(store.rung(0).await.unwrap().unwrap().revised);

    for number in 10..=14 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    assert_eq!(total(RATE).await, u(RATE_AFTER) * u(1_000_000_000));
    assert_eq!((total(ACTIVE).await, total(COOLING).await), (u(0), u(0)));
    // 31 - 10, and 6 of the reserve; 201 - 199 - 2 + 10 - 9; fees 1 + 1 - 2 + 1.
    assert_eq!(
        (
            total(HEADROOM).await,
            total(RESERVED).await,
            total(FEES).await
        ),
        (u(27), u(1), u(1))
    );
    // 9 - 2 - 6.
    assert_eq!(total(INSURANCE).await, u(1));
    assert_eq!(
        (
            total(OPEN_LST).await,
            total(C).await,
            total(OPEN_RUNG).await
        ),
        (u(200), u(7), u(2))
    );
    assert_eq!(
        (
            total(PROTOCOL_FEES).await,
            total(REWARDS_OWED).await,
            total(REWARDS_LOADED).await
        ),
        (u(1), u(35), u(45))
    );
    let rung = store.rung(1).await.unwrap().unwrap();
    assert_eq!(
        (
            rung.units_start,
            rung.units_end,
            rung.promised_at,
            rung.revised
        ),
        (u(200), u(500), Some(9500), true)
    );
    let request = store
        .request(SECOND.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((request.paid, request.state), (u(10), RequestState::Live));
    let validator = store.validators().await.unwrap().remove(0);
    assert_eq!(
        (
            validator.staked,
            validator.active,
            validator.slashed,
            validator.booked
        ),
        (u(0), false, true, true)
    );
    assert_eq!(
        (
            validator.votes,
            validator.weight,
            validator.rewards,
            validator.target_buckets
        ),
        (2, 3, u(50), 2)
    );
    assert!(
        store
            .buckets()
            .await
            .unwrap()
            .iter()
            .all(|b| b.active.is_zero() && b.cooling.is_zero())
    );
    let [shortfall, slash] = &store.slashes().await.unwrap()[..] else {
        panic!()
    };
    assert_eq!(
        (slash.kind, slash.active_lost, slash.cooling_lost),
        (LossKind::Slash, u(609), u(70))
    );
    assert_eq!(
        (shortfall.kind, shortfall.cooling_lost),
        (LossKind::Shortfall, u(40))
    );
    assert_eq!(slash.rate_after, shortfall.rate_before);

    let a = store.holder(ann()).await.unwrap().unwrap();
    assert_eq!(
        (a.balance, a.deposited, a.deposits, a.exited),
        (u(450), u(1000), 1, u(58))
    );
    assert_eq!((a.rewards_claimed, a.requests), (u(10), 2));
    assert_eq!(store.holder(ben()).await.unwrap().unwrap().exited, u(199));
    use HistoryKind::*;
    let kinds = |page: crate::Page<crate::History>| {
        page.items
            .into_iter()
            .rev()
            .map(|h| (h.kind, h.amount, h.lst))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(store.history(ann(), &PageRequest::default()).await.unwrap()),
        [
            (Deposit, u(1000), u(1000)),
            (InstantExit, u(49), u(50)),
            (Request, u(0), u(100)),
            (Cancel, u(0), u(100)),
            (Request, u(0), u(300)),
            (Rewards, u(10), u(0)),
            (Claim, u(9), u(0)),
        ]
    );
    assert_eq!(
        kinds(store.history(ben(), &PageRequest::default()).await.unwrap()),
        [(Request, u(0), u(200)), (Claim, u(199), u(0))]
    );
    let parameters = store.parameters().await.unwrap();
    let fee = parameters.iter().find(|p| p.name == "standardFeeBps");
    assert_eq!(fee.unwrap().value, "5");
    assert!(!store.role_changes().await.unwrap()[0].granted);
    assert_eq!(
        store
            .reward_loads(&PageRequest::default())
            .await
            .unwrap()
            .items[0]
            .ends_at,
        691_200
    );
    assert_eq!(
        store
            .claims(&PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        3
    );
    assert_eq!(store.last_checkpoint().await.unwrap().unwrap().idx, 1);
}

/// What contradicts the rows is refused, by name and place.
#[tokio::test]
async fn an_impossible_event_is_refused() {
    let a = hex(ann());
    for (name, args) in [
        (
            "ExitRequested",
            json!({ "id": "9", "owner": a, "lst": "1", "hint": "0" }),
        ),
        (
            "ExitCancelled",
            json!({ "id": "5", "owner": a, "lst": "1" }),
        ),
        (
            "RungClosed",
            json!({ "rung": "0", "lst": "1", "count": "1", "unitsEnd": "1", "c0": "0", "feeBps": "5" }),
        ),
        (
            "LineFunded",
            json!({ "checkpoint": "1", "watermark": "1", "b": "1", "lst": "1", "coins": "1" }),
        ),
        (
            "StakePlaced",
            json!({ "validatorId": "9", "index": "0", "amount": "1" }),
        ),
        (
            "StakePlaced",
            json!({ "validatorId": "70000", "index": "0", "amount": "1" }),
        ),
        (
            "Departed",
            json!({ "validatorId": "7", "index": "0", "amount": "601", "end": "1", "early": false }),
        ),
        (
            "Swept",
            json!({ "validatorId": "7", "index": "0", "gained": "1", "received": "1" }),
        ),
        (
            "SlashBooked",
            json!({ "validatorId": "7", "activeLoss": "1", "coolingLoss": "0", "rate": "1" }),
        ),
        (
            "SlashBooked",
            json!({ "validatorId": "7", "activeLoss": "900", "coolingLoss": "1", "rate": "1" }),
        ),
        (
            "Claimed",
            json!({ "id": "1", "owner": a, "recipient": a, "paid": "1", "fee": "0", "done": true }),
        ),
        (
            "InstantExit",
            json!({ "account": a, "recipient": a, "lst": "1", "gross": "101", "fee": "0" }),
        ),
        (
            "Deposited",
            json!({ "account": a, "coins": "1", "lst": "1" }),
        ),
        (
            "InsuranceFunded",
            json!({ "from": a, "amount": "1", "held": "11" }),
        ),
        ("InsuranceUsed", json!({ "amount": "10", "held": "0" })),
        (
            "InsuranceWithdrawn",
            json!({ "recipient": a, "amount": "10", "held": "0" }),
        ),
    ] {
        let (_dir, store) = fresh(100).await;
        let script = Script { fork: u64::MAX };
        for number in 1..=3 {
            store.apply_block(script.batch(b'a', number)).await.unwrap();
        }
        let mut batch = script.batch(b'a', 4);
        batch.events = vec![super::event(4, 0, B256::ZERO, name, args)];
        let error = store.apply_block(batch).await.unwrap_err();
        assert!(
            matches!(
                &error,
                Error::Event {
                    block: 4,
                    log_index: 0,
                    ..
                }
            ),
            "{name}: {error}"
        );
    }
}
