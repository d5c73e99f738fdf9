// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LiquidAdmin} from "../../src/liquid/LiquidAdmin.sol";
import {LiquidViews} from "../../src/liquid/LiquidViews.sol";
import {LiquidStorage} from "../../src/liquid/lib/LiquidStorage.sol";
import {Attack} from "./Attack.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// What comes next: another layout of code, the same struct.
contract NextMinter is UUPSUpgradeable {
    function _authorizeUpgrade(address) internal pure override {
        revert("no further");
    }

    function books() external view returns (uint256, uint256, uint256, uint256, uint256, address, address) {
        LiquidStorage.State storage s = LiquidStorage.get();
        return (s.rate, s.headroom, s.reserved, s.openLst, s.target, s.haltCode, s.feeRecipient);
    }
}

/// L30.
contract UpgradeAttackTest is Attack {
    uint256 private constant SLOTS = 64;

    uint256 private funded;
    uint256 private waiting;

    function setUp() public override {
        super.setUp();
        funded = leave(alice, 10 ether);
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        waiting = leave(alice, 20 ether);
        requestExit(alice, 1 ether);
        vm.prank(admin);
        minter.sealSetup();
    }

    function upgrade(address to, bytes memory data) private {
        UUPSUpgradeable proxy = UUPSUpgradeable(address(minter));
        vm.startPrank(admin);
        minter.schedule(abi.encodeCall(proxy.upgradeToAndCall, (to, data)));
        pass(minter.longestExit());
        proxy.upgradeToAndCall(to, data);
        vm.stopPrank();
    }

    /// The committed code anew, parts and all, at other addresses.
    function again() private returns (address) {
        address part = create("LiquidViews", abi.encode(token, staking));
        part = create("LiquidAdmin", abi.encode(token, staking, part));
        part = create("LiquidPayouts", abi.encode(token, staking, part));
        part = create("LiquidStaker", abi.encode(token, staking, factory, part));
        address exits = create("LiquidKeeper", abi.encode(token, staking, factory));
        return create("LiquidMinter", abi.encode(token, staking, factory, exits, part, receipts));
    }

    function slots() private view returns (bytes32[] memory list) {
        list = new bytes32[](SLOTS);
        for (uint256 i; i < SLOTS; ++i) {
            list[i] = vm.load(address(minter), bytes32(uint256(LiquidStorage.SLOT) + i));
        }
    }

    function test_l30_the_namespace_is_where_erc7201_puts_it() public pure {
        bytes32 at = keccak256(abi.encode(uint256(keccak256("omnibus.liquid.minter")) - 1)) & ~bytes32(uint256(0xff));
        assertEq(LiquidStorage.SLOT, at);
    }

    function test_l30_an_upgrade_keeps_storage() public {
        address next = again();
        bytes memory call = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        vm.prank(admin);
        minter.schedule(call);
        pass(minter.longestExit());
        bytes32[] memory before = slots();
        (uint256 eta, bool revised) = minter.exitEta(waiting);
        bytes32 line = keccak256(abi.encode(minter.line()));
        bytes32 buckets = keccak256(abi.encode(minter.getBuckets(0), minter.getBuckets(1)));
        vm.prank(admin);
        UUPSUpgradeable(address(minter)).upgradeToAndCall(next, "");
        assertEq(address(uint160(uint256(vm.load(address(minter), ERC1967Utils.IMPLEMENTATION_SLOT)))), next);

        bytes32[] memory after_ = slots();
        for (uint256 i; i < SLOTS; ++i) {
            // The schedule that was used up is a mapping's; nothing in the struct itself moved.
            assertEq(after_[i], before[i], vm.toString(i));
        }
        (uint256 eta2, bool revised2) = minter.exitEta(waiting);
        assertEq(eta2, eta);
        assertEq(revised2, revised);
        assertEq(keccak256(abi.encode(minter.line())), line);
        assertEq(keccak256(abi.encode(minter.getBuckets(0), minter.getBuckets(1))), buckets);
        assertTrue(IAccessControl(address(minter)).hasRole(minter.HANDLER_ROLE(), keeper));
        // And everything goes on.
        assertEq(claimNow(alice, funded), afterFee(10 ether));
        sweepAll();
        minter.finalize();
        assertEq(claimNow(alice, waiting), afterFee(20 ether));
        submit(bob, 10 ether);
        assertSound();
    }

    function test_l30_new_code_finds_the_books() public {
        (uint256 headroom, uint256 reserved) = (minter.headroom(), minter.totalInstantUnstaked());
        uint256 target = minter.bufferTarget();
        upgrade(address(new NextMinter()), "");
        (uint256 rate, uint256 h, uint256 r, uint256 open, uint256 t, address haltCode, address fees) =
            NextMinter(address(minter)).books();
        assertEq(rate, 1e27);
        assertEq(h, headroom);
        assertEq(r, reserved);
        assertEq(open, 20 ether);
        assertEq(t, target);
        assertEq(haltCode, halt);
        assertEq(fees, feeRecipient);
    }

    function test_l30_nothing_is_initialized_twice() public {
        bytes memory init = abi.encodeCall(LiquidAdmin.initialize, (params()));
        address next = again();
        vm.startPrank(admin);
        minter.schedule(abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, init)));
        pass(minter.longestExit());
        // Not with an upgrade either.
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        UUPSUpgradeable(address(minter)).upgradeToAndCall(next, init);
        vm.stopPrank();

        vm.deal(mallory, 10 ether);
        address[] memory places = new address[](6);
        address part = create("LiquidViews", abi.encode(token, staking));
        places[0] = create("LiquidAdmin", abi.encode(token, staking, part));
        places[1] = create("LiquidStaker", abi.encode(token, staking, factory, places[0]));
        places[2] = code;
        places[3] = next;
        places[4] = address(minter);
        // Delegates to an initializable part of its own: still its own storage, still closed.
        places[5] = create("LiquidMinter", abi.encode(token, staking, factory, part, places[1], receipts));
        for (uint256 i; i < places.length; ++i) {
            vm.prank(mallory);
            (bool ok, bytes memory why) = places[i].call{value: 1 ether}(init);
            assertFalse(ok);
            assertEq(why, abi.encodeWithSelector(Initializable.InvalidInitialization.selector), vm.toString(i));
        }
        // What has no initializer says so.
        address[2] memory without = [part, create("LiquidKeeper", abi.encode(token, staking, factory))];
        for (uint256 i; i < without.length; ++i) {
            (bool ok,) = without[i].call(init);
            assertFalse(ok);
        }
        vm.prank(mallory);
        (bool done, bytes memory reason) = halt.call{value: 1 ether}(init);
        assertFalse(done);
        assertEq(reason, abi.encodeWithSelector(Halted.selector, LiquidAdmin.initialize.selector));
    }

    /// A proxy comes into being initialized or not at all: there is no block in which somebody else could.
    function test_l30_no_proxy_without_its_initialization() public {
        bytes memory proxy = abi.encodePacked(
            vm.parseJsonBytes(vm.readFile("artifacts/ERC1967Proxy.json"), ".bytecode"), abi.encode(code, "")
        );
        address at;
        assembly {
            at := create(0, add(proxy, 0x20), mload(proxy))
        }
        assertEq(at, address(0));
    }

    function test_l30_code_behind_the_proxy_is_of_no_use_by_itself() public {
        address next = again();
        address[2] memory places = [code, halt];
        for (uint256 i; i < places.length; ++i) {
            vm.prank(admin);
            vm.expectRevert(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
            UUPSUpgradeable(places[i]).upgradeToAndCall(next, "");
            assertFalse(IAccessControl(places[i]).hasRole(0, admin));
        }
        // What is no implementation is refused.
        UUPSUpgradeable proxy = UUPSUpgradeable(address(minter));
        vm.startPrank(admin);
        bytes memory call = abi.encodeCall(proxy.upgradeToAndCall, (address(token), ""));
        minter.schedule(call);
        pass(minter.longestExit());
        vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, address(token)));
        proxy.upgradeToAndCall(address(token), "");
        vm.stopPrank();
    }
}
