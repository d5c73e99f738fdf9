//! The basket's quantities. Values are [`crate::Assets`]: CORE wei.

use crate::{
    Address, Error,
    units::{mul_div_down, mul_div_up, quantity},
};
use ruint::aliases::U256;

quantity! {
    /// Smallest units of what a sleeve holds; wei for CORE.
    Units
}
quantity! {
    /// What a sleeve is divided into. Only ratios of parts mean anything.
    Parts
}
quantity! {
    /// Wei of BASKET.
    Shares
}

/// A sleeve by its place in the list. Ids are appended and never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SleeveId(pub usize);

/// What is held and paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asset {
    /// The native coin of Core.
    Core,
    /// A token, by its address.
    Token(Address),
}
