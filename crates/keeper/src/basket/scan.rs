//! What the keeper remembers from tick to tick: where to look, and whom not to press. All of it may be lost at any moment.

use super::EpochView;
use crate::{Job, Result, Target};
use alloy::primitives::{Address, B256, U256};
use std::collections::{BTreeMap, BTreeSet};
use store::{EventFilter, PageRequest, Store};

/// Closed epochs looked at in one tick besides those that are known to be unfinished, until all were looked at once.
const FIRST_PAGE: u64 = 16;
/// And after that.
const NEXT_PAGE: u64 = 2;
/// Exits in kind looked at in a page.
const EXITS: u32 = 60;
/// Legs in kind that are kept in mind; more come up when these are gone.
const MOST_LEGS: usize = 200;
/// The event that names owners of legs that may wait.
const EXIT: &str = "basket.RedeemedInKind";
/// The first wait after a refusal, and the longest, seconds of the chain.
const FIRST_WAIT: u64 = 60;
const LONGEST_WAIT: u64 = 3_600;

/// Which closed epochs to look at. Those with a leg that is not done each time; the others again and again by pages, from the
/// newest down, so that nothing has to be remembered for long and no history is read at once.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    unfinished: BTreeSet<u64>,
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
        let mut page = self.unfinished.clone();
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
        // A reorganisation may have opened them again.
        page.retain(|id| *id >= 1 && *id <= last);
        page.into_iter().collect()
    }

    /// Keeps those of the looked-at ones that are unfinished.
    pub(crate) fn keep(&mut self, looked: Vec<EpochView>) -> Vec<EpochView> {
        let left: Vec<EpochView> = looked.into_iter().filter(|one| !one.is_done()).collect();
        self.unfinished = left.iter().map(|one| one.id).collect();
        left
    }
}

/// Owners of legs in kind that may wait: from the store's exits, newest first. The chain says which of them do.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    found: BTreeSet<(Address, u8)>,
    cursor: Option<String>,
}

impl Legs {
    /// Candidates for this tick: what was found waiting before, the newest exits, and a page of older ones, in turn.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn candidates(&mut self, store: &Store) -> Result<BTreeSet<(Address, u8)>> {
        let mut candidates = self.found.clone();
        let older = self.cursor.take().map(Some);
        for cursor in std::iter::once(None).chain(older) {
            let request = PageRequest {
                cursor,
                limit: EXITS,
            };
            let filter = EventFilter {
                name: Some(EXIT.to_owned()),
                account: None,
            };
            let page = store.events(&filter, &request).await?;
            candidates.extend(page.items.iter().flat_map(|event| undelivered(&event.args)));
            self.cursor = page.next;
        }
        Ok(candidates)
    }

    /// What of them waits.
    pub(crate) fn keep(&mut self, waiting: impl Iterator<Item = (Address, u8)>) {
        self.found = waiting.take(MOST_LEGS).collect();
    }
}

/// The legs of an exit that were not delivered by it.
fn undelivered(args: &serde_json::Value) -> Vec<(Address, u8)> {
    let field = |name: &str| args.get(name).and_then(serde_json::Value::as_str);
    let owner: Option<Address> = field("owner").and_then(|text| text.parse().ok());
    let delivered: Option<U256> = field("delivered").and_then(|text| text.parse().ok());
    let legs = args
        .get("parts")
        .and_then(serde_json::Value::as_array)
        .map_or(0, Vec::len);
    let (Some(owner), Some(delivered)) = (owner, delivered) else {
        return Vec::new();
    };
    (0..legs.min(8))
        .filter(|leg| !delivered.bit(*leg))
        .filter_map(|leg| Some((owner, u8::try_from(leg).ok()?)))
        .collect()
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
