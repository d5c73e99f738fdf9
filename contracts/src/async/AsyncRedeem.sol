// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAsyncRedeem} from "./IAsyncRedeem.sol";
import {IERC7540Operator, IERC7540Redeem} from "./IERC7540.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Asynchronous redemption (ERC-7540), for any vault whose exits wait in pools that are funded bit by bit.
/// @notice A derived contract says where shares go (`_enqueue`), how far a pool is funded (`_funding`), and how its assets
/// come (`_collect`) and leave (`_payOut`). No step depends on how many controllers there are.
///
///     pool of requestId      |== claimable ==|------ pending ------|        one fraction for everybody in it
///     controller's part      |= claimed =|===|---------------------|        shares: rounded down; the last one waits for the end
///     controller's list      first -> next -> next (ascending ids, each once)
///
/// @dev Claimable shares are `shares - ceil(shares * pending / whole) - claimed`: while any of the pool is pending, at least one
/// share of each request is, so that no request ends before its last asset is here. The lock is a stored one: not every chain
/// that this is for is known to have transient storage.
abstract contract AsyncRedeem is IAsyncRedeem, ReentrancyGuard {
    /// @dev One slot. `ref` is the derived contract's.
    struct Pool {
        uint96 shares; // requested in all, less what was cancelled
        uint96 assets; // that ever came
        uint64 ref;
    }

    /// @dev One slot; `next` is the controller's next younger request.
    struct Request {
        uint96 shares;
        uint96 claimed;
        uint64 next;
    }

    struct List {
        uint64 first;
        uint64 last;
    }

    /// @dev A controller's requests that one claim or view looks at.
    uint256 internal constant REQUESTS_PER_CALL = 16;

    /// @inheritdoc IERC7540Operator
    mapping(address controller => mapping(address operator => bool)) public isOperator;
    mapping(uint256 requestId => Pool) internal _pools;
    mapping(address controller => mapping(uint256 requestId => Request)) private _requests;
    /// @dev Assets that a request got before its last claim.
    mapping(address controller => mapping(uint256 requestId => uint256)) private _paid;
    mapping(address controller => List) private _lists;

    // ------------------------------------------------------------------------------------------ what the vault decides

    /// @dev Takes `shares` of `owner` (spending `spender`'s allowance unless it is the owner) and puts them in line.
    /// @return requestId not 0, and never below an earlier one; @return ref kept with the pool
    function _enqueue(uint256 shares, address owner, address spender)
        internal
        virtual
        returns (uint256 requestId, uint256 ref);
    /// @dev @return collectable assets that `_collect` would bring; @return pending of @return whole: what waits, as a fraction
    function _funding(uint256 requestId)
        internal
        view
        virtual
        returns (uint256 collectable, uint256 pending, uint256 whole);
    function _collect(uint256 requestId) internal virtual returns (uint256 assets);
    /// @dev For a vault that keeps more of a request than its assets.
    function _requested(uint256 requestId, address controller, uint256 shares) internal virtual {}
    function _payOut(address receiver, uint256 assets) internal virtual;

    // ------------------------------------------------------------------------------------------------------- operators

    /// @inheritdoc IERC7540Operator
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    function _checkController(address controller) internal view {
        if (controller != msg.sender && !isOperator[controller][msg.sender]) {
            revert NotController(controller, msg.sender);
        }
    }

    // -------------------------------------------------------------------------------------------------------- requests

    /// @inheritdoc IERC7540Redeem
    function requestRedeem(uint256 shares, address controller, address owner)
        external
        nonReentrant
        returns (uint256 requestId)
    {
        if (shares == 0) revert ZeroAmount();
        if (controller == address(0)) revert ZeroAddress();
        if (shares > type(uint96).max) revert AmountTooLarge(shares, type(uint96).max);
        bool trusted = owner == msg.sender || isOperator[owner][msg.sender];
        uint256 ref;
        (requestId, ref) = _enqueue(shares, owner, trusted ? owner : msg.sender);
        Pool storage pool = _pools[requestId];
        pool.shares += uint96(shares);
        pool.ref = uint64(ref);
        _requests[controller][requestId].shares += uint96(shares);
        _requested(requestId, controller, shares);
        List storage list = _lists[controller];
        uint256 last = list.last;
        if (last != requestId) {
            list.last = uint64(requestId);
            if (last == 0) list.first = uint64(requestId);
            else _requests[controller][last].next = uint64(requestId);
        }
        emit RedeemRequest(controller, owner, requestId, msg.sender, shares);
    }

    /// @dev Takes a request that is wholly pending out of its pool. @return shares of it, @return total of all before
    function _cancel(uint256 requestId, address controller) internal returns (uint256 shares, uint256 total) {
        Request storage r = _requests[controller][requestId];
        Pool storage pool = _pools[requestId];
        shares = r.shares;
        total = pool.shares;
        if (shares == 0) revert NothingToCancel(requestId, controller);
        r.shares = 0;
        pool.shares = uint96(total - shares);
        _prune(controller);
    }

    // ---------------------------------------------------------------------------------------------------------- claims

    /// @inheritdoc IAsyncRedeem
    function redeem(uint256 shares, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 assets)
    {
        _checkClaim(shares, receiver, controller);
        uint256 left = shares;
        uint256 id = _lists[controller].first;
        // bound(REQUESTS_PER_CALL): of one controller, its oldest ids first
        for (uint256 k; k < REQUESTS_PER_CALL && id != 0 && left != 0; ++k) {
            uint256 next = _requests[controller][id].next;
            (uint256 most, uint256 worth) = _claimableNow(id, controller);
            uint256 take = Math.min(left, most);
            if (take != 0) {
                uint256 got = take == most ? worth : Math.mulDiv(worth, take, most);
                _book(id, controller, take, got);
                left -= take;
                assets += got;
            }
            id = next;
        }
        if (left != 0) revert RedeemAboveClaimable(controller, shares, shares - left);
        _settle(receiver, controller, shares, assets);
    }

    /// @inheritdoc IAsyncRedeem
    function withdraw(uint256 assets, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 shares)
    {
        _checkClaim(assets, receiver, controller);
        uint256 left = assets;
        uint256 id = _lists[controller].first;
        // bound(REQUESTS_PER_CALL): of one controller, its oldest ids first
        for (uint256 k; k < REQUESTS_PER_CALL && id != 0 && left != 0; ++k) {
            uint256 next = _requests[controller][id].next;
            (uint256 most, uint256 worth) = _claimableNow(id, controller);
            uint256 got = most == 0 ? 0 : Math.min(left, worth);
            if (got != 0) {
                uint256 take = got == worth ? most : Math.mulDiv(most, got, worth, Math.Rounding.Ceil);
                _book(id, controller, take, got);
                left -= got;
                shares += take;
            }
            id = next;
        }
        if (left != 0) revert WithdrawAboveClaimable(controller, assets, assets - left);
        _settle(receiver, controller, shares, assets);
    }

    /// @inheritdoc IAsyncRedeem
    function claimRequest(uint256 requestId, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 shares, uint256 assets)
    {
        _checkClaim(requestId, receiver, controller);
        (shares, assets) = _claimableNow(requestId, controller);
        if (shares == 0) revert NothingToClaim(requestId, controller);
        _book(requestId, controller, shares, assets);
        _settle(receiver, controller, shares, assets);
    }

    function _checkClaim(uint256 amount, address receiver, address controller) private view {
        _checkController(controller);
        if (amount == 0) revert ZeroAmount();
        if (receiver == address(0)) revert ZeroAddress();
    }

    /// @dev What is claimable of a request, after the assets of its pool came.
    function _claimableNow(uint256 id, address controller) private returns (uint256 shares, uint256 assets) {
        uint256 collectable;
        (shares, assets, collectable) = _claimable(id, controller);
        if (shares != 0 && collectable != 0) _pools[id].assets += uint96(_collect(id));
    }

    function _book(uint256 id, address controller, uint256 shares, uint256 assets) private {
        Request storage r = _requests[controller][id];
        uint256 claimed = r.claimed + shares;
        if (claimed == r.shares) {
            (r.shares, r.claimed) = (0, 0);
            if (_paid[controller][id] != 0) delete _paid[controller][id];
        } else {
            r.claimed = uint96(claimed);
            _paid[controller][id] += assets;
        }
    }

    function _settle(address receiver, address controller, uint256 shares, uint256 assets) private {
        _prune(controller);
        emit Withdraw(msg.sender, receiver, controller, assets, shares);
        _payOut(receiver, assets);
    }

    /// @dev Takes requests that are done off the head of the controller's list.
    function _prune(address controller) private {
        List memory list = _lists[controller];
        uint256 id = list.first;
        uint256 k;
        // bound(REQUESTS_PER_CALL): the next claim goes on
        for (; k < REQUESTS_PER_CALL && id != 0; ++k) {
            Request storage r = _requests[controller][id];
            if (r.shares != 0) break;
            uint256 next = r.next;
            r.next = 0;
            id = next;
        }
        if (k == 0) return;
        _lists[controller] = List({first: uint64(id), last: id == 0 ? 0 : list.last});
    }

    // ----------------------------------------------------------------------------------------------------------- views

    /// @dev What is claimable of a request, with the assets that its pool could collect.
    function _claimable(uint256 id, address controller)
        private
        view
        returns (uint256 shares, uint256 assets, uint256 collectable)
    {
        Request memory r = _requests[controller][id];
        if (r.shares == 0) return (0, 0, 0);
        uint256 pending;
        uint256 whole;
        (collectable, pending, whole) = _funding(id);
        Pool memory pool = _pools[id];
        uint256 all = collectable + pool.assets;
        // Nothing came yet: no rounding of the line makes a share claimable for nothing.
        if (pending != 0 && all == 0) return (0, 0, collectable);
        shares = r.shares - r.claimed;
        if (pending != 0) {
            uint256 waits = Math.mulDiv(r.shares, pending, whole, Math.Rounding.Ceil);
            shares = shares > waits ? shares - waits : 0;
        }
        if (shares == 0) return (0, 0, collectable);
        assets = Math.mulDiv(all, r.shares, pool.shares);
        uint256 paid = _paid[controller][id];
        assets = assets > paid ? assets - paid : 0;
    }

    /// @inheritdoc IERC7540Redeem
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        Request memory r = _requests[controller][requestId];
        (uint256 shares,,) = _claimable(requestId, controller);
        return r.shares - r.claimed - shares;
    }

    /// @inheritdoc IERC7540Redeem
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares) {
        (shares,,) = _claimable(requestId, controller);
    }

    /// @inheritdoc IAsyncRedeem
    function claimableAssets(uint256 requestId, address controller) external view returns (uint256 assets) {
        (, assets,) = _claimable(requestId, controller);
    }

    function _most(address controller) private view returns (uint256 shares, uint256 assets) {
        uint256 id = _lists[controller].first;
        for (uint256 k; k < REQUESTS_PER_CALL && id != 0; ++k) {
            (uint256 some, uint256 worth,) = _claimable(id, controller);
            shares += some;
            assets += worth;
            id = _requests[controller][id].next;
        }
    }

    /// @inheritdoc IAsyncRedeem
    function maxRedeem(address controller) external view returns (uint256 shares) {
        (shares,) = _most(controller);
    }

    /// @inheritdoc IAsyncRedeem
    function maxWithdraw(address controller) external view returns (uint256 assets) {
        (, assets) = _most(controller);
    }

    /// @inheritdoc IAsyncRedeem
    function previewRedeem(uint256) external pure returns (uint256) {
        revert NoPreview();
    }

    /// @inheritdoc IAsyncRedeem
    function previewWithdraw(uint256) external pure returns (uint256) {
        revert NoPreview();
    }

    /// @inheritdoc IAsyncRedeem
    function firstRequest(address controller) external view returns (uint256) {
        return _lists[controller].first;
    }

    /// @inheritdoc IAsyncRedeem
    function nextRequest(address controller, uint256 requestId) external view returns (uint256) {
        return _requests[controller][requestId].next;
    }
}
