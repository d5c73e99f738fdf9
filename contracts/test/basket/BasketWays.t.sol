// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasketTypes} from "../../src/basket/IBasket.sol";
import {IUnbondingQueue} from "../../src/basket/IUnbondingQueue.sol";
import {BasketFixture} from "./BasketFixture.sol";
import {TestSleeve} from "./TestSleeve.sol";

/// The ways in and out, by numbers worked out by hand: one share is one coin, no fee but the entry fee of 5 bps.
contract BasketWaysTest is BasketFixture {
    // -------------------------------------------------------------------------------------------------------------- in

    function test_theSeedIsPartsAndUnits() public view {
        (uint256 u, uint256 p, uint256 b) = books(CORE);
        assertEq(u, 500 ether);
        assertEq(p, 500 ether);
        assertEq(b, 500 ether);
        (u, p, b) = books(BTC);
        assertEq(u, 100_000);
        assertEq(p, 100_000);
        assertEq(b, 100_000);
        assertEq(share.balanceOf(DEAD), 0.001 ether);
        assertEq(share.balanceOf(seeder), 999.999 ether);
        (uint256 low, uint256 high, uint256 state) = basket.nav();
        assertEq(low, 1 ether);
        assertEq(high, 1 ether);
        assertEq(state, 0);
    }

    function test_depositOfCoins() public {
        // 100 coins at 1 coin a share, less 5 bps.
        assertEq(deposit(alice, CORE, 100 ether), 99.95 ether);
        assertEq(share.balanceOf(alice), 99.95 ether);
        assertEq(address(core).balance, 600 ether);
        (uint256 u, uint256 p, uint256 b) = books(CORE);
        assertEq(u, 600 ether);
        assertEq(p, 600 ether);
        assertEq(b, 600 ether);
        // The fee stays with the holders: 1,100 coins for 1,099.95 shares.
        (uint256 low,,) = basket.nav();
        assertEq(low, 1.000045456611664166 ether);
    }

    function test_depositOfATokenAtItsLowPriceAgainstTheHighOfTheBasket() public {
        say(address(st), 1.19e18, 1.21e18);
        say(address(btc), 1.98e33, 2.02e33);
        // High: 500 + 250 * 1.21 + 202 = 1,004.5 for 1,000 shares. 10 tokens at 1.19: 11.9 coins.
        // 11.9 * 1,000 / 1,004.5 = 11.846689895470383275, less ceil(5 bps) 0.005923344947735192.
        assertEq(deposit(alice, ST, 10 ether), 11.840766550522648083 ether);
        assertEq(st.balanceOf(address(stSleeve)), 260 ether);
    }

    function test_depositOfBtcOfEightDecimals() public {
        // 0.0001 BTC is 20 coins.
        assertEq(deposit(alice, BTC, 10_000), 19.99 ether);
        assertEq(btc.balanceOf(address(btcSleeve)), 110_000);
    }

    function test_mintInKindTakesEachSleeveAndCreditsLessTheFee() public {
        (uint256[] memory units, uint256 shares) = mintInKind(alice, 100 ether);
        assertEq(units[0], 50 ether);
        assertEq(units[1], 25 ether);
        assertEq(units[2], 10_000);
        assertEq(shares, 99.95 ether);
        assertEq(share.balanceOf(alice), 99.95 ether);
        assertEq(alice.balance, 999_950 ether);
    }

    function test_mintInKindRoundsUpAndGivesCoinsBack() public {
        uint256[] memory units = most();
        vm.prank(alice);
        units = basket.mintInKind{value: 1 ether}(1e13, units, alice, now_());
        // 1e13 of 1e21 shares is 1e-8: 5e12 coins, 2.5e12 tokens, 0.001 satoshi -> 1.
        assertEq(units[0], 5e12);
        assertEq(units[1], 2.5e12);
        assertEq(units[2], 1);
        assertEq(alice.balance, 1_000_000 ether - 5e12);
        assertEq(share.balanceOf(alice), 9.995e12);
    }

    function test_nothingComesInButAsItShould() public {
        vm.startPrank(alice);
        uint256 t = now_();
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.DeadlinePassed.selector, t - 1, t));
        basket.deposit{value: 1}(CORE, 1, alice, 0, t - 1);
        vm.expectRevert(IBasketTypes.ZeroAmount.selector);
        basket.deposit(CORE, 0, alice, 0, t);
        vm.expectRevert(IBasketTypes.ZeroAddress.selector);
        basket.deposit{value: 1}(CORE, 1, address(0), 0, t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.UnknownSleeve.selector, 3));
        basket.deposit(3, 1, alice, 0, t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.WrongValue.selector, 1 ether, 2 ether));
        basket.deposit{value: 1 ether}(CORE, 2 ether, alice, 0, t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.WrongValue.selector, 1 ether, 0));
        basket.deposit{value: 1 ether}(ST, 1 ether, alice, 0, t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SharesBelowMinimum.selector, 0.9995 ether, 1 ether));
        basket.deposit{value: 1 ether}(CORE, 1 ether, alice, 1 ether, t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.UnitsAboveMaximum.selector, 1, 0.25 ether, 0.2 ether));
        uint256[] memory units = most();
        units[1] = 0.2 ether;
        basket.mintInKind{value: 1 ether}(1 ether, units, alice, t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.WrongValue.selector, 0.4 ether, 0.5 ether));
        basket.mintInKind{value: 0.4 ether}(1 ether, most(), alice, t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.WrongValue.selector, 1, 0));
        (bool ok,) = address(basket).call{value: 1}("");
        ok;
        vm.stopPrank();
    }

    function test_aTokenThatTakesAFeeOnTransferIsRefused() public {
        st.setFeeBps(100);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.ShortTransfer.selector, address(st), 0.99 ether, 1 ether));
        deposit(alice, ST, 1 ether);
    }

    function test_bandCapAndThrottle() public {
        // 500 + x of 1,000 + x at 60 %: x = 250.
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.AboveBand.selector, 0, 6_001, 6_000));
        deposit(alice, CORE, 250.4 ether);
        deposit(alice, CORE, 250 ether);
        vm.prank(timelock);
        basket.setCaps(ST, 260 ether, 1e30, 1_000);
        vm.expectRevert(); // the cap, kept in 24 bits of mantissa
        deposit(alice, ST, 10.1 ether);
        deposit(alice, ST, 9.99 ether);
        vm.prank(timelock);
        basket.setCaps(BTC, 1e20, 10_000, 1_000);
        deposit(alice, BTC, 6_000);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.Throttled.selector, 2, 5_000, 4_000));
        deposit(alice, BTC, 5_000);
        at(0, 12 hours); // a quarter of a day: 2,500 leaked
        deposit(alice, BTC, 6_500);
    }

    function test_whatLeavesGivesTheThrottleRoomBack() public {
        vm.prank(timelock);
        basket.setCaps(BTC, 1e20, 10_000, 1_000);
        deposit(alice, BTC, 10_000);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.Throttled.selector, 2, 1, 0));
        deposit(alice, BTC, 1);
        // 19.99 shares of 1,019.99 of 110,000 satoshi: 2,155.8 parts, floor.
        redeemInKind(alice, share.balanceOf(alice));
        assertEq(info(BTC).level, 10_000 - 2_155);
        deposit(alice, BTC, 2_155);
    }

    // ------------------------------------------------------------------------------------------------------------- out

    function test_redeemInKindDeliversEachLeg() public {
        vm.prank(seeder);
        share.transfer(alice, 100 ether);
        uint256 coinsBefore = bob.balance;
        vm.prank(alice);
        (uint256[] memory units, uint256 delivered) = basket.redeemInKind(100 ether, bob);
        assertEq(units[0], 50 ether);
        assertEq(units[1], 25 ether);
        assertEq(units[2], 10_000);
        assertEq(delivered, 7);
        assertEq(bob.balance - coinsBefore, 50 ether);
        assertEq(st.balanceOf(bob), 1_000_025 ether);
        assertEq(btc.balanceOf(bob), 1_000e8 + 10_000);
        assertEq(share.totalSupply(), 900 ether);
        (uint256 u, uint256 p, uint256 b) = books(ST);
        assertEq(u, 225 ether);
        assertEq(p, 225 ether);
        assertEq(b, 225 ether);
    }

    function test_nothingLeavesButAsItShould() public {
        vm.startPrank(seeder);
        uint256 t = now_();
        vm.expectRevert(IBasketTypes.ZeroAmount.selector);
        basket.redeemInKind(0, seeder);
        vm.expectRevert(IBasketTypes.ZeroAddress.selector);
        basket.redeemInKind(1, address(0));
        vm.expectRevert(
            abi.encodeWithSignature(
                "ERC20InsufficientBalance(address,uint256,uint256)", seeder, 999.999 ether, 2_000 ether
            )
        );
        basket.redeemInKind(2_000 ether, seeder);
        vm.expectRevert(
            abi.encodeWithSelector(IBasketTypes.AmountTooLarge.selector, type(uint256).max, uint256(type(uint112).max))
        );
        basket.redeemInKind(type(uint256).max, seeder);
        vm.expectRevert(IBasketTypes.ZeroAmount.selector);
        basket.redeemInstant(0, 0, seeder, t);
        vm.expectRevert(IBasketTypes.ZeroAddress.selector);
        basket.redeemInstant(1, 0, address(0), t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.DeadlinePassed.selector, t - 1, t));
        basket.redeemInstant(1, 0, seeder, t - 1);
        vm.expectRevert(IUnbondingQueue.ZeroAmount.selector);
        queue.requestRedeem(0, seeder, seeder);
        vm.expectRevert(IUnbondingQueue.ZeroAddress.selector);
        queue.requestRedeem(1, address(0), seeder);
        vm.expectRevert(IBasketTypes.ZeroAddress.selector);
        basket.setLegRecipient(address(0));
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.EpochNotClosed.selector, 1));
        queue.startLeg(1, 0);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.EpochNotClosed.selector, 1));
        queue.claim(1, seeder, ALL, seeder);
        vm.expectRevert(abi.encodeWithSignature("UnknownCall(bytes4)", bytes4(0x12345678)));
        (bool ok,) = address(basket).call(hex"12345678");
        ok;
        vm.stopPrank();
        assertEq(share.balanceOf(seeder), 999.999 ether);
    }

    function test_aLegThatCannotBeDeliveredWaitsAsParts() public {
        vm.prank(seeder);
        share.transfer(alice, 100 ether);
        stSleeve.setMood(TestSleeve.Mood.Stalled);
        (uint256[] memory units, uint256 delivered) = redeemInKind(alice, 100 ether);
        assertEq(delivered, 5);
        assertEq(units[1], 0);
        assertEq(basket.waitingParts(alice, ST), 25 ether);
        (uint256 u, uint256 p, uint256 b) = books(ST);
        assertEq(u, 250 ether);
        assertEq(p, 250 ether);
        assertEq(b, 225 ether);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBasketTypes.SleeveFailed.selector, 1, abi.encodeWithSignature("NotYet(uint256,uint256)", 0, 0)
            )
        );
        basket.deliverLeg(alice, ST);
        // Ten percent are lost meanwhile: those who wait and those who stay share it.
        stSleeve.lose(25 ether);
        assertEq(basket.bookLoss(ST), 25 ether);
        stSleeve.setMood(TestSleeve.Mood.Well);
        vm.prank(alice);
        basket.setLegRecipient(carol);
        assertEq(basket.deliverLeg(alice, ST), 22.5 ether);
        assertEq(st.balanceOf(carol), 1_000_022.5 ether);
        (u, p, b) = books(ST);
        assertEq(u, 202.5 ether);
        assertEq(p, 225 ether);
        assertEq(b, 225 ether);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NothingWaiting.selector, 1, alice));
        basket.deliverLeg(alice, ST);
    }

    function test_instantExitPaysFromIdleAtTheLowPrice() public {
        say(address(st), 1.1e18, 1.3e18);
        say(address(btc), 1.9e33, 2.1e33);
        // Low: 500 + 275 + 190 = 965 for 1,000 shares.
        uint256 before = bob.balance;
        vm.prank(seeder);
        uint256 coins = basket.redeemInstant(100 ether, 96 ether, bob, now_());
        assertEq(coins, 96.5 ether);
        assertEq(bob.balance - before, 96.5 ether);
        (uint256 u, uint256 p, uint256 b) = books(CORE);
        assertEq(u, 403.5 ether);
        assertEq(p, 403.5 ether);
        assertEq(b, 403.5 ether);
        assertEq(share.totalSupply(), 900 ether);
    }

    function test_instantExitLeavesTheFloorAndWhatIsOwed() public {
        assertEq(basket.maxInstant(), 498 ether);
        core.setWorking(300 ether);
        assertEq(basket.maxInstant(), 198 ether);
        vm.prank(seeder);
        share.transfer(alice, 100 ether);
        uint256 epoch = request(alice, 100 ether);
        at(1, 0);
        queue.closeEpoch();
        // 50 coins are the epoch's.
        assertEq(basket.owed(CORE), 50 ether);
        assertEq(basket.maxInstant(), 148 ether);
        vm.startPrank(seeder);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.InstantAboveMost.selector, 149 ether, 148 ether));
        basket.redeemInstant(149 ether, 0, seeder, now_());
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.OutBelowMinimum.selector, 148 ether, 149 ether));
        basket.redeemInstant(148 ether, 149 ether, seeder, now_());
        basket.redeemInstant(148 ether, 148 ether, seeder, now_());
        vm.stopPrank();
        queue.startLeg(epoch, CORE);
        assertEq(queue.legInfo(epoch, CORE).recovered, 50 ether);
    }

    // ------------------------------------------------------------------------------------------------------- the queue

    function leave(address who, uint256 shares) internal returns (uint256 epoch) {
        vm.prank(seeder);
        share.transfer(who, shares);
        epoch = request(who, shares);
    }

    function test_anEpochFromRequestToTheLastCoin() public {
        uint256 epoch = leave(alice, 100 ether);
        leave(bob, 300 ether);
        assertEq(epoch, 1);
        assertEq(share.balanceOf(address(queue)), 400 ether);
        assertEq(queue.pendingRedeemRequest(1, alice), 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.EpochNotDue.selector, 1, DAWN + DAY));
        queue.closeEpoch();
        at(1, 0);
        assertEq(queue.closeEpoch(), 1);
        assertEq(share.totalSupply(), 600 ether);
        (uint256 u, uint256 p, uint256 b) = books(CORE);
        assertEq(u, 500 ether);
        assertEq(p, 500 ether);
        assertEq(b, 300 ether);

        queue.startLeg(1, CORE);
        queue.startLeg(1, ST);
        queue.startLeg(1, BTC);
        (u, p, b) = books(CORE);
        assertEq(u, 300 ether);
        assertEq(p, 300 ether);
        assertEq(address(queue).balance, 200 ether);
        assertEq(queue.openTickets(ST), 1);

        // 200 coins and 40,000 satoshi: a quarter is alice's.
        uint256 before = alice.balance;
        uint256[] memory paid = claim(alice, 1);
        assertEq(paid[0], 50 ether);
        assertEq(paid[1], 0);
        assertEq(paid[2], 10_000);
        assertEq(alice.balance - before, 50 ether);
        (, uint256 mask,) = queue.position(1, alice);
        assertEq(mask, 5);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.NothingToClaim.selector, 1, 7));
        claim(alice, 1);

        // 100 tokens at 1.2 are 120 coins; 50 come first.
        vm.deal(address(stSleeve), 120 ether);
        stSleeve.ripen(1, 50 ether, false);
        queue.collect(1, ST);
        paid = claim(alice, 1);
        assertEq(paid[1], 12.5 ether);
        assertEq(queue.pendingRedeemRequest(1, alice), 100 ether);
        stSleeve.ripen(1, 70 ether, false);
        (uint256 got, bool done) = queue.collect(1, ST);
        assertEq(got, 70 ether);
        assertTrue(done);
        assertEq(queue.claimableRedeemRequest(1, alice), 100 ether);
        paid = claim(alice, 1);
        assertEq(paid[1], 17.5 ether);
        assertEq(alice.balance - before, 80 ether);
        assertEq(queue.claimableRedeemRequest(1, alice), 0);
        // Bob takes it all at once: 150 + 90 coins, 30,000 satoshi.
        before = bob.balance;
        claim(bob, 1);
        assertEq(bob.balance - before, 240 ether);
        assertEq(btc.balanceOf(bob), 1_000e8 + 30_000);
        assertEq(address(queue).balance, 0);
        assertEq(btc.balanceOf(address(queue)), 0);
    }

    function test_theHoursOfTheQueue() public {
        leave(alice, 10 ether);
        at(0, 23 hours);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.ClosedUntilDawn.selector, 1, DAWN + DAY));
        request(seeder, 1 ether);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.ClosedUntilDawn.selector, 1, DAWN + DAY));
        queue.cancel(1, 10 ether, alice, alice);
        at(1, 2 hours - 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.ClosedUntilDawn.selector, 1, DAWN + DAY));
        queue.cancel(1, 10 ether, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.EpochDue.selector, 1, DAWN + DAY));
        request(seeder, 1 ether);
        // No close came: what waits may go back.
        at(1, 2 hours);
        vm.prank(alice);
        queue.cancel(1, 10 ether, alice, bob);
        assertEq(share.balanceOf(bob), 10 ether);
        // The epoch is empty and open again.
        assertEq(request(bob, 10 ether), 1);
        (uint256 open, uint256 closesAt) = queue.openEpoch();
        assertEq(open, 1);
        assertEq(closesAt, DAWN + 2 * DAY);
        at(2, 0);
        assertEq(queue.closeEpoch(), 1);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.EpochNotDue.selector, 2, 0));
        queue.closeEpoch();
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.EpochNotOpen.selector, 1));
        queue.cancel(1, 1, bob, bob);
    }

    function test_operatorsAndAllowances() public {
        vm.prank(seeder);
        share.transfer(alice, 30 ether);
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSignature("ERC20InsufficientAllowance(address,uint256,uint256)", bob, 0, 10 ether)
        );
        queue.requestRedeem(10 ether, bob, alice);
        vm.prank(alice);
        share.approve(bob, 10 ether);
        vm.prank(bob);
        queue.requestRedeem(10 ether, bob, alice);
        (uint256 shares,,) = queue.position(1, bob);
        assertEq(shares, 10 ether);
        vm.prank(alice);
        queue.setOperator(carol, true);
        vm.startPrank(carol);
        queue.requestRedeem(20 ether, alice, alice);
        queue.cancel(1, 15 ether, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.CancelAboveRequest.selector, 1, alice, 6 ether, 5 ether));
        queue.cancel(1, 6 ether, alice, alice);
        queue.cancel(1, 5 ether, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.NotController.selector, bob, carol));
        queue.cancel(1, 1, bob, carol);
        vm.stopPrank();
        assertEq(share.balanceOf(alice), 20 ether);
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, CORE);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.NotController.selector, bob, alice));
        queue.claim(1, bob, ALL, alice);
    }

    function test_aLegOfTheQueueIsNobodyElses() public {
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NotQueue.selector, mallory));
        basket.carveEpoch(1 ether);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NotQueue.selector, mallory));
        basket.startLeg(0, 1 ether, false);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NotQueue.selector, mallory));
        basket.collectLeg(0, 1);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.NotBasket.selector, mallory));
        queue.registerSleeve(0, address(st));
        vm.stopPrank();
    }

    function test_aTicketsLossIsItsOwn() public {
        leave(alice, 100 ether);
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, ST);
        vm.deal(address(stSleeve), 20 ether);
        stSleeve.ripen(1, 20 ether, true); // of 30 coins: 10 are lost
        (uint256 paid, bool done) = queue.collect(1, ST);
        assertEq(paid, 20 ether);
        assertTrue(done);
        assertEq(claim(alice, 1)[1], 20 ether);
        (uint256 u, uint256 p,) = books(ST);
        assertEq(u, 225 ether);
        assertEq(p, 225 ether);
    }

    function test_aLegTooSmallForItsSystemEndsInKind() public {
        leave(alice, 1 ether); // 0.25 tokens
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, ST);
        assertEq(queue.legInfo(1, ST).asset, address(st));
        assertEq(claim(alice, 1)[1], 0.25 ether);
        assertEq(st.balanceOf(alice), 1_000_000.25 ether);
    }

    function test_aLegThatCannotStartForAWeekEndsInKind() public {
        leave(alice, 100 ether);
        at(1, 1 hours);
        queue.closeEpoch();
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.NotStuck.selector, 1, 1, DAWN + 8 * DAY + 1 hours));
        queue.startInKind(1, ST);
        at(8, 1 hours);
        queue.startInKind(1, ST);
        assertEq(queue.legInfo(1, ST).asset, address(st));
        assertEq(claim(alice, 1)[1], 25 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IUnbondingQueue.LegNotWaiting.selector, 1, 1, IUnbondingQueue.LegState.Done)
        );
        queue.startInKind(1, ST);
    }
}
