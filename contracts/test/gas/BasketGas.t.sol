// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasketToken} from "../../src/basket/IBasketToken.sol";
import {IUnbondingQueue} from "../../src/basket/IUnbondingQueue.sol";
import {BasketFixture} from "../basket/BasketFixture.sol";

/// @notice Makes many requests, each of another controller.
contract BasketCrowd {
    function request(IUnbondingQueue queue, uint256 from, uint256 n) external {
        for (uint256 i = from; i < from + n; ++i) {
            queue.requestRedeem(1e12, address(uint160(1 << 90 | i)), address(this));
        }
    }
}

/// @notice Gas of the basket, into snapshots/gas-basket.json: committed artifacts behind the clone, three sleeves on test
/// adapters, a management fee, this round harvested. Each figure is one whole isolated transaction (21,000 and calldata
/// included, refunds taken off), cold, no first-ever zero slot of a global.
/// @dev Asserts nothing about size: `make bench` holds the figures beside targets and peers.
/// forge-config: default.isolate = true
/// forge-config: lite.isolate = true
contract BasketGasTest is BasketFixture {
    string private constant OUT = "snapshots/gas-basket.json";

    function setUp() public override {
        super.setUp();
        vm.prank(timelock);
        basket.setFees(5, 0, 100, 0);
        at(0, 7 hours);
        deposit(alice, CORE, 100 ether);
        mintInKind(bob, 100 ether);
        mintInKind(carol, 100 ether);
        vm.prank(bob);
        share.transfer(alice, 1 ether);
        vm.prank(carol);
        share.transfer(address(queue), 1); // the escrow was used before
        at(3, 6 hours);
        for (uint256 i; i < 3; ++i) {
            basket.harvest(i);
        }
        at(3, 7 hours);
    }

    function note(string memory key) internal returns (string memory) {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertGt(gas, 21_000, "not a whole transaction");
        emit log_named_uint(key, gas);
        return vm.serializeUint("gas", key, gas);
    }

    function test_gas_table() public {
        uint256 start = vm.snapshotState();
        vm.prank(bob);
        basket.deposit{value: 1 ether}(CORE, 1 ether, bob, 0, now_());
        note("basket.deposit");
        vm.revertToState(start);
        vm.prank(bob);
        basket.deposit(ST, 1 ether, bob, 0, now_());
        note("basket.deposit.token");

        vm.revertToState(start);
        (uint256[] memory units,) = basket.quoteMintInKind(1 ether);
        vm.prank(bob);
        basket.mintInKind{value: units[0]}(1 ether, units, bob, now_());
        note("basket.mint_in_kind");

        vm.revertToState(start);
        vm.prank(bob);
        basket.redeemInKind(1 ether, bob);
        note("basket.redeem_in_kind");

        vm.revertToState(start);
        vm.prank(bob);
        basket.redeemInstant(1 ether, 0, bob, now_());
        note("basket.redeem_instant");

        vm.revertToState(start);
        request(carol, 5 ether);
        vm.prank(bob);
        queue.requestRedeem(1 ether, bob, bob);
        note("basket.request_exit");
        at(4, 1);
        queue.closeEpoch();
        note("basket.close_epoch.1");
        queue.startLeg(1, CORE);
        note("basket.start_leg.at_once");
        queue.startLeg(1, ST);
        note("basket.start_leg");
        queue.startLeg(1, BTC);
        vm.deal(address(stSleeve), 1 ether);
        stSleeve.ripen(1, 0.2 ether, true);
        queue.collect(1, ST);
        note("basket.collect");
        vm.prank(bob);
        queue.claim(1, bob, ALL, bob);
        note("basket.claim.3_legs");

        vm.revertToState(start);
        crowd(100_000);
        at(4, 1);
        queue.closeEpoch();
        string memory json = note("basket.close_epoch.100000");
        vm.writeFile(OUT, json);
    }

    function crowd(uint256 n) internal {
        BasketCrowd all = new BasketCrowd();
        vm.prank(carol);
        share.transfer(address(all), n * 1e12);
        for (uint256 i; i < n; i += 1_000) {
            all.request(queue, i, 1_000);
        }
    }
}
