//! Answers about the parts around the minter. What somebody may act on is the chain's word at one block; lists come from the index.

mod pools;
mod power;
mod receipts;
mod reserve;
mod vault;

use alloy::primitives::Address;

use crate::{error::ApiError, scalar::Addr};

/// A part's address, or the refusal that says which is lacking.
pub(crate) fn part(address: Option<Addr>, name: &str) -> Result<Address, ApiError> {
    address.map(|at| at.0).ok_or_else(|| lacking(name))
}

/// The refusal of what this deployment does not have.
pub(crate) fn lacking(part: &str) -> ApiError {
    ApiError::NotFound {
        what: "part of this deployment",
        id: part.to_owned(),
    }
}

/// An address, unless it is the zero that stands for none.
pub(crate) fn named(address: Address) -> Option<Addr> {
    (!address.is_zero()).then_some(Addr(address))
}
