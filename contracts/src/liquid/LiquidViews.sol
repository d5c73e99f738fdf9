// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PlumeAdapter} from "../staking/PlumeAdapter.sol";
import {IBucketFactory} from "./IBucketFactory.sol";
import {LiquidAmm} from "./LiquidAmm.sol";
import {LiquidBase} from "./LiquidBase.sol";
import {Eta} from "./lib/Eta.sol";
import {ExitBus} from "./lib/ExitBus.sol";
import {Line} from "./lib/Line.sol";
import {LiquidStorage} from "./lib/LiquidStorage.sol";
import {StakeBus} from "./lib/StakeBus.sol";

/// @title What can be read of the minter.
/// @notice Part of the minter (see LiquidBase); ILiquidMinter carries the NatSpec. Views may loop over all buckets;
/// no state-changing call but publishEta uses them.
contract LiquidViews is LiquidAmm {
    using LiquidStorage for LiquidStorage.State;

    uint8 private constant TO_SWEEP = 1;
    uint8 private constant TO_DEPART = 2;
    uint8 private constant TO_BOOK = 4;
    uint8 private constant TO_RETIRE = 8;

    error UnknownFunction(bytes4 selector);
    error NotClosed(uint256 rung);

    constructor(address token_, address staking_) LiquidBase(token_, staking_) {}

    fallback() external {
        revert UnknownFunction(msg.sig);
    }

    // ---------------------------------------------------------------------------------------------------- the seed's

    function getBuckets(uint16 validatorId) external view returns (BucketInfo[] memory list) {
        LiquidStorage.State storage s = _state();
        uint256 n = s.validators[validatorId].buckets;
        list = new BucketInfo[](n);
        for (uint256 i; i < n; ++i) {
            LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(validatorId, i)];
            list[i] = BucketInfo({
                bucket: IBucketFactory(s.factory).bucketAddress(validatorId, i),
                nextAvailableTime: _nextAvailable(s, b),
                activeStake: b.active,
                coolingAmount: b.cooling
            });
        }
    }

    function getBucketAvailabilitySummary(uint16 validatorId)
        external
        view
        returns (uint256 totalBuckets, uint256 availableNow, uint256 nextAvailableTs)
    {
        LiquidStorage.State storage s = _state();
        totalBuckets = s.validators[validatorId].buckets;
        for (uint256 i; i < totalBuckets; ++i) {
            LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(validatorId, i)];
            if (s.available(b)) {
                ++availableNow;
                continue;
            }
            uint256 at = _nextAvailable(s, b);
            if (nextAvailableTs == 0 || at < nextAvailableTs) nextAvailableTs = at;
        }
        if (availableNow != 0) nextAvailableTs = block.timestamp;
    }

    function getBufferAndQueueStats() external view returns (uint256, uint256, uint256, uint256, uint256) {
        LiquidStorage.State storage s = _state();
        return (uint256(s.headroom) + s.reserved, s.reserved, s.cooling, s.headroom, s.totalQueued());
    }

    function getReadyRequestsForUser(address user, uint256 startId, uint256 maxItems)
        external
        view
        returns (uint256[] memory ids, uint256[] memory amounts, uint256 nextId)
    {
        LiquidStorage.State storage s = _state();
        ids = new uint256[](maxItems);
        amounts = new uint256[](maxItems);
        uint256 found;
        uint256 rung_ = startId >> 32;
        uint256 seq = startId & type(uint32).max;
        if (seq == 0) seq = 1;
        uint256 scanned;
        while (scanned < maxItems && rung_ < s.openRung && s.rungs[rung_].unitsEnd <= s.watermark) {
            if (seq > s.rungs[rung_].feeAndCount >> 9) {
                ++rung_;
                seq = 1;
                continue;
            }
            uint256 id = rung_ << 32 | seq;
            if (s.tickets[id].owner == user) {
                (uint256 gross, uint256 fee) = _owed(s, id);
                ids[found] = id;
                amounts[found++] = gross - fee;
            }
            ++scanned;
            ++seq;
        }
        if (rung_ < s.openRung && s.rungs[rung_].unitsEnd <= s.watermark) nextId = rung_ << 32 | seq;
        assembly ("memory-safe") {
            mstore(ids, found)
            mstore(amounts, found)
        }
    }

    function getValidatorsToProcess(uint256 maxCount)
        external
        view
        returns (uint16[] memory ids, uint8[] memory reasons, uint256[] memory nextTs, uint256 count)
    {
        LiquidStorage.State storage s = _state();
        uint256 n = s.validatorIds.length;
        uint256 most = LiquidStorage.min(n, maxCount);
        ids = new uint16[](most);
        reasons = new uint8[](most);
        nextTs = new uint256[](most);
        bool wanted = s.openValue() > uint256(s.cooling) + s.committed;
        for (uint256 i; i < n && count < most; ++i) {
            (uint8 reason, uint256 next) = _reasons(s, s.validatorIds[i], wanted);
            if (reason == 0) continue;
            (ids[count], reasons[count], nextTs[count]) = (s.validatorIds[i], reason, next);
            ++count;
        }
        assembly ("memory-safe") {
            mstore(ids, count)
            mstore(reasons, count)
            mstore(nextTs, count)
        }
    }

    function _reasons(LiquidStorage.State storage s, uint16 id, bool wanted)
        private
        view
        returns (uint8 reason, uint256 next)
    {
        LiquidStorage.Validator storage v = s.validators[id];
        if (v.slashed && !v.booked) reason = TO_BOOK;
        uint256 departsAt = LiquidStorage.max(v.nextDeparture, s.lineNextDeparture);
        bool onTime = block.timestamp >= departsAt && !v.booked;
        if (wanted && !onTime && !v.booked) next = departsAt;
        for (uint256 k; k < v.buckets; ++k) {
            LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(id, k)];
            if (b.cooling != 0) {
                if (block.timestamp >= b.end) reason |= TO_SWEEP;
                else if (next == 0 || b.end < next) next = b.end;
            }
            if (!onTime || b.active == 0 || !s.available(b)) continue;
            if (wanted) reason |= TO_DEPART;
            if (k >= v.target) reason |= TO_RETIRE;
        }
    }

    function getNextValidator(uint256 amount)
        external
        view
        returns (uint16 validatorId, uint256 bucketIndex, uint256 capacity)
    {
        LiquidStorage.State storage s = _state();
        StakeBus.Route memory r = StakeBus.route(s);
        (bool found, uint256 at,) = StakeBus.pick(s, r, amount);
        if (!found) return (type(uint16).max, 0, 0);
        return (r.ids[at], StakeBus.bucketFor(s, r.ids[at]), r.caps[at]);
    }

    function nextBatchUnstakeTimePerValidator(uint16 validatorId) external view returns (uint256) {
        LiquidStorage.State storage s = _state();
        return LiquidStorage.max(s.validators[validatorId].nextDeparture, s.lineNextDeparture);
    }

    /// @notice The part of what is still to depart that this validator's stake would carry.
    function totalQueuedWithdrawalsPerValidator(uint16 validatorId) external view returns (uint256) {
        LiquidStorage.State storage s = _state();
        uint256 need = LiquidStorage.min0(s.openValue(), uint256(s.cooling) + s.committed);
        uint16[] memory ids = ExitBus.order(s);
        for (uint256 i; i < ids.length && need != 0; ++i) {
            uint256 part = LiquidStorage.min(need, s.validators[ids[i]].active);
            if (ids[i] == validatorId) return part;
            need -= part;
        }
        return 0;
    }

    function currentWithheldETH() external view returns (uint256) {
        LiquidStorage.State storage s = _state();
        return uint256(s.headroom) + s.reserved;
    }

    function totalInstantUnstaked() external view returns (uint256) {
        return _state().reserved;
    }

    function totalUnstaked() external view returns (uint256) {
        return _state().cooling;
    }

    // --------------------------------------------------------------------------------------------------- quotes, times

    function quoteExit(uint256 amount) external view returns (ExitQuote memory q) {
        LiquidStorage.State storage s = _state();
        uint256 rest = amount;
        (uint256 offer, uint256 floor) = _offer(s, amount, amount, amount);
        if (offer != 0) {
            (q.ammLst, q.ammPay) = _quote(s.ammRoute, offer, floor);
            rest -= q.ammLst;
        }
        (uint256 lst, uint256 gross, uint256 fee,) = _instantTerms(s, rest);
        q.instantLst = lst;
        q.instantPay = gross - fee;
        if (gross != 0) q.instantFeeBps = LiquidStorage.ceilDiv(fee * LiquidStorage.BPS, gross);
        q.queueLst = rest - lst;
        if (q.queueLst == 0) return q;
        uint256 v = s.value(q.queueLst);
        q.queueValue = v - LiquidStorage.ceilDiv(v * s.rungFee, LiquidStorage.BPS);
        q.queueEta = Eta.ifClosed(s, q.queueLst);
    }

    function quoteDeposit(uint256 coins) external view returns (uint256) {
        return _state().toLst(coins);
    }

    function exitEta(uint256 id) external view returns (uint256 eta, bool revised) {
        LiquidStorage.State storage s = _state();
        if (s.tickets[id].owner == address(0)) revert UnknownRequest(id);
        uint256 rung_ = id >> 32;
        if (rung_ < s.openRung) return Eta.ofRung(s, rung_);
        return (Eta.ifClosed(s, 0), false);
    }

    function publishEta(uint256 rung_) external returns (uint256 eta) {
        LiquidStorage.State storage s = _state();
        if (rung_ >= s.openRung) revert NotClosed(rung_);
        (eta,) = Eta.ofRung(s, rung_);
        emit EtaPublished(rung_, eta);
    }

    function findHints(uint256[] calldata ids)
        external
        view
        returns (uint256[] memory hintsA, uint256[] memory hintsB)
    {
        LiquidStorage.State storage s = _state();
        hintsA = new uint256[](ids.length);
        hintsB = new uint256[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            if (ids[i] >> 32 >= s.openRung) continue;
            (hintsA[i], hintsB[i]) = Line.hints(s, ids[i] >> 32);
        }
    }

    function claimable(uint256 id) external view returns (uint256 gross, uint256 fee) {
        return _owed(_state(), id);
    }

    function _owed(LiquidStorage.State storage s, uint256 id) private view returns (uint256 gross, uint256 fee) {
        uint256 rung_ = id >> 32;
        LiquidStorage.Ticket memory t = s.tickets[id];
        if (t.owner == address(0) || rung_ >= s.openRung) return (0, 0);
        (uint256 hintA, uint256 hintB) = Line.hints(s, rung_);
        (gross, fee,) = Line.owed(s, id, t.lst, hintA, hintB);
    }

    // -------------------------------------------------------------------------------------------------------- records

    function request(uint256 id) external view returns (address owner, uint256 lst, uint256 paid) {
        LiquidStorage.State storage s = _state();
        return (s.tickets[id].owner, s.tickets[id].lst, s.paid[id]);
    }

    function rung(uint256 id) external view returns (Rung memory r) {
        LiquidStorage.State storage s = _state();
        if (id >= s.openRung) return r;
        LiquidStorage.RungSlot memory x = s.rungs[id];
        (uint256 a, uint256 b) = Line.bounds(s, id);
        r = Rung({
            lst: x.lst,
            count: x.feeAndCount >> 9,
            feeBps: x.feeAndCount & 511,
            unitsStart: a,
            unitsEnd: b,
            c0: s.rungC0[id]
        });
    }

    function checkpoint(uint256 index) external view returns (uint256 watermark, uint256 b) {
        LiquidStorage.Checkpoint memory x = _state().checkpointAt[index];
        return (x.w, x.b);
    }

    function mark(uint256 index) external view returns (uint256 units, uint256 eta) {
        LiquidStorage.Mark memory m = _state().marks[index % LiquidStorage.MARKS];
        return (m.units, m.eta);
    }

    function line() external view returns (LineState memory l) {
        LiquidStorage.State storage s = _state();
        l.end = s.end;
        l.watermark = s.watermark;
        l.c = s.c;
        l.b = s.b;
        l.openLst = s.openLst;
        l.stagedLst = s.stagedLst;
        l.openRung = s.openRung;
        l.openCount = s.openCount;
        l.lastClosedAt = s.lastClosedAt;
        l.committed = s.committed;
        l.nextDeparture = s.lineNextDeparture;
        l.latestEta = s.latestEta;
        l.marks = uint256(s.marksDone) + s.marksLive;
        l.marksDone = s.marksDone;
        l.checkpoints = uint256(s.checkpoints) + 1;
    }

    function validators() external view returns (uint16[] memory) {
        return _state().validatorIds;
    }

    function validatorState(uint16 validatorId) external view returns (ValidatorState memory r) {
        LiquidStorage.State storage s = _state();
        LiquidStorage.Validator memory v = s.validators[validatorId];
        r.registered = v.registered;
        r.inactive = v.inactive;
        r.slashed = v.slashed;
        r.booked = v.booked;
        r.weight = v.weight;
        r.maxPercentageBps = v.maxPct;
        r.active = v.active;
        for (uint256 i; i < v.buckets; ++i) {
            r.cooling += s.buckets[LiquidStorage.key(validatorId, i)].cooling;
        }
        r.buckets = v.buckets;
        r.targetBuckets = v.target;
        r.nextDeparture = v.nextDeparture;
        r.sweepCursor = v.sweepCursor;
        r.stakeCursor = v.stakeCursor;
        r.claimCursor = v.claimCursor;
    }

    // ----------------------------------------------------------------------------------------------------------- money

    function rate() external view returns (uint256) {
        return _state().rate;
    }

    function assets() external view returns (uint256) {
        return _state().assets();
    }

    function supply() external view returns (uint256) {
        return _state().supply();
    }

    function headroom() external view returns (uint256) {
        return _state().headroom;
    }

    function activeStake() external view returns (uint256) {
        return _state().active;
    }

    function committed() external view returns (uint256) {
        return _state().committed;
    }

    function due() external view returns (uint256) {
        return _state().due();
    }

    function bufferTarget() external view returns (uint256) {
        return _state().target;
    }

    function instantLiquidity() external view returns (uint256) {
        LiquidStorage.State storage s = _state();
        return s.instantLiquidity(s.due());
    }

    function meter() external view returns (uint256 level, uint256 updatedAt) {
        LiquidStorage.State storage s = _state();
        return (s.meterLevel, s.meterAt);
    }

    function fees() external view returns (uint256) {
        return _state().totalFees();
    }

    function freeToStake() external view returns (uint256) {
        return _state().freeToStake();
    }

    function longestExit() external view returns (uint256) {
        return _longestExit();
    }

    function _nextAvailable(LiquidStorage.State storage s, LiquidStorage.Bucket memory b)
        private
        view
        returns (uint256)
    {
        return b.end == 0 ? 0 : uint256(b.end) + s.safety;
    }
}
