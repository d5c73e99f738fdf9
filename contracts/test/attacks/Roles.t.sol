// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../../src/liquid/ILiquidMinter.sol";
import {LiquidAdmin} from "../../src/liquid/LiquidAdmin.sol";
import {LiquidHalt} from "../../src/liquid/LiquidHalt.sol";
import {IAmmRoute} from "../../src/liquid/amm/IAmmRoute.sol";
import {Abi} from "./Abi.sol";
import {Attack} from "./Attack.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// Stands for a pool in the list of a route.
contract NamedPool {
    address public immutable token0;
    address public immutable token1;

    constructor(address a, address b) {
        (token0, token1) = (a, b);
    }
}

/// Who may call what. One table; every cell is tried, and docs/src/roles.md is the same table.
///
/// Cells: y succeeds · s succeeds once announced and `longestExit` has passed, `NotScheduled` before · l succeeds once the
/// step is `keeperGrace` late, `NotKeeper` before · p succeeds, but takes only what is `keeperGrace` late · n is refused.
contract RolesTest is Attack, Abi {
    uint256 private constant ACTORS = 7;
    bytes32 private constant ADMIN = 0;
    bytes32 private constant NO_ROLE = bytes32(type(uint256).max);

    /// What a refusal says.
    enum Refusal {
        None,
        Keeper, // NotKeeper(role, ..)
        Access, // AccessControlUnauthorizedAccount(caller, role)
        Owner, // NotRequestOwner
        Balance, // ERC20InsufficientBalance
        Bucket, // NotBucket
        Receipts, // NotReceipts
        Initialized // InvalidInitialization
    }

    struct Row {
        string signature;
        string note; // which of the function's uses; empty: all
        bytes data;
        uint256 value;
        string cells; // one letter per actor
        Refusal refusal;
        bytes32 role; // that the refusal names
        bool slashed; // tried while validator 1 is slashed and not booked
    }

    Row[] private rows;
    address[ACTORS] private actors;
    string[ACTORS] private names = ["nobody", "holder", "admin", "guardian", "REBALANCER", "CLAIMER", "HANDLER"];
    bytes32 private rebalancer;
    bytes32 private handler;
    bytes32 private claimer;
    IAmmRoute private route;
    IAmmRoute private other;
    address private pool;

    function setUp() public override {
        super.setUp();
        IAccessControl access = IAccessControl(address(minter));
        (rebalancer, handler, claimer) = (minter.REBALANCER_ROLE(), minter.HANDLER_ROLE(), minter.CLAIMER_ROLE());
        bytes32[ACTORS] memory roles = [NO_ROLE, NO_ROLE, ADMIN, minter.GUARDIAN_ROLE(), rebalancer, claimer, handler];
        for (uint256 i; i < ACTORS; ++i) {
            actors[i] = i == 1 ? alice : makeAddr(names[i]);
            vm.deal(actors[i], 100 ether);
            if (i < 2) continue;
            vm.prank(admin);
            access.grantRole(roles[i], actors[i]);
        }
        // An AMM route, and another one in reserve.
        pool = address(new NamedPool(address(token), address(this)));
        IAmmRoute.Pool[] memory first = new IAmmRoute.Pool[](1);
        first[0] = IAmmRoute.Pool(pool, IAmmRoute.Style.V2, 30);
        route = IAmmRoute(create("AmmRoute", abi.encode(minter, token, this, 1800, 200, first)));
        other = IAmmRoute(create("AmmRoute", abi.encode(minter, token, this, 1800, 200, first)));
        vm.startPrank(admin);
        minter.setAmmRoute(address(route), 50);
        minter.setInstantPolicy(false, 9_000);
        minter.schedule(abi.encodeCall(minter.setFeeRecipient, (bob)));
        minter.setConversion(NATIVE, 10, 10, 10);
        minter.sealSetup();
        vm.stopPrank();
        vm.prank(carol);
        minter.fundInsurance{value: 2 ether}();

        // Alice has a funded request (rung 0), an open one (rung 3), and money is on its way: matured, cooling, staked, free.
        setRewardRate(1e10);
        uint256 funded = leave(alice, 10 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        leave(alice, 10 ether);
        pass(COOLDOWN - 2 hours);
        requestExit(alice, 5 ether);
        closeRung();
        submit(carol, 40 ether);
        vm.prank(keeper);
        minter.processBatchUnstake();
        submit(carol, 30 ether);
        // Early money pays a part of the line: some of what cools is over.
        vm.prank(keeper);
        minter.fulfillProRata(new address[](0), new uint256[](0), 8 ether);
        uint256 open = requestExit(alice, 5 ether);
        pass(2 hours);
        minter.syncValidators();
        vm.prank(keeper);
        minter.claimAll();
        vm.deal(address(minter), address(minter).balance + 1 ether); // for skim
        _table(funded, open);
    }

    // ---------------------------------------------------------------------------------------------------------- the table

    function _table(uint256 funded, uint256 open) private {
        uint256[] memory ids = new uint256[](1);
        ids[0] = funded;
        (uint256[] memory hintA, uint256[] memory hintB) = minter.findHints(ids);
        address[] memory users = new address[](1);
        users[0] = alice;
        ExitParams memory all = ExitParams(1 ether, 0, 1 ether, 0, 10_000, type(uint256).max, bob);

        _in("submit()", abi.encodeWithSignature("submit()"), 1 ether);
        _in("submitAndGive(address)", abi.encodeCall(minter.submitAndGive, (bob)), 1 ether);
        _in("submitForValidator(uint16)", abi.encodeCall(minter.submitForValidator, (0)), 1 ether);
        _in("deposit(address,uint256,uint256)", abi.encodeCall(minter.deposit, (bob, 0, type(uint256).max)), 1 ether);
        _in("submitAndDeposit(address,uint256)", abi.encodeCall(minter.submitAndDeposit, (bob, 0)), 1 ether);
        _own(
            "redeem(uint256,(uint256,uint256,uint256,uint256,uint256,uint256,address))",
            abi.encodeCall(minter.redeem, (1 ether, all)),
            Refusal.Balance
        );
        _own("unstake(uint256)", abi.encodeCall(minter.unstake, (1 ether)), Refusal.Balance);
        _own(
            "unstakeFromValidator(uint256,uint16)",
            abi.encodeCall(minter.unstakeFromValidator, (1 ether, 0)),
            Refusal.Balance
        );
        _own("cancel(uint256)", abi.encodeCall(minter.cancel, (open)), Refusal.Owner);
        _own(
            "claim(uint256,uint256,uint256)",
            abi.encodeWithSignature("claim(uint256,uint256,uint256)", funded, hintA[0], hintB[0]),
            Refusal.Owner
        );
        _own(
            "claimTo(uint256,uint256,uint256,address)",
            abi.encodeCall(minter.claimTo, (funded, hintA[0], hintB[0], bob)),
            Refusal.Owner
        );
        _own("withdraw(address,uint256)", abi.encodeCall(minter.withdraw, (bob, funded)), Refusal.Owner);
        _in("claimFor(uint256)", abi.encodeCall(minter.claimFor, (funded)), 0);
        _in("setAutoPay(bool)", abi.encodeCall(minter.setAutoPay, (false)), 0);
        _own("mintReceipt(uint256)", abi.encodeCall(minter.mintReceipt, (open)), Refusal.Owner);
        _add(
            "unwrapTicket(uint256,address)",
            "",
            abi.encodeCall(minter.unwrapTicket, (open, bob)),
            0,
            "nnnnnnn",
            Refusal.Receipts,
            0
        );
        _in("unstakeRewards()", abi.encodeCall(minter.unstakeRewards, ()), 0);

        _keeper("closeRung()", "", abi.encodeCall(minter.closeRung, ()), "lllllly", handler);
        _in("finalize()", abi.encodeCall(minter.finalize, ()), 0);
        _keeper(
            "fulfillRequests(address[],uint256[])",
            "",
            abi.encodeCall(minter.fulfillRequests, (users, ids)),
            "lllllly",
            handler
        );
        _keeper(
            "fulfillProRata(address[],uint256[],uint256)",
            "",
            abi.encodeCall(minter.fulfillProRata, (users, ids, 1 ether)),
            "nnnnnny",
            handler
        );
        _in("publishEta(uint256)", abi.encodeCall(minter.publishEta, (0)), 0);
        _keeper("rebalance()", "", abi.encodeCall(minter.rebalance, ()), "nnnnynn", rebalancer);
        _keeper(
            "stakeWitheldForValidator(uint256,uint16)",
            "",
            abi.encodeCall(minter.stakeWitheldForValidator, (1 ether, 0)),
            "nnnnynn",
            rebalancer
        );
        _keeper(
            "restake(uint16,uint256)", "", abi.encodeCall(minter.restake, (_latest(), 1 ether)), "nnnnynn", rebalancer
        );
        _keeper("processBatchUnstake()", "", abi.encodeCall(minter.processBatchUnstake, ()), "llllyly", rebalancer);
        _keeper(
            "processBatchUnstakePage(uint256)",
            "",
            abi.encodeCall(minter.processBatchUnstakePage, (1)),
            "llllyly",
            rebalancer
        );
        _keeper(
            "sweepMaturedBuckets(uint16,uint256)",
            "",
            abi.encodeCall(minter.sweepMaturedBuckets, (_matured(), 10)),
            "ppppypy",
            rebalancer
        );
        _keeper("claim(uint16)", "", abi.encodeWithSignature("claim(uint16)", 0), "lllllyl", claimer);
        _keeper("claimAll()", "", abi.encodeCall(minter.claimAll, ()), "lllllyl", claimer);
        _keeper(
            "claimBuckets(uint16,uint256,uint256)",
            "",
            abi.encodeCall(minter.claimBuckets, (0, 0, 4)),
            "lllllyl",
            claimer
        );
        _in(
            "claimToken(address,uint16,uint256,uint256)",
            abi.encodeCall(minter.claimToken, (address(token), 0, 0, 4)),
            0
        );
        _in("fundInsurance()", abi.encodeCall(minter.fundInsurance, ()), 1 ether);
        _in("loadRewards()", abi.encodeCall(minter.loadRewards, ()), 1 ether);
        _in("skim()", abi.encodeCall(minter.skim, ()), 0);
        _in("skimStake(uint16,uint256)", abi.encodeCall(minter.skimStake, (0, 0)), 0);
        _in("bookSlash(uint16)", abi.encodeCall(minter.bookSlash, (1)), 0);
        rows[rows.length - 1].slashed = true;
        rows[rows.length - 1].note = "of a slashed one";
        _in("syncValidators()", abi.encodeCall(minter.syncValidators, ()), 0);
        _in("payFees()", abi.encodeCall(minter.payFees, ()), 0);
        _add("receiveFromBucket()", "", abi.encodeCall(minter.receiveFromBucket, ()), 1, "nnnnnnn", Refusal.Bucket, 0);
        _add("receiveFromAmm()", "", abi.encodeCall(minter.receiveFromAmm, ()), 1, "nnnnnnn", Refusal.Bucket, 0);

        _operational("addBuckets(uint16,uint256)", abi.encodeCall(minter.addBuckets, (0, 1)));
        _operational("configureBuckets(uint16,uint256)", abi.encodeCall(minter.configureBuckets, (0, 3)));
        _operational("setBatchUnstakeParams(uint256,uint256)", abi.encodeCall(minter.setBatchUnstakeParams, (1, 1)));
        _operational("setMinStake(uint256)", abi.encodeCall(minter.setMinStake, (2 ether)));
        _operational("setWithholdRatio(uint256)", abi.encodeCall(minter.setWithholdRatio, (2_000)));
        _operational("setValidatorWeight(uint16,uint256)", abi.encodeCall(minter.setValidatorWeight, (0, 2)));
        _keeper(
            "setStakingPercentageCap(uint256)",
            "",
            abi.encodeCall(minter.setStakingPercentageCap, (5_000)),
            "nnnnynn",
            rebalancer
        );

        _admin("setFees(uint256,uint256)", "one up", abi.encodeCall(minter.setFees, (29, 6)), "nnsnnnn");
        _admin("setFees(uint256,uint256)", "down", abi.encodeCall(minter.setFees, (29, 4)), "nnynnnn");
        _admin("setMaxInstantFee(uint256)", "up", abi.encodeCall(minter.setMaxInstantFee, (101)), "nnsnnnn");
        _admin("setMaxInstantFee(uint256)", "down", abi.encodeCall(minter.setMaxInstantFee, (99)), "nnynnnn");
        _admin("setRewardFee(uint256)", "up", abi.encodeCall(minter.setRewardFee, (1_001)), "nnsnnnn");
        _admin("setRewardFee(uint256)", "down", abi.encodeCall(minter.setRewardFee, (999)), "nnynnnn");
        _admin(
            "setMaxValidatorPercentage(uint256,uint256)",
            "up",
            abi.encodeCall(minter.setMaxValidatorPercentage, (0, 9_001)),
            "nnsnnnn"
        );
        _admin(
            "setMaxValidatorPercentage(uint256,uint256)",
            "down",
            abi.encodeCall(minter.setMaxValidatorPercentage, (0, 8_999)),
            "nnynnnn"
        );
        _admin(
            "setInstantPolicy(bool,uint256)",
            "pause or lift",
            abi.encodeCall(minter.setInstantPolicy, (true, 9_000)),
            "nnyynnn"
        );
        _admin(
            "setInstantPolicy(bool,uint256)",
            "threshold up",
            abi.encodeCall(minter.setInstantPolicy, (false, 9_001)),
            "nnsnnnn"
        );
        _admin(
            "setInstantPolicy(bool,uint256)",
            "threshold down",
            abi.encodeCall(minter.setInstantPolicy, (false, 8_999)),
            "nnynnnn"
        );
        _admin("pauseDeposits(bool)", "", abi.encodeCall(minter.pauseDeposits, (true)), "nnyynnn");
        _admin("setRewardsSink(address)", "", abi.encodeCall(minter.setRewardsSink, (bob)), "nnsnnnn");
        _admin("setFeeRecipient(address)", "", abi.encodeCall(minter.setFeeRecipient, (carol)), "nnsnnnn");
        _admin("setVault(address)", "", abi.encodeCall(minter.setVault, (address(vault))), "nnsnnnn");
        _admin(
            "withdrawInsurance(address,uint256)",
            "",
            abi.encodeCall(minter.withdrawInsurance, (bob, 1 ether)),
            "nnsnnnn"
        );
        _admin(
            "setDelegateClaimer(address,address)",
            "appoint",
            abi.encodeCall(minter.setDelegateClaimer, (pool, bob)),
            "nnsnnnn"
        );
        _admin(
            "setDelegateClaimer(address,address)",
            "end",
            abi.encodeCall(minter.setDelegateClaimer, (pool, address(0))),
            "nnynnnn"
        );
        _admin("setConverter(address)", "", abi.encodeCall(minter.setConverter, (bob)), "nnsnnnn");
        _admin(
            "setConversion(address,uint256,uint256,uint256)",
            "lower floor, higher limit",
            abi.encodeCall(minter.setConversion, (NATIVE, 11, 11, 10)),
            "nnsnnnn"
        );
        _admin(
            "setConversion(address,uint256,uint256,uint256)",
            "higher floor, lower limits",
            abi.encodeCall(minter.setConversion, (NATIVE, 11, 10, 9)),
            "nnynnnn"
        );
        _admin(
            "setAmmRoute(address,uint256)",
            "on, another, wider",
            abi.encodeCall(minter.setAmmRoute, (address(other), 10)),
            "nnsnnnn"
        );
        _admin(
            "setAmmRoute(address,uint256)",
            "narrower",
            abi.encodeCall(minter.setAmmRoute, (address(route), 49)),
            "nnynnnn"
        );
        _admin("setAmmRoute(address,uint256)", "off", abi.encodeCall(minter.setAmmRoute, (address(0), 0)), "nnyynnn");
        _admin(
            "setAmmPool(address,uint8,uint256)",
            "allow",
            abi.encodeCall(minter.setAmmPool, (pool, IAmmRoute.Style.V2, 25)),
            "nnsnnnn"
        );
        _admin(
            "setAmmPool(address,uint8,uint256)",
            "take off",
            abi.encodeCall(minter.setAmmPool, (pool, IAmmRoute.Style.None, 0)),
            "nnyynnn"
        );
        _admin("setHalt(address)", "", abi.encodeCall(minter.setHalt, (halt)), "nnsnnnn");
        _admin(
            "emergency(uint8,address)",
            "one signature of two",
            abi.encodeCall(minter.emergency, (Emergency.Halt, halt)),
            "nnyynnn"
        );
        _admin("schedule(bytes)", "", abi.encodeCall(minter.schedule, ("")), "nnynnnn");
        _add(
            "cancelScheduled(bytes32)",
            "",
            abi.encodeCall(minter.cancelScheduled, (keccak256(abi.encodeCall(minter.setFeeRecipient, (bob))))),
            0,
            "nnyynnn",
            Refusal.Access,
            minter.GUARDIAN_ROLE()
        );
        _admin("sealSetup()", "", abi.encodeCall(minter.sealSetup, ()), "nnynnnn");

        // What the implementation has beside the interface.
        IAccessControl access = IAccessControl(address(minter));
        _admin("grantRole(bytes32,address)", "", abi.encodeCall(access.grantRole, (handler, bob)), "nnsnnnn");
        _admin("revokeRole(bytes32,address)", "", abi.encodeCall(access.revokeRole, (handler, keeper)), "nnynnnn");
        _in("renounceRole(bytes32,address)", "", 0); // one's own; the data is each caller's
        _admin(
            "upgradeToAndCall(address,bytes)",
            "",
            abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (code, "")),
            "nnsnnnn"
        );
        _add(
            "initialize((address,address,address,address,address,uint16,uint16,uint16,uint16,uint96,uint32,uint96,uint32,uint32,uint32,uint32))",
            "",
            abi.encodeCall(LiquidAdmin.initialize, (params())),
            1 ether,
            "nnnnnnn",
            Refusal.Initialized,
            0
        );
    }

    function _add(
        string memory signature,
        string memory note,
        bytes memory data,
        uint256 value,
        string memory cells,
        Refusal refusal,
        bytes32 role
    ) private {
        require(bytes(cells).length == ACTORS, signature);
        rows.push(Row(signature, note, data, value, cells, refusal, role, false));
    }

    function _in(string memory signature, bytes memory data, uint256 value) private {
        _add(signature, "", data, value, "yyyyyyy", Refusal.None, 0);
    }

    function _own(string memory signature, bytes memory data, Refusal refusal) private {
        _add(signature, "one's own", data, 0, "nynnnnn", refusal, 0);
    }

    function _keeper(string memory signature, string memory note, bytes memory data, string memory cells, bytes32 role)
        private
    {
        _add(signature, note, data, 0, cells, Refusal.Keeper, role);
    }

    function _operational(string memory signature, bytes memory data) private {
        _add(signature, "", data, 0, "nnynynn", Refusal.Access, rebalancer);
    }

    function _admin(string memory signature, string memory note, bytes memory data, string memory cells) private {
        _add(signature, note, data, 0, cells, Refusal.Access, ADMIN);
    }

    function _latest() private view returns (uint16 id) {
        uint256 end;
        for (uint16 v; v < 2; ++v) {
            for (uint256 i; i < 4; ++i) {
                if (cooling(v, i) == 0 || slotEnd(v, i) <= end) continue;
                (id, end) = (v, slotEnd(v, i));
            }
        }
    }

    function _matured() private view returns (uint16) {
        for (uint16 v; v < 2; ++v) {
            for (uint256 i; i < 4; ++i) {
                if (cooling(v, i) != 0 && slotEnd(v, i) <= now_()) return v;
            }
        }
        revert("nothing has matured");
    }

    // ---------------------------------------------------------------------------------------------------------- the tests

    function test_roles_every_cell_of_the_table() public {
        for (uint256 i; i < rows.length; ++i) {
            for (uint256 k; k < ACTORS; ++k) {
                uint256 mark = vm.snapshotState();
                _cell(rows[i], k);
                vm.revertToState(mark);
            }
        }
        emit log_named_uint("cells", rows.length * ACTORS);
    }

    function _cell(Row memory r, uint256 k) private {
        bytes1 cell = bytes(r.cells)[k];
        address who = actors[k];
        if (r.slashed) staking.slashValidator(1);
        if (bytes4(r.data) == bytes4(0)) {
            r.data = abi.encodeCall(IAccessControl.renounceRole, (handler, who));
        }
        string memory at = string.concat(names[k], ": ", r.signature, " ", r.note);
        (bool ok, bytes memory answer) = _call(who, r);
        if (cell == "y") {
            assertTrue(ok, at);
        } else if (cell == "n") {
            assertFalse(ok, at);
            _refusedAs(r, who, answer, true, at);
        } else if (cell == "s") {
            assertFalse(ok, at);
            assertEq(answer, abi.encodeWithSelector(NotScheduled.selector, keccak256(r.data)), at);
            vm.prank(who);
            minter.schedule(r.data);
            pass(minter.longestExit() - 1);
            (ok, answer) = _call(who, r);
            assertFalse(ok, at);
            assertEq(bytes4(answer), TooEarly.selector, at);
            pass(1);
            (ok,) = _call(who, r);
            assertTrue(ok, at);
        } else if (cell == "l") {
            assertFalse(ok, at);
            _refusedAs(r, who, answer, false, at);
            pass(2 days);
            (ok,) = _call(who, r);
            assertTrue(ok, at);
        } else {
            assertEq(cell, bytes1("p"), "unknown cell");
            assertTrue(ok, at);
            (uint256 swept,) = abi.decode(answer, (uint256, uint256));
            assertEq(swept, 0, at);
            pass(GRACE);
            (ok, answer) = _call(who, r);
            (swept,) = abi.decode(answer, (uint256, uint256));
            assertGt(swept, 0, at);
        }
        assertEq(token.balanceOf(mallory), 0);
    }

    function _call(address who, Row memory r) private returns (bool, bytes memory) {
        vm.prank(who);
        return address(minter).call{value: r.value}(r.data);
    }

    function _refusedAs(Row memory r, address who, bytes memory answer, bool ever, string memory at) private pure {
        if (r.refusal == Refusal.Keeper) {
            assertEq(bytes4(answer), NotKeeper.selector, at);
            (bytes32 role, uint256 opens) = abi.decode(_arguments(answer), (bytes32, uint256));
            assertEq(role, r.role, at);
            assertEq(opens == type(uint256).max, ever, at);
        } else if (r.refusal == Refusal.Access) {
            assertEq(
                answer,
                abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, who, r.role),
                at
            );
        } else if (r.refusal == Refusal.Owner) {
            assertEq(bytes4(answer), NotRequestOwner.selector, at);
        } else if (r.refusal == Refusal.Balance) {
            assertEq(
                answer, abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, who, 0, 1 ether), at
            );
        } else if (r.refusal == Refusal.Bucket) {
            assertEq(answer, abi.encodeWithSelector(NotBucket.selector, who), at);
        } else if (r.refusal == Refusal.Receipts) {
            assertEq(answer, abi.encodeWithSelector(NotReceipts.selector, who), at);
        } else {
            assertEq(answer, abi.encodeWithSelector(Initializable.InvalidInitialization.selector), at);
        }
    }

    function _arguments(bytes memory answer) private pure returns (bytes memory out) {
        out = new bytes(answer.length - 4);
        for (uint256 i; i < out.length; ++i) {
            out[i] = answer[i + 4];
        }
    }

    /// Every state-changing function of the committed interface stands in the table, and the table names no other.
    function test_roles_no_function_is_missing() public view {
        string[] memory functions = _functions("ILiquidMinter", false);
        for (uint256 i; i < functions.length; ++i) {
            bool found;
            for (uint256 k; k < rows.length && !found; ++k) {
                found = _same(rows[k].signature, functions[i]);
            }
            assertTrue(found, string.concat("not in the table: ", functions[i]));
        }
        // And of the implementation and the parts, what the interface leaves out.
        string[6] memory parts =
            ["LiquidMinter", "LiquidPayouts", "LiquidStaker", "LiquidAdmin", "LiquidKeeper", "LiquidViews"];
        for (uint256 p; p < parts.length; ++p) {
            functions = _functions(parts[p], false);
            for (uint256 i; i < functions.length; ++i) {
                bool found;
                for (uint256 k; k < rows.length && !found; ++k) {
                    found = _same(rows[k].signature, functions[i]);
                }
                assertTrue(found, string.concat("not in the table: ", functions[i]));
            }
        }
        for (uint256 k; k < rows.length; ++k) {
            if (bytes4(rows[k].data) == bytes4(0)) continue;
            assertEq(bytes4(rows[k].data), bytes4(keccak256(bytes(rows[k].signature))), rows[k].signature);
        }
    }

    /// Halted: every view answers as before, but that nothing can be deposited; the listed steps go on, everything else is
    /// refused.
    function test_roles_halted_nothing_but_the_way_out_goes_on() public {
        string[] memory steps = _functions("ILiquidMinter", false);
        string[] memory views = _functions("ILiquidMinter", true);
        bytes[] memory before = new bytes[](views.length);
        for (uint256 i; i < views.length; ++i) {
            (, before[i]) = address(minter).staticcall(_zeros(views[i]));
        }
        vm.prank(admin);
        minter.emergency(Emergency.Halt, halt);
        vm.prank(guardian);
        minter.emergency(Emergency.Halt, halt);
        for (uint256 i; i < views.length; ++i) {
            (, bytes memory answer) = address(minter).staticcall(_zeros(views[i]));
            if (_same(views[i], "depositTerms()")) before[i] = abi.encode(minter.rate(), 0);
            assertEq(answer, before[i], views[i]);
        }
        string[13] memory on = [
            "sweepMaturedBuckets(uint16,uint256)",
            "receiveFromBucket()",
            "finalize()",
            "bookSlash(uint16)",
            "fulfillRequests(address[],uint256[])",
            "claimFor(uint256)",
            "withdraw(address,uint256)",
            "claim(uint256,uint256,uint256)",
            "claimTo(uint256,uint256,uint256,address)",
            "unstakeRewards()",
            "schedule(bytes)",
            "cancelScheduled(bytes32)",
            "emergency(uint8,address)"
        ];
        uint256 going;
        for (uint256 i; i < steps.length; ++i) {
            bytes4 selector = bytes4(keccak256(bytes(steps[i])));
            bool goes;
            for (uint256 k; k < on.length && !goes; ++k) {
                goes = _same(on[k], steps[i]);
            }
            assertEq(LiquidHalt(payable(halt)).goesOn(selector), goes, steps[i]);
            if (goes) {
                ++going;
                continue;
            }
            (bool ok, bytes memory answer) = address(minter).call(_zeros(steps[i]));
            assertFalse(ok, steps[i]);
            assertEq(answer, abi.encodeWithSelector(Halted.selector, selector), steps[i]);
        }
        assertEq(going, on.length);
    }

    /// docs/src/roles.md is this table. ROLES_WRITE=true writes it.
    function test_roles_the_book_shows_the_same_table() public {
        string memory text = _markdown();
        if (vm.envOr("ROLES_WRITE", false)) vm.writeFile("../docs/src/roles.md", text);
        assertEq(vm.readFile("../docs/src/roles.md"), text, "write it anew with ROLES_WRITE=true");
    }

    // ------------------------------------------------------------------------------------------------------------- helpers

    function _markdown() private view returns (string memory out) {
        out = string.concat(
            "# Who may call what\n\n",
            "Every state-changing function of the minter's address, for every role. Each cell is tried by\n",
            "`contracts/test/attacks/Roles.t.sol`, which also writes this page (`ROLES_WRITE=true`) and fails when a function is missing.\n",
            "The setup is sealed.\n\n",
            "- **yes**: succeeds. **announced**: `NotScheduled` until it was announced by `schedule` and `longestExit()` has passed since.\n",
            "- **late**: `NotKeeper` until the step is `keeperGrace` late, then anybody's. **late ones**: sweeps only what lies `keeperGrace` after its end.\n",
            "- **-**: refused, with the error of the last column.\n",
            "- *holder* owns LST and requests; *admin* is the timelock whose proposer is the governor.\n\n",
            "| function | of it | nobody | holder | admin | guardian | REBALANCER | CLAIMER | HANDLER | refused with |\n",
            "|---|---|---|---|---|---|---|---|---|---|\n"
        );
        for (uint256 i; i < rows.length; ++i) {
            Row memory r = rows[i];
            out = string.concat(out, "| `", _name(r.signature), "` | ", r.note, " |");
            for (uint256 k; k < ACTORS; ++k) {
                out = string.concat(out, " ", _word(bytes(r.cells)[k]), " |");
            }
            out = string.concat(out, " ", _error(r), " |\n");
        }
    }

    function _word(bytes1 cell) private pure returns (string memory) {
        if (cell == "y") return "yes";
        if (cell == "s") return "announced";
        if (cell == "l") return "late";
        if (cell == "p") return "late ones";
        return "-";
    }

    function _error(Row memory r) private view returns (string memory) {
        if (r.refusal == Refusal.None) return "";
        if (r.refusal == Refusal.Owner) return "`NotRequestOwner`";
        if (r.refusal == Refusal.Balance) return "`ERC20InsufficientBalance`";
        if (r.refusal == Refusal.Bucket) return "`NotBucket`";
        if (r.refusal == Refusal.Receipts) return "`NotReceipts`";
        if (r.refusal == Refusal.Initialized) return "`InvalidInitialization`";
        string memory role = r.role == ADMIN
            ? "DEFAULT_ADMIN_ROLE"
            : r.role == rebalancer
                ? "REBALANCER_ROLE"
                : r.role == claimer ? "CLAIMER_ROLE" : r.role == handler ? "HANDLER_ROLE" : "GUARDIAN_ROLE";
        return string.concat(
            "`", r.refusal == Refusal.Keeper ? "NotKeeper" : "AccessControlUnauthorizedAccount", "(", role, ")`"
        );
    }

    /// `setFees(uint256,uint256)`; long tuples are left out.
    function _name(string memory signature) private pure returns (string memory) {
        bytes memory b = bytes(signature);
        for (uint256 i; i + 1 < b.length; ++i) {
            if (b[i] != "(" || (b[i + 1] != "(" && b.length < 60)) continue;
            if (b[i + 1] == "(") return string.concat(_cut(b, i), "(InitParams)");
            return string.concat(_cut(b, i), "(uint256,ExitParams)");
        }
        return signature;
    }

    function _cut(bytes memory b, uint256 length) private pure returns (string memory) {
        bytes memory out = new bytes(length);
        for (uint256 i; i < length; ++i) {
            out[i] = b[i];
        }
        return string(out);
    }

    /// Arguments that decode for any signature of the interface: zeros, lists empty.
    function _zeros(string memory signature) private pure returns (bytes memory) {
        return abi.encodePacked(bytes4(keccak256(bytes(signature))), new bytes(640));
    }
}
