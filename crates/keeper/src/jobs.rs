//! The jobs: what is to be done, from a view alone. Pure; no I/O, no clock.

use crate::{Config, Payout, View};
use alloy::{
    primitives::{Address, B256, Bytes, Keccak256, U256},
    sol_types::SolCall,
};
use chain::bindings::{ILiquidMinter as M, ILiquidVault as V};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What the keeper can do. Each calls one function: of the minter or its vault, which anybody or a keeper's role may call; or of a
/// basket, its queue, sleeves or feed, which anybody may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// Mirror the staking system's validators and flags. Counter: time of the last sync.
    SyncValidators,
    /// Book the loss of a slashed validator. Target: the validator. Counter: its booked flag.
    BookSlash,
    /// Bring the rewards of a validator's buckets. Target: the validator. Counter: period and claim cursor.
    ClaimRewards,
    /// Bring home what matured in a validator's buckets. Target: the validator. Counter: the matured cooldowns.
    Sweep,
    /// Close the open rung. Counter: its number.
    CloseRung,
    /// Cover the line: net free coins, depart buckets, promise times. Counter: line, marks, commitments, cooldowns.
    ExitBus,
    /// Give due money to the head of the line. Counter: number of checkpoints.
    Fulfil,
    /// Pay requests that are funded in full out to owners who need not ask. Counter: the requests, each paid once.
    Push,
    /// Give money that no promised time waits for to the whole line alike. Counter: the line's pro-rata integral.
    FulfilProRata,
    /// Put cooling stake back to work that no exit waits for. Counter: the latest maturing cooldown and its amount.
    Restake,
    /// Turn coins outside the books into rewards. Counter: held and booked coins.
    Skim,
    /// Turn the vault's rewards into LST. Counter: LST and coins that the vault holds.
    Harvest,
    /// Stake what exits do not need, and refresh the buffer target. Counter: stake, headroom, target, cursors.
    StakeBus,
    /// Book what the staking system has of a sleeve with a validator. Target: sleeve and validator. Counter: what is booked, and what
    /// would be.
    Reconcile,
    /// Claim what a basket's sleeve earned and book gains and losses. Target: the sleeve. Counter: its round.
    BasketHarvest,
    /// Close the basket's open epoch. Counter: its number.
    CloseEpoch,
    /// Start an epoch's leg on its way out. Target: the leg. Counter: its state.
    StartLeg,
    /// Bring in what came of an epoch's leg. Target: the leg. Counter: its ticket and what was recovered.
    CollectLeg,
    /// Pay a leg in kind that waits. Target: sleeve and owner. Counter: the parts that wait.
    DeliverLeg,
    /// Delegate a sleeve's idle coins at dusk. Target: the sleeve. Counter: day and stake booked.
    DelegateIdle,
    /// Move stake away from a validator. Target: sleeve and validator. Counter: its stake and the first reading.
    MoveStake,
    /// Have the feed observe a price, or a pool's guard marked. Target: the sleeve; or sleeve and guard. Counter: the last time.
    ObservePrices,
    /// Have the basket note its drift. Counter: time of the last reading.
    NoteDrift,
    /// End an auction that is over or mended. Counter: its id, and that it can be ended.
    EndAuction,
    /// Start an auction. Counter: the last one's id.
    StartAuction,
    /// Pay the basket's fees to who gets them. Target: none for the management fee's shares, or the sleeve for the performance fee's
    /// units. Counter: what there is.
    CollectFees,
}

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    Nothing,
    Validator,
    Sleeve,
    Leg,
    Account,
    SleeveOrAccount,
    SleeveOrNothing,
}

impl Job {
    /// All of them, in the order in which a tick takes them, the minter's before the basket's: losses before money, money before
    /// stake, stake before what only prepares something.
    pub const ALL: [Self; 26] = [
        Self::SyncValidators,
        Self::BookSlash,
        Self::ClaimRewards,
        Self::Sweep,
        Self::CloseRung,
        Self::ExitBus,
        Self::Fulfil,
        Self::Push,
        Self::FulfilProRata,
        Self::Restake,
        Self::Skim,
        Self::Harvest,
        Self::StakeBus,
        Self::Reconcile,
        Self::BasketHarvest,
        Self::CloseEpoch,
        Self::StartLeg,
        Self::CollectLeg,
        Self::DeliverLeg,
        Self::DelegateIdle,
        Self::MoveStake,
        Self::ObservePrices,
        Self::NoteDrift,
        Self::EndAuction,
        Self::StartAuction,
        Self::CollectFees,
    ];

    /// Its name in configuration, journal and API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SyncValidators => "sync-validators",
            Self::BookSlash => "book-slash",
            Self::ClaimRewards => "claim-rewards",
            Self::Sweep => "sweep",
            Self::CloseRung => "close-rung",
            Self::ExitBus => "exit-bus",
            Self::Fulfil => "fulfil",
            Self::Push => "push",
            Self::FulfilProRata => "fulfil-pro-rata",
            Self::Restake => "restake",
            Self::Skim => "skim",
            Self::Harvest => "harvest",
            Self::StakeBus => "stake-bus",
            Self::Reconcile => "reconcile",
            Self::BasketHarvest => "basket-harvest",
            Self::CloseEpoch => "close-epoch",
            Self::StartLeg => "start-leg",
            Self::CollectLeg => "collect-leg",
            Self::DeliverLeg => "deliver-leg",
            Self::DelegateIdle => "delegate-idle",
            Self::MoveStake => "move-stake",
            Self::ObservePrices => "observe-prices",
            Self::NoteDrift => "note-drift",
            Self::EndAuction => "end-auction",
            Self::StartAuction => "start-auction",
            Self::CollectFees => "collect-fees",
        }
    }

    /// Whether it serves the basket; otherwise the minter.
    #[must_use]
    pub fn is_basket(self) -> bool {
        matches!(
            self,
            Self::Reconcile
                | Self::BasketHarvest
                | Self::CloseEpoch
                | Self::StartLeg
                | Self::CollectLeg
                | Self::DeliverLeg
                | Self::DelegateIdle
                | Self::MoveStake
                | Self::ObservePrices
                | Self::NoteDrift
                | Self::EndAuction
                | Self::StartAuction
                | Self::CollectFees
        )
    }

    fn wants(self) -> Wants {
        match self {
            Self::BookSlash | Self::ClaimRewards | Self::Sweep => Wants::Validator,
            Self::BasketHarvest | Self::DelegateIdle => Wants::Sleeve,
            Self::StartLeg | Self::CollectLeg => Wants::Leg,
            Self::DeliverLeg | Self::MoveStake | Self::Reconcile => Wants::Account,
            Self::ObservePrices => Wants::SleeveOrAccount,
            Self::CollectFees => Wants::SleeveOrNothing,
            _ => Wants::Nothing,
        }
    }

    /// What its target is, in words.
    #[must_use]
    pub fn wanted(self) -> &'static str {
        match self.wants() {
            Wants::Nothing => "no target",
            Wants::Validator => "a validator's id",
            Wants::Sleeve => "a sleeve's id",
            Wants::Leg => "an epoch and a sleeve (\"12/1\")",
            Wants::Account => "a sleeve and an account (\"1/0x…\")",
            Wants::SleeveOrAccount => "a sleeve's id, or a sleeve and a guard (\"1/0x…\")",
            Wants::SleeveOrNothing => "no target, or a sleeve's id",
        }
    }

    /// Whether a job of the minter is only worth doing when it moves much more than its gas costs: nobody waits for it by a promised time.
    #[must_use]
    pub fn is_by_value(self) -> bool {
        matches!(
            self,
            Self::ClaimRewards | Self::Push | Self::Skim | Self::Harvest
        )
    }

    /// Whether it spends headroom or cooling stake. Two of them planned from one view would count the same coins twice, and the
    /// second would be mined without effect: one at a time.
    #[must_use]
    pub fn spends_free_money(self) -> bool {
        matches!(
            self,
            Self::ExitBus | Self::FulfilProRata | Self::Restake | Self::StakeBus
        )
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Job {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|job| job.name() == text)
            .ok_or(())
    }
}

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The minter or the basket as a whole.
    All,
    /// One validator of the minter.
    Validator(u16),
    /// One sleeve of the basket.
    Sleeve(u8),
    /// One leg of a closed epoch.
    Leg {
        /// The epoch.
        epoch: u64,
        /// The sleeve.
        sleeve: u8,
    },
    /// Somebody in a sleeve: the owner of a leg in kind, a validator, a price's guard.
    Account {
        /// The sleeve.
        sleeve: u8,
        /// Who.
        account: Address,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Validator(id) => write!(f, "{id}"),
            Self::Sleeve(id) => write!(f, "{id}"),
            Self::Leg { epoch, sleeve } => write!(f, "{epoch}/{sleeve}"),
            Self::Account { sleeve, account } => write!(f, "{sleeve}/{account:#x}"),
        }
    }
}

impl Target {
    /// Reads the target of a job as the journal and the API write it.
    #[must_use]
    pub fn parse(job: Job, text: &str) -> Option<Self> {
        let sleeve = || text.parse().ok().map(Self::Sleeve);
        let account = || {
            let (sleeve, account) = text.split_once('/')?;
            Some(Self::Account {
                sleeve: sleeve.parse().ok()?,
                account: account.parse().ok()?,
            })
        };
        let target = match job.wants() {
            Wants::Nothing => Some(Self::All),
            Wants::Validator => text.parse().ok().map(Self::Validator),
            Wants::Sleeve => sleeve(),
            Wants::Leg => {
                let (epoch, sleeve) = text.split_once('/')?;
                Some(Self::Leg {
                    epoch: epoch.parse().ok()?,
                    sleeve: sleeve.parse().ok()?,
                })
            }
            Wants::Account => account(),
            Wants::SleeveOrAccount => sleeve().or_else(account),
            Wants::SleeveOrNothing => sleeve().or(Some(Self::All)),
        };
        // One spelling only: "+7", "007" or an address in capitals are not the target of another work.
        target.filter(|target| target.to_string() == text)
    }
}

/// One thing to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The job.
    pub job: Job,
    /// What for.
    pub target: Target,
    /// The counter on chain that the call advances.
    pub precondition: B256,
    /// What is called: the minter or its vault; the basket, its queue, a sleeve, the feed or a guard.
    pub to: Address,
    /// Calldata for it.
    pub call: Bytes,
    /// Calldata for when that would be refused.
    pub or_else: Option<Bytes>,
    /// Coins that it moves, where a basket's job is only worth doing when that is much more than its gas costs.
    pub value: Option<U256>,
    /// At least this much gas: see [`crate::Call::gas_least`].
    pub gas_least: u64,
    /// Why, in words.
    pub reason: String,
}

/// Gas of a push besides its payouts: finalization, and the floor below which the minter begins no payout.
const PUSH_GAS: u64 = 350_000;
/// Gas of a payout: an account that is new to the chain takes most of it.
const PUSH_GAS_EACH: u64 = 90_000;

pub(crate) fn hash(parts: impl IntoIterator<Item = U256>) -> B256 {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part.to_be_bytes::<32>());
    }
    hasher.finalize()
}

/// The counter that a call of this job advances, as of the view; `None` when the target does not exist, or the job is a basket's.
#[must_use]
pub fn counter(job: Job, target: Target, view: &View, config: &Config) -> Option<B256> {
    let validator = match target {
        Target::Validator(id) => Some(view.validator(id)?),
        Target::All => None,
        Target::Sleeve(_) | Target::Leg { .. } | Target::Account { .. } => return None,
    };
    let line = &view.line;
    Some(match (job, validator) {
        (Job::SyncValidators, None) => U256::from(view.synced_at).into(),
        (Job::BookSlash, Some(v)) => U256::from(v.state.booked).into(),
        (Job::ClaimRewards, Some(v)) => {
            let period = view.block.timestamp / config.claim_every.max(1);
            hash([U256::from(period), v.state.claimCursor])
        }
        // A bucket's end never repeats, so neither does this.
        (Job::Sweep, Some(v)) => hash(v.matured(view.now(), view.safety).flat_map(
            |(index, bucket)| {
                [
                    U256::from(index),
                    bucket.nextAvailableTime,
                    bucket.coolingAmount,
                ]
            },
        )),
        (Job::CloseRung, None) => line.openRung.into(),
        (Job::ExitBus, None) => {
            let ends = view
                .validators
                .iter()
                .flat_map(|v| &v.buckets)
                .fold(U256::ZERO, |sum, bucket| {
                    sum.saturating_add(bucket.nextAvailableTime)
                });
            hash([
                line.end,
                line.watermark,
                line.marks,
                line.committed,
                view.cooling,
                view.active,
                ends,
            ])
        }
        (Job::Fulfil, None) => line.checkpoints.into(),
        (Job::Push, None) => hash(push_page(view, config).iter().map(|payout| payout.id)),
        (Job::FulfilProRata, None) => line.c.into(),
        // A bucket's end never repeats, and its amount only falls until it is swept.
        (Job::Restake, None) => {
            let (validator, index, bucket) = view.latest_cooling()?;
            hash([
                U256::from(validator.id),
                U256::from(index),
                bucket.nextAvailableTime,
                bucket.coolingAmount,
            ])
        }
        (Job::Skim, None) => hash([view.held, view.headroom, view.reserved, view.insurance]),
        (Job::Harvest, None) => {
            let vault = view.vault.as_ref()?;
            hash([vault.lst, vault.coins])
        }
        (Job::StakeBus, None) => {
            let cursors = view.validators.iter().map(|v| v.state.stakeCursor);
            hash(
                [view.active, view.headroom, view.target]
                    .into_iter()
                    .chain(cursors),
            )
        }
        _ => return None,
    })
}

/// What a job of the minter would do now. `asked`: somebody asked for it, so its own cadence does not count; the chain's rules do.
#[must_use]
pub fn plan(job: Job, view: &View, config: &Config, asked: Option<Target>) -> Vec<Plan> {
    let mut plans = Vec::new();
    let Some(minter) = config.minter else {
        return plans;
    };
    let mut add = |target: Target, call: Vec<u8>, reason: String| {
        if let Some(precondition) = counter(job, target, view, config) {
            plans.push(Plan {
                job,
                target,
                precondition,
                to: minter,
                call: call.into(),
                or_else: None,
                value: None,
                gas_least: 0,
                reason,
            });
        }
    };
    let now = view.now();
    match job {
        Job::SyncValidators => {
            let age = view.block.timestamp.saturating_sub(view.synced_at);
            let news = view.listed != view.validators.len()
                || view
                    .validators
                    .iter()
                    .any(|v| v.slashed != v.state.slashed || v.active == v.state.inactive);
            let reason = if news {
                "the staking system changed".to_owned()
            } else if age >= config.sync_every {
                format!("last sync {age} s ago")
            } else if asked == Some(Target::All) {
                "asked for".to_owned()
            } else {
                return plans;
            };
            add(Target::All, M::syncValidatorsCall {}.abi_encode(), reason);
        }
        Job::BookSlash => {
            for v in view
                .validators
                .iter()
                .filter(|v| v.slashed && !v.state.booked)
            {
                let reason = format!("validator {} was slashed, its loss is not booked", v.id);
                add(
                    Target::Validator(v.id),
                    M::bookSlashCall { validatorId: v.id }.abi_encode(),
                    reason,
                );
            }
        }
        Job::ClaimRewards => {
            for v in view
                .validators
                .iter()
                .filter(|v| !v.state.booked && !v.state.buckets.is_zero())
            {
                let has_stake = v.buckets.iter().any(|bucket| {
                    !bucket.activeStake.is_zero() || !bucket.nextAvailableTime.is_zero()
                });
                if has_stake || asked == Some(Target::Validator(v.id)) {
                    let call = M::claim_0Call { validatorId: v.id };
                    add(
                        Target::Validator(v.id),
                        call.abi_encode(),
                        format!("a claim each {} s", config.claim_every),
                    );
                }
            }
        }
        Job::Sweep => {
            for v in &view.validators {
                let matured = v.matured(now, view.safety).count();
                if matured > 0 {
                    let call = M::sweepMaturedBucketsCall {
                        validatorId: v.id,
                        maxToSweep: U256::from(config.sweep_page),
                    };
                    add(
                        Target::Validator(v.id),
                        call.abi_encode(),
                        format!("{matured} matured buckets"),
                    );
                }
            }
        }
        Job::CloseRung => {
            let line = &view.line;
            if !line.stagedLst.is_zero()
                && now >= line.lastClosedAt.saturating_add(view.min_rung_age)
            {
                add(
                    Target::All,
                    M::closeRungCall {}.abi_encode(),
                    format!("rung {} is old enough", line.openRung),
                );
            }
        }
        Job::ExitBus => {
            let retiring = view
                .validators
                .iter()
                .any(|v| v.state.buckets > v.state.targetBuckets && !v.state.booked);
            let reason = if !view.covered() {
                "the line is not covered"
            } else if view.unpromised() {
                "the line is covered but has no promised time"
            } else if retiring {
                "buckets are retiring"
            } else {
                return plans;
            };
            add(
                Target::All,
                M::processBatchUnstakeCall {}.abi_encode(),
                reason.to_owned(),
            );
        }
        Job::Fulfil => {
            let coins = view.line.committed.max(view.due.min(view.headroom));
            if !view.line.openLst.is_zero() && !coins.is_zero() {
                add(
                    Target::All,
                    M::finalizeCall {}.abi_encode(),
                    format!("{coins} wei for the head of the line"),
                );
            }
        }
        Job::Push => {
            let page = push_page(view, config);
            if !page.is_empty() {
                let sum = page
                    .iter()
                    .fold(U256::ZERO, |sum, payout| sum.saturating_add(payout.net));
                let call = M::fulfillRequestsCall {
                    users: page.iter().map(|payout| payout.owner).collect(),
                    ids: page.iter().map(|payout| payout.id).collect(),
                };
                add(
                    Target::All,
                    call.abi_encode(),
                    format!("{} payouts of {sum} wei", page.len()),
                );
                // The minter stops paying when gas runs low, and does not fail.
                let each = u64::try_from(page.len())
                    .unwrap_or(u64::MAX)
                    .saturating_mul(PUSH_GAS_EACH);
                for plan in &mut plans {
                    plan.gas_least = PUSH_GAS.saturating_add(each);
                }
            }
        }
        Job::FulfilProRata => {
            let spend = view.early_money();
            // What is uncovered is netted first, by the exit bus; what is due goes to the head of the line.
            if !view.line.openLst.is_zero()
                && view.due.is_zero()
                && view.covered()
                && spend >= U256::from(config.fulfil_least)
                && !spend.is_zero()
            {
                let call = M::fulfillProRataCall {
                    users: Vec::new(),
                    ids: Vec::new(),
                    maxSpend: spend,
                };
                add(
                    Target::All,
                    call.abi_encode(),
                    format!("{spend} wei of early money for the line"),
                );
            }
        }
        Job::Restake => {
            if let Some((v, index, bucket)) = view.latest_cooling() {
                let amount = view.restakable().min(bucket.coolingAmount);
                // Where stake is to stay: not with a slashed, inactive or drained validator, nor in a bucket that retires.
                let stays = v.active
                    && !v.slashed
                    && !v.state.booked
                    && !v.state.weight.is_zero()
                    && U256::from(index) < v.state.targetBuckets;
                // What has matured is swept; the buffer and the queue have it at once.
                let cools = bucket.nextAvailableTime > now.saturating_add(view.safety);
                let least = view.min_stake.max(U256::from(config.restake_least));
                if stays && cools && amount >= least && !amount.is_zero() {
                    let call = M::restakeCall {
                        validatorId: v.id,
                        amount,
                    };
                    add(
                        Target::All,
                        call.abi_encode(),
                        format!("{amount} wei of cooling stake that no exit waits for"),
                    );
                }
            }
        }
        Job::Skim => {
            let surplus = view.surplus();
            if surplus >= U256::from(config.skim_least) && !surplus.is_zero() {
                add(
                    Target::All,
                    M::skimCall {}.abi_encode(),
                    format!("{surplus} wei outside the books"),
                );
            }
        }
        Job::Harvest => {
            // While the minter takes no deposits, rewards cannot become LST.
            let vault = view.vault.as_ref().filter(|vault| vault.open);
            let least = U256::from(config.harvest_least.max(1));
            if let Some(vault) = vault.filter(|vault| vault.pending >= least) {
                add(
                    Target::All,
                    V::harvestCall {}.abi_encode(),
                    format!("{} wei of the vault's rewards", vault.pending),
                );
                for plan in &mut plans {
                    plan.to = vault.address;
                }
            }
        }
        Job::StakeBus => {
            let reason = if view.free_to_stake >= view.min_stake && !view.free_to_stake.is_zero() {
                format!("{} wei free to stake", view.free_to_stake)
            } else if target_is_stale(view) {
                "the buffer target is stale".to_owned()
            } else {
                return plans;
            };
            add(Target::All, M::rebalanceCall {}.abi_encode(), reason);
        }
        // The basket's: see `basket::plan`.
        _ => {}
    }
    plans
}

/// More than 1 % away from its share of the assets: instant exits depend on it.
fn target_is_stale(view: &View) -> bool {
    let wanted = view.assets.saturating_mul(view.withhold_bps) / U256::from(10_000);
    wanted.abs_diff(view.target) > wanted / U256::from(100)
}

/// The payouts of one push: the first that are large enough.
fn push_page<'v>(view: &'v View, config: &Config) -> Vec<&'v Payout> {
    let least = U256::from(config.push_least.max(1));
    let large = view.payouts.iter().filter(|payout| payout.net >= least);
    large.take(config.push_page).collect()
}

/// Whether gas that costs `cost` wei is at most our share of what moves.
pub(crate) fn pays(value: U256, cost: U256, config: &Config) -> bool {
    cost.saturating_mul(U256::from(10_000))
        <= value.saturating_mul(U256::from(config.gas_share_bps))
}

/// Whether a simulated call of a job of the minter that answered `output` is worth sending. `cost` is what its gas costs now, in wei, for jobs that go
/// by value ([`Job::is_by_value`]).
#[must_use]
pub fn worth(plan: &Plan, view: &View, config: &Config, output: &[u8], cost: U256) -> bool {
    let first = output
        .get(..32)
        .map(U256::from_be_slice)
        .unwrap_or_default();
    let second = output
        .get(32..64)
        .map(U256::from_be_slice)
        .unwrap_or_default();
    match plan.job {
        Job::SyncValidators | Job::BookSlash | Job::CloseRung => true,
        Job::ClaimRewards => {
            first >= U256::from(config.claim_least) && !first.is_zero() && pays(first, cost, config)
        }
        // processed, paid
        Job::Push => !first.is_zero() && pays(second, cost, config),
        Job::FulfilProRata => !first.is_zero() && first >= U256::from(config.fulfil_least),
        Job::Restake => true,
        Job::Skim => !first.is_zero() && pays(first, cost, config),
        // coins, lst
        Job::Harvest => !first.is_zero() && pays(first, cost, config),
        // swept
        Job::Sweep => !first.is_zero(),
        // netted, departed; or a promise is due
        Job::ExitBus => {
            !first.is_zero() || !second.is_zero() || (view.unpromised() && view.covered())
        }
        Job::Fulfil => {
            !first.is_zero()
                && (first >= U256::from(config.fulfil_least)
                    || first >= view.open_value
                    || !view.due.is_zero())
        }
        Job::StakeBus => !first.is_zero() || target_is_stale(view),
        // The basket's: see `basket::worth`.
        _ => false,
    }
}

/// When a job of the minter expects to act next, as far as the view tells; unix seconds.
#[must_use]
pub fn next_due(job: Job, view: &View, config: &Config) -> Option<u64> {
    let at: U256 = match job {
        Job::SyncValidators => U256::from(view.synced_at.saturating_add(config.sync_every)),
        Job::ClaimRewards => {
            let period = view.block.timestamp / config.claim_every.max(1);
            U256::from(period.saturating_add(1).saturating_mul(config.claim_every))
        }
        Job::Sweep => view
            .validators
            .iter()
            .flat_map(|v| &v.buckets)
            .filter(|bucket| !bucket.coolingAmount.is_zero())
            .map(|bucket| bucket.nextAvailableTime.saturating_sub(view.safety))
            .min()?,
        Job::CloseRung if !view.line.stagedLst.is_zero() => {
            view.line.lastClosedAt.saturating_add(view.min_rung_age)
        }
        Job::ExitBus if !view.covered() => view.line.nextDeparture,
        _ => return None,
    };
    Some(at.saturating_to())
}
