// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LiquidViews} from "../../src/liquid/LiquidViews.sol";
import {Attack} from "../attacks/Attack.sol";
import {Vm} from "forge-std/Vm.sol";

/// What keepers and users page through. 100 LST, two validators of 45; see Attack.
contract LiquidViewsTest is Attack {
    uint256 internal constant SECOND = 1 << 32;
    uint256 internal constant THIRD = 2 << 32;

    /// Three of a user's requests among others' in two funded rungs, and one in a rung that is not.
    function test_ready_requests_are_paged_over_rungs_and_skip_what_is_not_the_users() public {
        submit(bob, 10 ether);
        requestExit(alice, 1 ether);
        requestExit(bob, 2 ether);
        requestExit(alice, 3 ether);
        closeRung();
        pass(1 hours);
        requestExit(bob, 1 ether);
        requestExit(alice, 2 ether);
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        requestExit(alice, 5 ether);
        closeRung();

        (uint256[] memory ids, uint256[] memory amounts, uint256 next) = minter.getReadyRequestsForUser(alice, 0, 2);
        assertEq(ids.length, 1, "of two that were looked at");
        assertEq(amounts.length, 1);
        assertEq(ids[0], 1);
        assertEq(amounts[0], afterFee(1 ether));
        assertEq(next, 3);
        (ids, amounts, next) = minter.getReadyRequestsForUser(alice, next, 2);
        assertEq(ids.length, 1);
        assertEq(ids[0], 3);
        assertEq(amounts[0], afterFee(3 ether));
        assertEq(next, SECOND | 2, "on into the next rung");
        (ids, amounts, next) = minter.getReadyRequestsForUser(alice, next, 2);
        assertEq(ids.length, 1);
        assertEq(ids[0], SECOND | 2);
        assertEq(amounts[0], afterFee(2 ether));
        assertEq(next, 0, "the third rung is not funded");
        // What was claimed is gone, and the rest is found in one page.
        claimNow(alice, 1);
        (ids,, next) = minter.getReadyRequestsForUser(alice, 0, 100);
        assertEq(ids.length, 2);
        assertEq(ids[0], 3);
        assertEq(ids[1], SECOND | 2);
        assertEq(next, 0);
        (ids,,) = minter.getReadyRequestsForUser(alice, THIRD, 100);
        assertEq(ids.length, 0);
        (ids,,) = minter.getReadyRequestsForUser(mallory, 0, 100);
        assertEq(ids.length, 0);
    }

    function reasonsOf(uint16 id) internal view returns (uint8 reason, uint256 next) {
        (uint16[] memory ids, uint8[] memory reasons, uint256[] memory nextTs, uint256 count) =
            minter.getValidatorsToProcess(type(uint256).max);
        for (uint256 i; i < count; ++i) {
            if (ids[i] == id) return (reasons[i], nextTs[i]);
        }
    }

    function test_a_validator_to_sweep_shows_what_comes_next() public {
        uint256 first = now_() + COOLDOWN;
        leave(alice, 10 ether); // ties go to validator 0
        pass(10 days);
        leave(alice, 10.5 ether); // the fuller one
        pass(10 days);
        uint256 last = now_() + COOLDOWN;
        leave(alice, 10 ether);
        assertEq(cooling(0, 1), 10 ether, "beside the margin that is there");
        (uint8 reason, uint256 next) = reasonsOf(0);
        assertEq(reason, 0, "nothing to do, so not listed");
        vm.warp(first);
        (reason, next) = reasonsOf(0);
        assertEq(reason, 1, "to sweep");
        assertEq(next, last, "and then again");
        // A rung waits, and its departure has a time before that.
        requestExit(alice, 10 ether);
        closeRung();
        (reason, next) = reasonsOf(0);
        assertEq(reason, 1);
        assertEq(next, last - COOLDOWN + (COOLDOWN + SAFETY) / 4, "four buckets in a cooldown and its safety");
        vm.warp(next);
        (reason, next) = reasonsOf(0);
        assertEq(reason, 1 | 2, "to sweep, and a departure is possible");
        assertEq(next, last);
    }

    function test_slashes_to_book_and_stake_to_retire_are_told() public {
        (uint8 reason,) = reasonsOf(0);
        assertEq(reason, 0);
        vm.prank(keeper);
        minter.configureBuckets(0, 3);
        (reason,) = reasonsOf(0);
        assertEq(reason, 8, "the fourth bucket has stake yet");
        staking.slashValidator(1);
        (reason,) = reasonsOf(1);
        assertEq(reason, 0, "not before somebody syncs");
        minter.syncValidators();
        (reason,) = reasonsOf(1);
        assertEq(reason, 4);
        (uint16[] memory ids,,, uint256 count) = minter.getValidatorsToProcess(1);
        assertEq(count, 1, "as many as asked for");
        assertEq(ids.length, 1);
        assertEq(ids[0], 0);
        minter.bookSlash(1);
        (reason,) = reasonsOf(1);
        assertEq(reason, 0);
    }

    function test_rungs_and_etas_that_are_not_there() public {
        assertEq(minter.rung(0).count, 0);
        requestExit(alice, 1 ether);
        refuses(bob, abi.encodeCall(minter.publishEta, (0)), abi.encodeWithSelector(LiquidViews.NotClosed.selector, 0));
        assertEq(minter.rung(0).count, 0, "an open rung has no record yet");
        uint256 promised = now_() + GRACE + COOLDOWN + GRACE;
        (uint256 eta, bool revised) = minter.exitEta(1);
        assertEq(eta, promised, "what it would get if it closed now");
        assertFalse(revised);
        closeRung();
        vm.expectEmit(address(minter));
        emit EtaPublished(0, promised);
        assertEq(minter.publishEta(0), promised);
        assertEq(minter.rung(0).count, 1);
    }

    /// Three departures, a day apart: each pushes a mark with the units that it covers and the moment that is promised.
    function test_marks_are_read_by_their_number() public {
        uint256 units;
        for (uint256 i; i < 3; ++i) {
            leave(alice, 12 ether);
            units += 12 ether;
            (uint256 covered, uint256 eta) = minter.mark(i);
            assertEq(covered, units);
            assertEq(eta, now_() + COOLDOWN + GRACE, "the end of its cooldown, and one step of the keepers");
            pass(7 days);
        }
        assertEq(minter.line().marks, 3);
    }

    /// A loss makes the promises anew: marks that are not due yet are gone.
    function test_marks_that_are_not_due_end_with_a_loss() public {
        leave(alice, 12 ether);
        assertEq(minter.line().marks, 1);
        staking.slashValidator(1);
        minter.bookSlash(1);
        assertEq(minter.line().marks, 0);
    }

    /// 60 LST wait for two validators of 45: the first carries what it has, the other one the rest.
    function test_what_waits_is_shared_out_over_validators_in_their_order() public {
        requestExit(alice, 60 ether);
        closeRung();
        uint256 first = minter.totalQueuedWithdrawalsPerValidator(0);
        uint256 second = minter.totalQueuedWithdrawalsPerValidator(1);
        (uint256 more, uint256 less) = first > second ? (first, second) : (second, first);
        assertEq(more, 45 ether);
        // The buffer has 10, which do not count: they are for instant exits.
        assertEq(less, 15 ether);
    }

    /// While a slash is not booked nothing is staked, and the keeper is told so by a zero.
    function test_nothing_is_staked_while_a_slash_is_not_booked() public {
        submit(bob, 50 ether);
        staking.slashValidator(1);
        minter.syncValidators();
        vm.prank(keeper);
        assertEq(minter.rebalance(), 0);
        assertEq(minter.validatorState(0).active, 45 ether);
    }

    /// Nobody is late for a line that what cools already covers, however long nobody departed.
    function test_a_covered_line_is_not_told_late() public {
        leave(alice, 12 ether);
        pass(15 days);
        assertEq(minter.line().openLst, 12 ether, "it still waits");
        vm.recordLogs();
        depart();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            assertNotEq(logs[i].topics[0], EtaRevised.selector);
        }
    }

    /// What is due is counted from what was funded: of three departures the first is paid, the second is due, the third is not.
    function test_what_is_due_is_counted_from_the_watermark() public {
        for (uint256 i; i < 3; ++i) {
            leave(alice, 12 ether);
            pass(7 days);
        }
        (, uint256 first) = minter.mark(0);
        (, uint256 second) = minter.mark(1);
        vm.warp(first);
        assertEq(minter.due(), 12 ether);
        sweepAll();
        minter.finalize();
        // The margin that departed with it goes to the next.
        assertEq(minter.line().watermark, 12 ether + MARGIN);
        assertEq(minter.due(), 0);
        vm.warp(second);
        assertEq(minter.due(), 12 ether - MARGIN);
    }
}
