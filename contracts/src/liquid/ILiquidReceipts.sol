// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";

/// @title Exit receipts: one ERC-721 for a queued exit, minted on demand.
/// @notice Whoever owns the receipt owns the exit. The token id is `version << 64 | request id`. What an id shows can only
/// grow until the id ends: a claim burns it, and if the request is not yet wholly funded, the rest lives on under the next
/// version. An id that was burned never comes back, so an offer for it buys what it showed or nothing.
/// @dev Not upgradeable, without an owner, holds no coins. The minter keeps the books: to it this contract is the owner of
/// requests, and it asks the minter for nothing that an owner may not do, but to hand a request back.
interface ILiquidReceipts is IERC4906 {
    /// @notice What a receipt is worth: amounts in wei, `lst` in LST wei, times in unix seconds.
    struct ReceiptInfo {
        uint256 requestId;
        address owner;
        uint256 lst;
        uint256 paid; // coins already paid, before the fee
        uint256 gross; // claimable now, before the fee
        uint256 fee;
        uint256 eta; // 0: its coins are here
        bool revised;
    }

    /// @notice The request of a burned receipt is `owner`'s own again.
    event Unwrapped(uint256 indexed tokenId, uint256 indexed requestId, address indexed owner);
    /// @notice `paid` wei went to `recipient`; the rest, if any, is `nextTokenId` (0: nothing left).
    event ReceiptClaimed(uint256 indexed tokenId, address indexed recipient, uint256 paid, uint256 nextTokenId);

    error NotMinter(address caller);
    error NotReceiptOwner(uint256 tokenId, address caller);

    function MINTER() external view returns (address);
    /// @notice Minter only: a receipt of `requestId` for `to`.
    function mint(address to, uint256 requestId) external returns (uint256 tokenId);
    /// @notice Claims what is funded to `recipient`; hints from the minter's `findHints([requestId])`. The owner alone: an
    /// approved account may move a receipt, not cash it.
    /// @return paid wei; @return nextTokenId the receipt of what is left, 0 when nothing is
    function claim(uint256 tokenId, uint256 hintA, uint256 hintB, address recipient)
        external
        returns (uint256 paid, uint256 nextTokenId);
    /// @notice The same, searching the checkpoints itself.
    function redeem(uint256 tokenId, address recipient) external returns (uint256 paid, uint256 nextTokenId);
    /// @notice Burns the receipt; the request is the owner's own again (to cancel it while its rung is open, or to be pushed).
    function unwrap(uint256 tokenId) external returns (uint256 requestId);
    /// @notice Tells markets (ERC-4906) that what these receipts show has changed; ids that do not exist are passed over. Anyone.
    function refresh(uint256[] calldata tokenIds) external;
    function info(uint256 tokenId) external view returns (ReceiptInfo memory);
}
