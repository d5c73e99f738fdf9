// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAsyncRedeem} from "../async/IAsyncRedeem.sol";

/// @title ERC-7540 for a basket whose legs all end in coins.
/// @notice A basket's own exits pay a vector; this thin wrapper is one controller in its queue, on behalf of many, and pays coins.
/// Requests of one epoch stand in one pool (`requestId` = epoch). They are claimable when every leg of the epoch is done: before
/// that nobody could say which part of a share a coin is.
///
/// A leg may end in a sleeve's token after all (too small for its system, or its system's terms changed): that part waits here
/// for `claimTokens`, in the same proportions.
interface ISingleAssetExit is IAsyncRedeem {
    error NotSingleAsset(uint256 sleeve, address epochToken);
    error NotQueue(address caller);
    error TransferFailed(address to, uint256 amount);

    event RequestCancelled(address indexed controller, uint256 indexed requestId, uint256 shares);
    event TokensClaimed(
        address indexed controller, uint256 indexed requestId, uint256 indexed sleeve, address receiver, uint256 amount
    );

    function BASKET() external view returns (address);
    function QUEUE() external view returns (address);
    /// @notice 0xEeee…EEeE, the chain's coin (ERC-7528).
    function asset() external view returns (address);
    /// @notice BASKET.
    function share() external view returns (address);
    /// @notice Coins for `shares` at the low side of NAV; an estimate, for display.
    function convertToAssets(uint256 shares) external view returns (uint256);
    /// @notice Takes a request back while the queue lets it go; the shares go to `receiver`.
    function cancel(uint256 requestId, address receiver, address controller) external returns (uint256 shares);
    /// @notice Pays what of a request ended in a sleeve's token.
    function claimTokens(uint256 requestId, uint256 sleeve, address receiver, address controller)
        external
        returns (uint256 amount);
}
