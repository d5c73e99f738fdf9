// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Core's StakeHub (0x…1010): where delegators and holders of lstBTC get their rewards, in CORE
interface ICoreStakeHub {
    event claimedReward(address indexed delegator, uint256 amount);

    /// @notice Settles and pays all rewards of the caller, in CORE, by a call with all gas.
    /// @return rewards by kind of stake: CORE, hash power, BTC. Sum them, never index them.
    function claimReward() external returns (uint256[] memory rewards);
    /// @notice Settles what `delegator` earned up to the last round. Anyone may settle anyone.
    function calculateReward(address delegator) external;
    /// @return changeRound round of the last settlement
    /// @return rewards settled and unclaimed ones, by kind. What has accrued since is not in them, and no view shows it.
    function getDelegator(address delegator) external view returns (uint256 changeRound, uint256[] memory rewards);
    function getCandidateScores(address candidate) external view returns (uint256[] memory scores);
}
