// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CoreBasketFixture} from "./CoreBasketFixture.sol";

contract CoreBasketTest is CoreBasketFixture {
    function test_dusk_dawn_and_all_legs_by_epoch() public {
        at(0, 23);
        assertEq(basket.delegateIdle(0), 498 ether, "all but the floor");
        at(1, 1);
        settleEarn();
        vm.prank(seeder);
        share.transfer(alice, 100 ether);
        vm.startPrank(alice);
        share.approve(address(queue), 100 ether);
        uint256 epoch = queue.requestRedeem(100 ether, alice, alice);
        vm.stopPrank();
        at(2, 1);
        settleEarn();
        // A day of three validators on 249, 124.5 and 124.5. What one coin earns is rounded down to 18 places:
        // 37.5 / 249 leaves 216 wei of v1's reward, 37.5 / 124.5 leaves 91.5 (92 of whole ones) of each other's. 400 in all.
        (uint256 gained,) = basket.harvest(0);
        assertEq(gained, 112.5 ether - 400);
        assertEq(queue.closeEpoch(), epoch);
        uint256 expected = units(0) * 100 / 1_000;
        queue.startLeg(epoch, 0);
        queue.startLeg(epoch, 1);
        queue.startLeg(epoch, 2);
        assertEq(queue.legInfo(epoch, 0).recovered, expected, "a tenth of the coins, undelegated at dawn");
        assertEq(address(queue).balance, expected);
        assertEq(btc.balanceOf(address(queue)), 0.025e8);
        assertEq(stSleeve.held(), 225 ether);
        at(9, 2);
        settleEarn();
        (uint256 paid, bool done) = queue.collect(epoch, 1);
        assertEq(paid, 25 ether);
        assertTrue(done);
        uint256 before = alice.balance;
        vm.prank(alice);
        queue.claim(epoch, alice, 7, alice);
        assertEq(alice.balance - before, expected + 25 ether);
        assertEq(btc.balanceOf(alice), 10.025e8);
        assertEq(address(queue).balance, 0);
        assertEq(
            core.held(), units(0) + basket.sleeveInfo(0).locked + basket.sleeveInfo(0).feeUnits, "booked to the wei"
        );
    }

    function test_in_kind_with_every_validator_jailed_and_everything_else_stuck() public {
        at(0, 23);
        basket.delegateIdle(0);
        hub.setJailed(v1, true);
        hub.removeCandidate(v2);
        hub.setClosed(v3, true);
        earn.setPaused(true);
        btc.setBlacklisted(address(btcSleeve), true);
        at(3, 5);
        uint256 before = seeder.balance;
        vm.prank(seeder);
        (, uint256 delivered) = basket.redeemInKind(100 ether, seeder);
        assertEq(delivered, 3, "coins and stCORE; the BTC leg waits");
        assertEq(seeder.balance - before, 50 ether);
        assertEq(st.balanceOf(seeder), 775 ether);
        btc.setBlacklisted(address(btcSleeve), false);
        basket.deliverLeg(seeder, 2);
        assertEq(btc.balanceOf(seeder), 9.775e8);
    }

    function test_in_kind_mint_and_the_operator_late() public {
        at(0, 23);
        basket.delegateIdle(0);
        at(1, 2); // Earn's operator has not come
        uint256[] memory most = new uint256[](3);
        (most[0], most[1], most[2]) = (1e24, 1e24, 1e12);
        vm.prank(alice);
        basket.mintInKind{value: 1_000 ether}(500 ether, most, alice, block.timestamp);
        assertEq(share.balanceOf(alice), 499.75 ether, "less 5 bps");
        assertEq(stSleeve.held(), 375 ether);
        vm.startPrank(alice);
        share.approve(address(queue), type(uint256).max);
        uint256 epoch = queue.requestRedeem(499.75 ether, alice, alice);
        vm.stopPrank();
        at(2, 1);
        queue.closeEpoch();
        queue.startLeg(epoch, 0);
        vm.expectRevert();
        queue.startLeg(epoch, 1);
        queue.startLeg(epoch, 2);
        settleEarn();
        queue.startLeg(epoch, 1);
        assertEq(queue.openTickets(1), 1);
    }
}
