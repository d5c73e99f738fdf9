//! The stateful run: the promises of the liquid side under many random, successful calls.
//!
//! Several histories, each a world of its own (a slashed validator stays slashed), their counts summed. Everything follows
//! from one seed: `OMNIBUS_SEED` sets it, `OMNIBUS_HISTORY` runs one history alone, `OMNIBUS_CALLS` sets how many calls are
//! to succeed in all.

mod books;
mod history;
mod table;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

pub use history::History;
pub use table::Table;

/// Worlds of a run, at least.
const HISTORIES: u64 = 24;
/// Calls of one world, at most: an old world has few validators left to slash.
const CALLS_OF_A_WORLD: u64 = 6_000;

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
    let next = AtomicU64::new(plan.only.unwrap_or(0));
    let histories = HISTORIES.max(plan.calls.div_ceil(CALLS_OF_A_WORLD));
    let end = plan.only.map_or(histories, |n| n + 1);
    let sum = Mutex::new(Table::default());
    let failure: Mutex<Option<String>> = Mutex::new(None);
    let quota = plan.calls.div_ceil(histories);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let failed = failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_some();
            if number >= end || failed {
                return;
            }
            let mut history = History::new(plan.seed, number, quota);
            let result = catch_unwind(AssertUnwindSafe(|| history.run()))
                .unwrap_or_else(|_| Err(eyre::eyre!("the run itself panicked (above)")));
            sum.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .merge(&history.table);
            if let Err(broken) = result {
                let mut text = format!(
                    "{broken}\nseed {} history {number}, its last calls:\n",
                    plan.seed
                );
                for line in history.tail() {
                    text.push_str(line);
                    text.push('\n');
                }
                failure
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert(text);
            }
        }
    };
    let cores = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(8);
    thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(work);
        }
        work();
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(text) => Err(text),
        None => Ok(sum.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}
