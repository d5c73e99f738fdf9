// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Attack} from "./Attack.sol";

/// Plan B of the book, followed to the letter: the tables of docs/src/plan-b.md are read here, every role is renounced, and
/// a person with nothing else gets out by sending the calls that stand there.
contract PlanBAttackTest is Attack {
    struct Row {
        string on;
        string call;
        bytes4 selector;
        string with;
        string then_;
    }

    uint256 private constant NOT_FOUND = type(uint256).max;
    /// A plan that takes more rows than this leads in circles.
    uint256 private constant MOST_ROWS = 1_000;

    string[] private chapter;
    /// The words of the tables: an address or a number.
    mapping(string word => uint256) private means;
    /// Rows that some test followed.
    mapping(bytes32 planAndStep => bool) private followed;
    address private you;
    /// Validator 1 is slashed in the first long wait of a plan.
    bool private slashMeanwhile;

    function setUp() public override {
        super.setUp();
        vm.deal(address(this), 100 ether);
        if (chapter.length == 0) chapter = vm.split(vm.readFile("../docs/src/plan-b.md"), "\n");
        means["minter"] = uint160(address(minter));
        means["token"] = uint160(address(token));
        means["receipts"] = uint160(address(receipts));
        means["rewards"] = uint160(address(rewards));
        means["vault"] = uint160(address(vault));
        means["coinVault"] = uint160(address(coinVault));
        means["id"] = 0;
    }

    // ---------------------------------------------------------------------------------------------------- the interpreter

    function rows(uint256 plan) private view returns (Row[] memory list) {
        string memory title = string.concat("## Plan ", vm.toString(plan), ".");
        uint256 from;
        while (vm.indexOf(chapter[from], title) != 0) ++from;
        uint256 count;
        list = new Row[](32);
        for (uint256 i = from + 1; i < chapter.length && vm.indexOf(chapter[i], "## ") != 0; ++i) {
            string[] memory cells = vm.split(chapter[i], "|");
            if (cells.length != 8) continue;
            if (bytes(vm.trim(cells[1]))[0] == "s" || bytes(vm.trim(cells[1]))[0] == "-") continue; // head of the table
            assertEq(vm.parseUint(vm.trim(cells[1])), count + 1, "rows are numbered");
            list[count++] = Row({
                on: vm.trim(cells[2]),
                call: bare(cells[3]),
                selector: bytes4(vm.parseBytes(bare(cells[4]))),
                with: vm.trim(cells[5]),
                then_: vm.trim(cells[6])
            });
        }
        assertGt(count, 0, title);
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }

    /// A code span without its marks.
    function bare(string memory cell) private pure returns (string memory) {
        return vm.replace(vm.trim(cell), "`", "");
    }

    function has(string memory text, string memory part) private pure returns (bool) {
        return vm.indexOf(text, part) != NOT_FOUND;
    }

    /// `who` does what the plan says until it ends.
    function follow(uint256 plan, address who) private {
        Row[] memory list = rows(plan);
        you = who;
        means["you"] = uint160(who);
        uint256 at;
        for (uint256 n; at < list.length; ++n) {
            assertLt(n, MOST_ROWS, "the plan leads in circles");
            followed[keccak256(abi.encode(plan, at))] = true;
            bool waited = has(list[at].then_, "wait until the time that it answers");
            at = step(list[at], at);
            if (waited && slashMeanwhile) {
                slashMeanwhile = false;
                staking.slashValidator(1);
            }
        }
    }

    /// @return next row
    function step(Row memory r, uint256 at) private returns (uint256 next) {
        assertEq(r.selector, bytes4(keccak256(bytes(r.call))), r.call);
        if (has(r.then_, "only while your rung is open") && means["id"] >> 32 != minter.openRung()) return at + 1;
        if (!has(r.with, "validatorId")) return outcome(r, at, send(r));
        next = at + 1;
        uint16[] memory ids = minter.validators();
        for (uint256 i; i < ids.length; ++i) {
            means["validatorId"] = ids[i];
            uint256 one = outcome(r, at, send(r));
            if (one != at + 1) return one;
        }
    }

    /// Sends the row's call, again and again while its time has not come. @return answer empty when a refusal does not matter,
    /// else "to" and the row to go to, or what the call answered
    function send(Row memory r) private returns (bytes memory answer) {
        bytes memory data = abi.encodePacked(r.selector);
        if (bytes(r.with).length != 0) {
            string[] memory args = vm.split(r.with, ",");
            for (uint256 i; i < args.length; ++i) {
                data = bytes.concat(data, bytes32(meaning(vm.trim(args[i]))));
            }
        }
        address to = address(uint160(means[r.on]));
        assertTrue(to != address(0), r.on);
        for (uint256 tries; tries < 8; ++tries) {
            bool ok;
            vm.prank(you);
            (ok, answer) = to.call(data);
            if (ok) return answer;
            string memory order = whatToDo(r.then_, answer);
            if (vm.indexOf(order, "go on") == 0) return "";
            if (vm.indexOf(order, "to step ") == 0) return abi.encodePacked("to", order);
            assertEq(vm.indexOf(order, "wait until its time"), 0, string.concat(r.call, " was refused: ", order));
            vm.warp(lastWord(answer));
        }
        revert(string.concat("never anybody's: ", r.call));
    }

    function outcome(Row memory r, uint256 at, bytes memory answer) private returns (uint256) {
        if (answer.length == 0) return at + 1;
        if (answer[0] == "t" && answer[1] == "o") return leap(string(answer));
        uint256 first = uint256(bytes32(answer));
        if (has(r.then_, "wait until the time that it answers") && first > now_()) vm.warp(first);
        if (vm.indexOf(r.then_, "not 0: ") == 0 && first != 0) return leap(r.then_);
        if (vm.indexOf(r.then_, "0: you are done") == 0 && first == 0) return MOST_ROWS;
        if (has(r.then_, "answers: ")) learn(vm.split(r.then_, "answers: ")[1], answer);
        return at + 1;
    }

    /// What a call answers gets its name. The addresses are known: there the chapter must say the same.
    function learn(string memory names, bytes memory answer) private {
        string[] memory list = vm.split(names, ",");
        for (uint256 i; i < list.length; ++i) {
            string memory name = vm.trim(list[i]);
            uint256 word = abi.decode(slice(answer, 32 * i), (uint256));
            if (keccak256(bytes(name)) == keccak256("every validatorId")) return;
            if (address(uint160(means[name])).code.length != 0) assertEq(word, means[name], name);
            means[name] = word;
        }
    }

    /// "… to step 4, an hour later": time passes. @return the row
    function leap(string memory order) private returns (uint256) {
        bytes memory rest = bytes(vm.split(order, "to step ")[1]);
        uint256 n;
        for (uint256 i; rest[i] >= "0" && rest[i] <= "9"; ++i) {
            n = n * 10 + uint8(rest[i]) - 48;
        }
        pass(has(string(rest), "a day later") ? 1 days : 1 hours);
        return n - 1;
    }

    function meaning(string memory word) private view returns (uint256) {
        bytes1 first = bytes(word)[0];
        return first >= "0" && first <= "9" ? vm.parseUint(word) : means[word];
    }

    /// What the last column says of a refusal.
    function whatToDo(string memory then_, bytes memory refusal) private pure returns (string memory) {
        string memory name = nameOf(bytes4(refusal));
        string[] memory parts = vm.split(then_, ".");
        for (uint256 i; i < parts.length; ++i) {
            if (!has(parts[i], string.concat("`", name, "`"))) continue;
            return vm.trim(vm.split(parts[i], "`:")[1]);
        }
        return string.concat("nothing is said of ", name);
    }

    function nameOf(bytes4 selector) private pure returns (string memory) {
        string[8] memory errors = [
            "NotKeeper(bytes32,uint256)",
            "RungTooYoung(uint256)",
            "NothingStaged()",
            "NothingToClaim(uint256)",
            "NothingToClaim(uint256,address)",
            "NotSlashed(uint16)",
            "AlreadyBooked(uint16)",
            "SlashNotBooked(uint16)"
        ];
        for (uint256 i; i < errors.length; ++i) {
            if (bytes4(keccak256(bytes(errors[i]))) == selector) return vm.split(errors[i], "(")[0];
        }
        return vm.toString(abi.encodePacked(selector));
    }

    function lastWord(bytes memory data) private pure returns (uint256) {
        return abi.decode(slice(data, data.length - 32), (uint256));
    }

    function slice(bytes memory data, uint256 from) private pure returns (bytes memory out) {
        out = new bytes(data.length - from);
        for (uint256 i; i < out.length; ++i) {
            out[i] = data[from + i];
        }
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
        uint256 plans;
        for (uint256 i; i < chapter.length; ++i) {
            if (vm.indexOf(chapter[i], "## Plan ") == 0) ++plans;
        }
        assertEq(plans, 11, "as many as are followed here");
        for (uint256 plan; plan < plans; ++plan) {
            uint256 n = rows(plan).length;
            for (uint256 at; at < n; ++at) {
                assertTrue(
                    followed[keccak256(abi.encode(plan, at))],
                    string.concat("plan ", vm.toString(plan), ", step ", vm.toString(at + 1))
                );
            }
        }
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
