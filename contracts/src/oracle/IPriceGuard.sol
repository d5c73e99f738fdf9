// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A time-weighted price of a pool: it may close what needs a price, and never prices.
/// @dev Deliberately no IPriceSource: it cannot be listed as one.
interface IPriceGuard {
    /// @notice Wei of the coin for one whole asset over the guard's window.
    /// @return mean cut down
    /// @return sound false: the pool is thin, empty or too young. The feed is then Doubtful, never more
    function twap() external view returns (uint256 mean, bool sound);
    /// @notice Symbol of the coin that the price is in ("CORE").
    function coin() external view returns (bytes32);
}
