//! What would happen, asked of the basket itself; and why not, in the order in which it would refuse.

use alloy::primitives::{Address, U256};
use chain::bindings::IBasket as Basket;
use tokio::try_join;

use super::{
    Held, ROUND, mul_div_up,
    summary::{fee_of, open_epoch, pause},
    worth,
};
use crate::{
    dto::{
        BasketDepositQuote, BasketExitQuote, BasketMintQuote, Closed, EpochWay, InKindWay,
        InstantWay, OpenEpoch, PausePart, PriceState, QuoteLeg,
    },
    error::ApiError,
    figures::{BPS, bps, mul_div, secs},
    scalar::{Addr, Units, Wei},
    server::AppState,
};

impl AppState {
    pub(crate) async fn basket_quote_exit(
        &self,
        shares: U256,
    ) -> Result<BasketExitQuote, ApiError> {
        let at = self.basket()?;
        let basket = at.basket.0;
        let now = self.now().await?;
        let held = self.held(&now, basket).await?;
        let (quote, most, fees, open, paused, nav) = try_join!(
            now.try_read(basket, Basket::quoteExitCall { shares }),
            now.read(basket, Basket::maxInstantCall {}),
            now.read(basket, Basket::feesCall {}),
            open_epoch(&now, at.queue.0),
            pause(&now, basket, 1, PausePart::Instant),
            self.nav(&now, &at, &held),
        )?;
        let (nav, _) = nav;
        let (worth_low, worth_high) = worth(&nav, shares);
        let instant_fee = bps(fees.instantBps);
        let time = now.block.timestamp;
        let available = !quote.instantCoins.is_zero();
        let closed = (!available).then(|| {
            let coins = held
                .first()
                .is_some_and(|one| one.is_coin() && !one.info.retired);
            let after = worth_low.0.saturating_sub(fee_of(worth_low.0, instant_fee));
            if paused.paused {
                Closed::Paused
            } else if !coins {
                Closed::NoCoins
            } else if nav.state != PriceState::Sound {
                Closed::Price
            } else if after.is_zero() {
                Closed::TooSmall
            } else {
                Closed::Idle
            }
        });
        let legs = |asset: fn(&Held) -> Address| -> Vec<QuoteLeg> {
            held.iter()
                .zip(quote.units.iter().zip(&quote.forgone))
                .filter(|(_, (units, forgone))| !units.is_zero() || !forgone.is_zero())
                .map(|(one, (units, forgone))| leg(one, asset(one), *units, *forgone))
                .collect()
        };
        let next = next_request(&open, time, secs(quote.closesAt), secs(quote.readyBy));
        Ok(BasketExitQuote {
            shares: Wei(shares),
            worth_low,
            worth_high,
            state: nav.state,
            instant: InstantWay {
                available,
                closed,
                coins: Wei(quote.instantCoins),
                fee_coins: Wei(quote.instantFee),
                fee_bps: instant_fee,
                most: Wei(most),
                ready_at: time,
            },
            in_kind: InKindWay {
                legs: legs(|one| one.info.token),
                fee_bps: 0,
                ready_at: time,
            },
            epoch: EpochWay {
                position: next.epoch,
                takes_requests: open.takes_requests,
                requests_from: next.from,
                legs: legs(|one| one.info.epochToken),
                fee_bps: 0,
                closes_at: next.closes_at,
                ready_by: next.ready_by,
            },
            at: time,
            block: now.block.number,
        })
    }

    pub(crate) async fn basket_quote_deposit(
        &self,
        sleeve: u64,
        units: U256,
    ) -> Result<BasketDepositQuote, ApiError> {
        let at = self.basket()?;
        let basket = at.basket.0;
        let now = self.now().await?;
        let held = self.held(&now, basket).await?;
        let index = usize::try_from(sleeve).unwrap_or(usize::MAX);
        let one = held.get(index).ok_or_else(|| ApiError::NotFound {
            what: "sleeve",
            id: sleeve.to_string(),
        })?;
        let ask = Basket::quoteDepositCall {
            sleeve: U256::from(sleeve),
            units,
        };
        let (shares, fees, share_cap, paused, nav) = try_join!(
            now.try_read(basket, ask),
            now.read(basket, Basket::feesCall {}),
            now.read(basket, Basket::shareCapCall {}),
            pause(&now, basket, 0, PausePart::Mint),
            self.nav(&now, &at, &held),
        )?;
        let (nav, total) = nav;
        let state = nav.state.max(one.state);
        let closed = if paused.paused {
            Some(Closed::Paused)
        } else if total.is_zero() {
            Some(Closed::NotSeeded)
        } else if state != PriceState::Sound {
            Some(Closed::Price)
        } else if above_band(one, &held, units) {
            Some(Closed::Band)
        } else if shares.is_zero() {
            Some(Closed::TooSmall)
        } else if units > left_today(one) {
            Some(Closed::DailyLimit)
        } else if one.info.units.saturating_add(units) > one.info.cap {
            Some(Closed::Cap)
        } else if total.saturating_add(shares) > share_cap {
            Some(Closed::ShareCap)
        } else {
            None
        };
        Ok(BasketDepositQuote {
            sleeve,
            asset: Addr(one.info.token),
            units: Units(units),
            shares: Wei(shares),
            fee_bps: bps(fees.entryBps),
            available: closed.is_none(),
            closed,
            room: Units(room(one)),
            state,
            block: now.block.number,
        })
    }

    pub(crate) async fn basket_quote_mint(
        &self,
        priced: U256,
    ) -> Result<BasketMintQuote, ApiError> {
        let at = self.basket()?;
        let basket = at.basket.0;
        let now = self.now().await?;
        let held = self.held(&now, basket).await?;
        let (quote, fees, share_cap, total, paused) = try_join!(
            now.try_read(basket, Basket::quoteMintInKindCall { priced }),
            now.read(basket, Basket::feesCall {}),
            now.read(basket, Basket::shareCapCall {}),
            now.read(basket, Basket::effectiveSupplyCall {}),
            pause(&now, basket, 0, PausePart::Mint),
        )?;
        let closed = if paused.paused {
            Some(Closed::Paused)
        } else if total.is_zero() {
            Some(Closed::NotSeeded)
        } else if quote.shares.is_zero() {
            Some(Closed::TooSmall)
        } else if total.saturating_add(quote.shares) > share_cap {
            Some(Closed::ShareCap)
        } else {
            held.iter()
                .filter(|one| !one.info.basketParts.is_zero())
                .find_map(|one| closed_in_kind(one, priced, total))
        };
        Ok(BasketMintQuote {
            priced: Wei(priced),
            shares: Wei(quote.shares),
            fee_bps: bps(fees.entryBps),
            legs: held
                .iter()
                .zip(&quote.units)
                .map(|(one, units)| leg(one, one.info.token, *units, U256::ZERO))
                .collect(),
            available: closed.is_none(),
            closed,
            block: now.block.number,
        })
    }
}

fn leg(one: &Held, asset: Address, units: U256, forgone: U256) -> QuoteLeg {
    QuoteLeg {
        sleeve: one.id,
        asset: Addr(asset),
        symbol: one.symbol.clone(),
        decimals: one.decimals,
        units: Units(units),
        forgone: Units(forgone),
    }
}

/// The next request that the queue will take.
#[derive(Debug, PartialEq, Eq)]
struct NextRequest {
    epoch: u64,
    from: u64,
    closes_at: u64,
    ready_by: u64,
}

/// The basket's quote is for a request now. While the queue takes none, the honest times are those of the first that it will
/// take: the epoch that is open now closes without it, and it waits for the dawn after.
fn next_request(open: &OpenEpoch, at: u64, closes_at: u64, ready_by: u64) -> NextRequest {
    if open.takes_requests {
        return NextRequest {
            epoch: open.id,
            from: at,
            closes_at,
            ready_by,
        };
    }
    let today = at / ROUND;
    let dusk = at % ROUND >= ROUND - super::DUSK;
    let dawn = today.saturating_add(1).saturating_mul(ROUND);
    let closing = if dusk {
        dawn.saturating_add(ROUND)
    } else {
        dawn
    };
    // An epoch that nobody asked for anything in stays open over its dawn.
    let full = !open.shares.0.is_zero();
    NextRequest {
        epoch: open.id.saturating_add(u64::from(full)),
        from: if dusk { dawn } else { at },
        closes_at: closing,
        ready_by: ready_by.saturating_sub(closes_at).saturating_add(closing),
    }
}

/// Units that may still come in today, net.
fn left_today(one: &Held) -> U256 {
    one.info.limit.saturating_sub(one.info.level)
}

/// Units that the sleeve takes by its cap and its daily limit.
fn room(one: &Held) -> U256 {
    if one.info.retired || one.info.slow {
        return U256::ZERO;
    }
    left_today(one).min(one.info.cap.saturating_sub(one.info.units))
}

/// A deposit of `units` would leave the sleeve above target and band, reckoned as the basket does: everything from above.
fn above_band(one: &Held, held: &[Held], units: U256) -> bool {
    let whole = held
        .iter()
        .filter(|each| each.counts())
        .filter_map(|each| each.worth().1)
        .fold(U256::ZERO, |sum, each| sum.saturating_add(each));
    let mine = if one.counts() {
        one.worth().1.unwrap_or_default()
    } else {
        U256::ZERO
    };
    let more = mul_div(units, one.high.unwrap_or_default(), super::ONE);
    let reached = mul_div(mine.saturating_add(more), BPS, whole.saturating_add(more));
    let most = u32::from(one.info.targetBps).saturating_add(u32::from(one.info.bandBps));
    reached > U256::from(most)
}

/// Why a sleeve would not take its part of `priced` shares in kind.
fn closed_in_kind(one: &Held, priced: U256, total: U256) -> Option<Closed> {
    let info = &one.info;
    let least = info.parts / U256::from(1_000_000_u64);
    if info.retired || info.slow || info.units < least || info.units.is_zero() {
        return Some(Closed::SleeveShut);
    }
    let parts = mul_div_up(info.basketParts, priced, total);
    // What is locked stays locked: it is paid for beside these, and counts for no limit.
    let units = mul_div_up(parts, info.units, info.parts);
    if units > left_today(one) {
        Some(Closed::DailyLimit)
    } else if info.units.saturating_add(units) > info.cap {
        Some(Closed::Cap)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Wei;

    const DAY: u64 = 20_000 * ROUND;

    fn open(shares: u64, takes: bool) -> OpenEpoch {
        OpenEpoch {
            id: 7,
            shares: Wei(U256::from(shares)),
            closes_at: DAY + ROUND,
            due: false,
            takes_requests: takes,
            takes_cancels: false,
            requests_until: 0,
        }
    }

    /// The slowest leg takes ten days from the close.
    const SLOWEST: u64 = 10 * ROUND;

    #[test]
    fn a_request_at_dusk_waits_for_the_dawn_after_the_next() {
        let dawn = DAY + ROUND;
        let next = |open: &OpenEpoch, at: u64, closes_at: u64| {
            let next = next_request(open, at, closes_at, closes_at + SLOWEST);
            (next.epoch, next.from, next.closes_at, next.ready_by)
        };
        // By day: this epoch, this dawn.
        let noon = DAY + 43_200;
        assert_eq!(
            next(&open(5, true), noon, dawn),
            (7, noon, dawn, dawn + SLOWEST)
        );
        // At dusk: after the dawn, into the next epoch, which closes a day later.
        let later = dawn + ROUND;
        assert_eq!(
            next(&open(5, false), dawn - 60, dawn),
            (8, dawn, later, later + SLOWEST)
        );
        // Nobody asked: the number stays.
        assert_eq!(
            next(&open(0, false), dawn - 60, dawn),
            (7, dawn, later, later + SLOWEST)
        );
        // Due: as soon as it is closed, to this day's end.
        assert_eq!(
            next(&open(5, false), dawn + 60, dawn),
            (8, dawn + 60, later, later + SLOWEST)
        );
    }
}
