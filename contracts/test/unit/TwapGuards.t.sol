// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {TwapV2Guard} from "../../src/oracle/TwapV2Guard.sol";
import {TwapV3Guard} from "../../src/oracle/TwapV3Guard.sol";
import {IV2Factory, IV2Pair, IV3Factory, IV3PoolAll, Trader, WrappedCoin} from "../amm/Market.sol";
import {Uniswap} from "../amm/Uniswap.sol";
import {OracleFixture, Token} from "../oracle/OracleFixture.sol";

interface ISync {
    function sync() external;
}

/// The guards over the real pools: a token of 8 decimals against the coin, 10 of it for 2,000,000 coins. Both orders of the
/// two tokens.
abstract contract TwapGuardsTest is OracleFixture, Uniswap {
    uint32 private constant WINDOW = 30 minutes;
    uint256 private constant DEPTH = 100_000 ether;

    WrappedCoin private wcoin;
    Trader private trader;
    IV2Pair private pair;
    IV3PoolAll private pool;
    TwapV2Guard private v2;
    TwapV3Guard private v3;

    function assetFirst() internal pure virtual returns (bool);

    function setUp() public override {
        super.setUp();
        for (uint256 salt;; ++salt) {
            wcoin = new WrappedCoin{salt: bytes32(salt)}();
            if ((address(btc) < address(wcoin)) == assetFirst()) break;
        }
        trader = new Trader();
        vm.deal(address(this), 100_000_000 ether);
        (bool ok,) = address(wcoin).call{value: 100_000_000 ether}("");
        require(ok);
        wcoin.transfer(address(trader), 50_000_000 ether);
        btc.mint(address(trader), 1_000e8);
        btc.mint(address(this), 1_000e8);
        pair = IV2Pair(IV2Factory(uniswapV2()).createPair(address(btc), address(wcoin)));
        pool = IV3PoolAll(IV3Factory(uniswapV3()).createPool(address(btc), address(wcoin), 3000));
        v2 = TwapV2Guard(create("TwapV2Guard", abi.encode(pair, btc, wcoin, bytes32("CORE"), WINDOW, DEPTH)));
        v3 = TwapV3Guard(create("TwapV3Guard", abi.encode(pool, btc, wcoin, bytes32("CORE"), WINDOW, DEPTH)));
    }

    function assertSays(uint256 mean) private view {
        (uint256 m, bool sound) = v2.twap();
        assertEq(m, mean, "mean");
        assertEq(sound, mean != 0, "sound");
    }

    // ------------------------------------------------------------------------------------------------------------------ V2

    function fill() private {
        btc.transfer(address(pair), 10e8);
        wcoin.transfer(address(pair), 2_000_000 ether);
        pair.mint(address(trader));
    }

    function test_v2_says_the_mean_of_one_to_two_windows() public {
        assertSays(0);
        fill();
        pass(1);
        v2.mark();
        assertSays(0);
        pass(WINDOW);
        // One mark is not enough: the older one is used.
        v2.mark();
        assertSays(2e23);
        pass(WINDOW - 1);
        vm.expectRevert(abi.encodeWithSelector(TwapV2Guard.TooEarly.selector, now_(), now_() + 1));
        v2.mark();
        assertSays(2e23);
        // Twice the coins for a quarter of the time: 2 * 3,599 s and 4 * 1,200 s.
        wcoin.transfer(address(pair), 2_000_000 ether);
        ISync(address(pair)).sync();
        pass(1_200);
        assertSays(uint256(2e23 * 3_599 + 4e23 * 1_200) / 4_799);
    }

    function test_v2_is_dumb_when_nobody_marked_for_four_windows() public {
        fill();
        pass(1);
        v2.mark();
        pass(WINDOW);
        v2.mark();
        pass(3 * WINDOW);
        assertSays(2e23);
        pass(1);
        assertSays(0);
        v2.mark();
        assertSays(2e23);
    }

    /// A flash of liquidity around the mark or around the use says nothing.
    function test_v2_is_dumb_while_the_pool_is_thin_or_was_at_a_mark() public {
        v2.mark(); // empty
        pass(WINDOW);
        fill();
        pass(1);
        v2.mark();
        assertSays(0);
        pass(WINDOW);
        v2.mark();
        assertSays(2e23);
        uint256 state = vm.snapshotState();
        trader.burnV2(pair);
        assertSays(0);
        pass(WINDOW);
        v2.mark();
        fill();
        assertSays(0);
        vm.revertToState(state);
        // 99,999.99… coins are thin, 100,000 are not.
        trader.burnV2(pair);
        uint256 left = wcoin.balanceOf(address(pair));
        btc.transfer(address(pair), 10e8);
        wcoin.transfer(address(pair), DEPTH - left - 1);
        pair.mint(address(trader));
        assertSays(0);
        wcoin.transfer(address(pair), 1);
        ISync(address(pair)).sync();
        (, bool sound) = v2.twap();
        assertTrue(sound);
    }

    /// Liquidity that is burned and minted again around a mark would make a deep pool thin in it, or a thin one deep: what was
    /// touched in this second is not marked in it.
    function test_v2_no_mark_in_a_second_in_which_the_pool_was_touched() public {
        fill();
        bytes memory reason = abi.encodeWithSelector(TwapV2Guard.TooEarly.selector, now_(), now_() + 1);
        vm.expectRevert(reason);
        v2.mark();
        pass(1);
        v2.mark();
        pass(WINDOW);
        v2.mark();
        pass(WINDOW);
        reason = abi.encodeWithSelector(TwapV2Guard.TooEarly.selector, now_(), now_() + 1);
        trader.burnV2(pair);
        vm.expectRevert(reason);
        v2.mark();
        fill();
        vm.expectRevert(reason);
        v2.mark();
        assertSays(2e23);
        pass(1);
        v2.mark();
        (,, bool thin) = v2.newer();
        assertFalse(thin);
        // What a pool keeps of all liquidity burned is cut to units: for a second the price was a little off.
        (uint256 mean, bool sound) = v2.twap();
        assertTrue(sound);
        assertApproxEqRel(mean, 2e23, 1e6); // 1e-12
        // The other way round: a flash of depth at the mark of a thin pool.
        trader.burnV2(pair);
        pass(WINDOW);
        fill();
        vm.expectRevert(abi.encodeWithSelector(TwapV2Guard.TooEarly.selector, now_(), now_() + 1));
        v2.mark();
        trader.burnV2(pair);
        pass(1);
        v2.mark();
        (,, thin) = v2.newer();
        assertTrue(thin);
    }

    /// The pool's clock has 32 bits and its sum 256: both wrap.
    function test_v2_survives_the_wrap_of_the_clock() public {
        vm.warp(2 ** 32 - 100);
        fill();
        pass(1);
        v2.mark();
        pass(WINDOW);
        v2.mark();
        pass(WINDOW);
        assertSays(2e23);
        ISync(address(pair)).sync();
        assertSays(2e23);
    }

    function test_v2_refuses_another_pool_and_odd_parameters() public {
        bytes memory reason = abi.encodeWithSelector(TwapV2Guard.NotOfThePool.selector, pair, st);
        refusesToBe("TwapV2Guard", abi.encode(pair, st, wcoin, bytes32("CORE"), WINDOW, DEPTH), 0, reason);
        refusesToBe("TwapV2Guard", abi.encode(pair, btc, st, bytes32("CORE"), WINDOW, DEPTH), 0, reason);
        reason = abi.encodeWithSelector(TwapV2Guard.NotOfThePool.selector, pair, btc);
        refusesToBe("TwapV2Guard", abi.encode(pair, btc, btc, bytes32("CORE"), WINDOW, DEPTH), 0, reason);
        reason = abi.encodeWithSelector(TwapV2Guard.BadWindow.selector, 599, 600, 1 days);
        refusesToBe("TwapV2Guard", abi.encode(pair, btc, wcoin, bytes32("CORE"), 599, DEPTH), 0, reason);
        reason = abi.encodeWithSelector(TwapV2Guard.ZeroDepth.selector);
        refusesToBe("TwapV2Guard", abi.encode(pair, btc, wcoin, bytes32("CORE"), WINDOW, 0), 0, reason);
    }

    // ------------------------------------------------------------------------------------------------------------------ V3

    /// sqrt(2e15) with 96 bits of fraction, or of its inverse.
    function open() private {
        pool.initialize(assetFirst() ? 3543191142285914205922034323214520130 : 1771595571142957102961);
        pool.increaseObservationCardinalityNext(20);
    }

    /// L = 4.47e16: sqrt(10e8 * 2,000,000e18), so as deep as the pair.
    function fillV3(uint128 liquidity) private {
        (int24 lower, int24 upper) =
            assetFirst() ? (int24(345_000), int24(360_000)) : (int24(-360_000), int24(-345_000));
        trader.mint(pool, lower, upper, liquidity);
    }

    function assertAbout(uint256 mean) private view {
        (uint256 m, bool sound) = v3.twap();
        assertTrue(sound);
        assertApproxEqRel(m, mean, 1e6); // 1e-12
    }

    function assertDumb() private view {
        (uint256 m, bool sound) = v3.twap();
        assertEq(m, 0);
        assertFalse(sound);
    }

    /// The mean tick is cut towards minus infinity: 352,336 below 2e15, -352,337 for the inverse.
    function test_v3_says_the_mean_of_its_window() public {
        open();
        fillV3(44_721_359_549_995_793);
        pass(1);
        vm.expectRevert(bytes("OLD"));
        v3.twap();
        pass(WINDOW - 1);
        assertAbout(AT_FIRST());
        // The price moves for a third of the window.
        bool down = !assetFirst();
        trader.swapV3(pool, down, 100_000 ether);
        (, int24 tick,,,,,) = pool.slot0();
        pass(10 minutes);
        (uint256 mean,) = v3.twap();
        int24 first = assetFirst() ? int24(352_336) : int24(-352_337);
        int256 sum = int256(first) * 1_200 + int256(tick) * 600;
        int256 middle = sum / 1_800;
        if (sum < 0 && sum % 1_800 != 0) --middle;
        // 1.0001^n by steps of one part in ten thousand, from the known price.
        uint256 expected = AT_FIRST();
        int256 steps = assetFirst() ? middle - first : first - middle;
        for (int256 i; i < steps; ++i) {
            expected = expected * 10_001 / 10_000;
        }
        assertGt(steps, 100);
        assertApproxEqRel(mean, expected, 1e7);
    }

    /// Price at the mean tick, wei for one whole token: 1e8 * 1.0001^352336, or 1e8 / 1.0001^-352337.
    function AT_FIRST() private pure returns (uint256) {
        return assetFirst() ? FIRST : SECOND;
    }

    function test_v3_is_dumb_while_the_pool_is_thin() public {
        open();
        pass(WINDOW);
        assertDumb();
        // A twentieth of the pair's depth is 100,000 coins: a little less, then a little more; the mean decides.
        fillV3(2_236_067_977_499_789 - 1e12);
        pass(WINDOW);
        assertDumb();
        fillV3(2e12);
        pass(WINDOW / 3);
        assertDumb();
        pass(WINDOW / 3);
        assertAbout(AT_FIRST());
    }

    /// An hour deep, then nothing, then deep again: a minute of nothing in the window is enough to be dumb.
    function test_v3_a_minute_without_liquidity_is_thin() public {
        open();
        fillV3(44_721_359_549_995_793);
        pass(1 hours);
        (int24 lower, int24 upper) =
            assetFirst() ? (int24(345_000), int24(360_000)) : (int24(-360_000), int24(-345_000));
        vm.prank(address(trader));
        pool.burn(lower, upper, 44_721_359_549_995_793);
        pass(1 minutes);
        fillV3(44_721_359_549_995_793);
        pass(WINDOW - 1 minutes);
        assertDumb();
        pass(1 minutes);
        assertAbout(AT_FIRST());
    }

    function test_v3_refuses_another_pool_and_odd_parameters() public {
        bytes memory reason = abi.encodeWithSelector(TwapV3Guard.NotOfThePool.selector, pool, st);
        refusesToBe("TwapV3Guard", abi.encode(pool, st, wcoin, bytes32("CORE"), WINDOW, DEPTH), 0, reason);
        refusesToBe("TwapV3Guard", abi.encode(pool, btc, st, bytes32("CORE"), WINDOW, DEPTH), 0, reason);
        reason = abi.encodeWithSelector(TwapV3Guard.BadWindow.selector, 1 days + 1, 600, 1 days);
        refusesToBe("TwapV3Guard", abi.encode(pool, btc, wcoin, bytes32("CORE"), 1 days + 1, DEPTH), 0, reason);
        reason = abi.encodeWithSelector(TwapV3Guard.ZeroDepth.selector);
        refusesToBe("TwapV3Guard", abi.encode(pool, btc, wcoin, bytes32("CORE"), WINDOW, 0), 0, reason);
    }

    uint256 private constant FIRST = 199982973118006928489968;
    uint256 private constant SECOND = 200002971415318729182817;
}

contract TwapGuardsAssetFirstTest is TwapGuardsTest {
    function assetFirst() internal pure override returns (bool) {
        return true;
    }
}

contract TwapGuardsCoinFirstTest is TwapGuardsTest {
    function assetFirst() internal pure override returns (bool) {
        return false;
    }
}
