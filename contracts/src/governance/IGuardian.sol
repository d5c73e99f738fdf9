// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice What the guardian may stop of a basket, as the basket knows it.
interface IPausable {
    enum Part {
        Mint,
        Instant,
        Auction
    }

    function pause(Part part, uint256 time) external;
    function unpause(Part part) external;
}

/// @title A mandate to stop things for a while, and nothing else.
/// @notice The holder may
/// - cancel a proposal in any stage before its execution, except one that does nothing but end this mandate;
/// - pause mint, instant exit and auction of a basket: each for at most 7 days, and again no sooner than 30 days after the
///   beginning, so that no 30 days see more than 7 of it.
/// Never in-kind exits, epochs or claims: a basket has no way to. The mandate ends by itself a year after the vote that gave
/// it at the latest, or when the timelock removes it, or when the holder resigns.
/// @dev The governor asks `isActing`. Not upgradeable.
interface IGuardian {
    event Appointed(address indexed holder, uint256 until);
    event Removed(address indexed holder);
    event Resigned(address indexed holder);
    event Paused(address indexed basket, IPausable.Part indexed part, uint256 until);
    event Unpaused(address indexed basket, IPausable.Part indexed part);

    error ZeroAddress();
    error NotTimelock(address caller);
    /// @notice The caller holds no mandate, or it ended.
    error NotHolder(address caller);
    /// @notice The holder must be a contract (a multisig), except on a local chain. A key with borrowed code (EIP-7702) is none.
    error NotContract(address holder);
    error MandateOutOfRange(uint256 until, uint256 least, uint256 most);
    error PauseOutOfRange(uint256 time, uint256 most);
    /// @notice This part of the basket was paused already: again from `from`.
    error PauseNotYet(address basket, IPausable.Part part, uint256 from);

    /// @notice Timelock only: gives the mandate, or renews it; until 365 days from now at most.
    function appoint(address holder, uint256 until) external;
    /// @notice Timelock only: ends the mandate. A proposal of this one call cannot be cancelled by the guardian.
    function remove() external;
    /// @notice The holder ends its own mandate.
    function resign() external;

    /// @notice Holder only. Pauses a part of a basket for `time` seconds.
    function pause(IPausable basket, IPausable.Part part, uint256 time) external;
    /// @notice Holder only. Ends a pause; its time is used up all the same.
    function unpause(IPausable basket, IPausable.Part part) external;

    /// @notice Whether `account` holds the mandate now.
    function isActing(address account) external view returns (bool);
    function holder() external view returns (address);
    function until() external view returns (uint256);
    /// @notice From when a part of a basket may be paused (again).
    function pauseFrom(address basket, IPausable.Part part) external view returns (uint256);
    function TIMELOCK() external view returns (address);
}
