//! The simulator: what a ladder of buckets, a buffer and keepers make of a demand over years.
//!
//! ```text
//!   Demand (deposits, exits, by time) ─┐
//!   Slash ─────────────────────────────┼─> run ──> Report (waits by path, promises, shares, operations, samples)
//!   Plan (ladder, parameters, keepers) ┘
//! ```
//!
//! It is the protocol, not a picture of it: line, buffer, fees and netting are the functions of this crate, called. Only what
//! would look at every bucket of every validator has a faster form here (`Ladder`), and a test plays the same histories
//! through [`crate::apply`] and compares the times. Cost follows events: nothing happens between them, memory holds what
//! waits now and a fixed number of samples.
//!
//! What it takes as given: one cooldown for the whole run; validators of equal weight without capacity limits of their own;
//! a slash is seen at once by instant exits (the contract lets exits below 0.01 % of the assets use flags up to an hour
//! old); nobody steps in for keepers that are out, though after their grace anybody may; a queued exit counts as paid when
//! its last coin can be claimed.

mod amm;
mod engine;
mod ladder;
mod plan;
mod report;
mod search;

pub use amm::Pool;
pub use engine::{Paid, Watch, run};
pub use plan::{Demand, Keeper, Outage, Plan, Problem, Slash, What};
pub use report::{Operations, Path, Promises, Report, Sample, Waits};
pub use search::{Trial, cheapest};
