// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking} from "../staking/IPlumeStaking.sol";
import {PlumeAdapter} from "../staking/PlumeAdapter.sol";
import {IBucketFactory} from "./IBucketFactory.sol";
import {ILiquidRewards} from "./ILiquidRewards.sol";
import {ILiquidToken} from "./ILiquidToken.sol";
import {ILiquidVault} from "./ILiquidVault.sol";
import {LiquidBase} from "./LiquidBase.sol";
import {IAmmRoute} from "./amm/IAmmRoute.sol";
import {LiquidStorage} from "./lib/LiquidStorage.sol";
import {IERC1822Proxiable} from "@openzeppelin/contracts/interfaces/draft-IERC1822.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";

/// @title Registry of validators and buckets, parameters and their delays, emergencies.
/// @notice Part of the minter (see LiquidBase); ILiquidMinter carries the NatSpec. Delay classes: specification, section 10.
contract LiquidAdmin is LiquidBase {
    using LiquidStorage for LiquidStorage.State;

    /// @notice What the deployment decides; the rest has setters.
    struct InitParams {
        address admin;
        address guardian;
        address rewards;
        address factory;
        address feeRecipient;
        uint16 withholdBps;
        uint16 minInstantFeeBps;
        uint16 maxInstantFeeBps;
        uint16 standardFeeBps;
        uint96 batchThreshold;
        uint32 interval;
        uint96 minStake;
        uint32 keeperGrace;
        uint32 safety;
        uint32 minRungAge;
        uint32 maxSyncAge;
    }

    address private constant SEED_HOLDER = 0x000000000000000000000000000000000000dEaD;
    uint256 private constant SEED_LEAST = 1e18;
    uint256 private constant PAUSE_LENGTH = 7 days;
    uint256 private constant PAUSE_REST = 14 days;
    uint256 private constant MOST_PERCENTAGE = 9_999;
    uint256 private constant DEFAULT_PERCENTAGE = 9_000;
    uint256 private constant LISTED_MOST = 256;
    uint256 private constant EMERGENCY_WINDOW = 48 hours;

    address private immutable NEXT;

    constructor(address token_, address staking_, address next) LiquidBase(token_, staking_) {
        if (next == address(0)) revert ZeroAddress();
        NEXT = next;
    }

    fallback() external payable {
        _delegate(NEXT);
    }

    // ---------------------------------------------------------------------------------------------------------- start

    /// @notice Sets the parameters and makes the permanent seed deposit (at least 1e18 wei, never to be withdrawn): it
    /// keeps the reward index and the rate defined for ever.
    function initialize(InitParams calldata p) external payable initializer {
        if (
            p.admin == address(0) || p.guardian == address(0) || p.rewards == address(0) || p.factory == address(0)
                || p.feeRecipient == address(0)
        ) revert ZeroAddress();
        if (p.maxInstantFeeBps > LiquidStorage.FEE_CEILING) {
            revert FeeAboveCeiling(p.maxInstantFeeBps, LiquidStorage.FEE_CEILING);
        }
        if (p.standardFeeBps > LiquidStorage.FEE_CEILING) {
            revert FeeAboveCeiling(p.standardFeeBps, LiquidStorage.FEE_CEILING);
        }
        if (p.minInstantFeeBps > p.maxInstantFeeBps) revert BadParameter("minInstantFee", p.minInstantFeeBps);
        if (p.withholdBps > LiquidStorage.WITHHOLD_CEILING) revert BadParameter("withholdRatio", p.withholdBps);
        if (p.minStake < PlumeAdapter.minStake(STAKING)) revert BadParameter("minStake", p.minStake);
        if (p.minRungAge == 0) revert BadParameter("minRungAge", 0);
        if (msg.value < SEED_LEAST) revert BadParameter("seed", msg.value);

        _grantRole(DEFAULT_ADMIN_ROLE, p.admin);
        _grantRole(GUARDIAN_ROLE, p.guardian);
        LiquidStorage.State storage s = _state();
        s.rate = uint96(LiquidStorage.RAY);
        s.token = TOKEN;
        s.staking = STAKING;
        s.rewards = p.rewards;
        s.rewardsSink = p.rewards;
        s.factory = p.factory;
        s.feeRecipient = p.feeRecipient;
        s.withhold = p.withholdBps;
        s.minFee = p.minInstantFeeBps;
        s.maxFee = p.maxInstantFeeBps;
        s.standardFee = p.standardFeeBps;
        s.rungFee = p.standardFeeBps;
        s.threshold = uint16(LiquidStorage.BPS);
        s.batchThreshold = p.batchThreshold;
        s.interval = p.interval;
        s.minStake = p.minStake;
        s.keeperGrace = p.keeperGrace;
        s.safety = p.safety;
        s.minRungAge = p.minRungAge;
        s.maxSyncAge = p.maxSyncAge;
        s.lastClosedAt = uint32(block.timestamp);
        s.cooldownSeen = uint32(PlumeAdapter.cooldown(STAKING));
        s.lastClaimAt = uint40(block.timestamp);
        emit ParameterSet("withholdRatio", p.withholdBps);
        emit ParameterSet("minInstantFee", p.minInstantFeeBps);
        emit ParameterSet("maxInstantFee", p.maxInstantFeeBps);
        emit ParameterSet("standardFee", p.standardFeeBps);
        emit ParameterSet("utilizationThreshold", LiquidStorage.BPS);
        emit ParameterSet("withdrawalQueueThreshold", p.batchThreshold);
        emit ParameterSet("batchUnstakeInterval", p.interval);
        emit ParameterSet("minStake", p.minStake);
        emit ParameterSet("keeperGrace", p.keeperGrace);
        emit ParameterSet("safety", p.safety);
        emit ParameterSet("minRungAge", p.minRungAge);
        emit ParameterSet("maxSyncAge", p.maxSyncAge);
        emit AddressSet("rewardsSink", p.rewards);
        emit AddressSet("feeRecipient", p.feeRecipient);
        // The rate is 1: as many LST as coins.
        if (msg.value > LiquidStorage.MAX_AMOUNT) revert AmountTooLarge(msg.value, LiquidStorage.MAX_AMOUNT);
        s.headroom = uint96(msg.value);
        ILiquidToken(TOKEN).mint(SEED_HOLDER, msg.value);
        emit Deposited(SEED_HOLDER, msg.sender, type(uint16).max, msg.value, msg.value);
    }

    // ----------------------------------------------------------------------------------------------------- validators

    function syncValidators() external nonReentrant returns (uint256 registered) {
        LiquidStorage.State storage s = _state();
        IPlumeStaking.ValidatorListItem[] memory list = IPlumeStaking(_reader(s)).getValidatorsList();
        uint256 listed = LiquidStorage.min(list.length, LISTED_MOST);
        // bound(LISTED_MOST): entries beyond it are not looked at
        for (uint256 i; i < listed && s.validatorIds.length < LiquidStorage.MAX_VALIDATORS; ++i) {
            LiquidStorage.Validator storage v = s.validators[list[i].id];
            if (v.registered) continue;
            v.registered = true;
            v.maxPct = uint16(DEFAULT_PERCENTAGE);
            s.validatorIds.push(list[i].id);
            ++registered;
            emit ValidatorRegistered(list[i].id);
        }
        bool vote;
        uint256 pending;
        uint256 n = s.validatorIds.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < n; ++i) {
            uint16 id = s.validatorIds[i];
            LiquidStorage.Validator storage v = s.validators[id];
            if (v.booked) continue;
            PlumeAdapter.Info memory info = PlumeAdapter.info(_reader(s), id);
            uint256 votes = PlumeAdapter.slashVotes(_reader(s), id);
            if (votes != 0) vote = true;
            v.inactive = !info.active;
            v.slashed = info.slashed;
            if (info.slashed) ++pending;
            emit ValidatorSynced(id, info.active, info.slashed, votes);
        }
        s.slashPending = uint8(pending);
        s.voteOpen = vote;
        s.syncedAt = uint40(block.timestamp);
        uint256 cooldown = _cooldownAtLeast(s);
        if (cooldown > s.cooldownSeen) emit EtaRevised(EtaReason.CooldownRaised, cooldown);
        s.cooldownSeen = uint32(cooldown);
    }

    function addBuckets(uint16 validatorId, uint256 count) external nonReentrant {
        if (count > LiquidStorage.MAX_BUCKETS) {
            revert TooManyBuckets(validatorId, count, LiquidStorage.MAX_BUCKETS);
        }
        _configure(validatorId, _state().validators[validatorId].target + count);
    }

    function configureBuckets(uint16 validatorId, uint256 count) external nonReentrant {
        _configure(validatorId, count);
    }

    function _configure(uint16 id, uint256 target) private {
        _operational();
        LiquidStorage.State storage s = _state();
        LiquidStorage.Validator storage v = s.validators[id];
        if (!v.registered) revert UnknownValidator(id);
        if (target > LiquidStorage.MAX_BUCKETS) revert TooManyBuckets(id, target, LiquidStorage.MAX_BUCKETS);
        uint256 n = v.buckets;
        if (target > n) {
            IBucketFactory(s.factory).create(id, n, target);
            n = target;
        }
        // Retiring buckets end from the top once they are empty; the rest drains and is swept like any other.
        // bound(MAX_BUCKETS): no validator has more
        while (n > target) {
            LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(id, n - 1)];
            if (b.active != 0 || b.cooling != 0) break;
            --n;
        }
        v.target = uint8(target);
        _setBuckets(v, id, n);
    }

    function setValidatorWeight(uint16 validatorId, uint256 weight) external {
        _operational();
        LiquidStorage.Validator storage v = _state().validators[validatorId];
        if (!v.registered) revert UnknownValidator(validatorId);
        if (weight > type(uint16).max) revert BadParameter("weight", weight);
        if (weight == v.weight) return;
        v.weight = uint16(weight);
        emit ValidatorWeightSet(validatorId, weight);
    }

    function setMaxValidatorPercentage(uint256 validatorId, uint256 bps) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (validatorId > type(uint16).max) revert BadParameter("validatorId", validatorId);
        uint16 id = uint16(validatorId);
        LiquidStorage.Validator storage v = _state().validators[id];
        _loosening(bps > v.maxPct);
        if (!v.registered) revert UnknownValidator(id);
        if (bps == 0 || bps > MOST_PERCENTAGE) revert BadParameter("maxValidatorPercentage", bps);
        if (bps == v.maxPct) return;
        v.maxPct = uint16(bps);
        emit MaxValidatorPercentageSet(id, bps);
    }

    function setStakingPercentageCap(uint256 bps) external {
        _keeperOrLate(REBALANCER_ROLE, NEVER);
        if (bps > LiquidStorage.BPS) revert BadParameter("stakingPercentageCap", bps);
        LiquidStorage.State storage s = _state();
        _told("stakingPercentageCap", s.stakingCap, bps);
        s.stakingCap = uint16(bps);
    }

    /// @dev The event of a parameter, when it changed.
    function _told(bytes32 name, uint256 old, uint256 value) private {
        if (old != value) emit ParameterSet(name, value);
    }

    // ----------------------------------------------------------------------------------------------------------- fees

    function setFees(uint256 minInstantFeeBps, uint256 standardFeeBps) external onlyRole(DEFAULT_ADMIN_ROLE) {
        LiquidStorage.State storage s = _state();
        _loosening(minInstantFeeBps > s.minFee || standardFeeBps > s.standardFee);
        if (minInstantFeeBps > LiquidStorage.FEE_CEILING) {
            revert FeeAboveCeiling(minInstantFeeBps, LiquidStorage.FEE_CEILING);
        }
        if (standardFeeBps > LiquidStorage.FEE_CEILING) {
            revert FeeAboveCeiling(standardFeeBps, LiquidStorage.FEE_CEILING);
        }
        if (minInstantFeeBps > s.maxFee) revert BadParameter("minInstantFee", minInstantFeeBps);
        _told("minInstantFee", s.minFee, minInstantFeeBps);
        _told("standardFee", s.standardFee, standardFeeBps);
        s.minFee = uint16(minInstantFeeBps);
        s.standardFee = uint16(standardFeeBps);
        // A rung's fee is the one in force at its first request.
        if (s.openCount == 0) s.rungFee = uint16(standardFeeBps);
    }

    function setMaxInstantFee(uint256 bps) external onlyRole(DEFAULT_ADMIN_ROLE) {
        LiquidStorage.State storage s = _state();
        _loosening(bps > s.maxFee);
        if (bps > LiquidStorage.FEE_CEILING) revert FeeAboveCeiling(bps, LiquidStorage.FEE_CEILING);
        if (bps < s.minFee) revert BadParameter("maxInstantFee", bps);
        _told("maxInstantFee", s.maxFee, bps);
        s.maxFee = uint16(bps);
    }

    function setRewardFee(uint256 bps) external onlyRole(DEFAULT_ADMIN_ROLE) {
        ILiquidRewards paying = ILiquidRewards(_state().rewards);
        uint256 old = paying.rewardFeeBps();
        _loosening(bps > old);
        paying.setRewardFee(bps);
        _told("rewardFee", old, bps);
    }

    function setFeeRecipient(address recipient) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _loosening(true);
        if (recipient == address(0)) revert ZeroAddress();
        _state().feeRecipient = recipient;
        emit AddressSet("feeRecipient", recipient);
    }

    function setRewardsSink(address sink) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _loosening(true);
        if (sink == address(0)) revert ZeroAddress();
        _state().rewardsSink = sink;
        emit AddressSet("rewardsSink", sink);
    }

    function setVault(address vault) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _loosening(true);
        if (vault == address(0)) revert ZeroAddress();
        if (ILiquidVault(vault).asset() != TOKEN) revert BadParameter("vault", uint160(vault));
        _state().vault = vault;
        emit AddressSet("vault", vault);
    }

    // --------------------------------------------------------------------------------------------------------- pauses

    /// @notice The guardian or the admin pauses instant exits for 7 days, and lifts; only the admin moves the threshold.
    function setInstantPolicy(bool pause, uint256 utilizationThresholdBps) external {
        LiquidStorage.State storage s = _state();
        if (!hasRole(GUARDIAN_ROLE, msg.sender) || utilizationThresholdBps != s.threshold) {
            _checkRole(DEFAULT_ADMIN_ROLE);
        }
        _loosening(utilizationThresholdBps > s.threshold);
        if (utilizationThresholdBps > LiquidStorage.BPS) {
            revert BadParameter("utilizationThreshold", utilizationThresholdBps);
        }
        _told("utilizationThreshold", s.threshold, utilizationThresholdBps);
        s.threshold = uint16(utilizationThresholdBps);
        if (pause == (block.timestamp < s.instantPausedUntil)) return;
        uint256 until = pause ? _pauseUntil(s) : block.timestamp;
        s.instantPausedUntil = uint40(until);
        if (!pause) _rest(s);
        emit InstantPauseSet(until, msg.sender);
    }

    function pauseDeposits(bool pause) external {
        if (!hasRole(GUARDIAN_ROLE, msg.sender)) _checkRole(DEFAULT_ADMIN_ROLE);
        LiquidStorage.State storage s = _state();
        if (pause == (block.timestamp < s.depositsPausedUntil)) return;
        uint256 until = pause ? _pauseUntil(s) : block.timestamp;
        s.depositsPausedUntil = uint40(until);
        if (!pause) _rest(s);
        emit DepositsPauseSet(until, msg.sender);
    }

    /// @dev A pause lapses after 7 days; after it, none for 14. While one runs the other may start and ends with it.
    function _pauseUntil(LiquidStorage.State storage s) private returns (uint256 until) {
        until = LiquidStorage.max(s.instantPausedUntil, s.depositsPausedUntil);
        if (block.timestamp < until) return until;
        if (block.timestamp < s.pauseAllowedFrom) revert PauseNotYet(s.pauseAllowedFrom);
        until = block.timestamp + PAUSE_LENGTH;
        s.pauseAllowedFrom = uint40(until + PAUSE_REST);
    }

    /// @dev The rest begins when the last of the two is lifted.
    function _rest(LiquidStorage.State storage s) private {
        if (block.timestamp < LiquidStorage.max(s.instantPausedUntil, s.depositsPausedUntil)) return;
        s.pauseAllowedFrom = uint40(block.timestamp + PAUSE_REST);
    }

    // ----------------------------------------------------------------------------------------------------- operational

    function setBatchUnstakeParams(uint256 threshold, uint256 interval) external {
        _operational();
        LiquidStorage.State storage s = _state();
        if (threshold > LiquidStorage.MAX_AMOUNT) revert BadParameter("withdrawalQueueThreshold", threshold);
        // Longer than a cooldown would leave matured buckets idle for nothing.
        if (interval > PlumeAdapter.cooldown(_reader(s)) + s.safety) {
            revert BadParameter("batchUnstakeInterval", interval);
        }
        _told("withdrawalQueueThreshold", s.batchThreshold, threshold);
        _told("batchUnstakeInterval", s.interval, interval);
        s.batchThreshold = uint96(threshold);
        s.interval = uint32(interval);
    }

    function setMinStake(uint256 minStake) external {
        _operational();
        LiquidStorage.State storage s = _state();
        if (minStake < PlumeAdapter.minStake(_reader(s)) || minStake > LiquidStorage.MAX_AMOUNT) {
            revert BadParameter("minStake", minStake);
        }
        _told("minStake", s.minStake, minStake);
        s.minStake = uint96(minStake);
    }

    function setWithholdRatio(uint256 bps) external {
        _operational();
        if (bps > LiquidStorage.WITHHOLD_CEILING) revert BadParameter("withholdRatio", bps);
        LiquidStorage.State storage s = _state();
        _told("withholdRatio", s.withhold, bps);
        s.withhold = uint16(bps);
        _refreshTarget(s);
    }

    function _operational() private view {
        if (!hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) _checkRole(REBALANCER_ROLE);
    }

    // ---------------------------------------------------------------------------------------------------------- delays

    function schedule(bytes calldata data) external onlyRole(DEFAULT_ADMIN_ROLE) returns (bytes32 operation) {
        operation = keccak256(data);
        _state().scheduledAt[operation] = block.timestamp;
        emit Scheduled(operation, block.timestamp, data);
    }

    function cancelScheduled(bytes32 operation) external {
        if (!hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) _checkRole(GUARDIAN_ROLE);
        LiquidStorage.State storage s = _state();
        if (s.scheduledAt[operation] == 0) revert NotScheduled(operation);
        delete s.scheduledAt[operation];
        emit ScheduleCancelled(operation);
    }

    function sealSetup() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _seal();
    }

    // -------------------------------------------------------------------------------------------------------- AMM path

    function setAmmRoute(address route, uint256 slippageBps) external {
        LiquidStorage.State storage s = _state();
        bool off = route == address(0);
        _adminOrGuardian(off);
        _loosening(!off && (route != s.ammRoute || slippageBps > s.ammSlippage));
        if (slippageBps > LiquidStorage.AMM_SLIPPAGE_CEILING) revert BadParameter("ammSlippage", slippageBps);
        if (off) {
            slippageBps = 0;
        } else if (IAmmRoute(route).MINTER() != address(this) || IAmmRoute(route).TOKEN() != TOKEN) {
            revert BadParameter("ammRoute", uint160(route));
        }
        _told("ammSlippage", s.ammSlippage, slippageBps);
        if (route != s.ammRoute) emit AddressSet("ammRoute", route);
        s.ammRoute = route;
        s.ammSlippage = uint16(slippageBps);
    }

    function setAmmPool(address pool, IAmmRoute.Style style, uint256 feeBps) external {
        bool off = style == IAmmRoute.Style.None;
        _adminOrGuardian(off);
        _loosening(!off);
        address route = _state().ammRoute;
        if (route == address(0)) revert AmmNotEnabled();
        emit AmmPoolSet(route, pool, style, feeBps);
        IAmmRoute(route).setPool(pool, style, feeBps);
    }

    /// @dev What the guardian may do too, when it only takes power away.
    function _adminOrGuardian(bool guardianToo) private view {
        if (!guardianToo || !hasRole(GUARDIAN_ROLE, msg.sender)) _checkRole(DEFAULT_ADMIN_ROLE);
    }

    // ------------------------------------------------------------------------------------------------------- emergency

    function setHalt(address code) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _loosening(true);
        // Whatever is named must be able to stand behind the proxy, and to be left again.
        if (IERC1822Proxiable(code).proxiableUUID() != ERC1967Utils.IMPLEMENTATION_SLOT) {
            revert BadParameter("haltCode", uint160(code));
        }
        _state().haltCode = code;
        emit AddressSet("haltCode", code);
    }

    function emergency(Emergency what, address to) external returns (bool done) {
        bool asAdmin = hasRole(DEFAULT_ADMIN_ROLE, msg.sender);
        bool asGuardian = hasRole(GUARDIAN_ROLE, msg.sender);
        if (!asAdmin && !asGuardian) _checkRole(DEFAULT_ADMIN_ROLE);
        LiquidStorage.State storage s = _state();
        if (to.code.length == 0 || (what == Emergency.Halt && to != s.haltCode)) {
            revert BadParameter(what == Emergency.Halt ? bytes32("haltCode") : bytes32("reader"), uint160(to));
        }
        bytes32 operation = keccak256(abi.encode(what, to));
        LiquidStorage.Signature memory first = s.signatures[operation];
        // Both roles as of now, two accounts, and the first not older than its 48 hours.
        done = first.by != address(0) && first.by != msg.sender && block.timestamp <= first.at + EMERGENCY_WINDOW
            && ((asAdmin && hasRole(GUARDIAN_ROLE, first.by)) || (asGuardian && hasRole(DEFAULT_ADMIN_ROLE, first.by)));
        if (!done) {
            s.signatures[operation] = LiquidStorage.Signature({by: msg.sender, at: uint40(block.timestamp)});
            emit EmergencySigned(what, to, msg.sender, block.timestamp + EMERGENCY_WINDOW);
            return false;
        }
        delete s.signatures[operation];
        emit EmergencyDone(what, to, msg.sender);
        if (what == Emergency.Halt) {
            ERC1967Utils.upgradeToAndCall(to, "");
        } else {
            // The staking system's last word on its cooldown bounds delays from below while somebody else is asked.
            s.staking = to;
            s.repaired = to != STAKING;
            emit AddressSet("stakingReader", to);
        }
    }

    function emergencySignature(Emergency what, address to) external view returns (address by, uint256 at) {
        LiquidStorage.Signature memory x = _state().signatures[keccak256(abi.encode(what, to))];
        return (x.by, x.at);
    }

    function haltCode() external view returns (address) {
        return _state().haltCode;
    }

    function stakingReader() external view returns (address) {
        return _state().staking;
    }

    // ------------------------------------------------------------------------------------------------------ parameters

    function feesAndRatios() external view returns (uint256, uint256, uint256, uint256, uint256, uint256) {
        LiquidStorage.State storage s = _state();
        return (s.minFee, s.maxFee, s.standardFee, s.rungFee, s.withhold, s.threshold);
    }

    function flags() external view returns (uint256, uint256, uint256, uint256, uint256, bool) {
        LiquidStorage.State storage s = _state();
        return (s.instantPausedUntil, s.depositsPausedUntil, s.pauseAllowedFrom, s.syncedAt, s.slashPending, s.voteOpen);
    }

    function keeperParams()
        external
        view
        returns (uint256, uint256, uint256, uint256, uint256, uint256, uint256, uint256)
    {
        LiquidStorage.State storage s = _state();
        return
            (
                s.batchThreshold,
                s.interval,
                s.minStake,
                s.keeperGrace,
                s.safety,
                s.minRungAge,
                s.maxSyncAge,
                s.stakingCap
            );
    }

    function scheduledAt(bytes32 operation) external view returns (uint256) {
        return _state().scheduledAt[operation];
    }

    function token() external view returns (address) {
        return TOKEN;
    }

    function rewards() external view returns (address) {
        return _state().rewards;
    }

    function staking() external view returns (address) {
        return STAKING;
    }

    function factory() external view returns (address) {
        return _state().factory;
    }

    function rewardsSink() external view returns (address) {
        return _state().rewardsSink;
    }

    function feeRecipient() external view returns (address) {
        return _state().feeRecipient;
    }

    function setupSealed() external view returns (bool) {
        return _state().setupSealed;
    }
}
