// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceFeed} from "../oracle/IPriceFeed.sol";
import {BasketBase} from "./BasketBase.sol";
import {IUnbondingQueue} from "./IUnbondingQueue.sol";
import {Compact} from "./lib/Compact.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title A basket's views.
/// @notice IBasket carries the NatSpec. The last part: what it does not know does not exist.
contract BasketViews is BasketBase {
    error UnknownCall(bytes4 selector);

    constructor() {
        _lock = LOCKED;
    }

    fallback() external payable {
        revert UnknownCall(msg.sig);
    }

    function TOKEN() external view returns (address) {
        return address(_token);
    }

    function QUEUE() external view returns (address) {
        return _queue;
    }

    function TIMELOCK() external view returns (address) {
        return _timelock;
    }

    function guardian() external view returns (address) {
        return _guardian;
    }

    function feed() external view returns (address) {
        return address(_feed);
    }

    function feeRecipient() external view returns (address) {
        return _feeRecipient;
    }

    function sleeveCount() external view returns (uint256) {
        return _count;
    }

    function sleeveInfo(uint256 sleeve) external view returns (SleeveInfo memory info) {
        Sleeve storage s = _known(sleeve);
        info.sleeve = s.adapter;
        info.token = s.token;
        info.epochToken = s.adapter.EPOCH_TOKEN();
        info.units = s.units;
        info.parts = s.parts;
        info.basketParts = s.basketParts;
        info.locked = s.locked;
        info.feeUnits = s.feeUnits;
        info.round = s.round;
        info.cap = Compact.unpack(s.cap);
        info.limit = Compact.unpack(s.limit);
        info.level = Math.mulDiv(_level(s), info.limit, LEVEL_WHOLE, Math.Rounding.Ceil);
        info.targetBps = s.targetBps;
        info.bandBps = s.bandBps;
        info.retired = s.flags & RETIRED != 0;
        info.slow = s.flags & SLOW != 0;
    }

    function effectiveSupply() external view whenFree returns (uint256) {
        return _supply();
    }

    /// @dev The basket in coins from both sides, and the worst state of what it owns.
    function _nav() private view returns (uint256 low, uint256 high, uint256 state) {
        uint256 n = _count;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            if (!_counts(s)) continue;
            (uint256 least, uint256 most, IPriceFeed.State its) = _price(s);
            state = Math.max(state, uint256(its));
            (least, most) = _worth(s, least, most);
            low += least;
            high += most;
        }
    }

    function nav() external view whenFree returns (uint256 low, uint256 high, uint256 state) {
        uint256 total = _supply();
        (low, high, state) = _nav();
        if (total == 0) return (0, 0, state);
        low = Math.mulDiv(low, ONE, total);
        high = Math.mulDiv(high, ONE, total, Math.Rounding.Ceil);
    }

    function quoteDeposit(uint256 sleeve, uint256 units) external view whenFree returns (uint256 shares) {
        Sleeve storage s = _known(sleeve);
        (, uint256 high, uint256 state) = _nav();
        (uint256 low,, IPriceFeed.State its) = _price(s);
        if (high == 0 || Math.max(state, uint256(its)) != 0) return 0;
        (uint256 u, uint256 p) = _open(sleeve, s);
        // Rule 2, in its order.
        // slither-disable-next-line divide-before-multiply
        uint256 credited = p == 0 ? units : _narrow(units) * p / u * u / p;
        // slither-disable-next-line divide-before-multiply
        uint256 gross = Math.mulDiv(credited * low / ONE, _supply(), high);
        shares = gross - _ceilDiv(gross * _entryBps, BPS);
    }

    function quoteMintInKind(uint256 priced) external view whenFree returns (uint256[] memory units, uint256 shares) {
        _narrow(priced);
        uint256 n = _count;
        units = new uint256[](n);
        uint256 total = _supply();
        if (!_seeded) return (units, 0);
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            if (s.parts == 0) continue;
            uint256 parts = _ceilDiv(uint256(s.basketParts) * priced, total);
            units[i] = _ceilDiv(parts * s.units, s.parts) + _ceilDiv(parts * s.locked, s.parts);
        }
        shares = priced - _ceilDiv(priced * _entryBps, BPS);
    }

    function quoteExit(uint256 shares) external view whenFree returns (ExitQuote memory q) {
        _narrow(shares);
        uint256 n = _count;
        uint256 total = _supply();
        q.units = new uint256[](n);
        q.forgone = new uint256[](n);
        (q.epoch, q.closesAt) = IUnbondingQueue(_queue).openEpoch();
        q.readyBy = q.closesAt + _longestExit() - ROUND - DUSK_TIME;
        if (total == 0) return q;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            if (s.parts == 0) continue;
            uint256 parts = uint256(s.basketParts) * shares / total;
            // Whole parts, then whole units: the rules' order.
            // slither-disable-next-line divide-before-multiply
            q.units[i] = uint256(s.units) * parts / s.parts;
            // slither-disable-next-line divide-before-multiply
            q.forgone[i] = uint256(s.locked) * parts / s.parts;
        }
        if (block.timestamp < _instantPausedUntil || _sleeves[0].flags & (COIN | RETIRED) != COIN) return q;
        (uint256 low,, uint256 state) = _nav();
        if (state != 0) return q;
        uint256 value = Math.mulDiv(low, shares, total);
        q.instantFee = _ceilDiv(value * _instantBps, BPS);
        q.instantCoins = value - q.instantFee;
        if (q.instantCoins > _maxInstant(_sleeves[0])) (q.instantCoins, q.instantFee) = (0, 0);
    }

    function maxInstant() external view whenFree returns (uint256 coins) {
        if (block.timestamp < _instantPausedUntil || _sleeves[0].flags & (COIN | RETIRED) != COIN) return 0;
        (,, uint256 state) = _nav();
        return state == 0 ? _maxInstant(_sleeves[0]) : 0;
    }

    function owed(uint256 sleeve) external view returns (uint256 units) {
        Sleeve storage s = _known(sleeve);
        return _owed(s.units, s.parts, s.basketParts);
    }

    function waitingParts(address owner, uint256 sleeve) external view returns (uint256 parts) {
        return _waiting[owner][sleeve];
    }

    function legRecipient(address owner) external view returns (address) {
        return _legRecipient[owner];
    }

    function longestExit() external view returns (uint256) {
        return _longestExit();
    }

    function fees()
        external
        view
        returns (uint256 entryBps, uint256 instantBps, uint256 managementBps, uint256 performanceBps)
    {
        return (_entryBps, _instantBps, _managementBps, _performanceBps);
    }

    function idle() external view returns (uint256 floor, uint256 buffer) {
        return (_floor, _buffer);
    }

    function shareCap() external view returns (uint256) {
        return _shareCap;
    }

    function driftBps() external view returns (uint256) {
        return _driftBps;
    }

    function pausedUntil(Pausable what) external view returns (uint256 until, uint256 allowedFrom) {
        if (what == Pausable.Mint) until = _mintPausedUntil;
        else if (what == Pausable.Instant) until = _instantPausedUntil;
        else until = _auctionPausedUntil;
        allowedFrom = _pauseAllowedFrom[uint256(what)];
    }
}
