// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasket, IBasketTypes} from "../../src/basket/IBasket.sol";
import {IBasketFactory} from "../../src/basket/IBasketFactory.sol";
import {IBasketReceipts} from "../../src/basket/IBasketReceipts.sol";
import {IUnbondingQueue} from "../../src/basket/IUnbondingQueue.sol";
import {BasketTimelock} from "../../src/governance/BasketTimelock.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {BasketFixture} from "./BasketFixture.sol";
import {HeavySleeve, TestSleeve} from "./TestSleeve.sol";
import {ITransferHook, TestToken} from "./TestToken.sol";

/// Tries everything again while it is being paid, and reads what a price would be made from.
contract Reenterer is ITransferHook {
    IBasket private immutable BASKET;
    IUnbondingQueue private immutable QUEUE;
    uint256 public refused;
    uint256 public passed;
    bool public armed;

    constructor(IBasket basket, IUnbondingQueue queue) {
        BASKET = basket;
        QUEUE = queue;
    }

    function arm(bool on) external {
        armed = on;
    }

    receive() external payable {
        if (armed) again();
    }

    function onTransfer(address, address, uint256) external {
        if (armed) again();
    }

    function again() public {
        uint256 t = block.timestamp;
        address me = address(this);
        bytes[13] memory calls = [
            abi.encodeCall(IBasket.redeemInKind, (1e15, me)),
            abi.encodeCall(IBasket.redeemInstant, (1e15, 0, me, t)),
            abi.encodeCall(IBasket.deposit, (1, 1e15, me, 0, t)),
            abi.encodeCall(IBasket.mintInKind, (1e15, new uint256[](3), me, t)),
            abi.encodeCall(IBasket.deliverLeg, (me, 1)),
            abi.encodeCall(IBasket.harvest, (0)),
            abi.encodeCall(IBasket.bookLoss, (0)),
            abi.encodeCall(IBasket.collectFees, ()),
            abi.encodeCall(IBasket.nav, ()),
            abi.encodeCall(IBasket.effectiveSupply, ()),
            abi.encodeCall(IBasket.quoteDeposit, (1, 1e15)),
            abi.encodeCall(IBasket.quoteExit, (1e15)),
            abi.encodeCall(IBasket.maxInstant, ())
        ];
        for (uint256 i; i < calls.length; ++i) {
            note(address(BASKET), calls[i]);
        }
        // The queue has a lock of its own; what it asks of the basket meets the basket's.
        note(address(QUEUE), abi.encodeCall(IUnbondingQueue.closeEpoch, ()));
        note(address(QUEUE), abi.encodeCall(IUnbondingQueue.startLeg, (1, 0)));
        note(address(QUEUE), abi.encodeCall(IUnbondingQueue.claim, (1, me, 7, me)));
    }

    function note(address to, bytes memory data) private {
        (bool ok, bytes memory said) = to.call(data);
        if (ok || bytes4(said) != IBasketTypes.Reentered.selector) ++passed;
        else ++refused;
    }
}

/// The lines of attacks.md, section B, that the basket itself answers for.
contract BasketAttackTest is BasketFixture {
    /// What somebody has, in coins at the middle price: the attacker's own account.
    function wealth(address who) internal view returns (uint256) {
        return who.balance + st.balanceOf(who) * 12 / 10 + btc.balanceOf(who) * 2e15;
    }

    function perShare() internal view returns (uint256 low) {
        (low,,) = basket.nav();
    }

    function give(address who, uint256 shares) internal {
        vm.prank(seeder);
        share.transfer(who, shares);
    }

    function leave(address who, uint256 shares) internal returns (uint256) {
        give(who, shares);
        return request(who, shares);
    }

    /// With a fourth sleeve: one without a target takes nothing in.
    function fourWeights() internal pure returns (uint16[] memory bps) {
        bps = new uint16[](4);
        (bps[0], bps[1], bps[2], bps[3]) = (5_000, 3_000, 1_800, 200);
    }

    // --------------------------------------------------------------------------------------------------------------- B1

    /// A deposit of the same worth gets the same shares, whatever the token's decimals.
    function test_b1_decimalsOfSixEightAndEighteen() public {
        TestToken six = new TestToken("SIX", 6);
        // One of it is half a coin: 5e17 wei for 1e6 units, 5e29 for 1e18 units.
        say(address(six), 5e29, 5e29);
        TestSleeve sixSleeve = new TestSleeve(address(basket), address(six), address(six), 0);
        vm.startPrank(timelock);
        basket.addSleeve(IBasketTypes.SleeveParams(sixSleeve, 1e30, 1e30, 0, 1_000));
        basket.setWeights(fourWeights());
        vm.stopPrank();
        six.mint(alice, 100e6);
        vm.prank(alice);
        six.approve(address(basket), type(uint256).max);
        uint256 start = vm.snapshotState();
        // Twelve coins' worth each: 12 coins, 10 tokens of 18 decimals, 6,000 satoshi, 24 of 6 decimals.
        assertEq(deposit(alice, CORE, 12 ether), 11.994 ether);
        vm.revertToState(start);
        assertEq(deposit(alice, ST, 10 ether), 11.994 ether);
        vm.revertToState(start);
        assertEq(deposit(alice, BTC, 6_000), 11.994 ether);
        vm.revertToState(start);
        assertEq(deposit(alice, 3, 24e6), 11.994 ether);
    }

    // --------------------------------------------------------------------------------------------------------------- B2

    /// Two percent a year is two percent of the basket after a year, whoever accrues it how often, and no more is ever minted.
    function test_b2_theFeeIsExactAndNobodyMintsMore() public {
        vm.prank(timelock);
        basket.setFees(5, 0, 200, 0);
        uint256 start = vm.snapshotState();
        at(365, 6 hours);
        uint256 once = basket.collectFees();
        // 1,000 / 0.98 - 1,000 = 20.408163265306122448...; the growth is rounded down, by less than a part in 1e14.
        assertLe(once, 20.408163265306122448 ether);
        assertGe(once, 20.408163265306 ether);
        vm.expectRevert(IBasketTypes.NothingToCollect.selector);
        vm.prank(feeRecipient);
        basket.collectFees();

        vm.revertToState(start);
        uint256 often;
        for (uint256 day = 1; day <= 365; ++day) {
            at(day, 6 hours);
            vm.prank(mallory);
            often += basket.collectFees();
        }
        assertEq(share.balanceOf(feeRecipient), often);
        assertEq(share.balanceOf(mallory), 0);
        assertLe(often, 20.408163265306122448 ether);
        assertApproxEqAbs(often, once, 1e9);
    }

    // --------------------------------------------------------------------------------------------------------------- B3

    /// A donation to basket, sleeve or queue raises nobody's shares beyond what a harvest may release: 2.5 bps a round.
    function test_b3_donationsAreNoUnits() public {
        vm.startPrank(mallory);
        (bool ok,) = address(core).call{value: 1_000 ether}("");
        assertTrue(ok);
        st.transfer(address(stSleeve), 1_000 ether);
        st.transfer(address(basket), 1_000 ether);
        st.transfer(address(queue), 1_000 ether);
        (ok,) = address(queue).call{value: 1 ether}("");
        assertFalse(ok, "the queue takes nobody's coins");
        (ok,) = address(basket).call{value: 1 ether}("");
        assertFalse(ok, "nor does the basket");
        vm.stopPrank();
        (uint256 u,,) = books(CORE);
        assertEq(u, 500 ether);
        assertEq(perShare(), 1 ether);
        // The next harvest of the round skims it: 2.5 bps of 500 and of 250 count at once.
        basket.harvest(CORE);
        basket.harvest(ST);
        (u,,) = books(CORE);
        // (kept in 24 bits of mantissa, and so a hundred-millionth less)
        assertLe(u, 500.125 ether);
        assertGe(u, 500.1249999 ether);
        assertEq(u + info(CORE).locked, 1_500 ether);
        (u,,) = books(ST);
        assertLe(u, 250.0625 ether);
        assertGe(u, 250.06249995 ether);
        // Low: 500.125 + 250.0625 * 1.2 + 200 = 1,000.2 coins of 1,000 shares.
        assertLe(perShare(), 1.0002 ether);
        assertGe(perShare(), 1.0001999998 ether);
        // Who pays in pays for what is locked: high is 1,000.2 + 999.875 + 1.2 * 999.9375 = 3,200 coins, so 100 coins get 31.25
        // shares less 5 bps; a wei or two are the roundings'.
        uint256 got = deposit(alice, CORE, 100 ether);
        assertLe(got, 31.234375 ether);
        assertGe(got, 31.234375 ether - 3);
    }

    function test_b3_onlyTheSeederBeginsAndNoShareIsTooLarge() public {
        (address to,) = makers.predict(address(this), "two");
        core = new TestSleeve(to, NATIVE, NATIVE, 0);
        stSleeve = new TestSleeve(to, address(st), NATIVE, 8 days);
        btcSleeve = new TestSleeve(to, address(btc), address(btc), 0);
        basket = IBasket(makers.create(params("two")));
        BasketTimelock(payable(timelock)).register(address(basket));
        uint256[] memory units = new uint256[](3);
        (units[0], units[1], units[2]) = (1_000, 1_000, 1_000);
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NotSeeder.selector, mallory));
        basket.mintInKind{value: 1_000}(1 ether, units, mallory, now_());
        vm.expectRevert(IBasketTypes.NotSeeded.selector);
        basket.deposit{value: 1_000}(0, 1_000, mallory, 0, now_());
        vm.stopPrank();
        vm.startPrank(seeder);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SharesBelowMinimum.selector, 1e17, 1e18));
        basket.mintInKind{value: 1_000}(1e17, units, seeder, now_());
        units[2] = 999;
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NotEnoughUnits.selector, 2, 999, 1_000));
        basket.mintInKind{value: 1_000}(1 ether, units, seeder, now_());
        vm.stopPrank();
    }

    function params(bytes32 salt) internal view returns (IBasketFactory.CreateParams memory p) {
        p = createParams(5, 0, 0, 0);
        p.salt = salt;
    }

    // --------------------------------------------------------------------------------------------------------------- B4

    /// Everybody leaves; what nobody owns stays, and the next ones begin at its worth.
    function test_b4_drainedToTheDeadSharesAndBegunAgain() public {
        redeemInKind(seeder, share.balanceOf(seeder));
        assertEq(share.totalSupply(), 0.001 ether);
        (uint256 u, uint256 p, uint256 b) = books(CORE);
        assertEq(u, 0.0005 ether);
        assertEq(p, 0.0005 ether);
        assertEq(b, 0.0005 ether);
        (u,,) = books(BTC);
        assertEq(u, 1); // of 0.1 satoshi: rounded for those who stay
        // In kind at the same proportions, 1,000 times what is there.
        (uint256[] memory units, uint256 shares) = mintInKind(alice, 1 ether);
        assertEq(units[0], 0.5 ether);
        assertEq(units[1], 0.25 ether);
        assertEq(units[2], 1_000);
        assertEq(shares, 0.9995 ether);
        (units,) = redeemInKind(alice, 0.9995 ether);
        // 0.5005 * 0.9995 / 1.0005, floor.
        assertEq(units[0], 0.499999750124937531 ether);
        assertEq(units[2], 999);
    }

    // --------------------------------------------------------------------------------------------------------------- B5

    /// 12,000 micro round trips, each smaller than what a satoshi's rounding could hide, gain nobody a wei of anything.
    function test_b5_twelveThousandMicroRoundTrips() public {
        // A unit is no part any more: 0.7 satoshi for a part, 0.9 of a token.
        btcSleeve.lose(30_000);
        basket.bookLoss(BTC);
        stSleeve.lose(25 ether);
        basket.bookLoss(ST);
        uint256 coins = mallory.balance;
        uint256 tokens = st.balanceOf(mallory);
        uint256 satoshis = btc.balanceOf(mallory);
        vm.startPrank(mallory);
        uint256[] memory open = most();
        for (uint256 i; i < 12_000; ++i) {
            // 0.99 satoshi's worth of shares a time; every hundred leave together.
            basket.mintInKind{value: 1 ether}(0.0099 ether, open, mallory, now_());
            if (i % 100 == 99) basket.redeemInKind(share.balanceOf(mallory), mallory);
        }
        vm.stopPrank();
        assertEq(share.balanceOf(mallory), 0);
        assertLt(mallory.balance, coins);
        assertLt(st.balanceOf(mallory), tokens);
        assertLt(btc.balanceOf(mallory), satoshis);
        // The 5 bps of 12,000 times 0.00495 coins are the holders' now: 0.0297, less her own part of a share in a thousand.
        assertGe(address(core).balance, 500.02968 ether);
        assertLe(coins - mallory.balance, 0.03 ether);
    }

    /// In by the wei and out by the wei, at a price both times: not one trip in a thousand gains.
    function test_b5_microDepositsAndExits() public {
        vm.startPrank(mallory);
        for (uint256 i = 1; i <= 1_000; ++i) {
            uint256 coins = mallory.balance;
            basket.deposit{value: i + 2}(CORE, i + 2, mallory, 0, now_());
            basket.redeemInstant(share.balanceOf(mallory), 0, mallory, now_());
            assertLt(mallory.balance, coins);
        }
        vm.stopPrank();
    }

    // --------------------------------------------------------------------------------------------------------------- B8

    /// Wherever in the box the price is, in and out around a step of it gains nothing and takes nothing from who stays.
    function testFuzz_b8_noPriceInsideTheBoxPays(uint256 coins, uint256 stIn, uint256 priceAt, uint256 step) public {
        coins = bound(coins, 1e6, 100 ether);
        stIn = bound(stIn, 1e6, 80 ether);
        // 1 % either side of 1.2 coins; the true price is somewhere inside, before and after.
        uint256 true0 = bound(priceAt, 1.188e18, 1.212e18);
        uint256 true1 = bound(step, 1.188e18, 1.212e18);
        say(address(st), 1.188e18, 1.212e18);
        uint256 worth0 = holders(true0);
        uint256 worth1 = holders(true1);
        uint256 paidIn = coins + stIn * true0 / 1e18;
        uint256 got = deposit(mallory, CORE, coins) + deposit(mallory, ST, stIn);
        assertGe(holders(true0), worth0);
        assertGe(holders(true1), worth1);
        vm.prank(mallory);
        uint256 out = basket.redeemInstant(got, 0, mallory, now_());
        assertGe(holders(true0), worth0);
        assertGe(holders(true1), worth1);
        // Beside the true price's own step nothing was gained.
        uint256 paidInLater = coins + stIn * true1 / 1e18;
        assertLe(out, paidIn > paidInLater ? paidIn : paidInLater);
    }

    /// The seeder's worth at a price of the liquid token: coins for 1e18 of its shares, times 1e9.
    function holders(uint256 stPrice) internal view returns (uint256) {
        (uint256 c,,) = books(CORE);
        (uint256 t,,) = books(ST);
        (uint256 s,,) = books(BTC);
        return (c * 1e18 + t * stPrice + s * 2e33) * 1e9 / share.totalSupply();
    }

    /// A priced mint and an exit in kind are a swap; the band bounds it and each costs the entry fee.
    function test_b8_theBandBoundsTheFreeSwap() public {
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.AboveBand.selector, 1, 4_462, 4_000));
        deposit(mallory, ST, 220 ether);
        uint256 before = wealth(mallory);
        uint256 got = deposit(mallory, ST, 138 ether); // 165.6 coins: 465.6 of 1,165.6 is 39.9 %
        redeemInKind(mallory, got);
        // Worth 165.6, less 5 bps of it 0.0828, of which 165.5172/1165.5172 stays its own: 0.07104...
        uint256 lost = before - wealth(mallory);
        assertGe(lost, 0.071 ether);
        assertLe(lost, 0.071 ether + 2e15); // and a satoshi
    }

    // --------------------------------------------------------------------------------------------------------------- B9

    /// Ten percent of reward wait; a flash loan of a hundred times the basket mints in kind, harvests and leaves: it pays for the
    /// way in and for what is locked, and gets no reward.
    function test_b9_harvestSandwich() public {
        at(1, 1 hours);
        earn(50 ether);
        uint256 before = wealth(mallory);
        mintInKind(mallory, 100_000 ether);
        basket.harvest(CORE);
        redeemInKind(mallory, share.balanceOf(mallory));
        assertLt(wealth(mallory), before);
        (uint256 u,,) = books(CORE);
        assertGe(u + info(CORE).locked, 550 ether, "the 50 coins are the holders', all of them");
    }

    /// The same owner is in before the round turns and out after its harvest. The way in goes back to nobody but the holders of
    /// whom it is 99 %: yet the step is a part of what was there before, and half of what the way in costs.
    function test_b9_aWhaleOverTheTurnOfTheRound() public {
        at(1, 23 hours);
        uint256 before = wealth(mallory);
        mintInKind(mallory, 100_000 ether);
        at(2, 1 hours);
        earn(50 ether);
        basket.harvest(CORE);
        redeemInKind(mallory, share.balanceOf(mallory));
        assertLt(wealth(mallory), before);
        // 2.5 bps of 500 coins were released, not of the 50,500 that were there.
        assertGe(info(CORE).locked, 49.875 ether);
        // In again: what is locked now costs as much as it is worth.
        before = wealth(mallory);
        mintInKind(mallory, 30_000 ether);
        at(3, 1 hours);
        basket.harvest(CORE);
        redeemInKind(mallory, share.balanceOf(mallory));
        assertLt(wealth(mallory), before);
    }

    // -------------------------------------------------------------------------------------------------------------- B10

    /// The fee accrues every second: whoever comes or goes around a collection pays for just the time that he was in.
    function test_b10_feeBoundaryRoundTrip() public {
        vm.prank(timelock);
        basket.setFees(5, 0, 200, 0);
        give(alice, 100 ether);
        at(365, 6 hours);
        uint256 start = vm.snapshotState();
        (uint256[] memory units,) = redeemInKind(alice, 100 ether);
        // 98 % of her 50 coins, before as after the collection.
        assertApproxEqAbs(units[0], 49 ether, 1e10);
        assertGe(units[0], 49 ether);
        vm.revertToState(start);
        basket.collectFees();
        (units,) = redeemInKind(alice, 100 ether);
        assertApproxEqAbs(units[0], 49 ether, 1e10);

        vm.revertToState(start);
        for (uint256 i; i < 3; ++i) {
            basket.harvest(i);
        }
        uint256 before = wealth(mallory);
        uint256 held = perShare();
        mintInKind(mallory, 100 ether);
        basket.collectFees();
        redeemInKind(mallory, share.balanceOf(mallory));
        assertLt(wealth(mallory), before);
        assertGe(perShare(), held);
    }

    // -------------------------------------------------------------------------------------------------------------- B11

    /// Mint and exit in kind in a loop do not drain the throttle that a priced deposit filled.
    function test_b11_flashLoopsDoNotResetTheThrottle() public {
        vm.prank(timelock);
        basket.setCaps(BTC, 1e20, 20_000, 10_000);
        deposit(mallory, BTC, 20_000);
        assertEq(info(BTC).level, 20_000);
        // 10,000 leave in kind, so 10,000 fit again: no loop of both makes more.
        give(mallory, 120 ether);
        redeemInKind(mallory, 100 ether);
        uint256 level = info(BTC).level;
        uint256 held = share.balanceOf(mallory);
        for (uint256 i; i < 5; ++i) {
            mintInKind(mallory, 60 ether);
            redeemInKind(mallory, share.balanceOf(mallory) - held);
        }
        // Each loop leaves the fee behind: the level is no lower than before, to the rounding of its own.
        assertGe(info(BTC).level + 5, level);
        vm.expectRevert();
        deposit(mallory, BTC, 20_000 - level + 6);
    }

    function test_b11_capsHoldInOneTransaction() public {
        vm.startPrank(timelock);
        basket.setShareCap(1_100 ether);
        vm.stopPrank();
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.ShareCapReached.selector, 1_100.44975 ether, 1_100 ether));
        basket.mintInKind{value: 60 ether}(100.5 ether, most(), mallory, now_());
    }

    // -------------------------------------------------------------------------------------------------------------- B12

    function test_b12_reentrancyWithCoinsAndWithACallbackToken() public {
        Reenterer again = new Reenterer(basket, queue);
        vm.deal(address(again), 10 ether);
        give(address(again), 10 ether);
        again.arm(true);
        // Paid in coins: the leg of the exit; sixteen tries, all refused. The first 13 are the basket's own.
        vm.prank(address(again));
        (, uint256 delivered) = basket.redeemInKind(1 ether, address(again));
        assertEq(delivered, 7);
        assertEq(again.passed(), 3, "the queue's own lock is free, and it refuses what is not due");
        assertEq(again.refused(), 13);
        // A token that calls: in and out.
        st.hook(address(again));
        vm.prank(address(again));
        basket.redeemInKind(1 ether, address(again));
        st.mint(address(again), 1 ether);
        vm.startPrank(address(again));
        again.arm(false);
        st.approve(address(basket), 1 ether);
        again.arm(true);
        uint256 refusedBefore = again.refused();
        basket.deposit(ST, 1 ether, address(again), 0, now_());
        assertEq(again.refused() - refusedBefore, 13);
        vm.stopPrank();
        // A claim in coins: now the queue is locked, the basket free.
        again.arm(false);
        vm.prank(address(again));
        queue.requestRedeem(1 ether, address(again), address(again));
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, CORE);
        uint256 owed = queue.legInfo(1, CORE).recovered;
        again.arm(true);
        refusedBefore = again.refused();
        uint256 had = address(again).balance;
        vm.prank(address(again));
        queue.claim(1, address(again), 1, address(this));
        assertEq(address(this).balance >= owed, true);
        assertEq(address(again).balance, had);
    }

    receive() external payable {}

    // -------------------------------------------------------------------------------------------------------------- B13

    /// A loss before the leg starts is everybody's alike; after it, those who stay have theirs and the ticket its own.
    function test_b13_lossInEveryStateOfTheQueue() public {
        leave(alice, 100 ether);
        leave(bob, 300 ether);
        stSleeve.lose(25 ether); // requested: 250 -> 225
        basket.bookLoss(ST);
        at(1, 0);
        queue.closeEpoch();
        stSleeve.setMood(TestSleeve.Mood.Stalled);
        vm.expectRevert(abi.encodeWithSignature("NotYet(uint256,uint256)", 0, 0));
        queue.startLeg(1, ST);
        stSleeve.lose(45 ether); // closed and stalled: 225 -> 180
        basket.bookLoss(ST);
        stSleeve.setMood(TestSleeve.Mood.Well);
        queue.startLeg(1, ST); // 40 % of 180
        assertEq(queue.legInfo(1, ST).units, 72 ether);
        stSleeve.lose(54 ether); // those who stay: 108 -> 54
        basket.bookLoss(ST);
        assertEq(queue.legInfo(1, ST).units, 72 ether);
        (uint256 u, uint256 p, uint256 b) = books(ST);
        assertEq(u, 54 ether);
        assertEq(p, 150 ether);
        assertEq(b, 150 ether);
        // 86.4 coins were due; 60 came: the ticket's loss is the epoch's, a quarter of it alice's.
        vm.deal(address(stSleeve), 60 ether);
        stSleeve.ripen(1, 60 ether, true);
        queue.collect(1, ST);
        assertEq(claim(alice, 1)[1], 15 ether);
        assertEq(claim(bob, 1)[1], 45 ether);
        (u,,) = books(ST);
        assertEq(u, 54 ether);
        assertEq(st.balanceOf(address(stSleeve)), 54 ether);
    }

    // -------------------------------------------------------------------------------------------------------------- B14

    /// 95 % of the basket leave, with five hundred dust requests beside: nobody waits for them, and the close costs the same.
    function test_b14_aGiantAndDustBlockNobody() public {
        uint256 start = vm.snapshotState();
        leave(alice, 1 ether);
        at(1, 0);
        uint256 before = gasleft();
        queue.closeEpoch();
        uint256 alone = before - gasleft();

        vm.revertToState(start);
        leave(alice, 1 ether);
        vm.startPrank(seeder);
        queue.requestRedeem(950 ether, seeder, seeder);
        for (uint160 i = 1; i <= 500; ++i) {
            queue.requestRedeem(1, address(i << 32), seeder);
        }
        vm.stopPrank();
        at(1, 0);
        before = gasleft();
        queue.closeEpoch();
        assertLt(before - gasleft(), alone + 5_000);
        queue.startLeg(1, CORE);
        uint256 had = alice.balance;
        claim(alice, 1);
        // 1 share of the epoch's 951 and 500 wei, of its coins 475.5 and 250 wei: half a coin.
        assertApproxEqAbs(alice.balance - had, 0.5 ether, 1);
    }

    // -------------------------------------------------------------------------------------------------------------- B15

    /// A depeg of 20 % either way: what needs a price closes for the whole basket, everything else goes on at no price.
    function test_b15_depegOfTwentyPercent() public {
        give(alice, 200 ether);
        for (uint256 i; i < 2; ++i) {
            uint256 start = vm.snapshotState();
            uint256 price = i == 0 ? 0.96e18 : 1.44e18;
            prices.say(address(st), price, price, IPriceFeed.State.Impaired);
            vm.expectRevert(abi.encodeWithSelector(IBasketTypes.PriceNotSound.selector, 1, 2));
            deposit(bob, CORE, 1 ether);
            vm.prank(alice);
            vm.expectRevert(abi.encodeWithSelector(IBasketTypes.PriceNotSound.selector, 1, 2));
            basket.redeemInstant(1 ether, 0, alice, now_());
            (uint256[] memory units,) = redeemInKind(alice, 100 ether);
            assertEq(units[1], 25 ether);
            request(alice, 100 ether);
            at(1, 0);
            queue.closeEpoch();
            queue.startLeg(1, CORE);
            assertEq(claim(alice, 1)[0], 50 ether);
            vm.revertToState(start);
        }
    }

    // -------------------------------------------------------------------------------------------------------------- B16

    /// Each way of failing delays its own leg only; and a caller stingy with gas fakes none.
    function test_b16_aFailingSleeveDelaysItsOwnLegOnly() public {
        for (uint8 mood = 1; mood <= 3; ++mood) {
            uint256 start = vm.snapshotState();
            stSleeve.setMood(TestSleeve.Mood(mood));
            give(alice, 200 ether);
            uint256 had = alice.balance;
            (uint256[] memory units, uint256 delivered) = redeemInKind(alice, 100 ether);
            assertEq(delivered, 5);
            assertEq(alice.balance - had, 50 ether);
            assertEq(units[2], 10_000);
            assertEq(basket.waitingParts(alice, ST), 25 ether);
            request(alice, 100 ether);
            at(1, 0);
            queue.closeEpoch();
            queue.startLeg(1, CORE);
            queue.startLeg(1, BTC);
            (bool ok,) = address(queue).call{gas: 3_000_000}(abi.encodeCall(IUnbondingQueue.startLeg, (1, ST)));
            assertFalse(ok);
            (uint256 u, uint256 p, uint256 b) = books(ST);
            assertEq(u, 250 ether);
            assertEq(p, 250 ether);
            assertEq(b, 200 ether);
            assertEq(claim(alice, 1)[0], 50 ether);
            stSleeve.setMood(TestSleeve.Mood.Well);
            queue.startLeg(1, ST);
            assertEq(basket.deliverLeg(alice, ST), 25 ether);
            vm.revertToState(start);
        }
    }

    /// A leg that needs 6.5 million gas: whoever brings so little that it would fail, and enough to book that it failed, books
    /// nothing. From far too little to enough it goes wholly through or not at all.
    function test_b16_aStingyCallerFakesNoFailure() public {
        HeavySleeve heavy = new HeavySleeve(address(basket), address(btc));
        vm.startPrank(timelock);
        basket.addSleeve(IBasketTypes.SleeveParams(heavy, 1e20, 1e20, 0, 1_000));
        basket.setWeights(fourWeights());
        vm.stopPrank();
        deposit(alice, 3, 10_000);
        give(mallory, 100 ether);
        uint256 passed;
        uint256 refused;
        bytes memory exit = abi.encodeCall(IBasket.redeemInKind, (100 ether, mallory));
        for (uint256 gas_ = 6_000_000; gas_ < 8_000_000; gas_ += 20_000) {
            uint256 start = vm.snapshotState();
            vm.prank(mallory);
            (bool ok,) = address(basket).call{gas: gas_}(exit);
            if (ok) ++passed;
            else ++refused;
            assertEq(share.balanceOf(mallory), ok ? 0 : 100 ether);
            for (uint256 i; i < 4; ++i) {
                assertEq(basket.waitingParts(mallory, i), 0, "a failure that was none");
            }
            vm.revertToState(start);
        }
        assertGt(passed, 10);
        assertGt(refused, 10);
    }

    // -------------------------------------------------------------------------------------------------------------- B17

    /// Prices move, drift is real, and one bidder takes every auction at its last price: the budget is all that he gets.
    function test_b17_aBidderAtTheLastPriceTakesTheBudgetAtMost() public {
        uint256 lossSum;
        uint256 day = 1;
        uint256 start = wealthOfBasket(1.2e18);
        uint256 refused;
        for (; day < 31; ++day) {
            at(day, 1 hours);
            // The liquid token now half, now double: over and under by turns.
            uint256 price = day % 2 == 0 ? 0.8e18 : 1.8e18;
            say(address(st), price, price);
            basket.noteDrift();
            at(day, 2 hours + 1);
            (uint256 from, uint256 to) = day % 2 == 0 ? (CORE, ST) : (ST, CORE);
            try basket.startAuction(from, to) returns (uint256 id) {
                at(day, 6 hours + 1);
                uint256 before = wealthOfBasket(price);
                vm.prank(mallory);
                try basket.bid{value: 1_000 ether}(id, type(uint128).max, type(uint256).max, mallory, now_()) {
                    uint256 after_ = wealthOfBasket(price);
                    if (after_ < before) lossSum += (before - after_) * 1e9 / before;
                } catch (bytes memory why) {
                    assertEq(bytes4(why), IBasketTypes.BudgetSpent.selector);
                    ++refused;
                }
                at(day, 7 hours);
                try basket.endAuction(id) {} catch {}
            } catch {}
        }
        assertGt(refused, 0, "the budget was never reached");
        assertGt(lossSum, 2_400_000, "0.24 % at least");
        assertLe(lossSum, 5_000_000, "0.5 % in 30 days at most");
        start;
    }

    function wealthOfBasket(uint256 stPrice) internal view returns (uint256) {
        (uint256 c,,) = books(CORE);
        (uint256 t,,) = books(ST);
        (uint256 s,,) = books(BTC);
        return c + t * stPrice / 1e18 + s * 2e15;
    }

    // -------------------------------------------------------------------------------------------------------------- B18

    /// The performance fee on a rate is for what it gained over its best, once.
    function test_b18_rateHighWaterMark() public {
        vm.prank(timelock);
        basket.setFees(5, 0, 0, 1_000);
        stSleeve.setRate(1.3e18);
        basket.harvest(ST);
        // 250 * (0.1 / 1.3) * 10 % = 1.923076923076923076..., floor at each step.
        assertEq(info(ST).feeUnits, 1.923076923076923076 ether);
        basket.harvest(ST);
        assertEq(info(ST).feeUnits, 1.923076923076923076 ether);
        stSleeve.setRate(1.25e18);
        basket.harvest(ST);
        stSleeve.setRate(1.3e18);
        basket.harvest(ST);
        assertEq(info(ST).feeUnits, 1.923076923076923076 ether);
        (uint256 u,,) = books(ST);
        assertEq(u, 248.076923076923076924 ether);
        stSleeve.setRate(1.6e18);
        basket.harvest(ST);
        // 248.076923076923076924 * 0.3 / 1.6 * 10 % = 4.6514423..., floor: 46.514423076923076923 then a tenth.
        assertEq(info(ST).feeUnits, 1.923076923076923076 ether + 4.651442307692307692 ether);
        assertEq(basket.collectUnitFees(ST), 6.574519230769230768 ether);
        assertEq(st.balanceOf(feeRecipient), 6.574519230769230768 ether);
    }

    /// Supply that comes in the middle of a fee period pays for the rest of it alone, and nothing is counted twice.
    function test_b18_supplyChangesInsideAFeePeriod() public {
        vm.prank(timelock);
        basket.setFees(5, 0, 200, 0);
        at(182, 18 hours); // half a year of 365 days
        uint256 t0 = basket.effectiveSupply();
        assertApproxEqAbs(t0, 1_010.152544552210749 ether, 1e10); // 1,000 / sqrt(0.98)
        uint256 got = deposit(alice, CORE, 100 ether);
        assertEq(basket.effectiveSupply(), t0 + got);
        at(365, 6 hours);
        uint256 t1 = basket.effectiveSupply();
        assertApproxEqAbs(t1, (t0 + got) * 1.010152544552210749 ether / 1 ether, 1e10);
        basket.collectFees();
        assertEq(share.totalSupply(), t1);
        assertEq(basket.effectiveSupply(), t1);
    }

    // -------------------------------------------------------------------------------------------------------------- B20

    function test_b20_thePauseMatrix() public {
        give(alice, 300 ether);
        uint256 t = now_();
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.NotGuardian.selector, mallory));
        basket.pause(IBasketTypes.Pausable.Mint, 1);
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.PauseTooLong.selector, 7 days + 1, 7 days));
        basket.pause(IBasketTypes.Pausable.Mint, 7 days + 1);
        basket.pause(IBasketTypes.Pausable.Mint, 7 days);
        basket.pause(IBasketTypes.Pausable.Instant, 7 days);
        basket.pause(IBasketTypes.Pausable.Auction, 7 days);
        vm.expectRevert(
            abi.encodeWithSelector(IBasketTypes.PauseNotYet.selector, IBasketTypes.Pausable.Mint, t + 30 days)
        );
        basket.pause(IBasketTypes.Pausable.Mint, 1);
        vm.stopPrank();

        bytes memory mintPaused =
            abi.encodeWithSelector(IBasketTypes.Paused.selector, IBasketTypes.Pausable.Mint, t + 7 days);
        vm.expectRevert(mintPaused);
        deposit(alice, CORE, 1 ether);
        vm.prank(alice);
        vm.expectRevert(mintPaused);
        basket.mintInKind{value: 1 ether}(1 ether, most(), alice, t);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.Paused.selector, IBasketTypes.Pausable.Instant, t + 7 days));
        basket.redeemInstant(1 ether, 0, alice, t);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.Paused.selector, IBasketTypes.Pausable.Auction, t + 7 days));
        basket.startAuction(0, 1);
        // In kind, the epochs and their claims go on.
        redeemInKind(alice, 100 ether);
        request(alice, 100 ether);
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, CORE);
        assertEq(claim(alice, 1)[0], 50 ether);
        // It lapses by itself, and cannot begin again within 30 days of its beginning.
        vm.warp(t + 7 days);
        deposit(alice, CORE, 1 ether);
        vm.warp(t + 30 days - 1);
        vm.prank(guardian);
        vm.expectRevert(
            abi.encodeWithSelector(IBasketTypes.PauseNotYet.selector, IBasketTypes.Pausable.Mint, t + 30 days)
        );
        basket.pause(IBasketTypes.Pausable.Mint, 7 days);
        vm.warp(t + 30 days);
        vm.startPrank(guardian);
        basket.pause(IBasketTypes.Pausable.Mint, 7 days);
        basket.unpause(IBasketTypes.Pausable.Mint);
        // Lifting it early gives no second one.
        vm.expectRevert(
            abi.encodeWithSelector(IBasketTypes.PauseNotYet.selector, IBasketTypes.Pausable.Mint, t + 60 days)
        );
        basket.pause(IBasketTypes.Pausable.Mint, 7 days);
        vm.stopPrank();
        deposit(alice, CORE, 1 ether);
    }

    // -------------------------------------------------------------------------------------------------------------- B21

    /// Nothing that leaves at once takes what a closed epoch is owed.
    function test_b21_theQueueCannotBeBypassed() public {
        leave(alice, 400 ether);
        at(1, 0);
        queue.closeEpoch();
        // 200 of 500 coins are the epoch's, 2 the floor: 298 is the most, whoever asks and however often.
        vm.startPrank(seeder);
        basket.redeemInstant(298 ether, 0, seeder, now_());
        assertEq(basket.maxInstant(), 0);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.InstantAboveMost.selector, 1 ether, 0));
        basket.redeemInstant(1 ether, 0, seeder, now_());
        // In kind takes the basket's own: the remaining 2 coins, not the 200.
        (uint256[] memory units,) = basket.redeemInKind(share.balanceOf(seeder), seeder);
        vm.stopPrank();
        assertLe(units[0], 2 ether);
        vm.prank(mallory);
        basket.delegateIdle(CORE);
        assertGe(core.lastKeep(), 200 ether);
        queue.startLeg(1, CORE);
        assertEq(claim(alice, 1)[0], 200 ether);
    }

    // -------------------------------------------------------------------------------------------------------------- B26

    /// The token blacklists the sleeve, then a recipient: that leg waits, the rest is paid, another recipient is named.
    function test_b26_blacklistedByTheBtc() public {
        give(alice, 200 ether);
        btc.blacklist(address(btcSleeve), true);
        (, uint256 delivered) = redeemInKind(alice, 100 ether);
        assertEq(delivered, 3);
        request(alice, 100 ether);
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, CORE);
        vm.expectRevert(abi.encodeWithSelector(TestToken.Blacklisted.selector, address(btcSleeve)));
        queue.startLeg(1, BTC);
        assertEq(claim(alice, 1)[0], 50 ether);
        btc.blacklist(address(btcSleeve), false);
        btc.blacklist(alice, true);
        vm.expectRevert();
        basket.deliverLeg(alice, BTC);
        vm.prank(alice);
        basket.setLegRecipient(carol);
        assertEq(basket.deliverLeg(alice, BTC), 10_000);
        queue.startLeg(1, BTC);
        vm.prank(alice);
        queue.claim(1, alice, ALL, carol);
        assertEq(btc.balanceOf(carol), 1_000e8 + 20_000);
    }

    // -------------------------------------------------------------------------------------------------------------- B27

    /// A receipt is offered, its owner claims a part before the sale: the offer was for an id that is no more.
    function test_b27_partialClaimThenTheReceiptIsSold() public {
        leave(alice, 100 ether);
        at(1, 0);
        queue.closeEpoch();
        queue.startLeg(1, CORE);
        queue.startLeg(1, BTC);
        vm.startPrank(alice);
        uint256 id = queue.mintReceipt(1);
        IBasketReceipts.ReceiptInfo memory shown = slips.info(id);
        assertEq(shown.epoch, 1);
        assertEq(shown.shares, 100 ether);
        assertEq(shown.claimable[0], 50 ether);
        assertEq(shown.claimable[2], 10_000);
        // The address itself has nothing to claim any more.
        vm.expectRevert(abi.encodeWithSelector(IUnbondingQueue.NothingToClaim.selector, 1, 7));
        queue.claim(1, alice, ALL, alice);
        (, uint256 next) = slips.claim(id, 1, alice);
        vm.expectRevert(abi.encodeWithSignature("ERC721NonexistentToken(uint256)", id));
        slips.transferFrom(alice, bob, id);
        assertNotEq(next, id);
        shown = slips.info(next);
        assertEq(shown.mask, 1);
        assertEq(shown.claimable[0], 0);
        assertEq(shown.claimable[2], 10_000);
        slips.transferFrom(alice, bob, next);
        vm.expectRevert(abi.encodeWithSelector(IBasketReceipts.NotReceiptOwner.selector, next, alice));
        slips.claim(next, ALL, alice);
        vm.stopPrank();
        // The buyer gets what it showed: the satoshi now, the partial recoveries of the third leg as they come.
        vm.prank(bob);
        (uint256[] memory paid, uint256 rest) = slips.claim(next, ALL, bob);
        assertEq(paid[0], 0);
        assertEq(paid[2], 10_000);
        queue.startLeg(1, ST);
        vm.deal(address(stSleeve), 30 ether);
        stSleeve.ripen(1, 12 ether, false);
        queue.collect(1, ST);
        vm.prank(bob);
        (paid, rest) = slips.claim(rest, ALL, bob);
        assertEq(paid[1], 12 ether);
        // Unwrapped it is his own position, with what was paid: no coin is paid twice.
        vm.prank(bob);
        slips.unwrap(rest);
        stSleeve.ripen(1, 18 ether, false);
        queue.collect(1, ST);
        assertEq(claim(bob, 1)[1], 18 ether);
        assertEq(address(queue).balance, 0);
    }

    // -------------------------------------------------------------------------------------------------------------- B28

    /// Every feed is gone: in kind and epochs pay in full.
    function test_b28_allFeedsRemoved() public {
        give(alice, 200 ether);
        vm.etch(address(prices), "");
        vm.expectRevert();
        deposit(alice, CORE, 1 ether);
        vm.prank(alice);
        vm.expectRevert();
        basket.redeemInstant(1 ether, 0, alice, now_());
        (uint256[] memory units, uint256 delivered) = redeemInKind(alice, 100 ether);
        assertEq(delivered, 7);
        assertEq(units[1], 25 ether);
        request(alice, 100 ether);
        at(1, 0);
        queue.closeEpoch();
        for (uint256 i; i < 3; ++i) {
            queue.startLeg(1, i);
        }
        vm.deal(address(stSleeve), 30 ether);
        stSleeve.ripen(1, 30 ether, false);
        queue.collect(1, ST);
        uint256[] memory paid = claim(alice, 1);
        assertEq(paid[0], 50 ether);
        assertEq(paid[1], 30 ether);
        assertEq(paid[2], 10_000);
    }

    // -------------------------------------------------------------------------------------------------------------- B29

    /// A sleeve with less than a millionth of its parts takes nothing in, by neither way; exits go on.
    function test_b29_aWipedSleeveTakesNothingIn() public {
        give(alice, 100 ether);
        stSleeve.lose(250 ether - 0.000249 ether);
        basket.bookLoss(ST);
        bytes memory wiped = abi.encodeWithSelector(IBasketTypes.SleeveWiped.selector, 1, 0.000249 ether, 250 ether);
        vm.expectRevert(wiped);
        deposit(bob, ST, 1 ether);
        vm.prank(bob);
        vm.expectRevert(wiped);
        basket.mintInKind{value: 1 ether}(1 ether, most(), bob, now_());
        (uint256[] memory units, uint256 delivered) = redeemInKind(alice, 100 ether);
        assertEq(delivered, 7);
        assertEq(units[0], 50 ether);
        assertEq(units[1], 0.0000249 ether);
        // Down to nothing: still nothing comes in, exits still go, and governance opens another.
        stSleeve.lose(st.balanceOf(address(stSleeve)));
        basket.bookLoss(ST);
        vm.expectRevert(abi.encodeWithSelector(IBasketTypes.SleeveWiped.selector, 1, 0, 225 ether));
        deposit(bob, ST, 1 ether);
        uint16[] memory targets = new uint16[](3);
        (targets[0], targets[2]) = (8_000, 2_000);
        vm.startPrank(timelock);
        basket.setWeights(targets);
        basket.retireSleeve(ST);
        vm.stopPrank();
        assertTrue(info(ST).retired);
        vm.prank(bob);
        units = basket.mintInKind{value: 1 ether}(1 ether, most(), bob, now_());
        assertEq(units[1], 0);
    }
}
