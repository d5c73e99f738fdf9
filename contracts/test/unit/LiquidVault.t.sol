// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC7575, IERC7575Share} from "../../src/async/IERC7540.sol";
import {ILiquidVault} from "../../src/liquid/ILiquidVault.sol";
import {VaultFixture} from "./VaultFixture.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// ERC-4626, clause by clause: each MUST of the standard is a test.
contract LiquidVault4626Test is VaultFixture {
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );

    uint256 internal constant MANY = 1_000 ether;

    function setUp() public override {
        super.setUp();
        crooked();
        submit(alice, 100_000 ether);
        submit(bob, 100_000 ether);
        enter(bob, MANY);
    }

    function bounded(uint256 x) internal pure returns (uint256) {
        return bound(x, 2, 50_000 ether);
    }

    // ------------------------------------------------------------------------------------------------------------ token

    function test_shares_are_an_erc20_with_metadata_and_permit() public {
        assertEq(vault.name(), "Compounding stPLUME");
        assertEq(vault.symbol(), "cstPLUME");
        assertEq(vault.decimals(), token_decimals());
        uint256 shares = vault.balanceOf(bob);
        vm.prank(bob);
        assertTrue(vault.transfer(alice, shares));
        assertEq(vault.balanceOf(alice), shares);
        (address signer, uint256 key) = makeAddrAndKey("signer");
        bytes32 digest = keccak256(
            abi.encodePacked(
                "\x19\x01",
                IERC20Permit(address(vault)).DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                        signer,
                        bob,
                        5,
                        0,
                        now_()
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        IERC20Permit(address(vault)).permit(signer, bob, 5, now_(), v, r, s);
        assertEq(vault.allowance(signer, bob), 5);
    }

    function token_decimals() internal view returns (uint256 d) {
        (, bytes memory answer) = address(token).staticcall(abi.encodeWithSignature("decimals()"));
        return abi.decode(answer, (uint256));
    }

    function test_asset_is_the_lst() public view {
        assertEq(vault.asset(), address(token));
        assertEq(vault.share(), address(vault));
        assertEq(vault.vault(address(token)), address(vault));
        assertEq(vault.vault(NATIVE), address(coinVault));
        assertEq(vault.vault(address(1)), address(0));
        assertEq(minter.vault(), address(vault));
    }

    /// ERC-7575 and ERC-165 ids, computed from the selectors.
    function test_erc165_ids() public view {
        assertEq(type(IERC7575).interfaceId, bytes4(0x2f0a18c5));
        assertEq(type(IERC7575Share).interfaceId, bytes4(0xf815c03d));
        assertTrue(vault.supportsInterface(0x2f0a18c5));
        assertTrue(vault.supportsInterface(0xf815c03d));
        assertTrue(vault.supportsInterface(type(IERC165).interfaceId));
        assertFalse(vault.supportsInterface(0xffffffff));
        assertFalse(vault.supportsInterface(0x620ee8e4), "redemption here is synchronous");
    }

    // ------------------------------------------------------------------------------------------------------ total assets

    function test_totalAssets_includes_yield_as_it_accrues() public {
        (uint256 coins, uint256 lst) = vault.pendingRewards();
        assertEq(coins, token.earned(address(vault)));
        assertEq(vault.totalAssets(), vault.lstHeld() + lst);
        uint256 before = vault.totalAssets();
        pass(1);
        assertGt(vault.totalAssets(), before);
    }

    function test_totalAssets_does_not_revert_whatever_is_lost() public {
        slashPending(0);
        slashPending(1);
        assertGt(vault.totalAssets(), 0);
        minter.bookSlash(0);
        minter.bookSlash(1);
        assertGt(vault.totalAssets(), 0);
        assertLt(minter.rate(), RAY);
    }

    /// A rate of 0 cannot come about while a wei is left; were it so, coins have no price in LST and count nothing.
    function test_totalAssets_at_a_rate_of_nothing() public {
        vm.mockCall(address(minter), abi.encodeCall(minter.depositTerms, ()), abi.encode(uint256(0), uint256(0)));
        assertEq(vault.totalAssets(), vault.lstHeld());
        assertEq(coinVault.convertToShares(1 ether), 0);
        assertEq(coinVault.convertToAssets(1 ether), 0);
    }

    // -------------------------------------------------------------------------------------------------------- conversions

    function test_convert_does_not_depend_on_the_caller() public {
        uint256 shares = vault.convertToShares(5 ether);
        uint256 assets = vault.convertToAssets(5 ether);
        vm.startPrank(mallory);
        assertEq(vault.convertToShares(5 ether), shares);
        assertEq(vault.convertToAssets(5 ether), assets);
    }

    function testFuzz_convert_rounds_down(uint256 x) public view {
        x = bound(x, 0, 1e33);
        uint256 t = vault.totalAssets() + V;
        uint256 s = vault.totalSupply() + V;
        assertEq(vault.convertToShares(x), x * s / t);
        assertEq(vault.convertToAssets(x), x * t / s);
        assertLe(vault.convertToAssets(vault.convertToShares(x)), x);
        assertLe(vault.convertToShares(vault.convertToAssets(x)), x);
    }

    function test_convert_and_preview_ignore_limits() public {
        uint256 a = vault.convertToShares(1 ether);
        uint256 b = vault.previewDeposit(1 ether);
        uint256 c = vault.previewMint(1 ether);
        pauseDeposits();
        assertEq(vault.convertToShares(1 ether), a);
        assertEq(vault.previewDeposit(1 ether), b);
        assertEq(vault.previewMint(1 ether), c);
        // More than anybody has.
        assertGt(vault.previewRedeem(vault.totalSupply() * 10), vault.totalAssets());
        assertGt(vault.previewWithdraw(vault.totalAssets() * 10), vault.totalSupply());
    }

    // ----------------------------------------------------------------------------------------------------------- deposit

    function test_maxDeposit_and_maxMint_are_unlimited_while_open() public view {
        assertEq(vault.maxDeposit(mallory), type(uint256).max);
        assertEq(vault.maxMint(mallory), type(uint256).max);
    }

    function test_maxDeposit_and_maxMint_are_zero_while_paused() public {
        pauseDeposits();
        closed();
        pass(7 days);
        assertEq(vault.maxDeposit(alice), type(uint256).max, "a pause lapses");
        enter(alice, 1 ether);
    }

    function test_maxDeposit_and_maxMint_are_zero_while_a_slash_is_unbooked() public {
        slashPending(1);
        closed();
        minter.bookSlash(1);
        enter(alice, 1 ether);
    }

    function closed() internal {
        assertEq(vault.maxDeposit(alice), 0);
        assertEq(vault.maxMint(alice), 0);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, alice, 1 ether, 0));
        vault.deposit(1 ether, alice);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxMint.selector, alice, 1 ether, 0));
        vault.mint(1 ether, alice);
        vm.stopPrank();
    }

    function testFuzz_deposit_mints_what_previewDeposit_said(uint256 x) public {
        x = bounded(x);
        uint256 said = vault.previewDeposit(x);
        assertEq(said, vault.convertToShares(x), "no fee");
        uint256 held = token.balanceOf(alice);
        (uint256 t, uint256 s) = (vault.totalAssets(), vault.totalSupply());
        vm.expectEmit(address(vault));
        emit Deposit(alice, bob, x, said);
        uint256 had = vault.balanceOf(bob);
        vm.prank(alice);
        assertEq(vault.deposit(x, bob), said);
        assertEq(vault.balanceOf(bob) - had, said);
        assertEq(held - token.balanceOf(alice), x, "exactly assets");
        assertEq(vault.totalAssets(), t + x);
        assertNotCheaper(t, s);
    }

    function testFuzz_mint_takes_what_previewMint_said(uint256 x) public {
        x = bounded(x);
        uint256 said = vault.previewMint(x);
        assertGe(said, vault.convertToAssets(x), "rounded up");
        uint256 held = token.balanceOf(alice);
        (uint256 t, uint256 s) = (vault.totalAssets(), vault.totalSupply());
        vm.expectEmit(address(vault));
        emit Deposit(alice, bob, said, x);
        uint256 had = vault.balanceOf(bob);
        vm.prank(alice);
        assertEq(vault.mint(x, bob), said);
        assertEq(vault.balanceOf(bob) - had, x, "exactly shares");
        assertEq(held - token.balanceOf(alice), said);
        assertNotCheaper(t, s);
    }

    function test_deposit_and_mint_need_an_approval() public {
        vm.startPrank(alice);
        token.approve(address(vault), 1 ether);
        vault.deposit(1 ether, alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(vault), 0, 1 ether)
        );
        vault.deposit(1 ether, alice);
        vm.expectRevert();
        vault.mint(1 ether, alice);
    }

    function test_deposit_reverts_unless_all_of_it_is_there() public {
        uint256 have = token.balanceOf(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, have, have + 1));
        enter(alice, have + 1);
    }

    function test_nothing_is_refused() public {
        vm.startPrank(bob);
        vm.expectRevert(ILiquidVault.ZeroAmount.selector);
        vault.deposit(0, bob);
        vm.expectRevert(ILiquidVault.ZeroAmount.selector);
        vault.deposit(1, bob); // a wei of LST is no wei of a dearer share
        vm.expectRevert(ILiquidVault.ZeroAmount.selector);
        vault.mint(0, bob);
        vm.expectRevert(ILiquidVault.ZeroAmount.selector);
        vault.withdraw(0, bob, bob);
        vm.expectRevert(ILiquidVault.ZeroAmount.selector);
        vault.redeem(0, bob, bob);
        vm.expectRevert(ILiquidVault.ZeroAmount.selector);
        vault.redeemInKind(0, bob, bob);
        vm.stopPrank();
        assertEq(vault.convertToShares(0), 0);
        assertEq(vault.convertToAssets(0), 0);
        assertEq(vault.previewDeposit(0) + vault.previewMint(0) + vault.previewWithdraw(0) + vault.previewRedeem(0), 0);
    }

    /// More shares than an owner has, or than there are: its balance is named, whatever lies in the vault.
    function test_inKindExitOfTooManySharesNamesTheBalance() public {
        uint256 have = enter(alice, 10 ether);
        load(3 ether);
        pass(1 days);
        uint256 held = vault.lstHeld();
        uint256[2] memory tries = [have + 1, 1e30];
        for (uint256 i; i < tries.length; ++i) {
            bytes memory reason =
                abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, have, tries[i]);
            vm.prank(alice);
            vm.expectRevert(reason);
            vault.redeemInKind(tries[i], alice, alice);
        }
        assertEq(vault.balanceOf(alice), have);
        assertEq(vault.lstHeld(), held);
    }

    /// Coins that are worth no share, or fewer than the coin vault counted on, buy none and stay with the payer.
    function test_coins_for_too_few_shares_are_refused() public {
        vm.startPrank(bob);
        uint256 before = bob.balance;
        vm.expectRevert(ILiquidVault.ZeroAmount.selector);
        vault.submitAndDeposit{value: 1}(bob, 0); // a wei of LST is no wei of a dearer share
        assertEq(bob.balance, before);
        vm.stopPrank();
        uint256 worth = vault.convertToShares(1 ether);
        vm.deal(address(coinVault), 1 ether);
        vm.startPrank(address(coinVault));
        vm.expectRevert(abi.encodeWithSelector(ILiquidVault.SharesBelowMinimum.selector, worth, worth + 1));
        vault.submitAndMint{value: 1 ether}(worth + 1, bob);
        assertEq(address(coinVault).balance, 1 ether);
        uint256 held = vault.balanceOf(bob);
        vault.submitAndMint{value: 1 ether}(worth, bob);
        vm.stopPrank();
        assertEq(vault.balanceOf(bob), held + worth);
    }

    // ---------------------------------------------------------------------------------------------------------- withdraw

    function testFuzz_maxWithdraw_can_be_withdrawn_and_no_more(uint256 x) public {
        enter(alice, bounded(x));
        uint256 most = vault.maxWithdraw(alice);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxWithdraw.selector, alice, most + 1, most));
        vault.withdraw(most + 1, alice, alice);
        vm.prank(alice);
        vault.withdraw(most, alice, alice);
        assertLe(vault.balanceOf(alice), 1);
        assertEq(vault.maxWithdraw(mallory), 0);
    }

    function test_maxRedeem_is_everything_while_open_though_less_lst_is_held() public {
        pass(8 days);
        uint256 all = vault.balanceOf(carol);
        uint256 mine = vault.balanceOf(bob);
        leaveVault(bob, mine);
        assertGt(vault.maxWithdraw(carol), vault.lstHeld(), "the last one needs a harvest");
        assertEq(vault.maxRedeem(carol), all);
        uint256 said = vault.previewRedeem(all);
        assertEq(leaveVault(carol, all), said);
        assertEq(vault.totalSupply(), 0);
        assertLt(vault.totalAssets(), V, "the dust of shares that nobody owns");
    }

    function test_maxRedeem_is_what_lst_covers_while_closed() public {
        pass(8 days);
        pauseDeposits();
        leaveVault(bob, vault.balanceOf(bob));
        uint256 most = vault.maxRedeem(carol);
        assertLt(most, vault.balanceOf(carol));
        assertLe(vault.maxWithdraw(carol), vault.lstHeld());
        assertApproxEqAbs(vault.maxWithdraw(carol), vault.lstHeld(), 2);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxRedeem.selector, carol, most + 1, most));
        vault.redeem(most + 1, carol, carol);
        leaveVault(carol, most);
        assertLe(vault.lstHeld(), 2);
        // The rest is coins, and leaves as coins.
        uint256 left = vault.balanceOf(carol);
        uint256 before = carol.balance;
        (uint256 waiting,) = vault.pendingRewards();
        vm.prank(carol);
        (, uint256 coins) = vault.redeemInKind(left, carol, carol);
        assertEq(carol.balance - before, coins);
        assertApproxEqAbs(coins, waiting, 2 * V);
        assertEq(vault.totalSupply(), 0);
    }

    function testFuzz_withdraw_burns_what_previewWithdraw_said(uint256 x) public {
        x = bound(x, 1, vault.maxWithdraw(bob));
        uint256 said = vault.previewWithdraw(x);
        assertGe(said, vault.convertToShares(x), "rounded up");
        (uint256 t, uint256 s) = (vault.totalAssets(), vault.totalSupply());
        uint256 had = vault.balanceOf(bob);
        uint256 held = token.balanceOf(carol);
        vm.expectEmit(address(vault));
        emit Withdraw(bob, carol, bob, x, said);
        vm.prank(bob);
        assertEq(vault.withdraw(x, carol, bob), said);
        assertEq(had - vault.balanceOf(bob), said);
        assertEq(token.balanceOf(carol) - held, x, "exactly assets");
        assertNotCheaper(t, s);
    }

    function testFuzz_redeem_pays_what_previewRedeem_said(uint256 x) public {
        x = bound(x, 1, vault.maxRedeem(bob));
        uint256 said = vault.previewRedeem(x);
        assertEq(said, vault.convertToAssets(x), "no fee");
        (uint256 t, uint256 s) = (vault.totalAssets(), vault.totalSupply());
        uint256 had = vault.balanceOf(bob);
        uint256 held = token.balanceOf(carol);
        vm.expectEmit(address(vault));
        emit Withdraw(bob, carol, bob, said, x);
        vm.prank(bob);
        assertEq(vault.redeem(x, carol, bob), said);
        assertEq(had - vault.balanceOf(bob), x, "exactly shares");
        assertEq(token.balanceOf(carol) - held, said);
        assertNotCheaper(t, s);
    }

    function test_withdraw_and_redeem_by_allowance_and_not_without() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, alice, 0, 1 ether));
        vault.redeem(1 ether, alice, bob);
        vm.expectRevert();
        vault.withdraw(1 ether, alice, bob);
        vm.expectRevert();
        vault.redeemInKind(1 ether, alice, bob);
        vm.stopPrank();

        vm.prank(bob);
        vault.approve(alice, 10 ether);
        vm.startPrank(alice);
        vault.redeem(1 ether, alice, bob);
        assertEq(vault.allowance(bob, alice), 9 ether);
        uint256 burned = vault.withdraw(1 ether, alice, bob);
        assertEq(vault.allowance(bob, alice), 9 ether - burned);
        vault.redeemInKind(1 ether, alice, bob);
        assertEq(vault.allowance(bob, alice), 8 ether - burned);
        vm.stopPrank();
    }

    function test_leaving_goes_on_while_paused_and_while_a_slash_is_unbooked() public {
        pauseDeposits();
        assertGt(leaveVault(bob, 1 ether), 1 ether);
        slashPending(0);
        assertGt(leaveVault(bob, 1 ether), 1 ether);
        vm.startPrank(bob);
        assertTrue(vault.transfer(alice, 1 ether));
        assertTrue(vault.transfer(alice, 0));
        vault.withdraw(1 ether, bob, bob);
        vault.redeemInKind(1 ether, bob, bob);
        vm.stopPrank();
    }

    // ------------------------------------------------------------------------------------------------------- round trips

    function testFuzz_no_round_trip_profits(uint256 x) public {
        x = bounded(x);
        uint256 held = token.balanceOf(alice);
        vm.startPrank(alice);
        vault.redeem(vault.deposit(x, alice), alice, alice);
        assertLe(token.balanceOf(alice), held);
        held = token.balanceOf(alice);
        vault.mint(x, alice);
        vault.redeem(x, alice, alice);
        assertLe(token.balanceOf(alice), held);
        held = token.balanceOf(alice);
        vault.deposit(x, alice);
        vault.withdraw(vault.maxWithdraw(alice), alice, alice);
        assertLe(token.balanceOf(alice), held);
        vm.stopPrank();
        assertLe(vault.balanceOf(alice), 1);
    }
}

/// Rewards, coins, and what the minter adds.
contract LiquidVaultTest is VaultFixture {
    event Harvested(address indexed caller, uint256 coins, uint256 lst);

    function test_a_harvest_moves_the_price_by_nothing() public {
        crooked();
        (uint256 coins, uint256 lst) = vault.pendingRewards();
        assertGt(coins, 0);
        uint256 t = vault.totalAssets();
        uint256 price = vault.convertToAssets(1e27);
        uint256 room = minter.headroom();
        vm.expectEmit(address(vault));
        emit Harvested(mallory, coins, lst);
        vm.prank(mallory);
        (uint256 a, uint256 b) = vault.harvest();
        assertEq(a, coins);
        assertEq(b, lst);
        assertEq(vault.totalAssets(), t, "no jump, to the wei");
        assertEq(vault.convertToAssets(1e27), price);
        assertEq(vault.lstHeld(), t);
        assertEq(minter.headroom(), room + coins);
        assertEq(token.earned(address(vault)), 0);
        (a, b) = vault.harvest();
        assertEq(a + b, 0, "nothing waits, nothing fails");
    }

    function test_a_harvest_moves_nothing_at_a_crooked_rate_either() public {
        crooked();
        staking.slashValidator(1);
        minter.bookSlash(1);
        uint256 rate = minter.rate();
        assertLt(rate, RAY);
        assertGt(rate % 1e9, 0, "a crooked rate");
        for (uint256 i; i < 20; ++i) {
            pass(1 hours + i * 997);
            (uint256 coins,) = vault.pendingRewards();
            uint256 t = vault.totalAssets();
            (uint256 a, uint256 b) = vault.harvest();
            assertEq(a, coins);
            assertEq(b, coins * RAY / rate);
            assertEq(vault.totalAssets(), t);
        }
    }

    function test_a_harvest_waits_with_the_minters_reason() public {
        crooked();
        uint256 t = vault.totalAssets();
        pauseDeposits();
        (, uint256 until,,,,) = minter.flags();
        vm.expectRevert(abi.encodeWithSelector(Paused.selector, until));
        vault.harvest();
        vm.prank(guardian);
        minter.pauseDeposits(false);
        slashPending(1);
        vm.expectRevert(abi.encodeWithSelector(SlashNotBooked.selector, 1));
        vault.harvest();
        assertEq(vault.totalAssets(), t, "counted all the while");
        minter.bookSlash(1);
        vault.harvest();
        assertGt(vault.totalAssets(), t, "coins are worth more LST than before the loss");
    }

    /// A loss is the LST's, not the share's: it redeems for as many LST as before, and more.
    function test_a_loss_is_carried_by_the_lst() public {
        crooked();
        vault.harvest();
        uint256 price = vault.convertToAssets(1e27);
        uint256 worth = coinVault.convertToAssets(1e27);
        staking.slashValidator(1);
        minter.bookSlash(1);
        assertEq(vault.convertToAssets(1e27), price);
        assertApproxEqAbs(coinVault.convertToAssets(1e27), worth * minter.rate() / RAY, 2);
    }

    function test_submitAndDeposit_on_the_minter_credits_shares_in_one_transaction() public {
        crooked();
        uint256 said = vault.previewDeposit(minter.quoteDeposit(7 ether));
        (uint256 t, uint256 s) = (vault.totalAssets(), vault.totalSupply());
        vm.prank(alice);
        assertEq(minter.submitAndDeposit{value: 7 ether}(bob, said), said);
        assertEq(vault.balanceOf(bob), said);
        assertEq(vault.totalAssets(), t + 7 ether);
        assertNotCheaper(t, s);
        // Straight at the vault the same.
        vm.startPrank(alice);
        said = vault.previewDeposit(7 ether);
        assertEq(vault.submitAndDeposit{value: 7 ether}(alice, 0), said);
        vm.expectRevert(abi.encodeWithSelector(ILiquidVault.SharesBelowMinimum.selector, said, said + 1));
        minter.submitAndDeposit{value: 7 ether}(alice, said + 1);
        vm.expectRevert(ZeroAmount.selector);
        minter.submitAndDeposit{value: 0}(alice, 0);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        minter.submitAndDeposit{value: 1 ether}(address(0), 0);
        vm.stopPrank();
        pauseDeposits();
        (, uint256 until,,,,) = minter.flags();
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Paused.selector, until));
        minter.submitAndDeposit{value: 1 ether}(alice, 0);
    }

    /// The vault is named by the admin, at once during the setup and after the longest exit later on.
    function test_setVault_is_the_admins_and_loosening() public {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, address(this), bytes32(0))
        );
        minter.setVault(address(vault));
        vm.startPrank(admin);
        vm.expectRevert(ZeroAddress.selector);
        minter.setVault(address(0));
        vm.expectRevert(abi.encodeWithSelector(BadParameter.selector, bytes32("vault"), uint160(address(coinVault))));
        minter.setVault(address(coinVault));
        vm.expectEmit(address(minter));
        emit AddressSet("vault", address(vault));
        minter.setVault(address(vault));
        minter.sealSetup();
        bytes memory data = abi.encodeCall(minter.setVault, (address(vault)));
        vm.expectRevert(abi.encodeWithSelector(NotScheduled.selector, keccak256(data)));
        minter.setVault(address(vault));
        minter.schedule(data);
        vm.warp(now_() + minter.longestExit());
        minter.setVault(address(vault));
        vm.stopPrank();
    }

    function test_minter_without_a_vault_says_so() public {
        // The vault is the last of the minter's state.
        vm.store(address(minter), vaultSlot(), bytes32(0));
        vm.expectRevert(VaultNotSet.selector);
        minter.submitAndDeposit{value: 1 ether}(alice, 0);
    }

    function vaultSlot() internal view returns (bytes32 slot) {
        bytes32 base = 0xdfb7a31b17bd07cfe77c1734bec0ee6626168cff4a72993b1ea25add54e7dd00;
        for (uint256 i; i < 64; ++i) {
            slot = bytes32(uint256(base) + i);
            if (vm.load(address(minter), slot) == bytes32(uint256(uint160(address(vault))))) return slot;
        }
        revert("no vault in the minter's state");
    }

    function test_depositTerms() public {
        (uint256 rate, uint256 room) = minter.depositTerms();
        assertEq(rate, RAY);
        assertEq(room, type(uint96).max - minter.headroom());
        pauseDeposits();
        (rate, room) = minter.depositTerms();
        assertEq(rate, RAY);
        assertEq(room, 0);
    }

    /// Below a rate of 0.01 the minter takes no deposits, for ever: LST and coins leave as they lie.
    function test_exit_in_kind_below_the_least_rate() public {
        enter(alice, 500 ether);
        enter(bob, 500 ether);
        load(30 ether);
        pass(8 days);
        // Ten losses of the whole stake in a row; the vault sees no more of them than this.
        vm.mockCall(
            address(minter), abi.encodeCall(minter.depositTerms, ()), abi.encode(uint256(RAY / 1_000), uint256(0))
        );
        assertEq(vault.maxDeposit(alice), 0);
        (uint256 coins,) = vault.pendingRewards();
        uint256 shares = vault.balanceOf(alice);
        vm.prank(alice);
        (uint256 lst, uint256 got) = vault.redeemInKind(shares, alice, alice);
        assertApproxEqAbs(lst, 500 ether, 1e6);
        assertApproxEqAbs(got, coins / 2, 1e6);
        assertEq(vault.coinsHeld(), coins - got);
        assertEq(address(vault).balance, coins - got);
        shares = vault.balanceOf(bob);
        vm.prank(bob);
        (lst, got) = vault.redeemInKind(shares, bob, bob);
        assertApproxEqAbs(lst, 500 ether, 1e6);
        assertApproxEqAbs(got, coins / 2, 1e6);
        assertEq(vault.totalSupply(), 0);
    }

    /// What an exit in kind leaves in coin is harvested with the rest.
    function test_coins_left_by_an_exit_in_kind_are_harvested() public {
        crooked();
        (uint256 t, uint256 s) = (vault.totalAssets(), vault.totalSupply());
        vm.prank(carol);
        (uint256 lst, uint256 coins) = vault.redeemInKind(100 ether, carol, carol);
        assertNotCheaper(t, s);
        assertLe(lst + coins, t * 100 ether / s, "worth at most a redemption");
        uint256 held = vault.coinsHeld();
        assertGt(held, 0);
        t = vault.totalAssets();
        (uint256 all,) = vault.harvest();
        assertEq(all, held);
        assertEq(vault.totalAssets(), t);
        assertEq(vault.coinsHeld(), 0);
    }

    function test_exit_in_kind_to_a_receiver_that_refuses_reverts_whole() public {
        crooked();
        vm.prank(carol);
        vm.expectPartialRevert(ILiquidVault.TransferFailed.selector);
        vault.redeemInKind(1 ether, address(token), carol);
    }

    function test_coins_come_from_the_rewards_contract_alone() public {
        vm.prank(alice);
        (bool ok, bytes memory why) = address(vault).call{value: 1 ether}("");
        assertFalse(ok);
        assertEq(why, abi.encodeWithSelector(ILiquidVault.NotRewards.selector, alice));
    }

    function test_the_coin_vaults_doors_are_its_own() public {
        bytes memory no = abi.encodeWithSelector(ILiquidVault.NotCoinVault.selector, mallory);
        vm.startPrank(mallory);
        vm.expectRevert(no);
        vault.redeemForExit(1, alice, alice);
        vm.expectRevert(no);
        vault.submitAndMint{value: 1}(1, mallory);
        vm.stopPrank();
    }

    function test_construction_refuses_nobody() public {
        address[4] memory list = [address(token), address(minter), address(rewards), address(coinVault)];
        for (uint256 i; i < 4; ++i) {
            address kept = list[i];
            list[i] = address(0);
            vm.expectRevert();
            this.make(list);
            list[i] = kept;
        }
        assertTrue(this.make(list) != address(0));
    }

    function make(address[4] memory list) external returns (address) {
        return create("LiquidVault", abi.encode("n", "s", list[0], list[1], list[2], list[3]));
    }
}
