// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

/// What the committed artifacts say of their functions.
abstract contract Abi is Test {
    /// Signatures of an artifact's functions, views or the others.
    function _functions(string memory name, bool views) internal view returns (string[] memory list) {
        string memory json = vm.readFile(string.concat("artifacts/", name, ".json"));
        list = new string[](512);
        uint256 n;
        for (uint256 i; vm.keyExistsJson(json, string.concat("$.abi[", vm.toString(i), "]")); ++i) {
            string memory at = string.concat("$.abi[", vm.toString(i), "]");
            if (!_same(vm.parseJsonString(json, string.concat(at, ".type")), "function")) continue;
            string memory mutability = vm.parseJsonString(json, string.concat(at, ".stateMutability"));
            if ((_same(mutability, "view") || _same(mutability, "pure")) != views) continue;
            list[n++] = string.concat(
                vm.parseJsonString(json, string.concat(at, ".name")),
                "(",
                _types(json, string.concat(at, ".inputs"), true),
                ")"
            );
        }
        assembly {
            mstore(list, n)
        }
    }

    function _types(string memory json, string memory list, bool tuples) private view returns (string memory out) {
        for (uint256 i;; ++i) {
            string memory at = string.concat(list, "[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, at)) return out;
            string memory t = vm.parseJsonString(json, string.concat(at, ".type"));
            if (tuples && _same(t, "tuple")) {
                t = string.concat("(", _types(json, string.concat(at, ".components"), false), ")");
            }
            out = string.concat(out, i == 0 ? "" : ",", t);
        }
    }

    function _same(string memory a, string memory b) internal pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }
}
