//! The liquid token: balances, allowances and the reward stream inside.

use crate::{
    Address, Assets, DAY, Error, Event, Index, Outcome, Shares, Timestamp, TokenCall,
    units::{mul_div_down, mul_div_up},
};
use ruint::aliases::U256;
use std::collections::BTreeMap;

/// Index is wei per LST, times this.
const INDEX_SCALE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// A load vests at least this long, seconds.
const VEST_MIN: u64 = 7 * DAY;
/// A load vests at most this long, seconds.
const VEST_MAX: u64 = 84 * DAY;

/// One holder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// LST wei.
    pub balance: Shares,
    /// The index up to which `accrued` is settled.
    pub paid: Index,
    /// Reward wei settled and not collected, overflow included.
    pub accrued: Assets,
}

/// The token's books.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// Sum of balances, LST wei. The stream's divisor.
    pub total_supply: Shares,
    /// Holders that ever had something.
    pub holders: BTreeMap<Address, Holder>,
    /// (owner, spender) -> LST wei.
    pub allowances: BTreeMap<(Address, Address), Shares>,
    /// Permits that an owner has used.
    pub nonces: BTreeMap<Address, u64>,
    /// Reward of one LST so far.
    pub index: Index,
    /// When index and flow were last brought up to date.
    pub updated_at: Timestamp,
    /// Wei per second that stream now.
    pub flow: Assets,
    /// Wei that the index could not express yet.
    pub carry: Assets,
    /// Wei that wait for the next load.
    pub unallocated: Assets,
    /// When the last load came; 0: never.
    pub last_load_at: Timestamp,
    /// Unix day -> wei per second that stop at its start.
    pub ending: BTreeMap<u64, Assets>,
}

impl Token {
    /// LST wei of `account`.
    #[must_use]
    pub fn balance(&self, account: Address) -> Shares {
        self.holders
            .get(&account)
            .map_or(Shares::ZERO, |h| h.balance)
    }

    /// LST wei that `spender` may take from `owner`; the maximum is never used up.
    #[must_use]
    pub fn allowance(&self, owner: Address, spender: Address) -> Shares {
        self.allowances
            .get(&(owner, spender))
            .copied()
            .unwrap_or_default()
    }

    /// Brings index, flow and carry to `now`. Index and credit round down, what they leave goes into `carry`: no wei of
    /// the stream is lost.
    pub(crate) fn accrue(&mut self, now: Timestamp) -> Result<(), Error> {
        let mut at = self.updated_at.get();
        let mut earned = Assets::ZERO;
        while at < now.get() && !self.flow.is_zero() {
            let day = at
                .checked_div(DAY)
                .ok_or(Error::Arithmetic)?
                .saturating_add(1);
            let boundary = day.saturating_mul(DAY);
            let end = boundary.min(now.get());
            let seconds = U256::from(end.saturating_sub(at));
            earned = earned.plus(self.flow.mul_div_down(seconds, U256::from(1))?)?;
            at = end;
            if at == boundary {
                self.flow = self
                    .flow
                    .minus(self.ending.get(&day).copied().unwrap_or_default())?;
            }
        }
        self.updated_at = self.updated_at.max(now);
        let whole = earned.plus(self.carry)?;
        if self.total_supply.is_zero() {
            self.unallocated = self.unallocated.plus(whole)?;
            self.carry = Assets::ZERO;
            return Ok(());
        }
        let supply = self.total_supply.raw();
        let delta = mul_div_down(whole.raw(), INDEX_SCALE, supply)?;
        self.index = self.index.plus(Index::new(delta))?;
        let spread = Assets::new(mul_div_up(delta, supply, INDEX_SCALE)?);
        self.carry = whole.minus(spread)?;
        Ok(())
    }

    /// Credits `account` up to the index, rounding down.
    fn settle(&mut self, account: Address) -> Result<(), Error> {
        let index = self.index;
        let holder = self.holders.entry(account).or_default();
        let gain = holder.balance.raw();
        let gain = mul_div_down(gain, index.minus(holder.paid)?.raw(), INDEX_SCALE)?;
        holder.accrued = holder.accrued.plus(Assets::new(gain))?;
        holder.paid = index;
        Ok(())
    }

    fn add(&mut self, account: Address, amount: Shares) -> Result<(), Error> {
        let holder = self.holders.entry(account).or_default();
        holder.balance = holder.balance.plus(amount)?;
        Ok(())
    }

    fn take(&mut self, account: Address, amount: Shares) -> Result<(), Error> {
        let holder = self.holders.entry(account).or_default();
        if holder.balance < amount {
            return Err(Error::InsufficientBalance(
                account,
                holder.balance.raw(),
                amount.raw(),
            ));
        }
        holder.balance = holder.balance.minus(amount)?;
        Ok(())
    }

    /// Mints `amount` LST wei. The holder earns from now on.
    pub(crate) fn mint(
        &mut self,
        now: Timestamp,
        to: Address,
        amount: Shares,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if to.is_zero() {
            return Err(Error::InvalidReceiver(to));
        }
        self.accrue(now)?;
        self.settle(to)?;
        self.add(to, amount)?;
        self.total_supply = self.total_supply.plus(amount)?;
        out.tell(Event::Transfer {
            from: Address::ZERO,
            to,
            value: amount,
        });
        Ok(())
    }

    /// Burns `amount` LST wei; what was earned with it stays the holder's.
    pub(crate) fn burn(
        &mut self,
        now: Timestamp,
        from: Address,
        amount: Shares,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.accrue(now)?;
        self.settle(from)?;
        self.take(from, amount)?;
        self.total_supply = self.total_supply.minus(amount)?;
        out.tell(Event::Transfer {
            from,
            to: Address::ZERO,
            value: amount,
        });
        Ok(())
    }

    pub(crate) fn transfer(
        &mut self,
        now: Timestamp,
        from: Address,
        to: Address,
        amount: Shares,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if to.is_zero() {
            return Err(Error::InvalidReceiver(to));
        }
        self.accrue(now)?;
        self.settle(from)?;
        self.settle(to)?;
        self.take(from, amount)?;
        self.add(to, amount)?;
        out.tell(Event::Transfer {
            from,
            to,
            value: amount,
        });
        Ok(())
    }

    fn approve(
        &mut self,
        owner: Address,
        spender: Address,
        value: Shares,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if spender.is_zero() {
            return Err(Error::InvalidSpender(spender));
        }
        self.allowances.insert((owner, spender), value);
        out.tell(Event::Approval {
            owner,
            spender,
            value,
        });
        Ok(())
    }

    /// `spender` moves LST of `from` within its allowance; the maximum is never used up.
    pub(crate) fn transfer_from(
        &mut self,
        now: Timestamp,
        spender: Address,
        from: Address,
        to: Address,
        amount: Shares,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let allowed = self.allowance(from, spender);
        if allowed != Shares::MAX {
            if allowed < amount {
                let (has, needed) = (allowed.raw(), amount.raw());
                return Err(Error::InsufficientAllowance(spender, has, needed));
            }
            self.allowances
                .insert((from, spender), allowed.minus(amount)?);
        }
        self.transfer(now, from, to, amount, out)
    }

    /// Adds `amount` wei to the stream: a new flow that ends on a day boundary. The remainder of the division waits in
    /// `unallocated` for the next load.
    pub(crate) fn stream(
        &mut self,
        now: Timestamp,
        amount: Assets,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.accrue(now)?;
        let span = if self.last_load_at == Timestamp::ZERO {
            VEST_MIN
        } else {
            now.since(self.last_load_at).clamp(VEST_MIN, VEST_MAX)
        };
        let day = now.after(span).get().div_ceil(DAY);
        let end = day.saturating_mul(DAY);
        let duration = U256::from(end.saturating_sub(now.get()));
        let total = amount.plus(self.unallocated)?;
        let flow = total.mul_div_down(U256::from(1), duration)?;
        self.unallocated = total.minus(flow.mul_div_down(duration, U256::from(1))?)?;
        self.flow = self.flow.plus(flow)?;
        let ending = self.ending.entry(day).or_default();
        *ending = ending.plus(flow)?;
        self.last_load_at = now;
        out.tell(Event::StreamAdded {
            amount,
            flow,
            end: Timestamp::new(end),
        });
        Ok(())
    }

    /// Zeroes and returns what `account` has accrued, wei.
    pub(crate) fn collect(
        &mut self,
        now: Timestamp,
        account: Address,
        out: &mut Outcome,
    ) -> Result<Assets, Error> {
        self.accrue(now)?;
        self.settle(account)?;
        let holder = self.holders.entry(account).or_default();
        let amount = core::mem::take(&mut holder.accrued);
        if !amount.is_zero() {
            out.tell(Event::RewardsCollected { account, amount });
        }
        Ok(amount)
    }

    /// Wei of reward that `account` could collect at `now`, rounded down.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn earned(&self, now: Timestamp, account: Address) -> Result<Assets, Error> {
        let mut then = self.clone();
        then.accrue(now)?;
        then.settle(account)?;
        Ok(then
            .holders
            .get(&account)
            .map_or(Assets::ZERO, |h| h.accrued))
    }

    /// The stream as it stands at `now`: index, flow, carry and unallocated brought up to date.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn stream_state(&self, now: Timestamp) -> Result<Self, Error> {
        let mut then = self.clone();
        then.accrue(now)?;
        Ok(then)
    }

    pub(crate) fn apply(
        &mut self,
        caller: Address,
        minter: Address,
        rewards: Address,
        now: Timestamp,
        call: &TokenCall,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let only_minter = || {
            if caller == minter {
                Ok(())
            } else {
                Err(Error::NotMinter(caller))
            }
        };
        let only_rewards = || {
            if caller == rewards {
                Ok(())
            } else {
                Err(Error::NotRewards(caller))
            }
        };
        match *call {
            TokenCall::Transfer { to, amount } => {
                self.transfer(now, caller, to, amount, out)?;
                out.words([U256::from(1)])
            }
            TokenCall::Approve { spender, amount } => {
                self.approve(caller, spender, amount, out)?;
                out.words([U256::from(1)])
            }
            TokenCall::TransferFrom { from, to, amount } => {
                self.transfer_from(now, caller, from, to, amount, out)?;
                out.words([U256::from(1)])
            }
            TokenCall::Permit {
                owner,
                spender,
                amount,
                deadline,
                signer,
            } => {
                if now > deadline {
                    return Err(Error::ExpiredSignature(deadline));
                }
                if signer != owner {
                    return Err(Error::InvalidSigner(signer, owner));
                }
                let nonce = self.nonces.entry(owner).or_default();
                *nonce = nonce.saturating_add(1);
                self.approve(owner, spender, amount, out)
            }
            TokenCall::Mint { to, amount } => {
                only_minter()?;
                self.mint(now, to, amount, out)
            }
            TokenCall::Burn { from, amount } => {
                only_minter()?;
                self.burn(now, from, amount, out)
            }
            TokenCall::Stream { amount } => {
                only_rewards()?;
                self.stream(now, amount, out)
            }
            TokenCall::Collect { account } => {
                only_rewards()?;
                let amount = self.collect(now, account, out)?;
                out.words([amount.raw()])
            }
        }
    }
}
