//! From findings to alert rows.

use crate::{
    Channels, Metrics, Past, Result, Rule, Rules, printable,
    rules::{EventRule, matching},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError, RwLock},
};
use store::{Alert, AlertOp, Event, Raise};

/// Longest detail.
const MOST: usize = 600;
/// An alert ends whose figure nobody has read for so long, seconds.
const GONE_AFTER: u64 = 86_400;

/// Turns what rules find into alert rows. Holds the rules in force, the validators' names, and since when something holds.
#[derive(Debug)]
pub struct AlertManager {
    rules: RwLock<Rules>,
    channels: Vec<String>,
    names: RwLock<BTreeMap<u16, String>>,
    /// Key of a finding that holds but is not raised yet, and since when.
    held: Mutex<BTreeMap<String, u64>>,
}

impl AlertManager {
    /// Alerts of `rules` go to `channels`.
    ///
    /// # Errors
    /// [`crate::WatchError::Rules`] when a rule names a channel that is not there.
    pub fn new(rules: Rules, channels: &Channels) -> Result<Self> {
        let channels = channels.names();
        check(&rules, &channels)?;
        Ok(Self {
            rules: RwLock::new(rules),
            channels,
            names: RwLock::default(),
            held: Mutex::default(),
        })
    }

    /// Other rules from now on. Alerts of rules that are gone end at the next look.
    ///
    /// # Errors
    /// As [`AlertManager::new`]; the rules in force stay.
    pub fn replace(&self, rules: Rules) -> Result<()> {
        check(&rules, &self.channels)?;
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// What validators call themselves: text of strangers, shown only through [`printable`].
    pub fn set_names(&self, names: BTreeMap<u16, String>) {
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// What the rules on events say about one block, as it comes.
    #[must_use]
    pub fn on_events(&self, block: u64, at: u64, events: &[Event]) -> Vec<AlertOp> {
        self.on_past_events(block, at, at, events)
    }

    /// What the rules on events say about a block of the past, `now` being the time of the chain's head: what would still be
    /// an open alert, had somebody watched. An event whose alert would have ended by itself is history and raises nothing.
    #[must_use]
    pub fn on_past_events(&self, block: u64, at: u64, now: u64, events: &[Event]) -> Vec<AlertOp> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        let mut ops = Vec::new();
        for event in events {
            for rule in rules.iter() {
                let holds = |wanted: &&EventRule| {
                    now <= at.saturating_add(wanted.resolve_after) && wanted.matches(event)
                };
                let Some(wanted) = rule.event.as_ref().filter(holds) else {
                    continue;
                };
                let per = wanted
                    .per
                    .as_ref()
                    .and_then(|argument| event.args.get(argument))
                    .and_then(|v| v.as_str());
                let subject = match per {
                    Some(value) => printable(value),
                    None => format!("{block}.{}", event.log_index),
                };
                ops.push(self.raise(rule, &subject, self.describe(event), block, at));
            }
        }
        ops
    }

    /// What the rules on figures say about one block, and which alerts are over: those that do not hold any more, those whose
    /// event is old, those whose rule is gone.
    #[must_use]
    pub fn on_metrics(
        &self,
        block: u64,
        at: u64,
        metrics: &Metrics,
        past: &impl Past,
        live: &[Alert],
    ) -> Vec<AlertOp> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        let mut held = self.held();
        let mut ops = Vec::new();
        let mut judged = BTreeSet::new();
        for rule in rules.iter() {
            for finding in rule.judge(metrics, past, at) {
                let dedupe = key(rule, &finding.subject);
                judged.insert(dedupe.clone());
                if !finding.holds {
                    held.remove(&dedupe);
                    if live.iter().any(|alert| alert.dedupe == dedupe) {
                        ops.push(AlertOp::Resolve {
                            dedupe,
                            at,
                            resolution: finding.detail,
                        });
                    }
                    continue;
                }
                let since = *held.entry(dedupe).or_insert(at);
                if at.saturating_sub(since) >= rule.hold {
                    let detail =
                        format!("{}{}", finding.detail, self.validator_of(&finding.subject));
                    ops.push(self.raise(rule, &finding.subject, detail, block, at));
                }
            }
        }
        for alert in live {
            let rule = rules.iter().find(|rule| rule.name == alert.rule);
            let resolution = match rule {
                // Alerts that no rule of ours raised, about channels say, end where they began.
                None if alert.rule.contains('/') => continue,
                None => "the rule is gone".to_owned(),
                Some(rule) => match &rule.event {
                    Some(event) if at > alert.seen_at.saturating_add(event.resolve_after) => {
                        format!("not seen again for {} s", event.resolve_after)
                    }
                    // Of a pool that was taken off, say, or of an account that keeps no more.
                    None if !judged.contains(&alert.dedupe)
                        && at > alert.seen_at.saturating_add(GONE_AFTER) =>
                    {
                        format!("its figure has been gone for {GONE_AFTER} s")
                    }
                    _ => continue,
                },
            };
            ops.push(AlertOp::Resolve {
                dedupe: alert.dedupe.clone(),
                at,
                resolution,
            });
        }
        ops
    }

    /// What the rules in force look back to, given these figures: (metric, seconds) and names of events.
    pub(crate) fn wants(&self, metrics: &Metrics) -> (Vec<(String, u64)>, Vec<String>) {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        let before = rules.iter().filter_map(|rule| rule.rate.as_ref());
        let before = before.flat_map(|rate| {
            matching(metrics, &rate.metric).map(|(name, _)| (name.clone(), rate.window))
        });
        let last = rules
            .iter()
            .filter_map(|rule| rule.absence.as_ref())
            .flat_map(|absence| absence.events.iter().cloned());
        (before.collect(), last.collect())
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raise(&self, rule: &Rule, subject: &str, detail: String, block: u64, at: u64) -> AlertOp {
        let channels = if rule.channels.is_empty() {
            self.channels.clone()
        } else {
            rule.channels.clone()
        };
        AlertOp::Raise(Raise {
            dedupe: key(rule, subject),
            rule: rule.name.clone(),
            severity: rule.severity,
            title: rule.title.clone(),
            detail: detail.chars().take(MOST).collect(),
            block,
            at,
            channels,
            cooldown: rule.cooldown,
        })
    }

    fn describe(&self, event: &Event) -> String {
        let args = event
            .args
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let shown = match value {
                    serde_json::Value::String(text) => printable(text),
                    other => printable(&other.to_string()),
                };
                format!("{}={shown}", printable(name))
            });
        let args: Vec<_> = args.collect();
        let id = ["validatorId", "targetValidatorId"]
            .iter()
            .find_map(|name| event.args.get(*name)?.as_str()?.parse().ok());
        let name = id.map(|id| self.name(id)).unwrap_or_default();
        format!(
            "{}({}) in transaction {}{name}",
            event.name,
            args.join(", "),
            event.tx_hash
        )
    }

    /// For `validator/7/…`: who that says it is.
    fn validator_of(&self, subject: &str) -> String {
        let id = subject
            .strip_prefix("validator/")
            .and_then(|rest| rest.split('/').next())
            .and_then(|id| id.parse().ok());
        id.map(|id| self.name(id)).unwrap_or_default()
    }

    fn name(&self, id: u16) -> String {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        names
            .get(&id)
            .map(|name| format!("; validator {id} calls itself '{}'", printable(name)))
            .unwrap_or_default()
    }
}

fn key(rule: &Rule, subject: &str) -> String {
    format!("{}:{subject}", rule.name)
}

fn check(rules: &Rules, channels: &[String]) -> Result<()> {
    for rule in rules.iter() {
        if let Some(unknown) = rule.channels.iter().find(|name| !channels.contains(name)) {
            let name = &rule.name;
            return Err(crate::WatchError::Rules(format!(
                "rule {name:?}: there is no channel {unknown:?}"
            )));
        }
    }
    Ok(())
}
