// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter, ILiquidMinterTypes} from "../../liquid/ILiquidMinter.sol";
import {ILiquidRewards} from "../../liquid/ILiquidRewards.sol";
import {ISleeve} from "../ISleeve.sol";
import {Outside} from "./Outside.sol";
import {TokenSleeve} from "./TokenSleeve.sol";

/// @title The project's own liquid staking token: in kind the token, by epoch the minter's exit line.
/// @notice Rewards are coins, by claim: staked again for more of the token where the basket has no sleeve of coins, else sent to the
/// basket. A ticket is a request in the line; it is paid in parts as the line is funded, and ends
/// with the request. Nobody can push a request of this contract: it has code and never asked for pushes.
contract LiquidSleeve is TokenSleeve {
    /// @inheritdoc ISleeve
    uint256 public constant DELIVER_GAS = 500_000;
    /// @inheritdoc ISleeve
    uint256 public immutable MAX_EXIT;
    address public immutable MINTER;
    address public immutable REWARDS;
    /// @notice Whether rewards are staked again, here; if not, they go to the basket.
    bool public immutable COMPOUND;
    /// @dev Of the minter's deposit, which never stakes by itself.
    uint256 private constant SUBMIT_GAS = 500_000;

    /// @dev Requests are ours alone: the minter knows their owner. Here only which ones are open.
    mapping(uint256 ticket => bool) private _open;

    /// @notice The minter made no request.
    error NoRequest(uint256 units);

    /// @param maxExit seconds; the minter's `longestExit` as declared
    constructor(address basket, address minter, uint256 maxExit, bool compound)
        TokenSleeve(basket, ILiquidMinter(payable(minter)).token(), NATIVE)
    {
        MINTER = minter;
        REWARDS = ILiquidMinter(payable(minter)).rewards();
        MAX_EXIT = maxExit;
        COMPOUND = compound;
        // Nobody but this sleeve ever claims what it earns.
        ILiquidRewards(REWARDS).refuseDelegate();
    }

    /// @dev Rewards, and gifts, which are rewards too.
    receive() external payable {}

    /// @inheritdoc ISleeve
    function exitTime() external view override returns (uint256) {
        (bool ok, uint256 time) = Outside.read(MINTER, abi.encodeCall(ILiquidMinter.longestExit, ()));
        return ok ? time : type(uint256).max;
    }

    /// @inheritdoc ISleeve
    /// @dev The minter's rate is scaled 1e27.
    function rate() external view override returns (uint256) {
        return Outside.mustRead(MINTER, abi.encodeCall(ILiquidMinter.rate, ())) / 1e9;
    }

    /// @inheritdoc ISleeve
    /// @dev Coins that the minter does not take today (its deposits are closed) wait here for the next harvest.
    function harvest() external override onlyBasket returns (uint256 units, uint256 coins) {
        Outside.mustAnswer(REWARDS, abi.encodeCall(ILiquidRewards.claim, (address(this))));
        coins = address(this).balance;
        if (COMPOUND) {
            if (coins != 0) Outside.attempt(MINTER, coins, SUBMIT_GAS, abi.encodeCall(ILiquidMinter.submit, ()));
            return (held(), 0);
        }
        units = held();
        if (coins != 0) _pay(BASKET, coins);
    }

    /// @inheritdoc ISleeve
    function unbond(uint256 units, address) external onlyBasket returns (uint256 ticket, uint256 paid, address asset) {
        uint256 here = held();
        if (units > here) revert NotEnough(units, here);
        ILiquidMinterTypes.ExitParams memory p = ILiquidMinterTypes.ExitParams({
            instantMax: 0,
            ammMax: 0,
            queueMax: units,
            minOutNow: 0,
            feeLimitBps: 10_000, // of the instant path, which takes nothing
            deadline: block.timestamp,
            recipient: address(this)
        });
        bytes memory data = abi.encodeCall(ILiquidMinter.redeem, (units, p));
        address minter = MINTER;
        bool ok;
        assembly ("memory-safe") {
            ok := call(gas(), minter, 0, add(data, 32), mload(data), 0, 64)
            if lt(returndatasize(), 64) { ok := 0 }
            ticket := mload(32)
        }
        if (!ok) revert Outside.OutsideFailed(minter, ILiquidMinter.redeem.selector);
        if (ticket == 0) revert NoRequest(units);
        _open[ticket] = true;
        emit Unbonded(ticket, units, 0, NATIVE);
        return (ticket, 0, NATIVE);
    }

    /// @inheritdoc ISleeve
    function collect(uint256 ticket, address to) external override onlyBasket returns (uint256 paid, bool done) {
        if (!_open[ticket]) revert UnknownTicket(ticket);
        if (to == address(0)) revert ZeroAddress();
        bool ok;
        (ok, paid) = Outside.call(MINTER, abi.encodeCall(ILiquidMinter.withdraw, (to, ticket)));
        if (!ok) {
            (bool known, uint256 gross) = Outside.read(MINTER, abi.encodeCall(ILiquidMinter.claimable, (ticket)));
            if (known && gross == 0) revert NotYet(ticket, _eta(ticket));
            revert Outside.OutsideFailed(MINTER, ILiquidMinter.withdraw.selector);
        }
        done = _owner(ticket) == address(0);
        if (done) delete _open[ticket];
        emit Collected(ticket, paid, done);
    }

    /// @dev 0 when the request has ended.
    function _owner(uint256 ticket) private view returns (address) {
        return address(uint160(Outside.mustRead(MINTER, abi.encodeCall(ILiquidMinter.ticketOwner, (ticket)))));
    }

    function _eta(uint256 ticket) private view returns (uint256) {
        (bool ok, uint256 eta) = Outside.read(MINTER, abi.encodeCall(ILiquidMinter.exitEta, (ticket)));
        return ok ? eta : 0;
    }
}
