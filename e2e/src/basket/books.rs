//! A basket's books, kept a second time: from the calls, their events, and what feed and staking systems say. No view of the
//! basket, its queue or its adapters is asked. Promises are checked as each event is booked, in the numbers of the design.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code: a number that does not fit ends the run"
)]

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    primitives::{Address, Log, U256, Uint},
    sol_types::SolEventInterface,
};
use chain::bindings::{basket, basket_queue, basket_receipts, basket_token, core_sleeve};
use eyre::{Result, bail, ensure, eyre};

use super::world::{DAY, NATIVE, Terms, u};
use basket::IBasket::IBasketEvents as B;
use basket_queue::IUnbondingQueue::IUnbondingQueueEvents as Q;
use basket_receipts::IBasketReceipts::IBasketReceiptsEvents as R;
use basket_token::IBasketToken::IBasketTokenEvents as T;
use core_sleeve::ICoreSleeve::ICoreSleeveEvents as C;

/// Room for a sum of units times parts times price, scaled, times a supply.
type Wide = Uint<1024, 16>;

pub const ONE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
const BPS: U256 = U256::from_limbs([10_000, 0, 0, 0]);

fn ray() -> U256 {
    U256::from(10).pow(U256::from(27))
}

fn wide(x: U256) -> Wide {
    Wide::from_limbs_slice(x.as_limbs())
}

/// floor(a * b / c), in full width.
pub fn down(a: U256, b: U256, c: U256) -> U256 {
    let q = wide(a) * wide(b) / wide(c);
    U256::from_limbs_slice(&q.as_limbs()[..4])
}

/// ceil(a * b / c), in full width.
pub fn up(a: U256, b: U256, c: U256) -> U256 {
    let q = (wide(a) * wide(b)).div_ceil(wide(c));
    U256::from_limbs_slice(&q.as_limbs()[..4])
}

/// Both sides of a price, and whether it is sound.
#[derive(Debug, Clone, Copy)]
pub struct Price {
    pub low: U256,
    pub high: U256,
    pub sound: bool,
}

impl Price {
    pub const COIN: Self = Self {
        low: ONE,
        high: ONE,
        sound: true,
    };

    pub fn mid(&self) -> U256 {
        (self.low + self.high) / u(2_u64)
    }
}

/// One sleeve.
#[derive(Debug, Clone, Default)]
pub struct Sleeve {
    pub adapter: Address,
    pub token: Address,
    /// Seconds that it declared.
    pub exit: u64,
    pub units: U256,
    pub parts: U256,
    pub own: U256,
    pub locked: U256,
    pub fees: U256,
    pub lost: U256,
    pub best: U256,
    pub retired: bool,
    pub target: u16,
    /// In-kind legs that wait, by owner.
    pub waiting: BTreeMap<Address, U256>,
    /// Something was lost outside that nobody booked yet.
    pub dirty: bool,
    /// Day of the running steps, the units at its beginning, and what was released in it.
    day: u64,
    day_base: U256,
    day_released: U256,
}

impl Sleeve {
    /// The basket's own units, rounded down.
    pub fn own_units(&self) -> U256 {
        if self.parts.is_zero() {
            return U256::ZERO;
        }
        down(self.units, self.own, self.parts)
    }

    /// Worth something to the basket: what is locked where no unit is left is never released.
    pub fn counts(&self) -> bool {
        !self.own.is_zero() && !self.units.is_zero()
    }

    fn worth(&self, price: Price) -> (U256, U256) {
        let least = self.own_units() * price.low / ONE;
        let most = up(self.units, self.own, self.parts) + up(self.locked, self.own, self.parts);
        (least, up(most, price.high, ONE))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Out,
    Done,
}

/// One leg of a closed epoch.
#[derive(Debug, Clone)]
pub struct Leg {
    pub state: State,
    pub parts: U256,
    pub units: U256,
    pub asset: Address,
    pub recovered: U256,
    pub claimed: U256,
    pub started: u64,
    /// Payments of the ticket.
    pub payments: u64,
}

/// Who holds a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Account(Address),
    Line(u64),
}

#[derive(Debug, Clone, Default)]
pub struct Position {
    pub shares: U256,
    pub paid: Vec<U256>,
    pub done: BTreeSet<usize>,
}

#[derive(Debug, Clone, Default)]
pub struct Epoch {
    pub shares: U256,
    pub legs: Vec<Leg>,
    pub positions: BTreeMap<Key, Position>,
    /// Positions that it ever had.
    pub claimants: u64,
    pub closed: u64,
}

/// The epoch that takes requests.
#[derive(Debug, Clone, Default)]
pub struct Open {
    pub number: u64,
    pub shares: U256,
    pub requests: BTreeMap<Address, U256>,
    pub day: u64,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Auction {
    pub id: U256,
    pub left: U256,
    pub from: usize,
    pub to: usize,
    pub since: u64,
}

/// What the world says before a call: prices by sleeve, stCORE's rate, and what of the call the events do not tell.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    pub now: u64,
    pub prices: Vec<Price>,
    pub rate: U256,
    /// Units that a bid asks for.
    pub asked: U256,
    /// Receipt that a claim spends.
    pub receipt: Option<U256>,
}

/// The expected state.
#[derive(Debug, Clone, Default)]
pub struct Books {
    pub basket: Address,
    pub token: Address,
    pub queue: Address,
    pub receipts_at: Address,
    pub sleeves: Vec<Sleeve>,
    pub minted: U256,
    pub shares: BTreeMap<Address, U256>,
    pub fee_shares: U256,
    pub fee_at: u64,
    pub fee_rate: U256,
    pub entry: U256,
    pub instant: U256,
    pub performance: U256,
    pub open: Open,
    pub epochs: BTreeMap<u64, Epoch>,
    /// Receipts: owner by id; a line's epoch.
    pub receipts: BTreeMap<U256, Address>,
    pub lines: BTreeMap<u64, u64>,
    pub operators: BTreeSet<(Address, Address)>,
    pub recipients: BTreeMap<Address, Address>,
    /// Stake by validator, as the adapter tells it.
    pub stake: BTreeMap<Address, U256>,
    pub auction: Auction,
    /// When auctions lost what of which worth.
    pub losses: Vec<(u64, U256, U256)>,
    /// What happened, by name: the least of each is a promise of the run.
    pub seen: BTreeMap<&'static str, u64>,
}

/// Of 1e27: what a second adds to the supply for a fee of `bps` a year, compounded. The fee takes `bps` of the basket in a
/// year: e^(-ln(1 - f)), the logarithm by its series.
fn per_second(bps: u16) -> U256 {
    let ray = ray();
    let f = U256::from(bps) * ray / BPS;
    let (mut power, mut sum) = (f, f);
    for k in 2..12_u64 {
        power = power * f / ray;
        sum += power / u(k);
    }
    let x = sum / u(365 * DAY);
    x + x * x / (u(2_u64) * ray)
}

/// Of 1e27, by squaring, down at each step.
fn growth(rate: U256, mut time: u64) -> U256 {
    let ray = ray();
    let (mut base, mut result) = (ray + rate, ray);
    while time != 0 {
        if time & 1 == 1 {
            result = result * base / ray;
        }
        base = base * base / ray;
        time >>= 1;
    }
    result
}

/// Exact enough: units, parts and prices to a fraction of 2^-128 of a wei, on either side.
fn nav(sleeves: &[Sleeve], prices: &[U256], up: bool) -> Wide {
    let mut sum = Wide::ZERO;
    for (s, price) in sleeves.iter().zip(prices) {
        if s.parts.is_zero() {
            continue;
        }
        let worth: Wide = (wide(s.units) * wide(s.own) * wide(*price)) << 128_usize;
        sum += if up {
            worth.div_ceil(wide(s.parts))
        } else {
            worth / wide(s.parts)
        };
    }
    sum
}

impl Books {
    /// After the first deposit of a world.
    pub fn new(
        places: &super::world::Places,
        terms: &Terms,
        (shares, units): (u128, [u128; 3]),
        now: u64,
    ) -> Self {
        let tokens = [NATIVE, places.st, places.btc];
        let exits = [0, super::world::ST_EXIT, 0];
        let sleeves = (0..3)
            .map(|i| Sleeve {
                adapter: places.adapters[i],
                token: tokens[i],
                exit: exits[i],
                units: u(units[i]),
                parts: u(units[i]),
                own: u(units[i]),
                target: terms.targets[i],
                best: if i == 1 { ONE } else { U256::ZERO },
                ..Sleeve::default()
            })
            .collect();
        let dead = u(1_000_000_000_000_000_u64);
        Self {
            basket: places.basket,
            token: places.token,
            queue: places.queue,
            receipts_at: places.receipts,
            sleeves,
            minted: u(shares),
            shares: BTreeMap::from([
                (places.people[0], u(shares) - dead),
                (super::world::DEAD, dead),
            ]),
            fee_at: now,
            fee_rate: per_second(terms.management),
            entry: u(terms.entry),
            instant: u(terms.instant),
            performance: u(terms.performance),
            open: Open {
                number: 1,
                ..Open::default()
            },
            ..Self::default()
        }
    }

    pub fn note(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    pub fn of(&self, who: Address) -> U256 {
        self.shares.get(&who).copied().unwrap_or_default()
    }

    /// T at `now`.
    pub fn supply(&self, now: u64) -> U256 {
        let before = self.minted + self.fee_shares;
        if self.fee_rate.is_zero() || now == self.fee_at {
            return before;
        }
        before * growth(self.fee_rate, now - self.fee_at) / ray()
    }

    /// T, written down. `minted` is what was minted when the basket did so.
    fn accrue(&mut self, now: u64, minted: U256) -> U256 {
        let before = minted + self.fee_shares;
        if now == self.fee_at {
            return before;
        }
        let mut total = before;
        if !self.fee_rate.is_zero() {
            total = before * growth(self.fee_rate, now - self.fee_at) / ray();
            self.fee_shares = total - minted;
        }
        self.fee_at = now;
        total
    }

    /// Parts that wait: epochs' legs and legs in kind.
    pub fn waiting(&self, sleeve: usize) -> U256 {
        let legs = self.epochs.values().filter_map(|e| e.legs.get(sleeve));
        let epochs: U256 = legs
            .filter(|leg| leg.state == State::Waiting)
            .map(|leg| leg.parts)
            .sum();
        epochs + self.sleeves[sleeve].waiting.values().sum::<U256>()
    }

    /// The longest exit as the design has it: dusk, a day to the close, its grace, a day for the steps, the slowest sleeve.
    pub fn longest_exit(&self) -> u64 {
        let open = self.sleeves.iter().filter(|s| !s.retired);
        open.map(|s| s.exit).max().unwrap_or_default() + 3_600 + DAY + 2 * 3_600 + DAY
    }

    // ------------------------------------------------------------------------------------------------------- promises

    /// 3: neither parts per share nor units per part fall, exactly.
    fn no_lower(&self, before: &[Sleeve], from: U256, to: U256, what: &str) -> Result<()> {
        for (i, (old, new)) in before.iter().zip(&self.sleeves).enumerate() {
            ensure!(
                wide(new.own) * wide(from) >= wide(old.own) * wide(to),
                "3: {what}: parts per share of sleeve {i} fell: {} of {from}, {} of {to}",
                old.own,
                new.own
            );
            self.no_thinner(i, old, what)?;
        }
        Ok(())
    }

    fn no_thinner(&self, i: usize, old: &Sleeve, what: &str) -> Result<()> {
        let new = &self.sleeves[i];
        ensure!(
            new.parts.is_zero()
                || old.parts.is_zero()
                || wide(new.units) * wide(old.parts) >= wide(old.units) * wide(new.parts),
            "3: {what}: units per part of sleeve {i} fell: {} of {}, {} of {}",
            old.units,
            old.parts,
            new.units,
            new.parts
        );
        Ok(())
    }

    /// 4: at every corner of the box of prices, and at its middle, a share is worth no less.
    fn no_poorer(
        &self,
        before: &[Sleeve],
        (from, to): (U256, U256),
        prices: &[Price],
        what: &str,
    ) -> Result<()> {
        let n = prices.len();
        for corner in 0..=(1_usize << n) {
            let at: Vec<U256> = prices
                .iter()
                .enumerate()
                .map(|(i, p)| match corner {
                    _ if corner == 1 << n => p.mid(),
                    _ if corner >> i & 1 == 1 => p.high,
                    _ => p.low,
                })
                .collect();
            let (old, new) = (nav(before, &at, false), nav(&self.sleeves, &at, true));
            ensure!(
                new * wide(from) >= old * wide(to),
                "4: {what}: a share is worth less at prices {at:?}"
            );
        }
        Ok(())
    }

    // --------------------------------------------------------------------------------------------------------- events

    /// Takes a successful call's logs in their order.
    pub fn apply(&mut self, o: &Outside, logs: &[Log]) -> Result<()> {
        for log in logs {
            let at = log.address;
            if at == self.basket {
                if let Ok(e) = B::decode_log(log) {
                    self.of_basket(o, e.data)?;
                }
            } else if at == self.token {
                if let T::Transfer(e) = T::decode_log(log)?.data {
                    self.transfer(e.from, e.to, e.value)?;
                }
            } else if at == self.queue {
                self.of_queue(o, Q::decode_log(log)?.data)?;
            } else if at == self.receipts_at {
                self.of_receipts(R::decode_log(log)?.data)?;
            } else if at == self.sleeves[0].adapter
                && let Ok(e) = C::decode_log(log)
            {
                self.of_core(e.data)?;
            }
        }
        Ok(())
    }

    fn transfer(&mut self, from: Address, to: Address, x: U256) -> Result<()> {
        if from.is_zero() {
            self.minted += x;
        } else {
            let had = self.shares.entry(from).or_default();
            ensure!(*had >= x, "1: {from} sent {x} shares and had {had}");
            *had -= x;
        }
        if to.is_zero() {
            self.minted -= x;
        } else {
            *self.shares.entry(to).or_default() += x;
        }
        Ok(())
    }

    fn of_core(&mut self, e: C) -> Result<()> {
        let (who, more, x) = match e {
            C::Delegated(e) => (e.validator, true, e.amount),
            C::Undelegated(e) => (e.validator, false, e.amount),
            C::StakeLost(e) => {
                self.note("stake written off");
                (e.validator, false, e.amount)
            }
            C::StakeFound(e) => {
                self.note("stake found again");
                (e.validator, true, e.amount)
            }
            C::StakeMoved(e) => {
                self.note("stake moved");
                *self.stake.entry(e.to).or_default() += e.amount;
                (e.from, false, e.amount)
            }
            C::Skipped(_) => {
                self.note("validators skipped");
                return Ok(());
            }
            C::ValidatorsSet(_) | C::TenantNamed(_) | C::DriftSeen(_) => return Ok(()),
        };
        let stake = self.stake.entry(who).or_default();
        if more {
            *stake += x;
        } else {
            ensure!(*stake >= x, "1: {x} left {who}, who had {stake}");
            *stake -= x;
        }
        Ok(())
    }

    fn of_basket(&mut self, o: &Outside, e: B) -> Result<()> {
        match e {
            B::Deposited(e) => self.deposited(o, index(e.sleeve), e.units, e.shares),
            B::MintedInKind(e) => self.minted_in_kind(o, e.priced, e.shares, &e.units),
            B::InstantExit(e) => self.left_instantly(o, e.shares, e.coins, e.feeCoins),
            B::RedeemedInKind(e) => {
                let minted = self.minted + e.shares;
                let total = self.accrue(o.now, minted);
                self.carve(e.shares, total, &e.parts, "redeemInKind")?;
                for (i, parts) in e.parts.iter().enumerate() {
                    if e.delivered >> i & u(1_u64) == u(1_u64) {
                        self.take_out(i, *parts, None, "redeemInKind")?;
                    } else {
                        *self.sleeves[i].waiting.entry(e.owner).or_default() += *parts;
                        self.recipients.insert(e.owner, e.recipient);
                        self.note("in-kind legs left waiting");
                    }
                }
                Ok(())
            }
            B::LegDelivered(e) => {
                let i = index(e.sleeve);
                let had = self.sleeves[i].waiting.remove(&e.owner);
                ensure!(had == Some(e.parts), "1: {had:?} waited, {} left", e.parts);
                ensure!(
                    self.recipients.get(&e.owner) == Some(&e.recipient),
                    "8: {}'s leg went to {}",
                    e.owner,
                    e.recipient
                );
                self.note("waiting legs delivered");
                self.take_out(i, e.parts, Some(e.units), "deliverLeg")
            }
            B::LegRecipientSet(e) => {
                self.recipients.insert(e.owner, e.recipient);
                Ok(())
            }
            B::EpochCarved(e) => {
                let total = self.accrue(o.now, self.minted);
                self.carve(e.shares, total, &e.parts, "closeEpoch")
            }
            B::LegStarted(e) => self.take_out(index(e.sleeve), e.parts, Some(e.units), "startLeg"),
            B::LossBooked(e) => self.lost(index(e.sleeve), e.units),
            B::Harvested(e) => {
                let i = index(e.sleeve);
                self.harvested(o, i, (e.gained, e.released, e.locked, e.feeUnits))
            }
            B::FeesCollected(e) => {
                let total = self.accrue(o.now, self.minted);
                ensure!(
                    self.fee_shares == e.shares,
                    "3: {} fee shares were accrued and {} are minted, of {total}",
                    self.fee_shares,
                    e.shares
                );
                self.fee_shares = U256::ZERO;
                Ok(())
            }
            B::UnitFeesCollected(e) => {
                let s = &mut self.sleeves[index(e.sleeve)];
                ensure!(s.fees == e.units, "1: fees {} paid as {}", s.fees, e.units);
                s.fees = U256::ZERO;
                Ok(())
            }
            B::SleeveAdded(e) => {
                ensure!(
                    index(e.sleeve) == self.sleeves.len(),
                    "ids are append-only: {}",
                    e.sleeve
                );
                self.note("sleeves added");
                self.sleeves.push(Sleeve {
                    adapter: e.adapter,
                    token: e.token,
                    ..Sleeve::default()
                });
                Ok(())
            }
            B::SleeveRemoved(e) => {
                let s = &mut self.sleeves[index(e.sleeve)];
                ensure!(
                    s.own == s.parts && s.fees.is_zero(),
                    "1: a sleeve retired with legs that wait"
                );
                (s.units, s.parts, s.own, s.locked) =
                    (U256::ZERO, U256::ZERO, U256::ZERO, U256::ZERO);
                s.retired = true;
                self.note("sleeves retired");
                Ok(())
            }
            B::WeightsSet(e) => {
                for (s, target) in self.sleeves.iter_mut().zip(e.targetBps) {
                    s.target = target;
                }
                Ok(())
            }
            B::FeesSet(e) => {
                self.accrue(o.now, self.minted);
                let bps = u16::try_from(e.managementBps).expect("basis points");
                self.fee_rate = per_second(bps);
                (self.entry, self.instant, self.performance) =
                    (e.entryBps, e.instantBps, e.performanceBps);
                Ok(())
            }
            B::AuctionStarted(e) => {
                self.auction = Auction {
                    id: e.id,
                    left: e.units,
                    from: index(e.from),
                    to: index(e.to),
                    since: o.now,
                };
                Ok(())
            }
            B::AuctionBid(e) => self.bid(o, (e.sold, e.paid, e.loss)),
            B::AuctionEnded(_) => {
                self.auction.left = U256::ZERO;
                Ok(())
            }
            B::PausedUntil(e) => {
                if !e.until.is_zero() {
                    self.note("guardian's pauses");
                }
                Ok(())
            }
            B::Initialized(_) | B::CapsSet(_) | B::ParameterSet(_) | B::DriftNoted(_) => Ok(()),
        }
    }

    /// Rule 2, valued on what the parts are worth: the asset low, the basket high.
    fn deposited(&mut self, o: &Outside, i: usize, units: U256, shares: U256) -> Result<()> {
        let total = self.accrue(o.now, self.minted);
        let before = self.sleeves.clone();
        let mut high = U256::ZERO;
        for (k, (s, price)) in before.iter().zip(&o.prices).enumerate() {
            if s.counts() {
                ensure!(
                    price.sound,
                    "4: a deposit while sleeve {k} has no sound price"
                );
                high += s.worth(*price).1;
            }
        }
        let price = o.prices[i];
        ensure!(price.sound, "4: a deposit at a price that is not sound");
        let s = &mut self.sleeves[i];
        let (parts, credited) = if s.parts.is_zero() {
            (units, units)
        } else {
            let parts = down(units, s.parts, s.units);
            (parts, down(parts, s.units, s.parts))
        };
        let gross = down(credited * price.low / ONE, total, high);
        let net = gross - up(gross, self.entry, BPS);
        ensure!(
            net == shares,
            "4: {units} units make {net} shares and made {shares}"
        );
        s.units += units;
        s.parts += parts;
        s.own += parts;
        self.no_poorer(&before, (total, total + shares), &o.prices, "deposit")?;
        self.no_thinner(i, &before[i], "deposit")?;
        self.note("deposits of one asset");
        Ok(())
    }

    /// Rule 1: parts first, then units and what is locked, all up.
    fn minted_in_kind(
        &mut self,
        o: &Outside,
        priced: U256,
        shares: U256,
        units: &[U256],
    ) -> Result<()> {
        let total = self.accrue(o.now, self.minted);
        let before = self.sleeves.clone();
        let net = priced - up(priced, self.entry, BPS);
        ensure!(
            net == shares,
            "3: {priced} priced are {net} shares, were {shares}"
        );
        for (s, got) in self.sleeves.iter_mut().zip(units) {
            let mut asked = U256::ZERO;
            if !s.own.is_zero() {
                let parts = up(s.own, priced, total);
                let x = up(parts, s.units, s.parts);
                let locked = up(parts, s.locked, s.parts);
                s.units += x;
                s.parts += parts;
                s.own += parts;
                s.locked += locked;
                asked = x + locked;
            }
            ensure!(asked == *got, "3: in kind {asked} units, taken {got}");
        }
        self.no_lower(&before, total, total + shares, "mintInKind")
    }

    /// Rule 8 for the low value of the shares, less the fee.
    fn left_instantly(&mut self, o: &Outside, shares: U256, coins: U256, fee: U256) -> Result<()> {
        let total = self.accrue(o.now, self.minted);
        let before = self.sleeves.clone();
        let mut low = U256::ZERO;
        for (k, (s, price)) in before.iter().zip(&o.prices).enumerate() {
            if s.counts() {
                ensure!(
                    price.sound,
                    "4: an exit while sleeve {k} has no sound price"
                );
                low += s.worth(*price).0;
            }
        }
        let value = down(low, shares, total);
        let cut = up(value, self.instant, BPS);
        let (sold, _) = self.sell(0, value - cut);
        ensure!(
            (sold, cut) == (coins, fee),
            "4: {shares} shares are {sold} coins less {cut}, were {coins} less {fee}"
        );
        self.no_poorer(&before, (total, total - shares), &o.prices, "redeemInstant")?;
        self.no_thinner(0, &before[0], "redeemInstant")?;
        self.note("instant exits");
        Ok(())
    }

    /// Rule 8: what leaves, and what the basket gives up for it, rounded up.
    fn sell(&mut self, i: usize, units: U256) -> (U256, U256) {
        let s = &mut self.sleeves[i];
        if s.units.is_zero() {
            return (U256::ZERO, U256::ZERO);
        }
        let parts = down(units, s.parts, s.units).min(s.own);
        let (sold, out) = (down(s.units, parts, s.parts), up(s.units, parts, s.parts));
        s.units -= sold;
        s.parts -= parts;
        s.own -= parts;
        (sold, out)
    }

    /// Rule 3, first half.
    fn carve(&mut self, shares: U256, total: U256, parts: &[U256], what: &str) -> Result<()> {
        let before = self.sleeves.clone();
        ensure!(
            parts.len() == self.sleeves.len(),
            "3: {what} carved {} of {} sleeves",
            parts.len(),
            self.sleeves.len()
        );
        for (s, got) in self.sleeves.iter_mut().zip(parts) {
            let q = down(s.own, shares, total);
            ensure!(q == *got, "3: {what} carves {q} parts, carved {got}");
            s.own -= q;
        }
        self.no_lower(&before, total, total - shares, what)
    }

    /// Rule 3, second half.
    fn take_out(&mut self, i: usize, parts: U256, units: Option<U256>, what: &str) -> Result<()> {
        let old = self.sleeves[i].clone();
        let s = &mut self.sleeves[i];
        if s.parts.is_zero() {
            return Ok(());
        }
        let x = down(s.units, parts, s.parts);
        if let Some(units) = units {
            ensure!(
                x == units,
                "3: {what}: {parts} parts are {x} units, were {units}"
            );
        }
        s.units -= x;
        s.parts -= parts;
        self.no_thinner(i, &old, what)
    }

    /// Rule 4: what is locked first, then all, fees last.
    fn lost(&mut self, i: usize, loss: U256) -> Result<()> {
        let s = &mut self.sleeves[i];
        ensure!(
            s.dirty,
            "1: sleeve {i} booked a loss of {loss} that was none"
        );
        ensure!(
            s.units + s.locked + s.fees >= loss,
            "1: sleeve {i} lost more than it had"
        );
        let mut left = loss;
        for pot in [&mut s.locked, &mut s.units, &mut s.fees] {
            let take = left.min(*pot);
            *pot -= take;
            left -= take;
        }
        s.lost += loss;
        s.dirty = false;
        self.note("losses booked");
        Ok(())
    }

    /// Rule 5, by steps; the fee on yield, and the one on a rate out of the basket's own parts.
    fn harvested(
        &mut self,
        o: &Outside,
        i: usize,
        (gained, released, locked, fees): (U256, U256, U256, U256),
    ) -> Result<()> {
        let old = self.sleeves[i].clone();
        let performance = self.performance;
        let s = &mut self.sleeves[i];
        s.dirty = false;
        let found = gained.min(s.lost);
        s.lost -= found;
        let fee = (gained - found) * performance / BPS;
        s.fees += fee;
        s.locked += gained - fee;
        // The rate of stCORE alone: no other sleeve here has one.
        if i == 1 && o.rate > s.best && o.prices[1].sound {
            let best = std::mem::replace(&mut s.best, o.rate);
            let asked = s.own_units() * (o.rate - best) / o.rate * performance / BPS;
            let (sold, _) = self.sell(i, asked);
            self.sleeves[i].fees += sold;
            if !sold.is_zero() {
                self.note("fees on a rate");
            }
        }
        let s = &mut self.sleeves[i];
        ensure!(
            released <= s.locked,
            "5: released {released} of {}",
            s.locked
        );
        s.locked -= released;
        s.units += released;
        ensure!(
            (s.locked, s.fees) == (locked, fees),
            "3: sleeve {i} has {} locked and {} fees, says {locked} and {fees}",
            s.locked,
            s.fees
        );
        // 2.5 bps a round of what was here when it began.
        let day = o.now / DAY;
        if s.day != day {
            (s.day, s.day_base, s.day_released) = (day, s.units - released, U256::ZERO);
        }
        s.day_released += released;
        ensure!(
            s.day_released <= up(s.day_base, u(2_500_u64), u(10_000_000_u64)),
            "5: sleeve {i} released {} of {} in a round",
            s.day_released,
            s.day_base
        );
        self.no_thinner(i, &old, "harvest")?;
        if !released.is_zero() {
            self.note("rewards released");
        }
        Ok(())
    }

    /// Rule 8 out of one sleeve, rule 2 into the other; what is lost at mid is charged, and within the budget.
    fn bid(&mut self, o: &Outside, (sold, paid, loss): (U256, U256, U256)) -> Result<()> {
        let before = self.sleeves.clone();
        let a = self.auction;
        let (mids, whole): (Vec<U256>, U256) = {
            let mids: Vec<U256> = o.prices.iter().map(Price::mid).collect();
            let worth = before
                .iter()
                .zip(&mids)
                .map(|(s, m)| s.own_units() * *m / ONE);
            (mids.clone(), worth.sum())
        };
        let (left, out) = self.sell(a.from, o.asked.min(a.left));
        ensure!(left == sold, "4: a bid buys {left}, bought {sold}");
        let f = &mut self.sleeves[a.from];
        if f.parts.is_zero() {
            // Nobody else has a part of what is locked: it is the basket's, as units (B39).
            (f.units, f.parts, f.own, f.locked) = (f.locked, f.locked, f.locked, U256::ZERO);
        }
        let gave = up(out, mids[a.from], ONE);
        // Never below half a percent under mid.
        ensure!(
            wide(paid) * wide(mids[a.to]) * wide(u(1_000_u64))
                >= wide(out) * wide(mids[a.from]) * wide(u(995_u64)),
            "4: a bid paid {paid} for {out}, below the lowest price"
        );
        let s = &mut self.sleeves[a.to];
        let (parts, got) = if s.parts.is_zero() {
            (paid, paid)
        } else {
            let parts = down(paid, s.parts, s.units);
            (parts, down(parts, s.units, s.parts))
        };
        s.units += paid;
        s.parts += parts;
        s.own += parts;
        let expected = gave.saturating_sub(down(got, mids[a.to], ONE));
        ensure!(
            loss == expected,
            "4: a bid lost {expected} and was charged {loss}"
        );
        self.auction.left = a.left.saturating_sub(out);
        // What is lost at the very mid prices is what was charged.
        let (old, new) = (nav(&before, &mids, false), nav(&self.sleeves, &mids, true));
        let wei: Wide = wide(ONE) << 128_usize;
        ensure!(
            new + wide(loss + u(2_u64)) * wei >= old,
            "4: a bid cost more than it was charged: {loss}"
        );
        self.losses.push((o.now, loss, whole));
        let within = self.losses.iter().filter(|(at, ..)| at + 30 * DAY > o.now);
        let billionths: U256 = within
            .map(|(_, loss, nav)| down(*loss, u(1_000_000_000_u64), *nav))
            .sum();
        ensure!(
            billionths <= u(5_000_000_u64),
            "4: auctions lost {billionths} billionths in 30 days"
        );
        self.note("bids");
        if !loss.is_zero() {
            self.note("bids at a loss");
        }
        Ok(())
    }

    // ---------------------------------------------------------------------------------------------------------- queue

    fn of_queue(&mut self, o: &Outside, e: Q) -> Result<()> {
        match e {
            Q::RedeemRequest(e) => {
                let epoch = number(e.requestId);
                ensure!(
                    epoch == self.open.number,
                    "the request joined epoch {epoch}"
                );
                if self.open.shares.is_zero() {
                    self.open.day = o.now / DAY;
                }
                ensure!(
                    self.open.day == o.now / DAY && o.now % DAY < 23 * 3_600,
                    "a request was taken while the queue is closed"
                );
                self.open.shares += e.shares;
                *self.open.requests.entry(e.controller).or_default() += e.shares;
                Ok(())
            }
            Q::RequestCancelled(e) => {
                let had = self.open.requests.entry(e.controller).or_default();
                ensure!(*had >= e.shares, "2: {} cancelled of {had}", e.shares);
                *had -= e.shares;
                self.open.shares -= e.shares;
                self.note("cancels");
                Ok(())
            }
            Q::EpochClosed(e) => {
                let id = number(e.epoch);
                ensure!(
                    id == self.open.number && o.now / DAY > self.open.day,
                    "epoch {id} closed early"
                );
                let closed = std::mem::take(&mut self.open);
                self.open.number = id + 1;
                ensure!(
                    closed.shares == e.shares,
                    "2: {} of {}",
                    e.shares,
                    closed.shares
                );
                let legs = e.parts.iter().enumerate().map(|(i, parts)| Leg {
                    state: if parts.is_zero() {
                        State::Done
                    } else {
                        State::Waiting
                    },
                    parts: *parts,
                    units: U256::ZERO,
                    asset: self.sleeves[i].token,
                    recovered: U256::ZERO,
                    claimed: U256::ZERO,
                    started: 0,
                    payments: 0,
                });
                let legs: Vec<Leg> = legs.collect();
                let positions: BTreeMap<_, _> = closed
                    .requests
                    .into_iter()
                    .filter(|(_, shares)| !shares.is_zero())
                    .map(|(who, shares)| {
                        let position = Position {
                            shares,
                            paid: vec![U256::ZERO; legs.len()],
                            done: BTreeSet::new(),
                        };
                        let key = line_of(who).map_or(Key::Account(who), Key::Line);
                        (key, position)
                    })
                    .collect();
                let claimants = positions.len() as u64;
                self.epochs.insert(
                    id,
                    Epoch {
                        shares: closed.shares,
                        legs,
                        positions,
                        claimants,
                        closed: o.now,
                    },
                );
                Ok(())
            }
            Q::LegStarted(e) => {
                let out = !e.ticket.is_zero();
                let leg = self.leg(e.epoch, e.sleeve)?;
                ensure!(leg.state == State::Waiting, "8: a leg started twice");
                leg.state = if out { State::Out } else { State::Done };
                leg.units = e.units;
                leg.parts = U256::ZERO;
                leg.started = o.now;
                if out {
                    leg.asset = NATIVE;
                }
                Ok(())
            }
            Q::LegPaid(e) => {
                let leg = self.leg(e.epoch, e.sleeve)?;
                leg.asset = e.asset;
                leg.recovered += e.amount;
                leg.payments += 1;
                let partly = leg.state == State::Out && !e.done;
                if e.done {
                    leg.state = State::Done;
                }
                if partly {
                    self.note("partial recoveries");
                }
                Ok(())
            }
            Q::Claimed(e) => {
                let epoch = number(e.epoch);
                let key = match o.receipt {
                    Some(id) => Key::Line(line(id)),
                    None => Key::Account(e.owner),
                };
                self.claimed(epoch, key, &e.paid, e.whole)
            }
            Q::OperatorSet(e) => {
                let pair = (e.controller, e.operator);
                if e.approved {
                    self.operators.insert(pair);
                } else {
                    self.operators.remove(&pair);
                }
                Ok(())
            }
            Q::PositionWrapped(e) => {
                let to = Key::Line(number(e.line));
                self.lines.insert(number(e.line), number(e.epoch));
                self.note("receipts minted");
                self.move_position(number(e.epoch), Key::Account(e.owner), to)
            }
            Q::PositionUnwrapped(e) => {
                let from = Key::Line(number(e.line));
                self.note("receipts unwrapped");
                self.move_position(number(e.epoch), from, Key::Account(e.owner))
            }
        }
    }

    fn leg(&mut self, epoch: U256, sleeve: U256) -> Result<&mut Leg> {
        let epoch = self.epochs.get_mut(&number(epoch));
        epoch
            .and_then(|e| e.legs.get_mut(index(sleeve)))
            .ok_or_else(|| eyre!("8: a leg that is not there: {sleeve}"))
    }

    /// While an epoch is open, its positions are requests.
    fn move_position(&mut self, epoch: u64, from: Key, to: Key) -> Result<()> {
        if epoch == self.open.number {
            // A receipt of an open request may be made: it is kept beside the accounts', by a name that no account has.
            let from = request_key(from);
            let shares = self.open.requests.remove(&from).unwrap_or_default();
            *self.open.requests.entry(request_key(to)).or_default() += shares;
            return Ok(());
        }
        let Some(e) = self.epochs.get_mut(&epoch) else {
            bail!("2: a position of no epoch moved");
        };
        let Some(p) = e.positions.remove(&from) else {
            bail!("2: a position that is not there moved");
        };
        match e.positions.get_mut(&to) {
            Some(there) => there.shares += p.shares,
            None => {
                e.positions.insert(to, p);
            }
        }
        Ok(())
    }

    /// Rule 6: never more than the part of what was recovered; of a leg that is done, all of it.
    fn claimed(&mut self, epoch: u64, key: Key, paid: &[U256], whole: bool) -> Result<()> {
        let Some(e) = self.epochs.get_mut(&epoch) else {
            bail!("2: a claim on epoch {epoch}, which is not closed");
        };
        let Some(p) = e.positions.get_mut(&key) else {
            bail!("2: a claim of {key:?}, who has nothing in epoch {epoch}");
        };
        let mut partly = false;
        for (i, amount) in paid.iter().enumerate() {
            let leg = &mut e.legs[i];
            let due = down(leg.recovered, p.shares, e.shares);
            if amount.is_zero() {
                continue;
            }
            p.paid[i] += *amount;
            leg.claimed += *amount;
            partly |= leg.state == State::Out;
            ensure!(
                p.paid[i] == due,
                "2: {key:?} has got {} of leg {i} and is due {due}",
                p.paid[i]
            );
            ensure!(
                leg.claimed <= leg.recovered,
                "2: {} claimed of {} recovered",
                leg.claimed,
                leg.recovered
            );
        }
        if whole {
            for (i, leg) in e.legs.iter().enumerate() {
                let due = down(leg.recovered, p.shares, e.shares);
                ensure!(
                    leg.state == State::Done && p.paid[i] == due,
                    "2: {key:?} is through with leg {i} and got {} of {due}",
                    p.paid[i]
                );
            }
            e.positions.remove(&key);
            self.note("positions claimed whole");
        }
        if partly {
            self.note("claims on a leg that pays in parts");
        }
        Ok(())
    }

    fn of_receipts(&mut self, e: R) -> Result<()> {
        if let R::Transfer(e) = e {
            if !e.from.is_zero() {
                let had = self.receipts.remove(&e.tokenId);
                ensure!(
                    had == Some(e.from),
                    "2: receipt {} was {had:?}'s",
                    e.tokenId
                );
            }
            if !e.to.is_zero() {
                self.receipts.insert(e.tokenId, e.to);
            }
            if !e.from.is_zero() && !e.to.is_zero() {
                self.note("receipts handed on");
            }
        }
        Ok(())
    }
}

/// The account under which the request of a receipt's line is kept.
fn request_key(key: Key) -> Address {
    match key {
        Key::Account(who) => who,
        Key::Line(line) => line_account(line),
    }
}

/// No account: nobody has a key to one.
pub fn line_account(line: u64) -> Address {
    let mut bytes = [0xfe; 20];
    bytes[12..].copy_from_slice(&line.to_be_bytes());
    Address::from(bytes)
}

/// The line of such an account.
pub fn line_of(account: Address) -> Option<u64> {
    let bytes = account.as_slice();
    let tail = bytes[12..].try_into().expect("eight bytes");
    (bytes[..12] == [0xfe; 12]).then(|| u64::from_be_bytes(tail))
}

/// A receipt's line, whatever its version.
pub fn line(id: U256) -> u64 {
    id.as_limbs()[0]
}

pub fn index(x: U256) -> usize {
    usize::try_from(x).expect("an index")
}

pub fn number(x: U256) -> u64 {
    u64::try_from(x).expect("a number")
}
