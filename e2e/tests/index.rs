//! A real history through the index: what the events add up to is what the contracts say, at every stage.

use crate::site::{ACCOUNTS, Site};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, U256},
};
use chain::bindings::{
    ILiquidCoinVault, ILiquidMinter, ILiquidReceipts, ILiquidToken, ILiquidVault,
};
use std::{sync::Arc, time::Duration};
use store::{Options, Reader, Store};
use tokio::time::timeout;
use watch::{
    AlertManager, Channels, Contracts, Indexer, IndexerConfig, Liquid, Monitor, MonitorConfig,
    Parts, Rules,
};

const LIMIT: Duration = Duration::from_secs(240);

/// The liquid side of a deployment.
fn liquid(site: &Site) -> Liquid {
    Liquid {
        minter: site.address("LiquidMinter"),
        token: site.address("LiquidToken"),
        rewards: site.address("LiquidRewards"),
        factory: site.address("BucketFactory"),
        staking: site.address("LocalStaking"),
        parts: Parts {
            vault: Some(site.address("LiquidVault")),
            coin_vault: Some(site.address("LiquidCoinVault")),
            receipts: Some(site.address("LiquidReceipts")),
            route: Some(site.address("AmmRoute")),
            converter: Some(site.address("RewardConverter")),
        },
    }
}

/// An index and a monitor of their own beside a site.
pub struct Index {
    pub store: Store,
    pub folder: tempfile::TempDir,
    indexer: Indexer,
    monitor: Monitor,
}

impl Index {
    /// An index of the liquid side.
    async fn new(site: &Site, window: u64) -> Self {
        let contracts = Contracts {
            liquid: Some(liquid(site)),
            basket: None,
            first_block: 1,
        };
        Self::of(site, contracts, window).await
    }

    pub async fn of(site: &Site, contracts: Contracts, window: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("omnibus.db");
        Store::migrate(&path).await.unwrap();
        let options = Options {
            reorg_window: window,
            ..Options::default()
        };
        let store = Store::open(&path, options).await.unwrap();
        let rules = Rules::shipped().unwrap();
        let alerts = Arc::new(AlertManager::new(rules, &Channels::default()).unwrap());
        let config = IndexerConfig {
            poll: Duration::from_millis(20),
            ..IndexerConfig::default()
        };
        let indexer = Indexer::new(
            site.pool.clone(),
            store.clone(),
            contracts,
            Arc::clone(&alerts),
            config,
        )
        .unwrap();
        let monitor = Monitor::new(
            site.pool.clone(),
            store.clone(),
            contracts,
            alerts,
            indexer.status(),
            MonitorConfig::default(),
        );
        Self {
            store,
            folder,
            indexer,
            monitor,
        }
    }

    /// Indexes to the head, where the monitor finds no figure in which index and contracts differ. The head's hash.
    pub async fn reach(&self, site: &Site, stage: &str) -> B256 {
        let head = site.pool.latest().await.unwrap();
        let mut status = self.indexer.status();
        let reached = status.wait_for(|s| s.cursor == Some(head.number));
        tokio::select! {
            ended = self.indexer.run() => panic!("{stage}: {ended:?}"),
            seen = reached => { seen.unwrap(); }
        }
        let snapshot = self.monitor.look().await.unwrap().unwrap();
        assert_eq!(
            snapshot.metrics.get("indexMismatches"),
            Some(&U256::ZERO),
            "{stage}"
        );
        head.hash
    }

    /// Indexes to the head; then index and contracts must agree on everything.
    async fn agrees(&self, site: &Site, stage: &str) {
        let liquid = liquid(site);
        let head = self.reach(site, stage).await;
        let (at, minter) = (BlockId::hash(head), liquid.minter);
        for account in ACCOUNTS {
            let account: Address = account.parse().unwrap();
            let call = ILiquidToken::balanceOfCall { account };
            let balance = site.pool.read(liquid.token, &call, at).await.unwrap();
            let holder = self.store.holder(account).await.unwrap();
            assert_eq!(holder.map_or(U256::ZERO, |h| h.balance), balance, "{stage}");
            let call = ILiquidVault::balanceOfCall { account };
            let vault = site.address("LiquidVault");
            let shares = site.pool.read(vault, &call, at).await.unwrap();
            let part = self.store.vault_holder(account).await.unwrap();
            assert_eq!(part.map_or(U256::ZERO, |h| h.shares), shares, "{stage}");
        }
        let mut stakes = 0;
        for validator in self.store.validators().await.unwrap() {
            let call = ILiquidMinter::validatorStateCall {
                validatorId: validator.id,
            };
            let state = site.pool.read(minter, &call, at).await.unwrap();
            assert_eq!(
                (validator.staked, validator.booked),
                (state.active, state.booked),
                "{stage}"
            );
            assert_eq!(
                U256::from(validator.buckets),
                state.buckets,
                "{stage}: buckets"
            );
            let call = ILiquidMinter::getBucketsCall {
                validatorId: validator.id,
            };
            let theirs = site.pool.read(minter, &call, at).await.unwrap();
            let ours = self.store.buckets_of(validator.id).await.unwrap();
            for (ours, theirs) in ours.iter().zip(&theirs) {
                assert_eq!(ours.address, theirs.bucket, "{stage}");
                assert_eq!(
                    (ours.active, ours.cooling),
                    (theirs.activeStake, theirs.coolingAmount),
                    "{stage}: bucket {}/{}",
                    validator.id,
                    ours.idx
                );
                stakes += usize::from(!ours.active.is_zero());
            }
        }
        assert!(stakes > 0 || stage == "deployed", "{stage}");
        let line = site
            .pool
            .read(minter, &ILiquidMinter::lineCall {}, at)
            .await
            .unwrap();
        let total = async |name: &str| self.store.total(name).await.unwrap();
        assert_eq!(total(store::totals::LINE_END).await, line.end, "{stage}");
        assert_eq!(
            total(store::totals::WATERMARK).await,
            line.watermark,
            "{stage}"
        );
        assert_eq!(total(store::totals::B).await, line.b, "{stage}");
        let page = store::PageRequest::default();
        for rung in self.store.rungs(&page).await.unwrap().items {
            let call = ILiquidMinter::rungCall {
                id: U256::from(rung.id),
            };
            let theirs = site.pool.read(minter, &call, at).await.unwrap();
            if rung.closed_at.is_some() {
                assert_eq!(
                    (rung.lst, rung.units_start, rung.units_end),
                    (theirs.lst, theirs.unitsStart, theirs.unitsEnd),
                    "{stage}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_a_real_history_adds_up_to_what_the_contracts_say() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        let index = Index::new(&site, 16).await;
        index.agrees(&site, "deployed").await;
        site.ok(2, &["user", "deposit", "100"]);
        site.ok(3, &["user", "deposit", "7"]);
        for _ in 0..8 {
            site.ok(1, &["ops", "rebalance"]);
        }
        index.agrees(&site, "staked").await;
        let exit = site.ok(2, &["user", "redeem", "40", "--instant-max", "4"]);
        let id: U256 = exit["request"].as_str().unwrap().parse().unwrap();
        index.agrees(&site, "requested").await;
        assert_eq!(
            index.store.request(id).await.unwrap().unwrap().owner,
            ACCOUNTS[2].parse::<Address>().unwrap()
        );
        site.pass(3_700).await;
        site.ok(1, &["ops", "close-rung"]);
        for _ in 0..4 {
            site.ok(1, &["ops", "depart"]);
        }
        index.agrees(&site, "departed").await;
        site.pass(21 * 86_400 + 60).await;
        site.ok(1, &["ops", "sweep", "--max", "128", "--fulfil"]);
        index.agrees(&site, "swept").await;
        site.ok(2, &["user", "claim"]);
        site.ok(1, &["ops", "claim"]);
        site.pass(8 * 86_400).await;
        site.ok(2, &["user", "rewards"]);
        index.agrees(&site, "paid").await;
        let holder = index.store.holder(ACCOUNTS[2].parse().unwrap());
        let holder = holder.await.unwrap().unwrap();
        assert!(!holder.exited.is_zero() && !holder.rewards_claimed.is_zero());

        // In one go, from another window, and from the stored events alone: the same tables.
        let again = Index::new(&site, 3).await;
        again.agrees(&site, "again").await;
        let hash = index.store.table_hash().await.unwrap();
        assert_eq!(again.store.table_hash().await.unwrap(), hash);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scratch.db");
        Store::migrate(&path).await.unwrap();
        let scratch = Store::open(&path, Options::default()).await.unwrap();
        let reader = Reader::open(&index.folder.path().join("omnibus.db")).await;
        assert!(reader.unwrap().verify(&scratch).await.unwrap());
    })
    .await
    .expect("in time");
}

/// Vault, pool, receipts, reserve and autoPay in one history: figures and owners are those of the contracts, at each stage
/// and after the index was made anew.
#[tokio::test(flavor = "multi_thread")]
async fn o5_the_parts_of_a_real_history_are_what_their_contracts_say() {
    timeout(LIMIT, async {
        let site = Site::deployed_with(&["--pool", "2000"]).await;
        let index = Index::new(&site, 16).await;
        index.agrees(&site, "deployed").await;
        let page = store::PageRequest::default();
        let pools = index.store.pools().await.unwrap();
        assert_eq!(pools.len(), 1);
        assert_eq!(pools[0].pool, site.address("UniswapV2Pair"));
        site.ok(2, &["user", "deposit", "100"]);
        site.ok(2, &["user", "vault", "deposit", "50"]);
        site.ok(3, &["user", "deposit", "8"]);
        site.ok(3, &["user", "vault", "deposit", "8", "--tokens"]);
        site.ok(3, &["ops", "insurance", "fund", "12"]);
        for _ in 0..8 {
            site.ok(1, &["ops", "rebalance"]);
        }
        index.agrees(&site, "staked").await;
        site.pass(2 * 86_400).await;
        site.ok(1, &["ops", "claim"]);
        site.pass(8 * 86_400).await;
        site.ok(3, &["ops", "harvest"]);
        site.ok(2, &["user", "vault", "redeem", "20"]);
        index.agrees(&site, "harvested").await;
        let harvested = index.store.total(store::totals::VAULT_HARVESTED).await;
        assert!(!harvested.unwrap().is_zero());
        site.ok(2, &["user", "vault", "redeem", "30", "--coins"]);
        let exit = site.ok(3, &["user", "vault", "redeem", "8"]);
        assert!(!exit["amount"].is_null());
        let amm = [
            "user",
            "redeem",
            "10",
            "--instant-max",
            "0",
            "--amm-max",
            "10",
        ];
        let sold = site.ok(2, &amm);
        let exit = site.ok(
            2,
            &[
                "user",
                "redeem",
                "30",
                "--instant-max",
                "0",
                "--amm-max",
                "0",
            ],
        );
        let id: U256 = exit["request"].as_str().unwrap().parse().unwrap();
        site.ok(2, &["user", "receipt", "mint", &id.to_string()]);
        index.agrees(&site, "receipt").await;
        site.ok(
            2,
            &["user", "receipt", "transfer", &id.to_string(), ACCOUNTS[3]],
        );
        site.ok(2, &["user", "auto-pay", "off"]);
        index.agrees(&site, "sold").await;

        let at = BlockId::latest();
        let (two, three): (Address, Address) =
            (ACCOUNTS[2].parse().unwrap(), ACCOUNTS[3].parse().unwrap());
        let receipts = site.address("LiquidReceipts");
        let call = ILiquidReceipts::infoCall { tokenId: id };
        let info = site.pool.read(receipts, &call, at).await.unwrap();
        let row = index.store.receipt(id).await.unwrap().unwrap();
        assert_eq!((row.owner, row.request), (info.owner, info.requestId));
        assert_eq!(row.owner, three);
        let request = index.store.request(id).await.unwrap().unwrap();
        assert_eq!((request.owner, request.receipt), (three, Some(id)));
        assert_eq!(request.lst, info.lst);
        let sale = index.store.pool_sales(&page).await.unwrap().items.remove(0);
        assert_eq!(sale.coins.to_string(), sold["proceeds"].as_str().unwrap());
        let asked = index
            .store
            .vault_requests_of(two, &page)
            .await
            .unwrap()
            .items;
        let coins = site.address("LiquidCoinVault");
        let call = ILiquidCoinVault::pendingRedeemRequestCall {
            requestId: U256::from(asked[0].id),
            controller: two,
        };
        let pending = site.pool.read(coins, &call, at).await.unwrap();
        assert_eq!(asked[0].shares, pending);
        let said = index.store.auto_pay(two).await.unwrap().unwrap();
        let call = ILiquidMinter::autoPayCall { owner: two };
        assert_eq!(said.is_on, site.read(&call).await);

        site.pass(3_700).await;
        site.ok(1, &["ops", "close-rung"]);
        for _ in 0..4 {
            site.ok(1, &["ops", "depart"]);
        }
        site.pass(21 * 86_400 + 60).await;
        site.ok(1, &["ops", "sweep", "--max", "128", "--fulfil"]);
        site.ok(3, &["user", "receipt", "claim", &id.to_string()]);
        site.ok(2, &["user", "vault", "claim"]);
        index.agrees(&site, "claimed").await;
        let row = index.store.receipt(id).await.unwrap().unwrap();
        assert_eq!(row.state, store::ReceiptState::Claimed);
        let buyer = index.store.holder(three).await.unwrap().unwrap();
        assert_eq!(
            buyer.exited, row.paid,
            "the buyer's coins, and no other exit"
        );

        let again = Index::new(&site, 3).await;
        again.agrees(&site, "again").await;
        let hash = index.store.table_hash().await.unwrap();
        assert_eq!(again.store.table_hash().await.unwrap(), hash);
    })
    .await
    .expect("in time");
}
