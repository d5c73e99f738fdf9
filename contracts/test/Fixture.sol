// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LocalStaking} from "../src/dev/LocalStaking.sol";
import {LocalTreasury} from "../src/dev/LocalTreasury.sol";
import {IBucketFactory} from "../src/liquid/IBucketFactory.sol";
import {ILiquidCoinVault} from "../src/liquid/ILiquidCoinVault.sol";
import {ILiquidMinter, ILiquidMinterTypes} from "../src/liquid/ILiquidMinter.sol";
import {ILiquidReceipts} from "../src/liquid/ILiquidReceipts.sol";
import {ILiquidRewards} from "../src/liquid/ILiquidRewards.sol";
import {ILiquidToken} from "../src/liquid/ILiquidToken.sol";
import {ILiquidVault} from "../src/liquid/ILiquidVault.sol";
import {IRewardConverter} from "../src/liquid/IRewardConverter.sol";
import {LiquidAdmin} from "../src/liquid/LiquidAdmin.sol";
import {IPlumeStaking} from "../src/staking/IPlumeStaking.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Test} from "forge-std/Test.sol";

/// @notice The whole liquid side on a local staking system: what `omnibus deploy` does, in Solidity.
/// @dev Deploys the committed artifacts; with FRESH=true in the environment what was just compiled (the edit loop).
abstract contract Fixture is Test, ILiquidMinterTypes {
    address internal constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    uint256 internal constant T0 = 1_700_000_000;
    uint256 internal constant COOLDOWN = 21 days;
    uint256 internal constant GRACE = 6 hours;
    uint256 internal constant SAFETY = 1 hours;
    uint256 internal constant SEED = 1 ether;

    LocalStaking internal staking;
    LocalTreasury internal treasury;
    ILiquidToken internal token;
    ILiquidRewards internal rewards;
    IBucketFactory internal factory;
    ILiquidMinter internal minter;
    ILiquidVault internal vault;
    ILiquidCoinVault internal coinVault;
    /// The implementation behind the proxy, and the one that governor and guardian may switch to.
    address internal code;
    address internal halt;
    ILiquidReceipts internal receipts;
    IRewardConverter internal converter;

    address internal admin = makeAddr("admin");
    address internal guardian = makeAddr("guardian");
    address internal keeper = makeAddr("keeper");
    address internal feeRecipient = makeAddr("feeRecipient");
    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");
    address internal carol = makeAddr("carol");

    function now_() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function create(string memory name, bytes memory args) internal returns (address) {
        return create(name, args, 0);
    }

    function create(string memory name, bytes memory args, uint256 value) internal returns (address at) {
        bytes memory made = creation(name, args);
        assembly {
            at := create(value, add(made, 0x20), mload(made))
        }
        require(at != address(0), name);
    }

    function creation(string memory name, bytes memory args) internal view returns (bytes memory) {
        bytes memory made = vm.envOr("FRESH", false)
            ? vm.getCode(string.concat(name, ".sol:", name))
            : vm.parseJsonBytes(vm.readFile(string.concat("artifacts/", name, ".json")), ".bytecode");
        return abi.encodePacked(made, args);
    }

    /// @dev Nothing is deployed, for this reason. The sender of the coins is this account.
    function refusesToBe(string memory name, bytes memory args, uint256 value, bytes memory reason) internal {
        bytes memory made = creation(name, args);
        address at;
        bytes memory said;
        assembly {
            at := create(value, add(made, 0x20), mload(made))
            said := mload(0x40)
            mstore(said, returndatasize())
            returndatacopy(add(said, 0x20), 0, returndatasize())
            mstore(0x40, and(add(add(said, 0x3f), returndatasize()), not(0x1f)))
        }
        assertEq(at, address(0), name);
        assertEq(said, reason, name);
    }

    /// @dev The minter refuses this call for this reason, word for word, and nothing moves.
    function refuses(address who, uint256 value, bytes memory data, bytes memory reason) internal {
        bytes32 before = books(who);
        vm.prank(who);
        (bool ok, bytes memory said) = address(minter).call{value: value}(data);
        assertFalse(ok, "it went through");
        assertEq(said, reason, "another reason");
        assertEq(books(who), before, "something moved");
    }

    function refuses(address who, bytes memory data, bytes memory reason) internal {
        refuses(who, 0, data, reason);
    }

    /// @dev A digest of what `who` has, of the minter's coins and books, and of its parameters.
    function books(address who) internal view returns (bytes32) {
        bytes memory money = abi.encode(
            who.balance,
            token.balanceOf(who),
            address(minter).balance,
            minter.headroom(),
            minter.totalInstantUnstaked(),
            minter.insurance(),
            minter.fees(),
            minter.supply(),
            minter.rate()
        );
        bytes memory state = abi.encode(minter.line(), minter.activeStake(), minter.totalUnstaked());
        for (uint256 i; i < 4; ++i) {
            bytes4 what = [
                ILiquidMinter.meter.selector,
                ILiquidMinter.flags.selector,
                ILiquidMinter.feesAndRatios.selector,
                ILiquidMinter.keeperParams.selector
            ][i];
            (, bytes memory figures) = address(minter).staticcall(abi.encodeWithSelector(what));
            state = bytes.concat(state, figures);
        }
        return keccak256(bytes.concat(money, state));
    }

    function deployStaking(uint16 validators) internal {
        vm.warp(T0);
        staking = LocalStaking(payable(create("LocalStaking", abi.encode(address(this), 1 ether, COOLDOWN, 7 days))));
        treasury = LocalTreasury(payable(create("LocalTreasury", abi.encode(staking))));
        staking.setTreasury(address(treasury));
        staking.addRewardToken(NATIVE);
        for (uint16 id; id < validators; ++id) {
            addValidator(id);
        }
        vm.deal(address(treasury), 1_000_000 ether);
    }

    function addValidator(uint16 id) internal {
        staking.addValidator(
            id,
            0.1e18,
            makeAddr(string.concat("validator", vm.toString(id))),
            address(this),
            "l1",
            "account",
            address(0),
            0
        );
    }

    function params() internal view virtual returns (LiquidAdmin.InitParams memory) {
        return LiquidAdmin.InitParams({
            admin: admin,
            guardian: guardian,
            rewards: address(rewards),
            factory: address(factory),
            feeRecipient: feeRecipient,
            withholdBps: 1_000,
            minInstantFeeBps: 30,
            maxInstantFeeBps: 100,
            standardFeeBps: 5,
            batchThreshold: 0,
            interval: 1 hours,
            minStake: 1 ether,
            keeperGrace: uint32(GRACE),
            safety: uint32(SAFETY),
            minRungAge: 1 hours,
            maxSyncAge: 1 hours
        });
    }

    function deployLiquid() internal {
        deployContracts();
        vm.startPrank(admin);
        minter.setVault(address(vault));
        IAccessControl access = IAccessControl(address(minter));
        access.grantRole(minter.REBALANCER_ROLE(), keeper);
        access.grantRole(minter.CLAIMER_ROLE(), keeper);
        access.grantRole(minter.HANDLER_ROLE(), keeper);
        minter.setHalt(halt);
        converter = IRewardConverter(create("RewardConverter", abi.encode(minter)));
        minter.setConverter(address(converter));
        vm.stopPrank();
        minter.syncValidators();
    }

    /// @dev Addresses that refer to each other are predicted from this account's nonce, as the deployment does. The minter has
    /// no roles yet beside admin and guardian, and neither vault, halt, converter nor validators.
    function deployContracts() internal {
        uint256 nonce = vm.getNonce(address(this));
        address rewardsAt = vm.computeCreateAddress(address(this), nonce + 1);
        address minterAt = vm.computeCreateAddress(address(this), nonce + 9);
        token = ILiquidToken(create("LiquidToken", abi.encode("Staked PLUME", "stPLUME", minterAt, rewardsAt)));
        rewards = ILiquidRewards(create("LiquidRewards", abi.encode(minterAt, token, 1_000)));
        factory = IBucketFactory(create("BucketFactory", abi.encode(minterAt, staking)));
        address part = create("LiquidViews", abi.encode(token, staking));
        part = create("LiquidAdmin", abi.encode(token, staking, part));
        part = create("LiquidPayouts", abi.encode(token, staking, part));
        part = create("LiquidStaker", abi.encode(token, staking, factory, part));
        address exits = create("LiquidKeeper", abi.encode(token, staking, factory));
        address receiptsAt = vm.computeCreateAddress(address(this), nonce + 10);
        code = create("LiquidMinter", abi.encode(token, staking, factory, exits, part, receiptsAt));
        vm.deal(address(this), SEED);
        bytes memory init = abi.encodeCall(LiquidAdmin.initialize, (params()));
        address proxy = create("ERC1967Proxy", abi.encode(code, init), SEED);
        assertEq(proxy, minterAt);
        assertEq(address(rewards), rewardsAt);
        receipts =
            ILiquidReceipts(create("LiquidReceipts", abi.encode(minterAt, "stPLUME exit receipt", "stPLUME-EXIT")));
        assertEq(address(receipts), receiptsAt);
        minter = ILiquidMinter(payable(minterAt));
        address coinVaultAt = vm.computeCreateAddress(address(this), nonce + 12);
        vault = ILiquidVault(
            create(
                "LiquidVault", abi.encode("Compounding stPLUME", "cstPLUME", token, minterAt, rewardsAt, coinVaultAt)
            )
        );
        coinVault = ILiquidCoinVault(create("LiquidCoinVault", abi.encode(vault)));
        assertEq(address(coinVault), coinVaultAt);
        halt = create("LiquidHalt", abi.encode(token, staking, code));
    }

    /// @dev `validators` validators of equal weight with `buckets` buckets each; 1,000,000 coins for each of three people.
    function deployAll(uint16 validators, uint256 buckets) internal {
        deployStaking(validators);
        deployLiquid();
        vm.startPrank(admin);
        for (uint16 id; id < validators; ++id) {
            minter.addBuckets(id, buckets);
            minter.setValidatorWeight(id, 1);
        }
        vm.stopPrank();
        vm.deal(alice, 1_000_000 ether);
        vm.deal(bob, 1_000_000 ether);
        vm.deal(carol, 1_000_000 ether);
    }

    function submit(address who, uint256 amount) internal returns (uint256) {
        vm.prank(who);
        return minter.submit{value: amount}();
    }

    /// An exit by buffer and queue at any fee, in this block.
    function exitParams(address who, uint256 instantMax, uint256 queueMax) internal view returns (ExitParams memory) {
        return ExitParams({
            instantMax: instantMax,
            ammMax: 0,
            queueMax: queueMax,
            minOutNow: 0,
            feeLimitBps: 10_000,
            deadline: now_(),
            recipient: who
        });
    }

    function requestExit(address who, uint256 lst) internal returns (uint256 id) {
        vm.prank(who);
        (, id) = minter.redeem(lst, exitParams(who, 0, lst));
    }

    function closeRung() internal returns (uint256) {
        vm.prank(keeper);
        return minter.closeRung();
    }

    function stakeAll() internal {
        vm.startPrank(keeper);
        while (minter.rebalance() != 0) {}
        vm.stopPrank();
    }

    function depart() internal returns (uint256 netted, uint256 departed) {
        vm.prank(keeper);
        return minter.processBatchUnstake();
    }

    function sweep(uint16 id) internal returns (uint256 swept, uint256 gained) {
        vm.prank(keeper);
        return minter.sweepMaturedBuckets(id, 128);
    }

    function claimNow(address who, uint256 id) internal returns (uint256) {
        vm.prank(who);
        return minter.withdraw(who, id);
    }
}
