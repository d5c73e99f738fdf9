//! Epochs: what was asked, and how far each leg is.

use alloy::primitives::{Address, U256};
use chain::bindings::{
    IBasket as Basket, IUnbondingQueue as Queue,
    basket_queue::IUnbondingQueue::{EpochInfo, LegInfo},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::try_join;

use super::{DUSK, NATIVE, ROUND, sleeves::ticket, summary::open_epoch};
use crate::{
    dto::{
        BasketAddresses, BasketEpoch, EpochLeg, EpochState, LegState, OpenEpoch, Page, SleeveTicket,
    },
    error::ApiError,
    figures::{SIDE_BY_SIDE, secs},
    index::{index, page_request, paged, short_page_request},
    live::Snapshot,
    parts::named,
    scalar::{Addr, RequestId, Units, Wei},
    server::AppState,
};

/// Most legs that are looked through for tickets: years of a system that pays nothing.
const MOST_LEGS: usize = 2_000;

/// What every epoch of one answer shares.
pub(crate) struct Book {
    pub(crate) queue: Address,
    pub(crate) open: OpenEpoch,
    /// Seconds from an epoch's close to its last coin, as promised.
    pub(crate) after_close: u64,
    /// By sleeve.
    pub(crate) adapters: Vec<Address>,
}

impl Book {
    /// The latest time by which the slowest leg of an epoch is promised, which is due or was closed then.
    pub(crate) fn ready_by(&self, due_at: Option<u64>, closed_at: Option<u64>) -> Option<u64> {
        due_at
            .max(closed_at)
            .map(|from| from.saturating_add(self.after_close))
    }
}

impl AppState {
    pub(crate) async fn book(
        &self,
        now: &Snapshot,
        at: &BasketAddresses,
    ) -> Result<Book, ApiError> {
        let basket = at.basket.0;
        let (open, longest, count) = try_join!(
            open_epoch(now, at.queue.0),
            now.read(basket, Basket::longestExitCall {}),
            now.read(basket, Basket::sleeveCountCall {}),
        )?;
        let count = u64::try_from(count).ok().filter(|n| *n <= 255);
        let adapters = stream::iter(0..count.ok_or(ApiError::Internal)?)
            .map(|id| async move {
                let sleeve = U256::from(id);
                let ask = Basket::sleeveInfoCall { sleeve };
                Ok::<_, ApiError>(now.read(basket, ask).await?.sleeve)
            })
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(Book {
            queue: at.queue.0,
            open,
            // The longest exit begins with the day of the request and its dusk; from the close on it is the rest.
            after_close: secs(longest).saturating_sub(ROUND + DUSK),
            adapters,
        })
    }

    pub(crate) async fn basket_epochs(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<BasketEpoch>, ApiError> {
        let at = self.basket()?;
        let rows = self
            .store()
            .epochs(&short_page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let now = self.now().await?;
        let book = self.book(&now, &at).await?;
        let items = stream::iter(rows.items)
            .map(|row| self.epoch(&now, &book, row.id, Some(row)))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(Page {
            items,
            next_cursor: rows.next,
        })
    }

    pub(crate) async fn basket_epoch(&self, id: u64) -> Result<BasketEpoch, ApiError> {
        let at = self.basket()?;
        let now = self.now().await?;
        let book = self.book(&now, &at).await?;
        if id == 0 || id > book.open.id {
            return Err(ApiError::NotFound {
                what: "epoch",
                id: id.to_string(),
            });
        }
        let row = self.store().epoch(id).await.map_err(index)?;
        self.epoch(&now, &book, id, row.map(|(row, _)| row)).await
    }

    async fn epoch(
        &self,
        now: &Snapshot,
        book: &Book,
        id: u64,
        row: Option<store::Epoch>,
    ) -> Result<BasketEpoch, ApiError> {
        let requests = row.as_ref().map_or(0, |row| row.requests);
        // What is over does not change: it needs no contract.
        if let Some(row) = row.as_ref().filter(|row| settled(row)) {
            let legs = self.store().epoch_legs(id).await.map_err(index)?;
            return Ok(BasketEpoch {
                id,
                state: EpochState::Settled,
                shares: Wei(row.shares),
                requests,
                due_at: row.due_at,
                closed_at: row.closed_at,
                ready_by: None,
                legs: legs
                    .into_iter()
                    .map(|leg| EpochLeg {
                        sleeve: leg.sleeve,
                        state: LegState::Done,
                        asset: leg.asset.map(Addr),
                        parts: Units(U256::ZERO),
                        units: Units(leg.units),
                        recovered: Units(leg.recovered),
                        ticket: None,
                    })
                    .collect(),
            });
        }
        let (info, legs) = epoch_now(now, book.queue, id).await?;
        let closed_at = some_time(info.closedAt);
        let due_at = some_time(info.dueAt).or(row.and_then(|row| row.due_at));
        let state = state(now.block.timestamp, &info, &legs);
        let ready_by = (state != EpochState::Settled)
            .then(|| book.ready_by(due_at, closed_at))
            .flatten();
        let legs = stream::iter((0_u64..).zip(legs))
            .map(|(sleeve, leg)| epoch_leg(now, book, id, sleeve, leg))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(BasketEpoch {
            id,
            state,
            shares: Wei(info.shares),
            requests,
            due_at,
            closed_at,
            ready_by,
            legs,
        })
    }

    /// Tickets of a sleeve that are out, oldest epoch first.
    pub(crate) async fn open_tickets(
        &self,
        now: &Snapshot,
        adapter: Address,
        sleeve: u64,
    ) -> Result<Vec<SleeveTicket>, ApiError> {
        let mut asked = page_request(None, 200);
        let mut out = Vec::new();
        let mut seen = 0_usize;
        loop {
            let page = self.store().open_legs(&asked).await.map_err(index)?;
            seen = seen.saturating_add(page.items.len());
            for leg in page.items {
                if leg.sleeve == sleeve && leg.state == store::LegState::Out {
                    out.push(ticket(now, adapter, leg.epoch, leg.ticket, leg.units).await?);
                }
            }
            match page.next {
                Some(next) if seen < MOST_LEGS => asked.cursor = Some(next),
                _ => return Ok(out),
            }
        }
    }
}

/// Closed, and nothing more comes of any leg.
fn settled(row: &store::Epoch) -> bool {
    row.closed_at.is_some() && row.legs_done >= row.legs
}

/// An epoch and its legs, as the queue has them at this block.
pub(crate) async fn epoch_now(
    now: &Snapshot,
    queue: Address,
    id: u64,
) -> Result<(EpochInfo, Vec<LegInfo>), ApiError> {
    let epoch = U256::from(id);
    let info = now.read(queue, Queue::epochInfoCall { epoch }).await?;
    let legs = stream::iter(0..secs(info.legs).min(255))
        .map(|sleeve| async move {
            let sleeve = U256::from(sleeve);
            now.read(queue, Queue::legInfoCall { epoch, sleeve }).await
        })
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    Ok((info, legs))
}

fn state(at: u64, info: &EpochInfo, legs: &[LegInfo]) -> EpochState {
    if !info.closedAt.is_zero() {
        if legs.iter().all(|leg| leg_state(leg) == LegState::Done) {
            EpochState::Settled
        } else {
            EpochState::Closed
        }
    } else if !info.dueAt.is_zero() && secs(info.dueAt) <= at {
        EpochState::Due
    } else {
        EpochState::Open
    }
}

async fn epoch_leg(
    now: &Snapshot,
    book: &Book,
    epoch: u64,
    sleeve: u64,
    leg: LegInfo,
) -> Result<EpochLeg, ApiError> {
    let state = leg_state(&leg);
    let adapter = usize::try_from(sleeve)
        .ok()
        .and_then(|n| book.adapters.get(n));
    let out = state == LegState::Out && !leg.ticket.is_zero();
    let ticket = match adapter {
        Some(adapter) if out => Some(ticket(now, *adapter, epoch, leg.ticket, leg.units).await?),
        // The epoch is of a block in which the basket had this sleeve: it always has.
        _ => out.then_some(SleeveTicket {
            ticket: RequestId(leg.ticket),
            epoch,
            units: Units(leg.units),
            account: None,
            due_at: None,
        }),
    };
    Ok(EpochLeg {
        sleeve,
        state,
        asset: asset(&leg),
        parts: Units(leg.parts),
        units: Units(leg.units),
        recovered: Units(leg.recovered),
        ticket,
    })
}

pub(crate) fn leg_state(leg: &LegInfo) -> LegState {
    match leg.state {
        0 => LegState::Waiting,
        1 => LegState::Out,
        _ => LegState::Done,
    }
}

/// What a leg is paid in, once that is known. A leg of nothing is done without having started: the queue names the coin.
pub(crate) fn asset(leg: &LegInfo) -> Option<Addr> {
    match leg_state(leg) {
        LegState::Waiting => None,
        _ => named(leg.asset).or(Some(Addr(NATIVE))),
    }
}

pub(crate) fn some_time(time: U256) -> Option<u64> {
    (!time.is_zero()).then(|| secs(time))
}
