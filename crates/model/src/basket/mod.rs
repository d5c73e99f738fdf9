//! The basket: shares against parts of sleeves, as integers.
//!
//! A basket owns *parts* of sleeves. Two ways in (one asset at a price; in kind without a price), three ways out
//! (instant at a price; in kind; epoch queue without a price). In-kind exit and epoch share one operation, `carve`.
//! One call is one step of [`apply`]; a refused call changes nothing.
//!
//! ```
//! use omnibus_model::{Address, Timestamp, basket::{Call, Error, Shares, State, apply}};
//!
//! /// Leaves in kind: nothing outside can refuse it.
//! fn leave(state: &mut State, who: Address, now: Timestamp) -> Result<(), Error> {
//!     let shares: Shares = state.balance(who);
//!     let out = apply(state, who, now, &Call::ExitInKind { shares, recipient: who })?;
//!     assert_eq!(out.ret.len(), state.sleeves.len());
//!     Ok(())
//! }
//! ```
//!
//! # What each file owns
//! - `parts`: rules 1 to 8, what units and parts do and how they round. Everything else only calls them.
//! - `state`, `sleeve`: what is booked, and where it lies outside.
//! - `enter`, `leave`, `queue`, `claim`: the ways in and out.
//! - `nav`, `feed`: prices with two sides and three states; `limits`: caps, throttle, band, budget.
//! - `harvest`, `fees`, `auction`, `chores`: what anybody may do for the basket.
//! - `governance`: delays, pauses, mandate. `agent`, `earn`, `outside`: the staking system, facts C1 to C12.
//!
//! # Assumptions and invariants
//! The promises of the specification, by number; each is a property of the tests.
//! 1. A sleeve's parts are the basket's and those of waiting legs; units booked never exceed units held.
//! 2. Claims never exceed what was recovered; less than one wei per claimant stays behind.
//! 3. Steps without a price never lower parts per share (accrued fees aside) nor units per part (losses aside),
//!    exactly.
//! 4. Steps with a price never lower the value of a share for any prices inside the box; an auction only within its
//!    budget.
//! 5. In-kind exit works in every state. 6. Round trips gain nothing. 7. Governance is slower than the longest exit.
//! 8. Every leg finishes by steps open to all once its sleeve works again.
//!
//! Not here: gas, reentrancy, permits, allowances, storage layout.

mod agent;
mod apply;
mod auction;
mod call;
mod chores;
mod claim;
mod earn;
mod enter;
mod error;
mod event;
mod feed;
mod fees;
mod governance;
mod harvest;
mod leave;
mod limits;
mod nav;
mod outside;
mod parts;
mod queue;
mod quote;
mod sleeve;
mod state;
mod units;

pub use agent::{CoreAgent, Delegation, LEAST_STAKE, Undelegation, plan_undelegation};
pub use apply::apply;
pub use auction::{Auction, READINGS_APART};
pub use call::{Call, GovernanceCall, OutsideCall, Setting};
pub use claim::{Owner, Position, due_down};
pub use earn::{Earn, LEAST_REDEEM, MAX_LATE, MAX_RECORDS, Record};
pub use error::Error;
pub use event::{Event, Outcome};
pub use feed::{
    Condition, FALL, Feed, IMPAIRED_GAP, Observation, OwnRate, PATIENCE, Peg, Quote, RECOVERY,
    WIDE_GAP, price_of,
};
pub use fees::{
    ENTRY_CEILING, ENTRY_FLOOR, INSTANT_CEILING, MANAGEMENT_CEILING, PERFORMANCE_CEILING, YEAR,
    after_fee_down, management_shares, performance_units, rate_fee_units,
};
pub use governance::{
    DUTY, Governance, MANDATE, PAUSE_LIMIT, PAUSE_WINDOW, Pauses, Power, Proposal, longest_exit,
    quorum,
};
pub use harvest::{RELEASE, RELEASE_WHOLE, TURN};
pub use limits::{BUDGET_PPB, BUDGET_WINDOW, Budget, Throttle};
pub use nav::{Nav, Side};
pub use outside::Outside;
pub use parts::{Book, Purchase, Sale, Taken};
pub use queue::{Batch, BatchId, CANCEL_REOPENS, DUSK, Leg, LegState, OpenEpoch, Window};
pub use quote::{EpochQuote, ExitQuote, InstantQuote};
pub use sleeve::{Kind, Limits, Sleeve, Step};
pub use state::{
    AuctionTerms, DEAD_SHARES, FLOOR, Fees, MAX_SLEEVES, MAX_VALIDATORS, Places, State,
};
pub use units::{Asset, Parts, Shares, SleeveId, Units};
