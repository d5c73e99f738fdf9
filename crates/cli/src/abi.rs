//! The contracts as this crate calls them: `chain`'s bindings, and what no interface of ours lists.

pub use chain::bindings::{
    IAmmRoute, IBucketFactory, ILiquidCoinVault, ILiquidMinter, ILiquidReceipts, ILiquidRewards,
    ILiquidToken, ILiquidVault, IPlumeStaking, IRewardConverter, LiquidHalt, LiquidReceipts,
    LiquidVault, LocalStaking, TimelockController, minter::ILiquidMinterTypes,
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
