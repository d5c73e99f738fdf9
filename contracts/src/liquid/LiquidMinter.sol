// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {PlumeAdapter} from "../staking/PlumeAdapter.sol";
import {IBucketFactory} from "./IBucketFactory.sol";
import {ILiquidMinter} from "./ILiquidMinter.sol";
import {ILiquidReceipts} from "./ILiquidReceipts.sol";
import {ILiquidRewards} from "./ILiquidRewards.sol";
import {ILiquidToken} from "./ILiquidToken.sol";
import {LiquidBase} from "./LiquidBase.sol";
import {Line} from "./lib/Line.sol";
import {LiquidStorage} from "./lib/LiquidStorage.sol";

/// @title The minter: deposits, exits, claims and the funding of the line.
/// @notice Everything else of ILiquidMinter lives in the parts that the fallback delegates to; ILiquidMinter carries the NatSpec.
/// @dev Lives behind an ERC-1967 proxy (UUPS). Arithmetic and order: docs/src/specification.md, sections as marked.
contract LiquidMinter is LiquidBase, UUPSUpgradeable {
    using LiquidStorage for LiquidStorage.State;

    uint16 private constant NO_HINT = type(uint16).max;

    address private immutable KEEPER;
    address private immutable STAKER;
    address private immutable RECEIPTS;
    bytes32 private immutable BUCKET_CODEHASH;

    constructor(address token_, address staking_, address factory_, address keeper, address staker, address receipts_)
        LiquidBase(token_, staking_)
    {
        if (keeper == address(0) || staker == address(0) || receipts_ == address(0)) revert ZeroAddress();
        KEEPER = keeper;
        STAKER = staker;
        RECEIPTS = receipts_;
        BUCKET_CODEHASH = IBucketFactory(factory_).BUCKET_CODEHASH();
    }

    function _authorizeUpgrade(address) internal override onlyRole(DEFAULT_ADMIN_ROLE) {
        _loosening(true);
    }

    /// @dev Keepers' steps, parameters and views: the next parts, in this contract's storage. The steps of the exit bus
    /// go straight to theirs; all else starts at the stake bus.
    // Handing on ends the call on purpose: what the part returns is the answer.
    // slither-disable-next-line incorrect-return
    fallback() external payable {
        bytes4 sig = msg.sig;
        bool exits = sig == ILiquidMinter.sweepMaturedBuckets.selector
            || sig == ILiquidMinter.processBatchUnstake.selector
            || sig == ILiquidMinter.processBatchUnstakePage.selector || sig == ILiquidMinter.bookSlash.selector;
        _delegate(exits ? KEEPER : STAKER);
    }

    // --------------------------------------------------------------------------------------------------- 4. deposits

    function submit() external payable nonReentrant returns (uint256) {
        return _deposit(msg.sender, NO_HINT, 0);
    }

    function submitAndGive(address recipient) external payable nonReentrant returns (uint256) {
        return _deposit(recipient, NO_HINT, 0);
    }

    function submitForValidator(uint16 validatorId) external payable nonReentrant returns (uint256) {
        return _deposit(msg.sender, validatorId, 0);
    }

    function deposit(address recipient, uint256 minOut, uint256 deadline)
        external
        payable
        nonReentrant
        returns (uint256)
    {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        return _deposit(recipient, NO_HINT, minOut);
    }

    receive() external payable nonReentrant {
        // A bucket's coins are never a deposit: it has a named entry. Neither are the staking system's or rewards'.
        if (msg.sender.codehash == BUCKET_CODEHASH || msg.sender == STAKING || msg.sender == _state().rewards) {
            revert FromBucket(msg.sender);
        }
        _deposit(msg.sender, NO_HINT, 0);
    }

    /// @notice Coins of a bucket, inside a call that the minter started.
    function receiveFromBucket() external payable {
        if (msg.sender != _expectedBucket()) revert NotBucket(msg.sender);
    }

    function _deposit(address recipient, uint16 hint, uint256 minOut) private returns (uint256 lst) {
        uint256 x = msg.value;
        if (x == 0) revert ZeroAmount();
        if (recipient == address(0)) revert ZeroAddress();
        if (x > LiquidStorage.MAX_AMOUNT) revert AmountTooLarge(x, LiquidStorage.MAX_AMOUNT);
        LiquidStorage.State storage s = _state();
        _checkHint(s, hint);
        if (block.timestamp < s.depositsPausedUntil) revert Paused(s.depositsPausedUntil);
        if (s.slashPending != 0) revert SlashNotBooked(_firstUnbooked(s));
        uint256 rate = s.rate;
        if (rate < LiquidStorage.MIN_RATE) revert DepositsClosed(rate, LiquidStorage.MIN_RATE);
        lst = x * LiquidStorage.RAY / rate;
        if (lst == 0) revert ZeroAmount();
        if (lst < minOut) revert OutBelowMinimum(lst, minOut);
        uint256 room = uint256(s.headroom) + x;
        if (room > LiquidStorage.MAX_AMOUNT) revert AmountTooLarge(x, LiquidStorage.MAX_AMOUNT);
        s.headroom = uint96(room);
        // The limiter meters net outflow: what comes in gives room back, never more than was used.
        if (s.meterLevel != 0) {
            s.meterLevel = uint96(LiquidStorage.min0(s.leakedMeter(), x));
            s.meterAt = uint40(block.timestamp);
        }
        ILiquidToken(TOKEN).mint(recipient, lst);
        emit Deposited(recipient, msg.sender, hint, x, lst);
    }

    /// @dev Here and not with the views, because the vault asks with every deposit and exit.
    function depositTerms() external view returns (uint256 rate, uint256 room) {
        LiquidStorage.State storage s = _state();
        rate = s.rate;
        if (block.timestamp < s.depositsPausedUntil || s.slashPending != 0 || rate < LiquidStorage.MIN_RATE) {
            return (rate, 0);
        }
        room = LiquidStorage.MAX_AMOUNT - s.headroom;
    }

    /// @dev A hint steers nothing, but a mistyped validator is told.
    function _checkHint(LiquidStorage.State storage s, uint16 hint) private view {
        if (hint != NO_HINT && !s.validators[hint].registered) revert UnknownValidator(hint);
    }

    function _firstUnbooked(LiquidStorage.State storage s) private view returns (uint16 id) {
        uint256 n = s.validatorIds.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < n; ++i) {
            id = s.validatorIds[i];
            if (s.validators[id].slashed && !s.validators[id].booked) return id;
        }
    }

    // ------------------------------------------------------------------------------------------------------- 5. exits

    /// @dev With a part for the AMM the exit is the next part's: this one stays short.
    // Handing on ends the call on purpose: what the part returns is the answer.
    // slither-disable-next-line incorrect-return
    function redeem(uint256 amount, ExitParams calldata p) external returns (uint256, uint256) {
        if (p.ammMax != 0) _delegate(STAKER);
        return _redeemHere(amount, p);
    }

    function _redeemHere(uint256 amount, ExitParams memory p) private nonReentrant returns (uint256, uint256) {
        return _redeem(amount, p, NO_HINT);
    }

    function unstake(uint256 amount) external nonReentrant returns (uint256 paidNow, uint256 id) {
        return _redeem(amount, _everything(amount), NO_HINT);
    }

    function unstakeFromValidator(uint256 amount, uint16 validatorId)
        external
        nonReentrant
        returns (uint256 paidNow, uint256 id)
    {
        return _redeem(amount, _everything(amount), validatorId);
    }

    function _everything(uint256 amount) private view returns (ExitParams memory) {
        return ExitParams({
            instantMax: amount,
            ammMax: 0,
            queueMax: amount,
            minOutNow: 0,
            feeLimitBps: LiquidStorage.BPS,
            deadline: block.timestamp,
            recipient: msg.sender
        });
    }

    function _redeem(uint256 amount, ExitParams memory p, uint16 hint) private returns (uint256 paidNow, uint256 id) {
        if (block.timestamp > p.deadline) revert DeadlinePassed(p.deadline, block.timestamp);
        if (amount == 0) revert ZeroAmount();
        if (p.recipient == address(0)) revert ZeroAddress();
        LiquidStorage.State storage s = _state();
        _checkHint(s, hint);
        uint256 lst;
        uint256 fee;
        uint256 gross;
        if (p.instantMax != 0) (lst, gross, fee) = _instant(s, LiquidStorage.min(amount, p.instantMax), p.feeLimitBps);
        paidNow = gross - fee;
        if (paidNow < p.minOutNow) revert OutBelowMinimum(paidNow, p.minOutNow);
        uint256 rest = amount - lst;
        if (rest > p.queueMax) revert ExitNotPlaced(rest);
        uint256 seq = uint256(s.openCount) + 1;
        uint256 rung = s.openRung;
        if (rest != 0 && seq > LiquidStorage.RUNG_MAX_COUNT) revert RungFull(rung);

        ILiquidToken(TOKEN).burn(msg.sender, amount);
        if (gross != 0) emit InstantExit(msg.sender, p.recipient, lst, gross, fee);
        if (rest != 0) {
            s.openCount = uint32(seq);
            s.stagedLst += uint96(rest);
            id = rung << 32 | seq;
            s.tickets[id] = LiquidStorage.Ticket({owner: p.recipient, lst: uint96(rest)});
            emit ExitRequested(id, p.recipient, rest, hint);
        }
        _pay(p.recipient, paidNow);
    }

    function cancel(uint256 id) external nonReentrant returns (uint256 lst) {
        LiquidStorage.State storage s = _state();
        LiquidStorage.Ticket memory t = _owned(s, id);
        if (id >> 32 != s.openRung) revert RungNotOpen(id);
        lst = t.lst;
        s.stagedLst -= uint96(lst);
        delete s.tickets[id];
        ILiquidToken(TOKEN).mint(msg.sender, lst);
        emit ExitCancelled(id, msg.sender, lst);
    }

    function claim(uint256 id, uint256 hintA, uint256 hintB) external nonReentrant returns (uint256) {
        return _claimTo(id, hintA, hintB, msg.sender);
    }

    function claimTo(uint256 id, uint256 hintA, uint256 hintB, address recipient)
        external
        nonReentrant
        returns (uint256)
    {
        return _claimTo(id, hintA, hintB, recipient);
    }

    function withdraw(address recipient, uint256 id) external nonReentrant returns (uint256) {
        LiquidStorage.State storage s = _state();
        if (id >> 32 >= s.openRung) {
            if (recipient == address(0)) revert ZeroAddress();
            _owned(s, id);
            revert NothingToClaim(id);
        }
        (uint256 hintA, uint256 hintB) = Line.hints(s, id >> 32);
        return _claimTo(id, hintA, hintB, recipient);
    }

    function _claimTo(uint256 id, uint256 hintA, uint256 hintB, address recipient) private returns (uint256 net) {
        if (recipient == address(0)) revert ZeroAddress();
        LiquidStorage.Ticket memory t = _owned(_state(), id);
        net = _settleClaim(id, t, recipient, hintA, hintB);
        _pay(recipient, net);
    }

    function _owned(LiquidStorage.State storage s, uint256 id) private view returns (LiquidStorage.Ticket memory t) {
        t = s.tickets[id];
        if (t.owner == address(0)) revert UnknownRequest(id);
        if (t.owner != msg.sender) revert NotRequestOwner(id, t.owner, msg.sender);
    }

    /// @dev The request's owner becomes the receipt contract, so that no path of this contract pays or cancels it by itself.
    function mintReceipt(uint256 id) external nonReentrant returns (uint256) {
        LiquidStorage.State storage s = _state();
        _owned(s, id);
        s.tickets[id].owner = RECEIPTS;
        return ILiquidReceipts(RECEIPTS).mint(msg.sender, id);
    }

    function unwrapTicket(uint256 id, address owner) external nonReentrant {
        if (msg.sender != RECEIPTS) revert NotReceipts(msg.sender);
        LiquidStorage.State storage s = _state();
        _owned(s, id);
        s.tickets[id].owner = owner;
    }

    function ticketOwner(uint256 id) external view returns (address) {
        return _state().tickets[id].owner;
    }

    function receipts() external view returns (address) {
        return RECEIPTS;
    }

    function unstakeRewards() external nonReentrant returns (uint256) {
        return ILiquidRewards(_state().rewards).claimFor(msg.sender);
    }

    // ---------------------------------------------------------------------------------------------------- 6. the line

    function closeRung() external nonReentrant returns (uint256 rung) {
        LiquidStorage.State storage s = _state();
        uint256 closesAt = uint256(s.lastClosedAt) + s.minRungAge;
        _keeperOrLate(HANDLER_ROLE, closesAt);
        uint256 lst = s.stagedLst;
        if (lst == 0) revert NothingStaged();
        if (block.timestamp < closesAt) revert RungTooYoung(closesAt);
        uint256 end = s.end;
        uint256 open = end - s.watermark;
        uint256 openLst = s.openLst;
        // Near a rate of 0.01 fewer coins than a chain has can mint more LST than the line holds: the rung waits for room.
        uint256 room = LiquidStorage.MAX_AMOUNT - openLst;
        if (lst > room) revert AmountTooLarge(lst, room);
        // Rounded up, so that no close raises the value of what stands before it.
        uint256 units = open == 0 ? lst : LiquidStorage.ceilDiv(lst * open, openLst);
        if (block.timestamp > s.lineNextDeparture && s.waitsForNone()) {
            s.lineNextDeparture = uint32(block.timestamp);
        }
        end += units;
        rung = s.openRung;
        uint256 count = s.openCount;
        uint256 fee = s.rungFee;
        uint256 c = s.c;
        s.rungs[rung] =
            LiquidStorage.RungSlot({lst: uint96(lst), unitsEnd: uint128(end), feeAndCount: uint32(count << 9 | fee)});
        if (c != 0) s.rungC0[rung] = c;
        s.end = uint128(end);
        s.openLst = uint96(openLst + lst);
        s.stagedLst = 0;
        s.openRung = uint32(rung + 1);
        s.openCount = 0;
        s.lastClosedAt = uint32(block.timestamp);
        uint16 nextFee = s.standardFee;
        if (nextFee != fee) s.rungFee = nextFee;
        emit RungClosed(rung, lst, count, end, c, fee);
    }

    function finalize() external nonReentrant returns (uint256) {
        return _finalize();
    }

    function version() external pure returns (string memory) {
        return "0.1.0";
    }
}
