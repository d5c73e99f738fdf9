// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title ERC-7540: who may act for a controller.
/// @dev ERC-165 id 0xe3bc4e65.
interface IERC7540Operator {
    event OperatorSet(address indexed controller, address indexed operator, bool approved);

    /// @notice Lets `operator` request, claim and cancel for the caller, with the caller's shares and requests, to any
    /// receiver; or ends that. @return true
    function setOperator(address operator, bool approved) external returns (bool);
    function isOperator(address controller, address operator) external view returns (bool);
}

/// @title ERC-7540: asynchronous redemption.
/// @dev ERC-165 id 0x620ee8e4.
interface IERC7540Redeem {
    event RedeemRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares
    );

    /// @notice Takes `shares` of `owner` and puts them in line; `controller` owns the request. The caller is the owner, its
    /// operator, or spends an allowance of the share token.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);
}

/// @title ERC-7575: finding the vault of an asset by the share token.
/// @dev ERC-165 id 0xf815c03d.
interface IERC7575Share {
    event VaultUpdate(address indexed asset, address vault);

    function vault(address asset) external view returns (address);
}

/// @title ERC-7575: a vault whose share may be another contract.
/// @dev ERC-165 id 0x2f0a18c5. For the id and for callers; a vault of the native coin (ERC-7528) makes `deposit` and `mint`
/// payable, which changes no selector, but which Solidity does not let an implementation of this interface do.
interface IERC7575 {
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );

    function asset() external view returns (address);
    function share() external view returns (address);
    function totalAssets() external view returns (uint256);
    function convertToShares(uint256 assets) external view returns (uint256);
    function convertToAssets(uint256 shares) external view returns (uint256);
    function maxDeposit(address receiver) external view returns (uint256);
    function previewDeposit(uint256 assets) external view returns (uint256);
    function deposit(uint256 assets, address receiver) external returns (uint256);
    function maxMint(address receiver) external view returns (uint256);
    function previewMint(uint256 shares) external view returns (uint256);
    function mint(uint256 shares, address receiver) external returns (uint256);
    function maxWithdraw(address owner) external view returns (uint256);
    function previewWithdraw(uint256 assets) external view returns (uint256);
    function withdraw(uint256 assets, address receiver, address owner) external returns (uint256);
    function maxRedeem(address owner) external view returns (uint256);
    function previewRedeem(uint256 shares) external view returns (uint256);
    function redeem(uint256 shares, address receiver, address owner) external returns (uint256);
}
