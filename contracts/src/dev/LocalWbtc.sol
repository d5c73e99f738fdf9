// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title LocalWbtc: a stand-in for a plain wrapped BTC of 8 decimals (WBTC, SolvBTC.b), for local chains only
/// @notice Anybody may mint it out of nothing, which is why it is never deployed elsewhere.
contract LocalWbtc is ERC20 {
    constructor(string memory name_, string memory symbol_) ERC20(name_, symbol_) {}

    /// @notice Tokens out of nothing.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 8;
    }
}
