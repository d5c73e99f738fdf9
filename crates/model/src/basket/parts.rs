//! Rules 1 to 8: one sleeve's book of units and parts. The order of the steps and every rounding is the promise.
//!
//! Units per part is `units / parts`; the basket's claim is `units * basket / parts`. Promise 3 rests on this file
//! alone: no method but [`Book::lose`] lowers units per part.

use super::{Error, Parts, Shares, Units};
use crate::{mul_div_down, mul_div_up};
use ruint::aliases::U256;

/// A sleeve below this many parts per unit is wiped and takes nothing in (rule 7).
const WIPED: U256 = U256::from_limbs([1_000_000, 0, 0, 0]);

/// One sleeve's book. `parts = basket + parts of waiting legs`; `parts = 0` exactly when nothing was ever put in or
/// all left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// `U`: units booked, those of waiting legs included.
    pub units: Units,
    /// `P`: all parts.
    pub parts: Parts,
    /// `B`: the basket's parts.
    pub basket: Parts,
}

/// What an in-kind mint takes from one sleeve's giver (rule 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Parts made, rounded up.
    pub parts: Parts,
    /// Units that they cost, rounded up.
    pub units: Units,
}

/// What a deposit of units buys (rule 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purchase {
    /// Units that come in, all of them.
    pub units: Units,
    /// Parts made, rounded down.
    pub parts: Parts,
    /// Units that the parts are worth, rounded down: what shares are valued on.
    pub credited: Units,
}

/// What a sale out of the basket takes (rule 8). `given <= priced <= asked`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sale {
    /// The basket's parts that go, rounded down.
    pub parts: Parts,
    /// Units that are handed out, rounded down.
    pub given: Units,
    /// Units that the parts were worth, rounded up: what has to be paid for.
    pub priced: Units,
}

impl Book {
    /// A sleeve's first units, all the basket's: one part per unit.
    #[must_use]
    pub const fn first(units: Units) -> Self {
        let parts = Parts::new(units.raw());
        Self {
            units,
            parts,
            basket: parts,
        }
    }

    /// Parts of legs that have left the basket and not started: `P - B`.
    #[must_use]
    pub fn waiting(&self) -> Parts {
        self.parts.min0(self.basket)
    }

    /// `floor(U * parts / P)`: units that some parts are worth; 0 in an empty sleeve.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn worth_down(&self, parts: Parts) -> Result<Units, Error> {
        if self.parts.is_zero() {
            return Ok(Units::ZERO);
        }
        Ok(self.units.mul_div_down(parts.raw(), self.parts.raw())?)
    }

    /// `ceil(U * parts / P)`; 0 in an empty sleeve.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn worth_up(&self, parts: Parts) -> Result<Units, Error> {
        if self.parts.is_zero() {
            return Ok(Units::ZERO);
        }
        Ok(self.units.mul_div_up(parts.raw(), self.parts.raw())?)
    }

    /// The basket's units, rounded down: the low side of NAV.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn basket_units_down(&self) -> Result<Units, Error> {
        self.worth_down(self.basket)
    }

    /// The basket's units, rounded up: the high side of NAV.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn basket_units_up(&self) -> Result<Units, Error> {
        self.worth_up(self.basket)
    }

    /// Rule 7: units are left for the parts there are. A sleeve with `U * 1e6 < P` takes nothing in.
    #[must_use]
    pub fn takes_in(&self) -> bool {
        // Saturating: a product above 2^256 is above any number of parts.
        self.units.raw().saturating_mul(WIPED) >= self.parts.raw()
    }

    /// Rule 1: `p = ceil(B*s/T)` first, then `x = ceil(p*U/P)`. Nothing where the basket holds nothing.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] when `supply` is 0 or on overflow.
    pub fn taken_up(&self, shares: Shares, supply: Shares) -> Result<Taken, Error> {
        let parts = self.basket.mul_div_up(shares.raw(), supply.raw())?;
        let units = self.worth_up(parts)?;
        Ok(Taken { parts, units })
    }

    /// Rule 1, booked.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn take(&mut self, taken: Taken) -> Result<(), Error> {
        self.enter(taken.units, taken.parts)
    }

    /// Rule 2: `p = floor(x*P/U)`, valued on `floor(p*U/P)`. One part per unit in an empty sleeve.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] when the sleeve has parts and no units, or on overflow.
    pub fn purchase_down(&self, units: Units) -> Result<Purchase, Error> {
        if self.parts.is_zero() {
            return Ok(Purchase {
                units,
                parts: Parts::new(units.raw()),
                credited: units,
            });
        }
        let parts = mul_div_down(units.raw(), self.parts.raw(), self.units.raw())?;
        let parts = Parts::new(parts);
        Ok(Purchase {
            units,
            parts,
            credited: self.worth_down(parts)?,
        })
    }

    /// Rule 2, booked: every unit that came stays, also those too small for a part.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn buy(&mut self, bought: Purchase) -> Result<(), Error> {
        self.enter(bought.units, bought.parts)
    }

    fn enter(&mut self, units: Units, parts: Parts) -> Result<(), Error> {
        let next = Self {
            units: self.units.plus(units)?,
            parts: self.parts.plus(parts)?,
            basket: self.basket.plus(parts)?,
        };
        *self = next;
        Ok(())
    }

    /// Rule 3, first half: `q = floor(B*s/T)` parts leave the basket and stay in the sleeve. Touches nothing else.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] when `supply` is 0 or less than `shares`; there is no other.
    pub fn carve(&mut self, shares: Shares, supply: Shares) -> Result<Parts, Error> {
        let parts = self.basket.mul_div_down(shares.raw(), supply.raw())?;
        self.basket = self.basket.minus(parts)?;
        Ok(parts)
    }

    /// Rule 3, second half: a carved leg leaves with `x = floor(U*q/P)`; from here on it is alone.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] when these are not waiting parts.
    pub fn depart(&mut self, parts: Parts) -> Result<Units, Error> {
        if parts > self.waiting() {
            return Err(Error::Arithmetic);
        }
        let units = self.worth_down(parts)?;
        self.units = self.units.minus(units)?;
        self.parts = self.parts.minus(parts)?;
        Ok(units)
    }

    /// Rule 4: a loss falls on the basket and on waiting legs alike. At most what is there is lost; returns that.
    pub fn lose(&mut self, units: Units) -> Units {
        let lost = units.min(self.units);
        self.units = self.units.min0(lost);
        lost
    }

    /// Rule 5: a reward, no new parts.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn gain(&mut self, units: Units) -> Result<(), Error> {
        self.units = self.units.plus(units)?;
        Ok(())
    }

    /// Rule 8: a sale of at most `asked` units out of the basket: `p = floor(x*P/U)`, at most `B`.
    ///
    /// Parts round down, so that what the basket gives up, `U*p/P` exactly, is never more than `asked`, for which it
    /// is paid. With parts rounded up it would be: units 3, parts 2, asked 2 give 2 parts and all 3 units.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn sale_down(&self, asked: Units) -> Result<Sale, Error> {
        if self.units.is_zero() {
            return Ok(Sale::default());
        }
        let parts = mul_div_down(asked.raw(), self.parts.raw(), self.units.raw())?;
        let parts = Parts::new(parts).min(self.basket);
        Ok(Sale {
            parts,
            given: self.worth_down(parts)?,
            priced: self.worth_up(parts)?,
        })
    }

    /// Rule 8, booked: `U -= x, P -= p, B -= p`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] when the basket has fewer parts.
    pub fn sell(&mut self, sale: Sale) -> Result<(), Error> {
        let next = Self {
            units: self.units.minus(sale.given)?,
            parts: self.parts.minus(sale.parts)?,
            basket: self.basket.minus(sale.parts)?,
        };
        *self = next;
        Ok(())
    }

    /// Units that waiting legs are owed, rounded up: no other payment may touch them.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn owed_up(&self) -> Result<Units, Error> {
        if self.parts.is_zero() {
            return Ok(Units::ZERO);
        }
        let owed = mul_div_up(self.waiting().raw(), self.units.raw(), self.parts.raw())?;
        Ok(Units::new(owed))
    }
}
