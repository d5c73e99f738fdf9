//! Rules: data in, a pure judgement out.

use crate::{Result, WatchError};
use alloy::primitives::U256;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use store::Severity;

/// Figures at one block, by name. All are integers: wei, seconds, counts, or RAY for the rate.
pub type Metrics = BTreeMap<String, U256>;

const DEFAULT: &str = include_str!("../rules/default.toml");
const MAX_RULES: usize = 500;

/// One rule. Exactly one of `threshold`, `rate`, `absence` and `event` says what it looks at.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique; part of the alert's key.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Channels to tell; empty: all.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Seconds after the end in which it comes back without a message.
    #[serde(default = "default_cooldown")]
    pub cooldown: u64,
    /// Seconds for which it must hold before it is raised.
    #[serde(default)]
    pub hold: u64,
    /// A figure is above or below something.
    pub threshold: Option<Threshold>,
    /// A figure has changed by too much.
    pub rate: Option<Rate>,
    /// Something has not happened for too long.
    pub absence: Option<Absence>,
    /// Something has happened.
    pub event: Option<EventRule>,
}

/// A figure is above or below something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Which figure; `*` matches one part between slashes.
    pub metric: String,
    /// Strictly above this.
    pub above: Option<Bound>,
    /// Strictly below this.
    pub below: Option<Bound>,
}

/// What a figure is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    /// A number, in the metric's unit.
    Plain(U256Text),
    /// The same, spelled out.
    Value(ValueBound),
    /// A part of another figure.
    Metric(MetricBound),
}

/// `{ value = "…" }`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueBound {
    /// In the metric's unit.
    pub value: U256Text,
}

/// `{ metric = "…", bps = … }`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricBound {
    /// Which figure.
    pub metric: String,
    /// How much of it, in hundredths of a percent.
    pub bps: u64,
}

/// A decimal in quotes: TOML's numbers end at 2^63.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct U256Text(pub U256);

impl TryFrom<String> for U256Text {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("{text:?} is not a decimal number"));
        }
        text.parse()
            .map(Self)
            .map_err(|_| format!("{text:?} is above 2^256"))
    }
}

/// A figure has changed by too much.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Which figure; `*` matches one part between slashes.
    pub metric: String,
    /// Against its value this many seconds ago (or the first known since).
    pub window: u64,
    /// It rose by more than this much of that value, in hundredths of a percent.
    pub rises_bps: Option<u64>,
    /// It fell by more than this much of that value.
    pub falls_bps: Option<u64>,
}

/// Something has not happened for too long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// None of these events …
    pub events: Vec<String>,
    /// … for more than this many seconds (of the chain's time) …
    pub longer_than: u64,
    /// … while this figure is above zero.
    pub while_above_zero: Option<String>,
}

/// Something has happened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// One of these events …
    pub names: Vec<String>,
    /// … with these arguments, each equal; a value that ends in `*` says how the argument begins.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    /// One alert for each value of this argument, instead of one for each event.
    pub per: Option<String>,
    /// Seconds after the last one at which the alert ends by itself.
    #[serde(default = "default_resolve_after")]
    pub resolve_after: u64,
}

fn default_cooldown() -> u64 {
    600
}

fn default_resolve_after() -> u64 {
    86_400
}

/// A checked set of rules.
#[derive(Debug, Clone)]
pub struct Rules(Vec<Rule>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Rule>,
}

/// What a rule on figures says about one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The figure, or the rule's own name.
    pub subject: String,
    /// Whether it holds.
    pub holds: bool,
    /// Why, in numbers.
    pub detail: String,
}

/// What rules look back to.
pub trait Past {
    /// The figure `seconds` ago, or the oldest known since.
    fn before(&self, metric: &str, seconds: u64) -> Option<U256>;
    /// Chain time of the newest of these events.
    fn last(&self, events: &[String]) -> Option<u64>;
}

impl Rules {
    /// The rules that ship.
    ///
    /// # Errors
    /// None, unless the shipped file was changed.
    pub fn shipped() -> Result<Self> {
        Self::parse(DEFAULT)
    }

    /// Rules from TOML.
    ///
    /// # Errors
    /// [`WatchError::Rules`] with the place, for syntax, unknown keys, two rules of one name, or a rule that looks at nothing.
    pub fn parse(text: &str) -> Result<Self> {
        let file: File =
            toml::from_str(text).map_err(|error| WatchError::Rules(error.to_string()))?;
        let mut names = HashSet::new();
        let bad = |rule: &Rule, what: &str| {
            Err(WatchError::Rules(format!("rule {:?}: {what}", rule.name)))
        };
        if file.rule.len() > MAX_RULES {
            return Err(WatchError::Rules(format!("more than {MAX_RULES} rules")));
        }
        for rule in &file.rule {
            if rule.name.is_empty()
                || !rule
                    .name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            {
                return bad(rule, "a name has letters, digits and hyphens");
            }
            if !names.insert(&rule.name) {
                return bad(rule, "the name is there twice");
            }
            let kinds = [
                rule.threshold.is_some(),
                rule.rate.is_some(),
                rule.absence.is_some(),
                rule.event.is_some(),
            ];
            if kinds.iter().filter(|k| **k).count() != 1 {
                return bad(rule, "needs exactly one of threshold, rate, absence, event");
            }
            if rule
                .threshold
                .as_ref()
                .is_some_and(|t| t.above.is_some() == t.below.is_some())
            {
                return bad(rule, "needs one of above, below");
            }
            if rule
                .rate
                .as_ref()
                .is_some_and(|r| r.rises_bps.is_some() == r.falls_bps.is_some() || r.window == 0)
            {
                return bad(rule, "needs a window and one of rises_bps, falls_bps");
            }
            if rule.absence.as_ref().is_some_and(|a| a.events.is_empty())
                || rule.event.as_ref().is_some_and(|e| e.names.is_empty())
            {
                return bad(rule, "names no event");
            }
            if rule.event.is_some() && rule.hold > 0 {
                return bad(rule, "an event cannot hold");
            }
        }
        Ok(Self(file.rule))
    }

    /// All rules.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }
}

impl Rule {
    /// What this rule says about `now`, one finding for each figure it matches. A figure that is not there is not judged:
    /// it says nothing, neither good nor bad. Rules on events say nothing here.
    pub fn judge(&self, now: &Metrics, past: &impl Past, time: u64) -> Vec<Finding> {
        if let Some(threshold) = &self.threshold {
            return matching(now, &threshold.metric)
                .filter_map(|(name, value)| threshold.judge(name, *value, now))
                .collect();
        }
        if let Some(rate) = &self.rate {
            return matching(now, &rate.metric)
                .filter_map(|(name, value)| {
                    rate.judge(name, *value, past.before(name, rate.window)?)
                })
                .collect();
        }
        if let Some(absence) = &self.absence {
            return absence
                .judge(&self.name, now, past, time)
                .into_iter()
                .collect();
        }
        vec![]
    }
}

impl Threshold {
    fn judge(&self, name: &str, value: U256, now: &Metrics) -> Option<Finding> {
        let (bound, above) = match (&self.above, &self.below) {
            (Some(bound), _) => (bound, true),
            (None, Some(bound)) => (bound, false),
            (None, None) => return None,
        };
        let (limit, words) = match bound {
            Bound::Plain(limit) | Bound::Value(ValueBound { value: limit }) => {
                (limit.0, limit.0.to_string())
            }
            Bound::Metric(MetricBound { metric, bps }) => {
                let other = *now.get(metric)?;
                let limit = other.saturating_mul(U256::from(*bps)) / U256::from(10_000);
                (
                    limit,
                    format!("{limit}, which is {} of {metric} {other}", percent(*bps)),
                )
            }
        };
        let (holds, word) = if above {
            (value > limit, "above")
        } else {
            (value < limit, "below")
        };
        Some(Finding {
            subject: name.to_owned(),
            holds,
            detail: format!("{name} is {value}, limit: {word} {words}"),
        })
    }
}

impl Rate {
    fn judge(&self, name: &str, value: U256, before: U256) -> Option<Finding> {
        let scaled = |bps: u64| before.saturating_mul(U256::from(bps)) / U256::from(10_000);
        let (holds, limit) = match (self.rises_bps, self.falls_bps) {
            (Some(bps), _) => (
                value.saturating_sub(before) > scaled(bps),
                format!("a rise of {}", percent(bps)),
            ),
            (None, Some(bps)) => (
                before.saturating_sub(value) > scaled(bps),
                format!("a fall of {}", percent(bps)),
            ),
            (None, None) => return None,
        };
        let detail = format!(
            "{name} is {value}, was {before} up to {} s ago, limit: {limit}",
            self.window
        );
        Some(Finding {
            subject: name.to_owned(),
            holds,
            detail,
        })
    }
}

impl Absence {
    fn judge(&self, rule: &str, now: &Metrics, past: &impl Past, time: u64) -> Option<Finding> {
        let wanted = match &self.while_above_zero {
            Some(metric) => !now.get(metric)?.is_zero(),
            None => true,
        };
        // Never yet: then nothing says since when it is missing.
        let last = past.last(&self.events)?;
        let age = time.saturating_sub(last);
        let detail = format!(
            "the last of {} was {age} s ago, limit: {} s",
            self.events.join(", "),
            self.longer_than
        );
        Some(Finding {
            subject: rule.to_owned(),
            holds: wanted && age > self.longer_than,
            detail,
        })
    }
}

impl EventRule {
    /// Whether the event is meant.
    #[must_use]
    pub fn matches(&self, event: &store::Event) -> bool {
        self.names.contains(&event.name)
            && self
                .when
                .iter()
                .all(|(name, value)| match event.args.get(name) {
                    Some(serde_json::Value::String(text)) => match value.strip_suffix('*') {
                        Some(start) => text.starts_with(start),
                        None => text == value,
                    },
                    Some(serde_json::Value::Bool(flag)) => flag.to_string() == *value,
                    _ => false,
                })
    }
}

pub(crate) fn matching<'m>(
    now: &'m Metrics,
    pattern: &'m str,
) -> impl Iterator<Item = (&'m String, &'m U256)> {
    now.iter().filter(move |(name, _)| {
        let (mut parts, mut wanted) = (name.split('/'), pattern.split('/'));
        loop {
            match (parts.next(), wanted.next()) {
                (None, None) => return true,
                (Some(part), Some(want)) if want == "*" || want == part => {}
                _ => return false,
            }
        }
    })
}

fn percent(bps: u64) -> String {
    format!("{}.{:02} %", bps / 100, bps % 100)
}
