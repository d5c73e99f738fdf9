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
    /// @dev Gas with which a failure is always the bucket's own.
    uint256 private constant PLENTY = 8_000_000;

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

    /// @return left gas before the inner call, for `_believe`
    function _requireGas() internal view returns (uint256 left) {
        left = gasleft();
        if (left < INNER_GAS) revert GasTooLow(left, INNER_GAS);
    }

    /// @dev After a failed inner call: one that ate nearly everything it was given (a long reward history needs 3M and
    /// more) may have wanted nothing but gas. It counts as a failure once it had plenty.
    function _believe(uint256 left) internal view {
        if (left < PLENTY && gasleft() < left / 8) revert GasTooLow(left, PLENTY);
    }
}
