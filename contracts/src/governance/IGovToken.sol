// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title GOV, as far as it is more than ERC-20, permit and ERC20Votes of OpenZeppelin.
/// @notice Fixed supply, minted once to a list that everybody can read before. What the timelock holds is undistributed: it
/// cannot vote, and does not count towards the quorum.
/// @dev Clock: timestamps (ERC-6372), because on some chains block numbers are another chain's and may repeat.
interface IGovToken {
    /// @notice One line of the list.
    struct Allocation {
        address account;
        uint256 amount; // wei of GOV
    }

    error ZeroAddress();
    error ZeroAmount(address account);
    error NoAllocations();
    error TooManyAllocations(uint256 count, uint256 most);
    /// @notice An account is in the list twice.
    error Twice(address account);
    /// @notice The timelock's GOV does not vote, and nobody's votes go there.
    error TimelockCannotVote(address account, address delegatee);

    /// @notice GOV that the timelock held at the end of a past second.
    function getPastTimelockBalance(uint256 timepoint) external view returns (uint256);
    function TIMELOCK() external view returns (address);
}
