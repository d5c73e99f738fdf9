// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../../src/liquid/ILiquidMinter.sol";
import {Attack} from "./Attack.sol";
import {Vm} from "forge-std/Test.sol";

/// A treasury that calls the minter instead of paying, or while paying.
contract EvilTreasury {
    ILiquidMinter immutable minter;
    bytes[] calls;
    uint256 public tried;
    uint256 public passed;

    constructor(ILiquidMinter minter_) payable {
        minter = minter_;
    }

    function add(bytes calldata data) external {
        calls.push(data);
    }

    function distributeReward(address, uint256 amount, address recipient) external {
        for (uint256 i; i < calls.length; ++i) {
            ++tried;
            (bool ok,) = address(minter).call(calls[i]);
            if (ok) ++passed;
        }
        (bool entered,) = address(minter).call{value: 1}(abi.encodeCall(ILiquidMinter.receiveFromBucket, ()));
        if (entered) ++passed;
        (bool paid,) = recipient.call{value: amount}("");
        require(paid);
    }
}

/// Tries every entry of the minter while it is being paid, and looks at the books.
contract Prober {
    ILiquidMinter immutable minter;
    bytes[] calls;
    uint256 public tried;
    uint256 public passed;
    bool public sound = true;

    constructor(ILiquidMinter minter_) {
        minter = minter_;
    }

    function add(bytes calldata data) external {
        calls.push(data);
    }

    receive() external payable {
        for (uint256 i; i < calls.length; ++i) {
            ++tried;
            (bool ok,) = address(minter).call(calls[i]);
            if (ok) ++passed;
        }
        if (address(minter).balance < minter.headroom() + minter.totalInstantUnstaked()) sound = false;
        if (minter.assets() < minter.supply() * minter.rate() / 1e27) sound = false;
    }
}

/// L22, L23, L26, L39, L42.
contract StrangersAttackTest is Attack {
    function test_l22_unasked_stake_and_coins_move_no_rate_and_are_skimmed() public {
        vm.prank(keeper);
        minter.setWithholdRatio(500); // 5 above the target: room to exchange stake for coins
        minter.syncValidators();
        address bucket = bucketOf(0, 2);
        vm.startPrank(mallory);
        staking.stakeOnBehalf{value: 3 ether}(0, bucket);
        staking.stakeOnBehalf{value: 4 ether}(1, bucket); // a validator that is not the bucket's
        vm.stopPrank();
        vm.deal(address(minter), address(minter).balance + 7 ether); // forced
        vm.deal(bucket, 2 ether);
        (bool ok,) = address(token).call{value: 0}("");
        assertFalse(ok);

        assertEq(minter.rate(), 1e27);
        assertEq(minter.assets(), 100 ether);
        assertEq(minter.quoteDeposit(1 ether), 1 ether);

        assertEq(minter.skim(), 7 ether);
        assertEq(minter.skim(), 0);
        assertEq(rewards.holdersOwed() + rewards.protocolFees(), 7 ether);
        assertEq(minter.skimStake(0, 2), 3 ether);
        assertEq(minter.skimStake(0, 2), 0);
        assertEq(rewards.holdersOwed() + rewards.protocolFees(), 10 ether);
        assertEq(bucketStake(0, 2), EACH + 3 ether);
        assertEq(minter.headroom(), 7 ether);
        assertEq(minter.assets(), 100 ether, "stake for coins, one for one");
        assertEq(minter.rate(), 1e27);

        // The bucket's own coins: a sweep credits what was cooling and not more, the rest is skimmed.
        vm.prank(keeper);
        minter.setValidatorWeight(0, 0);
        uint256 id = leave(alice, 14 ether);
        pass(COOLDOWN);
        uint256 wasCooling = minter.totalUnstaked();
        assertEq(sweepAll(), wasCooling);
        assertEq(minter.assets(), 100 ether);
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(14 ether));
        uint256 before = rewards.holdersOwed() + rewards.protocolFees();
        vm.prank(keeper);
        uint256 claimed = minter.claim(0);
        assertEq(minter.skim() + claimed, 2 ether);
        assertEq(rewards.holdersOwed() + rewards.protocolFees(), before + 2 ether);
        // Nobody passes as a bucket.
        vm.deal(bucket, 1 ether);
        vm.startPrank(bucket);
        (ok,) = address(minter).call{value: 1 ether}("");
        assertFalse(ok, "a bucket's coins are no deposit");
        vm.expectRevert(abi.encodeWithSelector(NotBucket.selector, bucket));
        minter.receiveFromBucket{value: 1 ether}();
        vm.stopPrank();
        assertSound();
    }

    function test_l23_the_first_depositor_cannot_inflate() public {
        // A fresh deployment, the seed alone in it; a donation of a thousand coins; then a victim.
        deployAll(1, 1);
        vm.prank(mallory);
        minter.submit{value: 1}();
        vm.deal(address(minter), address(minter).balance + 1000 ether);
        assertEq(submit(alice, 1 ether), 1 ether, "the victim gets her whole share");
        vm.prank(mallory);
        (uint256 paid,) = minter.unstake(1);
        assertLe(paid, 1);
        assertEq(minter.rate(), 1e27);
    }

    /// Ten thousand deposits of odd dust and as many exits, at a rate that divides nothing evenly.
    function test_l23_ten_thousand_micro_round_trips_never_profit() public {
        vm.pauseGasMetering();
        staking.slashValidator(1);
        minter.bookSlash(1);
        submit(bob, 13.37 ether);
        // 45 of 100 lost and then a seventh more of what is left: an odd rate.
        vm.prank(keeper);
        minter.setWithholdRatio(5_000);
        uint256 start = mallory.balance;
        uint256 backing = minter.assets() - minter.supply() * minter.rate() / 1e27;
        vm.startPrank(mallory);
        for (uint256 i; i < 10_000; ++i) {
            uint256 x = 1 + uint256(keccak256(abi.encode(i))) % 997;
            (bool ok,) = address(minter).call{value: x}(abi.encodeCall(ILiquidMinter.submit, ()));
            uint256 lst = token.balanceOf(mallory);
            if (ok && lst != 0) minter.unstake(lst);
        }
        vm.stopPrank();
        uint256 queued;
        LineState memory l = minter.line();
        queued = l.stagedLst + l.openLst;
        assertLe(mallory.balance + queued * minter.rate() / 1e27, start, "profit from roundings");
        assertGt(start - mallory.balance, 5_000, "they round against her");
        assertGe(minter.assets() - minter.supply() * minter.rate() / 1e27, backing, "at nobody's cost");
        assertSound();
    }

    function test_l26_reentrancy_at_every_external_call() public {
        setRewardRate(1e10);
        Prober prober = new Prober(minter);
        vm.deal(address(prober), 0);
        vm.prank(alice);
        token.transfer(address(prober), 20 ether);
        // Every role is hers too, so that only the guard stops her.
        EvilTreasury evil = new EvilTreasury(minter);
        vm.deal(address(evil), 10 ether);
        bytes[] memory all = _everyEntry(address(prober));
        for (uint256 i; i < all.length; ++i) {
            prober.add(all[i]);
            evil.add(all[i]);
        }
        _giveAllRoles(address(prober));
        _giveAllRoles(address(evil));
        staking.setTreasury(address(evil));
        pass(1 days);
        uint256 supply = minter.supply();
        uint256 assets = minter.assets();
        vm.prank(keeper);
        assertEq(minter.claimAll(), 8 * 8.748e15);
        assertEq(evil.tried(), 8 * all.length);
        assertEq(evil.passed(), 0, "re-entered from the treasury");
        assertEq(minter.supply(), supply);
        assertEq(minter.assets(), assets);

        // An instant exit, a claim, rewards: the receiver of each tries everything.
        vm.startPrank(address(prober));
        minter.unstake(5 ether);
        assertEq(prober.tried(), all.length);
        assertEq(prober.passed(), 0, "re-entered from an instant exit");
        vm.stopPrank();
        uint256 id = _requestFor(address(prober), 10 ether);
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        vm.startPrank(address(prober));
        minter.withdraw(address(prober), id);
        minter.unstakeRewards();
        vm.stopPrank();
        assertEq(prober.tried(), 3 * all.length);
        assertEq(prober.passed(), 0, "re-entered from a claim");
        assertTrue(prober.sound(), "half-written books were to be seen");
        assertSound();
    }

    /// A caller with too little gas for a permissionless step: the step is done whole or the call reverts. Never a healthy
    /// bucket told as broken, never a due time moved by a page that failed.
    function test_l39_a_stingy_caller_fakes_no_failure_of_a_sweep_or_departure() public {
        requestExit(alice, 40 ether);
        pass(1 hours);
        closeRung();
        pass(2 days);
        uint256 mark = vm.snapshotState();
        uint256 done;
        for (uint256 gas = 100_000; gas < 5_000_000; gas += 37_000) {
            vm.revertToState(mark);
            vm.recordLogs();
            vm.prank(mallory);
            try minter.processBatchUnstake{gas: gas}() returns (uint256, uint256 departed) {
                assertEq(departed, 40 ether + MARGIN, "a short departure");
                ++done;
            } catch {
                assertEq(minter.totalUnstaked(), 0);
            }
            _noFailure(DepartFailed.selector);
        }
        assertGt(done, 20);
        vm.revertToState(mark);
        depart();
        pass(COOLDOWN + GRACE);
        mark = vm.snapshotState();
        done = 0;
        for (uint256 gas = 100_000; gas < 3_000_000; gas += 37_000) {
            vm.revertToState(mark);
            vm.recordLogs();
            vm.prank(mallory);
            try minter.sweepMaturedBuckets{gas: gas}(0, 10) returns (uint256 swept, uint256) {
                assertEq(swept, 4, "a short sweep");
                ++done;
            } catch {
                assertEq(minter.totalUnstaked(), 40 ether + MARGIN);
            }
            _noFailure(SweepFailed.selector);
        }
        assertGt(done, 10);
    }

    /// The same for rewards behind 300 new checkpoints, a claim that takes 3.3M gas.
    function test_l39_a_stingy_caller_fakes_no_failure_of_a_claim() public {
        for (uint256 i; i < 300; ++i) {
            pass(1 hours);
            staking.setValidatorRewardRate(0, NATIVE, 1e9 + i);
        }
        uint256 mark = vm.snapshotState();
        uint256 done;
        for (uint256 gas = 1_000_000; gas < 20_000_000; gas += 211_000) {
            vm.revertToState(mark);
            vm.recordLogs();
            vm.prank(mallory);
            try minter.claimAll{gas: gas}() {
                ++done;
            } catch {}
            _noFailure(RewardsClaimFailed.selector);
        }
        assertGt(done, 10);
    }

    function test_l42_splitting_an_instant_exit_gains_nothing() public {
        uint256 mark = vm.snapshotState();
        uint256 before = alice.balance;
        vm.prank(alice);
        minter.unstake(9 ether);
        uint256 once = alice.balance - before;
        vm.revertToState(mark);
        for (uint256 i; i < 90; ++i) {
            vm.prank(alice);
            minter.unstake(0.1 ether);
        }
        uint256 split = alice.balance - before;
        assertLe(split, once, "cheaper in pieces");
        assertGe(split + 90, once, "nor dearer but for roundings");
    }

    /// In and out, again and again: each round pays its fee, and the limiter is where it was.
    function test_l42_deposit_and_exit_loops_do_not_drain_the_limiter_for_one_fee() public {
        uint256 liquidity = minter.instantLiquidity();
        uint256 start = mallory.balance;
        uint256 cheapest = 5 ether * 30 / 10_000;
        vm.startPrank(mallory);
        for (uint256 i; i < 25; ++i) {
            uint256 before = mallory.balance;
            minter.submit{value: 5 ether}();
            minter.unstake(5 ether);
            assertLe(mallory.balance + cheapest, before, "a round without its fee");
        }
        vm.stopPrank();
        assertEq(token.balanceOf(mallory), 0);
        assertEq(minter.line().openCount, 0, "none of it had to queue");
        uint256 feesPaid = start - mallory.balance;
        assertEq(minter.fees(), feesPaid);
        assertGe(minter.instantLiquidity() + 5 ether, liquidity, "at most one round of it is used up");
        // A day later it is whole again.
        pass(1 days);
        assertEq(minter.instantLiquidity(), liquidity);
        assertSound();
    }

    // ---------------------------------------------------------------------------------------------------------- helpers

    function _noFailure(bytes32 topic) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            assertTrue(logs[i].emitter != address(minter) || logs[i].topics[0] != topic, "a faked failure");
        }
    }

    function _requestFor(address who, uint256 lst) private returns (uint256) {
        return requestExit(who, lst);
    }

    function _giveAllRoles(address who) private {
        bytes32[5] memory roles = [
            bytes32(0), minter.REBALANCER_ROLE(), minter.CLAIMER_ROLE(), minter.HANDLER_ROLE(), minter.GUARDIAN_ROLE()
        ];
        vm.startPrank(admin);
        for (uint256 i; i < 5; ++i) {
            (bool ok,) = address(minter).call(abi.encodeWithSignature("grantRole(bytes32,address)", roles[i], who));
            assertTrue(ok);
        }
        vm.stopPrank();
    }

    function _everyEntry(address who) private pure returns (bytes[] memory all) {
        ExitParams memory p = ExitParams({
            instantMax: 1,
            ammMax: 0,
            queueMax: 1 ether,
            minOutNow: 0,
            feeLimitBps: 10_000,
            deadline: type(uint256).max,
            recipient: who
        });
        all = new bytes[](35);
        all[0] = abi.encodeCall(ILiquidMinter.redeem, (1 ether, p));
        all[1] = abi.encodeCall(ILiquidMinter.unstake, (1 ether));
        all[2] = abi.encodeCall(ILiquidMinter.unstakeFromValidator, (1 ether, 0));
        all[3] = abi.encodeCall(ILiquidMinter.cancel, (1));
        all[4] = abi.encodeWithSignature("claim(uint256,uint256,uint256)", 1, 0, 1);
        all[5] = abi.encodeCall(ILiquidMinter.claimTo, (1, 0, 1, who));
        all[6] = abi.encodeCall(ILiquidMinter.withdraw, (who, 1));
        all[7] = abi.encodeCall(ILiquidMinter.unstakeRewards, ());
        all[8] = abi.encodeCall(ILiquidMinter.closeRung, ());
        all[9] = abi.encodeCall(ILiquidMinter.finalize, ());
        all[10] = abi.encodeCall(ILiquidMinter.fulfillRequests, (new address[](0), new uint256[](0)));
        all[11] = abi.encodeCall(ILiquidMinter.fulfillProRata, (new address[](0), new uint256[](0), 1 ether));
        all[12] = abi.encodeCall(ILiquidMinter.rebalance, ());
        all[13] = abi.encodeCall(ILiquidMinter.stakeWitheldForValidator, (1 ether, 0));
        all[14] = abi.encodeCall(ILiquidMinter.restake, (0, 1 ether));
        all[15] = abi.encodeCall(ILiquidMinter.processBatchUnstake, ());
        all[16] = abi.encodeCall(ILiquidMinter.sweepMaturedBuckets, (0, 10));
        all[17] = abi.encodeWithSignature("claim(uint16)", 0);
        all[18] = abi.encodeCall(ILiquidMinter.claimAll, ());
        all[19] = abi.encodeCall(ILiquidMinter.claimBuckets, (0, 0, 4));
        all[20] = abi.encodeCall(ILiquidMinter.skim, ());
        all[21] = abi.encodeCall(ILiquidMinter.skimStake, (0, 0));
        all[22] = abi.encodeCall(ILiquidMinter.bookSlash, (0));
        all[23] = abi.encodeCall(ILiquidMinter.syncValidators, ());
        all[24] = abi.encodeCall(ILiquidMinter.payFees, ());
        all[25] = abi.encodeCall(ILiquidMinter.addBuckets, (0, 1));
        all[26] = abi.encodeCall(ILiquidMinter.configureBuckets, (0, 9));
        all[27] = abi.encodeCall(ILiquidMinter.claimFor, (1));
        all[28] = abi.encodeCall(ILiquidMinter.mintReceipt, (1));
        all[29] = abi.encodeCall(ILiquidMinter.unwrapTicket, (1, who));
        all[30] = abi.encodeCall(ILiquidMinter.fundInsurance, ());
        all[31] = abi.encodeCall(ILiquidMinter.withdrawInsurance, (who, 1));
        all[32] = abi.encodeCall(ILiquidMinter.claimToken, (who, 0, 0, 4));
        all[33] = abi.encodeCall(ILiquidMinter.setDelegateClaimer, (who, who));
        all[34] = abi.encodeCall(ILiquidMinter.setConversion, (who, 1, 1, 1));
    }
}
