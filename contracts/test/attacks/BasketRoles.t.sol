// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBasket, IBasketTypes} from "../../src/basket/IBasket.sol";
import {IBasketFactory} from "../../src/basket/IBasketFactory.sol";
import {IBasketReceipts} from "../../src/basket/IBasketReceipts.sol";
import {IBasketToken} from "../../src/basket/IBasketToken.sol";
import {ISleeve} from "../../src/basket/ISleeve.sol";
import {IUnbondingQueue} from "../../src/basket/IUnbondingQueue.sol";
import {CoreSleeve} from "../../src/basket/sleeves/CoreSleeve.sol";
import {HeldSleeve} from "../../src/basket/sleeves/HeldSleeve.sol";
import {ICoreSleeve} from "../../src/basket/sleeves/ICoreSleeve.sol";
import {IStCoreAccount} from "../../src/basket/sleeves/IStCoreSleeve.sol";
import {StCoreSleeve} from "../../src/basket/sleeves/StCoreSleeve.sol";
import {Guardian} from "../../src/governance/Guardian.sol";
import {IGuardian, IPausable} from "../../src/governance/IGuardian.sol";
import {EarnSource} from "../../src/oracle/EarnSource.sol";
import {IPriceFeed} from "../../src/oracle/IPriceFeed.sol";
import {PriceFeed} from "../../src/oracle/PriceFeed.sol";
import {CoreBasketFixture} from "../basket/CoreBasketFixture.sol";
import {Abi} from "./Abi.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// Who may call what of a basket. One table; every cell is tried, and docs/src/roles-basket.md is the same table.
///
/// Cells: y succeeds · n is refused. The order of a row's cells is that of `names`.
contract BasketRolesTest is CoreBasketFixture, Abi {
    uint256 private constant ACTORS = 9;
    uint256 private constant ONE = 1 ether;
    uint256 private constant FOREVER = type(uint256).max;

    /// What a row needs beyond the state that `setUp` leaves.
    enum First {
        Nothing,
        Dawn, // the next day: the open epoch is due
        Dusk, // coins may be delegated
        Drift, // a reading an hour ago
        Auction, // one that runs
        Over, // one that is over
        Added, // a fourth sleeve, empty
        Tenant, // the sleeve of CORE has its tenant, whose token lies there
        Jailed, // validator 1
        Listed, // stCORE at the feed
        Inside // the queue is in a call of its own: else it takes no coins
    }

    /// How the error of a refusal names the caller.
    enum Form {
        Caller, // (caller)
        Second, // (arg, caller)
        First, // (caller, arg)
        Alone, // ()
        Balance // (caller, what it has, what it needs)
    }

    struct Row {
        string on;
        address to;
        string signature;
        bytes data;
        uint256 value;
        string cells; // one letter per actor
        string error;
        Form form;
        uint256 arg;
        First first;
    }

    Row[] private rows;
    address[ACTORS] private actors;
    string[ACTORS] private names =
        ["nobody", "holder", "seeder", "timelock", "guardian", "its wallet", "queue", "basket", "tenant"];
    Guardian private mandate;
    PriceFeed private oracle;
    IBasketReceipts private receipts;
    HeldSleeve private tenant;
    HeldSleeve private extra;
    EarnSource private source;
    uint256 private ticket;
    uint256 private tokenId;
    uint256 private key;
    string private on;
    address private to;

    string private constant ALL = "yyyyyyyyy";
    string private constant NONE = "nnnnnnnnn";
    string private constant HOLDER = "nynnnnnnn";
    string private constant TIMELOCK = "nnnynnnnn";
    string private constant WALLET = "nnnnnynnn";
    string private constant QUEUE = "nnnnnnynn";
    string private constant BASKET = "nnnnnnnyn";

    function setUp() public override {
        super.setUp();
        btc.setMinterCap(address(this), 1_000e8);
        receipts = IBasketReceipts(queue.RECEIPTS());
        (, key) = makeAddrAndKey("alice");
        mandate = new Guardian(timelock, makeAddr("wallet"), block.timestamp + 365 days);
        oracle = new PriceFeed(timelock, "CORE");
        source = new EarnSource(address(earn));
        tenant = new HeldSleeve(address(basket), address(btc));
        extra = new HeldSleeve(address(basket), address(btc));
        vm.startPrank(timelock);
        basket.setGuardian(address(mandate));
        basket.setFees(5, 0, 100, 1_000);
        vm.stopPrank();
        actors = [
            makeAddr("nobody"),
            alice,
            seeder,
            timelock,
            address(mandate),
            mandate.holder(),
            address(queue),
            address(basket),
            address(tenant)
        ];
        for (uint256 i; i < ACTORS; ++i) {
            if (actors[i] != alice && actors[i] != seeder) rich(actors[i]);
        }
        days_();
        _basketRows();
        _chores();
        _governance();
        _queueRows();
        _sleeves();
        _others();
    }

    /// Alice holds all shares. Epoch 1 is closed: its leg of coins is paid, that of stCORE ripe, that of BTC waits. A receipt of
    /// bob's part of it is hers. Epoch 2 is open with a request of hers, and a leg in kind waits for her.
    function days_() private {
        at(0, 23);
        basket.delegateIdle(0);
        at(1, 1);
        settleEarn();
        vm.startPrank(seeder);
        share.transfer(bob, 10 ether);
        share.transfer(alice, share.balanceOf(seeder));
        vm.stopPrank();
        vm.prank(bob);
        queue.requestRedeem(10 ether, bob, bob);
        vm.prank(alice);
        queue.requestRedeem(10 ether, alice, alice);
        at(2, 1);
        settleEarn();
        queue.closeEpoch();
        queue.startLeg(1, 0);
        queue.startLeg(1, 1);
        ticket = queue.legInfo(1, 1).ticket;
        vm.prank(bob);
        tokenId = queue.mintReceipt(1);
        vm.prank(bob);
        receipts.transferFrom(bob, alice, tokenId);
        at(11, 2);
        settleEarn();
        address blocked = makeAddr("blocked");
        btc.setBlacklisted(blocked, true);
        vm.prank(alice);
        basket.redeemInKind(10 ether, blocked);
        btc.setBlacklisted(blocked, false);
        assertGt(basket.waitingParts(alice, 2), 0);
        vm.prank(alice);
        basket.deposit{value: 200 ether}(0, 200 ether, alice, 0, FOREVER);
        vm.prank(alice);
        assertEq(queue.requestRedeem(10 ether, alice, alice), 2);
        at(11, 12);
    }

    // ---------------------------------------------------------------------------------------------------------- the table

    function _in(string memory name, address contract_) private {
        (on, to) = (name, contract_);
    }

    function _add(string memory signature, bytes memory data, string memory cells) private returns (Row storage r) {
        r = rows.push();
        (r.on, r.to, r.signature, r.data, r.cells) = (on, to, signature, data, cells);
    }

    function _add(string memory signature, bytes memory data, string memory cells, string memory error)
        private
        returns (Row storage r)
    {
        r = _add(signature, data, cells);
        r.error = error;
    }

    function _own(string memory signature, bytes memory data, string memory error, Form form, uint256 arg)
        private
        returns (Row storage r)
    {
        r = _add(signature, data, HOLDER, error);
        (r.form, r.arg) = (form, arg);
    }

    string private constant POOR = "ERC20InsufficientBalance(address,uint256,uint256)";

    function _basketRows() private {
        _in("basket", address(basket));
        _add(
            "deposit(uint256,uint256,address,uint256,uint256)",
            abi.encodeCall(IBasket.deposit, (0, ONE, bob, 0, FOREVER)),
            ALL
        )
        .value = ONE;
        _add(
            "depositWithPermit(uint256,uint256,address,uint256,uint256,uint8,bytes32,bytes32)",
            abi.encodeCall(IBasket.depositWithPermit, (1, ONE, bob, 0, FOREVER, 0, 0, 0)),
            ALL
        );
        uint256[] memory most = new uint256[](3);
        (most[0], most[1], most[2]) = (FOREVER, FOREVER, FOREVER);
        bytes memory data = abi.encodeCall(IBasket.mintInKind, (ONE, most, bob, FOREVER));
        (uint256[] memory needed,) = basket.quoteMintInKind(ONE);
        _add("mintInKind(uint256,uint256[],address,uint256)", data, ALL).value = needed[0];
        _own(
            "redeemInstant(uint256,uint256,address,uint256)",
            abi.encodeCall(IBasket.redeemInstant, (20 ether, 0, bob, FOREVER)),
            POOR,
            Form.Balance,
            20 ether
        );
        data = abi.encodeCall(IBasket.redeemInKind, (20 ether, bob));
        _own("redeemInKind(uint256,address)", data, POOR, Form.Balance, 20 ether);
        _add("deliverLeg(address,uint256)", abi.encodeCall(IBasket.deliverLeg, (alice, 2)), ALL);
        _add("setLegRecipient(address)", abi.encodeCall(IBasket.setLegRecipient, (bob)), ALL);
        _add("carveEpoch(uint256)", abi.encodeCall(IBasket.carveEpoch, (ONE)), QUEUE, "NotQueue(address)");
        data = abi.encodeCall(IBasket.startLeg, (2, 1, false));
        _add("startLeg(uint256,uint256,bool)", data, QUEUE, "NotQueue(address)");
        data = abi.encodeCall(IBasket.collectLeg, (1, ticket));
        _add("collectLeg(uint256,uint256)", data, QUEUE, "NotQueue(address)").first = First.Inside;
        IBasketTypes.InitParams memory init;
        _add("initialize(InitParams)", abi.encodeCall(IBasket.initialize, (init)), NONE, "AlreadyInitialized()").form =
            Form.Alone;
    }

    function _chores() private {
        _add("harvest(uint256)", abi.encodeCall(IBasket.harvest, (0)), ALL);
        _add("bookLoss(uint256)", abi.encodeCall(IBasket.bookLoss, (0)), ALL);
        _add("delegateIdle(uint256)", abi.encodeCall(IBasket.delegateIdle, (0)), ALL).first = First.Dusk;
        _add("collectFees()", abi.encodeCall(IBasket.collectFees, ()), ALL);
        _add("collectUnitFees(uint256)", abi.encodeCall(IBasket.collectUnitFees, (0)), ALL);
        _add("noteDrift()", abi.encodeCall(IBasket.noteDrift, ()), ALL);
        _add("startAuction(uint256,uint256)", abi.encodeCall(IBasket.startAuction, (0, 1)), ALL).first = First.Drift;
        _add(
            "bid(uint256,uint256,uint256,address,uint256)",
            abi.encodeCall(IBasket.bid, (1, 1_000, FOREVER, bob, FOREVER)),
            ALL
        )
        .first = First.Auction;
        _add("endAuction(uint256)", abi.encodeCall(IBasket.endAuction, (1)), ALL).first = First.Over;
    }

    function _timelock(string memory signature, bytes memory data) private returns (Row storage) {
        return _add(signature, data, TIMELOCK, "NotTimelock(address)");
    }

    function _governance() private {
        IBasketTypes.SleeveParams memory params = IBasketTypes.SleeveParams(extra, 1e20, 1e20, 0, 1_000);
        _timelock("addSleeve(SleeveParams)", abi.encodeCall(IBasket.addSleeve, (params)));
        _timelock("retireSleeve(uint256)", abi.encodeCall(IBasket.retireSleeve, (3))).first = First.Added;
        uint16[] memory targets = new uint16[](3);
        (targets[0], targets[1], targets[2]) = (4_000, 4_000, 2_000);
        _timelock("setWeights(uint16[])", abi.encodeCall(IBasket.setWeights, (targets)));
        _timelock("setCaps(uint256,uint256,uint256,uint16)", abi.encodeCall(IBasket.setCaps, (0, 1, 1, 1)));
        _timelock("setFees(uint16,uint16,uint16,uint16)", abi.encodeCall(IBasket.setFees, (100, 100, 200, 2_000)));
        _timelock("setIdle(uint256,uint256)", abi.encodeCall(IBasket.setIdle, (0, 0)));
        _timelock("setShareCap(uint256)", abi.encodeCall(IBasket.setShareCap, (0)));
        _timelock("setDriftBps(uint16)", abi.encodeCall(IBasket.setDriftBps, (100)));
        _timelock("setFeed(address)", abi.encodeCall(IBasket.setFeed, (address(feed))));
        _timelock("setGuardian(address)", abi.encodeCall(IBasket.setGuardian, (bob)));
        _timelock("setFeeRecipient(address)", abi.encodeCall(IBasket.setFeeRecipient, (bob)));
        bytes memory data = abi.encodeCall(IBasket.pause, (IBasketTypes.Pausable.Mint, 1 days));
        _add("pause(uint8,uint256)", data, "nnnnynnnn", "NotGuardian(address)");
        data = abi.encodeCall(IBasket.unpause, (IBasketTypes.Pausable.Mint));
        _add("unpause(uint8)", data, "nnnyynnnn", "NotGuardian(address)");

        _in("guardian", address(mandate));
        data = abi.encodeCall(IGuardian.appoint, (bob, block.timestamp + 1 days));
        _timelock("appoint(address,uint256)", data);
        _timelock("remove()", abi.encodeCall(IGuardian.remove, ()));
        _add("resign()", abi.encodeCall(IGuardian.resign, ()), WALLET, "NotHolder(address)");
        data = abi.encodeCall(IGuardian.pause, (IPausable(address(basket)), IPausable.Part.Mint, 1 days));
        _add("pause(address,uint8,uint256)", data, WALLET, "NotHolder(address)");
        data = abi.encodeCall(IGuardian.unpause, (IPausable(address(basket)), IPausable.Part.Mint));
        _add("unpause(address,uint8)", data, WALLET, "NotHolder(address)");
    }

    function _queueRows() private {
        _in("queue", address(queue));
        bytes memory data = abi.encodeWithSelector(queue.requestRedeem.selector, ONE, alice, alice);
        _own(
            "requestRedeem(uint256,address,address)",
            data,
            "ERC20InsufficientAllowance(address,uint256,uint256)",
            Form.Balance,
            ONE
        );
        string memory error = "NotController(address,address)";
        data = abi.encodeCall(IUnbondingQueue.cancel, (2, ONE, alice, alice));
        _own("cancel(uint256,uint256,address,address)", data, error, Form.Second, uint160(alice));
        data = abi.encodeCall(IUnbondingQueue.claim, (1, alice, 1, alice));
        _own("claim(uint256,address,uint256,address)", data, error, Form.Second, uint160(alice));
        data = abi.encodeWithSelector(queue.setOperator.selector, bob, true);
        _add("setOperator(address,bool)", data, ALL);
        data = abi.encodeCall(IUnbondingQueue.mintReceipt, (2));
        _own("mintReceipt(uint256)", data, "NothingToClaim(uint256,uint256)", Form.Balance, 2);
        _add("closeEpoch()", abi.encodeCall(IUnbondingQueue.closeEpoch, ()), ALL).first = First.Dawn;
        _add("startLeg(uint256,uint256)", abi.encodeCall(IUnbondingQueue.startLeg, (1, 2)), ALL);
        _add("startInKind(uint256,uint256)", abi.encodeCall(IUnbondingQueue.startInKind, (1, 2)), ALL);
        _add("collect(uint256,uint256)", abi.encodeCall(IUnbondingQueue.collect, (1, 1)), ALL);
        data = abi.encodeCall(IUnbondingQueue.claimReceipt, (1, 1, 7, bob));
        _add("claimReceipt(uint256,uint256,uint256,address)", data, NONE, "NotReceipts(address)");
        data = abi.encodeCall(IUnbondingQueue.unwrapReceipt, (1, 1, bob));
        _add("unwrapReceipt(uint256,uint256,address)", data, NONE, "NotReceipts(address)");
        data = abi.encodeCall(IUnbondingQueue.registerSleeve, (3, address(btc)));
        _add("registerSleeve(uint256,address)", data, BASKET, "NotBasket(address)");
        data = abi.encodeCall(IUnbondingQueue.initialize, (bob, bob, bob));
        _add("initialize(address,address,address)", data, NONE, "AlreadyInitialized()").form = Form.Alone;

        _in("receipts", address(receipts));
        data = abi.encodeCall(IBasketReceipts.claim, (tokenId, 1, bob));
        _own("claim(uint256,uint256,address)", data, "NotReceiptOwner(uint256,address)", Form.Second, tokenId);
        data = abi.encodeCall(IBasketReceipts.unwrap, (tokenId));
        _own("unwrap(uint256)", data, "NotReceiptOwner(uint256,address)", Form.Second, tokenId);
        uint256[] memory ids = new uint256[](1);
        _add("refresh(uint256[])", abi.encodeCall(IBasketReceipts.refresh, (ids)), ALL);
        data = abi.encodeCall(IBasketReceipts.mint, (bob, 1));
        _add("mint(address,uint256)", data, QUEUE, "NotQueue(address)");
        error = "ERC721InsufficientApproval(address,uint256)";
        data = abi.encodeCall(IERC721.transferFrom, (alice, bob, tokenId));
        _own("transferFrom(address,address,uint256)", data, error, Form.First, tokenId);
        data = abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", alice, bob, tokenId);
        _own("safeTransferFrom(address,address,uint256)", data, error, Form.First, tokenId);
        data = abi.encodeWithSignature("safeTransferFrom(address,address,uint256,bytes)", alice, bob, tokenId, "");
        _own("safeTransferFrom(address,address,uint256,bytes)", data, error, Form.First, tokenId);
        data = abi.encodeCall(IERC721.approve, (bob, tokenId));
        _own("approve(address,uint256)", data, "ERC721InvalidApprover(address)", Form.Caller, 0);
        _add("setApprovalForAll(address,bool)", abi.encodeCall(IERC721.setApprovalForAll, (bob, true)), ALL);
    }

    function _sleeves() private {
        string memory error = "NotBasket(address)";
        _in("sleeve", address(core));
        _add("enter()", abi.encodeCall(ISleeve.enter, ()), BASKET, error).value = ONE;
        _add("delegateIdle(uint256)", abi.encodeCall(ISleeve.delegateIdle, (0)), BASKET, error).first = First.Dusk;
        to = address(btcSleeve);
        _add("deliver(uint256,address)", abi.encodeCall(ISleeve.deliver, (1, bob)), BASKET, error);
        _add("unbond(uint256,address)", abi.encodeCall(ISleeve.unbond, (1, bob)), BASKET, error);
        _add("harvest()", abi.encodeCall(ISleeve.harvest, ()), BASKET, error);
        to = address(stSleeve);
        _add("collect(uint256,address)", abi.encodeCall(ISleeve.collect, (ticket, bob)), BASKET, error);
        (address account,) = StCoreSleeve(payable(address(stSleeve))).ticketInfo(ticket);
        _in("stCORE account", account);
        _add("redeem(uint256)", abi.encodeCall(IStCoreAccount.redeem, (1)), NONE, "NotSleeve(address)");
        _add("withdraw(address)", abi.encodeCall(IStCoreAccount.withdraw, (bob)), NONE, "NotSleeve(address)");

        _in("CORE sleeve", address(core));
        address[] memory list = new address[](3);
        uint8[] memory weights = new uint8[](3);
        (list[0], list[1], list[2]) = (v1, v2, v3);
        (weights[0], weights[1], weights[2]) = (1, 1, 1);
        _timelock("setValidators(address[],uint8[])", abi.encodeCall(ICoreSleeve.setValidators, (list, weights)));
        _timelock("setTenant(address)", abi.encodeCall(ICoreSleeve.setTenant, (address(tenant))));
        _add(
            "release(uint256,address)", abi.encodeCall(ICoreSleeve.release, (1, bob)), "nnnnnnnny", "NotTenant(address)"
        )
        .first = First.Tenant;
        _add("moveStake(address)", abi.encodeCall(ICoreSleeve.moveStake, (v1)), ALL).first = First.Jailed;
        _add("reconcile(address)", abi.encodeCall(ICoreSleeve.reconcile, (v1)), ALL);
    }

    function _others() private {
        _in("feed", address(oracle));
        bytes memory data = abi.encodeCall(IPriceFeed.list, (address(st), _listing()));
        _add("list(address,Listing)", data, TIMELOCK, "NotGovernor(address)");
        data = abi.encodeCall(IPriceFeed.delist, (address(st)));
        _add("delist(address)", data, TIMELOCK, "NotGovernor(address)").first = First.Listed;
        _add("observe(address)", abi.encodeCall(IPriceFeed.observe, (address(st))), ALL).first = First.Listed;

        _in("token", address(share));
        data = abi.encodeCall(share.transfer, (bob, 20 ether));
        _own("transfer(address,uint256)", data, POOR, Form.Balance, 20 ether);
        _add("approve(address,uint256)", abi.encodeCall(share.approve, (bob, 1)), ALL);
        data = abi.encodeCall(share.transferFrom, (alice, bob, ONE));
        Row storage r = _add(
            "transferFrom(address,address,uint256)", data, NONE, "ERC20InsufficientAllowance(address,uint256,uint256)"
        );
        (r.form, r.arg) = (Form.Balance, ONE);
        _add("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", _permit(), ALL);
        data = abi.encodeCall(IBasketToken.mint, (bob, ONE));
        _add("mint(address,uint256)", data, BASKET, "NotBasket(address)");
        data = abi.encodeCall(IBasketToken.burn, (alice, ONE));
        _add("burn(address,uint256)", data, BASKET, "NotBasket(address)");
        data = abi.encodeCall(IBasketToken.escrow, (alice, alice, ONE));
        _add("escrow(address,address,uint256)", data, QUEUE, "NotQueue(address)");

        _in("factory", address(factory));
        // Each caller's own sleeves are made when the cell is tried.
        _add("create(CreateParams)", abi.encodePacked(IBasketFactory.create.selector), ALL);
    }

    function _listing() private view returns (IPriceFeed.Listing memory l) {
        l.fair = source;
        l.isRate = true;
        (l.roundBps, l.decimals, l.spreadBps) = (5, 18, 10);
        (l.least, l.most) = (0.9e18, 1.5e18);
    }

    function _permit() private view returns (bytes memory) {
        bytes32 domain = IBasketToken(address(share)).DOMAIN_SEPARATOR();
        bytes32 type_ = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 words = keccak256(abi.encode(type_, alice, bob, ONE, 0, FOREVER));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, words)));
        return abi.encodeCall(IBasketToken(address(share)).permit, (alice, bob, ONE, FOREVER, v, r, s));
    }

    // ---------------------------------------------------------------------------------------------------------- the tests

    function _prepare(First what) private {
        if (what == First.Dawn) {
            at(12, 1);
            settleEarn();
        } else if (what == First.Dusk) {
            at(11, 23);
        } else if (what == First.Drift || what == First.Auction || what == First.Over) {
            // Coins are 58 % of the basket where 50 are due, stCORE is a fifth where three tenths are.
            basket.noteDrift();
            at(11, 13);
            if (what == First.Drift) return;
            assertEq(basket.startAuction(0, 1), 1);
            if (what == First.Over) at(11, 18);
        } else if (what == First.Added) {
            vm.prank(timelock);
            basket.addSleeve(IBasketTypes.SleeveParams(extra, 1e20, 1e20, 0, 1_000));
        } else if (what == First.Tenant) {
            vm.prank(timelock);
            core.setTenant(address(tenant));
            btc.mint(address(core), 1);
        } else if (what == First.Jailed) {
            hub.setJailed(v1, true);
        } else if (what == First.Inside) {
            // Its lock, behind the basket's address, the open epoch and that one's day.
            bytes32 slot = vm.load(address(queue), 0);
            vm.store(address(queue), 0, slot | bytes32(uint256(1) << 232));
        } else if (what == First.Listed) {
            vm.prank(timelock);
            oracle.list(address(st), _listing());
        }
    }

    /// A basket of one sleeve, of coins, whose address follows from its maker.
    function _create(address maker) private returns (bytes memory) {
        IBasketFactory.CreateParams memory p;
        (address made,) = factory.predict(maker, "another");
        p.salt = "another";
        (p.name, p.symbol, p.feed, p.timelock) = ("Another", "OTHER", address(feed), timelock);
        (p.guardian, p.feeRecipient, p.seeder) = (address(mandate), bob, bob);
        (p.entryFeeBps, p.shareCap) = (5, 1e30);
        p.sleeves = new ISleeve[](3);
        p.sleeves[0] = new CoreSleeve(made, address(agent), address(stakeHub), address(hub));
        p.sleeves[1] = new StCoreSleeve(made, address(st), address(earn), 8 days, 10_000);
        p.sleeves[2] = new HeldSleeve(made, address(btc));
        p.caps = new uint256[](3);
        p.limits = p.caps;
        return abi.encodeCall(IBasketFactory.create, (p));
    }

    function test_roles_every_cell_of_the_baskets_table() public {
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
        string memory cell = string.concat(names[k], ": ", r.on, ".", r.signature);
        _prepare(r.first);
        if (bytes4(r.data) == IBasketFactory.create.selector) r.data = _create(actors[k]);
        vm.prank(actors[k]);
        (bool ok, bytes memory said) = r.to.call{value: r.value}(r.data);
        if (bytes(r.cells)[k] == "y") {
            assertTrue(ok, string.concat(cell, " ", vm.toString(said)));
            return;
        }
        assertEq(bytes(r.cells)[k], bytes1("n"), "unknown cell");
        assertFalse(ok, cell);
        bytes4 error = bytes4(keccak256(bytes(r.error)));
        if (r.form == Form.Caller) assertEq(said, abi.encodeWithSelector(error, actors[k]), cell);
        if (r.form == Form.Second) assertEq(said, abi.encodeWithSelector(error, r.arg, actors[k]), cell);
        if (r.form == Form.First) assertEq(said, abi.encodeWithSelector(error, actors[k], r.arg), cell);
        if (r.form == Form.Alone) assertEq(said, abi.encodeWithSelector(error), cell);
        if (r.form == Form.Balance) {
            bool position = bytes4(r.data) == IUnbondingQueue.mintReceipt.selector;
            uint256 has = _same(r.error, POOR) ? share.balanceOf(actors[k]) : 0;
            bytes memory expected = position
                ? abi.encodeWithSelector(error, r.arg, 0)
                : abi.encodeWithSelector(error, actors[k], has, r.arg);
            // No receipt is ever the queue's.
            if (position && actors[k] == address(queue)) {
                expected = abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(queue));
            }
            assertEq(said, expected, cell);
        }
    }

    /// Every state-changing function of the committed interfaces stands in the table, and every row is one of them.
    function test_roles_no_function_of_the_basket_is_missing() public view {
        string[9] memory artifacts = [
            "IBasket",
            "IGuardian",
            "IUnbondingQueue",
            "IBasketReceipts",
            "ISleeve",
            "StCoreAccount",
            "ICoreSleeve",
            "IPriceFeed",
            "IBasketToken"
        ];
        string[9] memory places =
            ["basket", "guardian", "queue", "receipts", "sleeve", "stCORE account", "CORE sleeve", "feed", "token"];
        uint256 count = 1; // the factory's one
        for (uint256 a; a < artifacts.length; ++a) {
            string[] memory functions = _functions(artifacts[a], false);
            count += functions.length;
            for (uint256 i; i < functions.length; ++i) {
                assertTrue(_has(places[a], functions[i]), string.concat(places[a], ": ", functions[i]));
            }
        }
        assertEq(rows.length, count, "a row that is no function, or stands twice");
    }

    function _has(string memory place, string memory f) private view returns (bool) {
        for (uint256 k; k < rows.length; ++k) {
            if (!_same(rows[k].on, place)) continue;
            if (_same(rows[k].signature, f)) return bytes4(rows[k].data) == bytes4(keccak256(bytes(f)));
            // One with a struct is known by its name.
            bool struct_ = vm.split(f, "(").length > 2;
            if (struct_ && _same(vm.split(rows[k].signature, "(")[0], vm.split(f, "(")[0])) return true;
        }
        return false;
    }

    /// docs/src/roles-basket.md is this table. ROLES_WRITE=true writes it.
    function test_roles_the_book_shows_the_baskets_table() public {
        string memory text = _markdown();
        if (vm.envOr("ROLES_WRITE", false)) vm.writeFile("../docs/src/roles-basket.md", text);
        assertEq(vm.readFile("../docs/src/roles-basket.md"), text, "write it anew with ROLES_WRITE=true");
    }

    // ------------------------------------------------------------------------------------------------------------- helpers

    function _markdown() private view returns (string memory out) {
        out = string.concat(
            "# Who may call what of a basket\n\n",
            "Every state-changing function of a basket, its queue, receipts, token, sleeves, feed, guardian and factory, for every role. Each cell\n",
            "is tried by `contracts/test/attacks/BasketRoles.t.sol`, which also writes this page (`ROLES_WRITE=true`) and fails when a function is\n",
            "missing.\n\n",
            "- **yes**: succeeds. **-**: refused, with the error of the last column.\n",
            "- *holder* owns shares, requests and a receipt. *seeder* makes the first deposit, and is nobody afterwards. *guardian* is the contract\n",
            "  with the mandate, *its wallet* who holds that. *tenant* is the sleeve that may leave its tokens with the sleeve of CORE.\n",
            "- *timelock* executes what GOV holders voted for. Who may make it do so is tested in `contracts/test/attacks/BasketGovernance.t.sol` and\n",
            "  `contracts/test/unit/BasketGovernance.t.sol`.\n\n",
            "| on | function | nobody | holder | seeder | timelock | guardian | its wallet | queue | basket | tenant | refused with |\n",
            "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
        );
        for (uint256 i; i < rows.length; ++i) {
            Row memory r = rows[i];
            out = string.concat(out, "| ", r.on, " | `", r.signature, "` |");
            for (uint256 k; k < ACTORS; ++k) {
                out = string.concat(out, bytes(r.cells)[k] == "y" ? " yes |" : " - |");
            }
            string memory error = bytes(r.error).length == 0 ? "" : string.concat("`", vm.split(r.error, "(")[0], "`");
            out = string.concat(out, " ", error, " |\n");
        }
    }
}
