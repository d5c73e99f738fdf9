// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {GovernanceFixture} from "../governance/GovernanceFixture.sol";

/// @notice Gas of governance, into snapshots/gas-governance.json, measured as LiquidGas.t.sol does: whole isolated transactions.
/// forge-config: default.isolate = true
/// forge-config: lite.isolate = true
contract GovernanceGasTest is GovernanceFixture {
    string private constant OUT = "snapshots/gas-governance.json";

    function note(string memory key, uint256 most) private returns (string memory) {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertGt(gas, 21_000, "not a whole transaction");
        emit log_named_uint(key, gas);
        if (most != 0) assertLe(gas, most, key);
        return vm.serializeUint("gas", key, gas);
    }

    /// One call with two words of arguments, described in a sentence.
    function test_gas_of_governance() public {
        Bill memory b = setWeights(6_000, 4_000);
        b.text = "Weights: 60 % CORE, 40 % stCORE";
        propose(alice, b);
        note("governance.propose", 80_000);
        open();
        uint256 start = vm.snapshotState();
        // Below the quorum, then the vote that reaches it, then one more.
        vote(bob, b, FOR);
        note("governance.vote.first", 125_000);
        vote(alice, b, FOR);
        note("governance.vote", 125_000);
        vote(carol, b, AGAINST);
        note("governance.vote.again", 125_000);
        vm.revertToState(start);
        vote(alice, b, FOR);
        note("governance.vote.first_of_all_and_quorum", 125_000);
        vm.warp(governor.proposalDeadline(b.id) + 1);
        queue(b);
        note("governance.queue", 0);
        vm.warp(timelock.readyAt(operation(b)));
        execute(b);
        note("governance.execute", 0);
        vm.prank(alice);
        gov.transfer(bob, 1e18);
        note("governance.gov_transfer", 0);
        vm.prank(alice);
        gov.delegate(carol);
        vm.writeFile(OUT, note("governance.delegate", 0));
    }
}
