// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PlumeAdapter} from "../../staking/PlumeAdapter.sol";
import {LiquidStorage} from "./LiquidStorage.sol";

/// @title Where the next stake goes: by weight, within every cap, spread over buckets.
library StakeBus {
    using LiquidStorage for LiquidStorage.State;

    /// @dev The candidates of one call. Caps are read once and lowered by what is staked.
    struct Route {
        uint16[] ids;
        uint256[] caps;
        uint256 weights;
    }

    function capacity(LiquidStorage.State storage s, uint16 id, PlumeAdapter.Info memory i)
        internal
        view
        returns (uint256)
    {
        LiquidStorage.Validator storage v = s.validators[id];
        uint256 ours = LiquidStorage.min0(s.assets() * v.maxPct / LiquidStorage.BPS, v.active);
        return LiquidStorage.min(ours, PlumeAdapter.capacity(s.staking, i, s.stakingCap));
    }

    function route(LiquidStorage.State storage s) internal view returns (Route memory r) {
        uint256 n = s.validatorIds.length;
        r.ids = new uint16[](n);
        r.caps = new uint256[](n);
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < n; ++i) {
            uint16 id = s.validatorIds[i];
            r.ids[i] = id;
            LiquidStorage.Validator storage v = s.validators[id];
            if (v.inactive || v.slashed || v.weight == 0 || v.target == 0) continue;
            PlumeAdapter.Info memory info = PlumeAdapter.info(s.staking, id);
            if (!info.active || info.slashed) continue;
            r.weights += v.weight;
            r.caps[i] = capacity(s, id, info);
        }
    }

    /// @dev The candidate furthest below its share of `active + amount`; ties go to the earliest registered.
    /// @return found whether any takes the minimum; @return at its position; @return take how much of `amount` it gets
    function pick(LiquidStorage.State storage s, Route memory r, uint256 amount)
        internal
        view
        returns (bool found, uint256 at, uint256 take)
    {
        uint256 minStake = s.minStake;
        int256 best = type(int256).min;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < r.ids.length; ++i) {
            if (r.caps[i] < minStake || r.caps[i] == 0) continue;
            LiquidStorage.Validator storage v = s.validators[r.ids[i]];
            int256 deficit = int256((s.active + amount) * v.weight / r.weights) - int256(uint256(v.active));
            if (deficit > best) (best, at, found) = (deficit, i, true);
        }
        if (!found) return (false, 0, 0);
        take = LiquidStorage.min(amount, r.caps[at]);
        if (best >= int256(minStake)) take = LiquidStorage.min(take, uint256(best));
    }

    /// @dev From the cursor, the first available one of a few; else the one at the cursor: staking into a cooling
    /// bucket merges nothing, it only ties the stake to that bucket's end.
    function bucketFor(LiquidStorage.State storage s, uint16 id) internal view returns (uint256) {
        LiquidStorage.Validator storage v = s.validators[id];
        uint256 n = v.target;
        uint256 cursor = v.stakeCursor >= n ? 0 : v.stakeCursor;
        uint256 tries = LiquidStorage.min(LiquidStorage.CURSOR_TRIES, n);
        // bound(CURSOR_TRIES): else the one at the cursor
        for (uint256 k; k < tries; ++k) {
            uint256 index = (cursor + k) % n;
            if (s.available(s.buckets[LiquidStorage.key(id, index)])) return index;
        }
        return cursor;
    }

    /// @dev How much of `amount` goes into this bucket: an even share, at least the minimum, no unstakable rest.
    function chunk(LiquidStorage.State storage s, uint16 id, uint256 index, uint256 amount)
        internal
        view
        returns (uint256 c)
    {
        LiquidStorage.Validator storage v = s.validators[id];
        uint256 ideal = LiquidStorage.ceilDiv(uint256(v.active) + amount, v.target);
        uint256 has = s.buckets[LiquidStorage.key(id, index)].active;
        c = LiquidStorage.min(amount, LiquidStorage.max(s.minStake, LiquidStorage.min0(ideal, has)));
        if (amount - c < s.minStake) c = amount;
    }
}
