#![doc = include_str!("../README.md")]

mod apply;
mod bus;
mod call;
mod error;
mod eta;
mod event;
mod exit;
mod line;
mod power;
mod rewards;
pub mod sim;
mod staking;
mod state;
mod token;
mod units;
mod views;

pub use apply::apply;
pub use call::{Call, ExitParams, MinterCall, RewardsCall, StakingCall, TokenCall};
pub use error::{Error, Role, StakingError};
pub use eta::Eta;
pub use event::{EtaReason, Event, Outcome};
pub use exit::Instant;
pub use staking::{Account, Position, RateCheckpoint, Staking, StakingValidator};
pub use state::{
    Bucket, CLAIM_PAGE, Checkpoint, DEAD, DEPARTURES_PER_CALL, FEE_CEILING, Line, MARGIN, MARKS,
    MAX_AMOUNT, MAX_BUCKETS, MAX_VALIDATORS, Mark, Meter, Minter, NO_HINT, Params, Places,
    REWARD_FEE_CEILING, RUNG_MAX_COUNT, Rewards, Rung, STAKES_PER_CALL, State, Ticket, Validator,
    WITHHOLD_CEILING,
};
pub use token::{Holder, Token};
pub use units::{
    Address, Assets, BPS, Bps, BucketId, DAY, Index, RAY, Rate, RequestId, SCALE, Scaled, Shares,
    Timestamp, Units, ValidatorId, ceil_div, mul_div_down, mul_div_up,
};
pub use views::{BucketInfo, ExitQuote, Work};
