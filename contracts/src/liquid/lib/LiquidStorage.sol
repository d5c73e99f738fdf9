// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidToken} from "../ILiquidToken.sol";

/// @title Storage of the minter (ERC-7201) and the arithmetic that everything shares.
/// @notice Section numbers refer to docs/src/specification.md.
library LiquidStorage {
    uint256 internal constant RAY = 1e27;
    uint256 internal constant BPS = 10_000;
    uint256 internal constant SCALE = 1 << 96;
    uint256 internal constant MARGIN = 1e9;
    /// @dev Coins that cover a rung to the wei do not cover it for good: its value may still be rounded up. Half the margin of a
    /// departure is out of the reach of roundings from both sides.
    uint256 internal constant SLACK = MARGIN / 2;
    uint256 internal constant METER_WINDOW = 1 days;
    uint256 internal constant MIN_RATE = RAY / 100;
    uint256 internal constant MAX_AMOUNT = type(uint96).max;
    uint256 internal constant FEE_CEILING = 500;
    uint256 internal constant WITHHOLD_CEILING = 5_000;
    uint256 internal constant AMM_SLIPPAGE_CEILING = 500;
    uint256 internal constant MAX_VALIDATORS = 32;
    uint256 internal constant MAX_BUCKETS = 128;
    uint256 internal constant STAKES_PER_CALL = 8;
    uint256 internal constant DEPARTURES_PER_CALL = 16;
    uint256 internal constant CLAIM_PAGE = 20;
    uint256 internal constant CURSOR_TRIES = 8;
    uint256 internal constant MARKS = 1024;
    uint256 internal constant RUNG_MAX_COUNT = (1 << 23) - 1;

    /// @dev A rung in one slot; `feeAndCount` is count << 9 | fee (fee <= 500 fits 9 bits). C0 lives apart: it is 0
    /// until the first pro rata payout, and then the slot is never written.
    struct RungSlot {
        uint96 lst;
        uint128 unitsEnd;
        uint32 feeAndCount;
    }

    struct Ticket {
        address owner;
        uint96 lst;
    }

    /// @dev Integral checkpoint: `b` coins-per-line paid when the watermark stood at `w`.
    struct Checkpoint {
        uint128 w;
        uint128 b;
    }

    struct Mark {
        uint128 units;
        uint40 eta;
    }

    struct Bucket {
        uint96 active;
        uint96 cooling;
        uint40 end;
        bool used;
    }

    struct Validator {
        uint96 active;
        uint16 weight;
        uint16 maxPct;
        uint8 buckets;
        uint8 target;
        uint8 sweepCursor;
        uint8 stakeCursor;
        uint8 claimCursor;
        uint40 nextDeparture;
        bool registered;
        bool inactive;
        bool slashed;
        bool booked;
    }

    /// @dev Half of an emergency: who signed, and when.
    struct Signature {
        address by;
        uint40 at;
    }

    /// @custom:storage-location erc7201:omnibus.liquid.minter
    struct State {
        // slot 0: read by every deposit and exit
        uint96 rate;
        uint40 syncedAt;
        uint40 instantPausedUntil;
        uint40 depositsPausedUntil;
        uint16 rungFee;
        uint8 slashPending;
        bool voteOpen;
        bool repaired; // `staking` is asked instead of the staking system
        // slot 1: coins; feesLow spills into feesHigh so that claims write one slot
        uint96 headroom;
        uint96 reserved;
        uint64 feesLow;
        // slot 2
        uint96 active;
        uint96 cooling;
        uint16 minFee;
        uint16 maxFee;
        uint16 threshold; // utilization, bps
        uint16 withhold;
        // slot 3: the meter
        uint96 target;
        uint96 meterLevel;
        uint40 meterAt;
        // slot 4: what is open
        uint96 openLst;
        uint96 stagedLst;
        uint32 openRung;
        uint32 openCount;
        // slot 5: the head of the line, all that FIFO money moves
        uint128 watermark;
        uint128 b;
        // slot 6: its end and the pro-rata level
        uint128 end;
        uint128 c;
        // slot 7: 32-bit times serve until 2106
        uint96 committed;
        uint32 lastClosedAt;
        uint32 lineNextDeparture;
        uint32 latestEta;
        uint16 marksLive;
        uint24 marksDone;
        uint24 checkpoints; // beyond the implicit (0,0)
        // slot 8: keepers' parameters
        uint96 batchThreshold;
        uint96 minStake;
        uint40 lastClaimAt;
        uint16 stakingCap;
        uint8 claimValidator;
        // slot 9
        uint32 interval;
        uint32 keeperGrace;
        uint32 safety;
        uint32 minRungAge;
        uint32 maxSyncAge;
        uint32 cooldownSeen;
        uint40 pauseAllowedFrom;
        uint16 standardFee;
        bool setupSealed;
        // slot 10 on
        uint256 feesHigh;
        address token;
        address rewards;
        address staking; // who is asked for flags and intervals; coins go to the immutable one
        address factory;
        address rewardsSink;
        address feeRecipient;
        uint16[] validatorIds;
        mapping(uint16 validatorId => Validator) validators;
        mapping(uint256 key => Bucket) buckets; // validatorId << 8 | index
        mapping(uint256 rung => RungSlot) rungs;
        mapping(uint256 rung => uint256) rungC0;
        mapping(uint256 id => Ticket) tickets;
        mapping(uint256 id => uint256) paid;
        mapping(uint256 index => Checkpoint) checkpointAt;
        mapping(uint256 index => Mark) marks; // index mod MARKS
        mapping(bytes32 operation => uint256) scheduledAt;
        address vault;
        address ammRoute; // 0: the AMM path is off
        uint16 ammSlippage; // bps against the rate
        address haltCode;
        mapping(bytes32 operation => Signature) signatures;
        mapping(address owner => uint256) autoPay; // 0 nothing said, 1 on, 2 off
        uint96 insurance;
        address converter;
        uint40 claimRoundAt; // when the round of claimAll that runs began; 0: none does
    }

    // keccak256(abi.encode(uint256(keccak256("omnibus.liquid.minter")) - 1)) & ~bytes32(uint256(0xff)); a test recomputes it
    bytes32 internal constant SLOT = 0xdfb7a31b17bd07cfe77c1734bec0ee6626168cff4a72993b1ea25add54e7dd00;

    function get() internal pure returns (State storage s) {
        bytes32 slot = SLOT;
        assembly {
            s.slot := slot
        }
    }

    // ------------------------------------------------------------------------------------------------ small arithmetic

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    function max(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a : b;
    }

    function min0(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a - b : 0;
    }

    function ceilDiv(uint256 a, uint256 b) internal pure returns (uint256) {
        return a == 0 ? 0 : (a - 1) / b + 1;
    }

    // ---------------------------------------------------------------------------------------------------- 2. the books

    function value(State storage s, uint256 lst) internal view returns (uint256) {
        return lst * s.rate / RAY;
    }

    function toLst(State storage s, uint256 coins) internal view returns (uint256) {
        uint256 rate = s.rate;
        return rate == 0 ? 0 : coins * RAY / rate;
    }

    function openValue(State storage s) internal view returns (uint256) {
        return value(s, s.openLst);
    }

    function totalQueued(State storage s) internal view returns (uint256) {
        return value(s, uint256(s.openLst) + s.stagedLst);
    }

    function assets(State storage s) internal view returns (uint256) {
        return uint256(s.headroom) + s.active + s.cooling;
    }

    function supply(State storage s) internal view returns (uint256) {
        return ILiquidToken(s.token).totalSupply() + s.openLst + s.stagedLst;
    }

    function totalFees(State storage s) internal view returns (uint256) {
        return s.feesHigh + s.feesLow;
    }

    /// @dev Fees are part of `reserved`; the low part spills so that the common case writes no further slot.
    function addFees(State storage s, uint256 fee) internal {
        uint256 low = uint256(s.feesLow) + fee;
        if (low > type(uint64).max) {
            s.feesHigh += low;
            low = 0;
        }
        s.feesLow = uint64(low);
    }

    /// @dev 2: the most that may be committed. The margin belongs in: a line covered to the wei would lose its promise when
    /// the next rung's units round.
    function commitCap(State storage s) internal view returns (uint256) {
        uint256 lst = s.openLst;
        return lst == 0 ? 0 : value(s, lst) + MARGIN;
    }

    function setCommitted(State storage s, uint256 amount) internal {
        s.committed = uint96(min(amount, commitCap(s)));
    }

    function covered(State storage s) internal view returns (bool) {
        return openValue(s) <= uint256(s.committed) + s.cooling;
    }

    /// @dev 5: the limiter's level, leaked to now.
    function leakedMeter(State storage s) internal view returns (uint256) {
        uint256 level = s.meterLevel;
        if (level == 0) return 0;
        return min0(level, uint256(s.target) * (block.timestamp - s.meterAt) / METER_WINDOW);
    }

    /// @dev Value of the line from the watermark to `units`.
    function valueTo(State storage s, uint256 units) internal view returns (uint256) {
        uint256 w = s.watermark;
        if (units <= w) return 0;
        uint256 open = s.end - w;
        uint256 du = units - w;
        if (du >= open) return openValue(s);
        return value(s, du * s.openLst / open);
    }

    /// @dev 8: value of everything up to the last mark whose time is past.
    function due(State storage s) internal view returns (uint256) {
        uint256 passed = dueMarks(s);
        return passed == 0 ? 0 : valueTo(s, s.marks[(s.marksDone + passed - 1) % MARKS].units);
    }

    /// @dev How many of the live marks are due. One read when none is; etas of marks never fall, so a binary search finds
    /// the last.
    function dueMarks(State storage s) internal view returns (uint256) {
        uint256 live = s.marksLive;
        if (live == 0) return 0;
        uint256 first = s.marksDone;
        if (s.marks[first % MARKS].eta > block.timestamp) return 0;
        uint256 lo = first; // due
        uint256 hi = first + live; // first not known to be due
        // bound(search MARKS): the ring
        while (hi - lo > 1) {
            uint256 mid = (lo + hi) / 2;
            if (s.marks[mid % MARKS].eta <= block.timestamp) lo = mid;
            else hi = mid;
        }
        return hi - first;
    }

    /// @dev Whether the last mark covers the whole line.
    function marked(State storage s) internal view returns (bool) {
        uint256 live = s.marksLive;
        return live != 0 && s.marks[(s.marksDone + live - 1) % MARKS].units >= s.end;
    }

    /// @dev 6: nothing in the line waits for a departure, so a rung that closes now begins its wait now. Without active
    /// stake an unmarked rung still counts on the departure that it was promised.
    function waitsForNone(State storage s) internal view returns (bool) {
        uint256 lst = s.openLst;
        if (lst == 0 || ceilDiv(lst * s.rate, RAY) + SLACK <= uint256(s.committed) + s.cooling) return true;
        return (s.active == 0 || covered(s)) && marked(s);
    }

    /// @dev 5: coins that an instant exit could take, flags aside.
    function instantLiquidity(State storage s, uint256 dueValue) internal view returns (uint256) {
        if (block.timestamp < s.instantPausedUntil || s.slashPending != 0) return 0;
        uint256 room = s.headroom;
        uint256 kept = s.reserved;
        if (kept * BPS > uint256(s.threshold) * (room + kept)) return 0;
        uint256 target = s.target;
        uint256 a = min0(room, max(s.committed, dueValue));
        return min(min(target, a), min0(target, leakedMeter(s)));
    }

    /// @dev 5: the fee on `g` coins out of `a`, integrated from a down to a - g.
    function instantFee(uint256 g, uint256 a, uint256 target, uint256 minFee, uint256 maxFee)
        internal
        pure
        returns (uint256)
    {
        uint256 a1 = min(a, target);
        uint256 a0 = min(a - g, target);
        uint256 low = a1 - a0;
        uint256 sum = (minFee * (g - low) + maxFee * low) * 2 * target - (maxFee - minFee) * (a1 * a1 - a0 * a0);
        return ceilDiv(sum, BPS * 2 * target);
    }

    /// @dev 7: what may be staked without touching the buffer target or what exits need.
    function freeToStake(State storage s) internal view returns (uint256) {
        // Netting comes first: stake laid beside what cools would push back the departure that an uncovered line waits for.
        if (!covered(s)) return 0;
        uint256 queued = totalQueued(s);
        // The margin is left for the netting, which takes it.
        uint256 exits = queued == 0 ? 0 : min0(queued + MARGIN, s.cooling);
        uint256 keep = max(max(s.committed, due(s)), exits);
        return min0(s.headroom, s.target + keep);
    }

    // ------------------------------------------------------------------------------------------------------ 7. buckets

    function key(uint16 validatorId, uint256 index) internal pure returns (uint256) {
        return uint256(validatorId) << 8 | index;
    }

    function available(State storage s, Bucket memory b) internal view returns (bool) {
        return b.cooling == 0 && (b.end == 0 || block.timestamp >= uint256(b.end) + s.safety);
    }

    function totalBuckets(State storage s) internal view returns (uint256 n) {
        uint16[] storage ids = s.validatorIds;
        uint256 count = ids.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < count; ++i) {
            Validator storage v = s.validators[ids[i]];
            if (!v.booked) n += v.buckets;
        }
    }

    function period(State storage s, uint256 span, uint256 buckets) internal view returns (uint256) {
        return buckets == 0 ? span : max(s.interval, ceilDiv(span, buckets));
    }
}
