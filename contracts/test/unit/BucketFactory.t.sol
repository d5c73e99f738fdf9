// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BucketFactory} from "../../src/liquid/BucketFactory.sol";
import {IBucketFactory} from "../../src/liquid/IBucketFactory.sol";
import {StakerBucket} from "../../src/liquid/StakerBucket.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Test, Vm} from "forge-std/Test.sol";

/// forge-config: default.isolate = true
/// forge-config: lite.isolate = true
contract BucketFactoryTest is Test {
    BucketFactory factory;
    address staking = makeAddr("staking");

    function setUp() public {
        factory = new BucketFactory(address(this), staking);
    }

    function test_creates_at_the_predicted_addresses_and_leaves_existing_ones_alone() public {
        vm.expectEmit(address(factory));
        emit IBucketFactory.BucketCreated(7, 0, factory.bucketAddress(7, 0));
        factory.create(7, 0, 3);
        vm.recordLogs();
        factory.create(7, 0, 5);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2, "only 3 and 4 are new");
        assertEq(uint256(logs[0].topics[2]), 3);
        assertEq(uint256(logs[1].topics[2]), 4);
        for (uint256 i; i < 5; ++i) {
            address at = factory.bucketAddress(7, i);
            assertEq(at.codehash, factory.BUCKET_CODEHASH());
            assertEq(StakerBucket(payable(at)).CONTROLLER(), address(this));
            assertEq(address(StakerBucket(payable(at)).STAKING()), staking);
        }
        assertEq(factory.bucketAddress(7, 5).code.length, 0);
    }

    function test_l15_every_validator_and_index_has_its_own_address() public {
        uint16[4] memory ids = [uint16(0), 1, 255, 65_535];
        address[] memory seen = new address[](ids.length * 128);
        for (uint256 v; v < ids.length; ++v) {
            for (uint256 i; i < 128; ++i) {
                address at = factory.bucketAddress(ids[v], i);
                for (uint256 k; k < v * 128 + i; k += 37) {
                    assertNotEq(at, seen[k]);
                }
                seen[v * 128 + i] = at;
            }
        }
        factory.create(65_535, 0, 1);
        factory.create(0, 0, 1);
        assertEq(factory.bucketAddress(65_535, 0).codehash, factory.BUCKET_CODEHASH());
        assertEq(factory.bucketAddress(0, 0).codehash, factory.BUCKET_CODEHASH());
    }

    function test_at_most_128_per_validator_and_by_the_controller_alone() public {
        factory.create(1, 0, 128);
        assertEq(factory.bucketAddress(1, 127).codehash, factory.BUCKET_CODEHASH());
        vm.expectRevert(abi.encodeWithSelector(IBucketFactory.TooManyBuckets.selector, 1, 129, 128));
        factory.create(1, 128, 129);
        address mallory = makeAddr("mallory");
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IBucketFactory.NotController.selector, mallory));
        factory.create(1, 0, 1);
    }

    /// Coins sent ahead to a bucket's address do not stop its creation.
    function test_l22_a_funded_address_is_created_all_the_same() public {
        vm.deal(factory.bucketAddress(2, 0), 1 ether);
        factory.create(2, 0, 1);
        assertEq(factory.bucketAddress(2, 0).codehash, factory.BUCKET_CODEHASH());
    }

    /// A stranger's clone shares the code, and obeys the controller alone like the others.
    function test_a_foreign_clone_is_at_no_buckets_address() public {
        address clone = Clones.cloneDeterministic(factory.IMPLEMENTATION(), bytes32(uint256(7) << 240));
        assertEq(clone.codehash, factory.BUCKET_CODEHASH());
        assertNotEq(clone, factory.bucketAddress(7, 0));
        assertEq(StakerBucket(payable(clone)).CONTROLLER(), address(this));
    }

    function test_gas_ten_buckets() public {
        factory.create(3, 0, 10);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint("create 10 buckets, whole transaction without the minter", gas);
        assertLe(gas, 495_000); // leaves the minter 25,000 of 520,000
    }
}
