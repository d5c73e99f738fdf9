// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";

/// A feed that says what a test says.
contract TestFeed {
    struct Said {
        uint128 low;
        uint128 high;
        IPriceFeed.State state;
    }

    mapping(address asset => Said) private _said;

    function say(address asset, uint256 low, uint256 high, IPriceFeed.State state) external {
        _said[asset] = Said(uint128(low), uint128(high), state);
    }

    function quote(address asset) external view returns (uint256 low, uint256 high, IPriceFeed.State state) {
        Said memory s = _said[asset];
        if (s.high == 0) return (0, type(uint128).max, IPriceFeed.State.Doubtful);
        return (s.low, s.high, s.state);
    }
}
