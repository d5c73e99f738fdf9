//! The contracts as this crate calls them: `chain`'s bindings, and what no interface of ours lists.
#![allow(
    clippy::too_many_arguments,
    reason = "generated code: as many as the contract takes"
)]

pub use chain::bindings::{
    IAmmRoute, IBasket, IBasketFactory, IBasketGovernor, IBasketReceipts, IBasketTimelock,
    IBasketToken, IBucketFactory, ICoreAgent, ICoreBtc, ICoreCandidateHub, ICoreEarn, ICoreSleeve,
    ICoreStakeHub, IGovToken, IGuardian, ILiquidCoinVault, ILiquidMinter, ILiquidReceipts,
    ILiquidRewards, ILiquidToken, ILiquidVault, IPlumeStaking, IPriceFeed, IRewardConverter,
    ISleeve, IStCoreSleeve, IUnbondingQueue, LiquidHalt, LiquidReceipts, LiquidVault, LocalCoreBtc,
    LocalCoreCandidateHub, LocalCoreEarn, LocalStaking, TimelockController,
    minter::ILiquidMinterTypes,
};

alloy::sol! {
    /// OpenZeppelin's AccessControl, which the minter has beside its own interface.
    #[derive(Debug)]
    interface IAccessControl {
        error AccessControlUnauthorizedAccount(address account, bytes32 neededRole);
        error AccessControlBadConfirmation();
        function grantRole(bytes32 role, address account) external;
        function renounceRole(bytes32 role, address callerConfirmation) external;
        function hasRole(bytes32 role, address account) external view returns (bool);
        function DEFAULT_ADMIN_ROLE() external view returns (bytes32);
    }

    /// What the minter is initialized with; see `LiquidMinter.sol`.
    #[derive(Debug)]
    interface IMinterSetup {
        struct InitParams {
            address admin;
            address guardian;
            address rewards;
            address factory;
            address feeRecipient;
            uint16 withholdBps;
            uint16 minInstantFeeBps;
            uint16 maxInstantFeeBps;
            uint16 standardFeeBps;
            uint96 batchThreshold;
            uint32 interval;
            uint96 minStake;
            uint32 keeperGrace;
            uint32 safety;
            uint32 minRungAge;
            uint32 maxSyncAge;
        }
        function initialize(InitParams calldata p) external payable;
    }

    /// Errors of OpenZeppelin's token and guards.
    #[derive(Debug)]
    interface IOther {
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        error ReentrancyGuardReentrantCall();
        error InvalidInitialization();
    }
}

alloy::sol! {
    /// The timelock of the baskets, as far as it is OpenZeppelin's TimelockController.
    #[derive(Debug)]
    interface ITimelock {
        error TimelockInvalidOperationLength(uint256 targets, uint256 payloads, uint256 values);
        error TimelockInsufficientDelay(uint256 delay, uint256 minDelay);
        error TimelockUnexpectedOperationState(bytes32 operationId, bytes32 expectedStates);
        error TimelockUnexecutedPredecessor(bytes32 predecessorId);
        error TimelockUnauthorizedCaller(address caller);
        function scheduleBatch(address[] calldata targets, uint256[] calldata values, bytes[] calldata payloads, bytes32 predecessor, bytes32 salt, uint256 delay) external;
        function executeBatch(address[] calldata targets, uint256[] calldata values, bytes[] calldata payloads, bytes32 predecessor, bytes32 salt) external payable;
        function updateDelay(uint256 newDelay) external;
        function getMinDelay() external view returns (uint256);
        function hashOperationBatch(address[] calldata targets, uint256[] calldata values, bytes[] calldata payloads, bytes32 predecessor, bytes32 salt) external pure returns (bytes32);
    }

    /// The governor, as far as it is OpenZeppelin's.
    #[derive(Debug)]
    interface IGovernor {
        error GovernorAlreadyCastVote(address voter);
        error GovernorDisabledDeposit();
        error GovernorOnlyExecutor(address account);
        error GovernorNonexistentProposal(uint256 proposalId);
        error GovernorUnexpectedProposalState(uint256 proposalId, uint8 current, bytes32 expectedStates);
        error GovernorInvalidVotingPeriod(uint256 votingPeriod);
        error GovernorInsufficientProposerVotes(address proposer, uint256 votes, uint256 threshold);
        error GovernorRestrictedProposer(address proposer);
        error GovernorInvalidVoteType();
        error GovernorInvalidProposalLength(uint256 targets, uint256 calldatas, uint256 values);
        error GovernorUnableToCancel(uint256 proposalId, address account);
        error GovernorNotQueuedProposal(uint256 proposalId);
        error GovernorAlreadyQueuedProposal(uint256 proposalId);
        event ProposalCreated(uint256 proposalId, address proposer, address[] targets, uint256[] values, string[] signatures, bytes[] calldatas, uint256 voteStart, uint256 voteEnd, string description);
        event ProposalQueued(uint256 proposalId, uint256 etaSeconds);
        event ProposalExecuted(uint256 proposalId);
        event ProposalCanceled(uint256 proposalId);
        event VoteCast(address indexed voter, uint256 proposalId, uint8 support, uint256 weight, string reason);
        function propose(address[] memory targets, uint256[] memory values, bytes[] memory calldatas, string memory description) external returns (uint256);
        function castVote(uint256 proposalId, uint8 support) external returns (uint256);
        function queue(address[] memory targets, uint256[] memory values, bytes[] memory calldatas, bytes32 descriptionHash) external returns (uint256);
        function execute(address[] memory targets, uint256[] memory values, bytes[] memory calldatas, bytes32 descriptionHash) external payable returns (uint256);
        function cancel(address[] memory targets, uint256[] memory values, bytes[] memory calldatas, bytes32 descriptionHash) external returns (uint256);
        function state(uint256 proposalId) external view returns (uint8);
        function proposalEta(uint256 proposalId) external view returns (uint256);
        function proposalSnapshot(uint256 proposalId) external view returns (uint256);
        function proposalDeadline(uint256 proposalId) external view returns (uint256);
        function proposalVotes(uint256 proposalId) external view returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes);
        function proposalThreshold() external view returns (uint256);
        function quorum(uint256 timepoint) external view returns (uint256);
        function timelock() external view returns (address);
        function token() external view returns (address);
    }

    /// GOV, as far as it is OpenZeppelin's ERC20Votes.
    #[derive(Debug)]
    interface IVotes {
        error ERC5805FutureLookup(uint256 timepoint, uint48 clock);
        function delegate(address delegatee) external;
        function delegates(address account) external view returns (address);
        function getVotes(address account) external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
    }

    /// Who gets GOV; see `IGovToken.sol`.
    #[derive(Debug)]
    struct GovAllocation {
        address account;
        uint256 amount;
    }

    /// A token that somebody else made.
    #[derive(Debug)]
    interface IToken {
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
    }

    /// The stand-ins of price sources; see `LocalPrices.sol`.
    #[derive(Debug)]
    interface ILocalPrices {
        function description() external view returns (string memory);
        function decimals() external view returns (uint8);
        function latestRoundData() external view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
        function getReferenceData(string memory base, string memory quote) external view returns (uint256 rate, uint256 lastUpdatedBase, uint256 lastUpdatedQuote);
        function freeze(bool frozen) external;
        function admin() external view returns (address);
    }

    /// [`ILocalPrices`], the aggregator.
    #[derive(Debug)]
    interface ILocalAggregator {
        function set(int256 answer) external;
    }

    /// [`ILocalPrices`], the reference.
    #[derive(Debug)]
    interface ILocalReference {
        function set(string calldata base, string calldata quote, uint256 rate) external;
    }
}
