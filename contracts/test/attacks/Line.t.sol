// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../../src/liquid/ILiquidMinter.sol";
import {Attack} from "./Attack.sol";

/// A holder that misbehaves when it is paid.
contract Receiver {
    ILiquidMinter public minter;
    uint256 public mode; // 0 takes, 1 reverts, 2 burns all gas, 3 calls `data` back and remembers how it went
    bytes public data;
    bool public ok;
    uint256 public calls;

    constructor(ILiquidMinter minter_) payable {
        minter = minter_;
    }

    function set(uint256 mode_, bytes calldata data_) external {
        mode = mode_;
        data = data_;
    }

    function run(uint256 value, bytes calldata what) external returns (bytes memory out) {
        bool done;
        (done, out) = address(minter).call{value: value}(what);
        if (!done) {
            assembly {
                revert(add(out, 0x20), mload(out))
            }
        }
    }

    receive() external payable {
        if (mode == 1) revert("no");
        if (mode == 2) {
            while (true) {
                ++calls;
            }
        }
        if (mode == 3) {
            ++calls;
            (ok,) = address(minter).call(data);
        }
    }
}

/// L6, L7, L9, L11, L32, L34, L35.
contract LineAttackTest is Attack {
    /// Bob asks later and everything alice's stake brought lies there: he gets none of it, by no path.
    function test_l6_a_later_requester_cannot_take_matured_money() public {
        submit(bob, 50 ether);
        stakeAll();
        uint256 hers = leave(alice, 40 ether);
        pass(COOLDOWN);
        assertEq(sweepAll(), 40 ether + MARGIN);
        uint256 his = requestExit(bob, 20 ether);
        closeRung();
        minter.finalize();
        vm.startPrank(bob);
        // The margin of her departure is the line's next gwei: all that he gets before his own stake is back.
        assertEq(minter.withdraw(bob, his), afterFee(MARGIN));
        vm.expectRevert(abi.encodeWithSelector(NotRequestOwner.selector, hers, alice, bob));
        minter.withdraw(bob, hers);
        // At once: only the buffer is there for him.
        uint256 before = bob.balance;
        (uint256 paid,) = minter.unstake(30 ether);
        vm.stopPrank();
        assertLe(paid, minter.bufferTarget());
        assertEq(bob.balance, before + paid);
        address[] memory users = new address[](1);
        uint256[] memory ids = new uint256[](1);
        (users[0], ids[0]) = (bob, his);
        vm.prank(keeper);
        (uint256 processed,) = minter.fulfillRequests(users, ids);
        assertEq(processed, 0);
        before = alice.balance;
        assertEq(claimNow(alice, hers), afterFee(40 ether));
        assertEq(alice.balance, before + afterFee(40 ether));
        assertSound();
    }

    function test_l7_a_wholly_reserved_buffer_still_pays_claims() public {
        vm.startPrank(keeper);
        minter.setWithholdRatio(0);
        vm.stopPrank();
        stakeAll();
        assertEq(minter.headroom(), 0);
        vm.prank(admin);
        minter.setInstantPolicy(false, 1); // instant exits stop at 0.01 % utilization
        uint256 id = leave(alice, 30 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        (uint256 buffer, uint256 reserved,,,) = minter.getBufferAndQueueStats();
        assertEq(reserved, 30 ether);
        assertEq(buffer, 30 ether + MARGIN);
        assertEq(minter.instantLiquidity(), 0);
        vm.prank(guardian);
        minter.pauseDeposits(true);
        uint256 before = alice.balance;
        assertEq(claimNow(alice, id), afterFee(30 ether));
        assertEq(alice.balance - before, afterFee(30 ether));
        assertSound();
    }

    function test_l9_receivers_that_revert_burn_or_reenter_block_nobody() public {
        uint256[4] memory ids;
        Receiver[3] memory bad;
        for (uint256 i; i < 3; ++i) {
            bad[i] = new Receiver(minter);
            vm.deal(address(bad[i]), 10 ether);
            bad[i].run(10 ether, abi.encodeWithSignature("submit()"));
            vm.prank(address(bad[i]));
            (, ids[i]) = minter.redeem(10 ether, _queueTo(10 ether, address(bad[i])));
        }
        // The precompile of blake2 has no code and fails on empty input, all its gas gone: pushes do go there.
        uint256 toNobody;
        vm.prank(alice);
        (, toNobody) = minter.redeem(1 ether, _queueTo(1 ether, address(9)));
        ids[3] = leave(alice, 10 ether);
        pass(COOLDOWN);
        sweepAll();

        address[] memory users = new address[](5);
        uint256[] memory list = new uint256[](5);
        for (uint256 i; i < 3; ++i) {
            (users[i], list[i]) = (address(bad[i]), ids[i]);
        }
        (users[3], list[3]) = (address(9), toNobody);
        (users[4], list[4]) = (alice, ids[3]);
        uint256 before = alice.balance;
        uint256 reservedBefore = minter.totalInstantUnstaked();
        vm.expectEmit(address(minter));
        emit PushFailed(toNobody, address(9));
        vm.prank(keeper);
        (uint256 processed, uint256 paid) = minter.fulfillRequests(users, list);
        assertEq(processed, 1, "alice alone");
        assertEq(paid, afterFee(10 ether));
        assertEq(alice.balance - before, afterFee(10 ether));
        assertEq(minter.totalInstantUnstaked(), reservedBefore + 41 ether - afterFee(10 ether), "their claims are kept");

        bad[0].set(1, "");
        bad[1].set(2, "");
        for (uint256 i; i < 2; ++i) {
            vm.prank(address(bad[i]));
            vm.expectRevert(abi.encodeWithSelector(TransferFailed.selector, address(bad[i]), afterFee(10 ether)));
            minter.withdraw{gas: 3_000_000}(address(bad[i]), ids[i]);
            (, uint256 lst,) = minter.request(ids[i]);
            assertEq(lst, 10 ether, "the claim stands");
        }
        bad[2].set(3, abi.encodeCall(ILiquidMinter.withdraw, (address(bad[2]), ids[2])));
        vm.prank(address(bad[2]));
        assertEq(minter.withdraw(address(bad[2]), ids[2]), afterFee(10 ether));
        assertEq(bad[2].calls(), 1);
        assertFalse(bad[2].ok());
        assertEq(address(bad[2]).balance, afterFee(10 ether), "paid once");
        // Reformed, or to another address, the others get theirs.
        bad[0].set(0, "");
        vm.prank(address(bad[0]));
        minter.withdraw(address(bad[0]), ids[0]);
        assertEq(address(bad[0]).balance, afterFee(10 ether));
        vm.prank(address(bad[1]));
        minter.withdraw(carol, ids[1]);
        assertEq(carol.balance, 1_000_000 ether + afterFee(10 ether));
        assertSound();
    }

    /// 30 coins of buffer, an exit of 100: 30 now, 70 in the queue.
    function test_l11_partial_instant_thirty_now_seventy_queued() public {
        vm.prank(keeper);
        minter.setWithholdRatio(1_500);
        submit(alice, 100 ether); // 200 in all: the target is 30
        stakeAll();
        assertEq(minter.bufferTarget(), 30 ether);
        assertEq(minter.headroom(), 30 ether);
        uint256 before = alice.balance;
        vm.prank(alice);
        (uint256 paid, uint256 id) = minter.unstake(100 ether);
        // From a full buffer to none: the mean of 30 and 100 bps.
        assertEq(paid, 30 ether - 30 ether * 65 / 10_000);
        assertEq(alice.balance - before, paid);
        (address owner, uint256 lst,) = minter.request(id);
        assertEq(owner, alice);
        assertEq(lst, 70 ether);
        assertEq(token.balanceOf(alice), 99 ether);
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, id), afterFee(70 ether));
        assertSound();
    }

    /// Many payouts in slices, one holder with a dust share: nobody is over- or underpaid by more than dust, and the scale
    /// cannot be worn out.
    function test_l32_pro_rata_with_dust_shares_up_to_the_limit_of_units() public {
        uint256 hers = requestExit(alice, 80 ether);
        submit(bob, 1 ether);
        vm.prank(bob);
        token.transfer(carol, 1_000);
        uint256 dust = requestExit(carol, 1_000);
        closeRung();
        // Nine tenths of what is open, again and again: every round leaves a tenth.
        uint256 spentAll;
        uint256 rounds;
        for (; rounds < 40; ++rounds) {
            uint256 open = minter.line().openLst;
            submit(bob, 100 ether);
            vm.prank(keeper);
            (uint256 spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), open * 9 / 10);
            if (spent == 0) break;
            spentAll += spent;
            assertLe(minter.line().end - minter.line().watermark, minter.line().openLst << 20);
        }
        assertEq(rounds, 6, "10^-6 is left, the next tenth would pass 2^-20");
        // In part claimed, then the rest by FIFO.
        uint256 got = claimNow(alice, hers);
        depart();
        minter.finalize();
        assertEq(minter.line().openLst, 0);
        got += claimNow(alice, hers);
        assertApproxEqAbs(got, afterFee(80 ether), 40, "two claims, some roundings");
        assertLe(got, afterFee(80 ether));
        uint256 before = carol.balance;
        claimNow(carol, dust);
        assertApproxEqAbs(carol.balance - before, 999, 10);
        assertLe(carol.balance - before, 1_000);
        assertSound();
    }

    function test_l32_a_queue_that_empties_and_refills_stays_exact() public {
        uint256 paid;
        for (uint256 i; i < 6; ++i) {
            uint256 id = requestExit(alice, 10 ether + i);
            closeRung();
            if (i % 2 == 0) {
                // Half of it early and pro rata.
                submit(bob, 50 ether);
                vm.prank(keeper);
                minter.fulfillProRata(new address[](0), new uint256[](0), 5 ether);
            }
            depart();
            pass(COOLDOWN);
            sweepAll();
            minter.finalize();
            assertEq(minter.line().openLst, 0, "emptied");
            uint256 got = claimNow(alice, id);
            assertLe(got, afterFee(10 ether + i));
            assertGe(got + 3, afterFee(10 ether + i));
            paid += got;
            pass(2 hours);
        }
        // Reserved: fees, and the dust of roundings.
        assertLe(minter.totalInstantUnstaked() - minter.fees(), 20);
        assertSound();
    }

    /// A whale asks before the close and takes it back; asks again after: no stake moves for it and nobody waits longer.
    function test_l34_a_whale_around_the_close_moves_no_stake_and_blocks_nobody() public {
        submit(mallory, 500 ether);
        stakeAll();
        uint256 mark = vm.snapshotState();
        uint256 hers = leave(alice, 10 ether);
        (uint256 eta,) = minter.exitEta(hers);
        uint256 active = minter.activeStake();
        vm.revertToState(mark);

        uint256 whale = requestExit(mallory, 500 ether);
        hers = requestExit(alice, 10 ether);
        vm.prank(mallory);
        assertEq(minter.cancel(whale), 500 ether);
        assertEq(token.balanceOf(mallory), 500 ether);
        closeRung();
        whale = requestExit(mallory, 500 ether);
        depart();
        assertEq(minter.activeStake(), active, "stake moved for a request that does not stand");
        (uint256 etaNow,) = minter.exitEta(hers);
        assertEq(etaNow, eta);
        vm.prank(mallory);
        minter.cancel(whale);
        // Once its rung is closed there is no way back.
        whale = requestExit(mallory, 500 ether);
        pass(1 hours);
        closeRung();
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(RungNotOpen.selector, whale));
        minter.cancel(whale);
        (etaNow,) = minter.exitEta(hers);
        assertEq(etaNow, eta);
        vm.warp(eta - GRACE);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, hers), afterFee(10 ether));
        assertSound();
    }

    function test_l35_pro_rata_cannot_delay_a_due_rung() public {
        uint256 hers = leave(alice, 40 ether);
        (uint256 eta,) = minter.exitEta(hers);
        submit(bob, 100 ether);
        requestExit(bob, 60 ether);
        pass(1 hours);
        closeRung();
        depart();
        uint256 committed = minter.committed();
        // Early money above the target, shared by all: alice's time does not rise, and what is committed stays.
        vm.prank(keeper);
        (uint256 spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), type(uint96).max);
        uint256 left = minter.headroom();
        assertGe(left, minter.bufferTarget() + minter.committed());
        (uint256 etaNow, bool revised) = minter.exitEta(hers);
        assertLe(etaNow, eta);
        assertFalse(revised);
        assertLe(minter.committed(), committed);
        assertGt(spent, 0);
        // Past her time: pro rata spends nothing, FIFO takes even the buffer.
        vm.warp(eta);
        submit(bob, 300 ether);
        assertGt(minter.due(), 0);
        vm.prank(keeper);
        (spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), type(uint96).max);
        assertEq(spent, 0, "spent on others while a rung is due");
        minter.finalize();
        assertApproxEqAbs(claimNow(alice, hers), afterFee(40 ether), 3);
        assertSound();
    }

    function _queueTo(uint256 lst, address to) private view returns (ExitParams memory) {
        return ExitParams({
            instantMax: 0, ammMax: 0, queueMax: lst, minOutNow: 0, feeLimitBps: 0, deadline: now_(), recipient: to
        });
    }
}
