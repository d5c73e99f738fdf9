//! The basket's promises 1 to 8 under a stateful run (`omnibus_e2e::basket`).

use std::io::Write as _;

use omnibus_e2e::basket::{Plan, run};

#[test]
fn basket_promises_hold_over_thousands_of_successful_calls() {
    let plan = Plan::from_env();
    let started = std::time::Instant::now();
    let counts = run(plan).unwrap_or_else(|broken| panic!("{broken}"));
    let seconds = started.elapsed().as_secs().max(1);
    // Past the test runner, which keeps what passing tests print.
    let mut out = std::io::stderr().lock();
    let (seed, rate) = (plan.seed, counts.tried() / seconds);
    writeln!(
        out,
        "{counts}seed {seed}, {seconds} s, {rate} calls a second"
    )
    .expect("a terminal");
    let short = counts.shortfalls(plan.calls);
    assert!(
        plan.only.is_some() || short.is_empty(),
        "seed {seed}: {}",
        short.join("; ")
    );
}
