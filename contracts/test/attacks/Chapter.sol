// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

/// Follows the tables of a chapter of the book to the letter: a person with a wallet sends the calls that stand there.
abstract contract Chapter is Test {
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

    string[] internal chapter;
    /// The words of the tables: an address or a number.
    mapping(string word => uint256) internal means;
    /// Rows that some test followed.
    mapping(bytes32 planAndStep => bool) private followed;
    address internal you;

    // --------------------------------------------------------------------------------------------- what a chapter decides

    /// Errors that its tables name.
    function errors() internal pure virtual returns (string[] memory);

    /// Whether a row is not for the state that things are in.
    function passedOver(Row memory) internal view virtual returns (bool) {
        return false;
    }

    /// A word of a row that means: once for each of these.
    function each(Row memory) internal view virtual returns (string memory word, uint256[] memory values) {}

    /// The word means this now.
    function meet(string memory word, uint256 value) internal virtual {
        means[word] = value;
    }

    /// What the world does meanwhile.
    function timePassed() internal virtual {}
    /// The plan had to wait for a time that a call answered.
    function waited() internal virtual {}

    // ---------------------------------------------------------------------------------------------------- the interpreter

    function open(string memory path) internal {
        if (chapter.length == 0) chapter = vm.split(vm.readFile(path), "\n");
    }

    function rows(uint256 plan) internal view returns (Row[] memory list) {
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
    function bare(string memory cell) internal pure returns (string memory) {
        return vm.replace(vm.trim(cell), "`", "");
    }

    function has(string memory text, string memory part) internal pure returns (bool) {
        return vm.indexOf(text, part) != NOT_FOUND;
    }

    /// `who` does what the plan says until it ends.
    function follow(uint256 plan, address who) internal {
        follow(plan, who, 1);
    }

    function follow(uint256 plan, address who, uint256 fromStep) internal {
        Row[] memory list = rows(plan);
        you = who;
        means["you"] = uint160(who);
        uint256 at = fromStep - 1;
        for (uint256 n; at < list.length; ++n) {
            assertLt(n, MOST_ROWS, "the plan leads in circles");
            followed[keccak256(abi.encode(plan, at))] = true;
            bool waits = has(list[at].then_, "wait until the time that it answers");
            at = step(list[at], at);
            if (waits) waited();
        }
    }

    /// @return next row
    function step(Row memory r, uint256 at) private returns (uint256 next) {
        assertEq(r.selector, bytes4(keccak256(bytes(r.call))), r.call);
        if (passedOver(r)) return at + 1;
        (string memory word, uint256[] memory values) = each(r);
        if (values.length == 0) return outcome(r, at, send(r));
        next = at + 1;
        for (uint256 i; i < values.length; ++i) {
            meet(word, values[i]);
            uint256 one = outcome(r, at, send(r));
            if (one != at + 1) return one;
        }
    }

    /// Sends the row's call, again and again while its time has not come. @return answer empty when a refusal does not matter,
    /// else "to" and the row to go to, or what the call answered
    function send(Row memory r) internal returns (bytes memory answer) {
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
            timePassed();
        }
        revert(string.concat("never anybody's: ", r.call));
    }

    function outcome(Row memory r, uint256 at, bytes memory answer) internal returns (uint256) {
        if (answer.length == 0) return at + 1;
        if (answer[0] == "t" && answer[1] == "o") return leap(string(answer));
        uint256 first = uint256(bytes32(answer));
        if (has(r.then_, "wait until the time that it answers") && first > vm.getBlockTimestamp()) {
            vm.warp(first);
            timePassed();
        }
        if (vm.indexOf(r.then_, "not 0: ") == 0 && first != 0) return leap(r.then_);
        if (vm.indexOf(r.then_, "0: you are done") == 0 && first == 0) return MOST_ROWS;
        if (has(r.then_, "answers: ")) learn(vm.split(r.then_, "answers: ")[1], answer);
        return at + 1;
    }

    /// What a call answers gets its name. The addresses are known: there the chapter must say the same.
    function learn(string memory names, bytes memory answer) internal {
        string[] memory list = vm.split(names, ",");
        for (uint256 i; i < list.length; ++i) {
            string memory name = vm.trim(list[i]);
            uint256 word = abi.decode(slice(answer, 32 * i), (uint256));
            if (vm.indexOf(name, "every ") == 0) return;
            if (address(uint160(means[name])).code.length != 0) assertEq(word, means[name], name);
            means[name] = word;
        }
    }

    /// "… to step 4, an hour later": time passes. @return the row
    function leap(string memory order) internal returns (uint256) {
        bytes memory rest = bytes(vm.split(order, "to step ")[1]);
        uint256 n;
        for (uint256 i; rest[i] >= "0" && rest[i] <= "9"; ++i) {
            n = n * 10 + uint8(rest[i]) - 48;
        }
        vm.warp(vm.getBlockTimestamp() + (has(string(rest), "a day later") ? 1 days : 1 hours));
        timePassed();
        return n - 1;
    }

    function meaning(string memory word) internal view returns (uint256) {
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
        if (has(then_, "Any refusal: ")) return vm.split(then_, "Any refusal: ")[1];
        return string.concat("nothing is said of ", name);
    }

    function nameOf(bytes4 selector) internal pure returns (string memory) {
        string[] memory list = errors();
        for (uint256 i; i < list.length; ++i) {
            if (bytes4(keccak256(bytes(list[i]))) == selector) return vm.split(list[i], "(")[0];
        }
        return vm.toString(abi.encodePacked(selector));
    }

    function lastWord(bytes memory data) internal pure returns (uint256) {
        return abi.decode(slice(data, data.length - 32), (uint256));
    }

    function slice(bytes memory data, uint256 from) internal pure returns (bytes memory out) {
        out = new bytes(data.length - from);
        for (uint256 i; i < out.length; ++i) {
            out[i] = data[from + i];
        }
    }

    /// Every plan of the chapter is one of `count`, and every row of each was followed.
    function assertFollowed(uint256 count) internal view {
        uint256 plans;
        for (uint256 i; i < chapter.length; ++i) {
            if (vm.indexOf(chapter[i], "## Plan ") == 0) ++plans;
        }
        assertEq(plans, count, "as many as are followed here");
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
}
