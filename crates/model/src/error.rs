use crate::{
    Account, Address, Assets, Call, Goods, Price, ReceiptId, RequestId, Shares, Timestamp,
    ValidatorId, VaultShares,
};
use ruint::aliases::U256;

/// A role, by the name that the contract hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `DEFAULT_ADMIN_ROLE`: the governor behind its delays.
    Admin,
    /// `REBALANCER_ROLE`: stake bus, exit bus, sweeps, operational parameters.
    Rebalancer,
    /// `CLAIMER_ROLE`: rewards.
    Claimer,
    /// `HANDLER_ROLE`: the line.
    Handler,
    /// `GUARDIAN_ROLE`: pauses that lapse.
    Guardian,
}

/// Why a call is refused. Each mirrors an error of the interfaces with its values; the state is then unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The model's own: a sum or quotient left 256 bits. No reachable state does that.
    #[error("arithmetic left 256 bits")]
    Arithmetic,
    /// `ZeroAmount()`
    #[error("the amount is zero")]
    ZeroAmount,
    /// `ZeroAddress()`
    #[error("the address is zero")]
    ZeroAddress,
    /// `AmountTooLarge(amount, most)`, wei.
    #[error("{0:?} is more than {1:?}")]
    AmountTooLarge(Assets, Assets),
    /// `DeadlinePassed(deadline, nowAt)`
    #[error("deadline {0:?} is past at {1:?}")]
    DeadlinePassed(Timestamp, Timestamp),
    /// `OutBelowMinimum(out, minOut)`; LST wei for deposits, coin wei for exits.
    #[error("{0} is below the minimum {1}")]
    OutBelowMinimum(U256, U256),
    /// `Paused(until)`
    #[error("paused until {0:?}")]
    Paused(Timestamp),
    /// `DepositsClosed(rate, lowest)`
    #[error("rate {0} is below {1}: deposits are closed")]
    DepositsClosed(U256, U256),
    /// `SlashNotBooked(validatorId)`
    #[error("book the slash of {0:?} first")]
    SlashNotBooked(ValidatorId),
    /// `NotSlashed(validatorId)`
    #[error("{0:?} is not slashed")]
    NotSlashed(ValidatorId),
    /// `AlreadyBooked(validatorId)`
    #[error("the slash of {0:?} is booked")]
    AlreadyBooked(ValidatorId),
    /// `AmmNotEnabled()`
    #[error("no AMM route is set")]
    AmmNotEnabled,
    /// `ExitNotPlaced(lstLeft)`
    #[error("{0:?} of the exit found no path")]
    ExitNotPlaced(Shares),
    /// `FeeAboveLimit(feeBps, limitBps)`
    #[error("the instant fee is {0} bps, the limit {1}")]
    FeeAboveLimit(U256, U256),
    /// `RungFull(rung)`
    #[error("rung {0} is full")]
    RungFull(u64),
    /// `NothingStaged()`
    #[error("nothing is staged")]
    NothingStaged,
    /// `RungTooYoung(closesAt)`
    #[error("the rung may close at {0:?}")]
    RungTooYoung(Timestamp),
    /// `UnknownRequest(id)`
    #[error("no request {0:?}")]
    UnknownRequest(RequestId),
    /// `NotRequestOwner(id, owner, caller)`
    #[error("{0:?} belongs to {1:?}, not to {2:?}")]
    NotRequestOwner(RequestId, Address, Address),
    /// `RungNotOpen(id)`
    #[error("the rung of {0:?} is closed")]
    RungNotOpen(RequestId),
    /// `NotClosed(rung)`, of the views.
    #[error("rung {0} is not closed")]
    NotClosed(u64),
    /// `NothingToClaim(id)`
    #[error("nothing to claim of {0:?}")]
    NothingToClaim(RequestId),
    /// `BadHint(hint)`
    #[error("checkpoint {0} is not the one")]
    BadHint(U256),
    /// `LengthMismatch(a, b)`
    #[error("lists of {0} and {1}")]
    LengthMismatch(usize, usize),
    /// `UnknownValidator(validatorId)`
    #[error("{0:?} is not registered")]
    UnknownValidator(ValidatorId),
    /// `TooManyBuckets(validatorId, count, most)`
    #[error("{1} buckets for {0:?}, at most {2}")]
    TooManyBuckets(ValidatorId, U256, u64),
    /// `StakeTooMuch(amount, free)`
    #[error("{0:?} is more than the free {1:?}")]
    StakeTooMuch(Assets, Assets),
    /// `NoCapacity(validatorId, capacity)`
    #[error("{0:?} takes at most {1:?}")]
    NoCapacity(ValidatorId, Assets),
    /// `RestakeTooMuch(amount, free)`
    #[error("{0:?} is more than the {1:?} that may be restaked")]
    RestakeTooMuch(Assets, Assets),
    /// `NotLatest(validatorId, latestValidatorId, latestEnd)`
    #[error("{0:?} does not mature latest, {1:?} does at {2:?}")]
    NotLatest(ValidatorId, ValidatorId, Timestamp),
    /// `NotKeeper(role, openToAllAt)`; [`Timestamp::NEVER`] stands for 2^256 - 1.
    #[error("for {0:?} only until {1:?}")]
    NotKeeper(Role, Timestamp),
    /// `FromBucket(caller)`
    #[error("{0:?} cannot deposit")]
    FromBucket(Address),
    /// `NotBucket(caller)`
    #[error("{0:?} is no bucket in a call of ours")]
    NotBucket(Address),
    /// `FeeAboveCeiling(bps, ceiling)`
    #[error("{0} bps is above the ceiling {1}")]
    FeeAboveCeiling(U256, u64),
    /// `BadParameter(name, value)`
    #[error("{0} cannot be {1}")]
    BadParameter(&'static str, U256),
    /// `NotScheduled(operation)`; the operation is the hash of this call's data.
    #[error("not scheduled: {0:?}")]
    NotScheduled(Box<Call>),
    /// `TooEarly(operation, executableAt)`
    #[error("{0:?} may run at {1:?}")]
    TooEarly(Box<Call>, Timestamp),
    /// `PauseNotYet(allowedFrom)`
    #[error("the next pause may begin at {0:?}")]
    PauseNotYet(Timestamp),
    /// `TransferFailed(recipient, amount)`
    #[error("{0:?} refused {1:?}")]
    TransferFailed(Address, Assets),
    /// OpenZeppelin's `AccessControlUnauthorizedAccount(account, role)`.
    #[error("{0:?} lacks {1:?}")]
    Unauthorized(Address, Role),
    /// Token or rewards: `NotMinter(caller)`.
    #[error("{0:?} is not the minter")]
    NotMinter(Address),
    /// Token: `NotRewards(caller)`.
    #[error("{0:?} is not the rewards contract")]
    NotRewards(Address),
    /// `ERC20InsufficientBalance(sender, balance, needed)`
    /// Of LST, the vault's shares or a reward token: whatever was called counts in.
    #[error("{0:?} has {1}, not {2}")]
    InsufficientBalance(Address, U256, U256),
    /// `ERC20InsufficientAllowance(spender, allowance, needed)`, of LST or the vault's shares.
    #[error("{0:?} may spend {1}, not {2}")]
    InsufficientAllowance(Address, U256, U256),
    /// `ERC20InvalidReceiver(receiver)`
    #[error("{0:?} cannot receive LST")]
    InvalidReceiver(Address),
    /// `ERC20InvalidSpender(spender)`
    #[error("{0:?} cannot spend LST")]
    InvalidSpender(Address),
    /// `ERC2612ExpiredSignature(deadline)`
    #[error("the signature ended at {0:?}")]
    ExpiredSignature(Timestamp),
    /// `ERC2612InvalidSigner(signer, owner)`
    #[error("{0:?} signed, not {1:?}")]
    InvalidSigner(Address, Address),
    /// `Halted(selector)`; the selector is this call's.
    #[error("halted: {0:?}")]
    Halted(Box<Call>),
    /// `AutoPayOff(owner)`
    #[error("{0:?} takes no pushes")]
    AutoPayOff(Address),
    /// `VoteOpen()`
    #[error("a vote to slash is open")]
    VoteOpen,
    /// `InsuranceTooMuch(amount, held)`, wei.
    #[error("{0:?} is more than the reserve's {1:?}")]
    InsuranceTooMuch(Assets, Assets),
    /// `NoConverter()`
    #[error("no converter is set")]
    NoConverter,
    /// `VaultNotSet()`
    #[error("no vault is set")]
    VaultNotSet,
    /// `NotReceipts(caller)`
    #[error("{0:?} is not the receipts contract")]
    NotReceipts(Address),
    /// Route: `UnknownPool(pool)`.
    #[error("{0:?} is not listed")]
    UnknownPool(Address),
    /// Route: `BadFee(feeBps)`.
    #[error("a pool's fee cannot be {0} bps")]
    BadFee(U256),
    /// Rewards: `NotContract(account)`.
    #[error("{0:?} has no code")]
    NotContract(Address),
    /// Rewards: `CanClaim(account)`.
    #[error("{0:?} speaks for itself")]
    CanClaim(Address),
    /// Rewards: `NotDelegate(account, caller)`.
    #[error("{1:?} does not claim for {0:?}")]
    NotDelegate(Address, Address),
    /// `ERC721NonexistentToken(tokenId)`
    #[error("no {0:?}")]
    NoSuchReceipt(ReceiptId),
    /// `NotReceiptOwner(tokenId, caller)`
    #[error("{0:?} is not {1:?}'s")]
    NotReceiptOwner(ReceiptId, Address),
    /// `ERC721InvalidReceiver(receiver)`
    #[error("{0:?} cannot hold a receipt")]
    InvalidReceiptReceiver(Address),
    /// `ERC721InsufficientApproval(operator, tokenId)`
    #[error("{0:?} may not move {1:?}")]
    ReceiptNotApproved(Address, ReceiptId),
    /// `ERC721IncorrectOwner(sender, tokenId, owner)`
    #[error("{1:?} is {2:?}'s, not {0:?}'s")]
    WrongReceiptOwner(Address, ReceiptId, Address),
    /// `ERC721InvalidApprover(approver)`
    #[error("{0:?} cannot approve")]
    InvalidApprover(Address),
    /// `ERC721InvalidOperator(operator)`
    #[error("{0:?} cannot be an operator")]
    InvalidOperator(Address),
    /// Vault: `SharesBelowMinimum(shares, minShares)`.
    #[error("{0:?} are below {1:?}")]
    SharesBelowMinimum(VaultShares, VaultShares),
    /// `ERC4626ExceededMaxDeposit(receiver, assets, max)`
    #[error("{0:?} may be given {2:?}, not {1:?}")]
    ExceededMaxDeposit(Address, Shares, Shares),
    /// `ERC4626ExceededMaxMint(receiver, shares, max)`
    #[error("{0:?} may be given {2:?}, not {1:?}")]
    ExceededMaxMint(Address, VaultShares, VaultShares),
    /// `ERC4626ExceededMaxWithdraw(owner, assets, max)`
    #[error("{0:?} may withdraw {2:?}, not {1:?}")]
    ExceededMaxWithdraw(Address, Shares, Shares),
    /// `ERC4626ExceededMaxRedeem(owner, shares, max)`
    #[error("{0:?} may redeem {2:?}, not {1:?}")]
    ExceededMaxRedeem(Address, VaultShares, VaultShares),
    /// Vault: `NotCoinVault(caller)`.
    #[error("{0:?} is not the coin vault")]
    NotCoinVault(Address),
    /// Coin vault: `WrongValue(expected, got)`, wei.
    #[error("{1:?} came, not {0:?}")]
    WrongValue(Assets, Assets),
    /// Coin vault: `NotController(controller, caller)`.
    #[error("{1:?} does not act for {0:?}")]
    NotController(Address, Address),
    /// Coin vault: `RedeemAboveClaimable(controller, shares, claimable)`.
    #[error("{0:?} may claim {2:?}, not {1:?}")]
    RedeemAboveClaimable(Address, VaultShares, VaultShares),
    /// Coin vault: `WithdrawAboveClaimable(controller, assets, claimable)`, wei.
    #[error("{0:?} may claim {2:?}, not {1:?}")]
    WithdrawAboveClaimable(Address, Assets, Assets),
    /// Coin vault: `NothingToClaim(requestId, controller)`.
    #[error("nothing of request {0} for {1:?}")]
    NothingToClaimOf(u64, Address),
    /// Coin vault: `NothingToCancel(requestId, controller)`.
    #[error("{1:?} has nothing in request {0}")]
    NothingToCancel(u64, Address),
    /// Converter: `NotForSale(token)`.
    #[error("{0:?} is not for sale")]
    NotForSale(Address),
    /// Converter: `BadFloor(floor)`.
    #[error("a floor cannot be {0:?}")]
    BadFloor(Price),
    /// Converter: `AboveLimit(amount, most)`.
    #[error("{0:?} is more than {1:?}")]
    AboveLimit(Goods, Goods),
    /// Converter: `PaymentTooSmall(sent, price)`, wei.
    #[error("{0:?} does not pay {1:?}")]
    PaymentTooSmall(Assets, Assets),
    /// Converter: `PriceAboveMaximum(price, maximum)`.
    #[error("{0:?} is above {1:?}")]
    PriceAboveMaximum(Price, Price),
    /// From the staking system, as it is.
    #[error(transparent)]
    Staking(#[from] StakingError),
}

/// What the staking system answers, facts P1 to P18.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StakingError {
    /// `InvalidAmount(amount)`
    #[error("staking: amount {0:?}")]
    InvalidAmount(Assets),
    /// `NoActiveStake()`
    #[error("staking: nothing is staked")]
    NoActiveStake,
    /// `StakeAmountTooSmall(amount, min)`
    #[error("staking: {0:?} is below the minimum {1:?}")]
    StakeAmountTooSmall(Assets, Assets),
    /// `InsufficientFunds(available, requested)`
    #[error("staking: {0:?} is staked, not {1:?}")]
    InsufficientFunds(Assets, Assets),
    /// `InsufficientCooledAndParkedBalance(available, requested)`
    #[error("staking: {0:?} cools or is parked, not {1:?}")]
    InsufficientCooledAndParkedBalance(Assets, Assets),
    /// `ValidatorDoesNotExist(validatorId)`
    #[error("staking: no {0:?}")]
    ValidatorDoesNotExist(ValidatorId),
    /// `ValidatorInactive(validatorId)`
    #[error("staking: {0:?} is inactive")]
    ValidatorInactive(ValidatorId),
    /// `ActionOnSlashedValidatorError(validatorId)`
    #[error("staking: {0:?} is slashed")]
    ActionOnSlashedValidator(ValidatorId),
    /// `ExceedsValidatorCapacity(validatorId, current, max, requested)`, the refused amount already in `current`.
    #[error("staking: {0:?} would hold {1:?} of {2:?} with {3:?}")]
    ExceedsValidatorCapacity(ValidatorId, Assets, Assets, Assets),
    /// `ValidatorPercentageExceeded()`
    #[error("staking: percentage cap")]
    ValidatorPercentageExceeded,
    /// `ValidatorAlreadySlashed(validatorId)`
    #[error("staking: {0:?} is slashed already")]
    ValidatorAlreadySlashed(ValidatorId),
    /// `NativeTransferFailed()`
    #[error("staking: {0:?} refused coins")]
    NativeTransferFailed(Account),
    /// The treasury's `InsufficientPlumeBalance(requested, available)`.
    #[error("treasury: {0:?} asked, {1:?} there")]
    InsufficientPlumeBalance(Assets, Assets),
    /// The treasury's refusal when it lacks the reward token: (asked, there).
    #[error("treasury: {0:?} asked, {1:?} there")]
    TreasuryLacksGoods(Goods, Goods),
    /// The treasury's `PlumeTransferFailed(recipient, amount)`.
    #[error("treasury: {0:?} refused {1:?}")]
    PlumeTransferFailed(Account, Assets),
}
