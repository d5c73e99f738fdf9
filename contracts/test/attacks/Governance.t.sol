// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking} from "../../src/staking/IPlumeStaking.sol";
import {Attack} from "./Attack.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// Answers what the staking system answers, except that it takes flags from the long answer: what a repair looks like
/// when the short one breaks.
contract Reader {
    address private immutable STAKING;
    uint256 public saysCooldown;

    constructor(address staking) {
        STAKING = staking;
    }

    function say(uint256 cooldown) external {
        saysCooldown = cooldown;
    }

    function getValidatorStats(uint16 id) external view returns (bool, uint256, uint256, uint256) {
        (IPlumeStaking.ValidatorInfo memory v, uint256 total, uint256 stakers) =
            IPlumeStaking(STAKING).getValidatorInfo(id);
        return (v.active, v.commission, total, stakers);
    }

    function getCooldownInterval() external view returns (uint256) {
        return saysCooldown == 0 ? IPlumeStaking(STAKING).getCooldownInterval() : saysCooldown;
    }

    fallback() external {
        (bool ok, bytes memory data) = STAKING.staticcall(msg.data);
        assembly {
            if ok { return(add(data, 32), mload(data)) }
            revert(add(data, 32), mload(data))
        }
    }
}

/// A governor (multisig) proposes to a TimelockController without a delay of its own, which is the minter's admin: the
/// minter enforces the three classes. And what governor and guardian may do together.
contract GovernanceTest is Attack {
    bytes32 private constant ADMIN = 0;

    TimelockController private timelock;
    address private governor = makeAddr("governor");

    function setUp() public override {
        super.setUp();
        address[] memory only = new address[](1);
        only[0] = governor;
        timelock = TimelockController(payable(create("TimelockController", abi.encode(0, only, only, address(0)))));
        IAccessControl access = IAccessControl(address(minter));
        vm.startPrank(admin);
        access.grantRole(ADMIN, address(timelock));
        access.renounceRole(ADMIN, admin);
        vm.stopPrank();
    }

    /// Through the timelock, in one block.
    function govern(bytes memory data) private {
        governWith(data, "");
    }

    function governWith(bytes memory data, bytes memory refusal) private {
        vm.startPrank(governor);
        bytes32 salt = keccak256(abi.encode(data, now_(), gasleft()));
        timelock.schedule(address(minter), 0, data, 0, salt, 0);
        if (refusal.length != 0) vm.expectRevert(refusal);
        timelock.execute(address(minter), 0, data, 0, salt);
        vm.stopPrank();
    }

    // ------------------------------------------------------------------------------------------------------ three classes

    function test_governance_delays_hold_from_the_moment_the_deployer_renounces() public {
        assertTrue(minter.setupSealed());
        bytes memory call = abi.encodeCall(minter.setFeeRecipient, (bob));
        governWith(call, abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        assertEq(minter.feeRecipient(), feeRecipient);
    }

    function test_governance_loosening_waits_for_the_longest_exit_as_it_is_at_execution() public {
        bytes memory call = abi.encodeCall(minter.setMaxInstantFee, (200));
        govern(abi.encodeCall(minter.schedule, (call)));
        uint256 from = now_();
        assertEq(minter.longestExit(), 2 * (COOLDOWN + SAFETY) + 2 * GRACE + 3 days);
        // The system doubles its cooldown meanwhile: the notice lasts longer.
        pass(30 days);
        staking.setCooldownInterval(2 * COOLDOWN);
        vm.warp(from + 2 * (COOLDOWN + SAFETY) + 2 * GRACE + 3 days);
        governWith(call, abi.encodeWithSelector(TooEarly.selector, keccak256(call), from + minter.longestExit()));
        vm.warp(from + minter.longestExit());
        govern(call);
        // Used up.
        governWith(
            abi.encodeCall(minter.setMaxInstantFee, (300)),
            abi.encodeWithSelector(NotScheduled.selector, keccak256(abi.encodeCall(minter.setMaxInstantFee, (300))))
        );
    }

    function test_governance_scheduling_again_restarts_the_clock_and_the_guardian_cancels() public {
        bytes memory call = abi.encodeCall(minter.setFeeRecipient, (bob));
        govern(abi.encodeCall(minter.schedule, (call)));
        pass(minter.longestExit() - 1);
        govern(abi.encodeCall(minter.schedule, (call)));
        uint256 from = now_();
        pass(1 days);
        governWith(call, abi.encodeWithSelector(TooEarly.selector, keccak256(call), from + minter.longestExit()));
        vm.prank(guardian);
        minter.cancelScheduled(keccak256(call));
        pass(minter.longestExit());
        governWith(call, abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
    }

    function test_governance_a_call_takes_the_slowest_class_of_what_it_changes() public {
        // One fee down and the other up; the threshold up together with a pause.
        bytes memory call = abi.encodeCall(minter.setFees, (20, 6));
        governWith(call, abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        call = abi.encodeCall(minter.setFees, (31, 0));
        governWith(call, abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        govern(abi.encodeCall(minter.setFees, (20, 4)));
        govern(abi.encodeCall(minter.setInstantPolicy, (false, 9_000)));
        call = abi.encodeCall(minter.setInstantPolicy, (true, 9_500));
        governWith(call, abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        govern(abi.encodeCall(minter.setInstantPolicy, (true, 8_000)));
        call = abi.encodeCall(minter.setMaxValidatorPercentage, (0, 9_001));
        governWith(call, abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        govern(abi.encodeCall(minter.setMaxValidatorPercentage, (0, 8_000)));
    }

    function test_governance_operational_is_by_role_and_at_once() public {
        govern(abi.encodeCall(minter.setWithholdRatio, (1_500)));
        vm.startPrank(keeper);
        minter.setWithholdRatio(1_000);
        minter.setMinStake(2 ether);
        minter.addBuckets(0, 1);
        vm.stopPrank();
    }

    function test_governance_a_role_is_granted_with_notice_and_revoked_at_once() public {
        IAccessControl access = IAccessControl(address(minter));
        bytes32 role = minter.HANDLER_ROLE();
        bytes memory call = abi.encodeCall(access.grantRole, (role, bob));
        governWith(call, abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        govern(abi.encodeCall(access.revokeRole, (role, keeper)));
        govern(abi.encodeCall(minter.schedule, (call)));
        pass(minter.longestExit());
        govern(call);
        assertTrue(access.hasRole(role, bob));
    }

    // ------------------------------------------------------------------------------------------------------------- halt

    function implementation() private view returns (address) {
        return address(uint160(uint256(vm.load(address(minter), ERC1967Utils.IMPLEMENTATION_SLOT))));
    }

    function test_halt_takes_two_signatures_within_48_hours() public {
        bytes memory call = abi.encodeCall(minter.emergency, (Emergency.Halt, halt));
        vm.prank(mallory);
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        minter.emergency(Emergency.Halt, halt);
        // One alone, twice.
        vm.startPrank(guardian);
        assertFalse(minter.emergency(Emergency.Halt, halt));
        assertFalse(minter.emergency(Emergency.Halt, halt));
        vm.stopPrank();
        (address by, uint256 at) = minter.emergencySignature(Emergency.Halt, halt);
        assertEq(by, guardian);
        // The other one a second too late: it counts as the first of a new pair.
        vm.warp(at + 48 hours + 1);
        govern(call);
        assertEq(implementation(), code);
        vm.warp(now_() + 48 hours);
        vm.prank(guardian);
        assertTrue(minter.emergency(Emergency.Halt, halt));
        assertEq(implementation(), halt);
        (by,) = minter.emergencySignature(Emergency.Halt, halt);
        assertEq(by, address(0));
    }

    function test_halt_signatures_are_of_two_accounts_that_hold_their_roles_still() public {
        IAccessControl access = IAccessControl(address(minter));
        bytes memory both = abi.encodeCall(access.grantRole, (minter.GUARDIAN_ROLE(), address(timelock)));
        govern(abi.encodeCall(minter.schedule, (both)));
        pass(minter.longestExit());
        govern(both);
        // One account with both roles is one account.
        govern(abi.encodeCall(minter.emergency, (Emergency.Halt, halt)));
        govern(abi.encodeCall(minter.emergency, (Emergency.Halt, halt)));
        assertEq(implementation(), code);
        pass(3 days);
        // A guardian that signed and was dismissed since.
        vm.prank(guardian);
        minter.emergency(Emergency.Halt, halt);
        govern(abi.encodeCall(access.revokeRole, (minter.GUARDIAN_ROLE(), guardian)));
        govern(abi.encodeCall(minter.emergency, (Emergency.Halt, halt)));
        assertEq(implementation(), code);
    }

    /// Together they can switch to the named implementation and to nothing else.
    function test_halt_leads_to_the_named_implementation_only() public {
        address other = create("LiquidHalt", abi.encode(token, staking, code));
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(BadParameter.selector, bytes32("haltCode"), other));
        minter.emergency(Emergency.Halt, other);
        vm.expectRevert(abi.encodeWithSelector(BadParameter.selector, bytes32("haltCode"), code));
        minter.emergency(Emergency.Halt, code);
        vm.stopPrank();
        bytes memory call = abi.encodeCall(minter.setHalt, (other));
        governWith(call, abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        govern(abi.encodeCall(minter.schedule, (abi.encodeCall(minter.setHalt, (address(token))))));
        govern(abi.encodeCall(minter.schedule, (call)));
        pass(minter.longestExit());
        vm.startPrank(governor);
        call = abi.encodeCall(minter.setHalt, (address(token)));
        timelock.schedule(address(minter), 0, call, 0, 0, 0);
        vm.expectRevert(); // a token is no implementation
        timelock.execute(address(minter), 0, call, 0, 0);
        vm.stopPrank();
        govern(abi.encodeCall(minter.setHalt, (other)));
        assertEq(minter.haltCode(), other);
    }

    function goIntoHalt() private {
        vm.prank(guardian);
        minter.emergency(Emergency.Halt, halt);
        govern(abi.encodeCall(minter.emergency, (Emergency.Halt, halt)));
        assertEq(implementation(), halt);
    }

    /// Three exits in three stages; the halt; all that is on its way arrives, and a slash on the way is booked.
    function test_halt_everybody_on_the_way_out_gets_out() public {
        setRewardRate(1e10);
        uint256 first = leave(alice, 20 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        uint256 second = leave(alice, 20 ether);
        uint256 third = requestExit(alice, 5 ether);
        (uint256 eta,) = minter.exitEta(second);
        uint256 rate = minter.rate();
        goIntoHalt();
        assertEq(minter.rate(), rate);
        (uint256 after_,) = minter.exitEta(second);
        assertEq(after_, eta);

        assertEq(claimNow(alice, first), afterFee(20 ether));
        pass(COOLDOWN + GRACE);
        // Nobody has a role.
        minter.sweepMaturedBuckets(0, 10);
        minter.sweepMaturedBuckets(1, 10);
        minter.finalize();
        uint256[] memory ids = new uint256[](1);
        ids[0] = second;
        (uint256[] memory hintsA, uint256[] memory hintsB) = minter.findHints(ids);
        vm.startPrank(alice);
        assertEq(minter.claimTo(second, hintsA[0], hintsB[0], bob), afterFee(20 ether));
        vm.expectRevert(abi.encodeWithSelector(Halted.selector, minter.cancel.selector));
        minter.cancel(third);
        vm.expectRevert(abi.encodeWithSelector(Halted.selector, bytes4(0)));
        (bool ok,) = address(minter).call{value: 1 ether}("");
        ok;
        vm.stopPrank();
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(Halted.selector, minter.closeRung.selector));
        minter.closeRung();
        assertSound();
    }

    function test_halt_a_slash_is_booked_and_the_rest_paid() public {
        uint256 id = leave(alice, 40 ether);
        goIntoHalt();
        staking.slashValidator(1);
        pass(COOLDOWN + GRACE);
        vm.expectRevert(abi.encodeWithSelector(SlashNotBooked.selector, 1));
        minter.finalize();
        minter.bookSlash(1);
        minter.sweepMaturedBuckets(0, 10);
        minter.sweepMaturedBuckets(1, 10);
        minter.finalize();
        (uint256 gross,) = minter.claimable(id);
        assertGt(gross, 0);
        assertEq(claimNow(alice, id), afterFee(gross));
        assertSound();
    }

    function test_halt_leaving_it_is_announced_and_finds_everything_where_it_was() public {
        uint256 id = leave(alice, 20 ether);
        goIntoHalt();
        bytes memory back = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (code, ""));
        governWith(back, abi.encodeWithSelector(NotScheduled.selector, keccak256(back)));
        vm.prank(guardian);
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        UUPSUpgradeable(address(minter)).upgradeToAndCall(code, "");
        govern(abi.encodeCall(minter.schedule, (back)));
        pass(minter.longestExit());
        govern(back);
        assertEq(implementation(), code);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(20 ether));
        submit(bob, 1 ether);
        assertSound();
    }

    // ----------------------------------------------------------------------------------------------------------- repair

    /// The staking system's short answer breaks: nothing can be funded. Another reader mends it; coins go where they went.
    function test_repair_of_the_adapter_moves_no_coins() public {
        uint256 id = leave(alice, 20 ether);
        pass(COOLDOWN);
        sweepAll();
        vm.mockCallRevert(address(staking), abi.encodeWithSelector(IPlumeStaking.getValidatorStats.selector), "moved");
        vm.expectRevert("moved");
        minter.finalize();
        Reader reader = new Reader(address(staking));
        uint256 held = address(minter).balance;
        vm.prank(guardian);
        minter.emergency(Emergency.Reader, address(reader));
        govern(abi.encodeCall(minter.emergency, (Emergency.Reader, address(reader))));
        assertEq(minter.stakingReader(), address(reader));
        assertEq(minter.staking(), address(staking));
        assertEq(address(minter).balance, held);
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(20 ether));
        // Stake goes to the system, by its buckets, as ever.
        submit(bob, 30 ether);
        stakeAll();
        assertGt(minter.activeStake(), 90 ether);
        assertSound();
        // A reader that shortens the cooldown shortens no delay; one that lengthens it lengthens them.
        uint256 longest = minter.longestExit();
        reader.say(1);
        minter.syncValidators();
        assertEq(minter.longestExit(), longest);
        reader.say(2 * COOLDOWN);
        assertEq(minter.longestExit(), longest + 2 * COOLDOWN);
        // And it is taken back the same way.
        reader.say(0);
        govern(abi.encodeCall(minter.emergency, (Emergency.Reader, address(staking))));
        vm.prank(guardian);
        assertTrue(minter.emergency(Emergency.Reader, address(staking)));
        assertEq(minter.stakingReader(), address(staking));
    }
}
