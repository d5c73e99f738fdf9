// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceSource} from "./IPriceSource.sol";
import {Symbol} from "./lib/Symbol.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice The interface that Chainlink made common.
interface IAggregator {
    function decimals() external view returns (uint8);
    function description() external view returns (string memory);
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

/// @title One aggregator: a price of `asset` in `coin`, as its description says.
/// @notice Not sound: zero, negative, stale by the heartbeat, from the future, carried over from an earlier round, or at an end
/// of the range at which the aggregator stops counting: there the true price may be anywhere beyond.
contract AggregatorSource is IPriceSource {
    /// @notice What is declared, and held against the aggregator where it can be.
    struct Declared {
        IAggregator aggregator;
        bytes32 asset;
        bytes32 coin;
        uint8 decimals;
        uint32 heartbeat; // seconds; an answer may be as old and not older
        uint16 deviationBps; // the aggregator updates when the price moved by it
        uint16 driftBps; // what the price moves in a heartbeat beyond that, when an update fails
        int192 least; // answers at or below are clamped
        int192 most; // answers at or above are clamped
    }

    uint256 private constant MAX_HEARTBEAT = 2 days;
    uint256 private constant MAX_ERROR_BPS = 500;

    IAggregator public immutable AGGREGATOR;
    uint256 public immutable HEARTBEAT;
    int256 public immutable LEAST;
    int256 public immutable MOST;
    uint256 private immutable _SCALE;
    /// @inheritdoc IPriceSource
    bytes32 public immutable asset;
    /// @inheritdoc IPriceSource
    bytes32 public immutable coin;
    /// @inheritdoc IPriceSource
    uint256 public immutable errorBps;
    /// @inheritdoc IPriceSource
    bool public constant isRate = false;
    /// @inheritdoc IPriceSource
    uint256 public constant roundBps = 0;
    /// @inheritdoc IPriceSource
    address public constant origin2 = address(0);

    error WrongDescription(address aggregator, string actual, string expected);
    error WrongDecimals(address aggregator, uint256 declared, uint256 actual);
    error BadClamp(int256 least, int256 most);
    error BadHeartbeat(uint256 seconds_, uint256 most);
    error ErrorOutOfRange(uint256 bps, uint256 most);

    constructor(Declared memory d) {
        address at = address(d.aggregator);
        string memory expected = string.concat(Symbol.text(d.asset), " / ", Symbol.text(d.coin));
        string memory actual = d.aggregator.description();
        // A rate in dollars taken for one in coins would pass every other check on the day they are equal.
        if (keccak256(bytes(actual)) != keccak256(bytes(expected))) revert WrongDescription(at, actual, expected);
        uint256 decimals = d.aggregator.decimals();
        if (decimals != d.decimals || decimals > 18) revert WrongDecimals(at, d.decimals, decimals);
        if (d.least < 0 || d.most <= d.least) revert BadClamp(d.least, d.most);
        if (d.heartbeat == 0 || d.heartbeat > MAX_HEARTBEAT) revert BadHeartbeat(d.heartbeat, MAX_HEARTBEAT);
        uint256 bps = uint256(d.deviationBps) + d.driftBps;
        if (bps == 0 || bps > MAX_ERROR_BPS) revert ErrorOutOfRange(bps, MAX_ERROR_BPS);
        (AGGREGATOR, asset, coin, errorBps) = (d.aggregator, d.asset, d.coin, bps);
        (HEARTBEAT, LEAST, MOST) = (d.heartbeat, d.least, d.most);
        _SCALE = 10 ** (18 - decimals);
    }

    /// @inheritdoc IPriceSource
    function read() external view returns (uint256 price, uint256 updatedAt, bool sound) {
        (uint80 roundId, int256 answer,, uint256 at, uint80 answeredIn) = AGGREGATOR.latestRoundData();
        sound = answer > LEAST && answer < MOST && at != 0 && at <= block.timestamp && block.timestamp - at <= HEARTBEAT
            && answeredIn >= roundId;
        // LEAST is not negative, so a sound answer is above zero; MOST has 192 bits.
        if (sound) price = SafeCast.toUint256(answer) * _SCALE;
        return (price, at, sound);
    }

    /// @inheritdoc IPriceSource
    function origin() external view returns (address) {
        return address(AGGREGATOR);
    }
}
