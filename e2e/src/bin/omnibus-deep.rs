//! What takes too long for every run: `omnibus-deep queue | exits | differential | basket`, each into its own key of
//! `bench/results/deep.json` with seed, duration and the hashes of what it measured. The last three can be stopped at any time
//! and go on from there. `omnibus-deep hunt` looks for a planted fault; `omnibus-deep speed` prints what comparing costs.
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program of the workshop: it shows progress on the terminal"
)]

use std::{fs, ops::Range, process::Command, time::Instant};

use eyre::{Context as _, Result, bail, ensure, eyre};
use omnibus_e2e::{
    basket::{self, counts::Counts, lockstep},
    differential::{self, Report},
    queue, stateful,
    table::Table,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

const RESULTS: &str = "bench/results/deep.json";
const USAGE: &str = "usage: omnibus-deep queue | exits | differential | basket | hunt | speed   (SEED, CALLS, IN_STEP, EXITS, HISTORIES, MINUTES from the environment)";

/// What a figure rests on, as git's pathspecs.
type Trees = &'static [&'static str];

/// The contracts of the liquid side, and the stand-ins under it.
const LIQUID: Trees = &[
    ":(glob)contracts/artifacts/*Liquid*.json",
    ":(exclude)contracts/artifacts/LiquidSleeve.json",
    ":(glob)contracts/artifacts/*Bucket*.json",
    ":(glob)contracts/artifacts/*AmmRoute.json",
    ":(glob)contracts/artifacts/*Converter.json",
    ":(glob)contracts/artifacts/ERC1967Proxy.json",
    ":(glob)contracts/artifacts/Local[AST]*.json",
];
const WORLD: Trees = &["e2e/src/world", "e2e/src/table.rs"];

fn main() -> Result<()> {
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "queue" => long_queue(),
        "exits" => many_exits(),
        "differential" => many_comparisons(),
        "basket" => a_basket(),
        "hunt" => hunt(),
        "speed" => {
            let speed = differential::speed(number("SEED", 2)?, number("HISTORIES", 20)?);
            println!("{}", serde_json::to_string(&speed)?);
            Ok(())
        }
        _ => bail!(USAGE),
    }
}

fn number(name: &str, standing: u64) -> Result<u64> {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .wrap_err_with(|| format!("{name}={text} is not a number")),
        Err(_) => Ok(standing),
    }
}

/// L32: ten, a thousand, a hundred thousand and a million open requests. Ten twice: the first queue of a world writes slots
/// that were never written.
fn long_queue() -> Result<()> {
    let trees = trees(&[LIQUID, &["e2e/src/queue.rs", "e2e/src/world"]])?;
    let started = Instant::now();
    let stages = queue::measure(&[10, 10, 1_000, 100_000, 1_000_000], |n| {
        eprint!("\r{n} requests ")
    });
    eprintln!();
    let (Some(first), Some(last)) = (stages.get(1), stages.last()) else {
        bail!("nothing was measured");
    };
    for s in &stages {
        eprintln!("{s:?}");
    }
    last.costs_no_more_than(first)?;
    let row = Row {
        trees,
        duration_s: started.elapsed().as_secs(),
        figures: serde_json::to_value(stages)?,
        rest: Value::Null,
    };
    row.write("queue")
}

/// Promises 1 to 6 and 8 over many exits, each against the time that it was promised. One that is late without a named reason
/// ends the run. In seven histories of eight nothing happens that would be such a reason: else few promises would be tried.
fn many_exits() -> Result<()> {
    let trees = trees(&[LIQUID, WORLD, &["e2e/src/stateful"]])?;
    let (seed, exits) = (number("SEED", 2)?, number("EXITS", 100_000)?);
    let quota = stateful::CALLS_OF_A_WORLD;
    let mut long: Long<Table> = Long::resume("exits", seed, trees)?;
    while long.sum.kept < exits && !long.late()? {
        let more = stateful::play(seed, long.next(), quota, |number| number % 8 != 0);
        long.sum.merge(&more.map_err(|broken| eyre!(broken))?);
        let table = &long.sum;
        let figures = json!({
            "seed": seed,
            "successful_calls": table.successes(),
            "slashes_booked": table.slashes,
            "promised_times_read": table.promises,
            "exits_funded_by_their_time": table.kept,
            "exits_with_a_named_reason": table.excused,
        });
        eprintln!("{figures}");
        long.write(figures)?;
    }
    eprintln!("{}", long.sum);
    Ok(())
}

/// The contracts against the model. A divergence ends the run.
fn many_comparisons() -> Result<()> {
    let model = &[":(glob)crates/model/src/*.rs", "e2e/src/differential"];
    let trees = trees(&[LIQUID, WORLD, model])?;
    let calls = number("CALLS", 2_000_000)?;
    let options = differential::Options {
        seed: number("SEED", 2)?,
        calls,
        only: None,
        shrink: true,
    };
    let mut long: Long<Report> = Long::resume("differential", options.seed, trees)?;
    while long.sum.table.successes() + long.sum.outside < calls && !long.late()? {
        let more = differential::some(&options, long.next());
        long.sum
            .add(&more.map_err(|divergence| eyre!("{divergence}"))?);
        let (table, outside, fields) = (&long.sum.table, long.sum.outside, long.sum.fields);
        eprintln!(
            "{} calls compared, {fields} fields",
            table.successes() + outside
        );
        let figures = json!({
            "seed": options.seed,
            "successful_calls": table.successes(),
            "calls_of_others": outside,
            "refused_calls": table.tried() - table.successes(),
            "slashes_booked": table.slashes,
            "fields_compared": fields,
        });
        long.write(figures)?;
    }
    eprintln!("{}", long.sum);
    let short = long.sum.table.shortfalls(calls / 5);
    ensure!(long.is_late || short.is_empty(), "{}", short.join("; "));
    Ok(())
}

/// The contracts of a basket, its prices and its governance, and the stand-ins under them.
const BASKET: Trees = &[
    ":(glob)contracts/artifacts/Basket*.json",
    ":(glob)contracts/artifacts/*BasketReceipts.json",
    ":(glob)contracts/artifacts/UnbondingQueue.json",
    ":(glob)contracts/artifacts/CoreSleeve.json",
    ":(glob)contracts/artifacts/StCore*.json",
    ":(glob)contracts/artifacts/HeldSleeve.json",
    ":(glob)contracts/artifacts/PriceFeed.json",
    ":(glob)contracts/artifacts/EarnSource.json",
    ":(glob)contracts/artifacts/MedianSource.json",
    ":(glob)contracts/artifacts/Guardian.json",
    ":(glob)contracts/artifacts/LocalCore*.json",
    ":(glob)contracts/artifacts/LocalActor.json",
    ":(glob)contracts/artifacts/LocalWbtc.json",
];

/// What a basket's run has done.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Basket {
    promises: Counts,
    lockstep: lockstep::Report,
}

/// A basket's promises over many successful calls, and its contracts against its model.
fn a_basket() -> Result<()> {
    let trees = trees(&[
        BASKET,
        WORLD,
        &["e2e/src/basket"],
        &["crates/model/src/basket"],
    ])?;
    let (seed, calls) = (number("SEED", 2)?, number("CALLS", 100_000)?);
    let in_step = number("IN_STEP", calls)?;
    let mut long: Long<Basket> = Long::resume("basket", seed, trees)?;
    let open = |sum: &Basket| sum.promises.successes() < calls || sum.lockstep.taken < in_step;
    while open(&long.sum) && !long.late()? {
        let started = Instant::now();
        let numbers = long.next();
        // A world of promises holds five times the calls of a world in lockstep.
        let pairs = numbers.start * 5..numbers.end * 5;
        let (mut more, mut in_pairs) = (Counts::default(), lockstep::Report::default());
        if long.sum.promises.successes() < calls {
            more = basket::play(seed, numbers).map_err(|broken| eyre!(broken))?;
        }
        if long.sum.lockstep.taken < in_step {
            in_pairs = lockstep::play(seed, pairs).map_err(|broken| eyre!(broken))?;
        }
        let did = more.tried() + in_pairs.taken + in_pairs.refused;
        long.sum.promises.merge(&more);
        long.sum.lockstep.add(&in_pairs);
        let (p, l) = (&long.sum.promises, &long.sum.lockstep);
        eprintln!(
            "{} calls kept the promises, {} agreed with the model; {} a second",
            p.successes(),
            l.taken,
            did / started.elapsed().as_secs().max(1)
        );
        let figures = json!({
            "seed": seed,
            "successful_calls": p.successes(),
            "refused_calls": p.tried() - p.successes(),
            "round_trips": p.seen.get("round trips"),
            "losses_booked": p.seen.get("losses booked"),
            "worlds_drained": p.seen.get("worlds drained to the last claim"),
            "calls_in_lockstep": l.taken,
            "refusals_in_lockstep": l.refused,
            "fields_compared": l.fields,
        });
        long.write(figures)?;
    }
    eprintln!("{}", long.sum.promises);
    let short = long.sum.promises.shortfalls(calls);
    ensure!(long.is_late || short.is_empty(), "{}", short.join("; "));
    Ok(())
}

/// A run of many histories that can be stopped at any time: after each few of them its sums are written, and the next run
/// goes on from there while what it measures is the same.
struct Long<T> {
    what: &'static str,
    trees: Map<String, Value>,
    seed: u64,
    /// Histories done.
    done: u64,
    sum: T,
    spent: u64,
    started: Instant,
    /// Something was done.
    began: bool,
    /// It was stopped by the clock.
    is_late: bool,
}

/// Histories between two writings.
const STEP: u64 = 8;

impl<T: Default + Serialize + DeserializeOwned> Long<T> {
    fn resume(what: &'static str, seed: u64, trees: Map<String, Value>) -> Result<Self> {
        let all = results()?;
        let before = all.get(what).and_then(|row| {
            let same = row.get("trees")?.as_object()? == &trees;
            let rest = row.get("rest")?;
            let (old, done): (u64, u64) =
                serde_json::from_value(rest.get("seed_and_histories")?.clone()).ok()?;
            let sum = serde_json::from_value(rest.get("sum")?.clone()).ok()?;
            (same && old == seed).then_some((done, sum, row.get("duration_s")?.as_u64()?))
        });
        let (done, sum, spent) = before.unwrap_or_default();
        if done > 0 {
            eprintln!("goes on after {done} histories");
        }
        Ok(Self {
            what,
            trees,
            seed,
            done,
            sum,
            spent,
            started: Instant::now(),
            began: false,
            is_late: false,
        })
    }

    /// The histories that come next.
    fn next(&mut self) -> Range<u64> {
        let from = self.done;
        self.done += STEP;
        from..self.done
    }

    /// Whether MINUTES are over, and something was done in them.
    fn late(&mut self) -> Result<bool> {
        let minutes = number("MINUTES", u64::MAX / 60)?;
        self.is_late = self.began && self.started.elapsed().as_secs() >= minutes * 60;
        if self.is_late {
            eprintln!("stops after {minutes} minutes; run it again to go on");
        }
        Ok(self.is_late)
    }

    fn write(&mut self, figures: Value) -> Result<()> {
        self.began = true;
        let row = Row {
            trees: self.trees.clone(),
            duration_s: self.spent + self.started.elapsed().as_secs(),
            figures,
            rest: json!({"seed_and_histories": (self.seed, self.done), "sum": self.sum}),
        };
        row.write(self.what)
    }
}

/// Looks for a planted fault and says in one line of JSON what showed it, after how many calls that agreed. Nothing is
/// written: this is a step of `scripts/deep/faults`.
fn hunt() -> Result<()> {
    let options = differential::Options {
        seed: number("SEED", 3)?,
        calls: number("CALLS", 60_000)?,
        only: None,
        shrink: false,
    };
    let found = match differential::run(&options) {
        Ok(_) => Value::Null,
        Err(d) => json!({
            "calls": d.agreed + 1,
            "call": d.call.chars().take(60).collect::<String>(),
            "field": d.file.differences.first().map(|d| &d.field),
        }),
    };
    println!("{found}");
    Ok(())
}

/// The hash of everything that git has under these pathspecs, by the list of them. It has to be committed: a figure of
/// something else would be worth nothing.
fn trees(lists: &[Trees]) -> Result<Map<String, Value>> {
    let mut out = Map::new();
    for specs in lists {
        let dirty = git(&[&["status", "--porcelain", "--"], *specs].concat())?;
        ensure!(dirty.is_empty(), "commit first what is measured:\n{dirty}");
        let files = git(&[&["ls-files", "--stage", "--"], *specs].concat())?;
        ensure!(!files.is_empty(), "nothing is committed under {specs:?}");
        let hash = alloy::primitives::keccak256(files);
        out.insert(specs.join(" "), hash.to_string().into());
    }
    Ok(out)
}

fn git(args: &[&str]) -> Result<String> {
    let out = Command::new("git").args(args).output().wrap_err("git")?;
    ensure!(
        out.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(String::from_utf8(out.stdout)?)
}

fn results() -> Result<Map<String, Value>> {
    match fs::read_to_string(RESULTS) {
        Ok(text) => Ok(serde_json::from_str(&text)?),
        Err(_) => Ok(Map::new()),
    }
}

/// A key of the results.
struct Row {
    trees: Map<String, Value>,
    duration_s: u64,
    figures: Value,
    /// What the next run goes on from.
    rest: Value,
}

impl Row {
    fn write(self, what: &str) -> Result<()> {
        let mut row = Map::new();
        row.insert("trees".into(), self.trees.into());
        row.insert("duration_s".into(), self.duration_s.into());
        row.insert("figures".into(), self.figures);
        if !self.rest.is_null() {
            row.insert("rest".into(), self.rest);
        }
        let mut all = results()?;
        all.insert(what.into(), row.into());
        // Put in place whole: a run is stopped at any time.
        let fresh = format!("{RESULTS}.new");
        fs::write(&fresh, serde_json::to_string_pretty(&all)? + "\n")?;
        Ok(fs::rename(fresh, RESULTS)?)
    }
}
