// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BasketGovernor} from "../../src/governance/BasketGovernor.sol";
import {BasketTimelock} from "../../src/governance/BasketTimelock.sol";
import {GovToken} from "../../src/governance/GovToken.sol";
import {Guardian} from "../../src/governance/Guardian.sol";
import {IExit} from "../../src/governance/IBasketTimelock.sol";
import {IGovToken} from "../../src/governance/IGovToken.sol";
import {IPausable} from "../../src/governance/IGuardian.sol";
import {Fixture} from "../Fixture.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

/// What governance sees of a basket: weights, a fee recipient, sleeves with their slowest way out, pauses. It obeys the
/// timelock, and the guardian's pauses, and has no limit of its own on these.
contract Pot is IExit, IPausable {
    address public immutable TIMELOCK;
    address public immutable GUARDIAN;
    uint256 public constant EPOCH = 2 days;

    uint256[] public weights;
    uint256[] public exits;
    mapping(Part part => uint256) public pausedUntil;

    error NotTimelock(address caller);
    error NotGuardian(address caller);
    error ExitTooSlow(uint256 longestExit, uint256 delay);
    error Closed(Part part);

    constructor(address timelock, address guardian) payable {
        (TIMELOCK, GUARDIAN) = (timelock, guardian);
        exits.push(7 days);
        weights.push(10_000);
    }

    modifier onlyTimelock() {
        if (msg.sender != TIMELOCK) revert NotTimelock(msg.sender);
        _;
    }

    function setWeights(uint256[] calldata to) external onlyTimelock {
        weights = to;
    }

    /// The sleeve first, then the check: the timelock must not count it yet.
    function addSleeve(uint256 exit) external onlyTimelock {
        exits.push(exit);
        uint256 delay = BasketTimelock(payable(TIMELOCK)).getMinDelay();
        if (longestExit() > delay) revert ExitTooSlow(longestExit(), delay);
    }

    function take(address payable to) external onlyTimelock {
        to.transfer(address(this).balance);
    }

    function longestExit() public view returns (uint256 longest) {
        for (uint256 i; i < exits.length; ++i) {
            if (exits[i] > longest) longest = exits[i];
        }
        longest += EPOCH;
    }

    function pause(Part part, uint256 time) external {
        if (msg.sender != GUARDIAN) revert NotGuardian(msg.sender);
        pausedUntil[part] = block.timestamp + time;
    }

    function unpause(Part part) external {
        if (msg.sender != GUARDIAN && msg.sender != TIMELOCK) revert NotGuardian(msg.sender);
        pausedUntil[part] = 0;
    }

    function mint() external view {
        _open(Part.Mint);
    }

    function instantExit() external view {
        _open(Part.Instant);
    }

    function auction() external view {
        _open(Part.Auction);
    }

    /// In kind, epochs and claims: nothing in the way.
    function redeemInKind() external pure returns (bool) {
        return true;
    }

    function _open(Part part) private view {
        if (block.timestamp < pausedUntil[part]) revert Closed(part);
    }
}

/// The guardian's wallet: a contract.
contract Wallet {
    function call(address to, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory said) = to.call(data);
        if (!ok) {
            assembly {
                revert(add(said, 32), mload(said))
            }
        }
        return said;
    }
}

/// GOV of 100,000,000: 40 % in the timelock, alice 3 %, bob 2 %, carol 1 %, crowd the rest, of whom nobody votes. The deployer
/// has renounced. One pot, its way out takes 9 days at most; the delay is 10.
abstract contract GovernanceFixture is Fixture {
    uint256 internal constant ALL = 100_000_000e18;
    uint256 internal constant DELAY = 10 days;
    uint256 internal constant FLOOR = 1_500_000e18;
    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;
    uint8 internal constant ABSTAIN = 2;

    GovToken internal gov;
    BasketTimelock internal timelock;
    BasketGovernor internal governor;
    Guardian internal mandate;
    Wallet internal wallet;
    Pot internal pot;
    address internal crowd = makeAddr("crowd");
    address internal mallory = makeAddr("mallory");

    /// A proposal.
    struct Bill {
        address[] targets;
        uint256[] values;
        bytes[] calls;
        string text;
        uint256 id;
    }

    function setUp() public virtual {
        vm.warp(T0);
        vm.chainId(1_116);
        address[] memory nobody = new address[](0);
        address[] memory anybody = new address[](1);
        timelock = BasketTimelock(payable(create("BasketTimelock", abi.encode(DELAY, nobody, anybody, this))));
        gov = GovToken(create("GovToken", abi.encode("Omnibus", "GOV", timelock, allocations())));
        wallet = new Wallet();
        mandate = Guardian(create("Guardian", abi.encode(timelock, wallet, T0 + 365 days)));
        governor = BasketGovernor(payable(create("BasketGovernor", abi.encode(gov, timelock, mandate, FLOOR))));
        pot = new Pot{value: 0}(address(timelock), address(mandate));
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(governor));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(governor));
        timelock.register(address(pot));
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        address[3] memory who = [alice, bob, carol];
        for (uint256 i; i < 3; ++i) {
            vm.prank(who[i]);
            gov.delegate(who[i]);
        }
        pass(1 hours);
    }

    function allocations() internal view returns (IGovToken.Allocation[] memory list) {
        list = new IGovToken.Allocation[](5);
        list[0] = IGovToken.Allocation(address(timelock), 40_000_000e18);
        list[1] = IGovToken.Allocation(alice, 3_000_000e18);
        list[2] = IGovToken.Allocation(bob, 2_000_000e18);
        list[3] = IGovToken.Allocation(carol, 1_000_000e18);
        list[4] = IGovToken.Allocation(crowd, 54_000_000e18);
    }

    function pass(uint256 time) internal {
        vm.warp(now_() + time);
    }

    // ------------------------------------------------------------------------------------------------------------- bills

    function bill(address target, bytes memory call, string memory text) internal pure returns (Bill memory b) {
        b.targets = new address[](1);
        b.values = new uint256[](1);
        b.calls = new bytes[](1);
        (b.targets[0], b.calls[0], b.text) = (target, call, text);
    }

    function two(Bill memory a, Bill memory c) internal pure returns (Bill memory b) {
        b.targets = new address[](2);
        b.values = new uint256[](2);
        b.calls = new bytes[](2);
        (b.targets[0], b.calls[0], b.text) = (a.targets[0], a.calls[0], a.text);
        (b.targets[1], b.calls[1]) = (c.targets[0], c.calls[0]);
    }

    function setWeights(uint256 first, uint256 second) internal view returns (Bill memory) {
        uint256[] memory to = new uint256[](2);
        (to[0], to[1]) = (first, second);
        return bill(address(pot), abi.encodeCall(Pot.setWeights, (to)), "weights");
    }

    function removal() internal view returns (Bill memory) {
        return bill(address(mandate), abi.encodeCall(Guardian.remove, ()), "the guardian goes");
    }

    function propose(address by, Bill memory b) internal returns (uint256) {
        vm.prank(by);
        b.id = governor.propose(b.targets, b.values, b.calls, b.text);
        return b.id;
    }

    /// To the first second in which votes count.
    function open() internal {
        pass(1 days + 1);
    }

    function vote(address by, Bill memory b, uint8 support) internal {
        vm.prank(by);
        governor.castVote(b.id, support);
    }

    function queue(Bill memory b) internal {
        governor.queue(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
    }

    /// By somebody who holds nothing.
    function execute(Bill memory b) internal {
        vm.prank(mallory);
        governor.execute(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
    }

    function cancel(address by, Bill memory b) internal {
        vm.prank(by);
        governor.cancel(b.targets, b.values, b.calls, keccak256(bytes(b.text)));
    }

    /// The guardian's wallet cancels.
    function veto(Bill memory b) internal {
        wallet.call(
            address(governor), abi.encodeCall(governor.cancel, (b.targets, b.values, b.calls, keccak256(bytes(b.text))))
        );
    }

    /// Proposed, voted for by alice, queued.
    function passBill(Bill memory b) internal {
        propose(alice, b);
        open();
        vote(alice, b, FOR);
        vm.warp(governor.proposalDeadline(b.id) + 1);
        queue(b);
    }

    function enact(Bill memory b) internal {
        passBill(b);
        vm.warp(timelock.readyAt(operation(b)));
        execute(b);
    }

    /// The operation of a queued bill, as the timelock counts it.
    function operation(Bill memory b) internal view returns (bytes32) {
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(b.text));
        return timelock.hashOperationBatch(b.targets, b.values, b.calls, 0, salt);
    }

    function assertStage(Bill memory b, IGovernor.ProposalState stage) internal view {
        assertEq(uint256(governor.state(b.id)), uint256(stage), "stage");
    }

    function unexpected(Bill memory b, IGovernor.ProposalState stage, uint256 allowed)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IGovernor.GovernorUnexpectedProposalState.selector, b.id, stage, bytes32(allowed));
    }
}
