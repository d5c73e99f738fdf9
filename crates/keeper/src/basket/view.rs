//! What the basket's plans are made from: basket, queue, sleeves and prices at one block.

use super::{
    Scan,
    outside::{ICoreSystems, IMarks, IReserves},
};
use crate::{Error, Result};
use alloy::{
    eips::BlockId,
    primitives::{Address, U256, address},
    sol_types::SolCall,
};
use chain::{
    BasketContracts, Block, ChainError, Pool,
    bindings::{
        IBasket as B, ICoreAgent, ICoreCandidateHub as Hub, ICoreEarn, ICoreSleeve, IPriceFeed,
        ISleeve, IStCoreSleeve, IUnbondingQueue as Q, basket::IBasketTypes::SleeveInfo,
        basket_queue::IUnbondingQueue::LegInfo,
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeSet;

/// Stands for the chain's coin.
pub(crate) const NATIVE: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
/// A price's scale: coins for so many units.
pub(crate) const ONE: u128 = 1_000_000_000_000_000_000;
/// States of a leg, as `IUnbondingQueue.LegState` numbers them.
pub(crate) const WAITING: u8 = 0;
pub(crate) const OUT: u8 = 1;
pub(crate) const DONE: u8 = 2;
/// `IPriceFeed.State`.
pub(crate) const SOUND: u8 = 0;
pub(crate) const IMPAIRED: u8 = 2;
/// `IBasketTypes.Pausable.Auction`.
const AUCTION: u8 = 2;
/// Questions under way at a time.
const AT_ONCE: usize = 8;

/// The epoch that takes requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenEpoch {
    /// Its number, from 1.
    pub id: u64,
    /// When its close is due, unix seconds; `None` while nobody asked for anything.
    pub due_at: Option<u64>,
    /// Shares asked for.
    pub shares: U256,
}

/// A closed epoch with a leg that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochView {
    /// Its number.
    pub id: u64,
    /// When it closed, unix seconds.
    pub closed_at: u64,
    /// Its legs, by sleeve.
    pub legs: Vec<LegView>,
}

/// One leg of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegView {
    /// The sleeve.
    pub sleeve: u8,
    /// What the queue says of it.
    pub info: LegInfo,
    /// When its ticket may be collected by the sleeve's word, unix seconds: after this second. `None` where it does not say.
    pub due_at: Option<u64>,
}

/// A leg in kind that waits for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingLeg {
    /// Whose it is.
    pub owner: Address,
    /// The sleeve.
    pub sleeve: u8,
    /// Parts of it.
    pub parts: U256,
}

/// A reading of the drift. Bits are sleeves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Over their target.
    pub over: U256,
    /// Under it.
    pub under: U256,
    /// When it was made, unix seconds; 0: never.
    pub at: u64,
}

/// What the basket knows of its drift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DriftView {
    /// The last reading.
    pub last: Reading,
    /// The one before it.
    pub before: Reading,
    /// How far off its target is too far, basis points of the target.
    pub limit_bps: U256,
}

/// The auction, as far as anybody may start or end one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuctionView {
    /// The last one that started; 0: none did.
    pub id: U256,
    /// It takes bids.
    pub running: bool,
    /// `endAuction` would end it now.
    pub endable: bool,
    /// Paused until then, unix seconds.
    pub paused_until: u64,
}

/// A pool's marks, that somebody must move on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardView {
    /// The guard.
    pub address: Address,
    /// When it was last marked, unix seconds; 0: never.
    pub marked_at: u64,
    /// Seconds between two marks.
    pub window: u64,
    /// The pool was touched in this second, in which nobody may mark.
    pub touched: bool,
}

/// A price and what is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceView {
    /// From below: coins (wei) for 1e18 units.
    pub low: U256,
    /// From above.
    pub high: U256,
    /// `IPriceFeed.State`: 0 sound, 1 doubtful, 2 impaired.
    pub state: u8,
    /// When it was last observed, unix seconds; 0: never.
    pub seen_at: u64,
    /// When it was last observed impaired, unix seconds; 0: it is not known to be.
    pub impaired_at: u64,
    /// The feed prices it at all.
    pub listed: bool,
    /// Its guard, where that has marks to be moved on.
    pub guard: Option<GuardView>,
}

/// What `moveStake` would do with a sound validator that is over its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StakeReading {
    /// Note a first reading.
    First,
    /// Nothing before that second: the first reading is too young.
    Young(u64),
    /// Move stake: this is the second reading.
    Second,
}

/// A validator of a CORE sleeve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StakeView {
    /// Its account.
    pub account: Address,
    /// What is booked with it, wei.
    pub stake: U256,
    /// What would be booked with it after asking the staking system, wei; `None` when that does not answer.
    pub told: Option<U256>,
    /// Its weight.
    pub weight: u64,
    /// Known, not jailed, and takes delegations.
    pub takes: bool,
    /// Elected: earns in the running round.
    pub elected: bool,
    /// Jailed.
    pub jailed: bool,
    /// What moving would do, where it is sound and over its weight.
    pub reading: Option<StakeReading>,
}

/// A sleeve that delegates CORE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreView {
    /// The running round; `None` when the staking system does not say.
    pub round: Option<u64>,
    /// The least delegation, wei.
    pub least: U256,
    /// How far over its weight a sound validator may be, basis points.
    pub drift_bps: U256,
    /// Its validators.
    pub validators: Vec<StakeView>,
    /// What another harvest of this round would bring, wei: rewards that came after the round's harvest.
    pub gain: U256,
}

/// A sleeve of stCORE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StCoreView {
    /// The round that Earn's operator has settled; `None` when Earn does not say.
    pub round: Option<u64>,
    /// The least that Earn redeems, units.
    pub least: U256,
    /// Its terms are those that the sleeve declared; otherwise legs end in stCORE, and need no operator.
    pub terms_hold: bool,
}

/// What is special about a sleeve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SleeveKind {
    /// Delegates CORE.
    Core(CoreView),
    /// Holds stCORE.
    StCore(StCoreView),
    /// Any other.
    Other,
}

/// One sleeve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SleeveView {
    /// Its id.
    pub id: u8,
    /// The basket's books.
    pub info: SleeveInfo,
    /// Units that it says it holds; `None` when it does not answer.
    pub held: Option<U256>,
    /// Units that it could pay out now; `None` when it does not answer.
    pub idle: Option<U256>,
    /// Its price; `None` where there is no feed that answers. The coin's is 1.
    pub price: Option<PriceView>,
    /// What else there is to know.
    pub kind: SleeveKind,
}

/// Everything at one block. Units and parts as the basket counts them, coins in wei, times in unix seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasketView {
    /// The block.
    pub block: Block,
    /// Whose view it is.
    pub contracts: BasketContracts,
    /// The open epoch.
    pub open: OpenEpoch,
    /// Closed epochs with legs that are not done, as far as they were looked at.
    pub epochs: Vec<EpochView>,
    /// The sleeves, by id.
    pub sleeves: Vec<SleeveView>,
    /// Coins that instant exits leave idle.
    pub floor: U256,
    /// Coins that dusk leaves idle besides.
    pub buffer: U256,
    /// Coins that could leave at once.
    pub max_instant: U256,
    /// The drift.
    pub drift: DriftView,
    /// The auction.
    pub auction: AuctionView,
    /// Coins (wei) for 1e18 wei of shares, from below; 0 when there is no price.
    pub nav_low: U256,
    /// Shares of the management fee that nobody has collected yet.
    pub fee_shares: U256,
    /// Legs in kind that wait, of the candidates that were looked at: see [`BasketView::look_at`].
    pub waiting: Vec<WaitingLeg>,
}

/// Whether what was asked answered wrongly or refused: its own fault, and no reason to stop looking at the others. A chain that
/// does not answer is another matter.
pub(crate) fn is_own_fault(error: &ChainError) -> bool {
    matches!(error, ChainError::Rpc { .. } | ChainError::Decode { .. })
}

/// A question to somebody who may not answer.
async fn ask<C: SolCall>(
    pool: &Pool,
    to: Address,
    call: C,
    at: BlockId,
) -> Result<Option<C::Return>> {
    match pool.read(to, &call, at).await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_own_fault(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn small(value: U256) -> u64 {
    value.saturating_to()
}

impl BasketView {
    /// Reads everything at `block`, by its hash. Of closed epochs the newest sixteen are looked at.
    ///
    /// # Errors
    /// Those of the chain, and of a basket or queue that is none. A sleeve, feed or staking system that does not answer is no
    /// error: its part of the view says so.
    pub async fn read(pool: &Pool, contracts: BasketContracts, block: Block) -> Result<Self> {
        Self::read_with(pool, contracts, block, &mut Scan::default()).await
    }

    /// The same, looking at the epochs that `scan` wants to see.
    pub(crate) async fn read_with(
        pool: &Pool,
        contracts: BasketContracts,
        block: Block,
        scan: &mut Scan,
    ) -> Result<Self> {
        let at = block.id();
        let (basket, queue) = (contracts.basket, contracts.queue);
        let (opened, count, idle, limit, readings, id, paused) = tokio::try_join!(
            pool.read(queue, &Q::openEpochCall {}, at),
            pool.read(basket, &B::sleeveCountCall {}, at),
            pool.read(basket, &B::idleCall {}, at),
            pool.read(basket, &B::driftBpsCall {}, at),
            pool.read(basket, &B::driftReadingsCall {}, at),
            pool.read(basket, &B::auctionIdCall {}, at),
            pool.read(basket, &B::pausedUntilCall { what: AUCTION }, at),
        )?;
        let info = pool
            .read(
                queue,
                &Q::epochInfoCall {
                    epoch: opened.epoch,
                },
                at,
            )
            .await?;
        let open = OpenEpoch {
            id: small(opened.epoch),
            due_at: (!info.dueAt.is_zero()).then(|| small(info.dueAt)),
            shares: info.shares,
        };
        let now = block.timestamp;
        let sleeves: Vec<SleeveView> = stream::iter(0..small(count).min(u64::from(u8::MAX)))
            .map(|id| {
                SleeveView::read(
                    pool,
                    &contracts,
                    u8::try_from(id).unwrap_or(u8::MAX),
                    at,
                    now,
                )
            })
            .buffered(4)
            .try_collect()
            .await?;
        let epochs = stream::iter(scan.page(open.id))
            .map(|id| EpochView::read(pool, queue, id, &sleeves, at))
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let auction = read_auction(pool, basket, id, small(paused.until), at).await?;
        let (max_instant, nav, fee_shares) = tokio::try_join!(
            ask(pool, basket, B::maxInstantCall {}, at),
            ask(pool, basket, B::navCall {}, at),
            // It refuses while there is nothing.
            ask(pool, basket, B::collectFeesCall {}, at),
        )?;
        let view = Self {
            block,
            contracts,
            open,
            epochs: scan.keep(epochs),
            sleeves,
            floor: idle.floor,
            buffer: idle.buffer,
            max_instant: max_instant.unwrap_or_default(),
            drift: DriftView {
                last: Reading {
                    over: readings.over,
                    under: readings.under,
                    at: small(readings.readAt),
                },
                before: Reading {
                    over: readings.overBefore,
                    under: readings.underBefore,
                    at: small(readings.readAtBefore),
                },
                limit_bps: limit,
            },
            auction,
            nav_low: nav.map_or(U256::ZERO, |nav| nav.low),
            fee_shares: fee_shares.unwrap_or_default(),
            waiting: Vec::new(),
        };
        Ok(view)
    }

    /// Asks the chain about legs in kind that the store names, at the view's own block: which of them wait.
    ///
    /// # Errors
    /// Those of the chain.
    pub async fn look_at(
        &mut self,
        pool: &Pool,
        candidates: &BTreeSet<(Address, u8)>,
    ) -> Result<()> {
        let (basket, at) = (self.contracts.basket, self.block.id());
        self.waiting = stream::iter(candidates.iter().copied())
            .map(|(owner, sleeve)| async move {
                let call = B::waitingPartsCall {
                    owner,
                    sleeve: U256::from(sleeve),
                };
                let parts = ask(pool, basket, call, at).await?.unwrap_or_default();
                Ok::<_, Error>((!parts.is_zero()).then_some(WaitingLeg {
                    owner,
                    sleeve,
                    parts,
                }))
            })
            .buffered(AT_ONCE)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await?;
        Ok(())
    }

    /// A sleeve.
    #[must_use]
    pub fn sleeve(&self, id: u8) -> Option<&SleeveView> {
        self.sleeves.iter().find(|sleeve| sleeve.id == id)
    }

    /// A leg that is not done, and when its epoch closed.
    #[must_use]
    pub fn leg(&self, epoch: u64, sleeve: u8) -> Option<(&LegView, u64)> {
        let found = self.epochs.iter().find(|one| one.id == epoch)?;
        let leg = found.legs.iter().find(|leg| leg.sleeve == sleeve)?;
        Some((leg, found.closed_at))
    }

    pub(crate) fn now(&self) -> u64 {
        self.block.timestamp
    }

    /// The round by the calendar.
    pub(crate) fn today(&self) -> u64 {
        self.now() / super::DAY
    }

    /// When the day began.
    pub(crate) fn dawn(&self) -> u64 {
        self.today().saturating_mul(super::DAY)
    }

    /// The round that Core runs, where a sleeve can ask; else the calendar's, once every round has turned by it.
    pub(crate) fn running_round(&self) -> Option<u64> {
        let told = self.sleeves.iter().find_map(|sleeve| match &sleeve.kind {
            SleeveKind::Core(core) => core.round,
            _ => None,
        });
        let turned = self.now() >= self.dawn().saturating_add(super::TURN);
        told.or_else(|| turned.then(|| self.today()))
    }
}

async fn read_auction(
    pool: &Pool,
    basket: Address,
    id: U256,
    paused_until: u64,
    at: BlockId,
) -> Result<AuctionView> {
    let mut view = AuctionView {
        id,
        paused_until,
        ..AuctionView::default()
    };
    if id.is_zero() {
        return Ok(view);
    }
    let end = B::endAuctionCall { id };
    view.endable = ask(pool, basket, end, at).await?.is_some();
    view.running = match ask(pool, basket, B::auctionCall { id }, at).await? {
        Some(auction) => auction.running.left != 0,
        // It has no price to tell, so it runs: an auction that is over is told without one.
        None => true,
    };
    Ok(view)
}

impl EpochView {
    async fn read(
        pool: &Pool,
        queue: Address,
        id: u64,
        sleeves: &[SleeveView],
        at: BlockId,
    ) -> Result<Self> {
        let epoch = U256::from(id);
        let info = pool.read(queue, &Q::epochInfoCall { epoch }, at).await?;
        let mut legs = Vec::new();
        for sleeve in sleeves
            .iter()
            .take(small(info.legs).try_into().unwrap_or(usize::MAX))
        {
            let call = Q::legInfoCall {
                epoch,
                sleeve: U256::from(sleeve.id),
            };
            let info = pool.read(queue, &call, at).await?;
            let mut due_at = None;
            if info.state == OUT && matches!(sleeve.kind, SleeveKind::StCore(_)) {
                let call = IStCoreSleeve::ticketInfoCall {
                    ticket: info.ticket,
                };
                let ticket = ask(pool, sleeve.info.sleeve, call, at).await?;
                due_at = ticket.map(|ticket| small(ticket.dueAt));
            }
            legs.push(LegView {
                sleeve: sleeve.id,
                info,
                due_at,
            });
        }
        Ok(Self {
            id,
            closed_at: small(info.closedAt),
            legs,
        })
    }

    /// Whether all of it is done.
    pub(crate) fn is_done(&self) -> bool {
        self.legs.iter().all(|leg| leg.info.state == DONE)
    }
}

impl SleeveView {
    async fn read(
        pool: &Pool,
        contracts: &BasketContracts,
        id: u8,
        at: BlockId,
        now: u64,
    ) -> Result<Self> {
        let call = B::sleeveInfoCall {
            sleeve: U256::from(id),
        };
        let info = pool.read(contracts.basket, &call, at).await?;
        let adapter = info.sleeve;
        let (held, idle) = tokio::try_join!(
            ask(pool, adapter, ISleeve::heldCall {}, at),
            ask(pool, adapter, ISleeve::instantCapacityCall {}, at),
        )?;
        let price = match contracts.feed {
            _ if info.token == NATIVE => Some(PriceView::coin()),
            Some(feed) => PriceView::read(pool, feed, info.token, at, now).await?,
            None => None,
        };
        let kind = if info.token == NATIVE {
            match CoreView::read(pool, contracts.basket, id, &info, at, now).await? {
                Some(core) => SleeveKind::Core(core),
                None => SleeveKind::Other,
            }
        } else {
            match StCoreView::read(pool, adapter, at).await? {
                Some(view) => SleeveKind::StCore(view),
                None => SleeveKind::Other,
            }
        };
        Ok(Self {
            id,
            info,
            held,
            idle,
            price,
            kind,
        })
    }

    pub(crate) fn is_coin(&self) -> bool {
        self.info.token == NATIVE
    }

    /// Units that the books count and that are not there.
    pub(crate) fn loss(&self) -> Option<U256> {
        let booked = self
            .info
            .units
            .saturating_add(self.info.locked)
            .saturating_add(self.info.feeUnits);
        let lost = booked.saturating_sub(self.held?);
        (!lost.is_zero()).then_some(lost)
    }

    /// Units of so many of its parts, rounded down.
    pub(crate) fn units_of(&self, parts: U256) -> U256 {
        let units = self.info.units.saturating_mul(parts);
        units.checked_div(self.info.parts).unwrap_or_default()
    }

    /// Coins for units, from below; `None` where nobody says what they are worth.
    pub(crate) fn worth(&self, units: U256) -> Option<U256> {
        let price = self.price.as_ref().filter(|price| !price.low.is_zero())?;
        Some(units.saturating_mul(price.low) / U256::from(ONE))
    }

    /// Whether anything may come in: the basket's own rule.
    pub(crate) fn takes_in(&self) -> bool {
        let wiped = self.info.units < self.info.parts / U256::from(1_000_000)
            || (self.info.units.is_zero() && !self.info.parts.is_zero());
        !self.info.retired && !self.info.slow && !wiped
    }
}

impl PriceView {
    fn coin() -> Self {
        Self {
            low: U256::from(ONE),
            high: U256::from(ONE),
            state: SOUND,
            seen_at: 0,
            impaired_at: 0,
            listed: false,
            guard: None,
        }
    }

    async fn read(
        pool: &Pool,
        feed: Address,
        asset: Address,
        at: BlockId,
        now: u64,
    ) -> Result<Option<Self>> {
        let (quote, kept, listing) = tokio::try_join!(
            ask(pool, feed, IPriceFeed::quoteCall { asset }, at),
            ask(pool, feed, IPriceFeed::memoryOfCall { asset }, at),
            ask(pool, feed, IPriceFeed::listingCall { asset }, at),
        )?;
        let Some(quote) = quote else { return Ok(None) };
        let mut guard = None;
        if let Some(listing) = listing.as_ref().filter(|listing| !listing.guard.is_zero()) {
            guard = GuardView::read(pool, listing.guard, at, now).await?;
        }
        Ok(Some(Self {
            low: quote.low,
            high: quote.high,
            state: quote.state,
            seen_at: kept.as_ref().map_or(0, |kept| kept.seenAt.to()),
            impaired_at: kept.as_ref().map_or(0, |kept| kept.impairedAt.to()),
            listed: kept.is_some() && listing.is_some_and(|listing| !listing.fair.is_zero()),
            guard,
        }))
    }

    /// Whether every source answered: otherwise an observation would keep nothing.
    pub(crate) fn is_complete(&self) -> bool {
        !(self.low.is_zero() && self.high >= U256::from(u128::MAX))
    }

    pub(crate) fn mid(&self) -> U256 {
        self.low.saturating_add(self.high) / U256::from(2)
    }
}

impl GuardView {
    /// `None` where the guard has no marks.
    async fn read(pool: &Pool, address: Address, at: BlockId, now: u64) -> Result<Option<Self>> {
        let (window, newer, pair) = tokio::try_join!(
            ask(pool, address, IMarks::WINDOWCall {}, at),
            ask(pool, address, IMarks::newerCall {}, at),
            ask(pool, address, IMarks::POOLCall {}, at),
        )?;
        let (Some(window), Some(newer), Some(pair)) = (window, newer, pair) else {
            return Ok(None);
        };
        let reserves = ask(pool, pair, IReserves::getReservesCall {}, at).await?;
        Ok(Some(Self {
            address,
            marked_at: newer.at.to(),
            window: small(window),
            // The pool's clock has 32 bits.
            touched: reserves
                .is_none_or(|reserves| u64::from(reserves.at) == now & u64::from(u32::MAX)),
        }))
    }
}

impl StCoreView {
    async fn read(pool: &Pool, adapter: Address, at: BlockId) -> Result<Option<Self>> {
        let Some(earn) = ask(pool, adapter, IStCoreSleeve::EARNCall {}, at).await? else {
            return Ok(None);
        };
        let (round, least, terms) = tokio::try_join!(
            ask(pool, earn, ICoreEarn::roundTagCall {}, at),
            ask(pool, earn, ICoreEarn::redeemMinLimitCall {}, at),
            ask(pool, adapter, IStCoreSleeve::termsHoldCall {}, at),
        )?;
        Ok(Some(Self {
            round: round.map(small),
            // What the sleeve takes it for where Earn does not say.
            least: least.unwrap_or(U256::from(ONE)),
            terms_hold: terms.unwrap_or(false),
        }))
    }
}

impl CoreView {
    async fn read(
        pool: &Pool,
        basket: Address,
        id: u8,
        info: &SleeveInfo,
        at: BlockId,
        now: u64,
    ) -> Result<Option<Self>> {
        let adapter = info.sleeve;
        let (hub, agent, drift, list) = tokio::try_join!(
            ask(pool, adapter, ICoreSystems::HUBCall {}, at),
            ask(pool, adapter, ICoreSystems::AGENTCall {}, at),
            ask(pool, adapter, ICoreSystems::DRIFT_BPSCall {}, at),
            ask(pool, adapter, ICoreSleeve::validatorsCall {}, at),
        )?;
        let (Some(hub), Some(agent), Some(drift_bps), Some(list)) = (hub, agent, drift, list)
        else {
            return Ok(None);
        };
        let (round, least) = tokio::try_join!(
            ask(pool, hub, Hub::getRoundTagCall {}, at),
            ask(pool, agent, ICoreAgent::requiredCoinDepositCall {}, at),
        )?;
        let mut validators: Vec<StakeView> = stream::iter(list)
            .map(|one| async move {
                let candidate = one.account;
                let told = ICoreSleeve::reconcileCall {
                    validator: candidate,
                };
                let (takes, elected, jailed, told) = tokio::try_join!(
                    ask(pool, hub, Hub::canDelegateCall { candidate }, at),
                    ask(pool, hub, Hub::isValidatorCall { candidate }, at),
                    ask(pool, hub, Hub::isJailedCall { candidate }, at),
                    ask(pool, adapter, told, at),
                )?;
                Ok::<_, Error>(StakeView {
                    account: candidate,
                    stake: U256::from(one.stake),
                    told,
                    weight: u64::from(one.weight),
                    takes: takes.unwrap_or(false),
                    elected: elected.unwrap_or(false),
                    jailed: jailed.unwrap_or(false),
                    reading: None,
                })
            })
            .buffered(4)
            .try_collect()
            .await?;
        let shares = super::jobs::targets(&validators);
        for (validator, target) in validators.iter_mut().zip(shares) {
            if super::jobs::is_over(validator, target, drift_bps) {
                validator.reading = read_stake(pool, adapter, validator.account, at).await?;
            }
        }
        let mut gain = U256::ZERO;
        if small(info.round) == now / super::DAY && !info.retired {
            let again = B::harvestCall {
                sleeve: U256::from(id),
            };
            let would = ask(pool, basket, again, at).await?;
            gain = would.map_or(U256::ZERO, |would| would.gained);
        }
        Ok(Some(Self {
            round: round.map(small),
            // What the sleeve takes it for where the system does not say.
            least: least
                .filter(|least| !least.is_zero())
                .unwrap_or(U256::from(ONE)),
            drift_bps,
            validators,
            gain,
        }))
    }
}

/// What moving stake of a sound validator would do: the sleeve keeps its first reading to itself, so it is asked by doing.
async fn read_stake(
    pool: &Pool,
    adapter: Address,
    from: Address,
    at: BlockId,
) -> Result<Option<StakeReading>> {
    match pool
        .read(adapter, &ICoreSleeve::moveStakeCall { from }, at)
        .await
    {
        Ok(moved) if moved.is_zero() => Ok(Some(StakeReading::First)),
        Ok(_) => Ok(Some(StakeReading::Second)),
        Err(error) if is_own_fault(&error) => {
            let young = error
                .rpc()
                .and_then(|rpc| rpc.revert_data())
                .and_then(|data| {
                    alloy::sol_types::SolError::abi_decode(&data)
                        .ok()
                        .map(|young: ICoreSleeve::DriftTooYoung| small(young.movableFrom))
                });
            Ok(young.map(StakeReading::Young))
        }
        Err(error) => Err(error.into()),
    }
}
