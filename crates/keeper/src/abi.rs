//! Reverts in words.

use crate::basket::outside::{ICoreSystems::ICoreSystemsErrors, IMarks::IMarksErrors};
use alloy::{
    primitives::{Bytes, U256},
    sol_types::{SolError, SolInterface, decode_revert_reason},
};
use chain::{
    RpcFailure,
    bindings::{
        IBasket::{self, IBasketErrors},
        ICoreSleeve::ICoreSleeveErrors,
        ILiquidMinter::ILiquidMinterErrors,
        IPlumeStaking::IPlumeStakingErrors,
        IPriceFeed::IPriceFeedErrors,
        ISleeve::{self, ISleeveErrors},
        IUnbondingQueue::IUnbondingQueueErrors,
    },
};

/// What a refused call says: the contract's error with its values, if it is one we know.
pub(crate) fn explain(failure: &RpcFailure) -> String {
    failure
        .revert_data()
        .and_then(|data| explain_revert(&data))
        .unwrap_or_else(|| failure.to_string())
}

/// When a sleeve said that it might pay, unix seconds, if that is what it said.
pub(crate) fn not_yet(failure: &RpcFailure) -> Option<u64> {
    let error = ISleeve::NotYet::abi_decode(&failure.revert_data()?).ok()?;
    (error.at != U256::ZERO).then(|| error.at.saturating_to())
}

fn explain_revert(data: &Bytes) -> Option<String> {
    // What a sleeve said, in what the basket says of it.
    if let Ok(failed) = IBasket::SleeveFailed::abi_decode(data) {
        let why = explain_revert(&failed.why).unwrap_or_else(|| failed.why.to_string());
        return Some(format!("sleeve {} failed: {why}", failed.sleeve));
    }
    macro_rules! first_of {
        ($($errors:ty),*) => {
            $(if let Ok(error) = <$errors>::abi_decode(data) {
                return Some(format!("{error:?}"));
            })*
        };
    }
    first_of!(
        ILiquidMinterErrors,
        IPlumeStakingErrors,
        IBasketErrors,
        IUnbondingQueueErrors,
        ISleeveErrors,
        ICoreSleeveErrors,
        ICoreSystemsErrors,
        IMarksErrors,
        IPriceFeedErrors
    );
    decode_revert_reason(data)
}
