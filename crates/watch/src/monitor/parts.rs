//! Figures of the parts around the minter, as far as the deployment has them.

use super::Monitor;
use crate::{Liquid, Metrics, Parts, Result, WatchError};
use alloy::{
    eips::BlockId,
    primitives::{Address, U256},
};
use chain::bindings::{
    amm_route::IAmmRoute as route, converter::IRewardConverter as converter,
    minter::ILiquidMinter as minter, vault::ILiquidVault as vault,
};
use std::collections::BTreeSet;
use store::{Cursor, PoolStyle, totals};

/// What a pool is asked for to learn its price: small against any pool, large against a rounding. LST wei.
const PROBE: u64 = 1_000_000_000_000_000;
const RAY: U256 = U256::from_limbs([0x9fd0_803c_e800_0000, 0x033b_2e3c, 0, 0]);
const BPS: u64 = 10_000;

impl Monitor {
    /// Adds what the parts say at the cursor's block.
    pub(super) async fn parts(
        &self,
        of: &Liquid,
        cursor: Cursor,
        rate: U256,
        metrics: &mut Metrics,
    ) -> Result<()> {
        let at = BlockId::hash(cursor.hash);
        let parts = of.parts;
        let reserve = self.view(of.minter, minter::insuranceCall {}, at);
        let reserve = reserve.await?;
        metrics.insert("insurance".to_owned(), reserve);
        // The reserve lies beside the buffer, and must not hide what is missing there.
        let buffer = metrics.get("buffer").copied().unwrap_or_default();
        let booked = buffer.saturating_add(reserve);
        metrics.insert("coinsBooked".to_owned(), booked);
        metrics.insert(
            "halted".to_owned(),
            U256::from(u8::from(self.halted().await?)),
        );
        if let Some(address) = parts.vault {
            metrics.extend(self.vault(address, cursor).await?);
        }
        if let Some(address) = parts.route {
            metrics.extend(self.pools(address, rate, at).await?);
        }
        if let Some(address) = parts.converter {
            metrics.extend(self.conversions(address, cursor).await?);
        }
        Ok(())
    }

    /// Whether the code in force is the halt.
    async fn halted(&self) -> Result<bool> {
        let code = self.store.parameter("implementation").await?;
        let halt = self.store.parameter("haltCode").await?;
        Ok(code.is_some_and(|code| halt.is_some_and(|halt| halt.value == code.value)))
    }

    async fn vault(&self, address: Address, cursor: Cursor) -> Result<Metrics> {
        let at = BlockId::hash(cursor.hash);
        let (shares, assets, lst, coins, pending) = tokio::try_join!(
            self.view(address, vault::totalSupplyCall {}, at),
            self.view(address, vault::totalAssetsCall {}, at),
            self.view(address, vault::lstHeldCall {}, at),
            self.view(address, vault::coinsHeldCall {}, at),
            self.view(address, vault::pendingRewardsCall {}, at),
        )?;
        // Since the last harvest, or since there is anything to harvest for.
        let since = match self.store.last_event("vault.Harvested").await? {
            Some(harvest) => Some(harvest.at),
            None => self.store.first_event("vault.Deposit").await?.map(|e| e.at),
        };
        let waits = !pending.coins.is_zero();
        let age = since
            .filter(|_| waits)
            .map_or(0, |since| cursor.timestamp.saturating_sub(since));
        Ok([
            ("vaultShares", shares),
            ("vaultAssets", assets),
            ("vaultLst", lst),
            ("vaultCoins", coins),
            ("vaultPendingCoins", pending.coins),
            ("vaultHarvestAge", U256::from(age)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect())
    }

    /// How far each pool's price, its fee included, is off the rate. One that quotes nothing near the rate is off by all of it.
    async fn pools(&self, address: Address, rate: U256, at: BlockId) -> Result<Metrics> {
        let list = self.view(address, route::poolsCall {}, at).await?;
        let mut metrics: Metrics = [("pools".to_owned(), U256::from(list.len()))].into();
        if rate.is_zero() {
            return Ok(metrics);
        }
        for (index, pool) in list.iter().enumerate() {
            let quote = route::quotePoolCall {
                index: U256::from(index),
                lst: U256::from(PROBE),
                minPrice: rate.div_ceil(U256::from(2)),
            };
            let price = match self.view(address, quote, at).await {
                Ok(quote) => quote
                    .coins
                    .saturating_mul(RAY)
                    .checked_div(quote.sold)
                    .unwrap_or_default(),
                // Its own reason, such as a price that strays from its mean.
                Err(WatchError::Chain(chain::ChainError::Rpc { error, .. }))
                    if error.is_revert() =>
                {
                    U256::ZERO
                }
                Err(error) => return Err(error),
            };
            let off = price.abs_diff(rate).saturating_mul(U256::from(BPS)) / rate;
            metrics.insert(format!("pool/{:#x}/offBps", pool.at), off);
        }
        Ok(metrics)
    }

    /// How much of its limit of the day each reward token's sale has used.
    async fn conversions(&self, address: Address, cursor: Cursor) -> Result<Metrics> {
        let at = BlockId::hash(cursor.hash);
        let mut metrics = Metrics::new();
        for row in self.store.conversions().await? {
            let call = converter::conversionCall { token: row.token };
            let now = self.view(address, call, at).await?;
            let today = now.day == U256::from(cursor.timestamp / 86_400);
            let sold = if today { now.soldToday } else { U256::ZERO };
            if let Some(used) = sold.saturating_mul(U256::from(BPS)).checked_div(now.perDay) {
                metrics.insert(format!("conversion/{:#x}/usedBps", row.token), used);
            }
        }
        Ok(metrics)
    }

    /// What of the parts the index and the contracts disagree on.
    pub(super) async fn compare_parts(
        &self,
        parts: Parts,
        cursor: Cursor,
        metrics: &Metrics,
    ) -> Result<Vec<&'static str>> {
        let mut differ = Vec::new();
        if let (Some(vault), Some(theirs)) = (parts.vault, metrics.get("vaultCoins")) {
            // The rewards that it took, less those that it turned or paid out, lie there.
            let holder = self.store.holder(vault).await?;
            let taken = holder.map_or(U256::ZERO, |h| h.rewards_claimed);
            let turned = self.store.total(totals::VAULT_HARVESTED).await?;
            let paid = self.store.total(totals::VAULT_IN_KIND).await?;
            if turned.saturating_add(paid).saturating_add(*theirs) != taken {
                differ.push("vaultCoins");
            }
        }
        if let Some(address) = parts.route {
            let at = BlockId::hash(cursor.hash);
            let theirs = self.view(address, route::poolsCall {}, at).await?;
            let theirs: BTreeSet<_> = theirs.iter().map(|pool| pool.at).collect();
            let ours = self.store.pools().await?.into_iter();
            let ours: BTreeSet<_> = ours
                .filter(|row| row.route == address && row.style != PoolStyle::Removed)
                .map(|row| row.pool)
                .collect();
            if ours != theirs {
                differ.push("pools");
            }
        }
        Ok(differ)
    }
}
