// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreEarn} from "../../staking/ICoreEarn.sol";
import {IStCoreAccount} from "./IStCoreSleeve.sol";
import {Outside} from "./Outside.sol";

/// @title The code behind every ticket's account at Earn; the sleeve makes clones of it.
/// @dev No storage, no owner. `receive` does nothing: Earn may pay with no more gas than a plain transfer brings.
contract StCoreAccount is IStCoreAccount {
    /// @dev Of Earn's withdrawal; it may undelegate from many validators for it.
    uint256 private constant WITHDRAW_GAS = 3_000_000;
    /// @dev Of the list of its one record.
    uint256 private constant RECORDS_GAS = 1_000_000;
    uint256 private constant PAY_GAS = 100_000;

    address public immutable SLEEVE;
    address public immutable EARN;

    error TransferFailed(address to, uint256 amount);

    modifier onlySleeve() {
        if (msg.sender != SLEEVE) revert NotSleeve(msg.sender);
        _;
    }

    constructor(address earn) {
        SLEEVE = msg.sender;
        EARN = earn;
    }

    receive() external payable {}

    /// @inheritdoc IStCoreAccount
    function redeem(uint256 stCore) external onlySleeve {
        Outside.must(EARN, abi.encodeCall(ICoreEarn.redeem, (stCore)));
    }

    /// @inheritdoc IStCoreAccount
    function withdraw(address to) external onlySleeve returns (bool came, uint256 paid, bool open) {
        came = Outside.attempt(EARN, WITHDRAW_GAS, abi.encodeCall(ICoreEarn.withdraw, ()));
        bool known;
        (known, open) = _open();
        // Nothing is owed any more: it was paid on somebody else's call, or at the redeem.
        if (known && !open) came = true;
        paid = address(this).balance;
        if (!came || paid == 0) return (came, 0, open);
        if (!Outside.attempt(to, paid, PAY_GAS, "")) revert TransferFailed(to, paid);
    }

    /// @dev The list of records is an offset and a length, whatever a record looks like; 64 bytes of it are read. Where Earn does
    /// not answer so, one withdrawal is taken for all, as it is documented.
    function _open() private view returns (bool known, bool open) {
        bytes memory question = abi.encodeWithSignature("getRedeemRecords()");
        address earn = EARN;
        uint256 cap = RECORDS_GAS;
        uint256 length;
        assembly ("memory-safe") {
            known := staticcall(cap, earn, add(question, 32), mload(question), 0, 64)
            if lt(returndatasize(), 64) { known := 0 }
            length := mload(32)
        }
        open = known && length != 0;
    }
}
