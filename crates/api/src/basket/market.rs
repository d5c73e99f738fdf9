//! Drift and auctions.

use alloy::primitives::{Address, U256};
use chain::bindings::IBasket as Basket;
use tokio::try_join;

use super::{
    bits,
    summary::{budget, pause},
};
use crate::{
    dto::{BasketAuction, BasketAuctions, DriftReading, PausePart, RunningAuction},
    error::ApiError,
    figures::{bps, secs},
    index::{index, page, page_request, paged},
    live::Snapshot,
    scalar::{Hash, Units, Wei},
    server::AppState,
};

/// Seconds that an auction runs.
const AUCTION_TIME: u64 = 4 * 3_600;

impl AppState {
    pub(crate) async fn basket_auctions(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<BasketAuctions, ApiError> {
        let basket = self.basket()?.basket.0;
        let rows = self
            .store()
            .auctions(&page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let auctions = page(rows, |(row, _)| auction(row));
        let now = self.now().await?;
        let (readings, id, drift, budget, paused) = try_join!(
            now.read(basket, Basket::driftReadingsCall {}),
            now.read(basket, Basket::auctionIdCall {}),
            now.read(basket, Basket::driftBpsCall {}),
            budget(&now, basket),
            pause(&now, basket, 2, PausePart::Auction),
        )?;
        let readings = [
            (readings.over, readings.under, readings.readAt),
            (
                readings.overBefore,
                readings.underBefore,
                readings.readAtBefore,
            ),
        ];
        Ok(BasketAuctions {
            running: self.running(&now, basket, id).await?,
            paused: paused.paused,
            drift_bps: bps(drift),
            readings: readings
                .into_iter()
                .filter(|(.., at)| !at.is_zero())
                .map(|(over, under, at)| DriftReading {
                    over: bits(over),
                    under: bits(under),
                    at: secs(at),
                })
                .collect(),
            budget,
            auctions,
            at: now.block.timestamp,
            block: now.block.number,
        })
    }
}

impl AppState {
    async fn running(
        &self,
        now: &Snapshot,
        basket: Address,
        id: U256,
    ) -> Result<Option<RunningAuction>, ApiError> {
        if id.is_zero() {
            return Ok(None);
        }
        match now.try_read(basket, Basket::auctionCall { id }).await {
            Ok(said) if said.running.left == 0 => Ok(None),
            Ok(said) => Ok(Some(RunningAuction {
                id: secs(id),
                from: u64::from(said.running.from),
                to: u64::from(said.running.to),
                left: Units(U256::from(said.running.left)),
                price: Some(Units(said.price)),
                started_at: said.running.startedAt.to(),
                ends_at: said
                    .running
                    .startedAt
                    .to::<u64>()
                    .saturating_add(AUCTION_TIME),
            })),
            // Its price is made of sound ones alone: without them the view refuses, as a bid would. The log knows the rest.
            Err(ApiError::Reverted(_)) => self.unpriced(now, secs(id)).await,
            Err(error) => Err(error),
        }
    }

    async fn unpriced(&self, now: &Snapshot, id: u64) -> Result<Option<RunningAuction>, ApiError> {
        let newest = self
            .store()
            .auctions(&page_request(None, 1))
            .await
            .map_err(index)?;
        let row = newest.items.into_iter().map(|(row, _)| row).next();
        let runs = |row: &store::BasketAuction| {
            let over = row.started_at.saturating_add(AUCTION_TIME);
            row.id == id && row.ended_at.is_none() && now.block.timestamp <= over
        };
        let left = |row: &store::BasketAuction| row.units.saturating_sub(row.sold);
        Ok(row
            .filter(|row| runs(row) && !left(row).is_zero())
            .map(|row| RunningAuction {
                id,
                from: row.from_sleeve,
                to: row.to_sleeve,
                left: Units(left(&row)),
                price: None,
                started_at: row.started_at,
                ends_at: row.started_at.saturating_add(AUCTION_TIME),
            }))
    }
}

fn auction(row: store::BasketAuction) -> BasketAuction {
    BasketAuction {
        id: row.id,
        from: row.from_sleeve,
        to: row.to_sleeve,
        units: Units(row.units),
        sold: Units(row.sold),
        paid: Units(row.paid),
        loss: Wei(row.loss),
        bids: row.bids,
        started_at: row.started_at,
        ended_at: row.ended_at,
        tx_hash: Hash(row.tx_hash),
    }
}
