//! The first-loss reserve, and the sale of reward tokens.

use chain::bindings::{ILiquidMinter as Minter, IRewardConverter as Sale};
use tokio::try_join;

use super::named;
use crate::{
    dto::{Conversion, ConversionSale, Converter, Page, Reserve, ReserveMove, ReserveMoveKind},
    error::ApiError,
    index::{index, page, page_request, paged},
    scalar::{Addr, Wei},
    server::AppState,
};

impl AppState {
    pub(crate) async fn reserve(&self) -> Result<Reserve, ApiError> {
        let minter = self.liquid()?.minter.0;
        let now = self.now().await?;
        Ok(Reserve {
            held: Wei(now.read(minter, Minter::insuranceCall {}).await?),
            block: now.block.number,
        })
    }

    pub(crate) async fn reserve_history(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ReserveMove>, ApiError> {
        self.liquid()?;
        let asked = page_request(cursor, limit);
        let moves = self
            .store()
            .reserve_moves(&asked)
            .await
            .map_err(paged(cursor))?;
        Ok(page(moves, |row| ReserveMove {
            kind: match row.kind {
                store::ReserveMoveKind::Funded => ReserveMoveKind::Funded,
                store::ReserveMoveKind::Used => ReserveMoveKind::Used,
                store::ReserveMoveKind::Withdrawn => ReserveMoveKind::Withdrawn,
            },
            account: row.account.map(Addr),
            amount: Wei(row.amount),
            held: Wei(row.held),
            at: row.at,
            block: row.block,
        }))
    }

    pub(crate) async fn converter(&self) -> Result<Converter, ApiError> {
        let minter = self.liquid()?.minter.0;
        let now = self.now().await?;
        let at = now.read(minter, Minter::converterCall {}).await?;
        let mut tokens = Vec::new();
        for row in self.store().conversions().await.map_err(index)? {
            if at.is_zero() {
                break;
            }
            let token = row.token;
            let (limits, for_sale) = try_join!(
                now.read(at, Sale::conversionCall { token }),
                now.read(at, Sale::forSaleCall { token }),
            )?;
            let price = match now.try_read(at, Sale::priceCall { token }).await {
                Ok(price) => Some(Wei(price)),
                // It has no floor yet.
                Err(ApiError::Reverted(_)) => None,
                Err(error) => return Err(error),
            };
            tokens.push(Conversion {
                token: Addr(token),
                floor: Wei(limits.floor),
                per_sale: Wei(limits.perSale),
                per_day: Wei(limits.perDay),
                for_sale: Wei(for_sale),
                price,
                received: Wei(row.received),
                sold: Wei(row.sold),
                coins: Wei(row.coins),
            });
        }
        Ok(Converter {
            address: named(at),
            tokens,
            block: now.block.number,
        })
    }

    pub(crate) async fn conversion_sales(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ConversionSale>, ApiError> {
        self.liquid()?;
        let asked = page_request(cursor, limit);
        let sales = self
            .store()
            .conversion_sales(&asked)
            .await
            .map_err(paged(cursor))?;
        Ok(page(sales, |row| ConversionSale {
            token: Addr(row.token),
            buyer: Addr(row.buyer),
            amount: Wei(row.amount),
            coins: Wei(row.coins),
            price: Wei(row.price),
            at: row.at,
            block: row.block,
            log_index: row.log_index,
        }))
    }
}
