// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Attack} from "./Attack.sol";
import {console} from "forge-std/console.sol";

/// L45: the promised time of a closed request never rises, but for its three named reasons.
contract EtaAttackTest is Attack {
    bool private constant TRACE = false;

    function _trace(uint256 kind) private view {
        LineState memory l = minter.line();
        console.log("--- step", _step, "kind", kind);
        console.log("now", now_(), "open", l.openLst);
        console.log("staged", l.stagedLst, "committed", l.committed);
        console.log("P", l.end, "W", l.watermark);
        console.log("lineNext", l.nextDeparture, "latestEta", l.latestEta);
        console.log("cooling", minter.totalUnstaked(), "active", minter.activeStake());
        console.log("headroom", minter.headroom(), "target", minter.bufferTarget());
        console.log("marks", l.marks, "done", l.marksDone);
    }

    uint256[] requests;
    mapping(uint256 => uint256) promised; // eta + 1; 0 is none
    uint256 private _seed;
    uint256 private _history_;
    uint256 private _step;

    function setUp() public override {
        deployAll(3, 5);
        vm.deal(mallory, 1_000_000 ether);
        submit(alice, 500 ether);
        submit(bob, 300 ether);
        stakeAll();
        pass(1 hours);
    }

    /// Keepers that use up to their whole grace at each step, but not more; every other call in random order.
    /// ETA_FROM and ETA_TO choose other histories.
    function test_l45_exit_eta_never_rises_over_random_histories() public {
        uint256 mark = vm.snapshotState();
        uint256 to = vm.envOr("ETA_TO", uint256(15));
        for (uint256 seed = vm.envOr("ETA_FROM", uint256(1)); seed <= to; ++seed) {
            vm.revertToState(mark);
            mark = vm.snapshotState();
            _history(seed);
        }
    }

    function _history(uint256 seed) private {
        _seed = seed;
        _history_ = seed;
        uint256 lastKeeper = now_();
        for (uint256 i; i < 120; ++i) {
            _step = i;
            uint256 kind = _rand(10);
            if (TRACE) _trace(kind);
            if (kind == 0) {
                submit(_who(), 1 ether + _rand(80 ether));
            } else if (kind <= 2) {
                address who = _who();
                uint256 has = token.balanceOf(who);
                if (has > 1 ether) _request(who, 1 + _rand(has));
            } else if (kind == 3) {
                _tryAs(keeper, abi.encodeCall(minter.closeRung, ()));
            } else if (kind == 4) {
                stakeAll();
            } else if (kind == 5) {
                address who = _who();
                uint256 has = token.balanceOf(who);
                if (has != 0) _tryAs(who, abi.encodeCall(minter.unstake, (1 + _rand(has))));
            } else if (kind == 6) {
                vm.prank(keeper);
                minter.fulfillProRata(new address[](0), new uint256[](0), _rand(60 ether));
            } else if (kind == 7) {
                minter.finalize();
            } else if (kind == 8) {
                _tryAs(keeper, abi.encodeCall(minter.restake, (uint16(_rand(3)), 1 ether + _rand(20 ether))));
            } else {
                uint256 r = requests.length;
                if (r != 0) {
                    (address owner,,) = minter.request(requests[_rand(r)]);
                    if (owner != address(0)) {
                        _tryAs(owner, abi.encodeCall(minter.withdraw, (owner, requests[_rand(r)])));
                    }
                }
            }
            _checkAll();
            // Time, never past the grace since the keeper's last round.
            uint256 most = lastKeeper + GRACE - now_();
            pass(_rand(most + 1));
            _checkAll();
            if (_rand(3) == 0 || now_() == lastKeeper + GRACE) {
                sweepAll();
                depart();
                minter.finalize();
                minter.syncValidators();
                lastKeeper = now_();
                _checkAll();
                // Idle days in between, the keeper at work.
                if (_rand(4) == 0) {
                    for (uint256 k; k < 8; ++k) {
                        pass(GRACE);
                        sweepAll();
                        depart();
                        minter.finalize();
                        _checkAll();
                    }
                    lastKeeper = now_();
                }
            }
        }
        assertSound();
    }

    /// The three reasons, each told by the view or by an event.
    function test_l45_the_three_reasons_are_told() public {
        uint256 id = leave(alice, 100 ether);
        (uint256 eta,) = minter.exitEta(id);
        uint256 mark = vm.snapshotState();

        // A step exceeds its grace: nobody sweeps.
        vm.warp(eta + 1);
        (uint256 late, bool revised) = minter.exitEta(id);
        assertTrue(revised);
        assertGt(late, eta);
        sweepAll();
        vm.expectEmit(address(minter));
        emit EtaRevised(EtaReason.StepLate, eta);
        minter.finalize();

        // A loss.
        vm.revertToState(mark);
        staking.slashValidator(0);
        vm.expectEmit(true, true, true, false, address(minter));
        emit EtaRevised(EtaReason.Loss, 0);
        minter.bookSlash(0);

        // The cooldown rises before a departure.
        vm.revertToState(mark);
        pass(1 days);
        uint256 second = requestExit(bob, 200 ether);
        closeRung();
        (eta,) = minter.exitEta(second);
        staking.setCooldownInterval(60 days);
        vm.expectEmit(address(minter));
        emit EtaRevised(EtaReason.CooldownRaised, 60 days);
        minter.syncValidators();
        (late,) = minter.exitEta(second);
        assertEq(late, eta + 39 days);
    }

    function _request(address who, uint256 lst) private {
        requests.push(requestExit(who, lst));
    }

    function _checkAll() private {
        uint256 openRung = minter.line().openRung;
        for (uint256 i; i < requests.length; ++i) {
            uint256 id = requests[i];
            if (id >> 32 >= openRung) continue;
            (address owner,,) = minter.request(id);
            if (owner == address(0)) continue;
            (uint256 eta, bool revised) = minter.exitEta(id);
            if (revised) revert(_told("revised without a reason", id, eta));
            if (promised[id] != 0) {
                if (eta >= promised[id]) revert(_told("a promise rose", id, eta));
                if (eta != 0 && now_() >= promised[id]) revert(_told("missed", id, eta));
            }
            promised[id] = eta + 1;
        }
    }

    function _told(string memory what, uint256 id, uint256 eta) private view returns (string memory) {
        return string.concat(
            what,
            ": history ",
            vm.toString(_history_),
            " step ",
            vm.toString(_step),
            " request ",
            vm.toString(id >> 32),
            "/",
            vm.toString(id & 0xffffffff),
            string.concat(
                " promised ", vm.toString(promised[id]), " (+1), now ", vm.toString(eta), " at ", vm.toString(now_())
            )
        );
    }

    function _tryAs(address who, bytes memory data) private {
        vm.prank(who);
        (bool ok,) = address(minter).call(data);
        ok;
    }

    function _who() private returns (address) {
        return _rand(2) == 0 ? alice : bob;
    }

    function _rand(uint256 below) private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return below == 0 ? 0 : _seed % below;
    }

    /// Stake was laid beside cooling buckets while the line waited for a departure.
    function test_l45_the_stake_bus_raises_no_promise() public {
        _history(84428242175817755876396449210598939795273633706);
    }

    /// A margin that was left of an earlier departure cools until after the stake of a later rung, which alone covers that rung to the wei.
    /// Then a rung of dust closes behind it, and the value of the first one rounds up.
    function test_l45_a_rung_of_dust_raises_no_promise() public {
        submit(bob, 1 ether + 7);
        staking.slashValidator(2);
        minter.bookSlash(2); // a rate at which values round
        vm.startPrank(admin);
        minter.setWithholdRatio(5000); // nothing to net
        minter.configureBuckets(0, 4); // a bucket retires, and nearly all of its stake goes back to work
        vm.stopPrank();
        depart();
        uint256 back = cooling(0, 4) - MARGIN;
        vm.prank(keeper);
        minter.restake(0, back);
        assertEq(minter.totalUnstaked(), MARGIN);
        staking.setCooldownInterval(8 days);
        minter.syncValidators();
        pass(4 days);
        uint256 id = leave(bob, 5 ether);
        assertEq(minter.totalUnstaked(), minter.rate() * 5 ether / 1e27 + MARGIN);
        (uint256 before,) = minter.exitEta(id);
        for (uint256 i = 1; i < 40; ++i) {
            pass(1 hours);
            requestExit(alice, i * 7);
            closeRung();
            (uint256 eta, bool revised) = minter.exitEta(id);
            assertLe(eta, before, "it rose");
            assertFalse(revised);
            before = eta;
        }
    }

    /// A rung that is worth less than a wei counted as paid until the next one closed behind it.
    function test_l45_a_rung_worth_nothing_is_no_promise_of_now() public {
        submit(bob, 1 ether + 7);
        staking.slashValidator(2);
        minter.bookSlash(2);
        vm.prank(admin);
        minter.setWithholdRatio(5000);
        uint256 id = requestExit(bob, 1);
        closeRung();
        (uint256 before,) = minter.exitEta(id);
        pass(1 hours);
        requestExit(alice, 5 ether);
        closeRung();
        (uint256 eta, bool revised) = minter.exitEta(id);
        assertLe(eta, before, "it rose");
        assertFalse(revised);
    }
}
