//! A pool of coins and LST, as far as sellers see it.

use crate::{
    Assets, BPS, Bps, Error, RAY, Rate, Shares, Timestamp,
    units::{mul_div_down, mul_div_up},
};
use ruint::aliases::U256;

/// A constant-product pool (Uniswap V2) and the cap of the AMM path. Traders bring its price back to the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Coins in it, wei, when its price is the rate.
    pub coins: Assets,
    /// Its fee, basis points.
    pub fee: Bps,
    /// The most that a sale's last wei may fall short of the rate, basis points.
    pub slippage: Bps,
    /// Seconds in which traders bring the price back, in a straight line.
    pub recovery: u64,
}

/// The pool at a moment.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pool: Pool,
    /// LST sold and not bought back by traders at `at`.
    sold: Shares,
    at: Timestamp,
}

impl Market {
    pub(super) const fn new(pool: Pool) -> Self {
        Self {
            pool,
            sold: Shares::ZERO,
            at: Timestamp::ZERO,
        }
    }

    /// The least price of a sale's last wei: `ceil(rate * (BPS - slippage) / BPS)`.
    pub(super) fn cap(&self, rate: Rate) -> Result<U256, Error> {
        mul_div_up(
            rate.raw(),
            BPS.saturating_sub(self.pool.slippage.raw()),
            BPS,
        )
    }

    /// Reserves `(LST, coins)` now: at the rate, then what is sold and not bought back moves along `x * y`.
    fn reserves(&self, rate: Rate, now: Timestamp) -> Result<(U256, U256), Error> {
        let home = rate.to_shares_down(self.pool.coins)?.raw();
        let (left, whole) = (
            self.pool.recovery.saturating_sub(now.since(self.at)),
            self.pool.recovery.max(1),
        );
        let away = self
            .sold
            .mul_div_down(U256::from(left), U256::from(whole))?;
        let lst = home.checked_add(away.raw()).ok_or(Error::Arithmetic)?;
        Ok((lst, mul_div_down(self.pool.coins.raw(), home, lst)?))
    }

    /// LST of at most `most` that the pool buys while the last wei brings `price` (scaled by 1e27) or more.
    pub(super) fn buys(
        &self,
        most: Shares,
        price: U256,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Shares, Error> {
        let (x, y) = self.reserves(rate, now)?;
        let keep = BPS.saturating_sub(self.pool.fee.raw());
        let scaled = x.checked_mul(BPS).ok_or(Error::Arithmetic)?;
        let worth = mul_div_down(y.checked_mul(keep).ok_or(Error::Arithmetic)?, RAY, price)?;
        let product = scaled.checked_mul(worth).ok_or(Error::Arithmetic)?;
        let room = product.root(2).saturating_sub(scaled);
        Ok(most.min(Shares::new(
            room.checked_div(keep).ok_or(Error::Arithmetic)?,
        )))
    }

    /// Sells, and answers the coins that come out.
    pub(super) fn sell(
        &mut self,
        lst: Shares,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Assets, Error> {
        let (x, y) = self.reserves(rate, now)?;
        let keep = BPS.saturating_sub(self.pool.fee.raw());
        let put = lst.raw().checked_mul(keep).ok_or(Error::Arithmetic)?;
        let whole = x
            .checked_mul(BPS)
            .and_then(|x| x.checked_add(put))
            .ok_or(Error::Arithmetic)?;
        let coins = Assets::new(mul_div_down(put, y, whole)?);
        let home = rate.to_shares_down(self.pool.coins)?;
        self.sold = Shares::new(x).plus(lst)?.min0(home);
        self.at = now;
        Ok(coins)
    }
}
