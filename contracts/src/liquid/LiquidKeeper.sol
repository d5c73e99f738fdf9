// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PlumeAdapter} from "../staking/PlumeAdapter.sol";
import {IStakerBucket} from "./IStakerBucket.sol";
import {LiquidBuckets} from "./LiquidBuckets.sol";
import {ExitBus} from "./lib/ExitBus.sol";
import {LiquidStorage} from "./lib/LiquidStorage.sol";

/// @title The keepers' steps on the way out: exit bus, sweeps, losses.
/// @notice Part of the minter (see LiquidBase); ILiquidMinter carries the NatSpec.
contract LiquidKeeper is LiquidBuckets {
    using LiquidStorage for LiquidStorage.State;

    constructor(address token_, address staking_, address factory_) LiquidBuckets(token_, staking_, factory_) {}

    // ----------------------------------------------------------------------------------------------- 7. the exit bus

    /// @dev One pass of processBatchUnstake.
    struct Bus {
        uint256 span; // cooldown + safety
        uint256 uncovered;
        uint256 need;
        uint256 departed;
        uint256 tries; // left in this call
        uint256 refused; // bitmap of the present validator's buckets whose unstake reverted
        uint16[] onTime; // validators that left by the timetable
        uint256 onTimeCount;
    }

    function processBatchUnstake() external nonReentrant returns (uint256 netted, uint256 departed) {
        return _processBatch(LiquidStorage.DEPARTURES_PER_CALL);
    }

    function processBatchUnstakePage(uint256 maxDepartures)
        external
        nonReentrant
        returns (uint256 netted, uint256 departed)
    {
        return _processBatch(LiquidStorage.min(maxDepartures, LiquidStorage.DEPARTURES_PER_CALL));
    }

    function _processBatch(uint256 most) private returns (uint256 netted, uint256 departed) {
        LiquidStorage.State storage s = _state();
        _departureGate(s);
        _refreshTarget(s);
        Bus memory bus;
        bus.span = PlumeAdapter.cooldown(_reader(s)) + s.safety;
        bus.tries = most;
        _tellIfLate(s);
        netted = _net(s, bus);
        bool wanted = bus.need != 0;
        if (wanted) _departForNeed(s, bus);
        bool left = bus.departed != 0;
        if (!left && bus.need == 0 && most != 0) _departRetiring(s, bus);
        // While need is left the timetable spares no bucket: whatever becomes available departs at once.
        if (bus.need == 0 && bus.onTimeCount != 0) {
            // bound(MAX_VALIDATORS): each left once
            for (uint256 i; i < bus.onTimeCount; ++i) {
                LiquidStorage.Validator storage v = s.validators[bus.onTime[i]];
                v.nextDeparture = uint40(block.timestamp + s.period(bus.span, v.buckets));
            }
            s.lineNextDeparture = uint32(block.timestamp + LiquidStorage.ceilDiv(bus.span, s.totalBuckets()));
        }
        _markLine(s, left);
        departed = bus.departed;
    }

    /// @dev Steps 1 and 2: what departs, after headroom above the target took its part.
    function _net(LiquidStorage.State storage s, Bus memory bus) private returns (uint256 netted) {
        uint256 committed = s.committed;
        uint256 open = s.openValue();
        uint256 cover = s.cooling + committed;
        if (open <= cover) return 0;
        bus.uncovered = open - cover;
        bus.need = bus.uncovered + LiquidStorage.MARGIN;
        netted = LiquidStorage.min(bus.need, LiquidStorage.min0(s.headroom, committed + s.target));
        netted = LiquidStorage.min(netted, LiquidStorage.min0(s.commitCap(), committed));
        if (netted != 0) {
            s.committed = uint96(committed + netted);
            bus.need -= netted;
            emit Netted(netted);
        }
        // What is left would be margin alone.
        if (bus.need <= LiquidStorage.MARGIN) bus.need = 0;
    }

    function _departureGate(LiquidStorage.State storage s) private view {
        if (hasRole(HANDLER_ROLE, msg.sender)) return;
        uint256 first = NEVER;
        uint256 n = s.validatorIds.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < n; ++i) {
            LiquidStorage.Validator storage v = s.validators[s.validatorIds[i]];
            if (!v.booked && v.buckets != 0) first = LiquidStorage.min(first, v.nextDeparture);
        }
        _keeperOrLate(REBALANCER_ROLE, LiquidStorage.max(s.lineNextDeparture, first));
    }

    /// @dev 8: an uncovered line whose first departure was possible more than a grace ago lost its promise, and hears of it.
    function _tellIfLate(LiquidStorage.State storage s) private {
        uint256 line = uint256(s.lineNextDeparture) + s.keeperGrace;
        if (block.timestamp <= line || s.covered() || s.marked()) return;
        uint256 first = NEVER;
        uint256 count = s.validatorIds.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < count; ++i) {
            uint16 id = s.validatorIds[i];
            LiquidStorage.Validator storage v = s.validators[id];
            if (v.booked || v.active == 0) continue;
            uint256 latest = LiquidStorage.max(line, uint256(v.nextDeparture) + s.keeperGrace);
            if (block.timestamp <= latest) continue;
            uint256 n = v.buckets;
            // bound(MAX_BUCKETS): no validator has more
            for (uint256 k; k < n; ++k) {
                LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(id, k)];
                if (b.active == 0) continue;
                uint256 free = b.end == 0 ? 0 : uint256(b.end) + s.safety + s.keeperGrace;
                first = LiquidStorage.min(first, LiquidStorage.max(latest, free));
            }
        }
        if (block.timestamp > first) emit EtaRevised(EtaReason.StepLate, first);
    }

    function _departForNeed(LiquidStorage.State storage s, Bus memory bus) private {
        uint16[] memory ids = ExitBus.order(s);
        bus.onTime = new uint16[](ids.length);
        // bound(MAX_VALIDATORS): each once
        for (uint256 k; k < ids.length && bus.need != 0 && bus.tries != 0; ++k) {
            _departFrom(s, bus, ids[k]);
        }
    }

    function _departFrom(LiquidStorage.State storage s, Bus memory bus, uint16 id) private {
        LiquidStorage.Validator storage v = s.validators[id];
        bool early = block.timestamp < s.lineNextDeparture || block.timestamp < v.nextDeparture;
        uint256 allowed = early ? _spareBuckets(s, bus, id) : v.buckets;
        bool left;
        bus.refused = 0;
        // bound(DEPARTURES_PER_CALL): each pass uses up one of `bus.tries`
        while (bus.need != 0 && allowed != 0 && bus.tries != 0) {
            (bool found, uint256 index, uint256 stake) = _pickDeparture(s, id, bus.need, bus.refused);
            if (!found) break;
            --bus.tries;
            uint256 amount = LiquidStorage.min(bus.need, stake);
            if (!_depart(s, id, index, amount, early)) {
                // forge-lint: disable-next-line(incorrect-shift)
                bus.refused |= 1 << index;
                continue;
            }
            bus.need -= amount;
            // Margin alone is worth no bucket.
            if (bus.need <= LiquidStorage.MARGIN) bus.need = 0;
            bus.departed += amount;
            --allowed;
            left = true;
        }
        if (left && !early) bus.onTime[bus.onTimeCount++] = id;
    }

    /// @dev Before its time a validator may only use buckets that its timetable does not need, and only for a full bus.
    function _spareBuckets(LiquidStorage.State storage s, Bus memory bus, uint16 id)
        private
        view
        returns (uint256 spare)
    {
        if (s.batchThreshold == 0 || bus.uncovered < s.batchThreshold) return 0;
        uint256 n = s.validators[id].buckets;
        // bound(MAX_BUCKETS): no validator has more
        for (uint256 i; i < n; ++i) {
            if (s.available(s.buckets[LiquidStorage.key(id, i)])) ++spare;
        }
        return LiquidStorage.min0(spare, LiquidStorage.ceilDiv(bus.span, s.period(bus.span, n)));
    }

    /// @dev The smallest available bucket that fits the need, else the largest; ties go to the lowest index.
    function _pickDeparture(LiquidStorage.State storage s, uint16 id, uint256 need, uint256 refused)
        private
        view
        returns (bool found, uint256 index, uint256 stake)
    {
        uint256 n = s.validators[id].buckets;
        // bound(MAX_BUCKETS): no validator has more
        for (uint256 i; i < n; ++i) {
            if (refused >> i & 1 != 0) continue;
            LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(id, i)];
            if (b.active == 0 || !s.available(b)) continue;
            bool better;
            if (!found) better = true;
            else if (stake >= need) better = b.active >= need && b.active < stake;
            else better = b.active > stake;
            if (better) (found, index, stake) = (true, i, b.active);
        }
    }

    function _depart(LiquidStorage.State storage s, uint16 id, uint256 index, uint256 amount, bool early)
        private
        returns (bool)
    {
        uint256 left = _requireGas();
        try IStakerBucket(payable(_bucket(id, index))).unstake(id, amount) returns (uint256 end) {
            LiquidStorage.Bucket storage b = s.buckets[LiquidStorage.key(id, index)];
            b.active -= uint96(amount);
            b.cooling = uint96(amount);
            b.end = uint40(end);
            s.validators[id].active -= uint96(amount);
            s.active -= uint96(amount);
            s.cooling += uint96(amount);
            s.latestEta = uint32(LiquidStorage.max(s.latestEta, end + s.keeperGrace));
            emit Departed(id, index, amount, end, early);
            return true;
        } catch (bytes memory reason) {
            _believe(left);
            emit DepartFailed(id, index, amount, reason);
            return false;
        }
    }

    /// @dev Stake of a retiring bucket leaves with a departure that nobody else needs.
    function _departRetiring(LiquidStorage.State storage s, Bus memory bus) private {
        if (block.timestamp < s.lineNextDeparture) return;
        uint256 count = s.validatorIds.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < count; ++i) {
            uint16 id = s.validatorIds[i];
            LiquidStorage.Validator storage v = s.validators[id];
            if (v.booked || block.timestamp < v.nextDeparture) continue;
            uint256 n = v.buckets;
            // bound(MAX_BUCKETS): no validator has more
            for (uint256 k = v.target; k < n; ++k) {
                LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(id, k)];
                if (b.active == 0 || !s.available(b)) continue;
                if (!_depart(s, id, k, b.active, false)) return;
                bus.departed = b.active;
                bus.onTime = new uint16[](1);
                bus.onTime[bus.onTimeCount++] = id;
                return;
            }
        }
    }

    /// @dev 7.5: everything in the line that is covered now gets its promise.
    function _markLine(LiquidStorage.State storage s, bool departedForNeed) private {
        uint256 end = s.end;
        if (end == s.watermark) return;
        if (s.marked() || (!s.covered() && s.active != 0)) return;
        uint256 live = s.marksLive;
        uint256 eta = s.latestEta;
        if (!departedForNeed) {
            eta = LiquidStorage.max(eta, block.timestamp + s.keeperGrace);
            s.latestEta = uint32(eta);
        }
        uint256 at = s.marksDone + live;
        if (live == LiquidStorage.MARKS) at -= 1;
        else s.marksLive = uint16(live + 1);
        s.marks[at % LiquidStorage.MARKS] = LiquidStorage.Mark({units: uint128(end), eta: uint40(eta)});
        emit EtaMarked(at, end, eta);
    }

    function sweepMaturedBuckets(uint16 validatorId, uint256 maxToSweep)
        external
        nonReentrant
        returns (uint256 swept, uint256 gainedTotal)
    {
        _known(validatorId);
        // Keepers sweep what matured; anybody what they left lying for the grace.
        bool keeper = hasRole(REBALANCER_ROLE, msg.sender) || hasRole(HANDLER_ROLE, msg.sender);
        uint256 ripe = keeper ? block.timestamp : block.timestamp - _state().keeperGrace;
        (swept, gainedTotal) = _sweepUpTo(validatorId, maxToSweep, ripe);
        _dropRetired(_state(), validatorId);
    }

    /// @dev At most `most` tries among the buckets whose cooldown ended by `ripe`, on from the cursor, once around.
    function _sweepUpTo(uint16 id, uint256 most, uint256 ripe) private returns (uint256 swept, uint256 gainedTotal) {
        LiquidStorage.State storage s = _state();
        uint256 n = s.validators[id].buckets;
        uint256 cursor = s.validators[id].sweepCursor;
        // bound(MAX_BUCKETS): once around; tries by the caller's `maxToSweep`
        for (uint256 k; k < n && most != 0; ++k) {
            if (_isRipe(s, id, cursor, ripe)) {
                --most;
                (uint256 done, uint256 gained) = _sweep(s, id, cursor);
                swept += done;
                gainedTotal += gained;
            }
            cursor = (cursor + 1) % n;
        }
        s.validators[id].sweepCursor = uint8(cursor);
    }

    function _isRipe(LiquidStorage.State storage s, uint16 id, uint256 index, uint256 ripe)
        private
        view
        returns (bool)
    {
        LiquidStorage.Bucket storage b = s.buckets[LiquidStorage.key(id, index)];
        return b.cooling != 0 && b.end <= ripe;
    }

    /// @return done 1 when the bucket answered, @return gained what entered the books
    function _sweep(LiquidStorage.State storage s, uint16 id, uint256 index)
        private
        returns (uint256 done, uint256 gained)
    {
        address bucket = _bucket(id, index);
        uint256 left = _requireGas();
        _expectBucket(bucket);
        try IStakerBucket(payable(bucket)).withdraw() returns (uint256 received) {
            _expectBucket(address(0));
            return (1, _credit(s, id, index, received));
        } catch (bytes memory reason) {
            _believe(left);
            _expectBucket(address(0));
            // Booked, matured before the slash, and nothing is owed: the record was cleared over there.
            if (s.validators[id].booked && PlumeAdapter.owesNothing(reason)) return (1, _credit(s, id, index, 0));
            emit SweepFailed(id, index, reason);
            return (0, 0);
        }
    }

    function _credit(LiquidStorage.State storage s, uint16 id, uint256 index, uint256 received)
        private
        returns (uint256 gained)
    {
        uint256 cooling = s.buckets[LiquidStorage.key(id, index)].cooling;
        gained = LiquidStorage.min(received, cooling);
        uint256 missing = cooling - gained;
        bool loss;
        if (missing != 0) {
            // A slashed validator's missing coins are for bookSlash, which knows what had matured before.
            loss = s.validators[id].booked || !PlumeAdapter.isSlashed(_reader(s), id);
            if (!loss) missing = 0;
        }
        uint256 off = gained + missing;
        s.buckets[LiquidStorage.key(id, index)].cooling = uint96(cooling - off);
        s.cooling -= uint96(off);
        s.headroom += uint96(gained);
        s.setCommitted(s.committed + gained);
        emit Swept(id, index, gained, received);
        if (loss) emit ShortfallBooked(id, index, missing, _afterLoss(missing));
    }

    /// @dev Retiring buckets end from the top once they are empty.
    function _dropRetired(LiquidStorage.State storage s, uint16 id) private {
        LiquidStorage.Validator storage v = s.validators[id];
        uint256 n = v.buckets;
        uint256 target = v.target;
        if (n == target) return;
        // bound(MAX_BUCKETS): no validator has more
        while (n > target) {
            LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(id, n - 1)];
            if (b.active != 0 || b.cooling != 0) break;
            --n;
        }
        if (n == v.buckets) return;
        _setBuckets(v, id, n);
    }

    // ------------------------------------------------------------------------------------------------------ 9. losses

    function bookSlash(uint16 validatorId) external nonReentrant returns (uint256 loss) {
        LiquidStorage.State storage s = _state();
        LiquidStorage.Validator storage v = _known(validatorId);
        if (v.booked) revert AlreadyBooked(validatorId);
        PlumeAdapter.Info memory info = PlumeAdapter.info(_reader(s), validatorId);
        if (!info.slashed) revert NotSlashed(validatorId);
        if (v.slashed) --s.slashPending;
        v.slashed = true;
        v.booked = true;
        uint256 activeLoss = v.active;
        uint256 coolingLoss;
        uint256 n = v.buckets;
        // bound(MAX_BUCKETS): no validator has more
        for (uint256 i; i < n; ++i) {
            LiquidStorage.Bucket storage b = s.buckets[LiquidStorage.key(validatorId, i)];
            if (b.active != 0) b.active = 0;
            // What matured before the slash is safe and still to be swept.
            if (b.cooling != 0 && b.end >= info.slashedAt) {
                coolingLoss += b.cooling;
                b.cooling = 0;
            }
        }
        v.active = 0;
        s.active -= uint96(activeLoss);
        s.cooling -= uint96(coolingLoss);
        loss = activeLoss + coolingLoss;
        uint256 rate = _afterLoss(loss);
        emit SlashBooked(validatorId, activeLoss, coolingLoss, rate);
    }
}
