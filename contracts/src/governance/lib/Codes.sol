// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The code of a proposal's targets, in one word.
/// @dev An address without code counts as zero: its code hash would change with the first wei that somebody sends there.
library Codes {
    function one(address target) internal view returns (bytes32) {
        return keccak256(abi.encode(_code(target)));
    }

    function all(address[] memory targets) internal view returns (bytes32) {
        bytes32[] memory codes = new bytes32[](targets.length);
        // bound(list targets): the caller's own
        for (uint256 i; i < targets.length; ++i) {
            codes[i] = _code(targets[i]);
        }
        return keccak256(abi.encodePacked(codes));
    }

    function _code(address target) private view returns (bytes32) {
        return target.code.length == 0 ? bytes32(0) : target.codehash;
    }
}
