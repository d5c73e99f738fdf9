//! The stateful run: the promises of the liquid side under many random, successful calls.
//!
//! Several histories, each a world of its own (a slashed validator stays slashed), their counts summed. Everything follows
//! from one seed: `OMNIBUS_SEED` sets it, `OMNIBUS_HISTORY` runs one history alone, `OMNIBUS_CALLS` sets how many calls are
//! to succeed in all.

mod books;
mod history;

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{cores, table::Table};
pub use history::History;

/// Worlds of a run, at least.
const HISTORIES: u64 = 24;
/// Calls of one world, at most: an old world has few validators left to slash.
pub const CALLS_OF_A_WORLD: u64 = 6_000;

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
            std::env::var(name)
                .ok()
                .and_then(|v: String| v.parse::<u64>().ok())
        };
        Self {
            seed: number("OMNIBUS_SEED").unwrap_or(1),
            calls: number("OMNIBUS_CALLS").unwrap_or(140_000),
            only: number("OMNIBUS_HISTORY"),
        }
    }
}

/// Runs all histories on the machine's cores. `Err` names the seed, the history and its last calls.
///
/// # Errors
/// A broken promise, or a slip of the run itself.
pub fn run(plan: Plan) -> Result<Table, String> {
    let histories = HISTORIES.max(plan.calls.div_ceil(CALLS_OF_A_WORLD));
    let numbers = plan.only.map_or(0..histories, |n| n..n + 1);
    play(plan.seed, numbers, plan.calls.div_ceil(histories), |_| {
        false
    })
}

/// Some of the histories of a seed, each of `quota` successful calls; `calm` says by number in which of them nothing happens
/// that may make an exit late.
///
/// # Errors
/// As [`run`].
pub fn play(
    seed: u64,
    numbers: Range<u64>,
    quota: u64,
    calm: fn(u64) -> bool,
) -> Result<Table, String> {
    let tables = cores::each(numbers, |number| {
        let mut history = History::new(seed, number, quota, calm(number));
        let result = catch_unwind(AssertUnwindSafe(|| history.run()))
            .unwrap_or_else(|_| Err(eyre::eyre!("the run itself panicked (above)")));
        match result {
            Ok(()) => Ok(history.table),
            Err(broken) => {
                let mut text = format!("{broken}\nseed {seed} history {number}, its last calls:\n");
                for line in history.tail() {
                    text.push_str(line);
                    text.push('\n');
                }
                Err(text)
            }
        }
    })?;
    let mut sum = Table::default();
    tables.iter().for_each(|table| sum.merge(table));
    Ok(sum)
}
