// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasketTypes} from "../../src/basket/IBasket.sol";
import {ISingleAssetExit} from "../../src/basket/ISingleAssetExit.sol";
import {SingleAssetExit} from "../../src/basket/SingleAssetExit.sol";
import {BasketTimelock} from "../../src/governance/BasketTimelock.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {BasketFixture} from "./BasketFixture.sol";
import {TestSleeve} from "./TestSleeve.sol";

/// Does not take coins until it is told to.
contract Refuser {
    bool public takes;

    function setTakes(bool yes) external {
        takes = yes;
    }

    receive() external payable {
        require(takes);
    }
}

/// Says how long its exit takes, and nothing else.
contract OtherBasket {
    uint256 public constant longestExit = 1 days;
}

/// What a review of the basket found, each as the test that showed it. B30 and on are attacks of our own.
contract BasketMendedTest is BasketFixture {
    function wipeAndDrop() private {
        uint16[] memory targets = new uint16[](3);
        (targets[0], targets[2]) = (8_000, 2_000);
        vm.startPrank(timelock);
        basket.setWeights(targets);
        basket.retireSleeve(ST);
        vm.stopPrank();
        assertTrue(info(ST).retired);
        (uint256[] memory units,) = mintInKind(bob, 1 ether);
        assertEq(units[1], 0, "in kind is open again");
    }

    function wipeAndGiveAWei() private {
        stSleeve.lose(250 ether);
        basket.bookLoss(ST);
        vm.prank(mallory);
        st.transfer(address(stSleeve), 1);
        basket.harvest(ST);
        assertEq(info(ST).locked, 1);
    }

    function itsPriceClosesNothing() private {
        prices.say(address(st), 0, type(uint128).max, IPriceFeed.State.Impaired);
        (,, uint256 state) = basket.nav();
        assertEq(state, 0);
        // 500 coins and 0.001 BTC at 200,000 stand for 1,000 shares: 0.7 coins each. 100 satoshi are 0.2 coins, less 5 bps.
        assertEq(deposit(bob, BTC, 100), 0.285571428571428571 ether);
    }

    /// A wei sent after the loss was booked is locked and never released: it must not keep the sleeve.
    function test_b30_aWeiKeepsNoWipedSleeve() public {
        wipeAndGiveAWei();
        wipeAndDrop();
    }

    /// The same wei before it: a unit that no exit and no auction ever takes.
    function test_b30_aLastWeiKeepsNoWipedSleeve() public {
        stSleeve.lose(250 ether - 1);
        basket.bookLoss(ST);
        assertEq(info(ST).units, 1);
        wipeAndDrop();
    }

    /// A sleeve of any worth stays.
    function test_b30_aSleeveWithUnitsIsNotRetired() public {
        uint16[] memory targets = new uint16[](3);
        (targets[0], targets[2]) = (8_000, 2_000);
        vm.startPrank(timelock);
        basket.setWeights(targets);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveBusy.selector, ST, 250 ether, 0, 0));
        basket.retireSleeve(ST);
        vm.stopPrank();
    }

    /// A sleeve that is worth nothing needs no price.
    function test_b30_aWipedSleevesPriceClosesNothing() public {
        stSleeve.lose(250 ether);
        basket.bookLoss(ST);
        itsPriceClosesNothing();
    }

    /// A wei sent to one without units is locked for ever: it gives its price no say over the others, and no worth to the basket.
    function test_b44_aWeiGivesAWipedSleevesPriceNoSay() public {
        wipeAndGiveAWei();
        itsPriceClosesNothing();
    }

    /// Exactly a millionth of the parts is enough to take something in, a unit less is not.
    function test_b29_theEdgeOfAWipedSleeve() public {
        stSleeve.lose(250 ether - 0.00025 ether);
        basket.bookLoss(ST);
        deposit(bob, ST, 0.000001 ether);
        uint256 units = info(ST).units;
        stSleeve.lose(units - 0.00025 ether + 1);
        basket.bookLoss(ST);
        bytes memory wiped =
            abi.encodeWithSelector(IBasketTypes.SleeveWiped.selector, ST, 0.00025 ether - 1, info(ST).parts);
        vm.expectRevert(wiped);
        deposit(bob, ST, 0.000001 ether);
    }

    /// Coins for an exit in kind whose owner refuses them go to work with the others.
    function test_b31_aLegThatSomebodyLetsWaitKeepsNoCoinsIdle() public {
        Refuser refuser = new Refuser();
        mintInKind(alice, 100 ether);
        vm.prank(alice);
        share.transfer(address(refuser), 100 ether - 0.05 ether);
        uint256 shares = share.balanceOf(address(refuser));
        vm.prank(address(refuser));
        (, uint256 delivered) = basket.redeemInKind(shares, address(refuser));
        assertEq(delivered, 6, "the coin leg waits");
        uint256 owed = basket.owed(CORE);
        assertGt(owed, 49 ether);
        at(0, 23 hours);
        uint256 idle = address(core).balance;
        basket.delegateIdle(CORE);
        // All but the floor of 2 coins.
        assertEq(core.working(), idle - 2 ether);
        // And they are his whenever he takes them.
        core.setWorking(0);
        refuser.setTakes(true);
        basket.deliverLeg(address(refuser), CORE);
        assertApproxEqAbs(address(refuser).balance, owed, 1);
        assertEq(basket.owed(CORE), 0);
    }

    /// A leg of an epoch is kept for: it will be taken.
    function test_b31_anEpochsLegIsKeptFor() public {
        mintInKind(alice, 100 ether);
        uint256 shares = share.balanceOf(alice);
        vm.prank(alice);
        share.approve(address(queue), shares);
        request(alice, shares);
        at(1, 0);
        queue.closeEpoch();
        uint256 owed = basket.owed(CORE);
        at(1, 23 hours);
        uint256 idle = address(core).balance;
        basket.delegateIdle(CORE);
        assertEq(core.working(), idle - 2 ether - owed);
    }

    /// What a staking system forgets for a day and then remembers is nobody's yield.
    function test_b32_aLossThatIsFoundAgainPaysNoFee() public {
        vm.prank(timelock);
        basket.setFees(5, 0, 0, 2_000);
        stSleeve.lose(200 ether);
        basket.bookLoss(ST);
        assertEq(info(ST).units, 50 ether);
        st.mint(address(stSleeve), 200 ether);
        basket.harvest(ST);
        assertEq(info(ST).feeUnits, 0, "found again");
        // What comes beyond it is yield: a fifth of it.
        st.mint(address(stSleeve), 10 ether);
        basket.harvest(ST);
        assertEq(info(ST).feeUnits, 2 ether);
    }

    /// A rate that the feed does not believe pays no performance fee; believed, it pays on all of it.
    function test_b33_aRateThatNobodyBelievesPaysNoFee() public {
        vm.prank(timelock);
        basket.setFees(5, 0, 0, 2_000);
        basket.harvest(ST);
        stSleeve.setRate(ST_PRICE * 10);
        prices.say(address(st), ST_PRICE, ST_PRICE, IPriceFeed.State.Impaired);
        at(1, 6 hours);
        basket.harvest(ST);
        assertEq(info(ST).feeUnits, 0);
        // It was a slip: the rate is 1.5 in truth, 0.3 above its best of 1.2. A fifth of a fifth of the units.
        stSleeve.setRate(1.5e18);
        say(address(st), 1.5e18, 1.5e18);
        basket.harvest(ST);
        assertApproxEqAbs(info(ST).feeUnits, 10 ether, 2);
    }

    /// The round turns some minutes after midnight: a harvest before that, by anybody, is not the round's.
    function test_b34_aHarvestBeforeTheTurnIsNotTheRounds() public {
        at(1, 5);
        basket.harvest(CORE);
        // The round turns, and yesterday's reward is there.
        at(1, 2 hours);
        earn(0.1 ether);
        (uint256[] memory units,) = mintInKind(bob, 1 ether);
        // Less than 2.5 bps of 500 coins: released before he came, and he paid for his part of it.
        assertEq(info(CORE).locked, 0);
        assertEq(info(CORE).units, 500.1 ether + units[0]);
    }

    /// A leg of coins begins with the harvest of the round that its leavers have earned.
    function test_b35_aLegOfCoinsBeginsWithTheHarvest() public {
        mintInKind(alice, 100 ether);
        vm.prank(alice);
        share.approve(address(queue), type(uint256).max);
        uint256 shares = share.balanceOf(alice);
        request(alice, shares);
        at(1, 0);
        queue.closeEpoch();
        (uint256 u, uint256 p,) = books(CORE);
        uint256 parts = queue.legInfo(1, CORE).parts;
        earn(0.1 ether); // less than 2.5 bps of what is here
        queue.startLeg(1, CORE);
        assertEq(queue.legInfo(1, CORE).units, (u + 0.1 ether) * parts / p);
    }

    /// A token that refuses the wrapper holds up no coins.
    function test_b36_aTokenThatRefusesHoldsUpNoCoins() public {
        vm.mockCall(address(basket), abi.encodeCall(basket.sleeveCount, ()), abi.encode(2));
        ISingleAssetExit exit = ISingleAssetExit(address(new SingleAssetExit(address(basket))));
        vm.clearMockedCalls();
        mintInKind(alice, 2 ether);
        vm.startPrank(alice);
        share.approve(address(exit), type(uint256).max);
        exit.requestRedeem(1.2 ether, alice, alice);
        vm.stopPrank();
        at(1, 0);
        queue.closeEpoch();
        for (uint256 i; i < 3; ++i) {
            queue.startLeg(1, i);
        }
        // 500 * 1.2 / 1,002: half of 1.2 shares' coins; the leg of stCORE is below one and was paid in the token.
        assertEq(queue.legInfo(1, ST).asset, address(st));
        vm.mockCallRevert(
            address(st),
            abi.encodeWithSignature("transfer(address,uint256)", address(exit), queue.legInfo(1, ST).recovered),
            ""
        );
        uint256 had = alice.balance;
        uint256 coins = queue.legInfo(1, CORE).recovered;
        vm.prank(alice);
        (, uint256 assets) = exit.claimRequest(1, alice, alice);
        assertEq(assets, coins);
        assertEq(alice.balance - had, coins);
        vm.clearMockedCalls();
        uint256 tokens = queue.legInfo(1, ST).recovered;
        vm.prank(alice);
        assertEq(exit.claimTokens(1, ST, alice, alice), tokens);
    }

    // ------------------------------------------------------------------------------------------------ a sleeve that leaves

    /// The liquid token is worth a seventieth of the basket (250 at 0.04: 10 of 710 coins) and is to go; of the two that stay
    /// neither lacks a tenth of its target (504.1 and 205.9 coins).
    function leaving() private {
        say(address(st), 0.04e18, 0.04e18);
        stSleeve.setRate(0.04e18);
        uint16[] memory targets = new uint16[](3);
        (targets[0], targets[2]) = (7_100, 2_900);
        vm.prank(timelock);
        basket.setWeights(targets);
        at(1, 1 hours);
        (uint256 over, uint256 under) = basket.noteDrift();
        assertEq(over, 2);
        assertEq(under, 0);
        at(1, 2 hours);
    }

    function buy(uint256 to) private returns (uint256 sold, uint256 paid) {
        uint256 id = basket.startAuction(ST, to);
        uint256 all = basket.sleeveInfo(ST).units;
        vm.prank(bob);
        return basket.bid{value: to == CORE ? 10 ether : 0}(id, all, type(uint256).max, bob, now_());
    }

    function retire() private {
        vm.prank(timelock);
        basket.retireSleeve(ST);
        assertTrue(info(ST).retired);
    }

    function refuseAuction(uint256 from, uint256 to) private {
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NoDrift.selector, from, to));
        basket.startAuction(from, to);
    }

    /// What is to go is sold for whatever is under its target, to the last unit, and the sleeve is retired.
    function test_b38_aSleeveThatIsToGoIsSoldToItsLastUnit() public {
        leaving();
        refuseAuction(CORE, ST);
        refuseAuction(CORE, BTC);
        refuseAuction(ST, ST);
        // 4.1 coins are lacking: 102.5 tokens, at 0.5 % above mid.
        (uint256 sold, uint256 paid) = buy(CORE);
        assertEq(sold, 102.5 ether);
        assertEq(paid, 4.1205 ether);
        // Coins are above theirs now (504.1205 of 710.0205, 0.71 of which are 504.114555).
        refuseAuction(ST, CORE);
        // The others lack 5.905945 coins; all that is left is worth 5.9: 2,964.75 satoshi at 0.5 % above mid.
        (sold, paid) = buy(BTC);
        assertEq(sold, 147.5 ether);
        assertEq(paid, 2_965);
        (uint256 u, uint256 p, uint256 b) = books(ST);
        assertEq(u + p + b, 0);
        (uint256 spent,) = basket.budget();
        assertEq(spent, 0, "nothing was lost against mid");
        retire();
    }

    /// A reading an hour old has to say that it is too much; one that is fresh or of yesterday does not do.
    function test_b38_whatIsToGoWaitsForAReadingToo() public {
        leaving();
        at(1, 1 hours + 59 minutes);
        refuseAuction(ST, CORE);
        at(2, 1 hours + 1);
        refuseAuction(ST, CORE);
    }

    /// While it lacks anything, nobody ends the auction; when it lacks nothing, anybody does.
    function test_b38_theAuctionOfWhatIsToGoIsEndedByNobody() public {
        leaving();
        uint256 id = basket.startAuction(ST, CORE);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.AuctionRunning.selector, id));
        basket.endAuction(id);
        // The token falls by a half: 5 of 705 coins; 500.55 are due.
        say(address(st), 0.02e18, 0.02e18);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.AuctionRunning.selector, id));
        basket.endAuction(id);
        // BTC falls by 2 %: 4 coins less. 701 * 0.71 = 497.71: coins are above their target.
        say(address(btc), BTC_PRICE * 98 / 100, BTC_PRICE * 98 / 100);
        basket.endAuction(id);
    }

    /// Sold at the last price, what is to go costs the budget like any other.
    function test_b38_theBudgetHoldsForWhatIsToGo() public {
        leaving();
        uint256 id = basket.startAuction(ST, CORE);
        at(1, 6 hours);
        vm.prank(bob);
        (uint256 sold, uint256 paid) = basket.bid{value: 10 ether}(id, 300 ether, 5 ether, bob, now_());
        assertEq(sold, 102.5 ether);
        assertEq(paid, 4.0795 ether);
        // 0.0205 of 710 coins are 28,873.2 billionths, up.
        (uint256 spent,) = basket.budget();
        assertEq(spent, 28_874);
    }

    /// Units that no wei of a coin is worth are sold as well, for the least that can be paid.
    function test_b38_unitsThatAreWorthNothingAreSoldToo() public {
        stSleeve.lose(250 ether - 1e9);
        basket.bookLoss(ST);
        uint16[] memory targets = new uint16[](3);
        (targets[0], targets[2]) = (7_100, 2_900);
        vm.prank(timelock);
        basket.setWeights(targets);
        // A thousand million units at a billionth of a billionth each, less one: no wei.
        say(address(st), 0.9e9, 0.9e9);
        at(1, 1 hours);
        (uint256 over,) = basket.noteDrift();
        assertEq(over & 2, 2);
        at(1, 2 hours);
        // Coins are 71.4 % already.
        refuseAuction(ST, CORE);
        (uint256 sold, uint256 paid) = buy(BTC);
        assertEq(sold, 1e9);
        assertEq(paid, 1);
        retire();
    }

    /// Rewards that are locked while the last unit is sold stay the basket's: units of its own, for the next auction.
    function test_b39_whatIsLockedIsNotLostWithTheLastUnit() public {
        leaving();
        st.mint(address(stSleeve), 5 ether);
        basket.harvest(ST);
        // 2.5 bps of 250 are released: 0.0625, of a base that is kept to eight digits; the rest is locked.
        assertApproxEqAbs(info(ST).locked, 4.9375 ether, 1e10);
        buy(CORE);
        uint256 units = info(ST).units;
        uint256 locked = info(ST).locked;
        (uint256 sold,) = buy(BTC);
        assertLe(sold, units);
        // The others lacked a little more than the rest was worth.
        assertEq(sold, units);
        (uint256 u, uint256 p, uint256 b) = books(ST);
        assertEq(u, locked);
        assertEq(p, u);
        assertEq(b, u);
        assertEq(info(ST).locked, 0);
        vm.prank(timelock);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveBusy.selector, ST, locked, 0, 0));
        basket.retireSleeve(ST);
        // 0.1975 coins more, which the two lack between them.
        buy(CORE);
        (sold,) = buy(BTC);
        (u, p, b) = books(ST);
        assertEq(u + p + b, 0);
        retire();
    }

    /// A wei that is given to a sleeve which was sold to its last unit is nobody's, and keeps nothing.
    function test_b39_aGiftKeepsNoSleeveThatIsSold() public {
        leaving();
        buy(CORE);
        buy(BTC);
        vm.prank(mallory);
        st.transfer(address(stSleeve), 1);
        basket.harvest(ST);
        assertEq(info(ST).locked, 1);
        retire();
        assertEq(info(ST).locked, 0);
    }

    /// Nor does anybody put in again what the basket has sold.
    function test_b39_nobodyDepositsIntoWhatIsToGo() public {
        leaving();
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.AboveBand.selector, ST, 140, 1_000));
        basket.deposit(ST, 1_000, mallory, 0, now_());
        buy(CORE);
        buy(BTC);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.AboveBand.selector, ST, 0, 1_000));
        basket.deposit(ST, 1_000, mallory, 0, now_());
        (uint256[] memory units,) = mintInKind(bob, 1 ether);
        assertEq(units[1], 0, "in kind brings nothing of it");
        retire();
    }

    // -------------------------------------------------------------------------------------------- governance that counts it

    /// A timelock that does not count the basket could be faster than its exits: nothing comes in until it does.
    function test_b40_aBasketThatNoTimelockCountsTakesNothingIn() public {
        address quick = create("BasketTimelock", abi.encode(11 days, new address[](0), new address[](0), address(this)));
        timelock = quick;
        deployUncounted();
        uint256[] memory units = new uint256[](3);
        (units[0], units[1], units[2]) = (500 ether, 250 ether, 100_000);
        rich(seeder);
        uint256 t = now_();
        vm.prank(seeder);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NotRegistered.selector, quick));
        basket.mintInKind{value: 500 ether}(1_000 ether, units, seeder, t);
        assertEq(share.totalSupply(), 0);
        assertEq(seeder.balance, 1_000_000 ether);
        // Another basket's registration is not its own.
        BasketTimelock(payable(quick)).register(address(new OtherBasket()));
        vm.prank(seeder);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NotRegistered.selector, quick));
        basket.mintInKind{value: 500 ether}(1_000 ether, units, seeder, t);
        BasketTimelock(payable(quick)).register(address(basket));
        vm.prank(seeder);
        basket.mintInKind{value: 500 ether}(1_000 ether, units, seeder, t);
        assertEq(share.totalSupply(), 1_000 ether);
    }

    /// A timelock that cannot count baskets at all never has one.
    function test_b40_aPlainTimelockGovernsNoBasket() public {
        timelock = create("TimelockController", abi.encode(11 days, new address[](0), new address[](0), address(this)));
        deployUncounted();
        uint256[] memory units = new uint256[](3);
        (units[0], units[1], units[2]) = (500 ether, 250 ether, 100_000);
        rich(seeder);
        uint256 t = now_();
        vm.prank(seeder);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NotRegistered.selector, timelock));
        basket.mintInKind{value: 500 ether}(1_000 ether, units, seeder, t);
    }
}
