// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAsyncRedeem} from "../async/IAsyncRedeem.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";

/// @title The vault's second entry point: its asset is the native coin (ERC-7528), in at once, out through the exit line.
/// @notice ERC-7575 vault with ERC-7540 redemption; the share is LiquidVault's token. A request burns its shares and stands in
/// the minter's open rung; `requestId` is the rung's id plus 1 (ERC-7540 keeps 0 for another meaning). All requests of a rung
/// are one ticket of the minter: the same part of each is claimable at any time, and each share of them gets the same coins.
/// - Shares are turned into LST at the request and earn nothing from then on. Within one rung the LST is shared by shares:
///   whoever comes later into an open rung gives the earlier ones the yield of the time between (an hour's, when keepers work).
/// - Losses that are booked before the coins are set aside are carried, as by every exit. The standard fee of the line is
///   taken at the claim; no other fee.
/// - A request can be taken back, as LST, while its rung is open.
/// - `convertToAssets` and `totalAssets` show value at today's rate, before the exit fee.
/// - No owner, no role, no upgrade, no claim window.
interface ILiquidCoinVault is IAsyncRedeem, IERC165 {
    error WrongValue(uint256 expected, uint256 got);
    error NotMinter(address caller);
    error BadVault(address vault);
    error TransferFailed(address recipient, uint256 amount);

    /// @notice ERC-4626's event.
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    /// @notice Shares of a request were given back as `lst`.
    event RedeemRequestCancelled(
        address indexed controller, address indexed receiver, uint256 indexed requestId, uint256 shares, uint256 lst
    );

    /// @notice Shares for `assets` coins, which come with the call.
    function deposit(uint256 assets, address receiver) external payable returns (uint256 shares);
    /// @notice Exactly `shares`; coins beyond their price go back to the caller.
    function mint(uint256 shares, address receiver) external payable returns (uint256 assets);
    /// @notice Takes the controller's request of the open rung back: its part of the pool, in LST, to `receiver`.
    function cancelRequest(address receiver, address controller) external returns (uint256 lst);

    function asset() external view returns (address);
    function share() external view returns (address);
    function totalAssets() external view returns (uint256);
    function convertToShares(uint256 assets) external view returns (uint256);
    function convertToAssets(uint256 shares) external view returns (uint256);
    function maxDeposit(address receiver) external view returns (uint256);
    function maxMint(address receiver) external view returns (uint256);
    function previewDeposit(uint256 assets) external view returns (uint256);
    function previewMint(uint256 shares) external view returns (uint256);
    /// @notice The minter's ticket behind a request (0: none).
    function ticketOf(uint256 requestId) external view returns (uint256 id);
    /// @notice Shares requested in all under `requestId`, and coins that have come for them.
    function pool(uint256 requestId) external view returns (uint256 shares, uint256 coins);
    function VAULT() external view returns (address payable);
    function MINTER() external view returns (address payable);
}
