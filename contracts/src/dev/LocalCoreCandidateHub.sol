// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreCandidateHub} from "../staking/ICoreCandidateHub.sol";

/// @dev What the hub tells the other stand-ins.
interface ILocalCorePool {
    function setReward(address candidate, uint256 running, uint256 next) external;
}

/// @title LocalCoreCandidateHub: a stand-in for Core's CandidateHub, for local chains only
/// @notice Written from the facts C1 to C8 known of the real system, not from its code. One `admin` stands for governance,
/// the relayers and the candidates themselves; it also names the other stand-ins.
contract LocalCoreCandidateHub is ICoreCandidateHub {
    struct Candidate {
        bool known;
        bool closed; // takes no delegations by its own will
        bool jailed;
        uint256 place; // in the list
        uint256 reward; // CORE wei for its delegators in a round
    }

    /// @notice Who may call the administration.
    address public immutable admin;
    address public coreAgent;
    address public stakeHub;
    address public bitcoinAgent;
    /// @notice Seconds after midnight at which a round turns: the real one turns some blocks late.
    uint256 public turnLag;

    address[] private _list;
    mapping(address => Candidate) private _candidates;

    error NotAdmin(address caller);
    error UnknownCandidate(address candidate);
    error RoundWouldMove(uint256 lag);

    modifier onlyAdmin() {
        if (msg.sender != admin) revert NotAdmin(msg.sender);
        _;
    }

    constructor(address admin_) {
        admin = admin_;
    }

    function wire(address coreAgent_, address stakeHub_, address bitcoinAgent_) external onlyAdmin {
        coreAgent = coreAgent_;
        stakeHub = stakeHub_;
        bitcoinAgent = bitcoinAgent_;
    }

    function addCandidate(address candidate, uint256 rewardPerRound) external onlyAdmin {
        Candidate storage c = _candidates[candidate];
        if (!c.known) {
            c.known = true;
            c.place = _list.length;
            _list.push(candidate);
        }
        c.reward = rewardPerRound;
        _tell(candidate, false);
    }

    /// @notice From the next round on; the running one keeps its reward.
    function setReward(address candidate, uint256 rewardPerRound) external onlyAdmin {
        if (!_candidates[candidate].known) revert UnknownCandidate(candidate);
        _candidates[candidate].reward = rewardPerRound;
        _tell(candidate, false);
    }

    /// @notice A jailed candidate earns nothing from the running round on; released, it earns from the next one.
    function setJailed(address candidate, bool jailed) external onlyAdmin {
        _candidates[candidate].jailed = jailed;
        _tell(candidate, jailed);
    }

    function setClosed(address candidate, bool closed) external onlyAdmin {
        _candidates[candidate].closed = closed;
    }

    /// @notice The candidate leaves; its delegators' stake stays theirs and earns nothing.
    function removeCandidate(address candidate) external onlyAdmin {
        Candidate storage c = _candidates[candidate];
        if (!c.known) revert UnknownCandidate(candidate);
        address last = _list[_list.length - 1];
        _list[c.place] = last;
        _candidates[last].place = c.place;
        _list.pop();
        delete _candidates[candidate];
        _tell(candidate, true);
    }

    /// @notice Never moves the round that is running.
    function setTurnLag(uint256 lag) external onlyAdmin {
        uint256 running = getRoundTag();
        turnLag = lag;
        if (getRoundTag() != running) revert RoundWouldMove(lag);
    }

    /// @inheritdoc ICoreCandidateHub
    function canDelegate(address candidate) external view returns (bool) {
        Candidate storage c = _candidates[candidate];
        return c.known && !c.jailed && !c.closed;
    }

    /// @inheritdoc ICoreCandidateHub
    function isValidator(address candidate) external view returns (bool) {
        Candidate storage c = _candidates[candidate];
        return c.known && !c.jailed;
    }

    /// @inheritdoc ICoreCandidateHub
    function isJailed(address candidate) external view returns (bool) {
        return _candidates[candidate].jailed;
    }

    /// @inheritdoc ICoreCandidateHub
    function getRoundTag() public view returns (uint256) {
        return (block.timestamp - turnLag) / 1 days;
    }

    /// @inheritdoc ICoreCandidateHub
    function getCandidates() external view returns (address[] memory) {
        return _list;
    }

    function _tell(address candidate, bool running) private {
        Candidate storage c = _candidates[candidate];
        uint256 next = c.known && !c.jailed ? c.reward : 0;
        ILocalCorePool(coreAgent).setReward(candidate, running ? 0 : type(uint256).max, next);
    }
}
