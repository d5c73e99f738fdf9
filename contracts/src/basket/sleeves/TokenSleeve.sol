// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "../ISleeve.sol";
import {Outside} from "./Outside.sol";
import {SleeveBase} from "./SleeveBase.sol";

/// @title A sleeve that holds a token at its own address.
/// @dev The token is an ordinary one: it moves what it is told to move. A fee on transfers would show as a loss.
abstract contract TokenSleeve is SleeveBase {
    constructor(address basket, address token, address epochToken) SleeveBase(basket, token, epochToken) {}

    /// @inheritdoc ISleeve
    function held() public view virtual returns (uint256) {
        return _balance(TOKEN, address(this));
    }

    /// @inheritdoc ISleeve
    function instantCapacity() external view virtual returns (uint256) {
        return held();
    }

    /// @inheritdoc ISleeve
    function deliver(uint256 units, address to) external virtual onlyBasket {
        _sendUnits(units, to);
        emit Delivered(to, units);
    }

    /// @inheritdoc ISleeve
    function harvest() external virtual onlyBasket returns (uint256 units, uint256 coins) {
        return (held(), 0);
    }

    /// @dev All or nothing. What is here is asked only to name the reason of a failure: the token refuses what it does not hold.
    function _sendUnits(uint256 units, address to) internal virtual {
        if (to == address(0)) revert ZeroAddress();
        if (Outside.send(TOKEN, to, units)) return;
        uint256 here = held();
        if (units > here) revert NotEnough(units, here);
        revert TransferFailed(to, units);
    }

    /// @dev The epoch's way where it ends in the token itself.
    function _unbondInKind(uint256 units, address to) internal returns (uint256 ticket, uint256 paid, address asset) {
        _sendUnits(units, to);
        emit Unbonded(0, units, units, TOKEN);
        return (0, units, TOKEN);
    }
}
