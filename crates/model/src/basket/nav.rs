//! What the basket is worth: `sum of basketUnits * price`, in CORE wei, with two sides.

use super::{Condition, Error, Quote, SleeveId, State, Units};
use crate::{Assets, Price, Timestamp, mul_div_down, mul_div_up};
use ruint::aliases::U256;

/// Prices are for so many units.
const PER: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// Which way a value errs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Units and price low, rounded down.
    Low,
    /// Units and price high, rounded up.
    High,
}

/// `units * price / 1e18` CORE wei, on one side.
pub(crate) fn value(units: Units, price: Price, side: Side) -> Result<Assets, Error> {
    let wei = match side {
        Side::Low => mul_div_down(units.raw(), price.raw(), PER)?,
        Side::High => mul_div_up(units.raw(), price.raw(), PER)?,
    };
    Ok(Assets::new(wei))
}

/// Units worth `wei` at a price, on one side.
pub(crate) fn units_worth(wei: Assets, price: Price, side: Side) -> Result<Units, Error> {
    let units = match side {
        Side::Low => mul_div_down(wei.raw(), PER, price.raw())?,
        Side::High => mul_div_up(wei.raw(), PER, price.raw())?,
    };
    Ok(Units::new(units))
}

/// The value of the whole basket, per share after division by the effective supply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nav {
    /// CORE wei, low: what an exit may count on. Locked harvests are not in it.
    pub low: Assets,
    /// CORE wei, high: what an entry has to pay for. Locked harvests are.
    pub high: Assets,
    /// By sleeve; `None` where no price is known.
    pub quotes: Vec<Option<Quote>>,
    /// The first nonzero sleeve whose price may not be used.
    pub unsound: Option<(SleeveId, Condition)>,
}

impl Nav {
    /// Halfway, CORE wei, rounded down.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn mid_down(&self) -> Result<Assets, Error> {
        let sum = self.low.plus(self.high)?;
        Ok(sum.mul_div_down(U256::from(1), U256::from(2))?)
    }

    /// The quote of a sleeve, when it may be used.
    ///
    /// # Errors
    /// [`Error::PriceNotSound`].
    pub fn sound(&self, id: SleeveId) -> Result<Quote, Error> {
        match self.quotes.get(id.0).copied().flatten() {
            Some(quote) if quote.condition == Condition::Sound => Ok(quote),
            Some(quote) => Err(Error::PriceNotSound(id, quote.condition)),
            None => Err(Error::PriceNotSound(id, Condition::Doubtful)),
        }
    }
}

impl State {
    /// NAV at `now`, whatever the condition of its prices.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn nav(&self, now: Timestamp) -> Result<Nav, Error> {
        let mut nav = Nav::default();
        for id in self.ids() {
            let quote = self.quote(id, now)?;
            nav.quotes.push(quote);
            let sleeve = self.sleeve(id)?;
            if !sleeve.counts() {
                continue;
            }
            let mut condition = quote.map_or(Condition::Doubtful, |quote| quote.condition);
            if self.outside.stalled.contains(&id) {
                // Nobody sees whether its units are still there.
                condition = condition.max(Condition::Doubtful);
            }
            if condition != Condition::Sound && nav.unsound.is_none() {
                nav.unsound = Some((id, condition));
            }
            let Some(quote) = quote else {
                continue;
            };
            let low = sleeve.book.basket_units_down()?;
            // What is locked comes to all parts alike.
            let mut locked = sleeve.book;
            locked.units = sleeve.locked;
            let high = sleeve
                .book
                .basket_units_up()?
                .plus(locked.basket_units_up()?)?;
            nav.low = nav.low.plus(value(low, quote.low, Side::Low)?)?;
            nav.high = nav.high.plus(value(high, quote.high, Side::High)?)?;
        }
        Ok(nav)
    }

    /// NAV, unless any nonzero sleeve's price may not be used: then priced steps are closed for the whole basket.
    ///
    /// # Errors
    /// [`Error::PriceNotSound`].
    pub fn sound_nav(&self, now: Timestamp) -> Result<Nav, Error> {
        let nav = self.nav(now)?;
        match nav.unsound {
            Some((id, condition)) => Err(Error::PriceNotSound(id, condition)),
            None => Ok(nav),
        }
    }

    /// Notes what every feed shows now, and which sleeves are off target. Anybody may; every priced step does.
    pub(crate) fn observe(&mut self, now: Timestamp) -> Result<(), Error> {
        for id in self.ids() {
            let own = self.own_rate(id);
            let sleeve = self.sleeve_mut(id)?;
            if sleeve.needs_price() {
                sleeve.feed.observe(own, now)?;
            }
        }
        Ok(())
    }
}
