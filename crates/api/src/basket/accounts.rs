//! One holder of the basket.

use alloy::primitives::{Address, U256};
use chain::bindings::{
    IBasket as Basket, IUnbondingQueue as Queue,
    basket_queue::IUnbondingQueue::{EpochInfo, LegInfo},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::try_join;

use super::{
    epochs::{Book, asset, epoch_now, leg_state, some_time},
    worth,
};
use crate::{
    abi::IErc20,
    dto::{
        BasketAccount, BasketMove, BasketMoveKind, BasketPosition, BasketReceipt, LegState, Page,
        PositionLeg, PositionState, ReceiptState, WaitingLeg,
    },
    error::ApiError,
    figures::{SIDE_BY_SIDE, mul_div},
    index::{index, page, page_request, paged, short_page_request},
    live::Snapshot,
    scalar::{Addr, Hash, RequestId, Units, Wei},
    server::AppState,
};

/// What the queue says of a position, whoever it belongs to.
struct Standing {
    state: PositionState,
    shares: U256,
    ready_by: Option<u64>,
    legs: Vec<PositionLeg>,
}

impl AppState {
    pub(crate) async fn basket_account(
        &self,
        account: Address,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<BasketAccount, ApiError> {
        let at = self.basket()?;
        let rows = self
            .store()
            .positions_of(account, &short_page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let holder = self.store().basket_holder(account).await.map_err(index)?;
        let waits = self.store().waiting_legs_of(account).await.map_err(index)?;
        let now = self.now().await?;
        let basket = at.basket.0;
        let held = self.held(&now, basket).await?;
        let (nav, shares, recipient, book) = try_join!(
            self.nav(&now, &at, &held),
            now.read(at.token.0, IErc20::balanceOfCall { account }),
            now.read(basket, Basket::legRecipientCall { owner: account }),
            self.book(&now, &at),
        )?;
        let mut waiting = Vec::new();
        for one in &held {
            let ask = Basket::waitingPartsCall {
                owner: account,
                sleeve: U256::from(one.id),
            };
            let parts = now.read(basket, ask).await?;
            if parts.is_zero() {
                continue;
            }
            waiting.push(WaitingLeg {
                sleeve: one.id,
                asset: Addr(one.info.token),
                parts: Units(parts),
                units: Units(mul_div(one.info.units, parts, one.info.parts)),
                recipient: Addr(recipient),
                since: waits
                    .iter()
                    .find(|row| row.sleeve == one.id)
                    .map(|row| row.since),
            });
        }
        let items = stream::iter(rows.items)
            .map(|row| self.basket_position(&now, &book, account, row))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        let (worth_low, worth_high) = worth(&nav.0, shares);
        Ok(BasketAccount {
            address: Addr(account),
            shares: Wei(shares),
            worth_low,
            worth_high,
            state: nav.0.state,
            waiting,
            shares_in: Wei(holder.as_ref().map_or(U256::ZERO, |row| row.shares_in)),
            shares_out: Wei(holder.map_or(U256::ZERO, |row| row.shares_out)),
            positions: Page {
                items,
                next_cursor: rows.next,
            },
            at: now.block.timestamp,
            block: now.block.number,
        })
    }

    async fn basket_position(
        &self,
        now: &Snapshot,
        book: &Book,
        owner: Address,
        row: store::EpochPosition,
    ) -> Result<BasketPosition, ApiError> {
        // What is over does not change: it needs no contract.
        let over = if row.whole {
            Some(PositionState::Claimed)
        } else if row.shares.is_zero() {
            Some(PositionState::Cancelled)
        } else {
            None
        };
        let standing = match over {
            Some(state) => ended(state, row.shares),
            None => {
                let epoch = U256::from(row.epoch);
                let (position, claimable) = try_join!(
                    now.read(book.queue, Queue::positionCall { epoch, owner }),
                    now.read(book.queue, Queue::claimableCall { epoch, owner }),
                )?;
                let (shares, mask) = (position.shares, position.mask);
                self.standing(now, book, row.epoch, shares, mask, &claimable.amounts)
                    .await?
            }
        };
        Ok(BasketPosition {
            epoch: row.epoch,
            cancellable: standing.state == PositionState::Open
                && row.epoch == book.open.id
                && book.open.takes_cancels,
            state: standing.state,
            shares: Wei(standing.shares),
            ready_by: standing.ready_by,
            legs: standing.legs,
            paid: row.paid.0.iter().copied().map(Units).collect(),
            requested_at: row.requested_at,
            tx_hash: Hash(row.tx_hash),
        })
    }

    async fn standing(
        &self,
        now: &Snapshot,
        book: &Book,
        epoch: u64,
        shares: U256,
        mask: U256,
        claimable: &[U256],
    ) -> Result<Standing, ApiError> {
        let (info, legs) = epoch_now(now, book.queue, epoch).await?;
        let known = self.store().epoch(epoch).await.map_err(index)?;
        let due_at = some_time(info.dueAt).or(known.and_then(|(row, _)| row.due_at));
        Ok(stand(book, &info, due_at, &legs, shares, mask, claimable))
    }

    pub(crate) async fn basket_history_of(
        &self,
        account: Address,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<BasketMove>, ApiError> {
        self.basket()?;
        let moves = self
            .store()
            .basket_moves(account, &page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        Ok(page(moves, |row| BasketMove {
            kind: kind(row.kind),
            shares: Wei(row.shares),
            coins: Wei(row.coins),
            fee: Wei(row.fee),
            sleeve: row.sleeve,
            epoch: row.epoch,
            units: row.units.0.iter().copied().map(Units).collect(),
            counterparty: row.counterparty.map(Addr),
            at: row.at,
            block: row.block,
            tx_hash: Hash(row.tx_hash),
        }))
    }

    pub(crate) async fn basket_receipts_of(
        &self,
        owner: Address,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<BasketReceipt>, ApiError> {
        let at = self.basket()?;
        let rows = self
            .store()
            .basket_receipts_of(owner, &short_page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let now = self.now().await?;
        let book = self.book(&now, &at).await?;
        let items = stream::iter(rows.items)
            .map(|row| self.receipt_of_position(&now, &book, row))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(Page {
            items,
            next_cursor: rows.next,
        })
    }

    pub(crate) async fn basket_receipt(&self, id: U256) -> Result<BasketReceipt, ApiError> {
        let at = self.basket()?;
        let row = self.store().basket_receipt(id).await.map_err(index)?;
        let row = row.ok_or_else(|| ApiError::NotFound {
            what: "receipt",
            id: id.to_string(),
        })?;
        let now = self.now().await?;
        let book = self.book(&now, &at).await?;
        self.receipt_of_position(&now, &book, row).await
    }

    async fn receipt_of_position(
        &self,
        now: &Snapshot,
        book: &Book,
        row: store::BasketReceipt,
    ) -> Result<BasketReceipt, ApiError> {
        let standing = if row.state == store::ReceiptState::Live {
            let (epoch, line) = (U256::from(row.epoch), row.line);
            let (position, claimable) = try_join!(
                now.read(book.queue, Queue::receiptPositionCall { epoch, line }),
                now.read(book.queue, Queue::receiptClaimableCall { epoch, line }),
            )?;
            let (shares, mask) = (position.shares, position.mask);
            self.standing(now, book, row.epoch, shares, mask, &claimable.amounts)
                .await?
        } else {
            ended(PositionState::Claimed, row.shares)
        };
        Ok(BasketReceipt {
            id: RequestId(row.id),
            owner: Addr(row.owner),
            receipt_state: match row.state {
                store::ReceiptState::Live => ReceiptState::Live,
                store::ReceiptState::Claimed => ReceiptState::Claimed,
                store::ReceiptState::Unwrapped => ReceiptState::Unwrapped,
            },
            state: standing.state,
            epoch: row.epoch,
            shares: Wei(standing.shares),
            ready_by: standing.ready_by,
            legs: standing.legs,
            paid: row.paid.0.iter().copied().map(Units).collect(),
            next: row.next.map(RequestId),
            minted_at: row.minted_at,
            tx_hash: Hash(row.tx_hash),
        })
    }
}

/// A position of which nothing more comes.
fn ended(state: PositionState, shares: U256) -> Standing {
    Standing {
        state,
        shares,
        ready_by: None,
        legs: Vec::new(),
    }
}

fn stand(
    book: &Book,
    info: &EpochInfo,
    due_at: Option<u64>,
    legs: &[LegInfo],
    shares: U256,
    mask: U256,
    claimable: &[U256],
) -> Standing {
    let closed_at = some_time(info.closedAt);
    let legs: Vec<PositionLeg> = (0_usize..)
        .zip(legs)
        .map(|(number, leg)| PositionLeg {
            sleeve: u64::try_from(number).unwrap_or(u64::MAX),
            state: leg_state(leg),
            asset: asset(leg),
            claimable: Units(claimable.get(number).copied().unwrap_or_default()),
            paid: number < 256 && mask.bit(number),
        })
        .collect();
    let more = closed_at.is_none() || legs.iter().any(|leg| leg.state != LegState::Done);
    let pays = legs.iter().any(|leg| !leg.claimable.0.is_zero());
    let state = if closed_at.is_none() {
        if shares.is_zero() {
            PositionState::Cancelled
        } else {
            PositionState::Open
        }
    } else if pays {
        PositionState::Claimable
    } else if more {
        PositionState::Waiting
    } else {
        PositionState::Claimed
    };
    Standing {
        state,
        shares,
        ready_by: (more && !shares.is_zero())
            .then(|| book.ready_by(due_at, closed_at))
            .flatten(),
        legs,
    }
}

fn kind(kind: store::BasketMoveKind) -> BasketMoveKind {
    match kind {
        store::BasketMoveKind::Deposit => BasketMoveKind::Deposit,
        store::BasketMoveKind::MintInKind => BasketMoveKind::MintInKind,
        store::BasketMoveKind::InstantExit => BasketMoveKind::InstantExit,
        store::BasketMoveKind::InKindExit => BasketMoveKind::InKindExit,
        store::BasketMoveKind::LegDelivered => BasketMoveKind::LegDelivered,
        store::BasketMoveKind::Request => BasketMoveKind::Request,
        store::BasketMoveKind::Cancel => BasketMoveKind::Cancel,
        store::BasketMoveKind::Claim => BasketMoveKind::Claim,
        store::BasketMoveKind::TransferIn => BasketMoveKind::TransferIn,
        store::BasketMoveKind::TransferOut => BasketMoveKind::TransferOut,
        store::BasketMoveKind::Wrap => BasketMoveKind::Wrap,
        store::BasketMoveKind::Unwrap => BasketMoveKind::Unwrap,
        store::BasketMoveKind::ReceiptIn => BasketMoveKind::ReceiptIn,
        store::BasketMoveKind::ReceiptOut => BasketMoveKind::ReceiptOut,
    }
}
