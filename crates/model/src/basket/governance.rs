//! Delays, pauses and the guardian's mandate. Votes are counted elsewhere; here is what binds their result.

use super::{Error, GovernanceCall};
use crate::{Address, DAY, Timestamp, mul_div_down};
use ruint::aliases::U256;
use std::collections::BTreeMap;

/// Seconds that one power may be paused in any window of [`PAUSE_WINDOW`].
pub const PAUSE_LIMIT: u64 = 7 * DAY;
/// Seconds.
pub const PAUSE_WINDOW: u64 = 30 * DAY;
/// Seconds of a guardian's mandate: 12 months.
pub const MANDATE: u64 = 365 * DAY;
/// What closing and starting may take beyond a sleeve's own time, seconds: a day until the close and a day of grace
/// for the two steps after it.
pub const DUTY: u64 = 2 * DAY;

/// What a guardian may pause. Nothing else: never in-kind exits, epochs or claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    /// Both ways in.
    Mint,
    /// Instant exits.
    Instant,
    /// Auctions.
    Auction,
}

/// The pauses of one power: `(from, until)`, disjoint and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pauses(pub Vec<(Timestamp, Timestamp)>);

impl Pauses {
    /// The end of a pause in force.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> Option<Timestamp> {
        self.0
            .iter()
            .find(|(from, until)| *from <= now && now < *until)
            .map(|(_, until)| *until)
    }

    /// Seconds paused in the window that ends at `end`.
    #[must_use]
    pub fn used(&self, end: Timestamp) -> u64 {
        let start = Timestamp::new(end.get().saturating_sub(PAUSE_WINDOW));
        self.0.iter().fold(0, |sum: u64, (from, until)| {
            let inside = (*until).min(end).since((*from).max(start));
            sum.saturating_add(inside)
        })
    }

    /// Paused from `now` for `seconds`. The window that ends with the pause is the one that holds most of it: an
    /// earlier one loses as much of this pause as it can gain of others.
    ///
    /// # Errors
    /// [`Error::PauseExceeded`]: seconds that the window would hold, and the limit.
    pub fn pause(&mut self, now: Timestamp, seconds: u64) -> Result<Timestamp, Error> {
        let end = now.after(seconds);
        let mut next = self.clone();
        // What this pause covers is counted once, and what cannot matter again is forgotten.
        next.lift(now);
        next.0.retain(|(_, until)| until.after(PAUSE_WINDOW) > now);
        next.0.push((now, end));
        let used = next.used(end);
        if used > PAUSE_LIMIT {
            return Err(Error::PauseExceeded(used, PAUSE_LIMIT));
        }
        *self = next;
        Ok(end)
    }

    /// Ends a pause in force.
    pub fn lift(&mut self, now: Timestamp) {
        for (_, until) in &mut self.0 {
            *until = (*until).min(now);
        }
        self.0.retain(|(from, until)| from < until);
    }
}

/// A call that waits for its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What it does.
    pub call: GovernanceCall,
    /// When it may.
    pub ready: Timestamp,
}

/// The timelock and the guardian.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Governance {
    /// Delay in force, seconds; never below the longest exit.
    pub delay: u64,
    /// What waits, by number.
    pub queued: BTreeMap<u64, Proposal>,
    /// Next number.
    pub next: u64,
    /// May cancel and pause; zero: nobody.
    pub guardian: Address,
    /// Until when.
    pub mandate: Timestamp,
    /// By power.
    pub pauses: BTreeMap<Power, Pauses>,
}

/// `DUTY` and the longest of the sleeves' exits, seconds.
#[must_use]
pub fn longest_exit(exits: impl IntoIterator<Item = u64>) -> u64 {
    DUTY.saturating_add(exits.into_iter().max().unwrap_or_default())
}

/// `max(4 % of (supply - timelock), floor)`, both of the past; rounded down, as the governor of OpenZeppelin does.
///
/// # Errors
/// [`Error::Arithmetic`] on overflow.
pub fn quorum(supply: U256, timelock: U256, floor: U256) -> Result<U256, Error> {
    let voting = supply.saturating_sub(timelock);
    let part = mul_div_down(voting, U256::from(4), U256::from(100))?;
    Ok(part.max(floor))
}

impl Governance {
    /// `getMinDelay() = max(set, longestExit)`.
    #[must_use]
    pub fn min_delay(&self, longest: u64) -> u64 {
        self.delay.max(longest)
    }

    /// Queues a call.
    ///
    /// # Errors
    /// [`Error::DelayTooShort`].
    pub fn schedule(
        &mut self,
        now: Timestamp,
        delay: u64,
        longest: u64,
        call: GovernanceCall,
    ) -> Result<u64, Error> {
        let least = self.min_delay(longest);
        if delay < least {
            return Err(Error::DelayTooShort(delay, least));
        }
        let id = self.next;
        self.next = id.saturating_add(1);
        let ready = now.after(delay);
        self.queued.insert(id, Proposal { call, ready });
        Ok(id)
    }

    /// Takes what is ready, to carry it out.
    ///
    /// # Errors
    /// [`Error::NotQueued`], [`Error::TooEarly`].
    pub fn take(&mut self, now: Timestamp, id: u64) -> Result<GovernanceCall, Error> {
        let ready = self.queued.get(&id).ok_or(Error::NotQueued(id))?.ready;
        if now < ready {
            return Err(Error::TooEarly(id, ready));
        }
        let proposal = self.queued.remove(&id).ok_or(Error::NotQueued(id))?;
        Ok(proposal.call)
    }

    /// The Governor cancels anything; the guardian, within its mandate, anything but what only removes it.
    ///
    /// # Errors
    /// [`Error::NotGuardian`], [`Error::NotQueued`], [`Error::RemovesGuardian`].
    pub fn cancel(
        &mut self,
        caller: Address,
        governor: bool,
        now: Timestamp,
        id: u64,
    ) -> Result<(), Error> {
        if !governor {
            self.guards(caller, now)?;
        }
        let proposal = self.queued.get(&id).ok_or(Error::NotQueued(id))?;
        if !governor && proposal.call.removes_guardian() {
            return Err(Error::RemovesGuardian(id));
        }
        self.queued.remove(&id);
        Ok(())
    }

    /// The guardian pauses one power.
    ///
    /// # Errors
    /// [`Error::NotGuardian`], [`Error::PauseExceeded`].
    pub fn pause(
        &mut self,
        caller: Address,
        now: Timestamp,
        power: Power,
        seconds: u64,
    ) -> Result<Timestamp, Error> {
        self.guards(caller, now)?;
        self.pauses.entry(power).or_default().pause(now, seconds)
    }

    /// The guardian ends a pause early.
    ///
    /// # Errors
    /// [`Error::NotGuardian`].
    pub fn unpause(&mut self, caller: Address, now: Timestamp, power: Power) -> Result<(), Error> {
        self.guards(caller, now)?;
        self.pauses.entry(power).or_default().lift(now);
        Ok(())
    }

    /// Refuses what is paused.
    ///
    /// # Errors
    /// [`Error::Paused`].
    pub fn open(&self, now: Timestamp, power: Power) -> Result<(), Error> {
        match self.pauses.get(&power).and_then(|p| p.in_force(now)) {
            Some(until) => Err(Error::Paused(power, until)),
            None => Ok(()),
        }
    }

    /// A delay is set; not below the longest exit.
    ///
    /// # Errors
    /// [`Error::DelayTooShort`].
    pub fn set_delay(&mut self, seconds: u64, longest: u64) -> Result<(), Error> {
        if seconds < longest {
            return Err(Error::DelayTooShort(seconds, longest));
        }
        self.delay = seconds;
        Ok(())
    }

    /// A sleeve with a slower exit: the longer delay must be in force first, so that nothing faster is still queued
    /// by right.
    ///
    /// # Errors
    /// [`Error::DelayTooShort`].
    pub fn admit(&self, exit: u64) -> Result<(), Error> {
        let needed = longest_exit([exit]);
        if self.delay < needed {
            return Err(Error::DelayTooShort(self.delay, needed));
        }
        Ok(())
    }

    fn guards(&self, caller: Address, now: Timestamp) -> Result<(), Error> {
        if self.guardian.is_zero() || caller != self.guardian || now >= self.mandate {
            return Err(Error::NotGuardian(caller, self.guardian, self.mandate));
        }
        Ok(())
    }
}
