// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidToken} from "./ILiquidToken.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The liquid staking token, with the reward stream of its holders inside.
/// @notice Not upgradeable, without an owner; MINTER alone mints and burns, REWARDS alone streams and collects.
/// @dev OpenZeppelin's ERC20Permit with its balances and supply moved: a transfer touches one slot for each holder and the
/// two of the stream, and calls nobody. docs/src/specification.md, section 3.
///
///     stream(x)   total   _____________
///     flow       ________|             |______      every flow ends at the start of a day, so that accruing
///                        |<-- 7..84 -->|            walks at most 85 days however long nobody came by
contract LiquidToken is ERC20Permit, ILiquidToken {
    /// @dev Both slots of the stream, unpacked.
    struct Stream {
        uint256 index; // wei per LST, times INDEX_SCALE
        uint256 updatedAt;
        uint256 flow; // wei per second
        uint256 carry; // wei earned and too little for the index; below supply / INDEX_SCALE + 1, so below 2^38
        uint256 supply;
        uint256 lastLoadAt;
        uint256 unallocated; // wei that no flow carries yet
    }

    uint256 private constant DAY = 1 days;
    uint256 private constant VEST_MIN = 7 days;
    uint256 private constant VEST_MAX = 84 days;
    uint256 private constant INDEX_SCALE = 1e18;

    uint256 private constant MASK_40 = type(uint40).max;
    uint256 private constant MASK_48 = type(uint48).max;
    uint256 private constant MASK_80 = type(uint80).max;
    uint256 private constant MASK_88 = type(uint88).max;
    uint256 private constant MASK_96 = type(uint96).max;

    /// @inheritdoc ILiquidToken
    address public immutable MINTER;
    /// @inheritdoc ILiquidToken
    address public immutable REWARDS;

    /// @dev balance 96 | paid index 80 | accrued 80
    mapping(address account => uint256 packed) private _holders;
    /// @dev index 80 | updatedAt 40 | flow 88 | carry 48
    uint256 private _streamSlot;
    /// @dev totalSupply 96 | lastLoadAt 40 | unallocated 96 | free 24
    uint256 private _supplySlot;
    /// @dev Accrued wei that did not fit the holder's 80 bits.
    mapping(address account => uint256) private _accruedOverflow;
    /// @inheritdoc ILiquidToken
    mapping(uint256 day => uint256) public flowEnding;

    constructor(string memory name_, string memory symbol_, address minter, address rewards)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        if (minter == address(0)) revert NotMinter(minter);
        if (rewards == address(0)) revert NotRewards(rewards);
        MINTER = minter;
        REWARDS = rewards;
    }

    // --------------------------------------------------------------------------------------------------------- minter

    /// @inheritdoc ILiquidToken
    function mint(address to, uint256 amount) external {
        if (msg.sender != MINTER) revert NotMinter(msg.sender);
        _mint(to, amount);
    }

    /// @inheritdoc ILiquidToken
    function burn(address from, uint256 amount) external {
        if (msg.sender != MINTER) revert NotMinter(msg.sender);
        _burn(from, amount);
    }

    // --------------------------------------------------------------------------------------------------------- stream

    /// @inheritdoc ILiquidToken
    function stream(uint256 amount) external {
        if (msg.sender != REWARDS) revert NotRewards(msg.sender);
        if (amount > MASK_96) revert BalanceTooLarge(amount);
        Stream memory s = _current();
        uint256 span =
            s.lastLoadAt == 0 ? VEST_MIN : Math.min(Math.max(block.timestamp - s.lastLoadAt, VEST_MIN), VEST_MAX);
        uint256 end = Math.ceilDiv(block.timestamp + span, DAY) * DAY;
        uint256 duration = end - block.timestamp;
        uint256 total = amount + s.unallocated;
        uint256 flow = total / duration;
        // What the division left over.
        // slither-disable-next-line divide-before-multiply
        s.unallocated = total - flow * duration;
        s.flow += flow;
        // 2^88 wei a second is 300 million coins a second.
        if (s.flow > MASK_88) revert BalanceTooLarge(amount);
        s.lastLoadAt = block.timestamp;
        flowEnding[end / DAY] += flow;
        _store(s);
        emit StreamAdded(amount, flow, end);
    }

    /// @inheritdoc ILiquidToken
    function collect(address account) external returns (uint256 amount) {
        if (msg.sender != REWARDS) revert NotRewards(msg.sender);
        Stream memory s = _current();
        _store(s);
        uint256 balance;
        (balance, amount) = _settled(account, s.index);
        _setHolder(account, balance, s.index, 0);
        uint256 spilled = _accruedOverflow[account];
        if (spilled != 0) {
            amount += spilled;
            delete _accruedOverflow[account];
        }
        if (amount != 0) emit RewardsCollected(account, amount);
    }

    // ---------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc ILiquidToken
    function earned(address account) external view returns (uint256 amount) {
        (, amount) = _settled(account, _current().index);
        amount += _accruedOverflow[account];
    }

    /// @inheritdoc ILiquidToken
    function streamState()
        external
        view
        returns (uint256 index, uint256 updatedAt, uint256 flow, uint256 carry, uint256 unallocated, uint256 lastLoadAt)
    {
        Stream memory s = _current();
        return (s.index, s.updatedAt, s.flow, s.carry, s.unallocated, s.lastLoadAt);
    }

    /// @inheritdoc IERC20
    function balanceOf(address account) public view override(ERC20, IERC20) returns (uint256) {
        return _holders[account] & MASK_96;
    }

    /// @inheritdoc IERC20
    function totalSupply() public view override(ERC20, IERC20) returns (uint256) {
        return _supplySlot & MASK_96;
    }

    // ------------------------------------------------------------------------------------------------------ accounting

    /// @dev Every mint, burn and transfer: the stream up to now, then each side settled at its old balance.
    function _update(address from, address to, uint256 value) internal override {
        Stream memory s = _current();
        if (from == address(0)) {
            s.supply += value;
            // The supply bounds every balance.
            if (s.supply > MASK_96) revert BalanceTooLarge(value);
        } else {
            (uint256 balance, uint256 accrued) = _settled(from, s.index);
            if (balance < value) revert ERC20InsufficientBalance(from, balance, value);
            // To oneself: settled once, nothing moves.
            _setHolder(from, from == to ? balance : balance - value, s.index, accrued);
        }
        if (to == address(0)) {
            s.supply -= value;
        } else if (to != from) {
            (uint256 balance, uint256 accrued) = _settled(to, s.index);
            _setHolder(to, balance + value, s.index, accrued);
        }
        _store(s);
        emit Transfer(from, to, value);
    }

    /// @dev The stream as accruing now leaves it.
    function _current() private view returns (Stream memory s) {
        uint256 a = _streamSlot;
        uint256 b = _supplySlot;
        s.index = a & MASK_80;
        uint256 t = (a >> 80) & MASK_40;
        uint256 flow = (a >> 120) & MASK_88;
        s.supply = b & MASK_96;
        s.lastLoadAt = (b >> 96) & MASK_40;
        s.unallocated = (b >> 136) & MASK_96;

        uint256 wei_ = a >> 208; // carry
        // bound(85): days, for every flow ends within VEST_MAX and a day of its load, and the walk with the last flow
        while (flow != 0 && t < block.timestamp) {
            uint256 day = t / DAY + 1;
            uint256 stop = Math.min(day * DAY, block.timestamp);
            wei_ += flow * (stop - t);
            t = stop;
            if (t == day * DAY) flow -= flowEnding[day];
        }
        s.updatedAt = block.timestamp;
        s.flow = flow;
        _distribute(s, wei_);
    }

    /// @dev Splits what was earned into index, carry and (with nobody to earn it) unallocated.
    function _distribute(Stream memory s, uint256 wei_) private pure {
        if (s.supply == 0) {
            s.unallocated += wei_;
            return;
        }
        uint256 delta = wei_ * INDEX_SCALE / s.supply;
        uint256 room = MASK_80 - s.index;
        if (delta > room) {
            // 1.2 million coins of reward for one LST: out of reach above a seed deposit of one. Should it come to that,
            // what the index cannot show waits unallocated; no transfer fails.
            delta = room;
            uint256 shown = Math.ceilDiv(delta * s.supply, INDEX_SCALE);
            s.index = MASK_80;
            s.unallocated += wei_ - shown;
            return;
        }
        s.index += delta;
        // What the index could not show.
        // slither-disable-next-line divide-before-multiply
        s.carry = wei_ - Math.ceilDiv(delta * s.supply, INDEX_SCALE);
    }

    function _store(Stream memory s) private {
        _streamSlot = s.index | (s.updatedAt << 80) | (s.flow << 120) | (s.carry << 208);
        // 2^96 wei unallocated is more coins than either chain has.
        if (s.unallocated > MASK_96) revert BalanceTooLarge(s.unallocated);
        _supplySlot = s.supply | (s.lastLoadAt << 96) | (s.unallocated << 136);
    }

    /// @dev The holder at `index`; what it spilled before is not in `accrued`.
    function _settled(address account, uint256 index) private view returns (uint256 balance, uint256 accrued) {
        uint256 packed = _holders[account];
        balance = packed & MASK_96;
        accrued = (packed >> 176) + balance * (index - ((packed >> 96) & MASK_80)) / INDEX_SCALE;
    }

    function _setHolder(address account, uint256 balance, uint256 index, uint256 accrued) private {
        if (accrued > MASK_80) {
            _accruedOverflow[account] += accrued;
            accrued = 0;
        }
        _holders[account] = balance | (index << 96) | (accrued << 176);
    }
}
