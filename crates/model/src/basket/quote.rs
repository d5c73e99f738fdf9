//! `quoteExit(shares)`: the three ways out side by side, with fee, forgone reward and time.

use super::{Error, Shares, State, Units};
use crate::Timestamp;

/// What an instant exit would pay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstantQuote {
    /// CORE wei.
    pub out: Units,
    /// Fee in it, CORE wei.
    pub fee: Units,
    /// CORE wei that may leave at once.
    pub most: Units,
}

/// What the queue would give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochQuote {
    /// The request id. It is not a rank: everybody in it is paid alike.
    pub position: u64,
    /// When it closes.
    pub closes: Timestamp,
    /// By when every leg has ended, if its sleeve works and the steps are made when they can be.
    pub ready: Timestamp,
    /// Units per sleeve, as if it closed now.
    pub units: Vec<Units>,
}

/// All three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitQuote {
    /// Instant; `None` while prices do not allow it, or without a CORE sleeve.
    pub instant: Option<InstantQuote>,
    /// Units per sleeve in kind.
    pub in_kind: Vec<Units>,
    /// Through the queue.
    pub epoch: EpochQuote,
    /// Units per sleeve that are harvested, not released, and stay with the others.
    pub forgone: Vec<Units>,
}

impl State {
    /// Quotes an exit of `shares` at `now`. A view: what it shows is what the call would do in the same state.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn quote_exit(&self, shares: Shares, now: Timestamp) -> Result<ExitQuote, Error> {
        let mut then = self.clone();
        then.accrue(now)?;
        then.observe(now)?;
        let supply = then.supply()?;
        let mut quote = ExitQuote::default();
        let mut slowest = 0;
        for id in then.ids() {
            let sleeve = then.sleeve(id)?;
            let units = sleeve.share_down(shares, supply)?;
            quote.in_kind.push(units);
            let parts = sleeve
                .book
                .basket
                .mul_div_down(shares.raw(), supply.raw())?;
            let mut locked = sleeve.book;
            locked.units = sleeve.locked;
            quote.forgone.push(locked.worth_down(parts)?);
            if !units.is_zero() {
                slowest = slowest.max(then.exit_time(id)?);
            }
        }
        if let (Ok(nav), Ok(_)) = (then.sound_nav(now), then.core()) {
            let (due, fee) = then.instant_due(shares, &nav)?;
            quote.instant = Some(InstantQuote {
                out: then.instant_sale(due)?.given,
                fee,
                most: then.max_instant()?,
            });
        }
        let closes = then.next_close(now);
        quote.epoch = EpochQuote {
            position: then.open.number,
            closes,
            ready: closes.after(slowest),
            units: quote.in_kind.clone(),
        };
        Ok(quote)
    }
}
