//! Live figures: what the contracts say at one block, in the shapes of the API.

use alloy::primitives::{Address, U256};
use chain::bindings::{
    ILiquidMinter as Minter, ILiquidToken as Token, IPlumeStaking as Staking,
    minter::ILiquidMinterTypes::{BucketInfo, LineState, ValidatorState},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::try_join;

use crate::{
    dto::{
        Account, AmmQuote, Bucket, BucketState, DepositQuote, ExitQuote, ExitRequest, InstantQuote,
        Overview, Page, QueueQuote, RequestState, Validator,
    },
    error::ApiError,
    index::{index, paged, short_page_request},
    live::Snapshot,
    scalar::{Addr, Hash, Ray, RequestId, Wei},
    server::AppState,
};

/// Validators and requests that one answer asks about at once.
pub(crate) const SIDE_BY_SIDE: usize = 16;

pub(crate) const RAY: U256 = U256::from_limbs([0x9fd0_803c_e800_0000, 0x033b_2e3c, 0, 0]);
pub(crate) const BPS: U256 = U256::from_limbs([10_000, 0, 0, 0]);

impl AppState {
    pub(crate) async fn overview(&self) -> Result<Overview, ApiError> {
        let minter = self.liquid()?.minter.0;
        let now = self.now().await?;
        let (assets, supply, rate, stats, active, line) = try_join!(
            now.read(minter, Minter::assetsCall {}),
            now.read(minter, Minter::supplyCall {}),
            now.read(minter, Minter::rateCall {}),
            now.read(minter, Minter::getBufferAndQueueStatsCall {}),
            now.read(minter, Minter::activeStakeCall {}),
            now.read(minter, Minter::lineCall {}),
        )?;
        let (target, due, instant, fees, flags, keeper) = try_join!(
            now.read(minter, Minter::bufferTargetCall {}),
            now.read(minter, Minter::dueCall {}),
            now.read(minter, Minter::instantLiquidityCall {}),
            now.read(minter, Minter::feesAndRatiosCall {}),
            now.read(minter, Minter::flagsCall {}),
            now.read(minter, Minter::keeperParamsCall {}),
        )?;
        let (min_fee, max_fee, standard_fee, withhold) = (fees._0, fees._1, fees._2, fees._4);
        let (paused_until, vote_open) = (secs(flags._0), flags._5);
        let min_rung_age = keeper._5;
        let at = now.block.timestamp;
        let staged = !line.stagedLst.is_zero();
        let open_rung = secs(line.openRung);
        let opened = self.store().rung(open_rung).await.map_err(index)?;
        let paused = paused_until > at;
        let spot = if vote_open {
            max_fee
        } else {
            spot_fee(
                stats.headroom.saturating_sub(line.committed.max(due)),
                target,
                min_fee,
                max_fee,
            )
        };
        Ok(Overview {
            tvl: Wei(assets),
            supply: Wei(supply),
            rate: Ray(rate),
            buffer: Wei(stats.buffer),
            reserved: Wei(stats.reserved),
            headroom: Wei(stats.headroom),
            buffer_target: Wei(target),
            committed: Wei(line.committed),
            due: Wei(due),
            instant_liquidity: Wei(instant),
            active: Wei(active),
            cooling: Wei(stats.unstakedTotal),
            total_queued: Wei(stats.totalQueued),
            open_lst: Wei(line.openLst),
            staged_lst: Wei(line.stagedLst),
            open_units: Wei(line.end.saturating_sub(line.watermark)),
            rung_count: open_rung.saturating_add(1),
            open_rung_id: open_rung,
            open_rung_at: opened.filter(|_| staged).map(|rung| rung.opened_at),
            next_close_at: staged
                .then(|| secs(line.lastClosedAt.saturating_add(min_rung_age)).max(at)),
            min_instant_fee_bps: bps(min_fee),
            max_instant_fee_bps: bps(max_fee),
            current_instant_fee_bps: bps(spot),
            standard_fee_bps: bps(standard_fee),
            withhold_bps: bps(withhold),
            instant_paused: paused,
            paused_until: paused.then_some(paused_until),
            depositors: self.store().depositor_count().await.map_err(index)?,
            at,
            block: now.block.number,
        })
    }

    pub(crate) async fn validators(&self) -> Result<Vec<Validator>, ApiError> {
        let contracts = self.liquid()?;
        let now = self.now().await?;
        let minter = contracts.minter.0;
        let (ids, list, keeper, active) = try_join!(
            now.read(minter, Minter::validatorsCall {}),
            now.read(contracts.staking.0, Staking::getValidatorsListCall {}),
            now.read(minter, Minter::keeperParamsCall {}),
            now.read(minter, Minter::activeStakeCall {}),
        )?;
        let everybody = list
            .iter()
            .fold(U256::ZERO, |sum, item| sum.saturating_add(item.totalStaked));
        let (safety, cap) = (secs(keeper._4), keeper._7);
        let raw: Vec<_> = stream::iter(ids)
            .map(|id| {
                let now = now.clone();
                async move {
                    let (state, buckets, queued, next, info, votes) = try_join!(
                        now.read(minter, Minter::validatorStateCall { validatorId: id }),
                        now.read(minter, Minter::getBucketsCall { validatorId: id }),
                        now.read(
                            minter,
                            Minter::totalQueuedWithdrawalsPerValidatorCall { validatorId: id }
                        ),
                        now.read(
                            minter,
                            Minter::nextBatchUnstakeTimePerValidatorCall { validatorId: id }
                        ),
                        now.read(
                            contracts.staking.0,
                            Staking::getValidatorInfoCall { validatorId: id }
                        ),
                        now.read(
                            contracts.staking.0,
                            Staking::getSlashVoteCountCall { validatorId: id }
                        ),
                    )?;
                    Ok::<_, ApiError>((id, state, buckets, queued, next, info, votes))
                }
            })
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        let weights = raw.iter().fold(U256::ZERO, |sum, (_, state, ..)| {
            sum.saturating_add(state.weight)
        });
        Ok(raw
            .into_iter()
            .map(|(id, state, buckets, queued, next, info, votes)| {
                let (flags, total) = (info.info, info.totalStaked);
                let slashed = flags.slashed || state.slashed;
                let votes = secs(votes);
                let commission = bps(flags.commission / U256::from(100_000_000_000_000_u64));
                let weight = share(state.weight, weights);
                let held = share(state.active, active);
                Validator {
                    id,
                    name: format!("Validator {id}"),
                    active: flags.active && !slashed,
                    slashed,
                    slash_votes: votes,
                    weight_bps: weight,
                    total_staked: Wei(total),
                    our_stake: Wei(state.active),
                    capacity: (!flags.maxCapacity.is_zero())
                        .then(|| Wei(flags.maxCapacity.saturating_sub(flags.delegatedAmount))),
                    percentage_headroom: percentage_headroom(total, everybody, cap).map(Wei),
                    commission_bps: commission,
                    score: score(
                        flags.active && !slashed,
                        votes,
                        commission,
                        held.saturating_sub(weight),
                    ),
                    buckets: ladder(buckets, &state, now.block.timestamp, safety),
                    next_departure_at: (!queued.is_zero()).then(|| secs(next)),
                    queued: Wei(queued),
                }
            })
            .collect())
    }

    pub(crate) async fn account(&self, account: Address) -> Result<Account, ApiError> {
        let contracts = self.liquid()?;
        let now = self.now().await?;
        let (balance, earned, rate) = try_join!(
            now.read(contracts.token.0, Token::balanceOfCall { account }),
            now.read(contracts.token.0, Token::earnedCall { account }),
            now.read(contracts.minter.0, Minter::rateCall {}),
        )?;
        let holder = self.store().holder(account).await.map_err(index)?;
        Ok(Account {
            address: Addr(account),
            lst_balance: Wei(balance),
            lst_value: Wei(value(balance, rate)),
            claimable_rewards: Wei(earned),
            deposited: Wei(holder.as_ref().map_or(U256::ZERO, |h| h.deposited)),
            claimed_rewards: Wei(holder.as_ref().map_or(U256::ZERO, |h| h.rewards_claimed)),
            requests: holder.map_or(0, |h| h.requests),
        })
    }

    pub(crate) async fn quote_exit(&self, amount: U256) -> Result<ExitQuote, ApiError> {
        let minter = self.liquid()?.minter.0;
        let now = self.now().await?;
        let (quote, fees, line, keeper, force) = try_join!(
            now.try_read(minter, Minter::quoteExitCall { amount }),
            now.read(minter, Minter::feesAndRatiosCall {}),
            now.read(minter, Minter::lineCall {}),
            now.read(minter, Minter::keeperParamsCall {}),
            now.read(minter, Minter::ammRouteCall {}),
        )?;
        let pools = self.listed_pools(&now, force.route).await?;
        let queued = !quote.queueLst.is_zero();
        let at = now.block.timestamp;
        // 0 says that the coins are here: then the close of the rung is all there is to wait for.
        let closes = secs(line.lastClosedAt.saturating_add(keeper._5)).max(at);
        let eta = match secs(quote.queueEta) {
            0 => closes,
            eta => eta,
        };
        let eta_if_missed = if queued {
            eta.checked_add(self.longest_period(&now, keeper._1, keeper._4).await?)
        } else {
            None
        };
        // A request takes the fee of its rung, which its first request fixed.
        let fee = if line.stagedLst.is_zero() {
            fees._2
        } else {
            fees._3
        };
        Ok(ExitQuote {
            instant_now: InstantQuote {
                lst: Wei(quote.instantLst),
                pay: Wei(quote.instantPay),
                fee_bps: bps(quote.instantFeeBps),
            },
            amm: AmmQuote {
                enabled: !pools.is_empty(),
                lst: Wei(quote.ammLst),
                pay: Wei(quote.ammPay),
            },
            queue: QueueQuote {
                lst: Wei(quote.queueLst),
                value: Wei(quote.queueValue),
                fee_bps: bps(fee),
                eta: queued.then_some(eta),
                eta_if_missed,
            },
            block: now.block.number,
        })
    }

    /// The longest time between two departures of one validator by the timetable, seconds.
    async fn longest_period(
        &self,
        now: &Snapshot,
        interval: U256,
        safety: U256,
    ) -> Result<u64, ApiError> {
        let contracts = self.liquid()?;
        let (ids, cooldown) = try_join!(
            now.read(contracts.minter.0, Minter::validatorsCall {}),
            now.read(contracts.staking.0, Staking::getCooldownIntervalCall {}),
        )?;
        let states: Vec<_> = stream::iter(ids)
            .map(|id| async move {
                now.read(
                    contracts.minter.0,
                    Minter::validatorStateCall { validatorId: id },
                )
                .await
            })
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        let span = cooldown.saturating_add(safety);
        let periods = states
            .iter()
            .filter(|state| !state.booked && !state.buckets.is_zero())
            .map(|state| span.div_ceil(state.buckets).max(interval));
        Ok(periods.max().map_or(0, secs))
    }

    pub(crate) async fn quote_deposit(&self, amount: U256) -> Result<DepositQuote, ApiError> {
        let minter = self.liquid()?.minter.0;
        let now = self.now().await?;
        let (lst, rate) = try_join!(
            now.try_read(minter, Minter::quoteDepositCall { coins: amount }),
            now.read(minter, Minter::rateCall {}),
        )?;
        Ok(DepositQuote {
            lst: Wei(lst),
            rate: Ray(rate),
            block: now.block.number,
        })
    }

    pub(crate) async fn requests(
        &self,
        account: Address,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ExitRequest>, ApiError> {
        let page = self
            .store()
            .requests_of(account, &short_page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        Ok(Page {
            items: self.exit_requests(page.items).await?,
            next_cursor: page.next,
        })
    }

    /// What the chain says of these requests at one block, in their order.
    pub(crate) async fn exit_requests(
        &self,
        rows: Vec<store::Request>,
    ) -> Result<Vec<ExitRequest>, ApiError> {
        let live: Vec<U256> = rows
            .iter()
            .filter(|r| r.state == store::RequestState::Live)
            .map(|r| r.id)
            .collect();
        let minter = self.liquid()?.minter.0;
        let now = self.now().await?;
        let (rate, line, fees, hints) = try_join!(
            now.read(minter, Minter::rateCall {}),
            now.read(minter, Minter::lineCall {}),
            now.read(minter, Minter::feesAndRatiosCall {}),
            self.hints(&now, &live),
        )?;
        let line = Line {
            state: line,
            rate,
            open_fee: fees._3,
        };
        stream::iter(rows)
            .map(|row| {
                let (now, line) = (&now, &line);
                let hint = live
                    .iter()
                    .position(|id| *id == row.id)
                    .and_then(|n| hints.get(n))
                    .copied()
                    .unwrap_or_default();
                async move {
                    let rung = self.store().rung(row.rung).await.map_err(index)?;
                    exit_request(now, minter, line, row, rung, hint).await
                }
            })
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    /// The hints of each id; none where the contract does not know one of them (yet, or any more).
    async fn hints(&self, now: &Snapshot, ids: &[U256]) -> Result<Vec<[u64; 2]>, ApiError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let minter = self.liquid()?.minter.0;
        match now
            .try_read(minter, Minter::findHintsCall { ids: ids.to_vec() })
            .await
        {
            Ok(found) => Ok(found
                .hintsA
                .iter()
                .zip(&found.hintsB)
                .map(|(a, b)| [secs(*a), secs(*b)])
                .collect()),
            // The chain is ahead of the index: one of them was claimed or cancelled meanwhile. Then one by one.
            Err(ApiError::Reverted(_)) => {
                let mut hints = Vec::with_capacity(ids.len());
                for id in ids {
                    let one = now
                        .try_read(minter, Minter::findHintsCall { ids: vec![*id] })
                        .await;
                    hints.push(match one {
                        Ok(found) => match (found.hintsA.first(), found.hintsB.first()) {
                            (Some(a), Some(b)) => [secs(*a), secs(*b)],
                            _ => [0, 0],
                        },
                        Err(ApiError::Reverted(_)) => [0, 0],
                        Err(error) => return Err(error),
                    });
                }
                Ok(hints)
            }
            Err(error) => Err(error),
        }
    }
}

/// What all requests of one answer share.
struct Line {
    state: LineState,
    rate: U256,
    /// Fee of the open rung, bps.
    open_fee: U256,
}

async fn exit_request(
    now: &Snapshot,
    minter: Address,
    line: &Line,
    row: store::Request,
    rung: Option<store::Rung>,
    hints: [u64; 2],
) -> Result<ExitRequest, ApiError> {
    let Line {
        state: line,
        rate,
        open_fee,
    } = line;
    let open = U256::from(row.rung) == line.openRung;
    let fee = rung
        .as_ref()
        .and_then(|r| r.fee_bps)
        .map_or(*open_fee, U256::from);
    let start = rung
        .as_ref()
        .filter(|r| r.closed_at.is_some())
        .map(|r| (r.units_start, r.units_end));
    let published = rung.as_ref().and_then(|r| r.promised_at);
    let was_revised = rung.as_ref().is_some_and(|r| r.revised);
    let mut request = ExitRequest {
        id: RequestId(row.id),
        rung: row.rung,
        seq: row.seq,
        position: Wei(U256::ZERO),
        lst: Wei(row.lst),
        value: Wei(value(row.lst, *rate)),
        fee_bps: bps(fee),
        paid: Wei(row.paid),
        claimable: Wei(U256::ZERO),
        state: match row.state {
            store::RequestState::Cancelled => RequestState::Cancelled,
            _ => RequestState::Claimed,
        },
        promised_at: published,
        revised: was_revised,
        requested_at: row.requested_at,
        tx_hash: Hash(row.tx_hash),
        hints,
        receipt: row.receipt.map(RequestId),
    };
    if row.state != store::RequestState::Live {
        return Ok(request);
    }
    let asked = try_join!(
        now.try_read(minter, Minter::claimableCall { id: row.id }),
        now.try_read(minter, Minter::exitEtaCall { id: row.id }),
    );
    let (claimable, eta) = match asked {
        Ok(answers) => answers,
        Err(ApiError::Reverted(_)) => {
            // Made after the block that is kept for a moment: it is not known there yet. Else the index is behind: the chain
            // knows that it ended, the log will say how.
            if row.requested_at >= now.block.timestamp {
                request.state = RequestState::Open;
            }
            return Ok(request);
        }
        Err(error) => return Err(error),
    };
    let net = claimable.gross.saturating_sub(claimable.fee);
    request.claimable = Wei(net);
    let funded = start.is_some_and(|(_, end)| end <= line.watermark);
    request.state = if open {
        RequestState::Open
    } else if funded {
        RequestState::Ready
    } else if net.is_zero() {
        RequestState::Waiting
    } else {
        RequestState::Partial
    };
    // Inside a rung everybody is funded by the same fraction: only the rungs before it are ahead.
    request.position = Wei(match start {
        _ if open => line.openLst,
        Some((start, _)) => {
            let open_units = line.end.saturating_sub(line.watermark);
            mul_div(
                start.saturating_sub(line.watermark),
                line.openLst,
                open_units,
            )
        }
        None => U256::ZERO,
    });
    if !funded {
        request.promised_at = Some(match secs(eta.eta) {
            0 => published.map_or(now.block.timestamp, |promised| {
                promised.min(now.block.timestamp)
            }),
            eta => eta,
        });
        request.revised = was_revised || eta.revised;
    }
    Ok(request)
}

/// A cooldown has matured at its end; the bucket may depart again `safety` seconds later, which is what the contract shows.
fn ladder(buckets: Vec<BucketInfo>, state: &ValidatorState, at: u64, safety: u64) -> Vec<Bucket> {
    (0_u64..)
        .zip(buckets)
        .map(|(number, bucket)| {
            let next = secs(bucket.nextAvailableTime);
            let retiring = U256::from(number) >= state.targetBuckets;
            Bucket {
                index: number,
                address: Addr(bucket.bucket),
                active: Wei(bucket.activeStake),
                cooling: Wei(bucket.coolingAmount),
                next_available_time: next,
                state: if !bucket.coolingAmount.is_zero() {
                    if next.saturating_sub(safety) > at {
                        BucketState::Cooling
                    } else {
                        BucketState::Matured
                    }
                } else if retiring {
                    BucketState::Retired
                } else if next > at {
                    BucketState::Cooling
                } else {
                    BucketState::Available
                },
            }
        })
        .collect()
}

/// Fee in bps of the next wei out of `free` coins: falls from `max` at 0 to `min` at the target. Rounded up.
fn spot_fee(free: U256, target: U256, min: U256, max: U256) -> U256 {
    if target.is_zero() || free >= target {
        return if target.is_zero() { max } else { min };
    }
    max.saturating_sub(mul_div(max.saturating_sub(min), free, target))
}

/// Largest `x` with `(of + x) * 10000 < (cap + 1) * (total + x)`; none when there is no cap.
fn percentage_headroom(of: U256, total: U256, cap: U256) -> Option<U256> {
    let edge = cap.saturating_add(U256::ONE);
    if cap.is_zero() || total.is_zero() || edge >= BPS {
        return None;
    }
    let room = edge
        .saturating_mul(total)
        .checked_sub(of.saturating_mul(BPS))
        .unwrap_or_default();
    let below = room.checked_sub(U256::ONE).unwrap_or_default();
    Some(below / (BPS - edge))
}

/// 10,000, less the commission in bps, less 2,500 for each vote to slash, less how far it is over its weight in bps;
/// 0 when it takes no stake.
fn score(active: bool, votes: u64, commission: u32, over: u32) -> u32 {
    if !active {
        return 0;
    }
    let votes = u32::try_from(votes)
        .unwrap_or(u32::MAX)
        .saturating_mul(2_500);
    10_000_u32
        .saturating_sub(commission)
        .saturating_sub(votes)
        .saturating_sub(over)
}

/// `part` of `whole` in bps; 0 of nothing.
pub(crate) fn share(part: U256, whole: U256) -> u32 {
    bps(mul_div(part, BPS, whole))
}

/// Coins for `lst` at `rate`, rounded down.
pub(crate) fn value(lst: U256, rate: U256) -> U256 {
    mul_div(lst, rate, RAY)
}

/// `floor(a * b / c)`; 0 when `c` is 0. Amounts are below 2^128, so the product fits.
pub(crate) fn mul_div(a: U256, b: U256, c: U256) -> U256 {
    a.saturating_mul(b).checked_div(c).unwrap_or_default()
}

/// A time, count or index: saturates, for a contract may say "never" with the largest number.
/// 2^53 - 1 is the most that every JSON reader takes.
pub(crate) fn secs(value: U256) -> u64 {
    const SAFE: u64 = (1 << 53) - 1;
    u64::try_from(value).unwrap_or(SAFE).min(SAFE)
}

pub(crate) fn bps(value: U256) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn u(value: u64) -> U256 {
        U256::from(value)
    }

    #[test]
    fn the_fee_falls_with_the_buffer() {
        assert_eq!(spot_fee(u(0), u(100), u(30), u(100)), u(100));
        assert_eq!(spot_fee(u(50), u(100), u(30), u(100)), u(65));
        assert_eq!(spot_fee(u(100), u(100), u(30), u(100)), u(30));
        assert_eq!(spot_fee(u(500), u(100), u(30), u(100)), u(30));
        // 100 - 70/3 = 76.67, up.
        assert_eq!(spot_fee(u(1), u(3), u(30), u(100)), u(77));
        assert_eq!(spot_fee(u(5), u(0), u(30), u(100)), u(100));
    }

    #[test]
    fn p9_percentage_headroom_is_the_largest_that_passes() {
        for (of, total, cap) in [
            (0, 1000, 3300),
            (300, 1000, 3300),
            (329, 1000, 3300),
            (330, 1000, 3300),
            (331, 1000, 3300),
            (900, 1000, 3300),
            (1, 3, 1),
            (7, 77_777, 9_998),
        ] {
            let passes = |x: u64| {
                (u128::from(of) + u128::from(x)) * 10_000
                    < (u128::from(cap) + 1) * (u128::from(total) + u128::from(x))
            };
            let x = u64::try_from(percentage_headroom(u(of), u(total), u(cap)).unwrap()).unwrap();
            assert!(x == 0 || passes(x), "{of} {total} {cap}: {x}");
            assert!(!passes(x + 1), "{of} {total} {cap}: {x}");
        }
        assert_eq!(percentage_headroom(u(5), u(10), u(0)), None);
        assert_eq!(percentage_headroom(u(0), u(0), u(3300)), None);
        assert_eq!(percentage_headroom(u(5), u(10), u(9_999)), None);
    }

    #[test]
    fn a_score_counts_what_its_formula_says() {
        assert_eq!(score(true, 0, 500, 0), 9_500);
        assert_eq!(score(true, 1, 500, 700), 6_300);
        assert_eq!(score(true, 5, 0, 0), 0);
        assert_eq!(score(false, 0, 0, 0), 0);
    }

    #[test]
    fn ray_is_1e27() {
        assert_eq!(RAY, U256::from(10).pow(U256::from(27)));
        assert_eq!(value(u(3), RAY / u(2)), u(1));
    }

    #[test]
    fn never_fits_a_json_number() {
        assert_eq!(secs(U256::MAX), 9_007_199_254_740_991);
        assert_eq!(secs(u(1_700_000_000)), 1_700_000_000);
    }
}
