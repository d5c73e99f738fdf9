//! Answers about the basket. What somebody may act on is the chain's word at one block; lists and series come from the index.

mod accounts;
mod epochs;
mod history;
mod market;
mod prices;
mod quotes;
mod sleeves;
mod summary;

pub(crate) use summary::PAUSABLE;

use alloy::primitives::{Address, U256, address};
use chain::bindings::{IBasket as Basket, IPriceFeed as Feed, basket::IBasketTypes::SleeveInfo};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::try_join;

use crate::{
    abi::IErc20,
    dto::{BasketAddresses, Nav, PriceState, Usd},
    error::{ApiError, excerpt},
    figures::{SIDE_BY_SIDE, mul_div},
    live::Snapshot,
    scalar::Wei,
    server::AppState,
};

/// The chain's coin where a token is named.
pub(crate) const NATIVE: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
/// What a price or a NAV is for: 1e18 units.
pub(crate) const ONE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// Seconds of a round: the UTC day.
pub(crate) const ROUND: u64 = 86_400;
/// The last seconds of a round, in which the queue takes no requests.
pub(crate) const DUSK: u64 = 3_600;

/// A sleeve with its price: what most answers start from.
pub(crate) struct Held {
    pub(crate) id: u64,
    pub(crate) info: SleeveInfo,
    pub(crate) symbol: Option<String>,
    pub(crate) decimals: Option<u8>,
    pub(crate) low: U256,
    /// None while the feed knows nothing.
    pub(crate) high: Option<U256>,
    pub(crate) state: PriceState,
}

impl Held {
    pub(crate) fn is_coin(&self) -> bool {
        self.info.token == NATIVE
    }

    /// Units that are the basket's own, rounded down.
    pub(crate) fn own(&self) -> U256 {
        mul_div(self.info.units, self.info.basketParts, self.info.parts)
    }

    /// Whether the basket owns anything of it: of what it does not, no price is needed.
    pub(crate) fn counts(&self) -> bool {
        let something = self.info.units.saturating_add(self.info.locked);
        !self.info.basketParts.is_zero() && !something.is_zero()
    }

    /// What the basket owns of it, from below without and from above with what is locked, as the basket reckons it.
    pub(crate) fn worth(&self) -> (U256, Option<U256>) {
        let (b, p) = (self.info.basketParts, self.info.parts);
        let low = mul_div(self.own(), self.low, ONE);
        let high = self.high.map(|high| {
            let units = mul_div_up(self.info.units, b, p).saturating_add(mul_div_up(
                self.info.locked,
                b,
                p,
            ));
            mul_div_up(units, high, ONE)
        });
        (low, high)
    }

    /// What the basket owns of it in the middle of both sides, without what is locked; none while no price is known.
    pub(crate) fn worth_mid(&self) -> Option<U256> {
        let own = self.own();
        if own.is_zero() {
            return Some(U256::ZERO);
        }
        let mid = self.low.saturating_add(self.high?) / U256::from(2);
        Some(mul_div(own, mid, ONE))
    }
}

impl AppState {
    /// Every sleeve ever added, by number, with its price.
    pub(crate) async fn held(
        &self,
        now: &Snapshot,
        basket: Address,
    ) -> Result<Vec<Held>, ApiError> {
        let (count, feed) = try_join!(
            now.read(basket, Basket::sleeveCountCall {}),
            now.read(basket, Basket::feedCall {}),
        )?;
        // The basket takes eight at most; another number is another contract.
        let count = u64::try_from(count).ok().filter(|n| *n <= 255);
        let count = count.ok_or(ApiError::Internal)?;
        stream::iter(0..count)
            .map(|id| async move {
                let sleeve = U256::from(id);
                let info = now.read(basket, Basket::sleeveInfoCall { sleeve }).await?;
                let ((low, high, state), (symbol, decimals)) =
                    try_join!(price(now, feed, info.token), self.token(now, info.token))?;
                Ok(Held {
                    id,
                    info,
                    symbol,
                    decimals,
                    low,
                    high,
                    state,
                })
            })
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    /// Symbol and decimals of a token, as far as it tells.
    pub(crate) async fn token(
        &self,
        now: &Snapshot,
        token: Address,
    ) -> Result<(Option<String>, Option<u8>), ApiError> {
        if token == NATIVE {
            let symbol = self.public_config().native_symbol.clone();
            return Ok((Some(symbol), Some(18)));
        }
        let (symbol, decimals) = try_join!(
            now.maybe(token, IErc20::symbolCall {}),
            now.maybe(token, IErc20::decimalsCall {}),
        )?;
        Ok((symbol.map(|text| excerpt(&text)), decimals))
    }

    /// What a share is worth, and T. A side that nobody knows is none, where the basket reckons with the largest number.
    pub(crate) async fn nav(
        &self,
        now: &Snapshot,
        at: &BasketAddresses,
        held: &[Held],
    ) -> Result<(Nav, U256), ApiError> {
        let basket = at.basket.0;
        let (nav, shares) = try_join!(
            now.read(basket, Basket::navCall {}),
            now.read(basket, Basket::effectiveSupplyCall {}),
        )?;
        let known = held.iter().all(|one| !one.counts() || one.high.is_some());
        let nav = Nav {
            low: Wei(nav.low),
            high: known.then_some(Wei(nav.high)),
            state: price_state(nav.state),
        };
        Ok((nav, shares))
    }
}

/// Both sides of a token's price, and its state. The coin is its own measure.
pub(crate) async fn price(
    now: &Snapshot,
    feed: Address,
    token: Address,
) -> Result<(U256, Option<U256>, PriceState), ApiError> {
    if token == NATIVE {
        return Ok((ONE, Some(ONE), PriceState::Sound));
    }
    if feed.is_zero() {
        return Ok((U256::ZERO, None, PriceState::Doubtful));
    }
    let quote = now.read(feed, Feed::quoteCall { asset: token }).await?;
    let known = quote.high < U256::from(u128::MAX);
    let state = price_state(U256::from(quote.state));
    Ok((quote.low, known.then_some(quote.high), state))
}

/// The feed's number; one that it does not have counts as the worst.
pub(crate) fn price_state(number: U256) -> PriceState {
    match u64::try_from(number) {
        Ok(0) => PriceState::Sound,
        Ok(1) => PriceState::Doubtful,
        _ => PriceState::Impaired,
    }
}

/// Worth of `shares` from both sides.
pub(crate) fn worth(nav: &Nav, shares: U256) -> (Wei, Option<Wei>) {
    let low = mul_div(nav.low.0, shares, ONE);
    let high = nav.high.map(|high| Wei(mul_div_up(high.0, shares, ONE)));
    (Wei(low), high)
}

/// `ceil(a * b / c)`; 0 when `c` is 0. As [`mul_div`], for products that fit.
pub(crate) fn mul_div_up(a: U256, b: U256, c: U256) -> U256 {
    if c.is_zero() {
        return U256::ZERO;
    }
    a.saturating_mul(b).div_ceil(c)
}

/// Numbers of the bits that are set.
pub(crate) fn bits(mask: U256) -> Vec<u64> {
    (0..256_usize)
        .filter(|bit| mask.bit(*bit))
        .filter_map(|bit| u64::try_from(bit).ok())
        .collect()
}

/// No source of dollars can be configured in this version, and none is made up.
pub(crate) fn no_dollars() -> Usd {
    Usd {
        nav: None,
        assets: None,
        source: None,
        updated_at: None,
        reason: Some("unavailable".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_up_and_masks() {
        let u = |n: u64| U256::from(n);
        assert_eq!(mul_div_up(u(7), u(3), u(2)), u(11));
        assert_eq!(mul_div_up(u(8), u(3), u(2)), u(12));
        assert_eq!(mul_div_up(u(8), u(3), u(0)), u(0));
        assert_eq!(bits(u(0b101)), [0, 2]);
        assert_eq!(bits(U256::from(1) << 255), [255]);
        assert_eq!(ONE, u(10).pow(u(18)));
    }

    #[test]
    fn a_state_that_no_feed_has_is_the_worst() {
        assert_eq!(price_state(U256::from(0)), PriceState::Sound);
        assert_eq!(price_state(U256::from(1)), PriceState::Doubtful);
        assert_eq!(price_state(U256::from(2)), PriceState::Impaired);
        assert_eq!(price_state(U256::MAX), PriceState::Impaired);
    }
}
