// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Attack} from "./Attack.sol";

/// The first-loss reserve: L37, and promise 3 under it. Validator 1 has 45 of 100 coins.
contract InsuranceAttackTest is Attack {
    function fund(uint256 amount) internal {
        vm.deal(carol, carol.balance + amount);
        vm.prank(carol);
        minter.fundInsurance{value: amount}();
    }

    function test_the_reserve_is_outside_every_other_figure() public {
        uint256[6] memory before = figures();
        vm.expectEmit(address(minter));
        emit InsuranceFunded(carol, 20 ether, 20 ether);
        fund(20 ether);
        fund(1);
        assertEq(minter.insurance(), 20 ether + 1);
        uint256[6] memory afterwards = figures();
        for (uint256 i; i < 6; ++i) {
            assertEq(afterwards[i], before[i]);
        }
        assertEq(minter.skim(), 0, "not a donation");
        vm.prank(carol);
        vm.expectRevert(ZeroAmount.selector);
        minter.fundInsurance();
        // An exit of everything does not touch it.
        uint256 id = leave(alice, 90 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(90 ether));
        assertEq(minter.insurance(), 20 ether + 1);
        assertSound();
    }

    /// Covered whole: the reserve falls by the loss, the rate not at all, and the coins are in the pot.
    function test_a_loss_within_the_reserve_moves_no_rate() public {
        fund(50 ether);
        staking.slashValidator(1);
        vm.expectEmit(address(minter));
        emit InsuranceUsed(45 ether, 5 ether);
        assertEq(minter.bookSlash(1), 45 ether);
        assertEq(minter.rate(), 1e27);
        assertEq(minter.insurance(), 5 ether);
        assertEq(minter.headroom(), 55 ether);
        assertEq(minter.assets(), 100 ether);
        assertSound();
        uint256 id = leave(alice, 60 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(60 ether));
        assertSound();
    }

    /// In part: the rate falls by the rest, to the wei, and what comes in later raises it by nothing.
    function test_a_loss_beyond_the_reserve_lowers_the_rate_by_the_rest() public {
        fund(20 ether);
        staking.slashValidator(1);
        minter.bookSlash(1);
        assertEq(minter.insurance(), 0);
        assertEq(minter.assets(), 75 ether);
        assertEq(minter.rate(), 0.75e27);
        fund(100 ether);
        assertEq(minter.rate(), 0.75e27, "a rate never rises");
        assertEq(minter.assets(), 75 ether);
        // The next loss finds it: of the other validator's 45, all are covered.
        staking.slashValidator(0);
        vm.expectEmit(address(minter));
        emit InsuranceUsed(45 ether, 55 ether);
        minter.bookSlash(0);
        assertEq(minter.rate(), 0.75e27);
        assertEq(minter.insurance(), 55 ether);
        assertSound();
    }

    /// An underpayment by the staking system is a loss like any other.
    function test_a_shortfall_uses_the_reserve_too() public {
        fund(10 ether);
        uint256 id = leave(alice, 40 ether);
        staking.setWithdrawShortfall(1_000); // a tenth is missing
        pass(COOLDOWN);
        uint256 gained = sweepAll();
        uint256 missing = 40 ether + MARGIN - gained;
        assertApproxEqAbs(missing, 4 ether, 1 gwei);
        assertEq(minter.insurance(), 10 ether - missing);
        assertEq(minter.rate(), 1e27);
        depart();
        minter.finalize();
        assertSound();
        (uint256 gross,) = minter.claimable(id);
        assertGe(gross, 36 ether);
    }

    /// She sees the slash, buys in just before the reserve pays for it, and leaves: at best she has lost her fees.
    function test_l37_buying_in_just_before_insurance_pays_gains_nothing() public {
        uint256[3] memory reserves = [uint256(0), 20 ether, 60 ether];
        uint256 mark = vm.snapshotState();
        uint256 gainOfHolders;
        for (uint256 i; i < 3; ++i) {
            vm.revertToState(mark);
            if (reserves[i] != 0) fund(reserves[i]);
            staking.slashValidator(1); // nobody has synced: deposits are still open
            uint256 before = mallory.balance;
            uint256 lst = submit(mallory, 50 ether);
            minter.bookSlash(1);
            uint256 rate = minter.rate();
            assertLe(rate, 1e27);
            vm.prank(mallory);
            (uint256 paid, uint256 id) = minter.unstake(lst);
            if (id != 0) {
                // The rest of hers by the queue, at the rate of the day and never at a better one.
                closeRung();
                depart();
                pass(COOLDOWN);
                sweepAll();
                minter.finalize();
                paid += claimNow(mallory, id);
            }
            assertLt(mallory.balance, before, "gained");
            assertLe(paid, 50 ether * rate / 1e27);
            assertEq(minter.rate(), rate);
            assertSound();
            gainOfHolders = rate;
        }
        assertEq(gainOfHolders, 1e27, "the last one was covered whole");
    }

    /// Funding it between a slash and its booking, or after: helps whoever holds, and whoever came for it not at all.
    function test_l37_funding_around_the_booking_gives_a_newcomer_nothing() public {
        staking.slashValidator(1);
        uint256 before = mallory.balance;
        uint256 lst = submit(mallory, 5 ether);
        fund(45 ether);
        minter.bookSlash(1);
        assertEq(minter.rate(), 1e27);
        vm.prank(mallory);
        (, uint256 id) = minter.unstake(lst);
        assertEq(id, 0);
        assertLt(mallory.balance, before);
        // After the booking it waits for the next loss; a newcomer's LST is worth what it was.
        before = mallory.balance;
        lst = submit(mallory, 5 ether);
        fund(45 ether);
        vm.prank(mallory);
        minter.unstake(lst);
        assertLt(mallory.balance, before);
        assertSound();
    }

    /// It leaves by the admin's call alone: announced for the longest exit, never ahead of a loss that is known or voted on.
    function test_l14_the_reserve_leaves_only_announced_and_not_ahead_of_a_loss() public {
        fund(30 ether);
        vm.prank(admin);
        minter.sealSetup();
        vm.prank(mallory);
        vm.expectRevert();
        minter.withdrawInsurance(mallory, 1 ether);
        bytes memory call = abi.encodeCall(minter.withdrawInsurance, (bob, 10 ether));
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        minter.withdrawInsurance(bob, 10 ether);
        bytes32 operation = minter.schedule(call);
        uint256 at = now_() + minter.longestExit();
        vm.warp(at - 1);
        vm.expectRevert(abi.encodeWithSelector(TooEarly.selector, operation, at));
        minter.withdrawInsurance(bob, 10 ether);
        vm.warp(at);
        vm.stopPrank();
        uint256 mark = vm.snapshotState();
        staking.slashValidator(1);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(SlashNotBooked.selector, 1));
        minter.withdrawInsurance(bob, 10 ether);
        vm.revertToState(mark);
        vm.mockCall(address(staking), abi.encodeWithSignature("getSlashVoteCount(uint16)", 1), abi.encode(1));
        vm.prank(admin);
        vm.expectRevert(VoteOpen.selector);
        minter.withdrawInsurance(bob, 10 ether);
        vm.clearMockedCalls();
        uint256 before = bob.balance;
        vm.prank(admin);
        minter.withdrawInsurance(bob, 10 ether);
        assertEq(bob.balance - before, 10 ether);
        assertEq(minter.insurance(), 20 ether);
        // Once, to that recipient, of that amount.
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        minter.withdrawInsurance(bob, 10 ether);
        assertSound();
    }

    function figures() private view returns (uint256[6] memory) {
        return [
            minter.assets(),
            minter.rate(),
            minter.headroom(),
            minter.currentWithheldETH(),
            minter.freeToStake(),
            minter.instantLiquidity()
        ];
    }
}
