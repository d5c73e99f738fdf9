// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking} from "../../src/staking/IPlumeStaking.sol";
import {Fixture} from "../Fixture.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/// Common ground of the attacks. Two validators of equal weight with four buckets each; alice holds 99 LST beside the
/// seed's 1. Ten coins are the buffer, each bucket has 11.25.
abstract contract Attack is Fixture {
    uint256 internal constant EACH = 11.25 ether;
    uint256 internal constant MARGIN = 1 gwei;

    address internal mallory = makeAddr("mallory");

    function setUp() public virtual {
        deployAll(2, 4);
        vm.deal(mallory, 1_000_000 ether);
        submit(alice, 99 ether);
        stakeAll();
        assertEq(minter.headroom(), 10 ether);
        assertEq(bucketStake(0, 0), EACH);
        assertEq(bucketStake(1, 3), EACH);
        pass(1 hours); // the open rung may close
    }

    function pass(uint256 time) internal {
        vm.warp(now_() + time);
    }

    function bucketOf(uint16 id, uint256 index) internal view returns (address) {
        return factory.bucketAddress(id, index);
    }

    function bucketStake(uint16 id, uint256 index) internal view returns (uint256) {
        return minter.getBuckets(id)[index].activeStake;
    }

    function cooling(uint16 id, uint256 index) internal view returns (uint256) {
        return minter.getBuckets(id)[index].coolingAmount;
    }

    /// The end that the staking system itself shows for a bucket's slot; 0 without one.
    function slotEnd(uint16 id, uint256 index) internal view returns (uint256) {
        IPlumeStaking.CooldownView[] memory slots = staking.getUserCooldowns(bucketOf(id, index));
        return slots.length == 0 ? 0 : slots[0].cooldownEndTime;
    }

    /// Requests, closes and departs in one go. @return id of the request
    function leave(address who, uint256 lst) internal returns (uint256 id) {
        id = requestExit(who, lst);
        closeRung();
        depart();
    }

    function sweepAll() internal returns (uint256 gained) {
        uint16[] memory ids = minter.validators();
        for (uint256 i; i < ids.length; ++i) {
            (, uint256 g) = sweep(ids[i]);
            gained += g;
        }
    }

    /// A queued exit's payout at `rate` (1e27), less the standard fee of 5 bps, rounded up.
    function afterFee(uint256 gross) internal pure returns (uint256) {
        return gross - (gross * 5 + 9999) / 10_000;
    }

    /// From here on no account has a role.
    function vanish() internal {
        IAccessControl access = IAccessControl(address(minter));
        bytes32[3] memory roles = [minter.REBALANCER_ROLE(), minter.CLAIMER_ROLE(), minter.HANDLER_ROLE()];
        for (uint256 i; i < 3; ++i) {
            vm.prank(keeper);
            access.renounceRole(roles[i], keeper);
        }
        bytes32 guardianRole = minter.GUARDIAN_ROLE();
        vm.prank(guardian);
        access.renounceRole(guardianRole, guardian);
        vm.prank(admin);
        access.renounceRole(bytes32(0), admin);
    }

    function setRewardRate(uint256 rate) internal {
        address[] memory tokens = new address[](1);
        uint256[] memory rates = new uint256[](1);
        (tokens[0], rates[0]) = (NATIVE, rate);
        staking.setRewardRates(tokens, rates);
    }

    /// What holds always: coins cover the books, the books cover the supply.
    function assertSound() internal view {
        assertGe(
            address(minter).balance,
            minter.headroom() + minter.totalInstantUnstaked() + minter.insurance(),
            "coins behind the books"
        );
        assertGe(minter.totalInstantUnstaked(), minter.fees(), "fees are part of what is reserved");
        assertGe(minter.assets(), minter.supply() * minter.rate() / 1e27, "assets behind the supply");
        assertLe(minter.committed(), minter.headroom(), "committed coins are in the headroom");
        uint256 active;
        uint256 cool;
        uint16[] memory ids = minter.validators();
        for (uint256 i; i < ids.length; ++i) {
            BucketInfo[] memory list = minter.getBuckets(ids[i]);
            for (uint256 k; k < list.length; ++k) {
                active += list[k].activeStake;
                cool += list[k].coolingAmount;
            }
        }
        assertEq(active, minter.activeStake(), "active stake is that of the buckets");
        assertEq(cool, minter.totalUnstaked(), "cooling stake is that of the buckets");
    }
}
