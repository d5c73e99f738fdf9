// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title coreBTC: BTC bridged to Core, 8 decimals
interface ICoreBtc is IERC20 {
    error Blacklisted(address account);
    error MinterCapExceeded(address minter, uint256 minted, uint256 cap);

    event BlacklistSet(address indexed account, bool listed);
    event MinterCapSet(address indexed minter, uint256 cap);

    /// @notice By a minter, within its cap for the running epoch.
    function mint(address to, uint256 amount) external;
    function burn(uint256 amount) external;
    function isBlacklisted(address account) external view returns (bool);
}

/// @title Core's BitcoinLSTToken (0x…010001): lstBTC, 8 decimals, one for one with BTC
/// @notice Its yield is CORE, which the *holder* claims through StakeHub.
interface ICoreLstBtc is IERC20 {
    /// @notice Burns now; the BTC are paid on Bitcoin later, off chain.
    event redeemed(address indexed account, uint256 amount, bytes script);

    function redeem(uint64 amount, bytes calldata script) external;
    function paused() external view returns (bool);
}
