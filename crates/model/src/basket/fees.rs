//! What the basket charges. Every fee rounds for the holders; ceilings are here, in code.

use super::{Error, Shares, Units};
use crate::{BPS, Bps, DAY, Price, mul_div_down, units::wide};
use ruint::aliases::U256;

/// Seconds of a year of fees.
pub const YEAR: u64 = 365 * DAY;
/// Least entry fee on both ways in, bps: it covers reward and fee steps.
pub const ENTRY_FLOOR: Bps = Bps::new(5);
/// Ceiling of the entry fee, bps.
pub const ENTRY_CEILING: Bps = Bps::new(100);
/// Ceiling of the streaming management fee, bps a year.
pub const MANAGEMENT_CEILING: Bps = Bps::new(200);
/// Ceiling of the performance fee, bps of yield.
pub const PERFORMANCE_CEILING: Bps = Bps::new(2_000);
/// Ceiling of the instant exit's fee, bps.
pub const INSTANT_CEILING: Bps = Bps::new(500);
/// Time beyond this accrues nothing: the divisor below must stay positive.
const LONGEST_ACCRUAL: u64 = 10 * YEAR;

/// Fee shares that `seconds` add to an effective supply: `floor(T * x / (1 - x))`, `x = bps * seconds / year`, so
/// that the new shares are `x` of the new supply. Accruing in two steps never gives more than in one.
///
/// # Errors
/// [`Error::Arithmetic`] for rates above the ceiling by far, or on overflow.
pub fn management_shares(supply: Shares, bps: Bps, seconds: u64) -> Result<Shares, Error> {
    let seconds = U256::from(seconds.min(LONGEST_ACCRUAL));
    let whole = BPS.checked_mul(U256::from(YEAR)).ok_or(Error::Arithmetic)?;
    let part = bps.raw().checked_mul(seconds).ok_or(Error::Arithmetic)?;
    let rest = whole.checked_sub(part).ok_or(Error::Arithmetic)?;
    Ok(supply.mul_div_down(part, rest)?)
}

/// `floor(x * (1 - fee))`: shares credited of shares priced, or CORE paid of CORE due.
///
/// # Errors
/// [`Error::Arithmetic`] for a fee above the whole.
pub fn after_fee_down(x: U256, fee: Bps) -> Result<U256, Error> {
    let kept = BPS.checked_sub(fee.raw()).ok_or(Error::Arithmetic)?;
    Ok(mul_div_down(x, kept, BPS)?)
}

/// `floor(reward * bps)`: the fee's share of one harvest, in units.
///
/// # Errors
/// [`Error::Arithmetic`] on overflow.
pub fn performance_units(reward: Units, bps: Bps) -> Result<Units, Error> {
    Ok(reward.mul_div_down(bps.raw(), BPS)?)
}

/// `units * (1 - high/rate) * bps`, down at each step: the fee on a rate sleeve's rise above its high-water mark, in
/// units; 0 without a rise.
///
/// # Errors
/// [`Error::Arithmetic`] on overflow.
pub fn rate_fee_units(units: Units, high: Price, rate: Price, bps: Bps) -> Result<Units, Error> {
    if rate <= high {
        return Ok(Units::ZERO);
    }
    let rise = rate.minus(high)?;
    let risen = units.mul_div_down(rise.raw(), rate.raw())?;
    Ok(risen.mul_div_down(bps.raw(), BPS)?)
}

/// A setting within its bounds.
pub(crate) fn bounded(name: &'static str, bps: Bps, least: Bps, most: Bps) -> Result<(), Error> {
    if bps < least || bps > most {
        return Err(Error::OutOfBounds(name, bps.get(), least.get(), most.get()));
    }
    Ok(())
}

/// Powers of ten of small exponents.
pub(crate) fn ten_to(exponent: u8) -> Result<U256, Error> {
    U256::from(10)
        .checked_pow(wide(exponent.into()))
        .ok_or(Error::Arithmetic)
}
