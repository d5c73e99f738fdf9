// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidRewards} from "../../src/liquid/ILiquidRewards.sol";
import {LiquidRewards} from "../../src/liquid/LiquidRewards.sol";
import {LiquidToken} from "../../src/liquid/LiquidToken.sol";
import {Test} from "forge-std/Test.sol";

/// A holder that refuses, re-enters, or takes.
contract Holder {
    LiquidRewards rewards;
    uint256 public mode; // 0 takes, 1 refuses, 2 claims again inside
    uint256 public seen; // holdersOwed during the payment

    constructor(LiquidRewards rewards_) {
        rewards = rewards_;
    }

    function set(uint256 mode_) external {
        mode = mode_;
    }

    function claim(address to) external returns (uint256) {
        return rewards.claim(to);
    }

    receive() external payable {
        require(mode != 1, "refused");
        seen = rewards.holdersOwed();
        if (mode == 2) require(rewards.claim(address(this)) == 0, "paid twice");
    }
}

/// The test contract stands in for the minter.
contract LiquidRewardsTest is Test {
    uint256 constant T0 = 20_000 * 86_400;

    LiquidToken token;
    LiquidRewards rewards;
    address public feeRecipient = makeAddr("fee recipient");
    address alice = makeAddr("alice");
    address bob = makeAddr("bob");

    function setUp() public {
        vm.warp(T0);
        address at = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        token = new LiquidToken("Staked Coin", "stCOIN", address(this), at);
        rewards = new LiquidRewards(address(this), address(token), 1000);
        assertEq(address(rewards), at);
        vm.deal(address(this), 1000 ether);
        token.mint(alice, 1 ether);
        token.mint(bob, 3 ether);
    }

    function test_a_load_splits_into_fee_and_stream() public {
        vm.expectEmit(address(rewards));
        emit ILiquidRewards.RewardsLoaded(address(this), 1009, 100); // 100.9, the fee rounds down
        rewards.load{value: 1009}();
        assertEq(rewards.protocolFees(), 100);
        assertEq(rewards.holdersOwed(), 909);
        vm.expectRevert(ILiquidRewards.ZeroAmount.selector);
        rewards.load();
        (bool ok,) = address(rewards).call{value: 1}("");
        assertFalse(ok, "coins come by load alone");
    }

    function test_l1_holders_collect_all_that_was_loaded_but_the_fee() public {
        rewards.load{value: 10 ether}();
        vm.warp(T0 + 7 days);
        // 9e18 over 604,800 s is 14,880,952,380,952 a second and 230,400 over.
        uint256 all = 9 ether - 230_400;
        vm.expectEmit(address(rewards));
        emit ILiquidRewards.RewardsPaid(alice, alice, all / 4);
        vm.prank(alice);
        assertEq(rewards.claim(alice), all / 4);
        assertEq(alice.balance, all / 4);
        // The minter pays a holder to the holder, and to nobody else.
        assertEq(rewards.claimFor(bob), all - all / 4);
        assertEq(bob.balance, all - all / 4);
        assertEq(rewards.holdersOwed(), 230_400);
        vm.prank(alice);
        assertEq(rewards.claim(alice), 0, "nothing owed is no error");
        vm.expectEmit(address(rewards));
        emit ILiquidRewards.ProtocolFeesPaid(feeRecipient, 1 ether);
        vm.prank(bob);
        assertEq(rewards.payProtocolFees(), 1 ether);
        assertEq(feeRecipient.balance, 1 ether);
        assertEq(rewards.payProtocolFees(), 0);
        assertEq(address(rewards).balance, 230_400);
    }

    function test_rewards_go_where_their_owner_says_and_only_then() public {
        rewards.load{value: 10 ether}();
        vm.warp(T0 + 1 days);
        uint256 owed = token.earned(alice);
        address cold = makeAddr("cold");
        vm.prank(alice);
        assertEq(rewards.claim(cold), owed);
        assertEq(cold.balance, owed);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.NotMinter.selector, bob));
        rewards.claimFor(alice);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.NotMinter.selector, bob));
        rewards.setRewardFee(0);
        vm.expectPartialRevert(ILiquidRewards.TransferFailed.selector);
        rewards.claim(address(0));
    }

    function test_l9_a_receiver_that_refuses_keeps_its_claim_and_reentry_pays_once() public {
        Holder holder = new Holder(rewards);
        token.mint(address(holder), 4 ether); // half of all
        rewards.load{value: 10 ether}();
        vm.warp(T0 + 7 days);
        uint256 half = (9 ether - 230_400) / 2;
        holder.set(1);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.TransferFailed.selector, address(holder), half));
        holder.claim(address(holder));
        assertEq(token.earned(address(holder)), half);
        assertEq(rewards.holdersOwed(), 9 ether);
        holder.set(2);
        assertEq(holder.claim(address(holder)), half);
        assertEq(address(holder).balance, half);
        assertEq(holder.seen(), 9 ether - half, "booked before it was paid");
    }

    function test_l14_the_fee_has_a_ceiling_and_takes_nothing_loaded_before() public {
        rewards.load{value: 10 ether}();
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.FeeAboveCeiling.selector, 2001, 2000));
        rewards.setRewardFee(2001);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.FeeAboveCeiling.selector, 2001, 2000));
        new LiquidRewards(address(this), address(token), 2001);
        vm.expectEmit(address(rewards));
        emit ILiquidRewards.RewardFeeSet(2000);
        rewards.setRewardFee(2000);
        assertEq(rewards.protocolFees(), 1 ether);
        rewards.load{value: 10 ether}();
        assertEq(rewards.protocolFees(), 3 ether);
        assertEq(rewards.holdersOwed(), 17 ether);
    }

    /// The coins are always there: at any time every holder and the protocol can be paid in full.
    function testFuzz_solvent(uint256 seed) public {
        address[2] memory who = [alice, bob];
        for (uint256 i; i < 30; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(vm.getBlockTimestamp() + (seed >> 64) % 5 days);
            if (seed % 4 == 0) rewards.load{value: 1 + (seed >> 128) % 10 ether}();
            else if (seed % 4 == 1) rewards.setRewardFee((seed >> 128) % 2001);
            else if (seed % 4 == 2) rewards.claimFor(who[(seed >> 8) % 2]);
            else rewards.payProtocolFees();
            assertEq(address(rewards).balance, rewards.holdersOwed() + rewards.protocolFees());
            assertLe(token.earned(alice) + token.earned(bob), rewards.holdersOwed());
        }
        vm.warp(vm.getBlockTimestamp() + 100 days);
        rewards.claimFor(alice);
        rewards.claimFor(bob);
        rewards.payProtocolFees();
        // Left: what no flow carries, and a wei for each rounding.
        (,,, uint256 carry, uint256 unallocated,) = token.streamState();
        assertLe(address(rewards).balance, carry + unallocated + 100);
    }

    function test_refusing_a_delegate_is_said_once() public {
        vm.startPrank(alice);
        vm.expectEmit(address(rewards));
        emit ILiquidRewards.DelegationClosed(alice);
        rewards.refuseDelegate();
        vm.recordLogs();
        rewards.refuseDelegate();
        vm.stopPrank();
        assertEq(vm.getRecordedLogs().length, 0);
        vm.etch(alice, hex"00");
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.CanClaim.selector, alice));
        rewards.setDelegate(alice, bob);
    }
}
