// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasketGovernor} from "./IBasketGovernor.sol";
import {IGovToken} from "./IGovToken.sol";
import {IGuardian} from "./IGuardian.sol";
import {Codes} from "./lib/Codes.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Holders of GOV decide what the timelock does.
/// @notice IBasketGovernor carries the NatSpec.
contract BasketGovernor is
    IBasketGovernor,
    GovernorVotes,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorTimelockControl,
    GovernorPreventLateQuorum
{
    /// @notice Quorum: this part of what can vote, basis points.
    uint256 public constant QUORUM_BPS = 400;
    uint256 private constant BPS = 10_000;

    uint48 public constant LEAST_DELAY = 1 days;
    uint48 public constant MOST_DELAY = 7 days;
    uint32 public constant LEAST_PERIOD = 5 days;
    uint32 public constant MOST_PERIOD = 14 days;
    uint48 public constant LEAST_EXTENSION = 1 days;

    /// @inheritdoc IBasketGovernor
    uint256 public immutable QUORUM_FLOOR;
    /// @inheritdoc IBasketGovernor
    uint256 public immutable SUPPLY;
    /// @inheritdoc IBasketGovernor
    IGuardian public immutable GUARDIAN;

    /// @param gov all of it must be minted
    /// @param quorumFloor GOV wei without which nothing passes, however much of it lies in the timelock
    constructor(IVotes gov, TimelockController timelock_, IGuardian guardian, uint256 quorumFloor)
        Governor("Omnibus governor")
        GovernorVotes(gov)
        GovernorSettings(1 days, 5 days, _thousandth(address(gov)))
        GovernorTimelockControl(timelock_)
        GovernorPreventLateQuorum(2 days)
    {
        uint256 supply = _supply(address(gov));
        address its = IGovToken(address(gov)).TIMELOCK();
        if (its != address(timelock_)) revert OtherTimelock(its, address(timelock_));
        its = guardian.TIMELOCK();
        if (its != address(timelock_)) revert OtherTimelock(its, address(timelock_));
        if (quorumFloor == 0 || quorumFloor > supply) revert FloorOutOfRange(quorumFloor, supply);
        (QUORUM_FLOOR, SUPPLY, GUARDIAN) = (quorumFloor, supply, guardian);
    }

    // -------------------------------------------------------------------------------------------------------------- quorum

    /// @notice 4 % of the GOV outside of the timelock at that time, rounded up, and never below the floor.
    function quorum(uint256 timepoint) public view override returns (uint256) {
        uint256 timelocks = IGovToken(address(token())).getPastTimelockBalance(timepoint);
        return Math.max(QUORUM_FLOOR, Math.mulDiv(SUPPLY - timelocks, QUORUM_BPS, BPS, Math.Rounding.Ceil));
    }

    // ------------------------------------------------------------------------------------------------------------ identity

    /// @notice A proposal is its calls, its description, and the code of its targets: where that is replaced between proposal
    /// and queue, nobody voted for it. Take the id from the event; `hashProposal` knows the calls alone.
    function getProposalId(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public view override returns (uint256) {
        uint256 calls = hashProposal(targets, values, calldatas, descriptionHash);
        // The code that a cancellation names is the fifth word of its call.
        bytes32 code =
            msg.sig == IBasketGovernor.cancelReplaced.selector ? bytes32(msg.data[132:164]) : Codes.all(targets);
        return uint256(keccak256(abi.encode(calls, code)));
    }

    // -------------------------------------------------------------------------------------------------------------- cancel

    /// @notice The proposer before the vote begins; the guardian until the execution, but for its own removal.
    function cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public override returns (uint256) {
        if (!GUARDIAN.isActing(msg.sender)) {
            return super.cancel(targets, values, calldatas, descriptionHash);
        }
        if (onlyRemovesGuardian(targets, values, calldatas)) revert OwnRemoval(msg.sender);
        return _cancel(targets, values, calldatas, descriptionHash);
    }

    /// @inheritdoc IBasketGovernor
    function cancelReplaced(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash,
        bytes32 // read by getProposalId
    ) external returns (uint256) {
        if (!GUARDIAN.isActing(msg.sender)) revert NotGuardian(msg.sender);
        if (onlyRemovesGuardian(targets, values, calldatas)) revert OwnRemoval(msg.sender);
        return _cancel(targets, values, calldatas, descriptionHash);
    }

    /// @inheritdoc IBasketGovernor
    function onlyRemovesGuardian(address[] memory targets, uint256[] memory values, bytes[] memory calldatas)
        public
        view
        returns (bool)
    {
        return targets.length == 1 && targets[0] == address(GUARDIAN) && values.length == 1 && values[0] == 0
            && calldatas.length == 1 && keccak256(calldatas[0]) == keccak256(abi.encodeCall(IGuardian.remove, ()));
    }

    // ------------------------------------------------------------------------------------------------------------ settings

    /// @notice Refused: the token's undistributed part is the timelock's, and the baskets obey that one.
    function updateTimelock(TimelockController newTimelock) public view override {
        revert OtherTimelock(address(newTimelock), timelock());
    }

    function _setVotingDelay(uint48 newDelay) internal override {
        if (newDelay < LEAST_DELAY || newDelay > MOST_DELAY) {
            revert SettingOutOfRange("votingDelay", newDelay, LEAST_DELAY, MOST_DELAY);
        }
        super._setVotingDelay(newDelay);
    }

    function _setVotingPeriod(uint32 newPeriod) internal override {
        if (newPeriod < LEAST_PERIOD || newPeriod > MOST_PERIOD) {
            revert SettingOutOfRange("votingPeriod", newPeriod, LEAST_PERIOD, MOST_PERIOD);
        }
        super._setVotingPeriod(newPeriod);
    }

    function _setLateQuorumVoteExtension(uint48 newExtension) internal override {
        if (newExtension < LEAST_EXTENSION) {
            revert SettingOutOfRange("voteExtension", newExtension, LEAST_EXTENSION, votingPeriod());
        }
        super._setLateQuorumVoteExtension(newExtension);
    }

    /// @dev From 0.1 % to 1 %: below, proposals are spam; above, few could make one.
    function _setProposalThreshold(uint256 newThreshold) internal override {
        uint256 least = _thousandth(address(token()));
        if (newThreshold < least || newThreshold > 10 * least) {
            revert SettingOutOfRange("proposalThreshold", newThreshold, least, 10 * least);
        }
        super._setProposalThreshold(newThreshold);
    }

    function _supply(address gov) private view returns (uint256) {
        return IERC20(gov).totalSupply();
    }

    /// @dev Rounded up, so that it is never 0.
    function _thousandth(address gov) private view returns (uint256) {
        return Math.ceilDiv(_supply(gov), 1_000);
    }

    // ------------------------------------------------------------------------------------------- one answer of several parents

    /// @notice Seconds since 1970, as the token's: not asked for in every vote.
    function clock() public view override(Governor, GovernorVotes) returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override(Governor, GovernorVotes) returns (string memory) {
        return "mode=timestamp";
    }

    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    function state(uint256 proposalId) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(proposalId);
    }

    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
