// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The management fee as growth of the effective supply, compounded every second.
/// @notice What a fee of `bps` a year takes in a year is `bps` of the basket, whoever accrues it how often: growth over two
/// spans is the product of the growth over each. Rounded down at every step, so never more.
library Stream {
    uint256 internal constant RAY = 1e27;
    uint256 private constant YEAR = 365 days;
    uint256 private constant BPS = 10_000;

    /// @return per second, scaled 1e27: (1 - bps / 10,000) ** (-1 / year) - 1, from below
    function perSecond(uint256 bps) internal pure returns (uint256) {
        uint256 f = bps * RAY / BPS;
        uint256 power = f;
        uint256 sum = f;
        // bound(11): terms of the series; the twelfth of 2 % is below 1e-21
        for (uint256 k = 2; k < 12; ++k) {
            power = power * f / RAY;
            sum += power / k;
        }
        // e ** x - 1 to the second order; the third is below 1e-28.
        uint256 x = sum / YEAR;
        return x + x * x / (2 * RAY);
    }

    /// @return scaled 1e27: (1 + perSecond_) ** time
    function growth(uint256 perSecond_, uint256 time) internal pure returns (uint256) {
        if (perSecond_ == 0) return RAY;
        uint256 base = RAY + perSecond_;
        uint256 result = RAY;
        // A century at 2 % is a factor of 7.5: no product comes near 256 bits.
        unchecked {
            // bound(32): bits of the time
            while (time != 0) {
                if (time & 1 != 0) result = result * base / RAY;
                base = base * base / RAY;
                time >>= 1;
            }
        }
        return result;
    }
}
