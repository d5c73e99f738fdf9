//! `omnibus ops …`: what an operator does by hand. Each names the script of the original design that it replaces.

use crate::{
    abi::{IAccessControl, ILiquidMinter},
    amount::Amount,
    args::Ops,
    config::Settings,
    deploy::role_id,
    error::{Problem, Result},
    output::Output,
    session::{Session, Site},
};
use alloy::{
    primitives::{B256, U256},
    sol_types::SolCall,
};
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
}

impl Hand<'_> {
    async fn send<C: SolCall>(&mut self, what: impl Into<String>, call: &C) -> Result<()> {
        let what = what.into();
        let receipt = self
            .session
            .send(&what, self.session.site.minter, call, U256::ZERO)
            .await?;
        self.sent.push(Sent {
            what,
            transaction: receipt.transaction_hash,
            block: receipt.block_number,
            gas: receipt.gas_used,
        });
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
