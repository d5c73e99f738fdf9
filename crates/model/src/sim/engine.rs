//! Events in order of time: demand, slashes, keepers, samples.

use super::{
    amm::Market,
    ladder::Ladder,
    plan::{Demand, Plan, Problem, What},
    report::{Report, Sample},
};
use crate::{
    Address, Assets, Error, Outcome, Places, RAY, Role, Shares, Staking, State, Timestamp,
    exit::Ctx,
    state::MARGIN,
    units::{mul_div_up, small},
};
use ruint::aliases::U256;
use std::collections::VecDeque;

/// Unix second of the beginning. Its value shows nowhere: results count from it.
const BEGINNING: u64 = 1_700_000_000;
/// Who runs the keepers.
const KEEPER: Address = Address::short(1);
/// Rounds of jobs within one look: each round does something, and what there is to do ends. A bound, not a figure that is
/// ever reached.
const ROUNDS: usize = 1 << 16;

/// A closed rung that is not paid in full.
#[derive(Debug)]
struct Waiting {
    /// Where it ends on the line.
    end: crate::Units,
    promised: Timestamp,
    /// Seconds after the beginning at which each was made.
    requests: Vec<u64>,
}

/// A request that was paid in full; seconds after the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// When it was made.
    pub requested: u64,
    /// By when it was promised as its rung closed.
    pub promised: u64,
    /// When its last coin could be claimed.
    pub paid: u64,
}

/// Looks on while a run goes on. `()` looks away.
pub trait Watch {
    /// The run has come to `at` seconds; told once per sample.
    fn passed(&mut self, at: u64) {
        let _ = at;
    }

    /// A request was paid in full; told in the order of the queue.
    fn paid(&mut self, paid: &Paid) {
        let _ = paid;
    }
}

impl Watch for () {}

/// What is known of a run while it runs.
struct Engine<'p, W> {
    plan: &'p Plan,
    watch: &'p mut W,
    /// The minter's books, without validators: those are in the ladder.
    state: State,
    ladder: Ladder,
    market: Option<Market>,
    now: Timestamp,
    /// When the keepers look next at something that may be due, seconds after the beginning.
    wake: Option<u64>,
    /// First second at which they may look again: once at each of their times.
    rested: u64,
    /// Slashed and not booked: validator, when.
    slashed: Vec<(u16, Timestamp)>,
    open: Vec<u64>,
    waiting: VecDeque<Waiting>,
    report: Report,
    out: Outcome,
}

/// Plays `demand` against `plan`.
///
/// # Errors
/// [`Problem::Plan`] before anything is played; [`Problem::Order`] for demand that goes back in time.
pub fn run<W: Watch>(
    plan: &Plan,
    demand: impl IntoIterator<Item = Demand>,
    watch: &mut W,
) -> Result<Report, Problem> {
    plan.check()?;
    let mut engine = Engine::new(plan, watch)?;
    let mut demand = demand.into_iter().peekable();
    let mut slashes = plan.slashes.iter().peekable();
    let (mut sampled, mut last) = (0_u32, 0_u64);
    loop {
        let sample = (sampled < plan.samples).then(|| {
            let part = u128::from(plan.span).saturating_mul(u128::from(sampled));
            let at = part.checked_div(u128::from(plan.samples)).unwrap_or(0);
            u64::try_from(at).unwrap_or(u64::MAX)
        });
        let next = [
            slashes.peek().map(|slash| (slash.at, Next::Slash)),
            demand.peek().map(|demand| (demand.at, Next::Demand)),
            engine.wake.map(|at| (at, Next::Keeper)),
            sample.map(|at| (at, Next::Sample)),
        ];
        // The first of the earliest: a slash before who comes at the same second, and both before the keepers.
        let next = next.into_iter().flatten().min_by_key(|(at, _)| *at);
        let Some((at, what)) = next.filter(|(at, _)| *at < plan.span) else {
            break;
        };
        engine.advance(at)?;
        match what {
            Next::Slash => {
                if let Some(slash) = slashes.next() {
                    engine.slash(slash.validator);
                }
            }
            Next::Demand => {
                if let Some(demand) = demand.next() {
                    if demand.at < last {
                        return Err(Problem::Order {
                            at: demand.at,
                            before: last,
                        });
                    }
                    last = demand.at;
                    engine.demand(demand.what)?;
                }
            }
            Next::Keeper => engine.look()?,
            Next::Sample => {
                sampled = sampled.saturating_add(1);
                engine.sample()?;
                engine.watch.passed(at);
            }
        }
    }
    engine.advance(plan.span)?;
    engine.watch.passed(plan.span);
    engine.finish()
}

/// What comes next.
#[derive(Clone, Copy)]
enum Next {
    Slash,
    Demand,
    Keeper,
    Sample,
}

impl<'p, W: Watch> Engine<'p, W> {
    fn new(plan: &'p Plan, watch: &'p mut W) -> Result<Self, Problem> {
        let now = Timestamp::new(BEGINNING);
        let staking = Staking {
            min_stake: plan.params.min_stake,
            cooldown: plan.cooldown,
            ..Default::default()
        };
        let mut state = State::initialize(
            Places::default(),
            KEEPER,
            KEEPER,
            Assets::of(1_000_000_000_000_000_000),
            staking,
            now,
        )?;
        state.minter.params = plan.params;
        state.minter.line.rung_fee = plan.params.standard_fee;
        for role in [Role::Handler, Role::Rebalancer] {
            state.minter.roles.insert((role, KEEPER));
        }
        let mut engine = Self {
            plan,
            watch,
            state,
            ladder: Ladder::new(plan.validators, plan.buckets, plan.cooldown),
            market: plan.pool.map(Market::new),
            now,
            wake: None,
            rested: 0,
            slashed: Vec::new(),
            open: Vec::new(),
            waiting: VecDeque::new(),
            report: Report::new(plan.span),
            out: Outcome::default(),
        };
        engine.deposit(plan.pot)?;
        engine.look()?;
        // The pot as it is found is nobody's deposit and no keeper's work.
        engine.report = Report::new(plan.span);
        Ok(engine)
    }

    /// Seconds after the beginning.
    fn at(&self) -> u64 {
        self.now.since(Timestamp::new(BEGINNING))
    }

    /// Time passes, and with it what coins do.
    fn advance(&mut self, at: u64) -> Result<(), Error> {
        let then = Timestamp::new(BEGINNING).after(at);
        let seconds = U256::from(then.since(self.now));
        let m = &self.state.minter;
        for (sum, part) in [
            (&mut self.report.headroom_seconds, m.headroom),
            (&mut self.report.active_seconds, m.active),
            (&mut self.report.cooling_seconds, m.cooling),
        ] {
            *sum = sum.saturating_add(part.raw().saturating_mul(seconds));
        }
        self.now = self.now.max(then);
        Ok(())
    }

    /// The keepers are to look when something is due at `at`, or as soon as they can after it.
    fn wake_at(&mut self, at: Timestamp) {
        if at == Timestamp::NEVER {
            return;
        }
        let due = at.max(self.now).since(Timestamp::new(BEGINNING));
        let look = self.plan.keeper.next_look(due.max(self.rested));
        self.wake = Some(self.wake.map_or(look, |wake| wake.min(look)));
    }

    fn demand(&mut self, what: What) -> Result<(), Error> {
        self.report.events = self.report.events.saturating_add(1);
        match what {
            What::Deposit(coins) => {
                if self.deposit(coins)? {
                    self.report.deposits.add(coins)
                } else {
                    self.report.deposits_refused = self.report.deposits_refused.saturating_add(1);
                    Ok(())
                }
            }
            What::Exit(lst) => self.exit(lst),
        }
    }

    /// As `State::deposit`, without the token's books of each holder; false when it is refused.
    fn deposit(&mut self, coins: Assets) -> Result<bool, Error> {
        let m = &mut self.state.minter;
        let Ok(lst) = m.quote_deposit_down(coins) else {
            return Ok(false);
        };
        if m.slash_pending > 0 || coins > crate::MAX_AMOUNT {
            return Ok(false);
        }
        let leaked = m.leak(self.now)?;
        m.headroom = m.headroom.plus(coins)?;
        if !m.meter.level.is_zero() {
            m.meter.level = leaked.min0(coins);
            m.meter.updated_at = self.now;
        }
        let supply = &mut self.state.token.total_supply;
        *supply = supply.plus(lst)?;
        self.wake_at(self.now);
        Ok(true)
    }

    /// As `State::redeem` with everything allowed, without the books of each holder, and with the pool in front.
    fn exit(&mut self, lst: Shares) -> Result<(), Error> {
        // The permanent seed belongs to nobody.
        let held = self
            .state
            .token
            .total_supply
            .min0(Shares::of(1_000_000_000_000_000_000));
        let amount = lst.min(held);
        if amount.is_zero() {
            self.report.exits_refused = self.report.exits_refused.saturating_add(1);
            return Ok(());
        }
        let rate = self.state.minter.rate;
        self.report.exits.add(rate.to_assets_down(amount)?)?;
        let sold = self.sell(amount)?;
        let rest = amount.minus(sold)?;
        let instant = self.state.instant_part(self.now, rest, rest)?;
        let queued = rest.minus(instant.lst)?;
        let m = &mut self.state.minter;
        if !instant.lst.is_zero() {
            m.headroom = m.headroom.minus(instant.gross)?;
            m.reserved = m.reserved.plus(instant.fee)?;
            m.fees = m.fees.plus(instant.fee)?;
            m.meter.level = instant.leaked.plus(instant.gross)?;
            m.meter.updated_at = self.now;
            self.report.instant.add(instant.gross)?;
            self.report.instant_fees = self.report.instant_fees.plus(instant.fee)?;
        }
        let supply = &mut self.state.token.total_supply;
        // What is sold stays in circulation.
        *supply = supply.minus(rest)?;
        if queued.is_zero() {
            self.report.at_once = self.report.at_once.saturating_add(1);
            self.report.by_buffer = self
                .report
                .by_buffer
                .saturating_add(u64::from(sold.is_zero()));
        } else {
            m.line.open_count = m.line.open_count.saturating_add(1);
            m.line.staged_lst = m.line.staged_lst.plus(queued)?;
            self.open.push(self.now.since(Timestamp::new(BEGINNING)));
            self.report.queue.add(rate.to_assets_down(queued)?)?;
        }
        let m = &self.state.minter;
        if !m.line.staged_lst.is_zero() {
            self.wake_at(m.line.last_closed_at.after(m.params.min_rung_age));
        }
        if self.target_is_stale()? {
            self.wake_at(self.now);
        }
        Ok(())
    }

    /// The AMM part of an exit (specification, section 5): the pool first, as far as it beats the buffer's average.
    fn sell(&mut self, amount: Shares) -> Result<Shares, Error> {
        let m = &self.state.minter;
        let Some(market) = &mut self.market else {
            return Ok(Shares::ZERO);
        };
        if m.slash_pending > 0 {
            return Ok(Shares::ZERO);
        }
        let cap = market.cap(m.rate)?;
        let instant = self.state.instant_part(self.now, amount, amount)?;
        let offer = if instant.lst.is_zero() {
            amount
        } else {
            let pay = instant.gross.minus(instant.fee)?;
            let price = mul_div_up(pay.raw(), RAY, instant.lst.raw())?;
            let bought = market.buys(amount, price.max(cap), m.rate, self.now)?;
            amount.minus(instant.lst.min(amount.minus(bought)?))?
        };
        let sold = market.buys(offer, cap, m.rate, self.now)?;
        if sold.is_zero() {
            return Ok(sold);
        }
        let coins = market.sell(sold, m.rate, self.now)?;
        let worth = m.rate.to_assets_down(sold)?;
        self.report.amm.add(worth)?;
        self.report.amm_loss = self.report.amm_loss.plus(worth.min0(coins))?;
        Ok(sold)
    }

    fn slash(&mut self, validator: u16) {
        self.report.events = self.report.events.saturating_add(1);
        self.slashed.push((validator, self.now));
        self.state.minter.slash_pending = small(self.slashed.len());
        self.wake_at(self.now);
    }

    /// One look of the keepers: all jobs, until there is nothing left to do.
    fn look(&mut self) -> Result<(), Problem> {
        self.wake = None;
        self.rested = self.at().saturating_add(1);
        self.report.events = self.report.events.saturating_add(1);
        self.book_slashes()?;
        if self.state.minter.rate.raw().is_zero() {
            return Err(Problem::Lost { at: self.at() });
        }
        for _ in 0..ROUNDS {
            let acted = [
                self.sweep()?,
                self.close()?,
                self.exit_bus()?,
                self.fulfil()?,
                self.pro_rata()?,
                self.restake()?,
                self.stake_bus()?,
            ];
            self.out.events.clear();
            if acted.iter().all(|acted| !acted) {
                break;
            }
        }
        // What is over is not looked at again.
        let line = &mut self.state.minter.line;
        line.rungs.clear();
        line.checkpoints.clear();
        line.marks.drain(..line.marks_done);
        line.marks_done = 0;
        Ok(self.plan_wake()?)
    }

    /// When something becomes due by the passing of time alone.
    fn plan_wake(&mut self) -> Result<(), Error> {
        let m = &self.state.minter;
        let mut due = Timestamp::NEVER;
        if !m.line.staged_lst.is_zero() {
            due = due.min(m.line.last_closed_at.after(m.params.min_rung_age));
        }
        due = due.min(self.ladder.next_end().unwrap_or(Timestamp::NEVER));
        let soon = self.now.after(1);
        if !m.covered()?
            && let Some(at) = self.ladder.next_departure(m, self.now)
        {
            due = due.min(at);
        }
        if let Some(mark) = m.line.marks.iter().find(|mark| mark.eta > self.now) {
            due = due.min(mark.eta);
        }
        self.wake_at(due.max(soon));
        Ok(())
    }

    fn book_slashes(&mut self) -> Result<(), Error> {
        for (validator, at) in core::mem::take(&mut self.slashed) {
            let supply = self.state.supply()?;
            let m = &mut self.state.minter;
            m.slash_pending = m.slash_pending.saturating_sub(1);
            if let Some(loss) = self.ladder.slash(m, validator, at)? {
                m.after_loss(loss, &mut self.out, supply, self.now)?;
                self.report.losses = self.report.losses.plus(loss)?;
                count(&mut self.report.operations.bookings, 1);
            }
        }
        Ok(())
    }

    fn sweep(&mut self) -> Result<bool, Error> {
        let m = &mut self.state.minter;
        let swept = self.ladder.sweep(m, self.now)?;
        m.credit(swept.amount)?;
        for buckets in &swept.by_validator {
            let page = self.plan.keeper.sweep_page.max(1);
            count(&mut self.report.operations.sweeps, buckets.div_ceil(page));
            count(&mut self.report.operations.swept, *buckets);
        }
        Ok(!swept.by_validator.is_empty())
    }

    fn close(&mut self) -> Result<bool, Error> {
        let m = &self.state.minter;
        let opens = m.line.last_closed_at.after(m.params.min_rung_age);
        if m.line.staged_lst.is_zero() || self.now < opens {
            return Ok(false);
        }
        let ctx = Ctx {
            caller: KEEPER,
            now: self.now,
        };
        match self.state.close_rung(ctx, &mut self.out) {
            // The line is full: the rung waits until it was paid enough.
            Err(Error::AmountTooLarge(..)) => return Ok(false),
            other => other?,
        }
        let m = &self.state.minter;
        self.waiting.push_back(Waiting {
            end: m.line.end,
            promised: self.ladder.promise(m, self.now)?,
            requests: core::mem::take(&mut self.open),
        });
        count(&mut self.report.operations.closes, 1);
        Ok(true)
    }

    fn exit_bus(&mut self) -> Result<bool, Error> {
        let m = &mut self.state.minter;
        let covered = m.covered()?;
        let unpromised = m.line.end > m.line.watermark && !m.line.marked();
        if covered && !unpromised {
            return Ok(false);
        }
        let target = m.target;
        m.refresh_target(&mut self.out)?;
        let uncovered = m.open_value()?.min0(m.cooling).min0(m.line.committed);
        let (mut netted, mut departed) = (Assets::ZERO, Assets::ZERO);
        if !uncovered.is_zero() {
            netted = m.net(uncovered, &mut self.out)?;
            let need = uncovered.plus(MARGIN)?.minus(netted)?;
            if need > MARGIN {
                let done = self.ladder.depart(m, uncovered, need, self.now)?;
                departed = done.amount;
                count(&mut self.report.operations.departures, done.buckets);
            }
        }
        if netted.is_zero() && departed.is_zero() && !(covered && unpromised) {
            // Keepers simulate first and do not send what moves nothing.
            m.target = target;
            return Ok(false);
        }
        m.mark_line(!departed.is_zero(), self.now, &mut self.out)?;
        count(&mut self.report.operations.exit_buses, 1);
        Ok(true)
    }

    fn fulfil(&mut self) -> Result<bool, Error> {
        let m = &self.state.minter;
        let (value, due) = (m.open_value()?, m.due(self.now)?);
        let coins = m.line.committed.min(value).max(due).min(m.headroom);
        let worth = coins >= self.plan.keeper.fulfil_least || coins >= value || !due.is_zero();
        if m.line.open_lst.is_zero() || coins.is_zero() || !worth {
            return Ok(false);
        }
        // Keepers simulate first: dust may burn a wei of LST for no coin, and that they do not send.
        if coins < MARGIN
            && self
                .state
                .clone()
                .finalize(self.now, &mut self.out)?
                .is_zero()
        {
            return Ok(false);
        }
        if self.state.finalize(self.now, &mut self.out)?.is_zero() {
            return Ok(false);
        }
        count(&mut self.report.operations.finalizations, 1);
        let watermark = self.state.minter.line.watermark;
        while let Some(rung) = self.waiting.front().filter(|rung| rung.end <= watermark) {
            settle(&mut self.report, self.watch, rung, self.now);
            self.waiting.pop_front();
        }
        Ok(true)
    }

    fn pro_rata(&mut self) -> Result<bool, Error> {
        let m = &mut self.state.minter;
        let line = &m.line;
        if line.open_lst.is_zero() || !m.covered()? || !m.due(self.now)?.is_zero() {
            return Ok(false);
        }
        let early = m.headroom.min0(line.committed.plus(m.target)?);
        let most = m.rate.to_assets_down(line.open_lst.min0(Shares::of(1)))?;
        if early.min(most) < self.plan.keeper.fulfil_least || early.is_zero() {
            return Ok(false);
        }
        let paid = m.pay_pro_rata(self.now, early, &mut self.out)?;
        self.report.early_money = self.report.early_money.plus(paid)?;
        count(
            &mut self.report.operations.pro_ratas,
            u64::from(!paid.is_zero()),
        );
        Ok(!paid.is_zero())
    }

    /// Stake that neither queue nor buffer waits for stays at work.
    fn restake(&mut self) -> Result<bool, Error> {
        let m = &mut self.state.minter;
        let staged = m.rate.to_assets_down(m.line.staged_lst)?;
        let queue = m.open_value()?.plus(staged)?.plus(MARGIN)?;
        let free = m.cooling.plus(m.line.committed)?.min0(queue);
        let most = free.min0(m.target.min0(m.headroom.min0(m.line.committed)));
        let least = m.params.min_stake;
        if most < least {
            return Ok(false);
        }
        let amount = self.ladder.restake(m, most, least, self.now)?;
        count(
            &mut self.report.operations.restakes,
            u64::from(!amount.is_zero()),
        );
        Ok(!amount.is_zero())
    }

    /// More than 1 % away from its share of the assets.
    fn target_is_stale(&self) -> Result<bool, Error> {
        let m = &self.state.minter;
        let wanted = m.params.withhold.of_down(m.assets()?)?.raw();
        let off = wanted
            .abs_diff(m.target.raw())
            .saturating_mul(U256::from(100));
        Ok(off > wanted)
    }

    fn stake_bus(&mut self) -> Result<bool, Error> {
        let stale = self.target_is_stale()?;
        let m = &mut self.state.minter;
        let free = m.free_to_stake(self.now)?;
        if !stale && (free < m.params.min_stake || free.is_zero()) {
            return Ok(false);
        }
        let target = m.target;
        m.refresh_target(&mut self.out)?;
        let free = m.free_to_stake(self.now)?;
        let (stakes, _) = self.ladder.stake(m, free, self.now)?;
        if stakes == 0 && !stale {
            m.target = target;
            return Ok(false);
        }
        count(&mut self.report.operations.stake_buses, 1);
        count(&mut self.report.operations.stakes, stakes);
        Ok(true)
    }

    fn sample(&mut self) -> Result<(), Error> {
        let m = &self.state.minter;
        let waiting = self.waiting.iter().map(|rung| rung.requests.len());
        let waiting = waiting.fold(self.open.len(), usize::saturating_add);
        self.report.samples.push(Sample {
            at: self.at(),
            headroom: m.headroom,
            target: m.target,
            active: m.active,
            cooling: m.cooling,
            queued: m.total_queued()?,
            waiting: small(waiting),
        });
        Ok(())
    }

    /// Nobody comes any more; who waits is waited for. What is done then counts for nobody.
    fn finish(mut self) -> Result<Report, Problem> {
        self.report.supply = self.state.token.total_supply;
        let counted = Report {
            samples: Vec::new(),
            ..self.report.clone()
        };
        // Longer than any ladder needs once nobody joins: every bucket departs, one after another.
        let patience = self
            .plan
            .cooldown
            .saturating_add(self.plan.params.safety)
            .saturating_mul(4)
            .saturating_add(self.plan.params.interval)
            .saturating_add(self.plan.params.keeper_grace.saturating_mul(4));
        let last = self.plan.span.saturating_add(patience);
        while (!self.waiting.is_empty() || !self.open.is_empty())
            && let Some(at) = self.wake.filter(|at| *at <= last)
        {
            self.advance(at)?;
            self.look()?;
        }
        let left = self.waiting.iter().map(|rung| rung.requests.len());
        let unpaid = small(left.fold(self.open.len(), usize::saturating_add));
        Ok(Report {
            waits: self.report.waits,
            promises: self.report.promises,
            samples: self.report.samples,
            unpaid,
            ..counted
        })
    }
}

fn count(counter: &mut u64, by: u64) {
    *counter = counter.saturating_add(by);
}

/// A rung is paid in full.
fn settle(report: &mut Report, watch: &mut impl Watch, rung: &Waiting, now: Timestamp) {
    let beginning = Timestamp::new(BEGINNING);
    let late = now.since(rung.promised);
    let promises = &mut report.promises;
    for requested in &rung.requests {
        let paid = Paid {
            requested: *requested,
            promised: rung.promised.since(beginning),
            paid: now.since(beginning),
        };
        watch.paid(&paid);
        report.waits.add(paid.paid.saturating_sub(paid.requested));
        if late == 0 {
            count(&mut promises.kept, 1);
            promises.early.add(paid.promised.saturating_sub(paid.paid));
        } else {
            count(&mut promises.broken, 1);
            promises.latest = promises.latest.max(late);
        }
    }
}
