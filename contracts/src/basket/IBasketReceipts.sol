// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";

/// @title Receipts of a basket's exits: one ERC-721 for a whole position of an epoch, minted on demand.
/// @notice Whoever owns the receipt owns the position, with the legs that are paid and the amounts they paid. The token id is
/// `version << 128 | line`. A claim burns the id; what is left lives on under the next version, so an offer for an id buys what
/// it showed or nothing.
/// @dev Not upgradeable, without an owner, holds no assets. The queue keeps the books by lines.
interface IBasketReceipts is IERC4906 {
    struct ReceiptInfo {
        address owner;
        uint256 epoch;
        uint256 shares;
        uint256 mask; // legs paid in full
        uint256[] paid; // what each leg paid so far, where it is not paid in full
        uint256[] claimable; // what each leg would pay now
        uint256 doneMask; // legs that nothing more comes of
    }

    event ReceiptClaimed(uint256 indexed tokenId, address indexed recipient, uint256[] paid, uint256 nextTokenId);
    event Unwrapped(uint256 indexed tokenId, uint256 indexed epoch, address indexed owner);

    error NotQueue(address caller);
    error NotReceiptOwner(uint256 tokenId, address caller);
    error ZeroAddress();

    function QUEUE() external view returns (address);
    /// @notice Queue only: a receipt of a position of `epoch` for `to`.
    function mint(address to, uint256 epoch) external returns (uint256 tokenId, uint256 line);
    /// @notice Claims the legs in `legMask` to `recipient`. The owner alone: an approved account may move a receipt, not cash it.
    /// @return paid one for each leg; @return nextTokenId the receipt of what is left, 0 when nothing is
    function claim(uint256 tokenId, uint256 legMask, address recipient)
        external
        returns (uint256[] memory paid, uint256 nextTokenId);
    /// @notice Burns the receipt; the position is the owner's own again (to cancel it while its epoch is open).
    function unwrap(uint256 tokenId) external;
    /// @notice Tells markets (ERC-4906) that what these receipts show has changed; ids that do not exist are passed over. Anyone.
    function refresh(uint256[] calldata tokenIds) external;
    function epochOf(uint256 tokenId) external view returns (uint256 epoch);
    function info(uint256 tokenId) external view returns (ReceiptInfo memory);
}
