// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Basket} from "../../src/basket/Basket.sol";
import {UnbondingQueue} from "../../src/basket/UnbondingQueue.sol";
import {Compact} from "../../src/basket/lib/Compact.sol";

/// @title Proofs of a basket's books by halmos (scripts/test/halmos): a `check_` function holds for every argument.
/// @notice The code under proof is the basket's own: this contract inherits it and only fills its storage. What divides (parts,
/// units, shares of the whole) is given, what is divided is any word of the type; see Books.t.sol. Each check has a `reach_`
/// twin that halmos must refute. The mutant that is named at a check is one that it has to fail with (docs/src/proofs.md says
/// which were tried).
contract BasketSymbolic is Basket {
    constructor() Basket(address(1)) {}

    /// @dev The one sleeve: `u` units in `p` parts, `b` of them the basket's.
    function _books(uint256 u, uint256 p, uint256 b) private returns (Sleeve storage s) {
        _count = 1;
        s = _sleeves[0];
        (s.units, s.parts, s.basketParts) = (uint112(u), uint112(p), uint112(b));
        s.cap = Compact.pack(MOST);
        s.limit = Compact.pack(MOST);
    }

    // -------------------------------------------------------------------------------------------------------- 3: carve

    function _carveStep(uint256 u, uint256 p, uint256 b, uint256 shares, uint256 total) private {
        Sleeve storage s = _books(u, p, b);
        uint256 q = _carve(shares, total)[0];
        assert(s.units == u && s.parts == p && s.basketParts + q == b);
        // Parts per share of those who stay: (b - q) / (total - shares) >= b / total.
        assert(s.basketParts * total >= b * (total - shares));
        // And of those who leave: less than a part below theirs.
        assert((q + 1) * total > b * shares);
    }

    /// Carving takes no part of a share from those who stay, and moves no unit. Mutant: `b * shares / total + 1` in
    /// BasketBase._carve.
    function check_carve_keeps_parts_per_share(uint96 b) external {
        _carveStep(5, type(uint96).max, b, 3, 7);
    }

    function check_carve_of_any_shares(uint96 shares) external {
        if (shares > 1e27) return;
        _carveStep(5, 1e27, 0.7e27 + 1, shares, 1e27);
    }

    function reach_carve() external {
        _carveStep(5, 9, 8, 3, 7);
        assert(false);
    }

    // ---------------------------------------------------------------------------------------------------- 3: a leg starts

    function _start(uint256 u, uint256 p, uint256 q) private {
        Sleeve storage s = _books(u, p, p - q);
        uint256 x = _takeOut(s, q);
        assert(s.units + x == u && s.parts + q == p);
        // Units per part of those who stay, and of the leg.
        assert(uint256(s.units) * p >= u * s.parts);
        assert((x + 1) * p > u * q);
    }

    /// A leg that starts, and one that is delivered in kind, takes no unit of a part from those who stay. Mutant: `u * parts / p + 1`
    /// in BasketBase._takeOut.
    function check_start_leg_keeps_units_per_part(uint96 u) external {
        _start(u, 7, 3);
    }

    function check_start_leg_of_any_parts(uint96 q) external {
        if (q > 1e27) return;
        _start(3e26 + 1, 1e27, q);
    }

    /// The last parts take the last unit.
    function check_start_leg_of_all_leaves_nothing(uint96 u) external {
        _start(u, 7, 7);
        assert(_sleeves[0].units == 0 && _sleeves[0].parts == 0);
    }

    function reach_start_leg() external {
        _start(10, 7, 3);
        assert(false);
    }

    // --------------------------------------------------------------------------------------------------- 1: mint in kind

    function _mint(uint256 u, uint256 p, uint256 b, uint256 priced, uint256 total) private {
        Sleeve storage s = _books(u, p, b);
        uint256 x = _takeShare(0, s, priced, total, type(uint256).max);
        uint256 parts = s.parts - p;
        assert(s.units == u + x && s.basketParts == b + parts);
        // Parts per share and units per part, for shares before the fee: it only makes fewer of them.
        assert((b + parts) * total >= b * (total + priced));
        assert((u + x) * p >= u * (p + parts));
        // And no more than a part, and a unit, beyond what is due.
        assert(parts == 0 || (parts - 1) * total < b * priced);
        assert(x == 0 || (x - 1) * p < parts * u);
    }

    /// Who mints in kind brings no less than the parts and units of those who are there. Mutant: `parts * u / p` for its ceiling
    /// in Basket._takeShare.
    function check_mint_in_kind_of_any_units(uint96 u) external {
        if (u == 0) return;
        _mint(u, 7, 5, 4, 9);
    }

    /// Mutant: `basketParts * priced / total` for its ceiling in Basket._takeShare.
    function check_mint_in_kind_of_any_parts(uint96 b) external {
        if (b > 1e27) return;
        _mint(1e27, 1e27, b, 3, 7);
    }

    function reach_mint_in_kind() external {
        _mint(10, 7, 5, 4, 9);
        assert(false);
    }

    // ------------------------------------------------------------------------------------------------- 2: a priced deposit

    function _deposits(uint256 u, uint256 p, uint256 units) private pure {
        (uint256 parts, uint256 credited) = _partsFor(u, p, units);
        assert(credited <= units);
        // Units per part of those who are there: (u + units) / (p + parts) >= u / p.
        assert(units * p >= parts * u);
        // Shares are valued on no more than the parts are worth.
        assert(credited * p <= parts * u);
    }

    /// Who deposits gets parts for no more than came, and is credited no more than they are worth. Mutant: `units` for
    /// `credited`, and a ceiling for `parts`, in BasketBase._partsFor.
    function check_deposit_keeps_units_per_part(uint96 units) external pure {
        _deposits(10, 7, units);
    }

    function check_deposit_into_many_parts(uint96 units) external pure {
        _deposits(7, 10, units);
    }

    function reach_deposit() external pure {
        _deposits(10, 7, 4);
        assert(false);
    }

    // ------------------------------------------------------------------------------------------------------------ 8: sales

    function _sale(uint256 u, uint256 p, uint256 b, uint256 units) private {
        Sleeve storage s = _books(u, p, b);
        (uint256 sold, uint256 out) = _sell(s, units);
        uint256 parts = p - s.parts;
        assert(s.units + sold == u && s.basketParts + parts == b);
        // What leaves, and what the basket is paid for, is no more than was asked; the two are less than a unit apart.
        assert(sold <= out && out <= units && out <= sold + 1);
        // The basket is paid for all that its parts were worth.
        assert(out * p >= u * parts);
        // Units per part of the legs that wait.
        assert(uint256(s.units) * p >= u * s.parts);
    }

    /// A sale never gives more than it is paid for, and takes no unit of a part from those who wait. Mutant: parts rounded up in
    /// BasketBase._sell.
    function check_sale_gives_what_is_paid(uint96 units) external {
        _sale(10, 7, 5, units);
    }

    function check_sale_out_of_many_parts(uint96 units) external {
        _sale(7, 10, 6, units);
    }

    /// Asked for all of a sleeve that is the basket's alone, it sells the last unit and the last part.
    function check_sale_of_all_leaves_nothing(uint96 more) external {
        Sleeve storage s = _books(10, 7, 7);
        (uint256 sold,) = _sell(s, 10 + uint256(more));
        assert(sold == 10 && s.units == 0 && s.parts == 0 && s.basketParts == 0);
    }

    function reach_sale() external {
        _sale(10, 7, 5, 6);
        assert(false);
    }
}

/// @title Proofs of a queue's claims by halmos, in the same way.
contract QueueSymbolic is UnbondingQueue {
    uint256 private constant ONE = 1;
    uint256 private constant TWO = 2;
    uint256 private constant ALL_LEGS = 1;

    /// @dev One closed epoch with one leg; two positions of `a` and `b` of `all` shares.
    function _epoch(uint256 a, uint256 b, uint256 all) private returns (Leg storage leg) {
        _epochs[1].shares = uint128(all);
        _epochs[1].closedAt = 1;
        _epochs[1].legs = 1;
        _positions[1][ONE].shares = uint112(a);
        _positions[1][TWO].shares = uint112(b);
        leg = _legs[1][0];
    }

    function _brings(Leg storage leg, uint256 recovered, bool last) private {
        leg.recovered = uint112(recovered);
        leg.state = last ? LegState.Done : LegState.Out;
    }

    function _pay(uint256 key) private returns (uint256) {
        return _settle(1, key, ALL_LEGS).amounts[0];
    }

    struct Order {
        bool one; // claims after the first recovery
        bool two;
        bool oneAgain; // and after the second
        bool twoAgain;
    }

    /// Three recoveries, the last of which ends the leg: what each got in all.
    function _claims(uint256 a, uint256 b, uint256 all, uint96[3] memory came, Order memory o)
        private
        returns (uint256 one, uint256 two)
    {
        Leg storage leg = _epoch(a, b, all);
        uint256 sum = came[0];
        _brings(leg, sum, false);
        if (o.one) one += _pay(ONE);
        if (o.two) two += _pay(TWO);
        assert(one + two <= sum);
        sum += came[1];
        _brings(leg, sum, false);
        if (o.oneAgain) one += _pay(ONE);
        if (o.twoAgain) two += _pay(TWO);
        assert(one + two <= sum);
        sum += came[2];
        _brings(leg, sum, true);
        one += _pay(ONE);
        two += _pay(TWO);
        assert(one + two <= sum);
        // To each the floor of its part of all that came, however often it claimed: less than a wei is left for each.
        assert(one * all <= sum * a && sum * a < one * all + all);
        assert(two * all <= sum * b && sum * b < two * all + all);
        if (a + b == all) assert(sum <= one + two + 1);
        // Nothing comes twice.
        assert(_pay(ONE) == 0 && _pay(TWO) == 0);
    }

    /// Two claimants, in any order of partial recoveries, get no more than came and lose less than a wei each. Mutant: `due` for
    /// `due - was` in UnbondingQueue._settle.
    function check_claims_in_turns(uint80 first, uint80 second, uint80 last) external {
        _claims(3, 4, 7, [uint96(first), second, last], Order(true, false, false, true));
    }

    function check_claims_of_one_who_is_early(uint80 first, uint80 second, uint80 last) external {
        _claims(3, 4, 7, [uint96(first), second, last], Order(true, false, true, false));
    }

    function check_claims_of_both_each_time(uint80 first, uint80 second, uint80 last) external {
        _claims(3, 4, 7, [uint96(first), second, last], Order(true, true, true, true));
    }

    function check_claims_of_some(uint80 first, uint80 second, uint80 last) external {
        _claims(2, 3, 11, [uint96(first), second, last], Order(false, true, true, false));
    }

    /// Whoever is alone in an epoch gets every wei. Mutant: `e.shares + 1` in UnbondingQueue._settle.
    function check_claim_of_one_leaves_nothing(uint80 first, uint80 last) external {
        Leg storage leg = _epoch(5, 0, 5);
        _brings(leg, first, false);
        uint256 got = _pay(ONE);
        _brings(leg, uint256(first) + last, true);
        got += _pay(ONE);
        assert(got == uint256(first) + last);
    }

    function reach_claims() external {
        _claims(3, 4, 7, [uint96(5), 4, 3], Order(true, false, false, true));
        assert(false);
    }
}
