// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBucketFactory} from "./IBucketFactory.sol";
import {StakerBucket} from "./StakerBucket.sol";
import {BucketAddress} from "./lib/BucketAddress.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title Deploys buckets as CREATE2 clones at addresses that follow from (validatorId, index).
/// @notice Deploys the implementation itself, so that controller and staking system of every bucket are those given here.
/// @dev No storage: what exists is read from the chain, so a bucket is catalogued by its address alone.
contract BucketFactory is IBucketFactory {
    /// @notice The most buckets of one validator.
    uint256 public constant MAX_BUCKETS = 128;

    /// @inheritdoc IBucketFactory
    address public immutable CONTROLLER;
    /// @inheritdoc IBucketFactory
    address public immutable IMPLEMENTATION;
    /// @inheritdoc IBucketFactory
    bytes32 public immutable BUCKET_CODEHASH;

    constructor(address controller, address staking) {
        CONTROLLER = controller;
        IMPLEMENTATION = address(new StakerBucket(controller, staking));
        // EIP-1167's runtime code around the implementation.
        BUCKET_CODEHASH =
            keccak256(abi.encodePacked(hex"363d3d373d3d3d363d73", IMPLEMENTATION, hex"5af43d82803e903d91602b57fd5bf3"));
    }

    /// @inheritdoc IBucketFactory
    function create(uint16 validatorId, uint256 from, uint256 to) external {
        if (msg.sender != CONTROLLER) revert NotController(msg.sender);
        if (to > MAX_BUCKETS) revert TooManyBuckets(validatorId, to, MAX_BUCKETS);
        // bound(MAX_BUCKETS): `to` is checked above
        for (uint256 index = from; index < to; ++index) {
            if (bucketAddress(validatorId, index).code.length != 0) continue;
            address bucket = Clones.cloneDeterministic(IMPLEMENTATION, BucketAddress.salt(validatorId, index));
            emit BucketCreated(validatorId, index, bucket);
        }
    }

    /// @inheritdoc IBucketFactory
    function bucketAddress(uint16 validatorId, uint256 index) public view returns (address) {
        return BucketAddress.at(address(this), IMPLEMENTATION, validatorId, index);
    }
}
