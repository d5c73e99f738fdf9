use super::*;
use crate::{
    Block, ChainError, FollowConfig, Follower, Step, Window, WindowError,
    fake::{Dropped, NodeFault},
};
use std::time::Duration;

/// What a consumer of the steps believes to be the chain.
struct Replica(Vec<Block>);

impl Replica {
    fn take(&mut self, step: Step) {
        match step {
            Step::Applied(block) => {
                assert_eq!(
                    block.parent_hash,
                    self.0.last().unwrap().hash,
                    "applied on the parent"
                );
                self.0.push(block);
            }
            Step::Rollback { to, dropped } => {
                assert!(!dropped.is_empty());
                for gone in dropped {
                    assert_eq!(
                        self.0.pop().unwrap(),
                        gone,
                        "dropped from the top, in order"
                    );
                }
                assert_eq!(*self.0.last().unwrap(), to);
            }
            Step::Searching => panic!("not for consumers"),
        }
    }
}

async fn drain(follower: &mut Follower, replica: &mut Replica) -> Result<usize, ChainError> {
    let mut rollbacks = 0;
    while let Some(step) = follower.step().await? {
        rollbacks += usize::from(matches!(step, Step::Rollback { .. }));
        replica.take(step);
    }
    Ok(rollbacks)
}

fn agrees(replica: &Replica, chain: &FakeChain) {
    let ours: Vec<_> = replica.0.iter().map(|block| block.hash).collect();
    let first = replica.0[0].number;
    let theirs: Vec<_> = (first..=chain.head().number)
        .map(|number| chain.block(number).hash)
        .collect();
    assert_eq!(ours, theirs);
}

async fn setup(capacity: usize, mined: u64) -> (FakeChain, FakeNode, Follower, Replica) {
    let chain = FakeChain::new(CHAIN);
    let node = node(&chain).await;
    let pool = pool(&[&node]).await;
    let genesis = chain.head();
    chain.mine(mined);
    let mut follower = Follower::new(
        pool,
        Window::new(genesis.clone(), capacity),
        FollowConfig {
            poll: Duration::from_millis(5),
        },
    );
    let mut replica = Replica(vec![genesis]);
    assert_eq!(drain(&mut follower, &mut replica).await.unwrap(), 0);
    agrees(&replica, &chain);
    (chain, node, follower, replica)
}

#[tokio::test]
async fn o2_reorgs_up_to_the_window_roll_back_and_reapply() {
    // The window holds 8 blocks: 8 - 1 of them can be replaced while the last stays common.
    for depth in [1, 2, 7] {
        for growth in [0, 1, 5] {
            let (chain, _node, mut follower, mut replica) = setup(8, 40).await;
            chain.reorg(depth, Dropped::Vanish);
            chain.mine(depth + growth);
            assert_eq!(
                drain(&mut follower, &mut replica).await.unwrap(),
                1,
                "depth {depth}, growth {growth}"
            );
            agrees(&replica, &chain);
            assert_eq!(
                follower.window().blocks().count(),
                8.min(usize::try_from(8 + growth).unwrap())
            );
        }
    }
}

#[tokio::test]
async fn o2_a_reorg_deeper_than_the_window_halts_loudly_and_repeatably() {
    let (chain, _node, mut follower, mut replica) = setup(8, 40).await;
    let head = follower.window().head().clone();
    chain.reorg(8, Dropped::Vanish);
    chain.mine(9);
    for _ in 0..3 {
        let error = drain(&mut follower, &mut replica).await.unwrap_err();
        let ChainError::Window(WindowError::TooDeep {
            oldest,
            head: stated,
            ..
        }) = error
        else {
            panic!("{error}")
        };
        assert_eq!((oldest, stated), (33, 40));
        assert!(!error.is_transient());
        assert_eq!(*follower.window().head(), head, "nothing was applied");
    }
}

#[tokio::test]
async fn o2_a_branch_that_is_shorter_waits_until_it_says_something() {
    let (chain, _node, mut follower, mut replica) = setup(8, 20).await;
    chain.reorg(3, Dropped::Vanish);
    assert_eq!(
        drain(&mut follower, &mut replica).await.unwrap(),
        0,
        "like a node that is behind"
    );
    chain.mine(1);
    assert_eq!(
        drain(&mut follower, &mut replica).await.unwrap(),
        1,
        "18 of another branch"
    );
    agrees(&replica, &chain);
    // Cut below everything remembered: silence first, then a loud halt.
    chain.reorg(15, Dropped::Vanish);
    let mut halted = false;
    for _ in 0..30 {
        match drain(&mut follower, &mut replica).await {
            Ok(_) => {}
            Err(ChainError::Window(WindowError::TooDeep { .. })) => halted = true,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(halted);
}

#[tokio::test]
async fn o2_consecutive_reorgs_and_one_during_the_rollback() {
    let (chain, _node, mut follower, mut replica) = setup(16, 30).await;
    chain.reorg(3, Dropped::Vanish);
    chain.mine(4);
    // Only the rollback is taken, then the chain moves again, deeper.
    replica.take(follower.step().await.unwrap().unwrap());
    chain.reorg(6, Dropped::Vanish);
    chain.mine(9);
    drain(&mut follower, &mut replica).await.unwrap();
    agrees(&replica, &chain);
    // In the middle of applying the new branch.
    chain.reorg(2, Dropped::Vanish);
    chain.mine(5);
    for _ in 0..3 {
        replica.take(follower.step().await.unwrap().unwrap());
    }
    chain.reorg(4, Dropped::Vanish);
    chain.mine(4);
    drain(&mut follower, &mut replica).await.unwrap();
    agrees(&replica, &chain);
}

#[tokio::test]
async fn o2_random_histories_end_as_the_chain() {
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let (chain, node, mut follower, mut replica) = setup(12, 20).await;
        for _ in 0..40 {
            match dice.roll(6) {
                0 => {
                    // Never below what the window can explain: it has 12 blocks, but may hold fewer after a rollback.
                    let room = chain
                        .head()
                        .number
                        .saturating_sub(follower.window().oldest().number);
                    let depth = dice.roll(8).min(room);
                    chain.reorg(depth, Dropped::Vanish);
                    chain.mine(dice.roll(4));
                }
                1 => node.fail(None, NodeFault::Http(500, String::new()), Some(1)),
                2 => node.set_lag(dice.roll(4)),
                3 => {
                    node.heal();
                    chain.mine(dice.roll(3));
                }
                _ => {
                    for _ in 0..dice.roll(5) {
                        match follower.step().await {
                            Ok(Some(step)) => replica.take(step),
                            Ok(None) => break,
                            Err(error) => assert!(error.is_transient(), "seed {seed}: {error}"),
                        }
                    }
                }
            }
        }
        node.heal();
        chain.mine(
            1 + follower
                .window()
                .head()
                .number
                .saturating_sub(chain.head().number),
        );
        drain(&mut follower, &mut replica).await.unwrap();
        agrees(&replica, &chain);
    }
}

#[tokio::test]
async fn o2_two_nodes_on_two_branches_never_mix() {
    let chain = FakeChain::new(CHAIN);
    let a = node(&chain).await;
    let pool = pool(&[&a]).await;
    chain.mine(10);
    let mut window = Window::new(chain.block(8), 8);
    assert!(matches!(
        window.offer(chain.block(9)).unwrap(),
        Step::Applied(_)
    ));
    let stranger = Block {
        hash: B256::repeat_byte(1),
        parent_hash: B256::repeat_byte(2),
        ..chain.block(10)
    };
    assert_eq!(window.offer(stranger.clone()).unwrap(), Step::Searching);
    assert_eq!(window.want(10), Some(9), "asks for the block below first");
    assert_eq!(
        window.offer(chain.block(9)).unwrap(),
        Step::Searching,
        "it is still ours: the stranger was a flicker"
    );
    assert_eq!(window.want(10), Some(10));
    assert!(matches!(
        window.offer(chain.block(10)).unwrap(),
        Step::Applied(_)
    ));
    let error = window.offer(stranger).unwrap_err();
    assert_eq!(
        error,
        WindowError::Unexpected {
            offered: 10,
            wanted: 11
        }
    );
    assert_eq!(pool.latest().await.unwrap(), *window.head());
}

#[tokio::test]
async fn a_hint_shortens_the_wait() {
    let (chain, _node, follower, _replica) = setup(8, 1).await;
    let pool = Pool::connect(config(&[&_node])).await.unwrap();
    let mut slow = Follower::new(
        pool,
        follower.window().clone(),
        FollowConfig {
            poll: Duration::from_secs(3600),
        },
    );
    assert!(
        slow.step().await.unwrap().is_none(),
        "the next poll is an hour away"
    );
    let hint = slow.hint();
    chain.mine(1);
    hint.notify_one();
    let step = tokio::time::timeout(Duration::from_secs(5), slow.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(step, Step::Applied(chain.head()));
}

#[test]
fn a_window_resumes_only_from_one_linked_chain() {
    let chain = FakeChain::new(CHAIN);
    chain.mine(10);
    let blocks: Vec<_> = (3..=10).map(|number| chain.block(number)).collect();
    let window = Window::resume(blocks.clone(), 4).unwrap();
    assert_eq!((window.oldest().number, window.head().number), (7, 10));
    assert_eq!(window.final_number(3), Some(7));
    let mut gap = blocks.clone();
    gap.remove(3);
    assert!(matches!(
        Window::resume(gap, 4),
        Err(WindowError::Unlinked(7))
    ));
    let mut forged = blocks;
    forged[2].hash = B256::repeat_byte(1);
    assert!(matches!(
        Window::resume(forged, 4),
        Err(WindowError::Unlinked(6))
    ));
    assert!(Window::resume([], 4).is_err());
}
