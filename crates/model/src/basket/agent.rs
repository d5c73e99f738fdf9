//! Core's staking as facts C1 to C8 describe it, and how the sleeve leaves it.
//!
//! A round is a UTC day. A delegation has what earns in this round (`earning`), what is there in all (`total`), and
//! what was moved to another candidate in this round and still earns here (`moved`).

use super::{Error, Units};
use crate::{Address, mul_div_down};
use ruint::aliases::U256;
use std::collections::{BTreeMap, BTreeSet};

/// `requiredCoinDeposit()`: least delegation, partial undelegation and remainder, wei (C4).
pub const LEAST_STAKE: Units = Units::of(1_000_000_000_000_000_000);

/// Rewards per staked wei and round are times this.
const ONE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// What one delegator has with one candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delegation {
    /// Wei that earn in this round (`stakedAmount`).
    pub earning: Units,
    /// Wei delegated (`realtimeAmount`): they earn from the next full round.
    pub total: Units,
    /// Wei moved away in this round, earning here until it ends (`transferredAmount`).
    pub moved: Units,
}

/// The books of CoreAgent and StakeHub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreAgent {
    /// Round tag: the last one that began.
    pub round: u64,
    /// Candidates that `canDelegate`.
    pub open: BTreeSet<Address>,
    /// By delegator and candidate.
    pub delegations: BTreeMap<(Address, Address), Delegation>,
    /// Rewards settled and unclaimed, by delegator, wei (C6: no view shows more than this).
    pub rewards: BTreeMap<Address, Units>,
}

impl CoreAgent {
    /// What `who` has with `candidate`.
    #[must_use]
    pub fn delegation(&self, who: Address, candidate: Address) -> Delegation {
        self.delegations
            .get(&(who, candidate))
            .copied()
            .unwrap_or_default()
    }

    /// `getCandidateListByDelegator` with the totals, in the order of addresses.
    #[must_use]
    pub fn of(&self, who: Address) -> Vec<(Address, Units)> {
        self.delegations
            .range((who, Address::ZERO)..)
            .take_while(|((delegator, _), _)| *delegator == who)
            .filter(|(_, delegation)| !delegation.total.is_zero())
            .map(|((_, candidate), delegation)| (*candidate, delegation.total))
            .collect()
    }

    /// `delegatorMap`: all that `who` has delegated.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn delegated(&self, who: Address) -> Result<Units, Error> {
        self.of(who)
            .into_iter()
            .try_fold(Units::ZERO, |sum, (_, total)| Ok(sum.plus(total)?))
    }

    fn put(&mut self, who: Address, candidate: Address, delegation: Delegation) {
        if delegation == Delegation::default() {
            self.delegations.remove(&(who, candidate));
        } else {
            self.delegations.insert((who, candidate), delegation);
        }
    }

    fn open_to(&self, candidate: Address) -> Result<(), Error> {
        if self.open.contains(&candidate) {
            Ok(())
        } else {
            Err(Error::InactiveCandidate(candidate))
        }
    }

    /// `delegateCoin`: earns from the next full round (C2).
    ///
    /// # Errors
    /// [`Error::InactiveCandidate`], [`Error::BelowLeastStake`] (C4).
    pub fn delegate(&mut self, who: Address, to: Address, amount: Units) -> Result<(), Error> {
        self.open_to(to)?;
        if amount < LEAST_STAKE {
            return Err(Error::BelowLeastStake(amount, LEAST_STAKE));
        }
        let mut delegation = self.delegation(who, to);
        delegation.total = delegation.total.plus(amount)?;
        self.put(who, to, delegation);
        Ok(())
    }

    /// What leaves `from`, by the checks of C4; the earning stake goes first (C3). Returns how much of it was
    /// earning.
    fn leave(&mut self, who: Address, from: Address, amount: Units) -> Result<Units, Error> {
        let mut delegation = self.delegation(who, from);
        if amount.is_zero() || amount > delegation.total {
            return Err(Error::NotDelegated(from, delegation.total, amount));
        }
        let rest = delegation.total.minus(amount)?;
        if !rest.is_zero() {
            for part in [amount, rest] {
                if part < LEAST_STAKE {
                    return Err(Error::BelowLeastStake(part, LEAST_STAKE));
                }
            }
        }
        let eaten = delegation.earning.min(amount);
        delegation.earning = delegation.earning.minus(eaten)?;
        delegation.total = rest;
        self.put(who, from, delegation);
        Ok(eaten)
    }

    /// `undelegateCoin`: paid at once (C1), and earns nothing for the running round (C2, C3). The candidate's state
    /// does not matter.
    ///
    /// # Errors
    /// [`Error::NotDelegated`], [`Error::BelowLeastStake`].
    pub fn undelegate(&mut self, who: Address, from: Address, amount: Units) -> Result<(), Error> {
        self.leave(who, from, amount).map(drop)
    }

    /// `transferCoin`: keeps the round's reward; the source may be closed, the target must be open (C5).
    ///
    /// # Errors
    /// [`Error::SameCandidate`], [`Error::InactiveCandidate`], and those of [`Self::undelegate`].
    pub fn transfer(
        &mut self,
        who: Address,
        from: Address,
        to: Address,
        amount: Units,
    ) -> Result<(), Error> {
        if from == to {
            return Err(Error::SameCandidate(from));
        }
        self.open_to(to)?;
        let eaten = self.leave(who, from, amount)?;
        let mut source = self.delegation(who, from);
        source.moved = source.moved.plus(eaten)?;
        self.put(who, from, source);
        let mut target = self.delegation(who, to);
        target.total = target.total.plus(amount)?;
        self.put(who, to, target);
        Ok(())
    }

    /// A round ends: each candidate pays `rate` (times 1e18) per wei that earned with it, rounded down per
    /// delegation; then everything that is there earns. A jailed candidate pays 0 and nobody loses stake (C7).
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn turn(&mut self, round: u64, rates: &BTreeMap<Address, U256>) -> Result<(), Error> {
        let mut next = BTreeMap::new();
        for ((who, candidate), delegation) in &self.delegations {
            let rate = rates.get(candidate).copied().unwrap_or_default();
            let earning = delegation.earning.plus(delegation.moved)?;
            let reward = Units::new(mul_div_down(earning.raw(), rate, ONE)?);
            let owed = self.rewards.entry(*who).or_default();
            *owed = owed.plus(reward)?;
            if !delegation.total.is_zero() {
                let turned = Delegation {
                    earning: delegation.total,
                    total: delegation.total,
                    moved: Units::ZERO,
                };
                next.insert((*who, *candidate), turned);
            }
        }
        self.delegations = next;
        self.round = round;
        Ok(())
    }

    /// `claimReward()`: the sum of all kinds, in CORE (C6).
    pub fn claim(&mut self, who: Address) -> Units {
        self.rewards.remove(&who).unwrap_or_default()
    }
}

/// One call of `undelegateCoin` in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undelegation {
    /// From whom.
    pub candidate: Address,
    /// Wei.
    pub amount: Units,
}

/// How a shortfall is met: closed candidates first (they earn nothing), then the largest, ties by address. Each step
/// obeys C4: at least 1 CORE, and a candidate is emptied where less than 1 CORE would remain. So the sum may exceed
/// `need`; it falls short only when everything is undelegated.
///
/// # Errors
/// [`Error::Arithmetic`] on overflow.
pub fn plan_undelegation(
    agent: &CoreAgent,
    who: Address,
    need: Units,
) -> Result<Vec<Undelegation>, Error> {
    let mut list = agent.of(who);
    list.sort_by_key(|(candidate, total)| {
        (
            agent.open.contains(candidate),
            core::cmp::Reverse(*total),
            *candidate,
        )
    });
    let mut left = need;
    let mut plan = Vec::new();
    for (candidate, total) in list {
        if left.is_zero() {
            break;
        }
        let mut amount = left.max(LEAST_STAKE).min(total);
        if total.min0(amount) < LEAST_STAKE {
            amount = total;
        }
        left = left.min0(amount);
        plan.push(Undelegation { candidate, amount });
    }
    Ok(plan)
}
