//! What came of it.

use crate::{Assets, Error, Shares};
use ruint::aliases::U256;

/// Exits, or parts of exits, that went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// How many.
    pub exits: u64,
    /// Wei before fees.
    pub coins: Assets,
}

impl Path {
    pub(super) fn add(&mut self, coins: Assets) -> Result<(), Error> {
        self.exits = self.exits.saturating_add(1);
        self.coins = self.coins.plus(coins)?;
        Ok(())
    }
}

/// Times in seconds, in memory that does not grow with their number: counts of times that share their first eleven bits, so
/// a time is known to a thousandth. The greatest is exact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    counts: Vec<u64>,
    count: u64,
    max: u64,
}

/// Times below twice this are counted one by one.
const FINE: u64 = 1 << 10;

impl Waits {
    pub(super) fn add(&mut self, seconds: u64) {
        let shift = 53_u32.saturating_sub(seconds.leading_zeros());
        let place = FINE
            .saturating_mul(shift.into())
            .saturating_add(seconds >> shift);
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        if self.counts.len() <= place {
            self.counts.resize(place.saturating_add(1), 0);
        }
        if let Some(count) = self.counts.get_mut(place) {
            *count = count.saturating_add(1);
        }
        self.count = self.count.saturating_add(1);
        self.max = self.max.max(seconds);
    }

    /// How many times there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest, seconds.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The time that `per_mille` of a thousand do not exceed, seconds, at most a thousandth too long; 0 of none.
    #[must_use]
    pub fn quantile(&self, per_mille: u64) -> u64 {
        let wanted = u128::from(self.count).saturating_mul(u128::from(per_mille));
        let wanted = u64::try_from(wanted.div_ceil(1_000)).unwrap_or(u64::MAX);
        let mut seen = 0_u64;
        self.steps()
            .find(|(_, count)| {
                seen = seen.saturating_add(*count);
                seen >= wanted
            })
            .map_or(0, |(time, _)| time)
    }

    /// Times in ascending order, each the longest that it stands for, and how often they were taken.
    pub fn steps(&self) -> impl Iterator<Item = (u64, u64)> {
        let places = (0_u64..).zip(self.counts.iter().copied());
        places
            .filter(|(_, count)| *count > 0)
            .map(|(place, count)| {
                let shift = (place >> 10).saturating_sub(1);
                let first = place.saturating_sub(FINE.saturating_mul(shift));
                let longest = (first.saturating_add(1) << shift).saturating_sub(1);
                (longest.min(self.max), count)
            })
    }
}

/// What was promised when rungs closed, request by request.
#[derive(Clone, Debug, PartialEq)]
pub struct Promises {
    /// Paid by then.
    pub kept: u64,
    /// Paid later.
    pub broken: u64,
    /// The most that one was late, seconds.
    pub latest: u64,
    /// How much earlier than promised the kept ones were, seconds.
    pub early: Waits,
}

/// Transactions of the keepers, and what is in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// `closeRung`
    pub closes: u64,
    /// `processBatchUnstake`
    pub exit_buses: u64,
    /// Buckets that departed in them.
    pub departures: u64,
    /// `sweepMaturedBuckets`
    pub sweeps: u64,
    /// Buckets that they brought home.
    pub swept: u64,
    /// `finalize`
    pub finalizations: u64,
    /// `fulfillProRata`
    pub pro_ratas: u64,
    /// `rebalance`
    pub stake_buses: u64,
    /// Stakes made in them.
    pub stakes: u64,
    /// `restake`
    pub restakes: u64,
    /// `bookSlash`
    pub bookings: u64,
}

/// The pot at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Seconds after the beginning.
    pub at: u64,
    /// Headroom, wei.
    pub headroom: Assets,
    /// The buffer's target, wei.
    pub target: Assets,
    /// Stake that earns, wei.
    pub active: Assets,
    /// Stake in cooldown, wei.
    pub cooling: Assets,
    /// What the queue waits for, the open rung included, wei.
    pub queued: Assets,
    /// Requests that wait.
    pub waiting: u64,
}

/// What came of a plan and a demand.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Seconds simulated, without the wait for the last exits.
    pub span: u64,
    /// Deposits taken.
    pub deposits: Path,
    /// Deposits that the pot refused: a slash that is not booked, or a rate below 0.01.
    pub deposits_refused: u64,
    /// Exits, however they were paid.
    pub exits: Path,
    /// Exits of somebody when nobody held anything any more.
    pub exits_refused: u64,
    /// Exits that were paid in full at once.
    pub at_once: u64,
    /// Exits paid in full by the buffer.
    pub by_buffer: u64,
    /// Parts paid by the buffer.
    pub instant: Path,
    /// Parts sold to the pool, at the rate.
    pub amm: Path,
    /// What sellers got less than the rate there, wei.
    pub amm_loss: Assets,
    /// Parts that queued.
    pub queue: Path,
    /// From the request until its last coin can be claimed.
    pub waits: Waits,
    /// Requests that were never paid in full.
    pub unpaid: u64,
    /// Promised times.
    pub promises: Promises,
    /// Queue money that came before its time, pro rata, wei.
    pub early_money: Assets,
    /// Instant fees, wei. The standard fee is taken at the claim and is not here.
    pub instant_fees: Assets,
    /// Losses booked, wei.
    pub losses: Assets,
    /// What the keepers did within the span.
    pub operations: Operations,
    /// Coin-seconds of headroom, wei times seconds.
    pub headroom_seconds: U256,
    /// Coin-seconds of stake that earned.
    pub active_seconds: U256,
    /// Coin-seconds of stake in cooldown.
    pub cooling_seconds: U256,
    /// The pot, evenly over the span.
    pub samples: Vec<Sample>,
    /// LST outside the queue at the end of the span, wei.
    pub supply: Shares,
    /// Events: demands, looks of the keepers that found something due, slashes.
    pub events: u64,
}

impl Report {
    pub(super) fn new(span: u64) -> Self {
        Self {
            span,
            deposits: Path::default(),
            deposits_refused: 0,
            exits: Path::default(),
            exits_refused: 0,
            at_once: 0,
            by_buffer: 0,
            instant: Path::default(),
            amm: Path::default(),
            amm_loss: Assets::ZERO,
            queue: Path::default(),
            waits: Waits::default(),
            unpaid: 0,
            promises: Promises {
                kept: 0,
                broken: 0,
                latest: 0,
                early: Waits::default(),
            },
            early_money: Assets::ZERO,
            instant_fees: Assets::ZERO,
            losses: Assets::ZERO,
            operations: Operations::default(),
            headroom_seconds: U256::ZERO,
            active_seconds: U256::ZERO,
            cooling_seconds: U256::ZERO,
            samples: Vec::new(),
            supply: Shares::ZERO,
            events: 0,
        }
    }

    /// `part` of all coin-seconds (headroom, earning and cooling stake), millionths, down.
    #[must_use]
    pub fn share_ppm(&self, part: U256) -> u64 {
        let all = self
            .headroom_seconds
            .saturating_add(self.active_seconds)
            .saturating_add(self.cooling_seconds);
        crate::mul_div_down(part, U256::from(1_000_000), all).map_or(0, |ppm| ppm.saturating_to())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn waits_know_short_times_exactly_and_long_ones_to_a_thousandth() {
        for seconds in [
            0,
            1,
            2_047,
            2_048,
            2_049,
            4_095,
            4_096,
            1_814_400,
            u64::from(u32::MAX),
        ] {
            let mut waits = Waits::default();
            waits.add(seconds);
            // Not cut by the greatest.
            waits.max = u64::MAX;
            let known = waits.quantile(500);
            assert!(
                (seconds..=seconds + seconds / 1_000).contains(&known),
                "{seconds} as {known}"
            );
        }
    }

    #[test]
    fn quantiles_count_from_below() {
        let mut waits = Waits::default();
        for seconds in (1..=100).rev() {
            waits.add(seconds);
        }
        let at = |per_mille| waits.quantile(per_mille);
        assert_eq!([at(500), at(950), at(990), at(1_000)], [50, 95, 99, 100]);
        assert_eq!((waits.count(), waits.max()), (100, 100));
        assert_eq!(Waits::default().quantile(950), 0);
    }
}
