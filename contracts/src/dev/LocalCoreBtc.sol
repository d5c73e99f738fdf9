// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreBtc} from "../staking/ICoreBtc.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title LocalCoreBtc: a stand-in for coreBTC, for local chains only
/// @notice Written from fact C13 known of the real token, not from its code: 8 decimals, minters with a cap per epoch, and a
/// blacklist that stops both sides of a transfer.
contract LocalCoreBtc is ICoreBtc, ERC20 {
    struct Minter {
        uint256 cap;
        uint256 minted;
        uint256 epoch;
    }

    address public immutable admin;
    /// @notice Seconds of an epoch of minting.
    uint256 public constant EPOCH = 1 days;

    mapping(address => Minter) private _minters;
    mapping(address => bool) public isBlacklisted;

    error NotAdmin(address caller);

    modifier onlyAdmin() {
        if (msg.sender != admin) revert NotAdmin(msg.sender);
        _;
    }

    constructor(address admin_) ERC20("Local coreBTC", "coreBTC") {
        admin = admin_;
    }

    function setMinterCap(address minter, uint256 cap) external onlyAdmin {
        _minters[minter].cap = cap;
        emit MinterCapSet(minter, cap);
    }

    function setBlacklisted(address account, bool listed) external onlyAdmin {
        isBlacklisted[account] = listed;
        emit BlacklistSet(account, listed);
    }

    /// @inheritdoc ICoreBtc
    function mint(address to, uint256 amount) external {
        Minter storage m = _minters[msg.sender];
        if (m.epoch != block.timestamp / EPOCH) (m.epoch, m.minted) = (block.timestamp / EPOCH, 0);
        m.minted += amount;
        if (m.minted > m.cap) revert MinterCapExceeded(msg.sender, m.minted, m.cap);
        _mint(to, amount);
    }

    /// @inheritdoc ICoreBtc
    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 8;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (isBlacklisted[from]) revert Blacklisted(from);
        if (isBlacklisted[to]) revert Blacklisted(to);
        super._update(from, to, amount);
    }
}
