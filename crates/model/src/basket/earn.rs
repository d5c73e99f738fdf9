//! Core Earn (stCORE) as facts C9 to C12 describe it.

use super::{Error, Units};
use crate::{Address, Timestamp, mul_div_down};
use ruint::aliases::U256;
use std::collections::BTreeMap;

/// Base of the exchange rate: CORE per stCORE, times 1e6.
const BASE: U256 = U256::from_limbs([1_000_000, 0, 0, 0]);
/// Least `redeem`, stCORE wei (C9).
pub const LEAST_REDEEM: Units = Units::of(1_000_000_000_000_000_000);
/// Rounds after which an operator that turned none is gone: a leg goes out as stCORE then.
pub const MAX_LATE: u64 = 7;
/// Open records of one account (C9).
pub const MAX_RECORDS: usize = 100;

/// One redemption: CORE fixed when it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// CORE wei.
    pub core: Units,
    /// Paid strictly after this.
    pub unlock: Timestamp,
}

/// The books of Earn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earn {
    /// CORE per stCORE, times 1e6.
    pub rate: U256,
    /// When the rate was set.
    pub rate_at: Timestamp,
    /// Round whose `afterTurnRound` has run (C10).
    pub turned: u64,
    /// Paused by its owner (C10).
    pub paused: bool,
    /// Seconds; the owner may set any (C12).
    pub lock: u64,
    /// By account.
    pub records: BTreeMap<Address, Vec<Record>>,
    /// CORE wei that a withdrawal can pay at most; a short Earn pays in part and keeps the rest on record.
    pub funds: Option<Units>,
}

impl Earn {
    /// C10: nothing works before the operator's turn of the round, nor while paused.
    ///
    /// # Errors
    /// [`Error::EarnPaused`], [`Error::OperatorLate`].
    pub fn works(&self, round: u64) -> Result<(), Error> {
        if self.paused {
            return Err(Error::EarnPaused);
        }
        if self.turned < round {
            return Err(Error::OperatorLate(self.turned, round));
        }
        Ok(())
    }

    /// `floor(stcore * rate / 1e6)` CORE wei.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn core_down(&self, stcore: Units) -> Result<Units, Error> {
        Ok(Units::new(mul_div_down(stcore.raw(), self.rate, BASE)?))
    }

    /// `mint(validator)`: stCORE wei for CORE, rounded down.
    ///
    /// # Errors
    /// Those of [`Self::works`]; [`Error::BelowLeastStake`] below 1 CORE.
    pub fn mint(&self, round: u64, core: Units) -> Result<Units, Error> {
        self.works(round)?;
        if core < LEAST_REDEEM {
            return Err(Error::BelowLeastStake(core, LEAST_REDEEM));
        }
        Ok(Units::new(mul_div_down(core.raw(), BASE, self.rate)?))
    }

    /// `redeem(stcore)` by `who`: the CORE of the record, at the rate of now.
    ///
    /// # Errors
    /// Those of [`Self::works`]; [`Error::BelowLeastStake`]; [`Error::TooManyRecords`].
    pub fn redeem(
        &mut self,
        who: Address,
        round: u64,
        now: Timestamp,
        stcore: Units,
    ) -> Result<Units, Error> {
        self.works(round)?;
        if stcore < LEAST_REDEEM {
            return Err(Error::BelowLeastStake(stcore, LEAST_REDEEM));
        }
        let core = self.core_down(stcore)?;
        let unlock = now.after(self.lock);
        let records = self.records.entry(who).or_default();
        if records.len() >= MAX_RECORDS {
            return Err(Error::TooManyRecords(who, MAX_RECORDS));
        }
        records.push(Record { core, unlock });
        Ok(core)
    }

    /// `withdraw()` by `who`: everything past its unlock time, strictly, in one sum.
    ///
    /// # Errors
    /// Those of [`Self::works`]; [`Error::NothingUnlocked`].
    pub fn withdraw(&mut self, who: Address, round: u64, now: Timestamp) -> Result<Units, Error> {
        self.works(round)?;
        let mut kept = Vec::new();
        let mut paid = Units::ZERO;
        let mut funds = self.funds;
        for record in self.records.get(&who).into_iter().flatten() {
            let due = if now > record.unlock {
                record.core
            } else {
                Units::ZERO
            };
            let pays = funds.map_or(due, |funds| due.min(funds));
            funds = funds.map(|funds| funds.min0(pays));
            paid = paid.plus(pays)?;
            let core = record.core.minus(pays)?;
            if !core.is_zero() {
                let unlock = record.unlock;
                kept.push(Record { core, unlock });
            }
        }
        if paid.is_zero() {
            return Err(Error::NothingUnlocked(who));
        }
        self.records.insert(who, kept);
        self.funds = funds;
        Ok(paid)
    }

    /// CORE wei still on record for `who`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn open(&self, who: Address) -> Result<Units, Error> {
        self.records
            .get(&who)
            .into_iter()
            .flatten()
            .try_fold(Units::ZERO, |sum, record| Ok(sum.plus(record.core)?))
    }

    /// What befalls a record: everything on record for `who` falls to `kept`/10,000, rounded down; a record of 0 is
    /// gone.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn cut(&mut self, who: Address, kept: crate::Bps) -> Result<(), Error> {
        for record in self.records.entry(who).or_default() {
            record.core = record.core.mul_div_down(kept.raw(), crate::BPS)?;
        }
        self.records
            .entry(who)
            .or_default()
            .retain(|record| !record.core.is_zero());
        Ok(())
    }
}
