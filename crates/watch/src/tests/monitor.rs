use super::*;
use crate::{Monitor, MonitorConfig, printable};
use alloy::{
    primitives::{Bytes, keccak256},
    sol_types::SolCall,
};
use chain::{
    bindings::{
        amm_route::IAmmRoute as route,
        liquid_halt::LiquidHalt as halt,
        minter::ILiquidMinterTypes,
        staking::{IPlumeStaking as staking, IPlumeStaking::ValidatorInfo},
        vault::ILiquidVault as vault,
    },
    fake::{Contract, Message, Reply},
};
use std::{collections::BTreeMap, sync::Mutex};
use store::{AlertState, PageRequest};

const HOSTILE: &str = "\u{202e}evil\n@everyone <b>";

/// Answers calls by selector; a test may change the answers.
#[derive(Clone, Default)]
struct Views(Arc<Mutex<BTreeMap<[u8; 4], Bytes>>>);

impl Views {
    fn set<C: SolCall>(&self, answer: &C::Return) {
        self.0
            .lock()
            .unwrap()
            .insert(C::SELECTOR, C::abi_encode_returns(answer).into());
    }
}

impl Contract for Views {
    fn call(&mut self, message: &Message) -> Result<Reply, Bytes> {
        let selector: [u8; 4] = message.data[..4].try_into().unwrap();
        let answer = self.0.lock().unwrap().get(&selector).cloned();
        Ok(Reply {
            output: answer.ok_or_else(Bytes::new)?,
            ..Default::default()
        })
    }
    fn boxed(&self) -> Box<dyn Contract> {
        Box::new(self.clone())
    }
}

fn u(value: u64) -> U256 {
    U256::from(value)
}

/// What a minter with one validator of three buckets would say; `now` is the block's time.
fn views(now: u64) -> (Views, Views) {
    let m = Views::default();
    m.set::<minter::getBufferAndQueueStatsCall>(&minter::getBufferAndQueueStatsReturn {
        buffer: u(100),
        reserved: u(10),
        unstakedTotal: u(70),
        headroom: u(90),
        totalQueued: u(1_000),
    });
    m.set::<minter::rateCall>(&U256::from(10).pow(u(27)));
    m.set::<minter::insuranceCall>(&u(40));
    m.set::<minter::supplyCall>(&u(12));
    m.set::<minter::assetsCall>(&u(1_000));
    m.set::<minter::activeStakeCall>(&u(840));
    m.set::<minter::committedCall>(&u(15));
    m.set::<minter::dueCall>(&u(0));
    m.set::<minter::bufferTargetCall>(&u(17));
    m.set::<minter::instantLiquidityCall>(&u(18));
    m.set::<minter::freeToStakeCall>(&u(0));
    m.set::<minter::feesCall>(&u(3));
    m.set::<minter::lineCall>(&ILiquidMinterTypes::LineState {
        end: u(50),
        watermark: u(20),
        c: u(0),
        b: u(0),
        openLst: u(21),
        stagedLst: u(22),
        openRung: u(2),
        openCount: u(1),
        lastClosedAt: u(0),
        committed: u(15),
        nextDeparture: u(0),
        latestEta: u(0),
        marks: u(5),
        marksDone: u(3),
        checkpoints: u(1),
    });
    m.set::<minter::flagsCall>(&minter::flagsReturn {
        _0: u(now + 60),
        _1: u(0),
        _2: u(0),
        _3: u(now - 30),
        _4: u(0),
        _5: true,
    });
    m.set::<minter::keeperParamsCall>(&minter::keeperParamsReturn {
        _0: u(0),
        _1: u(0),
        _2: u(0),
        _3: u(0),
        _4: u(3_600),
        _5: u(0),
        _6: u(0),
        _7: u(0),
    });
    m.set::<minter::validatorsCall>(&vec![7]);
    m.set::<minter::validatorStateCall>(&ILiquidMinterTypes::ValidatorState {
        registered: true,
        inactive: false,
        slashed: false,
        booked: false,
        weight: u(4),
        maxPercentageBps: u(9_000),
        active: u(420),
        cooling: u(70),
        buckets: u(4),
        targetBuckets: u(4),
        nextDeparture: u(0),
        sweepCursor: u(0),
        stakeCursor: u(0),
        claimCursor: u(0),
    });
    let bucket = |next: u64, active, cooling| ILiquidMinterTypes::BucketInfo {
        bucket: Address::ZERO,
        nextAvailableTime: u(next),
        activeStake: u(active),
        coolingAmount: u(cooling),
    };
    // Free; matured 7 h ago; matured just now (safety still runs); cooling for 100 s more.
    m.set::<minter::getBucketsCall>(&vec![
        bucket(0, 400, 0),
        bucket(now + 3_600 - 25_200, 20, 30),
        bucket(now + 3_600, 0, 20),
        bucket(now + 3_700, 0, 20),
    ]);
    m.set::<minter::totalQueuedWithdrawalsPerValidatorCall>(&u(33));
    let s = Views::default();
    s.set::<staking::getValidatorInfoCall>(&staking::getValidatorInfoReturn {
        info: ValidatorInfo {
            validatorId: 7,
            active: false,
            slashed: false,
            slashedAtTimestamp: u(0),
            maxCapacity: u(5_000),
            delegatedAmount: u(4_000),
            commission: u(5),
            l2AdminAddress: Address::ZERO,
            l2WithdrawAddress: Address::ZERO,
            l1ValidatorAddress: HOSTILE.to_owned(),
            l1AccountAddress: String::new(),
            l1AccountEvmAddress: Address::ZERO,
        },
        totalStaked: u(4_000),
        stakers: u(6),
    });
    s.set::<staking::getSlashVoteCountCall>(&u(2));
    (m, s)
}

/// A vault with rewards that wait, and a route whose one pool buys 3.5 % under the rate.
fn parts() -> [(Address, Views); 2] {
    let v = Views::default();
    v.set::<vault::totalSupplyCall>(&u(500));
    v.set::<vault::totalAssetsCall>(&u(620));
    v.set::<vault::lstHeldCall>(&u(600));
    v.set::<vault::coinsHeldCall>(&u(8));
    v.set::<vault::pendingRewardsCall>(&vault::pendingRewardsReturn {
        coins: u(20),
        lst: u(20),
    });
    let r = Views::default();
    let listed = |byte: u8| route::Pool {
        at: Address::repeat_byte(byte),
        style: 1,
        feeBps: 30,
    };
    r.set::<route::poolsCall>(&vec![listed(0xa1)]);
    r.set::<route::quotePoolCall>(&route::quotePoolReturn {
        sold: u(1_000),
        coins: u(965),
    });
    let at = liquid().parts;
    [(at.vault.unwrap(), v), (at.route.unwrap(), r)]
}

#[tokio::test]
async fn o16_the_monitor_reads_records_and_judges_at_one_block() {
    let chain = FakeChain::new(CHAIN);
    chain.mine(20);
    // Halted, and a vault whose rewards wait since its first deposit.
    let (who, code) = (Address::repeat_byte(0x21), Address::repeat_byte(0x22));
    let mut name = B256::ZERO;
    name[..8].copy_from_slice(b"haltCode");
    let at = liquid().parts.vault.unwrap();
    chain.mine_logs(vec![
        log(liquid().minter, &minter::AddressSet { name, value: code }),
        log(
            liquid().minter,
            &halt::Upgraded {
                implementation: code,
            },
        ),
        log(
            at,
            &vault::Transfer {
                from: Address::ZERO,
                to: who,
                value: u(7),
            },
        ),
        log(
            at,
            &vault::Deposit {
                sender: who,
                owner: who,
                assets: u(7),
                shares: u(7),
            },
        ),
    ]);
    let deposited = chain.head().timestamp;
    chain.mine(9);
    let node = FakeNode::start(&chain).await;
    let pool = pool(&[&node]).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 8).await;
    let keeper = Address::repeat_byte(0x55);
    chain.fund(keeper, u(9));
    // One short of the buffer and the reserve together.
    chain.fund(liquid().minter, u(139));
    let now = chain.head().timestamp;
    let (m, s) = views(now);
    chain.install(liquid().minter, m.clone());
    chain.install(liquid().staking, s.clone());
    for (address, views) in parts() {
        chain.install(address, views);
    }
    let shipped = Rules::shipped().unwrap();
    let manager = Arc::new(AlertManager::new(shipped, &Channels::default()).unwrap());
    let indexer = indexer(&pool, &store, Arc::clone(&manager));
    let config = MonitorConfig {
        every: Duration::from_secs(1),
        gas_accounts: vec![keeper],
    };
    let monitor = Monitor::new(
        pool.clone(),
        store.clone(),
        contracts(3),
        manager,
        indexer.status(),
        config,
    );
    assert!(monitor.look().await.unwrap().is_none());
    run_to_head(&indexer, &chain, &store).await;

    let snapshot = monitor.look().await.unwrap().unwrap();
    for (metric, value) in [
        ("headroom", 90),
        ("totalQueued", 1_000),
        ("tvl", 1_000),
        ("cooling", 70),
        ("insurance", 40),
        ("halted", 1),
        ("vaultShares", 500),
        ("vaultAssets", 620),
        ("vaultLst", 600),
        ("vaultCoins", 8),
        ("vaultPendingCoins", 20),
        ("vaultHarvestAge", now - deposited),
        ("pools", 1),
        ("openUnits", 30),
        ("marksWaiting", 2),
        ("syncAge", 30),
        ("instantPausedFor", 60),
        ("voteOpen", 1),
        ("coinsHeld", 139),
        ("coinsBooked", 140),
        ("buckets", 4),
        ("availableBuckets", 1),
        ("maturedBuckets", 2),
        ("maturedCoins", 50),
        ("oldestMaturedAge", 25_200),
        ("nextBucketAt", 0),
        ("indexLag", 0),
        ("validator/7/active", 0),
        ("validator/7/inactiveStake", 420),
        ("validator/7/slashVotes", 2),
        ("validator/7/capacityLeft", 1_000),
        ("validator/7/stakeShareBps", 5_000),
        ("validator/7/assetsShareBps", 4_200),
        ("validator/7/queued", 33),
    ] {
        assert_eq!(snapshot.metrics.get(metric), Some(&u(value)), "{metric}");
        let sample = store.latest_sample(metric).await.unwrap().unwrap();
        assert_eq!(
            (sample.value, sample.block),
            (value.to_string(), chain.head().number),
            "{metric}"
        );
    }
    assert_eq!(snapshot.metrics[&format!("gasBalance/{keeper}")], u(9));
    let pool = format!("pool/{:#x}/offBps", Address::repeat_byte(0xa1));
    assert_eq!(snapshot.metrics[&pool], u(350));
    assert_eq!(
        store
            .latest_sample("validator/7/name")
            .await
            .unwrap()
            .unwrap()
            .value,
        printable(HOSTILE)
    );
    // The store knows nothing of this minter: every figure but the rate and the zeros differs; of the parts the reserve,
    // the vault's shares, LST and coins, and the pools.
    assert_eq!(snapshot.metrics["indexMismatches"], u(13));

    let open = store
        .alerts(
            Some(AlertState::Open),
            &PageRequest {
                cursor: None,
                limit: 100,
            },
        )
        .await
        .unwrap()
        .items;
    let rules: Vec<_> = open.iter().map(|a| a.rule.as_str()).collect();
    assert!(now > deposited);
    for rule in [
        "halted",
        "matured-old",
        "slash-vote",
        "insolvent",
        "validator-inactive",
        "gas-low",
        "index-disagrees",
    ] {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
    // The first must hold for a while, the second has two of more than ten.
    assert!(
        !rules.contains(&"headroom-below-queue") && !rules.contains(&"matured-many"),
        "{rules:?}"
    );
    let vote = open.iter().find(|a| a.rule == "slash-vote").unwrap();
    assert!(
        vote.detail.contains(&printable(HOSTILE))
            && !vote.detail.contains('\u{202e}')
            && !vote.detail.contains('@'),
        "{}",
        vote.detail
    );

    // The vote is over, the headroom stays low: one ends, the other begins.
    s.set::<staking::getSlashVoteCountCall>(&u(0));
    chain.warp(3_600);
    chain.mine(1);
    chain.install(liquid().minter, m);
    chain.install(liquid().staking, s);
    for (address, views) in parts() {
        chain.install(address, views);
    }
    run_to_head(&indexer, &chain, &store).await;
    monitor.look().await.unwrap();
    let open = store
        .alerts(
            Some(AlertState::Open),
            &PageRequest {
                cursor: None,
                limit: 100,
            },
        )
        .await
        .unwrap()
        .items;
    let rules: Vec<_> = open.iter().map(|a| a.rule.as_str()).collect();
    assert!(
        rules.contains(&"headroom-below-queue")
            && rules.contains(&"pool-price-off")
            && !rules.contains(&"slash-vote"),
        "{rules:?}"
    );

    // A block that is gone takes its samples and alerts along, and a look at it is refused.
    let gone = store.cursor().await.unwrap().unwrap();
    store.rollback_to(gone.number - 1).await.unwrap();
    let error = store
        .record_samples(gone.number, gone.hash, vec![], vec![])
        .await
        .unwrap_err();
    assert!(matches!(error, store::Error::OtherBranch { .. }));
    assert_eq!(
        store
            .latest_sample("headroom")
            .await
            .unwrap()
            .unwrap()
            .block,
        gone.number - 1
    );
    assert_ne!(gone.hash, keccak256([]));
}
