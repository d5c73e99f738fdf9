// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC7575, IERC7575Share} from "../async/IERC7540.sol";
import {ILiquidMinter} from "./ILiquidMinter.sol";
import {ILiquidRewards} from "./ILiquidRewards.sol";
import {ILiquidToken} from "./ILiquidToken.sol";
import {ILiquidVault} from "./ILiquidVault.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The compounding vault. ILiquidVault carries the NatSpec; docs/src/specification.md, section 13, the arithmetic.
contract LiquidVault is ERC4626, ERC20Permit, ReentrancyGuardTransient, ILiquidVault {
    using Math for uint256;
    using SafeERC20 for IERC20;

    /// @dev ERC-7528: the native coin where an ERC-20 is meant.
    address private constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    uint256 private constant RAY = 1e27;
    /// @dev Shares and LST that nobody owns: whoever inflates a share by one wei gives a million wei away.
    uint256 private constant VIRTUAL = 1e6;
    /// @dev Deposits harvest first when more than one part in this many waits.
    uint256 private constant HARVEST_PART = 10_000;

    /// @inheritdoc ILiquidVault
    address payable public immutable MINTER;
    /// @inheritdoc ILiquidVault
    address public immutable REWARDS;
    /// @inheritdoc ILiquidVault
    address public immutable COIN_VAULT;

    /// @inheritdoc ILiquidVault
    uint256 public lstHeld;
    /// @inheritdoc ILiquidVault
    uint256 public coinsHeld;

    modifier onlyCoinVault() {
        if (msg.sender != COIN_VAULT) revert NotCoinVault(msg.sender);
        _;
    }

    constructor(
        string memory name_,
        string memory symbol_,
        address lst,
        address payable minter,
        address rewards,
        address coinVault
    ) ERC20(name_, symbol_) ERC20Permit(name_) ERC4626(IERC20(lst)) {
        if (lst == address(0) || minter == address(0) || rewards == address(0) || coinVault == address(0)) {
            revert ZeroAddress();
        }
        MINTER = minter;
        REWARDS = rewards;
        COIN_VAULT = coinVault;
        emit VaultUpdate(lst, address(this));
        emit VaultUpdate(NATIVE, coinVault);
    }

    receive() external payable {
        if (msg.sender != REWARDS) revert NotRewards(msg.sender);
    }

    // --------------------------------------------------------------------------------------------------------- rewards

    /// @inheritdoc ILiquidVault
    function harvest() external nonReentrant returns (uint256 coins, uint256 lst) {
        return _harvest();
    }

    // From here to redeemInKind: the calls go to the minter, the rewards and the token, contracts of ours that call nobody else
    // on the way; every way in is guarded; the one call to a stranger is the last line of redeemInKind.
    // slither-disable-start reentrancy-eth,reentrancy-no-eth
    function _harvest() private returns (uint256 coins, uint256 lst) {
        coins = coinsHeld + ILiquidRewards(REWARDS).claim(address(this));
        if (coins == 0) return (0, 0);
        coinsHeld = 0;
        lst = _submit(coins);
        lstHeld += lst;
        emit Harvested(msg.sender, coins, lst);
    }

    function _submit(uint256 coins) private returns (uint256 lst) {
        return ILiquidMinter(MINTER).deposit{value: coins}(address(this), 0, block.timestamp);
    }

    /// @dev Before a deposit: coins that wait must not be sold at a rate that a slash may be about to lower.
    function _harvestBeforeDeposit() private {
        (, uint256 lst) = pendingRewards();
        if (lst > lstHeld / HARVEST_PART) _harvest();
    }

    /// @inheritdoc ILiquidVault
    function pendingRewards() public view returns (uint256 coins, uint256 lst) {
        (uint256 rate,) = ILiquidMinter(MINTER).depositTerms();
        coins = coinsHeld + ILiquidToken(asset()).earned(address(this));
        // All is lost at a rate of 0: no LST is worth anything, and coins have no price in it.
        lst = rate == 0 ? 0 : coins * RAY / rate;
    }

    function _depositsOpen() private view returns (bool) {
        (, uint256 room) = ILiquidMinter(MINTER).depositTerms();
        return room != 0;
    }

    // -------------------------------------------------------------------------------------------------------- ERC-4626

    /// @inheritdoc IERC4626
    function totalAssets() public view override(ERC4626, IERC4626) returns (uint256) {
        (, uint256 lst) = pendingRewards();
        return lstHeld + lst;
    }

    /// @inheritdoc IERC4626
    function maxDeposit(address) public view override(ERC4626, IERC4626) returns (uint256) {
        return _depositsOpen() ? type(uint256).max : 0;
    }

    /// @inheritdoc IERC4626
    function maxMint(address) public view override(ERC4626, IERC4626) returns (uint256) {
        return _depositsOpen() ? type(uint256).max : 0;
    }

    /// @inheritdoc IERC4626
    function maxRedeem(address owner) public view override(ERC4626, IERC4626) returns (uint256 shares) {
        shares = balanceOf(owner);
        // What is not LST yet becomes it when a redemption needs it; while it cannot, only LST that is here is paid.
        if (!_depositsOpen()) shares = Math.min(shares, _convertToShares(lstHeld, Math.Rounding.Floor));
    }

    /// @inheritdoc ERC20
    function decimals() public view override(ERC20, ERC4626, IERC20Metadata) returns (uint8) {
        return ERC4626.decimals();
    }

    function _convertToShares(uint256 assets, Math.Rounding rounding) internal view override returns (uint256) {
        return assets.mulDiv(totalSupply() + VIRTUAL, totalAssets() + VIRTUAL, rounding);
    }

    function _convertToAssets(uint256 shares, Math.Rounding rounding) internal view override returns (uint256) {
        return shares.mulDiv(totalAssets() + VIRTUAL, totalSupply() + VIRTUAL, rounding);
    }

    /// @dev `shares` was computed before a harvest, which does not move the price.
    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override nonReentrant {
        if (assets == 0 || shares == 0) revert ZeroAmount();
        _harvestBeforeDeposit();
        lstHeld += assets;
        super._deposit(caller, receiver, assets, shares);
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
        nonReentrant
    {
        _take(assets, shares);
        super._withdraw(caller, receiver, owner, assets, shares);
    }

    function _take(uint256 assets, uint256 shares) private {
        if (assets == 0 || shares == 0) revert ZeroAmount();
        if (assets > lstHeld) _harvest();
        lstHeld -= assets;
    }

    // ------------------------------------------------------------------------------------------------------------ coins

    /// @inheritdoc ILiquidVault
    function submitAndDeposit(address receiver, uint256 minShares)
        external
        payable
        nonReentrant
        returns (uint256 shares)
    {
        _harvestBeforeDeposit();
        uint256 lst = _submit(msg.value);
        shares = _convertToShares(lst, Math.Rounding.Floor);
        if (shares == 0) revert ZeroAmount();
        if (shares < minShares) revert SharesBelowMinimum(shares, minShares);
        _credit(receiver, lst, shares);
    }

    /// @inheritdoc ILiquidVault
    function submitAndMint(uint256 shares, address receiver) external payable onlyCoinVault nonReentrant {
        _harvestBeforeDeposit();
        uint256 lst = _submit(msg.value);
        uint256 worth = _convertToShares(lst, Math.Rounding.Floor);
        if (worth < shares) revert SharesBelowMinimum(worth, shares);
        _credit(receiver, lst, shares);
    }

    function _credit(address receiver, uint256 lst, uint256 shares) private {
        lstHeld += lst;
        _mint(receiver, shares);
        emit Deposit(msg.sender, receiver, lst, shares);
    }

    /// @inheritdoc ILiquidVault
    function redeemForExit(uint256 shares, address owner, address spender)
        external
        onlyCoinVault
        nonReentrant
        returns (uint256 lst)
    {
        // Requests of one rung share one pool: what waits should be LST before its shares leave. Not a condition of leaving.
        if (_depositsOpen()) _harvestBeforeDeposit();
        uint256 most = maxRedeem(owner);
        if (shares > most) revert ERC4626ExceededMaxRedeem(owner, shares, most);
        lst = _convertToAssets(shares, Math.Rounding.Floor);
        _take(lst, shares);
        if (spender != owner) _spendAllowance(owner, spender, shares);
        _burn(owner, shares);
        emit Withdraw(msg.sender, msg.sender, owner, lst, shares);
        IERC20(asset()).safeTransfer(msg.sender, lst);
    }

    /// @inheritdoc ILiquidVault
    function redeemInKind(uint256 shares, address receiver, address owner)
        external
        nonReentrant
        returns (uint256 lst, uint256 coins)
    {
        if (shares == 0) revert ZeroAmount();
        uint256 supply = totalSupply() + VIRTUAL;
        // Shares first: who has too few is told so, before a part larger than the whole is reckoned.
        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        _burn(owner, shares);
        uint256 all = coinsHeld + ILiquidRewards(REWARDS).claim(address(this));
        lst = lstHeld.mulDiv(shares, supply);
        coins = all.mulDiv(shares, supply);
        // Coins count as LST rounded down: a wei less keeps that rounding from taking a wei from those who stay.
        if (coins != 0) --coins;
        lstHeld -= lst;
        coinsHeld = all - coins;
        emit Withdraw(msg.sender, receiver, owner, lst, shares);
        emit RedeemedInKind(msg.sender, receiver, owner, shares, lst, coins);
        IERC20(asset()).safeTransfer(receiver, lst);
        if (coins == 0) return (lst, 0);
        (bool ok,) = receiver.call{value: coins}("");
        if (!ok) revert TransferFailed(receiver, coins);
    }

    // slither-disable-end reentrancy-eth,reentrancy-no-eth

    // ------------------------------------------------------------------------------------------------ ERC-7575, ERC-165

    /// @inheritdoc ILiquidVault
    function share() external view returns (address) {
        return address(this);
    }

    /// @inheritdoc IERC7575Share
    function vault(address asset_) external view returns (address) {
        if (asset_ == asset()) return address(this);
        return asset_ == NATIVE ? COIN_VAULT : address(0);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return
            id == type(IERC165).interfaceId || id == type(IERC7575).interfaceId || id == type(IERC7575Share).interfaceId;
    }
}
