// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasketTimelock, IExit} from "./IBasketTimelock.sol";
import {Codes} from "./lib/Codes.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Executes what was voted for, later than everybody can have left.
/// @notice IBasketTimelock carries the NatSpec.
contract BasketTimelock is IBasketTimelock, TimelockController {
    /// @notice Loops over baskets end here.
    uint256 public constant MAX_BASKETS = 32;
    /// @notice A longer exit is not believed, so that no basket can stop governance.
    uint256 public constant MAX_EXIT = 365 days;
    uint256 public constant MAX_DELAY = 365 days;
    /// @dev Gas for one basket's answer.
    uint256 private constant ASK_GAS = 200_000;

    /// @dev One slot.
    struct Scheduled {
        uint48 at; // unix seconds; 0: not scheduled here
        bytes26 code; // of the targets, the first 208 bits of codeOf
    }

    mapping(bytes32 id => Scheduled) private _scheduled;
    address[] private _baskets;
    /// @inheritdoc IBasketTimelock
    mapping(address basket => uint256) public notedExit;
    mapping(address basket => bool) private _registered;
    /// @dev The delay before the operation that is running; 0: none is.
    uint256 private _inForce;

    /// @param admin the deployer, who gives the roles, registers the first baskets and renounces
    constructor(uint256 minDelay, address[] memory proposers, address[] memory executors, address admin)
        TimelockController(minDelay, proposers, executors, admin)
    {
        if (minDelay == 0 || minDelay > MAX_DELAY) revert DelayOutOfRange(minDelay, 1, MAX_DELAY);
    }

    // ------------------------------------------------------------------------------------------------------------- baskets

    /// @inheritdoc IBasketTimelock
    function register(address basket) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (basket == address(0)) revert ZeroAddress();
        if (_registered[basket]) revert AlreadyRegistered(basket);
        if (_baskets.length == MAX_BASKETS) revert TooManyBaskets(MAX_BASKETS);
        (bool said, uint256 exit) = _ask(basket);
        if (!said || exit > MAX_EXIT) revert BadExit(basket, exit);
        uint256 delay = getMinDelay();
        if (exit > delay) revert DelayTooShort(delay, exit);
        _registered[basket] = true;
        notedExit[basket] = exit;
        _baskets.push(basket);
        emit BasketRegistered(basket, exit);
    }

    /// @inheritdoc IBasketTimelock
    function note(address basket) external {
        if (!_registered[basket]) revert NotRegistered(basket);
        (bool said, uint256 exit) = _ask(basket);
        if (!said || exit > MAX_EXIT) revert BadExit(basket, exit);
        notedExit[basket] = exit;
        emit ExitNoted(basket, exit);
    }

    /// @inheritdoc IBasketTimelock
    function longestExit() public view returns (uint256 longest) {
        uint256 n = _baskets.length;
        // bound(MAX_BASKETS): register allows no more
        for (uint256 i; i < n; ++i) {
            address basket = _baskets[i];
            (bool said, uint256 exit) = _ask(basket);
            if (!said) exit = notedExit[basket];
            longest = Math.max(longest, Math.min(exit, MAX_EXIT));
        }
    }

    /// @inheritdoc IBasketTimelock
    function baskets() external view returns (address[] memory) {
        return _baskets;
    }

    // --------------------------------------------------------------------------------------------------------------- delay

    /// @notice The delay in force: what is set, or the longest exit where that is longer.
    function getMinDelay() public view override returns (uint256) {
        if (_inForce != 0) return _inForce;
        return Math.max(super.getMinDelay(), longestExit());
    }

    /// @notice The timelock itself only. Not below the longest exit.
    function updateDelay(uint256 newDelay) public override {
        uint256 least = Math.max(1, longestExit());
        if (newDelay < least || newDelay > MAX_DELAY) revert DelayOutOfRange(newDelay, least, MAX_DELAY);
        super.updateDelay(newDelay);
    }

    /// @inheritdoc IBasketTimelock
    function readyAt(bytes32 id) public view returns (uint256) {
        uint256 at = getTimestamp(id);
        if (at <= DONE_TIMESTAMP) return at;
        return Math.max(at, _scheduled[id].at + getMinDelay());
    }

    // ---------------------------------------------------------------------------------------------------------- operations

    function schedule(
        address target,
        uint256 value,
        bytes calldata data,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) public override {
        super.schedule(target, value, data, predecessor, salt, delay);
        _keep(hashOperation(target, value, data, predecessor, salt), Codes.one(target));
    }

    function scheduleBatch(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) public override {
        super.scheduleBatch(targets, values, payloads, predecessor, salt, delay);
        _keep(hashOperationBatch(targets, values, payloads, predecessor, salt), Codes.all(targets));
    }

    function execute(address target, uint256 value, bytes calldata payload, bytes32 predecessor, bytes32 salt)
        public
        payable
        override
    {
        _check(hashOperation(target, value, payload, predecessor, salt), Codes.one(target));
        bool outermost = _enter();
        super.execute(target, value, payload, predecessor, salt);
        if (outermost) _inForce = 0;
    }

    function executeBatch(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt
    ) public payable override {
        _check(hashOperationBatch(targets, values, payloads, predecessor, salt), Codes.all(targets));
        bool outermost = _enter();
        super.executeBatch(targets, values, payloads, predecessor, salt);
        if (outermost) _inForce = 0;
    }

    /// @inheritdoc IBasketTimelock
    function codeOf(address[] calldata targets) external view returns (bytes32) {
        return Codes.all(targets);
    }

    function _keep(bytes32 id, bytes32 code) private {
        _scheduled[id] = Scheduled({at: uint48(block.timestamp), code: bytes26(code)});
    }

    /// @dev Whether it was scheduled at all, and is not done, is the controller's to say.
    function _check(bytes32 id, bytes32 code) private view {
        uint256 at = readyAt(id);
        if (at > DONE_TIMESTAMP && block.timestamp < at) revert TooEarly(id, block.timestamp, at);
        if (at > DONE_TIMESTAMP && _scheduled[id].code != bytes26(code)) revert TargetReplaced(id);
    }

    function _enter() private returns (bool outermost) {
        outermost = _inForce == 0;
        if (outermost) _inForce = getMinDelay();
    }

    // -------------------------------------------------------------------------------------------------------------- asking

    /// @dev Takes one word of the answer and no more.
    function _ask(address basket) private view returns (bool said, uint256 exit) {
        bytes4 what = IExit.longestExit.selector;
        uint256 gasLimit = ASK_GAS;
        // The scratch space serves as a buffer.
        assembly ("memory-safe") {
            mstore(0, what)
            said := staticcall(gasLimit, basket, 0, 4, 0, 32)
            said := and(said, iszero(lt(returndatasize(), 32)))
            if said { exit := mload(0) }
        }
    }
}
