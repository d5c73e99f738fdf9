// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Attack} from "./Attack.sol";
import {Chapter} from "./Chapter.sol";

/// Plan B of the book, followed to the letter: the tables of docs/src/plan-b.md are read here, every role is renounced, and
/// a person with nothing else gets out by sending the calls that stand there.
contract PlanBAttackTest is Attack, Chapter {
    /// Validator 1 is slashed in the first long wait of a plan.
    bool private slashMeanwhile;

    function setUp() public override {
        super.setUp();
        vm.deal(address(this), 100 ether);
        open("../docs/src/plan-b.md");
        means["minter"] = uint160(address(minter));
        means["token"] = uint160(address(token));
        means["receipts"] = uint160(address(receipts));
        means["rewards"] = uint160(address(rewards));
        means["vault"] = uint160(address(vault));
        means["coinVault"] = uint160(address(coinVault));
        means["id"] = 0;
    }

    function errors() internal pure override returns (string[] memory list) {
        list = new string[](8);
        list[0] = "NotKeeper(bytes32,uint256)";
        list[1] = "RungTooYoung(uint256)";
        list[2] = "NothingStaged()";
        list[3] = "NothingToClaim(uint256)";
        list[4] = "NothingToClaim(uint256,address)";
        list[5] = "NotSlashed(uint16)";
        list[6] = "AlreadyBooked(uint16)";
        list[7] = "SlashNotBooked(uint16)";
    }

    function passedOver(Row memory r) internal view override returns (bool) {
        return has(r.then_, "only while your rung is open") && means["id"] >> 32 != minter.openRung();
    }

    function each(Row memory r) internal view override returns (string memory word, uint256[] memory values) {
        if (!has(r.with, "validatorId")) return ("", values);
        uint16[] memory ids = minter.validators();
        values = new uint256[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            values[i] = ids[i];
        }
        return ("validatorId", values);
    }

    function waited() internal override {
        if (!slashMeanwhile) return;
        slashMeanwhile = false;
        staking.slashValidator(1);
    }

    // --------------------------------------------------------------------------------------------------------- the states

    function intoVault(address who, uint256 lst) private returns (uint256) {
        vm.startPrank(who);
        token.approve(address(vault), lst);
        means["shares"] = vault.deposit(lst, who);
        vm.stopPrank();
        return means["shares"];
    }

    /// A queued exit of `lst` at a rate of one, with all of it paid at once.
    function assertPaid(uint256 before, uint256 lst, string memory what) private view {
        assertEq(you.balance - before, afterFee(lst), what);
        assertSound();
    }

    function holdsTheToken() private {
        minter.loadRewards{value: 10 ether}();
        vanish();
        pass(4 days);
        uint256 owed = token.earned(alice);
        assertGt(owed, 3 ether);
        uint256 before = alice.balance;
        means["amount"] = 30 ether;
        follow(1, alice);
        // By hand: the whole buffer of ten, at 30 bps where it is full to 100 where it is empty: 65 on average.
        uint256 now10 = 10 ether - 0.065 ether;
        assertEq(alice.balance - before, owed + now10, "rewards and the buffer at once");
        before = alice.balance;
        follow(2, alice);
        assertPaid(before, 20 ether, "the rest by the line");
        assertEq(token.balanceOf(alice), 69 ether);
    }

    function openRungOf(address who) private {
        means["id"] = requestExit(who, 20 ether);
        vanish();
        uint256 before = who.balance;
        follow(2, who);
        assertPaid(before, 20 ether, "open rung");
    }

    function openRung() private {
        openRungOf(alice);
    }

    function closedRung() private {
        means["id"] = requestExit(alice, 20 ether);
        closeRung();
        vanish();
        uint256 before = alice.balance;
        follow(2, alice);
        assertPaid(before, 20 ether, "closed rung");
    }

    function coolingStake() private {
        means["id"] = leave(alice, 20 ether);
        pass(3 days);
        vanish();
        uint256 before = alice.balance;
        uint256 from = now_();
        follow(2, alice);
        assertPaid(before, 20 ether, "cooling");
        assertEq(now_(), from - 3 days + COOLDOWN + GRACE, "no later than the keepers' grace after its end");
    }

    function funded() private {
        means["id"] = leave(alice, 20 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        vanish();
        uint256 before = alice.balance;
        uint256 from = now_();
        follow(2, alice);
        assertPaid(before, 20 ether, "funded");
        assertEq(now_(), from, "at once");
    }

    /// More than all buckets that are free: the first exit has all eight, the second waits for one of them to come back.
    function allBucketsCool() private {
        uint256 first = leave(alice, 88 ether);
        assertGt(cooling(1, 3), 0);
        means["id"] = requestExit(alice, 11 ether);
        vanish();
        uint256 before = alice.balance;
        follow(2, alice);
        // 100 less the seed's one; what is left of the last bucket and the buffer do for nobody's promise alone.
        uint256 dust = 2 * minter.line().checkpoints;
        assertApproxEqAbs(alice.balance - before, afterFee(11 ether), dust, "the later one");
        before = alice.balance;
        means["id"] = first;
        follow(2, alice);
        assertApproxEqAbs(alice.balance - before, afterFee(88 ether), dust, "the earlier one");
        assertSound();
    }

    /// Validator 1, 45 of the 100 coins, is slashed while the request waits; nobody has booked it.
    function slashedBefore() private {
        means["id"] = requestExit(alice, 20 ether);
        closeRung();
        vanish();
        staking.slashValidator(1);
        leavesAtTheLowerRate();
    }

    /// The same when the stake, validator 0's, has matured already: finalization says so.
    function slashedWhileWaiting() private {
        means["id"] = requestExit(alice, 20 ether);
        closeRung();
        vanish();
        slashMeanwhile = true;
        leavesAtTheLowerRate();
    }

    function leavesAtTheLowerRate() private {
        uint256 before = alice.balance;
        follow(2, alice);
        assertEq(minter.rate(), 0.55e27);
        assertApproxEqAbs(alice.balance - before, afterFee(11 ether), 2 * minter.line().checkpoints, "at 0.55");
        assertSound();
    }

    function takenBack() private {
        means["id"] = requestExit(alice, 20 ether);
        vanish();
        follow(3, alice);
        assertEq(token.balanceOf(alice), 99 ether);
    }

    function receipt() private {
        means["id"] = requestExit(alice, 20 ether);
        vm.startPrank(alice);
        means["tokenId"] = minter.mintReceipt(means["id"]);
        receipts.transferFrom(alice, bob, means["tokenId"]);
        vm.stopPrank();
        vanish();
        uint256 before = bob.balance;
        follow(4, bob);
        assertPaid(before, 20 ether, "the buyer's");
    }

    function vaultShares() private {
        intoVault(alice, 40 ether);
        minter.loadRewards{value: 10 ether}();
        vanish();
        pass(9 days);
        uint256 worth = vault.convertToAssets(means["shares"]);
        assertGt(worth, 43 ether, "it compounds");
        follow(5, alice);
        assertEq(means["amount"], worth);
        assertEq(token.balanceOf(alice), 59 ether + worth);
        follow(1, alice);
        follow(2, alice);
        assertEq(token.balanceOf(alice), 59 ether, "all that was in the vault left as coins");
        assertSound();
    }

    function vaultInKind() private {
        intoVault(alice, 40 ether);
        minter.loadRewards{value: 10 ether}();
        pass(9 days);
        vm.prank(guardian);
        minter.pauseDeposits(true);
        vanish();
        vm.prank(alice);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.redeem, (means["shares"], alice, alice)));
        assertFalse(ok, "plan 5 is refused");
        uint256 before = alice.balance;
        follow(6, alice);
        assertApproxEqAbs(means["amount"], 40 ether, 1e6, "virtual shares are a million wei");
        assertGt(alice.balance - before, 3 ether, "rewards in coin");
        assertEq(vault.balanceOf(alice), 0);
    }

    function coinVaultShares() private {
        intoVault(alice, 40 ether);
        vanish();
        uint256 before = alice.balance;
        follow(7, alice);
        assertApproxEqAbs(alice.balance - before, afterFee(40 ether), 2, "by the coin vault");
        assertEq(vault.balanceOf(alice), 0);
        assertSound();
    }

    function coinVaultTakenBack() private {
        uint256 shares = intoVault(alice, 40 ether);
        vm.prank(alice);
        coinVault.requestRedeem(shares, alice, alice);
        vanish();
        follow(8, alice);
        assertEq(token.balanceOf(alice), 99 ether);
    }

    /// Alice's stake cools when governor and guardian halt, bob holds a receipt for such stake, carol's is with the coin vault,
    /// and mallory's rung is open: she cannot leave until the halt ends, and the chapter says so.
    function halted() private {
        submit(carol, 20 ether);
        uint256 shares = intoVault(carol, 20 ether);
        means["id"] = requestExit(alice, 20 ether);
        uint256 sold = requestExit(alice, 10 ether);
        vm.startPrank(alice);
        uint256 tokenId = minter.mintReceipt(sold);
        receipts.transferFrom(alice, bob, tokenId);
        token.transfer(mallory, 5 ether);
        vm.stopPrank();
        vm.prank(carol);
        uint256 requestId = coinVault.requestRedeem(shares, carol, carol);
        closeRung();
        depart();
        requestExit(mallory, 2 ether);
        minter.loadRewards{value: 1 ether}();
        vm.prank(admin);
        minter.emergency(Emergency.Halt, halt);
        vm.prank(guardian);
        minter.emergency(Emergency.Halt, halt);
        vanish();
        pass(8 days);

        uint256 before = alice.balance;
        follow(9, alice);
        assertApproxEqAbs(alice.balance - before, afterFee(20 ether), 2, "cooling stake comes home under the halt");
        vm.prank(bob);
        (uint256 paid,) = receipts.redeem(tokenId, bob);
        assertApproxEqAbs(paid, afterFee(10 ether), 2, "receipts");
        vm.prank(carol);
        (, paid) = coinVault.claimRequest(requestId, carol, carol);
        assertApproxEqAbs(paid, afterFee(20 ether), 2, "the coin vault");
        before = mallory.balance;
        follow(10, mallory);
        assertGt(mallory.balance, before, "rewards need no minter");
        vm.prank(mallory);
        token.transfer(bob, 1 ether);

        pass(365 days);
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(Halted.selector, minter.closeRung.selector));
        minter.closeRung();
        vm.expectRevert(abi.encodeWithSelector(Halted.selector, minter.unstake.selector));
        minter.unstake(1 ether);
        vm.stopPrank();
    }

    function addresses() private {
        follow(0, mallory);
    }

    // ---------------------------------------------------------------------------------------------------------- the tests

    function test_l31_plan_b_addresses() public {
        addresses();
    }

    function test_l31_plan_b_from_the_token() public {
        holdsTheToken();
    }

    function test_l31_plan_b_from_an_open_rung() public {
        openRung();
    }

    function test_l31_plan_b_from_a_closed_rung() public {
        closedRung();
    }

    function test_l31_plan_b_while_stake_cools() public {
        coolingStake();
    }

    function test_l31_plan_b_when_it_is_funded() public {
        funded();
    }

    function test_l31_plan_b_with_every_bucket_cooling() public {
        allBucketsCool();
    }

    function test_l31_plan_b_with_a_slash_before() public {
        slashedBefore();
    }

    function test_l31_plan_b_with_a_slash_while_waiting() public {
        slashedWhileWaiting();
    }

    function test_l31_plan_b_taking_a_request_back() public {
        takenBack();
    }

    function test_l31_plan_b_with_a_receipt() public {
        receipt();
    }

    function test_l31_plan_b_from_the_vault() public {
        vaultShares();
    }

    function test_l31_plan_b_from_the_vault_in_kind() public {
        vaultInKind();
    }

    function test_l31_plan_b_by_the_coin_vault() public {
        coinVaultShares();
    }

    function test_l31_plan_b_taking_the_coin_vaults_request_back() public {
        coinVaultTakenBack();
    }

    function test_l31_plan_b_under_the_halt() public {
        halted();
    }

    /// All states in turn, each in a world of its own: no row of the chapter is one that nobody needs.
    function test_l31_plan_b_has_no_row_that_is_not_followed() public {
        function() internal[16] memory states = [
            addresses,
            holdsTheToken,
            openRung,
            closedRung,
            coolingStake,
            funded,
            allBucketsCool,
            slashedBefore,
            slashedWhileWaiting,
            takenBack,
            receipt,
            vaultShares,
            vaultInKind,
            coinVaultShares,
            coinVaultTakenBack,
            halted
        ];
        for (uint256 i; i < states.length; ++i) {
            if (i != 0) setUp();
            states[i]();
        }
        assertFollowed(11);
    }

    /// The line of data that the chapter shows for wallets without a form.
    function test_l31_plan_b_shows_data_as_wallets_send_it() public view {
        bytes memory data = abi.encodeCall(minter.sweepMaturedBuckets, (7, 128));
        string memory shown;
        for (uint256 i; i < chapter.length; ++i) {
            bool indented = vm.indexOf(chapter[i], "    ") == 0;
            if (indented && bytes(shown).length < 2 + 2 * data.length) {
                shown = string.concat(shown, vm.trim(chapter[i]));
            }
        }
        assertEq(shown, vm.toString(data));
    }
}
