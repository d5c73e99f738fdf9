// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BasketTimelock} from "../../src/governance/BasketTimelock.sol";
import {IBasketGovernor} from "../../src/governance/IBasketGovernor.sol";
import {IBasketTimelock, IExit} from "../../src/governance/IBasketTimelock.sol";
import {IGovToken} from "../../src/governance/IGovToken.sol";
import {IGuardian} from "../../src/governance/IGuardian.sol";
import {GovernanceFixture, Pot, Wallet} from "../governance/GovernanceFixture.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// A basket that says what it is told about its way out.
contract Exit is IExit {
    enum Way {
        Say,
        Revert,
        Burn,
        Short
    }

    uint256 private _exit;
    Way private _way;

    function set(uint256 exit, Way way) external {
        (_exit, _way) = (exit, way);
    }

    function longestExit() external view returns (uint256) {
        Way way = _way;
        if (way == Way.Revert) revert("no");
        if (way == Way.Burn) {
            assembly {
                for {} 1 {} {}
            }
        }
        if (way == Way.Short) {
            assembly {
                return(0, 31)
            }
        }
        return _exit;
    }
}

contract BasketGovernanceTest is GovernanceFixture {
    // ---------------------------------------------------------------------------------------------------------------- GOV

    function test_gov_is_minted_once_to_the_list() public view {
        assertEq(gov.totalSupply(), ALL);
        assertEq(gov.balanceOf(address(timelock)), 40_000_000e18);
        assertEq(gov.balanceOf(alice), 3_000_000e18);
        assertEq(gov.balanceOf(crowd), 54_000_000e18);
        assertEq(gov.CLOCK_MODE(), "mode=timestamp");
        assertEq(gov.clock(), now_());
        assertEq(governor.clock(), now_());
        assertEq(governor.CLOCK_MODE(), "mode=timestamp");
    }

    function test_gov_refuses_odd_lists() public {
        IGovToken.Allocation[] memory list = new IGovToken.Allocation[](0);
        refusesGov(list, abi.encodeWithSelector(IGovToken.NoAllocations.selector));
        list = new IGovToken.Allocation[](201);
        refusesGov(list, abi.encodeWithSelector(IGovToken.TooManyAllocations.selector, 201, 200));
        list = allocations();
        list[4].account = alice;
        refusesGov(list, abi.encodeWithSelector(IGovToken.Twice.selector, alice));
        list[4].account = address(0);
        refusesGov(list, abi.encodeWithSelector(IGovToken.ZeroAddress.selector));
        list = allocations();
        list[2].amount = 0;
        refusesGov(list, abi.encodeWithSelector(IGovToken.ZeroAmount.selector, bob));
        refusesToBe(
            "GovToken",
            abi.encode("Omnibus", "GOV", address(0), allocations()),
            0,
            abi.encodeWithSelector(IGovToken.ZeroAddress.selector)
        );
    }

    function refusesGov(IGovToken.Allocation[] memory list, bytes memory reason) private {
        refusesToBe("GovToken", abi.encode("Omnibus", "GOV", timelock, list), 0, reason);
    }

    function test_gov_of_the_timelock_never_votes() public {
        bytes memory reason = abi.encodeWithSelector(IGovToken.TimelockCannotVote.selector, address(timelock), mallory);
        vm.prank(address(timelock));
        vm.expectRevert(reason);
        gov.delegate(mallory);
        // By a vote neither.
        Bill memory b = bill(address(gov), abi.encodeCall(IVotes.delegate, (mallory)), "votes");
        passBill(b);
        vm.warp(timelock.readyAt(operation(b)));
        vm.expectRevert(reason);
        governor.execute(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
        assertEq(gov.getVotes(mallory), 0);
        // And nobody lends it votes.
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IGovToken.TimelockCannotVote.selector, alice, address(timelock)));
        gov.delegate(address(timelock));
        (address signer, uint256 key) = makeAddrAndKey("signer");
        bytes32 hash = keccak256(
            abi.encode(keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)"), timelock, 0, now_() + 1)
        );
        (, string memory name, string memory version, uint256 chain, address at,,) = gov.eip712Domain();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chain,
                at
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked("\x19\x01", domain, hash)));
        vm.expectRevert(abi.encodeWithSelector(IGovToken.TimelockCannotVote.selector, signer, address(timelock)));
        gov.delegateBySig(address(timelock), 0, now_() + 1, v, r, s);
    }

    function test_gov_keeps_what_the_timelock_held() public {
        uint256 first = now_();
        vm.prank(alice);
        gov.transfer(address(timelock), 1_000e18);
        vm.prank(alice);
        gov.transfer(bob, 5e18);
        pass(10);
        vm.prank(address(timelock));
        gov.transfer(bob, 3_000e18);
        pass(1);
        assertEq(gov.getPastTimelockBalance(first - 1), 40_000_000e18);
        assertEq(gov.getPastTimelockBalance(first), 40_001_000e18);
        assertEq(gov.getPastTimelockBalance(first + 9), 40_001_000e18);
        assertEq(gov.getPastTimelockBalance(first + 10), 39_998_000e18);
        assertEq(gov.getPastTimelockBalance(T0 - 1), 0);
        vm.expectRevert(abi.encodeWithSignature("ERC5805FutureLookup(uint256,uint48)", now_(), now_()));
        gov.getPastTimelockBalance(now_());
    }

    function test_gov_has_a_permit() public {
        (address signer, uint256 key) = makeAddrAndKey("signer");
        vm.prank(alice);
        gov.transfer(signer, 5e18);
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                signer,
                bob,
                5e18,
                gov.nonces(signer),
                now_()
            )
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", gov.DOMAIN_SEPARATOR(), hash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        IERC20Permit(address(gov)).permit(signer, bob, 5e18, now_(), v, r, s);
        vm.prank(bob);
        gov.transferFrom(signer, bob, 5e18);
        assertEq(gov.balanceOf(signer), 0);
    }

    // ------------------------------------------------------------------------------------------------------------- quorum

    /// 60,000,000 are outside of the timelock: 2,400,000.
    function test_quorum_is_4_percent_of_what_can_vote() public {
        assertEq(governor.quorum(now_() - 1), 2_400_000e18);
        // Half of the crowd's goes to the timelock: 33,000,000 outside, 1,320,000; the floor is above that.
        vm.prank(crowd);
        gov.transfer(address(timelock), 27_000_000e18);
        pass(1);
        assertEq(governor.quorum(now_() - 1), FLOOR);
        assertEq(governor.quorum(now_() - 2), 2_400_000e18);
        // A wei more outside, and the quorum is rounded up.
        vm.prank(address(timelock));
        gov.transfer(bob, 27_000_000e18 + 1);
        pass(1);
        assertEq(governor.quorum(now_() - 1), 2_400_000e18 + 1);
    }

    function test_a_proposal_below_the_quorum_is_defeated_and_at_it_passes() public {
        vm.prank(crowd);
        gov.transfer(carol, 1_400_000e18); // carol 2,400,000
        pass(1);
        Bill memory b = setWeights(5_000, 5_000);
        propose(alice, b);
        open();
        vote(bob, b, FOR); // 2,000,000
        uint256 state = vm.snapshotState();
        pass(6 days);
        assertStage(b, IGovernor.ProposalState.Defeated);
        vm.expectRevert(unexpected(b, IGovernor.ProposalState.Defeated, 1 << 4));
        governor.queue(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
        vm.revertToState(state);
        // An abstention counts towards the quorum, and 2,000,000 are more than 0 against.
        vote(carol, b, ABSTAIN);
        pass(6 days);
        assertStage(b, IGovernor.ProposalState.Succeeded);
    }

    /// Almost all GOV lies in the timelock: 4 % of the rest is little, and not enough.
    function test_below_the_floor_nothing_passes_and_exits_work() public {
        vm.prank(crowd);
        gov.transfer(address(timelock), 54_000_000e18);
        vm.prank(alice);
        gov.transfer(address(timelock), 2_900_000e18);
        vm.prank(bob);
        gov.transfer(address(timelock), 1_000_000e18); // carol 1,000,000, bob 1,000,000, alice 100,000
        pass(1);
        // 4 % of 2,100,000 would be 84,000.
        assertEq(governor.quorum(now_() - 1), FLOOR);
        Bill memory b = setWeights(5_000, 5_000);
        propose(carol, b);
        open();
        vote(carol, b, FOR);
        vote(alice, b, FOR);
        pass(6 days);
        assertStage(b, IGovernor.ProposalState.Defeated);
        assertTrue(pot.redeemInKind());
    }

    // ---------------------------------------------------------------------------------------------------------- settings

    function test_the_governor_is_as_announced() public view {
        assertEq(governor.votingDelay(), 1 days);
        assertEq(governor.votingPeriod(), 5 days);
        assertEq(governor.lateQuorumVoteExtension(), 2 days);
        assertEq(governor.proposalThreshold(), 100_000e18);
        assertEq(governor.timelock(), address(timelock));
        assertEq(address(governor.GUARDIAN()), address(mandate));
        assertEq(governor.SUPPLY(), ALL);
        assertEq(governor.QUORUM_FLOOR(), FLOOR);
        assertEq(governor.COUNTING_MODE(), "support=bravo&quorum=for,abstain");
    }

    function test_the_governor_refuses_a_foreign_timelock_and_odd_floors() public {
        refusesToBe(
            "BasketGovernor",
            abi.encode(gov, bob, mandate, FLOOR),
            0,
            abi.encodeWithSelector(IBasketGovernor.OtherTimelock.selector, timelock, bob)
        );
        address other = create("Guardian", abi.encode(bob, wallet, now_() + 1));
        refusesToBe(
            "BasketGovernor",
            abi.encode(gov, timelock, other, FLOOR),
            0,
            abi.encodeWithSelector(IBasketGovernor.OtherTimelock.selector, bob, timelock)
        );
        refusesToBe(
            "BasketGovernor",
            abi.encode(gov, timelock, mandate, 0),
            0,
            abi.encodeWithSelector(IBasketGovernor.FloorOutOfRange.selector, 0, ALL)
        );
        refusesToBe(
            "BasketGovernor",
            abi.encode(gov, timelock, mandate, ALL + 1),
            0,
            abi.encodeWithSelector(IBasketGovernor.FloorOutOfRange.selector, ALL + 1, ALL)
        );
    }

    function refusesSetting(bytes memory call, bytes memory reason) private {
        Bill memory b = bill(address(governor), call, string(abi.encode(call)));
        passBill(b);
        vm.warp(timelock.readyAt(operation(b)));
        vm.expectRevert(reason);
        governor.execute(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
    }

    function test_settings_move_by_a_vote_and_inside_their_ranges() public {
        enact(bill(address(governor), abi.encodeCall(governor.setVotingDelay, (7 days)), "a"));
        assertEq(governor.votingDelay(), 7 days);
        enactSlow(abi.encodeCall(governor.setVotingDelay, (1 days)));
        enact(bill(address(governor), abi.encodeCall(governor.setVotingPeriod, (14 days)), "c"));
        enact(bill(address(governor), abi.encodeCall(governor.setProposalThreshold, (1_000_000e18)), "d"));
        enact(bill(address(governor), abi.encodeCall(governor.setLateQuorumVoteExtension, (1 days)), "e"));
        assertEq(governor.votingPeriod(), 14 days);
        assertEq(governor.proposalThreshold(), 1_000_000e18);
        assertEq(governor.lateQuorumVoteExtension(), 1 days);
        refusesSetting(
            abi.encodeCall(governor.setVotingDelay, (1 days - 1)), outOfRange("votingDelay", 1 days - 1, 1 days, 7 days)
        );
        refusesSetting(
            abi.encodeCall(governor.setVotingDelay, (7 days + 1)), outOfRange("votingDelay", 7 days + 1, 1 days, 7 days)
        );
        refusesSetting(
            abi.encodeCall(governor.setVotingPeriod, (5 days - 1)),
            outOfRange("votingPeriod", 5 days - 1, 5 days, 14 days)
        );
        refusesSetting(
            abi.encodeCall(governor.setVotingPeriod, (14 days + 1)),
            outOfRange("votingPeriod", 14 days + 1, 5 days, 14 days)
        );
        refusesSetting(
            abi.encodeCall(governor.setLateQuorumVoteExtension, (1 days - 1)),
            outOfRange("voteExtension", 1 days - 1, 1 days, 14 days)
        );
        refusesSetting(
            abi.encodeCall(governor.setProposalThreshold, (100_000e18 - 1)),
            outOfRange("proposalThreshold", 100_000e18 - 1, 100_000e18, 1_000_000e18)
        );
        refusesSetting(
            abi.encodeCall(governor.setProposalThreshold, (1_000_000e18 + 1)),
            outOfRange("proposalThreshold", 1_000_000e18 + 1, 100_000e18, 1_000_000e18)
        );
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, address(this)));
        governor.setVotingDelay(2 days);
    }

    /// With a voting delay of seven days.
    function enactSlow(bytes memory call) private {
        Bill memory b = bill(address(governor), call, "slow");
        propose(alice, b);
        pass(7 days + 1);
        vote(alice, b, FOR);
        pass(5 days + 1);
        queue(b);
        vm.warp(timelock.readyAt(operation(b)));
        execute(b);
    }

    function outOfRange(bytes32 what, uint256 value, uint256 least, uint256 most) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBasketGovernor.SettingOutOfRange.selector, what, value, least, most);
    }

    function test_the_timelock_of_the_governor_stays() public {
        refusesSetting(
            abi.encodeCall(governor.updateTimelock, (TimelockController(payable(bob)))),
            abi.encodeWithSelector(IBasketGovernor.OtherTimelock.selector, bob, timelock)
        );
    }

    function test_only_a_thousandth_proposes() public {
        vm.prank(carol);
        gov.transfer(mallory, 100_000e18);
        vm.prank(mallory);
        gov.delegate(mallory);
        Bill memory b = setWeights(1, 9_999);
        vm.prank(mallory);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, mallory, 0, 100_000e18)
        );
        governor.propose(b.targets, b.values, b.calls, b.text);
        pass(1);
        uint256 state = vm.snapshotState();
        propose(mallory, b);
        vm.revertToState(state);
        vm.prank(mallory);
        gov.transfer(carol, 1);
        pass(1);
        vm.prank(mallory);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, mallory, 100_000e18 - 1, 100_000e18
            )
        );
        governor.propose(b.targets, b.values, b.calls, b.text);
    }

    // --------------------------------------------------------------------------------------------------------- end to end

    function test_a_target_changes_by_vote_and_delay() public {
        Bill memory b = setWeights(6_000, 4_000);
        propose(bob, b);
        assertStage(b, IGovernor.ProposalState.Pending);
        vm.prank(alice);
        vm.expectRevert(unexpected(b, IGovernor.ProposalState.Pending, 1 << 1));
        governor.castVote(b.id, FOR);
        open();
        vote(alice, b, FOR);
        vote(carol, b, AGAINST);
        (uint256 against, uint256 for_, uint256 abstain) = governor.proposalVotes(b.id);
        assertEq(against, 1_000_000e18);
        assertEq(for_, 3_000_000e18);
        assertEq(abstain, 0);
        pass(5 days - 1);
        assertStage(b, IGovernor.ProposalState.Active);
        pass(1);
        assertStage(b, IGovernor.ProposalState.Succeeded);
        queue(b);
        assertEq(timelock.readyAt(operation(b)), now_() + DELAY);
        pass(DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.TooEarly.selector, operation(b), now_(), now_() + 1));
        governor.execute(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
        assertEq(pot.weights(0), 10_000);
        pass(1);
        execute(b);
        assertStage(b, IGovernor.ProposalState.Executed);
        assertEq(pot.weights(0), 6_000);
        assertEq(pot.weights(1), 4_000);
        assertEq(timelock.readyAt(operation(b)), 1);
        vm.expectRevert();
        governor.execute(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
    }

    function test_a_proposal_that_more_are_against_is_defeated() public {
        Bill memory b = setWeights(6_000, 4_000);
        propose(bob, b);
        open();
        vote(bob, b, FOR);
        vote(alice, b, AGAINST);
        pass(6 days);
        assertStage(b, IGovernor.ProposalState.Defeated);
    }

    function test_the_proposer_cancels_before_the_vote_and_nobody_else_does() public {
        Bill memory b = setWeights(6_000, 4_000);
        propose(bob, b);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, b.id, alice));
        governor.cancel(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
        uint256 state = vm.snapshotState();
        cancel(bob, b);
        assertStage(b, IGovernor.ProposalState.Canceled);
        vm.revertToState(state);
        open();
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, b.id, bob));
        governor.cancel(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
    }

    /// 20 days and the epoch's two: 22. First the delay, then the sleeve; not both at once, not the sleeve alone.
    function test_a_slower_sleeve_first_needs_the_longer_delay() public {
        Bill memory slower = bill(address(pot), abi.encodeCall(Pot.addSleeve, (20 days)), "slower");
        bytes memory tooSlow = abi.encodeWithSelector(Pot.ExitTooSlow.selector, 22 days, DELAY);
        passBill(slower);
        vm.warp(timelock.readyAt(operation(slower)));
        vm.expectRevert(tooSlow);
        governor.execute(slower.targets, slower.values, slower.calls, keccak256(bytes(slower.text)));
        Bill memory longer = bill(address(timelock), abi.encodeCall(timelock.updateDelay, (22 days)), "longer");
        Bill memory both = two(longer, slower);
        both.text = "both";
        passBill(both);
        vm.warp(timelock.readyAt(operation(both)));
        vm.expectRevert(tooSlow);
        governor.execute(both.targets, both.values, both.calls, keccak256(bytes(both.text)));
        assertEq(pot.longestExit(), 9 days);

        enact(longer);
        assertEq(timelock.getMinDelay(), 22 days);
        slower.text = "slower, again";
        passBill(slower);
        assertEq(timelock.readyAt(operation(slower)), now_() + 22 days);
        vm.warp(now_() + 22 days);
        execute(slower);
        assertEq(pot.longestExit(), 22 days);
        assertEq(timelock.longestExit(), 22 days);
    }

    // ------------------------------------------------------------------------------------------------------- the timelock

    function test_the_deployer_has_renounced_and_the_governor_alone_proposes() public view {
        bytes32[4] memory roles =
            [bytes32(0), timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE(), timelock.EXECUTOR_ROLE()];
        for (uint256 i; i < 4; ++i) {
            assertFalse(timelock.hasRole(roles[i], address(this)));
        }
        assertTrue(timelock.hasRole(0, address(timelock)));
        assertTrue(timelock.hasRole(roles[1], address(governor)));
        assertTrue(timelock.hasRole(roles[2], address(governor)));
        assertTrue(timelock.hasRole(roles[3], address(0)));
    }

    function test_baskets_are_registered_by_a_vote_with_the_delay_in_force() public {
        Exit slow = new Exit();
        slow.set(10 days + 1, Exit.Way.Say);
        Bill memory b = bill(address(timelock), abi.encodeCall(timelock.register, (address(slow))), "slow");
        passBill(b);
        vm.warp(timelock.readyAt(operation(b)));
        bytes memory reason = abi.encodeWithSelector(IBasketTimelock.DelayTooShort.selector, DELAY, 10 days + 1);
        refusesToExecute(b, reason);
        for (uint256 i = 1; i < 4; ++i) {
            slow.set(1 days, Exit.Way(i));
            refusesToExecute(b, abi.encodeWithSelector(IBasketTimelock.BadExit.selector, slow, 0));
        }
        slow.set(365 days + 1, Exit.Way.Say);
        refusesToExecute(b, abi.encodeWithSelector(IBasketTimelock.BadExit.selector, slow, 365 days + 1));
        slow.set(10 days, Exit.Way.Say);
        execute(b);
        assertEq(timelock.longestExit(), 10 days);
        assertEq(timelock.baskets().length, 2);
        assertEq(timelock.baskets()[1], address(slow));
        b.text = "again";
        passBill(b);
        vm.warp(timelock.readyAt(operation(b)));
        refusesToExecute(b, abi.encodeWithSelector(IBasketTimelock.AlreadyRegistered.selector, slow));
        vm.expectRevert();
        timelock.register(address(slow));
    }

    function refusesToExecute(Bill memory b, bytes memory reason) private {
        vm.expectRevert(reason);
        governor.execute(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
    }

    function lonely(uint256 delay) private returns (BasketTimelock t, Exit basket) {
        address[] memory one = new address[](1);
        one[0] = address(this);
        t = BasketTimelock(payable(create("BasketTimelock", abi.encode(delay, one, one, this))));
        basket = new Exit();
    }

    function test_a_basket_that_says_nothing_counts_as_it_said_last() public {
        (BasketTimelock t, Exit basket) = lonely(10 days);
        basket.set(9 days, Exit.Way.Say);
        t.register(address(basket));
        basket.set(30 days, Exit.Way.Say);
        // What it says now holds, whatever is set.
        assertEq(t.getMinDelay(), 30 days);
        for (uint256 i = 1; i < 4; ++i) {
            basket.set(30 days, Exit.Way(i));
            assertEq(t.longestExit(), 9 days);
            assertEq(t.getMinDelay(), 10 days);
            vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.BadExit.selector, basket, 0));
            t.note(address(basket));
        }
        basket.set(30 days, Exit.Way.Say);
        t.note(address(basket));
        assertEq(t.notedExit(address(basket)), 30 days);
        basket.set(0, Exit.Way.Revert);
        assertEq(t.getMinDelay(), 30 days);
        // One that says a thousand years stops nothing for longer than one.
        basket.set(type(uint256).max, Exit.Way.Say);
        assertEq(t.getMinDelay(), 365 days);
        vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.NotRegistered.selector, bob));
        t.note(bob);
    }

    function test_a_timelock_takes_32_baskets_and_refuses_odd_delays() public {
        (BasketTimelock t,) = lonely(10 days);
        for (uint256 i; i < 32; ++i) {
            t.register(address(new Exit()));
        }
        address more = address(new Exit());
        vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.TooManyBaskets.selector, 32));
        t.register(more);
        vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.ZeroAddress.selector));
        t.register(address(0));
        address[] memory none = new address[](0);
        refusesToBe(
            "BasketTimelock",
            abi.encode(0, none, none, this),
            0,
            abi.encodeWithSelector(IBasketTimelock.DelayOutOfRange.selector, 0, 1, 365 days)
        );
        refusesToBe(
            "BasketTimelock",
            abi.encode(365 days + 1, none, none, this),
            0,
            abi.encodeWithSelector(IBasketTimelock.DelayOutOfRange.selector, 365 days + 1, 1, 365 days)
        );
    }

    /// One call as well as a batch, with a predecessor.
    function test_single_operations_are_tied_and_timed_like_batches() public {
        (BasketTimelock t, Exit basket) = lonely(10 days);
        bytes memory call = abi.encodeCall(Exit.set, (5 days, Exit.Way.Say));
        t.schedule(address(basket), 0, call, 0, "a", 10 days);
        t.schedule(address(basket), 0, call, t.hashOperation(address(basket), 0, call, 0, "a"), "b", 10 days);
        bytes32 id = t.hashOperation(address(basket), 0, call, 0, "a");
        pass(10 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.TooEarly.selector, id, now_(), now_() + 1));
        t.execute(address(basket), 0, call, 0, "a");
        pass(1);
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnexecutedPredecessor.selector, id));
        t.execute(address(basket), 0, call, id, "b");
        bytes memory kept = address(basket).code;
        vm.etch(address(basket), type(Wallet).runtimeCode);
        vm.expectRevert(abi.encodeWithSelector(IBasketTimelock.TargetReplaced.selector, id));
        t.execute(address(basket), 0, call, 0, "a");
        vm.etch(address(basket), kept);
        t.execute(address(basket), 0, call, 0, "a");
        t.execute(address(basket), 0, call, id, "b");
        assertEq(basket.longestExit(), 5 days);
        // Never scheduled, and done.
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        t.execute(address(basket), 0, call, 0, "c");
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        t.execute(address(basket), 0, call, 0, "a");
    }

    struct Op {
        bytes data;
        address target;
        uint256 at;
        bytes32 salt;
        bool done;
    }

    /// Promise 7, over random histories of delays, sleeves and harmless calls, scheduled and executed in any order: what is
    /// executed was announced for no less than the longest exit before it and after it.
    function testFuzz_promise_7_governance_is_slower_than_the_longest_exit(uint256 seed) public {
        address[] memory one = new address[](1);
        one[0] = address(this);
        BasketTimelock t =
            BasketTimelock(payable(create("BasketTimelock", abi.encode(uint256(10 days), one, one, this))));
        Pot basket = new Pot(address(t), address(mandate));
        t.register(address(basket));
        Op[] memory ops = new Op[](40);
        uint256 n;
        uint256 executed;
        for (uint256 step; step < 120; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            pass(seed % 6 days);
            uint256 what = (seed >> 32) % 4;
            uint256 time = (seed >> 64) % 40 days;
            if (what == 3 || n == ops.length) {
                Op memory op = ops[(seed >> 32) % 40];
                if (op.at == 0 || op.done) continue;
                uint256 before = basket.longestExit();
                uint256 delay = t.getMinDelay();
                try t.execute(op.target, 0, op.data, 0, op.salt) {
                    op.done = true;
                    ++executed;
                    assertGe(now_() - op.at, before, "faster than who was on the way out");
                    assertGe(now_() - op.at, delay);
                    assertLe(basket.longestExit(), delay, "slower than the delay in force");
                    assertGe(t.getMinDelay(), basket.longestExit());
                } catch {}
                continue;
            }
            Op memory made;
            (made.at, made.salt) = (now_(), bytes32(step));
            if (what == 0) (made.target, made.data) = (address(t), abi.encodeCall(t.updateDelay, (time)));
            if (what == 1) (made.target, made.data) = (address(basket), abi.encodeCall(basket.addSleeve, (time)));
            if (what == 2) {
                (made.target, made.data) = (address(basket), abi.encodeCall(basket.setWeights, (new uint256[](1))));
            }
            t.schedule(made.target, 0, made.data, 0, made.salt, t.getMinDelay());
            ops[n++] = made;
        }
        assertGt(executed, 0);
    }

    // ------------------------------------------------------------------------------------------------------- the guardian

    function test_the_mandate_is_a_contracts_and_ends_in_a_year() public {
        uint256 most = now_() + 365 days;
        bytes memory reason = abi.encodeWithSelector(IGuardian.NotContract.selector, bob);
        refusesToBe("Guardian", abi.encode(timelock, bob, most), 0, reason);
        reason = abi.encodeWithSelector(IGuardian.MandateOutOfRange.selector, most + 1, now_() + 1, most);
        refusesToBe("Guardian", abi.encode(timelock, wallet, most + 1), 0, reason);
        reason = abi.encodeWithSelector(IGuardian.MandateOutOfRange.selector, now_(), now_() + 1, most);
        refusesToBe("Guardian", abi.encode(timelock, wallet, now_()), 0, reason);
        reason = abi.encodeWithSelector(IGuardian.ZeroAddress.selector);
        refusesToBe("Guardian", abi.encode(address(0), wallet, most), 0, reason);
        refusesToBe("Guardian", abi.encode(timelock, address(0), most), 0, reason);
        vm.chainId(31_337);
        assertTrue(IGuardian(create("Guardian", abi.encode(timelock, bob, most))).isActing(bob));
    }

    function test_the_mandate_is_renewed_by_a_vote() public {
        Wallet other = new Wallet();
        pass(300 days);
        Bill memory b = bill(
            address(mandate), abi.encodeCall(mandate.appoint, (address(other), now_() + 16 days + 365 days)), "renewed"
        );
        passBill(b);
        vm.warp(timelock.readyAt(operation(b)));
        execute(b);
        assertFalse(mandate.isActing(address(wallet)));
        assertTrue(mandate.isActing(address(other)));
        vm.prank(address(wallet));
        vm.expectRevert(abi.encodeWithSelector(IGuardian.NotHolder.selector, address(wallet)));
        mandate.resign();
        vm.warp(mandate.until() - 1);
        assertTrue(mandate.isActing(address(other)));
        pass(1);
        assertFalse(mandate.isActing(address(other)));
        vm.expectRevert(abi.encodeWithSelector(IGuardian.NotTimelock.selector, address(this)));
        mandate.appoint(address(other), now_() + 1);
        vm.expectRevert(abi.encodeWithSelector(IGuardian.NotTimelock.selector, address(this)));
        mandate.remove();
    }

    function test_a_holder_resigns() public {
        wallet.call(address(mandate), abi.encodeCall(mandate.resign, ()));
        assertEq(mandate.holder(), address(0));
        assertFalse(mandate.isActing(address(0)));
        assertFalse(mandate.isActing(address(wallet)));
    }

    function test_the_guardian_cancels_in_every_stage() public {
        Bill memory b = setWeights(6_000, 4_000);
        propose(alice, b);
        uint256 start = vm.snapshotState();
        for (uint256 stage; stage < 4; ++stage) {
            if (stage > 0) open();
            if (stage > 1) {
                vote(alice, b, FOR);
                vm.warp(governor.proposalDeadline(b.id) + 1);
            }
            if (stage > 2) {
                queue(b);
                pass(DELAY);
            }
            veto(b);
            assertStage(b, IGovernor.ProposalState.Canceled);
            vm.revertToState(start);
        }
    }
}
