// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Basket} from "../../src/basket/Basket.sol";
import {BasketDesk} from "../../src/basket/BasketDesk.sol";
import {BasketFactory} from "../../src/basket/BasketFactory.sol";
import {BasketMarket} from "../../src/basket/BasketMarket.sol";
import {BasketViews} from "../../src/basket/BasketViews.sol";
import {IBasket} from "../../src/basket/IBasket.sol";
import {IBasketFactory} from "../../src/basket/IBasketFactory.sol";
import {ISleeve} from "../../src/basket/ISleeve.sol";
import {IUnbondingQueue} from "../../src/basket/IUnbondingQueue.sol";
import {UnbondingQueue} from "../../src/basket/UnbondingQueue.sol";
import {CoreSleeve} from "../../src/basket/sleeves/CoreSleeve.sol";
import {HeldSleeve} from "../../src/basket/sleeves/HeldSleeve.sol";
import {StCoreSleeve} from "../../src/basket/sleeves/StCoreSleeve.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {CoreWorld} from "../core/CoreWorld.sol";
import {TestFeed} from "./TestFeed.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @dev As far as a basket asks its timelock.
contract Delay {
    uint256 public constant getMinDelay = 30 days;

    function notedExit(address) external pure returns (uint256) {
        return 30 days;
    }
}

/// A basket of CORE, stCORE and coreBTC on the adapters themselves and Core's stand-ins. Seeded with 1,000 shares against 500
/// CORE, 250 stCORE and 0.25 BTC.
abstract contract CoreBasketFixture is CoreWorld {
    address internal constant COIN = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    IBasket internal basket;
    IUnbondingQueue internal queue;
    IERC20 internal share;
    BasketFactory internal factory;
    TestFeed internal feed;
    CoreSleeve internal core;
    StCoreSleeve internal stSleeve;
    HeldSleeve internal btcSleeve;
    address internal timelock;
    address internal seeder = makeAddr("seeder");

    function setUp() public virtual {
        deployCore();
        timelock = address(new Delay());
        feed = new TestFeed();
        feed.say(address(st), 1e18, 1e18, IPriceFeed.State.Sound);
        feed.say(address(btc), 1e31, 1e31, IPriceFeed.State.Sound);
        address code =
            address(new Basket(address(new BasketDesk(address(new BasketMarket(address(new BasketViews())))))));
        IBasketFactory.Template[] memory list = new IBasketFactory.Template[](1);
        list[0].name = "CORE, stCORE, BTC";
        list[0].tokens = new address[](3);
        (list[0].tokens[0], list[0].tokens[1], list[0].tokens[2]) = (COIN, address(st), address(btc));
        list[0].targetBps = new uint16[](3);
        (list[0].targetBps[0], list[0].targetBps[1], list[0].targetBps[2]) = (5_000, 3_000, 2_000);
        list[0].bandBps = new uint16[](3);
        (list[0].bandBps[0], list[0].bandBps[1], list[0].bandBps[2]) = (5_000, 5_000, 5_000);
        factory = new BasketFactory(code, address(new UnbondingQueue()), list);
        (address to,) = factory.predict(address(this), "one");
        core = new CoreSleeve(to, address(agent), address(stakeHub), address(hub));
        stSleeve = new StCoreSleeve(to, address(st), address(earn), 8 days, 10_000);
        btcSleeve = new HeldSleeve(to, address(btc));
        IBasketFactory.CreateParams memory p;
        p.salt = "one";
        (p.name, p.symbol) = ("Basket", "BASKET");
        (p.feed, p.timelock, p.guardian) = (address(feed), timelock, makeAddr("guardian"));
        (p.feeRecipient, p.seeder) = (makeAddr("fees"), seeder);
        p.entryFeeBps = 5;
        (p.floor, p.shareCap) = (2 ether, 1e30);
        p.sleeves = new ISleeve[](3);
        (p.sleeves[0], p.sleeves[1], p.sleeves[2]) = (core, stSleeve, btcSleeve);
        p.caps = new uint256[](3);
        (p.caps[0], p.caps[1], p.caps[2]) = (1e30, 1e30, 1e20);
        p.limits = p.caps;
        assertEq(factory.create(p), to);
        basket = IBasket(to);
        queue = IUnbondingQueue(basket.QUEUE());
        share = IERC20(basket.TOKEN());
        btc.setMinterCap(address(this), 100e8);
        rich(seeder);
        rich(alice);
        rich(bob);
        address[] memory validators = new address[](3);
        uint8[] memory weights = new uint8[](3);
        (validators[0], validators[1], validators[2]) = (v1, v2, v3);
        (weights[0], weights[1], weights[2]) = (2, 1, 1);
        vm.prank(timelock);
        core.setValidators(validators, weights);
        uint256[] memory first = new uint256[](3);
        (first[0], first[1], first[2]) = (500 ether, 250 ether, 0.25e8);
        vm.prank(seeder);
        basket.mintInKind{value: 500 ether}(1_000 ether, first, seeder, block.timestamp);
    }

    function rich(address who) internal {
        vm.deal(who, 100_000 ether);
        btc.mint(who, 10e8);
        vm.startPrank(who);
        earn.mint{value: 1_000 ether}(v1);
        st.approve(address(basket), type(uint256).max);
        btc.approve(address(basket), type(uint256).max);
        vm.stopPrank();
    }

    function units(uint256 sleeve) internal view returns (uint256) {
        return basket.sleeveInfo(sleeve).units;
    }
}
