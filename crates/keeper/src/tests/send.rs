use super::*;
use crate::{Error, Settled};
use chain::fake::{Dropped, NodeFault};
use store::{AttemptState, TxState};

async fn only(world: &World) -> Settled {
    let mut settled = world.sender.settle().await.unwrap();
    assert_eq!(settled.len(), 1, "{settled:?}");
    settled.remove(0)
}

async fn why(world: &World) -> String {
    match only(world).await {
        Settled::Waiting { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

async fn ready(world: &World) -> chain::Receipt {
    match only(world).await {
        Settled::Ready { receipt, .. } => *receipt,
        other => panic!("{other:?}"),
    }
}

async fn entry(world: &World, order: &Order) -> store::JournalEntry {
    world
        .store
        .attempts(order.key.id())
        .await
        .unwrap()
        .pop()
        .unwrap()
}

#[tokio::test]
async fn a_call_is_sent_once_and_its_receipt_is_remembered() {
    let world = world(policy()).await;
    world.chain.set_auto_mine(true);
    let receipt = world.sender.send(&order(0)).await.unwrap();
    assert_eq!(world.sender.send(&order(0)).await.unwrap(), receipt);
    assert_eq!(count(&world.node).await, 1);
    world.sender.send(&order(1)).await.unwrap();
    assert_eq!(count(&world.node).await, 2);
    let entry = entry(&world, &order(0)).await;
    assert_eq!(
        (entry.attempt.state, entry.txs.len()),
        (AttemptState::Succeeded, 1)
    );
    assert_eq!(entry.txs[0].gas_used, Some(receipt.gas_used));
    // The same work cannot have two attempts at a time.
    world.chain.set_auto_mine(false);
    world.sender.submit(&order(2)).await.unwrap();
    let error = world.sender.submit(&order(2)).await.unwrap_err();
    assert!(
        matches!(error, Error::Store(store::Error::WorkTaken)),
        "{error}"
    );
}

#[tokio::test]
async fn what_would_revert_is_not_signed_and_what_reverts_can_be_tried_again() {
    let world = world(policy()).await;
    let mut bad = order(0);
    bad.call.data = Bytes::from_static(&[0xff]);
    assert!(matches!(
        world.sender.send(&bad).await.unwrap_err(),
        Error::WouldRevert { .. }
    ));
    assert!(world.store.attempts(bad.key.id()).await.unwrap().is_empty());
    // It reverts only when it is mined: somebody was faster.
    let attempt = world.sender.submit(&order(0)).await.unwrap();
    world.chain.install(COUNTER, Broken);
    world.chain.mine(1);
    let receipt = ready(&world).await;
    assert!(!receipt.succeeded());
    world
        .sender
        .conclude(attempt, false, "reverted")
        .await
        .unwrap();
    world.chain.install(COUNTER, Counter::default());
    world.chain.set_auto_mine(true);
    assert!(
        world.sender.send(&order(0)).await.unwrap().succeeded(),
        "a failed work may be tried again"
    );
}

#[tokio::test]
async fn a_call_for_a_nonce_has_that_nonce_or_is_not_signed() {
    let world = world(policy()).await;
    world.chain.set_auto_mine(true);
    let at = |count: u64, nonce: u64| Order {
        nonce: Some(nonce),
        ..order(count)
    };
    world.sender.send(&at(0, 0)).await.unwrap();
    // Used already, and not reached yet.
    for nonce in [0, 2] {
        let error = world.sender.send(&at(1, nonce)).await.unwrap_err();
        assert!(
            matches!(error, Error::NonceMoved { expected, found: 1, .. } if expected == nonce),
            "{error}"
        );
    }
    assert!(
        world
            .store
            .attempts(order(1).key.id())
            .await
            .unwrap()
            .is_empty()
    );
    world.sender.send(&at(1, 1)).await.unwrap();
    assert_eq!(count(&world.node).await, 2);
}

struct Broken;

impl Contract for Broken {
    fn call(&mut self, _: &Message) -> Result<Reply, Bytes> {
        Err(Bytes::new())
    }
    fn boxed(&self) -> Box<dyn Contract> {
        Box::new(Self)
    }
}

#[tokio::test]
async fn o8_nonce_used_by_another_program() {
    let world = world(policy()).await;
    world.sender.submit(&order(0)).await.unwrap();
    // The other one replaces ours in the mempool and is mined.
    world.chain.submit(&foreign(0, 50 * GWEI)).unwrap();
    world.chain.mine(1);
    for _ in 0..2 {
        assert!(
            why(&world).await.contains("seems to be used"),
            "not believed at the first look"
        );
    }
    assert!(matches!(only(&world).await, Settled::Abandoned { .. }));
    assert_eq!(
        entry(&world, &order(0)).await.attempt.state,
        AttemptState::Abandoned
    );
    world.chain.set_auto_mine(true);
    let receipt = world.sender.send(&order(0)).await.unwrap();
    assert_eq!(count(&world.node).await, 1);
    assert_eq!(entry(&world, &order(0)).await.txs[0].nonce, 1);
    assert!(receipt.succeeded());
}

#[tokio::test]
async fn o8_nonce_used_in_a_block_that_may_change_is_not_given_up() {
    let world = world(SendPolicy {
        confirmations: 3,
        ..policy()
    })
    .await;
    world.sender.submit(&order(0)).await.unwrap();
    world.chain.submit(&foreign(0, 50 * GWEI)).unwrap();
    world.chain.mine(1);
    for _ in 0..5 {
        assert!(why(&world).await.contains("may still change"));
    }
    // The block goes, and the other transaction with it: ours is sent again, the same bytes.
    world.chain.reorg(1, Dropped::Vanish);
    world.chain.mine(1);
    assert_eq!(why(&world).await, "sent");
    world.chain.mine(4);
    assert!(ready(&world).await.succeeded());
    let sent = offered(&world.node);
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
    assert_eq!(count(&world.node).await, 1);
}

#[tokio::test]
async fn o8_stuck_below_the_base_fee_is_replaced_with_the_same_nonce() {
    let world = world(policy()).await;
    world.sender.submit(&order(0)).await.unwrap();
    world.chain.set_base_fee(10 * GWEI);
    world.chain.mine(1);
    assert_eq!(count(&world.node).await, 0, "it does not pay the base fee");
    assert!(why(&world).await.starts_with("replaced by"));
    assert_eq!(
        why(&world).await,
        "not mined yet",
        "replaced once, not at each look"
    );
    world.chain.mine(1);
    assert!(ready(&world).await.succeeded());
    let entry = entry(&world, &order(0)).await;
    assert_eq!(
        entry
            .txs
            .iter()
            .map(|row| (row.nonce, row.state))
            .collect::<Vec<_>>(),
        [(0, TxState::Replaced), (0, TxState::Mined)]
    );
    assert_eq!(count(&world.node).await, 1);
}

#[tokio::test]
async fn o8_a_fee_spike_above_the_limit_waits_and_returns() {
    let world = world(SendPolicy {
        max_fee_per_gas: 20 * GWEI as u64,
        ..policy()
    })
    .await;
    world.chain.set_base_fee(30 * GWEI);
    world.chain.mine(1);
    let error = world.sender.submit(&order(0)).await.unwrap_err();
    assert!(matches!(error, Error::FeesTooHigh { .. }), "{error}");
    assert!(
        world
            .store
            .attempts(order(0).key.id())
            .await
            .unwrap()
            .is_empty(),
        "nothing was signed"
    );
    world.chain.set_base_fee(GWEI);
    world.chain.mine(1);
    world.sender.submit(&order(0)).await.unwrap();
    world.chain.set_base_fee(30 * GWEI);
    world.chain.mine(1);
    assert!(why(&world).await.contains("at our limit"));
    assert_eq!(entry(&world, &order(0)).await.txs.len(), 1);
    world.chain.set_base_fee(GWEI);
    world.chain.mine(1);
    assert!(ready(&world).await.succeeded());
}

#[tokio::test]
async fn o8_underpriced_replacements_rise_until_they_are_taken() {
    let world = world(policy()).await;
    // Another program's transaction with our next nonce waits, at a better price than ours.
    world.chain.submit(&foreign(0, 5 * GWEI)).unwrap();
    world.sender.submit(&order(0)).await.unwrap();
    assert_eq!(world.chain.waiting().len(), 1);
    let mut passes = 0;
    while why(&world).await.contains("underpriced") {
        passes += 1;
        assert!(passes < 40);
    }
    assert!(passes > 0);
    world.chain.mine(1);
    assert!(ready(&world).await.succeeded());
    let entry = entry(&world, &order(0)).await;
    assert!(entry.txs.iter().all(|row| row.nonce == 0));
    assert!(
        entry
            .txs
            .windows(2)
            .all(|pair| pair[1].max_fee > pair[0].max_fee)
    );
    assert_eq!(count(&world.node).await, 1);
}

#[tokio::test]
async fn o8_slow_transactions_are_replaced_and_the_first_may_still_win() {
    let world = world(SendPolicy {
        replace_after: 0,
        ..policy()
    })
    .await;
    world.sender.submit(&order(0)).await.unwrap();
    assert!(why(&world).await.starts_with("replaced by"));
    // The chain mines the first one all the same: a miner had it already.
    let first = offered(&world.node)[0].parse().unwrap();
    world.chain.drop_mempool();
    world.chain.submit(&first).unwrap();
    world.chain.mine(1);
    assert!(ready(&world).await.succeeded());
    let states: Vec<_> = entry(&world, &order(0))
        .await
        .txs
        .iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(states, [TxState::Mined, TxState::Replaced]);
    assert_eq!(count(&world.node).await, 1);
}

#[tokio::test]
async fn o8_funds_out_then_topped_up() {
    let world = world(policy()).await;
    let me = key().address();
    let rich = U256::from(10).pow(U256::from(18));
    world.chain.fund(me, U256::from(1000));
    let error = world.sender.submit(&order(0)).await.unwrap_err();
    assert!(matches!(error, Error::FundsOut { .. }), "{error}");
    assert!(
        world
            .store
            .attempts(order(0).key.id())
            .await
            .unwrap()
            .is_empty(),
        "nothing was signed"
    );
    // Out of funds between signing and sending.
    world.chain.fund(me, rich);
    world.node.fail(
        Some("eth_sendRawTransaction"),
        NodeFault::Http(503, String::new()),
        Some(1),
    );
    world.sender.submit(&order(0)).await.unwrap();
    world.chain.fund(me, U256::ZERO);
    for _ in 0..3 {
        assert!(why(&world).await.contains("insufficient funds"));
    }
    world.chain.fund(me, rich);
    assert_eq!(why(&world).await, "sent");
    world.chain.mine(1);
    assert!(ready(&world).await.succeeded());
    let mut sent = offered(&world.node);
    sent.dedup();
    assert_eq!(sent.len(), 1, "the same bytes all along");
}

#[tokio::test]
async fn o8_mined_then_reorganised_out() {
    for dropped in [Dropped::ToMempool, Dropped::Vanish] {
        let world = world(SendPolicy {
            confirmations: 2,
            ..policy()
        })
        .await;
        let attempt = world.sender.submit(&order(0)).await.unwrap();
        world.chain.mine(2);
        assert_eq!(why(&world).await, "1 of 2 blocks on top");
        world.chain.reorg(2, dropped);
        world.chain.set_base_fee(100 * GWEI); // does not fit at first
        world.chain.mine(3);
        world.chain.set_base_fee(GWEI);
        let _replaced = why(&world).await;
        world.chain.mine(3);
        assert!(ready(&world).await.succeeded(), "{dropped:?}");
        world.sender.conclude(attempt, true, "done").await.unwrap();
        assert_eq!(count(&world.node).await, 1);
        // Deeper than we waited for, after it was over.
        world.chain.reorg(4, dropped);
        world.chain.mine(5);
        let settled = world.sender.settle().await.unwrap();
        assert_eq!(settled.len(), 1, "{dropped:?}: it is in play again");
        world.chain.mine(3);
        assert!(ready(&world).await.succeeded());
        world
            .sender
            .conclude(attempt, true, "done again")
            .await
            .unwrap();
        assert_eq!(count(&world.node).await, 1);
        assert!(world.sender.send(&order(0)).await.unwrap().succeeded());
        assert_eq!(world.chain.mined_from(key().address()).len(), 1);
    }
}

#[tokio::test]
async fn o8_a_lost_answer_does_not_send_twice() {
    let world = world(policy()).await;
    world.node.fail(
        Some("eth_sendRawTransaction"),
        NodeFault::LoseAnswer,
        Some(1),
    );
    world.sender.submit(&order(0)).await.unwrap();
    assert_eq!(world.chain.waiting().len(), 1, "it had arrived");
    assert_eq!(why(&world).await, "sent", "already known counts as taken");
    world.chain.mine(1);
    assert!(ready(&world).await.succeeded());
    assert_eq!(count(&world.node).await, 1);
}

#[tokio::test]
async fn o8_dropped_from_the_mempool_is_sent_again() {
    let world = world(policy()).await;
    world.sender.submit(&order(0)).await.unwrap();
    world.sender.submit(&order(1)).await.unwrap();
    world.chain.drop_mempool();
    assert_eq!(world.sender.settle().await.unwrap().len(), 2);
    world.chain.mine(1);
    assert!(
        world
            .sender
            .settle()
            .await
            .unwrap()
            .iter()
            .all(|one| matches!(one, Settled::Ready { .. }))
    );
    assert_eq!(count(&world.node).await, 2);
}

#[tokio::test]
async fn o8_a_gap_that_another_program_left_is_filled() {
    let world = world(policy()).await;
    world.chain.submit(&foreign(0, 50 * GWEI)).unwrap();
    world.chain.mine(1);
    world.sender.submit(&order(0)).await.unwrap(); // nonce 1
    world.chain.reorg(1, Dropped::Vanish); // the other one is gone, and never comes back
    world.chain.mine(1);
    world.sender.settle().await.unwrap();
    world.chain.mine(1);
    let settled = world.sender.settle().await.unwrap();
    assert!(
        matches!(settled.as_slice(), [Settled::Ready { receipt, .. }] if receipt.succeeded()),
        "{settled:?}"
    );
    assert_eq!(count(&world.node).await, 1);
    let live = world.store.live_attempts().await.unwrap();
    assert_eq!(live.len(), 1, "the filler is over: {live:?}");
}

/// The key was changed while something was on its way: it is followed to its end, and sent again as it is, never dearer.
#[tokio::test]
async fn o6_what_an_earlier_key_sent_is_followed_to_its_end() {
    for lost in [false, true] {
        let world = world(SendPolicy {
            replace_after: 0,
            ..policy()
        })
        .await;
        let attempt = world.sender.submit(&order(0)).await.unwrap();
        let other = Sender::new(
            world.store.clone(),
            pool(world.node.url()).await,
            Arc::new(PrivateKeySigner::random()),
            policy(),
            Lease::take(&world.store, "after").await.unwrap(),
        )
        .unwrap();
        if lost {
            world.chain.drop_mempool();
            let settled = other.settle().await.unwrap();
            assert!(
                matches!(settled.as_slice(), [Settled::Waiting { .. }]),
                "{settled:?}"
            );
        }
        world.chain.mine(1);
        let settled = other.settle().await.unwrap();
        assert!(
            matches!(settled.as_slice(), [Settled::Ready { receipt, .. }] if receipt.succeeded()),
            "{settled:?}"
        );
        other.conclude(attempt, true, "done").await.unwrap();
        assert_eq!(count(&world.node).await, 1);
        assert_eq!(entry(&world, &order(0)).await.txs.len(), 1);
        assert_eq!(world.store.live_attempts().await.unwrap(), []);
    }
}

/// A reverted call was tried again, and a reorganisation takes both: the first one's nonce is filled, so that the second can come.
#[tokio::test]
async fn o8_a_failed_attempt_that_is_reorganised_out_leaves_no_gap() {
    let world = world(policy()).await;
    let attempt = world.sender.submit(&order(0)).await.unwrap();
    world.chain.install(COUNTER, Broken);
    world.chain.mine(1);
    assert!(!ready(&world).await.succeeded());
    world
        .sender
        .conclude(attempt, false, "reverted")
        .await
        .unwrap();
    world.chain.install(COUNTER, Counter::default());
    world.sender.submit(&order(0)).await.unwrap();
    world.chain.mine(1);
    assert!(ready(&world).await.succeeded());
    world.chain.reorg(2, Dropped::Vanish);
    world.chain.install(COUNTER, Counter::default());
    world.chain.mine(1);
    for _ in 0..3 {
        world.sender.settle().await.unwrap();
        world.chain.mine(1);
    }
    assert!(ready(&world).await.succeeded());
    assert_eq!(world.chain.mined_from(key().address()).len(), 2);
}

/// A node that knows the nonce and not the receipt yet: ours is not taken for another program's.
#[tokio::test]
async fn o8_a_receipt_that_is_late_is_waited_for() {
    let world = world(policy()).await;
    world.sender.submit(&order(0)).await.unwrap();
    world.chain.mine(1);
    let receipts = Some("eth_getTransactionReceipt");
    let nothing = NodeFault::Result(serde_json::Value::Null);
    world.node.fail(receipts, nothing, Some(5));
    for _ in 0..5 {
        assert!(why(&world).await.contains("its receipt is not there yet"));
    }
    assert!(ready(&world).await.succeeded());
    assert_eq!(count(&world.node).await, 1);
}

#[tokio::test]
async fn o6_a_stale_holder_of_the_lease_cannot_sign() {
    let world = world(policy()).await;
    world.sender.submit(&order(0)).await.unwrap();
    world.chain.drop_mempool();
    let newer = Lease::take(&world.store, "newer").await.unwrap();
    let error = world.sender.submit(&order(1)).await.unwrap_err();
    assert!(
        matches!(error, Error::Store(store::Error::Fenced { .. })),
        "{error}"
    );
    assert_eq!(offered(&world.node).len(), 1);
    // It may repeat what is in the journal, which is harmless.
    assert_eq!(why(&world).await, "sent");
    let pool = pool(world.node.url()).await;
    let sender = Sender::new(world.store.clone(), pool, Arc::new(key()), policy(), newer).unwrap();
    sender.submit(&order(1)).await.unwrap();
    world.chain.mine(1);
    assert_eq!(count(&world.node).await, 2);
}

#[tokio::test]
async fn o15_keys_and_passwords_never_show() {
    let world = world(policy()).await;
    let secret = "42".repeat(32);
    assert!(!format!("{:?}", world.sender).contains(&secret));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key.json");
    std::fs::write(&file, r#"{"crypto":{}}"#).unwrap();
    let error = crate::signer_from_keystore(&file, "hunter2hunter2")
        .err()
        .unwrap();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let error = crate::signer_from_env("OMNIBUS_NO_SUCH_KEY").err().unwrap();
    assert!(error.to_string().contains("is not set"));
}
