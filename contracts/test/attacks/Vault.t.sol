// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LocalActor} from "../../src/dev/LocalActor.sol";
import {ILiquidCoinVault} from "../../src/liquid/ILiquidCoinVault.sol";
import {ILiquidVault} from "../../src/liquid/ILiquidVault.sol";
import {Attack} from "./Attack.sol";

/// @notice Reads prices while it is being paid.
contract Peeker {
    ILiquidVault private immutable VAULT;
    ILiquidCoinVault private immutable COINS;
    uint256 public price;
    uint256 public worth;
    uint256 public claimable;

    constructor(ILiquidVault vault, ILiquidCoinVault coins) {
        VAULT = vault;
        COINS = coins;
    }

    function leave(uint256 shares) external {
        VAULT.redeemInKind(shares, address(this), address(this));
    }

    function ask(uint256 shares) external {
        COINS.requestRedeem(shares, address(this), address(this));
    }

    function claim(uint256 shares) external {
        COINS.redeem(shares, address(this), address(this));
    }

    receive() external payable {
        price = VAULT.convertToAssets(1e27);
        worth = COINS.convertToAssets(1e27);
        claimable = COINS.maxRedeem(address(this));
    }
}

/// L13, L23, L24 and L26 of the vault. On Attack's ground: alice 99 LST, the seed 1.
contract VaultAttackTest is Attack {
    uint256 constant V = 1e6;

    function setUp() public override {
        super.setUp();
        address[4] memory who = [alice, bob, carol, mallory];
        for (uint256 i; i < who.length; ++i) {
            vm.prank(who[i]);
            token.approve(address(vault), type(uint256).max);
        }
        vm.deal(keeper, 1_000 ether);
    }

    function enter(address who, uint256 lst) internal returns (uint256 shares) {
        vm.prank(who);
        return vault.deposit(lst, who);
    }

    function leaveVault(address who) internal returns (uint256 lst) {
        uint256 shares = vault.balanceOf(who);
        vm.prank(who);
        return vault.redeem(shares, who, who);
    }

    function load(uint256 coins) internal {
        vm.prank(keeper);
        minter.loadRewards{value: coins}();
    }

    // -------------------------------------------------------------------------------------------------------------- L13

    /// The vault is a contract that claims for itself, by anybody's hand; its rewards earn rewards.
    function test_l13_the_vault_compounds() public {
        submit(bob, 100 ether);
        submit(carol, 100 ether);
        enter(bob, 100 ether);
        for (uint256 i; i < 10; ++i) {
            load(10 ether);
            pass(8 days);
            vm.prank(mallory);
            (uint256 coins, uint256 lst) = vault.harvest();
            assertEq(lst, coins);
            assertEq(mallory.balance, 1_000_000 ether, "who harvests gets nothing and pays nothing but gas");
        }
        vm.prank(carol);
        uint256 simple = minter.unstakeRewards();
        uint256 got = leaveVault(bob) - 100 ether;
        assertGt(got, simple * 101 / 100, "rewards on rewards");
        assertEq(token.earned(address(vault)), 0);
        // In each of ten rounds the vault got its part of 9 coins; nobody else's part shrank but by it.
        uint256 supply = 300 ether;
        uint256 mine = 100 ether;
        for (uint256 i; i < 10; ++i) {
            uint256 part = 9 ether * mine / supply;
            mine += part;
            supply += part;
        }
        assertApproxEqRel(got, mine - 100 ether, 2e15);
    }

    // -------------------------------------------------------------------------------------------------------------- L23

    /// The first depositor's wei, a gift of a thousand LST and its rewards: the second loses no share worth the name.
    function test_l23_vault_first_depositor_and_donation() public {
        submit(mallory, 2_000 ether);
        enter(mallory, 1);
        vm.prank(mallory);
        token.transfer(address(vault), 1_000 ether);
        vm.prank(mallory);
        minter.submitAndGive{value: 1 ether}(address(vault));
        assertEq(vault.totalAssets(), 1, "a gift of LST is not counted");
        assertEq(vault.convertToAssets(1e18), 1e18);
        submit(bob, 10 ether);
        assertEq(enter(bob, 10 ether), 10 ether);
        assertEq(leaveVault(bob), 10 ether);
        // The gift goes on earning, and that is counted: it is what a price can be pushed by.
        load(1_000 ether);
        pass(8 days);
        vault.harvest();
        uint256 pushed = vault.totalAssets();
        assertGt(pushed, 400 ether);
        submit(carol, 10 ether);
        uint256 price = vault.convertToAssets(1);
        uint256 shares = enter(carol, 10 ether);
        uint256 back = leaveVault(carol);
        assertGe(back, 10 ether - price - 1, "at most a share's price is lost");
        assertLe(price, pushed / V + 1, "a millionth part of the gift");
        // What mallory has of it: one share of a million and one.
        assertLe(vault.maxWithdraw(mallory), pushed / V + 1);
        assertGt(shares, 0);
    }

    /// Ten thousand micro deposits and exits, by every door, at a price with a crooked remainder: never a wei of profit.
    function test_l23_vault_10000_micro_round_trips_never_profit() public {
        submit(bob, 50 ether + 13);
        enter(bob, 50 ether + 13);
        load(3 ether + 1);
        pass(2 days + 11);
        vault.harvest();
        pass(77 minutes);
        submit(mallory, 1 ether);
        uint256 lst = token.balanceOf(mallory);
        uint256 coins = mallory.balance;
        uint256 bobs = vault.maxWithdraw(bob);
        vm.startPrank(mallory);
        for (uint256 i; i < 10_000; ++i) {
            uint256 x = 2 + i * 7 % 1_009;
            uint256 door = i % 4;
            if (door == 0) {
                vault.redeem(vault.deposit(x, mallory), mallory, mallory);
            } else if (door == 1) {
                vault.mint(x, mallory);
                vault.withdraw(vault.maxWithdraw(mallory), mallory, mallory);
            } else if (door == 2) {
                vault.redeemInKind(minter.submitAndDeposit{value: x}(mallory, 0), mallory, mallory);
            } else {
                vault.mint(x, mallory);
                coinVault.requestRedeem(x, mallory, mallory);
                coinVault.cancelRequest(mallory, mallory);
            }
        }
        vm.stopPrank();
        // LST and coins are worth the same here; shares that are left are not counted, and are dust.
        uint256 left = vault.balanceOf(mallory);
        assertLe(token.balanceOf(mallory) + mallory.balance + vault.convertToAssets(left), lst + coins);
        assertLt(left, 10_000);
        assertGe(vault.maxWithdraw(bob), bobs);
    }

    // -------------------------------------------------------------------------------------------------------------- L24

    function test_l24_vault_sandwich_of_a_harvest_gains_nothing() public {
        submit(bob, 50 ether);
        enter(bob, 50 ether);
        load(20 ether);
        pass(8 days);
        (, uint256 waiting) = vault.pendingRewards();
        assertGt(waiting, 5 ether);
        submit(mallory, 900 ether);
        uint256 before = token.balanceOf(mallory);
        enter(mallory, 900 ether);
        vault.harvest();
        leaveVault(mallory);
        assertLe(token.balanceOf(mallory), before);
        assertGe(token.balanceOf(mallory), before - 2, "and loses a rounding");
        // By coin the same.
        vm.startPrank(mallory);
        uint256 shares = minter.submitAndDeposit{value: 900 ether}(mallory, 0);
        vault.harvest();
        assertLe(vault.redeem(shares, mallory, mallory), 900 ether);
        vm.stopPrank();
    }

    /// Around a load: seconds of the stream, which her LST would have earned her outside as well.
    function test_l24_vault_sandwich_of_a_load_gains_what_lst_earns_anyhow() public {
        submit(bob, 50 ether);
        enter(bob, 50 ether);
        submit(mallory, 900 ether);
        uint256 outside = vm.snapshotState();
        load(100 ether);
        pass(12);
        uint256 simple = token.earned(mallory);
        vm.revertToState(outside);
        enter(mallory, 900 ether);
        load(100 ether);
        pass(12);
        vault.harvest();
        uint256 got = leaveVault(mallory) - 900 ether;
        assertLe(got, simple + 1);
    }

    /// She knows of a slash that the minter does not know yet: coins that wait are worth more LST afterwards. The deposit
    /// harvests first, so that there are none.
    function test_l24_vault_sandwich_of_an_unknown_slash_gains_nothing() public {
        submit(bob, 50 ether);
        enter(bob, 50 ether);
        load(50 ether);
        pass(8 days);
        submit(mallory, 900 ether);
        staking.slashValidator(1);
        (, uint256 waiting) = vault.pendingRewards();
        assertGt(waiting, 1 ether);
        uint256 shares = enter(mallory, 900 ether);
        assertEq(token.earned(address(vault)), 0, "turned before the deposit");
        minter.bookSlash(1);
        assertLt(minter.rate(), 0.99e27);
        vm.prank(mallory);
        assertLe(vault.redeem(shares, mallory, mallory), 900 ether);
    }

    /// Below 0.01 % nothing is harvested: the most that can be taken is that part times the loss.
    function test_l24_vault_what_waits_unharvested_is_bounded() public {
        submit(bob, 50 ether);
        enter(bob, 50 ether);
        load(10 ether);
        pass(15 minutes);
        (, uint256 waiting) = vault.pendingRewards();
        assertLe(waiting, 50 ether / 10_000);
        assertGt(waiting, 0);
        submit(mallory, 900 ether);
        staking.slashValidator(1);
        uint256 shares = enter(mallory, 900 ether);
        minter.bookSlash(1);
        vm.prank(mallory);
        uint256 got = vault.redeem(shares, mallory, mallory) - 900 ether;
        assertGt(got, 0);
        assertLe(got, waiting * 1e27 / minter.rate() - waiting, "a part of the jump of what waited");
    }

    /// A slash that is known closes deposits until it is booked: nothing can be bought between.
    function test_l24_vault_is_closed_while_a_known_slash_is_unbooked() public {
        submit(bob, 50 ether);
        submit(mallory, 900 ether);
        enter(bob, 50 ether);
        load(50 ether);
        pass(8 days);
        staking.slashValidator(1);
        minter.syncValidators();
        vm.startPrank(mallory);
        vm.expectRevert();
        vault.deposit(1 ether, mallory);
        vm.expectRevert();
        vault.mint(1 ether, mallory);
        vm.expectRevert();
        vault.submitAndDeposit{value: 1 ether}(mallory, 0);
        vm.expectRevert();
        coinVault.deposit{value: 1 ether}(1 ether, mallory);
        vm.stopPrank();
        uint256 most = vault.maxRedeem(bob);
        vm.prank(bob);
        assertApproxEqAbs(vault.redeem(most, bob, bob), 50 ether, 2, "and leaving goes on, as far as LST is held");
    }

    /// Into an open rung and out of it: an early request of a rung never gets more than its LST held to the close.
    function test_l24_vault_request_sandwich_inside_a_rung() public {
        submit(bob, 50 ether);
        enter(bob, 50 ether);
        submit(mallory, 500 ether);
        enter(mallory, 500 ether);
        load(100 ether);
        uint256 hold = vault.convertToAssets(500 ether);
        uint256 shares = vault.balanceOf(mallory);
        vm.prank(mallory);
        coinVault.requestRedeem(shares, mallory, mallory);
        pass(1 hours);
        uint256 bobs = vault.balanceOf(bob);
        uint256 later = vault.convertToAssets(500 ether);
        vm.prank(bob);
        coinVault.requestRedeem(bobs, bob, bob);
        vm.prank(mallory);
        uint256 lst = coinVault.cancelRequest(mallory, mallory);
        assertGe(lst, hold - 1);
        assertLe(lst, later, "not more than staying would have brought");
    }

    // -------------------------------------------------------------------------------------------------------------- L26

    function test_l26_vault_reentrancy_of_an_exit_in_kind() public {
        LocalActor actor = LocalActor(payable(create("LocalActor", "")));
        submit(bob, 50 ether);
        enter(bob, 50 ether);
        vm.prank(bob);
        vault.transfer(address(actor), 10 ether);
        load(50 ether);
        pass(8 days);
        bytes[5] memory calls = [
            abi.encodeCall(vault.redeemInKind, (1 ether, address(actor), address(actor))),
            abi.encodeCall(vault.redeem, (1 ether, address(actor), address(actor))),
            abi.encodeCall(vault.withdraw, (1 ether, address(actor), address(actor))),
            abi.encodeCall(vault.harvest, ()),
            abi.encodeCall(vault.submitAndDeposit, (address(actor), 0))
        ];
        for (uint256 i; i < calls.length; ++i) {
            actor.behave(LocalActor.Mode.Reenter, address(vault), calls[i]);
            actor.act(address(vault), abi.encodeCall(vault.redeemInKind, (1 ether, address(actor), address(actor))));
        }
        assertEq(actor.tries(), calls.length);
        assertEq(actor.successes(), 0);
        assertEq(vault.balanceOf(address(actor)), 5 ether);
    }

    function test_l26_vault_reentrancy_of_claims() public {
        LocalActor actor = LocalActor(payable(create("LocalActor", "")));
        address me = address(actor);
        submit(bob, 50 ether);
        enter(bob, 50 ether);
        vm.prank(bob);
        vault.transfer(me, 20 ether);
        actor.act(address(coinVault), abi.encodeCall(coinVault.requestRedeem, (10 ether, me, me)));
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        uint256 worth = coinVault.maxWithdraw(me);
        assertEq(coinVault.maxRedeem(me), 10 ether);
        bytes[6] memory calls = [
            abi.encodeCall(coinVault.redeem, (1 ether, me, me)),
            abi.encodeCall(coinVault.withdraw, (1 ether, me, me)),
            abi.encodeCall(coinVault.claimRequest, (1, me, me)),
            abi.encodeCall(coinVault.requestRedeem, (1 ether, me, me)),
            abi.encodeCall(coinVault.cancelRequest, (me, me)),
            abi.encodeCall(coinVault.deposit, (0, me))
        ];
        for (uint256 i; i < calls.length; ++i) {
            actor.behave(LocalActor.Mode.Reenter, address(coinVault), calls[i]);
            actor.act(address(coinVault), abi.encodeCall(coinVault.redeem, (1 ether, me, me)));
        }
        assertEq(actor.tries(), calls.length);
        assertEq(actor.successes(), 0);
        actor.behave(LocalActor.Mode.Accept, address(0), "");
        actor.act(address(coinVault), abi.encodeCall(coinVault.redeem, (4 ether, me, me)));
        assertEq(me.balance, worth, "all of it, once");
        assertEq(address(coinVault).balance, 0);
    }

    /// What others read in the middle of a payment is what holds after it.
    function test_l26_vault_reentrancy_read_only() public {
        Peeker peeker = new Peeker(vault, coinVault);
        submit(bob, 50 ether);
        enter(bob, 50 ether);
        vm.prank(bob);
        vault.transfer(address(peeker), 20 ether);
        load(50 ether);
        pass(8 days);
        peeker.leave(5 ether);
        assertEq(peeker.price(), vault.convertToAssets(1e27));
        assertEq(peeker.worth(), coinVault.convertToAssets(1e27));
        peeker.ask(10 ether);
        closeRung();
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        peeker.claim(4 ether);
        assertEq(peeker.price(), vault.convertToAssets(1e27));
        assertEq(peeker.claimable(), coinVault.maxRedeem(address(peeker)));
        assertEq(peeker.claimable(), 6 ether);
    }
}
