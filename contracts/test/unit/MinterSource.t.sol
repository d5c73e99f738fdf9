// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {IPriceSource} from "../../src/oracle/IPriceSource.sol";
import {MinterSource} from "../../src/oracle/MinterSource.sol";
import {Attack} from "../attacks/Attack.sol";

/// The liquid token as a sleeve of a basket in the same coin: 100 LST, two validators with 45 coins each.
contract MinterSourceTest is Attack {
    IPriceFeed private feed;
    IPriceSource private source;

    function setUp() public override {
        super.setUp();
        feed = IPriceFeed(create("PriceFeed", abi.encode(this, bytes32("PLUME"))));
        source = IPriceSource(create("MinterSource", abi.encode(minter, bytes32("stPLUME"), bytes32("PLUME"))));
        IPriceFeed.Listing memory l;
        l.fair = source;
        (l.isRate, l.decimals, l.spreadBps, l.least, l.most) = (true, 18, 10, 0.8e18, 1.2e18);
        feed.list(address(token), l);
    }

    function assertQuote(uint256 low, uint256 high, IPriceFeed.State state) private view {
        (uint256 l, uint256 h, IPriceFeed.State s) = feed.quote(address(token));
        assertEq(l, low);
        assertEq(h, high);
        assertEq(uint256(s), uint256(state));
    }

    function test_an_lst_is_worth_its_minters_rate() public {
        assertEq(minter.rate(), 1e27);
        assertQuote(0.999e18, 1_001_000_000_000_000_002, IPriceFeed.State.Sound);
        // For weeks: it is no rate by rounds. But the minter must have looked at its validators lately.
        pass(30 days);
        assertQuote(0, type(uint128).max, IPriceFeed.State.Doubtful);
        minter.syncValidators();
        assertQuote(0.999e18, 1_001_000_000_000_000_002, IPriceFeed.State.Sound);
        assertEq(source.origin(), address(minter));
        refusesToBe(
            "MinterSource",
            abi.encode(address(0), bytes32("stPLUME"), bytes32("PLUME")),
            0,
            abi.encodeWithSelector(MinterSource.ZeroAddress.selector)
        );
    }

    /// B15, and L25 for a basket: 45 of 100 coins are slashed. Until it is booked the rate is that of before, and prices nothing;
    /// from then on it is 0.55 and an impairment.
    function test_b15_an_unbooked_slash_prices_nothing() public {
        staking.slashValidator(1);
        assertEq(minter.rate(), 1e27);
        assertQuote(0, type(uint128).max, IPriceFeed.State.Doubtful);
        minter.bookSlash(1);
        (uint256 low,, IPriceFeed.State state) = feed.quote(address(token));
        assertApproxEqAbs(low, 0.55e18 * 0.999, 1e9);
        assertEq(uint256(state), uint256(IPriceFeed.State.Impaired));
        feed.observe(address(token));
        for (uint256 i; i < 25; ++i) {
            pass(1 hours);
            minter.syncValidators();
            feed.observe(address(token));
        }
        (,, state) = feed.quote(address(token));
        assertEq(uint256(state), uint256(IPriceFeed.State.Sound));
    }

    /// The last vote and the slash are one transaction: the price is in doubt as soon as anybody told the minter of an earlier
    /// one, until it lapses.
    function test_b15_an_open_vote_prices_nothing() public {
        addValidator(2);
        uint256 expires = now_() + 1 days;
        vm.prank(makeAddr("validator0"));
        staking.voteToSlashValidator(1, expires);
        minter.syncValidators();
        assertQuote(0, type(uint128).max, IPriceFeed.State.Doubtful);
        vm.warp(expires + 1);
        minter.syncValidators();
        assertQuote(0.999e18, 1_001_000_000_000_000_002, IPriceFeed.State.Sound);
    }

    /// As many validators as the minter registers: the read stays inside the feed's limit of 600,000.
    function test_the_read_of_32_validators_is_inside_the_feeds_limit() public {
        for (uint16 id = 2; id < 32; ++id) {
            addValidator(id);
        }
        minter.syncValidators();
        assertEq(minter.validators().length, 32);
        vm.cool(address(staking));
        vm.cool(address(minter));
        uint256 gas = gasleft();
        source.read();
        gas -= gasleft();
        emit log_named_uint("read of 32", gas);
        assertLt(gas, 590_000);
        assertQuote(0.999e18, 1_001_000_000_000_000_002, IPriceFeed.State.Sound);
    }
}
