//! What is to be simulated.

use super::Pool;
use crate::{Assets, Bps, Error, MAX_AMOUNT, MAX_BUCKETS, Params, Shares, state::WITHHOLD_CEILING};
use std::collections::BTreeSet;

/// Keepers are out from `from` until just before `to`, seconds after the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outage {
    /// First second of it.
    pub from: u64,
    /// First second after it.
    pub to: u64,
}

/// How the keepers work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeper {
    /// Seconds between two looks.
    pub cadence: u64,
    /// When there are none, in order.
    pub outages: Vec<Outage>,
    /// Less than this goes to the line only when it ends the line or is due, wei.
    pub fulfil_least: Assets,
    /// Buckets that one sweep looks at.
    pub sweep_page: u64,
}

impl Default for Keeper {
    /// As `omnibus-keeper` has it.
    fn default() -> Self {
        Self {
            cadence: 300,
            outages: Vec::new(),
            fulfil_least: Assets::of(10_000_000_000_000_000),
            sweep_page: 25,
        }
    }
}

impl Keeper {
    /// The first look at or after `at`, seconds after the beginning.
    #[must_use]
    pub fn next_look(&self, at: u64) -> u64 {
        let grid = |at: u64| {
            at.div_ceil(self.cadence.max(1))
                .saturating_mul(self.cadence)
        };
        let mut look = grid(at);
        let first = self.outages.partition_point(|outage| outage.to <= look);
        for outage in self.outages.iter().skip(first) {
            if look < outage.from {
                break;
            }
            look = grid(outage.to.max(look));
        }
        look
    }
}

/// A validator loses everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slash {
    /// Seconds after the beginning.
    pub at: u64,
    /// Which, from 0.
    pub validator: u16,
}

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Bring coins, wei.
    Deposit(Assets),
    /// Leave with LST, wei: by the buffer as far as it goes, by a pool where that is better, else by the queue.
    Exit(Shares),
}

/// Somebody comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Seconds after the beginning; never before the one before.
    pub at: u64,
    /// What for.
    pub what: What,
}

/// Ladder, parameters, keepers, and what befalls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Validators, of equal weight.
    pub validators: u16,
    /// Buckets of each.
    pub buckets: usize,
    /// Coins in the pot at the beginning, wei, staked as far as the buffer's target allows.
    pub pot: Assets,
    /// Of the staking system, seconds.
    pub cooldown: u64,
    /// Parameters of the minter.
    pub params: Params,
    /// Keepers.
    pub keeper: Keeper,
    /// Slashes, by time.
    pub slashes: Vec<Slash>,
    /// Where LST can be sold, if anywhere.
    pub pool: Option<Pool>,
    /// Seconds that are simulated. Afterwards nobody comes, and who waits is waited for.
    pub span: u64,
    /// Samples over the span.
    pub samples: u32,
}

impl Default for Plan {
    /// A year of the defaults: ten validators with 22 buckets each, 21 days of cooldown.
    fn default() -> Self {
        Self {
            validators: 10,
            buckets: 22,
            pot: Assets::of(1_000_000_000_000_000_000_000_000),
            cooldown: 21 * crate::DAY,
            params: Params::default(),
            keeper: Keeper::default(),
            slashes: Vec::new(),
            pool: None,
            span: 365 * crate::DAY,
            samples: 400,
        }
    }
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A plan that cannot be.
    #[error("{field} is {value}: {reason}")]
    Plan {
        /// Field of [`Plan`].
        field: &'static str,
        /// What it is.
        value: String,
        /// Why that cannot be.
        reason: String,
    },
    /// Demand out of order.
    #[error("demand at second {at} comes after second {before}")]
    Order {
        /// This one.
        at: u64,
        /// The one before.
        before: u64,
    },
    /// A slash left nothing: no LST is worth anything.
    #[error(
        "everything was lost at second {at}: all stake was with slashed validators, and nothing in the buffer"
    )]
    Lost {
        /// When it was booked, seconds after the beginning.
        at: u64,
    },
    /// The protocol refuses, which a plan that was checked does not lead to.
    #[error(transparent)]
    Model(#[from] Error),
}

/// Cooldowns and spans beyond this are mistakes: a hundred years.
const LONGEST: u64 = 100 * 365 * crate::DAY;

impl Plan {
    /// # Errors
    /// [`Problem::Plan`] with the first field that cannot be.
    pub fn check(&self) -> Result<(), Problem> {
        let need = |holds: bool, field, value: &dyn ToString, reason: &str| {
            if holds {
                return Ok(());
            }
            Err(Problem::Plan {
                field,
                value: value.to_string(),
                reason: reason.to_owned(),
            })
        };
        let p = &self.params;
        let buckets = crate::units::small(self.buckets);
        need(
            self.validators > 0,
            "validators",
            &self.validators,
            "at least 1",
        )?;
        let range = format!("1 to {MAX_BUCKETS}");
        need(
            (1..=MAX_BUCKETS).contains(&buckets),
            "buckets",
            &self.buckets,
            &range,
        )?;
        let pot = self.pot.raw();
        need(
            self.pot <= MAX_AMOUNT,
            "pot",
            &pot,
            "more than 2^96 - 1 wei",
        )?;
        need(
            self.pot >= p.min_stake,
            "pot",
            &pot,
            "less than the least stake, in wei",
        )?;
        let spans = [
            ("cooldown", self.cooldown),
            ("span", self.span),
            ("cadence", self.keeper.cadence),
        ];
        for (field, seconds) in spans {
            need(
                (1..=LONGEST).contains(&seconds),
                field,
                &seconds,
                "1 second to 100 years",
            )?;
        }
        let times = [
            ("interval", p.interval),
            ("grace", p.keeper_grace),
            ("safety", p.safety),
            ("rung_age", p.min_rung_age),
        ];
        for (field, seconds) in times {
            need(seconds <= LONGEST, field, &seconds, "at most 100 years")?;
        }
        let withhold = format!("at most {} basis points", WITHHOLD_CEILING.get());
        need(
            p.withhold <= WITHHOLD_CEILING,
            "withhold",
            &p.withhold.get(),
            &withhold,
        )?;
        for (field, fee) in [
            ("min_instant_fee", p.min_instant_fee),
            ("max_instant_fee", p.max_instant_fee),
            ("standard_fee", p.standard_fee),
        ] {
            let most = format!("at most {} basis points", crate::FEE_CEILING.get());
            need(fee <= crate::FEE_CEILING, field, &fee.get(), &most)?;
        }
        let (least, most) = (p.min_instant_fee, p.max_instant_fee);
        need(
            least <= most,
            "min_instant_fee",
            &least.get(),
            "above the greatest instant fee",
        )?;
        let all = Bps::ALL;
        need(
            p.utilization_threshold <= all,
            "utilization",
            &p.utilization_threshold.get(),
            "above 10000",
        )?;
        need(!p.min_stake.is_zero(), "min_stake", &0, "at least 1 wei")?;
        for (outage, next) in self
            .keeper
            .outages
            .iter()
            .zip(self.keeper.outages.iter().skip(1))
        {
            let value = format!("{} to {}", next.from, next.to);
            need(
                outage.to <= next.from,
                "outage",
                &value,
                "begins before the one before it ends",
            )?;
        }
        for outage in &self.keeper.outages {
            let value = format!("{} to {}", outage.from, outage.to);
            need(
                outage.from < outage.to,
                "outage",
                &value,
                "it ends before it begins",
            )?;
            need(outage.to <= LONGEST, "outage", &value, "at most 100 years")?;
        }
        for slash in &self.slashes {
            let known = format!("there are {} validators, from 0", self.validators);
            need(
                slash.validator < self.validators,
                "slash",
                &slash.validator,
                &known,
            )?;
        }
        let slashed: BTreeSet<_> = self.slashes.iter().map(|slash| slash.validator).collect();
        let left = slashed.len() < usize::from(self.validators);
        need(
            left,
            "slash",
            &slashed.len(),
            "nothing is left when every validator is slashed",
        )?;
        need(
            self.slashes.is_sorted(),
            "slash",
            &self.slashes.len(),
            "they are not in order of time",
        )?;
        need(
            self.samples <= 100_000,
            "samples",
            &self.samples,
            "at most 100000",
        )?;
        self.pool.as_ref().map_or(Ok(()), |pool| {
            need(
                !pool.coins.is_zero() && pool.coins <= MAX_AMOUNT,
                "pool",
                &pool.coins.raw(),
                "1 wei to 2^96 - 1 wei",
            )?;
            need(
                pool.fee < all,
                "pool_fee",
                &pool.fee.get(),
                "below 10000 basis points",
            )?;
            need(
                pool.slippage < all,
                "slippage",
                &pool.slippage.get(),
                "below 10000 basis points",
            )
        })
    }
}
