// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LiquidStorage} from "./LiquidStorage.sol";

/// @title Whose stake leaves first.
library ExitBus {
    using LiquidStorage for LiquidStorage.State;

    /// @notice Validators with stake, in the order in which exits take it: inactive ones, then the most over weight;
    /// ties by registration. At most MAX_VALIDATORS, so a selection sort does.
    function order(LiquidStorage.State storage s) internal view returns (uint16[] memory sorted) {
        uint256 n = s.validatorIds.length;
        int256[] memory over = new int256[](n);
        uint256 weights;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < n; ++i) {
            LiquidStorage.Validator storage v = s.validators[s.validatorIds[i]];
            if (!v.booked) weights += v.weight;
        }
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < n; ++i) {
            LiquidStorage.Validator storage v = s.validators[s.validatorIds[i]];
            if (v.booked || v.active == 0) {
                over[i] = type(int256).min;
            } else if (v.inactive) {
                over[i] = type(int256).max;
            } else {
                uint256 share = weights == 0 ? 0 : uint256(s.active) * v.weight / weights;
                over[i] = int256(uint256(v.active)) - int256(share);
            }
        }
        sorted = new uint16[](n);
        uint256 found;
        // bound(MAX_VALIDATORS): no more are registered
        for (; found < n; ++found) {
            uint256 best;
            int256 most = type(int256).min;
            // bound(MAX_VALIDATORS): no more are registered
            for (uint256 i; i < n; ++i) {
                if (over[i] > most) (best, most) = (i, over[i]);
            }
            if (most == type(int256).min) break;
            over[best] = type(int256).min;
            sorted[found] = s.validatorIds[best];
        }
        assembly ("memory-safe") {
            mstore(sorted, found)
        }
    }
}
