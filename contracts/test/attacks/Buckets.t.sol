// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking} from "../../src/staking/IPlumeStaking.sol";
import {Attack} from "./Attack.sol";
import {Vm} from "forge-std/Test.sol";

/// L2 to L5, L10, L16, L18, L21, L36.
contract BucketsAttackTest is Attack {
    function test_l2_a_sweep_credits_once() public {
        leave(alice, 20 ether);
        pass(COOLDOWN);
        uint256 coins = address(minter).balance;
        assertEq(sweepAll(), 20 ether + MARGIN);
        assertEq(minter.headroom(), 30 ether + MARGIN);
        assertEq(address(minter).balance, coins + 20 ether + MARGIN);
        assertEq(minter.totalUnstaked(), 0);
        for (uint256 i; i < 3; ++i) {
            assertEq(sweepAll(), 0, "credited again");
            pass(1 days);
        }
        assertEq(minter.headroom(), 30 ether + MARGIN);
        assertEq(minter.assets(), 100 ether);
        assertSound();
    }

    /// One bucket that reverts and a slashed validator: everything else is swept, and theirs stays on the books.
    function test_l3_one_bad_bucket_does_not_stop_a_sweep() public {
        assertEq(sweepAll(), 0, "nothing cooling at all");
        leave(alice, 60 ether); // all four of 0, of 1 one whole and 3.75
        assertEq(sweepAll(), 0, "nothing matured");
        staking.slashValidator(1);
        pass(COOLDOWN);
        address broken = bucketOf(0, 1);
        vm.mockCallRevert(broken, abi.encodeWithSignature("withdraw()"), "broken");
        vm.expectEmit(address(minter));
        emit SweepFailed(0, 1, "broken");
        (uint256 swept, uint256 gained) = sweep(0);
        assertEq(swept, 3);
        assertEq(gained, 3 * EACH);
        (swept, gained) = sweep(1);
        assertEq(swept, 0);
        assertEq(gained, 0);
        assertEq(minter.totalUnstaked(), EACH + 15 ether + MARGIN, "nothing is written off by a failing sweep");
        (swept, gained) = sweep(0);
        assertEq(gained, 0, "a second sweep");
        vm.clearMockedCalls();
        (swept, gained) = sweep(0);
        assertEq(swept, 1);
        assertEq(gained, EACH);
        minter.bookSlash(1); // 30 active and 15 and a gwei cooling
        assertEq(minter.totalUnstaked(), 0);
        assertEq(minter.assets(), 55 ether);
        assertSound();
    }

    function test_l4_an_exit_larger_than_any_bucket_departs_from_several() public {
        uint256 id = requestExit(alice, 40 ether);
        closeRung();
        vm.expectEmit(address(minter));
        emit Departed(0, 0, EACH, now_() + COOLDOWN, false);
        vm.expectEmit(address(minter));
        emit Departed(0, 1, EACH, now_() + COOLDOWN, false);
        vm.expectEmit(address(minter));
        emit Departed(0, 2, EACH, now_() + COOLDOWN, false);
        vm.expectEmit(address(minter));
        emit Departed(0, 3, 40 ether + MARGIN - 3 * EACH, now_() + COOLDOWN, false);
        (uint256 netted, uint256 departed) = depart();
        assertEq(netted, 0);
        assertEq(departed, 40 ether + MARGIN);
        pass(COOLDOWN);
        assertEq(sweepAll(), 40 ether + MARGIN);
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(40 ether));
        assertSound();
    }

    /// Every bucket cools and somebody else wants out: the batch waits. No end moves, nothing merges, and the minter
    /// itself never stakes.
    function test_l5_all_buckets_cooling_the_batch_waits() public {
        leave(alice, 90 ether);
        assertEq(minter.activeStake(), 0);
        submit(bob, 200 ether);
        stakeAll();
        assertGt(minter.activeStake(), 100 ether, "stake goes beside what cools");
        uint256[8] memory ends;
        for (uint256 i; i < 8; ++i) {
            ends[i] = slotEnd(uint16(i / 4), i % 4);
            assertEq(ends[i], now_() + COOLDOWN);
        }
        uint256 id = requestExit(bob, 150 ether);
        pass(1 hours);
        closeRung();
        uint256 waits;
        while (now_() < ends[0]) {
            (, uint256 departed) = depart();
            assertEq(departed, 0, "departed from a cooling bucket");
            for (uint256 i; i < 8; ++i) {
                assertEq(slotEnd(uint16(i / 4), i % 4), ends[i], "an end moved");
            }
            ++waits;
            pass(10 hours);
        }
        assertGe(waits, 50);
        (uint256 staked, uint256 cooled, uint256 parked) = staking.stakeInfo(address(minter));
        assertEq(staked + cooled + parked, 0, "the minter stakes nothing itself");
        // Matured, and still inside the safety: swept, not unstaked.
        vm.warp(ends[0]);
        assertEq(sweepAll(), 90 ether);
        (, uint256 left) = depart();
        assertEq(left, 0);
        vm.warp(ends[0] + SAFETY);
        (, left) = depart();
        assertGt(left, 0);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(bob, id), afterFee(150 ether));
        assertSound();
    }

    /// Ready is departure plus one cooldown; with every bucket away, the wait for one comes first, and the view says so.
    function test_l10_ready_time_is_the_departure_plus_one_cooldown() public {
        uint256 id = requestExit(alice, 20 ether);
        closeRung();
        uint256 closed = now_();
        (uint256 eta, bool revised) = minter.exitEta(id);
        // A departure, a sweep: each may be a grace late, and so may the departure's caller.
        assertEq(eta, closed + GRACE + COOLDOWN + GRACE);
        assertFalse(revised);
        depart();
        (eta,) = minter.exitEta(id);
        assertEq(eta, closed + COOLDOWN + GRACE);
        pass(COOLDOWN);
        sweepAll();
        (eta,) = minter.exitEta(id);
        assertEq(eta, 0, "its coins are here");
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(20 ether));
    }

    function test_l10_the_worst_case_is_shown_and_kept() public {
        leave(alice, 90 ether); // every bucket is away now
        uint256 away = now_() + COOLDOWN;
        submit(bob, 100 ether);
        stakeAll();
        pass(1 hours);
        vm.prank(bob);
        (, uint256 id) = minter.unstake(80 ether);
        ExitQuote memory q = minter.quoteExit(1 ether);
        // The wait for the first buckets, its grace, one cooldown, the sweep's grace.
        uint256 worst = away + SAFETY + GRACE + COOLDOWN + GRACE;
        assertEq(q.queueEta, worst);
        closeRung();
        (uint256 eta, bool revised) = minter.exitEta(id);
        assertEq(eta, worst);
        assertFalse(revised);
        // Keepers use their whole grace at each step.
        vm.warp(away + SAFETY + GRACE);
        sweepAll();
        (, uint256 departed) = depart();
        assertGt(departed, 0);
        pass(COOLDOWN + GRACE);
        assertEq(now_(), worst);
        sweepAll();
        minter.finalize();
        (, uint256 lst,) = minter.request(id);
        assertEq(claimNow(bob, id), afterFee(lst));
        assertSound();
    }

    function test_l16_retiring_buckets_and_a_removed_validator_orphan_nothing() public {
        setRewardRate(1e10);
        pass(1 days);
        vm.startPrank(keeper);
        minter.setValidatorWeight(0, 0);
        minter.configureBuckets(0, 0);
        vm.stopPrank();
        assertEq(minter.getBuckets(0).length, 4, "they have stake");
        // New stake goes elsewhere.
        submit(bob, 50 ether);
        stakeAll();
        assertEq(minter.validatorState(0).active, 45 ether);
        // Departures that nobody needs drain them, on the timetable.
        uint256 rounds;
        while (minter.validatorState(0).active != 0) {
            depart();
            pass(1 days);
            sweepAll();
            assertLt(++rounds, 60);
        }
        while (minter.validatorState(0).cooling != 0) {
            pass(1 days);
            sweepAll();
        }
        assertEq(minter.validatorState(0).buckets, 0);
        for (uint256 i; i < 4; ++i) {
            (uint256 staked, uint256 cooled, uint256 parked) = staking.stakeInfo(bucketOf(0, i));
            assertEq(staked + cooled + parked, 0, "orphaned stake");
        }
        assertEq(minter.assets(), 150 ether);
        // What they earned on the way can still be claimed, to the last wei.
        uint256 owed;
        for (uint256 i; i < 4; ++i) {
            owed += staking.getClaimableReward(bucketOf(0, i), NATIVE);
        }
        assertGt(owed, 4 * 8.748e15);
        vm.prank(keeper);
        assertEq(minter.claimBuckets(0, 0, 4), owed);
        // And they come back as they were.
        vm.prank(keeper);
        minter.addBuckets(0, 4);
        assertEq(minter.getBuckets(0)[3].bucket, bucketOf(0, 3));
        assertSound();
    }

    function test_l18_stake_of_an_inactive_validator_can_leave_and_leaves_first() public {
        vm.prank(keeper);
        minter.setValidatorWeight(1, 3); // so that 0 would be the one over weight
        staking.setValidatorStatus(1, false);
        minter.syncValidators();
        uint256 id = leave(alice, 40 ether);
        assertEq(minter.validatorState(1).active, 45 ether - 40 ether - MARGIN);
        assertEq(minter.validatorState(0).active, 45 ether);
        pass(COOLDOWN);
        assertEq(sweepAll(), 40 ether + MARGIN);
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(40 ether));
        // And no new stake goes there.
        submit(bob, 50 ether);
        stakeAll();
        assertEq(minter.validatorState(1).active, 5 ether - MARGIN);
        assertSound();
    }

    function test_l21_a_cooldown_changed_in_flight_moves_new_departures_only() public {
        uint256 first = leave(alice, 20 ether);
        uint256 end = now_() + COOLDOWN;
        (uint256 promised,) = minter.exitEta(first);
        staking.setCooldownInterval(40 days);
        vm.expectEmit(address(minter));
        emit EtaRevised(EtaReason.CooldownRaised, 40 days);
        minter.syncValidators();
        assertEq(slotEnd(0, 0), end);
        (uint256 eta, bool revised) = minter.exitEta(first);
        assertEq(eta, promised);
        assertFalse(revised);
        pass(2 days);
        while (now_() < minter.nextBatchUnstakeTimePerValidator(1)) pass(1 days);
        uint256 second = requestExit(alice, 20 ether);
        closeRung();
        depart();
        uint256 laterEnd = now_() + 40 days;
        (eta,) = minter.exitEta(second);
        assertEq(eta, laterEnd + GRACE);
        // Lowered: a third one's stake matures before the second's, and the second is paid first all the same.
        staking.setCooldownInterval(8 days);
        minter.syncValidators();
        while (now_() < minter.nextBatchUnstakeTimePerValidator(1)) pass(1 days);
        uint256 third = requestExit(alice, 20 ether);
        closeRung();
        depart();
        pass(8 days);
        while (now_() < end) pass(1 days);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, first), afterFee(20 ether));
        assertEq(claimNow(alice, second), afterFee(20 ether), "paid with what came first");
        (uint256 early,) = minter.claimable(third);
        assertLe(early, 2 * MARGIN, "more than the margins of those before");
        vm.warp(laterEnd);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, third), afterFee(20 ether));
        assertSound();
    }
}

/// L36 needs a ladder: one validator with 22 buckets of 10 coins or so.
contract LadderAttackTest is Attack {
    function setUp() public override {
        deployAll(1, 22);
        submit(alice, 221 ether);
        submit(bob, 22 ether);
        stakeAll();
        pass(1 hours);
    }

    function test_l36_dust_exits_every_hour_do_not_use_up_the_ladder() public {
        uint256 period = (COOLDOWN + SAFETY + 21) / 22; // a departure every 22.96 hours
        uint256 departures;
        uint256 last;
        for (uint256 h; h < 10 * 24; ++h) {
            requestExit(bob, 0.01 ether);
            closeRung();
            (, uint256 departed) = depart();
            if (departed != 0) {
                if (last != 0) assertGe(now_() - last, period, "off the timetable");
                last = now_();
                ++departures;
            }
            pass(1 hours);
        }
        // Ten days of hourly exits: eleven departures at most, half of the buckets. One an hour would have used all 22 up
        // on the first day.
        assertLe(departures, 11);
        assertGe(departures, 9);
        (, uint256 available,) = minter.getBucketAvailabilitySummary(0);
        assertGe(available, 11);
        // A real exit of 30 % leaves at the next stop.
        uint256 id = requestExit(alice, 73 ether);
        closeRung();
        uint256 from = now_();
        (uint256 eta, bool revised) = minter.exitEta(id);
        assertLe(eta, from + period + GRACE + COOLDOWN + GRACE);
        assertFalse(revised);
        uint256 out;
        while (out < 73 ether) {
            (, uint256 departed) = depart();
            out += departed;
            if (out < 73 ether) pass(1 hours);
        }
        assertLe(now_() - from, period, "waits for one stop, not for a cooldown");
        pass(COOLDOWN);
        sweep(0);
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(73 ether));
        assertSound();
    }
}
