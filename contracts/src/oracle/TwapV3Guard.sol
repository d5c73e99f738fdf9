// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AmmV3, IV3Pool} from "../liquid/amm/AmmV3.sol";
import {IPriceGuard} from "./IPriceGuard.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The mean price of a concentrated-liquidity pool over WINDOW, from the pool's own observations.
/// @notice Not sound: the pool's memory is shorter than the window (its `observe` reverts), or its liquidity over the window,
/// as a harmonic mean, is worth less than MIN_COINS of the coin: one second without liquidity weighs as much as hours with it.
contract TwapV3Guard is IPriceGuard {
    uint256 private constant Q96 = 1 << 96;
    uint256 private constant LEAST_WINDOW = 10 minutes;
    uint256 private constant MOST_WINDOW = 1 days;

    IV3Pool public immutable POOL;
    uint32 public immutable WINDOW;
    /// @notice The least that the pool's liquidity around its price is worth, in wei of the coin, for it to have a say.
    uint256 public immutable MIN_COINS;
    /// @inheritdoc IPriceGuard
    bytes32 public immutable coin;
    bool private immutable _ASSET_IS_0;
    uint256 private immutable _WHOLE;

    error NotOfThePool(address pool, address token);
    error BadWindow(uint256 seconds_, uint256 least, uint256 most);
    error ZeroDepth();

    /// @param coinToken the coin as a token of 18 decimals
    constructor(address pool, address asset, address coinToken, bytes32 coin_, uint32 window, uint256 minCoins) {
        POOL = IV3Pool(pool);
        (address token0, address token1) = (POOL.token0(), POOL.token1());
        if (asset != token0 && asset != token1) revert NotOfThePool(pool, asset);
        if (coinToken != (asset == token0 ? token1 : token0)) revert NotOfThePool(pool, coinToken);
        if (window < LEAST_WINDOW || window > MOST_WINDOW) revert BadWindow(window, LEAST_WINDOW, MOST_WINDOW);
        if (minCoins == 0) revert ZeroDepth();
        (WINDOW, MIN_COINS, coin, _ASSET_IS_0) = (window, minCoins, coin_, asset == token0);
        _WHOLE = 10 ** IERC20Metadata(asset).decimals();
    }

    /// @inheritdoc IPriceGuard
    function twap() external view returns (uint256 mean, bool sound) {
        uint32[] memory ago = new uint32[](2);
        ago[0] = WINDOW;
        (int56[] memory ticks, uint160[] memory perLiquidity) = POOL.observe(ago);
        uint256 root = _root(ticks);
        uint256 liquidity = _liquidity(perLiquidity);
        uint256 coins = _ASSET_IS_0 ? Math.mulDiv(liquidity, root, Q96) : Math.mulDiv(liquidity, Q96, root);
        if (coins < MIN_COINS) return (0, false);
        mean = _ASSET_IS_0
            ? Math.mulDiv(Math.mulDiv(root, root, Q96), _WHOLE, Q96)
            : Math.mulDiv(Q96 * Q96 / root, _WHOLE, root);
        return (mean, mean != 0);
    }

    /// @return square root of the mean price (token1 in token0), 96 bits of fraction
    function _root(int56[] memory ticks) private view returns (uint256) {
        int256 moved;
        // The pool's sums wrap, a difference does not.
        unchecked {
            moved = int256(ticks[1] - ticks[0]);
        }
        int256 window = int256(uint256(WINDOW));
        int256 tick = moved / window;
        if (moved < 0 && moved % window != 0) --tick; // towards minus infinity
        return AmmV3.sqrtAt(SafeCast.toInt24(tick));
    }

    /// @return harmonic mean over the window
    function _liquidity(uint160[] memory perLiquidity) private view returns (uint256) {
        uint160 seconds_;
        // The pool's sums wrap, a difference does not.
        unchecked {
            seconds_ = perLiquidity[1] - perLiquidity[0];
        }
        return seconds_ == 0 ? 0 : (uint256(WINDOW) << 128) / seconds_;
    }
}
