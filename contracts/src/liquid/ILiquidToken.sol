// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The liquid staking token: ERC-20 with EIP-2612 permit and a reward stream inside.
/// @notice One unit of LST is worth `LiquidMinter.rate()` of the native coin. Staking rewards are not in the rate: they
/// stream to holders in coin, by balance and second, and are paid by `LiquidRewards`. Queued LST (burned at request)
/// earns nothing: the stream's divisor is `totalSupply()`.
/// @dev Not upgradeable. One storage slot per holder: balance 96 | paid index 80 | accrued 80 bits.
interface ILiquidToken is IERC20 {
    /// @notice A load of rewards began to stream.
    /// @param amount wei of the load itself; @param flow wei per second that it (and what was left over) adds;
    /// @param end unix second, a day boundary, at which this flow stops.
    event StreamAdded(uint256 amount, uint256 flow, uint256 end);
    /// @notice `account`'s accrued rewards left the books of the token (to be paid by LiquidRewards).
    event RewardsCollected(address indexed account, uint256 amount);

    error NotMinter(address caller);
    error NotRewards(address caller);
    error BalanceTooLarge(uint256 amount);

    /// @notice The only account that may mint and burn.
    function MINTER() external view returns (address);
    /// @notice The only account that may add to the stream and collect.
    function REWARDS() external view returns (address);

    function mint(address to, uint256 amount) external;
    /// @notice Burns without an allowance: the minter burns only its own caller's tokens.
    function burn(address from, uint256 amount) external;
    /// @notice Adds `amount` wei to the stream: vests over max(7 d, time since the last load), at most 84 d, ending on
    /// a day boundary.
    function stream(uint256 amount) external;
    /// @notice Zeroes and returns what `account` has accrued, wei.
    function collect(address account) external returns (uint256 amount);

    /// @notice Wei of reward that `account` could collect now.
    function earned(address account) external view returns (uint256);
    /// @notice The stream as accruing now leaves it (`updatedAt` is now): index (wei per LST, times 1e18), flow (wei per second), carry and unallocated (wei).
    function streamState()
        external
        view
        returns (uint256 index, uint256 updatedAt, uint256 flow, uint256 carry, uint256 unallocated, uint256 lastLoadAt);
    /// @notice Flow (wei per second) that ends at the start of unix day `day`.
    function flowEnding(uint256 day) external view returns (uint256);
}
