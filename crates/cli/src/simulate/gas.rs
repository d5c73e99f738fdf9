//! What the keepers' transactions cost, from the measured figures of `bench/results/gas.json`.

use crate::error::{Problem, Result};
use model::sim::Operations;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Measured on the local staking system by `make bench`.
const MEASURED: &str = include_str!("../../../../bench/results/gas.json");
/// Reading the slashed flag of one validator more: the note of `liquid.finalize.1`.
const FLAG: u64 = 12_000;

/// Gas of whole transactions.
#[derive(Clone, Copy, Debug)]
pub struct Gas {
    close: u64,
    depart: u64,
    sweep_one: u64,
    sweep_more: u64,
    finalize: u64,
    pro_rata: u64,
    stake: u64,
    add_bucket: u64,
}

#[derive(Deserialize)]
struct Row {
    gas: u64,
}

impl Gas {
    /// The figures that this program was built with.
    ///
    /// # Errors
    /// [`Problem::Unexpected`] when one is missing: a test reads them all.
    pub fn measured() -> Result<Self> {
        let rows: BTreeMap<String, Row> =
            serde_json::from_str(MEASURED).map_err(Problem::unexpected)?;
        let row = |name: &str| {
            rows.get(name)
                .map(|row| row.gas)
                .ok_or_else(|| Problem::Unexpected(format!("no gas figure {name}")))
        };
        let sweep_one = row("liquid.sweep.1")?;
        Ok(Self {
            close: row("liquid.close_rung")?,
            depart: row("liquid.depart.one_bucket")?,
            sweep_one,
            sweep_more: row("liquid.sweep.20")?.saturating_sub(sweep_one) / 19,
            finalize: row("liquid.finalize.1")?,
            pro_rata: row("liquid.pro_rata.1")?,
            stake: row("liquid.stake_bus.one_validator")?,
            add_bucket: row("liquid.add_buckets.10")? / 10,
        })
    }

    /// Gas of all that was done. Rather too much than too little: an exit bus that only nets counts as a departure, each
    /// departure and stake as a transaction of its own, and a restake and a booking, which are not measured, as a stake.
    pub fn of(&self, done: &Operations, validators: u16) -> u64 {
        let flags = u64::from(validators).saturating_sub(1).saturating_mul(FLAG);
        let more = done.swept.saturating_sub(done.sweeps);
        [
            (done.closes, self.close),
            (done.exit_buses.max(done.departures), self.depart),
            (done.sweeps, self.sweep_one),
            (more, self.sweep_more),
            (done.finalizations, self.finalize.saturating_add(flags)),
            (done.pro_ratas, self.pro_rata.saturating_add(flags)),
            (done.stake_buses.max(done.stakes), self.stake),
            (done.restakes.saturating_add(done.bookings), self.stake),
        ]
        .iter()
        .fold(0_u64, |sum, (count, gas)| {
            sum.saturating_add(count.saturating_mul(*gas))
        })
    }

    /// Gas of making so many buckets, ten at a time.
    pub fn of_buckets(&self, buckets: u64) -> u64 {
        buckets.saturating_mul(self.add_bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulate_gas_counts_each_operation_by_its_figure() {
        let gas = Gas::measured().unwrap();
        let figure = |name: &str| {
            let rows: BTreeMap<String, Row> = serde_json::from_str(MEASURED).unwrap();
            rows[name].gas
        };
        let done = Operations {
            closes: 2,
            sweeps: 1,
            swept: 20,
            finalizations: 1,
            ..Operations::default()
        };
        let wanted = 2 * figure("liquid.close_rung")
            + figure("liquid.sweep.20")
            + figure("liquid.finalize.1")
            + 9 * 12_000;
        // The twentieth of a rounded difference.
        assert!(gas.of(&done, 10).abs_diff(wanted) < 20);
    }
}
