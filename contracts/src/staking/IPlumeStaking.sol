// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The Plume staking diamond, as its callers see it
/// @notice Native coin: PLUME, 18 decimals. Times: unix seconds. Commission: fraction times 1e18. Reward rates: wei per
/// staked wei per second, times 1e18. Validator id 0 is legal. All state-changing calls act for `msg.sender`.
/// @dev The percentage cap has no getter: it is storage slot `keccak256("plume.staking.storage") + 35`.
interface IPlumeStaking {
    struct ValidatorInfo {
        uint16 validatorId;
        bool active;
        bool slashed;
        /// @dev Also set while a validator is merely inactive: test `slashed`, never this.
        uint256 slashedAtTimestamp;
        /// @dev 0 means unlimited.
        uint256 maxCapacity;
        uint256 delegatedAmount;
        uint256 commission;
        address l2AdminAddress;
        address l2WithdrawAddress;
        string l1ValidatorAddress;
        string l1AccountAddress;
        address l1AccountEvmAddress;
    }

    struct ValidatorListItem {
        uint16 id;
        uint256 totalStaked;
        uint256 commission;
    }

    struct CooldownView {
        uint16 validatorId;
        uint256 amount;
        uint256 cooldownEndTime;
    }

    // ------------------------------------------------------------------------------------------------ errors: stakers

    error InvalidAmount(uint256 amount);
    error NoActiveStake();
    error StakeAmountTooSmall(uint256 amount, uint256 min);
    error InsufficientFunds(uint256 available, uint256 requested);
    error InsufficientCooledAndParkedBalance(uint256 available, uint256 requested);
    error NoRewardsToRestake();
    error TokenDoesNotExist(address token);
    error ZeroRecipientAddress();
    error NativeTransferFailed();
    error ValidatorDoesNotExist(uint16 validatorId);
    error ValidatorInactive(uint16 validatorId);
    error ActionOnSlashedValidatorError(uint16 validatorId);
    /// @param current the delegated amount with the refused amount already in it
    error ExceedsValidatorCapacity(uint16 validatorId, uint256 current, uint256 max, uint256 requested);
    error ValidatorPercentageExceeded();
    error TreasuryNotSet();

    // -------------------------------------------------------------------------------- errors: validators, administration

    error NotValidatorAdmin(address caller);
    error CannotVoteForSelf();
    error AlreadyVotedToSlash(uint16 target, uint16 voter);
    error SlashVoteDurationTooLong();
    error ValidatorAlreadySlashed(uint16 validatorId);
    error ValidatorNotSlashed(uint16 validatorId);
    error ValidatorAlreadyExists(uint16 validatorId);
    error AdminAlreadyAssigned(address admin);
    error CommissionExceedsMaxAllowed(uint256 requested, uint256 max);
    error InvalidInterval(uint256 interval);
    error CooldownTooShortForSlashVote(uint256 cooldown, uint256 maxVoteDuration);
    error TokenAlreadyExists();
    error ArrayLengthMismatch();
    error ZeroAddress(string parameter);
    error Unauthorized(address caller, bytes32 role);

    // ------------------------------------------------------------------------------------------------- events: stakers

    /// @param pendingRewards equals `amount` when the coins came with the call or out of rewards, 0 for cooled and parked
    event Staked(
        address indexed staker,
        uint16 indexed validatorId,
        uint256 amount,
        uint256 fromCooled,
        uint256 fromParked,
        uint256 pendingRewards
    );
    event StakedOnBehalf(address indexed sender, address indexed staker, uint16 indexed validatorId, uint256 amount);
    /// @param amount what this call moved; `cooldownEnd` governs the whole slot, merged amounts included
    event CooldownStarted(address indexed staker, uint16 indexed validatorId, uint256 amount, uint256 cooldownEnd);
    event Withdrawn(address indexed staker, uint256 amount);
    event RewardsRestaked(address indexed staker, uint16 indexed validatorId, uint256 amount);
    event RewardClaimed(address indexed user, address indexed token, uint256 amount);
    event RewardClaimedFromValidator(
        address indexed user, address indexed token, uint16 indexed validatorId, uint256 amount
    );

    // -------------------------------------------------------------------------------- events: validators, administration

    event ValidatorAdded(
        uint16 indexed validatorId,
        uint256 commission,
        address l2AdminAddress,
        address l2WithdrawAddress,
        string l1ValidatorAddress,
        string l1AccountAddress,
        address l1AccountEvmAddress
    );
    event ValidatorStatusUpdated(uint16 indexed validatorId, bool active, bool slashed);
    event ValidatorCapacityUpdated(uint16 indexed validatorId, uint256 oldCapacity, uint256 newCapacity);
    event ValidatorCommissionSet(uint16 indexed validatorId, uint256 oldCommission, uint256 newCommission);
    event MaxValidatorPercentageUpdated(uint256 oldPercentage, uint256 newPercentage);
    event MinStakeAmountSet(uint256 amount);
    event CooldownIntervalSet(uint256 interval);
    event MaxSlashVoteDurationSet(uint256 duration);
    event TreasurySet(address indexed treasury);
    event RewardTokenAdded(address indexed token);
    event RewardRateCheckpointCreated(
        address indexed token,
        uint16 indexed validatorId,
        uint256 rate,
        uint256 timestamp,
        uint256 indexed index,
        uint256 cumulativeIndex
    );
    event SlashVoteCast(uint16 indexed targetValidatorId, uint16 indexed voterValidatorId, uint256 voteExpiration);
    event ValidatorSlashed(uint16 indexed validatorId, address indexed slasher, uint256 penaltyAmount);
    event AdminClearedSlashedStake(address indexed user, uint16 indexed slashedValidatorId, uint256 amountCleared);
    event AdminClearedSlashedCooldown(address indexed user, uint16 indexed slashedValidatorId, uint256 amountCleared);
    event AdminWithdraw(address indexed token, uint256 amount, address indexed recipient);

    // --------------------------------------------------------------------------------------------------------- staking

    /// @notice Stakes `msg.value`. Capacity and percentage are checked after the addition, and only then.
    function stake(uint16 validatorId) external payable returns (uint256 amount);

    /// @notice Stakes `msg.value` for `staker`, who is not asked.
    function stakeOnBehalf(uint16 validatorId, address staker) external payable returns (uint256 amount);

    /// @notice Starts the cooldown of the caller's whole stake with the validator.
    function unstake(uint16 validatorId) external returns (uint256 amount);

    /// @notice Starts the cooldown of `amount`. An unmatured slot is merged and restarts whole; a matured one is parked.
    function unstake(uint16 validatorId, uint256 amount) external returns (uint256 unstaked);

    /// @notice Pays the caller every matured slot of every validator, and what is parked.
    function withdraw() external;

    /// @notice Stakes from the validator's own cooling slot first, then from parked coins.
    function restake(uint16 validatorId, uint256 amount) external;

    /// @notice Stakes the caller's native rewards of all validators with one.
    function restakeRewards(uint16 validatorId) external returns (uint256 amount);

    /// @notice Pays one token's rewards from one validator. Nothing owed returns 0.
    function claim(address token, uint16 validatorId) external returns (uint256 amount);

    /// @notice Pays one token's rewards from all of the caller's validators.
    function claim(address token) external returns (uint256 amount);

    /// @notice Pays all tokens' rewards; a treasury short of one token reverts the whole call.
    /// @return amounts per token, in the order of `getRewardTokens()`
    function claimAll() external returns (uint256[] memory amounts);

    /// @notice One vote of the caller's validator to slash `target`; the last vote needed slashes in the same call.
    function voteToSlashValidator(uint16 target, uint256 voteExpiration) external;

    // ----------------------------------------------------------------------------------------------------------- views

    /// @notice Phantoms of slashed validators included until an administrator clears them.
    function stakeInfo(address user) external view returns (uint256 staked, uint256 cooled, uint256 parked);

    function getUserValidatorStake(address user, uint16 validatorId) external view returns (uint256);

    /// @notice All slots, matured and slashed ones included.
    function getUserCooldowns(address user) external view returns (CooldownView[] memory);

    function getUserValidators(address user) external view returns (uint16[] memory);

    /// @notice Settled and unsettled rewards of one token over all of the user's validators.
    function getClaimableReward(address user, address token) external view returns (uint256);

    function getValidatorInfo(uint16 validatorId)
        external
        view
        returns (ValidatorInfo memory info, uint256 totalStaked, uint256 stakers);

    function getValidatorStats(uint16 validatorId)
        external
        view
        returns (bool active, uint256 commission, uint256 totalStaked, uint256 stakers);

    /// @notice Every validator ever added; it carries no flags.
    function getValidatorsList() external view returns (ValidatorListItem[] memory);

    /// @notice Unexpired votes of active validators to slash this one.
    function getSlashVoteCount(uint16 validatorId) external view returns (uint256);

    function getMinStakeAmount() external view returns (uint256);

    function getCooldownInterval() external view returns (uint256);

    function getTreasury() external view returns (address);

    function getRewardTokens() external view returns (address[] memory);

    function totalAmountStaked() external view returns (uint256);

    /// @notice For `msg.sender` only, like the next two.
    function amountStaked() external view returns (uint256);

    function amountCooling() external view returns (uint256);

    function amountWithdrawable() external view returns (uint256);
}

/// @title The treasury that pays the diamond's rewards, straight to the account that claims
interface IPlumeTreasury {
    error InsufficientPlumeBalance(uint256 requested, uint256 available);
    error InsufficientTokenBalance(address token, uint256 requested, uint256 available);
    error PlumeTransferFailed(address recipient, uint256 amount);

    event RewardDistributed(address indexed token, uint256 amount, address indexed recipient);
    event PlumeReceived(address indexed sender, uint256 amount);

    /// @notice Called by the staking system alone.
    function distributeReward(address token, uint256 amount, address recipient) external;
}
