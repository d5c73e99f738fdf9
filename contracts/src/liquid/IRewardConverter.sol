// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Sells reward tokens for coins, which become a load of rewards.
/// @notice A falling price per token, open to everybody: it starts at a multiple of a floor or above the last one paid, halves
/// every hour and stops at the floor. A sale is limited in itself and by the day; the floor and both limits are set by the minter's admin under the
/// minter's delays. No role can take tokens or coins out, nobody's price feed is asked.
/// @dev Not upgradeable, without an owner.
interface IRewardConverter {
    struct Conversion {
        uint256 floor; // coin wei for 1e18 of the token's smallest units; 0: unknown here
        uint256 perSale; // token's smallest units
        uint256 perDay; // the same, per UTC day
        uint256 start; // price at startedAt
        uint256 startedAt;
        uint256 day; // unix day of `soldToday`
        uint256 soldToday;
    }

    event Configured(address indexed token, uint256 floor, uint256 perSale, uint256 perDay);
    event Restarted(address indexed token, uint256 price);
    event Sold(address indexed token, address indexed buyer, uint256 amount, uint256 coins, uint256 price);

    error NotMinter(address caller);
    error NotForSale(address token);
    error BadFloor(uint256 floor);
    error AboveLimit(uint256 amount, uint256 most);
    error PaymentTooSmall(uint256 sent, uint256 price);
    error PriceAboveMaximum(uint256 price, uint256 maximum);
    error TransferFailed(address recipient, uint256 amount);
    error ZeroAmount();

    function MINTER() external view returns (address);
    /// @notice Minter only. A token that is new here starts at START_MULTIPLE floors; a limit of 0 stops its sale.
    function configure(address token, uint256 floor, uint256 perSale, uint256 perDay) external;
    /// @notice Minter only, when tokens arrived: a price that lies at its floor starts anew, so that each lot is found its price.
    function restart(address token) external;
    /// @notice Buys `amount` of `token` at the price of this second; what is sent above it comes back.
    /// @param maxPrice reverts above it (coin wei for 1e18 units)
    function buy(address token, uint256 amount, uint256 maxPrice) external payable returns (uint256 coins);
    function price(address token) external view returns (uint256);
    /// @notice What may be bought now, in the token's smallest units.
    function forSale(address token) external view returns (uint256);
    function conversion(address token) external view returns (Conversion memory);
}
