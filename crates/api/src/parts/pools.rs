//! The AMM path of exits.

use alloy::primitives::{Address, U256};
use chain::bindings::{ILiquidMinter as Minter, amm_route::IAmmRoute as Route};
use tokio::try_join;

use super::named;
use crate::{
    dto::{ExitPool, ExitPools, Page, PoolQuote, PoolSale, PoolStyle},
    error::ApiError,
    figures::{BPS, bps},
    index::{index, page, page_request, paged},
    live::Snapshot,
    scalar::{Addr, Wei},
    server::AppState,
};

/// `Style.V3` of the route.
const V3: u8 = 2;

impl AppState {
    /// The pools of the route in force; none while the path is off.
    pub(crate) async fn listed_pools(
        &self,
        now: &Snapshot,
        route: Address,
    ) -> Result<Vec<Route::Pool>, ApiError> {
        if route.is_zero() {
            return Ok(Vec::new());
        }
        now.read(route, Route::poolsCall {}).await
    }

    pub(crate) async fn pools(&self) -> Result<ExitPools, ApiError> {
        let minter = self.liquid()?.minter.0;
        let now = self.now().await?;
        let force = now.read(minter, Minter::ammRouteCall {}).await?;
        let known = self.store().pools().await.map_err(index)?;
        let mut pools = Vec::new();
        for pool in self.listed_pools(&now, force.route).await? {
            let off = self
                .store()
                .latest_sample(&format!("pool/{:#x}/offBps", pool.at))
                .await
                .map_err(index)?;
            let row = known
                .iter()
                .find(|row| row.route == force.route && row.pool == pool.at);
            let v3 = pool.style == V3;
            pools.push(ExitPool {
                address: Addr(pool.at),
                style: if v3 { PoolStyle::V3 } else { PoolStyle::V2 },
                fee_bps: (!v3).then_some(u32::from(pool.feeBps)),
                off_bps: off.and_then(|sample| sample.value.parse().ok()),
                listed_at: row.map(|row| row.changed_at),
            });
        }
        Ok(ExitPools {
            route: named(force.route),
            slippage_bps: bps(force.slippageBps),
            pools,
            block: now.block.number,
        })
    }

    pub(crate) async fn quote_pool(&self, amount: U256) -> Result<PoolQuote, ApiError> {
        let minter = self.liquid()?.minter.0;
        let now = self.now().await?;
        let (force, rate) = try_join!(
            now.read(minter, Minter::ammRouteCall {}),
            now.read(minter, Minter::rateCall {}),
        )?;
        let none = PoolQuote {
            pool: None,
            lst: Wei(U256::ZERO),
            pay: Wei(U256::ZERO),
            block: now.block.number,
        };
        let kept = BPS.saturating_sub(force.slippageBps);
        let least = rate.saturating_mul(kept).div_ceil(BPS);
        if force.route.is_zero() || least.is_zero() {
            return Ok(none);
        }
        let ask = Route::quoteCall {
            lst: amount,
            minPrice: least,
        };
        let quote = now.read(force.route, ask).await?;
        Ok(PoolQuote {
            pool: named(quote.pool),
            lst: Wei(quote.sold),
            pay: Wei(quote.coins),
            ..none
        })
    }

    pub(crate) async fn pool_sales(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<PoolSale>, ApiError> {
        self.liquid()?;
        let asked = page_request(cursor, limit);
        let sales = self
            .store()
            .pool_sales(&asked)
            .await
            .map_err(paged(cursor))?;
        Ok(page(sales, |row| PoolSale {
            pool: Addr(row.pool),
            account: Addr(row.account),
            lst: Wei(row.lst),
            coins: Wei(row.coins),
            at: row.at,
            block: row.block,
            log_index: row.log_index,
        }))
    }
}
