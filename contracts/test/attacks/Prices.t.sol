// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AggregatorSource} from "../../src/oracle/AggregatorSource.sol";
import {IMedianSource} from "../../src/oracle/IMedianSource.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {IPriceSource} from "../../src/oracle/IPriceSource.sol";
import {TwapV2Guard} from "../../src/oracle/TwapV2Guard.sol";
import {Worth} from "../../src/oracle/lib/Worth.sol";
import {IV2Factory, IV2Pair, Trader, WrappedCoin} from "../amm/Market.sol";
import {Uniswap} from "../amm/Uniswap.sol";
import {Aggregator, Band, OracleFixture, Token, Told} from "../oracle/OracleFixture.sol";

/// What a basket does with a price, without the basket: takes an asset in at low and gives it out at high, for coins, while
/// the price is sound. An attack on the price is an attack on this till.
contract Till {
    IPriceFeed private immutable FEED;

    error Closed(IPriceFeed.State state);

    constructor(IPriceFeed feed) payable {
        FEED = feed;
    }

    function sell(Token token, uint256 units) external returns (uint256 coins) {
        (uint256 low,, IPriceFeed.State state) = FEED.quote(address(token));
        if (state != IPriceFeed.State.Sound) revert Closed(state);
        coins = Worth.coinsDown(units, low);
        token.transferFrom(msg.sender, address(this), units);
        payable(msg.sender).transfer(coins);
    }

    function buy(Token token) external payable returns (uint256 units) {
        (, uint256 high, IPriceFeed.State state) = FEED.quote(address(token));
        if (state != IPriceFeed.State.Sound) revert Closed(state);
        units = Worth.unitsDown(msg.value, high);
        token.transfer(msg.sender, units);
    }
}

contract PricesTest is OracleFixture, Uniswap {
    Till private till;
    address private mallory = makeAddr("mallory");

    Aggregator private chain;
    Band private band;
    IPriceSource private first;
    IPriceSource private second;

    uint256 private constant TILL = 1_000_000 ether;

    function setUp() public override {
        super.setUp();
        vm.deal(address(this), 10 * TILL);
        till = new Till{value: TILL}(feed);
        st.mint(address(till), TILL);
        st.mint(mallory, 1_000 ether);
        btc.mint(address(till), 10e8);
        btc.mint(mallory, 2e8);
        vm.startPrank(mallory);
        st.approve(address(till), type(uint256).max);
        btc.approve(address(till), type(uint256).max);
        vm.stopPrank();
        vm.deal(mallory, 1_000_000 ether);
    }

    /// BTC by an aggregator in coins and by Band; 200,000 coins from both.
    function listBtc() private {
        chain = new Aggregator("BTC / CORE", 8, 2e13);
        AggregatorSource.Declared memory d;
        d.aggregator = chain;
        (d.asset, d.coin, d.decimals) = ("BTC", "CORE", 8);
        (d.heartbeat, d.deviationBps, d.driftBps) = (1 hours, 50, 10);
        (d.least, d.most) = (1e8, 1e15);
        first = IPriceSource(create("AggregatorSource", abi.encode(d)));
        band = new Band();
        band.set("BTC", 1e23);
        band.set("CORE", 5e17);
        second = IPriceSource(create("BandSource", abi.encode(band, bytes32("BTC"), bytes32("CORE"), 1 hours, 20, 9)));
        feed.list(address(btc), twice(first, second));
    }

    /// Mallory sells and buys, is refused both ways for this state, and nothing moves.
    function tillIsClosed(Token token, IPriceFeed.State state) private {
        bytes memory reason = abi.encodeWithSelector(Till.Closed.selector, state);
        uint256[4] memory before =
            [mallory.balance, token.balanceOf(mallory), address(till).balance, token.balanceOf(address(till))];
        vm.startPrank(mallory);
        vm.expectRevert(reason);
        till.sell(token, 1e8);
        vm.expectRevert(reason);
        till.buy{value: 1 ether}(token);
        vm.stopPrank();
        assertEq(mallory.balance, before[0]);
        assertEq(token.balanceOf(mallory), before[1]);
        assertEq(address(till).balance, before[2]);
        assertEq(token.balanceOf(address(till)), before[3]);
    }

    // ----------------------------------------------------------------------------------------------------------------- B1

    /// 1,000 coins' worth of a token of 6, 8 and 18 decimals, all at 0.5 coins, 0.1 % to either side: the same to the wei.
    function test_b1_one_value_in_6_8_and_18_decimals() public {
        uint8[3] memory decimals = [6, 8, 18];
        for (uint256 i; i < 3; ++i) {
            Token token = new Token(decimals[i]);
            IPriceFeed.Listing memory l = twice(new Told(5e17, false, 0), new Told(5e17, false, 0));
            (l.decimals, l.least, l.most, l.spreadBps) = (decimals[i], 4e17, 8e17, 10);
            feed.list(address(token), l);
            uint256 units = 2_000 * 10 ** decimals[i];
            token.mint(mallory, units);
            uint256 before = mallory.balance;
            vm.startPrank(mallory);
            token.approve(address(till), units);
            // 2,000 * 0.4995
            assertEq(till.sell(token, units), 999 ether);
            assertEq(mallory.balance - before, 999 ether);
            // And back: 1,000 coins over 0.5005 and a little: 1,998.001998…, cut at the token's last digit.
            assertEq(
                till.buy{value: 1_000 ether}(token),
                [uint256(1_998_001_998), 199_800_199_800, 1_998_001_998_001_997_994_013][i]
            );
            vm.stopPrank();
        }
    }

    /// The public code's fault: a price 1e10 off, by the feed's decimals or by the token's.
    function test_b1_a_price_1e10_off_cannot_be_configured() public {
        // The aggregator has 8 decimals and is declared with 18.
        AggregatorSource.Declared memory d;
        d.aggregator = new Aggregator("BTC / CORE", 8, 2e13);
        (d.asset, d.coin, d.decimals) = ("BTC", "CORE", 18);
        (d.heartbeat, d.deviationBps, d.driftBps) = (1 hours, 50, 10);
        (d.least, d.most) = (1e8, 1e15);
        refusesToBe(
            "AggregatorSource",
            abi.encode(d),
            0,
            abi.encodeWithSelector(AggregatorSource.WrongDecimals.selector, d.aggregator, 18, 8)
        );
        // A source that is off by 1e10 either way, the first or the second.
        Told right = new Told(2e23, false, 0);
        uint256[2] memory wrong = [uint256(2e13), 2e33];
        for (uint256 i; i < 2; ++i) {
            Told off = new Told(wrong[i], false, 0);
            bytes memory reason = abi.encodeWithSelector(IPriceFeed.OutOfRange.selector, off, wrong[i], 1.5e23, 3e23);
            refusesToList(address(btc), twice(off, right), reason);
            refusesToList(address(btc), twice(right, off), reason);
            refusesToList(address(btc), twice(off, new Told(wrong[i], false, 0)), reason);
        }
        // The token has 8 decimals and is declared with 18.
        IPriceFeed.Listing memory l = twice(right, new Told(2e23, false, 0));
        l.decimals = 18;
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.WrongDecimals.selector, btc, 18, 8));
        // A range so wide that it takes both.
        l.decimals = 8;
        (l.least, l.most) = (2e13, 2e23);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.BadRange.selector, 2e13, 2e23));
        (l.least, l.most) = (1.5e23, 3e23 + 1);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.BadRange.selector, 1.5e23, 3e23 + 1));
        (l.least, l.most) = (3e23, 1.5e23);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.BadRange.selector, 3e23, 1.5e23));
        (l.least, l.most) = (0, 0);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.BadRange.selector, 0, 0));
        // More than 18 decimals would be divided.
        Token odd = new Token(19);
        l = twice(right, new Told(2e23, false, 0));
        l.decimals = 19;
        refusesToList(address(odd), l, abi.encodeWithSelector(IPriceFeed.WrongDecimals.selector, odd, 19, 19));
        tillIsClosed(btc, DOUBTFUL);
    }

    /// Both sources turn 1e10 off later, together: further than the range may drift.
    function test_b1_a_price_that_turns_1e10_off_closes_the_till() public {
        Told a = new Told(2e23, false, 0);
        Told b = new Told(2e23, false, 0);
        feed.list(address(btc), twice(a, b));
        a.say(2e33);
        b.say(2e33);
        tillIsClosed(btc, DOUBTFUL);
        a.say(2e13);
        b.say(2e13);
        tillIsClosed(btc, DOUBTFUL);
    }

    // ----------------------------------------------------------------------------------------------------------------- B6

    function test_b6_stale_closes_the_till() public {
        listBtc();
        pass(1 hours);
        vm.prank(mallory);
        assertEq(till.sell(btc, 0.5e8), 99_400 ether); // 0.5 * 200,000 * 0.994
        pass(1);
        tillIsClosed(btc, DOUBTFUL);
        // One of the two is not enough.
        chain.set(2e13);
        tillIsClosed(btc, DOUBTFUL);
        band.set("BTC", 1e23);
        tillIsClosed(btc, DOUBTFUL);
        band.set("CORE", 5e17);
        assertState(address(btc), SOUND);
        // The other one of the two neither.
        pass(1 hours + 1);
        band.set("BTC", 1e23);
        band.set("CORE", 5e17);
        tillIsClosed(btc, DOUBTFUL);
        chain.set(2e13);
        assertState(address(btc), SOUND);
    }

    /// BTC is worth 250,000 coins, and two aggregators stop counting at 220,000: they agree, and are both wrong.
    function test_b6_two_clamped_sources_that_agree_close_the_till() public {
        Aggregator[2] memory both = [new Aggregator("BTC / CORE", 8, 2.1e13), new Aggregator("BTC / CORE", 8, 2.1e13)];
        IPriceSource[2] memory sources;
        for (uint256 i; i < 2; ++i) {
            AggregatorSource.Declared memory d;
            d.aggregator = both[i];
            (d.asset, d.coin, d.decimals) = ("BTC", "CORE", 8);
            (d.heartbeat, d.deviationBps, d.driftBps) = (1 hours, 50, 10);
            (d.least, d.most) = (1e8, 2.2e13);
            sources[i] = IPriceSource(create("AggregatorSource", abi.encode(d)));
        }
        feed.list(address(btc), twice(sources[0], sources[1]));
        assertState(address(btc), SOUND);
        both[0].set(2.2e13);
        both[1].set(2.2e13);
        tillIsClosed(btc, DOUBTFUL);
        both[0].set(1e8);
        both[1].set(1e8);
        tillIsClosed(btc, DOUBTFUL);
    }

    function test_b6_zero_negative_future_and_clamped_close_the_till() public {
        listBtc();
        int256[5] memory bad = [int256(0), -2e13, 1e8, 1e15, type(int256).max];
        for (uint256 i; i < bad.length; ++i) {
            chain.set(bad[i]);
            tillIsClosed(btc, DOUBTFUL);
        }
        chain.set(2e13);
        chain.setAt(now_() + 1);
        tillIsClosed(btc, DOUBTFUL);
        chain.set(2e13);
        chain.setRounds(8, 7);
        tillIsClosed(btc, DOUBTFUL);
        chain.setRounds(8, 8);
        band.setAt("BTC", 1e23, now_() + 1);
        tillIsClosed(btc, DOUBTFUL);
        band.set("BTC", 0);
        tillIsClosed(btc, DOUBTFUL);
        band.set("BTC", 1e23);
        assertState(address(btc), SOUND);
    }

    /// Frozen: it goes on saying "now", and the price of a week ago. The other source moved on.
    function test_b6_frozen_closes_the_till() public {
        listBtc();
        pass(1 weeks);
        chain.set(2e13);
        band.set("CORE", 5e17);
        band.set("BTC", 0.9e23); // down 10 %: selling at the frozen 200,000 would gain 20,000 a BTC
        tillIsClosed(btc, DOUBTFUL);
        chain.set(1.8e13);
        // Priced anew: 180,000 * 0.994
        vm.prank(mallory);
        assertEq(till.sell(btc, 1e8), 178_920 ether);
    }

    /// One source lies as far as it is let: 1 %. The lower one pays and the higher one is charged.
    function test_b6_one_lying_source_gains_nobody_a_wei() public {
        listBtc();
        chain.set(2.02e13);
        assertState(address(btc), SOUND);
        vm.startPrank(mallory);
        assertEq(till.sell(btc, 1e8), 198_800 ether);
        // 198,800 coins over 202,000 * 1.006 and a little: 0.97828868… BTC
        assertEq(till.buy{value: 198_800 ether}(btc), 97_828_868);
        vm.stopPrank();
        chain.set(2.02e13 + 1);
        tillIsClosed(btc, DOUBTFUL);
    }

    /// One of the two sources, all of its reporters bought.
    function test_b6_a_bought_median_closes_and_prices_nothing() public {
        address[] memory who = new address[](1);
        uint256 key = 0xbad;
        who[0] = vm.addr(key);
        IMedianSource median = IMedianSource(
            create("MedianSource", abi.encode(bytes32("BTC"), bytes32("CORE"), who, 1, 1 hours, 10 minutes, 60))
        );
        listBtc();
        submit(median, key, who[0], 2e23);
        feed.list(address(btc), twice(first, median));
        assertState(address(btc), SOUND);
        pass(1);
        submit(median, key, who[0], 2.9e23);
        tillIsClosed(btc, DOUBTFUL);
        pass(1);
        submit(median, key, who[0], 1);
        tillIsClosed(btc, DOUBTFUL);
    }

    function submit(IMedianSource median, uint256 key, address by, uint256 price) private {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, median.digest(price, now_()));
        IMedianSource.Report[] memory reports = new IMedianSource.Report[](1);
        reports[0] = IMedianSource.Report(by, price, now_(), abi.encodePacked(r, s, v));
        median.submit(reports);
    }

    // The pool of the guard: 1,000,000 stCORE and 1,100,000 coins.
    WrappedCoin private wcoin;
    Trader private trader;
    IV2Pair private pair;
    TwapV2Guard private guard;

    function listGuarded() private {
        wcoin = new WrappedCoin();
        trader = new Trader();
        (bool ok,) = address(wcoin).call{value: 5_000_000 ether}("");
        require(ok);
        st.mint(address(this), 1_000_000 ether);
        pair = IV2Pair(IV2Factory(uniswapV2()).createPair(address(st), address(wcoin)));
        st.transfer(address(pair), 1_000_000 ether);
        wcoin.transfer(address(pair), 1_100_000 ether);
        pair.mint(address(this));
        guard =
            TwapV2Guard(create("TwapV2Guard", abi.encode(pair, st, wcoin, bytes32("CORE"), 30 minutes, 100_000 ether)));
        pass(1);
        guard.mark();
        pass(30 minutes);
        guard.mark();
        IPriceFeed.Listing memory l = rated();
        l.guard = guard;
        feed.list(address(st), l);
    }

    /// A pool pushed to twice the price, for a block and for hours: the price stays Earn's, the till is closed at worst, and
    /// opens when the pool is let go. 500,000 coins went in, 497,936.73 came back.
    function test_b6_a_pushed_twap_moves_no_price() public {
        listGuarded();
        wcoin.transfer(address(trader), 500_000 ether);
        trader.swapV2(pair, address(wcoin), 500_000 ether);
        // In the same block the mean has not moved at all.
        assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, SOUND);
        for (uint256 i; i < 4; ++i) {
            pass(30 minutes);
            guard.mark();
            assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, DOUBTFUL);
            feed.observe(address(st));
            tillIsClosed(st, DOUBTFUL);
        }
        // The pusher takes his coins back, short of the fees, which are the pool's; nobody else gained or lost.
        trader.swapV2(pair, address(st), st.balanceOf(address(trader)));
        assertEq(wcoin.balanceOf(address(trader)), 497_936_730_923_425_701_054_693);
        pass(30 minutes);
        guard.mark();
        pass(30 minutes);
        guard.mark();
        // Not impaired: no day to wait.
        assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, SOUND);
        vm.prank(mallory);
        assertEq(till.sell(st, 1_000 ether), 1_098.9 ether);
    }

    /// Whoever provides the liquidity takes it away and pushes what is left for nothing: doubtful, no impairment, no price.
    function test_b6_a_thin_twap_griefs_nobody() public {
        listGuarded();
        pair.transfer(address(pair), pair.balanceOf(address(this)));
        pair.burn(address(trader));
        assertQuote(address(st), 1.0989e18, 1_101_100_000_000_000_002, DOUBTFUL);
        trader.swapV2(pair, address(wcoin), 1_000 ether);
        for (uint256 i; i < 50; ++i) {
            pass(30 minutes);
            guard.mark();
            feed.observe(address(st));
        }
        tillIsClosed(st, DOUBTFUL);
        assertEq(feed.memoryOf(address(st)).impairedAt, 0);
        // The governor lists without it: open at once.
        earn.set(1_100_000 + 1);
        feed.list(address(st), rated());
        assertState(address(st), SOUND);
        vm.prank(mallory);
        assertEq(till.sell(st, 1_000 ether), 1_098.900999 ether);
    }

    // ----------------------------------------------------------------------------------------------------------------- B7

    /// On the day on which a coin is worth 0.62 dollars, BTC at 124,000 dollars is inside a range of 124,000 to 248,000 coins.
    function test_b7_a_rate_in_dollars_is_refused() public {
        AggregatorSource.Declared memory d;
        d.aggregator = new Aggregator("BTC / USD", 8, 1.24e13);
        (d.asset, d.coin, d.decimals) = ("BTC", "CORE", 8);
        (d.heartbeat, d.deviationBps, d.driftBps) = (1 hours, 50, 10);
        (d.least, d.most) = (1e8, 1e15);
        // Declared as coins: the aggregator says dollars.
        refusesToBe(
            "AggregatorSource",
            abi.encode(d),
            0,
            abi.encodeWithSelector(AggregatorSource.WrongDescription.selector, d.aggregator, "BTC / USD", "BTC / CORE")
        );
        // Declared as dollars: the feed counts in coins.
        d.coin = "USD";
        IPriceSource dollars = IPriceSource(create("AggregatorSource", abi.encode(d)));
        Told coins = new Told(2e23, false, 0);
        bytes memory reason =
            abi.encodeWithSelector(IPriceFeed.WrongCoin.selector, dollars, bytes32("USD"), bytes32("CORE"));
        IPriceFeed.Listing memory l = twice(dollars, coins);
        (l.least, l.most) = (1.24e23, 2.48e23);
        refusesToList(address(btc), l, reason);
        l.fair = coins;
        l.market = dollars;
        refusesToList(address(btc), l, reason);
        // Band, asked for the pair with dollars.
        band = new Band();
        band.set("BTC", 1.24e23);
        band.set("USD", 1e18);
        dollars = IPriceSource(create("BandSource", abi.encode(band, bytes32("BTC"), bytes32("USD"), 1 hours, 20, 9)));
        l.market = dollars;
        reason = abi.encodeWithSelector(IPriceFeed.WrongCoin.selector, dollars, bytes32("USD"), bytes32("CORE"));
        refusesToList(address(btc), l, reason);
        // A source that lies about its unit: outside of the range of what it should be, and two of them disagree.
        Told liar = new Told(1.24e23, false, 0);
        l = twice(liar, new Told(1.24e23, false, 0));
        reason = abi.encodeWithSelector(IPriceFeed.OutOfRange.selector, liar, 1.24e23, 1.5e23, 3e23);
        refusesToList(address(btc), l, reason);
        l = twice(liar, coins);
        (l.least, l.most) = (1.24e23, 2.48e23);
        refusesToList(address(btc), l, abi.encodeWithSelector(IPriceFeed.SourcesDisagree.selector, 1.24e23, 2e23));
        tillIsClosed(btc, DOUBTFUL);
    }

    // ---------------------------------------------------------------------------------------------------------------- B15

    function listWithMarket() private returns (Told market) {
        market = new Told(1.1e18, false, 0);
        IPriceFeed.Listing memory l = rated();
        l.market = market;
        feed.list(address(st), l);
    }

    /// stCORE falls 20 %, or rises 20 %, from one block to the next: closed at once, for a day after it is over.
    function test_b15_a_depeg_of_20_percent_either_way_closes_at_once() public {
        uint256[2] memory prices = [uint256(0.88e18), 1.32e18];
        Told market = listWithMarket();
        for (uint256 i; i < 2; ++i) {
            uint256 state = vm.snapshotState();
            market.say(prices[i]);
            // Bought at 0.88, 1,000 stCORE would have sold for 1,098.90 coins here, with the fair rate alone.
            tillIsClosed(st, IMPAIRED);
            feed.observe(address(st));
            tillIsClosed(st, IMPAIRED);
            market.say(1.1e18);
            for (uint256 h; h < 24; ++h) {
                tillIsClosed(st, IMPAIRED);
                feed.observe(address(st));
                pass(1 hours);
                market.say(1.1e18);
            }
            feed.observe(address(st));
            assertState(address(st), SOUND);
            vm.revertToState(state);
        }
    }

    /// Before the quarter of an hour is over, inside 5 %: whoever trades by the gap pays the market's side of it.
    function test_b15_a_gap_gains_nobody_a_wei_while_it_is_open() public {
        Told market = listWithMarket();
        // 4 % below: bought at 1.056, sold at 1.056 less 0.1 %.
        market.say(1.056e18);
        assertState(address(st), SOUND);
        vm.startPrank(mallory);
        assertEq(till.sell(st, 1_000 ether), 1_054.944 ether);
        vm.stopPrank();
        // 4 % above: bought from the till at 1.144 and 0.1 %, sold on the market at 1.144: 1,000 coins come back as 999.
        market.say(1.144e18);
        vm.prank(mallory);
        uint256 units = till.buy{value: 1_000 ether}(st);
        assertEq(units, 873_252_621_504_369_754_592);
        assertEq(units * 1.144e18 / 1e18, 999_000_999_000_998_999_253);
        pass(15 minutes);
        tillIsClosed(st, DOUBTFUL);
    }

    /// A rate marked down 20 % by its system, in one step or in steps of 0.2 %.
    function test_b15_a_rate_that_falls_20_percent_closes() public {
        listRated();
        earn.set(880_000);
        tillIsClosed(st, IMPAIRED);
        earn.set(1_100_000);
        uint256 sold;
        for (uint256 r = 1_100_000; r >= 880_000; r -= 2_000) {
            earn.set(r);
            feed.observe(address(st));
            (,, IPriceFeed.State s) = feed.quote(address(st));
            if (s == SOUND) ++sold;
        }
        // 1.1, 1.098, 1.096: 1.094 is below 1.1 less 0.5 %.
        assertEq(sold, 3);
        tillIsClosed(st, IMPAIRED);
    }

    // ---------------------------------------------------------------------------------------------------------------- B28

    /// All sources are gone, their code too: the feed answers, cheaply, and what needs no price does not ask it.
    function test_b28_without_any_source_the_feed_answers() public {
        listBtc();
        listRated();
        vm.etch(address(first), "");
        vm.etch(address(second), hex"fe");
        vm.etch(address(rate), "");
        nothingKnown(address(btc), DOUBTFUL);
        nothingKnown(address(st), DOUBTFUL);
        assertState(feed.observe(address(btc)), DOUBTFUL);
        tillIsClosed(btc, DOUBTFUL);
        tillIsClosed(st, DOUBTFUL);
        assertQuote(feed.NATIVE(), 1e18, 1e18, SOUND);
    }
}
