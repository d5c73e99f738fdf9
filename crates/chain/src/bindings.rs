//! The contracts, from the committed artifacts. Names, units and errors are documented in `contracts/src/`.
//!
//! Overloaded functions are told apart by a number in the order in which the ABI lists them (`claim_0Call`, …). Structs
//! and enums that an interface inherits are in the contract's module: `minter::ILiquidMinterTypes::Rung`.
#![allow(
    missing_docs,
    reason = "generated from the ABI; the documentation is NatSpec in the interface"
)]
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "generated code"
)]

/// One module per artifact: each repeats the types that it inherits.
macro_rules! contracts {
    ($($module:ident: $name:ident = $artifact:literal;)*) => {
        $(
            pub mod $module {
                alloy::sol!(
                    #[sol(rpc, all_derives)]
                    $name,
                    $artifact
                );
            }
            pub use $module::$name;
        )*
    };
}

contracts! {
    minter: ILiquidMinter = "../../contracts/artifacts/ILiquidMinter.json";
    token: ILiquidToken = "../../contracts/artifacts/ILiquidToken.json";
    vault: ILiquidVault = "../../contracts/artifacts/ILiquidVault.json";
    coin_vault: ILiquidCoinVault = "../../contracts/artifacts/ILiquidCoinVault.json";
    rewards: ILiquidRewards = "../../contracts/artifacts/ILiquidRewards.json";
    receipts: ILiquidReceipts = "../../contracts/artifacts/ILiquidReceipts.json";
    converter: IRewardConverter = "../../contracts/artifacts/IRewardConverter.json";
    bucket: IStakerBucket = "../../contracts/artifacts/IStakerBucket.json";
    factory: IBucketFactory = "../../contracts/artifacts/IBucketFactory.json";
    staking: IPlumeStaking = "../../contracts/artifacts/IPlumeStaking.json";
    liquid_minter: LiquidMinter = "../../contracts/artifacts/LiquidMinter.json";
    liquid_admin: LiquidAdmin = "../../contracts/artifacts/LiquidAdmin.json";
    liquid_keeper: LiquidKeeper = "../../contracts/artifacts/LiquidKeeper.json";
    liquid_payouts: LiquidPayouts = "../../contracts/artifacts/LiquidPayouts.json";
    liquid_staker: LiquidStaker = "../../contracts/artifacts/LiquidStaker.json";
    liquid_views: LiquidViews = "../../contracts/artifacts/LiquidViews.json";
    liquid_halt: LiquidHalt = "../../contracts/artifacts/LiquidHalt.json";
    amm_route: IAmmRoute = "../../contracts/artifacts/IAmmRoute.json";
    timelock: TimelockController = "../../contracts/artifacts/TimelockController.json";
    liquid_token: LiquidToken = "../../contracts/artifacts/LiquidToken.json";
    liquid_rewards: LiquidRewards = "../../contracts/artifacts/LiquidRewards.json";
    liquid_vault: LiquidVault = "../../contracts/artifacts/LiquidVault.json";
    liquid_coin_vault: LiquidCoinVault = "../../contracts/artifacts/LiquidCoinVault.json";
    liquid_receipts: LiquidReceipts = "../../contracts/artifacts/LiquidReceipts.json";
    reward_converter: RewardConverter = "../../contracts/artifacts/RewardConverter.json";
    bucket_factory: BucketFactory = "../../contracts/artifacts/BucketFactory.json";
    staker_bucket: StakerBucket = "../../contracts/artifacts/StakerBucket.json";
    proxy: ERC1967Proxy = "../../contracts/artifacts/ERC1967Proxy.json";
    local_staking: LocalStaking = "../../contracts/artifacts/LocalStaking.json";
    local_treasury: LocalTreasury = "../../contracts/artifacts/LocalTreasury.json";
    basket: IBasket = "../../contracts/artifacts/IBasket.json";
    basket_token: IBasketToken = "../../contracts/artifacts/IBasketToken.json";
    basket_queue: IUnbondingQueue = "../../contracts/artifacts/IUnbondingQueue.json";
    basket_receipts: IBasketReceipts = "../../contracts/artifacts/IBasketReceipts.json";
    basket_factory: IBasketFactory = "../../contracts/artifacts/IBasketFactory.json";
    single_asset_exit: ISingleAssetExit = "../../contracts/artifacts/ISingleAssetExit.json";
    sleeve: ISleeve = "../../contracts/artifacts/ISleeve.json";
    core_sleeve: ICoreSleeve = "../../contracts/artifacts/ICoreSleeve.json";
    st_core_sleeve: IStCoreSleeve = "../../contracts/artifacts/IStCoreSleeve.json";
    price_feed: IPriceFeed = "../../contracts/artifacts/IPriceFeed.json";
    price_source: IPriceSource = "../../contracts/artifacts/IPriceSource.json";
    price_guard: IPriceGuard = "../../contracts/artifacts/IPriceGuard.json";
    median_source: IMedianSource = "../../contracts/artifacts/IMedianSource.json";
    gov_token: IGovToken = "../../contracts/artifacts/IGovToken.json";
    governor: IBasketGovernor = "../../contracts/artifacts/IBasketGovernor.json";
    basket_timelock: IBasketTimelock = "../../contracts/artifacts/IBasketTimelock.json";
    guardian: IGuardian = "../../contracts/artifacts/IGuardian.json";
    core_agent: ICoreAgent = "../../contracts/artifacts/ICoreAgent.json";
    core_stake_hub: ICoreStakeHub = "../../contracts/artifacts/ICoreStakeHub.json";
    core_candidate_hub: ICoreCandidateHub = "../../contracts/artifacts/ICoreCandidateHub.json";
    core_earn: ICoreEarn = "../../contracts/artifacts/ICoreEarn.json";
    core_btc: ICoreBtc = "../../contracts/artifacts/ICoreBtc.json";
    core_bitcoin_agent: ICoreBitcoinAgent = "../../contracts/artifacts/ICoreBitcoinAgent.json";
    local_core_agent: LocalCoreAgent = "../../contracts/artifacts/LocalCoreAgent.json";
    local_core_stake_hub: LocalCoreStakeHub = "../../contracts/artifacts/LocalCoreStakeHub.json";
    local_core_candidate_hub: LocalCoreCandidateHub = "../../contracts/artifacts/LocalCoreCandidateHub.json";
    local_core_earn: LocalCoreEarn = "../../contracts/artifacts/LocalCoreEarn.json";
    local_core_btc: LocalCoreBtc = "../../contracts/artifacts/LocalCoreBtc.json";
}
