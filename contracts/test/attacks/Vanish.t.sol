// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../../src/liquid/ILiquidMinter.sol";
import {Attack} from "./Attack.sol";

/// L31: everybody with a role is gone. Strangers do what is due; everybody gets out, to the wei.
contract VanishAttackTest is Attack {
    address internal stranger = makeAddr("stranger");
    address internal dave = makeAddr("dave");
    address internal erin = makeAddr("erin");

    // One history's figures.
    uint256[6] private ids;
    uint256 private toReceipt;
    uint256 private early;
    uint256 private lost;
    uint256 private rateAfter;
    uint256 private fundedAtOne;

    function setUp() public override {
        super.setUp();
        vm.deal(dave, 1_000 ether);
        vm.deal(erin, 1_000 ether);
    }

    /// What a stranger may do without a role, tried once each; what is not yet due refuses.
    function strangers() internal {
        uint16[] memory list = minter.validators();
        vm.startPrank(stranger);
        for (uint256 i; i < list.length; ++i) {
            try minter.bookSlash(list[i]) {} catch {}
            minter.sweepMaturedBuckets(list[i], 128);
        }
        try minter.closeRung() {} catch {}
        try minter.processBatchUnstake() {} catch {}
        try minter.claimAll() {} catch {}
        minter.finalize();
        vm.stopPrank();
    }

    /// Thirty days without any role, users in every state when it begins:
    /// alice was partly paid, bob's stake has matured, carol's has departed, dave's rung is closed, erin's is open, mallory only
    /// holds LST and rewards; on the second day one of the validators is slashed, with stake active and cooling.
    function test_l31_thirty_days_without_roles_everybody_gets_out() public {
        setRewardRate(1e10);
        vm.startPrank(admin);
        for (uint16 id = 2; id < 4; ++id) {
            addValidatorAs(id);
        }
        vm.stopPrank();
        submit(bob, 100 ether);
        submit(carol, 100 ether);
        submit(dave, 100 ether);
        submit(erin, 100 ether);
        submit(mallory, 100 ether);
        stakeAll();
        assertEq(minter.assets(), 600 ether);

        ids[1] = leave(bob, 60 ether);
        pass(COOLDOWN); // bob's stake has matured
        ids[2] = requestExit(carol, 50 ether);
        closeRung();
        depart(); // carol's is on its way
        ids[0] = requestExit(alice, 40 ether);
        pass(1 hours);
        closeRung();
        // Early money pays a part of whoever is in the line.
        submit(mallory, 30 ether);
        vm.prank(keeper);
        (uint256 spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), 20 ether);
        assertEq(spent, 20 ether);
        early = claimNow(alice, ids[0]);
        assertGt(early, 0);
        ids[3] = requestExit(dave, 70 ether);
        pass(1 hours);
        closeRung();
        ids[4] = requestExit(erin, 30 ether);
        ids[5] = requestExit(mallory, 25 ether);
        toReceipt = requestExit(mallory, 5 ether);
        vm.prank(mallory);
        minter.mintReceipt(toReceipt);
        vanish();
        uint256 gone = now_();

        // Nothing of it may be done before its grace is over.
        vm.startPrank(stranger);
        vm.expectPartialRevert(NotKeeper.selector);
        minter.closeRung();
        vm.expectPartialRevert(NotKeeper.selector);
        minter.fulfillProRata(new address[](0), new uint256[](0), 1);
        vm.expectPartialRevert(NotKeeper.selector);
        minter.rebalance();
        vm.stopPrank();
        (uint256 swept,) = strangersSweep();
        assertEq(swept, 0, "bob's stake has matured, and is the keepers' for the grace");
        uint256 slashedAt = now_() + 1 days;
        while (now_() < gone + 30 days) {
            pass(3 hours);
            if (lost == 0 && now_() >= slashedAt) {
                uint16 victim = 1;
                lost = minter.validatorState(victim).active + minter.validatorState(victim).cooling;
                // 220 in the line when the roles went, less the early 20, and 60 that joined when a stranger closed the open
                // rung: the rest of what is gone was funded at the old rate.
                fundedAtOne = 260 ether - minter.line().openLst;
                assertGt(fundedAtOne, 52 ether, "bob's and a part of carol's");
                uint256 assetsBefore = minter.assets();
                staking.slashValidator(victim);
                vm.expectRevert(abi.encodeWithSelector(SlashNotBooked.selector, victim));
                minter.finalize();
                vm.prank(stranger);
                assertEq(minter.bookSlash(victim), lost);
                assertEq(minter.assets(), assetsBefore - lost);
                rateAfter = minter.rate();
                assertLt(rateAfter, 1e27);
            }
            strangers();
            assertSound();
        }
        assertGt(lost, 0);
        assertEq(minter.rate(), rateAfter);
        LineState memory l = minter.line();
        assertEq(l.stagedLst, 0, "the open rung closed");
        assertEq(l.openLst, 0, "everything in the line is funded");
        everybodyClaims();
        theLastHolderLeaves();
    }

    function everybodyClaims() private {
        uint256[5] memory got;
        got[0] = claimNow(bob, ids[1]);
        // A stranger may start the payment; it goes to the owner.
        address[5] memory who = [bob, carol, alice, dave, erin];
        uint256[5] memory which = [ids[1], ids[2], ids[0], ids[3], ids[4]];
        for (uint256 i = 1; i < 5; ++i) {
            uint256 before = who[i].balance;
            vm.prank(stranger);
            got[i] = minter.claimFor(which[i]);
            assertEq(who[i].balance - before, got[i]);
        }
        got[2] += early;
        // Named dust: each funding of the line rounds twice (units, coins), each claim once.
        uint256 dust = 2 * minter.line().checkpoints + 3;
        assertLt(dust, 500);
        // By hand: 20 coins early, to 150 LST alike; then first come, first served, at the rate of the day.
        uint256 all;
        uint256 gotAll;
        uint256[5] memory lst = [uint256(60 ether), 50 ether, 40 ether, 70 ether, 30 ether];
        for (uint256 i; i < 5; ++i) {
            uint256 open = i < 3 ? lst[i] * 130 / 150 : lst[i];
            uint256 before = open < fundedAtOne ? open : fundedAtOne;
            fundedAtOne -= before;
            uint256 coins = lst[i] - open + before + (open - before) * rateAfter / 1e27;
            assertApproxEqAbs(got[i], afterFee(coins), dust, "to the wei of named dust");
            all += afterFee(coins);
            gotAll += got[i];
        }
        assertEq(fundedAtOne, 0);
        assertLe(gotAll, all + 2, "roundings are nobody's gain");
        assertApproxEqAbs(claimNow(mallory, ids[5]), afterFee(25 ether * rateAfter / 1e27), dust);
        vm.prank(mallory);
        (uint256 byReceipt,) = receipts.redeem(toReceipt, mallory);
        assertApproxEqAbs(byReceipt, afterFee(5 ether * rateAfter / 1e27), dust);
        assertLe(minter.totalInstantUnstaked() - minter.fees(), 2 * dust, "reserved for nobody: dust");
    }

    function theLastHolderLeaves() private {
        // Rewards went on too, and whoever only held gets out after all.
        vm.prank(mallory);
        assertGt(minter.unstakeRewards(), 0);
        uint256 rest = token.balanceOf(mallory);
        vm.prank(mallory);
        (uint256 paid, uint256 last) = minter.unstake(rest);
        for (uint256 i; i < 8 * 31; ++i) {
            pass(3 hours);
            strangers();
        }
        vm.prank(stranger);
        uint256 more = minter.claimFor(last);
        assertGt(paid + more, 0);
        assertEq(token.balanceOf(mallory), 0);
        assertSound();
    }

    /// A page of rewards is a page: the short one that ends the keepers' old round does not put off the next.
    function test_l31_l39_a_short_page_of_rewards_never_resets_what_is_due() public {
        vm.prank(admin);
        minter.addBuckets(1, 28); // 36 buckets: a round is two pages
        setRewardRate(1e10);
        pass(1 days);
        vm.prank(keeper);
        assertGt(minter.claimAll(), 0); // the keepers' last page
        vanish();
        pass(3 days);
        vm.startPrank(stranger);
        minter.claimAll(); // ends the old round
        assertGt(minter.claimAll(), 0, "the next one is due since long ago");
        minter.claimAll();
        uint256 openAt = now_() + 1 days + GRACE;
        vm.expectRevert(abi.encodeWithSelector(NotKeeper.selector, minter.CLAIMER_ROLE(), openAt));
        minter.claimAll();
        vm.warp(openAt);
        assertGt(minter.claimAll(), 0);
        vm.stopPrank();
    }

    function strangersSweep() private returns (uint256 swept, uint256 gained) {
        uint16[] memory list = minter.validators();
        vm.startPrank(stranger);
        for (uint256 i; i < list.length; ++i) {
            (uint256 s, uint256 g) = minter.sweepMaturedBuckets(list[i], 128);
            swept += s;
            gained += g;
        }
        vm.stopPrank();
    }

    function addValidatorAs(uint16 id) private {
        vm.stopPrank();
        addValidator(id);
        minter.syncValidators();
        vm.startPrank(admin);
        minter.addBuckets(id, 4);
        minter.setValidatorWeight(id, 1);
    }
}
