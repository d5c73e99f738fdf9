// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinterTypes} from "../ILiquidMinter.sol";
import {LiquidStorage} from "./LiquidStorage.sol";

/// @title The exit line: rungs on an axis of units, funded from the left by a watermark.
/// @notice
///
///        0        a_r            W                  b_r         P
///        |--------|==============|------------------|-----------|.......
///         funded     rung r, part of it funded        later rungs  open rung
///
/// A rung is the stretch [a, b). FIFO money moves W and writes a checkpoint (W, B), B being the integral of what was paid;
/// pro-rata money moves nothing and raises C, the coins paid per unit still open. No loop over requests, ever.
library Line {
    using LiquidStorage for LiquidStorage.State;

    uint256 private constant SCALE = LiquidStorage.SCALE;

    /// @dev 6: B at unit `p`, given the checkpoint index that holds it. A wrong index reverts.
    function integralAt(LiquidStorage.State storage s, uint256 p, uint256 hint) internal view returns (uint256) {
        if (hint > s.checkpoints) revert ILiquidMinterTypes.BadHint(hint);
        LiquidStorage.Checkpoint memory right = s.checkpointAt[hint];
        if (hint == 0) {
            if (p != 0) revert ILiquidMinterTypes.BadHint(hint);
            return 0;
        }
        // Watermarks rise strictly: an equal one can be no other checkpoint's.
        if (p == right.w) return right.b;
        LiquidStorage.Checkpoint memory left = s.checkpointAt[hint - 1];
        if (p > right.w || p <= left.w) revert ILiquidMinterTypes.BadHint(hint);
        return left.b + (p - left.w) * (uint256(right.b) - left.b) / (uint256(right.w) - left.w);
    }

    /// @dev The first checkpoint at or beyond `p` (p <= W): binary search.
    function findCheckpoint(LiquidStorage.State storage s, uint256 p) internal view returns (uint256) {
        uint256 lo = 0;
        uint256 hi = s.checkpoints;
        // bound(search 2 ** 24): width of the counter
        while (lo < hi) {
            uint256 mid = (lo + hi) / 2;
            if (s.checkpointAt[mid].w >= p) hi = mid;
            else lo = mid + 1;
        }
        return lo;
    }

    function bounds(LiquidStorage.State storage s, uint256 rung) internal view returns (uint256 a, uint256 b) {
        a = rung == 0 ? 0 : s.rungs[rung - 1].unitsEnd;
        b = s.rungs[rung].unitsEnd;
    }

    function hints(LiquidStorage.State storage s, uint256 rung) internal view returns (uint256 hintA, uint256 hintB) {
        (uint256 a, uint256 b) = bounds(s, rung);
        uint256 w = s.watermark;
        hintA = findCheckpoint(s, LiquidStorage.min(a, w));
        hintB = findCheckpoint(s, LiquidStorage.min(b, w));
    }

    /// @dev LST of a closed rung that waits for coins, rounded up: its open units' part of the open LST.
    function pending(LiquidStorage.State storage s, uint256 rung) internal view returns (uint256) {
        (uint256 a, uint256 b) = bounds(s, rung);
        uint256 w = s.watermark;
        if (b <= w) return 0;
        uint256 lst = LiquidStorage.ceilDiv((b - LiquidStorage.max(a, w)) * s.openLst, s.end - w);
        // The units of a later rung round up, so that this could exceed the rung by a wei.
        return LiquidStorage.min(lst, s.rungs[rung].lst);
    }

    /// @dev What the stretch of `rung`, ending at `b`, was paid so far, coins.
    function payout(LiquidStorage.State storage s, uint256 rung, uint256 b, uint256 hintA, uint256 hintB)
        internal
        view
        returns (uint256)
    {
        uint256 a = rung == 0 ? 0 : s.rungs[rung - 1].unitsEnd;
        uint256 w = s.watermark;
        uint256 c = s.c;
        uint256 minus = integralAt(s, LiquidStorage.min(a, w), hintA);
        uint256 plus = integralAt(s, LiquidStorage.min(b, w), hintB);
        if (b > w) plus += (b - LiquidStorage.max(a, w)) * c / SCALE;
        // C0 is only ever set once C has risen: its slot is read only then.
        if (c != 0) minus += LiquidStorage.ceilDiv((b - a) * s.rungC0[rung], SCALE);
        return LiquidStorage.min0(plus, minus);
    }

    /// @notice What a request of `lst` is owed beyond what it was paid.
    /// @return gross coins before the fee; @return fee rounded up; @return funded whether the whole rung is
    function owed(LiquidStorage.State storage s, uint256 id, uint256 lst, uint256 hintA, uint256 hintB)
        internal
        view
        returns (uint256 gross, uint256 fee, bool funded)
    {
        LiquidStorage.RungSlot memory r = s.rungs[id >> 32];
        funded = r.unitsEnd <= s.watermark;
        uint256 v = payout(s, id >> 32, r.unitsEnd, hintA, hintB);
        gross = LiquidStorage.min0(v * lst / r.lst, s.paid[id]);
        fee = LiquidStorage.ceilDiv(gross * (r.feeAndCount & 511), LiquidStorage.BPS);
    }
}
