// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A limit in 32 bits: `mantissa << exponent`, 24 and 8 bits, rounded down by less than one part in eight million.
/// @dev Limits alone are kept so, never money.
library Compact {
    uint256 private constant MANTISSA = (1 << 24) - 1;

    /// @param value below 2^128
    function pack(uint256 value) internal pure returns (uint32) {
        uint256 exponent;
        // bound(104): a value of 128 bits
        while (value >> exponent > MANTISSA) ++exponent;
        return uint32((exponent << 24) | (value >> exponent));
    }

    function unpack(uint32 packed) internal pure returns (uint256) {
        return (uint256(packed) & MANTISSA) << (packed >> 24);
    }
}
