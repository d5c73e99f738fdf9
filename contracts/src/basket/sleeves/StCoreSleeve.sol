// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreEarn} from "../../staking/ICoreEarn.sol";
import {ISleeve} from "../ISleeve.sol";
import {IStCoreAccount, IStCoreSleeve} from "./IStCoreSleeve.sol";
import {Outside} from "./Outside.sol";
import {StCoreAccount} from "./StCoreAccount.sol";
import {TokenSleeve} from "./TokenSleeve.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title stCORE: the token in kind, CORE by epoch.
/// @notice ISleeve and IStCoreSleeve carry the NatSpec.
contract StCoreSleeve is TokenSleeve, IStCoreSleeve {
    /// @dev One slot.
    struct Ticket {
        address account;
        uint64 dueAt;
    }

    /// @notice Rounds after which Earn's operator counts as gone.
    uint256 public constant MAX_LATE = 7;
    uint256 private constant FEE_BASE = 1e6;
    /// @dev Earn's rate is scaled 1e6, ours 1e18.
    uint256 private constant RATE_SCALE = 1e12;

    /// @inheritdoc ISleeve
    uint256 public constant DELIVER_GAS = 500_000;
    /// @inheritdoc ISleeve
    uint256 public immutable MAX_EXIT;
    /// @inheritdoc IStCoreSleeve
    address public immutable EARN;
    /// @inheritdoc IStCoreSleeve
    uint256 public immutable MAX_FEE;
    address public immutable ACCOUNT;

    uint256 private _lastTicket;
    mapping(uint256 ticket => Ticket) private _tickets;
    address[] private _free;

    /// @param maxExit seconds, Earn's lock and a day for its operator
    /// @param maxFee of 1e6
    constructor(address basket, address token, address earn, uint256 maxExit, uint256 maxFee)
        TokenSleeve(basket, token, NATIVE)
    {
        _requireCode(earn);
        if (maxFee >= FEE_BASE) revert FeeTooHigh(maxFee, FEE_BASE - 1);
        EARN = earn;
        MAX_EXIT = maxExit;
        MAX_FEE = maxFee;
        ACCOUNT = address(new StCoreAccount(earn));
    }

    // --------------------------------------------------------------------------------------------------------- reading

    /// @inheritdoc ISleeve
    /// @dev Without end where the lock is not known or the fee is above what was declared.
    function exitTime() public view override returns (uint256) {
        (bool feeOk, uint256 fee) = Outside.read(EARN, abi.encodeCall(ICoreEarn.protocolFeePoints, ()));
        (bool lockOk, uint256 lock) = Outside.read(EARN, abi.encodeCall(ICoreEarn.lockDay, ()));
        if (!feeOk || !lockOk || fee > MAX_FEE || lock > type(uint32).max) return type(uint256).max;
        return (lock + 1) * 1 days;
    }

    /// @inheritdoc ISleeve
    function rate() external view override returns (uint256) {
        return Outside.mustRead(EARN, abi.encodeCall(ICoreEarn.getCurrentExchangeRate, ())) * RATE_SCALE;
    }

    /// @inheritdoc IStCoreSleeve
    function termsHold() public view returns (bool) {
        if (exitTime() > MAX_EXIT) return false;
        (bool ok, uint256 round) = Outside.read(EARN, abi.encodeCall(ICoreEarn.roundTag, ()));
        return ok && (round > block.timestamp || block.timestamp / 1 days <= round + MAX_LATE);
    }

    /// @inheritdoc IStCoreSleeve
    function ticketInfo(uint256 ticket) external view returns (address account, uint256 dueAt) {
        return (_tickets[ticket].account, _tickets[ticket].dueAt);
    }

    /// @inheritdoc IStCoreSleeve
    function freeAccounts() external view returns (uint256) {
        return _free.length;
    }

    // ------------------------------------------------------------------------------------------------------------- out

    /// @inheritdoc ISleeve
    function unbond(uint256 units, address to)
        external
        onlyBasket
        returns (uint256 ticket, uint256 paid, address asset)
    {
        if (units < _least() || !termsHold()) {
            return _unbondInKind(units, to);
        }
        // Read before the redeem: it fixes the unlock time.
        uint256 dueAt = block.timestamp + exitTime() - 1 days;
        address account = _account();
        ticket = ++_lastTicket;
        _tickets[ticket] = Ticket(account, uint64(dueAt));
        _sendUnits(units, account);
        IStCoreAccount(account).redeem(units);
        emit Unbonded(ticket, units, 0, NATIVE);
        return (ticket, 0, NATIVE);
    }

    /// @inheritdoc ISleeve
    function collect(uint256 ticket, address to) external override onlyBasket returns (uint256 paid, bool done) {
        Ticket memory t = _tickets[ticket];
        if (t.account == address(0)) revert UnknownTicket(ticket);
        if (to == address(0)) revert ZeroAddress();
        bool came;
        bool open;
        // Earn and the receiver get to act, but this function opens to the basket only, which is locked meanwhile.
        // slither-disable-next-line reentrancy-no-eth
        (came, paid, open) = IStCoreAccount(t.account).withdraw(to);
        if (!came) {
            if (block.timestamp <= t.dueAt) revert NotYet(ticket, t.dueAt + 1);
            revert Outside.OutsideFailed(EARN, ICoreEarn.withdraw.selector);
        }
        done = !open;
        if (!done && paid == 0) revert NotYet(ticket, 0);
        if (done) {
            delete _tickets[ticket];
            _free.push(t.account);
        }
        emit Collected(ticket, paid, done);
    }

    function _account() private returns (address account) {
        uint256 n = _free.length;
        if (n != 0) {
            account = _free[n - 1];
            _free.pop();
            return account;
        }
        account = Clones.clone(ACCOUNT);
        emit AccountMade(account);
    }

    /// @dev Earn's minimum, 1 stCORE where it does not say.
    function _least() private view returns (uint256) {
        (bool ok, uint256 least) = Outside.read(EARN, abi.encodeCall(ICoreEarn.redeemMinLimit, ()));
        return ok ? least : 1 ether;
    }
}
