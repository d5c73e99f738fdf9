// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The books of one pool of stake under Core's rounds, for the local stand-ins
/// @notice A pool has a reward for each round, which what was staked when the round began shares. A position's stake of a
/// finished round is worth `index(end of the round) - index(its begin)` each.
/// @dev Pools are brought up to date when touched, however many rounds late:
///
///     round C              C+1 .. now-1            now
///     staked+transferred   realtime                staked = realtime
///     earns C              earns each of them      earns nothing that can be claimed yet
library LocalCoreRounds {
    uint256 internal constant ONE = 1e18;

    struct Pool {
        uint256 round; // up to date in it; 0: never touched
        uint256 snapshot; // earns in `round`; never lowered by what leaves
        uint256 realtime; // earns in the rounds after it
        uint256 index; // reward of one unit up to the begin of `round`, times 1e18
        uint256 reward; // of `round`
        uint256 rewardNext; // of each round after it
        mapping(uint256 round => uint256) indexAt; // at the end of a round
    }

    struct Position {
        uint256 staked; // earns in `changeRound`
        uint256 realtime; // earns in later ones
        uint256 transferred; // left for another pool in `changeRound`, still earns here for it
        uint256 changeRound;
    }

    function sync(Pool storage p, uint256 round) internal {
        if (p.round == round) return;
        if (p.round == 0) {
            p.round = round;
            return;
        }
        uint256 index = p.index;
        if (p.snapshot != 0) index += p.reward * ONE / p.snapshot;
        p.indexAt[p.round] = index;
        uint256 rounds = round - p.round - 1;
        if (rounds != 0) {
            // Whole units in each round: nothing carries over.
            // slither-disable-next-line divide-before-multiply
            if (p.realtime != 0) index += rounds * (p.rewardNext * ONE / p.realtime);
            p.indexAt[round - 1] = index;
        }
        p.index = index;
        p.round = round;
        p.snapshot = p.realtime;
        p.reward = p.rewardNext;
    }

    /// @dev The pool is up to date in `round`.
    /// @return reward what the position earned in the rounds that are over
    function settle(Pool storage p, Position storage q, uint256 round) internal returns (uint256 reward) {
        uint256 at = q.changeRound;
        if (at == round) return 0;
        if (at != 0) {
            uint256 end = p.indexAt[at];
            reward = (q.staked + q.transferred) * (end - p.indexAt[at - 1]) / ONE + q.realtime * (p.index - end) / ONE;
        }
        q.changeRound = round;
        q.staked = q.realtime;
        q.transferred = 0;
    }

    function add(Pool storage p, Position storage q, uint256 amount) internal {
        p.realtime += amount;
        q.realtime += amount;
    }

    /// @dev What earns goes first.
    /// @return earning how much of `amount` earned in this round
    function take(Pool storage p, Position storage q, uint256 amount) internal returns (uint256 earning) {
        earning = amount < q.staked ? amount : q.staked;
        q.staked -= earning;
        q.realtime -= amount;
        p.realtime -= amount;
    }
}
