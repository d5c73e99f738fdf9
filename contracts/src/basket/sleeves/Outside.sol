// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Calls of what a sleeve does not trust: their answers are never copied whole, their reasons never passed on.
library Outside {
    /// @notice A call outside failed; what it said is not passed on.
    error OutsideFailed(address target, bytes4 selector);
    /// @notice So little gas that a call outside, whose failure is stepped over, could fail for that alone.
    error GasTooLow(uint256 left, uint256 needed);

    /// @dev For what follows a call that used up its gas.
    uint256 private constant RESERVE = 30_000;
    /// @dev Of a view. What a view that was starved leaves to its caller, a 64th, pays for no way around it: at most 3,175.
    uint256 private constant VIEW_GAS = 200_000;

    /// @notice A call with at most `cap` gas whose failure the caller steps over.
    function attempt(address target, uint256 cap, bytes memory data) internal returns (bool ok) {
        return attempt(target, 0, cap, data);
    }

    /// @notice The same with coins.
    function attempt(address target, uint256 value, uint256 cap, bytes memory data) internal returns (bool ok) {
        // A callee gets at most 63/64 of what is left: with less than this it would get less than `cap`.
        uint256 needed = cap + cap / 63 + RESERVE;
        if (gasleft() < needed) revert GasTooLow(gasleft(), needed);
        assembly ("memory-safe") {
            ok := call(cap, target, value, add(data, 32), mload(data), 0, 0)
        }
    }

    /// @notice A call that must go through.
    function must(address target, bytes memory data) internal {
        bool ok;
        assembly ("memory-safe") {
            ok := call(gas(), target, 0, add(data, 32), mload(data), 0, 0)
        }
        if (!ok) revert OutsideFailed(target, bytes4(data));
    }

    /// @notice A call that should answer a word. @return word the first one
    function call(address target, bytes memory data) internal returns (bool ok, uint256 word) {
        assembly ("memory-safe") {
            ok := call(gas(), target, 0, add(data, 32), mload(data), 0, 32)
            if lt(returndatasize(), 32) { ok := 0 }
            word := mload(0)
        }
    }

    /// @notice The same, and it must.
    function mustAnswer(address target, bytes memory data) internal returns (uint256 word) {
        bool ok;
        (ok, word) = call(target, data);
        if (!ok) revert OutsideFailed(target, bytes4(data));
    }

    /// @notice Tokens whose `transfer` answers true, or nothing at all.
    function send(address token, address to, uint256 amount) internal returns (bool ok) {
        bytes memory data = abi.encodeWithSelector(0xa9059cbb, to, amount); // transfer(address,uint256)
        assembly ("memory-safe") {
            ok := call(gas(), token, 0, add(data, 32), mload(data), 0, 32)
            if gt(returndatasize(), 0) { ok := and(ok, and(gt(returndatasize(), 31), eq(mload(0), 1))) }
        }
    }

    /// @notice A view that may fail. @return ok whether it answered; @return word the first one
    function read(address target, bytes memory data) internal view returns (bool ok, uint256 word) {
        assembly ("memory-safe") {
            ok := staticcall(VIEW_GAS, target, add(data, 32), mload(data), 0, 32)
            if lt(returndatasize(), 32) { ok := 0 }
            word := mload(0)
        }
    }

    /// @notice A view that must answer.
    function mustRead(address target, bytes memory data) internal view returns (uint256 word) {
        bool ok;
        (ok, word) = read(target, data);
        if (!ok) revert OutsideFailed(target, bytes4(data));
    }
}
