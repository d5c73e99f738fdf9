// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AggregatorSource, IAggregator} from "../../src/oracle/AggregatorSource.sol";
import {BandSource} from "../../src/oracle/BandSource.sol";
import {CrossSource} from "../../src/oracle/CrossSource.sol";
import {EarnSource} from "../../src/oracle/EarnSource.sol";
import {IMedianSource} from "../../src/oracle/IMedianSource.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {IPriceSource} from "../../src/oracle/IPriceSource.sol";
import {Aggregator, Band, OracleFixture, Told} from "../oracle/OracleFixture.sol";

/// Each source before the feed: what it takes for sound, in wei of the coin for one whole asset.
contract PriceSourcesTest is OracleFixture {
    function assertReads(IPriceSource it, uint256 price, uint256 at, bool sound) private view {
        (uint256 p, uint256 t, bool s) = it.read();
        assertEq(p, price, "price");
        assertEq(t, at, "time");
        assertEq(s, sound, "sound");
    }

    // --------------------------------------------------------------------------------------------------------------- Earn

    function test_earn_speaks_in_millionths() public {
        assertReads(rate, 1.1e18, NOON, true);
        earn.set(1_234_567);
        assertReads(rate, 1.234567e18, NOON, true);
        earn.set(0);
        assertReads(rate, 0, NOON, false);
        assertEq(rate.origin(), address(earn));
        assertEq(rate.roundBps(), 5);
        assertTrue(rate.isRate());
        refusesToBe("EarnSource", abi.encode(address(0)), 0, abi.encodeWithSelector(EarnSource.ZeroAddress.selector));
    }

    // --------------------------------------------------------------------------------------------------------- aggregator

    function declared(Aggregator a) private pure returns (AggregatorSource.Declared memory d) {
        d.aggregator = a;
        (d.asset, d.coin, d.decimals) = ("BTC", "CORE", 8);
        (d.heartbeat, d.deviationBps, d.driftBps) = (1 hours, 50, 10);
        (d.least, d.most) = (1e8, 1e15);
    }

    function source(AggregatorSource.Declared memory d) private returns (IPriceSource) {
        return IPriceSource(create("AggregatorSource", abi.encode(d)));
    }

    /// 200,000.12345678 coins by an aggregator of 8 decimals.
    function test_aggregator_scales_to_wei() public {
        Aggregator a = new Aggregator("BTC / CORE", 8, 20_000_012_345_678);
        IPriceSource s = source(declared(a));
        assertReads(s, 200_000_123_456_780_000_000_000, NOON, true);
        assertEq(s.errorBps(), 60);
        assertEq(s.origin(), address(a));
        assertEq(s.asset(), "BTC");
        assertEq(s.coin(), "CORE");
        assertFalse(s.isRate());
    }

    function test_aggregator_of_18_and_of_0_decimals() public {
        AggregatorSource.Declared memory d = declared(new Aggregator("BTC / CORE", 18, 2e23));
        (d.decimals, d.most) = (18, 1e25);
        assertReads(source(d), 2e23, NOON, true);
        d = declared(new Aggregator("BTC / CORE", 0, 200_000));
        (d.decimals, d.least) = (0, 1);
        assertReads(source(d), 2e23, NOON, true);
        d = declared(new Aggregator("BTC / CORE", 19, 2e24));
        d.decimals = 19;
        refusesToBe(
            "AggregatorSource",
            abi.encode(d),
            0,
            abi.encodeWithSelector(AggregatorSource.WrongDecimals.selector, d.aggregator, 19, 19)
        );
    }

    function test_aggregator_is_stale_after_its_heartbeat() public {
        IPriceSource s = source(declared(new Aggregator("BTC / CORE", 8, 2e13)));
        pass(1 hours);
        assertReads(s, 2e23, NOON, true);
        pass(1);
        assertReads(s, 0, NOON, false);
    }

    function test_aggregator_from_the_future_or_never() public {
        Aggregator a = new Aggregator("BTC / CORE", 8, 2e13);
        IPriceSource s = source(declared(a));
        a.setAt(NOON + 1);
        assertReads(s, 0, NOON + 1, false);
        a.setAt(type(uint256).max);
        assertReads(s, 0, type(uint256).max, false);
        a.setAt(0);
        assertReads(s, 0, 0, false);
    }

    function test_aggregator_zero_negative_clamped() public {
        Aggregator a = new Aggregator("BTC / CORE", 8, 2e13);
        IPriceSource s = source(declared(a));
        int256[7] memory bad = [int256(0), -1, type(int256).min, 1e8, 1e15, type(int256).max, 1e8 - 1];
        for (uint256 i; i < bad.length; ++i) {
            a.set(bad[i]);
            assertReads(s, 0, NOON, false);
        }
        a.set(1e8 + 1);
        assertReads(s, 1e18 + 1e10, NOON, true);
        a.set(1e15 - 1);
        assertReads(s, 1e25 - 1e10, NOON, true);
    }

    function test_aggregator_carried_over_from_an_earlier_round() public {
        Aggregator a = new Aggregator("BTC / CORE", 8, 2e13);
        IPriceSource s = source(declared(a));
        a.setRounds(9, 8);
        assertReads(s, 0, NOON, false);
        a.setRounds(9, 9);
        assertReads(s, 2e23, NOON, true);
    }

    function test_aggregator_refuses_what_is_not_as_declared() public {
        Aggregator a = new Aggregator("BTC / CORE", 8, 2e13);
        AggregatorSource.Declared memory d = declared(a);
        d.decimals = 18;
        refused(d, abi.encodeWithSelector(AggregatorSource.WrongDecimals.selector, a, 18, 8));
        d = declared(a);
        (d.least, d.most) = (-1, 1);
        refused(d, abi.encodeWithSelector(AggregatorSource.BadClamp.selector, -1, 1));
        (d.least, d.most) = (5, 5);
        refused(d, abi.encodeWithSelector(AggregatorSource.BadClamp.selector, 5, 5));
        d = declared(a);
        d.heartbeat = 0;
        refused(d, abi.encodeWithSelector(AggregatorSource.BadHeartbeat.selector, 0, 2 days));
        d.heartbeat = 2 days + 1;
        refused(d, abi.encodeWithSelector(AggregatorSource.BadHeartbeat.selector, 2 days + 1, 2 days));
        d = declared(a);
        (d.deviationBps, d.driftBps) = (0, 0);
        refused(d, abi.encodeWithSelector(AggregatorSource.ErrorOutOfRange.selector, 0, 500));
        (d.deviationBps, d.driftBps) = (400, 101);
        refused(d, abi.encodeWithSelector(AggregatorSource.ErrorOutOfRange.selector, 501, 500));
    }

    function refused(AggregatorSource.Declared memory d, bytes memory reason) private {
        refusesToBe("AggregatorSource", abi.encode(d), 0, reason);
    }

    // -------------------------------------------------------------------------------------------------------------- cross

    /// 100,000.5 dollars over 0.48: 208,334.375 coins.
    function test_cross_cancels_the_unit_out() public {
        Aggregator b = new Aggregator("BTC / USD", 8, 10_000_050_000_000);
        Aggregator c = new Aggregator("CORE / USD", 8, 48_000_000);
        AggregatorSource.Declared memory d = declared(b);
        d.coin = "USD";
        IPriceSource base = source(d);
        d = declared(c);
        (d.asset, d.coin, d.least, d.deviationBps, d.driftBps) = ("CORE", "USD", 1e5, 100, 30);
        IPriceSource other = source(d);
        IPriceSource s = IPriceSource(create("CrossSource", abi.encode(base, other)));
        assertReads(s, 208_334_375_000_000_000_000_000, NOON, true);
        // 1.006 / 0.987 is 1.01925…
        assertEq(s.errorBps(), 193);
        assertEq(s.asset(), "BTC");
        assertEq(s.coin(), "CORE");
        assertEq(s.origin(), address(b));
        assertEq(s.origin2(), address(c));
        assertEq(base.origin2(), address(0));
        // As old as the older, doubtful as either.
        pass(10 minutes);
        b.set(10_000_050_000_000);
        assertReads(s, 208_334_375_000_000_000_000_000, NOON, true);
        pass(50 minutes + 1);
        assertReads(s, 0, NOON, false);
        c.set(48_000_000);
        assertReads(s, 208_334_375_000_000_000_000_000, NOON + 10 minutes, true);
        pass(10 minutes);
        assertReads(s, 0, NOON + 10 minutes, false);
    }

    function test_cross_refuses_two_units() public {
        Told a = new Told(1e23, false, 0);
        Told b = new Told(5e17, false, 0);
        a.setCoin("USD");
        b.setCoin("EUR");
        refusesToBe(
            "CrossSource",
            abi.encode(a, b),
            0,
            abi.encodeWithSelector(CrossSource.UnitsDiffer.selector, bytes32("USD"), bytes32("EUR"))
        );
    }

    /// Told in dollars, a source of `bps`.
    function dollars(uint256 price, uint256 bps) private returns (Told it) {
        it = new Told(price, false, 0);
        it.setCoin("USD");
        it.setError(bps);
    }

    /// BTC in dollars by two oracles, each over the coin in dollars by the same third: half as many dollars for the coin and
    /// both say twice as much.
    function test_crosses_over_one_quote_are_not_independent() public {
        Told quote = dollars(5e17, 10);
        IPriceSource a = cross(dollars(1e23, 10), quote);
        IPriceSource b = cross(dollars(1e23, 10), quote);
        refusesToList(address(btc), twice(a, b), abi.encodeWithSelector(IPriceFeed.NotIndependent.selector, a, b));
        b = cross(dollars(1e23, 10), dollars(5e17, 10));
        feed.list(address(btc), twice(a, b));
        assertState(address(btc), SOUND);
    }

    function cross(IPriceSource base, IPriceSource quote) private returns (IPriceSource it) {
        vm.mockCall(address(quote), abi.encodeWithSelector(IPriceSource.asset.selector), abi.encode(bytes32("CORE")));
        it = IPriceSource(create("CrossSource", abi.encode(base, quote)));
    }

    function test_cross_refuses_a_cross() public {
        Told a = dollars(1e23, 10);
        Told b = dollars(5e17, 10);
        a.setOrigin2(address(1));
        bytes memory reason = abi.encodeWithSelector(CrossSource.Nested.selector, a);
        refusesToBe("CrossSource", abi.encode(a, b), 0, reason);
        reason = abi.encodeWithSelector(CrossSource.Nested.selector, a);
        refusesToBe("CrossSource", abi.encode(b, a), 0, reason);
    }

    /// The base 2 % above what is said and the quote 2 % below: 1.02 / 0.98 is 1.0408163…
    function test_cross_errs_by_as_much_as_its_two_may_together() public {
        assertEq(cross(dollars(1e23, 200), dollars(5e17, 200)).errorBps(), 409);
        // 1.03 / 0.99 and 1.01 / 0.97: 4.0404… % and 4.1237… %
        assertEq(cross(dollars(1e23, 300), dollars(5e17, 100)).errorBps(), 405);
        assertEq(cross(dollars(1e23, 100), dollars(5e17, 300)).errorBps(), 413);
        assertEq(cross(dollars(1e23, 0), dollars(5e17, 0)).errorBps(), 0);
        // 1.029 / 0.98 is 1.05 on the point; one more is 1.0501…
        assertEq(cross(dollars(1e23, 290), dollars(5e17, 200)).errorBps(), 500);
        bytes memory args = abi.encode(dollars(1e23, 291), dollars(5e17, 200));
        refusesToBe("CrossSource", args, 0, abi.encodeWithSelector(CrossSource.ErrorOutOfRange.selector, 502, 500));
        // A quote that may be nothing at all.
        args = abi.encode(dollars(1e23, 0), dollars(5e17, 10_000));
        refusesToBe("CrossSource", args, 0, abi.encodeWithSelector(CrossSource.ErrorOutOfRange.selector, 10_000, 500));
    }

    // --------------------------------------------------------------------------------------------------------------- Band

    function band() private returns (Band b, IPriceSource s) {
        b = new Band();
        b.set("BTC", 1e23);
        b.set("CORE", 5e17);
        s = IPriceSource(
            create(
                "BandSource",
                abi.encode(b, bytes32("BTC"), bytes32("CORE"), uint256(30 minutes), uint256(20), uint256(5))
            )
        );
    }

    function test_band_reads_the_pair() public {
        (Band b, IPriceSource s) = band();
        assertReads(s, 2e23, NOON, true);
        assertEq(s.errorBps(), 51);
        assertEq(s.origin(), address(b));
        assertEq(s.coin(), "CORE");
        b.set("CORE", 4.8e17);
        assertReads(s, 208_333_333_333_333_333_333_333, NOON, true);
    }

    function test_band_is_as_old_as_the_older_symbol() public {
        (Band b, IPriceSource s) = band();
        pass(30 minutes);
        b.set("BTC", 1e23);
        assertReads(s, 2e23, NOON, true);
        pass(1);
        assertReads(s, 0, NOON, false);
        b.set("CORE", 5e17);
        assertReads(s, 2e23, NOON + 30 minutes, true);
        pass(30 minutes);
        assertReads(s, 0, NOON + 30 minutes, false);
    }

    function test_band_from_the_future_zero_or_unknown() public {
        (Band b, IPriceSource s) = band();
        b.setAt("BTC", 1e23, NOON + 1);
        assertReads(s, 0, NOON, false);
        b.set("BTC", 1e23);
        b.setAt("CORE", 5e17, NOON + 1);
        assertReads(s, 0, NOON, false);
        b.set("CORE", 5e17);
        b.set("BTC", 0);
        assertReads(s, 0, NOON, false);
        b.set("CORE", 0);
        vm.expectRevert("REF_DATA_NOT_AVAILABLE");
        s.read();
    }

    function test_band_refuses_odd_declarations() public {
        bytes memory reason = abi.encodeWithSelector(BandSource.ErrorOutOfRange.selector, 0, 500);
        refusesBand(1 hours, 0, 0, reason);
        // 1.0244 / 0.9756 is 1.05002…, 1.0243 / 0.9757 is 1.04981…
        reason = abi.encodeWithSelector(BandSource.ErrorOutOfRange.selector, 501, 500);
        refusesBand(1 hours, 200, 44, reason);
        bytes memory args = abi.encode(this, bytes32("BTC"), bytes32("CORE"), 1 hours, 200, 43);
        assertEq(IPriceSource(create("BandSource", args)).errorBps(), 499);
        reason = abi.encodeWithSelector(BandSource.ErrorOutOfRange.selector, 10_000, 500);
        refusesBand(1 hours, 9_999, 1, reason);
        reason = abi.encodeWithSelector(BandSource.BadHeartbeat.selector, 0, 2 days);
        refusesBand(0, 20, 5, reason);
        reason = abi.encodeWithSelector(BandSource.BadHeartbeat.selector, 2 days + 1, 2 days);
        refusesBand(2 days + 1, 20, 5, reason);
        refusesToBe(
            "BandSource",
            abi.encode(address(0), bytes32("BTC"), bytes32("CORE"), 1 hours, 20, 5),
            0,
            abi.encodeWithSelector(BandSource.ZeroAddress.selector)
        );
        refusesToBe(
            "BandSource",
            abi.encode(this, bytes32("BTC"), bytes32(0), 1 hours, 20, 5),
            0,
            abi.encodeWithSignature("EmptySymbol()")
        );
    }

    function refusesBand(uint256 heartbeat, uint256 deviation, uint256 drift, bytes memory reason) private {
        bytes memory args = abi.encode(this, bytes32("BTC"), bytes32("CORE"), heartbeat, deviation, drift);
        refusesToBe("BandSource", args, 0, reason);
    }
}

/// Five reporters, of whom three must sign. Reports live ten minutes before they are submitted, a price for an hour.
contract MedianSourceTest is OracleFixture {
    IMedianSource private median;
    address[] private who;
    mapping(address reporter => uint256) private keyOf;

    function setUp() public override {
        super.setUp();
        uint256[5] memory keys = [uint256(0xa1), 0xa2, 0xa3, 0xa4, 0xa5];
        for (uint256 i; i < 5; ++i) {
            address at = vm.addr(keys[i]);
            keyOf[at] = keys[i];
            who.push(at);
            for (uint256 k = i; k != 0 && who[k - 1] > who[k]; --k) {
                (who[k - 1], who[k]) = (who[k], who[k - 1]);
            }
        }
        median = deploy(who, 3);
    }

    function args(address[] memory reporters, uint256 quorum) private pure returns (bytes memory) {
        return abi.encode(bytes32("BTC"), bytes32("CORE"), reporters, quorum, 1 hours, 10 minutes, 80);
    }

    function deploy(address[] memory reporters, uint256 quorum) private returns (IMedianSource) {
        return IMedianSource(create("MedianSource", args(reporters, quorum)));
    }

    function report(uint256 i, uint256 price, uint256 at) private view returns (IMedianSource.Report memory) {
        return report(median, who[i], price, at);
    }

    function report(IMedianSource to, address by, uint256 price, uint256 at)
        private
        view
        returns (IMedianSource.Report memory r)
    {
        (uint8 v, bytes32 rr, bytes32 s) = vm.sign(keyOf[by], to.digest(price, at));
        return IMedianSource.Report(by, price, at, abi.encodePacked(rr, s, v));
    }

    function three(uint256 a, uint256 b, uint256 c) private view returns (IMedianSource.Report[] memory r) {
        r = new IMedianSource.Report[](3);
        (r[0], r[1], r[2]) = (report(0, a, now_()), report(1, b, now_()), report(2, c, now_()));
    }

    function refuses(IMedianSource.Report[] memory r, bytes memory reason) private {
        (uint256 p, uint256 t, bool s) = median.read();
        vm.expectRevert(reason);
        median.submit(r);
        (uint256 p2, uint256 t2, bool s2) = median.read();
        assertEq(abi.encode(p, t, s), abi.encode(p2, t2, s2), "something moved");
    }

    function assertReads(uint256 price, uint256 at, bool sound) private view {
        (uint256 p, uint256 t, bool s) = median.read();
        assertEq(p, price, "price");
        assertEq(t, at, "time");
        assertEq(s, sound, "sound");
    }

    function test_median_of_three_in_any_order_of_prices() public {
        uint256[3] memory p = [uint256(1.9e23), 2e23, 2.5e23];
        uint8[3][6] memory orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        assertReads(0, 0, false);
        for (uint256 i; i < 6; ++i) {
            pass(1);
            median.submit(three(p[orders[i][0]], p[orders[i][1]], p[orders[i][2]]));
            assertReads(2e23, now_(), true);
        }
    }

    function test_median_of_four_is_the_middle_of_two_and_of_five_the_third() public {
        IMedianSource.Report[] memory r = new IMedianSource.Report[](4);
        for (uint256 i; i < 4; ++i) {
            r[i] = report(i, (i + 1) * 1e23 + 1, now_());
        }
        // Between 2e23 + 1 and 3e23 + 1.
        assertEq(median.submit(r), 2.5e23 + 1);
        pass(1);
        r = new IMedianSource.Report[](5);
        for (uint256 i; i < 5; ++i) {
            r[i] = report(i, (5 - i) * 1e23, now_());
        }
        assertEq(median.submit(r), 3e23);
    }

    /// As old as the oldest report, and gone after an hour.
    function test_median_is_as_old_as_its_oldest_report() public {
        IMedianSource.Report[] memory r = three(2e23, 2e23, 2e23);
        r[1] = report(1, 2e23, NOON - 10 minutes);
        median.submit(r);
        assertReads(2e23, NOON - 10 minutes, true);
        vm.warp(NOON + 50 minutes);
        assertReads(2e23, NOON - 10 minutes, true);
        vm.warp(NOON + 50 minutes + 1);
        assertReads(0, NOON - 10 minutes, false);
    }

    function test_median_needs_its_quorum_of_different_reporters() public {
        IMedianSource.Report[] memory r = new IMedianSource.Report[](2);
        (r[0], r[1]) = (report(0, 2e23, NOON), report(1, 2e23, NOON));
        refuses(r, abi.encodeWithSelector(IMedianSource.QuorumMissing.selector, 2, 3));
        r = three(2e23, 2e23, 2e23);
        r[2] = r[1];
        refuses(r, abi.encodeWithSelector(IMedianSource.ReportersNotAscending.selector, who[1], who[1]));
        r[2] = report(2, 2e23, NOON);
        (r[0], r[1]) = (r[1], r[0]);
        refuses(r, abi.encodeWithSelector(IMedianSource.ReportersNotAscending.selector, who[1], who[0]));
    }

    function test_median_counts_nobody_else() public {
        (address stranger, uint256 key) = makeAddrAndKey("stranger");
        keyOf[stranger] = key;
        address[] memory all = new address[](3);
        (all[0], all[1], all[2]) = (who[3], who[4], stranger);
        IMedianSource.Report[] memory r = new IMedianSource.Report[](3);
        uint256 n;
        // In ascending order, wherever the stranger falls.
        for (uint256 i; i < 5 && n < 3; ++i) {
            if (stranger < who[i]) break;
            if (i >= 3) r[n++] = report(i, 2e23, NOON);
        }
        r[n++] = report(median, stranger, 9e23, NOON);
        for (uint256 i = 3; i < 5 && n < 3; ++i) {
            if (stranger < who[i]) r[n++] = report(i, 2e23, NOON);
        }
        while (n < 3) {
            r[n] = r[n - 1];
            ++n;
        }
        refuses(r, abi.encodeWithSelector(IMedianSource.NotReporter.selector, stranger));
    }

    function test_median_checks_every_signature() public {
        for (uint256 i; i < 3; ++i) {
            IMedianSource.Report[] memory r = three(2e23, 2e23, 2e23);
            r[i].price = 2e23 + 1;
            refuses(r, abi.encodeWithSelector(IMedianSource.WrongSignature.selector, who[i]));
            r = three(2e23, 2e23, 2e23);
            r[i].timestamp -= 1;
            refuses(r, abi.encodeWithSelector(IMedianSource.WrongSignature.selector, who[i]));
            r = three(2e23, 2e23, 2e23);
            r[i].signature = r[(i + 1) % 3].signature;
            refuses(r, abi.encodeWithSelector(IMedianSource.WrongSignature.selector, who[i]));
            r[i].signature = "";
            refuses(r, abi.encodeWithSelector(IMedianSource.WrongSignature.selector, who[i]));
        }
    }

    function test_median_takes_each_report_once_and_only_later_ones() public {
        IMedianSource.Report[] memory r = three(2e23, 2e23, 2e23);
        median.submit(r);
        refuses(r, abi.encodeWithSelector(IMedianSource.NotNewer.selector, who[0], NOON, NOON));
        pass(1);
        IMedianSource.Report[] memory later = three(2.1e23, 2.1e23, 2.1e23);
        later[2] = r[2];
        refuses(later, abi.encodeWithSelector(IMedianSource.NotNewer.selector, who[2], NOON, NOON));
        later[2] = report(2, 2.1e23, NOON - 1);
        refuses(later, abi.encodeWithSelector(IMedianSource.NotNewer.selector, who[2], NOON - 1, NOON));
        later[2] = report(2, 2.1e23, NOON + 1);
        median.submit(later);
        assertReads(2.1e23, NOON + 1, true);
        assertEq(median.lastReport(who[2]), NOON + 1);
        assertEq(median.lastReport(who[3]), 0);
    }

    /// Signed minutes ago by two who were not counted since: with a new one of a third they are a quorum, and their old price
    /// the median.
    function test_median_does_not_go_back_in_time() public {
        IMedianSource.Report[] memory old = new IMedianSource.Report[](3);
        (old[1], old[2]) = (report(3, 1.9e23, NOON), report(4, 1.9e23, NOON));
        pass(5 minutes);
        median.submit(three(2.1e23, 2.1e23, 2.1e23));
        pass(1);
        old[0] = report(0, 2.1e23, now_());
        refuses(old, abi.encodeWithSelector(IMedianSource.MedianNotNewer.selector, NOON, NOON + 5 minutes));
        // Of the same second is not later.
        (old[1], old[2]) = (report(3, 1.9e23, NOON + 5 minutes), report(4, 1.9e23, now_()));
        refuses(old, abi.encodeWithSelector(IMedianSource.MedianNotNewer.selector, NOON + 5 minutes, NOON + 5 minutes));
        assertEq(median.lastReport(who[3]), 0);
        old[1] = report(3, 1.9e23, now_());
        median.submit(old);
        assertReads(1.9e23, NOON + 5 minutes + 1, true);
    }

    function test_median_takes_none_from_the_future_and_none_that_is_old() public {
        IMedianSource.Report[] memory r = three(2e23, 2e23, 2e23);
        r[0] = report(0, 2e23, NOON + 1);
        refuses(r, abi.encodeWithSelector(IMedianSource.FromTheFuture.selector, who[0], NOON + 1, NOON));
        r[0] = report(0, 2e23, NOON - 10 minutes - 1);
        refuses(
            r, abi.encodeWithSelector(IMedianSource.TooOld.selector, who[0], NOON - 10 minutes - 1, NOON - 10 minutes)
        );
    }

    function test_median_takes_no_zero_and_nothing_beyond_128_bits() public {
        IMedianSource.Report[] memory r = three(0, 2e23, 2e23);
        refuses(r, abi.encodeWithSelector(IMedianSource.BadPrice.selector, who[0], 0));
        r = three(2e23, MOST + 1, 2e23);
        refuses(r, abi.encodeWithSelector(IMedianSource.BadPrice.selector, who[1], MOST + 1));
        assertEq(median.submit(three(MOST, MOST, MOST)), MOST);
    }

    /// Signed for another contract, or for this address on another chain.
    function test_median_replays_nothing_across_feeds_and_chains() public {
        IMedianSource other = deploy(who, 3);
        IMedianSource.Report[] memory r = new IMedianSource.Report[](3);
        for (uint256 i; i < 3; ++i) {
            r[i] = report(other, who[i], 2e23, NOON);
        }
        refuses(r, abi.encodeWithSelector(IMedianSource.WrongSignature.selector, who[0]));
        other.submit(r);
        uint256 here = block.chainid;
        vm.chainId(1_114);
        r = three(2e23, 2e23, 2e23);
        vm.chainId(here);
        refuses(r, abi.encodeWithSelector(IMedianSource.WrongSignature.selector, who[0]));
        median.submit(three(2e23, 2e23, 2e23));
    }

    /// Two of five lie: the median stays with the honest.
    function test_median_two_liars_of_five_move_nothing_beyond_the_honest() public {
        IMedianSource.Report[] memory r = new IMedianSource.Report[](5);
        uint256[5] memory p = [uint256(1), 1, 1.99e23, 2e23, 2.01e23];
        for (uint256 i; i < 5; ++i) {
            r[i] = report(i, p[i], NOON);
        }
        assertEq(median.submit(r), 1.99e23);
    }

    function test_median_refuses_odd_committees() public {
        refusesToBe("MedianSource", args(who, 2), 0, abi.encodeWithSelector(IMedianSource.BadQuorum.selector, 2, 3, 5));
        refusesToBe("MedianSource", args(who, 6), 0, abi.encodeWithSelector(IMedianSource.BadQuorum.selector, 6, 3, 5));
        address[] memory odd = new address[](0);
        refusesToBe("MedianSource", args(odd, 1), 0, abi.encodeWithSelector(IMedianSource.NoReporters.selector));
        odd = new address[](17);
        refusesToBe(
            "MedianSource", args(odd, 9), 0, abi.encodeWithSelector(IMedianSource.TooManyReporters.selector, 17, 16)
        );
        odd = new address[](2);
        (odd[0], odd[1]) = (who[0], who[0]);
        refusesToBe(
            "MedianSource",
            args(odd, 2),
            0,
            abi.encodeWithSelector(IMedianSource.ReportersNotAscending.selector, who[0], who[0])
        );
        refusesToBe(
            "MedianSource",
            abi.encode(bytes32("BTC"), bytes32("CORE"), who, 3, 1 hours, 1 hours + 1, 80),
            0,
            abi.encodeWithSelector(IMedianSource.BadAge.selector, 1 hours + 1, 1 hours)
        );
        refusesToBe(
            "MedianSource",
            abi.encode(bytes32("BTC"), bytes32("CORE"), who, 3, 2 days + 1, 1 hours, 80),
            0,
            abi.encodeWithSelector(IMedianSource.BadHeartbeat.selector, 2 days + 1, 2 days)
        );
        refusesToBe(
            "MedianSource",
            abi.encode(bytes32("BTC"), bytes32("CORE"), who, 3, 1 hours, 1 hours, 501),
            0,
            abi.encodeWithSelector(IMedianSource.ErrorOutOfRange.selector, 501, 500)
        );
        assertEq(median.reporters().length, 5);
        assertTrue(median.isReporter(who[4]));
    }
}
