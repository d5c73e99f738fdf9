//! Rewards: claimed once per round, less the performance fee, and released so slowly that no entry fee is worth them.

use super::{
    Asset, Error, Event, Kind, Outcome, SleeveId, State, Units,
    fees::{performance_units, rate_fee_units},
};
use crate::Timestamp;
use ruint::aliases::U256;

/// Released per round, parts per million of the sleeve's units: 2.5 bps, half of the least entry fee.
pub const RELEASE_PPM: u64 = 250;

/// `min(pending, floor(units * 2.5 bps))`: what one round's harvest adds.
///
/// # Errors
/// [`Error::Arithmetic`] on overflow.
pub fn released(pending: Units, units: Units) -> Result<Units, Error> {
    let most = units.mul_div_down(U256::from(RELEASE_PPM), U256::from(1_000_000))?;
    Ok(pending.min(most))
}

impl State {
    /// This round's harvest of every sleeve where it is missing; lstBTC first, for its yield goes to the CORE sleeve.
    pub(crate) fn harvest_all(&mut self, out: &mut Outcome) -> Result<(), Error> {
        let core = self.core().ok();
        for id in self.ids().filter(|id| Some(*id) != core).chain(core) {
            self.harvest(id, out)?;
        }
        Ok(())
    }

    /// This round's harvest of one sleeve; nothing when it was made. Calls outside: a failing one changes nothing.
    pub(crate) fn harvest(&mut self, id: SleeveId, out: &mut Outcome) -> Result<(), Error> {
        let round = self.outside.agent.round;
        let sleeve = self.sleeve(id)?;
        if sleeve.retired || sleeve.harvested >= round {
            return Ok(());
        }
        self.outside.answers(id)?;
        let (account, kind, asset) = (sleeve.account, sleeve.kind, sleeve.asset);
        let performance = sleeve.performance;
        let (mut reward, mut fee) = (Units::ZERO, Units::ZERO);
        match kind {
            Kind::Core => {
                reward = self.outside.agent.claim(account);
                fee = performance_units(reward, performance)?;
                self.outside.credit(account, asset, reward)?;
                self.put_reward(id, reward, fee)?;
            }
            Kind::LstBtc => {
                if let Ok(core) = self.core() {
                    let more = self.outside.yields.remove(&id).unwrap_or_default();
                    let cut = performance_units(more, performance)?;
                    let to = self.sleeve(core)?.account;
                    self.outside.credit(to, Asset::Core, more)?;
                    self.put_reward(core, more, cut)?;
                }
            }
            Kind::StCore | Kind::Rate => fee = self.rate_fee(id)?,
            Kind::Held => {}
        }
        let sleeve = self.sleeve_mut(id)?;
        sleeve.harvested = round;
        let free = released(sleeve.locked, sleeve.book.units)?;
        sleeve.locked = sleeve.locked.minus(free)?;
        sleeve.book.gain(free)?;
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

    /// A reward that lies in the sleeve's account: its fee goes aside, the rest waits for release.
    fn put_reward(&mut self, id: SleeveId, reward: Units, fee: Units) -> Result<(), Error> {
        let basket = self.places.basket;
        let sleeve = self.sleeve_mut(id)?;
        sleeve.locked = sleeve.locked.plus(reward.minus(fee)?)?;
        sleeve.fees = sleeve.fees.plus(fee)?;
        let (account, asset) = (sleeve.account, sleeve.asset);
        self.outside.transfer(account, basket, asset, fee)
    }

    /// The fee on a rate's rise above its high-water mark, sold out of the basket's parts (rule 8): units per part
    /// stand, and legs that have left are not charged.
    fn rate_fee(&mut self, id: SleeveId) -> Result<Units, Error> {
        let Some(own) = self.own_rate(id) else {
            return Ok(Units::ZERO);
        };
        let basket = self.places.basket;
        let sleeve = self.sleeve_mut(id)?;
        let units = sleeve.book.basket_units_down()?;
        let fee = rate_fee_units(units, sleeve.high_water, own.price, sleeve.performance)?;
        sleeve.high_water = sleeve.high_water.max(own.price);
        let sale = sleeve.book.sale_down(fee)?;
        sleeve.book.sell(sale)?;
        sleeve.fees = sleeve.fees.plus(sale.given)?;
        let (account, asset) = (sleeve.account, sleeve.asset);
        self.outside.transfer(account, basket, asset, sale.given)?;
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

    /// Pays a sleeve's performance fees.
    pub(crate) fn pay_fees(&mut self, id: SleeveId, out: &mut Outcome) -> Result<(), Error> {
        let (basket, recipient) = (self.places.basket, self.places.fees);
        let sleeve = self.sleeve_mut(id)?;
        let units = core::mem::take(&mut sleeve.fees);
        let asset = sleeve.asset;
        self.outside.transfer(basket, recipient, asset, units)?;
        out.tell(Event::FeeUnitsPaid {
            sleeve: id,
            recipient,
            units,
        });
        out.word(units.raw())
    }
}
