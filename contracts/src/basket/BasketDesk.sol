// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceFeed} from "../oracle/IPriceFeed.sol";
import {BasketBase} from "./BasketBase.sol";
import {IBasketToken} from "./IBasketToken.sol";
import {ISleeve} from "./ISleeve.sol";
import {IUnbondingQueue} from "./IUnbondingQueue.sol";
import {Compact} from "./lib/Compact.sol";
import {Stream} from "./lib/Stream.sol";

/// @dev What the basket asks of its timelock.
interface IDelay {
    function getMinDelay() external view returns (uint256);
}

/// @title A basket's desk: chores, fees, governance, pauses.
/// @notice IBasket carries the NatSpec.
contract BasketDesk is BasketBase {
    address private immutable MARKET;

    constructor(address market) {
        if (market == address(0)) revert ZeroAddress();
        MARKET = market;
        _lock = LOCKED;
    }

    fallback() external payable {
        _delegate(MARKET);
    }

    // ------------------------------------------------------------------------------------------------------- the start

    // What it calls are the basket's own queue and adapters, before anything is in it.
    // slither-disable-next-line reentrancy-no-eth
    function initialize(InitParams calldata params) external {
        if (_lock != 0) revert AlreadyInitialized();
        if (
            params.token == address(0) || params.queue == address(0) || params.timelock == address(0)
                || params.guardian == address(0) || params.feeRecipient == address(0) || params.seeder == address(0)
        ) revert ZeroAddress();
        _lock = FREE;
        _token = IBasketToken(params.token);
        _queue = params.queue;
        _feed = IPriceFeed(params.feed);
        _timelock = params.timelock;
        _guardian = params.guardian;
        _feeRecipient = params.feeRecipient;
        _seeder = params.seeder;
        _feeAt = uint40(block.timestamp);
        _driftBps = 1_000;
        emit Initialized(params.token, params.queue, params.feed, params.timelock);
        _setFees(params.entryFeeBps, params.instantFeeBps, params.managementFeeBps, params.performanceFeeBps);
        _setIdle(params.floor, params.buffer);
        _setShareCap(params.shareCap);
        uint256 n = params.sleeves.length;
        if (n == 0) revert ZeroAmount();
        uint16[] memory targets = new uint16[](n);
        // bound(MAX_SLEEVES): _add refuses more
        for (uint256 i; i < n; ++i) {
            _add(params.sleeves[i]);
            targets[i] = params.sleeves[i].targetBps;
        }
        _setWeights(targets);
    }

    // ---------------------------------------------------------------------------------------------------------- chores

    function harvest(uint256 sleeve) external nonReentrant returns (uint256 gained, uint256 loss) {
        Sleeve storage s = _known(sleeve);
        if (s.flags & RETIRED != 0) revert SleeveRetired(sleeve);
        return _harvest(sleeve, s);
    }

    function bookLoss(uint256 sleeve) external nonReentrant returns (uint256 loss) {
        Sleeve storage s = _known(sleeve);
        uint256 held = s.adapter.held();
        if (held < uint256(s.units) + s.locked + s.feeUnits) (, loss) = _book(sleeve, s, held);
    }

    function delegateIdle(uint256 sleeve) external nonReentrant returns (uint256 delegated) {
        Sleeve storage s = _known(sleeve);
        // Epochs' legs are paid out of what is idle. Legs in kind that somebody lets wait are not: nobody may keep coins idle so.
        uint256 keep = _owed(s.units, s.parts, s.basketParts + _waitingOf[sleeve]) + s.feeUnits;
        if (s.flags & COIN != 0) keep += uint256(_floor) + _buffer;
        return s.adapter.delegateIdle(keep);
    }

    function collectFees() external nonReentrant returns (uint256 shares) {
        _accrue();
        shares = _feeShares;
        if (shares == 0) revert NothingToCollect();
        _feeShares = 0;
        emit FeesCollected(_feeRecipient, shares);
        _token.mint(_feeRecipient, shares);
    }

    function collectUnitFees(uint256 sleeve) external nonReentrant returns (uint256 units) {
        Sleeve storage s = _known(sleeve);
        units = s.feeUnits;
        if (units == 0) revert NothingToCollect();
        s.feeUnits = 0;
        emit UnitFeesCollected(_feeRecipient, sleeve, units);
        _deliver(sleeve, s, units, _feeRecipient);
    }

    // ------------------------------------------------------------------------------------------------------ governance

    function addSleeve(SleeveParams calldata params) external nonReentrant onlyTimelock returns (uint256 sleeve) {
        sleeve = _add(params);
        uint256 exit = _longestExit();
        uint256 delay = IDelay(_timelock).getMinDelay();
        if (exit > delay) revert ExitTooSlow(exit, delay);
        // Its target comes with the next weights: the others' are whole without it.
        if (params.targetBps != 0) revert WeightsNotWhole(BPS + params.targetBps);
    }

    function _add(SleeveParams calldata params) private returns (uint256 id) {
        id = _count;
        if (id == MAX_SLEEVES) revert TooManySleeves(MAX_SLEEVES);
        ISleeve adapter = params.sleeve;
        if (address(adapter).code.length == 0) revert ZeroAddress();
        if (adapter.BASKET() != address(this)) revert SleeveForeign(id, adapter.BASKET());
        // bound(MAX_SLEEVES): those added before; one adapter twice would be booked twice
        for (uint256 i; i < id; ++i) {
            if (_sleeves[i].adapter == adapter) revert SleeveForeign(id, address(adapter));
        }
        address token = adapter.TOKEN();
        address epochToken = adapter.EPOCH_TOKEN();
        if (token == address(0) || (epochToken != token && epochToken != NATIVE)) revert ZeroAddress();
        uint256 gasNeeded = adapter.DELIVER_GAS();
        if (gasNeeded > MAX_DELIVER_GAS) revert AmountTooLarge(gasNeeded, MAX_DELIVER_GAS);
        _count = uint8(id + 1);
        Sleeve storage s = _sleeves[id];
        s.adapter = adapter;
        s.token = token;
        s.flags = token == NATIVE ? COIN : 0;
        s.deliverGas = uint8(_ceilDiv(gasNeeded, GAS_UNIT));
        s.rateBest = _narrow(adapter.rate());
        if (token != NATIVE) {
            // Priced when it is added: a sleeve that cannot be priced is refused.
            if (address(_feed) == address(0)) revert PriceNotSound(id, uint256(IPriceFeed.State.Doubtful));
            _soundPrice(id, s);
        }
        emit SleeveAdded(id, address(adapter), token, epochToken);
        _setCaps(id, s, params.cap, params.limit, params.bandBps);
        IUnbondingQueue(_queue).registerSleeve(id, token);
    }

    function retireSleeve(uint256 sleeve) external nonReentrant onlyTimelock {
        Sleeve storage s = _known(sleeve);
        if (s.flags & RETIRED != 0) revert SleeveRetired(sleeve);
        uint256 tickets = IUnbondingQueue(_queue).openTickets(sleeve);
        (uint256 u, uint256 p, uint256 b) = (s.units, s.parts, s.basketParts);
        // A wiped one is dead, whatever dust lies in it: a gift of a wei must not keep it.
        // So must what is given to one without parts: it is locked for ever, and nobody's.
        bool empty = u == 0 || u * WIPED < p;
        if (!empty || s.feeUnits != 0 || p != b || tickets != 0) {
            revert SleeveBusy(sleeve, u + s.locked + s.feeUnits, p - b, tickets);
        }
        if (s.targetBps != 0) revert WeightsNotWhole(BPS - s.targetBps);
        s.units = 0;
        s.locked = 0;
        s.parts = 0;
        s.basketParts = 0;
        s.flags |= RETIRED;
        emit SleeveRemoved(sleeve);
    }

    function setWeights(uint16[] calldata targetBps) external nonReentrant onlyTimelock {
        _setWeights(targetBps);
    }

    function _setWeights(uint16[] memory targetBps) private {
        uint256 n = _count;
        if (targetBps.length != n) revert LengthMismatch(targetBps.length, n);
        uint256 sum;
        // bound(MAX_SLEEVES): no more are ever added
        for (uint256 i; i < n; ++i) {
            Sleeve storage s = _sleeves[i];
            if (targetBps[i] != 0 && s.flags & RETIRED != 0) revert SleeveRetired(i);
            s.targetBps = targetBps[i];
            sum += targetBps[i];
        }
        if (sum != BPS) revert WeightsNotWhole(sum);
        emit WeightsSet(targetBps);
    }

    function setCaps(uint256 sleeve, uint256 cap, uint256 limit, uint16 bandBps) external nonReentrant onlyTimelock {
        _setCaps(sleeve, _known(sleeve), cap, limit, bandBps);
    }

    function _setCaps(uint256 sleeve, Sleeve storage s, uint256 cap, uint256 limit, uint16 bandBps) private {
        if (bandBps > BPS) revert AmountTooLarge(bandBps, BPS);
        s.cap = Compact.pack(_narrow(cap));
        s.limit = Compact.pack(_narrow(limit));
        s.bandBps = bandBps;
        emit CapsSet(sleeve, cap, limit, bandBps);
    }

    function setFees(uint16 entryBps, uint16 instantBps, uint16 managementBps, uint16 performanceBps)
        external
        nonReentrant
        onlyTimelock
    {
        _setFees(entryBps, instantBps, managementBps, performanceBps);
    }

    /// @dev The time before is at the old fee.
    function _setFees(uint16 entryBps, uint16 instantBps, uint16 managementBps, uint16 performanceBps) private {
        if (entryBps < MIN_ENTRY_BPS || entryBps > MAX_ENTRY_BPS) {
            revert FeeOutOfRange(entryBps, MIN_ENTRY_BPS, MAX_ENTRY_BPS);
        }
        if (instantBps > MAX_INSTANT_BPS) revert FeeOutOfRange(instantBps, 0, MAX_INSTANT_BPS);
        if (managementBps > MAX_MANAGEMENT_BPS) revert FeeOutOfRange(managementBps, 0, MAX_MANAGEMENT_BPS);
        if (performanceBps > MAX_PERFORMANCE_BPS) revert FeeOutOfRange(performanceBps, 0, MAX_PERFORMANCE_BPS);
        if (_seeded) _accrue();
        _entryBps = entryBps;
        _instantBps = instantBps;
        _managementBps = managementBps;
        _performanceBps = performanceBps;
        _feePerSecond = uint64(Stream.perSecond(managementBps));
        emit FeesSet(entryBps, instantBps, managementBps, performanceBps);
    }

    function setIdle(uint256 floor, uint256 buffer) external nonReentrant onlyTimelock {
        _setIdle(floor, buffer);
    }

    function _setIdle(uint256 floor, uint256 buffer) private {
        uint256 most = type(uint96).max;
        if (floor > most) revert AmountTooLarge(floor, most);
        if (buffer > most) revert AmountTooLarge(buffer, most);
        _floor = uint96(floor);
        _buffer = uint96(buffer);
        emit ParameterSet("floor", floor);
        emit ParameterSet("buffer", buffer);
    }

    function setShareCap(uint256 shares) external nonReentrant onlyTimelock {
        _setShareCap(shares);
    }

    function _setShareCap(uint256 shares) private {
        _shareCap = _narrow(shares);
        emit ParameterSet("shareCap", shares);
    }

    function setDriftBps(uint16 bps) external nonReentrant onlyTimelock {
        // Of the target: below 1 % it would trade on noise.
        if (bps < 100 || bps > BPS) revert FeeOutOfRange(bps, 100, BPS);
        _driftBps = bps;
        emit ParameterSet("driftBps", bps);
    }

    function setFeed(address feed) external nonReentrant onlyTimelock {
        _feed = IPriceFeed(feed);
        // bound(MAX_SLEEVES): no more are ever added; a feed that cannot price what is here is refused
        for (uint256 i; i < _count; ++i) {
            Sleeve storage s = _sleeves[i];
            if (s.flags & RETIRED == 0) _soundPrice(i, s);
        }
        emit ParameterSet("feed", uint160(feed));
    }

    function setGuardian(address guardian) external nonReentrant onlyTimelock {
        if (guardian == address(0)) revert ZeroAddress();
        _guardian = guardian;
        emit ParameterSet("guardian", uint160(guardian));
    }

    function setFeeRecipient(address recipient) external nonReentrant onlyTimelock {
        if (recipient == address(0)) revert ZeroAddress();
        _feeRecipient = recipient;
        emit ParameterSet("feeRecipient", uint160(recipient));
    }

    // ---------------------------------------------------------------------------------------------------------- pauses

    function pause(Pausable what, uint256 time) external nonReentrant {
        if (msg.sender != _guardian) revert NotGuardian(msg.sender);
        if (time == 0) revert ZeroAmount();
        if (time > MAX_PAUSE) revert PauseTooLong(time, MAX_PAUSE);
        uint256 from = _pauseAllowedFrom[uint256(what)];
        if (block.timestamp < from) revert PauseNotYet(what, from);
        _pauseAllowedFrom[uint256(what)] = uint40(block.timestamp + PAUSE_PERIOD);
        _setPause(what, block.timestamp + time);
    }

    function unpause(Pausable what) external nonReentrant {
        if (msg.sender != _guardian && msg.sender != _timelock) revert NotGuardian(msg.sender);
        _setPause(what, 0);
    }

    function _setPause(Pausable what, uint256 until) private {
        if (what == Pausable.Mint) _mintPausedUntil = uint40(until);
        else if (what == Pausable.Instant) _instantPausedUntil = uint40(until);
        else _auctionPausedUntil = uint40(until);
        emit PausedUntil(what, until);
    }

    // ------------------------------------------------------------------------------------------------------------ legs

    function setLegRecipient(address recipient) external nonReentrant {
        if (recipient == address(0)) revert ZeroAddress();
        _legRecipient[msg.sender] = recipient;
        emit LegRecipientSet(msg.sender, recipient);
    }
}
