// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IGuardian} from "./IGuardian.sol";

/// @title The governor, as far as it is more than OpenZeppelin's.
/// @notice GOV of at least 0.1 % proposes; a day later the vote begins and takes five; a quorum that is reached late extends it to
/// two days after that; then the timelock, and anyone executes.
///
///     propose --1 d--> vote --5 d (7 at most)--> queue --delay of the timelock--> execute
///        '--------- the guardian may cancel, except its own removal ----------'
///
/// Quorum: 4 % of the GOV outside of the timelock when the vote began, and never below an absolute floor. Below the floor
/// nothing passes, and every exit works.
interface IBasketGovernor {
    error OtherTimelock(address its, address expected);
    error FloorOutOfRange(uint256 floor, uint256 most);
    error SettingOutOfRange(bytes32 setting, uint256 value, uint256 least, uint256 most);
    /// @notice The guardian cannot cancel the proposal that does nothing but remove it.
    error OwnRemoval(address holder);
    error NotGuardian(address caller);

    /// @notice Guardian only: `cancel` of a proposal whose targets had the code `code` when it was made and have another one now.
    /// Without it, a target that changes back and forth could hide its proposal from the guardian until it is executed.
    function cancelReplaced(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash,
        bytes32 code
    ) external returns (uint256 proposalId);
    /// @notice Whether these calls are exactly one, GUARDIAN.remove().
    function onlyRemovesGuardian(address[] memory targets, uint256[] memory values, bytes[] memory calldatas)
        external
        view
        returns (bool);
    function GUARDIAN() external view returns (IGuardian);
    /// @notice GOV wei.
    function QUORUM_FLOOR() external view returns (uint256);
    /// @notice All GOV that there is and will be, wei.
    function SUPPLY() external view returns (uint256);
}
