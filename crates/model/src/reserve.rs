//! The first-loss reserve: coins in no other figure, used in the transaction that books a loss and nowhere else.

use crate::{Address, Assets, Error, Event, MAX_AMOUNT, Outcome, State, exit::Ctx, state::Minter};

impl Minter {
    /// Up to `loss` of the reserve becomes headroom, before the rate is computed: the rate falls by less and never rises
    /// (promise 3).
    pub(crate) fn use_insurance(&mut self, loss: Assets, out: &mut Outcome) -> Result<(), Error> {
        let amount = loss.min(self.insurance);
        if amount.is_zero() {
            return Ok(());
        }
        self.insurance = self.insurance.minus(amount)?;
        self.headroom = self.headroom.plus(amount)?;
        let held = self.insurance;
        out.tell(Event::InsuranceUsed { amount, held });
        Ok(())
    }
}

impl State {
    /// `fundInsurance()`: anybody adds to it, up to what 96 bits hold.
    pub(crate) fn fund_insurance(
        &mut self,
        ctx: Ctx,
        amount: Assets,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if amount.is_zero() {
            return Err(Error::ZeroAmount);
        }
        let held = self.minter.insurance.plus(amount)?;
        if held > MAX_AMOUNT {
            return Err(Error::AmountTooLarge(amount, MAX_AMOUNT));
        }
        self.move_coins(ctx.caller.into(), self.places.minter.into(), amount)?;
        self.minter.insurance = held;
        out.tell(Event::InsuranceFunded {
            from: ctx.caller,
            amount,
            held,
        });
        Ok(())
    }

    /// Pays part of it out, behind its delay. Not while a loss may be about to need it: an unbooked slash or an open
    /// vote, read in the same block.
    pub(crate) fn withdraw_insurance(
        &mut self,
        ctx: Ctx,
        recipient: Address,
        amount: Assets,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if recipient.is_zero() {
            return Err(Error::ZeroAddress);
        }
        if amount.is_zero() {
            return Err(Error::ZeroAmount);
        }
        self.no_slash()?;
        for (id, _) in self.minter.live() {
            if self.staking.votes(id, ctx.now).0 > 0 {
                return Err(Error::VoteOpen);
            }
        }
        let held = self.minter.insurance;
        if amount > held {
            return Err(Error::InsuranceTooMuch(amount, held));
        }
        self.minter.insurance = held.minus(amount)?;
        out.tell(Event::InsuranceWithdrawn {
            recipient,
            amount,
            held: self.minter.insurance,
        });
        self.send(self.places.minter, recipient, amount)
    }
}
