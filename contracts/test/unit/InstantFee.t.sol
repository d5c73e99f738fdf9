// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LiquidStorage} from "../../src/liquid/lib/LiquidStorage.sol";
import {Test} from "forge-std/Test.sol";

/// @notice The integral of the instant fee, for every small buffer: no solver divides by what it does not know.
contract InstantFeeTest is Test {
    uint256 private constant TARGETS = 9;
    uint256 private constant COINS = 12;

    function _fee(uint256 g, uint256 a, uint256 target) private pure returns (uint256) {
        return LiquidStorage.instantFee(g, a, target, 10, 500);
    }

    function test_the_instant_fee_stays_in_bounds_and_splitting_gains_nothing() public pure {
        for (uint256 target = 1; target <= TARGETS; ++target) {
            for (uint256 a = 1; a <= COINS; ++a) {
                for (uint256 g = 1; g <= a; ++g) {
                    // In coins of 1e9 wei, so that rounding up to a wei does not hide the bounds.
                    uint256 whole = _fee(g * 1e9, a * 1e9, target * 1e9);
                    assertGe(whole * 10_000, g * 1e9 * 10, "below the least fee");
                    assertLt(whole * 10_000, g * 1e9 * 500 + 10_000, "above the highest fee");
                    for (uint256 first = 1; first < g; ++first) {
                        uint256 parts = _fee(first * 1e9, a * 1e9, target * 1e9)
                            + _fee((g - first) * 1e9, (a - first) * 1e9, target * 1e9);
                        assertGe(parts, whole, "splitting was cheaper");
                        assertLe(parts, whole + 1, "splitting was dearer than its rounding");
                    }
                }
            }
        }
    }

    /// The same in wei, where all is rounding.
    function test_a_few_wei_pay_a_wei_of_fee_at_least() public pure {
        for (uint256 target = 1; target <= TARGETS; ++target) {
            for (uint256 a = 1; a <= COINS; ++a) {
                for (uint256 g = 1; g <= a; ++g) {
                    assertEq(_fee(g, a, target), 1);
                }
            }
        }
    }
}
