//! O14: a disk that is full, a database that another process keeps locked, a clock that is not the chain's.

use super::{
    crash::{drive, image},
    fresh, open, raise,
};
use crate::{AlertOp, Error, Options, Raise, Store};
use sqlx::{Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{path::Path, process::Command, time::Duration};
use tokio::sync::Notify;

/// What the history comes to when nothing goes wrong.
async fn expected() -> String {
    let (_dir, store) = fresh(6).await;
    drive(&store).await.unwrap();
    image(&store).await
}

/// Lets the file have at most `pages` pages: above them SQLite answers as it does on a full disk. Returns the bound in force,
/// which is never below what the file has.
async fn give_room(store: &Store, pages: i64) -> i64 {
    store
        .write("room", move |tx| {
            Box::pin(async move {
                let sql = format!("PRAGMA max_page_count = {pages}");
                let row = sqlx::query(sqlx::AssertSqlSafe(sql))
                    .fetch_one(&mut *tx.conn)
                    .await?;
                Ok(row.try_get(0)?)
            })
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn o14_on_a_full_disk_each_write_is_whole_or_not_and_goes_on_when_there_is_room() {
    let expected = expected().await;
    let (_dir, store) = fresh(6).await;
    let mut pages = give_room(&store, 1).await;
    let mut refusals = 0;
    while let Err(error) = drive(&store).await {
        assert!(matches!(error, Error::DiskFull), "{error:?}");
        assert!(error.passes());
        assert!(error.to_string().contains("free some"), "{error}");
        // What was refused left no trace: neither here nor when it is tried again in vain.
        let now = image(&store).await;
        assert!(matches!(drive(&store).await, Err(Error::DiskFull)));
        assert_eq!(image(&store).await, now, "at {pages} pages");
        refusals += 1;
        pages += 1;
        assert_eq!(give_room(&store, pages).await, pages);
    }
    assert_eq!(image(&store).await, expected);
    println!("{refusals} refusals");
    assert!(refusals > 5, "{refusals}");
}

/// A limit on the size of files stops writes where a full disk does: in the log of a commit, not where a page is asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(unix)]
async fn o14_a_commit_that_the_disk_refuses_is_told_and_the_next_run_goes_on() {
    let expected = expected().await;
    let mut refusals = 0;
    for blocks in [150, 300, 450, 600] {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path(), 6).await);
        let output = limited(dir.path(), blocks).await;
        let text = String::from_utf8(output.stdout).unwrap();
        if !output.status.success() {
            let told = text.lines().find(|line| line.starts_with("refused "));
            let told = told.unwrap_or_else(|| panic!("{blocks}: {:?} {text}", output.status));
            assert!(told.contains("nothing was lost"), "{told}");
            assert!(
                told.contains("Unwritable") || told.contains("DiskFull"),
                "{told}"
            );
            refusals += 1;
        }
        let store = open(dir.path(), 6).await;
        drive(&store).await.unwrap();
        assert_eq!(image(&store).await, expected, "files of {blocks} blocks");
    }
    assert!(refusals > 1, "{refusals}");
}

/// The child of the kill tests, with files of at most so many half kilobytes. It is told of the limit as an error, not by a signal.
#[cfg(unix)]
async fn limited(dir: &Path, blocks: u32) -> std::process::Output {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""
        ))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crash::child", "--ignored", "--nocapture"])
        .env("OMNIBUS_CRASH_DIR", dir)
        .env("OMNIBUS_CRASH_AT", "none:0");
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o14_a_locked_database_is_told_and_nothing_is_lost_or_doubled() {
    let expected = expected().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("omnibus.db");
    Store::migrate(&path).await.unwrap();
    let options = Options {
        reorg_window: 6,
        busy_timeout: Duration::from_millis(20),
        ..Options::default()
    };
    let store = Store::open(&path, options).await.unwrap();
    // Beside our own lock, which keeps out our programs: a shell or a backup does not ask for it.
    let mut other = SqliteConnection::connect_with(
        &SqliteConnectOptions::new()
            .filename(&path)
            .busy_timeout(Duration::from_secs(10)),
    )
    .await
    .unwrap();
    let refused = Notify::new();
    let mut changes = store.subscribe();
    // Locks, until a write was refused; again after the next one that was not.
    let locking = async {
        loop {
            changes.mark_unchanged();
            let lock = sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await;
            lock.unwrap();
            refused.notified().await;
            sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
            changes.changed().await.unwrap();
        }
    };
    let driving = async {
        let mut refusals = 0;
        while let Err(error) = drive(&store).await {
            assert!(matches!(error, Error::Busy), "{error:?}");
            assert!(error.passes());
            assert!(error.to_string().contains("another process"), "{error}");
            // Readers do not wait for it.
            store.table_hash().await.unwrap();
            refusals += 1;
            refused.notify_one();
        }
        refusals
    };
    let refusals = tokio::select! {
        refusals = driving => refusals,
        () = locking => unreachable!(),
    };
    assert_eq!(image(&store).await, expected);
    println!("{refusals} refusals");
    assert!(refusals > 5, "{refusals}");
}

#[tokio::test]
async fn o14_alerts_go_out_whatever_chains_and_machines_clocks_say() {
    const NOW: u64 = 1_000_000;
    let (_dir, store) = fresh(6).await;
    // The chain's clock is a day ahead of ours, or behind.
    for (name, at) in [("ahead", NOW + 86_400), ("behind", NOW - 86_400)] {
        let AlertOp::Raise(alert) = raise(name, 1, at, 0) else {
            unreachable!()
        };
        let alert = Raise { block: 0, ..alert };
        store
            .apply_alerts(vec![AlertOp::Raise(alert)])
            .await
            .unwrap();
    }
    let due = store.due_messages(NOW, 10).await.unwrap();
    assert_eq!(due.len(), 2);
    // A channel that failed is tried again after a while.
    store
        .message_failed(due[0].id, "down".into(), Some(NOW + 60))
        .await
        .unwrap();
    assert_eq!(store.due_messages(NOW + 59, 10).await.unwrap().len(), 1);
    assert_eq!(store.due_messages(NOW + 60, 10).await.unwrap().len(), 2);
    // Our clock was a day ahead when it said so, and is set right: nobody waits a day for an alert.
    assert_eq!(store.due_messages(NOW - 86_400, 10).await.unwrap().len(), 2);
}
