// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "../../src/liquid/ILiquidMinter.sol";
import {ILiquidReceipts} from "../../src/liquid/ILiquidReceipts.sol";
import {Attack} from "./Attack.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/interfaces/IERC721Metadata.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Vm} from "forge-std/Test.sol";

/// A market in escrow style: it holds receipts, sells an id for coins, and takes coins from anybody.
contract Market {
    IERC721 immutable receipts;
    mapping(uint256 id => address) public seller;
    mapping(uint256 id => uint256) public price;

    constructor(IERC721 receipts_) {
        receipts = receipts_;
    }

    function list(uint256 id, uint256 price_) external {
        receipts.transferFrom(msg.sender, address(this), id);
        (seller[id], price[id]) = (msg.sender, price_);
    }

    function buy(uint256 id) external payable {
        require(msg.value == price[id], "price");
        receipts.transferFrom(address(this), msg.sender, id);
        payable(seller[id]).transfer(msg.value);
    }

    receive() external payable {}
}

/// Owns a receipt; while it is paid it tries to sell it, to claim again, to unwrap, and every other entry it was given.
contract Seller {
    ILiquidReceipts immutable receipts;
    ILiquidMinter immutable minter;
    address public buyer;
    uint256 public id;
    uint256 public tried;
    uint256 public passed;
    bool public sound = true;
    uint256 public mode; // 0 takes, 1 reverts, 2 burns all gas, 3 re-enters

    constructor(ILiquidReceipts receipts_, ILiquidMinter minter_) payable {
        (receipts, minter) = (receipts_, minter_);
    }

    function set(uint256 mode_, uint256 id_, address buyer_) external {
        (mode, id, buyer) = (mode_, id_, buyer_);
    }

    function run(address to, uint256 value, bytes calldata data) external returns (bytes memory out) {
        bool ok;
        (ok, out) = to.call{value: value}(data);
        if (!ok) {
            assembly {
                revert(add(out, 0x20), mload(out))
            }
        }
    }

    function _try(address to, bytes memory data) private {
        ++tried;
        (bool ok,) = to.call(data);
        if (ok) ++passed;
    }

    receive() external payable {
        if (mode == 1) revert("no");
        if (mode == 2) {
            while (true) {
                ++tried;
            }
        }
        if (mode != 3) return;
        address r = address(receipts);
        _try(r, abi.encodeCall(IERC721.transferFrom, (address(this), buyer, id)));
        _try(r, abi.encodeCall(IERC721.transferFrom, (address(this), buyer, id + (1 << 64))));
        _try(r, abi.encodeCall(IERC721.approve, (buyer, id)));
        _try(r, abi.encodeCall(ILiquidReceipts.redeem, (id, address(this))));
        _try(r, abi.encodeCall(ILiquidReceipts.claim, (id, 0, 1, address(this))));
        _try(r, abi.encodeCall(ILiquidReceipts.unwrap, (id)));
        _try(address(minter), abi.encodeCall(ILiquidMinter.mintReceipt, (uint64(id))));
        _try(address(minter), abi.encodeCall(ILiquidMinter.unwrapTicket, (uint64(id), address(this))));
        _try(address(minter), abi.encodeCall(ILiquidMinter.claimFor, (uint64(id))));
        _try(address(minter), abi.encodeCall(ILiquidMinter.fundInsurance, ()));
        _try(address(minter), abi.encodeCall(ILiquidMinter.claimToken, (address(this), 0, 0, 1)));
        if (receipts.balanceOf(address(this)) != 0) sound = false;
        if (r.balance != 0) sound = false;
        if (address(minter).balance < minter.headroom() + minter.totalInstantUnstaked()) sound = false;
    }
}

/// L9, L26, L40, L41 and the rules of receipts and of pushes.
contract ReceiptsAttackTest is Attack {
    uint256 internal constant NEXT = 1 << 64;

    function mintReceipt(address who, uint256 id) internal returns (uint256 tokenId) {
        vm.prank(who);
        return minter.mintReceipt(id);
    }

    function redeem(address who, uint256 tokenId) internal returns (uint256 paid, uint256 next) {
        vm.prank(who);
        return receipts.redeem(tokenId, who);
    }

    /// Half of the line, by early money and pro rata.
    function payHalf() internal {
        uint256 half = minter.line().openLst / 2;
        submit(bob, 200 ether);
        vm.prank(keeper);
        (uint256 spent,,) = minter.fulfillProRata(new address[](0), new uint256[](0), half);
        assertEq(spent, half);
    }

    function fund() internal {
        depart();
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
    }

    function push(address user, uint256 id) internal returns (uint256 processed) {
        address[] memory users = new address[](1);
        uint256[] memory ids = new uint256[](1);
        (users[0], ids[0]) = (user, id);
        vm.prank(keeper);
        (processed,) = minter.fulfillRequests(users, ids);
    }

    // ------------------------------------------------------------------------------------------------------- receipts

    function test_a_receipt_is_the_exit_and_goes_where_it_is_sold() public {
        uint256 id = requestExit(alice, 40 ether);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(NotRequestOwner.selector, id, alice, bob));
        minter.mintReceipt(id);
        vm.expectEmit(address(receipts));
        emit IERC721.Transfer(address(0), alice, id);
        assertEq(mintReceipt(alice, id), id, "the first receipt of a request has its number");
        assertEq(receipts.ownerOf(id), alice);
        assertEq(receipts.balanceOf(alice), 1);
        assertEq(minter.ticketOwner(id), address(receipts));
        // The request is no longer hers to claim, cancel, or wrap again.
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(NotRequestOwner.selector, id, address(receipts), alice));
        minter.cancel(id);
        vm.expectRevert(abi.encodeWithSelector(NotRequestOwner.selector, id, address(receipts), alice));
        minter.mintReceipt(id);
        receipts.transferFrom(alice, carol, id);
        vm.expectRevert(abi.encodeWithSelector(ILiquidReceipts.NotReceiptOwner.selector, id, alice));
        receipts.redeem(id, alice);
        vm.stopPrank();
        assertEq(receipts.balanceOf(alice), 0);
        assertEq(receipts.balanceOf(carol), 1);

        closeRung();
        ILiquidReceipts.ReceiptInfo memory r = receipts.info(id);
        (uint256 eta,) = minter.exitEta(id);
        assertEq(r.requestId, id);
        assertEq(r.owner, carol);
        assertEq(r.lst, 40 ether);
        assertEq(r.paid, 0);
        assertEq(r.gross, 0);
        assertEq(r.eta, eta);
        assertGt(eta, now_());
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(NothingToClaim.selector, id));
        receipts.redeem(id, carol);
        assertEq(receipts.ownerOf(id), carol, "a claim that fails burns nothing");
        fund();
        r = receipts.info(id);
        assertEq(r.gross - r.fee, afterFee(40 ether));
        assertEq(r.eta, 0);
        uint256 before = bob.balance;
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        (uint256[] memory a, uint256[] memory b) = minter.findHints(ids);
        vm.prank(carol);
        (uint256 paid, uint256 next) = receipts.claim(id, a[0], b[0], bob);
        assertEq(paid, afterFee(40 ether));
        assertEq(bob.balance - before, paid);
        assertEq(next, 0);
        assertEq(receipts.balanceOf(carol), 0);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id));
        receipts.ownerOf(id);
        assertEq(minter.ticketOwner(id), address(0));
        assertLe(minter.totalInstantUnstaked() - minter.fees(), 20);
        assertSound();
    }

    /// An open request may have a receipt; to cancel, unwrap. A receipt minted anew has a new id.
    function test_unwrap_gives_the_request_back_and_its_id_never_returns() public {
        uint256 id = requestExit(alice, 40 ether);
        uint256 first = mintReceipt(alice, id);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidReceipts.NotReceiptOwner.selector, first, bob));
        receipts.unwrap(first);
        vm.expectRevert(abi.encodeWithSelector(NotReceipts.selector, address(this)));
        minter.unwrapTicket(id, address(this));
        vm.expectRevert(abi.encodeWithSelector(ILiquidReceipts.NotMinter.selector, address(this)));
        receipts.mint(address(this), id);
        vm.prank(alice);
        assertEq(receipts.unwrap(first), id);
        assertEq(minter.ticketOwner(id), alice);
        uint256 second = mintReceipt(alice, id);
        assertEq(second, id + NEXT);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, first));
        receipts.transferFrom(alice, bob, first);
        receipts.transferFrom(alice, carol, second);
        vm.stopPrank();
        vm.startPrank(carol);
        receipts.unwrap(second);
        assertEq(minter.cancel(id), 40 ether);
        vm.stopPrank();
        assertEq(token.balanceOf(carol), 40 ether, "whoever owns the receipt owns the exit");
        uint256 other = requestExit(carol, 40 ether);
        assertEq(mintReceipt(carol, other), other);
        assertTrue(other != id);
        assertSound();
    }

    function test_receipts_speak_erc721_and_erc4906() public {
        assertTrue(receipts.supportsInterface(0x80ac58cd));
        assertTrue(receipts.supportsInterface(0x49064906));
        assertTrue(receipts.supportsInterface(0x5b5e139f));
        assertFalse(receipts.supportsInterface(0xffffffff));
        uint256 id = requestExit(alice, 5 ether);
        mintReceipt(alice, id);
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (id + 1, id);
        vm.recordLogs();
        receipts.refresh(ids);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1, "what does not exist is passed over");
        assertEq(logs[0].topics[0], IERC4906.MetadataUpdate.selector);
        assertEq(abi.decode(logs[0].data, (uint256)), id);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(receipts)));
        receipts.transferFrom(alice, address(receipts), id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(minter)));
        receipts.transferFrom(alice, address(minter), id);
        // An approved account moves it, and the next owner's coins are out of its reach.
        receipts.approve(bob, id);
        vm.stopPrank();
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILiquidReceipts.NotReceiptOwner.selector, id, bob));
        receipts.unwrap(id);
        receipts.transferFrom(alice, carol, id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, bob, id));
        receipts.transferFrom(carol, bob, id);
        vm.stopPrank();
        (bool ok,) = address(receipts).call{value: 1}("");
        assertFalse(ok, "it holds no coins");
    }

    /// What wallets and markets show of it is what it is, before and after its coins are there.
    function test_a_receipts_metadata_says_what_it_pays_and_when() public {
        requestExit(alice, 0.5 ether);
        uint256 id = requestExit(alice, 10 ether);
        mintReceipt(alice, id);
        closeRung();
        depart();
        IERC721Metadata metadata = IERC721Metadata(address(receipts));
        assertEq(metadata.tokenURI(id), shown("2", "10000000000000000000", "0", vm.toString(now_() + COOLDOWN + GRACE)));
        pass(COOLDOWN);
        sweepAll();
        minter.finalize();
        assertEq(metadata.tokenURI(id), shown("2", "10000000000000000000", "9995000000000000000", "0"));
        vm.prank(alice);
        receipts.redeem(id, alice);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id));
        metadata.tokenURI(id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidOwner.selector, address(0)));
        receipts.balanceOf(address(0));
    }

    function shown(string memory id, string memory lst, string memory claimable, string memory eta)
        internal
        pure
        returns (string memory)
    {
        string memory json = string.concat(
            '{"name":"stPLUME-EXIT 0/',
            id,
            '","description":"A queued exit from liquid staking. Its owner gets the coins. Amounts in wei, times in unix seconds.",',
            '"attributes":[{"trait_type":"Request","value":"',
            id,
            '"},{"trait_type":"LST","value":"',
            lst,
            '"},{"trait_type":"Paid","value":"0"},{"trait_type":"Claimable","value":"'
        );
        json = string.concat(json, claimable, '"},{"trait_type":"Promised by","value":"', eta, '"}]}');
        return string.concat("data:application/json;base64,", vm.toBase64(bytes(json)));
    }

    /// Half is paid, the seller claims it, and offers the old id, which showed the whole: it is gone. The new one shows what
    /// it pays, to the wei.
    function test_l40_partial_claim_then_sale_the_buyer_gets_what_the_id_showed() public {
        uint256 id = requestExit(alice, 40 ether);
        closeRung();
        mintReceipt(alice, id);
        payHalf();
        ILiquidReceipts.ReceiptInfo memory shown = receipts.info(id);
        assertApproxEqAbs(shown.gross, 20 ether, 5);
        Market market = new Market(receipts);
        // Whoever buys the id as it stands gets its half and the rest.
        uint256 mark = vm.snapshotState();
        vm.startPrank(alice);
        receipts.approve(address(market), id);
        market.list(id, 1 ether);
        vm.stopPrank();
        vm.prank(carol);
        market.buy{value: 1 ether}(id);
        (uint256 whole, uint256 rest) = redeem(carol, id);
        fund();
        (uint256 more,) = redeem(carol, rest);
        whole += more;
        assertApproxEqAbs(whole, afterFee(40 ether), 10);
        vm.revertToState(mark);

        (uint256 paid, uint256 next) = redeem(alice, id);
        assertEq(paid, shown.gross - shown.fee);
        assertEq(next, id + NEXT);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id));
        receipts.transferFrom(alice, carol, id);
        shown = receipts.info(next);
        assertEq(shown.paid, paid + (paid * 5 + 9994) / 9995, "paid before the fee");
        assertEq(shown.gross, 0);
        assertEq(shown.lst, 40 ether);
        receipts.approve(address(market), next);
        market.list(next, 1 ether);
        vm.stopPrank();
        vm.prank(carol);
        market.buy{value: 1 ether}(next);
        fund();
        shown = receipts.info(next);
        (more, rest) = redeem(carol, next);
        assertEq(more, shown.gross - shown.fee);
        assertEq(rest, 0);
        assertApproxEqAbs(paid + more, afterFee(40 ether), 10);
        assertLe(minter.totalInstantUnstaked() - minter.fees(), 20);
        assertSound();
    }

    /// The long way round: unwrap, claim a part as a request, wrap again. The id that showed the whole stays gone.
    function test_l40_unwrap_claim_and_wrap_again_brings_no_old_id_back() public {
        uint256 id = requestExit(alice, 40 ether);
        closeRung();
        mintReceipt(alice, id);
        payHalf();
        vm.startPrank(alice);
        receipts.unwrap(id);
        minter.withdraw(alice, id);
        uint256 next = minter.mintReceipt(id);
        assertEq(next, id + NEXT);
        // And once more by a partial claim of the receipt and an unwrap of what it left.
        vm.stopPrank();
        payHalf();
        (, uint256 third) = redeem(alice, next);
        assertEq(third, id + 2 * NEXT);
        vm.startPrank(alice);
        receipts.unwrap(third);
        assertEq(minter.mintReceipt(id), id + 3 * NEXT);
        uint256[3] memory gone = [id, next, third];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, gone[i]));
            receipts.transferFrom(alice, carol, gone[i]);
        }
        vm.stopPrank();
        assertEq(receipts.balanceOf(alice), 1);
    }

    /// The seller is paid its half and, inside that payment, tries to sell the whole.
    function test_l26_l40_a_seller_cannot_sell_while_it_is_paid() public {
        Seller seller = new Seller(receipts, minter);
        vm.prank(alice);
        token.transfer(address(seller), 40 ether);
        uint256 id = requestExit(address(seller), 40 ether);
        closeRung();
        seller.run(address(minter), 0, abi.encodeCall(ILiquidMinter.mintReceipt, (id)));
        payHalf();
        seller.set(3, id, carol);
        seller.run(address(receipts), 0, abi.encodeCall(ILiquidReceipts.redeem, (id, address(seller))));
        assertEq(seller.tried(), 11);
        assertEq(seller.passed(), 0, "re-entered");
        assertTrue(seller.sound(), "half-written books were to be seen");
        assertEq(receipts.ownerOf(id + NEXT), address(seller));
        assertEq(receipts.balanceOf(carol), 0);
        fund();
        seller.set(3, id + NEXT, carol);
        seller.run(address(receipts), 0, abi.encodeCall(ILiquidReceipts.redeem, (id + NEXT, address(seller))));
        assertEq(seller.tried(), 22);
        assertEq(seller.passed(), 0);
        assertApproxEqAbs(address(seller).balance, afterFee(40 ether), 10);
        assertSound();
    }

    /// The receiver of a receipt's coins refuses or burns its gas: the call reverts whole, the receipt is still there.
    function test_l9_a_receipt_whose_recipient_refuses_is_kept() public {
        Seller seller = new Seller(receipts, minter);
        vm.prank(alice);
        token.transfer(address(seller), 20 ether);
        uint256 id = requestExit(address(seller), 20 ether);
        uint256 hers = requestExit(alice, 20 ether);
        closeRung();
        seller.run(address(minter), 0, abi.encodeCall(ILiquidMinter.mintReceipt, (id)));
        fund();
        for (uint256 mode = 1; mode < 3; ++mode) {
            seller.set(mode, id, carol);
            vm.prank(address(seller));
            vm.expectRevert(abi.encodeWithSelector(TransferFailed.selector, address(seller), afterFee(20 ether)));
            receipts.redeem{gas: 3_000_000}(id, address(seller));
            assertEq(receipts.ownerOf(id), address(seller));
        }
        assertEq(claimNow(alice, hers), afterFee(20 ether), "and blocks nobody");
        vm.prank(address(seller));
        (uint256 paid,) = receipts.redeem(id, carol);
        assertEq(paid, afterFee(20 ether));
        assertSound();
    }

    /// A market (or a vault) holds a receipt: nobody can have its coins sent there, by no path.
    function test_l41_a_push_or_claim_for_a_market_or_vault_that_holds_the_receipt_is_refused() public {
        Market market = new Market(receipts);
        uint256 id = requestExit(alice, 40 ether);
        closeRung();
        vm.startPrank(alice);
        minter.mintReceipt(id);
        receipts.approve(address(market), id);
        market.list(id, 39 ether);
        vm.stopPrank();
        fund();
        // Not even when the holder is an account that takes pushes.
        uint256 mark = vm.snapshotState();
        for (uint256 i; i < 2; ++i) {
            address[3] memory named = [address(market), address(receipts), alice];
            for (uint256 k; k < 3; ++k) {
                assertEq(push(named[k], id), 0, "pushed");
            }
            vm.prank(mallory);
            vm.expectRevert(abi.encodeWithSelector(AutoPayOff.selector, address(receipts)));
            minter.claimFor(id);
            vm.prank(mallory);
            vm.expectRevert(abi.encodeWithSelector(NotRequestOwner.selector, id, address(receipts), mallory));
            minter.withdraw(address(market), id);
            vm.prank(mallory);
            vm.expectPartialRevert(ILiquidReceipts.NotReceiptOwner.selector);
            receipts.redeem(id, address(market));
            if (i == 0) {
                vm.prank(address(market));
                receipts.transferFrom(address(market), alice, id);
            }
        }
        vm.revertToState(mark);
        assertEq(address(market).balance, 0);
        // The buyer gets what the id showed.
        vm.prank(carol);
        market.buy{value: 39 ether}(id);
        uint256 before = carol.balance;
        redeem(carol, id);
        assertEq(carol.balance - before, afterFee(40 ether));
        assertSound();
    }

    // -------------------------------------------------------------------------------------------------------- autoPay

    function test_auto_pay_is_on_without_code_off_with_code_and_its_owners_to_say() public {
        Seller safe = new Seller(receipts, minter);
        assertTrue(minter.autoPay(alice));
        assertFalse(minter.autoPay(address(safe)));
        assertFalse(minter.autoPay(address(receipts)));
        vm.prank(alice);
        token.transfer(address(safe), 30 ether);
        uint256[3] memory hers =
            [requestExit(alice, 10 ether), requestExit(alice, 10 ether), requestExit(alice, 10 ether)];
        uint256[2] memory its = [requestExit(address(safe), 10 ether), requestExit(address(safe), 10 ether)];
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(NothingToClaim.selector, hers[0]));
        minter.claimFor(hers[0]);
        closeRung();
        vm.expectRevert(abi.encodeWithSelector(NothingToClaim.selector, hers[0]));
        minter.claimFor(hers[0]);
        payHalf();
        vm.expectRevert(abi.encodeWithSelector(NothingToClaim.selector, hers[0]));
        minter.claimFor(hers[0]); // a part is no whole
        fund();
        vm.expectRevert(abi.encodeWithSelector(UnknownRequest.selector, 77));
        minter.claimFor(77);

        // Anybody, to its owner and nobody else.
        uint256 before = alice.balance;
        vm.prank(mallory);
        uint256 paid = minter.claimFor(hers[0]);
        assertApproxEqAbs(paid, afterFee(10 ether), 3);
        assertEq(alice.balance - before, paid);
        vm.expectRevert(abi.encodeWithSelector(UnknownRequest.selector, hers[0]));
        minter.claimFor(hers[0]);
        vm.expectEmit(address(minter));
        emit AutoPaySet(alice, false);
        vm.prank(alice);
        minter.setAutoPay(false);
        vm.expectRevert(abi.encodeWithSelector(AutoPayOff.selector, alice));
        minter.claimFor(hers[1]);
        assertEq(push(alice, hers[1]), 0);
        vm.prank(alice);
        minter.setAutoPay(true);
        assertEq(push(alice, hers[1]), 1);
        // EIP-7702: an account with a delegation has code. What it said counts; nothing said, nobody pays it but itself.
        vm.etch(bob, abi.encodePacked(hex"ef0100", address(safe)));
        assertFalse(minter.autoPay(bob));
        vm.etch(alice, abi.encodePacked(hex"ef0100", address(safe)));
        assertTrue(minter.autoPay(alice), "she said so");

        vm.expectRevert(abi.encodeWithSelector(AutoPayOff.selector, address(safe)));
        minter.claimFor(its[0]);
        safe.run(address(minter), 0, abi.encodeCall(ILiquidMinter.setAutoPay, (true)));
        before = address(safe).balance;
        paid = minter.claimFor(its[0]);
        assertEq(push(address(safe), its[1]), 1);
        assertApproxEqAbs(address(safe).balance - before, 2 * paid, 2);
        assertSound();
    }

    /// A contract that takes pushes and then refuses, burns its 50,000 gas or calls back: it keeps its claim, the next is paid.
    function test_l9_l26_pushed_contracts_that_refuse_burn_or_reenter() public {
        Seller[3] memory bad;
        address[] memory users = new address[](4);
        uint256[] memory ids = new uint256[](4);
        for (uint256 i; i < 3; ++i) {
            bad[i] = new Seller(receipts, minter);
            vm.prank(alice);
            token.transfer(address(bad[i]), 10 ether);
            bad[i].run(address(minter), 0, abi.encodeCall(ILiquidMinter.setAutoPay, (true)));
            ids[i] = requestExit(address(bad[i]), 10 ether);
            bad[i].set(i + 1, ids[i], carol);
            users[i] = address(bad[i]);
        }
        (users[3], ids[3]) = (alice, requestExit(alice, 10 ether));
        closeRung();
        fund();
        uint256 reserved = minter.totalInstantUnstaked();
        vm.prank(keeper);
        (uint256 processed, uint256 paid) = minter.fulfillRequests(users, ids);
        assertEq(processed, 1);
        assertEq(paid, afterFee(10 ether));
        assertEq(minter.totalInstantUnstaked(), reserved - paid);
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(TransferFailed.selector, address(bad[i]), afterFee(10 ether)));
            minter.claimFor(ids[i]);
            (address owner, uint256 lst,) = minter.request(ids[i]);
            assertEq(owner, address(bad[i]));
            assertEq(lst, 10 ether);
        }
        assertEq(bad[2].passed(), 0);
        vm.prank(address(bad[0]));
        minter.withdraw(carol, ids[0]);
        bad[1].set(0, 0, carol);
        minter.claimFor(ids[1]);
        assertEq(address(bad[1]).balance, afterFee(10 ether));
        assertSound();
    }

    /// With little gas a caller gets nothing done and nobody told as refusing.
    function test_l39_a_stingy_caller_fakes_no_refusal() public {
        uint256 id = requestExit(alice, 20 ether);
        closeRung();
        fund();
        address[] memory users = new address[](1);
        uint256[] memory ids = new uint256[](1);
        (users[0], ids[0]) = (alice, id);
        uint256 mark = vm.snapshotState();
        uint256 done;
        for (uint256 gas = 40_000; gas < 400_000; gas += 4_000) {
            vm.revertToState(mark);
            uint256 before = alice.balance;
            vm.prank(mallory);
            try minter.claimFor{gas: gas}(id) returns (uint256 paid) {
                assertEq(alice.balance - before, paid);
                ++done;
            } catch (bytes memory reason) {
                assertTrue(bytes4(reason) != TransferFailed.selector, "a faked refusal");
                assertEq(alice.balance, before);
            }
            vm.revertToState(mark);
            vm.recordLogs();
            vm.prank(keeper);
            try minter.fulfillRequests{gas: gas}(users, ids) {} catch {}
            Vm.Log[] memory logs = vm.getRecordedLogs();
            for (uint256 i; i < logs.length; ++i) {
                assertTrue(logs[i].topics[0] != PushFailed.selector, "a faked refusal");
            }
        }
        assertGt(done, 20);
    }
}
