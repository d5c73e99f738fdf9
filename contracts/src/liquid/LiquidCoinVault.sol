// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AsyncRedeem} from "../async/AsyncRedeem.sol";
import {IERC7540Operator, IERC7540Redeem, IERC7575} from "../async/IERC7540.sol";
import {ILiquidCoinVault} from "./ILiquidCoinVault.sol";
import {ILiquidMinter, ILiquidMinterTypes} from "./ILiquidMinter.sol";
import {ILiquidVault} from "./ILiquidVault.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Coins into the vault, and out of it through the exit line. ILiquidCoinVault carries the NatSpec.
/// @dev Holds no coins but those that were collected for requests and not claimed yet, and no LST between calls.
contract LiquidCoinVault is AsyncRedeem, ILiquidCoinVault {
    using SafeERC20 for IERC20;

    address private constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    uint256 private constant RAY = 1e27;
    uint256 private constant BPS = 10_000;
    /// @dev The minter counts coins and LST in 96 bits.
    uint256 private constant MOST = type(uint96).max;

    /// @inheritdoc ILiquidCoinVault
    address payable public immutable VAULT;
    /// @inheritdoc ILiquidCoinVault
    address payable public immutable MINTER;
    IERC20 private immutable LST;

    constructor(address payable vault) {
        if (ILiquidVault(vault).COIN_VAULT() != address(this)) revert BadVault(vault);
        VAULT = vault;
        MINTER = ILiquidVault(vault).MINTER();
        LST = IERC20(ILiquidVault(vault).asset());
    }

    receive() external payable {
        if (msg.sender != MINTER) revert NotMinter(msg.sender);
    }

    // --------------------------------------------------------------------------------------------------------- entering

    /// @inheritdoc ILiquidCoinVault
    function deposit(uint256 assets, address receiver) external payable nonReentrant returns (uint256 shares) {
        if (msg.value != assets) revert WrongValue(assets, msg.value);
        shares = ILiquidVault(VAULT).submitAndDeposit{value: assets}(receiver, 0);
        emit Deposit(msg.sender, receiver, assets, shares);
    }

    /// @inheritdoc ILiquidCoinVault
    function mint(uint256 shares, address receiver) external payable nonReentrant returns (uint256 assets) {
        assets = previewMint(shares);
        if (msg.value < assets) revert WrongValue(assets, msg.value);
        ILiquidVault(VAULT).submitAndMint{value: assets}(shares, receiver);
        emit Deposit(msg.sender, receiver, assets, shares);
        _payOut(msg.sender, msg.value - assets);
    }

    /// @inheritdoc ILiquidCoinVault
    function maxDeposit(address) public view returns (uint256) {
        (uint256 rate, uint256 room) = ILiquidMinter(MINTER).depositTerms();
        (uint256 coins,) = ILiquidVault(VAULT).pendingRewards();
        // Both the minter's coins and the supply of LST are counted in 96 bits; a deposit may harvest first.
        uint256 most = Math.min(room, Math.mulDiv(MOST - LST.totalSupply(), rate, RAY));
        return most > coins ? most - coins : 0;
    }

    /// @inheritdoc ILiquidCoinVault
    function maxMint(address receiver) external view returns (uint256) {
        return previewDeposit(maxDeposit(receiver));
    }

    /// @inheritdoc ILiquidCoinVault
    function previewDeposit(uint256 assets) public view returns (uint256) {
        return ILiquidVault(VAULT).previewDeposit(_toLst(assets));
    }

    /// @inheritdoc ILiquidCoinVault
    function previewMint(uint256 shares) public view returns (uint256) {
        (uint256 rate,) = ILiquidMinter(MINTER).depositTerms();
        return Math.mulDiv(ILiquidVault(VAULT).previewMint(shares), rate, RAY, Math.Rounding.Ceil);
    }

    // ---------------------------------------------------------------------------------------------------------- leaving

    function _enqueue(uint256 shares, address owner, address spender)
        internal
        override
        returns (uint256 requestId, uint256 ref)
    {
        uint256 lst = ILiquidVault(VAULT).redeemForExit(shares, owner, spender);
        uint256 rung = ILiquidMinter(MINTER).openRung();
        requestId = rung + 1;
        // One ticket for the whole pool: the one so far is taken back and asked for again with the new LST.
        if (_pools[requestId].ref != 0) lst += ILiquidMinter(MINTER).cancel(ticketOf(requestId));
        ref = _queue(lst);
    }

    /// @return seq of the ticket in the open rung
    function _queue(uint256 lst) private returns (uint256 seq) {
        (, uint256 id) = ILiquidMinter(MINTER)
            .redeem(lst, ILiquidMinterTypes.ExitParams(0, 0, lst, 0, BPS, block.timestamp, address(this)));
        return uint32(id);
    }

    /// @inheritdoc ILiquidCoinVault
    // The minter's cancel and its redeem into the queue call nobody but the token; the guard is held.
    // slither-disable-next-line reentrancy-no-eth
    function cancelRequest(address receiver, address controller) external nonReentrant returns (uint256 lst) {
        _checkController(controller);
        if (receiver == address(0)) revert ZeroAddress();
        uint256 requestId = ILiquidMinter(MINTER).openRung() + 1;
        uint256 ticket = ticketOf(requestId);
        (uint256 shares, uint256 total) = _cancel(requestId, controller);
        uint256 all = ILiquidMinter(MINTER).cancel(ticket);
        lst = Math.mulDiv(all, shares, total);
        // An LST for each share at least, so whoever stays has something to ask for.
        _pools[requestId].ref = shares == total ? 0 : uint64(_queue(all - lst));
        emit RedeemRequestCancelled(controller, receiver, requestId, shares, lst);
        LST.safeTransfer(receiver, lst);
    }

    function _funding(uint256 requestId) internal view override returns (uint256, uint256, uint256) {
        uint256 ticket = ticketOf(requestId);
        return ticket == 0 ? (0, 1, 1) : ILiquidMinter(MINTER).requestFunding(ticket);
    }

    function _collect(uint256 requestId) internal override returns (uint256) {
        return ILiquidMinter(MINTER).withdraw(address(this), ticketOf(requestId));
    }

    function _payOut(address receiver, uint256 assets) internal override {
        if (assets == 0) return;
        (bool ok,) = receiver.call{value: assets}("");
        if (!ok) revert TransferFailed(receiver, assets);
    }

    // ------------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc ILiquidCoinVault
    function asset() external pure returns (address) {
        return NATIVE;
    }

    /// @inheritdoc ILiquidCoinVault
    function share() external view returns (address) {
        return VAULT;
    }

    /// @inheritdoc ILiquidCoinVault
    function totalAssets() external view returns (uint256) {
        return _value(ILiquidVault(VAULT).totalAssets());
    }

    /// @inheritdoc ILiquidCoinVault
    function convertToShares(uint256 assets) external view returns (uint256) {
        return ILiquidVault(VAULT).convertToShares(_toLst(assets));
    }

    /// @inheritdoc ILiquidCoinVault
    function convertToAssets(uint256 shares) external view returns (uint256) {
        return _value(ILiquidVault(VAULT).convertToAssets(shares));
    }

    function _value(uint256 lst) private view returns (uint256) {
        (uint256 rate,) = ILiquidMinter(MINTER).depositTerms();
        return Math.mulDiv(lst, rate, RAY);
    }

    function _toLst(uint256 coins) private view returns (uint256) {
        (uint256 rate,) = ILiquidMinter(MINTER).depositTerms();
        return rate == 0 ? 0 : Math.mulDiv(coins, RAY, rate);
    }

    /// @inheritdoc ILiquidCoinVault
    function ticketOf(uint256 requestId) public view returns (uint256) {
        uint256 seq = _pools[requestId].ref;
        return seq == 0 ? 0 : (requestId - 1) << 32 | seq;
    }

    /// @inheritdoc ILiquidCoinVault
    function pool(uint256 requestId) external view returns (uint256 shares, uint256 coins) {
        return (_pools[requestId].shares, _pools[requestId].assets);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == type(IERC7540Operator).interfaceId
            || id == type(IERC7540Redeem).interfaceId || id == type(IERC7575).interfaceId;
    }
}
