//! What each asset is worth, and why that is believed.

use alloy::primitives::{Address, U256};
use chain::bindings::{
    IBasket as Basket, IPriceFeed as Feed, IPriceGuard as Guard, IPriceSource as Source,
};
use tokio::try_join;

use super::{Held, no_dollars};
use crate::{
    dto::{AssetPrice, BasketPrices, PriceGuard, PriceMemory, PriceSource, PriceState, SourceRole},
    error::ApiError,
    figures::{BPS, bps, mul_div, secs},
    live::Snapshot,
    parts::named,
    scalar::{Addr, Price, Wei},
    server::AppState,
};

impl AppState {
    pub(crate) async fn basket_prices(&self) -> Result<BasketPrices, ApiError> {
        let at = self.basket()?;
        let now = self.now().await?;
        let held = self.held(&now, at.basket.0).await?;
        let feed = now.read(at.basket.0, Basket::feedCall {}).await?;
        let state = held
            .iter()
            .filter(|one| one.counts())
            .map(|one| one.state)
            .max()
            .unwrap_or(PriceState::Sound);
        let mut prices: Vec<AssetPrice> = Vec::with_capacity(held.len());
        for one in held {
            let known = prices
                .iter_mut()
                .find(|price| price.asset.0 == one.info.token);
            match known {
                Some(price) => price.sleeves.push(one.id),
                None => prices.push(asset(&now, feed, one).await?),
            }
        }
        Ok(BasketPrices {
            feed: named(feed),
            prices,
            state,
            usd: no_dollars(),
            at: now.block.timestamp,
            block: now.block.number,
        })
    }
}

async fn asset(now: &Snapshot, feed: Address, held: Held) -> Result<AssetPrice, ApiError> {
    let token = held.info.token;
    let mut price = AssetPrice {
        asset: Addr(token),
        symbol: held.symbol.clone(),
        decimals: held.decimals,
        sleeves: vec![held.id],
        listed: false,
        low: Price(held.low),
        high: held.high.map(Price),
        state: held.state,
        spread_bps: 0,
        disagree_bps: 0,
        gap_bps: None,
        sources: Vec::new(),
        guard: None,
        memory: None,
    };
    if held.is_coin() || feed.is_zero() {
        return Ok(price);
    }
    let (listing, memory) = try_join!(
        now.read(feed, Feed::listingCall { asset: token }),
        now.read(feed, Feed::memoryOfCall { asset: token }),
    )?;
    price.listed = !listing.fair.is_zero();
    price.spread_bps = u32::from(listing.spreadBps);
    price.disagree_bps = u32::from(listing.disagreeBps);
    for (role, at) in [
        (SourceRole::Fair, listing.fair),
        (SourceRole::Market, listing.market),
    ] {
        if !at.is_zero() {
            price.sources.push(source(now, role, at).await?);
        }
    }
    price.gap_bps = gap(&price.sources);
    price.guard = guard(now, listing.guard).await?;
    // `uint48` is decoded as what holds it.
    let time = |at: u64| (at != 0).then_some(at);
    price.memory = Some(PriceMemory {
        observed_at: time(memory.seenAt.to()),
        in_band_at: time(memory.inBandAt.to()),
        impaired_at: time(memory.impairedAt.to()),
        inside_since: time(memory.insideSince.to()),
        rate: (memory.rate != 0).then(|| Wei(U256::from(memory.rate))),
    });
    Ok(price)
}

/// A source may revert, run out of gas or say nonsense: then it does not answer.
async fn source(now: &Snapshot, role: SourceRole, at: Address) -> Result<PriceSource, ApiError> {
    let (said, origin, origin2, is_rate, error) = try_join!(
        now.maybe(at, Source::readCall {}),
        now.maybe(at, Source::originCall {}),
        now.maybe(at, Source::origin2Call {}),
        now.maybe(at, Source::isRateCall {}),
        now.maybe(at, Source::errorBpsCall {}),
    )?;
    let updated_at = said.as_ref().map(|said| secs(said.updatedAt));
    Ok(PriceSource {
        role,
        address: Addr(at),
        origin: origin.and_then(named),
        origin2: origin2.and_then(named),
        price: said.as_ref().map(|said| Wei(said.price)),
        updated_at,
        age: updated_at.map(|at| now.block.timestamp.saturating_sub(at)),
        sound: said.is_some_and(|said| said.sound),
        is_rate: is_rate.unwrap_or_default(),
        error_bps: error.map(bps),
    })
}

async fn guard(now: &Snapshot, at: Address) -> Result<Option<PriceGuard>, ApiError> {
    if at.is_zero() {
        return Ok(None);
    }
    let said = now.maybe(at, Guard::twapCall {}).await?;
    Ok(Some(PriceGuard {
        address: Addr(at),
        mean: said.as_ref().map(|said| Wei(said.mean)),
        sound: said.is_some_and(|said| said.sound),
    }))
}

/// How far apart two sources are, in bps of the lower.
fn gap(sources: &[PriceSource]) -> Option<u32> {
    let [one, two] = sources else { return None };
    let (one, two) = (one.price?.0, two.price?.0);
    let (low, high) = (one.min(two), one.max(two));
    (!low.is_zero()).then(|| bps(mul_div(high.saturating_sub(low), BPS, low)))
}
