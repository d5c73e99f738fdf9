// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasketToken} from "./IBasketToken.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title BASKET.
/// @notice IBasketToken carries the NatSpec.
contract BasketToken is ERC20Permit, IBasketToken {
    /// @inheritdoc IBasketToken
    address public immutable BASKET;
    /// @inheritdoc IBasketToken
    address public immutable QUEUE;

    constructor(string memory name_, string memory symbol_, address basket, address queue)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        if (basket == address(0) || queue == address(0)) revert ZeroAddress();
        BASKET = basket;
        QUEUE = queue;
    }

    /// @inheritdoc IBasketToken
    function mint(address to, uint256 amount) external {
        if (msg.sender != BASKET) revert NotBasket(msg.sender);
        _mint(to, amount);
    }

    /// @inheritdoc IBasketToken
    function burn(address from, uint256 amount) external {
        if (msg.sender != BASKET) revert NotBasket(msg.sender);
        _burn(from, amount);
    }

    /// @inheritdoc IBasketToken
    function escrow(address from, address spender, uint256 amount) external {
        if (msg.sender != QUEUE) revert NotQueue(msg.sender);
        if (spender != from) _spendAllowance(from, spender, amount);
        _transfer(from, QUEUE, amount);
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }
}
