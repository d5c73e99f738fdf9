// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LocalCoreAgent} from "../../src/dev/LocalCoreAgent.sol";
import {LocalCoreBitcoin, LocalCoreLstBtc} from "../../src/dev/LocalCoreBitcoin.sol";
import {LocalCoreBtc} from "../../src/dev/LocalCoreBtc.sol";
import {LocalCoreCandidateHub} from "../../src/dev/LocalCoreCandidateHub.sol";
import {LocalCoreEarn, LocalCoreStToken} from "../../src/dev/LocalCoreEarn.sol";
import {LocalCoreStakeHub} from "../../src/dev/LocalCoreStakeHub.sol";
import {ICoreBitcoinAgent} from "../../src/staking/ICoreBitcoinAgent.sol";
import {Test} from "forge-std/Test.sol";

/// @notice Core's local stand-ins, wired. Each validator's delegators share 37.5 CORE in a round.
abstract contract CoreWorld is Test {
    /// A midnight, UTC.
    uint256 internal constant T0 = 1_700_006_400;
    uint256 internal constant ROUND = T0 / 1 days;
    uint256 internal constant REWARD = 37.5 ether;

    LocalCoreCandidateHub internal hub;
    LocalCoreAgent internal agent;
    LocalCoreStakeHub internal stakeHub;
    LocalCoreBitcoin internal bitcoin;
    LocalCoreLstBtc internal lst;
    LocalCoreEarn internal earn;
    LocalCoreStToken internal st;
    LocalCoreBtc internal btc;

    address internal v1 = makeAddr("v1");
    address internal v2 = makeAddr("v2");
    address internal v3 = makeAddr("v3");
    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");
    address internal carol = makeAddr("carol");

    function deployCore() internal {
        vm.warp(T0 + 1 hours);
        hub = new LocalCoreCandidateHub(address(this));
        agent = new LocalCoreAgent(hub);
        stakeHub = new LocalCoreStakeHub(hub);
        bitcoin = new LocalCoreBitcoin(hub);
        lst = bitcoin.LST();
        hub.wire(address(agent), address(stakeHub), address(bitcoin));
        ICoreBitcoinAgent.DualStakingGrade[] memory grades = new ICoreBitcoinAgent.DualStakingGrade[](3);
        grades[0] = ICoreBitcoinAgent.DualStakingGrade(0, 2_000);
        grades[1] = ICoreBitcoinAgent.DualStakingGrade(1_000, 5_000);
        grades[2] = ICoreBitcoinAgent.DualStakingGrade(5_000, 10_000);
        bitcoin.setGrades(grades);
        earn = new LocalCoreEarn(address(this), hub);
        st = earn.TOKEN();
        btc = new LocalCoreBtc(address(this));
        hub.addCandidate(v1, REWARD);
        hub.addCandidate(v2, REWARD);
        hub.addCandidate(v3, REWARD);
        vm.deal(address(stakeHub), 1_000_000 ether);
        vm.deal(address(earn), 1_000_000 ether);
        vm.deal(alice, 100_000 ether);
        vm.deal(bob, 100_000 ether);
        vm.deal(carol, 100_000 ether);
    }

    /// `hour` hours into the day that is `day` days after the first.
    function at(uint256 day, uint256 hour) internal {
        vm.warp(T0 + day * 1 days + hour * 1 hours);
    }

    function delegate(address who, address candidate, uint256 amount) internal {
        vm.prank(who);
        agent.delegateCoin{value: amount}(candidate);
    }

    function undelegate(address who, address candidate, uint256 amount) internal {
        vm.prank(who);
        agent.undelegateCoin(candidate, amount);
    }

    function transfer(address who, address source, address target, uint256 amount) internal {
        vm.prank(who);
        agent.transferCoin(source, target, amount);
    }

    /// Earn's operator, on time.
    function settleEarn() internal {
        earn.afterTurnRound(new address[](0));
    }

    /// What a claim pays, and says that it pays.
    function claim(address who) internal returns (uint256 paid) {
        uint256 before = who.balance;
        vm.prank(who);
        uint256[] memory rewards = stakeHub.claimReward();
        paid = who.balance - before;
        uint256 said;
        for (uint256 i; i < rewards.length; ++i) {
            said += rewards[i];
        }
        assertEq(said, paid, "the answer is what was paid");
    }
}
