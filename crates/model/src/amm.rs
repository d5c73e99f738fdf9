//! The optional AMM path: constant-product pools, and how an exit is split between them and the buffer.

use crate::{
    Account, Address, Assets, BPS, Bps, Error, Event, ExitParams, MarketCall, Outcome, RAY, Rate,
    Shares, State, Timestamp,
    exit::Ctx,
    units::{mul_div_down, mul_div_up},
};
use ruint::aliases::U256;

/// The most that a sale's cap may lie below the rate, bps.
pub const AMM_SLIPPAGE_CEILING: Bps = Bps::new(1_000);
/// A pool checks its product in thousandths, of which it keeps three.
const POOL_WHOLE: u64 = 1_000;
const POOL_KEEPS: u64 = 3;

/// Uniswap V2: LST against the wrapped coin, at 0.3 %. It has no mean of its own: what bounds a sale is the cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// The pair.
    pub at: Address,
    /// LST wei that it counts on.
    pub lst: Shares,
    /// Wrapped coins that it counts on, wei.
    pub coins: Assets,
}

/// How a pool is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Off the list.
    None,
    /// Constant product.
    V2,
}

/// A pool on the route's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The pair.
    pub at: Address,
    /// The fee that the route reckons with, bps.
    pub fee: Bps,
}

/// A sale: LST wei in, coin wei out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sale {
    /// LST wei sold.
    pub lst: Shares,
    /// Wei that came.
    pub coins: Assets,
}

/// The largest `r` with `r * r <= x`.
#[must_use]
pub fn sqrt_down(x: U256) -> U256 {
    x.root(2)
}

impl Pool {
    /// What a sale of at most `most` brings if it stops where the next wei of LST would bring less than `price` (coin
    /// wei per LST wei, scaled 1e27; the pool's fee included). Both sides round down: a sale never goes beyond its
    /// price (attack L33). Nothing for an empty pool.
    ///
    /// `d = floor((sqrt(x*BPS * floor(y*k*RAY/price)) - x*BPS) / k)`, `k = BPS - fee`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn quote_down(&self, fee: Bps, most: Shares, price: Rate) -> Result<Sale, Error> {
        let (x, y) = (self.lst.raw(), self.coins.raw());
        if x.is_zero() || y.is_zero() {
            return Ok(Sale::default());
        }
        let k = U256::from(Bps::ALL.get().saturating_sub(fee.get()));
        let times = |a: U256, b: U256| a.checked_mul(b).ok_or(Error::Arithmetic);
        let base = times(x, BPS)?;
        let root = sqrt_down(times(base, mul_div_down(times(y, k)?, RAY, price.raw())?)?);
        let Some(way) = root.checked_sub(base).filter(|way| !way.is_zero()) else {
            return Ok(Sale::default());
        };
        let lst = most.min(Shares::new(mul_div_down(way, U256::from(1), k)?));
        let paid = times(lst.raw(), k)?;
        let all = base.checked_add(paid).ok_or(Error::Arithmetic)?;
        let coins = Assets::new(mul_div_down(paid, y, all)?);
        Ok(Sale { lst, coins })
    }

    /// Whether the pool lets `out` go for `paid` that it found: its product, fee kept, must not fall.
    fn takes(there: U256, other: U256, paid: U256, out: U256) -> Option<bool> {
        let whole = U256::from(POOL_WHOLE);
        let kept = paid.checked_mul(U256::from(POOL_KEEPS))?;
        let a = there
            .checked_add(paid)?
            .checked_mul(whole)?
            .checked_sub(kept)?;
        let b = other.checked_sub(out)?.checked_mul(whole)?;
        let before = there
            .checked_mul(other)?
            .checked_mul(whole)?
            .checked_mul(whole)?;
        Some(a.checked_mul(b)? >= before)
    }
}

/// What the pool gives for `paid` at its own fee, down: the formula of its periphery.
fn out_down(paid: U256, there: U256, other: U256) -> Result<U256, Error> {
    let times = |a: U256, b: u64| a.checked_mul(U256::from(b)).ok_or(Error::Arithmetic);
    let kept = times(paid, POOL_WHOLE.saturating_sub(POOL_KEEPS))?;
    let all = times(there, POOL_WHOLE)?
        .checked_add(kept)
        .ok_or(Error::Arithmetic)?;
    mul_div_down(kept, other, all)
}

impl State {
    /// The least marginal price of a sale: `ceil(rate * (BPS - slippage) / BPS)`.
    fn amm_cap_up(&self) -> Result<Rate, Error> {
        let kept = Bps::ALL
            .get()
            .saturating_sub(self.minter.amm_slippage.get());
        mul_div_up(self.minter.rate.raw(), U256::from(kept), BPS).map(Rate::new)
    }

    /// The listed pool with the greatest gain over `price`, and the sale there.
    fn best_sale(&self, most: Shares, price: Rate) -> Result<(Address, Sale), Error> {
        let mut best = (Address::ZERO, Sale::default());
        let mut gain = Assets::ZERO;
        for listed in &self.listed {
            if listed.at != self.pool.at {
                continue;
            }
            let sale = self.pool.quote_down(listed.fee, most, price)?;
            let more = sale.coins.min0(price.to_assets_down(sale.lst)?);
            if !sale.lst.is_zero() && more > gain {
                best = (listed.at, sale);
                gain = more;
            }
        }
        Ok(best)
    }

    /// How much LST of an exit is offered to pools, and at which least price; nothing while the path is off, instant
    /// exits are paused or a slash is unbooked. First comes what a pool buys at no less than the buffer pays on average
    /// for all of its part, then the buffer, then the pool again down to the cap: the caller gets at least what either
    /// order would give.
    fn amm_offer(
        &self,
        now: Timestamp,
        amount: Shares,
        instant_max: Shares,
        amm_max: Shares,
    ) -> Result<(Shares, Rate), Error> {
        let m = &self.minter;
        let off = m.amm_route.is_zero() || now < m.instant_paused_until || m.slash_pending > 0;
        let cap = self.amm_cap_up()?;
        let most = amount.min(amm_max);
        if off || most.is_zero() || cap.raw().is_zero() {
            return Ok((Shares::ZERO, cap));
        }
        let instant = self.instant_part(now, amount, instant_max)?;
        if instant.lst.is_zero() {
            return Ok((most, cap));
        }
        let pay = instant.gross.minus(instant.fee)?;
        let average = Rate::new(mul_div_up(pay.raw(), RAY, instant.lst.raw())?);
        let (_, better) = self.best_sale(most, average.max(cap))?;
        let buffer = instant.lst.min(amount.minus(better.lst)?);
        Ok((most.min(amount.minus(buffer)?), cap))
    }

    /// What of an exit a pool would buy now.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn amm_quote(
        &self,
        now: Timestamp,
        amount: Shares,
        instant_max: Shares,
        amm_max: Shares,
    ) -> Result<Sale, Error> {
        let (offer, cap) = self.amm_offer(now, amount, instant_max, amm_max)?;
        if offer.is_zero() {
            return Ok(Sale::default());
        }
        Ok(self.best_sale(offer, cap)?.1)
    }

    /// Burns the exit's `amount` LST and sells what is offered of it; what no pool takes is burned again.
    pub(crate) fn amm_part(
        &mut self,
        ctx: Ctx,
        amount: Shares,
        p: &ExitParams,
        out: &mut Outcome,
    ) -> Result<Sale, Error> {
        let (offer, cap) = self.amm_offer(ctx.now, amount, p.instant_max, p.amm_max)?;
        self.token.burn(ctx.now, ctx.caller, amount, out)?;
        if offer.is_zero() {
            return Ok(Sale::default());
        }
        let (pool, sale) = self.best_sale(offer, cap)?;
        let route = self.minter.amm_route;
        self.token.mint(ctx.now, route, offer, out)?;
        let mut then = self.clone();
        let mut told = Outcome::default();
        // The sale is a call of its own: one that fails leaves nothing behind.
        let sold = !sale.lst.is_zero() && then.sell(ctx.now, route, sale, &mut told)?;
        let sale = if sold { sale } else { Sale::default() };
        if sold {
            *self = then;
            out.events.append(&mut told.events);
        }
        let left = offer.minus(sale.lst)?;
        if !left.is_zero() {
            self.token.burn(ctx.now, route, left, out)?;
        }
        let account = ctx.caller;
        out.tell(if sold {
            Event::AmmExit {
                account,
                recipient: p.recipient,
                pool,
                lst: sale.lst,
                coins: sale.coins,
            }
        } else {
            Event::AmmSkipped {
                account,
                route,
                lst: offer,
            }
        });
        Ok(sale)
    }

    /// The route sells in the pool and hands the coins to the minter; false when the pool refuses.
    fn sell(
        &mut self,
        now: Timestamp,
        route: Address,
        sale: Sale,
        out: &mut Outcome,
    ) -> Result<bool, Error> {
        self.token
            .transfer(now, route, self.pool.at, sale.lst, out)?;
        let paid = self.token.balance(self.pool.at).min0(self.pool.lst);
        let (x, y) = (self.pool.lst.raw(), self.pool.coins.raw());
        if Pool::takes(x, y, paid.raw(), sale.coins.raw()) != Some(true) {
            return Ok(false);
        }
        self.pool.coins = self.pool.coins.minus(sale.coins)?;
        self.pool.lst = self.token.balance(self.pool.at);
        let wrapped: Account = self.places.wrapped_coin.into();
        self.move_coins(wrapped, self.places.minter.into(), sale.coins)?;
        Ok(true)
    }

    /// Somebody trades with the pool at its own price.
    pub(crate) fn market_call(
        &mut self,
        ctx: Ctx,
        call: &MarketCall,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let wrapped: Account = self.places.wrapped_coin.into();
        let (x, y) = (self.pool.lst.raw(), self.pool.coins.raw());
        match *call {
            MarketCall::SellLst { lst } => {
                let coins = Assets::new(out_down(lst.raw(), x, y)?);
                self.token
                    .transfer(ctx.now, ctx.caller, self.pool.at, lst, out)?;
                self.pool.coins = self.pool.coins.minus(coins)?;
                self.move_coins(wrapped, ctx.caller.into(), coins)?;
            }
            MarketCall::BuyLst { coins } => {
                let lst = Shares::new(out_down(coins.raw(), y, x)?);
                self.move_coins(ctx.caller.into(), wrapped, coins)?;
                self.pool.coins = self.pool.coins.plus(coins)?;
                self.token
                    .transfer(ctx.now, self.pool.at, ctx.caller, lst, out)?;
            }
        }
        // The pool counts whatever it was given in between.
        self.pool.lst = self.token.balance(self.pool.at);
        Ok(())
    }
}
