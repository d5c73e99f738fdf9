//! The basket watched: its events by name, sleeves that come while it runs, its figures, and the rules on them.

use super::*;
use crate::{Metrics, Monitor, MonitorConfig, Past};
use alloy::{
    primitives::{Bytes, address},
    sol_types::SolCall,
};
use chain::{
    BasketContracts,
    bindings::{
        basket::{IBasket as basket, IBasketTypes},
        basket_queue::IUnbondingQueue as queue,
        basket_receipts::IBasketReceipts as receipts,
        basket_timelock::IBasketTimelock as timelock,
        basket_token::IBasketToken as share,
        core_candidate_hub::ICoreCandidateHub as hub,
        core_earn::ICoreEarn as earn,
        core_sleeve::ICoreSleeve as core_sleeve,
        guardian::IGuardian as guardian,
        price_feed::IPriceFeed as feed,
        sleeve::ISleeve as sleeve,
        st_core_sleeve::IStCoreSleeve as st_core,
    },
    fake::{Contract, Dropped, Message, Reply},
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Mutex};
use store::{AlertState, PageRequest};

const COIN: Address = address!("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
const HUB: Address = Address::repeat_byte(0x71);
const EARN: Address = Address::repeat_byte(0x72);
const ST_CORE: Address = Address::repeat_byte(0x73);
const DAY: u64 = 86_400;

alloy::sol! {
    function HUB() external view returns (address);
    function getMinDelay() external view returns (uint256);
    function state(uint256 proposalId) external view returns (uint8);
    event ProposalCreated(
        uint256 proposalId, address proposer, address[] targets, uint256[] values, string[] signatures, bytes[] calldatas,
        uint256 voteStart, uint256 voteEnd, string description
    );
}

fn at(byte: u8) -> Address {
    Address::repeat_byte(byte)
}

fn u(value: u64) -> U256 {
    U256::from(value)
}

fn whole() -> BasketContracts {
    BasketContracts {
        basket: at(0x61),
        token: at(0x62),
        queue: at(0x63),
        receipts: at(0x64),
        feed: Some(at(0x65)),
        timelock: at(0x66),
        governor: at(0x67),
        gov: at(0x68),
        guardian: at(0x69),
    }
}

fn alone(first_block: u64) -> Contracts {
    Contracts {
        liquid: None,
        basket: Some(whole()),
        first_block,
    }
}

fn added(id: u64, adapter: Address, token: Address) -> FakeLog {
    log(
        whole().basket,
        &basket::SleeveAdded {
            sleeve: u(id),
            adapter,
            token,
            epochToken: COIN,
        },
    )
}

fn delegated(adapter: Address, amount: u64) -> FakeLog {
    let event = core_sleeve::Delegated {
        validator: at(0x81),
        amount: u(amount),
    };
    log(adapter, &event)
}

fn minted(to: Address, value: u64) -> FakeLog {
    let event = alloy_transfer(Address::ZERO, to, value);
    log(whole().token, &event)
}

fn alloy_transfer(from: Address, to: Address, value: u64) -> share::Transfer {
    share::Transfer {
        from,
        to,
        value: u(value),
    }
}

fn as_log(fake: FakeLog, block: u64) -> chain::Log {
    let chain = FakeChain::new(CHAIN);
    chain.mine(block - 1);
    chain.mine_logs(vec![fake]);
    chain.logs().remove(0)
}

#[test]
fn events_of_the_basket_carry_the_contract_before_the_name() {
    let adapter = at(0x70);
    let decoder = Decoder::new(alone(0)).unwrap();
    let name = |decoder: &Decoder, fake, block| {
        let event = decoder.decode(&as_log(fake, block));
        event.map(|event| event.name)
    };
    let moved = alloy_transfer(at(1), at(2), 3);
    let receipt = receipts::Transfer {
        from: at(1),
        to: at(2),
        tokenId: u(3),
    };
    let requested = queue::RedeemRequest {
        controller: at(1),
        owner: at(1),
        requestId: u(1),
        sender: at(1),
        shares: u(5),
    };
    let observed = feed::Observed {
        asset: at(1),
        state: 1,
        low: u(1),
        high: u(2),
    };
    let paused = guardian::Paused {
        basket: at(1),
        part: 1,
        until: u(9),
    };
    let of = whole();
    for (fake, wanted) in [
        (log(of.token, &moved), "basketToken.Transfer"),
        (log(of.gov, &moved), "gov.Transfer"),
        (log(of.receipts, &receipt), "basketReceipts.Transfer"),
        (log(of.queue, &requested), "queue.RedeemRequest"),
        (log(of.feed.unwrap(), &observed), "feed.Observed"),
        (log(of.guardian, &paused), "guardian.Paused"),
        (added(0, adapter, COIN), "basket.SleeveAdded"),
    ] {
        assert_eq!(name(&decoder, fake, 1).as_deref(), Some(wanted));
    }
    // Not theirs: a transfer that the queue logs, an approval, a pause by somebody else's guardian.
    assert_eq!(name(&decoder, log(of.queue, &moved), 1), None);
    assert_eq!(name(&decoder, log(at(0x99), &paused), 1), None);

    // An adapter counts from the block that took it, for all that a sleeve may log and nothing else.
    assert_eq!(name(&decoder, delegated(adapter, 1), 5), None);
    let with = decoder.with_sleeves([(adapter, 5)]);
    assert_eq!(name(&with, delegated(adapter, 1), 4), None);
    assert_eq!(
        name(&with, delegated(adapter, 1), 5).as_deref(),
        Some("coreSleeve.Delegated")
    );
    let delivered = sleeve::Delivered {
        to: at(1),
        units: u(7),
    };
    let event = with.decode(&as_log(log(adapter, &delivered), 6)).unwrap();
    assert_eq!(
        (event.name.as_str(), event.address),
        ("sleeve.Delivered", adapter)
    );
    assert_eq!(
        event.args,
        json!({ "to": format!("{:#x}", at(1)), "units": "7" })
    );
    let made = st_core::AccountMade { account: at(3) };
    assert_eq!(
        name(&with, log(adapter, &made), 6).as_deref(),
        Some("stCoreSleeve.AccountMade")
    );
    assert_eq!(name(&with, log(adapter, &moved), 6), None);
    assert_eq!(name(&with, delegated(at(0x99), 1), 6), None);

    // Without the liquid side nothing of it is asked for; with both, all of both.
    let (bare, with) = (decoder.filter().addresses, with.filter().addresses);
    assert_eq!((bare.len(), with.len()), (9, 10));
    let both = Contracts {
        liquid: Some(liquid()),
        ..alone(0)
    };
    assert_eq!(Decoder::new(both).unwrap().filter().addresses.len(), 19);
    // The governor's events are OpenZeppelin's.
    let topics = decoder.filter().topics;
    for signature in [
        "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)",
        "CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)",
        "DelegateVotesChanged(address,uint256,uint256)",
        "RoleGranted(bytes32,address,address)",
    ] {
        let topic = alloy::primitives::keccak256(signature);
        assert!(topics.contains(&topic), "{signature}");
    }
    let approval = alloy::primitives::keccak256("Approval(address,address,uint256)");
    assert!(!topics.contains(&approval));
}

fn watcher(pool: &Pool, store: &Store, contracts: Contracts) -> Indexer {
    let config = IndexerConfig {
        chunk: 37,
        poll: Duration::from_millis(5),
        retry: Duration::from_millis(5),
    };
    Indexer::new(pool.clone(), store.clone(), contracts, alerts(""), config).unwrap()
}

/// Amounts that `Delegated` events of the index tell, oldest first.
async fn told(store: &Store) -> Vec<String> {
    let filter = store::EventFilter {
        name: Some("coreSleeve.Delegated".to_owned()),
        account: None,
    };
    let page = PageRequest {
        cursor: None,
        limit: 500,
    };
    let events = store.events(&filter, &page).await.unwrap().items;
    let amounts = events.iter().rev().map(|e| e.args["amount"].as_str());
    amounts.map(|a| a.unwrap().to_owned()).collect()
}

async fn in_one_go(chain: &FakeChain, pool: &Pool, window: u64) -> B256 {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), window).await;
    run_to_head(&watcher(pool, &store, alone(1)), chain, &store).await;
    store.table_hash().await.unwrap()
}

/// Waits until the store stands at the chain's head.
async fn at_head(indexer: &Indexer, chain: &FakeChain, store: &Store) {
    let mut status = indexer.status();
    let head = chain.head().hash;
    while store.cursor().await.unwrap().is_none_or(|c| c.hash != head) {
        status.changed().await.unwrap();
    }
}

/// Runs the indexer until `deed` is done.
async fn while_running(indexer: &Indexer, deed: impl Future<Output = ()>) {
    let run = async {
        tokio::select! {
            result = indexer.run() => panic!("{result:?}"),
            () = deed => {}
        }
    };
    tokio::time::timeout(PATIENCE, run).await.expect("in time");
}

/// Sleeves that the basket takes in the history, live, and in a block that is then reorganised away.
#[tokio::test]
async fn sleeves_are_followed_from_the_block_that_took_them() {
    const WINDOW: u64 = 12;
    let (first, second, third) = (at(0xa1), at(0xa2), at(0xa3));
    let chain = FakeChain::new(CHAIN);
    // Before it is the basket's, in the same block as it becomes so, and after: within one range, and in later ones.
    chain.mine_logs(vec![delegated(first, 1)]);
    chain.mine(3);
    chain.mine_logs(vec![
        added(0, first, COIN),
        delegated(first, 2),
        minted(at(0x21), 5),
    ]);
    chain.mine_logs(vec![delegated(first, 3), delegated(second, 99)]);
    chain.mine(60);
    chain.mine_logs(vec![delegated(first, 4)]);
    chain.mine(20);
    let node = FakeNode::start(&chain).await;
    let pool = pool(&[&node]).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), WINDOW).await;
    let mut indexer = watcher(&pool, &store, alone(1));
    run_to_head(&indexer, &chain, &store).await;
    assert_eq!(told(&store).await, ["2", "3", "4"]);

    // Live, by the indexer that runs and by one that starts anew.
    chain.mine_logs(vec![delegated(second, 5), added(1, second, ST_CORE)]);
    chain.mine_logs(vec![delegated(second, 6), delegated(first, 7)]);
    run_to_head(&indexer, &chain, &store).await;
    assert_eq!(told(&store).await, ["2", "3", "4", "5", "6", "7"]);
    indexer = watcher(&pool, &store, alone(1));
    chain.mine_logs(vec![delegated(second, 8)]);
    run_to_head(&indexer, &chain, &store).await;
    assert_eq!(told(&store).await.last().unwrap(), "8");

    // Taken, and then never: what its adapter logs on the other branch is not the basket's. Once the chain turns while nobody
    // watches, once under a running indexer.
    for live in [false, true] {
        chain.mine_logs(vec![added(2, third, ST_CORE), delegated(third, 10)]);
        chain.mine(1);
        let turn = async |indexer: &Indexer| {
            at_head(indexer, &chain, &store).await;
            assert_eq!(told(&store).await.last().unwrap(), "10");
            assert_eq!(store.basket_sleeves().await.unwrap().len(), 3);
            chain.reorg(2, Dropped::Vanish);
            chain.mine_logs(vec![delegated(third, 11), delegated(first, 12)]);
            chain.mine_logs(vec![delegated(third, 13)]);
            chain.mine(1);
        };
        let whole = async |indexer: &Indexer| {
            turn(indexer).await;
            indexer.hint().notify_one();
            at_head(indexer, &chain, &store).await;
        };
        if live {
            while_running(&indexer, whole(&indexer)).await;
        } else {
            while_running(&indexer, turn(&indexer)).await;
            indexer = watcher(&pool, &store, alone(1));
            run_to_head(&indexer, &chain, &store).await;
        }
        assert_eq!(told(&store).await.last().unwrap(), "12");
        assert!(!told(&store).await.contains(&"13".to_owned()));
        assert_eq!(store.basket_sleeves().await.unwrap().len(), 2);
    }
    let here = store.table_hash().await.unwrap();
    assert_eq!(here, in_one_go(&chain, &pool, WINDOW).await);
    assert_eq!(here, in_one_go(&chain, &pool, 200).await);
    let holder = store.basket_holder(at(0x21)).await.unwrap().unwrap();
    assert_eq!(holder.shares, u(5));

    // Another basket's indexer is refused by this store.
    let mut elsewhere = alone(1);
    elsewhere.basket = Some(BasketContracts {
        basket: at(0x99),
        ..whole()
    });
    let error = watcher(&pool, &store, elsewhere).run().await.unwrap_err();
    assert!(matches!(
        error,
        crate::WatchError::Store(store::Error::WrongDeployment { .. })
    ));
}

// ------------------------------------------------------------------------------------------------------------- figures

/// Answers calls by their bytes, or by selector; what it does not know reverts.
#[derive(Clone, Default)]
struct Views(Arc<Mutex<BTreeMap<Vec<u8>, Bytes>>>);

impl Views {
    fn set<C: SolCall>(&self, answer: &C::Return) -> &Self {
        self.put::<C>(C::SELECTOR.to_vec(), answer)
    }

    fn set_for<C: SolCall>(&self, call: &C, answer: &C::Return) -> &Self {
        self.put::<C>(call.abi_encode(), answer)
    }

    fn put<C: SolCall>(&self, key: Vec<u8>, answer: &C::Return) -> &Self {
        let answer = C::abi_encode_returns(answer).into();
        self.0.lock().unwrap().insert(key, answer);
        self
    }

    fn forget<C: SolCall>(&self) {
        let mut views = self.0.lock().unwrap();
        views.retain(|key, _| !key.starts_with(&C::SELECTOR));
    }
}

impl Contract for Views {
    fn call(&mut self, message: &Message) -> Result<Reply, Bytes> {
        let views = self.0.lock().unwrap();
        let found = views
            .get(message.data.as_ref())
            .or_else(|| views.get(&message.data[..4]));
        Ok(Reply {
            output: found.cloned().ok_or_else(Bytes::new)?,
            ..Default::default()
        })
    }
    fn boxed(&self) -> Box<dyn Contract> {
        Box::new(self.clone())
    }
}

/// A sleeve's books: units, parts, the basket's parts, locked, fee units, target.
fn books(
    adapter: Address,
    token: Address,
    round: u64,
    [u_, p, b, l, f, target]: [u64; 6],
) -> IBasketTypes::SleeveInfo {
    IBasketTypes::SleeveInfo {
        sleeve: adapter,
        token,
        epochToken: COIN,
        units: u(u_),
        parts: u(p),
        basketParts: u(b),
        locked: u(l),
        feeUnits: u(f),
        round: u(round),
        cap: u(9_999),
        limit: u(99),
        level: u(9),
        targetBps: target as u16,
        bandBps: 500,
        retired: false,
        slow: false,
    }
}

/// Addresses of two sleeves: coins, and stCORE.
const CORE_SLEEVE: Address = Address::repeat_byte(0xa1);
const ST_SLEEVE: Address = Address::repeat_byte(0xa2);

/// What the contracts of [`whole`] say at `now`.
struct Said(BTreeMap<Address, Views>);

impl Said {
    fn new(now: u64) -> Self {
        let today = now / DAY;
        let b = Views::default();
        b.set::<basket::navCall>(&basket::navReturn {
            low: u(980),
            high: u(1_020),
            state: u(0),
        });
        b.set::<basket::effectiveSupplyCall>(&u(1_001));
        b.set::<basket::maxInstantCall>(&u(44));
        b.set::<basket::budgetCall>(&basket::budgetReturn {
            spent: u(2_000_000),
            capacity: u(2_500_000),
        });
        b.set::<basket::driftReadingsCall>(&basket::driftReadingsReturn {
            over: u(1),
            under: u(2),
            readAt: u(now - 50),
            overBefore: u(0),
            underBefore: u(0),
            readAtBefore: u(0),
        });
        b.set::<basket::auctionIdCall>(&u(3));
        for (what, until) in [(0, now + 60), (1, now - 60), (2, 0)] {
            b.set_for(
                &basket::pausedUntilCall { what },
                &basket::pausedUntilReturn {
                    until: u(until),
                    allowedFrom: u(0),
                },
            );
        }
        b.set::<basket::sleeveCountCall>(&u(2));
        b.set::<basket::feedCall>(&at(0x65));
        b.set::<basket::owedCall>(&u(6));
        // 1,000 units, nine tenths of its parts the basket's: 900 coins.
        b.set_for(
            &basket::sleeveInfoCall { sleeve: u(0) },
            &books(CORE_SLEEVE, COIN, today - 1, [1_000, 100, 90, 20, 3, 6_000]),
        );
        // 200 units, all the basket's, at 1.5 coins: 300 coins of 1,200.
        b.set_for(
            &basket::sleeveInfoCall { sleeve: u(1) },
            &books(ST_SLEEVE, ST_CORE, today - 4, [200, 200, 200, 0, 0, 4_000]),
        );
        let one = U256::from(10).pow(u(18));
        let sleeves = [
            (CORE_SLEEVE, 1_022_u64, U256::ZERO, 0_u64),
            (ST_SLEEVE, 200, one + one / u(2), 8 * DAY),
        ];
        let mut said = BTreeMap::new();
        for (adapter, held, rate, max_exit) in sleeves {
            let s = Views::default();
            s.set::<sleeve::heldCall>(&u(held));
            s.set::<sleeve::rateCall>(&rate);
            s.set::<sleeve::exitTimeCall>(&u(max_exit));
            s.set::<sleeve::MAX_EXITCall>(&u(max_exit));
            s.set::<sleeve::instantCapacityCall>(&u(55));
            said.insert(adapter, s);
        }
        let validator = |byte, stake: u64| core_sleeve::Validator {
            account: at(byte),
            stake: alloy::primitives::aliases::U88::from(stake),
            weight: 1,
        };
        let list = vec![validator(0x81, 600), validator(0x82, 300)];
        said[&CORE_SLEEVE].set::<core_sleeve::validatorsCall>(&list);
        said[&CORE_SLEEVE].set::<HUBCall>(&HUB);
        said[&ST_SLEEVE].set::<st_core::EARNCall>(&EARN);
        let h = Views::default();
        h.set::<hub::isJailedCall>(&false);
        let call = hub::isJailedCall {
            candidate: at(0x82),
        };
        h.set_for(&call, &true);
        let e = Views::default();
        e.set::<earn::roundTagCall>(&u(today - 2));
        let f = Views::default();
        let price = |bps: u64| one * u(bps) / u(10_000);
        f.set::<feed::quoteCall>(&feed::quoteReturn {
            low: price(14_900),
            high: price(15_100),
            state: 0,
        });
        f.set::<feed::memoryOfCall>(&feed::Memory {
            seenAt: alloy::primitives::aliases::U48::from(now - 7_300),
            ..blank_memory()
        });
        let t = Views::default();
        t.set::<share::totalSupplyCall>(&u(1_000));
        let q = Views::default();
        q.set::<queue::openEpochCall>(&queue::openEpochReturn {
            epoch: u(2),
            closesAt: u(now - 7_201),
        });
        q.set::<queue::epochInfoCall>(&queue::EpochInfo {
            shares: u(30),
            legs: u(0),
            closedAt: u(0),
            dueAt: u(now - 7_201),
        });
        let l = Views::default();
        l.set::<getMinDelayCall>(&u(9 * DAY));
        l.set::<timelock::longestExitCall>(&u(10 * DAY));
        let g = Views::default();
        g.set::<guardian::holderCall>(&at(0x51));
        g.set::<guardian::untilCall>(&u(now + 29 * DAY));
        let o = Views::default();
        o.set::<stateCall>(&1);
        o.set_for(&stateCall { proposalId: u(8) }, &5);
        let of = whole();
        said.extend([
            (HUB, h),
            (EARN, e),
            (of.basket, b),
            (of.token, t),
            (of.queue, q),
            (of.feed.unwrap(), f),
            (of.timelock, l),
            (of.guardian, g),
            (of.governor, o),
        ]);
        Self(said)
    }

    fn install(&self, chain: &FakeChain) {
        for (address, views) in &self.0 {
            chain.install(*address, views.clone());
        }
    }
}

fn blank_memory() -> feed::Memory {
    use alloy::primitives::aliases::U48;
    feed::Memory {
        seenAt: U48::ZERO,
        inBandAt: U48::ZERO,
        impairedAt: U48::ZERO,
        insideSince: U48::ZERO,
        rateRound: U48::ZERO,
        rise: 0,
        rate: 0,
        bestRate: 0,
    }
}

fn proposed(id: u64) -> FakeLog {
    log(
        whole().governor,
        &ProposalCreated {
            proposalId: u(id),
            proposer: at(1),
            targets: vec![],
            values: vec![],
            signatures: vec![],
            calldatas: vec![],
            voteStart: u(1),
            voteEnd: u(2),
            description: String::new(),
        },
    )
}

#[tokio::test]
async fn the_monitor_reads_a_basket_without_a_liquid_side() {
    let chain = FakeChain::new(CHAIN);
    // Shares of an epoch that is closed, whose leg of sleeve 0 waits and whose leg of sleeve 1 is out.
    let (who, of) = (at(0x21), whole());
    chain.mine_logs(vec![
        added(0, CORE_SLEEVE, COIN),
        added(1, ST_SLEEVE, ST_CORE),
        minted(who, 1_050),
        log(
            of.queue,
            &queue::RedeemRequest {
                controller: who,
                owner: who,
                requestId: u(1),
                sender: who,
                shares: u(50),
            },
        ),
        log(of.token, &alloy_transfer(who, Address::ZERO, 50)),
        log(
            of.queue,
            &queue::EpochClosed {
                epoch: u(1),
                shares: u(50),
                parts: vec![u(5), u(7)],
            },
        ),
        log(
            of.queue,
            &queue::LegStarted {
                epoch: u(1),
                sleeve: u(1),
                units: u(7),
                ticket: u(1),
            },
        ),
        proposed(7),
        proposed(8),
    ]);
    let begun = chain.head().timestamp;
    // Nine days and a half: sleeve 1 declared eight.
    chain.warp(9 * DAY + DAY / 2);
    chain.mine(3);
    let node = FakeNode::start(&chain).await;
    let pool = pool(&[&node]).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 8).await;
    let now = chain.head().timestamp;
    let age = now - begun;
    let said = Said::new(now);
    let leg = |state, ticket, units| queue::LegInfo {
        state,
        asset: COIN,
        parts: u(0),
        units: u(units),
        ticket: u(ticket),
        recovered: u(0),
    };
    let its = |sleeve| queue::legInfoCall {
        epoch: u(1),
        sleeve: u(sleeve),
    };
    said.0[&of.queue].set_for(&its(0), &leg(0, 0, 0));
    said.0[&of.queue].set_for(&its(1), &leg(1, 1, 7));
    said.install(&chain);
    let shipped = Rules::shipped().unwrap();
    let manager = Arc::new(AlertManager::new(shipped, &Channels::default()).unwrap());
    let indexer = watcher(&pool, &store, alone(1));
    let monitor = Monitor::new(
        pool.clone(),
        store.clone(),
        alone(1),
        manager,
        indexer.status(),
        MonitorConfig::default(),
    );
    run_to_head(&indexer, &chain, &store).await;
    let metrics = monitor.look().await.unwrap().unwrap().metrics;
    for (metric, value) in [
        ("basket/nav_low", 980),
        ("basket/nav_high", 1_020),
        ("basket/state", 0),
        ("basket/shares", 1_001),
        ("basket/supply", 1_000),
        ("basket/max_instant", 44),
        ("basket/budget_spent", 2_000_000),
        ("basket/budget_used_bps", 8_000),
        ("basket/drift_over", 1),
        ("basket/drift_under", 2),
        ("basket/drift_age", 50),
        ("basket/auction", 3),
        ("basket/paused/mint", 60),
        ("basket/paused/instant", 0),
        ("basket/paused/auction", 0),
        ("basket/sleeve/0/units", 1_000),
        ("basket/sleeve/0/booked", 1_023),
        ("basket/sleeve/0/held", 1_022),
        ("basket/sleeve/0/missing", 1),
        ("basket/sleeve/0/owed", 6),
        ("basket/sleeve/0/worth", 900),
        ("basket/sleeve/0/weight_bps", 7_500),
        ("basket/sleeve/0/target_bps", 6_000),
        // 7,500 against 6,000: a quarter of it.
        ("basket/sleeve/0/drift_bps", 2_500),
        ("basket/sleeve/0/state", 0),
        ("basket/sleeve/0/harvest_missed", 0),
        ("basket/sleeve/1/worth", 300),
        ("basket/sleeve/1/weight_bps", 2_500),
        // 2,500 against 4,000.
        ("basket/sleeve/1/drift_bps", 3_750),
        ("basket/sleeve/1/missing", 0),
        ("basket/sleeve/1/price_low", 1_490_000_000_000_000_000),
        ("basket/sleeve/1/rate", 1_500_000_000_000_000_000),
        ("basket/sleeve/1/observed_age", 7_300),
        ("basket/sleeve/1/earn_late", 2),
        // Today and four rounds before: three ended without one.
        ("basket/sleeve/1/harvest_missed", 3),
        ("basket/harvest_missed", 3),
        ("basket/earn_late", 2),
        ("basket/jailed_stake", 300),
        ("basket/epoch_open", 2),
        ("basket/epoch_shares", 30),
        ("basket/epoch_overdue", 7_201),
        ("basket/legs_waiting", 1),
        ("basket/leg_waiting", age),
        ("basket/tickets_open", 1),
        ("basket/ticket_waiting", age),
        ("basket/ticket_overdue", age - 8 * DAY),
        ("basket/deliveries_waiting", 0),
        ("governance/delay", 9 * DAY),
        ("governance/longest_exit", 10 * DAY),
        ("governance/guarded", 1),
        ("governance/mandate_left", 29 * DAY),
        ("governance/proposals_live", 1),
        ("governance/proposals_queued", 1),
        ("governance/timelock_waiting", 0),
        // The index has no shares in epoch 2, and the queue says 30: the one thing in which they differ.
        ("indexMismatches", 1),
    ] {
        assert_eq!(metrics.get(metric), Some(&u(value)), "{metric}");
        let sample = store.latest_sample(metric).await.unwrap().unwrap();
        assert_eq!(sample.value, value.to_string(), "{metric}");
    }
    let of_validator = |byte, figure: &str| {
        let name = format!("basket/validator/{:#x}/{figure}", at(byte));
        metrics.get(&name).copied()
    };
    assert_eq!(of_validator(0x81, "stake"), Some(u(600)));
    assert_eq!(of_validator(0x81, "jailed_stake"), Some(u(0)));
    assert_eq!(of_validator(0x82, "jailed_stake"), Some(u(300)));
    // Coins have no rate and no feed; the minter is not there at all.
    for absent in [
        "basket/sleeve/0/rate",
        "basket/sleeve/0/observed_age",
        "basket/sleeve/0/earn_late",
        "basket/auction_left",
        "headroom",
    ] {
        assert_eq!(metrics.get(absent), None, "{absent}");
    }
    let open = async || {
        let page = PageRequest {
            cursor: None,
            limit: 100,
        };
        let open = store.alerts(Some(AlertState::Open), &page).await.unwrap();
        let rules: Vec<_> = open.items.into_iter().map(|a| a.rule).collect();
        rules
    };
    let rules = open().await;
    for rule in [
        "basket-insolvent",
        "basket-price-stale",
        "basket-earn-late",
        "basket-epoch-overdue",
        "basket-leg-waiting",
        "basket-ticket-overdue",
        "basket-harvest-missed",
        "basket-validator-jailed",
        "basket-drift-far",
        "mandate-ends",
        "index-disagrees",
    ] {
        assert!(rules.iter().any(|r| r == rule), "{rule}: {rules:?}");
    }
    for rule in [
        "basket-drift",
        "basket-price-doubtful",
        "basket-budget-used",
    ] {
        assert!(!rules.iter().any(|r| r == rule), "{rule}: {rules:?}");
    }

    // Views that fail cost their figures; a price that is not sound costs the weights, which are of a whole.
    said.0[&of.basket].forget::<basket::navCall>();
    said.0[&CORE_SLEEVE].forget::<sleeve::heldCall>();
    said.0[&HUB].forget::<hub::isJailedCall>();
    said.0[&EARN].forget::<earn::roundTagCall>();
    said.0[&of.guardian].forget::<guardian::untilCall>();
    said.0[&of.feed.unwrap()].set::<feed::quoteCall>(&feed::quoteReturn {
        low: u(0),
        high: U256::MAX >> 128,
        state: 2,
    });
    chain.mine(1);
    said.install(&chain);
    run_to_head(&indexer, &chain, &store).await;
    let metrics = monitor.look().await.unwrap().unwrap().metrics;
    for absent in [
        "basket/nav_low".to_owned(),
        "basket/state".to_owned(),
        "basket/sleeve/0/held".to_owned(),
        "basket/sleeve/0/missing".to_owned(),
        "basket/earn_late".to_owned(),
        "basket/sleeve/0/weight_bps".to_owned(),
        "basket/sleeve/1/drift_bps".to_owned(),
        "governance/mandate_left".to_owned(),
        format!("basket/validator/{:#x}/jailed_stake", at(0x82)),
    ] {
        assert_eq!(metrics.get(&absent), None, "{absent}");
    }
    for (metric, value) in [
        ("basket/shares", 1_001),
        ("basket/sleeve/0/units", 1_000),
        ("basket/sleeve/1/state", 2),
        ("basket/epoch_overdue", 7_213),
    ] {
        assert_eq!(metrics.get(metric), Some(&u(value)), "{metric}");
    }
    assert!(open().await.contains(&"basket-price-impaired".to_owned()));

    // An index that is wrong about a leg says so.
    said.0[&of.queue].set_for(&its(1), &leg(2, 1, 7));
    chain.mine(1);
    said.install(&chain);
    run_to_head(&indexer, &chain, &store).await;
    let metrics = monitor.look().await.unwrap().unwrap().metrics;
    assert_eq!(metrics.get("indexMismatches"), Some(&u(2)));
}

// --------------------------------------------------------------------------------------------------------------- rules

/// What a rate rule looks back to.
struct Then(u64);

impl Past for Then {
    fn before(&self, _: &str, _: u64) -> Option<U256> {
        Some(u(self.0))
    }
    fn last(&self, _: &[String]) -> Option<u64> {
        None
    }
}

/// Each shipped rule on a figure of the basket: the figure, the last value at which it is silent, the first at which it speaks.
#[test]
fn shipped_rules_on_the_baskets_figures_speak_at_their_limit_and_not_before() {
    let shipped = Rules::shipped().unwrap();
    let holds = |rule: &str, metric: &str, value: u64, then: u64| {
        let rule = shipped.iter().find(|r| r.name == rule).expect(rule);
        let now: Metrics = [(metric.to_owned(), u(value))].into();
        let findings = rule.judge(&now, &Then(then), 0);
        assert_eq!(findings.len(), 1, "{metric}");
        assert_eq!(findings[0].subject, metric);
        findings[0].holds
    };
    let hour = 3_600;
    let validator = format!("basket/validator/{:#x}/jailed_stake", at(0x81));
    for (rule, metric, silent, speaks) in [
        ("basket-insolvent", "basket/sleeve/0/missing", 0, 1),
        ("basket-price-doubtful", "basket/sleeve/1/state", 0, 1),
        ("basket-price-impaired", "basket/sleeve/1/state", 1, 2),
        (
            "basket-price-stale",
            "basket/sleeve/1/observed_age",
            2 * hour,
            2 * hour + 1,
        ),
        ("basket-earn-late", "basket/earn_late", 1, 2),
        (
            "basket-epoch-overdue",
            "basket/epoch_overdue",
            2 * hour,
            2 * hour + 1,
        ),
        (
            "basket-leg-waiting",
            "basket/leg_waiting",
            6 * hour,
            6 * hour + 1,
        ),
        (
            "basket-ticket-overdue",
            "basket/ticket_overdue",
            DAY,
            DAY + 1,
        ),
        (
            "basket-delivery-waiting",
            "basket/delivery_waiting",
            DAY,
            DAY + 1,
        ),
        (
            "basket-harvest-missed",
            "basket/sleeve/0/harvest_missed",
            0,
            1,
        ),
        ("basket-validator-jailed", validator.as_str(), 0, 1),
        ("basket-sleeve-slow", "basket/sleeve/1/slow", 0, 1),
        ("basket-drift", "basket/sleeve/0/drift_bps", 1_000, 1_001),
        (
            "basket-drift-far",
            "basket/sleeve/0/drift_bps",
            2_500,
            2_501,
        ),
        ("basket-budget-used", "basket/budget_used_bps", 8_000, 8_001),
        (
            "mandate-ends",
            "governance/mandate_left",
            30 * DAY,
            30 * DAY - 1,
        ),
    ] {
        assert!(!holds(rule, metric, silent, 0), "{rule} at {silent}");
        assert!(holds(rule, metric, speaks, 0), "{rule} at {speaks}");
    }
    // Half a percent of 10,000 is 50; a rise is no fall.
    for (rule, metric) in [
        ("basket-nav-fell", "basket/nav_low"),
        ("basket-rate-fell", "basket/sleeve/1/rate"),
    ] {
        for (now, fell) in [(9_950, false), (9_949, true), (20_000, false)] {
            assert_eq!(holds(rule, metric, now, 10_000), fell, "{rule} at {now}");
        }
    }
    // A day off the target is news, a look is not.
    let drift = shipped.iter().find(|r| r.name == "basket-drift").unwrap();
    assert_eq!(drift.hold, 7_200);
}

/// Each shipped rule on an event of the basket: what it speaks of, and of what like it it does not.
#[test]
fn shipped_rules_on_the_baskets_events_mean_these_and_no_others() {
    let shipped = Rules::shipped().unwrap();
    let event = |name: &str| store::Event {
        block: 1,
        log_index: 0,
        at: 0,
        tx_hash: B256::ZERO,
        address: Address::ZERO,
        name: name.to_owned(),
        args: json!({ "proposalId": "7", "part": "1", "sleeve": "0" }),
        topics: Bytes::new(),
        data: Bytes::new(),
    };
    for (rule, speaks, silent) in [
        (
            "basket-loss-booked",
            "basket.LossBooked",
            "basket.Harvested",
        ),
        (
            "basket-changed",
            "basket.SleeveAdded",
            "basket.SleeveFailed",
        ),
        ("basket-changed", "basket.WeightsSet", "WeightsSet"),
        ("basket-changed", "feed.Listed", "feed.Observed"),
        (
            "proposal-created",
            "governor.ProposalCreated",
            "governor.VoteCast",
        ),
        (
            "proposal-queued",
            "governor.ProposalQueued",
            "governor.ProposalCreated",
        ),
        (
            "proposal-executed",
            "governor.ProposalExecuted",
            "basketTimelock.CallExecuted",
        ),
        (
            "proposal-cancelled",
            "governor.ProposalCanceled",
            "basketTimelock.Cancelled",
        ),
        ("guardian-paused", "guardian.Paused", "guardian.Unpaused"),
        (
            "governance-power",
            "basketTimelock.RoleGranted",
            "RoleGranted",
        ),
        ("governance-power", "guardian.Removed", "guardian.Paused"),
    ] {
        let rule = shipped.iter().find(|r| r.name == rule).expect(rule);
        let told = rule.event.as_ref().unwrap();
        assert!(told.matches(&event(speaks)), "{speaks}");
        assert!(!told.matches(&event(silent)), "{silent}");
    }
    // Every name that a rule waits for exists: it is one that the decoder gives.
    let both = Contracts {
        liquid: Some(liquid()),
        ..alone(0)
    };
    let names = Decoder::new(both).unwrap().names();
    for rule in shipped.iter() {
        let waited = rule.event.iter().flat_map(|e| &e.names);
        let missed = rule.absence.iter().flat_map(|a| &a.events);
        for name in waited.chain(missed) {
            assert!(names.contains(name), "{}: {name}", rule.name);
        }
    }
}
