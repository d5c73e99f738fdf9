//! Reverts in words.

use alloy::{
    primitives::Bytes,
    sol_types::{SolInterface, decode_revert_reason},
};
use chain::{
    RpcFailure,
    bindings::{ILiquidMinter::ILiquidMinterErrors, IPlumeStaking::IPlumeStakingErrors},
};

/// What a refused call says: the contract's error with its values, if it is one we know.
pub(crate) fn explain(failure: &RpcFailure) -> String {
    failure
        .revert_data()
        .and_then(|data| explain_revert(&data))
        .unwrap_or_else(|| failure.to_string())
}

fn explain_revert(data: &Bytes) -> Option<String> {
    if let Ok(error) = ILiquidMinterErrors::abi_decode(data) {
        return Some(format!("{error:?}"));
    }
    if let Ok(error) = IPlumeStakingErrors::abi_decode(data) {
        return Some(format!("{error:?}"));
    }
    decode_revert_reason(data)
}
