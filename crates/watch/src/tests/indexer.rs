use super::*;
use crate::WatchError;
use chain::fake::{Dropped, NodeFault};
use store::{AlertState, PageRequest, RETRACTED};

#[test]
fn o5_logs_of_ours_decode_and_others_do_not() {
    let decoder = Decoder::new(contracts(0)).unwrap();
    let at = |fake: FakeLog| chain::Log {
        inner: alloy::primitives::Log::new(fake.address, fake.topics, fake.data).unwrap(),
        block_number: Some(7),
        log_index: Some(2),
        transaction_hash: Some(B256::repeat_byte(8)),
        ..Default::default()
    };
    let [transfer, deposited]: [FakeLog; 2] = deposit(0xab, 5).try_into().unwrap();
    let event = decoder.decode(&at(deposited.clone())).unwrap();
    let who = format!("0x{}", "ab".repeat(20));
    assert_eq!(
        (event.block, event.log_index, event.name.as_str()),
        (7, 2, "Deposited")
    );
    assert_eq!(
        event.args,
        serde_json::json!({ "account": who, "payer": who, "hint": "65535", "coins": "5", "lst": "5" })
    );
    assert_eq!(event.topics.len(), 4 * 32);

    // The same topic from another contract of ours is not this event, from a stranger it is nothing.
    assert!(
        decoder
            .decode(&at(FakeLog {
                address: liquid().token,
                ..deposited.clone()
            }))
            .is_none()
    );
    assert!(
        decoder
            .decode(&at(FakeLog {
                address: Address::repeat_byte(0x99),
                ..transfer
            }))
            .is_none()
    );
    // Ours, but cut short: kept, without a name.
    let cut = FakeLog {
        data: deposited.data.slice(..31),
        ..deposited
    };
    let event = decoder.decode(&at(cut)).unwrap();
    assert_eq!(
        (event.name.as_str(), event.args.to_string().as_str()),
        ("", "{}")
    );

    use chain::bindings::staking::IPlumeStaking as staking;
    let slashed = staking::ValidatorSlashed {
        validatorId: 3,
        slasher: Address::ZERO,
        penaltyAmount: U256::from(9),
    };
    let event = decoder
        .decode(&at(log(liquid().staking, &slashed)))
        .unwrap();
    assert_eq!(event.name, "staking.ValidatorSlashed");
    // Everybody's stake is not our history.
    let staked = staking::Staked {
        staker: Address::ZERO,
        validatorId: 3,
        amount: U256::ZERO,
        fromCooled: U256::ZERO,
        fromParked: U256::ZERO,
        pendingRewards: U256::ZERO,
    };
    assert!(
        decoder
            .decode(&at(log(liquid().staking, &staked)))
            .is_none()
    );
    let names = minter::ParameterSet {
        name: B256::repeat_byte(0x41),
        value: U256::MAX,
    };
    let event = decoder.decode(&at(log(liquid().minter, &names))).unwrap();
    assert_eq!(
        event.args["name"].as_str().unwrap(),
        format!("0x{}", "41".repeat(32))
    );
    assert_eq!(event.args["value"].as_str().unwrap(), U256::MAX.to_string());
}

/// Four contracts log a `Transfer`: only the token's is LST. A share or a receipt taken for LST would move balances.
#[test]
fn o5_events_of_one_signature_are_told_apart_by_their_contract() {
    let decoder = Decoder::new(contracts(0)).unwrap();
    let decode = |fake: FakeLog| {
        let log = chain::Log {
            inner: alloy::primitives::Log::new(fake.address, fake.topics, fake.data).unwrap(),
            block_number: Some(7),
            log_index: Some(2),
            transaction_hash: Some(B256::repeat_byte(8)),
            ..Default::default()
        };
        decoder.decode(&log)
    };
    let parts = liquid().parts;
    let moved = token::Transfer {
        from: Address::ZERO,
        to: Address::repeat_byte(0xab),
        value: U256::from(5),
    };
    use chain::bindings::receipts::ILiquidReceipts as receipts;
    let given = receipts::Transfer {
        from: moved.from,
        to: moved.to,
        tokenId: moved.value,
    };
    let name = |fake| decode(fake).map(|event| event.name);
    assert_eq!(name(log(liquid().token, &moved)).unwrap(), "Transfer");
    assert_eq!(
        name(log(parts.vault.unwrap(), &moved)).unwrap(),
        "vault.Transfer"
    );
    let event = decode(log(parts.receipts.unwrap(), &given)).unwrap();
    assert_eq!(event.name, "receipts.Transfer");
    assert_eq!(event.args["tokenId"], "5");
    // Neither a coin vault nor a route moves anything of that signature.
    assert_eq!(name(log(parts.coin_vault.unwrap(), &moved)), None);
    assert_eq!(name(log(parts.route.unwrap(), &moved)), None);

    // A deployment without the parts follows none of them.
    let bare = Contracts {
        liquid: Some(Liquid {
            parts: Parts::default(),
            ..liquid()
        }),
        ..contracts(0)
    };
    let bare = Decoder::new(bare).unwrap();
    assert_eq!(
        bare.filter().addresses.len() + 5,
        decoder.filter().addresses.len()
    );
}

#[tokio::test]
async fn o5_history_hands_over_to_live_without_a_duplicate_or_a_hole() {
    let chain = FakeChain::new(CHAIN);
    let mut dice = Dice(5);
    mine(&chain, &mut dice, 300);
    let node = FakeNode::start(&chain).await;
    node.set_range_limit(20, -32000, "block range is too wide");
    let pool = pool(&[&node]).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 16).await;
    // Stopped in the middle of the history, near its end, and live; each time the chain goes on meanwhile.
    for stop in [60, 200, 295] {
        let indexer = indexer(&pool, &store, alerts(""));
        run_until(&indexer, |s| s.cursor.is_some_and(|c| c >= stop)).await;
        mine(&chain, &mut dice, 9);
    }
    let indexer = indexer(&pool, &store, alerts(""));
    run_to_head(&indexer, &chain, &store).await;
    // Blocks that come while it is live.
    for _ in 0..30 {
        mine(&chain, &mut dice, 1);
        indexer.hint().notify_one();
        run_to_head(&indexer, &chain, &store).await;
    }
    assert_complete(&chain, &store).await;
    assert!(store.event_count().await.unwrap() > 150);
    assert_eq!(
        store.table_hash().await.unwrap(),
        clean_hash(&chain, &pool, 16).await
    );
    assert_eq!(
        store.table_hash().await.unwrap(),
        clean_hash(&chain, &pool, 200).await
    );
    assert_eq!(indexer.status().borrow().lag(), 0);
    // Another deployment's indexer is refused by this store.
    let elsewhere = Contracts {
        liquid: Some(Liquid {
            minter: Address::repeat_byte(0x66),
            ..liquid()
        }),
        ..contracts(3)
    };
    let other = Indexer::new(
        pool,
        store.clone(),
        elsewhere,
        alerts(""),
        IndexerConfig::default(),
    )
    .unwrap();
    assert!(matches!(
        other.run().await.unwrap_err(),
        WatchError::Store(store::Error::WrongDeployment { .. })
    ));
}

#[tokio::test]
async fn o5_trouble_with_endpoints_delays_and_loses_nothing() {
    let chain = FakeChain::new(CHAIN);
    let mut dice = Dice(6);
    mine(&chain, &mut dice, 120);
    let (liar, honest) = (FakeNode::start(&chain).await, FakeNode::start(&chain).await);
    for number in 3..chain.head().number {
        liar.hide_logs(number);
    }
    liar.set_range_limit(11, -32005, "query returned more than 10000 results");
    let pool = pool(&[&liar, &honest]).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 16).await;
    let indexer = indexer(&pool, &store, alerts(""));
    // Everything fails for a while, in the history and live.
    for node in [&liar, &honest] {
        node.fail_after(25, None, NodeFault::Http(503, String::new()), Some(30));
    }
    run_to_head(&indexer, &chain, &store).await;
    mine(&chain, &mut dice, 20);
    for node in [&liar, &honest] {
        node.fail(
            Some("eth_getLogs"),
            NodeFault::Http(500, String::new()),
            Some(12),
        );
    }
    run_to_head(&indexer, &chain, &store).await;
    assert_complete(&chain, &store).await;
    assert_eq!(store.completeness().await.unwrap().left, 0);
}

#[tokio::test]
async fn o2_reorgs_are_undone_live_and_after_a_stop() {
    const WINDOW: u64 = 12;
    let chain = FakeChain::new(CHAIN);
    let mut dice = Dice(7);
    mine(&chain, &mut dice, 60);
    let node = FakeNode::start(&chain).await;
    let pool = pool(&[&node]).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), WINDOW).await;
    // Live the whole time, and with a stop before each reorganisation: found by the follower, and at the start.
    for stopped in [false, true] {
        let mut indexer = indexer(&pool, &store, alerts(""));
        run_to_head(&indexer, &chain, &store).await;
        // So that the whole window came block by block.
        mine(&chain, &mut dice, WINDOW);
        run_to_head(&indexer, &chain, &store).await;
        for depth in [1, 2, 5, WINDOW] {
            for growth in [0, 1, 4] {
                chain.reorg(depth, Dropped::Vanish);
                mine(&chain, &mut dice, depth + growth);
                if stopped {
                    indexer = self::indexer(&pool, &store, alerts(""));
                }
                run_to_head(&indexer, &chain, &store).await;
                assert_complete(&chain, &store).await;
                mine(&chain, &mut dice, 1);
            }
        }
        run_to_head(&indexer, &chain, &store).await;
        assert_eq!(
            store.table_hash().await.unwrap(),
            clean_hash(&chain, &pool, WINDOW).await
        );
    }
}

#[tokio::test]
async fn o2_a_reorg_deeper_than_the_window_halts_loudly() {
    const WINDOW: u64 = 12;
    for stopped in [false, true] {
        let chain = FakeChain::new(CHAIN);
        let mut dice = Dice(8);
        mine(&chain, &mut dice, 60);
        let node = FakeNode::start(&chain).await;
        let pool = pool(&[&node]).await;
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), WINDOW).await;
        let mut indexer = indexer(&pool, &store, alerts(""));
        run_to_head(&indexer, &chain, &store).await;
        mine(&chain, &mut dice, WINDOW);
        run_to_head(&indexer, &chain, &store).await;
        let before = store.table_hash().await.unwrap();
        chain.reorg(WINDOW + 1, Dropped::Vanish);
        mine(&chain, &mut dice, WINDOW + 3);
        if stopped {
            indexer = self::indexer(&pool, &store, alerts(""));
        }
        let error = tokio::time::timeout(PATIENCE, indexer.run())
            .await
            .expect("in time")
            .unwrap_err();
        let deep = matches!(
            error,
            WatchError::TooDeep { .. } | WatchError::Chain(chain::ChainError::Window(_))
        );
        assert!(deep, "{error}");
        assert_eq!(store.table_hash().await.unwrap(), before);
    }
}

/// An alert is in the transaction of its block, and goes when the block goes.
#[tokio::test]
async fn o10_alerts_come_and_go_with_their_block() {
    const RULE: &str = r#"
        [[rule]]
        name = "big-exit"
        title = "Somebody left"
        severity = "info"
        event = { names = ["InstantExit"] }
    "#;
    let chain = FakeChain::new(CHAIN);
    chain.mine_logs(vec![]);
    chain.mine_logs(vec![]);
    chain.mine_logs(deposit(0x20, 100));
    chain.mine(30);
    let node = FakeNode::start(&chain).await;
    let pool = pool(&[&node]).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 8).await;
    let indexer = indexer(&pool, &store, alerts(RULE));
    run_to_head(&indexer, &chain, &store).await;
    let account = Address::repeat_byte(0x20);
    let exit = minter::InstantExit {
        account,
        recipient: account,
        lst: U256::from(7),
        gross: U256::from(7),
        fee: U256::from(1),
    };
    let burn = token::Transfer {
        from: account,
        to: Address::ZERO,
        value: U256::from(7),
    };
    chain.mine_logs(vec![
        log(liquid().token, &burn),
        log(liquid().minter, &exit),
    ]);
    run_to_head(&indexer, &chain, &store).await;
    let alert = store
        .alerts(Some(AlertState::Open), &PageRequest::default())
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!(
        (alert.rule.as_str(), alert.block),
        ("big-exit", chain.head().number)
    );
    assert!(
        alert.detail.contains("lst=7") && alert.detail.contains("fee=1"),
        "{}",
        alert.detail
    );
    chain.reorg(1, Dropped::Vanish);
    chain.mine(2);
    run_to_head(&indexer, &chain, &store).await;
    assert_eq!(
        store
            .alert(alert.id)
            .await
            .unwrap()
            .unwrap()
            .resolution
            .as_deref(),
        Some(RETRACTED)
    );
    assert_eq!(
        store.holder(account).await.unwrap().unwrap().balance,
        U256::from(100)
    );
}

/// What happened while nobody watched and still holds is an alert, once; what would be over by now is history.
#[tokio::test]
async fn o10_a_backfilled_event_alerts_once_while_it_still_holds() {
    const RULES: &str = r#"
        [[rule]]
        name = "lasting"
        title = "Somebody left"
        severity = "critical"
        event = { names = ["InstantExit"], per = "account", resolve_after = 1000000000 }
        [[rule]]
        name = "passing"
        title = "Somebody left a moment ago"
        severity = "info"
        event = { names = ["InstantExit"], resolve_after = 0 }
    "#;
    let chain = FakeChain::new(CHAIN);
    chain.mine_logs(vec![]);
    chain.mine_logs(vec![]);
    chain.mine_logs(deposit(0x20, 100));
    let account = Address::repeat_byte(0x20);
    let exit = || {
        let burn = token::Transfer {
            from: account,
            to: Address::ZERO,
            value: U256::from(7),
        };
        let exit = minter::InstantExit {
            account,
            recipient: account,
            lst: U256::from(7),
            gross: U256::from(7),
            fee: U256::from(1),
        };
        vec![log(liquid().token, &burn), log(liquid().minter, &exit)]
    };
    chain.mine_logs(exit());
    let first = chain.head().number;
    // In another range of the backfill: the same alert, seen again.
    chain.mine(60);
    chain.mine_logs(exit());
    chain.mine(60);
    let node = FakeNode::start(&chain).await;
    let pool = pool(&[&node]).await;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 8).await;
    for _ in 0..2 {
        // The second time it starts again, with nothing new.
        run_to_head(&indexer(&pool, &store, alerts(RULES)), &chain, &store).await;
        let all = store
            .alerts(None, &PageRequest::default())
            .await
            .unwrap()
            .items;
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(
            (all[0].rule.as_str(), all[0].block, all[0].times),
            ("lasting", first, 2)
        );
        assert_eq!(all[0].state, AlertState::Open);
    }
}
