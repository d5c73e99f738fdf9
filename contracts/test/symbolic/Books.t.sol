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

    /// The standard fee is rounded up, never down. Mutant: `ceilDiv` in Line.owed as plain division.
    function check_standard_fee_rounds_up(uint8 lst, uint8 pay, uint16 fee) external {
        if (lst == 0 || fee > 500) return;
        LiquidStorage.State storage s = _rung(lst, pay, fee);
        (uint256 gross, uint256 taken,) = Line.owed(s, 0, lst, 0, 1);
        assert(taken * LiquidStorage.BPS >= gross * fee);
    }

    /// Fees that spill lose nothing, at the edge of the low word too. Mutant: `low = 0` dropped.
    function check_fees_spill_without_loss(uint64 low, uint64 fee) external {
        LiquidStorage.State storage s = _state();
        s.feesLow = low;
        s.addFees(fee);
        assert(s.totalFees() == uint256(low) + fee);
    }
}
