// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "../../src/basket/ISleeve.sol";
import {CoreSleeve} from "../../src/basket/sleeves/CoreSleeve.sol";
import {ICoreSleeve} from "../../src/basket/sleeves/ICoreSleeve.sol";
import {Outside} from "../../src/basket/sleeves/Outside.sol";
import {SleeveBase} from "../../src/basket/sleeves/SleeveBase.sol";
import {LocalActor} from "../../src/dev/LocalActor.sol";
import {ICoreAgent} from "../../src/staking/ICoreAgent.sol";
import {ICoreCandidateHub} from "../../src/staking/ICoreCandidateHub.sol";
import {Bomb, GasBurner, Refuser, SleeveWorld} from "./SleeveWorld.sol";

/// The sleeve of CORE: validators v1, v2, v3 with weights 2, 1, 1.
contract CoreSleeveTest is SleeveWorld {
    CoreSleeve sleeve;

    function setUp() public {
        deployWorld();
        sleeve = new CoreSleeve(address(basket), address(agent), address(stakeHub), address(hub));
        set(v1, 2, v2, 1, v3, 1);
    }

    function set(address a, uint8 wa, address b, uint8 wb, address c, uint8 wc) internal {
        address[] memory list = new address[](3);
        uint8[] memory weights = new uint8[](3);
        (list[0], list[1], list[2]) = (a, b, c);
        (weights[0], weights[1], weights[2]) = (wa, wb, wc);
        vm.prank(timelock);
        sleeve.setValidators(list, weights);
    }

    function enter(uint256 amount) internal {
        vm.prank(address(basket));
        sleeve.enter{value: amount}();
    }

    function dusk(uint256 day, uint256 keep) internal returns (uint256) {
        at(day, 23);
        vm.prank(address(basket));
        return sleeve.delegateIdle(keep);
    }

    /// 402 CORE came on day 0; 200, 100 and 100 were delegated at dusk, 2 are idle.
    function stake402() internal {
        enter(402 ether);
        assertEq(dusk(0, 0), 400 ether);
    }

    function stakes(uint256 a, uint256 b, uint256 c) internal view {
        ICoreSleeve.Validator[] memory list = sleeve.validators();
        uint256[3] memory expected = [a, b, c];
        for (uint256 i; i < 3; ++i) {
            assertEq(list[i].stake, expected[i], "booked");
            (, uint256 known,,) = agent.getDelegator(list[i].account, address(sleeve));
            assertEq(known, expected[i], "known to the system");
        }
        assertEq(sleeve.delegated(), a + b + c);
    }

    // ----------------------------------------------------------------------------------------------------------- bounds

    function test_only_the_basket_and_its_timelock() public {
        strangersAreRefused(sleeve);
        vm.expectRevert(abi.encodeWithSelector(SleeveBase.NotTimelock.selector, address(this)));
        sleeve.setValidators(new address[](0), new uint8[](0));
        vm.expectRevert(abi.encodeWithSelector(SleeveBase.NotTimelock.selector, address(this)));
        sleeve.setTenant(address(1));
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.NotTenant.selector, address(this)));
        sleeve.release(0, carol);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.UnknownTicket.selector, 1));
        sleeve.collect(1, queue);
        vm.expectRevert(ISleeve.ZeroAddress.selector);
        new CoreSleeve(address(0), address(agent), address(stakeHub), address(hub));
        vm.expectRevert(abi.encodeWithSelector(SleeveBase.NoCode.selector, carol));
        new CoreSleeve(address(basket), address(agent), carol, address(hub));
    }

    function test_what_it_says_of_itself() public view {
        assertEq(sleeve.BASKET(), address(basket));
        assertEq(sleeve.TOKEN(), NATIVE);
        assertEq(sleeve.EPOCH_TOKEN(), NATIVE);
        assertEq(sleeve.MAX_EXIT(), 0);
        assertEq(sleeve.exitTime(), 0);
        assertEq(sleeve.rate(), 0);
        assertLe(sleeve.DELIVER_GAS(), 8_000_000);
    }

    function test_the_list_of_validators() public {
        address[] memory list = new address[](2);
        uint8[] memory weights = new uint8[](2);
        vm.startPrank(timelock);
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.LengthMismatch.selector, 2, 1));
        sleeve.setValidators(list, new uint8[](1));
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.TooManyValidators.selector, 8));
        sleeve.setValidators(new address[](9), new uint8[](9));
        (list[0], list[1]) = (v1, address(0));
        vm.expectRevert(ISleeve.ZeroAddress.selector);
        sleeve.setValidators(list, weights);
        list[1] = v1;
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.DuplicateValidator.selector, v1));
        sleeve.setValidators(list, weights);
        vm.stopPrank();
        stake402();
        // v3 may not be left out while stake is with it; its weight goes to 0, its stake moves, then it leaves.
        (list[0], list[1]) = (v2, v1);
        (weights[0], weights[1]) = (1, 3);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.StakeLeft.selector, v3, 100 ether));
        sleeve.setValidators(list, weights);
        set(v1, 3, v2, 1, v3, 0);
        assertEq(sleeve.moveStake(v3), 100 ether);
        vm.prank(timelock);
        sleeve.setValidators(list, weights);
        ICoreSleeve.Validator[] memory now_ = sleeve.validators();
        assertEq(now_.length, 2);
        assertEq(now_[0].account, v2);
        assertEq(now_[0].stake, 100 ether);
        assertEq(now_[1].account, v1);
        assertEq(now_[1].stake, 300 ether, "3 of 4 parts of 400");
        assertEq(now_[1].weight, 3);
    }

    // ------------------------------------------------------------------------------------------------------------- dusk

    function test_dusk_delegates_by_weight_and_leaves_the_floor() public {
        enter(402 ether);
        assertEq(sleeve.held(), 402 ether);
        vm.expectEmit(address(sleeve));
        emit ICoreSleeve.Delegated(v1, 200 ether);
        assertEq(dusk(0, 0), 400 ether);
        stakes(200 ether, 100 ether, 100 ether);
        assertEq(sleeve.held(), 402 ether);
        assertEq(sleeve.instantCapacity(), 2 ether);
        // The next day's 80 go where weight lacks most; 50 are kept for exits.
        enter(80 ether);
        assertEq(dusk(1, 50 ether), 32 ether);
        // 432 in all: 216, 108, 108.
        stakes(216 ether, 108 ether, 108 ether);
        assertEq(sleeve.instantCapacity(), 50 ether);
        vm.prank(address(basket));
        assertEq(sleeve.delegateIdle(49 ether + 1), 0, "less than 1 CORE is over");
    }

    function test_dusk_is_the_last_hour_of_a_day_whose_round_has_begun() public {
        enter(402 ether);
        bytes memory notYet = abi.encodeWithSelector(ICoreSleeve.NotDusk.selector, T0 + 23 hours);
        vm.warp(T0 + 23 hours - 1);
        vm.prank(address(basket));
        vm.expectRevert(notYet);
        sleeve.delegateIdle(0);
        vm.warp(T0 + 23 hours);
        vm.mockCall(address(hub), abi.encodeCall(ICoreCandidateHub.getRoundTag, ()), abi.encode(ROUND - 1));
        vm.prank(address(basket));
        vm.expectRevert(notYet);
        sleeve.delegateIdle(0);
        vm.clearMockedCalls();
        vm.warp(T0 + 1 days - 1);
        vm.prank(address(basket));
        assertEq(sleeve.delegateIdle(0), 400 ether);
        // Just after midnight, before the round turned, it is dusk no more.
        enter(10 ether);
        hub.setTurnLag(10 minutes);
        vm.warp(T0 + 1 days + 5 minutes);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.NotDusk.selector, T0 + 47 hours));
        sleeve.delegateIdle(0);
    }

    function test_dusk_passes_over_what_takes_nothing() public {
        enter(402 ether);
        hub.setJailed(v1, true);
        hub.setClosed(v2, true);
        assertEq(dusk(0, 0), 400 ether);
        stakes(0, 0, 400 ether);
        hub.setJailed(v3, true);
        enter(10 ether);
        assertEq(dusk(1, 0), 0, "nobody is left: it stays idle");
        // The system refuses one although it said it would not.
        hub.setJailed(v3, false);
        hub.setJailed(v1, false);
        vm.mockCallRevert(address(agent), 7.5 ether, abi.encodeCall(ICoreAgent.delegateCoin, (v1)), "no");
        vm.mockCallRevert(address(agent), 10 ether, abi.encodeCall(ICoreAgent.delegateCoin, (v1)), "no");
        assertEq(dusk(2, 0), 10 ether);
        stakes(0, 0, 410 ether);
        assertEq(sleeve.held(), 412 ether);
    }

    // -------------------------------------------------------------------------------------------------------------- out

    function test_delivers_idle_coins_first_then_from_the_one_furthest_over_its_weight() public {
        stake402();
        enter(10 ether);
        deliver(sleeve, 12 ether, alice);
        stakes(200 ether, 100 ether, 100 ether);
        assertEq(alice.balance, 100_012 ether);
        assertEq(sleeve.held(), 400 ether);
        vm.expectEmit(address(sleeve));
        emit ICoreSleeve.Undelegated(v1, 50 ether);
        vm.expectEmit(address(sleeve));
        emit ISleeve.Delivered(alice, 50 ether);
        deliver(sleeve, 50 ether, alice);
        // Then v2 and v3 are equally over; the first of them goes.
        deliver(sleeve, 20 ether, alice);
        stakes(150 ether, 80 ether, 100 ether);
        // By weight 330 are 165, 82.5 and 82.5: v3 is 17.5 over and goes whole. The 230 that are left are 115 and 57.5: v1 is
        // 35 over, v2 22.5. So v1's 150 go next, and v2 brings the last 70.
        deliver(sleeve, 320 ether, alice);
        stakes(0, 10 ether, 0);
        assertEq(alice.balance, 100_402 ether);
        assertEq(sleeve.held(), 10 ether);
    }

    function test_an_epochs_leg_is_paid_at_once_without_a_ticket() public {
        stake402();
        vm.expectEmit(address(sleeve));
        emit ISleeve.Unbonded(0, 100 ether, 100 ether, NATIVE);
        (uint256 ticket, uint256 paid, address asset) = unbond(sleeve, 100 ether);
        assertEq(ticket, 0);
        assertEq(paid, 100 ether);
        assertEq(asset, NATIVE);
        assertEq(queue.balance, 100 ether);
        assertEq(sleeve.held(), 302 ether);
    }

    function test_more_than_there_is_changes_nothing() public {
        stake402();
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotEnough.selector, 402 ether + 1, 402 ether));
        sleeve.deliver(402 ether + 1, alice);
        stakes(200 ether, 100 ether, 100 ether);
        vm.prank(address(basket));
        vm.expectRevert(ISleeve.ZeroAddress.selector);
        sleeve.deliver(1, address(0));
        assertEq(sleeve.held(), 402 ether);
    }

    function test_b22_every_validator_is_jailed_and_everybody_is_paid() public {
        stake402();
        at(2, 1);
        hub.setJailed(v1, true);
        hub.removeCandidate(v2);
        hub.setClosed(v3, true);
        deliver(sleeve, 301 ether, alice);
        (, uint256 paid,) = unbond(sleeve, 101 ether);
        assertEq(paid, 101 ether);
        assertEq(alice.balance, 100_301 ether);
        assertEq(queue.balance, 101 ether);
        stakes(0, 0, 0);
        // Day 1 was earned with all three: 112.5. Day 2 was not.
        (uint256 units,) = harvest(sleeve);
        assertEq(units, 112.5 ether);
        assertEq(sleeve.held(), 112.5 ether);
    }

    function test_b23_a_validator_is_emptied_where_less_than_one_core_would_stay() public {
        enter(8 ether);
        assertEq(dusk(0, 0), 6 ether);
        stakes(3 ether, 1.5 ether, 1.5 ether);
        // 2 are idle. 0.4 are lacking: the least is 1, and 2 stay with v1.
        deliver(sleeve, 2.4 ether, alice);
        stakes(2 ether, 1.5 ether, 1.5 ether);
        assertEq(sleeve.instantCapacity(), 0.6 ether);
        // 0.1 is lacking. v2 is furthest over; 1 would leave 0.5: all of it comes.
        deliver(sleeve, 0.7 ether, alice);
        stakes(2 ether, 0, 1.5 ether);
        assertEq(sleeve.instantCapacity(), 1.4 ether);
        assertEq(sleeve.held(), 4.9 ether);
        assertEq(alice.balance, 100_003.1 ether);
        // All of the rest, to the wei.
        deliver(sleeve, 4.9 ether, alice);
        stakes(0, 0, 0);
        assertEq(alice.balance, 100_008 ether);
        assertEq(sleeve.held(), 0);
    }

    function test_b23_a_minimum_that_was_raised_above_the_stake_keeps_nobody_in() public {
        stake402();
        agent.setRequiredCoinDeposit(150 ether);
        deliver(sleeve, 3 ether, alice);
        // 150 at least, and 50 would stay: all of v1 comes.
        stakes(0, 100 ether, 100 ether);
        deliver(sleeve, 399 ether, alice);
        assertEq(alice.balance, 100_402 ether);
    }

    function test_b24_in_and_out_of_one_day_meet_as_idle_coins() public {
        stake402();
        at(1, 9);
        enter(100 ether);
        // Somebody would rather have them delegated now: then the exit would eat what earns.
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.NotDusk.selector, T0 + 47 hours));
        sleeve.delegateIdle(0);
        at(1, 15);
        deliver(sleeve, 100 ether, alice);
        at(2, 1);
        (uint256 units,) = harvest(sleeve);
        assertEq(units, 402 ether + 112.5 ether, "no reward of the day was lost");
    }

    function test_b24_what_leaves_at_dawn_loses_its_own_day_and_no_more() public {
        stake402();
        at(1, 1);
        // 100 of v1's 200 leave: half of its 37.5.
        unbond(sleeve, 102 ether);
        at(2, 1);
        (uint256 units,) = harvest(sleeve);
        assertEq(units, 300 ether + 18.75 ether + 37.5 ether + 37.5 ether);
    }

    function test_b24_a_leg_waits_for_the_turn_of_the_round_for_an_hour_at_most() public {
        stake402();
        hub.setTurnLag(10 minutes);
        vm.warp(T0 + 2 days + 9 minutes);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotYet.selector, 0, T0 + 2 days + 1 hours));
        sleeve.unbond(102 ether, alice);
        vm.warp(T0 + 2 days + 10 minutes);
        unbond(sleeve, 102 ether);
        at(3, 1);
        (uint256 units,) = harvest(sleeve);
        // Day 1 is whole, 112.5; of day 2 v1 lost half of its 37.5.
        assertEq(units, 300 ether + 112.5 ether + 93.75 ether);
        // A round that does not turn holds up nobody.
        at(3, 5);
        hub.setTurnLag(2 hours);
        vm.warp(T0 + 5 days + 59 minutes);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotYet.selector, 0, T0 + 5 days + 1 hours));
        sleeve.unbond(10 ether, alice);
        vm.warp(T0 + 5 days + 1 hours);
        unbond(sleeve, 10 ether);
    }

    function test_b24_an_exit_between_dusk_and_the_turn_loses_that_days_reward_on_what_it_takes() public {
        stake402();
        at(1, 12);
        enter(100 ether);
        assertEq(dusk(1, 0), 100 ether);
        stakes(250 ether, 125 ether, 125 ether);
        // 48 were delegated minutes ago to v1 and earn nothing today; undelegating eats what earns all the same.
        vm.warp(T0 + 2 days - 1);
        deliver(sleeve, 50 ether, alice);
        stakes(202 ether, 125 ether, 125 ether);
        at(2, 1);
        (uint256 units,) = harvest(sleeve);
        // v1 earned on 152 of the 200 that began the day: 37.5 * 152 / 200 = 28.5.
        assertEq(units, 452 ether + 28.5 ether + 75 ether);
    }

    // ---------------------------------------------------------------------------------------------------------- rewards

    function test_a_harvest_brings_all_kinds_of_reward_and_gifts() public {
        stake402();
        at(2, 1);
        stakeHub.addHashReward(address(sleeve), 5 ether);
        vm.prank(bob);
        (bool ok,) = address(sleeve).call{value: 3 ether}("");
        assertTrue(ok);
        (uint256 units, uint256 coins) = harvest(sleeve);
        // 402 and a day of three validators, the hash reward, the gift.
        assertEq(units, 402 ether + 112.5 ether + 5 ether + 3 ether);
        assertEq(coins, 0);
        assertEq(units, sleeve.held());
    }

    function test_a_harvest_that_fails_says_so_in_its_own_words() public {
        stake402();
        vm.etch(address(stakeHub), type(Bomb).runtimeCode);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(Outside.OutsideFailed.selector, address(stakeHub), bytes4(0xb88a802f)));
        sleeve.harvest();
    }

    function test_somebody_elses_settling_takes_nothing_away() public {
        stake402();
        at(2, 1);
        stakeHub.calculateReward(address(sleeve));
        at(3, 1);
        (uint256 units,) = harvest(sleeve);
        assertEq(units, 402 ether + 225 ether);
    }

    // -------------------------------------------------------------------------------------------------------- moveStake

    function test_stake_moves_away_from_a_jailed_validator_and_keeps_the_days_reward() public {
        stake402();
        at(1, 9);
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.NothingToMove.selector, v1));
        sleeve.moveStake(v1);
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.UnknownValidator.selector, carol));
        sleeve.moveStake(carol);
        hub.setClosed(v1, true); // earns today, takes nothing more
        vm.expectEmit(address(sleeve));
        emit ICoreSleeve.StakeMoved(v1, v2, 100 ether);
        vm.prank(carol);
        assertEq(sleeve.moveStake(v1), 100 ether);
        // Two equal ones share 400.
        assertEq(sleeve.moveStake(v1), 100 ether);
        stakes(0, 200 ether, 200 ether);
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.NothingToMove.selector, v1));
        sleeve.moveStake(v1);
        at(2, 1);
        (uint256 units,) = harvest(sleeve);
        assertEq(units, 402 ether + 112.5 ether, "nothing of the day was lost");
        // Released, it is under its weight: the next dusk fills it, and nothing moves by force.
        hub.setClosed(v1, false);
        assertEq(dusk(2, 402 ether - 400 ether), 112.5 ether);
        stakes(112.5 ether, 200 ether, 200 ether);
    }

    function test_a_small_rest_moves_along() public {
        enter(8 ether);
        dusk(0, 0);
        stakes(3 ether, 1.5 ether, 1.5 ether);
        hub.setJailed(v1, true);
        // v2 lacks 1.5 of its 3; 1.5 stay, which may leave later. Then all goes to v3.
        assertEq(sleeve.moveStake(v1), 1.5 ether);
        assertEq(sleeve.moveStake(v1), 1.5 ether);
        stakes(0, 3 ether, 3 ether);
        hub.setJailed(v1, false);
        hub.setJailed(v2, true);
        // v1's target is 4 of 6 and it lacks them all: v2's 3 go at once.
        assertEq(sleeve.moveStake(v2), 3 ether);
        stakes(3 ether, 0, 3 ether);
    }

    function test_what_a_move_would_leave_below_one_core_goes_along() public {
        enter(8 ether);
        dusk(0, 0);
        stakes(3 ether, 1.5 ether, 1.5 ether);
        set(v1, 1, v2, 2, v3, 1);
        hub.setJailed(v1, true);
        // v2 should have 4 of 6 and lacks 2.5; 0.5 would stay with v1, where nothing of it could leave in part.
        assertEq(sleeve.moveStake(v1), 3 ether);
        stakes(0, 4.5 ether, 1.5 ether);
    }

    function test_drift_between_sound_validators_needs_two_readings_an_hour_apart() public {
        stake402();
        // New weights 1, 2, 1: v1 has 200 and should have 100.
        set(v1, 1, v2, 2, v3, 1);
        at(1, 9);
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.NothingToMove.selector, v3));
        sleeve.moveStake(v3);
        vm.expectEmit(address(sleeve));
        emit ICoreSleeve.DriftSeen(v1, T0 + 1 days + 10 hours);
        assertEq(sleeve.moveStake(v1), 0);
        stakes(200 ether, 100 ether, 100 ether);
        vm.warp(T0 + 1 days + 10 hours - 1);
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.DriftTooYoung.selector, v1, T0 + 1 days + 10 hours));
        sleeve.moveStake(v1);
        vm.warp(T0 + 1 days + 10 hours);
        assertEq(sleeve.moveStake(v1), 100 ether);
        stakes(100 ether, 200 ether, 100 ether);
        at(2, 1);
        (uint256 units,) = harvest(sleeve);
        assertEq(units, 402 ether + 112.5 ether);
        // A reading of more than a day ago is none.
        set(v1, 2, v2, 1, v3, 1);
        assertEq(sleeve.moveStake(v2), 0);
        vm.warp(vm.getBlockTimestamp() + 1 days + 1);
        assertEq(sleeve.moveStake(v2), 0);
        vm.warp(vm.getBlockTimestamp() + 1 days);
        assertEq(sleeve.moveStake(v2), 100 ether);
        stakes(200 ether, 100 ether, 100 ether);
    }

    function test_a_drift_of_a_tenth_is_none() public {
        stake402();
        set(v1, 20, v2, 11, v3, 10); // of 400: 195.12, 107.31, 97.56
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.NothingToMove.selector, v1));
        sleeve.moveStake(v1);
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.NothingToMove.selector, v3));
        sleeve.moveStake(v3);
    }

    // ---------------------------------------------------------------------------------------------- a hostile outside

    function test_b16_one_validator_that_refuses_delays_nobody() public {
        stake402();
        vm.mockCallRevert(address(agent), abi.encodeCall(ICoreAgent.undelegateCoin, (v1, 98 ether)), "no");
        vm.expectEmit(address(sleeve));
        emit ICoreSleeve.Skipped(v1, ICoreAgent.undelegateCoin.selector, 98 ether);
        deliver(sleeve, 100 ether, alice);
        stakes(200 ether, 2 ether, 100 ether);
        assertEq(alice.balance, 100_100 ether);
    }

    function test_b16_a_system_that_burns_gas_reverts_or_bombs_changes_nothing() public {
        stake402();
        uint256 limit = sleeve.DELIVER_GAS();
        bytes[3] memory codes = [type(GasBurner).runtimeCode, type(Refuser).runtimeCode, type(Bomb).runtimeCode];
        bytes memory good = address(agent).code;
        for (uint256 i; i < codes.length; ++i) {
            vm.etch(address(agent), codes[i]);
            vm.prank(address(basket));
            (bool ok, bytes memory said) =
                address(sleeve).call{gas: limit}(abi.encodeCall(ISleeve.deliver, (100 ether, alice)));
            assertFalse(ok);
            assertEq(
                said,
                abi.encodeWithSelector(ISleeve.NotEnough.selector, 100 ether, 2 ether - i * 0.1 ether),
                "own words"
            );
            // What is idle is paid without asking anybody.
            vm.prank(address(basket));
            sleeve.deliver{gas: 300_000}(0.1 ether, alice);
            vm.etch(address(agent), good);
            assertEq(sleeve.delegated(), 400 ether);
        }
        assertEq(alice.balance, 100_000.3 ether);
        deliver(sleeve, 401.7 ether, alice);
        assertEq(alice.balance, 100_402 ether, "all of it once the system works again");
    }

    function test_b16_a_stingy_caller_fakes_no_failure() public {
        stake402();
        bytes memory call = abi.encodeCall(ISleeve.deliver, (100 ether, alice));
        // From too little to enough: either it is paid from v1 whole, or nothing happened at all.
        for (uint256 given = 100_000; given < 1_000_000; given += 50_000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(address(basket));
            (bool ok,) = address(sleeve).call{gas: given}(call);
            if (ok) stakes(102 ether, 100 ether, 100 ether);
            else stakes(200 ether, 100 ether, 100 ether);
            assertEq(alice.balance, ok ? 100_100 ether : 100_000 ether);
            vm.revertToState(snapshot);
        }
        vm.prank(address(basket));
        (bool paid,) = address(sleeve).call{gas: 1_000_000}(call);
        assertTrue(paid);
    }

    function test_b16_eight_validators_that_burn_their_gas_fit_into_what_is_declared() public {
        address[] memory list = new address[](8);
        uint8[] memory weights = new uint8[](8);
        for (uint256 i; i < 8; ++i) {
            list[i] = makeAddr(string.concat("eight", vm.toString(i)));
            weights[i] = 1;
            hub.addCandidate(list[i], REWARD);
        }
        vm.prank(timelock);
        sleeve.setValidators(list, weights);
        enter(802 ether);
        assertEq(dusk(0, 0), 800 ether);
        uint256 snapshot = vm.snapshotState();
        vm.etch(address(agent), type(GasBurner).runtimeCode);
        uint256 limit = sleeve.DELIVER_GAS();
        vm.prank(address(basket));
        (bool ok, bytes memory said) =
            address(sleeve).call{gas: limit}(abi.encodeCall(ISleeve.deliver, (802 ether, alice)));
        assertFalse(ok);
        assertEq(said, abi.encodeWithSelector(ISleeve.NotEnough.selector, 802 ether, 2 ether), "all eight were tried");
        vm.revertToState(snapshot);
        // And eight honest ones, first thing on another day.
        at(2, 1);
        vm.prank(address(basket));
        sleeve.deliver{gas: limit}(802 ether, alice);
        assertEq(alice.balance, 100_802 ether);
    }

    function test_a_receiver_that_refuses_burns_or_reenters_gets_its_money_or_nothing_moves() public {
        stake402();
        LocalActor actor = new LocalActor();
        actor.behave(LocalActor.Mode.Refuse, address(0), "");
        for (uint256 i; i < 2; ++i) {
            if (i == 1) actor.behave(LocalActor.Mode.BurnGas, address(0), "");
            vm.prank(address(basket));
            vm.expectRevert(abi.encodeWithSelector(ISleeve.TransferFailed.selector, address(actor), 50 ether));
            sleeve.deliver(50 ether, address(actor));
            stakes(200 ether, 100 ether, 100 ether);
        }
        // Coming back in while it is paid, it finds the books as they will be, and a door that opens to the basket only.
        actor.behave(
            LocalActor.Mode.Reenter, address(sleeve), abi.encodeCall(ISleeve.deliver, (50 ether, address(actor)))
        );
        deliver(sleeve, 50 ether, address(actor));
        assertEq(actor.tries(), 1);
        assertEq(actor.successes(), 0);
        assertEq(address(actor).balance, 50 ether);
        assertEq(sleeve.held(), 352 ether);
    }

    function test_the_system_that_knows_less_than_was_booked() public {
        stake402();
        // 30 of v2's 100 are gone from the system.
        vm.mockCall(address(agent), abi.encodeCall(agent.delegatorMap, (address(sleeve))), abi.encode(370 ether));
        vm.mockCall(
            address(agent),
            abi.encodeCall(ICoreAgent.getDelegator, (v2, address(sleeve))),
            abi.encode(70 ether, 70 ether, 0, ROUND)
        );
        assertEq(sleeve.held(), 372 ether, "a loss shows at once");
        vm.expectEmit(address(sleeve));
        emit ICoreSleeve.StakeLost(v2, 30 ether);
        vm.prank(carol);
        assertEq(sleeve.reconcile(v2), 70 ether);
        assertEq(sleeve.reconcile(v2), 70 ether);
        assertEq(sleeve.reconcile(v1), 200 ether);
        assertEq(sleeve.delegated(), 370 ether);
        // More than was booked makes no units.
        vm.mockCall(address(agent), abi.encodeCall(agent.delegatorMap, (address(sleeve))), abi.encode(5_000 ether));
        vm.mockCall(
            address(agent),
            abi.encodeCall(ICoreAgent.getDelegator, (v1, address(sleeve))),
            abi.encode(5_000 ether, 5_000 ether, 0, ROUND)
        );
        assertEq(sleeve.reconcile(v1), 200 ether);
        assertEq(sleeve.held(), 372 ether);
    }

    function test_a_wrong_answer_of_the_system_orphans_no_stake() public {
        stake402();
        vm.mockCall(
            address(agent), abi.encodeCall(ICoreAgent.getDelegator, (v2, address(sleeve))), abi.encode(0, 0, 0, ROUND)
        );
        assertEq(sleeve.reconcile(v2), 0);
        assertEq(sleeve.held(), 302 ether);
        // It knows a part of it again, then all.
        vm.mockCall(
            address(agent),
            abi.encodeCall(ICoreAgent.getDelegator, (v2, address(sleeve))),
            abi.encode(0, 60 ether, 0, ROUND)
        );
        assertEq(sleeve.reconcile(v2), 60 ether);
        vm.clearMockedCalls();
        vm.expectEmit(address(sleeve));
        emit ICoreSleeve.StakeFound(v2, 40 ether);
        assertEq(sleeve.reconcile(v2), 100 ether);
        assertEq(sleeve.held(), 402 ether);
        deliver(sleeve, 402 ether, alice);
        assertEq(alice.balance, 100_402 ether);
    }

    // ------------------------------------------------------------------------------------------------------------- fuzz

    /// Whatever leaves in whatever pieces: every piece is paid to the wei, no stake below 1 CORE is left behind, and all that
    /// was booked is known to the system.
    function testFuzz_pieces_add_up(uint256 seed, uint8 steps) public {
        uint256 all = 402 ether;
        stake402();
        for (uint256 i; i < uint256(steps) % 24 && all != 0; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 piece = seed % 7 == 0 ? all : 1 + seed % (seed % 3 == 0 ? 3 ether : all);
            if (piece > all) piece = all;
            uint256 before = alice.balance;
            deliver(sleeve, piece, alice);
            all -= piece;
            assertEq(alice.balance - before, piece);
            assertEq(sleeve.held(), all);
            ICoreSleeve.Validator[] memory list = sleeve.validators();
            for (uint256 k; k < 3; ++k) {
                (, uint256 known,,) = agent.getDelegator(list[k].account, address(sleeve));
                assertEq(known, list[k].stake);
                assertTrue(known == 0 || known >= 1 ether, "too small to leave in part");
            }
            vm.warp(vm.getBlockTimestamp() + 7 hours);
        }
    }

    /// Random days: whatever is done in whatever order, coins that came in and rewards that StakeHub paid are coins that went out
    /// and what is held, to the wei.
    function testFuzz_coins_are_conserved_over_days(uint256 seed) public {
        stake402();
        uint256 put = 402 ether;
        uint256 out;
        uint256 time = T0 + 1 days;
        for (uint256 i; i < 40; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            time += 1 + (seed >> 128) % 9 hours;
            vm.warp(time);
            uint256 amount = 1 + (seed >> 64) % 60 ether;
            address v = [v1, v2, v3][(seed >> 16) % 3];
            uint256 kind = seed % 8;
            if (kind == 0) {
                enter(amount);
                put += amount;
            } else if (kind == 1) {
                uint256 before = sleeve.held();
                if (amount > before) amount = before;
                if (amount == 0) continue;
                deliver(sleeve, amount, alice);
                out += amount;
                assertEq(sleeve.held(), before - amount);
            } else if (kind == 2) {
                time = time / 1 days * 1 days + 23 hours;
                vm.warp(time);
                vm.prank(address(basket));
                sleeve.delegateIdle(amount);
            } else if (kind == 3) {
                harvest(sleeve);
            } else if (kind == 4) {
                hub.setJailed(v, !hub.isJailed(v));
            } else if (kind == 5) {
                set(v1, uint8((seed >> 24) % 4), v2, uint8((seed >> 32) % 4), v3, uint8((seed >> 40) % 4));
            } else {
                try sleeve.moveStake(v) {} catch {}
            }
            assertEq(sleeve.held() + out, put + 1_000_000 ether - address(stakeHub).balance);
            assertEq(agent.delegatorMap(address(sleeve)), sleeve.delegated());
        }
        deliver(sleeve, sleeve.held(), alice);
        assertEq(sleeve.held(), 0);
        assertEq(sleeve.delegated(), 0);
    }
}
