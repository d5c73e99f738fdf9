// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {GovToken} from "../../src/governance/GovToken.sol";
import {IBasketGovernor} from "../../src/governance/IBasketGovernor.sol";
import {IBasketTimelock} from "../../src/governance/IBasketTimelock.sol";
import {IGuardian, IPausable} from "../../src/governance/IGuardian.sol";
import {GovernanceFixture, Pot, Wallet} from "../governance/GovernanceFixture.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// Takes all coins of a pot when it is told to set weights: what a replaced target would do.
contract Thief {
    function setWeights(uint256[] calldata) external {
        payable(0x000000000000000000000000000000000000bad1).transfer(address(this).balance);
    }
}

/// A pool that lends GOV for one call.
contract Lender {
    function lend(GovToken gov, uint256 amount, bytes calldata data) external {
        gov.transfer(msg.sender, amount);
        (bool ok, bytes memory said) = msg.sender.call(data);
        if (!ok) {
            assembly {
                revert(add(said, 32), mload(said))
            }
        }
        require(gov.transferFrom(msg.sender, address(this), amount));
    }
}

/// Borrows, takes the votes, does something with them, pays back.
contract Borrower {
    function run(Lender lender, GovToken gov, uint256 amount, address to, bytes calldata call) external {
        gov.approve(address(lender), amount);
        lender.lend(gov, amount, abi.encodeCall(this.use, (gov, to, call)));
    }

    function use(GovToken gov, address to, bytes calldata call) external {
        gov.delegate(address(this));
        (bool ok, bytes memory said) = to.call(call);
        if (!ok) {
            assembly {
                revert(add(said, 32), mload(said))
            }
        }
    }
}

contract BasketGovernanceAttacks is GovernanceFixture {
    address private constant LOOT = 0x000000000000000000000000000000000000bad1;

    function setUp() public override {
        super.setUp();
        vm.deal(address(pot), 100 ether);
    }

    function votes(Bill memory b) private view returns (uint256 against, uint256 for_) {
        (against, for_,) = governor.proposalVotes(b.id);
    }

    // ---------------------------------------------------------------------------------------------------------------- B11

    function lending() private returns (Lender lender, Borrower borrower) {
        (lender, borrower) = (new Lender(), new Borrower());
        vm.prank(crowd);
        gov.transfer(address(lender), 54_000_000e18);
        pass(1);
    }

    /// 54,000,000 GOV for one transaction: not enough to propose.
    function test_b11_flash_votes_propose_nothing() public {
        (Lender lender, Borrower borrower) = lending();
        Bill memory b = bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), "all of it");
        bytes memory call = abi.encodeCall(governor.propose, (b.targets, b.values, b.calls, b.text));
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, address(borrower), 0, 100_000e18
            )
        );
        borrower.run(lender, gov, 54_000_000e18, address(governor), call);
        assertEq(gov.balanceOf(address(lender)), 54_000_000e18);
    }

    /// In the second of the snapshot, and while the vote runs: they weigh nothing.
    function test_b11_flash_votes_weigh_nothing() public {
        (Lender lender, Borrower borrower) = lending();
        Bill memory b = bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), "all of it");
        propose(alice, b);
        pass(1 days); // the second of the snapshot
        borrower.run(lender, gov, 54_000_000e18, address(gov), abi.encodeCall(gov.delegate, (address(borrower))));
        pass(1);
        bytes memory call = abi.encodeCall(governor.castVote, (b.id, FOR));
        borrower.run(lender, gov, 54_000_000e18, address(governor), call);
        (, uint256 for_) = votes(b);
        assertEq(for_, 0);
        assertTrue(governor.hasVoted(b.id, address(borrower)));
        pass(5 days);
        assertStage(b, IGovernor.ProposalState.Defeated);
        assertEq(address(pot).balance, 100 ether);
        assertEq(gov.balanceOf(address(lender)), 54_000_000e18);
    }

    /// To lower the quorum one would have to leave the GOV in the timelock over the snapshot, and it does not come back.
    function test_b11_a_flash_loan_lowers_no_quorum() public {
        (Lender lender, Borrower borrower) = lending();
        Bill memory b = setWeights(5_000, 5_000);
        propose(alice, b);
        pass(1 days);
        vm.expectPartialRevert(bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)")));
        borrower.run(
            lender, gov, 54_000_000e18, address(gov), abi.encodeCall(gov.transfer, (address(timelock), 54_000_000e18))
        );
        pass(1);
        assertEq(governor.quorum(governor.proposalSnapshot(b.id)), 2_400_000e18);
    }

    // ---------------------------------------------------------------------------------------------------------------- B19

    /// Votes, sends the GOV on and votes again: what counts is who had it when the vote began.
    function test_b19_vote_twice() public {
        Bill memory b = setWeights(5_000, 5_000);
        propose(bob, b);
        open();
        vote(bob, b, FOR);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, bob));
        governor.castVote(b.id, FOR);
        vm.prank(bob);
        gov.transfer(mallory, 2_000_000e18);
        vm.prank(mallory);
        gov.delegate(mallory);
        pass(1);
        vote(mallory, b, FOR);
        // To one who was a voter already: his weight is as it was.
        vm.prank(mallory);
        gov.transfer(carol, 2_000_000e18);
        pass(1);
        vote(carol, b, FOR);
        (, uint256 for_) = votes(b);
        assertEq(for_, 3_000_000e18);
    }

    /// A second before the end the quorum is reached: two days more, in which the others vote it down.
    function test_b19_late_quorum() public {
        Bill memory b = bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), "all of it");
        vm.prank(crowd);
        gov.delegate(crowd);
        pass(1);
        propose(bob, b);
        open();
        uint256 end = governor.proposalDeadline(b.id);
        vm.warp(end);
        vote(alice, b, FOR);
        assertEq(governor.proposalDeadline(b.id), end + 2 days);
        vm.warp(end + 2 days);
        assertStage(b, IGovernor.ProposalState.Active);
        vote(crowd, b, AGAINST);
        // Once: the next vote extends nothing.
        assertEq(governor.proposalDeadline(b.id), end + 2 days);
        pass(1);
        assertStage(b, IGovernor.ProposalState.Defeated);
        assertEq(address(pot).balance, 100 ether);
    }

    /// Cancelled in the queue: neither by the governor, nor straight by the timelock, nor queued again.
    function test_b19_cancel_then_execute() public {
        Bill memory b = bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), "all of it");
        passBill(b);
        veto(b);
        pass(DELAY);
        bytes32 words = keccak256(bytes(b.text));
        vm.startPrank(mallory);
        vm.expectRevert(unexpected(b, IGovernor.ProposalState.Canceled, 1 << 5));
        governor.execute(b.targets, b.values, b.calls, words);
        vm.expectRevert(unexpected(b, IGovernor.ProposalState.Canceled, 1 << 4));
        governor.queue(b.targets, b.values, b.calls, words);
        bytes32 salt = bytes20(address(governor)) ^ words;
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        timelock.executeBatch(b.targets, b.values, b.calls, 0, salt);
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        timelock.scheduleBatch(b.targets, b.values, b.calls, 0, salt, DELAY);
        vm.stopPrank();
        vm.prank(alice);
        vm.expectRevert(unexpected(b, IGovernor.ProposalState.Canceled, 0));
        governor.propose(b.targets, b.values, b.calls, b.text);
        assertEq(timelock.readyAt(operation(b)), 0);
        assertEq(address(pot).balance, 100 ether);
        assertEq(LOOT.balance, 0);
    }

    /// In the second in which it could be executed the guardian is first. One who is not, or no more, cannot.
    function test_b19_veto_of_a_queued_operation() public {
        Bill memory b = bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), "all of it");
        passBill(b);
        vm.warp(timelock.readyAt(operation(b)));
        bytes32 words = keccak256(bytes(b.text));
        address[3] memory others = [mallory, alice, address(mandate)];
        for (uint256 i; i < 3; ++i) {
            vm.startPrank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, b.id, others[i]));
            governor.cancel(b.targets, b.values, b.calls, words);
            vm.expectRevert(abi.encodeWithSelector(IBasketGovernor.NotGuardian.selector, others[i]));
            governor.cancelReplaced(b.targets, b.values, b.calls, words, bytes32(0));
            vm.stopPrank();
        }
        bytes32 id = operation(b);
        vm.prank(address(wallet));
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        timelock.cancel(id);
        uint256 state = vm.snapshotState();
        veto(b);
        vm.expectRevert(unexpected(b, IGovernor.ProposalState.Canceled, 1 << 5));
        governor.execute(b.targets, b.values, b.calls, words);
        assertEq(address(pot).balance, 100 ether);
        vm.revertToState(state);
        // The mandate is over: nothing stops it.
        vm.warp(mandate.until());
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, b.id, address(wallet)));
        veto(b);
        execute(b);
        assertEq(LOOT.balance, 100 ether);
    }

    /// Below the longest exit the delay cannot be set, and nobody schedules or executes with a shorter one.
    function test_b19_delay_shortened() public {
        Bill memory b = bill(address(timelock), abi.encodeCall(timelock.updateDelay, (9 days - 1)), "short");
        passBill(b);
        vm.warp(timelock.readyAt(operation(b)));
        vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.DelayOutOfRange.selector, 9 days - 1, 9 days, 365 days));
        governor.execute(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
        address[3] memory others = [mallory, address(governor), address(wallet)];
        for (uint256 i; i < 3; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, others[i]));
            timelock.updateDelay(9 days);
        }
        enact(bill(address(timelock), abi.encodeCall(timelock.updateDelay, (9 days)), "as short as it gets"));
        assertEq(timelock.getMinDelay(), 9 days);
        b = bill(address(timelock), abi.encodeCall(timelock.updateDelay, (365 days + 1)), "for ever");
        passBill(b);
        vm.warp(timelock.readyAt(operation(b)));
        vm.expectRevert(
            abi.encodeWithSelector(IBasketTimelock.DelayOutOfRange.selector, 365 days + 1, 9 days, 365 days)
        );
        governor.execute(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
        // A proposer by another vote schedules with no delay: refused.
        b = bill(
            address(timelock),
            abi.encodeCall(timelock.grantRole, (timelock.PROPOSER_ROLE(), mallory)),
            "another proposer"
        );
        enact(b);
        Bill memory loot = bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), "all of it");
        vm.prank(mallory);
        vm.expectRevert(
            abi.encodeWithSelector(TimelockController.TimelockInsufficientDelay.selector, 9 days - 1, 9 days)
        );
        timelock.scheduleBatch(loot.targets, loot.values, loot.calls, 0, 0, 9 days - 1);
        assertEq(address(pot).balance, 100 ether);
    }

    /// Queued while the delay was short, then a slower sleeve comes: the older operation waits as long as a new one.
    function test_b19_delay_shortened_by_queueing_before_a_slower_sleeve() public {
        enact(bill(address(timelock), abi.encodeCall(timelock.updateDelay, (20 days)), "longer"));
        Bill memory slower = bill(address(pot), abi.encodeCall(Pot.addSleeve, (18 days)), "slower");
        passBill(slower);
        pass(10 days);
        Bill memory loot = bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), "all of it");
        passBill(loot);
        uint256 queuedAt = now_();
        Bill memory longest = bill(address(timelock), abi.encodeCall(timelock.updateDelay, (40 days)), "longest");
        passBill(longest);
        vm.warp(timelock.readyAt(operation(slower)));
        execute(slower);
        vm.warp(timelock.readyAt(operation(longest)));
        execute(longest);
        assertEq(timelock.getMinDelay(), 40 days);
        assertTrue(timelock.isOperationReady(operation(loot)));
        bytes memory early =
            abi.encodeWithSelector(IBasketTimelock.TooEarly.selector, operation(loot), now_(), queuedAt + 40 days);
        vm.expectRevert(early);
        governor.execute(loot.targets, loot.values, loot.calls, keccak256(bytes(loot.text)));
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(loot.text));
        vm.expectRevert(early);
        timelock.executeBatch(loot.targets, loot.values, loot.calls, 0, salt);
        assertEq(address(pot).balance, 100 ether);
    }

    /// The target's code is another one after the vote, or after the queue, or there was none when it was voted for.
    function test_b19_target_replaced() public {
        Bill memory b = setWeights(5_000, 5_000);
        bytes32 words = keccak256(bytes(b.text));
        bytes memory honest = address(pot).code;
        bytes memory thief = type(Thief).runtimeCode;
        propose(alice, b);
        open();
        vote(alice, b, FOR);
        vm.warp(governor.proposalDeadline(b.id) + 1);
        vm.etch(address(pot), thief);
        vm.expectPartialRevert(IGovernor.GovernorNonexistentProposal.selector);
        governor.queue(b.targets, b.values, b.calls, words);
        vm.etch(address(pot), honest);
        queue(b);
        pass(DELAY);
        bytes32 id = operation(b);
        bytes32 salt = bytes20(address(governor)) ^ words;
        vm.etch(address(pot), thief);
        vm.expectPartialRevert(IGovernor.GovernorNonexistentProposal.selector);
        governor.execute(b.targets, b.values, b.calls, words);
        vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.TargetReplaced.selector, id));
        timelock.executeBatch(b.targets, b.values, b.calls, 0, salt);
        assertEq(address(pot).balance, 100 ether);
        assertEq(LOOT.balance, 0);
        // Another target, other calls, another value for the same words: another proposal.
        vm.etch(address(pot), honest);
        Bill memory other = bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), b.text);
        vm.expectPartialRevert(IGovernor.GovernorNonexistentProposal.selector);
        governor.execute(other.targets, other.values, other.calls, words);
        execute(b);
        assertEq(pot.weights(0), 5_000);
    }

    function test_b19_target_replaced_where_there_was_none() public {
        address empty = makeAddr("nobody yet");
        Bill memory b = bill(empty, "", "a grant");
        passBill(b);
        pass(DELAY);
        bytes32 id = operation(b);
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(b.text));
        // A wei sent there is no replacement.
        vm.deal(empty, 1);
        uint256 state = vm.snapshotState();
        execute(b);
        vm.revertToState(state);
        vm.etch(empty, type(Thief).runtimeCode);
        vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.TargetReplaced.selector, id));
        timelock.executeBatch(b.targets, b.values, b.calls, 0, salt);
    }

    /// An account that takes code on and off hides the proposal from `cancel`, not from `cancelReplaced`.
    function test_b19_target_replaced_back_and_forth_hides_nothing_from_the_guardian() public {
        address chameleon = makeAddr("chameleon");
        Bill memory b =
            two(bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), "all of it"), bill(chameleon, "", ""));
        bytes32 code = timelock.codeOf(b.targets);
        passBill(b);
        vm.etch(chameleon, hex"00");
        vm.expectPartialRevert(IGovernor.GovernorNonexistentProposal.selector);
        veto(b);
        bytes32 words = keccak256(bytes(b.text));
        wallet.call(
            address(governor), abi.encodeCall(governor.cancelReplaced, (b.targets, b.values, b.calls, words, code))
        );
        vm.etch(chameleon, "");
        assertStage(b, IGovernor.ProposalState.Canceled);
        pass(DELAY);
        vm.expectRevert(unexpected(b, IGovernor.ProposalState.Canceled, 1 << 5));
        governor.execute(b.targets, b.values, b.calls, words);
        assertEq(timelock.readyAt(operation(b)), 0);
        assertEq(address(pot).balance, 100 ether);
    }

    /// In no stage, by neither way, and not as the proposer either. What comes along with a removal can be cancelled.
    function test_b19_guardian_vetoing_its_own_removal() public {
        Bill memory b = removal();
        propose(alice, b);
        ownRemoval(b);
        open();
        ownRemoval(b);
        vote(alice, b, FOR);
        vm.warp(governor.proposalDeadline(b.id) + 1);
        ownRemoval(b);
        queue(b);
        ownRemoval(b);
        vm.warp(timelock.readyAt(operation(b)));
        ownRemoval(b);
        uint256 state = vm.snapshotState();
        execute(b);
        assertFalse(mandate.isActing(address(wallet)));
        vm.revertToState(state);

        Bill memory more = two(removal(), bill(address(pot), abi.encodeCall(Pot.take, (payable(LOOT))), ""));
        more.text = "removal and more";
        propose(alice, more);
        veto(more);
        assertStage(more, IGovernor.ProposalState.Canceled);
        // Not quite a removal: with a value, with a tail, of another contract, another call.
        for (uint256 i; i < 4; ++i) {
            Bill memory odd = removal();
            odd.text = string(abi.encodePacked("odd ", bytes1(uint8(48 + i))));
            if (i == 0) odd.values[0] = 1;
            if (i == 1) odd.calls[0] = abi.encodePacked(odd.calls[0], uint8(0));
            if (i == 2) odd.targets[0] = address(pot);
            if (i == 3) odd.calls[0] = abi.encodeCall(IGuardian.appoint, (bob, now_() + 1));
            assertFalse(governor.onlyRemovesGuardian(odd.targets, odd.values, odd.calls));
            propose(alice, odd);
            veto(odd);
        }
        // The guardian as the proposer of its removal.
        vm.prank(alice);
        gov.transfer(address(wallet), 200_000e18);
        vm.prank(address(wallet));
        gov.delegate(address(wallet));
        pass(1);
        b.text = "mine";
        propose(address(wallet), b);
        ownRemoval(b);
    }

    function ownRemoval(Bill memory b) private {
        bytes32 words = keccak256(bytes(b.text));
        bytes memory reason = abi.encodeWithSelector(IBasketGovernor.OwnRemoval.selector, address(wallet));
        IGovernor.ProposalState before = governor.state(b.id);
        vm.startPrank(address(wallet));
        vm.expectRevert(reason);
        governor.cancel(b.targets, b.values, b.calls, words);
        bytes32 code = timelock.codeOf(b.targets);
        vm.expectRevert(reason);
        governor.cancelReplaced(b.targets, b.values, b.calls, words, code);
        vm.stopPrank();
        assertStage(b, before);
    }

    /// Seven days in any thirty, however they are cut, and whoever holds the mandate.
    function test_b19_repeated_pause() public {
        uint256 start = now_();
        for (uint256 p; p < 3; ++p) {
            IPausable.Part part = IPausable.Part(p);
            pause(wallet, part, 1 days);
            unpause(wallet, part);
            bytes memory notYet =
                abi.encodeWithSelector(IGuardian.PauseNotYet.selector, address(pot), part, start + 30 days);
            vm.expectRevert(notYet);
            pause(wallet, part, 1);
        }
        // Another holder, by a vote.
        Wallet other = new Wallet();
        enact(bill(address(mandate), abi.encodeCall(mandate.appoint, (address(other), start + 360 days)), "other"));
        assertLt(now_(), start + 30 days);
        vm.expectRevert(
            abi.encodeWithSelector(IGuardian.PauseNotYet.selector, address(pot), IPausable.Part.Mint, start + 30 days)
        );
        pause(other, IPausable.Part.Mint, 1);
        // Whoever tries all the time for 120 days: no thirty days see more than seven closed.
        vm.warp(start + 30 days);
        bool[] memory shut = new bool[](240);
        for (uint256 half; half < 240; ++half) {
            try other.call(
                address(mandate), abi.encodeCall(mandate.pause, (IPausable(pot), IPausable.Part.Mint, 7 days))
            ) {}
                catch {}
            try pot.mint() {}
            catch {
                shut[half] = true;
            }
            pass(12 hours);
        }
        uint256 all;
        for (uint256 from; from + 60 <= 240; ++from) {
            uint256 sum;
            for (uint256 i = from; i < from + 60; ++i) {
                if (shut[i]) ++sum;
            }
            assertLe(sum, 14);
            all = sum > all ? sum : all;
        }
        assertEq(all, 14);
    }

    function pause(Wallet by, IPausable.Part part, uint256 time) private {
        by.call(address(mandate), abi.encodeCall(mandate.pause, (IPausable(pot), part, time)));
    }

    function unpause(Wallet by, IPausable.Part part) private {
        by.call(address(mandate), abi.encodeCall(mandate.unpause, (IPausable(pot), part)));
    }

    // ---------------------------------------------------------------------------------------------------------------- B20

    function closed(IPausable.Part part) private view returns (bool) {
        bytes memory call = abi.encodeCall(Pot.mint, ());
        if (part == IPausable.Part.Instant) call = abi.encodeCall(Pot.instantExit, ());
        if (part == IPausable.Part.Auction) call = abi.encodeCall(Pot.auction, ());
        (bool ok,) = address(pot).staticcall(call);
        return !ok;
    }

    /// Each part by itself, for seven days at most; it lapses; in kind is open throughout.
    function test_b20_what_the_guardian_pauses_lapses() public {
        for (uint256 p; p < 3; ++p) {
            uint256 state = vm.snapshotState();
            IPausable.Part part = IPausable.Part(p);
            vm.expectRevert(abi.encodeWithSelector(IGuardian.PauseOutOfRange.selector, 7 days + 1, 7 days));
            pause(wallet, part, 7 days + 1);
            vm.expectRevert(abi.encodeWithSelector(IGuardian.PauseOutOfRange.selector, 0, 7 days));
            pause(wallet, part, 0);
            pause(wallet, part, 7 days);
            for (uint256 q; q < 3; ++q) {
                assertEq(closed(IPausable.Part(q)), p == q);
            }
            assertTrue(pot.redeemInKind());
            pass(7 days - 1);
            assertTrue(closed(part));
            pass(1);
            assertFalse(closed(part));
            vm.revertToState(state);
        }
    }

    /// Nobody else stops anything, and the holder can do nothing else.
    function test_b20_nobody_else_pauses_and_the_guardian_does_nothing_else() public {
        address[5] memory others = [mallory, alice, address(governor), address(timelock), address(this)];
        for (uint256 i; i < 5; ++i) {
            vm.startPrank(others[i]);
            for (uint256 p; p < 3; ++p) {
                vm.expectRevert(abi.encodeWithSelector(IGuardian.NotHolder.selector, others[i]));
                mandate.pause(pot, IPausable.Part(p), 1 days);
                vm.expectRevert(abi.encodeWithSelector(IGuardian.NotHolder.selector, others[i]));
                mandate.unpause(pot, IPausable.Part(p));
                vm.expectRevert(abi.encodeWithSelector(Pot.NotGuardian.selector, others[i]));
                pot.pause(IPausable.Part(p), 1 days);
            }
            vm.stopPrank();
        }
        bytes[5] memory calls = [
            abi.encodeCall(pot.take, (payable(LOOT))),
            abi.encodeCall(pot.addSleeve, (1 days)),
            abi.encodeCall(pot.setWeights, (new uint256[](1))),
            abi.encodeCall(pot.pause, (IPausable.Part.Mint, 1 days)),
            abi.encodeCall(pot.unpause, (IPausable.Part.Mint))
        ];
        for (uint256 i; i < 5; ++i) {
            vm.prank(address(wallet));
            (bool ok,) = address(pot).call(calls[i]);
            assertFalse(ok);
        }
        bytes32 role = timelock.PROPOSER_ROLE();
        vm.startPrank(address(wallet));
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        timelock.grantRole(role, address(wallet));
        vm.expectRevert(abi.encodeWithSelector(IGuardian.NotTimelock.selector, address(wallet)));
        mandate.appoint(address(wallet), now_() + 365 days);
        vm.expectRevert(abi.encodeWithSelector(IGuardian.NotTimelock.selector, address(wallet)));
        mandate.remove();
        vm.stopPrank();
        assertEq(address(pot).balance, 100 ether);
    }

    /// After a year the mandate is gone, without anybody's doing: no pause, no veto; and what was paused opens.
    function test_b20_the_mandate_lapses() public {
        vm.warp(T0 + 365 days - 1);
        pause(wallet, IPausable.Part.Mint, 7 days);
        pass(1);
        vm.expectRevert(abi.encodeWithSelector(IGuardian.NotHolder.selector, address(wallet)));
        pause(wallet, IPausable.Part.Instant, 1);
        Bill memory b = setWeights(5_000, 5_000);
        propose(alice, b);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, b.id, address(wallet)));
        veto(b);
        assertTrue(closed(IPausable.Part.Mint));
        pass(7 days);
        assertFalse(closed(IPausable.Part.Mint));
    }

    /// A guardian that cancels everything: it is removed by a vote that it cannot cancel, and the rest passes after it.
    function test_b20_a_guardian_that_cancels_everything_is_removed() public {
        Bill memory b = setWeights(5_000, 5_000);
        propose(alice, b);
        veto(b);
        Bill memory out = removal();
        enact(out);
        b.text = "again";
        propose(alice, b);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, b.id, address(wallet)));
        veto(b);
        open();
        vote(alice, b, FOR);
        vm.warp(governor.proposalDeadline(b.id) + 1);
        queue(b);
        pass(DELAY);
        execute(b);
        assertEq(pot.weights(0), 5_000);
    }

    // -------------------------------------------------------------------------------------------------------------- B42

    /// A key whose account borrows a contract's code (EIP-7702) is a key all the same: it holds no mandate.
    function test_b42_aKeyThatBorrowsCodeIsNoWallet() public {
        uint256 most = now_() + 365 days;
        address key = makeAddr("key");
        vm.etch(key, abi.encodePacked(hex"ef0100", address(wallet)));
        assertEq(key.code.length, 23, "it has code");
        bytes memory reason = abi.encodeWithSelector(IGuardian.NotContract.selector, key);
        refusesToBe("Guardian", abi.encode(timelock, key, most), 0, reason);
        vm.prank(address(timelock));
        vm.expectRevert(reason);
        mandate.appoint(key, most);
        assertEq(mandate.holder(), address(wallet));
        // A contract of the same length that begins otherwise is one.
        vm.etch(key, abi.encodePacked(hex"5f0100", address(wallet)));
        vm.prank(address(timelock));
        mandate.appoint(key, most);
        assertEq(mandate.holder(), key);
    }
}
