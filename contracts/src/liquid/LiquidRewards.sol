// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "./ILiquidMinter.sol";
import {ILiquidRewards} from "./ILiquidRewards.sol";
import {ILiquidToken} from "./ILiquidToken.sol";

/// @title Holds reward coins, takes the protocol's cut, feeds the token's stream, pays holders.
/// @notice Not upgradeable, without an owner. Coins come in by `load` alone; what is forced in by other means belongs to
/// nobody and stays. Every payment books first and calls last; a receiver that refuses keeps its claim.
contract LiquidRewards is ILiquidRewards {
    uint256 private constant BPS = 10_000;
    /// @notice The most that the protocol may take of a load, basis points.
    uint256 public constant REWARD_FEE_CEILING = 2_000;

    address public immutable MINTER;
    ILiquidToken public immutable TOKEN;

    /// @inheritdoc ILiquidRewards
    uint256 public rewardFeeBps;
    /// @inheritdoc ILiquidRewards
    uint256 public holdersOwed;
    /// @inheritdoc ILiquidRewards
    uint256 public protocolFees;

    /// @dev One slot: a claim of an account that claimed before reads it and no more.
    struct Standing {
        address delegate;
        bool everClaimed;
        bool hasKept;
    }

    mapping(address account => Standing) private _standing;
    /// @dev Wei collected from the token and still the account's: earned before a delegation began, or left when one ended.
    mapping(address account => uint256) private _kept;

    modifier onlyMinter() {
        if (msg.sender != MINTER) revert NotMinter(msg.sender);
        _;
    }

    constructor(address minter, address token, uint256 feeBps) {
        MINTER = minter;
        TOKEN = ILiquidToken(token);
        _setRewardFee(feeBps);
    }

    /// @inheritdoc ILiquidRewards
    function load() external payable {
        if (msg.value == 0) revert ZeroAmount();
        uint256 fee = msg.value * rewardFeeBps / BPS;
        protocolFees += fee;
        holdersOwed += msg.value - fee;
        emit RewardsLoaded(msg.sender, msg.value, fee);
        TOKEN.stream(msg.value - fee);
    }

    /// @inheritdoc ILiquidRewards
    function claim(address recipient) external returns (uint256 amount) {
        return _claimOwn(msg.sender, recipient);
    }

    /// @inheritdoc ILiquidRewards
    function claimFor(address account) external onlyMinter returns (uint256 amount) {
        return _claimOwn(account, account);
    }

    /// @inheritdoc ILiquidRewards
    function claimAsDelegate(address account, address recipient) external returns (uint256 amount) {
        if (msg.sender != _standing[account].delegate) revert NotDelegate(account, msg.sender);
        amount = TOKEN.collect(account);
        _payRewards(account, recipient, amount);
    }

    /// @inheritdoc ILiquidRewards
    function refuseDelegate() external {
        Standing storage s = _standing[msg.sender];
        if (s.everClaimed) return;
        s.everClaimed = true;
        s.delegate = address(0);
        emit DelegationClosed(msg.sender);
    }

    /// @inheritdoc ILiquidRewards
    function setDelegate(address account, address delegate) external onlyMinter {
        if (delegate != address(0)) {
            if (account.code.length == 0) revert NotContract(account);
            if (_standing[account].everClaimed) revert CanClaim(account);
        }
        // Whatever nobody has claimed so far is the account's: a delegation reaches forward only. The token is ours and calls
        // nobody.
        // slither-disable-next-line reentrancy-no-eth
        uint256 kept = TOKEN.collect(account);
        if (kept != 0) {
            _kept[account] += kept;
            _standing[account].hasKept = true;
        }
        _standing[account].delegate = delegate;
        emit DelegateSet(account, delegate, kept);
    }

    /// @inheritdoc ILiquidRewards
    function payProtocolFees() external returns (uint256 amount) {
        amount = protocolFees;
        if (amount == 0) return 0;
        protocolFees = 0;
        address recipient = ILiquidMinter(payable(MINTER)).feeRecipient();
        emit ProtocolFeesPaid(recipient, amount);
        _send(recipient, amount);
    }

    /// @inheritdoc ILiquidRewards
    function setRewardFee(uint256 bps) external onlyMinter {
        _setRewardFee(bps);
    }

    function _setRewardFee(uint256 bps) private {
        if (bps > REWARD_FEE_CEILING) revert FeeAboveCeiling(bps, REWARD_FEE_CEILING);
        rewardFeeBps = bps;
        emit RewardFeeSet(bps);
    }

    /// @dev The account proves that it can claim. What its delegate left is the account's.
    function _claimOwn(address account, address recipient) private returns (uint256 amount) {
        amount = TOKEN.collect(account) + _close(account);
        _payRewards(account, recipient, amount);
    }

    /// @return kept wei that were set aside for the account, taken off the books of what is set aside
    function _close(address account) private returns (uint256 kept) {
        Standing memory s = _standing[account];
        if (s.everClaimed && !s.hasKept) return 0;
        if (s.hasKept) {
            kept = _kept[account];
            delete _kept[account];
        }
        _standing[account] = Standing({delegate: address(0), everClaimed: true, hasKept: false});
        if (!s.everClaimed) emit DelegationClosed(account);
    }

    /// @inheritdoc ILiquidRewards
    function delegateOf(address account) external view returns (address) {
        return _standing[account].delegate;
    }

    /// @inheritdoc ILiquidRewards
    function everClaimed(address account) external view returns (bool) {
        return _standing[account].everClaimed;
    }

    /// @inheritdoc ILiquidRewards
    function rewardsOf(address account) external view returns (uint256 all, uint256 byDelegate) {
        all = TOKEN.earned(account);
        if (_standing[account].delegate != address(0)) byDelegate = all;
        all += _kept[account];
    }

    function _payRewards(address account, address recipient, uint256 amount) private {
        if (amount == 0) return;
        holdersOwed -= amount;
        emit RewardsPaid(account, recipient, amount);
        _send(recipient, amount);
    }

    function _send(address recipient, uint256 amount) private {
        // Coins sent to nobody would be lost.
        if (recipient == address(0)) revert TransferFailed(recipient, amount);
        (bool ok,) = recipient.call{value: amount}("");
        if (!ok) revert TransferFailed(recipient, amount);
    }
}
