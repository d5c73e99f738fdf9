use super::*;
use crate::{
    ChainError, Completeness, FollowConfig, Follower, Log, LogFilter, LogReader, Step, Window,
    fake::{Dropped, NodeFault},
};
use std::time::Duration;

fn filter() -> LogFilter {
    let (address, topic) = emitter();
    LogFilter {
        addresses: vec![address],
        topics: vec![topic],
    }
}

/// `blocks` blocks, every third with one or two of our logs and a stranger's.
fn history(blocks: u64) -> FakeChain {
    let chain = FakeChain::new(CHAIN);
    for number in 1..=blocks {
        if number % 3 == 0 {
            let stranger = FakeLog {
                address: Address::repeat_byte(0x77),
                ..log(0)
            };
            let mut logs = vec![log(1), stranger];
            if number % 2 == 0 {
                logs.push(log(2));
            }
            chain.mine_logs(logs);
        } else {
            chain.mine(1);
        }
    }
    chain
}

/// The truth, from the chain itself.
fn truth(chain: &FakeChain, from: u64, to: u64) -> Vec<Log> {
    let (address, _) = emitter();
    chain
        .logs()
        .into_iter()
        .filter(|log| log.address() == address && (from..=to).contains(&log.block_number.unwrap()))
        .collect()
}

#[tokio::test]
async fn o5_every_range_refusal_is_bisected() {
    let chain = history(200);
    for (limit, code, words) in [
        (64, -32005, "query returned more than 10000 results"),
        (10, -32602, "Log response size exceeded"),
        (7, -32000, "exceed maximum block range: 7"),
        (1, 35, "ranges over 1 blocks are not supported on freetier"),
        (33, -32000, "words that nobody has heard before"),
    ] {
        let node = node(&chain).await;
        node.set_range_limit(limit, code, words);
        let reader = LogReader::new(pool(&[&node]).await, filter());
        let read = reader.range(5, 190).await.unwrap();
        assert_eq!(read.logs, truth(&chain, 5, 190), "{words}");
        assert_eq!(read.headers.len(), 186);
        let seen = reader.completeness();
        assert!(seen.bisections > 0);
        assert_eq!(
            (seen.blocks, seen.holes_found, seen.holes_left),
            (186, 0, 0)
        );
        // The lesson stays: the next range does not start from the widest guess again.
        reader.range(5, 190).await.unwrap();
        assert!(
            reader.completeness().bisections - seen.bisections < seen.bisections,
            "{words}"
        );
    }
    let node = node(&chain).await;
    node.set_result_limit(5, -32005, "query returned more than 5 results");
    let reader = LogReader::new(pool(&[&node]).await, filter());
    assert_eq!(
        reader.range(0, 200).await.unwrap().logs,
        truth(&chain, 0, 200)
    );
}

#[tokio::test]
async fn o5_a_failing_chunk_in_the_middle_gives_no_partial_result() {
    let chain = history(60);
    let node = node(&chain).await;
    let reader = LogReader::new(pool(&[&node]).await, filter());
    node.set_range_limit(3, -32000, "block range is too wide");
    reader.range(1, 60).await.unwrap();
    for well in [0, 6, 12] {
        // Some chunks are answered, then one in the middle fails, in each round; the rest would be answered again.
        node.fail_after(
            well,
            Some("eth_getLogs"),
            NodeFault::Http(500, String::new()),
            Some(2),
        );
        let before = node.count("eth_getLogs");
        let error = reader.range(1, 60).await.unwrap_err();
        assert!(
            matches!(error, ChainError::Unavailable { .. }),
            "{well}: {error}"
        );
        assert_eq!(node.count("eth_getLogs") - before, u64::from(well) + 2);
    }
    node.heal();
    assert_eq!(
        reader.range(1, 60).await.unwrap().logs,
        truth(&chain, 1, 60)
    );
    assert_eq!(reader.completeness().holes_left, 0);
}

#[tokio::test]
async fn o5_empty_logs_against_a_positive_bloom_are_fetched_elsewhere() {
    let chain = history(60);
    let (liar, honest) = (node(&chain).await, node(&chain).await);
    for number in [9, 30, 31, 57] {
        liar.hide_logs(number);
    }
    // The liar is the primary: the other one was down when the first request came.
    honest.fail(None, NodeFault::Http(503, String::new()), Some(1));
    let pool = pool(&[&liar, &honest]).await;
    pool.latest().await.unwrap();
    pool.probe().await;
    assert_eq!(pool.usable(), 2);
    let reader = LogReader::new(pool.clone(), filter());
    let read = reader.range(0, 60).await.unwrap();
    assert_eq!(read.logs, truth(&chain, 0, 60));
    let seen = reader.completeness();
    assert_eq!(
        (seen.holes_found, seen.holes_left),
        (3, 0),
        "9, 30, 57; block 31 has none of our logs"
    );
    assert!(pool.status()[0].errors_per_mille > 0);
    // Live, one block at a time, from a pool of the liar alone: proven by the receipts of an honest node or refused.
    let header = chain.block(30);
    let alone = LogReader::new(super::pool(&[&liar]).await, filter());
    let error = alone.block(&header).await.unwrap_err();
    assert!(
        matches!(error, ChainError::Hole { block: 30, .. }),
        "{error}"
    );
    assert_eq!(alone.completeness().holes_left, 1);
    let error = alone.range(20, 40).await.unwrap_err();
    assert!(
        matches!(error, ChainError::Hole { block: 30, .. }),
        "{error}"
    );
    liar.heal();
    assert_eq!(alone.block(&header).await.unwrap(), truth(&chain, 30, 30));
    assert_eq!(alone.completeness().holes_left, 0);
}

#[tokio::test]
async fn o5_one_endpoint_that_drops_logs_once_is_caught() {
    let chain = history(12);
    let node = node(&chain).await;
    let reader = LogReader::new(pool(&[&node]).await, filter());
    // The log index of the node is behind its headers: an empty list, once.
    node.fail(
        Some("eth_getLogs"),
        NodeFault::Result(serde_json::json!([])),
        Some(1),
    );
    assert_eq!(
        reader.range(0, 12).await.unwrap().logs,
        truth(&chain, 0, 12)
    );
    let seen = reader.completeness();
    assert_eq!(
        (seen.suspects, seen.holes_found, seen.holes_left),
        (4, 4, 0)
    );
}

#[tokio::test]
async fn o5_false_positives_are_proven_by_receipts_or_counted() {
    // A stranger's log with our address as its topic and our topic elsewhere: the bloom is positive, no log is ours.
    let chain = FakeChain::new(CHAIN);
    let (address, topic) = emitter();
    let decoy = |address: Address, topic: B256| FakeLog {
        address,
        topics: vec![topic],
        data: Bytes::new(),
    };
    chain.mine_logs(vec![
        decoy(address, B256::repeat_byte(5)),
        decoy(Address::repeat_byte(6), topic),
    ]);
    let node = node(&chain).await;
    let pool = pool(&[&node]).await;
    let reader = LogReader::new(pool.clone(), filter());
    assert_eq!(reader.range(0, 1).await.unwrap().logs, []);
    let proven = Completeness {
        blocks: 2,
        suspects: 1,
        ..Completeness::default()
    };
    assert_eq!(reader.completeness(), proven);
    node.without("eth_getBlockReceipts");
    assert_eq!(reader.range(0, 1).await.unwrap().logs, []);
    assert_eq!(
        reader.completeness(),
        Completeness {
            blocks: 4,
            suspects: 2,
            unproven: 1,
            ..proven
        }
    );
}

#[tokio::test]
async fn o5_foreign_logs_are_never_taken() {
    let chain = history(30);
    let (liar, honest) = (node(&chain).await, node(&chain).await);
    let genuine = truth(&chain, 6, 6).remove(0);
    let mut of_another_branch = genuine.clone();
    of_another_branch.block_hash = Some(B256::repeat_byte(3));
    let mut not_in_bloom = truth(&chain, 9, 9).remove(0);
    not_in_bloom.block_number = Some(7);
    not_in_bloom.block_hash = Some(chain.block(7).hash);
    let mut other_contract = genuine.clone();
    other_contract.inner.address = Address::repeat_byte(0x77);
    let mut removed = genuine;
    removed.removed = true;
    for forged in [of_another_branch, not_in_bloom, other_contract, removed] {
        for nodes in [vec![&liar, &honest], vec![&liar]] {
            liar.heal();
            let reader = LogReader::new(pool(&nodes).await, filter());
            liar.add_foreign_log(forged.clone());
            match reader.range(0, 30).await {
                Ok(read) => assert_eq!(read.logs, truth(&chain, 0, 30)),
                Err(error) => {
                    assert_eq!(nodes.len(), 1, "{error}");
                    assert!(
                        matches!(error, ChainError::Hole { .. } | ChainError::Moved { .. }),
                        "{error}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn o5_a_reorg_between_headers_and_logs_is_noticed() {
    let chain = history(30);
    let node = node(&chain).await;
    let reader = LogReader::new(pool(&[&node]).await, filter());
    let header = chain.block(30);
    chain.reorg(1, Dropped::Vanish);
    chain.mine_logs(vec![log(9)]);
    let error = reader.block(&header).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(
        reader.range(20, 30).await.unwrap().logs,
        truth(&chain, 20, 30)
    );
    assert!(matches!(
        reader.range(20, 31).await.unwrap_err(),
        ChainError::BlockUnavailable(31)
    ));
    assert!(matches!(
        reader.range(5, 4).await.unwrap_err(),
        ChainError::EmptyRange { from: 5, to: 4 }
    ));
}

#[tokio::test]
async fn o5_history_hands_over_to_live_without_double_or_hole() {
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let chain = history(50);
        let node = node(&chain).await;
        node.set_range_limit(16, -32000, "block range is too wide");
        let pool = pool(&[&node]).await;
        let reader = LogReader::new(pool.clone(), filter());
        let depth = 8;
        // History up to what is final, in pages, while the chain goes on.
        let mut logs = Vec::new();
        let mut headers = Vec::new();
        let mut next = 0;
        loop {
            let end = pool.latest().await.unwrap().number.saturating_sub(depth);
            if next > end {
                break;
            }
            let page = reader.range(next, end.min(next + 19)).await.unwrap();
            next = page.headers.last().unwrap().number + 1;
            logs.extend(page.logs);
            headers.extend(page.headers);
            if dice.roll(2) == 0 {
                chain.mine_logs(vec![log(3)]);
            }
        }
        let mut follower = Follower::new(
            pool,
            Window::resume(headers, 32).unwrap(),
            FollowConfig {
                poll: Duration::from_millis(5),
            },
        );
        // Live, with reorgs down to the finality depth.
        for _ in 0..30 {
            match dice.roll(4) {
                0 => {
                    chain.reorg(dice.roll(depth), Dropped::Vanish);
                    chain.mine(1);
                }
                1 => {
                    chain.mine_logs(vec![log(4), log(5)]);
                }
                _ => live(&mut follower, &reader, &mut logs, 3).await,
            }
        }
        chain.mine(depth);
        live(&mut follower, &reader, &mut logs, u64::MAX).await;
        assert_eq!(logs, truth(&chain, 0, chain.head().number), "seed {seed}");
        assert_eq!(reader.completeness().holes_left, 0);
    }
}

async fn live(follower: &mut Follower, reader: &LogReader, logs: &mut Vec<Log>, steps: u64) {
    for _ in 0..steps {
        match follower.step().await {
            Ok(Some(Step::Applied(block))) => match reader.block(&block).await {
                Ok(found) => logs.extend(found),
                // It left the chain in between; the rollback will follow.
                Err(error) => assert!(error.is_transient(), "{error}"),
            },
            Ok(Some(Step::Rollback { to, .. })) => {
                logs.retain(|log| log.block_number.unwrap() <= to.number)
            }
            Ok(_) => break,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    }
}
