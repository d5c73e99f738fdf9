// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeTreasury} from "../../src/staking/IPlumeStaking.sol";
import {Attack} from "./Attack.sol";
import {Vm} from "forge-std/Test.sol";

/// L1, L12, L24, L28, L29, L37.
contract RewardsAttackTest is Attack {
    uint256 constant RATE = 1e10; // 1e-8 of the stake per second

    function test_l1_rewards_earned_in_buckets_reach_holders_all_of_them() public {
        setRewardRate(RATE);
        uint256 inTreasury = address(treasury).balance;
        pass(1 days);
        vm.prank(keeper);
        uint256 claimed = minter.claimAll();
        // 11.25 coins earn 9.72e15 in a day, less 10 % commission: 8.748e15 in each of 8 buckets.
        assertEq(claimed, 8 * 8.748e15);
        assertEq(address(treasury).balance, inTreasury - claimed);
        for (uint16 v; v < 2; ++v) {
            for (uint256 i; i < 4; ++i) {
                assertEq(bucketOf(v, i).balance, 0, "left in a bucket");
            }
        }
        uint256 fee = claimed / 10;
        uint256 net = claimed - fee;
        assertEq(rewards.protocolFees(), fee);
        assertEq(rewards.holdersOwed(), net);
        // It vests to the midnight after seven days.
        uint256 end = (now_() + 7 days + 1 days - 1) / 1 days * 1 days;
        uint256 vested = net - net % (end - now_());
        vm.warp(end);
        uint256 before = alice.balance;
        vm.prank(alice);
        assertEq(minter.unstakeRewards(), 99 * (vested / 100));
        assertEq(alice.balance - before, 99 * (vested / 100));
        assertEq(token.earned(address(0xdEaD)), vested / 100);
        rewards.payProtocolFees();
        assertEq(feeRecipient.balance, fee);
        // The rate is no way for rewards: nothing of them is in the books of the minter.
        assertEq(minter.rate(), 1e27);
        assertEq(minter.assets(), 100 ether);
        assertSound();
    }

    function test_l12_many_small_loads_through_the_minter_vest_in_full_on_time() public {
        vm.deal(keeper, 100 ether);
        uint256 lastEnd;
        for (uint256 i; i < 40; ++i) {
            vm.prank(keeper);
            minter.loadRewards{value: 1 ether}();
            lastEnd = (now_() + 7 days + 1 days - 1) / 1 days * 1 days;
            pass(6 hours);
        }
        // Ten days of loads: on the day the last one ends everything has vested.
        vm.warp(lastEnd);
        (,, uint256 flow, uint256 carry, uint256 unallocated,) = token.streamState();
        assertEq(flow, 0);
        assertLt(unallocated, 8 days, "less than a wei a second of one span");
        uint256 all = token.earned(alice) + token.earned(address(0xdEaD)) + carry + unallocated;
        assertLe(all, 36 ether);
        assertGe(all, 36 ether - 50, "a wei for each accrual");
        uint256 before = alice.balance;
        vm.prank(alice);
        minter.unstakeRewards();
        assertApproxEqAbs(alice.balance - before, 35.64 ether, 8 days);
    }

    /// Deposits just before a load and leaves at once: the load has only begun to stream, the exit costs its fee.
    function test_l24_sandwich_of_a_load_loses() public {
        vm.deal(keeper, 10 ether);
        uint256 before = mallory.balance;
        submit(mallory, 9 ether);
        vm.prank(keeper);
        minter.loadRewards{value: 10 ether}();
        pass(12);
        vm.startPrank(mallory);
        minter.unstakeRewards();
        minter.unstake(9 ether);
        vm.stopPrank();
        // 9e18 streams over 8 days or less; 12 seconds of it, and 9 of 109 LST, against 30 bps and more of 9 coins.
        uint256 most = uint256(9 ether) * 12 / 7 days * 9 / 109;
        assertLt(mallory.balance, before + most - 9 ether * 30 / 10_000 + 1);
        assertLt(mallory.balance, before);
        assertEq(token.balanceOf(mallory), 0);
    }

    /// After a gap the backlog streams over as long as the gap was: no better.
    function test_l24_sandwich_after_a_long_gap_loses() public {
        vm.deal(keeper, 20 ether);
        vm.prank(keeper);
        minter.loadRewards{value: 1 ether}();
        pass(60 days);
        uint256 before = mallory.balance;
        submit(mallory, 9 ether);
        vm.prank(keeper);
        minter.loadRewards{value: 10 ether}();
        (,, uint256 flow,,,) = token.streamState();
        assertLe(flow, uint256(9 ether) / 60 days + 1, "a backlog must not stream faster than it was earned");
        pass(1 hours);
        vm.startPrank(mallory);
        minter.unstakeRewards();
        minter.unstake(9 ether);
        vm.stopPrank();
        assertLt(mallory.balance, before);
    }

    function test_l28_a_short_treasury_fails_claims_softly_and_exits_go_on() public {
        setRewardRate(RATE);
        uint256 id = leave(alice, 20 ether);
        vm.deal(address(treasury), 0);
        pass(COOLDOWN);
        vm.recordLogs();
        vm.prank(keeper);
        assertEq(minter.claimAll(), 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 failed;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != RewardsClaimFailed.selector) continue;
            ++failed;
            bytes memory reason = abi.decode(logs[i].data, (bytes));
            assertEq(bytes4(reason), IPlumeTreasury.InsufficientPlumeBalance.selector);
        }
        assertEq(failed, 7, "one bucket left whole at once and earned nothing");
        assertEq(sweepAll(), 20 ether + MARGIN);
        minter.finalize();
        uint256 before = alice.balance;
        claimNow(alice, id);
        assertEq(alice.balance - before, afterFee(20 ether));
        // Once the treasury has coins again, nothing of the rewards is lost.
        vm.deal(address(treasury), 100 ether);
        vm.prank(keeper);
        uint256 late = minter.claimAll();
        // 90 coins for an hour less than 21 days would be more: 20 of them (and 1 gwei) stopped earning on leaving.
        uint256 earned = (90 ether - 20 ether - MARGIN) * RATE / 1e18 * COOLDOWN * 9 / 10;
        assertApproxEqAbs(late, earned, 1e12);
        assertSound();
    }

    /// Somebody else's compensation: whoever buys in just before it streams gets seconds of it, at the exit fee.
    function test_l37_buying_in_before_a_compensation_gains_nothing() public {
        staking.slashValidator(1);
        minter.bookSlash(1);
        assertEq(minter.rate(), 0.55e27);
        uint256 before = mallory.balance;
        submit(mallory, 5 ether);
        vm.deal(carol, 45 ether);
        vm.prank(carol);
        minter.loadRewards{value: 45 ether}(); // made whole, as rewards
        assertEq(minter.rate(), 0.55e27, "never as a rise of the rate");
        pass(12);
        uint256 lst = token.balanceOf(mallory);
        vm.startPrank(mallory);
        minter.unstakeRewards();
        minter.unstake(lst);
        vm.stopPrank();
        assertLt(mallory.balance, before);
        // The same with coins sent to the minter and skimmed.
        vm.deal(address(minter), address(minter).balance + 45 ether);
        before = mallory.balance;
        lst = submit(mallory, 5 ether);
        minter.skim();
        assertEq(minter.rate(), 0.55e27);
        pass(12);
        vm.startPrank(mallory);
        minter.unstakeRewards();
        minter.unstake(lst);
        vm.stopPrank();
        assertLt(mallory.balance, before);
        assertSound();
    }
}

/// 300 reward checkpoints and 20 foreign validators in a bucket.
contract RewardHistoryTest is Attack {
    uint256 constant MOST = 10_000_000;

    function setUp() public override {
        deployAll(2, 4);
        vm.deal(mallory, 1_000_000 ether);
        submit(alice, 99 ether);
        stakeAll();
        pass(1 hours);
        for (uint16 id = 2; id < 22; ++id) {
            addValidator(id);
            for (uint16 v; v < 2; ++v) {
                for (uint256 i; i < 4; ++i) {
                    address bucket = bucketOf(v, i);
                    vm.prank(mallory);
                    staking.stakeOnBehalf{value: 1 ether}(id, bucket);
                }
            }
        }
        for (uint256 i; i < 300; ++i) {
            pass(1 hours);
            staking.setValidatorRewardRate(0, NATIVE, 1e9 + i);
            staking.setValidatorRewardRate(1, NATIVE, 1e9 + i);
        }
    }

    function _bounded(string memory what) private {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint(what, gas);
        assertLt(gas, MOST, what);
    }

    function test_l29_every_keeper_call_stays_bounded() public {
        vm.startPrank(keeper);
        assertGt(minter.claimBuckets(0, 0, 1), 0);
        _bounded("claim of one bucket, nothing settled before");
        minter.claimBuckets(0, 0, 1);
        _bounded("claim of one bucket, settled");
        minter.syncValidators();
        _bounded("sync");
        vm.stopPrank();

        uint256 id = requestExit(alice, 10 ether);
        vm.prank(keeper);
        minter.closeRung();
        _bounded("close");
        (, uint256 departed) = depart();
        _bounded("departure of one bucket");
        assertEq(departed, 10 ether + MARGIN);
        pass(COOLDOWN);
        (, uint256 gained) = sweep(0);
        if (gained == 0) (, gained) = sweep(1);
        _bounded("sweep of one bucket");
        assertEq(gained, 10 ether + MARGIN);
        minter.finalize();
        _bounded("finalize");
        claimNow(alice, id);

        submit(bob, 20 ether);
        vm.prank(keeper);
        minter.stakeWitheldForValidator(1 ether, 1);
        _bounded("one stake");
        vm.prank(keeper);
        assertGt(minter.rebalance(), 0);
        _bounded("stake bus");
        assertSound();
    }

    /// Six departures, two a page: each page fits, no due time moves before the last, and nothing of the exit is lost.
    function test_l29_a_page_of_departures_stays_bounded() public {
        uint256 id = requestExit(alice, 60 ether);
        closeRung();
        (uint256 promised,) = minter.exitEta(id);
        uint256 turn = minter.line().nextDeparture;
        uint256 total;
        uint256 pages;
        while (total < 60 ether + MARGIN) {
            assertEq(minter.line().nextDeparture, turn, "a short page moved the timetable");
            vm.prank(keeper);
            (, uint256 departed) = minter.processBatchUnstakePage(2);
            _bounded("page of two departures");
            assertGt(departed, 0);
            total += departed;
            ++pages;
        }
        assertEq(total, 60 ether + MARGIN);
        assertEq(pages, 3);
        assertGt(minter.line().nextDeparture, turn);
        (uint256 eta,) = minter.exitEta(id);
        assertLe(eta, promised);
        assertSound();
    }
}
