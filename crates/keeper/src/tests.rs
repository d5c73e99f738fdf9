//! Against a scripted chain over loopback HTTP and a real store.

mod basket_jobs;
mod basket_real;
mod crash;
mod faults;
mod jobs;
mod ladder;
mod real;
mod send;

use crate::{Call, Lease, Order, SendPolicy, Sender};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::{BlockId, eip2718::Encodable2718},
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, TxKind, U256},
    signers::local::PrivateKeySigner,
};
use chain::{
    Pool, PoolConfig, SensitiveUrl,
    fake::{Contract, FakeChain, FakeLog, FakeNode, Message, Reply},
};
use std::{path::Path, sync::Arc};
use store::{Options, Store, WorkKey};

const CHAIN: u64 = 31_337;
const GWEI: u128 = 1_000_000_000;
const COUNTER: Address = Address::repeat_byte(0xc0);

/// Counts how often it was called with data; a plain call reads the count.
#[derive(Clone, Default)]
struct Counter(u64);

impl Contract for Counter {
    fn call(&mut self, message: &Message) -> Result<Reply, Bytes> {
        if message.data.as_ref() == [0xff] {
            return Err(Bytes::new());
        }
        if !message.data.is_empty() {
            self.0 += 1;
        }
        let topic = B256::with_last_byte(1);
        let log = FakeLog {
            address: message.to,
            topics: vec![topic],
            data: message.data.clone(),
        };
        Ok(Reply {
            output: U256::from(self.0).to_be_bytes_vec().into(),
            logs: vec![log],
            gas: 30_000,
        })
    }
    fn boxed(&self) -> Box<dyn Contract> {
        Box::new(self.clone())
    }
}

fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x42)).unwrap()
}

fn policy() -> SendPolicy {
    SendPolicy {
        confirmations: 0,
        replace_after: 3600,
        poll_ms: 10,
        max_fee_per_gas: 1_000 * GWEI as u64,
        ..SendPolicy::default()
    }
}

/// A chain with the counter and a funded signer.
fn chain() -> FakeChain {
    let chain = FakeChain::new(CHAIN);
    chain.install(COUNTER, Counter::default());
    chain.fund(key().address(), U256::from(10).pow(U256::from(21)));
    chain.mine(1);
    chain
}

async fn pool(url: SensitiveUrl) -> Pool {
    Pool::connect(PoolConfig {
        timeout_ms: 2_000,
        rounds: 1,
        ..PoolConfig::new(vec![url])
    })
    .await
    .unwrap()
}

async fn open(dir: &Path) -> Store {
    open_with(dir, Options::default()).await
}

async fn open_with(dir: &Path, options: Options) -> Store {
    let path = dir.join("omnibus.db");
    // The writer of the holder before (in this process) may still be on its way out.
    loop {
        match Store::migrate(&path).await {
            Err(store::Error::Locked { .. }) => tokio::task::yield_now().await,
            done => {
                done.unwrap();
                break;
            }
        }
    }
    Store::open(&path, options).await.unwrap()
}

struct World {
    chain: FakeChain,
    node: FakeNode,
    store: Store,
    sender: Sender,
    _dir: tempfile::TempDir,
}

async fn world(policy: SendPolicy) -> World {
    let chain = chain();
    let node = FakeNode::start(&chain).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let lease = Lease::take(&store, "test").await.unwrap();
    let sender = Sender::new(
        store.clone(),
        pool(node.url()).await,
        Arc::new(key()),
        policy,
        lease,
    )
    .unwrap();
    World {
        chain,
        node,
        store,
        sender,
        _dir: dir,
    }
}

/// An order to advance the counter from `count`.
fn order(count: u64) -> Order {
    let key = WorkKey {
        chain_id: CHAIN,
        contract: COUNTER,
        job: "count".into(),
        target: String::new(),
        precondition: U256::from(count).into(),
    };
    Order {
        key,
        call: Call {
            to: Some(COUNTER),
            data: Bytes::from_static(&[1]),
            value: U256::ZERO,
            gas_least: 0,
        },
        reason: "test".into(),
        nonce: None,
    }
}

async fn count(node: &FakeNode) -> u64 {
    let answer = pool(node.url())
        .await
        .call(COUNTER, Bytes::new(), BlockId::latest())
        .await
        .unwrap();
    U256::from_be_slice(&answer).to()
}

/// Every byte string that was offered to the node.
fn offered(node: &FakeNode) -> Vec<String> {
    let sent = node
        .requests()
        .into_iter()
        .filter(|(method, _)| method == "eth_sendRawTransaction");
    sent.map(|(_, params)| params[0].as_str().unwrap().to_owned())
        .collect()
}

/// A transaction of another program that uses the same key.
fn foreign(nonce: u64, max_fee: u128) -> Bytes {
    let mut transaction = TxEip1559 {
        chain_id: CHAIN,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: max_fee,
        max_priority_fee_per_gas: max_fee,
        to: TxKind::Call(Address::repeat_byte(0xdd)),
        ..TxEip1559::default()
    };
    let signature = key().sign_transaction_sync(&mut transaction).unwrap();
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}
