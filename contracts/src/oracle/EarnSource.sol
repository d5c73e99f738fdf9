// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceSource} from "./IPriceSource.sol";

/// @notice What is asked of Core's Earn.
interface IEarnRate {
    /// @return coins for 1e6 stCORE, in the same unit
    function getCurrentExchangeRate() external view returns (uint256);
}

/// @title stCORE's own rate: what its system books a token at, and redeems it at.
/// @notice `getRedeemAmount` beside it has its two labels swapped and is not used. When the rate was updated nobody says: the
/// feed counts the rounds in which it did not change.
contract EarnSource is IPriceSource {
    /// @dev Earn's base is 1e6.
    uint256 private constant SCALE = 1e12;

    IEarnRate public immutable EARN;
    /// @inheritdoc IPriceSource
    bytes32 public constant asset = "stCORE";
    /// @inheritdoc IPriceSource
    bytes32 public constant coin = "CORE";
    /// @inheritdoc IPriceSource
    bool public constant isRate = true;
    /// @inheritdoc IPriceSource
    /// @dev A tenth of a percent a day would be 44 % a year; half of that is more than staking pays.
    uint256 public constant roundBps = 5;
    /// @inheritdoc IPriceSource
    /// @dev What Earn cuts off behind the sixth digit is a hundredth of it.
    uint256 public constant errorBps = 1;
    /// @inheritdoc IPriceSource
    address public constant origin2 = address(0);

    error ZeroAddress();

    constructor(address earn) {
        if (earn == address(0)) revert ZeroAddress();
        EARN = IEarnRate(earn);
    }

    /// @inheritdoc IPriceSource
    function read() external view returns (uint256 price, uint256 updatedAt, bool sound) {
        uint256 rate = EARN.getCurrentExchangeRate();
        return (rate * SCALE, block.timestamp, rate != 0);
    }

    /// @inheritdoc IPriceSource
    function origin() external view returns (address) {
        return address(EARN);
    }
}
