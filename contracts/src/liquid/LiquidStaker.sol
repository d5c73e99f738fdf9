// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPlumeStaking} from "../staking/IPlumeStaking.sol";
import {PlumeAdapter} from "../staking/PlumeAdapter.sol";
import {ILiquidToken} from "./ILiquidToken.sol";
import {ILiquidVault} from "./ILiquidVault.sol";
import {IRewardConverter} from "./IRewardConverter.sol";
import {IStakerBucket} from "./IStakerBucket.sol";
import {LiquidAmm} from "./LiquidAmm.sol";
import {LiquidBuckets} from "./LiquidBuckets.sol";
import {IAmmRoute} from "./amm/IAmmRoute.sol";
import {Line} from "./lib/Line.sol";
import {LiquidStorage} from "./lib/LiquidStorage.sol";
import {StakeBus} from "./lib/StakeBus.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";

/// @title The keepers' steps on the way in: stake bus, restake, rewards, and coins that nobody asked for; what the vault needs;
/// exits by AMM.
/// @notice Part of the minter (see LiquidBase); ILiquidMinter carries the NatSpec.
contract LiquidStaker is LiquidBuckets, LiquidAmm {
    using LiquidStorage for LiquidStorage.State;
    using SafeERC20 for IERC20;
    using TransientSlot for *;

    uint16 private constant NO_HINT = type(uint16).max;
    uint256 private constant SELL_GAS = 1_500_000;
    /// @dev Enough for both and the rest of an exit, so that no gas estimate settles where the pool just fails.
    uint256 private constant LEAST_GAS = 2_700_000;
    /// @dev Coins that the route handed over in this call; transient.
    bytes32 private constant BROUGHT = keccak256("omnibus.liquid.minter.ammBrought");

    address private constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    address private immutable NEXT;

    constructor(address token_, address staking_, address factory_, address next)
        LiquidBuckets(token_, staking_, factory_)
    {
        if (next == address(0)) revert ZeroAddress();
        NEXT = next;
    }

    fallback() external payable {
        _delegate(NEXT);
    }

    // ------------------------------------------------------------------------------------------------- 13. the vault

    /// @dev No guard and no books here: the vault deposits like anybody else, by a call of its own.
    function submitAndDeposit(address recipient, uint256 minShares) external payable returns (uint256 shares) {
        address to = _state().vault;
        if (to == address(0)) revert VaultNotSet();
        return ILiquidVault(to).submitAndDeposit{value: msg.value}(recipient, minShares);
    }

    function vault() external view returns (address) {
        return _state().vault;
    }

    function openRung() external view returns (uint256) {
        return _state().openRung;
    }

    function requestFunding(uint256 id) external view returns (uint256 net, uint256 pending, uint256 whole) {
        LiquidStorage.State storage s = _state();
        uint256 rung = id >> 32;
        whole = s.rungs[rung].lst;
        if (whole == 0) return (0, 1, 1);
        pending = Line.pending(s, rung);
        uint256 lst = s.tickets[id].lst;
        if (lst == 0) return (0, pending, whole);
        (uint256 hintA, uint256 hintB) = Line.hints(s, rung);
        (uint256 gross, uint256 fee,) = Line.owed(s, id, lst, hintA, hintB);
        net = gross - fee;
    }

    // ---------------------------------------------------------------------------------------------- 7. the stake bus

    function rebalance() external nonReentrant returns (uint256 staked) {
        _keeperOrLate(REBALANCER_ROLE, NEVER);
        LiquidStorage.State storage s = _state();
        _refreshTarget(s);
        if (s.slashPending != 0) return 0;
        uint256 rest = s.freeToStake();
        if (rest < s.minStake) return 0;
        StakeBus.Route memory r = StakeBus.route(s);
        // bound(STAKES_PER_CALL): failed tries count
        for (uint256 k; k < LiquidStorage.STAKES_PER_CALL && rest >= s.minStake && rest != 0; ++k) {
            (bool found, uint256 at, uint256 take) = StakeBus.pick(s, r, rest);
            if (!found) break;
            uint16 id = r.ids[at];
            uint256 index = StakeBus.bucketFor(s, id);
            uint256 amount = StakeBus.chunk(s, id, index, take);
            uint256 left = _requireGas();
            try IStakerBucket(payable(_bucket(id, index))).stake{value: amount}(id) {
                _bookStake(id, index, amount);
                r.caps[at] -= amount;
                rest -= amount;
                staked += amount;
            } catch (bytes memory reason) {
                _believe(left);
                r.caps[at] = 0;
                r.weights -= s.validators[id].weight;
                _advanceStakeCursor(id, index);
                emit StakeSkipped(id, amount, reason);
            }
        }
    }

    function stakeWitheldForValidator(uint256 amount, uint16 validatorId) external nonReentrant {
        _keeperOrLate(REBALANCER_ROLE, NEVER);
        if (amount == 0) revert ZeroAmount();
        LiquidStorage.State storage s = _state();
        _known(validatorId);
        uint256 free = s.freeToStake();
        if (amount > free) revert StakeTooMuch(amount, free);
        if (s.validators[validatorId].target == 0) revert NoCapacity(validatorId, 0);
        uint256 cap = StakeBus.capacity(s, validatorId, PlumeAdapter.info(_reader(s), validatorId));
        if (amount > cap) revert NoCapacity(validatorId, cap);
        // bound(STAKES_PER_CALL): the rest stays in the buffer
        for (uint256 k; k < LiquidStorage.STAKES_PER_CALL && amount != 0; ++k) {
            uint256 index = StakeBus.bucketFor(s, validatorId);
            uint256 c = StakeBus.chunk(s, validatorId, index, amount);
            IStakerBucket(payable(_bucket(validatorId, index))).stake{value: c}(validatorId);
            _bookStake(validatorId, index, c);
            amount -= c;
        }
    }

    function _bookStake(uint16 id, uint256 index, uint256 amount) private {
        LiquidStorage.State storage s = _state();
        LiquidStorage.Validator storage v = s.validators[id];
        LiquidStorage.Bucket storage b = s.buckets[LiquidStorage.key(id, index)];
        s.headroom -= uint96(amount);
        s.active += uint96(amount);
        v.active += uint96(amount);
        _advanceStakeCursor(id, index);
        b.active += uint96(amount);
        b.used = true;
        emit StakePlaced(id, index, amount);
    }

    function _advanceStakeCursor(uint16 id, uint256 index) private {
        LiquidStorage.Validator storage v = _state().validators[id];
        v.stakeCursor = uint8((index + 1) % v.target);
    }

    function restake(uint16 validatorId, uint256 amount) external nonReentrant {
        _keeperOrLate(REBALANCER_ROLE, NEVER);
        if (amount == 0) revert ZeroAmount();
        LiquidStorage.State storage s = _state();
        _known(validatorId);
        uint256 free = LiquidStorage.min0(
            uint256(s.cooling) + s.committed, s.openValue() + s.value(s.stagedLst) + LiquidStorage.MARGIN
        );
        if (amount > free) revert RestakeTooMuch(amount, free);
        // Latest maturing of all first: what is left covers every rung at the time it covered it before.
        uint16 latestId;
        uint256 latestIndex;
        uint256 latestEnd;
        uint256 count = s.validatorIds.length;
        // bound(MAX_VALIDATORS): no more are registered
        for (uint256 i; i < count; ++i) {
            uint16 id = s.validatorIds[i];
            uint256 n = s.validators[id].buckets;
            // bound(MAX_BUCKETS): no validator has more
            for (uint256 k; k < n; ++k) {
                LiquidStorage.Bucket memory x = s.buckets[LiquidStorage.key(id, k)];
                if (x.cooling != 0 && x.end > latestEnd) (latestId, latestIndex, latestEnd) = (id, k, x.end);
            }
        }
        if (latestEnd == 0 || latestId != validatorId) revert NotLatest(validatorId, latestId, latestEnd);
        LiquidStorage.Bucket storage b = s.buckets[LiquidStorage.key(validatorId, latestIndex)];
        if (amount > b.cooling) revert RestakeTooMuch(amount, b.cooling);
        IStakerBucket(payable(_bucket(validatorId, latestIndex))).restake(validatorId, amount);
        b.cooling -= uint96(amount);
        b.active += uint96(amount);
        s.cooling -= uint96(amount);
        s.active += uint96(amount);
        s.validators[validatorId].active += uint96(amount);
        emit Restaked(validatorId, latestIndex, amount);
    }

    // ------------------------------------------------------------------------------------------------------ rewards

    function claim(uint16 validatorId) external nonReentrant returns (uint256 rewards) {
        _claimGate();
        LiquidStorage.Validator storage v = _known(validatorId);
        uint256 n = v.buckets;
        if (n == 0) return 0;
        uint256 page = LiquidStorage.min(n, LiquidStorage.CLAIM_PAGE);
        uint256 from = v.claimCursor;
        uint256 to = LiquidStorage.min(n, from + page);
        rewards = _claimRange(NATIVE, validatorId, from, to);
        uint256 around = page - (to - from);
        if (around != 0) rewards += _claimRange(NATIVE, validatorId, 0, around);
        v.claimCursor = uint8((from + page) % n);
        _toSink(rewards);
    }

    function claimBuckets(uint16 validatorId, uint256 from, uint256 to)
        external
        nonReentrant
        returns (uint256 rewards)
    {
        _claimGate();
        _known(validatorId);
        // Not cut to the present buckets: one that has ended may still have rewards.
        rewards = _claimRange(NATIVE, validatorId, from, LiquidStorage.min(to, LiquidStorage.MAX_BUCKETS));
        _toSink(rewards);
    }

    /// @dev Tokens never enter the books: what the buckets hand over goes on to the converter in the same call. For everybody
    /// at any time: rounds of claimAll do not count these, so no gate of theirs may close this.
    function claimToken(address rewardToken, uint16 validatorId, uint256 from, uint256 to)
        external
        nonReentrant
        returns (uint256 amount)
    {
        if (rewardToken == NATIVE) revert BadParameter("token", uint160(rewardToken));
        address to_ = _state().converter;
        if (to_ == address(0)) revert NoConverter();
        _known(validatorId);
        amount = _claimRange(rewardToken, validatorId, from, LiquidStorage.min(to, LiquidStorage.MAX_BUCKETS));
        if (amount == 0) return 0;
        emit TokenRewardsClaimed(validatorId, rewardToken, amount);
        IERC20(rewardToken).safeTransfer(to_, amount);
        IRewardConverter(to_).restart(rewardToken);
    }

    /// @dev A page over all validators, going on where the last one stopped, at most once around. What is due next counts from
    /// the beginning of a round: the short page that ends an old one puts nothing off.
    function claimAll() external nonReentrant returns (uint256 rewards) {
        _claimGate();
        LiquidStorage.State storage s = _state();
        uint256 count = s.validatorIds.length;
        if (count == 0) return 0;
        uint256 page = LiquidStorage.CLAIM_PAGE;
        uint256 at = s.claimValidator;
        // bound(MAX_VALIDATORS): once around, CLAIM_PAGE buckets in all
        for (uint256 k; k < count && page != 0; ++k) {
            if (s.claimRoundAt == 0) s.claimRoundAt = uint40(block.timestamp);
            uint16 id = s.validatorIds[at];
            LiquidStorage.Validator storage v = s.validators[id];
            uint256 n = v.buckets;
            uint256 from = v.claimCursor;
            uint256 to = LiquidStorage.min(n, from + page);
            rewards += _claimRange(NATIVE, id, from, to);
            page -= to - from;
            if (to < n) {
                v.claimCursor = uint8(to);
                break;
            }
            v.claimCursor = 0;
            at = (at + 1) % count;
            if (at == 0) {
                s.lastClaimAt = s.claimRoundAt;
                s.claimRoundAt = 0;
            }
        }
        s.claimValidator = uint8(at);
        _toSink(rewards);
    }

    function _claimGate() private view {
        _keeperOrLate(CLAIMER_ROLE, uint256(_state().lastClaimAt) + 1 days);
    }

    function _claimRange(address what, uint16 id, uint256 from, uint256 to) private returns (uint256 rewards) {
        LiquidStorage.State storage s = _state();
        // bound(MAX_BUCKETS): every caller cuts `to` to it or to a page
        for (uint256 i = from; i < to; ++i) {
            if (!s.buckets[LiquidStorage.key(id, i)].used) continue;
            address bucket = _bucket(id, i);
            uint256 left = _requireGas();
            _expectBucket(bucket);
            try IStakerBucket(payable(bucket)).claim(what, id) returns (uint256 received) {
                if (received != 0 && what == NATIVE) emit RewardsClaimed(id, i, received);
                rewards += received;
            } catch (bytes memory reason) {
                _believe(left);
                emit RewardsClaimFailed(id, i, reason);
            }
        }
        _expectBucket(address(0));
    }

    function payFees() external nonReentrant returns (uint256 amount) {
        LiquidStorage.State storage s = _state();
        amount = s.totalFees();
        if (amount == 0) return 0;
        s.feesHigh = 0;
        s.feesLow = 0;
        s.reserved -= uint96(amount);
        address recipient = s.feeRecipient;
        _pay(recipient, amount);
        emit FeesPaid(recipient, amount);
    }

    function loadRewards() external payable nonReentrant {
        if (msg.value == 0) revert ZeroAmount();
        _toSink(msg.value);
    }

    /// @dev The one place that reads a balance: coins outside the books become rewards, never a rise of the rate.
    function skim() external nonReentrant returns (uint256 coins) {
        LiquidStorage.State storage s = _state();
        coins = LiquidStorage.min0(address(this).balance, uint256(s.headroom) + s.reserved + s.insurance);
        if (coins == 0) return 0;
        _toSink(coins);
        emit Skimmed(coins);
    }

    function skimStake(uint16 validatorId, uint256 index) external nonReentrant returns (uint256 amount) {
        LiquidStorage.State storage s = _state();
        LiquidStorage.Validator storage v = _known(validatorId);
        if (index >= v.buckets) revert BadParameter("index", index);
        if (v.booked || PlumeAdapter.isSlashed(_reader(s), validatorId)) return 0;
        LiquidStorage.Bucket storage b = s.buckets[LiquidStorage.key(validatorId, index)];
        // The system itself, never a repaired reader: coins follow from this.
        uint256 found = IPlumeStaking(STAKING).getUserValidatorStake(_bucket(validatorId, index), validatorId);
        amount = LiquidStorage.min(LiquidStorage.min0(found, b.active), s.freeToStake());
        if (amount == 0) return 0;
        s.headroom -= uint96(amount);
        s.active += uint96(amount);
        v.active += uint96(amount);
        b.active += uint96(amount);
        b.used = true;
        emit StakeSkimmed(validatorId, index, amount);
        _toSink(amount);
    }

    // ----------------------------------------------------------------------------------------------- 5. exits by AMM

    /// @dev Only with `ammMax` above zero: the minter itself keeps the others.
    function redeem(uint256 amount, ExitParams calldata p) external nonReentrant returns (uint256 paidNow, uint256 id) {
        if (block.timestamp > p.deadline) revert DeadlinePassed(p.deadline, block.timestamp);
        if (amount == 0) revert ZeroAmount();
        if (p.recipient == address(0)) revert ZeroAddress();
        LiquidStorage.State storage s = _state();
        if (s.ammRoute == address(0)) revert AmmNotEnabled();
        if (gasleft() < LEAST_GAS) revert GasTooLow(gasleft(), LEAST_GAS);

        (uint256 offer, uint256 floor) = _offer(s, amount, p.instantMax, p.ammMax);
        ILiquidToken(TOKEN).burn(msg.sender, amount);
        uint256 rest = amount;
        if (offer != 0) {
            uint256 sold;
            (sold, paidNow) = _sell(s, offer, floor, p.recipient);
            rest -= sold;
        }
        if (p.instantMax != 0 && rest != 0) {
            (uint256 lst, uint256 gross, uint256 fee) =
                _instant(s, LiquidStorage.min(rest, p.instantMax), p.feeLimitBps);
            rest -= lst;
            paidNow += gross - fee;
            if (gross != 0) emit InstantExit(msg.sender, p.recipient, lst, gross, fee);
        }
        if (paidNow < p.minOutNow) revert OutBelowMinimum(paidNow, p.minOutNow);
        if (rest > p.queueMax) revert ExitNotPlaced(rest);
        if (rest != 0) id = _queue(s, p.recipient, rest);
        _pay(p.recipient, paidNow);
    }

    function _queue(LiquidStorage.State storage s, address owner, uint256 lst) private returns (uint256 id) {
        uint256 seq = uint256(s.openCount) + 1;
        uint256 rung = s.openRung;
        if (seq > LiquidStorage.RUNG_MAX_COUNT) revert RungFull(rung);
        s.openCount = uint32(seq);
        s.stagedLst += uint96(lst);
        id = rung << 32 | seq;
        s.tickets[id] = LiquidStorage.Ticket({owner: owner, lst: uint96(lst)});
        emit ExitRequested(id, owner, lst, NO_HINT);
    }

    /// @dev Mints to the route what the caller burned, and burns what it did not sell.
    function _sell(LiquidStorage.State storage s, uint256 offer, uint256 floor, address recipient)
        private
        returns (uint256 sold, uint256 coins)
    {
        address route = s.ammRoute;
        ILiquidToken(TOKEN).mint(route, offer);
        _expectBucket(route);
        try IAmmRoute(route).sell{gas: SELL_GAS}(offer, floor) returns (address pool, uint256 taken, uint256) {
            sold = taken;
            coins = BROUGHT.asUint256().tload();
            BROUGHT.asUint256().tstore(0);
            // The route checks this itself; what it says about the coins is not believed.
            uint256 least = sold * floor / LiquidStorage.RAY;
            if (coins < least) revert AmmBelowCap(coins, least);
            emit AmmExit(msg.sender, recipient, pool, sold, coins);
        } catch {
            emit AmmSkipped(msg.sender, route, offer);
        }
        _expectBucket(address(0));
        if (sold < offer) ILiquidToken(TOKEN).burn(route, offer - sold);
    }

    function receiveFromAmm() external payable {
        if (msg.sender != _expectedBucket()) revert NotBucket(msg.sender);
        BROUGHT.asUint256().tstore(BROUGHT.asUint256().tload() + msg.value);
    }

    function ammRoute() external view returns (address route, uint256 slippageBps) {
        LiquidStorage.State storage s = _state();
        return (s.ammRoute, s.ammSlippage);
    }
}
