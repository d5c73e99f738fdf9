// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "../../src/basket/ISleeve.sol";
import {IStCoreAccount, IStCoreSleeve} from "../../src/basket/sleeves/IStCoreSleeve.sol";
import {Outside} from "../../src/basket/sleeves/Outside.sol";
import {StCoreAccount} from "../../src/basket/sleeves/StCoreAccount.sol";
import {StCoreSleeve} from "../../src/basket/sleeves/StCoreSleeve.sol";
import {LocalActor} from "../../src/dev/LocalActor.sol";
import {ICoreEarn} from "../../src/staking/ICoreEarn.sol";
import {Bomb, GasBurner, Refuser, SleeveWorld} from "./SleeveWorld.sol";

/// The sleeve of stCORE: 1,000 of them at 1.25 CORE, terms declared as 8 days and 1 %.
contract StCoreSleeveTest is SleeveWorld {
    StCoreSleeve sleeve;

    function setUp() public {
        deployWorld();
        sleeve = new StCoreSleeve(address(basket), address(st), address(earn), 8 days, 10_000);
        vm.startPrank(alice);
        earn.mint{value: 1_000 ether}(v1);
        st.transfer(address(sleeve), 1_000 ether);
        vm.stopPrank();
        earn.setRate(1_250_000);
    }

    /// `day` days later at `hour`, Earn's operator on time.
    function onTime(uint256 day, uint256 hour) internal {
        at(day, hour);
        settleEarn();
    }

    function account(uint256 ticket) internal view returns (address at_) {
        (at_,) = sleeve.ticketInfo(ticket);
    }

    function refusesToUnbond(uint256 units, bytes memory reason) internal {
        vm.prank(address(basket));
        vm.expectRevert(reason);
        sleeve.unbond(units, queue);
    }

    function refusesToCollect(uint256 ticket, bytes memory reason) internal {
        vm.prank(address(basket));
        vm.expectRevert(reason);
        sleeve.collect(ticket, queue);
    }

    /// A leg that is paid in stCORE at once.
    function inKind(uint256 units) internal {
        uint256 before = st.balanceOf(queue);
        (uint256 ticket, uint256 paid, address asset) = unbond(sleeve, units);
        assertEq(ticket, 0);
        assertEq(paid, units);
        assertEq(asset, address(st));
        assertEq(st.balanceOf(queue) - before, units);
    }

    function test_what_it_says_of_itself() public {
        strangersAreRefused(sleeve);
        assertEq(sleeve.TOKEN(), address(st));
        assertEq(sleeve.EPOCH_TOKEN(), NATIVE);
        assertEq(sleeve.rate(), 1.25 ether);
        assertEq(sleeve.exitTime(), 8 days, "7 of the lock and one for the operator");
        assertTrue(sleeve.termsHold());
        assertEq(sleeve.held(), 1_000 ether);
        (uint256 units, uint256 coins) = harvest(sleeve);
        assertEq(units, 1_000 ether);
        assertEq(coins, 0);
        vm.expectRevert(abi.encodeWithSelector(IStCoreSleeve.FeeTooHigh.selector, 1e6, 1e6 - 1));
        new StCoreSleeve(address(basket), address(st), address(earn), 8 days, 1e6);
    }

    function test_in_kind_needs_nothing_of_earn() public {
        earn.setPaused(true);
        at(3, 1);
        vm.expectEmit(address(sleeve));
        emit ISleeve.Delivered(bob, 400 ether);
        deliver(sleeve, 400 ether, bob);
        assertEq(st.balanceOf(bob), 400 ether);
        assertEq(sleeve.instantCapacity(), 600 ether);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotEnough.selector, 600 ether + 1, 600 ether));
        sleeve.deliver(600 ether + 1, bob);
    }

    function test_a_leg_ends_in_coins_after_the_lock_and_its_account_is_used_again() public {
        vm.expectEmit(address(sleeve));
        emit ISleeve.Unbonded(1, 100 ether, 0, NATIVE);
        (uint256 ticket, uint256 paid, address asset) = unbond(sleeve, 100 ether);
        assertEq(ticket, 1);
        assertEq(paid, 0);
        assertEq(asset, NATIVE);
        assertEq(sleeve.held(), 900 ether, "a ticket is no part of it");
        address first = account(1);
        (, uint256 dueAt) = sleeve.ticketInfo(1);
        assertEq(dueAt, T0 + 1 hours + 7 days);
        earn.setRate(2_000_000); // fixed at the redeem
        settleEarn();
        refusesToCollect(1, abi.encodeWithSelector(ISleeve.NotYet.selector, 1, dueAt + 1));
        onTime(7, 1);
        refusesToCollect(1, abi.encodeWithSelector(ISleeve.NotYet.selector, 1, dueAt + 1)); // strictly later
        vm.warp(dueAt + 1);
        vm.expectEmit(address(sleeve));
        emit ISleeve.Collected(1, 125 ether, true);
        bool done;
        (paid, done) = collect(sleeve, 1);
        assertEq(paid, 125 ether);
        assertTrue(done);
        assertEq(queue.balance, 125 ether);
        refusesToCollect(1, abi.encodeWithSelector(ISleeve.UnknownTicket.selector, 1));
        assertEq(sleeve.freeAccounts(), 1);
        (ticket,,) = unbond(sleeve, 10 ether);
        assertEq(ticket, 2, "a new ticket");
        assertEq(account(2), first, "of an old account");
        assertEq(sleeve.freeAccounts(), 0);
    }

    function test_each_ticket_gets_its_own_money_though_earn_pays_in_one_sum() public {
        unbond(sleeve, 100 ether); // 125
        at(0, 5);
        unbond(sleeve, 40 ether); // 50
        assertTrue(account(1) != account(2));
        onTime(7, 2);
        (uint256 paid,) = collect(sleeve, 1);
        assertEq(paid, 125 ether);
        refusesToCollect(2, abi.encodeWithSelector(ISleeve.NotYet.selector, 2, T0 + 5 hours + 7 days + 1));
        onTime(9, 2);
        (paid,) = collect(sleeve, 2);
        assertEq(paid, 50 ether);
        assertEq(queue.balance, 175 ether);
    }

    function test_less_than_earns_minimum_is_paid_in_stcore_at_once() public {
        inKind(1 ether - 1);
        earn.setRedeemMinLimit(50 ether);
        inKind(50 ether - 1);
        (uint256 ticket,,) = unbond(sleeve, 50 ether);
        assertEq(ticket, 1);
    }

    function test_a_ticket_for_more_than_there_is_changes_nothing() public {
        refusesToUnbond(1_001 ether, abi.encodeWithSelector(ISleeve.NotEnough.selector, 1_001 ether, 1_000 ether));
        assertEq(account(1), address(0));
        unbond(sleeve, 100 ether);
        at(8, 1);
        settleEarn();
        vm.prank(address(basket));
        vm.expectRevert(ISleeve.ZeroAddress.selector);
        sleeve.collect(1, address(0));
    }

    // ------------------------------------------------------------------------------------------ the operator, the owner

    function test_b25_the_operator_is_late_and_only_this_leg_waits() public {
        unbond(sleeve, 100 ether);
        onTime(7, 0);
        at(8, 0);
        refusesToUnbond(
            100 ether, abi.encodeWithSelector(Outside.OutsideFailed.selector, address(earn), ICoreEarn.redeem.selector)
        );
        assertEq(sleeve.held(), 900 ether, "nothing moved");
        refusesToCollect(
            1, abi.encodeWithSelector(Outside.OutsideFailed.selector, address(earn), ICoreEarn.withdraw.selector)
        );
        deliver(sleeve, 100 ether, bob); // in kind goes on
        settleEarn();
        (uint256 paid, bool done) = collect(sleeve, 1);
        assertEq(paid, 125 ether);
        assertTrue(done);
        unbond(sleeve, 100 ether);
    }

    function test_b25_an_operator_that_is_gone_for_a_week_turns_legs_into_stcore() public {
        at(7, 23);
        refusesToUnbond(
            100 ether, abi.encodeWithSelector(Outside.OutsideFailed.selector, address(earn), ICoreEarn.redeem.selector)
        );
        at(8, 0);
        assertFalse(sleeve.termsHold());
        inKind(100 ether);
    }

    function test_b25_a_lock_of_a_year_catches_nobody_who_did_not_agree_to_it() public {
        unbond(sleeve, 100 ether);
        earn.setLockDay(365);
        assertEq(sleeve.exitTime(), 366 days, "above what was declared: closed to all that comes in");
        inKind(100 ether);
        // The ticket from before keeps its week.
        onTime(7, 2);
        (uint256 paid, bool done) = collect(sleeve, 1);
        assertEq(paid, 125 ether);
        assertTrue(done);
        earn.setLockDay(type(uint256).max);
        assertEq(sleeve.exitTime(), type(uint256).max);
        inKind(1 ether);
        earn.setLockDay(7);
        (uint256 ticket,,) = unbond(sleeve, 100 ether);
        assertEq(ticket, 2);
    }

    function test_b25_the_swapped_labels_are_never_read() public {
        // Whatever it says, or that it says nothing.
        vm.mockCallRevert(address(earn), abi.encodeCall(ICoreEarn.getRedeemAmount, ()), "never");
        unbond(sleeve, 100 ether);
        onTime(8, 2);
        (uint256 paid, bool done) = collect(sleeve, 1);
        assertEq(paid, 125 ether);
        assertTrue(done);
    }

    function test_b25_a_fee_above_what_was_declared_is_not_paid() public {
        earn.setFee(10_000);
        unbond(sleeve, 100 ether);
        earn.setFee(10_001);
        assertEq(sleeve.exitTime(), type(uint256).max);
        inKind(100 ether);
        earn.setFee(1e6);
        inKind(100 ether);
        onTime(8, 2);
        (uint256 paid,) = collect(sleeve, 1);
        assertEq(paid, 123.75 ether, "125 less the 1 % that was declared");
    }

    function test_terms_that_cannot_be_read_are_no_terms() public {
        vm.mockCallRevert(address(earn), abi.encodeCall(ICoreEarn.lockDay, ()), "gone");
        assertEq(sleeve.exitTime(), type(uint256).max);
        inKind(100 ether);
        vm.clearMockedCalls();
        vm.mockCallRevert(address(earn), abi.encodeCall(ICoreEarn.roundTag, ()), "gone");
        assertFalse(sleeve.termsHold());
        inKind(100 ether);
    }

    function test_a_pause_delays_legs_and_loses_nothing() public {
        unbond(sleeve, 100 ether);
        onTime(8, 2);
        earn.setPaused(true);
        refusesToUnbond(
            100 ether, abi.encodeWithSelector(Outside.OutsideFailed.selector, address(earn), ICoreEarn.redeem.selector)
        );
        refusesToCollect(
            1, abi.encodeWithSelector(Outside.OutsideFailed.selector, address(earn), ICoreEarn.withdraw.selector)
        );
        earn.setPaused(false);
        (uint256 paid,) = collect(sleeve, 1);
        assertEq(paid, 125 ether);
    }

    // -------------------------------------------------------------------------------------------- what comes differs

    function test_a_payment_in_parts_is_passed_on_in_parts() public {
        unbond(sleeve, 100 ether);
        address first = account(1);
        onTime(8, 2);
        earn.setInParts(true);
        (uint256 paid, bool done) = collect(sleeve, 1);
        assertEq(paid, 62.5 ether);
        assertFalse(done, "half of it is still owed");
        assertEq(sleeve.freeAccounts(), 0, "nobody else gets this account meanwhile");
        unbond(sleeve, 100 ether);
        assertTrue(account(2) != first);
        earn.setInParts(false);
        (paid, done) = collect(sleeve, 1);
        assertEq(paid, 62.5 ether);
        assertTrue(done);
        assertEq(queue.balance, 125 ether);
    }

    function test_less_than_promised_is_the_tickets_own_loss() public {
        unbond(sleeve, 100 ether);
        unbond(sleeve, 100 ether);
        onTime(8, 2);
        earn.setShortfall(100_000);
        (uint256 paid, bool done) = collect(sleeve, 1);
        assertEq(paid, 112.5 ether);
        assertTrue(done);
        earn.setShortfall(1e6);
        (paid, done) = collect(sleeve, 2);
        assertEq(paid, 0);
        assertTrue(done, "all was lost: the leg ends");
        assertEq(sleeve.held(), 800 ether, "those who stay lose nothing");
    }

    function test_money_that_came_without_our_asking_belongs_to_the_ticket() public {
        unbond(sleeve, 100 ether);
        address holder = account(1);
        vm.prank(bob);
        (bool ok,) = holder.call{value: 1 ether}("");
        assertTrue(ok);
        refusesToCollect(1, abi.encodeWithSelector(ISleeve.NotYet.selector, 1, T0 + 1 hours + 7 days + 1));
        onTime(8, 2);
        // Earn pays on another way: nothing is owed any more.
        vm.prank(holder);
        earn.withdraw();
        (uint256 paid, bool done) = collect(sleeve, 1);
        assertEq(paid, 126 ether);
        assertTrue(done);
    }

    function test_a_receiver_that_refuses_is_retried() public {
        unbond(sleeve, 100 ether);
        onTime(8, 2);
        LocalActor actor = new LocalActor();
        actor.behave(LocalActor.Mode.Refuse, address(0), "");
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.TransferFailed.selector, address(actor), 125 ether));
        sleeve.collect(1, address(actor));
        (uint256 paid,) = collect(sleeve, 1);
        assertEq(paid, 125 ether);
    }

    function test_accounts_obey_the_sleeve_alone() public {
        unbond(sleeve, 100 ether);
        IStCoreAccount holder = IStCoreAccount(account(1));
        vm.startPrank(carol);
        vm.expectRevert(abi.encodeWithSelector(IStCoreAccount.NotSleeve.selector, carol));
        holder.redeem(1);
        vm.expectRevert(abi.encodeWithSelector(IStCoreAccount.NotSleeve.selector, carol));
        holder.withdraw(carol);
        vm.stopPrank();
        address code = sleeve.ACCOUNT();
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IStCoreAccount.NotSleeve.selector, carol));
        StCoreAccount(payable(code)).withdraw(carol);
    }

    function test_b16_an_earn_that_burns_gas_reverts_or_bombs_delays_its_own_leg_only() public {
        unbond(sleeve, 100 ether);
        onTime(8, 2);
        bytes[3] memory codes = [type(GasBurner).runtimeCode, type(Refuser).runtimeCode, type(Bomb).runtimeCode];
        bytes memory good = address(earn).code;
        for (uint256 i; i < codes.length; ++i) {
            vm.etch(address(earn), codes[i]);
            vm.prank(address(basket));
            (bool ok, bytes memory said) =
                address(sleeve).call{gas: 6_000_000}(abi.encodeCall(ISleeve.collect, (1, queue)));
            assertFalse(ok);
            assertEq(
                said, abi.encodeWithSelector(Outside.OutsideFailed.selector, address(earn), ICoreEarn.withdraw.selector)
            );
            vm.prank(address(basket));
            sleeve.deliver{gas: 500_000}(10 ether, bob);
            vm.etch(address(earn), good);
        }
        assertEq(st.balanceOf(bob), 30 ether);
        (uint256 paid,) = collect(sleeve, 1);
        assertEq(paid, 125 ether);
    }

    function test_b16_a_stingy_caller_makes_no_ticket_look_lost() public {
        unbond(sleeve, 100 ether);
        onTime(8, 2);
        bytes memory call = abi.encodeCall(ISleeve.collect, (1, queue));
        for (uint256 given = 100_000; given < 4_500_000; given += 200_000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(address(basket));
            (bool ok, bytes memory said) = address(sleeve).call{gas: given}(call);
            if (ok) {
                assertEq(queue.balance, 125 ether);
            } else {
                assertEq(queue.balance, 0);
                assertTrue(said.length == 0 || bytes4(said) == Outside.GasTooLow.selector, "only for want of gas");
                assertTrue(account(1) != address(0));
            }
            vm.revertToState(snapshot);
        }
    }
}
