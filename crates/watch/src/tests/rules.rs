use crate::{Metrics, Past, Rules, WatchError};
use alloy::primitives::U256;
use std::collections::BTreeMap;

#[derive(Default)]
struct Remembered {
    before: BTreeMap<&'static str, u64>,
    last: BTreeMap<&'static str, u64>,
}

impl Past for Remembered {
    fn before(&self, metric: &str, _: u64) -> Option<U256> {
        self.before.get(metric).map(|v| U256::from(*v))
    }
    fn last(&self, events: &[String]) -> Option<u64> {
        events
            .iter()
            .filter_map(|e| self.last.get(e.as_str()))
            .max()
            .copied()
    }
}

fn metrics(values: &[(&str, u64)]) -> Metrics {
    values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), U256::from(*value)))
        .collect()
}

fn rule(body: &str) -> String {
    format!("[[rule]]\nname = \"r\"\ntitle = \"t\"\nseverity = \"info\"\n{body}\n")
}

/// (subject, holds) of the only rule.
fn judge(body: &str, now: &[(&str, u64)], past: &Remembered, time: u64) -> Vec<(String, bool)> {
    let rules = Rules::parse(&rule(body)).unwrap();
    let rule = rules.iter().next().unwrap();
    rule.judge(&metrics(now), past, time)
        .into_iter()
        .map(|f| (f.subject, f.holds))
        .collect()
}

#[test]
fn thresholds_are_strict_and_wildcards_match_one_part() {
    let none = Remembered::default();
    let held = |body, now: &[(&str, u64)]| {
        judge(body, now, &none, 0)
            .into_iter()
            .map(|(_, holds)| holds)
            .collect::<Vec<_>>()
    };
    let above = r#"threshold = { metric = "x", above = "10" }"#;
    assert_eq!(held(above, &[("x", 10)]), [false]);
    assert_eq!(held(above, &[("x", 11)]), [true]);
    assert_eq!(held(above, &[("y", 11)]), [] as [bool; 0]);
    // 20 % of 99 is 19.8, rounded down to 19.
    let below = r#"threshold = { metric = "x", below = { metric = "y", bps = 2000 } }"#;
    assert_eq!(held(below, &[("x", 18), ("y", 99)]), [true]);
    assert_eq!(held(below, &[("x", 19), ("y", 99)]), [false]);
    assert_eq!(held(below, &[("x", 0), ("y", 0)]), [false]);
    assert_eq!(held(below, &[("x", 0)]), [] as [bool; 0]);
    let each = r#"threshold = { metric = "validator/*/votes", above = { value = "0" } }"#;
    let now = [
        ("validator/1/votes", 0),
        ("validator/2/votes", 3),
        ("validator/2/x/votes", 3),
        ("validator/votes", 3),
    ];
    let expected = [
        ("validator/1/votes".to_owned(), false),
        ("validator/2/votes".to_owned(), true),
    ];
    assert_eq!(judge(each, &now, &none, 0), expected);
}

#[test]
fn rates_compare_with_then() {
    let past = |then| Remembered {
        before: BTreeMap::from([("x", then)]),
        ..Default::default()
    };
    let fell = |body, now, then| judge(body, &[("x", now)], &past(then), 0).remove(0).1;
    let any_fall = r#"rate = { metric = "x", window = 60, falls_bps = 0 }"#;
    assert!(!fell(any_fall, 100, 100));
    assert!(!fell(any_fall, 101, 100));
    assert!(fell(any_fall, 99, 100));
    let rise = r#"rate = { metric = "x", window = 60, rises_bps = 5000 }"#;
    assert!(!fell(rise, 150, 100));
    assert!(fell(rise, 151, 100));
    assert!(judge(rise, &[("x", 151)], &Remembered::default(), 0).is_empty());
}

#[test]
fn o10_absence_counts_from_the_last_one() {
    let past = Remembered {
        last: BTreeMap::from([("A", 100), ("B", 150)]),
        ..Default::default()
    };
    let body = r#"absence = { events = ["A", "B"], longer_than = 50, while_above_zero = "x" }"#;
    let held = |x, time| {
        judge(body, &[("x", x)], &past, time)
            .into_iter()
            .map(|(_, holds)| holds)
            .collect::<Vec<_>>()
    };
    assert_eq!(held(1, 200), [false]);
    assert_eq!(held(1, 201), [true]);
    assert_eq!(held(0, 201), [false]);
    assert!(judge(body, &[], &past, 201).is_empty());
    assert!(judge(body, &[("x", 1)], &Remembered::default(), 201).is_empty());
}

#[test]
fn o12_unusable_rules_are_refused_with_the_place() {
    let shipped = Rules::shipped().unwrap();
    assert!(shipped.iter().count() >= 15);
    for (text, says) in [
        (rule(r#"threshold = { metric = "x", abov = "1" }"#), "abov"),
        (rule(r#"threshold = { metric = "x" }"#), "above, below"),
        (
            rule(r#"threshold = { metric = "x", above = "1", below = "2" }"#),
            "above, below",
        ),
        (rule(r#"threshold = { metric = "x", above = "1e18" }"#), ""),
        (rule(r#"threshold = { metric = "x", above = "-1" }"#), ""),
        (
            rule(r#"rate = { metric = "x", window = 0, falls_bps = 1 }"#),
            "window",
        ),
        (rule(r#"event = { names = [] }"#), "no event"),
        (rule("event = { names = [\"A\"] }\nhold = 5"), "hold"),
        (rule(""), "exactly one"),
        (rule("colour = \"red\""), "colour"),
        (rule("event = { names = [\"A\"] }").repeat(2), "twice"),
        ("[[rule]]\nname = ".to_owned(), "line 2"),
        ("rules = []".to_owned(), "rules"),
    ] {
        let error = Rules::parse(&text).unwrap_err();
        assert!(matches!(error, WatchError::Rules(_)));
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
}

#[test]
fn an_announced_delegate_is_told_from_other_announcements() {
    use alloy::sol_types::SolCall;
    use chain::bindings::minter::ILiquidMinter as minter;
    let shipped = Rules::shipped().unwrap();
    let rule = shipped
        .iter()
        .find(|rule| rule.name == "delegate-proposed")
        .unwrap();
    let announced = |name: &str, data: Vec<u8>| {
        let event = store::Event {
            block: 1,
            log_index: 0,
            at: 0,
            tx_hash: Default::default(),
            address: Default::default(),
            name: name.to_owned(),
            args: serde_json::json!({ "data": alloy::hex::encode_prefixed(data) }),
            topics: Default::default(),
            data: Default::default(),
        };
        rule.event.as_ref().unwrap().matches(&event)
    };
    let call = minter::setDelegateClaimerCall {
        account: Default::default(),
        delegate: Default::default(),
    };
    assert!(announced("Scheduled", call.abi_encode()));
    assert!(!announced("ScheduleCancelled", call.abi_encode()));
    let other = minter::setConverterCall {
        converter: Default::default(),
    };
    assert!(!announced("Scheduled", other.abi_encode()));
}
