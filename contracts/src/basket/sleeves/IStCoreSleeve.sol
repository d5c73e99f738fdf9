// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What the sleeve of stCORE adds to ISleeve.
/// @notice In kind it pays stCORE. An epoch's leg is redeemed with Earn and ends in CORE, each ticket from an account of its
/// own, because Earn pays all that an account is owed in one sum:
///
///     unbond -> account k: redeem(stCORE) ...... lock ...... collect -> account k: withdraw() -> all its coins to the queue
///                   ^------------------- free again ----------------------------'
///
/// Where Earn's terms are worse than declared (lock, fee), unknown, or its operator gone for MAX_LATE rounds, and where a leg is
/// below Earn's minimum, the leg is paid in stCORE at once: nobody is locked for a year or pays a fee that was never declared.
interface IStCoreSleeve {
    error FeeTooHigh(uint256 fee, uint256 most);

    /// @notice A new account for tickets.
    event AccountMade(address indexed account);

    /// @notice Seconds that Earn locks at most by what was declared, a day for its operator included.
    /// @return account that holds the ticket; @return dueAt when Earn pays, by its terms at the redeem
    function ticketInfo(uint256 ticket) external view returns (address account, uint256 dueAt);
    /// @notice Whether Earn's terms now are within what was declared.
    function termsHold() external view returns (bool);
    function EARN() external view returns (address);
    /// @notice The highest fee of Earn at which a leg is redeemed, of 1e6.
    function MAX_FEE() external view returns (uint256);
    function freeAccounts() external view returns (uint256);
}

/// @title An account for one ticket at a time.
interface IStCoreAccount {
    error NotSleeve(address caller);

    function redeem(uint256 stCore) external;
    /// @notice Takes what Earn pays and sends all coins here to `to`.
    /// @return came whether Earn paid; @return paid wei; @return open whether Earn still owes this account
    function withdraw(address to) external returns (bool came, uint256 paid, bool open);
}
