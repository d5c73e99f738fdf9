// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AsyncRedeem} from "../async/AsyncRedeem.sol";
import {IERC7540Operator, IERC7540Redeem} from "../async/IERC7540.sol";
import {IBasket, IBasketTypes} from "./IBasket.sol";
import {ISingleAssetExit} from "./ISingleAssetExit.sol";
import {IUnbondingQueue} from "./IUnbondingQueue.sol";
import {Mask} from "./lib/Mask.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title ERC-7540 for a basket whose legs all end in coins.
/// @notice ISingleAssetExit carries the NatSpec.
contract SingleAssetExit is AsyncRedeem, ISingleAssetExit, IERC165 {
    using SafeERC20 for IERC20;

    address private constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    /// @inheritdoc ISingleAssetExit
    address public immutable BASKET;
    /// @inheritdoc ISingleAssetExit
    address public immutable QUEUE;
    address private immutable SHARE;

    /// @dev The coins of an epoch's position are here.
    mapping(uint256 requestId => bool) private _came;
    /// @dev Legs in a sleeve's token that are here; each comes by itself, so that a token which refuses holds up no coins.
    mapping(uint256 requestId => uint256) private _tokensCame;
    mapping(uint256 requestId => mapping(uint256 sleeve => uint256)) private _tokens;
    /// @dev For tokens alone: stays when the request is done.
    mapping(uint256 requestId => mapping(address controller => uint256)) private _shares;
    mapping(uint256 requestId => mapping(address controller => uint256)) private _paidMask;

    constructor(address basket) {
        BASKET = basket;
        QUEUE = IBasket(basket).QUEUE();
        SHARE = IBasket(basket).TOKEN();
        uint256 n = IBasket(basket).sleeveCount();
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < n; ++i) {
            IBasketTypes.SleeveInfo memory s = IBasket(basket).sleeveInfo(i);
            if (!s.retired && s.epochToken != NATIVE) revert NotSingleAsset(i, s.epochToken);
        }
    }

    receive() external payable {
        if (msg.sender != QUEUE) revert NotQueue(msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ what the vault decides

    /// @dev An allowance of the share token to somebody else is none to this contract: the owner or its operator asks.
    function _enqueue(uint256 shares, address owner, address spender)
        internal
        override
        returns (uint256 requestId, uint256 ref)
    {
        if (spender != owner) revert NotController(owner, spender);
        // `owner` is the caller, or has made it its operator.
        // slither-disable-next-line arbitrary-send-erc20
        IERC20(SHARE).safeTransferFrom(owner, address(this), shares);
        requestId = IUnbondingQueue(QUEUE).requestRedeem(shares, address(this), address(this));
        ref = 0;
    }

    /// @dev All or nothing: an epoch of which a leg is open is pending.
    function _funding(uint256 requestId)
        internal
        view
        override
        returns (uint256 collectable, uint256 pending, uint256 whole)
    {
        if (_came[requestId]) return (0, 0, 1);
        if (IUnbondingQueue(QUEUE).claimableRedeemRequest(requestId, address(this)) == 0) return (0, 1, 1);
        (uint256[] memory amounts,) = IUnbondingQueue(QUEUE).claimable(requestId, address(this));
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < amounts.length; ++i) {
            if (IUnbondingQueue(QUEUE).legInfo(requestId, i).asset == NATIVE) collectable += amounts[i];
        }
        return (collectable, 0, 1);
    }

    function _requested(uint256 requestId, address controller, uint256 shares) internal override {
        _shares[requestId][controller] += shares;
    }

    function _collect(uint256 requestId) internal override returns (uint256 assets) {
        _came[requestId] = true;
        uint256 mask;
        uint256 legs = IUnbondingQueue(QUEUE).epochInfo(requestId).legs;
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < legs; ++i) {
            if (IUnbondingQueue(QUEUE).legInfo(requestId, i).asset == NATIVE) mask |= Mask.bit(i);
        }
        if (mask == 0) return 0;
        uint256[] memory paid = IUnbondingQueue(QUEUE).claim(requestId, address(this), mask, address(this));
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < paid.length; ++i) {
            assets += paid[i]; // 0 for what was not asked
        }
    }

    function _payOut(address receiver, uint256 assets) internal override {
        if (assets == 0) return;
        // Whom the request's controller named.
        // slither-disable-next-line arbitrary-send-eth
        (bool ok,) = receiver.call{value: assets}("");
        if (!ok) revert TransferFailed(receiver, assets);
    }

    // --------------------------------------------------------------------------------------------------------- the rest

    /// @inheritdoc ISingleAssetExit
    function cancel(uint256 requestId, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 shares)
    {
        _checkController(controller);
        if (receiver == address(0)) revert ZeroAddress();
        (shares,) = _cancel(requestId, controller);
        delete _shares[requestId][controller];
        emit RequestCancelled(controller, requestId, shares);
        IUnbondingQueue(QUEUE).cancel(requestId, shares, address(this), receiver);
    }

    /// @inheritdoc ISingleAssetExit
    function claimTokens(uint256 requestId, uint256 sleeve, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 amount)
    {
        _checkController(controller);
        if (receiver == address(0)) revert ZeroAddress();
        Pool storage pool = _pools[requestId];
        if (!_came[requestId]) {
            // Not while a leg is open: none may be paid in parts.
            if (IUnbondingQueue(QUEUE).claimableRedeemRequest(requestId, address(this)) == 0) {
                revert NothingToClaim(requestId, controller);
            }
            pool.assets += uint96(_collect(requestId));
        }
        uint256 bit = Mask.bit(sleeve);
        uint256 mask = _paidMask[requestId][controller];
        if (_tokensCame[requestId] & bit == 0) {
            _tokensCame[requestId] |= bit;
            // Coins came with the others.
            if (IUnbondingQueue(QUEUE).legInfo(requestId, sleeve).asset != NATIVE) {
                _tokens[requestId][sleeve] =
                    IUnbondingQueue(QUEUE).claim(requestId, address(this), bit, address(this))[sleeve];
            }
        }
        if (mask & bit == 0) {
            amount = Math.mulDiv(_tokens[requestId][sleeve], _shares[requestId][controller], pool.shares);
        }
        if (amount == 0) revert NothingToClaim(requestId, controller);
        _paidMask[requestId][controller] = mask | bit;
        emit TokensClaimed(controller, requestId, sleeve, receiver, amount);
        IERC20(IBasket(BASKET).sleeveInfo(sleeve).token).safeTransfer(receiver, amount);
    }

    /// @inheritdoc ISingleAssetExit
    function asset() external pure returns (address) {
        return NATIVE;
    }

    /// @inheritdoc ISingleAssetExit
    function share() external view returns (address) {
        return SHARE;
    }

    /// @inheritdoc ISingleAssetExit
    function convertToAssets(uint256 shares) external view returns (uint256) {
        (uint256 low,,) = IBasket(BASKET).nav();
        return Math.mulDiv(shares, low, 1e18);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC7540Operator).interfaceId
            || interfaceId == type(IERC7540Redeem).interfaceId;
    }
}
