// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IV2Pool} from "../../src/liquid/amm/AmmV2.sol";
import {IV3Pool} from "../../src/liquid/amm/AmmV3.sol";
import {IAmmRoute} from "../../src/liquid/amm/IAmmRoute.sol";
import {LiquidStorage} from "../../src/liquid/lib/LiquidStorage.sol";
import {AmmFixture} from "./AmmFixture.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Vm.sol";

/// A pool that calls the minter back while it sells.
contract BackCaller {
    address public token0;
    address public token1;
    address private minter;
    bytes private data;
    bool public reached;

    constructor(address a, address b, address minter_, bytes memory data_) {
        (token0, token1) = a < b ? (a, b) : (b, a);
        (minter, data) = (minter_, data_);
    }

    function getReserves() external pure returns (uint112, uint112, uint32) {
        return (1e24, 1e24, 0);
    }

    function swap(uint256 out0, uint256 out1, address to, bytes calldata) external {
        (bool ok,) = minter.call(data);
        require(!ok, "the guard is down");
        reached = true;
        IERC20(out0 == 0 ? token1 : token0).transfer(to, out0 + out1);
    }
}

/// A route that lies: it says sold and brings nothing, or says more than it brings.
contract LyingRoute {
    address public MINTER;
    address public TOKEN;
    uint256 private said;
    uint256 private brings;

    constructor(address minter, address token, uint256 said_, uint256 brings_) payable {
        (MINTER, TOKEN, said, brings) = (minter, token, said_, brings_);
    }

    function quote(uint256 lst, uint256) external view returns (address, uint256, uint256) {
        return (address(this), lst, said);
    }

    function sell(uint256 lst, uint256) external returns (address, uint256, uint256) {
        (bool ok,) = MINTER.call{value: brings}(abi.encodeWithSignature("receiveFromAmm()"));
        require(ok);
        return (address(this), lst, said);
    }
}

/// L33, and what an exit by AMM is worth. Runs with the LST on either side of the pools.
abstract contract AmmTest is AmmFixture {
    // ------------------------------------------------------------------------------------------------------ switched off

    function test_amm_is_off_by_default_and_when_switched_off() public {
        vm.prank(admin);
        minter.setAmmRoute(address(0), 77);
        (address at, uint256 slippage) = minter.ammRoute();
        assertEq(at, address(0));
        assertEq(slippage, 0);
        vm.prank(alice);
        vm.expectRevert(AmmNotEnabled.selector);
        minter.redeem(1 ether, poolExit(alice, 0, 1));
        assertEq(minter.quoteExit(1 ether).ammLst, 0);
    }

    // -------------------------------------------------------------------------------------------------- sold as quoted

    function test_amm_v2_sells_what_it_quotes() public {
        fillV2(10_000 ether, 10_000 ether);
        (address at, uint256 sold, uint256 coins) = route.quote(20 ether, floorPrice());
        assertEq(at, address(pair));
        assertEq(sold, 20 ether);
        (uint256 paid, uint256 id) = exit(alice, 20 ether, 0, type(uint256).max);
        assertEq(paid, coins);
        assertEq(id, 0);
        // 0.3 % of the pool's fee, 0.2 % of its depth.
        assertEq(paid, uint256(20 ether) * 9970 * 10_000 / (10_000 * 10_000 + 20 * 9970));
    }

    /// From any price about par, some thirty ticks to either side.
    function test_amm_v3_sells_what_it_quotes_across_ticks(uint256 lst, uint256 moved, bool dearer) public {
        lst = bound(lst, 1, 99 ether);
        fillV3(2_000 ether);
        moved = bound(moved, 0, 60 ether);
        if (moved != 0) trader.swapV3(pool, dearer != lstFirst(), int256(moved));
        pass(1 hours); // the mean follows
        (address at, uint256 sold, uint256 coins) = route.quote(lst, floorPrice());
        // Sold cheaper than par it may be under the cap.
        if (lst > 1e6 && (dearer || moved < 10 ether)) assertEq(at, address(pool));
        (uint256 paid, uint256 id) = exit(alice, lst, 0, lst);
        assertEq(lst - queued(id), sold);
        assertApproxEqAbs(paid, coins, 4);
    }

    function test_amm_v3_stops_where_the_price_falls_below_the_cap() public {
        fillV3(100 ether);
        (, uint256 sold, uint256 coins) = route.quote(99 ether, floorPrice());
        assertGt(sold, 0);
        assertLt(sold, 99 ether);
        (uint256 paid, uint256 id) = exit(alice, 99 ether, 0, 99 ether);
        assertApproxEqAbs(paid, coins, 4);
        assertApproxEqAbs(queued(id), 99 ether - sold, 4);
        // The next wei would bring less than the cap, this one did not.
        (uint160 price,,,,,,) = pool.slot0();
        uint256 squared = uint256(price) * price / (1 << 96);
        uint256 marginal = lstFirst() ? squared * RAY / (1 << 96) : RAY * (1 << 96) / squared;
        assertApproxEqRel(marginal * 999_500 / 1e6, floorPrice(), 1e9);
        assertGe(paid * RAY, (99 ether - queued(id)) * floorPrice());
    }

    function test_amm_v2_stops_where_the_price_falls_below_the_cap(uint256 lst, uint256 depth) public {
        depth = bound(depth, 1e6, 50_000 ether);
        lst = bound(lst, 1e6, 99 ether);
        fillV2(depth, depth);
        (, uint256 sold, uint256 coins) = route.quote(lst, floorPrice());
        (uint256 paid, uint256 id) = exit(alice, lst, 0, lst);
        assertEq(queued(id), lst - sold);
        assertEq(paid, coins);
        assertGe(paid * RAY, sold * floorPrice() - sold * floorPrice() % RAY);
        if (sold == lst) return;
        (uint112 r0, uint112 r1,) = pair.getReserves();
        (uint256 x, uint256 y) = lstFirst() ? (r0, r1) : (r1, r0);
        // One gwei more (or a millionth of the pool) would have been sold below the cap.
        uint256 more = 1 gwei + depth / 1e6;
        assertLt(more * 9970 * y / (x * 10_000 + more * 9970) * RAY, more * floorPrice());
    }

    // ------------------------------------------------------------------------------------------------ the better price

    /// Instant and pool together bring at least what either order brings.
    function test_amm_caller_gets_the_better_price(uint256 lst, uint256 depth, uint256 price, bool v3) public {
        lst = bound(lst, 0.01 ether, 80 ether);
        depth = bound(depth, 1 ether, 20_000 ether);
        price = bound(price, 9_800, 10_100);
        if (v3) fillV3(uint128(depth / 10));
        else fillV2(depth, depth * price / 10_000);
        uint256 mark = vm.snapshotState();

        (uint256 buffer, uint256 id) = exit(alice, lst, lst, 0);
        uint256 rest = queued(id);
        if (rest != 0) {
            vm.prank(alice);
            minter.cancel(id);
            (uint256 more,) = exit(alice, rest, 0, rest);
            buffer += more;
        }
        vm.revertToState(mark);

        (uint256 market, uint256 second) = exit(alice, lst, 0, lst);
        rest = queued(second);
        if (rest != 0) {
            vm.prank(alice);
            minter.cancel(second);
            (uint256 more,) = exit(alice, rest, rest, 0);
            market += more;
        }
        vm.revertToState(mark);

        ExitQuote memory q = minter.quoteExit(lst);
        (uint256 paid,) = exit(alice, lst, lst, lst);
        // A wei or two of each path's rounding.
        assertGe(paid + 4, buffer, "buffer first would have paid more");
        assertGe(paid + 4, market, "pool first would have paid more");
        assertApproxEqAbs(q.ammPay + q.instantPay, paid, 6, "the quote says so");
        assertEq(q.ammLst + q.instantLst + q.queueLst, lst);
    }

    function test_amm_limits_split_the_exit_as_asked() public {
        fillV2(10_000 ether, 10_000 ether);
        // 5 by AMM at most, 3 from the buffer at most, the rest waits.
        (, uint256 id) = exit(alice, 20 ether, 3 ether, 5 ether);
        assertEq(queued(id), 12 ether);
        vm.startPrank(alice);
        ExitParams memory p = poolExit(alice, 3 ether, 5 ether);
        p.queueMax = 2 ether;
        vm.expectRevert(abi.encodeWithSelector(ExitNotPlaced.selector, 12 ether));
        minter.redeem(20 ether, p);
        p = poolExit(alice, 3 ether, 5 ether);
        p.minOutNow = 8 ether;
        vm.expectPartialRevert(OutBelowMinimum.selector);
        minter.redeem(20 ether, p);
        p.minOutNow = 7.9 ether;
        (uint256 paid,) = minter.redeem(20 ether, p);
        assertGt(paid, 7.9 ether);
        vm.stopPrank();
        assertNothingStays();
    }

    function test_amm_the_best_of_two_pools_is_used() public {
        fillV2(10_000 ether, 9_950 ether);
        fillV3(2_000 ether);
        (address at,,) = route.quote(10 ether, floorPrice());
        assertEq(at, address(pool));
        vm.expectEmit(true, true, true, false, address(minter));
        emit AmmExit(alice, alice, address(pool), 10 ether, 0);
        exit(alice, 10 ether, 0, 10 ether);
        // It is emptied: the other one serves.
        vm.startPrank(address(trader));
        pool.burn(-2000, 2000, 2_000 ether);
        pool.burn(-60, 40, 6_000 ether);
        pool.burn(-20, 20, 20_000 ether);
        vm.stopPrank();
        (at,,) = route.quote(10 ether, floorPrice());
        assertEq(at, address(pair));
    }

    // -------------------------------------------------------------------------------------------------------------- L33

    function test_l33_an_empty_pool_falls_back_to_buffer_and_queue() public {
        _fallsBack();
    }

    /// Somebody has sold 2 % down just before: nothing is sold to him, the exit waits in the line.
    function test_l33_a_manipulated_pool_holds_the_cap() public {
        fillV2(10_000 ether, 10_000 ether);
        fillV3(100 ether);
        pass(1 hours);
        trader.swapV2(pair, address(token), 300 ether);
        trader.swapV3(pool, lstFirst(), 300 ether);
        _fallsBack();
        (uint256 sold, uint256 coins) = route.quotePool(0, 1 ether, floorPrice());
        assertEq(sold, 0, "shown as nothing for sale, not as a fault");
        assertEq(coins, 0);
    }

    /// Pushed up instead: the V3 pool strays from its own mean and is not believed, even where it pays more.
    function test_l33_a_price_far_from_its_mean_is_not_used() public {
        fillV3(1_000 ether);
        pass(1 hours);
        trader.swapV3(pool, !lstFirst(), 30 ether);
        (, uint256 sold,) = route.quote(1 ether, floorPrice());
        assertEq(sold, 0);
        uint256 floor = floorPrice();
        vm.expectPartialRevert(IAmmRoute.PriceStrays.selector);
        route.quotePool(1, 1 ether, floor);
        _fallsBack();
        // Once the mean has followed, it is a price like any other.
        pass(1 hours);
        (, sold,) = route.quote(1 ether, floorPrice());
        assertEq(sold, 1 ether);
    }

    /// A little off its mean, to either side, it is still believed.
    function test_amm_a_price_near_its_mean_is_used_on_either_side() public {
        fillV3(1_000 ether);
        pass(1 hours);
        (, int24 mean,,,,,) = pool.slot0();
        uint256 mark = vm.snapshotState();
        for (uint256 side; side < 2; ++side) {
            trader.swapV3(pool, side == 0, 1 ether);
            (, int24 tick,,,,,) = pool.slot0();
            assertTrue(side == 0 ? tick < mean : tick > mean, "moved");
            (uint256 sold,) = route.quotePool(1, 1 ether, floorPrice());
            assertEq(sold, 1 ether);
            vm.revertToState(mark);
        }
    }

    function test_l33_a_paused_pool_falls_back() public {
        fillV2(10_000 ether, 10_000 ether);
        fillV3(1_000 ether);
        // Its views answer, its swap does not.
        vm.mockCallRevert(address(pool), abi.encodeWithSelector(IV3Pool.swap.selector), "paused");
        vm.mockCallRevert(address(pair), abi.encodeWithSelector(IV2Pool.swap.selector), "paused");
        _fallsBack();
        // Nor its views.
        vm.mockCallRevert(address(pool), abi.encodeWithSelector(IV3Pool.observe.selector), "paused");
        vm.mockCallRevert(address(pair), abi.encodeWithSelector(IV2Pool.getReserves.selector), "paused");
        _fallsBack();
    }

    function test_l33_a_pool_that_burns_all_gas_falls_back_at_a_bounded_price() public {
        fillV2(10_000 ether, 10_000 ether);
        vm.etch(address(pair), hex"5b5f56"); // jumps to itself for ever
        vm.etch(address(pool), hex"5b5f56");
        uint256 left = gasleft();
        _fallsBack();
        assertLt(left - gasleft(), 3 * 5_000_000);
        vm.etch(address(route), hex"5b5f56");
        vm.prank(alice);
        (uint256 paid, uint256 id) = minter.redeem(20 ether, poolExit(alice, 0, 20 ether));
        assertEq(paid, 0);
        assertEq(queued(id), 20 ether);
    }

    /// What the buffer has it pays, the rest waits; and the caller's own limits are kept.
    function _fallsBack() private {
        uint256 mark = vm.snapshotState();
        (uint256 paid, uint256 id) = exit(alice, 20 ether, 0, 20 ether);
        assertEq(paid, 0, "sold below the cap");
        assertEq(queued(id), 20 ether);
        (paid, id) = exit(alice, 20 ether, 5 ether, 20 ether);
        assertGt(paid, 4.9 ether);
        assertEq(queued(id), 15 ether);
        ExitParams memory p = poolExit(alice, 0, 20 ether);
        p.minOutNow = 1;
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(OutBelowMinimum.selector, 0, 1));
        minter.redeem(20 ether, p);
        p.minOutNow = 0;
        p.queueMax = 20 ether - 1;
        vm.expectRevert(abi.encodeWithSelector(ExitNotPlaced.selector, 20 ether));
        minter.redeem(20 ether, p);
        vm.stopPrank();
        vm.revertToState(mark);
    }

    /// The same words as without a pool, and nothing is sold.
    function test_amm_exits_are_refused_by_name() public {
        fillV2(10_000 ether, 10_000 ether);
        ExitParams memory p = poolExit(alice, 0, 20 ether);
        bytes memory nothing = abi.encodeWithSelector(ZeroAmount.selector);
        refuses(alice, abi.encodeCall(minter.redeem, (0, p)), nothing);
        p.recipient = address(0);
        bytes memory nobody = abi.encodeWithSelector(ZeroAddress.selector);
        refuses(alice, abi.encodeCall(minter.redeem, (20 ether, p)), nobody);
        p = poolExit(alice, 0, 20 ether);
        p.deadline = now_() - 1;
        bytes memory late = abi.encodeWithSelector(DeadlinePassed.selector, now_() - 1, now_());
        refuses(alice, abi.encodeCall(minter.redeem, (20 ether, p)), late);
        // A full rung: what no pool takes has no place.
        bytes32 slot = bytes32(uint256(LiquidStorage.SLOT) + 4);
        uint256 word = uint256(vm.load(address(minter), slot));
        uint256 most = (1 << 23) - 1;
        vm.store(address(minter), slot, bytes32(word & type(uint224).max | most << 224));
        assertEq(minter.line().openCount, most);
        bytes memory full = abi.encodeWithSelector(RungFull.selector, 0);
        refuses(alice, abi.encodeCall(minter.redeem, (99 ether, poolExit(alice, 0, 1 ether))), full);
        (uint256 paid, uint256 id) = exit(alice, 1 ether, 0, 1 ether);
        assertGt(paid, 0.99 ether);
        assertEq(id, 0, "what is sold whole needs no place");
    }

    /// Without a buffer there is no price to beat but the cap: the whole exit goes to the pool.
    function test_amm_takes_all_that_an_empty_buffer_cannot() public {
        fillV2(100_000 ether / 2, 100_000 ether / 2);
        vm.prank(admin);
        minter.setWithholdRatio(0);
        stakeAll();
        assertEq(minter.instantLiquidity(), 0);
        (uint256 paid, uint256 id) = exit(alice, 20 ether, 20 ether, 20 ether);
        assertEq(id, 0);
        // 20 * 0.997 into 50,000 on either side.
        assertEq(paid, uint256(20 ether) * 997 * 50_000 ether / (50_000 ether * 1000 + 20 ether * 997));
    }

    /// LST that is worth nothing any more is not sold, not even for what a pool would give: its least price is nothing.
    function test_amm_sells_nothing_when_all_is_lost() public {
        fillV2(10_000 ether, 10_000 ether);
        vm.prank(admin);
        minter.setWithholdRatio(0);
        stakeAll();
        assertEq(minter.headroom(), 0);
        for (uint16 v; v < 2; ++v) {
            staking.slashValidator(v);
            minter.bookSlash(v);
        }
        assertEq(minter.rate(), 0);
        ExitQuote memory q = minter.quoteExit(20 ether);
        assertEq(q.ammLst, 0);
        assertEq(q.queueLst, 20 ether);
        assertEq(q.queueValue, 0);
        assertEq(q.queueEta, 0, "nothing to wait for");
        (uint256 paid, uint256 id) = exit(alice, 20 ether, 0, 20 ether);
        assertEq(paid, 0);
        assertEq(queued(id), 20 ether);
        assertEq(token.balanceOf(address(pair)), 10_000 ether);
    }

    /// A pool that takes LST and hands over less than it quoted: the route refuses, and the exit goes on without it.
    function test_l33_a_pool_that_pays_less_than_it_quotes_gets_nothing() public {
        fillV3(1_000 ether);
        pass(1 hours);
        (, uint256 sold,) = route.quote(10 ether, floorPrice());
        assertEq(sold, 10 ether);
        int256 taken = 10 ether;
        bytes memory answer = lstFirst() ? abi.encode(taken, -9 ether) : abi.encode(-9 ether, taken);
        vm.mockCall(address(pool), abi.encodeWithSelector(IV3Pool.swap.selector), answer);
        uint256 floor = floorPrice();
        vm.prank(address(minter));
        vm.expectRevert(abi.encodeWithSelector(IAmmRoute.PriceTooLow.selector, 9 ether, 10 ether * floor / RAY));
        route.sell(10 ether, floor);
        vm.expectEmit(address(minter));
        emit AmmSkipped(alice, address(route), 10 ether);
        (uint256 paid, uint256 id) = exit(alice, 10 ether, 0, 10 ether);
        assertEq(paid, 0);
        assertEq(queued(id), 10 ether);
    }

    /// With too little gas for the pool the exit reverts: no estimate settles where the sale just fails.
    function test_l33_a_stingy_caller_is_told() public {
        fillV2(10_000 ether, 10_000 ether);
        ExitParams memory p = poolExit(alice, 0, 20 ether);
        vm.prank(alice);
        vm.expectPartialRevert(GasTooLow.selector);
        minter.redeem{gas: 2_500_000}(20 ether, p);
    }

    function test_l33_a_pool_cannot_reenter() public {
        bytes[4] memory calls = [
            abi.encodeCall(minter.redeem, (1, poolExit(alice, 0, 1))),
            abi.encodeCall(minter.unstake, (1)),
            abi.encodeWithSignature("submit()"),
            abi.encodeWithSignature("receiveFromAmm()")
        ];
        for (uint256 i; i < calls.length; ++i) {
            BackCaller hostile = new BackCaller(address(token), address(wcoin), address(minter), calls[i]);
            vm.prank(address(trader));
            wcoin.transfer(address(hostile), 10 ether);
            vm.startPrank(admin);
            minter.setAmmPool(address(hostile), IAmmRoute.Style.V2, 30);
            vm.stopPrank();
            (uint256 paid,) = exit(alice, 1 ether, 0, 1 ether);
            assertTrue(hostile.reached());
            assertGt(paid, 0.99 ether);
            vm.prank(admin);
            minter.setAmmPool(address(hostile), IAmmRoute.Style.None, 0);
        }
    }

    /// The minter counts the coins that came, whatever a route says.
    function test_l14_a_lying_route_gets_nothing_from_the_buffer() public {
        uint256 held = address(minter).balance;
        LyingRoute liar = new LyingRoute(address(minter), address(token), 20 ether, 0);
        vm.prank(admin);
        minter.setAmmRoute(address(liar), SLIPPAGE);
        ExitParams memory p = poolExit(alice, 0, 20 ether);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(AmmBelowCap.selector, 0, 19.8 ether));
        minter.redeem(20 ether, p);
        liar = new LyingRoute{value: 19.8 ether}(address(minter), address(token), 100 ether, 19.8 ether);
        vm.prank(admin);
        minter.setAmmRoute(address(liar), SLIPPAGE);
        vm.prank(alice);
        (uint256 paid,) = minter.redeem(20 ether, p);
        assertEq(paid, 19.8 ether);
        assertEq(address(minter).balance, held);
        vm.expectRevert(abi.encodeWithSelector(NotBucket.selector, address(this)));
        minter.receiveFromAmm{value: 1}();
    }

    /// A known slash, or the guardian's pause: no sale at a price that may be wrong.
    function test_l8_the_guardians_pause_covers_the_amm() public {
        fillV2(10_000 ether, 10_000 ether);
        vm.prank(guardian);
        minter.setInstantPolicy(true, 10_000);
        assertEq(minter.quoteExit(20 ether).ammLst, 0);
        (uint256 paid, uint256 id) = exit(alice, 20 ether, 20 ether, 20 ether);
        assertEq(paid, 0);
        assertEq(queued(id), 20 ether);
        pass(7 days);
        assertEq(minter.quoteExit(20 ether).queueLst, 0);
    }

    // -------------------------------------------------------------------------------------------------------- the power

    function test_power_on_is_announced_off_is_at_once() public {
        vm.prank(admin);
        minter.sealSetup();
        IAmmRoute other = newRoute(pools(true, false));
        bytes memory call = abi.encodeCall(minter.setAmmRoute, (address(other), SLIPPAGE));
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        minter.setAmmRoute(address(other), SLIPPAGE);
        // A wider cap too; a narrower one is at once.
        vm.expectPartialRevert(NotScheduled.selector);
        minter.setAmmRoute(address(route), SLIPPAGE + 1);
        minter.setAmmRoute(address(route), SLIPPAGE - 1);
        // Another route with a narrower cap: the slower of the two classes.
        vm.expectPartialRevert(NotScheduled.selector);
        minter.setAmmRoute(address(other), 1);
        vm.expectPartialRevert(NotScheduled.selector);
        minter.setAmmPool(address(pair), IAmmRoute.Style.V2, 25);
        minter.schedule(call);
        minter.schedule(abi.encodeCall(minter.setAmmPool, (address(pool), IAmmRoute.Style.V3, 0)));
        vm.stopPrank();

        vm.startPrank(guardian);
        vm.expectPartialRevert(bytes4(keccak256("AccessControlUnauthorizedAccount(address,bytes32)")));
        minter.setAmmRoute(address(route), 1);
        vm.expectPartialRevert(bytes4(keccak256("AccessControlUnauthorizedAccount(address,bytes32)")));
        minter.setAmmPool(address(pair), IAmmRoute.Style.V2, 30);
        minter.setAmmPool(address(pair), IAmmRoute.Style.None, 0);
        assertEq(route.pools().length, 1);
        minter.setAmmRoute(address(0), 0);
        vm.stopPrank();

        pass(minter.longestExit());
        vm.startPrank(admin);
        minter.setAmmRoute(address(other), SLIPPAGE);
        minter.setAmmPool(address(pool), IAmmRoute.Style.V3, 0);
        vm.stopPrank();
        assertEq(other.pools().length, 2);
    }

    function test_power_a_cap_is_told_without_the_route_that_stays() public {
        vm.recordLogs();
        vm.prank(admin);
        minter.setAmmRoute(address(route), SLIPPAGE - 1);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], ParameterSet.selector);
        assertEq(logs[0].topics[1], bytes32("ammSlippage"));
        assertEq(abi.decode(logs[0].data, (uint256)), SLIPPAGE - 1);
    }

    function test_power_pools_and_routes_are_checked() public {
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(BadParameter.selector, bytes32("ammSlippage"), 501));
        minter.setAmmRoute(address(route), 501);
        IAmmRoute foreign =
            IAmmRoute(create("AmmRoute", abi.encode(this, token, wcoin, WINDOW, TICKS, pools(false, false))));
        vm.expectRevert(abi.encodeWithSelector(BadParameter.selector, bytes32("ammRoute"), address(foreign)));
        minter.setAmmRoute(address(foreign), 1);
        vm.expectRevert(abi.encodeWithSelector(IAmmRoute.UnknownPool.selector, alice));
        minter.setAmmPool(alice, IAmmRoute.Style.None, 0);
        vm.expectRevert(abi.encodeWithSelector(IAmmRoute.BadFee.selector, 10_000));
        minter.setAmmPool(address(pair), IAmmRoute.Style.V2, 10_000);
        BackCaller wrong = new BackCaller(address(token), address(this), address(0), "");
        vm.expectRevert(abi.encodeWithSelector(IAmmRoute.WrongTokens.selector, address(wrong)));
        minter.setAmmPool(address(wrong), IAmmRoute.Style.V2, 30);
        for (uint256 i; i < 2; ++i) {
            BackCaller more = new BackCaller(address(token), address(wcoin), address(0), "");
            minter.setAmmPool(address(more), IAmmRoute.Style.V2, 30);
            // Named again it is the same pool, with its new fee.
            minter.setAmmPool(address(more), IAmmRoute.Style.V2, 40);
            assertEq(route.pools().length, 3 + i);
            assertEq(route.pools()[2 + i].feeBps, 40);
        }
        BackCaller fifth = new BackCaller(address(token), address(wcoin), address(0), "");
        vm.expectRevert(abi.encodeWithSelector(IAmmRoute.TooManyPools.selector, 4));
        minter.setAmmPool(address(fifth), IAmmRoute.Style.V2, 30);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IAmmRoute.NotMinter.selector, address(this)));
        route.setPool(address(pair), IAmmRoute.Style.None, 0);
        vm.expectRevert(abi.encodeWithSelector(IAmmRoute.NotMinter.selector, address(this)));
        route.sell(1, 1);
        (bool ok, bytes memory why) =
            address(route).call(abi.encodeWithSignature("uniswapV3SwapCallback(int256,int256,bytes)", 1, 1, ""));
        assertFalse(ok);
        assertEq(why, abi.encodeWithSelector(IAmmRoute.NotPool.selector, address(this)));
        (ok,) = address(route).call{value: 1}("");
        assertFalse(ok);
    }

    /// Whole transactions: what the path costs.
    function test_amm_gas() public {
        fillV2(10_000 ether, 10_000 ether);
        ExitParams memory p = poolExit(alice, 0, 1 ether);
        vm.prank(alice);
        uint256 left = gasleft();
        minter.redeem(1 ether, p);
        emit log_named_uint("redeem by a V2 pool, of two", left - gasleft());
        fillV3(10_000 ether);
        vm.prank(alice);
        left = gasleft();
        minter.redeem(1 ether, p);
        emit log_named_uint("redeem by a V3 pool, of two", left - gasleft());
    }
}

contract AmmLstFirstTest is AmmTest {
    function lstFirst() internal pure override returns (bool) {
        return true;
    }
}

contract AmmCoinFirstTest is AmmTest {
    function lstFirst() internal pure override returns (bool) {
        return false;
    }
}
