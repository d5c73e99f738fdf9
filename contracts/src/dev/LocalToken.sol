// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title LocalToken: an ERC-20 for local chains, a stand-in for a wrapped coin and for a reward token
/// @notice Whoever sends coins gets as many tokens and may turn them back; anybody may mint more out of nothing, which is why
/// it is never deployed elsewhere. Tokens minted like that cannot all be turned back.
contract LocalToken is ERC20 {
    error TransferFailed(address to, uint256 amount);

    constructor(string memory name_, string memory symbol_) ERC20(name_, symbol_) {}

    receive() external payable {
        deposit();
    }

    /// @notice Tokens for coins, one for one.
    function deposit() public payable {
        _mint(msg.sender, msg.value);
    }

    /// @notice Coins for tokens, one for one.
    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        (bool ok,) = msg.sender.call{value: amount}("");
        if (!ok) revert TransferFailed(msg.sender, amount);
    }

    /// @notice Tokens out of nothing.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
