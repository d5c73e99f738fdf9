// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Core's BitcoinAgent (0x…1013): how CORE staked at the same address lifts rewards on BTC
interface ICoreBitcoinAgent {
    /// @param stakeRate CORE for one BTC, at least
    /// @param percentage of the BTC reward, of 10,000
    struct DualStakingGrade {
        uint32 stakeRate;
        uint32 percentage;
    }

    /// @notice Rising; governed. Read them, hard-code nothing.
    function getGrades() external view returns (DualStakingGrade[] memory);
}
