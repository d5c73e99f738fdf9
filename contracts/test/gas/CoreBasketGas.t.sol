// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CoreBasketFixture} from "../basket/CoreBasketFixture.sol";

/// @notice Gas of a basket on the adapters themselves and Core's stand-ins, whole isolated transactions: what the adapters add to
/// the figures of BasketGas.
/// forge-config: default.isolate = true
/// forge-config: lite.isolate = true
contract CoreBasketGasTest is CoreBasketFixture {
    function setUp() public override {
        super.setUp();
        mint(alice, 100 ether);
        mint(bob, 100 ether);
        at(0, 23);
        basket.delegateIdle(0);
        at(3, 1);
        settleEarn();
        for (uint256 i; i < 3; ++i) {
            basket.harvest(i);
        }
        // All that came is at work but for the floor of 2 CORE.
        at(3, 23);
        basket.delegateIdle(0);
        vm.prank(alice);
        share.approve(address(queue), type(uint256).max);
    }

    function mint(address who, uint256 shares) internal {
        uint256[] memory most = new uint256[](3);
        (most[0], most[1], most[2]) = (1e24, 1e24, 1e12);
        vm.prank(who);
        basket.mintInKind{value: 1_000 ether}(shares, most, who, vm.getBlockTimestamp());
    }

    function note(string memory key) internal {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertGt(gas, 21_000, "not a whole transaction");
        emit log_named_uint(key, gas);
    }

    function test_gas_with_adapters() public {
        uint256 start = vm.snapshotState();
        mint(bob, 1 ether);
        note("mint in kind");
        vm.revertToState(start);
        vm.prank(bob);
        basket.redeemInKind(1 ether, bob);
        note("redeem in kind, idle coins");
        vm.prank(bob);
        (, uint256 delivered) = basket.redeemInKind(20 ether, bob);
        note("redeem in kind, one validator touched");
        assertEq(delivered, 7);
        vm.revertToState(start);
        at(4, 1);
        settleEarn();
        basket.harvest(0);
        note("harvest, three validators");
        vm.revertToState(start);
        at(4, 3);
        vm.prank(alice);
        queue.requestRedeem(90 ether, alice, alice);
        at(5, 1);
        settleEarn();
        queue.closeEpoch();
        queue.startLeg(1, 0);
        note("start leg, CORE");
        queue.startLeg(1, 1);
        note("start leg, stCORE, a new account");
        at(13, 2);
        settleEarn();
        queue.collect(1, 1);
        note("collect, stCORE");
        vm.prank(alice);
        queue.requestRedeem(5 ether, alice, alice);
        at(14, 1);
        settleEarn();
        queue.closeEpoch();
        queue.startLeg(2, 1);
        note("start leg, stCORE, an account used before");
        vm.deal(address(core), address(core).balance + 100 ether);
        at(14, 23);
        basket.delegateIdle(0);
        note("dusk, three validators");
    }
}
