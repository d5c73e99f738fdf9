// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../../src/liquid/ILiquidMinter.sol";
import {IPlumeStaking} from "../../src/staking/IPlumeStaking.sol";
import {Attack} from "./Attack.sol";

/// A validator's administrator that holds LST.
contract Voter {
    IPlumeStaking immutable staking;
    ILiquidMinter immutable minter;
    uint256 public id;

    constructor(IPlumeStaking staking_, ILiquidMinter minter_) {
        (staking, minter) = (staking_, minter_);
    }

    receive() external payable {}

    function enter(uint256 amount) external {
        minter.submit{value: amount}();
    }

    function attack(uint16 target, uint256 until) external {
        staking.voteToSlashValidator(target, until);
        (, id) = minter.unstake(9 ether);
        minter.bookSlash(target);
        minter.submit{value: address(this).balance}();
    }
}

/// L19, L20, L25, L43.
contract LossesAttackTest is Attack {
    /// 45 of 100 are gone: everybody is worth 55 %, in the wallet and in the queue.
    function test_l19_a_slash_of_active_stake_is_shared_equally() public {
        submit(bob, 100 ether);
        stakeAll(); // 20 buffer, 90 and 90
        uint256 id = requestExit(bob, 50 ether);
        staking.slashValidator(0);
        vm.expectEmit(address(minter));
        emit SlashBooked(0, 90 ether, 0, 0.55e27);
        assertEq(minter.bookSlash(0), 90 ether);
        assertEq(minter.rate(), 0.55e27);
        assertEq(minter.assets(), 110 ether);
        assertEq(minter.supply(), 200 ether);
        vm.expectRevert(abi.encodeWithSelector(AlreadyBooked.selector, 0));
        minter.bookSlash(0);
        vm.expectRevert(abi.encodeWithSelector(NotSlashed.selector, 1));
        minter.bookSlash(1);
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(bob, id), afterFee(27.5 ether));
        // Alice leaves later, at the same rate; whoever comes in now shares no loss.
        assertEq(submit(carol, 55 ether), 100 ether);
        uint256 hers = requestExit(alice, 99 ether);
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, hers), afterFee(54.45 ether));
        assertEq(minter.rate(), 0.55e27, "a rate never rises");
        assertSound();
    }

    /// A batch is in flight and its validator is slashed one second before, at, or one second after its end.
    function test_l19_cooling_stake_one_second_either_side_of_its_end() public {
        uint256 id = leave(alice, 45 ether - MARGIN); // validator 0 whole
        uint256 end = slotEnd(0, 0);
        uint256 mark = vm.snapshotState();
        for (uint256 i; i < 3; ++i) {
            vm.revertToState(mark);
            vm.warp(end + i - 1);
            staking.slashValidator(0);
            uint256 loss = minter.bookSlash(0);
            if (i < 2) {
                assertEq(loss, 45 ether, "lost while now <= end");
                assertEq(minter.assets(), 55 ether);
                assertEq(minter.rate(), 0.55e27);
                vm.warp(end + 1);
                (uint256 swept,) = sweep(0);
                assertEq(swept, 0);
                // Her claim falls like everybody's, and is paid: FIFO, from the validator that is left.
                while (now_() < minter.nextBatchUnstakeTimePerValidator(1)) pass(1 hours);
                depart();
                pass(COOLDOWN);
                sweepAll();
                minter.finalize();
                assertEq(claimNow(alice, id), afterFee((45 ether - MARGIN) * 55 / 100));
            } else {
                assertEq(loss, 0, "matured before: safe");
                assertEq(minter.rate(), 1e27);
                (, uint256 gained) = sweep(0);
                assertEq(gained, 45 ether);
                minter.finalize();
                assertEq(claimNow(alice, id), afterFee(45 ether - MARGIN));
            }
            assertSound();
        }
    }

    function test_l19_a_validator_with_a_batch_in_flight_and_a_matured_one() public {
        uint256 first = leave(alice, 20 ether);
        uint256 end = now_() + COOLDOWN;
        while (now_() < minter.nextBatchUnstakeTimePerValidator(0)) pass(1 hours);
        // A second batch from the same validator: it is over weight again once the other one is emptied.
        vm.prank(keeper);
        minter.setValidatorWeight(0, 0);
        uint256 second = requestExit(alice, 10 ether);
        closeRung();
        depart();
        assertEq(minter.validatorState(0).cooling, 30 ether + MARGIN, "one margin for both");
        vm.warp(end + 1);
        staking.slashValidator(0);
        // 15 active, 10 cooling; the first 20 had matured.
        uint256 loss = minter.bookSlash(0);
        assertEq(loss, 25 ether - MARGIN);
        assertEq(minter.totalUnstaked() + loss + minter.validatorState(1).active + minter.headroom(), 100 ether);
        uint256 rate = minter.rate();
        assertEq(rate, minter.assets() * 1e27 / 100 ether);
        (, uint256 gained) = sweep(0);
        assertEq(gained, 20 ether + MARGIN);
        minter.finalize();
        // In order: the first gets its 20 LST at the new rate, the second what is left of the sweep.
        assertApproxEqAbs(claimNow(alice, first), afterFee(20 ether * rate / 1e27), 1);
        (uint256 gross,) = minter.claimable(second);
        assertApproxEqAbs(gross, 20 ether + MARGIN - 20 ether * rate / 1e27, 2);
        assertSound();
    }

    function test_l19_the_only_validator_is_slashed() public {
        vm.prank(keeper);
        minter.setValidatorWeight(1, 0);
        uint256 id = requestExit(alice, 99 ether);
        closeRung();
        staking.slashValidator(0);
        staking.slashValidator(1);
        minter.bookSlash(0);
        assertEq(minter.rate(), 0.55e27);
        minter.bookSlash(1);
        assertEq(minter.rate(), 0.1e27, "the buffer is all that is left");
        assertEq(minter.activeStake(), 0);
        // Nothing to depart from: the line is paid from the buffer once it is due, and the seed keeps its share.
        depart();
        pass(GRACE);
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(9.9 ether));
        assertEq(minter.assets(), 0.1 ether);
        assertSound();
    }

    /// The slash happened in this block and nobody has booked it: no way out at the old rate, no way in, no funding.
    function test_l19_nobody_exits_at_the_old_rate_in_the_same_block() public {
        uint256 id = leave(alice, 20 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.syncValidators();
        staking.slashValidator(1);
        // Flags are fresh and say nothing yet; an exit of size reads them again.
        assertEq(minter.quoteExit(5 ether).instantLst, 0);
        vm.prank(alice);
        (uint256 paid, uint256 queued) = minter.unstake(5 ether);
        assertEq(paid, 0);
        vm.expectRevert(abi.encodeWithSelector(SlashNotBooked.selector, 1));
        minter.finalize();
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(SlashNotBooked.selector, 1));
        minter.fulfillProRata(new address[](0), new uint256[](0), 1 ether);
        // Small exits by old flags: together at most 0.01 % of assets a window.
        uint256 small;
        vm.startPrank(alice);
        for (uint256 i; i < 20; ++i) {
            (uint256 p,) = minter.unstake(0.001 ether);
            small += p;
        }
        vm.stopPrank();
        assertLe(small, minter.assets() / 10_000);
        assertGt(small, 0);
        minter.syncValidators();
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(SlashNotBooked.selector, 1));
        minter.submit{value: 1 ether}();
        assertEq(minter.instantLiquidity(), 0);
        // Anybody books, and everything opens again.
        vm.prank(mallory);
        minter.bookSlash(1);
        uint256 rate = minter.rate();
        assertLt(rate, 0.56e27);
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(20 ether * rate / 1e27));
        submit(bob, 1 ether);
        vm.prank(alice);
        minter.cancel(queued);
        assertSound();
    }

    /// The diamond shows slashed stake until an administrator clears it; we do not count it.
    function test_l20_phantom_stake_is_not_counted_and_rewards_are_saved() public {
        setRewardRate(1e10);
        pass(1 days);
        staking.slashValidator(0);
        pass(1 days);
        minter.bookSlash(0);
        (uint256 shown,,) = staking.stakeInfo(bucketOf(0, 0));
        assertEq(shown, EACH, "the phantom");
        assertEq(minter.assets(), 55 ether);
        assertEq(minter.activeStake(), 45 ether);
        assertEq(minter.skimStake(0, 0), 0);
        vm.prank(keeper);
        (uint256 swept, uint256 gained) = minter.sweepMaturedBuckets(0, 10);
        assertEq(swept + gained, 0);
        (, uint256 departed) = _leaveLater(alice, 10 ether);
        // 5.5 to pay, 4.5 of it above the target of 5.5; the rest from the other validator.
        assertEq(departed, 1 ether + MARGIN);
        assertEq(minter.validatorState(1).cooling, 1 ether + MARGIN);
        // A day's rewards, up to the slash: 8.748e15 a bucket.
        vm.prank(keeper);
        assertEq(minter.claim(0), 4 * 8.748e15);
        for (uint256 i; i < 4; ++i) {
            staking.adminClearValidatorRecord(bucketOf(0, i), 0);
        }
        vm.prank(keeper);
        assertEq(minter.claim(0), 0);
        assertEq(minter.assets(), 55 ether);
        assertSound();
    }

    /// A vote is open: an instant exit of size reads it in the same block and costs the maximum.
    function test_l25_front_running_a_slash_pays_the_highest_fee() public {
        assertLt(minter.quoteExit(5 ether).instantFeeBps, 70);
        addValidator(2); // so that one vote is not the last one
        minter.syncValidators();
        vm.prank(makeAddr("validator0"));
        staking.voteToSlashValidator(1, now_() + 1 days);
        assertEq(minter.quoteExit(5 ether).instantFeeBps, 100);
        uint256 before = alice.balance;
        vm.prank(alice);
        (uint256 paid, uint256 id) = minter.unstake(20 ether);
        assertEq(paid, 10 ether - 0.1 ether);
        assertEq(alice.balance - before, paid);
        (, uint256 lst,) = minter.request(id);
        assertEq(lst, 10 ether);
        // Small ones by old flags too, from the next sync on.
        submit(bob, 1 ether);
        minter.syncValidators();
        assertEq(minter.quoteExit(0.001 ether).instantFeeBps, 100);
        pass(1 days + 1);
        minter.syncValidators();
        assertLt(minter.quoteExit(0.001 ether).instantFeeBps, 100);
        assertSound();
    }

    /// The last voter votes, exits and re-enters in one transaction.
    function test_l25_the_last_voter_cannot_exit_and_reenter() public {
        Voter voter = new Voter(staking, minter);
        vm.deal(address(voter), 10 ether);
        staking.addValidator(7, 0.1e18, address(voter), address(this), "l1", "account", address(0), 0);
        minter.syncValidators();
        voter.enter(9 ether);
        vm.prank(makeAddr("validator0"));
        staking.voteToSlashValidator(1, now_() + 1 days);
        uint256 worth = 9 ether;
        voter.attack(1, now_() + 1 days);
        assertTrue(minter.validatorState(1).booked, "she booked it herself, to enter at the new rate");
        // She has her LST, in the wallet or in the queue, at the new rate like everybody, and not a coin more.
        uint256 rate = minter.rate();
        assertEq(rate, minter.assets() * 1e27 / minter.supply());
        uint256 lst = token.balanceOf(address(voter));
        (address owner, uint256 queued,) = minter.request(voter.id());
        assertEq(owner, address(voter));
        uint256 has = address(voter).balance + (lst + queued) * rate / 1e27;
        uint256 honest = 1 ether + worth * rate / 1e27;
        assertLe(has, honest + 1);
        assertSound();
    }

    function _leaveLater(address who, uint256 lst) private returns (uint256 netted, uint256 departed) {
        requestExit(who, lst);
        closeRung();
        return depart();
    }

    /// It pays less than it owes: what is missing is a loss, nothing of it stays on the books.
    function test_l43_an_underpayment_is_booked_as_a_loss() public {
        uint256 id = leave(alice, 20 ether);
        pass(COOLDOWN);
        staking.setWithdrawShortfall(2_000);
        uint256 owed = 20 ether + MARGIN;
        assertEq(sweepAll(), owed * 8 / 10);
        assertEq(minter.totalUnstaked(), 0, "phantom");
        assertEq(minter.assets(), 100 ether - owed * 2 / 10);
        uint256 rate = minter.rate();
        assertEq(rate, minter.assets() * 1e27 / 100 ether);
        minter.finalize();
        (uint256 gross,) = minter.claimable(id);
        // 16 of the 19.2 that 20 LST are now worth are here; the rest waits for stake that departs.
        assertApproxEqAbs(gross, owed * 8 / 10, 2);
        staking.setWithdrawShortfall(0);
        while (now_() < minter.nextBatchUnstakeTimePerValidator(1)) pass(1 hours);
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertApproxEqAbs(claimNow(alice, id), afterFee(20 ether * rate / 1e27), 2);
        assertSound();
    }

    /// An administrator wipes a record whose cooldown had matured before the slash and was not swept yet: the system owes
    /// nothing any more. That is a loss like any other; it must not stay on the books for ever.
    function test_l43_a_cleared_record_is_booked_as_a_loss() public {
        leave(alice, 45 ether - MARGIN);
        pass(COOLDOWN + 1);
        staking.slashValidator(0);
        assertEq(minter.bookSlash(0), 0, "matured before: safe");
        for (uint256 i; i < 4; ++i) {
            staking.adminClearValidatorRecord(bucketOf(0, i), 0);
        }
        sweepAll();
        assertEq(minter.totalUnstaked(), 0, "a phantom that nobody owes");
        assertEq(minter.assets(), 55 ether);
        assertEq(minter.rate(), 0.55e27);
        assertSound();
    }
}
