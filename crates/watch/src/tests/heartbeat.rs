use super::{channels::Wire, *};
use crate::{Heartbeat, Look, Monitor, MonitorConfig};
use chain::fake::NodeFault;
use tokio::time::Instant;

const EVERY: Duration = Duration::from_millis(10);

async fn heartbeat(looks: watch::Receiver<Option<Look>>) -> (Wire, Heartbeat) {
    let (wire, base) = Wire::start_plain().await;
    let url = format!("{base}/ping/the-key").parse().unwrap();
    (wire, Heartbeat::new(url, EVERY, looks).unwrap())
}

fn look(timestamp: u64, age: u64) -> Option<Look> {
    let at = Instant::now() - Duration::from_secs(age);
    Some(Look {
        block: 1,
        timestamp,
        at,
    })
}

#[tokio::test]
async fn o10_the_heartbeat_is_there_while_looks_are_fresh_and_no_longer() {
    let (looks, seen) = watch::channel(None);
    let (wire, heartbeat) = heartbeat(seen).await;
    assert!(!format!("{heartbeat:?}").contains("the-key"));
    let now = 2_000_000_000;
    for (look, alive) in [
        (None, false),
        (look(now, 0), true),
        (look(now - 300, 290), true),
        // The chain stands still, or the index does.
        (look(now - 301, 0), false),
        // The monitor does.
        (look(now, 301), false),
        // A chain whose clock is ahead.
        (look(now + 86_400, 0), true),
    ] {
        looks.send_replace(look);
        let before = wire.paths().len();
        assert_eq!(heartbeat.beat(now).await, alive, "{look:?}");
        assert_eq!(wire.paths().len() - before, usize::from(alive), "{look:?}");
    }
    assert_eq!(wire.paths(), ["GET /ping/the-key"; 3]);
}

#[tokio::test]
async fn o10_the_heartbeat_goes_on_and_on() {
    let (_looks, seen) = watch::channel(look(store::unix_now(), 0));
    let (wire, heartbeat) = heartbeat(seen).await;
    let beats = async {
        while wire.paths().len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    let beats = async {
        tokio::select! {
            () = heartbeat.run() => {}
            () = beats => {}
        }
    };
    tokio::time::timeout(PATIENCE, beats)
        .await
        .expect("in time");
}

#[tokio::test]
async fn o10_a_monitor_that_sees_nothing_stops_the_heartbeat() {
    let chain = FakeChain::new(CHAIN);
    chain.mine(20);
    let node = FakeNode::start(&chain).await;
    let pool = pool(&[&node]).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 8).await;
    let manager = alerts("");
    let indexer = indexer(&pool, &store, Arc::clone(&manager));
    run_to_head(&indexer, &chain, &store).await;
    let nothing = Contracts {
        liquid: None,
        basket: None,
        first_block: 3,
    };
    let config = MonitorConfig {
        every: Duration::from_millis(50),
        gas_accounts: vec![Address::repeat_byte(0x55)],
    };
    let status = indexer.status();
    let monitor = Monitor::new(pool, store, nothing, manager, status, config);
    let mut looks = monitor.looks();
    let (wire, heartbeat) = heartbeat(monitor.looks()).await;
    let now = chain.head().timestamp;
    assert!(!heartbeat.beat(now).await);

    let run = tokio::spawn(async move { monitor.run().await });
    let work = async {
        // The loop turns, on a chain that stands still for the moment.
        for _ in 0..3 {
            looks.changed().await.unwrap();
        }
        let last = looks.borrow().unwrap();
        assert_eq!((last.block, last.timestamp), (20, now));
        assert!(heartbeat.beat(now).await);
        // The endpoint is gone: the loop turns on and sees nothing.
        node.fail(None, NodeFault::Http(503, String::new()), None);
        let asked = |times| {
            let wanted = node.count("eth_getBalance") + times;
            let node = &node;
            async move {
                while node.count("eth_getBalance") < wanted {
                    tokio::task::yield_now().await;
                }
            }
        };
        // Asked again, so the last look that succeeded is noted; asked twice more, so one of two tries has failed.
        asked(1).await;
        looks.borrow_and_update();
        asked(2).await;
        assert!(!looks.has_changed().unwrap(), "a look without a chain");
        // Five minutes on, by the chain's clock: nothing new was seen.
        assert!(!heartbeat.beat(now + 301).await);
        assert_eq!(wire.paths().len(), 1);
        // It comes back, and so does the heartbeat.
        node.heal();
        looks.changed().await.unwrap();
        assert!(heartbeat.beat(now).await);
    };
    tokio::time::timeout(PATIENCE, work).await.expect("in time");
    assert!(!run.is_finished());
    run.abort();
}
