// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {VaultFixture} from "./VaultFixture.sol";

/// Both vaults under whatever order of calls, against these invariants:
/// 1. A share's price (totalAssets + V) / (totalSupply + V) never falls. A loss raises it by the coins that wait, if at all.
/// 2. lstHeld is there, coinsHeld is there.
/// 3. A harvest moves totalAssets by 0 wei.
/// 4. The coin vault's coins are what was collected less what was paid, to the wei.
/// 5. Nobody's claims together exceed what a pool collected and can collect.
/// 6. maxWithdraw and maxRedeem can be taken.
/// 7. In the end everything can leave, and what stays is dust: V's part, and a wei for each controller and request.
contract VaultHandler is VaultFixture {
    uint256 internal constant ACTORS = 4;
    address[ACTORS] internal actors;

    uint256 public paidOut;
    uint256 public requests;
    uint256 public calls;
    mapping(bytes4 => uint256) public went;

    constructor() {
        setUp();
        actors = [alice, bob, carol, mallory];
        submit(mallory, 1_000 ether);
        vm.prank(admin);
        minter.sealSetup();
    }

    receive() external payable {}

    modifier step(uint256 wait) {
        pass(bound(wait, 0, 6 hours));
        uint256 t = vault.totalAssets();
        uint256 s = vault.totalSupply();
        _;
        ++calls;
        assertNotCheaper(t, s);
        assertLe(vault.lstHeld(), token.balanceOf(address(vault)), "2: LST");
        assertLe(vault.coinsHeld(), address(vault).balance, "2: coins");
    }

    function who(uint256 i) internal view returns (address) {
        return actors[i % ACTORS];
    }

    function ok(bytes4 sig) internal {
        ++went[sig];
    }

    function deposit(uint256 i, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        if (vault.maxDeposit(a) == 0) return;
        x = bound(x, 0, token.balanceOf(a));
        if (vault.previewDeposit(x) == 0) return;
        uint256 said = vault.previewDeposit(x);
        vm.prank(a);
        assertEq(vault.deposit(x, a), said);
        ok(this.deposit.selector);
    }

    function mint(uint256 i, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        if (vault.maxMint(a) == 0) return;
        x = bound(x, 0, vault.convertToShares(token.balanceOf(a)));
        uint256 said = vault.previewMint(x);
        if (x == 0 || said > token.balanceOf(a)) return;
        vm.prank(a);
        assertEq(vault.mint(x, a), said);
        ok(this.mint.selector);
    }

    function withdraw(uint256 i, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        uint256 most = vault.maxWithdraw(a);
        if (most == 0) return;
        x = x % 4 == 0 ? most : bound(x, 1, most);
        uint256 said = vault.previewWithdraw(x);
        vm.prank(a);
        assertEq(vault.withdraw(x, a, a), said, "6");
        ok(this.withdraw.selector);
    }

    function redeem(uint256 i, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        uint256 most = vault.maxRedeem(a);
        if (most == 0) return;
        x = x % 4 == 0 ? most : bound(x, 1, most);
        uint256 said = vault.previewRedeem(x);
        vm.prank(a);
        assertEq(vault.redeem(x, a, a), said, "6");
        ok(this.redeem.selector);
    }

    function inKind(uint256 i, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        if (vault.balanceOf(a) == 0) return;
        x = bound(x, 1, vault.balanceOf(a));
        uint256 worth = vault.previewRedeem(x);
        uint256 rate = minter.rate();
        vm.prank(a);
        (uint256 lst, uint256 coins) = vault.redeemInKind(x, a, a);
        assertLe(lst + coins * RAY / rate, worth + 1, "worth at most a redemption");
        ok(this.inKind.selector);
    }

    function enterByCoin(uint256 i, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        x = bound(x, 2, 100 ether);
        if (coinVault.maxDeposit(a) < x || coinVault.previewDeposit(x) == 0) return;
        uint256 said = coinVault.previewDeposit(x);
        vm.prank(a);
        if (x % 2 == 0) assertEq(minter.submitAndDeposit{value: x}(a, 0), said);
        else assertEq(coinVault.deposit{value: x}(x, a), said);
        ok(this.enterByCoin.selector);
    }

    function mintByCoin(uint256 i, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        x = bound(x, 1, 100 ether);
        if (coinVault.maxMint(a) < x) return;
        uint256 said = coinVault.previewMint(x);
        if (said + 3 > a.balance) return;
        vm.prank(a);
        assertEq(coinVault.mint{value: said + 3}(x, a), said);
        ok(this.mintByCoin.selector);
    }

    function harvest(uint256 wait) external step(wait) {
        uint256 t = vault.totalAssets();
        try vault.harvest() {
            assertEq(vault.totalAssets(), t, "3");
            assertEq(vault.lstHeld(), t, "3: nothing waits");
            ok(this.harvest.selector);
        } catch {
            assertEq(vault.maxDeposit(alice), 0, "a harvest fails while deposits are closed alone");
        }
    }

    function load(uint256 x, uint256 wait) external step(wait) {
        minter.loadRewards{value: bound(x, 1, 50 ether)}();
    }

    function donate(uint256 i, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        x = bound(x, 0, token.balanceOf(a) / 10);
        uint256 t = vault.totalAssets();
        vm.prank(a);
        token.transfer(x % 2 == 0 ? address(vault) : address(coinVault), x);
        assertEq(vault.totalAssets(), t);
    }

    function ask(uint256 i, uint256 k, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        uint256 most = vault.maxRedeem(a);
        if (most == 0) return;
        vm.prank(a);
        coinVault.requestRedeem(bound(x, 1, most), who(k), a);
        ++requests;
        ok(this.ask.selector);
    }

    function cancel(uint256 i, uint256 wait) external step(wait) {
        address a = who(i);
        uint256 id = minter.openRung() + 1;
        if (coinVault.pendingRedeemRequest(id, a) == 0) return;
        vm.prank(a);
        assertGt(coinVault.cancelRequest(a, a), 0);
        assertEq(coinVault.pendingRedeemRequest(id, a), 0);
        ok(this.cancel.selector);
    }

    function claim(uint256 i, uint256 x, uint256 wait) external step(wait) {
        address a = who(i);
        uint256 shares = coinVault.maxRedeem(a);
        uint256 assets = coinVault.maxWithdraw(a);
        if (shares == 0 || assets == 0) return;
        uint256 before = a.balance;
        uint256 how = x % 4;
        vm.startPrank(a);
        if (how == 0) assertEq(coinVault.redeem(shares, a, a), assets, "6");
        else if (how == 1) coinVault.redeem(bound(x, 1, shares), a, a);
        else if (how == 2) coinVault.withdraw(bound(x, 1, assets), a, a);
        else _claimFirst(a);
        vm.stopPrank();
        paidOut += a.balance - before;
        ok(this.claim.selector);
    }

    function _claimFirst(address a) private {
        uint256 id = coinVault.firstRequest(a);
        uint256 most = coinVault.claimableRedeemRequest(id, a);
        if (most == 0) return;
        uint256 worth = coinVault.claimableAssets(id, a);
        (uint256 shares, uint256 assets) = coinVault.claimRequest(id, a, a);
        assertEq(shares, most);
        assertEq(assets, worth);
    }

    function line(uint256 x, uint256 wait) external step(wait) {
        pass(x % 2 == 0 ? 1 hours : 3 days);
        vm.startPrank(keeper);
        try minter.closeRung() {} catch {}
        try minter.processBatchUnstake() {} catch {}
        try minter.sweepMaturedBuckets(0, 8) {} catch {}
        try minter.sweepMaturedBuckets(1, 8) {} catch {}
        if (x % 3 == 0) try minter.fulfillProRata(new address[](0), new uint256[](0), 5 ether) {} catch {}
        try minter.finalize() {} catch {}
        if (x % 5 == 0) try minter.rebalance() {} catch {}
        vm.stopPrank();
    }

    function weather(uint256 x, uint256 wait) external step(wait) {
        vm.startPrank(guardian);
        try minter.pauseDeposits(x % 2 == 0) {} catch {}
        vm.stopPrank();
    }

    bool public slashed;

    function slash(uint256 x, uint256 wait) external step(wait) {
        if (slashed) {
            if (x % 2 == 0) try minter.bookSlash(1) {} catch {}
            return;
        }
        if (calls < 40) return;
        slashed = true;
        staking.slashValidator(1);
        if (x % 2 == 0) minter.syncValidators();
    }

    // -------------------------------------------------------------------------------------------------------- the checks

    function check() external view {
        uint256 collected;
        uint256 rungs = minter.openRung() + 1;
        for (uint256 id = 1; id <= rungs; ++id) {
            (uint256 shares, uint256 coins) = coinVault.pool(id);
            collected += coins;
            uint256 ticket = coinVault.ticketOf(id);
            uint256 net;
            if (ticket != 0) (net,,) = minter.requestFunding(ticket);
            uint256 claims;
            uint256 part;
            for (uint256 i; i < ACTORS; ++i) {
                claims += coinVault.claimableAssets(id, actors[i]);
                part += coinVault.claimableRedeemRequest(id, actors[i]) + coinVault.pendingRedeemRequest(id, actors[i]);
            }
            assertLe(claims, coins + net, "5");
            assertLe(part, shares, "5: shares");
        }
        assertEq(address(coinVault).balance, collected - paidOut, "4");
        assertGe(vault.totalAssets() + 1, vault.totalSupply(), "1: a share is an LST at least");
    }

    /// 7.
    function end() external {
        vm.prank(guardian);
        try minter.pauseDeposits(false) {} catch {}
        minter.syncValidators();
        try minter.bookSlash(1) {} catch {}
        for (uint256 i; i < ACTORS; ++i) {
            uint256 shares = vault.balanceOf(actors[i]);
            vm.prank(actors[i]);
            if (shares != 0) coinVault.requestRedeem(shares, actors[i], actors[i]);
        }
        assertEq(vault.totalSupply(), 0);
        for (uint256 k; k < 60 && (k == 0 || minter.line().openLst != 0); ++k) {
            pass(3 days);
            vm.startPrank(keeper);
            try minter.closeRung() {} catch {}
            minter.processBatchUnstake();
            minter.sweepMaturedBuckets(0, 8);
            minter.sweepMaturedBuckets(1, 8);
            minter.finalize();
            vm.stopPrank();
        }
        assertEq(minter.line().openLst, 0, "the line is funded");
        uint256 dust;
        uint256 rungs = minter.openRung();
        for (uint256 i; i < ACTORS; ++i) {
            address a = actors[i];
            uint256 before = a.balance;
            while (coinVault.firstRequest(a) != 0) {
                uint256 id = coinVault.firstRequest(a);
                assertEq(coinVault.pendingRedeemRequest(id, a), 0);
                vm.prank(a);
                coinVault.claimRequest(id, a, a);
            }
            paidOut += a.balance - before;
        }
        for (uint256 id = 1; id <= rungs; ++id) {
            (, uint256 coins) = coinVault.pool(id);
            dust += coins;
        }
        dust -= paidOut;
        assertEq(address(coinVault).balance, dust);
        // A wei of rounding for each controller and request, and at most one for each withdrawal to the last share.
        assertLe(dust, requests + ACTORS + went[this.claim.selector] * 2);
    }
}

contract LiquidVaultInvariantTest is VaultFixture {
    VaultHandler internal handler;

    function setUp() public override {
        handler = new VaultHandler();
        vm.deal(address(handler), 1_000_000 ether);
        targetContract(address(handler));
        bytes4[] memory sigs = new bytes4[](17);
        sigs[0] = VaultHandler.deposit.selector;
        sigs[1] = VaultHandler.mint.selector;
        sigs[2] = VaultHandler.withdraw.selector;
        sigs[3] = VaultHandler.redeem.selector;
        sigs[4] = VaultHandler.inKind.selector;
        sigs[5] = VaultHandler.enterByCoin.selector;
        sigs[6] = VaultHandler.mintByCoin.selector;
        sigs[7] = VaultHandler.harvest.selector;
        sigs[8] = VaultHandler.load.selector;
        sigs[9] = VaultHandler.donate.selector;
        sigs[10] = VaultHandler.ask.selector;
        sigs[11] = VaultHandler.cancel.selector;
        sigs[12] = VaultHandler.claim.selector;
        sigs[13] = VaultHandler.line.selector;
        sigs[14] = VaultHandler.line.selector;
        sigs[15] = VaultHandler.weather.selector;
        sigs[16] = VaultHandler.slash.selector;
        targetSelector(FuzzSelector({addr: address(handler), selectors: sigs}));
    }

    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: lite.invariant.fail-on-revert = true
    function invariant_all() public view {
        handler.check();
    }

    function afterInvariant() public {
        handler.end();
    }
}
