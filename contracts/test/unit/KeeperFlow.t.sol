// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking} from "../../src/staking/IPlumeStaking.sol";
import {Fixture} from "../Fixture.sol";
import {Vm} from "forge-std/Vm.sol";

/// What the keepers do, step by step, amounts worked by hand: sync, buckets, stake bus, departures, sweeps, FIFO, pro rata.
contract KeeperFlowTest is Fixture {
    function setUp() public {
        deployAll(2, 4);
    }

    function test_validator_sync_registers_new_ones_and_mirrors_flags() public {
        addValidator(7);
        addValidator(9);
        vm.expectEmit(address(minter));
        emit ValidatorRegistered(7);
        assertEq(minter.syncValidators(), 2);
        uint16[] memory ids = minter.validators();
        assertEq(ids.length, 4);
        assertEq(ids[2], 7);
        assertEq(ids[3], 9);
        assertEq(minter.validatorState(9).weight, 0, "known, and no stake until somebody says so");
        staking.setValidatorStatus(7, false);
        staking.slashValidator(9);
        assertEq(minter.syncValidators(), 0);
        assertTrue(minter.validatorState(7).inactive);
        assertTrue(minter.validatorState(9).slashed);
        assertFalse(minter.validatorState(9).booked);
        (,,, uint256 syncedAt, uint256 pending,) = minter.flags();
        assertEq(syncedAt, now_());
        assertEq(pending, 1);
        minter.bookSlash(9);
        (,,,, pending,) = minter.flags();
        assertEq(pending, 0);
    }

    function test_buckets_are_created_where_the_factory_says_and_grow_and_retire() public {
        BucketInfo[] memory list = minter.getBuckets(0);
        assertEq(list.length, 4);
        for (uint256 i; i < 4; ++i) {
            assertEq(list[i].bucket, factory.bucketAddress(0, i));
            assertEq(list[i].bucket.codehash, factory.BUCKET_CODEHASH());
        }
        vm.startPrank(keeper);
        minter.addBuckets(0, 3);
        assertEq(minter.getBuckets(0).length, 7);
        minter.configureBuckets(0, 2);
        assertEq(minter.getBuckets(0).length, 2, "empty ones end at once");
        minter.configureBuckets(0, 128);
        assertEq(minter.getBuckets(0)[127].bucket, factory.bucketAddress(0, 127));
        vm.expectRevert(abi.encodeWithSelector(TooManyBuckets.selector, 0, 129, 128));
        minter.addBuckets(0, 1);
        vm.stopPrank();
        (uint256 total, uint256 available, uint256 next) = minter.getBucketAvailabilitySummary(0);
        assertEq(total, 128);
        assertEq(available, 128);
        assertEq(next, now_());
    }

    function test_the_stake_bus_spreads_by_weight_over_buckets() public {
        submit(alice, 99 ether);
        vm.prank(keeper);
        assertEq(minter.rebalance(), 90 ether);
        for (uint16 v; v < 2; ++v) {
            for (uint256 i; i < 4; ++i) {
                assertEq(minter.getBuckets(v)[i].activeStake, 11.25 ether);
                assertEq(staking.getUserValidatorStake(factory.bucketAddress(v, i), v), 11.25 ether);
            }
        }
        assertEq(minter.currentWithheldETH(), 10 ether);
        vm.prank(keeper);
        assertEq(minter.rebalance(), 0);
    }

    function test_sweeps_go_on_where_they_stopped_and_pay_in_order() public {
        submit(alice, 99 ether);
        stakeAll();
        vm.warp(T0 + 1 hours);
        uint256 id = requestExit(alice, 45 ether - 1 gwei);
        closeRung();
        (, uint256 departed) = depart();
        assertEq(departed, 45 ether);
        vm.warp(T0 + 1 hours + COOLDOWN);
        (uint16[] memory ids, uint8[] memory reasons,, uint256 count) = minter.getValidatorsToProcess(10);
        assertEq(count, 1);
        assertEq(ids[0], 0);
        assertEq(reasons[0] & 1, 1, "to sweep");
        vm.startPrank(keeper);
        (uint256 swept, uint256 gained) = minter.sweepMaturedBuckets(0, 3);
        assertEq(swept, 3);
        assertEq(gained, 33.75 ether);
        (swept, gained) = minter.sweepMaturedBuckets(0, 3);
        assertEq(swept, 1);
        assertEq(gained, 11.25 ether);
        (swept,) = minter.sweepMaturedBuckets(0, 3);
        assertEq(swept, 0);
        address[] memory users = new address[](1);
        uint256[] memory list = new uint256[](1);
        (users[0], list[0]) = (alice, id);
        uint256 before = alice.balance;
        (uint256 processed, uint256 paid) = minter.fulfillRequests(users, list);
        vm.stopPrank();
        assertEq(processed, 1);
        uint256 gross = 45 ether - 1 gwei;
        assertEq(paid, gross - (gross * 5 + 9999) / 10_000);
        assertEq(alice.balance - before, paid);
    }

    /// Three rungs, coins for one and a half: the first in full, the second half, the third nothing.
    function test_fifo_across_rungs_and_one_fraction_within() public {
        submit(alice, 60 ether);
        submit(bob, 60 ether);
        submit(carol, 79 ether);
        stakeAll(); // 200 in all: 20 of buffer, 90 and 90
        vm.warp(T0 + 1 hours);
        uint256 first = requestExit(alice, 30 ether);
        closeRung();
        vm.warp(T0 + 2 hours);
        uint256 half = requestExit(bob, 20 ether);
        uint256 other = requestExit(carol, 10 ether);
        closeRung();
        vm.warp(T0 + 3 hours);
        uint256 last = requestExit(alice, 20 ether);
        closeRung();
        // 45 coins come in early, above the target: netted at the next departure, and FIFO spends them.
        vm.prank(keeper);
        minter.setWithholdRatio(0);
        vm.deal(carol, 1_000 ether);
        submit(carol, 25 ether); // with the buffer's 20: 45
        vm.prank(keeper);
        (uint256 netted,) = minter.processBatchUnstake();
        assertEq(netted, 45 ether);
        minter.finalize();
        assertEq(minter.totalInstantUnstaked(), 45 ether);
        (uint256 gross,) = minter.claimable(first);
        assertEq(gross, 30 ether);
        (gross,) = minter.claimable(half);
        assertEq(gross, 10 ether, "half of 20");
        (gross,) = minter.claimable(other);
        assertEq(gross, 5 ether, "half of 10");
        (gross,) = minter.claimable(last);
        assertEq(gross, 0);
        // A part is claimed now, the rest when its own coins are there.
        assertEq(claimNow(bob, half), 10 ether - 0.005 ether);
        vm.warp(now_() + COOLDOWN);
        sweep(0);
        sweep(1);
        minter.finalize();
        assertEq(claimNow(bob, half), 10 ether - 0.005 ether);
        assertEq(claimNow(carol, other), 10 ether - 0.005 ether);
        assertEq(claimNow(alice, first), 30 ether - 0.015 ether);
        assertEq(claimNow(alice, last), 20 ether - 0.01 ether);
        assertEq(minter.fees(), 0.04 ether);
    }

    /// Early money shared over everything open, in proportion, later rungs included.
    function test_pro_rata_pays_every_open_rung_the_same_fraction() public {
        submit(alice, 60 ether);
        submit(bob, 60 ether);
        submit(carol, 79 ether);
        stakeAll();
        vm.warp(T0 + 1 hours);
        uint256 first = requestExit(alice, 40 ether);
        closeRung();
        vm.warp(T0 + 2 hours);
        uint256 second = requestExit(bob, 20 ether);
        closeRung();
        submit(carol, 30 ether);
        address[] memory users = new address[](0);
        uint256[] memory ids = new uint256[](0);
        vm.prank(keeper);
        (uint256 spent,,) = minter.fulfillProRata(users, ids, 15 ether);
        assertEq(spent, 15 ether);
        (uint256 gross,) = minter.claimable(first);
        assertApproxEqAbs(gross, 10 ether, 1);
        (gross,) = minter.claimable(second);
        assertApproxEqAbs(gross, 5 ether, 1);
        // The buffer's target is not early money.
        vm.prank(keeper);
        (spent,,) = minter.fulfillProRata(users, ids, type(uint256).max);
        assertEq(spent, 15 ether, "what is above the target");
        assertEq(minter.headroom(), 20 ether);
        assertEq(minter.totalInstantUnstaked(), 30 ether);
        assertEq(minter.line().openLst, 30 ether);
    }

    function test_keepers_views_lead_from_step_to_step() public {
        submit(alice, 99 ether);
        (uint16 id, uint256 index, uint256 capacity) = minter.getNextValidator(90 ether);
        assertEq(id, 0);
        assertEq(index, 0);
        assertEq(capacity, 90 ether, "90 % of 100");
        stakeAll();
        vm.warp(T0 + 1 hours);
        requestExit(alice, 20 ether);
        closeRung();
        assertEq(minter.totalQueuedWithdrawalsPerValidator(0), 20 ether);
        (,,, uint256 count) = minter.getValidatorsToProcess(10);
        assertEq(count, 2, "either could depart now");
        depart();
        assertEq(minter.totalQueuedWithdrawalsPerValidator(0), 0);
        // 21 d 1 h over four buckets: the validator's next departure; over eight: the line's.
        assertEq(minter.nextBatchUnstakeTimePerValidator(0), now_() + (COOLDOWN + SAFETY) / 4);
        assertEq(minter.nextBatchUnstakeTimePerValidator(1), now_() + (COOLDOWN + SAFETY) / 8);
        (uint256 buffer, uint256 reserved, uint256 cooling, uint256 headroom, uint256 queued) =
            minter.getBufferAndQueueStats();
        assertEq(buffer, 10 ether);
        assertEq(reserved, 0);
        assertEq(cooling, 20 ether + 1 gwei);
        assertEq(headroom, 10 ether);
        assertEq(queued, 20 ether);
        IPlumeStaking.CooldownView[] memory slots = staking.getUserCooldowns(factory.bucketAddress(0, 0));
        assertEq(minter.getBuckets(0)[0].nextAvailableTime, slots[0].cooldownEndTime + SAFETY);
    }

    function test_fees_of_every_exit_go_to_their_recipient_and_no_coin_more() public {
        submit(alice, 99 ether);
        stakeAll();
        vm.warp(T0 + 1 hours);
        vm.prank(alice);
        (uint256 paid,) = minter.unstake(10 ether);
        assertEq(paid, 9.935 ether, "30 bps at the top, 100 at the bottom");
        uint256 id = requestExit(alice, 20 ether);
        closeRung();
        depart();
        vm.warp(now_() + COOLDOWN);
        sweep(0);
        minter.finalize();
        claimNow(alice, id);
        uint256 all = 0.065 ether + 0.01 ether;
        assertEq(minter.fees(), all);
        vm.expectEmit(address(minter));
        emit FeesPaid(feeRecipient, all);
        vm.prank(bob);
        assertEq(minter.payFees(), all);
        assertEq(feeRecipient.balance, all);
        assertEq(minter.fees(), 0);
        assertEq(minter.totalInstantUnstaked(), 0);
        assertEq(minter.payFees(), 0, "once");
        assertEq(feeRecipient.balance, all);
    }

    function test_a_sink_of_its_own_gets_rewards_as_plain_coins() public {
        address sink = makeAddr("sink");
        vm.prank(admin);
        minter.setRewardsSink(sink);
        uint256 before = address(rewards).balance;
        vm.deal(address(this), 2 ether);
        minter.loadRewards{value: 2 ether}();
        assertEq(sink.balance, 2 ether);
        assertEq(address(rewards).balance, before);
        assertEq(minter.headroom(), SEED);
    }

    /// A retiring bucket that does not let go: nothing is booked, and the timetable waits for nobody.
    function test_a_retiring_bucket_that_refuses_stays_as_it_is() public {
        submit(alice, 99 ether);
        stakeAll();
        vm.warp(T0 + 1 hours);
        vm.prank(keeper);
        minter.configureBuckets(0, 3);
        address last = factory.bucketAddress(0, 3);
        vm.mockCallRevert(last, abi.encodeWithSignature("unstake(uint16,uint256)"), "stuck");
        uint256 next = minter.nextBatchUnstakeTimePerValidator(0);
        vm.expectEmit(address(minter));
        emit DepartFailed(0, 3, 11.25 ether, "stuck");
        vm.prank(keeper);
        (, uint256 departed) = minter.processBatchUnstake();
        assertEq(departed, 0);
        assertEq(minter.getBuckets(0)[3].activeStake, 11.25 ether);
        assertEq(minter.totalUnstaked(), 0);
        assertEq(minter.nextBatchUnstakeTimePerValidator(0), next);
        vm.clearMockedCalls();
        vm.prank(keeper);
        (, departed) = minter.processBatchUnstake();
        assertEq(departed, 11.25 ether, "as soon as it does");
    }

    /// Two buckets that refuse are each asked once, and the others carry the exit.
    function test_buckets_that_refuse_are_passed_over() public {
        submit(alice, 99 ether);
        stakeAll();
        requestExit(alice, 20 ether);
        vm.warp(T0 + 1 hours);
        closeRung();
        bytes memory call = abi.encodeWithSignature("unstake(uint16,uint256)");
        vm.mockCallRevert(factory.bucketAddress(0, 0), call, "stuck");
        vm.mockCallRevert(factory.bucketAddress(0, 2), call, "stuck");
        uint256 rest = 8.75 ether + 1 gwei; // the margin
        vm.expectEmit(address(minter));
        emit DepartFailed(0, 0, 11.25 ether, "stuck");
        vm.expectEmit(address(minter));
        emit Departed(0, 1, 11.25 ether, now_() + COOLDOWN, false);
        vm.expectEmit(address(minter));
        emit DepartFailed(0, 2, rest, "stuck");
        vm.expectEmit(address(minter));
        emit Departed(0, 3, rest, now_() + COOLDOWN, false);
        vm.prank(keeper);
        (, uint256 departed) = minter.processBatchUnstake();
        assertEq(departed, 11.25 ether + rest);
        assertEq(minter.totalUnstaked(), 11.25 ether + rest);
    }

    /// All stake is one validator's: what is lacking is asked of nobody twice.
    function test_a_bucket_that_refuses_is_asked_once() public {
        vm.prank(keeper);
        minter.setValidatorWeight(1, 0);
        submit(alice, 99 ether);
        stakeAll();
        assertEq(minter.getBuckets(0)[2].activeStake, 22.5 ether);
        requestExit(alice, 80 ether);
        vm.warp(T0 + 1 hours);
        closeRung();
        vm.mockCallRevert(factory.bucketAddress(0, 2), abi.encodeWithSignature("unstake(uint16,uint256)"), "stuck");
        vm.recordLogs();
        vm.prank(keeper);
        (, uint256 departed) = minter.processBatchUnstake();
        assertEq(departed, 67.5 ether);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 failed;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == DepartFailed.selector) ++failed;
        }
        assertEq(failed, 1);
    }

    /// 25 buckets are more than a page of 20: the second page goes once around.
    function test_pages_of_rewards_go_around() public {
        vm.startPrank(admin);
        minter.setValidatorWeight(1, 0);
        minter.configureBuckets(0, 25);
        vm.stopPrank();
        submit(alice, 99 ether);
        stakeAll();
        assertEq(minter.validatorState(0).active, 90 ether);
        address[] memory tokens = new address[](1);
        uint256[] memory rates = new uint256[](1);
        (tokens[0], rates[0]) = (NATIVE, 1e10);
        staking.setRewardRates(tokens, rates);
        vm.warp(T0 + 1_000_000);
        // A coin earns 0.01 less 10 % in that time, and each bucket has 3.6.
        uint256 each = 0.0324 ether;
        vm.startPrank(keeper);
        assertEq(minter.claim(uint16(0)), 20 * each);
        assertEq(minter.validatorState(0).claimCursor, 20);
        assertEq(minter.claim(uint16(0)), 5 * each, "the last five; fifteen were empty");
        assertEq(minter.validatorState(0).claimCursor, 15);
        vm.warp(T0 + 2_000_000);
        assertEq(minter.claim(uint16(0)), 20 * each);
        assertEq(minter.validatorState(0).claimCursor, 10);
        assertEq(minter.claimBuckets(0, 0, 25), 5 * each, "10 to 14");
        vm.stopPrank();
    }

    /// Pages of a validator without stake: the cursor stands at 20 when 15 buckets are left.
    function test_the_page_of_rewards_begins_anew_when_its_buckets_are_gone() public {
        vm.startPrank(keeper);
        minter.addBuckets(1, 21);
        minter.claim(uint16(1));
        assertEq(minter.validatorState(1).claimCursor, 20);
        vm.expectEmit(address(minter));
        emit BucketsConfigured(1, 15, 15);
        minter.configureBuckets(1, 15);
        assertEq(minter.validatorState(1).claimCursor, 0);
        assertEq(minter.claim(uint16(1)), 0);
        vm.expectEmit(address(minter));
        emit BucketsConfigured(1, 16, 16);
        minter.addBuckets(1, 1);
        vm.stopPrank();
    }
}
