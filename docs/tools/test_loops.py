"""The list of loops finds what it must: `python -m unittest discover docs/tools`."""

import unittest

import loops

HEAD = "// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.30;\n"

SOURCE = HEAD + """
library Lib {
    function sum(uint256[] memory a) internal pure returns (uint256 s) {
        // bound(MOST): the caller's
        for (uint256 i; i < a.length; ++i) s += a[i];
    }
    function unused() internal pure {
        while (true) {}
    }
}
interface IOther { function poke() external; }
abstract contract Base {
    uint256 internal constant MOST = 2_000;
    uint256 internal x;
    function touch() external { step(); }
    function look() external view returns (uint256 n) { while (n < x) ++n; }
    function step() internal virtual { do { ++x; } while (x < 3); }
}
contract Main is Base {
    modifier slow() {
        // bound(search MOST): halves
        while (x > 1) x /= 2;
        _;
    }
    function list(uint256[] calldata ids) external slow {
        // bound(list ids): the caller's
        for (uint256 i; i < ids.length; ++i) {
            // bound(2 * MOST): two each
            for (uint256 k; k < 2 * MOST; ++k) ++x;
        }
    }
    function library_(uint256[] memory a) external { x = Lib.sum(a); }
    function other(IOther o) external { o.poke(); }
    function step() internal override {
        // bound(3): by hand
        while (x < 3) ++x;
    }
}
contract Other is IOther {
    uint256 internal y;
    function poke() external {
        assembly {
            // bound(5): five
            for { let i := 0 } lt(i, 5) { i := add(i, 1) } { sstore(0, i) }
        }
    }
}
"""


def found(source):
    """(function, most, inner) of each loop, and who runs it."""
    listed, callers = loops.find({"src/liquid/T.sol": source})
    return {(l.where, l.most, l.inner): sorted(callers[k]) for k, l in listed.items()}


class Loops(unittest.TestCase):
    def test_every_way_to_a_loop_is_found_and_views_are_not(self):
        self.assertEqual(
            found(SOURCE),
            {
                ("Lib.sum", "2,000", False): ["Main.library_"],
                ("Main.slow", "12", False): ["Main.list"],
                ("Main.list", "the list", False): ["Main.list"],
                ("Main.list", "4,000", True): ["Main.list"],
                ("Main.step", "3", False): ["Main.touch"],  # the override, not Base.step
                ("Other.poke", "5", False): ["Main.other", "Other.poke"],
            },
        )

    def test_a_loop_without_a_bound_is_refused(self):
        for bound in ("// bound(3): by hand", "// bound(5): five", "// bound(search MOST): halves"):
            with self.assertRaisesRegex(loops.Problem, "a loop without its bound"):
                found(SOURCE.replace(bound, "// well"))

    def test_a_bound_must_name_what_is_there(self):
        with self.assertRaisesRegex(loops.Problem, "no constant of that name"):
            found(SOURCE.replace("bound(2 * MOST)", "bound(2 * LEAST)"))
        with self.assertRaisesRegex(loops.Problem, "does not run over"):
            found(SOURCE.replace("bound(list ids)", "bound(list others)"))
        with self.assertRaisesRegex(loops.Problem, "no list that its caller passes"):
            found(SOURCE.replace("list(uint256[] calldata ids) external slow {", "list() external slow { uint256[] memory ids;"))

    def test_recursion_is_refused(self):
        with self.assertRaisesRegex(loops.Problem, "recursion.*Main.again"):
            found(SOURCE.replace("modifier slow()", "function again() public { if (x > 0) { --x; again(); } }\n    modifier slow()"))


if __name__ == "__main__":
    unittest.main()
