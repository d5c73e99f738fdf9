//! Functions that other people's interfaces have and ours do not repeat: ERC-20 about itself, OpenZeppelin's governor and votes,
//! and the one immutable of a sleeve that leads to its staking system.
#![allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "generated from the signatures"
)]

alloy::sol! {
    /// ERC-20.
    interface IErc20 {
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function transfer(address to, uint256 amount) external returns (bool);
        function approve(address spender, uint256 amount) external returns (bool);
    }

    /// ERC-5805.
    interface IVotes {
        function getVotes(address account) external view returns (uint256);
        function delegates(address account) external view returns (address);
    }

    /// OpenZeppelin's governor with settings, simple counting, timelock and late quorum.
    interface IGovernor {
        function votingDelay() external view returns (uint256);
        function votingPeriod() external view returns (uint256);
        function lateQuorumVoteExtension() external view returns (uint48);
        function proposalThreshold() external view returns (uint256);
        function quorum(uint256 timepoint) external view returns (uint256);
        function state(uint256 proposalId) external view returns (uint8);
        function proposalSnapshot(uint256 proposalId) external view returns (uint256);
        function proposalDeadline(uint256 proposalId) external view returns (uint256);
        function proposalEta(uint256 proposalId) external view returns (uint256);
        function proposalVotes(uint256 proposalId) external view returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes);
        function setVotingDelay(uint48 newVotingDelay) external;
        function setVotingPeriod(uint32 newVotingPeriod) external;
        function setProposalThreshold(uint256 newProposalThreshold) external;
        function setLateQuorumVoteExtension(uint48 newVoteExtension) external;
        function updateTimelock(address newTimelock) external;
        function relay(address target, uint256 value, bytes data) external payable;
    }

    /// Who knows the validators.
    interface ICoreParts {
        function HUB() external view returns (address);
    }
}
