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
    /// @notice From here on `delegate` (0: nobody) claims what `account` earns; `kept` wei, earned before, stay the account's.
    event DelegateSet(address indexed account, address indexed delegate, uint256 kept);
    /// @notice `account` claimed or refused: it never has a delegate again.
    event DelegationClosed(address indexed account);

    error NotMinter(address caller);
    error FeeAboveCeiling(uint256 bps, uint256 ceiling);
    error TransferFailed(address recipient, uint256 amount);
    error ZeroAmount();
    /// @notice The account has claimed or refused before: it speaks for itself.
    error CanClaim(address account);
    /// @notice Only contracts may have a delegate.
    error NotContract(address account);
    error NotDelegate(address account, address caller);

    /// @notice Loads rewards. Anyone may (a gift to holders).
    function load() external payable;
    /// @notice Pays the caller's rewards to `recipient`; zero owed is not an error and returns 0. Ends a delegation: whatever
    /// the delegate has not claimed is the caller's.
    function claim(address recipient) external returns (uint256 amount);
    /// @notice The delegate of `account` claims what it earned since the delegation, to `recipient`.
    function claimAsDelegate(address account, address recipient) external returns (uint256 amount);
    /// @notice The caller speaks for itself, from now on and for ever: ends its delegation, and none can follow.
    function refuseDelegate() external;
    /// @notice Minter only (which holds the delay): `delegate` claims for `account`, a contract that never claimed, what it
    /// earns from now on. 0 ends it; what was earned and not claimed is then the account's.
    function setDelegate(address account, address delegate) external;
    /// @notice Minter only: pays `account`'s rewards to `account`.
    function claimFor(address account) external returns (uint256 amount);
    /// @notice Sends the protocol's cut to the minter's fee recipient. Anyone may.
    function payProtocolFees() external returns (uint256 amount);
    /// @notice Minter only (which holds the delay). Ceiling 2,000 bps.
    function setRewardFee(uint256 bps) external;

    function delegateOf(address account) external view returns (address);
    /// @notice Whether the account may still get a delegate: false once it claimed or refused.
    function everClaimed(address account) external view returns (bool);
    /// @notice Wei that `account` could claim now, and of these what its delegate could claim instead.
    function rewardsOf(address account) external view returns (uint256 all, uint256 byDelegate);
    function rewardFeeBps() external view returns (uint256);
    /// @notice Wei held for holders (streamed or streaming, not yet paid).
    function holdersOwed() external view returns (uint256);
    /// @notice Wei held for the protocol.
    function protocolFees() external view returns (uint256);
}
