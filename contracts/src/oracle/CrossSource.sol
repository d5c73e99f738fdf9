// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceSource} from "./IPriceSource.sol";

/// @title A price by way of a third unit that cancels out: BTC/USD over CORE/USD is BTC/CORE.
/// @notice Stale, or in doubt otherwise, as soon as one of the two is.
contract CrossSource is IPriceSource {
    uint256 private constant ONE = 1e18;

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
    bool public constant isRate = false;
    /// @inheritdoc IPriceSource
    uint256 public constant roundBps = 0;

    /// @notice The two are not in one unit.
    error UnitsDiffer(bytes32 base, bytes32 quote);

    /// @param base the asset in some unit
    /// @param quote the coin in the same unit
    constructor(IPriceSource base, IPriceSource quote) {
        if (base.coin() != quote.coin()) revert UnitsDiffer(base.coin(), quote.coin());
        (BASE, QUOTE) = (base, quote);
        (asset, coin) = (base.asset(), quote.asset());
        // (1 + a) / (1 - b) is above 1 + a + b by less than a basis point as long as both are below 1 %; one more for that.
        errorBps = base.errorBps() + quote.errorBps() + 1;
        origin = base.origin();
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
