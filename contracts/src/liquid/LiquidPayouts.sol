// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidRewards} from "./ILiquidRewards.sol";
import {IRewardConverter} from "./IRewardConverter.sol";
import {LiquidBase} from "./LiquidBase.sol";
import {Line} from "./lib/Line.sol";
import {LiquidStorage} from "./lib/LiquidStorage.sol";

/// @title Payouts of the line, who may be paid unasked, the first-loss reserve, delegates and the sale of reward tokens.
/// @notice Part of the minter (see LiquidBase); ILiquidMinter carries the NatSpec.
contract LiquidPayouts is LiquidBase {
    using LiquidStorage for LiquidStorage.State;

    address private immutable NEXT;

    constructor(address token_, address staking_, address next) LiquidBase(token_, staking_) {
        if (next == address(0)) revert ZeroAddress();
        NEXT = next;
    }

    fallback() external payable {
        _delegate(NEXT);
    }

    // ------------------------------------------------------------------------------------------ 6. paying out the line

    function fulfillRequests(address[] calldata users, uint256[] calldata ids)
        external
        nonReentrant
        returns (uint256 processed, uint256 totalPaid)
    {
        LiquidStorage.State storage s = _state();
        uint256 dueAt = s.marksLive == 0 ? NEVER : s.marks[s.marksDone % LiquidStorage.MARKS].eta;
        _keeperOrLate(HANDLER_ROLE, dueAt);
        if (users.length != ids.length) revert LengthMismatch(users.length, ids.length);
        _finalize();
        return _push(users, ids);
    }

    function fulfillProRata(address[] calldata users, uint256[] calldata ids, uint256 maxSpend)
        external
        nonReentrant
        returns (uint256 spent, uint256 processed, uint256 totalPaid)
    {
        _keeperOrLate(HANDLER_ROLE, NEVER);
        if (users.length != ids.length) revert LengthMismatch(users.length, ids.length);
        _requireNoSlash();
        spent = _payProRata(maxSpend);
        (processed, totalPaid) = _push(users, ids);
    }

    function _payProRata(uint256 maxSpend) private returns (uint256 pay) {
        LiquidStorage.State storage s = _state();
        uint256 units = s.end - s.watermark;
        uint256 open = s.openLst;
        if (units == 0 || open == 0 || s.due() != 0) return 0;
        // Early money only: what stands above the target and above what is committed to promised times.
        uint256 x = LiquidStorage.min(maxSpend, LiquidStorage.min0(s.headroom, uint256(s.committed) + s.target));
        uint256 lst = LiquidStorage.min(s.toLst(x), open - 1);
        pay = s.value(lst);
        uint256 dc = pay * LiquidStorage.SCALE / units;
        // The scale would wear out: units must never be worth less than 2^-20 LST.
        if (lst == 0 || dc == 0 || units > (open - lst) << 20) return 0;
        uint256 c = uint256(s.c) + dc;
        s.c = uint128(c);
        s.openLst = uint96(open - lst);
        s.headroom -= uint96(pay);
        s.reserved += uint96(pay);
        s.setCommitted(s.committed);
        emit LinePaidProRata(c, lst, pay);
    }

    /// @dev Pays the listed requests that are ready and owned as listed; skips the rest, never reverts for one of them.
    function _push(address[] calldata users, uint256[] calldata ids)
        private
        returns (uint256 processed, uint256 totalPaid)
    {
        LiquidStorage.State storage s = _state();
        // bound(list ids): the caller's; what its gas does not reach is left
        for (uint256 i; i < ids.length; ++i) {
            if (gasleft() < PUSH_FLOOR) break;
            uint256 id = ids[i];
            LiquidStorage.Ticket memory t = s.tickets[id];
            if (t.owner == address(0) || t.owner != users[i] || !_autoPays(t.owner) || !_funded(s, id)) continue;
            (uint256 net, uint256 fee) = _terms(s, id, t.lst);
            // Once more: the search for checkpoints is paid for, and what is left must do for the receiver.
            if (gasleft() < PUSH_FLOOR) break;
            if (!_payOut(s, id, t, net, fee)) {
                emit PushFailed(id, t.owner);
                continue;
            }
            ++processed;
            totalPaid += net;
        }
    }

    function claimFor(uint256 id) external nonReentrant returns (uint256 paid) {
        LiquidStorage.State storage s = _state();
        LiquidStorage.Ticket memory t = s.tickets[id];
        if (t.owner == address(0)) revert UnknownRequest(id);
        if (!_autoPays(t.owner)) revert AutoPayOff(t.owner);
        if (!_funded(s, id)) revert NothingToClaim(id);
        uint256 fee;
        (paid, fee) = _terms(s, id, t.lst);
        uint256 left = gasleft();
        if (left < PUSH_FLOOR) revert GasTooLow(left, PUSH_FLOOR);
        if (!_payOut(s, id, t, paid, fee)) revert TransferFailed(t.owner, paid);
    }

    function _funded(LiquidStorage.State storage s, uint256 id) private view returns (bool) {
        uint256 rung = id >> 32;
        return rung < s.openRung && s.rungs[rung].unitsEnd <= s.watermark;
    }

    function _terms(LiquidStorage.State storage s, uint256 id, uint256 lst)
        private
        view
        returns (uint256 net, uint256 fee)
    {
        (uint256 hintA, uint256 hintB) = Line.hints(s, id >> 32);
        (net, fee,) = Line.owed(s, id, lst, hintA, hintB);
        net -= fee;
    }

    /// @dev Off the books before the coins leave; back on if the receiver refuses.
    function _payOut(LiquidStorage.State storage s, uint256 id, LiquidStorage.Ticket memory t, uint256 net, uint256 fee)
        private
        returns (bool ok)
    {
        s.reserved -= uint96(net);
        delete s.tickets[id];
        (ok,) = t.owner.call{value: net, gas: PUSH_GAS}("");
        if (!ok) {
            s.reserved += uint96(net);
            s.tickets[id] = t;
            return false;
        }
        delete s.paid[id];
        s.addFees(fee);
        emit Claimed(id, t.owner, t.owner, net, fee, true);
    }

    function setAutoPay(bool on) external {
        _state().autoPay[msg.sender] = on ? 1 : 2;
        emit AutoPaySet(msg.sender, on);
    }

    function autoPay(address owner) external view returns (bool) {
        return _autoPays(owner);
    }

    // ------------------------------------------------------------------------------------------- 9. first-loss reserve

    function fundInsurance() external payable nonReentrant {
        if (msg.value == 0) revert ZeroAmount();
        LiquidStorage.State storage s = _state();
        uint256 held = s.insurance + msg.value;
        if (held > LiquidStorage.MAX_AMOUNT) revert AmountTooLarge(msg.value, LiquidStorage.MAX_AMOUNT);
        s.insurance = uint96(held);
        emit InsuranceFunded(msg.sender, msg.value, held);
    }

    function insurance() external view returns (uint256) {
        return _state().insurance;
    }

    function withdrawInsurance(address recipient, uint256 amount) external nonReentrant onlyRole(DEFAULT_ADMIN_ROLE) {
        _loosening(true);
        if (recipient == address(0)) revert ZeroAddress();
        if (amount == 0) revert ZeroAmount();
        LiquidStorage.State storage s = _state();
        // Read in this block: the reserve does not leave ahead of a loss that everybody sees coming.
        _requireNoSlash();
        (, bool vote) = _readFlags(s);
        if (vote) revert VoteOpen();
        uint256 held = s.insurance;
        if (amount > held) revert InsuranceTooMuch(amount, held);
        s.insurance = uint96(held - amount);
        emit InsuranceWithdrawn(recipient, amount, held - amount);
        _pay(recipient, amount);
    }

    // ------------------------------------------------------------------------------------------- 9a. delegates, tokens

    function setDelegateClaimer(address account, address delegate) external nonReentrant onlyRole(DEFAULT_ADMIN_ROLE) {
        _loosening(delegate != address(0));
        ILiquidRewards(_state().rewards).setDelegate(account, delegate);
    }

    function setConverter(address to) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _loosening(true);
        if (to == address(0)) revert ZeroAddress();
        _state().converter = to;
        emit AddressSet("converter", to);
    }

    function setConversion(address token, uint256 floor, uint256 perSale, uint256 perDay)
        external
        nonReentrant
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        address to = _state().converter;
        if (to == address(0)) revert NoConverter();
        IRewardConverter.Conversion memory old = IRewardConverter(to).conversion(token);
        _loosening(floor < old.floor || perSale > old.perSale || perDay > old.perDay);
        IRewardConverter(to).configure(token, floor, perSale, perDay);
    }

    function converter() external view returns (address) {
        return _state().converter;
    }
}
