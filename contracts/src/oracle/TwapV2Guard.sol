// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceGuard} from "./IPriceGuard.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice A pool that adds up its price, second by second.
interface IV2Cumulative {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 at);
    function price0CumulativeLast() external view returns (uint256);
    function price1CumulativeLast() external view returns (uint256);
}

/// @title The mean price of a constant-product pool over at least WINDOW and at most LONGEST windows.
/// @notice Two marks, of which the older is in use; anyone moves them on by `mark`, at most once a WINDOW. Not sound: nobody
/// marked for long, or the pool holds less of the coin than MIN_COINS, or held less at the mark: a price that is cheap to push
/// says nothing.
/// @dev
///     ----- older -------- newer -------- now --->     the mean runs from `older` to now. Marked on time, `older` is one to
///           |<------------ mean ----------->|          two windows back
contract TwapV2Guard is IPriceGuard {
    uint256 private constant Q112 = 1 << 112;
    uint256 private constant LEAST_WINDOW = 10 minutes;
    uint256 private constant MOST_WINDOW = 1 days;
    /// @notice Windows after which a mark is too old.
    uint256 public constant LONGEST = 4;

    struct Mark {
        uint256 sum; // of the price, UQ112x112 seconds; wraps as the pool's own
        uint48 at; // unix seconds; 0: none
        bool thin;
    }

    IV2Cumulative public immutable POOL;
    uint256 public immutable WINDOW;
    /// @notice The least reserve of the coin, wei, for the pool to have a say.
    uint256 public immutable MIN_COINS;
    /// @inheritdoc IPriceGuard
    bytes32 public immutable coin;
    bool private immutable _ASSET_IS_0;
    uint256 private immutable _WHOLE;

    Mark public older;
    Mark public newer;

    event Marked(uint256 sum, bool thin);

    error NotOfThePool(address pool, address token);
    error BadWindow(uint256 seconds_, uint256 least, uint256 most);
    error ZeroDepth();
    error TooEarly(uint256 now_, uint256 from);

    /// @param coinToken the coin as a token of 18 decimals
    constructor(address pool, address asset, address coinToken, bytes32 coin_, uint256 window, uint256 minCoins) {
        POOL = IV2Cumulative(pool);
        (address token0, address token1) = (POOL.token0(), POOL.token1());
        if (asset != token0 && asset != token1) revert NotOfThePool(pool, asset);
        if (coinToken != (asset == token0 ? token1 : token0)) revert NotOfThePool(pool, coinToken);
        if (window < LEAST_WINDOW || window > MOST_WINDOW) revert BadWindow(window, LEAST_WINDOW, MOST_WINDOW);
        if (minCoins == 0) revert ZeroDepth();
        (WINDOW, MIN_COINS, coin, _ASSET_IS_0) = (window, minCoins, coin_, asset == token0);
        _WHOLE = 10 ** IERC20Metadata(asset).decimals();
    }

    /// @notice Moves the marks on. Permissionless; due once a WINDOW, and not in a second in which the pool was touched.
    function mark() external {
        Mark memory last = newer;
        if (last.at != 0 && block.timestamp < last.at + WINDOW) revert TooEarly(block.timestamp, last.at + WINDOW);
        (,, uint32 touched) = POOL.getReserves();
        // Liquidity burned, marked and minted again in one transaction would make the mark thin or deep at no cost. The pool's
        // clock has 32 bits.
        if (touched == uint32(block.timestamp)) revert TooEarly(block.timestamp, block.timestamp + 1);
        (uint256 sum, bool thin) = _now();
        older = last;
        newer = Mark({sum: sum, at: uint48(block.timestamp), thin: thin});
        emit Marked(sum, thin);
    }

    /// @inheritdoc IPriceGuard
    function twap() external view returns (uint256 mean, bool sound) {
        Mark memory from = older;
        uint256 age = block.timestamp - from.at;
        (uint256 sum, bool thin) = _now();
        if (from.at == 0 || from.thin || newer.thin || thin || age > LONGEST * WINDOW) return (0, false);
        unchecked {
            mean = Math.mulDiv((sum - from.sum) / age, _WHOLE, Q112);
        }
        return (mean, mean != 0);
    }

    /// @dev The pool's sum carried on to this second.
    // The pool cuts its price to 112 bits of fraction before it adds it up: the same here.
    // slither-disable-next-line divide-before-multiply
    function _now() private view returns (uint256 sum, bool thin) {
        (uint112 r0, uint112 r1, uint32 at) = POOL.getReserves();
        (uint256 asset, uint256 coins) = _ASSET_IS_0 ? (r0, r1) : (r1, r0);
        sum = _ASSET_IS_0 ? POOL.price0CumulativeLast() : POOL.price1CumulativeLast();
        if (asset == 0 || coins < MIN_COINS) return (sum, true);
        // Sum and clock wrap on purpose, as the pool's own do.
        unchecked {
            sum += (coins << 112) / asset * uint32(uint32(block.timestamp) - at);
        }
    }
}
