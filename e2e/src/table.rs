//! The counts that the stateful and the differential run print, and the least of each.
#![allow(missing_docs, reason = "test code; the names say it")]

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt::{self, Display},
};

use alloy::json_abi::StateMutability as S;
use serde::{Deserialize, Serialize};

/// Calls of one function.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub struct Row {
    pub tried: u64,
    pub ok: u64,
    /// Successes that left an event.
    pub told: u64,
    pub gas: u64,
}

/// Counts of a history, or of all.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Table {
    rows: BTreeMap<Cow<'static, str>, Row>,
    pub slashes: u64,
    pub departures: u64,
    pub merges: u64,
    pub emptied: u64,
    pub refilled: u64,
    pub promises: u64,
    /// Exits that were funded by the time that they were promised.
    pub kept: u64,
    /// Exits with a named reason to be late, told after their promise.
    pub excused: u64,
    pub worst_share: u128,
    pub worst_dust: u128,
    pub best_profit: i128,
    pub reentries: u64,
}

/// What only the minter, the rewards contract or the token may call: each is driven by the calls above it.
const INNER: &[&str] = &[
    "token.mint(address,uint256)",
    "token.burn(address,uint256)",
    "token.stream(uint256)",
    "token.collect(address)",
    "rewards.claimFor(address)",
    "rewards.setRewardFee(uint256)",
    "rewards.setDelegate(address,address)",
];
/// Calls that our other contracts make, counted by what they leave behind.
const MADE_BY_OTHERS: &[&str] = &[
    "receiveFromBucket()",
    "receiveFromAmm()",
    "unwrapTicket(uint256,address)",
];
/// Successful calls in which each function is to succeed 500 times.
const WHOLE: u64 = 100_000;
const PERMIT: &str = "token.permit(address,address,uint256,uint256,uint8,bytes32,bytes32)";

fn least_of(out: &mut Vec<String>, what: &str, n: u64, least: u64) {
    if n < least {
        out.push(format!("{what}: {n}, at least {least}"));
    }
}

impl Table {
    /// `contract.signature`, made once for each function of the ABI.
    pub fn named(contract: &str, signature: &str) -> &'static str {
        static NAMES: std::sync::Mutex<BTreeMap<String, &'static str>> =
            std::sync::Mutex::new(BTreeMap::new());
        let name = if contract.is_empty() {
            signature.to_string()
        } else {
            format!("{contract}.{signature}")
        };
        let mut names = NAMES
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        names
            .entry(name.clone())
            .or_insert_with(|| Box::leak(name.into_boxed_str()))
    }

    /// Every state-changing function of the ABI, from the artifacts, and `receive`.
    pub fn all() -> Vec<&'static str> {
        let mut all: Vec<&'static str> = vec![PERMIT, "receive()"];
        for (prefix, artifact) in [
            ("", "ILiquidMinter"),
            ("token", "ILiquidToken"),
            ("rewards", "ILiquidRewards"),
        ] {
            for f in crate::world::abi(artifact).functions() {
                if !matches!(f.state_mutability, S::View | S::Pure) {
                    all.push(Self::named(prefix, &f.signature()));
                }
            }
        }
        all.retain(|n| !INNER.contains(n));
        all.sort_unstable();
        all
    }

    pub fn count(&mut self, name: &'static str, ok: bool, told: bool, gas: u64) {
        let row = self.rows.entry(name.into()).or_default();
        row.tried += 1;
        row.ok += u64::from(ok);
        row.told += u64::from(ok && told);
        row.gas = row.gas.max(gas);
    }

    /// Successes that calls of others brought about.
    pub fn add(&mut self, name: &'static str, n: u64) {
        let row = self.rows.entry(name.into()).or_default();
        row.tried += n;
        row.ok += n;
    }

    pub fn ok(&self, name: &str) -> u64 {
        self.rows.get(name).map_or(0, |r| r.ok)
    }

    /// Calls that a transaction of the run made and that succeeded.
    pub fn successes(&self) -> u64 {
        self.rows
            .iter()
            .filter(|(n, _)| !MADE_BY_OTHERS.contains(&n.as_ref()))
            .map(|(_, r)| r.ok)
            .sum()
    }

    pub fn tried(&self) -> u64 {
        self.rows
            .iter()
            .filter(|(n, _)| !MADE_BY_OTHERS.contains(&n.as_ref()))
            .map(|(_, r)| r.tried)
            .sum()
    }

    pub fn merge(&mut self, other: &Self) {
        for (name, r) in &other.rows {
            let row = self.rows.entry(name.clone()).or_default();
            row.tried += r.tried;
            row.ok += r.ok;
            row.told += r.told;
            row.gas = row.gas.max(r.gas);
        }
        self.slashes += other.slashes;
        self.departures += other.departures;
        self.merges += other.merges;
        self.emptied += other.emptied;
        self.refilled += other.refilled;
        self.promises += other.promises;
        self.kept += other.kept;
        self.excused += other.excused;
        self.reentries += other.reentries;
        self.worst_share = self.worst_share.max(other.worst_share);
        self.worst_dust = self.worst_dust.max(other.worst_dust);
        self.best_profit = self.best_profit.max(other.best_profit);
    }

    /// What falls short of the minimum in a run of `calls` successful calls: a shorter run than [`WHOLE`] has its part of it.
    pub fn shortfalls(&self, calls: u64) -> Vec<String> {
        let mut out = Vec::new();
        let part = |least: u64| (least * calls.min(WHOLE)).div_ceil(WHOLE);
        let whole = calls.min(WHOLE);
        least_of(&mut out, "successful calls", self.successes(), whole);
        let share = self.successes() * 100 / self.tried().max(1);
        least_of(&mut out, "successes in 100", share, 60);
        for name in Self::all() {
            least_of(&mut out, name, self.ok(name), part(500));
        }
        for (what, n, least) in [
            ("slashes booked", self.slashes, 50),
            ("attempts to merge a cooldown", self.merges, 50),
            ("queue emptied", self.emptied, 20),
            ("queue refilled", self.refilled, 20),
        ] {
            least_of(&mut out, what, n, part(least));
        }
        out
    }
}

impl Table {
    /// A line for each function, and the sums.
    pub fn counts(&self) -> String {
        let mut text = format!(
            "{:<62} {:>8} {:>8} {:>8} {:>10}\n",
            "function", "tried", "ok", "told", "most gas"
        );
        for (name, r) in &self.rows {
            let name = name.as_ref();
            let short = name.split('(').next().unwrap_or(name);
            let args = name.matches(',').count() + usize::from(!name.ends_with("()"));
            let name = if short == "claim" { name } else { short };
            text += &format!(
                "{:<62} {:>8} {:>8} {:>8} {:>10}\n",
                format!("{name}/{args}"),
                r.tried,
                r.ok,
                r.told,
                r.gas
            );
        }
        text + &format!(
            "calls {} of which succeeded {} ({} %); slashes booked {}; departures {}, asked for while buckets cooled {}; queue emptied {} refilled {}\n",
            self.tried(),
            self.successes(),
            self.successes() * 100 / self.tried().max(1),
            self.slashes,
            self.departures,
            self.merges,
            self.emptied,
            self.refilled,
        )
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.counts())?;
        writeln!(
            f,
            "promised times read {}; exits funded by their promised time {}, with a named reason to be late {} (late without one ends the run); worst share error {} wei, most dust in reserve {} wei, best profit {} wei; calls back from a receiver {}",
            self.promises,
            self.kept,
            self.excused,
            self.worst_share,
            self.worst_dust,
            self.best_profit,
            self.reentries,
        )
    }
}
