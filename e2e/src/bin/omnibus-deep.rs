//! What takes too long for every run: `omnibus-deep queue | stateful | differential`, each into its own key of
//! `bench/results/deep.json` with seed, duration and the hashes of the trees that it measured.
#![allow(
    clippy::print_stderr,
    reason = "a program of the workshop: it shows progress on the terminal"
)]

use std::{fs, path::Path, process::Command, time::Instant};

use eyre::{Context as _, Result, bail, ensure, eyre};
use omnibus_e2e::{differential, queue, stateful};
use serde_json::{Map, Value, json};

const RESULTS: &str = "bench/results/deep.json";
const USAGE: &str =
    "usage: omnibus-deep queue | stateful | differential   (SEED, CALLS from the environment)";

fn main() -> Result<()> {
    let what = std::env::args().nth(1).unwrap_or_default();
    let (measure, trees): (fn() -> Result<Value>, &[&str]) = match what.as_str() {
        "queue" => (
            long_queue,
            &["contracts/artifacts", "e2e/src/queue.rs", "e2e/src/world"],
        ),
        "stateful" => (
            many_calls,
            &[
                "contracts/artifacts",
                "e2e/src/stateful",
                "e2e/src/table.rs",
                "e2e/src/world",
            ],
        ),
        "differential" => (
            many_comparisons,
            &[
                "contracts/artifacts",
                "crates/model/src",
                "e2e/src/differential",
                "e2e/src/table.rs",
                "e2e/src/world",
            ],
        ),
        _ => bail!(USAGE),
    };
    let mut row = Map::new();
    row.insert("trees".into(), hashes(trees)?);
    let started = Instant::now();
    row.insert("figures".into(), measure()?);
    row.insert("duration_s".into(), started.elapsed().as_secs().into());
    write(&what, row)
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
fn long_queue() -> Result<Value> {
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
    Ok(serde_json::to_value(stages)?)
}

/// Promises 1 to 6 and 8 over millions of calls; exits against the time that they were promised. One that is late without a named
/// reason ends the run.
fn many_calls() -> Result<Value> {
    let plan = stateful::Plan {
        seed: number("SEED", 2)?,
        calls: number("CALLS", 2_000_000)?,
        only: None,
    };
    let table = stateful::run(plan).map_err(|broken| eyre!(broken))?;
    eprintln!("{table}");
    let short = table.shortfalls(plan.calls);
    ensure!(short.is_empty(), "{}", short.join("; "));
    Ok(json!({
        "seed": plan.seed,
        "successful_calls": table.successes(),
        "slashes_booked": table.slashes,
        "promised_times_read": table.promises,
        "exits_funded_by_their_time": table.kept,
        "exits_with_a_named_reason": table.excused,
    }))
}

/// The contracts against the model. A divergence ends the run.
fn many_comparisons() -> Result<Value> {
    let options = differential::Options {
        seed: number("SEED", 2)?,
        calls: number("CALLS", 2_000_000)?,
        only: None,
    };
    let report = differential::run(&options).map_err(|difference| eyre!("{difference}"))?;
    eprintln!("{report}");
    let table = &report.table;
    let short = table.shortfalls(options.calls / 5);
    ensure!(short.is_empty(), "{}", short.join("; "));
    Ok(json!({
        "seed": options.seed,
        "successful_calls": table.successes(),
        "calls_of_others": report.outside,
        "refused_calls": table.tried() - table.successes(),
        "slashes_booked": table.slashes,
        "fields_compared": report.fields,
    }))
}

/// The git hashes of what was measured. It has to be committed: a figure of something else would be worth nothing.
fn hashes(paths: &[&str]) -> Result<Value> {
    let dirty = git(&[&["status", "--porcelain", "--"], paths].concat())?;
    ensure!(dirty.is_empty(), "commit first what is measured:\n{dirty}");
    let mut out = Map::new();
    for path in paths {
        let hash = git(&["rev-parse", &format!("HEAD:{path}")])?;
        out.insert((*path).into(), hash.trim().into());
    }
    Ok(out.into())
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

fn write(what: &str, row: Map<String, Value>) -> Result<()> {
    let mut all: Map<String, Value> = match fs::read_to_string(RESULTS) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => Map::new(),
    };
    all.insert(what.into(), row.into());
    fs::create_dir_all(Path::new(RESULTS).parent().unwrap_or(Path::new(".")))?;
    fs::write(RESULTS, serde_json::to_string_pretty(&all)? + "\n")?;
    eprintln!("{RESULTS}: {what}");
    Ok(())
}
