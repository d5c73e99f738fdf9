// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking} from "../../src/staking/IPlumeStaking.sol";
import {PlumeAdapter} from "../../src/staking/PlumeAdapter.sol";
import {Fixture} from "../Fixture.sol";
import {Attack} from "../attacks/Attack.sol";
import {Vm} from "forge-std/Vm.sol";

/// How the minter reads the staking system. 45 coins with each of two validators; see Attack.
contract PlumeAdapterTest is Attack {
    /// The minter fills a validator to the last wei that the system takes under its percentage cap, and has nothing refused.
    function test_p9_the_percentage_cap_is_filled_to_the_wei() public {
        staking.setMaxValidatorPercentage(6_000);
        vm.prank(keeper);
        minter.setStakingPercentageCap(6_000);
        vm.prank(admin);
        minter.setValidatorWeight(1, 0);
        submit(bob, 200 ether);
        // 60.01 % of all would be one basis point above: (45 + x) / (90 + x) stays below it.
        uint256 most = uint256(9.009e22 - 1) / 3_999;
        (uint16 id,, uint256 room) = minter.getNextValidator(1);
        assertEq(id, 0);
        assertEq(room, most);
        uint256 state = vm.snapshotState();
        vm.startPrank(bob);
        vm.expectRevert(IPlumeStaking.ValidatorPercentageExceeded.selector);
        staking.stake{value: most + 1}(0);
        staking.stake{value: most}(0);
        vm.stopPrank();
        vm.revertToState(state);
        vm.recordLogs();
        stakeAll();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            assertTrue(logs[i].topics[0] != StakeSkipped.selector, "refused");
        }
        assertEq(minter.validatorState(0).active, 45 ether + most);
        assertSound();
    }

    /// Half of all is above 40 %: no room, though the minter's own limit is far.
    function test_p9_above_the_percentage_cap_there_is_no_room() public {
        vm.prank(keeper);
        minter.setStakingPercentageCap(4_000);
        submit(bob, 100 ether);
        bytes memory full = abi.encodeWithSelector(NoCapacity.selector, 0, 0);
        refuses(keeper, abi.encodeCall(minter.stakeWitheldForValidator, (1 ether, 0)), full);
        (uint16 id,, uint256 room) = minter.getNextValidator(1 ether);
        assertEq(id, type(uint16).max);
        assertEq(room, 0);
    }

    /// An answer that is cut short, is another validator's or lies elsewhere is not read as flags.
    function test_a_malformed_answer_is_told_and_books_nothing() public {
        bytes memory asked = abi.encodeCall(staking.getValidatorInfo, (1));
        bytes memory told = abi.encodeWithSelector(PlumeAdapter.MalformedAnswer.selector, staking, 1);
        bytes memory booking = abi.encodeCall(minter.bookSlash, (1));
        staking.slashValidator(1);
        (, bytes memory answer) = address(staking).staticcall(asked);
        bytes memory short = answer;
        assembly {
            mstore(short, 0x11f)
        }
        vm.mockCall(address(staking), asked, short);
        refuses(bob, booking, told);
        (, answer) = address(staking).staticcall(abi.encodeCall(staking.getValidatorInfo, (0)));
        vm.mockCall(address(staking), asked, answer);
        refuses(bob, booking, told);
        vm.clearMockedCalls();
        (, answer) = address(staking).staticcall(asked);
        assembly {
            mstore(add(answer, 0x20), 0x40)
        }
        vm.mockCall(address(staking), asked, answer);
        refuses(bob, booking, told);
        refuses(bob, abi.encodeCall(minter.syncValidators, ()), told);
        vm.clearMockedCalls();
        assertEq(minter.bookSlash(1), 45 ether);
    }

    /// A read that fails ends the call with the system's own words.
    function test_a_failing_read_gives_the_systems_own_reason() public {
        bytes memory gone = abi.encodeWithSelector(IPlumeStaking.ValidatorDoesNotExist.selector, 1);
        vm.mockCallRevert(address(staking), abi.encodeCall(staking.getValidatorInfo, (1)), gone);
        refuses(bob, abi.encodeCall(minter.syncValidators, ()), gone);
    }
}

/// The first stake of all is all of it, and no cap asks.
contract PlumeAdapterFirstStakeTest is Fixture {
    function test_p9_the_first_stake_of_all_is_under_no_cap() public {
        deployAll(2, 1);
        staking.setMaxValidatorPercentage(5_000);
        vm.prank(keeper);
        minter.setStakingPercentageCap(5_000);
        submit(alice, 99 ether);
        (uint16 id,, uint256 room) = minter.getNextValidator(45 ether);
        assertEq(id, 0);
        assertEq(room, 90 ether, "what the minter itself allows");
        stakeAll();
        assertEq(minter.validatorState(0).active, 45 ether);
        assertEq(minter.validatorState(1).active, 45 ether);
    }
}
