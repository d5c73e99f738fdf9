// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "./ILiquidMinter.sol";
import {ILiquidRewards} from "./ILiquidRewards.sol";
import {ILiquidToken} from "./ILiquidToken.sol";

/// @title Holds reward coins, takes the protocol's cut, feeds the token's stream, pays holders.
/// @notice Not upgradeable, without an owner. Coins come in by `load` alone; what is forced in by other means belongs to
/// nobody and stays. Every payment books first and calls last; a receiver that refuses keeps its claim.
contract LiquidRewards is ILiquidRewards {
    uint256 private constant BPS = 10_000;
    /// @notice The most that the protocol may take of a load, basis points.
    uint256 public constant REWARD_FEE_CEILING = 2_000;

    address public immutable MINTER;
    ILiquidToken public immutable TOKEN;

    /// @inheritdoc ILiquidRewards
    uint256 public rewardFeeBps;
    /// @inheritdoc ILiquidRewards
    uint256 public holdersOwed;
    /// @inheritdoc ILiquidRewards
    uint256 public protocolFees;

    modifier onlyMinter() {
        if (msg.sender != MINTER) revert NotMinter(msg.sender);
        _;
    }

    constructor(address minter, address token, uint256 feeBps) {
        MINTER = minter;
        TOKEN = ILiquidToken(token);
        _setRewardFee(feeBps);
    }

    /// @inheritdoc ILiquidRewards
    function load() external payable {
        if (msg.value == 0) revert ZeroAmount();
        uint256 fee = msg.value * rewardFeeBps / BPS;
        protocolFees += fee;
        holdersOwed += msg.value - fee;
        emit RewardsLoaded(msg.sender, msg.value, fee);
        TOKEN.stream(msg.value - fee);
    }

    /// @inheritdoc ILiquidRewards
    function claim(address recipient) external returns (uint256 amount) {
        return _payRewards(msg.sender, recipient);
    }

    /// @inheritdoc ILiquidRewards
    function claimFor(address account) external onlyMinter returns (uint256 amount) {
        return _payRewards(account, account);
    }

    /// @inheritdoc ILiquidRewards
    function payProtocolFees() external returns (uint256 amount) {
        amount = protocolFees;
        if (amount == 0) return 0;
        protocolFees = 0;
        address recipient = ILiquidMinter(payable(MINTER)).feeRecipient();
        emit ProtocolFeesPaid(recipient, amount);
        _send(recipient, amount);
    }

    /// @inheritdoc ILiquidRewards
    function setRewardFee(uint256 bps) external onlyMinter {
        _setRewardFee(bps);
    }

    function _setRewardFee(uint256 bps) private {
        if (bps > REWARD_FEE_CEILING) revert FeeAboveCeiling(bps, REWARD_FEE_CEILING);
        rewardFeeBps = bps;
        emit RewardFeeSet(bps);
    }

    function _payRewards(address account, address recipient) private returns (uint256 amount) {
        amount = TOKEN.collect(account);
        if (amount == 0) return 0;
        holdersOwed -= amount;
        emit RewardsPaid(account, recipient, amount);
        _send(recipient, amount);
    }

    function _send(address recipient, uint256 amount) private {
        // Coins sent to nobody would be lost.
        if (recipient == address(0)) revert TransferFailed(recipient, amount);
        (bool ok,) = recipient.call{value: amount}("");
        if (!ok) revert TransferFailed(recipient, amount);
    }
}
