//! `omnibus deploy`, killed and wronged.

use crate::site::{ACCOUNTS, Running, Site, until, wei};
use alloy::{eips::BlockId, primitives::U256};
use chain::bindings::ILiquidMinter;
use std::{process::Stdio, time::Duration};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(240);

/// Crash after sign, after broadcast, after mining: wherever it dies, the next run sends what is missing and no more.
#[tokio::test(flavor = "multi_thread")]
async fn o7_a_deployment_killed_at_any_point_resumes_and_sends_nothing_twice() {
    timeout(LIMIT, async {
        let site = Site::new().await;
        let plan = site.ok(0, &["deploy", "--plan"]);
        let steps = u64::try_from(plan["steps"].as_array().unwrap().len()).unwrap();
        let deployer = ACCOUNTS[0].parse().unwrap();
        let nonce = || async { site.pool.nonce(deployer, BlockId::latest()).await.unwrap() };
        // Killed again and again, each time after at least one more transaction.
        let mut kills = 0;
        while nonce().await < steps.saturating_sub(6) {
            let before = nonce().await;
            let mut command = site.command(0, &["deploy", "--yes"]);
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
        let done = site.ok(0, &["deploy", "--yes"]);
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
            site.fails(0, &["deploy", "--yes"], 5)
                .contains("is deployed")
        );
    })
    .await
    .expect("in time");
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
        let out = site.run(0, &["deploy", "--yes", "--smoke"]);
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let held = site.ok(0, &["user", "balance"]);
        assert_eq!(wei(&held["tokens"]), U256::from(crate::site::COIN / 2));
    })
    .await
    .expect("in time");
}
