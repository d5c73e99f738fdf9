// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What the adapter calls of a concentrated-liquidity pool.
interface IV3Pool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function fee() external view returns (uint24);
    function tickSpacing() external view returns (int24);
    function liquidity() external view returns (uint128);
    function slot0()
        external
        view
        returns (
            uint160 sqrtPrice,
            int24 tick,
            uint16 index,
            uint16 count,
            uint16 next,
            uint8 feeProtocol,
            bool unlocked
        );
    function tickBitmap(int16 word) external view returns (uint256);
    function ticks(int24 tick)
        external
        view
        returns (
            uint128 gross,
            int128 net,
            uint256 outside0,
            uint256 outside1,
            int56 tickCumulative,
            uint160 secondsPerLiquidity,
            uint32 secondsOutside,
            bool initialized
        );
    function observe(uint32[] calldata ago) external view returns (int56[] memory ticks_, uint160[] memory seconds_);
    function swap(address to, bool zeroForOne, int256 amount, uint160 sqrtLimit, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1);
}

/// @title Concentrated liquidity: walks the ranges between initialized ticks as the pool's own swap does.
/// @dev A view, because the pool's swap cannot be tried in one. Agrees with the swap to a few wei (a test compares them); what
/// is paid in the end is what the swap paid.
library AmmV3 {
    uint256 private constant RAY = 1e27;
    uint256 private constant MILLION = 1e6; // fees are hundredths of a basis point
    uint256 private constant Q96 = 1 << 96;
    /// @dev 2^128 / sqrt(1.0001)
    uint256 private constant DOWN = 0xfffcb933bd6fad37aa2d162d1a594001;
    int24 private constant MAX_TICK = 887_272;
    uint256 private constant STEPS = 16;

    /// @dev One sale on its way through the pool's ranges.
    struct Walk {
        bool down; // the LST is token0: its sale lowers the price
        uint256 fee;
        uint256 price; // sqrt(token1/token0), 96 bits of fraction
        uint256 limit;
        uint256 liquidity;
        int24 tick;
        int24 spacing;
        uint256 left;
        uint256 coins;
    }

    /// @notice The pool's square-root price at which the LST's marginal price, fee included, has fallen to `minPrice`.
    function limit(bool lstIs0, uint256 fee, uint256 minPrice) internal pure returns (uint160) {
        uint256 kept = MILLION - fee;
        uint256 squared;
        if (lstIs0) {
            // Up on both roundings: the sale ends a little early.
            squared = Math.mulDiv(minPrice * MILLION, 1 << 192, RAY * kept, Math.Rounding.Ceil);
            return uint160(Math.sqrt(squared, Math.Rounding.Ceil));
        }
        squared = Math.mulDiv(RAY * kept, 1 << 192, minPrice * MILLION);
        return uint160(Math.sqrt(squared));
    }

    function quote(address pool, bool lstIs0, uint256 lst, uint256 minPrice)
        internal
        view
        returns (uint256 sold, uint256 coins)
    {
        Walk memory w;
        w.down = lstIs0;
        w.fee = IV3Pool(pool).fee();
        w.limit = limit(lstIs0, w.fee, minPrice);
        (uint160 price, int24 tick,,,,,) = IV3Pool(pool).slot0();
        (w.price, w.tick, w.left) = (price, tick, lst);
        w.liquidity = IV3Pool(pool).liquidity();
        w.spacing = IV3Pool(pool).tickSpacing();
        // bound(STEPS): ranges; what lies beyond is not sold
        for (uint256 i; i < STEPS && w.left != 0 && _beyond(w); ++i) {
            _step(pool, w);
        }
        return (lst - w.left, w.coins);
    }

    /// @notice Ticks between the price now and its mean over `window` seconds.
    function strays(address pool, uint32 window) internal view returns (uint256) {
        uint32[] memory ago = new uint32[](2);
        ago[0] = window;
        (int56[] memory sums,) = IV3Pool(pool).observe(ago);
        int256 mean = (int256(sums[1]) - sums[0]) / int256(uint256(window));
        (, int24 tick,,,,,) = IV3Pool(pool).slot0();
        int256 off = int256(tick) - mean;
        return uint256(off < 0 ? -off : off);
    }

    /// @dev Whether the price still has a way to go to the limit.
    function _beyond(Walk memory w) private pure returns (bool) {
        return w.down ? w.price > w.limit : w.price < w.limit;
    }

    // Fee first, then the way: the pool's own order of rounding.
    // slither-disable-next-line divide-before-multiply
    function _step(address pool, Walk memory w) private view {
        (int24 next, bool initialized) = _nextTick(pool, w);
        uint256 at = sqrtAt(next);
        bool whole = w.down ? at >= w.limit : at <= w.limit;
        uint256 target = whole ? at : w.limit;
        uint256 wanted = _amountIn(w, target);
        uint256 afterFee = w.left * (MILLION - w.fee) / MILLION;
        if (afterFee < wanted) {
            target = w.down
                ? Math.mulDiv(w.liquidity << 96, w.price, (w.liquidity << 96) + afterFee * w.price, Math.Rounding.Ceil)
                : w.price + (afterFee << 96) / w.liquidity;
            w.coins += _amountOut(w, target);
            w.price = w.limit;
            w.left = 0;
            return;
        }
        w.coins += _amountOut(w, target);
        w.left -= wanted + Math.ceilDiv(wanted * w.fee, MILLION - w.fee);
        w.price = target;
        if (!whole) return;
        w.tick = w.down ? next - 1 : next;
        if (!initialized) return;
        (, int128 net,,,,,,) = IV3Pool(pool).ticks(next);
        w.liquidity = uint256(int256(w.liquidity) + (w.down ? -int256(net) : int256(net)));
    }

    /// @dev LST that moves the price to `target`, rounded up, fee not included.
    function _amountIn(Walk memory w, uint256 target) private pure returns (uint256) {
        if (w.down) {
            return Math.ceilDiv(Math.mulDiv(w.liquidity << 96, w.price - target, w.price, Math.Rounding.Ceil), target);
        }
        return Math.mulDiv(w.liquidity, target - w.price, Q96, Math.Rounding.Ceil);
    }

    /// @dev Coins that come out on the way to `target`, rounded down.
    function _amountOut(Walk memory w, uint256 target) private pure returns (uint256) {
        if (w.down) return Math.mulDiv(w.liquidity, w.price - target, Q96);
        return Math.mulDiv(w.liquidity << 96, target - w.price, target) / w.price;
    }

    /// @dev The next initialized tick in the direction of the sale, at most to the end of the bitmap's word.
    // The multiple of the spacing is what is wanted.
    // slither-disable-next-line divide-before-multiply
    function _nextTick(address pool, Walk memory w) private view returns (int24 next, bool initialized) {
        int24 slot = w.tick / w.spacing;
        if (w.tick < 0 && w.tick % w.spacing != 0) --slot; // towards minus infinity
        if (!w.down) ++slot;
        uint256 bit = uint8(uint24(slot));
        uint256 word = IV3Pool(pool).tickBitmap(int16(slot >> 8));
        if (w.down) {
            word <<= 255 - bit; // this slot and what is below it, highest first
            initialized = word != 0;
            slot -= int24(int256(initialized ? 255 - Math.log2(word) : bit));
        } else {
            word >>= bit; // this slot and what is above it, lowest first
            initialized = word != 0;
            slot += int24(int256(initialized ? Math.log2(word & (~word + 1)) : 255 - bit));
        }
        next = slot * w.spacing;
        if (next < -MAX_TICK) next = -MAX_TICK;
        if (next > MAX_TICK) next = MAX_TICK;
    }

    /// @notice sqrt(1.0001^tick), 96 bits of fraction, by squaring: exact to 2^-100 or so.
    // Fixed point: each product is scaled back before the next.
    // slither-disable-next-line divide-before-multiply
    function sqrtAt(int24 tick) internal pure returns (uint256 price) {
        uint256 power = uint256(int256(tick < 0 ? -tick : tick));
        uint256 base = DOWN;
        price = 1 << 128;
        // bound(20): bits of MAX_TICK
        for (; power != 0; power >>= 1) {
            if (power & 1 != 0) price = price * base >> 128;
            base = base * base >> 128;
        }
        if (tick > 0) price = type(uint256).max / price;
        price = Math.ceilDiv(price, 1 << 32);
    }
}
