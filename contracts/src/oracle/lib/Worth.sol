// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Units into coins and back, by a price of IPriceFeed. The rounding is in the name.
library Worth {
    /// @notice A price is wei of the coin for this many of the asset's smallest units.
    uint256 internal constant UNIT = 1e18;

    /// @return wei of the coin that `units` are worth at least, at `low`
    function coinsDown(uint256 units, uint256 low) internal pure returns (uint256) {
        return Math.mulDiv(units, low, UNIT);
    }

    /// @return wei of the coin that `units` are worth at most, at `high`
    function coinsUp(uint256 units, uint256 high) internal pure returns (uint256) {
        return Math.mulDiv(units, high, UNIT, Math.Rounding.Ceil);
    }

    /// @return units that `coins` certainly buy, at `high`; a price of 0 reverts
    function unitsDown(uint256 coins, uint256 high) internal pure returns (uint256) {
        return Math.mulDiv(coins, UNIT, high);
    }

    /// @return units that are certainly worth `coins`, at `low`; a price of 0 reverts
    function unitsUp(uint256 coins, uint256 low) internal pure returns (uint256) {
        return Math.mulDiv(coins, UNIT, low, Math.Rounding.Ceil);
    }
}
