//! The rule parser on any text: rules or an error, and never a panic. What it took, it can judge by.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use omnibus_watch::{Past, Rules};

/// Nothing was ever seen.
struct Nothing;

impl Past for Nothing {
    fn before(&self, _: &str, _: u64) -> Option<alloy_primitives::U256> {
        None
    }

    fn last(&self, _: &[String]) -> Option<u64> {
        None
    }
}

fuzz_target!(|text: &str| {
    if let Ok(rules) = Rules::parse(text) {
        let _ = rules.judge(&BTreeMap::new(), &Nothing, u64::MAX);
    }
});
