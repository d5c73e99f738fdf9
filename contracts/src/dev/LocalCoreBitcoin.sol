// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreBitcoinAgent} from "../staking/ICoreBitcoinAgent.sol";
import {ICoreLstBtc} from "../staking/ICoreBtc.sol";
import {LocalCoreCandidateHub} from "./LocalCoreCandidateHub.sol";
import {LocalCoreRounds} from "./LocalCoreRounds.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title LocalCoreBitcoin: a stand-in for Core's BitcoinAgent and BitcoinLSTStake, for local chains only
/// @notice Written from the facts C14 and C15 known of the real system, not from its code. It keeps the rounds of lstBTC's
/// holders and applies the grades.
contract LocalCoreBitcoin is ICoreBitcoinAgent {
    using LocalCoreRounds for LocalCoreRounds.Pool;

    /// @notice Of whom it learns rounds and the other stand-ins.
    LocalCoreCandidateHub public immutable HUB;
    LocalCoreLstBtc public immutable LST;

    DualStakingGrade[] private _grades;
    LocalCoreRounds.Pool private _pool;
    mapping(address holder => LocalCoreRounds.Position) private _positions;
    mapping(address holder => uint256) private _rewards; // settled, before the grade

    constructor(LocalCoreCandidateHub hub) {
        HUB = hub;
        LST = new LocalCoreLstBtc(this);
    }

    modifier onlyAdmin() {
        require(msg.sender == HUB.admin(), "only admin");
        _;
    }

    /// @notice Replaces all grades; rising by `stakeRate`.
    function setGrades(DualStakingGrade[] calldata grades) external onlyAdmin {
        delete _grades;
        for (uint256 i; i < grades.length; ++i) {
            _grades.push(grades[i]);
        }
    }

    /// @notice CORE wei for all lstBTC together, for each round after the running one.
    function setReward(uint256 rewardPerRound) external onlyAdmin {
        _pool.sync(HUB.getRoundTag());
        _pool.rewardNext = rewardPerRound;
    }

    /// @inheritdoc ICoreBitcoinAgent
    function getGrades() external view returns (DualStakingGrade[] memory) {
        return _grades;
    }

    /// @notice lstBTC moved; a round's yield belongs to who held it for all of the round.
    function moved(address from, address to, uint256 amount) external {
        require(msg.sender == address(LST), "only lstBTC");
        uint256 round = HUB.getRoundTag();
        _pool.sync(round);
        if (from != address(0)) {
            _settle(from, round);
            _pool.take(_positions[from], amount);
        }
        if (to != address(0)) {
            _settle(to, round);
            _pool.add(_positions[to], amount);
        }
    }

    /// @notice Settles the holder and hands the sum to StakeHub's books, lifted or cut by the grade of its CORE for each BTC.
    function collect(address holder, uint256 core) external returns (uint256 reward) {
        require(msg.sender == HUB.stakeHub(), "only StakeHub");
        uint256 round = HUB.getRoundTag();
        _pool.sync(round);
        _settle(holder, round);
        reward = _rewards[holder];
        if (reward == 0) return 0;
        _rewards[holder] = 0;
        uint256 sats = LST.balanceOf(holder);
        uint256 percentage = 10_000;
        for (uint256 i; i < _grades.length; ++i) {
            // One BTC is 1e8 units, one CORE 1e18.
            if (i == 0 || core >= uint256(_grades[i].stakeRate) * sats * 1e10) percentage = _grades[i].percentage;
        }
        reward = Math.mulDiv(reward, percentage, 10_000);
    }

    function _settle(address holder, uint256 round) private {
        uint256 reward = _pool.settle(_positions[holder], round);
        if (reward != 0) _rewards[holder] += reward;
    }
}

/// @title LocalCoreLstBtc: a stand-in for Core's BitcoinLSTToken, for local chains only
contract LocalCoreLstBtc is ICoreLstBtc, ERC20 {
    LocalCoreBitcoin public immutable AGENT;
    /// @inheritdoc ICoreLstBtc
    bool public paused;

    constructor(LocalCoreBitcoin agent) ERC20("Local lstBTC", "lstBTC") {
        AGENT = agent;
    }

    modifier onlyAdmin() {
        require(msg.sender == AGENT.HUB().admin(), "only admin");
        _;
    }

    function setPaused(bool paused_) external onlyAdmin {
        paused = paused_;
    }

    /// @notice Stands for a deposit proven on Bitcoin.
    function mint(address to, uint256 amount) external onlyAdmin {
        _mint(to, amount);
    }

    /// @inheritdoc ICoreLstBtc
    function redeem(uint64 amount, bytes calldata script) external {
        require(script.length != 0, "no script");
        _burn(msg.sender, amount);
        emit redeemed(msg.sender, amount, script);
    }

    function decimals() public pure override returns (uint8) {
        return 8;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!paused, "paused");
        super._update(from, to, amount);
        AGENT.moved(from, to, amount);
    }
}
