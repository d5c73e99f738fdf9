//! What the basket holds.

use alloy::primitives::{Address, U256};
use chain::bindings::{
    IBasket as Basket, ICoreCandidateHub as Hub, ICoreEarn as Earn, ICoreSleeve as CoreSleeve,
    ISleeve as Sleeve, IStCoreSleeve as StCoreSleeve, IUnbondingQueue as Queue,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::try_join;

use super::{Held, ROUND};
use crate::{
    abi::ICoreParts,
    dto::{
        BasketSleeve, BasketSleeves, CoreDetail, CoreValidator, SleeveKind, SleeveTicket,
        StCoreDetail,
    },
    error::ApiError,
    figures::{SIDE_BY_SIDE, bps, secs, share},
    live::Snapshot,
    parts::named,
    scalar::{Addr, Price, RequestId, Units, Wei},
    server::AppState,
};

impl AppState {
    pub(crate) async fn basket_sleeves(&self) -> Result<BasketSleeves, ApiError> {
        let at = self.basket()?;
        let now = self.now().await?;
        let held = self.held(&now, at.basket.0).await?;
        let weights = weights(&held);
        let sleeves = stream::iter(held.into_iter().zip(weights))
            .map(|(one, weight)| self.basket_sleeve(&now, one, weight))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(BasketSleeves {
            sleeves,
            at: now.block.timestamp,
            block: now.block.number,
        })
    }

    async fn basket_sleeve(
        &self,
        now: &Snapshot,
        held: Held,
        weight: Option<u32>,
    ) -> Result<BasketSleeve, ApiError> {
        let at = self.basket()?;
        let adapter = held.info.sleeve;
        let id = U256::from(held.id);
        // The adapter asks others: it may refuse what the basket's own books never do.
        let (owed, tickets, most_exit, units, capacity, exit_time, rate) = try_join!(
            now.read(at.basket.0, Basket::owedCall { sleeve: id }),
            now.read(at.queue.0, Queue::openTicketsCall { sleeve: id }),
            now.read(adapter, Sleeve::MAX_EXITCall {}),
            now.maybe(adapter, Sleeve::heldCall {}),
            now.maybe(adapter, Sleeve::instantCapacityCall {}),
            now.maybe(adapter, Sleeve::exitTimeCall {}),
            now.maybe(adapter, Sleeve::rateCall {}),
        )?;
        let core = if held.is_coin() {
            core(now, adapter, capacity).await?
        } else {
            None
        };
        let st_core = if held.is_coin() {
            None
        } else {
            self.st_core(now, adapter, held.id).await?
        };
        let (worth_low, worth_high) = held.worth();
        let own = held.own();
        let today = now.block.timestamp / ROUND;
        let info = held.info;
        Ok(BasketSleeve {
            id: held.id,
            address: Addr(adapter),
            kind: match (&core, &st_core) {
                (Some(_), _) => SleeveKind::Core,
                (None, Some(_)) => SleeveKind::StCore,
                (None, None) => SleeveKind::Token,
            },
            token: Addr(info.token),
            epoch_token: Addr(info.epochToken),
            symbol: held.symbol,
            decimals: held.decimals,
            units: Units(info.units),
            parts: Units(info.parts),
            basket_parts: Units(info.basketParts),
            own_units: Units(own),
            owed: Units(owed),
            locked: Units(info.locked),
            fee_units: Units(info.feeUnits),
            held: units.map(Units),
            instant_capacity: capacity.map(Units),
            rate: rate.filter(|rate| !rate.is_zero()).map(Wei),
            harvested_round: secs(info.round),
            harvested_today: secs(info.round) == today,
            cap: Units(info.cap),
            daily_limit: Units(info.limit),
            daily_used: Units(info.level),
            target_bps: u32::from(info.targetBps),
            band_bps: u32::from(info.bandBps),
            weight_bps: weight,
            price_low: Price(held.low),
            price_high: held.high.map(Price),
            price_state: held.state,
            worth_low: Wei(worth_low),
            worth_high: worth_high.map(Wei),
            retired: info.retired,
            slow: info.slow,
            most_exit: secs(most_exit),
            exit_time: exit_time.map(secs),
            open_tickets: secs(tickets),
            core,
            st_core,
        })
    }

    async fn st_core(
        &self,
        now: &Snapshot,
        adapter: Address,
        sleeve: u64,
    ) -> Result<Option<StCoreDetail>, ApiError> {
        // What a sleeve is, it tells by what it answers: only this one has an Earn.
        let Some(earn) = now.maybe(adapter, StCoreSleeve::EARNCall {}).await? else {
            return Ok(None);
        };
        let (holds, most_fee, free, fee, lock, round) = try_join!(
            now.read(adapter, StCoreSleeve::termsHoldCall {}),
            now.read(adapter, StCoreSleeve::MAX_FEECall {}),
            now.read(adapter, StCoreSleeve::freeAccountsCall {}),
            now.maybe(earn, Earn::protocolFeePointsCall {}),
            now.maybe(earn, Earn::lockDayCall {}),
            now.maybe(earn, Earn::roundTagCall {}),
        )?;
        let operator_round = round.map(secs);
        let today = now.block.timestamp / ROUND;
        Ok(Some(StCoreDetail {
            earn: Addr(earn),
            terms_hold: holds,
            fee: fee.map(secs),
            most_fee: secs(most_fee),
            lock_days: lock.map(secs),
            operator_round,
            rounds_late: operator_round.map_or(0, |round| today.saturating_sub(round)),
            free_accounts: secs(free),
            tickets: self.open_tickets(now, adapter, sleeve).await?,
        }))
    }
}

/// What a ticket's sleeve tells of it; nothing where it is a sleeve without accounts.
pub(crate) async fn ticket(
    now: &Snapshot,
    adapter: Address,
    epoch: u64,
    number: U256,
    units: U256,
) -> Result<SleeveTicket, ApiError> {
    let told = now
        .maybe(adapter, StCoreSleeve::ticketInfoCall { ticket: number })
        .await?;
    let told = told.filter(|told| !told.account.is_zero());
    Ok(SleeveTicket {
        ticket: RequestId(number),
        epoch,
        units: Units(units),
        account: told.as_ref().map(|told| Addr(told.account)),
        due_at: told.map(|told| secs(told.dueAt)),
    })
}

/// The coin's sleeve and its validators; none when it is a sleeve of coins without any.
async fn core(
    now: &Snapshot,
    adapter: Address,
    idle: Option<U256>,
) -> Result<Option<CoreDetail>, ApiError> {
    let Some(list) = now.maybe(adapter, CoreSleeve::validatorsCall {}).await? else {
        return Ok(None);
    };
    let (delegated, tenant, hub) = try_join!(
        now.read(adapter, CoreSleeve::delegatedCall {}),
        now.read(adapter, CoreSleeve::tenantCall {}),
        now.read(adapter, ICoreParts::HUBCall {}),
    )?;
    let round = now.read(hub, Hub::getRoundTagCall {}).await?;
    let weights: u32 = list.iter().map(|one| u32::from(one.weight)).sum();
    let validators = stream::iter(list)
        .map(|one| async move {
            let candidate = one.account;
            let (jailed, elected, takes_stake) = try_join!(
                now.read(hub, Hub::isJailedCall { candidate }),
                now.read(hub, Hub::isValidatorCall { candidate }),
                now.read(hub, Hub::canDelegateCall { candidate }),
            )?;
            Ok::<_, ApiError>(CoreValidator {
                address: Addr(candidate),
                stake: Wei(U256::from(one.stake)),
                weight_bps: bps(U256::from(
                    u32::from(one.weight)
                        .saturating_mul(10_000)
                        .checked_div(weights)
                        .unwrap_or_default(),
                )),
                jailed,
                elected,
                takes_stake,
            })
        })
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    Ok(Some(CoreDetail {
        delegated: Wei(delegated),
        idle: Wei(idle.unwrap_or_default()),
        round: secs(round),
        tenant: named(tenant),
        validators,
    }))
}

/// Each sleeve's part of the whole at mid prices, bps; none for all while one that counts has no price.
pub(crate) fn weights(held: &[Held]) -> Vec<Option<u32>> {
    let worths: Option<Vec<U256>> = held.iter().map(Held::worth_mid).collect();
    match worths {
        None => vec![None; held.len()],
        Some(worths) => {
            let whole = worths
                .iter()
                .fold(U256::ZERO, |sum, one| sum.saturating_add(*one));
            worths.iter().map(|one| Some(share(*one, whole))).collect()
        }
    }
}
