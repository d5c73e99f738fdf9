//! O14 for the sender: a journal that another process keeps locked, a clock that is set back.

use super::*;
use crate::{Error, Settled};
use alloy::{consensus::SignableTransaction, network::TxSigner, primitives::Signature};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::time::Duration;
use store::{AttemptState, TxState};
use tokio::sync::Mutex;

async fn connect(dir: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(dir.join("omnibus.db"));
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// While it signs, another process locks the journal: after the attempt was begun, before the bytes are stored.
struct LocksWhileSigning(PrivateKeySigner, Mutex<SqliteConnection>);

#[async_trait::async_trait]
impl TxSigner<Signature> for LocksWhileSigning {
    fn address(&self) -> Address {
        self.0.address()
    }
    async fn sign_transaction(
        &self,
        tx: &mut dyn SignableTransaction<Signature>,
    ) -> alloy::signers::Result<Signature> {
        let mut other = self.1.lock().await;
        let lock = sqlx::query("BEGIN IMMEDIATE").execute(&mut *other).await;
        lock.unwrap();
        self.0.sign_transaction(tx).await
    }
}

#[tokio::test]
async fn o14_a_journal_locked_while_signing_sends_nothing_and_blocks_nothing() {
    let chain = chain();
    let node = FakeNode::start(&chain).await;
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        busy_timeout: Duration::from_millis(20),
        ..Options::default()
    };
    let store = open_with(dir.path(), options).await;
    let lease = Lease::take(&store, "test").await.unwrap();
    let signer = Arc::new(LocksWhileSigning(
        key(),
        Mutex::new(connect(dir.path()).await),
    ));
    let url = pool(node.url()).await;
    let sender = Sender::new(store.clone(), url, signer.clone(), policy(), lease).unwrap();
    let error = sender.submit(&order(0)).await.unwrap_err();
    assert!(matches!(error, Error::Store(store::Error::Busy)), "{error}");
    assert_eq!(
        offered(&node),
        Vec::<String>::new(),
        "only stored bytes go out"
    );
    // Its end could not be written either.
    let live = store.live_attempts().await.unwrap();
    assert_eq!(live[0].attempt.state, AttemptState::Planned);
    assert!(sender.settle().await.is_err(), "still locked");
    let unlock = async || {
        let mut other = signer.1.lock().await;
        sqlx::query("ROLLBACK").execute(&mut *other).await.unwrap();
    };
    unlock().await;
    let settled = sender.settle().await.unwrap();
    assert!(
        matches!(settled[..], [Settled::Abandoned { .. }]),
        "{settled:?}"
    );
    // The same sender, with a signer that leaves the journal alone.
    let url = pool(node.url()).await;
    let sender = Sender::new(store.clone(), url, Arc::new(key()), policy(), lease).unwrap();
    chain.set_auto_mine(true);
    assert!(sender.send(&order(0)).await.unwrap().succeeded());
    assert_eq!(count(&node).await, 1);
    assert_eq!(chain.mined_from(key().address()).len(), 1);
}

#[tokio::test]
async fn o14_a_clock_that_is_set_back_leaves_no_transaction_stuck() {
    let world = world(policy()).await;
    world.sender.submit(&order(0)).await.unwrap();
    let why = |settled: Vec<Settled>| match &settled[..] {
        [Settled::Waiting { why, .. }] => why.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(why(world.sender.settle().await.unwrap()), "not mined yet");
    // It was signed by a clock that was ten hours ahead, and is right again.
    let sql = "UPDATE txs SET created_at = created_at + 36000";
    let mut other = connect(world._dir.path()).await;
    sqlx::query(sql).execute(&mut other).await.unwrap();
    let told = why(world.sender.settle().await.unwrap());
    assert!(told.starts_with("replaced by"), "{told}");
    // Once: the new one is of now.
    assert_eq!(why(world.sender.settle().await.unwrap()), "not mined yet");
    world.chain.mine(1);
    world.sender.settle().await.unwrap();
    let entry = world.store.attempts(order(0).key.id()).await.unwrap();
    let states: Vec<TxState> = entry[0].txs.iter().map(|row| row.state).collect();
    assert_eq!(states, [TxState::Replaced, TxState::Mined]);
    assert_eq!(count(&world.node).await, 1);
}
