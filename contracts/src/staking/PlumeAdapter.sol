// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking} from "./IPlumeStaking.sol";

/// @title The only code of the minter that knows how the staking system answers.
/// @notice Reads of the Plume staking diamond; a failing read reverts with the system's own reason.
library PlumeAdapter {
    error MalformedAnswer(address staking, uint16 validatorId);

    struct Info {
        bool active;
        bool slashed;
        uint256 slashedAt; // also set for inactive validators: test `slashed`
        uint256 capacity; // 0: none set
        uint256 delegated;
    }

    /// @notice Flags and capacity of one validator.
    /// @dev Copies only the nine words that it reads: the answer ends in strings of any length, which cost gas to decode.
    /// Words: tuple offset | total | stakers | id | active | slashed | slashedAt | capacity | delegated.
    function info(address staking, uint16 validatorId) internal view returns (Info memory r) {
        bytes4 selector = IPlumeStaking.getValidatorInfo.selector;
        uint256[9] memory w;
        bool ok;
        uint256 size;
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, selector)
            mstore(add(p, 4), validatorId)
            ok := staticcall(gas(), staking, p, 36, w, 0x120)
            size := returndatasize()
            if iszero(ok) {
                returndatacopy(p, 0, size)
                revert(p, size)
            }
        }
        if (size < 0x120 || w[0] != 0x60 || w[3] != validatorId) revert MalformedAnswer(staking, validatorId);
        r = Info({active: w[4] != 0, slashed: w[5] != 0, slashedAt: w[6], capacity: w[7], delegated: w[8]});
    }

    /// @notice Whether the validator is slashed, cheaply: a slashed one is never active, so the long answer is read only of
    /// an inactive one.
    function isSlashed(address staking, uint16 validatorId) internal view returns (bool) {
        (bool active,,,) = IPlumeStaking(staking).getValidatorStats(validatorId);
        return !active && info(staking, validatorId).slashed;
    }

    function slashVotes(address staking, uint16 validatorId) internal view returns (uint256) {
        return IPlumeStaking(staking).getSlashVoteCount(validatorId);
    }

    function cooldown(address staking) internal view returns (uint256) {
        return IPlumeStaking(staking).getCooldownInterval();
    }

    function minStake(address staking) internal view returns (uint256) {
        return IPlumeStaking(staking).getMinStakeAmount();
    }

    /// @notice How much more the validator takes: its capacity and the system's percentage cap (0: none).
    /// @dev P9: the largest x with (D+x)*10000 < (cap+1)*(T+x), skipped when the cap or the total before is 0.
    function capacity(address staking, Info memory i, uint256 capBps) internal view returns (uint256 room) {
        room = type(uint256).max;
        if (i.capacity != 0) room = i.capacity > i.delegated ? i.capacity - i.delegated : 0;
        if (capBps == 0 || capBps >= 9999) return room;
        uint256 total = IPlumeStaking(staking).totalAmountStaked();
        if (total == 0) return room;
        uint256 right = (capBps + 1) * total;
        uint256 left = i.delegated * 10_000;
        if (right <= left) return 0;
        uint256 most = (right - left - 1) / (9999 - capBps);
        if (most < room) room = most;
    }

    /// @notice Whether a failed `withdraw` failed because nothing is due.
    function owesNothing(bytes memory reason) internal pure returns (bool) {
        return keccak256(reason) == keccak256(abi.encodeWithSelector(IPlumeStaking.InvalidAmount.selector, 0));
    }
}
