//! The whole world of the liquid side at one moment.

use crate::{
    Account, Address, Assets, Bps, BucketId, Call, CoinVault, DAY, Emergency, Error, Goods, Listed,
    Outcome, Pool, Rate, Receipts, RequestId, Role, Scaled, Shares, Signature, Staking, Timestamp,
    Token, Units, ValidatorId, Vault, converter::Conversions,
};
use std::collections::{BTreeMap, BTreeSet};

/// 1 gwei: departures and netting take this much more than needed, because each funding of the line rounds by a few wei.
pub const MARGIN: Assets = Assets::of(1_000_000_000);
/// By how much coins have to exceed what they are to cover for good, wei: the value of a rung may still be rounded up.
pub const SLACK: Assets = Assets::of(500_000_000);
/// Largest deposit: 2^96 - 1 wei.
pub const MAX_AMOUNT: Assets = Assets::of((1 << 96) - 1);
/// Buckets of one validator.
pub const MAX_BUCKETS: u64 = 128;
/// Validators that the registry takes.
pub const MAX_VALIDATORS: usize = 32;
/// Stakes that one `rebalance` tries.
pub const STAKES_PER_CALL: usize = 8;
/// Departures that one `processBatchUnstake` tries.
pub const DEPARTURES_PER_CALL: usize = 16;
/// Buckets that one claim of rewards looks at.
pub const CLAIM_PAGE: u64 = 20;
/// Marks in the ring.
pub const MARKS: usize = 1_024;
/// Marks that one finalization passes.
pub(crate) const MARKS_PER_CALL: usize = 16;
/// Buckets that the stake bus tries for an available one.
pub(crate) const CURSOR_TRIES: usize = 8;
/// Requests of one rung.
pub const RUNG_MAX_COUNT: u32 = (1 << 23) - 1;
/// The meter forgets one target in this time, seconds.
pub(crate) const METER_WINDOW: u64 = DAY;
/// Ceiling of exit fees, bps.
pub const FEE_CEILING: Bps = Bps::new(500);
/// Ceiling of the reward fee, bps.
pub const REWARD_FEE_CEILING: Bps = Bps::new(2_000);
/// Ceiling of the buffer target, bps of assets.
pub const WITHHOLD_CEILING: Bps = Bps::new(5_000);
/// A hint that hints at nobody.
pub const NO_HINT: u16 = u16::MAX;
/// Owner of the permanent seed deposit.
pub const DEAD: Address = Address([
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xde, 0xad,
]);

/// The contracts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "names say it")]
pub struct Places {
    pub minter: Address,
    pub token: Address,
    pub rewards: Address,
    pub staking: Address,
    pub treasury: Address,
    pub receipts: Address,
    pub vault: Address,
    pub coin_vault: Address,
    /// What the pools hold against LST.
    pub wrapped_coin: Address,
    /// The ERC-20 that the staking system rewards in.
    pub reward_token: Address,
    /// The minter's code when it is not halted.
    pub code: Address,
}

impl Places {
    /// Whether it is a contract of this list.
    #[must_use]
    pub fn contains(&self, address: Address) -> bool {
        [
            self.minter,
            self.token,
            self.rewards,
            self.staking,
            self.treasury,
            self.receipts,
            self.vault,
            self.coin_vault,
            self.wrapped_coin,
            self.reward_token,
            self.code,
        ]
        .contains(&address)
    }
}

/// One bucket, as the minter's books know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Wei that earn.
    pub active: Assets,
    /// Wei in cooldown, matured and unswept included.
    pub cooling: Assets,
    /// End of the last cooldown, as the staking system reported it; 0: never cooled.
    pub end: Timestamp,
    /// Ever staked: may have rewards.
    pub used: bool,
}

/// One validator, as the minter's books know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator {
    /// Mirrored at the last sync.
    pub inactive: bool,
    /// Mirrored at the last sync, or booked.
    pub slashed: bool,
    /// Its loss is booked.
    pub booked: bool,
    /// Share of stake among all weights.
    pub weight: u64,
    /// Most of `assets`, bps.
    pub max_percentage: Bps,
    /// Sum over buckets, wei.
    pub active: Assets,
    /// Sum over buckets, wei.
    pub cooling: Assets,
    /// Every bucket ever; the first `n` exist now.
    pub buckets: Vec<Bucket>,
    /// Buckets now, retiring ones included.
    pub n: usize,
    /// Buckets wanted; those from here on retire.
    pub target: usize,
    /// Before it no timetable departure.
    pub next_departure: Timestamp,
    /// Where the next sweep begins.
    pub sweep_cursor: usize,
    /// Where the next stake looks first.
    pub stake_cursor: usize,
    /// Where the next claim begins.
    pub claim_cursor: usize,
}

impl Validator {
    pub(crate) fn new() -> Self {
        Self {
            inactive: false,
            slashed: false,
            booked: false,
            weight: 0,
            max_percentage: Bps::new(9_000),
            active: Assets::ZERO,
            cooling: Assets::ZERO,
            buckets: Vec::new(),
            n: 0,
            target: 0,
            next_departure: Timestamp::ZERO,
            sweep_cursor: 0,
            stake_cursor: 0,
            claim_cursor: 0,
        }
    }

    /// The buckets that exist now, in order.
    pub fn present(&self) -> impl Iterator<Item = (usize, &Bucket)> {
        self.buckets.iter().take(self.n).enumerate()
    }
}

/// A closed rung: the stretch `[start, end)` of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Total LST wei, fixed at the close.
    pub lst: Shares,
    /// Requests ever made in it.
    pub count: u32,
    /// Standard fee, bps.
    pub fee: Bps,
    /// First unit.
    pub start: Units,
    /// One past the last unit.
    pub end: Units,
    /// `C` at the close.
    pub c0: Scaled,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Who may claim.
    pub owner: Address,
    /// LST wei.
    pub lst: Shares,
    /// Gross wei claimed so far.
    pub paid: Assets,
}

/// `B` at watermark `W`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// `W`.
    pub watermark: Units,
    /// `B`: coins paid to the line up to `W`, pro-rata shares of those units included.
    pub b: Assets,
}

/// Everything up to `units` is promised by `eta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// End of the promised stretch.
    pub units: Units,
    /// Unix seconds.
    pub eta: Timestamp,
}

/// The exit line.
///
/// ```text
///   0 ......... W ................................ P   units
///     funded    |        open: openLST             |   stagedLST (open rung, not in the line yet)
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `P`.
    pub end: Units,
    /// `W`.
    pub watermark: Units,
    /// `C`, scaled 2^96.
    pub c: Scaled,
    /// `B` at the watermark.
    pub b: Assets,
    /// LST wei of closed rungs, unfunded.
    pub open_lst: Shares,
    /// LST wei of the open rung.
    pub staged_lst: Shares,
    /// Requests made in the open rung.
    pub open_count: u32,
    /// Fee of the open rung.
    pub rung_fee: Bps,
    /// When the last rung closed (at first: the start).
    pub last_closed_at: Timestamp,
    /// Headroom that belongs to the line.
    pub committed: Assets,
    /// Before it no timetable departure of any validator.
    pub next_departure: Timestamp,
    /// The latest promise ever marked or made by a departure.
    pub latest_eta: Timestamp,
    /// All marks ever pushed.
    pub marks: Vec<Mark>,
    /// How many the watermark has passed.
    pub marks_done: usize,
    /// From the implicit (0,0) on.
    pub checkpoints: Vec<Checkpoint>,
    /// Closed rungs; the open one has the next id.
    pub rungs: Vec<Rung>,
    /// Requests that are neither cancelled nor ended.
    pub tickets: BTreeMap<RequestId, Ticket>,
}

/// Net instant outflow, leaking one target a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// Wei at `updated_at`.
    pub level: Assets,
    /// When.
    pub updated_at: Timestamp,
}

/// Parameters, with the defaults of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the specification's section 1 names them")]
pub struct Params {
    pub withhold: Bps,
    pub min_instant_fee: Bps,
    pub max_instant_fee: Bps,
    pub standard_fee: Bps,
    pub utilization_threshold: Bps,
    /// Wei of need from which buckets beyond the timetable depart early; 0: off.
    pub threshold: Assets,
    /// Seconds.
    pub interval: u64,
    pub min_stake: Assets,
    pub keeper_grace: u64,
    pub safety: u64,
    pub min_rung_age: u64,
    pub max_sync_age: u64,
    pub staking_percentage_cap: Bps,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            withhold: Bps::new(1_000),
            min_instant_fee: Bps::new(30),
            max_instant_fee: Bps::new(100),
            standard_fee: Bps::new(5),
            utilization_threshold: Bps::ALL,
            threshold: Assets::ZERO,
            interval: 3_600,
            min_stake: Assets::of(1_000_000_000_000_000_000),
            keeper_grace: 6 * 3_600,
            safety: 3_600,
            min_rung_age: 3_600,
            max_sync_age: 3_600,
            staking_percentage_cap: Bps::new(0),
        }
    }
}

/// The minter's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minter {
    /// Coins per LST; only ever falls.
    pub rate: Rate,
    /// Coins for exits and for the next stake bus.
    pub headroom: Assets,
    /// Coins of finalized requests and of fees.
    pub reserved: Assets,
    /// Part of `reserved`.
    pub fees: Assets,
    /// The first-loss reserve; in no other figure.
    pub insurance: Assets,
    /// Stake that earns.
    pub active: Assets,
    /// Stake in cooldown, matured and unswept included.
    pub cooling: Assets,
    /// Absolute buffer target.
    pub target: Assets,
    /// Of instant exits.
    pub meter: Meter,
    /// The exit line.
    pub line: Line,
    /// Registered ids in order.
    pub registry: Vec<ValidatorId>,
    /// By id.
    pub validators: BTreeMap<ValidatorId, Validator>,
    /// See [`Params`].
    pub params: Params,
    /// When flags were last mirrored.
    pub synced_at: Timestamp,
    /// The staking system's cooldown then.
    pub last_cooldown: u64,
    /// Slashes known and not booked.
    pub slash_pending: u64,
    /// A vote to slash was open at the last sync.
    pub vote_open: bool,
    /// When the last whole round of `claimAll` began.
    pub last_claim_at: Timestamp,
    /// When the round that runs began.
    pub claim_round_at: Option<Timestamp>,
    /// Place in the registry where `claimAll` goes on.
    pub claim_at: usize,
    /// Instant exits stop until then.
    pub instant_paused_until: Timestamp,
    /// Deposits stop until then.
    pub deposits_paused_until: Timestamp,
    /// Neither pause may begin before.
    pub pause_allowed_from: Timestamp,
    /// Gets claimed rewards.
    pub rewards_sink: Address,
    /// Gets fees.
    pub fee_recipient: Address,
    /// Behind `submitAndDeposit`; zero: none.
    pub vault: Address,
    /// Gets rewards in ERC-20; zero: none.
    pub converter: Address,
    /// Sells LST of exits to pools; zero: off.
    pub amm_route: Address,
    /// The most that a sale may lie below the rate.
    pub amm_slippage: Bps,
    /// The code in force.
    pub code: Address,
    /// The halt that was named; zero: none.
    pub halt_code: Address,
    /// First signatures of emergencies.
    pub signatures: BTreeMap<(Emergency, Address), Signature>,
    /// Who said whether to be paid unasked.
    pub auto_pay: BTreeMap<Address, bool>,
    /// From then on delays hold.
    pub sealed: bool,
    /// Who may do what.
    pub roles: BTreeSet<(Role, Address)>,
    /// Announced calls and when they were announced.
    pub scheduled: Vec<(Call, Timestamp)>,
}

/// The books of the rewards contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewards {
    /// The protocol's cut, bps.
    pub fee: Bps,
    /// Wei for holders, streamed or streaming.
    pub holders_owed: Assets,
    /// Wei for the protocol.
    pub protocol_fees: Assets,
    /// Accounts that have claimed or refused: they can, so no delegate may ever claim for them.
    pub claimed: BTreeSet<Address>,
    /// Who claims for whom.
    pub delegates: BTreeMap<Address, Address>,
    /// Wei that were set aside for an account when its delegation began or changed.
    pub kept: BTreeMap<Address, Assets>,
}

/// The world at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Addresses of the contracts.
    pub places: Places,
    /// Native balances, wei.
    pub coins: BTreeMap<Account, Assets>,
    /// Accounts that refuse coins.
    pub refusing: BTreeSet<Address>,
    /// Accounts with code, ours aside.
    pub code: BTreeSet<Address>,
    /// The staking system.
    pub staking: Staking,
    /// The token.
    pub token: Token,
    /// The rewards contract.
    pub rewards: Rewards,
    /// The minter.
    pub minter: Minter,
    /// Exit receipts.
    pub receipts: Receipts,
    /// The compounding vault.
    pub vault: Vault,
    /// Its entry and exit in coin.
    pub coin_vault: CoinVault,
    /// A pool that anybody may trade with.
    pub pool: Pool,
    /// The pools on the route's list.
    pub listed: Vec<Listed>,
    /// What each converter sells.
    pub converters: BTreeMap<Address, Conversions>,
    /// Balances of the reward token.
    pub goods: BTreeMap<Account, Goods>,
}

impl State {
    /// The world right after `initialize`: `seed` wei (at least 1e18) of the permanent deposit are in headroom, `admin`
    /// has the admin role, and `staking` is as it is. Parameters have their defaults.
    ///
    /// # Errors
    /// [`Error::OutBelowMinimum`] for a smaller seed.
    pub fn initialize(
        places: Places,
        admin: Address,
        fee_recipient: Address,
        seed: Assets,
        staking: Staking,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let least = Assets::of(1_000_000_000_000_000_000);
        if seed < least {
            return Err(Error::OutBelowMinimum(seed.raw(), least.raw()));
        }
        let cooldown = staking.cooldown;
        let mut state = Self {
            places,
            coins: BTreeMap::from([(places.minter.into(), seed)]),
            refusing: BTreeSet::new(),
            code: BTreeSet::new(),
            staking,
            token: Token {
                updated_at: now,
                ..Token::default()
            },
            rewards: Rewards {
                fee: Bps::new(1_000),
                holders_owed: Assets::ZERO,
                protocol_fees: Assets::ZERO,
                claimed: BTreeSet::new(),
                delegates: BTreeMap::new(),
                kept: BTreeMap::new(),
            },
            minter: Minter {
                rate: Rate::ONE,
                headroom: seed,
                reserved: Assets::ZERO,
                fees: Assets::ZERO,
                insurance: Assets::ZERO,
                active: Assets::ZERO,
                cooling: Assets::ZERO,
                target: Assets::ZERO,
                meter: Meter::default(),
                line: Line {
                    end: Units::ZERO,
                    watermark: Units::ZERO,
                    c: Scaled::ZERO,
                    b: Assets::ZERO,
                    open_lst: Shares::ZERO,
                    staged_lst: Shares::ZERO,
                    open_count: 0,
                    rung_fee: Params::default().standard_fee,
                    last_closed_at: now,
                    committed: Assets::ZERO,
                    next_departure: Timestamp::ZERO,
                    latest_eta: Timestamp::ZERO,
                    marks: Vec::new(),
                    marks_done: 0,
                    checkpoints: vec![Checkpoint::default()],
                    rungs: Vec::new(),
                    tickets: BTreeMap::new(),
                },
                registry: Vec::new(),
                validators: BTreeMap::new(),
                params: Params::default(),
                synced_at: Timestamp::ZERO,
                last_cooldown: cooldown,
                slash_pending: 0,
                vote_open: false,
                last_claim_at: now,
                claim_round_at: None,
                claim_at: 0,
                instant_paused_until: Timestamp::ZERO,
                deposits_paused_until: Timestamp::ZERO,
                pause_allowed_from: Timestamp::ZERO,
                rewards_sink: places.rewards,
                fee_recipient,
                vault: Address::ZERO,
                converter: Address::ZERO,
                amm_route: Address::ZERO,
                amm_slippage: Bps::new(0),
                code: places.code,
                halt_code: Address::ZERO,
                signatures: BTreeMap::new(),
                auto_pay: BTreeMap::new(),
                sealed: false,
                roles: BTreeSet::from([(Role::Admin, admin)]),
                scheduled: Vec::new(),
            },
            receipts: Receipts::default(),
            vault: Vault::default(),
            coin_vault: CoinVault::default(),
            pool: Pool::default(),
            listed: Vec::new(),
            converters: BTreeMap::new(),
            goods: BTreeMap::new(),
        };
        state
            .token
            .mint(now, DEAD, Shares::new(seed.raw()), &mut Outcome::default())?;
        Ok(state)
    }

    /// Whether `account` has code.
    #[must_use]
    pub fn has_code(&self, account: Address) -> bool {
        self.code.contains(&account) || self.places.contains(account)
    }

    /// Whether `owner` takes pushes: what it said last; nothing said: accounts without code do.
    #[must_use]
    pub fn auto_pay(&self, owner: Address) -> bool {
        let said = self.minter.auto_pay.get(&owner).copied();
        said.unwrap_or_else(|| !self.has_code(owner))
    }

    /// Native wei of an account.
    #[must_use]
    pub fn balance(&self, account: impl Into<Account>) -> Assets {
        self.coins.get(&account.into()).copied().unwrap_or_default()
    }

    pub(crate) fn add_coins(&mut self, to: Account, amount: Assets) -> Result<(), Error> {
        let balance = self.coins.entry(to).or_default();
        *balance = balance.plus(amount)?;
        Ok(())
    }

    pub(crate) fn take_coins(&mut self, from: Account, amount: Assets) -> Result<(), Error> {
        let balance = self.coins.entry(from).or_default();
        *balance = balance.minus(amount)?;
        Ok(())
    }

    /// Moves coins without asking the receiver.
    pub(crate) fn move_coins(
        &mut self,
        from: Account,
        to: Account,
        amount: Assets,
    ) -> Result<(), Error> {
        self.take_coins(from, amount)?;
        self.add_coins(to, amount)
    }

    /// Sends coins: `TransferFailed` when the receiver refuses. 0 is not sent.
    pub(crate) fn send(&mut self, from: Address, to: Address, amount: Assets) -> Result<(), Error> {
        if amount.is_zero() {
            return Ok(());
        }
        if self.refusing.contains(&to) {
            return Err(Error::TransferFailed(to, amount));
        }
        self.move_coins(from.into(), to.into(), amount)
    }
}

impl Minter {
    /// `headroom + active + cooling`, wei: what LST stands for.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn assets(&self) -> Result<Assets, Error> {
        self.headroom.plus(self.active)?.plus(self.cooling)
    }

    /// `value(openLST)`, wei, down: what the line still asks for.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn open_value(&self) -> Result<Assets, Error> {
        self.rate.to_assets_down(self.line.open_lst)
    }

    /// `value(openLST + stagedLST)`, wei, down.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn total_queued(&self) -> Result<Assets, Error> {
        self.rate
            .to_assets_down(self.line.open_lst.plus(self.line.staged_lst)?)
    }

    /// `openValue <= committed + cooling`: nothing in the line waits for a departure.
    pub(crate) fn covered(&self) -> Result<bool, Error> {
        Ok(self.open_value()? <= self.line.committed.plus(self.cooling)?)
    }

    /// Nothing in the line waits for a departure, so a rung that closes now begins its wait now. Without active stake an
    /// unmarked rung still counts on the departure that it was promised.
    pub(crate) fn waits_for_none(&self) -> Result<bool, Error> {
        if self.line.open_lst.is_zero() {
            return Ok(true);
        }
        let value = self.rate.to_assets_up(self.line.open_lst)?.plus(SLACK)?;
        if value <= self.line.committed.plus(self.cooling)? {
            return Ok(true);
        }
        Ok((self.active.is_zero() || self.covered()?) && self.line.marked())
    }

    /// `commitCap`: the value of the line and the margin, 0 while it is empty.
    pub(crate) fn commit_cap(&self) -> Result<Assets, Error> {
        if self.line.open_lst.is_zero() {
            Ok(Assets::ZERO)
        } else {
            self.open_value()?.plus(MARGIN)
        }
    }

    /// Keeps `committed <= commitCap` (after anything that lowers the value of the line).
    pub(crate) fn cap_committed(&mut self) -> Result<(), Error> {
        self.line.committed = self.line.committed.min(self.commit_cap()?);
        Ok(())
    }

    /// The registered validator.
    ///
    /// # Errors
    /// [`Error::UnknownValidator`].
    pub fn validator(&self, id: ValidatorId) -> Result<&Validator, Error> {
        self.validators.get(&id).ok_or(Error::UnknownValidator(id))
    }

    pub(crate) fn validator_mut(&mut self, id: ValidatorId) -> Result<&mut Validator, Error> {
        self.validators
            .get_mut(&id)
            .ok_or(Error::UnknownValidator(id))
    }

    pub(crate) fn bucket(&self, id: BucketId) -> Result<Bucket, Error> {
        let v = self.validator(id.validator)?;
        v.present()
            .nth(id.index)
            .map(|(_, bucket)| *bucket)
            .ok_or(Error::BadParameter("index", crate::units::wide(id.index)))
    }

    pub(crate) fn bucket_mut(&mut self, id: BucketId) -> Result<&mut Bucket, Error> {
        self.validator_mut(id.validator)?
            .buckets
            .get_mut(id.index)
            .ok_or(Error::BadParameter("index", crate::units::wide(id.index)))
    }

    /// Registered and unbooked validators, in order.
    pub fn live(&self) -> impl Iterator<Item = (ValidatorId, &Validator)> {
        self.registry
            .iter()
            .filter_map(|id| self.validators.get(id).map(|v| (*id, v)))
            .filter(|(_, v)| !v.booked)
    }
}
