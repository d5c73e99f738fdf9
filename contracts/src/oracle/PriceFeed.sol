// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceFeed} from "./IPriceFeed.sol";
import {IPriceGuard} from "./IPriceGuard.sol";
import {IPriceSource} from "./IPriceSource.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What a sleeve's units are worth in the chain's coin, and whether to believe it.
/// @notice IPriceFeed carries the NatSpec. Not upgradeable: another feed is another contract.
/// @dev A quote is an observation that is not kept: both run `_next` over what was kept and what the sources say now.
///
///     sources --read--> Reading --+--> _next --> Memory' --+--> _state --> Sound, Doubtful, Impaired
///     Memory ---------------------+        '--- stored by observe alone
contract PriceFeed is IPriceFeed {
    /// @notice A gap of the peg above this, and lasting GAP_LASTS, is a doubt.
    uint256 public constant DOUBT_GAP_BPS = 150;
    uint256 public constant GAP_LASTS = 15 minutes;
    /// @notice A gap above this is an impairment at once.
    uint256 public constant IMPAIRED_GAP_BPS = 500;
    /// @notice A rate this far below its best is an impairment at once; one this far above what its rounds allow as well.
    uint256 public constant IMPAIRED_FALL_BPS = 50;
    /// @notice Inside DOUBT_GAP_BPS and without a fall for so long, and an impairment is over.
    uint256 public constant RECOVERY = 24 hours;
    /// @notice Observations further apart than this do not add up to a recovery.
    uint256 public constant MAX_SILENCE = 2 hours;
    /// @notice Rounds since the rate's own that are too many: it missed two of them and is in a third.
    uint256 public constant ROUNDS_MISSED = 3;
    uint256 public constant MAX_SPREAD_BPS = 500;
    uint256 public constant MAX_DISAGREE_BPS = 150;
    /// @notice The declared range holds when an asset is listed. Later a price may leave it by this factor, up and down.
    uint256 public constant DRIFT = 10;
    /// @notice Gas for one source or guard. Nothing it does costs more. The dearest is a MinterSource of 32 validators, none of
    /// them active any more.
    uint256 public constant READ_GAS = 2_000_000;
    /// @notice No price is above this.
    uint256 public constant MOST = type(uint128).max;

    uint256 private constant BPS = 10_000;
    uint256 private constant MILLION = 1e6;
    uint256 private constant MILLIONTHS_PER_BP = 100;
    uint256 private constant ONE = 1e18;

    /// @inheritdoc IPriceFeed
    address public constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    /// @inheritdoc IPriceFeed
    address public immutable GOVERNOR;
    /// @inheritdoc IPriceFeed
    bytes32 public immutable COIN;

    /// @dev What the sources say now. All wei of the coin for one whole asset.
    struct Reading {
        uint256 fair; // 0: not readable
        uint256 market; // 0: not readable, or none
        uint256 mean; // of the guard; 0: not readable, or none
        bool complete; // fair, and market where there is one
        bool guarded; // the guard could be read, or there is none
    }

    mapping(address asset => Listing) private _listings;
    mapping(address asset => Memory) private _memories;

    constructor(address governor, bytes32 coin) {
        if (governor == address(0) || coin == 0) revert ZeroAddress();
        GOVERNOR = governor;
        COIN = coin;
    }

    modifier onlyGovernor() {
        if (msg.sender != GOVERNOR) revert NotGovernor(msg.sender);
        _;
    }

    // ------------------------------------------------------------------------------------------------------------- reading

    /// @inheritdoc IPriceFeed
    function quote(address asset) external view returns (uint256 low, uint256 high, State state) {
        if (asset == NATIVE) return (ONE, ONE, State.Sound);
        (low, high, state,,) = _quote(asset);
    }

    /// @inheritdoc IPriceFeed
    function observe(address asset) external returns (State) {
        if (asset == NATIVE) return State.Sound;
        return _observe(asset);
    }

    /// @inheritdoc IPriceFeed
    function listing(address asset) external view returns (Listing memory) {
        return _listings[asset];
    }

    /// @inheritdoc IPriceFeed
    function memoryOf(address asset) external view returns (Memory memory) {
        return _memories[asset];
    }

    /// @inheritdoc IPriceFeed
    function listed(address asset) public view returns (bool) {
        return address(_listings[asset].fair) != address(0);
    }

    // ---------------------------------------------------------------------------------------------------------- governance

    /// @inheritdoc IPriceFeed
    function list(address asset, Listing calldata l) external onlyGovernor {
        _checkDeclared(asset, l);
        _checkSources(l);
        Reading memory r = _checkAnswers(l);
        // What the old listing saw of an impairment is kept.
        if (listed(asset)) _observe(asset);
        Memory memory m = _memories[asset];
        // Rates of two sources do not compare.
        if (_listings[asset].fair != l.fair) (m.seenAt, m.rate, m.bestRate, m.rateRound) = (0, 0, 0, 0);
        _listings[asset] = l;
        m = _next(l, m, r);
        _memories[asset] = m;
        (uint256 low, uint256 high,) = _sides(l, m, r);
        emit Listed(asset, l, low, high);
    }

    /// @inheritdoc IPriceFeed
    function delist(address asset) external onlyGovernor {
        if (!listed(asset)) revert NotListed(asset);
        _observe(asset);
        delete _listings[asset];
        emit Delisted(asset);
    }

    /// @dev What a proposal declares, held against itself and the token.
    function _checkDeclared(address asset, Listing calldata l) private view {
        if (asset == NATIVE) revert CoinHasNoPrice();
        if (asset == address(0) || address(l.fair) == address(0)) revert ZeroAddress();
        if (l.least == 0 || l.most < l.least || l.most > 2 * uint256(l.least) || l.most > MOST / DRIFT) {
            revert BadRange(l.least, l.most);
        }
        uint256 actual = IERC20Metadata(asset).decimals();
        // More than 18 would be divided, and an amount cut twice.
        if (l.decimals != actual || actual > 18) revert WrongDecimals(asset, l.decimals, actual);
        uint256 most = l.isRate ? 0 : MAX_DISAGREE_BPS;
        if (l.disagreeBps > most || (l.disagreeBps == 0 && !l.isRate)) revert DisagreeOutOfRange(l.disagreeBps, most);
    }

    /// @dev What the sources say of themselves.
    function _checkSources(Listing calldata l) private view {
        IPriceSource fair = l.fair;
        if (fair.isRate() != l.isRate || fair.roundBps() != l.roundBps || (l.roundBps != 0 && !l.isRate)) {
            revert WrongKind(address(fair), l.isRate, l.roundBps);
        }
        _checkCoin(address(fair), fair.coin());
        uint256 least = fair.errorBps();
        if (address(l.market) != address(0)) {
            _checkCoin(address(l.market), l.market.coin());
            if (l.market.isRate()) revert WrongKind(address(l.market), false, 0);
            if (_shareOrigin(fair, l.market)) revert NotIndependent(address(fair), address(l.market));
            least = Math.max(least, l.market.errorBps());
        } else if (!l.isRate) {
            // A market price alone never prices.
            revert NotIndependent(address(fair), address(0));
        }
        if (address(l.guard) != address(0)) _checkCoin(address(l.guard), l.guard.coin());
        if (l.spreadBps < least || l.spreadBps > MAX_SPREAD_BPS) {
            revert SpreadOutOfRange(l.spreadBps, least, MAX_SPREAD_BPS);
        }
    }

    /// @dev Whether one contract is behind both. A first origin of 0 is not told, and equals any other that is not.
    function _shareOrigin(IPriceSource a, IPriceSource b) private view returns (bool) {
        (address a1, address a2, address b1, address b2) = (a.origin(), a.origin2(), b.origin(), b.origin2());
        return a1 == b1 || a1 == b2 || a2 == b1 || (a2 != address(0) && a2 == b2);
    }

    function _checkCoin(address source, bytes32 coin) private view {
        if (coin != COIN) revert WrongCoin(source, coin, COIN);
    }

    /// @dev Priced when it is configured: every one of them answers, in the declared range.
    function _checkAnswers(Listing calldata l) private view returns (Reading memory r) {
        r = _read(l);
        _checkAnswer(address(l.fair), r.fair, l);
        if (address(l.market) != address(0)) _checkAnswer(address(l.market), r.market, l);
        if (address(l.guard) != address(0)) _checkAnswer(address(l.guard), r.mean, l);
        if (_disagree(l, r)) revert SourcesDisagree(r.fair, r.market);
    }

    function _checkAnswer(address source, uint256 price, Listing calldata l) private pure {
        if (price == 0) revert SourceUnreadable(source);
        if (price < l.least || price > l.most) revert OutOfRange(source, price, l.least, l.most);
    }

    // --------------------------------------------------------------------------------------------------------------- steps

    function _observe(address asset) private returns (State state) {
        uint256 low;
        uint256 high;
        bool complete;
        Memory memory m;
        (low, high, state, complete, m) = _quote(asset);
        if (complete) _memories[asset] = m;
        emit Observed(asset, state, low, high);
    }

    function _quote(address asset)
        private
        view
        returns (uint256 low, uint256 high, State state, bool complete, Memory memory m)
    {
        Listing memory l = _listings[asset];
        if (address(l.fair) == address(0)) return (0, MOST, State.Doubtful, false, m);
        Reading memory r = _read(l);
        m = _memories[asset];
        if (!r.complete) return (0, MOST, m.impairedAt == 0 ? State.Doubtful : State.Impaired, false, m);
        m = _next(l, m, r);
        bool fits;
        (low, high, fits) = _sides(l, m, r);
        state = _state(l, m, r);
        if (!fits && state == State.Sound) state = State.Doubtful;
        return (low, high, state, true, m);
    }

    /// @dev The memory after an observation now. The reading is complete.
    function _next(Listing memory l, Memory memory m, Reading memory r) private view returns (Memory memory) {
        uint48 time = uint48(block.timestamp);
        bool impaired = l.isRate && _broken(l, m, r);
        bool inside = !l.isRate || r.market == 0 || !_apart(r.fair, r.market, DOUBT_GAP_BPS);
        if (impaired) {
            (m.impairedAt, m.insideSince) = (time, 0);
        } else if (m.impairedAt != 0) {
            if (!inside) m.insideSince = 0;
            // What happened in a long silence is not known.
            else if (m.insideSince == 0 || time - m.seenAt > MAX_SILENCE) m.insideSince = time;
            else if (time - m.insideSince >= RECOVERY) (m.impairedAt, m.insideSince) = (0, 0);
        }
        if (l.isRate) _nextRate(m, r.fair);
        // A guard that cannot be read is not in the band; that it is closed meanwhile is _state's.
        if (inside && r.guarded && (r.mean == 0 || !_apart(r.fair, r.mean, DOUBT_GAP_BPS))) m.inBandAt = time;
        m.seenAt = time;
        return m;
    }

    /// @dev Nobody tells when a rate was updated: at the earliest just after it was last seen otherwise.
    function _nextRate(Memory memory m, uint256 rate) private view {
        if (_fell(m, rate) || rate > m.bestRate) m.bestRate = uint128(rate);
        m.rise = uint16(Math.min(_rise(m, rate), type(uint16).max));
        if (rate == m.rate) return;
        m.rateRound = uint48((m.seenAt == 0 ? block.timestamp : m.seenAt) / 1 days);
        m.rate = uint128(rate);
    }

    function _state(Listing memory l, Memory memory m, Reading memory r) private view returns (State) {
        if (m.impairedAt != 0) return State.Impaired;
        if (!r.guarded || !_inDrift(l, r.fair) || (r.market != 0 && !_inDrift(l, r.market))) return State.Doubtful;
        if (_disagree(l, r)) return State.Doubtful;
        if (l.roundBps != 0 && _rounds(m) >= ROUNDS_MISSED) return State.Doubtful;
        // Out of the band since it was last seen inside, at the latest.
        if (block.timestamp - m.inBandAt >= GAP_LASTS) return State.Doubtful;
        return State.Sound;
    }

    /// @return low below the lowest
    /// @return high above the highest
    /// @return fits whether `high` is a price at all
    function _sides(Listing memory l, Memory memory m, Reading memory r)
        private
        view
        returns (uint256 low, uint256 high, bool fits)
    {
        // What a source says is cut down to a wei.
        high = r.fair + 1;
        if (l.roundBps != 0) high = Math.mulDiv(high, BPS + l.roundBps * _rounds(m), BPS, Math.Rounding.Ceil);
        low = r.fair;
        if (r.market != 0) (low, high) = (Math.min(low, r.market), Math.max(high, r.market + 1));
        uint256 scale = 10 ** (18 - l.decimals);
        low = low * scale * (BPS - l.spreadBps) / BPS;
        high = Math.mulDiv(high * scale, BPS + l.spreadBps, BPS, Math.Rounding.Ceil);
        fits = high <= MOST;
        (low, high) = (Math.min(low, MOST), Math.min(high, MOST));
    }

    // ----------------------------------------------------------------------------------------------------------- arithmetic

    /// @dev Whether `b` is further from `a` than `bps` of `a`.
    function _apart(uint256 a, uint256 b, uint256 bps) private pure returns (bool) {
        return (a > b ? a - b : b - a) * BPS > a * bps;
    }

    /// @dev Two sources of one price: neither is the measure, so the smaller is.
    function _disagree(Listing memory l, Reading memory r) private pure returns (bool) {
        return !l.isRate && _apart(Math.min(r.fair, r.market), Math.max(r.fair, r.market), l.disagreeBps);
    }

    function _fell(Memory memory m, uint256 rate) private pure returns (bool) {
        return rate * BPS < m.bestRate * (BPS - IMPAIRED_FALL_BPS);
    }

    /// @dev What makes a rate an impairment at once.
    function _broken(Listing memory l, Memory memory m, Reading memory r) private view returns (bool) {
        return
            _fell(m, r.fair) || _jumped(l, m, r.fair) || (r.market != 0 && _apart(r.fair, r.market, IMPAIRED_GAP_BPS));
    }

    /// @dev A rate by rounds that rose by more than its rounds allow, and what a fall is allowed besides, is no rate: whoever sets
    /// it would pay himself by it. Steps of a day add up, so that observing in between hides none.
    function _jumped(Listing memory l, Memory memory m, uint256 rate) private view returns (bool) {
        if (l.roundBps == 0 || m.rate == 0 || rate <= m.rate) return false;
        return _rise(m, rate) > (IMPAIRED_FALL_BPS + l.roundBps * _rounds(m)) * MILLIONTHS_PER_BP;
    }

    /// @return millionths by which the rate rose today, step by step and each rounded up
    function _rise(Memory memory m, uint256 rate) private view returns (uint256) {
        uint256 before = m.seenAt / 1 days == block.timestamp / 1 days ? m.rise : 0;
        if (rate <= m.rate || m.rate == 0) return before;
        return before + Math.ceilDiv((rate - m.rate) * MILLION, m.rate);
    }

    function _inDrift(Listing memory l, uint256 price) private pure returns (bool) {
        return price >= l.least / DRIFT && price <= l.most * DRIFT;
    }

    /// @dev Rounds that began since the one in which the rate was updated at the earliest.
    function _rounds(Memory memory m) private view returns (uint256) {
        return block.timestamp / 1 days - m.rateRound;
    }

    // -------------------------------------------------------------------------------------------------------------- sources

    function _read(Listing memory l) private view returns (Reading memory r) {
        r.fair = _price(address(l.fair));
        r.market = _price(address(l.market));
        r.complete = r.fair != 0 && (r.market != 0 || address(l.market) == address(0));
        r.guarded = true;
        if (address(l.guard) == address(0)) return r;
        (uint256 mean, uint256 sound,) = _ask(address(l.guard), IPriceGuard.twap.selector, 64);
        if (sound == 1 && mean <= MOST) r.mean = mean;
        r.guarded = r.mean != 0;
    }

    /// @return price 0 when there is none to believe
    function _price(address source) private view returns (uint256 price) {
        if (source == address(0)) return 0;
        uint256 at;
        uint256 sound;
        (price, at, sound) = _ask(source, IPriceSource.read.selector, 96);
        // A source checks its times itself; a time from the future is refused whoever forgot.
        if (sound != 1 || at > block.timestamp || price > MOST) return 0;
    }

    /// @dev Calls a view with a limit of gas and takes `size` bytes of its answer and no more: whatever is at that address, the
    /// caller goes on. Zeros when it failed or said less.
    function _ask(address who, bytes4 what, uint256 size) private view returns (uint256 a, uint256 b, uint256 c) {
        uint256 gasLimit = READ_GAS;
        // Free memory serves as a buffer and is not taken.
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, what)
            let ok := staticcall(gasLimit, who, at, 4, at, size)
            if and(ok, iszero(lt(returndatasize(), size))) {
                a := mload(at)
                b := mload(add(at, 0x20))
                if eq(size, 96) { c := mload(add(at, 0x40)) }
            }
        }
    }
}
