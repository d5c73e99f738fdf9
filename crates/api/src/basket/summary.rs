//! The basket as a whole.

use alloy::primitives::{Address, U256};
use chain::bindings::{IBasket as Basket, IUnbondingQueue as Queue};
use tokio::try_join;

use super::{DUSK, ROUND, mul_div_up, no_dollars, worth};
use crate::{
    dto::{AuctionBudget, BasketFees, BasketPause, BasketSummary, OpenEpoch, PausePart},
    error::ApiError,
    figures::{bps, secs},
    index::index,
    live::Snapshot,
    parts::named,
    scalar::{Addr, Wei},
    server::AppState,
};

/// After a dawn that brought no close, cancels reopen.
const CLOSE_GRACE: u64 = 2 * 3_600;

/// The parts that can be paused, in the basket's order.
pub(crate) const PAUSABLE: [(u8, PausePart); 3] = [
    (0, PausePart::Mint),
    (1, PausePart::Instant),
    (2, PausePart::Auction),
];

impl AppState {
    pub(crate) async fn basket_summary(&self) -> Result<BasketSummary, ApiError> {
        let at = self.basket()?;
        let basket = at.basket.0;
        let now = self.now().await?;
        let held = self.held(&now, basket).await?;
        let (nav, shares) = self.nav(&now, &at, &held).await?;
        let (fees, idle, share_cap, drift, longest, most) = try_join!(
            now.read(basket, Basket::feesCall {}),
            now.read(basket, Basket::idleCall {}),
            now.read(basket, Basket::shareCapCall {}),
            now.read(basket, Basket::driftBpsCall {}),
            now.read(basket, Basket::longestExitCall {}),
            now.read(basket, Basket::maxInstantCall {}),
        )?;
        let (feed, recipient, epoch, budget, (symbol, _)) = try_join!(
            now.read(basket, Basket::feedCall {}),
            now.read(basket, Basket::feeRecipientCall {}),
            open_epoch(&now, at.queue.0),
            budget(&now, basket),
            self.token(&now, at.token.0),
        )?;
        let mut pauses = Vec::with_capacity(PAUSABLE.len());
        for (number, part) in PAUSABLE {
            pauses.push(pause(&now, basket, number, part).await?);
        }
        let (assets_low, assets_high) = worth(&nav, shares);
        Ok(BasketSummary {
            address: at.basket,
            token: at.token,
            queue: at.queue,
            receipts: at.receipts,
            feed: named(feed),
            fee_recipient: Addr(recipient),
            symbol,
            nav,
            shares: Wei(shares),
            assets_low,
            assets_high,
            holders: self.store().basket_holder_count().await.map_err(index)?,
            epoch,
            max_instant: Wei(most),
            fees: BasketFees {
                entry_bps: bps(fees.entryBps),
                instant_bps: bps(fees.instantBps),
                management_bps: bps(fees.managementBps),
                performance_bps: bps(fees.performanceBps),
            },
            floor: Wei(idle.floor),
            buffer: Wei(idle.buffer),
            share_cap: Wei(share_cap),
            drift_bps: bps(drift),
            longest_exit: secs(longest),
            pauses,
            budget,
            usd: no_dollars(),
            at: now.block.timestamp,
            block: now.block.number,
        })
    }
}

/// Whether a part is paused at this block.
pub(crate) async fn pause(
    now: &Snapshot,
    basket: Address,
    number: u8,
    part: PausePart,
) -> Result<BasketPause, ApiError> {
    let said = now
        .read(basket, Basket::pausedUntilCall { what: number })
        .await?;
    let until = secs(said.until);
    let paused = now.block.timestamp < until;
    Ok(BasketPause {
        part,
        paused,
        until: paused.then_some(until),
        allowed_from: secs(said.allowedFrom),
    })
}

pub(crate) async fn budget(now: &Snapshot, basket: Address) -> Result<AuctionBudget, ApiError> {
    let said = now.read(basket, Basket::budgetCall {}).await?;
    Ok(AuctionBudget {
        spent: secs(said.spent),
        capacity: secs(said.capacity),
    })
}

/// The open epoch with what the queue's hours allow now.
pub(crate) async fn open_epoch(now: &Snapshot, queue: Address) -> Result<OpenEpoch, ApiError> {
    let open = now.read(queue, Queue::openEpochCall {}).await?;
    let info = now
        .read(queue, Queue::epochInfoCall { epoch: open.epoch })
        .await?;
    Ok(hours(
        now.block.timestamp,
        secs(open.epoch),
        info.shares,
        secs(open.closesAt),
        !info.dueAt.is_zero(),
    ))
}

/// The queue's hours: requests until dusk of the day of the first one, cancels too, and again when no close came by two hours
/// after dawn.
fn hours(at: u64, id: u64, shares: U256, closes_at: u64, asked: bool) -> OpenEpoch {
    let due = asked && at >= closes_at;
    let dusk = closes_at.saturating_sub(DUSK);
    let takes_requests = !due && at % ROUND < ROUND - DUSK;
    let shut = at >= dusk && at < closes_at.saturating_add(CLOSE_GRACE);
    OpenEpoch {
        id,
        shares: Wei(shares),
        closes_at,
        due,
        takes_requests,
        takes_cancels: asked && !shut,
        requests_until: dusk,
    }
}

/// `ceil(value * bps / 10,000)`.
pub(crate) fn fee_of(value: U256, bps: u32) -> U256 {
    mul_div_up(value, U256::from(bps), crate::figures::BPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 20_000 * ROUND;

    /// (takes requests, takes cancels, due)
    fn at(time: u64, closes_at: u64, asked: bool) -> (bool, bool, bool) {
        let open = hours(time, 3, U256::from(5), closes_at, asked);
        (open.takes_requests, open.takes_cancels, open.due)
    }

    #[test]
    fn the_queues_hours_are_its_contracts() {
        let dawn = DAY + ROUND;
        // The day of the first request, up to 23:00.
        assert_eq!(at(DAY, dawn, true), (true, true, false));
        assert_eq!(at(dawn - 3_601, dawn, true), (true, true, false));
        assert_eq!(at(dawn - 3_600, dawn, true), (false, false, false));
        assert_eq!(at(dawn - 1, dawn, true), (false, false, false));
        // Due from the dawn on; cancels come back at 02:00.
        assert_eq!(at(dawn, dawn, true), (false, false, true));
        assert_eq!(at(dawn + 7_199, dawn, true), (false, false, true));
        assert_eq!(at(dawn + 7_200, dawn, true), (false, true, true));
        // Nobody asked yet: the dawn moves on, dusk holds all the same.
        assert_eq!(at(DAY, dawn, false), (true, false, false));
        assert_eq!(at(dawn - 3_600, dawn, false), (false, false, false));
        let open = hours(DAY, 3, U256::from(5), dawn, true);
        assert_eq!((open.id, open.requests_until), (3, dawn - 3_600));
    }
}
