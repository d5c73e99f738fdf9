//! The epoch queue: shares wait together, are carved together, and leave sleeve by sleeve.
//!
//! ```text
//!  request ──> escrow ──(round turns)──> close: one carve ──> legs WAIT ──start──> OUT ──collect──> DONE ──> claims
//!     ^ cancel │ until dusk                     ledger only        │ parts: gain and lose with those who stay
//!              └ again from dawn + 2 h until the close             └ from here alone
//! ```

use super::{
    Asset, Error, Event, Kind, LEAST_REDEEM, MAX_LATE, Outcome, Parts, Shares, SleeveId, State,
    Units,
    agent::plan_undelegation,
    apply::Ctx,
    claim::{Owner, Position},
    state::ticket_account,
};
use crate::{Address, DAY, Timestamp};
use ruint::aliases::U256;
use std::collections::BTreeMap;

/// Seconds before the end of a round from which requests and cancels are closed.
pub const DUSK: u64 = 3_600;
/// Seconds after dawn from which a request can be cancelled again if nobody closed.
pub const CANCEL_REOPENS: u64 = 2 * 3_600;

/// What is claimed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BatchId {
    /// An epoch of the queue; its number is the request id.
    Epoch(u64),
    /// One in-kind exit with a leg that could not be delivered.
    Exit(u64),
}

/// The epoch that takes requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenEpoch {
    /// Its number.
    pub number: u64,
    /// Shares escrowed, all of them.
    pub shares: Shares,
    /// By controller.
    pub requests: BTreeMap<Address, Shares>,
    /// Round (UTC day) of its first request.
    pub since: u64,
}

/// How far a leg is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegState {
    /// Parts in the sleeve.
    #[default]
    Waiting,
    /// A ticket at Earn.
    Out,
    /// Everything that comes has come.
    Done,
}

/// One sleeve's share of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// How far.
    pub state: LegState,
    /// Parts, while it waits.
    pub parts: Parts,
    /// Units that left the sleeve, once started.
    pub units: Units,
    /// CORE on the ticket, while it is out.
    pub ticket: Units,
    /// Number of the ticket's account, while it is out.
    pub account: Option<u64>,
    /// In what it is paid.
    pub asset: Asset,
    /// What has come, in that asset.
    pub recovered: Units,
    /// What has been claimed of it. `claimed <= recovered`.
    pub claimed: Units,
}

/// Shares that were carved together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Shares burned; what each claim is divided by.
    pub shares: Shares,
    /// By sleeve, those that there were.
    pub legs: Vec<Leg>,
    /// Who is owed.
    pub positions: BTreeMap<Owner, Position>,
    /// Where an in-kind exit's legs go.
    pub recipient: Address,
}

/// What the hour allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Requests are taken.
    pub requests: bool,
    /// Requests can be cancelled.
    pub cancels: bool,
    /// The epoch may be closed.
    pub due: bool,
}

impl Batch {
    pub(crate) fn leg(&self, id: SleeveId) -> Option<&Leg> {
        self.legs.get(id.0)
    }
}

impl State {
    /// What may be done at `now`. Dusk is the last hour of a UTC day, dawn its turn.
    #[must_use]
    pub fn window(&self, now: Timestamp) -> Window {
        let today = now.get().checked_div(DAY).unwrap_or_default();
        let second = now.get().checked_rem(DAY).unwrap_or_default();
        let dusk = second >= DAY.saturating_sub(DUSK);
        let due = !self.open.shares.is_zero() && today > self.open.since;
        let next_dawn = Timestamp::new(self.open.since.saturating_add(1).saturating_mul(DAY));
        let overdue = now >= next_dawn.after(CANCEL_REOPENS);
        Window {
            requests: !dusk && !due,
            cancels: if due { overdue } else { !dusk },
            due,
        }
    }

    /// Seconds from `now` to the close that a request made now would get, and its latest start.
    #[must_use]
    pub fn next_close(&self, now: Timestamp) -> Timestamp {
        if self.window(now).due {
            return now;
        }
        let today = now.get().checked_div(DAY).unwrap_or_default();
        Timestamp::new(today.saturating_add(1).saturating_mul(DAY))
    }

    /// `owner`'s shares are escrowed for `controller`.
    pub(crate) fn request(
        &mut self,
        ctx: Ctx,
        shares: Shares,
        controller: Address,
        owner: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if shares.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if controller.is_zero() {
            return Err(Error::ZeroAddress);
        }
        self.acts_for(ctx.caller, owner)?;
        if !self.window(ctx.now).requests {
            return Err(Error::RequestsClosed(ctx.now));
        }
        self.move_shares(owner, self.places.basket, shares)?;
        if self.open.shares.is_zero() {
            self.open.since = ctx.now.get().checked_div(DAY).unwrap_or_default();
        }
        self.open.shares = self.open.shares.plus(shares)?;
        let mine = self.open.requests.entry(controller).or_default();
        *mine = mine.plus(shares)?;
        let epoch = self.open.number;
        out.tell(Event::RedeemRequested {
            epoch,
            controller,
            owner,
            shares,
        });
        out.word(U256::from(epoch))
    }

    /// All that `controller` has in the open epoch goes back to it.
    pub(crate) fn cancel(
        &mut self,
        ctx: Ctx,
        controller: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.acts_for(ctx.caller, controller)?;
        if !self.window(ctx.now).cancels {
            let dawn = self.open.since.saturating_add(1).saturating_mul(DAY);
            let reopens = Timestamp::new(dawn).after(CANCEL_REOPENS);
            return Err(Error::CancelClosed(ctx.now, reopens));
        }
        let epoch = self.open.number;
        let none = Error::NoPosition(BatchId::Epoch(epoch), Owner::Account(controller));
        let shares = self.open.requests.remove(&controller).ok_or(none)?;
        self.open.shares = self.open.shares.minus(shares)?;
        self.move_shares(self.places.basket, controller, shares)?;
        out.tell(Event::RedeemCancelled {
            epoch,
            controller,
            shares,
        });
        out.word(shares.raw())
    }

    /// Rule 3 over every sleeve: `shares` are burned for parts of each. Ledger only; it calls nothing and cannot
    /// fail.
    pub(crate) fn carve(&mut self, from: Address, shares: Shares) -> Result<Vec<Leg>, Error> {
        let supply = self.supply()?;
        self.burn(from, shares)?;
        let mut legs = Vec::new();
        for sleeve in &mut self.sleeves {
            legs.push(Leg {
                state: LegState::Waiting,
                parts: sleeve.book.carve(shares, supply)?,
                units: Units::ZERO,
                ticket: Units::ZERO,
                account: None,
                asset: sleeve.asset,
                recovered: Units::ZERO,
                claimed: Units::ZERO,
            });
        }
        Ok(legs)
    }

    /// One carve over all that is escrowed. Open to all when due; waits for nobody's price, report or consent.
    pub(crate) fn close_epoch(&mut self, ctx: Ctx, out: &mut Outcome) -> Result<(), Error> {
        if !self.window(ctx.now).due {
            return Err(Error::EpochNotDue(ctx.now));
        }
        self.accrue(ctx.now)?;
        let next = OpenEpoch {
            number: self.open.number.saturating_add(1),
            ..OpenEpoch::default()
        };
        let closed = core::mem::replace(&mut self.open, next);
        let mut legs = self.carve(self.places.basket, closed.shares)?;
        // Nothing is to come of no parts.
        for leg in legs.iter_mut().filter(|leg| leg.parts.is_zero()) {
            leg.state = LegState::Done;
        }
        let positions = closed
            .requests
            .into_iter()
            .map(|(who, shares)| (Owner::Account(who), Position::of(shares)))
            .collect();
        out.tell(Event::EpochClosed {
            epoch: closed.number,
            shares: closed.shares,
            parts: legs.iter().map(|leg| leg.parts).collect(),
        });
        let batch = Batch {
            shares: closed.shares,
            legs,
            positions,
            recipient: Address::ZERO,
        };
        self.batches.insert(BatchId::Epoch(closed.number), batch);
        Ok(())
    }

    /// The batch, or that there is none.
    ///
    /// # Errors
    /// [`Error::UnknownBatch`].
    pub fn batch(&self, id: BatchId) -> Result<&Batch, Error> {
        self.batches.get(&id).ok_or(Error::UnknownBatch(id))
    }

    pub(crate) fn batch_mut(&mut self, id: BatchId) -> Result<&mut Batch, Error> {
        self.batches.get_mut(&id).ok_or(Error::UnknownBatch(id))
    }

    /// The leg of a sleeve, waiting.
    pub(crate) fn waiting_leg(&self, batch: BatchId, id: SleeveId) -> Result<Leg, Error> {
        match self.batch(batch)?.leg(id) {
            Some(leg) if leg.state == LegState::Waiting => Ok(*leg),
            Some(_) => Err(Error::LegNotWaiting(id, batch)),
            None => Err(Error::UnknownSleeve(id)),
        }
    }

    pub(crate) fn put_leg(&mut self, batch: BatchId, id: SleeveId, leg: Leg) -> Result<(), Error> {
        let legs = &mut self.batch_mut(batch)?.legs;
        *legs.get_mut(id.0).ok_or(Error::UnknownSleeve(id))? = leg;
        Ok(())
    }

    /// Idle CORE of at least `need`: undelegated where it is not there.
    pub(crate) fn obtain(
        &mut self,
        id: SleeveId,
        need: Units,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let sleeve = self.sleeve(id)?;
        let account = sleeve.account;
        let short = need.min0(sleeve.idle);
        for step in plan_undelegation(&self.outside.agent, account, short)? {
            let agent = self.places.agent;
            self.outside
                .agent
                .undelegate(account, step.candidate, step.amount)?;
            self.outside
                .transfer(agent, account, Asset::Core, step.amount)?;
            let sleeve = self.sleeve_mut(id)?;
            sleeve.idle = sleeve.idle.plus(step.amount)?;
            out.tell(Event::Undelegated {
                candidate: step.candidate,
                units: step.amount,
            });
        }
        if self.sleeve(id)?.idle < need {
            return Err(Error::StepFailed(id));
        }
        Ok(())
    }

    /// Rule 3, second half: a leg's units leave the book, and lie in `to` when they are not a ticket.
    pub(crate) fn send_leg(
        &mut self,
        ctx: Ctx,
        id: SleeveId,
        parts: Parts,
        to: Address,
        out: &mut Outcome,
    ) -> Result<Units, Error> {
        let kind = self.sleeve(id)?.kind;
        let units = self.sleeve(id)?.book.worth_down(parts)?;
        if kind == Kind::Core {
            self.obtain(id, units, out)?;
        }
        let sleeve = self.sleeve_mut(id)?;
        let left = sleeve.book.depart(parts)?;
        if kind == Kind::Core {
            sleeve.idle = sleeve.idle.minus(left)?;
        }
        sleeve.throttle.leave(ctx.now, left)?;
        let (account, asset) = (sleeve.account, sleeve.asset);
        self.outside.transfer(account, to, asset, left)?;
        Ok(left)
    }

    /// Starts a leg of a closed epoch. Open to all, retryable; a failing call changes nothing and books no loss.
    pub(crate) fn start_leg(
        &mut self,
        ctx: Ctx,
        epoch: u64,
        id: SleeveId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let batch = BatchId::Epoch(epoch);
        let mut leg = self.waiting_leg(batch, id)?;
        self.outside.answers(id)?;
        // A leg earns the round in which it asked: where taking stake out would cost its reward, the round's harvest
        // comes first, and a failing one stops nobody.
        let sleeve = self.sleeve(id)?;
        if sleeve.kind == Kind::Core && sleeve.harvested < self.outside.agent.round {
            let mut trial = self.clone();
            let mut told = Outcome::default();
            if trial.harvest(ctx.now, id, &mut told).is_ok() {
                *self = trial;
                out.events.append(&mut told.events);
            }
        }
        let units = self.sleeve(id)?.book.worth_down(leg.parts)?;
        let basket = self.places.basket;
        // Earn refuses less than 1 stCORE: such a leg is paid in stCORE. So is one that Earn would keep for longer than was
        // declared, or that its operator is not there to take.
        if self.sleeve(id)?.kind == Kind::StCore && units >= LEAST_REDEEM && self.terms_hold(id)? {
            let number = match self.free_accounts.pop() {
                Some(number) => number,
                None => {
                    let number = self.ticket_accounts;
                    self.ticket_accounts = number.saturating_add(1);
                    number
                }
            };
            let account = ticket_account(number);
            self.send_leg(ctx, id, leg.parts, account, out)?;
            let token = self.sleeve(id)?.asset;
            let round = self.outside.agent.round;
            let ticket = self.outside.earn.redeem(account, round, ctx.now, units)?;
            self.outside.debit(account, token, units)?;
            leg.state = LegState::Out;
            leg.ticket = ticket;
            leg.account = Some(number);
            leg.asset = Asset::Core;
        } else {
            self.send_leg(ctx, id, leg.parts, basket, out)?;
            leg.state = LegState::Done;
            leg.recovered = units;
        }
        leg.parts = Parts::ZERO;
        leg.units = units;
        self.put_leg(batch, id, leg)?;
        out.tell(Event::LegStarted {
            batch,
            sleeve: id,
            units,
        });
        out.word(units.raw())
    }

    /// Earn gives back within what was declared, and its operator is not gone.
    fn terms_hold(&self, id: SleeveId) -> Result<bool, Error> {
        let earn = &self.outside.earn;
        let gone = self.outside.agent.round > earn.turned.saturating_add(MAX_LATE);
        Ok(!gone && self.exit_time(id)? <= self.sleeve(id)?.limits.max_exit)
    }

    /// Collects a ticket: what Earn pays is recovered, what it still records stays out, the difference is the
    /// ticket's own loss.
    pub(crate) fn collect(
        &mut self,
        ctx: Ctx,
        epoch: u64,
        id: SleeveId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let batch = BatchId::Epoch(epoch);
        let mut leg = match self.batch(batch)?.leg(id) {
            Some(leg) if leg.state == LegState::Out => *leg,
            _ => return Err(Error::LegNotOut(id, batch)),
        };
        self.outside.answers(id)?;
        let number = leg.account.ok_or(Error::LegNotOut(id, batch))?;
        let account = ticket_account(number);
        let round = self.outside.agent.round;
        let before = self.outside.earn.open(account)?;
        let paid = if before.is_zero() {
            // The record is gone: nothing more will come.
            Units::ZERO
        } else {
            self.outside.earn.withdraw(account, round, ctx.now)?
        };
        self.outside.credit(self.places.basket, Asset::Core, paid)?;
        let still = self.outside.earn.open(account)?;
        let lost = leg.ticket.min0(paid).min0(still);
        leg.recovered = leg.recovered.plus(paid)?;
        leg.ticket = still;
        let done = still.is_zero();
        if done {
            leg.state = LegState::Done;
            leg.account = None;
            self.free_accounts.push(number);
        }
        self.put_leg(batch, id, leg)?;
        out.tell(Event::LegCollected {
            batch,
            sleeve: id,
            recovered: paid,
            lost,
            done,
        });
        out.word(paid.raw())
    }
}
