// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What the adapter calls of a constant-product pool.
interface IV2Pool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 updatedAt);
    function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external;
}

/// @title Constant-product pools: out(d) = d*k*y / (x*BPS + d*k), k = BPS - fee.
library AmmV2 {
    uint256 private constant BPS = 10_000;
    uint256 private constant RAY = 1e27;

    /// @notice At most `lst`, as long as the next wei brings `minPrice`: y*x*BPS*k / (x*BPS + d*k)^2 >= minPrice.
    function quote(address pool, bool lstIs0, uint256 feeBps, uint256 lst, uint256 minPrice)
        internal
        view
        returns (uint256 sold, uint256 coins)
    {
        (uint112 r0, uint112 r1,) = IV2Pool(pool).getReserves();
        (uint256 x, uint256 y) = lstIs0 ? (r0, r1) : (r1, r0);
        if (x == 0 || y == 0) return (0, 0);
        uint256 k = BPS - feeBps;
        uint256 base = x * BPS;
        uint256 root = Math.sqrt(base * Math.mulDiv(y * k, RAY, minPrice));
        if (root <= base) return (0, 0);
        sold = Math.min(lst, (root - base) / k);
        coins = sold * k * y / (base + sold * k);
    }
}
