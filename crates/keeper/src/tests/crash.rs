//! O7: a sender that is killed at any point sends the same bytes again or nothing.

use super::*;
use std::{
    process::{Command, Stdio},
    time::Duration,
};

const URL: &str = "OMNIBUS_TEST_URL";
const DIR: &str = "OMNIBUS_TEST_DIR";

async fn run(dir: &Path, url: SensitiveUrl) -> chain::Receipt {
    let store = open(dir).await;
    let lease = Lease::take(&store, "crash test").await.unwrap();
    let sender = Sender::new(store, pool(url).await, Arc::new(key()), policy(), lease).unwrap();
    tokio::time::timeout(Duration::from_secs(20), sender.send(&order(0)))
        .await
        .expect("it ends")
        .unwrap()
}

/// The process to be killed. Does nothing when it is not asked.
#[tokio::test]
async fn child() {
    let (Ok(url), Ok(dir)) = (std::env::var(URL), std::env::var(DIR)) else {
        return;
    };
    run(Path::new(&dir), url.parse().unwrap()).await;
}

#[tokio::test]
async fn o7_killed_at_each_step_of_a_send_it_has_one_effect() {
    for (point, bytes_offered_before) in [
        ("begin_attempt.begin", 0),
        ("begin_attempt.committed", 0),
        ("journal_signed.begin", 0),
        ("journal_signed.commit", 0),
        ("journal_signed.committed", 0),
        ("mark_broadcast.begin", 1),
        ("mark_broadcast.committed", 1),
        ("mark_mined.begin", 1),
        ("mark_mined.committed", 1),
        ("conclude.begin", 1),
        ("conclude.committed", 1),
    ] {
        let chain = chain();
        chain.set_auto_mine(true);
        let node = FakeNode::start(&chain).await;
        let dir = tempfile::tempdir().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::crash::child", "--nocapture"])
            .env(URL, node.url().expose().as_str())
            .env(DIR, dir.path())
            .env("OMNIBUS_CRASH_AT", format!("{point}:1"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let status = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap().status)
            .await
            .unwrap();
        assert!(!status.success(), "{point}: the child must die there");
        assert_eq!(offered(&node).len(), bytes_offered_before, "{point}");
        // The next process asks for the same work.
        let receipt = run(dir.path(), node.url()).await;
        assert!(receipt.succeeded());
        assert_eq!(count(&node).await, 1, "{point}: one effect");
        assert_eq!(
            chain.mined_from(key().address()).len(),
            1,
            "{point}: one transaction"
        );
        let mut sent = offered(&node);
        sent.dedup();
        assert_eq!(sent.len(), 1, "{point}: always the same bytes");
        // And once more: it is done, nothing is sent.
        let before = offered(&node).len();
        assert_eq!(run(dir.path(), node.url()).await, receipt);
        assert_eq!(offered(&node).len(), before, "{point}");
    }
}
