//! O14: another process keeps the store locked. As on a full disk, no write is done until that is over.

use super::{
    deliver::{Receiver, hook, raise},
    *,
};
use crate::{Deliverer, WatchError};
use chain::fake::Dropped;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::collections::BTreeMap;
use store::MessageState;

/// A store that does not wait for locks, and another process's connection to its file.
async fn shared(dir: &Path, window: u64) -> (Store, SqliteConnection) {
    let path = dir.join("omnibus.db");
    Store::migrate(&path).await.unwrap();
    let options = Options {
        reorg_window: window,
        busy_timeout: Duration::from_millis(10),
        ..Options::default()
    };
    let store = Store::open(&path, options).await.unwrap();
    let other = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(Duration::from_secs(10));
    (store, SqliteConnection::connect_with(&other).await.unwrap())
}

async fn lock(other: &mut SqliteConnection) {
    sqlx::query("BEGIN IMMEDIATE").execute(other).await.unwrap();
}

async fn unlock(other: &mut SqliteConnection) {
    sqlx::query("ROLLBACK").execute(other).await.unwrap();
}

#[tokio::test]
async fn o14_a_locked_store_holds_the_index_up_and_loses_nothing() {
    const WINDOW: u64 = 16;
    let chain = FakeChain::new(CHAIN);
    let mut dice = Dice(14);
    mine(&chain, &mut dice, 300);
    let node = FakeNode::start(&chain).await;
    let pool = pool(&[&node]).await;
    let dir = tempfile::tempdir().unwrap();
    let (store, mut other) = shared(dir.path(), WINDOW).await;
    let indexer = indexer(&pool, &store, alerts(""));
    let (mut status, hint) = (indexer.status(), indexer.hint());
    // One run from the history on: nothing of this ends it.
    let run = tokio::spawn(async move { indexer.run().await });
    let work = async {
        let reached = async |status: &mut watch::Receiver<IndexStatus>, number: u64| {
            let found = status.wait_for(|s| s.trouble.is_none() && s.cursor >= Some(number));
            found.await.unwrap();
        };
        reached(&mut status, 40).await;
        // In the history; then at new blocks; then at a reorganisation.
        for (reorg, blocks) in [(0, 2), (0, 3), (5, 7)] {
            lock(&mut other).await;
            let before = store.table_hash().await.unwrap();
            if reorg > 0 {
                chain.reorg(reorg, Dropped::Vanish);
            }
            mine(&chain, &mut dice, blocks);
            hint.notify_one();
            let held = status.wait_for(|s| s.trouble.is_some()).await.unwrap();
            let why = held.trouble.clone().unwrap();
            drop(held);
            assert!(why.contains("another process"), "{why}");
            assert_eq!(store.table_hash().await.unwrap(), before);
            unlock(&mut other).await;
            reached(&mut status, chain.head().number).await;
        }
    };
    tokio::time::timeout(PATIENCE, work).await.expect("in time");
    assert!(!run.is_finished());
    assert_complete(&chain, &store).await;
    assert_eq!(
        store.table_hash().await.unwrap(),
        clean_hash(&chain, &pool, WINDOW).await
    );
    run.abort();
}

#[tokio::test]
async fn o14_alerts_are_sent_once_while_the_store_cannot_note_it() {
    let receiver = Receiver::default();
    let url = receiver.start().await;
    let dir = tempfile::tempdir().unwrap();
    let (store, mut other) = shared(dir.path(), 8).await;
    let ops = vec![raise("a", &["ops"]), raise("b", &["ops"])];
    store.apply_alerts(ops).await.unwrap();
    let channels = Channels::new(BTreeMap::from([("ops".to_owned(), hook(url))]));
    let deliverer = Deliverer::new(store.clone(), channels).unwrap();
    lock(&mut other).await;
    for _ in 0..3 {
        let error = deliverer.deliver_due(2_000_000_000).await.unwrap_err();
        assert!(
            matches!(error, WatchError::Store(store::Error::Busy)),
            "{error}"
        );
        assert_eq!(receiver.got.lock().unwrap().len(), 2);
    }
    // It goes on trying; more than ten times the wait for a lock is long enough to see that this does not end it.
    let ended = tokio::time::timeout(Duration::from_millis(150), deliverer.run()).await;
    assert!(ended.is_err(), "{ended:?}");
    unlock(&mut other).await;
    deliverer.deliver_due(2_000_000_000).await.unwrap();
    assert_eq!(receiver.got.lock().unwrap().len(), 2);
    for alert in [1, 2] {
        let messages = store.messages(alert).await.unwrap();
        assert_eq!(messages[0].state, MessageState::Sent);
    }
}
