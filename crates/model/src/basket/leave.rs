//! Leaving at once: at a price from idle CORE, or in kind without one.

use super::{
    Batch, BatchId, Error, Event, LegState, Outcome, Parts, Power, Sale, Shares, SleeveId, State,
    Units,
    apply::Ctx,
    claim::{Owner, Position, bit},
    fees::after_fee_down,
    nav::Nav,
    state::FLOOR,
};
use crate::{Address, Timestamp, mul_div_down};

impl State {
    /// CORE that may leave at once: idle, above the floor and above what closed epochs are owed, and the basket's own.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow. 0 without a CORE sleeve.
    pub fn max_instant(&self) -> Result<Units, Error> {
        let Ok(id) = self.core() else {
            return Ok(Units::ZERO);
        };
        let sleeve = self.sleeve(id)?;
        let free = sleeve.idle.min0(FLOOR).min0(sleeve.book.owed_up()?);
        Ok(free.min(sleeve.book.basket_units_down()?))
    }

    /// What an instant exit of `shares` is due, NAV at low less the fee, and that fee.
    pub(crate) fn instant_due(&self, shares: Shares, nav: &Nav) -> Result<(Units, Units), Error> {
        let due = mul_div_down(nav.low.raw(), shares.raw(), self.supply()?.raw())?;
        let paid = Units::new(after_fee_down(due, self.fees.instant)?);
        Ok((paid, Units::new(due).minus(paid)?))
    }

    /// What is due, sold by rule 8. The sale's parts are worth no more than the shares at the lowest prices in the box, so
    /// nobody who stays loses.
    pub(crate) fn instant_sale(&self, due: Units) -> Result<Sale, Error> {
        self.sleeve(self.core()?)?.book.sale_down(due)
    }

    /// CORE from idle, at NAV low.
    pub(crate) fn instant_exit(
        &mut self,
        ctx: Ctx,
        shares: Shares,
        recipient: Address,
        (least, deadline): (Units, Timestamp),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if ctx.now > deadline {
            return Err(Error::DeadlinePassed(deadline, ctx.now));
        }
        if shares.is_zero() {
            return Err(Error::ZeroAmount);
        }
        self.governance.open(ctx.now, Power::Instant)?;
        self.accrue(ctx.now)?;
        self.harvest_all(ctx.now, out)?;
        self.observe(ctx.now)?;
        let nav = self.sound_nav(ctx.now)?;
        let id = self.core()?;
        self.outside.answers(id)?;
        // More than there is is refused, not cut: else whoever leaves would be paid less than his shares' worth.
        let (due, _) = self.instant_due(shares, &nav)?;
        let most = self.max_instant()?;
        if due > most {
            return Err(Error::InstantTooLarge(due, most));
        }
        let sale = self.instant_sale(due)?;
        if sale.given.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if sale.given < least {
            return Err(Error::OutBelowMinimum(sale.given, least));
        }
        self.burn(ctx.caller, shares)?;
        let sleeve = self.sleeve_mut(id)?;
        sleeve.book.sell(sale)?;
        sleeve.idle = sleeve.idle.minus(sale.given)?;
        sleeve.throttle.leave(ctx.now, sale.given)?;
        let (account, asset) = (sleeve.account, sleeve.asset);
        self.outside
            .transfer(account, recipient, asset, sale.given)?;
        out.tell(Event::InstantExited {
            account: ctx.caller,
            recipient,
            shares,
            core: sale.given,
        });
        out.word(sale.given.raw())
    }

    /// Carves and delivers each leg. What cannot be delivered is booked to the caller as a batch of its own: parts in
    /// the sleeve, as in an epoch. Nothing outside can refuse this.
    pub(crate) fn exit_in_kind(
        &mut self,
        ctx: Ctx,
        shares: Shares,
        recipient: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if shares.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if recipient.is_zero() {
            return Err(Error::ZeroAddress);
        }
        self.accrue(ctx.now)?;
        let number = self.next_exit;
        self.next_exit = number.saturating_add(1);
        let batch = BatchId::Exit(number);
        let legs = self.carve(ctx.caller, shares)?;
        let owner = Owner::Account(ctx.caller);
        let carved = Batch {
            shares,
            legs,
            positions: [(owner, Position::of(shares))].into(),
            recipient,
        };
        self.batches.insert(batch, carved);
        out.tell(Event::ExitedInKind {
            batch,
            account: ctx.caller,
            recipient,
            shares,
        });
        for id in self.ids() {
            let units = match self.try_deliver(ctx, number, id, out) {
                Ok(units) => units,
                Err(_) => {
                    let parts = self.waiting_leg(batch, id)?.parts;
                    out.tell(Event::LegBooked {
                        batch,
                        sleeve: id,
                        parts,
                    });
                    Units::ZERO
                }
            };
            out.word(units.raw())?;
        }
        self.forget_delivered(batch)
    }

    /// One leg, or nothing has changed.
    fn try_deliver(
        &mut self,
        ctx: Ctx,
        number: u64,
        id: SleeveId,
        out: &mut Outcome,
    ) -> Result<Units, Error> {
        let mut trial = self.clone();
        let mut told = Outcome::default();
        let units = trial.deliver(ctx, number, id, &mut told)?;
        *self = trial;
        out.events.append(&mut told.events);
        Ok(units)
    }

    /// A booked leg is tried again, by anybody.
    pub(crate) fn retry(
        &mut self,
        ctx: Ctx,
        number: u64,
        id: SleeveId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let units = self.deliver(ctx, number, id, out)?;
        self.forget_delivered(BatchId::Exit(number))?;
        out.word(units.raw())
    }

    fn deliver(
        &mut self,
        ctx: Ctx,
        number: u64,
        id: SleeveId,
        out: &mut Outcome,
    ) -> Result<Units, Error> {
        let batch = BatchId::Exit(number);
        let mut leg = self.waiting_leg(batch, id)?;
        let recipient = self.batch(batch)?.recipient;
        let units = self.sleeve(id)?.book.worth_down(leg.parts)?;
        if !units.is_zero() {
            self.outside.answers(id)?;
        }
        self.send_leg(ctx, id, leg.parts, recipient, out)?;
        leg.parts = Parts::ZERO;
        leg.state = LegState::Done;
        leg.units = units;
        leg.recovered = units;
        leg.claimed = units;
        self.put_leg(batch, id, leg)?;
        for position in self.batch_mut(batch)?.positions.values_mut() {
            position.mask |= bit(id);
        }
        out.tell(Event::LegDelivered {
            batch,
            sleeve: id,
            recipient,
            units,
        });
        Ok(units)
    }

    /// The owner names another recipient.
    pub(crate) fn set_recipient(
        &mut self,
        ctx: Ctx,
        number: u64,
        recipient: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if recipient.is_zero() {
            return Err(Error::ZeroAddress);
        }
        let batch = BatchId::Exit(number);
        for owner in self.batch(batch)?.positions.keys() {
            if let Owner::Account(owner) = owner {
                self.acts_for(ctx.caller, *owner)?;
            }
        }
        self.batch_mut(batch)?.recipient = recipient;
        out.tell(Event::RecipientSet { batch, recipient });
        Ok(())
    }

    fn forget_delivered(&mut self, batch: BatchId) -> Result<(), Error> {
        let done = |leg: &super::Leg| leg.state == LegState::Done;
        if self.batch(batch)?.legs.iter().all(done) {
            self.batches.remove(&batch);
        }
        Ok(())
    }
}
