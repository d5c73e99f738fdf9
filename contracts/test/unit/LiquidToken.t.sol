// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidToken} from "../../src/liquid/ILiquidToken.sol";
import {LiquidToken} from "../../src/liquid/LiquidToken.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Test} from "forge-std/Test.sol";

/// The reward stream, restated: a list of flows, money handed out second by second (in steps during which nothing changes)
/// by exact shares, in wei times 2^96. No index, no slots, no settling.
contract StreamReference {
    struct Flow {
        uint256 rate;
        uint256 start;
        uint256 end;
    }

    uint256 constant DAY = 86_400;
    uint256 constant EXACT = 2 ** 96;
    Flow[] public flows;
    address[] public holders;
    mapping(address => uint256) public balance;
    mapping(address => uint256) public exact; // wei times 2^96
    uint256 public supply;
    uint256 public pool; // what no flow carries
    uint256 lastLoad;
    uint256 at;

    function track(address who) external {
        holders.push(who);
    }

    function set(address who, uint256 to) external {
        supply = supply + to - balance[who];
        balance[who] = to;
    }

    /// From the last call to `to`, in pieces that end where a flow ends.
    function advance(uint256 to) public {
        if (at == 0) at = to;
        while (at < to) {
            uint256 next = to;
            for (uint256 i; i < flows.length; ++i) {
                if (flows[i].end > at && flows[i].end < next) next = flows[i].end;
            }
            uint256 perSecond;
            for (uint256 i; i < flows.length; ++i) {
                if (flows[i].start <= at && at < flows[i].end) perSecond += flows[i].rate;
            }
            uint256 money = perSecond * (next - at);
            if (supply == 0) {
                pool += money;
            } else {
                for (uint256 i; i < holders.length; ++i) {
                    exact[holders[i]] += Math.mulDiv(money * EXACT, balance[holders[i]], supply);
                }
            }
            at = next;
        }
    }

    function load(uint256 amount) external returns (uint256 end) {
        uint256 span = lastLoad == 0 ? 7 * DAY : at - lastLoad;
        if (span < 7 * DAY) span = 7 * DAY;
        if (span > 84 * DAY) span = 84 * DAY;
        end = at - at % DAY;
        while (end < at + span) end += DAY;
        pool += amount;
        uint256 rate = pool / (end - at);
        pool -= rate * (end - at);
        flows.push(Flow(rate, at, end));
        lastLoad = at;
    }

    function take(address who) external {
        exact[who] = 0;
    }

    function earnedFloor(address who) external view returns (uint256) {
        return exact[who] / EXACT;
    }

    function toFlow() external view returns (uint256 sum) {
        for (uint256 i; i < flows.length; ++i) {
            if (flows[i].end > at) sum += flows[i].rate * (flows[i].end - at);
        }
    }
}

contract LiquidTokenTest is Test {
    uint256 constant T0 = 1_700_000_000; // 22:13:20 of unix day 19,675
    uint256 constant DAY = 86_400;

    LiquidToken token;
    address alice;
    uint256 aliceKey;
    address bob = makeAddr("bob");
    address carol = makeAddr("carol");
    address dead = address(0xdEaD);

    function setUp() public {
        vm.warp(T0);
        (alice, aliceKey) = makeAddrAndKey("alice");
        token = new LiquidToken("Staked Coin", "stCOIN", address(this), address(this));
    }

    // ------------------------------------------------------------------------------------------------------------ ERC-20

    function test_metadata_and_powers() public {
        assertEq(token.name(), "Staked Coin");
        assertEq(token.symbol(), "stCOIN");
        assertEq(token.decimals(), 18);
        assertEq(token.MINTER(), address(this));
        assertEq(token.REWARDS(), address(this));
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.NotMinter.selector, address(0)));
        new LiquidToken("", "", address(0), address(this));
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.NotRewards.selector, address(0)));
        new LiquidToken("", "", address(this), address(0));
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.NotMinter.selector, bob));
        token.mint(bob, 1);
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.NotMinter.selector, bob));
        token.burn(bob, 0);
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.NotRewards.selector, bob));
        token.stream(1);
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.NotRewards.selector, bob));
        token.collect(bob);
    }

    function test_mint_transfer_burn_move_balances_and_supply() public {
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(0), alice, 10 ether);
        token.mint(alice, 10 ether);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(alice, bob, 4 ether);
        vm.prank(alice);
        assertTrue(token.transfer(bob, 4 ether));
        vm.expectEmit(address(token));
        emit IERC20.Transfer(bob, address(0), 1 ether);
        token.burn(bob, 1 ether);
        assertEq(token.balanceOf(alice), 6 ether);
        assertEq(token.balanceOf(bob), 3 ether);
        assertEq(token.totalSupply(), 9 ether);

        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 6 ether, 6 ether + 1)
        );
        token.transfer(bob, 6 ether + 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, bob, 3 ether, 4 ether));
        token.burn(bob, 4 ether);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        token.transfer(address(0), 1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, bob, 0, 1));
        token.transferFrom(alice, bob, 1);
    }

    function test_supply_is_bounded_by_96_bits() public {
        token.mint(alice, type(uint96).max);
        assertEq(token.balanceOf(alice), type(uint96).max);
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.BalanceTooLarge.selector, 1));
        token.mint(bob, 1);
        vm.prank(alice);
        token.transfer(bob, type(uint96).max);
        assertEq(token.balanceOf(bob), type(uint96).max);
        assertEq(token.balanceOf(alice), 0);
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.BalanceTooLarge.selector, uint256(type(uint96).max) + 1));
        token.stream(uint256(type(uint96).max) + 1);
    }

    /// 2^96 wei over 611,200 seconds (seven days, to the end of the day): 2387 such loads fit 88 bits of flow.
    function test_the_flow_is_bounded_by_88_bits() public {
        token.mint(alice, 1 ether);
        for (uint256 i; i < 2_387; ++i) {
            token.stream(type(uint96).max);
        }
        (uint256 index, uint256 updatedAt, uint256 flow,,,) = token.streamState();
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.BalanceTooLarge.selector, type(uint96).max));
        token.stream(type(uint96).max);
        (uint256 sameIndex, uint256 sameAt, uint256 sameFlow,,,) = token.streamState();
        assertEq(sameIndex, index);
        assertEq(sameAt, updatedAt);
        assertEq(sameFlow, flow);
        token.stream(1 ether);
    }

    /// What streams while nobody holds anything waits, up to 96 bits of it.
    function test_what_waits_for_a_first_holder_is_bounded_by_96_bits() public {
        uint256 most = type(uint96).max;
        token.stream(most);
        uint256 state = vm.snapshotState();
        vm.warp(T0 + 8 days);
        token.mint(alice, 1 ether);
        (,,,, uint256 unallocated,) = token.streamState();
        assertEq(unallocated, most);
        vm.revertToState(state);
        token.stream(most);
        vm.warp(T0 + 8 days);
        vm.expectRevert(abi.encodeWithSelector(ILiquidToken.BalanceTooLarge.selector, 2 * most));
        token.mint(alice, 1 ether);
        assertEq(token.totalSupply(), 0);
    }

    function test_self_transfer_changes_nothing() public {
        token.mint(alice, 10 ether);
        token.mint(bob, 30 ether);
        token.stream(700 ether);
        vm.warp(T0 + 3 days);
        uint256 before = token.earned(alice);
        assertGt(before, 0);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(alice, alice, 10 ether);
        vm.prank(alice);
        token.transfer(alice, 10 ether);
        assertEq(token.balanceOf(alice), 10 ether);
        assertEq(token.totalSupply(), 40 ether);
        assertEq(token.earned(alice), before);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 10 ether, 10 ether + 1)
        );
        token.transfer(alice, 10 ether + 1);
    }

    // ------------------------------------------------------------------------------------------------------------ permit

    function test_l27_permit_cannot_be_replayed() public {
        token.mint(alice, 10 ether);
        (uint8 v, bytes32 r, bytes32 s) = _sign(token, aliceKey, alice, bob, 4 ether, 0, T0 + 1 hours);
        token.permit(alice, bob, 4 ether, T0 + 1 hours, v, r, s);
        assertEq(token.allowance(alice, bob), 4 ether);
        vm.prank(bob);
        token.transferFrom(alice, bob, 4 ether);
        // The same signature again: another nonce, so another signer.
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        token.permit(alice, bob, 4 ether, T0 + 1 hours, v, r, s);
        assertEq(token.allowance(alice, bob), 0);
        assertEq(token.balanceOf(alice), 6 ether);
    }

    function test_l27_permit_of_another_token_signer_or_time_is_refused() public {
        LiquidToken twin = new LiquidToken("Staked Coin", "stCOIN", address(this), address(this));
        (uint8 v, bytes32 r, bytes32 s) = _sign(twin, aliceKey, alice, bob, 1, 0, T0 + 1 hours);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        token.permit(alice, bob, 1, T0 + 1 hours, v, r, s);
        (v, r, s) = _sign(token, 0xB0B, alice, bob, 1, 0, T0 + 1 hours);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        token.permit(alice, bob, 1, T0 + 1 hours, v, r, s);
        (v, r, s) = _sign(token, aliceKey, alice, bob, 1, 0, T0 + 1 hours);
        vm.warp(T0 + 1 hours + 1);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, T0 + 1 hours));
        token.permit(alice, bob, 1, T0 + 1 hours, v, r, s);
        vm.warp(T0);
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        token.permit(alice, bob, 1, T0 + 1 hours, v, r, s);
    }

    /// A griefer sends the permit first: the victim's own call to permit fails, and the allowance is there all the same.
    function test_l27_griefed_permit_leaves_the_allowance() public {
        token.mint(alice, 1 ether);
        (uint8 v, bytes32 r, bytes32 s) = _sign(token, aliceKey, alice, bob, 1 ether, 0, T0 + 1 hours);
        vm.prank(carol);
        token.permit(alice, bob, 1 ether, T0 + 1 hours, v, r, s);
        vm.startPrank(bob);
        try token.permit(alice, bob, 1 ether, T0 + 1 hours, v, r, s) {
            fail();
        } catch {}
        token.transferFrom(alice, bob, 1 ether);
        assertEq(token.balanceOf(bob), 1 ether);
    }

    // ------------------------------------------------------------------------------------------------------------ stream

    function test_a_load_vests_in_full_and_ends_on_a_day_boundary() public {
        token.mint(alice, 1 ether);
        token.mint(bob, 3 ether);
        // T0 is 80,000 s into day 19,675; seven days later the next midnight is day 19,683: 611,200 s from now.
        uint256 end = 19_683 * DAY;
        assertEq(end - T0, 611_200);
        uint256 amount = 611_200 * 4e12 + 77;
        vm.expectEmit(address(token));
        emit ILiquidToken.StreamAdded(amount, 4e12, end);
        token.stream(amount);
        assertEq(token.flowEnding(19_683), 4e12);
        (,, uint256 flow,, uint256 unallocated, uint256 lastLoadAt) = token.streamState();
        assertEq(flow, 4e12);
        assertEq(unallocated, 77);
        assertEq(lastLoadAt, T0);

        vm.warp(T0 + 1);
        assertEq(token.earned(alice), 1e12);
        assertEq(token.earned(bob), 3e12);
        vm.warp(end - 1);
        assertEq(token.earned(alice), 611_199e12);
        vm.warp(end);
        assertEq(token.earned(alice), 611_200e12);
        assertEq(token.earned(bob), 3 * 611_200e12);
        vm.warp(end + 1000 days);
        assertEq(token.earned(alice), 611_200e12);
        vm.expectEmit(address(token));
        emit ILiquidToken.RewardsCollected(alice, 611_200e12);
        assertEq(token.collect(alice), 611_200e12);
        assertEq(token.collect(alice), 0);
        assertEq(token.collect(bob), 3 * 611_200e12);
        (,, flow,, unallocated,) = token.streamState();
        assertEq(flow, 0);
        assertEq(unallocated, 77);
    }

    function test_the_span_is_the_time_since_the_last_load_within_7_and_84_days() public {
        token.mint(alice, 1 ether);
        uint256 t = 20_000 * DAY; // a midnight
        vm.warp(t);
        _expectEnd(t + 7 days); // the first
        vm.warp(t + 1 hours);
        _expectEnd(t + 8 days); // an hour later: 7 d 1 h, up to the midnight
        vm.warp(t + 1 hours + 30 days);
        _expectEnd(t + 61 days); // 30 d after 30 d, up
        vm.warp(t + 200 days);
        _expectEnd(t + 284 days); // 170 d is more than 84
        vm.warp(t + 207 days);
        _expectEnd(t + 214 days); // exactly seven again
    }

    function test_transfers_settle_both_sides_at_their_old_balances() public {
        token.mint(alice, 3 ether);
        token.mint(bob, 1 ether);
        token.stream(611_200 * 4e12); // 4e12 a second
        vm.warp(T0 + 100);
        vm.prank(alice);
        token.transfer(bob, 2 ether); // now 1 : 3
        vm.warp(T0 + 200);
        vm.prank(bob);
        token.transfer(carol, 3 ether); // alice 1, carol 3
        vm.warp(T0 + 300);
        assertEq(token.earned(alice), 300e12 + 100e12 + 100e12);
        assertEq(token.earned(bob), 100e12 + 300e12);
        assertEq(token.earned(carol), 300e12);
        // A burn and a mint settle too: what was earned stays earned, the rest shares the flow anew.
        token.burn(carol, 3 ether);
        token.mint(dead, 1 ether);
        vm.warp(T0 + 400);
        assertEq(token.earned(carol), 300e12);
        assertEq(token.earned(alice), 500e12 + 200e12);
        assertEq(token.earned(dead), 200e12);
    }

    function test_zero_supply_pauses_and_the_next_load_carries_what_nobody_earned() public {
        token.stream(611_200e12);
        vm.warp(T0 + 1000);
        token.mint(alice, 1 ether);
        (,,,, uint256 unallocated,) = token.streamState();
        assertEq(unallocated, 1000e12);
        vm.warp(T0 + 1500);
        assertEq(token.earned(alice), 500e12, "nothing of the time before the first holder");
        token.burn(alice, 1 ether);
        vm.warp(T0 + 2000);
        (,,,, unallocated,) = token.streamState();
        assertEq(unallocated, 1500e12);
        token.mint(bob, 1 ether);
        // 609,200 s to the same midnight: 1,500e12 + 609_200e12 - 1_500e12 comes to exactly 1e12 a second more.
        token.stream(609_200e12 - 1500e12);
        (,, uint256 flow,, uint256 left,) = token.streamState();
        assertEq(flow, 2e12);
        assertEq(left, 0);
        vm.warp(T0 + 100 days);
        assertEq(token.earned(alice), 500e12);
        assertEq(token.earned(bob), 2 * 609_200e12);
    }

    /// Many small loads: each stands by itself. Had a load re-spread what was still flowing, 168 loads an hour apart
    /// would leave a large part of the first unvested at its own end.
    function test_l12_many_small_loads_vest_in_full_on_time() public {
        token.mint(alice, 1000 ether);
        uint256 start = 20_000 * DAY;
        uint256 each = 1 ether;
        uint256[] memory loadedBy = new uint256[](40); // by the day on which it must be vested at the latest
        for (uint256 i; i < 240; ++i) {
            vm.warp(start + i * 1 hours);
            token.stream(each);
            uint256 due = (start + i * 1 hours + 7 days + DAY - 1) / DAY - 20_000;
            loadedBy[due] += each;
        }
        uint256 promised;
        for (uint256 day = 1; day < 40; ++day) {
            if (start + day * DAY < start + 239 * 1 hours) continue; // the clock is past it
            vm.warp(start + day * DAY);
            promised = 0;
            for (uint256 d; d <= day; ++d) {
                promised += loadedBy[d];
            }
            // Each load leaves less than 691,200 wei (the seconds of 8 days) to the next; an accrual less than 1e3 in the carry.
            assertGe(token.earned(alice) + 240 * 691_200 + 1e5, promised, "vested late");
        }
        assertEq(promised, 240 ether);
        (,, uint256 flow, uint256 carry, uint256 unallocated,) = token.streamState();
        assertEq(flow, 0);
        // Conservation: only the rounding of 240 accruals is missing.
        uint256 all = token.earned(alice) + carry + unallocated;
        assertLe(all, 240 ether);
        assertGe(all, 240 ether - 241);
    }

    function test_accrual_beyond_80_bits_spills_and_counts() public {
        token.mint(dead, 1 ether);
        token.mint(alice, 3 ether);
        uint256 collected;
        for (uint256 i; i < 2; ++i) {
            token.stream(2e24);
            vm.warp(vm.getBlockTimestamp() + 9 days + i * 2 days);
            vm.prank(alice);
            token.transfer(alice, 0); // settles: 1.5e24 > 2^80 = 1.2e24
            assertApproxEqAbs(token.earned(alice), (i + 1) * 1.5e24, 1e6);
        }
        vm.prank(alice);
        token.transfer(bob, 3 ether);
        collected = token.collect(alice);
        assertApproxEqAbs(collected, 3e24, 1e6);
        assertGt(collected, type(uint80).max);
        assertEq(token.earned(alice), 0);
        assertEq(token.collect(alice), 0);
        assertEq(token.balanceOf(bob), 3 ether, "nothing of the accrual leaked into the balance");
    }

    /// The index (80 bits, wei per LST times 1e18) ends at 1.2 million coins for one LST. With a permanent deposit of one
    /// LST that takes 1.2 million coins given away while nobody else holds; without it, a single coin does it.
    function test_a_seed_deposit_keeps_the_index_from_overflowing() public {
        token.mint(dead, 1 ether);
        token.stream(1_200_000 ether);
        vm.warp(T0 + 100 days);
        token.mint(alice, 1 ether);
        (uint256 index,,,, uint256 unallocated,) = token.streamState();
        assertLt(index, type(uint80).max);
        assertApproxEqAbs(index, 1_200_000 ether, 1e6);
        assertLt(unallocated, 691_200);

        LiquidToken bare = new LiquidToken("", "", address(this), address(this));
        bare.mint(alice, 1);
        bare.stream(1 ether);
        vm.warp(T0 + 200 days);
        (index,,,, unallocated,) = bare.streamState();
        assertEq(index, type(uint80).max, "one wei of supply and one coin");
        // Even then nothing is lost and no transfer fails.
        vm.prank(alice);
        bare.transfer(bob, 1);
        bare.mint(carol, 5 ether);
        bare.burn(bob, 1);
        assertEq(bare.balanceOf(carol), 5 ether);
        (,,, uint256 carry, uint256 waiting,) = bare.streamState();
        assertApproxEqAbs(bare.earned(alice) + carry + waiting, 1 ether, 2);
        bare.stream(1 ether);
        vm.warp(T0 + 300 days);
        assertEq(bare.earned(carol), 0, "the index stands still");
        (,,, carry, waiting,) = bare.streamState();
        assertApproxEqAbs(bare.earned(alice) + carry + waiting, 2 ether, 3);
    }

    function test_ten_silent_years_cost_a_bounded_walk() public {
        token.mint(alice, 1 ether);
        token.stream(1 ether);
        vm.warp(T0 + 84 days);
        for (uint256 i; i < 84; ++i) {
            token.stream(1 ether);
            vm.warp(vm.getBlockTimestamp() + 1 days);
        }
        vm.warp(vm.getBlockTimestamp() + 200 days);
        token.stream(1000 ether); // 84 days of flow
        vm.warp(vm.getBlockTimestamp() + 3650 days);
        vm.prank(alice);
        token.transfer(bob, 1 ether);
        assertLt(vm.lastCallGas().gasTotalUsed, 400_000);
        assertApproxEqAbs(token.earned(alice), 1085 ether, 1e9);
    }

    // ----------------------------------------------------------------------------------------------------- differential

    /// Against the reference: every holder's rewards, and conservation, over random histories of loads, mints, burns,
    /// transfers and collections, with silent times and an empty supply in the mix.
    function testFuzz_stream_agrees_with_the_reference(uint256 seed) public {
        StreamReference ref = new StreamReference();
        address[4] memory who = [alice, bob, carol, dead];
        for (uint256 i; i < 4; ++i) {
            ref.track(who[i]);
        }
        ref.advance(T0);
        uint256 loaded;
        uint256 collected;
        uint256 steps = 40;
        uint256 maxSupply = 1;
        for (uint256 i; i < steps; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 kind = seed % 8;
            address a = who[(seed >> 8) % 4];
            address b = who[(seed >> 16) % 4];
            uint256 amount = uint256(uint64(seed >> 32)) * (10 ** ((seed >> 24) % 8)) + 1e12; // up to 1.8e26
            vm.warp(vm.getBlockTimestamp() + _pause(seed >> 128));
            ref.advance(vm.getBlockTimestamp());
            // A little supply and many coins would end the index (1.2 million coins for one LST), which has its own test:
            // here an LST never stands for more than 10,000 coins of rewards.
            uint256 least = loaded / 10_000;
            if (kind < 2) {
                amount += least;
                token.mint(a, amount);
                ref.set(a, ref.balance(a) + amount);
            } else if (kind < 4) {
                amount = 1 + amount % (ref.supply() == 0 ? 1e15 : ref.supply() * 1000);
                if (loaded + amount > ref.supply() * 10_000) amount = 1;
                token.stream(amount);
                loaded += amount;
                uint256 end = ref.load(amount);
                assertEq(end % DAY, 0);
            } else if (kind == 4) {
                amount = (seed >> 100) % 3 == 0 ? ref.balance(a) : amount % (ref.balance(a) + 1);
                if (ref.supply() - amount < 1e12 + least) amount = ref.supply() == ref.balance(a) ? ref.balance(a) : 0;
                token.burn(a, amount);
                ref.set(a, ref.balance(a) - amount);
            } else if (kind < 7) {
                amount %= ref.balance(a) + 1;
                vm.prank(a);
                token.transfer(b, amount);
                ref.set(a, ref.balance(a) - amount);
                ref.set(b, ref.balance(b) + amount);
            } else {
                _assertClose(ref, a, i + 1, maxSupply);
                collected += token.collect(a);
                ref.take(a);
            }
            if (ref.supply() > maxSupply) maxSupply = ref.supply();
            assertEq(token.totalSupply(), ref.supply());
            _assertConserved(ref, who, loaded, collected, 5 * (i + 1));
        }
        for (uint256 i; i < 4; ++i) {
            assertEq(token.balanceOf(who[i]), ref.balance(who[i]));
            _assertClose(ref, who[i], steps, maxSupply);
        }
    }

    // ---------------------------------------------------------------------------------------------------------- helpers

    /// Named dust: an accrual moves at most supply / 1e18 + 1 wei between neighbours in time (the carry), a settlement
    /// loses a wei; what an empty supply set aside differs by the carries that it took along.
    function _assertClose(StreamReference ref, address a, uint256 calls, uint256 maxSupply) private view {
        uint256 dust = calls * (maxSupply / 1e18 + 3);
        assertApproxEqAbs(token.earned(a), ref.earnedFloor(a), dust, "earned");
    }

    /// sum of earned + collected + carry + unallocated + still to flow == loaded, less a wei for each rounding.
    function _assertConserved(
        StreamReference ref,
        address[4] memory who,
        uint256 loaded,
        uint256 collected,
        uint256 roundings
    ) private view {
        (,, uint256 flow, uint256 carry, uint256 unallocated,) = token.streamState();
        uint256 sum = collected + carry + unallocated;
        uint256 today = vm.getBlockTimestamp() / DAY;
        uint256 flows;
        for (uint256 day = today + 1; day < today + 90; ++day) {
            sum += token.flowEnding(day) * (day * DAY - vm.getBlockTimestamp());
            flows += token.flowEnding(day);
        }
        assertEq(flows, flow, "the flow is the sum of what is to end");
        assertLe(ref.toFlow(), loaded);
        for (uint256 i; i < 4; ++i) {
            sum += token.earned(who[i]);
        }
        assertLe(sum, loaded, "more than was loaded");
        assertGe(sum + roundings, loaded, "lost");
    }

    function _pause(uint256 r) private pure returns (uint256) {
        uint256 kind = r % 5;
        r >>= 8;
        if (kind == 0) return 0;
        if (kind == 1) return r % 60;
        if (kind == 2) return r % 1 days;
        if (kind == 3) return r % 10 days;
        return r % 120 days;
    }

    function _expectEnd(uint256 end) private {
        vm.expectEmit(address(token));
        emit ILiquidToken.StreamAdded((end - vm.getBlockTimestamp()) * 7, 7, end);
        token.stream((end - vm.getBlockTimestamp()) * 7);
    }

    function _sign(
        LiquidToken t,
        uint256 key,
        address owner,
        address spender,
        uint256 value,
        uint256 nonce,
        uint256 until
    ) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typeHash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        bytes32 digest = keccak256(
            abi.encodePacked(
                "\x19\x01", t.DOMAIN_SEPARATOR(), keccak256(abi.encode(typeHash, owner, spender, value, nonce, until))
            )
        );
        return vm.sign(key, digest);
    }
}
