// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title BASKET: the shares of one basket. ERC-20 with permit; it never votes.
/// @notice Not upgradeable, without an owner. The basket mints and burns, the queue takes into escrow what it was asked to.
interface IBasketToken is IERC20, IERC20Permit {
    error NotBasket(address caller);
    error NotQueue(address caller);
    error ZeroAddress();

    function BASKET() external view returns (address);
    function QUEUE() external view returns (address);
    /// @notice Basket only.
    function mint(address to, uint256 amount) external;
    /// @notice Basket only.
    function burn(address from, uint256 amount) external;
    /// @notice Queue only: moves `amount` of `from` into the queue, out of `spender`'s allowance unless it is `from` itself.
    function escrow(address from, address spender, uint256 amount) external;
}
