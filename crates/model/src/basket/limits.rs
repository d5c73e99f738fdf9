//! Limits on what comes in, and on what rebalancing may cost.

use super::{Error, Units};
use crate::{Assets, DAY, Timestamp, mul_div_down, mul_div_up};
use ruint::aliases::U256;

/// Net inflow of one sleeve: at most `limit` at once, forgotten linearly over a day. What leaves makes room, what
/// leaves is never refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle {
    /// Units in a day; 0: nothing comes in.
    pub limit: Units,
    /// Units of it used at `at`.
    pub used: Units,
    /// When `used` was computed.
    pub at: Timestamp,
}

impl Throttle {
    /// A fresh one.
    #[must_use]
    pub const fn new(limit: Units) -> Self {
        Self {
            limit,
            used: Units::ZERO,
            at: Timestamp::ZERO,
        }
    }

    /// Units used at `now`, rounded up.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn used_up(&self, now: Timestamp) -> Result<Units, Error> {
        let seconds = U256::from(now.since(self.at).min(DAY));
        let gone = mul_div_down(self.limit.raw(), seconds, U256::from(DAY))?;
        Ok(self.used.min0(Units::new(gone)))
    }

    /// Room at `now`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn room(&self, now: Timestamp) -> Result<Units, Error> {
        Ok(self.limit.min0(self.used_up(now)?))
    }

    /// `amount` comes in; false when there is no room, and then nothing changed.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn enter(&mut self, now: Timestamp, amount: Units) -> Result<bool, Error> {
        if amount > self.room(now)? {
            return Ok(false);
        }
        self.used = self.used_up(now)?.plus(amount)?;
        self.at = now;
        Ok(true)
    }

    /// `amount` leaves.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn leave(&mut self, now: Timestamp, amount: Units) -> Result<(), Error> {
        self.used = self.used_up(now)?.min0(amount);
        self.at = now;
        Ok(())
    }
}

/// 0.5 % in parts per billion.
pub const BUDGET_PPB: u64 = 5_000_000;
/// Seconds in which no more than [`BUDGET_PPB`] of NAV is lost to auctions.
pub const BUDGET_WINDOW: u64 = 30 * DAY;
/// Loss is kept times this.
const WHOLE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// What auctions have cost, as fractions of NAV. Half of the budget is there at once and half returns over the
/// window, so that no window of 30 days, wherever it begins, loses more than the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Fraction of NAV lost and not yet forgotten at `at`, times 1e18.
    pub spent: U256,
    /// When.
    pub at: Timestamp,
}

impl Budget {
    /// Half the budget, times 1e18.
    #[must_use]
    pub fn burst() -> U256 {
        // 5e6 ppb / 2 = 2.5e6 ppb of 1e18: 2.5e15.
        U256::from(BUDGET_PPB).saturating_mul(U256::from(500_000_000_u64))
    }

    /// Fraction spent at `now`, rounded up.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn spent_up(&self, now: Timestamp) -> Result<U256, Error> {
        let seconds = U256::from(now.since(self.at).min(BUDGET_WINDOW));
        let gone = mul_div_down(Self::burst(), seconds, U256::from(BUDGET_WINDOW))?;
        Ok(self.spent.saturating_sub(gone))
    }

    /// A loss of `loss` out of `nav` is charged.
    ///
    /// # Errors
    /// [`Error::BudgetExceeded`] (fraction asked, fraction left, times 1e18); [`Error::Arithmetic`] when NAV is 0.
    pub fn charge(&mut self, now: Timestamp, loss: Assets, nav: Assets) -> Result<(), Error> {
        let spent = self.spent_up(now)?;
        let asked = mul_div_up(loss.raw(), WHOLE, nav.raw())?;
        let left = Self::burst().saturating_sub(spent);
        if asked > left {
            return Err(Error::BudgetExceeded(asked, left));
        }
        self.spent = spent.checked_add(asked).ok_or(Error::Arithmetic)?;
        self.at = now;
        Ok(())
    }
}
