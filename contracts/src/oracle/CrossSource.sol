// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceSource} from "./IPriceSource.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title A price by way of a third unit that cancels out: BTC/USD over CORE/USD is BTC/CORE.
/// @notice Stale, or in doubt otherwise, as soon as one of the two is.
contract CrossSource is IPriceSource {
    uint256 private constant ONE = 1e18;
    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_ERROR_BPS = 500;

    IPriceSource public immutable BASE;
    IPriceSource public immutable QUOTE;
    /// @inheritdoc IPriceSource
    bytes32 public immutable asset;
    /// @inheritdoc IPriceSource
    bytes32 public immutable coin;
    /// @inheritdoc IPriceSource
    uint256 public immutable errorBps;
    /// @inheritdoc IPriceSource
    address public immutable origin;
    /// @inheritdoc IPriceSource
    address public immutable origin2;
    /// @inheritdoc IPriceSource
    bool public constant isRate = false;
    /// @inheritdoc IPriceSource
    uint256 public constant roundBps = 0;

    /// @notice The two are not in one unit.
    error UnitsDiffer(bytes32 base, bytes32 quote);
    /// @notice One of the two is a cross itself: it has more origins than can be compared.
    error Nested(address source);
    error ErrorOutOfRange(uint256 bps, uint256 most);

    /// @param base the asset in some unit
    /// @param quote the coin in the same unit
    constructor(IPriceSource base, IPriceSource quote) {
        if (base.coin() != quote.coin()) revert UnitsDiffer(base.coin(), quote.coin());
        (BASE, QUOTE) = (base, quote);
        (asset, coin) = (base.asset(), quote.asset());
        if (base.origin2() != address(0)) revert Nested(address(base));
        if (quote.origin2() != address(0)) revert Nested(address(quote));
        (uint256 a, uint256 b) = (base.errorBps(), quote.errorBps());
        if (b > MAX_ERROR_BPS) revert ErrorOutOfRange(b, MAX_ERROR_BPS);
        // The base above and the quote below what they say: (1 + a) / (1 - b) is 1 + (a + b) / (1 - b).
        uint256 bps = Math.ceilDiv((a + b) * BPS, BPS - b);
        if (bps > MAX_ERROR_BPS) revert ErrorOutOfRange(bps, MAX_ERROR_BPS);
        errorBps = bps;
        origin = base.origin();
        origin2 = quote.origin();
    }

    /// @inheritdoc IPriceSource
    function read() external view returns (uint256 price, uint256 updatedAt, bool sound) {
        (uint256 base, uint256 at, bool ok) = BASE.read();
        (uint256 quote, uint256 quoteAt, bool quoteOk) = QUOTE.read();
        updatedAt = at < quoteAt ? at : quoteAt;
        if (!ok || !quoteOk) return (0, updatedAt, false);
        price = base * ONE / quote;
        return (price, updatedAt, price != 0);
    }
}
