//! The basket's jobs on a local chain with the committed contracts and Core's stand-ins, done by a key that has no role anywhere.

use super::{
    open,
    real::{Spy, anvil_path, coins},
};
use crate::{
    Config, Job, Keeper, Mode, Report, SendPolicy, Target, Verdict,
    basket::{BasketView, SleeveKind},
};
use alloy::{
    eips::BlockNumberOrTag,
    network::{EthereumWallet, TransactionBuilder as _, TxSigner as _},
    node_bindings::{Anvil, AnvilInstance},
    primitives::{Address, B256, Bytes, FixedBytes, U256, address, b256},
    providers::{DynProvider, Provider, ProviderBuilder, ext::AnvilApi},
    rpc::types::{Filter, TransactionRequest},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::{SolEvent, SolValue},
};
use chain::{
    BasketContracts, Pool, PoolConfig,
    bindings::{
        IBasket, IBasketFactory, ICoreSleeve, IMedianSource, IPriceFeed, IUnbondingQueue,
        LocalCoreAgent, LocalCoreBtc, LocalCoreCandidateHub, LocalCoreEarn, LocalCoreStakeHub,
        basket_factory::IBasketFactory::{CreateParams, Template},
        median_source::IMedianSource::Report as PriceReport,
        price_feed::IPriceFeed::Listing,
    },
};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use store::{AttemptState, Block, Event, PageRequest, RangeBatch, Store};

alloy::sol! {
    #[sol(rpc)]
    interface Erc20 {
        function approve(address spender, uint256 amount) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
        function balanceOf(address owner) external view returns (uint256);
        function mint(address to, uint256 amount) external;
    }

    #[sol(rpc)]
    interface Pair {
        function mint(address to) external returns (uint256 liquidity);
    }

    #[sol(rpc)]
    interface Pools {
        function createPair(address a, address b) external returns (address pair);
        function getPair(address a, address b) external view returns (address pair);
    }

    #[sol(rpc)]
    interface ICoreSystems {
        function AGENT() external view returns (address agent);
    }

    #[sol(rpc)]
    interface IMarks {
        function mark() external;
    }
}

const COIN: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
const V1: Address = Address::repeat_byte(0xd1);
const V2: Address = Address::repeat_byte(0xd2);
const V3: Address = Address::repeat_byte(0xd3);
const CORE: B256 = b256!("434f524500000000000000000000000000000000000000000000000000000000");
const BTC: B256 = b256!("4254430000000000000000000000000000000000000000000000000000000000");
const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;
/// So late does the staking system's round turn here.
const LAG: u64 = 600;

macro_rules! done {
    ($call:expr) => {{
        let receipt = $call.send().await.unwrap().get_receipt().await.unwrap();
        assert!(receipt.status());
        receipt
    }};
}

/// Deploys committed artifacts that the service itself never deploys.
struct Deployer(DynProvider);

impl Deployer {
    async fn deploy(&self, name: &str, arguments: Vec<u8>) -> Address {
        let path = format!(
            "{}/../../contracts/artifacts/{name}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let artifact = std::fs::read_to_string(&path).unwrap();
        let artifact: serde_json::Value = serde_json::from_str(&artifact).unwrap();
        self.create(artifact["bytecode"].as_str().unwrap(), &arguments)
            .await
    }

    async fn create(&self, code: &str, arguments: &[u8]) -> Address {
        let code: Bytes = code.parse().unwrap();
        let code = [code.as_ref(), arguments].concat();
        let request = TransactionRequest::default().with_deploy_code(code);
        let receipt = self
            .0
            .send_transaction(request)
            .await
            .unwrap()
            .get_receipt()
            .await
            .unwrap();
        assert!(receipt.status());
        receipt.contract_address.unwrap()
    }
}

struct World {
    anvil: AnvilInstance,
    /// Signs as deployer, alice and bob. The deployer stands for the timelock, too.
    chain: DynProvider,
    me: Address,
    alice: Address,
    bob: Address,
    /// A midnight.
    t0: u64,
    hub: LocalCoreCandidateHub::LocalCoreCandidateHubInstance<DynProvider>,
    stake_hub: Address,
    earn: LocalCoreEarn::LocalCoreEarnInstance<DynProvider>,
    btc: LocalCoreBtc::LocalCoreBtcInstance<DynProvider>,
    medians: Vec<(
        IMedianSource::IMedianSourceInstance<DynProvider>,
        PrivateKeySigner,
    )>,
    core: ICoreSleeve::ICoreSleeveInstance<DynProvider>,
    btc_sleeve: Address,
    contracts: BasketContracts,
    basket: IBasket::IBasketInstance<DynProvider>,
    queue: IUnbondingQueue::IUnbondingQueueInstance<DynProvider>,
    store: Store,
    pool: Pool,
    spy: Arc<Spy>,
    _dir: tempfile::TempDir,
}

/// CORE, stCORE and coreBTC at targets of 50, 30 and 20 %: 500 CORE, 250 stCORE, 0.25 BTC at 1,000 CORE, 1,000 shares. An hour
/// after midnight. `None` when there is no anvil.
async fn world() -> Option<World> {
    if !anvil_path().exists() {
        println!("SKIP: no anvil; run scripts/setup (npm ci in contracts/)");
        return None;
    }
    let anvil = Anvil::at(anvil_path()).try_spawn().unwrap();
    let keys: Vec<PrivateKeySigner> = anvil.keys()[..3]
        .iter()
        .map(|key| key.clone().into())
        .collect();
    let (me, alice, bob) = (keys[0].address(), keys[1].address(), keys[2].address());
    let mut wallet = EthereumWallet::from(keys[0].clone());
    wallet.register_signer(keys[1].clone());
    wallet.register_signer(keys[2].clone());
    let chain = ProviderBuilder::new()
        .wallet(wallet)
        .connect_reqwest(
            chain::http_client(std::time::Duration::from_secs(30)).unwrap(),
            anvil.endpoint_url(),
        )
        .erased();
    let url = anvil.endpoint().parse().unwrap();
    let pool = Pool::connect(PoolConfig::new(vec![url])).await.unwrap();
    let t0 = (pool.latest().await.unwrap().timestamp / DAY + 1) * DAY;
    chain
        .anvil_set_next_block_timestamp(t0 + HOUR)
        .await
        .unwrap();
    for account in [me, alice, bob] {
        chain
            .anvil_set_balance(account, coins(1_000_000))
            .await
            .unwrap();
    }

    let hub = LocalCoreCandidateHub::deploy(chain.clone(), me)
        .await
        .unwrap();
    let agent = *LocalCoreAgent::deploy(chain.clone(), *hub.address())
        .await
        .unwrap()
        .address();
    let stake_hub = *LocalCoreStakeHub::deploy(chain.clone(), *hub.address())
        .await
        .unwrap()
        .address();
    done!(hub.wire(agent, stake_hub, Address::ZERO));
    done!(hub.setTurnLag(U256::from(LAG)));
    for candidate in [V1, V2, V3] {
        done!(hub.addCandidate(candidate, reward()));
    }
    let earn = LocalCoreEarn::deploy(chain.clone(), me, *hub.address())
        .await
        .unwrap();
    let st = earn.TOKEN().call().await.unwrap();
    let btc = LocalCoreBtc::deploy(chain.clone(), me).await.unwrap();
    for account in [stake_hub, *earn.address()] {
        chain
            .anvil_set_balance(account, coins(1_000_000))
            .await
            .unwrap();
    }

    let code = Deployer(chain.clone());
    let feed = code.deploy("PriceFeed", (me, CORE).abi_encode()).await;
    let feed = IPriceFeed::new(feed, chain.clone());
    let mut medians = Vec::new();
    for _ in 0..2 {
        let reporter = PrivateKeySigner::random();
        let reporters = vec![reporter.address()];
        let (quorum, heartbeat, age, error) = (1_u64, 2 * DAY, HOUR, 10_u64);
        let all = [quorum, heartbeat, age, error].map(U256::from);
        let args = (BTC, CORE, reporters, all[0], all[1], all[2], all[3]).abi_encode_params();
        let source = code.deploy("MedianSource", args).await;
        medians.push((IMedianSource::new(source, chain.clone()), reporter));
    }
    report_btc(&pool, &medians).await;
    let rate = code.deploy("EarnSource", earn.address().abi_encode()).await;
    let listing = Listing {
        fair: rate,
        isRate: true,
        roundBps: 5,
        decimals: 18,
        spreadBps: 10,
        least: 900_000_000_000_000_000,
        most: 1_500_000_000_000_000_000,
        ..Listing::default()
    };
    done!(feed.list(st, listing));
    let listing = Listing {
        fair: *medians[0].0.address(),
        decimals: 8,
        spreadBps: 10,
        disagreeBps: 100,
        market: *medians[1].0.address(),
        least: 800_000_000_000_000_000_000,
        most: 1_500_000_000_000_000_000_000,
        ..Listing::default()
    };
    done!(feed.list(*btc.address(), listing));

    let views = code.deploy("BasketViews", Vec::new()).await;
    let market = code.deploy("BasketMarket", views.abi_encode()).await;
    let desk = code.deploy("BasketDesk", market.abi_encode()).await;
    let basket = code.deploy("Basket", desk.abi_encode()).await;
    let queue = code.deploy("UnbondingQueue", Vec::new()).await;
    let template = Template {
        name: B256::repeat_byte(7),
        tokens: vec![COIN, st, *btc.address()],
        targetBps: vec![5_000, 3_000, 2_000],
        bandBps: vec![5_000; 3],
    };
    let args = (basket, queue, vec![template]).abi_encode_params();
    let factory = code.deploy("BasketFactory", args).await;
    let factory = IBasketFactory::new(factory, chain.clone());
    let salt = FixedBytes::repeat_byte(1);
    let predicted = factory.predict(me, salt).call().await.unwrap();
    let to = predicted.basket;
    let core = code
        .deploy(
            "CoreSleeve",
            (to, agent, stake_hub, *hub.address()).abi_encode(),
        )
        .await;
    let core = ICoreSleeve::new(core, chain.clone());
    let args = (
        to,
        st,
        *earn.address(),
        U256::from(8 * DAY),
        U256::from(10_000),
    )
        .abi_encode();
    let st_sleeve = code.deploy("StCoreSleeve", args).await;
    let btc_sleeve = code
        .deploy("HeldSleeve", (to, *btc.address()).abi_encode())
        .await;
    let (most, most_btc) = (coins(1_000_000_000), U256::from(10).pow(U256::from(20)));
    done!(factory.create(CreateParams {
        salt,
        name: "Basket".into(),
        symbol: "BASKET".into(),
        feed: *feed.address(),
        timelock: me,
        guardian: me,
        feeRecipient: me,
        seeder: alice,
        entryFeeBps: 5,
        floor: coins(2),
        shareCap: most,
        sleeves: vec![*core.address(), st_sleeve, btc_sleeve],
        caps: vec![most, most, most_btc],
        limits: vec![most, most, most_btc],
        ..CreateParams::default()
    }));
    let basket = IBasket::new(to, chain.clone());
    let queue = IUnbondingQueue::new(predicted.queue, chain.clone());
    done!(core.setValidators(vec![V1, V2, V3], vec![2, 1, 1]));
    done!(btc.setMinterCap(me, U256::from(10_000_000_000_u64)));
    for account in [me, alice] {
        done!(btc.mint(account, U256::from(1_000_000_000)));
        done!(earn.mint(V1).value(coins(1_000)).from(account));
        for token in [st, *btc.address()] {
            done!(
                Erc20::new(token, chain.clone())
                    .approve(to, U256::MAX)
                    .from(account)
            );
        }
    }
    // Whoever stands for the timelock says, while it is asked for the first deposit, that it counts the basket's exits: 1.
    let counts = Bytes::from_static(&[0x60, 1, 0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3]);
    chain.anvil_set_code(me, counts).await.unwrap();
    let first = vec![coins(500), coins(250), U256::from(25_000_000)];
    done!(
        basket
            .mintInKind(coins(1_000), first, alice, U256::MAX)
            .value(coins(500))
            .from(alice)
    );
    chain.anvil_set_code(me, Bytes::new()).await.unwrap();
    let shares = Erc20::new(basket.TOKEN().call().await.unwrap(), chain.clone());
    let all = shares.balanceOf(alice).call().await.unwrap();
    done!(shares.transfer(me, all).from(alice));

    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    // Nobody that anything here has ever heard of.
    let fresh = PrivateKeySigner::random();
    chain
        .anvil_set_balance(fresh.address(), coins(100))
        .await
        .unwrap();
    let contracts = BasketContracts {
        basket: to,
        token: basket.TOKEN().call().await.unwrap(),
        queue: *queue.address(),
        receipts: queue.RECEIPTS().call().await.unwrap(),
        feed: Some(*feed.address()),
        timelock: me,
        governor: Address::ZERO,
        gov: Address::ZERO,
        guardian: me,
    };
    Some(World {
        anvil,
        chain,
        me,
        alice,
        bob,
        t0,
        hub,
        stake_hub,
        earn,
        btc,
        medians,
        core,
        btc_sleeve,
        contracts,
        basket,
        queue,
        store,
        pool,
        spy: Arc::new(Spy(fresh, AtomicU64::new(0))),
        _dir: dir,
    })
}

/// What the delegators of a validator share in a round.
fn reward() -> U256 {
    U256::from(375) * U256::from(10).pow(U256::from(17))
}

/// Both reporters say 1,000 CORE for a BTC, now.
async fn report_btc(
    pool: &Pool,
    medians: &[(
        IMedianSource::IMedianSourceInstance<DynProvider>,
        PrivateKeySigner,
    )],
) {
    let (price, now) = (
        coins(1_000),
        U256::from(pool.latest().await.unwrap().timestamp),
    );
    for (source, reporter) in medians {
        let digest = source.digest(price, now).call().await.unwrap();
        let signature = reporter.sign_hash_sync(&digest).unwrap();
        done!(source.submit(vec![PriceReport {
            reporter: reporter.address(),
            price,
            timestamp: now,
            signature: signature.as_bytes().to_vec().into(),
        }]));
    }
}

/// What was sent, as "job target".
type Sent = Vec<String>;

impl World {
    fn config(&self) -> Config {
        Config {
            basket: Some(self.contracts),
            send: SendPolicy {
                confirmations: 0,
                poll_ms: 10,
                ..SendPolicy::default()
            },
            ..Config::default().with_all(Mode::On)
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

    /// The chain's time is so many seconds into a day.
    async fn at(&self, day: u64, second: u64) {
        let to = self.t0 + day * DAY + second;
        self.chain.anvil_set_next_block_timestamp(to).await.unwrap();
        self.chain.anvil_mine(Some(1), None).await.unwrap();
    }

    /// Earn's operator comes.
    async fn settle_earn(&self) {
        done!(self.earn.afterTurnRound(vec![]));
    }

    fn token(&self, at: Address) -> Erc20::Erc20Instance<DynProvider> {
        Erc20::new(at, self.chain.clone())
    }

    /// Stands in for the watcher: the index is at the head, and knows sleeves and exits in kind.
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
        let filter = Filter::new()
            .address(self.contracts.basket)
            .from_block(first)
            .to_block(head.number);
        let (mut events, mut blocks) = (Vec::new(), Vec::new());
        for log in self.chain.get_logs(&filter).await.unwrap() {
            let Some((name, args)) = told(&log.inner) else {
                continue;
            };
            let number = log.block_number.unwrap();
            let block = BlockNumberOrTag::Number(number);
            let block = self.pool.block(block).await.unwrap().unwrap();
            if blocks
                .last()
                .is_none_or(|last: &Block| last.number != number)
            {
                blocks.push(header(&block));
            }
            events.push(Event {
                block: number,
                log_index: log.log_index.unwrap(),
                at: 0,
                tx_hash: log.transaction_hash.unwrap(),
                address: log.address(),
                name: format!("basket.{name}"),
                args,
                topics: Bytes::new(),
                data: Bytes::new(),
            });
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

    async fn tick(&self, keeper: &mut Keeper) -> Vec<Report> {
        self.index().await;
        keeper.tick().await.unwrap()
    }

    /// Ticks until nothing is sent and nothing is under way.
    async fn quiet(&self, keeper: &mut Keeper) -> Sent {
        let mut sent = Sent::new();
        for _ in 0..30 {
            let reports = self.tick(keeper).await;
            assert!(
                reports
                    .iter()
                    .all(|report| report.verdict != Verdict::Failed),
                "{reports:?}"
            );
            let now = words(&reports, Verdict::Sent);
            if now.is_empty() && self.store.live_attempts().await.unwrap().is_empty() {
                return sent;
            }
            sent.extend(now);
        }
        panic!("it does not come to rest: {sent:?}");
    }

    async fn info(&self, sleeve: u64) -> chain::bindings::basket::IBasketTypes::SleeveInfo {
        self.basket
            .sleeveInfo(U256::from(sleeve))
            .call()
            .await
            .unwrap()
    }

    async fn leg(
        &self,
        epoch: u64,
        sleeve: u64,
    ) -> chain::bindings::basket_queue::IUnbondingQueue::LegInfo {
        self.queue
            .legInfo(U256::from(epoch), U256::from(sleeve))
            .call()
            .await
            .unwrap()
    }

    async fn request(&self, who: Address, shares: U256) {
        done!(
            self.token(self.contracts.token)
                .approve(self.contracts.queue, shares)
                .from(who)
        );
        done!(self.queue.requestRedeem(shares, who, who).from(who));
    }

    /// One transaction a signature, one attempt a transaction, each with its effect.
    async fn journal_is_clean(&self) {
        let page = PageRequest {
            limit: 500,
            ..PageRequest::default()
        };
        let journal = self.store.journal(&page).await.unwrap().items;
        let bad: Vec<_> = journal
            .iter()
            .filter(|entry| entry.attempt.state != AttemptState::Succeeded || entry.txs.len() != 1)
            .collect();
        assert!(bad.is_empty(), "{bad:?}");
        let mined = self
            .chain
            .get_transaction_count(self.spy.address())
            .await
            .unwrap();
        assert_eq!(journal.len() as u64, mined);
        assert_eq!(self.spy.1.load(Ordering::Relaxed), mined);
    }

    async fn logs<E: SolEvent>(&self, of: Address) -> Vec<E> {
        let filter = Filter::new()
            .address(of)
            .event_signature(E::SIGNATURE_HASH)
            .from_block(0);
        let logs = self.chain.get_logs(&filter).await.unwrap();
        logs.iter()
            .map(|log| E::decode_log(&log.inner).unwrap().data)
            .collect()
    }
}

/// What of the basket's history names candidates: its name and arguments as the decoder writes them.
fn told(log: &alloy::primitives::Log) -> Option<(&'static str, serde_json::Value)> {
    let hex = |address: Address| format!("{address:#x}");
    if let Ok(added) = IBasket::SleeveAdded::decode_log(log) {
        let args = json!({
            "sleeve": added.sleeve.to_string(), "adapter": hex(added.adapter),
            "token": hex(added.token), "epochToken": hex(added.epochToken),
        });
        Some(("SleeveAdded", args))
    } else if let Ok(exit) = IBasket::RedeemedInKind::decode_log(log) {
        let parts: Vec<String> = exit.parts.iter().map(U256::to_string).collect();
        let args = json!({
            "owner": hex(exit.owner), "recipient": hex(exit.recipient),
            "shares": exit.shares.to_string(), "parts": parts,
            "delivered": exit.delivered.to_string(),
        });
        Some(("RedeemedInKind", args))
    } else if let Ok(leg) = IBasket::LegDelivered::decode_log(log) {
        let args = json!({
            "owner": hex(leg.owner), "sleeve": leg.sleeve.to_string(),
            "recipient": hex(leg.recipient), "parts": leg.parts.to_string(),
            "units": leg.units.to_string(),
        });
        Some(("LegDelivered", args))
    } else {
        None
    }
}

fn words(reports: &[Report], verdict: Verdict) -> Sent {
    reports
        .iter()
        .filter(|report| report.verdict == verdict)
        .map(|report| {
            format!("{} {}", report.job, report.target)
                .trim_end()
                .to_owned()
        })
        .collect()
}

/// Why a job does not act on a target.
fn why(reports: &[Report], job: Job, target: Target) -> (Verdict, &str) {
    let found = reports
        .iter()
        .find(|report| report.job == job && report.target == target);
    let found = found.unwrap_or_else(|| panic!("{job} {target} is not in {reports:?}"));
    (found.verdict, &found.reason)
}

fn leg(epoch: u64, sleeve: u8) -> Target {
    Target::Leg { epoch, sleeve }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_of_a_basket_with_nobody_but_the_keeper() {
    let Some(w) = world().await else { return };
    let mut keeper = w.keeper(w.config()).await;

    // Day 0. Each sleeve is harvested once, and a quarter in BTC instead of a fifth is noted.
    let sent = w.quiet(&mut keeper).await;
    assert_eq!(
        sent,
        [
            "basket-harvest 0",
            "basket-harvest 1",
            "basket-harvest 2",
            "note-drift"
        ]
    );
    assert_eq!(w.quiet(&mut keeper).await, [""; 0], "and nothing twice");
    // An hour later it is a drift, and anybody may start an auction of it; nobody buys.
    w.at(0, 2 * HOUR + 900).await;
    let sent = w.quiet(&mut keeper).await;
    assert_eq!(
        sent,
        [
            "observe-prices 1",
            "observe-prices 2",
            "note-drift",
            "start-auction"
        ]
    );
    let auction = w.basket.auction(U256::ONE).call().await.unwrap().running;
    assert_eq!((auction.from, auction.to), (2, 1));
    w.at(0, 7 * HOUR).await;
    let sent = w.quiet(&mut keeper).await;
    assert!(
        sent.ends_with(&["end-auction".into(), "start-auction".into()]),
        "{sent:?}"
    );
    // Alice takes it all: 50 CORE's worth of BTC for stCORE.
    let bid = w
        .basket
        .bid(U256::from(2), coins(1), coins(100), w.alice, U256::MAX);
    done!(bid.from(w.alice));
    w.at(0, 8 * HOUR + 900).await;
    let sent = w.quiet(&mut keeper).await;
    assert!(
        sent.contains(&"note-drift".into()),
        "the drift is over: {sent:?}"
    );
    assert!(!sent.contains(&"start-auction".into()), "{sent:?}");

    // coreBTC is stopped, and Bob leaves in kind: his leg of it waits for him.
    let shares = w.token(w.contracts.token);
    done!(shares.transfer(w.bob, coins(50)));
    done!(shares.transfer(w.alice, coins(100)));
    done!(w.btc.setBlacklisted(w.btc_sleeve, true));
    w.at(0, 20 * HOUR).await;
    done!(w.basket.redeemInKind(coins(50), w.bob).from(w.bob));
    let bobs = Target::Account {
        sleeve: 2,
        account: w.bob,
    };
    let reports = w.tick(&mut keeper).await;
    let (verdict, reason) = why(&reports, Job::DeliverLeg, bobs);
    assert_eq!(verdict, Verdict::Pointless, "{reason}");
    assert!(reason.contains("TransferFailed"), "{reason}");
    // It is not pressed.
    let reports = w.tick(&mut keeper).await;
    let (verdict, reason) = why(&reports, Job::DeliverLeg, bobs);
    assert_eq!(verdict, Verdict::Waiting);
    assert!(reason.contains("asked again at"), "{reason}");
    w.quiet(&mut keeper).await;

    // Dusk: 475 coins are left, all but the floor go to the validators, once.
    w.at(0, 23 * HOUR + 30).await;
    report_btc(&w.pool, &w.medians).await;
    let sent = w.quiet(&mut keeper).await;
    assert!(sent.contains(&"delegate-idle 0".into()), "{sent:?}");
    assert_eq!(w.core.delegated().call().await.unwrap(), coins(473));
    assert_eq!(w.quiet(&mut keeper).await, [""; 0]);

    // Day 1. Core's round turns ten minutes late; only its sleeve waits for that.
    w.at(1, 10).await;
    let reports = w.tick(&mut keeper).await;
    assert_eq!(
        words(&reports, Verdict::Sent)[..2],
        ["basket-harvest 1", "basket-harvest 2"]
    );
    let (verdict, reason) = why(&reports, Job::BasketHarvest, Target::Sleeve(0));
    assert_eq!(verdict, Verdict::Waiting);
    assert!(reason.contains("has not begun"), "{reason}");
    w.quiet(&mut keeper).await;
    w.at(1, LAG + 10).await;
    let sent = w.quiet(&mut keeper).await;
    let harvests: Vec<&String> = sent
        .iter()
        .filter(|one| one.starts_with("basket-harvest"))
        .collect();
    assert_eq!(harvests, ["basket-harvest 0"]);
    w.at(1, HOUR).await;
    w.settle_earn().await;
    w.at(1, 2 * HOUR).await;
    w.request(w.alice, coins(100)).await;
    let sent = w.quiet(&mut keeper).await;
    assert!(!sent.contains(&"close-epoch".into()), "{sent:?}");
    // Nothing earned yet: at dusk there is nothing to delegate.
    w.at(1, 23 * HOUR + 30).await;
    report_btc(&w.pool, &w.medians).await;
    let sent = w.quiet(&mut keeper).await;
    assert!(!sent.contains(&"delegate-idle 0".into()), "{sent:?}");

    // Day 2, and the process dies between sending and confirming.
    w.at(2, LAG + 10).await;
    let reports = w.tick(&mut keeper).await;
    let sent = words(&reports, Verdict::Sent);
    assert_eq!(
        sent[..4],
        [
            "basket-harvest 0",
            "basket-harvest 1",
            "basket-harvest 2",
            "close-epoch"
        ]
    );
    drop(keeper);
    let mut keeper = w.keeper(w.config()).await;
    let sent = w.quiet(&mut keeper).await;
    assert_eq!(sent, ["start-leg 1/0"], "the others wait");
    // A day of 473 coins: what each coin earns is cut to 18 places, so is each validator's sum.
    let stakes = [
        tenths(2_365),
        tenths(2_365) / U256::from(2),
        tenths(2_365) / U256::from(2),
    ];
    let one = coins(1);
    let expected = stakes.iter().fold(U256::ZERO, |sum, stake| {
        sum + stake * (reward() * one / stake) / one
    });
    let harvests: Vec<_> = w
        .logs::<IBasket::Harvested>(w.contracts.basket)
        .await
        .into_iter()
        .filter(|harvest| harvest.sleeve.is_zero())
        .map(|harvest| harvest.gained)
        .collect();
    assert_eq!(harvests, [U256::ZERO, U256::ZERO, expected], "once a round");
    // 100 of 950 shares: what is left is 850 parts of 950.
    let paid = w.leg(1, 0).await;
    assert_eq!(paid.state, 2);
    let share = w.info(0).await.units * U256::from(100) / U256::from(850);
    assert!(
        paid.recovered.abs_diff(share) <= U256::from(2),
        "{} {share}",
        paid.recovered
    );
    // What the others wait for.
    let reports = w.tick(&mut keeper).await;
    let (verdict, reason) = why(&reports, Job::StartLeg, leg(1, 1));
    assert_eq!(verdict, Verdict::Waiting);
    assert!(reason.contains("operator"), "{reason}");
    let (verdict, reason) = why(&reports, Job::StartLeg, leg(1, 2));
    assert_eq!(verdict, Verdict::Waiting);
    assert!(
        reason.contains("TransferFailed") && reason.contains("asked again at"),
        "{reason}"
    );

    // The operator comes: that leg goes at once, the other still waits.
    w.at(2, 3 * HOUR).await;
    w.settle_earn().await;
    let redeemed_at = w.pool.latest().await.unwrap().timestamp;
    let sent = w.quiet(&mut keeper).await;
    assert!(sent.contains(&"start-leg 1/1".into()), "{sent:?}");
    assert!(!sent.contains(&"start-leg 1/2".into()), "{sent:?}");
    let ticket = w.leg(1, 1).await;
    assert_eq!(ticket.state, 1);

    // A validator is jailed: its stake leaves in two steps, to where it lacks.
    w.at(2, 10 * HOUR).await;
    let before = w.core.delegated().call().await.unwrap();
    done!(w.hub.setJailed(V1, true));
    let sent = w.quiet(&mut keeper).await;
    let moves = sent
        .iter()
        .filter(|one| **one == format!("move-stake 0/{V1:#x}"))
        .count();
    assert_eq!(moves, 2, "{sent:?}");
    let stakes = w.core.validators().call().await.unwrap();
    assert!(stakes[0].stake.is_zero(), "{stakes:?}");
    assert_eq!(stakes[1].stake, stakes[2].stake);
    assert_eq!(w.core.delegated().call().await.unwrap(), before);

    // coreBTC moves again: leg and exit in kind are paid, each within the longest wait.
    w.at(2, 12 * HOUR).await;
    done!(w.btc.setBlacklisted(w.btc_sleeve, false));
    w.at(2, 13 * HOUR + 60).await;
    let sent = w.quiet(&mut keeper).await;
    assert!(sent.contains(&"start-leg 1/2".into()), "{sent:?}");
    assert!(
        sent.contains(&format!("deliver-leg 2/{:#x}", w.bob)),
        "{sent:?}"
    );
    let waiting = w
        .basket
        .waitingParts(w.bob, U256::from(2))
        .call()
        .await
        .unwrap();
    assert!(waiting.is_zero());
    let delivered = w.logs::<IBasket::LegDelivered>(w.contracts.basket).await;
    assert_eq!(delivered.len(), 1);
    let btc = w.token(*w.btc.address());
    assert_eq!(
        btc.balanceOf(w.bob).call().await.unwrap(),
        delivered[0].units
    );
    let in_kind = w.leg(1, 2).await.recovered;
    assert_eq!(
        btc.balanceOf(w.contracts.queue).call().await.unwrap(),
        in_kind
    );
    // A twentieth of 1,000 shares, then a hundred of 950.
    assert!(
        delivered[0].units.abs_diff(in_kind / U256::from(2)) <= U256::ONE,
        "{delivered:?} {in_kind}"
    );

    // At dusk the rewards go to work, none of them to the jailed one.
    w.at(2, 23 * HOUR + 30).await;
    report_btc(&w.pool, &w.medians).await;
    let sent = w.quiet(&mut keeper).await;
    assert!(sent.contains(&"delegate-idle 0".into()), "{sent:?}");
    assert!(w.core.validators().call().await.unwrap()[0].stake.is_zero());
    assert!(w.core.delegated().call().await.unwrap() > before);

    // Earn's 7 days. The ticket is due, and its operator is late again.
    w.at(9, LAG + 10).await;
    let reports = w.tick(&mut keeper).await;
    let (verdict, reason) = why(&reports, Job::CollectLeg, leg(1, 1));
    assert_eq!(verdict, Verdict::Waiting);
    assert!(reason.contains("locked until"), "{reason}");
    w.quiet(&mut keeper).await;
    w.at(9, redeemed_at % DAY + 60).await;
    let reports = w.tick(&mut keeper).await;
    let (verdict, reason) = why(&reports, Job::CollectLeg, leg(1, 1));
    assert_eq!(verdict, Verdict::Waiting);
    assert!(reason.contains("operator"), "{reason}");
    w.settle_earn().await;
    let sent = w.quiet(&mut keeper).await;
    assert!(sent.contains(&"collect-leg 1/1".into()), "{sent:?}");
    let collected = w.leg(1, 1).await;
    assert_eq!(
        (collected.state, collected.recovered),
        (2, ticket.units),
        "at Earn's rate of 1"
    );

    // Alice has it all, by her own claim; the keeper is done, and had no role in any of it.
    let before = w.chain.get_balance(w.contracts.queue).await.unwrap();
    assert_eq!(before, paid.recovered + collected.recovered);
    done!(
        w.queue
            .claim(U256::ONE, w.alice, U256::from(7), w.alice)
            .from(w.alice)
    );
    assert_eq!(
        w.chain.get_balance(w.contracts.queue).await.unwrap(),
        U256::ZERO
    );
    assert_eq!(w.quiet(&mut keeper).await, [""; 0]);
    let closes = w
        .logs::<IUnbondingQueue::EpochClosed>(w.contracts.queue)
        .await;
    assert_eq!(closes.len(), 1);
    w.journal_is_clean().await;
    assert_ne!(w.spy.address(), w.me);
}

/// Tenths of a coin.
fn tenths(n: u64) -> U256 {
    U256::from(n) * U256::from(10).pow(U256::from(17))
}

/// The staking system pays no rewards at all: its sleeve cannot be harvested and its leg cannot start. Nobody else waits for it, and
/// after 7 days the leg ends in kind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sleeve_that_cannot_be_harvested_holds_nobody_up() {
    let Some(w) = world().await else { return };
    let mut keeper = w.keeper(w.config()).await;
    w.quiet(&mut keeper).await;
    w.request(w.me, coins(100)).await;
    let fails = w
        .chain
        .anvil_set_code(w.stake_hub, Bytes::from_static(&[0xfe]));
    fails.await.unwrap();
    w.at(1, LAG + 10).await;
    w.settle_earn().await;
    let sent = w.quiet(&mut keeper).await;
    for job in [
        "basket-harvest 1",
        "basket-harvest 2",
        "close-epoch",
        "start-leg 1/1",
        "start-leg 1/2",
    ] {
        assert!(sent.contains(&job.into()), "{job}: {sent:?}");
    }
    assert!(!sent.contains(&"start-leg 1/0".into()), "{sent:?}");
    // How often the chain is asked for what it refuses: a handful of times in two hours, whatever the number of ticks.
    let mut asked = 0;
    for minute in 0..120 {
        w.at(1, HOUR + minute * 60).await;
        let reports = w.tick(&mut keeper).await;
        let (verdict, _) = why(&reports, Job::StartLeg, leg(1, 0));
        asked += u64::from(verdict == Verdict::Pointless);
    }
    assert!((1..=7).contains(&asked), "{asked}");
    // Before 7 days are over it waits for its own way, then it is paid in what it is of.
    w.at(8, LAG).await;
    w.quiet(&mut keeper).await;
    assert_eq!(w.leg(1, 0).await.state, 0);
    w.at(8, 2 * HOUR).await;
    let sent = w.quiet(&mut keeper).await;
    assert!(sent.contains(&"start-leg 1/0".into()), "{sent:?}");
    let paid = w.leg(1, 0).await;
    assert_eq!((paid.state, paid.recovered), (2, coins(50)));
    w.journal_is_clean().await;
}

/// Weights change: a sound validator that is over its weight is read twice, an hour apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stake_follows_the_weights_at_the_second_reading() {
    let Some(w) = world().await else { return };
    let mut keeper = w.keeper(w.config()).await;
    w.quiet(&mut keeper).await;
    w.at(0, 23 * HOUR + 30).await;
    w.quiet(&mut keeper).await;
    done!(w.core.setValidators(vec![V1, V2, V3], vec![1, 1, 2]));
    // v1 has 249 of 498 and should have a quarter; v3 has 124.5 and should have half.
    let who = format!("move-stake 0/{V1:#x}");
    w.at(1, LAG + 10).await;
    let sent = w.quiet(&mut keeper).await;
    assert_eq!(
        sent.iter().filter(|one| **one == who).count(),
        1,
        "{sent:?}"
    );
    let readings = w.logs::<ICoreSleeve::DriftSeen>(*w.core.address()).await;
    assert_eq!(readings.len(), 1);
    w.at(1, LAG + HOUR - 60).await;
    assert!(!w.quiet(&mut keeper).await.contains(&who));
    w.at(1, LAG + HOUR + 60).await;
    let sent = w.quiet(&mut keeper).await;
    assert_eq!(
        sent.iter().filter(|one| **one == who).count(),
        1,
        "{sent:?}"
    );
    let stakes: Vec<U256> = w
        .core
        .validators()
        .call()
        .await
        .unwrap()
        .iter()
        .map(|one| U256::from(one.stake))
        .collect();
    assert_eq!(stakes, [tenths(1_245), tenths(1_245), coins(249)]);
    w.journal_is_clean().await;
}

/// The staking system has less of us with a validator than is booked, and later the same again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stake_that_the_system_lost_and_found_is_booked() {
    let Some(w) = world().await else { return };
    let mut keeper = w.keeper(w.config()).await;
    w.quiet(&mut keeper).await;
    w.at(0, 23 * HOUR + 30).await;
    w.quiet(&mut keeper).await;
    w.at(1, LAG + 10).await;
    w.quiet(&mut keeper).await;
    let booked = async || {
        let list = w.core.validators().call().await.unwrap();
        U256::from(list[0].stake)
    };
    let (before, sleeve) = (booked().await, *w.core.address());
    // Behind the books' back: the coins lie idle at the sleeve, and the system does not know them.
    let system = ICoreSystems::new(sleeve, w.chain.clone());
    let agent = system.AGENT().call().await.unwrap();
    let unsigned = ProviderBuilder::new().connect_http(w.anvil.endpoint_url());
    let agent = LocalCoreAgent::new(agent, unsigned);
    let free = async || {
        w.chain
            .anvil_set_next_block_base_fee_per_gas(0)
            .await
            .unwrap();
    };
    let lost = coins(30);
    w.chain.anvil_impersonate_account(sleeve).await.unwrap();
    free().await;
    done!(agent.undelegateCoin(V1, lost).from(sleeve).gas_price(0));
    let who = format!("reconcile 0/{V1:#x}");
    let sent = w.quiet(&mut keeper).await;
    assert_eq!(
        sent.iter().filter(|one| **one == who).count(),
        1,
        "{sent:?}"
    );
    assert_eq!(booked().await, before - lost);
    free().await;
    let again = agent.delegateCoin(V1).value(lost);
    done!(again.from(sleeve).gas_price(0));
    let sent = w.quiet(&mut keeper).await;
    assert!(sent.contains(&who), "{sent:?}");
    assert_eq!(booked().await, before);
    assert!(!w.quiet(&mut keeper).await.contains(&who));
    let found = w.logs::<ICoreSleeve::StakeFound>(sleeve).await;
    assert_eq!(found.len(), 1);
    w.journal_is_clean().await;
}

/// A fee of 2 % a year on a thousand shares is a nineteenth of a share a day; a tenth of what the stake earns is more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fees_reach_who_gets_them_once_they_are_worth_it() {
    let Some(w) = world().await else { return };
    done!(w.basket.setFees(5, 0, 200, 1_000));
    done!(w.basket.setFeeRecipient(w.bob));
    let mut config = w.config();
    config.fees_least = 110_000_000_000_000_000;
    let mut keeper = w.keeper(config).await;
    let shares = w.token(w.contracts.token);
    let mut sent = Sent::new();
    for day in 0..3 {
        w.at(day, 2 * HOUR).await;
        w.settle_earn().await;
        report_btc(&w.pool, &w.medians).await;
        sent = w.quiet(&mut keeper).await;
        // 2 % of a thousand for 2 days and an hour are 0.112, for less than 2 days below 0.110.
        let paid = shares.balanceOf(w.bob).call().await.unwrap();
        assert_eq!(paid.is_zero(), day < 2, "day {day}: {sent:?}");
        w.at(day, 23 * HOUR + 30).await;
        w.quiet(&mut keeper).await;
    }
    assert!(sent.contains(&"collect-fees".into()), "{sent:?}");
    let told = w.logs::<IBasket::FeesCollected>(w.contracts.basket).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0].shares,
        shares.balanceOf(w.bob).call().await.unwrap()
    );
    let units = w
        .logs::<IBasket::UnitFeesCollected>(w.contracts.basket)
        .await;
    assert!(!units.is_empty() && units.iter().all(|one| one.recipient == w.bob));
    assert_eq!(w.info(0).await.feeUnits, U256::ZERO);
    w.journal_is_clean().await;
}

/// A pool's guard that nobody marks closes its price within hours; the keeper keeps it open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_of_a_pool_keep_its_price_open() {
    let Some(w) = world().await else { return };
    let code = Deployer(w.chain.clone());
    let coin = code
        .deploy("LocalToken", ("Wrapped", "WCORE").abi_encode_params())
        .await;
    let btc = *w.btc.address();
    // The real Uniswap V2.
    let path = "../../contracts/node_modules/@uniswap/v2-core/build/UniswapV2Factory.json";
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let Ok(build) = std::fs::read_to_string(path) else {
        println!("SKIP: no Uniswap V2; run scripts/setup (npm ci in contracts/)");
        return;
    };
    let build: serde_json::Value = serde_json::from_str(&build).unwrap();
    let pools = code
        .create(build["bytecode"].as_str().unwrap(), &w.me.abi_encode())
        .await;
    let pools = Pools::new(pools, w.chain.clone());
    done!(pools.createPair(coin, btc));
    let pair = Pair::new(
        pools.getPair(coin, btc).call().await.unwrap(),
        w.chain.clone(),
    );
    done!(Erc20::new(coin, w.chain.clone()).mint(*pair.address(), coins(1_000)));
    done!(
        w.token(btc)
            .transfer(*pair.address(), U256::from(100_000_000))
    );
    done!(pair.mint(w.me));
    let (window, least) = (U256::from(HOUR / 2), coins(100));
    let args = (*pair.address(), btc, coin, CORE, window, least).abi_encode();
    let guard = code.deploy("TwapV2Guard", args).await;
    // Two marks are what a mean needs to be listed.
    for half_hour in [3, 4] {
        w.at(0, half_hour * HOUR / 2).await;
        done!(IMarks::new(guard, w.chain.clone()).mark());
    }
    let feed = IPriceFeed::new(w.contracts.feed.unwrap(), w.chain.clone());
    let mut listing = feed.listing(btc).call().await.unwrap();
    listing.guard = guard;
    done!(feed.list(btc, listing));
    let mut keeper = w.keeper(w.config()).await;
    let who = format!("observe-prices 2/{guard:#x}");
    let sent = w.quiet(&mut keeper).await;
    assert!(!sent.contains(&who), "just marked: {sent:?}");
    for half_hour in 5..14 {
        // A little later each time: a mark is mined some seconds after it was due.
        let late = (half_hour - 4) * 60;
        w.at(0, half_hour * HOUR / 2 + late).await;
        let mut reports = w.tick(&mut keeper).await;
        let sent = words(&reports, Verdict::Sent);
        reports.retain(|report| report.job == Job::ObservePrices);
        let marks = sent.iter().filter(|one| **one == who).count();
        assert_eq!(marks, 1, "{reports:?}");
        w.quiet(&mut keeper).await;
        assert_eq!(feed.quote(btc).call().await.unwrap().state, 0);
    }
    // Without it: four windows later nobody believes the mean.
    w.at(0, 14 * HOUR).await;
    assert_eq!(feed.quote(btc).call().await.unwrap().state, 1);
    w.journal_is_clean().await;
}

/// What is sent and not mined when the process dies is found again, and nothing of it is sent a second time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_before_the_block_sends_nothing_twice() {
    let Some(w) = world().await else { return };
    let mut keeper = w.keeper(w.config()).await;
    w.quiet(&mut keeper).await;
    w.request(w.me, coins(100)).await;
    w.at(1, LAG + 10).await;
    w.settle_earn().await;
    let before = w
        .chain
        .get_transaction_count(w.spy.address())
        .await
        .unwrap();
    w.chain.anvil_set_auto_mine(false).await.unwrap();
    let sent = words(&w.tick(&mut keeper).await, Verdict::Sent);
    assert!(sent.contains(&"close-epoch".into()), "{sent:?}");
    let signed = w.spy.1.load(Ordering::Relaxed);
    for _ in 0..3 {
        drop(keeper);
        keeper = w.keeper(w.config()).await;
        let reports = w.tick(&mut keeper).await;
        assert_eq!(words(&reports, Verdict::Sent), [""; 0]);
        let (verdict, _) = why(&reports, Job::CloseEpoch, Target::All);
        assert_eq!(verdict, Verdict::Waiting);
    }
    assert_eq!(w.spy.1.load(Ordering::Relaxed), signed);
    w.chain.anvil_set_auto_mine(true).await.unwrap();
    w.chain.anvil_mine(Some(1), None).await.unwrap();
    let after = w
        .chain
        .get_transaction_count(w.spy.address())
        .await
        .unwrap();
    assert_eq!(after - before, sent.len() as u64);
    let sent = w.quiet(&mut keeper).await;
    for job in ["start-leg 1/0", "start-leg 1/1", "start-leg 1/2"] {
        assert_eq!(sent.iter().filter(|one| *one == job).count(), 1, "{sent:?}");
    }
    assert!(
        !sent.iter().any(|one| one.starts_with("basket-harvest")),
        "{sent:?}"
    );
    w.journal_is_clean().await;
}

/// One side of a deployment that does not answer as what it should be leaves the other alone; and dry runs sign nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_broken_side_leaves_the_other_alone() {
    let Some(w) = world().await else { return };
    let both = Config {
        minter: Some(Address::repeat_byte(0xdd)),
        ..w.config()
    };
    let mut keeper = w.keeper(both).await;
    let reports = w.tick(&mut keeper).await;
    let (verdict, reason) = why(&reports, Job::SyncValidators, Target::All);
    assert_eq!(verdict, Verdict::Refused);
    assert!(reason.contains("cannot be looked at"), "{reason}");
    assert!(
        words(&reports, Verdict::Sent).contains(&"basket-harvest 0".into()),
        "{reports:?}"
    );
    // Alone it is an error, which the log tells.
    let mut alone = w
        .keeper(Config {
            minter: Some(Address::repeat_byte(0xdd)),
            basket: None,
            ..w.config()
        })
        .await;
    w.index().await;
    assert!(alone.tick().await.is_err());
    // A basket alone has no jobs of a minter, not even to report.
    let mut dry = w
        .keeper(Config {
            basket: Some(w.contracts),
            ..w.config().with_all(Mode::DryRun)
        })
        .await;
    w.at(1, LAG + 10).await;
    let signed = w.spy.1.load(Ordering::Relaxed);
    let reports = w.tick(&mut dry).await;
    assert!(
        reports.iter().all(|report| report.job.is_basket()),
        "{reports:?}"
    );
    assert!(
        words(&reports, Verdict::WouldSend).contains(&"basket-harvest 0".into()),
        "{reports:?}"
    );
    assert_eq!(w.spy.1.load(Ordering::Relaxed), signed);
    // Neither is nothing to keep.
    let none = Config {
        basket: None,
        ..w.config()
    };
    let error = Keeper::new(none, w.store.clone(), w.pool.clone(), None)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            crate::Error::NoSigner(_) | crate::Error::Setting { .. }
        ),
        "{error}"
    );
}

/// The view says what the contracts say, at its own block.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_is_of_one_block() {
    let Some(w) = world().await else { return };
    let block = w.pool.latest().await.unwrap();
    let view = BasketView::read(&w.pool, w.contracts, block.clone())
        .await
        .unwrap();
    assert_eq!(view.sleeves.len(), 3);
    assert_eq!(view.sleeves[0].info.units, coins(500));
    let SleeveKind::Core(core) = &view.sleeves[0].kind else {
        panic!("{:?}", view.sleeves[0].kind);
    };
    assert_eq!(core.round, Some(w.t0 / DAY));
    assert!(
        core.validators
            .iter()
            .all(|one| one.takes && one.elected && !one.jailed)
    );
    assert!(matches!(view.sleeves[1].kind, SleeveKind::StCore(_)));
    assert_eq!(view.sleeves[2].kind, SleeveKind::Other);
    let price = view.sleeves[2].price.unwrap();
    assert!(price.listed && price.state == 0, "{price:?}");
    done!(w.hub.setJailed(V1, true));
    w.request(w.me, coins(1)).await;
    let again = BasketView::read(&w.pool, w.contracts, block).await.unwrap();
    assert_eq!(again, view);
    let now = w.pool.latest().await.unwrap();
    let later = BasketView::read(&w.pool, w.contracts, now).await.unwrap();
    assert_eq!(later.open.due_at, Some(w.t0 + DAY));
    let SleeveKind::Core(core) = &later.sleeves[0].kind else {
        panic!("{:?}", later.sleeves[0].kind);
    };
    assert!(core.validators[0].jailed && !core.validators[0].elected);
}
