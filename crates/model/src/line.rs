//! The exit line: closing rungs, funding, payouts, claims.

use crate::{
    Address, Assets, Error, EtaReason, Event, Outcome, RequestId, Role, Rung, Scaled, Shares,
    State, Timestamp, Units,
    exit::Ctx,
    state::{Checkpoint, Line, MARGIN, MARKS_PER_CALL, MAX_AMOUNT, Mark, Minter},
    units::wide,
};
use ruint::aliases::U256;

impl Line {
    /// `openUnits = P - W`.
    #[must_use]
    pub fn open_units(&self) -> Units {
        self.end.min0(self.watermark)
    }

    /// The closed rung.
    #[must_use]
    pub fn rung(&self, id: u64) -> Option<&Rung> {
        usize::try_from(id).ok().and_then(|id| self.rungs.get(id))
    }

    /// Index of the checkpoint `k` with `W_k >= p` and none before it; the last one for what lies beyond.
    #[must_use]
    pub fn checkpoint_at(&self, p: Units) -> usize {
        self.checkpoints
            .partition_point(|checkpoint| checkpoint.watermark < p)
    }

    /// `B(p)`, wei: linear between checkpoints, rounded down.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] for a `p` beyond the watermark.
    pub fn b_down(&self, p: Units) -> Result<Assets, Error> {
        let k = self.checkpoint_at(p);
        let right = self.checkpoints.get(k).ok_or(Error::Arithmetic)?;
        if right.watermark == p {
            return Ok(right.b);
        }
        let left = k
            .checked_sub(1)
            .and_then(|k| self.checkpoints.get(k))
            .ok_or(Error::Arithmetic)?;
        let along = p.minus(left.watermark)?;
        let width = right.watermark.minus(left.watermark)?;
        let part = right
            .b
            .minus(left.b)?
            .mul_div_down(along.raw(), width.raw())?;
        left.b.plus(part)
    }

    /// Gross wei that a rung has been given so far. What other rungs got through `C` before it closed is taken off,
    /// rounded up: the reserve covers all rungs together (promise 1).
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn payout_down(&self, rung: &Rung) -> Result<Assets, Error> {
        let w = self.watermark;
        let mut v = self
            .b_down(rung.end.min(w))?
            .min0(self.b_down(rung.start.min(w))?);
        if rung.end > w {
            v = v.plus(self.c.times_down(rung.end.minus(rung.start.max(w))?)?)?;
        }
        Ok(v.min0(rung.c0.times_up(rung.end.minus(rung.start)?)?))
    }

    /// What a request could claim now: (gross, fee), wei; the fee rounds up. 0 while its rung is open.
    ///
    /// # Errors
    /// [`Error::UnknownRequest`].
    pub fn claimable(&self, id: RequestId) -> Result<(Assets, Assets), Error> {
        let ticket = self.tickets.get(&id).ok_or(Error::UnknownRequest(id))?;
        let Some(rung) = self.rung(id.rung()) else {
            return Ok((Assets::ZERO, Assets::ZERO));
        };
        let entitled = self
            .payout_down(rung)?
            .mul_div_down(ticket.lst.raw(), rung.lst.raw())?;
        let gross = entitled.min0(ticket.paid);
        Ok((gross, rung.fee.of_up(gross)?))
    }

    /// Checkpoints that a claim names: of `min(start, W)` and of `min(end, W)`; (0, 0) while the rung is open.
    ///
    /// # Errors
    /// [`Error::UnknownRequest`].
    pub fn hints(&self, id: RequestId) -> Result<(usize, usize), Error> {
        self.tickets.get(&id).ok_or(Error::UnknownRequest(id))?;
        let Some(rung) = self.rung(id.rung()) else {
            return Ok((0, 0));
        };
        let at = |p: Units| self.checkpoint_at(p.min(self.watermark));
        Ok((at(rung.start), at(rung.end)))
    }

    /// True when every unit of the rung is funded.
    #[must_use]
    pub fn is_done(&self, rung: &Rung) -> bool {
        rung.end <= self.watermark
    }

    /// LST wei of the open stretch up to `end`, rounded up.
    pub(crate) fn open_lst_until_up(&self, end: Units) -> Result<Shares, Error> {
        let part = end.min0(self.watermark);
        if part.is_zero() {
            return Ok(Shares::ZERO);
        }
        self.open_lst
            .mul_div_up(part.raw(), self.open_units().raw())
    }

    /// Marks not done yet whose time has come.
    fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &Mark> {
        self.marks
            .iter()
            .skip(self.marks_done)
            .take_while(move |mark| mark.eta <= now)
    }

    /// Whether the last mark covers the whole line.
    pub(crate) fn marked(&self) -> bool {
        self.marks
            .get(self.marks_done..)
            .and_then(<[Mark]>::last)
            .is_some_and(|mark| mark.units >= self.end)
    }

    /// Promises that are not due yet end: after a loss they are made anew from what is left.
    pub(crate) fn drop_promises(&mut self, now: Timestamp) {
        let due = self.overdue(now).count();
        self.marks.truncate(self.marks_done.saturating_add(due));
    }
}

impl Minter {
    /// Wei that the line has a right to now: the value of everything up to the last mark whose time has come.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn due(&self, now: Timestamp) -> Result<Assets, Error> {
        let line = &self.line;
        let Some(mark) = line.overdue(now).last() else {
            return Ok(Assets::ZERO);
        };
        let part = mark.units.min0(line.watermark);
        if part.is_zero() {
            return Ok(Assets::ZERO);
        }
        let lst = line
            .open_lst
            .mul_div_down(part.raw(), line.open_units().raw())?;
        self.rate.to_assets_down(lst)
    }

    /// Caller has `role`, or the call is open to all since `at`.
    pub(crate) fn keeper(&self, ctx: Ctx, roles: &[Role], at: Timestamp) -> Result<(), Error> {
        if ctx.now >= at || self.has_any(ctx.caller, roles) {
            return Ok(());
        }
        Err(Error::NotKeeper(
            roles.first().copied().unwrap_or(Role::Admin),
            at,
        ))
    }

    pub(crate) fn has_any(&self, account: Address, roles: &[Role]) -> bool {
        roles
            .iter()
            .any(|role| self.roles.contains(&(*role, account)))
    }
}

impl State {
    /// The open rung becomes the end of the line. Units round up: no close raises the value of what is before it.
    pub(crate) fn close_rung(&mut self, ctx: Ctx, out: &mut Outcome) -> Result<(), Error> {
        let m = &mut self.minter;
        let closes_at = m.line.last_closed_at.after(m.params.min_rung_age);
        m.keeper(
            ctx,
            &[Role::Handler],
            closes_at.after(m.params.keeper_grace),
        )?;
        if m.line.staged_lst.is_zero() {
            return Err(Error::NothingStaged);
        }
        if ctx.now < closes_at {
            return Err(Error::RungTooYoung(closes_at));
        }
        let most = Shares::new(MAX_AMOUNT.raw()).min0(m.line.open_lst);
        if m.line.staged_lst > most {
            let (amount, most) = (m.line.staged_lst.raw(), most.raw());
            return Err(Error::AmountTooLarge(
                Assets::new(amount),
                Assets::new(most),
            ));
        }
        if m.waits_for_none()? {
            m.line.next_departure = m.line.next_departure.max(ctx.now);
        }
        let standard = m.params.standard_fee;
        let line = &mut m.line;
        let lst = line.staged_lst;
        let open = line.open_units();
        let units = if open.is_zero() {
            Units::new(lst.raw())
        } else {
            open.mul_div_up(lst.raw(), line.open_lst.raw())?
        };
        let rung = Rung {
            lst,
            count: line.open_count,
            fee: line.rung_fee,
            start: line.end,
            end: line.end.plus(units)?,
            c0: line.c,
        };
        let id = line.open_rung();
        line.rungs.push(rung);
        line.end = rung.end;
        line.open_lst = line.open_lst.plus(lst)?;
        line.staged_lst = Shares::ZERO;
        line.open_count = 0;
        line.last_closed_at = ctx.now;
        line.rung_fee = standard;
        out.tell(Event::RungClosed {
            rung: id,
            lst,
            count: u64::from(rung.count),
            units_end: rung.end,
            c0: rung.c0,
            fee_bps: rung.fee.get(),
        });
        out.words([U256::from(id)])
    }

    /// No registered, unbooked validator is slashed, read in this block.
    pub(crate) fn no_slash(&self) -> Result<(), Error> {
        for (id, _) in self.minter.live() {
            if self.staking.validator(id)?.slashed {
                return Err(Error::SlashNotBooked(id));
            }
        }
        Ok(())
    }

    /// Gives committed and due coins to the head of the line, in order (promise 5). Rounds down what it burns and pays:
    /// the reserve covers every claim (promise 1).
    pub(crate) fn finalize(&mut self, now: Timestamp, out: &mut Outcome) -> Result<Assets, Error> {
        self.no_slash()?;
        let m = &mut self.minter;
        let open = m.line.open_units();
        if open.is_zero() {
            return Ok(Assets::ZERO);
        }
        let value = m.open_value()?;
        let due = m.due(now)?;
        let mut coins = m.line.committed.min(value);
        if !due.is_zero() {
            coins = coins.max(due.plus(MARGIN)?.min(m.headroom));
        }
        coins = coins.min(m.headroom);
        let (du, burn) = if coins >= value {
            (open, m.line.open_lst)
        } else {
            let lst = m.rate.to_shares_down(coins)?;
            let du = open.mul_div_down(lst.raw(), m.line.open_lst.raw())?;
            let burn = m.line.open_lst.mul_div_down(du.raw(), open.raw())?;
            if du.is_zero() || burn.is_zero() {
                return Ok(Assets::ZERO);
            }
            (du, burn)
        };
        let pay = m.rate.to_assets_down(burn)?;
        let line = &mut m.line;
        line.watermark = line.watermark.plus(du)?;
        line.open_lst = line.open_lst.minus(burn)?;
        line.b = line.b.plus(pay)?.plus(line.c.times_down(du)?)?;
        line.checkpoints.push(Checkpoint {
            watermark: line.watermark,
            b: line.b,
        });
        line.committed = line.committed.min0(pay);
        out.tell(Event::LineFunded {
            checkpoint: line.checkpoints.len().saturating_sub(1),
            watermark: line.watermark,
            b: line.b,
            lst: burn,
            coins: pay,
        });
        m.headroom = m.headroom.minus(pay)?;
        m.reserved = m.reserved.plus(pay)?;
        m.cap_committed()?;
        let line = &mut m.line;
        for _ in 0..MARKS_PER_CALL {
            let Some(mark) = line.marks.get(line.marks_done) else {
                break;
            };
            if mark.units > line.watermark {
                break;
            }
            if mark.eta < now {
                out.tell(Event::EtaRevised {
                    reason: EtaReason::StepLate,
                    value: mark.eta.raw(),
                });
            }
            line.marks_done = line.marks_done.saturating_add(1);
        }
        Ok(pay)
    }

    /// `fulfillRequests`: due money first, then pushes.
    pub(crate) fn fulfill_requests(
        &mut self,
        ctx: Ctx,
        users: &[Address],
        ids: &[RequestId],
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let line = &self.minter.line;
        let opens = line
            .marks
            .get(line.marks_done)
            .map_or(Timestamp::NEVER, |mark| {
                mark.eta.after(self.minter.params.keeper_grace)
            });
        self.minter.keeper(ctx, &[Role::Handler], opens)?;
        if users.len() != ids.len() {
            return Err(Error::LengthMismatch(users.len(), ids.len()));
        }
        self.finalize(ctx.now, out)?;
        let (processed, paid) = self.push_all(users, ids, out)?;
        out.words([wide(processed), paid.raw()])
    }

    /// `fulfillProRata`: early money over everything open, then pushes. Only while nothing is due, so no promised time
    /// moves (promise 5).
    pub(crate) fn fulfill_pro_rata(
        &mut self,
        ctx: Ctx,
        users: &[Address],
        ids: &[RequestId],
        max_spend: Assets,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.minter
            .keeper(ctx, &[Role::Handler], Timestamp::NEVER)?;
        if users.len() != ids.len() {
            return Err(Error::LengthMismatch(users.len(), ids.len()));
        }
        self.no_slash()?;
        let spent = self.minter.pay_pro_rata(ctx.now, max_spend, out)?;
        let (processed, paid) = self.push_all(users, ids, out)?;
        out.words([spent.raw(), wide(processed), paid.raw()])
    }

    fn push_all(
        &mut self,
        users: &[Address],
        ids: &[RequestId],
        out: &mut Outcome,
    ) -> Result<(usize, Assets), Error> {
        let (mut processed, mut total) = (0_usize, Assets::ZERO);
        for (user, id) in users.iter().zip(ids) {
            if let Some(paid) = self.push(*user, *id, out)? {
                processed = processed.saturating_add(1);
                total = total.plus(paid)?;
            }
        }
        Ok((processed, total))
    }

    /// One push: skipped unless the whole request is funded, its owner is `user`, and `user` takes pushes.
    fn push(
        &mut self,
        user: Address,
        id: RequestId,
        out: &mut Outcome,
    ) -> Result<Option<Assets>, Error> {
        let line = &self.minter.line;
        let ready = line
            .tickets
            .get(&id)
            .is_some_and(|ticket| ticket.owner == user)
            && line.rung(id.rung()).is_some_and(|rung| line.is_done(rung))
            && self.auto_pay(user);
        if !ready {
            return Ok(None);
        }
        // The owner is called even when nothing is left to pay.
        if self.refusing.contains(&user) {
            out.tell(Event::PushFailed { id, owner: user });
            return Ok(None);
        }
        self.pay_ticket(user, id, user, out).map(Some)
    }

    /// `claimFor`: a push of one request, with a revert where a push skips.
    pub(crate) fn claim_for(&mut self, id: RequestId, out: &mut Outcome) -> Result<(), Error> {
        let line = &self.minter.line;
        let ticket = line.tickets.get(&id).ok_or(Error::UnknownRequest(id))?;
        let owner = ticket.owner;
        if !self.auto_pay(owner) {
            return Err(Error::AutoPayOff(owner));
        }
        if !line.rung(id.rung()).is_some_and(|rung| line.is_done(rung)) {
            return Err(Error::NothingToClaim(id));
        }
        if self.refusing.contains(&owner) {
            let (gross, fee) = line.claimable(id)?;
            return Err(Error::TransferFailed(owner, gross.minus(fee)?));
        }
        let paid = self.pay_ticket(owner, id, owner, out)?;
        out.words([paid.raw()])
    }

    /// `claim`, `claimTo` and `withdraw`. No deadline, no pause.
    pub(crate) fn claim(
        &mut self,
        ctx: Ctx,
        id: RequestId,
        hints: Option<(U256, U256)>,
        recipient: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if recipient.is_zero() {
            return Err(Error::ZeroAddress);
        }
        let line = &self.minter.line;
        line.owned(id, ctx.caller)?;
        let rung = line.rung(id.rung()).ok_or(Error::NothingToClaim(id))?;
        if let Some((a, b)) = hints {
            let (right_a, right_b) = line.hints(id)?;
            if a != wide(right_a) {
                return Err(Error::BadHint(a));
            }
            if b != wide(right_b) {
                return Err(Error::BadHint(b));
            }
        }
        if line.claimable(id)?.0.is_zero() && !line.is_done(rung) {
            return Err(Error::NothingToClaim(id));
        }
        let paid = self.pay_ticket(ctx.caller, id, recipient, out)?;
        out.words([paid.raw()])
    }

    /// Pays what the ticket has and ends it when its rung is done.
    fn pay_ticket(
        &mut self,
        owner: Address,
        id: RequestId,
        recipient: Address,
        out: &mut Outcome,
    ) -> Result<Assets, Error> {
        let m = &mut self.minter;
        let (gross, fee) = m.line.claimable(id)?;
        let done = m
            .line
            .rung(id.rung())
            .is_some_and(|rung| m.line.is_done(rung));
        if done {
            m.line.tickets.remove(&id);
        } else if let Some(ticket) = m.line.tickets.get_mut(&id) {
            ticket.paid = ticket.paid.plus(gross)?;
        }
        let paid = gross.minus(fee)?;
        m.reserved = m.reserved.minus(paid)?;
        m.fees = m.fees.plus(fee)?;
        out.tell(Event::Claimed {
            id,
            owner,
            recipient,
            paid,
            fee,
            done,
        });
        self.send(self.places.minter, recipient, paid)?;
        Ok(paid)
    }
}

impl Minter {
    /// Gives at most `max_spend` of early money to everything open, alike; the wei.
    pub(crate) fn pay_pro_rata(
        &mut self,
        now: Timestamp,
        max_spend: Assets,
        out: &mut Outcome,
    ) -> Result<Assets, Error> {
        let open = self.line.open_units();
        if open.is_zero() || !self.due(now)?.is_zero() {
            return Ok(Assets::ZERO);
        }
        let early = self.headroom.min0(self.line.committed).min0(self.target);
        let coins = max_spend.min(early);
        let most = self.line.open_lst.min0(Shares::of(1));
        let lst = self.rate.to_shares_down(coins)?.min(most);
        let pay = self.rate.to_assets_down(lst)?;
        let step = pay.mul_div_down(crate::units::SCALE, open.raw())?;
        let left = self.line.open_lst.minus(lst)?;
        let worn = open.raw() > left.raw().saturating_mul(U256::from(1_u64 << 20));
        if lst.is_zero() || step.is_zero() || worn {
            return Ok(Assets::ZERO);
        }
        self.line.c = self.line.c.plus(Scaled::new(step.raw()))?;
        self.line.open_lst = left;
        self.headroom = self.headroom.minus(pay)?;
        self.reserved = self.reserved.plus(pay)?;
        self.cap_committed()?;
        out.tell(Event::LinePaidProRata {
            c: self.line.c,
            lst,
            coins: pay,
        });
        Ok(pay)
    }
}
