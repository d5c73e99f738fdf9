//! What the basket books.

use super::{
    Auction, Batch, BatchId, Book, Budget, Error, Governance, Kind, OpenEpoch, Outside, Shares,
    Sleeve, SleeveId, Units,
    feed::{OwnRate, Quote},
    fees::{ENTRY_FLOOR, management_shares},
    governance::longest_exit,
    sleeve::Told,
};
use crate::{Address, Bps, DAY, DEAD, Price, Timestamp};
use ruint::aliases::U256;
use std::collections::{BTreeMap, BTreeSet};

/// Shares of the first deposit that nobody owns: parts and supply never reach 0 again.
pub const DEAD_SHARES: Shares = Shares::of(1_000_000);
/// A claim's mask has a bit for each.
pub const MAX_SLEEVES: usize = 32;
/// Validators of the CORE sleeve.
pub const MAX_VALIDATORS: usize = 8;
/// CORE that is never delegated nor paid instantly: 2.
pub const FLOOR: Units = Units::of(2_000_000_000_000_000_000);

/// The accounts that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The basket: escrowed shares, recovered money, fees taken.
    pub basket: Address,
    /// CoreAgent, which holds what is delegated.
    pub agent: Address,
    /// The Governor: may schedule.
    pub governor: Address,
    /// Who is paid fees.
    pub fees: Address,
}

/// What the basket charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// On both ways in, stays with the holders.
    pub entry: Bps,
    /// On instant exits, stays with the holders.
    pub instant: Bps,
    /// Streaming, bps a year, in shares.
    pub management: Bps,
}

impl Default for Fees {
    fn default() -> Self {
        Self {
            entry: ENTRY_FLOOR,
            instant: Bps::new(0),
            management: Bps::new(0),
        }
    }
}

/// How auctions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuctionTerms {
    /// How far off its target a sleeve must be, bps of the target.
    pub trigger: Bps,
    /// How far above mid the price starts, bps.
    pub premium: Bps,
    /// How far below mid it ends, bps.
    pub max_slip: Bps,
    /// Seconds from start to end.
    pub duration: u64,
}

impl Default for AuctionTerms {
    fn default() -> Self {
        Self {
            trigger: Bps::new(1_000),
            premium: Bps::new(50),
            max_slip: Bps::new(50),
            duration: 3_600,
        }
    }
}

/// Everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Accounts.
    pub places: Places,
    /// Sleeves by id.
    pub sleeves: Vec<Sleeve>,
    /// BASKET balances; escrowed shares are the basket's.
    pub balances: BTreeMap<Address, Shares>,
    /// BASKET minted.
    pub minted: Shares,
    /// Fee shares accrued and not minted yet.
    pub fee_shares: Shares,
    /// Fees are accrued up to here.
    pub fees_at: Timestamp,
    /// What is charged.
    pub fees: Fees,
    /// Effective supply, at most.
    pub total_cap: Shares,
    /// CORE kept idle for instant exits, beside the floor.
    pub buffer: Units,
    /// Validators of the CORE sleeve and their weights.
    pub validators: Vec<(Address, u64)>,
    /// The open epoch.
    pub open: OpenEpoch,
    /// Closed epochs, and in-kind exits with a leg that could not be delivered.
    pub batches: BTreeMap<BatchId, Batch>,
    /// Number of the next in-kind exit.
    pub next_exit: u64,
    /// Owner and operator.
    pub operators: BTreeSet<(Address, Address)>,
    /// Owners of receipts.
    pub receipts: BTreeMap<u64, Address>,
    /// Number of the next receipt.
    pub next_receipt: u64,
    /// Ticket accounts that are free again.
    pub free_accounts: Vec<u64>,
    /// Ticket accounts ever made.
    pub ticket_accounts: u64,
    /// The auction.
    pub auction: Option<Auction>,
    /// How auctions run.
    pub terms: AuctionTerms,
    /// Leading bits to which a round's base is kept, where storage is dear; 0: all.
    pub grain: u32,
    /// What auctions have cost.
    pub budget: Budget,
    /// Delays, pauses, mandate.
    pub governance: Governance,
    /// The rest of the world.
    pub outside: Outside,
}

/// The account of the `n`-th ticket: a reusable clone.
pub(crate) fn ticket_account(n: u64) -> Address {
    let mut bytes = [0x7e; 20];
    bytes
        .iter_mut()
        .rev()
        .zip(n.to_le_bytes())
        .for_each(|(to, from)| *to = from);
    Address(bytes)
}

impl State {
    /// The first deposit, in kind: `units` per sleeve out of `founder`'s holdings against `shares`, of which
    /// [`DEAD_SHARES`] are nobody's.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`]; [`Error::TooManySleeves`]; [`Error::SharesBelowMinimum`] unless more than the dead
    /// ones are minted; [`Error::InsufficientAsset`].
    pub fn create(
        places: Places,
        sleeves: Vec<Sleeve>,
        outside: Outside,
        founder: Address,
        units: &[Units],
        shares: Shares,
        now: Timestamp,
    ) -> Result<Self, Error> {
        if sleeves.len() != units.len() {
            return Err(Error::LengthMismatch(sleeves.len(), units.len()));
        }
        if sleeves.len() > MAX_SLEEVES {
            return Err(Error::TooManySleeves(sleeves.len(), MAX_SLEEVES));
        }
        if shares <= DEAD_SHARES {
            return Err(Error::SharesBelowMinimum(shares, DEAD_SHARES));
        }
        let mut state = Self {
            places,
            sleeves,
            outside,
            fees_at: now,
            total_cap: Shares::MAX,
            ..Self::default()
        };
        let round = state.outside.agent.round;
        for (i, amount) in units.iter().enumerate() {
            let rate = state.own_rate(SleeveId(i)).map(|own| own.price);
            let sleeve = state.sleeves.get_mut(i).ok_or(Error::Arithmetic)?;
            state
                .outside
                .transfer(founder, sleeve.account, sleeve.asset, *amount)?;
            sleeve.book = Book::first(*amount);
            sleeve.harvested = round;
            sleeve.high_water = rate.unwrap_or_default();
            if sleeve.kind == Kind::Core {
                sleeve.idle = *amount;
            }
        }
        state.governance.delay = state.longest_exit();
        state.mint(DEAD, DEAD_SHARES)?;
        state.mint(founder, shares.minus(DEAD_SHARES)?)?;
        Ok(state)
    }

    /// `T`: minted and accrued fee shares.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn supply(&self) -> Result<Shares, Error> {
        Ok(self.minted.plus(self.fee_shares)?)
    }

    /// Shares of `who`.
    #[must_use]
    pub fn balance(&self, who: Address) -> Shares {
        self.balances.get(&who).copied().unwrap_or_default()
    }

    /// The sleeve, or that there is none.
    ///
    /// # Errors
    /// [`Error::UnknownSleeve`].
    pub fn sleeve(&self, id: SleeveId) -> Result<&Sleeve, Error> {
        self.sleeves.get(id.0).ok_or(Error::UnknownSleeve(id))
    }

    pub(crate) fn sleeve_mut(&mut self, id: SleeveId) -> Result<&mut Sleeve, Error> {
        self.sleeves.get_mut(id.0).ok_or(Error::UnknownSleeve(id))
    }

    /// Ids of all sleeves.
    pub fn ids(&self) -> impl Iterator<Item = SleeveId> + use<> {
        (0..self.sleeves.len()).map(SleeveId)
    }

    /// The CORE sleeve.
    ///
    /// # Errors
    /// [`Error::NoCoreSleeve`].
    pub fn core(&self) -> Result<SleeveId, Error> {
        let at = self
            .sleeves
            .iter()
            .position(|sleeve| sleeve.kind == Kind::Core && !sleeve.retired);
        at.map(SleeveId).ok_or(Error::NoCoreSleeve)
    }

    pub(crate) fn mint(&mut self, to: Address, shares: Shares) -> Result<(), Error> {
        self.minted = self.minted.plus(shares)?;
        let balance = self.balances.entry(to).or_default();
        *balance = balance.plus(shares)?;
        Ok(())
    }

    pub(crate) fn burn(&mut self, from: Address, shares: Shares) -> Result<(), Error> {
        let balance = self.balance(from);
        let left = balance
            .minus(shares)
            .map_err(|_| Error::InsufficientShares(from, balance, shares))?;
        self.balances.insert(from, left);
        self.minted = self.minted.minus(shares)?;
        Ok(())
    }

    pub(crate) fn move_shares(
        &mut self,
        from: Address,
        to: Address,
        shares: Shares,
    ) -> Result<(), Error> {
        if to.is_zero() {
            return Err(Error::ZeroAddress);
        }
        self.burn(from, shares)?;
        self.mint(to, shares)
    }

    /// Management fee up to `now`, into the effective supply. Every step that reads the supply does it first.
    pub(crate) fn accrue(&mut self, now: Timestamp) -> Result<(), Error> {
        let seconds = now.since(self.fees_at);
        let more = management_shares(self.supply()?, self.fees.management, seconds)?;
        self.fee_shares = self.fee_shares.plus(more)?;
        self.fees_at = now;
        Ok(())
    }

    /// What a sleeve's own system tells of its rate.
    #[must_use]
    pub fn own_rate(&self, id: SleeveId) -> Told {
        match self.sleeves.get(id.0)?.kind {
            Kind::Core | Kind::Held | Kind::LstBtc => None,
            Kind::StCore => {
                let earn = &self.outside.earn;
                // Base 1e6 to base 1e18.
                let price = Price::new(earn.rate.saturating_mul(U256::from(1_000_000_000_000_u64)));
                let updated = earn.rate_at.get().checked_div(DAY).unwrap_or_default();
                let rounds = self.outside.agent.round.saturating_sub(updated);
                Some(OwnRate { price, rounds })
            }
            Kind::Rate => {
                let price = *self.outside.rates.get(&id)?;
                Some(OwnRate { price, rounds: 0 })
            }
        }
    }

    /// Both sides of a sleeve's price; `None` when it is unknown.
    ///
    /// # Errors
    /// [`Error::UnknownSleeve`], [`Error::Arithmetic`].
    pub fn quote(&self, id: SleeveId, now: Timestamp) -> Result<Option<Quote>, Error> {
        let sleeve = self.sleeve(id)?;
        if !sleeve.needs_price() {
            return Ok(Some(Quote::core()));
        }
        sleeve.feed.quote(self.own_rate(id), now)
    }

    /// Seconds that a sleeve's exit takes now.
    ///
    /// # Errors
    /// [`Error::UnknownSleeve`].
    pub fn exit_time(&self, id: SleeveId) -> Result<u64, Error> {
        Ok(match self.sleeve(id)?.kind {
            Kind::StCore => self.outside.earn.lock,
            _ => 0,
        })
    }

    /// `longestExit`: the duties and the slowest sleeve that is not retired, seconds.
    #[must_use]
    pub fn longest_exit(&self) -> u64 {
        longest_exit(
            self.sleeves
                .iter()
                .filter(|sleeve| !sleeve.retired)
                .map(|sleeve| sleeve.limits.max_exit),
        )
    }

    /// Units that a sleeve holds for what it has booked: neither its locked rewards nor its fees.
    ///
    /// # Errors
    /// [`Error::UnknownSleeve`], [`Error::Arithmetic`].
    pub fn held(&self, id: SleeveId) -> Result<Units, Error> {
        let sleeve = self.sleeve(id)?;
        let outside = &self.outside;
        let mut held = outside.held(sleeve.account, sleeve.asset);
        if sleeve.kind == Kind::Core {
            held = held.plus(outside.agent.delegated(sleeve.account)?)?;
        }
        // Of all: what is locked may be delegated like the rest.
        Ok(held.min0(sleeve.locked).min0(sleeve.fees))
    }

    /// A sleeve takes in: open, not wiped (rule 7), its exit no slower than declared.
    pub(crate) fn takes_in(&self, id: SleeveId) -> Result<(), Error> {
        let sleeve = self.sleeve(id)?;
        if sleeve.retired || !sleeve.open {
            return Err(Error::SleeveClosed(id));
        }
        let Book { units, parts, .. } = sleeve.book;
        if !sleeve.book.takes_in() {
            return Err(Error::SleeveWiped(id, units, parts));
        }
        let takes = self.exit_time(id)?;
        if takes > sleeve.limits.max_exit {
            return Err(Error::ExitTooSlow(id, takes, sleeve.limits.max_exit));
        }
        Ok(())
    }

    /// Cap and throttle of one sleeve for `amount` more units.
    pub(crate) fn admit(
        &mut self,
        id: SleeveId,
        amount: Units,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sleeve = self.sleeve_mut(id)?;
        let held = sleeve.book.units.plus(amount)?;
        if held > sleeve.limits.cap {
            return Err(Error::AboveCap(id, held, sleeve.limits.cap));
        }
        if !sleeve.throttle.enter(now, amount)? {
            return Err(Error::Throttled(id, amount, sleeve.throttle.room(now)?));
        }
        Ok(())
    }

    /// Losses that the outside shows are booked before anything else: nobody leaves at the old rate.
    pub(crate) fn book_losses(&mut self, out: &mut super::Outcome) -> Result<(), Error> {
        for id in self.ids() {
            if self.outside.stalled.contains(&id) {
                continue;
            }
            let (account, asset, kind) = {
                let sleeve = self.sleeve(id)?;
                (sleeve.account, sleeve.asset, sleeve.kind)
            };
            let here = self.outside.held(account, asset);
            let mut there = here;
            if kind == Kind::Core {
                there = there.plus(self.outside.agent.delegated(account)?)?;
            }
            let sleeve = self.sleeve_mut(id)?;
            let booked = sleeve.book.units.plus(sleeve.locked)?.plus(sleeve.fees)?;
            let units = booked.min0(there);
            if units.is_zero() {
                continue;
            }
            // Nobody counted on what is locked; after that all share, and fees are last.
            let first = units.min(sleeve.locked);
            sleeve.locked = sleeve.locked.minus(first)?;
            let left = units.minus(first)?;
            let shared = sleeve.book.lose(left);
            sleeve.fees = sleeve.fees.minus(left.minus(shared)?)?;
            sleeve.lost = sleeve.lost.plus(units)?;
            if kind == Kind::Core {
                // Where what was locked made it good, its coins are the basket's now, and lie here.
                sleeve.idle = here.min0(sleeve.locked).min0(sleeve.fees);
            }
            out.tell(super::Event::LossBooked { sleeve: id, units });
        }
        Ok(())
    }
}
