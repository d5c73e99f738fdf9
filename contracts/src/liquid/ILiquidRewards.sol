// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Holds reward coins, takes the protocol's cut, feeds the token's stream, pays holders.
/// @dev Not upgradeable.
interface ILiquidRewards {
    /// @notice `amount` wei arrived; `fee` of it is the protocol's, the rest streams to holders.
    event RewardsLoaded(address indexed from, uint256 amount, uint256 fee);
    event RewardsPaid(address indexed account, address indexed recipient, uint256 amount);
    event ProtocolFeesPaid(address indexed recipient, uint256 amount);
    event RewardFeeSet(uint256 bps);

    error NotMinter(address caller);
    error FeeAboveCeiling(uint256 bps, uint256 ceiling);
    error TransferFailed(address recipient, uint256 amount);
    error ZeroAmount();

    /// @notice Loads rewards. Anyone may (a gift to holders).
    function load() external payable;
    /// @notice Pays the caller's rewards to `recipient`; zero owed is not an error and returns 0.
    function claim(address recipient) external returns (uint256 amount);
    /// @notice Minter only: pays `account`'s rewards to `account`.
    function claimFor(address account) external returns (uint256 amount);
    /// @notice Sends the protocol's cut to the minter's fee recipient. Anyone may.
    function payProtocolFees() external returns (uint256 amount);
    /// @notice Minter only (which holds the delay). Ceiling 2,000 bps.
    function setRewardFee(uint256 bps) external;

    function rewardFeeBps() external view returns (uint256);
    /// @notice Wei held for holders (streamed or streaming, not yet paid).
    function holdersOwed() external view returns (uint256);
    /// @notice Wei held for the protocol.
    function protocolFees() external view returns (uint256);
}
