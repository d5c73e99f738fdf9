// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceSource} from "./IPriceSource.sol";
import {Symbol} from "./lib/Symbol.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Band's standard reference.
interface IStdReference {
    struct ReferenceData {
        uint256 rate; // base in quote, times 1e18
        uint256 lastUpdatedBase;
        uint256 lastUpdatedQuote;
    }

    function getReferenceData(string memory base, string memory quote) external view returns (ReferenceData memory);
}

/// @title A pair of Band's reference: `asset` in `coin`, by their symbols there.
/// @notice Both symbols have their own time, and both must be fresh: the reference divides one by the other.
contract BandSource is IPriceSource {
    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_HEARTBEAT = 2 days;
    uint256 private constant MAX_ERROR_BPS = 500;

    IStdReference public immutable REFERENCE;
    uint256 public immutable HEARTBEAT;
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

    error ZeroAddress();
    error BadHeartbeat(uint256 seconds_, uint256 most);
    error ErrorOutOfRange(uint256 bps, uint256 most);

    constructor(
        address reference_,
        bytes32 asset_,
        bytes32 coin_,
        uint256 heartbeat,
        uint256 deviationBps,
        uint256 driftBps
    ) {
        if (reference_ == address(0)) revert ZeroAddress();
        if (heartbeat == 0 || heartbeat > MAX_HEARTBEAT) revert BadHeartbeat(heartbeat, MAX_HEARTBEAT);
        uint256 d = deviationBps + driftBps;
        if (d > MAX_ERROR_BPS) revert ErrorOutOfRange(d, MAX_ERROR_BPS);
        // Both symbols deviate by themselves, and one is divided by the other: (1 + d) / (1 - d) is 1 + 2 d / (1 - d).
        uint256 bps = Math.ceilDiv(2 * d * BPS, BPS - d);
        if (bps == 0 || bps > MAX_ERROR_BPS) revert ErrorOutOfRange(bps, MAX_ERROR_BPS);
        Symbol.text(asset_);
        Symbol.text(coin_);
        (REFERENCE, HEARTBEAT) = (IStdReference(reference_), heartbeat);
        (asset, coin, errorBps) = (asset_, coin_, bps);
    }

    /// @inheritdoc IPriceSource
    function read() external view returns (uint256 price, uint256 updatedAt, bool sound) {
        IStdReference.ReferenceData memory d = REFERENCE.getReferenceData(Symbol.text(asset), Symbol.text(coin));
        updatedAt = d.lastUpdatedBase < d.lastUpdatedQuote ? d.lastUpdatedBase : d.lastUpdatedQuote;
        sound = d.rate != 0 && _fresh(d.lastUpdatedBase) && _fresh(d.lastUpdatedQuote);
        return (sound ? d.rate : 0, updatedAt, sound);
    }

    /// @inheritdoc IPriceSource
    function origin() external view returns (address) {
        return address(REFERENCE);
    }

    function _fresh(uint256 at) private view returns (bool) {
        return at <= block.timestamp && block.timestamp - at <= HEARTBEAT;
    }
}
