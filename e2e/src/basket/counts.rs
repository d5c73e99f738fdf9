//! What a run of the basket did, and the least that it must have done.
#![allow(missing_docs, reason = "test code; the names say it")]

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    sync::{Mutex, PoisonError},
};

use alloy::{json_abi::StateMutability as S, primitives::Selector};
use serde::{Deserialize, Serialize};

use crate::{table::Row, world::abi};

/// Contracts by the prefix of their functions' names.
const CONTRACTS: &[(&str, &str)] = &[
    ("basket", "IBasket"),
    ("queue", "IUnbondingQueue"),
    ("receipts", "IBasketReceipts"),
    ("token", "IBasketToken"),
    ("feed", "IPriceFeed"),
    ("core", "ICoreSleeve"),
    ("guardian", "IGuardian"),
    ("timelock", "TimelockController"),
];
/// Called by our own contracts alone, or once in a deployment.
const INNER: &[&str] = &[
    "basket.initialize",
    "basket.carveEpoch",
    "basket.startLeg",
    "basket.collectLeg",
    "queue.initialize",
    "queue.registerSleeve",
    "queue.claimReceipt",
    "queue.unwrapReceipt",
];
/// Of the timelock, each a wait of eleven days and more.
const GOVERNED: &[&str] = &[
    "basket.addSleeve",
    "basket.retireSleeve",
    "basket.setWeights",
    "basket.setCaps",
    "basket.setFees",
    "basket.setIdle",
    "basket.setShareCap",
    "basket.setDriftBps",
    "basket.setFeed",
    "basket.setGuardian",
    "basket.setFeeRecipient",
];
/// Successful calls in which the least of everything is to happen.
const WHOLE: u64 = 100_000;
/// The least of what happens.
const LEAST: &[(&str, u64)] = &[
    ("deposits of one asset", 4_000),
    ("instant exits", 1_000),
    ("in-kind legs left waiting", 200),
    ("waiting legs delivered", 200),
    ("cancels", 500),
    ("receipts minted", 400),
    ("receipts handed on", 200),
    ("receipts unwrapped", 100),
    ("partial recoveries", 200),
    ("claims on a leg that pays in parts", 50),
    ("positions claimed whole", 1_000),
    ("losses booked", 150),
    ("rewards released", 2_000),
    ("fees on a rate", 200),
    ("sleeves added", 10),
    ("slower sleeves refused", 5),
    ("auctions started", 40),
    ("bids", 100),
    ("bids at a loss", 20),
    ("guardian's pauses", 40),
    ("stalls", 300),
    ("late operators", 50),
    ("validators out", 200),
    ("stake moved", 200),
    ("stake written off", 30),
    ("doubtful prices", 50),
    ("impaired prices", 30),
    ("recoveries from an impairment", 5),
    ("slow sleeves", 10),
    ("round trips", 10_000),
    ("in-kind exits tried in every state", 5_000),
    ("worlds drained to the last claim", 20),
];

/// Counts of a history, or of all.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Counts {
    pub rows: BTreeMap<String, Row>,
    pub seen: BTreeMap<String, u64>,
    /// Worst dust that a claimed leg left, wei for each claimant, times 1,000.
    pub worst_dust: u64,
}

/// `contract.function` by contract and selector; overloads share a name.
pub fn name_of(contract: &str, selector: Selector) -> Option<&'static str> {
    type Names = BTreeMap<(&'static str, Selector), &'static str>;
    static NAMES: Mutex<Option<Names>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_with(|| {
        let mut all = BTreeMap::new();
        for &(prefix, artifact) in CONTRACTS {
            for f in abi(artifact).functions() {
                let name: &'static str = format!("{prefix}.{}", f.name).leak();
                all.insert((prefix, f.selector()), name);
            }
        }
        all
    });
    let prefix = CONTRACTS.iter().find(|(prefix, _)| *prefix == contract)?.0;
    names.get(&(prefix, selector)).copied()
}

impl Counts {
    pub fn count(&mut self, name: &str, ok: bool, told: bool, gas: u64) {
        let row = self.rows.entry(name.to_owned()).or_default();
        row.tried += 1;
        row.ok += u64::from(ok);
        row.told += u64::from(ok && told);
        row.gas = row.gas.max(gas);
    }

    pub fn note(&mut self, what: &str, n: u64) {
        *self.seen.entry(what.to_owned()).or_default() += n;
    }

    pub fn ok(&self, name: &str) -> u64 {
        self.rows.get(name).map_or(0, |row| row.ok)
    }

    fn all(&self) -> impl Iterator<Item = &Row> {
        // What the timelock carries out is in its own row.
        self.rows
            .iter()
            .filter(|(name, _)| !GOVERNED.contains(&name.as_str()))
            .map(|(_, row)| row)
    }

    pub fn successes(&self) -> u64 {
        self.all().map(|row| row.ok).sum()
    }

    pub fn tried(&self) -> u64 {
        self.all().map(|row| row.tried).sum()
    }

    pub fn merge(&mut self, other: &Self) {
        for (name, r) in &other.rows {
            let row = self.rows.entry(name.clone()).or_default();
            row.tried += r.tried;
            row.ok += r.ok;
            row.told += r.told;
            row.gas = row.gas.max(r.gas);
        }
        for (what, n) in &other.seen {
            *self.seen.entry(what.clone()).or_default() += n;
        }
        self.worst_dust = self.worst_dust.max(other.worst_dust);
    }

    /// What falls short in a run of `calls` successful calls: a shorter run than [`WHOLE`] has its part of it.
    pub fn shortfalls(&self, calls: u64) -> Vec<String> {
        let mut out = Vec::new();
        let whole = calls.min(WHOLE);
        let mut least = |what: &str, n: u64, least: u64| {
            if n < least {
                out.push(format!("{what}: {n}, at least {least}"));
            }
        };
        let part = |least: u64| least * whole / WHOLE;
        least("successful calls", self.successes(), whole);
        let share = self.successes() * 100 / self.tried().max(1);
        least("successes in 100", share, 60);
        for (prefix, artifact) in [("basket", "IBasket"), ("queue", "IUnbondingQueue")] {
            for f in abi(artifact).functions() {
                let name = format!("{prefix}.{}", f.name);
                if matches!(f.state_mutability, S::View | S::Pure) || INNER.contains(&name.as_str())
                {
                    continue;
                }
                let wanted = match name.as_str() {
                    "basket.retireSleeve" => 1,
                    "basket.endAuction" | "queue.startInKind" => 20,
                    // The guardian calls them: its pauses are counted.
                    "basket.pause" | "basket.unpause" => 0,
                    "basket.deliverLeg" => 200,
                    _ if GOVERNED.contains(&name.as_str()) => 10,
                    "basket.startAuction" | "basket.bid" | "basket.noteDrift" => 40,
                    _ => 200,
                };
                least(&name, self.ok(&name), part(wanted));
            }
        }
        for (what, wanted) in LEAST {
            let n = self.seen.get(*what).copied().unwrap_or_default();
            least(what, n, part(*wanted));
        }
        out
    }
}

impl Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<34} {:>8} {:>8} {:>8} {:>10}",
            "function", "tried", "ok", "told", "most gas"
        )?;
        for (name, r) in &self.rows {
            writeln!(
                f,
                "{name:<34} {:>8} {:>8} {:>8} {:>10}",
                r.tried, r.ok, r.told, r.gas
            )?;
        }
        for (what, n) in &self.seen {
            writeln!(f, "{what:<50} {n:>10}")?;
        }
        writeln!(
            f,
            "calls {} of which succeeded {} ({} %); worst dust of a leg {} thousandths of a wei for each claimant",
            self.tried(),
            self.successes(),
            self.successes() * 100 / self.tried().max(1),
            self.worst_dust
        )
    }
}
