// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreStakeHub} from "../staking/ICoreStakeHub.sol";
import {LocalCoreAgent} from "./LocalCoreAgent.sol";
import {LocalCoreBitcoin} from "./LocalCoreBitcoin.sol";
import {LocalCoreCandidateHub} from "./LocalCoreCandidateHub.sol";

/// @title LocalCoreStakeHub: a stand-in for Core's StakeHub, for local chains only
/// @notice Written from the facts C6, C8, C14 and C15 known of the real system, not from its code. It pays rewards out of
/// the coins that it was given: fund it, or claims revert.
contract LocalCoreStakeHub is ICoreStakeHub {
    /// @notice Of whom it learns rounds and the other stand-ins.
    LocalCoreCandidateHub public immutable HUB;

    struct Stored {
        uint256 changeRound;
        uint256[3] rewards; // CORE, hash power, BTC
    }

    mapping(address delegator => Stored) private _stored;

    constructor(LocalCoreCandidateHub hub) {
        HUB = hub;
    }

    receive() external payable {}

    /// @inheritdoc ICoreStakeHub
    function claimReward() external returns (uint256[] memory rewards) {
        // The other stand-ins call nobody back.
        // slither-disable-next-line reentrancy-no-eth
        _calculate(msg.sender);
        Stored storage s = _stored[msg.sender];
        rewards = new uint256[](3);
        uint256 sum;
        for (uint256 i; i < 3; ++i) {
            rewards[i] = s.rewards[i];
            if (rewards[i] == 0) continue;
            sum += rewards[i];
            s.rewards[i] = 0;
        }
        if (sum == 0) return rewards;
        (bool ok,) = msg.sender.call{value: sum}("");
        require(ok, "payment refused");
        emit claimedReward(msg.sender, sum);
    }

    /// @inheritdoc ICoreStakeHub
    function calculateReward(address delegator) external {
        _calculate(delegator);
    }

    /// @inheritdoc ICoreStakeHub
    function getDelegator(address delegator) external view returns (uint256 changeRound, uint256[] memory rewards) {
        Stored storage s = _stored[delegator];
        rewards = new uint256[](3);
        for (uint256 i; i < 3; ++i) {
            rewards[i] = s.rewards[i];
        }
        return (s.changeRound, rewards);
    }

    /// @inheritdoc ICoreStakeHub
    function getCandidateScores(address candidate) external view returns (uint256[] memory scores) {
        scores = new uint256[](3);
        scores[0] = LocalCoreAgent(HUB.coreAgent()).realtimeOf(candidate);
    }

    /// @notice Rewards of miners that gave their hash power to `delegator`.
    function addHashReward(address delegator, uint256 amount) external {
        require(msg.sender == HUB.admin(), "only admin");
        _stored[delegator].rewards[1] += amount;
    }

    function _calculate(address delegator) private {
        Stored storage s = _stored[delegator];
        uint256 round = HUB.getRoundTag();
        uint256 staked = LocalCoreAgent(HUB.coreAgent()).delegatorMap(delegator);
        // slither-disable-next-line reentrancy-no-eth
        uint256 core = LocalCoreAgent(HUB.coreAgent()).collect(delegator);
        if (core != 0) s.rewards[0] += core;
        if (HUB.bitcoinAgent() != address(0)) {
            // slither-disable-next-line reentrancy-no-eth
            uint256 btc = LocalCoreBitcoin(HUB.bitcoinAgent()).collect(delegator, staked);
            if (btc != 0) s.rewards[2] += btc;
        }
        s.changeRound = round;
    }
}
