//! Where a basket and what governs it are.

use alloy::primitives::Address;

/// Addresses of one basket. Its sleeves are read from the basket (`sleeveCount`, `sleeveInfo`): they may grow in number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasketContracts {
    /// `IBasket`: the clone.
    pub basket: Address,
    /// `IBasketToken`: BASKET.
    pub token: Address,
    /// `IUnbondingQueue`: epochs.
    pub queue: Address,
    /// `IBasketReceipts`.
    pub receipts: Address,
    /// `IPriceFeed`; none where every sleeve is reckoned in the chain's coin.
    pub feed: Option<Address>,
    /// `IBasketTimelock`.
    pub timelock: Address,
    /// `IBasketGovernor`.
    pub governor: Address,
    /// `IGovToken`: GOV.
    pub gov: Address,
    /// `IGuardian`.
    pub guardian: Address,
}
