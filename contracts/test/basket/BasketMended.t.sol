// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasketTypes} from "../../src/basket/IBasket.sol";
import {ISingleAssetExit} from "../../src/basket/ISingleAssetExit.sol";
import {SingleAssetExit} from "../../src/basket/SingleAssetExit.sol";
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

    /// A wei sent after the loss was booked is locked and never released: it must not keep the sleeve.
    function test_b30_aWeiKeepsNoWipedSleeve() public {
        stSleeve.lose(250 ether);
        basket.bookLoss(ST);
        vm.prank(mallory);
        st.transfer(address(stSleeve), 1);
        basket.harvest(ST);
        assertEq(info(ST).locked, 1);
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
        prices.say(address(st), 0, type(uint128).max, IPriceFeed.State.Impaired);
        (,, uint256 state) = basket.nav();
        assertEq(state, 0);
        // 500 coins and 0.001 BTC at 200,000 stand for 1,000 shares: 0.7 coins each. 100 satoshi are 0.2 coins, less 5 bps.
        assertEq(deposit(bob, BTC, 100), 0.285571428571428571 ether);
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
}
