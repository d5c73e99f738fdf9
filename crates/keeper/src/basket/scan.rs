//! What the keeper remembers from tick to tick: where to look, and whom not to press. All of it may be lost at any moment.

use super::EpochView;
use crate::{Job, Result, Target};
use alloy::primitives::{Address, B256};
use std::collections::{BTreeMap, BTreeSet};
use store::{PageRequest, Store};

/// Closed epochs looked at in one tick besides those that are known to be unfinished, until all were looked at once.
const FIRST_PAGE: u64 = 16;
/// And after that.
const NEXT_PAGE: u64 = 2;
/// The first wait after a refusal, and the longest, seconds of the chain.
const FIRST_WAIT: u64 = 60;
const LONGEST_WAIT: u64 = 3_600;

/// Of the unfinished ones, so many of the newest each time, and so many of the others in turn: a token that is stopped for a year
/// leaves one a day.
const NEWEST: usize = 32;
const OTHERS: usize = 8;

/// Which closed epochs to look at. Those with a leg that is not done, as a rule each time; all others again and again by pages, from
/// the newest down, so that nothing has to be remembered for long and no history is read at once.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    unfinished: BTreeSet<u64>,
    /// Where the turn of the older unfinished ones goes on: below this one.
    turn: u64,
    /// The highest epoch that was ever looked at.
    highest: u64,
    /// The next page ends below this one; 0: begin at the top.
    below: u64,
    /// Everything was looked at once.
    whole: bool,
}

impl Scan {
    /// The epochs to look at, while `open` is the open one.
    pub(crate) fn page(&mut self, open: u64) -> Vec<u64> {
        let last = open.saturating_sub(1);
        // A reorganisation may have opened some again.
        self.unfinished.retain(|id| *id <= last);
        let mut page: BTreeSet<u64> = self.unfinished.iter().rev().take(NEWEST).copied().collect();
        let oldest = page.first().copied().unwrap_or(0);
        let older = |below: u64| {
            let range = self.unfinished.range(..below.min(oldest));
            range.rev().take(OTHERS).copied().collect::<Vec<u64>>()
        };
        let mut turn = older(self.turn);
        if turn.is_empty() {
            turn = older(oldest);
        }
        self.turn = turn.last().copied().unwrap_or(0);
        page.extend(turn);
        // Closed since: few, unless we slept; then the page from the top finds the newest of them, and the rest comes in turn.
        self.highest = self.highest.min(last);
        let new = last.saturating_sub(self.highest);
        if new > FIRST_PAGE {
            self.below = 0;
            self.whole = false;
        } else {
            page.extend(self.highest.saturating_add(1)..=last);
        }
        self.highest = last;
        if self.below == 0 || self.below > open {
            self.below = open;
        }
        let size = if self.whole { NEXT_PAGE } else { FIRST_PAGE };
        let first = self.below.saturating_sub(size).max(1);
        page.extend(first..self.below);
        if first == 1 {
            self.below = 0;
            self.whole = true;
        } else {
            self.below = first;
        }
        page.into_iter()
            .filter(|id| *id >= 1 && *id <= last)
            .collect()
    }

    /// Notes which of the looked-at ones are unfinished, and keeps those.
    pub(crate) fn keep(&mut self, looked: Vec<EpochView>) -> Vec<EpochView> {
        let (done, left): (Vec<_>, Vec<_>) = looked.into_iter().partition(EpochView::is_done);
        for one in &done {
            self.unfinished.remove(&one.id);
        }
        self.unfinished.extend(left.iter().map(|one| one.id));
        left
    }
}

/// Legs in kind that may wait, as the store lists them: a page a tick, in turn, so that legs that nobody can pay now, or that are
/// not worth it, hide none behind them. The chain says which of them do wait.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    cursor: Option<String>,
}

impl Legs {
    /// Candidates for this tick, `page` at most.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn candidates(
        &mut self,
        store: &Store,
        page: usize,
    ) -> Result<BTreeSet<(Address, u8)>> {
        let request = PageRequest {
            cursor: self.cursor.take(),
            limit: u32::try_from(page.max(1)).unwrap_or(u32::MAX),
        };
        let page = store.waiting_legs(&request).await?;
        self.cursor = page.next;
        let known = page
            .items
            .iter()
            .filter_map(|leg| Some((leg.owner, u8::try_from(leg.sleeve).ok()?)));
        Ok(known.collect())
    }
}

/// One refusal after another of the same thing.
#[derive(Debug)]
struct Refusal {
    /// Of what: another counter is another occasion.
    counter: B256,
    times: u32,
    until: u64,
    why: String,
}

/// What was refused is asked again after a minute, then two, then four, an hour at most: of the chain's time, which runs as fast as
/// whatever it waits for.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    refused: BTreeMap<(Job, Target), Refusal>,
}

impl Backoff {
    /// Why this is not to be asked now, if so.
    pub(crate) fn waits(
        &self,
        job: Job,
        target: Target,
        counter: B256,
        now: u64,
    ) -> Option<String> {
        let refusal = self.refused.get(&(job, target))?;
        (refusal.counter == counter && now < refusal.until)
            .then(|| format!("{}; asked again at {}", refusal.why, refusal.until))
    }

    /// Notes a refusal. `at`: when the refuser said that it might agree.
    pub(crate) fn refused(
        &mut self,
        job: Job,
        target: Target,
        counter: B256,
        now: u64,
        at: Option<u64>,
        why: String,
    ) {
        let before = self
            .refused
            .get(&(job, target))
            .filter(|refusal| refusal.counter == counter)
            .map_or(0, |refusal| refusal.times);
        let doubled = FIRST_WAIT.saturating_mul(1_u64.checked_shl(before).unwrap_or(u64::MAX));
        let wait = match at.filter(|at| *at > now) {
            // It may be sooner than it was said.
            Some(at) => at.saturating_sub(now),
            None => doubled,
        };
        let refusal = Refusal {
            counter,
            times: before.saturating_add(1),
            until: now.saturating_add(wait.clamp(1, LONGEST_WAIT)),
            why,
        };
        self.refused.insert((job, target), refusal);
    }

    /// It was agreed to.
    pub(crate) fn clear(&mut self, job: Job, target: Target) {
        self.refused.remove(&(job, target));
    }

    /// Forgets what nobody asks for any more, a day later.
    pub(crate) fn forget(&mut self, now: u64) {
        self.refused
            .retain(|_, refusal| refusal.until.saturating_add(super::DAY) > now);
    }
}
