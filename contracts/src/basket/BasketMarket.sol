// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BasketBase} from "./BasketBase.sol";
import {Mask} from "./lib/Mask.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title A basket's market: drift, and the auction that mends it.
/// @notice IBasket carries the NatSpec. Flows come first, by the band of deposits; this is for what they leave. Nothing here
/// unbonds: whoever buys brings what is lacking and takes what is too much.
///
///     price of `from` in `to`       1.005 mid ___
///                                              ```---___            falls for 4 hours
///                                                       ```---___
///     never below                   0.995 mid                    ```   what is lost against mid is charged to the budget
contract BasketMarket is BasketBase {
    uint256 private constant READING_GAP = 1 hours;
    uint256 private constant READING_LIFE = 1 days;
    uint256 private constant AUCTION_TIME = 4 hours;
    uint256 private constant WHOLE = 1e6;
    uint256 private constant FIRST_PRICE = 1_005_000;
    uint256 private constant LAST_PRICE = 995_000;
    /// @dev Of 1e9 of the basket's worth. It leaks as much in 30 days as it holds, so no 30 days see more than twice this: 0.5 %.
    uint256 internal constant BUDGET = 2_500_000;
    uint256 internal constant BUDGET_WHOLE = 1e9;
    uint256 internal constant BUDGET_PERIOD = 30 days;

    address private immutable VIEWS;

    constructor(address views) {
        if (views == address(0)) revert ZeroAddress();
        VIEWS = views;
        _lock = LOCKED;
    }

    fallback() external payable {
        _delegate(VIEWS);
    }

    // ----------------------------------------------------------------------------------------------------------- drift

    /// @dev The basket at mid prices.
    struct Weights {
        uint256 nav;
        uint256[] own; // units
        uint256[] worth;
        uint256[] mid;
    }

    function _weigh() private view returns (Weights memory w) {
        uint256 n = _count;
        w.own = new uint256[](n);
        w.worth = new uint256[](n);
        w.mid = new uint256[](n);
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            if (s.basketParts == 0 && s.targetBps == 0) continue;
            w.mid[i] = _mid(i, s);
            w.own[i] = _ownUnits(s.units, s.parts, s.basketParts);
            w.worth[i] = w.own[i] * w.mid[i] / ONE;
            w.nav += w.worth[i];
        }
    }

    /// @dev Off its target by more than the drift limit, which is a part of the target: where that is 0, any unit is too much.
    function _drift(Weights memory w) private view returns (uint256 over, uint256 under) {
        uint256 limit = _driftBps;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < w.worth.length; ++i) {
            uint256 target = _sleeves[i].targetBps;
            uint256 share = w.worth[i] * BPS * BPS;
            if (target == 0 ? w.own[i] != 0 : share > w.nav * target * (BPS + limit)) over |= Mask.bit(i);
            else if (share < w.nav * target * (BPS - limit)) under |= Mask.bit(i);
        }
    }

    function noteDrift() external nonReentrant returns (uint256 over, uint256 under) {
        uint256 next = _driftAt + READING_GAP;
        if (block.timestamp < next) revert TooSoon(next);
        (over, under) = _drift(_weigh());
        (_driftOverBefore, _driftUnderBefore, _driftAtBefore) = (_driftOver, _driftUnder, _driftAt);
        (_driftOver, _driftUnder, _driftAt) = (uint8(over), uint8(under), uint40(block.timestamp));
        emit DriftNoted(over, under);
    }

    /// @dev A reading that is old enough to count, and not too old, says the same. Two are kept, so that a fresh one hides none.
    function _drifted(uint256 from, uint256 to) private view returns (bool) {
        return _reads(_driftOver, _driftUnder, _driftAt, from, to)
            || _reads(_driftOverBefore, _driftUnderBefore, _driftAtBefore, from, to);
    }

    function _reads(uint256 over, uint256 under, uint256 at, uint256 from, uint256 to) private view returns (bool) {
        if (block.timestamp < at + READING_GAP || block.timestamp > at + READING_LIFE) return false;
        return Mask.has(over, from) && (_sleeves[from].targetBps == 0 || Mask.has(under, to));
    }

    /// @dev Whether `from` has too much now and `to` too little. What is to go goes for anything that is not above its target:
    /// the others lack together just what it is worth, and none of them a tenth, perhaps.
    function _offTarget(Weights memory w, uint256 from, uint256 to) private view returns (bool) {
        (uint256 over, uint256 under) = _drift(w);
        if (!Mask.has(over, from)) return false;
        if (_sleeves[from].targetBps != 0) return Mask.has(under, to);
        uint256 target = _sleeves[to].targetBps;
        return target != 0 && w.worth[to] * BPS <= w.nav * target;
    }

    /// @dev Units of `from` to sell for `to`.
    function _forSale(Weights memory w, uint256 from, uint256 to) private view returns (uint256) {
        (uint256 target, uint256 due) = (_sleeves[from].targetBps, w.nav * _sleeves[to].targetBps);
        if (target != 0) {
            return Math.min(w.worth[from] - w.nav * target / BPS, due / BPS - w.worth[to]) * ONE / w.mid[from];
        }
        // Up, so that the last unit goes too; all of what no coin's wei is worth.
        if (w.worth[from] == 0) return w.own[from];
        return Math.min(w.own[from], _ceilDiv((_ceilDiv(due, BPS) - w.worth[to]) * ONE, w.mid[from]));
    }

    // --------------------------------------------------------------------------------------------------------- auction

    function _notPaused() private view {
        if (block.timestamp < _auctionPausedUntil) revert Paused(Pausable.Auction, _auctionPausedUntil);
    }

    function _running() private view returns (bool) {
        return _auction.left != 0 && block.timestamp <= _auction.startedAt + AUCTION_TIME;
    }

    // The guard is held; views that a price is made from refuse meanwhile (whenFree).
    // slither-disable-next-line reentrancy-eth
    function startAuction(uint256 from, uint256 to) external nonReentrant returns (uint256 id) {
        _notPaused();
        if (_running()) revert AuctionRunning(_auctionId);
        _known(from);
        Sleeve storage t = _known(to);
        _harvestMissing();
        _open(to, t);
        Weights memory w = _weigh();
        if (!_offTarget(w, from, to) || !_drifted(from, to)) revert NoDrift(from, to);
        uint256 units = _forSale(w, from, to);
        if (units == 0) revert NoDrift(from, to);
        id = ++_auctionId;
        _auction = Auction({left: uint128(units), startedAt: uint40(block.timestamp), from: uint8(from), to: uint8(to)});
        emit AuctionStarted(id, from, to, units);
    }

    /// @dev Of WHOLE.
    function _priceNow(uint256 startedAt) private view returns (uint256) {
        uint256 time = Math.min(block.timestamp - startedAt, AUCTION_TIME);
        return FIRST_PRICE - (FIRST_PRICE - LAST_PRICE) * time / AUCTION_TIME;
    }

    // The guard is held; views that a price is made from refuse meanwhile (whenFree).
    // slither-disable-next-line reentrancy-eth
    function bid(uint256 id, uint256 units, uint256 maxPay, address recipient, uint256 deadline)
        external
        payable
        nonReentrant
        returns (uint256 sold, uint256 paid)
    {
        _checkDeadline(deadline);
        _notPaused();
        if (recipient == address(0)) revert ZeroAddress();
        if (id != _auctionId || !_running()) revert NoAuction(id);
        _harvestMissing();
        Auction memory a = _auction;
        Sleeve storage f = _sleeves[a.from];
        Sleeve storage t = _sleeves[a.to];
        units = Math.min(units, a.left);
        if (units == 0) revert ZeroAmount();
        Weights memory w = _weigh();
        uint256 out;
        if (f.flags & COIN != 0) {
            // Idle coins alone, and none that exits are owed: nothing is undelegated for a bidder.
            uint256 most = _maxInstant(f);
            if (units > most) revert InstantAboveMost(units, most);
        }
        (sold, out) = _sell(f, units);
        _keepLocked(f);
        paid = Math.mulDiv(
            _ceilDiv(out * w.mid[a.from], ONE) * _priceNow(a.startedAt), ONE, w.mid[a.to] * WHOLE, Math.Rounding.Ceil
        );
        if (paid > maxPay) revert PriceAboveMost(paid, maxPay);
        uint256 got = _buy(a.to, t, _narrow(paid));
        uint256 loss = _charge(_ceilDiv(out * w.mid[a.from], ONE), got * w.mid[a.to] / ONE, w.nav);
        _auction.left = uint128(a.left > out ? a.left - out : 0);
        emit AuctionBid(id, msg.sender, sold, paid, loss);
        uint256 coins = t.flags & COIN != 0 ? paid : 0;
        if (msg.value < coins) revert WrongValue(msg.value, coins);
        _pull(t, msg.sender, paid);
        _deliver(a.from, f, sold, recipient);
        _send(msg.sender, msg.value - coins);
    }

    /// @dev With a sleeve's last part what is locked in it would be nobody's. It is the basket's, as units, for the next auction.
    function _keepLocked(Sleeve storage s) private {
        uint112 locked = s.locked;
        if (locked == 0 || s.parts != 0) return;
        (s.units, s.parts, s.basketParts, s.locked) = (locked, locked, locked, 0);
    }

    /// @dev Rule 2. @return got what the parts that came are worth, in units
    function _buy(uint256 id, Sleeve storage s, uint256 units) private returns (uint256 got) {
        (uint256 u, uint256 p) = _open(id, s);
        uint256 parts;
        (parts, got) = _partsFor(u, p, units);
        _takeIn(id, s, units, parts);
    }

    /// @dev The loss against mid, charged to the budget; gains give nothing back.
    function _charge(uint256 gave, uint256 got, uint256 navMid) private returns (uint256 loss) {
        if (got >= gave) return 0;
        loss = gave - got;
        uint256 spent = _spent();
        uint256 more = Math.mulDiv(loss, BUDGET_WHOLE, navMid, Math.Rounding.Ceil);
        if (spent + more > BUDGET) revert BudgetSpent(loss, (BUDGET - spent) * navMid / BUDGET_WHOLE);
        _budgetSpent = uint32(spent + more);
        _budgetAt = uint40(block.timestamp);
    }

    function _spent() private view returns (uint256 spent) {
        spent = _budgetSpent;
        uint256 leaked = (block.timestamp - _budgetAt) * BUDGET / BUDGET_PERIOD;
        spent = spent > leaked ? spent - leaked : 0;
    }

    function endAuction(uint256 id) external nonReentrant {
        if (id != _auctionId || _auction.left == 0) revert NoAuction(id);
        if (_running()) {
            if (_offTarget(_weigh(), _auction.from, _auction.to)) revert AuctionRunning(id);
        }
        _auction.left = 0;
        emit AuctionEnded(id);
    }

    // ----------------------------------------------------------------------------------------------------------- views

    function auction(uint256 id) external view whenFree returns (Auction memory running, uint256 price) {
        if (id != _auctionId || !_running()) return (running, 0);
        running = _auction;
        Weights memory w = _weigh();
        price = Math.mulDiv(
            w.mid[running.from] * _priceNow(running.startedAt), ONE, w.mid[running.to] * WHOLE, Math.Rounding.Ceil
        );
    }

    function driftReadings()
        external
        view
        returns (
            uint256 over,
            uint256 under,
            uint256 readAt,
            uint256 overBefore,
            uint256 underBefore,
            uint256 readAtBefore
        )
    {
        return (_driftOver, _driftUnder, _driftAt, _driftOverBefore, _driftUnderBefore, _driftAtBefore);
    }

    function auctionId() external view returns (uint256) {
        return _auctionId;
    }

    function budget() external view returns (uint256 spent, uint256 capacity) {
        return (_spent(), BUDGET);
    }
}
