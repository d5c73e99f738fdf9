// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LocalTreasury} from "../../src/dev/LocalTreasury.sol";
import {IPlumeStaking} from "../../src/staking/IPlumeStaking.sol";
import {Attack} from "./Attack.sol";

/// A treasury that pays nobody.
contract DeadTreasury {
    function distributeReward(address, uint256, address) external pure {
        revert("closed");
    }
}

/// Answers for a validator that the staking system has forgotten: inactive, not slashed, no votes. All else is passed on.
contract ForgivingReader {
    address private immutable STAKING;
    uint16 private immutable GONE;

    constructor(address staking, uint16 gone) {
        (STAKING, GONE) = (staking, gone);
    }

    function getValidatorStats(uint16 id) external view returns (bool, uint256, uint256, uint256) {
        if (id == GONE) return (false, 0, 0, 0);
        return IPlumeStaking(STAKING).getValidatorStats(id);
    }

    function getValidatorInfo(uint16 id)
        external
        view
        returns (IPlumeStaking.ValidatorInfo memory v, uint256 total, uint256 stakers)
    {
        if (id != GONE) return IPlumeStaking(STAKING).getValidatorInfo(id);
        v.validatorId = id;
    }

    function getSlashVoteCount(uint16 id) external view returns (uint256) {
        return id == GONE ? 0 : IPlumeStaking(STAKING).getSlashVoteCount(id);
    }

    fallback() external {
        (bool ok, bytes memory data) = STAKING.staticcall(msg.data);
        assembly {
            if ok { return(add(data, 32), mload(data)) }
            revert(add(data, 32), mload(data))
        }
    }
}

/// The staking system changes under us: validators come and go, its treasury is replaced, it pays less than it owes.
/// L16, L18, L28, L43.
contract StakingAttackTest is Attack {
    uint256 private constant RATE = 1e10;

    function owedRewards() private view returns (uint256 sum) {
        uint16[] memory ids = minter.validators();
        for (uint256 v; v < ids.length; ++v) {
            for (uint256 i; i < 4; ++i) {
                sum += staking.getClaimableReward(bucketOf(ids[v], i), NATIVE);
            }
        }
    }

    function claimRewards() private returns (uint256) {
        vm.prank(keeper);
        return minter.claimAll();
    }

    /// Half the rewards come from the old treasury, a closed one pays nothing meanwhile, the rest comes from the new one.
    function test_l28_a_treasury_replaced_on_the_way_loses_no_reward() public {
        setRewardRate(RATE);
        uint256 id = leave(alice, 20 ether);
        pass(7 days);
        uint256 first = owedRewards();
        assertGt(first, 0);
        assertEq(claimRewards(), first);
        pass(7 days);
        staking.setTreasury(address(new DeadTreasury()));
        assertEq(claimRewards(), 0);
        pass(7 days);
        // Exits need no treasury.
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(20 ether));
        assertEq(claimRewards(), 0);
        // A new one, with coins for a part at first: those buckets that it can pay are paid.
        LocalTreasury fresh = LocalTreasury(payable(create("LocalTreasury", abi.encode(staking))));
        staking.setTreasury(address(fresh));
        uint256 owed = owedRewards();
        vm.deal(address(fresh), owed / 2);
        uint256 part = claimRewards();
        assertGt(part, 0);
        assertLe(part, owed / 2);
        assertEq(owedRewards(), owed - part);
        vm.deal(address(fresh), owed);
        assertEq(claimRewards(), owed - part);
        // All of it is the holders', less the protocol's tenth.
        assertEq(rewards.holdersOwed() + rewards.protocolFees(), first + owed);
        assertSound();
    }

    /// Not listed any more, but its records are there: nothing changes but that newcomers would not learn of it.
    function test_l16_a_validator_off_the_list_keeps_its_stake_and_its_way_out() public {
        IPlumeStaking.ValidatorListItem[] memory list = new IPlumeStaking.ValidatorListItem[](1);
        list[0] = IPlumeStaking.ValidatorListItem(0, 45 ether, 0);
        vm.mockCall(address(staking), abi.encodeCall(staking.getValidatorsList, ()), abi.encode(list));
        assertEq(minter.syncValidators(), 0);
        assertEq(minter.validators().length, 2);
        uint256 id = leave(alice, 80 ether); // takes from both
        pass(COOLDOWN);
        while (minter.validatorState(1).active > 20 ether) {
            depart();
            pass(1 days);
        }
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(80 ether));
        assertSound();
    }

    /// Forgotten altogether: its flags cannot be read, so nothing is funded that a hidden slash could stand before, but
    /// what is funded is paid. Governor and guardian repair the reader; then its stake is written off or leaves.
    function test_l16_a_validator_that_the_system_forgot_blocks_nobody_for_long() public {
        uint256 funded = leave(alice, 10 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        uint256 id = leave(alice, 20 ether);
        pass(COOLDOWN);
        bytes memory gone = abi.encodeWithSelector(IPlumeStaking.ValidatorDoesNotExist.selector, 1);
        vm.mockCallRevert(address(staking), abi.encodeCall(staking.getValidatorStats, (1)), gone);
        vm.mockCallRevert(address(staking), abi.encodeCall(staking.getValidatorInfo, (1)), gone);
        vm.mockCallRevert(address(staking), abi.encodeCall(staking.getSlashVoteCount, (1)), gone);
        assertEq(claimNow(alice, funded), afterFee(10 ether));
        sweepAll();
        vm.expectRevert(gone);
        minter.finalize();
        address reader = address(new ForgivingReader(address(staking), 1));
        vm.prank(guardian);
        minter.emergency(Emergency.Reader, reader);
        vm.prank(admin);
        minter.emergency(Emergency.Reader, reader);
        minter.syncValidators();
        assertTrue(minter.validatorState(1).inactive);
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(20 ether));
        // Its stake can leave, and leaves first.
        pass(1 days);
        uint256 before = minter.validatorState(1).active;
        uint256 last = leave(alice, 20 ether);
        assertLt(minter.validatorState(1).active, before);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, last), afterFee(20 ether));
        assertSound();
    }

    /// An inactive validator's stake moves to the others: departures, sweeps, stake bus. No wei of stake or reward is lost
    /// and no exit waits longer for it.
    function test_l18_stake_of_an_inactive_validator_migrates_with_its_rewards() public {
        addValidator(2);
        minter.syncValidators();
        vm.startPrank(keeper);
        minter.addBuckets(2, 4);
        minter.setValidatorWeight(2, 1);
        vm.stopPrank();
        setRewardRate(RATE);
        pass(3 days);
        uint256 earned = owedRewards();
        staking.setValidatorStatus(1, false);
        minter.syncValidators();
        vm.startPrank(keeper);
        minter.setValidatorWeight(1, 0);
        minter.configureBuckets(1, 0);
        vm.stopPrank();
        assertEq(minter.validatorState(1).active, 45 ether);
        uint256 rounds;
        uint256 id;
        uint256 eta;
        while (minter.validatorState(1).active != 0 || minter.validatorState(1).cooling != 0) {
            if (rounds == 2) {
                // Somebody leaves on the way.
                id = leave(alice, 12 ether);
                (eta,) = minter.exitEta(id);
            } else {
                depart();
            }
            pass(1 days);
            sweepAll();
            minter.finalize();
            stakeAll();
            assertLt(++rounds, 60);
        }
        minter.finalize();
        assertLe(now_(), T0 + 90 days);
        if (now_() < eta) vm.warp(eta);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(12 ether));
        stakeAll();
        assertEq(minter.validatorState(1).buckets, 0, "its buckets are gone");
        assertEq(minter.assets(), 88 ether);
        assertGt(minter.validatorState(2).active, 25 ether);
        assertEq(minter.rate(), 1e27);
        for (uint256 i; i < 4; ++i) {
            (uint256 staked, uint256 cooled, uint256 parked) = staking.stakeInfo(bucketOf(1, i));
            assertEq(staked + cooled + parked, 0, "orphaned stake");
        }
        // What it earned before it stopped is still there, to the wei.
        uint256 saved;
        for (uint256 i; i < 4; ++i) {
            saved += staking.getClaimableReward(bucketOf(1, i), NATIVE);
        }
        assertEq(saved, earned / 2, "half of what both had earned then");
        vm.prank(keeper);
        assertEq(minter.claimBuckets(1, 0, 4), saved);
        assertSound();
    }

    /// It pays nothing at all: everything in cooldown is a loss, shared by all; who is left can still leave.
    function test_l43_a_system_that_pays_nothing_is_a_loss_of_all_that_cooled() public {
        uint256 id = leave(alice, 20 ether);
        pass(COOLDOWN);
        staking.setWithdrawShortfall(10_000);
        assertEq(sweepAll(), 0);
        uint256 gone = 20 ether + MARGIN;
        assertEq(minter.totalUnstaked(), 0);
        assertEq(minter.assets(), 100 ether - gone);
        uint256 rate = minter.rate();
        assertEq(rate, (100 ether - gone) * 1e27 / 100 ether);
        staking.setWithdrawShortfall(0);
        pass(2 days);
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertApproxEqAbs(claimNow(alice, id), afterFee(20 ether * rate / 1e27), 2);
        assertSound();
    }

    /// Two rungs wait and the sweep of the first one's bucket is short: who stands first is paid first, at the same rate as
    /// who stands second.
    function test_l43_a_shortfall_is_shared_by_the_whole_line_and_keeps_its_order() public {
        uint256 first = leave(alice, 10 ether);
        pass(3 days);
        uint256 second = leave(alice, 10 ether);
        pass(COOLDOWN - 3 days);
        staking.setWithdrawShortfall(5_000);
        sweepAll(); // the first one's
        staking.setWithdrawShortfall(0);
        uint256 rate = minter.rate();
        assertLt(rate, 1e27);
        minter.finalize();
        (uint256 a,) = minter.claimable(first);
        (uint256 b,) = minter.claimable(second);
        assertApproxEqAbs(a, 5 ether, MARGIN);
        assertEq(b, 0);
        pass(3 days);
        sweepAll();
        minter.finalize();
        (a,) = minter.claimable(first);
        assertApproxEqAbs(a, 10 ether * rate / 1e27, 2);
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        (b,) = minter.claimable(second);
        assertApproxEqAbs(b, 10 ether * rate / 1e27, 2);
        assertSound();
    }
}
