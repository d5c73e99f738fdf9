//! From deposit to exit, by the command line: every balance to the wei, gas included. The keeper's steps are done by hand
//! here (`omnibus ops`), as an operator without a running service would.

use crate::site::{COIN, Site, wei};
use alloy::primitives::U256;
use chain::bindings::ILiquidMinter;
use std::time::Duration;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn journey_by_the_command_line_to_the_wei() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        let coin = U256::from(COIN);
        let start = site.coins(2).await;

        // In: at rate 1 a coin is a token.
        let deposit = site.ok(2, &["user", "deposit", "100"]);
        assert_eq!(wei(&deposit["amount"]), coin * U256::from(100));
        let mut gas = site.gas_paid(&deposit["transaction"]).await;
        assert_eq!(site.coins(2).await, start - coin * U256::from(100) - gas);

        // The stake bus keeps a tenth of the assets, 100 and the seed's 10, as buffer.
        // It stakes in a few pieces at a time, so that the buckets fill evenly.
        let staked = coin * U256::from(99);
        let mut status = site.ok(2, &["ops", "status"]);
        for _ in 0..40 {
            if wei(&status["active"]) == staked {
                break;
            }
            site.ok(1, &["ops", "rebalance"]);
            status = site.ok(2, &["ops", "status"]);
        }
        assert_eq!(wei(&status["active"]), staked);
        assert_eq!(wei(&status["target"]), coin * U256::from(11));

        // Out: 4 now, 36 by the queue.
        let quote = site.ok(2, &["user", "redeem", "40", "--quote"]);
        assert_eq!(
            wei(&quote["instant"]) + wei(&quote["queued"]),
            coin * U256::from(40)
        );
        let exit = site.ok(2, &["user", "redeem", "40", "--instant-max", "4"]);
        gas += site.gas_paid(&exit["transaction"]).await;
        let (paid, fee) = (wei(&exit["paid"]), wei(&exit["fee"]));
        assert_eq!(paid + fee, coin * U256::from(4));
        // From 0.30 % with a full buffer up to what 4 of 11 taken makes of it.
        assert!(
            fee * U256::from(10_000) >= coin * U256::from(4 * 30)
                && fee * U256::from(10_000) <= coin * U256::from(4 * 56),
            "{fee}"
        );
        assert_eq!(wei(&exit["queued"]), coin * U256::from(36));
        let id = exit["request"].as_str().unwrap().to_owned();

        // A rung, a departure. What the promise says now, binds.
        site.pass(3_700).await;
        site.ok(1, &["ops", "close-rung"]);
        // Sixteen buckets leave per call; what is cooling covers the queue in the end.
        for _ in 0..10 {
            site.ok(1, &["ops", "depart"]);
            if wei(&site.ok(2, &["ops", "status"])["cooling"]) >= coin * U256::from(36) {
                break;
            }
        }
        let requests = site.ok(2, &["user", "requests"]);
        assert_eq!(requests.as_array().unwrap().len(), 1);
        let promised = requests[0]["promisedAt"].as_u64().unwrap();
        let wait = promised - site.now().await;
        assert!(
            (21 * 86_400..=21 * 86_400 + 86_400).contains(&wait),
            "{wait}"
        );
        assert!(
            site.fails(2, &["user", "claim", &id], 6)
                .contains("NothingToClaim")
        );
        assert!(
            site.fails(2, &["user", "cancel", &id], 6)
                .contains("RungNotOpen")
        );

        // The cooldown, a sweep, the funding, the claim: before what was promised.
        site.pass(21 * 86_400 + 60).await;
        site.ok(1, &["ops", "sweep", "--max", "128", "--fulfil"]);
        assert!(site.now().await <= promised, "the promise is kept");
        let claimed = site.ok(2, &["user", "claim"]);
        assert_eq!(claimed[0]["id"].as_str(), Some(id.as_str()));
        gas += site.gas_paid(&claimed[0]["transaction"]).await;
        // The standard fee is 5 basis points, rounded up.
        let standard = (coin * U256::from(36) * U256::from(5)).div_ceil(U256::from(10_000));
        assert_eq!(wei(&claimed[0]["fee"]), standard);
        assert_eq!(wei(&claimed[0]["paid"]), coin * U256::from(36) - standard);
        assert_eq!(claimed[0]["done"], true);
        assert_eq!(
            site.coins(2).await,
            start - coin * U256::from(60) - fee - standard - gas
        );

        // Three weeks of rewards came from 99 coins of stake; the claims are on chain, in the stream, and paid.
        site.ok(1, &["ops", "claim"]);
        site.pass(8 * 86_400).await;
        let before = site.coins(2).await;
        let rewards = site.ok(2, &["user", "rewards"]);
        let earned = wei(&rewards["amount"]);
        assert!(!earned.is_zero());
        assert_eq!(
            site.coins(2).await,
            before + earned - site.gas_paid(&rewards["transaction"]).await
        );

        let held = site.ok(2, &["user", "balance"]);
        assert_eq!(wei(&held["tokens"]), coin * U256::from(60));
        let stats = site
            .read(&ILiquidMinter::getBufferAndQueueStatsCall {})
            .await;
        assert_eq!(stats.totalQueued, U256::ZERO);
        assert_eq!(
            stats.reserved,
            fee + standard,
            "only fees are left reserved"
        );
    })
    .await
    .expect("in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn journey_a_request_is_taken_back_while_its_rung_is_open() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        site.ok(3, &["user", "deposit", "7.5"]);
        let exit = site.ok(3, &["user", "redeem", "2.5", "--instant-max", "0"]);
        assert_eq!(wei(&exit["paid"]), U256::ZERO);
        let back = site.ok(3, &["user", "cancel", exit["request"].as_str().unwrap()]);
        assert_eq!(
            wei(&back["amount"]),
            U256::from(COIN) * U256::from(5) / U256::from(2)
        );
        assert_eq!(
            site.ok(3, &["user", "requests"]).as_array().unwrap().len(),
            0
        );
        let held = site.ok(3, &["user", "balance"]);
        assert_eq!(
            wei(&held["tokens"]),
            U256::from(COIN) * U256::from(15) / U256::from(2)
        );
        // Wrong amounts and ids are refused by the contract, in its words.
        assert!(
            site.fails(3, &["user", "redeem", "1000"], 6)
                .contains("ERC20InsufficientBalance")
        );
        assert!(
            site.fails(3, &["user", "deposit", "0"], 6)
                .contains("ZeroAmount")
        );
        assert!(
            site.fails(3, &["user", "claim", "424242"], 6)
                .contains("UnknownRequest")
        );
        assert!(
            site.fails(3, &["user", "deposit", "99999999"], 6)
                .contains("has")
        );
    })
    .await
    .expect("in time");
}
