//! `bench differential`: what it costs to play the model beside the contracts and compare everything, on one core.

use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};

use eyre::{Context as _, Result, bail};
use serde::Deserialize;

use crate::{Row, program};

/// What `omnibus-deep speed` prints.
#[derive(Deserialize)]
struct Speed {
    transactions: u64,
    compared: Duration,
    alone: Duration,
}

/// Measures the driver; its limit is the same transactions on the same core without model and comparison.
///
/// # Errors
/// A program that is not built or does not end well.
pub fn run(root: &Path) -> Result<BTreeMap<String, Row>> {
    let out = Command::new(program(root, "omnibus-deep"))
        .arg("speed")
        .current_dir(root)
        .output()
        .wrap_err("omnibus-deep: cargo build --workspace --profile ci --bins")?;
    if !out.status.success() {
        bail!("omnibus-deep speed: {}", out.status);
    }
    let speed: Speed = serde_json::from_slice(&out.stdout)?;
    let a_second = |time: Duration| speed.transactions as f64 / time.as_secs_f64();
    let (compared, alone) = (a_second(speed.compared), a_second(speed.alone));
    let row = |value: f64, unit: &'static str, limit: Option<f64>| Row {
        value,
        unit,
        better: "higher",
        target: None,
        limit,
        peer: None,
        peer_name: None,
        command: "omnibus-deep speed".to_owned(),
        duration_s: (speed.compared + speed.alone).as_secs_f64().round(),
        samples: speed.transactions,
    };
    let ratio = (compared / alone * 1_000.0).round() / 1_000.0;
    Ok(BTreeMap::from([
        (
            "differential.calls_per_core".to_owned(),
            row(compared.round(), "calls/s", Some(alone.round())),
        ),
        (
            "differential.of_bare_evm".to_owned(),
            row(ratio, "ratio", None),
        ),
    ]))
}
