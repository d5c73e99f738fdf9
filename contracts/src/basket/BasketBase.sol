// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceFeed} from "../oracle/IPriceFeed.sol";
import {IBasketTypes} from "./IBasket.sol";
import {IBasketToken} from "./IBasketToken.sol";
import {ISleeve} from "./ISleeve.sol";
import {Compact} from "./lib/Compact.sol";
import {Stream} from "./lib/Stream.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What the parts of a basket share: its storage, the arithmetic of parts, harvests, prices.
/// @dev A basket is one address: Basket (ways in and out) hands what it does not know to BasketDesk (chores, governance), that
/// to BasketMarket (rebalancing), that to BasketViews. All work on this storage; none has any of its own.
///
/// Every product of two amounts fits 256 bits: units, parts and shares are below 2^112, prices below 2^128.
abstract contract BasketBase is IBasketTypes {
    using SafeERC20 for IERC20;

    address internal constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    /// @dev Owns the dead shares: nobody.
    address internal constant DEAD = 0x000000000000000000000000000000000000dEaD;
    uint256 internal constant DEAD_SHARES = 1e15;
    uint256 internal constant LEAST_SEED = 1e18;
    /// @dev The least units of a sleeve in the first deposit: dust of that many parts rounds nobody's share noticeably.
    uint256 internal constant LEAST_SEED_UNITS = 1_000;
    uint256 internal constant MAX_SLEEVES = 8;
    uint256 internal constant MOST = type(uint112).max;
    uint256 internal constant BPS = 10_000;
    uint256 internal constant ONE = 1e18; // a price is coins for so many units
    uint256 internal constant ROUND = 1 days;
    /// @dev Every system's round has turned so long after midnight.
    uint256 internal constant TURN = 1 hours;
    /// @dev An epoch that is due closes within this, a leg's steps together take this long at most: anyone may take them.
    uint256 internal constant CLOSE_GRACE = 2 hours;
    uint256 internal constant STEP_GRACE = 1 days;
    /// @dev The last of a day, in which the queue takes no requests.
    uint256 internal constant DUSK_TIME = 1 hours;
    /// @dev A sleeve with fewer units than its parts over this takes nothing in.
    uint256 internal constant WIPED = 1e6;
    /// @dev 2.5 bps of a sleeve's units, of a whole of 1e7.
    uint256 internal constant STEP = 2_500;
    uint256 internal constant STEP_WHOLE = 1e7;
    /// @dev The throttle's level is a part of the limit, of this whole; it leaks a limit a day.
    uint256 internal constant LEVEL_WHOLE = 1e7;
    uint256 internal constant MIN_ENTRY_BPS = 5;
    uint256 internal constant MAX_ENTRY_BPS = 100;
    uint256 internal constant MAX_INSTANT_BPS = 100;
    uint256 internal constant MAX_MANAGEMENT_BPS = 200;
    uint256 internal constant MAX_PERFORMANCE_BPS = 2_000;
    uint256 internal constant MAX_PAUSE = 7 days;
    uint256 internal constant PAUSE_PERIOD = 30 days;
    uint256 internal constant MAX_DELIVER_GAS = 8_000_000;
    /// @dev Units of gas of a sleeve's `deliverGas`.
    uint256 internal constant GAS_UNIT = 32_768;
    /// @dev For what comes after a call that failed: the books put back, the leg noted, the next legs' floors.
    uint256 internal constant GAS_RESERVE = 80_000;
    /// @dev Of what a failed call says, this much is passed on.
    uint256 internal constant MOST_WHY = 256;

    uint8 internal constant COIN = 1; // holds the chain's coin
    uint8 internal constant RETIRED = 2;
    uint8 internal constant SLOW = 4;
    uint8 internal constant EARLY = 8; // its last harvest came before its system's round may have turned

    uint8 internal constant FREE = 1;
    uint8 internal constant LOCKED = 2;

    struct Sleeve {
        // slot 0
        uint112 units; // U
        uint112 parts; // P; at most U * 1e6 at an inflow, and checked there
        uint24 round; // day of the last release; good for 45,000 years
        uint8 flags;
        // slot 1
        uint112 basketParts; // B <= P
        uint88 locked; // 3e26: what does not fit stays an unbooked surplus
        uint24 level; // of LEVEL_WHOLE
        uint32 levelAt; // serves until 2106
        // slot 2
        ISleeve adapter;
        uint16 targetBps;
        uint16 used; // of the round's STEP
        uint8 deliverGas; // in GAS_UNIT
        uint32 base; // Compact: units that this round's STEP is a part of
        uint24 free_;
        // slot 3
        address token;
        uint32 cap; // Compact
        uint32 limit; // Compact
        uint16 bandBps;
        uint16 free__;
        // slot 4
        uint112 feeUnits;
        uint112 rateBest; // highest rate seen, 1e18; 0: has none
        uint32 nextBase; // Compact: units after this round's first harvest
        // slot 5
        uint112 lost; // booked as losses and not found again
    }

    // Each part uses what it needs of one storage, and writes not all of it.
    // slither-disable-start uninitialized-state
    // slot 0: every way in and out
    IBasketToken internal _token;
    uint8 internal _lock;
    uint8 internal _count; // sleeves ever added
    uint40 internal _feeAt; // management fee accrued up to here
    uint16 internal _entryBps;
    uint16 internal _instantBps;
    bool internal _seeded;
    // slot 1
    uint112 internal _feeShares; // accrued, not minted yet
    uint64 internal _feePerSecond; // scaled 1e27; 2 % a year is 6.5e17
    uint40 internal _mintPausedUntil;
    uint40 internal _instantPausedUntil;
    // slot 2
    uint112 internal _shareCap;
    uint96 internal _floor;
    uint16 internal _managementBps;
    uint16 internal _performanceBps;
    uint16 internal _driftBps;
    // slot 3
    IPriceFeed internal _feed;
    uint96 internal _buffer;
    // slot 4
    address internal _queue;
    uint40 internal _auctionPausedUntil;
    // slot 5
    address internal _timelock;
    // slot 6
    address internal _guardian;
    // slot 7
    address internal _feeRecipient;
    // slot 8
    address internal _seeder;
    // slot 9
    uint40[3] internal _pauseAllowedFrom;
    // slot 10
    uint8 internal _driftOver; // last reading
    uint8 internal _driftUnder;
    uint40 internal _driftAt;
    uint8 internal _driftOverBefore; // the one before it, an hour older or more
    uint8 internal _driftUnderBefore;
    uint40 internal _driftAtBefore;
    uint32 internal _budgetSpent; // of 1e9, leaks
    uint40 internal _budgetAt;
    uint32 internal _auctionId;
    // slot 11
    Auction internal _auction;
    // slot 12 on
    Sleeve[MAX_SLEEVES] internal _sleeves;
    mapping(address owner => mapping(uint256 sleeve => uint256 parts)) internal _waiting;
    mapping(address owner => address) internal _legRecipient;
    mapping(uint256 sleeve => uint256 parts) internal _waitingOf; // of all owners

    // slither-disable-end uninitialized-state

    // ------------------------------------------------------------------------------------------------------------ gates

    /// @dev In a slot that every way in and out writes or reads anyway.
    modifier nonReentrant() {
        if (_lock != FREE) revert Reentered();
        _lock = LOCKED;
        _;
        _lock = FREE;
    }

    /// @dev For views that a price is made from: in the middle of a call the books are not for quoting.
    modifier whenFree() {
        if (_lock != FREE) revert Reentered();
        _;
    }

    modifier onlyTimelock() {
        if (msg.sender != _timelock) revert NotTimelock(msg.sender);
        _;
    }

    function _checkDeadline(uint256 deadline) internal view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
    }

    function _known(uint256 sleeve) internal view returns (Sleeve storage s) {
        if (sleeve >= _count) revert UnknownSleeve(sleeve);
        s = _sleeves[sleeve];
    }

    /// @dev A sleeve that may take something in. @return u units, @return p parts
    function _open(uint256 id, Sleeve storage s) internal view returns (uint256 u, uint256 p) {
        (u, p) = (s.units, s.parts);
        uint8 flags = s.flags;
        if (flags & RETIRED != 0) revert SleeveRetired(id);
        if (flags & SLOW != 0) revert SleeveSlow(id, s.adapter.exitTime(), s.adapter.MAX_EXIT());
        if (u * WIPED < p) revert SleeveWiped(id, u, p);
    }

    function _narrow(uint256 amount) internal pure returns (uint112) {
        if (amount > MOST) revert AmountTooLarge(amount, MOST);
        return uint112(amount);
    }

    // ------------------------------------------------------------------------------------------------------ 1 shares: T

    /// @dev T: with the management fee accrued up to now.
    function _supply() internal view returns (uint256 total) {
        total = _token.totalSupply() + _feeShares;
        uint256 time = block.timestamp - _feeAt;
        if (_feePerSecond != 0 && time != 0) total = total * Stream.growth(_feePerSecond, time) / Stream.RAY;
    }

    /// @dev The same, written down.
    function _accrue() internal returns (uint256 total) {
        uint256 minted = _token.totalSupply();
        uint256 before = minted + _feeShares;
        total = before;
        uint256 time = block.timestamp - _feeAt;
        if (time == 0) return total;
        if (_feePerSecond != 0) {
            total = before * Stream.growth(_feePerSecond, time) / Stream.RAY;
            _feeShares = _narrow(total - minted);
        }
        _feeAt = uint40(block.timestamp);
    }

    // ------------------------------------------------------------------------------------------------ 2 parts and units

    function _ceilDiv(uint256 a, uint256 b) internal pure returns (uint256) {
        return a == 0 ? 0 : (a - 1) / b + 1;
    }

    /// @dev The basket's own units of a sleeve, rounded down.
    function _ownUnits(uint256 u, uint256 p, uint256 b) internal pure returns (uint256) {
        return p == 0 ? 0 : u * b / p;
    }

    /// @dev Units of exits, rounded up.
    function _owed(uint256 u, uint256 p, uint256 b) internal pure returns (uint256) {
        return p == b ? 0 : _ceilDiv(u * (p - b), p);
    }

    /// @dev Rule 3: takes `shares` of `total` out of the basket's parts, sleeve by sleeve. Calls nothing and cannot fail.
    function _carve(uint256 shares, uint256 total) internal returns (uint256[] memory parts) {
        uint256 n = _count;
        parts = new uint256[](n);
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            uint256 b = s.basketParts;
            uint256 q = b * shares / total;
            if (q == 0) continue;
            s.basketParts = uint112(b - q);
            parts[i] = q;
            // Whole parts, then whole units: the rules' order.
            // slither-disable-next-line divide-before-multiply
            if (s.level != 0) _flowOut(s, uint256(s.units) * q / s.parts);
        }
    }

    /// @dev Rule 2: parts for `units`, down. @return credited the units that those parts are worth, down: what the shares, or
    /// a bid, are valued on
    function _partsFor(uint256 u, uint256 p, uint256 units) internal pure returns (uint256 parts, uint256 credited) {
        if (p == 0) return (units, units);
        // Whole parts, then whole units: the rule's order.
        parts = units * p / u;
        // slither-disable-next-line divide-before-multiply
        credited = parts * u / p;
    }

    /// @dev Rule 3: carved parts leave with their units, down. @return units
    function _takeOut(Sleeve storage s, uint256 parts) internal returns (uint256 units) {
        (uint256 u, uint256 p) = (s.units, s.parts);
        units = u * parts / p;
        (s.units, s.parts) = (uint112(u - units), uint112(p - parts));
    }

    /// @dev Units that come in for the basket, within the cap.
    function _takeIn(uint256 id, Sleeve storage s, uint256 units, uint256 parts) internal {
        uint256 u = uint256(s.units) + units;
        uint256 cap = Compact.unpack(s.cap);
        if (u > cap) revert CapReached(id, u, cap);
        s.units = _narrow(u);
        s.parts = _narrow(uint256(s.parts) + parts);
        s.basketParts = uint112(uint256(s.basketParts) + parts);
    }

    /// @dev Rule 8: at most `units` of the basket's own leave. Parts are rounded down, so that what the basket gives up, U*p/P to
    /// the last fraction, is never more than what was asked and is paid for.
    /// @return sold units that leave
    /// @return out what the basket gave up for them, rounded up
    function _sell(Sleeve storage s, uint256 units) internal returns (uint256 sold, uint256 out) {
        (uint256 u, uint256 p, uint256 b) = (s.units, s.parts, s.basketParts);
        if (u == 0) return (0, 0);
        uint256 parts = Math.min(units * p / u, b);
        sold = u * parts / p;
        out = _ceilDiv(u * parts, p);
        s.units = uint112(u - sold);
        s.parts = uint112(p - parts);
        s.basketParts = uint112(b - parts);
    }

    // --------------------------------------------------------------------------------------------------- 3 the throttle

    function _level(Sleeve storage s) internal view returns (uint256 level) {
        level = s.level;
        if (level == 0) return 0;
        uint256 leaked = (block.timestamp - s.levelAt) * LEVEL_WHOLE / ROUND;
        return level > leaked ? level - leaked : 0;
    }

    function _flowIn(uint256 id, Sleeve storage s, uint256 units) internal {
        uint256 limit = Compact.unpack(s.limit);
        uint256 level = _level(s);
        uint256 after_ = limit == 0 ? LEVEL_WHOLE + 1 : level + _ceilDiv(units * LEVEL_WHOLE, limit);
        if (after_ > LEVEL_WHOLE) revert Throttled(id, units, limit * (LEVEL_WHOLE - level) / LEVEL_WHOLE);
        s.level = uint24(after_);
        s.levelAt = uint32(block.timestamp);
    }

    /// @dev Net flow: what leaves gives room back, never more than was used.
    function _flowOut(Sleeve storage s, uint256 units) internal {
        uint256 level = _level(s);
        if (level == 0) return; // what has leaked away needs no write
        uint256 limit = Compact.unpack(s.limit);
        uint256 back = limit == 0 ? level : units * LEVEL_WHOLE / limit;
        s.level = uint24(level > back ? level - back : 0);
        s.levelAt = uint32(block.timestamp);
    }

    // --------------------------------------------------------------------------------------------------------- 4 prices

    /// @dev Both sides of one sleeve's price; the coin is its own measure.
    function _price(Sleeve storage s) internal view returns (uint256 low, uint256 high, IPriceFeed.State state) {
        if (s.flags & COIN != 0) return (ONE, ONE, IPriceFeed.State.Sound);
        return _feed.quote(s.token);
    }

    function _soundPrice(uint256 id, Sleeve storage s) internal view returns (uint256 low, uint256 high) {
        IPriceFeed.State state;
        (low, high, state) = _price(s);
        if (state != IPriceFeed.State.Sound) revert PriceNotSound(id, uint256(state));
    }

    /// @dev Whether a sleeve is worth anything to the basket: one that is not needs no price. What is locked in one without units
    /// is never released: a gift of a wei must not give its price a say.
    function _counts(Sleeve storage s) internal view returns (bool) {
        return s.basketParts != 0 && s.units != 0;
    }

    /// @dev What the basket owns of a sleeve, in coins: low without, high with what is locked.
    function _worth(Sleeve storage s, uint256 low, uint256 high) internal view returns (uint256 least, uint256 most) {
        (uint256 u, uint256 p, uint256 b) = (s.units, s.parts, s.basketParts);
        least = _ownUnits(u, p, b) * low / ONE;
        most = _ceilDiv((_ceilDiv(u * b, p) + _ceilDiv(uint256(s.locked) * b, p)) * high, ONE);
    }

    /// @dev Coins that one instant exit could pay: idle above the floor and above what exits and fees are owed, and the basket's own.
    function _maxInstant(Sleeve storage s) internal view returns (uint256) {
        uint256 idle = s.adapter.instantCapacity();
        (uint256 u, uint256 p, uint256 b) = (s.units, s.parts, s.basketParts);
        uint256 kept = uint256(_floor) + _owed(u, p, b) + s.feeUnits;
        return idle <= kept ? 0 : Math.min(idle - kept, _ownUnits(u, p, b));
    }

    /// @dev The middle of a sound price.
    function _mid(uint256 id, Sleeve storage s) internal view returns (uint256) {
        (uint256 low, uint256 high) = _soundPrice(id, s);
        return (low + high) / 2;
    }

    // ------------------------------------------------------------------------------------------------------- 5 harvests

    function _today() internal view returns (uint256) {
        return block.timestamp / ROUND;
    }

    /// @dev Every way in needs this round's harvest.
    function _harvestMissing() internal {
        uint256 today = _today();
        uint256 n = _count;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            uint8 flags = s.flags;
            if (flags & RETIRED != 0) continue;
            // A staking system's round turns some minutes after midnight: a harvest before that is not the round's.
            if (s.round != today || flags & (COIN | EARLY) == COIN | EARLY) _harvest(i, s);
        }
    }

    // Every caller holds the guard; views that a price is made from refuse meanwhile (whenFree).
    // slither-disable-next-line reentrancy-eth
    function _harvest(uint256 id, Sleeve storage s) internal returns (uint256 gained, uint256 loss) {
        ISleeve adapter = s.adapter;
        uint256 before = address(this).balance;
        (uint256 held, uint256 coins) = adapter.harvest();
        uint256 got = address(this).balance - before;
        if (got < coins) revert ShortTransfer(NATIVE, got, coins);
        // They are the coin sleeve's next surplus. `adapter` of sleeve 0 is the basket's own, fixed when it was added.
        // slither-disable-next-line arbitrary-send-eth
        if (coins != 0) _sleeves[0].adapter.enter{value: coins}();
        bool slow = adapter.exitTime() > adapter.MAX_EXIT();
        if (slow != (s.flags & SLOW != 0)) s.flags ^= SLOW;
        (gained, loss) = _book(id, s, held);
        _rateFee(s, adapter);
        _release(id, s, gained);
    }

    /// @dev Rules 4 and 5 but for the release: what is short of the books is a loss, what is above them a gain, locked first.
    function _book(uint256 id, Sleeve storage s, uint256 held) internal returns (uint256 gained, uint256 loss) {
        (uint256 u, uint256 l, uint256 f) = (s.units, s.locked, s.feeUnits);
        uint256 booked = u + l + f;
        if (held < booked) {
            loss = booked - held;
            // Nobody counted on what is locked; after that all share, and fees are last.
            uint256 left = loss;
            uint256 take = Math.min(left, l);
            s.locked = uint88(l - take);
            left -= take;
            take = Math.min(left, u);
            s.units = uint112(u - take);
            left -= take;
            if (left != 0) s.feeUnits = uint112(f - left);
            s.lost = _narrow(uint256(s.lost) + loss);
            emit LossBooked(id, loss);
        } else if (held > booked) {
            gained = Math.min(held - booked, type(uint88).max - l);
            // What was lost and is found again is no yield.
            uint256 found = Math.min(gained, s.lost);
            if (found != 0) s.lost = uint112(s.lost - found);
            uint256 fee = (gained - found) * _performanceBps / BPS;
            s.feeUnits = _narrow(f + fee);
            s.locked = uint88(l + gained - fee);
        }
    }

    /// @dev Where the rate grows instead of the units, the fee is a part of the units for what the rate gained over its best.
    function _rateFee(Sleeve storage s, ISleeve adapter) private {
        uint256 rate = adapter.rate();
        uint256 best = s.rateBest;
        if (rate <= best) return;
        // A rate that the feed does not believe earns nobody a fee; when it does, the fee is on all that was gained.
        (,, IPriceFeed.State state) = _price(s);
        if (state != IPriceFeed.State.Sound) return;
        s.rateBest = _narrow(rate);
        if (best == 0 || _performanceBps == 0) return;
        // Out of the basket's own parts: legs that have left are not charged, and a part is worth what it was.
        uint256 own = _ownUnits(s.units, s.parts, s.basketParts);
        // Down at each step, for the holders.
        // slither-disable-next-line divide-before-multiply
        (uint256 fee,) = _sell(s, own * (rate - best) / rate * _performanceBps / BPS);
        s.feeUnits = _narrow(uint256(s.feeUnits) + fee);
    }

    /// @dev Rule 5 by steps: what a harvest adds beyond 2.5 bps of the sleeve waits for the next rounds. A step is a part of the
    /// units that were here at the last round's harvest: who came since widens none. The entry fee, which goes to whoever holds
    /// the basket, is so at least twice what a round's step brings to one who is nearly all of it.
    function _release(uint256 id, Sleeve storage s, uint256 gained) private {
        uint256 today = _today();
        bool early = block.timestamp - today * ROUND < TURN;
        if (early != (s.flags & EARLY != 0)) s.flags ^= EARLY;
        (uint256 u, uint256 l) = (s.units, s.locked);
        uint256 used = s.used;
        bool first = s.round != today;
        if (first) {
            used = 0;
            s.round = uint24(today);
            uint256 before = Compact.unpack(s.nextBase);
            s.base = Compact.pack(before == 0 ? u : Math.min(u, before));
        }
        uint256 base = Math.min(u, Compact.unpack(s.base));
        uint256 released = Math.min(l, (STEP - used) * base / STEP_WHOLE);
        if (released != 0) {
            used += _ceilDiv(released * STEP_WHOLE, base);
            u += released;
            s.units = _narrow(u);
            s.locked = uint88(l - released);
        }
        s.used = uint16(Math.min(used, STEP));
        if (first) s.nextBase = Compact.pack(u);
        emit Harvested(id, gained, released, l - released, s.feeUnits);
    }

    // ---------------------------------------------------------------------------------------------------- 6 money moves

    /// @dev Units of the caller into a sleeve: last of all, the books say so already.
    function _pull(Sleeve storage s, address from, uint256 units) internal {
        if (units == 0) return;
        ISleeve adapter = s.adapter;
        if (s.flags & COIN != 0) {
            // The adapter is the basket's own, fixed when the sleeve was added.
            // slither-disable-next-line arbitrary-send-eth
            adapter.enter{value: units}();
            return;
        }
        IERC20 token = IERC20(s.token);
        uint256 before = token.balanceOf(address(adapter));
        // The payer is the caller of the way in that called this.
        // slither-disable-next-line arbitrary-send-erc20
        token.safeTransferFrom(from, address(adapter), units);
        uint256 got = token.balanceOf(address(adapter)) - before;
        if (got < units) revert ShortTransfer(address(token), got, units);
    }

    /// @dev Gas capped, nothing of what it returns is copied, and the caller brings enough: a failure is the sleeve's.
    function _tryDeliver(Sleeve storage s, uint256 units, address to) internal returns (bool) {
        uint256 most = uint256(s.deliverGas) * GAS_UNIT;
        uint256 needed = most + most / 63 + GAS_RESERVE;
        if (gasleft() < needed) revert GasTooLow(gasleft(), needed);
        return _callDeliver(s.adapter, most, units, to);
    }

    function _callDeliver(ISleeve adapter, uint256 most, uint256 units, address to) private returns (bool ok) {
        bytes memory data = abi.encodeCall(ISleeve.deliver, (units, to));
        assembly ("memory-safe") {
            ok := call(most, adapter, 0, add(data, 0x20), mload(data), 0, 0)
        }
    }

    /// @dev All or nothing, with whatever gas there is; a failure is passed on, cut to MOST_WHY.
    function _deliver(uint256 id, Sleeve storage s, uint256 units, address to) internal {
        if (_callDeliver(s.adapter, gasleft(), units, to)) return;
        bytes memory why;
        uint256 most = MOST_WHY;
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, most) { size := most }
            why := mload(0x40)
            mstore(why, size)
            returndatacopy(add(why, 0x20), 0, size)
            mstore(0x40, and(add(add(why, 0x3f), size), not(0x1f)))
        }
        revert SleeveFailed(id, why);
    }

    function _send(address to, uint256 coins) internal {
        if (coins == 0) return;
        (bool ok,) = to.call{value: coins}("");
        if (!ok) revert TransferFailed(to, coins);
    }

    // ------------------------------------------------------------------------------------------------ 7 the longest exit

    /// @dev Wanted at dusk, when requests are closed: the hour to dawn, a day to the close, its grace, a day of grace for the
    /// steps, and the slowest system.
    function _longestExit() internal view returns (uint256 time) {
        uint256 n = _count;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            if (s.flags & RETIRED == 0) time = Math.max(time, s.adapter.MAX_EXIT());
        }
        time += DUSK_TIME + ROUND + CLOSE_GRACE + STEP_GRACE;
    }

    // ------------------------------------------------------------------------------------------------------- 8 the next

    /// @dev Hands the call on; what the part returns is the answer.
    function _delegate(address part) internal {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), part, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
