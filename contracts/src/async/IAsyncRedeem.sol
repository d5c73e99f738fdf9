// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC7540Operator, IERC7540Redeem} from "./IERC7540.sol";

/// @title The asynchronous half of a vault: request, wait, claim (ERC-7540).
/// @notice Requests with one `requestId` (never 0) stand in one pool: the same part of each is claimable at any time, and in
/// the end each share of it has got the same assets. A controller's requests are claimed oldest first; `claimRequest` claims
/// one by its id. Assets of a claim are rounded down; the last claim of a request gets all that is left of its part. Named
/// dust that stays here for ever: below one wei for each controller and request, and below a share's worth when a `withdraw`
/// takes the last share of a request for less.
interface IAsyncRedeem is IERC7540Operator, IERC7540Redeem {
    error ZeroAmount();
    error ZeroAddress();
    error AmountTooLarge(uint256 amount, uint256 most);
    /// @notice `caller` is neither `controller` nor its operator.
    error NotController(address controller, address caller);
    error RedeemAboveClaimable(address controller, uint256 shares, uint256 claimable);
    error WithdrawAboveClaimable(address controller, uint256 assets, uint256 claimable);
    error NothingToClaim(uint256 requestId, address controller);
    error NothingToCancel(uint256 requestId, address controller);
    /// @notice ERC-7540: what a claim brings is known at the claim.
    error NoPreview();

    /// @notice ERC-4626's event; `owner` is the controller.
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );

    /// @notice Claims `shares` of what is claimable, oldest request first. Reverts unless all of it can be claimed.
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256 assets);
    /// @notice Claims `assets` of what is claimable, oldest request first; shares are rounded up.
    function withdraw(uint256 assets, address receiver, address controller) external returns (uint256 shares);
    /// @notice Claims all that is claimable of one request.
    function claimRequest(uint256 requestId, address receiver, address controller)
        external
        returns (uint256 shares, uint256 assets);

    /// @notice What `redeem` takes: at most the 16 oldest requests count, `claimRequest` reaches the others.
    function maxRedeem(address controller) external view returns (uint256 shares);
    function maxWithdraw(address controller) external view returns (uint256 assets);
    /// @notice Always reverts, as ERC-7540 demands.
    function previewRedeem(uint256 shares) external view returns (uint256);
    /// @notice Always reverts, as ERC-7540 demands.
    function previewWithdraw(uint256 assets) external view returns (uint256);
    /// @notice Assets that `claimRequest` would pay now.
    function claimableAssets(uint256 requestId, address controller) external view returns (uint256 assets);
    /// @notice The controller's oldest request that is not done (0: none); `nextRequest` leads on from there.
    function firstRequest(address controller) external view returns (uint256 requestId);
    function nextRequest(address controller, uint256 requestId) external view returns (uint256);
}
