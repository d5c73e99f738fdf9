//! The long queue at a length that every run affords; `make deep` goes to a million.

use omnibus_e2e::queue::measure;

#[test]
fn l32_a_queue_of_a_thousand_costs_what_one_of_ten_costs() {
    let stages = measure(&[10, 1_000], |_| {});
    let [ten, thousand] = &stages[..] else {
        panic!("two stages")
    };
    for gas in [ten.pro_rata, ten.finalize, ten.claim] {
        assert!(gas > 40_000, "measured: {gas}");
    }
    thousand
        .costs_no_more_than(ten)
        .unwrap_or_else(|dearer| panic!("{dearer}"));
    assert_eq!((ten.claims, thousand.claims), (10, 1_000));
    for stage in &stages {
        let dust = stage.dust.expect("all were claimed");
        let most = 2 * stage.requests as u128 + 64;
        assert!(dust <= most, "{dust} wei of dust at {}", stage.requests);
    }
}
