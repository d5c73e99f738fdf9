//! `bench simulate`: how long `omnibus simulate` takes for ten years, and how much memory, at growing numbers of exits.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use eyre::{Context as _, Result, bail, eyre};
use serde_json::Value;

use crate::{Row, program};

/// Exits per day, a quarter as many deposits, and the mean sizes that make 300 million coins of each in ten years whatever
/// their number.
const STAGES: [(&str, u64, u64, u64); 4] = [
    ("10k", 3, 27_397, 1),
    ("100k", 27, 3_044, 7),
    ("1m", 274, 300, 68),
    ("10m", 2_740, 30, 685),
];
/// What is wanted of a million exits: seconds, and megabytes.
const GOAL: (&str, f64, f64) = ("1m", 5.0, 500.0);

/// The hardest there is: no buffer, so that every exit queues, and a rung each hour of ten years.
fn args((_, exits, size, deposits): (&str, u64, u64, u64)) -> Vec<String> {
    let deposit_size = 300_000_000 / (deposits * 3_650);
    let line = format!(
        "simulate --json --span 3650d --validators 100 --buckets 22 --pot 100000000 --withhold 0 --min-stake 100 \
         --exits {exits} --exit-size {size} --deposits {deposits} --deposit-size {deposit_size}"
    );
    line.split_whitespace().map(str::to_owned).collect()
}

struct Measured {
    /// Of one core: what others do on the machine is not in it.
    cpu_seconds: f64,
    wall_seconds: f64,
    megabytes: f64,
    exits: u64,
}

/// Runs the program and watches what the system says of it: time on a core (of its first thread, which does the work), and
/// the most memory held.
fn measure(program: &Path, args: &[String]) -> Result<Measured> {
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .wrap_err_with(|| {
            format!(
                "{}: cargo build --profile ci --bin omnibus",
                program.display()
            )
        })?;
    let of = |what: &str| format!("/proc/{}/{what}", child.id());
    let (status, schedule) = (of("status"), of("schedstat"));
    let (mut kilobytes, mut nanoseconds) = (0_u64, 0_u64);
    while child.try_wait()?.is_none() {
        // Gone or ending: what was seen last stands.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
        kilobytes = kilobytes.max(peak.unwrap_or_default());
        let text = fs::read_to_string(&schedule).unwrap_or_default();
        let on_core = text
            .split_whitespace()
            .next()
            .and_then(|first| first.parse().ok());
        nanoseconds = nanoseconds.max(on_core.unwrap_or_default());
        thread::sleep(Duration::from_millis(2));
    }
    let wall_seconds = started.elapsed().as_secs_f64();
    let out = child.wait_with_output()?;
    if !out.status.success() {
        bail!("omnibus {}: {}", args.join(" "), out.status);
    }
    let figures: Value = serde_json::from_slice(&out.stdout)?;
    let exits = figures
        .get("exits")
        .and_then(Value::as_u64)
        .ok_or_else(|| eyre!("no number of exits"))?;
    Ok(Measured {
        cpu_seconds: Duration::from_nanos(nanoseconds).as_secs_f64(),
        wall_seconds,
        megabytes: kilobytes as f64 / 1_024.0,
        exits,
    })
}

/// Measures every stage.
///
/// # Errors
/// A program that is not built or does not end well.
pub fn run(root: &Path) -> Result<BTreeMap<String, Row>> {
    let program = program(root, "omnibus");
    let mut rows = BTreeMap::new();
    for stage in STAGES {
        let args = args(stage);
        let measured = measure(&program, &args)?;
        let (name, seconds, megabytes) = GOAL;
        let row = |value: f64, unit: &'static str, target: f64| Row {
            value: (value * 100.0).round() / 100.0,
            unit,
            better: "lower",
            target: (stage.0 == name).then_some(target),
            limit: None,
            peer: None,
            peer_name: None,
            command: format!("omnibus {}", args.join(" ")),
            duration_s: measured.wall_seconds.round(),
            samples: measured.exits,
        };
        rows.insert(
            format!("simulate.ten_years.{}.time", stage.0),
            row(measured.cpu_seconds, "s", seconds),
        );
        rows.insert(
            format!("simulate.ten_years.{}.memory", stage.0),
            row(measured.megabytes, "MB", megabytes),
        );
    }
    Ok(rows)
}
