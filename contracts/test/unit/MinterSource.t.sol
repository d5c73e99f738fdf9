// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {IPriceSource} from "../../src/oracle/IPriceSource.sol";
import {MinterSource} from "../../src/oracle/MinterSource.sol";
import {Attack} from "../attacks/Attack.sol";

/// The liquid token as a sleeve of a basket in the same coin: 100 LST, two validators with 45 coins each.
abstract contract MinterSourceWorld is Attack {
    IPriceFeed internal feed;
    IPriceSource internal source;

    function setUp() public override {
        super.setUp();
        feed = IPriceFeed(create("PriceFeed", abi.encode(this, bytes32("PLUME"))));
        source = IPriceSource(create("MinterSource", abi.encode(minter, bytes32("stPLUME"), bytes32("PLUME"))));
        IPriceFeed.Listing memory l;
        l.fair = source;
        (l.isRate, l.decimals, l.spreadBps, l.least, l.most) = (true, 18, 10, 0.8e18, 1.2e18);
        feed.list(address(token), l);
    }

    function assertQuote(uint256 low, uint256 high, IPriceFeed.State state) internal view {
        (uint256 l, uint256 h, IPriceFeed.State s) = feed.quote(address(token));
        assertEq(l, low);
        assertEq(h, high);
        assertEq(uint256(s), uint256(state));
    }
}

contract MinterSourceTest is MinterSourceWorld {
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
}

/// What a read costs, as compiled for the chain: figures of a build without the optimizer would be others.
contract MinterSourceGasTest is MinterSourceWorld {
    /// As many validators as the minter registers: the read stays inside the feed's limit of 2,000,000.
    function test_the_read_of_32_validators_is_inside_the_feeds_limit() public {
        register32();
        assertLt(cost("32 active"), 600_000);
        assertPriced();
    }

    /// Of one that is not active the long answer is read, and of a slashed one the minter's books too.
    function test_the_read_of_32_validators_of_which_half_are_inactive_or_slashed() public {
        register32();
        for (uint16 id = 16; id < 32; ++id) {
            staking.setValidatorStatus(id, false);
        }
        assertLt(cost("16 of 32 inactive"), 1_100_000);
        assertPriced();
        for (uint16 id = 2; id < 16; ++id) {
            staking.slashValidator(id);
            minter.bookSlash(id);
        }
        minter.syncValidators();
        assertLt(cost("16 inactive, 14 slashed and booked"), 1_900_000);
        assertPriced();
    }

    function test_the_read_of_32_validators_all_slashed_and_booked_but_two() public {
        register32();
        for (uint16 id = 2; id < 32; ++id) {
            staking.slashValidator(id);
            minter.bookSlash(id);
        }
        minter.syncValidators();
        assertLt(cost("30 slashed and booked"), 1_900_000);
        assertPriced();
    }

    function register32() private {
        // With names as long as bech32 makes them.
        string memory name = "valoper1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
        for (uint16 id = 2; id < 32; ++id) {
            address of_ = makeAddr(string.concat("validator", vm.toString(id)));
            staking.addValidator(id, 0.1e18, of_, of_, name, name, of_, 0);
        }
        minter.syncValidators();
        assertEq(minter.validators().length, 32);
    }

    /// Of a read with everything cold.
    function cost(string memory what) private returns (uint256 gas) {
        vm.cool(address(staking));
        vm.cool(address(minter));
        gas = gasleft();
        (,, bool sound) = source.read();
        gas -= gasleft();
        emit log_named_uint(what, gas);
        assertTrue(sound);
    }

    /// By the feed, cold again.
    function assertPriced() private {
        vm.cool(address(staking));
        vm.cool(address(minter));
        assertQuote(0.999e18, 1_001_000_000_000_000_002, IPriceFeed.State.Sound);
    }
}
