//! Loopback tests: real HTTP, scripted nodes.

mod logs;
mod pool;
mod reorg;

use crate::{
    Pool, PoolConfig, SensitiveUrl,
    fake::{FakeChain, FakeLog, FakeNode},
};
use alloy::primitives::{Address, B256, Bytes};

const CHAIN: u64 = 98_866;

fn config(nodes: &[&FakeNode]) -> PoolConfig {
    config_for(nodes.iter().map(|node| node.url()).collect())
}

fn config_for(endpoints: Vec<SensitiveUrl>) -> PoolConfig {
    PoolConfig {
        timeout_ms: 300,
        rounds: 2,
        ..PoolConfig::new(endpoints)
    }
}

async fn pool(nodes: &[&FakeNode]) -> Pool {
    Pool::connect(config(nodes)).await.unwrap()
}

/// A contract address, a topic, and a log of them.
fn emitter() -> (Address, B256) {
    (Address::repeat_byte(0xaa), B256::repeat_byte(0x11))
}

fn log(data: u8) -> FakeLog {
    let (address, topic) = emitter();
    FakeLog {
        address,
        topics: vec![topic],
        data: Bytes::from(vec![data]),
    }
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

async fn node(chain: &FakeChain) -> FakeNode {
    FakeNode::start(chain).await
}
