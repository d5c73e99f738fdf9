// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Fixture} from "../Fixture.sol";

/// Two validators with four buckets each; 1,000 LST each for alice, bob and carol; rewards stream by `load`.
abstract contract VaultFixture is Fixture {
    uint256 internal constant RAY = 1e27;
    uint256 internal constant V = 1e6;
    address internal mallory = makeAddr("mallory");

    function setUp() public virtual {
        deployAll(2, 4);
        vm.deal(mallory, 1_000_000 ether);
        vm.deal(address(this), 1_000_000 ether);
        submit(alice, 1_000 ether);
        submit(bob, 1_000 ether);
        submit(carol, 1_000 ether);
        stakeAll();
        approve(alice);
        approve(bob);
        approve(carol);
        approve(mallory);
    }

    function approve(address who) internal {
        vm.prank(who);
        token.approve(address(vault), type(uint256).max);
    }

    function pass(uint256 time) internal {
        vm.warp(now_() + time);
    }

    function enter(address who, uint256 lst) internal returns (uint256 shares) {
        vm.prank(who);
        return vault.deposit(lst, who);
    }

    function leaveVault(address who, uint256 shares) internal returns (uint256 lst) {
        vm.prank(who);
        return vault.redeem(shares, who, who);
    }

    /// Rewards of `coins`, a tenth of them the protocol's, streaming over seven days and more.
    function load(uint256 coins) internal {
        minter.loadRewards{value: coins}();
    }

    /// A price above 1 with a crooked remainder, some of it waiting for a harvest.
    function crooked() internal {
        enter(carol, 333 ether + 7);
        load(30 ether + 1);
        pass(3 days + 17);
        vault.harvest();
        pass(11 hours + 3);
    }

    function pauseDeposits() internal {
        vm.prank(guardian);
        minter.pauseDeposits(true);
    }

    /// A validator's slash that the minter knows of and has not booked.
    function slashPending(uint16 id) internal {
        staking.slashValidator(id);
        minter.syncValidators();
    }

    /// The price did not fall: compared without a division.
    function assertNotCheaper(uint256 assetsBefore, uint256 supplyBefore) internal view {
        assertGe(
            (vault.totalAssets() + V) * (supplyBefore + V),
            (assetsBefore + V) * (vault.totalSupply() + V),
            "a share got cheaper"
        );
    }
}
