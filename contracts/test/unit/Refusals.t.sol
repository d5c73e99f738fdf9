// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LocalActor} from "../../src/dev/LocalActor.sol";
import {LocalToken} from "../../src/dev/LocalToken.sol";
import {ILiquidReceipts} from "../../src/liquid/ILiquidReceipts.sol";
import {ILiquidToken} from "../../src/liquid/ILiquidToken.sol";
import {IRewardConverter} from "../../src/liquid/IRewardConverter.sol";
import {LiquidAdmin} from "../../src/liquid/LiquidAdmin.sol";
import {IAmmRoute} from "../../src/liquid/amm/IAmmRoute.sol";
import {LiquidStorage} from "../../src/liquid/lib/LiquidStorage.sol";
import {Fixture} from "../Fixture.sol";
import {Attack} from "../attacks/Attack.sol";

/// Says of itself that it stands behind another slot than the proxy's.
contract ElsewhereUpgradeable {
    bytes32 public constant proxiableUUID = keccak256("elsewhere");
}

/// What no deployment can be made of.
contract ConstructionTest is Fixture {
    bytes internal nobody = abi.encodeWithSelector(ZeroAddress.selector);

    function setUp() public {
        deployStaking(1);
        deployContracts();
    }

    function test_parts_refuse_to_be_built_on_nobody() public {
        address there = address(token);
        address none = address(0);
        refusesToBe("LiquidViews", abi.encode(none, staking), 0, nobody);
        refusesToBe("LiquidViews", abi.encode(there, none), 0, nobody);
        refusesToBe("LiquidAdmin", abi.encode(there, staking, none), 0, nobody);
        refusesToBe("LiquidPayouts", abi.encode(there, staking, none), 0, nobody);
        refusesToBe("LiquidStaker", abi.encode(there, staking, factory, none), 0, nobody);
        refusesToBe("LiquidMinter", abi.encode(there, staking, factory, none, there, there), 0, nobody);
        refusesToBe("LiquidMinter", abi.encode(there, staking, factory, there, none, there), 0, nobody);
        refusesToBe("LiquidMinter", abi.encode(there, staking, factory, there, there, none), 0, nobody);
        // A halt in front of an account without code would hand every claim on to nothing, and nothing never reverts.
        refusesToBe("LiquidHalt", abi.encode(there, staking, alice), 0, nobody);
        bytes memory noMinter = abi.encodeWithSelector(ILiquidReceipts.NotMinter.selector, none);
        refusesToBe("LiquidReceipts", abi.encode(none, "receipt", "R"), 0, noMinter);
        refusesToBe("RewardConverter", abi.encode(none), 0, noMinter);
    }

    function test_a_minter_is_not_initialized_with_what_its_setters_would_refuse() public {
        LiquidAdmin.InitParams memory p;
        (p = params()).admin = address(0);
        _refused(p, SEED, nobody);
        (p = params()).guardian = address(0);
        _refused(p, SEED, nobody);
        (p = params()).rewards = address(0);
        _refused(p, SEED, nobody);
        (p = params()).factory = address(0);
        _refused(p, SEED, nobody);
        (p = params()).feeRecipient = address(0);
        _refused(p, SEED, nobody);
        (p = params()).maxInstantFeeBps = 501;
        _refused(p, SEED, abi.encodeWithSelector(FeeAboveCeiling.selector, 501, 500));
        (p = params()).standardFeeBps = 501;
        _refused(p, SEED, abi.encodeWithSelector(FeeAboveCeiling.selector, 501, 500));
        (p = params()).minInstantFeeBps = 101;
        _refused(p, SEED, _bad("minInstantFee", 101));
        (p = params()).withholdBps = 5_001;
        _refused(p, SEED, _bad("withholdRatio", 5_001));
        (p = params()).minStake = 1 ether - 1;
        _refused(p, SEED, _bad("minStake", 1 ether - 1));
        (p = params()).minRungAge = 0;
        _refused(p, SEED, _bad("minRungAge", 0));
        p = params();
        _refused(p, 1 ether - 1, _bad("seed", 1 ether - 1));
        _refused(p, 1 << 96, abi.encodeWithSelector(AmountTooLarge.selector, 1 << 96, type(uint96).max));
        // With the least of all that, only the token says no: it knows another minter.
        p.minInstantFeeBps = p.maxInstantFeeBps = p.standardFeeBps = 500;
        (p.withholdBps, p.minStake, p.minRungAge) = (5_000, 1 ether, 1);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        _refused(p, 1 ether, abi.encodeWithSelector(ILiquidToken.NotMinter.selector, next));
        assertEq(token.totalSupply(), SEED, "one seed, of the minter that is there");
    }

    function _refused(LiquidAdmin.InitParams memory p, uint256 seed, bytes memory reason) private {
        vm.deal(address(this), seed);
        bytes memory init = abi.encodeCall(LiquidAdmin.initialize, (p));
        refusesToBe("ERC1967Proxy", abi.encode(code, init), seed, reason);
        assertEq(address(this).balance, seed);
    }

    function _bad(bytes32 name, uint256 value) private pure returns (bytes memory) {
        return abi.encodeWithSelector(BadParameter.selector, name, value);
    }

    /// Between deployment and setup: what is not there yet is named, and holds nothing up.
    function test_before_the_setup_each_call_names_what_is_missing() public {
        vm.deal(alice, 10 ether);
        refuses(alice, 1 ether, abi.encodeCall(minter.submitAndDeposit, (alice, 0)), _only(VaultNotSet.selector));
        refuses(alice, abi.encodeCall(minter.claimToken, (address(token), 0, 0, 1)), _only(NoConverter.selector));
        refuses(admin, abi.encodeCall(minter.setConversion, (address(token), 1, 1, 1)), _only(NoConverter.selector));
        bytes memory pool = abi.encodeCall(minter.setAmmPool, (alice, IAmmRoute.Style.V2, 30));
        refuses(admin, pool, _only(AmmNotEnabled.selector));
        vm.warp(T0 + 1 days + GRACE);
        assertEq(minter.claimAll(), 0, "no validators, no rewards");
        submit(alice, 5 ether);
        assertEq(minter.headroom(), SEED + 5 ether);
    }

    function _only(bytes4 error) private pure returns (bytes memory) {
        return abi.encodeWithSelector(error);
    }
}

/// The edges of what the deployed minter takes: the last value that it takes, and the first that it refuses. 100 LST, all at a
/// rate of 1; see Attack.
contract RefusalsTest is Attack {
    uint256 internal constant MOST = type(uint96).max;
    bytes internal nobody = abi.encodeWithSelector(ZeroAddress.selector);
    bytes internal nothing = abi.encodeWithSelector(ZeroAmount.selector);

    function takes(address who, bytes memory data) internal {
        vm.prank(who);
        (bool ok, bytes memory said) = address(minter).call(data);
        assertTrue(ok, vm.toString(said));
    }

    function bad(bytes32 name, uint256 value) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(BadParameter.selector, name, value);
    }

    function exitOf(uint256 lst) internal view returns (ExitParams memory) {
        return exitParams(alice, lst, lst);
    }

    // ------------------------------------------------------------------------------------------------------ parameters

    function test_setters_take_their_last_good_value_and_refuse_the_next() public {
        takes(admin, abi.encodeCall(minter.setWithholdRatio, (5_000)));
        refuses(admin, abi.encodeCall(minter.setWithholdRatio, (5_001)), bad("withholdRatio", 5_001));
        takes(admin, abi.encodeCall(minter.setFees, (100, 500)));
        refuses(admin, abi.encodeCall(minter.setFees, (101, 500)), bad("minInstantFee", 101));
        takes(admin, abi.encodeCall(minter.setMaxInstantFee, (100)));
        refuses(admin, abi.encodeCall(minter.setMaxInstantFee, (99)), bad("maxInstantFee", 99));
        takes(admin, abi.encodeCall(minter.setInstantPolicy, (false, 10_000)));
        bytes memory policy = abi.encodeCall(minter.setInstantPolicy, (false, 10_001));
        refuses(admin, policy, bad("utilizationThreshold", 10_001));
        takes(admin, abi.encodeCall(minter.setMinStake, (MOST)));
        refuses(admin, abi.encodeCall(minter.setMinStake, (MOST + 1)), bad("minStake", MOST + 1));
        takes(admin, abi.encodeCall(minter.setMinStake, (1 ether)));
        refuses(admin, abi.encodeCall(minter.setMinStake, (1 ether - 1)), bad("minStake", 1 ether - 1));
        uint256 span = COOLDOWN + SAFETY;
        takes(admin, abi.encodeCall(minter.setBatchUnstakeParams, (MOST, span)));
        bytes memory batch = abi.encodeCall(minter.setBatchUnstakeParams, (MOST + 1, span));
        refuses(admin, batch, bad("withdrawalQueueThreshold", MOST + 1));
        batch = abi.encodeCall(minter.setBatchUnstakeParams, (MOST, span + 1));
        refuses(admin, batch, bad("batchUnstakeInterval", span + 1));
        takes(keeper, abi.encodeCall(minter.setStakingPercentageCap, (10_000)));
        bytes memory cap = abi.encodeCall(minter.setStakingPercentageCap, (10_001));
        refuses(keeper, cap, bad("stakingPercentageCap", 10_001));
        (uint256 minFee, uint256 maxFee, uint256 standard, uint256 rungFee, uint256 withheld, uint256 threshold) =
            minter.feesAndRatios();
        assertEq(minFee, 100);
        assertEq(maxFee, 100);
        assertEq(standard, 500);
        assertEq(rungFee, 500, "nobody is in the open rung");
        assertEq(withheld, 5_000);
        assertEq(threshold, 10_000);
        (uint256 batchThreshold, uint256 interval, uint256 minStake,,,,, uint256 capBps) = minter.keeperParams();
        assertEq(batchThreshold, MOST);
        assertEq(interval, span);
        assertEq(minStake, 1 ether);
        assertEq(capBps, 10_000);
    }

    function test_validators_take_their_last_good_value_and_refuse_the_next() public {
        takes(admin, abi.encodeCall(minter.setValidatorWeight, (0, 65_535)));
        refuses(admin, abi.encodeCall(minter.setValidatorWeight, (0, 65_536)), bad("weight", 65_536));
        takes(admin, abi.encodeCall(minter.setMaxValidatorPercentage, (0, 9_999)));
        bytes memory percentage = abi.encodeCall(minter.setMaxValidatorPercentage, (0, 10_000));
        refuses(admin, percentage, bad("maxValidatorPercentage", 10_000));
        takes(admin, abi.encodeCall(minter.setMaxValidatorPercentage, (0, 1)));
        percentage = abi.encodeCall(minter.setMaxValidatorPercentage, (0, 0));
        refuses(admin, percentage, bad("maxValidatorPercentage", 0));
        takes(keeper, abi.encodeCall(minter.addBuckets, (0, 124)));
        bytes memory many = abi.encodeWithSelector(TooManyBuckets.selector, 0, 129, 128);
        refuses(keeper, abi.encodeCall(minter.addBuckets, (0, 129)), many);
        many = abi.encodeWithSelector(TooManyBuckets.selector, 0, type(uint256).max, 128);
        refuses(keeper, abi.encodeCall(minter.addBuckets, (0, type(uint256).max)), many);
        ValidatorState memory v = minter.validatorState(0);
        assertEq(v.weight, 65_535);
        assertEq(v.maxPercentageBps, 1);
        assertEq(v.targetBuckets, 128);
        // What is set to what it is makes no event that a reader of the chain would take for a change.
        vm.recordLogs();
        takes(admin, abi.encodeCall(minter.setValidatorWeight, (0, 65_535)));
        takes(admin, abi.encodeCall(minter.setMaxValidatorPercentage, (0, 1)));
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_addresses_of_nobody_are_refused() public {
        refuses(admin, abi.encodeCall(minter.setFeeRecipient, (address(0))), nobody);
        refuses(admin, abi.encodeCall(minter.setRewardsSink, (address(0))), nobody);
        refuses(admin, abi.encodeCall(minter.setConverter, (address(0))), nobody);
        refuses(admin, abi.encodeCall(minter.setVault, (address(0))), nobody);
        assertEq(minter.feeRecipient(), feeRecipient);
        assertEq(minter.rewardsSink(), address(rewards));
        assertEq(minter.converter(), address(converter));
        assertEq(minter.vault(), address(vault));
        address elsewhere = address(new ElsewhereUpgradeable());
        refuses(admin, abi.encodeCall(minter.setHalt, (elsewhere)), bad("haltCode", uint160(elsewhere)));
        assertEq(minter.haltCode(), halt);
        bytes32 operation = keccak256("never announced");
        bytes memory unknown = abi.encodeWithSelector(NotScheduled.selector, operation);
        refuses(guardian, abi.encodeCall(minter.cancelScheduled, (operation)), unknown);
    }

    /// The rest of fourteen days begins when the last of the two pauses is lifted, not when it would have lapsed.
    function test_lifting_the_instant_pause_starts_its_rest() public {
        vm.prank(guardian);
        minter.setInstantPolicy(true, 10_000);
        pass(1 days);
        vm.prank(guardian);
        minter.setInstantPolicy(false, 10_000);
        uint256 from = now_() + 14 days;
        (uint256 instantUntil,, uint256 allowedFrom,,,) = minter.flags();
        assertEq(instantUntil, now_());
        assertEq(allowedFrom, from);
        vm.warp(from - 1);
        bytes memory rests = abi.encodeWithSelector(PauseNotYet.selector, from);
        refuses(guardian, abi.encodeCall(minter.setInstantPolicy, (true, 10_000)), rests);
        refuses(guardian, abi.encodeCall(minter.pauseDeposits, (true)), rests);
        vm.warp(from);
        takes(guardian, abi.encodeCall(minter.setInstantPolicy, (true, 10_000)));
    }

    // ------------------------------------------------------------------------------------------------ deposits, exits

    function test_deposits_are_refused_by_name() public {
        uint256 at = now_();
        refuses(bob, 0, abi.encodeCall(minter.submit, ()), nothing);
        refuses(bob, 1 ether, abi.encodeCall(minter.submitAndGive, (address(0))), nobody);
        bytes memory late = abi.encodeWithSelector(DeadlinePassed.selector, at - 1, at);
        refuses(bob, 1 ether, abi.encodeCall(minter.deposit, (bob, 0, at - 1)), late);
        bytes memory little = abi.encodeWithSelector(OutBelowMinimum.selector, 1 ether, 1 ether + 1);
        refuses(bob, 1 ether, abi.encodeCall(minter.deposit, (bob, 1 ether + 1, at)), little);
        bytes memory unknown = abi.encodeWithSelector(UnknownValidator.selector, 77);
        refuses(bob, 1 ether, abi.encodeCall(minter.submitForValidator, (77)), unknown);
        vm.deal(bob, MOST + 1);
        bytes memory large = abi.encodeWithSelector(AmountTooLarge.selector, MOST + 1, MOST);
        refuses(bob, MOST + 1, abi.encodeCall(minter.submit, ()), large);
        // Together with the ten that are there.
        large = abi.encodeWithSelector(AmountTooLarge.selector, MOST - 10 ether + 1, MOST);
        refuses(bob, MOST - 10 ether + 1, abi.encodeCall(minter.submit, ()), large);
        vm.prank(bob);
        assertEq(minter.deposit{value: 1 ether}(bob, 1 ether, at), 1 ether);
    }

    /// Just below a rate of 0.01, after nearly everything was slashed: a deposit would mint a hundred LST for a coin.
    function test_deposits_are_closed_below_the_least_rate() public {
        vm.prank(admin);
        minter.setWithholdRatio(0);
        stakeAll();
        submit(bob, 1.01 ether);
        staking.slashValidator(0);
        staking.slashValidator(1);
        minter.bookSlash(0);
        minter.bookSlash(1);
        uint256 rate = uint256(1.01 ether) * 1e27 / 101.01 ether;
        assertEq(minter.rate(), rate);
        bytes memory closed = abi.encodeWithSelector(DepositsClosed.selector, rate, 0.01e27);
        refuses(carol, 1 ether, abi.encodeCall(minter.submit, ()), closed);
        (, uint256 room) = minter.depositTerms();
        assertEq(room, 0);
    }

    function test_exits_are_refused_by_name() public {
        uint256 at = now_();
        ExitParams memory p = exitOf(20 ether);
        p.deadline = at - 1;
        bytes memory late = abi.encodeWithSelector(DeadlinePassed.selector, at - 1, at);
        refuses(alice, abi.encodeCall(minter.redeem, (20 ether, p)), late);
        refuses(alice, abi.encodeCall(minter.redeem, (0, exitOf(20 ether))), nothing);
        p = exitOf(20 ether);
        p.recipient = address(0);
        refuses(alice, abi.encodeCall(minter.redeem, (20 ether, p)), nobody);
        bytes memory unknown = abi.encodeWithSelector(UnknownValidator.selector, 77);
        refuses(alice, abi.encodeCall(minter.unstakeFromValidator, (20 ether, 77)), unknown);
        p = exitOf(20 ether);
        p.queueMax = 10 ether - 1;
        bytes memory unplaced = abi.encodeWithSelector(ExitNotPlaced.selector, 10 ether);
        refuses(alice, abi.encodeCall(minter.redeem, (20 ether, p)), unplaced);
        // All edges at once; the buffer has its whole target of ten, and the fee runs from 30 to 100 bps.
        p = exitOf(20 ether);
        (p.minOutNow, p.feeLimitBps, p.queueMax) = (9.935 ether, 65, 10 ether);
        vm.prank(alice);
        (uint256 paid, uint256 id) = minter.redeem(20 ether, p);
        assertEq(paid, 9.935 ether);
        (, uint256 lst,) = minter.request(id);
        assertEq(lst, 10 ether);
        assertSound();
    }

    /// A rung counts to 2^23 - 1. Its last place is given; then it has to close before the next request.
    function test_a_full_rung_takes_nobody_until_it_closes() public {
        bytes32 slot = bytes32(uint256(LiquidStorage.SLOT) + 4);
        uint256 most = (1 << 23) - 1;
        uint256 word = uint256(vm.load(address(minter), slot));
        vm.store(address(minter), slot, bytes32(word & type(uint224).max | (most - 1) << 224));
        assertEq(minter.line().openCount, most - 1, "eight million requests, written down instead of made");
        uint256 last = requestExit(alice, 1 ether);
        assertEq(last, most);
        ExitParams memory p = exitOf(1 ether);
        p.instantMax = 0;
        bytes memory full = abi.encodeWithSelector(RungFull.selector, 0);
        refuses(alice, abi.encodeCall(minter.redeem, (1 ether, p)), full);
        closeRung();
        assertEq(minter.rung(0).count, most);
        assertEq(minter.rung(0).feeBps, 5);
        assertEq(requestExit(alice, 1 ether), 1 << 32 | 1);
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, last), afterFee(1 ether));
    }

    function test_claims_are_refused_by_name() public {
        uint256 open = requestExit(alice, 1 ether);
        refuses(alice, abi.encodeCall(minter.withdraw, (address(0), open)), nobody);
        refuses(alice, abi.encodeCall(minter.claimTo, (open, 0, 0, address(0))), nobody);
        bytes memory early = abi.encodeWithSelector(NothingToClaim.selector, open);
        refuses(alice, abi.encodeCall(minter.withdraw, (alice, open)), early);
        refuses(alice, abi.encodeCall(minter.claimTo, (open, 0, 0, alice)), early);
        address[] memory users = new address[](2);
        uint256[] memory ids = new uint256[](1);
        bytes memory uneven = abi.encodeWithSelector(LengthMismatch.selector, 2, 1);
        refuses(keeper, abi.encodeCall(minter.fulfillRequests, (users, ids)), uneven);
        refuses(keeper, abi.encodeCall(minter.fulfillProRata, (users, ids, 1 ether)), uneven);
    }

    // ------------------------------------------------------------------------------------------------------- keepers

    function test_stake_by_hand_is_refused_by_name() public {
        vm.prank(admin);
        minter.setWithholdRatio(0);
        refuses(keeper, abi.encodeCall(minter.stakeWitheldForValidator, (0, 0)), nothing);
        stakeAll();
        submit(bob, 10 ether);
        vm.startPrank(keeper);
        minter.configureBuckets(1, 0);
        vm.stopPrank();
        bytes memory retired = abi.encodeWithSelector(NoCapacity.selector, 1, 0);
        refuses(keeper, abi.encodeCall(minter.stakeWitheldForValidator, (1 ether, 1)), retired);
        // 46 % of 110 are 50.6; 50 are there.
        vm.prank(admin);
        minter.setMaxValidatorPercentage(0, 4_600);
        assertEq(minter.validatorState(0).active, 50 ether);
        bytes memory full = abi.encodeWithSelector(NoCapacity.selector, 0, 0.6 ether);
        refuses(keeper, abi.encodeCall(minter.stakeWitheldForValidator, (1 ether, 0)), full);
        vm.prank(admin);
        minter.setMaxValidatorPercentage(0, 5_000);
        vm.prank(keeper);
        minter.stakeWitheldForValidator(5 ether, 0);
        assertEq(minter.validatorState(0).active, 55 ether);
        assertEq(minter.headroom(), 5 ether);
        refuses(keeper, abi.encodeCall(minter.restake, (0, 0)), nothing);
    }

    /// More than the latest bucket holds is not taken from another. Alice takes 20 back, so that 20 are over.
    function test_restake_takes_from_one_bucket_only() public {
        leave(alice, 20 ether);
        assertEq(cooling(0, 0), EACH);
        assertEq(cooling(0, 1), 8.75 ether + MARGIN);
        // A deposit frees what cools: the line is paid from above the target.
        submit(bob, 30 ether);
        address[] memory users = new address[](0);
        uint256[] memory ids = new uint256[](0);
        vm.prank(keeper);
        minter.fulfillProRata(users, ids, 19 ether);
        bytes memory much = abi.encodeWithSelector(RestakeTooMuch.selector, 12 ether, EACH);
        refuses(keeper, abi.encodeCall(minter.restake, (0, 12 ether)), much);
        vm.prank(keeper);
        minter.restake(0, EACH);
        assertEq(cooling(0, 0), 0);
        assertEq(bucketStake(0, 0), EACH);
        assertSound();
    }

    function test_rewards_and_gifts_are_refused_by_name() public {
        addValidator(7);
        minter.syncValidators();
        vm.prank(keeper);
        assertEq(minter.claim(uint16(7)), 0, "it has no buckets");
        refuses(bob, 0, abi.encodeCall(minter.loadRewards, ()), nothing);
    }

    // ------------------------------------------------------------------------------------------------------- reserve

    function test_the_reserve_is_refused_by_name() public {
        vm.deal(bob, MOST + 1);
        bytes memory large = abi.encodeWithSelector(AmountTooLarge.selector, MOST + 1, MOST);
        refuses(bob, MOST + 1, abi.encodeCall(minter.fundInsurance, ()), large);
        refuses(bob, 0, abi.encodeCall(minter.fundInsurance, ()), nothing);
        vm.startPrank(bob);
        minter.fundInsurance{value: 3 ether}();
        vm.stopPrank();
        large = abi.encodeWithSelector(AmountTooLarge.selector, MOST - 3 ether + 1, MOST);
        refuses(bob, MOST - 3 ether + 1, abi.encodeCall(minter.fundInsurance, ()), large);
        refuses(admin, abi.encodeCall(minter.withdrawInsurance, (address(0), 1 ether)), nobody);
        refuses(admin, abi.encodeCall(minter.withdrawInsurance, (bob, 0)), nothing);
        bytes memory much = abi.encodeWithSelector(InsuranceTooMuch.selector, 3 ether + 1, 3 ether);
        refuses(admin, abi.encodeCall(minter.withdrawInsurance, (carol, 3 ether + 1)), much);
        uint256 before = carol.balance;
        vm.prank(admin);
        minter.withdrawInsurance(carol, 3 ether);
        assertEq(carol.balance, before + 3 ether);
        assertEq(minter.insurance(), 0);
    }

    // ------------------------------------------------------------------------------------------------- reward tokens

    function test_the_converter_refuses_by_name() public {
        LocalToken gold = new LocalToken("Gold", "GLD");
        gold.mint(address(converter), 10 ether);
        uint256 most = type(uint128).max;
        bytes memory floor = abi.encodeWithSelector(IRewardConverter.BadFloor.selector, 0);
        refuses(admin, abi.encodeCall(minter.setConversion, (address(gold), 0, 1 ether, 1 ether)), floor);
        floor = abi.encodeWithSelector(IRewardConverter.BadFloor.selector, most + 1);
        refuses(admin, abi.encodeCall(minter.setConversion, (address(gold), most + 1, 1 ether, 1 ether)), floor);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.NotForSale.selector, address(gold)));
        converter.price(address(gold));
        assertEq(converter.forSale(address(gold)), 0);
        takes(admin, abi.encodeCall(minter.setConversion, (address(gold), most, 1 ether, 1 ether)));
        assertEq(converter.price(address(gold)), 16 * most);
        takes(admin, abi.encodeCall(minter.setConversion, (address(gold), 1 ether, 4 ether, 4 ether)));
        pass(300 hours);
        assertEq(converter.price(address(gold)), 1 ether, "after more halvings than a word has bits");
        vm.startPrank(bob);
        vm.expectRevert(nothing);
        converter.buy(address(gold), 0, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IRewardConverter.PaymentTooSmall.selector, 2 ether - 1, 2 ether));
        converter.buy{value: 2 ether - 1}(address(gold), 2 ether, 1 ether);
        uint256 before = bob.balance;
        assertEq(converter.buy{value: 2 ether}(address(gold), 2 ether, 1 ether), 2 ether, "to the wei");
        vm.stopPrank();
        assertEq(bob.balance, before - 2 ether);
        assertEq(gold.balanceOf(bob), 2 ether);
        // A buyer that takes no change gets no token either.
        LocalActor actor = new LocalActor();
        vm.deal(address(this), 10 ether);
        actor.behave(LocalActor.Mode.Refuse, address(0), "");
        uint256 price = converter.price(address(gold));
        bytes memory buying = abi.encodeCall(converter.buy, (address(gold), 1 ether, price));
        vm.expectRevert(
            abi.encodeWithSelector(IRewardConverter.TransferFailed.selector, address(actor), 10 ether - price)
        );
        actor.act{value: 10 ether}(address(converter), buying);
        assertEq(gold.balanceOf(address(actor)), 0);
        assertEq(address(converter).balance, 0);
    }
}
