//! What anybody may do for the CORE sleeve, and governance for the list of sleeves.

use super::{
    Asset, Error, Event, LEAST_STAKE, LegState, Outcome, Sleeve, SleeveId, State, Units,
    apply::Ctx,
    state::{FLOOR, MAX_SLEEVES},
};
use crate::{Address, DAY, mul_div_down};
use ruint::aliases::U256;

impl State {
    /// At dusk: idle CORE less what is owed, the buffer and the floor goes to the validators by weight, at least 1
    /// CORE to each that gets any. At other times undelegating would eat what this delegates.
    pub(crate) fn delegate_idle(&mut self, ctx: Ctx, out: &mut Outcome) -> Result<(), Error> {
        let id = self.core()?;
        self.outside.answers(id)?;
        let second = ctx.now.get().checked_rem(DAY).unwrap_or_default();
        if second < DAY.saturating_sub(super::DUSK) {
            return Err(Error::NotDusk(ctx.now));
        }
        let sleeve = self.sleeve(id)?;
        let account = sleeve.account;
        let free = sleeve
            .idle
            .min0(sleeve.book.owed_up()?)
            .min0(self.buffer)
            .min0(FLOOR);
        let open: Vec<_> = self
            .validators
            .iter()
            .copied()
            .filter(|(candidate, _)| self.outside.agent.open.contains(candidate))
            .collect();
        let weights = open.iter().fold(U256::ZERO, |sum, (_, weight)| {
            sum.saturating_add(U256::from(*weight))
        });
        let mut did = false;
        for (candidate, weight) in open {
            let share = mul_div_down(free.raw(), U256::from(weight), weights);
            let amount = Units::new(share.unwrap_or_default());
            if amount < LEAST_STAKE {
                continue;
            }
            let agent = self.places.agent;
            self.outside.transfer(account, agent, Asset::Core, amount)?;
            self.outside.agent.delegate(account, candidate, amount)?;
            let sleeve = self.sleeve_mut(id)?;
            sleeve.idle = sleeve.idle.minus(amount)?;
            did = true;
            out.tell(Event::Delegated {
                candidate,
                units: amount,
            });
        }
        if did { Ok(()) } else { Err(Error::NothingToDo) }
    }

    /// `transferCoin` away from a validator that cannot be delegated to, or has no weight any more, to one that can
    /// and has.
    pub(crate) fn move_stake(
        &mut self,
        from: Address,
        to: Address,
        amount: Units,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let id = self.core()?;
        self.outside.answers(id)?;
        let weight = |of: Address| {
            self.validators
                .iter()
                .find(|(candidate, _)| *candidate == of)
                .map_or(0, |(_, weight)| *weight)
        };
        if weight(from) > 0 && self.outside.agent.open.contains(&from) {
            return Err(Error::NothingToDo);
        }
        if weight(to) == 0 {
            return Err(Error::InactiveCandidate(to));
        }
        let account = self.sleeve(id)?.account;
        self.outside.agent.transfer(account, from, to, amount)?;
        out.tell(Event::StakeMoved {
            from,
            to,
            units: amount,
        });
        Ok(())
    }

    /// A new sleeve, empty, at the end of the list. Its exit must fit the delay in force.
    ///
    /// Its price is known and lands in its declared range, or it is refused: a price 1e10 off, or one in another
    /// unit.
    pub(crate) fn add_sleeve(&mut self, sleeve: &Sleeve, out: &mut Outcome) -> Result<(), Error> {
        if self.sleeves.len() >= MAX_SLEEVES {
            return Err(Error::TooManySleeves(self.sleeves.len(), MAX_SLEEVES));
        }
        self.governance.admit(sleeve.limits.max_exit)?;
        let id = SleeveId(self.sleeves.len());
        let fresh = Sleeve::new(sleeve.kind, sleeve.account, sleeve.asset, sleeve.limits);
        self.sleeves.push(Sleeve {
            performance: sleeve.performance,
            throttle: sleeve.throttle,
            feed: sleeve.feed.clone(),
            harvested: self.outside.agent.round,
            ..fresh
        });
        let own = self.own_rate(id);
        // A price is priced when it is configured.
        if self.sleeve(id)?.needs_price() {
            self.sleeve(id)?.feed.configured(id, own)?;
        }
        self.sleeve_mut(id)?.high_water = own.map(|own| own.price).unwrap_or_default();
        out.tell(Event::SleeveAdded { sleeve: id });
        Ok(())
    }

    /// A sleeve retires at zero units and zero open legs; parts without units are worth nothing and go.
    pub(crate) fn retire(&mut self, id: SleeveId, out: &mut Outcome) -> Result<(), Error> {
        let legs = self
            .batches
            .values()
            .filter_map(|batch| batch.leg(id))
            .filter(|leg| leg.state != LegState::Done)
            .count();
        let sleeve = self.sleeve_mut(id)?;
        let book = sleeve.book;
        if !book.units.is_zero() || legs > 0 {
            return Err(Error::SleeveInUse(id, book.units, book.waiting(), legs));
        }
        sleeve.book = super::Book::default();
        sleeve.open = false;
        sleeve.retired = true;
        out.tell(Event::SleeveRetired { sleeve: id });
        Ok(())
    }
}
