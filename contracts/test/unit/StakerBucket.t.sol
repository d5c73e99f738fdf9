// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LocalStaking} from "../../src/dev/LocalStaking.sol";
import {LocalTreasury} from "../../src/dev/LocalTreasury.sol";
import {BucketFactory} from "../../src/liquid/BucketFactory.sol";
import {IStakerBucket} from "../../src/liquid/IStakerBucket.sol";
import {StakerBucket} from "../../src/liquid/StakerBucket.sol";
import {IPlumeStaking, IPlumeTreasury} from "../../src/staking/IPlumeStaking.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Test} from "forge-std/Test.sol";

contract RewardCoin is ERC20("Reward", "RWD") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// A clone of the bucket on the local staking system; the test contract stands in for the minter.
contract StakerBucketTest is Test {
    address constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    uint256 constant T0 = 1_700_000_000;

    LocalStaking staking;
    LocalTreasury treasury;
    IStakerBucket bucket;
    uint256 received; // by receiveFromBucket
    address mallory = makeAddr("mallory");

    function receiveFromBucket() external payable {
        assertEq(msg.sender, address(bucket));
        received += msg.value;
    }

    function setUp() public {
        vm.warp(T0);
        staking = new LocalStaking(address(this), 1 ether, 21 days, 7 days);
        treasury = new LocalTreasury(address(staking));
        staking.setTreasury(address(treasury));
        staking.addRewardToken(NATIVE);
        for (uint16 id; id < 24; ++id) {
            address admin = address(uint160(0xA000) + id);
            staking.addValidator(id, 0.1e18, admin, admin, "l1", "acc", address(0), 0);
        }
        vm.deal(address(treasury), 1000 ether);
        vm.deal(address(this), 1000 ether);
        BucketFactory factory = new BucketFactory(address(this), address(staking));
        factory.create(0, 0, 1);
        bucket = IStakerBucket(payable(factory.bucketAddress(0, 0)));
    }

    function test_stakes_unstakes_withdraws_and_forwards_everything() public {
        bucket.stake{value: 10 ether}(0);
        assertEq(staking.getUserValidatorStake(address(bucket), 0), 10 ether);
        assertEq(bucket.unstake(0, 4 ether), T0 + 21 days);
        vm.expectRevert(abi.encodeWithSelector(IPlumeStaking.InvalidAmount.selector, 0));
        bucket.withdraw();
        vm.warp(T0 + 21 days);
        assertEq(bucket.withdraw(), 4 ether);
        assertEq(received, 4 ether);
        assertEq(address(bucket).balance, 0);
        assertEq(staking.getUserValidatorStake(address(bucket), 0), 6 ether);
    }

    function test_only_the_controller_moves_anything() public {
        assertEq(bucket.CONTROLLER(), address(this));
        bucket.stake{value: 10 ether}(0);
        bucket.unstake(0, 4 ether);
        vm.warp(T0 + 21 days);
        vm.deal(mallory, 10 ether);
        bytes memory refused = abi.encodeWithSelector(IStakerBucket.NotController.selector, mallory);
        vm.startPrank(mallory);
        vm.expectRevert(refused);
        bucket.stake{value: 1 ether}(0);
        vm.expectRevert(refused);
        bucket.unstake(0, 1 ether);
        vm.expectRevert(refused);
        bucket.withdraw();
        vm.expectRevert(refused);
        bucket.restake(0, 1 ether);
        vm.expectRevert(refused);
        bucket.claim(NATIVE, 0);
        // Nor through the implementation behind the clones.
        IStakerBucket implementation =
            IStakerBucket(payable(BucketFactory(vm.computeCreateAddress(address(this), 3)).IMPLEMENTATION()));
        vm.expectRevert(refused);
        implementation.withdraw();
    }

    function test_p5_the_end_is_read_back_not_computed() public {
        bucket.stake{value: 10 ether}(0);
        staking.setCooldownInterval(30 days);
        assertEq(bucket.unstake(0, 1 ether), T0 + 30 days);
        // A slot that the bucket has with another validator is not mistaken for this one's.
        bucket.stake{value: 10 ether}(1);
        staking.setCooldownInterval(10 days);
        vm.warp(T0 + 1 days);
        assertEq(bucket.unstake(1, 2 ether), T0 + 11 days);
        assertEq(bucket.unstake(0, 1 ether), T0 + 11 days, "merged: the whole slot restarts");
    }

    function test_restakes_from_its_cooling_slot() public {
        bucket.stake{value: 10 ether}(0);
        bucket.unstake(0, 4 ether);
        bucket.restake(0, 3 ether);
        assertEq(staking.getUserValidatorStake(address(bucket), 0), 9 ether);
        (, uint256 cooled,) = staking.stakeInfo(address(bucket));
        assertEq(cooled, 1 ether);
    }

    function test_l1_native_rewards_and_stray_coins_are_forwarded_whole() public {
        _setRate(NATIVE, 1e10);
        bucket.stake{value: 10 ether}(0);
        vm.warp(T0 + 1_000_000);
        // 10e18 * 1e10 / 1e18 * 1e6 s = 0.1 coin, less 10 %
        vm.deal(mallory, 1 ether);
        vm.prank(mallory);
        (bool ok,) = address(bucket).call{value: 0.25 ether}("");
        assertTrue(ok);
        assertEq(bucket.claim(NATIVE, 0), 0.09 ether + 0.25 ether);
        assertEq(received, 0.34 ether);
        assertEq(bucket.claim(NATIVE, 0), 0, "nothing owed returns 0");
        assertEq(received, 0.34 ether);
    }

    function test_erc20_rewards_go_to_the_controller() public {
        RewardCoin coin = new RewardCoin();
        staking.addRewardToken(address(coin));
        _setRate(address(coin), 1e10);
        coin.mint(address(treasury), 1 ether);
        bucket.stake{value: 10 ether}(0);
        vm.warp(T0 + 1_000_000);
        assertEq(bucket.claim(address(coin), 0), 0.09 ether);
        assertEq(coin.balanceOf(address(this)), 0.09 ether);
        assertEq(coin.balanceOf(address(bucket)), 0);
        assertEq(received, 0);
    }

    function test_l28_a_short_treasury_reverts_the_claim_and_nothing_else() public {
        _setRate(NATIVE, 1e10);
        vm.deal(address(treasury), 0);
        bucket.stake{value: 10 ether}(0);
        bucket.unstake(0, 5 ether);
        vm.warp(T0 + 21 days);
        vm.expectPartialRevert(IPlumeTreasury.InsufficientPlumeBalance.selector);
        bucket.claim(NATIVE, 0);
        assertEq(bucket.withdraw(), 5 ether);
    }

    /// Anybody may stake for the bucket on every validator: unstaking and withdrawing cost more, and work.
    function test_l29_foreign_validators_in_the_list_cost_bounded_gas() public {
        bucket.stake{value: 10 ether}(0);
        vm.deal(mallory, 100 ether);
        vm.startPrank(mallory);
        for (uint16 id = 1; id < 24; ++id) {
            staking.stakeOnBehalf{value: 1 ether}(id, address(bucket));
        }
        vm.stopPrank();
        assertEq(bucket.unstake(0, 4 ether), T0 + 21 days);
        assertLt(vm.lastCallGas().gasTotalUsed, 1_000_000);
        vm.warp(T0 + 21 days);
        assertEq(bucket.withdraw(), 4 ether);
        assertLt(vm.lastCallGas().gasTotalUsed, 1_000_000);
    }

    function _setRate(address token, uint256 rate) private {
        address[] memory tokens = new address[](1);
        uint256[] memory rates = new uint256[](1);
        tokens[0] = token;
        rates[0] = rate;
        staking.setRewardRates(tokens, rates);
    }

    /// A slot that the system does not show has no end that could be waited for: the departure fails as a whole.
    function test_a_departure_without_a_cooldown_slot_is_refused() public {
        bucket.stake{value: 10 ether}(0);
        vm.mockCall(
            address(staking),
            abi.encodeCall(staking.getUserCooldowns, (address(bucket))),
            abi.encode(new IPlumeStaking.CooldownView[](0))
        );
        vm.expectRevert(abi.encodeWithSelector(IStakerBucket.NoCooldown.selector, 0));
        bucket.unstake(0, 4 ether);
        assertEq(staking.getUserValidatorStake(address(bucket), 0), 10 ether);
    }
}
