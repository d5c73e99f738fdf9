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

/// Finds the fewest buckets per validator, at most `most`, with which `holds` says yes. A bucket more is not always quicker
/// (stake lies in smaller pieces, and the same exits take other ones), so there is nothing to halve: every ladder is tried
/// from one bucket up, until one holds. The longest comes first; when that does not hold, nothing else is tried. Returns
/// the trials in the order in which they were made; wanted is the one that holds with the fewest buckets.
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
    for buckets in core::iter::once(most).chain(1..most) {
        let plan = Plan {
            buckets,
            ..plan.clone()
        };
        let report = play(&plan)?;
        let held = holds(&report);
        trials.push(Trial {
            buckets,
            holds: held,
            report,
        });
        let longest = buckets == most;
        if held != longest {
            break;
        }
    }
    Ok(trials)
}
