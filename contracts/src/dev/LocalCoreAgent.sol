// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreAgent} from "../staking/ICoreAgent.sol";
import {ILocalCorePool, LocalCoreCandidateHub} from "./LocalCoreCandidateHub.sol";
import {LocalCoreRounds} from "./LocalCoreRounds.sol";

/// @title LocalCoreAgent: a stand-in for Core's CoreAgent, for local chains only
/// @notice Written from the facts C1 to C8 known of the real system, not from its code. It holds the stake; StakeHub pays
/// the rewards. Refusals that are not documented are plain texts here, so that nobody reads a reason out of them.
contract LocalCoreAgent is ICoreAgent, ILocalCorePool {
    using LocalCoreRounds for LocalCoreRounds.Pool;

    /// @notice Of whom it learns rounds, candidates and the other stand-ins.
    LocalCoreCandidateHub public immutable HUB;

    /// @inheritdoc ICoreAgent
    uint256 public requiredCoinDeposit = 1 ether;
    /// @inheritdoc ICoreAgent
    mapping(address delegator => uint256 amount) public delegatorMap;

    mapping(address candidate => LocalCoreRounds.Pool) private _pools;
    mapping(address candidate => mapping(address delegator => LocalCoreRounds.Position)) private _positions;
    mapping(address delegator => address[]) private _lists;
    mapping(address delegator => mapping(address candidate => uint256)) private _places; // place + 1
    mapping(address delegator => uint256) private _rewards; // settled, not yet handed to StakeHub

    constructor(LocalCoreCandidateHub hub) {
        HUB = hub;
    }

    // ------------------------------------------------------------------------------------------------------ delegators

    /// @inheritdoc ICoreAgent
    function delegateCoin(address candidate) external payable {
        if (!HUB.canDelegate(candidate)) revert InactiveCandidate(candidate);
        require(msg.value >= requiredCoinDeposit, "deposit is too small");
        delegatorMap[msg.sender] += msg.value;
        uint256 realtime = _add(candidate, msg.sender, msg.value);
        emit delegatedCoin(candidate, msg.sender, msg.value, realtime);
    }

    /// @inheritdoc ICoreAgent
    function undelegateCoin(address candidate, uint256 amount) external {
        uint256 earning = _take(candidate, msg.sender, amount);
        delegatorMap[msg.sender] -= amount;
        _forgetTransferred(msg.sender, amount - earning);
        _dropIfEmpty(candidate, msg.sender);
        emit undelegatedCoin(candidate, msg.sender, amount);
        (bool ok,) = msg.sender.call{value: amount}("");
        require(ok, "payment refused");
    }

    /// @inheritdoc ICoreAgent
    function transferCoin(address sourceCandidate, address targetCandidate, uint256 amount) external {
        if (sourceCandidate == targetCandidate) revert SameCandidate(sourceCandidate);
        if (!HUB.canDelegate(targetCandidate)) revert InactiveCandidate(targetCandidate);
        uint256 earning = _take(sourceCandidate, msg.sender, amount);
        _positions[sourceCandidate][msg.sender].transferred += earning;
        _dropIfEmpty(sourceCandidate, msg.sender);
        uint256 realtime = _add(targetCandidate, msg.sender, amount);
        emit transferredCoin(sourceCandidate, targetCandidate, msg.sender, amount, realtime);
    }

    // ------------------------------------------------------------------------------------------------- other stand-ins

    /// @notice Settles the delegator with all its candidates and hands the sum to StakeHub's books.
    function collect(address delegator) external returns (uint256 reward) {
        require(msg.sender == HUB.stakeHub(), "only StakeHub");
        uint256 round = HUB.getRoundTag();
        address[] memory list = _lists[delegator];
        for (uint256 i; i < list.length; ++i) {
            _settle(list[i], delegator, round);
            _dropIfEmpty(list[i], delegator);
        }
        reward = _rewards[delegator];
        if (reward != 0) _rewards[delegator] = 0;
    }

    /// @inheritdoc ILocalCorePool
    function setReward(address candidate, uint256 running, uint256 next) external {
        require(msg.sender == address(HUB), "only CandidateHub");
        LocalCoreRounds.Pool storage p = _pools[candidate];
        p.sync(HUB.getRoundTag());
        if (running != type(uint256).max) p.reward = running;
        p.rewardNext = next;
    }

    function setRequiredCoinDeposit(uint256 amount) external {
        require(msg.sender == HUB.admin(), "only admin");
        requiredCoinDeposit = amount;
    }

    // ----------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc ICoreAgent
    function getDelegator(address candidate, address delegator)
        external
        view
        returns (uint256, uint256, uint256, uint256)
    {
        LocalCoreRounds.Position storage q = _positions[candidate][delegator];
        return (q.staked, q.realtime, q.transferred, q.changeRound);
    }

    /// @inheritdoc ICoreAgent
    function getCandidateListByDelegator(address delegator) external view returns (address[] memory) {
        return _lists[delegator];
    }

    /// @inheritdoc ICoreAgent
    function roundTag() external view returns (uint256) {
        return HUB.getRoundTag();
    }

    /// @notice All stake with the candidate.
    function realtimeOf(address candidate) external view returns (uint256) {
        return _pools[candidate].realtime;
    }

    // ----------------------------------------------------------------------------------------------------------- books

    function _settle(address candidate, address delegator, uint256 round) private {
        LocalCoreRounds.Pool storage p = _pools[candidate];
        p.sync(round);
        uint256 reward = p.settle(_positions[candidate][delegator], round);
        if (reward != 0) _rewards[delegator] += reward;
    }

    function _add(address candidate, address delegator, uint256 amount) private returns (uint256 realtime) {
        _settle(candidate, delegator, HUB.getRoundTag());
        LocalCoreRounds.Position storage q = _positions[candidate][delegator];
        _pools[candidate].add(q, amount);
        if (_places[delegator][candidate] == 0) {
            _lists[delegator].push(candidate);
            _places[delegator][candidate] = _lists[delegator].length;
        }
        return q.realtime;
    }

    function _take(address candidate, address delegator, uint256 amount) private returns (uint256 earning) {
        _settle(candidate, delegator, HUB.getRoundTag());
        LocalCoreRounds.Position storage q = _positions[candidate][delegator];
        require(amount != 0 && amount <= q.realtime, "not enough delegated");
        if (amount != q.realtime) {
            require(amount >= requiredCoinDeposit, "amount is too small");
            require(q.realtime - amount >= requiredCoinDeposit, "remainder is too small");
        }
        return _pools[candidate].take(q, amount);
    }

    /// @dev What was transferred today and is now undelegated loses the day's reward like everything that is undelegated.
    function _forgetTransferred(address delegator, uint256 amount) private {
        uint256 round = HUB.getRoundTag();
        address[] memory list = _lists[delegator];
        for (uint256 i; i < list.length && amount != 0; ++i) {
            LocalCoreRounds.Position storage q = _positions[list[i]][delegator];
            if (q.changeRound != round || q.transferred == 0) continue;
            uint256 part = amount < q.transferred ? amount : q.transferred;
            q.transferred -= part;
            amount -= part;
        }
    }

    /// @dev A source of today stays in the list until its day is paid.
    function _dropIfEmpty(address candidate, address delegator) private {
        LocalCoreRounds.Position storage q = _positions[candidate][delegator];
        if (q.realtime != 0 || q.transferred != 0) return;
        uint256 place = _places[delegator][candidate];
        if (place == 0) return;
        address[] storage list = _lists[delegator];
        address last = list[list.length - 1];
        list[place - 1] = last;
        _places[delegator][last] = place;
        list.pop();
        delete _places[delegator][candidate];
        delete _positions[candidate][delegator];
    }
}
