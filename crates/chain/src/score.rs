//! How good is an endpoint now? Pure: time comes in as an argument.

use crate::Fault;
use std::time::{Duration, Instant};

/// First pause after a failure; doubles with each further failure in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Health of one endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    /// Smoothed latency, microseconds. 0 means not measured.
    latency_us: u64,
    /// Smoothed share of failed attempts, per mille.
    errors: u64,
    /// Failures in a row.
    failures: u32,
    /// Not before this moment, unless nobody else is left.
    paused_until: Option<Instant>,
    /// Best head the endpoint reported.
    head: u64,
    /// Blocks behind the best head of the pool.
    lag: u64,
    throttled: u64,
}

impl Score {
    pub(crate) fn answered(&mut self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        self.latency_us = if self.latency_us == 0 {
            took
        } else {
            // EWMA with weight 1/8.
            self.latency_us.saturating_mul(7).saturating_add(took) / 8
        };
        self.errors = self.errors.saturating_mul(7) / 8;
        self.failures = 0;
        self.paused_until = None;
    }

    pub(crate) fn failed(&mut self, fault: &Fault, now: Instant) {
        match fault {
            // It answers, it only does not have this. Says nothing about the next request.
            Fault::Unsupported => return,
            // The lag itself is measured by the probe; step aside until then.
            Fault::Behind(_) => {
                self.paused_until = Some(now + FIRST_PAUSE);
                return;
            }
            Fault::Throttled(_) => self.throttled = self.throttled.saturating_add(1),
            _ => {}
        }
        self.errors = (self.errors.saturating_mul(7).saturating_add(1000)) / 8;
        let doubled = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        let pause = match fault {
            Fault::Throttled(Some(asked)) => doubled.max(*asked),
            _ => doubled,
        };
        self.paused_until = Some(now + pause.min(LONGEST_PAUSE));
    }

    pub(crate) fn saw_head(&mut self, head: u64) {
        self.head = head;
    }

    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    pub(crate) fn set_best_head(&mut self, best: u64) {
        self.lag = best.saturating_sub(self.head);
    }

    pub(crate) fn lag(&self) -> u64 {
        self.lag
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_micros(self.latency_us)
    }

    pub(crate) fn errors_per_mille(&self) -> u64 {
        self.errors
    }

    pub(crate) fn throttled(&self) -> u64 {
        self.throttled
    }

    /// Usable without reservation.
    pub(crate) fn eligible(&self, now: Instant, max_lag: u64) -> bool {
        self.lag <= max_lag && self.paused_until.is_none_or(|until| until <= now)
    }

    /// When the pause ends, if there is one.
    pub(crate) fn paused_for(&self, now: Instant) -> Duration {
        self.paused_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// Lower is better; one unit is about a millisecond of latency.
    pub(crate) fn cost(&self) -> u64 {
        (self.latency_us / 1000)
            .saturating_add(self.errors.saturating_mul(2))
            .saturating_add(self.lag.saturating_mul(100))
    }
}

/// The order in which to try endpoints: the primary while it is good enough, then the others by cost, then those that
/// should rest. Never empty when `scores` is not: a resting endpoint is better than none.
///
/// Returns the order and the (possibly new) primary.
pub(crate) fn order(
    scores: &[(usize, &Score)],
    primary: Option<usize>,
    now: Instant,
    max_lag: u64,
) -> Vec<usize> {
    let mut ranked: Vec<(bool, u64, u64, usize)> = scores
        .iter()
        .map(|(index, score)| {
            let eligible = score.eligible(now, max_lag);
            // Among the resting ones the fresh come first, then the one that may be asked soonest.
            let rest = if eligible {
                0
            } else {
                u64::from(score.lag > max_lag)
            };
            let soon = u64::try_from(score.paused_for(now).as_millis()).unwrap_or(u64::MAX);
            (!eligible, rest, soon.saturating_add(score.cost()), *index)
        })
        .collect();
    ranked.sort_unstable();
    let best_cost = ranked.first().map_or(0, |(_, _, cost, _)| *cost);
    // Sticky: the primary stays until it costs twice the best and 50 ms more.
    if let Some(place) = ranked.iter().position(|(resting, _, cost, index)| {
        Some(*index) == primary
            && !resting
            && *cost <= best_cost.saturating_mul(2).saturating_add(50)
    }) {
        let kept = ranked.remove(place);
        ranked.insert(0, kept);
    }
    ranked.into_iter().map(|(_, _, _, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_latency(ms: u64) -> Score {
        let mut score = Score::default();
        score.answered(Duration::from_millis(ms));
        score
    }

    fn ordered(scores: &[&Score], primary: Option<usize>, now: Instant) -> Vec<usize> {
        let list: Vec<_> = scores.iter().copied().enumerate().collect();
        order(&list, primary, now, 3)
    }

    #[test]
    fn o1_primary_is_sticky_until_it_is_much_worse() {
        let now = Instant::now();
        let (slow, fast) = (with_latency(60), with_latency(20));
        assert_eq!(
            ordered(&[&slow, &fast], None, now),
            [1, 0],
            "without a primary the best is first"
        );
        assert_eq!(
            ordered(&[&slow, &fast], Some(0), now),
            [0, 1],
            "60 ms <= 2 * 20 + 50 stays"
        );
        let crawling = with_latency(91);
        assert_eq!(
            ordered(&[&crawling, &fast], Some(0), now),
            [1, 0],
            "91 ms > 2 * 20 + 50 goes"
        );
    }

    #[test]
    fn o1_fast_but_twenty_blocks_behind_comes_last() {
        let now = Instant::now();
        let (mut fast, mut slow) = (with_latency(1), with_latency(900));
        fast.saw_head(80);
        slow.saw_head(100);
        fast.set_best_head(100);
        slow.set_best_head(100);
        assert_eq!(fast.lag(), 20);
        assert_eq!(ordered(&[&fast, &slow], Some(0), now), [1, 0]);
    }

    #[test]
    fn o1_pauses_double_and_the_list_is_never_empty() {
        let now = Instant::now();
        let mut a = with_latency(5);
        let mut b = with_latency(5);
        a.failed(&Fault::Http(500), now);
        assert!(!a.eligible(now, 3));
        assert!(a.eligible(now + Duration::from_millis(250), 3));
        a.failed(&Fault::Http(500), now);
        assert_eq!(a.paused_for(now), Duration::from_millis(500));
        b.failed(&Fault::Throttled(Some(Duration::from_secs(7))), now);
        assert_eq!(b.paused_for(now), Duration::from_secs(7));
        assert_eq!(
            ordered(&[&b, &a], None, now),
            [1, 0],
            "both rest: the one that may be asked sooner is first"
        );
        for _ in 0..20 {
            a.failed(&Fault::Http(500), now);
        }
        assert_eq!(a.paused_for(now), LONGEST_PAUSE);
        a.answered(Duration::from_millis(5));
        assert!(a.eligible(now, 3), "one answer ends the pause");
    }
}
