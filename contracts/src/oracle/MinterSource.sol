// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../liquid/ILiquidMinter.sol";
import {PlumeAdapter} from "../staking/PlumeAdapter.sol";
import {IPriceSource} from "./IPriceSource.sol";
import {Symbol} from "./lib/Symbol.sol";

/// @title The liquid token's own rate: what its minter redeems one at.
/// @notice Not sound while a slash is known to the staking system and not yet booked, while a vote to slash was open when the
/// minter last looked (`syncValidators`, anyone), and when it did not look for long: until the loss is booked the rate is that
/// of before, and whoever knows better would be paid by it.
/// @dev About 15k gas for each active validator of the minter and 55k for one that was slashed: the feed's READ_GAS is enough
/// for all that it registers.
contract MinterSource is IPriceSource {
    /// @dev The minter's rate has 27 digits, a price 18.
    uint256 private constant SCALE = 1e9;

    ILiquidMinter public immutable MINTER;
    /// @inheritdoc IPriceSource
    bytes32 public immutable asset;
    /// @inheritdoc IPriceSource
    bytes32 public immutable coin;
    /// @inheritdoc IPriceSource
    bool public constant isRate = true;
    /// @inheritdoc IPriceSource
    /// @dev It stands at one until a slash: rewards are paid beside it.
    uint256 public constant roundBps = 0;
    /// @inheritdoc IPriceSource
    uint256 public constant errorBps = 0;
    /// @inheritdoc IPriceSource
    address public constant origin2 = address(0);

    error ZeroAddress();

    constructor(address minter, bytes32 asset_, bytes32 coin_) {
        if (minter == address(0)) revert ZeroAddress();
        Symbol.text(asset_);
        Symbol.text(coin_);
        (MINTER, asset, coin) = (ILiquidMinter(payable(minter)), asset_, coin_);
    }

    /// @inheritdoc IPriceSource
    function read() external view returns (uint256 price, uint256 updatedAt, bool sound) {
        price = MINTER.rate() / SCALE;
        return (price, block.timestamp, price != 0 && _quiet());
    }

    /// @inheritdoc IPriceSource
    function origin() external view returns (address) {
        return address(MINTER);
    }

    /// @dev Whether no slash is ahead of the rate: by the minter's flags, not older than it lets them be, and by the validators'
    /// own of this block.
    function _quiet() private view returns (bool) {
        (,,, uint256 syncedAt, uint256 slashPending, bool voteOpen) = MINTER.flags();
        (,,,,,, uint256 maxSyncAge,) = MINTER.keeperParams();
        if (voteOpen || slashPending != 0 || block.timestamp > syncedAt + maxSyncAge) return false;
        address reader = MINTER.stakingReader();
        uint16[] memory ids = MINTER.validators();
        // bound(MAX_VALIDATORS): the minter registers no more
        for (uint256 i; i < ids.length; ++i) {
            if (PlumeAdapter.isSlashed(reader, ids[i]) && !MINTER.validatorState(ids[i]).booked) return false;
        }
        return true;
    }
}
