//! The engine on a scripted minter with a long ladder of buckets, which is all that it does.

use super::*;
use crate::{Config, Job, Keeper, Mode, Report, Verdict};
use alloy::sol_types::{SolCall, SolValue};
use chain::bindings::{
    ILiquidMinter as M, IPlumeStaking as S,
    minter::ILiquidMinterTypes::{BucketInfo, LineState, ValidatorState},
};
use std::collections::BTreeSet;
use store::{Block, RangeBatch};

const MINTER: Address = Address::repeat_byte(0x11);
const SAFETY: u64 = 3_600;
/// As `make bench` measured it on the contracts, rounded up: `liquid.sweep.1` and `liquid.sweep.20`.
const SWEEP_GAS: u64 = 60_000;
const SWEEP_GAS_EACH: u64 = 95_000;

#[derive(Clone)]
struct Bucket {
    /// When its cooldown ends.
    end: u64,
    cooling: u64,
    /// Its `withdraw` reverts.
    fails: bool,
}

/// Minter and staking system in one: sweeps as `LiquidKeeper._sweepUpTo` does.
#[derive(Clone)]
struct Ladder {
    buckets: Vec<Vec<Bucket>>,
    cursors: Vec<usize>,
}

impl Ladder {
    fn new(validators: usize, of_each: Vec<Bucket>) -> Self {
        Self {
            cursors: vec![0; validators],
            buckets: vec![of_each; validators],
        }
    }

    fn sweep(&mut self, id: u16, most: U256, now: u64) -> (u64, u64, Vec<FakeLog>) {
        let buckets = &mut self.buckets[usize::from(id)];
        let cursor = &mut self.cursors[usize::from(id)];
        let (mut swept, mut tried, mut logs) = (0, 0, Vec::new());
        for _ in 0..buckets.len() {
            if U256::from(tried) == most {
                break;
            }
            let bucket = &mut buckets[*cursor];
            if bucket.cooling != 0 && bucket.end <= now {
                tried += 1;
                if !bucket.fails {
                    bucket.cooling = 0;
                    swept += 1;
                    logs.push(FakeLog {
                        address: MINTER,
                        topics: vec![B256::repeat_byte(0x5e)],
                        data: (U256::from(id), U256::from(*cursor)).abi_encode().into(),
                    });
                }
            }
            *cursor = (*cursor + 1) % buckets.len();
        }
        (swept, tried, logs)
    }

    /// What the view asks for besides the ladder: a quiet minter.
    fn rest(&self, selector: [u8; 4]) -> Vec<u8> {
        let zero = U256::ZERO;
        match selector {
            M::lineCall::SELECTOR => LineState::default().abi_encode(),
            M::flagsCall::SELECTOR => (zero, zero, zero, zero, zero, false).abi_encode(),
            M::keeperParamsCall::SELECTOR => {
                (zero, zero, zero, zero, U256::from(SAFETY), zero, zero, zero).abi_encode()
            }
            M::feesAndRatiosCall::SELECTOR => (zero, zero, zero, zero, zero, zero).abi_encode(),
            M::getBufferAndQueueStatsCall::SELECTOR => (zero, zero, zero, zero, zero).abi_encode(),
            M::validatorsCall::SELECTOR => {
                let ids: Vec<u16> = (0..).take(self.buckets.len()).collect();
                M::validatorsCall::abi_encode_returns(&ids)
            }
            M::stakingCall::SELECTOR => MINTER.abi_encode(),
            M::vaultCall::SELECTOR => Address::ZERO.abi_encode(),
            S::getValidatorsListCall::SELECTOR => {
                S::getValidatorsListCall::abi_encode_returns(&Vec::new())
            }
            S::getValidatorInfoCall::SELECTOR => {
                S::getValidatorInfoCall::abi_encode_returns(&S::getValidatorInfoReturn {
                    info: S::ValidatorInfo {
                        active: true,
                        ..S::ValidatorInfo::default()
                    },
                    totalStaked: zero,
                    stakers: zero,
                })
            }
            // Every other view is of one number.
            _ => zero.abi_encode(),
        }
    }
}

impl Contract for Ladder {
    fn call(&mut self, message: &Message) -> Result<Reply, Bytes> {
        let selector: [u8; 4] = message.data[..4].try_into().unwrap();
        let mut reply = Reply::default();
        reply.output = match selector {
            M::sweepMaturedBucketsCall::SELECTOR => {
                let call = M::sweepMaturedBucketsCall::abi_decode(&message.data).unwrap();
                let (swept, tried, logs) =
                    self.sweep(call.validatorId, call.maxToSweep, message.timestamp);
                reply.logs = logs;
                reply.gas = SWEEP_GAS + SWEEP_GAS_EACH * tried;
                (U256::from(swept), U256::from(swept)).abi_encode().into()
            }
            M::getBucketsCall::SELECTOR => {
                let call = M::getBucketsCall::abi_decode(&message.data).unwrap();
                let list = self.buckets[usize::from(call.validatorId)].iter();
                let list = list.map(|bucket| BucketInfo {
                    bucket: Address::ZERO,
                    nextAvailableTime: U256::from(bucket.end + SAFETY),
                    activeStake: U256::ZERO,
                    coolingAmount: U256::from(bucket.cooling),
                });
                M::getBucketsCall::abi_encode_returns(&list.collect()).into()
            }
            M::validatorStateCall::SELECTOR => {
                let call = M::validatorStateCall::abi_decode(&message.data).unwrap();
                let id = usize::from(call.validatorId);
                let state = ValidatorState {
                    registered: true,
                    buckets: U256::from(self.buckets[id].len()),
                    targetBuckets: U256::from(self.buckets[id].len()),
                    sweepCursor: U256::from(self.cursors[id]),
                    ..ValidatorState::default()
                };
                state.abi_encode().into()
            }
            other => self.rest(other).into(),
        };
        Ok(reply)
    }

    fn boxed(&self) -> Box<dyn Contract> {
        Box::new(self.clone())
    }
}

struct Sweeping {
    chain: FakeChain,
    node: FakeNode,
    store: Store,
    keeper: Keeper,
    _dir: tempfile::TempDir,
}

impl Sweeping {
    async fn new(ladder: Ladder) -> Self {
        let chain = chain();
        chain.install(MINTER, ladder);
        chain.mine(1);
        let node = FakeNode::start(&chain).await;
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).await;
        let mut config = Config {
            minter: Some(MINTER),
            send: policy(),
            ..Config::default().with_all(Mode::Off)
        };
        config.jobs.insert(Job::Sweep, Mode::On);
        let signer = Some(Arc::new(key()) as crate::DynSigner);
        let keeper = Keeper::new(config, store.clone(), pool(node.url()).await, signer)
            .await
            .unwrap();
        Self {
            chain,
            node,
            store,
            keeper,
            _dir: dir,
        }
    }

    /// A tick with the index at the head, and a block for what it sent. Returns its reports and how often it asked the node.
    async fn tick(&mut self) -> (Vec<Report>, usize) {
        let head = self.chain.head();
        let first = self.store.cursor().await.unwrap();
        let first = first.map_or(0, |cursor| cursor.number + 1);
        let batch = RangeBatch {
            first,
            last: Block {
                number: head.number,
                hash: head.hash,
                parent: head.parent_hash,
                timestamp: head.timestamp,
                events: 0,
            },
            blocks: vec![],
            events: vec![],
            alerts: vec![],
        };
        self.store.apply_range(batch).await.unwrap();
        let before = self.node.requests().len();
        let reports = self.keeper.tick().await.unwrap();
        let asked = self.node.requests().len() - before;
        self.chain.mine(1);
        (reports, asked)
    }

    /// How many buckets were swept, none of them twice.
    fn swept(&self) -> usize {
        let logs = self.chain.logs();
        let swept: BTreeSet<_> = logs.iter().map(|log| log.data().data.clone()).collect();
        assert_eq!(swept.len(), logs.len(), "a bucket was swept twice");
        swept.len()
    }
}

fn sent(reports: &[Report]) -> usize {
    let sent = reports
        .iter()
        .filter(|report| report.verdict == Verdict::Sent);
    sent.count()
}

/// One that matured a minute before the scripted chain began.
fn matured() -> Bucket {
    Bucket {
        end: chain().head().timestamp - 60,
        cooling: 1,
        fails: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o9_ten_thousand_matured_buckets_are_swept_by_pages_and_each_tick_gets_on() {
    // More than a minter can have: it takes 32 validators.
    const VALIDATORS: usize = 79;
    const EACH: usize = 128;
    let mut world = Sweeping::new(Ladder::new(VALIDATORS, vec![matured(); EACH])).await;
    let page = Config::default().sweep_page as usize;
    let all = VALIDATORS * EACH;
    assert!(all > 10_000);
    let (mut ticks, mut most_asked, mut done) = (0, 0, 0);
    while done < all {
        let (reports, asked) = world.tick().await;
        assert_eq!(sent(&reports), VALIDATORS, "{reports:?}");
        ticks += 1;
        most_asked = most_asked.max(asked);
        let now = world.swept();
        assert!(now > done, "tick {ticks} got nowhere");
        assert!(now - done <= VALIDATORS * page);
        done = now;
    }
    assert_eq!(ticks, EACH.div_ceil(page));
    let mined = world.chain.mined_from(key().address());
    assert_eq!(mined.len(), ticks * VALIDATORS, "nothing is sent twice");
    for receipt in mined {
        assert!(receipt.succeeded());
        assert!(receipt.logs.len() <= page);
        assert!(receipt.gas_used < 3_000_000, "{}", receipt.gas_used);
    }
    // It comes to rest.
    let (reports, _) = world.tick().await;
    assert_eq!(sent(&reports), 0, "{reports:?}");
    // What a tick asks goes by validators, not by buckets: as many with one bucket each.
    let mut small = Sweeping::new(Ladder::new(VALIDATORS, vec![matured()])).await;
    let (reports, first) = small.tick().await;
    assert_eq!(sent(&reports), VALIDATORS);
    let (_, second) = small.tick().await;
    println!(
        "{ticks} ticks, at most {most_asked} requests in one; with one bucket each {first}, {second}"
    );
    assert!(most_asked <= first + second, "{most_asked}");
    assert!(most_asked <= 25 * VALIDATORS, "{most_asked}");
}

#[tokio::test]
async fn o9_a_page_of_buckets_that_fail_keeps_no_other_waiting() {
    let mut buckets = vec![
        Bucket {
            fails: true,
            ..matured()
        };
        60
    ];
    buckets.extend(vec![matured(); 40]);
    let mut world = Sweeping::new(Ladder::new(1, buckets)).await;
    // Two pages that fail, one that fails in part, one that does not.
    for swept in [0, 0, 15, 40] {
        let (reports, _) = world.tick().await;
        assert_eq!(sent(&reports), 1, "{reports:?}");
        assert_eq!(world.swept(), swept);
    }
    // What is left fails: no gas is spent on it.
    for _ in 0..3 {
        let (reports, _) = world.tick().await;
        assert_eq!(sent(&reports), 0, "{reports:?}");
    }
    assert_eq!(world.chain.mined_from(key().address()).len(), 4);
}

#[tokio::test]
async fn o14_plans_go_by_the_chains_clock_and_not_by_ours() {
    // The scripted chain lives in 2023: our clock is years ahead.
    let now = chain().head().timestamp;
    assert!(store::unix_now() > now + 365 * 86_400);
    let later = |seconds: u64| Bucket {
        end: now + seconds,
        ..matured()
    };
    let buckets = vec![later(3_600), later(20 * 365 * 86_400)];
    let mut world = Sweeping::new(Ladder::new(1, buckets)).await;
    let (reports, _) = world.tick().await;
    assert_eq!(reports[0].verdict, Verdict::Idle, "{reports:?}");
    world.chain.warp(3_600);
    world.chain.mine(1);
    let (reports, _) = world.tick().await;
    assert_eq!(sent(&reports), 1, "{reports:?}");
    assert_eq!(world.swept(), 1);
    let (reports, _) = world.tick().await;
    assert_eq!(sent(&reports), 0, "{reports:?}");
    // And now years behind: what the chain says has matured is swept.
    world.chain.warp(20 * 365 * 86_400);
    world.chain.mine(1);
    assert!(store::unix_now() < world.chain.head().timestamp);
    let (reports, _) = world.tick().await;
    assert_eq!(sent(&reports), 1, "{reports:?}");
    assert_eq!(world.swept(), 2);
}
