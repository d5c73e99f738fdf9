// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBucketFactory} from "./IBucketFactory.sol";
import {LiquidBase} from "./LiquidBase.sol";
import {BucketAddress} from "./lib/BucketAddress.sol";
import {LiquidStorage} from "./lib/LiquidStorage.sol";

/// @title What the parts share that call buckets.
abstract contract LiquidBuckets is LiquidBase {
    /// @dev Gas that a guarded inner call must find: a caller cannot make a healthy bucket look broken by being stingy.
    uint256 private constant INNER_GAS = 1_500_000;

    address private immutable FACTORY;
    address private immutable BUCKET_IMPLEMENTATION;

    constructor(address token_, address staking_, address factory_) LiquidBase(token_, staking_) {
        FACTORY = factory_;
        BUCKET_IMPLEMENTATION = IBucketFactory(factory_).IMPLEMENTATION();
    }

    function _known(uint16 id) internal view returns (LiquidStorage.Validator storage v) {
        v = _state().validators[id];
        if (!v.registered) revert UnknownValidator(id);
    }

    function _bucket(uint16 id, uint256 index) internal view returns (address) {
        return BucketAddress.at(FACTORY, BUCKET_IMPLEMENTATION, id, index);
    }

    function _requireGas() internal view {
        if (gasleft() < INNER_GAS) revert GasTooLow(gasleft(), INNER_GAS);
    }
}
