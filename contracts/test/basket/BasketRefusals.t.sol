// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasket, IBasketTypes} from "../../src/basket/IBasket.sol";
import {IBasketFactory} from "../../src/basket/IBasketFactory.sol";
import {ISleeve} from "../../src/basket/ISleeve.sol";
import {IUnbondingQueue} from "../../src/basket/IUnbondingQueue.sol";
import {BasketTimelock} from "../../src/governance/BasketTimelock.sol";
import {BasketFixture} from "./BasketFixture.sol";
import {TestSleeve} from "./TestSleeve.sol";

/// What a basket refuses: by name, with the values that were wrong, and with books that did not move.
contract BasketRefusalsTest is BasketFixture {
    uint256 private constant FOREVER = type(uint256).max;

    /// A digest of what the basket and its queue have booked.
    function digest() private view returns (bytes32) {
        bytes memory all = abi.encode(share.totalSupply(), share.balanceOf(address(queue)), basket.auctionId());
        for (uint256 i; i < basket.sleeveCount(); ++i) {
            all = bytes.concat(all, abi.encode(basket.sleeveInfo(i)));
        }
        (uint256 open,) = queue.openEpoch();
        for (uint256 e = 1; e <= open; ++e) {
            all = bytes.concat(all, abi.encode(queue.epochInfo(e), queue.legInfo(e, 0), queue.legInfo(e, 1)));
        }
        return keccak256(all);
    }

    function refused(address who, address to, uint256 value, bytes memory data, bytes memory reason) private {
        bytes32 before = digest();
        vm.prank(who);
        (bool ok, bytes memory said) = to.call{value: value}(data);
        assertFalse(ok, "it went through");
        assertEq(said, reason, "another reason");
        assertEq(digest(), before, "something moved");
    }

    function refused(address who, bytes memory data, bytes memory reason) private {
        refused(who, address(basket), 0, data, reason);
    }

    function governed(bytes memory data, bytes memory reason) private {
        refused(timelock, address(basket), 0, data, reason);
    }

    function zero() private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBasketTypes.ZeroAddress.selector);
    }

    function tooLarge(uint256 amount, uint256 most_) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBasketTypes.AmountTooLarge.selector, amount, most_);
    }

    // -------------------------------------------------------------------------------------------------------------- in

    function test_nothingComesInBeyondCapAndWidth() public {
        vm.prank(timelock);
        basket.setCaps(ST, 251 ether, 1e30, 1_000);
        uint256 cap = info(ST).cap;
        bytes memory reason = abi.encodeWithSelector(IBasketTypes.CapReached.selector, ST, 252 ether, cap);
        refused(alice, abi.encodeCall(IBasket.deposit, (ST, 2 ether, alice, 0, FOREVER)), reason);
        refused(
            alice,
            abi.encodeCall(IBasket.deposit, (ST, 1 << 112, alice, 0, FOREVER)),
            tooLarge(1 << 112, type(uint112).max)
        );
        bytes memory data = abi.encodeCall(IBasket.depositWithPermit, (CORE, 1 ether, alice, 0, FOREVER, 0, 0, 0));
        refused(alice, data, abi.encodeWithSelector(IBasketTypes.WrongValue.selector, 0, 1 ether));
        data = abi.encodeCall(IBasket.mintInKind, (1 << 112, most(), alice, FOREVER));
        refused(alice, data, tooLarge(1 << 112, type(uint112).max));
        // A wei of shares is all fee.
        data = abi.encodeCall(IBasket.mintInKind, (1, most(), alice, FOREVER));
        refused(alice, data, abi.encodeWithSelector(IBasketTypes.SharesBelowMinimum.selector, 0, 1));
        // Coins that nobody asked for.
        refused(alice, address(basket), 5, "", abi.encodeWithSelector(IBasketTypes.WrongValue.selector, 5, 0));
        refused(alice, address(queue), 5, "", abi.encodeWithSelector(IUnbondingQueue.Reentered.selector));
    }

    /// A sleeve that says it harvested coins which did not come is not believed.
    function test_aHarvestThatDidNotComeIsRefused() public {
        vm.mockCall(address(stSleeve), abi.encodeCall(ISleeve.harvest, ()), abi.encode(250 ether, 3 ether));
        bytes memory reason = abi.encodeWithSelector(IBasketTypes.ShortTransfer.selector, NATIVE, 0, 3 ether);
        refused(alice, abi.encodeCall(IBasket.harvest, (ST)), reason);
    }

    // ------------------------------------------------------------------------------------------------------------- out

    function test_anInstantExitOfLessThanAWeiIsRefused() public {
        vm.prank(timelock);
        basket.setFees(5, 50, 0, 0);
        // One wei of shares is worth one wei, which is the fee, rounded up.
        bytes memory data = abi.encodeCall(IBasket.redeemInstant, (1, 0, seeder, FOREVER));
        refused(seeder, data, abi.encodeWithSelector(IBasketTypes.InstantTooSmall.selector, 1));
        data = abi.encodeCall(IBasket.redeemInstant, (1 ether, 0, address(0), FOREVER));
        refused(seeder, data, zero());
        data = abi.encodeCall(IBasket.redeemInstant, (0, 0, seeder, FOREVER));
        refused(seeder, data, abi.encodeWithSelector(IBasketTypes.ZeroAmount.selector));
        data = abi.encodeCall(IBasket.redeemInstant, (1 << 112, 0, seeder, FOREVER));
        refused(seeder, data, tooLarge(1 << 112, type(uint112).max));
    }

    /// A basket without a sleeve of coins has no instant exit, and says so in its views.
    function test_aBasketWithoutCoinsHasNoInstantExit() public {
        IBasketFactory.Template[] memory list = templates();
        list[0].tokens = new address[](1);
        list[0].targetBps = new uint16[](1);
        list[0].bandBps = new uint16[](1);
        (list[0].tokens[0], list[0].targetBps[0]) = (address(st), 10_000);
        makers = IBasketFactory(create("BasketFactory", abi.encode(makers.BASKET_CODE(), makers.QUEUE_CODE(), list)));
        (address to,) = makers.predict(address(this), "one");
        stSleeve = new TestSleeve(to, address(st), NATIVE, 8 days);
        IBasketFactory.CreateParams memory p = createParams(5, 0, 0, 0);
        p.sleeves = new ISleeve[](1);
        p.sleeves[0] = stSleeve;
        p.caps = new uint256[](1);
        p.caps[0] = 1e30;
        p.limits = p.caps;
        basket = IBasket(makers.create(p));
        BasketTimelock(payable(timelock)).register(to);
        vm.startPrank(seeder);
        st.approve(to, FOREVER);
        basket.mintInKind(100 ether, units(100 ether), seeder, FOREVER);
        vm.expectRevert(IBasketTypes.NoCoinSleeve.selector);
        basket.redeemInstant(1 ether, 0, seeder, FOREVER);
        vm.stopPrank();
        assertEq(basket.maxInstant(), 0);
        IBasketTypes.ExitQuote memory q = basket.quoteExit(1 ether);
        assertEq(q.instantCoins + q.instantFee, 0);
        assertEq(q.units[0], 1 ether);
    }

    function units(uint256 one) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = one;
    }

    function test_legsInKindAreNobodyElsesAndNotForNobody() public {
        refused(
            alice,
            abi.encodeCall(IBasket.deliverLeg, (alice, ST)),
            abi.encodeWithSelector(IBasketTypes.NothingWaiting.selector, ST, alice)
        );
        refused(
            alice,
            abi.encodeCall(IBasket.deliverLeg, (alice, 3)),
            abi.encodeWithSelector(IBasketTypes.UnknownSleeve.selector, 3)
        );
        refused(alice, abi.encodeCall(IBasket.setLegRecipient, (address(0))), zero());
        refused(seeder, abi.encodeCall(IBasket.redeemInKind, (1 ether, address(0))), zero());
        refused(
            seeder,
            abi.encodeCall(IBasket.redeemInKind, (0, seeder)),
            abi.encodeWithSelector(IBasketTypes.ZeroAmount.selector)
        );
    }

    // ------------------------------------------------------------------------------------------------------- the queue

    function closed() private {
        request(seeder, 100 ether);
        at(1, 0);
        queue.closeEpoch();
    }

    function asked(bytes memory data, bytes memory reason) private {
        refused(mallory, address(queue), 0, data, reason);
    }

    function test_stepsOfALegComeInTheirOrder() public {
        request(seeder, 100 ether);
        asked(
            abi.encodeCall(IUnbondingQueue.startLeg, (1, CORE)),
            abi.encodeWithSelector(IUnbondingQueue.EpochNotClosed.selector, 1)
        );
        asked(
            abi.encodeCall(IUnbondingQueue.closeEpoch, ()),
            abi.encodeWithSelector(IUnbondingQueue.EpochNotDue.selector, 1, DAWN + DAY)
        );
        at(1, 0);
        queue.closeEpoch();
        asked(
            abi.encodeCall(IUnbondingQueue.closeEpoch, ()),
            abi.encodeWithSelector(IUnbondingQueue.EpochNotDue.selector, 2, 0)
        );
        asked(
            abi.encodeCall(IUnbondingQueue.startLeg, (1, 3)),
            abi.encodeWithSelector(IUnbondingQueue.UnknownLeg.selector, 1, 3)
        );
        asked(
            abi.encodeCall(IUnbondingQueue.collect, (1, ST)),
            abi.encodeWithSelector(IUnbondingQueue.LegNotOut.selector, 1, ST, IUnbondingQueue.LegState.Waiting)
        );
        queue.startLeg(1, ST);
        asked(
            abi.encodeCall(IUnbondingQueue.startLeg, (1, ST)),
            abi.encodeWithSelector(IUnbondingQueue.LegNotWaiting.selector, 1, ST, IUnbondingQueue.LegState.Out)
        );
        asked(
            abi.encodeCall(IUnbondingQueue.startInKind, (1, BTC)),
            abi.encodeWithSelector(IUnbondingQueue.NotStuck.selector, 1, BTC, DAWN + DAY + 7 days)
        );
    }

    function test_aQueueAsksForNothingOfNobody() public {
        vm.prank(seeder);
        share.transfer(mallory, 10 ether);
        asked(
            abi.encodeWithSelector(queue.requestRedeem.selector, 0, mallory, mallory),
            abi.encodeWithSelector(IUnbondingQueue.ZeroAmount.selector)
        );
        asked(
            abi.encodeWithSelector(queue.requestRedeem.selector, 1, address(0), mallory),
            abi.encodeWithSelector(IUnbondingQueue.ZeroAddress.selector)
        );
        asked(
            abi.encodeWithSelector(queue.requestRedeem.selector, 1 << 112, mallory, mallory),
            abi.encodeWithSelector(IUnbondingQueue.AmountTooLarge.selector, 1 << 112, type(uint112).max)
        );
        request(mallory, 2 ether);
        asked(
            abi.encodeCall(IUnbondingQueue.cancel, (1, 1, mallory, address(0))),
            abi.encodeWithSelector(IUnbondingQueue.ZeroAddress.selector)
        );
        asked(
            abi.encodeCall(IUnbondingQueue.cancel, (1, 0, mallory, mallory)),
            abi.encodeWithSelector(IUnbondingQueue.ZeroAmount.selector)
        );
        asked(
            abi.encodeCall(IUnbondingQueue.cancel, (2, 1, mallory, mallory)),
            abi.encodeWithSelector(IUnbondingQueue.EpochNotOpen.selector, 2)
        );
        asked(
            abi.encodeCall(IUnbondingQueue.cancel, (1, 3 ether, mallory, mallory)),
            abi.encodeWithSelector(IUnbondingQueue.CancelAboveRequest.selector, 1, mallory, 3 ether, 2 ether)
        );
        asked(
            abi.encodeCall(IUnbondingQueue.claim, (1, mallory, 7, mallory)),
            abi.encodeWithSelector(IUnbondingQueue.EpochNotClosed.selector, 1)
        );
        at(1, 0);
        queue.closeEpoch();
        asked(
            abi.encodeCall(IUnbondingQueue.claim, (1, mallory, 7, mallory)),
            abi.encodeWithSelector(IUnbondingQueue.NothingToClaim.selector, 1, 7)
        );
        asked(
            abi.encodeCall(IUnbondingQueue.claim, (1, mallory, 7, address(0))),
            abi.encodeWithSelector(IUnbondingQueue.ZeroAddress.selector)
        );
    }

    /// A sleeve that lies about what it paid, in what, or by which ticket, ends no leg.
    function test_aSleeveThatLiesEndsNoLeg() public {
        closed();
        bytes memory start = abi.encodeCall(IUnbondingQueue.startLeg, (1, BTC));
        bytes memory what = abi.encodeWithSelector(ISleeve.unbond.selector);
        vm.mockCall(address(btcSleeve), what, abi.encode(0, 5, address(btc)));
        asked(start, abi.encodeWithSelector(IUnbondingQueue.ShortPayment.selector, address(btc), 5, 0));
        vm.mockCall(address(btcSleeve), what, abi.encode(0, 5, NATIVE));
        asked(start, abi.encodeWithSelector(IUnbondingQueue.ShortPayment.selector, NATIVE, 5, 0));
        vm.mockCall(address(btcSleeve), what, abi.encode(0, 0, address(st)));
        asked(start, abi.encodeWithSelector(IUnbondingQueue.WrongAsset.selector, address(st), address(btc)));
        vm.mockCall(address(btcSleeve), what, abi.encode(1 << 128, 0, address(btc)));
        asked(
            start, abi.encodeWithSelector(IUnbondingQueue.AmountTooLarge.selector, 1 << 128, uint256(type(uint128).max))
        );
        vm.clearMockedCalls();
        queue.startLeg(1, BTC);
        queue.startLeg(1, ST);
        what = abi.encodeWithSelector(ISleeve.collect.selector);
        vm.mockCall(address(stSleeve), what, abi.encode(7, true));
        asked(
            abi.encodeCall(IUnbondingQueue.collect, (1, ST)),
            abi.encodeWithSelector(IUnbondingQueue.ShortPayment.selector, NATIVE, 7, 0)
        );
        vm.clearMockedCalls();
        assertEq(queue.openTickets(ST), 1);
    }

    // ------------------------------------------------------------------------------------------------------ governance

    function added(TestSleeve sleeve) private pure returns (bytes memory) {
        return abi.encodeCall(IBasket.addSleeve, (IBasketTypes.SleeveParams(sleeve, 1e30, 1e30, 0, 1_000)));
    }

    function test_oddSleevesAreRefused() public {
        TestSleeve more = new TestSleeve(address(basket), address(st), NATIVE, 1 days);
        governed(added(TestSleeve(payable(makeAddr("no code")))), zero());
        // One that ends in a third asset, one of nothing, and one that wants more gas than there is for one.
        governed(added(new TestSleeve(address(basket), address(st), address(btc), 0)), zero());
        governed(added(new TestSleeve(address(basket), address(0), NATIVE, 0)), zero());
        vm.mockCall(address(more), abi.encodeCall(ISleeve.DELIVER_GAS, ()), abi.encode(8_000_001));
        governed(added(more), tooLarge(8_000_001, 8_000_000));
        vm.clearMockedCalls();
        bytes memory odd = abi.encodeCall(IBasket.addSleeve, (IBasketTypes.SleeveParams(more, 1e30, 1e30, 7, 1_000)));
        governed(odd, abi.encodeWithSelector(IBasketTypes.WeightsNotWhole.selector, 10_007));
        odd = abi.encodeCall(IBasket.addSleeve, (IBasketTypes.SleeveParams(more, 1e30, 1e30, 0, 10_001)));
        governed(odd, tooLarge(10_001, 10_000));
        for (uint256 i = 3; i < 8; ++i) {
            TestSleeve one = new TestSleeve(address(basket), address(st), NATIVE, 1 days);
            vm.prank(timelock);
            assertEq(basket.addSleeve(IBasketTypes.SleeveParams(one, 1e30, 1e30, 0, 1_000)), i);
        }
        governed(added(more), abi.encodeWithSelector(IBasketTypes.TooManySleeves.selector, 8));
    }

    function test_settingsStayInTheirBounds() public {
        uint256 wide = uint256(type(uint96).max) + 1;
        governed(abi.encodeCall(IBasket.setIdle, (wide, 0)), tooLarge(wide, wide - 1));
        governed(abi.encodeCall(IBasket.setIdle, (0, wide)), tooLarge(wide, wide - 1));
        governed(abi.encodeCall(IBasket.setShareCap, (1 << 112)), tooLarge(1 << 112, type(uint112).max));
        governed(abi.encodeCall(IBasket.setCaps, (0, 1, 1, 10_001)), tooLarge(10_001, 10_000));
        governed(abi.encodeCall(IBasket.setCaps, (0, 1 << 112, 1, 1)), tooLarge(1 << 112, type(uint112).max));
        bytes4 range = IBasketTypes.FeeOutOfRange.selector;
        governed(abi.encodeCall(IBasket.setDriftBps, (99)), abi.encodeWithSelector(range, 99, 100, 10_000));
        governed(abi.encodeCall(IBasket.setDriftBps, (10_001)), abi.encodeWithSelector(range, 10_001, 100, 10_000));
        governed(abi.encodeCall(IBasket.setGuardian, (address(0))), zero());
        governed(abi.encodeCall(IBasket.setFeeRecipient, (address(0))), zero());
        uint16[] memory two = new uint16[](2);
        governed(
            abi.encodeCall(IBasket.setWeights, (two)),
            abi.encodeWithSelector(IBasketTypes.LengthMismatch.selector, 2, 3)
        );
        governed(
            abi.encodeCall(IBasket.setWeights, (new uint16[](3))),
            abi.encodeWithSelector(IBasketTypes.WeightsNotWhole.selector, 0)
        );
        refused(
            guardian,
            abi.encodeCall(IBasket.pause, (IBasketTypes.Pausable.Mint, 0)),
            abi.encodeWithSelector(IBasketTypes.ZeroAmount.selector)
        );
        refused(
            guardian,
            abi.encodeCall(IBasket.pause, (IBasketTypes.Pausable.Mint, 7 days + 1)),
            abi.encodeWithSelector(IBasketTypes.PauseTooLong.selector, 7 days + 1, 7 days)
        );
        // Nothing accrued yet.
        bytes memory nothing = abi.encodeWithSelector(IBasketTypes.NothingToCollect.selector);
        refused(mallory, abi.encodeCall(IBasket.collectFees, ()), nothing);
        refused(mallory, abi.encodeCall(IBasket.collectUnitFees, (ST)), nothing);
    }

    /// A retired sleeve gets no target again.
    function test_aRetiredSleeveGetsNoTarget() public {
        TestSleeve more = new TestSleeve(address(basket), address(st), NATIVE, 1 days);
        vm.startPrank(timelock);
        basket.addSleeve(IBasketTypes.SleeveParams(more, 1e30, 1e30, 0, 1_000));
        basket.retireSleeve(3);
        vm.stopPrank();
        uint16[] memory bps = new uint16[](4);
        (bps[0], bps[3]) = (9_999, 1);
        governed(
            abi.encodeCall(IBasket.setWeights, (bps)), abi.encodeWithSelector(IBasketTypes.SleeveRetired.selector, 3)
        );
    }

    // --------------------------------------------------------------------------------------------------------- auction

    function test_bidsOfNothingForNobodyTooLateOrOnNothing() public {
        bytes memory data = abi.encodeCall(IBasket.bid, (1, 1, FOREVER, bob, FOREVER));
        bytes memory none = abi.encodeWithSelector(IBasketTypes.NoAuction.selector, 1);
        refused(bob, data, none);
        refused(bob, abi.encodeCall(IBasket.endAuction, (1)), none);
        say(address(st), 2.4e18, 2.4e18);
        at(1, 1 hours);
        basket.noteDrift();
        at(1, 2 hours);
        basket.startAuction(ST, CORE);
        data = abi.encodeCall(IBasket.bid, (1, 1, FOREVER, address(0), FOREVER));
        refused(bob, data, zero());
        data = abi.encodeCall(IBasket.bid, (1, 0, FOREVER, bob, FOREVER));
        refused(bob, data, abi.encodeWithSelector(IBasketTypes.ZeroAmount.selector));
        data = abi.encodeCall(IBasket.bid, (1, 1, FOREVER, bob, now_() - 1));
        refused(bob, data, abi.encodeWithSelector(IBasketTypes.DeadlinePassed.selector, now_() - 1, now_()));
        refused(
            bob, abi.encodeCall(IBasket.endAuction, (2)), abi.encodeWithSelector(IBasketTypes.NoAuction.selector, 2)
        );
        (IBasketTypes.Auction memory other, uint256 price) = basket.auction(2);
        assertEq(other.left + price, 0);
    }

    // --------------------------------------------------------------------------------------------------- what is made

    function test_partsAndFactoriesOfNothingAreNotMade() public {
        bytes memory nobody = abi.encode(address(0));
        refusesToBe("Basket", nobody, 0, zero());
        refusesToBe("BasketDesk", nobody, 0, zero());
        refusesToBe("BasketMarket", nobody, 0, zero());
        IBasketFactory.Template[] memory list = templates();
        bytes memory reason = abi.encodeWithSelector(IBasketFactory.ZeroAddress.selector);
        refusesToBe("BasketFactory", abi.encode(address(0), address(2), list), 0, reason);
        refusesToBe("BasketFactory", abi.encode(address(1), address(0), list), 0, reason);
        reason = abi.encodeWithSelector(IBasketFactory.BadTemplate.selector, 0);
        list[0].tokens[1] = address(0);
        refusesToBe("BasketFactory", abi.encode(address(1), address(2), list), 0, reason);
        list = templates();
        list[0].bandBps = new uint16[](2);
        refusesToBe("BasketFactory", abi.encode(address(1), address(2), list), 0, reason);
        list = templates();
        list[0].targetBps = new uint16[](2);
        refusesToBe("BasketFactory", abi.encode(address(1), address(2), list), 0, reason);
        list[0].tokens = new address[](9);
        refusesToBe("BasketFactory", abi.encode(address(1), address(2), list), 0, reason);
        list[0].tokens = new address[](0);
        refusesToBe("BasketFactory", abi.encode(address(1), address(2), list), 0, reason);
    }

    function made(IBasketFactory.CreateParams memory p, bytes memory reason) private {
        refused(address(this), address(makers), 0, abi.encodeCall(IBasketFactory.create, (p)), reason);
    }

    function test_aBasketOfNobodyIsNotMade() public {
        IBasketFactory.CreateParams memory p = createParams(5, 0, 0, 0);
        p.salt = "two";
        p.template = 1;
        made(p, abi.encodeWithSelector(IBasketFactory.UnknownTemplate.selector, 1));
        p.template = 0;
        p.caps = new uint256[](2);
        made(p, abi.encodeWithSelector(IBasketFactory.LengthMismatch.selector, 2, 3));
        p.caps = p.limits;
        p.limits = new uint256[](4);
        made(p, abi.encodeWithSelector(IBasketFactory.LengthMismatch.selector, 4, 3));
        p.limits = p.caps;
        p.timelock = address(0);
        made(p, zero());
        (p.timelock, p.guardian) = (timelock, address(0));
        made(p, zero());
        (p.guardian, p.feeRecipient) = (guardian, address(0));
        made(p, zero());
        (p.feeRecipient, p.seeder) = (feeRecipient, address(0));
        made(p, zero());
        (p.seeder, p.entryFeeBps) = (seeder, 4);
        made(p, abi.encodeWithSelector(IBasketTypes.FeeOutOfRange.selector, 4, 5, 100));
    }
}
