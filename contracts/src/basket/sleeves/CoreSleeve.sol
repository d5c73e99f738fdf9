// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreAgent} from "../../staking/ICoreAgent.sol";
import {ICoreCandidateHub} from "../../staking/ICoreCandidateHub.sol";
import {ICoreStakeHub} from "../../staking/ICoreStakeHub.sol";
import {ISleeve} from "../ISleeve.sol";
import {ICoreSleeve} from "./ICoreSleeve.sol";
import {Outside} from "./Outside.sol";
import {SleeveBase} from "./SleeveBase.sol";

/// @title CORE: idle coins, and delegation to at most 8 validators by weight.
/// @notice ISleeve and ICoreSleeve carry the NatSpec.
/// @dev The staking system pays by plain calls and with all gas: `receive` takes coins of anybody, and no function here relies
/// on a balance across a call but to see what came.
contract CoreSleeve is SleeveBase, ICoreSleeve {
    uint256 public constant MAX_VALIDATORS = 8;
    /// @notice Coins that dusk leaves idle at least: what undelegating rounds up never has to come out of nothing.
    uint256 public constant FLOOR = 2 ether;
    /// @notice How far a sound validator may be over its weight before its stake may move.
    uint256 public constant DRIFT_BPS = 1_000;
    /// @notice Between the two readings.
    uint256 public constant DRIFT_LEAST = 1 hours;
    uint256 public constant DRIFT_MOST = 1 days;
    /// @dev Of a call of CoreAgent, which takes 306,000 at its dearest.
    uint256 private constant STAKE_GAS = 500_000;
    uint256 private constant DUSK = 23 hours;
    /// @dev Within so long of midnight the round has turned; a leg waits no longer for it.
    uint256 private constant TURN = 1 hours;
    uint256 private constant BPS = 10_000;

    /// @inheritdoc ISleeve
    uint256 public constant MAX_EXIT = 0;
    /// @inheritdoc ISleeve
    /// @dev Eight calls at STAKE_GAS, the books, and the payment.
    uint256 public constant DELIVER_GAS = 5_000_000;

    address public immutable AGENT;
    address public immutable STAKE_HUB;
    address public immutable HUB;

    Validator[] private _validators;
    /// @inheritdoc ICoreSleeve
    address public tenant;
    mapping(address validator => uint256 time) private _driftSeen;
    /// @dev Stake that the system did not know of when it was asked. A wrong answer is mended by a right one.
    mapping(address validator => uint256 amount) private _writtenOff;

    constructor(address basket, address agent, address stakeHub, address hub) SleeveBase(basket, NATIVE, NATIVE) {
        _requireCode(agent);
        _requireCode(stakeHub);
        _requireCode(hub);
        AGENT = agent;
        STAKE_HUB = stakeHub;
        HUB = hub;
    }

    /// @dev Stake that comes back, rewards, and gifts, which are rewards too.
    receive() external payable {}

    // --------------------------------------------------------------------------------------------------------- reading

    /// @inheritdoc ISleeve
    /// @dev The lesser of what is booked and what the staking system knows: neither of them alone can make units.
    function held() public view returns (uint256) {
        uint256 booked = delegated();
        uint256 known = Outside.mustRead(AGENT, abi.encodeCall(ICoreAgent.delegatorMap, (address(this))));
        return address(this).balance + (known < booked ? known : booked);
    }

    /// @inheritdoc ISleeve
    function instantCapacity() external view returns (uint256) {
        return address(this).balance;
    }

    /// @inheritdoc ICoreSleeve
    function delegated() public view returns (uint256 sum) {
        uint256 n = _validators.length;
        // bound(MAX_VALIDATORS): setValidators
        for (uint256 i; i < n; ++i) {
            sum += _validators[i].stake;
        }
    }

    /// @inheritdoc ICoreSleeve
    function validators() external view returns (Validator[] memory) {
        return _validators;
    }

    // ------------------------------------------------------------------------------------------------------ in and out

    /// @inheritdoc ISleeve
    function enter() external payable override onlyBasket {}

    /// @inheritdoc ISleeve
    function deliver(uint256 units, address to) external onlyBasket {
        _free(units);
        emit Delivered(to, units);
        _pay(to, units);
    }

    /// @inheritdoc ISleeve
    function unbond(uint256 units, address to) external onlyBasket returns (uint256, uint256, address) {
        _requireTurned();
        _free(units);
        emit Unbonded(0, units, units, NATIVE);
        _pay(to, units);
        return (0, units, NATIVE);
    }

    /// @dev Undelegates until `units` are idle: from the validator furthest over its weight first, so that one is enough most days.
    function _free(uint256 units) private {
        uint256 idle = address(this).balance;
        if (idle >= units) return;
        uint256 need = units - idle;
        uint256 least = _least();
        Validator[] memory list = _validators;
        bool[] memory tried = new bool[](list.length);
        // bound(MAX_VALIDATORS): each is tried once
        for (uint256 n; n < list.length && need != 0; ++n) {
            uint256 i = _mostOver(list, tried);
            if (i == list.length) break;
            tried[i] = true;
            uint256 stake = list[i].stake;
            uint256 amount = need < least ? least : need;
            if (amount >= stake || stake - amount < least) amount = stake;
            if (!_undelegate(i, list[i], amount)) continue;
            need = amount < need ? need - amount : 0;
        }
        idle = address(this).balance;
        if (idle < units) revert NotEnough(units, idle);
    }

    function _undelegate(uint256 i, Validator memory v, uint256 amount) private returns (bool) {
        v.stake -= uint88(amount);
        _validators[i].stake = v.stake;
        if (Outside.attempt(AGENT, STAKE_GAS, abi.encodeCall(ICoreAgent.undelegateCoin, (v.account, amount)))) {
            emit Undelegated(v.account, amount);
            return true;
        }
        v.stake += uint88(amount);
        _validators[i].stake = v.stake;
        emit Skipped(v.account, ICoreAgent.undelegateCoin.selector, amount);
        return false;
    }

    // ---------------------------------------------------------------------------------------------------------- chores

    /// @inheritdoc ISleeve
    /// @dev Nothing is read out of the answer: what came is here, whatever kinds of reward it was of.
    function harvest() external onlyBasket returns (uint256 units, uint256 coins) {
        Outside.must(STAKE_HUB, abi.encodeCall(ICoreStakeHub.claimReward, ()));
        return (held(), 0);
    }

    /// @inheritdoc ISleeve
    function delegateIdle(uint256 keep) external override onlyBasket returns (uint256 sum) {
        _requireDusk();
        if (keep < FLOOR) keep = FLOOR;
        uint256 idle = address(this).balance;
        uint256 least = _least();
        if (idle < keep + least) return 0;
        uint256 left = idle - keep;
        Validator[] memory list = _validators;
        (uint256[] memory targets, bool[] memory tried) = _targets(list, left);
        // bound(MAX_VALIDATORS): each is tried once
        for (uint256 n; n < list.length && left >= least; ++n) {
            (uint256 i, uint256 lacks) = _mostUnder(list, targets, tried);
            if (i == list.length) break;
            tried[i] = true;
            uint256 amount = lacks < least ? least : lacks;
            (uint256 other,) = _mostUnder(list, targets, tried);
            // What no other could take goes here: a rest below the minimum, and the last one gets all.
            if (left < amount + least || other == list.length) amount = left;
            uint256 room = type(uint88).max - list[i].stake;
            if (amount > room) amount = room;
            if (amount < least || !_delegate(i, list[i], amount)) continue;
            left -= amount;
            sum += amount;
        }
    }

    function _delegate(uint256 i, Validator memory v, uint256 amount) private returns (bool) {
        v.stake += uint88(amount);
        _validators[i].stake = v.stake;
        if (Outside.attempt(AGENT, amount, STAKE_GAS, abi.encodeCall(ICoreAgent.delegateCoin, (v.account)))) {
            emit Delegated(v.account, amount);
            return true;
        }
        v.stake -= uint88(amount);
        _validators[i].stake = v.stake;
        emit Skipped(v.account, ICoreAgent.delegateCoin.selector, amount);
        return false;
    }

    /// @inheritdoc ICoreSleeve
    function moveStake(address from) external returns (uint256 moved) {
        Validator[] memory list = _validators;
        uint256 i = _indexOf(list, from);
        uint256 stake = list[i].stake;
        (uint256[] memory targets, bool[] memory out) = _targets(list, 0);
        if (!out[i]) {
            if (stake * BPS <= targets[i] * (BPS + DRIFT_BPS)) revert NothingToMove(from);
            if (!_drifted(from)) return 0;
        }
        moved = stake - targets[i];
        out[i] = true;
        (uint256 j, uint256 lacks) = _mostUnder(list, targets, out);
        if (j == list.length) revert NothingToMove(from);
        uint256 least = _least();
        if (lacks < least) lacks = least;
        if (moved > lacks) moved = lacks;
        // What stays must be able to leave later.
        if (stake - moved < least) moved = stake;
        if (moved == 0 || (moved < least && moved != stake) || moved > type(uint88).max - list[j].stake) {
            revert NothingToMove(from);
        }
        _validators[i].stake = uint88(stake - moved);
        _validators[j].stake = uint88(list[j].stake + moved);
        emit StakeMoved(from, list[j].account, moved);
        Outside.must(AGENT, abi.encodeCall(ICoreAgent.transferCoin, (from, list[j].account, moved)));
    }

    /// @dev Whether this is the second reading; if not, it is noted as the first.
    function _drifted(address validator) private returns (bool) {
        uint256 seen = _driftSeen[validator];
        if (seen == 0 || block.timestamp > seen + DRIFT_MOST) {
            _driftSeen[validator] = block.timestamp;
            emit DriftSeen(validator, block.timestamp + DRIFT_LEAST);
            return false;
        }
        if (block.timestamp < seen + DRIFT_LEAST) revert DriftTooYoung(validator, seen + DRIFT_LEAST);
        delete _driftSeen[validator];
        return true;
    }

    /// @inheritdoc ICoreSleeve
    function reconcile(address validator) external returns (uint256 stake) {
        Validator[] memory list = _validators;
        uint256 i = _indexOf(list, validator);
        stake = list[i].stake;
        (, uint256 known,,) = ICoreAgent(AGENT).getDelegator(validator, address(this));
        if (known < stake) {
            _writtenOff[validator] += stake - known;
            emit StakeLost(validator, stake - known);
        } else {
            uint256 found = known - stake;
            uint256 most = _writtenOff[validator];
            if (found > most) found = most;
            if (found == 0) return stake;
            _writtenOff[validator] = most - found;
            known = stake + found;
            emit StakeFound(validator, found);
        }
        // At most what was booked before.
        _validators[i].stake = uint88(known);
        return known;
    }

    // ------------------------------------------------------------------------------------------------------ governance

    /// @inheritdoc ICoreSleeve
    function setValidators(address[] calldata accounts, uint8[] calldata weights) external onlyTimelock {
        uint256 n = accounts.length;
        if (n != weights.length) revert LengthMismatch(n, weights.length);
        if (n > MAX_VALIDATORS) revert TooManyValidators(MAX_VALIDATORS);
        Validator[] memory old = _validators;
        delete _validators;
        // bound(MAX_VALIDATORS): checked above
        for (uint256 i; i < n; ++i) {
            if (accounts[i] == address(0)) revert ZeroAddress();
            // bound(MAX_VALIDATORS): the list up to here
            for (uint256 k; k < i; ++k) {
                if (accounts[k] == accounts[i]) revert DuplicateValidator(accounts[i]);
            }
            uint88 stake;
            // bound(MAX_VALIDATORS): the list before
            for (uint256 k; k < old.length; ++k) {
                if (old[k].account != accounts[i]) continue;
                stake = old[k].stake;
                old[k].stake = 0;
            }
            _validators.push(Validator(accounts[i], stake, weights[i]));
        }
        // bound(MAX_VALIDATORS): the list before
        for (uint256 k; k < old.length; ++k) {
            if (old[k].stake != 0) revert StakeLeft(old[k].account, old[k].stake);
        }
        emit ValidatorsSet(accounts, weights);
    }

    /// @inheritdoc ICoreSleeve
    function setTenant(address tenant_) external onlyTimelock {
        if (tenant != address(0)) revert TenantSet(tenant);
        if (ISleeve(tenant_).BASKET() != BASKET || ISleeve(tenant_).TOKEN() == NATIVE) revert BadTenant(tenant_);
        tenant = tenant_;
        emit TenantNamed(tenant_);
    }

    /// @inheritdoc ICoreSleeve
    function release(uint256 amount, address to) external {
        if (msg.sender != tenant) revert NotTenant(msg.sender);
        _send(ISleeve(msg.sender).TOKEN(), to, amount);
    }

    // --------------------------------------------------------------------------------------------------------- weights

    /// @dev The system's minimum; what it was at genesis where it does not answer.
    function _least() private view returns (uint256) {
        (bool ok, uint256 least) = Outside.read(AGENT, abi.encodeCall(ICoreAgent.requiredCoinDeposit, ()));
        return ok && least != 0 ? least : 1 ether;
    }

    /// @dev In a day's first hour a leg waits until the round has turned: stake that leaves before that earns nothing for the
    /// round that is just ending. Where the system does not say, or is later than that, nobody waits.
    function _requireTurned() private view {
        // A day's beginning, no dice.
        // slither-disable-next-line weak-prng
        uint256 dawn = block.timestamp - block.timestamp % 1 days;
        if (block.timestamp >= dawn + TURN) return;
        (bool ok, uint256 round) = Outside.read(HUB, abi.encodeCall(ICoreCandidateHub.getRoundTag, ()));
        if (ok && round < dawn / 1 days) revert NotYet(0, dawn + TURN);
    }

    function _requireDusk() private view {
        uint256 round = Outside.mustRead(HUB, abi.encodeCall(ICoreCandidateHub.getRoundTag, ()));
        uint256 day = block.timestamp / 1 days;
        // From the beginning of the day.
        // slither-disable-next-line divide-before-multiply
        uint256 opensAt = day * 1 days + DUSK;
        if (block.timestamp < opensAt || round != day) revert NotDusk(opensAt);
    }

    /// @return targets what each validator should have of all stake and `more`, by weight
    /// @return out which of them take nothing: jailed, gone, closed, not elected, or of no weight. Their targets are 0
    function _targets(Validator[] memory list, uint256 more)
        private
        view
        returns (uint256[] memory targets, bool[] memory out)
    {
        targets = new uint256[](list.length);
        out = new bool[](list.length);
        uint256 weights;
        uint256 sum = more;
        // bound(MAX_VALIDATORS): setValidators
        for (uint256 i; i < list.length; ++i) {
            sum += list[i].stake;
            out[i] = list[i].weight == 0 || !_says(ICoreCandidateHub.canDelegate.selector, list[i].account)
                || !_says(ICoreCandidateHub.isValidator.selector, list[i].account);
            if (!out[i]) weights += list[i].weight;
        }
        // bound(MAX_VALIDATORS): setValidators
        for (uint256 i; i < list.length; ++i) {
            if (!out[i]) targets[i] = sum * list[i].weight / weights;
        }
    }

    /// @dev The one of those not `out` that lacks most; the list's length when all are.
    function _mostUnder(Validator[] memory list, uint256[] memory targets, bool[] memory out)
        private
        pure
        returns (uint256 best, uint256 lacks)
    {
        best = list.length;
        // bound(MAX_VALIDATORS): setValidators
        for (uint256 i; i < list.length; ++i) {
            if (out[i]) continue;
            uint256 gap = targets[i] > list[i].stake ? targets[i] - list[i].stake : 0;
            if (best == list.length || gap > lacks) (best, lacks) = (i, gap);
        }
    }

    function _indexOf(Validator[] memory list, address validator) private pure returns (uint256) {
        // bound(MAX_VALIDATORS): setValidators
        for (uint256 i; i < list.length; ++i) {
            if (list[i].account == validator) return i;
        }
        revert UnknownValidator(validator);
    }

    function _says(bytes4 question, address validator) private view returns (bool) {
        (bool ok, uint256 answer) = Outside.read(HUB, abi.encodeWithSelector(question, validator));
        return ok && answer == 1;
    }

    /// @dev The untried validator with stake that is furthest over its share of all; the list's length when there is none.
    function _mostOver(Validator[] memory list, bool[] memory tried) private pure returns (uint256 best) {
        uint256 weights;
        uint256 sum;
        // bound(MAX_VALIDATORS): setValidators
        for (uint256 i; i < list.length; ++i) {
            weights += list[i].weight;
            sum += list[i].stake;
        }
        best = list.length;
        int256 most;
        // bound(MAX_VALIDATORS): setValidators
        for (uint256 i; i < list.length; ++i) {
            if (tried[i] || list[i].stake == 0) continue;
            // Stakes are below 2^88 and weights below 2^11 together: far from an overflow.
            int256 over = int256(uint256(list[i].stake) * weights) - int256(sum * list[i].weight);
            if (best != list.length && over <= most) continue;
            (best, most) = (i, over);
        }
    }
}
