//! The command line as it is written. `config` resolves it against `omnibus.toml` and the profile.

use crate::{
    amount::Amount,
    gov::Action,
    simulate::flags::{self, BankRun, Goal, Seconds},
};
use alloy::primitives::{Address, U256};
use chain::SensitiveUrl;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const AFTER: &str = "\
Exit codes: 0 done · 1 anything else · 2 wrong arguments, or not confirmed · 3 configuration or key · 4 chain down or another chain
            5 deployment file · 6 transaction refused, failed or not mined · 7 port, lock, key in use or tool · 8 verification failed · 9 no ladder reaches the goal
            130 interrupted
Secrets come from the environment only: OMNIBUS_KEY or OMNIBUS_KEYSTORE_PASSWORD; they are never printed.";

/// Liquid staking with predictable exits: deploy it, run it, use it.
#[derive(Debug, Parser)]
#[command(name = "omnibus", version, after_help = AFTER, propagate_version = true)]
pub struct Cli {
    /// Flags that every command knows.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command knows.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// One JSON value on standard output, nothing else
    #[arg(long, global = true, conflicts_with = "quiet")]
    pub json: bool,
    /// Nothing but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Configuration file [default: omnibus.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Chain profile: local, plume, plume-testnet, core, core-testnet2, or a .toml file
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Name of the deployment [default: main]
    #[arg(long, global = true, value_name = "NAME")]
    pub deployment: Option<String>,
    /// Folder of deployment files [default: deployments]
    #[arg(long, global = true, value_name = "DIR")]
    pub deployments: Option<PathBuf>,
    /// Where the chain answers; may be given more than once
    #[arg(long, global = true, value_name = "URL")]
    pub rpc_url: Vec<SensitiveUrl>,
    /// Folder for the database and journals [default: .omnibus]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Encrypted key file, instead of OMNIBUS_KEY; its password is in OMNIBUS_KEYSTORE_PASSWORD
    #[arg(long, global = true, value_name = "FILE")]
    pub keystore: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A world of its own: local chain with a fast clock, contracts, keepers, web app and simulated users
    Demo(Demo),
    /// Index, alerts, keepers, API and web app in one process
    Run(Run),
    /// Put the contracts on a chain: shows the plan, resumes after a crash, verifies
    Deploy(Deploy),
    /// What an operator does by hand
    #[command(subcommand)]
    Ops(Ops),
    /// What a depositor does
    #[command(subcommand)]
    User(User),
    /// What an investor of the basket does
    #[command(subcommand)]
    Basket(BasketCommand),
    /// What a holder of GOV and the guardian do
    #[command(subcommand)]
    Gov(GovCommand),
    /// Exit times, buffer and keepers' gas of a ladder of buckets before it is built
    Simulate(Box<Simulate>),
    /// Bring the database to this version's schema
    Migrate,
    /// Play a history in which contracts and model disagreed, on a local chain of its own
    Replay(Replay),
    /// Look for what is wrong: tools, endpoints, deployment, database
    Doctor,
    /// Completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// `omnibus demo`
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Port of the web app and API; 0 takes any free one
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Port of the local chain; 0 takes any free one
    #[arg(long, default_value_t = 8545)]
    pub chain_port: u16,
    /// Simulated users
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(0..=200))]
    pub users: u16,
    /// What the users do follows from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Chain seconds per real second (3000: a cooldown of 21 days takes ten minutes)
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u64).range(1..=20_000))]
    pub speed: u64,
    /// Forget what an earlier demo left
    #[arg(long)]
    pub fresh: bool,
    /// Built web app [default: web/dist]
    #[arg(long, value_name = "DIR")]
    pub web: Option<PathBuf>,
    /// anvil [default: from PATH, then contracts/node_modules]
    #[arg(long, value_name = "FILE", env = "ANVIL")]
    pub anvil: Option<PathBuf>,
}

/// `omnibus replay`
#[derive(Clone, Debug, Args)]
pub struct Replay {
    /// What the differential run wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// anvil [default: from PATH, then contracts/node_modules]
    #[arg(long, value_name = "FILE", env = "ANVIL")]
    pub anvil: Option<PathBuf>,
}

/// `omnibus run`
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// Where API and web app listen, as in 127.0.0.1:8080
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<std::net::SocketAddr>,
    /// What the keeper does
    #[arg(long, value_enum)]
    pub keeper: Option<KeeperMode>,
    /// Built web app; without it the API alone is served
    #[arg(long, value_name = "DIR")]
    pub web: Option<PathBuf>,
    /// Chain seconds per real second, on an accelerated local chain
    #[arg(long, hide = true, default_value_t = 1)]
    pub clock_factor: u64,
}

/// What the keeper does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeeperMode {
    /// Nothing
    Off,
    /// Plans and simulates, signs nothing
    DryRun,
    /// Signs and sends
    On,
}

/// `omnibus simulate`
#[derive(Clone, Debug, Args)]
pub struct Simulate {
    /// Validators, of equal weight
    #[arg(long, default_value_t = 10, help_heading = "Ladder")]
    pub validators: u16,
    /// Buckets of each validator
    #[arg(long, default_value_t = 22, help_heading = "Ladder")]
    pub buckets: usize,
    /// Coins in the pot at the beginning
    #[arg(
        long,
        default_value = "1000000",
        value_name = "COINS",
        help_heading = "Ladder"
    )]
    pub pot: Amount,
    /// Cooldown of the staking system
    #[arg(
        long,
        default_value = "21d",
        value_name = "TIME",
        help_heading = "Ladder"
    )]
    pub cooldown: Seconds,
    /// What is waited after a cooldown before the bucket is used again
    #[arg(
        long,
        default_value = "1h",
        value_name = "TIME",
        help_heading = "Ladder"
    )]
    pub safety: Seconds,
    /// Least time between a validator's departures; the ladder gives (cooldown + safety) / buckets of itself
    #[arg(
        long,
        default_value = "1h",
        value_name = "TIME",
        help_heading = "Ladder"
    )]
    pub interval: Seconds,
    /// Exits that depart before their turn, from buckets beyond the timetable; 0: none do
    #[arg(
        long,
        default_value = "0",
        value_name = "COINS",
        help_heading = "Ladder"
    )]
    pub threshold: Amount,
    /// Least stake
    #[arg(
        long,
        default_value = "1",
        value_name = "COINS",
        help_heading = "Ladder"
    )]
    pub min_stake: Amount,
    /// Share of all assets kept as the buffer target, basis points
    #[arg(
        long,
        default_value_t = 1_000,
        value_name = "BPS",
        help_heading = "Ladder"
    )]
    pub withhold: u64,
    /// Least and greatest instant fee, basis points
    #[arg(long, num_args = 2, default_values_t = [30, 100], value_names = ["MIN", "MAX"], help_heading = "Ladder")]
    pub instant_fees: Vec<u64>,
    /// Keepers' grace: what each step may be late in a promise
    #[arg(
        long,
        default_value = "6h",
        value_name = "TIME",
        help_heading = "Ladder"
    )]
    pub grace: Seconds,

    /// Time between two looks of the keepers
    #[arg(
        long,
        default_value = "5m",
        value_name = "TIME",
        help_heading = "Keepers and mishaps"
    )]
    pub cadence: Seconds,
    /// No keepers from then on for so long, as in 90d+3d; may be given more than once
    #[arg(long, value_name = "BEGIN+LENGTH", value_parser = flags::outage, help_heading = "Keepers and mishaps")]
    pub outage: Vec<model::sim::Outage>,
    /// A validator (from 0) is slashed, as in 100d:3; may be given more than once
    #[arg(long, value_name = "TIME:VALIDATOR", value_parser = flags::slash, help_heading = "Keepers and mishaps")]
    pub slash: Vec<model::sim::Slash>,

    /// How long
    #[arg(
        long,
        default_value = "365d",
        value_name = "TIME",
        help_heading = "Demand"
    )]
    pub span: Seconds,
    /// All chance follows from it
    #[arg(long, default_value_t = 1, help_heading = "Demand")]
    pub seed: u64,
    /// Exits per day, at random times (Poisson)
    #[arg(long, default_value_t = 20, value_name = "N", help_heading = "Demand")]
    pub exits: u64,
    /// Mean size of an exit; sizes are exponential
    #[arg(
        long,
        default_value = "150",
        value_name = "COINS",
        help_heading = "Demand"
    )]
    pub exit_size: Amount,
    /// Deposits per day, at random times (Poisson)
    #[arg(long, default_value_t = 20, value_name = "N", help_heading = "Demand")]
    pub deposits: u64,
    /// Mean size of a deposit; sizes are exponential
    #[arg(
        long,
        default_value = "150",
        value_name = "COINS",
        help_heading = "Demand"
    )]
    pub deposit_size: Amount,
    /// Bursts of exits per year, at random times
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Demand")]
    pub bursts: u64,
    /// How long a burst lasts
    #[arg(
        long,
        default_value = "2d",
        value_name = "TIME",
        help_heading = "Demand"
    )]
    pub burst_length: Seconds,
    /// How many times as many exits come in a burst
    #[arg(long, default_value_t = 10, value_name = "N", help_heading = "Demand")]
    pub burst_factor: u64,
    /// So many basis points of the first pot leave within a time, as in 180d+2d:3000; may be given more than once
    #[arg(long, value_name = "BEGIN+LENGTH:BPS", value_parser = flags::bank_run, help_heading = "Demand")]
    pub bank_run: Vec<BankRun>,
    /// Play a CSV file instead of chance: `seconds,what,coins` with a header, what being deposit or exit
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "history",
        help_heading = "Demand"
    )]
    pub replay: Option<PathBuf>,
    /// Play what a database of `omnibus run` has indexed instead of chance
    #[arg(long, value_name = "FILE", help_heading = "Demand")]
    pub history: Option<PathBuf>,

    /// Coins of a pool that LST can be sold to; without it there is none
    #[arg(long, value_name = "COINS", help_heading = "Pool")]
    pub pool: Option<Amount>,
    /// Its fee, basis points
    #[arg(long, default_value_t = 30, value_name = "BPS", help_heading = "Pool")]
    pub pool_fee: u64,
    /// The most that the last wei of a sale may fall short of the rate, basis points
    #[arg(long, default_value_t = 100, value_name = "BPS", help_heading = "Pool")]
    pub slippage: u64,
    /// How long traders take to bring its price back
    #[arg(long, default_value = "1d", value_name = "TIME", help_heading = "Pool")]
    pub pool_recovery: Seconds,

    /// What stake earns in a year, basis points
    #[arg(
        long,
        default_value_t = 500,
        value_name = "BPS",
        help_heading = "Costs"
    )]
    pub apr: u64,
    /// What keepers pay for a gas, as in 100000000000wei
    #[arg(
        long,
        default_value = "100000000000wei",
        value_name = "COINS",
        help_heading = "Costs"
    )]
    pub gas_price: Amount,

    /// Find the fewest buckets that reach a goal, as in exit-p95=22d: exit-p50, exit-p95, exit-p99 or exit-max of queued exits
    #[arg(long, value_name = "GOAL", help_heading = "Results")]
    pub optimize: Option<Goal>,
    /// Write a report with plots, one self-contained file
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub html: Option<PathBuf>,
    /// Write one line per queued exit: seconds at which it was requested, promised and paid
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub csv: Option<PathBuf>,
}

/// `omnibus deploy`
#[derive(Clone, Debug, Default, Args)]
pub struct Deploy {
    /// Go on without being asked
    #[arg(long, short)]
    pub yes: bool,
    /// Show the plan and stop
    #[arg(long, conflicts_with = "yes")]
    pub plan: bool,
    /// One side of what the profile has, instead of both
    #[arg(long, value_enum, value_name = "SIDE")]
    pub only: Option<Only>,
    /// The staking system, where the profile does not name it
    #[arg(long, value_name = "ADDRESS")]
    pub staking: Option<Address>,
    /// Whom the basket's coins are delegated to, as ADDRESS:WEIGHT,…, where the profile does not name them
    #[arg(long, value_delimiter = ',', value_name = "ADDRESS:WEIGHT", value_parser = core_validator)]
    pub core_validators: Vec<(Address, u8)>,
    /// Who governs after the deployment
    #[arg(long, value_name = "ADDRESS")]
    pub admin: Option<Address>,
    /// Who proposes to the timelock that governs after the deployment (a multisig)
    #[arg(long, value_name = "ADDRESS", conflicts_with = "admin")]
    pub governor: Option<Address>,
    /// Who may pause
    #[arg(long, value_name = "ADDRESS")]
    pub guardian: Option<Address>,
    /// Who runs the keepers
    #[arg(long, value_name = "ADDRESS")]
    pub keeper: Option<Address>,
    /// Who gets the fees
    #[arg(long, value_name = "ADDRESS")]
    pub fee_recipient: Option<Address>,
    /// Buckets per validator, instead of the profile's
    #[arg(long)]
    pub buckets: Option<u64>,
    /// The wrapped coin that AMM pools hold, where the profile does not name it
    #[arg(long, value_name = "ADDRESS")]
    pub wrapped_coin: Option<Address>,
    /// Local chains: npm's Uniswap V2 with a pool of so many coins and tokens, and the AMM path on
    #[arg(long, value_name = "COINS")]
    pub pool: Option<Amount>,
    /// Afterwards make a small live deposit and an exit
    #[arg(long)]
    pub smoke: bool,
}

/// One side of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Liquid staking
    Liquid,
    /// The basket and its governance
    Basket,
}

fn core_validator(text: &str) -> Result<(Address, u8), String> {
    let (address, weight) = text.split_once(':').unwrap_or((text, "1"));
    let account = address
        .parse()
        .map_err(|_| format!("`{address}` is no address"))?;
    match weight.parse() {
        Ok(weight) if weight > 0 => Ok((account, weight)),
        _ => Err(format!("`{weight}` is no weight: 1 to 255")),
    }
}

/// `omnibus ops …`
#[derive(Clone, Debug, Subcommand)]
pub enum Ops {
    /// Copy the staking system's validators into the registry (SyncValidators)
    SyncValidators,
    /// Add buckets (DeployBuckets)
    AddBuckets {
        /// Validator ids
        #[arg(long, value_delimiter = ',', required = true)]
        validators: Vec<u16>,
        /// How many for each
        #[arg(long)]
        count: u64,
    },
    /// Grant roles, set parameters and weights as the profile says (SetupRolesAndParams)
    Setup {
        /// Gets the keepers' roles
        #[arg(long)]
        keeper: Option<Address>,
        /// Gets the guardian's role
        #[arg(long)]
        guardian: Option<Address>,
        /// Share of all assets kept as the buffer target, basis points
        #[arg(long)]
        withhold: Option<u64>,
        /// Least instant fee and standard fee, basis points
        #[arg(long, num_args = 2, value_names = ["INSTANT", "STANDARD"])]
        fees: Option<Vec<u64>>,
        /// Exits that depart early, and least seconds between departures
        #[arg(long, num_args = 2, value_names = ["COINS", "SECONDS"])]
        batch: Option<Vec<String>>,
        /// Target weight of every validator
        #[arg(long)]
        weight: Option<u64>,
    },
    /// Claim rewards and load them into the stream (Claimer)
    Claim {
        /// Only this validator
        #[arg(long)]
        validator: Option<u16>,
    },
    /// Sweep matured buckets, and with --fulfil pay the queue (FulfillAndSweep)
    Sweep {
        /// Only this validator
        #[arg(long)]
        validator: Option<u16>,
        /// Buckets per validator
        #[arg(long, default_value_t = 10)]
        max: u64,
        /// Afterwards fund the queue with what came in
        #[arg(long)]
        fulfil: bool,
    },
    /// Stake what the buffer and the queue do not need
    Rebalance,
    /// Close the open rung
    CloseRung,
    /// Send queued exits into cooldown
    Depart,
    /// Fund the queue with the coins that are due to it
    Finalize,
    /// Book the loss of a slashed validator
    BookSlash {
        /// Which
        validator: u16,
    },
    /// Pause instant exits for seven days
    Pause {
        /// Deposits too
        #[arg(long)]
        deposits: bool,
    },
    /// End a pause before it lapses
    Unpause {
        /// Deposits too
        #[arg(long)]
        deposits: bool,
    },
    /// Sign an emergency: governor and guardian within 48 hours, each with a key of its own. The second signature carries it out
    Emergency {
        /// `halt` switches to the code that was named for it, `reader` has the staking system's flags read elsewhere
        #[arg(value_enum)]
        what: Emergency,
        /// The new reader [halt: the code that was named]
        #[arg(long, value_name = "ADDRESS", required_if_eq("what", "reader"))]
        to: Option<Address>,
    },
    /// The first-loss reserve
    #[command(subcommand)]
    Insurance(Insurance),
    /// The AMM path of exits
    #[command(subcommand)]
    Amm(Amm),
    /// Let somebody claim the rewards of a contract that cannot claim them
    Delegate {
        /// The contract
        account: Address,
        /// Who claims for it
        #[arg(required_unless_present = "end")]
        delegate: Option<Address>,
        /// End the delegation, at once
        #[arg(long, conflicts_with = "delegate")]
        end: bool,
    },
    /// Limits of the sale of a reward token
    Conversion {
        /// The token
        token: Address,
        /// Least price: coins for 1e18 of the token's smallest units
        #[arg(long)]
        floor: Amount,
        /// Most per sale, in the token's smallest units times 1e18
        #[arg(long)]
        per_sale: Amount,
        /// Most per day, likewise
        #[arg(long)]
        per_day: Amount,
    },
    /// Claim rewards in an ERC-20 for the converter
    ClaimToken {
        /// The token
        token: Address,
        /// Only this validator
        #[arg(long)]
        validator: Option<u16>,
    },
    /// Turn the vault's rewards into tokens
    Harvest,
    /// What the pot holds, the queue, and each validator's buckets
    Status,
}

/// What governor and guardian may do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Emergency {
    /// Only sweeps, finalization and claims go on
    Halt,
    /// Flags and intervals are read elsewhere
    Reader,
}

/// `omnibus ops insurance …`
#[derive(Clone, Debug, Subcommand)]
pub enum Insurance {
    /// Add coins. Anybody may
    Fund {
        /// Coins
        amount: Amount,
    },
    /// Take coins out: the admin, announced; run it again when the delay is over
    Withdraw {
        /// Coins
        amount: Amount,
        /// Who gets them
        recipient: Address,
    },
}

/// `omnibus ops amm …`
#[derive(Clone, Debug, Subcommand)]
pub enum Amm {
    /// Switch the path on, or change its cap: the admin, announced; run it again when the delay is over
    On {
        /// The most that a sale may fall short of the rate, basis points
        #[arg(long, default_value_t = 100)]
        slippage: u64,
        /// Another route than the deployed one
        #[arg(long, value_name = "ADDRESS")]
        route: Option<Address>,
    },
    /// Switch it off: admin or guardian, at once
    Off,
    /// Allow a pool: the admin, announced; run it again when the delay is over
    Allow {
        /// The pool
        pool: Address,
        /// How it is spoken to
        #[arg(long, value_enum, default_value_t = Style::V2)]
        style: Style,
        /// Its own fee, basis points (V2; a V3 pool tells its own)
        #[arg(long)]
        fee: Option<u64>,
    },
    /// Take a pool off the list: admin or guardian, at once
    Forbid {
        /// The pool
        pool: Address,
    },
}

/// How a pool is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Style {
    /// Uniswap V2 and what follows it
    V2,
    /// Uniswap V3
    V3,
}

/// `omnibus user …`
#[derive(Clone, Debug, Subcommand)]
pub enum User {
    /// Deposit coins
    Deposit {
        /// Coins, as 12.5, or 123wei
        amount: Amount,
        /// Least tokens to get
        #[arg(long)]
        min_out: Option<Amount>,
    },
    /// Leave: instantly what the buffer pays, the rest by the queue
    Redeem {
        /// Tokens
        amount: Amount,
        /// Most tokens to redeem instantly [default: all]
        #[arg(long)]
        instant_max: Option<Amount>,
        /// Most tokens to sell to an AMM pool, where that path is on [default: all, and none with --instant-max]
        #[arg(long)]
        amm_max: Option<Amount>,
        /// Highest instant fee, basis points
        #[arg(long, default_value_t = 100)]
        fee_limit: u64,
        /// Least coins to get now
        #[arg(long)]
        min_out: Option<Amount>,
        /// Who gets the coins and owns the request
        #[arg(long)]
        recipient: Option<Address>,
        /// Show what it would do and stop
        #[arg(long)]
        quote: bool,
    },
    /// Take a request back while its rung is open
    Cancel {
        /// Id of the request
        id: U256,
    },
    /// Requests of an account, with their promised times
    Requests {
        /// Whose [default: the key's]
        #[arg(long)]
        account: Option<Address>,
    },
    /// Claim the coins of requests
    Claim {
        /// Ids [default: every request that has something to claim]
        ids: Vec<U256>,
        /// Who gets the coins [default: the owner]
        #[arg(long)]
        recipient: Option<Address>,
    },
    /// Take accrued rewards in coins
    Rewards,
    /// The compounding vault
    #[command(subcommand)]
    Vault(Vault),
    /// Receipts: requests that can be sold
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// Whether keepers and strangers may pay your funded requests to you
    AutoPay {
        /// `on` or `off`
        #[arg(value_enum)]
        state: Switch,
    },
    /// Delegate claimers, for contracts that cannot claim
    #[command(subcommand)]
    Delegate(DelegateCommand),
    /// Balance, value, rewards
    Balance {
        /// Whose [default: the key's]
        #[arg(long)]
        account: Option<Address>,
    },
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// They may
    On,
    /// They may not
    Off,
}

/// `omnibus user vault …`
#[derive(Clone, Debug, Subcommand)]
pub enum Vault {
    /// Coins to shares
    Deposit {
        /// Coins, or with --tokens tokens
        amount: Amount,
        /// Pay with tokens that you hold
        #[arg(long)]
        tokens: bool,
        /// Least shares to get
        #[arg(long)]
        min_shares: Option<Amount>,
        /// Show what it would do and stop
        #[arg(long)]
        quote: bool,
    },
    /// Shares to tokens at once, or with --coins to coins by the queue
    Redeem {
        /// Shares
        shares: Amount,
        /// A request in the queue, paid in coins
        #[arg(long)]
        coins: bool,
        /// Show what it would do and stop
        #[arg(long)]
        quote: bool,
    },
    /// Claim the coins of requests that were made with --coins
    Claim,
    /// Shares, their worth, and requests
    Show {
        /// Whose [default: the key's]
        #[arg(long)]
        account: Option<Address>,
    },
}

/// `omnibus user receipt …`
#[derive(Clone, Debug, Subcommand)]
pub enum ReceiptCommand {
    /// Turn a request of yours into a receipt
    Mint {
        /// Id of the request
        id: U256,
    },
    /// Give it to somebody, with all that it is worth
    Transfer {
        /// The receipt's token id
        token: U256,
        /// To whom
        to: Address,
    },
    /// Claim what is funded; what is left lives on under the next id
    Claim {
        /// The receipt's token id
        token: U256,
        /// Who gets the coins [default: the owner]
        #[arg(long)]
        recipient: Option<Address>,
    },
    /// Turn it back into a request of yours
    Unwrap {
        /// The receipt's token id
        token: U256,
    },
    /// What it is worth
    Show {
        /// The receipt's token id
        token: U256,
    },
}

/// `omnibus user delegate …`
#[derive(Clone, Debug, Subcommand)]
pub enum DelegateCommand {
    /// Claim the rewards of a contract that you are the delegate of
    Claim {
        /// The contract
        account: Address,
        /// Who gets the coins [default: you]
        #[arg(long)]
        recipient: Option<Address>,
    },
    /// Speak for yourself, for ever: no delegate can claim for you
    Refuse,
}

/// `omnibus basket …`
#[derive(Clone, Debug, Subcommand)]
pub enum BasketCommand {
    /// Shares, their worth, sleeves, prices, the open epoch
    Info,
    /// Shares of an account, and legs that wait for it
    Balance {
        /// Whose [default: the key's]
        #[arg(long)]
        account: Option<Address>,
    },
    /// The three ways out for some shares, side by side
    Quote {
        /// Shares, as 12.5, or 123wei
        shares: Amount,
    },
    /// One asset in, at its price
    Deposit {
        /// core, stcore, btc, or the sleeve's id
        sleeve: String,
        /// Whole coins or tokens, as 12.5
        amount: Amount,
        /// Least shares to get [default: 0.5 % below the quote]
        #[arg(long)]
        min_shares: Option<Amount>,
    },
    /// All assets in, in the basket's own proportion, without a price
    Mint {
        /// Shares, before the entry fee
        shares: Amount,
    },
    /// Leave, by one of three ways
    Exit {
        /// Shares
        shares: Amount,
        /// Which way
        #[command(flatten)]
        way: Way,
        /// At once: least coins to get [default: 0.5 % below the quote]
        #[arg(long)]
        min_out: Option<Amount>,
        /// At once and in kind: who gets it [default: the key's account]
        #[arg(long, conflicts_with = "epoch")]
        recipient: Option<Address>,
    },
    /// Requests of an account, epoch by epoch
    Requests {
        /// Whose [default: the key's]
        #[arg(long)]
        account: Option<Address>,
    },
    /// Claim what has come of requests
    Claim {
        /// Epochs [default: every one that has something to claim]
        epochs: Vec<U256>,
        /// Who gets it [default: the owner]
        #[arg(long)]
        recipient: Option<Address>,
    },
    /// Take a request back while its epoch is open
    Cancel {
        /// Which
        epoch: U256,
        /// How much of it [default: all]
        shares: Option<Amount>,
    },
    /// Try again a leg in kind that could not be paid
    Deliver {
        /// core, stcore, btc, or the sleeve's id
        sleeve: String,
        /// Whose [default: the key's]
        #[arg(long)]
        account: Option<Address>,
    },
    /// Tokens to try the basket with: stCORE by Earn, and BTC where its token is a stand-in
    Faucet {
        /// Coins to give to Earn for stCORE
        #[arg(long, value_name = "COINS", required_unless_present = "btc")]
        stcore: Option<Amount>,
        /// BTC; the deployer alone may mint them
        #[arg(long, value_name = "BTC")]
        btc: Option<Amount>,
        /// For whom [default: the key's account]
        #[arg(long)]
        recipient: Option<Address>,
    },
}

/// A way out of the basket.
#[derive(Clone, Copy, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Way {
    /// Coins now, at the low price, less the fee
    #[arg(long)]
    pub instant: bool,
    /// A part of every sleeve now, without a price
    #[arg(long)]
    pub in_kind: bool,
    /// With the open epoch, by each sleeve's own way, without a price
    #[arg(long)]
    pub epoch: bool,
}

/// A way out of the basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Coins now.
    Instant,
    /// Tokens now.
    InKind,
    /// By the queue.
    Epoch,
}

impl Way {
    /// The one that was given.
    #[must_use]
    pub fn chosen(self) -> Exit {
        match (self.instant, self.in_kind) {
            (true, _) => Exit::Instant,
            (_, true) => Exit::InKind,
            _ => Exit::Epoch,
        }
    }
}

/// `omnibus gov …`
#[derive(Clone, Debug, Subcommand)]
pub enum GovCommand {
    /// Let somebody vote with your GOV, yourself for instance: what is not delegated does not count
    Delegate {
        /// Who votes [default: the key's account]
        to: Option<Address>,
    },
    /// GOV, votes and delegate of an account
    Account {
        /// Whose [default: the key's]
        #[arg(long)]
        account: Option<Address>,
    },
    /// Propose other target weights of the basket
    ProposeWeights {
        /// Basis points, one for each sleeve, 10000 in all
        #[arg(value_delimiter = ',', required = true)]
        weights: Vec<u16>,
        /// For the voters
        #[arg(long)]
        description: Option<String>,
    },
    /// Propose calls of the timelock
    Propose {
        /// ADDRESS:0xDATA, each one call
        #[arg(required = true, value_name = "CALL")]
        calls: Vec<Action>,
        /// For the voters; two proposals of the same calls differ by it
        #[arg(long)]
        description: String,
    },
    /// Vote
    Vote {
        /// The proposal
        id: U256,
        /// How
        #[arg(value_enum)]
        vote: Vote,
    },
    /// Hand a proposal that was voted for to the timelock
    Queue {
        /// The proposal
        id: U256,
    },
    /// Carry a queued proposal out when its delay is over. Anyone may
    Execute {
        /// The proposal
        id: U256,
    },
    /// Cancel a proposal: its proposer before the vote, the guardian until it is executed
    Cancel {
        /// The proposal
        id: U256,
    },
    /// Every proposal, its votes and its state
    Proposals,
    /// Guardian: pause mint, instant exit or auction for a while
    Pause {
        /// What
        #[arg(value_enum)]
        what: Pausable,
        /// 7 at most, and not again for 30
        #[arg(long, default_value_t = 7)]
        days: u64,
    },
    /// Guardian: end a pause
    Unpause {
        /// What
        #[arg(value_enum)]
        what: Pausable,
    },
}

/// How to vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Vote {
    /// Yes
    For,
    /// No
    Against,
    /// Counts for the quorum
    Abstain,
}

/// What the guardian may pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Pausable {
    /// Both ways in
    Mint,
    /// The instant way out
    Instant,
    /// Auctions
    Auction,
}
