// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {IPriceGuard} from "../../src/oracle/IPriceGuard.sol";
import {IPriceSource} from "../../src/oracle/IPriceSource.sol";
import {OracleFixture, Token, Told, ToldGuard} from "../oracle/OracleFixture.sol";

/// A source that burns what it is given, or answers with a megabyte, or with half a word, or not at all.
contract Hostile {
    enum Way {
        Burn,
        Bomb,
        Short,
        Revert,
        Dirty
    }

    Way private _way;

    function set(Way way) external {
        _way = way;
    }

    fallback() external {
        Way way = _way;
        assembly {
            switch way
            case 0 { for {} 1 {} {} }
            case 1 { return(0, 1000000) }
            case 2 { return(0, 95) }
            case 3 { revert(0, 1000000) }
            default {
                mstore(0, 1000000000000000000)
                mstore(32, timestamp())
                mstore(64, 3) // neither false nor true
                return(0, 96)
            }
        }
    }
}

contract PriceFeedTest is OracleFixture {
    Told private market;
    ToldGuard private pool;

    // ---------------------------------------------------------------------------------------------------------- two sides

    function test_the_coin_is_one_and_needs_no_source() public {
        address native = feed.NATIVE();
        assertQuote(native, 1e18, 1e18, SOUND);
        assertState(feed.observe(native), SOUND);
        refusesToList(native, rated(), abi.encodeWithSelector(IPriceFeed.CoinHasNoPrice.selector));
    }

    function test_an_unknown_asset_is_worth_nothing_in_and_everything_held() public {
        nothingKnown(address(st), DOUBTFUL);
        assertState(feed.observe(address(st)), DOUBTFUL);
        assertEq(feed.memoryOf(address(st)).seenAt, 0);
    }

    /// 1.1, less and more 0.1 %; a wei for what the source cut off, and up.
    function test_a_rate_has_two_sides() public {
        listRated();
        assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, SOUND);
    }

    /// Five basis points for every midnight since the rate was updated; the third is one too many: two rounds were missed.
    function test_high_grows_by_the_round_and_two_missed_rounds_are_a_doubt() public {
        listRated();
        vm.warp(NOON + 12 hours - 1);
        assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, SOUND);
        vm.warp(NOON + 12 hours);
        assertQuote(address(st), 1.0989e18, 1_101_650_550_000_000_003, SOUND);
        vm.warp(NOON + 36 hours);
        assertQuote(address(st), 1.0989e18, 1_102_201_100_000_000_003, SOUND);
        vm.warp(NOON + 60 hours - 1);
        assertState(address(st), SOUND);
        vm.warp(NOON + 60 hours);
        assertQuote(address(st), 1.0989e18, 1_102_751_650_000_000_003, DOUBTFUL);
        // To see the same rate again mends nothing.
        assertState(feed.observe(address(st)), DOUBTFUL);
        assertState(address(st), DOUBTFUL);
    }

    /// Nobody says when a rate was updated: it counts from the round in which another one was seen last.
    function test_a_missing_observation_ages_the_rate() public {
        listRated();
        vm.warp(NOON + 3 days);
        earn.set(1_100_500);
        // Seen last three midnights ago: it may have been updated a second later.
        assertState(address(st), DOUBTFUL);
        assertState(feed.observe(address(st)), DOUBTFUL);
        assertState(address(st), DOUBTFUL);
        vm.warp(NOON + 3 days + 13 hours);
        earn.set(1_101_000);
        assertState(feed.observe(address(st)), SOUND);
        // Updated in the round of the observation before, at the earliest: one midnight ago. 1.101 * 1.0005 * 1.001
        assertQuote(address(st), 1.099899e18, 1_102_652_050_500_000_003, SOUND);
        assertEq(feed.memoryOf(address(st)).rateRound, NOON / 1 days + 3);
    }

    /// 200,000 and 200,200 coins for a BTC: the lower less 0.6 %, the higher more 0.6 %, for 1e18 satoshi.
    function test_two_sources_lower_and_higher() public {
        Told a = new Told(2e23, false, 0);
        Told b = new Told(2.002e23, false, 0);
        feed.list(address(btc), twice(a, b));
        assertQuote(address(btc), 1.988e33, 2_014_012_000_000_000_000_000_010_060_000_000, SOUND);
        // The other way round.
        (uint256 one, uint256 other) = (2.002e23, 2e23);
        a.say(one);
        b.say(other);
        assertQuote(address(btc), 1.988e33, 2_014_012_000_000_000_000_000_010_060_000_000, SOUND);
    }

    /// The market pays 1 % less than the rate: from below by the market, from above by the rate.
    function test_a_rate_beside_a_market() public {
        listMarket(1.089e18);
        assertQuote(address(st), 1_087_911_000_000_000_000, 1_101_100_000_000_000_002, SOUND);
        market.say(1.111e18);
        // 1.111e18 + 1, and 0.1 %: ...112_111_000_000_000_001.001
        assertQuote(address(st), 1.0989e18, 1_112_111_000_000_000_002, SOUND);
    }

    function testFuzz_low_is_below_and_high_above_every_source(uint256 a, uint256 b, uint16 spread) public {
        a = bound(a, 1.5e23, 3e23);
        b = bound(b, a - a / 200, a + a / 200);
        vm.assume(b >= 1.5e23 && b <= 3e23);
        spread = uint16(bound(spread, 10, 500));
        IPriceFeed.Listing memory l = twice(new Told(a, false, 0), new Told(b, false, 0));
        l.spreadBps = spread;
        feed.list(address(btc), l);
        (uint256 low, uint256 high,) = feed.quote(address(btc));
        uint256 least = a < b ? a : b;
        uint256 most = (a > b ? a : b) + 1;
        // Not above the exact figure, and less than one below it.
        assertLe(low * 10_000, least * 1e10 * (10_000 - spread));
        assertGt((low + 1) * 10_000, least * 1e10 * (10_000 - spread));
        assertGe(high * 10_000, most * 1e10 * (10_000 + spread));
        assertLt((high - 1) * 10_000, most * 1e10 * (10_000 + spread));
    }

    // ------------------------------------------------------------------------------------------------------------ the peg

    function listMarket(uint256 price) private {
        market = new Told(price, false, 0);
        IPriceFeed.Listing memory l = rated();
        l.market = market;
        feed.list(address(st), l);
    }

    function listGuarded() private {
        pool = new ToldGuard(1.1e18);
        IPriceFeed.Listing memory l = rated();
        l.guard = pool;
        feed.list(address(st), l);
    }

    /// 1.1 less 1.5 % is 1.0835.
    function test_a_gap_of_the_peg_is_a_doubt_after_a_quarter_of_an_hour() public {
        listMarket(1.1e18);
        pass(10 minutes);
        market.say(1.0835e18 - 1);
        // Inside until a moment ago, as far as anybody knows: since the listing.
        assertState(address(st), SOUND);
        pass(5 minutes - 1);
        assertState(address(st), SOUND);
        pass(1);
        assertState(address(st), DOUBTFUL);
        // An observation of the gap is none of the band.
        assertState(feed.observe(address(st)), DOUBTFUL);
        // At the limit is not over it.
        market.say(1.0835e18);
        assertState(address(st), SOUND);
        assertState(feed.observe(address(st)), SOUND);
        market.say(1.1165e18 + 1);
        pass(15 minutes - 1);
        assertState(address(st), SOUND);
        pass(1);
        assertState(address(st), DOUBTFUL);
    }

    function test_a_gap_that_nobody_observed_is_a_doubt_at_once() public {
        listMarket(1.1e18);
        pass(3 hours);
        market.say(1.08e18);
        assertState(address(st), DOUBTFUL);
        market.say(1.1e18);
        feed.observe(address(st));
        market.say(1.08e18);
        assertState(address(st), SOUND);
    }

    /// 1.1 less 5 % is 1.045: impaired at once, and remembered if anybody looked.
    function test_a_gap_over_five_percent_is_an_impairment() public {
        listMarket(1.1e18);
        market.say(1.045e18);
        assertState(address(st), SOUND);
        market.say(1.045e18 - 1);
        assertState(address(st), IMPAIRED);
        uint256 state = vm.snapshotState();
        // Not observed: gone when it is gone.
        market.say(1.1e18);
        assertState(address(st), SOUND);
        vm.revertToState(state);
        feed.observe(address(st));
        market.say(1.1e18);
        assertState(address(st), IMPAIRED);
        assertEq(feed.memoryOf(address(st)).impairedAt, NOON);
    }

    /// 1.1 less 0.5 % is 1.0945.
    function test_a_rate_that_fell_is_an_impairment() public {
        listRated();
        earn.set(1_094_500);
        assertState(address(st), SOUND);
        earn.set(1_094_499);
        assertState(address(st), IMPAIRED);
        assertState(feed.observe(address(st)), IMPAIRED);
    }

    /// Little by little is a fall as well: what counts is the best rate seen.
    function test_a_rate_that_falls_in_small_steps_is_an_impairment() public {
        listRated();
        earn.set(1_097_000);
        assertState(feed.observe(address(st)), SOUND);
        earn.set(1_094_500);
        assertState(feed.observe(address(st)), SOUND);
        earn.set(1_094_499);
        assertState(feed.observe(address(st)), IMPAIRED);
    }

    /// 1.1 and 0.5 %, and 0.05 % for every midnight since its round: 1.1055, then 1.10605.
    function test_a_rate_that_jumped_is_an_impairment() public {
        listRated();
        earn.set(1_105_500);
        assertState(address(st), SOUND);
        earn.set(1_105_501);
        assertState(address(st), IMPAIRED);
        vm.warp(NOON + 12 hours);
        assertState(address(st), SOUND);
        earn.set(1_106_050);
        assertState(address(st), SOUND);
        earn.set(1_106_051);
        assertState(feed.observe(address(st)), IMPAIRED);
        // Taken for its rate after a day: nobody is the worse for a reward.
        hourly(24);
        assertState(address(st), IMPAIRED);
        hourly(1);
        assertState(address(st), SOUND);
    }

    /// In steps, each observed: two of 0.25 % are the whole of it. The next day begins anew.
    function test_a_rate_that_jumps_in_small_steps_is_an_impairment() public {
        listRated();
        earn.set(1_102_750); // 2,500 millionths
        assertState(feed.observe(address(st)), SOUND);
        earn.set(1_105_506); // 2,499.2 and more: 2,500
        assertState(feed.observe(address(st)), SOUND);
        assertEq(feed.memoryOf(address(st)).rise, 5_000);
        uint256 state = vm.snapshotState();
        earn.set(1_105_507);
        assertState(address(st), IMPAIRED);
        vm.revertToState(state);
        vm.warp(NOON + 12 hours);
        // Half a percent, and 0.05 % for the midnight: 1,105,506 * 1.0055 = 1,111,586.2
        earn.set(1_111_586);
        assertState(address(st), SOUND);
        earn.set(1_111_587);
        assertState(address(st), IMPAIRED);
        // A jump of a hundred times does not wrap.
        earn.set(110_000_000);
        feed.observe(address(st));
        assertEq(feed.memoryOf(address(st)).rise, 65_535);
    }

    /// An operator who was away for thirty rounds brings all of them at once: no jump.
    function test_thirty_rounds_at_once_are_no_jump() public {
        listRated();
        for (uint256 i; i < 30; ++i) {
            pass(1 days);
            feed.observe(address(st));
        }
        earn.set(1_100_000 * 10_200 / 10_000);
        assertState(address(st), SOUND);
        earn.set(1_100_000 * 10_200 / 10_000 + 1);
        assertState(address(st), IMPAIRED);
    }

    function impair() private {
        earn.set(1_089_000);
        feed.observe(address(st));
        assertState(address(st), IMPAIRED);
        // The same rate, seen again, is not a fall any more: the day begins.
        pass(1 hours);
        feed.observe(address(st));
    }

    function hourly(uint256 hours_) private {
        for (uint256 i; i < hours_; ++i) {
            pass(1 hours);
            feed.observe(address(st));
        }
    }

    function test_an_impairment_is_over_after_a_day_inside() public {
        listRated();
        impair();
        hourly(23);
        pass(1 hours - 1);
        assertState(address(st), IMPAIRED);
        pass(1);
        assertState(address(st), SOUND);
        feed.observe(address(st));
        assertEq(feed.memoryOf(address(st)).impairedAt, 0);
        // The next fall is measured from here: 1.089 less 0.5 % is 1.083555.
        earn.set(1_083_555);
        assertState(address(st), SOUND);
        earn.set(1_083_554);
        assertState(address(st), IMPAIRED);
    }

    function test_a_second_fall_starts_the_day_anew() public {
        listRated();
        impair();
        hourly(20);
        earn.set(1_080_000);
        hourly(1); // sees it
        hourly(24);
        assertState(address(st), IMPAIRED);
        hourly(1);
        assertState(address(st), SOUND);
    }

    function test_silence_starts_the_day_anew() public {
        listRated();
        impair();
        hourly(20);
        pass(2 hours);
        feed.observe(address(st)); // not too long
        pass(2 hours + 1);
        assertState(address(st), IMPAIRED);
        feed.observe(address(st));
        hourly(23);
        assertState(address(st), IMPAIRED);
        hourly(1);
        assertState(address(st), SOUND);
    }

    function test_a_gap_on_the_way_back_starts_the_day_anew() public {
        listMarket(1.1e18);
        market.say(1.04e18);
        feed.observe(address(st));
        market.say(1.1e18);
        hourly(20);
        market.say(1.08e18); // 1.8 % off: not impaired by itself
        hourly(1);
        market.say(1.1e18);
        hourly(24);
        assertState(address(st), IMPAIRED);
        // No update of the rate for two midnights by then; another one keeps it young.
        earn.set(1_100_001);
        hourly(1);
        assertState(address(st), SOUND);
    }

    function test_listing_anew_forgets_no_impairment() public {
        listRated();
        earn.set(1_089_000);
        // Not even one that nobody observed.
        listRated();
        assertState(address(st), IMPAIRED);
        feed.delist(address(st));
        nothingKnown(address(st), DOUBTFUL);
        // Nor by observing what is not listed.
        feed.observe(address(st));
        Told other = new Told(1.2e18, true, 5);
        IPriceFeed.Listing memory l = rated();
        l.fair = other;
        feed.list(address(st), l);
        assertState(address(st), IMPAIRED);
        // And its rate is not compared with that of another source.
        other.say(1.195e18);
        hourly(23);
        assertState(address(st), IMPAIRED);
        hourly(1);
        assertState(address(st), SOUND);
    }

    /// A fall that nobody observed, and then another source.
    function test_another_source_hides_no_fall() public {
        listRated();
        earn.set(1_089_000);
        IPriceFeed.Listing memory l = rated();
        l.fair = new Told(1.2e18, true, 5);
        feed.list(address(st), l);
        assertState(address(st), IMPAIRED);
    }

    // ---------------------------------------------------------------------------------------------------------- the guard

    function test_a_guard_closes_and_never_prices() public {
        listGuarded();
        assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, SOUND);
        pass(15 minutes);
        // Half of the price, or twice: not impaired, and both sides as they were.
        pool.say(0.55e18, true);
        assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, DOUBTFUL);
        assertState(feed.observe(address(st)), DOUBTFUL);
        pool.say(2.2e18, true);
        assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, DOUBTFUL);
        pool.say(0, false);
        assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, DOUBTFUL);
        assertState(feed.observe(address(st)), DOUBTFUL);
        assertEq(feed.memoryOf(address(st)).impairedAt, 0);
        pool.say(1.1e18, true);
        assertState(address(st), SOUND);
    }

    function test_a_guard_that_is_off_counts_by_the_quarter_of_an_hour() public {
        listGuarded();
        pool.say(1.0835e18 - 1, true);
        pass(15 minutes - 1);
        assertState(address(st), SOUND);
        pass(1);
        assertState(address(st), DOUBTFUL);
    }

    /// What is dumb for a while is doubtful meanwhile, and does not put an impairment's end off.
    function test_a_dumb_guard_does_not_put_off_a_recovery() public {
        listGuarded();
        impair();
        pool.say(1.089e18, true);
        hourly(20);
        pool.say(0, false);
        hourly(1);
        pool.say(1.089e18, true);
        hourly(3);
        assertState(address(st), SOUND);
    }

    function test_a_guard_is_no_source() public {
        pool = new ToldGuard(1.1e18);
        IPriceFeed.Listing memory l = rated();
        l.fair = IPriceSource(address(pool));
        vm.expectRevert();
        feed.list(address(st), l);
        l = rated();
        l.market = IPriceSource(address(pool));
        vm.expectRevert();
        feed.list(address(st), l);
        assertFalse(feed.listed(address(st)));
    }

    // -------------------------------------------------------------------------------------------- sources that say nothing

    function test_a_source_that_says_nothing_is_a_doubt() public {
        Told a = new Told(2e23, false, 0);
        Told b = new Told(2e23, false, 0);
        feed.list(address(btc), twice(a, b));
        for (uint256 i; i < 2; ++i) {
            Told it = i == 0 ? a : b;
            it.say(2e23, now_(), false);
            nothingKnown(address(btc), DOUBTFUL);
            it.say(0, now_(), true);
            nothingKnown(address(btc), DOUBTFUL);
            it.say(2e23, now_() + 1, true);
            nothingKnown(address(btc), DOUBTFUL);
            it.say(MOST + 1, now_(), true);
            nothingKnown(address(btc), DOUBTFUL);
            it.say(type(uint256).max, now_(), true);
            nothingKnown(address(btc), DOUBTFUL);
            assertState(feed.observe(address(btc)), DOUBTFUL);
            it.say(2e23);
            assertState(address(btc), SOUND);
        }
    }

    function test_no_source_makes_a_quote_revert_or_costly() public {
        Told a = new Told(2e23, false, 0);
        Told b = new Told(2e23, false, 0);
        ToldGuard g = new ToldGuard(2e23);
        IPriceFeed.Listing memory l = twice(a, b);
        l.guard = g;
        feed.list(address(btc), l);
        vm.etch(address(b), type(Hostile).runtimeCode);
        for (uint256 i; i < 5; ++i) {
            vm.store(address(b), 0, bytes32(i));
            uint256 gas = gasleft();
            nothingKnown(address(btc), DOUBTFUL);
            assertState(feed.observe(address(btc)), DOUBTFUL);
            assertLt(gas - gasleft(), 2 * 2_000_000 + 150_000);
        }
        vm.etch(address(b), "");
        nothingKnown(address(btc), DOUBTFUL);
        // A hostile guard is a doubt, and the price is shown.
        vm.etch(address(b), type(Told).runtimeCode);
        b = Told(address(b));
        vm.etch(address(g), type(Hostile).runtimeCode);
        vm.store(address(b), 0, bytes32(uint256(2e23)));
        vm.store(address(b), bytes32(uint256(1)), bytes32(now_()));
        vm.store(address(b), bytes32(uint256(2)), bytes32(uint256(1)));
        for (uint256 i; i < 4; ++i) {
            vm.store(address(g), 0, bytes32(i));
            assertQuote(address(btc), 1.988e33, 2_012_000_000_000_000_000_000_010_060_000_000, DOUBTFUL);
        }
    }

    function test_an_impairment_shows_when_the_source_is_gone() public {
        listMarket(1.1e18);
        market.say(1e18);
        feed.observe(address(st));
        market.say(1.1e18, now_(), false);
        nothingKnown(address(st), IMPAIRED);
    }

    /// Whoever observes with too little gas records nothing that is not so.
    function test_a_stingy_observer_fakes_nothing() public {
        listMarket(1.1e18);
        pass(1 hours);
        bytes32 before = keccak256(abi.encode(feed.memoryOf(address(st))));
        uint256 least = 20_000;
        for (; least < 200_000; least += 500) {
            try feed.observe{gas: least}(address(st)) {}
            catch {
                continue;
            }
            if (keccak256(abi.encode(feed.memoryOf(address(st)))) != before) break;
        }
        IPriceFeed.Memory memory m = feed.memoryOf(address(st));
        assertEq(m.seenAt, NOON + 1 hours);
        assertEq(m.inBandAt, NOON + 1 hours);
        assertEq(m.rate, 1.1e18);
        assertState(address(st), SOUND);
    }

    // ------------------------------------------------------------------------------------------------------------- drift

    /// The declared range may be left by a factor of ten, in years; further is a doubt.
    function test_a_price_that_left_its_range_by_ten_is_a_doubt() public {
        Told a = new Told(2e23, false, 0);
        Told b = new Told(2e23, false, 0);
        feed.list(address(btc), twice(a, b));
        a.say(3e24);
        b.say(3e24);
        assertState(address(btc), SOUND);
        a.say(3e24 + 1);
        assertState(address(btc), DOUBTFUL);
        a.say(1.5e22);
        b.say(1.5e22);
        assertState(address(btc), SOUND);
        b.say(1.5e22 - 1);
        assertState(address(btc), DOUBTFUL);
        a.say(1.5e22 - 1);
        b.say(1.5e22);
        assertState(address(btc), DOUBTFUL);
    }

    /// A price above 2^128 for 1e18 units is none.
    function test_a_price_too_large_is_a_doubt_and_capped() public {
        Token odd = new Token(0);
        IPriceFeed.Listing memory l = twice(new Told(3.4e20, false, 0), new Told(3.4e20, false, 0));
        (l.decimals, l.least, l.most) = (0, 2e20, 3.9e20);
        feed.list(address(odd), l);
        // 3.4e20 * 1e18 is 3.4e38, below 2^128 = 3.4028e38; 0.6 % more is above.
        assertQuote(address(odd), 337_960_000_000_000_000_000_000_000_000_000_000_000, MOST, DOUBTFUL);
    }

    // --------------------------------------------------------------------------------------------------------- listing

    function test_only_the_governor_lists() public {
        IPriceFeed.Listing memory l = rated();
        vm.startPrank(mallory());
        vm.expectRevert(abi.encodeWithSelector(IPriceFeed.NotGovernor.selector, mallory()));
        feed.list(address(st), l);
        vm.expectRevert(abi.encodeWithSelector(IPriceFeed.NotGovernor.selector, mallory()));
        feed.delist(address(st));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IPriceFeed.NotListed.selector, st));
        feed.delist(address(st));
        assertEq(feed.GOVERNOR(), address(this));
        assertEq(feed.COIN(), "CORE");
    }

    function mallory() private returns (address) {
        return makeAddr("mallory");
    }

    function test_a_market_price_alone_never_prices() public {
        Told a = new Told(2e23, false, 0);
        IPriceFeed.Listing memory l = twice(a, IPriceSource(address(0)));
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.NotIndependent.selector, a, address(0)));
        l = twice(a, a);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.NotIndependent.selector, a, a));
        // Two adapters in front of one oracle.
        Told b = new Told(2e23, false, 0);
        b.setOrigin(address(a));
        l = twice(a, b);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.NotIndependent.selector, a, b));
        // Declared as a rate: it says itself that it is none.
        l = twice(a, IPriceSource(address(0)));
        (l.isRate, l.disagreeBps) = (true, 0);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.WrongKind.selector, a, true, 0));
    }

    /// Of two prices that are made of two each, none of the four may be behind both: whoever moves it moves both.
    function test_sources_that_share_one_of_their_two_origins_are_one() public {
        Told a = new Told(2e23, false, 0);
        Told b = new Told(2e23, false, 0);
        address shared = makeAddr("shared");
        IPriceFeed.Listing memory l = twice(a, b);
        bytes memory reason = abi.encodeWithSelector(IPriceFeed.NotIndependent.selector, a, b);
        // The second of both.
        a.setOrigin2(shared);
        b.setOrigin2(shared);
        refusesToList(address(btc), l, reason);
        // The second of one is the first of the other, both ways.
        a.setOrigin2(address(b));
        b.setOrigin2(address(0));
        refusesToList(address(btc), l, reason);
        a.setOrigin2(address(0));
        b.setOrigin2(address(a));
        refusesToList(address(btc), l, reason);
        // Four different ones, or none for a second.
        a.setOrigin2(shared);
        b.setOrigin2(makeAddr("other"));
        feed.list(address(btc), l);
        a.setOrigin2(address(0));
        b.setOrigin2(address(0));
        feed.list(address(btc), l);
        assertState(address(btc), SOUND);
    }

    function test_listing_refuses_what_was_declared_otherwise() public {
        IPriceFeed.Listing memory l = rated();
        l.fair = IPriceSource(address(0));
        refusesToList(address(st), l, abi.encodeWithSelector(IPriceFeed.ZeroAddress.selector));
        refusesToList(address(0), rated(), abi.encodeWithSelector(IPriceFeed.ZeroAddress.selector));
        l = rated();
        l.roundBps = 4;
        refusesToList(address(st), l, abi.encodeWithSelector(IPriceFeed.WrongKind.selector, rate, true, 4));
        l = rated();
        l.market = new Told(1.1e18, true, 0);
        refusesToList(address(st), l, abi.encodeWithSelector(IPriceFeed.WrongKind.selector, l.market, false, 0));
        l = rated();
        l.disagreeBps = 1;
        refusesToList(address(st), l, abi.encodeWithSelector(IPriceFeed.DisagreeOutOfRange.selector, 1, 0));
        l = twice(new Told(2e23, false, 0), new Told(2e23, false, 0));
        l.disagreeBps = 151;
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.DisagreeOutOfRange.selector, 151, 150));
        l.disagreeBps = 0;
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.DisagreeOutOfRange.selector, 0, 150));
    }

    function test_listing_refuses_a_spread_below_what_the_sources_err() public {
        Told a = new Told(2e23, false, 0);
        Told b = new Told(2e23, false, 0);
        b.setError(61);
        IPriceFeed.Listing memory l = twice(a, b);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.SpreadOutOfRange.selector, 60, 61, 500));
        b.setError(60);
        a.setError(61);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.SpreadOutOfRange.selector, 60, 61, 500));
        l.spreadBps = 501;
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.SpreadOutOfRange.selector, 501, 61, 500));
    }

    /// 202,000.00…1 is more than 1 % above 200,000.
    function test_listing_refuses_sources_that_disagree() public {
        Told a = new Told(2e23, false, 0);
        Told b = new Told(2.02e23 + 1, false, 0);
        IPriceFeed.Listing memory l = twice(a, b);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.SourcesDisagree.selector, 2e23, 2.02e23 + 1));
        b.say(2.02e23);
        feed.list(address(btc), l);
        assertState(address(btc), SOUND);
        // No quarter of an hour for these.
        // 200,000 / 1.01 = 198,019.80…; the smaller is the measure, whichever it is.
        b.say(198_019_801_980_198_019_801_981);
        assertState(address(btc), SOUND);
        b.say(198_019_801_980_198_019_801_980);
        assertState(address(btc), DOUBTFUL);
        // Far apart is no more than a doubt: one of the two is wrong.
        b.say(1e23);
        assertState(feed.observe(address(btc)), DOUBTFUL);
        b.say(2e23);
        assertState(address(btc), SOUND);
    }

    function test_listing_reads_every_source_and_the_guard() public {
        Told a = new Told(2e23, false, 0);
        Told b = new Told(2e23, false, 0);
        IPriceFeed.Listing memory l = twice(a, b);
        a.say(2e23, now_(), false);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.SourceUnreadable.selector, a));
        a.say(2e23);
        b.say(2e23, now_(), false);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.SourceUnreadable.selector, b));
        b.say(2e23);
        ToldGuard g = new ToldGuard(2e23);
        l.guard = g;
        g.say(2e23, false);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.SourceUnreadable.selector, g));
        g.say(2e13, true);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.OutOfRange.selector, g, 2e13, 1.5e23, 3e23));
        g.say(2e23, true);
        g.setCoin("USD");
        refusesToList(
            address(btc), l, abi.encodeWithSelector(IPriceFeed.WrongCoin.selector, g, bytes32("USD"), bytes32("CORE"))
        );
        g.setCoin("CORE");
        feed.list(address(btc), l);
        IPriceFeed.Listing memory kept = feed.listing(address(btc));
        assertEq(abi.encode(kept), abi.encode(l));
    }

    function test_a_feed_needs_a_governor_and_a_coin() public {
        bytes memory reason = abi.encodeWithSelector(IPriceFeed.ZeroAddress.selector);
        refusesToBe("PriceFeed", abi.encode(address(0), bytes32("CORE")), 0, reason);
        refusesToBe("PriceFeed", abi.encode(this, bytes32(0)), 0, reason);
    }
}
