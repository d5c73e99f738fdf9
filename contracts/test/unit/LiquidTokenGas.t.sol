// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidToken} from "../../src/liquid/ILiquidToken.sol";
import {Test} from "forge-std/Test.sol";

/// Whole transactions of the committed artifact, cold, with a stream that runs and no first-ever zero slot but the new
/// holder's own.
/// forge-config: default.isolate = true
/// forge-config: lite.isolate = true
contract LiquidTokenGasTest is Test {
    ILiquidToken token;
    address alice = makeAddr("alice");
    address bob = makeAddr("bob");

    function setUp() public {
        vm.warp(1_700_000_000);
        bytes memory code = abi.encodePacked(
            vm.parseJsonBytes(vm.readFile("artifacts/LiquidToken.json"), ".bytecode"),
            abi.encode("Staked Coin", "stCOIN", address(this), address(this))
        );
        address at;
        assembly {
            at := create(0, add(code, 0x20), mload(code))
        }
        token = ILiquidToken(at);
        token.mint(alice, 1000 ether);
        token.mint(bob, 777 ether);
        token.stream(10 ether);
        vm.warp(1_700_000_000 + 3 days);
        vm.prank(alice);
        token.transfer(bob, 1 ether);
        vm.warp(1_700_000_000 + 3 days + 1 hours);
    }

    function test_gas_transfer_to_existing() public {
        vm.prank(alice);
        token.transfer(bob, 1 ether);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint("liquid.transfer.existing", gas);
        assertGt(gas, 21_000, "not a whole transaction");
        assertLe(gas, 51_000);
    }

    function test_gas_transfer_to_new() public {
        vm.prank(alice);
        token.transfer(makeAddr("new"), 1 ether);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint("liquid.transfer.new", gas);
        assertGt(gas, 21_000, "not a whole transaction");
        assertLe(gas, 68_000);
    }

    /// Across a midnight: one more slot.
    function test_gas_transfer_to_existing_on_another_day() public {
        vm.warp(1_700_000_000 + 4 days);
        vm.prank(alice);
        token.transfer(bob, 1 ether);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint("liquid.transfer.existing, next day", gas);
        assertLe(gas, 51_000);
    }
}
