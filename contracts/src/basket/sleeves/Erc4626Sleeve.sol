// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "../ISleeve.sol";
import {Outside} from "./Outside.sol";
import {TokenSleeve} from "./TokenSleeve.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @dev A wrapped coin, as WCORE and WPLUME are.
interface IWrappedCoin {
    function withdraw(uint256 amount) external;
}

/// @title Shares of an ERC-4626 vault: yield farming. Off by default.
/// @notice In kind it pays shares. An epoch's leg ends in coins where the vault holds the wrapped coin: redeemed and unwrapped in
/// one transaction. Where the vault cannot pay the leg whole now, or pays less than its own rate by more than MAX_FEE_BPS, the
/// leg is paid in shares at once. A vault of anything else is in kind always.
contract Erc4626Sleeve is TokenSleeve {
    uint256 private constant BPS = 10_000;

    /// @inheritdoc ISleeve
    uint256 public constant MAX_EXIT = 0;
    /// @inheritdoc ISleeve
    uint256 public constant DELIVER_GAS = 500_000;
    /// @notice The wrapped coin that the vault holds; 0: its legs are in kind.
    address public immutable WRAPPED;
    /// @notice What a redeem may cost against the vault's own rate.
    uint256 public immutable MAX_FEE_BPS;

    /// @notice The vault does not hold that.
    error BadAsset(address asset, address wrapped);
    error NotWrapped(address caller);
    error FeeTooHigh(uint256 bps, uint256 most);

    constructor(address basket, address vault, address wrapped, uint256 maxFeeBps)
        TokenSleeve(basket, vault, wrapped == address(0) ? vault : NATIVE)
    {
        address asset = IERC4626(vault).asset();
        if (wrapped != address(0) && asset != wrapped) revert BadAsset(asset, wrapped);
        if (maxFeeBps >= BPS) revert FeeTooHigh(maxFeeBps, BPS - 1);
        WRAPPED = wrapped;
        MAX_FEE_BPS = maxFeeBps;
    }

    /// @dev Unwrapped coins only.
    receive() external payable {
        if (msg.sender != WRAPPED) revert NotWrapped(msg.sender);
    }

    /// @inheritdoc ISleeve
    function rate() external view override returns (uint256) {
        return Outside.mustRead(TOKEN, abi.encodeCall(IERC4626.convertToAssets, (1e18)));
    }

    /// @inheritdoc ISleeve
    function unbond(uint256 units, address to) external onlyBasket returns (uint256, uint256, address) {
        uint256 least = WRAPPED == address(0) ? 0 : _least(units);
        if (least == 0) return _unbondInKind(units, to);
        uint256 before = _balance(WRAPPED, address(this));
        Outside.must(TOKEN, abi.encodeCall(IERC4626.redeem, (units, address(this), address(this))));
        uint256 paid = _balance(WRAPPED, address(this)) - before;
        // What it said a moment ago holds, or nothing happened.
        if (paid < least) revert NotEnough(least, paid);
        Outside.must(WRAPPED, abi.encodeCall(IWrappedCoin.withdraw, (paid)));
        emit Unbonded(0, units, paid, NATIVE);
        _pay(to, paid);
        return (0, paid, NATIVE);
    }

    /// @return least what the vault must pay: its rate less the fee that was declared. 0: it says that it does not, or not for
    /// all of them. Asked before the redeem: a fee that stays with the vault moves its rate.
    function _least(uint256 units) private view returns (uint256 least) {
        (bool ok, uint256 most) = Outside.read(TOKEN, abi.encodeCall(IERC4626.maxRedeem, (address(this))));
        if (!ok || most < units) return 0;
        (bool okPreview, uint256 pays) = Outside.read(TOKEN, abi.encodeCall(IERC4626.previewRedeem, (units)));
        (bool okRate, uint256 worth) = Outside.read(TOKEN, abi.encodeCall(IERC4626.convertToAssets, (units)));
        if (!okPreview || !okRate) return 0;
        least = Math.mulDiv(worth, BPS - MAX_FEE_BPS, BPS, Math.Rounding.Ceil);
        if (pays < least) return 0;
    }
}
