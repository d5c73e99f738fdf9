//! The basket: a history through every event of it and of what governs it, with the figures worked out by hand. Its first half
//! lies where the crash and reorganisation tests play, its second where the window of the longer ones is.

use super::{Script, account, event, fresh, transfer};
use crate::{
    Amounts, BasketMoveKind, Error, GuardianActKind, LegState, OperationState, PageRequest,
    ReceiptState, totals::*,
};
use alloy::primitives::{Address, B256, U256, b256};
use serde_json::{Value, json};

fn cy() -> Address {
    account(24)
}

fn dan() -> Address {
    account(25)
}

fn queue() -> Address {
    account(80)
}

fn nobody() -> Address {
    account(89)
}

/// Whoever logs in these tests: the adapter of sleeve 0, the receipts, the governor.
const LOGGER: Address = Address::repeat_byte(0xee);
const COIN: &str = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
/// `keccak256(abi.encode(targets, values, calldatas, 0, bytes20(governor) ^ keccak256(description)))` of proposal 77, by viem.
const OPERATION: B256 = b256!("211279cf52af0ff7ba96539f9e1bc4cbbe38b0b541a2db55a75788f680488940");

fn hex(account: Address) -> String {
    format!("{account:#x}")
}

fn u(value: u64) -> U256 {
    U256::from(value)
}

fn list(values: &[u64]) -> Value {
    values.iter().map(u64::to_string).collect()
}

fn amounts(values: &[u64]) -> Amounts {
    Amounts(values.iter().copied().map(U256::from).collect())
}

fn at(block: u64) -> u64 {
    1_000 + block * 12
}

/// The receipt that follows the first one.
fn second() -> U256 {
    U256::from(1) | (U256::from(1) << 128)
}

type Told = (&'static str, Value);

fn shares(from: Address, to: Address, value: u64) -> Told {
    ("basketToken.Transfer", transfer(from, to, u(value)))
}

fn gov(from: Address, to: Address, value: u64) -> Told {
    ("gov.Transfer", transfer(from, to, u(value)))
}

fn votes(who: Address, before: u64, after: u64) -> Told {
    (
        "gov.DelegateVotesChanged",
        json!({ "delegate": hex(who), "previousVotes": before.to_string(), "newVotes": after.to_string() }),
    )
}

fn receipt(from: Address, to: Address, id: U256) -> Told {
    (
        "basketReceipts.Transfer",
        json!({ "from": hex(from), "to": hex(to), "tokenId": id.to_string() }),
    )
}

fn sleeve_added(id: u64, adapter: Address, token: &str) -> Told {
    (
        "basket.SleeveAdded",
        json!({ "sleeve": id.to_string(), "adapter": hex(adapter), "token": token, "epochToken": COIN }),
    )
}

fn caps(id: u64) -> Told {
    (
        "basket.CapsSet",
        json!({ "sleeve": id.to_string(), "cap": "1000", "limit": "100", "bandBps": "500" }),
    )
}

fn harvested(id: u64, gained: u64, released: u64, locked: u64, fee: u64) -> Told {
    (
        "basket.Harvested",
        json!({ "sleeve": id.to_string(), "gained": gained.to_string(), "released": released.to_string(), "locked": locked.to_string(), "feeUnits": fee.to_string() }),
    )
}

fn requested(controller: Address, owner: Address, epoch: u64, value: u64) -> Told {
    (
        "queue.RedeemRequest",
        json!({ "controller": hex(controller), "owner": hex(owner), "requestId": epoch.to_string(), "sender": hex(owner), "shares": value.to_string() }),
    )
}

fn cancelled(controller: Address, epoch: u64, value: u64) -> Told {
    (
        "queue.RequestCancelled",
        json!({ "controller": hex(controller), "epoch": epoch.to_string(), "shares": value.to_string() }),
    )
}

fn started(epoch: u64, sleeve: u64, units: u64, ticket: u64) -> Told {
    (
        "queue.LegStarted",
        json!({ "epoch": epoch.to_string(), "sleeve": sleeve.to_string(), "units": units.to_string(), "ticket": ticket.to_string() }),
    )
}

fn paid(epoch: u64, sleeve: u64, amount: u64, done: bool) -> Told {
    (
        "queue.LegPaid",
        json!({ "epoch": epoch.to_string(), "sleeve": sleeve.to_string(), "asset": COIN, "amount": amount.to_string(), "done": done }),
    )
}

fn claimed(owner: Address, to: Address, paid: &[u64], whole: bool) -> Told {
    (
        "queue.Claimed",
        json!({ "epoch": "1", "owner": hex(owner), "recipient": hex(to), "paid": list(paid), "whole": whole }),
    )
}

fn bid(id: u64, who: Address, sold: u64, paid: u64, loss: u64) -> Told {
    (
        "basket.AuctionBid",
        json!({ "id": id.to_string(), "bidder": hex(who), "sold": sold.to_string(), "paid": paid.to_string(), "loss": loss.to_string() }),
    )
}

fn auction(id: u64, from: u64, to: u64, units: u64) -> Told {
    (
        "basket.AuctionStarted",
        json!({ "id": id.to_string(), "from": from.to_string(), "to": to.to_string(), "units": units.to_string() }),
    )
}

fn proposed(id: u64, description: &str) -> Told {
    (
        "governor.ProposalCreated",
        json!({
            "proposalId": id.to_string(), "proposer": hex(cy()), "targets": [hex(account(83))], "values": ["5"], "signatures": [""],
            "calldatas": ["0x1234"], "voteStart": "2000", "voteEnd": "3000", "description": description,
        }),
    )
}

fn of_proposal(name: &'static str, id: u64) -> Told {
    (name, json!({ "proposalId": id.to_string() }))
}

fn scheduled(id: B256, index: u64) -> Told {
    (
        "basketTimelock.CallScheduled",
        json!({
            "id": id, "index": index.to_string(), "target": hex(account(83)), "value": "5", "data": "0x1234",
            "predecessor": B256::ZERO, "delay": "600",
        }),
    )
}

fn paused(until: u64) -> Told {
    (
        "basket.PausedUntil",
        json!({ "what": "1", "until": until.to_string() }),
    )
}

pub(super) fn events(number: u64) -> Vec<Told> {
    let (c, d) = (hex(cy()), hex(dan()));
    match number {
        5 => vec![
            (
                "basket.Initialized",
                json!({ "token": hex(account(81)), "queue": hex(queue()), "feed": hex(account(82)), "timelock": hex(account(83)) }),
            ),
            (
                "basket.FeesSet",
                json!({ "entryBps": "5", "instantBps": "10", "managementBps": "50", "performanceBps": "1000" }),
            ),
            (
                "basket.ParameterSet",
                json!({ "name": format!("0x{:0<64}", alloy::hex::encode("floor")), "value": "7" }),
            ),
            (
                "basket.ParameterSet",
                json!({ "name": format!("0x{:0<64}", alloy::hex::encode("guardian")), "value": U256::from_be_bytes(account(84).into_word().0).to_string() }),
            ),
            sleeve_added(0, LOGGER, COIN),
            caps(0),
            sleeve_added(1, account(91), &hex(account(92))),
            caps(1),
            (
                "basket.WeightsSet",
                json!({ "targetBps": list(&[6_000, 4_000]) }),
            ),
        ],
        6 => vec![
            shares(Address::ZERO, nobody(), 10),
            (
                "basket.MintedInKind",
                json!({ "sender": c, "receiver": c, "priced": "1000", "shares": "990", "units": list(&[600, 400]) }),
            ),
            shares(Address::ZERO, cy(), 990),
        ],
        7 => vec![
            (
                "basket.Deposited",
                json!({ "sender": d, "receiver": c, "sleeve": "0", "units": "100", "shares": "90" }),
            ),
            shares(Address::ZERO, cy(), 90),
            shares(cy(), dan(), 300),
            // A stranger sends nothing.
            shares(account(26), cy(), 0),
        ],
        8 => vec![
            harvested(0, 20, 5, 15, 2),
            ("basket.LossBooked", json!({ "sleeve": "1", "units": "9" })),
            harvested(1, 0, 0, 0, 0),
        ],
        9 => vec![
            harvested(0, 1, 6, 10, 3),
            (
                "basket.InstantExit",
                json!({ "sender": d, "receiver": c, "shares": "50", "coins": "49", "feeCoins": "1" }),
            ),
            shares(dan(), Address::ZERO, 50),
        ],
        10 => vec![
            requested(dan(), dan(), 1, 100),
            shares(dan(), queue(), 100),
            // For somebody else.
            requested(dan(), cy(), 1, 40),
            shares(cy(), queue(), 40),
            cancelled(dan(), 1, 30),
            shares(queue(), dan(), 30),
            requested(cy(), cy(), 1, 90),
            shares(cy(), queue(), 90),
        ],
        // Sleeve 0 pays; the leg of sleeve 1 waits.
        11 => vec![
            ("sleeve.Delivered", json!({ "to": c, "units": "12" })),
            shares(dan(), Address::ZERO, 20),
            (
                "basket.RedeemedInKind",
                json!({ "owner": d, "recipient": c, "shares": "20", "parts": list(&[13, 8]), "delivered": "1" }),
            ),
        ],
        12 => vec![
            (
                "queue.EpochClosed",
                json!({ "epoch": "1", "shares": "200", "parts": list(&[120, 60]) }),
            ),
            shares(queue(), Address::ZERO, 200),
            started(1, 0, 110, 0),
            paid(1, 0, 101, true),
            started(1, 1, 50, 4),
        ],
        // Of 101: 55 for 110 of 200 shares, 45 for 90.
        13 => vec![
            claimed(dan(), cy(), &[55, 0], false),
            receipt(Address::ZERO, cy(), u(1)),
            (
                "queue.PositionWrapped",
                json!({ "epoch": "1", "owner": c, "line": "1" }),
            ),
            receipt(cy(), dan(), u(1)),
            (
                "basket.LegRecipientSet",
                json!({ "owner": d, "recipient": d }),
            ),
        ],
        // Of 30: 13 for 90 of 200.
        14 => vec![
            paid(1, 1, 30, false),
            receipt(dan(), Address::ZERO, u(1)),
            claimed(LOGGER, dan(), &[45, 13], false),
            receipt(Address::ZERO, dan(), second()),
            (
                "basketReceipts.ReceiptClaimed",
                json!({ "tokenId": "1", "recipient": d, "paid": list(&[45, 13]), "nextTokenId": second().to_string() }),
            ),
        ],
        29 => vec![
            paid(1, 1, 11, true),
            (
                "basket.LegDelivered",
                json!({ "owner": d, "sleeve": "1", "recipient": d, "parts": "8", "units": "7" }),
            ),
        ],
        // Of 41: 22 for 110 of 200. Then there is room for the receipt's position.
        30 => vec![
            claimed(dan(), dan(), &[0, 22], true),
            receipt(dan(), Address::ZERO, second()),
            (
                "basketReceipts.Unwrapped",
                json!({ "tokenId": second().to_string(), "epoch": "1", "owner": d }),
            ),
            (
                "queue.PositionUnwrapped",
                json!({ "epoch": "1", "owner": d, "line": "1" }),
            ),
        ],
        // 18 for 90 of 200, 13 of it paid before.
        31 => vec![
            claimed(dan(), dan(), &[0, 5], true),
            (
                "basket.FeesCollected",
                json!({ "recipient": c, "shares": "3" }),
            ),
            shares(Address::ZERO, cy(), 3),
            (
                "basket.UnitFeesCollected",
                json!({ "recipient": c, "sleeve": "0", "units": "3" }),
            ),
        ],
        32 => vec![
            auction(1, 0, 1, 50),
            bid(1, cy(), 20, 19, 1),
            bid(1, dan(), 5, 5, 0),
        ],
        33 => vec![
            auction(2, 1, 0, 8),
            ("basket.AuctionEnded", json!({ "id": "2" })),
            (
                "feed.Observed",
                json!({ "asset": hex(account(92)), "state": "1", "low": "100", "high": "110" }),
            ),
            ("feed.Delisted", json!({ "asset": hex(account(92)) })),
            paused(5_000),
            paused(0),
        ],
        34 => vec![
            gov(Address::ZERO, cy(), 1_000),
            (
                "gov.DelegateChanged",
                json!({ "delegator": c, "fromDelegate": hex(Address::ZERO), "toDelegate": d }),
            ),
            votes(dan(), 0, 1_000),
            gov(cy(), dan(), 100),
            votes(dan(), 1_000, 900),
        ],
        35 => vec![
            proposed(77, "Raise the floor"),
            (
                "governor.VoteCast",
                json!({ "voter": d, "proposalId": "77", "support": "1", "weight": "900", "reason": "why not" }),
            ),
            (
                "governor.VoteCastWithParams",
                json!({ "voter": c, "proposalId": "77", "support": "2", "weight": "30", "reason": "", "params": "0x01" }),
            ),
            (
                "governor.ProposalExtended",
                json!({ "proposalId": "77", "extendedDeadline": "3500" }),
            ),
        ],
        36 => vec![
            scheduled(OPERATION, 0),
            (
                "governor.ProposalQueued",
                json!({ "proposalId": "77", "etaSeconds": "9999" }),
            ),
            scheduled(B256::repeat_byte(7), 0),
            scheduled(B256::repeat_byte(7), 1),
        ],
        37 => vec![
            (
                "basketTimelock.CallExecuted",
                json!({ "id": OPERATION, "index": "0", "target": hex(account(83)), "value": "5", "data": "0x1234" }),
            ),
            of_proposal("governor.ProposalExecuted", 77),
            (
                "basketTimelock.Cancelled",
                json!({ "id": B256::repeat_byte(7) }),
            ),
            (
                "guardian.Appointed",
                json!({ "holder": d, "until": "9000" }),
            ),
            (
                "basketTimelock.RoleGranted",
                json!({ "role": B256::repeat_byte(3), "account": d, "sender": c }),
            ),
        ],
        38 => vec![
            proposed(78, "Something else"),
            of_proposal("governor.ProposalCanceled", 78),
            ("guardian.Resigned", json!({ "holder": d })),
            (
                "governor.VotingDelaySet",
                json!({ "oldVotingDelay": "0", "newVotingDelay": "86400" }),
            ),
            (
                "basketTimelock.MinDelayChange",
                json!({ "oldDuration": "1", "newDuration": "2" }),
            ),
            ("basket.SleeveRemoved", json!({ "sleeve": "1" })),
            requested(cy(), cy(), 2, 5),
            shares(cy(), queue(), 5),
            cancelled(cy(), 2, 5),
            shares(queue(), cy(), 5),
        ],
        _ => vec![],
    }
}

async fn played(last: u64) -> (tempfile::TempDir, crate::Store) {
    let (dir, store) = fresh(100).await;
    let script = Script { fork: u64::MAX };
    for number in 1..=last {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    (dir, store)
}

#[tokio::test]
async fn the_basket_adds_up_to_what_was_worked_out_by_hand() {
    let (_dir, store) = played(40).await;
    let page = PageRequest::default();

    // ---- totals: 1000 minted, 90 deposited, 50 + 20 + 200 burned, 3 for the fee
    for (name, value) in [
        (BASKET_SHARES, 823),
        (BASKET_FEE_SHARES, 3),
        (BASKET_REQUESTED, 0),
        (GOV_SUPPLY, 1_000),
    ] {
        assert_eq!(store.total(name).await.unwrap(), u(value), "{name}");
    }
    let holder = async |who| {
        let row = store.basket_holder(who).await.unwrap().unwrap();
        (row.shares, row.shares_in, row.shares_out, row.first_at)
    };
    // 990 + 90 - 300 - 40 - 90 + 3; out: the 90 asked for, the 5 taken back not.
    assert_eq!(holder(cy()).await, (u(653), u(1_080), u(90), at(6)));
    // 300 - 50 - 100 + 30 - 20; out: 50, 20, and 110 in the epoch, 40 of it another's.
    assert_eq!(holder(dan()).await, (u(160), u(0), u(180), at(7)));
    assert_eq!(holder(queue()).await.0, u(0));
    assert_eq!(holder(nobody()).await.0, u(10));
    // The two and nobody.
    assert_eq!(store.basket_holder_count().await.unwrap(), 3);

    // ---- sleeves
    let [coins, token] = &store.basket_sleeves().await.unwrap()[..] else {
        panic!()
    };
    assert_eq!(
        (coins.adapter, hex(coins.token), coins.cap, coins.flow_limit),
        (LOGGER, COIN.to_owned(), u(1_000), u(100))
    );
    assert_eq!(
        (coins.band_bps, coins.target_bps, coins.added_block),
        (500, 6_000, 5)
    );
    assert_eq!(
        (coins.gained, coins.released, coins.locked, coins.fee_units),
        (u(21), u(11), u(10), u(0))
    );
    assert_eq!(
        (coins.fees_paid, coins.lost, coins.harvested_at),
        (u(3), u(0), Some(at(9)))
    );
    assert_eq!(
        (token.token, token.lost, token.target_bps, token.removed_at),
        (account(92), u(9), 0, Some(at(38)))
    );
    let harvests = store.harvests(0, &page).await.unwrap().items;
    let [harvest] = &harvests[..] else { panic!() };
    assert_eq!(
        (
            harvest.round,
            harvest.count,
            harvest.gained,
            harvest.released
        ),
        (0, 2, u(21), u(11))
    );
    assert_eq!(
        (harvest.locked, harvest.fee_units, harvest.at, harvest.block),
        (u(10), u(3), at(9), 9)
    );
    let [harvest] = &store.harvests(1, &page).await.unwrap().items[..] else {
        panic!()
    };
    assert_eq!((harvest.count, harvest.lost), (1, u(9)));
    let observed = store.price_observations(account(92), &page).await.unwrap();
    let observed = observed.items.first().unwrap();
    assert_eq!(
        (observed.state, observed.low, observed.high, observed.at),
        (1, u(100), u(110), at(33))
    );

    // ---- the epoch
    let (epoch, legs) = store.epoch(1).await.unwrap().unwrap();
    assert_eq!(
        (epoch.shares, epoch.requests, epoch.legs, epoch.legs_done),
        (u(200), 3, 2, 2)
    );
    assert_eq!(
        (epoch.requested_at, epoch.due_at, epoch.closed_at),
        (Some(at(10)), Some(86_400), Some(at(12)))
    );
    let shape: Vec<_> = legs
        .iter()
        .map(|leg| (leg.state, leg.parts, leg.units, leg.ticket, leg.recovered))
        .collect();
    assert_eq!(
        shape,
        [
            (LegState::Done, u(120), u(110), u(0), u(101)),
            (LegState::Done, u(60), u(50), u(4), u(41)),
        ]
    );
    assert_eq!(
        (legs[0].done_at, legs[1].done_at),
        (Some(at(12)), Some(at(29)))
    );
    assert!(store.open_legs(&page).await.unwrap().items.is_empty());
    let (open, legs) = store.epoch(2).await.unwrap().unwrap();
    assert_eq!(
        (open.shares, open.requests, open.requested_at, open.due_at),
        (u(0), 1, None, None)
    );
    assert!(legs.is_empty());
    let newest: Vec<_> = store.epochs(&page).await.unwrap().items;
    assert_eq!(newest.iter().map(|e| e.id).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(store.epoch(3).await.unwrap(), None);

    // ---- positions: first the one asked for, then the one that was a receipt
    let [position] = &store.positions_of(dan(), &page).await.unwrap().items[..] else {
        panic!()
    };
    assert_eq!(
        (
            position.epoch,
            position.shares,
            position.mask,
            position.whole
        ),
        (1, u(90), 0b11, true)
    );
    assert_eq!(position.paid, amounts(&[45, 18]));
    assert_eq!(position.claimed_at, Some(at(31)));
    let [taken_back] = &store.positions_of(cy(), &page).await.unwrap().items[..] else {
        panic!()
    };
    assert_eq!((taken_back.epoch, taken_back.shares), (2, u(0)));
    let in_one = store.positions_in(1, &page).await.unwrap().items;
    assert_eq!(in_one, std::slice::from_ref(position));
    assert!(store.waiting_legs(&page).await.unwrap().items.is_empty());
    let receipts = store.basket_receipts_of(dan(), &page).await.unwrap().items;
    let shape: Vec<_> = receipts
        .iter()
        .map(|r| (r.id, r.line, r.epoch, r.shares, r.mask, r.paid.clone()))
        .collect();
    let both = || (1, u(90), 0b01, amounts(&[45, 13]));
    let of = |id, (epoch, shares, mask, paid)| (id, u(1), epoch, shares, mask, paid);
    assert_eq!(shape, [of(second(), both()), of(u(1), both())]);
    assert_eq!(
        (receipts[0].state, receipts[1].state, receipts[1].next),
        (
            ReceiptState::Unwrapped,
            ReceiptState::Claimed,
            Some(second())
        )
    );

    // ---- auctions
    let auctions = store.auctions(&page).await.unwrap().items;
    let [(later, none), (first, bids)] = &auctions[..] else {
        panic!()
    };
    assert_eq!(
        (later.id, later.from_sleeve, later.ended_at),
        (2, 1, Some(at(33)))
    );
    assert!(none.is_empty());
    assert_eq!(
        (first.units, first.sold, first.paid, first.loss, first.bids),
        (u(50), u(25), u(24), u(1), 2)
    );
    assert_eq!(first.ended_at, Some(at(33)), "the next one began");
    let shape: Vec<_> = bids.iter().map(|b| (b.bidder, b.sold, b.paid)).collect();
    assert_eq!(shape, [(cy(), u(20), u(19)), (dan(), u(5), u(5))]);

    // ---- parameters
    for (name, value) in [
        ("basket.floor", "7".to_owned()),
        ("basket.guardian", hex(account(84))),
        ("basket.entryFeeBps", "5".to_owned()),
        ("basket.queue", hex(queue())),
        ("basket.receipts", hex(LOGGER)),
        ("governor.votingDelay", "86400".to_owned()),
        ("basketTimelock.minDelay", "2".to_owned()),
    ] {
        let row = store.parameter(name).await.unwrap().unwrap();
        assert_eq!(row.value, value, "{name}");
    }
}

#[tokio::test]
async fn governance_adds_up_to_what_was_worked_out_by_hand() {
    let (_dir, store) = played(40).await;
    let page = PageRequest::default();
    let ids: Vec<_> = store.proposals(&page).await.unwrap().items;
    assert_eq!(ids.iter().map(|p| p.id).collect::<Vec<_>>(), [u(78), u(77)]);
    assert_eq!(ids[0].cancelled_at, Some(at(38)));
    let proposal = store.proposal(u(77)).await.unwrap().unwrap();
    assert_eq!(
        (
            proposal.proposer,
            proposal.description.as_str(),
            proposal.voters
        ),
        (cy(), "Raise the floor", 2)
    );
    assert_eq!(
        proposal.calls,
        json!([{ "target": hex(account(83)), "value": "5", "calldata": "0x1234" }])
    );
    assert_eq!(
        (proposal.vote_start, proposal.vote_end, proposal.extended),
        (2_000, 3_500, true)
    );
    assert_eq!(
        (
            proposal.votes_for,
            proposal.votes_against,
            proposal.votes_abstain
        ),
        (u(900), u(0), u(30))
    );
    assert_eq!(
        (proposal.eta, proposal.queued_at, proposal.executed_at),
        (Some(9_999), Some(at(36)), Some(at(37)))
    );
    assert_eq!(proposal.operation, Some(OPERATION));
    let cast = store.votes_on(u(77), &page).await.unwrap().items;
    let shape: Vec<_> = cast
        .iter()
        .map(|v| (v.voter, v.support, v.weight, v.reason.as_str()))
        .collect();
    assert_eq!(shape, [(dan(), 1, u(900), "why not"), (cy(), 2, u(30), "")]);
    assert_eq!(
        store.votes_of(dan(), &page).await.unwrap().items,
        [cast[0].clone()]
    );

    // ---- GOV
    let mine = store.gov_account(cy()).await.unwrap().unwrap();
    assert_eq!(
        (mine.balance, mine.delegate, mine.votes),
        (u(900), Some(dan()), u(0))
    );
    let his = store.gov_account(dan()).await.unwrap().unwrap();
    assert_eq!(
        (his.balance, his.delegate, his.votes),
        (u(100), None, u(900))
    );
    assert_eq!(
        store.delegators_of(dan(), &page).await.unwrap().items,
        [mine]
    );
    let [moved] = &store.delegations_of(cy(), &page).await.unwrap().items[..] else {
        panic!()
    };
    assert_eq!(
        (moved.from_delegate, moved.to_delegate),
        (None, Some(dan()))
    );
    let power = store.power_moves_of(dan(), &page).await.unwrap().items;
    let shape: Vec<_> = power
        .iter()
        .map(|p| (p.votes_before, p.votes_after))
        .collect();
    assert_eq!(shape, [(u(1_000), u(900)), (u(0), u(1_000))]);

    // ---- timelock
    let operations = store.operations(&page).await.unwrap().items;
    let shape: Vec<_> = operations
        .iter()
        .map(|o| (o.id, o.proposal, o.calls, o.state, o.delay, o.done_at))
        .collect();
    use OperationState::{Cancelled, Executed};
    assert_eq!(
        shape,
        [
            (OPERATION, Some(u(77)), 1, Executed, 600, Some(at(37))),
            (B256::repeat_byte(7), None, 2, Cancelled, 600, Some(at(37))),
        ]
    );
    assert!(store.operations_waiting().await.unwrap().is_empty());
    let calls = store.operation_calls(B256::repeat_byte(7)).await.unwrap();
    let shape: Vec<_> = calls.iter().map(|c| (c.idx, c.target, c.amount)).collect();
    assert_eq!(shape, [(0, account(83), u(5)), (1, account(83), u(5))]);
    let roles = store.role_changes().await.unwrap();
    assert!(
        roles
            .iter()
            .any(|r| r.role == B256::repeat_byte(3) && r.account == dan() && r.granted)
    );

    // ---- guardian
    let acts = store.guardian_acts(&page).await.unwrap().items;
    let shape: Vec<_> = acts
        .iter()
        .rev()
        .map(|a| (a.kind, a.holder, a.part, a.until))
        .collect();
    assert_eq!(
        shape,
        [
            (GuardianActKind::Paused, None, Some(1), Some(5_000)),
            (GuardianActKind::Unpaused, None, Some(1), None),
            (GuardianActKind::Appointed, Some(dan()), None, Some(9_000)),
            (GuardianActKind::Resigned, Some(dan()), None, None),
        ]
    );
}

#[tokio::test]
async fn an_account_reads_what_it_did_with_the_basket() {
    use BasketMoveKind::{
        Cancel, Claim, Deposit, InKindExit, InstantExit, LegDelivered, MintInKind, ReceiptIn,
        ReceiptOut, Request, TransferIn, TransferOut, Unwrap, Wrap,
    };
    let (_dir, store) = played(40).await;
    let page = PageRequest::default();
    let lines = async |who| {
        let moves = store.basket_moves(who, &page).await.unwrap().items;
        let oldest_first = moves.into_iter().rev();
        oldest_first
            .map(|m| (m.kind, m.shares, m.coins, m.units, m.epoch))
            .collect::<Vec<_>>()
    };
    let line = |kind, shares: u64, coins: u64, units: &[u64], epoch| {
        (kind, u(shares), u(coins), amounts(units), epoch)
    };
    assert_eq!(
        lines(cy()).await,
        [
            line(MintInKind, 990, 0, &[600, 400], None),
            line(Deposit, 90, 0, &[100], None),
            line(TransferOut, 300, 0, &[], None),
            line(TransferIn, 0, 0, &[], None),
            line(TransferOut, 40, 0, &[], Some(1)),
            line(Request, 90, 0, &[], Some(1)),
            line(Wrap, 90, 0, &[], Some(1)),
            line(ReceiptOut, 90, 0, &[], Some(1)),
            line(Request, 5, 0, &[], Some(2)),
            line(Cancel, 5, 0, &[], Some(2)),
        ]
    );
    assert_eq!(
        lines(dan()).await,
        [
            line(TransferIn, 300, 0, &[], None),
            line(InstantExit, 50, 49, &[], None),
            line(Request, 100, 0, &[], Some(1)),
            line(Request, 40, 0, &[], Some(1)),
            line(Cancel, 30, 0, &[], Some(1)),
            line(InKindExit, 20, 0, &[12, 0], None),
            line(Claim, 110, 55, &[55, 0], Some(1)),
            line(ReceiptIn, 90, 0, &[], Some(1)),
            line(Claim, 90, 58, &[45, 13], Some(1)),
            line(LegDelivered, 0, 0, &[7], None),
            line(Claim, 110, 22, &[0, 22], Some(1)),
            line(Unwrap, 90, 0, &[], Some(1)),
            line(Claim, 90, 5, &[0, 5], Some(1)),
        ]
    );
}

/// Half-way: a leg out, a leg of an exit in kind waiting, where its owner named last.
#[tokio::test]
async fn what_waits_is_listed_for_whoever_serves_it() {
    let page = PageRequest::default();
    let (_dir, store) = played(11).await;
    let [leg] = &store.waiting_legs(&page).await.unwrap().items[..] else {
        panic!()
    };
    assert_eq!(
        (leg.owner, leg.sleeve, leg.parts, leg.recipient, leg.since),
        (dan(), 1, u(8), cy(), at(11))
    );
    assert_eq!(store.total(BASKET_REQUESTED).await.unwrap(), u(200));
    let (epoch, _) = store.epoch(1).await.unwrap().unwrap();
    assert_eq!((epoch.shares, epoch.closed_at), (u(200), None));

    let (_dir, store) = played(14).await;
    let [leg] = &store.waiting_legs_of(dan()).await.unwrap()[..] else {
        panic!()
    };
    assert_eq!((leg.recipient, leg.since), (dan(), at(11)));
    let [leg] = &store.open_legs(&page).await.unwrap().items[..] else {
        panic!()
    };
    assert_eq!(
        (leg.epoch, leg.sleeve, leg.state, leg.ticket, leg.recovered),
        (1, 1, LegState::Out, u(4), u(30))
    );
    assert_eq!(leg.asset.map(hex), Some(COIN.to_owned()));
    let [position] = &store.positions_of(dan(), &page).await.unwrap().items[..] else {
        panic!()
    };
    assert_eq!(
        (position.shares, position.mask, position.paid.clone()),
        (u(110), 0b01, amounts(&[55, 0]))
    );
    let receipt = store.basket_receipt(second()).await.unwrap().unwrap();
    assert_eq!(
        (receipt.owner, receipt.state, receipt.paid),
        (dan(), ReceiptState::Live, amounts(&[45, 13]))
    );
}

/// Blocks taken back leave no trace of the basket, whatever they did: removed rows come back, new ones go.
#[tokio::test]
async fn the_basket_goes_back_with_its_blocks() {
    let mut hashes = Vec::new();
    let (_dir, store) = fresh(100).await;
    let script = Script { fork: u64::MAX };
    for number in 1..=40 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
        hashes.push(store.table_hash().await.unwrap());
    }
    for height in [38, 33, 30, 29, 28, 13, 12, 11, 10, 6, 4] {
        store.rollback_to(height).await.unwrap();
        let wanted = hashes[height as usize - 1];
        assert_eq!(store.table_hash().await.unwrap(), wanted, "{height}");
        for number in height + 1..=40 {
            store.apply_block(script.batch(b'a', number)).await.unwrap();
        }
        assert_eq!(store.table_hash().await.unwrap(), hashes[39], "{height}");
    }
}

/// What contradicts the rows is refused, by name and place.
#[tokio::test]
async fn an_impossible_event_of_the_basket_is_refused() {
    let d = hex(dan());
    let cases = [
        shares(dan(), cy(), 161),
        caps(2),
        harvested(2, 0, 0, 0, 0),
        (
            "basket.LegDelivered",
            json!({ "owner": d, "sleeve": "1", "recipient": d, "parts": "9", "units": "7" }),
        ),
        requested(dan(), dan(), 1, 1),
        cancelled(dan(), 1, 111),
        cancelled(dan(), 9, 1),
        (
            "queue.EpochClosed",
            json!({ "epoch": "1", "shares": "200", "parts": list(&[1, 1]) }),
        ),
        started(1, 1, 50, 4),
        started(1, 2, 50, 4),
        // 15 is what 110 of 200 shares have of 30 at most.
        claimed(dan(), dan(), &[0, 17], false),
        claimed(cy(), cy(), &[45, 0], false),
        receipt(cy(), dan(), second()),
        receipt(dan(), cy(), u(1)),
        bid(1, cy(), 1, 1, 0),
        votes(dan(), 1, 2),
        gov(cy(), dan(), 1),
        of_proposal("governor.ProposalExecuted", 77),
        (
            "basketTimelock.Cancelled",
            json!({ "id": B256::repeat_byte(7) }),
        ),
    ];
    for (name, args) in cases {
        let (_dir, store) = played(14).await;
        let before = store.table_hash().await.unwrap();
        let mut batch = Script { fork: u64::MAX }.batch(b'a', 15);
        batch.events = vec![event(15, 0, B256::ZERO, name, args.clone())];
        let error = store.apply_block(batch).await.unwrap_err();
        let refused = matches!(
            &error,
            Error::Event {
                block: 15,
                log_index: 0,
                ..
            }
        );
        assert!(refused, "{name} {args}: {error}");
        assert_eq!(store.table_hash().await.unwrap(), before, "{name}");
    }
}

/// A delivery of another transaction is not this exit's.
#[tokio::test]
async fn an_exit_in_kind_counts_its_own_deliveries() {
    let (_dir, store) = played(14).await;
    let exit = json!({ "owner": hex(dan()), "recipient": hex(dan()), "shares": "1", "parts": list(&[1, 0]), "delivered": "3" });
    let delivered = |units: u64| json!({ "to": hex(dan()), "units": units.to_string() });
    let (one, two) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let mut batch = Script { fork: u64::MAX }.batch(b'a', 15);
    batch.events = vec![
        event(15, 0, one, "sleeve.Delivered", delivered(4)),
        event(15, 1, two, "basket.RedeemedInKind", exit.clone()),
        event(15, 2, two, "sleeve.Delivered", delivered(5)),
        event(15, 3, two, "basket.RedeemedInKind", exit.clone()),
        // Parts too few for a unit: nothing was delivered, and the last delivery was another exit's.
        event(15, 4, two, "basket.RedeemedInKind", exit),
    ];
    store.apply_block(batch).await.unwrap();
    let page = PageRequest {
        cursor: None,
        limit: 3,
    };
    let moves = store.basket_moves(dan(), &page).await.unwrap().items;
    let units: Vec<_> = moves.into_iter().map(|m| m.units).collect();
    assert_eq!(
        units,
        [amounts(&[0, 0]), amounts(&[5, 0]), amounts(&[0, 0])]
    );
}

#[tokio::test]
async fn the_worth_of_a_share_is_read_by_steps() {
    let (_dir, store) = fresh(100).await;
    let script = Script { fork: u64::MAX };
    for number in 1..=10 {
        let batch = script.batch(b'a', number);
        let block = batch.block.clone();
        store.apply_block(batch).await.unwrap();
        let mut samples = vec![
            ("basket/nav_low".to_owned(), (100 + number).to_string()),
            ("basket/nav_high".to_owned(), (200 + number).to_string()),
        ];
        // The state could not be read at the last.
        if number != 10 {
            samples.push(("basket/state".to_owned(), (number % 3).to_string()));
        }
        let since = store.seq().await.unwrap();
        store
            .record_samples(block.number, block.hash, samples, vec![])
            .await
            .unwrap();
        let crate::Changes::Next(changes) = store.changes(since, 100).await.unwrap() else {
            panic!()
        };
        let topics: Vec<_> = changes.iter().map(|c| c.topic.as_str()).collect();
        for topic in ["nav", "sleeves", "prices", "metrics"] {
            assert!(topics.contains(&topic), "{topic}");
        }
    }
    // By hundreds of seconds: blocks 1 to 8 end with 1096, 9 and 10 with 1120.
    let points = store.nav_history(1_012, 1_120, 100).await.unwrap();
    let shape: Vec<_> = points
        .iter()
        .map(|p| (p.at, p.block, p.low, p.high, p.state))
        .collect();
    assert_eq!(
        shape,
        [
            (at(8), 8, u(108), u(208), Some(2)),
            (at(10), 10, u(110), u(210), None),
        ]
    );
    assert_eq!(store.nav_history(1_012, 1_120, 1).await.unwrap().len(), 10);
}
