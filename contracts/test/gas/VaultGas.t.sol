// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Fixture} from "../Fixture.sol";

/// @notice Gas of the vault, into snapshots/gas-vault.json, measured as LiquidGas.t.sol does: whole isolated transactions.
/// forge-config: default.isolate = true
/// forge-config: lite.isolate = true
contract VaultGasTest is Fixture {
    string private constant OUT = "snapshots/gas-vault.json";

    function setUp() public {
        deployAll(1, 3);
        vm.deal(address(this), 1_000 ether);
        submit(alice, 100_000 ether);
        submit(bob, 10_000 ether);
        submit(carol, 10_000 ether);
        stakeAll();
        address[3] memory who = [alice, bob, carol];
        for (uint256 i; i < 3; ++i) {
            vm.startPrank(who[i]);
            token.approve(address(vault), type(uint256).max);
            vault.deposit(1_000 ether, who[i]);
            vm.stopPrank();
        }
        minter.loadRewards{value: 50 ether}();
        vm.warp(now_() + 2 days);
        vault.harvest();
        vm.warp(now_() + 1 days);
        minter.loadRewards{value: 0.5 ether}();
        vault.harvest();
        exit(alice);
        exit(bob);
        minter.loadRewards{value: 1 ether}();
        vm.warp(now_() + 1 days);
        vault.harvest();
        vm.warp(now_() + 60);
    }

    /// @dev A whole exit through the line, so that every global slot has been written before.
    function exit(address who) private {
        vm.prank(who);
        coinVault.requestRedeem(10 ether, who, who);
        vm.warp(now_() + 2 hours);
        closeRung();
        depart();
        vm.warp(now_() + COOLDOWN + 2 hours);
        sweep(0);
        minter.finalize();
        uint256 all = coinVault.maxRedeem(who);
        vm.prank(who);
        coinVault.redeem(all, who, who);
    }

    function note(string memory key) private returns (string memory) {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertGt(gas, 21_000, "not a whole transaction");
        emit log_named_uint(key, gas);
        return vm.serializeUint("gas", key, gas);
    }

    function test_gas_of_the_vault() public {
        uint256 start = vm.snapshotState();
        vm.prank(alice);
        vault.deposit(1 ether, alice);
        note("vault.deposit.again");
        vm.prank(alice);
        vault.redeem(1 ether, alice, alice);
        note("vault.redeem");
        vm.prank(alice);
        vault.transfer(bob, 1 ether);
        note("vault.transfer.existing");

        vm.revertToState(start);
        vm.prank(alice);
        minter.submitAndDeposit{value: 1 ether}(alice, 0);
        note("vault.submit_and_deposit");
        vm.prank(alice);
        vault.submitAndDeposit{value: 1 ether}(alice, 0);
        note("vault.submit_and_deposit.direct");
        vm.prank(alice);
        coinVault.deposit{value: 1 ether}(1 ether, alice);
        note("coin_vault.deposit");

        vm.revertToState(start);
        vm.warp(now_() + 1 days);
        (uint256 coins,) = vault.harvest();
        note("vault.harvest");
        assertGt(coins, 0);
        vm.warp(now_() + 1 hours);
        vm.prank(alice);
        vault.redeemInKind(1 ether, alice, alice);
        note("vault.redeem_in_kind");

        vm.revertToState(start);
        minter.loadRewards{value: 500 ether}();
        vm.warp(now_() + 6 days);
        (coins,) = vault.pendingRewards();
        assertGt(coins, vault.lstHeld() / 10_000);
        vm.prank(alice);
        vault.deposit(1 ether, alice);
        note("vault.deposit.that_harvests");
        assertEq(token.earned(address(vault)), 0);

        vm.revertToState(start);
        vm.prank(alice);
        uint256 id = coinVault.requestRedeem(1 ether, alice, alice);
        note("coin_vault.request.first_of_rung");
        vm.prank(bob);
        coinVault.requestRedeem(1 ether, bob, bob);
        note("coin_vault.request.into_rung");
        vm.prank(bob);
        coinVault.requestRedeem(1 ether, bob, bob);
        note("coin_vault.request.again");
        uint256 open = vm.snapshotState();
        vm.prank(bob);
        coinVault.cancelRequest(bob, bob);
        note("coin_vault.cancel");
        vm.revertToState(open);
        vm.warp(now_() + 1 hours);
        closeRung();
        depart();
        vm.warp(now_() + COOLDOWN);
        sweep(0);
        minter.finalize();
        uint256 most = coinVault.claimableRedeemRequest(id, alice);
        vm.prank(alice);
        coinVault.redeem(most, alice, alice);
        note("coin_vault.redeem.first_of_rung");
        vm.prank(bob);
        coinVault.claimRequest(id, bob, bob);
        vm.writeFile(OUT, note("coin_vault.claim_request"));
    }
}
