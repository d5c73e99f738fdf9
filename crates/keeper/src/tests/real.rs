//! The engine on a local chain with the committed contracts.

use super::open;
use crate::{
    Config, Error, Job, Keeper, Mode, Report, SendPolicy, Target, Verdict, View, counter, note_off,
    plan,
};
use alloy::{
    consensus::SignableTransaction,
    eips::BlockNumberOrTag,
    network::{EthereumWallet, TxSigner},
    node_bindings::{Anvil, AnvilInstance},
    primitives::{Address, Bytes, Signature, U256, address},
    providers::{DynProvider, Provider, ProviderBuilder, ext::AnvilApi},
    rpc::types::Filter,
    signers::local::PrivateKeySigner,
    sol_types::{SolCall, SolEvent},
};
use chain::{
    Pool, PoolConfig,
    bindings::{
        BucketFactory, ERC1967Proxy, ILiquidMinter, LiquidAdmin, LiquidCoinVault, LiquidKeeper,
        LiquidMinter, LiquidPayouts, LiquidReceipts, LiquidRewards, LiquidStaker, LiquidToken,
        LiquidVault, LiquidViews, LocalStaking, LocalTreasury,
        liquid_admin::LiquidAdmin::InitParams, minter::ILiquidMinterTypes::ExitParams,
    },
};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{AttemptState, Block, Event, IntentState, PageRequest, RangeBatch, Store};

const NATIVE: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
const DAY: u64 = 86_400;
const COOLDOWN: u64 = 21 * DAY;

pub(super) fn coins(n: u64) -> U256 {
    U256::from(n) * U256::from(10).pow(U256::from(18))
}

pub(super) fn anvil_path() -> PathBuf {
    let os = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        "linux"
    };
    let arch = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!(
        "../../contracts/node_modules/@foundry-rs/anvil-{os}-{arch}/bin/anvil"
    ))
}

/// Signs, and counts how often.
pub(super) struct Spy(pub(super) PrivateKeySigner, pub(super) AtomicU64);

#[async_trait::async_trait]
impl TxSigner<Signature> for Spy {
    fn address(&self) -> Address {
        self.0.address()
    }
    async fn sign_transaction(
        &self,
        tx: &mut dyn SignableTransaction<Signature>,
    ) -> alloy::signers::Result<Signature> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.sign_transaction(tx).await
    }
}

struct Real {
    _anvil: AnvilInstance,
    /// Signs as deployer, admin and alice.
    chain: DynProvider,
    admin: Address,
    alice: Address,
    staking: LocalStaking::LocalStakingInstance<DynProvider>,
    minter: ILiquidMinter::ILiquidMinterInstance<DynProvider>,
    store: Store,
    pool: Pool,
    spy: Arc<Spy>,
    _dir: tempfile::TempDir,
}

/// Two validators of equal weight with three buckets each. `None` when there is no anvil.
async fn real() -> Option<Real> {
    if !anvil_path().exists() {
        println!("SKIP: no anvil; run scripts/setup (npm ci in contracts/)");
        return None;
    }
    let anvil = Anvil::at(anvil_path()).try_spawn().unwrap();
    let admin: PrivateKeySigner = anvil.keys()[0].clone().into();
    let alice: PrivateKeySigner = anvil.keys()[1].clone().into();
    let keeper: PrivateKeySigner = anvil.keys()[2].clone().into();
    let (me, alice_at, keeper_at) = (admin.address(), alice.address(), keeper.address());
    let mut wallet = EthereumWallet::from(admin);
    wallet.register_signer(alice);
    let chain = ProviderBuilder::new()
        .wallet(wallet)
        .connect_reqwest(
            chain::http_client(std::time::Duration::from_secs(30)).unwrap(),
            anvil.endpoint_url(),
        )
        .erased();
    let staking = LocalStaking::deploy(
        chain.clone(),
        me,
        coins(1),
        U256::from(COOLDOWN),
        U256::from(7 * DAY),
    )
    .await
    .unwrap();
    let treasury = LocalTreasury::deploy(chain.clone(), *staking.address())
        .await
        .unwrap();
    chain
        .anvil_set_balance(*treasury.address(), coins(1_000_000))
        .await
        .unwrap();
    chain
        .anvil_set_balance(alice_at, coins(1_000_000))
        .await
        .unwrap();
    macro_rules! send {
        ($call:expr) => {
            assert!(
                $call
                    .send()
                    .await
                    .unwrap()
                    .get_receipt()
                    .await
                    .unwrap()
                    .status()
            )
        };
    }
    send!(staking.setTreasury(*treasury.address()));
    send!(staking.addRewardToken(NATIVE));
    for id in 0..2 {
        let admin = Address::with_last_byte(0x10 + id as u8);
        send!(staking.addValidator(
            id,
            U256::ZERO,
            admin,
            me,
            "l1".into(),
            "account".into(),
            Address::ZERO,
            U256::ZERO
        ));
    }
    send!(staking.setRewardRates(vec![NATIVE], vec![U256::from(1_000_000_000_u64)]));
    // Addresses that refer to each other follow from the deployer's nonce.
    let nonce = chain.get_transaction_count(me).await.unwrap();
    let (rewards_at, minter_at) = (me.create(nonce + 1), me.create(nonce + 9));
    let receipts_at = me.create(nonce + 10);
    let staking_at = *staking.address();
    let token = LiquidToken::deploy(
        chain.clone(),
        "Staked".into(),
        "stX".into(),
        minter_at,
        rewards_at,
    )
    .await
    .unwrap();
    let token = *token.address();
    LiquidRewards::deploy(chain.clone(), minter_at, token, U256::from(1_000))
        .await
        .unwrap();
    let factory = *BucketFactory::deploy(chain.clone(), minter_at, staking_at)
        .await
        .unwrap()
        .address();
    let views = *LiquidViews::deploy(chain.clone(), token, staking_at)
        .await
        .unwrap()
        .address();
    let admin_part = *LiquidAdmin::deploy(chain.clone(), token, staking_at, views)
        .await
        .unwrap()
        .address();
    let payouts = *LiquidPayouts::deploy(chain.clone(), token, staking_at, admin_part)
        .await
        .unwrap()
        .address();
    let staker = *LiquidStaker::deploy(chain.clone(), token, staking_at, factory, payouts)
        .await
        .unwrap()
        .address();
    let keeper_part = *LiquidKeeper::deploy(chain.clone(), token, staking_at, factory)
        .await
        .unwrap()
        .address();
    let implementation = LiquidMinter::deploy(
        chain.clone(),
        token,
        staking_at,
        factory,
        keeper_part,
        staker,
        receipts_at,
    )
    .await
    .unwrap();
    let p = InitParams {
        admin: me,
        guardian: me,
        rewards: rewards_at,
        factory,
        feeRecipient: me,
        withholdBps: 1_000,
        minInstantFeeBps: 30,
        maxInstantFeeBps: 100,
        standardFeeBps: 5,
        batchThreshold: Default::default(),
        interval: 3_600,
        minStake: coins(1).to(),
        keeperGrace: 6 * 3_600,
        safety: 3_600,
        minRungAge: 3_600,
        maxSyncAge: 3_600,
    };
    let init = LiquidAdmin::initializeCall { p }.abi_encode().into();
    let proxy = ERC1967Proxy::deploy_builder(chain.clone(), *implementation.address(), init)
        .value(coins(1));
    assert_eq!(proxy.deploy().await.unwrap(), minter_at);
    let receipts = LiquidReceipts::deploy(chain.clone(), minter_at, "Exit".into(), "EXIT".into())
        .await
        .unwrap();
    assert_eq!(*receipts.address(), receipts_at);
    let minter = ILiquidMinter::new(minter_at, chain.clone());
    let access = LiquidMinter::new(minter_at, chain.clone());
    for role in [
        minter.REBALANCER_ROLE().call().await.unwrap(),
        minter.CLAIMER_ROLE().call().await.unwrap(),
        minter.HANDLER_ROLE().call().await.unwrap(),
    ] {
        send!(access.grantRole(role, keeper_at));
    }
    send!(minter.syncValidators());
    for id in 0..2 {
        send!(minter.addBuckets(id, U256::from(3)));
        send!(minter.setValidatorWeight(id, U256::ONE));
    }
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let url = anvil.endpoint().parse().unwrap();
    let pool = Pool::connect(PoolConfig::new(vec![url])).await.unwrap();
    let spy = Arc::new(Spy(keeper, AtomicU64::new(0)));
    Some(Real {
        _anvil: anvil,
        chain,
        admin: me,
        alice: alice_at,
        staking,
        minter,
        store,
        pool,
        spy,
        _dir: dir,
    })
}

impl Real {
    fn config(&self, mode: Mode) -> Config {
        Config {
            minter: Some(*self.minter.address()),
            send: SendPolicy {
                confirmations: 0,
                poll_ms: 10,
                ..SendPolicy::default()
            },
            ..Config::default().with_all(mode)
        }
    }

    async fn keeper(&self, config: Config) -> Keeper {
        Keeper::new(
            config,
            self.store.clone(),
            self.pool.clone(),
            Some(self.spy.clone()),
        )
        .await
        .unwrap()
    }

    /// Stands in for the watcher: the index is at the head.
    async fn index(&self) {
        let head = self.pool.latest().await.unwrap();
        let first = self
            .store
            .cursor()
            .await
            .unwrap()
            .map_or(0, |cursor| cursor.number + 1);
        if first > head.number {
            return;
        }
        let header = |block: &chain::Block| Block {
            number: block.number,
            hash: block.hash,
            parent: block.parent_hash,
            timestamp: block.timestamp,
            events: 0,
        };
        let events = self.queue_events(first, head.number).await;
        let mut numbers: Vec<u64> = events.iter().map(|event| event.block).collect();
        numbers.dedup();
        let mut blocks = Vec::new();
        for number in numbers {
            let number = BlockNumberOrTag::Number(number);
            blocks.push(header(&self.pool.block(number).await.unwrap().unwrap()));
        }
        let batch = RangeBatch {
            first,
            last: header(&head),
            blocks,
            events,
            alerts: vec![],
        };
        self.store.apply_range(batch).await.unwrap();
    }

    /// As much of the history as names candidates for a payout. Claims are left out: the chain knows better.
    async fn queue_events(&self, first: u64, last: u64) -> Vec<Event> {
        let filter = Filter::new()
            .address(*self.minter.address())
            .from_block(first)
            .to_block(last);
        let mut events = Vec::new();
        for log in self.chain.get_logs(&filter).await.unwrap() {
            let (name, args) = if let Ok(e) = ILiquidMinter::ExitRequested::decode_log(&log.inner) {
                let owner = format!("{:#x}", e.owner);
                let args = json!({ "id": e.id.to_string(), "owner": owner, "lst": e.lst.to_string(), "hint": "65535" });
                ("ExitRequested", args)
            } else if let Ok(e) = ILiquidMinter::RungClosed::decode_log(&log.inner) {
                let args = json!({
                    "rung": e.rung.to_string(), "lst": e.lst.to_string(), "count": e.count.to_string(),
                    "unitsEnd": e.unitsEnd.to_string(), "c0": e.c0.to_string(), "feeBps": e.feeBps.to_string(),
                });
                ("RungClosed", args)
            } else {
                continue;
            };
            events.push(Event {
                block: log.block_number.unwrap(),
                log_index: log.log_index.unwrap(),
                at: 0,
                tx_hash: log.transaction_hash.unwrap(),
                address: log.address(),
                name: name.to_owned(),
                args,
                topics: Bytes::new(),
                data: Bytes::new(),
            });
        }
        events
    }

    async fn tick(&self, keeper: &mut Keeper) -> Vec<Report> {
        self.index().await;
        keeper.tick().await.unwrap()
    }

    /// Ticks until nothing is sent and nothing is under way; returns which jobs sent.
    async fn quiet(&self, keeper: &mut Keeper) -> Vec<Job> {
        let mut sent = Vec::new();
        for _ in 0..30 {
            let reports = self.tick(keeper).await;
            assert!(
                reports
                    .iter()
                    .all(|report| report.verdict != Verdict::Failed),
                "{reports:?}"
            );
            let now: Vec<Job> = reports
                .iter()
                .filter(|report| report.verdict == Verdict::Sent)
                .map(|report| report.job)
                .collect();
            if now.is_empty() && self.store.live_attempts().await.unwrap().is_empty() {
                return sent;
            }
            sent.extend(now);
        }
        panic!("it does not come to rest: {sent:?}");
    }

    async fn warp(&self, seconds: u64) {
        self.chain.anvil_increase_time(seconds).await.unwrap();
        self.chain.anvil_mine(Some(1), None).await.unwrap();
    }

    async fn deposit(&self, amount: U256) {
        let sent = self
            .minter
            .submit()
            .value(amount)
            .from(self.alice)
            // To spare: the block may come seconds after the estimate, and more has to be written then.
            .gas(3_000_000)
            .send()
            .await
            .unwrap();
        assert!(sent.get_receipt().await.unwrap().status());
    }

    async fn exit(&self, lst: U256) {
        self.exit_for(self.alice, lst).await;
    }

    /// Alice's LST leaves; the request is somebody's.
    async fn exit_for(&self, owner: Address, lst: U256) {
        let now = self.pool.latest().await.unwrap().timestamp;
        let p = ExitParams {
            instantMax: U256::ZERO,
            ammMax: U256::ZERO,
            queueMax: lst,
            minOutNow: U256::ZERO,
            feeLimitBps: U256::from(10_000),
            deadline: U256::from(now + DAY),
            recipient: owner,
        };
        let sent = self
            .minter
            .redeem(lst, p)
            .from(self.alice)
            .gas(3_000_000)
            .send()
            .await
            .unwrap();
        assert!(sent.get_receipt().await.unwrap().status());
    }

    fn signatures(&self) -> u64 {
        self.spy.1.load(Ordering::Relaxed)
    }

    async fn keeper_transactions(&self) -> u64 {
        self.chain
            .get_transaction_count(self.spy.address())
            .await
            .unwrap()
    }

    async fn view(&self) -> View {
        View::read(
            &self.pool,
            *self.minter.address(),
            self.pool.latest().await.unwrap(),
        )
        .await
        .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_road_deposit_stake_exit_depart_sweep_fulfil() {
    let Some(real) = real().await else { return };
    let mut config = real.config(Mode::On);
    // To look at the request when it is funded.
    config.jobs.insert(Job::Push, Mode::Off);
    let mut keeper = real.keeper(config).await;
    real.deposit(coins(1_000)).await;
    assert!(real.quiet(&mut keeper).await.contains(&Job::StakeBus));
    // 1 of the seed and 1,000 of Alice: a tenth is the buffer.
    let view = real.view().await;
    assert_eq!(view.assets, coins(1_001));
    assert_eq!(view.target, coins(1_001) / U256::from(10));
    assert_eq!(view.active, coins(1_001) - coins(1_001) / U256::from(10));
    // Alice wants 300 back through the queue. The rung closes when it is old enough, then its stake departs.
    real.exit(coins(300)).await;
    real.warp(3_600).await;
    let sent = real.quiet(&mut keeper).await;
    assert!(
        sent.contains(&Job::CloseRung) && sent.contains(&Job::ExitBus),
        "{sent:?}"
    );
    let view = real.view().await;
    assert!(
        view.open_value <= view.cooling + view.line.committed,
        "the line is covered"
    );
    assert!(view.last_mark.is_some(), "and promised");
    // Nothing is sent twice while the cooldown runs, whatever the number of looks.
    let before = real.keeper_transactions().await;
    for _ in 0..3 {
        assert_eq!(real.quiet(&mut keeper).await, []);
    }
    assert_eq!(real.keeper_transactions().await, before);
    real.warp(COOLDOWN).await;
    let sent = real.quiet(&mut keeper).await;
    assert!(
        sent.contains(&Job::Sweep) && sent.contains(&Job::Fulfil),
        "{sent:?}"
    );
    assert!(
        sent.contains(&Job::ClaimRewards),
        "21 days of rewards: {sent:?}"
    );
    let id = U256::ONE; // rung 0, request 1
    let owed = real.minter.claimable(id).call().await.unwrap();
    assert_eq!(
        (owed.gross, owed.fee),
        (coins(300), coins(300) * U256::from(5) / U256::from(10_000))
    );
    // One successful attempt for each work, one transaction for each attempt.
    let journal = real
        .store
        .journal(&PageRequest {
            limit: 200,
            ..PageRequest::default()
        })
        .await
        .unwrap()
        .items;
    assert!(
        journal
            .iter()
            .all(|entry| entry.attempt.state == AttemptState::Succeeded && entry.txs.len() == 1),
        "{journal:?}"
    );
    assert_eq!(journal.len() as u64, real.keeper_transactions().await);
    assert_eq!(journal.len() as u64, real.signatures());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o11_dry_run_signs_nothing() {
    let Some(real) = real().await else { return };
    real.deposit(coins(1_000)).await;
    real.exit(coins(300)).await;
    real.warp(2 * DAY).await;
    let mut keeper = real.keeper(real.config(Mode::DryRun)).await;
    let mut would: Vec<Job> = Vec::new();
    for _ in 0..3 {
        let reports = real.tick(&mut keeper).await;
        assert!(reports.iter().all(|report| report.verdict != Verdict::Sent));
        would.extend(
            reports
                .iter()
                .filter(|report| report.verdict == Verdict::WouldSend)
                .map(|report| report.job),
        );
    }
    assert!(
        would.contains(&Job::SyncValidators)
            && would.contains(&Job::StakeBus)
            && would.contains(&Job::CloseRung),
        "{would:?}"
    );
    assert_eq!(real.signatures(), 0);
    assert_eq!(real.keeper_transactions().await, 0);
    assert!(
        real.store
            .journal(&PageRequest::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    // It says what it would do, once.
    let decisions = real.store.last_decisions().await.unwrap();
    assert!(
        decisions.iter().any(|one| one.job == "stake-bus"
            && one.decision == "would send"
            && one.mode == "dryRun")
    );
    let of_stake_bus = real
        .store
        .decisions("stake-bus", &PageRequest::default())
        .await
        .unwrap()
        .items;
    assert_eq!(of_stake_bus.len(), 1);
    // The default is dry-run, and off plans nothing at all.
    assert_eq!(Config::default().mode(Job::Sweep), Mode::DryRun);
    let mut off = real.keeper(real.config(Mode::Off)).await;
    assert_eq!(real.tick(&mut off).await, []);
    // Without a signer only dry-runs are possible.
    let error = Keeper::new(
        real.config(Mode::On),
        real.store.clone(),
        real.pool.clone(),
        None,
    )
    .await
    .unwrap_err();
    assert!(matches!(error, Error::NoSigner(_)), "{error}");
    assert!(
        Keeper::new(
            real.config(Mode::DryRun),
            real.store.clone(),
            real.pool.clone(),
            None
        )
        .await
        .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_an_intent_names_a_job_and_a_target_and_nothing_else() {
    let Some(real) = real().await else { return };
    let mut config = real.config(Mode::On);
    config.jobs.insert(Job::StakeBus, Mode::DryRun);
    config.jobs.insert(Job::Sweep, Mode::Off);
    config.intents_per_hour = 2;
    let mut keeper = real.keeper(config).await;
    real.quiet(&mut keeper).await;
    let before = real.keeper_transactions().await;
    let calldata = "0xa9059cbb0000000000000000000000000000000000000000000000000000000000000001";
    let ask = |job: &str, target: &str| {
        real.store
            .insert_intent(job.to_owned(), target.to_owned(), "operator".into())
    };
    for (job, target) in [
        ("drain", ""),
        ("sync-validators", calldata),
        ("sync-validators", "0"),
        ("claim-rewards", ""),
        ("claim-rewards", calldata),
        ("claim-rewards", "7"),
        ("claim-rewards", "+1"),
        ("claim-rewards", "65536"),
        ("claim-rewards", "ALL"),
        ("stake-bus", ""),
        ("sweep", "0"),
        ("", ""),
    ] {
        ask(job, target).await.unwrap();
    }
    real.tick(&mut keeper).await;
    let intents = real
        .store
        .intents(&PageRequest {
            limit: 50,
            ..PageRequest::default()
        })
        .await
        .unwrap()
        .items;
    assert_eq!(intents.len(), 12);
    assert!(
        intents
            .iter()
            .all(|intent| intent.state == IntentState::Refused && !intent.reason.is_empty()),
        "{intents:?}"
    );
    assert_eq!(
        real.keeper_transactions().await,
        before,
        "nothing was sent for them"
    );
    // Two are within the limits, in either spelling; the third of the hour is not.
    for target in ["all", "", "all"] {
        ask("sync-validators", target).await.unwrap();
    }
    let reports = real.tick(&mut keeper).await;
    assert!(
        reports
            .iter()
            .any(|report| report.job == Job::SyncValidators && report.verdict == Verdict::Sent),
        "{reports:?}"
    );
    let intents = real
        .store
        .intents(&PageRequest {
            limit: 3,
            ..PageRequest::default()
        })
        .await
        .unwrap()
        .items;
    assert_eq!(
        intents
            .iter()
            .filter(|intent| intent.state == IntentState::Accepted)
            .count(),
        2
    );
    assert_eq!(
        real.keeper_transactions().await,
        before + 1,
        "asked twice, sent once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o18_above_the_index_lag_the_keeper_refuses_to_plan() {
    let Some(real) = real().await else { return };
    real.deposit(coins(1_000)).await;
    let mut keeper = real
        .keeper(Config {
            max_index_lag: 5,
            ..real.config(Mode::On)
        })
        .await;
    let all_refused = |reports: &[Report]| {
        !reports.is_empty() && reports.iter().all(|one| one.verdict == Verdict::Refused)
    };
    assert!(all_refused(&keeper.tick().await.unwrap()), "an empty index");
    real.index().await;
    real.chain.anvil_mine(Some(6), None).await.unwrap();
    let reports = keeper.tick().await.unwrap();
    assert!(
        all_refused(&reports) && reports[0].reason.contains("6 blocks behind"),
        "{reports:?}"
    );
    assert_eq!(real.signatures(), 0);
    real.index().await;
    real.chain.anvil_mine(Some(5), None).await.unwrap();
    let reports = keeper.tick().await.unwrap();
    assert!(
        reports.iter().any(|one| one.verdict == Verdict::Sent),
        "five are allowed: {reports:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slash_is_synced_and_booked_at_once() {
    let Some(real) = real().await else { return };
    let mut keeper = real.keeper(real.config(Mode::On)).await;
    real.deposit(coins(1_000)).await;
    real.quiet(&mut keeper).await;
    let before = real.view().await;
    let lost = before.validator(1).unwrap().state.active;
    assert!(!lost.is_zero());
    let sent = real.staking.slashValidator(1).send().await.unwrap();
    assert!(sent.get_receipt().await.unwrap().status());
    let sent = real.quiet(&mut keeper).await;
    assert!(sent.contains(&Job::BookSlash), "{sent:?}");
    let after = real.view().await;
    assert!(after.validator(1).unwrap().state.booked);
    assert_eq!(after.assets, before.assets - lost);
    assert_eq!(real.quiet(&mut keeper).await, [], "booked once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_keepers_in_turn_and_a_restart_send_nothing_twice() {
    let Some(real) = real().await else { return };
    real.deposit(coins(1_000)).await;
    let mut first = real.keeper(real.config(Mode::On)).await;
    let sent = real
        .tick(&mut first)
        .await
        .iter()
        .filter(|one| one.verdict == Verdict::Sent)
        .count();
    assert!(sent > 0);
    // Another takes over before the first has looked again.
    let mut second = real.keeper(real.config(Mode::On)).await;
    let error = async {
        real.warp(2 * DAY).await;
        real.index().await;
        first.tick().await
    }
    .await
    .unwrap_err();
    assert!(
        matches!(error, Error::Store(store::Error::Fenced { .. })),
        "{error}"
    );
    real.quiet(&mut second).await;
    let journal = real
        .store
        .journal(&PageRequest {
            limit: 200,
            ..PageRequest::default()
        })
        .await
        .unwrap()
        .items;
    let mut works: Vec<_> = journal
        .iter()
        .filter(|entry| entry.attempt.state == AttemptState::Succeeded)
        .map(|entry| entry.work.id)
        .collect();
    let all = works.len();
    works.sort();
    works.dedup();
    assert_eq!(works.len(), all);
    assert_eq!(real.keeper_transactions().await, real.signatures());
}

/// Early money goes to the whole line at once, and the stake that cooled for it goes back to work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn early_money_is_paid_pro_rata_and_cooling_stake_works_again() {
    let Some(real) = real().await else { return };
    let mut keeper = real.keeper(real.config(Mode::On)).await;
    real.deposit(coins(1_000)).await;
    real.quiet(&mut keeper).await;
    real.exit(coins(300)).await;
    real.warp(3_600).await;
    real.quiet(&mut keeper).await;
    let before = real.view().await;
    assert!(before.covered() && before.cooling > coins(200));
    let etas = async || {
        let eta = real.minter.exitEta(U256::ONE).call().await.unwrap();
        (eta.eta, eta.revised)
    };
    let promised = etas().await;
    real.deposit(coins(200)).await;
    let sent = real.quiet(&mut keeper).await;
    assert!(
        sent.contains(&Job::FulfilProRata) && sent.contains(&Job::Restake),
        "{sent:?}"
    );
    let after = real.view().await;
    assert!(after.line.c > before.line.c, "the integral moved");
    let paid = before.line.openLst - after.line.openLst;
    assert!(paid > coins(150) && paid <= coins(200), "{paid}");
    assert!(after.cooling < before.cooling && after.active > before.active);
    assert!(after.covered(), "what is left still covers the line");
    assert!(
        etas().await.0 <= promised.0 && !etas().await.1,
        "nobody waits longer"
    );
    assert!(
        !real
            .minter
            .claimable(U256::ONE)
            .call()
            .await
            .unwrap()
            .gross
            .is_zero()
    );
    let journal = real
        .store
        .journal(&PageRequest::default())
        .await
        .unwrap()
        .items;
    assert!(
        journal
            .iter()
            .all(|entry| entry.attempt.state == AttemptState::Succeeded),
        "none without effect: {journal:?}"
    );
    assert_eq!(real.quiet(&mut keeper).await, [], "and comes to rest");
}

/// One target of a job a tick: the other one stays, and is not answered as done. A keeper without news shows that it is there, and
/// jobs that are switched off are said to be off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_what_is_asked_for_is_done_one_target_a_tick() {
    let Some(real) = real().await else { return };
    let mut keeper = real.keeper(real.config(Mode::On)).await;
    real.quiet(&mut keeper).await;
    let ask = |target: &str| {
        let job = "claim-rewards".to_owned();
        real.store
            .insert_intent(job, target.to_owned(), "operator".into())
    };
    ask("0").await.unwrap();
    ask("1").await.unwrap();
    let states = async || {
        let all = real.store.intents(&PageRequest::default()).await.unwrap();
        let mut states: Vec<(String, IntentState)> = all
            .items
            .into_iter()
            .map(|intent| (intent.target, intent.state))
            .collect();
        states.sort_by(|a, b| a.0.cmp(&b.0));
        states
            .into_iter()
            .map(|(_, state)| state)
            .collect::<Vec<_>>()
    };
    real.tick(&mut keeper).await;
    assert_eq!(
        states().await,
        [IntentState::Accepted, IntentState::Pending]
    );
    real.tick(&mut keeper).await;
    assert_eq!(
        states().await,
        [IntentState::Accepted, IntentState::Accepted]
    );

    real.quiet(&mut keeper).await;
    let last = async || {
        let all = real.store.last_decisions().await.unwrap();
        all.iter().map(|one| one.id).max().unwrap()
    };
    let before = last().await;
    real.tick(&mut keeper).await;
    assert_eq!(last().await, before, "no news");
    keeper.recorded_at = 0;
    real.tick(&mut keeper).await;
    assert_eq!(last().await, before + 1, "a sign of life");

    let modes = async || {
        let all = real.store.last_decisions().await.unwrap();
        let off = all.iter().filter(|one| one.mode == "off");
        (off.count(), all.len())
    };
    note_off(&real.store, |job| job == Job::Sweep)
        .await
        .unwrap();
    assert_eq!(modes().await.0, 1);
    note_off(&real.store, |_| true).await.unwrap();
    let (off, all) = modes().await;
    assert_eq!(off, all);
    let told = last().await;
    note_off(&real.store, |_| true).await.unwrap();
    assert_eq!(last().await, told, "it is known");
}

/// Funded requests of plain accounts are paid without their asking, in pages; a contract's waits for the contract.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn funded_requests_of_accounts_are_pushed() {
    let Some(real) = real().await else { return };
    let mut config = real.config(Mode::On);
    config.push_page = 2;
    config.jobs.insert(Job::Push, Mode::DryRun);
    let mut keeper = real.keeper(config.clone()).await;
    real.deposit(coins(1_000)).await;
    real.quiet(&mut keeper).await;
    for lst in [10, 20, 30, 40] {
        real.exit(coins(lst)).await;
    }
    // Dust, which is left to its owner.
    real.exit(U256::from(10).pow(U256::from(15))).await;
    real.warp(3_600).await;
    real.quiet(&mut keeper).await;
    real.warp(COOLDOWN).await;
    real.quiet(&mut keeper).await;
    let owner = async |id: u64| {
        real.minter
            .request(U256::from(id))
            .call()
            .await
            .unwrap()
            .owner
    };
    let decisions = real.store.last_decisions().await.unwrap();
    assert!(
        decisions
            .iter()
            .any(|one| one.job == "push" && one.decision == "would send"),
        "dry-run is said and not done: {decisions:?}"
    );
    for id in 1..=5 {
        assert_eq!(owner(id).await, real.alice);
    }
    // The owner of the second is a contract for a while: it is not paid behind its back.
    config.jobs.insert(Job::Push, Mode::On);
    let mut keeper = real.keeper(config.clone()).await;
    let code = Bytes::from_static(&[0x00]);
    real.chain.anvil_set_code(real.alice, code).await.unwrap();
    let sent = real.quiet(&mut keeper).await;
    assert!(!sent.contains(&Job::Push), "{sent:?}");
    real.chain
        .anvil_set_code(real.alice, Bytes::new())
        .await
        .unwrap();
    let before = real.chain.get_balance(real.alice).await.unwrap();
    let sent = real.quiet(&mut keeper).await;
    let pushes = sent.iter().filter(|job| **job == Job::Push).count();
    assert_eq!(pushes, 2, "four payouts by two: {sent:?}");
    let paid = real.chain.get_balance(real.alice).await.unwrap() - before;
    let fee = coins(100) * U256::from(5) / U256::from(10_000);
    assert_eq!(paid, coins(100) - fee);
    for id in 1..=4 {
        assert_eq!(owner(id).await, Address::ZERO, "paid and gone");
    }
    assert_eq!(owner(5).await, real.alice, "dust waits");
    // The store still names them; the chain says that they are gone. A restart does not pay anybody twice.
    let mut again = real.keeper(config).await;
    assert_eq!(real.quiet(&mut again).await, []);
    let page = PageRequest {
        limit: 200,
        ..PageRequest::default()
    };
    let journal = real.store.journal(&page).await.unwrap().items;
    assert!(
        journal
            .iter()
            .all(|entry| entry.attempt.state == AttemptState::Succeeded),
        "none without effect: {journal:?}"
    );
}

/// Whoever wants to be paid and then refuses the coins keeps nobody behind him waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payouts_that_are_refused_let_the_others_by() {
    let Some(real) = real().await else { return };
    let mut config = real.config(Mode::On);
    config.push_page = 2;
    let mut keeper = real.keeper(config).await;
    real.deposit(coins(1_000)).await;
    real.quiet(&mut keeper).await;
    let stubborn = Address::repeat_byte(0x57);
    real.chain
        .anvil_set_balance(stubborn, coins(1))
        .await
        .unwrap();
    real.chain
        .anvil_impersonate_account(stubborn)
        .await
        .unwrap();
    let call = ILiquidMinter::setAutoPayCall { on: true };
    let asks = json!({
        "from": stubborn, "to": real.minter.address(), "data": Bytes::from(call.abi_encode()),
    });
    let _: U256 = real
        .chain
        .raw_request("eth_sendTransaction".into(), [asks])
        .await
        .unwrap();
    let refuses = Bytes::from_static(&[0x5f, 0x5f, 0xfd]);
    real.chain.anvil_set_code(stubborn, refuses).await.unwrap();
    for _ in 0..3 {
        real.exit_for(stubborn, coins(1)).await;
    }
    real.exit(coins(10)).await;
    real.exit(coins(20)).await;
    real.warp(3_600).await;
    real.quiet(&mut keeper).await;
    let before = real.chain.get_balance(real.alice).await.unwrap();
    real.warp(COOLDOWN).await;
    for _ in 0..6 {
        real.quiet(&mut keeper).await;
    }
    let paid = real.chain.get_balance(real.alice).await.unwrap() - before;
    let fee = coins(30) * U256::from(5) / U256::from(10_000);
    assert_eq!(paid, coins(30) - fee);
}

/// Coins that were forced in become rewards; the rate does not move.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coins_outside_the_books_are_skimmed_into_rewards() {
    let Some(real) = real().await else { return };
    let mut keeper = real.keeper(real.config(Mode::On)).await;
    real.deposit(coins(1_000)).await;
    real.quiet(&mut keeper).await;
    let before = real.view().await;
    assert_eq!(before.held, before.headroom + before.reserved);
    let minter = *real.minter.address();
    real.chain
        .anvil_set_balance(minter, before.held + coins(3))
        .await
        .unwrap();
    real.warp(1).await;
    let sent = real.quiet(&mut keeper).await;
    assert_eq!(sent, [Job::Skim]);
    let after = real.view().await;
    assert_eq!(after.held, before.held);
    assert_eq!(
        (after.assets, after.headroom),
        (before.assets, before.headroom)
    );
    let rate = real.minter.rate().call().await.unwrap();
    assert_eq!(rate, U256::from(10).pow(U256::from(27)));
    assert_eq!(real.quiet(&mut keeper).await, []);
}

/// The vault's rewards become LST, once each, and only while the minter takes deposits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vaults_rewards_are_harvested_while_deposits_are_open() {
    let Some(real) = real().await else { return };
    let mut keeper = real.keeper(real.config(Mode::On)).await;
    let admin = real.admin;
    let nonce = real.chain.get_transaction_count(admin).await.unwrap();
    let vault = LiquidVault::deploy(
        real.chain.clone(),
        "Vault".into(),
        "vX".into(),
        real.minter.token().call().await.unwrap(),
        *real.minter.address(),
        real.minter.rewards().call().await.unwrap(),
        admin.create(nonce + 1),
    )
    .await
    .unwrap();
    LiquidCoinVault::deploy(real.chain.clone(), *vault.address())
        .await
        .unwrap();
    let named = real.minter.setVault(*vault.address()).send().await.unwrap();
    assert!(named.get_receipt().await.unwrap().status());
    let paid = vault
        .submitAndDeposit(real.alice, U256::ZERO)
        .value(coins(1_000));
    let paid = paid.send().await.unwrap().get_receipt().await.unwrap();
    assert!(paid.status());
    real.quiet(&mut keeper).await;
    real.warp(2 * DAY).await;
    let sent = real.quiet(&mut keeper).await;
    assert!(sent.contains(&Job::ClaimRewards), "{sent:?}");

    // Nothing can become LST while deposits are paused: the rewards wait.
    let pause = real.minter.pauseDeposits(true).send().await.unwrap();
    assert!(pause.get_receipt().await.unwrap().status());
    real.warp(6 * DAY).await;
    let sent = real.quiet(&mut keeper).await;
    assert!(!sent.contains(&Job::Harvest), "{sent:?}");
    assert_eq!(vault.lstHeld().call().await.unwrap(), coins(1_000));
    real.warp(2 * DAY).await;
    let waits = vault.pendingRewards().call().await.unwrap().coins;
    assert!(waits > coins(1) / U256::from(10), "{waits}");
    let sent = real.quiet(&mut keeper).await;
    let harvests = sent.iter().filter(|job| **job == Job::Harvest).count();
    assert_eq!(harvests, 1, "{sent:?}");
    let held = vault.lstHeld().call().await.unwrap();
    assert!(held >= coins(1_000) + waits, "{held} {waits}");
    let last = real.store.last_tx_of("harvest").await.unwrap().unwrap();
    assert_eq!(last.success, Some(true));

    // A vault that fails: nothing to harvest, and everything else goes on.
    let fails = Bytes::from_static(&[0xfe]);
    let broken = real.chain.anvil_set_code(*vault.address(), fails);
    broken.await.unwrap();
    real.warp(DAY).await;
    let sent = real.quiet(&mut keeper).await;
    assert!(sent.contains(&Job::ClaimRewards), "{sent:?}");
    assert!(!sent.contains(&Job::Harvest), "{sent:?}");
    assert_eq!(real.view().await.vault, None);
}

/// A claim that is due waits while its gas is too dear, unless somebody asks for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_go_by_value_against_gas() {
    let Some(real) = real().await else { return };
    let mut config = real.config(Mode::On);
    config.gas_share_bps = 0;
    let mut keeper = real.keeper(config).await;
    real.deposit(coins(1_000)).await;
    real.quiet(&mut keeper).await;
    real.warp(2 * DAY).await;
    let sent = real.quiet(&mut keeper).await;
    assert!(!sent.contains(&Job::ClaimRewards), "{sent:?}");
    let why = real.store.last_decisions().await.unwrap();
    let why = why.iter().find(|one| one.job == "claim-rewards").unwrap();
    assert!(
        why.reason.contains("gas costs too large a share"),
        "{why:?}"
    );
    // Who asks means it: for one validator, then for whatever waits.
    for (target, id) in [("0", 0), ("all", 1)] {
        let ask =
            real.store
                .insert_intent("claim-rewards".into(), target.into(), "operator".into());
        ask.await.unwrap();
        let reports = real.tick(&mut keeper).await;
        let claims: Vec<_> = reports
            .iter()
            .filter(|one| one.job == Job::ClaimRewards && one.verdict == Verdict::Sent)
            .map(|one| one.target)
            .collect();
        assert_eq!(claims, [Target::Validator(id)]);
        real.quiet(&mut keeper).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_stops_when_asked() {
    let Some(real) = real().await else { return };
    real.index().await;
    let config = Config {
        tick_ms: 20,
        ..real.config(Mode::DryRun)
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let run = tokio::spawn(Keeper::run(
        config,
        real.store.clone(),
        real.pool.clone(),
        None,
        async {
            let _ = stopped.await;
        },
    ));
    while real.store.last_decisions().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    run.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_come_from_the_view_alone() {
    let Some(real) = real().await else { return };
    let config = real.config(Mode::On);
    let quiet = real.view().await;
    for job in [
        Job::BookSlash,
        Job::Sweep,
        Job::CloseRung,
        Job::ExitBus,
        Job::Fulfil,
    ] {
        assert_eq!(plan(job, &quiet, &config, None), [], "{job}");
    }
    assert_eq!(plan(Job::SyncValidators, &quiet, &config, None), []);
    assert_eq!(
        plan(Job::SyncValidators, &quiet, &config, Some(Target::All)).len(),
        1
    );
    // O9: whatever the number of matured buckets, one bounded page for each validator.
    let mut busy = quiet.clone();
    for validator in &mut busy.validators {
        validator.buckets = vec![validator.buckets[0].clone(); 5_000];
        for bucket in &mut validator.buckets {
            bucket.coolingAmount = coins(1);
            bucket.nextAvailableTime = U256::from(busy.block.timestamp);
        }
    }
    let plans = plan(Job::Sweep, &busy, &config, None);
    assert_eq!(plans.len(), 2);
    for (id, plan) in plans.iter().enumerate() {
        let call = ILiquidMinter::sweepMaturedBucketsCall::abi_decode(&plan.call).unwrap();
        assert_eq!(
            (call.validatorId, call.maxToSweep),
            (u16::try_from(id).unwrap(), U256::from(25))
        );
    }
    // A bucket that was swept and cools again is another occasion.
    let first = counter(Job::Sweep, Target::Validator(0), &busy, &config).unwrap();
    busy.validators[0].buckets[0].nextAvailableTime += U256::ONE;
    busy.block.timestamp += 1;
    assert_ne!(
        counter(Job::Sweep, Target::Validator(0), &busy, &config).unwrap(),
        first
    );
    assert_eq!(
        counter(Job::Sweep, Target::Validator(9), &busy, &config),
        None
    );
    assert_eq!(counter(Job::Sweep, Target::All, &busy, &config), None);
    // The overload is the one that takes a validator.
    assert_eq!(ILiquidMinter::claim_0Call::SIGNATURE, "claim(uint16)");
    // The same block gives the same plans: a view by hash does not move with the head.
    let block = real
        .pool
        .block(BlockNumberOrTag::Latest)
        .await
        .unwrap()
        .unwrap();
    real.deposit(coins(5)).await;
    let pinned = View::read(&real.pool, *real.minter.address(), block)
        .await
        .unwrap();
    assert_eq!(pinned, quiet);
    assert_ne!(real.view().await, quiet);
    let _: Bytes = plans[0].call.clone();
}

/// A view reads a validator's ladder in one call, so the longest that there can be must fit what nodes allow a call: 10M gas is
/// less than any that we know of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o9_the_longest_ladder_is_read_in_one_call_within_a_nodes_limit() {
    const LONGEST: usize = 128;
    let Some(real) = real().await else { return };
    let more = U256::from(LONGEST - 3);
    let sent = real.minter.addBuckets(0, more).send().await.unwrap();
    assert!(sent.get_receipt().await.unwrap().status());
    // No validator can have more.
    assert!(real.minter.addBuckets(0, U256::ONE).call().await.is_err());
    assert_eq!(real.view().await.validators[0].buckets.len(), LONGEST);
    let gas = real.minter.getBuckets(0).estimate_gas().await.unwrap();
    println!("{gas} gas for {LONGEST} buckets");
    assert!(gas < 10_000_000, "{gas}");
}

/// A bucket that cannot be asked stands before the others, and a page is one bucket: on the contracts, as on the scripted minter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o9_a_bucket_that_reverts_does_not_stop_the_sweep_behind_it() {
    let Some(real) = real().await else { return };
    let mut config = real.config(Mode::On);
    config.sweep_page = 1;
    let mut keeper = real.keeper(config).await;
    real.deposit(coins(1_000)).await;
    real.quiet(&mut keeper).await;
    // Everything leaves: all six buckets cool.
    real.exit(coins(1_000)).await;
    real.warp(3_600).await;
    real.quiet(&mut keeper).await;
    let cooling = |view: &View| {
        let buckets = view.validators.iter().flat_map(|v| &v.buckets);
        let cooling = buckets.filter(|bucket| !bucket.coolingAmount.is_zero());
        cooling.map(|bucket| bucket.bucket).collect::<Vec<_>>()
    };
    let before = cooling(&real.view().await);
    assert!(before.len() > 2, "{before:?}");
    let broken = before[0];
    let code = Bytes::from_static(&[0x5f, 0x5f, 0xfd]);
    real.chain.anvil_set_code(broken, code).await.unwrap();
    real.warp(COOLDOWN).await;
    // A tick after the other: it never comes to rest by itself when it waits for the broken one alone.
    for _ in 0..12 {
        real.tick(&mut keeper).await;
    }
    assert_eq!(cooling(&real.view().await), [broken]);
}
