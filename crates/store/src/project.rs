//! What each event does to the derived rows: a function of the rows before and the event, and of nothing else.
//!
//! The arithmetic is that of the contracts (`docs/src/specification.md`); an event that cannot follow from the rows is an
//! error, because then the index and the contracts disagree about the history.
//!
//! Here: token, rewards, line, stake, registry. The parts around them are in `project/parts.rs`, the basket in
//! `project/basket.rs`.

mod basket;
mod parts;

use crate::{
    Error, Event, Result,
    rows::{
        Bucket, Checkpoint, Claim, History, HistoryKind, Holder, LossKind, Parameter, Request,
        RequestState, RewardLoad, RoleChange, Rung, Slash, Total, Validator,
    },
    tables::Tables,
};
use alloy::primitives::{Address, B256, U256};
use std::{collections::BTreeSet, str::FromStr};

/// The running totals, by the name under which `Reader::total` gives them. Zero before they are first told, but for `RATE`.
pub mod totals {
    /// LST in circulation, without what waits in the queue.
    pub const SUPPLY: &str = "supply";
    /// Coin wei per LST wei, times 1e27.
    pub const RATE: &str = "rate";
    /// Coins for exits and the next stake bus.
    pub const HEADROOM: &str = "headroom";
    /// Coins of finalized requests and of fees.
    pub const RESERVED: &str = "reserved";
    /// Fees, part of reserved.
    pub const FEES: &str = "fees";
    /// Stake that earns.
    pub const ACTIVE: &str = "active";
    /// Stake in cooldown.
    pub const COOLING: &str = "cooling";
    /// Coins committed to the queue, part of headroom.
    pub const COMMITTED: &str = "committed";
    /// Buffer target, coins.
    pub const TARGET: &str = "target";
    /// LST of closed rungs, unfunded.
    pub const OPEN_LST: &str = "openLst";
    /// LST of the open rung.
    pub const STAGED_LST: &str = "stagedLst";
    /// The line's end, units.
    pub const LINE_END: &str = "lineEnd";
    /// How far the line is funded, units.
    pub const WATERMARK: &str = "watermark";
    /// `C`, times 2^96.
    pub const C: &str = "c";
    /// `B` at the watermark.
    pub const B: &str = "b";
    /// How many checkpoints there are, the implicit first not counted.
    pub const CHECKPOINTS: &str = "checkpoints";
    /// Id of the open rung.
    pub const OPEN_RUNG: &str = "openRung";
    /// The protocol's cut of rewards, unpaid.
    pub const PROTOCOL_FEES: &str = "protocolFees";
    /// Reward coins that belong to holders, unpaid.
    pub const REWARDS_OWED: &str = "rewardsOwed";
    /// Reward coins loaded for holders, ever.
    pub const REWARDS_LOADED: &str = "rewardsLoaded";
    /// The first-loss reserve, coin wei. Part of nothing else until a loss turns it into headroom.
    pub const INSURANCE: &str = "insurance";
    /// Shares of the vault in circulation.
    pub const VAULT_SHARES: &str = "vaultShares";
    /// LST that the vault counts as its own; rewards that wait are not in it.
    pub const VAULT_LST: &str = "vaultLst";
    /// Reward coins that became LST of the vault, ever.
    pub const VAULT_HARVESTED: &str = "vaultHarvested";
    /// Reward coins that left the vault in kind, ever.
    pub const VAULT_IN_KIND: &str = "vaultInKind";
    /// Shares of the basket in circulation, escrowed and dead ones included, accrued fees not.
    pub const BASKET_SHARES: &str = "basketShares";
    /// Shares that the management fee made, ever.
    pub const BASKET_FEE_SHARES: &str = "basketFeeShares";
    /// Shares in the open epoch.
    pub const BASKET_REQUESTED: &str = "basketRequested";
    /// All GOV.
    pub const GOV_SUPPLY: &str = "govSupply";
}
use totals::*;

pub(crate) const RAY: U256 = U256::from_limbs([0x9fd0_803c_e800_0000, 0x033b_2e3c, 0, 0]);
/// By how much `committed` may exceed the value of what is open, wei (MARGIN of the contracts).
const MARGIN: U256 = U256::from_limbs([1_000_000_000, 0, 0, 0]);
/// `EtaReason.StepLate`; the others are a loss (0) and a raised cooldown (1).
const STEP_LATE: u64 = 2;

/// The tables, the event at hand, and who is to be told.
struct Step<'t, 'c, 'e> {
    tables: &'t mut Tables<'c>,
    event: &'e Event,
    topics: &'t mut BTreeSet<String>,
}

pub(crate) async fn project(
    tables: &mut Tables<'_>,
    event: &Event,
    topics: &mut BTreeSet<String>,
) -> Result<()> {
    Step {
        tables,
        event,
        topics,
    }
    .run()
    .await
}

impl Step<'_, '_, '_> {
    async fn run(&mut self) -> Result<()> {
        let event = self.event;
        match event.name.as_str() {
            // ------------------------------------------------------------ token
            "Transfer" => self.transfer().await?,
            "StreamAdded" => {
                let row = RewardLoad {
                    block: event.block,
                    log_index: event.log_index,
                    at: event.at,
                    amount: self.amount("amount")?,
                    flow: self.amount("flow")?,
                    ends_at: self.parse("end")?,
                };
                self.tables.put(&row).await?;
                self.topic("metrics");
            }
            // ------------------------------------------------------------ rewards
            "RewardsLoaded" => {
                let (amount, fee) = (self.amount("amount")?, self.amount("fee")?);
                self.add(PROTOCOL_FEES, fee).await?;
                let rest = amount
                    .checked_sub(fee)
                    .ok_or_else(|| self.error("fee above the amount"))?;
                self.add(REWARDS_OWED, rest).await?;
                self.add(REWARDS_LOADED, rest).await?;
            }
            "RewardsPaid" => {
                let (account, recipient, amount) = (
                    self.address("account")?,
                    self.address("recipient")?,
                    self.amount("amount")?,
                );
                self.sub(REWARDS_OWED, amount).await?;
                self.holder(account, |h| {
                    h.rewards_claimed = h.rewards_claimed.saturating_add(amount)
                })
                .await?;
                self.history(
                    account,
                    HistoryKind::Rewards,
                    amount,
                    U256::ZERO,
                    other(account, recipient),
                    None,
                )
                .await?;
                self.claim(HistoryKind::Rewards, account, None, amount, U256::ZERO)
                    .await?;
            }
            "ProtocolFeesPaid" => self.sub(PROTOCOL_FEES, self.amount("amount")?).await?,
            "RewardFeeSet" => {
                self.parameter("rewardFeeBps".to_owned(), self.text("bps")?)
                    .await?
            }
            // ------------------------------------------------------------ deposits and exits
            "Deposited" => {
                let (account, payer) = (self.address("account")?, self.address("payer")?);
                let (coins, lst) = (self.amount("coins")?, self.amount("lst")?);
                self.add(HEADROOM, coins).await?;
                self.holder(account, |h| {
                    h.deposited = h.deposited.saturating_add(coins);
                    h.deposits += 1;
                })
                .await?;
                self.history(
                    account,
                    HistoryKind::Deposit,
                    coins,
                    lst,
                    other(account, payer),
                    None,
                )
                .await?;
                self.topic("metrics");
            }
            "InstantExit" => {
                let (account, recipient) = (self.address("account")?, self.address("recipient")?);
                let (lst, gross, fee) = (
                    self.amount("lst")?,
                    self.amount("gross")?,
                    self.amount("fee")?,
                );
                let net = gross
                    .checked_sub(fee)
                    .ok_or_else(|| self.error("fee above the amount"))?;
                self.sub(HEADROOM, gross).await?;
                self.add(RESERVED, fee).await?;
                self.add(FEES, fee).await?;
                self.holder(account, |h| h.exited = h.exited.saturating_add(net))
                    .await?;
                self.history(
                    account,
                    HistoryKind::InstantExit,
                    net,
                    lst,
                    other(account, recipient),
                    None,
                )
                .await?;
                self.topic("metrics");
            }
            "ExitRequested" => self.requested().await?,
            "ExitCancelled" => {
                let (id, owner, lst) = (
                    self.amount("id")?,
                    self.address("owner")?,
                    self.amount("lst")?,
                );
                let mut request = self.request(id).await?;
                request.state = RequestState::Cancelled;
                self.tables.put(&request).await?;
                let mut rung = self.rung(request.rung).await?;
                rung.lst = rung
                    .lst
                    .checked_sub(lst)
                    .ok_or_else(|| self.error("more than its rung holds"))?;
                self.tables.put(&rung).await?;
                self.sub(STAGED_LST, lst).await?;
                self.history(owner, HistoryKind::Cancel, U256::ZERO, lst, None, Some(id))
                    .await?;
                self.topic("queue");
            }
            "Claimed" => {
                let (id, recipient) = (self.amount("id")?, self.address("recipient")?);
                let (paid, fee) = (self.amount("paid")?, self.amount("fee")?);
                let done = self.flag("done")?;
                let mut request = self.request(id).await?;
                // Of a request with a receipt the minter names the receipts contract; the coins are the receipt's owner's.
                let owner = request.owner;
                request.paid = request.paid.saturating_add(paid).saturating_add(fee);
                if done {
                    request.state = RequestState::Claimed;
                }
                self.tables.put(&request).await?;
                self.sub(RESERVED, paid).await?;
                self.add(FEES, fee).await?;
                self.holder(owner, |h| h.exited = h.exited.saturating_add(paid))
                    .await?;
                self.history(
                    owner,
                    HistoryKind::Claim,
                    paid,
                    U256::ZERO,
                    other(owner, recipient),
                    Some(id),
                )
                .await?;
                self.claim(HistoryKind::Claim, owner, Some(id), paid, fee)
                    .await?;
                self.topic("queue");
            }
            "FeesPaid" => {
                let amount = self.amount("amount")?;
                self.sub(RESERVED, amount).await?;
                self.sub(FEES, amount).await?;
            }
            // ------------------------------------------------------------ the line
            "RungClosed" => self.closed().await?,
            "LineFunded" => {
                let (lst, coins, w, b) = (
                    self.amount("lst")?,
                    self.amount("coins")?,
                    self.amount("watermark")?,
                    self.amount("b")?,
                );
                let idx: u64 = self.parse("checkpoint")?;
                self.tables
                    .put(&Checkpoint {
                        idx,
                        w,
                        b,
                        block: event.block,
                        at: event.at,
                    })
                    .await?;
                self.set(CHECKPOINTS, U256::from(idx)).await?;
                self.set(WATERMARK, w).await?;
                self.set(B, b).await?;
                self.sub(OPEN_LST, lst).await?;
                self.sub(HEADROOM, coins).await?;
                self.add(RESERVED, coins).await?;
                let committed = self.total(COMMITTED).await?.saturating_sub(coins);
                self.commit(committed).await?;
                self.topic("queue");
            }
            "LinePaidProRata" => {
                let (c, lst, coins) = (
                    self.amount("c")?,
                    self.amount("lst")?,
                    self.amount("coins")?,
                );
                self.set(C, c).await?;
                self.sub(OPEN_LST, lst).await?;
                self.sub(HEADROOM, coins).await?;
                self.add(RESERVED, coins).await?;
                let committed = self.total(COMMITTED).await?;
                self.commit(committed).await?;
                self.topic("queue");
            }
            "Netted" => {
                let committed = self
                    .total(COMMITTED)
                    .await?
                    .saturating_add(self.amount("amount")?);
                self.commit(committed).await?;
            }
            "EtaMarked" => {
                let (units, eta) = (self.amount("units")?, self.parse("eta")?);
                self.promise(eta, |rung| rung.units_end <= units).await?;
                self.topic("queue");
            }
            "EtaPublished" => {
                let (id, eta): (u64, u64) = (self.parse("rung")?, self.parse("eta")?);
                match eta {
                    // The coins are here: a promise that nobody had made is kept now, an earlier one stays as it was.
                    0 if self.rung(id).await?.promised_at.is_some() => {}
                    0 => self.promise(event.at, |rung| rung.id <= id).await?,
                    eta => self.promise(eta, |rung| rung.id <= id).await?,
                }
                self.topic("queue");
            }
            "EtaRevised" => {
                let late = self.parse::<u64>("reason")? == STEP_LATE;
                let value: u64 = self.amount("value")?.saturating_to();
                let watermark = self.total(WATERMARK).await?;
                let before = self.watermark_before().await?;
                self.each_rung_back(|rung| {
                    if !late {
                        // Everything that still waits.
                        if rung.units_end <= watermark {
                            return Walk::Stop;
                        }
                    } else if rung.units_end <= before
                        && rung.promised_at.is_some_and(|at| at < value)
                    {
                        return Walk::Stop;
                    } else if rung.units_end > watermark
                        || rung.promised_at.is_none_or(|at| at > value)
                    {
                        return Walk::Skip;
                    }
                    rung.revised = true;
                    Walk::Put
                })
                .await?;
                self.topic("queue");
            }
            // ------------------------------------------------------------ stake
            "StakePlaced" => {
                let amount = self.stake_in().await?;
                self.sub(HEADROOM, amount).await?;
            }
            "StakeSkimmed" => {
                let amount = self.stake_in().await?;
                self.sub(HEADROOM, amount).await?;
            }
            "Restaked" => {
                let amount = self.stake_in().await?;
                self.cool(amount, U256::ZERO).await?;
                self.sub(COOLING, amount).await?;
            }
            "Departed" => {
                let (amount, end) = (self.amount("amount")?, self.parse("end")?);
                let mut bucket = self.bucket().await?;
                bucket.active = bucket
                    .active
                    .checked_sub(amount)
                    .ok_or_else(|| self.error("more than the bucket stakes"))?;
                bucket.cooling = bucket.cooling.saturating_add(amount);
                bucket.cooldown_end = end;
                self.tables.put(&bucket).await?;
                let mut validator = self.validator().await?;
                validator.staked = validator
                    .staked
                    .checked_sub(amount)
                    .ok_or_else(|| self.error("more than is staked there"))?;
                self.tables.put(&validator).await?;
                self.sub(ACTIVE, amount).await?;
                self.add(COOLING, amount).await?;
                self.stake_topics();
            }
            "Swept" => {
                let gained = self.amount("gained")?;
                self.cool(gained, U256::ZERO).await?;
                self.sub(COOLING, gained).await?;
                self.add(HEADROOM, gained).await?;
                let committed = self.total(COMMITTED).await?.saturating_add(gained);
                self.commit(committed).await?;
                self.stake_topics();
            }
            "ShortfallBooked" => {
                let (missing, rate) = (self.amount("missing")?, self.amount("rate")?);
                self.cool(missing, U256::ZERO).await?;
                self.sub(COOLING, missing).await?;
                self.loss(LossKind::Shortfall, U256::ZERO, missing, rate)
                    .await?;
            }
            "SlashBooked" => self.slashed().await?,
            "RewardsClaimed" => {
                let amount = self.amount("amount")?;
                let mut validator = self.validator().await?;
                validator.rewards = validator.rewards.saturating_add(amount);
                self.tables.put(&validator).await?;
                self.topic("validators");
            }
            // ------------------------------------------------------------ registry
            "BucketCreated" => {
                let row = Bucket {
                    validator: self.parse("validatorId")?,
                    idx: self.parse("index")?,
                    address: self.address("bucket")?,
                    active: U256::ZERO,
                    cooling: U256::ZERO,
                    cooldown_end: 0,
                    retired: false,
                };
                self.tables.put(&row).await?;
                self.stake_topics();
            }
            "BucketsConfigured" => {
                let mut validator = self.validator().await?;
                validator.buckets = self.parse("buckets")?;
                validator.target_buckets = self.parse("target")?;
                self.tables.put(&validator).await?;
                self.each_bucket(validator.id, |bucket| {
                    bucket.retired = bucket.idx >= validator.target_buckets
                })
                .await?;
                self.stake_topics();
            }
            "ValidatorRegistered" => {
                let row = Validator {
                    id: self.parse("validatorId")?,
                    active: true,
                    slashed: false,
                    booked: false,
                    votes: 0,
                    weight: 0,
                    staked: U256::ZERO,
                    buckets: 0,
                    target_buckets: 0,
                    rewards: U256::ZERO,
                    synced_at: event.at,
                };
                self.tables.put(&row).await?;
                self.topic("validators");
            }
            "ValidatorSynced" => {
                let mut validator = self.validator().await?;
                validator.active = self.flag("active")?;
                validator.slashed = validator.booked || self.flag("slashed")?;
                validator.votes = self.amount("slashVotes")?.saturating_to();
                validator.synced_at = event.at;
                self.tables.put(&validator).await?;
                self.topic("validators");
            }
            "ValidatorWeightSet" => {
                let mut validator = self.validator().await?;
                validator.weight = self.parse("weight")?;
                self.tables.put(&validator).await?;
                self.topic("validators");
            }
            // ------------------------------------------------------------ parameters and power
            "MaxValidatorPercentageSet" => {
                let name = format!("maxValidatorPercentage/{}", self.text("validatorId")?);
                self.parameter(name, self.text("bps")?).await?;
            }
            "ParameterSet" | "AddressSet" => {
                self.parameter(word(self.parse("name")?), self.text("value")?)
                    .await?
            }
            "BufferTargetSet" => self.set(TARGET, self.amount("target")?).await?,
            "InstantPauseSet" => {
                self.parameter("instantPausedUntil".to_owned(), self.text("until")?)
                    .await?
            }
            "DepositsPauseSet" => {
                self.parameter("depositsPausedUntil".to_owned(), self.text("until")?)
                    .await?
            }
            "SetupSealed" => {
                self.parameter("sealed".to_owned(), "true".to_owned())
                    .await?
            }
            "RoleGranted" | "RoleRevoked" => {
                let row = RoleChange {
                    block: event.block,
                    log_index: event.log_index,
                    at: event.at,
                    contract: event.address,
                    role: self.parse::<B256>("role")?,
                    account: self.address("account")?,
                    granted: event.name == "RoleGranted",
                    sender: self.address("sender")?,
                };
                self.tables.put(&row).await?;
            }
            _ => self.part().await?,
        }
        Ok(())
    }

    // -------------------------------------------------------------------- the longer ones

    async fn transfer(&mut self) -> Result<()> {
        let (from, to, value) = (
            self.address("from")?,
            self.address("to")?,
            self.amount("value")?,
        );
        if from.is_zero() {
            self.add(SUPPLY, value).await?;
        } else {
            let error = self.error("sends more than it holds");
            let mut fits = true;
            self.holder(from, |h| match h.balance.checked_sub(value) {
                Some(balance) => h.balance = balance,
                None => fits = false,
            })
            .await?;
            if !fits {
                return Err(error);
            }
        }
        if to.is_zero() {
            self.sub(SUPPLY, value).await?;
        } else {
            self.holder(to, |h| h.balance = h.balance.saturating_add(value))
                .await?;
        }
        // Mints and burns are told by the minter's own events.
        if !from.is_zero() && !to.is_zero() {
            self.history(
                from,
                HistoryKind::TransferOut,
                U256::ZERO,
                value,
                Some(to),
                None,
            )
            .await?;
            self.history(
                to,
                HistoryKind::TransferIn,
                U256::ZERO,
                value,
                Some(from),
                None,
            )
            .await?;
        }
        self.topic("metrics");
        Ok(())
    }

    async fn requested(&mut self) -> Result<()> {
        let event = self.event;
        let (id, owner, lst) = (
            self.amount("id")?,
            self.address("owner")?,
            self.amount("lst")?,
        );
        let (number, seq): (u64, u64) = (
            (id >> 32_usize).saturating_to(),
            (id & U256::from(u32::MAX)).saturating_to(),
        );
        let mut rung = self.tables.get(Rung::key(&number)).await?.unwrap_or(Rung {
            id: number,
            lst: U256::ZERO,
            count: 0,
            fee_bps: None,
            opened_at: event.at,
            closed_at: None,
            units_start: U256::ZERO,
            units_end: U256::ZERO,
            c0: U256::ZERO,
            promised_at: None,
            revised: false,
        });
        let request = Request {
            id,
            owner,
            rung: number,
            seq,
            lst,
            paid: U256::ZERO,
            lst_before: rung.lst,
            state: RequestState::Live,
            requested_at: event.at,
            block: event.block,
            tx_hash: event.tx_hash,
            receipt: None,
        };
        rung.lst = rung.lst.saturating_add(lst);
        rung.count += 1;
        if rung.closed_at.is_some() || rung.count != seq {
            return Err(self.error(format!("request {seq} of rung {number} is out of order")));
        }
        self.tables.put(&request).await?;
        self.tables.put(&rung).await?;
        self.add(STAGED_LST, lst).await?;
        self.holder(owner, |h| h.requests += 1).await?;
        self.history(owner, HistoryKind::Request, U256::ZERO, lst, None, Some(id))
            .await?;
        self.topic("queue");
        Ok(())
    }

    async fn closed(&mut self) -> Result<()> {
        let (lst, units_end) = (self.amount("lst")?, self.amount("unitsEnd")?);
        let mut rung = self.rung(self.parse("rung")?).await?;
        if rung.lst != lst || rung.closed_at.is_some() {
            return Err(self.error(format!("rung {} holds {}", rung.id, rung.lst)));
        }
        rung.closed_at = Some(self.event.at);
        rung.fee_bps = Some(self.parse("feeBps")?);
        rung.units_start = self.total(LINE_END).await?;
        rung.units_end = units_end;
        rung.c0 = self.amount("c0")?;
        self.tables.put(&rung).await?;
        self.set(LINE_END, units_end).await?;
        self.sub(STAGED_LST, lst).await?;
        self.add(OPEN_LST, lst).await?;
        self.set(OPEN_RUNG, U256::from(rung.id + 1)).await?;
        self.topic("queue");
        Ok(())
    }

    /// Stake into the event's bucket.
    async fn stake_in(&mut self) -> Result<U256> {
        let amount = self.amount("amount")?;
        let mut bucket = self.bucket().await?;
        bucket.active = bucket.active.saturating_add(amount);
        self.tables.put(&bucket).await?;
        let mut validator = self.validator().await?;
        validator.staked = validator.staked.saturating_add(amount);
        self.tables.put(&validator).await?;
        self.add(ACTIVE, amount).await?;
        self.stake_topics();
        Ok(amount)
    }

    /// Takes off, and adds to, what cools in the event's bucket.
    async fn cool(&mut self, off: U256, on: U256) -> Result<()> {
        let mut bucket = self.bucket().await?;
        let rest = bucket
            .cooling
            .checked_sub(off)
            .ok_or_else(|| self.error("more than cools in the bucket"))?;
        bucket.cooling = rest.saturating_add(on);
        self.tables.put(&bucket).await
    }

    async fn slashed(&mut self) -> Result<()> {
        let (active, cooling, rate) = (
            self.amount("activeLoss")?,
            self.amount("coolingLoss")?,
            self.amount("rate")?,
        );
        let mut validator = self.validator().await?;
        if validator.staked != active {
            return Err(self.error(format!("{} is staked there", validator.staked)));
        }
        validator.staked = U256::ZERO;
        validator.slashed = true;
        validator.booked = true;
        self.tables.put(&validator).await?;
        let mut cools = Vec::new();
        self.each_bucket(validator.id, |bucket| {
            bucket.active = U256::ZERO;
            if !bucket.cooling.is_zero() {
                cools.push((bucket.cooldown_end, bucket.idx, bucket.cooling));
            }
        })
        .await?;
        // Lost is what cools until the slash or later, so the latest ends, as many as make the loss up.
        cools.sort_unstable();
        let mut left = cooling;
        while !left.is_zero() {
            let (_, idx, lost) = cools
                .pop()
                .ok_or_else(|| self.error("more lost than cooled"))?;
            left = left
                .checked_sub(lost)
                .ok_or_else(|| self.error("the loss is not a set of whole buckets"))?;
            if let Some(mut bucket) = self.tables.get(Bucket::key(&validator.id, &idx)).await? {
                bucket.cooling = U256::ZERO;
                self.tables.put(&bucket).await?;
            }
        }
        self.sub(ACTIVE, active).await?;
        self.sub(COOLING, cooling).await?;
        self.loss(LossKind::Slash, active, cooling, rate).await
    }

    async fn loss(
        &mut self,
        kind: LossKind,
        active_lost: U256,
        cooling_lost: U256,
        rate_after: U256,
    ) -> Result<()> {
        let Event {
            block,
            log_index,
            at,
            ..
        } = *self.event;
        let rate_before = self.rate().await?;
        if rate_after > rate_before {
            return Err(self.error(format!("the rate would rise from {rate_before}")));
        }
        self.set(RATE, rate_after).await?;
        let committed = self.total(COMMITTED).await?;
        self.commit(committed).await?;
        let validator = self.parse("validatorId")?;
        self.tables
            .put(&Slash {
                block,
                log_index,
                at,
                kind,
                validator,
                active_lost,
                cooling_lost,
                rate_before,
                rate_after,
            })
            .await?;
        self.topic("metrics");
        self.stake_topics();
        Ok(())
    }

    // -------------------------------------------------------------------- totals

    async fn total(&mut self, name: &str) -> Result<U256> {
        Ok(self
            .tables
            .get(Total::key(&name.to_owned()))
            .await?
            .map_or(U256::ZERO, |t| t.value))
    }

    async fn set(&mut self, name: &str, value: U256) -> Result<()> {
        self.tables
            .put(&Total {
                name: name.to_owned(),
                value,
            })
            .await
    }

    async fn add(&mut self, name: &str, amount: U256) -> Result<()> {
        let sum = self.total(name).await?.checked_add(amount);
        let sum = sum.ok_or_else(|| self.error(format!("{name} overflows")))?;
        self.set(name, sum).await
    }

    async fn sub(&mut self, name: &str, amount: U256) -> Result<()> {
        let before = self.total(name).await?;
        let rest = before
            .checked_sub(amount)
            .ok_or_else(|| self.error(format!("{name} is only {before}")))?;
        self.set(name, rest).await
    }

    async fn rate(&mut self) -> Result<U256> {
        let told = self.tables.get(Total::key(&RATE.to_owned())).await?;
        Ok(told.map_or(RAY, |t| t.value))
    }

    /// Where the watermark stood before the last funding.
    async fn watermark_before(&mut self) -> Result<U256> {
        let last: u64 = self.total(CHECKPOINTS).await?.saturating_to();
        let before = self
            .tables
            .get(Checkpoint::key(&last.saturating_sub(1)))
            .await?;
        Ok(before.map_or(U256::ZERO, |c| c.w))
    }

    /// `committed` never exceeds the value of what is open and the margin of its roundings (specification, section 2).
    async fn commit(&mut self, committed: U256) -> Result<()> {
        let (open, rate) = (self.total(OPEN_LST).await?, self.rate().await?);
        if open.is_zero() {
            return self.set(COMMITTED, U256::ZERO).await;
        }
        // Both are below 2^96.
        let value = open
            .checked_mul(rate)
            .ok_or_else(|| self.error("value overflows"))?
            / RAY;
        self.set(COMMITTED, committed.min(value.saturating_add(MARGIN)))
            .await
    }

    // -------------------------------------------------------------------- rows

    async fn holder(&mut self, account: Address, change: impl FnOnce(&mut Holder)) -> Result<()> {
        let mut holder = self
            .tables
            .get(Holder::key(&account))
            .await?
            .unwrap_or(Holder {
                account,
                balance: U256::ZERO,
                deposited: U256::ZERO,
                deposits: 0,
                exited: U256::ZERO,
                rewards_claimed: U256::ZERO,
                requests: 0,
                first_at: self.event.at,
            });
        change(&mut holder);
        self.topics.insert(format!("account:{account:#x}"));
        self.tables.put(&holder).await
    }

    async fn history(
        &mut self,
        account: Address,
        kind: HistoryKind,
        amount: U256,
        lst: U256,
        counterparty: Option<Address>,
        request: Option<U256>,
    ) -> Result<()> {
        let Event {
            block,
            log_index,
            at,
            tx_hash,
            ..
        } = *self.event;
        self.topics.insert(format!("account:{account:#x}"));
        self.tables
            .put(&History {
                account,
                block,
                log_index,
                kind,
                at,
                tx_hash,
                amount,
                lst,
                counterparty,
                request,
            })
            .await
    }

    async fn claim(
        &mut self,
        kind: HistoryKind,
        account: Address,
        request: Option<U256>,
        amount: U256,
        fee: U256,
    ) -> Result<()> {
        let Event {
            block,
            log_index,
            at,
            ..
        } = *self.event;
        self.tables
            .put(&Claim {
                block,
                log_index,
                at,
                kind,
                account,
                request,
                amount,
                fee,
            })
            .await
    }

    async fn parameter(&mut self, name: String, value: String) -> Result<()> {
        let Event { block, at, .. } = *self.event;
        self.topic("metrics");
        self.tables
            .put(&Parameter {
                name,
                value,
                block,
                at,
            })
            .await
    }

    async fn request(&mut self, id: U256) -> Result<Request> {
        let request = self.tables.get(Request::key(&id)).await?;
        request
            .filter(|r| r.state == RequestState::Live)
            .ok_or_else(|| self.error(format!("request {id} is not live")))
    }

    async fn rung(&mut self, id: u64) -> Result<Rung> {
        self.tables
            .get(Rung::key(&id))
            .await?
            .ok_or_else(|| self.error(format!("rung {id} is unknown")))
    }

    async fn validator(&mut self) -> Result<Validator> {
        let id: u16 = self.parse("validatorId")?;
        self.tables
            .get(Validator::key(&id))
            .await?
            .ok_or_else(|| self.error(format!("validator {id} is unknown")))
    }

    async fn bucket(&mut self) -> Result<Bucket> {
        let (validator, idx): (u16, u64) = (self.parse("validatorId")?, self.parse("index")?);
        let bucket = self.tables.get(Bucket::key(&validator, &idx)).await?;
        bucket.ok_or_else(|| self.error(format!("bucket {validator}/{idx} is unknown")))
    }

    /// Indices are dense, and at most 128.
    async fn each_bucket(
        &mut self,
        validator: u16,
        mut change: impl FnMut(&mut Bucket),
    ) -> Result<()> {
        let mut idx = 0_u64;
        while let Some(mut bucket) = self.tables.get(Bucket::key(&validator, &idx)).await? {
            change(&mut bucket);
            self.tables.put(&bucket).await?;
            idx += 1;
        }
        Ok(())
    }

    /// Closed rungs, newest first.
    /// The rungs that `meant` names, up to the newest of them, are promised by `eta`. The line is served in order, so what comes
    /// before a promised rung is promised no later; a promise never rises. Hence promises do not fall from rung to rung, and
    /// the walk ends at the first that is no later than this one.
    async fn promise(&mut self, eta: u64, meant: impl Fn(&Rung) -> bool) -> Result<()> {
        self.each_rung_back(|rung| {
            if !meant(rung) {
                return Walk::Skip;
            }
            if rung.promised_at.is_some_and(|at| at <= eta) {
                return Walk::Stop;
            }
            rung.promised_at = Some(eta);
            Walk::Put
        })
        .await
    }

    async fn each_rung_back(&mut self, mut change: impl FnMut(&mut Rung) -> Walk) -> Result<()> {
        let mut next: u64 = self.total(OPEN_RUNG).await?.saturating_to();
        while let Some(id) = next.checked_sub(1) {
            let Some(mut rung) = self.tables.get(Rung::key(&id)).await? else {
                break;
            };
            match change(&mut rung) {
                Walk::Put => self.tables.put(&rung).await?,
                Walk::Skip => {}
                Walk::Stop => break,
            }
            next = id;
        }
        Ok(())
    }

    fn topic(&mut self, topic: &str) {
        self.topics.insert(topic.to_owned());
    }

    fn stake_topics(&mut self) {
        self.topic("buckets");
        self.topic("validators");
    }

    // -------------------------------------------------------------------- arguments

    fn error(&self, what: impl Into<String>) -> Error {
        let Event {
            name,
            block,
            log_index,
            ..
        } = self.event;
        Error::Event {
            name: name.clone(),
            block: *block,
            log_index: *log_index,
            what: what.into(),
        }
    }

    fn text(&self, name: &str) -> Result<String> {
        let text = self.event.args.get(name).and_then(|v| v.as_str());
        text.map(str::to_owned)
            .ok_or_else(|| self.error(format!("argument {name} is missing")))
    }

    fn parse<T: FromStr>(&self, name: &str) -> Result<T> {
        self.text(name)?
            .parse()
            .map_err(|_| self.error(format!("argument {name} is of another type")))
    }

    fn amount(&self, name: &str) -> Result<U256> {
        self.parse(name)
    }

    fn address(&self, name: &str) -> Result<Address> {
        self.parse(name)
    }

    fn flag(&self, name: &str) -> Result<bool> {
        let flag = self
            .event
            .args
            .get(name)
            .and_then(serde_json::Value::as_bool);
        flag.ok_or_else(|| self.error(format!("argument {name} is missing")))
    }
}

enum Walk {
    Put,
    Skip,
    Stop,
}

fn other(account: Address, counterparty: Address) -> Option<Address> {
    (account != counterparty).then_some(counterparty)
}

/// A `bytes32` that holds a name: its printable part.
fn word(name: B256) -> String {
    name.iter()
        .take_while(|b| **b != 0)
        .filter(|b| b.is_ascii_graphic())
        .map(|b| char::from(*b))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ray_is_ten_to_the_27() {
        assert_eq!(RAY, U256::from(10).pow(U256::from(27)));
    }
}
