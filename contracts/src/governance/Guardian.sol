// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IGuardian, IPausable} from "./IGuardian.sol";

/// @title A mandate to stop things for a while, and nothing else.
/// @notice IGuardian carries the NatSpec.
contract Guardian is IGuardian {
    uint256 public constant MAX_MANDATE = 365 days;
    uint256 public constant MAX_PAUSE = 7 days;
    /// @notice From the beginning of one pause to that of the next.
    uint256 public constant PAUSE_PERIOD = 30 days;
    uint256 private constant LOCAL_CHAIN = 31_337;
    bytes3 private constant DELEGATED = 0xef0100;

    /// @inheritdoc IGuardian
    address public immutable TIMELOCK;

    /// @inheritdoc IGuardian
    address public holder;
    /// @inheritdoc IGuardian
    uint256 public until;
    /// @inheritdoc IGuardian
    mapping(address basket => mapping(IPausable.Part part => uint256)) public pauseFrom;

    modifier onlyTimelock() {
        if (msg.sender != TIMELOCK) revert NotTimelock(msg.sender);
        _;
    }

    modifier onlyHolder() {
        if (!isActing(msg.sender)) revert NotHolder(msg.sender);
        _;
    }

    constructor(address timelock, address holder_, uint256 until_) {
        if (timelock == address(0)) revert ZeroAddress();
        TIMELOCK = timelock;
        _appoint(holder_, until_);
    }

    // ------------------------------------------------------------------------------------------------------------- mandate

    /// @inheritdoc IGuardian
    function appoint(address holder_, uint256 until_) external onlyTimelock {
        _appoint(holder_, until_);
    }

    /// @inheritdoc IGuardian
    function remove() external onlyTimelock {
        emit Removed(holder);
        (holder, until) = (address(0), 0);
    }

    /// @inheritdoc IGuardian
    function resign() external onlyHolder {
        emit Resigned(holder);
        (holder, until) = (address(0), 0);
    }

    /// @inheritdoc IGuardian
    function isActing(address account) public view returns (bool) {
        return account == holder && account != address(0) && block.timestamp < until;
    }

    function _appoint(address holder_, uint256 until_) private {
        if (holder_ == address(0)) revert ZeroAddress();
        if (!_isContract(holder_) && block.chainid != LOCAL_CHAIN) revert NotContract(holder_);
        uint256 most = block.timestamp + MAX_MANDATE;
        if (until_ <= block.timestamp || until_ > most) revert MandateOutOfRange(until_, block.timestamp + 1, most);
        (holder, until) = (holder_, until_);
        emit Appointed(holder_, until_);
    }

    /// @dev A key that borrows a contract's code (EIP-7702) is a key: its code begins with DELEGATED, which no contract's does.
    function _isContract(address holder_) private view returns (bool) {
        bytes memory code = holder_.code;
        return code.length != 0 && bytes3(code) != DELEGATED;
    }

    // -------------------------------------------------------------------------------------------------------------- pauses

    /// @inheritdoc IGuardian
    function pause(IPausable basket, IPausable.Part part, uint256 time) external onlyHolder {
        if (time == 0 || time > MAX_PAUSE) revert PauseOutOfRange(time, MAX_PAUSE);
        uint256 from = pauseFrom[address(basket)][part];
        if (block.timestamp < from) revert PauseNotYet(address(basket), part, from);
        pauseFrom[address(basket)][part] = block.timestamp + PAUSE_PERIOD;
        emit Paused(address(basket), part, block.timestamp + time);
        basket.pause(part, time);
    }

    /// @inheritdoc IGuardian
    function unpause(IPausable basket, IPausable.Part part) external onlyHolder {
        emit Unpaused(address(basket), part);
        basket.unpause(part);
    }
}
