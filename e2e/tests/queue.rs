//! The long queue at a length that every run affords; `make deep` goes to a million.

use omnibus_e2e::queue::measure;

#[test]
fn l32_a_queue_of_a_thousand_costs_what_one_of_ten_costs() {
    let stages = measure(&[10, 1_000], |_| {});
    let [ten, thousand] = &stages[..] else {
        panic!("two stages")
    };
    for (what, a, b) in [
        ("pro rata", ten.pro_rata, thousand.pro_rata),
        ("finalize", ten.finalize, thousand.finalize),
        ("claim", ten.claim, thousand.claim),
    ] {
        assert!(a > 40_000, "{what} was measured: {a}");
        // Bytes of calldata that are zero or not, and a first slot that was zero.
        assert!(
            b <= a + a / 50,
            "{what} costs {a} gas at 10 and {b} at 1,000"
        );
    }
    assert_eq!((ten.claims, thousand.claims), (10, 1_000));
    for stage in &stages {
        let dust = stage.dust.expect("all were claimed");
        let most = 2 * stage.requests as u128 + 64;
        assert!(dust <= most, "{dust} wei of dust at {}", stage.requests);
    }
}
