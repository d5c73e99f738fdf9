//! Claims on a closed epoch, by account or by receipt.

use super::{BatchId, Error, Event, LegState, Outcome, Shares, SleeveId, State, Units, apply::Ctx};
use crate::{Address, mul_div_down};
use std::collections::BTreeMap;

/// Who holds a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// An account.
    Account(Address),
    /// Whoever owns the receipt.
    Receipt(u64),
}

/// What one owner has in a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Shares redeemed.
    pub shares: Shares,
    /// A bit for each leg that is done and paid.
    pub mask: u64,
    /// What was paid of legs that are not done.
    pub paid: BTreeMap<SleeveId, Units>,
}

impl Position {
    /// A fresh one.
    #[must_use]
    pub fn of(shares: Shares) -> Self {
        Self {
            shares,
            ..Self::default()
        }
    }

    /// The leg is done and paid.
    #[must_use]
    pub fn settled(&self, id: SleeveId) -> bool {
        self.mask & bit(id) != 0
    }
}

/// A leg's bit.
pub(crate) const fn bit(id: SleeveId) -> u64 {
    if id.0 < 64 { 1 << id.0 } else { 0 }
}

/// Rule 6: `floor(recovered * shares / batchShares) - paid`.
///
/// # Errors
/// [`Error::Arithmetic`] when the batch has no shares, or more was paid than is due.
pub fn due_down(
    recovered: Units,
    shares: Shares,
    batch: Shares,
    paid: Units,
) -> Result<Units, Error> {
    let whole = mul_div_down(recovered.raw(), shares.raw(), batch.raw())?;
    Ok(Units::new(whole).minus(paid)?)
}

impl State {
    /// `caller` is `owner` or its operator.
    pub(crate) fn acts_for(&self, caller: Address, owner: Address) -> Result<(), Error> {
        if caller == owner || self.operators.contains(&(owner, caller)) {
            return Ok(());
        }
        Err(Error::NotOperator(owner, caller))
    }

    fn holder(&self, owner: Owner) -> Result<Address, Error> {
        match owner {
            Owner::Account(account) => Ok(account),
            Owner::Receipt(number) => self
                .receipts
                .get(&number)
                .copied()
                .ok_or(Error::UnknownReceipt(number)),
        }
    }

    /// What a claim of one leg would pay now.
    ///
    /// # Errors
    /// [`Error::UnknownBatch`], [`Error::NoPosition`], [`Error::UnknownSleeve`].
    pub fn claimable(&self, batch: BatchId, owner: Owner, id: SleeveId) -> Result<Units, Error> {
        let found = self.batch(batch)?;
        let position = found
            .positions
            .get(&owner)
            .ok_or(Error::NoPosition(batch, owner))?;
        let leg = found.leg(id).ok_or(Error::UnknownSleeve(id))?;
        if position.settled(id) {
            return Ok(Units::ZERO);
        }
        let paid = position.paid.get(&id).copied().unwrap_or_default();
        due_down(leg.recovered, position.shares, found.shares, paid)
    }

    /// Pays what is due on the legs of `mask`, all to `recipient`; bits beyond the legs mean nothing. One leg's
    /// refusal refuses the call: ask for the others.
    pub(crate) fn claim(
        &mut self,
        ctx: Ctx,
        epoch: u64,
        owner: Owner,
        (mask, recipient): (u64, Address),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if recipient.is_zero() {
            return Err(Error::ZeroAddress);
        }
        self.acts_for(ctx.caller, self.holder(owner)?)?;
        let batch = BatchId::Epoch(epoch);
        let legs = self.batch(batch)?.legs.len();
        let mut moved = false;
        for id in (0..legs).map(SleeveId).filter(|id| mask & bit(*id) != 0) {
            let due = self.claimable(batch, owner, id)?;
            let found = self.batch_mut(batch)?;
            let leg = found.legs.get_mut(id.0).ok_or(Error::UnknownSleeve(id))?;
            let position = found
                .positions
                .get_mut(&owner)
                .ok_or(Error::NoPosition(batch, owner))?;
            if leg.state == LegState::Waiting || position.settled(id) {
                continue;
            }
            if leg.state == LegState::Done {
                position.mask |= bit(id);
                position.paid.remove(&id);
                moved = true;
            } else if !due.is_zero() {
                let paid = position.paid.entry(id).or_default();
                *paid = paid.plus(due)?;
                moved = true;
            }
            leg.claimed = leg.claimed.plus(due)?;
            let asset = leg.asset;
            let from = self.places.basket;
            self.outside.transfer(from, recipient, asset, due)?;
            out.tell(Event::Claimed {
                batch,
                owner,
                sleeve: id,
                recipient,
                asset,
                units: due,
            });
            out.word(due.raw())?;
        }
        if !moved {
            // Also when nobody of that name is in it.
            self.batch(batch)?
                .positions
                .get(&owner)
                .ok_or(Error::NoPosition(batch, owner))?;
            return Err(Error::NothingToClaim(batch, owner));
        }
        self.forget_settled(batch, owner)
    }

    /// A position with every bit set is over.
    fn forget_settled(&mut self, batch: BatchId, owner: Owner) -> Result<(), Error> {
        let found = self.batch_mut(batch)?;
        let legs = found.legs.len();
        let over = found
            .positions
            .get(&owner)
            .is_some_and(|position| (0..legs).all(|id| position.settled(SleeveId(id))));
        if over {
            found.positions.remove(&owner);
            if let Owner::Receipt(number) = owner {
                self.receipts.remove(&number);
            }
        }
        Ok(())
    }

    /// The caller's whole position in a closed epoch, mask and paid amounts with it, becomes a receipt.
    pub(crate) fn mint_receipt(
        &mut self,
        ctx: Ctx,
        epoch: u64,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let batch = BatchId::Epoch(epoch);
        let mine = Owner::Account(ctx.caller);
        let receipt = self.next_receipt;
        let positions = &mut self.batch_mut(batch)?.positions;
        let position = positions
            .remove(&mine)
            .ok_or(Error::NoPosition(batch, mine))?;
        positions.insert(Owner::Receipt(receipt), position);
        self.next_receipt = receipt.saturating_add(1);
        self.receipts.insert(receipt, ctx.caller);
        out.tell(Event::ReceiptMinted {
            receipt,
            epoch,
            owner: ctx.caller,
        });
        out.word(ruint::aliases::U256::from(receipt))
    }

    /// A receipt changes hands; nothing else does.
    pub(crate) fn move_receipt(
        &mut self,
        ctx: Ctx,
        receipt: u64,
        to: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if to.is_zero() {
            return Err(Error::ZeroAddress);
        }
        let from = self.holder(Owner::Receipt(receipt))?;
        self.acts_for(ctx.caller, from)?;
        self.receipts.insert(receipt, to);
        out.tell(Event::ReceiptMoved { receipt, from, to });
        Ok(())
    }
}
