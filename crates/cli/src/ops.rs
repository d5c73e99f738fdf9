//! `omnibus ops …`: what an operator does by hand. Each names the script of the original design that it replaces.

use crate::{
    abi::{IAccessControl, ILiquidMinter, ILiquidVault, TimelockController},
    amount::Amount,
    args::{Amm, Emergency, Insurance, Ops, Style},
    config::Settings,
    deploy::{TIMELOCK, implementation, role_id},
    error::{Problem, Result},
    output::Output,
    refusal,
    session::{Session, Site},
    uniswap, user,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U256},
    rpc::types::TransactionRequest,
    sol_types::{SolCall, SolError as _},
};
use chain::Receipt;
use serde::Serialize;

/// One call that was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    what: String,
    transaction: B256,
    block: u64,
    gas: u64,
}

struct Hand<'a> {
    session: &'a Session,
    sent: Vec<Sent>,
    notes: Vec<String>,
}

/// Whose voice a contract hears.
#[derive(Clone, Copy, Debug)]
enum By {
    Key,
    Timelock(Address),
}

const ADMIN: B256 = B256::ZERO;
/// `Emergency.Halt` of the contracts.
const HALT: u8 = 0;
/// `Emergency.Reader`.
const READER: u8 = 1;

impl Hand<'_> {
    async fn send<C: SolCall>(&mut self, what: impl Into<String>, call: &C) -> Result<()> {
        let minter = self.session.site.minter;
        self.send_to(what, minter, call, U256::ZERO).await?;
        Ok(())
    }

    async fn send_to<C: SolCall>(
        &mut self,
        what: impl Into<String>,
        to: Address,
        call: &C,
        value: U256,
    ) -> Result<Receipt> {
        let what = what.into();
        let receipt = self.session.send(&what, to, call, value).await?;
        self.sent.push(Sent {
            what,
            transaction: receipt.transaction_hash,
            block: receipt.block_number,
            gas: receipt.gas_used,
        });
        Ok(receipt)
    }

    /// Calls the minter with a power that this key has, or as the governor through the timelock that has it.
    async fn empowered<C: SolCall>(
        &mut self,
        what: impl Into<String>,
        call: &C,
        roles: &[B256],
    ) -> Result<Receipt> {
        let minter = self.session.site.minter;
        match self.by(roles).await? {
            By::Key => self.send_to(what, minter, call, U256::ZERO).await,
            By::Timelock(timelock) => {
                self.through(timelock, what.into(), call.abi_encode().into())
                    .await
            }
        }
    }

    /// Whose voice the minter hears: the key's, or the timelock's, where only that holds a role and the key may propose to it.
    async fn by(&self, roles: &[B256]) -> Result<By> {
        let site = &self.session.site;
        let me = self.session.account();
        for role in roles {
            let (role, account) = (*role, me);
            if site
                .read(&IAccessControl::hasRoleCall { role, account })
                .await?
            {
                return Ok(By::Key);
            }
        }
        let Ok(timelock) = site.deployment.address(TIMELOCK) else {
            return Ok(By::Key);
        };
        let proposes = IAccessControl::hasRoleCall {
            role: role_id("PROPOSER_ROLE"),
            account: me,
        };
        let governs = IAccessControl::hasRoleCall {
            role: B256::ZERO,
            account: timelock,
        };
        let both = site.read_at(timelock, &proposes).await? && site.read(&governs).await?;
        Ok(if both {
            By::Timelock(timelock)
        } else {
            By::Key
        })
    }

    /// Proposes to the timelock and carries it out: it has no delay of its own. Cut short in between, the same command goes on.
    async fn through(&mut self, timelock: Address, what: String, data: Bytes) -> Result<Receipt> {
        let site = &self.session.site;
        let (target, value, predecessor) = (site.minter, U256::ZERO, B256::ZERO);
        // The same call may be meant again: the first salt that is not done.
        let mut salt = U256::ZERO;
        let id = loop {
            let call = TimelockController::hashOperationCall {
                target,
                value,
                data: data.clone(),
                predecessor,
                salt: salt.into(),
            };
            let id = site.read_at(timelock, &call).await?;
            let done = TimelockController::isOperationDoneCall { id };
            if !site.read_at(timelock, &done).await? {
                break id;
            }
            salt = salt.saturating_add(U256::from(1));
        };
        let pending = TimelockController::isOperationPendingCall { id };
        if !site.read_at(timelock, &pending).await? {
            let call = TimelockController::scheduleCall {
                target,
                value,
                data: data.clone(),
                predecessor,
                salt: salt.into(),
                delay: U256::ZERO,
            };
            let title = format!("propose to the timelock: {what}");
            self.send_to(title, timelock, &call, U256::ZERO).await?;
        }
        let call = TimelockController::executeCall {
            target,
            value,
            payload: data,
            predecessor,
            salt: salt.into(),
        };
        self.send_to(what, timelock, &call, U256::ZERO).await
    }

    /// A call of the admin. What loosens is announced first, and carried out by the same command once the delay has passed.
    async fn govern<C: SolCall>(
        &mut self,
        what: impl Into<String>,
        call: &C,
        roles: &[B256],
    ) -> Result<()> {
        let what = what.into();
        let site = &self.session.site;
        let from = match self.by(roles).await? {
            By::Key => self.session.account(),
            By::Timelock(timelock) => timelock,
        };
        let request = TransactionRequest::default()
            .from(from)
            .to(site.minter)
            .input(Bytes::from(call.abi_encode()).into());
        let Err(error) = site.pool.call_request(&request, BlockId::latest()).await else {
            self.empowered(what, call, roles).await?;
            return Ok(());
        };
        let Some(failure) = error.rpc().filter(|failure| failure.is_revert()) else {
            return Err(error.into());
        };
        let announced = failure
            .revert_data()
            .is_some_and(|data| ILiquidMinter::NotScheduled::abi_decode(&data).is_ok());
        if !announced {
            return Err(Problem::Refused {
                what,
                reason: refusal::explain(failure),
            });
        }
        let delay: u64 = site
            .read(&ILiquidMinter::longestExitCall {})
            .await?
            .saturating_to();
        let schedule = ILiquidMinter::scheduleCall {
            data: call.abi_encode().into(),
        };
        let title = format!("announce: {what}");
        let receipt = self.empowered(title, &schedule, roles).await?;
        let block = self.session.site.pool.block(receipt.block_number).await?;
        let at = block
            .map_or(0, |block| block.timestamp)
            .saturating_add(delay);
        self.notes.push(format!(
            "announced; run the same command again from unix {at}: {what}"
        ));
        Ok(())
    }

    async fn validators(&self, only: Option<u16>) -> Result<Vec<u16>> {
        match only {
            Some(id) => Ok(vec![id]),
            None => {
                self.session
                    .site
                    .read(&ILiquidMinter::validatorsCall {})
                    .await
            }
        }
    }
}

/// `omnibus ops …`
///
/// # Errors
/// See [`Session::open`] and [`Session::send`].
pub async fn run(settings: &Settings, command: Ops, out: Output) -> Result<()> {
    if matches!(command, Ops::Status) {
        return status(&Site::open(settings).await?, settings, out).await;
    }
    let session = Session::open(settings, out).await?;
    let mut hand = Hand {
        session: &session,
        sent: Vec::new(),
        notes: Vec::new(),
    };
    match command {
        Ops::Status => {}
        Ops::SyncValidators => {
            hand.send(
                "copy the validators into the registry",
                &ILiquidMinter::syncValidatorsCall {},
            )
            .await?
        }
        Ops::AddBuckets { validators, count } => {
            for id in validators {
                let call = ILiquidMinter::addBucketsCall {
                    validatorId: id,
                    count: U256::from(count),
                };
                hand.send(format!("{count} buckets for validator {id}"), &call)
                    .await?;
            }
        }
        Ops::Setup {
            keeper,
            guardian,
            withhold,
            fees,
            batch,
            weight,
        } => {
            if let Some(account) = keeper {
                for role in ["REBALANCER_ROLE", "CLAIMER_ROLE", "HANDLER_ROLE"] {
                    hand.send(
                        format!("grant {role} to {account}"),
                        &IAccessControl::grantRoleCall {
                            role: role_id(role),
                            account,
                        },
                    )
                    .await?;
                }
            }
            if let Some(account) = guardian {
                let role = "GUARDIAN_ROLE";
                hand.send(
                    format!("grant {role} to {account}"),
                    &IAccessControl::grantRoleCall {
                        role: role_id(role),
                        account,
                    },
                )
                .await?;
            }
            if let Some(bps) = withhold {
                hand.send(
                    format!("buffer target {bps} bps"),
                    &ILiquidMinter::setWithholdRatioCall {
                        bps: U256::from(bps),
                    },
                )
                .await?;
            }
            if let Some([instant, standard]) = fees.as_deref() {
                let call = ILiquidMinter::setFeesCall {
                    minInstantFeeBps: U256::from(*instant),
                    standardFeeBps: U256::from(*standard),
                };
                hand.send(format!("fees {instant} and {standard} bps"), &call)
                    .await?;
            }
            if let Some([coins, seconds]) = batch.as_deref() {
                let argument = |reason: String| Problem::Argument {
                    what: "--batch".to_owned(),
                    reason,
                };
                let threshold: Amount = coins.parse().map_err(argument)?;
                let interval: u64 = seconds
                    .parse()
                    .map_err(|_| argument(format!("`{seconds}` is not a number of seconds")))?;
                let call = ILiquidMinter::setBatchUnstakeParamsCall {
                    threshold: threshold.0,
                    interval: U256::from(interval),
                };
                hand.send(
                    format!("early departures from {threshold} coins, at least {interval} s apart"),
                    &call,
                )
                .await?;
            }
            if let Some(weight) = weight {
                for id in hand.validators(None).await? {
                    let call = ILiquidMinter::setValidatorWeightCall {
                        validatorId: id,
                        weight: U256::from(weight),
                    };
                    hand.send(format!("weight {weight} for validator {id}"), &call)
                        .await?;
                }
            }
        }
        Ops::Claim { validator: None } => {
            hand.send("claim rewards, one page", &ILiquidMinter::claimAllCall {})
                .await?
        }
        Ops::Claim {
            validator: Some(id),
        } => {
            hand.send(
                format!("claim rewards of validator {id}, one page"),
                &ILiquidMinter::claim_0Call { validatorId: id },
            )
            .await?;
        }
        Ops::Sweep {
            validator,
            max,
            fulfil,
        } => {
            for id in hand.validators(validator).await? {
                let call = ILiquidMinter::sweepMaturedBucketsCall {
                    validatorId: id,
                    maxToSweep: U256::from(max),
                };
                hand.send(format!("sweep validator {id}"), &call).await?;
            }
            if fulfil {
                hand.send(
                    "fund the queue",
                    &ILiquidMinter::fulfillRequestsCall {
                        users: Vec::new(),
                        ids: Vec::new(),
                    },
                )
                .await?;
            }
        }
        Ops::Rebalance => {
            hand.send("stake what is free", &ILiquidMinter::rebalanceCall {})
                .await?
        }
        Ops::CloseRung => {
            hand.send("close the open rung", &ILiquidMinter::closeRungCall {})
                .await?
        }
        Ops::Depart => {
            hand.send(
                "send queued exits into cooldown",
                &ILiquidMinter::processBatchUnstakeCall {},
            )
            .await?
        }
        Ops::Finalize => {
            hand.send("fund the queue", &ILiquidMinter::finalizeCall {})
                .await?
        }
        Ops::BookSlash { validator } => {
            hand.send(
                format!("book the loss of validator {validator}"),
                &ILiquidMinter::bookSlashCall {
                    validatorId: validator,
                },
            )
            .await?;
        }
        Ops::Pause { deposits } => pause(&mut hand, true, deposits).await?,
        Ops::Unpause { deposits } => pause(&mut hand, false, deposits).await?,
        Ops::Emergency { what, to } => emergency(&mut hand, what, to).await?,
        Ops::Insurance(Insurance::Fund { amount }) => {
            let minter = session.site.minter;
            let call = ILiquidMinter::fundInsuranceCall {};
            hand.send_to(
                format!("{amount} coins for the first loss"),
                minter,
                &call,
                amount.0,
            )
            .await?;
        }
        Ops::Insurance(Insurance::Withdraw { amount, recipient }) => {
            let call = ILiquidMinter::withdrawInsuranceCall {
                recipient,
                amount: amount.0,
            };
            hand.govern(
                format!("{amount} coins of the reserve to {recipient}"),
                &call,
                &[ADMIN],
            )
            .await?;
        }
        Ops::Amm(command) => amm(&mut hand, command).await?,
        Ops::Delegate {
            account, delegate, ..
        } => {
            let delegate = delegate.unwrap_or_default();
            let what = if delegate.is_zero() {
                format!("end the delegation of {account}")
            } else {
                format!("{delegate} claims for {account}")
            };
            let call = ILiquidMinter::setDelegateClaimerCall { account, delegate };
            hand.govern(what, &call, &[ADMIN]).await?;
        }
        Ops::Conversion {
            token,
            floor,
            per_sale,
            per_day,
        } => {
            let call = ILiquidMinter::setConversionCall {
                token,
                floor: floor.0,
                perSale: per_sale.0,
                perDay: per_day.0,
            };
            hand.govern(format!("limits for selling {token}"), &call, &[ADMIN])
                .await?;
        }
        Ops::ClaimToken { token, validator } => {
            for id in hand.validators(validator).await? {
                let buckets = session
                    .site
                    .read(&ILiquidMinter::validatorStateCall { validatorId: id })
                    .await?
                    .buckets;
                let call = ILiquidMinter::claimTokenCall {
                    token,
                    validatorId: id,
                    from: U256::ZERO,
                    to: buckets,
                };
                hand.send(format!("claim {token} of validator {id}"), &call)
                    .await?;
            }
        }
        Ops::Harvest => {
            let vault = session.site.deployment.address("LiquidVault")?;
            let call = ILiquidVault::harvestCall {};
            hand.send_to("harvest the vault", vault, &call, U256::ZERO)
                .await?;
        }
    }
    for note in &hand.notes {
        out.note(note);
    }
    out.result(&hand.sent, |sent| {
        let line = |s: &Sent| {
            format!(
                "{}: transaction {} in block {}, {} gas",
                s.what, s.transaction, s.block, s.gas
            )
        };
        sent.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

async fn pause(hand: &mut Hand<'_>, pause: bool, deposits: bool) -> Result<()> {
    let word = if pause { "pause" } else { "unpause" };
    // The threshold shares the call; what it is now stays.
    let threshold = hand
        .session
        .site
        .read(&ILiquidMinter::feesAndRatiosCall {})
        .await?
        ._5;
    let call = ILiquidMinter::setInstantPolicyCall {
        pause,
        utilizationThresholdBps: threshold,
    };
    hand.send(format!("{word} instant exits"), &call).await?;
    if deposits {
        hand.send(
            format!("{word} deposits"),
            &ILiquidMinter::pauseDepositsCall { pause },
        )
        .await?;
    }
    Ok(())
}

async fn emergency(hand: &mut Hand<'_>, what: Emergency, to: Option<Address>) -> Result<()> {
    let site = &hand.session.site;
    let (kind, to) = match (what, to) {
        (Emergency::Reader, Some(to)) => (READER, to),
        (Emergency::Halt, Some(to)) => (HALT, to),
        (_, None) => (HALT, site.read(&ILiquidMinter::haltCodeCall {}).await?),
    };
    let call = ILiquidMinter::emergencyCall { what: kind, to };
    let word = match what {
        Emergency::Halt => "halt the minter",
        Emergency::Reader => "read the staking system's flags elsewhere",
    };
    let roles = [ADMIN, role_id("GUARDIAN_ROLE")];
    let receipt = hand
        .empowered(format!("{word}, by {to}"), &call, &roles)
        .await?;
    for event in user::events(&receipt) {
        match event {
            ILiquidMinter::ILiquidMinterEvents::EmergencySigned(signed) => {
                hand.notes.push(format!(
                    "signed; the other signature carries it out until unix {}",
                    signed.until
                ))
            }
            ILiquidMinter::ILiquidMinterEvents::EmergencyDone(_) => {
                hand.notes.push("carried out".to_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

async fn amm(hand: &mut Hand<'_>, command: Amm) -> Result<()> {
    let either = [ADMIN, role_id("GUARDIAN_ROLE")];
    match command {
        Amm::On { slippage, route } => {
            let route = match route {
                Some(route) => route,
                None => hand.session.site.deployment.address("AmmRoute")?,
            };
            let call = ILiquidMinter::setAmmRouteCall {
                route,
                slippageBps: U256::from(slippage),
            };
            let what =
                format!("exits by AMM through {route}, at most {slippage} bps below the rate");
            hand.govern(what, &call, &[ADMIN]).await
        }
        Amm::Off => {
            let call = ILiquidMinter::setAmmRouteCall {
                route: Address::ZERO,
                slippageBps: U256::ZERO,
            };
            hand.govern("no exits by AMM", &call, &either).await
        }
        Amm::Allow { pool, style, fee } => {
            let (style, fee) = match style {
                Style::V2 => (uniswap::V2, fee.unwrap_or(uniswap::FEE_BPS)),
                Style::V3 => (uniswap::V3, fee.unwrap_or_default()),
            };
            let call = ILiquidMinter::setAmmPoolCall {
                pool,
                style,
                feeBps: U256::from(fee),
            };
            hand.govern(format!("allow the pool {pool}"), &call, &[ADMIN])
                .await
        }
        Amm::Forbid { pool } => {
            let call = ILiquidMinter::setAmmPoolCall {
                pool,
                style: uniswap::NONE,
                feeBps: U256::ZERO,
            };
            hand.govern(format!("forbid the pool {pool}"), &call, &either)
                .await
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    rate: String,
    assets: Amount,
    buffer: Amount,
    reserved: Amount,
    headroom: Amount,
    target: Amount,
    active: Amount,
    cooling: Amount,
    queued: Amount,
    instant_liquidity: Amount,
    open_rung: String,
    insurance: Amount,
    halted: bool,
    amm_route: Option<Address>,
    validators: Vec<ValidatorStatus>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ValidatorStatus {
    id: u16,
    inactive: bool,
    slashed: bool,
    active: Amount,
    cooling: Amount,
    buckets: u64,
    available: u64,
    next_departure: u64,
}

async fn status(site: &Site, settings: &Settings, out: Output) -> Result<()> {
    let stats = site
        .read(&ILiquidMinter::getBufferAndQueueStatsCall {})
        .await?;
    let line = site.read(&ILiquidMinter::lineCall {}).await?;
    let mut validators = Vec::new();
    for id in site.read(&ILiquidMinter::validatorsCall {}).await? {
        let state = site
            .read(&ILiquidMinter::validatorStateCall { validatorId: id })
            .await?;
        let summary = site
            .read(&ILiquidMinter::getBucketAvailabilitySummaryCall { validatorId: id })
            .await?;
        validators.push(ValidatorStatus {
            id,
            inactive: state.inactive,
            slashed: state.slashed,
            active: Amount(state.active),
            cooling: Amount(state.cooling),
            buckets: summary.totalBuckets.saturating_to(),
            available: summary.availableNow.saturating_to(),
            next_departure: state.nextDeparture.saturating_to(),
        });
    }
    let status = Status {
        rate: site.read(&ILiquidMinter::rateCall {}).await?.to_string(),
        assets: Amount(site.read(&ILiquidMinter::assetsCall {}).await?),
        buffer: Amount(stats.buffer),
        reserved: Amount(stats.reserved),
        headroom: Amount(stats.headroom),
        target: Amount(site.read(&ILiquidMinter::bufferTargetCall {}).await?),
        active: Amount(site.read(&ILiquidMinter::activeStakeCall {}).await?),
        cooling: Amount(stats.unstakedTotal),
        queued: Amount(stats.totalQueued),
        instant_liquidity: Amount(site.read(&ILiquidMinter::instantLiquidityCall {}).await?),
        open_rung: line.openRung.to_string(),
        insurance: Amount(site.read(&ILiquidMinter::insuranceCall {}).await?),
        halted: implementation(&site.pool, site.minter).await?
            == site.read(&ILiquidMinter::haltCodeCall {}).await?,
        amm_route: Some(site.read(&ILiquidMinter::ammRouteCall {}).await?.route)
            .filter(|route| !route.is_zero()),
        validators,
    };
    let symbol = &settings.profile.native_symbol;
    out.result(&status, |s| {
        let mut lines = vec![
            format!(
                "assets {} {symbol}: headroom {} (target {}), active {}, cooling {}",
                s.assets, s.headroom, s.target, s.active, s.cooling
            ),
            format!(
                "buffer {} of which reserved {}; instant liquidity {}",
                s.buffer, s.reserved, s.instant_liquidity
            ),
            format!(
                "queued {}; open rung {}; rate {}e-27",
                s.queued, s.open_rung, s.rate
            ),
        ];
        lines.push(format!("first-loss reserve {} {symbol}", s.insurance));
        if let Some(route) = s.amm_route {
            lines.push(format!("exits by AMM through {route}"));
        }
        if s.halted {
            lines.push("HALTED: only sweeps, finalization and claims go on".to_owned());
        }
        for v in &s.validators {
            let mark = if v.slashed {
                " SLASHED"
            } else if v.inactive {
                " inactive"
            } else {
                ""
            };
            lines.push(format!(
                "  validator {}{mark}: active {}, cooling {}, buckets {} ({} available)",
                v.id, v.active, v.cooling, v.buckets, v.available
            ));
        }
        lines.join("\n")
    });
    Ok(())
}
