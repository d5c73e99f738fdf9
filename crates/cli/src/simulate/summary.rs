//! The result in figures: for people, and as JSON.

use super::{flags::Seconds, gas::Gas};
use crate::{amount::Amount, args::Simulate};
use alloy::primitives::U256;
use model::{
    Assets, ceil_div, mul_div_down,
    sim::{Path, Plan, Report, Trial, Waits},
};
use serde::Serialize;
use std::fmt::Write as _;

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

/// Times of one path, seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Times {
    /// How many exits, or parts of exits, went this way.
    pub exits: u64,
    /// What they were worth, wei.
    pub coins: Amount,
    /// Half of them took at most so long.
    pub p50: u64,
    /// 95 of 100 did.
    pub p95: u64,
    /// 99 of 100 did.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

/// A ladder that was tried.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// Buckets of each validator.
    pub buckets: usize,
    /// What the goal is about came to this, seconds.
    pub reached: u64,
    /// Whether that is the goal.
    pub holds: bool,
    /// Keepers' gas per day.
    pub gas_per_day: u64,
    /// Gas of making the buckets, once.
    pub gas_to_build: u64,
}

/// Everything that is worth a figure. Amounts are wei, times seconds, shares millionths.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Validators.
    pub validators: u16,
    /// Buckets of each.
    pub buckets: usize,
    /// Cooldown.
    pub cooldown: u64,
    /// Least time between departures of one validator, by ladder and interval.
    pub period: u64,
    /// Least time between departures of all.
    pub line_period: u64,
    /// Buckets that one validator needs for a departure each hour.
    pub buckets_for_hourly: u64,
    /// The buffer's target, basis points of the assets.
    pub withhold: u64,
    /// What all chance follows from.
    pub seed: u64,
    /// How long.
    pub span: u64,
    /// Deposits taken.
    pub deposits: u64,
    /// Their coins.
    pub deposited: Amount,
    /// Exits.
    pub exits: u64,
    /// Their coins.
    pub exited: Amount,
    /// Exits that came when nothing was held, and deposits that the pot refused.
    pub refused: u64,
    /// Exits paid in full by the buffer.
    pub instant_success: u64,
    /// Exits paid in full at once, by buffer or pool.
    pub at_once: u64,
    /// By the buffer.
    pub instant: Times,
    /// By the pool.
    pub amm: Times,
    /// By the queue.
    pub queue: Times,
    /// Requests that were not paid in full long after the end.
    pub unpaid: u64,
    /// Requests that were paid by the time promised when their rung closed.
    pub promises_kept: u64,
    /// Requests that were not.
    pub promises_broken: u64,
    /// The most that one was late.
    pub latest: u64,
    /// Half of the kept ones came so much earlier.
    pub early_p50: u64,
    /// Queue money that came ahead of its time, pro rata.
    pub early_money: Amount,
    /// Headroom in all coin-seconds.
    pub idle_share: u64,
    /// Stake in cooldown in all coin-seconds.
    pub cooling_share: u64,
    /// Earned by stake in a year.
    pub earned_per_year: Amount,
    /// What headroom would have earned in a year.
    pub idle_cost_per_year: Amount,
    /// Instant fees in a year.
    pub fees_per_year: Amount,
    /// Lost to slashes.
    pub losses: Amount,
    /// Keepers' transactions per day, in thousandths.
    pub transactions_per_day: u64,
    /// Keepers' gas per day.
    pub gas_per_day: u64,
    /// What that costs in a year.
    pub gas_cost_per_year: Amount,
    /// Gas of making the buckets, once.
    pub gas_to_build: u64,
    /// The goal.
    pub goal: Option<String>,
    /// Ladders that were tried for it.
    pub tried: Vec<Tried>,
}

fn amount(coins: Assets) -> Amount {
    Amount(coins.raw())
}

fn millionths(part: u64, all: u64) -> u64 {
    let ppm = u128::from(part).saturating_mul(1_000_000) / u128::from(all.max(1));
    u64::try_from(ppm).unwrap_or(u64::MAX)
}

fn times(path: Path, waits: Option<&Waits>) -> Times {
    let at = |per_mille| waits.map_or(0, |waits| waits.quantile(per_mille));
    Times {
        exits: path.exits,
        coins: amount(path.coins),
        p50: at(500),
        p95: at(950),
        p99: at(990),
        max: waits.map_or(0, Waits::max),
    }
}

impl Summary {
    /// Of a run.
    pub fn new(args: &Simulate, plan: &Plan, report: &Report, gas: &Gas, trials: &[Trial]) -> Self {
        let cycle = plan.cooldown.saturating_add(plan.params.safety);
        let buckets = u64::try_from(plan.buckets).unwrap_or(u64::MAX);
        let all_buckets = buckets.saturating_mul(plan.validators.into());
        let per_year = |total: U256| {
            let (year, span) = (U256::from(YEAR), U256::from(plan.span));
            Amount(mul_div_down(total, year, span).unwrap_or(U256::MAX))
        };
        // Coin-seconds times the rate of a year, over the seconds of a year.
        let earned = |coin_seconds: U256| {
            let (apr, year) = (U256::from(args.apr), U256::from(YEAR * 10_000));
            per_year(mul_div_down(coin_seconds, apr, year).unwrap_or(U256::MAX))
        };
        let daily = |total: u64| {
            let day = u128::from(total).saturating_mul(u128::from(DAY)) / u128::from(plan.span);
            u64::try_from(day).unwrap_or(u64::MAX)
        };
        let done = &report.operations;
        let transactions = [
            done.closes,
            done.exit_buses,
            done.sweeps,
            done.finalizations,
            done.pro_ratas,
            done.stake_buses,
            done.restakes,
            done.bookings,
        ];
        let transactions = transactions
            .iter()
            .fold(0, |sum: u64, n| sum.saturating_add(*n));
        let spent = gas.of(done, plan.validators);
        let tried = trials.iter().map(|trial| {
            let per_validator = u64::try_from(trial.buckets).unwrap_or(u64::MAX);
            let goal = args.optimize;
            Tried {
                buckets: trial.buckets,
                reached: goal.map_or(0, |goal| goal.reached(&trial.report.waits)),
                holds: trial.holds,
                gas_per_day: daily(gas.of(&trial.report.operations, plan.validators)),
                gas_to_build: gas.of_buckets(per_validator.saturating_mul(plan.validators.into())),
            }
        });
        Self {
            validators: plan.validators,
            buckets: plan.buckets,
            cooldown: plan.cooldown,
            period: plan.params.interval.max(ceil_div(cycle, buckets)),
            line_period: ceil_div(cycle, all_buckets),
            buckets_for_hourly: ceil_div(cycle, 3_600),
            withhold: plan.params.withhold.get(),
            seed: args.seed,
            span: plan.span,
            deposits: report.deposits.exits,
            deposited: amount(report.deposits.coins),
            exits: report.exits.exits,
            exited: amount(report.exits.coins),
            refused: report.exits_refused.saturating_add(report.deposits_refused),
            instant_success: millionths(report.by_buffer, report.exits.exits),
            at_once: millionths(report.at_once, report.exits.exits),
            instant: times(report.instant, None),
            amm: times(report.amm, None),
            queue: times(report.queue, Some(&report.waits)),
            unpaid: report.unpaid,
            promises_kept: report.promises.kept,
            promises_broken: report.promises.broken,
            latest: report.promises.latest,
            early_p50: report.promises.early.quantile(500),
            early_money: amount(report.early_money),
            idle_share: report.share_ppm(report.headroom_seconds),
            cooling_share: report.share_ppm(report.cooling_seconds),
            earned_per_year: earned(report.active_seconds),
            idle_cost_per_year: earned(report.headroom_seconds),
            fees_per_year: per_year(report.instant_fees.raw()),
            losses: amount(report.losses),
            transactions_per_day: daily(transactions.saturating_mul(1_000)),
            gas_per_day: daily(spent),
            gas_cost_per_year: per_year(U256::from(spent).saturating_mul(args.gas_price.0)),
            gas_to_build: gas.of_buckets(all_buckets),
            goal: args.optimize.map(|goal| goal.to_string()),
            tried: tried.collect(),
        }
    }

    /// Share of promised times that were kept, as people read it.
    pub fn kept(&self) -> String {
        let all = self.promises_kept.saturating_add(self.promises_broken);
        if all == 0 {
            return "none was made".to_owned();
        }
        percent(millionths(self.promises_kept, all))
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |what: &str, value: String| {
            let _ = writeln!(text, "{what:<28} {value}");
        };
        line("ladder", self.ladder());
        line("departures", self.departures());
        line(
            "demand",
            format!(
                "{} exits of {} coins, {} deposits of {} in {}",
                grouped(self.exits),
                whole(self.exited),
                grouped(self.deposits),
                whole(self.deposited),
                Seconds(self.span)
            ),
        );
        if self.refused > 0 {
            line(
                "refused",
                format!("{} exits and deposits", grouped(self.refused)),
            );
        }
        line(
            "paid at once, in full",
            format!(
                "{} of the exits, {} by the buffer alone",
                percent(self.at_once),
                percent(self.instant_success)
            ),
        );
        for (name, times) in [("buffer", &self.instant), ("pool", &self.amm)] {
            line(
                name,
                format!(
                    "{} parts, {} coins, at once",
                    grouped(times.exits),
                    whole(times.coins)
                ),
            );
        }
        let queue = &self.queue;
        line(
            "queue",
            format!(
                "{} parts, {} coins",
                grouped(queue.exits),
                whole(queue.coins)
            ),
        );
        line(
            "  p50 / p95 / p99 / max",
            format!(
                "{} / {} / {} / {}",
                Seconds(queue.p50),
                Seconds(queue.p95),
                Seconds(queue.p99),
                Seconds(queue.max)
            ),
        );
        if self.unpaid > 0 {
            line("  never paid in full", grouped(self.unpaid));
        }
        line(
            "promised times kept",
            format!("{}{}", self.kept(), self.lateness()),
        );
        line(
            "idle in the buffer",
            format!(
                "{} of the coins; at the rate of stake {} coins a year, against {} earned and {} in instant fees",
                percent(self.idle_share),
                whole(self.idle_cost_per_year),
                whole(self.earned_per_year),
                whole(self.fees_per_year)
            ),
        );
        line(
            "in cooldown",
            format!("{} of the coins", percent(self.cooling_share)),
        );
        if self.losses.0 > U256::ZERO {
            line("lost to slashes", format!("{} coins", whole(self.losses)));
        }
        line(
            "keepers",
            format!(
                "{} transactions and {} gas a day, {} coins a year",
                thousandths(self.transactions_per_day),
                grouped(self.gas_per_day),
                whole(self.gas_cost_per_year)
            ),
        );
        line(
            "making the buckets",
            format!("{} gas, once", grouped(self.gas_to_build)),
        );
        if let Some(goal) = &self.goal {
            line(
                "goal",
                format!("{goal}: {} buckets for each validator", self.buckets),
            );
            for tried in &self.tried {
                let verdict = if tried.holds { "reached" } else { "missed" };
                line(
                    "  tried",
                    format!(
                        "{} buckets: {} ({verdict}), {} gas a day",
                        tried.buckets,
                        Seconds(tried.reached),
                        grouped(tried.gas_per_day)
                    ),
                );
            }
        }
        text.trim_end().to_owned()
    }

    /// The ladder in words.
    pub fn ladder(&self) -> String {
        let (n, v) = (self.buckets, self.validators);
        let withhold = percent(self.withhold.saturating_mul(100));
        format!(
            "{v} validators with {n} buckets each, cooldown {}, buffer {withhold}",
            Seconds(self.cooldown)
        )
    }

    /// The timetable in words.
    pub fn departures(&self) -> String {
        let hourly = match u16::try_from(self.buckets_for_hourly) {
            Ok(buckets) if u64::from(buckets) > model::MAX_BUCKETS => {
                format!(
                    "one an hour would take {buckets} buckets, and {} is the most",
                    model::MAX_BUCKETS
                )
            }
            _ => format!("one an hour takes {} buckets", self.buckets_for_hourly),
        };
        format!(
            "of one validator one in {} at most, of all one in {}; {hourly}",
            Seconds(self.period),
            Seconds(self.line_period)
        )
    }

    /// How late the broken ones were, how early the kept ones.
    pub fn lateness(&self) -> String {
        let mut text = String::new();
        if self.promises_kept > 0 {
            let _ = write!(
                text,
                ", half of them {} or more early",
                Seconds(self.early_p50)
            );
        }
        if self.promises_broken > 0 {
            let _ = write!(
                text,
                "; {} broken, the worst by {}",
                grouped(self.promises_broken),
                Seconds(self.latest)
            );
        }
        text
    }
}

/// Millionths as a percentage with two digits.
pub fn percent(ppm: u64) -> String {
    format!("{}.{:02} %", ppm / 10_000, ppm % 10_000 / 100)
}

/// Thousandths with one digit.
pub fn thousandths(n: u64) -> String {
    format!("{}.{}", grouped(n / 1_000), n % 1_000 / 100)
}

/// Whole coins.
pub fn whole(amount: Amount) -> String {
    let coins: u128 = (amount.0 / U256::from(10_u64.pow(18))).saturating_to();
    grouped(u64::try_from(coins).unwrap_or(u64::MAX))
}

/// With commas between thousands.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulate_figures_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(percent(999_999), "99.99 %");
        assert_eq!(percent(1_000_000), "100.00 %");
        assert_eq!(thousandths(12_345), "12.3");
    }
}
