// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LiquidPayouts} from "../../src/liquid/LiquidPayouts.sol";
import {Line} from "../../src/liquid/lib/Line.sol";
import {LiquidStorage} from "../../src/liquid/lib/LiquidStorage.sol";

/// @title Proofs by halmos (scripts/test/halmos): a `check_` function holds for every argument of its types.
/// @notice The code under proof is the minter's own: this contract inherits it and only fills its storage. No solver divides
/// two unknown words, so that what divides (sizes of rungs, the rate) is given, and what is divided (coins) is any word of the
/// type. Each check has a `reach_` twin that asserts false where the check ends: halmos must refute it, or the
/// check proves nothing. The mutant named at a check was planted by hand, and halmos answered with a counterexample.
/// docs/src/proofs.md says what is proved and what is not.
contract BooksSymbolic is LiquidPayouts {
    using LiquidStorage for LiquidStorage.State;

    uint256 private supply_;

    /// The token of the books is this contract: of it they ask the supply alone.
    constructor() LiquidPayouts(address(this), address(2), address(3)) {
        _grantRole(HANDLER_ROLE, address(this));
    }

    function totalSupply() external view returns (uint256) {
        return supply_;
    }

    /// @dev Two closed rungs of `first` and `second` LST; the watermark stands at `w` of their units and `b` coins were paid.
    function _line(uint256 first, uint256 second, uint256 w, uint128 b, uint256 fee)
        private
        returns (LiquidStorage.State storage s)
    {
        s = _state();
        s.token = address(this);
        s.rate = uint96(LiquidStorage.RAY);
        s.rungs[0] = LiquidStorage.RungSlot({lst: uint96(first), unitsEnd: uint128(first), feeAndCount: uint32(fee)});
        s.rungs[1] =
            LiquidStorage.RungSlot({lst: uint96(second), unitsEnd: uint128(first + second), feeAndCount: uint32(fee)});
        s.openRung = 2;
        s.end = uint128(first + second);
        s.openLst = uint96(first + second - w);
        s.watermark = uint128(w);
        s.b = b;
        s.checkpoints = w == 0 ? 0 : 1;
        s.checkpointAt[1] = LiquidStorage.Checkpoint({w: uint128(w), b: b});
    }

    function _owed(LiquidStorage.State storage s, uint256 rung, uint256 lst) private view returns (uint256 gross) {
        (uint256 hintA, uint256 hintB) = Line.hints(s, rung);
        (gross,,) = Line.owed(s, rung << 32, lst, hintA, hintB);
    }

    // -------------------------------------------------------------------------------------------- the line's claims

    function _claimsWithinARung(uint96 pay, uint256 x, uint256 y) private {
        LiquidStorage.State storage s = _line(x + y, 1, x + y, pay, 0);
        uint256 gx = _owed(s, 0, x);
        uint256 gy = _owed(s, 0, y);
        assert(gx + gy <= pay);
        // One fraction for both: less than a wei apart, each per LST of its own.
        assert(gx * y < gy * x + x);
        assert(gy * x < gx * y + y);
    }

    /// Two holders of a rung are never owed more than it was paid, and the same per LST. Mutant: `ceilDiv` for gross in Line.owed.
    function check_claims_within_a_rung(uint96 pay) external {
        _claimsWithinARung(pay, 3, 4);
    }

    function check_claims_within_a_rung_of_equals(uint96 pay) external {
        _claimsWithinARung(pay, 1, 1);
    }

    function reach_claims_within_a_rung() external {
        _claimsWithinARung(5, 3, 4);
        assert(false);
    }

    function _order(uint96 paid, uint256 first, uint256 second, uint256 w) private {
        LiquidStorage.State storage s = _line(first, second, w, paid, 0);
        uint256 one = _owed(s, 0, first);
        uint256 two = _owed(s, 1, second);
        assert(one + two <= paid);
        // While the first rung waits for coins the second gets none of them; past it all of the first's are its own.
        if (w <= first) assert(two == 0 && one == (w == 0 ? 0 : paid));
        else assert(one * w <= uint256(paid) * first);
    }

    /// Coins go to the rungs in order, and no more is owed than came. Mutant: `min(a, w)` as `min(a / 2, w)` in Line.payout.
    function check_order_while_the_first_waits(uint96 paid) external {
        _order(paid, 3, 2, 2);
    }

    function check_order_at_the_edge(uint96 paid) external {
        _order(paid, 3, 2, 3);
    }

    function check_order_past_the_first(uint96 paid) external {
        _order(paid, 3, 2, 4);
    }

    function reach_order() external {
        _order(9, 3, 2, 4);
        assert(false);
    }

    function _proRata(uint96 headroom, uint96 maxSpend, uint256 first, uint256 second) private {
        LiquidStorage.State storage s = _line(first, second, 0, 0, 0);
        s.headroom = headroom;
        (uint256 spent,,) = this.fulfillProRata(new address[](0), new uint256[](0), maxSpend);
        assert(spent <= maxSpend && spent <= headroom);
        assert(s.headroom == headroom - spent && s.reserved == spent);
        uint256 one = _owed(s, 0, first);
        uint256 two = _owed(s, 1, second);
        assert(one + two <= spent);
        // One fraction over the whole line, whatever a rung's place in it.
        assert(one * second < (two + 1) * first && two * first < (one + 1) * second);
    }

    /// Early money pays every open rung the same fraction, and no more than it spends. Mutant: `units - 1` for
    /// `units` in LiquidPayouts._payProRata.
    function check_pro_rata_is_one_fraction(uint96 headroom, uint96 maxSpend) external {
        _proRata(headroom, maxSpend, 3, 2);
    }

    function reach_pro_rata_is_one_fraction() external {
        _proRata(4, 3, 3, 2);
        assert(false);
    }

    // ---------------------------------------------------------------------------------------- steps keep the books solvent

    function _solvent(LiquidStorage.State storage s) private view returns (bool) {
        return s.assets() * LiquidStorage.RAY >= s.supply() * s.rate;
    }

    function _finalizeStep(uint96 headroom, uint96 committed, uint256 rate, uint256 lst) private {
        LiquidStorage.State storage s = _line(lst, 1, 0, 0, 0);
        s.rate = uint96(rate);
        s.headroom = headroom;
        s.committed = committed;
        uint256 pay = _finalize();
        uint256 burned = lst + 1 - s.openLst;
        assert(pay <= headroom && pay <= committed);
        assert(s.headroom == headroom - pay && s.reserved == pay);
        assert(s.b == pay && s.watermark <= s.end);
        // Assets fell by `pay` and the supply by `burned`: what was backed before is backed after.
        assert(pay * LiquidStorage.RAY <= burned * rate);
    }

    /// FIFO funding spends what is committed and there, reserves as much, and leaves the rate backed. Mutant: `burned + 1`
    /// for `burned` in LiquidBase._finalize.
    function check_finalize_keeps_the_rate_backed(uint96 headroom, uint96 committed) external {
        _finalizeStep(headroom, committed, LiquidStorage.RAY * 2 / 3, 7);
    }

    function reach_finalize_keeps_the_rate_backed() external {
        _finalizeStep(3, 4, LiquidStorage.RAY * 2 / 3, 7);
        assert(false);
    }

    function _lossStep(uint96 active, uint96 loss, uint96 held, uint256 lst) private {
        LiquidStorage.State storage s = _state();
        s.token = address(this);
        s.rate = uint96(LiquidStorage.RAY);
        s.headroom = 0;
        s.active = active;
        s.insurance = held;
        supply_ = lst;
        if (loss > active || !_solvent(s)) return;
        s.active = active - loss;
        uint256 rate = _afterLoss(loss);
        assert(rate <= LiquidStorage.RAY && rate == s.rate);
        assert(_solvent(s));
        uint256 used = held - s.insurance;
        assert(used <= loss && s.headroom == used);
    }

    /// A loss lowers the rate to what is left, the reserve first, and never raises it. Mutant: `backed` and one more in
    /// LiquidBase._afterLoss.
    function check_loss_leaves_the_rate_backed(uint96 active, uint96 loss, uint96 held) external {
        _lossStep(active, loss, held, 1 ether);
    }

    function reach_loss_leaves_the_rate_backed() external {
        _lossStep(5 ether, 4.5 ether, 0.1 ether, 1 ether);
        assert(false);
    }

    // ------------------------------------------------------------------------------------------------------ rounding

    function _standardFee(uint96 pay, uint256 bps) private {
        LiquidStorage.State storage s = _line(3, 1, 3, pay, bps);
        (uint256 gross, uint256 taken,) = Line.owed(s, 0, 2, 0, 1);
        assert(taken * LiquidStorage.BPS >= gross * bps);
        assert(taken <= gross);
    }

    /// The standard fee is rounded up, never down, and never more than the payout. Mutant: `ceilDiv` in Line.owed as plain
    /// division.
    function check_standard_fee_rounds_up(uint96 pay) external {
        _standardFee(pay, 7);
    }

    function reach_standard_fee_rounds_up() external {
        _standardFee(11, 7);
        assert(false);
    }

    /// Fees that spill lose nothing, at the edge of the low word too. Mutant: `low = 0` dropped.
    function check_fees_spill_without_loss(uint64 low, uint64 fee) external {
        LiquidStorage.State storage s = _state();
        s.feesLow = low;
        s.addFees(fee);
        assert(s.totalFees() == uint256(low) + fee);
    }

    function reach_fees_spill_without_loss() external {
        LiquidStorage.State storage s = _state();
        s.feesLow = type(uint64).max;
        s.addFees(1);
        assert(false);
    }
}
