// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Sets of sleeves and legs: a bit for each.
library Mask {
    function bit(uint256 index) internal pure returns (uint256) {
        // One, shifted by the index: that order is meant.
        // forge-lint: disable-next-line(incorrect-shift)
        return 1 << index;
    }

    function has(uint256 mask, uint256 index) internal pure returns (bool) {
        return mask & bit(index) != 0;
    }
}
