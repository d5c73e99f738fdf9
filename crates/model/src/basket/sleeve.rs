//! A sleeve: one position, of one kind, behind one account.

use super::{Asset, Book, Feed, Parts, Shares, Throttle, Units, feed::OwnRate};
use crate::{Address, Bps, Price, Timestamp};

/// What a sleeve holds, and with that how it earns, what its price needs and in what its legs end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Idle CORE and delegations. Its price is 1; its legs end in CORE at once.
    Core,
    /// stCORE. Priced by Earn's rate; its epoch legs end in CORE through Earn, in kind it is a token.
    StCore,
    /// A token without yield (coreBTC, WBTC). Needs a feed; its legs end in the token.
    Held,
    /// Protocol lstBTC: its yield is CORE, claimed by the holder and given to the CORE sleeve. Its legs end in the
    /// token.
    LstBtc,
    /// A token with a rate of its own (ERC-4626 share, liquid-staking token). Its legs end in the token.
    Rate,
}

/// What a sleeve may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Units booked, at most.
    pub cap: Units,
    /// Share of NAV that it should have, bps.
    pub target: Bps,
    /// A priced deposit may push it this far above, bps of NAV.
    pub band: Bps,
    /// Seconds that its exit takes at most, as declared to governance.
    pub max_exit: u64,
}

/// How much of a round's release is used, and of what it is a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Tenths of a millionth of `base` that were released in this round.
    pub used: u64,
    /// Units that this round's step is a part of: those that were here at the last round's first harvest, at most.
    pub base: Units,
    /// Units after this round's first harvest; 0: there was none.
    pub next: Units,
}

/// One sleeve. Ids are appended, kind and account never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sleeve {
    /// What it holds.
    pub kind: Kind,
    /// Where it holds it.
    pub account: Address,
    /// In what.
    pub asset: Asset,
    /// Units and parts.
    pub book: Book,
    /// Of a CORE sleeve's units, those not delegated.
    pub idle: Units,
    /// Rewards harvested and not released yet, units: in no part, in the high side of NAV.
    pub locked: Units,
    /// Performance fees taken and not paid, units.
    pub fees: Units,
    /// Of yield.
    pub performance: Bps,
    /// High-water mark of a rate.
    pub high_water: Price,
    /// Round of the last harvest.
    pub harvested: u64,
    /// That harvest came in a day's first hour, in which the system's round may not have turned yet.
    pub early: bool,
    /// What of this round's step is used.
    pub step: Step,
    /// Units booked as losses and not found again: their return is no yield.
    pub lost: Units,
    /// What it may hold.
    pub limits: Limits,
    /// Net inflow.
    pub throttle: Throttle,
    /// Takes in.
    pub open: bool,
    /// Retired: empty for good.
    pub retired: bool,
    /// Its price, where it needs one.
    pub feed: Feed,
    /// First reading of an unbroken series that found it off target.
    pub off_since: Option<Timestamp>,
}

impl Sleeve {
    /// A new one, empty and open.
    #[must_use]
    pub fn new(kind: Kind, account: Address, asset: Asset, limits: Limits) -> Self {
        Self {
            kind,
            account,
            asset,
            book: Book::default(),
            idle: Units::ZERO,
            locked: Units::ZERO,
            fees: Units::ZERO,
            performance: Bps::new(0),
            high_water: Price::ZERO,
            harvested: 0,
            early: false,
            step: Step::default(),
            lost: Units::ZERO,
            limits,
            throttle: Throttle::new(Units::MAX),
            open: true,
            retired: false,
            feed: Feed::default(),
            off_since: None,
        }
    }

    /// Owns units for the basket.
    #[must_use]
    pub fn counts(&self) -> bool {
        !self.book.basket.is_zero() && !self.book.units.is_zero()
    }

    /// A price beside 1 is needed.
    #[must_use]
    pub fn needs_price(&self) -> bool {
        self.kind != Kind::Core
    }

    /// `ceil(locked * parts / P)`: what is locked for some parts; nothing in a sleeve without units, where it never
    /// comes.
    pub(crate) fn locked_up(&self, parts: Parts) -> Result<Units, super::Error> {
        if self.book.units.is_zero() {
            return Ok(Units::ZERO);
        }
        let mut locked = self.book;
        locked.units = self.locked;
        locked.worth_up(parts)
    }

    /// What `shares` of `supply` would be carved out of it now, units, down.
    pub(crate) fn share_down(&self, shares: Shares, supply: Shares) -> Result<Units, super::Error> {
        let parts = self.book.basket.mul_div_down(shares.raw(), supply.raw())?;
        self.book.worth_down(parts)
    }
}

/// The rate that a sleeve's own system tells.
pub(crate) type Told = Option<OwnRate>;
