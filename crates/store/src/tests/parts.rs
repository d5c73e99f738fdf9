//! The parts around the minter: a history through every event of theirs, with the figures worked out by hand.

use super::{Script, account, event, fresh, transfer};
use crate::{
    EmergencyKind, Error, HistoryKind, PageRequest, PoolStyle, ReceiptState, RequestState,
    ReserveMoveKind, VaultMoveKind, totals::*,
};
use alloy::primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

fn ann() -> Address {
    account(20)
}

fn ben() -> Address {
    account(21)
}

fn vault() -> Address {
    account(40)
}

fn coin_vault() -> Address {
    account(41)
}

fn receipts() -> Address {
    account(42)
}

fn hex(account: Address) -> String {
    format!("{account:#x}")
}

fn u(value: u64) -> U256 {
    U256::from(value)
}

/// Request `seq` of rung 2, which is the open one after the journey.
fn request(seq: u64) -> U256 {
    u((2 << 32) | seq)
}

/// The receipt that follows the first one of a request.
fn second(request: U256) -> U256 {
    request | (U256::from(1) << 64)
}

fn receipt(from: Address, to: Address, id: U256) -> (&'static str, Value) {
    (
        "receipts.Transfer",
        json!({ "from": hex(from), "to": hex(to), "tokenId": id.to_string() }),
    )
}

fn shares(from: Address, to: Address, value: u64) -> (&'static str, Value) {
    ("vault.Transfer", transfer(from, to, u(value)))
}

fn withdraw(to: Address, owner: Address, lst: u64, shares: u64) -> (&'static str, Value) {
    (
        "vault.Withdraw",
        json!({ "sender": hex(to), "receiver": hex(to), "owner": hex(owner), "assets": lst.to_string(), "shares": shares.to_string() }),
    )
}

fn requested(seq: u64, owner: Address, lst: u64) -> (&'static str, Value) {
    (
        "ExitRequested",
        json!({ "id": request(seq).to_string(), "owner": hex(owner), "lst": lst.to_string(), "hint": "65535" }),
    )
}

/// `setDelegateClaimer(account, delegate)`.
fn proposal(account: Address, delegate: Address) -> String {
    let word = |a: Address| alloy::hex::encode(a.into_word());
    format!("0xb11eb820{}{}", word(account), word(delegate))
}

fn operation(byte: u8) -> B256 {
    B256::repeat_byte(byte)
}

/// From block 29 on, so that they lie in the window of the tests that roll back.
pub(super) fn events(number: u64) -> Vec<(&'static str, Value)> {
    let (a, b) = (hex(ann()), hex(ben()));
    let (pool, token) = (hex(account(50)), hex(account(51)));
    let (contract, other) = (hex(account(60)), hex(account(61)));
    match number {
        29 => vec![
            shares(Address::ZERO, ann(), 400),
            (
                "vault.Deposit",
                json!({ "sender": b, "owner": a, "assets": "500", "shares": "400" }),
            ),
            (
                "RewardsLoaded",
                json!({ "from": b, "amount": "100", "fee": "0" }),
            ),
            (
                "AddressSet",
                json!({ "name": format!("0x{:0<64}", alloy::hex::encode("haltCode")), "value": hex(account(70)) }),
            ),
            ("Upgraded", json!({ "implementation": hex(account(71)) })),
            (
                "route.PoolSet",
                json!({ "pool": pool, "style": "1", "feeBps": "30" }),
            ),
        ],
        30 => vec![
            (
                "RewardsPaid",
                json!({ "account": hex(vault()), "recipient": hex(vault()), "amount": "30" }),
            ),
            (
                "vault.Harvested",
                json!({ "caller": b, "coins": "20", "lst": "25" }),
            ),
        ],
        // A stranger sends nothing, and somebody sends to itself: the token allows both.
        31 => vec![
            shares(ann(), ben(), 100),
            shares(account(22), ann(), 0),
            shares(ben(), ben(), 60),
        ],
        32 => vec![
            shares(ben(), Address::ZERO, 40),
            withdraw(ben(), ben(), 50, 40),
            (
                "vault.RedeemedInKind",
                json!({ "caller": b, "receiver": b, "owner": b, "shares": "40", "lst": "50", "coins": "4" }),
            ),
        ],
        33 => vec![
            shares(ann(), Address::ZERO, 100),
            withdraw(coin_vault(), ann(), 120, 100),
            requested(1, coin_vault(), 120),
            (
                "coinVault.RedeemRequest",
                json!({ "controller": a, "owner": a, "requestId": "3", "sender": a, "shares": "100" }),
            ),
        ],
        // One ticket for the pool: taken back and asked for again.
        34 => vec![
            shares(ben(), Address::ZERO, 20),
            withdraw(coin_vault(), ben(), 30, 20),
            (
                "ExitCancelled",
                json!({ "id": request(1).to_string(), "owner": hex(coin_vault()), "lst": "120" }),
            ),
            requested(2, coin_vault(), 150),
            (
                "coinVault.RedeemRequest",
                json!({ "controller": b, "owner": b, "requestId": "3", "sender": b, "shares": "20" }),
            ),
        ],
        35 => vec![
            (
                "coinVault.RedeemRequestCancelled",
                json!({ "controller": b, "receiver": b, "requestId": "3", "shares": "20", "lst": "29" }),
            ),
            requested(3, ann(), 60),
            receipt(Address::ZERO, ann(), request(3)),
        ],
        36 => vec![
            receipt(ann(), ben(), request(3)),
            ("AutoPaySet", json!({ "owner": a, "on": false })),
            (
                "RungClosed",
                json!({ "rung": "2", "lst": "210", "count": "3", "unitsEnd": "710", "c0": "0", "feeBps": "5" }),
            ),
            (
                "LineFunded",
                json!({ "checkpoint": "2", "watermark": "525", "b": "225", "lst": "25", "coins": "25" }),
            ),
        ],
        37 => vec![
            receipt(ben(), Address::ZERO, request(3)),
            (
                "Claimed",
                json!({ "id": request(3).to_string(), "owner": hex(receipts()), "recipient": b, "paid": "20", "fee": "1", "done": false }),
            ),
            receipt(Address::ZERO, ben(), second(request(3))),
            (
                "receipts.ReceiptClaimed",
                json!({ "tokenId": request(3).to_string(), "recipient": b, "paid": "20", "nextTokenId": second(request(3)).to_string() }),
            ),
            (
                "AmmExit",
                json!({ "account": a, "recipient": b, "pool": pool, "lst": "30", "coins": "29" }),
            ),
        ],
        38 => vec![
            (
                "coinVault.Withdraw",
                json!({ "sender": a, "receiver": b, "owner": a, "assets": "3", "shares": "2" }),
            ),
            receipt(ben(), Address::ZERO, second(request(3))),
            (
                "receipts.Unwrapped",
                json!({ "tokenId": second(request(3)).to_string(), "requestId": request(3).to_string(), "owner": b }),
            ),
            (
                "AmmPoolSet",
                json!({ "route": hex(Address::repeat_byte(0xee)), "pool": pool, "style": "0", "feeBps": "0" }),
            ),
            (
                "Scheduled",
                json!({ "operation": operation(1), "scheduledAt": "1456", "data": proposal(account(60), ann()) }),
            ),
            (
                "Scheduled",
                json!({ "operation": operation(2), "scheduledAt": "1456", "data": proposal(account(61), ben()) }),
            ),
            (
                "Scheduled",
                json!({ "operation": operation(3), "scheduledAt": "1456", "data": "0x12345678" }),
            ),
        ],
        39 => vec![
            (
                "DelegateSet",
                json!({ "account": contract, "delegate": a, "kept": "5" }),
            ),
            ("ScheduleCancelled", json!({ "operation": operation(2) })),
            ("ScheduleCancelled", json!({ "operation": operation(3) })),
            (
                "TokenRewardsClaimed",
                json!({ "validatorId": "7", "token": token, "amount": "100" }),
            ),
            (
                "converter.Configured",
                json!({ "token": token, "floor": "11", "perSale": "12", "perDay": "13" }),
            ),
            (
                "converter.Sold",
                json!({ "token": token, "buyer": b, "amount": "9", "coins": "8", "price": "7" }),
            ),
            (
                "EmergencySigned",
                json!({ "what": "0", "to": hex(account(70)), "by": a, "until": "9000" }),
            ),
        ],
        40 => vec![
            (
                "EmergencyDone",
                json!({ "what": "0", "to": hex(account(70)), "by": b }),
            ),
            ("Upgraded", json!({ "implementation": hex(account(70)) })),
            ("DelegationClosed", json!({ "account": other })),
            ("FeesPaid", json!({ "recipient": b, "amount": "1" })),
        ],
        _ => vec![],
    }
}

#[tokio::test]
async fn the_parts_are_what_their_events_add_up_to() {
    let (_dir, store) = fresh(100).await;
    let script = Script { fork: u64::MAX };
    let upto = async |last: u64| {
        let next = store.cursor().await.unwrap().map_or(1, |c| c.number + 1);
        for number in next..=last {
            store.apply_block(script.batch(b'a', number)).await.unwrap();
        }
    };
    let page = PageRequest::default();
    upto(36).await;
    // The owner of a receipt owns the request, until it ends.
    let row = store.request(request(3)).await.unwrap().unwrap();
    assert_eq!((row.owner, row.receipt), (ben(), Some(request(3))));
    // Nobody pushes it, and the vault's ticket is still a candidate.
    let live = store.live_requests(&page).await.unwrap().items;
    let live: Vec<_> = live.iter().map(|r| r.id).collect();
    assert!(live.contains(&request(2)) && !live.contains(&request(3)));
    let lst = store.holder(ann()).await.unwrap().unwrap().balance;

    upto(40).await;
    let total = async |name: &str| store.total(name).await.unwrap();
    // 400 - 40 - 100 - 20 shares; 500 + 25 - 50 - 120 - 30 LST; and LST balances know nothing of either.
    assert_eq!(
        (total(VAULT_SHARES).await, total(VAULT_LST).await),
        (u(240), u(325))
    );
    assert_eq!(
        (total(VAULT_HARVESTED).await, total(VAULT_IN_KIND).await),
        (u(20), u(4))
    );
    assert_eq!(store.holder(ann()).await.unwrap().unwrap().balance, lst);
    assert_eq!(
        store
            .holder(vault())
            .await
            .unwrap()
            .unwrap()
            .rewards_claimed,
        u(30)
    );
    let part = async |who| store.vault_holder(who).await.unwrap().unwrap();
    let (a, b) = (part(ann()).await, part(ben()).await);
    assert_eq!(
        (a.shares, a.lst_in, a.lst_out, a.coins_claimed),
        (u(200), u(500), u(120), u(3))
    );
    assert_eq!(
        (b.shares, b.lst_in, b.lst_out, b.coins_claimed),
        (u(40), u(0), u(80), u(0))
    );
    assert_eq!(store.vault_holder_count().await.unwrap(), 2);
    let moves = store.vault_moves(&page).await.unwrap().items;
    let shape: Vec<_> = moves
        .iter()
        .rev()
        .map(|m| {
            (
                m.kind,
                m.account,
                m.lst,
                m.shares,
                m.coins,
                m.lst_after,
                m.shares_after,
            )
        })
        .collect();
    use VaultMoveKind::{Deposit, Harvest, InKind, Withdraw};
    assert_eq!(
        shape,
        [
            (Deposit, ann(), u(500), u(400), u(0), u(500), u(400)),
            (Harvest, ben(), u(25), u(0), u(20), u(525), u(400)),
            (Withdraw, ben(), u(50), u(40), u(0), u(475), u(360)),
            (InKind, ben(), u(0), u(0), u(4), u(475), u(360)),
            (Withdraw, ann(), u(120), u(100), u(0), u(355), u(260)),
            (Withdraw, ben(), u(30), u(20), u(0), u(325), u(240)),
        ]
    );
    let of = async |who| {
        store
            .vault_requests_of(who, &page)
            .await
            .unwrap()
            .items
            .remove(0)
    };
    let (a, b) = (of(ann()).await, of(ben()).await);
    assert_eq!((a.id, a.shares, a.lst_back, a.block), (3, u(100), u(0), 33));
    assert_eq!((b.id, b.shares, b.lst_back), (3, u(0), u(29)));

    // ---- receipts: bought, claimed in part, unwrapped
    let row = store.request(request(3)).await.unwrap().unwrap();
    assert_eq!(
        (row.owner, row.receipt, row.paid, row.state),
        (ben(), None, u(21), RequestState::Live)
    );
    let first = store.receipt(request(3)).await.unwrap().unwrap();
    assert_eq!(
        (first.owner, first.state, first.paid, first.next),
        (
            ben(),
            ReceiptState::Claimed,
            u(20),
            Some(second(request(3)))
        )
    );
    let next = store.receipt(second(request(3))).await.unwrap().unwrap();
    assert_eq!(
        (
            next.owner,
            next.request,
            next.state,
            next.minted_at,
            next.block
        ),
        (
            ben(),
            request(3),
            ReceiptState::Unwrapped,
            1_000 + 37 * 12,
            38
        )
    );
    assert_eq!(
        store.receipts_of(ben(), &page).await.unwrap().items,
        [next, first]
    );
    assert_eq!(store.receipts_of(ann(), &page).await.unwrap().items, []);
    // The coins are the buyer's, not the receipts contract's.
    assert_eq!(store.holder(receipts()).await.unwrap(), None);
    assert_eq!(
        store.holder(ben()).await.unwrap().unwrap().exited,
        u(199 + 20)
    );
    assert!(!store.auto_pay(ann()).await.unwrap().unwrap().is_on);
    assert_eq!(store.auto_pay(ben()).await.unwrap(), None);

    // ---- pools: the route's own word and the minter's are one row
    let [pool] = &store.pools().await.unwrap()[..] else {
        panic!()
    };
    assert_eq!(
        (pool.route, pool.pool, pool.style, pool.changed_at),
        (
            Address::repeat_byte(0xee),
            account(50),
            PoolStyle::Removed,
            1_000 + 38 * 12
        )
    );
    let sale = store.pool_sales(&page).await.unwrap().items.remove(0);
    assert_eq!(
        (
            sale.pool,
            sale.account,
            sale.recipient,
            sale.lst,
            sale.coins
        ),
        (account(50), ann(), ben(), u(30), u(29))
    );

    // ---- power
    let set = store.delegate(account(60)).await.unwrap().unwrap();
    assert_eq!(
        (
            set.delegate,
            set.active_from,
            set.kept,
            set.closed,
            set.proposed
        ),
        (Some(ann()), Some(1_000 + 39 * 12), u(5), false, None)
    );
    let closed = store.delegate(account(61)).await.unwrap().unwrap();
    assert_eq!(
        (closed.delegate, closed.closed, closed.proposed),
        (None, true, None)
    );
    assert_eq!(store.delegates(&page).await.unwrap().items, [set]);
    let scheduled = store.scheduled(&page).await.unwrap().items;
    let shape: Vec<_> = scheduled
        .iter()
        .map(|s| (s.operation, s.cancelled))
        .collect();
    assert_eq!(
        shape,
        [
            (operation(3), true),
            (operation(2), true),
            (operation(1), false)
        ]
    );
    assert_eq!(
        scheduled[0].data,
        Bytes::from_static(&[0x12, 0x34, 0x56, 0x78])
    );
    let [done, signed] = &store.emergencies().await.unwrap()[..] else {
        panic!()
    };
    assert_eq!(
        (signed.what, signed.signer, signed.done, signed.until),
        (EmergencyKind::Halt, ann(), false, Some(9_000))
    );
    assert_eq!(
        (done.target, done.signer, done.done),
        (account(70), ben(), true)
    );
    let code = store.parameter("implementation").await.unwrap().unwrap();
    assert_eq!(code.value, hex(account(70)));
    assert_eq!(
        store.parameter("haltCode").await.unwrap().unwrap().value,
        code.value
    );

    // ---- reserve and converter
    let moves = store.reserve_moves(&page).await.unwrap().items;
    let shape: Vec<_> = moves
        .iter()
        .rev()
        .map(|m| (m.kind, m.account, m.amount, m.held))
        .collect();
    assert_eq!(
        shape,
        [
            (ReserveMoveKind::Funded, Some(ben()), u(9), u(9)),
            (ReserveMoveKind::Withdrawn, Some(ben()), u(2), u(7)),
            (ReserveMoveKind::Used, None, u(6), u(1)),
        ]
    );
    let [sold] = &store.conversions().await.unwrap()[..] else {
        panic!()
    };
    assert_eq!(
        (
            sold.floor,
            sold.per_sale,
            sold.per_day,
            sold.received,
            sold.sold,
            sold.coins
        ),
        (u(11), u(12), u(13), u(100), u(9), u(8))
    );
    let sale = store.conversion_sales(&page).await.unwrap().items.remove(0);
    assert_eq!(
        (sale.buyer, sale.amount, sale.coins, sale.price),
        (ben(), u(9), u(8), u(7))
    );

    // ---- what each did
    use HistoryKind::{
        Claim, PoolExit, ReceiptIn, ReceiptOut, Request, VaultClaim, VaultDeposit, VaultRequest,
        VaultWithdraw,
    };
    let kinds = async |who| {
        let lines = store.history(who, &page).await.unwrap().items;
        let later = lines.into_iter().rev().filter(|h| h.block >= 29);
        later.map(|h| (h.kind, h.amount, h.lst)).collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(ann()).await,
        [
            (VaultDeposit, u(0), u(500)),
            (VaultWithdraw, u(0), u(120)),
            (VaultRequest, u(0), u(0)),
            (Request, u(0), u(60)),
            (ReceiptOut, u(0), u(60)),
            (PoolExit, u(29), u(30)),
            (VaultClaim, u(3), u(0)),
        ]
    );
    assert_eq!(
        kinds(ben()).await,
        [
            (VaultWithdraw, u(0), u(50)),
            (VaultWithdraw, u(0), u(30)),
            (VaultRequest, u(0), u(0)),
            (ReceiptIn, u(0), u(60)),
            (Claim, u(20), u(0)),
        ]
    );
}

/// What contradicts the rows is refused, by name and place.
#[tokio::test]
async fn an_impossible_event_of_a_part_is_refused() {
    let (a, b) = (hex(ann()), hex(ben()));
    let cases = [
        shares(ben(), ann(), 101),
        shares(ann(), Address::ZERO, 301),
        withdraw(ann(), ann(), 526, 1),
        (
            "coinVault.RedeemRequestCancelled",
            json!({ "controller": b, "receiver": b, "requestId": "4", "shares": "1", "lst": "1" }),
        ),
        // A request that is not there, a receipt that is another's, one that does not exist.
        receipt(Address::ZERO, ann(), request(9)),
        receipt(ben(), ann(), u(1)),
        (
            "receipts.Unwrapped",
            json!({ "tokenId": "1", "requestId": "1", "owner": a }),
        ),
        (
            "route.PoolSet",
            json!({ "pool": a, "style": "3", "feeBps": "0" }),
        ),
        ("ScheduleCancelled", json!({ "operation": operation(9) })),
        (
            "EmergencySigned",
            json!({ "what": "2", "to": a, "by": a, "until": "1" }),
        ),
    ];
    for (name, args) in cases {
        let (_dir, store) = fresh(100).await;
        let script = Script { fork: u64::MAX };
        for number in 1..=31 {
            store.apply_block(script.batch(b'a', number)).await.unwrap();
        }
        let before = store.table_hash().await.unwrap();
        let mut batch = script.batch(b'a', 32);
        batch.events = vec![event(32, 0, B256::ZERO, name, args.clone())];
        let error = store.apply_block(batch).await.unwrap_err();
        let refused = matches!(
            &error,
            Error::Event {
                block: 32,
                log_index: 0,
                ..
            }
        );
        assert!(refused, "{name} {args}: {error}");
        assert_eq!(store.table_hash().await.unwrap(), before, "{name}");
    }
}

/// An index that followed fewer contracts lacks their past: it is made anew, and what is not the index stays.
#[tokio::test]
async fn o5_an_index_of_other_contracts_starts_anew() {
    let (_dir, store) = fresh(100).await;
    let script = Script { fork: u64::MAX };
    assert!(
        !store.follow("minter").await.unwrap(),
        "nothing to lose yet"
    );
    for number in 1..=40 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    let at = store.cursor().await.unwrap().unwrap();
    let sample = vec![("rate".to_owned(), "1".to_owned())];
    let alert = vec![super::raise("x", at.number, at.timestamp, 0)];
    store
        .record_samples(at.number, at.hash, sample, alert)
        .await
        .unwrap();
    let whole = store.table_hash().await.unwrap();
    assert!(!store.follow("minter").await.unwrap());
    assert_eq!(store.table_hash().await.unwrap(), whole);

    assert!(store.follow("minter, vault").await.unwrap());
    assert_eq!(store.cursor().await.unwrap(), None);
    assert_eq!(store.rollback_floor().await.unwrap(), 0);
    let (_other, empty) = fresh(100).await;
    assert_eq!(
        store.table_hash().await.unwrap(),
        empty.table_hash().await.unwrap()
    );
    assert_eq!(
        store
            .alerts(None, &PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    assert_eq!(
        store.latest_sample("rate").await.unwrap().unwrap().value,
        "1"
    );
    for number in 1..=40 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    assert_eq!(store.table_hash().await.unwrap(), whole);
}
