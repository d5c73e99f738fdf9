// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasket, IBasketTypes} from "../../src/basket/IBasket.sol";
import {IUnbondingQueue} from "../../src/basket/IUnbondingQueue.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {BasketFixture} from "./BasketFixture.sol";
import {TestFeed} from "./TestFeed.sol";
import {TestSleeve} from "./TestSleeve.sol";
import {TestToken} from "./TestToken.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Vm} from "forge-std/Vm.sol";

/// Random days of a basket: four people, rewards, losses, stalls, prices that move, and everybody's every call.
contract BasketHandler {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant DAY = 1 days;
    /// @dev Of one call: a sleeve that burns gas burns no more of the test's.
    uint256 private constant CALL_GAS = 10_000_000;

    struct World {
        IBasket basket;
        IERC20 share;
        IUnbondingQueue queue;
        TestFeed prices;
        TestToken st;
        TestToken btc;
        TestSleeve[3] sleeves;
        address[4] people;
        address native;
    }

    /// The books at one moment: parts, units and shares.
    struct Books {
        uint256[3] u;
        uint256[3] p;
        uint256[3] b;
        uint256 total;
    }

    World private w;
    uint256[2] public low = [uint256(1.194e18), 1.99e33];
    uint256[2] public high = [uint256(1.206e18), 2.01e33];
    bool[3] public dirty; // a loss that nobody booked yet
    string public broken; // the first promise that did not hold
    mapping(uint256 epoch => mapping(uint256 sleeve => uint256)) public claimed;
    mapping(uint256 epoch => uint256) public claimants;
    mapping(bytes32 what => uint256) public calls;

    constructor(World memory world) {
        w = world;
        say();
    }

    receive() external payable {}

    // --------------------------------------------------------------------------------------------------------- helpers

    function who(uint256 seed) private view returns (address) {
        return w.people[seed % 4];
    }

    function say() private {
        w.prices.say(address(w.st), low[0], high[0], IPriceFeed.State.Sound);
        w.prices.say(address(w.btc), low[1], high[1], IPriceFeed.State.Sound);
    }

    function books() public view returns (Books memory x) {
        for (uint256 i; i < 3; ++i) {
            IBasketTypes.SleeveInfo memory s = w.basket.sleeveInfo(i);
            (x.u[i], x.p[i], x.b[i]) = (s.units, s.parts, s.basketParts);
        }
        x.total = w.basket.effectiveSupply();
    }

    function breaks(string memory what) private {
        if (bytes(broken).length == 0) broken = what;
    }

    /// Promise 3, exactly: neither parts per share nor units per part fall.
    function noLower(Books memory x, string memory what) private {
        Books memory y = books();
        for (uint256 i; i < 3; ++i) {
            if (y.b[i] * x.total < x.b[i] * y.total) breaks(string.concat(what, ": parts per share fell"));
            if (y.p[i] != 0 && x.p[i] != 0 && y.u[i] * x.p[i] < x.u[i] * y.p[i]) {
                breaks(string.concat(what, ": units per part fell"));
            }
        }
    }

    /// Promise 4: at every corner of the box, and at the middle, a share is worth no less. To 1e-18 of a wei.
    function noPoorer(Books memory x, string memory what) private {
        Books memory y = books();
        for (uint256 corner; corner < 5; ++corner) {
            uint256 st = corner == 4 ? (low[0] + high[0]) / 2 : corner & 1 == 0 ? low[0] : high[0];
            uint256 btc = corner == 4 ? (low[1] + high[1]) / 2 : corner & 2 == 0 ? low[1] : high[1];
            if ((worth(y, st, btc) + 4) * x.total < worth(x, st, btc) * y.total) {
                breaks(string.concat(what, ": poorer"));
            }
        }
    }

    function worth(Books memory x, uint256 st, uint256 btc) private pure returns (uint256) {
        uint256 sum = x.p[0] == 0 ? 0 : Math.mulDiv(x.u[0] * x.b[0], 1e18, x.p[0]);
        if (x.p[1] != 0) sum += Math.mulDiv(x.u[1] * x.b[1], st, x.p[1]);
        if (x.p[2] != 0) sum += Math.mulDiv(x.u[2] * x.b[2], btc, x.p[2]);
        return sum;
    }

    /// Rewards and losses are booked before a call is judged: they are not its doing.
    function harvestAll() private {
        for (uint256 i; i < 3; ++i) {
            try w.basket.harvest{gas: CALL_GAS}(i) {} catch {}
            w.basket.bookLoss(i);
            dirty[i] = false;
        }
    }

    // -------------------------------------------------------------------------------------------------------------- in

    function deposit(uint256 a, uint256 sleeve, uint256 units) external {
        sleeve %= 3;
        units = sleeve == 2 ? units % 20_000 + 1 : units % 200 ether + 1;
        harvestAll();
        Books memory x = books();
        VM.prank(who(a));
        try w.basket.deposit{value: sleeve == 0 ? units : 0, gas: CALL_GAS}(sleeve, units, who(a), 0, block.timestamp) {
            ++calls["deposit"];
            noPoorer(x, "deposit");
        } catch {}
    }

    function mintInKind(uint256 a, uint256 shares) external {
        shares = shares % 300 ether + 2;
        harvestAll();
        Books memory x = books();
        uint256[] memory open = new uint256[](3);
        (open[0], open[1], open[2]) = (type(uint256).max, type(uint256).max, type(uint256).max);
        VM.prank(who(a));
        try w.basket.mintInKind{value: 10_000 ether, gas: CALL_GAS}(shares, open, who(a), block.timestamp) {
            ++calls["mintInKind"];
            noLower(x, "mintInKind");
        } catch {}
    }

    // ------------------------------------------------------------------------------------------------------------- out

    function some(uint256 a, uint256 seed) private view returns (uint256) {
        uint256 has = w.share.balanceOf(who(a));
        return has == 0 ? 0 : seed % 5 == 0 ? has : seed % has + 1;
    }

    /// Promise 5: it never fails, whatever state anything is in.
    function redeemInKind(uint256 a, uint256 seed) external {
        uint256 s = some(a, seed);
        if (s == 0) return;
        Books memory x = books();
        VM.prank(who(a));
        try w.basket.redeemInKind{gas: CALL_GAS}(s, who(a)) {
            ++calls["redeemInKind"];
            noLower(x, "redeemInKind");
        } catch {
            breaks("redeemInKind failed");
        }
    }

    function redeemInstant(uint256 a, uint256 seed) external {
        uint256 s = some(a, seed);
        if (s == 0) return;
        harvestAll();
        Books memory x = books();
        VM.prank(who(a));
        try w.basket.redeemInstant{gas: CALL_GAS}(s, 0, who(a), block.timestamp) {
            ++calls["redeemInstant"];
            noPoorer(x, "redeemInstant");
        } catch {}
    }

    function deliverLeg(uint256 a, uint256 sleeve) external {
        Books memory x = books();
        try w.basket.deliverLeg{gas: CALL_GAS}(who(a), sleeve % 3) {
            ++calls["deliverLeg"];
            noLower(x, "deliverLeg");
        } catch {}
    }

    // ------------------------------------------------------------------------------------------------------- the queue

    function request(uint256 a, uint256 seed) external {
        uint256 s = some(a, seed);
        if (s == 0) return;
        Books memory x = books();
        (uint256 epoch,) = w.queue.openEpoch();
        (uint256 had,,) = w.queue.position(epoch, who(a));
        VM.prank(who(a));
        try w.queue.requestRedeem{gas: CALL_GAS}(s, who(a), who(a)) {
            ++calls["request"];
            if (had == 0) ++claimants[epoch];
            noLower(x, "request");
        } catch {}
    }

    function cancel(uint256 a) external {
        (uint256 epoch,) = w.queue.openEpoch();
        (uint256 all,,) = w.queue.position(epoch, who(a));
        Books memory x = books();
        VM.prank(who(a));
        try w.queue.cancel{gas: CALL_GAS}(epoch, all - all % 3, who(a), who(a)) {
            ++calls["cancel"];
            noLower(x, "cancel");
        } catch {}
    }

    function close() public {
        Books memory x = books();
        try w.queue.closeEpoch{gas: CALL_GAS}() {
            ++calls["close"];
            noLower(x, "close");
        } catch {}
    }

    function startLeg(uint256 epoch, uint256 sleeve) public {
        (uint256 open,) = w.queue.openEpoch();
        // A leg of coins books what shows: a loss is the sleeve's, not the leg's.
        w.basket.bookLoss(sleeve % 3);
        Books memory x = books();
        try w.queue.startLeg{gas: CALL_GAS}(epoch % open, sleeve % 3) {
            ++calls["startLeg"];
            noLower(x, "startLeg");
        } catch {}
    }

    function collect(uint256 epoch, uint256 seed) external {
        (uint256 open,) = w.queue.openEpoch();
        ripen(epoch % open, 1, seed);
        try w.queue.collect{gas: CALL_GAS}(epoch % open, 1) {
            ++calls["collect"];
        } catch {}
    }

    /// A ticket of the liquid token gets a part of what it waits for, all of it, or the last it will ever get.
    function ripen(uint256 epoch, uint256 sleeve, uint256 seed) private {
        IUnbondingQueue.LegInfo memory leg = w.queue.legInfo(epoch, sleeve);
        if (leg.state != IUnbondingQueue.LegState.Out) return;
        (uint256 left, uint256 ripe,,) = w.sleeves[sleeve].ticketAt(leg.ticket);
        uint256 due = left - ripe;
        uint256 part = seed % 3 == 0 ? due : seed % (due + 1);
        VM.deal(address(w.sleeves[sleeve]), address(w.sleeves[sleeve]).balance + part);
        w.sleeves[sleeve].ripen(leg.ticket, part, seed % 7 == 0);
    }

    function claim(uint256 a, uint256 epoch, uint256 mask) public {
        (uint256 open,) = w.queue.openEpoch();
        epoch %= open;
        Books memory x = books();
        VM.prank(who(a));
        try w.queue.claim{gas: CALL_GAS}(epoch, who(a), mask, who(a)) returns (uint256[] memory paid) {
            ++calls["claim"];
            for (uint256 i; i < paid.length; ++i) {
                claimed[epoch][i] += paid[i];
            }
            noLower(x, "claim");
        } catch {}
    }

    // --------------------------------------------------------------------------------------------------------- outside

    function pass(uint256 time) external {
        VM.warp(block.timestamp + time % (2 * DAY));
    }

    function dawn() external {
        VM.warp((block.timestamp / DAY + 1) * DAY + 60);
        close();
    }

    function reward(uint256 sleeve, uint256 units) external {
        sleeve %= 3;
        if (sleeve == 0) VM.deal(address(w.sleeves[0]), address(w.sleeves[0]).balance + units % 1 ether);
        else if (sleeve == 1) w.st.mint(address(w.sleeves[1]), units % 1 ether);
        else w.btc.mint(address(w.sleeves[2]), units % 1_000);
        w.sleeves[1].setRate(w.sleeves[1].rate() + units % 1e14);
        for (uint256 i; i < 3; ++i) {
            w.basket.bookLoss(i);
            dirty[i] = false;
        }
        Books memory x = books();
        harvestAll();
        Books memory y = books();
        for (uint256 i; i < 3; ++i) {
            // The fee on a rate takes parts with its units.
            if (y.p[i] != 0 && x.p[i] != 0 && y.u[i] * x.p[i] < x.u[i] * y.p[i]) {
                breaks("harvest: units per part fell");
            }
        }
    }

    function lose(uint256 sleeve, uint256 bps, bool book) external {
        sleeve %= 3;
        TestSleeve s = w.sleeves[sleeve];
        s.lose(s.held() * (bps % 3_000) / 10_000);
        dirty[sleeve] = true;
        if (!book) return;
        try w.basket.bookLoss{gas: CALL_GAS}(sleeve) {
            dirty[sleeve] = false;
        } catch {}
    }

    function mood(uint256 sleeve, uint256 seed) external {
        w.sleeves[sleeve % 3].setMood(TestSleeve.Mood(seed % 8 > 3 ? 0 : seed % 4));
    }

    function move(uint256 st, uint256 btc) external {
        (low[0], low[1]) = (1.1e18 + st % 0.2e18, 1.8e33 + btc % 0.4e33);
        (high[0], high[1]) = (low[0] + low[0] / 100, low[1] + low[1] / 100);
        say();
    }

    function feesAndIdle(uint256 sleeve) external {
        try w.basket.collectFees{gas: CALL_GAS}() {} catch {}
        try w.basket.collectUnitFees{gas: CALL_GAS}(sleeve % 3) {} catch {}
        try w.basket.delegateIdle{gas: CALL_GAS}(sleeve % 3) {} catch {}
    }

    /// Promise 4, rebalancing: what a bid costs at mid is within the budget.
    function auction(uint256 from, uint256 to, uint256 units, uint256 later) external {
        try w.basket.noteDrift{gas: CALL_GAS}() {} catch {}
        VM.warp(block.timestamp + 61 minutes);
        harvestAll();
        try w.basket.startAuction{gas: CALL_GAS}(from % 3, to % 3) returns (uint256 id) {
            VM.warp(block.timestamp + later % 4 hours);
            (uint256 spent,) = w.basket.budget();
            Books memory x = books();
            VM.prank(who(units));
            try w.basket.bid{value: 1_000 ether, gas: CALL_GAS}(
                id, units % 1e24 + 1, type(uint256).max, who(units), block.timestamp
            ) {
                ++calls["bid"];
                (uint256 after_, uint256 capacity) = w.basket.budget();
                Books memory y = books();
                (uint256 st, uint256 btc) = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2);
                uint256 before = worth(x, st, btc);
                uint256 now_ = worth(y, st, btc);
                // A few wei for the rounding of the middle price.
                if (now_ + 1e20 < before && (before - now_ - 1e20) * 1e9 / before > after_ - spent) {
                    breaks("bid: beyond the budget");
                }
                if (after_ > capacity) breaks("bid: above capacity");
            } catch {}
        } catch {}
    }

    // --------------------------------------------------------------------------------------------------------- the end

    /// Promise 8: everything is well again, and anybody's calls bring every leg to its end.
    function finish() external {
        for (uint256 i; i < 3; ++i) {
            w.sleeves[i].setMood(TestSleeve.Mood.Well);
            w.basket.bookLoss(i);
            dirty[i] = false;
        }
        VM.warp((block.timestamp / DAY + 1) * DAY + 60);
        close();
        (uint256 open,) = w.queue.openEpoch();
        for (uint256 e = open - 1; e != 0; --e) {
            for (uint256 i; i < 3; ++i) {
                startLeg(e, 2 - i);
                ripen(e, 2 - i, 0);
                try w.queue.collect{gas: CALL_GAS}(e, 2 - i) {} catch {}
            }
            for (uint256 a; a < 4; ++a) {
                claim(a, e, 7);
            }
        }
        for (uint256 a; a < 4; ++a) {
            for (uint256 i; i < 3; ++i) {
                if (w.basket.waitingParts(who(a), i) != 0) w.basket.deliverLeg(who(a), i);
            }
        }
    }
}

/// The promises of the basket over random calls. Numbers as in docs: 1 parts and units, 2 claims, 3 no price, 4 a price,
/// 5 in kind in every state, 6 micro round trips (BasketAttack, b5), 8 every leg ends.
contract BasketInvariantTest is BasketFixture {
    BasketHandler internal handler;

    function setUp() public override {
        super.setUp();
        vm.startPrank(timelock);
        basket.setFees(5, 10, 200, 1_000);
        uint256[3] memory caps = [uint256(1e30), 1e30, 1e20];
        for (uint256 i; i < 3; ++i) {
            basket.setCaps(i, caps[i], caps[i], 5_000);
        }
        vm.stopPrank();
        BasketHandler.World memory world;
        world.basket = basket;
        world.share = share;
        world.queue = queue;
        world.prices = prices;
        world.st = st;
        world.btc = btc;
        world.sleeves = [core, stSleeve, btcSleeve];
        world.people = [seeder, alice, bob, carol];
        world.native = NATIVE;
        handler = new BasketHandler(world);
        vm.deal(address(handler), 1e30);
        targetContract(address(handler));
        bytes4[] memory not = new bytes4[](1);
        not[0] = BasketHandler.finish.selector;
        excludeSelector(FuzzSelector({addr: address(handler), selectors: not}));
    }

    /// forge-config: default.invariant.fail-on-revert = false
    function invariant_all() public view {
        // 3, 4, 5: by each call of the handler.
        assertEq(handler.broken(), "");
        checkParts();
        checkQueue(false);
    }

    function afterInvariant() public {
        handler.finish();
        assertEq(handler.broken(), "");
        checkParts();
        checkQueue(true);
    }

    /// Four thousand calls from one seed reach every way, and hold every promise.
    function test_randomDaysReachEverything() public {
        bytes4[19] memory what = [
            BasketHandler.deposit.selector,
            BasketHandler.mintInKind.selector,
            BasketHandler.redeemInKind.selector,
            BasketHandler.redeemInstant.selector,
            BasketHandler.deliverLeg.selector,
            BasketHandler.request.selector,
            BasketHandler.cancel.selector,
            BasketHandler.close.selector,
            BasketHandler.startLeg.selector,
            BasketHandler.collect.selector,
            BasketHandler.claim.selector,
            BasketHandler.pass.selector,
            BasketHandler.dawn.selector,
            BasketHandler.reward.selector,
            BasketHandler.lose.selector,
            BasketHandler.mood.selector,
            BasketHandler.move.selector,
            BasketHandler.feesAndIdle.selector,
            BasketHandler.auction.selector
        ];
        for (uint256 i; i < 4_000; ++i) {
            uint256 r = uint256(keccak256(abi.encode("omnibus", i)));
            (bool ok,) = address(handler).call{gas: 200_000_000}(
                abi.encodePacked(what[r % 19], abi.encode(r >> 8, r >> 24, r >> 40, (r >> 56) & 1))
            );
            ok;
            if (i % 100 == 0) invariant_all();
        }
        afterInvariant();
        bytes32[12] memory reached = [
            bytes32("deposit"),
            "mintInKind",
            "redeemInKind",
            "redeemInstant",
            "deliverLeg",
            "request",
            "cancel",
            "close",
            "startLeg",
            "collect",
            "claim",
            "bid"
        ];
        for (uint256 i; i < reached.length; ++i) {
            emit log_named_uint(string(abi.encodePacked(reached[i])), handler.calls(reached[i]));
            assertGt(handler.calls(reached[i]), 3);
        }
    }

    /// 1: P = B + waiting parts, and units booked <= units held where no loss is unbooked.
    function checkParts() internal view {
        (uint256 open,) = queue.openEpoch();
        address[4] memory people = [seeder, alice, bob, carol];
        TestSleeve[3] memory sleeves = [core, stSleeve, btcSleeve];
        for (uint256 i; i < 3; ++i) {
            IBasketTypes.SleeveInfo memory s = basket.sleeveInfo(i);
            uint256 waiting;
            for (uint256 e = 1; e < open; ++e) {
                waiting += queue.legInfo(e, i).parts;
            }
            for (uint256 a; a < 4; ++a) {
                waiting += basket.waitingParts(people[a], i);
            }
            assertEq(s.parts, s.basketParts + waiting, "1: parts");
            if (!handler.dirty(i)) assertLe(s.units + s.locked + s.feeUnits, sleeves[i].held(), "1: units");
            assertGt(s.basketParts, 0, "what nobody owns keeps parts above zero");
        }
    }

    /// 2: claims <= recovered, dust <= one wei per claimant; the queue holds just what is not claimed. 8: every leg ends.
    function checkQueue(bool atTheEnd) internal view {
        (uint256 open,) = queue.openEpoch();
        uint256 coins;
        uint256[3] memory tokens;
        for (uint256 e = 1; e < open; ++e) {
            for (uint256 i; i < 3; ++i) {
                IUnbondingQueue.LegInfo memory leg = queue.legInfo(e, i);
                uint256 paid = handler.claimed(e, i);
                assertLe(paid, leg.recovered, "2: claims");
                if (leg.asset == NATIVE) coins += leg.recovered - paid;
                else tokens[i] += leg.recovered - paid;
                if (!atTheEnd) continue;
                assertEq(uint8(leg.state), uint8(IUnbondingQueue.LegState.Done), "8: a leg did not end");
                assertLe(leg.recovered - paid, handler.claimants(e), "2: dust");
            }
        }
        assertEq(address(queue).balance, coins, "the queue's coins");
        assertEq(st.balanceOf(address(queue)), tokens[1], "the queue's tokens");
        assertEq(btc.balanceOf(address(queue)), tokens[2], "the queue's satoshis");
        assertEq(share.balanceOf(address(queue)), queue.epochInfo(open).shares, "escrow");
        for (uint256 i; i < 3; ++i) {
            if (atTheEnd) assertEq(queue.openTickets(i), 0);
        }
    }
}
