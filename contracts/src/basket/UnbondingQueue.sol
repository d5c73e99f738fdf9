// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC7540Operator, IERC7540Redeem} from "../async/IERC7540.sol";
import {IBasket} from "./IBasket.sol";
import {IBasketReceipts} from "./IBasketReceipts.sol";
import {IBasketToken} from "./IBasketToken.sol";
import {IUnbondingQueue} from "./IUnbondingQueue.sol";
import {Mask} from "./lib/Mask.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title The epoch queue of one basket.
/// @notice IUnbondingQueue carries the NatSpec.
/// @dev Holds escrowed shares and what legs brought, nothing else. A clone; nobody can change it. What a leg brought is bounded
/// by what really came, claims are floors of parts of it: nobody's claim can take another's.
contract UnbondingQueue is IUnbondingQueue {
    using SafeERC20 for IERC20;

    address private constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    uint256 private constant ROUND = 1 days;
    uint256 private constant DUSK = 23 hours;
    /// @dev After a dawn that brought no close, cancels reopen.
    uint256 private constant CLOSE_GRACE = 2 hours;
    /// @dev A leg that did not start for so long after its close may end in kind.
    uint256 private constant STUCK = 7 days;
    uint256 private constant MAX_SLEEVES = 8;

    struct Epoch {
        uint128 shares;
        uint40 closedAt;
        uint8 legs;
        uint80 free_;
    }

    struct Leg {
        // slot 0: before and on its way
        uint128 parts;
        uint128 ticket; // an adapter counts from 1
        // slot 1: what a claim reads
        uint112 recovered;
        uint112 units;
        LegState state;
        bool inToken; // paid in the sleeve's token, not in coins
    }

    struct Position {
        uint112 shares;
        uint16 mask; // legs that are paid in full
        bool partly; // some leg paid and is not done: `_paid` knows
        uint120 free_;
    }

    // slot 0
    IBasket private _basket;
    uint48 private _openEpoch; // from 1
    uint24 private _openedRound; // day of its first request; 0: none
    bool private _locked;
    // slot 1
    IBasketToken private _token;
    // slot 2
    IBasketReceipts private _receipts;
    mapping(uint256 epoch => Epoch) internal _epochs;
    mapping(uint256 epoch => mapping(uint256 sleeve => Leg)) internal _legs;
    /// @dev A key is an address, or LINE and a receipt's line.
    mapping(uint256 epoch => mapping(uint256 key => Position)) internal _positions;
    mapping(uint256 epoch => mapping(uint256 key => uint256[MAX_SLEEVES])) private _paid;
    mapping(uint256 sleeve => address) private _tokenOf;
    /// @inheritdoc IUnbondingQueue
    mapping(uint256 sleeve => uint256) public openTickets;
    /// @inheritdoc IERC7540Operator
    mapping(address controller => mapping(address operator => bool)) public isOperator;

    uint256 private constant LINE = 1 << 160;

    modifier nonReentrant() {
        if (_locked) revert Reentered();
        _locked = true;
        _;
        _locked = false;
    }

    constructor() {
        _openEpoch = 1; // this copy of the code is no queue
    }

    function initialize(address basket, address token, address receipts) external {
        if (_openEpoch != 0) revert AlreadyInitialized();
        if (basket == address(0) || token == address(0) || receipts == address(0)) revert ZeroAddress();
        _openEpoch = 1;
        _basket = IBasket(basket);
        _token = IBasketToken(token);
        _receipts = IBasketReceipts(receipts);
    }

    /// @dev From sleeves, inside a call that the queue started.
    receive() external payable {
        if (!_locked) revert Reentered();
    }

    function registerSleeve(uint256 sleeve, address token) external {
        if (msg.sender != address(_basket)) revert NotBasket(msg.sender);
        _tokenOf[sleeve] = token;
    }

    // ------------------------------------------------------------------------------------------------------- operators

    /// @inheritdoc IERC7540Operator
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    function _checkController(address controller) private view {
        if (controller != msg.sender && !isOperator[controller][msg.sender]) {
            revert NotController(controller, msg.sender);
        }
    }

    // -------------------------------------------------------------------------------------------------------- requests

    function _today() private view returns (uint256) {
        return block.timestamp / ROUND;
    }

    /// @inheritdoc IERC7540Redeem
    function requestRedeem(uint256 shares, address controller, address owner)
        external
        nonReentrant
        returns (uint256 requestId)
    {
        if (shares == 0) revert ZeroAmount();
        if (controller == address(0)) revert ZeroAddress();
        if (shares > type(uint112).max) revert AmountTooLarge(shares, type(uint112).max);
        requestId = _openEpoch;
        uint256 today = _today();
        uint256 opened = _openedRound;
        if (opened != 0 && opened != today) revert EpochDue(requestId, (opened + 1) * ROUND);
        // The hour of the day, not a dice.
        // slither-disable-next-line weak-prng
        if (block.timestamp % ROUND >= DUSK) revert ClosedUntilDawn(requestId, (today + 1) * ROUND);
        if (opened == 0) _openedRound = uint24(today);
        _epochs[requestId].shares += uint128(shares);
        _positions[requestId][uint160(controller)].shares += uint112(shares);
        emit RedeemRequest(controller, owner, requestId, msg.sender, shares);
        bool trusted = owner == msg.sender || isOperator[owner][msg.sender];
        _token.escrow(owner, trusted ? owner : msg.sender, shares);
    }

    function cancel(uint256 epoch, uint256 shares, address controller, address receiver) external nonReentrant {
        _checkController(controller);
        if (receiver == address(0)) revert ZeroAddress();
        if (shares == 0) revert ZeroAmount();
        if (epoch != _openEpoch) revert EpochNotOpen(epoch);
        Position storage p = _positions[epoch][uint160(controller)];
        uint256 requested = p.shares;
        if (shares > requested) revert CancelAboveRequest(epoch, controller, shares, requested);
        uint256 dueAt = (uint256(_openedRound) + 1) * ROUND;
        // From dusk on nobody may change what the dawn undelegates; a dawn that did not come gives them back.
        if (block.timestamp >= dueAt - (ROUND - DUSK) && block.timestamp < dueAt + CLOSE_GRACE) {
            revert ClosedUntilDawn(epoch, dueAt);
        }
        p.shares = uint112(requested - shares);
        uint256 left = _epochs[epoch].shares - shares;
        _epochs[epoch].shares = uint128(left);
        if (left == 0) _openedRound = 0;
        emit RequestCancelled(controller, epoch, shares);
        IERC20(address(_token)).safeTransfer(receiver, shares);
    }

    // ----------------------------------------------------------------------------------------------------------- steps

    // The basket's carve calls nobody but the token, and both are this queue's own.
    // slither-disable-next-line reentrancy-no-eth
    function closeEpoch() external nonReentrant returns (uint256 epoch) {
        epoch = _openEpoch;
        uint256 opened = _openedRound;
        uint256 dueAt = opened == 0 ? 0 : (opened + 1) * ROUND;
        if (opened == 0 || block.timestamp < dueAt) revert EpochNotDue(epoch, dueAt);
        _openEpoch = uint48(epoch + 1);
        _openedRound = 0;
        Epoch storage e = _epochs[epoch];
        uint256 shares = e.shares;
        e.closedAt = uint40(block.timestamp);
        uint256[] memory parts = _basket.carveEpoch(shares);
        e.legs = uint8(parts.length);
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < parts.length; ++i) {
            // The basket's parts are below 2^128.
            if (parts[i] != 0) _legs[epoch][i].parts = uint128(parts[i]);
            else _legs[epoch][i].state = LegState.Done;
        }
        emit EpochClosed(epoch, shares, parts);
    }

    function _leg(uint256 epoch, uint256 sleeve) private view returns (Leg storage) {
        Epoch storage e = _epochs[epoch];
        if (e.closedAt == 0) revert EpochNotClosed(epoch);
        if (sleeve >= e.legs) revert UnknownLeg(epoch, sleeve);
        return _legs[epoch][sleeve];
    }

    function startLeg(uint256 epoch, uint256 sleeve) external nonReentrant {
        _start(epoch, sleeve, false);
    }

    function startInKind(uint256 epoch, uint256 sleeve) external nonReentrant {
        uint256 at = _epochs[epoch].closedAt + STUCK;
        if (block.timestamp < at) revert NotStuck(epoch, sleeve, at);
        _start(epoch, sleeve, true);
    }

    function _start(uint256 epoch, uint256 sleeve, bool inKind) private {
        Leg storage leg = _leg(epoch, sleeve);
        if (leg.state != LegState.Waiting) revert LegNotWaiting(epoch, sleeve, leg.state);
        address token = _tokenOf[sleeve];
        (uint256 coins, uint256 tokens) = (address(this).balance, _held(token));
        (uint256 units, uint256 ticket, uint256 paid, address asset) = _basket.startLeg(sleeve, leg.parts, inKind);
        bool inToken = asset != NATIVE;
        if (inToken && asset != token) revert WrongAsset(asset, token);
        _checkCame(inToken ? token : NATIVE, paid, inToken ? tokens : coins);
        if (ticket > type(uint128).max) revert AmountTooLarge(ticket, type(uint128).max);
        leg.parts = 0;
        leg.ticket = uint128(ticket);
        leg.recovered = _narrow(paid);
        leg.units = uint112(units); // the basket's units are below 2^112
        leg.state = ticket == 0 ? LegState.Done : LegState.Out;
        leg.inToken = inToken;
        if (ticket != 0) ++openTickets[sleeve];
        emit LegStarted(epoch, sleeve, units, ticket);
        if (paid != 0 || ticket == 0) emit LegPaid(epoch, sleeve, asset, paid, ticket == 0);
    }

    function collect(uint256 epoch, uint256 sleeve) external nonReentrant returns (uint256 paid, bool done) {
        Leg storage leg = _leg(epoch, sleeve);
        if (leg.state != LegState.Out) revert LegNotOut(epoch, sleeve, leg.state);
        address asset = leg.inToken ? _tokenOf[sleeve] : NATIVE;
        uint256 before = asset == NATIVE ? address(this).balance : _held(asset);
        (paid, done) = _basket.collectLeg(sleeve, leg.ticket);
        _checkCame(asset, paid, before);
        leg.recovered = _narrow(leg.recovered + paid);
        if (done) {
            leg.state = LegState.Done;
            --openTickets[sleeve];
        }
        emit LegPaid(epoch, sleeve, asset, paid, done);
    }

    function _narrow(uint256 amount) private pure returns (uint112) {
        if (amount > type(uint112).max) revert AmountTooLarge(amount, type(uint112).max);
        return uint112(amount);
    }

    function _held(address token) private view returns (uint256) {
        return token == NATIVE ? 0 : IERC20(token).balanceOf(address(this));
    }

    /// @dev A bound on what a sleeve says, not an account: what came beyond it is nobody's.
    function _checkCame(address asset, uint256 said, uint256 before) private view {
        if (said == 0) return;
        uint256 got = (asset == NATIVE ? address(this).balance : _held(asset)) - before;
        if (got < said) revert ShortPayment(asset, said, got);
    }

    // ---------------------------------------------------------------------------------------------------------- claims

    function claim(uint256 epoch, address owner, uint256 legMask, address recipient)
        external
        nonReentrant
        returns (uint256[] memory paid)
    {
        _checkController(owner);
        bool whole;
        (paid, whole) = _claim(epoch, uint160(owner), legMask, recipient);
        emit Claimed(epoch, owner, recipient, paid, whole);
    }

    function claimReceipt(uint256 epoch, uint256 line, uint256 legMask, address recipient)
        external
        nonReentrant
        returns (uint256[] memory paid, bool whole)
    {
        _checkReceipts();
        (paid, whole) = _claim(epoch, LINE | line, legMask, recipient);
        emit Claimed(epoch, msg.sender, recipient, paid, whole);
    }

    /// @dev What one claim pays.
    struct Bill {
        uint256[] amounts;
        uint256 coins;
        uint256 inTokens; // legs to pay in tokens
        bool any;
        bool whole;
    }

    function _claim(uint256 epoch, uint256 key, uint256 legMask, address recipient)
        private
        returns (uint256[] memory, bool)
    {
        if (recipient == address(0)) revert ZeroAddress();
        Bill memory bill = _settle(epoch, key, legMask);
        if (!bill.any) revert NothingToClaim(epoch, legMask);
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; bill.inTokens >> i != 0; ++i) {
            if (!Mask.has(bill.inTokens, i) || bill.amounts[i] == 0) continue;
            IERC20(_tokenOf[i]).safeTransfer(recipient, bill.amounts[i]);
        }
        if (bill.coins != 0) {
            // Whom the position's owner named.
            // slither-disable-next-line arbitrary-send-eth
            (bool ok,) = recipient.call{value: bill.coins}("");
            if (!ok) revert TransferFailed(recipient, bill.coins);
        }
        return (bill.amounts, bill.whole);
    }

    /// @dev The books of a claim: all of them before anything is paid.
    function _settle(uint256 epoch, uint256 key, uint256 legMask) internal returns (Bill memory bill) {
        Epoch memory e = _epochs[epoch];
        if (e.closedAt == 0) revert EpochNotClosed(epoch);
        Position memory p = _positions[epoch][key];
        bill.amounts = new uint256[](e.legs);
        if (p.shares == 0) return bill;
        uint256[MAX_SLEEVES] storage paid = _paid[epoch][key];
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < e.legs; ++i) {
            uint256 bit = Mask.bit(i);
            if (legMask & bit == 0 || p.mask & bit != 0) continue;
            Leg storage leg = _legs[epoch][i];
            LegState state = leg.state;
            if (state == LegState.Waiting) continue;
            uint256 due = uint256(leg.recovered) * p.shares / e.shares;
            uint256 was = p.partly ? paid[i] : 0;
            if (state == LegState.Done) {
                p.mask |= uint16(bit);
                if (was != 0) paid[i] = 0;
            } else if (due != was) {
                paid[i] = due;
                p.partly = true;
            } else {
                continue;
            }
            bill.any = true;
            // Recovered only grows.
            bill.amounts[i] = due - was;
            if (leg.inToken) bill.inTokens |= bit;
            else bill.coins += due - was;
        }
        bill.whole = p.mask == Mask.bit(e.legs) - 1;
        if (bill.whole) delete _positions[epoch][key];
        else if (bill.any) _positions[epoch][key] = p;
    }

    // -------------------------------------------------------------------------------------------------------- receipts

    function _checkReceipts() private view {
        if (msg.sender != address(_receipts)) revert NotReceipts(msg.sender);
    }

    function mintReceipt(uint256 epoch) external nonReentrant returns (uint256 tokenId) {
        uint256 line;
        (tokenId, line) = _receipts.mint(msg.sender, epoch);
        if (!_move(epoch, uint160(msg.sender), LINE | line)) revert NothingToClaim(epoch, 0);
        emit PositionWrapped(epoch, msg.sender, line);
    }

    function unwrapReceipt(uint256 epoch, uint256 line, address owner) external nonReentrant {
        _checkReceipts();
        uint256 key = uint160(owner);
        // Two positions of one epoch are one when nothing of either was claimed; else the receipt waits for the other's end.
        Position memory own = _positions[epoch][key];
        if (own.shares != 0) {
            Position memory p = _positions[epoch][LINE | line];
            if (own.mask != 0 || own.partly || p.mask != 0 || p.partly) revert PositionInUse(epoch, owner);
            _positions[epoch][key].shares = own.shares + p.shares;
            delete _positions[epoch][LINE | line];
        } else {
            _move(epoch, LINE | line, key);
        }
        emit PositionUnwrapped(epoch, owner, line);
    }

    /// @dev A whole position, its mask and what its legs paid so far. @return whether there was one
    function _move(uint256 epoch, uint256 from, uint256 to) private returns (bool) {
        Position memory p = _positions[epoch][from];
        if (p.shares == 0) return false;
        delete _positions[epoch][from];
        _positions[epoch][to] = p;
        if (!p.partly) return true;
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < MAX_SLEEVES; ++i) {
            uint256 was = _paid[epoch][from][i];
            if (was == 0) continue;
            delete _paid[epoch][from][i];
            _paid[epoch][to][i] = was;
        }
        return true;
    }

    // ----------------------------------------------------------------------------------------------------------- views

    function BASKET() external view returns (address) {
        return address(_basket);
    }

    function TOKEN() external view returns (address) {
        return address(_token);
    }

    function RECEIPTS() external view returns (address) {
        return address(_receipts);
    }

    function openEpoch() external view returns (uint256 epoch, uint256 closesAt) {
        uint256 opened = _openedRound;
        return (_openEpoch, ((opened == 0 ? _today() : opened) + 1) * ROUND);
    }

    function epochInfo(uint256 epoch) external view returns (EpochInfo memory info) {
        Epoch memory e = _epochs[epoch];
        info.shares = e.shares;
        info.legs = e.legs;
        info.closedAt = e.closedAt;
        if (epoch == _openEpoch && _openedRound != 0) info.dueAt = (uint256(_openedRound) + 1) * ROUND;
    }

    function legInfo(uint256 epoch, uint256 sleeve) external view returns (LegInfo memory info) {
        Leg memory leg = _legs[epoch][sleeve];
        info.state = leg.state;
        info.parts = leg.parts;
        info.units = leg.units;
        info.ticket = leg.ticket;
        info.recovered = leg.recovered;
        if (leg.state != LegState.Waiting) info.asset = leg.inToken ? _tokenOf[sleeve] : NATIVE;
    }

    function position(uint256 epoch, address owner)
        external
        view
        returns (uint256 shares, uint256 mask, uint256[] memory paid)
    {
        return _position(epoch, uint160(owner));
    }

    function receiptPosition(uint256 epoch, uint256 line)
        external
        view
        returns (uint256 shares, uint256 mask, uint256[] memory paid)
    {
        return _position(epoch, LINE | line);
    }

    function _position(uint256 epoch, uint256 key)
        private
        view
        returns (uint256 shares, uint256 mask, uint256[] memory paid)
    {
        Position memory p = _positions[epoch][key];
        paid = new uint256[](_epochs[epoch].legs);
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < paid.length; ++i) {
            paid[i] = _paid[epoch][key][i];
        }
        return (p.shares, p.mask, paid);
    }

    function claimable(uint256 epoch, address owner)
        external
        view
        returns (uint256[] memory amounts, uint256 doneMask)
    {
        return _claimable(epoch, uint160(owner));
    }

    function receiptClaimable(uint256 epoch, uint256 line)
        external
        view
        returns (uint256[] memory amounts, uint256 doneMask)
    {
        return _claimable(epoch, LINE | line);
    }

    function _claimable(uint256 epoch, uint256 key) private view returns (uint256[] memory amounts, uint256 doneMask) {
        Epoch memory e = _epochs[epoch];
        Position memory p = _positions[epoch][key];
        amounts = new uint256[](e.legs);
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < e.legs; ++i) {
            Leg storage leg = _legs[epoch][i];
            if (leg.state == LegState.Done) doneMask |= Mask.bit(i);
            if (Mask.has(p.mask, i)) continue;
            amounts[i] = uint256(leg.recovered) * p.shares / e.shares - _paid[epoch][key][i];
        }
    }

    /// @inheritdoc IERC7540Redeem
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return _allDone(requestId) ? 0 : _positions[requestId][uint160(controller)].shares;
    }

    /// @inheritdoc IERC7540Redeem
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return _allDone(requestId) ? _positions[requestId][uint160(controller)].shares : 0;
    }

    /// @dev A request is claimable as a whole when each of its legs is done; `claim` pays parts of it before.
    function _allDone(uint256 epoch) private view returns (bool) {
        Epoch memory e = _epochs[epoch];
        if (e.closedAt == 0) return false;
        // bound(MAX_SLEEVES): the basket has no more
        for (uint256 i; i < e.legs; ++i) {
            if (_legs[epoch][i].state != LegState.Done) return false;
        }
        return true;
    }
}
