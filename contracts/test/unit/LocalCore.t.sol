// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LocalActor} from "../../src/dev/LocalActor.sol";
import {LocalCoreCandidateHub} from "../../src/dev/LocalCoreCandidateHub.sol";
import {LocalCoreEarn} from "../../src/dev/LocalCoreEarn.sol";
import {ICoreAgent} from "../../src/staking/ICoreAgent.sol";
import {ICoreBitcoinAgent} from "../../src/staking/ICoreBitcoinAgent.sol";
import {ICoreBtc, ICoreLstBtc} from "../../src/staking/ICoreBtc.sol";
import {ICoreStakeHub} from "../../src/staking/ICoreStakeHub.sol";
import {CoreWorld} from "../core/CoreWorld.sol";
import {console2} from "forge-std/Test.sol";

/// An account that takes coins with the 2,300 gas of a plain transfer and keeps no books.
contract Purse {
    receive() external payable {}

    function run(address to, bytes calldata data, uint256 value) external payable {
        (bool ok,) = to.call{value: value}(data);
        require(ok, "refused");
    }
}

/// An account that writes when coins arrive: a plain transfer is not enough for it.
contract Scribe is Purse {
    uint256 public count;

    function note() external payable {
        ++count;
    }
}

/// One test per fact of Core's staking system (C1 to C15).
contract LocalCoreTest is CoreWorld {
    function setUp() public {
        deployCore();
    }

    // ------------------------------------------------------------------------------------------------------ delegation

    function test_c1_undelegating_pays_in_the_same_transaction() public {
        vm.expectEmit(address(agent));
        emit ICoreAgent.delegatedCoin(v1, alice, 500 ether, 500 ether);
        delegate(alice, v1, 500 ether);
        vm.expectEmit(address(agent));
        emit ICoreAgent.delegatedCoin(v1, alice, 100 ether, 600 ether);
        delegate(alice, v1, 100 ether);
        assertEq(alice.balance, 99_400 ether);
        assertEq(agent.delegatorMap(alice), 600 ether);
        at(3, 5);
        vm.expectEmit(address(agent));
        emit ICoreAgent.undelegatedCoin(v1, alice, 250 ether);
        undelegate(alice, v1, 250 ether);
        assertEq(alice.balance, 99_650 ether);
        assertEq(agent.delegatorMap(alice), 350 ether);
        assertEq(address(agent).balance, 350 ether);
    }

    function test_c2_a_delegation_earns_from_the_next_full_round_and_what_leaves_earns_nothing() public {
        at(0, 12);
        delegate(alice, v1, 600 ether);
        at(1, 12);
        assertEq(claim(alice), 0, "the day of the delegation");
        at(2, 1);
        assertEq(claim(alice), 37.5 ether, "one full day");
        undelegate(alice, v1, 300 ether);
        at(3, 1);
        assertEq(claim(alice), 18.75 ether, "300 of the 600 that began day 2");
        // Two delegators share by what they had when the day began: 300 and 900 of 1,200.
        delegate(bob, v1, 900 ether);
        at(4, 1);
        assertEq(claim(alice), 37.5 ether, "alone on day 3: Bob's coins came during it");
        assertEq(claim(bob), 0);
        at(5, 1);
        assertEq(claim(alice), 9.375 ether);
        assertEq(claim(bob), 28.125 ether);
        // Three days unattended are three days' rewards.
        at(8, 1);
        assertEq(claim(alice), 28.125 ether);
        assertEq(claim(bob), 84.375 ether);
    }

    function test_c3_undelegating_eats_the_earning_stake_first() public {
        delegate(alice, v1, 600 ether);
        at(1, 9);
        delegate(alice, v1, 500 ether);
        undelegate(alice, v1, 500 ether);
        (uint256 staked, uint256 realtime, uint256 transferred, uint256 round) = agent.getDelegator(v1, alice);
        assertEq(staked, 100 ether);
        assertEq(realtime, 600 ether);
        assertEq(transferred, 0);
        assertEq(round, ROUND + 1);
        at(2, 1);
        // 37.5 on 600 is 0.0625 each; 100 were left to earn it: 6.25, and 31.25 are lost.
        assertEq(claim(alice), 6.25 ether);
        at(3, 1);
        assertEq(claim(alice), 37.5 ether, "the next day earns in full");
    }

    function test_c4_partial_undelegation_leaves_and_takes_at_least_one_core() public {
        vm.prank(alice);
        vm.expectRevert("deposit is too small");
        agent.delegateCoin{value: 1 ether - 1}(v1);
        delegate(alice, v1, 1 ether);
        delegate(alice, v1, 2 ether);
        vm.prank(alice);
        vm.expectRevert("amount is too small");
        agent.undelegateCoin(v1, 1 ether - 1);
        vm.prank(alice);
        vm.expectRevert("remainder is too small");
        agent.undelegateCoin(v1, 2 ether + 1);
        vm.prank(alice);
        vm.expectRevert("not enough delegated");
        agent.undelegateCoin(v1, 3 ether + 1);
        vm.prank(alice);
        vm.expectRevert("not enough delegated");
        agent.undelegateCoin(v1, 0);
        undelegate(alice, v1, 2 ether);
        // Governance may raise the minimum above what is staked: all of it still leaves.
        agent.setRequiredCoinDeposit(5 ether);
        assertEq(agent.requiredCoinDeposit(), 5 ether);
        vm.prank(alice);
        vm.expectRevert("amount is too small");
        agent.undelegateCoin(v1, 0.5 ether);
        undelegate(alice, v1, 1 ether);
        assertEq(alice.balance, 100_000 ether);
        assertEq(agent.getCandidateListByDelegator(alice).length, 0);
    }

    function test_c5_a_transfer_keeps_the_reward_of_the_day() public {
        delegate(alice, v1, 600 ether);
        at(1, 9);
        vm.expectEmit(address(agent));
        emit ICoreAgent.transferredCoin(v1, v2, alice, 600 ether, 600 ether);
        transfer(alice, v1, v2, 600 ether);
        (uint256 staked, uint256 realtime, uint256 transferred,) = agent.getDelegator(v1, alice);
        assertEq(staked, 0);
        assertEq(realtime, 0);
        assertEq(transferred, 600 ether);
        assertEq(agent.getCandidateListByDelegator(alice).length, 2, "the source is owed for until its day is paid");
        at(2, 1);
        assertEq(claim(alice), 37.5 ether, "earned with the source");
        assertEq(agent.getCandidateListByDelegator(alice).length, 1);
        at(3, 1);
        assertEq(claim(alice), 37.5 ether, "earned with the target");

        // The source may be jailed or gone, the target must take delegations.
        hub.setJailed(v2, true);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ICoreAgent.SameCandidate.selector, v2));
        agent.transferCoin(v2, v2, 600 ether);
        hub.setClosed(v3, true);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ICoreAgent.InactiveCandidate.selector, v3));
        agent.transferCoin(v2, v3, 600 ether);
        transfer(alice, v2, v1, 300 ether);
        hub.setJailed(v2, false);
        hub.removeCandidate(v2);
        transfer(alice, v2, v1, 300 ether);
        assertEq(agent.delegatorMap(alice), 600 ether);
    }

    function test_c5_undelegating_what_was_transferred_today_loses_its_reward_too() public {
        delegate(alice, v1, 600 ether);
        at(1, 9);
        transfer(alice, v1, v2, 600 ether);
        undelegate(alice, v2, 200 ether);
        at(2, 1);
        assertEq(claim(alice), 25 ether, "400 of 600 kept");
    }

    // --------------------------------------------------------------------------------------------------------- rewards

    function test_c6_no_view_shows_what_accrued_until_somebody_settles_it() public {
        delegate(alice, v1, 600 ether);
        at(2, 1);
        (, uint256[] memory rewards) = stakeHub.getDelegator(alice);
        assertEq(rewards[0] + rewards[1] + rewards[2], 0);
        vm.prank(bob);
        stakeHub.calculateReward(alice);
        uint256 round;
        (round, rewards) = stakeHub.getDelegator(alice);
        assertEq(round, ROUND + 2);
        assertEq(rewards[0], 37.5 ether);
        stakeHub.addHashReward(alice, 2 ether);
        vm.expectEmit(address(stakeHub));
        emit ICoreStakeHub.claimedReward(alice, 39.5 ether);
        assertEq(claim(alice), 39.5 ether, "the kinds are summed");
        assertEq(claim(alice), 0, "once");
    }

    function test_c6_a_claim_pays_by_a_call_that_may_reenter_and_must_be_accepted() public {
        LocalActor actor = new LocalActor();
        vm.deal(address(this), 600 ether);
        actor.act{value: 600 ether}(address(agent), abi.encodeCall(ICoreAgent.delegateCoin, (v1)));
        at(2, 1);
        bytes memory claimCall = abi.encodeCall(ICoreStakeHub.claimReward, ());
        actor.behave(LocalActor.Mode.Refuse, address(0), "");
        vm.expectRevert("payment refused");
        actor.act(address(stakeHub), claimCall);
        actor.behave(LocalActor.Mode.Reenter, address(stakeHub), claimCall);
        actor.act(address(stakeHub), claimCall);
        assertEq(actor.successes(), 1, "a second claim inside the first went through");
        assertEq(address(actor).balance, 37.5 ether, "and paid nothing");
    }

    function test_c7_a_jailed_validator_stops_earning_and_takes_nobodys_stake() public {
        delegate(alice, v1, 600 ether);
        at(2, 1);
        hub.setJailed(v1, true);
        assertTrue(hub.isJailed(v1));
        assertFalse(hub.canDelegate(v1));
        assertFalse(hub.isValidator(v1));
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ICoreAgent.InactiveCandidate.selector, v1));
        agent.delegateCoin{value: 1 ether}(v1);
        at(5, 1);
        assertEq(claim(alice), 37.5 ether, "day 1 alone: on day 2 it was jailed");
        hub.setJailed(v1, false);
        at(6, 1);
        assertEq(claim(alice), 0, "released during day 5");
        at(7, 1);
        assertEq(claim(alice), 37.5 ether);
        hub.setJailed(v1, true);
        undelegate(alice, v1, 600 ether);
        assertEq(alice.balance, 100_075 ether, "all of the stake and two days' rewards");
    }

    function test_c8_a_claim_costs_about_55k_gas_for_each_validator() public {
        uint256 one = _claimGas(1);
        uint256 eleven = _claimGas(11);
        console2.log("claim at 1 and 11 validators", one, eleven);
        uint256 each = (eleven - one) / 10;
        console2.log("each", each);
        assertGt(each, 45_000);
        assertLt(each, 75_000);
    }

    function _claimGas(uint256 validators) private returns (uint256) {
        address who = makeAddr(vm.toString(validators));
        vm.deal(who, 1_000 ether);
        uint256 today = vm.getBlockTimestamp() / 1 days;
        for (uint256 i; i < validators; ++i) {
            address candidate = makeAddr(string.concat(vm.toString(validators), "/", vm.toString(i)));
            hub.addCandidate(candidate, REWARD);
            delegate(who, candidate, 10 ether);
        }
        vm.warp((today + 2) * 1 days);
        claim(who);
        vm.warp((today + 3) * 1 days);
        for (uint256 i; i < validators; ++i) {
            vm.cool(makeAddr(string.concat(vm.toString(validators), "/", vm.toString(i))));
        }
        vm.cool(address(agent));
        vm.cool(address(stakeHub));
        vm.cool(address(hub));
        vm.prank(who);
        uint256 before = gasleft();
        stakeHub.claimReward();
        return before - gasleft();
    }

    function test_c8_a_round_turns_some_blocks_after_midnight() public {
        hub.setTurnLag(10 minutes);
        delegate(alice, v1, 600 ether);
        vm.warp(T0 + 2 days + 9 minutes);
        assertEq(hub.getRoundTag(), ROUND + 1);
        assertEq(agent.roundTag(), ROUND + 1);
        assertEq(claim(alice), 0);
        vm.warp(T0 + 2 days + 10 minutes);
        assertEq(hub.getRoundTag(), ROUND + 2);
        assertEq(claim(alice), 37.5 ether);
        vm.expectRevert(abi.encodeWithSelector(LocalCoreCandidateHub.RoundWouldMove.selector, 11 minutes));
        hub.setTurnLag(11 minutes);
    }

    // ---------------------------------------------------------------------------------------------------------- stCORE

    function test_c9_mint_redeem_and_withdraw() public {
        vm.startPrank(alice);
        vm.expectRevert("mint is too small");
        earn.mint{value: 1 ether - 1}(v1);
        earn.mint{value: 1_000 ether}(v1);
        vm.stopPrank();
        assertEq(st.balanceOf(alice), 1_000 ether);
        earn.setRate(1_250_000);
        assertEq(earn.getCurrentExchangeRate(), 1_250_000);
        vm.startPrank(bob);
        earn.mint{value: 1_000 ether}(v1);
        vm.stopPrank();
        assertEq(st.balanceOf(bob), 800 ether, "1,000 / 1.25");

        vm.startPrank(alice);
        vm.expectRevert("redeem is too small");
        earn.redeem(1 ether - 1);
        earn.redeem(100 ether); // 125 CORE, without an allowance
        assertEq(st.balanceOf(alice), 900 ether);
        vm.stopPrank();
        earn.setRate(2_000_000);
        at(1, 1);
        settleEarn();
        vm.startPrank(alice);
        earn.redeem(10 ether); // 20 CORE
        vm.warp(T0 + 7 days + 1 hours); // the end of the first lock itself
        vm.stopPrank();
        settleEarn();
        vm.startPrank(alice);
        vm.expectRevert("nothing unlocked");
        earn.withdraw();
        vm.warp(T0 + 7 days + 1 hours + 1);
        uint256 before = alice.balance;
        earn.withdraw();
        assertEq(alice.balance - before, 125 ether, "at the rate of the redeem");
        vm.expectRevert("nothing unlocked");
        earn.withdraw();
        vm.stopPrank();
    }

    function test_c9_withdraw_pays_all_that_is_due_in_one_sum_and_records_change_places() public {
        vm.startPrank(alice);
        earn.mint{value: 1_000 ether}(v1);
        for (uint256 i = 1; i <= 100; ++i) {
            earn.redeem(1 ether + i);
        }
        vm.expectRevert("too many records");
        earn.redeem(1 ether);
        vm.stopPrank();
        LocalCoreEarn.Record[] memory list = _records(alice);
        assertEq(list.length, 100);
        assertEq(list[0].amount, 1 ether + 1);
        at(7, 2);
        settleEarn();
        vm.startPrank(alice);
        uint256 before = alice.balance;
        earn.withdraw();
        assertEq(alice.balance - before, 100 ether + 5_050, "1 to 100 and a coin each");
        vm.expectRevert("no records");
        earn.withdraw();
        // One that is locked longer stays, and moves to the front.
        earn.redeem(3 ether);
        vm.warp(vm.getBlockTimestamp() + 1 hours);
        earn.redeem(4 ether);
        vm.stopPrank();
        assertEq(_records(alice)[0].amount, 3 ether);
        vm.warp(vm.getBlockTimestamp() + 7 days - 30 minutes);
        settleEarn();
        vm.prank(alice);
        earn.withdraw();
        assertEq(_records(alice).length, 1);
        assertEq(_records(alice)[0].amount, 4 ether);
    }

    function test_c9_a_payment_brings_no_more_gas_than_a_plain_transfer() public {
        Purse purse = new Purse();
        Scribe scribe = new Scribe();
        vm.deal(address(this), 10 ether);
        for (uint256 i; i < 2; ++i) {
            Purse who = i == 0 ? purse : Purse(scribe);
            who.run{value: 2 ether}(address(earn), abi.encodeCall(earn.mint, (v1)), 2 ether);
            who.run(address(earn), abi.encodeCall(earn.redeem, (2 ether)), 0);
        }
        at(8, 1);
        settleEarn();
        purse.run(address(earn), abi.encodeCall(earn.withdraw, ()), 0);
        assertEq(address(purse).balance, 2 ether);
        LocalActor writer = new LocalActor();
        writer.act{value: 2 ether}(address(earn), abi.encodeCall(earn.mint, (v1)));
        writer.act(address(earn), abi.encodeCall(earn.redeem, (2 ether)));
        // Its `receive` calls out: more than 2,300 gas.
        writer.behave(LocalActor.Mode.Reenter, address(scribe), abi.encodeCall(Scribe.note, ()));
        at(16, 1);
        settleEarn();
        vm.expectRevert();
        writer.act(address(earn), abi.encodeCall(earn.withdraw, ()));
    }

    function test_c10_everything_waits_for_the_operator_of_the_round_and_for_the_pause() public {
        vm.startPrank(alice);
        earn.mint{value: 100 ether}(v1);
        earn.redeem(10 ether);
        vm.stopPrank();
        at(8, 0);
        _allRefuse("round not settled");
        vm.prank(bob);
        vm.expectRevert("only operator");
        settleEarn();
        settleEarn();
        earn.setPaused(true);
        _allRefuse("paused");
        earn.setPaused(false);
        vm.prank(alice);
        earn.withdraw();
        assertEq(alice.balance, 100_000 ether - 90 ether);
    }

    function _allRefuse(bytes memory reason) private {
        vm.startPrank(alice);
        vm.expectRevert(reason);
        earn.mint{value: 1 ether}(v1);
        vm.expectRevert(reason);
        earn.redeem(1 ether);
        vm.expectRevert(reason);
        earn.withdraw();
        vm.stopPrank();
    }

    function test_c10_the_rate_moves_with_the_operators_call() public {
        earn.setGrowth(500); // 0.05 % a round
        at(1, 1);
        assertEq(earn.getCurrentExchangeRate(), 1_000_000, "late: still the old one");
        settleEarn();
        assertEq(earn.getCurrentExchangeRate(), 1_000_500);
        settleEarn();
        assertEq(earn.getCurrentExchangeRate(), 1_000_500, "once in a round");
        at(3, 1);
        settleEarn();
        // Two rounds late: 1,000,500 + 500 = 1,001,000, then 500 more.
        assertEq(earn.getCurrentExchangeRate(), 1_001_500);
    }

    function test_c11_the_labels_of_getRedeemAmount_are_swapped() public {
        vm.startPrank(alice);
        earn.mint{value: 100 ether}(v1);
        earn.redeem(10 ether);
        (uint256 unlocked, uint256 locked) = earn.getRedeemAmount();
        assertEq(unlocked, 10 ether, "said to be unlocked while it is locked");
        assertEq(locked, 0);
        at(8, 0);
        (unlocked, locked) = earn.getRedeemAmount();
        assertEq(unlocked, 0);
        assertEq(locked, 10 ether, "said to be locked when it is due");
        vm.stopPrank();
    }

    function test_c12_lock_and_fee_know_no_bound() public {
        vm.prank(alice);
        earn.mint{value: 100 ether}(v1);
        earn.setLockDay(365);
        earn.setFee(1e6);
        vm.prank(alice);
        earn.redeem(10 ether);
        LocalCoreEarn.Record[] memory list = _records(alice);
        assertEq(list[0].unlockTime, T0 + 1 hours + 365 days);
        assertEq(list[0].amount, 0, "all of it went as a fee");
        assertEq(list[0].fee, 10 ether);
        // What was redeemed before keeps its terms.
        earn.setLockDay(7);
        earn.setFee(2_500); // 0.25 %
        vm.prank(alice);
        earn.redeem(10 ether);
        earn.setFee(0);
        earn.setLockDay(1_000);
        assertEq(_records(alice)[1].amount, 9.975 ether);
        assertEq(_records(alice)[1].unlockTime, T0 + 1 hours + 7 days);
    }

    // ------------------------------------------------------------------------------------------------------------- BTC

    function test_c13_core_btc_has_minter_caps_and_a_blacklist() public {
        assertEq(btc.decimals(), 8);
        vm.expectRevert(abi.encodeWithSelector(ICoreBtc.MinterCapExceeded.selector, address(this), 1, 0));
        btc.mint(alice, 1);
        btc.setMinterCap(address(this), 3e8);
        btc.mint(alice, 2e8);
        vm.expectRevert(abi.encodeWithSelector(ICoreBtc.MinterCapExceeded.selector, address(this), 3e8 + 1, 3e8));
        btc.mint(alice, 1e8 + 1);
        at(1, 0);
        btc.mint(alice, 3e8);
        assertEq(btc.balanceOf(alice), 5e8);

        vm.expectEmit(address(btc));
        emit ICoreBtc.BlacklistSet(bob, true);
        btc.setBlacklisted(bob, true);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ICoreBtc.Blacklisted.selector, bob));
        btc.transfer(bob, 1);
        btc.setBlacklisted(bob, false);
        vm.prank(alice);
        btc.transfer(bob, 1e8);
        btc.setBlacklisted(bob, true);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ICoreBtc.Blacklisted.selector, bob));
        btc.transfer(alice, 1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ICoreBtc.Blacklisted.selector, bob));
        btc.burn(1);
        vm.prank(alice);
        btc.burn(4e8);
        assertEq(btc.totalSupply(), 1e8);
    }

    function test_c14_lst_btc_yields_core_to_its_holder_and_burns_at_once() public {
        assertEq(lst.decimals(), 8);
        bitcoin.setReward(100 ether);
        lst.mint(alice, 3e8);
        lst.mint(bob, 1e8);
        at(1, 6);
        assertEq(claim(alice), 0, "not a full day yet");
        // Alice sends 1 BTC on day 1: for that day it earns nothing.
        vm.prank(alice);
        lst.transfer(bob, 1e8);
        at(2, 1);
        // 100 CORE on 4 BTC that began the day; grade 0 without staked CORE: 20 %.
        assertEq(claim(alice), 10 ether, "2 BTC * 25 * 20 %");
        assertEq(claim(bob), 5 ether, "1 BTC * 25 * 20 %");
        at(3, 1);
        assertEq(claim(bob), 10 ether, "2 BTC now");

        lst.setPaused(true);
        vm.prank(alice);
        vm.expectRevert("paused");
        lst.transfer(bob, 1);
        vm.prank(alice);
        vm.expectRevert("paused");
        lst.redeem(1e8, hex"00");
        lst.setPaused(false);
        vm.expectEmit(address(lst));
        emit ICoreLstBtc.redeemed(alice, 1e8, hex"0014");
        vm.prank(alice);
        lst.redeem(1e8, hex"0014");
        assertEq(lst.balanceOf(alice), 1e8, "burned now; the BTC come on Bitcoin");
        assertEq(lst.totalSupply(), 3e8);
    }

    function test_c15_core_staked_at_the_same_address_lifts_the_reward_by_governed_grades() public {
        ICoreBitcoinAgent.DualStakingGrade[] memory grades = bitcoin.getGrades();
        assertEq(grades.length, 3);
        assertEq(grades[1].stakeRate, 1_000);
        assertEq(grades[1].percentage, 5_000);
        hub.setReward(v1, 0);
        bitcoin.setReward(100 ether);
        lst.mint(alice, 2e8); // alone: 100 CORE a day before the grade
        at(2, 1);
        assertEq(claim(alice), 20 ether, "grade 0");
        delegate(alice, v1, 1_999 ether);
        at(3, 1);
        assertEq(claim(alice), 20 ether, "999.5 for each BTC");
        delegate(alice, v1, 1 ether);
        at(4, 1);
        assertEq(claim(alice), 50 ether, "1,000 for each BTC");
        delegate(alice, v1, 8_000 ether);
        at(5, 1);
        assertEq(claim(alice), 100 ether, "5,000 for each BTC");
        ICoreBitcoinAgent.DualStakingGrade[] memory cut = new ICoreBitcoinAgent.DualStakingGrade[](1);
        cut[0] = ICoreBitcoinAgent.DualStakingGrade(0, 100);
        bitcoin.setGrades(cut);
        at(6, 1);
        assertEq(claim(alice), 1 ether, "governance cut the grades to 1 %");
    }

    // ------------------------------------------------------------------------------------- rewards, against another book

    /// What a plain book knows: for each delegator and validator the stake, and what of it began the day and is still counted.
    mapping(address => mapping(address => uint256)) private _stake;
    mapping(address => mapping(address => uint256)) private _earns;
    mapping(address => mapping(address => uint256)) private _left; // moved away today, still earns there
    mapping(address => uint256) private _began; // all stake with a validator when the day began
    mapping(address => uint256) private _due;

    /// Random days of three delegators with three validators: what the stand-in pays is what a book says that is kept day by
    /// day and knows neither indices nor late settling. One wei may be lost in each settlement of each validator.
    function testFuzz_c2_c3_c5_rewards_are_those_of_a_book_kept_day_by_day(uint256 seed) public {
        address[3] memory who = [alice, bob, carol];
        address[3] memory at_ = [v1, v2, v3];
        uint256 settlements;
        for (uint256 day; day < 12; ++day) {
            at(day, 1);
            for (uint256 n; n < seed % 5; ++n) {
                seed = uint256(keccak256(abi.encode(seed)));
                _act(who[(seed >> 8) % 3], at_[(seed >> 16) % 3], at_[(seed >> 24) % 3], seed);
                settlements += 2;
            }
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 3 == 0) {
                stakeHub.calculateReward(who[(seed >> 8) % 3]);
                settlements += 3;
            }
            _midnight(who, at_);
        }
        at(12, 1);
        for (uint256 i; i < 3; ++i) {
            assertApproxEqAbs(claim(who[i]), _due[who[i]], settlements + 36, "one of three");
        }
    }

    function _act(address d, address v, address w, uint256 seed) private {
        uint256 kind = (seed >> 32) % 3;
        uint256 amount = 1 ether + (seed >> 40) % 500 ether;
        if (kind == 0) {
            delegate(d, v, amount);
            _stake[d][v] += amount;
            return;
        }
        uint256 stake = _stake[d][v];
        if (stake == 0) return;
        if (amount + 1 ether > stake) amount = stake;
        uint256 earning = amount < _earns[d][v] ? amount : _earns[d][v];
        if (kind == 1) {
            address[] memory list = agent.getCandidateListByDelegator(d);
            undelegate(d, v, amount);
            _forget(d, amount - earning, list);
        } else {
            if (v == w) return;
            transfer(d, v, w, amount);
            _left[d][v] += earning;
            _stake[d][w] += amount;
        }
        _earns[d][v] -= earning;
        _stake[d][v] -= amount;
    }

    /// What was moved today and is undelegated earns nothing either; of several sources the first in the system's list goes first.
    function _forget(address d, uint256 amount, address[] memory list) private {
        for (uint256 i; i < list.length && amount != 0; ++i) {
            uint256 part = amount < _left[d][list[i]] ? amount : _left[d][list[i]];
            _left[d][list[i]] -= part;
            amount -= part;
        }
    }

    function _midnight(address[3] memory who, address[3] memory at_) private {
        for (uint256 k; k < 3; ++k) {
            address v = at_[k];
            uint256 all;
            for (uint256 i; i < 3; ++i) {
                address d = who[i];
                // What one coin earns is rounded down first, to 18 places: the system's own way.
                if (_began[v] != 0) _due[d] += REWARD * 1e18 / _began[v] * (_earns[d][v] + _left[d][v]) / 1e18;
                _earns[d][v] = _stake[d][v];
                _left[d][v] = 0;
                all += _stake[d][v];
            }
            _began[v] = all;
        }
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    /// As `who` sees them: there is no other way to see them. Outside of any prank.
    function _records(address who) private returns (LocalCoreEarn.Record[] memory) {
        vm.prank(who);
        return earn.getRedeemRecords();
    }
}
