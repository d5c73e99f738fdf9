// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "../../src/basket/ISleeve.sol";
import {LiquidSleeve} from "../../src/basket/sleeves/LiquidSleeve.sol";
import {Outside} from "../../src/basket/sleeves/Outside.sol";
import {ILiquidMinter} from "../../src/liquid/ILiquidMinter.sol";
import {ILiquidRewards} from "../../src/liquid/ILiquidRewards.sol";
import {Fixture} from "../Fixture.sol";
import {BasketStub, Bomb, GasBurner} from "./SleeveWorld.sol";

/// The sleeve of the project's own liquid staking token: 100 of the 200 that there are.
contract LiquidSleeveTest is Fixture {
    address constant COIN = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    LiquidSleeve sleeve;
    BasketStub basket;
    address queue = makeAddr("queue");

    function setUp() public {
        deployAll(2, 4);
        basket = new BasketStub(makeAddr("timelock"));
        sleeve = fresh(false);
        submit(alice, 199 ether); // and the seed's 1
        vm.prank(alice);
        token.transfer(address(sleeve), 100 ether);
    }

    function fresh(bool compound) internal returns (LiquidSleeve) {
        return new LiquidSleeve(address(basket), address(minter), 60 days, compound);
    }

    function unbond(uint256 units) internal returns (uint256 ticket) {
        uint256 paid;
        address asset;
        vm.prank(address(basket));
        (ticket, paid, asset) = sleeve.unbond(units, queue);
        assertEq(paid, 0);
        assertEq(asset, COIN);
        assertTrue(ticket != 0);
    }

    function collect(uint256 ticket) internal returns (uint256 paid, bool done) {
        vm.prank(address(basket));
        return sleeve.collect(ticket, queue);
    }

    function test_what_it_says_of_itself() public {
        assertEq(sleeve.TOKEN(), address(token));
        assertEq(sleeve.EPOCH_TOKEN(), COIN);
        assertEq(sleeve.rate(), 1 ether);
        assertEq(sleeve.held(), 100 ether);
        assertEq(sleeve.instantCapacity(), 100 ether);
        // Two cooldowns and safeties, two graces, three days: 2 * (21 d + 1 h) + 2 * 6 h + 3 d.
        assertEq(sleeve.exitTime(), 45 days + 14 hours);
        assertLe(sleeve.exitTime(), sleeve.MAX_EXIT());
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotBasket.selector, carol));
        sleeve.harvest();
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotBasket.selector, carol));
        sleeve.collect(1, carol);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotBasket.selector, carol));
        sleeve.unbond(1, carol);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.UnknownTicket.selector, 7));
        sleeve.collect(7, queue);
    }

    function test_in_kind_pays_the_token() public {
        vm.prank(address(basket));
        sleeve.deliver(40 ether, bob);
        assertEq(token.balanceOf(bob), 40 ether);
        assertEq(sleeve.held(), 60 ether);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotEnough.selector, 60 ether + 1, 60 ether));
        sleeve.deliver(60 ether + 1, bob);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotEnough.selector, 60 ether + 1, 60 ether));
        sleeve.unbond(60 ether + 1, queue);
    }

    /// 100 coins of rewards, 10 % of it the protocol's; half of the 90 is the sleeve's, but for the stream's last wei.
    function rewardsOf100() internal {
        vm.deal(address(this), 100 ether);
        rewards.load{value: 100 ether}();
        vm.warp(now_() + 9 days);
    }

    function test_rewards_go_to_the_basket_as_coins() public {
        rewardsOf100();
        (uint256 owed,) = rewards.rewardsOf(address(sleeve));
        assertApproxEqAbs(owed, 45 ether, 1e9);
        vm.prank(address(basket));
        (uint256 units, uint256 coins) = sleeve.harvest();
        assertEq(units, 100 ether);
        assertEq(coins, owed);
        assertEq(address(basket).balance, owed);
        vm.prank(address(basket));
        (, coins) = sleeve.harvest();
        assertEq(coins, 0);
    }

    function test_rewards_are_staked_again_where_there_is_no_sleeve_of_coins() public {
        sleeve = fresh(true);
        vm.prank(alice);
        token.transfer(address(sleeve), 50 ether);
        rewardsOf100();
        (uint256 owed,) = rewards.rewardsOf(address(sleeve));
        assertApproxEqAbs(owed, 22.5 ether, 1e9, "a quarter");
        // Deposits are closed today: the coins wait, and nothing is lost.
        vm.prank(guardian);
        minter.pauseDeposits(true);
        vm.prank(address(basket));
        (uint256 units, uint256 coins) = sleeve.harvest();
        assertEq(units, 50 ether);
        assertEq(coins, 0);
        assertEq(address(sleeve).balance, owed);
        vm.prank(admin);
        minter.pauseDeposits(false);
        vm.prank(address(basket));
        (units, coins) = sleeve.harvest();
        assertEq(units, 50 ether + owed, "one LST a coin");
        assertEq(coins, 0);
        assertEq(address(sleeve).balance, 0);
        assertEq(token.balanceOf(address(sleeve)), 50 ether + owed);
    }

    function test_nobody_is_ever_named_to_claim_for_it() public {
        assertTrue(rewards.everClaimed(address(sleeve)));
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.CanClaim.selector, address(sleeve)));
        minter.setDelegateClaimer(address(sleeve), carol);
        vm.stopPrank();
    }

    function test_a_leg_goes_through_the_exit_line_and_is_paid_in_parts() public {
        stakeAll(); // 200: 20 of buffer, 90 and 90
        vm.warp(T0 + 1 hours);
        uint256 ticket = unbond(40 ether);
        assertEq(minter.ticketOwner(ticket), address(sleeve));
        assertEq(sleeve.held(), 60 ether);
        vm.prank(address(basket));
        (bool ok, bytes memory said) = address(sleeve).call(abi.encodeCall(ISleeve.collect, (ticket, queue)));
        assertFalse(ok);
        (uint256 eta,) = minter.exitEta(ticket);
        assertEq(said, abi.encodeWithSelector(ISleeve.NotYet.selector, ticket, eta), "its rung is open");
        closeRung();
        // 10 new coins stand above the target of 0, with the buffer's 20: 30 of the 40 come early.
        vm.prank(keeper);
        minter.setWithholdRatio(0);
        submit(bob, 10 ether);
        depart();
        minter.finalize();
        (uint256 paid, bool done) = collect(ticket);
        assertEq(paid, 30 ether - 0.015 ether, "less the line's 5 bps");
        assertFalse(done);
        assertEq(queue.balance, paid);
        (eta,) = minter.exitEta(ticket);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotYet.selector, ticket, eta));
        sleeve.collect(ticket, queue);
        vm.warp(now_() + COOLDOWN);
        sweep(0);
        sweep(1);
        minter.finalize();
        (paid, done) = collect(ticket);
        assertEq(paid, 10 ether - 0.005 ether);
        assertTrue(done);
        assertEq(queue.balance, 40 ether - 0.02 ether);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.UnknownTicket.selector, ticket));
        sleeve.collect(ticket, queue);
    }

    function test_b16_a_minter_or_rewards_contract_that_fails_is_answered_in_own_words() public {
        uint256 ticket = unbond(40 ether);
        bytes memory good = address(minter).code;
        for (uint256 i; i < 2; ++i) {
            vm.etch(address(minter), i == 0 ? type(Bomb).runtimeCode : type(GasBurner).runtimeCode);
            assertEq(sleeve.exitTime(), type(uint256).max, "closed to all that comes in");
            vm.prank(address(basket));
            (bool ok, bytes memory said) =
                address(sleeve).call{gas: 20_000_000}(abi.encodeCall(ISleeve.unbond, (10 ether, queue)));
            assertFalse(ok);
            assertEq(
                said,
                abi.encodeWithSelector(Outside.OutsideFailed.selector, address(minter), ILiquidMinter.redeem.selector)
            );
            vm.prank(address(basket));
            (ok, said) = address(sleeve).call{gas: 40_000_000}(abi.encodeCall(ISleeve.collect, (ticket, queue)));
            assertFalse(ok);
            assertEq(
                said,
                abi.encodeWithSelector(Outside.OutsideFailed.selector, address(minter), ILiquidMinter.withdraw.selector)
            );
            vm.prank(address(basket));
            sleeve.deliver{gas: 500_000}(1 ether, bob);
            vm.etch(address(minter), good);
        }
        assertEq(token.balanceOf(bob), 2 ether);
        assertEq(sleeve.held(), 58 ether);
    }
}
