// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title Where a bucket lives: a CREATE2 clone whose address follows from (validatorId, index).
library BucketAddress {
    /// @dev Plain concatenation: no index above 127 is ever created.
    function salt(uint16 validatorId, uint256 index) internal pure returns (bytes32) {
        return bytes32((uint256(validatorId) << 240) | index);
    }

    function at(address factory, address implementation, uint16 validatorId, uint256 index)
        internal
        pure
        returns (address)
    {
        return Clones.predictDeterministicAddress(implementation, salt(validatorId, index), factory);
    }
}
