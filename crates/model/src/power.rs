//! Roles, delays, parameters: who may change what, and when it takes effect.

use crate::{
    AMM_SLIPPAGE_CEILING, Address, Bps, Call, DAY, Error, Event, Listed, MinterCall, Outcome, Role,
    State, Style, Timestamp, ValidatorId,
    exit::Ctx,
    state::{
        Bucket, FEE_CEILING, MAX_AMOUNT, MAX_BUCKETS, Minter, REWARD_FEE_CEILING, WITHHOLD_CEILING,
    },
};
use ruint::aliases::U256;

/// A pause lasts this long, seconds.
const PAUSE: u64 = 7 * DAY;
/// And then none begins for this long, seconds.
const PAUSE_REST: u64 = 14 * DAY;
/// Largest weight of a validator.
const MAX_WEIGHT: u64 = 65_535;

/// Which of the two pauses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pause {
    Instant,
    Deposits,
}

impl State {
    /// Seconds after which a loosening call may run: `2*(cooldown + safety) + 2*keeperGrace + 3 days`, with today's
    /// cooldown. Whoever dislikes the change has left by then.
    #[must_use]
    pub fn longest_exit(&self) -> u64 {
        let m = &self.minter;
        let span = m.span(self.staking.cooldown);
        let grace = m.params.keeper_grace;
        span.saturating_mul(2)
            .saturating_add(grace.saturating_mul(2))
            .saturating_add(3 * DAY)
    }

    fn admin(&self, ctx: Ctx) -> Result<(), Error> {
        self.minter.permit(ctx, &[Role::Admin], Role::Admin)
    }

    /// What only takes power away the guardian may do too.
    fn admin_or_guardian(&self, ctx: Ctx, guardian_too: bool) -> Result<(), Error> {
        if guardian_too {
            let roles = [Role::Admin, Role::Guardian];
            return self.minter.permit(ctx, &roles, Role::Admin);
        }
        self.admin(ctx)
    }

    /// Puts a pool on the present route's list, changes it there, or takes it off.
    fn list_pool(
        &mut self,
        pool: Address,
        style: Style,
        fee: Bps,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let route = self.minter.amm_route;
        if route.is_zero() {
            return Err(Error::AmmNotEnabled);
        }
        out.tell(Event::AmmPoolSet {
            route,
            pool,
            style,
            fee: fee.get(),
        });
        let place = self.listed.iter().position(|listed| listed.at == pool);
        match (style, place) {
            (Style::None, None) => return Err(Error::UnknownPool(pool)),
            (Style::None, Some(at)) => {
                self.listed.swap_remove(at);
            }
            (Style::V2, _) if fee >= Bps::ALL => return Err(Error::BadFee(fee.raw())),
            (Style::V2, Some(at)) => {
                if let Some(listed) = self.listed.get_mut(at) {
                    listed.fee = fee;
                }
            }
            (Style::V2, None) => self.listed.push(Listed { at: pool, fee }),
        }
        Ok(())
    }

    fn operator(&self, ctx: Ctx) -> Result<(), Error> {
        self.minter
            .permit(ctx, &[Role::Admin, Role::Rebalancer], Role::Rebalancer)
    }

    /// A loosening call: at once during the setup, afterwards only when its announcement is old enough, and once.
    fn delayed(&mut self, ctx: Ctx, call: &MinterCall) -> Result<(), Error> {
        if !self.minter.sealed {
            return Ok(());
        }
        let call = Call::Minter(call.clone());
        let found = self
            .minter
            .scheduled
            .iter()
            .position(|(known, _)| *known == call);
        let announced = found.and_then(|at| self.minter.scheduled.get(at).map(|(_, t)| (at, *t)));
        let Some((at, since)) = announced else {
            return Err(Error::NotScheduled(Box::new(call)));
        };
        let opens = since.after(self.longest_exit());
        if ctx.now < opens {
            return Err(Error::TooEarly(Box::new(call), opens));
        }
        self.minter.scheduled.remove(at);
        Ok(())
    }

    pub(crate) fn power(
        &mut self,
        ctx: Ctx,
        call: &MinterCall,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        match call {
            MinterCall::SetFees {
                min_instant,
                standard,
            } => {
                self.admin(ctx)?;
                let p = self.minter.params;
                if *min_instant > p.min_instant_fee || *standard > p.standard_fee {
                    self.delayed(ctx, call)?;
                }
                for fee in [*min_instant, *standard] {
                    below_ceiling(fee, FEE_CEILING)?;
                }
                if *min_instant > p.max_instant_fee {
                    return Err(Error::BadParameter("minInstantFee", min_instant.raw()));
                }
                let m = &mut self.minter;
                set(
                    &mut m.params.min_instant_fee,
                    *min_instant,
                    "minInstantFee",
                    out,
                );
                set(&mut m.params.standard_fee, *standard, "standardFee", out);
                if m.line.open_count == 0 {
                    m.line.rung_fee = *standard;
                }
            }
            MinterCall::SetMaxInstantFee { bps } => {
                self.admin(ctx)?;
                if *bps > self.minter.params.max_instant_fee {
                    self.delayed(ctx, call)?;
                }
                below_ceiling(*bps, FEE_CEILING)?;
                if *bps < self.minter.params.min_instant_fee {
                    return Err(Error::BadParameter("maxInstantFee", bps.raw()));
                }
                set(
                    &mut self.minter.params.max_instant_fee,
                    *bps,
                    "maxInstantFee",
                    out,
                );
            }
            MinterCall::SetRewardFee { bps } => {
                self.admin(ctx)?;
                if *bps > self.rewards.fee {
                    self.delayed(ctx, call)?;
                }
                below_ceiling(*bps, REWARD_FEE_CEILING)?;
                if *bps != self.rewards.fee {
                    out.tell(Event::ParameterSet {
                        name: "rewardFee",
                        value: bps.raw(),
                    });
                }
                self.set_reward_fee(*bps, out);
            }
            MinterCall::SetInstantPolicy { pause, threshold } => {
                let now = self.minter.params.utilization_threshold;
                // Only the admin moves the threshold.
                self.admin_or_guardian(ctx, *threshold == now)?;
                if *threshold > now {
                    self.delayed(ctx, call)?;
                }
                if *threshold > Bps::ALL {
                    return Err(Error::BadParameter("utilizationThreshold", threshold.raw()));
                }
                let m = &mut self.minter;
                set(
                    &mut m.params.utilization_threshold,
                    *threshold,
                    "utilizationThreshold",
                    out,
                );
                m.set_pause(ctx, Pause::Instant, *pause, out)?;
            }
            MinterCall::PauseDeposits { pause } => {
                self.minter
                    .permit(ctx, &[Role::Admin, Role::Guardian], Role::Admin)?;
                self.minter.set_pause(ctx, Pause::Deposits, *pause, out)?;
            }
            MinterCall::SetBatchUnstakeParams {
                threshold,
                interval,
            } => {
                self.operator(ctx)?;
                if *threshold > MAX_AMOUNT {
                    let name = "withdrawalQueueThreshold";
                    return Err(Error::BadParameter(name, threshold.raw()));
                }
                if *interval > self.minter.span(self.staking.cooldown) {
                    let value = U256::from(*interval);
                    return Err(Error::BadParameter("batchUnstakeInterval", value));
                }
                let p = &mut self.minter.params;
                if *threshold != p.threshold {
                    p.threshold = *threshold;
                    let name = "withdrawalQueueThreshold";
                    out.tell(Event::ParameterSet {
                        name,
                        value: threshold.raw(),
                    });
                }
                if *interval != p.interval {
                    p.interval = *interval;
                    let value = U256::from(*interval);
                    out.tell(Event::ParameterSet {
                        name: "batchUnstakeInterval",
                        value,
                    });
                }
            }
            MinterCall::SetMinStake { amount } => {
                self.operator(ctx)?;
                if *amount < self.staking.min_stake {
                    return Err(Error::BadParameter("minStake", amount.raw()));
                }
                if *amount != self.minter.params.min_stake {
                    self.minter.params.min_stake = *amount;
                    out.tell(Event::ParameterSet {
                        name: "minStake",
                        value: amount.raw(),
                    });
                }
            }
            MinterCall::SetWithholdRatio { bps } => {
                self.operator(ctx)?;
                if *bps > WITHHOLD_CEILING {
                    return Err(Error::BadParameter("withholdRatio", bps.raw()));
                }
                set(&mut self.minter.params.withhold, *bps, "withholdRatio", out);
                self.minter.refresh_target(out)?;
            }
            MinterCall::SetMaxValidatorPercentage { validator, bps } => {
                self.admin(ctx)?;
                let known = self.minter.validators.get(validator);
                let now = known.map_or(Bps::new(0), |v| v.max_percentage);
                // The delay is asked for first, of an unknown validator too.
                if *bps > now {
                    self.delayed(ctx, call)?;
                }
                self.minter.validator(*validator)?;
                if bps.get() == 0 || *bps >= Bps::ALL {
                    return Err(Error::BadParameter("maxValidatorPercentage", bps.raw()));
                }
                if *bps != now {
                    self.minter.validator_mut(*validator)?.max_percentage = *bps;
                    let (validator, bps) = (*validator, bps.get());
                    out.tell(Event::MaxValidatorPercentageSet { validator, bps });
                }
            }
            MinterCall::SetValidatorWeight { validator, weight } => {
                self.operator(ctx)?;
                let v = self.minter.validator_mut(*validator)?;
                if *weight > MAX_WEIGHT {
                    return Err(Error::BadParameter("weight", U256::from(*weight)));
                }
                if v.weight != *weight {
                    v.weight = *weight;
                    let (validator, weight) = (*validator, *weight);
                    out.tell(Event::ValidatorWeightSet { validator, weight });
                }
            }
            MinterCall::SetStakingPercentageCap { bps } => {
                self.minter
                    .keeper(ctx, &[Role::Rebalancer], Timestamp::NEVER)?;
                if *bps > Bps::ALL {
                    return Err(Error::BadParameter("stakingPercentageCap", bps.raw()));
                }
                let name = "stakingPercentageCap";
                set(
                    &mut self.minter.params.staking_percentage_cap,
                    *bps,
                    name,
                    out,
                );
            }
            MinterCall::SetRewardsSink { sink } => {
                self.admin(ctx)?;
                self.delayed(ctx, call)?;
                not_zero(*sink)?;
                self.minter.rewards_sink = *sink;
                out.tell(Event::AddressSet {
                    name: "rewardsSink",
                    value: *sink,
                });
            }
            MinterCall::SetFeeRecipient { recipient } => {
                self.admin(ctx)?;
                self.delayed(ctx, call)?;
                not_zero(*recipient)?;
                self.minter.fee_recipient = *recipient;
                out.tell(Event::AddressSet {
                    name: "feeRecipient",
                    value: *recipient,
                });
            }
            MinterCall::SetVault { vault } => {
                self.admin(ctx)?;
                self.delayed(ctx, call)?;
                not_zero(*vault)?;
                self.minter.vault = *vault;
                out.tell(Event::AddressSet {
                    name: "vault",
                    value: *vault,
                });
            }
            MinterCall::SetConverter { converter } => {
                self.admin(ctx)?;
                self.delayed(ctx, call)?;
                not_zero(*converter)?;
                self.minter.converter = *converter;
                out.tell(Event::AddressSet {
                    name: "converter",
                    value: *converter,
                });
            }
            MinterCall::WithdrawInsurance { recipient, amount } => {
                self.admin(ctx)?;
                self.delayed(ctx, call)?;
                self.withdraw_insurance(ctx, *recipient, *amount, out)?;
            }
            MinterCall::SetDelegateClaimer { account, delegate } => {
                self.admin(ctx)?;
                if !delegate.is_zero() {
                    self.delayed(ctx, call)?;
                }
                self.set_delegate(*account, *delegate, ctx.now, out)?;
            }
            MinterCall::SetConversion {
                token,
                floor,
                per_sale,
                per_day,
            } => {
                self.admin(ctx)?;
                let now = self.conversion(self.converter()?, *token);
                if *floor < now.floor || *per_sale > now.per_sale || *per_day > now.per_day {
                    self.delayed(ctx, call)?;
                }
                self.set_conversion(ctx.now, *token, *floor, (*per_sale, *per_day), out)?;
            }
            MinterCall::SetAmmRoute { route, slippage } => {
                self.admin_or_guardian(ctx, route.is_zero())?;
                let m = &self.minter;
                let more = *route != m.amm_route || *slippage > m.amm_slippage;
                if !route.is_zero() && more {
                    self.delayed(ctx, call)?;
                }
                if *slippage > AMM_SLIPPAGE_CEILING {
                    return Err(Error::BadParameter("ammSlippage", slippage.raw()));
                }
                let slippage = if route.is_zero() {
                    Bps::new(0)
                } else {
                    *slippage
                };
                let m = &mut self.minter;
                set(&mut m.amm_slippage, slippage, "ammSlippage", out);
                if m.amm_route != *route {
                    m.amm_route = *route;
                    out.tell(Event::AddressSet {
                        name: "ammRoute",
                        value: *route,
                    });
                }
            }
            MinterCall::SetAmmPool { pool, style, fee } => {
                let off = *style == Style::None;
                self.admin_or_guardian(ctx, off)?;
                if !off {
                    self.delayed(ctx, call)?;
                }
                self.list_pool(*pool, *style, *fee, out)?;
            }
            MinterCall::SetHalt { code } => {
                self.admin(ctx)?;
                self.delayed(ctx, call)?;
                self.minter.halt_code = *code;
                out.tell(Event::AddressSet {
                    name: "haltCode",
                    value: *code,
                });
            }
            MinterCall::Emergency { what, to } => self.emergency(ctx, *what, *to, out)?,
            MinterCall::Upgrade { code } => {
                self.admin(ctx)?;
                self.delayed(ctx, call)?;
                self.minter.code = *code;
                out.tell(Event::Upgraded { code: *code });
            }
            MinterCall::Schedule { call } => {
                self.admin(ctx)?;
                self.minter.scheduled.retain(|(known, _)| known != &**call);
                self.minter.scheduled.push(((**call).clone(), ctx.now));
                out.tell(Event::Scheduled {
                    operation: call.clone(),
                    at: ctx.now,
                });
            }
            MinterCall::CancelScheduled { call } => {
                self.minter
                    .permit(ctx, &[Role::Admin, Role::Guardian], Role::Guardian)?;
                let before = self.minter.scheduled.len();
                self.minter.scheduled.retain(|(known, _)| known != &**call);
                if self.minter.scheduled.len() == before {
                    return Err(Error::NotScheduled(call.clone()));
                }
                out.tell(Event::ScheduleCancelled {
                    operation: call.clone(),
                });
            }
            MinterCall::SealSetup => {
                self.admin(ctx)?;
                self.minter.sealed = true;
                out.tell(Event::SetupSealed);
            }
            MinterCall::GrantRole { role, account } => {
                self.admin(ctx)?;
                self.delayed(ctx, call)?;
                if self.minter.roles.insert((*role, *account)) {
                    let (role, account) = (*role, *account);
                    out.tell(Event::RoleGranted {
                        role,
                        account,
                        sender: ctx.caller,
                    });
                }
            }
            MinterCall::RevokeRole { role, account } => {
                self.admin(ctx)?;
                if self.minter.roles.remove(&(*role, *account)) {
                    let (role, account) = (*role, *account);
                    out.tell(Event::RoleRevoked {
                        role,
                        account,
                        sender: ctx.caller,
                    });
                    // Whoever gives the admin's power up ends the setup.
                    if role == crate::Role::Admin && !self.minter.sealed {
                        self.minter.sealed = true;
                        out.tell(Event::SetupSealed);
                    }
                }
            }
            MinterCall::AddBuckets { validator, count } => {
                self.operator(ctx)?;
                let target = crate::units::small(self.minter.validator(*validator)?.target);
                self.minter
                    .configure(*validator, target.saturating_add(*count), out)?;
            }
            MinterCall::ConfigureBuckets { validator, count } => {
                self.operator(ctx)?;
                self.minter.configure(*validator, *count, out)?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Minter {
    /// OpenZeppelin's refusal names `named`.
    fn permit(&self, ctx: Ctx, roles: &[Role], named: Role) -> Result<(), Error> {
        if self.has_any(ctx.caller, roles) {
            Ok(())
        } else {
            Err(Error::Unauthorized(ctx.caller, named))
        }
    }

    /// Grows to `count` buckets, or lets those from `count` on retire.
    fn configure(&mut self, id: ValidatorId, count: u64, out: &mut Outcome) -> Result<(), Error> {
        let v = self.validator_mut(id)?;
        if count > MAX_BUCKETS {
            return Err(Error::TooManyBuckets(id, U256::from(count), MAX_BUCKETS));
        }
        let count = usize::try_from(count).map_err(|_| Error::Arithmetic)?;
        v.target = count;
        if count >= v.n {
            v.n = count;
            if v.buckets.len() < count {
                v.buckets.resize(count, Bucket::default());
            }
            let (buckets, target) = (v.n, v.target);
            out.tell(Event::BucketsConfigured {
                validator: id,
                buckets,
                target,
            });
            return Ok(());
        }
        let before = v.n;
        self.drop_retired(id, out)?;
        let v = self.validator(id)?;
        if v.n == before {
            let (buckets, target) = (v.n, v.target);
            out.tell(Event::BucketsConfigured {
                validator: id,
                buckets,
                target,
            });
        }
        Ok(())
    }

    fn set_pause(
        &mut self,
        ctx: Ctx,
        which: Pause,
        pause: bool,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let now = ctx.now;
        let (mine, other) = match which {
            Pause::Instant => (self.instant_paused_until, self.deposits_paused_until),
            Pause::Deposits => (self.deposits_paused_until, self.instant_paused_until),
        };
        let (running, other_running) = (now < mine, now < other);
        if pause == running {
            return Ok(());
        }
        let until = if !pause {
            now
        } else if other_running {
            other
        } else if now >= self.pause_allowed_from {
            now.after(PAUSE)
        } else {
            return Err(Error::PauseNotYet(self.pause_allowed_from));
        };
        if pause && !other_running {
            self.pause_allowed_from = until.after(PAUSE_REST);
        }
        if !pause && !other_running {
            self.pause_allowed_from = now.after(PAUSE_REST);
        }
        let by = ctx.caller;
        match which {
            Pause::Instant => {
                self.instant_paused_until = until;
                out.tell(Event::InstantPauseSet { until, by });
            }
            Pause::Deposits => {
                self.deposits_paused_until = until;
                out.tell(Event::DepositsPauseSet { until, by });
            }
        }
        Ok(())
    }
}

fn below_ceiling(fee: Bps, ceiling: Bps) -> Result<(), Error> {
    if fee > ceiling {
        return Err(Error::FeeAboveCeiling(fee.raw(), ceiling.get()));
    }
    Ok(())
}

fn not_zero(address: Address) -> Result<(), Error> {
    if address.is_zero() {
        Err(Error::ZeroAddress)
    } else {
        Ok(())
    }
}

/// Sets and tells, if it changes.
fn set(field: &mut Bps, value: Bps, name: &'static str, out: &mut Outcome) {
    if *field != value {
        *field = value;
        out.tell(Event::ParameterSet {
            name,
            value: value.raw(),
        });
    }
}
