// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAsyncRedeem} from "../../src/async/IAsyncRedeem.sol";
import {IERC7540Operator, IERC7540Redeem} from "../../src/async/IERC7540.sol";
import {IBasket, IBasketTypes} from "../../src/basket/IBasket.sol";
import {IBasketFactory} from "../../src/basket/IBasketFactory.sol";
import {IBasketToken} from "../../src/basket/IBasketToken.sol";
import {ISingleAssetExit} from "../../src/basket/ISingleAssetExit.sol";
import {ISleeve} from "../../src/basket/ISleeve.sol";
import {IUnbondingQueue} from "../../src/basket/IUnbondingQueue.sol";
import {BasketTimelock} from "../../src/governance/BasketTimelock.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {BasketFixture} from "./BasketFixture.sol";
import {TestSleeve} from "./TestSleeve.sol";
import {TestToken} from "./TestToken.sol";

/// Harvests, fees, governance, auctions, factory and wrapper, by numbers worked out by hand.
contract BasketRulesTest is BasketFixture {
    function give(address who, uint256 shares) internal {
        vm.prank(seeder);
        share.transfer(who, shares);
    }

    // -------------------------------------------------------------------------------------------------------- harvests

    function test_aSmallHarvestCountsAtOnceAndALargeOneByRounds() public {
        earn(0.1 ether); // 2 bps of 500
        basket.harvest(CORE);
        (uint256 u,,) = books(CORE);
        assertEq(u, 500.1 ether);
        assertEq(info(CORE).locked, 0);
        at(1, 1 hours);
        earn(1 ether);
        basket.harvest(CORE);
        (u,,) = books(CORE);
        // 2.5 bps of 500.1 (of 500, and of 24 bits: no more than 0.125025) at once.
        assertApproxEqRel(u, 500.1 ether + 0.125 ether, 1e11);
        uint256 left = info(CORE).locked;
        assertEq(u + left, 501.1 ether);
        (uint256 low, uint256 high,) = basket.nav();
        assertEq(high - low, left / 1_000 + 1); // high counts it, low does not: a thousandth of it for each share
        // No second step in the same round.
        basket.harvest(CORE);
        assertEq(info(CORE).locked, left);
        for (uint256 day = 2; day < 9; ++day) {
            at(day, 1 hours);
            basket.harvest(CORE);
        }
        (u,,) = books(CORE);
        assertEq(u, 501.1 ether);
        assertEq(info(CORE).locked, 0);
    }

    function test_aHarvestOfCoinsByATokenSleeveGoesToTheCoinSleeve() public {
        vm.deal(address(stSleeve), 0.05 ether);
        stSleeve.setCoinsToHarvest(0.05 ether);
        basket.harvest(ST);
        assertEq(address(core).balance, 500.05 ether);
        (uint256 u,,) = books(CORE);
        assertEq(u, 500 ether);
        basket.harvest(CORE);
        (u,,) = books(CORE);
        assertEq(u, 500.05 ether);
    }

    function test_aMintHarvestsWhatIsMissingAndFailsWithIt() public {
        deposit(alice, CORE, 1 ether);
        uint256 before = core.harvests();
        deposit(alice, CORE, 1 ether);
        assertEq(core.harvests(), before);
        at(1, 1 hours);
        mintInKind(alice, 1 ether);
        assertEq(core.harvests(), before + 1);
        at(2, 1 hours);
        core.setMood(TestSleeve.Mood.Stalled);
        vm.expectRevert(abi.encodeWithSignature("NotYet(uint256,uint256)", 0, 0));
        deposit(alice, ST, 1 ether);
    }

    /// Before the staking system's round has turned a harvest brings nothing: the next way in asks again.
    function test_aHarvestBeforeTheTurnIsNotTheRounds() public {
        at(1, 5 minutes);
        deposit(alice, CORE, 1 ether);
        earn(0.1 ether);
        at(1, 20 minutes);
        deposit(alice, CORE, 1 ether);
        (uint256 u,,) = books(CORE);
        assertEq(u, 502.1 ether);
        // The hour over, once more, and then not again.
        uint256 before = core.harvests();
        at(1, 1 hours);
        deposit(alice, CORE, 1 ether);
        assertEq(core.harvests(), before + 1);
        deposit(alice, CORE, 1 ether);
        assertEq(core.harvests(), before + 1);
    }

    /// Legs that have left are not charged for the rate: the fee is the basket's alone.
    function test_theRateFeeIsNotTheLeavers() public {
        vm.prank(timelock);
        basket.setFees(5, 0, 0, 1_000);
        give(alice, 400 ether);
        request(alice, 400 ether);
        at(1, 0);
        queue.closeEpoch();
        stSleeve.setRate(1.5e18);
        basket.harvest(ST);
        // The basket's 150 tokens: a fifth of it was gained, a tenth of that is the fee.
        assertEq(info(ST).feeUnits, 3 ether);
        (uint256 u, uint256 p, uint256 b) = books(ST);
        assertEq(u, 247 ether);
        assertEq(p, 247 ether);
        assertEq(b, 147 ether);
        queue.startLeg(1, ST);
        assertEq(queue.legInfo(1, ST).units, 100 ether);
    }

    function test_aBidTakesIdleCoinsAlone() public {
        say(address(st), 0.6e18, 0.6e18);
        at(1, 1 hours);
        basket.noteDrift();
        at(1, 2 hours);
        uint256 id = basket.startAuction(CORE, ST);
        core.setWorking(490 ether);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.InstantAboveMost.selector, 9 ether, 8 ether));
        basket.bid(id, 9 ether, type(uint256).max, bob, now_());
        vm.prank(bob);
        (uint256 sold,) = basket.bid(id, 8 ether, type(uint256).max, bob, now_());
        assertEq(sold, 8 ether);
    }

    function test_aLossTakesWhatIsLockedFirst() public {
        at(1, 1 hours);
        earn(1 ether);
        basket.harvest(CORE);
        uint256 left = info(CORE).locked;
        core.lose(left + 5 ether);
        vm.expectEmit(address(basket));
        emit IBasketTypes.LossBooked(0, left + 5 ether);
        basket.bookLoss(CORE);
        (uint256 u,,) = books(CORE);
        assertEq(u, 501 ether - left - 5 ether);
        assertEq(info(CORE).locked, 0);
        assertEq(basket.bookLoss(CORE), 0);
    }

    function test_anInstantExitBooksTheLossThatShows() public {
        core.lose(50 ether);
        vm.prank(seeder);
        // 950 coins for 1,000 shares; a wei is lost between parts and units.
        assertEq(basket.redeemInstant(100 ether, 0, seeder, now_()), 95 ether - 1);
    }

    function test_thePerformanceFeeOfAHarvestIsAPartOfIt() public {
        vm.prank(timelock);
        basket.setFees(5, 0, 0, 2_000);
        earn(0.1 ether);
        basket.harvest(CORE);
        (uint256 u,,) = books(CORE);
        assertEq(u, 500.08 ether);
        assertEq(info(CORE).feeUnits, 0.02 ether);
        // It is nobody's to take: neither at once nor in kind.
        assertEq(basket.maxInstant(), 500.1 ether - 2 ether - 0.02 ether);
        assertEq(basket.collectUnitFees(CORE), 0.02 ether);
        assertEq(feeRecipient.balance, 0.02 ether);
        vm.expectRevert(IBasketTypes.NothingToCollect.selector);
        basket.collectUnitFees(CORE);
    }

    function test_duskKeepsWhatIsOwedTheFloorAndTheBuffer() public {
        vm.prank(timelock);
        basket.setIdle(2 ether, 30 ether);
        give(alice, 100 ether);
        request(alice, 100 ether);
        at(1, 0);
        queue.closeEpoch();
        assertEq(basket.delegateIdle(CORE), 500 ether - 50 ether - 2 ether - 30 ether);
        assertEq(basket.maxInstant(), 30 ether);
    }

    // ------------------------------------------------------------------------------------------------------ governance

    function test_onlyTheTimelockGoverns() public {
        bytes[11] memory calls = [
            abi.encodeCall(IBasket.addSleeve, (IBasketTypes.SleeveParams(ISleeve(address(core)), 1, 1, 0, 0))),
            abi.encodeCall(IBasket.retireSleeve, (0)),
            abi.encodeCall(IBasket.setWeights, (new uint16[](3))),
            abi.encodeCall(IBasket.setCaps, (0, 1, 1, 1)),
            abi.encodeCall(IBasket.setFees, (5, 0, 0, 0)),
            abi.encodeCall(IBasket.setIdle, (0, 0)),
            abi.encodeCall(IBasket.setShareCap, (1)),
            abi.encodeCall(IBasket.setDriftBps, (1_000)),
            abi.encodeCall(IBasket.setFeed, (address(prices))),
            abi.encodeCall(IBasket.setGuardian, (mallory)),
            abi.encodeCall(IBasket.setFeeRecipient, (mallory))
        ];
        for (uint256 i; i < calls.length; ++i) {
            for (uint256 k; k < 2; ++k) {
                address caller = k == 0 ? mallory : guardian;
                vm.prank(caller);
                (bool ok, bytes memory why) = address(basket).call(calls[i]);
                assertFalse(ok);
                assertEq(why, abi.encodeWithSelector(IBasketTypes.NotTimelock.selector, caller));
            }
        }
    }

    function test_capsOnFeesAreInTheCode() public {
        vm.startPrank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.FeeOutOfRange.selector, 4, 5, 100));
        basket.setFees(4, 0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.FeeOutOfRange.selector, 101, 5, 100));
        basket.setFees(101, 0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.FeeOutOfRange.selector, 101, 0, 100));
        basket.setFees(5, 101, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.FeeOutOfRange.selector, 201, 0, 200));
        basket.setFees(5, 0, 201, 0);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.FeeOutOfRange.selector, 2_001, 0, 2_000));
        basket.setFees(5, 0, 0, 2_001);
        uint16[] memory targets = new uint16[](3);
        targets[0] = 9_999;
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.WeightsNotWhole.selector, 9_999));
        basket.setWeights(targets);
        vm.stopPrank();
    }

    function test_aSlowerSleeveNeedsTheLongerDelayFirst() public {
        // An hour of dusk, a day to the close, two hours and a day of grace, and nine days: 11 days and 3 hours.
        TestSleeve slow = new TestSleeve(address(basket), address(st), NATIVE, 9 days);
        // By an operation of the timelock: while it runs, the delay is what it was before.
        BasketTimelock t = BasketTimelock(payable(timelock));
        t.grantRole(t.PROPOSER_ROLE(), address(this));
        t.grantRole(t.EXECUTOR_ROLE(), address(this));
        bytes memory call = abi.encodeCall(IBasket.addSleeve, (IBasketTypes.SleeveParams(slow, 1e30, 1e30, 0, 1_000)));
        t.schedule(address(basket), 0, call, 0, 0, 11 days);
        vm.warp(now_() + 11 days);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.ExitTooSlow.selector, 11 days + 3 hours, 11 days));
        t.execute(address(basket), 0, call, 0, 0);
        assertEq(basket.longestExit(), 10 days + 3 hours);
        vm.startPrank(timelock);
        // Somebody else's, one that is here already, and one without a price are none.
        TestSleeve foreign = new TestSleeve(mallory, address(st), NATIVE, 1 days);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveForeign.selector, 3, mallory));
        basket.addSleeve(IBasketTypes.SleeveParams(foreign, 1e30, 1e30, 0, 1_000));
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveForeign.selector, 3, address(core)));
        basket.addSleeve(IBasketTypes.SleeveParams(core, 1e30, 1e30, 0, 1_000));
        TestSleeve unpriced = new TestSleeve(address(basket), address(new TestToken("NO", 18)), NATIVE, 1 days);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.PriceNotSound.selector, 3, 1));
        basket.addSleeve(IBasketTypes.SleeveParams(unpriced, 1e30, 1e30, 0, 1_000));
        vm.stopPrank();
    }

    function test_aSleeveWhoseSystemGotSlowerTakesNothingInUntilItIsItselfAgain() public {
        stSleeve.setExitTime(9 days);
        basket.harvest(ST);
        bytes memory slow = abi.encodeWithSelector(IBasketTypes.SleeveSlow.selector, 1, 9 days, 8 days);
        vm.expectRevert(slow);
        deposit(alice, ST, 1 ether);
        vm.prank(alice);
        vm.expectRevert(slow);
        basket.mintInKind{value: 1 ether}(1 ether, most(), alice, now_());
        deposit(alice, CORE, 1 ether);
        redeemInKind(alice, 0.5 ether);
        stSleeve.setExitTime(8 days);
        basket.harvest(ST);
        deposit(alice, ST, 1 ether);
    }

    function test_aSleeveRetiresAtZeroAlone() public {
        TestSleeve more = new TestSleeve(address(basket), address(btc), address(btc), 0);
        vm.startPrank(timelock);
        uint256 id = basket.addSleeve(IBasketTypes.SleeveParams(more, 1e20, 1e20, 0, 1_000));
        uint16[] memory bps = new uint16[](4);
        (bps[0], bps[1], bps[2], bps[3]) = (5_000, 3_000, 1_800, 200);
        basket.setWeights(bps);
        vm.stopPrank();
        assertEq(id, 3);
        deposit(alice, id, 1_000);
        uint256[] memory two = new uint256[](2);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.LengthMismatch.selector, 2, 4));
        basket.mintInKind(1 ether, two, alice, now_());
        vm.startPrank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveBusy.selector, 3, 1_000, 0, 0));
        basket.retireSleeve(3);
        vm.stopPrank();
        // Its parts wait in an epoch: not yet either.
        give(alice, 500 ether);
        request(alice, 500 ether);
        at(1, 0);
        queue.closeEpoch();
        more.lose(btc.balanceOf(address(more)));
        basket.bookLoss(3);
        vm.prank(timelock);
        vm.expectRevert(); // SleeveBusy, by its waiting parts
        basket.retireSleeve(3);
        queue.startLeg(1, 3);
        vm.startPrank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.WeightsNotWhole.selector, 9_800));
        basket.retireSleeve(3);
        (bps[2], bps[3]) = (2_000, 0);
        basket.setWeights(bps);
        basket.retireSleeve(3);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveRetired.selector, 3));
        basket.retireSleeve(3);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveRetired.selector, 3));
        deposit(alice, 3, 1_000);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveRetired.selector, 3));
        basket.harvest(3);
    }

    function test_nobodyInitializesAgain() public {
        IBasketTypes.InitParams memory p;
        IBasket code_ = IBasket(makers.BASKET_CODE());
        IUnbondingQueue queueCode = IUnbondingQueue(makers.QUEUE_CODE());
        vm.expectRevert(IBasketTypes.AlreadyInitialized.selector);
        basket.initialize(p);
        vm.expectRevert(IBasketTypes.AlreadyInitialized.selector);
        code_.initialize(p);
        vm.expectRevert(IUnbondingQueue.AlreadyInitialized.selector);
        queue.initialize(mallory, mallory, mallory);
        vm.expectRevert(IUnbondingQueue.AlreadyInitialized.selector);
        queueCode.initialize(mallory, mallory, mallory);
    }

    function test_theTokenObeysBasketAndQueueAlone() public {
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IBasketToken.NotBasket.selector, mallory));
        share.mint(mallory, 1);
        vm.expectRevert(abi.encodeWithSelector(IBasketToken.NotBasket.selector, mallory));
        share.burn(seeder, 1);
        vm.expectRevert(abi.encodeWithSelector(IBasketToken.NotQueue.selector, mallory));
        share.escrow(seeder, seeder, 1);
        vm.stopPrank();
    }

    // ----------------------------------------------------------------------------------------------------------- quotes

    function test_quoteExitShowsAllThree() public {
        vm.prank(timelock);
        basket.setFees(5, 50, 0, 0);
        at(1, 1 hours);
        earn(1 ether);
        basket.harvest(CORE);
        uint256 left = info(CORE).locked;
        IBasketTypes.ExitQuote memory q = basket.quoteExit(100 ether);
        (uint256 u,,) = books(CORE);
        assertEq(q.units[0], u / 10);
        assertEq(q.units[1], 25 ether);
        assertEq(q.units[2], 10_000);
        assertEq(q.forgone[0], left / 10);
        assertEq(q.epoch, 1);
        assertEq(q.closesAt, DAWN + 2 * DAY);
        // Two hours and a day of grace, and eight days of the slowest.
        assertEq(q.readyBy, DAWN + 2 * DAY + 9 days + 2 hours);
        uint256 value = (u + 500 ether) / 10;
        assertEq(q.instantFee, (value * 50 + 9_999) / 10_000);
        assertEq(q.instantCoins, value - q.instantFee);
        vm.prank(seeder);
        // Two floors of parts may cost a wei each.
        assertApproxEqAbs(basket.redeemInstant(100 ether, 0, bob, now_()), q.instantCoins, 2);
    }

    // --------------------------------------------------------------------------------------------------------- auction

    /// The liquid token doubles: 600 of 1,300 coins are its, 46 % where 30 % are due; of coins there are 38 % where 50 % are.
    function drift() internal {
        say(address(st), 2.4e18, 2.4e18);
        at(1, 1 hours);
        (uint256 over, uint256 under) = basket.noteDrift();
        assertEq(over, 2);
        assertEq(under, 5);
    }

    function test_driftNeedsTwoReadingsAnHourApart() public {
        drift();
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NoDrift.selector, 1, 0));
        basket.startAuction(ST, CORE);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.TooSoon.selector, DAWN + DAY + 2 hours));
        basket.noteDrift();
        at(1, 2 hours);
        // A fresh reading hides none: the one before counts.
        basket.noteDrift();
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NoDrift.selector, 0, 1));
        basket.startAuction(CORE, ST);
        basket.startAuction(ST, CORE);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.AuctionRunning.selector, 1));
        basket.startAuction(ST, CORE);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.AuctionRunning.selector, 1));
        basket.endAuction(1);
        at(1, 6 hours + 1);
        basket.endAuction(1);
        // A reading of yesterday counts no more.
        at(3, 2 hours);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NoDrift.selector, 1, 0));
        basket.startAuction(ST, CORE);
    }

    function test_theAuctionFallsFromAboveMidToItsEnd() public {
        drift();
        at(1, 2 hours);
        uint256 id = basket.startAuction(ST, CORE);
        (IBasketTypes.Auction memory a, uint256 price) = basket.auction(id);
        // Over: 600 - 390 = 210; lacking: 650 - 500 = 150 coins: 62.5 tokens, from 2.412 coins down to 2.388.
        assertEq(a.left, 62.5 ether);
        assertEq(price, 2.412 ether);
        at(1, 4 hours);
        (, price) = basket.auction(id);
        assertEq(price, 2.4 ether);
        vm.startPrank(bob);
        uint256 t = now_();
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.PriceAboveMost.selector, 24 ether, 23.9 ether));
        basket.bid{value: 24 ether}(id, 10 ether, 23.9 ether, bob, t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.WrongValue.selector, 23 ether, 24 ether));
        basket.bid{value: 23 ether}(id, 10 ether, 24 ether, bob, t);
        uint256 coins = bob.balance;
        (uint256 sold, uint256 paid) = basket.bid{value: 30 ether}(id, 10 ether, 24 ether, bob, t);
        assertEq(sold, 10 ether);
        assertEq(paid, 24 ether);
        assertEq(coins - bob.balance, 24 ether);
        assertEq(st.balanceOf(bob), 1_000_010 ether);
        (uint256 spent,) = basket.budget();
        assertEq(spent, 0);
        at(1, 6 hours);
        (sold, paid) = basket.bid{value: 30 ether}(id, 10 ether, 24 ether, bob, now_());
        assertEq(paid, 23.88 ether);
        // 0.12 coins of 1,300 are 92,307.7 billionths, up.
        (spent,) = basket.budget();
        assertEq(spent, 92_308);
        at(1, 6 hours + 1);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NoAuction.selector, id));
        basket.bid{value: 30 ether}(id, 10 ether, 24 ether, bob, now_());
        vm.stopPrank();
        (uint256 u, uint256 p, uint256 b) = books(ST);
        assertEq(u, 230 ether);
        assertEq(p, 230 ether);
        assertEq(b, 230 ether);
        (u,,) = books(CORE);
        assertEq(u, 547.88 ether);
    }

    // --------------------------------------------------------------------------------------------------------- factory

    function test_theFactoryHoldsItsTemplatesToTheirWord() public {
        assertEq(makers.templateCount(), 1);
        assertEq(makers.template(0).tokens.length, 3);
        vm.expectRevert(abi.encodeWithSelector(IBasketFactory.UnknownTemplate.selector, 1));
        makers.template(1);
        IBasketFactory.CreateParams memory p = createParams(5, 0, 0, 0);
        p.salt = "two";
        p.sleeves[1] = btcSleeve;
        vm.expectRevert(abi.encodeWithSelector(IBasketFactory.WrongToken.selector, 1, address(btc), address(st)));
        makers.create(p);
        p.sleeves = new ISleeve[](2);
        vm.expectRevert(abi.encodeWithSelector(IBasketFactory.LengthMismatch.selector, 2, 3));
        makers.create(p);
        // Another creator's salt is another address.
        (address mine,) = makers.predict(address(this), "two");
        (address hers,) = makers.predict(mallory, "two");
        assertNotEq(mine, hers);
        // Adapters of another basket are refused.
        p = createParams(5, 0, 0, 0);
        p.salt = "two";
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveForeign.selector, 0, address(basket)));
        makers.create(p);
        // The same basket twice is refused.
        vm.expectRevert();
        makers.create(createParams(5, 0, 0, 0));
    }

    function test_aBadTemplateMakesNoFactory() public {
        IBasketFactory.Template[] memory list = templates();
        list[0].targetBps[0] = 4_999;
        refusesToBe(
            "BasketFactory",
            abi.encode(address(1), address(2), list),
            0,
            abi.encodeWithSelector(IBasketFactory.BadTemplate.selector, 0)
        );
    }

    // ------------------------------------------------------------------------------------------------ single asset exit

    function wrapped() internal returns (ISingleAssetExit exit) {
        refusesToBe(
            "SingleAssetExit",
            abi.encode(basket),
            0,
            abi.encodeWithSelector(ISingleAssetExit.NotSingleAsset.selector, 2, address(btc))
        );
        // A basket of coins and liquid tokens.
        IBasketFactory.Template[] memory list = templates();
        list[0].tokens = new address[](2);
        list[0].targetBps = new uint16[](2);
        list[0].bandBps = new uint16[](2);
        (list[0].tokens[0], list[0].tokens[1]) = (NATIVE, address(st));
        (list[0].targetBps[0], list[0].targetBps[1]) = (5_000, 5_000);
        makers = IBasketFactory(create("BasketFactory", abi.encode(makers.BASKET_CODE(), makers.QUEUE_CODE(), list)));
        (address to,) = makers.predict(address(this), "one");
        core = new TestSleeve(to, NATIVE, NATIVE, 0);
        stSleeve = new TestSleeve(to, address(st), NATIVE, 8 days);
        stSleeve.setRate(ST_PRICE);
        IBasketFactory.CreateParams memory p = createParams(5, 0, 0, 0);
        p.sleeves = new ISleeve[](2);
        (p.sleeves[0], p.sleeves[1]) = (core, stSleeve);
        p.caps = new uint256[](2);
        p.caps[0] = p.caps[1] = 1e30;
        p.limits = p.caps;
        basket = IBasket(makers.create(p));
        BasketTimelock(payable(timelock)).register(address(basket));
        share = IBasketToken(basket.TOKEN());
        queue = IUnbondingQueue(basket.QUEUE());
        uint256[] memory units = new uint256[](2);
        (units[0], units[1]) = (600 ether, 500 ether);
        vm.startPrank(seeder);
        st.approve(address(basket), type(uint256).max);
        basket.mintInKind{value: 600 ether}(1_200 ether, units, seeder, now_());
        vm.stopPrank();
        exit = ISingleAssetExit(create("SingleAssetExit", abi.encode(basket)));
        give(alice, 120 ether);
        give(bob, 240 ether);
        vm.prank(alice);
        share.approve(address(exit), type(uint256).max);
        vm.prank(bob);
        share.approve(address(exit), type(uint256).max);
    }

    function test_theWrapperPaysCoinsWhenAllLegsAreDone() public {
        ISingleAssetExit exit = wrapped();
        assertEq(exit.asset(), NATIVE);
        assertEq(exit.convertToAssets(10 ether), 10 ether);
        vm.prank(alice);
        uint256 id = exit.requestRedeem(120 ether, alice, alice);
        assertEq(id, 1);
        vm.startPrank(bob);
        exit.requestRedeem(240 ether, bob, bob);
        vm.expectRevert(abi.encodeWithSelector(IAsyncRedeem.NotController.selector, alice, bob));
        exit.requestRedeem(1, bob, alice);
        exit.cancel(1, bob, bob);
        assertEq(share.balanceOf(bob), 240 ether);
        exit.requestRedeem(240 ether, bob, bob);
        vm.stopPrank();
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, CORE);
        queue.startLeg(1, ST);
        assertEq(exit.claimableRedeemRequest(1, alice), 0);
        assertEq(exit.pendingRedeemRequest(1, alice), 120 ether);
        vm.deal(address(stSleeve), 180 ether);
        stSleeve.ripen(1, 180 ether, false);
        queue.collect(1, ST);
        assertEq(exit.claimableRedeemRequest(1, alice), 120 ether);
        assertEq(exit.claimableAssets(1, alice), 120 ether);
        uint256 had = carol.balance;
        vm.prank(alice);
        assertEq(exit.redeem(60 ether, carol, alice), 60 ether);
        vm.prank(alice);
        (uint256 shares, uint256 assets) = exit.claimRequest(1, carol, alice);
        assertEq(shares, 60 ether);
        assertEq(assets, 60 ether);
        assertEq(carol.balance - had, 120 ether);
        vm.prank(bob);
        assertEq(exit.redeem(240 ether, bob, bob), 240 ether);
        assertEq(address(exit).balance, 0);
    }

    function test_whatEndedInTokensWaitsInTheWrapperForItsOwners() public {
        ISingleAssetExit exit = wrapped();
        vm.prank(alice);
        exit.requestRedeem(0.8 ether, alice, alice);
        vm.prank(bob);
        exit.requestRedeem(1.2 ether, bob, bob);
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, CORE);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAsyncRedeem.NothingToClaim.selector, 1, alice));
        exit.claimTokens(1, 1, alice, alice);
        queue.startLeg(1, ST); // 0.8333 tokens: below its system's minimum of one
        vm.prank(alice);
        exit.claimRequest(1, alice, alice);
        uint256 had = st.balanceOf(alice);
        vm.prank(alice);
        // 500 * 2 / 1,200 = 0.8333 tokens; two fifths of it.
        assertEq(exit.claimTokens(1, 1, alice, alice), 0.333333333333333333 ether);
        assertEq(st.balanceOf(alice) - had, 0.333333333333333333 ether);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAsyncRedeem.NothingToClaim.selector, 1, alice));
        exit.claimTokens(1, 1, alice, alice);
        vm.prank(bob);
        assertEq(exit.claimTokens(1, 1, bob, bob), 0.499999999999999999 ether);
        vm.prank(bob);
        assertEq(exit.redeem(1.2 ether, bob, bob), 0.6 ether);
    }

    // --------------------------------------------------------------------------------------------------------- receipts

    function test_aReceiptOfAnOpenEpochUnwrapsAndCancels() public {
        give(alice, 30 ether);
        request(alice, 10 ether);
        vm.startPrank(alice);
        uint256 id = queue.mintReceipt(1);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.CancelAboveRequest.selector, 1, alice, 10 ether, 0));
        queue.cancel(1, 10 ether, alice, alice);
        // Asked again meanwhile: with nothing claimed of either, the two become one.
        queue.requestRedeem(20 ether, alice, alice);
        slips.unwrap(id);
        queue.cancel(1, 30 ether, alice, alice);
        assertEq(share.balanceOf(alice), 30 ether);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.NothingToClaim.selector, 1, 0));
        queue.mintReceipt(1);
        vm.stopPrank();
    }

    function test_twoPositionsOfWhichOneWasClaimedStayTwo() public {
        give(alice, 30 ether);
        request(alice, 10 ether);
        vm.prank(alice);
        uint256 id = queue.mintReceipt(1);
        request(alice, 20 ether);
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, CORE);
        assertEq(claim(alice, 1)[0], 10 ether);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.PositionInUse.selector, 1, alice));
        slips.unwrap(id);
        queue.startLeg(1, BTC);
        queue.startLeg(1, ST);
        vm.deal(address(stSleeve), 9 ether);
        stSleeve.ripen(1, 9 ether, false);
        queue.collect(1, ST);
        vm.prank(alice);
        (uint256[] memory paid, uint256 next) = slips.claim(id, ALL, bob);
        assertEq(next, 0);
        assertEq(paid[0], 5 ether);
        assertEq(paid[1], 3 ether);
        assertEq(paid[2], 1_000);
        assertEq(claim(alice, 1)[1], 6 ether);
        assertEq(address(queue).balance, 0);
    }

    function test_receiptsObeyTheQueueAndTheirOwnersAlone() public {
        give(alice, 10 ether);
        request(alice, 10 ether);
        vm.prank(alice);
        uint256 id = queue.mintReceipt(1);
        assertEq(slips.epochOf(id), 1);
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSignature("NotQueue(address)", mallory));
        slips.mint(mallory, 1);
        vm.expectRevert(abi.encodeWithSignature("NotReceiptOwner(uint256,address)", id, mallory));
        slips.claim(id, ALL, mallory);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.NotReceipts.selector, mallory));
        queue.claimReceipt(1, 1, ALL, mallory);
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.NotReceipts.selector, mallory));
        queue.unwrapReceipt(1, 1, mallory);
        vm.stopPrank();
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSignature("ERC721InvalidReceiver(address)", address(queue)));
        slips.transferFrom(alice, address(queue), id);
    }
}
