// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAggregator} from "../oracle/AggregatorSource.sol";
import {IStdReference} from "../oracle/BandSource.sol";

/// @title LocalAggregator: a stand-in for an aggregator of prices, for local chains and testnets only
/// @notice Its one price is what `admin` says, as of this second; frozen, as of when it was frozen: so it can grow stale.
contract LocalAggregator is IAggregator {
    address public immutable admin;
    /// @inheritdoc IAggregator
    uint8 public constant decimals = 8;
    /// @inheritdoc IAggregator
    string public description;

    int256 private _answer;
    uint80 private _round;
    uint256 private _frozenAt;

    error NotAdmin(address caller);

    modifier onlyAdmin() {
        if (msg.sender != admin) revert NotAdmin(msg.sender);
        _;
    }

    /// @param description_ "BTC / CORE"
    /// @param answer with 8 decimals
    constructor(address admin_, string memory description_, int256 answer) {
        (admin, description, _answer, _round) = (admin_, description_, answer, 1);
    }

    /// @param answer with 8 decimals
    function set(int256 answer) external onlyAdmin {
        _answer = answer;
        ++_round;
    }

    function freeze(bool frozen) external onlyAdmin {
        _frozenAt = frozen ? block.timestamp : 0;
    }

    /// @inheritdoc IAggregator
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 at = _frozenAt == 0 ? block.timestamp : _frozenAt;
        return (_round, _answer, at, at, _round);
    }
}

/// @title LocalReference: a stand-in for Band's standard reference, for local chains and testnets only
/// @notice As LocalAggregator, for any pair.
contract LocalReference is IStdReference {
    address public immutable admin;

    mapping(bytes32 pair => uint256) private _rates;
    uint256 private _frozenAt;

    error NotAdmin(address caller);
    error UnknownPair(string base, string quote);

    modifier onlyAdmin() {
        if (msg.sender != admin) revert NotAdmin(msg.sender);
        _;
    }

    constructor(address admin_) {
        admin = admin_;
    }

    /// @param rate wei of `quote` for one whole `base`
    function set(string calldata base, string calldata quote, uint256 rate) external onlyAdmin {
        _rates[_pair(base, quote)] = rate;
    }

    function freeze(bool frozen) external onlyAdmin {
        _frozenAt = frozen ? block.timestamp : 0;
    }

    /// @inheritdoc IStdReference
    function getReferenceData(string memory base, string memory quote) external view returns (ReferenceData memory) {
        uint256 rate = _rates[_pair(base, quote)];
        // As the real one: a pair that it does not know is refused.
        if (rate == 0) revert UnknownPair(base, quote);
        uint256 at = _frozenAt == 0 ? block.timestamp : _frozenAt;
        return ReferenceData(rate, at, at);
    }

    function _pair(string memory base, string memory quote) private pure returns (bytes32) {
        return keccak256(abi.encode(base, quote));
    }
}
