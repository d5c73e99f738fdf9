// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Attack} from "./Attack.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// Attacks of our own, from L47 on; docs/src/attacks-own.md lists them all, with what each found or which fault it catches.
contract OwnAttackTest is Attack {
    function load(uint256 coins) internal {
        vm.deal(keeper, keeper.balance + coins);
        vm.prank(keeper);
        minter.loadRewards{value: coins}();
    }

    function goIntoHalt() internal {
        vm.prank(guardian);
        minter.emergency(Emergency.Halt, halt);
        vm.prank(admin);
        assertTrue(minter.emergency(Emergency.Halt, halt));
    }

    // -------------------------------------------------------------------------------------------------------------- L47

    /// The halt takes no deposits, so the vault cannot turn its rewards into LST. It must not offer a deposit, nor a redemption
    /// that would need one; what it offers it pays, and the rest leaves as coins.
    function test_l47_halted_the_vault_offers_only_what_it_can_pay() public {
        submit(bob, 50 ether);
        vm.startPrank(bob);
        token.approve(address(vault), 50 ether);
        vault.deposit(50 ether, bob);
        vm.stopPrank();
        load(60 ether);
        pass(8 days);
        (uint256 waiting,) = vault.pendingRewards();
        assertGt(waiting, 17 ether);
        assertEq(vault.maxRedeem(bob), 50 ether);
        goIntoHalt();
        assertEq(vault.maxDeposit(mallory), 0);
        assertEq(vault.maxMint(mallory), 0);
        assertEq(coinVault.maxDeposit(mallory), 0);
        uint256 most = vault.maxRedeem(bob);
        assertLt(most, 50 ether);
        vm.startPrank(bob);
        uint256 lst = vault.redeem(most, bob, bob);
        assertApproxEqAbs(lst, 50 ether, 2, "all the LST that is held");
        (uint256 more, uint256 coins) = vault.redeemInKind(50 ether - most, bob, bob);
        vm.stopPrank();
        assertLe(more, 2);
        assertApproxEqAbs(coins, waiting, waiting / 1e12 + 2, "and the rewards as coins");
        assertEq(vault.totalSupply(), 0);
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L48

    /// At a rate just above 0.01 a coin mints a hundred LST, and with eight hundred million coins the line comes to the end of
    /// its 96 bits: no LST that waits may be forgotten. The rung waits until there is room, and everybody is paid.
    function test_l48_a_line_of_more_lst_than_96_bits_hold_forgets_nobody() public {
        vm.prank(admin);
        minter.setWithholdRatio(0);
        stakeAll();
        submit(bob, 1.02 ether);
        staking.slashValidator(0);
        staking.slashValidator(1);
        minter.bookSlash(0);
        minter.bookSlash(1);
        uint256 rate = minter.rate();
        assertEq(rate, uint256(1.02e27) * 1e18 / 101.02e18);
        uint256 coins = 404_000_000 ether;
        vm.deal(carol, coins);
        vm.deal(mallory, coins);
        uint256 hers = submit(carol, coins);
        uint256 first = requestExit(carol, hers);
        closeRung();
        uint256 its = submit(mallory, coins);
        assertGt(hers + its, type(uint96).max);
        uint256 second = requestExit(mallory, its);
        pass(1 hours);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(AmountTooLarge.selector, its, type(uint96).max - hers));
        minter.closeRung();
        assertEq(minter.line().openLst, hers);
        assertEq(minter.supply(), 101.02 ether + hers + its);
        // Coins above the target are netted in, and the first rung makes room for the second.
        for (uint256 i; i < 2; ++i) {
            depart();
            minter.finalize();
            if (i == 0) closeRung();
            pass(1 hours);
        }
        assertEq(claimNow(carol, first), afterFee(hers * rate / 1e27));
        assertEq(claimNow(mallory, second), afterFee(its * rate / 1e27));
        assertLe(carol.balance, coins);
        assertLe(mallory.balance, coins);
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L49

    /// Anybody may ask in another's name, and an LST's wei is worth nothing after the fee: forty such requests stand before bob's
    /// in his list. Every one of his coins is still his, by the request's number at once, by shares in three calls.
    function test_l49_a_strangers_dust_in_a_controllers_list_keeps_nothing_back() public {
        enterVault(bob, 40 ether);
        enterVault(mallory, 1 ether);
        for (uint256 i; i < 40; ++i) {
            vm.prank(mallory);
            coinVault.requestRedeem(1, bob, mallory);
            closeRung();
            pass(1 hours);
        }
        vm.prank(bob);
        uint256 his = coinVault.requestRedeem(40 ether, bob, bob);
        closeRung();
        while (minter.line().openLst != 0) {
            depart();
            pass(COOLDOWN);
            sweepAll();
            minter.finalize();
        }
        assertEq(coinVault.maxRedeem(bob), 16, "it looks at sixteen");
        uint256 mark = vm.snapshotState();
        vm.prank(bob);
        (uint256 shares, uint256 coins) = coinVault.claimRequest(his, bob, bob);
        assertEq(shares, 40 ether);
        assertEq(coins, afterFee(40 ether));
        vm.revertToState(mark);
        uint256 before = bob.balance;
        vm.startPrank(bob);
        for (uint256 i; i < 3; ++i) {
            coinVault.redeem(coinVault.maxRedeem(bob), bob, bob);
        }
        vm.stopPrank();
        assertEq(bob.balance - before, afterFee(40 ether));
        assertEq(coinVault.firstRequest(bob), 0);
        // Nor can she take back what she gave away, or claim for him.
        vm.prank(mallory);
        vm.expectRevert();
        coinVault.claimRequest(1, mallory, bob);
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L50

    /// Thirty controllers with crooked shares of one rung, at a crooked price, paid by pro rata, less by a slash, by pro rata
    /// to the last thousandth, and by a sweep; every second one claims whenever it can, in crumbs. Nobody gets more of the
    /// pool than its shares' part of it, nobody a wei less, and the last one is not short.
    function test_l50_many_controllers_of_a_rung_share_it_to_the_wei() public {
        enterVault(bob, 3 ether + 7);
        load(3 ether + 1);
        pass(2 days + 11);
        vault.harvest();
        enterVault(alice, 60 ether);
        uint256[30] memory shares;
        address[30] memory who;
        uint256 total;
        uint256 requestId;
        for (uint256 i; i < 30; ++i) {
            who[i] = address(uint160(0xc0de0000 + i));
            shares[i] = 1 + (uint256(keccak256(abi.encode(i))) >> (i % 3 == 0 ? 250 : 196)); // up to 63, or to 1.15e18
            total += shares[i];
            vm.prank(alice);
            requestId = coinVault.requestRedeem(shares[i], who[i], alice);
        }
        closeRung();
        crumbs(who);
        submit(carol, 100 ether);
        vm.prank(keeper);
        (uint256 spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), 1 ether + 3);
        assertGt(spent, 1 ether);
        crumbs(who);
        staking.slashValidator(1);
        minter.bookSlash(1);
        crumbs(who);
        uint256 open = minter.line().openLst * minter.rate() / 1e27;
        vm.prank(keeper);
        (spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), open - open / 1000);
        assertApproxEqAbs(spent, open - open / 1000, 1);
        crumbs(who);
        vm.prank(admin);
        minter.setWithholdRatio(5000); // nothing to net
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(minter.line().openLst, 0);
        uint256 paid;
        for (uint256 i; i < 30; ++i) {
            uint256 left = coinVault.maxRedeem(who[i]);
            assertGt(left, 0, "each waited for the end with a share");
            vm.prank(who[i]);
            coinVault.redeem(left, who[i], who[i]);
            paid += who[i].balance;
        }
        (uint256 pooled, uint256 coins) = coinVault.pool(requestId);
        assertEq(pooled, total);
        for (uint256 i; i < 30; ++i) {
            assertEq(who[i].balance, coins * shares[i] / total);
        }
        assertEq(address(coinVault).balance, coins - paid);
        assertLt(coins - paid, 30);
        assertSound();
    }

    /// Every second one claims a third of what it can; of next to nothing, all.
    function crumbs(address[30] memory who) private {
        for (uint256 i; i < 30; i += 2) {
            uint256 most = coinVault.maxRedeem(who[i]);
            if (most == 0) continue;
            vm.prank(who[i]);
            coinVault.redeem(most < 100 ? most : most / 3, who[i], who[i]);
        }
    }

    // -------------------------------------------------------------------------------------------------------------- L51

    /// Nobody closed a rung for days, so anybody may. A borrowed deposit, its exit, the close, the departure that would net it
    /// against itself, and the claim, all in one block: that would leave by the queue's fee past limiter and instant fee.
    function test_l51_a_borrowed_deposit_does_not_leave_by_the_queue_in_its_own_block() public {
        pass(3 days);
        uint256 before = mallory.balance;
        uint256 lst = submit(mallory, 500 ether);
        uint256 id = requestExit(mallory, lst);
        vm.startPrank(mallory);
        minter.closeRung();
        bytes memory notYet = abi.encodeWithSelector(NotKeeper.selector, minter.REBALANCER_ROLE(), now_() + GRACE);
        vm.expectRevert(notYet);
        minter.processBatchUnstake();
        vm.expectRevert(notYet);
        minter.processBatchUnstakePage(0);
        assertEq(minter.finalize(), 0);
        vm.expectRevert(abi.encodeWithSelector(NothingToClaim.selector, id));
        minter.withdraw(mallory, id);
        vm.expectRevert(abi.encodeWithSelector(RungNotOpen.selector, id));
        minter.cancel(id);
        vm.stopPrank();
        assertEq(mallory.balance, before - 500 ether);
        // A grace later she may do it all by herself, and pays the queue's fee.
        pass(GRACE);
        vm.startPrank(mallory);
        minter.processBatchUnstake();
        assertEq(minter.finalize(), 450 ether, "what is above the target of 60");
        uint256 paid = minter.withdraw(mallory, id);
        assertEq(paid, afterFee(450 ether));
        vm.stopPrank();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(paid + claimNow(mallory, id), afterFee(500 ether));
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L52

    /// The standard fee moves between request and close, up and down; a rung keeps that of its first request, for those who come
    /// later too, whoever cancels, and whatever the fee is at close or claim.
    function test_l52_a_fee_that_changes_between_request_and_claim_is_that_of_the_first_request() public {
        uint256[4] memory ids;
        ids[0] = requestExit(alice, 10 ether);
        setStandardFee(50);
        ids[1] = requestExit(alice, 10 ether);
        vm.startPrank(alice);
        minter.cancel(ids[0]);
        vm.stopPrank();
        ids[0] = requestExit(alice, 10 ether); // a first request that is gone was the first all the same
        closeRung();
        ids[2] = requestExit(alice, 10 ether);
        vm.prank(alice);
        minter.cancel(ids[2]);
        setStandardFee(0); // and nothing stands in the rung
        ids[2] = requestExit(alice, 10 ether);
        pass(1 hours);
        closeRung();
        setStandardFee(500);
        setStandardFee(7); // nobody asked between
        ids[3] = requestExit(alice, 10 ether);
        setStandardFee(500);
        pass(1 hours);
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        uint256[4] memory bps = [uint256(5), 5, 50, 7];
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            uint256 fee = 10 ether * bps[i] / 10_000;
            assertEq(claimNow(alice, ids[i]), 10 ether - fee);
            sum += fee;
        }
        assertEq(minter.fees(), sum);
        assertEq(minter.totalInstantUnstaked(), sum);
        assertSound();
    }

    function setStandardFee(uint256 bps) private {
        vm.prank(admin);
        minter.setFees(30, bps);
    }

    // -------------------------------------------------------------------------------------------------------------- L53

    /// The seller of an open rung's receipt unwraps it, cancels, and asks again for a wei, to have the number that showed forty
    /// LST stand for the wei: in an offer, an approval or a bookmark. The number is gone, as request and as receipt.
    function test_l53_the_number_of_a_cancelled_request_never_stands_for_another() public {
        uint256 id = requestExit(alice, 40 ether);
        vm.startPrank(alice);
        minter.mintReceipt(id);
        receipts.approve(carol, id);
        receipts.unwrap(id);
        minter.cancel(id);
        vm.stopPrank();
        assertEq(token.balanceOf(alice), 99 ether);
        uint256 dust = requestExit(alice, 1);
        assertEq(dust, id + 1);
        uint256 behind = requestExit(alice, 5 ether);
        vm.prank(alice);
        minter.cancel(behind);
        behind = requestExit(alice, 5 ether);
        assertEq(behind, id + 3);
        vm.startPrank(alice);
        assertEq(minter.mintReceipt(dust), dust);
        vm.expectRevert(abi.encodeWithSelector(UnknownRequest.selector, id));
        minter.mintReceipt(id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id));
        receipts.transferFrom(alice, carol, id);
        vm.stopPrank();
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id));
        receipts.transferFrom(alice, carol, id);
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, behind), afterFee(5 ether));
        vm.startPrank(alice);
        (uint256 paid,) = receipts.redeem(dust, alice);
        assertEq(paid, 0, "a wei less its fee");
        vm.expectRevert(abi.encodeWithSelector(UnknownRequest.selector, id));
        minter.withdraw(alice, id);
        vm.stopPrank();
        assertLe(minter.totalInstantUnstaked() - minter.fees(), 1);
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L54

    /// All four buckets of a validator cool; they are retired and brought back, then fewer, then more, by a hasty role. None is
    /// forgotten, used early, or made a second time.
    function test_l54_buckets_that_retire_and_return_while_they_cool() public {
        uint256 id = leave(alice, 45 ether - MARGIN);
        assertEq(minter.validatorState(0).cooling, 45 ether);
        uint256 end = now_() + COOLDOWN;
        vm.startPrank(keeper);
        minter.configureBuckets(0, 0);
        assertEq(minter.getBuckets(0).length, 4);
        minter.addBuckets(0, 2);
        minter.configureBuckets(0, 1);
        minter.addBuckets(0, 5);
        vm.stopPrank();
        BucketInfo[] memory list = minter.getBuckets(0);
        assertEq(list.length, 6);
        submit(bob, 90 ether);
        stakeAll();
        for (uint256 i; i < 6; ++i) {
            assertEq(list[i].bucket, bucketOf(0, i));
            assertEq(bucketStake(0, i) != 0, i > 3, "new stake keeps clear of what cools");
        }
        pass(12 hours);
        uint256 second = leave(bob, 60 ether);
        pass(COOLDOWN - 12 hours - 1);
        for (uint256 i; i < 4; ++i) {
            assertEq(slotEnd(0, i), end, "an end moved");
            assertEq(cooling(0, i), EACH);
        }
        pass(1);
        vm.prank(keeper);
        minter.configureBuckets(0, 0); // once more, matured and unswept
        assertEq(sweepAll(), 45 ether);
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(45 ether - MARGIN));
        pass(COOLDOWN);
        while (minter.validatorState(0).active + minter.validatorState(0).cooling != 0) {
            depart();
            pass(2 days);
            sweepAll();
        }
        minter.finalize();
        assertEq(claimNow(bob, second), afterFee(60 ether));
        assertEq(minter.getBuckets(0).length, 0);
        for (uint256 i; i < 6; ++i) {
            (uint256 staked, uint256 cooled, uint256 parked) = staking.stakeInfo(bucketOf(0, i));
            assertEq(staked + cooled + parked, 0, "orphaned");
        }
        assertEq(minter.assets(), 100 ether + 90 ether - 45 ether + MARGIN - 60 ether);
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L55

    /// A validator goes, its stake leaves first, and it comes back. Until somebody tells the minter it gets nothing; anybody may,
    /// and then it is one among equals again: no flag of its bad days steers stake or exits for ever.
    function test_l55_a_validator_that_is_active_again_is_one_among_equals() public {
        staking.setValidatorStatus(1, false);
        minter.syncValidators();
        leave(alice, 20 ether);
        assertEq(minter.validatorState(1).active, 25 ether - MARGIN);
        assertEq(minter.validatorState(0).active, 45 ether);
        staking.setValidatorStatus(1, true);
        submit(bob, 40 ether);
        uint256 mark = vm.snapshotState();
        stakeAll();
        assertEq(minter.validatorState(1).active, 25 ether - MARGIN, "not told yet");
        assertEq(minter.activeStake(), 70 ether - MARGIN + 36 ether);
        vm.revertToState(mark);
        vm.prank(mallory);
        minter.syncValidators();
        stakeAll();
        assertEq(minter.activeStake(), 106 ether - MARGIN);
        assertEq(minter.validatorState(1).active, 53 ether - MARGIN / 2, "an equal part of all");
        assertEq(minter.validatorState(0).active, 53 ether - MARGIN / 2);
        // And exits take from whoever has more than its weight.
        vm.prank(keeper);
        minter.setValidatorWeight(1, 2);
        pass(1 days);
        while (now_() < minter.nextBatchUnstakeTimePerValidator(0)) pass(1 days);
        leave(bob, 10 ether);
        assertEq(minter.validatorState(1).active, 53 ether - MARGIN / 2);
        assertEq(minter.validatorState(0).active, 43 ether - MARGIN / 2, "the margin of the first one cools still");
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L56

    /// A slash is booked; strangers book it again, at once, after a sync, and after a sweep that brought what had matured before.
    /// It takes no second time from rate or reserve, and makes no promise anew.
    function test_l56_a_slash_is_booked_once_whoever_tries_again() public {
        uint256 id = leave(alice, 40 ether); // of validator 0
        pass(COOLDOWN + 1);
        staking.slashValidator(0);
        vm.deal(carol, 100 ether);
        vm.prank(carol);
        minter.fundInsurance{value: 60 ether}();
        assertEq(minter.bookSlash(0), 5 ether - MARGIN, "what matured before is safe");
        assertEq(minter.insurance(), 55 ether + MARGIN);
        assertEq(minter.rate(), 1e27);
        pass(1 hours);
        uint256 other = leave(alice, 30 ether); // of validator 1
        (uint256 promised,) = minter.exitEta(other);
        uint256[3] memory was = [minter.insurance(), minter.rate(), minter.line().marks];
        for (uint256 i; i < 3; ++i) {
            if (i == 1) minter.syncValidators();
            if (i == 2) assertEq(sweepAll(), 40 ether + MARGIN);
            vm.prank(mallory);
            vm.expectRevert(abi.encodeWithSelector(AlreadyBooked.selector, 0));
            minter.bookSlash(0);
            assertEq(minter.insurance(), was[0]);
            assertEq(minter.rate(), was[1]);
            assertEq(minter.line().marks, was[2]);
            (uint256 eta, bool revised) = minter.exitEta(other);
            assertEq(eta, promised);
            assertFalse(revised);
        }
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(40 ether));
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, other), afterFee(30 ether));
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L57

    /// After a slash and a pro-rata payment a unit is not an LST and an LST not a coin. Two rungs of dust close between two
    /// whales, to have roundings of units work for the dust: each whale gets its LST's worth, the dust nothing.
    function test_l57_two_rungs_of_dust_between_whales_take_nothing_from_either() public {
        submit(bob, 101 ether + 7);
        submit(mallory, 10 ether);
        stakeAll();
        staking.slashValidator(1);
        minter.bookSlash(1);
        uint256 rate = minter.rate();
        assertGt(rate, 0.5e27);
        assertLt(rate, 0.6e27);
        uint256 first = requestExit(alice, 30 ether);
        closeRung();
        submit(carol, 50 ether);
        vm.prank(keeper);
        (uint256 spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), 7 ether);
        assertGt(spent, 6 ether);
        uint256[2] memory dust;
        for (uint256 i; i < 2; ++i) {
            pass(1 hours);
            dust[i] = requestExit(mallory, 1 + i);
            closeRung();
        }
        pass(1 hours);
        uint256 second = requestExit(bob, 40 ether);
        closeRung();
        vm.prank(admin);
        minter.setWithholdRatio(5000);
        while (minter.line().openLst != 0) {
            depart();
            pass(COOLDOWN);
            sweepAll();
            minter.finalize();
        }
        uint256 worth = 30 ether * rate / 1e27;
        uint256 got = claimNow(alice, first);
        assertLe(got, afterFee(worth));
        assertGe(got, afterFee(worth) - 5);
        for (uint256 i; i < 2; ++i) {
            assertLe(claimNow(mallory, dust[i]), 1);
        }
        worth = 40 ether * rate / 1e27;
        got = claimNow(bob, second);
        assertLe(got, afterFee(worth) + 1);
        assertGe(got, afterFee(worth) - 5);
        assertLe(minter.totalInstantUnstaked() - minter.fees(), 10);
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L58

    /// `receive()` mints to whoever sends. Payments of our own contracts that name the minter as recipient would become LST of
    /// theirs: rewards and claims refuse, the vault's leave a gift that no price counts.
    function test_l58_payments_that_name_the_minter_make_no_lst_that_a_price_counts() public {
        enterVault(bob, 40 ether);
        load(50 ether);
        pass(8 days);
        uint256 owed = token.earned(alice);
        assertGt(owed, 10 ether);
        vm.startPrank(alice);
        bytes memory refused = abi.encodeWithSignature("TransferFailed(address,uint256)", address(minter), owed);
        vm.expectRevert(refused);
        rewards.claim(address(minter));
        vm.stopPrank();
        assertEq(token.earned(alice), owed, "still hers");
        assertEq(token.balanceOf(address(rewards)), 0);
        uint256 id = requestExit(alice, 10 ether);
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(TransferFailed.selector, address(minter), afterFee(10 ether)));
        minter.withdraw(address(minter), id);
        assertEq(claimNow(alice, id), afterFee(10 ether));

        vault.harvest();
        load(50 ether);
        pass(8 days);
        uint256 price = vault.convertToAssets(1e18);
        uint256 supply = minter.supply();
        vm.prank(bob);
        (, uint256 coins) = vault.redeemInKind(20 ether, address(minter), bob);
        assertGt(coins, 1 ether);
        assertEq(token.balanceOf(address(vault)), vault.lstHeld() + coins, "a gift to the vault");
        assertEq(minter.supply(), supply + coins);
        // In kind, the 1e6 virtual LST have no part: 20 of 40 shares leave them to the others.
        assertApproxEqAbs(vault.convertToAssets(1e18), price + 1e6 / 20 - 1e6 / 40, 1);
        assertEq(minter.rate(), 1e27);
        assertSound();
    }

    // ------------------------------------------------------------------------------------------------------------- tools

    function enterVault(address who, uint256 lst) private {
        submit(who, lst);
        vm.startPrank(who);
        token.approve(address(vault), type(uint256).max);
        vault.deposit(lst, who);
        vm.stopPrank();
    }

    // -------------------------------------------------------------------------------------------------------------- L62

    /// A claim names the checkpoints that it reads. From the line's beginning instead of its rung's, mallory's stretch would hold
    /// alice's 20 coins too.
    function test_l62_a_claim_from_the_lines_beginning_gets_nobody_elses_coins() public {
        submit(mallory, 10 ether);
        uint256 hers = leave(alice, 20 ether);
        pass(1 hours);
        uint256 its = requestExit(mallory, 10 ether);
        closeRung();
        fundAll();
        assertEq(minter.line().checkpoints, 3);
        refuses(mallory, claiming(its, 0, 2), abi.encodeWithSelector(BadHint.selector, 0));
        refuses(mallory, claiming(its, 1, 0), abi.encodeWithSelector(BadHint.selector, 0));
        refuses(mallory, claiming(its, 1, 3), abi.encodeWithSelector(BadHint.selector, 3));
        refuses(mallory, claiming(its, 2, 2), abi.encodeWithSelector(BadHint.selector, 2));
        vm.prank(mallory);
        assertEq(minter.claim(its, 1, 2), afterFee(10 ether));
        vm.prank(alice);
        assertEq(minter.claim(hers, 0, 1), afterFee(20 ether));
        assertEq(minter.totalInstantUnstaked(), minter.fees(), "nothing more was owed, and nothing is left");
        assertSound();
    }

    function claiming(uint256 id, uint256 hintA, uint256 hintB) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("claim(uint256,uint256,uint256)", id, hintA, hintB);
    }

    /// All that waits is paid, rung by rung: a checkpoint for each.
    function fundAll() internal {
        while (minter.line().openLst != 0) {
            pass(COOLDOWN);
            sweepAll();
            minter.finalize();
            depart();
        }
    }

    // -------------------------------------------------------------------------------------------------------------- L63

    /// The checkpoint before a slash, drawn on beyond its end, would pay mallory's rung at the rate of those that left in time.
    function test_l63_a_claim_by_the_checkpoint_before_a_slash_gets_no_better_rate() public {
        submit(mallory, 10 ether);
        uint256 hers = leave(alice, 20 ether);
        fundAll();
        uint256 its = requestExit(mallory, 10 ether);
        closeRung();
        staking.slashValidator(1);
        minter.bookSlash(1);
        uint256 rate = minter.rate();
        assertLt(rate, 0.6e27);
        depart();
        fundAll();
        refuses(mallory, claiming(its, 1, 1), abi.encodeWithSelector(BadHint.selector, 1));
        vm.prank(mallory);
        assertEq(minter.claim(its, 1, 2), afterFee(10 ether * rate / 1e27));
        assertEq(claimNow(alice, hers), afterFee(20 ether));
        assertEq(minter.totalInstantUnstaked(), minter.fees());
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L64

    /// Somebody takes the cheap part of the buffer just ahead of bob's exit, for the fees' sake. Bob said what he would pay at
    /// most: he keeps his LST, and leaves by the queue for 5 bps.
    function test_l64_the_cheap_part_of_the_buffer_taken_ahead_of_an_exit_with_a_limit() public {
        submit(bob, 5 ether);
        submit(mallory, 4 ether);
        stakeAll();
        assertEq(minter.bufferTarget(), 10.9 ether);
        ExitParams memory p = exitParams(bob, 5 ether, 5 ether);
        p.feeLimitBps = 50;
        bytes memory data = abi.encodeCall(minter.redeem, (5 ether, p));
        vm.prank(mallory);
        minter.unstake(4 ether);
        // 70 bps over 10.9 coins, from 6.9 down to 1.9: 71.7 bps on average, rounded up.
        assertEq(minter.headroom(), 6.9 ether);
        refuses(bob, data, abi.encodeWithSelector(FeeAboveLimit.selector, 72, 50));
        uint256 id = leave(bob, 5 ether);
        fundAll();
        assertEq(claimNow(bob, id), afterFee(5 ether));
        assertEq(token.balanceOf(bob), 0);
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L65

    /// Bob needs 5 coins now. Mallory empties the buffer just ahead, and would have bob's LST wait 21 days; bob keeps it, and
    /// has his coins when the buffer is filled again.
    function test_l65_the_buffer_emptied_ahead_of_an_exit_that_needs_coins_now() public {
        submit(bob, 5 ether);
        submit(mallory, 15 ether);
        uint256 before = bob.balance;
        ExitParams memory p = exitParams(bob, 5 ether, 5 ether);
        p.minOutNow = 4.95 ether; // 5 less the highest fee
        vm.prank(mallory);
        (uint256 paid, uint256 id) = minter.unstake(15 ether);
        assertGt(id, 0, "all that the day's limit lets out, and the rest queued");
        assertLt(paid, 12 ether);
        refuses(
            bob,
            abi.encodeCall(minter.redeem, (5 ether, p)),
            abi.encodeWithSelector(OutBelowMinimum.selector, 0, p.minOutNow)
        );
        assertEq(token.balanceOf(bob), 5 ether);
        pass(1 days);
        submit(carol, 20 ether);
        p.deadline = now_();
        vm.prank(bob);
        (paid, id) = minter.redeem(5 ether, p);
        assertGe(paid, 4.95 ether);
        assertEq(id, 0);
        assertEq(bob.balance, before + paid);
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L66

    /// Buckets that are not there have addresses too, and anybody may stake for them. Number 256 of validator 0 would be booked
    /// as number 0 of validator 1; number 4 as one that no departure looks at. Coins of the buffer would leave as rewards, two
    /// thirds of them to mallory, for stake that never comes home.
    function test_l66_stake_given_to_buckets_that_are_not_there_is_not_bought() public {
        submit(mallory, 200 ether);
        uint256[2] memory numbers = [uint256(256), 4];
        for (uint256 i; i < 2; ++i) {
            address nobodys = factory.bucketAddress(0, numbers[i]);
            vm.prank(mallory);
            staking.stakeOnBehalf{value: 5 ether}(0, nobodys);
            bytes memory refused = abi.encodeWithSelector(BadParameter.selector, bytes32("index"), numbers[i]);
            refuses(mallory, abi.encodeCall(minter.skimStake, (0, numbers[i])), refused);
        }
        // All but the seed leave, with every coin that they are worth.
        stakeAll();
        uint256 hers = requestExit(alice, 99 ether);
        uint256 its = requestExit(mallory, 200 ether);
        closeRung();
        depart();
        fundAll();
        assertEq(claimNow(alice, hers), afterFee(99 ether));
        assertEq(claimNow(mallory, its), afterFee(200 ether));
        assertEq(mallory.balance, 1_000_000 ether - 10 ether - (200 ether - afterFee(200 ether)), "ten given away");
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L67

    /// Forty dust rungs, each with a promise of its own, paid by one funding, and one more paid ahead of its time. A funding passes
    /// sixteen of the promises: after two of them eight lie behind the watermark, and are the last that are due. They must not
    /// stop what asks what is due: instant exits, and every later funding.
    function test_l67_more_promises_than_two_fundings_pass_stop_nothing() public {
        submit(bob, 20 ether);
        submit(mallory, 1 ether);
        uint256[] memory dust = new uint256[](41);
        for (uint256 i; i < 40; ++i) {
            dust[i] = leave(mallory, 0.01 ether); // netted from above the target
            pass(1 hours);
        }
        assertEq(minter.line().marks, 40);
        assertEq(minter.totalUnstaked(), 0);
        pass(GRACE);
        assertEq(minter.due(), 0.4 ether);
        minter.finalize();
        assertEq(minter.line().marksDone, 16);
        assertEq(minter.due(), 0, "all of it is paid");
        dust[40] = leave(mallory, 0.01 ether);
        minter.finalize();
        assertEq(minter.line().marksDone, 32);
        assertEq(minter.due(), 0);
        vm.prank(bob);
        (uint256 paid, uint256 id) = minter.unstake(5 ether);
        assertEq(id, 0);
        assertGe(paid, 4.95 ether);
        pass(1 hours);
        uint256 hers = leave(alice, 50 ether);
        fundAll();
        assertEq(claimNow(alice, hers), afterFee(50 ether));
        for (uint256 i; i < 41; ++i) {
            assertEq(claimNow(mallory, dust[i]), afterFee(0.01 ether));
        }
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L68

    /// Nobody finalizes for six weeks, and a dust rung closes every hour: 1030 promises for a ring of 1024. Alice's stands at its
    /// head, is due, and takes what is there before any newer one.
    function test_l68_a_ring_full_of_promises_forgets_none_that_is_due() public {
        submit(mallory, 30 ether);
        uint256 hers = leave(alice, 5 ether);
        (, uint256 promised) = minter.mark(0);
        assertEq(promised, now_() + GRACE);
        for (uint256 i; i < 1_029; ++i) {
            pass(1 hours);
            leave(mallory, 0.01 ether);
        }
        assertEq(minter.line().marks, 1_024);
        (uint256 units, uint256 eta) = minter.mark(0);
        assertEq(eta, promised);
        assertEq(units, 5 ether);
        // The last of the ring stands for everything that came after it; all before it is overdue.
        assertEq(minter.due(), 5 ether + 1_022 * 0.01 ether);
        (eta,) = minter.exitEta(hers);
        assertEq(eta, 0, "its coins are here");
        minter.finalize();
        assertEq(claimNow(alice, hers), afterFee(5 ether));
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L69

    /// A bus that is full may leave before its time, but only with buckets that the timetable can spare. A whale's exits of a
    /// full bus each hour take one; carol, who comes after them, departs at the next stop and not a cooldown later.
    function test_l69_full_buses_ahead_of_time_leave_the_timetable_its_buckets() public {
        submit(mallory, 20 ether);
        submit(carol, 5 ether);
        // A stop every 8 days needs three of four buckets in a cooldown of 21.
        vm.prank(admin);
        minter.setBatchUnstakeParams(20 ether, 8 days);
        stakeAll();
        leave(alice, 8 ether);
        uint256 stop = minter.line().nextDeparture;
        pass(1 hours);
        uint256 almost = requestExit(alice, 20 ether - 1 gwei);
        closeRung();
        (, uint256 departed) = depart();
        assertEq(departed, 0, "not full");
        pass(1 hours);
        uint256 whole = requestExit(mallory, 20 ether);
        closeRung();
        (, departed) = depart();
        assertEq(departed, bucketStake(1, 1), "one bucket of the validator that has one to spare");
        for (uint256 i; i < 5; ++i) {
            pass(1 hours);
            (, departed) = depart();
            assertEq(departed, 0, "and no other");
        }
        uint256 last = requestExit(carol, 5 ether);
        closeRung();
        vm.warp(stop);
        depart();
        assertGe(minter.totalUnstaked(), 53 ether - 1 gwei, "everybody departs at the stop");
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(carol, last), afterFee(5 ether));
        assertEq(claimNow(mallory, whole), afterFee(20 ether));
        assertEq(claimNow(alice, almost), afterFee(20 ether - 1 gwei));
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------------- L70

    /// Coins that had matured are paid a tenth short, of a validator that was slashed in the meantime and is not booked. The
    /// reserve is there for every wei of both losses: whoever sweeps first takes none of them out of its reach.
    function test_l70_a_short_payment_beside_an_unbooked_slash_reaches_the_reserve() public {
        vm.deal(address(this), 100 ether);
        minter.fundInsurance{value: 100 ether}();
        uint256 id = leave(alice, 11.25 ether - MARGIN);
        assertEq(cooling(0, 0), EACH);
        pass(COOLDOWN + 1);
        staking.setWithdrawShortfall(1_000);
        staking.slashValidator(0);
        pass(GRACE);
        vm.prank(mallory);
        (uint256 swept, uint256 gained) = minter.sweepMaturedBuckets(0, 4);
        assertEq(swept, 1);
        assertEq(gained, EACH * 9 / 10);
        assertEq(minter.assets(), 100 ether, "what is missing is still in the books");
        vm.prank(mallory);
        assertEq(minter.bookSlash(0), 45 ether - EACH, "its active stake");
        sweep(0);
        uint256 lost = 45 ether - EACH + EACH / 10;
        assertEq(minter.insurance(), 100 ether - lost);
        assertEq(minter.assets(), 100 ether);
        assertEq(minter.rate(), 1e27, "holders lost nothing");
        minter.finalize();
        depart();
        fundAll();
        assertEq(claimNow(alice, id), afterFee(11.25 ether - MARGIN));
        assertSound();
    }
}

/// One validator with one bucket, and nobody with a role.
contract OwnAloneTest is Attack {
    function setUp() public override {
        deployAll(1, 1);
        vm.deal(mallory, 1_000_000 ether);
        submit(alice, 99 ether);
        stakeAll();
        assertEq(bucketStake(0, 0), 90 ether);
    }

    // -------------------------------------------------------------------------------------------------------------- L71

    /// The staking system changed its rate so often that a claim needs millions of gas. Mallory calls with too little: the
    /// bucket would fail, the round would count, and every door would be shut for another day, for ever.
    function test_l71_a_starved_round_of_rewards_does_not_count() public {
        vm.deal(address(treasury), 1_000 ether);
        for (uint256 i; i < 800; ++i) {
            setRewardRate(1e10 + i % 2);
            pass(1 minutes);
        }
        setRewardRate(0);
        vanish();
        pass(1 days + GRACE);
        // 90 coins for 800 minutes, half of them at one wei more, less 10 %, each stretch rounded against them.
        uint256 owed = staking.getClaimableReward(bucketOf(0, 0), NATIVE);
        assertApproxEqAbs(owed, uint256(90) * 1e10 * 48_000 * 9 / 10, 1e7);
        bytes32 before = books(mallory);
        for (uint256 gas_ = 2_000_000; gas_ <= 4_000_000; gas_ += 500_000) {
            vm.cool(address(staking)); // as in a transaction of its own
            vm.prank(mallory);
            vm.expectPartialRevert(GasTooLow.selector);
            minter.claimAll{gas: gas_}();
        }
        assertEq(books(mallory), before);
        vm.prank(bob);
        assertEq(minter.claimAll(), owed);
        assertEq(rewards.holdersOwed(), owed - owed / 10);
    }

    /// A claim that fails is believed when it left gas over or had plenty of it, and taken for the caller's fault otherwise.
    function test_l71_a_failure_is_believed_when_gas_was_not_the_reason() public {
        setRewardRate(1e10);
        pass(1 days);
        bytes memory nothing;
        vm.startPrank(keeper);
        vm.etch(address(treasury), hex"5f5ffd"); // reverts at once
        vm.expectEmit(address(minter));
        emit RewardsClaimFailed(0, 0, nothing);
        assertEq(minter.claim{gas: 3_000_000}(0), 0);
        vm.etch(address(treasury), hex"fe"); // burns what it is given
        vm.expectPartialRevert(GasTooLow.selector);
        minter.claim{gas: 3_000_000}(0);
        vm.expectEmit(address(minter));
        emit RewardsClaimFailed(0, 0, nothing);
        assertEq(minter.claim{gas: 20_000_000}(0), 0);
        vm.stopPrank();
    }
}
