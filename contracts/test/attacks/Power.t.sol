// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../../src/liquid/ILiquidMinter.sol";
import {Attack} from "./Attack.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// L8, L14, L15, L17, L38, L44.
contract PowerAttackTest is Attack {
    function test_l8_the_instant_pause_stops_instant_exits_and_nothing_else() public {
        setRewardRate(1e10);
        uint256 paused = now_();
        vm.prank(guardian);
        minter.setInstantPolicy(true, 10_000);
        assertEq(minter.instantLiquidity(), 0);
        assertEq(minter.quoteExit(5 ether).instantLst, 0);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(ExitNotPlaced.selector, 5 ether));
        minter.redeem(5 ether, exitParams(alice, 5 ether, 0));
        (uint256 paid, uint256 id) = minter.unstake(20 ether);
        assertEq(paid, 0);
        // Everything else goes on.
        token.transfer(bob, 1 ether);
        minter.submit{value: 5 ether}();
        (, uint256 second) = minter.unstake(1 ether);
        minter.cancel(second);
        vm.stopPrank();
        closeRung();
        depart();
        stakeAll();
        vm.prank(keeper);
        minter.claimAll();
        vm.deal(keeper, 1 ether);
        vm.prank(keeper);
        minter.loadRewards{value: 1 ether}();
        pass(6 days);
        vm.prank(alice);
        assertGt(minter.unstakeRewards(), 0);
        // It lapses by itself, and the next one has to wait.
        vm.warp(paused + 7 days - 1);
        assertEq(minter.instantLiquidity(), 0);
        vm.warp(paused + 7 days);
        assertGt(minter.instantLiquidity(), 0);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(PauseNotYet.selector, paused + 21 days));
        minter.setInstantPolicy(true, 10_000);
        vm.warp(paused + 21 days);
        vm.prank(guardian);
        minter.setInstantPolicy(true, 10_000);
        // A sweep, a funding and a claim under the second pause.
        assertGe(sweepAll(), 20 ether - 5 ether);
        minter.finalize();
        uint256 before = alice.balance;
        assertEq(claimNow(alice, id), afterFee(20 ether));
        assertEq(alice.balance - before, afterFee(20 ether));
        assertSound();
    }

    /// Mallory holds every role there is. Finalized money, fees' ceilings, claims and buckets are out of her reach.
    function test_l14_no_role_takes_reserved_money_and_fees_are_capped() public {
        uint256 id = leave(alice, 30 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        uint256 reserved = minter.totalInstantUnstaked();
        assertEq(reserved, 30 ether);
        IAccessControl access = IAccessControl(address(minter));
        bytes32[5] memory roles = [
            bytes32(0), minter.REBALANCER_ROLE(), minter.CLAIMER_ROLE(), minter.HANDLER_ROLE(), minter.GUARDIAN_ROLE()
        ];
        vm.startPrank(admin);
        for (uint256 i; i < 5; ++i) {
            access.grantRole(roles[i], mallory);
        }
        minter.sealSetup();
        vm.stopPrank();

        uint256 before = mallory.balance;
        vm.startPrank(mallory);
        vm.expectRevert(
            abi.encodeWithSelector(NotScheduled.selector, keccak256(abi.encodeCall(minter.setFees, (501, 5))))
        );
        minter.setFees(501, 5);
        minter.schedule(abi.encodeCall(minter.setFees, (501, 5)));
        minter.schedule(abi.encodeCall(minter.setFees, (30, 501)));
        minter.schedule(abi.encodeCall(minter.setMaxInstantFee, (501)));
        minter.schedule(abi.encodeCall(minter.setRewardFee, (2001)));
        minter.schedule(abi.encodeCall(minter.setRewardsSink, (mallory)));
        minter.schedule(abi.encodeCall(minter.setFeeRecipient, (mallory)));
        bytes memory upgrade = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(minter), ""));
        bytes32 operation = minter.schedule(upgrade);
        uint256 executable = now_() + minter.longestExit();
        vm.warp(executable - 1);
        vm.expectRevert(abi.encodeWithSelector(TooEarly.selector, operation, executable));
        UUPSUpgradeable(address(minter)).upgradeToAndCall(address(minter), "");
        vm.expectPartialRevert(TooEarly.selector);
        minter.setRewardsSink(mallory);
        vm.warp(executable);
        vm.expectRevert(abi.encodeWithSelector(FeeAboveCeiling.selector, 501, 500));
        minter.setFees(501, 5);
        vm.expectRevert(abi.encodeWithSelector(FeeAboveCeiling.selector, 501, 500));
        minter.setFees(30, 501);
        vm.expectRevert(abi.encodeWithSelector(FeeAboveCeiling.selector, 501, 500));
        minter.setMaxInstantFee(501);
        vm.expectPartialRevert(FeeAboveCeiling.selector);
        minter.setRewardFee(2001);
        // Sink and recipient are hers now, legally: coins in the books are not.
        minter.setRewardsSink(mallory);
        minter.setFeeRecipient(mallory);
        minter.skim();
        minter.payFees();
        assertEq(mallory.balance, before, "took money");
        minter.setWithholdRatio(0);
        while (minter.rebalance() != 0) {}
        vm.expectPartialRevert(StakeTooMuch.selector);
        minter.stakeWitheldForValidator(1 ether, 0);
        (uint256 spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), type(uint96).max);
        assertEq(spent, 0);
        vm.expectRevert(abi.encodeWithSelector(NotRequestOwner.selector, id, alice, mallory));
        minter.claimTo(id, 0, 0, mallory);
        vm.expectRevert(abi.encodeWithSelector(NotBucket.selector, mallory));
        minter.receiveFromBucket{value: 1}();
        vm.stopPrank();
        assertEq(minter.totalInstantUnstaked(), reserved);
        before = alice.balance;
        assertEq(claimNow(alice, id), afterFee(30 ether));
        assertEq(alice.balance - before, afterFee(30 ether), "at the fee of her request");
        assertSound();
    }

    function test_l15_validator_ids_0_65535_unknown_and_duplicate() public {
        addValidator(65_535);
        assertEq(minter.syncValidators(), 1);
        assertEq(minter.syncValidators(), 0, "twice the same");
        uint16[] memory ids = minter.validators();
        assertEq(ids.length, 3);
        assertEq(ids[0], 0);
        assertEq(ids[2], 65_535);
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(UnknownValidator.selector, 777));
        minter.addBuckets(777, 1);
        vm.expectRevert(abi.encodeWithSelector(UnknownValidator.selector, 777));
        minter.setValidatorWeight(777, 1);
        vm.expectRevert(abi.encodeWithSelector(UnknownValidator.selector, 777));
        minter.setMaxValidatorPercentage(777, 1);
        // 65,536 would be validator 0, cut short.
        vm.expectRevert(abi.encodeWithSelector(BadParameter.selector, bytes32("validatorId"), 65_536));
        minter.setMaxValidatorPercentage(65_536, 1);
        minter.addBuckets(65_535, 2);
        minter.setValidatorWeight(65_535, 100);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(UnknownValidator.selector, 777));
        minter.bookSlash(777);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(UnknownValidator.selector, 777));
        minter.sweepMaturedBuckets(777, 1);
        vm.prank(keeper);
        vm.expectRevert(abi.encodeWithSelector(UnknownValidator.selector, 777));
        minter.stakeWitheldForValidator(1 ether, 777);

        submit(bob, 100 ether);
        stakeAll();
        assertEq(minter.validatorState(65_535).active, 90 ether);
        assertEq(staking.getUserValidatorStake(bucketOf(65_535, 0), 65_535), bucketStake(65_535, 0));
        uint256 id = leave(bob, 60 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(bob, id), afterFee(60 ether));
        assertSound();
    }

    function test_l17_full_or_capped_validators_never_fail_a_deposit() public {
        staking.setValidatorCapacity(0, 1);
        staking.setValidatorCapacity(1, 1);
        assertEq(submit(bob, 50 ether), 50 ether);
        vm.prank(keeper);
        assertEq(minter.rebalance(), 0);
        (uint16 none,, uint256 room) = minter.getNextValidator(40 ether);
        assertEq(none, type(uint16).max);
        assertEq(room, 0);
        vm.prank(bob);
        minter.submitForValidator{value: 1 ether}(0);
        staking.setValidatorCapacity(0, 0);
        staking.setValidatorCapacity(1, 0);
        // The system's percentage cap, which has no getter: unknown to us, its refusal is skipped and told.
        staking.setMaxValidatorPercentage(1);
        assertEq(submit(bob, 50 ether), 50 ether);
        vm.recordLogs();
        vm.prank(keeper);
        assertEq(minter.rebalance(), 0);
        assertGe(vm.getRecordedLogs().length, 2);
        // Slashed, paused or gone on their side: still no matter to a deposit.
        staking.setMaxValidatorPercentage(0);
        staking.setValidatorStatus(0, false);
        staking.setValidatorStatus(1, false);
        assertEq(submit(bob, 50 ether), 50 ether);
        vm.prank(keeper);
        assertEq(minter.rebalance(), 0);
        assertEq(minter.headroom(), 161 ether, "it waits in the buffer");
        staking.setValidatorStatus(1, true);
        minter.syncValidators();
        stakeAll();
        assertEq(minter.headroom(), minter.bufferTarget());
        assertSound();
    }

    /// Stake bus and restake leave alone what exits need, however the keeper asks.
    function test_l38_restake_and_stake_bus_never_touch_what_exits_need() public {
        submit(bob, 60 ether);
        uint256 staged = requestExit(alice, 30 ether);
        // 70 of headroom; 16 of it are the target, 30 and the netting's margin the open rung's.
        vm.startPrank(keeper);
        minter.setWithholdRatio(1_000);
        uint256 most = 70 ether - 16 ether - 30 ether - MARGIN;
        assertEq(minter.freeToStake(), most);
        vm.expectRevert(abi.encodeWithSelector(StakeTooMuch.selector, most + 1, most));
        minter.stakeWitheldForValidator(most + 1, 0);
        while (minter.rebalance() != 0) {}
        assertEq(minter.headroom(), 46 ether + MARGIN);
        minter.closeRung();
        (uint256 netted, uint256 departed) = minter.processBatchUnstake();
        // 30 and the margin are above the target: no bucket goes.
        assertEq(netted, 30 ether + MARGIN);
        assertEq(departed, 0);
        assertEq(minter.rebalance(), 0);
        vm.stopPrank();
        minter.finalize();
        assertEq(claimNow(alice, staged), afterFee(30 ether));

        // Cooling stake that covers the queue is no stake to restake; what is over it is, the latest first.
        pass(1 hours);
        uint256 first = leave(alice, 20 ether);
        vm.startPrank(keeper);
        vm.expectRevert(abi.encodeWithSelector(RestakeTooMuch.selector, 1 ether, 0));
        minter.restake(0, 1 ether);
        vm.stopPrank();
        pass(COOLDOWN);
        sweepAll();
        vm.startPrank(keeper);
        assertEq(minter.rebalance(), 0, "matured money is the line's");
        vm.expectPartialRevert(StakeTooMuch.selector);
        minter.stakeWitheldForValidator(1 ether, 0);
        vm.stopPrank();
        minter.finalize();
        assertEq(claimNow(alice, first), afterFee(20 ether));
        assertSound();
    }

    function test_l38_restake_takes_the_latest_maturing_and_only_what_is_over() public {
        uint256 first = leave(alice, 40 ether);
        while (now_() < minter.nextBatchUnstakeTimePerValidator(1)) pass(1 hours);
        uint256 second = requestExit(alice, 20 ether);
        closeRung();
        depart(); // from validator 1
        // Early money pays the second half of the queue: cooling is over what is open.
        submit(bob, 100 ether);
        vm.prank(keeper);
        (uint256 spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), 30 ether);
        assertEq(spent, 30 ether);
        (uint256 etaBefore,) = minter.exitEta(first);
        vm.startPrank(keeper);
        vm.expectPartialRevert(NotLatest.selector);
        minter.restake(0, 5 ether);
        uint256 free = minter.totalUnstaked() - 30 ether - MARGIN;
        vm.expectRevert(abi.encodeWithSelector(RestakeTooMuch.selector, free + 1, free));
        minter.restake(1, free + 1);
        minter.restake(1, 5 ether);
        vm.stopPrank();
        (uint256 eta, bool revised) = minter.exitEta(first);
        assertLe(eta, etaBefore);
        assertFalse(revised);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        // Two claims each, of what came early and of the rest: all of it but the roundings.
        assertApproxEqAbs(claimNow(alice, first) + claimNow(alice, second), afterFee(60 ether), 10);
        assertSound();
    }

    /// Deposit for one's own validator, exit from the rival's: the stake lies where it would lie without the names.
    function test_l44_hints_steer_nobodys_stake() public {
        uint256 mark = vm.snapshotState();
        submit(mallory, 60 ether);
        stakeAll();
        vm.prank(mallory);
        minter.unstake(60 ether);
        closeRung();
        depart();
        uint256[4] memory plain = _spread();
        vm.revertToState(mark);

        vm.prank(mallory);
        minter.submitForValidator{value: 60 ether}(1);
        stakeAll();
        vm.prank(mallory);
        minter.unstakeFromValidator(60 ether, 0);
        closeRung();
        depart();
        uint256[4] memory hinted = _spread();
        for (uint256 i; i < 4; ++i) {
            assertEq(hinted[i], plain[i]);
        }
        assertSound();
    }

    function _spread() private view returns (uint256[4] memory) {
        return [
            minter.validatorState(0).active,
            minter.validatorState(0).cooling,
            minter.validatorState(1).active,
            minter.validatorState(1).cooling
        ];
    }
}
