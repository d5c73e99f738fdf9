mod alerts;
mod basket;
mod channels;
mod deliver;
mod faults;
mod heartbeat;
mod indexer;
mod monitor;
mod rules;

use crate::{
    AlertManager, Channels, Contracts, Decoder, IndexStatus, Indexer, IndexerConfig, Liquid, Parts,
    Rules,
};
use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolEvent,
};
use chain::{
    Pool, PoolConfig,
    bindings::{minter::ILiquidMinter as minter, token::ILiquidToken as token},
    fake::{FakeChain, FakeLog, FakeNode},
};
use std::{path::Path, sync::Arc, time::Duration};
use store::{Options, Store};
use tokio::sync::watch;

const CHAIN: u64 = 98_866;
/// For everything that could hang.
const PATIENCE: Duration = Duration::from_secs(60);

fn contracts(first_block: u64) -> Contracts {
    Contracts {
        liquid: Some(liquid()),
        basket: None,
        first_block,
    }
}

fn liquid() -> Liquid {
    Liquid {
        minter: Address::repeat_byte(1),
        token: Address::repeat_byte(2),
        rewards: Address::repeat_byte(3),
        factory: Address::repeat_byte(4),
        staking: Address::repeat_byte(5),
        parts: Parts {
            vault: Some(Address::repeat_byte(6)),
            coin_vault: Some(Address::repeat_byte(7)),
            receipts: Some(Address::repeat_byte(8)),
            route: Some(Address::repeat_byte(9)),
            converter: Some(Address::repeat_byte(10)),
        },
    }
}

fn log(address: Address, event: &impl SolEvent) -> FakeLog {
    let data = event.encode_log_data();
    FakeLog {
        address,
        topics: data.topics().to_vec(),
        data: data.data,
    }
}

/// A deposit of `amount` by account `who`, as the contracts log it.
fn deposit(who: u8, amount: u64) -> Vec<FakeLog> {
    let (account, lst) = (Address::repeat_byte(who), U256::from(amount));
    vec![
        log(
            liquid().token,
            &token::Transfer {
                from: Address::ZERO,
                to: account,
                value: lst,
            },
        ),
        log(
            liquid().minter,
            &minter::Deposited {
                account,
                payer: account,
                hint: u16::MAX,
                coins: lst,
                lst,
            },
        ),
    ]
}

/// A small generator, so that a failing history can be repeated from its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Mines `count` blocks, a third of them with deposits, some with logs that are not ours.
fn mine(chain: &FakeChain, dice: &mut Dice, count: u64) {
    for _ in 0..count {
        let mut logs = Vec::new();
        for _ in 0..dice.roll(3) {
            if dice.roll(2) == 0 {
                logs.extend(deposit(0x20 + dice.roll(5) as u8, 1 + dice.roll(1_000_000)));
            }
        }
        if dice.roll(4) == 0 {
            // A stranger's log, and one of ours with a topic that only another of ours may use.
            let foreign = FakeLog {
                address: Address::repeat_byte(0x99),
                topics: vec![B256::repeat_byte(9)],
                data: Default::default(),
            };
            logs.push(foreign);
            let mut misplaced = deposit(0x77, 5).remove(0);
            misplaced.address = liquid().factory;
            logs.push(misplaced);
        }
        chain.mine_logs(logs);
    }
}

async fn pool(nodes: &[&FakeNode]) -> Pool {
    let endpoints = nodes.iter().map(|node| node.url()).collect();
    Pool::connect(PoolConfig {
        timeout_ms: 1_000,
        rounds: 2,
        ..PoolConfig::new(endpoints)
    })
    .await
    .unwrap()
}

async fn open(dir: &Path, window: u64) -> Store {
    let path = dir.join("omnibus.db");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        // The store before may still be closing.
        let opened = async {
            Store::migrate(&path).await?;
            Store::open(
                &path,
                Options {
                    reorg_window: window,
                    readers: 2,
                    ..Options::default()
                },
            )
            .await
        };
        match opened.await {
            Err(store::Error::Locked { .. }) if tokio::time::Instant::now() < deadline => {
                tokio::task::yield_now().await
            }
            other => return other.unwrap(),
        }
    }
}

fn alerts(rules: &str) -> Arc<AlertManager> {
    Arc::new(AlertManager::new(Rules::parse(rules).unwrap(), &Channels::default()).unwrap())
}

fn indexer(pool: &Pool, store: &Store, alerts: Arc<AlertManager>) -> Indexer {
    let config = IndexerConfig {
        chunk: 37,
        poll: Duration::from_millis(5),
        retry: Duration::from_millis(5),
    };
    Indexer::new(pool.clone(), store.clone(), contracts(3), alerts, config).unwrap()
}

/// Runs the indexer until its status is as wanted.
async fn run_until(indexer: &Indexer, wanted: impl FnMut(&IndexStatus) -> bool) {
    let mut status = indexer.status();
    tokio::time::timeout(PATIENCE, async {
        tokio::select! {
            result = indexer.run() => panic!("{result:?}"),
            seen = status.wait_for(wanted) => { seen.unwrap(); }
        }
    })
    .await
    .expect("in time");
}

async fn run_to_head(indexer: &Indexer, chain: &FakeChain, store: &Store) {
    // By hash: after a reorganisation the same number is another block.
    let mut status: watch::Receiver<IndexStatus> = indexer.status();
    tokio::time::timeout(PATIENCE, async {
        let reached = async {
            while store
                .cursor()
                .await
                .unwrap()
                .is_none_or(|c| c.hash != chain.head().hash)
            {
                status.changed().await.unwrap();
            }
        };
        tokio::select! {
            result = indexer.run() => panic!("{result:?}"),
            () = reached => {}
        }
    })
    .await
    .expect("in time");
}

/// The store holds the chain's logs of ours, each once and nothing else.
async fn assert_complete(chain: &FakeChain, store: &Store) {
    let decoder = Decoder::new(contracts(3)).unwrap();
    let expected: Vec<_> = chain
        .logs()
        .into_iter()
        .filter(|log| log.block_number.unwrap() >= 3)
        .filter(|log| {
            let deposited = log.address() == liquid().minter;
            deposited || log.address() == liquid().token
        })
        .map(|log| {
            (
                log.block_number.unwrap(),
                log.log_index.unwrap(),
                log.transaction_hash.unwrap(),
            )
        })
        .collect();
    let mut page = store::PageRequest {
        cursor: None,
        limit: 500,
    };
    let mut found = Vec::new();
    loop {
        let events = store
            .events(&store::EventFilter::default(), &page)
            .await
            .unwrap();
        found.extend(
            events
                .items
                .iter()
                .map(|e| (e.block, e.log_index, e.tx_hash)),
        );
        page.cursor = events.next;
        if page.cursor.is_none() {
            break;
        }
    }
    found.reverse();
    assert_eq!(found, expected);
    assert!(!decoder.filter().topics.is_empty());
}

/// The hash of an index that was made in one go.
async fn clean_hash(chain: &FakeChain, pool: &Pool, window: u64) -> B256 {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), window).await;
    run_to_head(&indexer(pool, &store, alerts("")), chain, &store).await;
    store.table_hash().await.unwrap()
}
