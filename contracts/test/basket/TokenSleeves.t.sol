// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "../../src/basket/ISleeve.sol";
import {CoreSleeve} from "../../src/basket/sleeves/CoreSleeve.sol";
import {Erc4626Sleeve} from "../../src/basket/sleeves/Erc4626Sleeve.sol";
import {HeldSleeve} from "../../src/basket/sleeves/HeldSleeve.sol";
import {ICoreSleeve} from "../../src/basket/sleeves/ICoreSleeve.sol";
import {LstBtcSleeve} from "../../src/basket/sleeves/LstBtcSleeve.sol";
import {Outside} from "../../src/basket/sleeves/Outside.sol";
import {SleeveBase} from "../../src/basket/sleeves/SleeveBase.sol";
import {LocalToken} from "../../src/dev/LocalToken.sol";
import {LocalWbtc} from "../../src/dev/LocalWbtc.sol";
import {ICoreStakeHub} from "../../src/staking/ICoreStakeHub.sol";
import {Bomb, GasBurner, SleeveWorld} from "./SleeveWorld.sol";
import {ERC20, ERC4626, IERC20} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @dev A token that answers false, or nothing, and moves or does not.
contract OddToken is ERC20("Odd", "ODD") {
    bool public answersFalse;
    bool public silent;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function set(bool answersFalse_, bool silent_) external {
        (answersFalse, silent) = (answersFalse_, silent_);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (answersFalse) return false;
        _transfer(msg.sender, to, amount);
        if (silent) {
            assembly {
                return(0, 0)
            }
        }
        return true;
    }
}

/// @dev A vault with a fee on exits and a limit, as a lender whose coins are lent out has it.
contract Farm is ERC4626 {
    uint256 public feeBps;
    uint256 public hiddenBps;
    uint256 public limit = type(uint256).max;

    constructor(IERC20 asset) ERC4626(asset) ERC20("Farm", "FARM") {}

    function set(uint256 feeBps_, uint256 hiddenBps_, uint256 limit_) external {
        (feeBps, hiddenBps, limit) = (feeBps_, hiddenBps_, limit_);
    }

    function maxRedeem(address owner) public view override returns (uint256) {
        return Math.min(limit, super.maxRedeem(owner));
    }

    function previewRedeem(uint256 shares) public view override returns (uint256) {
        uint256 worth = super.previewRedeem(shares);
        return worth - worth * feeBps / 10_000;
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
    {
        super._withdraw(caller, receiver, owner, assets - assets * hiddenBps / 10_000, shares);
    }
}

contract TokenSleevesTest is SleeveWorld {
    function setUp() public {
        deployWorld();
    }

    // ------------------------------------------------------------------------------------------------------- held token

    function test_a_held_token_is_paid_in_kind_whichever_way_it_goes() public {
        LocalWbtc wbtc = new LocalWbtc("Wrapped BTC", "WBTC");
        HeldSleeve sleeve = new HeldSleeve(address(basket), address(wbtc));
        strangersAreRefused(sleeve);
        assertEq(sleeve.TOKEN(), address(wbtc));
        assertEq(sleeve.EPOCH_TOKEN(), address(wbtc));
        assertEq(sleeve.exitTime(), 0);
        assertEq(sleeve.rate(), 0);
        wbtc.mint(address(sleeve), 5e8);
        assertEq(sleeve.held(), 5e8);
        assertEq(sleeve.instantCapacity(), 5e8);
        vm.expectEmit(address(sleeve));
        emit ISleeve.Delivered(alice, 2e8);
        deliver(sleeve, 2e8, alice);
        vm.expectEmit(address(sleeve));
        emit ISleeve.Unbonded(0, 1e8, 1e8, address(wbtc));
        (uint256 ticket, uint256 paid, address asset) = unbond(sleeve, 1e8);
        assertEq(ticket, 0);
        assertEq(paid, 1e8);
        assertEq(asset, address(wbtc));
        assertEq(wbtc.balanceOf(alice), 2e8);
        assertEq(wbtc.balanceOf(queue), 1e8);
        (uint256 units, uint256 coins) = harvest(sleeve);
        assertEq(units, 2e8);
        assertEq(coins, 0);
        vm.startPrank(address(basket));
        assertEq(sleeve.delegateIdle(0), 0);
        vm.expectRevert(ISleeve.NotPayable.selector);
        sleeve.enter{value: 1}();
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotEnough.selector, 2e8 + 1, 2e8));
        sleeve.deliver(2e8 + 1, alice);
        vm.expectRevert(ISleeve.ZeroAddress.selector);
        sleeve.deliver(1, address(0));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.UnknownTicket.selector, 1));
        sleeve.collect(1, queue);
        vm.stopPrank();
    }

    function test_b26_a_blacklisted_sleeve_or_receiver_waits_and_loses_nothing() public {
        btc.setMinterCap(address(this), 10e8);
        HeldSleeve sleeve = new HeldSleeve(address(basket), address(btc));
        btc.mint(address(sleeve), 3e8);
        // The receiver is listed: another one is named.
        btc.setBlacklisted(alice, true);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.TransferFailed.selector, alice, 1e8));
        sleeve.deliver(1e8, alice);
        deliver(sleeve, 1e8, bob);
        // The sleeve is listed: nothing moves, nothing is lost, the books can be read.
        btc.setBlacklisted(address(sleeve), true);
        vm.startPrank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.TransferFailed.selector, bob, 1e8));
        sleeve.deliver(1e8, bob);
        vm.expectRevert(abi.encodeWithSelector(ISleeve.TransferFailed.selector, queue, 1e8));
        sleeve.unbond(1e8, queue);
        vm.stopPrank();
        (uint256 units,) = harvest(sleeve);
        assertEq(units, 2e8);
        btc.setBlacklisted(address(sleeve), false);
        unbond(sleeve, 2e8);
        assertEq(btc.balanceOf(bob), 1e8);
        assertEq(btc.balanceOf(queue), 2e8);
        assertEq(sleeve.held(), 0);
    }

    function test_tokens_that_answer_nothing_pay_and_tokens_that_answer_false_do_not() public {
        OddToken odd = new OddToken();
        HeldSleeve sleeve = new HeldSleeve(address(basket), address(odd));
        odd.mint(address(sleeve), 100);
        odd.set(false, true);
        deliver(sleeve, 40, alice);
        assertEq(odd.balanceOf(alice), 40);
        odd.set(true, false);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.TransferFailed.selector, alice, 10));
        sleeve.deliver(10, alice);
        assertEq(sleeve.held(), 60);
        vm.expectRevert(abi.encodeWithSelector(SleeveBase.NoCode.selector, carol));
        new HeldSleeve(address(basket), carol);
    }

    function test_b16_a_token_that_burns_gas_or_bombs_reverts_in_the_sleeves_own_words() public {
        LocalWbtc wbtc = new LocalWbtc("Wrapped BTC", "WBTC");
        HeldSleeve sleeve = new HeldSleeve(address(basket), address(wbtc));
        wbtc.mint(address(sleeve), 5e8);
        uint256 limit = sleeve.DELIVER_GAS();
        bytes memory good = address(wbtc).code;
        for (uint256 i; i < 2; ++i) {
            vm.etch(address(wbtc), i == 0 ? type(Bomb).runtimeCode : type(GasBurner).runtimeCode);
            vm.prank(address(basket));
            (bool ok, bytes memory said) = address(sleeve).call{gas: limit}(abi.encodeCall(ISleeve.deliver, (1e8, bob)));
            assertFalse(ok);
            assertLe(said.length, 68, "its own words, or none");
        }
        vm.etch(address(wbtc), good);
        vm.prank(address(basket));
        sleeve.deliver{gas: limit}(5e8, bob);
        assertEq(wbtc.balanceOf(bob), 5e8);
    }

    // ----------------------------------------------------------------------------------------------------------- lstBTC

    function test_lst_btc_alone_sends_its_yield_to_the_basket() public {
        LstBtcSleeve sleeve = new LstBtcSleeve(address(basket), address(lst), address(stakeHub), address(0));
        strangersAreRefused(sleeve);
        bitcoin.setReward(100 ether);
        lst.mint(address(sleeve), 2e8);
        at(2, 1);
        uint256 before = address(basket).balance;
        (uint256 units, uint256 coins) = harvest(sleeve);
        assertEq(units, 2e8);
        assertEq(coins, 20 ether, "100 at grade 0: 20 %");
        assertEq(address(basket).balance - before, 20 ether);
        // Kinds are not told apart, and gifts are yield.
        stakeHub.addHashReward(address(sleeve), 3 ether);
        vm.prank(bob);
        (bool ok,) = address(sleeve).call{value: 1 ether}("");
        assertTrue(ok);
        (, coins) = harvest(sleeve);
        assertEq(coins, 4 ether);
        (, coins) = harvest(sleeve);
        assertEq(coins, 0);
    }

    function test_lst_btc_legs_are_in_kind_and_wait_for_a_pause() public {
        LstBtcSleeve sleeve = new LstBtcSleeve(address(basket), address(lst), address(stakeHub), address(0));
        lst.mint(address(sleeve), 2e8);
        lst.setPaused(true);
        vm.startPrank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.TransferFailed.selector, alice, 1e8));
        sleeve.deliver(1e8, alice);
        vm.expectRevert(abi.encodeWithSelector(ISleeve.TransferFailed.selector, queue, 1e8));
        sleeve.unbond(1e8, queue);
        vm.stopPrank();
        lst.setPaused(false);
        deliver(sleeve, 1e8, alice);
        (uint256 ticket, uint256 paid, address asset) = unbond(sleeve, 1e8);
        assertEq(ticket, 0);
        assertEq(paid, 1e8);
        assertEq(asset, address(lst));
        assertEq(lst.balanceOf(alice), 1e8);
        assertEq(lst.balanceOf(queue), 1e8);
        vm.prank(address(basket));
        vm.expectRevert(abi.encodeWithSelector(ISleeve.NotEnough.selector, 1, 0));
        sleeve.deliver(1, alice);
    }

    function test_lst_btc_at_the_delegating_address_gets_its_grade() public {
        CoreSleeve core = new CoreSleeve(address(basket), address(agent), address(stakeHub), address(hub));
        LstBtcSleeve sleeve = new LstBtcSleeve(address(basket), address(lst), address(stakeHub), address(core));
        address[] memory list = new address[](1);
        list[0] = v1;
        uint8[] memory weights = new uint8[](1);
        weights[0] = 1;
        vm.prank(timelock);
        core.setValidators(list, weights);
        hub.setReward(v1, 0);
        bitcoin.setReward(100 ether);
        lst.mint(address(sleeve), 2e8);

        // Not named yet: the tokens stay.
        harvest(sleeve);
        assertEq(lst.balanceOf(address(sleeve)), 2e8);
        vm.startPrank(timelock);
        HeldSleeve foreign = new HeldSleeve(alice, address(btc));
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.BadTenant.selector, address(foreign)));
        core.setTenant(address(foreign));
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.BadTenant.selector, address(core)));
        core.setTenant(address(core));
        core.setTenant(address(sleeve));
        vm.expectRevert(abi.encodeWithSelector(ICoreSleeve.TenantSet.selector, address(sleeve)));
        core.setTenant(address(sleeve));
        vm.stopPrank();
        assertEq(sleeve.held(), 2e8, "the same before");

        // Paused, they wait here; then they go over, and 10,000 CORE are delegated beside them: 5,000 for each BTC.
        lst.setPaused(true);
        harvest(sleeve);
        lst.setPaused(false);
        (uint256 units,) = harvest(sleeve);
        assertEq(units, 2e8, "and after");
        assertEq(lst.balanceOf(address(core)), 2e8);
        vm.prank(address(basket));
        core.enter{value: 10_002 ether}();
        at(0, 23);
        vm.prank(address(basket));
        core.delegateIdle(0);
        at(2, 1);
        (units,) = harvest(core);
        assertEq(units, 10_002 ether + 100 ether, "the whole reward, in the sleeve of CORE");

        // Legs come from both places.
        lst.mint(address(sleeve), 1e8);
        assertEq(sleeve.held(), 3e8);
        deliver(sleeve, 1.5e8, alice);
        assertEq(lst.balanceOf(alice), 1.5e8);
        assertEq(lst.balanceOf(address(core)), 1.5e8);
        unbond(sleeve, 1.5e8);
        assertEq(lst.balanceOf(queue), 1.5e8);
        assertEq(sleeve.held(), 0);
        vm.expectRevert(abi.encodeWithSelector(LstBtcSleeve.BadHost.selector, address(core)));
        new LstBtcSleeve(alice, address(lst), address(stakeHub), address(core));
    }

    function test_lst_btc_whose_yield_cannot_be_claimed_says_so() public {
        LstBtcSleeve sleeve = new LstBtcSleeve(address(basket), address(lst), address(stakeHub), address(0));
        vm.etch(address(stakeHub), type(Bomb).runtimeCode);
        vm.prank(address(basket));
        vm.expectRevert(
            abi.encodeWithSelector(
                Outside.OutsideFailed.selector, address(stakeHub), ICoreStakeHub.claimReward.selector
            )
        );
        sleeve.harvest();
    }

    // --------------------------------------------------------------------------------------------------------- ERC-4626

    function farm() internal returns (LocalToken wcore, Farm vault, Erc4626Sleeve sleeve) {
        wcore = new LocalToken("Wrapped CORE", "WCORE");
        vault = new Farm(wcore);
        sleeve = new Erc4626Sleeve(address(basket), address(vault), address(wcore), 50);
        vm.startPrank(alice);
        wcore.deposit{value: 1_000 ether}();
        wcore.approve(address(vault), type(uint256).max);
        vault.deposit(1_000 ether, address(sleeve));
        // 100 of yield: 1.1 for a share.
        wcore.deposit{value: 100 ether}();
        wcore.transfer(address(vault), 100 ether);
        vm.stopPrank();
    }

    function test_shares_of_a_vault_in_kind_and_as_coins_by_epoch() public {
        (, Farm vault, Erc4626Sleeve sleeve) = farm();
        strangersAreRefused(sleeve);
        assertEq(sleeve.held(), 1_000 ether);
        assertEq(sleeve.EPOCH_TOKEN(), NATIVE);
        assertEq(sleeve.rate(), 1.1 ether - 1, "the vault's virtual share rounds the last wei away");
        deliver(sleeve, 300 ether, bob);
        assertEq(vault.balanceOf(bob), 300 ether);
        (uint256 ticket, uint256 paid, address asset) = unbond(sleeve, 200 ether);
        assertEq(ticket, 0);
        assertEq(asset, NATIVE);
        assertEq(paid, 220 ether - 1);
        assertEq(queue.balance, 220 ether - 1);
        assertEq(sleeve.held(), 500 ether);
        vm.prank(carol);
        vm.deal(carol, 1);
        (bool ok,) = address(sleeve).call{value: 1}("");
        assertFalse(ok, "no coins of strangers");
    }

    function test_a_vault_that_cannot_or_will_not_pay_in_full_means_shares_at_once() public {
        (, Farm vault, Erc4626Sleeve sleeve) = farm();
        vault.set(0, 0, 100 ether - 1); // its coins are lent out
        (, uint256 paid, address asset) = unbond(sleeve, 100 ether);
        assertEq(asset, address(vault));
        assertEq(paid, 100 ether);
        vault.set(51, 0, type(uint256).max); // a fee above the 0.5 % that was declared
        (, paid, asset) = unbond(sleeve, 100 ether);
        assertEq(asset, address(vault));
        assertEq(vault.balanceOf(queue), 200 ether);
        vault.set(50, 0, type(uint256).max);
        (, paid, asset) = unbond(sleeve, 100 ether);
        assertEq(asset, NATIVE);
        // 110 (less the last wei) less 0.5 %: 110e18 - 1 - floor((110e18 - 1) * 50 / 10,000) = 110e18 - 1 - (0.55e18 - 1).
        assertEq(paid, 109.45 ether);
        // It pays less than it said a moment ago: nothing happened.
        vault.set(0, 51, type(uint256).max);
        vm.prank(address(basket));
        (bool ok, bytes memory said) = address(sleeve).call(abi.encodeCall(ISleeve.unbond, (100 ether, queue)));
        assertFalse(ok);
        assertEq(bytes4(said), ISleeve.NotEnough.selector);
        assertEq(sleeve.held(), 700 ether);
        assertEq(queue.balance, 109.45 ether);
    }

    function test_a_vault_of_something_else_is_in_kind_always() public {
        LocalWbtc wbtc = new LocalWbtc("Wrapped BTC", "WBTC");
        Farm vault = new Farm(wbtc);
        vm.expectRevert(abi.encodeWithSelector(Erc4626Sleeve.BadAsset.selector, address(wbtc), address(btc)));
        new Erc4626Sleeve(address(basket), address(vault), address(btc), 0);
        vm.expectRevert(abi.encodeWithSelector(Erc4626Sleeve.FeeTooHigh.selector, 10_000, 9_999));
        new Erc4626Sleeve(address(basket), address(vault), address(0), 10_000);
        Erc4626Sleeve sleeve = new Erc4626Sleeve(address(basket), address(vault), address(0), 0);
        wbtc.mint(address(this), 5e8);
        wbtc.approve(address(vault), 5e8);
        vault.deposit(5e8, address(sleeve));
        assertEq(sleeve.EPOCH_TOKEN(), address(vault));
        (uint256 ticket, uint256 paid, address asset) = unbond(sleeve, 2e8);
        assertEq(ticket, 0);
        assertEq(paid, 2e8);
        assertEq(asset, address(vault));
    }
}
