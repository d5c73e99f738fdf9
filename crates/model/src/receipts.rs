//! Exit receipts: an ERC-721 for a request, on demand. To the minter their contract is no more than an owner of tickets.

use crate::{
    Address, Error, Event, MinterCall, Outcome, ReceiptId, ReceiptsCall, RequestId, State,
    exit::Ctx,
};
use ruint::aliases::U256;
use std::collections::{BTreeMap, BTreeSet};

/// The books of the receipts contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipts {
    /// Living receipts and whose they are.
    pub owners: BTreeMap<ReceiptId, Address>,
    /// The version of a request's next receipt, once one was burned.
    pub next_version: BTreeMap<RequestId, u64>,
    /// Who else may move a receipt.
    pub approved: BTreeMap<ReceiptId, Address>,
    /// (owner, operator): who may move all of them.
    pub operators: BTreeSet<(Address, Address)>,
}

impl Receipts {
    fn owner(&self, id: ReceiptId) -> Result<Address, Error> {
        self.owners
            .get(&id)
            .copied()
            .ok_or(Error::NoSuchReceipt(id))
    }

    fn mint(&mut self, to: Address, request: RequestId, out: &mut Outcome) -> ReceiptId {
        let version = self.next_version.get(&request).copied().unwrap_or(0);
        let id = ReceiptId { request, version };
        self.owners.insert(id, to);
        out.tell(Event::ReceiptTransfer {
            from: Address::ZERO,
            to,
            id,
        });
        id
    }

    /// Burns before anything is paid: no receipt of that request exists while the recipient runs (attack L40).
    fn spend(&mut self, caller: Address, id: ReceiptId, out: &mut Outcome) -> Result<(), Error> {
        if self.owner(id)? != caller {
            return Err(Error::NotReceiptOwner(id, caller));
        }
        self.owners.remove(&id);
        self.approved.remove(&id);
        let next = id.version.saturating_add(1);
        self.next_version.insert(id.request, next);
        out.tell(Event::ReceiptTransfer {
            from: caller,
            to: Address::ZERO,
            id,
        });
        Ok(())
    }
}

impl State {
    /// `mintReceipt(id)`: the ticket is the receipt contract's from here on, the receipt the caller's.
    pub(crate) fn mint_receipt(
        &mut self,
        ctx: Ctx,
        request: RequestId,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.minter.line.owned(request, ctx.caller)?;
        self.hand_ticket(request, self.places.receipts);
        let id = self.receipts.mint(ctx.caller, request, out);
        out.words([id.raw()])
    }

    fn hand_ticket(&mut self, request: RequestId, to: Address) {
        if let Some(ticket) = self.minter.line.tickets.get_mut(&request) {
            ticket.owner = to;
        }
    }

    /// `unwrapTicket(id, owner)`, for the receipt contract alone.
    pub(crate) fn unwrap_ticket(
        &mut self,
        ctx: Ctx,
        request: RequestId,
        owner: Address,
    ) -> Result<(), Error> {
        if ctx.caller != self.places.receipts {
            return Err(Error::NotReceipts(ctx.caller));
        }
        self.minter.line.owned(request, ctx.caller)?;
        self.hand_ticket(request, owner);
        Ok(())
    }

    pub(crate) fn receipts_call(
        &mut self,
        ctx: Ctx,
        call: &ReceiptsCall,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let caller = ctx.caller;
        match call {
            ReceiptsCall::Mint { .. } => Err(Error::NotMinter(caller)),
            ReceiptsCall::Claim {
                id,
                hint_a,
                hint_b,
                recipient,
            } => {
                let claim = MinterCall::ClaimTo {
                    id: id.request,
                    hint_a: *hint_a,
                    hint_b: *hint_b,
                    recipient: *recipient,
                };
                self.cash(ctx, *id, &claim, *recipient, out)
            }
            ReceiptsCall::Redeem { id, recipient } => {
                let claim = MinterCall::Withdraw {
                    recipient: *recipient,
                    id: id.request,
                };
                self.cash(ctx, *id, &claim, *recipient, out)
            }
            ReceiptsCall::Unwrap { id } => {
                self.receipts.spend(caller, *id, out)?;
                out.tell(Event::Unwrapped {
                    id: *id,
                    owner: caller,
                });
                let call = MinterCall::UnwrapTicket {
                    id: id.request,
                    owner: caller,
                };
                self.call_minter(self.places.receipts, ctx.now, &call, out)?;
                out.words([U256::from(id.request.get())])
            }
            ReceiptsCall::Refresh { ids } => {
                for id in ids {
                    if self.receipts.owners.contains_key(id) {
                        out.tell(Event::MetadataUpdate { id: *id });
                    }
                }
                Ok(())
            }
            ReceiptsCall::TransferFrom { from, to, id } => {
                // Neither could ever claim it.
                let never = [Address::ZERO, self.places.receipts, self.places.minter];
                if never.contains(to) {
                    return Err(Error::InvalidReceiptReceiver(*to));
                }
                let books = &mut self.receipts;
                let owner = books.owner(*id)?;
                let allowed = caller == owner
                    || books.operators.contains(&(owner, caller))
                    || books.approved.get(id) == Some(&caller);
                if !allowed {
                    return Err(Error::ReceiptNotApproved(caller, *id));
                }
                if owner != *from {
                    return Err(Error::WrongReceiptOwner(*from, *id, owner));
                }
                books.approved.remove(id);
                books.owners.insert(*id, *to);
                let (from, to, id) = (*from, *to, *id);
                out.tell(Event::ReceiptTransfer { from, to, id });
                Ok(())
            }
            ReceiptsCall::Approve { to, id } => {
                let books = &mut self.receipts;
                let owner = books.owner(*id)?;
                if caller != owner && !books.operators.contains(&(owner, caller)) {
                    return Err(Error::InvalidApprover(caller));
                }
                if to.is_zero() {
                    books.approved.remove(id);
                } else {
                    books.approved.insert(*id, *to);
                }
                out.tell(Event::ReceiptApproval {
                    owner,
                    approved: *to,
                    id: *id,
                });
                Ok(())
            }
            ReceiptsCall::SetApprovalForAll { operator, approved } => {
                if operator.is_zero() {
                    return Err(Error::InvalidOperator(*operator));
                }
                if *approved {
                    self.receipts.operators.insert((caller, *operator));
                } else {
                    self.receipts.operators.remove(&(caller, *operator));
                }
                out.tell(Event::ReceiptOperator {
                    owner: caller,
                    operator: *operator,
                    approved: *approved,
                });
                Ok(())
            }
        }
    }

    /// A claim of the request to `recipient`, to the wei that the minter pays; what is left lives on as the next version.
    fn cash(
        &mut self,
        ctx: Ctx,
        id: ReceiptId,
        claim: &MinterCall,
        recipient: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.receipts.spend(ctx.caller, id, out)?;
        let words = self.call_minter(self.places.receipts, ctx.now, claim, out)?;
        let paid = words.first().copied().unwrap_or_default();
        let next = if self.minter.line.tickets.contains_key(&id.request) {
            self.receipts.mint(ctx.caller, id.request, out).raw()
        } else {
            U256::ZERO
        };
        out.tell(Event::ReceiptClaimed {
            id,
            recipient,
            paid,
            next,
        });
        out.words([paid, next])
    }
}
