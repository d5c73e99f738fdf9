// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BasketBase} from "./BasketBase.sol";
import {IBasket} from "./IBasket.sol";
import {Compact} from "./lib/Compact.sol";
import {Mask} from "./lib/Mask.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @dev What the basket asks of its timelock.
interface INoted {
    function notedExit(address basket) external view returns (uint256);
}

/// @title A basket: the ways in and out, and what the queue asks for.
/// @notice IBasket carries the NatSpec. Everything else of it lives in the parts that the fallback hands on to.
/// @dev The books first, money last: in the middle of any call they say what holds when it succeeds, and a call that fails
/// takes them back.
contract Basket is BasketBase {
    address private immutable DESK;

    constructor(address desk) {
        if (desk == address(0)) revert ZeroAddress();
        DESK = desk;
        _lock = LOCKED; // this copy of the code is no basket
    }

    /// @dev Coins that a sleeve harvested, inside a call that the basket started; a deposit has its own way in.
    receive() external payable {
        if (_lock != LOCKED) revert WrongValue(msg.value, 0);
    }

    fallback() external payable {
        _delegate(DESK);
    }

    // -------------------------------------------------------------------------------------------------------------- in

    function deposit(uint256 sleeve, uint256 units, address receiver, uint256 minShares, uint256 deadline)
        external
        payable
        nonReentrant
        returns (uint256)
    {
        return _deposit(sleeve, units, receiver, minShares, deadline);
    }

    function depositWithPermit(
        uint256 sleeve,
        uint256 units,
        address receiver,
        uint256 minShares,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint256) {
        if (_known(sleeve).flags & COIN != 0) revert WrongValue(0, units);
        // Used up by somebody else before: the allowance is there all the same, or the transfer says that it is not.
        try IERC20Permit(_known(sleeve).token).permit(msg.sender, address(this), units, deadline, v, r, s) {} catch {}
        return _deposit(sleeve, units, receiver, minShares, deadline);
    }

    /// @dev What a deposit knows of the basket before it.
    struct Terms {
        uint256 total; // T
        uint256 nav; // from above
        uint256 worth; // of the sleeve, from above
        uint256 low;
        uint256 high;
    }

    function _deposit(uint256 id, uint256 units, address receiver, uint256 minShares, uint256 deadline)
        private
        returns (uint256 shares)
    {
        _checkIn(receiver, deadline);
        if (units == 0) revert ZeroAmount();
        _narrow(units);
        Sleeve storage s = _known(id);
        uint256 needed = s.flags & COIN != 0 ? units : 0;
        if (msg.value != needed) revert WrongValue(msg.value, needed);
        if (!_seeded) revert NotSeeded();
        _harvestMissing();
        shares = _credit(id, s, units);
        if (shares == 0 || shares < minShares) revert SharesBelowMinimum(shares, minShares);
        emit Deposited(msg.sender, receiver, id, units, shares);
        _token.mint(receiver, shares);
        _pull(s, msg.sender, units);
    }

    /// @dev The books of a deposit. @return shares after the fee
    function _credit(uint256 id, Sleeve storage s, uint256 units) private returns (uint256 shares) {
        Terms memory t = _terms(id);
        (uint256 u, uint256 p) = _open(id, s);
        if (t.nav == 0) revert SleeveWiped(id, u, p);
        _checkBand(id, s, t, units);
        (uint256 parts, uint256 credited) = _partsFor(u, p, units);
        // slither-disable-next-line divide-before-multiply
        shares = Math.mulDiv(credited * t.low / ONE, t.total, t.nav);
        shares -= _ceilDiv(shares * _entryBps, BPS);
        _flowIn(id, s, units);
        _takeIn(id, s, units, parts);
        _checkShareCap(t.total + shares);
    }

    function _checkIn(address receiver, uint256 deadline) private view {
        _checkDeadline(deadline);
        if (receiver == address(0)) revert ZeroAddress();
        if (block.timestamp < _mintPausedUntil) revert Paused(Pausable.Mint, _mintPausedUntil);
    }

    function _checkShareCap(uint256 total) private view {
        if (total > _shareCap) revert ShareCapReached(total, _shareCap);
    }

    function _terms(uint256 id) private returns (Terms memory t) {
        t.total = _accrue();
        uint256 n = _count;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            bool own = _counts(s);
            if (!own && i != id) continue;
            (uint256 low, uint256 high) = _soundPrice(i, s);
            uint256 most;
            if (own) (, most) = _worth(s, low, high);
            t.nav += most;
            if (i == id) (t.worth, t.low, t.high) = (most, low, high);
        }
    }

    /// @dev Else a deposit and an exit in kind would be a swap at no cost.
    function _checkBand(uint256 id, Sleeve storage s, Terms memory t, uint256 units) private view {
        uint256 more = units * t.high / ONE;
        uint256 bps = (t.worth + more) * BPS / (t.nav + more);
        uint256 most = uint256(s.targetBps) + s.bandBps;
        // What is to go takes nothing, however little: else it would never be gone.
        if (bps > most || s.targetBps == 0) revert AboveBand(id, bps, most);
    }

    function mintInKind(uint256 priced, uint256[] calldata maxUnits, address receiver, uint256 deadline)
        external
        payable
        nonReentrant
        returns (uint256[] memory units)
    {
        _checkIn(receiver, deadline);
        _narrow(priced);
        if (maxUnits.length != _count) revert LengthMismatch(maxUnits.length, _count);
        if (!_seeded) return _seed(priced, maxUnits, receiver);
        _harvestMissing();
        uint256 total = _accrue();
        uint256 shares = priced - _ceilDiv(priced * _entryBps, BPS);
        if (shares == 0) revert SharesBelowMinimum(shares, 1);
        _checkShareCap(total + shares);
        units = new uint256[](maxUnits.length);
        uint256 coins;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < units.length; ++i) {
            Sleeve storage s = _sleeves[i];
            if (s.basketParts == 0) continue;
            units[i] = _takeShare(i, s, priced, total, maxUnits[i]);
            if (s.flags & COIN != 0) coins += units[i];
        }
        _finishInKind(priced, shares, receiver, units, coins);
    }

    /// @dev Rule 1: the parts first, then the units that they cost, both up; and the parts' part of what is locked, which stays
    /// locked: else one who is nearly all of the basket would have the others' rewards for a fee that he pays himself.
    /// @return x units
    function _takeShare(uint256 id, Sleeve storage s, uint256 priced, uint256 total, uint256 most)
        internal
        returns (uint256 x)
    {
        (uint256 u, uint256 p) = _open(id, s);
        uint256 parts = _ceilDiv(s.basketParts * priced, total);
        x = _ceilDiv(parts * u, p);
        _flowIn(id, s, x);
        _takeIn(id, s, x, parts);
        uint256 l = s.locked;
        if (l != 0) {
            uint256 more = _ceilDiv(parts * l, p);
            if (l + more > type(uint88).max) revert AmountTooLarge(l + more, type(uint88).max);
            s.locked = uint88(l + more);
            x += more;
        }
        if (x > most) revert UnitsAboveMaximum(id, x, most);
    }

    /// @dev Governance that does not count this basket's exits could be faster than they are. Registered once is for ever.
    function _checkCounted() private view {
        // One that counts none answers nothing, or not so.
        (bool said, bytes memory noted) = _timelock.staticcall(abi.encodeCall(INoted.notedExit, (address(this))));
        if (!said || noted.length != 32 || abi.decode(noted, (uint256)) == 0) revert NotRegistered(_timelock);
    }

    /// @dev The first deposit: parts are units, and what nobody owns keeps parts and shares above zero for ever.
    function _seed(uint256 shares, uint256[] calldata maxUnits, address receiver)
        private
        returns (uint256[] memory units)
    {
        if (msg.sender != _seeder) revert NotSeeder(msg.sender);
        if (shares < LEAST_SEED) revert SharesBelowMinimum(shares, LEAST_SEED);
        _checkCounted();
        _seeded = true;
        _feeAt = uint40(block.timestamp);
        _checkShareCap(shares);
        units = maxUnits;
        uint256 coins;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < units.length; ++i) {
            Sleeve storage s = _sleeves[i];
            uint256 x = units[i];
            if (x < LEAST_SEED_UNITS) revert NotEnoughUnits(i, x, LEAST_SEED_UNITS);
            _takeIn(i, s, x, x);
            s.nextBase = Compact.pack(x);
            if (s.flags & COIN != 0) coins += x;
        }
        _token.mint(DEAD, DEAD_SHARES);
        _finishInKind(shares, shares - DEAD_SHARES, receiver, units, coins);
    }

    function _finishInKind(uint256 priced, uint256 shares, address receiver, uint256[] memory units, uint256 coins)
        private
    {
        if (msg.value < coins) revert WrongValue(msg.value, coins);
        emit MintedInKind(msg.sender, receiver, priced, shares, units);
        _token.mint(receiver, shares);
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < units.length; ++i) {
            _pull(_sleeves[i], msg.sender, units[i]);
        }
        _send(msg.sender, msg.value - coins);
    }

    // ------------------------------------------------------------------------------------------------------------- out

    function redeemInstant(uint256 shares, uint256 minOut, address receiver, uint256 deadline)
        external
        nonReentrant
        returns (uint256 coins)
    {
        _checkDeadline(deadline);
        if (block.timestamp < _instantPausedUntil) revert Paused(Pausable.Instant, _instantPausedUntil);
        if (receiver == address(0)) revert ZeroAddress();
        if (shares == 0) revert ZeroAmount();
        _narrow(shares);
        Sleeve storage s = _sleeves[0];
        if (s.flags & (COIN | RETIRED) != COIN) revert NoCoinSleeve();
        _harvestMissing();
        uint256 total = _accrue();
        uint256 value = Math.mulDiv(_navLow(), shares, total);
        uint256 fee = _ceilDiv(value * _instantBps, BPS);
        uint256 most = _maxInstant(s);
        coins = value - fee;
        if (coins > most) revert InstantAboveMost(coins, most);
        (coins,) = _sell(s, coins);
        if (coins == 0) revert InstantTooSmall(value);
        if (coins < minOut) revert OutBelowMinimum(coins, minOut);
        if (s.level != 0) _flowOut(s, coins);
        emit InstantExit(msg.sender, receiver, shares, coins, fee);
        _token.burn(msg.sender, shares);
        _deliver(0, s, coins, receiver);
    }

    /// @dev From below, with every loss booked that shows now: who leaves at a price leaves at today's.
    function _navLow() private returns (uint256 nav) {
        uint256 n = _count;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            if (!_counts(s)) continue;
            uint256 held = s.adapter.held();
            if (held < uint256(s.units) + s.locked + s.feeUnits) _book(i, s, held);
            (uint256 low, uint256 high) = _soundPrice(i, s);
            (uint256 least,) = _worth(s, low, high);
            nav += least;
        }
    }

    function redeemInKind(uint256 shares, address recipient)
        external
        nonReentrant
        returns (uint256[] memory units, uint256 delivered)
    {
        if (shares == 0) revert ZeroAmount();
        if (recipient == address(0)) revert ZeroAddress();
        _narrow(shares);
        uint256 total = _accrue();
        _token.burn(msg.sender, shares);
        uint256[] memory parts = _carve(shares, total);
        units = new uint256[](parts.length);
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < parts.length; ++i) {
            uint256 q = parts[i];
            Sleeve storage s = _sleeves[i];
            (uint256 u, uint256 p) = (s.units, s.parts);
            uint256 x = q == 0 ? 0 : u * q / p;
            if (q != 0) (s.units, s.parts) = (uint112(u - x), uint112(p - q));
            if (x == 0 || _tryDeliver(s, x, recipient)) {
                units[i] = x;
                delivered |= Mask.bit(i);
                continue;
            }
            (s.units, s.parts) = (uint112(u), uint112(p));
            _waiting[msg.sender][i] += q;
            _waitingOf[i] += q;
            _legRecipient[msg.sender] = recipient;
        }
        emit RedeemedInKind(msg.sender, recipient, shares, parts, delivered);
    }

    function deliverLeg(address owner, uint256 sleeve) external nonReentrant returns (uint256 units) {
        Sleeve storage s = _known(sleeve);
        uint256 q = _waiting[owner][sleeve];
        if (q == 0) revert NothingWaiting(sleeve, owner);
        address to = _legRecipient[owner];
        delete _waiting[owner][sleeve];
        _waitingOf[sleeve] -= q;
        units = _takeOut(s, q);
        emit LegDelivered(owner, sleeve, to, q, units);
        if (units != 0) _deliver(sleeve, s, units, to);
    }

    // ------------------------------------------------------------------------------------------------------- the queue

    modifier onlyQueue() {
        if (msg.sender != _queue) revert NotQueue(msg.sender);
        _;
    }

    function carveEpoch(uint256 shares) external nonReentrant onlyQueue returns (uint256[] memory parts) {
        parts = _carve(shares, _accrue());
        emit EpochCarved(shares, parts);
        _token.burn(msg.sender, shares);
    }

    function startLeg(uint256 sleeve, uint256 parts, bool inKind)
        external
        nonReentrant
        onlyQueue
        returns (uint256 units, uint256 ticket, uint256 paid, address asset)
    {
        Sleeve storage s = _known(sleeve);
        // Leavers have earned the round that is over: where taking stake out would cost its reward, that is claimed first.
        if (!inKind && s.flags & COIN != 0 && s.round != _today()) _harvest(sleeve, s);
        units = _takeOut(s, parts);
        asset = s.token;
        if (units != 0 && inKind) {
            paid = units;
            _deliver(sleeve, s, units, msg.sender);
        } else if (units != 0) {
            (ticket, paid, asset) = s.adapter.unbond(units, msg.sender);
        }
        emit LegStarted(sleeve, parts, units, ticket);
    }

    function collectLeg(uint256 sleeve, uint256 ticket)
        external
        nonReentrant
        onlyQueue
        returns (uint256 paid, bool done)
    {
        return _known(sleeve).adapter.collect(ticket, msg.sender);
    }
}
