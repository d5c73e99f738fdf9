//! Promises 1 to 6 and 8 under a stateful run (`omnibus_e2e::stateful`).

use std::io::Write as _;

use omnibus_e2e::stateful::{Plan, run};

#[test]
fn promises_hold_over_a_hundred_thousand_successful_calls() {
    let plan = Plan::from_env();
    let started = std::time::Instant::now();
    let table = run(plan).unwrap_or_else(|broken| panic!("{broken}"));
    // Past the test runner, which keeps what passing tests print.
    let mut out = std::io::stderr().lock();
    writeln!(
        out,
        "{table}seed {}, {} s",
        plan.seed,
        started.elapsed().as_secs()
    )
    .expect("a terminal");
    let short = table.shortfalls(plan.calls);
    assert!(
        plan.only.is_some() || short.is_empty(),
        "seed {}: {}",
        plan.seed,
        short.join("; ")
    );
}
