// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Fixture} from "../Fixture.sol";

/// @notice One exit from deposit to claim, amounts worked by hand.
contract JourneyTest is Fixture {
    function setUp() public {
        deployAll(1, 3);
    }

    /// 99 coins join the seed's 1: 10 stay as buffer target, 90 are staked (the validator's cap is 90 % of 100).
    /// 50 LST leave by the queue: nothing is above the target, so 50 coins and 1 gwei depart, cool for 21 days, are swept
    /// and pay 50 less 5 bps = 49.975.
    function test_depositToExit() public {
        assertEq(submit(alice, 99 ether), 99 ether);
        stakeAll();
        assertEq(minter.bufferTarget(), 10 ether);
        assertEq(minter.activeStake(), 90 ether);
        uint256 id = requestExit(alice, 50 ether);
        assertEq(id, 1);
        vm.warp(T0 + 1 hours);
        closeRung();
        (uint256 netted, uint256 departed) = depart();
        assertEq(netted, 0);
        assertEq(departed, 50 ether + 1 gwei);
        (uint256 eta, bool revised) = minter.exitEta(id);
        assertEq(eta, T0 + 1 hours + COOLDOWN + GRACE);
        assertFalse(revised);
        vm.warp(T0 + 1 hours + COOLDOWN - 1);
        (uint256 swept,) = sweep(0);
        assertEq(swept, 0);
        vm.warp(T0 + 1 hours + COOLDOWN);
        (, uint256 gained) = sweep(0);
        assertEq(gained, 50 ether + 1 gwei);
        minter.finalize();
        uint256 before = alice.balance;
        assertEq(claimNow(alice, id), 49.975 ether);
        assertEq(alice.balance - before, 49.975 ether);
        assertEq(minter.fees(), 0.025 ether);
        assertEq(minter.rate(), 1e27);
        assertEq(minter.assets(), 50 ether);
        assertEq(minter.supply(), 50 ether);
    }

    /// A gift of 1 coin: a tenth is the protocol's, the rest streams to holders.
    function test_loadRewards() public {
        vm.deal(address(this), 1 ether);
        minter.loadRewards{value: 1 ether}();
        assertEq(rewards.protocolFees(), 0.1 ether);
        assertEq(rewards.holdersOwed(), 0.9 ether);
    }
}
