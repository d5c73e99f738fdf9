// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasketReceipts} from "./IBasketReceipts.sol";
import {IUnbondingQueue} from "./IUnbondingQueue.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title Receipts of a basket's exits.
/// @notice IBasketReceipts carries the NatSpec.
contract BasketReceipts is ERC721, IBasketReceipts {
    using Strings for uint256;

    bytes4 private constant ERC4906_ID = 0x49064906;
    uint256 private constant NEXT_VERSION = 1 << 128;
    uint256 private constant LINE_MASK = NEXT_VERSION - 1;

    /// @inheritdoc IBasketReceipts
    address public immutable QUEUE;

    uint256 private _lines;
    mapping(uint256 line => uint256) private _epochs;

    constructor(address queue, string memory name_, string memory symbol_) ERC721(name_, symbol_) {
        if (queue == address(0)) revert ZeroAddress();
        QUEUE = queue;
    }

    /// @inheritdoc IBasketReceipts
    function mint(address to, uint256 epoch) external returns (uint256 tokenId, uint256 line) {
        if (msg.sender != QUEUE) revert NotQueue(msg.sender);
        line = ++_lines;
        _epochs[line] = epoch;
        tokenId = line;
        _mint(to, tokenId);
    }

    /// @inheritdoc IBasketReceipts
    function claim(uint256 tokenId, uint256 legMask, address recipient)
        external
        returns (uint256[] memory paid, uint256 nextTokenId)
    {
        (uint256 line, uint256 epoch) = _spend(tokenId);
        bool whole;
        (paid, whole) = IUnbondingQueue(QUEUE).claimReceipt(epoch, line, legMask, recipient);
        if (!whole) {
            nextTokenId = tokenId + NEXT_VERSION;
            _mint(msg.sender, nextTokenId);
        }
        emit ReceiptClaimed(tokenId, recipient, paid, nextTokenId);
    }

    /// @inheritdoc IBasketReceipts
    function unwrap(uint256 tokenId) external {
        (uint256 line, uint256 epoch) = _spend(tokenId);
        emit Unwrapped(tokenId, epoch, msg.sender);
        IUnbondingQueue(QUEUE).unwrapReceipt(epoch, line, msg.sender);
    }

    /// @dev Burned before anything is paid: while the recipient is being paid there is no receipt that it could sell. Neither a
    /// line nor a version comes twice.
    function _spend(uint256 tokenId) private returns (uint256 line, uint256 epoch) {
        if (_requireOwned(tokenId) != msg.sender) revert NotReceiptOwner(tokenId, msg.sender);
        _burn(tokenId);
        line = tokenId & LINE_MASK;
        epoch = _epochs[line];
    }

    /// @inheritdoc IBasketReceipts
    function refresh(uint256[] calldata tokenIds) external {
        // bound(list tokenIds): the caller's
        for (uint256 i; i < tokenIds.length; ++i) {
            if (_ownerOf(tokenIds[i]) != address(0)) emit MetadataUpdate(tokenIds[i]);
        }
    }

    // ----------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IBasketReceipts
    function epochOf(uint256 tokenId) public view returns (uint256) {
        _requireOwned(tokenId);
        return _epochs[tokenId & LINE_MASK];
    }

    /// @inheritdoc IBasketReceipts
    function info(uint256 tokenId) public view returns (ReceiptInfo memory r) {
        r.owner = _requireOwned(tokenId);
        uint256 line = tokenId & LINE_MASK;
        r.epoch = _epochs[line];
        (r.shares, r.mask, r.paid) = IUnbondingQueue(QUEUE).receiptPosition(r.epoch, line);
        (r.claimable, r.doneMask) = IUnbondingQueue(QUEUE).receiptClaimable(r.epoch, line);
    }

    /// @notice JSON in a data URI, made from what the queue says now.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        ReceiptInfo memory r = info(tokenId);
        string memory json = string.concat(
            '{"name":"',
            symbol(),
            " ",
            r.epoch.toString(),
            "/",
            (tokenId & LINE_MASK).toString(),
            '","description":"A queued exit from a basket. Its owner gets what its legs bring. Amounts in smallest units.","attributes":[',
            _attribute("Epoch", r.epoch),
            ",",
            _attribute("Shares", r.shares)
        );
        // bound(8): legs of an epoch
        for (uint256 i; i < r.claimable.length; ++i) {
            json = string.concat(json, ",", _attribute(string.concat("Claimable, leg ", i.toString()), r.claimable[i]));
        }
        return string.concat("data:application/json;base64,", Base64.encode(bytes(string.concat(json, "]}"))));
    }

    function _attribute(string memory name_, uint256 value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', name_, '","value":"', value.toString(), '"}');
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == ERC4906_ID || super.supportsInterface(interfaceId);
    }

    /// @dev Nobody could ever claim what the queue or this contract owns.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        if (to == address(this) || to == QUEUE) revert ERC721InvalidReceiver(to);
        return super._update(to, tokenId, auth);
    }
}
