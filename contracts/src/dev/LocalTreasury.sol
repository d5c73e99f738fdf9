// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeTreasury} from "../staking/IPlumeStaking.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title LocalTreasury: a stand-in for the treasury of the Plume staking diamond, for local chains only
/// @notice Holds reward coins and tokens. To make it short, fund it with less; to replace it, `LocalStaking.setTreasury`.
contract LocalTreasury is IPlumeTreasury {
    using SafeERC20 for IERC20;

    error OnlyStaking(address caller);

    /// @notice Stands for the native coin in reward calls.
    address public constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    /// @notice The staking system, the only caller that is paid for.
    address public immutable staking;

    constructor(address staking_) {
        staking = staking_;
    }

    receive() external payable {
        emit PlumeReceived(msg.sender, msg.value);
    }

    /// @inheritdoc IPlumeTreasury
    function distributeReward(address token, uint256 amount, address recipient) external {
        if (msg.sender != staking) revert OnlyStaking(msg.sender);
        if (token == NATIVE) {
            uint256 available = address(this).balance;
            if (available < amount) revert InsufficientPlumeBalance(amount, available);
            (bool ok,) = recipient.call{value: amount}("");
            if (!ok) revert PlumeTransferFailed(recipient, amount);
        } else {
            uint256 available = IERC20(token).balanceOf(address(this));
            if (available < amount) revert InsufficientTokenBalance(token, amount, available);
            IERC20(token).safeTransfer(recipient, amount);
        }
        emit RewardDistributed(token, amount, recipient);
    }
}
