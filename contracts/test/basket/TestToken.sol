// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

interface ITransferHook {
    function onTransfer(address from, address to, uint256 amount) external;
}

/// A token with any decimals, a blacklist, a fee on transfer and a hook for whoever it is about.
contract TestToken is ERC20 {
    error Blacklisted(address account);

    uint8 private immutable DECIMALS;
    mapping(address account => bool) public blacklisted;
    // One slot for all quirks: a token without any costs what a plain one does.
    address public hooked;
    uint32 public feeBps;
    bool private _lists;

    constructor(string memory symbol_, uint8 decimals_) ERC20(symbol_, symbol_) {
        DECIMALS = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function blacklist(address account, bool on) external {
        blacklisted[account] = on;
        _lists = true;
    }

    function hook(address to) external {
        hooked = to;
    }

    function setFeeBps(uint256 bps) external {
        feeBps = uint32(bps);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (_lists && blacklisted[from]) revert Blacklisted(from);
        if (_lists && blacklisted[to]) revert Blacklisted(to);
        if (feeBps != 0 && from != address(0)) {
            uint256 fee = amount * feeBps / 10_000;
            super._update(from, address(0xfee), fee);
            amount -= fee;
        }
        super._update(from, to, amount);
        if (hooked != address(0)) ITransferHook(hooked).onTransfer(from, to, amount);
    }
}
