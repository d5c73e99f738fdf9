//! The cheapest ladder that keeps a goal.

use super::{Plan, Problem, Report};

/// One ladder that was tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Buckets per validator.
    pub buckets: usize,
    /// Whether the goal was reached.
    pub holds: bool,
    /// What came of it.
    pub report: Report,
}

/// Finds the fewest buckets per validator with which `holds` says yes, between 1 and `most`. More buckets never make an exit
/// later, so a ladder twice as long is tried until one holds, and then the gap is halved. Returns the trials in the order in
/// which they were made; the cheapest is the one that holds with the fewest buckets, if any does.
///
/// # Errors
/// Those of `play`.
pub fn cheapest(
    plan: &Plan,
    most: usize,
    mut play: impl FnMut(&Plan) -> Result<Report, Problem>,
    holds: impl Fn(&Report) -> bool,
) -> Result<Vec<Trial>, Problem> {
    let mut trials: Vec<Trial> = Vec::new();
    let mut attempt = |buckets: usize| -> Result<bool, Problem> {
        let report = play(&Plan {
            buckets,
            ..plan.clone()
        })?;
        let held = holds(&report);
        trials.push(Trial {
            buckets,
            holds: held,
            report,
        });
        Ok(held)
    };
    let (mut short, mut long) = (0_usize, 1_usize);
    while !attempt(long)? {
        if long >= most {
            return Ok(trials);
        }
        short = long;
        long = long.saturating_mul(2).min(most);
    }
    while long.saturating_sub(short) > 1 {
        let middle = short.midpoint(long);
        if attempt(middle)? {
            long = middle;
        } else {
            short = middle;
        }
    }
    Ok(trials)
}
