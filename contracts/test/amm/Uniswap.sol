// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

/// The real Uniswap V2 and V3: bytecode of the npm packages.
abstract contract Uniswap is Test {
    function uniswapV2() internal returns (address) {
        return uniswap("v2-core/build/UniswapV2Factory.json", abi.encode(this));
    }

    function uniswapV3() internal returns (address) {
        return uniswap("v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json", "");
    }

    function uniswap(string memory file, bytes memory args) private returns (address at) {
        string memory json = vm.readFile(string.concat("node_modules/@uniswap/", file));
        string memory hexed = vm.parseJsonString(json, ".bytecode");
        if (bytes(hexed)[1] != "x") hexed = string.concat("0x", hexed);
        bytes memory code = abi.encodePacked(vm.parseBytes(hexed), args);
        assembly {
            at := create(0, add(code, 0x20), mload(code))
        }
        require(at != address(0), file);
    }
}
