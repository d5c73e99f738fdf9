// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC7540Operator, IERC7540Redeem} from "../async/IERC7540.sol";

/// @title The epoch queue of a basket: shares wait for the dawn, their legs for the staking systems.
/// @notice Requests of one day form an epoch (`requestId` = epoch, from 1). Until it closes the shares are whole: they earn, and
/// the request can be cancelled. The close carves all of them at once, whoever they belong to, and asks nobody. Each leg then
/// goes its own way; what it brings is here, and `claim` pays each position its part of it.
///
///     day d        00:00 ........ 23:00 | 24:00 = dawn of d + 1
///     requests     open                 | closed until the close
///     cancels      open                 | closed until the close, or until 02:00 when none came
///     closeEpoch                        | from dawn on, anyone
///     leg          Waiting --startLeg--> Out --collect--> ... --> Done          each step by anyone, as often as it takes
///     claim        floor(recovered * shares / epoch's shares) - paid            the leg's bit is set when it is Done
/// @dev A position is what one controller has in one epoch. `owner` of the claim is that controller.
interface IUnbondingQueue is IERC7540Operator, IERC7540Redeem {
    enum LegState {
        Waiting, // parts in the sleeve: shares its gains and losses
        Out, // a ticket: what it loses is its own
        Done
    }

    struct LegInfo {
        LegState state;
        address asset; // what it is paid in; not known (0) before it starts
        uint256 parts; // while it waits
        uint256 units; // that began to unbond
        uint256 ticket;
        uint256 recovered;
    }

    struct EpochInfo {
        uint256 shares;
        uint256 legs; // sleeves at the close
        uint256 closedAt; // 0: open
        uint256 dueAt; // its close is due; 0: nothing was requested yet
    }

    error ZeroAmount();
    error ZeroAddress();
    error AmountTooLarge(uint256 amount, uint256 most);
    error Reentered();
    error AlreadyInitialized();
    error NotBasket(address caller);
    error NotReceipts(address caller);
    error NotController(address controller, address caller);
    /// @notice From dusk to the close no requests and no cancels.
    error ClosedUntilDawn(uint256 epoch, uint256 dueAt);
    /// @notice The open epoch's close is due: close it first.
    error EpochDue(uint256 epoch, uint256 dueAt);
    error EpochNotDue(uint256 epoch, uint256 dueAt);
    error EpochNotClosed(uint256 epoch);
    error EpochNotOpen(uint256 epoch);
    error CancelAboveRequest(uint256 epoch, address controller, uint256 shares, uint256 requested);
    /// @notice Its own way may still come; in kind from `at` on.
    error NotStuck(uint256 epoch, uint256 sleeve, uint256 at);
    error NothingToClaim(uint256 epoch, uint256 legMask);
    error UnknownLeg(uint256 epoch, uint256 sleeve);
    error LegNotWaiting(uint256 epoch, uint256 sleeve, LegState state);
    error LegNotOut(uint256 epoch, uint256 sleeve, LegState state);
    /// @notice A sleeve said it paid `said` of `asset`, and `got` came.
    error ShortPayment(address asset, uint256 said, uint256 got);
    error WrongAsset(address asset, address expected);
    /// @notice `owner` has a position of this epoch already, and one of the two was claimed from.
    error PositionInUse(uint256 epoch, address owner);
    error TransferFailed(address to, uint256 amount);

    event RequestCancelled(address indexed controller, uint256 indexed epoch, uint256 shares);
    event EpochClosed(uint256 indexed epoch, uint256 shares, uint256[] parts);
    event LegStarted(uint256 indexed epoch, uint256 indexed sleeve, uint256 units, uint256 ticket);
    event LegPaid(uint256 indexed epoch, uint256 indexed sleeve, address asset, uint256 amount, bool done);
    /// @notice `paid` has one amount for each leg of the epoch.
    event Claimed(uint256 indexed epoch, address indexed owner, address recipient, uint256[] paid, bool whole);
    event PositionWrapped(uint256 indexed epoch, address indexed owner, uint256 indexed line);
    event PositionUnwrapped(uint256 indexed epoch, address indexed owner, uint256 indexed line);

    function initialize(address basket, address token, address receipts) external;

    /// @notice Takes `shares` of a request out of the open epoch, to `receiver`. The controller or its operator.
    function cancel(uint256 epoch, uint256 shares, address controller, address receiver) external;
    /// @notice Ledger only, at a cost by sleeves and not by requests. Anyone, from dawn on. @return epoch that closed
    function closeEpoch() external returns (uint256 epoch);
    /// @notice Starts a leg's way out. Anyone; reverts with whatever its sleeve fails with, and nothing has changed.
    function startLeg(uint256 epoch, uint256 sleeve) external;
    /// @notice Ends a leg in its sleeve's token that could not start for 7 days after the close. Anyone; as `startLeg`.
    function startInKind(uint256 epoch, uint256 sleeve) external;
    /// @notice Brings in what came of a leg. Anyone; as `startLeg`.
    function collect(uint256 epoch, uint256 sleeve) external returns (uint256 paid, bool done);
    /// @notice Pays what has come for a position's legs in `legMask` and was not paid yet. The owner or its operator, to any
    /// recipient. Reverts when that is nothing.
    /// @return paid one for each leg of the epoch
    function claim(uint256 epoch, address owner, uint256 legMask, address recipient)
        external
        returns (uint256[] memory paid);

    /// @notice Basket only: what a sleeve's legs are paid in when not in coins.
    function registerSleeve(uint256 sleeve, address token) external;

    /// @notice Turns the caller's position of an epoch into a receipt (ERC-721) of its own. @return tokenId
    function mintReceipt(uint256 epoch) external returns (uint256 tokenId);
    /// @notice Receipts only.
    function claimReceipt(uint256 epoch, uint256 line, uint256 legMask, address recipient)
        external
        returns (uint256[] memory paid, bool whole);
    /// @notice Receipts only: the position is `owner`'s own again.
    function unwrapReceipt(uint256 epoch, uint256 line, address owner) external;

    function BASKET() external view returns (address);
    function TOKEN() external view returns (address);
    function RECEIPTS() external view returns (address);
    /// @notice The open epoch, and when its close is due (the next dawn when nothing was requested yet).
    function openEpoch() external view returns (uint256 epoch, uint256 closesAt);
    function epochInfo(uint256 epoch) external view returns (EpochInfo memory);
    function legInfo(uint256 epoch, uint256 sleeve) external view returns (LegInfo memory);
    /// @notice A position: its shares, the legs that are paid in full, and what each leg paid so far where it is not.
    function position(uint256 epoch, address owner)
        external
        view
        returns (uint256 shares, uint256 mask, uint256[] memory paid);
    function receiptPosition(uint256 epoch, uint256 line)
        external
        view
        returns (uint256 shares, uint256 mask, uint256[] memory paid);
    /// @notice What `claim` would pay now, leg by leg, and which legs are done.
    function claimable(uint256 epoch, address owner) external view returns (uint256[] memory amounts, uint256 doneMask);
    function receiptClaimable(uint256 epoch, uint256 line)
        external
        view
        returns (uint256[] memory amounts, uint256 doneMask);
    function openTickets(uint256 sleeve) external view returns (uint256);
}
