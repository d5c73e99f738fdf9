//! Rows of the basket, its queue and what governs it.
//!
//! Shares are BASKET wei, units smallest units of a sleeve's token, parts what units are shared by, prices as the feed has them:
//! wei of the coin for 1e18 units. Sleeves and legs are counted from 0, epochs and auctions from 1.

use super::ReceiptState;
use crate::value::{Amounts, rows, words};
use alloy::primitives::{Address, B256, Bytes, U256};

words! {
    /// What a line of an account's history with the basket is.
    pub enum BasketMoveKind {
        /// One asset in at a price, shares out.
        Deposit = "deposit",
        /// All assets in, shares out.
        MintInKind = "mintInKind",
        /// Shares in, coins out at once.
        InstantExit = "instantExit",
        /// Shares in, a part of every sleeve out.
        InKindExit = "inKindExit",
        /// A leg that had waited was delivered.
        LegDelivered = "legDelivered",
        /// Shares joined an epoch.
        Request = "request",
        /// Shares left the open epoch.
        Cancel = "cancel",
        /// What legs brought was taken.
        Claim = "claim",
        /// Shares received.
        TransferIn = "transferIn",
        /// Shares sent.
        TransferOut = "transferOut",
        /// A position became a receipt.
        Wrap = "wrap",
        /// A receipt became a position.
        Unwrap = "unwrap",
        /// A receipt received.
        ReceiptIn = "receiptIn",
        /// A receipt given or sold.
        ReceiptOut = "receiptOut",
    }
    /// How far a leg of an epoch is.
    pub enum LegState {
        /// Parts in its sleeve: shares gains and losses.
        Waiting = "waiting",
        /// A ticket is open: what it loses is its own.
        Out = "out",
        /// Nothing more comes.
        Done = "done",
    }
    /// What became of an operation of the timelock. Whether it is ready is a matter of time.
    pub enum OperationState {
        /// Waits.
        Scheduled = "scheduled",
        /// Carried out.
        Executed = "executed",
        /// Called off.
        Cancelled = "cancelled",
    }
    /// What a guardian did or what was done to it.
    pub enum GuardianActKind {
        /// Got a mandate, or had it renewed.
        Appointed = "appointed",
        /// The timelock ended the mandate.
        Removed = "removed",
        /// The holder ended it.
        Resigned = "resigned",
        /// A part of the basket was paused.
        Paused = "paused",
        /// A pause was ended.
        Unpaused = "unpaused",
    }
}

rows! {
    /// A sleeve as events tell it. Its books at a block (units, parts) are views of the basket.
    pub struct BasketSleeve in "basket_sleeves" {
        /// Its id.
        id: u64;
        /// The contract that holds the position.
        adapter: Address,
        /// What comes in; 0xEeee…EEeE is the coin.
        token: Address,
        /// What an epoch's leg ends in.
        epoch_token: Address,
        /// The most units booked.
        cap: U256,
        /// Net inflow in a day, units.
        flow_limit: U256,
        /// A priced deposit may push it to target and band.
        band_bps: u64,
        /// Of the basket's worth.
        target_bps: u64,
        /// Units that harvests found, ever.
        gained: U256,
        /// Units that harvests released, ever.
        released: U256,
        /// Units locked after the last harvest.
        locked: U256,
        /// Units owed to the fee recipient after the last harvest or payment.
        fee_units: U256,
        /// Units paid to the fee recipient, ever.
        fees_paid: U256,
        /// Units booked as losses, ever.
        lost: U256,
        /// Its last harvest.
        harvested_at: Option<u64>,
        /// When it was added.
        added_at: u64,
        /// Block of that: its adapter's events count from here.
        added_block: u64,
        /// When it was retired.
        removed_at: Option<u64>,
        /// Transaction of its last delivery in kind, until that is accounted for.
        delivery_tx: Option<B256>,
        /// Units of that delivery.
        delivery: Option<U256>,
    }

    /// What harvests of one sleeve brought in one round.
    pub struct Harvest in "harvests" {
        /// The sleeve.
        sleeve: u64,
        /// The UTC day, unix time / 86,400.
        round: u64;
        /// How many there were; 0: a loss was booked without one.
        count: u64,
        /// Units found.
        gained: U256,
        /// Units released.
        released: U256,
        /// Units locked after the last of them.
        locked: U256,
        /// Units owed to the fee recipient after the last of them.
        fee_units: U256,
        /// Units booked as losses.
        lost: U256,
        /// When the last was.
        at: u64,
        /// Block of the last.
        block: u64,
        /// Transaction of the last.
        tx_hash: B256,
    }

    /// A price as the feed recorded it.
    pub struct PriceObservation in "price_observations" {
        /// The asset.
        asset: Address,
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// 0 sound, 1 doubtful, 2 impaired.
        state: u64,
        /// From below.
        low: U256,
        /// From above.
        high: U256,
    }

    /// Somebody who ever held shares. The queue is one (shares of the open epoch), and nobody's address is (the dead shares).
    pub struct BasketHolder in "basket_holders" {
        /// Who.
        account: Address;
        /// Shares held.
        shares: U256,
        /// Shares credited by ways in, ever.
        shares_in: U256,
        /// Shares that went by ways out, ever; those asked for in epochs, less those taken back, included.
        shares_out: U256,
        /// First seen.
        first_at: u64,
    }

    /// One line of an account's history with the basket.
    pub struct BasketMove in "basket_moves" {
        /// Whose.
        account: Address,
        /// Block.
        block: u64,
        /// Log index in the block.
        log_index: u64,
        /// What.
        kind: BasketMoveKind;
        /// When.
        at: u64,
        /// In which transaction.
        tx_hash: B256,
        /// Shares moved.
        shares: U256,
        /// Coins paid out by an instant exit, or by the coin legs of a claim.
        coins: U256,
        /// Coins that an instant exit left as its fee.
        fee: U256,
        /// The one sleeve that it was about; none: all of them.
        sleeve: Option<u64>,
        /// Units: of the one sleeve, or one for each; of a claim what each leg paid, in the leg's asset.
        units: Amounts,
        /// The epoch.
        epoch: Option<u64>,
        /// The other side: who paid, or was paid.
        counterparty: Option<Address>,
    }

    /// A leg of an exit in kind that could not be delivered. One that was has no row.
    pub struct WaitingLeg in "waiting_legs" {
        /// Whose.
        owner: Address,
        /// Of which sleeve.
        sleeve: u64;
        /// Parts.
        parts: U256,
        /// Where it goes.
        recipient: Address,
        /// Since when the oldest part of it waits.
        since: u64,
        /// Block of its last change.
        block: u64,
        /// Transaction of that.
        tx_hash: B256,
    }

    /// An epoch of redemptions.
    pub struct Epoch in "epochs" {
        /// Its number, the request id of all its requests.
        id: u64;
        /// Shares in it; after the close: that it was closed with.
        shares: U256,
        /// Requests made, those taken back included.
        requests: u64,
        /// When the first of the requests that are in it was made; none: nothing is in it.
        requested_at: Option<u64>,
        /// When its close is due, or was.
        due_at: Option<u64>,
        /// When it was closed.
        closed_at: Option<u64>,
        /// Sleeves at the close.
        legs: u64,
        /// Legs that nothing more comes of.
        legs_done: u64,
        /// Block of its last change.
        block: u64,
        /// Transaction of that.
        tx_hash: B256,
    }

    /// A leg of a closed epoch.
    pub struct EpochLeg in "epoch_legs" {
        /// The epoch.
        epoch: u64,
        /// The sleeve.
        sleeve: u64;
        /// How far it is.
        state: LegState,
        /// What it is paid in; none before it starts.
        asset: Option<Address>,
        /// Parts carved for it at the close.
        parts: U256,
        /// Units that began to unbond.
        units: U256,
        /// Its ticket; 0: none.
        ticket: U256,
        /// What came of it so far, of `asset`.
        recovered: U256,
        /// When it started.
        started_at: Option<u64>,
        /// When it was done.
        done_at: Option<u64>,
        /// Block of its last change.
        block: u64,
        /// Transaction of that.
        tx_hash: B256,
    }

    /// What an account has in an epoch of its own; what it has by receipts is with them.
    pub struct EpochPosition in "epoch_positions" {
        /// Whose: the controller.
        owner: Address,
        /// The epoch.
        epoch: u64;
        /// Shares; 0: all taken back.
        shares: U256,
        /// A bit for each leg that its claims found done and paid in full.
        mask: u64,
        /// What each leg paid so far, done ones included; empty: nothing was claimed.
        paid: Amounts,
        /// All legs are paid in full.
        whole: bool,
        /// When it was last added to.
        requested_at: u64,
        /// Its last claim.
        claimed_at: Option<u64>,
        /// Block of its last change.
        block: u64,
        /// Transaction of that.
        tx_hash: B256,
    }

    /// An ERC-721 receipt of a position.
    pub struct BasketReceipt in "basket_receipts" {
        /// Token id: version << 128 | line.
        id: U256;
        /// The line.
        line: U256,
        /// The epoch.
        epoch: u64,
        /// Shares of the position.
        shares: U256,
        /// As of a position.
        mask: u64,
        /// As of a position, earlier versions' claims included.
        paid: Amounts,
        /// Who owns it, or owned it last.
        owner: Address,
        /// Live, claimed or unwrapped.
        state: ReceiptState,
        /// The receipt of what its claim left.
        next: Option<U256>,
        /// When it was minted.
        minted_at: u64,
        /// Block of its last change.
        block: u64,
        /// Transaction of that.
        tx_hash: B256,
    }

    /// An auction of what one sleeve has too much for what another lacks.
    pub struct BasketAuction in "auctions" {
        /// Its id.
        id: u64;
        /// Over its target.
        from_sleeve: u64,
        /// Under its target.
        to_sleeve: u64,
        /// Units of `from_sleeve` for sale at the start.
        units: U256,
        /// Units of `from_sleeve` sold.
        sold: U256,
        /// Units of `to_sleeve` paid.
        paid: U256,
        /// Coins lost against the mid price.
        loss: U256,
        /// Bids.
        bids: u64,
        /// When it started. It is over four hours later, with or without an event.
        started_at: u64,
        /// When it was ended, or the next one began.
        ended_at: Option<u64>,
        /// Block of its last change.
        block: u64,
        /// Transaction of that.
        tx_hash: B256,
    }

    /// A bid.
    pub struct AuctionBid in "auction_bids" {
        /// The auction.
        auction: u64,
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// Who.
        bidder: Address,
        /// Units of the sleeve that sells.
        sold: U256,
        /// Units of the sleeve that buys.
        paid: U256,
        /// Coins lost against the mid price.
        loss: U256,
        /// Transaction.
        tx_hash: B256,
    }

    /// A proposal. Its state is these times and tallies against now and the quorum.
    pub struct Proposal in "proposals" {
        /// Its id.
        id: U256;
        /// Who proposed.
        proposer: Address,
        /// What it says it is for.
        description: String,
        /// Its calls: objects of `target`, `value` (decimal wei) and `calldata` (hex).
        calls: serde_json::Value,
        /// From when votes count, and whose.
        vote_start: u64,
        /// Until when votes count, extension included.
        vote_end: u64,
        /// A late quorum moved the end.
        extended: bool,
        /// GOV wei for.
        votes_for: U256,
        /// GOV wei against.
        votes_against: U256,
        /// GOV wei that only count for the quorum.
        votes_abstain: U256,
        /// Accounts that voted.
        voters: u64,
        /// From when it may be executed, as said when it was queued.
        eta: Option<u64>,
        /// The timelock's operation.
        operation: Option<B256>,
        /// When it was queued.
        queued_at: Option<u64>,
        /// When it was executed.
        executed_at: Option<u64>,
        /// When it was cancelled.
        cancelled_at: Option<u64>,
        /// When it was made.
        created_at: u64,
        /// Block of that.
        block: u64,
        /// Transaction of that.
        tx_hash: B256,
    }

    /// A vote.
    pub struct Vote in "votes" {
        /// The proposal.
        proposal: U256,
        /// Who.
        voter: Address;
        /// 0 against, 1 for, 2 abstain.
        support: u64,
        /// GOV wei.
        weight: U256,
        /// Why, if the voter said so.
        reason: String,
        /// When.
        at: u64,
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64,
        /// Transaction.
        tx_hash: B256,
    }

    /// Somebody who ever held GOV or had votes.
    pub struct GovAccount in "gov_accounts" {
        /// Who.
        account: Address;
        /// GOV held, wei.
        balance: U256,
        /// Who votes with it; none: nobody.
        delegate: Option<Address>,
        /// Votes that it has, its own included if it delegates to itself.
        votes: U256,
        /// First seen.
        first_at: u64,
        /// When delegate or votes last changed.
        changed_at: u64,
    }

    /// A change of who votes with an account's GOV.
    pub struct Delegation in "delegations" {
        /// Whose GOV.
        delegator: Address,
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// Who voted before.
        from_delegate: Option<Address>,
        /// Who votes now.
        to_delegate: Option<Address>,
        /// Transaction.
        tx_hash: B256,
    }

    /// A change of an account's votes.
    pub struct PowerMove in "power_moves" {
        /// Whose.
        account: Address,
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// Votes before it.
        votes_before: U256,
        /// Votes after it.
        votes_after: U256,
        /// Transaction.
        tx_hash: B256,
    }

    /// An operation of the timelock.
    pub struct Operation in "operations" {
        /// Its id.
        id: B256;
        /// The proposal that it carries out.
        proposal: Option<U256>,
        /// What must be done before it; 0: nothing.
        predecessor: B256,
        /// Seconds that it was scheduled with. The timelock waits longer where its delay has grown since.
        delay: u64,
        /// How many calls.
        calls: u64,
        /// What became of it.
        state: OperationState,
        /// When it was scheduled.
        scheduled_at: u64,
        /// When it was executed or cancelled.
        done_at: Option<u64>,
        /// Block in which it was scheduled.
        block: u64,
        /// Transaction of that.
        tx_hash: B256,
    }

    /// One call of an operation.
    pub struct OperationCall in "operation_calls" {
        /// The operation.
        operation: B256,
        /// Its place.
        idx: u64;
        /// Whom it calls.
        target: Address,
        /// Coins that it brings, wei.
        amount: U256,
        /// The call.
        data: Bytes,
    }

    /// Something about the guardian: its mandate, or a pause.
    pub struct GuardianAct in "guardian_acts" {
        /// Block.
        block: u64,
        /// Log index.
        log_index: u64;
        /// When.
        at: u64,
        /// What.
        kind: GuardianActKind,
        /// Who holds the mandate, or held it.
        holder: Option<Address>,
        /// What was paused: 0 mint, 1 instant exit, 2 auction.
        part: Option<u64>,
        /// Until when mandate or pause last.
        until: Option<u64>,
        /// Transaction.
        tx_hash: B256,
    }
}
