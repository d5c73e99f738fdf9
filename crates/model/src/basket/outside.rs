//! What is not the basket's: who holds what, the staking system, rates, and the faults that a test may switch on.

use super::{Asset, CoreAgent, Earn, Error, SleeveId, Units};
use crate::{Address, Price};
use std::collections::{BTreeMap, BTreeSet};

/// Everything outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Who holds what.
    pub holdings: BTreeMap<(Address, Asset), Units>,
    /// CoreAgent and StakeHub.
    pub agent: CoreAgent,
    /// Earn.
    pub earn: Earn,
    /// Rates of rate sleeves, by sleeve: CORE wei for 1e18 units.
    pub rates: BTreeMap<SleeveId, Price>,
    /// CORE that the holder of lstBTC may claim, by sleeve.
    pub yields: BTreeMap<SleeveId, Units>,
    /// Fault: every external call of these sleeves fails (reverts, pauses, burns the gas it was given).
    pub stalled: BTreeSet<SleeveId>,
    /// Fault: these cannot receive these.
    pub refuses: BTreeSet<(Address, Asset)>,
}

impl Outside {
    /// What `who` holds of `asset`.
    #[must_use]
    pub fn held(&self, who: Address, asset: Asset) -> Units {
        self.holdings
            .get(&(who, asset))
            .copied()
            .unwrap_or_default()
    }

    /// `amount` appears.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn credit(&mut self, who: Address, asset: Asset, amount: Units) -> Result<(), Error> {
        let held = self.holdings.entry((who, asset)).or_default();
        *held = held.plus(amount)?;
        Ok(())
    }

    /// `amount` vanishes.
    ///
    /// # Errors
    /// [`Error::InsufficientAsset`].
    pub fn debit(&mut self, who: Address, asset: Asset, amount: Units) -> Result<(), Error> {
        let held = self.held(who, asset);
        let left = held
            .minus(amount)
            .map_err(|_| Error::InsufficientAsset(who, asset, held, amount))?;
        self.holdings.insert((who, asset), left);
        Ok(())
    }

    /// A transfer; one of nothing does nothing and cannot fail.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::InsufficientAsset`].
    pub fn transfer(
        &mut self,
        from: Address,
        to: Address,
        asset: Asset,
        amount: Units,
    ) -> Result<(), Error> {
        if amount.is_zero() {
            return Ok(());
        }
        if self.refuses.contains(&(to, asset)) {
            return Err(Error::Refused(to, asset));
        }
        self.debit(from, asset, amount)?;
        self.credit(to, asset, amount)
    }

    /// Refuses when the sleeve's outside does.
    ///
    /// # Errors
    /// [`Error::StepFailed`].
    pub fn answers(&self, sleeve: SleeveId) -> Result<(), Error> {
        if self.stalled.contains(&sleeve) {
            return Err(Error::StepFailed(sleeve));
        }
        Ok(())
    }
}
