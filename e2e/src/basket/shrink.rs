//! The fewest deeds of a history that still break the same promise.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use super::{
    runner::{Deed, Runner},
    world::Terms,
};

/// Looking for less ends after this, or after `SHRINK_SECONDS`.
fn patience() -> Duration {
    let text = std::env::var("SHRINK_SECONDS").ok();
    let seconds = text.and_then(|text| text.parse().ok()).unwrap_or(120);
    Duration::from_secs(seconds)
}

/// What is told without its numbers: two histories that break it so break the same.
fn kind(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_hexdigit()).collect()
}

/// A fresh world in which these deeds are done. What broke, if anything did.
fn play(terms: &Terms, script: &[Deed], drain: bool) -> Option<String> {
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut r = Runner::new(terms);
        for deed in script {
            if let Err(broken) = r.perform(deed.clone()) {
                return Some(broken.to_string());
            }
        }
        if drain {
            return r.drain().err().map(|broken| broken.to_string());
        }
        None
    }));
    played.ok().flatten()
}

/// The fewest deeds that break the same. `None` when the whole does not show it again.
pub fn shrink(terms: &Terms, script: &[Deed], broken: &str, drain: bool) -> Option<Vec<Deed>> {
    fewest(script, broken, |script| play(terms, script, drain))
}

/// Leaves out deeds, many at first and single ones in the end, while the same breaks (delta debugging, Zeller 1999). `None`
/// when the whole does not show it again.
pub fn fewest<T: Clone>(
    script: &[T],
    broken: &str,
    play: impl Fn(&[T]) -> Option<String>,
) -> Option<Vec<T>> {
    let wanted = kind(broken);
    let again = |script: &[T]| play(script).is_some_and(|b| kind(&b) == wanted);
    let mut best = script.to_vec();
    if !again(&best) {
        return None;
    }
    let (started, patience) = (Instant::now(), patience());
    let mut size = best.len() / 2;
    while size > 0 && started.elapsed() < patience {
        let mut end = best.len();
        while end > 0 && started.elapsed() < patience {
            let start = end.saturating_sub(size);
            let mut fewer = best.clone();
            fewer.drain(start..end);
            if again(&fewer) {
                best = fewer;
            }
            end = start.min(best.len());
        }
        size /= 2;
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use alloy::{primitives::U256, sol_types::SolCall};
    use chain::bindings::IBasket;

    use super::{super::world::u, Deed, Runner, Terms, shrink};
    use crate::world::COIN;

    /// A slip of the run serves as the broken promise: the books are told nothing of coins that vanish from a sleeve, since
    /// they vanish as the payment of a call. Forty calls that have nothing to do with it stand before.
    #[test]
    fn a_broken_promise_after_forty_deeds_shrinks_to_the_ones_that_make_it() {
        let terms = Terms::default();
        let mut r = Runner::new(&terms);
        let (who, basket) = (r.w.at.people[1], r.b.basket);
        let call = |at: u64, value: u128, data: Vec<u8>| Deed::Call {
            at,
            from: who,
            to: basket,
            value,
            data: data.into(),
        };
        let mut script = Vec::new();
        for n in 0..40 {
            let deposit = IBasket::depositCall {
                sleeve: U256::ZERO,
                units: u(COIN),
                receiver: who,
                minShares: U256::ZERO,
                deadline: U256::MAX,
            };
            script.push(call(r.w.c.now + n, COIN, deposit.abi_encode()));
        }
        let core = r.w.at.adapters[0];
        // Out of a stranger's name, so that the books do not know.
        script.push(Deed::Steal {
            who: core,
            wei: COIN,
        });
        let harvest = IBasket::harvestCall { sleeve: u(1_u64) };
        script.push(call(r.w.c.now + 50, 0, harvest.abi_encode()));
        let broken = script
            .iter()
            .find_map(|deed| r.perform(deed.clone()).err())
            .expect("it breaks")
            .to_string();
        assert!(broken.starts_with("1: sleeve 0 books"), "{broken}");
        let fewer = shrink(&terms, &script, &broken, false).expect("it shows again");
        assert_eq!(fewer.len(), 2, "{fewer:?}");
    }
}
