// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasket, IBasketTypes} from "../../src/basket/IBasket.sol";
import {IBasketFactory} from "../../src/basket/IBasketFactory.sol";
import {IBasketReceipts} from "../../src/basket/IBasketReceipts.sol";
import {IBasketToken} from "../../src/basket/IBasketToken.sol";
import {ISleeve} from "../../src/basket/ISleeve.sol";
import {IUnbondingQueue} from "../../src/basket/IUnbondingQueue.sol";
import {BasketTimelock} from "../../src/governance/BasketTimelock.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {Fixture} from "../Fixture.sol";
import {TestFeed} from "./TestFeed.sol";
import {TestSleeve} from "./TestSleeve.sol";
import {TestToken} from "./TestToken.sol";

/// @notice A basket of three sleeves on test adapters: coins (50 %), a liquid token at 1.2 coins (30 %) and a BTC of 8 decimals
/// at 200,000 coins (20 %). Seeded with 1,000 shares against 500 coins, 250 liquid tokens and 0.001 BTC: one share is one coin.
abstract contract BasketFixture is Fixture {
    uint256 internal constant DAY = 1 days;
    uint256 internal constant DAWN = 19_700 * DAY; // of the first day
    uint256 internal constant ST_PRICE = 1.2e18;
    uint256 internal constant BTC_PRICE = 2e33;
    uint256 internal constant DEAD_SHARES = 1e15;
    address internal constant DEAD = 0x000000000000000000000000000000000000dEaD;
    uint256 internal constant CORE = 0;
    uint256 internal constant ST = 1;
    uint256 internal constant BTC = 2;
    uint256 internal constant ALL = 7;

    IBasketFactory internal makers;
    IBasket internal basket;
    IBasketToken internal share;
    IUnbondingQueue internal queue;
    IBasketReceipts internal slips;
    TestFeed internal prices;
    TestToken internal st;
    TestToken internal btc;
    TestSleeve internal core;
    TestSleeve internal stSleeve;
    TestSleeve internal btcSleeve;
    address internal timelock;
    address internal seeder = makeAddr("seeder");
    address internal mallory = makeAddr("mallory");

    function setUp() public virtual {
        vm.warp(DAWN + 6 hours);
        st = new TestToken("stCORE", 18);
        btc = new TestToken("BTC", 8);
        prices = new TestFeed();
        say(address(st), ST_PRICE, ST_PRICE);
        say(address(btc), BTC_PRICE, BTC_PRICE);
        timelock = create("BasketTimelock", abi.encode(11 days, new address[](0), new address[](0), address(this)));
        deployBasket(5, 0, 0, 0);
        rich(seeder);
        rich(alice);
        rich(bob);
        rich(carol);
        rich(mallory);
        seed();
    }

    // ------------------------------------------------------------------------------------------------------ deployment

    function deployBasket(uint16 entryBps, uint16 instantBps, uint16 managementBps, uint16 performanceBps) internal {
        deployUncounted(entryBps, instantBps, managementBps, performanceBps);
        BasketTimelock(payable(timelock)).register(address(basket));
    }

    /// A basket that its timelock does not know yet.
    function deployUncounted() internal {
        deployUncounted(5, 0, 0, 0);
    }

    function deployUncounted(uint16 entryBps, uint16 instantBps, uint16 managementBps, uint16 performanceBps) private {
        address part = create("BasketViews", "");
        part = create("BasketMarket", abi.encode(part));
        part = create("BasketDesk", abi.encode(part));
        address code_ = create("Basket", abi.encode(part));
        address queueCode = create("UnbondingQueue", "");
        makers = IBasketFactory(create("BasketFactory", abi.encode(code_, queueCode, templates())));
        (address to,) = makers.predict(address(this), "one");
        core = new TestSleeve(to, NATIVE, NATIVE, 0);
        stSleeve = new TestSleeve(to, address(st), NATIVE, 8 days);
        stSleeve.setRate(ST_PRICE);
        btcSleeve = new TestSleeve(to, address(btc), address(btc), 0);
        assertEq(makers.create(createParams(entryBps, instantBps, managementBps, performanceBps)), to);
        basket = IBasket(to);
        share = IBasketToken(basket.TOKEN());
        queue = IUnbondingQueue(basket.QUEUE());
        slips = IBasketReceipts(queue.RECEIPTS());
    }

    function templates() internal view returns (IBasketFactory.Template[] memory list) {
        list = new IBasketFactory.Template[](1);
        address[] memory tokens = new address[](3);
        (tokens[0], tokens[1], tokens[2]) = (NATIVE, address(st), address(btc));
        uint16[] memory targets = new uint16[](3);
        (targets[0], targets[1], targets[2]) = (5_000, 3_000, 2_000);
        uint16[] memory bands = new uint16[](3);
        (bands[0], bands[1], bands[2]) = (1_000, 1_000, 1_000);
        list[0] = IBasketFactory.Template("three", tokens, targets, bands);
    }

    function createParams(uint16 entryBps, uint16 instantBps, uint16 managementBps, uint16 performanceBps)
        internal
        view
        returns (IBasketFactory.CreateParams memory p)
    {
        p.salt = "one";
        p.name = "Basket";
        p.symbol = "BASKET";
        p.feed = address(prices);
        p.timelock = timelock;
        p.guardian = guardian;
        p.feeRecipient = feeRecipient;
        p.seeder = seeder;
        p.entryFeeBps = entryBps;
        p.instantFeeBps = instantBps;
        p.managementFeeBps = managementBps;
        p.performanceFeeBps = performanceBps;
        p.floor = 2 ether;
        p.shareCap = 1e30;
        p.sleeves = new ISleeve[](3);
        (p.sleeves[0], p.sleeves[1], p.sleeves[2]) = (core, stSleeve, btcSleeve);
        p.caps = new uint256[](3);
        (p.caps[0], p.caps[1], p.caps[2]) = (1e30, 1e30, 1e20);
        p.limits = p.caps;
    }

    function seed() internal {
        uint256[] memory units = new uint256[](3);
        (units[0], units[1], units[2]) = (500 ether, 250 ether, 100_000);
        vm.prank(seeder);
        basket.mintInKind{value: 500 ether}(1_000 ether, units, seeder, now_());
    }

    function rich(address who) internal {
        vm.deal(who, 1_000_000 ether);
        st.mint(who, 1_000_000 ether);
        btc.mint(who, 1_000e8);
        vm.startPrank(who);
        st.approve(address(basket), type(uint256).max);
        btc.approve(address(basket), type(uint256).max);
        vm.stopPrank();
    }

    // --------------------------------------------------------------------------------------------------------- actions

    function say(address asset, uint256 low, uint256 high) internal {
        prices.say(asset, low, high, IPriceFeed.State.Sound);
    }

    function at(uint256 day, uint256 time) internal {
        vm.warp(DAWN + day * DAY + time);
    }

    function most() internal pure returns (uint256[] memory list) {
        list = new uint256[](3);
        (list[0], list[1], list[2]) = (type(uint256).max, type(uint256).max, type(uint256).max);
    }

    function deposit(address who, uint256 sleeve, uint256 units) internal returns (uint256) {
        vm.prank(who);
        return basket.deposit{value: sleeve == CORE ? units : 0}(sleeve, units, who, 0, now_());
    }

    function mintInKind(address who, uint256 priced) internal returns (uint256[] memory units, uint256 shares) {
        (units, shares) = basket.quoteMintInKind(priced);
        vm.prank(who);
        // More than the quote: a harvest may come first, and what is not needed comes back.
        units = basket.mintInKind{value: units[0] * 2}(priced, most(), who, now_());
    }

    function redeemInKind(address who, uint256 shares) internal returns (uint256[] memory units, uint256 delivered) {
        vm.prank(who);
        return basket.redeemInKind(shares, who);
    }

    function request(address who, uint256 shares) internal returns (uint256) {
        vm.prank(who);
        return queue.requestRedeem(shares, who, who);
    }

    function claim(address who, uint256 epoch) internal returns (uint256[] memory) {
        vm.prank(who);
        return queue.claim(epoch, who, ALL, who);
    }

    function info(uint256 sleeve) internal view returns (IBasketTypes.SleeveInfo memory) {
        return basket.sleeveInfo(sleeve);
    }

    function books(uint256 sleeve) internal view returns (uint256 u, uint256 p, uint256 b) {
        IBasketTypes.SleeveInfo memory i = basket.sleeveInfo(sleeve);
        return (i.units, i.parts, i.basketParts);
    }

    /// Coins come to the coin sleeve as if they had been earned.
    function earn(uint256 coins) internal {
        vm.deal(address(core), address(core).balance + coins);
    }
}
