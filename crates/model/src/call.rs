use crate::{
    Account, Address, Assets, Bps, BucketId, Emergency, Goods, Price, ReceiptId, RequestId, Role,
    Shares, Style, Timestamp, ValidatorId, VaultShares,
};
use ruint::aliases::U256;

/// How one exit is split over the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitParams {
    /// At most this much LST instantly.
    pub instant_max: Shares,
    /// At most this much LST to a pool; must be 0 while there is no AMM route.
    pub amm_max: Shares,
    /// At most this much LST into the queue.
    pub queue_max: Shares,
    /// At least this much coin now, wei.
    pub min_out_now: Assets,
    /// The most that the instant path may cost, bps.
    pub fee_limit_bps: U256,
    /// Unix second after which the call is refused.
    pub deadline: Timestamp,
    /// Gets what is paid now and owns the request.
    pub recipient: Address,
}

/// One call to one contract. The coins that a payable call carries are its `coins`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// To the minter.
    Minter(MinterCall),
    /// To the token.
    Token(TokenCall),
    /// To the rewards contract.
    Rewards(RewardsCall),
    /// To the staking system, by somebody else or by its administrators.
    Staking(StakingCall),
    /// To the receipts contract.
    Receipts(ReceiptsCall),
    /// To the vault.
    Vault(VaultCall),
    /// To the coin vault.
    CoinVault(CoinVaultCall),
    /// To a converter.
    Converter(ConverterCall),
    /// To the pool, by somebody else.
    Market(MarketCall),
}

/// The minter's functions. Names and order are the interface's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the interface documents each function; names are its"
)]
pub enum MinterCall {
    Submit {
        coins: Assets,
    },
    SubmitAndGive {
        coins: Assets,
        recipient: Address,
    },
    SubmitForValidator {
        coins: Assets,
        validator: ValidatorId,
    },
    Deposit {
        coins: Assets,
        recipient: Address,
        min_out: Shares,
        deadline: Timestamp,
    },
    Receive {
        coins: Assets,
    },
    Redeem {
        amount: Shares,
        params: ExitParams,
    },
    Unstake {
        amount: Shares,
    },
    UnstakeFromValidator {
        amount: Shares,
        validator: ValidatorId,
    },
    SubmitAndDeposit {
        coins: Assets,
        recipient: Address,
        min_shares: VaultShares,
    },
    ClaimFor {
        id: RequestId,
    },
    SetAutoPay {
        on: bool,
    },
    MintReceipt {
        id: RequestId,
    },
    UnwrapTicket {
        id: RequestId,
        owner: Address,
    },
    Cancel {
        id: RequestId,
    },
    Claim {
        id: RequestId,
        hint_a: U256,
        hint_b: U256,
    },
    ClaimTo {
        id: RequestId,
        hint_a: U256,
        hint_b: U256,
        recipient: Address,
    },
    Withdraw {
        recipient: Address,
        id: RequestId,
    },
    UnstakeRewards,
    CloseRung,
    Finalize,
    FulfillRequests {
        users: Vec<Address>,
        ids: Vec<RequestId>,
    },
    FulfillProRata {
        users: Vec<Address>,
        ids: Vec<RequestId>,
        max_spend: Assets,
    },
    PublishEta {
        rung: u64,
    },
    Rebalance,
    StakeWithheldForValidator {
        amount: Assets,
        validator: ValidatorId,
    },
    Restake {
        validator: ValidatorId,
        amount: Assets,
    },
    ProcessBatchUnstake,
    /// `processBatchUnstakePage(uint256)`.
    ProcessBatchUnstakePage {
        /// Departures to try at most.
        most: usize,
    },
    SweepMaturedBuckets {
        validator: ValidatorId,
        max_to_sweep: u64,
    },
    ClaimValidator {
        validator: ValidatorId,
    },
    ClaimAll,
    ClaimBuckets {
        validator: ValidatorId,
        from: u64,
        to: u64,
    },
    ClaimToken {
        token: Address,
        validator: ValidatorId,
        from: u64,
        to: u64,
    },
    LoadRewards {
        coins: Assets,
    },
    FundInsurance {
        coins: Assets,
    },
    Skim,
    SkimStake {
        bucket: BucketId,
    },
    BookSlash {
        validator: ValidatorId,
    },
    SyncValidators,
    PayFees,
    ReceiveFromBucket {
        coins: Assets,
    },
    AddBuckets {
        validator: ValidatorId,
        count: u64,
    },
    ConfigureBuckets {
        validator: ValidatorId,
        count: u64,
    },
    SetFees {
        min_instant: Bps,
        standard: Bps,
    },
    SetMaxInstantFee {
        bps: Bps,
    },
    SetInstantPolicy {
        pause: bool,
        threshold: Bps,
    },
    PauseDeposits {
        pause: bool,
    },
    SetBatchUnstakeParams {
        threshold: Assets,
        interval: u64,
    },
    SetMinStake {
        amount: Assets,
    },
    SetWithholdRatio {
        bps: Bps,
    },
    SetMaxValidatorPercentage {
        validator: ValidatorId,
        bps: Bps,
    },
    SetValidatorWeight {
        validator: ValidatorId,
        weight: u64,
    },
    SetStakingPercentageCap {
        bps: Bps,
    },
    SetRewardsSink {
        sink: Address,
    },
    SetFeeRecipient {
        recipient: Address,
    },
    SetRewardFee {
        bps: Bps,
    },
    SetVault {
        vault: Address,
    },
    WithdrawInsurance {
        recipient: Address,
        amount: Assets,
    },
    SetDelegateClaimer {
        account: Address,
        delegate: Address,
    },
    SetConverter {
        converter: Address,
    },
    SetConversion {
        token: Address,
        floor: Price,
        per_sale: Goods,
        per_day: Goods,
    },
    SetAmmRoute {
        route: Address,
        slippage: Bps,
    },
    SetAmmPool {
        pool: Address,
        style: Style,
        fee: Bps,
    },
    SetHalt {
        code: Address,
    },
    Emergency {
        what: Emergency,
        to: Address,
    },
    /// `upgradeToAndCall(code, "")`: the code in front of which a halt stood comes back.
    Upgrade {
        code: Address,
    },
    Schedule {
        call: Box<Call>,
    },
    CancelScheduled {
        call: Box<Call>,
    },
    SealSetup,
    GrantRole {
        role: Role,
        account: Address,
    },
    RevokeRole {
        role: Role,
        account: Address,
    },
}

/// The token's functions that change something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the interface documents each function; names are its"
)]
pub enum TokenCall {
    Transfer {
        to: Address,
        amount: Shares,
    },
    Approve {
        spender: Address,
        amount: Shares,
    },
    TransferFrom {
        from: Address,
        to: Address,
        amount: Shares,
    },
    /// With a signature of `signer` over exactly this and the owner's next nonce.
    Permit {
        owner: Address,
        spender: Address,
        amount: Shares,
        deadline: Timestamp,
        signer: Address,
    },
    Mint {
        to: Address,
        amount: Shares,
    },
    Burn {
        from: Address,
        amount: Shares,
    },
    Stream {
        amount: Assets,
    },
    Collect {
        account: Address,
    },
}

/// The functions of the rewards contract that change something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the interface documents each function; names are its"
)]
pub enum RewardsCall {
    Load {
        coins: Assets,
    },
    Claim {
        recipient: Address,
    },
    ClaimAsDelegate {
        account: Address,
        recipient: Address,
    },
    RefuseDelegate,
    SetDelegate {
        account: Address,
        delegate: Address,
    },
    ClaimFor {
        account: Address,
    },
    PayProtocolFees,
    SetRewardFee {
        bps: Bps,
    },
}

/// What happens at and around the staking system: other stakers, administrators, faults, gifts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum StakingCall {
    /// `stake` by the caller.
    Stake {
        validator: ValidatorId,
        coins: Assets,
    },
    /// `stakeOnBehalf` by the caller for anybody, a bucket say.
    StakeOnBehalf {
        validator: ValidatorId,
        staker: Account,
        coins: Assets,
    },
    /// `unstake(uint16,uint256)` by the caller.
    Unstake {
        validator: ValidatorId,
        amount: Assets,
    },
    /// `withdraw` by the caller.
    Withdraw,
    /// A validator joins, active.
    AddValidator {
        validator: ValidatorId,
        commission: U256,
        capacity: Assets,
    },
    /// Active or not; not for slashed ones.
    SetStatus {
        validator: ValidatorId,
        active: bool,
    },
    /// 0: unlimited.
    SetCapacity {
        validator: ValidatorId,
        capacity: Assets,
    },
    /// Of the whole, bps; 0: none.
    SetPercentage { bps: Bps },
    /// Wei per call.
    SetMinStake { amount: Assets },
    /// Seconds, for slots that start or merge from now on.
    SetCooldown { seconds: u64 },
    /// Wei per staked wei and second, times 1e18.
    SetRewardRate { validator: ValidatorId, rate: U256 },
    /// The same for the reward token: smallest units per staked wei and second, times 1e18.
    SetGoodsRate { validator: ValidatorId, rate: U256 },
    /// The treasury gets more of the reward token.
    StockGoods { amount: Goods },
    /// All of a validator's stake and unmatured cooling is lost.
    Slash { validator: ValidatorId },
    /// `voteToSlashValidator` by the administrator of `voter`. The last vote needed slashes.
    Vote {
        target: ValidatorId,
        voter: ValidatorId,
        expiration: Timestamp,
    },
    /// An administrator clears the phantoms of one account.
    ClearRecord {
        account: Account,
        validator: ValidatorId,
    },
    /// The fault switch: withdrawals pay this much less.
    SetWithdrawShortfall { bps: Bps },
    /// Coins from nowhere, that nobody is asked about (a self-destruct, say).
    ForceCoins { to: Account, coins: Assets },
    /// The treasury loses coins.
    DrainTreasury { coins: Assets },
    /// From now on this account refuses coins, or takes them again.
    Refuse { account: Address, refuse: bool },
    /// From now on this account has code.
    PutCode { account: Address },
}

/// The functions of the receipts contract that change something; ERC-721's and its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the interface documents each function; names are its"
)]
pub enum ReceiptsCall {
    Mint {
        to: Address,
        request: RequestId,
    },
    Claim {
        id: ReceiptId,
        hint_a: U256,
        hint_b: U256,
        recipient: Address,
    },
    Redeem {
        id: ReceiptId,
        recipient: Address,
    },
    Unwrap {
        id: ReceiptId,
    },
    Refresh {
        ids: Vec<ReceiptId>,
    },
    TransferFrom {
        from: Address,
        to: Address,
        id: ReceiptId,
    },
    Approve {
        to: Address,
        id: ReceiptId,
    },
    SetApprovalForAll {
        operator: Address,
        approved: bool,
    },
}

/// The functions of the vault that change something; ERC-4626's, ERC-20's and its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the interface documents each function; names are its"
)]
pub enum VaultCall {
    Deposit {
        lst: Shares,
        receiver: Address,
    },
    Mint {
        shares: VaultShares,
        receiver: Address,
    },
    Withdraw {
        lst: Shares,
        receiver: Address,
        owner: Address,
    },
    Redeem {
        shares: VaultShares,
        receiver: Address,
        owner: Address,
    },
    RedeemInKind {
        shares: VaultShares,
        receiver: Address,
        owner: Address,
    },
    Harvest,
    SubmitAndDeposit {
        coins: Assets,
        receiver: Address,
        min_shares: VaultShares,
    },
    SubmitAndMint {
        coins: Assets,
        shares: VaultShares,
        receiver: Address,
    },
    RedeemForExit {
        shares: VaultShares,
        owner: Address,
        spender: Address,
    },
    Transfer {
        to: Address,
        shares: VaultShares,
    },
    Approve {
        spender: Address,
        shares: VaultShares,
    },
    TransferFrom {
        from: Address,
        to: Address,
        shares: VaultShares,
    },
}

/// The functions of the coin vault that change something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the interface documents each function; names are its"
)]
pub enum CoinVaultCall {
    Deposit {
        coins: Assets,
        assets: Assets,
        receiver: Address,
    },
    Mint {
        coins: Assets,
        shares: VaultShares,
        receiver: Address,
    },
    RequestRedeem {
        shares: VaultShares,
        controller: Address,
        owner: Address,
    },
    CancelRequest {
        receiver: Address,
        controller: Address,
    },
    Redeem {
        shares: VaultShares,
        receiver: Address,
        controller: Address,
    },
    Withdraw {
        coins: Assets,
        receiver: Address,
        controller: Address,
    },
    ClaimRequest {
        id: u64,
        receiver: Address,
        controller: Address,
    },
    SetOperator {
        operator: Address,
        approved: bool,
    },
}

/// The function of a converter that anybody may call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the interface documents each function; names are its"
)]
pub enum ConverterCall {
    Buy {
        converter: Address,
        token: Address,
        amount: Goods,
        max_price: Price,
        coins: Assets,
    },
}

/// Trades of others with the pool, at its own price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketCall {
    /// LST for coins.
    SellLst {
        /// LST wei.
        lst: Shares,
    },
    /// Coins for LST.
    BuyLst {
        /// Wei.
        coins: Assets,
    },
}
