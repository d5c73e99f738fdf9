// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title One source of a price, in front of somebody's oracle. Immutable: another parameter is another source.
interface IPriceSource {
    /// @notice Wei of the coin for one whole asset, cut down to a wei.
    /// @return price never 0 when sound
    /// @return updatedAt when it was measured (the older of two, where it is made of two)
    /// @return sound false: stale, from the future, zero, negative, clamped, incomplete. May revert as well: that counts the same
    function read() external view returns (uint256 price, uint256 updatedAt, bool sound);

    /// @notice How far a sound price may be from the truth, basis points: the oracle's deviation threshold plus what the price
    /// drifts within a heartbeat.
    function errorBps() external view returns (uint256);
    /// @notice Symbol of what is priced ("BTC").
    function asset() external view returns (bytes32);
    /// @notice Symbol of the coin that the price is in ("CORE").
    function coin() external view returns (bytes32);
    /// @notice The contract behind. Two sources with one origin are not independent.
    function origin() external view returns (address);
    /// @notice The second contract behind, where the price is made of two; 0: there is one only. It counts as an origin, too.
    function origin2() external view returns (address);
    /// @notice Whether it is the rate of a staking system, which falls by a loss alone.
    function isRate() external view returns (bool);
    /// @notice By how much the rate grows in a round, at most, basis points; 0: it is not updated by rounds.
    function roundBps() external view returns (uint256);
}
