use super::*;
use crate::{Metrics, Past, printable};
use std::collections::BTreeMap;
use store::{Alert, AlertOp, AlertState, Severity};

struct Nothing;

impl Past for Nothing {
    fn before(&self, _: &str, _: u64) -> Option<U256> {
        None
    }
    fn last(&self, _: &[String]) -> Option<u64> {
        None
    }
}

fn metrics(name: &str, value: u64) -> Metrics {
    BTreeMap::from([(name.to_owned(), U256::from(value))])
}

fn live(dedupe: &str, rule: &str, seen_at: u64) -> Alert {
    Alert {
        id: 1,
        dedupe: dedupe.into(),
        rule: rule.into(),
        severity: Severity::Info,
        state: AlertState::Open,
        title: String::new(),
        detail: String::new(),
        block: 1,
        opened_at: seen_at,
        seen_at,
        times: 1,
        acknowledged_at: None,
        acknowledged_by: None,
        resolved_at: None,
        resolution: None,
    }
}

/// r / R and the key.
fn shape(ops: &[AlertOp]) -> Vec<String> {
    ops.iter()
        .map(|op| match op {
            AlertOp::Raise(raise) => format!("+{}", raise.dedupe),
            AlertOp::Resolve { dedupe, .. } => format!("-{dedupe}"),
        })
        .collect()
}

const HOLD: &str = r#"
    [[rule]]
    name = "a"
    title = "t"
    severity = "warning"
    threshold = { metric = "x", above = "5" }
    hold = 100
"#;

#[test]
fn o10_a_rule_that_must_hold_is_raised_late_and_ends_once() {
    let manager = alerts(HOLD);
    let at = |time, value, live: &[Alert]| {
        shape(&manager.on_metrics(1, time, &metrics("x", value), &Nothing, live))
    };
    assert!(at(1_000, 6, &[]).is_empty());
    // It flaps: the time starts again.
    assert!(at(1_050, 5, &[]).is_empty());
    assert!(at(1_060, 6, &[]).is_empty());
    assert!(at(1_159, 6, &[]).is_empty());
    assert_eq!(at(1_160, 6, &[]), ["+a:x"]);
    let raised = [live("a:x", "a", 1_160)];
    assert_eq!(at(1_170, 6, &raised), ["+a:x"]);
    assert_eq!(at(1_180, 5, &raised), ["-a:x"]);
    assert!(at(1_190, 5, &[]).is_empty());
    // No figure, no judgement: the alert stays, for a day since it was last seen to hold.
    let without = |time| shape(&manager.on_metrics(1, time, &metrics("y", 1), &Nothing, &raised));
    assert!(without(1_200).is_empty());
    assert!(without(1_160 + 86_400).is_empty());
    assert_eq!(without(1_160 + 86_401), ["-a:x"]);
    // A figure that is there again after a pause of ours is judged, not missed.
    let late = 1_160 + 90_000;
    assert!(at(late, 6, &raised).is_empty(), "it has to hold first");
    assert_eq!(at(late + 100, 6, &raised), ["+a:x"]);
}

#[test]
fn o10_old_events_and_gone_rules_end_their_alerts() {
    let manager = alerts(
        "[[rule]]\nname = \"e\"\ntitle = \"t\"\nseverity = \"info\"\nevent = { names = [\"X\"], resolve_after = 50 }",
    );
    let ops = |time| {
        let live = [
            live("e:1.0", "e", 100),
            live("z:x", "z", 100),
            live("channel/dead:c", "channel/dead", 1),
        ];
        shape(&manager.on_metrics(1, time, &Metrics::new(), &Nothing, &live))
    };
    assert_eq!(ops(150), ["-z:x"]);
    assert_eq!(ops(151), ["-e:1.0", "-z:x"]);
}

#[test]
fn o12_rules_that_cannot_be_used_leave_the_old_ones_in_force() {
    let manager = alerts(HOLD);
    let unknown = HOLD.replace("hold = 100", "channels = [\"pager\"]");
    let error = manager
        .replace(Rules::parse(&unknown).unwrap())
        .unwrap_err();
    assert!(error.to_string().contains("pager"), "{error}");
    assert!(
        manager
            .on_metrics(1, 1, &metrics("x", 6), &Nothing, &[])
            .is_empty()
    );
    manager
        .replace(Rules::parse(&HOLD.replace("100", "0")).unwrap())
        .unwrap();
    assert_eq!(
        shape(&manager.on_metrics(1, 1, &metrics("x", 6), &Nothing, &[])),
        ["+a:x"]
    );
}

#[test]
fn o16_hostile_names_are_harmless_in_alerts() {
    const HOSTILE: &str =
        "\u{202e}<img src=x onerror=alert(1)>\n@everyone [x](https://evil.example)\u{1b}[2J";
    let rules = r#"
        [[rule]]
        name = "v"
        title = "t"
        severity = "info"
        threshold = { metric = "validator/*/slashVotes", above = "0" }
        [[rule]]
        name = "e"
        title = "t"
        severity = "info"
        event = { names = ["staking.ValidatorAdded"], per = "l1ValidatorAddress" }
        [[rule]]
        name = "s"
        title = "t"
        severity = "info"
        event = { names = ["staking.ValidatorSlashed"], per = "validatorId" }
    "#;
    let manager = alerts(rules);
    manager.set_names(BTreeMap::from([(7, HOSTILE.to_owned())]));
    let event = |name: &str, args| store::Event {
        block: 1,
        log_index: 0,
        at: 1,
        tx_hash: B256::ZERO,
        address: Address::ZERO,
        name: name.to_owned(),
        args,
        topics: Default::default(),
        data: Default::default(),
    };
    let events = [
        event(
            "staking.ValidatorAdded",
            serde_json::json!({ "validatorId": "7", "l1ValidatorAddress": HOSTILE, "list": [HOSTILE] }),
        ),
        event(
            "staking.ValidatorSlashed",
            serde_json::json!({ "validatorId": "7" }),
        ),
    ];
    let mut ops = manager.on_events(1, 1, &events);
    ops.extend(manager.on_metrics(1, 1, &metrics("validator/7/slashVotes", 1), &Nothing, &[]));
    assert_eq!(ops.len(), 3);
    for op in ops {
        let AlertOp::Raise(raise) = op else { panic!() };
        assert!(
            raise.detail.contains(&printable(HOSTILE)),
            "{}",
            raise.detail
        );
        for text in [&raise.detail, &raise.dedupe, &raise.title] {
            let bad: Vec<_> = text
                .chars()
                .filter(|c| c.is_control() || "<>@[]`\u{202e}".contains(*c))
                .collect();
            assert!(
                bad.is_empty() && !text.contains("evil.example"),
                "{text}: {bad:?}"
            );
        }
    }
}
