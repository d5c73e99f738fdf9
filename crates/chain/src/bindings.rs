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
    rewards: ILiquidRewards = "../../contracts/artifacts/ILiquidRewards.json";
    bucket: IStakerBucket = "../../contracts/artifacts/IStakerBucket.json";
    factory: IBucketFactory = "../../contracts/artifacts/IBucketFactory.json";
    staking: IPlumeStaking = "../../contracts/artifacts/IPlumeStaking.json";
    local_staking: LocalStaking = "../../contracts/artifacts/LocalStaking.json";
    local_treasury: LocalTreasury = "../../contracts/artifacts/LocalTreasury.json";
}
