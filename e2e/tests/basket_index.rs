//! A real history of the basket through the index: what the rows say is what the contracts' views say, to the wei, at every stage.

use crate::{
    index::Index,
    invest::{call, go_to, pass_bill, settle_earn},
    site::{ACCOUNTS, COIN, Site},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, U256, address},
    sol_types::SolCall,
};
use chain::{
    BasketContracts,
    bindings::{IBasket, IBasketReceipts, IPriceFeed, IUnbondingQueue},
};
use std::{collections::BTreeSet, time::Duration};
use store::{
    BasketMoveKind, LegState, OperationState, Options, PageRequest, Reader, ReceiptState, Store,
};
use tokio::time::timeout;
use watch::Contracts;

const LIMIT: Duration = Duration::from_secs(400);
const DAY: u64 = 86_400;
/// The timelock's delay of the local profile.
const DELAY: u64 = 12 * DAY;
/// Owns the dead shares.
const DEAD: Address = address!("000000000000000000000000000000000000dEaD");

alloy::sol! {
    interface IHeld {
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function transfer(address to, uint256 amount) external returns (bool);
        function transferFrom(address from, address to, uint256 id) external;
    }
    interface IVoting {
        function getVotes(address account) external view returns (uint256);
        function delegates(address account) external view returns (address);
    }
    interface IBallot {
        function proposalVotes(uint256 id) external view returns (uint256 against, uint256 inFavour, uint256 abstain);
        function proposalDeadline(uint256 id) external view returns (uint256);
        function proposalEta(uint256 id) external view returns (uint256);
        function proposalProposer(uint256 id) external view returns (address);
    }
    interface IOperations {
        function getOperationState(bytes32 id) external view returns (uint8);
        function getTimestamp(bytes32 id) external view returns (uint256);
    }
    interface IBlacklist {
        function setBlacklisted(address account, bool listed) external;
    }
}

fn contracts(site: &Site) -> BasketContracts {
    BasketContracts {
        basket: site.address("Basket"),
        token: site.address("BasketToken"),
        queue: site.address("UnbondingQueue"),
        receipts: site.address("BasketReceipts"),
        feed: Some(site.address("PriceFeed")),
        timelock: site.address("BasketTimelock"),
        governor: site.address("BasketGovernor"),
        gov: site.address("GovToken"),
        guardian: site.address("Guardian"),
    }
}

fn account(index: usize) -> Address {
    ACCOUNTS[index].parse().unwrap()
}

fn everything() -> PageRequest {
    PageRequest {
        cursor: None,
        limit: 500,
    }
}

/// The index at the head, and what the contracts say there.
struct Look<'s> {
    site: &'s Site,
    index: &'s Index,
    of: BasketContracts,
    at: BlockId,
    stage: &'static str,
}

impl<'s> Look<'s> {
    /// Indexes to the head; then index and contracts must agree on everything.
    async fn agrees(site: &'s Site, index: &'s Index, stage: &'static str) {
        let of = contracts(site);
        let at = BlockId::hash(index.reach(site, stage).await);
        let look = Self {
            site,
            index,
            of,
            at,
            stage,
        };
        look.holders().await;
        look.sleeves().await;
        look.epochs().await;
        look.receipts().await;
        look.governance().await;
    }

    async fn view<C: SolCall>(&self, to: Address, call: C) -> C::Return {
        let read = self.site.pool.read(to, &call, self.at).await;
        read.unwrap_or_else(|error| panic!("{}: {}: {error}", self.stage, C::SIGNATURE))
    }

    async fn holders(&self) {
        let (of, stage) = (self.of, self.stage);
        let mut sum = U256::ZERO;
        let people = ACCOUNTS.iter().map(|a| a.parse().unwrap());
        for who in people.chain([of.queue, of.basket, of.timelock, DEAD]) {
            let held = self
                .view(of.token, IHeld::balanceOfCall { account: who })
                .await;
            let row = self.index.store.basket_holder(who).await.unwrap();
            assert_eq!(row.map_or(U256::ZERO, |r| r.shares), held, "{stage}: {who}");
            sum += held;
            let gov = self
                .view(of.gov, IHeld::balanceOfCall { account: who })
                .await;
            let votes = self
                .view(of.gov, IVoting::getVotesCall { account: who })
                .await;
            let delegate = self
                .view(of.gov, IVoting::delegatesCall { account: who })
                .await;
            let row = self.index.store.gov_account(who).await.unwrap();
            let ours = row.map_or((U256::ZERO, U256::ZERO, None), |r| {
                (r.balance, r.votes, r.delegate)
            });
            let delegate = Some(delegate).filter(|d| !d.is_zero());
            assert_eq!(ours, (gov, votes, delegate), "{stage}: {who}");
        }
        let supply = self.view(of.token, IHeld::totalSupplyCall {}).await;
        let total = self.index.store.total(store::totals::BASKET_SHARES).await;
        assert_eq!(total.unwrap(), supply, "{stage}");
        assert_eq!(sum, supply, "{stage}: whoever holds any was looked at");
    }

    async fn sleeves(&self) {
        let stage = self.stage;
        let rows = self.index.store.basket_sleeves().await.unwrap();
        let count = self.view(self.of.basket, IBasket::sleeveCountCall {}).await;
        assert_eq!(U256::from(rows.len()), count, "{stage}");
        for row in rows {
            let call = IBasket::sleeveInfoCall {
                sleeve: U256::from(row.id),
            };
            let info = self.view(self.of.basket, call).await;
            assert_eq!(
                (row.adapter, row.token, row.epoch_token),
                (info.sleeve, info.token, info.epochToken),
                "{stage}"
            );
            assert_eq!(
                (row.target_bps, row.band_bps),
                (u64::from(info.targetBps), u64::from(info.bandBps)),
                "{stage}"
            );
            assert_eq!(row.fee_units, info.feeUnits, "{stage}: sleeve {}", row.id);
            for who in 0..ACCOUNTS.len() {
                let owner = account(who);
                let call = IBasket::waitingPartsCall {
                    owner,
                    sleeve: U256::from(row.id),
                };
                let parts = self.view(self.of.basket, call).await;
                let legs = self.index.store.waiting_legs_of(owner).await.unwrap();
                let leg = legs.iter().find(|leg| leg.sleeve == row.id);
                assert_eq!(
                    leg.map_or(U256::ZERO, |l| l.parts),
                    parts,
                    "{stage}: {owner}"
                );
                if let Some(leg) = leg {
                    let call = IBasket::legRecipientCall { owner };
                    let recipient = self.view(self.of.basket, call).await;
                    assert_eq!(leg.recipient, recipient, "{stage}");
                }
            }
        }
    }

    async fn epochs(&self) {
        let (queue, stage) = (self.of.queue, self.stage);
        let open = self.view(queue, IUnbondingQueue::openEpochCall {}).await;
        let open: u64 = open.epoch.to();
        for id in 1..=open {
            let epoch = U256::from(id);
            let theirs = self
                .view(queue, IUnbondingQueue::epochInfoCall { epoch })
                .await;
            let Some((row, legs)) = self.index.store.epoch(id).await.unwrap() else {
                assert!(theirs.shares.is_zero(), "{stage}: epoch {id}");
                continue;
            };
            let closed = U256::from(row.closed_at.unwrap_or_default());
            let due = row.due_at.filter(|_| row.closed_at.is_none());
            assert_eq!(
                (row.shares, U256::from(row.legs), closed),
                (theirs.shares, theirs.legs, theirs.closedAt),
                "{stage}: epoch {id}"
            );
            assert_eq!(U256::from(due.unwrap_or_default()), theirs.dueAt, "{stage}");
            for leg in &legs {
                let sleeve = U256::from(leg.sleeve);
                let call = IUnbondingQueue::legInfoCall { epoch, sleeve };
                let theirs = self.view(queue, call).await;
                let (state, parts) = match leg.state {
                    LegState::Waiting => (0, leg.parts),
                    LegState::Out => (1, U256::ZERO),
                    LegState::Done => (2, U256::ZERO),
                };
                assert_eq!(
                    (state, parts, leg.asset.unwrap_or_default()),
                    (theirs.state, theirs.parts, theirs.asset),
                    "{stage}: leg {id}/{sleeve}"
                );
                assert_eq!(
                    (leg.units, leg.ticket, leg.recovered),
                    (theirs.units, theirs.ticket, theirs.recovered),
                    "{stage}: leg {id}/{sleeve}"
                );
            }
            for who in 0..ACCOUNTS.len() {
                let owner = account(who);
                let theirs = IUnbondingQueue::positionCall { epoch, owner };
                let theirs = self.view(queue, theirs).await;
                let rows = self.index.store.positions_of(owner, &everything()).await;
                let rows = rows.unwrap().items;
                let ours = rows.iter().find(|p| p.epoch == id && !p.whole);
                let shares = ours.map_or(U256::ZERO, |p| p.shares);
                assert_eq!(shares, theirs.shares, "{stage}: {owner} in {id}");
                let Some(ours) = ours else { continue };
                let call = IUnbondingQueue::claimableCall { epoch, owner };
                let due = self.view(queue, call).await.amounts;
                for (leg, due) in legs.iter().zip(due) {
                    let all = leg.recovered * ours.shares / row.shares;
                    let paid = ours.paid.0.get(leg.sleeve as usize);
                    let left = all - paid.copied().unwrap_or_default();
                    assert_eq!(left, due, "{stage}: {owner} of {id}/{}", leg.sleeve);
                }
            }
        }
    }

    async fn receipts(&self) {
        let stage = self.stage;
        for who in 0..ACCOUNTS.len() {
            let owner = account(who);
            let rows = self
                .index
                .store
                .basket_receipts_of(owner, &everything())
                .await;
            let rows = rows.unwrap().items;
            let live = rows.iter().filter(|r| r.state == ReceiptState::Live);
            let held = self
                .view(self.of.receipts, IHeld::balanceOfCall { account: owner })
                .await;
            assert_eq!(U256::from(live.clone().count()), held, "{stage}: {owner}");
            for row in live {
                let call = IBasketReceipts::infoCall { tokenId: row.id };
                let info = self.view(self.of.receipts, call).await;
                assert_eq!(
                    (row.owner, U256::from(row.epoch), row.shares),
                    (info.owner, info.epoch, info.shares),
                    "{stage}"
                );
                let legs = self.index.store.epoch(row.epoch).await.unwrap().unwrap();
                for (leg, due) in legs.1.iter().zip(info.claimable) {
                    let all = leg.recovered * row.shares / legs.0.shares;
                    let paid = row.paid.0.get(leg.sleeve as usize);
                    let left = all - paid.copied().unwrap_or_default();
                    assert_eq!(left, due, "{stage}: receipt {}", row.id);
                }
            }
        }
    }

    async fn governance(&self) {
        let (of, stage) = (self.of, self.stage);
        for row in self
            .index
            .store
            .proposals(&everything())
            .await
            .unwrap()
            .items
        {
            let id = row.id;
            let votes = self
                .view(of.governor, IBallot::proposalVotesCall { id })
                .await;
            assert_eq!(
                (row.votes_for, row.votes_against, row.votes_abstain),
                (votes.inFavour, votes.against, votes.abstain),
                "{stage}"
            );
            let call = IBallot::proposalDeadlineCall { id };
            let end = self.view(of.governor, call).await;
            assert_eq!(U256::from(row.vote_end), end, "{stage}");
            let call = IBallot::proposalProposerCall { id };
            assert_eq!(row.proposer, self.view(of.governor, call).await, "{stage}");
            let eta = self
                .view(of.governor, IBallot::proposalEtaCall { id })
                .await;
            // The governor forgets the operation of a proposal that is over.
            if row.executed_at.is_none() && row.cancelled_at.is_none() {
                assert_eq!(U256::from(row.eta.unwrap_or_default()), eta, "{stage}");
            }
            assert_eq!(row.operation.is_some(), row.queued_at.is_some(), "{stage}");
        }
        let rows = self
            .index
            .store
            .operations(&everything())
            .await
            .unwrap()
            .items;
        let mut carried = BTreeSet::new();
        for row in rows {
            let call = IOperations::getOperationStateCall { id: row.id };
            let theirs = self.view(of.timelock, call).await;
            let fits = match row.state {
                OperationState::Cancelled => theirs == 0,
                OperationState::Scheduled => theirs == 1 || theirs == 2,
                OperationState::Executed => theirs == 3,
            };
            assert!(fits, "{stage}: {} is {} and {theirs}", row.id, row.state);
            if row.state == OperationState::Scheduled {
                let call = IOperations::getTimestampCall { id: row.id };
                let from = self.view(of.timelock, call).await;
                assert_eq!(U256::from(row.scheduled_at + row.delay), from, "{stage}");
            }
            let calls = self.index.store.operation_calls(row.id).await.unwrap();
            assert_eq!(calls.len() as u64, row.calls, "{stage}");
            carried.extend(row.proposal.map(|_| row.id));
        }
        // What the index says a proposal's operation is, the timelock has scheduled: its id was worked out from the calls.
        let queued = self.index.store.proposals(&everything()).await.unwrap();
        let queued: BTreeSet<_> = queued.items.iter().filter_map(|p| p.operation).collect();
        assert_eq!(carried, queued, "{stage}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_a_real_history_of_the_basket_is_what_its_contracts_say() {
    timeout(LIMIT, async {
        let site = Site::with_basket(&["--only", "basket", "--guardian", ACCOUNTS[3]]).await;
        let of = contracts(&site);
        let follow = || Contracts {
            liquid: None,
            basket: Some(of),
            first_block: 1,
        };
        let index = Index::of(&site, follow(), 16).await;
        Look::agrees(&site, &index, "deployed").await;

        // ---- in
        let (st, btc) = (site.address("StCore"), site.address("CoreBtc"));
        go_to(&site, 1, 10).await;
        settle_earn(&site).await;
        let observe = IPriceFeed::observeCall { asset: st };
        call(&site, ACCOUNTS[2], of.feed.unwrap(), &observe).await;
        site.ok(2, &["basket", "faucet", "--stcore", "100"]);
        let faucet = ["basket", "faucet", "--btc", "0.01", "--recipient"];
        site.ok(0, &[&faucet[..], &[ACCOUNTS[2]]].concat());
        site.ok(2, &["basket", "deposit", "core", "10"]);
        site.ok(2, &["basket", "mint", "40"]);
        let gift = IHeld::transferCall {
            to: account(3),
            amount: U256::from(9 * COIN),
        };
        call(&site, ACCOUNTS[2], of.token, &gift).await;
        Look::agrees(&site, &index, "in").await;
        let seen = index.store.price_observations(st, &everything()).await;
        assert!(!seen.unwrap().items.is_empty());

        // ---- out at once and in kind; a leg that waits, is sent elsewhere, and is delivered
        site.ok(2, &["basket", "exit", "5", "--instant"]);
        site.ok(2, &["basket", "exit", "8", "--in-kind"]);
        Look::agrees(&site, &index, "out").await;
        let listed = |listed| IBlacklist::setBlacklistedCall {
            account: site.address("BtcSleeve"),
            listed,
        };
        call(&site, ACCOUNTS[0], btc, &listed(true)).await;
        site.ok(2, &["basket", "exit", "1", "--in-kind"]);
        Look::agrees(&site, &index, "a leg waits").await;
        let waiting = index.store.waiting_legs(&everything()).await.unwrap().items;
        assert_eq!(waiting.len(), 1);
        let elsewhere = IBasket::setLegRecipientCall {
            recipient: account(3),
        };
        call(&site, ACCOUNTS[2], of.basket, &elsewhere).await;
        Look::agrees(&site, &index, "it goes elsewhere").await;
        call(&site, ACCOUNTS[0], btc, &listed(false)).await;
        site.ok(3, &["basket", "deliver", "btc", "--account", ACCOUNTS[2]]);
        Look::agrees(&site, &index, "delivered").await;

        // ---- an epoch
        site.ok(2, &["basket", "exit", "12", "--epoch"]);
        site.ok(2, &["basket", "cancel", "1", "2"]);
        site.ok(3, &["basket", "exit", "4", "--epoch"]);
        Look::agrees(&site, &index, "requested").await;
        go_to(&site, 1, 2).await;
        settle_earn(&site).await;
        let queue = of.queue;
        call(
            &site,
            ACCOUNTS[3],
            queue,
            &IUnbondingQueue::closeEpochCall {},
        )
        .await;
        Look::agrees(&site, &index, "closed").await;
        let epoch = U256::ONE;
        for sleeve in [0, 1] {
            let start = IUnbondingQueue::startLegCall {
                epoch,
                sleeve: U256::from(sleeve),
            };
            call(&site, ACCOUNTS[3], queue, &start).await;
        }
        Look::agrees(&site, &index, "started").await;

        // ---- claims, by the owner and by a receipt that was sold
        site.ok(2, &["basket", "claim"]);
        let wrap = IUnbondingQueue::mintReceiptCall { epoch };
        call(&site, ACCOUNTS[3], queue, &wrap).await;
        Look::agrees(&site, &index, "wrapped").await;
        let sell = IHeld::transferFromCall {
            from: account(3),
            to: account(2),
            id: U256::ONE,
        };
        call(&site, ACCOUNTS[3], of.receipts, &sell).await;
        let cash = IBasketReceipts::claimCall {
            tokenId: U256::ONE,
            legMask: U256::from(7),
            recipient: account(2),
        };
        call(&site, ACCOUNTS[2], of.receipts, &cash).await;
        Look::agrees(&site, &index, "a receipt claimed").await;
        let start = IUnbondingQueue::startLegCall {
            epoch,
            sleeve: U256::from(2),
        };
        call(&site, ACCOUNTS[3], queue, &start).await;
        go_to(&site, 8, 3).await;
        settle_earn(&site).await;
        let collect = IUnbondingQueue::collectCall {
            epoch,
            sleeve: U256::ONE,
        };
        call(&site, ACCOUNTS[3], queue, &collect).await;
        Look::agrees(&site, &index, "collected").await;
        site.ok(2, &["basket", "claim"]);
        let unwrap = IBasketReceipts::unwrapCall {
            tokenId: U256::ONE | (U256::ONE << 128),
        };
        call(&site, ACCOUNTS[2], of.receipts, &unwrap).await;
        Look::agrees(&site, &index, "unwrapped").await;
        site.ok(2, &["basket", "claim"]);
        for sleeve in 0..3 {
            let harvest = IBasket::harvestCall {
                sleeve: U256::from(sleeve),
            };
            call(&site, ACCOUNTS[3], of.basket, &harvest).await;
        }
        Look::agrees(&site, &index, "paid and harvested").await;
        for row in index.store.basket_sleeves().await.unwrap() {
            let call = IBasket::sleeveInfoCall {
                sleeve: U256::from(row.id),
            };
            let info = site.pool.read(of.basket, &call, BlockId::latest()).await;
            assert_eq!(row.locked, info.unwrap().locked, "right after its harvest");
        }

        // ---- GOV: a vote, its operation, a veto
        site.ok(0, &["gov", "delegate"]);
        site.ok(2, &["gov", "delegate", ACCOUNTS[3]]);
        site.pass(1).await;
        Look::agrees(&site, &index, "delegated").await;
        let id = pass_bill(&site, &["gov", "propose-weights", "4500,3500,2000"]).await;
        Look::agrees(&site, &index, "queued").await;
        site.pass(DELAY).await;
        site.ok(3, &["gov", "execute", &id]);
        Look::agrees(&site, &index, "executed").await;
        let proposal = index
            .store
            .proposal(id.parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert!(proposal.executed_at.is_some() && proposal.voters == 1);
        let id = pass_bill(&site, &["gov", "propose-weights", "5000,3000,2000"]).await;
        site.ok(3, &["gov", "cancel", &id]);
        site.ok(3, &["gov", "pause", "instant"]);
        site.ok(3, &["gov", "unpause", "instant"]);
        Look::agrees(&site, &index, "cancelled").await;
        let acts = index
            .store
            .guardian_acts(&everything())
            .await
            .unwrap()
            .items;
        assert_eq!(acts.len(), 3, "appointed, paused, unpaused: {acts:?}");

        // ---- what the account reads of it
        let moves = index.store.basket_moves(account(2), &everything()).await;
        let kinds: Vec<_> = moves.unwrap().items.iter().rev().map(|m| m.kind).collect();
        use BasketMoveKind::{
            Cancel, Claim, Deposit, InKindExit, InstantExit, LegDelivered, MintInKind, ReceiptIn,
            Request, TransferOut, Unwrap,
        };
        assert_eq!(
            kinds,
            [
                Deposit,
                MintInKind,
                TransferOut,
                InstantExit,
                InKindExit,
                InKindExit,
                LegDelivered,
                Request,
                Cancel,
                Claim,
                ReceiptIn,
                Claim,
                Claim,
                Unwrap,
                Claim,
            ]
        );

        // In one go, from another window, and from the stored events alone: the same tables.
        let again = Index::of(&site, follow(), 3).await;
        Look::agrees(&site, &again, "again").await;
        let hash = index.store.table_hash().await.unwrap();
        assert_eq!(again.store.table_hash().await.unwrap(), hash);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scratch.db");
        Store::migrate(&path).await.unwrap();
        let scratch = Store::open(&path, Options::default()).await.unwrap();
        let reader = Reader::open(&index.folder.path().join("omnibus.db")).await;
        assert!(reader.unwrap().verify(&scratch).await.unwrap());
    })
    .await
    .expect("in time");
}
