// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Sells LST for the native coin in allow-listed pools, never below a price.
/// @notice Called by the minter alone, inside an exit that its owner asked for. LST and coins in wei; prices are coin wei per
/// LST wei times 1e27; fees in basis points. One exit uses one pool: the one that gains most over the least price.
/// @dev The least price is a *marginal* one, the pool's fee included: a sale stops where the next wei would bring less. What is
/// left goes to the queue. Nothing stays here between calls.
interface IAmmRoute {
    /// @notice How a pool is spoken to. `None` takes a pool off the list.
    enum Style {
        None,
        V2, // constant product: Uniswap V2 and what follows it
        V3 // concentrated liquidity with an oracle of its own: Uniswap V3
    }

    struct Pool {
        address at;
        Style style;
        uint16 feeBps; // V2 only; a V3 pool tells its own
    }

    error NotMinter(address caller);
    error NotPool(address caller);
    error NotWrappedCoin(address caller);
    error WrongTokens(address pool);
    error BadFee(uint256 feeBps);
    error UnknownPool(address pool);
    error TooManyPools(uint256 most);
    error NothingSold();
    error PriceTooLow(uint256 coins, uint256 least);
    /// @notice The pool's price now is `ticks` away from its own mean over TWAP_WINDOW.
    error PriceStrays(address pool, uint256 ticks, uint256 most);

    event PoolSet(address indexed pool, Style style, uint256 feeBps);

    // ----------------------------------------------------------------------------------------------------------- minter
    /// @notice Puts a pool on the list, changes it there, or (None) takes it off. Minter only.
    function setPool(address pool, Style style, uint256 feeBps) external;

    /// @notice Sells at most `lst` of what the route holds, and hands the coins to the minter. Minter only.
    /// @return pool used; @return sold LST; @return coins that the minter got. Reverts when nothing can be sold.
    function sell(uint256 lst, uint256 minPrice) external returns (address pool, uint256 sold, uint256 coins);

    // ------------------------------------------------------------------------------------------------------------ views
    /// @notice What `sell` would do now; zeros when no pool buys at that price. A pool that fails is passed over.
    function quote(uint256 lst, uint256 minPrice) external view returns (address pool, uint256 sold, uint256 coins);
    /// @notice One pool's part of `quote`; reverts with the pool's reason.
    function quotePool(uint256 index, uint256 lst, uint256 minPrice) external view returns (uint256 sold, uint256 coins);
    function pools() external view returns (Pool[] memory);
    function MINTER() external view returns (address);
    function TOKEN() external view returns (address);
    /// @notice The wrapped coin that pools hold (`withdraw(uint256)` unwraps).
    function WCOIN() external view returns (address);
    /// @notice Seconds of the mean that a V3 pool's price is compared with.
    function TWAP_WINDOW() external view returns (uint32);
    /// @notice The most ticks (0.01 % each) between a V3 pool's price and that mean.
    function TWAP_TICKS() external view returns (uint256);
}
