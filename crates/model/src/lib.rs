#![doc = include_str!("../README.md")]

mod amm;
mod apply;
pub mod basket;
mod bus;
mod call;
mod coin_vault;
mod converter;
mod error;
mod eta;
mod event;
mod exit;
mod halt;
mod line;
mod power;
mod receipts;
mod reserve;
mod rewards;
pub mod sim;
mod staking;
mod state;
mod token;
mod units;
mod vault;
mod views;

pub use amm::{AMM_SLIPPAGE_CEILING, Listed, Pool, Sale, Style, sqrt_down};
pub use apply::apply;
pub use call::{
    Call, CoinVaultCall, ConverterCall, ExitParams, MarketCall, MinterCall, ReceiptsCall,
    RewardsCall, StakingCall, TokenCall, VaultCall,
};
pub use coin_vault::{CoinVault, ExitPool, ExitRequest, Part};
pub use converter::{Conversion, Conversions};
pub use error::{Error, Role, StakingError};
pub use eta::Eta;
pub use event::{EtaReason, Event, Outcome};
pub use exit::Instant;
pub use halt::{Emergency, Signature};
pub use receipts::Receipts;
pub use staking::{
    Account, Accrual, Both, Position, RateCheckpoint, RewardRate, Staking, StakingValidator,
};
pub use state::{
    Bucket, CLAIM_PAGE, Checkpoint, DEAD, DEPARTURES_PER_CALL, FEE_CEILING, Line, MARGIN, MARKS,
    MAX_AMOUNT, MAX_BUCKETS, MAX_VALIDATORS, Mark, Meter, Minter, NO_HINT, Params, Places,
    REWARD_FEE_CEILING, RUNG_MAX_COUNT, Rewards, Rung, STAKES_PER_CALL, State, Ticket, Validator,
    WITHHOLD_CEILING,
};
pub use token::{Holder, Token};
pub use units::{
    Address, Assets, BPS, Bps, BucketId, DAY, Goods, Index, Price, RAY, Rate, ReceiptId, RequestId,
    SCALE, Scaled, Shares, Timestamp, Units, ValidatorId, VaultShares, ceil_div, mul_div_down,
    mul_div_up,
};
pub use vault::Vault;
pub use views::{BucketInfo, ExitQuote, Work};
