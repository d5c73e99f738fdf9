use crate::{
    Address, Assets, Call, Emergency, Error, Goods, Price, ReceiptId, RequestId, Scaled, Shares,
    StakingError, Style, Timestamp, Units, ValidatorId, VaultShares,
};
use ruint::aliases::U256;

/// Why a promised time rose. The only three reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EtaReason {
    /// A loss was booked.
    Loss,
    /// The staking system raised its cooldown.
    CooldownRaised,
    /// A step exceeded its grace.
    StepLate,
}

/// What a call tells, in the names and order of the interfaces' fields. Bucket indices are `usize`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the interfaces document each event and field; names are theirs"
)]
pub enum Event {
    // minter: money
    Deposited {
        account: Address,
        payer: Address,
        hint: u16,
        coins: Assets,
        lst: Shares,
    },
    InstantExit {
        account: Address,
        recipient: Address,
        lst: Shares,
        gross: Assets,
        fee: Assets,
    },
    ExitRequested {
        id: RequestId,
        owner: Address,
        lst: Shares,
        hint: u16,
    },
    ExitCancelled {
        id: RequestId,
        owner: Address,
        lst: Shares,
    },
    RungClosed {
        rung: u64,
        lst: Shares,
        count: u64,
        units_end: Units,
        c0: Scaled,
        fee_bps: u64,
    },
    LineFunded {
        checkpoint: usize,
        watermark: Units,
        b: Assets,
        lst: Shares,
        coins: Assets,
    },
    LinePaidProRata {
        c: Scaled,
        lst: Shares,
        coins: Assets,
    },
    Claimed {
        id: RequestId,
        owner: Address,
        recipient: Address,
        paid: Assets,
        fee: Assets,
        done: bool,
    },
    PushFailed {
        id: RequestId,
        owner: Address,
    },
    FeesPaid {
        recipient: Address,
        amount: Assets,
    },
    AmmExit {
        account: Address,
        recipient: Address,
        pool: Address,
        lst: Shares,
        coins: Assets,
    },
    AmmSkipped {
        account: Address,
        route: Address,
        lst: Shares,
    },
    AutoPaySet {
        owner: Address,
        on: bool,
    },
    InsuranceFunded {
        from: Address,
        amount: Assets,
        held: Assets,
    },
    InsuranceUsed {
        amount: Assets,
        held: Assets,
    },
    InsuranceWithdrawn {
        recipient: Address,
        amount: Assets,
        held: Assets,
    },
    TokenRewardsClaimed {
        validator: ValidatorId,
        token: Address,
        amount: Goods,
    },
    // minter: stake
    StakePlaced {
        validator: ValidatorId,
        index: usize,
        amount: Assets,
    },
    StakeSkipped {
        validator: ValidatorId,
        amount: Assets,
        reason: StakingError,
    },
    Departed {
        validator: ValidatorId,
        index: usize,
        amount: Assets,
        end: Timestamp,
        early: bool,
    },
    DepartFailed {
        validator: ValidatorId,
        index: usize,
        amount: Assets,
        reason: StakingError,
    },
    Netted {
        amount: Assets,
    },
    Swept {
        validator: ValidatorId,
        index: usize,
        gained: Assets,
        received: Assets,
    },
    SweepFailed {
        validator: ValidatorId,
        index: usize,
        reason: StakingError,
    },
    Restaked {
        validator: ValidatorId,
        index: usize,
        amount: Assets,
    },
    RewardsClaimed {
        validator: ValidatorId,
        index: usize,
        amount: Assets,
    },
    RewardsClaimFailed {
        validator: ValidatorId,
        index: usize,
        reason: StakingError,
    },
    Skimmed {
        coins: Assets,
    },
    StakeSkimmed {
        validator: ValidatorId,
        index: usize,
        amount: Assets,
    },
    SlashBooked {
        validator: ValidatorId,
        active_loss: Assets,
        cooling_loss: Assets,
        rate: U256,
    },
    ShortfallBooked {
        validator: ValidatorId,
        index: usize,
        missing: Assets,
        rate: U256,
    },
    // minter: time
    EtaMarked {
        mark: usize,
        units: Units,
        eta: Timestamp,
    },
    EtaPublished {
        rung: u64,
        eta: Timestamp,
    },
    EtaRevised {
        reason: EtaReason,
        value: U256,
    },
    // minter: registry and parameters
    ValidatorRegistered {
        validator: ValidatorId,
    },
    ValidatorSynced {
        validator: ValidatorId,
        active: bool,
        slashed: bool,
        slash_votes: u64,
    },
    BucketsConfigured {
        validator: ValidatorId,
        buckets: usize,
        target: usize,
    },
    ValidatorWeightSet {
        validator: ValidatorId,
        weight: u64,
    },
    MaxValidatorPercentageSet {
        validator: ValidatorId,
        bps: u64,
    },
    ParameterSet {
        name: &'static str,
        value: U256,
    },
    AddressSet {
        name: &'static str,
        value: Address,
    },
    BufferTargetSet {
        target: Assets,
    },
    InstantPauseSet {
        until: Timestamp,
        by: Address,
    },
    DepositsPauseSet {
        until: Timestamp,
        by: Address,
    },
    Scheduled {
        operation: Box<Call>,
        at: Timestamp,
    },
    ScheduleCancelled {
        operation: Box<Call>,
    },
    SetupSealed,
    AmmPoolSet {
        route: Address,
        pool: Address,
        style: Style,
        fee: u64,
    },
    EmergencySigned {
        what: Emergency,
        to: Address,
        by: Address,
        until: Timestamp,
    },
    EmergencyDone {
        what: Emergency,
        to: Address,
        by: Address,
    },
    /// ERC-1967's `Upgraded`.
    Upgraded {
        code: Address,
    },
    RoleGranted {
        role: crate::Role,
        account: Address,
        sender: Address,
    },
    RoleRevoked {
        role: crate::Role,
        account: Address,
        sender: Address,
    },
    // token
    Transfer {
        from: Address,
        to: Address,
        value: Shares,
    },
    Approval {
        owner: Address,
        spender: Address,
        value: Shares,
    },
    StreamAdded {
        amount: Assets,
        flow: Assets,
        end: Timestamp,
    },
    RewardsCollected {
        account: Address,
        amount: Assets,
    },
    // rewards
    RewardsLoaded {
        from: Address,
        amount: Assets,
        fee: Assets,
    },
    RewardsPaid {
        account: Address,
        recipient: Address,
        amount: Assets,
    },
    ProtocolFeesPaid {
        recipient: Address,
        amount: Assets,
    },
    RewardFeeSet {
        bps: u64,
    },
    /// First claim of an account, or its refusal.
    DelegationClosed {
        account: Address,
    },
    DelegateSet {
        account: Address,
        delegate: Address,
        kept: Assets,
    },
    // receipts
    ReceiptTransfer {
        from: Address,
        to: Address,
        id: ReceiptId,
    },
    ReceiptApproval {
        owner: Address,
        approved: Address,
        id: ReceiptId,
    },
    ReceiptOperator {
        owner: Address,
        operator: Address,
        approved: bool,
    },
    Unwrapped {
        id: ReceiptId,
        owner: Address,
    },
    ReceiptClaimed {
        id: ReceiptId,
        recipient: Address,
        paid: U256,
        next: U256,
    },
    MetadataUpdate {
        id: ReceiptId,
    },
    // vault
    Harvested {
        caller: Address,
        coins: Assets,
        lst: Shares,
    },
    VaultDeposit {
        sender: Address,
        owner: Address,
        lst: Shares,
        shares: VaultShares,
    },
    VaultWithdraw {
        sender: Address,
        receiver: Address,
        owner: Address,
        lst: Shares,
        shares: VaultShares,
    },
    RedeemedInKind {
        caller: Address,
        receiver: Address,
        owner: Address,
        shares: VaultShares,
        lst: Shares,
        coins: Assets,
    },
    VaultTransfer {
        from: Address,
        to: Address,
        value: VaultShares,
    },
    VaultApproval {
        owner: Address,
        spender: Address,
        value: VaultShares,
    },
    // coin vault
    CoinDeposit {
        sender: Address,
        owner: Address,
        coins: Assets,
        shares: VaultShares,
    },
    RedeemRequest {
        controller: Address,
        owner: Address,
        id: u64,
        sender: Address,
        shares: VaultShares,
    },
    RedeemRequestCancelled {
        controller: Address,
        receiver: Address,
        id: u64,
        shares: VaultShares,
        lst: Shares,
    },
    ExitWithdraw {
        sender: Address,
        receiver: Address,
        owner: Address,
        coins: Assets,
        shares: VaultShares,
    },
    OperatorSet {
        controller: Address,
        operator: Address,
        approved: bool,
    },
    // converter
    Configured {
        converter: Address,
        token: Address,
        floor: Price,
        per_sale: Goods,
        per_day: Goods,
    },
    Restarted {
        converter: Address,
        token: Address,
        price: Price,
    },
    Sold {
        converter: Address,
        token: Address,
        buyer: Address,
        amount: Goods,
        coins: Assets,
        price: Price,
    },
}

/// What a call gives: its returned words in order, and its events in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The returned values, booleans as 0 and 1.
    pub ret: Vec<U256>,
    /// Everything that minter, token and rewards told.
    pub events: Vec<Event>,
}

impl Outcome {
    pub(crate) fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The words of a call inside a call.
    pub(crate) fn take_words(&mut self) -> Vec<U256> {
        core::mem::take(&mut self.ret)
    }

    pub(crate) fn words<const N: usize>(&mut self, words: [U256; N]) -> Result<(), Error> {
        self.ret = words.to_vec();
        Ok(())
    }
}
