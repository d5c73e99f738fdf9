// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Symbols of assets and coins: text, left-aligned in a word, so that they compare in one step.
library Symbol {
    error EmptySymbol();

    /// @notice `symbol` without the zeros behind it.
    function text(bytes32 symbol) internal pure returns (string memory) {
        uint256 length;
        // bound(32): bytes of a word
        while (length < 32 && symbol[length] != 0) ++length;
        if (length == 0) revert EmptySymbol();
        bytes memory out = new bytes(length);
        // bound(32): bytes of a word
        for (uint256 i; i < length; ++i) {
            out[i] = symbol[i];
        }
        return string(out);
    }
}
