// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceSource} from "./IPriceSource.sol";

/// @title The median of what several reporters signed.
/// @notice Anyone may submit; a quorum of more than half of the reporters must have signed, each for this contract on this
/// chain, each later than the last time it was counted, and all of them later than the median before. Reporters, quorum and
/// ages never change: others are another source.
interface IMedianSource is IPriceSource {
    struct Report {
        address reporter;
        uint256 price; // wei of the coin for one whole asset
        uint256 timestamp; // unix seconds at which the reporter measured it
        bytes signature; // EIP-712, REPORT_TYPEHASH; ERC-1271 where the reporter is a contract
    }

    /// @notice `timestamp` is the oldest of the reports that were counted.
    event Submitted(address indexed by, uint256 price, uint256 timestamp, uint256 reports);

    error NoReporters();
    /// @notice Reporters are listed in ascending order, none of them twice.
    error ReportersNotAscending(address before, address reporter);
    error TooManyReporters(uint256 count, uint256 most);
    error BadQuorum(uint256 quorum, uint256 least, uint256 most);
    error BadHeartbeat(uint256 seconds_, uint256 most);
    error BadAge(uint256 seconds_, uint256 most);
    error ErrorOutOfRange(uint256 bps, uint256 most);
    error QuorumMissing(uint256 reports, uint256 quorum);
    error NotReporter(address account);
    error WrongSignature(address reporter);
    error BadPrice(address reporter, uint256 price);
    /// @notice Reported for a moment that has not come.
    error FromTheFuture(address reporter, uint256 timestamp, uint256 now_);
    error TooOld(address reporter, uint256 timestamp, uint256 least);
    /// @notice The reporter was counted with a report as late as this one.
    error NotNewer(address reporter, uint256 timestamp, uint256 last);
    /// @notice The oldest of these reports is not later than that of the median before: the price would go back in time.
    error MedianNotNewer(uint256 timestamp, uint256 last);

    /// @notice Counts reports, in ascending order of reporters. All of them count or none.
    function submit(Report[] calldata reports) external returns (uint256 price);

    /// @notice What a reporter signs.
    function digest(uint256 price, uint256 timestamp) external view returns (bytes32);
    function reporters() external view returns (address[] memory);
    function isReporter(address account) external view returns (bool);
    /// @notice Timestamp of the report of `reporter` that was counted last.
    function lastReport(address reporter) external view returns (uint256);
    function REPORT_TYPEHASH() external view returns (bytes32);
    function QUORUM() external view returns (uint256);
    function HEARTBEAT() external view returns (uint256);
    /// @notice How old a report may be when it is submitted. Whoever submits chooses among those that the reporters signed: not
    /// for long.
    function MAX_AGE() external view returns (uint256);
}
