use super::fresh;
use crate::{
    AttemptState, Decision, Error, GiveUp, Inclusion, IntentState, PageRequest, SignedTx, TxState,
    WorkKey,
};
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};

fn work(target: &str) -> WorkKey {
    WorkKey {
        chain_id: 7,
        contract: Address::repeat_byte(1),
        job: "sweep".into(),
        target: target.into(),
        precondition: B256::with_last_byte(1),
    }
}

fn signed(nonce: u64, tip: u64) -> SignedTx {
    let raw = Bytes::from(format!("{nonce}/{tip}").into_bytes());
    let signer = Address::repeat_byte(5);
    SignedTx {
        signer,
        nonce,
        hash: keccak256(&raw),
        raw,
        max_fee: U256::from(100),
        priority_fee: U256::from(tip),
    }
}

fn inclusion(block: u64, success: bool) -> Inclusion {
    Inclusion {
        block,
        hash: keccak256([1]),
        success,
        gas_used: 21_000,
        gas_price: U256::from(9),
    }
}

#[test]
fn a_works_id_has_every_part_in_it() {
    let base = work("1");
    let mut ids = vec![base.id()];
    ids.push(
        WorkKey {
            chain_id: 8,
            ..base.clone()
        }
        .id(),
    );
    ids.push(
        WorkKey {
            contract: Address::repeat_byte(2),
            ..base.clone()
        }
        .id(),
    );
    ids.push(
        WorkKey {
            job: "sweep1".into(),
            target: String::new(),
            ..base.clone()
        }
        .id(),
    );
    ids.push(
        WorkKey {
            target: "2".into(),
            ..base.clone()
        }
        .id(),
    );
    ids.push(
        WorkKey {
            precondition: B256::ZERO,
            ..base.clone()
        }
        .id(),
    );
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    assert_eq!(base.id(), work("1").id());
}

#[tokio::test]
async fn a_work_is_done_once_and_a_nonce_serves_one_work() {
    let (_dir, store) = fresh(8).await;
    let fence = store.take_lease("a".into()).await.unwrap();
    let first = store
        .begin_attempt(fence, work("1"), "due".into())
        .await
        .unwrap();
    assert!(matches!(
        store
            .begin_attempt(fence, work("1"), "due".into())
            .await
            .unwrap_err(),
        Error::WorkTaken
    ));
    let second = store
        .begin_attempt(fence, work("2"), "due".into())
        .await
        .unwrap();

    let low = store
        .journal_signed(fence, first.id, signed(3, 1))
        .await
        .unwrap();
    assert!(matches!(
        store
            .journal_signed(fence, second.id, signed(3, 9))
            .await
            .unwrap_err(),
        Error::NonceTaken(3)
    ));
    assert!(matches!(
        store
            .journal_signed(fence, first.id, signed(4, 1))
            .await
            .unwrap_err(),
        Error::NonceTaken(3)
    ));
    assert!(matches!(
        store
            .journal_signed(fence, first.id, signed(3, 1))
            .await
            .unwrap_err(),
        Error::NonceTaken(3)
    ));
    store.mark_broadcast(low.id).await.unwrap();
    let high = store
        .journal_signed(fence, first.id, signed(3, 2))
        .await
        .unwrap();
    store.mark_broadcast(high.id).await.unwrap();
    assert_eq!(
        store.highest_nonce(Address::repeat_byte(5)).await.unwrap(),
        Some(3)
    );

    // Bytes are out there: nobody may call this attempt unsigned.
    assert!(matches!(
        store
            .abandon(first.id, GiveUp::NothingSigned, "no".into())
            .await
            .unwrap_err(),
        Error::NoSuch { .. }
    ));
    // Not before it is mined, either.
    assert!(matches!(
        store
            .conclude(first.id, true, "early".into())
            .await
            .unwrap_err(),
        Error::NoSuch { .. }
    ));

    store.mark_mined(low.id, inclusion(50, true)).await.unwrap();
    store
        .conclude(first.id, true, "bucket swept".into())
        .await
        .unwrap();
    let states = |e: &crate::JournalEntry| {
        (
            e.attempt.state,
            e.txs.iter().map(|t| t.state).collect::<Vec<_>>(),
        )
    };
    let entry = &store.attempts(work("1").id()).await.unwrap()[0];
    assert_eq!(
        states(entry),
        (
            AttemptState::Succeeded,
            vec![TxState::Mined, TxState::Replaced]
        )
    );
    assert_eq!(entry.txs[0].gas_used, Some(21_000));
    assert!(matches!(
        store
            .begin_attempt(fence, work("1"), "again".into())
            .await
            .unwrap_err(),
        Error::WorkTaken
    ));
    assert!(matches!(
        store
            .journal_signed(fence, first.id, signed(3, 5))
            .await
            .unwrap_err(),
        Error::NoSuch { .. }
    ));

    // The block goes away: both transactions are in play again, under the same attempt.
    assert_eq!(store.mined_from(50).await.unwrap().len(), 1);
    assert!(store.mined_from(51).await.unwrap().is_empty());
    store.mark_unmined(low.id).await.unwrap();
    let entry = &store.live_attempts().await.unwrap()[0];
    assert_eq!(
        states(entry),
        (
            AttemptState::Broadcast,
            vec![TxState::Broadcast, TxState::Broadcast]
        )
    );
    store
        .mark_mined(high.id, inclusion(51, false))
        .await
        .unwrap();
    store
        .conclude(first.id, false, "reverted".into())
        .await
        .unwrap();
    // A failure may be tried again; its nonce is used up all the same.
    let third = store
        .begin_attempt(fence, work("1"), "again".into())
        .await
        .unwrap();
    assert!(matches!(
        store
            .journal_signed(fence, third.id, signed(3, 7))
            .await
            .unwrap_err(),
        Error::NonceTaken(3)
    ));
    // And while that one is live, the failed one cannot come back to life.
    assert!(matches!(
        store.mark_unmined(high.id).await.unwrap_err(),
        Error::WorkTaken
    ));
    let page = store
        .journal(&PageRequest {
            cursor: None,
            limit: 2,
        })
        .await
        .unwrap();
    assert_eq!(
        page.items.iter().map(|e| e.attempt.id).collect::<Vec<_>>(),
        [third.id, second.id]
    );
    assert!(page.next.is_some());
}

#[tokio::test]
async fn a_nonce_comes_back_only_when_it_cannot_be_used() {
    let (_dir, store) = fresh(8).await;
    let fence = store.take_lease("a".into()).await.unwrap();
    let first = store
        .begin_attempt(fence, work("1"), String::new())
        .await
        .unwrap();
    store
        .abandon(first.id, GiveUp::NothingSigned, "no longer due".into())
        .await
        .unwrap();
    let second = store
        .begin_attempt(fence, work("1"), String::new())
        .await
        .unwrap();
    store
        .journal_signed(fence, second.id, signed(3, 1))
        .await
        .unwrap();
    store
        .abandon(
            second.id,
            GiveUp::NonceUsedElsewhere,
            "another program uses this key".into(),
        )
        .await
        .unwrap();
    assert_eq!(
        store.highest_nonce(Address::repeat_byte(5)).await.unwrap(),
        None
    );
    let entry = &store.attempts(work("1").id()).await.unwrap()[1];
    assert_eq!(
        (entry.attempt.state, entry.txs[0].state),
        (AttemptState::Abandoned, TxState::Dropped)
    );
}

#[tokio::test]
async fn o6_a_stale_leader_cannot_journal() {
    let (_dir, store) = fresh(8).await;
    let old = store.take_lease("a".into()).await.unwrap();
    let attempt = store
        .begin_attempt(old, work("1"), String::new())
        .await
        .unwrap();
    let new = store.take_lease("b".into()).await.unwrap();
    assert!(new > old);
    assert!(matches!(
        store
            .journal_signed(old, attempt.id, signed(1, 1))
            .await
            .unwrap_err(),
        Error::Fenced { .. }
    ));
    assert!(matches!(
        store
            .begin_attempt(old, work("2"), String::new())
            .await
            .unwrap_err(),
        Error::Fenced { .. }
    ));
    store
        .journal_signed(new, attempt.id, signed(1, 1))
        .await
        .unwrap();
}

#[tokio::test]
async fn intents_are_decided_once_and_decisions_are_kept() {
    let (_dir, store) = fresh(8).await;
    let id = store
        .insert_intent("sweep".into(), "3".into(), "operator:x".into())
        .await
        .unwrap();
    assert_eq!(
        store.pending_intents().await.unwrap()[0].requester,
        "operator:x"
    );
    store
        .decide_intent(id, false, "above the limit".into())
        .await
        .unwrap();
    assert!(matches!(
        store
            .decide_intent(id, true, String::new())
            .await
            .unwrap_err(),
        Error::NoSuch { .. }
    ));
    assert!(store.pending_intents().await.unwrap().is_empty());
    assert_eq!(
        store.intents(&PageRequest::default()).await.unwrap().items[0].state,
        IntentState::Refused
    );
    for (job, at) in [("sweep", 1), ("claim", 2), ("sweep", 3)] {
        let decision = Decision {
            id: 0,
            job: job.into(),
            mode: "dryRun".into(),
            at,
            block: 1,
            decision: "idle".into(),
            reason: "nothing matured".into(),
            work: None,
            next_due: None,
        };
        store.record_decision(decision).await.unwrap();
    }
    let last = store.last_decisions().await.unwrap();
    assert_eq!(
        last.iter()
            .map(|d| (d.job.as_str(), d.at))
            .collect::<Vec<_>>(),
        [("claim", 2), ("sweep", 3)]
    );
    assert_eq!(
        store
            .decisions("sweep", &PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        2
    );
}
