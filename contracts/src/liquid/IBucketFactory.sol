// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Deploys buckets as CREATE2 clones at addresses that follow from (validatorId, index).
interface IBucketFactory {
    event BucketCreated(uint16 indexed validatorId, uint256 indexed index, address bucket);

    error NotController(address caller);
    error TooManyBuckets(uint16 validatorId, uint256 count, uint256 most);

    function CONTROLLER() external view returns (address);
    /// @notice The StakerBucket that every clone delegates to.
    function IMPLEMENTATION() external view returns (address);
    /// @notice Code hash of every bucket. Anybody can deploy a clone with the same code; it obeys the controller too, so it
    /// is no way around anything, and it is at no bucket's address.
    function BUCKET_CODEHASH() external view returns (bytes32);
    /// @notice Controller only: makes sure that buckets [from, to) of the validator exist (those that do are left alone).
    function create(uint16 validatorId, uint256 from, uint256 to) external;
    function bucketAddress(uint16 validatorId, uint256 index) external view returns (address);
}
