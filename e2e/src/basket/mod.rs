//! The basket: its promises under many random, successful calls.
//!
//! Several histories, each a world of its own, their counts summed. Everything follows from one seed; a history that breaks a
//! promise is told with its seed and number, and shrunk to the deeds that show it. `BASKET_SEED`, `BASKET_CALLS` and
//! `BASKET_HISTORY` (one history alone) choose another run than the standing one.
#![allow(
    clippy::indexing_slicing,
    reason = "test code: a slip of the run itself ends it"
)]

pub mod books;
pub mod chain;
pub mod counts;
pub mod history;
pub mod lockstep;
pub mod runner;
pub mod shrink;
pub mod world;

use std::{
    fmt::Write as _,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::cores;
use counts::Counts;
use history::History;

/// Successful calls of one world: some seventy days.
pub const CALLS_OF_A_WORLD: u64 = 2_500;

/// What a run is made from.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// How many calls are to succeed in all histories together.
    pub calls: u64,
    /// One history alone.
    pub only: Option<u64>,
}

impl Plan {
    /// From the environment, or the standing values.
    #[must_use]
    pub fn from_env() -> Self {
        let number = |name| {
            let text: Result<String, _> = std::env::var(name);
            text.ok().and_then(|text| text.parse::<u64>().ok())
        };
        Self {
            seed: number("BASKET_SEED").unwrap_or(1),
            calls: number("BASKET_CALLS").unwrap_or(100_000),
            only: number("BASKET_HISTORY"),
        }
    }
}

/// Runs all histories on the machine's cores.
///
/// # Errors
/// A broken promise, or a slip of the run itself: what broke, seed, history, and the fewest deeds that break it.
pub fn run(plan: Plan) -> Result<Counts, String> {
    let histories = plan.calls.div_ceil(CALLS_OF_A_WORLD);
    let numbers = plan.only.map_or(0..histories, |n| n..n + 1);
    play(plan.seed, numbers)
}

/// Some of the histories of a seed.
///
/// # Errors
/// As [`run`].
pub fn play(seed: u64, numbers: Range<u64>) -> Result<Counts, String> {
    let all = cores::each(numbers, |number| {
        let mut history = History::new(seed, number, CALLS_OF_A_WORLD);
        let result = catch_unwind(AssertUnwindSafe(|| history.run()))
            .unwrap_or_else(|_| Err(eyre::eyre!("the run itself panicked (above)")));
        let Err(broken) = result else {
            return Ok(history.counts());
        };
        Err(history.tells(seed, number, &broken.to_string()))
    })?;
    let mut sum = Counts::default();
    all.iter().for_each(|counts| sum.merge(counts));
    Ok(sum)
}

impl History {
    /// What a broken promise is told as.
    fn tells(&self, seed: u64, number: u64, broken: &str) -> String {
        let mut text = format!(
            "{broken}\nseed {seed}, history {number}, call {}\n",
            self.r.calls
        );
        let all = &self.r.script;
        // The end is no part of the script: it is brought about again.
        let script = if self.draining {
            &all[..self.played]
        } else {
            all
        };
        let shorter = shrink::shrink(&self.terms, script, broken, self.draining);
        let (how, deeds) = match &shorter {
            Some(deeds) => (
                format!("{} deeds are enough", deeds.len()),
                deeds.as_slice(),
            ),
            None => (
                "it did not show again; its last deeds".into(),
                &script[script.len().saturating_sub(20)..],
            ),
        };
        let _ = writeln!(text, "{how}:");
        for deed in deeds {
            let _ = writeln!(text, "  {deed:?}");
        }
        text
    }
}
