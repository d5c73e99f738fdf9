//! Reverts in words: the contracts' own errors with the values that explain them.

use crate::abi::{
    IAccessControl, IAmmRoute, IBasket, IBasketFactory, IBasketGovernor, IBasketReceipts,
    IBasketTimelock, IBasketToken, IBucketFactory, ICoreAgent, ICoreBtc, ICoreSleeve, IGovToken,
    IGovernor, IGuardian, ILiquidCoinVault, ILiquidMinter, ILiquidReceipts, ILiquidRewards,
    ILiquidToken, ILiquidVault, IOther, IPlumeStaking, IPriceFeed, IRewardConverter, ISleeve,
    IStCoreSleeve, ITimelock, IUnbondingQueue, IVotes, LiquidReceipts, LiquidVault,
    TimelockController,
};
use alloy::{
    primitives::Bytes,
    sol_types::{SolInterface as _, decode_revert_reason},
};
use chain::RpcFailure;
use std::fmt::Debug;

/// Why the chain said no.
#[must_use]
pub fn explain(failure: &RpcFailure) -> String {
    failure
        .revert_data()
        .and_then(|data| decode(&data))
        .unwrap_or_else(|| failure.message.clone())
}

/// The error in a revert's data, if it is one we know.
#[must_use]
pub fn decode(data: &Bytes) -> Option<String> {
    macro_rules! first_of {
        ($($errors:ty),*) => {
            $(if let Ok(error) = <$errors>::abi_decode(data) { return Some(plain(&error)); })*
        };
    }
    first_of!(
        ILiquidMinter::ILiquidMinterErrors,
        IAccessControl::IAccessControlErrors,
        IOther::IOtherErrors,
        ILiquidToken::ILiquidTokenErrors,
        ILiquidRewards::ILiquidRewardsErrors,
        IBucketFactory::IBucketFactoryErrors,
        IPlumeStaking::IPlumeStakingErrors,
        ILiquidReceipts::ILiquidReceiptsErrors,
        ILiquidVault::ILiquidVaultErrors,
        ILiquidCoinVault::ILiquidCoinVaultErrors,
        IRewardConverter::IRewardConverterErrors,
        IAmmRoute::IAmmRouteErrors,
        LiquidReceipts::LiquidReceiptsErrors,
        LiquidVault::LiquidVaultErrors,
        TimelockController::TimelockControllerErrors,
        IBasket::IBasketErrors,
        IUnbondingQueue::IUnbondingQueueErrors,
        IBasketToken::IBasketTokenErrors,
        IBasketReceipts::IBasketReceiptsErrors,
        IBasketFactory::IBasketFactoryErrors,
        ISleeve::ISleeveErrors,
        ICoreSleeve::ICoreSleeveErrors,
        IStCoreSleeve::IStCoreSleeveErrors,
        IPriceFeed::IPriceFeedErrors,
        IBasketGovernor::IBasketGovernorErrors,
        IGovernor::IGovernorErrors,
        IBasketTimelock::IBasketTimelockErrors,
        ITimelock::ITimelockErrors,
        IGovToken::IGovTokenErrors,
        IVotes::IVotesErrors,
        IGuardian::IGuardianErrors,
        ICoreAgent::ICoreAgentErrors,
        ICoreBtc::ICoreBtcErrors
    );
    decode_revert_reason(data)
}

/// `Outer(Inner { a: 1 })` is said as `Inner { a: 1 }`.
fn plain(error: &impl Debug) -> String {
    let text = format!("{error:?}");
    match text.split_once('(') {
        Some((_, inner)) => inner.strip_suffix(')').unwrap_or(inner).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::{primitives::U256, sol_types::SolError as _};

    #[test]
    fn a_contract_error_is_said_with_its_values() {
        let data = ILiquidMinter::RungTooYoung {
            closesAt: U256::from(1_789),
        }
        .abi_encode();
        let failure = RpcFailure {
            code: 3,
            message: "execution reverted".to_owned(),
            data: Some(format!("\"{}\"", alloy::hex::encode_prefixed(data))),
        };
        let text = explain(&failure);
        assert!(
            text.contains("RungTooYoung") && text.contains("1789"),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_error_keeps_the_nodes_words() {
        let failure = RpcFailure {
            code: 3,
            message: "execution reverted".to_owned(),
            data: None,
        };
        assert_eq!(explain(&failure), "execution reverted");
    }
}
