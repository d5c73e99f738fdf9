use super::*;
use crate::{
    ChainError, Fault,
    fake::{Contract, Message, NodeFault, Reply},
};
use alloy::{
    eips::BlockId,
    primitives::{U64, U256},
    providers::Provider,
};
use std::time::{Duration, Instant};

async fn head(pool: &Pool) -> Result<u64, ChainError> {
    pool.request::<_, U64>("eth_blockNumber", ())
        .await
        .map(|number| number.to())
}

/// The endpoint that is asked first now.
fn primary(pool: &Pool) -> usize {
    pool.status()
        .iter()
        .position(|status| status.primary)
        .unwrap()
}

#[tokio::test]
async fn o1_every_fault_fails_over_and_counts_against_the_endpoint() {
    for fault in [
        NodeFault::Http(500, "oops".into()),
        NodeFault::Http(503, r#"{"jsonrpc":"2.0","id":1,"result":"0x63"}"#.into()),
        NodeFault::Http(404, "no such key".into()),
        NodeFault::TooMany(5),
        NodeFault::Hang,
        NodeFault::Error(-32603, "Internal error".into()),
        NodeFault::Error(-32005, "limit exceeded".into()),
        NodeFault::Malformed("<html>gateway</html>".into()),
        NodeFault::Malformed(r#"{"jsonrpc":"2.0","id":1}"#.into()),
        NodeFault::Malformed(String::new()),
        NodeFault::WrongId,
    ] {
        let chain = FakeChain::new(CHAIN);
        chain.mine(7);
        let (a, b) = (node(&chain).await, node(&chain).await);
        let pool = pool(&[&a, &b]).await;
        assert_eq!(head(&pool).await.unwrap(), 7);
        let (first, second) = if primary(&pool) == 0 {
            (&a, &b)
        } else {
            (&b, &a)
        };
        let bad = primary(&pool);
        first.fail(Some("eth_blockNumber"), fault.clone(), None);
        let before = second.count("eth_blockNumber");
        assert_eq!(head(&pool).await.unwrap(), 7, "{fault:?}");
        assert_eq!(second.count("eth_blockNumber"), before + 1);
        let status = pool.status();
        assert!(status[bad].errors_per_mille > 0, "{fault:?} must count");
        assert_eq!(status[1 - bad].errors_per_mille, 0);
        // The next request does not try the resting one first.
        let asked = first.count("eth_blockNumber");
        assert_eq!(head(&pool).await.unwrap(), 7);
        assert_eq!(first.count("eth_blockNumber"), asked, "{fault:?}: rests");
    }
}

/// Reverts when asked with data, answers 42 otherwise.
struct Moody;

impl Contract for Moody {
    fn call(&mut self, message: &Message) -> Result<Reply, Bytes> {
        if message.data.is_empty() {
            Ok(Reply {
                output: U256::from(42).to_be_bytes_vec().into(),
                ..Reply::default()
            })
        } else {
            Err(Bytes::from_static(&[0xde, 0xad]))
        }
    }
    fn boxed(&self) -> Box<dyn Contract> {
        Box::new(Self)
    }
}

#[tokio::test]
async fn o1_deterministic_errors_never_punish() {
    let chain = FakeChain::new(CHAIN);
    chain.install(Address::repeat_byte(7), Moody);
    let (a, b) = (node(&chain).await, node(&chain).await);
    let pool = pool(&[&a, &b]).await;
    head(&pool).await.unwrap();
    let first = primary(&pool);
    for _ in 0..20 {
        let error = pool
            .call(
                Address::repeat_byte(7),
                Bytes::from_static(&[1]),
                BlockId::latest(),
            )
            .await
            .unwrap_err();
        assert_eq!(
            error.rpc().unwrap().revert_data().unwrap(),
            Bytes::from_static(&[0xde, 0xad])
        );
    }
    assert_eq!(primary(&pool), first);
    assert!(
        pool.status()
            .iter()
            .all(|status| status.errors_per_mille == 0)
    );
    assert_eq!(
        a.count("eth_call") + b.count("eth_call"),
        20,
        "nobody is asked twice"
    );
}

#[tokio::test]
async fn o1_a_second_opinion_decides_unknown_errors() {
    let chain = FakeChain::new(CHAIN);
    let (a, b) = (node(&chain).await, node(&chain).await);
    let pool = pool(&[&a, &b]).await;
    head(&pool).await.unwrap();
    for node in [&a, &b] {
        node.fail(
            Some("eth_call"),
            NodeFault::Error(-32000, "frobnication failed".into()),
            None,
        );
    }
    let error = pool
        .call(Address::ZERO, Bytes::new(), BlockId::latest())
        .await
        .unwrap_err();
    assert_eq!(error.rpc().unwrap().message, "frobnication failed");
    assert!(
        pool.status()
            .iter()
            .all(|status| status.errors_per_mille == 0),
        "both agree: the request is at fault"
    );
}

#[tokio::test]
async fn o1_fast_but_twenty_blocks_behind_is_not_used() {
    let chain = FakeChain::new(CHAIN);
    chain.mine(50);
    let (a, b) = (node(&chain).await, node(&chain).await);
    a.set_lag(20);
    let pool = pool(&[&a, &b]).await;
    assert_eq!(pool.latest().await.unwrap().number, 50);
    assert_eq!(pool.status()[0].lag, 20);
    // It falls behind while we run.
    a.heal();
    pool.probe().await;
    assert_eq!(pool.status()[0].lag, 0);
    b.set_lag(20);
    pool.probe().await;
    for _ in 0..5 {
        assert_eq!(pool.latest().await.unwrap().number, 50);
    }
    // A pinned read at a block it does not have goes elsewhere too, and the probe is not needed for that.
    b.set_lag(2);
    pool.probe().await;
    let pinned = chain.head().id();
    for _ in 0..5 {
        assert_eq!(pool.nonce(Address::ZERO, pinned).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn o1_mixed_chain_ids_and_genesis_hashes_refuse_to_start() {
    let chain = FakeChain::new(CHAIN);
    let (a, b) = (node(&chain).await, node(&chain).await);
    b.set_chain_id(1116);
    let error = Pool::connect(config(&[&a, &b])).await.unwrap_err();
    assert!(
        matches!(
            error,
            ChainError::WrongChain {
                found: 1116,
                expected: CHAIN,
                ..
            }
        ),
        "{error}"
    );
    let error = Pool::connect(PoolConfig {
        chain_id: Some(1),
        ..config(&[&a])
    })
    .await
    .unwrap_err();
    assert!(
        matches!(
            error,
            ChainError::WrongChain {
                found: CHAIN,
                expected: 1,
                ..
            }
        ),
        "{error}"
    );
    b.heal();
    b.set_genesis(B256::repeat_byte(9));
    let error = Pool::connect(config(&[&a, &b])).await.unwrap_err();
    assert!(matches!(error, ChainError::WrongGenesis { .. }), "{error}");
    assert!(matches!(
        Pool::connect(config(&[])).await.unwrap_err(),
        ChainError::NoEndpoints
    ));
}

#[tokio::test]
async fn o1_an_endpoint_that_comes_up_later_must_be_the_same_chain() {
    let chain = FakeChain::new(CHAIN);
    let (a, b, c) = (node(&chain).await, node(&chain).await, node(&chain).await);
    for down in [&b, &c] {
        down.fail(None, NodeFault::Http(503, String::new()), None);
    }
    let pool = pool(&[&a, &b, &c]).await;
    assert_eq!(pool.usable(), 1);
    b.heal();
    c.heal();
    c.set_chain_id(1);
    pool.probe().await;
    let status = pool.status();
    assert!(status[1].verified && !status[1].banned);
    assert!(status[2].banned && !status[2].verified);
    c.heal();
    pool.probe().await;
    assert!(pool.status()[2].banned, "banned for good");
    // A running one that changes its chain is banned as well.
    b.set_chain_id(1);
    pool.probe().await;
    assert!(pool.status()[1].banned);
    assert_eq!(head(&pool).await.unwrap(), 0, "the last good one is left");
}

#[tokio::test]
async fn o1_all_down_says_so_and_recovers() {
    let chain = FakeChain::new(CHAIN);
    chain.mine(3);
    let (a, b) = (node(&chain).await, node(&chain).await);
    let pool = pool(&[&a, &b]).await;
    for node in [&a, &b] {
        node.fail(None, NodeFault::Http(502, String::new()), None);
    }
    let error = head(&pool).await.unwrap_err();
    assert!(error.is_transient());
    let ChainError::Unavailable { faults, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(
        faults
            .iter()
            .map(|(_, fault)| fault.clone())
            .collect::<Vec<_>>(),
        [Fault::Http(502), Fault::Http(502)]
    );
    a.heal();
    assert_eq!(
        head(&pool).await.unwrap(),
        3,
        "never empty: a resting endpoint is asked when nobody else is left"
    );
    // The last one goes down for good: its port is closed.
    drop((a, b));
    let error = head(&pool).await.unwrap_err();
    assert!(matches!(error, ChainError::Unavailable { .. }), "{error}");
    let error = Pool::connect(config_for(vec!["http://127.0.0.1:9".parse().unwrap()]))
        .await
        .unwrap_err();
    assert!(matches!(error, ChainError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn o1_retry_after_is_honoured() {
    let chain = FakeChain::new(CHAIN);
    let (a, b) = (node(&chain).await, node(&chain).await);
    let pool = pool(&[&a, &b]).await;
    head(&pool).await.unwrap();
    let first = primary(&pool);
    let slow = if first == 0 { &a } else { &b };
    slow.fail(Some("eth_blockNumber"), NodeFault::TooMany(20), Some(1));
    head(&pool).await.unwrap();
    let status = &pool.status()[first];
    assert_eq!(status.throttled, 1);
    assert!(
        (19_000..=20_000).contains(&status.paused_ms),
        "{}",
        status.paused_ms
    );
}

#[tokio::test]
async fn o1_a_hanging_endpoint_costs_one_timeout() {
    let chain = FakeChain::new(CHAIN);
    let (a, b) = (node(&chain).await, node(&chain).await);
    let pool = pool(&[&a, &b]).await;
    head(&pool).await.unwrap();
    let hanging = if primary(&pool) == 0 { &a } else { &b };
    hanging.fail(None, NodeFault::Hang, None);
    let started = Instant::now();
    for _ in 0..10 {
        head(&pool).await.unwrap();
    }
    assert!(
        started.elapsed() < Duration::from_millis(900),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn bindings_work_through_the_pool() {
    let chain = FakeChain::new(CHAIN);
    chain.install(Address::repeat_byte(7), Moody);
    chain.mine(2);
    let node = node(&chain).await;
    let provider = pool(&[&node]).await.provider();
    assert_eq!(provider.get_chain_id().await.unwrap(), CHAIN);
    assert_eq!(provider.get_block_number().await.unwrap(), 2);
    let (a, b) = {
        let client = provider.client();
        let mut batch = alloy::rpc::client::BatchRequest::new(client);
        let a = batch.add_call::<_, U64>("eth_blockNumber", &()).unwrap();
        let b = batch.add_call::<_, U64>("eth_chainId", &()).unwrap();
        batch.send().await.unwrap();
        (a.await.unwrap(), b.await.unwrap())
    };
    assert_eq!((a.to::<u64>(), b.to::<u64>()), (2, CHAIN));
    let request = alloy::rpc::types::TransactionRequest::default()
        .to(Address::repeat_byte(7))
        .input(Bytes::from_static(&[1]).into());
    let error = provider.call(request).await.unwrap_err();
    assert_eq!(
        error.as_error_resp().unwrap().as_revert_data().unwrap(),
        Bytes::from_static(&[0xde, 0xad])
    );
}

#[tokio::test]
async fn o15_keys_never_show() {
    const KEY: &str = "s3cr3tprojectkey";
    let chain = FakeChain::new(CHAIN);
    let node = node(&chain).await;
    for url in [
        node.url_with(&format!("/v2/{KEY}")),
        node.url_with(&format!("/?apikey={KEY}")),
        node.url()
            .expose()
            .as_str()
            .replace("://", &format!("://user:{KEY}@"))
            .parse()
            .unwrap(),
        format!("https://{KEY}:x@localhost:1/").parse().unwrap(),
    ] {
        let mut shown = vec![
            format!("{url} {url:?} {:#?}", url),
            serde_json::to_string(&url).unwrap(),
        ];
        // The node echoes the key in an error object, as some do.
        node.heal();
        let config = PoolConfig {
            rounds: 1,
            ..config_for(vec![url.clone()])
        };
        shown.push(format!("{config:?}"));
        match Pool::connect(config).await {
            Ok(pool) => {
                shown.push(format!("{pool:?} {:?}", pool.status()));
                for fault in [
                    NodeFault::Error(
                        -32000,
                        format!("project {KEY} is unknown, see http://x/{KEY}"),
                    ),
                    NodeFault::Http(401, format!("bad key {KEY}")),
                    NodeFault::Malformed(format!("bad key {KEY}")),
                    NodeFault::Malformed(format!(r#"{{"jsonrpc":"2.0","id":"{KEY}","result":1}}"#)),
                    NodeFault::Result(serde_json::json!(format!("bad key {KEY}"))),
                    NodeFault::Hang,
                ] {
                    node.heal();
                    node.fail(None, fault, None);
                    let error = head(&pool).await.unwrap_err();
                    shown.push(format!("{error} {error:?}"));
                    let error = pool.provider().get_block_number().await.unwrap_err();
                    shown.push(format!("{error} {error:?}"));
                }
            }
            Err(error) => shown.push(format!("{error} {error:?}")),
        }
        for text in shown {
            assert!(!text.contains(KEY), "{text}");
            assert!(!text.contains("s3cr3t"), "{text}");
        }
    }
    // A connection error carries the address in reqwest.
    let dead: SensitiveUrl = format!("http://127.0.0.1:9/v2/{KEY}").parse().unwrap();
    let error = Pool::connect(config_for(vec![dead])).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
    let error = format!("ftp://x/{KEY}")
        .parse::<SensitiveUrl>()
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains(KEY));
}
