// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../ILiquidMinter.sol";
import {AmmV2, IV2Pool} from "./AmmV2.sol";
import {AmmV3, IV3Pool} from "./AmmV3.sol";
import {IAmmRoute} from "./IAmmRoute.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";

/// @notice What unwraps the coin.
interface IWrappedCoin {
    function withdraw(uint256 amount) external;
}

/// @title The optional AMM path of an exit.
/// @notice No owner: the minter alone changes the list of pools, under its delays. Holds nothing between calls.
contract AmmRoute is IAmmRoute {
    using SafeERC20 for IERC20;
    using TransientSlot for *;

    /// @notice The most pools on the list.
    uint256 public constant MAX_POOLS = 4;
    /// @dev What a pool's quote may cost. One that needs more is passed over.
    uint256 private constant POOL_GAS = 150_000;
    uint256 private constant BPS = 10_000;
    uint256 private constant RAY = 1e27;
    /// @dev The V3 pool whose callback is awaited; transient, so that it is always empty between calls.
    bytes32 private constant SELLING_TO = keccak256("omnibus.liquid.amm.sellingTo");

    address public immutable MINTER;
    address public immutable TOKEN;
    address public immutable WCOIN;
    uint32 public immutable TWAP_WINDOW;
    uint256 public immutable TWAP_TICKS;

    Pool[] private _pools;

    modifier onlyMinter() {
        if (msg.sender != MINTER) revert NotMinter(msg.sender);
        _;
    }

    /// @param first the list to begin with: whoever watches the announcement of this route can read it
    constructor(
        address minter,
        address token,
        address wcoin,
        uint32 twapWindow,
        uint256 twapTicks,
        Pool[] memory first
    ) {
        MINTER = minter;
        TOKEN = token;
        WCOIN = wcoin;
        TWAP_WINDOW = twapWindow;
        TWAP_TICKS = twapTicks;
        // bound(list first): the deployer's
        for (uint256 i; i < first.length; ++i) {
            _setPool(first[i].at, first[i].style, first[i].feeBps);
        }
    }

    /// @dev Coins come from unwrapping alone.
    receive() external payable {
        if (msg.sender != WCOIN) revert NotWrappedCoin(msg.sender);
    }

    // ----------------------------------------------------------------------------------------------------------- minter

    /// @inheritdoc IAmmRoute
    function setPool(address pool, Style style, uint256 feeBps) external onlyMinter {
        _setPool(pool, style, feeBps);
    }

    function _setPool(address pool, Style style, uint256 feeBps) private {
        uint256 n = _pools.length;
        uint256 i;
        // bound(MAX_POOLS): no more are on the list
        while (i < n && _pools[i].at != pool) ++i;
        emit PoolSet(pool, style, feeBps);
        if (style == Style.None) {
            if (i == n) revert UnknownPool(pool);
            _pools[i] = _pools[n - 1];
            _pools.pop();
            return;
        }
        if (feeBps >= BPS || (style == Style.V3 && feeBps != 0)) revert BadFee(feeBps);
        address token0 = IV2Pool(pool).token0(); // the same in both styles
        address token1 = IV2Pool(pool).token1();
        if (!(token0 == TOKEN && token1 == WCOIN) && !(token0 == WCOIN && token1 == TOKEN)) revert WrongTokens(pool);
        Pool memory p = Pool({at: pool, style: style, feeBps: uint16(feeBps)});
        if (i != n) {
            _pools[i] = p;
        } else {
            if (n == MAX_POOLS) revert TooManyPools(MAX_POOLS);
            _pools.push(p);
        }
    }

    /// @inheritdoc IAmmRoute
    function sell(uint256 lst, uint256 minPrice)
        external
        onlyMinter
        returns (address pool, uint256 sold, uint256 coins)
    {
        Pool memory p;
        (p, sold, coins) = _best(lst, minPrice);
        if (sold == 0) revert NothingSold();
        pool = p.at;
        if (p.style == Style.V2) {
            IERC20(TOKEN).safeTransfer(pool, sold);
            (uint256 out0, uint256 out1) = _lstIs0() ? (uint256(0), coins) : (coins, uint256(0));
            IV2Pool(pool).swap(out0, out1, address(this), "");
        } else {
            (sold, coins) = _sellV3(pool, lst, minPrice);
        }
        uint256 least = sold * minPrice / RAY;
        if (coins < least) revert PriceTooLow(coins, least);
        IWrappedCoin(WCOIN).withdraw(coins);
        ILiquidMinter(payable(MINTER)).receiveFromAmm{value: coins}();
    }

    function _sellV3(address pool, uint256 lst, uint256 minPrice) private returns (uint256 sold, uint256 coins) {
        bool down = _lstIs0();
        uint160 limit = AmmV3.limit(down, IV3Pool(pool).fee(), minPrice);
        SELLING_TO.asAddress().tstore(pool);
        (int256 amount0, int256 amount1) = IV3Pool(pool).swap(address(this), down, int256(lst), limit, "");
        SELLING_TO.asAddress().tstore(address(0));
        return down ? (uint256(amount0), uint256(-amount1)) : (uint256(amount1), uint256(-amount0));
    }

    /// @notice A V3 pool asks for what it is owed, inside its swap.
    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        if (msg.sender != SELLING_TO.asAddress().tload()) revert NotPool(msg.sender);
        IERC20(TOKEN).safeTransfer(msg.sender, uint256(_lstIs0() ? amount0 : amount1));
    }

    // ------------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IAmmRoute
    function quote(uint256 lst, uint256 minPrice) external view returns (address, uint256, uint256) {
        (Pool memory p, uint256 sold, uint256 coins) = _best(lst, minPrice);
        return (p.at, sold, coins);
    }

    /// @dev The pool with the greatest gain over `minPrice`. A broken or hostile pool is passed over, at a bounded price.
    function _best(uint256 lst, uint256 minPrice) private view returns (Pool memory p, uint256 sold, uint256 coins) {
        uint256 n = _pools.length;
        uint256 most;
        // bound(MAX_POOLS): no more are on the list
        for (uint256 i; i < n; ++i) {
            try this.quotePool{gas: POOL_GAS}(i, lst, minPrice) returns (uint256 s, uint256 c) {
                uint256 least = s * minPrice / RAY;
                if (s == 0 || c <= least || c - least <= most) continue;
                (p, sold, coins, most) = (_pools[i], s, c, c - least);
            } catch {}
        }
    }

    /// @inheritdoc IAmmRoute
    function quotePool(uint256 index, uint256 lst, uint256 minPrice)
        external
        view
        returns (uint256 sold, uint256 coins)
    {
        Pool memory p = _pools[index];
        if (p.style == Style.V2) return AmmV2.quote(p.at, _lstIs0(), p.feeBps, lst, minPrice);
        uint256 ticks = AmmV3.strays(p.at, TWAP_WINDOW);
        if (ticks > TWAP_TICKS) revert PriceStrays(p.at, ticks, TWAP_TICKS);
        return AmmV3.quote(p.at, _lstIs0(), lst, minPrice);
    }

    /// @inheritdoc IAmmRoute
    function pools() external view returns (Pool[] memory) {
        return _pools;
    }

    function _lstIs0() private view returns (bool) {
        return TOKEN < WCOIN;
    }
}
