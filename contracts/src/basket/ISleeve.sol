// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title One position of a basket: what holds the assets of one sleeve and moves them when the basket says so.
/// @notice The basket decides every amount and keeps the books; a sleeve holds, pays and reports, and decides nothing. A *unit*
/// is one smallest unit of TOKEN, whatever happens to it inside (an idle coin and a delegated one are a unit each).
///
///     basket books     U + locked + fees            <=  held()          promise 1; what is short is a loss
///     a surplus        held() - (U + locked + fees)                     a reward: harvested by steps, donations too
///
///     in      coin:  basket -> enter{value}         token:  payer -> sleeve, no call
///     out     deliver(units, to)                    in kind, in this transaction, all or nothing
///             unbond(units, to) -> ticket           the epoch's way; what can be paid at once is paid at once
///             collect(ticket, to) -> paid, done     as often as it takes
///
/// What a ticket stands for is no part of `held` from the moment `unbond` returns, and what it loses is its own.
/// @dev One contract for each sleeve of each basket, not upgradeable, BASKET immutable. Every call of the basket is for BASKET
/// alone (`NotBasket`). All or nothing: a call that cannot do what it is asked reverts and leaves everything as it was; the
/// basket then changes nothing and books no loss. Whatever it calls outside may revert, burn its gas or return a bomb: a
/// sleeve passes on little of what others return, and the basket copies nothing of a delivery that it catches. No call may ask for the basket's lock.
interface ISleeve {
    /// @notice `caller` is not the basket.
    error NotBasket(address caller);
    error ZeroAddress();
    /// @notice A coin sleeve takes coins, a token sleeve none.
    error NotPayable();
    /// @notice `asked` is more than can be paid in this transaction.
    error NotEnough(uint256 asked, uint256 available);
    error UnknownTicket(uint256 ticket);
    /// @notice The ticket is open and nothing of it can be paid yet; `at` is when it may be (0: not known).
    error NotYet(uint256 ticket, uint256 at);
    error TransferFailed(address to, uint256 amount);

    /// @notice `units` left in kind.
    event Delivered(address indexed to, uint256 units);
    /// @notice `units` began to unbond; `paid` of `asset` came at once, the rest is `ticket` (0: no rest).
    event Unbonded(uint256 indexed ticket, uint256 units, uint256 paid, address asset);
    event Collected(uint256 indexed ticket, uint256 paid, bool done);

    // ------------------------------------------------------------------------------------------------------ what it is

    function BASKET() external view returns (address);
    /// @notice What comes in and what an in-kind leg is paid in; 0xEeee…EEeE for the chain's coin. Immutable.
    function TOKEN() external view returns (address);
    /// @notice What an epoch leg ends in: TOKEN, or the chain's coin (stCORE: the token in kind, the coin by epoch). Immutable.
    function EPOCH_TOKEN() external view returns (address);
    /// @notice The declared longest time in seconds from `unbond` to the last `collect`; governance's delay is built on it. Immutable.
    function MAX_EXIT() external view returns (uint256);
    /// @notice The most gas that one `deliver` needs in its worst case (all validators touched); the basket brings this much, so
    /// that a caller who brings less fakes no failure. Immutable, at most 8,000,000.
    function DELIVER_GAS() external view returns (uint256);

    // --------------------------------------------------------------------------------------------------------- reading

    /// @notice Units that are really here: idle, delegated, in the token; neither tickets nor what tickets brought. A unit that
    /// cannot be told from a ticket's is the ticket's.
    function held() external view returns (uint256 units);
    /// @notice Units that `deliver` could pay now without touching what earns (idle coins, a held token).
    function instantCapacity() external view returns (uint256 units);
    /// @notice What the outside says today for the time from `unbond` to the last `collect`, in seconds; more than MAX_EXIT
    /// closes the sleeve to all that comes in.
    function exitTime() external view returns (uint256);
    /// @notice Coins for 1e18 units as the staking system itself reckons (stCORE, an LST, a share of a vault), scaled 1e18; 0
    /// where units themselves grow (CORE) or nothing does (a held token). Performance fees rest on it, prices never.
    function rate() external view returns (uint256);

    // -------------------------------------------------------------------------------------------------------------- in

    /// @notice Basket only, coin sleeves only: `msg.value` units come in and stay idle. Tokens are sent straight to the sleeve by
    /// the basket, without a call.
    function enter() external payable;

    // ------------------------------------------------------------------------------------------------------------- out

    /// @notice Basket only. `units` of TOKEN to `to`, all or nothing, in this transaction: idle first, then what can be
    /// undelegated at once (more than asked where the system has a minimum; the excess stays idle).
    function deliver(uint256 units, address to) external;
    /// @notice Basket only. Starts `units` on the epoch's way. What can be had at once goes to `to` now. Where the way is too
    /// small for its system's minimum (less than 1 stCORE) it is paid in TOKEN at once instead.
    /// @return ticket from 1 on, never used before; 0: nothing more is to come
    /// @return paid what went to `to` now
    /// @return asset what `paid` is of and the ticket will be: EPOCH_TOKEN; TOKEN only without a ticket
    function unbond(uint256 units, address to) external returns (uint256 ticket, uint256 paid, address asset);
    /// @notice Basket only. What has come of `ticket` since, of EPOCH_TOKEN, to `to`; reverts `NotYet` when that is nothing and
    /// more is to come. `paid` may be 0 with `done`: all was lost.
    function collect(uint256 ticket, address to) external returns (uint256 paid, bool done);

    // ---------------------------------------------------------------------------------------------------------- chores

    /// @notice Basket only. Claims what the position earned. Rewards in units of its own stay here and show in `held`; rewards
    /// in coins of a sleeve that does not hold coins go to BASKET (which passes them on to its coin sleeve) as a plain transfer.
    /// @return units as `held` now says. @return coins sent to BASKET
    function harvest() external returns (uint256 units, uint256 coins);
    /// @notice Basket only. At dusk (the sleeve knows its hours, and reverts outside of them): puts idle units beyond `keep` to
    /// work by the sleeve's weights. Sleeves with nothing to do return 0.
    function delegateIdle(uint256 keep) external returns (uint256 delegated);
    // Chores that need no amount of the basket (moving stake away from a jailed validator, weights) are the adapter's own.
}
