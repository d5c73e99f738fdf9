// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasket} from "../IBasket.sol";
import {ISleeve} from "../ISleeve.sol";
import {Outside} from "./Outside.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What all sleeves share: whose they are, what they hold, and how they pay.
abstract contract SleeveBase is ISleeve {
    /// @notice Stands for the chain's coin.
    address public constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    /// @dev For a receiver of coins: a contract wallet needs 30,000; nobody needs more to take money.
    uint256 private constant PAY_GAS = 100_000;

    /// @inheritdoc ISleeve
    address public immutable BASKET;
    /// @inheritdoc ISleeve
    address public immutable TOKEN;
    /// @inheritdoc ISleeve
    address public immutable EPOCH_TOKEN;

    /// @notice There is no contract at this address.
    error NoCode(address account);
    error NotTimelock(address caller);

    modifier onlyBasket() {
        if (msg.sender != BASKET) revert NotBasket(msg.sender);
        _;
    }

    /// @dev For an adapter's own parameters: whoever governs the basket.
    modifier onlyTimelock() {
        if (msg.sender != IBasket(BASKET).TIMELOCK()) revert NotTimelock(msg.sender);
        _;
    }

    constructor(address basket, address token, address epochToken) {
        if (basket == address(0)) revert ZeroAddress();
        BASKET = basket;
        TOKEN = token;
        EPOCH_TOKEN = epochToken;
        if (token != NATIVE) _requireCode(token);
    }

    // --------------------------------------------------------------------------------- for a sleeve that knows no better

    /// @inheritdoc ISleeve
    function enter() external payable virtual onlyBasket {
        revert NotPayable();
    }

    /// @inheritdoc ISleeve
    function collect(uint256 ticket, address) external virtual onlyBasket returns (uint256, bool) {
        revert UnknownTicket(ticket);
    }

    /// @inheritdoc ISleeve
    function delegateIdle(uint256) external virtual onlyBasket returns (uint256) {
        return 0;
    }

    /// @inheritdoc ISleeve
    function exitTime() external view virtual returns (uint256) {
        return 0;
    }

    /// @inheritdoc ISleeve
    function rate() external view virtual returns (uint256) {
        return 0;
    }

    // --------------------------------------------------------------------------------------------------------- payments

    /// @dev Coins by a call with capped gas; the last thing that a function does.
    function _pay(address to, uint256 amount) internal {
        if (to == address(0)) revert ZeroAddress();
        if (!Outside.attempt(to, amount, PAY_GAS, "")) revert TransferFailed(to, amount);
    }

    function _send(address token, address to, uint256 amount) internal {
        if (to == address(0)) revert ZeroAddress();
        if (!Outside.send(token, to, amount)) revert TransferFailed(to, amount);
    }

    function _balance(address token, address account) internal view returns (uint256) {
        return Outside.mustRead(token, abi.encodeCall(IERC20.balanceOf, (account)));
    }

    function _requireCode(address account) internal view {
        if (account.code.length == 0) revert NoCode(account);
    }
}
