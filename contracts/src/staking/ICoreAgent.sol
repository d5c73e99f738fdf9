// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Core's CoreAgent (0x…1011), as delegators of the native coin see it
/// @notice CORE has 18 decimals. A round is a UTC day. There is no unbonding: what is undelegated is paid in the same
/// transaction. All state-changing calls act for `msg.sender`. Delegators are never slashed.
/// @dev What a refusal says beyond the two errors below is not documented: nobody may read a reason out of it.
interface ICoreAgent {
    /// @notice The candidate does not take delegations: unknown, jailed, or by its own will.
    error InactiveCandidate(address candidate);
    error SameCandidate(address candidate);

    /// @param realtimeAmount the delegator's whole stake with the candidate after this call
    event delegatedCoin(address indexed candidate, address indexed delegator, uint256 amount, uint256 realtimeAmount);
    event undelegatedCoin(address indexed candidate, address indexed delegator, uint256 amount);
    /// @param realtimeAmount the delegator's whole stake with the target after this call
    event transferredCoin(
        address indexed source,
        address indexed target,
        address indexed delegator,
        uint256 amount,
        uint256 realtimeAmount
    );

    /// @notice Delegates the coins that come along; they earn from the next full round. At least `requiredCoinDeposit`.
    function delegateCoin(address candidate) external payable;
    /// @notice Pays `amount` back at once; it earns nothing for the running round, and what earns in it goes first. Unless it
    /// is all: amount and remainder are both at least `requiredCoinDeposit`. The candidate may be inactive or gone.
    function undelegateCoin(address candidate, uint256 amount) external;
    /// @notice Moves stake to another candidate, which keeps the day's reward. The source may be inactive, the target not.
    function transferCoin(address sourceCandidate, address targetCandidate, uint256 amount) external;

    /// @return stakedAmount what earns in round `changeRound`
    /// @return realtimeAmount the stake, which earns in later rounds
    /// @return transferredAmount what was moved away in round `changeRound` and still earns here for it
    /// @return changeRound the round of the last change
    function getDelegator(address candidate, address delegator)
        external
        view
        returns (uint256 stakedAmount, uint256 realtimeAmount, uint256 transferredAmount, uint256 changeRound);
    function getCandidateListByDelegator(address delegator) external view returns (address[] memory);
    /// @notice The delegator's whole stake.
    function delegatorMap(address delegator) external view returns (uint256 amount);
    /// @notice The least delegation, 1e18 at genesis; governed.
    function requiredCoinDeposit() external view returns (uint256);
    function roundTag() external view returns (uint256);
}
