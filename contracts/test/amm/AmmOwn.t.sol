// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidRewards} from "../../src/liquid/ILiquidRewards.sol";
import {AmmFixture} from "./AmmFixture.sol";

interface ISkim {
    function skim(address to) external;
    function sync() external;
}

/// L61: a V2 pair holds LST, earns rewards that it cannot claim, and lets anybody skim and sync it.
abstract contract AmmOwnTest is AmmFixture {
    /// Gifts to the pair, synced or not, before an exit: the seller gets at least what the cap says of what was sold, the pool
    /// gets what was sold and no wei of LST that a skim could take, the giver loses the gift.
    function test_l61_a_skimmed_or_synced_pair_takes_nothing_from_an_exit() public {
        fillV2(10_000 ether, 10_000 ether);
        submit(mallory, 1_000 ether);
        vm.prank(alice);
        token.transfer(mallory, 9 ether);
        uint256 mark = vm.snapshotState();
        uint256 plain;
        for (uint256 how; how < 4; ++how) {
            vm.revertToState(mark);
            if (how == 1) give(20 ether);
            if (how == 2) {
                give(20 ether);
                ISkim(address(pair)).sync();
            }
            if (how == 3) {
                give(200 ether);
                ISkim(address(pair)).sync(); // beyond the cap
            }
            uint256 inPair = token.balanceOf(address(pair));
            uint256 coins = wcoin.balanceOf(address(pair));
            (uint256 paid, uint256 id) = exit(alice, 90 ether, 0, 90 ether);
            uint256 sold = 90 ether - queued(id);
            assertEq(token.balanceOf(address(pair)), inPair + sold, "the pool got what was sold");
            assertEq(wcoin.balanceOf(address(pair)), coins - paid, "and gave what was paid");
            assertGe(paid, sold * floorPrice() / RAY);
            if (how == 0) plain = paid;
            if (how == 1) assertEq(paid, plain, "what is not synced is in no quote");
            if (how == 2) assertLt(paid, plain);
            if (how == 3) assertEq(sold, 0, "the queue is better");
            uint256 hers = token.balanceOf(mallory);
            vm.prank(mallory);
            ISkim(address(pair)).skim(mallory);
            assertEq(token.balanceOf(mallory), hers, "nothing of the exit or the gift is left over");
            assertEq(wcoin.balanceOf(mallory), 0);
        }
    }

    /// The pair's rewards: out of reach of skim, of exits, and of whoever trades with it; a delegate that was announced gets those
    /// from its appointment on.
    function test_l61_a_pairs_rewards_are_its_delegates_and_nobody_elses() public {
        fillV2(10_000 ether, 10_000 ether);
        vm.deal(keeper, 1_000 ether);
        vm.startPrank(keeper);
        minter.loadRewards{value: 100 ether}();
        vm.stopPrank();
        address delegate = makeAddr("delegate");
        vm.startPrank(admin);
        minter.sealSetup();
        minter.schedule(abi.encodeCall(minter.setDelegateClaimer, (address(pair), delegate)));
        pass(minter.longestExit());
        uint256 earlier = token.earned(address(pair));
        assertGt(earlier, 8 ether);
        minter.setDelegateClaimer(address(pair), delegate);
        vm.stopPrank();
        vm.prank(keeper);
        minter.loadRewards{value: 100 ether}();
        pass(100 days);
        uint256 later = token.earned(address(pair));
        assertGt(later, 8 ether);
        uint256 before = mallory.balance;
        vm.startPrank(mallory);
        ISkim(address(pair)).skim(mallory);
        ISkim(address(pair)).sync();
        vm.expectRevert(abi.encodeWithSelector(ILiquidRewards.NotDelegate.selector, address(pair), mallory));
        rewards.claimAsDelegate(address(pair), mallory);
        vm.stopPrank();
        exit(alice, 50 ether, 0, 50 ether);
        assertEq(mallory.balance, before);
        assertEq(token.earned(address(pair)), later);
        vm.prank(delegate);
        assertEq(rewards.claimAsDelegate(address(pair), delegate), later);
        (uint256 all, uint256 his) = rewards.rewardsOf(address(pair));
        assertEq(all, earlier, "what was before is the pair's");
        assertEq(his, 0);
    }

    function give(uint256 lst) private {
        vm.prank(mallory);
        token.transfer(address(pair), lst);
    }
}

contract AmmOwnLstFirstTest is AmmOwnTest {
    function lstFirst() internal pure override returns (bool) {
        return true;
    }
}

contract AmmOwnCoinFirstTest is AmmOwnTest {
    function lstFirst() internal pure override returns (bool) {
        return false;
    }
}
