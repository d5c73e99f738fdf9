// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "./ILiquidMinter.sol";
import {ILiquidReceipts} from "./ILiquidReceipts.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title Exit receipts.
/// @notice ILiquidReceipts carries the NatSpec.
/// @dev OpenZeppelin's ERC721 with its owners and balances moved: a burned id keeps a mark in its own slot, so that it can
/// never be minted again and no mint reads a further slot to know.
contract LiquidReceipts is ERC721, ILiquidReceipts {
    using Strings for uint256;

    bytes4 private constant ERC4906_ID = 0x49064906;
    uint256 private constant REQUEST_MASK = type(uint64).max;
    uint256 private constant NEXT_VERSION = 1 << 64;
    /// @dev In place of an owner: this id was burned.
    uint256 private constant BURNED = type(uint256).max;

    /// @inheritdoc ILiquidReceipts
    address public immutable MINTER;

    mapping(uint256 tokenId => uint256 ownerOrBurned) private _tokens;
    mapping(address owner => uint256) private _held;
    /// @dev Version of the next receipt of a request that was unwrapped.
    mapping(uint256 requestId => uint256) private _nextVersion;

    constructor(address minter, string memory name_, string memory symbol_) ERC721(name_, symbol_) {
        if (minter == address(0)) revert NotMinter(minter);
        MINTER = minter;
    }

    /// @inheritdoc ILiquidReceipts
    function mint(address to, uint256 requestId) external returns (uint256 tokenId) {
        if (msg.sender != MINTER) revert NotMinter(msg.sender);
        tokenId = requestId;
        if (_tokens[tokenId] == BURNED) tokenId |= _nextVersion[requestId] << 64;
        _mint(to, tokenId);
    }

    /// @inheritdoc ILiquidReceipts
    function claim(uint256 tokenId, uint256 hintA, uint256 hintB, address recipient)
        external
        returns (uint256 paid, uint256 nextTokenId)
    {
        uint256 requestId = _spend(tokenId);
        paid = ILiquidMinter(payable(MINTER)).claimTo(requestId, hintA, hintB, recipient);
        nextTokenId = _afterClaim(tokenId, requestId, recipient, paid);
    }

    /// @inheritdoc ILiquidReceipts
    function redeem(uint256 tokenId, address recipient) external returns (uint256 paid, uint256 nextTokenId) {
        uint256 requestId = _spend(tokenId);
        paid = ILiquidMinter(payable(MINTER)).withdraw(recipient, requestId);
        nextTokenId = _afterClaim(tokenId, requestId, recipient, paid);
    }

    /// @dev Burns before the minter pays: while the recipient is being paid there is no receipt that it could sell.
    function _spend(uint256 tokenId) private returns (uint256 requestId) {
        if (_requireOwned(tokenId) != msg.sender) revert NotReceiptOwner(tokenId, msg.sender);
        _burn(tokenId);
        return tokenId & REQUEST_MASK;
    }

    /// @dev What is not wholly funded yet lives on under a new id.
    function _afterClaim(uint256 tokenId, uint256 requestId, address recipient, uint256 paid)
        private
        returns (uint256 nextTokenId)
    {
        if (ILiquidMinter(payable(MINTER)).ticketOwner(requestId) == address(this)) {
            nextTokenId = tokenId + NEXT_VERSION;
            _mint(msg.sender, nextTokenId);
        }
        emit ReceiptClaimed(tokenId, recipient, paid, nextTokenId);
    }

    /// @inheritdoc ILiquidReceipts
    function unwrap(uint256 tokenId) external returns (uint256 requestId) {
        requestId = _spend(tokenId);
        _nextVersion[requestId] = (tokenId >> 64) + 1;
        emit Unwrapped(tokenId, requestId, msg.sender);
        ILiquidMinter(payable(MINTER)).unwrapTicket(requestId, msg.sender);
    }

    /// @inheritdoc ILiquidReceipts
    function refresh(uint256[] calldata tokenIds) external {
        // bound(list tokenIds): the caller's
        for (uint256 i; i < tokenIds.length; ++i) {
            if (_ownerOf(tokenIds[i]) != address(0)) emit MetadataUpdate(tokenIds[i]);
        }
    }

    // ---------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc ILiquidReceipts
    function info(uint256 tokenId) public view returns (ReceiptInfo memory r) {
        ILiquidMinter minter = ILiquidMinter(payable(MINTER));
        r.owner = _requireOwned(tokenId);
        r.requestId = tokenId & REQUEST_MASK;
        (, r.lst, r.paid) = minter.request(r.requestId);
        (r.gross, r.fee) = minter.claimable(r.requestId);
        (r.eta, r.revised) = minter.exitEta(r.requestId);
    }

    /// @notice JSON in a data URI, made from what the minter says now.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        ReceiptInfo memory r = info(tokenId);
        string memory json = string.concat(
            '{"name":"',
            symbol(),
            " ",
            (r.requestId >> 32).toString(),
            "/",
            (r.requestId & type(uint32).max).toString(),
            '","description":"A queued exit from liquid staking. Its owner gets the coins. Amounts in wei, times in unix seconds.","attributes":['
        );
        json = string.concat(
            json,
            _attribute("Request", r.requestId),
            ",",
            _attribute("LST", r.lst),
            ",",
            _attribute("Paid", r.paid),
            ",",
            _attribute("Claimable", r.gross - r.fee),
            ",",
            _attribute("Promised by", r.eta),
            "]}"
        );
        return string.concat("data:application/json;base64,", Base64.encode(bytes(json)));
    }

    function _attribute(string memory name_, uint256 value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', name_, '","value":"', value.toString(), '"}');
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == ERC4906_ID || super.supportsInterface(interfaceId);
    }

    // --------------------------------------------------------------------------------------------------------- ERC-721

    /// @inheritdoc IERC721
    function balanceOf(address owner) public view override(ERC721, IERC721) returns (uint256) {
        if (owner == address(0)) revert ERC721InvalidOwner(address(0));
        return _held[owner];
    }

    function _ownerOf(uint256 tokenId) internal view override returns (address) {
        uint256 slot = _tokens[tokenId];
        return slot == BURNED ? address(0) : address(uint160(slot));
    }

    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        // Neither could ever claim it.
        if (to == address(this) || to == MINTER) revert ERC721InvalidReceiver(to);
        uint256 slot = _tokens[tokenId];
        if (slot == BURNED) revert ERC721NonexistentToken(tokenId);
        from = address(uint160(slot));
        if (auth != address(0)) _checkAuthorized(from, auth, tokenId);
        if (from != address(0)) {
            _approve(address(0), tokenId, address(0), false);
            --_held[from];
        }
        if (to != address(0)) ++_held[to];
        _tokens[tokenId] = to == address(0) ? BURNED : uint256(uint160(to));
        emit Transfer(from, to, tokenId);
    }
}
