//! `bench` joins measured figures with the targets and the peers' figures: `bench/targets.json` in,
//! `bench/results/*.json` and the table of the README out.
//!
//! `bench gas` writes them from `contracts/snapshots/gas*.json`; `bench gas --check` fails when what is committed differs.
//! `bench simulate` and `bench differential` measure the simulator and the differential driver into
//! `bench/results/program.json`; rows of the other stay.

mod differential;
mod simulate;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use eyre::{Context as _, Result, bail, eyre};
use serde::Serialize;
use serde_json::{Map, Value};

/// What the gas tests of the contracts wrote.
const MEASURED: &[&str] = &[
    "contracts/snapshots/gas.json",
    "contracts/snapshots/gas-basket.json",
    "contracts/snapshots/gas-governance.json",
];
const TARGETS: &str = "bench/targets.json";
const RESULTS: &str = "bench/results/gas.json";
const PROGRAM: &str = "bench/results/program.json";
const README: &str = "README.md";
const BEGIN: &str = "<!-- gas table: made by `make bench` -->";
const END: &str = "<!-- end of the gas table -->";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["gas"] => root().and_then(|root| run(root, false)),
        ["gas", "--check"] => root().and_then(|root| run(root, true)),
        ["simulate"] => measure(simulate::run),
        ["differential"] => measure(differential::run),
        _ => return fail("usage: bench gas [--check] | bench simulate | bench differential"),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}")),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the one place of this program that prints"
)]
fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}

fn root() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or_else(|| eyre!("no workspace root"))
}

/// One of our programs, as the profile `ci` builds it.
fn program(root: &Path, name: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    target.join("ci").join(name)
}

/// A figure of a program.
#[derive(Serialize)]
struct Row {
    value: f64,
    unit: &'static str,
    /// Which way is better: "lower" or "higher".
    better: &'static str,
    target: Option<f64>,
    /// What the bare machine does in the same run.
    limit: Option<f64>,
    peer: Option<f64>,
    peer_name: Option<&'static str>,
    command: String,
    duration_s: f64,
    samples: u64,
}

/// Writes the rows that were measured into [`PROGRAM`].
fn measure(run: fn(&Path) -> Result<BTreeMap<String, Row>>) -> Result<()> {
    let root = root()?;
    let path = root.join(PROGRAM);
    let mut rows: BTreeMap<String, Value> = match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).wrap_err(PROGRAM)?,
        Err(_) => BTreeMap::new(),
    };
    for (name, row) in run(root)? {
        rows.insert(name, serde_json::to_value(row)?);
    }
    let mut text = serde_json::to_string_pretty(&rows)?;
    text.push('\n');
    fs::write(&path, text).wrap_err(PROGRAM)
}

fn run(root: &Path, check: bool) -> Result<()> {
    let mut measured: BTreeMap<String, u64> = BTreeMap::new();
    for file in MEASURED {
        measured.extend(read::<BTreeMap<String, u64>>(&root.join(file))?);
    }
    let targets: BTreeMap<String, Map<String, Value>> = read(&root.join(TARGETS))?;
    let results = join(&measured, &targets)?;
    let mut text = serde_json::to_string_pretty(&results)?;
    text.push('\n');
    let readme = fs::read_to_string(root.join(README)).wrap_err(README)?;
    let renewed = replace_table(&readme, &table(&results))?;
    if check {
        let committed = fs::read_to_string(root.join(RESULTS)).unwrap_or_default();
        if committed != text || renewed != readme {
            bail!(
                "{RESULTS} or the gas table of {README} is stale: run `make bench` and commit what it writes"
            );
        }
        return Ok(());
    }
    fs::create_dir_all(root.join("bench/results"))?;
    fs::write(root.join(RESULTS), text).wrap_err(RESULTS)?;
    fs::write(root.join(README), renewed).wrap_err(README)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        fs::read_to_string(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text)
        .wrap_err_with(|| format!("{} is not what it should be", path.display()))
}

/// Every target with what was measured for it; one without a figure is an error, so that none is misspelt. What has no target is
/// not in the table.
fn join(
    measured: &BTreeMap<String, u64>,
    targets: &BTreeMap<String, Map<String, Value>>,
) -> Result<BTreeMap<String, Map<String, Value>>> {
    targets
        .iter()
        .map(|(key, target)| {
            let gas = measured
                .get(key)
                .ok_or_else(|| eyre!("{key}: no gas test measures it"))?;
            let mut row = Map::from_iter([("gas".to_owned(), Value::from(*gas))]);
            row.extend(target.clone());
            Ok((key.clone(), row))
        })
        .collect()
}

fn table(results: &BTreeMap<String, Map<String, Value>>) -> String {
    let mut text = String::from(
        "| operation | gas | target | over target | peer | its gas |\n|---|---:|---:|---:|---|---:|\n",
    );
    for (key, row) in results {
        let number = |name: &str| row.get(name).and_then(Value::as_u64);
        let gas = number("gas").unwrap_or_default();
        let over = match number("target") {
            Some(target) if gas > target => {
                let tenths = gas
                    .saturating_sub(target)
                    .saturating_mul(1000)
                    .checked_div(target)
                    .unwrap_or_default();
                format!("**{}.{} %**", tenths / 10, tenths % 10)
            }
            _ => "met".to_owned(),
        };
        let peer = row
            .get("peer_name")
            .and_then(Value::as_str)
            .unwrap_or("none published");
        let _ = writeln!(
            text,
            "| `{key}` | {} | {} | {over} | {peer} | {} |",
            grouped(Some(gas)),
            grouped(number("target")),
            grouped(number("peer"))
        );
    }
    text
}

fn grouped(n: Option<u64>) -> String {
    let Some(n) = n else { return String::new() };
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i != 0 && digits.len().saturating_sub(i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn replace_table(readme: &str, table: &str) -> Result<String> {
    let (head, rest) = readme
        .split_once(BEGIN)
        .ok_or_else(|| eyre!("{README} has no line {BEGIN}"))?;
    let (_, tail) = rest
        .split_once(END)
        .ok_or_else(|| eyre!("{README} has no line {END}"))?;
    Ok(format!("{head}{BEGIN}\n{table}{END}{tail}"))
}
