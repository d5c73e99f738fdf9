//! The two ways in. Both harvest first, and both cost the entry fee: priced `s`, credited `floor(s * (1 - fee))`.

use super::{
    Asset, Error, Event, Outcome, Power, Shares, SleeveId, State, Taken, Units,
    apply::Ctx,
    fees::after_fee_down,
    nav::{Nav, Side, value},
};
use crate::{BPS, Timestamp, mul_div_down, mul_div_up};

impl State {
    /// What both ways in begin with.
    fn begin(&mut self, ctx: Ctx, deadline: Timestamp, out: &mut Outcome) -> Result<(), Error> {
        if ctx.now > deadline {
            return Err(Error::DeadlinePassed(deadline, ctx.now));
        }
        self.governance.open(ctx.now, Power::Mint)?;
        self.accrue(ctx.now)?;
        self.harvest_all(ctx.now, out)
    }

    /// What both ways in end with: shares, less the fee, within the cap.
    fn credit(&mut self, ctx: Ctx, priced: Shares, least: Shares) -> Result<Shares, Error> {
        let credited = Shares::new(after_fee_down(priced.raw(), self.fees.entry)?);
        if credited.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if credited < least {
            return Err(Error::SharesBelowMinimum(credited, least));
        }
        let supply = self.supply()?.plus(credited)?;
        if supply > self.total_cap {
            return Err(Error::AboveTotalCap(supply, self.total_cap));
        }
        self.mint(ctx.caller, credited)?;
        Ok(credited)
    }

    /// The units of one sleeve, from the caller into the account.
    pub(crate) fn pay_in(&mut self, ctx: Ctx, id: SleeveId, units: Units) -> Result<(), Error> {
        let sleeve = self.sleeve(id)?;
        let (account, asset) = (sleeve.account, sleeve.asset);
        self.outside.answers(id)?;
        self.outside.transfer(ctx.caller, account, asset, units)?;
        if asset == Asset::Core {
            let sleeve = self.sleeve_mut(id)?;
            sleeve.idle = sleeve.idle.plus(units)?;
        }
        Ok(())
    }

    /// Rule 1: `priced` shares against the units of every sleeve. No price anywhere.
    pub(crate) fn mint_in_kind(
        &mut self,
        ctx: Ctx,
        priced: Shares,
        most: &[Units],
        (least, deadline): (Shares, Timestamp),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.begin(ctx, deadline, out)?;
        if priced.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if most.len() != self.sleeves.len() {
            return Err(Error::LengthMismatch(most.len(), self.sleeves.len()));
        }
        let supply = self.supply()?;
        let mut units = Vec::new();
        for (id, most) in self.ids().zip(most) {
            let taken = self.sleeve(id)?.book.taken_up(priced, supply)?;
            let locked = self.sleeve(id)?.locked_up(taken.parts)?;
            let asked = taken.units.plus(locked)?;
            if asked > *most {
                return Err(Error::InAboveMaximum(id, asked, *most));
            }
            self.take_one(ctx, id, taken, locked)?;
            units.push(asked);
        }
        let credited = self.credit(ctx, priced, least)?;
        out.tell(Event::MintedInKind {
            account: ctx.caller,
            units,
            priced,
            credited,
        });
        out.word(credited.raw())
    }

    /// New parts bring their share of what is locked with them: else whoever mints in kind would be given a part of
    /// the rewards that others earned, and 2.5 bps a round are more than the entry fee to one who stays or owns the
    /// most.
    fn take_one(
        &mut self,
        ctx: Ctx,
        id: SleeveId,
        taken: Taken,
        locked: Units,
    ) -> Result<(), Error> {
        // A sleeve of which the basket holds nothing gives no parts. One that lost every unit does not let others in for
        // nothing: what is made good later belongs to those who bore the loss, until governance retires it.
        if taken.parts.is_zero() {
            return Ok(());
        }
        self.takes_in(id)?;
        self.admit(id, taken.units, ctx.now)?;
        self.pay_in(ctx, id, taken.units)?;
        let sleeve = self.sleeve_mut(id)?;
        sleeve.book.take(taken)?;
        sleeve.locked = sleeve.locked.plus(locked)?;
        let (account, asset) = (sleeve.account, sleeve.asset);
        self.outside.transfer(ctx.caller, account, asset, locked)
    }

    /// Rule 2: one asset, valued at low, against shares valued at high.
    pub(crate) fn deposit(
        &mut self,
        ctx: Ctx,
        id: SleeveId,
        units: Units,
        (least, deadline): (Shares, Timestamp),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.begin(ctx, deadline, out)?;
        if units.is_zero() {
            return Err(Error::ZeroAmount);
        }
        self.takes_in(id)?;
        self.observe(ctx.now)?;
        let nav = self.sound_nav(ctx.now)?;
        let quote = nav.sound(id)?;
        if nav.high.is_zero() {
            return Err(Error::NothingBehind(self.supply()?));
        }
        let bought = self.sleeve(id)?.book.purchase_down(units)?;
        let worth = value(bought.credited, quote.low, Side::Low)?;
        let priced = mul_div_down(worth.raw(), self.supply()?.raw(), nav.high.raw())?;
        let priced = Shares::new(priced);
        self.within_band(id, &nav, units)?;
        self.admit(id, units, ctx.now)?;
        self.pay_in(ctx, id, units)?;
        self.sleeve_mut(id)?.book.buy(bought)?;
        let credited = self.credit(ctx, priced, least)?;
        out.tell(Event::Deposited {
            account: ctx.caller,
            sleeve: id,
            units,
            priced,
            credited,
        });
        out.word(credited.raw())
    }

    /// A priced deposit does not push its sleeve past target + band, all of it at high and the others at low: else a
    /// deposit and an in-kind exit would be a free swap.
    fn within_band(&self, id: SleeveId, nav: &Nav, more: Units) -> Result<(), Error> {
        let sleeve = self.sleeve(id)?;
        let quote = nav.sound(id)?;
        let after = sleeve.book.basket_units_up()?.plus(more)?;
        let mine = value(after, quote.high, Side::High)?;
        let before = value(sleeve.book.basket_units_down()?, quote.low, Side::Low)?;
        let others = nav.low.minus(before)?;
        let whole = others.plus(mine)?;
        let weight = mul_div_up(mine.raw(), BPS, whole.raw())?;
        let limits = sleeve.limits;
        let most = limits.target.raw().saturating_add(limits.band.raw());
        // What is to go takes nothing, however little: else it would never be gone.
        if weight > most || limits.target.raw().is_zero() {
            return Err(Error::AboveBand(id, weight, most));
        }
        Ok(())
    }
}
