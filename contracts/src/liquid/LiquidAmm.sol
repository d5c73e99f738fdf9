// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LiquidBase} from "./LiquidBase.sol";
import {IAmmRoute} from "./amm/IAmmRoute.sol";
import {LiquidStorage} from "./lib/LiquidStorage.sol";

/// @title How an exit is split between pools and the buffer; `redeem` and `quoteExit` share it.
/// @notice Specification, section 5.
abstract contract LiquidAmm is LiquidBase {
    using LiquidStorage for LiquidStorage.State;

    uint256 private constant QUOTE_GAS = 700_000;

    /// @dev How much of an exit is offered to pools, and the least marginal price that it is sold at. First comes what a pool
    /// buys at no less than the buffer's average price for all that the buffer would pay; then the buffer; then the pool
    /// again, down to the cap. So the caller gets at least what either order would give: a sale's price only falls, and an
    /// instant exit's too.
    function _offer(LiquidStorage.State storage s, uint256 amount, uint256 instantMax, uint256 ammMax)
        internal
        view
        returns (uint256 offer, uint256 floor)
    {
        address route = s.ammRoute;
        offer = LiquidStorage.min(amount, ammMax);
        if (route == address(0) || offer == 0 || block.timestamp < s.instantPausedUntil || s.slashPending != 0) {
            return (0, 0);
        }
        floor = LiquidStorage.ceilDiv(uint256(s.rate) * (LiquidStorage.BPS - s.ammSlippage), LiquidStorage.BPS);
        if (floor == 0) return (0, 0);
        if (instantMax == 0) return (offer, floor);
        (uint256 lst, uint256 gross, uint256 fee,) = _instantTerms(s, LiquidStorage.min(amount, instantMax));
        if (lst == 0) return (offer, floor);
        uint256 price = LiquidStorage.ceilDiv((gross - fee) * LiquidStorage.RAY, lst);
        (uint256 better,) = _quote(route, offer, LiquidStorage.max(price, floor));
        uint256 buffer = LiquidStorage.min(lst, amount - better);
        offer = LiquidStorage.min(offer, amount - buffer);
    }

    function _quote(address route, uint256 lst, uint256 floor) internal view returns (uint256 sold, uint256 coins) {
        try IAmmRoute(route).quote{gas: QUOTE_GAS}(lst, floor) returns (address, uint256 s, uint256 c) {
            return (LiquidStorage.min(s, lst), c);
        } catch {}
    }
}
