// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AggregatorSource, IAggregator} from "../../src/oracle/AggregatorSource.sol";
import {IStdReference} from "../../src/oracle/BandSource.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {IPriceGuard} from "../../src/oracle/IPriceGuard.sol";
import {IPriceSource} from "../../src/oracle/IPriceSource.sol";
import {Fixture} from "../Fixture.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A token with as many decimals as it is told.
contract Token is ERC20("Token", "T") {
    uint8 private immutable _DECIMALS;

    constructor(uint8 decimals_) {
        _DECIMALS = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _DECIMALS;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Core's Earn as far as the rate goes.
contract Earn {
    uint256 public getCurrentExchangeRate = 1_100_000;

    function set(uint256 rate) external {
        getCurrentExchangeRate = rate;
    }
}

contract Aggregator is IAggregator {
    uint8 public decimals;
    string public description;
    uint80 private _roundId = 7;
    uint80 private _answeredIn = 7;
    int256 private _answer;
    uint256 private _updatedAt;

    constructor(string memory description_, uint8 decimals_, int256 answer) {
        (description, decimals, _answer, _updatedAt) = (description_, decimals_, answer, block.timestamp);
    }

    function set(int256 answer) external {
        (_answer, _updatedAt) = (answer, block.timestamp);
    }

    function setAt(uint256 updatedAt) external {
        _updatedAt = updatedAt;
    }

    function setRounds(uint80 roundId, uint80 answeredIn) external {
        (_roundId, _answeredIn) = (roundId, answeredIn);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (_roundId, _answer, _updatedAt, _updatedAt, _answeredIn);
    }
}

/// Band's reference: prices in dollars by symbol, divided when asked, as Band does.
contract Band is IStdReference {
    mapping(string symbol => uint256) public usd;
    mapping(string symbol => uint256) public at;

    function set(string memory symbol, uint256 price) external {
        setAt(symbol, price, block.timestamp);
    }

    function setAt(string memory symbol, uint256 price, uint256 time) public {
        (usd[symbol], at[symbol]) = (price, time);
    }

    function getReferenceData(string memory base, string memory quote) external view returns (ReferenceData memory) {
        require(usd[quote] != 0, "REF_DATA_NOT_AVAILABLE");
        return ReferenceData(usd[base] * 1e18 / usd[quote], at[base], at[quote]);
    }
}

/// A source that says what it is told, about itself too.
contract Told is IPriceSource {
    uint256 public price;
    uint256 public time;
    bool public isSound = true;
    uint256 public errorBps = 10;
    bytes32 public asset = "X";
    bytes32 public coin = "CORE";
    address public origin = address(this);
    address public origin2;
    bool public isRate;
    uint256 public roundBps;

    constructor(uint256 price_, bool isRate_, uint256 roundBps_) {
        (price, time, isRate, roundBps) = (price_, block.timestamp, isRate_, roundBps_);
    }

    function say(uint256 price_) external {
        (price, time, isSound) = (price_, block.timestamp, true);
    }

    function say(uint256 price_, uint256 time_, bool sound_) external {
        (price, time, isSound) = (price_, time_, sound_);
    }

    function setCoin(bytes32 coin_) external {
        coin = coin_;
    }

    function setOrigin(address origin_) external {
        origin = origin_;
    }

    function setOrigin2(address origin_) external {
        origin2 = origin_;
    }

    function setError(uint256 bps) external {
        errorBps = bps;
    }

    function read() external view virtual returns (uint256, uint256, bool) {
        return (price, time, isSound);
    }
}

/// A guard that says what it is told.
contract ToldGuard is IPriceGuard {
    bytes32 public coin = "CORE";
    uint256 public mean;
    bool public isSound = true;

    constructor(uint256 mean_) {
        mean = mean_;
    }

    function say(uint256 mean_, bool sound_) external {
        (mean, isSound) = (mean_, sound_);
    }

    function setCoin(bytes32 coin_) external {
        coin = coin_;
    }

    function twap() external view returns (uint256, bool) {
        return (mean, isSound);
    }
}

/// A feed in CORE whose governor is this account; a token like stCORE with Earn's rate of 1.1, one like coreBTC.
abstract contract OracleFixture is Fixture {
    IPriceFeed internal feed;
    Earn internal earn;
    Token internal st;
    Token internal btc;
    IPriceSource internal rate;

    IPriceFeed.State internal constant SOUND = IPriceFeed.State.Sound;
    IPriceFeed.State internal constant DOUBTFUL = IPriceFeed.State.Doubtful;
    IPriceFeed.State internal constant IMPAIRED = IPriceFeed.State.Impaired;
    uint256 internal constant MOST = 2 ** 128 - 1;
    /// Noon of a day.
    uint256 internal constant NOON = 19_700 * 1 days + 12 hours;

    function setUp() public virtual {
        vm.warp(NOON);
        feed = IPriceFeed(create("PriceFeed", abi.encode(this, bytes32("CORE"))));
        earn = new Earn();
        rate = IPriceSource(create("EarnSource", abi.encode(earn)));
        st = new Token(18);
        btc = new Token(8);
    }

    /// stCORE: its rate and nothing else, 10 bps to either side.
    function rated() internal view returns (IPriceFeed.Listing memory l) {
        l.fair = rate;
        (l.isRate, l.roundBps, l.decimals, l.spreadBps) = (true, 5, 18, 10);
        (l.least, l.most) = (1e18, 1.5e18);
    }

    function listRated() internal {
        feed.list(address(st), rated());
    }

    /// BTC: two sources, around 200,000 coins, 60 bps to either side, at most 100 bps apart.
    function twice(IPriceSource first, IPriceSource second) internal pure returns (IPriceFeed.Listing memory l) {
        (l.fair, l.market) = (first, second);
        (l.decimals, l.spreadBps, l.disagreeBps) = (8, 60, 100);
        (l.least, l.most) = (1.5e23, 3e23);
    }

    function assertQuote(address asset, uint256 low, uint256 high, IPriceFeed.State state) internal view {
        (uint256 l, uint256 h, IPriceFeed.State s) = feed.quote(asset);
        assertEq(l, low, "low");
        assertEq(h, high, "high");
        assertState(s, state);
    }

    function assertState(address asset, IPriceFeed.State state) internal view {
        (,, IPriceFeed.State s) = feed.quote(asset);
        assertState(s, state);
    }

    function assertState(IPriceFeed.State a, IPriceFeed.State b) internal pure {
        assertEq(uint256(a), uint256(b), "state");
    }

    function nothingKnown(address asset, IPriceFeed.State state) internal view {
        assertQuote(asset, 0, MOST, state);
    }

    function pass(uint256 time) internal virtual {
        vm.warp(now_() + time);
    }

    /// The feed refuses a listing for this reason, and the asset stays as it was.
    function refusesToList(address asset, IPriceFeed.Listing memory l, bytes memory reason) internal {
        bytes32 before = keccak256(abi.encode(feed.listing(asset), feed.memoryOf(asset)));
        vm.expectRevert(reason);
        feed.list(asset, l);
        assertEq(keccak256(abi.encode(feed.listing(asset), feed.memoryOf(asset))), before);
    }
}
