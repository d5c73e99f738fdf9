//! `quote(sleeve) -> (low, high, condition)`: two sides, three conditions, computed when used.

use super::{Error, SleeveId, fees::ten_to, sleeve::Told};
use crate::{BPS, Bps, DAY, Price, Timestamp, mul_div_down, mul_div_up, units::small};
use ruint::aliases::U256;

/// A gap between sources above this is wide, bps.
pub const WIDE_GAP: u64 = 150;
/// A gap above this impairs at once, bps.
pub const IMPAIRED_GAP: u64 = 500;
/// A rate that fell by more than this since it was last seen impairs, bps.
pub const FALL: u64 = 50;
/// Seconds for which a wide gap is borne where sources follow each other.
pub const PATIENCE: u64 = 15 * 60;
/// Seconds inside the band after which an impairment ends by itself.
pub const RECOVERY: u64 = DAY;
/// Observations further apart than this, seconds, do not join: nobody saw the time between.
const UNSEEN: u64 = 2 * 3_600;
/// A rate sleeve's high side grows by this per round since its rate was updated, bps.
const GROWTH: u64 = 5;
/// Rounds since the update from which on two have ended without one.
const MISSED: u64 = 3;

/// Whether a price may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// It may.
    #[default]
    Sound,
    /// Stale, future, missing, or sources disagree.
    Doubtful,
    /// Peg broken or rate fell; ends by itself after 24 h inside the band.
    Impaired,
}

/// A price that somebody reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// CORE wei for 1e18 smallest units.
    pub price: Price,
    /// When it was made.
    pub at: Timestamp,
}

/// Both sides of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// `min(sources) * (1 - e)`, rounded down.
    pub low: Price,
    /// `max(sources) * (1 + e)`, rounded up.
    pub high: Price,
    /// Whether it may be used.
    pub condition: Condition,
}

impl Quote {
    /// CORE itself: 1, known.
    #[must_use]
    pub const fn core() -> Self {
        let one = Price::of(1_000_000_000_000_000_000);
        Self {
            low: one,
            high: one,
            condition: Condition::Sound,
        }
    }

    /// Halfway, rounded down.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn mid_down(&self) -> Result<Price, Error> {
        Ok(self
            .low
            .plus(self.high)?
            .mul_div_down(U256::from(1), U256::from(2))?)
    }
}

/// What was seen of the gap between sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peg {
    /// Since when the gap is wide.
    pub wide_since: Option<Timestamp>,
    /// Impaired and not recovered.
    pub impaired: bool,
    /// Since when an impaired one is inside the band.
    pub calm_since: Option<Timestamp>,
    /// Last observation.
    pub seen: Timestamp,
    /// Own rate at the last observation.
    pub rate: Option<Price>,
}

/// One sleeve's feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// Deviation threshold plus drift over a heartbeat, bps.
    pub error: Bps,
    /// Oldest observation that counts, seconds.
    pub max_age: u64,
    /// Range in which a price must land, when configured and ever after.
    pub least: Price,
    /// Upper end of it.
    pub most: Price,
    /// Sources that are needed, the sleeve's own rate included.
    pub needed: usize,
    /// Seconds for which a wide gap is borne; 0 for independent sources of one price.
    pub patience: u64,
    /// The reported sources, each at its place; a configured one that is silent makes the price doubtful.
    pub sources: Vec<Option<Observation>>,
    /// What was seen.
    pub peg: Peg,
    /// The quote of a feed that is not of this model, in place of all the above.
    pub told: Option<Quote>,
}

/// The sleeve's own rate, where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnRate {
    /// CORE wei for 1e18 units.
    pub price: Price,
    /// Rounds since it was updated; 0 for one that cannot be late.
    pub rounds: u64,
}

/// CORE wei for 1e18 smallest units, from an aggregator's answer: CORE per token times `10^feed_decimals`, of a token
/// with `token_decimals`; rounded down. A price 1e10 off misses its declared range.
///
/// # Errors
/// [`Error::PriceOutOfRange`]; [`Error::Arithmetic`] for decimals beyond 256 bits.
pub fn price_of(
    answer: U256,
    feed_decimals: u8,
    token_decimals: u8,
    least: Price,
    most: Price,
) -> Result<Price, Error> {
    let scale = ten_to(36)?;
    let decimals = feed_decimals
        .checked_add(token_decimals)
        .ok_or(Error::Arithmetic)?;
    let price = Price::new(mul_div_down(answer, scale, ten_to(decimals)?)?);
    if price.is_zero() || price < least || price > most {
        return Err(Error::PriceOutOfRange(price, least, most));
    }
    Ok(price)
}

impl Feed {
    /// Least and most of all sources, when each is there, in its range, not old and not from the future.
    fn range(&self, own: Option<OwnRate>, now: Timestamp) -> Option<(Price, Price)> {
        let mut prices = Vec::new();
        if let Some(own) = own {
            if own.rounds >= MISSED {
                return None;
            }
            prices.push(own.price);
        }
        for source in &self.sources {
            let seen = (*source)?;
            if seen.at > now || now.since(seen.at) > self.max_age {
                return None;
            }
            prices.push(seen.price);
        }
        let sound = |price: &Price| !price.is_zero() && *price >= self.least && *price <= self.most;
        if small(prices.len()) < small(self.needed.max(1)) || !prices.iter().all(sound) {
            return None;
        }
        Some((prices.iter().min().copied()?, prices.iter().max().copied()?))
    }

    /// Every configured source, and the sleeve's own rate, lands in the declared range now; there are as many as
    /// needed.
    pub(crate) fn configured(&self, id: SleeveId, own: Told) -> Result<(), Error> {
        let mut prices: Vec<_> = own.iter().map(|own| own.price).collect();
        for (i, source) in self.sources.iter().enumerate() {
            prices.push(source.ok_or(Error::UnknownSource(id, i))?.price);
        }
        for price in &prices {
            if price.is_zero() || *price < self.least || *price > self.most {
                return Err(Error::PriceOutOfRange(*price, self.least, self.most));
            }
        }
        if prices.len() < self.needed.max(1) {
            return Err(Error::UnknownSource(id, prices.len()));
        }
        Ok(())
    }

    /// What is known at `now`: the peg as it would be noted.
    fn look(
        &self,
        own: Option<OwnRate>,
        now: Timestamp,
    ) -> Result<(Peg, Option<(Price, Price)>), Error> {
        let mut peg = self.peg;
        let range = self.range(own, now);
        let Some((least, most)) = range else {
            // A missing observation is not one inside the band.
            peg.calm_since = None;
            return Ok((peg, None));
        };
        let gap = mul_div_up(most.minus(least)?.raw(), BPS, most.raw())?;
        let rate = own.map(|own| own.price);
        let fell = match (peg.rate, rate) {
            (Some(before), Some(rate)) => {
                let floor = BPS.saturating_sub(U256::from(FALL));
                rate.raw() < mul_div_up(before.raw(), floor, BPS)?
            }
            _ => false,
        };
        if now.since(peg.seen) > UNSEEN {
            peg.calm_since = None;
        }
        let wide = gap > U256::from(WIDE_GAP);
        if fell || gap > U256::from(IMPAIRED_GAP) {
            peg.impaired = true;
            peg.calm_since = None;
        } else if wide {
            peg.calm_since = None;
        } else if peg.impaired {
            let since = *peg.calm_since.get_or_insert(now);
            if now.since(since) >= RECOVERY {
                peg.impaired = false;
                peg.calm_since = None;
            }
        }
        if wide {
            peg.wide_since.get_or_insert(now);
        } else {
            peg.wide_since = None;
        }
        peg.seen = now;
        peg.rate = rate.or(peg.rate);
        Ok((peg, range))
    }

    /// Notes what is seen; anybody may, and every use does.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn observe(&mut self, own: Option<OwnRate>, now: Timestamp) -> Result<(), Error> {
        self.peg = self.look(own, now)?.0;
        Ok(())
    }

    /// Both sides at `now`; `None` when a source is missing, which is doubtful and has no price.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn quote(&self, own: Option<OwnRate>, now: Timestamp) -> Result<Option<Quote>, Error> {
        if self.told.is_some() {
            return Ok(self.told);
        }
        let (peg, range) = self.look(own, now)?;
        let Some((least, most)) = range else {
            return Ok(None);
        };
        let e = self.error.raw();
        let low = least.mul_div_down(BPS.checked_sub(e).ok_or(Error::Arithmetic)?, BPS)?;
        let up = |x: Price, by: U256| {
            let factor = BPS.checked_add(by).ok_or(Error::Arithmetic)?;
            Ok::<_, Error>(x.mul_div_up(factor, BPS)?)
        };
        let rounds = U256::from(own.map_or(0, |own| own.rounds));
        let grown = rounds.saturating_mul(U256::from(GROWTH));
        let high = up(up(most, e)?, grown)?;
        let borne = |since: Timestamp| now.since(since) < self.patience;
        let condition = if peg.impaired {
            Condition::Impaired
        } else if peg.wide_since.is_some_and(|since| !borne(since)) {
            Condition::Doubtful
        } else {
            Condition::Sound
        };
        Ok(Some(Quote {
            low,
            high,
            condition,
        }))
    }
}
