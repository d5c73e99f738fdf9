// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidRewards} from "../../src/liquid/ILiquidRewards.sol";
import {Attack} from "./Attack.sol";

/// A pool that holds LST and knows nothing of rewards; `run` is for the variant that can act (a Safe).
contract Pool {
    function run(address to, bytes calldata data) external returns (bytes memory out) {
        bool ok;
        (ok, out) = to.call(data);
        if (!ok) {
            assembly {
                revert(add(out, 0x20), mload(out))
            }
        }
    }

    receive() external payable {}
}

/// L13.
contract DelegatesAttackTest is Attack {
    Pool internal pool;
    address internal delegate = makeAddr("delegate");

    function setUp() public override {
        super.setUp();
        pool = new Pool();
        vm.prank(alice);
        token.transfer(address(pool), 50 ether);
        vm.prank(admin);
        minter.sealSetup();
    }

    function load(uint256 amount) internal {
        vm.deal(address(this), amount);
        minter.loadRewards{value: amount}();
    }

    /// Announces, waits and executes. @return at the second of the execution
    function appoint(address account, address who) internal returns (uint256 at) {
        vm.startPrank(admin);
        minter.schedule(abi.encodeCall(minter.setDelegateClaimer, (account, who)));
        at = now_() + minter.longestExit();
        vm.warp(at);
        minter.setDelegateClaimer(account, who);
        vm.stopPrank();
    }

    function test_l13_a_contract_that_cannot_claim_has_its_later_rewards_recovered_by_its_delegate() public {
        load(10 ether);
        bytes memory call = abi.encodeCall(minter.setDelegateClaimer, (address(pool), delegate));
        vm.prank(mallory);
        vm.expectRevert();
        minter.setDelegateClaimer(address(pool), delegate);
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        minter.setDelegateClaimer(address(pool), delegate);
        bytes32 operation = minter.schedule(call);
        uint256 at = now_() + minter.longestExit();
        assertGe(minter.longestExit(), 2 * COOLDOWN);
        vm.warp(at - 1);
        vm.expectRevert(abi.encodeWithSelector(TooEarly.selector, operation, at));
        minter.setDelegateClaimer(address(pool), delegate);
        vm.warp(at);
        uint256 earlier = token.earned(address(pool));
        assertApproxEqAbs(earlier, 4.5 ether, 8 days, "half of what was loaded");
        vm.expectEmit(address(rewards));
        emit ILiquidRewards.DelegateSet(address(pool), delegate, earlier);
        minter.setDelegateClaimer(address(pool), delegate);
        vm.stopPrank();
        assertEq(rewards.delegateOf(address(pool)), delegate);

        // What was earned before is out of the delegate's reach.
        vm.startPrank(delegate);
        assertEq(rewards.claimAsDelegate(address(pool), delegate), 0);
        vm.stopPrank();
        load(10 ether);
        pass(40 days);
        (uint256 all, uint256 his) = rewards.rewardsOf(address(pool));
        assertEq(his, token.earned(address(pool)));
        assertEq(all, earlier + his);
        assertGt(his, 0);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.NotDelegate.selector, address(pool), mallory));
        rewards.claimAsDelegate(address(pool), mallory);
        uint256 owed = rewards.holdersOwed();
        vm.prank(delegate);
        assertEq(rewards.claimAsDelegate(address(pool), carol), his);
        assertEq(carol.balance, 1_000_000 ether + his);
        assertEq(rewards.holdersOwed(), owed - his);

        // Learned to claim after all (an upgrade): what it earned before is still there, to the wei, and the delegate is gone.
        pass(10 days);
        load(10 ether);
        pass(10 days);
        (all, his) = rewards.rewardsOf(address(pool));
        assertEq(all, earlier + his);
        pool.run(address(minter), abi.encodeWithSignature("unstakeRewards()"));
        assertEq(address(pool).balance, all);
        assertEq(rewards.delegateOf(address(pool)), address(0));
        vm.prank(delegate);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.NotDelegate.selector, address(pool), delegate));
        rewards.claimAsDelegate(address(pool), delegate);
        assertGe(address(rewards).balance, rewards.holdersOwed() + rewards.protocolFees());
        assertSound();
    }

    /// A Safe can claim. Once it has, nobody is ever appointed for it; nor for a person.
    function test_l13_the_rewards_of_a_safe_cannot_be_taken() public {
        load(10 ether);
        pass(1 days);
        pool.run(address(rewards), abi.encodeCall(ILiquidRewards.claim, (address(pool))));
        assertGt(address(pool).balance, 0);
        assertTrue(rewards.everClaimed(address(pool)));
        vm.startPrank(admin);
        minter.schedule(abi.encodeCall(minter.setDelegateClaimer, (address(pool), delegate)));
        minter.schedule(abi.encodeCall(minter.setDelegateClaimer, (alice, delegate)));
        pass(minter.longestExit());
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.CanClaim.selector, address(pool)));
        minter.setDelegateClaimer(address(pool), delegate);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.NotContract.selector, alice));
        minter.setDelegateClaimer(alice, delegate);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.NotMinter.selector, address(this)));
        rewards.setDelegate(address(pool), delegate);
    }

    /// A Safe that never claimed sees the announcement and refuses, before or after the appointment: nothing is lost.
    function test_l13_a_safe_refuses_before_and_after() public {
        load(10 ether);
        uint256 mark = vm.snapshotState();
        vm.startPrank(admin);
        minter.schedule(abi.encodeCall(minter.setDelegateClaimer, (address(pool), delegate)));
        pass(minter.longestExit());
        vm.stopPrank();
        pool.run(address(rewards), abi.encodeCall(ILiquidRewards.refuseDelegate, ()));
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.CanClaim.selector, address(pool)));
        minter.setDelegateClaimer(address(pool), delegate);
        vm.revertToState(mark);

        appoint(address(pool), delegate);
        load(10 ether);
        pass(100 days);
        (uint256 all, uint256 his) = rewards.rewardsOf(address(pool));
        assertGt(his, 0);
        pool.run(address(rewards), abi.encodeCall(ILiquidRewards.refuseDelegate, ()));
        vm.prank(delegate);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.NotDelegate.selector, address(pool), delegate));
        rewards.claimAsDelegate(address(pool), delegate);
        pool.run(address(rewards), abi.encodeCall(ILiquidRewards.claim, (address(pool))));
        assertEq(address(pool).balance, all, "before, during and after: all of it");
        vm.startPrank(admin);
        minter.schedule(abi.encodeCall(minter.setDelegateClaimer, (address(pool), delegate)));
        pass(minter.longestExit());
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.CanClaim.selector, address(pool)));
        minter.setDelegateClaimer(address(pool), delegate);
    }

    /// Ended by the admin at once, or replaced: what was not claimed by then stays the account's.
    function test_l13_an_ended_or_replaced_delegate_leaves_the_rest_to_the_account() public {
        appoint(address(pool), delegate);
        load(10 ether);
        pass(100 days);
        (, uint256 his) = rewards.rewardsOf(address(pool));
        vm.prank(admin);
        minter.setDelegateClaimer(address(pool), address(0));
        vm.prank(delegate);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.NotDelegate.selector, address(pool), delegate));
        rewards.claimAsDelegate(address(pool), delegate);
        (uint256 all, uint256 none) = rewards.rewardsOf(address(pool));
        assertEq(all, his);
        assertEq(none, 0);
        appoint(address(pool), mallory);
        vm.prank(mallory);
        assertEq(rewards.claimAsDelegate(address(pool), mallory), 0);
        pool.run(address(rewards), abi.encodeCall(ILiquidRewards.claim, (bob)));
        assertEq(bob.balance, 1_000_000 ether + his);
    }

    /// The delegate's receiver calls back for more, and refuses.
    function test_l9_l26_a_delegates_receiver_reenters_or_refuses() public {
        appoint(address(pool), delegate);
        load(10 ether);
        pass(100 days);
        (, uint256 his) = rewards.rewardsOf(address(pool));
        Taker taker = new Taker(rewards, address(pool));
        vm.prank(delegate);
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.TransferFailed.selector, address(taker), his));
        rewards.claimAsDelegate(address(pool), address(taker));
        taker.set();
        uint256 owed = rewards.holdersOwed();
        vm.prank(delegate);
        assertEq(rewards.claimAsDelegate(address(pool), address(taker)), his);
        assertEq(taker.seen(), owed - his, "booked before it was paid");
        assertEq(address(taker).balance, his);
    }
}

contract Taker {
    ILiquidRewards rewards;
    address account;
    bool takes;
    uint256 public seen;

    constructor(ILiquidRewards rewards_, address account_) {
        (rewards, account) = (rewards_, account_);
    }

    function set() external {
        takes = true;
    }

    receive() external payable {
        require(takes, "refused");
        seen = rewards.holdersOwed();
        (bool ok,) = address(rewards).call(abi.encodeCall(ILiquidRewards.claimAsDelegate, (account, address(this))));
        require(!ok, "not the delegate");
    }
}
