// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "./ISleeve.sol";

/// @title Values, errors and events of a basket.
/// @notice A basket owns *parts* of sleeves. Units are smallest units of a sleeve's token, parts are what units are shared by,
/// shares are BASKET wei, coins are wei of the chain's coin. Prices as in IPriceFeed: wei of the coin for 1e18 units. Fees in
/// basis points, times in unix seconds, a round is a UTC day (unix time / 86,400).
///
///     share --T--> parts of each sleeve (B of P) --U--> units
///     worth of s shares in sleeve i:  floor(B * s / T) parts, floor(U * parts / P) units
interface IBasketTypes {
    // ---------------------------------------------------------------------------------------------------------- values

    /// @notice A sleeve as it is added. Amounts in units.
    struct SleeveParams {
        ISleeve sleeve;
        uint256 cap; // the most units booked
        uint256 limit; // net inflow in a day
        uint16 targetBps; // of the basket's worth; all add up to 10,000
        uint16 bandBps; // a priced deposit may push it to target + band
    }

    struct InitParams {
        address token;
        address queue;
        address feed; // IPriceFeed; 0 when every sleeve holds the coin itself
        address timelock;
        address guardian;
        address feeRecipient;
        address seeder; // who makes the first deposit
        uint16 entryFeeBps;
        uint16 instantFeeBps;
        uint16 managementFeeBps; // a year
        uint16 performanceFeeBps; // of yield
        uint256 floor; // coins that instant exits leave idle
        uint256 buffer; // coins that dusk leaves idle beyond the floor, for instant exits
        uint256 shareCap; // the most shares, accrued fees included
        SleeveParams[] sleeves;
    }

    /// @notice A sleeve's books.
    struct SleeveInfo {
        ISleeve sleeve;
        address token;
        address epochToken;
        uint256 units; // U
        uint256 parts; // P
        uint256 basketParts; // B
        uint256 locked; // harvested, released by steps
        uint256 feeUnits; // owed to the fee recipient
        uint256 round; // last harvest
        uint256 cap;
        uint256 limit;
        uint256 level; // of the throttle, now
        uint16 targetBps;
        uint16 bandBps;
        bool retired;
        bool slow; // its system takes longer than it declared: takes nothing in
    }

    /// @notice The three ways out for the same shares.
    struct ExitQuote {
        uint256 instantCoins; // after the fee; 0 when it is closed or too little is idle
        uint256 instantFee; // coins
        uint256[] units; // in kind: now, without a fee
        uint256[] forgone; // units harvested and not yet released that these shares leave behind, whichever way they go
        uint256 epoch; // the one that a request would join
        uint256 closesAt; // its close is due
        uint256 readyBy; // the latest time by which its slowest leg is promised
    }

    /// @notice An auction: `from` is over its target, `to` under it.
    struct Auction {
        uint128 left; // units of `from` still for sale
        uint40 startedAt;
        uint8 from;
        uint8 to;
    }

    /// @notice What the guardian may pause.
    enum Pausable {
        Mint,
        Instant,
        Auction
    }

    // ---------------------------------------------------------------------------------------------------------- errors

    error ZeroAmount();
    error ZeroAddress();
    error AmountTooLarge(uint256 amount, uint256 most);
    error DeadlinePassed(uint256 deadline, uint256 nowAt);
    error Reentered();
    error NotTimelock(address caller);
    error NotGuardian(address caller);
    error NotQueue(address caller);
    error NotSeeder(address caller);
    error NotSelf(address caller);
    error NotSeeded();
    /// @notice The timelock does not count this basket's exits: register it there before the first deposit.
    error NotRegistered(address timelock);
    error AlreadyInitialized();
    error UnknownSleeve(uint256 sleeve);
    error SleeveRetired(uint256 sleeve);
    /// @notice Fewer units than a millionth of its parts: it takes nothing in any more.
    error SleeveWiped(uint256 sleeve, uint256 units, uint256 parts);
    /// @notice Its system takes longer than it declared.
    error SleeveSlow(uint256 sleeve, uint256 exitTime, uint256 declared);
    error SleeveBusy(uint256 sleeve, uint256 units, uint256 waitingParts, uint256 openTickets);
    error SleeveForeign(uint256 sleeve, address basket);
    error TooManySleeves(uint256 most);
    error LengthMismatch(uint256 a, uint256 b);
    error WrongValue(uint256 sent, uint256 needed);
    error ShortTransfer(address token, uint256 got, uint256 expected);
    error SharesBelowMinimum(uint256 shares, uint256 least);
    error UnitsAboveMaximum(uint256 sleeve, uint256 units, uint256 most);
    error NotEnoughUnits(uint256 sleeve, uint256 units, uint256 least);
    error OutBelowMinimum(uint256 coins, uint256 least);
    error CapReached(uint256 sleeve, uint256 units, uint256 cap);
    error ShareCapReached(uint256 shares, uint256 cap);
    error Throttled(uint256 sleeve, uint256 units, uint256 room);
    error AboveBand(uint256 sleeve, uint256 bps, uint256 most);
    error Paused(Pausable what, uint256 until);
    error PauseNotYet(Pausable what, uint256 allowedFrom);
    error PauseTooLong(uint256 time, uint256 most);
    /// @notice `state` as IPriceFeed.State: what needs a price is closed.
    error PriceNotSound(uint256 sleeve, uint256 state);
    error InstantAboveMost(uint256 coins, uint256 most);
    error InstantTooSmall(uint256 coins);
    error NoCoinSleeve();
    error NothingWaiting(uint256 sleeve, address owner);
    /// @notice So little gas that a call outside could fail for that alone.
    error GasTooLow(uint256 left, uint256 needed);
    /// @notice A call of the sleeve failed; `why` is the beginning of what it said.
    error SleeveFailed(uint256 sleeve, bytes why);
    error TransferFailed(address to, uint256 amount);
    error FeeOutOfRange(uint256 bps, uint256 least, uint256 most);
    error WeightsNotWhole(uint256 sum);
    error ExitTooSlow(uint256 longestExit, uint256 delay);
    error NothingToCollect();
    error TooSoon(uint256 at);
    error NoDrift(uint256 from, uint256 to);
    error AuctionRunning(uint256 id);
    error NoAuction(uint256 id);
    error PriceAboveMost(uint256 pay, uint256 most);
    error BudgetSpent(uint256 loss, uint256 left);

    // ---------------------------------------------------------------------------------------------------------- events

    event Initialized(address indexed token, address indexed queue, address feed, address timelock);
    event SleeveAdded(uint256 indexed sleeve, address indexed adapter, address token, address epochToken);
    event SleeveRemoved(uint256 indexed sleeve);
    event CapsSet(uint256 indexed sleeve, uint256 cap, uint256 limit, uint256 bandBps);
    event WeightsSet(uint16[] targetBps);
    event FeesSet(uint256 entryBps, uint256 instantBps, uint256 managementBps, uint256 performanceBps);
    event ParameterSet(bytes32 indexed name, uint256 value);

    event Deposited(
        address indexed sender, address indexed receiver, uint256 indexed sleeve, uint256 units, uint256 shares
    );
    event MintedInKind(
        address indexed sender, address indexed receiver, uint256 priced, uint256 shares, uint256[] units
    );
    event InstantExit(
        address indexed sender, address indexed receiver, uint256 shares, uint256 coins, uint256 feeCoins
    );
    /// @notice `delivered` has a bit for each sleeve whose leg was paid; the others wait as parts for their owner.
    event RedeemedInKind(
        address indexed owner, address indexed recipient, uint256 shares, uint256[] parts, uint256 delivered
    );
    event LegDelivered(
        address indexed owner, uint256 indexed sleeve, address indexed recipient, uint256 parts, uint256 units
    );
    event LegRecipientSet(address indexed owner, address recipient);
    event EpochCarved(uint256 shares, uint256[] parts);
    event LegStarted(uint256 indexed sleeve, uint256 parts, uint256 units, uint256 ticket);

    event Harvested(uint256 indexed sleeve, uint256 gained, uint256 released, uint256 locked, uint256 feeUnits);
    event LossBooked(uint256 indexed sleeve, uint256 units);
    event FeesCollected(address indexed recipient, uint256 shares);
    event UnitFeesCollected(address indexed recipient, uint256 indexed sleeve, uint256 units);
    event PausedUntil(Pausable indexed what, uint256 until);

    event DriftNoted(uint256 over, uint256 under);
    event AuctionStarted(uint256 indexed id, uint256 indexed from, uint256 indexed to, uint256 units);
    event AuctionBid(uint256 indexed id, address indexed bidder, uint256 sold, uint256 paid, uint256 loss);
    event AuctionEnded(uint256 indexed id);
}

/// @title A basket of staked positions: shares against parts of sleeves, two ways in, three ways out.
/// @notice A clone of one version of its code: nobody can change it, a new version is a new basket and an in-kind move. It holds
/// no assets: the sleeves do, and the queue what epochs brought.
///
/// - In: `deposit` (one asset, at a price), `mintInKind` (all assets, no price).
/// - Out: `redeemInstant` (coins, at a price), `redeemInKind` (now, no price), the queue's `requestRedeem` (epochs, no price).
/// - What no price is needed for cannot be paused and waits for nobody.
/// @dev One address. What the entry contract does not know it hands on by delegatecall (Basket -> BasketDesk ->
/// BasketMarket -> BasketViews).
interface IBasket is IBasketTypes {
    // -------------------------------------------------------------------------------------------------------------- in

    /// @notice Once, by the factory, in the transaction that makes the clone.
    function initialize(InitParams calldata params) external;

    /// @notice `units` of one sleeve's token (or coins: `msg.value` is `units`) for shares: the asset at its low price, the basket
    /// at its high. Harvests what this round has not harvested. The entry fee stays with the holders.
    /// @return shares credited, at least `minShares`
    function deposit(uint256 sleeve, uint256 units, address receiver, uint256 minShares, uint256 deadline)
        external
        payable
        returns (uint256 shares);

    /// @notice The same with the token's permit (EIP-2612) for `units`; a permit that was used up before is no obstacle.
    function depositWithPermit(
        uint256 sleeve,
        uint256 units,
        address receiver,
        uint256 minShares,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 shares);

    /// @notice All sleeves in proportion, what is locked in them included (it stays locked), for `priced` shares; `floor(priced * (1 - entry fee))` are credited. No price is asked.
    /// The first one, by the seeder and once the timelock has registered the basket, takes exactly `maxUnits` and leaves DEAD_SHARES to nobody. Coins sent in excess come back.
    /// @param maxUnits one for each sleeve ever added, retired ones included (0)
    /// @return units taken in, one for each sleeve
    function mintInKind(uint256 priced, uint256[] calldata maxUnits, address receiver, uint256 deadline)
        external
        payable
        returns (uint256[] memory units);

    // ------------------------------------------------------------------------------------------------------------- out

    /// @notice Coins at once: the basket at its low price less the instant fee, out of idle coins above the floor and above what
    /// is owed. The caller's shares.
    function redeemInstant(uint256 shares, uint256 minOut, address receiver, uint256 deadline)
        external
        returns (uint256 coins);

    /// @notice The caller's part of every sleeve, now, to `recipient`. In every state; no fee, no price. A leg that cannot be
    /// delivered stays the caller's as parts, that share gains and losses until `deliverLeg` pays them. The transaction brings
    /// each sleeve's DELIVER_GAS (`GasTooLow` otherwise), whatever it uses of it: a failure is never the caller's.
    /// @return units delivered, one for each sleeve; @return delivered a bit for each sleeve that owes nothing more
    function redeemInKind(uint256 shares, address recipient)
        external
        returns (uint256[] memory units, uint256 delivered);

    /// @notice Pays a leg that waits, to the recipient that its owner named last (by the exit or since). Anyone.
    function deliverLeg(address owner, uint256 sleeve) external returns (uint256 units);
    /// @notice Where the caller's waiting legs go.
    function setLegRecipient(address recipient) external;

    // ------------------------------------------------------------------------------------------------------- the queue

    /// @notice Queue only: burns `shares` of the queue's. Ledger only, calls nothing but the token. @return parts for each sleeve
    function carveEpoch(uint256 shares) external returns (uint256[] memory parts);
    /// @notice Queue only: starts the leg of `parts`, or ends it in kind. What is paid at once, and later, goes to the queue.
    function startLeg(uint256 sleeve, uint256 parts, bool inKind)
        external
        returns (uint256 units, uint256 ticket, uint256 paid, address asset);
    /// @notice Queue only.
    function collectLeg(uint256 sleeve, uint256 ticket) external returns (uint256 paid, bool done);

    // ---------------------------------------------------------------------------------------------------------- chores

    /// @notice Claims what a sleeve earned and books gains and losses. Anyone, any time; what exceeds 2.5 bps of the sleeve is
    /// released 2.5 bps a round.
    function harvest(uint256 sleeve) external returns (uint256 gained, uint256 loss);
    /// @notice Books a loss without harvesting. Anyone.
    function bookLoss(uint256 sleeve) external returns (uint256 loss);
    /// @notice Puts idle units to work, less what is owed and the floor. Anyone, in the sleeve's hours.
    function delegateIdle(uint256 sleeve) external returns (uint256 delegated);
    /// @notice Mints the management fee accrued so far to the fee recipient: what the effective supply already counts. Anyone.
    function collectFees() external returns (uint256 shares);
    /// @notice Pays a sleeve's performance fee in units to the fee recipient. Anyone.
    function collectUnitFees(uint256 sleeve) external returns (uint256 units);

    // ------------------------------------------------------------------------------------------------------- rebalance

    /// @notice Notes which sleeves are over or under their target by more than the drift limit. Anyone, at most hourly.
    function noteDrift() external returns (uint256 over, uint256 under);
    /// @notice Starts selling what `from` has over its target for what `to` lacks. Both drifted at a reading an hour ago or
    /// longer, and now. A sleeve whose target is 0 has drifted with any unit, and goes to the last one for whatever is not above
    /// its target. Anyone.
    function startAuction(uint256 from, uint256 to) external returns (uint256 id);
    /// @notice Buys up to `units` of the auction's `from` (coins: idle ones), paid in units of its `to`, at its price now: it falls from above the
    /// mid price to `mid * (1 - max slip)` and no further. What the basket loses against mid is charged to the budget.
    /// @return sold units of `from`; @return paid units of `to`, at most `maxPay`
    function bid(uint256 id, uint256 units, uint256 maxPay, address recipient, uint256 deadline)
        external
        payable
        returns (uint256 sold, uint256 paid);
    /// @notice Ends an auction that is over, or that no longer has a drift to mend. Anyone.
    function endAuction(uint256 id) external;

    // ------------------------------------------------------------------------------------------------------ governance

    /// @notice Timelock only. Ids are append-only; refused when the timelock's delay is not yet above the exit it brings.
    function addSleeve(SleeveParams calldata params) external returns (uint256 sleeve);
    /// @notice Timelock only: at zero units, zero waiting parts and zero open tickets.
    function retireSleeve(uint256 sleeve) external;
    /// @notice Timelock only. One for each sleeve, 10,000 in all.
    function setWeights(uint16[] calldata targetBps) external;
    function setCaps(uint256 sleeve, uint256 cap, uint256 limit, uint16 bandBps) external;
    function setFees(uint16 entryBps, uint16 instantBps, uint16 managementBps, uint16 performanceBps) external;
    /// @notice `floor` stays idle whatever leaves at once; `buffer` beyond it is left idle at dusk, for instant exits.
    function setIdle(uint256 floor, uint256 buffer) external;
    function setShareCap(uint256 shares) external;
    function setDriftBps(uint16 bps) external;
    function setFeed(address feed) external;
    function setGuardian(address guardian) external;
    function setFeeRecipient(address recipient) external;
    /// @notice Guardian only: at most 7 days at a time, and not again within 30 days of the beginning.
    function pause(Pausable what, uint256 time) external;
    /// @notice Guardian or timelock: ends a pause. What it used up stays used up.
    function unpause(Pausable what) external;

    // ----------------------------------------------------------------------------------------------------------- views

    function TOKEN() external view returns (address);
    function QUEUE() external view returns (address);
    function TIMELOCK() external view returns (address);
    function guardian() external view returns (address);
    function feed() external view returns (address);
    function feeRecipient() external view returns (address);
    function sleeveCount() external view returns (uint256);
    function sleeveInfo(uint256 sleeve) external view returns (SleeveInfo memory);
    /// @notice T: shares, accrued fee shares included.
    function effectiveSupply() external view returns (uint256);
    /// @notice Coins for 1e18 shares from below and from above, and the worst state of what needs a price (IPriceFeed.State).
    function nav() external view returns (uint256 low, uint256 high, uint256 state);
    function quoteDeposit(uint256 sleeve, uint256 units) external view returns (uint256 shares);
    /// @notice Units that `mintInKind` of `priced` shares takes, and the shares that it credits.
    function quoteMintInKind(uint256 priced) external view returns (uint256[] memory units, uint256 shares);
    function quoteExit(uint256 shares) external view returns (ExitQuote memory);
    /// @notice Coins that one instant exit could pay now, before its fee.
    function maxInstant() external view returns (uint256 coins);
    /// @notice Units of a sleeve that belong to exits, not to the basket.
    function owed(uint256 sleeve) external view returns (uint256 units);
    function waitingParts(address owner, uint256 sleeve) external view returns (uint256 parts);
    function legRecipient(address owner) external view returns (address);
    /// @notice The longest time in seconds from a request to the last coin: governance must be slower.
    function longestExit() external view returns (uint256);
    function fees()
        external
        view
        returns (uint256 entryBps, uint256 instantBps, uint256 managementBps, uint256 performanceBps);
    function idle() external view returns (uint256 floor, uint256 buffer);
    function shareCap() external view returns (uint256);
    function driftBps() external view returns (uint256);
    function pausedUntil(Pausable what) external view returns (uint256 until, uint256 allowedFrom);
    function auction(uint256 id) external view returns (Auction memory running, uint256 price);
    /// @notice The last two readings of the drift: sleeves over and under their targets, and when that was read (0: never).
    function driftReadings()
        external
        view
        returns (
            uint256 over,
            uint256 under,
            uint256 readAt,
            uint256 overBefore,
            uint256 underBefore,
            uint256 readAtBefore
        );
    /// @notice Id of the last auction that started (0: none did).
    function auctionId() external view returns (uint256);
    /// @notice Of 1e9 of the basket's worth: what auctions lost against mid, and may; it leaks in 30 days.
    function budget() external view returns (uint256 spent, uint256 capacity);
}
