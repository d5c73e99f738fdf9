// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessControlUpgradeable} from "@openzeppelin/contracts-upgradeable/access/AccessControlUpgradeable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";

import {PlumeAdapter} from "../staking/PlumeAdapter.sol";
import {ILiquidMinterTypes} from "./ILiquidMinter.sol";
import {ILiquidRewards} from "./ILiquidRewards.sol";
import {ILiquidToken} from "./ILiquidToken.sol";
import {Line} from "./lib/Line.sol";
import {LiquidStorage} from "./lib/LiquidStorage.sol";

/// @title What the minter and its extensions share: roles, gates, losses, funding and claiming of the line.
/// @dev The minter is one address: LiquidMinter (hot paths) delegates the exit bus to LiquidKeeper and all else that it does
/// not know to LiquidStaker, that to LiquidPayouts, that to LiquidAdmin, that to LiquidViews. All work on the same ERC-7201 storage; none has
/// storage of its own.
abstract contract LiquidBase is ILiquidMinterTypes, AccessControlUpgradeable, ReentrancyGuardTransient {
    using LiquidStorage for LiquidStorage.State;
    using TransientSlot for *;

    bytes32 public constant REBALANCER_ROLE = keccak256("REBALANCER_ROLE");
    bytes32 public constant CLAIMER_ROLE = keccak256("CLAIMER_ROLE");
    bytes32 public constant HANDLER_ROLE = keccak256("HANDLER_ROLE");
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    uint256 internal constant PUSH_GAS = 50_000;
    uint256 internal constant PUSH_FLOOR = 120_000;
    uint256 private constant MARKS_PER_FINALIZE = 16;
    /// @dev A step that never opens to everybody.
    uint256 internal constant NEVER = type(uint256).max;

    /// @dev The bucket from which coins are expected in this call; transient, so that it is always empty between calls.
    bytes32 private constant EXPECTED_BUCKET = keccak256("omnibus.liquid.minter.expectedBucket");

    address internal immutable TOKEN;
    address internal immutable STAKING;

    constructor(address token_, address staking_) {
        if (token_ == address(0) || staking_ == address(0)) revert ZeroAddress();
        TOKEN = token_;
        STAKING = staking_;
        _disableInitializers();
    }

    function _state() internal pure returns (LiquidStorage.State storage) {
        return LiquidStorage.get();
    }

    // ------------------------------------------------------------------------------------------------------------ gates

    /// @dev Passes a holder of the role; anybody once the step is `keeperGrace` late. @return late the caller needed the grace
    function _keeperOrLate(bytes32 role, uint256 dueAt) internal view returns (bool late) {
        if (hasRole(role, msg.sender)) return false;
        uint256 openAt = dueAt == NEVER ? NEVER : dueAt + _state().keeperGrace;
        if (block.timestamp < openAt) revert NotKeeper(role, openAt);
        return true;
    }

    /// @dev A loosening call: needs its announcement to be `longestExit` old, once the setup is sealed.
    function _loosening(bool isLoosening) internal {
        LiquidStorage.State storage s = _state();
        if (!isLoosening || !s.setupSealed) return;
        bytes32 operation = keccak256(msg.data);
        uint256 at = s.scheduledAt[operation];
        if (at == 0) revert NotScheduled(operation);
        uint256 executableAt = at + _longestExit();
        if (block.timestamp < executableAt) revert TooEarly(operation, executableAt);
        delete s.scheduledAt[operation];
    }

    function _longestExit() internal view returns (uint256) {
        LiquidStorage.State storage s = _state();
        return 2 * (_cooldownAtLeast(s) + s.safety) + 2 * uint256(s.keeperGrace) + 3 days;
    }

    /// @dev Who is asked for flags and intervals. The immutable address unless the adapter was repaired: no slot is read for it.
    function _reader(LiquidStorage.State storage s) internal view returns (address) {
        return s.repaired ? s.staking : STAKING;
    }

    /// @dev A repaired reader can make delays longer, never shorter than the staking system's own last word.
    function _cooldownAtLeast(LiquidStorage.State storage s) internal view returns (uint256 cooldown) {
        cooldown = PlumeAdapter.cooldown(_reader(s));
        if (s.repaired) cooldown = LiquidStorage.max(cooldown, s.cooldownSeen);
    }

    /// @dev The setup ends with the admin's giving up of its role, if not before: from then on every delay holds.
    function _revokeRole(bytes32 role, address account) internal override returns (bool revoked) {
        revoked = super._revokeRole(role, account);
        if (revoked && role == DEFAULT_ADMIN_ROLE && !_state().setupSealed) _seal();
    }

    function _seal() internal {
        _state().setupSealed = true;
        emit SetupSealed();
    }

    /// @inheritdoc AccessControlUpgradeable
    function grantRole(bytes32 role, address account) public override onlyRole(getRoleAdmin(role)) {
        _loosening(true);
        _grantRole(role, account);
    }

    /// @dev Same-block flags: no unbooked slash may be ahead of a funding of the line.
    function _requireNoSlash() internal view {
        LiquidStorage.State storage s = _state();
        uint16[] storage ids = s.validatorIds;
        uint256 n = ids.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < n; ++i) {
            uint16 id = ids[i];
            if (PlumeAdapter.isSlashed(_reader(s), id) && !s.validators[id].booked) revert SlashNotBooked(id);
        }
    }

    // ----------------------------------------------------------------------------------------------- 5. instant exits

    /// @dev What an instant exit of at most `most` LST would get now; redeem and quoteExit share it.
    /// @return lst burned for it, @return gross coins, @return fee of it, @return level of the meter afterwards
    function _instantTerms(LiquidStorage.State storage s, uint256 most)
        internal
        view
        returns (uint256 lst, uint256 gross, uint256 fee, uint256 level)
    {
        uint256 dueValue = s.due();
        uint256 liquidity = s.instantLiquidity(dueValue);
        if (liquidity == 0) return (0, 0, 0, 0);
        lst = LiquidStorage.min(most, s.toLst(liquidity));
        gross = s.value(lst);
        if (gross == 0) return (0, 0, 0, 0);

        level = s.leakedMeter() + gross;
        bool vote = s.voteOpen;
        // Old flags serve small exits only: at most 0.01 % of assets per window, while they are fresh.
        if (block.timestamp > uint256(s.syncedAt) + s.maxSyncAge || level > s.assets() / 10_000) {
            bool slashed;
            (slashed, vote) = _readFlags(s);
            if (slashed) return (0, 0, 0, 0);
        }
        fee = vote
            ? LiquidStorage.ceilDiv(gross * s.maxFee, LiquidStorage.BPS)
            : LiquidStorage.instantFee(
                gross,
                LiquidStorage.min0(s.headroom, LiquidStorage.max(s.committed, dueValue)),
                s.target,
                s.minFee,
                s.maxFee
            );
    }

    function _readFlags(LiquidStorage.State storage s) internal view returns (bool slashed, bool vote) {
        uint256 n = s.validatorIds.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < n; ++i) {
            uint16 id = s.validatorIds[i];
            if (s.validators[id].booked) continue;
            if (PlumeAdapter.isSlashed(_reader(s), id)) return (true, vote);
            if (PlumeAdapter.slashVotes(_reader(s), id) != 0) vote = true;
        }
    }

    /// @dev What the buffer pays now, taken off the books. @return lst burned for it, @return gross, @return fee
    function _instant(LiquidStorage.State storage s, uint256 most, uint256 feeLimitBps)
        internal
        returns (uint256 lst, uint256 gross, uint256 fee)
    {
        uint256 level;
        (lst, gross, fee, level) = _instantTerms(s, most);
        if (gross == 0) return (0, 0, 0);
        if (fee * LiquidStorage.BPS > feeLimitBps * gross) {
            revert FeeAboveLimit(LiquidStorage.ceilDiv(fee * LiquidStorage.BPS, gross), feeLimitBps);
        }
        s.headroom -= uint96(gross);
        s.reserved += uint96(fee);
        s.addFees(fee);
        s.meterLevel = uint96(level);
        s.meterAt = uint40(block.timestamp);
    }

    // ------------------------------------------------------------------------------------------------------------ coins

    function _pay(address recipient, uint256 amount) internal {
        if (amount == 0) return;
        (bool ok,) = recipient.call{value: amount}("");
        if (!ok) revert TransferFailed(recipient, amount);
    }

    function _expectBucket(address bucket) internal {
        EXPECTED_BUCKET.asAddress().tstore(bucket);
    }

    function _expectedBucket() internal view returns (address) {
        return EXPECTED_BUCKET.asAddress().tload();
    }

    function _toSink(uint256 amount) internal {
        if (amount == 0) return;
        LiquidStorage.State storage s = _state();
        address sink = s.rewardsSink;
        if (sink == s.rewards) ILiquidRewards(sink).load{value: amount}();
        else _pay(sink, amount);
    }

    function _refreshTarget(LiquidStorage.State storage s) internal {
        uint256 target = s.assets() * s.withhold / LiquidStorage.BPS;
        if (target == s.target) return;
        s.target = uint96(target);
        emit BufferTargetSet(target);
    }

    /// @dev 9: after the books lost `loss` wei of assets. What the reserve holds goes first, here and nowhere else: the rate is
    /// computed after it, so it falls less and never rises.
    function _afterLoss(uint256 loss) internal returns (uint256 rate) {
        LiquidStorage.State storage s = _state();
        uint256 held = s.insurance;
        uint256 cover = LiquidStorage.min(loss, held);
        if (cover != 0) {
            s.insurance = uint96(held - cover);
            s.headroom += uint96(cover);
            emit InsuranceUsed(cover, held - cover);
        }
        rate = s.rate;
        uint256 lst = s.supply();
        if (lst != 0) {
            uint256 backed = s.assets() * LiquidStorage.RAY / lst;
            if (backed < rate) {
                rate = backed;
                s.rate = uint96(backed);
            }
        }
        s.setCommitted(s.committed);
        // 8: promises are made anew from what is left. What is due already stays due, and what now waits for a departure
        // waits from here.
        s.marksLive = uint16(s.dueMarks());
        if (block.timestamp > s.lineNextDeparture && !s.covered()) s.lineNextDeparture = uint32(block.timestamp);
        _refreshTarget(s);
        emit EtaRevised(EtaReason.Loss, loss);
    }

    // -------------------------------------------------------------------------------------------------------- the line

    /// @dev 6: gives due money to the head of the line. @return pay coins reserved
    function _finalize() internal returns (uint256 pay) {
        _requireNoSlash();
        LiquidStorage.State storage s = _state();
        uint256 units = s.end - s.watermark;
        uint256 lst = s.openLst;
        if (units == 0 || lst == 0) return 0;

        uint256 full = s.value(lst);
        uint256 x = _dueMoney(s, full);
        if (x >= full) {
            pay = full;
            _fund(s, units, lst, pay);
            return pay;
        }
        uint256 du = s.toLst(x) * units / lst;
        // Both round down on purpose, in this order: units first, then the LST that they stand for.
        // slither-disable-next-line divide-before-multiply
        uint256 burned = du * lst / units;
        if (du == 0 || burned == 0) return 0;
        pay = s.value(burned);
        _fund(s, du, burned, pay);
    }

    /// @dev Coins that FIFO may spend now: the committed ones; for rungs past their promised time the buffer as well.
    function _dueMoney(LiquidStorage.State storage s, uint256 full) private view returns (uint256 x) {
        uint256 room = s.headroom;
        x = LiquidStorage.min(s.committed, full);
        uint256 dueValue = s.due();
        if (dueValue != 0) {
            x = LiquidStorage.max(x, LiquidStorage.min(dueValue + LiquidStorage.MARGIN, room));
        }
        return LiquidStorage.min(x, room);
    }

    function _fund(LiquidStorage.State storage s, uint256 du, uint256 burned, uint256 pay) private {
        uint256 w = uint256(s.watermark) + du;
        uint256 b = uint256(s.b) + pay + du * s.c / LiquidStorage.SCALE;
        uint96 open = s.openLst - uint96(burned);
        s.watermark = uint128(w);
        s.b = uint128(b);
        s.openLst = open;
        s.headroom -= uint96(pay);
        s.reserved += uint96(pay);
        s.setCommitted(LiquidStorage.min0(s.committed, pay));
        uint24 index = s.checkpoints + 1;
        s.checkpoints = index;
        s.checkpointAt[index] = LiquidStorage.Checkpoint({w: uint128(w), b: uint128(b)});
        emit LineFunded(index, w, b, burned, pay);
        _passMarks(s, w);
    }

    function _passMarks(LiquidStorage.State storage s, uint256 w) private {
        uint256 live = s.marksLive;
        uint256 done = s.marksDone;
        uint256 i;
        // bound(MARKS_PER_FINALIZE): the next funding goes on
        for (; i < MARKS_PER_FINALIZE && i < live; ++i) {
            LiquidStorage.Mark memory m = s.marks[(done + i) % LiquidStorage.MARKS];
            if (m.units > w) break;
            if (m.eta < block.timestamp) emit EtaRevised(EtaReason.StepLate, m.eta);
        }
        if (i == 0) return;
        s.marksLive = uint16(live - i);
        s.marksDone = uint24(done + i);
    }

    /// @dev Whether others may start a payment to `owner`. An account's code may come and go (EIP-7702): it counts as it is now.
    function _autoPays(address owner) internal view returns (bool) {
        uint256 said = _state().autoPay[owner];
        return said == 0 ? owner.code.length == 0 : said == 1;
    }

    /// @dev Takes what is owed to `id` off the books; the caller of this pays `net` to `recipient`.
    function _settleClaim(uint256 id, LiquidStorage.Ticket memory t, address recipient, uint256 hintA, uint256 hintB)
        internal
        returns (uint256 net)
    {
        LiquidStorage.State storage s = _state();
        // A rung gets its end when it closes.
        if (s.rungs[id >> 32].unitsEnd == 0) revert NothingToClaim(id);
        (uint256 gross, uint256 fee, bool funded) = Line.owed(s, id, t.lst, hintA, hintB);
        if (gross == 0 && !funded) revert NothingToClaim(id);
        net = gross - fee;
        s.reserved -= uint96(net);
        s.addFees(fee);
        if (funded) {
            delete s.tickets[id];
            delete s.paid[id];
        } else {
            s.paid[id] += gross;
        }
        emit Claimed(id, t.owner, recipient, net, fee, funded);
    }

    /// @dev The number of a validator's buckets, and cursors that still point into it.
    function _setBuckets(LiquidStorage.Validator storage v, uint16 id, uint256 n) internal {
        v.buckets = uint8(n);
        if (v.sweepCursor >= n) v.sweepCursor = 0;
        if (v.stakeCursor >= n) v.stakeCursor = 0;
        if (v.claimCursor >= n) v.claimCursor = 0;
        emit BucketsConfigured(id, n, v.target);
    }

    /// @dev Hands a call on to the next part of the minter.
    function _delegate(address part) internal {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), part, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
