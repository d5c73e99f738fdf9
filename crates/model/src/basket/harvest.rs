//! Rewards: claimed once per round, less the performance fee, and released so slowly that no entry fee is worth them.

use super::{
    Asset, Condition, Error, Event, Kind, Outcome, SleeveId, State, Units,
    fees::{performance_units, rate_fee_units},
};
use crate::{DAY, Timestamp, mul_div_up};
use ruint::aliases::U256;

/// Released per round, of [`RELEASE_WHOLE`] of the sleeve's units: 2.5 bps, half of the least entry fee.
pub const RELEASE: u64 = 2_500;
/// What [`RELEASE`] is of.
pub const RELEASE_WHOLE: u64 = 10_000_000;
/// Seconds of a day within which every system's round has turned.
pub const TURN: u64 = 3_600;

/// A number kept to its leading `bits`, down; 0: all of it.
fn kept(units: Units, bits: u32) -> Units {
    let length = u32::try_from(units.raw().bit_len()).unwrap_or(u32::MAX);
    let cut = length.saturating_sub(bits);
    if bits == 0 || cut == 0 {
        return units;
    }
    let cut = usize::try_from(cut).unwrap_or(usize::MAX);
    Units::new(units.raw().wrapping_shr(cut).wrapping_shl(cut))
}

impl State {
    /// This round's harvest of every sleeve where it is missing; lstBTC first, for its yield goes to the CORE sleeve.
    pub(crate) fn harvest_all(&mut self, now: Timestamp, out: &mut Outcome) -> Result<(), Error> {
        let core = self.core().ok();
        for id in self.ids().filter(|id| Some(*id) != core).chain(core) {
            let sleeve = self.sleeve(id)?;
            let again = sleeve.kind == Kind::Core && sleeve.early;
            if sleeve.harvested < self.outside.agent.round || again {
                self.harvest(now, id, out)?;
            }
        }
        Ok(())
    }

    /// What a sleeve earned until now. Calls outside: a failing one changes nothing.
    pub(crate) fn harvest(
        &mut self,
        now: Timestamp,
        id: SleeveId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let sleeve = self.sleeve(id)?;
        if sleeve.retired {
            return Ok(());
        }
        self.outside.answers(id)?;
        let (account, kind, asset) = (sleeve.account, sleeve.kind, sleeve.asset);
        if kind == Kind::Core {
            let reward = self.outside.agent.claim(account);
            self.outside.credit(account, asset, reward)?;
        }
        if kind == Kind::LstBtc
            && let Ok(core) = self.core()
        {
            let more = self.outside.yields.remove(&id).unwrap_or_default();
            let to = self.sleeve(core)?.account;
            self.outside.credit(to, Asset::Core, more)?;
        }
        // What lies there beyond the books is a reward, whoever brought it; what was lost and is found again is none.
        let reward = self.held(id)?.min0(self.sleeve(id)?.book.units);
        let sleeve = self.sleeve_mut(id)?;
        let found = reward.min(sleeve.lost);
        sleeve.lost = sleeve.lost.minus(found)?;
        let mut fee = performance_units(reward.minus(found)?, sleeve.performance)?;
        sleeve.fees = sleeve.fees.plus(fee)?;
        sleeve.locked = sleeve.locked.plus(reward.minus(fee)?)?;
        if matches!(kind, Kind::StCore | Kind::Rate) {
            fee = fee.plus(self.rate_fee(now, id)?)?;
        }
        let free = self.release(now, id)?;
        let sleeve = self.sleeve_mut(id)?;
        if kind == Kind::Core {
            sleeve.idle = sleeve.idle.plus(free)?;
        }
        out.tell(Event::Harvested {
            sleeve: id,
            reward,
            fee,
            released: free,
            locked: sleeve.locked,
        });
        Ok(())
    }

    /// What is locked becomes units: in a round no more than [`RELEASE`] of what was here at the last round's first
    /// harvest, so that who came since widens no step.
    fn release(&mut self, now: Timestamp, id: SleeveId) -> Result<Units, Error> {
        let (round, grain) = (self.outside.agent.round, self.grain);
        let whole = U256::from(RELEASE_WHOLE);
        let sleeve = self.sleeve_mut(id)?;
        let second = now.get().checked_rem(DAY).unwrap_or_default();
        sleeve.early = second < TURN;
        let first = sleeve.harvested < round;
        if first {
            let units = sleeve.book.units;
            let base = if sleeve.step.next.is_zero() {
                units
            } else {
                units.min(sleeve.step.next)
            };
            sleeve.step.used = 0;
            sleeve.step.base = kept(base, grain);
            sleeve.harvested = round;
        }
        let base = sleeve.book.units.min(sleeve.step.base);
        let rest = RELEASE.saturating_sub(sleeve.step.used);
        let free = sleeve
            .locked
            .min(base.mul_div_down(U256::from(rest), whole)?);
        if !free.is_zero() {
            let used = mul_div_up(free.raw(), whole, base.raw())?;
            let used = u64::try_from(used).unwrap_or(u64::MAX);
            sleeve.step.used = sleeve.step.used.saturating_add(used).min(RELEASE);
            sleeve.locked = sleeve.locked.minus(free)?;
            sleeve.book.gain(free)?;
        }
        if first {
            sleeve.step.next = kept(sleeve.book.units, grain);
        }
        Ok(free)
    }

    /// The fee on a rate's rise above its high-water mark, sold out of the basket's parts (rule 8): units per part
    /// stand, and legs that have left are not charged. A rate that the feed does not believe earns nobody a fee.
    fn rate_fee(&mut self, now: Timestamp, id: SleeveId) -> Result<Units, Error> {
        let Some(own) = self.own_rate(id) else {
            return Ok(Units::ZERO);
        };
        let quote = self.quote(id, now)?;
        if quote.is_none_or(|quote| quote.condition != Condition::Sound) {
            return Ok(Units::ZERO);
        }
        let sleeve = self.sleeve_mut(id)?;
        let units = sleeve.book.basket_units_down()?;
        let fee = rate_fee_units(units, sleeve.high_water, own.price, sleeve.performance)?;
        sleeve.high_water = sleeve.high_water.max(own.price);
        let sale = sleeve.book.sale_down(fee)?;
        sleeve.book.sell(sale)?;
        sleeve.fees = sleeve.fees.plus(sale.given)?;
        Ok(sale.given)
    }

    /// What lies in a sleeve's account and is in no book is a reward: it waits for release like one.
    pub(crate) fn skim(&mut self, id: SleeveId, out: &mut Outcome) -> Result<(), Error> {
        self.outside.answers(id)?;
        let held = self.held(id)?;
        let sleeve = self.sleeve_mut(id)?;
        let units = held.min0(sleeve.book.units);
        if units.is_zero() {
            return Err(Error::NothingToDo);
        }
        sleeve.locked = sleeve.locked.plus(units)?;
        out.tell(Event::Skimmed { sleeve: id, units });
        out.word(units.raw())
    }

    /// Mints the fee shares accrued, to the fee recipient; anybody may, and nobody can mint more.
    pub(crate) fn mint_fees(&mut self, now: Timestamp, out: &mut Outcome) -> Result<(), Error> {
        self.accrue(now)?;
        let shares = core::mem::take(&mut self.fee_shares);
        let recipient = self.places.fees;
        self.mint(recipient, shares)?;
        out.tell(Event::FeeSharesMinted { recipient, shares });
        out.word(shares.raw())
    }

    /// Pays a sleeve's performance fees out of its account, undelegated where they are not idle.
    pub(crate) fn pay_fees(&mut self, id: SleeveId, out: &mut Outcome) -> Result<(), Error> {
        self.outside.answers(id)?;
        let recipient = self.places.fees;
        let sleeve = self.sleeve_mut(id)?;
        let units = core::mem::take(&mut sleeve.fees);
        let (account, asset, kind) = (sleeve.account, sleeve.asset, sleeve.kind);
        let here = self.outside.held(account, asset);
        if kind == Kind::Core && here < units {
            let idle = self.sleeve(id)?.idle;
            self.obtain(id, idle.plus(units.minus(here)?)?, out)?;
            let sleeve = self.sleeve_mut(id)?;
            sleeve.idle = sleeve.idle.minus(units.minus(here)?)?;
        }
        self.outside.transfer(account, recipient, asset, units)?;
        out.tell(Event::FeeUnitsPaid {
            sleeve: id,
            recipient,
            units,
        });
        out.word(units.raw())
    }
}
