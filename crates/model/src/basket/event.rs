use super::{Asset, BatchId, Error, Owner, Parts, Power, Shares, SleeveId, Units};
use crate::{Address, Assets, Timestamp};
use ruint::aliases::U256;

/// What a call tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "named after what happened; fields are the quantities their types name"
)]
pub enum Event {
    Deposited {
        account: Address,
        sleeve: SleeveId,
        units: Units,
        priced: Shares,
        credited: Shares,
    },
    MintedInKind {
        account: Address,
        units: Vec<Units>,
        priced: Shares,
        credited: Shares,
    },
    InstantExited {
        account: Address,
        recipient: Address,
        shares: Shares,
        core: Units,
    },
    ExitedInKind {
        batch: BatchId,
        account: Address,
        recipient: Address,
        shares: Shares,
    },
    LegDelivered {
        batch: BatchId,
        sleeve: SleeveId,
        recipient: Address,
        units: Units,
    },
    LegBooked {
        batch: BatchId,
        sleeve: SleeveId,
        parts: Parts,
    },
    RecipientSet {
        batch: BatchId,
        recipient: Address,
    },
    RedeemRequested {
        epoch: u64,
        controller: Address,
        owner: Address,
        shares: Shares,
    },
    RedeemCancelled {
        epoch: u64,
        controller: Address,
        shares: Shares,
    },
    EpochClosed {
        epoch: u64,
        shares: Shares,
        parts: Vec<Parts>,
    },
    LegStarted {
        batch: BatchId,
        sleeve: SleeveId,
        units: Units,
    },
    LegCollected {
        batch: BatchId,
        sleeve: SleeveId,
        recovered: Units,
        lost: Units,
        done: bool,
    },
    Claimed {
        batch: BatchId,
        owner: Owner,
        sleeve: SleeveId,
        recipient: Address,
        asset: Asset,
        units: Units,
    },
    OperatorSet {
        owner: Address,
        operator: Address,
        on: bool,
    },
    ReceiptMinted {
        receipt: u64,
        epoch: u64,
        owner: Address,
    },
    ReceiptMoved {
        receipt: u64,
        from: Address,
        to: Address,
    },
    Harvested {
        sleeve: SleeveId,
        reward: Units,
        fee: Units,
        released: Units,
        locked: Units,
    },
    LossBooked {
        sleeve: SleeveId,
        units: Units,
    },
    Skimmed {
        sleeve: SleeveId,
        units: Units,
    },
    Delegated {
        candidate: Address,
        units: Units,
    },
    Undelegated {
        candidate: Address,
        units: Units,
    },
    StakeMoved {
        from: Address,
        to: Address,
        units: Units,
    },
    FeeSharesMinted {
        recipient: Address,
        shares: Shares,
    },
    FeeUnitsPaid {
        sleeve: SleeveId,
        recipient: Address,
        units: Units,
    },
    AuctionStarted {
        sell: SleeveId,
        buy: SleeveId,
        units: Units,
        until: Timestamp,
    },
    AuctionBid {
        bidder: Address,
        sold: Units,
        paid: Units,
        loss: Assets,
    },
    SleeveAdded {
        sleeve: SleeveId,
    },
    SleeveRetired {
        sleeve: SleeveId,
    },
    Scheduled {
        id: u64,
        ready: Timestamp,
    },
    Executed {
        id: u64,
    },
    Cancelled {
        id: u64,
    },
    Paused {
        power: Power,
        until: Timestamp,
    },
    Unpaused {
        power: Power,
    },
}

/// What a call gives: its returned words in order, and its events in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The returned values.
    pub ret: Vec<U256>,
    /// Everything that the basket told.
    pub events: Vec<Event>,
}

impl Outcome {
    pub(crate) fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(crate) fn word(&mut self, word: U256) -> Result<(), Error> {
        self.ret.push(word);
        Ok(())
    }
}
