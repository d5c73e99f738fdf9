// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC7575Share} from "../async/IERC7540.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

/// @title The compounding vault: ERC-4626 over LST, and the share token of both vaults (ERC-7575).
/// @notice LST in, LST out, at once. The rewards that the vault's LST earns (coins) become LST with `harvest`, which anybody may
/// call; the price of a share counts them from the second in which they accrue, so that a harvest moves nothing.
///
///     totalAssets = lstHeld + floor((coinsHeld + earned(vault)) / rate)         both terms as they stand this second
///     shares      = assets * (totalSupply + V) / (totalAssets + V)              V = 1e6: shares and LST that nobody owns
///
/// - *A share never loses LST.* Its price starts at 1 and rises; a loss lowers what an LST is worth (`rate`), which shares
///   carry as every LST does. A loss makes the coins that wait for a harvest worth more LST: that is a rise.
/// - *While the minter takes no deposits* (a pause, a slash that is not booked, a rate below 0.01) rewards cannot become LST.
///   They are still counted, at the rate: they are coins, and an LST is owed `rate` coins. What changes: deposits are closed
///   (`maxDeposit` is 0, so that nobody buys at a price that nothing can be bought at), `harvest` reverts with the
///   minter's reason, and withdrawals go on as far as LST is held (`maxWithdraw`, `maxRedeem` say how far). The part that
///   waits is reached by `redeemInKind`, which needs no rate and no minter.
/// - *Deposits harvest first* when more than 0.01 % of what is held waits: whoever knows of a slash before the books do
///   must not buy into coins at the old rate.
/// - *LST that arrives unasked* is not counted, ever, and cannot be taken out: no donation moves the price. It keeps
///   earning, and those rewards are the holders'. Coins are accepted from the rewards contract alone.
/// - No owner, no role, no fee, no upgrade.
/// @dev Named dust: rounding of deposits and exits stays with the holders; V's part of the rewards (V / totalSupply of them)
/// stays here.
interface ILiquidVault is IERC4626, IERC7575Share, IERC165 {
    error ZeroAmount();
    error ZeroAddress();
    error NotRewards(address caller);
    error NotCoinVault(address caller);
    error SharesBelowMinimum(uint256 shares, uint256 minShares);
    error TransferFailed(address recipient, uint256 amount);

    /// @notice `coins` of rewards became `lst`.
    event Harvested(address indexed caller, uint256 coins, uint256 lst);
    event RedeemedInKind(
        address indexed caller,
        address indexed receiver,
        address indexed owner,
        uint256 shares,
        uint256 lst,
        uint256 coins
    );

    /// @notice Turns all rewards of the vault into LST. Anyone. Moves the price of a share by 0 wei. Nothing waiting: returns
    /// zeros. Reverts with the minter's error while that takes no deposits.
    function harvest() external returns (uint256 coins, uint256 lst);
    /// @notice Coins to shares in one transaction: LST is minted to the vault. Reverts with the minter's error while that
    /// takes no deposits.
    function submitAndDeposit(address receiver, uint256 minShares) external payable returns (uint256 shares);
    /// @notice Pays the shares' part of everything as it lies here: LST, and the rewards that wait, in coin (one wei less, for
    /// the rounding). Works in every state; worth at most a `redeem` where that works.
    function redeemInKind(uint256 shares, address receiver, address owner) external returns (uint256 lst, uint256 coins);

    /// @notice COIN_VAULT only: exactly `shares` for coins that are worth them; what they are worth more stays with all holders.
    function submitAndMint(uint256 shares, address receiver) external payable;
    /// @notice COIN_VAULT only: burns `shares` of `owner` (spending `spender`'s allowance unless it is the owner) and sends it
    /// their LST.
    function redeemForExit(uint256 shares, address owner, address spender) external returns (uint256 lst);

    /// @notice LST that the vault counts as its own.
    function lstHeld() external view returns (uint256);
    /// @notice Coins of rewards that were collected and are not LST yet (after an exit in kind).
    function coinsHeld() external view returns (uint256);
    /// @notice What a harvest would turn: coins, and the LST that they count as.
    function pendingRewards() external view returns (uint256 coins, uint256 lst);
    /// @notice ERC-7575: this contract.
    function share() external view returns (address);
    function MINTER() external view returns (address payable);
    function REWARDS() external view returns (address);
    /// @notice The entry and exit in coin.
    function COIN_VAULT() external view returns (address);
}
