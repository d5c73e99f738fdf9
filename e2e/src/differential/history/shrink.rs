//! The fewest calls of a history that still end in the same disagreement.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Deal, History, Step};

/// Fresh worlds played, at most: some tenths of a second each.
const TRIALS: usize = 300;

/// Leaves out calls, many at first and single ones in the end, while contracts and model still disagree in `field`
/// (delta debugging, Zeller 1999). `None` when the whole does not show it again.
pub(in crate::differential) fn shrink(
    seed: u64,
    field: &str,
    history: &History,
) -> Option<(History, Step)> {
    let again = |script: &[Deal]| {
        // A call that made sense where it stood may make none without those before it.
        let played = catch_unwind(AssertUnwindSafe(|| play(seed, script)));
        let (history, step) = played.ok().flatten()?;
        let same = step.differences.iter().any(|d| d.field == field);
        same.then_some((history, step))
    };
    let mut best = again(&history.script)?;
    let mut trials = 0;
    let mut size = best.0.script.len() / 2;
    while size > 0 {
        let mut end = best.0.script.len().saturating_sub(1);
        while end > 0 && trials < TRIALS {
            let start = end.saturating_sub(size);
            let mut fewer = best.0.script.clone();
            fewer.drain(start..end);
            trials += 1;
            if let Some(found) = again(&fewer) {
                best = found;
            }
            end = start.min(best.0.script.len().saturating_sub(1));
        }
        size /= 2;
    }
    Some(best)
}

/// A fresh world in which these calls are made, as far as their senders have the coins. The first disagreement; states are
/// compared after the last call only.
fn play(seed: u64, script: &[Deal]) -> Option<(History, Step)> {
    let mut history = History::new(seed);
    for (n, deal) in script.iter().enumerate() {
        history
            .world
            .pass(deal.at.saturating_sub(history.world.now));
        if !history.affords(deal.who, &deal.call) {
            continue;
        }
        let mut done = history.act(deal.who, &deal.call);
        history.learn_buckets();
        if done.differences.is_empty() && n + 1 == script.len() {
            done.differences = history.finish();
        }
        if !done.differences.is_empty() {
            return Some((history, done));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use model::{Account, Assets, Call, MinterCall, StakingCall};

    use super::{super::Table, History, shrink};

    /// A driver's slip serves as the disagreement: the model is told that an account refuses coins which, having no code,
    /// takes them. Sixty calls that have nothing to do with it stand before.
    #[test]
    fn a_disagreement_after_sixty_calls_shrinks_to_the_four_that_make_it() {
        let seed = 6;
        let mut h = History::new(seed);
        for _ in 0..60 {
            h.step(&mut Table::default());
        }
        let person = h.people[0].at;
        let coins = Assets::of(500 * crate::world::COIN);
        let calls = [
            Call::Staking(StakingCall::ForceCoins {
                to: Account::from(person),
                coins: Assets::of(600 * crate::world::COIN),
            }),
            Call::Minter(MinterCall::Submit { coins }),
            Call::Staking(StakingCall::Refuse {
                account: person,
                refuse: true,
            }),
        ];
        for call in &calls {
            let done = h.act(person, call);
            assert!(done.ok && done.differences.is_empty(), "{done:?}");
        }
        let amount = model::Shares::of(crate::world::COIN / 100);
        let params = model::ExitParams {
            instant_max: amount,
            amm_max: model::Shares::ZERO,
            queue_max: model::Shares::ZERO,
            min_out_now: Assets::ZERO,
            fee_limit_bps: alloy::primitives::U256::from(10_000),
            deadline: h.now(),
            recipient: person,
        };
        let exit = Call::Minter(MinterCall::Redeem { amount, params });
        let done = h.act(person, &exit);
        let field = done.differences.first().map(|d| d.field.as_str());
        assert_eq!(field, Some("refusal"), "{done:?}");

        let (shorter, done) = shrink(seed, "refusal", &h).expect("it shows again");
        assert!(h.calls() >= 63, "{}", h.calls());
        assert_eq!(done.differences[0].field, "refusal");
        // Flags read in time, coins to leave with, the slip, the exit.
        let words: Vec<_> = shorter.told.iter().map(|t| &t.words).collect();
        let needed = ["ProcessBatchUnstake", "Submit", "Refuse", "Redeem"];
        assert_eq!(words.len(), needed.len(), "{words:#?}");
        for (word, call) in words.iter().zip(needed) {
            assert!(word.contains(call), "{words:#?}");
        }
    }
}
