// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Core Earn: CORE into stCORE and back
/// @notice `mint`, `redeem` and `withdraw` revert while paused, and in each round until its operator has called
/// `afterTurnRound`. Its owner may set the lock period without bound and the fee to 100 %, and may replace its code.
/// @dev What a refusal says is not documented, nor is the layout of a record: nobody may read into either.
interface ICoreEarn {
    /// @notice stCORE for the coins that come along, at least 1 CORE, at the round's rate.
    function mint(address validator) external payable;
    /// @notice Burns the caller's stCORE (at least 1e18, at most 100 open records) without an allowance; fixes amount, fee and
    /// unlock time now.
    function redeem(uint256 stCore) external;
    /// @notice Pays every record of the caller whose unlock time is past, strictly, in one sum.
    function withdraw() external;
    /// @notice The operator's call after the round turned; it moves the rate.
    function afterTurnRound(address[] calldata newElectedValidators) external;

    /// @notice CORE for one stCORE, times 1e6.
    function getCurrentExchangeRate() external view returns (uint256);
    /// @notice Round of the operator's last call: everything waits until it is the running one.
    function roundTag() external view returns (uint256);
    /// @notice Days from a redeem to its unlock time.
    function lockDay() external view returns (uint256);
    /// @notice Of what a redeem pays, of 1e6.
    function protocolFeePoints() external view returns (uint256);
    function redeemMinLimit() external view returns (uint256);
    /// @notice The caller's two sums, whose labels the real system swaps. Never use it.
    function getRedeemAmount() external view returns (uint256 unlockedAmount, uint256 lockedAmount);
}
