// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LiquidBase} from "../../src/liquid/LiquidBase.sol";
import {Line} from "../../src/liquid/lib/Line.sol";
import {LiquidStorage} from "../../src/liquid/lib/LiquidStorage.sol";

/// @title Proofs over small words, by halmos (scripts/test/halmos): `check_` functions hold for every argument of their types.
/// @notice The code under proof is the minter's own: this contract inherits it and only fills its storage. The mutant named
/// at a check was planted by hand, and halmos answered with a counterexample.
/// docs/src/proofs.md says what is proved, and what no solver finishes.
contract BooksSymbolic is LiquidBase {
    using LiquidStorage for LiquidStorage.State;

    constructor() LiquidBase(address(1), address(2)) {}

    // -------------------------------------------------------------------------------------------- the line's claims

    /// @dev One rung of `lst`, wholly funded with `pay` coins.
    function _rung(uint8 lst, uint8 pay, uint16 fee) private returns (LiquidStorage.State storage s) {
        s = _state();
        s.rungs[0] = LiquidStorage.RungSlot({lst: lst, unitsEnd: lst, feeAndCount: fee});
        s.end = lst;
        s.watermark = lst;
        s.b = pay;
        s.checkpoints = 1;
        s.checkpointAt[1] = LiquidStorage.Checkpoint({w: lst, b: pay});
    }

    /// Two requests that make up a rung are owed no more than it was paid, and equal ones are owed the same.
    /// Mutant: `v * lst / r.lst` in Line.owed rounded up.
    function check_claims_within_a_rung_are_funded(uint8 lst, uint8 mine, uint8 pay) external {
        if (lst == 0 || mine > lst) return;
        LiquidStorage.State storage s = _rung(lst, pay, 0);
        (uint256 first,,) = Line.owed(s, 0, mine, 0, 1);
        (uint256 second,,) = Line.owed(s, 1, lst - mine, 0, 1);
        assert(first + second <= pay);
        assert(first + second + 1 >= pay);
    }

    /// Two rungs [0, m) and [m, end), funded to `w` with `pay`: together they are owed what was paid, to the wei; the later
    /// one is owed nothing before the watermark reaches it.
    /// Mutant: `s.rungs[rung - 1].unitsEnd` in Line.payout with `+ 1`.
    function check_order_across_rungs(uint8 m, uint8 end, uint8 w, uint8 pay) external {
        if (m == 0 || m >= end || w == 0 || w > end) return;
        LiquidStorage.State storage s = _state();
        s.rungs[0] = LiquidStorage.RungSlot({lst: m, unitsEnd: m, feeAndCount: 0});
        s.rungs[1] = LiquidStorage.RungSlot({lst: uint96(end) - m, unitsEnd: end, feeAndCount: 0});
        s.end = end;
        s.watermark = w;
        s.b = pay;
        s.checkpoints = 1;
        s.checkpointAt[1] = LiquidStorage.Checkpoint({w: w, b: pay});
        // The boundary lies in the one checkpoint or, beyond it, at the watermark: hint 1 either way.
        uint256 first = Line.payout(s, 0, m, 0, 1);
        uint256 second = Line.payout(s, 1, end, 1, 1);
        assert(first + second == pay);
        if (w <= m) assert(second == 0);
    }

    /// Fees that spill lose nothing, at the edge of the low word too. Mutant: `low = 0` dropped.
    function check_fees_spill_without_loss(uint64 low, uint64 fee) external {
        LiquidStorage.State storage s = _state();
        s.feesLow = low;
        s.addFees(fee);
        assert(s.totalFees() == uint256(low) + fee);
    }
}
