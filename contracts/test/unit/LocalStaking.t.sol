// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LocalStaking} from "../../src/dev/LocalStaking.sol";
import {LocalTreasury} from "../../src/dev/LocalTreasury.sol";
import {IPlumeStaking, IPlumeTreasury} from "../../src/staking/IPlumeStaking.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Test, console2} from "forge-std/Test.sol";

contract Coin is ERC20("Coin", "COIN") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// An account that refuses coins until told otherwise.
contract Fussy {
    bool public open;

    function set(bool open_) external {
        open = open_;
    }

    function run(address to, bytes calldata data, uint256 value) external payable returns (bool ok, bytes memory out) {
        (ok, out) = to.call{value: value}(data);
    }

    receive() external payable {
        require(open, "closed");
    }
}

/// One test per fact of the Plume staking system (P1 to P18). Common ground: validators 0, 1, 2 with 10 % commission,
/// a minimum of 1 PLUME, 21 days of cooldown, and a rate of 1e10: 1e-8 of the stake per second.
contract LocalStakingTest is Test {
    address constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    uint256 constant T0 = 1_700_000_000;
    uint256 constant RATE = 1e10;

    LocalStaking staking;
    LocalTreasury treasury;
    address alice = makeAddr("alice");
    address bob = makeAddr("bob");
    address carol = makeAddr("carol");

    function setUp() public {
        vm.warp(T0);
        staking = new LocalStaking(address(this), 1 ether, 21 days, 7 days);
        treasury = new LocalTreasury(address(staking));
        staking.setTreasury(address(treasury));
        staking.addRewardToken(NATIVE);
        for (uint16 id; id < 3; ++id) {
            _addValidator(id, 0);
        }
        vm.deal(address(treasury), 1000 ether);
        vm.deal(alice, 1000 ether);
        vm.deal(bob, 1000 ether);
        vm.deal(carol, 1000 ether);
    }

    // --------------------------------------------------------------------------------------------------------- cooldown

    function test_p1_one_slot_per_validator_merges_and_restarts() public {
        _stake(alice, 1, 5 ether);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.CooldownStarted(alice, 1, 4 ether, T0 + 21 days);
        _unstake(alice, 1, 4 ether);
        vm.warp(T0 + 20 days);
        // 4 at day 0 and 1 at day 20 mature together at day 20 + 21 = 41.
        vm.expectEmit(address(staking));
        emit IPlumeStaking.CooldownStarted(alice, 1, 1 ether, T0 + 41 days);
        _unstake(alice, 1, 1 ether);
        _assertInfo(alice, 0, 5 ether, 0);
        _assertSlot(alice, 0, 1, 5 ether, T0 + 41 days);
        vm.warp(T0 + 41 days - 1);
        _expectNothingDue(alice);
        vm.warp(T0 + 41 days);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.Withdrawn(alice, 5 ether);
        assertEq(_withdraw(alice), 5 ether);
    }

    function test_p2_after_maturity_old_is_parked_and_a_fresh_slot_starts() public {
        _stake(alice, 1, 5 ether);
        _unstake(alice, 1, 4 ether);
        vm.warp(T0 + 21 days);
        _unstake(alice, 1, 1 ether);
        _assertInfo(alice, 0, 1 ether, 4 ether);
        _assertSlot(alice, 0, 1, 1 ether, T0 + 42 days);
        assertEq(_withdraw(alice), 4 ether);
        _assertInfo(alice, 0, 1 ether, 0);
        vm.warp(T0 + 42 days);
        assertEq(_withdraw(alice), 1 ether);
    }

    function test_p3_staking_more_never_touches_the_slot() public {
        _stake(alice, 1, 5 ether);
        _unstake(alice, 1, 4 ether);
        vm.warp(T0 + 10 days);
        _stake(alice, 1, 2 ether);
        _assertInfo(alice, 3 ether, 4 ether, 0); // 5 - 4 + 2
        _assertSlot(alice, 0, 1, 4 ether, T0 + 21 days);
    }

    function test_p4_matured_means_the_end_itself() public {
        _stake(alice, 1, 5 ether);
        _unstake(alice, 1, 5 ether);
        vm.warp(T0 + 21 days - 1);
        vm.prank(alice);
        assertEq(staking.amountWithdrawable(), 0);
        vm.prank(alice);
        assertEq(staking.amountCooling(), 5 ether);
        _expectNothingDue(alice);
        vm.warp(T0 + 21 days);
        vm.prank(alice);
        assertEq(staking.amountWithdrawable(), 5 ether);
        vm.prank(alice);
        assertEq(staking.amountCooling(), 0);
        assertEq(staking.amountWithdrawable(), 0, "answers for the caller only");
        assertEq(_withdraw(alice), 5 ether);
    }

    function test_p5_interval_change_affects_new_and_merged_slots_only() public {
        _stake(alice, 1, 5 ether);
        _stake(alice, 2, 5 ether);
        _unstake(alice, 1, 2 ether);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.CooldownIntervalSet(30 days);
        staking.setCooldownInterval(30 days);
        assertEq(staking.getCooldownInterval(), 30 days);
        _assertSlot(alice, 0, 1, 2 ether, T0 + 21 days);
        vm.warp(T0 + 1 days);
        _unstake(alice, 2, 1 ether);
        _assertSlot(alice, 0, 1, 2 ether, T0 + 21 days);
        _assertSlot(alice, 1, 2, 1 ether, T0 + 31 days);
        _unstake(alice, 1, 1 ether);
        _assertSlot(alice, 0, 1, 3 ether, T0 + 31 days);
    }

    function test_p6_withdraw_pays_all_matured_slots_and_parked_or_reverts() public {
        _stake(alice, 0, 5 ether);
        _stake(alice, 1, 7 ether);
        _stake(alice, 2, 9 ether);
        _expectNothingDue(alice);
        _unstake(alice, 0, 1 ether);
        _unstake(alice, 1, 2 ether);
        vm.warp(T0 + 21 days);
        _unstake(alice, 1, 3 ether); // parks 2
        _unstake(alice, 2, 4 ether);
        // parked 2 (validator 1) + matured 1 (validator 0); 3 and 4 still cool.
        assertEq(_withdraw(alice), 3 ether);
        _assertInfo(alice, 11 ether, 7 ether, 0); // 21 - 1 - 2 - 3 - 4
        _expectNothingDue(alice);
        vm.warp(T0 + 42 days);
        assertEq(_withdraw(alice), 7 ether);

        Fussy fussy = new Fussy();
        vm.deal(address(fussy), 2 ether);
        fussy.run(address(staking), abi.encodeWithSignature("stake(uint16)", 1), 2 ether);
        fussy.run(address(staking), abi.encodeWithSignature("unstake(uint16)", 1), 0);
        vm.warp(T0 + 63 days);
        (bool ok, bytes memory out) = fussy.run(address(staking), abi.encodeCall(staking.withdraw, ()), 0);
        assertFalse(ok);
        assertEq(out, abi.encodeWithSelector(IPlumeStaking.NativeTransferFailed.selector));
        fussy.set(true);
        fussy.run(address(staking), abi.encodeCall(staking.withdraw, ()), 0);
        assertEq(address(fussy).balance, 2 ether);
    }

    function test_p7_cooling_restakes_to_its_own_validator_parked_anywhere() public {
        _stake(alice, 1, 9 ether);
        _unstake(alice, 1, 4 ether);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.InsufficientCooledAndParkedBalance.selector, 0, 2 ether));
        staking.restake(2, 2 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IPlumeStaking.InsufficientCooledAndParkedBalance.selector, 4 ether, 5 ether)
        );
        staking.restake(1, 5 ether);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.StakeAmountTooSmall.selector, 0.5 ether, 1 ether));
        staking.restake(1, 0.5 ether);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.InvalidAmount.selector, 0));
        staking.restake(1, 0);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.Staked(alice, 1, 1 ether, 1 ether, 0, 0);
        staking.restake(1, 1 ether);
        _assertSlot(alice, 0, 1, 3 ether, T0 + 21 days); // the end stays
        vm.stopPrank();

        vm.warp(T0 + 21 days);
        _unstake(alice, 1, 2 ether); // parks 3
        vm.startPrank(alice);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.Staked(alice, 2, 1 ether, 0, 1 ether, 0);
        staking.restake(2, 1 ether);
        // Own slot first (2), then parked (1 of the 2 left).
        vm.expectEmit(address(staking));
        emit IPlumeStaking.Staked(alice, 1, 3 ether, 2 ether, 1 ether, 0);
        staking.restake(1, 3 ether);
        vm.stopPrank();
        _assertInfo(alice, 8 ether, 0, 1 ether);
        assertEq(staking.getUserValidatorStake(alice, 1), 7 ether); // 9 - 4 + 1 - 2 + 3
        assertEq(staking.getUserValidatorStake(alice, 2), 1 ether);
        assertEq(_withdraw(alice), 1 ether);
    }

    function test_p8_anyone_may_stake_on_behalf_and_lengthen_the_list() public {
        _stake(alice, 1, 5 ether);
        vm.startPrank(bob);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.Staked(alice, 1, 2 ether, 0, 0, 2 ether);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.StakedOnBehalf(bob, alice, 1, 2 ether);
        assertEq(staking.stakeOnBehalf{value: 2 ether}(1, alice), 2 ether);
        staking.stakeOnBehalf{value: 1 ether}(2, alice);
        vm.expectRevert(IPlumeStaking.ZeroRecipientAddress.selector);
        staking.stakeOnBehalf{value: 1 ether}(2, address(0));
        vm.stopPrank();
        _assertInfo(alice, 8 ether, 0, 0);
        _assertInfo(bob, 0, 0, 0);
        uint16[] memory ids = staking.getUserValidators(alice);
        assertEq(ids.length, 2);
        assertEq(ids[0], 1);
        assertEq(ids[1], 2);
        // The list shrinks again once nothing is left with a validator.
        _unstake(alice, 2, 1 ether);
        vm.warp(T0 + 21 days);
        _withdraw(alice);
        assertEq(staking.getUserValidators(alice).length, 1);
    }

    /// forge-config: default.isolate = true
    /// forge-config: lite.isolate = true
    function test_p8_withdraw_costs_more_with_twenty_validators() public {
        for (uint16 id = 3; id < 20; ++id) {
            _addValidator(id, 0);
        }
        _stake(alice, 1, 5 ether);
        _stake(bob, 1, 5 ether);
        for (uint16 id; id < 20; ++id) {
            vm.prank(carol);
            staking.stakeOnBehalf{value: 1 ether}(id, bob);
        }
        _unstake(alice, 1, 1 ether);
        _unstake(bob, 1, 1 ether);
        vm.warp(T0 + 21 days);
        vm.prank(alice);
        staking.withdraw();
        uint256 one = vm.lastCallGas().gasTotalUsed;
        vm.prank(bob);
        staking.withdraw();
        uint256 twenty = vm.lastCallGas().gasTotalUsed;
        console2.log("withdraw with 1 and 20 validators", one, twenty);
        _assertNear(one, 97_000);
        _assertNear(twenty, 210_000);
    }

    // ----------------------------------------------------------------------------------------------------------- limits

    function test_p9_minimum_capacity_and_percentage() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.ValidatorDoesNotExist.selector, 9));
        staking.stake{value: 1 ether}(9);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.InvalidAmount.selector, 0));
        staking.stake(1);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.StakeAmountTooSmall.selector, 1 ether - 1, 1 ether));
        staking.stake{value: 1 ether - 1}(1);
        vm.stopPrank();

        vm.expectEmit(address(staking));
        emit IPlumeStaking.ValidatorCapacityUpdated(1, 0, 10 ether);
        staking.setValidatorCapacity(1, 10 ether);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.MaxValidatorPercentageUpdated(0, 5000);
        staking.setMaxValidatorPercentage(5000);
        // No getter: storage slot keccak256("plume.staking.storage") + 35.
        assertEq(uint256(vm.load(address(staking), bytes32(uint256(keccak256("plume.staking.storage")) + 35))), 5000);

        _stake(alice, 1, 8 ether); // 100 % of the total, but the total before is 0
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IPlumeStaking.ExceedsValidatorCapacity.selector, 1, 11 ether, 10 ether, 3 ether)
        );
        staking.stake{value: 3 ether}(1);
        vm.prank(alice);
        vm.expectRevert(IPlumeStaking.ValidatorPercentageExceeded.selector); // 9 of 9
        staking.stake{value: 1 ether}(1);
        staking.setMaxValidatorPercentage(0);
        _stake(alice, 1, 2 ether); // 10 of 10: exactly full, and no percentage is asked
        staking.setMaxValidatorPercentage(5000);

        // D = 0, T = 10e18, cap 5000: x * 10000 < 5001 * (10e18 + x), x < 50010e18 / 4999 = 10004000800160032006.40…
        uint256 headroom = 10_004_000_800_160_032_006;
        vm.prank(bob);
        vm.expectRevert(IPlumeStaking.ValidatorPercentageExceeded.selector);
        staking.stake{value: headroom + 1}(2);
        _stake(bob, 2, headroom);

        // Only additions are checked: stake may leave, and what is over a lowered capacity stays.
        staking.setValidatorCapacity(2, 1 ether);
        _unstake(alice, 1, 9 ether); // leaves validator 2 with 91 %
        (,, uint256 total,) = staking.getValidatorStats(2);
        assertEq(total, headroom);
        assertEq(staking.totalAmountStaked(), headroom + 1 ether);
    }

    function test_p10_inactive_refuses_stake_earns_nothing_and_lets_go() public {
        staking.setValidatorRewardRate(1, NATIVE, RATE);
        _stake(alice, 1, 100 ether);
        vm.warp(T0 + 1000);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.ValidatorStatusUpdated(1, false, false);
        staking.setValidatorStatus(1, false);
        (IPlumeStaking.ValidatorInfo memory v,,) = staking.getValidatorInfo(1);
        assertEq(v.slashedAtTimestamp, T0 + 1000, "set for inactive too");
        assertFalse(v.slashed);
        assertFalse(v.active);

        vm.warp(T0 + 5000);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.ValidatorInactive.selector, 1));
        staking.stake{value: 1 ether}(1);
        assertEq(staking.unstake(1, 40 ether), 40 ether);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.ValidatorInactive.selector, 1));
        staking.restake(1, 1 ether);
        // 1000 s: 100e18 * 1e-8 * 1000 = 1e15, less 10 % = 9e14. Nothing for the 4000 s after.
        assertEq(staking.claim(NATIVE, 1), 9e14);
        vm.stopPrank();
        vm.warp(T0 + 5000 + 21 days);
        assertEq(_withdraw(alice), 40 ether);

        staking.setValidatorStatus(1, true);
        vm.warp(T0 + 6000 + 21 days);
        // 60e18 * 1e-8 * 1000 = 6e14, less 10 % = 5.4e14.
        assertEq(staking.getClaimableReward(alice, NATIVE), 5.4e14);
    }

    // --------------------------------------------------------------------------------------------------------- slashing

    function test_p11_slash_takes_all_active_and_cooling_that_ends_at_or_after_it() public {
        _stake(alice, 1, 10 ether);
        _stake(bob, 1, 20 ether);
        _stake(carol, 1, 40 ether);
        _unstake(alice, 1, 10 ether); // ends T0 + 21 d
        vm.warp(T0 + 1);
        _unstake(bob, 1, 20 ether); // ends T0 + 21 d + 1, the second of the slash
        _unstake(carol, 1, 5 ether);
        vm.warp(T0 + 21 days + 1);
        _unstake(carol, 1, 1 ether); // parks 5, cools 1, 34 stay active
        staking.slashValidator(1);
        assertEq(_withdraw(alice), 10 ether, "matured a second before");
        _expectNothingDue(bob);
        assertEq(_withdraw(carol), 5 ether, "parked");
        vm.warp(T0 + 100 days);
        _expectNothingDue(bob);
        _expectNothingDue(carol);
        vm.prank(carol);
        assertEq(staking.amountCooling(), 0);
        assertEq(staking.totalAmountStaked(), 0);
    }

    function test_p12_phantoms_stay_until_cleared() public {
        _stake(alice, 1, 10 ether);
        _stake(alice, 2, 3 ether);
        _unstake(alice, 1, 4 ether);
        _unstake(alice, 2, 1 ether);
        staking.slashValidator(1);
        _assertInfo(alice, 8 ether, 5 ether, 0); // 6 lost + 2, 4 lost + 1
        assertEq(staking.getUserValidatorStake(alice, 1), 6 ether);
        _assertSlot(alice, 0, 1, 4 ether, T0 + 21 days);
        bytes memory slashed = abi.encodeWithSelector(IPlumeStaking.ActionOnSlashedValidatorError.selector, 1);
        vm.startPrank(alice);
        vm.expectRevert(slashed);
        staking.stake{value: 1 ether}(1);
        vm.expectRevert(slashed);
        staking.unstake(1);
        vm.expectRevert(slashed);
        staking.unstake(1, 1 ether);
        vm.expectRevert(slashed);
        staking.restake(1, 1 ether);
        vm.stopPrank();
        vm.warp(T0 + 21 days);
        assertEq(_withdraw(alice), 1 ether, "the other validator's slot only");

        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.ValidatorNotSlashed.selector, 2));
        staking.adminClearValidatorRecord(alice, 2);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.AdminClearedSlashedStake(alice, 1, 6 ether);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.AdminClearedSlashedCooldown(alice, 1, 4 ether);
        staking.adminClearValidatorRecord(alice, 1);
        _assertInfo(alice, 2 ether, 0, 0);
        assertEq(staking.getUserValidators(alice).length, 1);
        assertEq(staking.getUserCooldowns(alice).length, 0);
        (,, uint256 stakers) = staking.getValidatorInfo(1);
        assertEq(stakers, 0);
    }

    function test_p13_rewards_up_to_the_slash_are_claimable_until_cleared() public {
        staking.setValidatorRewardRate(1, NATIVE, RATE);
        _stake(alice, 1, 100 ether);
        _stake(bob, 1, 100 ether);
        vm.warp(T0 + 500);
        _unstake(bob, 1, 50 ether); // settles what bob earned so far
        vm.warp(T0 + 1000);
        staking.slashValidator(1);
        vm.warp(T0 + 9000);
        // 1000 s of 1e-8 on 100e18 = 1e15, less 10 %.
        assertEq(staking.getClaimableReward(alice, NATIVE), 9e14);
        vm.prank(alice);
        assertEq(staking.claim(NATIVE, 1), 9e14);
        // 500 s on 100e18 (settled) and 500 s on 50e18: 5e14 + 2.5e14, less 10 %. The record takes both with it.
        assertEq(staking.getClaimableReward(bob, NATIVE), 6.75e14);
        staking.adminClearValidatorRecord(bob, 1);
        assertEq(staking.getClaimableReward(bob, NATIVE), 0);
        vm.prank(bob);
        assertEq(staking.claim(NATIVE, 1), 0);
    }

    function test_p14_last_vote_and_slash_are_one_call() public {
        _stake(alice, 2, 10 ether);
        _unstake(alice, 2, 4 ether);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.NotValidatorAdmin.selector, alice));
        staking.voteToSlashValidator(2, T0 + 1 days);
        vm.startPrank(_adminOf(0));
        vm.expectRevert(IPlumeStaking.CannotVoteForSelf.selector);
        staking.voteToSlashValidator(0, T0 + 1 days);
        vm.expectRevert(IPlumeStaking.SlashVoteDurationTooLong.selector);
        staking.voteToSlashValidator(2, T0 + 7 days + 1);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.ValidatorDoesNotExist.selector, 9));
        staking.voteToSlashValidator(9, T0 + 1 days);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.SlashVoteCast(2, 0, T0 + 1 days);
        staking.voteToSlashValidator(2, T0 + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.AlreadyVotedToSlash.selector, 2, 0));
        staking.voteToSlashValidator(2, T0 + 2 days);
        assertEq(staking.getSlashVoteCount(2), 1);
        vm.warp(T0 + 1 days + 1);
        assertEq(staking.getSlashVoteCount(2), 0, "expired");
        staking.voteToSlashValidator(2, T0 + 2 days);
        vm.stopPrank();

        vm.expectEmit(address(staking));
        emit IPlumeStaking.SlashVoteCast(2, 1, T0 + 2 days);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.ValidatorSlashed(2, _adminOf(1), 10 ether); // 6 active + 4 cooling
        vm.expectEmit(address(staking));
        emit IPlumeStaking.ValidatorStatusUpdated(2, false, true);
        vm.prank(_adminOf(1));
        staking.voteToSlashValidator(2, T0 + 2 days);
        (IPlumeStaking.ValidatorInfo memory v, uint256 total,) = staking.getValidatorInfo(2);
        assertTrue(v.slashed);
        assertFalse(v.active);
        assertEq(v.slashedAtTimestamp, T0 + 1 days + 1);
        assertEq(total, 0);
        assertEq(staking.getValidatorsList().length, 3, "slashed ones stay listed");

        vm.prank(_adminOf(2));
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.NotValidatorAdmin.selector, _adminOf(2)));
        staking.voteToSlashValidator(1, T0 + 2 days);
        // From the timelock, with no vote.
        vm.expectEmit(address(staking));
        emit IPlumeStaking.ValidatorSlashed(0, address(this), 0);
        staking.slashValidator(0);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.Unauthorized.selector, alice, keccak256("ADMIN_ROLE")));
        staking.slashValidator(1);
    }

    // ---------------------------------------------------------------------------------------------------------- rewards

    function test_p15_fixed_rate_not_diluted_commission_up_paid_by_the_treasury() public {
        staking.setValidatorRewardRate(1, NATIVE, RATE);
        _stake(alice, 1, 100 ether);
        vm.warp(T0 + 1000);
        _stake(bob, 1, 900 ether);
        vm.warp(T0 + 2000);
        // 2000 s of 1e-8 on 100e18 = 2e15, less 10 %; bob's nine times larger stake takes nothing away.
        assertEq(staking.getClaimableReward(alice, NATIVE), 1.8e15);
        LocalTreasury next = new LocalTreasury(address(staking));
        vm.deal(address(next), 1.8e15);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.TreasurySet(address(next));
        staking.setTreasury(address(next));
        uint256 before = alice.balance;
        vm.expectEmit(address(staking));
        emit IPlumeStaking.RewardClaimedFromValidator(alice, NATIVE, 1, 1.8e15);
        vm.expectEmit(address(next));
        emit IPlumeTreasury.RewardDistributed(NATIVE, 1.8e15, alice);
        vm.prank(alice);
        assertEq(staking.claim(NATIVE, 1), 1.8e15);
        assertEq(alice.balance - before, 1.8e15);
        assertEq(address(next).balance, 0);
        // 8.1e15 = 900e18 * 1e-8 * 1000 s * 0.9: the treasury has nothing left.
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IPlumeTreasury.InsufficientPlumeBalance.selector, 8.1e15, 0));
        staking.claim(NATIVE, 1);

        // 7 wei at 1 wei per wei and second for 1 s: 7, commission 0.7 rounded up to 1, net 6.
        staking.setMinStakeAmount(1);
        staking.setValidatorRewardRate(2, NATIVE, 1e18);
        _stake(carol, 2, 7);
        vm.warp(T0 + 2001);
        assertEq(staking.getClaimableReward(carol, NATIVE), 6);
        vm.deal(address(next), 6);
        vm.prank(carol);
        staking.claim(NATIVE, 2);
        assertEq(staking.accruedCommission(2, NATIVE), 1);

        // A rate change splits the stretch: 10 s * 7 * 1 = 70 - 7, then 10 s * 7 * 3 = 210 - 21.
        vm.warp(T0 + 2011);
        staking.setValidatorRewardRate(2, NATIVE, 3e18);
        vm.warp(T0 + 2021);
        assertEq(staking.getClaimableReward(carol, NATIVE), 63 + 189);
    }

    function test_p15_rewards_restake() public {
        staking.setMinStakeAmount(1e15);
        staking.setValidatorRewardRate(1, NATIVE, RATE);
        vm.prank(alice);
        vm.expectRevert(IPlumeStaking.NoRewardsToRestake.selector);
        staking.restakeRewards(1);
        _stake(alice, 1, 100 ether);
        vm.warp(T0 + 1000);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.StakeAmountTooSmall.selector, 9e14, 1e15));
        staking.restakeRewards(2);
        vm.warp(T0 + 2000);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.Staked(alice, 2, 1.8e15, 0, 0, 1.8e15);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.RewardsRestaked(alice, 2, 1.8e15);
        vm.prank(alice);
        assertEq(staking.restakeRewards(2), 1.8e15);
        assertEq(address(staking).balance, 100 ether + 1.8e15, "the treasury paid it in");
        assertEq(staking.getUserValidatorStake(alice, 2), 1.8e15);
    }

    function test_p16_nothing_owed_returns_zero_and_one_short_token_reverts_claim_all() public {
        vm.prank(alice);
        assertEq(staking.claim(NATIVE, 1), 0);
        Coin coin = new Coin();
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.TokenDoesNotExist.selector, coin));
        staking.claim(address(coin), 1);
        staking.addRewardToken(address(coin));
        staking.setValidatorRewardRate(1, NATIVE, RATE);
        staking.setValidatorRewardRate(1, address(coin), 2 * RATE);
        _stake(alice, 1, 100 ether);
        vm.warp(T0 + 1000);
        coin.mint(address(treasury), 1.8e15 - 1); // owed: 2e15 - 10 % = 1.8e15
        vm.startPrank(alice);
        bytes memory short =
            abi.encodeWithSelector(IPlumeTreasury.InsufficientTokenBalance.selector, coin, 1.8e15, 1.8e15 - 1);
        vm.expectRevert(short);
        staking.claimAll();
        assertEq(staking.claim(NATIVE, 1), 9e14, "the other token is still to be had");
        coin.mint(address(treasury), 1);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.RewardClaimedFromValidator(alice, address(coin), 1, 1.8e15);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.RewardClaimed(alice, address(coin), 1.8e15);
        uint256[] memory paid = staking.claimAll();
        vm.stopPrank();
        assertEq(paid.length, 2);
        assertEq(paid[0], 0);
        assertEq(paid[1], 1.8e15);
        assertEq(coin.balanceOf(alice), 1.8e15);
    }

    /// forge-config: default.isolate = true
    /// forge-config: lite.isolate = true
    function test_p17_each_settle_rescans_the_rate_history() public {
        staking.setValidatorRewardRate(1, NATIVE, RATE);
        _stake(alice, 1, 100 ether);
        _claimGas(10);
        uint256 few = _claimGas(10);
        for (uint256 i; i < 100; ++i) {
            vm.warp(vm.getBlockTimestamp() + 10);
            staking.setValidatorRewardRate(1, NATIVE, RATE + i);
        }
        uint256 unsettled = _claimGas(10);
        uint256 settled = _claimGas(10);
        uint256 old = (settled - few) / 100;
        uint256 fresh = (unsettled - few) / 100;
        console2.log("gas per old and per unsettled checkpoint", old, fresh);
        _assertNear(old, 2500);
        _assertNear(fresh, 15_000);
        assertEq(staking.rateCheckpoints(1, NATIVE), 101);
    }

    /// forge-config: default.isolate = true
    /// forge-config: lite.isolate = true
    function test_p18_typical_gas() public {
        staking.setValidatorRewardRate(1, NATIVE, RATE);
        vm.prank(alice);
        staking.stake{value: 100 ether}(1);
        uint256 first = vm.lastCallGas().gasTotalUsed;
        vm.warp(T0 + 1000);
        vm.prank(bob);
        staking.stake{value: 100 ether}(1);
        uint256 stake = vm.lastCallGas().gasTotalUsed;
        uint256 claim = _claimGas(1000);
        vm.prank(bob);
        staking.unstake(1, 10 ether);
        uint256 unstake = vm.lastCallGas().gasTotalUsed;
        vm.warp(T0 + 3000);
        vm.prank(bob);
        staking.restake(1, 5 ether);
        uint256 restake = vm.lastCallGas().gasTotalUsed;
        vm.warp(T0 + 60 days);
        vm.prank(bob);
        staking.withdraw();
        uint256 withdraw = vm.lastCallGas().gasTotalUsed;
        console2.log("stake first, next", first, stake);
        console2.log("unstake, restake", unstake, restake);
        console2.log("claim, withdraw", claim, withdraw);
        _assertNear(first, 301_000);
        _assertNear(stake, 255_000);
        _assertNear(unstake, 250_000);
        _assertNear(claim, 140_000);
        _assertNear(withdraw, 97_000);
        _assertNear(restake, 185_000);
    }

    // -------------------------------------------------------------------------------------------------- topics and rest

    function test_topics_are_the_real_ones() public pure {
        assertEq(bytes4(IPlumeStaking.Staked.selector), bytes4(0x521d5961));
        assertEq(bytes4(IPlumeStaking.ValidatorSlashed.selector), bytes4(0xbd4815f6));
        assertEq(bytes4(IPlumeStaking.ValidatorStatusUpdated.selector), bytes4(0x7ca51303));
        assertEq(bytes4(IPlumeStaking.CooldownIntervalSet.selector), bytes4(0x51d28918));
        assertEq(bytes4(IPlumeStaking.MinStakeAmountSet.selector), bytes4(0xea095c2f));
        assertEq(bytes4(IPlumeStaking.ValidatorAdded.selector), bytes4(0xb31612fa));
        assertEq(bytes4(IPlumeStaking.ValidatorCapacityUpdated.selector), bytes4(0xfcdcc757));
        assertEq(bytes4(IPlumeStaking.MaxValidatorPercentageUpdated.selector), bytes4(0xf75d4464));
        assertEq(bytes4(IPlumeStaking.AdminClearedSlashedStake.selector), bytes4(0x6d3b01e3));
        // The table of facts gives 0xc3d58704 for CooldownStarted; the signature it gives beside it hashes to this.
        assertEq(IPlumeStaking.CooldownStarted.selector, keccak256("CooldownStarted(address,uint16,uint256,uint256)"));
        assertEq(bytes4(IPlumeStaking.CooldownStarted.selector), bytes4(0xada85df7));
    }

    function test_unstake_reverts() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.ValidatorDoesNotExist.selector, 9));
        staking.unstake(9);
        vm.expectRevert(IPlumeStaking.NoActiveStake.selector);
        staking.unstake(1);
        vm.expectRevert(IPlumeStaking.NoActiveStake.selector);
        staking.unstake(1, 1);
        staking.stake{value: 2 ether}(1);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.InvalidAmount.selector, 0));
        staking.unstake(1, 0);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.InsufficientFunds.selector, 2 ether, 2 ether + 1));
        staking.unstake(1, 2 ether + 1);
        assertEq(staking.unstake(1, 1), 1, "no minimum");
        assertEq(staking.unstake(1), 2 ether - 1);
        vm.stopPrank();
    }

    function test_fault_switch_underpays() public {
        _stake(alice, 1, 10 ether);
        _unstake(alice, 1, 10 ether);
        staking.setWithdrawShortfall(250);
        vm.warp(T0 + 21 days);
        assertEq(_withdraw(alice), 9.75 ether); // 2.5 % less
        _expectNothingDue(alice);
    }

    function test_administration() public {
        vm.expectEmit(address(staking));
        emit IPlumeStaking.ValidatorAdded(65_535, 0.5e18, alice, bob, "v", "a", carol);
        staking.addValidator(65_535, 0.5e18, alice, bob, "v", "a", carol, 7 ether);
        (IPlumeStaking.ValidatorInfo memory v, uint256 total, uint256 stakers) = staking.getValidatorInfo(65_535);
        assertEq(
            abi.encode(v),
            abi.encode(
                IPlumeStaking.ValidatorInfo(65_535, true, false, 0, 7 ether, 0, 0.5e18, alice, bob, "v", "a", carol)
            )
        );
        assertEq(total + stakers, 0);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.ValidatorAlreadyExists.selector, 0));
        _addValidator(0, 0);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.AdminAlreadyAssigned.selector, alice));
        staking.addValidator(7, 0, alice, bob, "", "", carol, 0);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.CommissionExceedsMaxAllowed.selector, 0.6e18, 0.5e18));
        staking.addValidator(7, 0.6e18, bob, bob, "", "", carol, 0);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.ValidatorDoesNotExist.selector, 7));
        staking.getValidatorInfo(7);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.InvalidInterval.selector, 0));
        staking.setCooldownInterval(0);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.CooldownTooShortForSlashVote.selector, 7 days, 7 days));
        staking.setCooldownInterval(7 days);
        vm.expectEmit(address(staking));
        emit IPlumeStaking.MinStakeAmountSet(2 ether);
        staking.setMinStakeAmount(2 ether);
        assertEq(staking.getMinStakeAmount(), 2 ether);

        // One rate for all validators, commission from 10 % to 50 % after 1000 s of 1e-8 on 100e18: 9e14 + 5e14.
        address[] memory tokens = new address[](1);
        uint256[] memory rates = new uint256[](1);
        (tokens[0], rates[0]) = (NATIVE, RATE);
        staking.setRewardRates(tokens, rates);
        _stake(bob, 2, 100 ether);
        vm.warp(T0 + 1000);
        vm.prank(_adminOf(2));
        staking.setValidatorCommission(2, 0.5e18);
        vm.warp(T0 + 2000);
        assertEq(staking.getClaimableReward(bob, NATIVE), 14e14);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.NotValidatorAdmin.selector, alice));
        staking.setValidatorCommission(2, 0);

        // The timelock may take everything.
        staking.adminWithdraw(NATIVE, 100 ether, carol);
        assertEq(carol.balance, 1100 ether);

        bytes[] memory calls = new bytes[](9);
        calls[0] = abi.encodeCall(staking.setValidatorStatus, (1, false));
        calls[1] = abi.encodeCall(staking.setValidatorCapacity, (1, 1));
        calls[2] = abi.encodeCall(staking.setMaxValidatorPercentage, (1));
        calls[3] = abi.encodeCall(staking.setMinStakeAmount, (1));
        calls[4] = abi.encodeCall(staking.setTreasury, (alice));
        calls[5] = abi.encodeCall(staking.setValidatorRewardRate, (1, NATIVE, 1));
        calls[6] = abi.encodeCall(staking.adminClearValidatorRecord, (alice, 1));
        calls[7] = abi.encodeCall(staking.adminWithdraw, (NATIVE, 1, alice));
        calls[8] = abi.encodeCall(staking.setWithdrawShortfall, (1));
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(alice);
            (bool ok, bytes memory out) = address(staking).call(calls[i]);
            assertFalse(ok);
            assertEq(out, abi.encodeWithSelector(IPlumeStaking.Unauthorized.selector, alice, keccak256("ADMIN_ROLE")));
        }
    }

    /// Coins held = all that `stakeInfo` shows (phantoms included) + phantoms cleared, after any history of calls.
    function testFuzz_every_coin_is_somewhere(uint256 seed) public {
        address[3] memory users = [alice, bob, carol];
        staking.setValidatorRewardRate(0, NATIVE, RATE);
        staking.setValidatorRewardRate(1, NATIVE, RATE);
        uint256 cleared;
        for (uint256 i; i < 80; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address who = users[(seed >> 8) % 3];
            uint16 id = uint16((seed >> 16) % 3);
            uint256 amount = 1 ether + (seed >> 32) % 5 ether;
            uint256 action = seed % 32;
            vm.startPrank(who);
            if (action < 8) {
                try staking.stake{value: amount}(id) {} catch {}
            } else if (action < 14) {
                try staking.unstake(id, amount) {} catch {}
            } else if (action < 16) {
                try staking.unstake(id) {} catch {}
            } else if (action < 20) {
                try staking.withdraw() {} catch {}
            } else if (action < 24) {
                try staking.restake(id, amount) {} catch {}
            } else if (action < 26) {
                try staking.claim(NATIVE, id) {} catch {}
            }
            vm.stopPrank();
            if (action == 26 && i > 50 && id != 2) try staking.slashValidator(id) {} catch {}
            (uint256 s, uint256 c,) = staking.stakeInfo(who);
            if (action == 27) {
                try staking.adminClearValidatorRecord(who, id) {
                    (uint256 s2, uint256 c2,) = staking.stakeInfo(who);
                    cleared += s + c - s2 - c2;
                } catch {}
            }
            if (action > 27) vm.warp(vm.getBlockTimestamp() + (seed >> 64) % 12 days);
        }
        uint256 shown;
        uint256 staked;
        for (uint256 u; u < 3; ++u) {
            (uint256 s, uint256 c, uint256 p) = staking.stakeInfo(users[u]);
            shown += s + c + p;
            for (uint16 id; id < 3; ++id) {
                (IPlumeStaking.ValidatorInfo memory v,,) = staking.getValidatorInfo(id);
                if (!v.slashed) staked += staking.getUserValidatorStake(users[u], id);
            }
        }
        assertEq(address(staking).balance, shown + cleared);
        assertEq(staking.totalAmountStaked(), staked);
    }

    // ---------------------------------------------------------------------------------------------------------- helpers

    function _adminOf(uint16 id) private pure returns (address) {
        return address(uint160(0xA000) + id);
    }

    function _addValidator(uint16 id, uint256 capacity) private {
        staking.addValidator(id, 0.1e18, _adminOf(id), _adminOf(id), "l1", "acc", address(0), capacity);
    }

    function _stake(address who, uint16 id, uint256 amount) private {
        vm.expectEmit(address(staking));
        emit IPlumeStaking.Staked(who, id, amount, 0, 0, amount);
        vm.prank(who);
        staking.stake{value: amount}(id);
    }

    function _unstake(address who, uint16 id, uint256 amount) private {
        vm.prank(who);
        assertEq(staking.unstake(id, amount), amount);
    }

    function _withdraw(address who) private returns (uint256 paid) {
        uint256 before = who.balance;
        vm.prank(who);
        staking.withdraw();
        paid = who.balance - before;
    }

    function _claimGas(uint256 later) private returns (uint256) {
        vm.warp(vm.getBlockTimestamp() + later);
        vm.prank(alice);
        staking.claim(NATIVE, 1);
        return vm.lastCallGas().gasTotalUsed;
    }

    function _expectNothingDue(address who) private {
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.InvalidAmount.selector, 0));
        staking.withdraw();
    }

    function _assertInfo(address who, uint256 staked, uint256 cooled, uint256 parked) private view {
        (uint256 s, uint256 c, uint256 p) = staking.stakeInfo(who);
        assertEq(s, staked, "staked");
        assertEq(c, cooled, "cooled");
        assertEq(p, parked, "parked");
    }

    function _assertSlot(address who, uint256 i, uint16 id, uint256 amount, uint256 end) private view {
        IPlumeStaking.CooldownView memory slot = staking.getUserCooldowns(who)[i];
        assertEq(slot.validatorId, id, "slot validator");
        assertEq(slot.amount, amount, "slot amount");
        assertEq(slot.cooldownEndTime, end, "slot end");
    }

    /// Within 35 % of the figure measured on the real system.
    function _assertNear(uint256 gas, uint256 real) private pure {
        assertGe(gas, real * 65 / 100, "cheaper than the real one");
        assertLe(gas, real * 135 / 100, "dearer than the real one");
    }
}
