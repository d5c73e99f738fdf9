//! Rebalancing by Dutch auction: from above mid to a floor below it, the loss charged to a budget.

use super::{
    Asset, Book, Error, Event, Outcome, Power, SleeveId, State, Units,
    apply::Ctx,
    nav::{Nav, Side, units_worth, value},
};
use crate::{Assets, BPS, Price, Timestamp, mul_div_down, mul_div_up, units::wide};
use ruint::aliases::U256;

/// Seconds between two readings that both find a sleeve off target.
pub const READINGS_APART: u64 = 3_600;

/// The running auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auction {
    /// What is sold.
    pub sell: SleeveId,
    /// For what.
    pub buy: SleeveId,
    /// Units of it left.
    pub left: Units,
    /// When it began.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

impl State {
    /// Values at mid of every sleeve's basket units, and their sum, CORE wei.
    fn mids(&self, nav: &Nav) -> Result<(Vec<Assets>, Assets), Error> {
        let mut values = Vec::new();
        let mut whole = Assets::ZERO;
        for id in self.ids() {
            let units = self.sleeve(id)?.book.basket_units_down()?;
            let mid = match nav.quotes.get(id.0).copied().flatten() {
                Some(quote) => value(units, quote.mid_down()?, Side::Low)?,
                None => Assets::ZERO,
            };
            whole = whole.plus(mid)?;
            values.push(mid);
        }
        Ok((values, whole))
    }

    /// `target` of the whole, in CORE wei, times `bps` of it.
    fn target_of(&self, id: SleeveId, whole: Assets, bps: U256) -> Result<Assets, Error> {
        let target = self.sleeve(id)?.limits.target;
        let mine = target.of_down(whole)?;
        Ok(mine.mul_div_down(bps, BPS)?)
    }

    /// Off by more than the trigger, above or below; any unit is too much where nothing is due.
    fn off_target(&self, id: SleeveId, mine: Assets, whole: Assets) -> Result<bool, Error> {
        if self.leaving(id)? {
            return Ok(!self.sleeve(id)?.book.basket_units_down()?.is_zero());
        }
        let trigger = self.terms.trigger.raw();
        let above = self.target_of(id, whole, BPS.saturating_add(trigger))?;
        let below = self.target_of(id, whole, BPS.saturating_sub(trigger))?;
        Ok(mine > above || mine < below)
    }

    /// Nothing of it is due: it is sold to its last unit.
    fn leaving(&self, id: SleeveId) -> Result<bool, Error> {
        Ok(self.sleeve(id)?.limits.target.raw().is_zero())
    }

    /// Units of `sell`, which is to go, for all that `buy` lacks, up; `None` when that is above its target.
    fn for_good(
        &self,
        (sell, buy): (SleeveId, SleeveId),
        (mine, its, whole): (Assets, Assets, Assets),
        mid: Price,
    ) -> Result<Option<Units>, Error> {
        let target = self.sleeve(buy)?.limits.target;
        if self.leaving(buy)? || its > target.of_down(whole)? {
            return Ok(None);
        }
        let own = self.sleeve(sell)?.book.basket_units_down()?;
        if mine.is_zero() {
            return Ok(Some(own));
        }
        let lack = units_worth(target.of_up(whole)?.min0(its), mid, Side::High)?;
        Ok(Some(own.min(lack)))
    }

    /// A reading: what is off target now, since when without a break. Only sound prices are read.
    pub(crate) fn read_targets(&mut self, now: Timestamp) -> Result<(), Error> {
        self.observe(now)?;
        let nav = self.sound_nav(now)?;
        let (values, whole) = self.mids(&nav)?;
        for (i, mine) in values.into_iter().enumerate() {
            let id = SleeveId(i);
            let off = self.off_target(id, mine, whole)?;
            let sleeve = self.sleeve_mut(id)?;
            sleeve.off_since = if off {
                sleeve.off_since.or(Some(now))
            } else {
                None
            };
        }
        Ok(())
    }

    /// Starts an auction of what `sell` has above its target, for `buy`, which is below its own. Both were off on two
    /// readings an hour apart; where nothing of `sell` is due, it alone, and `buy` is not above its own now. Of a CORE
    /// sleeve only what may leave at once is sold: rebalancing never unbonds.
    pub(crate) fn start_auction(
        &mut self,
        ctx: Ctx,
        sell: SleeveId,
        buy: SleeveId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let now = ctx.now;
        self.governance.open(now, Power::Auction)?;
        if let Some(running) = self.auction.filter(|running| now <= running.until) {
            return Err(Error::AuctionRunning(running.until));
        }
        self.read_targets(now)?;
        let nav = self.sound_nav(now)?;
        let quote = nav.sound(sell)?;
        nav.sound(buy)?;
        let (values, whole) = self.mids(&nav)?;
        let of = |id: SleeveId| values.get(id.0).copied().ok_or(Error::UnknownSleeve(id));
        let twice = |id: SleeveId| {
            let since = self.sleeve(id)?.off_since;
            Ok::<_, Error>(since.is_some_and(|since| now.since(since) >= READINGS_APART))
        };
        let mid = quote.mid_down()?;
        let sale = if self.leaving(sell)? {
            self.for_good((sell, buy), (of(sell)?, of(buy)?, whole), mid)?
        } else {
            let excess = of(sell)?.min0(self.target_of(sell, whole, BPS)?);
            let wanted = self.target_of(buy, whole, BPS)?.min0(of(buy)?);
            let both = !excess.is_zero() && !wanted.is_zero() && twice(buy)?;
            let units = units_worth(excess.min(wanted), mid, Side::Low)?;
            both.then_some(units)
        };
        let seen = twice(sell)?;
        let Some(mut left) = sale.filter(|_| seen) else {
            return Err(Error::NotOffTarget(sell, buy));
        };
        self.takes_in(buy)?;
        if self.sleeve(sell)?.asset == Asset::Core {
            left = left.min(self.max_instant()?);
        }
        if left.is_zero() {
            return Err(Error::NothingToDo);
        }
        let until = now.after(self.terms.duration);
        self.auction = Some(Auction {
            sell,
            buy,
            left,
            from: now,
            until,
        });
        out.tell(Event::AuctionStarted {
            sell,
            buy,
            units: left,
            until,
        });
        out.word(left.raw())
    }

    /// Price of the auction at `now`, bps of mid: from `1 + premium` straight down to `1 - maxSlip`, rounded up.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] for terms out of bounds.
    pub fn auction_bps_up(&self, auction: &Auction, now: Timestamp) -> Result<U256, Error> {
        let (premium, slip) = (self.terms.premium.raw(), self.terms.max_slip.raw());
        let lowest = BPS.checked_sub(slip).ok_or(Error::Arithmetic)?;
        let fall = premium.checked_add(slip).ok_or(Error::Arithmetic)?;
        let duration = auction.until.since(auction.from);
        let passed = U256::from(now.since(auction.from).min(duration));
        if duration == 0 {
            return Ok(lowest);
        }
        let fallen = mul_div_down(fall, passed, U256::from(duration))?;
        let from = BPS.checked_add(premium).ok_or(Error::Arithmetic)?;
        Ok(from
            .checked_sub(fallen)
            .ok_or(Error::Arithmetic)?
            .max(lowest))
    }

    /// Twice the mid price: exact.
    fn twice_mid(nav: &Nav, id: SleeveId) -> Result<Price, Error> {
        let quote = nav.sound(id)?;
        Ok(quote.low.plus(quote.high)?)
    }

    /// Buys up to `asked` units: rule 8 out of the sold sleeve, rule 2 into the bought one. What the basket loses at
    /// mid is charged to the budget.
    pub(crate) fn bid(
        &mut self,
        ctx: Ctx,
        (asked, most): (Units, Units),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let now = ctx.now;
        self.governance.open(now, Power::Auction)?;
        let Some(mut auction) = self.auction.filter(|running| now <= running.until) else {
            return Err(Error::NoAuction);
        };
        let (sell, buy) = (auction.sell, auction.buy);
        self.outside.answers(sell)?;
        self.takes_in(buy)?;
        self.observe(now)?;
        let nav = self.sound_nav(now)?;
        let sale = self.sleeve(sell)?.book.sale_down(asked.min(auction.left))?;
        if sale.given.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if self.sleeve(sell)?.asset == Asset::Core {
            let most = self.max_instant()?;
            if sale.given > most {
                return Err(Error::InstantTooLarge(sale.given, most));
            }
        }
        // Values are doubled here: mid is half of low + high.
        let (sold_at, bought_at) = (Self::twice_mid(&nav, sell)?, Self::twice_mid(&nav, buy)?);
        let sold = value(sale.priced, sold_at, Side::High)?;
        let asks = mul_div_up(sold.raw(), self.auction_bps_up(&auction, now)?, BPS)?;
        let pay = units_worth(Assets::new(asks), bought_at, Side::High)?;
        if pay > most {
            return Err(Error::InAboveMaximum(buy, pay, most));
        }
        let buyer = self.sleeve(buy)?;
        let bought = buyer.book.purchase_down(pay)?;
        let held = buyer.book.units.plus(pay)?;
        if held > buyer.limits.cap {
            return Err(Error::AboveCap(buy, held, buyer.limits.cap));
        }
        let got = value(bought.credited, bought_at, Side::Low)?;
        let loss = sold.min0(got).mul_div_up(U256::from(1), wide(2))?;
        self.budget.charge(now, loss, nav.mid_down()?)?;
        self.pay_in(ctx, buy, pay)?;
        self.sleeve_mut(buy)?.book.buy(bought)?;
        let seller = self.sleeve_mut(sell)?;
        seller.book.sell(sale)?;
        if seller.asset == Asset::Core {
            seller.idle = seller.idle.minus(sale.given)?;
        }
        if seller.book.parts.is_zero() {
            // Nobody else has a part of what is locked: it stays the basket's, for the next auction.
            seller.book = Book::first(seller.locked);
            seller.locked = Units::ZERO;
        }
        let (account, asset) = (seller.account, seller.asset);
        self.outside
            .transfer(account, ctx.caller, asset, sale.given)?;
        auction.left = auction.left.min0(sale.priced);
        self.auction = Some(auction).filter(|auction| !auction.left.is_zero());
        out.tell(Event::AuctionBid {
            bidder: ctx.caller,
            sold: sale.given,
            paid: pay,
            loss,
        });
        out.word(pay.raw())
    }
}
