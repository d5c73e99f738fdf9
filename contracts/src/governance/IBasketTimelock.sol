// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice What a basket tells the timelock.
interface IExit {
    /// @notice Seconds from a request to its last coin, at the longest, as declared.
    function longestExit() external view returns (uint256);
}

/// @title The timelock, as far as it is more than OpenZeppelin's TimelockController.
/// @notice Nothing that governance does is faster than the slowest way out of a basket:
///
///     delay = max(set, longest exit of every basket), both when an operation is scheduled and when it is executed
///
/// While an operation runs, the delay is what it was before it began: a slower sleeve is refused by its basket until the longer
/// delay is in force, and no operation can bring both.
/// @dev An operation is tied to the code of its targets as it was when it was scheduled. What that cannot see is a proxy's
/// change of its code behind; the baskets, their feed and these contracts are none.
interface IBasketTimelock {
    event BasketRegistered(address indexed basket, uint256 longestExit);
    event ExitNoted(address indexed basket, uint256 longestExit);

    error ZeroAddress();
    error AlreadyRegistered(address basket);
    error NotRegistered(address basket);
    error TooManyBaskets(uint256 most);
    /// @notice The basket does not say how long its longest exit takes, or says more than MAX_EXIT.
    error BadExit(address basket, uint256 longestExit);
    /// @notice The delay has to be raised first.
    error DelayTooShort(uint256 delay, uint256 longestExit);
    error DelayOutOfRange(uint256 delay, uint256 least, uint256 most);
    /// @notice Scheduled when the delay was shorter: it waits as long as one that is scheduled now.
    error TooEarly(bytes32 id, uint256 now_, uint256 from);
    /// @notice A target's code is not what it was when the operation was scheduled.
    error TargetReplaced(bytes32 id);

    /// @notice Admin only: this timelock, and until it renounces the deployer. From then on the delay is not below the basket's
    /// longest exit. For ever: a basket is never taken off the list.
    function register(address basket) external;
    /// @notice Keeps what the basket says now, for a time in which it says nothing. Anyone.
    function note(address basket) external;

    /// @notice The longest exit of all registered baskets, seconds.
    function longestExit() external view returns (uint256);
    /// @notice When the operation can be executed, as things stand (0: unknown, 1: done).
    function readyAt(bytes32 id) external view returns (uint256);
    /// @notice The code of these targets: what an operation is tied to. An address without code counts as zero, whatever lies there.
    function codeOf(address[] calldata targets) external view returns (bytes32);
    function baskets() external view returns (address[] memory);
    function notedExit(address basket) external view returns (uint256);
}
