// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking} from "../staking/IPlumeStaking.sol";
import {ILiquidMinter} from "./ILiquidMinter.sol";
import {IStakerBucket} from "./IStakerBucket.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title The account behind every bucket.
/// @notice No owner, no storage, no upgrade: whoever is not the controller can only send it coins, which the controller
/// gets with the next forwarding (and does not count as its own stake).
contract StakerBucket is IStakerBucket {
    using SafeERC20 for IERC20;

    /// @notice Stands for the native coin in reward calls.
    address public constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    /// @inheritdoc IStakerBucket
    address public immutable CONTROLLER;
    IPlumeStaking public immutable STAKING;

    modifier onlyController() {
        if (msg.sender != CONTROLLER) revert NotController(msg.sender);
        _;
    }

    constructor(address controller, address staking) {
        CONTROLLER = controller;
        STAKING = IPlumeStaking(staking);
    }

    /// @dev Rewards come from the staking system's treasury, which may be replaced: nobody can be refused by name.
    receive() external payable {}

    /// @inheritdoc IStakerBucket
    function stake(uint16 validatorId) external payable onlyController {
        STAKING.stake{value: msg.value}(validatorId);
    }

    /// @inheritdoc IStakerBucket
    function unstake(uint16 validatorId, uint256 amount) external onlyController returns (uint256 end) {
        STAKING.unstake(validatorId, amount);
        // Read back, never computed: the interval may change, and only the system knows which slots merged.
        IPlumeStaking.CooldownView[] memory slots = STAKING.getUserCooldowns(address(this));
        // bound(1): cooldown slots are per validator, and a bucket unstakes from its own alone
        for (uint256 i; i < slots.length; ++i) {
            if (slots[i].validatorId == validatorId) return slots[i].cooldownEndTime;
        }
        revert NoCooldown(validatorId);
    }

    /// @inheritdoc IStakerBucket
    function withdraw() external onlyController returns (uint256 received) {
        STAKING.withdraw();
        return _forward();
    }

    /// @inheritdoc IStakerBucket
    function restake(uint16 validatorId, uint256 amount) external onlyController {
        STAKING.restake(validatorId, amount);
    }

    /// @inheritdoc IStakerBucket
    function claim(address token, uint16 validatorId) external onlyController returns (uint256 received) {
        STAKING.claim(token, validatorId);
        if (token == NATIVE) return _forward();
        received = IERC20(token).balanceOf(address(this));
        if (received != 0) IERC20(token).safeTransfer(CONTROLLER, received);
    }

    function _forward() private returns (uint256 amount) {
        amount = address(this).balance;
        // The controller is immutable: there is no other place for these coins to go.
        // slither-disable-next-line arbitrary-send-eth
        if (amount != 0) ILiquidMinter(payable(CONTROLLER)).receiveFromBucket{value: amount}();
    }
}
