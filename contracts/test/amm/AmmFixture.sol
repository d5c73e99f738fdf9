// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAmmRoute} from "../../src/liquid/amm/IAmmRoute.sol";
import {Attack} from "../attacks/Attack.sol";
import {IV2Factory, IV2Pair, IV3Factory, IV3PoolAll, Trader, WrappedCoin} from "./Market.sol";
import {Uniswap} from "./Uniswap.sol";

/// The real Uniswap V2 and V3 (bytecode of the npm packages), a pair and a pool of LST and wrapped coin around 1:1, and a
/// route that knows both. The setup is sealed only after the route is on.
abstract contract AmmFixture is Attack, Uniswap {
    uint256 internal constant RAY = 1e27;
    uint256 internal constant SLIPPAGE = 100;
    uint32 internal constant WINDOW = 30 minutes;
    uint256 internal constant TICKS = 200;
    uint160 internal constant PAR = 1 << 96;

    WrappedCoin internal wcoin;
    IV2Pair internal pair;
    IV3PoolAll internal pool;
    IAmmRoute internal route;
    Trader internal trader;

    /// Whether the LST is token0.
    function lstFirst() internal pure virtual returns (bool);

    function setUp() public virtual override {
        super.setUp();
        for (uint256 salt;; ++salt) {
            wcoin = new WrappedCoin{salt: bytes32(salt)}();
            if ((address(token) < address(wcoin)) == lstFirst()) break;
        }
        trader = new Trader();
        vm.deal(address(this), 300_000 ether);
        (bool ok,) = address(wcoin).call{value: 100_000 ether}("");
        require(ok);
        wcoin.transfer(address(trader), 100_000 ether);
        minter.submitAndGive{value: 100_000 ether}(address(trader));
        stakeAll();
        pair = IV2Pair(IV2Factory(uniswapV2()).createPair(address(token), address(wcoin)));
        pool = IV3PoolAll(IV3Factory(uniswapV3()).createPool(address(token), address(wcoin), 500));
        pool.initialize(PAR);
        pool.increaseObservationCardinalityNext(20);
        pass(1 hours);
        route = newRoute(pools(true, true));
        vm.startPrank(admin);
        minter.setAmmRoute(address(route), SLIPPAGE);
        vm.stopPrank();
    }

    function pools(bool v2, bool v3) internal view returns (IAmmRoute.Pool[] memory list) {
        list = new IAmmRoute.Pool[]((v2 ? 1 : 0) + (v3 ? 1 : 0));
        if (v2) list[0] = IAmmRoute.Pool(address(pair), IAmmRoute.Style.V2, 30);
        if (v3) list[list.length - 1] = IAmmRoute.Pool(address(pool), IAmmRoute.Style.V3, 0);
    }

    function newRoute(IAmmRoute.Pool[] memory list) internal returns (IAmmRoute) {
        return IAmmRoute(create("AmmRoute", abi.encode(minter, token, wcoin, WINDOW, TICKS, list)));
    }

    function fillV2(uint256 lst, uint256 coins) internal {
        vm.startPrank(address(trader));
        token.transfer(address(pair), lst);
        wcoin.transfer(address(pair), coins);
        pair.mint(address(trader));
        vm.stopPrank();
    }

    /// Three ranges, so that a sale crosses ticks.
    function fillV3(uint128 liquidity) internal {
        trader.mint(pool, -2000, 2000, liquidity);
        trader.mint(pool, -60, 40, 3 * liquidity);
        trader.mint(pool, -20, 20, 10 * liquidity);
    }

    function poolExit(address who, uint256 instantMax, uint256 ammMax) internal view returns (ExitParams memory p) {
        p = exitParams(who, instantMax, type(uint256).max);
        p.ammMax = ammMax;
    }

    function exit(address who, uint256 lst, uint256 instantMax, uint256 ammMax)
        internal
        returns (uint256 paid, uint256 id)
    {
        uint256 before = who.balance;
        uint256 held = token.balanceOf(who);
        vm.prank(who);
        (paid, id) = minter.redeem(lst, poolExit(who, instantMax, ammMax));
        assertEq(who.balance - before, paid, "paid what it says");
        assertEq(held - token.balanceOf(who), lst, "took what was asked");
        assertNothingStays();
    }

    function queued(uint256 id) internal view returns (uint256 lst) {
        if (id != 0) (, lst,) = minter.request(id);
    }

    function assertNothingStays() internal view {
        assertEq(token.balanceOf(address(route)), 0, "LST left in the route");
        assertEq(wcoin.balanceOf(address(route)), 0, "wrapped coins left in the route");
        assertEq(address(route).balance, 0, "coins left in the route");
        assertEq(address(minter).balance, minter.headroom() + minter.totalInstantUnstaked(), "coins outside the books");
        assertSound();
    }

    function floorPrice() internal view returns (uint256) {
        return (minter.rate() * (10_000 - SLIPPAGE) + 9_999) / 10_000;
    }
}
