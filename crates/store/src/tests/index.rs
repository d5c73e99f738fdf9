use super::{Script, account, event, fresh, transfer};
use crate::{BlockBatch, Changes, Error, EventFilter, PageRequest, RESYNC};
use alloy::primitives::{Address, B256, U256, keccak256};
use serde_json::json;

#[tokio::test]
async fn balances_are_what_the_transfers_add_up_to() {
    let (_dir, store) = fresh(100).await;
    let script = Script { fork: u64::MAX };
    for number in 1..=60 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    let expected = script.balances(b'a', 60);
    assert!(
        expected.len() == 6 && expected.values().all(|v| !v.is_zero()),
        "the script is too tame"
    );
    for (account, balance) in &expected {
        assert_eq!(
            store.holder(*account).await.unwrap().unwrap().balance,
            *balance
        );
    }
    assert_eq!(
        store.total("supply").await.unwrap(),
        expected.values().copied().sum::<U256>()
    );
}

/// Rolls back to every height inside the window, and finds each time the tables of a store that never went further.
#[tokio::test]
async fn o2_rollback_restores_the_tables_exactly() {
    const LAST: u64 = 40;
    const WINDOW: u64 = 12;
    let (_dir, store) = fresh(WINDOW).await;
    let script = Script {
        fork: LAST - WINDOW,
    };
    let mut hashes = vec![B256::ZERO];
    for number in 1..=LAST {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
        hashes.push(store.table_hash().await.unwrap());
    }
    for depth in 1..=WINDOW {
        let height = LAST - depth;
        store.rollback_to(height).await.unwrap();
        assert_eq!(
            store.table_hash().await.unwrap(),
            hashes[height as usize],
            "depth {depth}"
        );
        assert_eq!(store.cursor().await.unwrap().unwrap().number, height);
        // Another branch, all the way, and consecutive rollbacks across it.
        if depth == WINDOW {
            for number in height + 1..=LAST {
                store.apply_block(script.batch(b'b', number)).await.unwrap();
            }
            assert_ne!(store.table_hash().await.unwrap(), hashes[LAST as usize]);
            store.rollback_to(height + 5).await.unwrap();
            store.rollback_to(height).await.unwrap();
            assert_eq!(store.table_hash().await.unwrap(), hashes[height as usize]);
        }
        for number in height + 1..=LAST {
            store.apply_block(script.batch(b'a', number)).await.unwrap();
        }
        assert_eq!(store.table_hash().await.unwrap(), hashes[LAST as usize]);
    }
    let error = store.rollback_to(LAST - WINDOW - 1).await.unwrap_err();
    assert!(
        matches!(error, Error::TooDeep { height, floor } if height + 1 == floor),
        "{error}"
    );
    assert_eq!(store.table_hash().await.unwrap(), hashes[LAST as usize]);
}

/// Ranges of any size and single blocks give the same tables.
#[tokio::test]
async fn o5_ranges_and_blocks_give_the_same_tables() {
    let script = Script { fork: u64::MAX };
    let mut hashes = Vec::new();
    for size in [1, 7, 30, 50] {
        let (_dir, store) = fresh(10).await;
        let mut first = 1;
        while first <= 50 {
            if first > 40 || size == 1 {
                store.apply_block(script.batch(b'a', first)).await.unwrap();
                first += 1;
            } else {
                let last = (first + size - 1).min(50);
                store
                    .apply_range(script.range(b'a', first, last))
                    .await
                    .unwrap();
                first = last + 1;
            }
        }
        hashes.push(store.table_hash().await.unwrap());
    }
    assert!(hashes.windows(2).all(|w| w[0] == w[1]), "{hashes:?}");
}

#[tokio::test]
async fn o5_a_batch_must_continue_the_cursor() {
    let (_dir, store) = fresh(10).await;
    let script = Script { fork: 5 };
    store.apply_range(script.range(b'a', 1, 6)).await.unwrap();
    let before = store.table_hash().await.unwrap();
    // Twice, with a gap, from another branch, below the range: each refused, and nothing changes.
    for (number, branch) in [(6, b'a'), (8, b'a')] {
        assert!(matches!(
            store
                .apply_block(script.batch(branch, number))
                .await
                .unwrap_err(),
            Error::NotNext { .. }
        ));
    }
    assert!(matches!(
        store.apply_block(script.batch(b'b', 7)).await.unwrap_err(),
        Error::OtherBranch { .. }
    ));
    assert!(matches!(
        store
            .apply_range(script.range(b'a', 5, 9))
            .await
            .unwrap_err(),
        Error::NotNext { .. }
    ));
    assert!(matches!(
        store
            .apply_range(script.range(b'a', 8, 9))
            .await
            .unwrap_err(),
        Error::NotNext { .. }
    ));
    assert!(matches!(
        store.rollback_to(5).await.unwrap_err(),
        Error::TooDeep { .. }
    ));
    let mut twice = script.batch(b'a', 7);
    twice.events = vec![
        event(7, 1, B256::ZERO, "X", serde_json::json!({})),
        event(7, 1, B256::ZERO, "X", serde_json::json!({})),
    ];
    assert!(matches!(
        store.apply_block(twice).await.unwrap_err(),
        Error::BadBatch(_)
    ));
    let mut headless = script.range(b'a', 7, 60);
    assert!(headless.blocks.len() > 2);
    headless.blocks.remove(0);
    assert!(matches!(
        store.apply_range(headless).await.unwrap_err(),
        Error::BadBatch(_)
    ));
    assert_eq!(store.table_hash().await.unwrap(), before);
    store.apply_block(script.batch(b'a', 7)).await.unwrap();
}

#[tokio::test]
async fn an_event_that_cannot_be_leaves_nothing_behind() {
    let (_dir, store) = fresh(10).await;
    let script = Script { fork: u64::MAX };
    store.apply_range(script.range(b'a', 1, 6)).await.unwrap();
    let before = (
        store.table_hash().await.unwrap(),
        store.seq().await.unwrap(),
    );
    let block = script.block(b'a', 7);
    let events = vec![
        event(
            7,
            0,
            B256::ZERO,
            "Transfer",
            transfer(Address::ZERO, account(1), U256::from(5)),
        ),
        event(
            7,
            1,
            B256::ZERO,
            "Transfer",
            transfer(account(7), account(1), U256::from(5)),
        ),
    ];
    let error = store
        .apply_block(BlockBatch {
            block,
            events,
            alerts: vec![],
        })
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Event {
                block: 7,
                log_index: 1,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        (
            store.table_hash().await.unwrap(),
            store.seq().await.unwrap()
        ),
        before
    );
}

#[tokio::test]
async fn verify_finds_a_changed_row() {
    let (_dir, store) = fresh(10).await;
    let script = Script { fork: u64::MAX };
    for number in 1..=30 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    let (_a, scratch) = fresh(10).await;
    assert!(store.verify(&scratch).await.unwrap());
    store
        .write("tamper", |tx| {
            Box::pin(async move {
                sqlx::query("UPDATE holders SET deposits = 1 WHERE account = (SELECT MIN(account) FROM holders)").execute(&mut *tx.conn).await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    let (_b, scratch) = fresh(10).await;
    assert!(!store.verify(&scratch).await.unwrap());
}

#[tokio::test]
async fn changes_are_numbered_without_gaps_and_a_rollback_says_resync() {
    let (_dir, store) = fresh(10).await;
    let script = Script { fork: u64::MAX };
    let mut hint = store.subscribe();
    for number in 1..=20 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    let newest = store.seq().await.unwrap();
    assert!(newest > 10);
    hint.changed().await.unwrap();
    assert_eq!(*hint.borrow_and_update(), newest);
    let mut seen = 0;
    while seen < newest {
        let Changes::Next(changes) = store.changes(seen, 7).await.unwrap() else {
            panic!("resync")
        };
        assert_eq!(
            changes.iter().map(|c| c.seq).collect::<Vec<_>>(),
            (seen + 1..).take(changes.len()).collect::<Vec<_>>()
        );
        assert!(
            changes
                .iter()
                .any(|c| c.topic == "metrics" || c.topic.starts_with("account:0x"))
        );
        seen += changes.len() as u64;
    }
    assert_eq!(
        store.changes(newest, 7).await.unwrap(),
        Changes::Next(vec![])
    );
    // A number that was never given out: another store's client.
    assert_eq!(
        store.changes(newest + 5, 7).await.unwrap(),
        Changes::Resync(newest)
    );
    store.rollback_to(18).await.unwrap();
    let Changes::Resync(after) = store.changes(newest, 7).await.unwrap() else {
        panic!("no {RESYNC}")
    };
    assert_eq!(after, newest + 1);
    assert_eq!(
        store.changes(after, 7).await.unwrap(),
        Changes::Next(vec![])
    );
}

#[tokio::test]
async fn pages_give_every_row_once_in_order() {
    let (_dir, store) = fresh(10).await;
    let script = Script { fork: u64::MAX };
    store.apply_range(script.range(b'a', 1, 80)).await.unwrap();
    let who = account(2);
    let mention = |e: &&crate::Event| {
        let text = e.args.to_string();
        text.contains(&format!("{who:#x}")) || text.contains(&who.to_string())
    };
    let all: Vec<_> = (1..=80).flat_map(|n| script.events(b'a', n)).collect();
    for (filter, expected) in [
        (EventFilter::default(), all.len()),
        (
            EventFilter {
                account: Some(who),
                name: None,
            },
            all.iter().filter(mention).count(),
        ),
        (
            EventFilter {
                account: Some(who),
                name: Some("RoleGranted".into()),
            },
            all.iter()
                .filter(|e| e.name == "RoleGranted")
                .filter(mention)
                .count(),
        ),
        (
            EventFilter {
                account: None,
                name: Some("Transfer".into()),
            },
            all.iter().filter(|e| e.name == "Transfer").count(),
        ),
    ] {
        let mut page = PageRequest {
            cursor: None,
            limit: 6,
        };
        let mut seen = Vec::new();
        loop {
            let got = store.events(&filter, &page).await.unwrap();
            assert!(got.items.len() <= 6);
            seen.extend(got.items.iter().map(|e| (e.block, e.log_index)));
            page.cursor = got.next;
            if page.cursor.is_none() {
                break;
            }
        }
        assert!(expected > 6);
        assert_eq!(seen.len(), expected);
        assert!(seen.windows(2).all(|w| w[0] > w[1]));
    }
    let bad = PageRequest {
        cursor: Some("zz".into()),
        limit: 6,
    };
    assert!(matches!(
        store
            .events(&EventFilter::default(), &bad)
            .await
            .unwrap_err(),
        Error::BadCursor
    ));
    let foreign = PageRequest {
        cursor: Some("5b5d".into()),
        limit: 6,
    };
    assert!(matches!(
        store
            .events(&EventFilter::default(), &foreign)
            .await
            .unwrap_err(),
        Error::BadCursor
    ));
}

#[tokio::test]
async fn samples_belong_to_a_stored_block_and_thin_out() {
    let (_dir, store) = fresh(10).await;
    let script = Script { fork: 18 };
    for number in 1..=20 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    let sample = |value: &str| vec![("rate".to_owned(), value.to_owned())];
    for number in 15..=20 {
        store
            .record_samples(
                number,
                script.hash(b'a', number),
                sample(&number.to_string()),
                vec![],
            )
            .await
            .unwrap();
    }
    let error = store
        .record_samples(20, keccak256("other"), sample("1"), vec![])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::OtherBranch { .. }));
    let at = |number: u64| 1_000 + 12 * number;
    let all = store.samples("rate", 0, u64::MAX >> 1, 1).await.unwrap();
    assert_eq!(
        all.iter().map(|s| s.value.as_str()).collect::<Vec<_>>(),
        ["15", "16", "17", "18", "19", "20"]
    );
    // Minutes 19 (1140 to 1199: blocks 12 to 16) and 20 (1200 to 1259: blocks 17 to 21).
    let minutes = store.samples("rate", 0, u64::MAX >> 1, 60).await.unwrap();
    assert_eq!(
        minutes.iter().map(|s| s.at).collect::<Vec<_>>(),
        [at(16), at(20)]
    );
    store.rollback_to(18).await.unwrap();
    assert_eq!(
        store.latest_sample("rate").await.unwrap().unwrap().value,
        "18"
    );
    assert_eq!(store.thin_samples(at(18) + 86_400 + 1).await.unwrap(), 2);
    let left = store.samples("rate", 0, u64::MAX >> 1, 1).await.unwrap();
    assert_eq!(
        left.iter().map(|s| s.value.as_str()).collect::<Vec<_>>(),
        ["16", "18"]
    );
}

#[tokio::test]
async fn holes_are_counted_until_they_are_filled() {
    let (_dir, store) = fresh(10).await;
    let id = store
        .report_hole(5, 9, "empty logs against a positive bloom".into())
        .await
        .unwrap();
    let done = store.completeness().await.unwrap();
    assert_eq!((done.found, done.left), (1, 1));
    assert_eq!(store.holes().await.unwrap()[0].last, 9);
    store.fill_hole(id).await.unwrap();
    assert!(matches!(
        store.fill_hole(id).await.unwrap_err(),
        Error::NoSuch { .. }
    ));
    let done = store.completeness().await.unwrap();
    assert_eq!((done.found, done.left), (1, 0));
}

/// A time that was published is a promise, for what stands before it too; it is never raised, and a mark may lower it.
#[tokio::test]
async fn a_published_time_is_a_promise_that_never_rises() {
    let (_dir, store) = fresh(100).await;
    let script = Script { fork: u64::MAX };
    let mut number = 0;
    let mut apply = async |events: Vec<(&str, serde_json::Value)>| {
        number += 1;
        let seed = keccak256([number as u8]);
        let events = (0..)
            .zip(events)
            .map(|(index, (name, args))| event(number, index, seed, name, args))
            .collect();
        let block = script.block(b'a', number);
        store
            .apply_block(BlockBatch {
                block,
                events,
                alerts: vec![],
            })
            .await
            .unwrap();
        let mut promised = Vec::new();
        for rung in 0..4 {
            if let Some(rung) = store.rung(rung).await.unwrap() {
                promised.push(rung.promised_at);
            }
        }
        promised
    };
    let mut road = Vec::new();
    for rung in 0..4_u64 {
        let owner = account(1);
        let id = (rung << 32) + 1;
        road.push((
            "ExitRequested",
            json!({ "id": id.to_string(), "owner": format!("{owner:#x}"), "lst": "10", "hint": "0" }),
        ));
        road.push((
            "RungClosed",
            json!({ "rung": rung.to_string(), "lst": "10", "count": "1", "unitsEnd": ((rung + 1) * 10).to_string(), "c0": "0", "feeBps": "5" }),
        ));
    }
    assert_eq!(apply(road).await, [None; 4]);
    let publish = |rung: u64, eta: u64| {
        vec![(
            "EtaPublished",
            json!({ "rung": rung.to_string(), "eta": eta.to_string() }),
        )]
    };
    let mark = |units: u64, eta: u64| {
        vec![(
            "EtaMarked",
            json!({ "mark": "0", "units": units.to_string(), "eta": eta.to_string() }),
        )]
    };
    let some = |promised: [u64; 4]| promised.map(|at| (at > 0).then_some(at));
    assert_eq!(apply(publish(1, 500)).await, some([500, 500, 0, 0]));
    assert_eq!(apply(mark(10, 400)).await, some([400, 500, 0, 0]));
    assert_eq!(apply(publish(1, 450)).await, some([400, 450, 0, 0]));
    assert_eq!(
        apply(publish(0, 600)).await,
        some([400, 450, 0, 0]),
        "it never rises"
    );
    assert_eq!(apply(mark(30, 460)).await, some([400, 450, 460, 0]));
    // The coins are here: now is the promise of a rung that had none.
    assert_eq!(apply(publish(2, 0)).await, some([400, 450, 460, 0]));
    assert_eq!(
        apply(publish(3, 0)).await,
        some([400, 450, 460, 1_000 + 8 * 12])
    );
    let hash = store.table_hash().await.unwrap();
    store.rollback_to(2).await.unwrap();
    assert_eq!(store.rung(1).await.unwrap().unwrap().promised_at, Some(500));
    assert_ne!(store.table_hash().await.unwrap(), hash);
}
