// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PlumeAdapter} from "../../staking/PlumeAdapter.sol";
import {LiquidStorage} from "./LiquidStorage.sol";

/// @title Promised times: specification, section 8.
/// @notice Views only (and publishEta): they read every bucket.
library Eta {
    using LiquidStorage for LiquidStorage.State;

    uint256 private constant NONE = type(uint256).max;

    /// @dev Coins that arrive, or stake that may depart, at a time.
    struct Event {
        uint256 at;
        uint256 amount;
    }

    function ofRung(LiquidStorage.State storage s, uint256 rung) internal view returns (uint256 eta, bool revised) {
        uint256 end = s.rungs[rung].unitsEnd;
        if (end <= s.watermark) return (0, false);
        uint256 first = s.marksDone;
        uint256 beyond = first + s.marksLive;
        uint256 lo = first;
        uint256 hi = beyond;
        // bound(search MARKS): the ring
        while (lo < hi) {
            uint256 mid = (lo + hi) / 2;
            if (s.marks[mid % LiquidStorage.MARKS].units >= end) hi = mid;
            else lo = mid + 1;
        }
        uint256 promised = lo == beyond ? NONE : s.marks[lo % LiquidStorage.MARKS].eta;
        uint256 v = _valueTo(s, end);
        // Due: finalize takes the whole headroom for it.
        if (promised <= block.timestamp && v <= s.headroom) return (0, false);
        bool departs;
        (eta, revised, departs) = ofValue(s, v, 0);
        if (eta == 0) return (0, false);
        if (promised == NONE) return (eta, revised);
        if (promised < block.timestamp) return (eta, true);
        // Marked while nothing was left to depart, or the mark is the earlier promise: it stands, nothing was exceeded.
        if (departs || eta > promised) return (promised, false);
    }

    /// @dev Value of the line up to `end`, rounded up: covered by committed coins then means that finalize completes it. The
    /// last rung's too: it will not be the last for long.
    function _valueTo(LiquidStorage.State storage s, uint256 end) private view returns (uint256) {
        uint256 w = s.watermark;
        uint256 lst = LiquidStorage.ceilDiv((end - w) * s.openLst, s.end - w);
        return LiquidStorage.ceilDiv(lst * s.rate, LiquidStorage.RAY);
    }

    /// @dev When the open rung, `more` LST added, would be claimable if it closed as soon as it may. Does not bind.
    function ifClosed(LiquidStorage.State storage s, uint256 more) internal view returns (uint256 eta) {
        uint256 v = s.value(uint256(s.openLst) + s.stagedLst + more);
        uint256 closesAt = LiquidStorage.max(block.timestamp, uint256(s.lastClosedAt) + s.minRungAge);
        (eta,,) = ofValue(s, v, s.waitsForNone() ? closesAt : 0);
    }

    /// @dev When `v` coins counted from the watermark are there, if nothing departs before `notBefore`.
    /// @return eta 0: they are here; @return revised a step is late; @return departs they need a departure yet
    function ofValue(LiquidStorage.State storage s, uint256 v, uint256 notBefore)
        internal
        view
        returns (uint256 eta, bool revised, bool departs)
    {
        uint256 cover = s.committed;
        if (v == 0) return (0, false, false);
        v += LiquidStorage.SLACK;
        if (v <= cover) return (0, false, false);
        uint256 grace = s.keeperGrace;
        Event[] memory coming = _cooling(s);
        // bound(MAX_VALIDATORS * MAX_BUCKETS): one entry for each bucket
        for (uint256 i; i < coming.length; ++i) {
            cover += coming[i].amount;
            if (cover < v) continue;
            eta = coming[i].at + grace;
            return eta < block.timestamp ? (block.timestamp, true, false) : (eta, false, false);
        }
        uint256 latest = _departure(s, v, cover, notBefore) + grace;
        departs = true;
        revised = block.timestamp > latest;
        eta = LiquidStorage.max(latest, block.timestamp) + PlumeAdapter.cooldown(s.staking);
        if (coming.length != 0) eta = LiquidStorage.max(eta, coming[coming.length - 1].at);
        // Where stake does not reach, the mark that follows is the latest promise of all.
        eta = LiquidStorage.max(eta + grace, s.latestEta);
    }

    function _cooling(LiquidStorage.State storage s) private view returns (Event[] memory list) {
        uint256 count = s.validatorIds.length;
        list = new Event[](_allBuckets(s));
        uint256 used;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < count; ++i) {
            uint16 id = s.validatorIds[i];
            uint256 n = s.validators[id].buckets;
            // bound(MAX_BUCKETS): no validator has more
            for (uint256 k; k < n; ++k) {
                LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(id, k)];
                if (b.cooling != 0) list[used++] = Event(b.end, b.cooling);
            }
        }
        _shrink(list, used);
        _sort(list);
    }

    /// @dev The earliest time by which enough stake may have left, its buckets and timetable permitting.
    function _departure(LiquidStorage.State storage s, uint256 v, uint256 cover, uint256 notBefore)
        private
        view
        returns (uint256 at)
    {
        at = LiquidStorage.max(s.lineNextDeparture, notBefore);
        Event[] memory list = new Event[](_allBuckets(s));
        uint256 used;
        uint256 count = s.validatorIds.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < count; ++i) {
            uint16 id = s.validatorIds[i];
            LiquidStorage.Validator storage val = s.validators[id];
            if (val.booked || val.active == 0) continue;
            uint256 start = LiquidStorage.max(at, val.nextDeparture);
            used = _departures(s, id, start, list, used);
        }
        _shrink(list, used);
        _sort(list);
        // bound(MAX_VALIDATORS * MAX_BUCKETS): one entry for each bucket
        for (uint256 i; i < used; ++i) {
            at = list[i].at;
            cover += list[i].amount;
            if (cover >= v) return at;
        }
    }

    /// @dev Appends one validator's stake at the times at which its buckets may depart.
    function _departures(LiquidStorage.State storage s, uint16 id, uint256 start, Event[] memory list, uint256 used)
        private
        view
        returns (uint256)
    {
        uint256 n = s.validators[id].buckets;
        // bound(MAX_BUCKETS): no validator has more
        for (uint256 k; k < n; ++k) {
            LiquidStorage.Bucket memory b = s.buckets[LiquidStorage.key(id, k)];
            if (b.active == 0) continue;
            uint256 at = b.end == 0 ? start : LiquidStorage.max(start, uint256(b.end) + s.safety);
            list[used++] = Event(at, b.active);
        }
        return used;
    }

    function _allBuckets(LiquidStorage.State storage s) private view returns (uint256 n) {
        uint256 count = s.validatorIds.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < count; ++i) {
            n += s.validators[s.validatorIds[i]].buckets;
        }
    }

    function _shrink(Event[] memory list, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(list, length)
        }
    }

    /// @dev Insertion sort by time, stable: lists arrive nearly in order.
    function _sort(Event[] memory list) private pure {
        // bound(MAX_VALIDATORS * MAX_BUCKETS): one entry for each bucket
        for (uint256 i = 1; i < list.length; ++i) {
            Event memory e = list[i];
            uint256 j = i;
            // bound(MAX_VALIDATORS * MAX_BUCKETS): what is before it in the list
            while (j != 0 && list[j - 1].at > e.at) {
                list[j] = list[j - 1];
                --j;
            }
            list[j] = e;
        }
    }
}
