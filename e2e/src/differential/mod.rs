//! Contracts against model: random histories by many people, compared field by field after each call.
//!
//! The expected side is [`model`] alone: it is told the calls and never asks the contracts. What it does *not* compare:
//! gas, the order of events inside one transaction, the events of the staking system and of the pool, pools of the
//! concentrated kind.

mod choices;
mod compare;
mod encode;
mod file;
mod history;

use std::{
    collections::BTreeMap,
    fmt,
    ops::Range,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{cores, table::Table};
use choices::Choices;
pub use compare::{Difference, View};
pub use file::{File, Told};
use history::{History, Step, shrink};

/// Successful calls of one history; then a new world begins.
pub const CALLS_OF_A_WORLD: u64 = 500;

/// How much to play.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Everything follows from it.
    pub seed: u64,
    /// Successful calls of the system under test to reach; what others do at the staking system and at the pool comes on
    /// top.
    pub calls: u64,
    /// One history alone.
    pub only: Option<u64>,
    /// Whether the shortest history is looked for that ends in a disagreement: a minute or two.
    pub shrink: bool,
}

/// What was played.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Worlds.
    pub histories: u64,
    /// By function.
    pub table: Table,
    /// Successful calls of others, compared like the system's own.
    pub outside: u64,
    /// By error.
    pub refusals: BTreeMap<String, u64>,
    /// Fields compared.
    pub fields: u64,
}

impl Report {
    /// Takes the counts of another run into this one.
    pub fn add(&mut self, other: &Self) {
        self.histories += other.histories;
        self.table.merge(&other.table);
        self.outside += other.outside;
        self.fields += other.fields;
        for (error, n) in &other.refusals {
            *self.refusals.entry(error.clone()).or_default() += n;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refusals: Vec<_> = self
            .refusals
            .iter()
            .map(|(name, n)| format!("{name} {n}"))
            .collect();
        write!(f, "{}", self.table.counts())?;
        writeln!(
            f,
            "differential run: seed {}, {} histories, {} calls compared ({} of others), {} fields",
            self.seed,
            self.histories,
            self.table.successes() + self.outside,
            self.outside,
            self.fields
        )?;
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
    /// Successful calls that agreed before it, were one history played after the other.
    pub agreed: u64,
    /// Which call of it, refused ones counted, from 1.
    pub step: u64,
    /// Calls of the shortest history found that ends in it; 0: it did not show again.
    pub shrunk: u64,
    /// The call.
    pub call: String,
    /// Who made it.
    pub actor: String,
    /// Where they disagree, and how it came to that.
    pub file: File,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            history,
            step,
            shrunk,
            call,
            actor,
            ..
        } = self;
        writeln!(
            f,
            "contracts and model disagree: seed {seed}, history {history}, call {step}"
        )?;
        if *shrunk > 0 {
            writeln!(f, "  {shrunk} calls are enough:")?;
            for told in &self.file.steps {
                writeln!(f, "    {}", told.words)?;
            }
        }
        writeln!(f, "  {actor} calls {call}")?;
        for Difference {
            field,
            expected,
            actual,
            ..
        } in &self.file.differences
        {
            writeln!(
                f,
                "  {field}\n    model    {expected}\n    contract {actual}"
            )?;
        }
        match self.file.write() {
            Ok(path) => write!(f, "step through it: omnibus replay {}", path.display()),
            Err(error) => write!(f, "the history could not be written: {error}"),
        }
    }
}

/// Plays histories on all cores until enough calls succeeded, or until contracts and model disagree.
///
/// # Errors
/// The first disagreement.
pub fn run(options: &Options) -> Result<Report, Box<Divergence>> {
    let histories = options.calls.div_ceil(CALLS_OF_A_WORLD);
    let numbers = options.only.map_or(0..histories, |n| n..n + 1);
    some(options, numbers)
}

/// Some of the histories of a seed.
///
/// # Errors
/// As [`run`].
pub fn some(options: &Options, numbers: Range<u64>) -> Result<Report, Box<Divergence>> {
    let reports = cores::each(numbers, |number| play(options, number))?;
    let mut sum = Report {
        seed: options.seed,
        ..Report::default()
    };
    reports.iter().for_each(|report| sum.add(report));
    Ok(sum)
}

/// The first steps of the history that `seed` makes, as a file without differences.
///
/// # Panics
/// When contracts and model disagree in them.
#[must_use]
pub fn record(seed: u64, steps: u64) -> File {
    let mut history = History::new(seed);
    for _ in 0..steps {
        let done = history.step(&mut Table::default());
        assert!(done.differences.is_empty(), "{:?}", done.differences);
    }
    history.file(seed, 0, Vec::new())
}

/// What comparing costs, on one core.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Speed {
    /// Transactions, refused ones too.
    pub transactions: u64,
    /// To play them on both sides and compare.
    pub compared: Duration,
    /// To run the same ones on the contracts alone.
    pub alone: Duration,
}

/// Plays some histories twice: with the model beside the contracts, then only the transactions that came of it.
///
/// # Panics
/// When contracts and model disagree in them.
#[must_use]
pub fn speed(seed: u64, histories: u64) -> Speed {
    let mut sum = Speed::default();
    for number in 0..histories {
        let seed = spread(seed, number);
        let (mut history, mut table) = (History::new(seed), Table::default());
        let started = Instant::now();
        while table.successes() < CALLS_OF_A_WORLD {
            let done = history.step(&mut table);
            assert!(done.differences.is_empty(), "{:?}", done.differences);
            if let Some(name) = done.function {
                table.count(name, done.ok, done.told > 0, done.gas);
            }
        }
        sum.compared += started.elapsed();
        let mut again = History::new(seed);
        let started = Instant::now();
        sum.transactions += again.replay(&history);
        sum.alone += started.elapsed();
    }
    sum
}

/// An odd constant spreads the histories of one seed over all seeds of the generator.
const fn spread(seed: u64, number: u64) -> u64 {
    seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// One history whose choices are these bytes, and which ends with them: what a fuzzer plays. Returns how many successful calls
/// were compared.
///
/// # Errors
/// As [`run`].
pub fn follow(bytes: &[u8]) -> Result<u64, Box<Divergence>> {
    let options = Options {
        seed: 0,
        calls: 0,
        only: None,
        shrink: false,
    };
    let mut history = History::with(Choices::given(bytes, options.seed));
    let (mut compared, mut table) = (0, Table::default());
    while !history.has_chosen_all() {
        let done = history.step(&mut table);
        if !done.differences.is_empty() {
            return Err(Box::new(diverged(&options, 0, compared, 0, &history, done)));
        }
        compared += u64::from(done.ok);
    }
    let end = history.finish();
    if !end.is_empty() {
        let done = Step::only("the end", end);
        return Err(Box::new(diverged(&options, 0, compared, 0, &history, done)));
    }
    Ok(compared)
}

/// One history.
fn play(options: &Options, number: u64) -> Result<Report, Box<Divergence>> {
    let mut report = Report {
        histories: 1,
        ..Report::default()
    };
    let seed = spread(options.seed, number);
    let mut history = History::new(seed);
    let fail = |history: &History, agreed: u64, done: Step| {
        let agreed = number * CALLS_OF_A_WORLD + agreed;
        Box::new(diverged(options, number, agreed, seed, history, done))
    };
    let start = history.compare_all();
    if !start.is_empty() {
        return Err(fail(&history, 0, Step::only("the start", start)));
    }
    let mut step = 0;
    while report.table.successes() < CALLS_OF_A_WORLD && step < 4 * CALLS_OF_A_WORLD {
        let done = history.step(&mut report.table);
        if !done.differences.is_empty() {
            return Err(fail(&history, report.table.successes(), done));
        }
        step += 1;
        match done.function {
            Some(name) => report.table.count(name, done.ok, done.told > 0, done.gas),
            None => report.outside += u64::from(done.ok),
        }
        for name in done.inside {
            report.table.add(name, 1);
        }
        if let Some(error) = done.refusal {
            *report.refusals.entry(error).or_default() += 1;
        }
    }
    let end = history.finish();
    if !end.is_empty() {
        let done = Step::only("the end", end);
        return Err(fail(&history, report.table.successes(), done));
    }
    report.fields = history.fields;
    Ok(report)
}

/// What is told of a disagreement: the shortest way to it, where one is looked for and found.
fn diverged(
    options: &Options,
    number: u64,
    agreed: u64,
    seed: u64,
    history: &History,
    done: Step,
) -> Divergence {
    let field = done.differences.first().map(|d| d.field.clone());
    let shrunk = field
        .filter(|_| options.shrink)
        .and_then(|field| shrink(seed, &field, history));
    let step = history.calls();
    let (history, done, shrunk) = match &shrunk {
        Some((shorter, done)) => (shorter, done, shorter.calls()),
        None => (history, &done, 0),
    };
    Divergence {
        seed: options.seed,
        history: number,
        agreed,
        step,
        shrunk,
        call: done.call.clone(),
        actor: done.actor.clone(),
        file: history.file(options.seed, number, done.differences.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, run};

    /// Successful calls of `make test`: what two cores compare in six minutes.
    const CALLS: u64 = 200_000;

    fn number(name: &str) -> Option<u64> {
        std::env::var(name).ok().and_then(|text| text.parse().ok())
    }

    /// `DIFFERENTIAL_SEED`, `DIFFERENTIAL_CALLS` and `DIFFERENTIAL_HISTORY` choose another run.
    #[test]
    fn differential_contracts_agree_with_the_model_after_every_call() {
        let options = Options {
            seed: number("DIFFERENTIAL_SEED").unwrap_or(1),
            calls: number("DIFFERENTIAL_CALLS").unwrap_or(CALLS),
            only: number("DIFFERENTIAL_HISTORY"),
            shrink: true,
        };
        match run(&options) {
            Ok(report) => {
                println!("{report}");
                // A fifth of the stateful run's minimum: claims are few in worlds this short.
                let short = report.table.shortfalls(options.calls / 5);
                assert!(
                    options.only.is_some() || options.calls < CALLS || short.is_empty(),
                    "{}",
                    short.join("; ")
                );
            }
            Err(divergence) => panic!("{divergence}"),
        }
    }
}
