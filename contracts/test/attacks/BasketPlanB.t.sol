// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasketReceipts} from "../../src/basket/IBasketReceipts.sol";
import {CoreBasketFixture} from "../basket/CoreBasketFixture.sol";
import {Chapter} from "./Chapter.sol";

/// Plan B of the basket, followed to the letter: the tables of docs/src/plan-b-basket.md are read here, and a person with
/// nothing else gets out, from every state, by sending the calls that stand there. Nobody else acts but Core's systems.
contract BasketPlanBTest is CoreBasketFixture, Chapter {
    IBasketReceipts private receipts;
    /// Earn's operator has gone.
    bool private abandoned;
    /// The BTC token blacklists its sleeve until then.
    uint256 private lockedUntil;

    function setUp() public override {
        super.setUp();
        open("../docs/src/plan-b-basket.md");
        receipts = IBasketReceipts(queue.RECEIPTS());
        means["basket"] = uint160(address(basket));
        means["token"] = uint160(address(share));
        means["queue"] = uint160(address(queue));
        means["receipts"] = uint160(address(receipts));
        (abandoned, lockedUntil) = (false, 0);
        at(0, 23);
        basket.delegateIdle(0);
        at(1, 2);
        settleEarn();
        vm.prank(seeder);
        share.transfer(alice, 100 ether);
        vm.deal(alice, 0);
        // All that people of the fixture brought along is gone: what alice has later came out of the basket.
        vm.startPrank(alice);
        st.transfer(carol, st.balanceOf(alice));
        btc.transfer(carol, btc.balanceOf(alice));
        vm.stopPrank();
    }

    function errors() internal pure override returns (string[] memory list) {
        list = new string[](3);
        list[0] = "EpochNotDue(uint256,uint256)";
        list[1] = "ClosedUntilDawn(uint256,uint256)";
        list[2] = "EpochDue(uint256,uint256)";
    }

    function passedOver(Row memory r) internal view override returns (bool) {
        (uint256 epoch,) = queue.openEpoch();
        return has(r.then_, "only while your epoch is open") && means["epoch"] != epoch;
    }

    function each(Row memory r) internal view override returns (string memory word, uint256[] memory values) {
        if (!has(r.with, "sleeve") && !has(r.with, "bit")) return ("", values);
        values = new uint256[](basket.sleeveCount());
        for (uint256 i; i < values.length; ++i) {
            values[i] = i;
        }
        return ("sleeve", values);
    }

    function meet(string memory word, uint256 sleeve) internal override {
        means[word] = sleeve;
        means["bit"] = 1 << sleeve;
    }

    /// Core goes on: its rounds turn, and Earn's operator comes, unless it has gone.
    function timePassed() internal override {
        if (!abandoned) settleEarn();
        if (lockedUntil != 0 && block.timestamp >= lockedUntil) {
            btc.setBlacklisted(address(btcSleeve), false);
            lockedUntil = 0;
        }
    }

    // --------------------------------------------------------------------------------------------------------- the states

    /// A tenth of 500 CORE, 250 stCORE and a quarter of a BTC, of which she has 100 of 1,000 shares. A day of staking is on top.
    function assertOut(uint256 stCore, string memory what) private view {
        assertEq(share.balanceOf(alice), 0, what);
        assertEq(btc.balanceOf(alice), 0.025e8, what);
        assertEq(st.balanceOf(alice), stCore, what);
        uint256 coins = alice.balance + stCore;
        assertGe(coins, 75 ether, what);
        // What a day adds is released 0.025 % at a time: an eighth of a coin, of which a tenth is hers.
        assertLe(coins, 75.03 ether, what);
    }

    function inKind() private {
        follow(1, alice);
        assertOut(25 ether, "in kind");
    }

    /// Everything that can be refused or closed is.
    function inKindWithAllStuck() private {
        hub.setJailed(v1, true);
        hub.removeCandidate(v2);
        earn.setPaused(true);
        btc.setBlacklisted(address(btcSleeve), true);
        lockedUntil = block.timestamp + 20 days;
        uint256 from = block.timestamp;
        abandoned = true;
        follow(1, alice);
        assertGe(block.timestamp, from + 20 days, "the BTC leg waited, and came");
        assertOut(25 ether, "stuck");
    }

    function byTheEpoch() private {
        uint256 from = block.timestamp;
        follow(2, alice);
        assertOut(0, "by the epoch, in coins");
        assertLe(block.timestamp, from + 9 days);
    }

    /// Asked at dusk, behind an epoch of others that nobody closed.
    function atDusk() private {
        vm.prank(seeder);
        queue.requestRedeem(1 ether, seeder, seeder);
        at(1, 23);
        follow(2, alice);
        assertEq(means["epoch"], 2);
        assertOut(0, "at dusk");
    }

    function requested() private {
        vm.prank(alice);
        means["epoch"] = queue.requestRedeem(100 ether, alice, alice);
        follow(2, alice, 4);
        assertOut(0, "a request in the open epoch");
    }

    function closed() private {
        vm.prank(alice);
        means["epoch"] = queue.requestRedeem(100 ether, alice, alice);
        at(2, 3);
        settleEarn();
        queue.closeEpoch();
        queue.startLeg(1, 0);
        follow(2, alice, 5);
        assertOut(0, "a request in a closed epoch");
    }

    /// Earn's operator never comes again: the leg ends in stCORE a week after the close.
    function withoutTheOperator() private {
        abandoned = true;
        uint256 from = block.timestamp;
        follow(2, alice);
        assertOut(25 ether, "without Earn");
        assertLe(block.timestamp, from + 9 days);
    }

    function takenBack() private {
        vm.prank(alice);
        means["epoch"] = queue.requestRedeem(100 ether, alice, alice);
        follow(4, alice);
        assertEq(share.balanceOf(alice), 100 ether);
    }

    function receipt() private {
        vm.prank(seeder);
        share.transfer(bob, 100 ether);
        vm.prank(bob);
        queue.requestRedeem(100 ether, bob, bob);
        vm.startPrank(bob);
        means["tokenId"] = queue.mintReceipt(1);
        receipts.transferFrom(bob, alice, means["tokenId"]);
        vm.stopPrank();
        vm.prank(alice);
        share.transfer(bob, 100 ether);
        follow(5, alice);
        assertEq(means["epoch"], 1);
        follow(2, alice, 4);
        assertOut(0, "the buyer's");
    }

    /// The BTC token blacklists alice while she leaves in kind: the leg waits until it does not.
    function waiting() private {
        btc.setBlacklisted(alice, true);
        vm.prank(alice);
        (, uint256 delivered) = basket.redeemInKind(100 ether, alice);
        assertEq(delivered, 3);
        btc.setBlacklisted(alice, false);
        btc.setBlacklisted(address(btcSleeve), true);
        lockedUntil = block.timestamp + 3 days;
        follow(3, alice);
        assertOut(25 ether, "a leg that waited");
    }

    function addresses() private {
        follow(0, carol);
        assertEq(means["how many sleeves"], 3);
    }

    // ---------------------------------------------------------------------------------------------------------- the tests

    function test_b43_plan_b_addresses() public {
        addresses();
    }

    function test_b43_plan_b_in_kind() public {
        inKind();
    }

    function test_b43_plan_b_in_kind_with_everything_stuck() public {
        inKindWithAllStuck();
    }

    function test_b43_plan_b_by_the_epoch() public {
        byTheEpoch();
    }

    function test_b43_plan_b_asked_at_dusk_behind_an_epoch_that_nobody_closed() public {
        atDusk();
    }

    function test_b43_plan_b_from_a_request() public {
        requested();
    }

    function test_b43_plan_b_from_a_closed_epoch() public {
        closed();
    }

    function test_b43_plan_b_without_earns_operator() public {
        withoutTheOperator();
    }

    function test_b43_plan_b_taking_a_request_back() public {
        takenBack();
    }

    function test_b43_plan_b_from_a_receipt() public {
        receipt();
    }

    function test_b43_plan_b_of_a_leg_that_waits() public {
        waiting();
    }

    /// All states in turn, each in a world of its own: no row of the chapter is one that nobody needs.
    function test_b43_plan_b_has_no_row_that_is_not_followed() public {
        function() internal[11] memory states = [
            addresses,
            inKind,
            inKindWithAllStuck,
            byTheEpoch,
            atDusk,
            requested,
            closed,
            withoutTheOperator,
            takenBack,
            receipt,
            waiting
        ];
        for (uint256 i; i < states.length; ++i) {
            if (i != 0) setUp();
            states[i]();
        }
        assertFollowed(6);
    }
}
