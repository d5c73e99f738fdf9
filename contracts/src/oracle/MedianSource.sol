// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IMedianSource} from "./IMedianSource.sol";
import {IPriceSource} from "./IPriceSource.sol";
import {Symbol} from "./lib/Symbol.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title The median of what several reporters signed.
/// @notice IMedianSource carries the NatSpec. More than half of the reporters must sign, so a median lies between the prices
/// of two honest ones as long as less than a quarter of them lie.
contract MedianSource is IMedianSource, EIP712 {
    uint256 private constant MAX_REPORTERS = 16;
    uint256 private constant MAX_HEARTBEAT = 2 days;
    uint256 private constant MAX_ERROR_BPS = 500;

    /// @inheritdoc IMedianSource
    bytes32 public constant REPORT_TYPEHASH =
        keccak256("Report(bytes32 asset,bytes32 coin,uint256 price,uint256 timestamp)");
    /// @inheritdoc IMedianSource
    uint256 public immutable QUORUM;
    /// @inheritdoc IMedianSource
    uint256 public immutable HEARTBEAT;
    /// @inheritdoc IMedianSource
    uint256 public immutable MAX_AGE;
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

    uint128 private _price; // wei of the coin for one whole asset; below 2^128 by submit's check
    uint48 private _updatedAt; // unix seconds

    address[] private _reporters;
    /// @inheritdoc IMedianSource
    mapping(address account => bool) public isReporter;
    /// @inheritdoc IMedianSource
    mapping(address reporter => uint256) public lastReport;

    constructor(
        bytes32 asset_,
        bytes32 coin_,
        address[] memory reporters_,
        uint256 quorum,
        uint256 heartbeat,
        uint256 maxAge,
        uint256 error_
    ) EIP712("Omnibus price", "1") {
        uint256 n = reporters_.length;
        if (n == 0) revert NoReporters();
        if (n > MAX_REPORTERS) revert TooManyReporters(n, MAX_REPORTERS);
        if (quorum <= n / 2 || quorum > n) revert BadQuorum(quorum, n / 2 + 1, n);
        if (heartbeat == 0 || heartbeat > MAX_HEARTBEAT) revert BadHeartbeat(heartbeat, MAX_HEARTBEAT);
        if (maxAge == 0 || maxAge > heartbeat) revert BadAge(maxAge, heartbeat);
        if (error_ == 0 || error_ > MAX_ERROR_BPS) revert ErrorOutOfRange(error_, MAX_ERROR_BPS);
        Symbol.text(asset_);
        Symbol.text(coin_);
        address before;
        // bound(MAX_REPORTERS): checked above
        for (uint256 i; i < n; ++i) {
            if (reporters_[i] <= before) revert ReportersNotAscending(before, reporters_[i]);
            before = reporters_[i];
            isReporter[before] = true;
        }
        _reporters = reporters_;
        (QUORUM, HEARTBEAT, MAX_AGE) = (quorum, heartbeat, maxAge);
        (asset, coin, errorBps) = (asset_, coin_, error_);
    }

    /// @inheritdoc IMedianSource
    function submit(Report[] calldata reports) external returns (uint256 price) {
        uint256 n = reports.length;
        if (n < QUORUM) revert QuorumMissing(n, QUORUM);
        // In ascending order and all of them reporters, there are no more than MAX_REPORTERS.
        uint256[] memory prices = new uint256[](n);
        uint256 oldest = type(uint256).max;
        address before;
        // bound(MAX_REPORTERS): a further one is no reporter, or not ascending
        for (uint256 i; i < n; ++i) {
            Report calldata r = reports[i];
            if (r.reporter <= before) revert ReportersNotAscending(before, r.reporter);
            before = r.reporter;
            _count(r);
            if (r.timestamp < oldest) oldest = r.timestamp;
            _insert(prices, i, r.price);
        }
        // Reporters who were not counted lately have old reports that are new to them.
        if (oldest <= _updatedAt) revert MedianNotNewer(oldest, _updatedAt);
        price = (prices[(n - 1) / 2] + prices[n / 2]) / 2;
        (_price, _updatedAt) = (uint128(price), uint48(oldest));
        emit Submitted(msg.sender, price, oldest, n);
    }

    /// @inheritdoc IPriceSource
    function read() external view returns (uint256 price, uint256 updatedAt, bool sound) {
        (price, updatedAt) = (_price, _updatedAt);
        sound = price != 0 && block.timestamp - updatedAt <= HEARTBEAT;
        if (!sound) price = 0;
    }

    /// @inheritdoc IMedianSource
    function digest(uint256 price, uint256 timestamp) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REPORT_TYPEHASH, asset, coin, price, timestamp)));
    }

    /// @inheritdoc IMedianSource
    function reporters() external view returns (address[] memory) {
        return _reporters;
    }

    /// @inheritdoc IPriceSource
    function origin() external view returns (address) {
        return address(this);
    }

    function _count(Report calldata r) private {
        if (!isReporter[r.reporter]) revert NotReporter(r.reporter);
        if (r.price == 0 || r.price > type(uint128).max) revert BadPrice(r.reporter, r.price);
        if (r.timestamp > block.timestamp) revert FromTheFuture(r.reporter, r.timestamp, block.timestamp);
        uint256 least = block.timestamp - MAX_AGE;
        if (r.timestamp < least) revert TooOld(r.reporter, r.timestamp, least);
        uint256 last = lastReport[r.reporter];
        if (r.timestamp <= last) revert NotNewer(r.reporter, r.timestamp, last);
        lastReport[r.reporter] = r.timestamp;
        if (!SignatureChecker.isValidSignatureNow(r.reporter, digest(r.price, r.timestamp), r.signature)) {
            revert WrongSignature(r.reporter);
        }
    }

    /// @dev Keeps the first `count + 1` prices in order.
    function _insert(uint256[] memory prices, uint256 count, uint256 price) private pure {
        uint256 i = count;
        // bound(MAX_REPORTERS): the prices before it
        for (; i != 0 && prices[i - 1] > price; --i) {
            prices[i] = prices[i - 1];
        }
        prices[i] = price;
    }
}
