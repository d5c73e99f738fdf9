// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAsyncRedeem} from "../../src/async/IAsyncRedeem.sol";
import {IERC7540Operator, IERC7540Redeem, IERC7575} from "../../src/async/IERC7540.sol";
import {ILiquidCoinVault} from "../../src/liquid/ILiquidCoinVault.sol";
import {VaultFixture} from "./VaultFixture.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

abstract contract CoinVaultFixture is VaultFixture {
    event RedeemRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares
    );
    event OperatorSet(address indexed controller, address indexed operator, bool approved);
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );

    function setUp() public virtual override {
        super.setUp();
        crooked();
        enter(alice, 400 ether);
        enter(bob, 400 ether);
        pass(1 hours);
    }

    function ask(address who, uint256 shares) internal returns (uint256 id) {
        vm.prank(who);
        return coinVault.requestRedeem(shares, who, who);
    }

    function lineAfter() internal {
        closeRung();
        depart();
    }

    /// The first rung in line is funded whole.
    function mature() internal {
        pass(COOLDOWN);
        sweep(0);
        sweep(1);
        minter.finalize();
    }

    /// Everything in line is funded, however many departures it takes.
    function drain() internal {
        while (minter.line().openLst != 0) {
            depart();
            mature();
        }
    }

    /// Early money for everything open, HANDLER's.
    function proRata(uint256 coins) internal returns (uint256 spent) {
        submit(carol, coins + 1_000 ether);
        vm.prank(keeper);
        (spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), coins);
        assertGt(spent, coins * 9 / 10);
    }

    function claimed(address who, uint256 shares) internal returns (uint256) {
        vm.prank(who);
        return coinVault.redeem(shares, who, who);
    }
}

/// ERC-7540 and ERC-7575, clause by clause.
contract ERC7540Test is CoinVaultFixture {
    // ---------------------------------------------------------------------------------------------------------- ERC-165

    function test_ids_are_those_of_the_selectors() public view {
        assertEq(type(IERC7540Operator).interfaceId, bytes4(0xe3bc4e65));
        assertEq(type(IERC7540Redeem).interfaceId, bytes4(0x620ee8e4));
        assertEq(type(IERC7575).interfaceId, bytes4(0x2f0a18c5));
        assertTrue(coinVault.supportsInterface(0xe3bc4e65));
        assertTrue(coinVault.supportsInterface(0x620ee8e4));
        assertTrue(coinVault.supportsInterface(0x2f0a18c5));
        assertTrue(coinVault.supportsInterface(type(IERC165).interfaceId));
        assertFalse(coinVault.supportsInterface(0xce3bbe50), "deposits are synchronous");
        assertFalse(coinVault.supportsInterface(0xffffffff));
    }

    /// Every function of ERC-7575 answers, by its selector.
    function test_erc7575_is_there_whole() public {
        vm.deal(alice, 100 ether);
        vm.startPrank(alice);
        IERC7575 v = IERC7575(address(coinVault));
        assertEq(v.asset(), NATIVE);
        assertEq(v.share(), address(vault));
        assertGt(v.totalAssets(), 0);
        assertGt(v.convertToShares(1 ether), 0);
        assertGt(v.convertToAssets(1 ether), 0);
        assertGt(v.maxDeposit(alice), 0);
        assertGt(v.maxMint(alice), 0);
        assertGt(v.previewDeposit(1 ether), 0);
        assertGt(v.previewMint(1 ether), 0);
        assertEq(v.maxWithdraw(alice), 0);
        assertEq(v.maxRedeem(alice), 0);
        coinVault.deposit{value: 1 ether}(1 ether, alice);
        coinVault.mint{value: 2 ether}(1 ether, alice);
        assertEq(ILiquidCoinVault.deposit.selector, IERC7575.deposit.selector);
        assertEq(ILiquidCoinVault.mint.selector, IERC7575.mint.selector);
        vm.stopPrank();
    }

    function test_share_lookup_leads_here() public view {
        assertEq(vault.vault(coinVault.asset()), address(coinVault));
        assertEq(coinVault.share(), address(vault));
        assertEq(coinVault.VAULT(), address(vault));
        assertEq(coinVault.MINTER(), address(minter));
    }

    // -------------------------------------------------------------------------------------------------------- operators

    function test_setOperator_sets_tells_and_returns_true() public {
        vm.startPrank(alice);
        vm.expectEmit(address(coinVault));
        emit OperatorSet(alice, bob, true);
        assertTrue(coinVault.setOperator(bob, true));
        assertTrue(coinVault.isOperator(alice, bob));
        assertFalse(coinVault.isOperator(bob, alice));
        vm.expectEmit(address(coinVault));
        emit OperatorSet(alice, bob, false);
        assertTrue(coinVault.setOperator(bob, false));
        assertFalse(coinVault.isOperator(alice, bob));
        vm.stopPrank();
    }

    function test_claims_are_the_controllers_or_its_operators() public {
        uint256 id = ask(alice, 10 ether);
        lineAfter();
        mature();
        bytes memory no = abi.encodeWithSelector(IAsyncRedeem.NotController.selector, alice, mallory);
        vm.startPrank(mallory);
        vm.expectRevert(no);
        coinVault.redeem(1, mallory, alice);
        vm.expectRevert(no);
        coinVault.withdraw(1, mallory, alice);
        vm.expectRevert(no);
        coinVault.claimRequest(id, mallory, alice);
        vm.expectRevert(no);
        coinVault.cancelRequest(mallory, alice);
        vm.stopPrank();
        vm.prank(alice);
        coinVault.setOperator(mallory, true);
        vm.prank(mallory);
        assertGt(coinVault.redeem(1 ether, mallory, alice), 0);
        vm.prank(alice);
        coinVault.setOperator(mallory, false);
        vm.prank(mallory);
        vm.expectRevert(no);
        coinVault.redeem(1, mallory, alice);
    }

    // --------------------------------------------------------------------------------------------------- requestRedeem

    function test_requestRedeem_takes_the_shares_and_tells() public {
        uint256 had = vault.balanceOf(alice);
        uint256 supply = vault.totalSupply();
        uint256 lst = vault.previewRedeem(10 ether);
        vm.expectEmit(address(coinVault));
        emit RedeemRequest(bob, alice, 1, alice, 10 ether);
        vm.prank(alice);
        uint256 id = coinVault.requestRedeem(10 ether, bob, alice);
        assertEq(id, minter.openRung() + 1);
        assertEq(vault.balanceOf(alice), had - 10 ether, "out of the owner's custody");
        assertEq(vault.totalSupply(), supply - 10 ether, "burned");
        assertEq(coinVault.pendingRedeemRequest(id, bob), 10 ether, "the controller's");
        assertEq(coinVault.pendingRedeemRequest(id, alice), 0);
        assertEq(coinVault.claimableRedeemRequest(id, bob), 0);
        (address owner, uint256 amount,) = minter.request(coinVault.ticketOf(id));
        assertEq(owner, address(coinVault));
        assertEq(amount, lst);
        assertEq(token.balanceOf(address(coinVault)), 0);
    }

    function test_requestRedeem_needs_owner_operator_or_allowance() public {
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, mallory, 0, 1 ether));
        coinVault.requestRedeem(1 ether, mallory, alice);
        vm.stopPrank();
        vm.prank(alice);
        vault.approve(mallory, 1 ether);
        vm.prank(mallory);
        coinVault.requestRedeem(1 ether, mallory, alice);
        assertEq(vault.allowance(alice, mallory), 0, "a finite allowance is spent");
        vm.prank(alice);
        vault.approve(mallory, type(uint256).max);
        vm.prank(mallory);
        coinVault.requestRedeem(1 ether, mallory, alice);
        assertEq(vault.allowance(alice, mallory), type(uint256).max, "an infinite one is not");
        vm.startPrank(alice);
        vault.approve(mallory, 1);
        coinVault.setOperator(mallory, true);
        vm.stopPrank();
        vm.prank(mallory);
        coinVault.requestRedeem(1 ether, mallory, alice);
        assertEq(vault.allowance(alice, mallory), 1, "an operator needs none");
    }

    /// The allowance of the entry point itself gives nobody anything.
    function test_requestRedeem_spends_the_callers_allowance_alone() public {
        vm.prank(alice);
        vault.approve(address(coinVault), type(uint256).max);
        vm.prank(mallory);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        coinVault.requestRedeem(1 ether, mallory, alice);
    }

    function test_requestRedeem_reverts_unless_all_shares_are_taken() public {
        uint256 have = vault.balanceOf(alice);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxRedeem.selector, alice, have + 1, have));
        coinVault.requestRedeem(have + 1, alice, alice);
        vm.expectRevert(IAsyncRedeem.ZeroAmount.selector);
        coinVault.requestRedeem(0, alice, alice);
        vm.expectRevert(IAsyncRedeem.ZeroAddress.selector);
        coinVault.requestRedeem(1 ether, address(0), alice);
        vm.expectPartialRevert(IAsyncRedeem.AmountTooLarge.selector);
        coinVault.requestRedeem(1 << 96, alice, alice);
        vm.stopPrank();
    }

    /// ERC-7540: a vault that ever answers 0 must always do. Rungs count from 0, ids from 1.
    function test_requestId_is_the_rung_and_never_zero() public {
        assertEq(minter.openRung(), 0);
        assertEq(ask(alice, 1 ether), 1);
        assertEq(ask(bob, 1 ether), 1);
        lineAfter();
        pass(1 hours);
        assertEq(ask(alice, 1 ether), 2);
    }

    function test_requests_go_on_while_paused_and_while_a_slash_is_unbooked() public {
        pauseDeposits();
        ask(alice, 1 ether);
        slashPending(1);
        ask(alice, 1 ether);
        assertEq(coinVault.pendingRedeemRequest(1, alice), 2 ether);
    }

    // --------------------------------------------------------------------------------------------------------- lifecycle

    function test_requests_do_not_skip_the_claim_and_nothing_is_pushed() public {
        uint256 id = ask(alice, 10 ether);
        lineAfter();
        mature();
        uint256 before = alice.balance;
        address[] memory users = new address[](1);
        uint256[] memory ids = new uint256[](1);
        (users[0], ids[0]) = (address(coinVault), coinVault.ticketOf(id));
        vm.prank(keeper);
        (uint256 pushed,) = minter.fulfillRequests(users, ids);
        assertEq(pushed, 0, "the minter pushes to no contract");
        assertEq(alice.balance, before);
        assertEq(coinVault.claimableRedeemRequest(id, alice), 10 ether);
        assertEq(coinVault.pendingRedeemRequest(id, alice), 0);
        claimed(alice, 10 ether);
        assertGt(alice.balance, before);
        assertEq(coinVault.claimableRedeemRequest(id, alice), 0);
    }

    function test_pending_and_claimable_share_nothing_and_add_up() public {
        uint256 id = ask(alice, 100 ether);
        lineAfter();
        proRata(30 ether);
        uint256 part = coinVault.claimableRedeemRequest(id, alice);
        assertGt(part, 0);
        assertLt(part, 100 ether);
        assertEq(coinVault.pendingRedeemRequest(id, alice), 100 ether - part);
        claimed(alice, part);
        assertEq(coinVault.claimableRedeemRequest(id, alice), 0);
        assertEq(coinVault.pendingRedeemRequest(id, alice), 100 ether - part);
        mature();
        assertEq(coinVault.pendingRedeemRequest(id, alice), 0);
        assertEq(coinVault.claimableRedeemRequest(id, alice), 100 ether - part);
    }

    function test_views_do_not_depend_on_the_caller_and_do_not_revert() public {
        uint256 id = ask(alice, 10 ether);
        vm.prank(mallory);
        assertEq(coinVault.pendingRedeemRequest(id, alice), 10 ether);
        uint256[4] memory ids = [uint256(0), 2, type(uint64).max, type(uint256).max];
        for (uint256 i; i < 4; ++i) {
            assertEq(coinVault.pendingRedeemRequest(ids[i], alice), 0);
            assertEq(coinVault.claimableRedeemRequest(ids[i], alice), 0);
            assertEq(coinVault.claimableAssets(ids[i], alice), 0);
            assertEq(coinVault.ticketOf(ids[i]), 0);
        }
        assertEq(coinVault.maxRedeem(mallory) + coinVault.maxWithdraw(mallory), 0);
    }

    function test_previews_of_redemption_revert_for_everybody() public {
        address[2] memory who = [alice, mallory];
        for (uint256 i; i < 2; ++i) {
            vm.startPrank(who[i]);
            vm.expectRevert(IAsyncRedeem.NoPreview.selector);
            coinVault.previewRedeem(i);
            vm.expectRevert(IAsyncRedeem.NoPreview.selector);
            coinVault.previewWithdraw(i);
            vm.stopPrank();
        }
    }

    /// Same id: same part claimable at the same time, and in the end the same coins for each share, however the claims fall.
    function test_requests_of_one_id_are_fungible() public {
        uint256 id = ask(alice, 100 ether);
        pass(40 minutes); // a dearer share by now
        assertEq(ask(bob, 50 ether), id);
        lineAfter();
        proRata(40 ether);
        uint256 a = coinVault.claimableRedeemRequest(id, alice);
        uint256 b = coinVault.claimableRedeemRequest(id, bob);
        assertApproxEqAbs(a, 2 * b, 2, "one fraction");
        assertApproxEqAbs(coinVault.claimableAssets(id, alice), 2 * coinVault.claimableAssets(id, bob), 2);
        uint256 got = claimed(alice, a);
        mature();
        got += claimed(alice, coinVault.maxRedeem(alice));
        uint256 other = claimed(bob, coinVault.maxRedeem(bob));
        assertApproxEqAbs(got, 2 * other, 3, "one price, though bob claimed once and at the end");
    }

    function test_ids_are_independent() public {
        uint256 first = ask(alice, 10 ether);
        lineAfter();
        pass(1 hours);
        uint256 second = ask(alice, 20 ether);
        lineAfter();
        pass(COOLDOWN - 1 hours);
        sweep(0);
        sweep(1);
        minter.finalize();
        assertEq(coinVault.claimableRedeemRequest(first, alice), 10 ether);
        assertLt(coinVault.claimableRedeemRequest(second, alice), 1 ether, "what surplus of the buffer covers");
        assertEq(coinVault.firstRequest(alice), first);
        assertEq(coinVault.nextRequest(alice, first), second);
        claimed(alice, 10 ether);
        assertEq(coinVault.firstRequest(alice), second);
        drain();
        claimed(alice, 20 ether);
        assertEq(coinVault.firstRequest(alice), 0);
    }

    // ------------------------------------------------------------------------------------------------------------- claims

    function test_redeem_transfers_no_shares_and_tells_with_the_controller() public {
        uint256 id = ask(alice, 10 ether);
        lineAfter();
        mature();
        uint256 supply = vault.totalSupply();
        uint256 mine = vault.balanceOf(alice);
        uint256 worth = coinVault.claimableAssets(id, alice);
        uint256 before = bob.balance;
        vm.expectEmit(address(coinVault));
        emit Withdraw(alice, bob, alice, worth, 10 ether);
        vm.prank(alice);
        assertEq(coinVault.redeem(10 ether, bob, alice), worth);
        assertEq(bob.balance - before, worth);
        assertEq(vault.totalSupply(), supply);
        assertEq(vault.balanceOf(alice), mine);
    }

    function test_redeem_and_withdraw_refuse_what_is_not_claimable() public {
        ask(alice, 10 ether);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAsyncRedeem.RedeemAboveClaimable.selector, alice, 1, 0));
        coinVault.redeem(1, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IAsyncRedeem.WithdrawAboveClaimable.selector, alice, 1, 0));
        coinVault.withdraw(1, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IAsyncRedeem.NothingToClaim.selector, 1, alice));
        coinVault.claimRequest(1, alice, alice);
        vm.stopPrank();
        lineAfter();
        mature();
        uint256 most = coinVault.maxWithdraw(alice);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IAsyncRedeem.RedeemAboveClaimable.selector, alice, 10 ether + 1, 10 ether)
        );
        coinVault.redeem(10 ether + 1, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IAsyncRedeem.WithdrawAboveClaimable.selector, alice, most + 1, most));
        coinVault.withdraw(most + 1, alice, alice);
        vm.expectRevert(IAsyncRedeem.ZeroAmount.selector);
        coinVault.redeem(0, alice, alice);
        vm.expectRevert(IAsyncRedeem.ZeroAddress.selector);
        coinVault.redeem(1, address(0), alice);
        coinVault.withdraw(most, alice, alice);
        vm.stopPrank();
        assertEq(coinVault.maxRedeem(alice), 0);
    }

    function testFuzz_maxRedeem_and_maxWithdraw_can_be_claimed_in_pieces(uint256 x, bool early) public {
        uint256 id = ask(alice, 100 ether);
        ask(bob, 33 ether + 1);
        lineAfter();
        if (early) proRata(30 ether);
        else mature();
        uint256 shares = coinVault.maxRedeem(alice);
        uint256 assets = coinVault.maxWithdraw(alice);
        assertEq(shares, coinVault.claimableRedeemRequest(id, alice));
        assertEq(assets, coinVault.claimableAssets(id, alice));
        uint256 some = bound(x, 1, shares - 1);
        uint256 got = claimed(alice, some);
        assertEq(got, assets * some / shares, "rounded down");
        uint256 rest = coinVault.maxWithdraw(alice);
        assertEq(rest, assets - got);
        uint256 piece = bound(x, 1, rest);
        uint256 left = coinVault.maxRedeem(alice);
        vm.prank(alice);
        uint256 burned = coinVault.withdraw(piece, alice, alice);
        assertEq(burned, piece == rest ? left : (piece * left + rest - 1) / rest, "rounded up");
        // Rounded up to the last share: less than a share's worth is left for the next funding, or as dust.
        assertEq(coinVault.maxWithdraw(alice), burned == left ? 0 : rest - piece);
        if (burned == left) assertLe(rest - piece, rest / left + 1);
    }

    // --------------------------------------------------------------------------------- ERC-4626 of the synchronous half

    function testFuzz_deposit_and_mint_do_as_previewed(uint256 x, bool loss) public {
        x = bound(x, 1e3, 100_000 ether);
        if (loss) {
            staking.slashValidator(1);
            minter.bookSlash(1);
        }
        vm.startPrank(mallory);
        uint256 said = coinVault.previewDeposit(x);
        assertLe(said, coinVault.convertToShares(x));
        vm.expectEmit(address(coinVault));
        emit Deposit(mallory, bob, x, said);
        uint256 had = vault.balanceOf(bob);
        assertEq(coinVault.deposit{value: x}(x, bob), said);
        assertEq(vault.balanceOf(bob) - had, said, "the receiver's balance rose by it");

        said = coinVault.previewMint(x);
        assertGe(said, coinVault.convertToAssets(x));
        had = vault.balanceOf(bob);
        uint256 before = mallory.balance;
        (uint256 t, uint256 s) = (vault.totalAssets(), vault.totalSupply());
        assertEq(coinVault.mint{value: said + 5 ether}(x, bob), said);
        assertEq(vault.balanceOf(bob) - had, x, "exactly shares");
        assertEq(before - mallory.balance, said, "the rest comes back");
        vm.stopPrank();
        assertNotCheaper(t, s);
    }

    function test_deposit_takes_exactly_its_assets() public {
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(ILiquidCoinVault.WrongValue.selector, 2 ether, 1 ether));
        coinVault.deposit{value: 1 ether}(2 ether, mallory);
        vm.expectRevert(abi.encodeWithSelector(ILiquidCoinVault.WrongValue.selector, 1 ether, 2 ether));
        coinVault.deposit{value: 2 ether}(1 ether, mallory);
        uint256 price = coinVault.previewMint(1 ether);
        vm.expectRevert(abi.encodeWithSelector(ILiquidCoinVault.WrongValue.selector, price, price - 1));
        coinVault.mint{value: price - 1}(1 ether, mallory);
        vm.expectRevert(ZeroAmount.selector);
        coinVault.deposit{value: 0}(0, mallory);
        vm.expectRevert(ZeroAmount.selector);
        coinVault.mint{value: 0}(0, mallory);
        vm.stopPrank();
    }

    function test_maxDeposit_and_maxMint_can_be_deposited_and_no_more() public {
        uint256 most = coinVault.maxDeposit(mallory);
        (uint256 coins,) = vault.pendingRewards(); // room is kept for a harvest, needed or not
        uint256 more = most + coins + 1;
        vm.deal(mallory, more);
        vm.prank(mallory);
        vm.expectRevert();
        coinVault.deposit{value: more}(more, mallory);
        uint256 snapshot = vm.snapshotState();
        vm.prank(mallory);
        coinVault.deposit{value: most}(most, mallory);
        vm.revertToState(snapshot);
        uint256 shares = coinVault.maxMint(mallory);
        assertLe(coinVault.previewMint(shares), most);
        vm.prank(mallory);
        coinVault.mint{value: most}(shares, mallory);
    }

    function test_maxDeposit_and_maxMint_are_zero_while_closed() public {
        pauseDeposits();
        assertEq(coinVault.maxDeposit(mallory), 0);
        assertEq(coinVault.maxMint(mallory), 0);
        uint256 said = coinVault.previewDeposit(1 ether);
        assertGt(said, 0, "previews know no limits");
        vm.prank(mallory);
        vm.expectPartialRevert(Paused.selector);
        coinVault.deposit{value: 1 ether}(1 ether, mallory);
    }

    function test_conversions_are_value_at_the_rate() public {
        assertEq(coinVault.totalAssets(), vault.totalAssets());
        staking.slashValidator(1);
        minter.bookSlash(1);
        uint256 rate = minter.rate();
        assertEq(coinVault.totalAssets(), vault.totalAssets() * rate / RAY);
        assertEq(coinVault.convertToAssets(5 ether), vault.convertToAssets(5 ether) * rate / RAY);
        assertEq(coinVault.convertToShares(5 ether), vault.convertToShares(5 ether * RAY / rate));
    }
}

/// What is ours: pools, cancellation, lists, losses, conservation.
contract LiquidCoinVaultTest is CoinVaultFixture {
    event RedeemRequestCancelled(
        address indexed controller, address indexed receiver, uint256 indexed requestId, uint256 shares, uint256 lst
    );

    /// One ticket for each rung, whoever asks and how often.
    function test_one_ticket_for_a_rung() public {
        uint256 lst = vault.previewRedeem(10 ether);
        uint256 id = ask(alice, 10 ether);
        uint256 first = coinVault.ticketOf(id);
        lst += vault.previewRedeem(5 ether);
        ask(bob, 5 ether);
        lst += vault.previewRedeem(1 ether);
        ask(alice, 1 ether);
        uint256 ticket = coinVault.ticketOf(id);
        assertEq(ticket, first + 2);
        (address owner,,) = minter.request(first);
        assertEq(owner, address(0), "the first was taken back");
        (, uint256 amount,) = minter.request(ticket);
        assertApproxEqAbs(amount, lst, 2);
        assertEq(minter.line().stagedLst, amount);
        (uint256 shares, uint256 coins) = coinVault.pool(id);
        assertEq(shares, 16 ether);
        assertEq(coins, 0);
    }

    /// To the wei: a request of one, closed, departed, matured, claimed, at the line's fee of 5 bps.
    function test_a_whole_exit_to_the_wei() public {
        uint256 lst = vault.previewRedeem(100 ether);
        uint256 id = ask(alice, 100 ether);
        lineAfter();
        mature();
        uint256 fee = (lst * 5 + 9_999) / 10_000;
        uint256 before = alice.balance;
        assertEq(coinVault.claimableAssets(id, alice), lst - fee);
        assertEq(claimed(alice, 100 ether), lst - fee);
        assertEq(alice.balance - before, lst - fee);
        assertEq(address(coinVault).balance, 0);
        assertEq(coinVault.firstRequest(alice), 0);
    }

    function test_cancel_gives_the_pools_part_back_as_lst() public {
        uint256 lst = vault.previewRedeem(10 ether);
        uint256 id = ask(alice, 10 ether);
        uint256 more = vault.previewRedeem(30 ether);
        ask(bob, 30 ether);
        uint256 before = token.balanceOf(carol);
        vm.expectEmit(address(coinVault));
        emit RedeemRequestCancelled(bob, carol, id, 30 ether, (lst + more) * 3 / 4);
        vm.prank(bob);
        assertEq(coinVault.cancelRequest(carol, bob), (lst + more) * 3 / 4);
        assertEq(token.balanceOf(carol) - before, (lst + more) * 3 / 4);
        assertEq(coinVault.pendingRedeemRequest(id, bob), 0);
        assertEq(coinVault.pendingRedeemRequest(id, alice), 10 ether);
        assertEq(coinVault.firstRequest(bob), 0);
        // And the last one empties the pool; the rung can be asked for again.
        vm.prank(alice);
        coinVault.cancelRequest(alice, alice);
        assertEq(coinVault.ticketOf(id), 0);
        assertEq(minter.line().stagedLst, 0);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAsyncRedeem.NothingToCancel.selector, id, alice));
        coinVault.cancelRequest(alice, alice);
        assertEq(ask(alice, 1 ether), id);
        assertEq(coinVault.pendingRedeemRequest(id, alice), 1 ether);
        vm.prank(alice);
        vm.expectRevert(IAsyncRedeem.ZeroAddress.selector);
        coinVault.cancelRequest(address(0), alice);
        closeRung();
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAsyncRedeem.NothingToCancel.selector, id + 1, alice));
        coinVault.cancelRequest(alice, alice);
    }

    function test_cancel_behind_an_older_request_and_ask_again() public {
        uint256 first = ask(alice, 10 ether);
        lineAfter();
        pass(1 hours);
        uint256 second = ask(alice, 5 ether);
        vm.startPrank(alice);
        coinVault.cancelRequest(alice, alice);
        assertEq(coinVault.firstRequest(alice), first);
        coinVault.requestRedeem(7 ether, alice, alice);
        vm.stopPrank();
        assertEq(coinVault.nextRequest(alice, first), second);
        assertEq(coinVault.nextRequest(alice, second), 0, "once in the list");
        lineAfter();
        pass(1 hours);
        uint256 third = ask(alice, 1 ether);
        lineAfter();
        drain();
        assertEq(coinVault.maxRedeem(alice), 18 ether);
        // Out of turn, then the rest in turn.
        vm.prank(alice);
        (uint256 shares,) = coinVault.claimRequest(second, alice, alice);
        assertEq(shares, 7 ether);
        assertEq(coinVault.maxRedeem(alice), 11 ether);
        claimed(alice, 11 ether);
        assertEq(coinVault.firstRequest(alice), 0);
        assertEq(coinVault.nextRequest(alice, second) + coinVault.nextRequest(alice, third), 0);
    }

    /// Somebody's dust in twenty rungs delays a claim by a call; the own request is reached by its id at once.
    function test_dust_requests_of_others_hide_nothing() public {
        vm.prank(bob);
        vault.approve(mallory, type(uint256).max);
        for (uint256 i; i < 20; ++i) {
            vm.prank(mallory);
            coinVault.requestRedeem(1e6, alice, bob);
            closeRung();
            pass(1 hours);
        }
        uint256 id = ask(alice, 10 ether);
        lineAfter();
        mature();
        minter.finalize();
        assertEq(coinVault.claimableRedeemRequest(id, alice), 10 ether);
        assertEq(coinVault.maxRedeem(alice), 16e6, "the sixteen oldest");
        uint256 snapshot = vm.snapshotState();
        vm.prank(alice);
        (uint256 shares,) = coinVault.claimRequest(id, alice, alice);
        assertEq(shares, 10 ether);
        vm.revertToState(snapshot);
        claimed(alice, 16e6);
        assertEq(coinVault.maxRedeem(alice), 4e6 + 10 ether);
        claimed(alice, 4e6 + 10 ether);
        assertEq(coinVault.firstRequest(alice), 0);
    }

    /// A loss between two fundings: whoever claimed the first part early and whoever waits get the same in the end.
    function test_a_loss_between_two_fundings_is_shared_alike() public {
        uint256 id = ask(alice, 50 ether);
        ask(bob, 50 ether);
        lineAfter();
        proRata(40 ether);
        uint256 got = claimed(alice, coinVault.maxRedeem(alice));
        staking.slashValidator(1);
        minter.bookSlash(1);
        mature();
        got += claimed(alice, coinVault.maxRedeem(alice));
        assertEq(coinVault.pendingRedeemRequest(id, alice), 0, "all is funded");
        uint256 other = claimed(bob, 50 ether);
        assertApproxEqAbs(got, other, 1);
        assertLe(address(coinVault).balance, 2, "a wei for each controller and rung");
    }

    /// Nothing came: nothing is claimable, whatever later rungs round.
    function test_rounding_of_later_rungs_makes_nothing_claimable() public {
        uint256 id = ask(alice, 100 ether + 1);
        lineAfter();
        for (uint256 i; i < 5; ++i) {
            pass(1 hours);
            ask(bob, 1 ether + i * 7 + 1);
            closeRung();
            assertEq(coinVault.claimableRedeemRequest(id, alice), 0);
            assertEq(coinVault.maxRedeem(alice), 0);
        }
    }

    function testFuzz_pro_rata_over_three_rungs_conserves(uint256 a, uint256 b, uint256 c, uint256 spend) public {
        a = bound(a, 1e6, 100 ether);
        b = bound(b, 1e6, 100 ether);
        c = bound(c, 1e6, 100 ether);
        uint256 first = ask(alice, a);
        ask(bob, b);
        lineAfter();
        pass(1 hours);
        uint256 second = ask(bob, c);
        lineAfter();
        uint256 open = minter.line().openLst;
        spend = bound(spend, open / 100, open * 9 / 10);
        submit(carol, spend + 2_000 ether);
        vm.prank(keeper);
        minter.fulfillProRata(new address[](0), new uint256[](0), spend);
        uint256 paid;
        if (coinVault.maxRedeem(alice) != 0) paid += claimed(alice, coinVault.maxRedeem(alice));
        drain();
        for (uint256 i; i < 2; ++i) {
            address who = i == 0 ? alice : bob;
            uint256 most = coinVault.maxRedeem(who);
            if (most != 0) paid += claimed(who, most);
            assertEq(coinVault.maxRedeem(who), 0);
        }
        assertEq(coinVault.pendingRedeemRequest(first, alice) + coinVault.pendingRedeemRequest(first, bob), 0);
        assertEq(coinVault.pendingRedeemRequest(second, bob), 0);
        (, uint256 x) = coinVault.pool(first);
        (, uint256 y) = coinVault.pool(second);
        assertEq(address(coinVault).balance, x + y - paid, "to the wei");
        assertLe(x + y - paid, 3, "a wei for each controller and rung");
    }

    function test_coins_come_from_the_minter_alone_and_vaults_fit() public {
        vm.prank(alice);
        (bool ok, bytes memory why) = address(coinVault).call{value: 1 ether}("");
        assertFalse(ok);
        assertEq(why, abi.encodeWithSelector(ILiquidCoinVault.NotMinter.selector, alice));
        vm.expectRevert(bytes("LiquidCoinVault"));
        this.make();
    }

    function make() external {
        create("LiquidCoinVault", abi.encode(vault));
    }

    function test_a_receiver_that_refuses_keeps_its_claim() public {
        ask(alice, 10 ether);
        lineAfter();
        mature();
        vm.prank(alice);
        vm.expectPartialRevert(ILiquidCoinVault.TransferFailed.selector);
        coinVault.redeem(10 ether, address(token), alice);
        assertEq(coinVault.maxRedeem(alice), 10 ether);
        claimed(alice, 10 ether);
    }

    /// Coins and LST that nobody asked for change nothing here.
    function test_donations_change_nothing() public {
        uint256 id = ask(alice, 10 ether);
        uint256 theirs = requestExit(bob, 5 ether);
        lineAfter();
        mature();
        uint256 worth = coinVault.claimableAssets(id, alice);
        vm.deal(address(coinVault), 7 ether);
        (uint256[] memory ha, uint256[] memory hb) = minter.findHints(one(theirs));
        vm.prank(bob);
        minter.claimTo(theirs, ha[0], hb[0], address(coinVault));
        vm.prank(bob);
        token.transfer(address(coinVault), 1 ether);
        assertEq(coinVault.claimableAssets(id, alice), worth);
        assertEq(claimed(alice, 10 ether), worth);
    }

    function one(uint256 id) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = id;
    }
}
