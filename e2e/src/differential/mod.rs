//! Contracts against model: random histories by many people, compared field by field after each call.
//!
//! The expected side is [`model`] alone: it is told the calls and never asks the contracts. What it does *not* compare:
//! gas, the order of events inside one transaction, the events of the staking system, `permit`.

mod compare;
mod encode;
mod history;

use std::{collections::BTreeMap, fmt};

pub use compare::Difference;
use history::History;

/// How much to play.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Everything follows from it.
    pub seed: u64,
    /// Successful calls to reach.
    pub successes: u64,
    /// Calls of one history; then a new world begins.
    pub steps: u64,
}

/// How often a call went through, and was refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// Successes.
    pub ok: u64,
    /// Refusals.
    pub refused: u64,
}

/// What was played.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Worlds.
    pub histories: u64,
    /// By call.
    pub calls: BTreeMap<String, Count>,
    /// By error.
    pub refusals: BTreeMap<String, u64>,
    /// Fields compared.
    pub fields: u64,
}

impl Report {
    /// All successes and refusals.
    #[must_use]
    pub fn total(&self) -> Count {
        self.calls
            .values()
            .fold(Count::default(), |sum, count| Count {
                ok: sum.ok + count.ok,
                refused: sum.refused + count.refused,
            })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count { ok, refused } = self.total();
        let share = ok * 100 / (ok + refused).max(1);
        writeln!(
            f,
            "differential run: seed {}, {} histories, {} fields compared",
            self.seed, self.histories, self.fields
        )?;
        writeln!(f, "{:<40} {:>8} {:>8}", "call", "ok", "refused")?;
        for (name, count) in &self.calls {
            writeln!(f, "{name:<40} {:>8} {:>8}", count.ok, count.refused)?;
        }
        writeln!(f, "{:<40} {ok:>8} {refused:>8}   {share} % succeed", "all")?;
        let refusals: Vec<_> = self
            .refusals
            .iter()
            .map(|(name, n)| format!("{name} {n}"))
            .collect();
        write!(f, "refusals: {}", refusals.join(", "))
    }
}

/// Contracts and model disagree.
#[derive(Debug, Clone)]
pub struct Divergence {
    /// Seed of the run.
    pub seed: u64,
    /// Which history, from 0.
    pub history: u64,
    /// Which step of it, from 0.
    pub step: u64,
    /// The call.
    pub call: String,
    /// Who made it.
    pub actor: String,
    /// Where they disagree.
    pub differences: Vec<Difference>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            history,
            step,
            call,
            actor,
            ..
        } = self;
        writeln!(
            f,
            "contracts and model disagree: seed {seed}, history {history}, step {step}"
        )?;
        writeln!(f, "  {actor} calls {call}")?;
        for Difference {
            field,
            expected,
            actual,
        } in &self.differences
        {
            writeln!(
                f,
                "  {field}\n    model    {expected}\n    contract {actual}"
            )?;
        }
        Ok(())
    }
}

/// Plays histories until enough calls succeeded, or until contracts and model disagree.
///
/// # Errors
/// The first disagreement.
pub fn run(options: &Options) -> Result<Report, Box<Divergence>> {
    let mut report = Report {
        seed: options.seed,
        ..Report::default()
    };
    while report.total().ok < options.successes {
        let number = report.histories;
        // An odd constant spreads the histories of one seed over all seeds of the generator.
        let mut history = History::new(
            options
                .seed
                .wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        );
        let fail = |step, call, actor, differences| {
            Box::new(Divergence {
                seed: options.seed,
                history: number,
                step,
                call,
                actor,
                differences,
            })
        };
        let start = history.compare_all();
        if !start.is_empty() {
            return Err(fail(0, "the start".into(), String::new(), start));
        }
        for step in 0..options.steps {
            let done = history.step();
            if !done.differences.is_empty() {
                return Err(fail(step, done.call, done.actor, done.differences));
            }
            let count = report.calls.entry(done.name).or_default();
            if done.ok {
                count.ok += 1;
            } else {
                count.refused += 1;
            }
            if let Some(error) = done.refusal {
                *report.refusals.entry(error).or_default() += 1;
            }
        }
        let end = history.finish();
        if !end.is_empty() {
            return Err(fail(options.steps, "the end".into(), String::new(), end));
        }
        report.fields += history.fields;
        report.histories += 1;
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::{Options, run};

    fn number(name: &str, default: u64) -> u64 {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    }

    /// `DIFFERENTIAL_SEED`, `DIFFERENTIAL_CALLS` and `DIFFERENTIAL_STEPS` choose another run.
    #[test]
    fn differential_contracts_agree_with_the_model_after_every_call() {
        let options = Options {
            seed: number("DIFFERENTIAL_SEED", 1),
            successes: number("DIFFERENTIAL_CALLS", 10_000),
            steps: number("DIFFERENTIAL_STEPS", 400),
        };
        match run(&options) {
            Ok(report) => println!("{report}"),
            Err(divergence) => panic!("{divergence}"),
        }
    }
}
