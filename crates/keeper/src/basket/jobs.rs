//! The basket's jobs: what is to be done, from a view alone. Pure; no I/O, no clock.

use super::{
    BasketView, DAY, DUSK, Reading, STUCK, SleeveKind, SleeveView, StakeReading, StakeView, TURN,
    outside::IMarks,
    view::{IMPAIRED, NATIVE, ONE, OUT, SOUND, WAITING},
};
use crate::{
    Config, Job, Plan, Target,
    jobs::{hash, pays},
};
use alloy::{
    primitives::{Address, B256, U256},
    sol_types::{SolCall, SolEvent},
};
use chain::{
    BasketContracts, Receipt,
    bindings::{IBasket as B, ICoreSleeve, IPriceFeed, IUnbondingQueue as Q},
};

/// Between two readings that count, and the longest that one counts, seconds: the basket's rule.
const READING_GAP: u64 = 3_600;
const READING_LIFE: u64 = 86_400;
/// A whole of basis points.
const BPS: u64 = 10_000;
/// Gas of an observation besides its sources, and of each of those.
const OBSERVE_GAS: u64 = 150_000;
const OBSERVE_GAS_EACH: u64 = 300_000;
/// Stake that a slot holds.
const STAKE_BITS: usize = 88;

/// What a job comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To be done now.
    Do(Plan),
    /// Due, but it waits for somebody else.
    Wait {
        /// The job.
        job: Job,
        /// What for.
        target: Target,
        /// What it waits for, in words.
        reason: String,
        /// When that may be, unix seconds, where it is known.
        until: Option<u64>,
    },
}

/// Collects steps.
struct Steps<'v> {
    job: Job,
    view: &'v BasketView,
    asked: Option<Target>,
    list: Vec<Step>,
}

impl Steps<'_> {
    fn act(
        &mut self,
        target: Target,
        to: Address,
        call: &impl SolCall,
        reason: String,
    ) -> Option<&mut Plan> {
        let precondition = counter(self.job, target, self.view)?;
        self.list.push(Step::Do(Plan {
            job: self.job,
            target,
            precondition,
            to,
            call: call.abi_encode().into(),
            or_else: None,
            value: None,
            gas_least: 0,
            reason,
        }));
        match self.list.last_mut() {
            Some(Step::Do(plan)) => Some(plan),
            _ => None,
        }
    }

    fn wait(&mut self, target: Target, reason: String, until: Option<u64>) {
        self.list.push(Step::Wait {
            job: self.job,
            target,
            reason,
            until,
        });
    }

    fn is_asked(&self, target: Target) -> bool {
        self.asked
            .is_some_and(|asked| asked == target || asked == Target::All)
    }
}

/// The counter that a call of this job advances, as of the view; `None` when the target does not exist.
#[must_use]
pub fn counter(job: Job, target: Target, view: &BasketView) -> Option<B256> {
    Some(match (job, target) {
        (Job::Reconcile, Target::Account { sleeve, account }) => {
            let stakes = validators(view.sleeve(sleeve)?)?;
            let one = stakes.iter().find(|one| one.account == account)?;
            hash([one.stake, one.told?])
        }
        // A round's second harvest is another generation of the same counter.
        (Job::BasketHarvest, Target::Sleeve(id)) => view.sleeve(id)?.info.round.into(),
        (Job::CloseEpoch, Target::All) => U256::from(view.open.id).into(),
        (Job::StartLeg | Job::CollectLeg, Target::Leg { epoch, sleeve }) => {
            let (leg, _) = view.leg(epoch, sleeve)?;
            hash([
                U256::from(leg.info.state),
                leg.info.ticket,
                leg.info.recovered,
            ])
        }
        (Job::DeliverLeg, Target::Account { sleeve, account }) => {
            let mut waiting = view.waiting.iter();
            let leg = waiting.find(|leg| leg.owner == account && leg.sleeve == sleeve)?;
            leg.parts.into()
        }
        (Job::DelegateIdle, Target::Sleeve(id)) => {
            let stakes = validators(view.sleeve(id)?)?;
            let booked = stakes
                .iter()
                .fold(U256::ZERO, |sum, one| sum.saturating_add(one.stake));
            hash([U256::from(view.today()), booked])
        }
        (Job::MoveStake, Target::Account { sleeve, account }) => {
            let stakes = validators(view.sleeve(sleeve)?)?;
            let one = stakes.iter().find(|one| one.account == account)?;
            let reading = match one.reading {
                None => U256::ZERO,
                Some(StakeReading::First) => U256::ONE,
                Some(StakeReading::Second) => U256::from(2),
                Some(StakeReading::Young(from)) => U256::from(from),
            };
            hash([one.stake, reading])
        }
        (Job::ObservePrices, Target::Sleeve(id)) => {
            U256::from(view.sleeve(id)?.price.as_ref()?.seen_at).into()
        }
        (Job::ObservePrices, Target::Account { sleeve, account }) => {
            let guard = view.sleeve(sleeve)?.price.as_ref()?.guard.as_ref()?;
            if guard.address != account {
                return None;
            }
            U256::from(guard.marked_at).into()
        }
        (Job::NoteDrift, Target::All) => U256::from(view.drift.last.at).into(),
        (Job::StartAuction, Target::All) => view.auction.id.into(),
        (Job::EndAuction, Target::All) => hash([view.auction.id, U256::from(view.auction.endable)]),
        (Job::CollectFees, Target::All) => view.fee_shares.into(),
        (Job::CollectFees, Target::Sleeve(id)) => view.sleeve(id)?.info.feeUnits.into(),
        _ => return None,
    })
}

/// What the job would do now, and what of it waits. `asked`: somebody asked for it, so its own cadence does not count; the chain's
/// rules do.
#[must_use]
pub fn plan(job: Job, view: &BasketView, config: &Config, asked: Option<Target>) -> Vec<Step> {
    let mut steps = Steps {
        job,
        view,
        asked,
        list: Vec::new(),
    };
    match job {
        Job::Reconcile => reconcile(&mut steps),
        Job::BasketHarvest => harvest(&mut steps, config),
        Job::CloseEpoch => close(&mut steps),
        Job::StartLeg => start_legs(&mut steps),
        Job::CollectLeg => collect_legs(&mut steps),
        Job::DeliverLeg => deliver(&mut steps, config),
        Job::DelegateIdle => delegate(&mut steps, config),
        Job::MoveStake => move_stake(&mut steps),
        Job::ObservePrices => observe(&mut steps, config),
        Job::NoteDrift => note_drift(&mut steps, config),
        Job::EndAuction => end_auction(&mut steps),
        Job::StartAuction => start_auction(&mut steps, config),
        Job::CollectFees => collect_fees(&mut steps, config),
        // The minter's.
        _ => {}
    }
    steps.list
}

// ---------------------------------------------------------------------------------------------------------------- dawn

/// What the staking system says it has of us is not what is booked: a leg that asks for what is not there would fail, and what is
/// there again earns for nobody.
fn reconcile(steps: &mut Steps<'_>) {
    let view = steps.view;
    for sleeve in &view.sleeves {
        for one in validators(sleeve).unwrap_or_default() {
            let Some(told) = one.told.filter(|told| *told != one.stake) else {
                continue;
            };
            let target = Target::Account {
                sleeve: sleeve.id,
                account: one.account,
            };
            let call = ICoreSleeve::reconcileCall {
                validator: one.account,
            };
            let reason = format!("{} wei are booked and {told} are there", one.stake);
            steps.act(target, sleeve.info.sleeve, &call, reason);
        }
    }
}

/// Once a round for each sleeve, when the round has turned; again for what came after it, and at once for a loss that shows.
fn harvest(steps: &mut Steps<'_>, config: &Config) {
    let view = steps.view;
    let (basket, today) = (view.contracts.basket, view.today());
    let mut sleeves: Vec<&SleeveView> = view.sleeves.iter().collect();
    // Losses first.
    sleeves.sort_by_key(|sleeve| sleeve.loss().is_none());
    for sleeve in sleeves {
        // Nothing is in it for anybody.
        if sleeve.info.retired || sleeve.info.parts.is_zero() {
            continue;
        }
        let (target, id) = (Target::Sleeve(sleeve.id), U256::from(sleeve.id));
        let (call, book) = (
            B::harvestCall { sleeve: id },
            B::bookLossCall { sleeve: id },
        );
        let core = match &sleeve.kind {
            SleeveKind::Core(core) => Some(core),
            _ => None,
        };
        if sleeve.info.round < U256::from(today) {
            // What is harvested before the turn is the last round's; the rewards of this one would lie until tomorrow.
            if core.is_some_and(|core| has_not_turned(view, core.round)) {
                let until = view.dawn().saturating_add(TURN);
                let reason = format!("round {today} has not begun at the staking system");
                steps.wait(target, reason, Some(until));
                continue;
            }
            let reason = format!("round {today} is not harvested");
            if let Some(plan) = steps.act(target, basket, &call, reason)
                && sleeve.loss().is_some()
            {
                // A loss is booked even where nothing can be claimed.
                plan.or_else = Some(book.abi_encode().into());
            }
        } else if sleeve.loss().is_some() && validators(sleeve).is_some_and(is_found) {
            // Not lost, only not booked again yet.
            steps.wait(target, "stake that is there again".to_owned(), None);
        } else if let Some(lost) = sleeve.loss() {
            steps.act(
                target,
                basket,
                &book,
                format!("{lost} units of the books are gone"),
            );
        } else if let Some(gain) = core
            .map(|core| core.gain)
            .filter(|gain| *gain >= U256::from(config.basket_harvest_least.max(1)))
        {
            let reason = format!("{gain} wei came after the round's harvest");
            steps.act(target, basket, &call, reason);
        } else if steps.asked == Some(target) {
            steps.act(target, basket, &call, "asked for".to_owned());
        }
    }
}

/// The staking system has more with one of them than is booked, and it was booked before.
fn is_found(list: &[StakeView]) -> bool {
    list.iter()
        .any(|one| one.told.is_some_and(|told| told > one.stake))
}

/// The day has begun and the staking system's round has not; it does within [`TURN`], or nobody waits for it.
fn has_not_turned(view: &BasketView, round: Option<u64>) -> bool {
    round.is_some_and(|round| round < view.today()) && view.now() < view.dawn().saturating_add(TURN)
}

fn close(steps: &mut Steps<'_>) {
    let view = steps.view;
    if view.open.due_at.is_some_and(|due| view.now() >= due) {
        let reason = format!(
            "epoch {} with {} shares is due",
            view.open.id, view.open.shares
        );
        steps.act(
            Target::All,
            view.contracts.queue,
            &Q::closeEpochCall {},
            reason,
        );
    }
}

/// Why a leg's own way cannot start now, and until when.
fn cannot_start(
    view: &BasketView,
    sleeve: &SleeveView,
    units: U256,
) -> Option<(String, Option<u64>)> {
    match &sleeve.kind {
        SleeveKind::Core(core) if has_not_turned(view, core.round) => Some((
            format!("round {} has not begun at the staking system", view.today()),
            Some(view.dawn().saturating_add(TURN)),
        )),
        // Otherwise it ends in stCORE at once, for which nobody needs Earn.
        SleeveKind::StCore(earn) if earn.terms_hold && units >= earn.least => {
            earn_is_late(view, earn.round).map(|why| (why, None))
        }
        _ => None,
    }
}

/// Earn does nothing in a round that its operator has not settled.
fn earn_is_late(view: &BasketView, settled: Option<u64>) -> Option<String> {
    let (running, settled) = (view.running_round()?, settled?);
    (settled < running)
        .then(|| format!("Earn's operator has settled round {settled} and not yet round {running}"))
}

fn start_legs(steps: &mut Steps<'_>) {
    let (view, queue) = (steps.view, steps.view.contracts.queue);
    for epoch in &view.epochs {
        for leg in epoch.legs.iter().filter(|leg| leg.info.state == WAITING) {
            let Some(sleeve) = view.sleeve(leg.sleeve) else {
                continue;
            };
            let target = Target::Leg {
                epoch: epoch.id,
                sleeve: leg.sleeve,
            };
            let (id, index) = (U256::from(epoch.id), U256::from(leg.sleeve));
            let units = sleeve.units_of(leg.info.parts);
            let own_way = Q::startLegCall {
                epoch: id,
                sleeve: index,
            };
            let in_kind = Q::startInKindCall {
                epoch: id,
                sleeve: index,
            };
            let stuck_at = epoch.closed_at.saturating_add(STUCK);
            let stuck = view.now() >= stuck_at;
            match cannot_start(view, sleeve, units) {
                None => {
                    let reason = format!("{units} units leave");
                    if let Some(plan) = steps.act(target, queue, &own_way, reason)
                        && stuck
                    {
                        // Its own way is worth more to who leaves; when that is still shut, what it is of.
                        plan.or_else = Some(in_kind.abi_encode().into());
                    }
                }
                Some((why, _)) if stuck => {
                    let reason = format!("{units} units leave in kind: for 7 days, {why}");
                    steps.act(target, queue, &in_kind, reason);
                }
                Some((why, until)) => {
                    let until = until.map_or(stuck_at, |until| until.min(stuck_at));
                    steps.wait(target, why, Some(until));
                }
            }
        }
    }
}

fn collect_legs(steps: &mut Steps<'_>) {
    let (view, queue) = (steps.view, steps.view.contracts.queue);
    for epoch in &view.epochs {
        for leg in epoch.legs.iter().filter(|leg| leg.info.state == OUT) {
            let Some(sleeve) = view.sleeve(leg.sleeve) else {
                continue;
            };
            let target = Target::Leg {
                epoch: epoch.id,
                sleeve: leg.sleeve,
            };
            // Paid strictly after its time.
            if let Some(due) = leg.due_at.filter(|due| view.now() <= *due) {
                let reason = format!("its ticket is locked until {due}");
                steps.wait(target, reason, Some(due.saturating_add(1)));
                continue;
            }
            if let SleeveKind::StCore(earn) = &sleeve.kind
                && let Some(why) = earn_is_late(view, earn.round)
            {
                steps.wait(target, why, None);
                continue;
            }
            let call = Q::collectCall {
                epoch: U256::from(epoch.id),
                sleeve: U256::from(leg.sleeve),
            };
            let reason = format!("ticket {} may have come", leg.info.ticket);
            steps.act(target, queue, &call, reason);
        }
    }
}

/// Legs in kind that wait: anybody's call pays them to whom their owner named. Dust is left to its owner.
fn deliver(steps: &mut Steps<'_>, config: &Config) {
    let view = steps.view;
    let least = U256::from(config.deliver_least);
    let worth = |leg: &super::WaitingLeg| {
        let sleeve = view.sleeve(leg.sleeve)?;
        Some((
            sleeve.units_of(leg.parts),
            sleeve.worth(sleeve.units_of(leg.parts)),
        ))
    };
    let large = view.waiting.iter().filter_map(|leg| {
        let (units, value) = worth(leg)?;
        value
            .is_none_or(|value| value >= least)
            .then_some((leg, units, value))
    });
    for (leg, units, value) in large.take(config.deliver_page) {
        let call = B::deliverLegCall {
            owner: leg.owner,
            sleeve: U256::from(leg.sleeve),
        };
        let target = Target::Account {
            sleeve: leg.sleeve,
            account: leg.owner,
        };
        let reason = format!("{units} units wait for their owner");
        if let Some(plan) = steps.act(target, view.contracts.basket, &call, reason) {
            plan.value = value;
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------- dusk

fn validators(sleeve: &SleeveView) -> Option<&[StakeView]> {
    match &sleeve.kind {
        SleeveKind::Core(core) => Some(&core.validators),
        _ => None,
    }
}

fn delegate(steps: &mut Steps<'_>, config: &Config) {
    let (view, today) = (steps.view, steps.view.today());
    if view.now() < view.dawn().saturating_add(DUSK) {
        return;
    }
    for sleeve in view.sleeves.iter().filter(|sleeve| !sleeve.info.retired) {
        let (SleeveKind::Core(core), Some(idle)) = (&sleeve.kind, sleeve.idle) else {
            continue;
        };
        let target = Target::Sleeve(sleeve.id);
        // What exits are owed stays, too; how much of it is a leg in kind, only the basket knows. It says so when it is asked.
        let kept = view
            .floor
            .saturating_add(view.buffer)
            .saturating_add(sleeve.info.feeUnits);
        let free = idle.saturating_sub(kept);
        if free < core.least.max(U256::from(config.delegate_least)) {
            continue;
        }
        if core.round.is_some_and(|round| round != today) {
            let reason = format!("round {today} has not begun at the staking system");
            steps.wait(target, reason, None);
        } else if !core.validators.iter().any(StakeView::is_sound) {
            let reason = "no validator of the sleeve takes stake and earns".to_owned();
            steps.wait(target, reason, None);
        } else {
            let call = B::delegateIdleCall {
                sleeve: U256::from(sleeve.id),
            };
            // Not the amount: it changes with every deposit, and a reason is news when it changes.
            let reason = "coins are idle at dusk".to_owned();
            steps.act(target, view.contracts.basket, &call, reason);
        }
    }
}

impl StakeView {
    /// Whether the sleeve would give it stake.
    pub(crate) fn is_sound(&self) -> bool {
        self.weight != 0 && self.takes && self.elected
    }

    /// What is wrong with it, in a word.
    fn fault(&self) -> &'static str {
        if self.jailed {
            "is jailed"
        } else if !self.takes {
            "is gone or takes no stake"
        } else if !self.elected {
            "is not elected"
        } else {
            "has no weight any more"
        }
    }
}

/// What each validator should have by its weight: nothing where it takes nothing. As the sleeve reckons it.
pub(crate) fn targets(list: &[StakeView]) -> Vec<U256> {
    let sum = list
        .iter()
        .fold(U256::ZERO, |sum, one| sum.saturating_add(one.stake));
    let sound = list.iter().filter(|one| one.is_sound());
    let weights = sound.fold(0_u64, |sum, one| sum.saturating_add(one.weight));
    let share = |one: &StakeView| {
        if !one.is_sound() {
            return U256::ZERO;
        }
        let part = sum.saturating_mul(U256::from(one.weight));
        part.checked_div(U256::from(weights)).unwrap_or_default()
    };
    list.iter().map(share).collect()
}

/// Sound, and further over its weight than it may be.
pub(crate) fn is_over(one: &StakeView, target: U256, drift_bps: U256) -> bool {
    let most = U256::from(BPS).saturating_add(drift_bps);
    one.is_sound() && one.stake.saturating_mul(U256::from(BPS)) > target.saturating_mul(most)
}

/// What `moveStake` would take from the validator at `from`, as the sleeve reckons it; `None` when it would refuse.
fn movable(list: &[StakeView], from: usize, least: U256) -> Option<U256> {
    let shares = targets(list);
    let (one, target) = (list.get(from)?, *shares.get(from)?);
    let (to, lacks) = list
        .iter()
        .zip(&shares)
        .enumerate()
        .filter(|(index, (other, _))| *index != from && other.is_sound())
        .map(|(_, (other, share))| (other, share.saturating_sub(other.stake)))
        // The first of those that lack most.
        .reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    let mut moved = one.stake.saturating_sub(target).min(lacks.max(least));
    // What stays must be able to leave later.
    if one.stake.saturating_sub(moved) < least {
        moved = one.stake;
    }
    let room = (U256::ONE << STAKE_BITS)
        .saturating_sub(U256::ONE)
        .saturating_sub(to.stake);
    let refused = moved.is_zero() || (moved < least && moved != one.stake) || moved > room;
    (!refused).then_some(moved)
}

/// Away from validators that earn nothing, at once; from sound ones that are over their weight at the second reading. One a
/// sleeve at a time: each move changes what the others lack.
fn move_stake(steps: &mut Steps<'_>) {
    let view = steps.view;
    for sleeve in &view.sleeves {
        let SleeveKind::Core(core) = &sleeve.kind else {
            continue;
        };
        let list = &core.validators;
        let shares = targets(list);
        let target_of = |one: &StakeView| Target::Account {
            sleeve: sleeve.id,
            account: one.account,
        };
        let mut lost: Vec<(usize, &StakeView)> = list
            .iter()
            .enumerate()
            .filter(|(_, one)| !one.is_sound() && !one.stake.is_zero())
            .collect();
        lost.sort_by_key(|(index, one)| (std::cmp::Reverse(one.stake), *index));
        let call = |one: &StakeView| ICoreSleeve::moveStakeCall { from: one.account };
        let mut moves = false;
        for (index, one) in &lost {
            match movable(list, *index, core.least) {
                Some(moved) if !moves => {
                    moves = true;
                    let reason = format!("it {}: {moved} wei move to a sound one", one.fault());
                    steps.act(target_of(one), sleeve.info.sleeve, &call(one), reason);
                }
                Some(_) => {}
                None => {
                    let reason = format!("it {}, and no validator can take its stake", one.fault());
                    steps.wait(target_of(one), reason, None);
                }
            }
        }
        if moves {
            continue;
        }
        let over = list
            .iter()
            .zip(shares)
            .enumerate()
            .filter_map(|(index, (one, target))| {
                let over = is_over(one, target, core.drift_bps);
                over.then_some((index, one, one.reading?))
            });
        for (index, one, reading) in over {
            if let StakeReading::Young(from) = reading {
                let reason =
                    format!("it is over its weight, the second reading counts from {from}");
                steps.wait(target_of(one), reason, Some(from));
                continue;
            }
            let what = match (reading, movable(list, index, core.least)) {
                // The sleeve notes a first reading before it asks whether anything can move.
                (StakeReading::First, _) => "it is over its weight: the first reading".to_owned(),
                (_, Some(moved)) => {
                    format!("it is over its weight a second time: {moved} wei move")
                }
                (_, None) => continue,
            };
            steps.act(target_of(one), sleeve.info.sleeve, &call(one), what);
            break;
        }
    }
}

// -------------------------------------------------------------------------------------------------------------- prices

/// Each price once an hour, at once when it is impaired and the feed has not noted it; and the marks of its guard.
fn observe(steps: &mut Steps<'_>, config: &Config) {
    let (view, now) = (steps.view, steps.view.now());
    let Some(feed) = view.contracts.feed else {
        return;
    };
    let mut seen: Vec<Address> = Vec::new();
    for sleeve in view.sleeves.iter().filter(|sleeve| !sleeve.info.retired) {
        let Some(price) = sleeve.price.as_ref() else {
            continue;
        };
        let asset = sleeve.info.token;
        if let Some(guard) = price.guard.filter(|guard| !seen.contains(&guard.address)) {
            seen.push(guard.address);
            let due = guard.marked_at == 0 || now >= guard.marked_at.saturating_add(guard.window);
            if due && !guard.touched {
                let target = Target::Account {
                    sleeve: sleeve.id,
                    account: guard.address,
                };
                let reason = format!("a mark each {} s", guard.window);
                steps.act(target, guard.address, &IMarks::markCall {}, reason);
            }
        }
        if asset == NATIVE || !price.listed || seen.contains(&asset) {
            continue;
        }
        seen.push(asset);
        let target = Target::Sleeve(sleeve.id);
        let news = price.state == IMPAIRED && price.impaired_at == 0;
        let due = now >= price.seen_at.saturating_add(config.observe_every);
        let reason = if news {
            "the price is impaired, and the feed has not noted it".to_owned()
        } else if due {
            format!("an observation each {} s", config.observe_every)
        } else if steps.is_asked(target) {
            "asked for".to_owned()
        } else {
            continue;
        };
        if !price.is_complete() {
            steps.wait(
                target,
                "a source of the price does not answer".to_owned(),
                None,
            );
            continue;
        }
        let call = IPriceFeed::observeCall { asset };
        if let Some(plan) = steps.act(target, feed, &call, reason) {
            // With less the feed could not read its sources, keep nothing, and not fail: a rate, a market, a guard.
            plan.gas_least = OBSERVE_GAS.saturating_add(OBSERVE_GAS_EACH.saturating_mul(3));
        }
    }
}

// --------------------------------------------------------------------------------------------------------------- drift

/// The basket at mid prices.
struct Weights {
    nav: U256,
    worth: Vec<U256>,
    mid: Vec<U256>,
    over: U256,
    under: U256,
}

/// As the basket weighs itself; what it waits for, when a price that counts is not sound.
fn weigh(view: &BasketView) -> Result<Weights, String> {
    let mut weights = Weights {
        nav: U256::ZERO,
        worth: Vec::new(),
        mid: Vec::new(),
        over: U256::ZERO,
        under: U256::ZERO,
    };
    for sleeve in &view.sleeves {
        let info = &sleeve.info;
        let (mut worth, mut mid) = (U256::ZERO, U256::ZERO);
        if !info.basketParts.is_zero() || info.targetBps != 0 {
            let sound = sleeve.price.as_ref().filter(|price| price.state == SOUND);
            let Some(price) = sound else {
                return Err(format!("the price of sleeve {} is not sound", sleeve.id));
            };
            mid = price.mid();
            worth = sleeve.units_of(info.basketParts).saturating_mul(mid) / U256::from(ONE);
        }
        weights.nav = weights.nav.saturating_add(worth);
        weights.worth.push(worth);
        weights.mid.push(mid);
    }
    let whole = U256::from(BPS);
    for (index, (sleeve, worth)) in view.sleeves.iter().zip(&weights.worth).enumerate() {
        let target = weights
            .nav
            .saturating_mul(U256::from(sleeve.info.targetBps));
        let share = worth.saturating_mul(whole).saturating_mul(whole);
        let own = sleeve.units_of(sleeve.info.basketParts);
        let most = target.saturating_mul(whole.saturating_add(view.drift.limit_bps));
        // Of what is to go any unit is too much.
        let over = if sleeve.info.targetBps == 0 {
            !own.is_zero()
        } else {
            share > most
        };
        if over {
            weights.over.set_bit(index, true);
        } else if share < target.saturating_mul(whole.saturating_sub(view.drift.limit_bps)) {
            weights.under.set_bit(index, true);
        }
    }
    Ok(weights)
}

impl Weights {
    /// Whether `from` has too much and `to` too little. What is to go goes for anything that is not above its target.
    fn is_off(&self, view: &BasketView, from: usize, to: usize) -> bool {
        let target = |index: usize| view.sleeves.get(index).map_or(0, |one| one.info.targetBps);
        if !self.over.bit(from) {
            return false;
        }
        if target(from) != 0 {
            return self.under.bit(to);
        }
        let worth = self.worth.get(to).copied().unwrap_or_default();
        let due = self.nav.saturating_mul(U256::from(target(to)));
        target(to) != 0 && worth.saturating_mul(U256::from(BPS)) <= due
    }
}

/// Once an hour while there is a drift to note or one that was noted is over; once a day otherwise, to show that somebody looks.
fn note_drift(steps: &mut Steps<'_>, config: &Config) {
    let (view, now) = (steps.view, steps.view.now());
    // A single sleeve is always at its target.
    if view
        .sleeves
        .iter()
        .filter(|sleeve| !sleeve.info.retired)
        .count()
        < 2
    {
        return;
    }
    let last = view.drift.last;
    let asked = steps.is_asked(Target::All);
    let every = if asked {
        READING_GAP
    } else {
        config.drift_every.max(READING_GAP)
    };
    if now < last.at.saturating_add(every) {
        return;
    }
    let weights = match weigh(view) {
        Ok(weights) => weights,
        Err(why) => return steps.wait(Target::All, why, None),
    };
    let pairs = || {
        let all = 0..view.sleeves.len();
        all.clone()
            .flat_map(move |from| all.clone().map(move |to| (from, to)))
    };
    let drifts = pairs().any(|(from, to)| weights.is_off(view, from, to));
    let noted = pairs().any(|(from, to)| last.says(view, from, to));
    let reason = if drifts {
        "sleeves are over and under their targets"
    } else if noted {
        "the drift that was noted is over"
    } else if now >= last.at.saturating_add(READING_LIFE) {
        "the last reading is a day old"
    } else if asked {
        "asked for"
    } else {
        return;
    };
    steps.act(
        Target::All,
        view.contracts.basket,
        &B::noteDriftCall {},
        reason.to_owned(),
    );
}

impl Reading {
    /// Whether it says so of two sleeves, and counts now.
    fn confirms(&self, view: &BasketView, from: usize, to: usize) -> bool {
        let now = view.now();
        self.says(view, from, to)
            && now >= self.at.saturating_add(READING_GAP)
            && now <= self.at.saturating_add(READING_LIFE)
    }

    fn says(&self, view: &BasketView, from: usize, to: usize) -> bool {
        let goes = view
            .sleeves
            .get(from)
            .is_some_and(|one| one.info.targetBps == 0);
        self.at != 0 && self.over.bit(from) && (goes || self.under.bit(to))
    }
}

fn end_auction(steps: &mut Steps<'_>) {
    let view = steps.view;
    if view.auction.endable {
        let id = view.auction.id;
        let why = if view.auction.running {
            "has no drift to mend any more"
        } else {
            "is over"
        };
        let reason = format!("auction {id} {why}");
        steps.act(
            Target::All,
            view.contracts.basket,
            &B::endAuctionCall { id },
            reason,
        );
    }
}

fn start_auction(steps: &mut Steps<'_>, config: &Config) {
    let (view, now) = (steps.view, steps.view.now());
    // One that is running and mended is ended first, in this tick.
    if view.auction.running {
        return;
    }
    let weights = match weigh(view) {
        Ok(weights) => weights,
        // Said by whoever notes the drift.
        Err(_) => return,
    };
    let whole = U256::from(BPS);
    let mut best: Option<(U256, usize, usize)> = None;
    let mut waits: Option<(String, Option<u64>)> = None;
    for (from, over) in view.sleeves.iter().enumerate() {
        for (to, under) in view.sleeves.iter().enumerate() {
            if !weights.is_off(view, from, to) {
                continue;
            }
            let share = |index: usize| weights.worth.get(index).copied().unwrap_or_default();
            let should = |sleeve: &SleeveView| {
                weights
                    .nav
                    .saturating_mul(U256::from(sleeve.info.targetBps))
                    / whole
            };
            let excess = share(from).saturating_sub(should(over));
            let amount = excess.min(should(under).saturating_sub(share(to)));
            let mid = weights.mid.get(from).copied().unwrap_or_default();
            let units = amount
                .saturating_mul(U256::from(ONE))
                .checked_div(mid)
                .unwrap_or_default();
            if units.is_zero() || amount < U256::from(config.auction_least) || !under.takes_in() {
                continue;
            }
            let drift = view.drift;
            if !drift.last.confirms(view, from, to) && !drift.before.confirms(view, from, to) {
                if drift.last.says(view, from, to) {
                    let at = drift.last.at.saturating_add(READING_GAP);
                    if now < at {
                        waits.get_or_insert(("a second reading of the drift".to_owned(), Some(at)));
                    }
                }
                continue;
            }
            if over.is_coin() && view.max_instant.is_zero() {
                waits = Some(("idle coins, which alone are sold".to_owned(), None));
                continue;
            }
            if best.is_none_or(|(most, ..)| amount > most) {
                best = Some((amount, from, to));
            }
        }
    }
    match (best, waits) {
        (Some(_), _) if now < view.auction.paused_until => {
            let until = view.auction.paused_until;
            let reason = format!("auctions are paused until {until}");
            steps.wait(Target::All, reason, Some(until));
        }
        (Some((amount, from, to)), _) => {
            let call = B::startAuctionCall {
                from: U256::from(from),
                to: U256::from(to),
            };
            let reason =
                format!("{amount} wei's worth of sleeve {from} for what sleeve {to} lacks");
            steps.act(Target::All, view.contracts.basket, &call, reason);
        }
        (None, Some((reason, until))) => steps.wait(Target::All, reason, until),
        (None, None) => {}
    }
}

// ---------------------------------------------------------------------------------------------------------------- fees

/// Fees go to who gets them when they are worth it. Who holds shares is not concerned: what is accrued counts already.
fn collect_fees(steps: &mut Steps<'_>, config: &Config) {
    let (view, basket) = (steps.view, steps.view.contracts.basket);
    let least = U256::from(config.fees_least);
    let is_enough = |worth: &U256| !worth.is_zero() && *worth >= least;
    let worth = view.fee_shares.saturating_mul(view.nav_low) / U256::from(ONE);
    if is_enough(&worth) {
        let reason = format!("{} shares of the management fee", view.fee_shares);
        if let Some(plan) = steps.act(Target::All, basket, &B::collectFeesCall {}, reason) {
            plan.value = Some(worth);
        }
    }
    for sleeve in &view.sleeves {
        let units = sleeve.info.feeUnits;
        let Some(worth) = sleeve.worth(units).filter(is_enough) else {
            continue;
        };
        let call = B::collectUnitFeesCall {
            sleeve: U256::from(sleeve.id),
        };
        let reason = format!("{units} units of the performance fee");
        if let Some(plan) = steps.act(Target::Sleeve(sleeve.id), basket, &call, reason) {
            plan.value = Some(worth);
        }
    }
}

// ------------------------------------------------------------------------------------------------------ worth and done

/// Whether a simulated call that answered `output` is worth sending. `cost` is what its gas costs now, in wei, where it goes by
/// value ([`Plan::value`]).
#[must_use]
pub fn worth(plan: &Plan, config: &Config, output: &[u8], cost: U256) -> bool {
    match plan.job {
        Job::DelegateIdle => {
            let delegated = output
                .get(..32)
                .map(U256::from_be_slice)
                .unwrap_or_default();
            !delegated.is_zero() && delegated >= U256::from(config.delegate_least)
        }
        // All others revert rather than do nothing, but for first readings, which are meant.
        _ => plan.value.is_none_or(|value| pays(value, cost, config)),
    }
}

/// Whether a mined call had its effect: by what its contracts logged in it. An observation that could read nothing keeps nothing
/// and logs all the same, so that one is told by the view.
pub(crate) fn is_done(
    job: Job,
    target: Target,
    receipt: &Receipt,
    contracts: &BasketContracts,
    view: &BasketView,
    precondition: impl Fn(B256) -> bool,
) -> bool {
    let (basket, queue) = (contracts.basket, contracts.queue);
    let adapter = match target {
        Target::Sleeve(id) | Target::Account { sleeve: id, .. } => {
            view.sleeve(id).map(|sleeve| sleeve.info.sleeve)
        }
        _ => None,
    };
    let told = |contract: Option<Address>, events: &[B256]| {
        receipt.logs.iter().any(|log| {
            contract == Some(log.address())
                && log.topic0().is_some_and(|topic| events.contains(topic))
        })
    };
    match job {
        Job::Reconcile => told(
            adapter,
            &[
                ICoreSleeve::StakeLost::SIGNATURE_HASH,
                ICoreSleeve::StakeFound::SIGNATURE_HASH,
            ],
        ),
        Job::BasketHarvest => told(
            Some(basket),
            &[B::Harvested::SIGNATURE_HASH, B::LossBooked::SIGNATURE_HASH],
        ),
        Job::CloseEpoch => told(Some(queue), &[Q::EpochClosed::SIGNATURE_HASH]),
        Job::StartLeg => told(Some(queue), &[Q::LegStarted::SIGNATURE_HASH]),
        Job::CollectLeg => told(Some(queue), &[Q::LegPaid::SIGNATURE_HASH]),
        Job::DeliverLeg => told(Some(basket), &[B::LegDelivered::SIGNATURE_HASH]),
        Job::DelegateIdle => told(adapter, &[ICoreSleeve::Delegated::SIGNATURE_HASH]),
        Job::MoveStake => told(
            adapter,
            &[
                ICoreSleeve::StakeMoved::SIGNATURE_HASH,
                ICoreSleeve::DriftSeen::SIGNATURE_HASH,
            ],
        ),
        Job::ObservePrices => match target {
            Target::Account { account, .. } => {
                told(Some(account), &[IMarks::Marked::SIGNATURE_HASH])
            }
            _ => counter(job, target, view).is_none_or(|now| !precondition(now)),
        },
        Job::NoteDrift => told(Some(basket), &[B::DriftNoted::SIGNATURE_HASH]),
        Job::StartAuction => told(Some(basket), &[B::AuctionStarted::SIGNATURE_HASH]),
        Job::EndAuction => told(Some(basket), &[B::AuctionEnded::SIGNATURE_HASH]),
        Job::CollectFees => told(
            Some(basket),
            &[
                B::FeesCollected::SIGNATURE_HASH,
                B::UnitFeesCollected::SIGNATURE_HASH,
            ],
        ),
        _ => true,
    }
}

/// When the job expects to act next, as far as the view tells; unix seconds.
#[must_use]
pub fn next_due(job: Job, view: &BasketView, config: &Config) -> Option<u64> {
    let waits = plan(job, view, config, None)
        .into_iter()
        .filter_map(|step| match step {
            Step::Wait { until, .. } => until,
            Step::Do(_) => None,
        })
        .min();
    let (dawn, now) = (view.dawn(), view.now());
    let cadence = match job {
        Job::BasketHarvest => Some(dawn.saturating_add(DAY)),
        Job::CloseEpoch => view.open.due_at.filter(|due| *due > now),
        Job::DelegateIdle => {
            let dusk = dawn.saturating_add(DUSK);
            Some(if now < dusk {
                dusk
            } else {
                dusk.saturating_add(DAY)
            })
        }
        Job::ObservePrices => view
            .sleeves
            .iter()
            .filter_map(|sleeve| sleeve.price.as_ref().filter(|price| price.listed))
            .map(|price| price.seen_at.saturating_add(config.observe_every))
            .filter(|at| *at > now)
            .min(),
        Job::NoteDrift if view.drift.last.at != 0 => {
            Some(view.drift.last.at.saturating_add(READING_LIFE))
        }
        _ => None,
    };
    match (waits, cadence) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A target in words, to stand before a reason.
pub(crate) fn words(target: Target) -> String {
    match target {
        Target::All => String::new(),
        Target::Validator(id) => format!("validator {id}: "),
        Target::Sleeve(id) => format!("sleeve {id}: "),
        Target::Leg { epoch, sleeve } => format!("leg {sleeve} of epoch {epoch}: "),
        Target::Account { sleeve, account } => format!("sleeve {sleeve}, {account}: "),
    }
}
