//! Figures of a basket and of what governs it. A view that fails costs its figure: a sleeve's system that does not answer must
//! not hide the others.

use super::Monitor;
use crate::{Metrics, Result, WatchError};
use alloy::{
    eips::BlockId,
    primitives::{Address, U256, address},
    sol_types::SolCall,
};
use chain::{
    BasketContracts, ChainError,
    bindings::{
        basket::{IBasket as basket, IBasketTypes::SleeveInfo},
        basket_queue::IUnbondingQueue as queue,
        basket_timelock::IBasketTimelock as timelock,
        basket_token::IBasketToken as token,
        core_candidate_hub::ICoreCandidateHub as hub,
        core_earn::ICoreEarn as earn,
        core_sleeve::ICoreSleeve as core_sleeve,
        guardian::IGuardian as guardian,
        price_feed::IPriceFeed as feed,
        sleeve::ISleeve as sleeve,
        st_core_sleeve::IStCoreSleeve as st_core_sleeve,
    },
};
use futures_util::future::try_join_all;
use std::collections::BTreeMap;
use store::{Cursor, EpochLeg, LegState, PageRequest};

/// What is in no interface of ours.
mod views {
    #![allow(missing_docs, reason = "OpenZeppelin's and an adapter's getters")]
    alloy::sol! {
        function HUB() external view returns (address);
        function getMinDelay() external view returns (uint256);
        function state(uint256 proposalId) external view returns (uint8);
    }
}

/// Stands for the chain's coin where a token is named.
const NATIVE: Address = address!("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
const ROUND: u64 = 86_400;
const BPS: u64 = 10_000;
/// 1e18: a price is coins for so many units.
const ONE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// The basket has no more.
const MAX_SLEEVES: u64 = 8;
/// Candidates of one look; what is beyond is older than what matters, or somebody's flood.
const MOST: u32 = 200;
/// `IGovernor.ProposalState`.
const PENDING: u8 = 0;
const ACTIVE: u8 = 1;
const SUCCEEDED: u8 = 4;
const QUEUED: u8 = 5;
/// In the order of `IBasketTypes.Pausable`.
const PAUSABLE: [&str; 3] = ["mint", "instant", "auction"];

/// Both sides of a price, and its state.
#[derive(Debug, Clone, Copy)]
struct Price {
    low: U256,
    high: U256,
    state: u8,
}

/// What one look saw of one sleeve.
#[derive(Debug)]
struct SleeveLook {
    id: u64,
    info: SleeveInfo,
    price: Option<Price>,
    max_exit: Option<U256>,
    metrics: Metrics,
    validators: Metrics,
}

impl SleeveLook {
    /// Whether the basket owns anything of it.
    fn counts(&self) -> bool {
        let units = self.info.units.saturating_add(self.info.locked);
        !self.info.basketParts.is_zero() && !units.is_zero()
    }

    /// What the basket owns of it at the middle of a sound price, coins.
    fn worth(&self) -> Option<U256> {
        let price = self.price.filter(|price| price.state == 0)?;
        let own = self.info.units.saturating_mul(self.info.basketParts);
        let own = own.checked_div(self.info.parts).unwrap_or_default();
        let mid = price.low.saturating_add(price.high) / U256::from(2);
        Some(own.saturating_mul(mid) / ONE)
    }
}

impl Monitor {
    /// What a view says; none where it fails by itself. An endpoint that fails still costs the look.
    async fn figure<C: SolCall + Send + Sync>(
        &self,
        to: Address,
        call: C,
        at: BlockId,
    ) -> Result<Option<C::Return>> {
        match self.view(to, call, at).await {
            Ok(value) => Ok(Some(value)),
            Err(WatchError::Chain(ChainError::Rpc { error, .. })) if error.is_revert() => Ok(None),
            Err(WatchError::Chain(ChainError::Decode { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds what the basket and its surroundings say at the cursor's block.
    pub(super) async fn basket(
        &self,
        of: &BasketContracts,
        cursor: Cursor,
        metrics: &mut Metrics,
    ) -> Result<()> {
        metrics.extend(self.basket_itself(of, cursor).await?);
        let sleeves = self.sleeves(of, cursor).await?;
        metrics.extend(weights(&sleeves));
        metrics.extend(self.epochs(of, cursor, &sleeves).await?);
        let most = |name: &str| {
            let each = sleeves.iter().filter_map(|s| s.metrics.get(name));
            each.max().copied()
        };
        for name in ["harvest_missed", "earn_late", "jailed_stake"] {
            if let Some(worst) = most(name) {
                metrics.insert(format!("basket/{name}"), worst);
            }
        }
        for look in sleeves {
            let prefix = format!("basket/sleeve/{}/", look.id);
            let named = look.metrics.into_iter();
            metrics.extend(named.map(|(name, value)| (format!("{prefix}{name}"), value)));
            metrics.extend(look.validators);
        }
        metrics.extend(self.governance(of, cursor).await?);
        Ok(())
    }

    async fn basket_itself(&self, of: &BasketContracts, cursor: Cursor) -> Result<Metrics> {
        let (at, now) = (BlockId::hash(cursor.hash), U256::from(cursor.timestamp));
        let b = of.basket;
        let (nav, shares, supply, instant, budget, drift, auction) = tokio::try_join!(
            self.figure(b, basket::navCall {}, at),
            self.figure(b, basket::effectiveSupplyCall {}, at),
            self.figure(of.token, token::totalSupplyCall {}, at),
            self.figure(b, basket::maxInstantCall {}, at),
            self.figure(b, basket::budgetCall {}, at),
            self.figure(b, basket::driftReadingsCall {}, at),
            self.figure(b, basket::auctionIdCall {}, at),
        )?;
        let pauses = (0_u8..).zip(PAUSABLE).map(|(what, name)| async move {
            let until = self.figure(b, basket::pausedUntilCall { what }, at).await?;
            Ok::<_, WatchError>((name, until))
        });
        let pauses = try_join_all(pauses).await?;
        let mut seen = Seen::default();
        if let Some(nav) = nav {
            seen.put("basket/nav_low", nav.low);
            seen.put("basket/nav_high", nav.high);
            seen.put("basket/state", nav.state);
        }
        seen.maybe("basket/shares", shares);
        seen.maybe("basket/supply", supply);
        seen.maybe("basket/max_instant", instant);
        if let Some(budget) = budget {
            seen.put("basket/budget_spent", budget.spent);
            seen.put("basket/budget_capacity", budget.capacity);
            let used = budget.spent.saturating_mul(U256::from(BPS));
            seen.maybe("basket/budget_used_bps", used.checked_div(budget.capacity));
        }
        if let Some(drift) = drift {
            seen.put("basket/drift_over", drift.over);
            seen.put("basket/drift_under", drift.under);
            if !drift.readAt.is_zero() {
                seen.put("basket/drift_age", now.saturating_sub(drift.readAt));
            }
        }
        if let Some(id) = auction {
            seen.put("basket/auction", id);
            let call = basket::auctionCall { id };
            // Its price needs sound ones; how much is left does not come without it.
            if let Some(auction) = self.figure(b, call, at).await? {
                seen.put("basket/auction_left", U256::from(auction.running.left));
            }
        }
        for (name, pause) in pauses {
            let left = pause.map(|pause| pause.until.saturating_sub(now));
            seen.maybe(&format!("basket/paused/{name}"), left);
        }
        Ok(seen.0)
    }

    // -------------------------------------------------------------------- sleeves

    async fn sleeves(&self, of: &BasketContracts, cursor: Cursor) -> Result<Vec<SleeveLook>> {
        let at = BlockId::hash(cursor.hash);
        let (count, feed) = tokio::try_join!(
            self.figure(of.basket, basket::sleeveCountCall {}, at),
            self.figure(of.basket, basket::feedCall {}, at),
        )?;
        let added: BTreeMap<_, _> = self
            .store
            .basket_sleeves()
            .await?
            .into_iter()
            .map(|row| (row.id, row.added_at / ROUND))
            .collect();
        let feed = feed.filter(|feed| !feed.is_zero());
        let count: u64 = count.unwrap_or_default().saturating_to();
        let looks = (0..count.min(MAX_SLEEVES)).map(|id| {
            let added = added.get(&id).copied();
            self.sleeve(of, id, feed, added, cursor)
        });
        Ok(try_join_all(looks).await?.into_iter().flatten().collect())
    }

    async fn sleeve(
        &self,
        of: &BasketContracts,
        id: u64,
        feed_at: Option<Address>,
        added: Option<u64>,
        cursor: Cursor,
    ) -> Result<Option<SleeveLook>> {
        let (at, today) = (BlockId::hash(cursor.hash), cursor.timestamp / ROUND);
        let number = U256::from(id);
        let call = basket::sleeveInfoCall { sleeve: number };
        let Some(info) = self.figure(of.basket, call, at).await? else {
            return Ok(None);
        };
        let adapter = info.sleeve;
        let (held, rate, exit, max_exit, capacity, owed) = tokio::try_join!(
            self.figure(adapter, sleeve::heldCall {}, at),
            self.figure(adapter, sleeve::rateCall {}, at),
            self.figure(adapter, sleeve::exitTimeCall {}, at),
            self.figure(adapter, sleeve::MAX_EXITCall {}, at),
            self.figure(adapter, sleeve::instantCapacityCall {}, at),
            self.figure(of.basket, basket::owedCall { sleeve: number }, at),
        )?;
        let mut seen = Seen::default();
        let booked = [info.locked, info.feeUnits]
            .iter()
            .fold(info.units, |sum, more| sum.saturating_add(*more));
        for (name, value) in [
            ("units", info.units),
            ("parts", info.parts),
            ("basket_parts", info.basketParts),
            ("locked", info.locked),
            ("fee_units", info.feeUnits),
            ("booked", booked),
            ("cap", info.cap),
            ("level", info.level),
            ("limit", info.limit),
            ("target_bps", U256::from(info.targetBps)),
            ("band_bps", U256::from(info.bandBps)),
            ("slow", U256::from(u8::from(info.slow))),
            ("retired", U256::from(u8::from(info.retired))),
        ] {
            seen.put(name, value);
        }
        seen.maybe("held", held);
        seen.maybe("missing", held.map(|held| booked.saturating_sub(held)));
        seen.maybe("rate", rate.filter(|rate| !rate.is_zero()));
        seen.maybe("exit_time", exit);
        seen.maybe("idle", capacity);
        seen.maybe("owed", owed);
        if let Some(added) = added.filter(|_| !info.retired && !info.units.is_zero()) {
            // Rounds that ended without a harvest; the one that runs may still get its own.
            let last = info.round.saturating_to::<u64>().max(added);
            let missed = today.saturating_sub(1).saturating_sub(last);
            seen.put("harvest_missed", U256::from(missed));
        }
        let price = if info.token == NATIVE {
            Some(Price {
                low: ONE,
                high: ONE,
                state: 0,
            })
        } else {
            self.price(feed_at, info.token, cursor, &mut seen).await?
        };
        if let Some(price) = price {
            seen.put("price_low", price.low);
            seen.put("price_high", price.high);
            seen.put("state", U256::from(price.state));
        }
        let mut validators = Metrics::new();
        if info.token == NATIVE {
            if let Some((its, jailed)) = self.validators(adapter, at).await? {
                validators = its;
                seen.put("jailed_stake", jailed);
            }
        } else if let Some(earn_at) = self
            .figure(adapter, st_core_sleeve::EARNCall {}, at)
            .await?
            && let Some(tag) = self.figure(earn_at, earn::roundTagCall {}, at).await?
        {
            let late = U256::from(today).saturating_sub(tag);
            seen.put("earn_late", late);
        }
        Ok(Some(SleeveLook {
            id,
            info,
            price,
            max_exit,
            metrics: seen.0,
            validators,
        }))
    }

    async fn price(
        &self,
        feed_at: Option<Address>,
        asset: Address,
        cursor: Cursor,
        seen: &mut Seen,
    ) -> Result<Option<Price>> {
        let Some(feed_at) = feed_at else {
            return Ok(None);
        };
        let at = BlockId::hash(cursor.hash);
        let (quote, memory) = tokio::try_join!(
            self.figure(feed_at, feed::quoteCall { asset }, at),
            self.figure(feed_at, feed::memoryOfCall { asset }, at),
        )?;
        if let Some(memory) = memory {
            let at: u64 = memory.seenAt.to();
            if at != 0 {
                let age = cursor.timestamp.saturating_sub(at);
                seen.put("observed_age", U256::from(age));
            }
        }
        Ok(quote.map(|quote| Price {
            low: quote.low,
            high: quote.high,
            state: quote.state,
        }))
    }

    /// Where a sleeve of coins has delegated, and how much of it lies with jailed validators. Another adapter has none.
    async fn validators(&self, adapter: Address, at: BlockId) -> Result<Option<(Metrics, U256)>> {
        let (list, hub_at) = tokio::try_join!(
            self.figure(adapter, core_sleeve::validatorsCall {}, at),
            self.figure(adapter, views::HUBCall {}, at),
        )?;
        let Some(list) = list else {
            return Ok(None);
        };
        let mut seen = Seen::default();
        let mut all = U256::ZERO;
        for validator in &list {
            let name = |figure: &str| format!("basket/validator/{:#x}/{figure}", validator.account);
            let stake = U256::from(validator.stake);
            seen.put(&name("stake"), stake);
            seen.put(&name("weight"), U256::from(validator.weight));
            let Some(hub_at) = hub_at else {
                continue;
            };
            let call = hub::isJailedCall {
                candidate: validator.account,
            };
            if let Some(jailed) = self.figure(hub_at, call, at).await? {
                let its = if jailed { stake } else { U256::ZERO };
                all = all.saturating_add(its);
                seen.put(&name("jailed"), U256::from(u8::from(jailed)));
                seen.put(&name("jailed_stake"), its);
            }
        }
        Ok(Some((seen.0, all)))
    }

    // -------------------------------------------------------------------- epochs

    async fn epochs(
        &self,
        of: &BasketContracts,
        cursor: Cursor,
        sleeves: &[SleeveLook],
    ) -> Result<Metrics> {
        let (at, now) = (BlockId::hash(cursor.hash), cursor.timestamp);
        let mut seen = Seen::default();
        if let Some(open) = self.figure(of.queue, queue::openEpochCall {}, at).await? {
            seen.put("basket/epoch_open", open.epoch);
            let call = queue::epochInfoCall { epoch: open.epoch };
            if let Some(info) = self.figure(of.queue, call, at).await? {
                seen.put("basket/epoch_shares", info.shares);
                // 0: nothing was requested, so nothing is due.
                let overdue = match info.dueAt.is_zero() {
                    true => U256::ZERO,
                    false => U256::from(now).saturating_sub(info.dueAt),
                };
                seen.put("basket/epoch_overdue", overdue);
            }
        }
        let (mut waiting, mut longest) = (0_u64, 0_u64);
        let (mut tickets, mut oldest, mut overdue) = (0_u64, 0_u64, 0_u64);
        let mut closed = BTreeMap::new();
        for leg in self.legs_open().await? {
            match leg.state {
                LegState::Waiting => {
                    let since = match closed.get(&leg.epoch) {
                        Some(at) => *at,
                        None => {
                            let epoch = self.store.epoch(leg.epoch).await?;
                            let at = epoch.and_then(|(epoch, _)| epoch.closed_at);
                            let at = at.unwrap_or(now);
                            closed.insert(leg.epoch, at);
                            at
                        }
                    };
                    waiting += 1;
                    longest = longest.max(now.saturating_sub(since));
                }
                LegState::Out => {
                    let age = now.saturating_sub(leg.started_at.unwrap_or(now));
                    let look = sleeves.iter().find(|look| look.id == leg.sleeve);
                    let most = look.and_then(|look| look.max_exit);
                    tickets += 1;
                    oldest = oldest.max(age);
                    if let Some(most) = most {
                        overdue = overdue.max(age.saturating_sub(most.saturating_to()));
                    }
                }
                LegState::Done => {}
            }
        }
        for (name, value) in [
            ("basket/legs_waiting", waiting),
            ("basket/leg_waiting", longest),
            ("basket/tickets_open", tickets),
            ("basket/ticket_waiting", oldest),
            ("basket/ticket_overdue", overdue),
        ] {
            seen.put(name, U256::from(value));
        }
        let page = PageRequest {
            cursor: None,
            limit: MOST,
        };
        let legs = self.store.waiting_legs(&page).await?.items;
        let longest = legs.first().map_or(0, |leg| now.saturating_sub(leg.since));
        seen.put("basket/deliveries_waiting", U256::from(legs.len()));
        seen.put("basket/delivery_waiting", U256::from(longest));
        Ok(seen.0)
    }

    /// Legs of which more may come, oldest first.
    async fn legs_open(&self) -> Result<Vec<EpochLeg>> {
        let page = PageRequest {
            cursor: None,
            limit: MOST,
        };
        Ok(self.store.open_legs(&page).await?.items)
    }

    // -------------------------------------------------------------------- governance

    async fn governance(&self, of: &BasketContracts, cursor: Cursor) -> Result<Metrics> {
        let (at, now) = (BlockId::hash(cursor.hash), U256::from(cursor.timestamp));
        let (delay, longest, holder, until) = tokio::try_join!(
            self.figure(of.timelock, views::getMinDelayCall {}, at),
            self.figure(of.timelock, timelock::longestExitCall {}, at),
            self.figure(of.guardian, guardian::holderCall {}, at),
            self.figure(of.guardian, guardian::untilCall {}, at),
        )?;
        let mut seen = Seen::default();
        seen.maybe("governance/delay", delay);
        seen.maybe("governance/longest_exit", longest);
        if let (Some(holder), Some(until)) = (holder, until) {
            // One that was never given, was taken or given back does not end soon: nobody is waiting for its renewal.
            seen.put(
                "governance/guarded",
                U256::from(u8::from(!holder.is_zero() && until > now)),
            );
            if !holder.is_zero() {
                seen.put("governance/mandate_left", until.saturating_sub(now));
            }
        }
        let page = PageRequest {
            cursor: None,
            limit: MOST,
        };
        let proposals = self.store.proposals(&page).await?.items;
        let undone = proposals
            .iter()
            .filter(|p| p.executed_at.is_none() && p.cancelled_at.is_none());
        let states = undone.map(|p| {
            let call = views::stateCall { proposalId: p.id };
            self.figure(of.governor, call, at)
        });
        let states: Vec<_> = try_join_all(states).await?.into_iter().flatten().collect();
        let count = |wanted: &[u8]| states.iter().filter(|s| wanted.contains(s)).count();
        seen.put(
            "governance/proposals_live",
            U256::from(count(&[PENDING, ACTIVE])),
        );
        seen.put(
            "governance/proposals_passed",
            U256::from(count(&[SUCCEEDED])),
        );
        seen.put("governance/proposals_queued", U256::from(count(&[QUEUED])));
        let waiting = self.store.operations_waiting().await?;
        let ready = waiting.iter().take(MOST as usize).map(|operation| {
            let call = timelock::readyAtCall { id: operation.id };
            self.figure(of.timelock, call, at)
        });
        let ready = try_join_all(ready).await?.into_iter().flatten();
        // 0: unknown, 1: done.
        let ready = ready.filter(|at| *at > U256::ONE && *at <= now).count();
        seen.put("governance/timelock_waiting", U256::from(waiting.len()));
        seen.put("governance/timelock_ready", U256::from(ready));
        Ok(seen.0)
    }

    // -------------------------------------------------------------------- the index against the contracts

    /// What of the basket the index and the contracts disagree on.
    pub(super) async fn compare_basket(
        &self,
        of: &BasketContracts,
        cursor: Cursor,
    ) -> Result<Vec<&'static str>> {
        let at = BlockId::hash(cursor.hash);
        let mut differ = Vec::new();
        let legs = self.legs_open().await?;
        let theirs = legs.iter().map(|leg| {
            let call = queue::legInfoCall {
                epoch: U256::from(leg.epoch),
                sleeve: U256::from(leg.sleeve),
            };
            self.figure(of.queue, call, at)
        });
        let theirs = try_join_all(theirs).await?;
        let agree = legs.iter().zip(theirs).all(|(ours, theirs)| {
            theirs.is_none_or(|theirs| {
                let state = match ours.state {
                    LegState::Waiting => 0,
                    LegState::Out => 1,
                    LegState::Done => 2,
                };
                theirs.state == state
                    && theirs.recovered == ours.recovered
                    && theirs.units == ours.units
                    && theirs.ticket == ours.ticket
            })
        });
        if !agree {
            differ.push("epochLegs");
        }
        let page = PageRequest {
            cursor: None,
            limit: MOST,
        };
        let legs = self.store.waiting_legs(&page).await?.items;
        let theirs = legs.iter().map(|leg| {
            let call = basket::waitingPartsCall {
                owner: leg.owner,
                sleeve: U256::from(leg.sleeve),
            };
            self.figure(of.basket, call, at)
        });
        let theirs = try_join_all(theirs).await?;
        let mut pairs = legs.iter().zip(theirs);
        if !pairs.all(|(ours, theirs)| theirs.is_none_or(|parts| parts == ours.parts)) {
            differ.push("waitingLegs");
        }
        Ok(differ)
    }
}

/// Of the basket's worth at the middle of the prices: each sleeve's part, and how far that is off its target, as a part of the
/// target. None while a price that counts is not sound: weights of some would not be those of the whole.
fn weights(sleeves: &[SleeveLook]) -> Metrics {
    let mut seen = Seen::default();
    let worths: Option<Vec<_>> = sleeves
        .iter()
        .map(|look| match look.counts() {
            true => look.worth(),
            false => Some(U256::ZERO),
        })
        .collect();
    let Some(worths) = worths else {
        return seen.0;
    };
    let all = worths
        .iter()
        .fold(U256::ZERO, |sum, w| sum.saturating_add(*w));
    if all.is_zero() {
        return seen.0;
    }
    let whole = U256::from(BPS);
    for (look, worth) in sleeves.iter().zip(worths) {
        let name = |figure: &str| format!("basket/sleeve/{}/{figure}", look.id);
        seen.put(&name("worth"), worth);
        seen.put(&name("weight_bps"), worth.saturating_mul(whole) / all);
        let target = all.saturating_mul(U256::from(look.info.targetBps));
        let off = worth.saturating_mul(whole).abs_diff(target);
        let off = off.saturating_mul(whole).checked_div(target);
        seen.maybe(&name("drift_bps"), off);
    }
    seen.0
}

/// Figures under construction.
#[derive(Debug, Default)]
struct Seen(Metrics);

impl Seen {
    fn put(&mut self, name: &str, value: U256) {
        self.0.insert(name.to_owned(), value);
    }

    fn maybe(&mut self, name: &str, value: Option<U256>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
}
