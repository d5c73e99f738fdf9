use super::{
    Asset, Call, Error, Event, GovernanceCall, INSTANT_CEILING, Kind, MANAGEMENT_CEILING,
    Observation, Outcome, OutsideCall, PERFORMANCE_CEILING, Setting, State, Units,
    fees::{ENTRY_CEILING, ENTRY_FLOOR, bounded},
    governance::MANDATE,
    state::{MAX_VALIDATORS, ticket_account},
};
use crate::{Address, Bps, DAY, Timestamp};

/// Who calls, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ctx {
    pub(crate) caller: Address,
    pub(crate) now: Timestamp,
}

/// One call by `caller` at `now`: what it gives, or why it is refused, and then nothing has changed.
///
/// `now` never goes back. Losses that the outside shows are booked before every call to the basket.
///
/// # Errors
/// [`Error`], with its values.
pub fn apply(
    state: &mut State,
    caller: Address,
    now: Timestamp,
    call: &Call,
) -> Result<Outcome, Error> {
    let mut next = state.clone();
    let mut out = Outcome::default();
    let ctx = Ctx { caller, now };
    if !matches!(call, Call::Outside(_)) {
        next.book_losses(&mut out)?;
    }
    next.step(ctx, call, &mut out)?;
    *state = next;
    Ok(out)
}

impl State {
    fn step(&mut self, ctx: Ctx, call: &Call, out: &mut Outcome) -> Result<(), Error> {
        let Ctx { caller, now } = ctx;
        match call {
            Call::Transfer { to, shares } => self.move_shares(caller, *to, *shares),
            Call::Deposit {
                sleeve,
                units,
                min_shares,
                deadline,
            } => self.deposit(ctx, *sleeve, *units, (*min_shares, *deadline), out),
            Call::MintInKind {
                shares,
                max_units,
                min_shares,
                deadline,
            } => self.mint_in_kind(ctx, *shares, max_units, (*min_shares, *deadline), out),
            Call::InstantExit {
                shares,
                recipient,
                min_out,
                deadline,
            } => self.instant_exit(ctx, *shares, *recipient, (*min_out, *deadline), out),
            Call::ExitInKind { shares, recipient } => {
                self.exit_in_kind(ctx, *shares, *recipient, out)
            }
            Call::Retry { exit, sleeve } => self.retry(ctx, *exit, *sleeve, out),
            Call::SetRecipient { exit, recipient } => {
                self.set_recipient(ctx, *exit, *recipient, out)
            }
            Call::RequestRedeem {
                shares,
                controller,
                owner,
            } => self.request(ctx, *shares, *controller, *owner, out),
            Call::CancelRedeem { controller } => self.cancel(ctx, *controller, out),
            Call::SetOperator { operator, on } => {
                let pair = (caller, *operator);
                if *on {
                    self.operators.insert(pair);
                } else {
                    self.operators.remove(&pair);
                }
                out.tell(Event::OperatorSet {
                    owner: caller,
                    operator: *operator,
                    on: *on,
                });
                Ok(())
            }
            Call::CloseEpoch => self.close_epoch(ctx, out),
            Call::StartLeg { epoch, sleeve } => self.start_leg(ctx, *epoch, *sleeve, out),
            Call::Collect { epoch, sleeve } => self.collect(ctx, *epoch, *sleeve, out),
            Call::Claim {
                epoch,
                owner,
                mask,
                recipient,
            } => self.claim(ctx, *epoch, *owner, (*mask, *recipient), out),
            Call::MintReceipt { epoch } => self.mint_receipt(ctx, *epoch, out),
            Call::MoveReceipt { receipt, to } => self.move_receipt(ctx, *receipt, *to, out),
            Call::Harvest => self.harvest_all(now, out),
            Call::HarvestSleeve { sleeve } => self.harvest(now, *sleeve, out),
            // Every call begins with it.
            Call::BookLosses => Ok(()),
            Call::Skim { sleeve } => self.skim(*sleeve, out),
            Call::MintFees => self.mint_fees(now, out),
            Call::PayFees { sleeve } => self.pay_fees(*sleeve, out),
            Call::DelegateIdle => self.delegate_idle(ctx, out),
            Call::MoveStake { from, to, units } => self.move_stake(*from, *to, *units, out),
            Call::Observe => self.read_or_observe(now),
            Call::StartAuction { sell, buy } => self.start_auction(ctx, *sell, *buy, out),
            Call::Bid { units, max_pay } => self.bid(ctx, (*units, *max_pay), out),
            Call::Schedule { call, delay } => {
                if caller != self.places.governor {
                    return Err(Error::NotAllowed(caller, self.places.governor));
                }
                let longest = self.longest_exit();
                let id = self
                    .governance
                    .schedule(now, *delay, longest, call.clone())?;
                let ready = now.after(*delay);
                out.tell(Event::Scheduled { id, ready });
                out.word(ruint::aliases::U256::from(id))
            }
            Call::Execute { id } => {
                let call = self.governance.take(now, *id)?;
                out.tell(Event::Executed { id: *id });
                self.govern(now, &call, out)
            }
            Call::CancelScheduled { id } => {
                let governor = caller == self.places.governor;
                self.governance.cancel(caller, governor, now, *id)?;
                out.tell(Event::Cancelled { id: *id });
                Ok(())
            }
            Call::Pause { power, seconds } => {
                let until = self.governance.pause(caller, now, *power, *seconds)?;
                out.tell(Event::Paused {
                    power: *power,
                    until,
                });
                Ok(())
            }
            Call::Unpause { power } => {
                self.governance.unpause(caller, now, *power)?;
                out.tell(Event::Unpaused { power: *power });
                Ok(())
            }
            Call::Outside(call) => self.happen(ctx, call),
        }
    }

    /// Feeds are noted in any condition; targets are read when prices are sound, else the series of readings breaks.
    fn read_or_observe(&mut self, now: Timestamp) -> Result<(), Error> {
        self.observe(now)?;
        if self.sound_nav(now).is_ok() {
            return self.read_targets(now);
        }
        for sleeve in &mut self.sleeves {
            sleeve.off_since = None;
        }
        Ok(())
    }

    fn govern(
        &mut self,
        now: Timestamp,
        call: &GovernanceCall,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        // What was earned at the old rate stays earned.
        self.accrue(now)?;
        match call {
            GovernanceCall::AddSleeve(sleeve) => {
                bounded(
                    "performanceFee",
                    sleeve.performance,
                    Bps::new(0),
                    PERFORMANCE_CEILING,
                )?;
                self.add_sleeve(sleeve, out)
            }
            GovernanceCall::OpenSleeve { sleeve, on } => {
                let sleeve = self.sleeve_mut(*sleeve)?;
                sleeve.open = *on && !sleeve.retired;
                Ok(())
            }
            GovernanceCall::RetireSleeve { sleeve } => self.retire(*sleeve, out),
            GovernanceCall::SetLimits { sleeve, limits } => {
                self.governance.admit(limits.max_exit)?;
                self.sleeve_mut(*sleeve)?.limits = *limits;
                Ok(())
            }
            GovernanceCall::SetThrottle { sleeve, throttle } => {
                let sleeve = self.sleeve_mut(*sleeve)?;
                sleeve.throttle.used = sleeve.throttle.used_up(now)?;
                sleeve.throttle.at = now;
                sleeve.throttle.limit = throttle.limit;
                Ok(())
            }
            GovernanceCall::Set(setting, value) => self.set(*setting, *value),
            GovernanceCall::SetPerformance { sleeve, fee } => {
                bounded("performanceFee", *fee, Bps::new(0), PERFORMANCE_CEILING)?;
                self.sleeve_mut(*sleeve)?.performance = *fee;
                Ok(())
            }
            GovernanceCall::SetValidators(list) => {
                if list.len() > MAX_VALIDATORS {
                    return Err(Error::LengthMismatch(list.len(), MAX_VALIDATORS));
                }
                self.validators.clone_from(list);
                Ok(())
            }
            GovernanceCall::SetTotalCap(cap) => {
                self.total_cap = *cap;
                Ok(())
            }
            GovernanceCall::SetBuffer(units) => {
                self.buffer = *units;
                Ok(())
            }
            GovernanceCall::SetGuardian(who) => {
                self.governance.guardian = *who;
                self.governance.mandate = now.after(MANDATE);
                Ok(())
            }
            GovernanceCall::RenewMandate => {
                self.governance.mandate = now.after(MANDATE);
                Ok(())
            }
            GovernanceCall::SetDelay(seconds) => {
                let longest = self.longest_exit();
                self.governance.set_delay(*seconds, longest)
            }
        }
    }

    fn set(&mut self, setting: Setting, value: u64) -> Result<(), Error> {
        let bps = Bps::new(value);
        let none = Bps::new(0);
        match setting {
            Setting::EntryFee => {
                bounded("entryFee", bps, ENTRY_FLOOR, ENTRY_CEILING)?;
                self.fees.entry = bps;
            }
            Setting::InstantFee => {
                bounded("instantFee", bps, none, INSTANT_CEILING)?;
                self.fees.instant = bps;
            }
            Setting::ManagementFee => {
                bounded("managementFee", bps, none, MANAGEMENT_CEILING)?;
                self.fees.management = bps;
            }
            Setting::Trigger => {
                bounded("trigger", bps, Bps::new(100), Bps::ALL)?;
                self.terms.trigger = bps;
            }
            Setting::Premium => {
                bounded("premium", bps, none, Bps::new(1_000))?;
                self.terms.premium = bps;
            }
            Setting::MaxSlip => {
                bounded("maxSlip", bps, none, Bps::new(500))?;
                self.terms.max_slip = bps;
            }
            Setting::AuctionDuration => {
                bounded("auctionDuration", bps, Bps::new(600), Bps::new(DAY))?;
                self.terms.duration = value;
            }
        }
        Ok(())
    }

    /// What others do.
    fn happen(&mut self, ctx: Ctx, call: &OutsideCall) -> Result<(), Error> {
        let round = self.outside.agent.round;
        match call {
            OutsideCall::Give { to, asset, units } => self.outside.credit(*to, *asset, *units),
            OutsideCall::Send { to, asset, units } => {
                self.outside.transfer(ctx.caller, *to, *asset, *units)
            }
            OutsideCall::TurnRound { round, rates } => self
                .outside
                .agent
                .turn(*round, &rates.iter().copied().collect()),
            OutsideCall::SetCandidate { candidate, open } => {
                if *open {
                    self.outside.agent.open.insert(*candidate);
                } else {
                    self.outside.agent.open.remove(candidate);
                }
                Ok(())
            }
            OutsideCall::EarnTurn { rate } => {
                self.outside.earn.rate = *rate;
                self.outside.earn.rate_at = ctx.now;
                self.outside.earn.turned = round;
                Ok(())
            }
            OutsideCall::EarnPause(on) => {
                self.outside.earn.paused = *on;
                Ok(())
            }
            OutsideCall::EarnLock(seconds) => {
                self.outside.earn.lock = *seconds;
                Ok(())
            }
            OutsideCall::EarnFunds(funds) => {
                self.outside.earn.funds = *funds;
                Ok(())
            }
            OutsideCall::TicketLoss { account, kept } => {
                self.outside.earn.cut(ticket_account(*account), *kept)
            }
            OutsideCall::Lose { sleeve, units } => {
                let (account, asset, kind) = {
                    let sleeve = self.sleeve(*sleeve)?;
                    (sleeve.account, sleeve.asset, sleeve.kind)
                };
                let mut left = *units;
                if kind == Kind::Core {
                    left = self.lose_delegated(account, left)?;
                }
                let here = self.outside.held(account, asset);
                self.outside.debit(account, asset, left.min(here))
            }
            OutsideCall::Stall { sleeve, on } => {
                if *on {
                    self.outside.stalled.insert(*sleeve);
                } else {
                    self.outside.stalled.remove(sleeve);
                }
                Ok(())
            }
            OutsideCall::Refuse { who, asset, on } => {
                let pair = (*who, *asset);
                if *on {
                    self.outside.refuses.insert(pair);
                } else {
                    self.outside.refuses.remove(&pair);
                }
                Ok(())
            }
            OutsideCall::Post {
                sleeve,
                source,
                price,
                at,
            } => {
                let seen = price.map(|price| Observation { price, at: *at });
                let sources = &mut self.sleeve_mut(*sleeve)?.feed.sources;
                let missing = Error::UnknownSource(*sleeve, *source);
                *sources.get_mut(*source).ok_or(missing)? = seen;
                Ok(())
            }
            OutsideCall::SetRate { sleeve, rate } => {
                self.outside.rates.insert(*sleeve, *rate);
                Ok(())
            }
            OutsideCall::Yield { sleeve, core } => {
                let more = self.outside.yields.entry(*sleeve).or_default();
                *more = more.plus(*core)?;
                Ok(())
            }
        }
    }

    /// Core does not slash (C7); a test may.
    fn lose_delegated(&mut self, account: Address, units: Units) -> Result<Units, Error> {
        let mut left = units;
        for ((who, _), delegation) in &mut self.outside.agent.delegations {
            if *who == account {
                let lost = left.min(delegation.total);
                delegation.total = delegation.total.minus(lost)?;
                delegation.earning = delegation.earning.min(delegation.total);
                left = left.minus(lost)?;
            }
        }
        let agent = self.places.agent;
        self.outside.debit(agent, Asset::Core, units.minus(left)?)?;
        Ok(left)
    }
}
