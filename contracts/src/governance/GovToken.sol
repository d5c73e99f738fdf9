// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IGovToken} from "./IGovToken.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title GOV: votes on the baskets' parameters.
/// @notice IGovToken carries the NatSpec. Nobody can mint, burn, pause or upgrade it.
contract GovToken is IGovToken, ERC20, ERC20Permit, ERC20Votes {
    using Checkpoints for Checkpoints.Trace208;

    uint256 private constant MAX_ALLOCATIONS = 200;

    /// @inheritdoc IGovToken
    address public immutable TIMELOCK;

    /// @dev GOV of the timelock after each second in which it changed.
    Checkpoints.Trace208 private _timelockBalance;

    constructor(string memory name_, string memory symbol_, address timelock, Allocation[] memory list)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        if (timelock == address(0)) revert ZeroAddress();
        if (list.length == 0) revert NoAllocations();
        if (list.length > MAX_ALLOCATIONS) revert TooManyAllocations(list.length, MAX_ALLOCATIONS);
        TIMELOCK = timelock;
        // bound(MAX_ALLOCATIONS): checked above
        for (uint256 i; i < list.length; ++i) {
            Allocation memory a = list[i];
            if (a.account == address(0)) revert ZeroAddress();
            if (a.amount == 0) revert ZeroAmount(a.account);
            if (balanceOf(a.account) != 0) revert Twice(a.account);
            _mint(a.account, a.amount);
        }
    }

    /// @inheritdoc IGovToken
    function getPastTimelockBalance(uint256 timepoint) external view returns (uint256) {
        return _timelockBalance.upperLookupRecent(_validateTimepoint(timepoint));
    }

    /// @notice Seconds since 1970.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
        if (from != TIMELOCK && to != TIMELOCK) return;
        // The supply fits 208 bits: ERC20Votes refuses more.
        // slither-disable-next-line unused-return
        _timelockBalance.push(clock(), SafeCast.toUint208(balanceOf(TIMELOCK)));
    }

    function _delegate(address account, address delegatee) internal override {
        if (account == TIMELOCK || delegatee == TIMELOCK) revert TimelockCannotVote(account, delegatee);
        super._delegate(account, delegatee);
    }
}
