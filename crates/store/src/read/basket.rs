//! Readers of the basket, its queue and what governs it.

use crate::{
    Page, PageRequest, Reader, Result,
    rows::{
        AuctionBid, BasketAuction, BasketHolder, BasketMove, BasketReceipt, BasketSleeve,
        Delegation, Epoch, EpochLeg, EpochPosition, GovAccount, GuardianAct, Harvest, Operation,
        OperationCall, PowerMove, PriceObservation, Proposal, Vote, WaitingLeg,
    },
    value::Column as _,
};
use alloy::primitives::{Address, B256, U256};
use std::collections::BTreeMap;

/// What a share was worth at one time, wei of the coin for 1e18 shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct NavPoint {
    /// Unix seconds of the block.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
    /// From below.
    pub low: U256,
    /// From above.
    pub high: U256,
    /// 0 sound, 1 doubtful, 2 impaired; none where it could not be read.
    pub state: Option<u64>,
}

impl Reader {
    // -------------------------------------------------------------------- sleeves

    /// Sleeves ever added, by id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn basket_sleeves(&self) -> Result<Vec<BasketSleeve>> {
        self.select("ORDER BY id", vec![]).await
    }

    /// What harvests of a sleeve brought, a row for each round, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn harvests(&self, sleeve: u64, page: &PageRequest) -> Result<Page<Harvest>> {
        self.page(
            "sleeve = $1",
            vec![sleeve.to_value()],
            &["round"],
            true,
            page,
        )
        .await
    }

    /// What the feed recorded of an asset, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn price_observations(
        &self,
        asset: Address,
        page: &PageRequest,
    ) -> Result<Page<PriceObservation>> {
        let of = vec![asset.to_value()];
        self.page("asset = $1", of, &["block", "log_index"], true, page)
            .await
    }

    /// What a share was worth from `from` to `to`, oldest first, at most once in each `step` seconds (the last look).
    ///
    /// # Errors
    /// Those of the database.
    pub async fn nav_history(&self, from: u64, to: u64, step: u64) -> Result<Vec<NavPoint>> {
        let mut found = Vec::with_capacity(3);
        for metric in ["basket/nav_low", "basket/nav_high", "basket/state"] {
            let samples = self.samples(metric, from, to, step).await?;
            let by_time: BTreeMap<_, _> = samples.into_iter().map(|s| (s.at, s)).collect();
            found.push(by_time);
        }
        let [lows, highs, states] = found.as_slice() else {
            return Ok(vec![]);
        };
        // Both sides come from one view, so a look has both or neither.
        let points = lows.iter().filter_map(|(at, low)| {
            let amount = |text: &str| text.parse::<U256>().ok();
            Some(NavPoint {
                at: *at,
                block: low.block,
                low: amount(&low.value)?,
                high: amount(&highs.get(at)?.value)?,
                state: states.get(at).and_then(|s| s.value.parse().ok()),
            })
        });
        Ok(points.collect())
    }

    // -------------------------------------------------------------------- accounts

    /// One account's shares of the basket.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn basket_holder(&self, account: Address) -> Result<Option<BasketHolder>> {
        self.get(BasketHolder::key(&account)).await
    }

    /// How many accounts hold shares of the basket, the queue and nobody's address among them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn basket_holder_count(&self) -> Result<u64> {
        let held = vec![U256::ZERO.to_value()];
        Ok(self
            .int(
                "SELECT COUNT(*) FROM basket_holders WHERE shares > $1",
                held,
            )
            .await?
            .unwrap_or_default())
    }

    /// One account's history with the basket, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn basket_moves(
        &self,
        account: Address,
        page: &PageRequest,
    ) -> Result<Page<BasketMove>> {
        self.page(
            "account = $1",
            vec![account.to_value()],
            &["block", "log_index", "kind"],
            true,
            page,
        )
        .await
    }

    /// One account's legs of exits in kind that wait, by sleeve.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn waiting_legs_of(&self, owner: Address) -> Result<Vec<WaitingLeg>> {
        self.select("WHERE owner = $1 ORDER BY sleeve", vec![owner.to_value()])
            .await
    }

    /// All legs of exits in kind that wait, oldest first: candidates for a delivery.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn waiting_legs(&self, page: &PageRequest) -> Result<Page<WaitingLeg>> {
        self.page("1 = 1", vec![], &["since", "owner", "sleeve"], false, page)
            .await
    }

    /// The receipts of positions that an account owns, or owned last before they ended, newest id first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn basket_receipts_of(
        &self,
        owner: Address,
        page: &PageRequest,
    ) -> Result<Page<BasketReceipt>> {
        self.page("owner = $1", vec![owner.to_value()], &["id"], true, page)
            .await
    }

    /// One receipt of a position.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn basket_receipt(&self, id: U256) -> Result<Option<BasketReceipt>> {
        self.get(BasketReceipt::key(&id)).await
    }

    // -------------------------------------------------------------------- epochs

    /// Epochs, newest first. One in which nothing was ever requested has no row.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn epochs(&self, page: &PageRequest) -> Result<Page<Epoch>> {
        self.page("1 = 1", vec![], &["id"], true, page).await
    }

    /// One epoch with its legs, by sleeve; none before its close.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn epoch(&self, id: u64) -> Result<Option<(Epoch, Vec<EpochLeg>)>> {
        let Some(epoch) = self.get(Epoch::key(&id)).await? else {
            return Ok(None);
        };
        Ok(Some((epoch, self.epoch_legs(id).await?)))
    }

    /// The legs of a closed epoch, by sleeve.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn epoch_legs(&self, epoch: u64) -> Result<Vec<EpochLeg>> {
        self.select("WHERE epoch = $1 ORDER BY sleeve", vec![epoch.to_value()])
            .await
    }

    /// The legs of all epochs of which more may come, oldest epoch first: candidates for a start or a collection.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn open_legs(&self, page: &PageRequest) -> Result<Page<EpochLeg>> {
        self.page("state <> 'done'", vec![], &["epoch", "sleeve"], false, page)
            .await
    }

    /// One account's positions, newest epoch first; those that are over included, those that are receipts not.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn positions_of(
        &self,
        owner: Address,
        page: &PageRequest,
    ) -> Result<Page<EpochPosition>> {
        self.page("owner = $1", vec![owner.to_value()], &["epoch"], true, page)
            .await
    }

    /// The positions of an epoch, by owner.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn positions_in(
        &self,
        epoch: u64,
        page: &PageRequest,
    ) -> Result<Page<EpochPosition>> {
        self.page(
            "epoch = $1",
            vec![epoch.to_value()],
            &["owner"],
            false,
            page,
        )
        .await
    }

    // -------------------------------------------------------------------- auctions

    /// Auctions, newest first, each with its bids in order.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn auctions(
        &self,
        page: &PageRequest,
    ) -> Result<Page<(BasketAuction, Vec<AuctionBid>)>> {
        let found: Page<BasketAuction> = self.page("1 = 1", vec![], &["id"], true, page).await?;
        let (Some(newest), Some(oldest)) = (found.items.first(), found.items.last()) else {
            return Ok(found.map(|auction| (auction, vec![])));
        };
        let bids: Vec<AuctionBid> = self
            .select(
                "WHERE auction BETWEEN $1 AND $2 ORDER BY auction, block, log_index",
                vec![oldest.id.to_value(), newest.id.to_value()],
            )
            .await?;
        let mut by_auction: BTreeMap<u64, Vec<AuctionBid>> = BTreeMap::new();
        for bid in bids {
            by_auction.entry(bid.auction).or_default().push(bid);
        }
        Ok(found.map(|auction| {
            let bids = by_auction.remove(&auction.id).unwrap_or_default();
            (auction, bids)
        }))
    }

    // -------------------------------------------------------------------- governance

    /// Proposals with their tallies, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn proposals(&self, page: &PageRequest) -> Result<Page<Proposal>> {
        self.page("1 = 1", vec![], &["block", "id"], true, page)
            .await
    }

    /// One proposal.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn proposal(&self, id: U256) -> Result<Option<Proposal>> {
        self.get(Proposal::key(&id)).await
    }

    /// The votes on a proposal, oldest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn votes_on(&self, proposal: U256, page: &PageRequest) -> Result<Page<Vote>> {
        self.page(
            "proposal = $1",
            vec![proposal.to_value()],
            &["block", "log_index"],
            false,
            page,
        )
        .await
    }

    /// One account's votes, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn votes_of(&self, voter: Address, page: &PageRequest) -> Result<Page<Vote>> {
        let of = vec![voter.to_value()];
        self.page("voter = $1", of, &["block", "log_index"], true, page)
            .await
    }

    /// One account's GOV, delegate and votes.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn gov_account(&self, account: Address) -> Result<Option<GovAccount>> {
        self.get(GovAccount::key(&account)).await
    }

    /// Accounts that have their GOV voted by `delegate`, by address.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn delegators_of(
        &self,
        delegate: Address,
        page: &PageRequest,
    ) -> Result<Page<GovAccount>> {
        let of = vec![delegate.to_value()];
        self.page("delegate = $1", of, &["account"], false, page)
            .await
    }

    /// Whom an account had its GOV voted by, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn delegations_of(
        &self,
        delegator: Address,
        page: &PageRequest,
    ) -> Result<Page<Delegation>> {
        let of = vec![delegator.to_value()];
        self.page("delegator = $1", of, &["block", "log_index"], true, page)
            .await
    }

    /// How an account's votes changed, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn power_moves_of(
        &self,
        account: Address,
        page: &PageRequest,
    ) -> Result<Page<PowerMove>> {
        let of = vec![account.to_value()];
        self.page("account = $1", of, &["block", "log_index"], true, page)
            .await
    }

    /// Operations of the timelock, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn operations(&self, page: &PageRequest) -> Result<Page<Operation>> {
        self.page("1 = 1", vec![], &["block", "id"], true, page)
            .await
    }

    /// Operations of the timelock that wait, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn operations_waiting(&self) -> Result<Vec<Operation>> {
        self.select("WHERE state = 'scheduled' ORDER BY block, id", vec![])
            .await
    }

    /// The calls of an operation, in order.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn operation_calls(&self, operation: B256) -> Result<Vec<OperationCall>> {
        let of = vec![operation.to_value()];
        self.select("WHERE operation = $1 ORDER BY idx", of).await
    }

    /// What the guardian did and what was done to it, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn guardian_acts(&self, page: &PageRequest) -> Result<Page<GuardianAct>> {
        self.page("1 = 1", vec![], &["block", "log_index"], true, page)
            .await
    }
}
