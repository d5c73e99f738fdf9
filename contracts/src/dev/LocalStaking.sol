// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking, IPlumeTreasury} from "../staking/IPlumeStaking.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title LocalStaking: a stand-in for the Plume staking diamond, for local chains only
/// @notice Written from the facts P1 to P18 known of the real system, not from its code. It answers and reverts as that
/// one does and is no kinder; it knows no caller by name. One `admin` stands for all the real roles, the timelock included.
/// @dev Deliberately as heavy as the real one: full-word records per (account, validator, token), lists both ways, and a
/// rate history that each settle scans from its start. Stakes, cooldowns and rewards live under one storage root:
///
///     stake ----> staked --unstake--> cooling slot (one per account and validator) --matured--> parked --withdraw--> out
///                   ^-----restake (own validator)-----'                                           |
///                   '-----restake (any validator)-------------------------------------------------'
contract LocalStaking is IPlumeStaking, ReentrancyGuard {
    using SafeERC20 for IERC20;

    struct StakeInfo {
        uint256 staked;
        uint256 cooled;
        uint256 parked;
    }

    struct Cooldown {
        uint256 amount;
        uint256 end;
    }

    /// @dev From `timestamp` on, `rate` and `commission` hold; `index` is the reward of one staked wei (times 1e18) so far.
    struct RateCheckpoint {
        uint256 timestamp;
        uint256 rate;
        uint256 commission;
        uint256 index;
    }

    struct UserReward {
        uint64 paidAt; // slot 0
        uint192 paidIndex; // slot 0; a rate of 1e18 for 1e10 seconds comes to 1e28
        uint256 accrued; // slot 1
    }

    /// @dev Where an account stands in the validator's list and the validator in the account's: index + 1, 0 is not listed.
    struct Places {
        uint128 asStaker;
        uint128 inUserList;
    }

    struct ValidatorReward {
        uint256 updatedAt;
        uint256 index;
        uint256 commission;
    }

    /// @dev Slot numbers count from the root. Field 35 is read by others straight from storage: keep it there.
    struct Layout {
        uint16[] validatorIds; // 0
        mapping(uint16 => ValidatorInfo) validators; // 1
        mapping(uint16 => bool) exists; // 2
        mapping(uint16 => uint256) validatorStaked; // 3
        mapping(uint16 => uint256) validatorCooling; // 4
        mapping(uint16 => address[]) stakers; // 5
        mapping(address => mapping(uint16 => Places)) places; // 6
        mapping(address => uint16[]) userValidators; // 7
        mapping(address => StakeInfo) info; // 8
        mapping(address => mapping(uint16 => uint256)) userStake; // 9
        mapping(address => mapping(uint16 => Cooldown)) cooldowns; // 10
        address[] tokens; // 11
        mapping(address => bool) isToken; // 12
        mapping(uint16 => mapping(address => RateCheckpoint[])) history; // 13
        mapping(uint16 => mapping(address => uint256)) rate; // 14, configured, holds while the validator is active
        mapping(address => mapping(uint16 => mapping(address => UserReward))) userReward; // 15
        mapping(uint16 => mapping(address => ValidatorReward)) validatorReward; // 16
        mapping(address => uint256) owed; // 17, settled and unpaid, per token
        mapping(uint16 => mapping(uint16 => uint256)) voteExpiry; // 18, target, voter
        mapping(address => uint256) adminPlace; // 19, validator id + 1
        uint256 totalStaked; // 20
        uint256 totalCooling; // 21
        uint256 totalParked; // 22
        uint256 minStake; // 23
        uint256 cooldownInterval; // 24
        uint256 maxVoteDuration; // 25
        address treasury; // 26
        uint256 shortfallBps; // 27
        uint256[7] unused; // 28 to 34
        uint256 maxValidatorPercentage; // 35
    }

    bytes32 private constant ROOT = keccak256("plume.staking.storage");
    uint256 private constant ONE = 1e18;
    uint256 private constant BPS = 10_000;

    /// @notice Stands for the native coin in reward calls.
    address public constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    /// @notice The role named in `Unauthorized`.
    bytes32 public constant ADMIN_ROLE = keccak256("ADMIN_ROLE");
    /// @notice Ceiling of a validator's commission, times 1e18.
    uint256 public constant MAX_COMMISSION = 0.5e18;

    /// @notice Who may call the administration.
    address public immutable admin;

    /// @notice The fault switch was set.
    event WithdrawShortfallSet(uint256 bps);

    modifier onlyAdmin() {
        if (msg.sender != admin) revert Unauthorized(msg.sender, ADMIN_ROLE);
        _;
    }

    /// @param admin_ stands for the real system's administrators and its timelock
    /// @param minStake wei per call
    /// @param cooldown seconds, longer than `maxVoteDuration`
    /// @param maxVoteDuration seconds that a vote to slash may last
    constructor(address admin_, uint256 minStake, uint256 cooldown, uint256 maxVoteDuration) {
        admin = admin_;
        Layout storage $ = _s();
        $.minStake = minStake;
        $.maxVoteDuration = maxVoteDuration;
        emit MinStakeAmountSet(minStake);
        emit MaxSlashVoteDurationSet(maxVoteDuration);
        _setCooldown(cooldown);
    }

    /// @dev Coins of `restakeRewards` come from the treasury this way.
    receive() external payable {}

    // --------------------------------------------------------------------------------------------------------- staking

    /// @inheritdoc IPlumeStaking
    function stake(uint16 id) external payable returns (uint256) {
        _stakeFromWallet(msg.sender, id);
        return msg.value;
    }

    /// @inheritdoc IPlumeStaking
    function stakeOnBehalf(uint16 id, address staker) external payable returns (uint256) {
        if (staker == address(0)) revert ZeroRecipientAddress();
        _stakeFromWallet(staker, id);
        emit StakedOnBehalf(msg.sender, staker, id, msg.value);
        return msg.value;
    }

    /// @inheritdoc IPlumeStaking
    function unstake(uint16 id) external returns (uint256 amount) {
        amount = _s().userStake[msg.sender][id];
        _requireUnslashed(id);
        if (amount == 0) revert NoActiveStake();
        _unstake(id, amount);
    }

    /// @inheritdoc IPlumeStaking
    function unstake(uint16 id, uint256 amount) external returns (uint256) {
        _requireUnslashed(id);
        if (amount == 0) revert InvalidAmount(0);
        _unstake(id, amount);
        return amount;
    }

    /// @inheritdoc IPlumeStaking
    function withdraw() external nonReentrant {
        Layout storage $ = _s();
        _parkMatured(msg.sender);
        uint256 amount = $.info[msg.sender].parked;
        if (amount == 0) revert InvalidAmount(0);
        $.info[msg.sender].parked = 0;
        $.totalParked -= amount;
        amount -= amount * $.shortfallBps / BPS;
        (bool ok,) = msg.sender.call{value: amount}("");
        if (!ok) revert NativeTransferFailed();
        emit Withdrawn(msg.sender, amount);
    }

    /// @inheritdoc IPlumeStaking
    function restake(uint16 id, uint256 amount) external nonReentrant {
        if (amount == 0) revert InvalidAmount(0);
        Layout storage $ = _s();
        _parkMatured(msg.sender);
        StakeInfo storage info = $.info[msg.sender];
        Cooldown storage slot = $.cooldowns[msg.sender][id];
        uint256 available = slot.amount + info.parked;
        if (available < amount) revert InsufficientCooledAndParkedBalance(available, amount);
        _requireStakeable(id, amount);

        uint256 fromCooled = Math.min(slot.amount, amount);
        uint256 fromParked = amount - fromCooled;
        if (fromCooled > 0) _takeCooling(msg.sender, id, fromCooled);
        if (fromParked > 0) {
            info.parked -= fromParked;
            $.totalParked -= fromParked;
        }
        _addStake(msg.sender, id, amount);
        emit Staked(msg.sender, id, amount, fromCooled, fromParked, 0);
    }

    /// @inheritdoc IPlumeStaking
    function restakeRewards(uint16 id) external nonReentrant returns (uint256 amount) {
        if (!_s().isToken[NATIVE]) revert TokenDoesNotExist(NATIVE);
        _requireActive(id);
        amount = _collectAll(msg.sender, NATIVE);
        if (amount == 0) revert NoRewardsToRestake();
        _requireStakeable(id, amount);
        _addStake(msg.sender, id, amount);
        emit Staked(msg.sender, id, amount, 0, 0, amount);
        emit RewardsRestaked(msg.sender, id, amount);
        _pay(NATIVE, amount, address(this));
    }

    /// @inheritdoc IPlumeStaking
    function claim(address token, uint16 id) external nonReentrant returns (uint256 amount) {
        _requireToken(token);
        _requireExists(id);
        amount = _collect(msg.sender, id, token);
        if (amount > 0) _pay(token, amount, msg.sender);
        _forgetIfEmpty(msg.sender, id);
    }

    /// @inheritdoc IPlumeStaking
    function claim(address token) external nonReentrant returns (uint256) {
        _requireToken(token);
        return _claimToken(token);
    }

    /// @inheritdoc IPlumeStaking
    function claimAll() external nonReentrant returns (uint256[] memory amounts) {
        address[] memory tokens = _s().tokens;
        amounts = new uint256[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            amounts[i] = _claimToken(tokens[i]);
        }
    }

    /// @inheritdoc IPlumeStaking
    function voteToSlashValidator(uint16 target, uint256 voteExpiration) external nonReentrant {
        Layout storage $ = _s();
        uint256 place = $.adminPlace[msg.sender];
        // Subtracting after the test: place 0 means no validator.
        if (place == 0 || !$.validators[uint16(place - 1)].active) revert NotValidatorAdmin(msg.sender);
        uint16 voter = uint16(place - 1);
        _requireExists(target);
        if ($.validators[target].slashed) revert ValidatorAlreadySlashed(target);
        if (!$.validators[target].active) revert ValidatorInactive(target);
        if (voter == target) revert CannotVoteForSelf();
        if (voteExpiration <= block.timestamp || voteExpiration > block.timestamp + $.maxVoteDuration) {
            revert SlashVoteDurationTooLong();
        }
        if ($.voteExpiry[target][voter] >= block.timestamp) revert AlreadyVotedToSlash(target, voter);
        $.voteExpiry[target][voter] = voteExpiration;
        emit SlashVoteCast(target, voter, voteExpiration);
        (uint256 votes, uint256 needed) = _votes(target);
        if (votes >= needed) _slash(target);
    }

    // ----------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IPlumeStaking
    function stakeInfo(address user) external view returns (uint256 staked, uint256 cooled, uint256 parked) {
        StakeInfo storage info = _s().info[user];
        return (info.staked, info.cooled, info.parked);
    }

    /// @inheritdoc IPlumeStaking
    function getUserValidatorStake(address user, uint16 id) external view returns (uint256) {
        return _s().userStake[user][id];
    }

    /// @inheritdoc IPlumeStaking
    function getUserCooldowns(address user) external view returns (CooldownView[] memory list) {
        Layout storage $ = _s();
        uint16[] memory ids = $.userValidators[user];
        list = new CooldownView[](ids.length);
        uint256 n;
        for (uint256 i; i < ids.length; ++i) {
            Cooldown storage slot = $.cooldowns[user][ids[i]];
            if (slot.amount > 0) list[n++] = CooldownView(ids[i], slot.amount, slot.end);
        }
        assembly ("memory-safe") {
            mstore(list, n)
        }
    }

    /// @inheritdoc IPlumeStaking
    function getUserValidators(address user) external view returns (uint16[] memory) {
        return _s().userValidators[user];
    }

    /// @inheritdoc IPlumeStaking
    function getClaimableReward(address user, address token) external view returns (uint256 sum) {
        uint16[] memory ids = _s().userValidators[user];
        for (uint256 i; i < ids.length; ++i) {
            (uint256 net,,) = _accrued(user, ids[i], token);
            sum += _s().userReward[user][ids[i]][token].accrued + net;
        }
    }

    /// @inheritdoc IPlumeStaking
    function getValidatorInfo(uint16 id) external view returns (ValidatorInfo memory, uint256, uint256) {
        _requireExists(id);
        Layout storage $ = _s();
        return ($.validators[id], $.validatorStaked[id], $.stakers[id].length);
    }

    /// @inheritdoc IPlumeStaking
    function getValidatorStats(uint16 id) external view returns (bool, uint256, uint256, uint256) {
        _requireExists(id);
        Layout storage $ = _s();
        ValidatorInfo storage v = $.validators[id];
        return (v.active, v.commission, $.validatorStaked[id], $.stakers[id].length);
    }

    /// @inheritdoc IPlumeStaking
    function getValidatorsList() external view returns (ValidatorListItem[] memory list) {
        Layout storage $ = _s();
        list = new ValidatorListItem[]($.validatorIds.length);
        for (uint256 i; i < list.length; ++i) {
            uint16 id = $.validatorIds[i];
            list[i] = ValidatorListItem(id, $.validatorStaked[id], $.validators[id].commission);
        }
    }

    /// @inheritdoc IPlumeStaking
    function getSlashVoteCount(uint16 id) external view returns (uint256 votes) {
        _requireExists(id);
        (votes,) = _votes(id);
    }

    /// @inheritdoc IPlumeStaking
    function getMinStakeAmount() external view returns (uint256) {
        return _s().minStake;
    }

    /// @inheritdoc IPlumeStaking
    function getCooldownInterval() external view returns (uint256) {
        return _s().cooldownInterval;
    }

    /// @inheritdoc IPlumeStaking
    function getTreasury() external view returns (address) {
        return _s().treasury;
    }

    /// @inheritdoc IPlumeStaking
    function getRewardTokens() external view returns (address[] memory) {
        return _s().tokens;
    }

    /// @inheritdoc IPlumeStaking
    function totalAmountStaked() external view returns (uint256) {
        return _s().totalStaked;
    }

    /// @inheritdoc IPlumeStaking
    function amountStaked() external view returns (uint256) {
        return _s().info[msg.sender].staked;
    }

    /// @inheritdoc IPlumeStaking
    function amountCooling() external view returns (uint256 cooling) {
        (cooling,) = _slots(msg.sender);
    }

    /// @inheritdoc IPlumeStaking
    function amountWithdrawable() external view returns (uint256) {
        (, uint256 matured) = _slots(msg.sender);
        return _s().info[msg.sender].parked + matured;
    }

    // -------------------------------------------------------------------------------------------------- administration

    /// @notice Adds an active validator. `maxCapacity` 0 means unlimited.
    function addValidator(
        uint16 id,
        uint256 commission,
        address l2Admin,
        address l2Withdraw,
        string calldata l1Validator,
        string calldata l1Account,
        address l1AccountEvm,
        uint256 maxCapacity
    ) external onlyAdmin {
        Layout storage $ = _s();
        if ($.exists[id]) revert ValidatorAlreadyExists(id);
        if (l2Admin == address(0)) revert ZeroAddress("l2AdminAddress");
        if ($.adminPlace[l2Admin] != 0) revert AdminAlreadyAssigned(l2Admin);
        if (commission > MAX_COMMISSION) revert CommissionExceedsMaxAllowed(commission, MAX_COMMISSION);
        $.exists[id] = true;
        $.validatorIds.push(id);
        $.adminPlace[l2Admin] = uint256(id) + 1;
        $.validators[id] = ValidatorInfo({
            validatorId: id,
            active: true,
            slashed: false,
            slashedAtTimestamp: 0,
            maxCapacity: maxCapacity,
            delegatedAmount: 0,
            commission: commission,
            l2AdminAddress: l2Admin,
            l2WithdrawAddress: l2Withdraw,
            l1ValidatorAddress: l1Validator,
            l1AccountAddress: l1Account,
            l1AccountEvmAddress: l1AccountEvm
        });
        emit ValidatorAdded(id, commission, l2Admin, l2Withdraw, l1Validator, l1Account, l1AccountEvm);
        if (maxCapacity > 0) emit ValidatorCapacityUpdated(id, 0, maxCapacity);
    }

    /// @notice Takes a validator out of service or back. Rewards stand still meanwhile.
    function setValidatorStatus(uint16 id, bool active) external onlyAdmin {
        _requireUnslashed(id);
        ValidatorInfo storage v = _s().validators[id];
        if (v.active != active) {
            v.active = active;
            v.slashedAtTimestamp = active ? 0 : block.timestamp;
            _checkpointAll(id);
        }
        emit ValidatorStatusUpdated(id, active, false);
    }

    /// @notice Sets a validator's capacity in wei; 0 means unlimited. What is over it stays.
    function setValidatorCapacity(uint16 id, uint256 capacity) external onlyAdmin {
        _requireUnslashed(id);
        emit ValidatorCapacityUpdated(id, _s().validators[id].maxCapacity, capacity);
        _s().validators[id].maxCapacity = capacity;
    }

    /// @notice Sets a validator's commission (times 1e18) from now on.
    function setValidatorCommission(uint16 id, uint256 commission) external {
        _requireUnslashed(id);
        ValidatorInfo storage v = _s().validators[id];
        if (msg.sender != admin && msg.sender != v.l2AdminAddress) revert NotValidatorAdmin(msg.sender);
        if (commission > MAX_COMMISSION) revert CommissionExceedsMaxAllowed(commission, MAX_COMMISSION);
        emit ValidatorCommissionSet(id, v.commission, commission);
        v.commission = commission;
        _checkpointAll(id);
    }

    /// @notice Sets the share of all stake that one validator may hold after an addition, in basis points; 0 means any.
    function setMaxValidatorPercentage(uint256 bps) external onlyAdmin {
        if (bps > BPS) revert InvalidAmount(bps);
        emit MaxValidatorPercentageUpdated(_s().maxValidatorPercentage, bps);
        _s().maxValidatorPercentage = bps;
    }

    /// @notice Sets the least amount, in wei, of a single staking call.
    function setMinStakeAmount(uint256 amount) external onlyAdmin {
        _s().minStake = amount;
        emit MinStakeAmountSet(amount);
    }

    /// @notice Sets the cooldown of new and merged slots, in seconds.
    function setCooldownInterval(uint256 interval) external onlyAdmin {
        _setCooldown(interval);
    }

    /// @notice Sets how long a vote to slash may last, in seconds.
    function setMaxSlashVoteDuration(uint256 duration) external onlyAdmin {
        uint256 interval = _s().cooldownInterval;
        if (duration >= interval) revert CooldownTooShortForSlashVote(interval, duration);
        _s().maxVoteDuration = duration;
        emit MaxSlashVoteDurationSet(duration);
    }

    /// @notice Replaces the treasury.
    function setTreasury(address treasury) external onlyAdmin {
        if (treasury == address(0)) revert ZeroAddress("treasury");
        _s().treasury = treasury;
        emit TreasurySet(treasury);
    }

    /// @notice Adds a reward token at rate 0; `NATIVE` stands for the coin.
    function addRewardToken(address token) external onlyAdmin {
        if (token == address(0)) revert ZeroAddress("token");
        if (_s().isToken[token]) revert TokenAlreadyExists();
        _s().isToken[token] = true;
        _s().tokens.push(token);
        emit RewardTokenAdded(token);
    }

    /// @notice Sets rates (wei per staked wei per second, times 1e18) on every validator that is not slashed.
    function setRewardRates(address[] calldata tokens, uint256[] calldata rates) external onlyAdmin {
        if (tokens.length != rates.length) revert ArrayLengthMismatch();
        uint16[] memory ids = _s().validatorIds;
        for (uint256 i; i < tokens.length; ++i) {
            for (uint256 j; j < ids.length; ++j) {
                if (!_s().validators[ids[j]].slashed) _setRate(ids[j], tokens[i], rates[i]);
            }
        }
    }

    /// @notice Sets one token's rate on one validator. Each call adds a checkpoint that every later settle pays for.
    function setValidatorRewardRate(uint16 id, address token, uint256 rate) external onlyAdmin {
        _requireUnslashed(id);
        _setRate(id, token, rate);
    }

    /// @notice Slashes at once, as the timelock may.
    function slashValidator(uint16 id) external onlyAdmin {
        _requireExists(id);
        if (_s().validators[id].slashed) revert ValidatorAlreadySlashed(id);
        _slash(id);
    }

    /// @notice Wipes the phantoms that a slash left of one account: its stake, its slot (one that matured before the slash
    /// and was not withdrawn too) and its unclaimed rewards.
    function adminClearValidatorRecord(address user, uint16 id) external onlyAdmin {
        Layout storage $ = _s();
        if (user == address(0)) revert ZeroAddress("user");
        _requireExists(id);
        if (!$.validators[id].slashed) revert ValidatorNotSlashed(id);
        uint256 staked = $.userStake[user][id];
        uint256 cooled = $.cooldowns[user][id].amount;
        if (staked > 0) {
            $.userStake[user][id] = 0;
            $.info[user].staked -= staked;
            emit AdminClearedSlashedStake(user, id, staked);
        }
        if (cooled > 0) {
            $.info[user].cooled -= cooled;
            delete $.cooldowns[user][id];
            emit AdminClearedSlashedCooldown(user, id, cooled);
        }
        for (uint256 i; i < $.tokens.length; ++i) {
            $.owed[$.tokens[i]] -= $.userReward[user][id][$.tokens[i]].accrued;
            delete $.userReward[user][id][$.tokens[i]];
        }
        _dropStaker(user, id);
        _forgetIfEmpty(user, id);
    }

    /// @notice Takes coins or tokens out, stakers' own included: the real timelock can do that too.
    function adminWithdraw(address token, uint256 amount, address recipient) external onlyAdmin {
        if (recipient == address(0)) revert ZeroAddress("recipient");
        if (token == NATIVE) {
            (bool ok,) = recipient.call{value: amount}("");
            if (!ok) revert NativeTransferFailed();
        } else {
            IERC20(token).safeTransfer(recipient, amount);
        }
        emit AdminWithdraw(token, amount, recipient);
    }

    /// @notice FAULT SWITCH of the stand-in, unknown to the real system: `withdraw()` pays this much less than it owes and
    /// forgets the rest. For tests of callers that must survive an underpayment.
    /// @param bps basis points of the amount due
    function setWithdrawShortfall(uint256 bps) external onlyAdmin {
        if (bps > BPS) revert InvalidAmount(bps);
        _s().shortfallBps = bps;
        emit WithdrawShortfallSet(bps);
    }

    /// @notice Commission that a validator has earned from settled rewards and not been paid, in the token's wei.
    function accruedCommission(uint16 id, address token) external view returns (uint256) {
        return _s().validatorReward[id][token].commission;
    }

    /// @notice Length of a rate history.
    function rateCheckpoints(uint16 id, address token) external view returns (uint256) {
        return _s().history[id][token].length;
    }

    // --------------------------------------------------------------------------------------------------------- staking

    function _stakeFromWallet(address user, uint16 id) private {
        _requireStakeable(id, msg.value);
        _addStake(user, id, msg.value);
        emit Staked(user, id, msg.value, 0, 0, msg.value);
    }

    function _addStake(address user, uint16 id, uint256 amount) private {
        Layout storage $ = _s();
        ValidatorInfo storage v = $.validators[id];
        _settleAll(user, id);
        uint256 before = $.totalStaked;
        uint256 delegated = v.delegatedAmount + amount;
        $.userStake[user][id] += amount;
        $.info[user].staked += amount;
        $.validatorStaked[id] += amount;
        v.delegatedAmount = delegated;
        $.totalStaked = before + amount;

        uint256 max = v.maxCapacity;
        if (max > 0 && delegated > max) revert ExceedsValidatorCapacity(id, delegated, max, amount);
        uint256 cap = $.maxValidatorPercentage;
        // The first stake of all would be 100 %: not asked.
        if (cap > 0 && before > 0 && delegated * BPS / (before + amount) > cap) revert ValidatorPercentageExceeded();

        Places storage p = $.places[user][id];
        if (p.asStaker == 0) {
            $.stakers[id].push(user);
            p.asStaker = uint128($.stakers[id].length);
        }
        if (p.inUserList == 0) {
            $.userValidators[user].push(id);
            p.inUserList = uint128($.userValidators[user].length);
        }
    }

    function _unstake(uint16 id, uint256 amount) private {
        Layout storage $ = _s();
        uint256 staked = $.userStake[msg.sender][id];
        if (staked == 0) revert NoActiveStake();
        if (amount > staked) revert InsufficientFunds(staked, amount);
        _settleAll(msg.sender, id);

        StakeInfo storage info = $.info[msg.sender];
        $.userStake[msg.sender][id] = staked - amount;
        info.staked -= amount;
        $.validatorStaked[id] -= amount;
        $.validators[id].delegatedAmount -= amount;
        $.totalStaked -= amount;
        if (staked == amount) _dropStaker(msg.sender, id);

        Cooldown storage slot = $.cooldowns[msg.sender][id];
        if (slot.amount > 0 && block.timestamp >= slot.end) _park(msg.sender, id);
        uint256 end = block.timestamp + $.cooldownInterval;
        slot.amount += amount;
        slot.end = end;
        info.cooled += amount;
        $.validatorCooling[id] += amount;
        $.totalCooling += amount;
        emit CooldownStarted(msg.sender, id, amount, end);
    }

    /// @dev Parks every slot that is due, over all of the account's validators.
    function _parkMatured(address user) private {
        uint16[] memory ids = _s().userValidators[user];
        for (uint256 i; i < ids.length; ++i) {
            if (_isDue(user, ids[i])) {
                _park(user, ids[i]);
                _forgetIfEmpty(user, ids[i]);
            }
        }
    }

    /// @dev A slot is due when it matured, and on a slashed validator only when it had matured before the slash.
    function _isDue(address user, uint16 id) private view returns (bool) {
        Layout storage $ = _s();
        ValidatorInfo storage v = $.validators[id];
        uint256 before = v.slashed ? v.slashedAtTimestamp : block.timestamp + 1;
        Cooldown storage slot = $.cooldowns[user][id];
        return slot.amount > 0 && slot.end < before;
    }

    function _park(address user, uint16 id) private {
        Layout storage $ = _s();
        uint256 amount = $.cooldowns[user][id].amount;
        _takeCooling(user, id, amount);
        $.info[user].parked += amount;
        $.totalParked += amount;
    }

    function _takeCooling(address user, uint16 id, uint256 amount) private {
        Layout storage $ = _s();
        Cooldown storage slot = $.cooldowns[user][id];
        slot.amount -= amount;
        if (slot.amount == 0) slot.end = 0;
        $.info[user].cooled -= amount;
        // A slash has already taken the validator's whole cooling out of the totals.
        if (!$.validators[id].slashed) {
            $.validatorCooling[id] -= amount;
            $.totalCooling -= amount;
        }
    }

    /// @return cooling not yet due, slashed validators left out
    /// @return matured due and not parked yet
    function _slots(address user) private view returns (uint256 cooling, uint256 matured) {
        Layout storage $ = _s();
        uint16[] memory ids = $.userValidators[user];
        for (uint256 i; i < ids.length; ++i) {
            uint256 amount = $.cooldowns[user][ids[i]].amount;
            if (_isDue(user, ids[i])) matured += amount;
            else if (!$.validators[ids[i]].slashed) cooling += amount;
        }
    }

    // ----------------------------------------------------------------------------------------------------------- lists

    /// @dev Takes the validator off the account's list once nothing of either is left with the other.
    function _forgetIfEmpty(address user, uint16 id) private {
        Layout storage $ = _s();
        uint128 place = $.places[user][id].inUserList;
        if (place == 0 || $.userStake[user][id] > 0 || $.cooldowns[user][id].amount > 0) return;
        for (uint256 i; i < $.tokens.length; ++i) {
            if ($.userReward[user][id][$.tokens[i]].accrued > 0) return;
        }
        uint16[] storage list = $.userValidators[user];
        uint16 last = list[list.length - 1];
        list[place - 1] = last;
        $.places[user][last].inUserList = place;
        list.pop();
        $.places[user][id].inUserList = 0;
    }

    function _dropStaker(address user, uint16 id) private {
        Layout storage $ = _s();
        uint128 place = $.places[user][id].asStaker;
        if (place == 0) return;
        address[] storage list = $.stakers[id];
        address last = list[list.length - 1];
        list[place - 1] = last;
        $.places[last][id].asStaker = place;
        list.pop();
        $.places[user][id].asStaker = 0;
    }

    // --------------------------------------------------------------------------------------------------------- rewards

    function _settleAll(address user, uint16 id) private {
        Layout storage $ = _s();
        for (uint256 i; i < $.tokens.length; ++i) {
            _settle(user, id, $.tokens[i]);
        }
    }

    function _settle(address user, uint16 id, address token) private {
        Layout storage $ = _s();
        (uint256 net, uint256 fee, uint256 index) = _accrued(user, id, token);
        UserReward storage u = $.userReward[user][id][token];
        u.paidAt = uint64(block.timestamp);
        u.paidIndex = uint192(index);
        u.accrued += net;
        ValidatorReward storage v = $.validatorReward[id][token];
        v.updatedAt = block.timestamp;
        v.index = index;
        v.commission += fee;
        $.owed[token] += net;
    }

    /// @dev Walks the whole history: one slot for each checkpoint already settled, four for each that is not.
    /// @return net reward since the last settle, commission off (rounded up, stretch by stretch)
    /// @return fee the commission
    /// @return index reward of one staked wei up to now, times 1e18
    function _accrued(address user, uint16 id, address token)
        private
        view
        returns (uint256 net, uint256 fee, uint256 index)
    {
        Layout storage $ = _s();
        RateCheckpoint[] storage h = $.history[id][token];
        UserReward storage u = $.userReward[user][id][token];
        uint256 staked = $.userStake[user][id];
        uint256 at = u.paidAt;
        index = u.paidIndex;
        uint256 n = h.length;
        for (uint256 i; i < n; ++i) {
            uint256 end = i + 1 < n ? h[i + 1].timestamp : block.timestamp;
            if (end <= at) continue;
            RateCheckpoint memory c = h[i];
            uint256 endIndex = c.index + c.rate * (end - c.timestamp);
            // Whole wei before the commission: it is what the real system pays.
            // slither-disable-next-line divide-before-multiply
            uint256 gross = staked * (endIndex - (at < c.timestamp ? c.index : index)) / ONE;
            uint256 cut = Math.ceilDiv(gross * c.commission, ONE);
            net += gross - cut;
            fee += cut;
            index = endIndex;
            at = end;
        }
    }

    function _setRate(uint16 id, address token, uint256 rate) private {
        _requireToken(token);
        _s().rate[id][token] = rate;
        _checkpoint(id, token);
    }

    function _checkpointAll(uint16 id) private {
        Layout storage $ = _s();
        for (uint256 i; i < $.tokens.length; ++i) {
            _checkpoint(id, $.tokens[i]);
        }
    }

    /// @dev Inactive and slashed validators earn at rate 0.
    function _checkpoint(uint16 id, address token) private {
        Layout storage $ = _s();
        RateCheckpoint[] storage h = $.history[id][token];
        ValidatorInfo storage v = $.validators[id];
        uint256 n = h.length;
        uint256 index = n == 0 ? 0 : h[n - 1].index + h[n - 1].rate * (block.timestamp - h[n - 1].timestamp);
        uint256 rate = v.active ? $.rate[id][token] : 0;
        h.push(RateCheckpoint(block.timestamp, rate, v.commission, index));
        emit RewardRateCheckpointCreated(token, id, rate, block.timestamp, n, index);
    }

    /// @dev Settles and takes what is owed; the caller pays it.
    function _collect(address user, uint16 id, address token) private returns (uint256 amount) {
        Layout storage $ = _s();
        _settle(user, id, token);
        amount = $.userReward[user][id][token].accrued;
        if (amount == 0) return 0;
        $.userReward[user][id][token].accrued = 0;
        $.owed[token] -= amount;
        emit RewardClaimedFromValidator(user, token, id, amount);
    }

    function _collectAll(address user, address token) private returns (uint256 sum) {
        uint16[] memory ids = _s().userValidators[user];
        for (uint256 i; i < ids.length; ++i) {
            sum += _collect(user, ids[i], token);
            _forgetIfEmpty(user, ids[i]);
        }
    }

    function _claimToken(address token) private returns (uint256 sum) {
        sum = _collectAll(msg.sender, token);
        if (sum == 0) return 0;
        _pay(token, sum, msg.sender);
        emit RewardClaimed(msg.sender, token, sum);
    }

    function _pay(address token, uint256 amount, address to) private {
        address treasury = _s().treasury;
        if (treasury == address(0)) revert TreasuryNotSet();
        IPlumeTreasury(treasury).distributeReward(token, amount, to);
    }

    // -------------------------------------------------------------------------------------------------------- slashing

    /// @return votes unexpired ones of active validators
    /// @return needed all active validators but the target
    function _votes(uint16 target) private view returns (uint256 votes, uint256 needed) {
        Layout storage $ = _s();
        for (uint256 i; i < $.validatorIds.length; ++i) {
            uint16 voter = $.validatorIds[i];
            if (voter == target || !$.validators[voter].active) continue;
            ++needed;
            if ($.voteExpiry[target][voter] >= block.timestamp) ++votes;
        }
    }

    /// @dev Accounts keep their records as phantoms; only the totals lose.
    function _slash(uint16 id) private {
        Layout storage $ = _s();
        ValidatorInfo storage v = $.validators[id];
        uint256 staked = $.validatorStaked[id];
        uint256 cooling = $.validatorCooling[id];
        v.active = false;
        v.slashed = true;
        v.slashedAtTimestamp = block.timestamp;
        v.delegatedAmount = 0;
        $.validatorStaked[id] = 0;
        $.validatorCooling[id] = 0;
        $.totalStaked -= staked;
        $.totalCooling -= cooling;
        _checkpointAll(id);
        emit ValidatorSlashed(id, msg.sender, staked + cooling);
        emit ValidatorStatusUpdated(id, false, true);
    }

    // ---------------------------------------------------------------------------------------------------------- checks

    function _requireExists(uint16 id) private view {
        if (!_s().exists[id]) revert ValidatorDoesNotExist(id);
    }

    function _requireUnslashed(uint16 id) private view {
        _requireExists(id);
        if (_s().validators[id].slashed) revert ActionOnSlashedValidatorError(id);
    }

    function _requireActive(uint16 id) private view {
        _requireUnslashed(id);
        if (!_s().validators[id].active) revert ValidatorInactive(id);
    }

    function _requireStakeable(uint16 id, uint256 amount) private view {
        _requireActive(id);
        if (amount == 0) revert InvalidAmount(0);
        uint256 min = _s().minStake;
        if (amount < min) revert StakeAmountTooSmall(amount, min);
    }

    function _requireToken(address token) private view {
        if (!_s().isToken[token]) revert TokenDoesNotExist(token);
    }

    function _setCooldown(uint256 interval) private {
        Layout storage $ = _s();
        if (interval == 0) revert InvalidInterval(0);
        if (interval <= $.maxVoteDuration) revert CooldownTooShortForSlashVote(interval, $.maxVoteDuration);
        $.cooldownInterval = interval;
        emit CooldownIntervalSet(interval);
    }

    function _s() private pure returns (Layout storage $) {
        bytes32 root = ROOT;
        assembly ("memory-safe") {
            $.slot := root
        }
    }
}
