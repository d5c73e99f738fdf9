//! Kills a process at every commit point of a history, starts again, and compares with a run that was never killed.

use super::{Script, open, raise};
use crate::{
    AttemptState, Inclusion, PageRequest, RETRACTED, SignedTx, Store, WorkKey, failpoint::passed,
};
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

const FORK: u64 = 10;
const REORG_AT: u64 = 12;
const LAST: u64 = 14;

/// Looks at the store, does the next thing, until all is done: as every program of ours must be written.
pub(super) async fn drive(store: &Store) -> crate::Result<()> {
    let script = Script { fork: FORK };
    loop {
        let alerts = store.alerts(None, &PageRequest::default()).await?.items;
        let branch = if alerts
            .iter()
            .any(|a| a.resolution.as_deref() == Some(RETRACTED))
        {
            b'a'
        } else {
            b'b'
        };
        match store.cursor().await? {
            None => store.apply_range(script.range(branch, 1, 4)).await?,
            Some(c) if c.number < 8 => store.apply_range(script.range(branch, 5, 8)).await?,
            // The chain turns to the other branch here.
            Some(c) if c.hash == script.hash(b'b', REORG_AT) => store.rollback_to(FORK).await?,
            Some(c) if c.number < LAST => {
                let mut batch = script.batch(branch, c.number + 1);
                batch.alerts = vec![raise(
                    &format!("x{}", c.number + 1),
                    c.number + 1,
                    batch.block.timestamp,
                    0,
                )];
                store.apply_block(batch).await?;
            }
            Some(_) => break,
        }
    }
    let cursor = store.cursor().await?.unwrap();
    store
        .record_samples(
            cursor.number,
            cursor.hash,
            vec![("rate".into(), "1".into())],
            vec![],
        )
        .await?;
    while let Some(message) = store.due_messages(u64::MAX >> 1, 1).await?.pop() {
        store.message_sent(message.id, 1).await?;
    }
    let key = WorkKey {
        chain_id: 1,
        contract: Address::ZERO,
        job: "sweep".into(),
        target: "1".into(),
        precondition: B256::ZERO,
    };
    let fence = store.take_lease("test".into()).await?;
    loop {
        let entry = store.attempts(key.id()).await?.pop();
        let Some(entry) = entry else {
            store
                .begin_attempt(fence, key.clone(), "due".into())
                .await?;
            continue;
        };
        match entry.attempt.state {
            AttemptState::Planned => {
                let raw = Bytes::from_static(b"signed");
                let signer = Address::repeat_byte(1);
                let signed = SignedTx {
                    signer,
                    nonce: 0,
                    hash: keccak256(&raw),
                    raw,
                    max_fee: U256::ONE,
                    priority_fee: U256::ONE,
                };
                store
                    .journal_signed(fence, entry.attempt.id, signed)
                    .await?;
            }
            AttemptState::Signed => store.mark_broadcast(entry.txs[0].id).await?,
            AttemptState::Broadcast => {
                let inclusion = Inclusion {
                    block: 1,
                    hash: B256::ZERO,
                    success: true,
                    gas_used: 1,
                    gas_price: U256::ONE,
                };
                store.mark_mined(entry.txs[0].id, inclusion).await?;
            }
            AttemptState::Mined => {
                store
                    .conclude(entry.attempt.id, true, "seen".into())
                    .await?
            }
            AttemptState::Succeeded => break,
            state => panic!("{state}"),
        }
    }
    Ok(())
}

/// Everything that must not depend on where the process died.
pub(super) async fn image(store: &Store) -> String {
    let page = PageRequest {
        cursor: None,
        limit: 500,
    };
    let alerts = store.alerts(None, &page).await.unwrap().items;
    let mut messages = Vec::new();
    for alert in &alerts {
        messages.extend(
            store
                .messages(alert.id)
                .await
                .unwrap()
                .into_iter()
                .map(|m| (m.alert, m.channel, m.kind, m.state, m.attempts)),
        );
    }
    let journal: Vec<_> = store.journal(&page).await.unwrap().items;
    let journal: Vec<_> = journal
        .iter()
        .map(|e| {
            (
                e.attempt.state,
                e.txs.iter().map(|t| (t.state, t.hash)).collect::<Vec<_>>(),
            )
        })
        .collect();
    let samples = store.samples("rate", 0, u64::MAX >> 1, 1).await.unwrap();
    let hash = store.table_hash().await.unwrap();
    format!(
        "{hash}\n{:?}\n{alerts:?}\n{messages:?}\n{journal:?}\n{samples:?}",
        store.rollback_floor().await.unwrap()
    )
}

/// The process that is killed. Prints how often it passed each point, if it lives.
#[test]
#[ignore = "run by o3_kill_at_every_commit_point in a process of its own"]
fn child() {
    let Ok(dir) = std::env::var("OMNIBUS_CRASH_DIR") else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        // With room on the disk nothing is refused.
        if let Err(error) = drive(&open(Path::new(&dir), 6).await).await {
            println!("refused {error:?}: {error}");
            std::process::exit(1);
        }
    });
    for (point, count) in passed() {
        println!("passed {point} {count}");
    }
}

fn spawn(dir: &Path, crash_at: &str) -> std::process::Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crash::child", "--ignored", "--nocapture"])
        .env("OMNIBUS_CRASH_DIR", dir)
        .env("OMNIBUS_CRASH_AT", crash_at)
        .stderr(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o3_kill_at_every_commit_point() {
    let clean = tempfile::tempdir().unwrap();
    let output = spawn(clean.path(), "none:0");
    assert!(output.status.success());
    let points: BTreeMap<String, u64> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let mut words = line.strip_prefix("passed ")?.split(' ');
            Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
        })
        .collect();
    for point in [
        "apply_block.events",
        "apply_range.commit",
        "rollback.derived",
        "journal_signed.committed",
        "samples.begin",
    ] {
        assert!(points.contains_key(point), "{points:?}");
    }
    let expected = image(&open(clean.path(), 6).await).await;

    let mut kills = 0;
    for (point, times) in &points {
        for count in 1..=*times {
            let dir = tempfile::tempdir().unwrap();
            let output = spawn(dir.path(), &format!("{point}:{count}"));
            assert!(!output.status.success(), "{point}:{count} did not kill");
            let store = open(dir.path(), 6).await;
            drive(&store).await.unwrap();
            assert_eq!(image(&store).await, expected, "killed at {point}:{count}");
            kills += 1;
        }
    }
    println!("{kills} kills at {} points", points.len());
    assert!(kills > 60, "{points:?}");
}
