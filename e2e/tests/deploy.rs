//! `omnibus deploy`, killed and wronged.

use crate::site::{ACCOUNTS, COIN, Running, Site, until, wei};
use alloy::{eips::BlockId, primitives::U256};
use chain::bindings::ILiquidMinter;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(240);

/// Crash after sign, after broadcast, after mining: wherever it dies, the next run sends what is missing and no more.
#[tokio::test(flavor = "multi_thread")]
async fn o7_a_deployment_killed_at_any_point_resumes_and_sends_nothing_twice() {
    timeout(LIMIT, async {
        let site = Site::new().await;
        let plan = site.ok(0, &["deploy", "--only", "liquid", "--plan"]);
        let steps = u64::try_from(plan["steps"].as_array().unwrap().len()).unwrap();
        let deployer = ACCOUNTS[0].parse().unwrap();
        let nonce = || async { site.pool.nonce(deployer, BlockId::latest()).await.unwrap() };
        // Killed again and again, each time after at least one more transaction.
        let mut kills = 0;
        while nonce().await < steps.saturating_sub(6) {
            let before = nonce().await;
            let mut command = site.command(0, &["deploy", "--only", "liquid", "--yes"]);
            let mut child = Running(
                command
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap(),
            );
            let _ = until("the deployment gets on", || async {
                (nonce().await > before.saturating_add(kills % 4)).then_some(())
            })
            .await;
            child.0.kill().unwrap();
            child.0.wait().unwrap();
            kills += 1;
        }
        assert!(kills >= 2, "it was too quick to be killed twice");
        let done = site.ok(0, &["deploy", "--only", "liquid", "--yes"]);
        assert_eq!(nonce().await, steps, "one transaction for each step");
        for step in plan["steps"].as_array().unwrap() {
            if let Some(address) = step["creates"].as_str() {
                let known = done["contracts"]
                    .as_object()
                    .unwrap()
                    .values()
                    .any(|contract| {
                        contract["address"]
                            .as_str()
                            .unwrap()
                            .eq_ignore_ascii_case(address)
                    });
                assert!(known, "{address} was planned");
            }
        }
        assert!(
            site.fails(0, &["deploy", "--only", "liquid", "--yes"], 5)
                .contains("is deployed")
        );
    })
    .await
    .expect("in time");
}

/// The same at each named moment of a step: signed and not stored, stored and not sent, sent and not noted, mined and not noted.
#[tokio::test(flavor = "multi_thread")]
async fn o7_a_deployment_dies_between_sign_broadcast_and_mining() {
    timeout(LIMIT, async {
        let site = Site::new().await;
        let plan = site.ok(0, &["deploy", "--only", "liquid", "--plan"]);
        let steps = plan["steps"].as_array().unwrap().len();
        for point in [
            "begin_attempt.committed",
            "journal_signed.begin",
            "journal_signed.committed",
            "mark_broadcast.begin",
            "mark_broadcast.committed",
            "mark_mined.begin",
            "mark_mined.committed",
            "conclude.begin",
            "conclude.committed",
        ] {
            let mut command = site.command(0, &["deploy", "--only", "liquid", "--yes"]);
            // Not at the first step of a run: that one may be what the run before left.
            let out = command
                .env("OMNIBUS_CRASH_AT", format!("{point}:3"))
                .output()
                .unwrap();
            assert_eq!(
                out.status.code(),
                None,
                "{point}: it must die there: {}",
                String::from_utf8_lossy(&out.stderr)
            );
        }
        let done = site.ok(0, &["deploy", "--only", "liquid", "--yes"]);
        assert!(done["contracts"]["LiquidMinter"]["address"].is_string());
        one_transaction_for_each(&site, steps).await;
    })
    .await
    .expect("in time");
}

/// Killed while its transaction waits in the mempool: the next run waits for that one.
#[tokio::test(flavor = "multi_thread")]
async fn o7_a_deployment_killed_before_its_transaction_is_mined_waits_for_it() {
    timeout(LIMIT, async {
        let site = Site::new().await;
        let steps = site.ok(0, &["deploy", "--only", "liquid", "--plan"])["steps"]
            .as_array()
            .unwrap()
            .len();
        let automine = async |on: bool| {
            let _: serde_json::Value = site.pool.request("evm_setAutomine", (on,)).await.unwrap();
        };
        automine(false).await;
        let mut child = start(&site, 0, &["deploy", "--only", "liquid", "--yes"]);
        let first = waiting(&site, 0).await;
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        // Again, twice: still the same transaction, and no other.
        for _ in 0..2 {
            let mut child = start(&site, 0, &["deploy", "--only", "liquid", "--yes"]);
            // It has taken the journal over, so it has looked.
            let folder = journal(&site, 0);
            let before = fence(&folder).await;
            until("the next run has the journal", || async {
                (fence(&folder).await > before).then_some(())
            })
            .await;
            assert_eq!(waiting(&site, 0).await, first);
            child.0.kill().unwrap();
            child.0.wait().unwrap();
        }
        let _: serde_json::Value = site.pool.request("evm_mine", ()).await.unwrap();
        automine(true).await;
        site.ok(0, &["deploy", "--only", "liquid", "--yes"]);
        one_transaction_for_each(&site, steps).await;
    })
    .await
    .expect("in time");
}

/// The same command again after it was cut short: the deposit that it had sent, not another.
#[tokio::test(flavor = "multi_thread")]
async fn o7_a_deposit_cut_short_and_asked_again_is_one_deposit() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        let automine = async |on: bool| {
            let _: serde_json::Value = site.pool.request("evm_setAutomine", (on,)).await.unwrap();
        };
        automine(false).await;
        let deposit = ["user", "deposit", "5"];
        let mut child = start(&site, 2, &deposit);
        let sent = waiting(&site, 2).await;
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        let _: serde_json::Value = site.pool.request("evm_mine", ()).await.unwrap();
        automine(true).await;
        let done = site.ok(2, &deposit);
        assert_eq!(done["transaction"].as_str().unwrap(), sent);
        let held = site.ok(2, &["user", "balance"]);
        assert_eq!(wei(&held["tokens"]), U256::from(5 * COIN));
        // That one is over: the next is meant.
        assert_ne!(site.ok(2, &deposit)["transaction"].as_str().unwrap(), sent);
        let held = site.ok(2, &["user", "balance"]);
        assert_eq!(wei(&held["tokens"]), U256::from(10 * COIN));
        // Two commands with one key at a time: the second is told so.
        automine(false).await;
        let _child = start(&site, 2, &deposit);
        waiting(&site, 2).await;
        let text = site.fails(2, &["user", "redeem", "1"], 7);
        assert!(text.contains("is sending with the key of"), "{text}");
        // Another key is another journal: it gets as far as the chain.
        let _other = start(&site, 3, &deposit);
        waiting(&site, 3).await;
    })
    .await
    .expect("in time");
}

fn start(site: &Site, key: usize, args: &[&str]) -> Running {
    let mut command = site.command(key, args);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Running(child.unwrap())
}

/// The hash of the one transaction of an account that waits in the mempool.
async fn waiting(site: &Site, key: usize) -> String {
    until("a transaction waits", || async {
        let pool: serde_json::Value = site.pool.request("txpool_content", ()).await.ok()?;
        let of_account = pool["pending"]
            .as_object()?
            .iter()
            .find(|(account, _)| account.eq_ignore_ascii_case(ACCOUNTS[key]))?
            .1
            .as_object()?;
        assert_eq!(of_account.len(), 1, "one at a time: {of_account:?}");
        Some(of_account.values().next()?["hash"].as_str()?.to_owned())
    })
    .await
}

/// The journal of a key: there is one chain in the folder.
fn journal(site: &Site, key: usize) -> PathBuf {
    let chains = site.folder.path().join(".omnibus/journal");
    let chain = std::fs::read_dir(chains).unwrap().next().unwrap().unwrap();
    chain.path().join(ACCOUNTS[key]).join("journal.sqlite")
}

async fn fence(journal: &Path) -> u64 {
    let reader = store::Reader::open(journal).await.unwrap();
    reader.fence().await.unwrap()
}

/// The chain has a transaction for each step, and the journal one for each that was ever signed.
async fn one_transaction_for_each(site: &Site, steps: usize) {
    let deployer = ACCOUNTS[0].parse().unwrap();
    let nonce = site.pool.nonce(deployer, BlockId::latest()).await.unwrap();
    assert_eq!(nonce, u64::try_from(steps).unwrap());
    let reader = store::Reader::open(&journal(site, 0)).await.unwrap();
    let page = store::PageRequest {
        limit: 200,
        ..store::PageRequest::default()
    };
    let entries = reader.journal(&page).await.unwrap().items;
    let signed: Vec<_> = entries
        .iter()
        .filter(|entry| !entry.txs.is_empty())
        .collect();
    assert_eq!(signed.len(), steps);
    for entry in signed {
        assert_eq!(entry.attempt.state, store::AttemptState::Succeeded);
        assert_eq!(entry.txs.len(), 1, "{entry:?}");
    }
}

/// What the file says is what the chain says, and what was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn deploy_wires_validators_buckets_roles_and_seals() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        assert_eq!(
            site.read(&ILiquidMinter::validatorsCall {}).await,
            [1001, 1002, 1003, 1004]
        );
        for id in [1001, 1002, 1003, 1004] {
            let summary = site
                .read(&ILiquidMinter::getBucketAvailabilitySummaryCall { validatorId: id })
                .await;
            assert_eq!(
                (summary.totalBuckets, summary.availableNow),
                (U256::from(22), U256::from(22))
            );
        }
        assert!(site.read(&ILiquidMinter::setupSealedCall {}).await);
        // The keeper may close rungs; somebody else may not, and is told until when.
        let text = site.fails(2, &["ops", "rebalance"], 6);
        assert!(text.contains("NotKeeper"), "{text}");
        site.ok(1, &["ops", "sync-validators"]);
        site.ok(
            1,
            &[
                "ops",
                "add-buckets",
                "--validators",
                "1001,1002",
                "--count",
                "3",
            ],
        );
        let summary = site
            .read(&ILiquidMinter::getBucketAvailabilitySummaryCall { validatorId: 1002 })
            .await;
        assert_eq!(summary.totalBuckets, U256::from(25));
    })
    .await
    .expect("in time");
}

/// Another chain behind the same endpoint, a file of another chain, a chain that is not the profile's.
#[tokio::test(flavor = "multi_thread")]
async fn input_a_deployment_of_another_chain_is_noticed() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        let other = Site::new().await;
        let text = other.fails(
            0,
            &[
                "user",
                "balance",
                "--deployments",
                site.folder.path().join("deployments").to_str().unwrap(),
            ],
            5,
        );
        assert!(
            text.contains("is not what") && text.contains("omnibus deploy"),
            "{text}"
        );
        let text = site.fails(
            0,
            &[
                "deploy",
                "--yes",
                "--profile",
                "plume",
                "--staking",
                ACCOUNTS[3],
            ],
            4,
        );
        assert!(text.contains("31337") && text.contains("98866"), "{text}");
    })
    .await
    .expect("in time");
}

/// A small live deposit and exit after the deployment, read back to the wei.
#[tokio::test(flavor = "multi_thread")]
async fn deploy_smoke_deposits_and_exits() {
    timeout(LIMIT, async {
        let site = Site::new().await;
        let out = site.run(0, &["deploy", "--only", "liquid", "--yes", "--smoke"]);
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let held = site.ok(0, &["user", "balance"]);
        assert_eq!(wei(&held["tokens"]), U256::from(COIN / 2));
    })
    .await
    .expect("in time");
}
