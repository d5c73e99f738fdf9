// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter, ILiquidMinterTypes} from "../../src/liquid/ILiquidMinter.sol";
import {Fixture} from "../Fixture.sol";

/// @notice Makes many requests of one LST each, each by its own call.
contract Crowd {
    ILiquidMinter private immutable MINTER;

    constructor(ILiquidMinter minter) {
        MINTER = minter;
    }

    function request(uint256 n) external {
        ILiquidMinterTypes.ExitParams memory p =
            ILiquidMinterTypes.ExitParams(0, 0, 1 ether, 0, 10_000, block.timestamp, address(this));
        for (uint256 i; i < n; ++i) {
            MINTER.redeem(1 ether, p);
        }
    }
}

/// @notice Gas of the liquid side, into snapshots/gas.json: committed artifacts behind the proxy, each figure one whole
/// isolated transaction (21,000 and calldata included, refunds taken off), cold, no first-ever zero slot of a global.
/// @dev Asserts nothing about size: `make bench` holds the figures beside targets and peers, `make check` their freshness.
/// forge-config: default.isolate = true
/// forge-config: lite.isolate = true
contract LiquidGasTest is Fixture {
    string private constant OUT = "snapshots/gas.json";
    uint256 private constant BUCKETS = 3;

    /// @dev One validator with three buckets (the seed's start), every slot used once, rewards streaming.
    function setUp() public {
        deployAll(1, BUCKETS);
        staking.setValidatorRewardRate(0, NATIVE, 3e9);
        submit(alice, 100_000 ether);
        submit(bob, 10_000 ether);
        submit(carol, 10_000 ether);
        stakeAll();
        vm.prank(alice);
        token.transfer(bob, 1 ether);
        cycle(alice);
        vm.warp(now_() + 1 days);
        minter.loadRewards{value: 0.5 ether}();
        cycle(bob);
        cycle(carol);
        warmMarks();
        vm.prank(carol);
        minter.unstake(1 ether);
        vm.warp(now_() + 1 hours);
        minter.syncValidators();
    }

    receive() external payable {}

    /// @dev A whole exit, so that line, checkpoints, marks and cursors have been written before.
    function cycle(address who) internal {
        vm.deal(address(this), 1000 ether);
        uint256 id = requestExit(who, 100 ether);
        vm.warp(now_() + 2 hours);
        closeRung();
        depart();
        vm.warp(now_() + COOLDOWN + 2 hours);
        sweep(0);
        vm.prank(keeper);
        minter.claim(uint16(0));
        minter.finalize();
        claimNow(who, id);
        stakeAll();
        minter.syncValidators();
    }

    /// @dev The ring of marks goes once around, by exits that headroom above the target nets.
    function warmMarks() internal {
        for (uint256 i; i < 1_030; ++i) {
            submit(bob, 2 ether);
            request(bob);
            vm.warp(now_() + 1 hours);
            closeRung();
            depart();
            minter.finalize();
        }
        stakeAll();
    }

    // ------------------------------------------------------------------------------------------------------ the table

    function note(string memory key) internal returns (string memory) {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertGt(gas, 21_000, "not a whole transaction");
        emit log_named_uint(key, gas);
        return vm.serializeUint("gas", key, gas);
    }

    function request(address who) internal {
        vm.prank(who);
        minter.redeem(1 ether, ExitParams(0, 0, 1 ether, 0, 10_000, now_(), who));
    }

    /// @dev `n` requests of one LST by calls, in rungs of at most 1,000, closed.
    function queue(uint256 n) internal {
        submit(alice, n * 1 ether + 2 ether);
        Crowd crowd = new Crowd(minter);
        vm.prank(alice);
        token.transfer(address(crowd), n * 1 ether);
        for (uint256 left = n; left != 0;) {
            uint256 some = left < 1_000 ? left : 1_000;
            crowd.request(some);
            left -= some;
            vm.warp(now_() + 1 hours);
            closeRung();
        }
    }

    function test_gas_table() public {
        uint256 start = vm.snapshotState();
        address dave = makeAddr("dave");
        vm.deal(dave, 100 ether);

        vm.prank(dave);
        minter.submit{value: 1 ether}();
        note("liquid.deposit.new_holder");
        vm.warp(now_() + 60);
        vm.prank(dave);
        minter.submit{value: 1 ether}();
        note("liquid.deposit.again");

        vm.revertToState(start);
        vm.prank(alice);
        token.transfer(bob, 1 ether);
        note("liquid.transfer.existing");
        vm.revertToState(start);
        vm.prank(alice);
        token.transfer(dave, 1 ether);
        note("liquid.transfer.new");

        vm.revertToState(start);
        vm.prank(bob);
        minter.redeem(1 ether, ExitParams(1 ether, 0, 0, 0, 10_000, now_(), bob));
        note("liquid.instant_exit");

        vm.revertToState(start);
        request(bob);
        note("liquid.request.first");
        vm.warp(now_() + 60);
        request(bob);
        note("liquid.request.again");
        vm.warp(now_() + 1 hours);
        vm.prank(keeper);
        minter.closeRung();
        note("liquid.close_rung");

        receiptRows(start, dave);

        exits(start, 1, ".1");
        exits(start, 10, ".10");
        exits(start, 1_000, ".1000");
        exits(start, 100_000, ".100000");

        vm.revertToState(start);
        vm.deal(address(this), 0);
        uint256 id = requestExit(bob, 100 ether);
        vm.warp(now_() + 1 hours);
        closeRung();
        vm.prank(keeper);
        minter.processBatchUnstake();
        note("liquid.depart.one_bucket");
        assertEq(minter.totalUnstaked(), 100 ether + 1 gwei);
        vm.warp(now_() + COOLDOWN);
        vm.prank(keeper);
        minter.sweepMaturedBuckets(0, 1);
        note("liquid.sweep.1");
        vm.prank(keeper);
        minter.claim(uint16(0));
        minter.finalize();
        (uint256[] memory a, uint256[] memory b) = minter.findHints(one(id));
        vm.prank(bob);
        minter.claim(id, a[0], b[0]);
        note("liquid.claim");

        vm.revertToState(start);
        vm.warp(now_() + 1 days);
        vm.prank(keeper);
        minter.claimBuckets(0, 0, 1);
        note("liquid.claim_rewards.one_bucket");

        vm.revertToState(start);
        submit(alice, 100 ether);
        vm.prank(keeper);
        minter.stakeWitheldForValidator(10 ether, 0);
        vm.prank(keeper);
        minter.rebalance();
        note("liquid.stake_bus.one_validator");

        vm.revertToState(start);
        vm.prank(admin);
        minter.addBuckets(0, 10);
        note("liquid.add_buckets.10");

        vm.revertToState(start);
        sweepTwenty();
        string memory json = note("liquid.sweep.20");
        vm.writeFile(OUT, json);
    }

    /// @dev Between people who hold receipts already, and to somebody who never did.
    function receiptRows(uint256 start, address dave) internal {
        vm.revertToState(start);
        uint256 hers = requestExit(carol, 1 ether);
        vm.prank(carol);
        minter.mintReceipt(hers);
        uint256[2] memory ids = [requestExit(bob, 1 ether), requestExit(bob, 1 ether)];
        vm.warp(now_() + 1 hours);
        closeRung();
        vm.prank(bob);
        minter.mintReceipt(ids[0]);
        vm.prank(bob);
        minter.mintReceipt(ids[1]);
        note("liquid.receipt.mint");
        uint256 made = vm.snapshotState();
        vm.prank(bob);
        receipts.transferFrom(bob, carol, ids[0]);
        note("liquid.receipt.transfer.existing");
        vm.revertToState(made);
        vm.prank(bob);
        receipts.transferFrom(bob, dave, ids[0]);
        note("liquid.receipt.transfer.new");
    }

    function one(uint256 id) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = id;
    }

    /// @dev finalize and pro rata over `n` open requests.
    function exits(uint256 start, uint256 n, string memory suffix) internal {
        vm.revertToState(start);
        queue(n);
        uint256 made = vm.snapshotState();
        depart();
        assertGt(minter.committed(), 0);
        minter.finalize();
        note(string.concat("liquid.finalize", suffix));
        if (n == 10) return;
        vm.revertToState(made);
        submit(alice, 1_000 ether);
        vm.prank(keeper);
        (uint256 spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), 0.4 ether);
        note(string.concat("liquid.pro_rata", suffix));
        assertGt(spent, 0.39 ether);
    }

    /// @dev Twenty buckets that cooled with one large exit.
    function sweepTwenty() internal {
        vm.prank(admin);
        minter.addBuckets(0, 30);
        submit(alice, 500_000 ether);
        stakeAll();
        requestExit(alice, 440_000 ether);
        vm.warp(now_() + 1 hours);
        closeRung();
        depart();
        depart();
        (uint256 total,,) = minter.getBucketAvailabilitySummary(0);
        assertGt(total, 20);
        vm.warp(now_() + COOLDOWN);
        vm.prank(keeper);
        (uint256 swept,) = minter.sweepMaturedBuckets(0, 20);
        assertEq(swept, 20);
    }
}
