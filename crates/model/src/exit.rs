//! Deposits and instant exits: what goes through the buffer.

use crate::{
    Address, Assets, BPS, Bps, Error, Event, ExitParams, Outcome, Rate, RequestId, Sale, Shares,
    State, Timestamp, ValidatorId,
    state::{MAX_AMOUNT, METER_WINDOW, Minter, NO_HINT, RUNG_MAX_COUNT, Ticket},
    units::mul_div_up,
};
use ruint::aliases::U256;

/// Who calls, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ctx {
    pub(crate) caller: Address,
    pub(crate) now: Timestamp,
}

/// The instant part of an exit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instant {
    /// LST wei burned for it.
    pub lst: Shares,
    /// Wei that leave headroom.
    pub gross: Assets,
    /// Wei of it that stay in reserve.
    pub fee: Assets,
    /// The meter's level before it.
    pub(crate) leaked: Assets,
}

/// One deposit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deposit {
    pub(crate) coins: Assets,
    pub(crate) recipient: Address,
    pub(crate) hint: Option<ValidatorId>,
    pub(crate) min_out: Shares,
    pub(crate) deadline: Timestamp,
}

impl Deposit {
    /// Without conditions.
    pub(crate) fn plain(coins: Assets, recipient: Address) -> Self {
        Self {
            coins,
            recipient,
            hint: None,
            min_out: Shares::ZERO,
            deadline: Timestamp::NEVER,
        }
    }
}

impl Minter {
    /// Net instant outflow that the meter still remembers at `now`, wei. The leak rounds down: the limit is never
    /// looser than one target a day.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn leak(&self, now: Timestamp) -> Result<Assets, Error> {
        let since = U256::from(now.since(self.meter.updated_at));
        let gone = self.target.mul_div_down(since, U256::from(METER_WINDOW))?;
        Ok(self.meter.level.min0(gone))
    }

    /// Coins that neither the line's own nor its overdue claims take: `A`, wei.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn above_line(&self, now: Timestamp) -> Result<Assets, Error> {
        Ok(self.headroom.min0(self.line.committed.max(self.due(now)?)))
    }

    /// Wei that an instant exit could take now, before flags are read again. Never what is committed to the line or due
    /// (promise 5), never more than one target a day net of deposits.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn instant_liquidity(&self, now: Timestamp) -> Result<Assets, Error> {
        let buffer = self.headroom.plus(self.reserved)?;
        let used = self.reserved.raw().saturating_mul(BPS);
        let most = buffer
            .raw()
            .saturating_mul(self.params.utilization_threshold.raw());
        if now < self.instant_paused_until || self.slash_pending > 0 || used > most {
            return Ok(Assets::ZERO);
        }
        let metered = self.target.min0(self.leak(now)?);
        Ok(self.target.min(self.above_line(now)?).min(metered))
    }

    /// Fee of an instant exit of `g` wei out of `a`, wei, rounded up. The fee at level `x` is
    /// `max - (max - min) * x / T` below the target `T` and `min` above it; this is its integral over the exit, so
    /// splitting an exit gains nothing (promise 3).
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn instant_fee_up(&self, g: Assets, a: Assets, vote_open: bool) -> Result<Assets, Error> {
        let (min, max) = (self.params.min_instant_fee, self.params.max_instant_fee);
        if vote_open {
            return max.of_up(g);
        }
        let t = self.target;
        if t.is_zero() {
            return min.of_up(g);
        }
        let (a1, a0) = (a.min(t), a.minus(g)?.min(t));
        let inside = a1.minus(a0)?;
        let up = g.minus(inside)?;
        // Amounts are below 2^97 each: every term fits 256 bits.
        let wide = |x: U256, y: U256| x.checked_mul(y).ok_or(Error::Arithmetic);
        let add = |x: U256, y: U256| x.checked_add(y).ok_or(Error::Arithmetic);
        let twice = wide(t.raw(), U256::from(2))?;
        let flat = add(wide(min.raw(), up.raw())?, wide(max.raw(), inside.raw())?)?;
        let spread = U256::from(max.get().saturating_sub(min.get()));
        let squares = wide(inside.raw(), add(a1.raw(), a0.raw())?)?;
        let sum = wide(flat, twice)?
            .checked_sub(wide(spread, squares)?)
            .ok_or(Error::Arithmetic)?;
        mul_div_up(sum, U256::from(1), wide(BPS, twice)?).map(Assets::new)
    }
}

impl State {
    /// Mints for `coins` that came with the call. Rounds down: no deposit dilutes others (promise 3).
    pub(crate) fn deposit(
        &mut self,
        ctx: Ctx,
        deposit: Deposit,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let Deposit {
            coins,
            recipient,
            hint,
            min_out,
            deadline,
        } = deposit;
        if ctx.now > deadline {
            return Err(Error::DeadlinePassed(deadline, ctx.now));
        }
        if coins.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if recipient.is_zero() {
            return Err(Error::ZeroAddress);
        }
        if coins > MAX_AMOUNT.min0(self.minter.headroom) {
            return Err(Error::AmountTooLarge(coins, MAX_AMOUNT));
        }
        self.minter.known_hint(hint)?;
        let m = &self.minter;
        if ctx.now < m.deposits_paused_until {
            return Err(Error::Paused(m.deposits_paused_until));
        }
        m.no_pending_slash()?;
        let lst = m.quote_deposit_down(coins)?;
        if lst < min_out {
            return Err(Error::OutBelowMinimum(lst.raw(), min_out.raw()));
        }
        self.move_coins(ctx.caller.into(), self.places.minter.into(), coins)?;
        let leaked = self.minter.leak(ctx.now)?;
        let m = &mut self.minter;
        m.headroom = m.headroom.plus(coins)?;
        if !m.meter.level.is_zero() {
            m.meter.level = leaked.min0(coins);
            m.meter.updated_at = ctx.now;
        }
        self.token.mint(ctx.now, recipient, lst, out)?;
        out.tell(Event::Deposited {
            account: recipient,
            payer: ctx.caller,
            hint: hint_number(hint),
            coins,
            lst,
        });
        out.words([lst.raw()])
    }

    /// What of an exit of `amount` LST would leave by the buffer now: flags read in the same block when it is large or
    /// they are old. Rounds against the caller.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn instant_part(
        &self,
        now: Timestamp,
        amount: Shares,
        instant_max: Shares,
    ) -> Result<Instant, Error> {
        let m = &self.minter;
        let liquidity = m.instant_liquidity(now)?;
        let lst = amount
            .min(instant_max)
            .min(m.rate.to_shares_down(liquidity)?);
        let gross = m.rate.to_assets_down(lst)?;
        if gross.is_zero() {
            return Ok(Instant::default());
        }
        let leaked = m.leak(now)?;
        let small = m.assets()?.mul_div_down(U256::from(1), BPS)?;
        let fresh = now.since(m.synced_at) <= m.params.max_sync_age;
        let mut vote_open = m.vote_open;
        if !fresh || leaked.plus(gross)? > small {
            vote_open = false;
            for (id, _) in m.live() {
                if self.staking.validator(id)?.slashed {
                    return Ok(Instant::default());
                }
                vote_open |= self.staking.votes(id, now).0 > 0;
            }
        }
        let fee = m.instant_fee_up(gross, m.above_line(now)?, vote_open)?;
        Ok(Instant {
            lst,
            gross,
            fee,
            leaked,
        })
    }

    /// One exit over pools, buffer and queue.
    pub(crate) fn redeem(
        &mut self,
        ctx: Ctx,
        amount: Shares,
        p: &ExitParams,
        hint: Option<ValidatorId>,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if ctx.now > p.deadline {
            return Err(Error::DeadlinePassed(p.deadline, ctx.now));
        }
        if amount.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if p.recipient.is_zero() {
            return Err(Error::ZeroAddress);
        }
        self.minter.known_hint(hint)?;
        if !p.amm_max.is_zero() && self.minter.amm_route.is_zero() {
            return Err(Error::AmmNotEnabled);
        }
        let burned = !p.amm_max.is_zero();
        let sale = if burned {
            self.amm_part(ctx, amount, p, out)?
        } else {
            Sale::default()
        };
        let amount = amount.minus(sale.lst)?;
        let instant = self.instant_part(ctx.now, amount, p.instant_max)?;
        if !instant.gross.is_zero() {
            let fee_bps = mul_div_up(instant.fee.raw(), BPS, instant.gross.raw())?;
            if fee_bps > p.fee_limit_bps {
                return Err(Error::FeeAboveLimit(fee_bps, p.fee_limit_bps));
            }
        }
        let pay = instant.gross.minus(instant.fee)?.plus(sale.coins)?;
        if pay < p.min_out_now {
            return Err(Error::OutBelowMinimum(pay.raw(), p.min_out_now.raw()));
        }
        let rest = amount.minus(instant.lst)?;
        if rest > p.queue_max {
            return Err(Error::ExitNotPlaced(rest));
        }
        if !rest.is_zero() && self.minter.line.open_count >= RUNG_MAX_COUNT {
            return Err(Error::RungFull(self.minter.line.open_rung()));
        }
        if !burned {
            self.token.burn(ctx.now, ctx.caller, amount, out)?;
        }
        if !instant.lst.is_zero() {
            let m = &mut self.minter;
            m.headroom = m.headroom.minus(instant.gross)?;
            m.reserved = m.reserved.plus(instant.fee)?;
            m.fees = m.fees.plus(instant.fee)?;
            m.meter.level = instant.leaked.plus(instant.gross)?;
            m.meter.updated_at = ctx.now;
            out.tell(Event::InstantExit {
                account: ctx.caller,
                recipient: p.recipient,
                lst: instant.lst,
                gross: instant.gross,
                fee: instant.fee,
            });
        }
        let id = if rest.is_zero() {
            None
        } else {
            Some(
                self.minter
                    .line
                    .stage(p.recipient, rest, hint_number(hint), out)?,
            )
        };
        self.send(self.places.minter, p.recipient, pay)?;
        out.words([pay.raw(), U256::from(id.map_or(0, RequestId::get))])
    }

    /// `unstake(amount)` and `unstakeFromValidator(amount, hint)`: everything allowed, to the caller.
    pub(crate) fn unstake(
        &mut self,
        ctx: Ctx,
        amount: Shares,
        hint: Option<ValidatorId>,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let params = ExitParams {
            instant_max: amount,
            amm_max: Shares::ZERO,
            queue_max: amount,
            min_out_now: Assets::ZERO,
            fee_limit_bps: Bps::ALL.raw(),
            deadline: ctx.now,
            recipient: ctx.caller,
        };
        self.redeem(ctx, amount, &params, hint, out)
    }

    /// Takes a request back while its rung is open: the line never has holes.
    pub(crate) fn cancel(
        &mut self,
        ctx: Ctx,
        id: RequestId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let line = &mut self.minter.line;
        let ticket = line.owned(id, ctx.caller)?;
        if id.rung() != line.open_rung() {
            return Err(Error::RungNotOpen(id));
        }
        line.tickets.remove(&id);
        line.staged_lst = line.staged_lst.minus(ticket.lst)?;
        self.token.mint(ctx.now, ctx.caller, ticket.lst, out)?;
        out.tell(Event::ExitCancelled {
            id,
            owner: ctx.caller,
            lst: ticket.lst,
        });
        out.words([ticket.lst.raw()])
    }
}

impl Minter {
    /// `SlashNotBooked` for the first known and unbooked slash.
    pub(crate) fn no_pending_slash(&self) -> Result<(), Error> {
        if self.slash_pending == 0 {
            return Ok(());
        }
        let first = self.live().find(|(_, v)| v.slashed).map(|(id, _)| id);
        Err(Error::SlashNotBooked(first.unwrap_or(ValidatorId(NO_HINT))))
    }

    /// A hint steers nobody, but it names a registered validator.
    fn known_hint(&self, hint: Option<ValidatorId>) -> Result<(), Error> {
        hint.map_or(Ok(()), |id| self.validator(id).map(|_| ()))
    }

    /// LST wei that a deposit of `coins` mints, down; refused below the lowest rate and when nothing would be minted.
    pub(crate) fn quote_deposit_down(&self, coins: Assets) -> Result<Shares, Error> {
        if self.rate < Rate::LOWEST {
            return Err(Error::DepositsClosed(self.rate.raw(), Rate::LOWEST.raw()));
        }
        let lst = self.rate.to_shares_down(coins)?;
        if lst.is_zero() {
            Err(Error::ZeroAmount)
        } else {
            Ok(lst)
        }
    }
}

impl crate::Line {
    /// Id of the open rung.
    #[must_use]
    pub fn open_rung(&self) -> u64 {
        crate::units::small(self.rungs.len())
    }

    fn stage(
        &mut self,
        owner: Address,
        lst: Shares,
        hint: u16,
        out: &mut Outcome,
    ) -> Result<RequestId, Error> {
        let seq = self.open_count.saturating_add(1);
        let rung = u32::try_from(self.open_rung()).map_err(|_| Error::Arithmetic)?;
        let id = RequestId::of(rung, seq);
        self.open_count = seq;
        self.staged_lst = self.staged_lst.plus(lst)?;
        self.tickets.insert(
            id,
            Ticket {
                owner,
                lst,
                paid: Assets::ZERO,
            },
        );
        out.tell(Event::ExitRequested {
            id,
            owner,
            lst,
            hint,
        });
        Ok(id)
    }

    /// The ticket, if it is `caller`'s.
    pub(crate) fn owned(&self, id: RequestId, caller: Address) -> Result<Ticket, Error> {
        let ticket = self
            .tickets
            .get(&id)
            .copied()
            .ok_or(Error::UnknownRequest(id))?;
        if ticket.owner == caller {
            Ok(ticket)
        } else {
            Err(Error::NotRequestOwner(id, ticket.owner, caller))
        }
    }
}

/// How events write a hint.
fn hint_number(hint: Option<ValidatorId>) -> u16 {
    hint.map_or(NO_HINT, |id| id.0)
}

/// A fee as bps of what it is taken from, up; 0 of nothing.
pub(crate) fn bps_of(fee: Assets, gross: Assets) -> Result<U256, Error> {
    if gross.is_zero() {
        return Ok(U256::ZERO);
    }
    mul_div_up(fee.raw(), BPS, gross.raw())
}
