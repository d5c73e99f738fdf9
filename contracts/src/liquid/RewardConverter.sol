// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "./ILiquidMinter.sol";
import {IRewardConverter} from "./IRewardConverter.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Sells reward tokens by a falling price; the coins become rewards.
/// @notice IRewardConverter carries the NatSpec.
/// @dev
///      price
///        start |\
///              | \__            a sale of the whole limit doubles the price, a smaller one raises it by its part:
///              |    \___        dust cannot keep the price up
///        floor |        \_______________________
///              +----+----+----+----> hours
contract RewardConverter is IRewardConverter, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant UNIT = 1e18;
    uint256 private constant HALVING = 1 hours;
    /// @notice How far above its floor the sale of a lot starts.
    uint256 public constant START_MULTIPLE = 16;
    uint256 private constant MOST = type(uint128).max;

    /// @inheritdoc IRewardConverter
    address public immutable MINTER;

    mapping(address token => Conversion) private _conversions;

    constructor(address minter) {
        if (minter == address(0)) revert NotMinter(minter);
        MINTER = minter;
    }

    /// @inheritdoc IRewardConverter
    function configure(address token, uint256 floor, uint256 perSale, uint256 perDay) external {
        if (msg.sender != MINTER) revert NotMinter(msg.sender);
        if (floor == 0 || floor > MOST) revert BadFloor(floor);
        Conversion storage c = _conversions[token];
        if (c.floor == 0) {
            c.start = floor * START_MULTIPLE;
            c.startedAt = block.timestamp;
        }
        c.floor = floor;
        c.perSale = Math.min(perSale, MOST);
        c.perDay = Math.min(perDay, MOST);
        emit Configured(token, floor, perSale, perDay);
    }

    /// @inheritdoc IRewardConverter
    function restart(address token) external {
        if (msg.sender != MINTER) revert NotMinter(msg.sender);
        Conversion storage c = _conversions[token];
        if (c.floor == 0 || price(token) != c.floor) return;
        c.start = c.floor * START_MULTIPLE;
        c.startedAt = block.timestamp;
        emit Restarted(token, c.start);
    }

    /// @inheritdoc IRewardConverter
    function buy(address token, uint256 amount, uint256 maxPrice)
        external
        payable
        nonReentrant
        returns (uint256 coins)
    {
        if (amount == 0) revert ZeroAmount();
        Conversion storage c = _conversions[token];
        uint256 most = _room(c);
        if (amount > most) revert AboveLimit(amount, most);
        uint256 now_ = price(token);
        if (now_ > maxPrice) revert PriceAboveMaximum(now_, maxPrice);
        coins = Math.mulDiv(amount, now_, UNIT, Math.Rounding.Ceil);
        if (msg.value < coins) revert PaymentTooSmall(msg.value, coins);
        if (c.day != block.timestamp / 1 days) (c.day, c.soldToday) = (block.timestamp / 1 days, 0);
        c.soldToday += amount;
        c.start = Math.min(now_ + Math.mulDiv(now_, amount, c.perSale), MOST * START_MULTIPLE);
        c.startedAt = block.timestamp;
        emit Sold(token, msg.sender, amount, coins, now_);
        ILiquidMinter(payable(MINTER)).loadRewards{value: coins}();
        IERC20(token).safeTransfer(msg.sender, amount);
        uint256 back = msg.value - coins;
        if (back == 0) return coins;
        (bool ok,) = msg.sender.call{value: back}("");
        if (!ok) revert TransferFailed(msg.sender, back);
    }

    /// @inheritdoc IRewardConverter
    function price(address token) public view returns (uint256) {
        Conversion storage c = _conversions[token];
        if (c.floor == 0) revert NotForSale(token);
        uint256 age = block.timestamp - c.startedAt;
        uint256 halvings = age / HALVING;
        if (halvings > 255) return c.floor;
        uint256 high = c.start >> halvings;
        // Straight between one hour and the next; no lot is drawn here.
        // slither-disable-next-line weak-prng
        return Math.max(c.floor, high - high * (age % HALVING) / (2 * HALVING));
    }

    /// @inheritdoc IRewardConverter
    function forSale(address token) external view returns (uint256) {
        return Math.min(_room(_conversions[token]), IERC20(token).balanceOf(address(this)));
    }

    /// @inheritdoc IRewardConverter
    function conversion(address token) external view returns (Conversion memory) {
        return _conversions[token];
    }

    function _room(Conversion storage c) private view returns (uint256) {
        if (c.floor == 0) return 0;
        uint256 sold = c.day == block.timestamp / 1 days ? c.soldToday : 0;
        return Math.min(c.perSale, c.perDay > sold ? c.perDay - sold : 0);
    }
}
