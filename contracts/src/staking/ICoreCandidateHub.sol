// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Core's CandidateHub (0x…1005): the candidates, the validators among them, and the round
interface ICoreCandidateHub {
    /// @notice Whether the candidate takes delegations: known, not jailed, not closed by its own will.
    function canDelegate(address candidate) external view returns (bool);
    /// @notice Whether it earns in the running round.
    function isValidator(address candidate) external view returns (bool);
    function isJailed(address candidate) external view returns (bool);
    /// @notice The running round: a unix day, which turns some blocks after midnight. Read it, never compute it.
    function getRoundTag() external view returns (uint256);
    function getCandidates() external view returns (address[] memory);
}
