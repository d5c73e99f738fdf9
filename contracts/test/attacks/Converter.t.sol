// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../../src/liquid/ILiquidMinter.sol";
import {IRewardConverter} from "../../src/liquid/IRewardConverter.sol";
import {Attack} from "./Attack.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A reward token; while it moves it may call somebody.
contract Gold is ERC20("Gold", "GLD") {
    address target;
    bytes data;
    uint256 public passed;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function hook(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target == address(0)) return;
        (bool ok,) = target.call(data);
        if (ok) ++passed;
    }
}

/// Rewards in an ERC-20 become rewards in coin.
contract ConverterAttackTest is Attack {
    uint256 internal constant FLOOR = 0.5 ether;
    Gold internal gold;

    function setUp() public override {
        super.setUp();
        gold = new Gold();
        staking.addRewardToken(address(gold));
        gold.mint(address(treasury), 1_000_000 ether);
        address[] memory tokens = new address[](1);
        uint256[] memory rates = new uint256[](1);
        (tokens[0], rates[0]) = (address(gold), 1e10);
        staking.setRewardRates(tokens, rates);
        vm.startPrank(admin);
        minter.setConversion(address(gold), FLOOR, 10 ether, 15 ether);
        minter.sealSetup();
        vm.stopPrank();
    }

    function buy(address who, uint256 amount, uint256 sent) internal returns (uint256 coins) {
        vm.prank(who);
        return converter.buy{value: sent}(address(gold), amount, type(uint256).max);
    }

    function test_l1_rewards_in_a_token_reach_holders_as_coins() public {
        pass(1 days);
        vm.startPrank(keeper);
        vm.expectPartialRevert(BadParameter.selector);
        minter.claimToken(NATIVE, 0, 0, 4);
        vm.expectRevert(abi.encodeWithSelector(UnknownValidator.selector, 77));
        minter.claimToken(address(gold), 77, 0, 4);
        uint256 got = minter.claimToken(address(gold), 0, 0, 128);
        assertEq(got, 4 * 8.748e15);
        vm.stopPrank();
        pass(GRACE);
        vm.prank(mallory); // it names no recipient: anybody
        got += minter.claimToken(address(gold), 1, 0, 128);
        assertEq(gold.balanceOf(address(converter)), got);
        assertEq(gold.balanceOf(address(minter)), 0);
        assertEq(minter.claimAll(), 0, "no rewards in coin here, and no matter to tokens");

        assertEq(converter.forSale(address(gold)), got);
        assertEq(converter.price(address(gold)), 16 * FLOOR, "each lot starts anew");
        pass(3 hours);
        vm.prank(mallory);
        minter.claimToken(address(gold), 1, 0, 128);
        assertEq(converter.price(address(gold)), 2 * FLOOR, "and more of it holds up nothing");
        got = gold.balanceOf(address(converter));
        pass(100 days);
        assertEq(converter.price(address(gold)), FLOOR);
        uint256 owed = rewards.holdersOwed() + rewards.protocolFees();
        uint256 before = carol.balance;
        uint256 coins = buy(carol, got, 1 ether);
        assertEq(coins, (got * FLOOR + 1e18 - 1) / 1e18);
        assertEq(before - carol.balance, coins, "the rest came back");
        assertEq(gold.balanceOf(carol), got);
        assertEq(rewards.holdersOwed() + rewards.protocolFees(), owed + coins, "a load like any other");
        assertEq(address(converter).balance, 0);
        assertEq(minter.rate(), 1e27);
        assertSound();
    }

    function test_the_price_falls_by_half_an_hour_and_a_sale_raises_it_by_its_part() public {
        gold.mint(address(converter), 100 ether);
        uint256 start = converter.conversion(address(gold)).startedAt;
        vm.warp(start);
        assertEq(converter.price(address(gold)), 16 * FLOOR);
        vm.warp(start + 30 minutes);
        assertEq(converter.price(address(gold)), 12 * FLOOR);
        vm.warp(start + 1 hours);
        assertEq(converter.price(address(gold)), 8 * FLOOR);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.PriceAboveMaximum.selector, 8 * FLOOR, 8 * FLOOR - 1));
        converter.buy{value: 100 ether}(address(gold), 1 ether, 8 * FLOOR - 1);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.PaymentTooSmall.selector, 1 ether, 4 ether));
        converter.buy{value: 1 ether}(address(gold), 1 ether, 8 * FLOOR);
        buy(carol, 10 ether, 100 ether);
        assertEq(converter.price(address(gold)), 16 * FLOOR, "the whole limit doubles it");
        vm.warp(start + 2 hours);
        // Dust keeps no price up: a millionth of the limit raises it by a millionth.
        buy(carol, 1e13, 1 ether);
        assertEq(converter.price(address(gold)), 8 * FLOOR + 8 * FLOOR / 1e6);
        vm.warp(start + 365 days);
        assertEq(converter.price(address(gold)), FLOOR);
        vm.warp(start + 3650 days);
        assertEq(converter.price(address(gold)), FLOOR);
    }

    function test_l14_a_sale_and_a_day_have_limits_and_loosening_them_takes_the_longest_exit() public {
        gold.mint(address(converter), 100 ether);
        vm.warp((now_() / 1 days + 2) * 1 days);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.AboveLimit.selector, 10 ether + 1, 10 ether));
        converter.buy{value: 100 ether}(address(gold), 10 ether + 1, type(uint256).max);
        buy(carol, 10 ether, 100 ether);
        assertEq(converter.forSale(address(gold)), 5 ether);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.AboveLimit.selector, 6 ether, 5 ether));
        converter.buy{value: 100 ether}(address(gold), 6 ether, type(uint256).max);
        pass(1 days);
        assertEq(converter.forSale(address(gold)), 10 ether);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.AboveLimit.selector, 1, 0));
        converter.buy(address(token), 1, type(uint256).max); // nobody offered that

        // Tightening at once, the rest by announcement; strangers never.
        vm.startPrank(admin);
        minter.setConversion(address(gold), 2 * FLOOR, 5 ether, 0);
        assertEq(converter.forSale(address(gold)), 0);
        bytes memory call = abi.encodeCall(ILiquidMinter.setConversion, (address(gold), FLOOR, 5 ether, 0));
        vm.expectRevert(abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        minter.setConversion(address(gold), FLOOR, 5 ether, 0);
        call = abi.encodeCall(ILiquidMinter.setConversion, (address(gold), 2 * FLOOR, 5 ether, 1));
        vm.expectRevert(abi.encodeWithSelector(NotScheduled.selector, keccak256(call)));
        minter.setConversion(address(gold), 2 * FLOOR, 5 ether, 1);
        minter.schedule(call);
        pass(minter.longestExit());
        minter.setConversion(address(gold), 2 * FLOOR, 5 ether, 1);
        assertEq(converter.forSale(address(gold)), 1);
        vm.expectRevert(abi.encodeWithSelector(NotScheduled.selector, keccak256(_setConverter())));
        minter.setConverter(mallory);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.NotMinter.selector, address(this)));
        converter.restart(address(gold));
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.NotMinter.selector, address(this)));
        converter.configure(address(gold), 1, 100 ether, 100 ether);
    }

    function test_l26_a_token_or_buyer_that_calls_back_gets_nothing() public {
        pass(1 days);
        // Inside the staking system's payment, the bucket's forwarding and the minter's.
        bytes[3] memory inner = [
            abi.encodeCall(ILiquidMinter.claimToken, (address(gold), 0, 0, 4)),
            abi.encodeCall(ILiquidMinter.skim, ()),
            abi.encodeCall(ILiquidMinter.finalize, ())
        ];
        uint256 mark = vm.snapshotState();
        for (uint256 i; i < 3; ++i) {
            vm.revertToState(mark);
            gold.hook(address(minter), inner[i]);
            vm.prank(keeper);
            assertEq(minter.claimToken(address(gold), 0, 0, 4), 4 * 8.748e15);
            assertEq(gold.passed(), 0);
        }
        gold.hook(address(converter), abi.encodeCall(IRewardConverter.buy, (address(gold), 1, type(uint256).max)));
        gold.mint(address(converter), 1 ether);
        buy(carol, 1 ether, 100 ether);
        assertEq(gold.passed(), 0);
        // A token that reverts: its page fails softly.
        gold.hook(address(0), "");
        vm.mockCallRevert(address(gold), abi.encodeWithSignature("transfer(address,uint256)"), "no");
        pass(1 days);
        vm.prank(keeper);
        assertEq(minter.claimToken(address(gold), 0, 0, 4), 0);
        assertSound();
    }

    /// One wei's worth at a time, each rounded against the buyer, and each restarting the clock: cheaper for nobody, and the price
    /// falls all the same, a half in at most an hour's 2*ln 2 = 1.39.
    function test_l59_one_wei_sales_are_no_cheaper_and_hold_no_price_up() public {
        gold.mint(address(converter), 100 ether);
        uint256 start = converter.conversion(address(gold)).startedAt;
        vm.warp(start);
        uint256 spent;
        while (converter.price(address(gold)) != FLOOR) {
            uint256 price = converter.price(address(gold));
            uint256 before = mallory.balance;
            assertEq(buy(mallory, 1, 1 ether), (price + 1e18 - 1) / 1e18);
            spent += before - mallory.balance;
            pass(12);
            assertLt(converter.price(address(gold)), price, "it stands still");
            assertLe(now_() - start, 19_973, "later than four times 2*ln 2 hours");
        }
        assertGt(now_() - start, 4 hours);
        assertGe(spent * 1e18, gold.balanceOf(mallory) * FLOOR);
        assertSound();
    }

    /// The last second of a day and the first of the next: two days' limits within a second, each sale at a price that the one
    /// before raised. What she pays is known to the wei, and goes to holders.
    function test_l60_two_days_limits_in_two_seconds_are_paid_by_a_doubling_price() public {
        gold.mint(address(converter), 100 ether);
        vm.warp((now_() / 1 days + 2) * 1 days - 1);
        assertEq(converter.price(address(gold)), FLOOR);
        uint256 owed = rewards.holdersOwed() + rewards.protocolFees();
        uint256 before = mallory.balance;
        buy(mallory, 10 ether, 1000 ether);
        assertEq(converter.price(address(gold)), 2 * FLOOR);
        buy(mallory, 5 ether, 1000 ether);
        assertEq(converter.price(address(gold)), 3 * FLOOR);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.AboveLimit.selector, 1, 0));
        converter.buy{value: 1 ether}(address(gold), 1, type(uint256).max);
        assertEq(converter.forSale(address(gold)), 0);
        pass(1);
        uint256 price = 3 * FLOOR - 3 * FLOOR / 7200;
        assertEq(converter.price(address(gold)), price);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.AboveLimit.selector, 10 ether + 1, 10 ether));
        converter.buy{value: 1000 ether}(address(gold), 10 ether + 1, type(uint256).max);
        buy(mallory, 10 ether, 1000 ether);
        assertEq(converter.price(address(gold)), 2 * price);
        buy(mallory, 5 ether, 1000 ether);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.AboveLimit.selector, 1, 0));
        converter.buy{value: 1 ether}(address(gold), 1, type(uint256).max);
        uint256 coins =
            10 * FLOOR + 5 * 2 * FLOOR + (10 ether * price + 1e18 - 1) / 1e18 + (10 ether * price + 1e18 - 1) / 1e18;
        assertEq(before - mallory.balance, coins);
        assertEq(rewards.holdersOwed() + rewards.protocolFees() - owed, coins);
        assertEq(gold.balanceOf(mallory), 30 ether);
        assertEq(address(converter).balance, 0);
        assertSound();
    }

    function _setConverter() private view returns (bytes memory) {
        return abi.encodeCall(ILiquidMinter.setConverter, (mallory));
    }
}
