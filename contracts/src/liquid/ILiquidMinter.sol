// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAmmRoute} from "./amm/IAmmRoute.sol";

/// @title Values, errors and events of the liquid staking minter.
/// @notice Money in wei of the native coin unless said otherwise; LST in its own wei; rates scaled by 1e27; times in
/// unix seconds; fees and shares in basis points. The arithmetic is in docs/src/specification.md.
interface ILiquidMinterTypes {
    // --------------------------------------------------------------- values
    /// @notice How one exit is split over the three paths. All LST wei, except `minOutNow` (coin wei).
    struct ExitParams {
        uint256 instantMax;
        uint256 ammMax; // must be 0 while no AMM route is set; what no pool takes within the cap is queued
        uint256 queueMax;
        uint256 minOutNow; // instant and AMM together
        uint256 feeLimitBps; // the most that the instant path may cost
        uint256 deadline;
        address recipient; // gets what is paid now and owns the request
    }

    struct BucketInfo {
        address bucket;
        uint256 nextAvailableTime; // 0: never cooled
        uint256 activeStake;
        uint256 coolingAmount;
    }

    struct ValidatorState {
        bool registered;
        bool inactive; // as of the last sync
        bool slashed; // as of the last sync, or booked
        bool booked; // its loss is booked
        uint256 weight;
        uint256 maxPercentageBps;
        uint256 active;
        uint256 cooling;
        uint256 buckets; // all, retiring ones included
        uint256 targetBuckets;
        uint256 nextDeparture; // before it no timetable departure
        uint256 sweepCursor;
        uint256 stakeCursor;
        uint256 claimCursor;
    }

    struct Rung {
        uint256 lst; // total, fixed at the close
        uint256 count; // requests ever made in it
        uint256 feeBps;
        uint256 unitsStart;
        uint256 unitsEnd;
        uint256 c0; // scaled 2^96
    }

    struct LineState {
        uint256 end; // P, units
        uint256 watermark; // W, units
        uint256 c; // C, scaled 2^96
        uint256 b; // B at the watermark
        uint256 openLst;
        uint256 stagedLst;
        uint256 openRung; // id of the open rung
        uint256 openCount; // requests made in the open rung
        uint256 lastClosedAt;
        uint256 committed;
        uint256 nextDeparture; // of the whole line
        uint256 latestEta; // the latest promise ever marked
        uint256 marks; // how many marks were ever pushed
        uint256 marksDone; // how many of them the watermark has passed
        uint256 checkpoints; // how many, the implicit (0,0) included
    }

    struct ExitQuote {
        uint256 instantLst;
        uint256 instantPay; // coin wei after the fee
        uint256 instantFeeBps; // rounded up
        uint256 ammPay; // 0: no AMM route
        uint256 queueLst;
        uint256 queueValue; // coin wei at today's rate, after the standard fee
        uint256 queueEta; // if the rung closed as it stands, as soon as it may
        uint256 ammLst; // LST that would be sold to a pool
    }

    /// @notice Why a promised time rose. The only three reasons.
    enum EtaReason {
        Loss,
        CooldownRaised,
        StepLate
    }

    /// @notice What governor and guardian may do together within 48 hours, and nothing else.
    enum Emergency {
        Halt, // switch to the pre-deployed halt implementation
        Reader // repair the staking adapter: ask another contract for flags and intervals. No coins move through it
    }

    // --------------------------------------------------------------- errors
    error ZeroAmount();
    error ZeroAddress();
    error AmountTooLarge(uint256 amount, uint256 most);
    error DeadlinePassed(uint256 deadline, uint256 nowAt);
    error OutBelowMinimum(uint256 out, uint256 minOut);
    error Paused(uint256 until);
    error DepositsClosed(uint256 rate, uint256 lowest);
    error SlashNotBooked(uint16 validatorId);
    error NotSlashed(uint16 validatorId);
    error AlreadyBooked(uint16 validatorId);
    error AmmNotEnabled();
    error ExitNotPlaced(uint256 lstLeft);
    error FeeAboveLimit(uint256 feeBps, uint256 limitBps);
    error RungFull(uint256 rung);
    error NothingStaged();
    error RungTooYoung(uint256 closesAt);
    error UnknownRequest(uint256 id);
    error NotRequestOwner(uint256 id, address owner, address caller);
    error RungNotOpen(uint256 id);
    error NothingToClaim(uint256 id);
    error BadHint(uint256 hint);
    error LengthMismatch(uint256 a, uint256 b);
    error UnknownValidator(uint16 validatorId);
    error TooManyValidators(uint256 most);
    error TooManyBuckets(uint16 validatorId, uint256 count, uint256 most);
    error StakeTooMuch(uint256 amount, uint256 free);
    error NoCapacity(uint16 validatorId, uint256 capacity);
    error RestakeTooMuch(uint256 amount, uint256 free);
    error NotLatest(uint16 validatorId, uint16 latestValidatorId, uint256 latestEnd);
    error NotKeeper(bytes32 role, uint256 openToAllAt);
    error NotBucket(address caller);
    error FromBucket(address caller);
    error FeeAboveCeiling(uint256 bps, uint256 ceiling);
    error BadParameter(bytes32 name, uint256 value);
    error NotScheduled(bytes32 operation);
    error TooEarly(bytes32 operation, uint256 executableAt);
    error PauseNotYet(uint256 allowedFrom);
    error TransferFailed(address recipient, uint256 amount);
    error GasTooLow(uint256 left, uint256 needed);
    error VaultNotSet();
    error AmmBelowCap(uint256 coins, uint256 least);
    /// @notice The minter is halted: only sweeps, finalization and claims go on.
    error Halted(bytes4 selector);
    error NotReceipts(address caller);
    error AutoPayOff(address owner);
    error VoteOpen();
    error InsuranceTooMuch(uint256 amount, uint256 held);
    error NoConverter();

    // --------------------------------------------------------------- events: money
    /// @notice `coins` came in, `lst` was minted. `hint` is the validator that the depositor prefers (or type(uint16).max).
    event Deposited(address indexed account, address indexed payer, uint16 indexed hint, uint256 coins, uint256 lst);
    /// @notice Paid from the buffer: `gross` wei left headroom, `fee` of it stayed in reserve.
    event InstantExit(address indexed account, address indexed recipient, uint256 lst, uint256 gross, uint256 fee);
    /// @notice `lst` was sold to `pool` for `coins`, which went to the recipient.
    event AmmExit(address indexed account, address indexed recipient, address indexed pool, uint256 lst, uint256 coins);
    /// @notice No pool took any of `lst`: it went on to the buffer and the queue.
    event AmmSkipped(address indexed account, address indexed route, uint256 lst);
    event ExitRequested(uint256 indexed id, address indexed owner, uint256 lst, uint16 hint);
    event ExitCancelled(uint256 indexed id, address indexed owner, uint256 lst);
    event RungClosed(uint256 indexed rung, uint256 lst, uint256 count, uint256 unitsEnd, uint256 c0, uint256 feeBps);
    /// @notice Coins went to the head of the line: a new checkpoint.
    event LineFunded(uint256 indexed checkpoint, uint256 watermark, uint256 b, uint256 lst, uint256 coins);
    event LinePaidProRata(uint256 c, uint256 lst, uint256 coins);
    event Claimed(
        uint256 indexed id, address indexed owner, address indexed recipient, uint256 paid, uint256 fee, bool done
    );
    event PushFailed(uint256 indexed id, address indexed owner);
    event AutoPaySet(address indexed owner, bool on);
    event FeesPaid(address indexed recipient, uint256 amount);
    /// @notice `amount` wei came in for the first loss; `held` is the reserve now.
    event InsuranceFunded(address indexed from, uint256 amount, uint256 held);
    /// @notice `amount` wei of the reserve became headroom, in the transaction that booked the loss.
    event InsuranceUsed(uint256 amount, uint256 held);
    event InsuranceWithdrawn(address indexed recipient, uint256 amount, uint256 held);

    // --------------------------------------------------------------- events: stake
    event StakePlaced(uint16 indexed validatorId, uint256 indexed index, uint256 amount);
    event StakeSkipped(uint16 indexed validatorId, uint256 amount, bytes reason);
    event Departed(uint16 indexed validatorId, uint256 indexed index, uint256 amount, uint256 end, bool early);
    event DepartFailed(uint16 indexed validatorId, uint256 indexed index, uint256 amount, bytes reason);
    /// @notice Headroom above the target was committed to the queue.
    event Netted(uint256 amount);
    event Swept(uint16 indexed validatorId, uint256 indexed index, uint256 gained, uint256 received);
    event SweepFailed(uint16 indexed validatorId, uint256 indexed index, bytes reason);
    event Restaked(uint16 indexed validatorId, uint256 indexed index, uint256 amount);
    event RewardsClaimed(uint16 indexed validatorId, uint256 indexed index, uint256 amount);
    event RewardsClaimFailed(uint16 indexed validatorId, uint256 indexed index, bytes reason);
    /// @notice Rewards in an ERC-20 went to the converter.
    event TokenRewardsClaimed(uint16 indexed validatorId, address indexed token, uint256 amount);
    event Skimmed(uint256 coins);
    event StakeSkimmed(uint16 indexed validatorId, uint256 indexed index, uint256 amount);
    event SlashBooked(uint16 indexed validatorId, uint256 activeLoss, uint256 coolingLoss, uint256 rate);
    /// @notice The staking system paid `missing` wei less than it owed.
    event ShortfallBooked(uint16 indexed validatorId, uint256 indexed index, uint256 missing, uint256 rate);

    // --------------------------------------------------------------- events: time
    /// @notice Everything in the line up to `units` is promised by `eta`.
    event EtaMarked(uint256 indexed mark, uint256 units, uint256 eta);
    event EtaPublished(uint256 indexed rung, uint256 eta);
    event EtaRevised(EtaReason indexed reason, uint256 value);

    // --------------------------------------------------------------- events: registry and parameters
    event ValidatorRegistered(uint16 indexed validatorId);
    event ValidatorSynced(uint16 indexed validatorId, bool active, bool slashed, uint256 slashVotes);
    event BucketsConfigured(uint16 indexed validatorId, uint256 buckets, uint256 target);
    event ValidatorWeightSet(uint16 indexed validatorId, uint256 weight);
    event MaxValidatorPercentageSet(uint16 indexed validatorId, uint256 bps);
    event ParameterSet(bytes32 indexed name, uint256 value);
    event AddressSet(bytes32 indexed name, address value);
    event BufferTargetSet(uint256 target);
    event InstantPauseSet(uint256 until, address indexed by);
    event DepositsPauseSet(uint256 until, address indexed by);
    event Scheduled(bytes32 indexed operation, uint256 scheduledAt, bytes data);
    event ScheduleCancelled(bytes32 indexed operation);
    event SetupSealed();
    event AmmPoolSet(address indexed route, address indexed pool, IAmmRoute.Style style, uint256 feeBps);
    /// @notice One of the two signatures is there; it lapses at `until`.
    event EmergencySigned(Emergency indexed what, address indexed to, address indexed by, uint256 until);
    event EmergencyDone(Emergency indexed what, address indexed to, address indexed by);
}

/// @title The minter: deposits, buffer, instant exits, the exit line, stake and exit bus, sweeps, keepers' views.
interface ILiquidMinter is ILiquidMinterTypes {
    // --------------------------------------------------------------- deposits
    /// @notice Mints LST to the caller. @return lst minted.
    function submit() external payable returns (uint256 lst);
    function submitAndGive(address recipient) external payable returns (uint256 lst);
    function submitForValidator(uint16 validatorId) external payable returns (uint256 lst);
    /// @notice The full form: reverts when less than `minOut` would be minted or `deadline` is past.
    function deposit(address recipient, uint256 minOut, uint256 deadline) external payable returns (uint256 lst);
    /// @notice Coins to shares of the vault in one transaction; LST is minted to the vault. Reverts below `minShares`.
    function submitAndDeposit(address recipient, uint256 minShares) external payable returns (uint256 shares);
    /// @notice A plain transfer mints to the sender; refused from buckets, the staking system and the rewards contract.
    receive() external payable;

    // --------------------------------------------------------------- exits
    /// @notice Splits one exit of `amount` LST over pool, buffer and queue: first what a pool buys at a better price than the
    /// buffer's whole part, then the buffer, then the pool again down to the cap, then the queue. @return paidNow coin wei; @return id request or 0.
    function redeem(uint256 amount, ExitParams calldata p) external returns (uint256 paidNow, uint256 id);
    /// @notice redeem with everything allowed, to the caller.
    function unstake(uint256 amount) external returns (uint256 paidNow, uint256 id);
    /// @notice Same; the validator is a hint that steers nobody's stake.
    function unstakeFromValidator(uint256 amount, uint16 validatorId) external returns (uint256 paidNow, uint256 id);
    /// @notice Takes a request back while its rung is open. @return lst minted back.
    function cancel(uint256 id) external returns (uint256 lst);
    /// @notice Claims what is funded of the caller's request to the caller. Hints from `findHints`.
    function claim(uint256 id, uint256 hintA, uint256 hintB) external returns (uint256 paid);
    function claimTo(uint256 id, uint256 hintA, uint256 hintB, address recipient) external returns (uint256 paid);
    /// @notice Claims to `recipient`, searching the checkpoints itself.
    function withdraw(address recipient, uint256 id) external returns (uint256 paid);
    /// @notice Pays a fully funded request to its owner. Anybody, but only while the owner takes pushes (`autoPay`). A request
    /// with a receipt is owned by the receipt contract, which never does: what a marketplace or a vault holds stays there.
    /// @dev Gas-capped. A refusing owner keeps the claim (the call reverts), and a caller short of gas is told so.
    function claimFor(uint256 id) external returns (uint256 paid);
    /// @notice Whether keepers and strangers may pay the caller's funded requests to the caller. Nothing said: accounts
    /// without code do, accounts with code (EIP-7702 delegated ones too) do not.
    function setAutoPay(bool on) external;
    /// @notice Turns the caller's request into an ERC-721 receipt, which from now on is what may be sold, claimed and unwrapped.
    /// A request of the open rung may have one too; to cancel it, unwrap it first.
    /// @return tokenId of `receipts()`; its low 64 bits are the request's id.
    function mintReceipt(uint256 id) external returns (uint256 tokenId);
    /// @notice Receipts contract only: the request goes back to `owner`.
    function unwrapTicket(uint256 id, address owner) external;
    /// @notice Pays the caller's rewards in coin, without an exit fee. @return paid wei.
    function unstakeRewards() external returns (uint256 paid);

    // --------------------------------------------------------------- the line
    function closeRung() external returns (uint256 rung);
    /// @notice Gives due money to the head of the line. Anyone, always. @return coins reserved.
    function finalize() external returns (uint256 coins);
    function fulfillRequests(address[] calldata users, uint256[] calldata ids)
        external
        returns (uint256 processed, uint256 totalPaid);
    function fulfillProRata(address[] calldata users, uint256[] calldata ids, uint256 maxSpend)
        external
        returns (uint256 spent, uint256 processed, uint256 totalPaid);
    /// @notice Emits the promised time of a closed rung. Anyone.
    function publishEta(uint256 rung) external returns (uint256 eta);

    // --------------------------------------------------------------- buses
    function rebalance() external returns (uint256 staked);
    function stakeWitheldForValidator(uint256 amount, uint16 validatorId) external;
    function restake(uint16 validatorId, uint256 amount) external;
    function processBatchUnstake() external returns (uint256 netted, uint256 departed);
    /// @notice The same, trying at most `maxDepartures` buckets: for stake whose rewards have a long history, where sixteen
    /// departures would not fit a block. A short page resets no due time.
    function processBatchUnstakePage(uint256 maxDepartures) external returns (uint256 netted, uint256 departed);
    function sweepMaturedBuckets(uint16 validatorId, uint256 maxToSweep)
        external
        returns (uint256 swept, uint256 gainedTotal);
    function claim(uint16 validatorId) external returns (uint256 rewards);
    function claimAll() external returns (uint256 rewards);
    function claimBuckets(uint16 validatorId, uint256 from, uint256 to) external returns (uint256 rewards);
    /// @notice The same page for rewards in an ERC-20: what comes goes to the converter, whose proceeds are loads. Anyone.
    function claimToken(address token, uint16 validatorId, uint256 from, uint256 to) external returns (uint256 amount);
    function loadRewards() external payable;
    /// @notice Adds to the first-loss reserve. Anyone. It backs no LST and no exit until a loss is booked: then up to the loss
    /// moves into headroom, before the rate is computed. It never raises a rate.
    function fundInsurance() external payable;
    function skim() external returns (uint256 coins);
    function skimStake(uint16 validatorId, uint256 index) external returns (uint256 amount);
    function bookSlash(uint16 validatorId) external returns (uint256 loss);
    function syncValidators() external returns (uint256 registered);
    function payFees() external returns (uint256 amount);
    /// @notice Buckets forward coins here, and only inside a call that the minter started.
    function receiveFromBucket() external payable;
    /// @notice The AMM route hands over what a sale brought, only inside that exit.
    function receiveFromAmm() external payable;

    // --------------------------------------------------------------- registry and parameters
    function addBuckets(uint16 validatorId, uint256 count) external;
    function configureBuckets(uint16 validatorId, uint256 count) external;
    function setFees(uint256 minInstantFeeBps, uint256 standardFeeBps) external;
    function setMaxInstantFee(uint256 bps) external;
    function setInstantPolicy(bool pause, uint256 utilizationThresholdBps) external;
    function pauseDeposits(bool pause) external;
    function setBatchUnstakeParams(uint256 threshold, uint256 interval) external;
    function setMinStake(uint256 minStake) external;
    function setWithholdRatio(uint256 bps) external;
    function setMaxValidatorPercentage(uint256 validatorId, uint256 bps) external;
    function setValidatorWeight(uint16 validatorId, uint256 weight) external;
    /// @notice Mirrors the staking system's percentage cap, which has no getter (0: none). A hint: a wrong value only
    /// makes a stake be skipped.
    function setStakingPercentageCap(uint256 bps) external;
    function setRewardsSink(address sink) external;
    function setFeeRecipient(address recipient) external;
    function setRewardFee(uint256 bps) external;
    /// @notice The vault behind `submitAndDeposit`.
    function setVault(address vault) external;
    /// @notice Admin, loosening: pays `amount` of the reserve to `recipient`; refused while a slash is unbooked or voted on.
    function withdrawInsurance(address recipient, uint256 amount) external;
    /// @notice Admin: lets `delegate` claim what `account`, a contract that never claimed, earns from the execution on.
    /// Loosening, but ending one (`delegate` 0) is at once.
    function setDelegateClaimer(address account, address delegate) external;
    /// @notice Admin, loosening: where rewards in ERC-20 go.
    function setConverter(address converter) external;
    /// @notice Admin: the converter's limits for a token. A lower floor and higher limits are loosening, the rest is at once.
    /// @param floor the least price, coin wei for 1e18 of the token's smallest units
    function setConversion(address token, uint256 floor, uint256 perSale, uint256 perDay) external;
    /// @notice Admin: announces a loosening call (its calldata); it executes once `longestExit()` has passed since.
    function schedule(bytes calldata data) external returns (bytes32 operation);
    function cancelScheduled(bytes32 operation) external;
    /// @notice Ends the setup: from here on every delay holds. The admin's giving up of its role ends it too.
    function sealSetup() external;
    /// @notice Switches the AMM path to `route` (0: off) with a slippage cap against the protocol's rate. On, another route
    /// or a wider cap: admin, announced; a narrower cap: admin, at once; off: admin or guardian, at once.
    function setAmmRoute(address route, uint256 slippageBps) external;
    /// @notice Allows a pool of the present route (admin, announced) or, with style None, takes it off (admin or guardian,
    /// at once).
    function setAmmPool(address pool, IAmmRoute.Style style, uint256 feeBps) external;
    /// @notice Names the pre-deployed halt implementation. Admin, announced.
    function setHalt(address code) external;
    /// @notice One signature of governor (admin) or guardian; the other's, of the same and by another account within
    /// 48 hours, carries it out at once. @return done whether this one did.
    function emergency(Emergency what, address to) external returns (bool done);

    // --------------------------------------------------------------- views: seed
    function getBuckets(uint16 validatorId) external view returns (BucketInfo[] memory);
    function getBucketAvailabilitySummary(uint16 validatorId)
        external
        view
        returns (uint256 totalBuckets, uint256 availableNow, uint256 nextAvailableTs);
    function getBufferAndQueueStats()
        external
        view
        returns (uint256 buffer, uint256 reserved, uint256 unstakedTotal, uint256 headroom, uint256 totalQueued);
    function getReadyRequestsForUser(address user, uint256 startId, uint256 maxItems)
        external
        view
        returns (uint256[] memory ids, uint256[] memory amounts, uint256 nextId);
    /// @notice reasons: bit 0 matured buckets to sweep, bit 1 departure possible now, bit 2 slash to book, bit 3 retiring
    /// stake to depart. nextTs: the next time at which one of them becomes true (0: unknown).
    function getValidatorsToProcess(uint256 maxCount)
        external
        view
        returns (uint16[] memory ids, uint8[] memory reasons, uint256[] memory nextTs, uint256 count);
    function getNextValidator(uint256 amount)
        external
        view
        returns (uint16 validatorId, uint256 bucketIndex, uint256 capacity);
    function nextBatchUnstakeTimePerValidator(uint16 validatorId) external view returns (uint256);
    function totalQueuedWithdrawalsPerValidator(uint16 validatorId) external view returns (uint256);
    function currentWithheldETH() external view returns (uint256);
    function totalInstantUnstaked() external view returns (uint256);
    function totalUnstaked() external view returns (uint256);
    function REBALANCER_ROLE() external view returns (bytes32);
    function CLAIMER_ROLE() external view returns (bytes32);
    function HANDLER_ROLE() external view returns (bytes32);
    function GUARDIAN_ROLE() external view returns (bytes32);

    // --------------------------------------------------------------- views: ours
    function quoteExit(uint256 amount) external view returns (ExitQuote memory);
    function quoteDeposit(uint256 coins) external view returns (uint256 lst);
    /// @notice The rate, and the most coins that a deposit may bring now: 0 while deposits are closed.
    function depositTerms() external view returns (uint256 rate, uint256 room);
    /// @notice How far a request is funded. @return net coins that a claim would pay now; @return pending of @return whole: the
    /// LST of its rung that waits for coins (rounded up), and all of it. A rung that has not closed waits whole.
    function requestFunding(uint256 id) external view returns (uint256 net, uint256 pending, uint256 whole);
    function openRung() external view returns (uint256 rung);
    /// @return eta unix second by which the request is claimable if every step uses its whole grace; 0: its coins are
    /// here now (`finalize()` and a claim pay it). @return revised true when a promise was exceeded.
    function exitEta(uint256 id) external view returns (uint256 eta, bool revised);
    function findHints(uint256[] calldata ids) external view returns (uint256[] memory hintsA, uint256[] memory hintsB);
    function claimable(uint256 id) external view returns (uint256 gross, uint256 fee);
    function request(uint256 id) external view returns (address owner, uint256 lst, uint256 paid);
    function rung(uint256 id) external view returns (Rung memory);
    function checkpoint(uint256 index) external view returns (uint256 watermark, uint256 b);
    function mark(uint256 index) external view returns (uint256 units, uint256 eta);
    function line() external view returns (LineState memory);
    function validators() external view returns (uint16[] memory);
    function validatorState(uint16 validatorId) external view returns (ValidatorState memory);
    function rate() external view returns (uint256);
    function assets() external view returns (uint256);
    function supply() external view returns (uint256);
    function headroom() external view returns (uint256);
    function activeStake() external view returns (uint256);
    function committed() external view returns (uint256);
    function due() external view returns (uint256);
    function bufferTarget() external view returns (uint256);
    /// @notice Coin wei that an instant exit could take now (pause, threshold, meter and slash included).
    function instantLiquidity() external view returns (uint256);
    function meter() external view returns (uint256 level, uint256 updatedAt);
    function fees() external view returns (uint256);
    function freeToStake() external view returns (uint256);
    /// @notice The first-loss reserve, wei; in no other figure.
    function insurance() external view returns (uint256);
    function autoPay(address owner) external view returns (bool);
    function ticketOwner(uint256 id) external view returns (address);
    function longestExit() external view returns (uint256);
    /// @notice (minInstantFeeBps, maxInstantFeeBps, standardFeeBps, openRungFeeBps, withholdBps, utilizationThresholdBps)
    function feesAndRatios() external view returns (uint256, uint256, uint256, uint256, uint256, uint256);
    /// @notice (instantPausedUntil, depositsPausedUntil, pauseAllowedFrom, syncedAt, slashPending, voteOpen)
    function flags() external view returns (uint256, uint256, uint256, uint256, uint256, bool);
    /// @notice (threshold, interval, minStake, keeperGrace, safety, minRungAge, maxSyncAge, stakingPercentageCapBps)
    function keeperParams()
        external
        view
        returns (uint256, uint256, uint256, uint256, uint256, uint256, uint256, uint256);
    function scheduledAt(bytes32 operation) external view returns (uint256);
    function token() external view returns (address);
    function rewards() external view returns (address);
    function staking() external view returns (address);
    function factory() external view returns (address);
    /// @notice The ERC-721 of exit receipts.
    function receipts() external view returns (address);
    function converter() external view returns (address);
    function rewardsSink() external view returns (address);
    function vault() external view returns (address);
    function feeRecipient() external view returns (address);
    function setupSealed() external view returns (bool);
    /// @return route 0: the AMM path is off. @return slippageBps the most that a sale may fall short of the rate, its last wei
    /// included
    function ammRoute() external view returns (address route, uint256 slippageBps);
    function haltCode() external view returns (address);
    /// @notice Who is asked for the staking system's flags and intervals: that system itself unless the adapter was repaired.
    function stakingReader() external view returns (address);
    /// @notice (account, time) of the signature that is there; zeros for none.
    function emergencySignature(Emergency what, address to) external view returns (address by, uint256 at);
    function version() external pure returns (string memory);
}
