// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPriceGuard} from "./IPriceGuard.sol";
import {IPriceSource} from "./IPriceSource.sol";

/// @title What a sleeve's units are worth in the chain's coin, from below and from above, and whether to believe it.
/// @notice A sleeve is named by what its units are units of: the token's address, or NATIVE for the coin itself.
///
/// Unit of every price here: **wei of the coin for 1e18 of the asset's smallest units**. One scale for all, so whoever
/// multiplies needs no decimals:
///
///     worth from below = floor(units * low  / 1e18)       units: the token's smallest, as its ledger counts them
///     worth from above = ceil (units * high / 1e18)       (library Worth)
///
/// Decimals are applied once, in the feed: a source answers in wei of the coin for one whole token, the feed multiplies by
/// 10 ** (18 - decimals), exactly. At 200,000 coins for a BTC of 8 decimals: source 2e23, price 2e33, one satoshi is worth
/// 2e33 / 1e18 = 2e15 wei. At 0.5 coins for a dollar of 6 decimals: source 5e17, price 5e29, one unit is worth 5e11 wei. At
/// 1.1 coins for a token of 18 decimals: source and price 1.1e18, one unit is worth 1.1 wei: 1 from below, 2 from above.
///
/// The coin itself is exactly 1e18 on both sides and always sound: it has no source.
///
/// `low` is rounded down and `high` up at every step, `low <= high <= MOST`, so `units * high` of any 128-bit amount fits 256
/// bits. A state other than Sound closes what needs a price; both sides are then for display only. Where nothing is known
/// they are 0 and MOST, which no one gains by: an asset paid in counts for nothing, one that is held for all there is.
/// @dev A view of the feed never reverts, whatever a source does, and needs at most READ_GAS for each source and guard.
interface IPriceFeed {
    /// @notice In the order of what they close: a greater one counts.
    enum State {
        Sound,
        Doubtful, // stale, future, missing, out of range, sources disagree, off the peg for a while, missed rounds
        Impaired // far off the peg, or its rate fell: recovers by itself after RECOVERY inside the band
    }

    /// @notice How an asset is priced. What governance declares; nothing of it is learned from a source.
    struct Listing {
        IPriceSource fair; // its rate (Earn), or the first of two independent sources
        IPriceSource market; // 0: none; the second source where `independent`
        IPriceGuard guard; // 0: none; may close, never price
        bool independent; // both sources price the same thing: a disagreement is a doubt about them, not a gap of the peg
        uint8 decimals; // of the asset; compared with the token's own
        uint16 spreadBps; // e: at least the errorBps of each source, at most MAX_SPREAD_BPS
        uint16 disagreeBps; // independent sources further apart are Doubtful at once; at most MAX_DISAGREE_BPS
        uint128 least; // wei of the coin for one whole asset: each source must answer from here
        uint128 most; // ... to here when it is configured; at most twice `least`
    }

    /// @notice What `observe` keeps of an asset. Times are unix seconds.
    struct Memory {
        uint48 seenAt; // last observation that could read everything; 0: none
        uint48 inBandAt; // last of these that saw the peg inside 1.5 %
        uint48 impairedAt; // last that saw it impaired; 0: not impaired, or recovered
        uint48 insideSince; // since when every observation is inside, none more than MAX_SILENCE apart; 0: not inside
        uint48 rateRound; // day (unix time / 86,400) in which the fair rate was updated at the earliest
        uint128 rate; // fair rate last seen, wei for one whole asset
        uint128 bestRate; // highest since the last impairment
    }

    event Listed(address indexed asset, Listing listing, uint256 low, uint256 high);
    event Delisted(address indexed asset);
    event Observed(address indexed asset, State state, uint256 low, uint256 high);

    error NotGovernor(address caller);
    error NotListed(address asset);
    /// @notice The coin is 1 by definition.
    error CoinHasNoPrice();
    error ZeroAddress();
    error SourceUnreadable(address source);
    /// @notice A source answered `price`, which is outside of what was declared for it.
    error OutOfRange(address source, uint256 price, uint256 least, uint256 most);
    /// @notice The declared range is empty, or wider than a factor of two: it would not tell a wrong unit.
    error BadRange(uint256 least, uint256 most);
    error WrongDecimals(address asset, uint256 declared, uint256 actual);
    /// @notice The source prices in another coin than the feed.
    error WrongCoin(address source, bytes32 coin, bytes32 expected);
    error SpreadOutOfRange(uint256 bps, uint256 least, uint256 most);
    error DisagreeOutOfRange(uint256 bps, uint256 most);
    /// @notice Two independent sources were asked for, and these are one.
    error NotIndependent(address first, address second);
    error SourcesDisagree(uint256 first, uint256 second);

    /// @notice Both sides of the price and its state, now. Never reverts.
    function quote(address asset) external view returns (uint256 low, uint256 high, State state);

    /// @notice Records what a later state needs to know. Permissionless; what cannot be read is not recorded, so a caller that
    /// is stingy with gas can fake nothing. Due hourly: after MAX_SILENCE without one, the way back from Impaired starts over.
    function observe(address asset) external returns (State state);

    /// @notice Governor only. Lists an asset, or replaces its listing. Each source is read: refused when one does not answer,
    /// or not inside the declared range, or the two of them disagree. An impairment is not forgotten by it.
    function list(address asset, Listing calldata listing) external;
    /// @notice Governor only. From then on Doubtful.
    function delist(address asset) external;

    function listing(address asset) external view returns (Listing memory);
    function memoryOf(address asset) external view returns (Memory memory);
    /// @notice Whether an asset other than the coin has a listing.
    function listed(address asset) external view returns (bool);
    /// @notice Who may list: the timelock.
    function GOVERNOR() external view returns (address);
    /// @notice The coin's symbol, as sources name it ("CORE").
    function COIN() external view returns (bytes32);
    /// @notice 0xEeee…EEeE, the coin itself.
    function NATIVE() external view returns (address);
}
