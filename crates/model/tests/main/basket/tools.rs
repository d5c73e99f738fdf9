//! Dice and exact fractions.

use proptest::{
    prelude::Rng,
    test_runner::{RngAlgorithm, TestRng},
};
use ruint::{
    UintTryFrom,
    aliases::{U256, U2048},
};
use std::cmp::Ordering;

/// Seeded dice: a history can be played again from its number.
pub struct Dice(TestRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    /// 0 to `n - 1`.
    pub fn below(&mut self, n: u128) -> u128 {
        let wide = (u128::from(self.0.next_u64()) << 64) | u128::from(self.0.next_u64());
        wide % n
    }

    /// `low` to `high`, both included.
    pub fn range(&mut self, low: u128, high: u128) -> u128 {
        low + self.below(high - low + 1)
    }

    pub fn index(&mut self, n: usize) -> usize {
        self.below(n as u128).try_into().unwrap()
    }

    /// 0 to `n - 1`.
    pub fn small(&mut self, n: u64) -> u64 {
        self.below(n.into()).try_into().unwrap()
    }

    /// `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.small(high - low + 1)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }

    /// True in `percent` of 100.
    pub fn chance(&mut self, percent: u128) -> bool {
        self.below(100) < percent
    }
}

/// A fraction that is never rounded nor reduced.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    over: U2048,
    under: U2048,
}

pub fn big(x: U256) -> U2048 {
    U2048::uint_try_from(x).unwrap()
}

impl Ratio {
    pub fn new(over: U2048, under: U2048) -> Self {
        assert!(!under.is_zero());
        Self { over, under }
    }

    pub fn zero() -> Self {
        Self::new(U2048::ZERO, U2048::from(1))
    }

    pub fn of(over: U256, under: U256) -> Self {
        Self::new(big(over), big(under))
    }

    pub fn plus(self, other: Self) -> Self {
        if self.over.is_zero() {
            return other;
        }
        Self::new(
            mul(self.over, other.under) + mul(other.over, self.under),
            mul(self.under, other.under),
        )
    }

    pub fn times(self, by: U256) -> Self {
        Self::new(mul(self.over, big(by)), self.under)
    }

    pub fn per(self, by: U256) -> Self {
        Self::new(self.over, mul(self.under, big(by)))
    }
}

/// Loud when 2,048 bits are not enough.
fn mul(a: U2048, b: U2048) -> U2048 {
    a.checked_mul(b).expect("2,048 bits")
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        mul(self.over, other.under).cmp(&mul(other.over, self.under))
    }
}

#[test]
fn fractions_compare_exactly() {
    let of = |a: u64, b: u64| Ratio::of(U256::from(a), U256::from(b));
    assert!(of(1, 3) < of(334, 1_000));
    assert_eq!(of(1, 3).plus(of(1, 6)), of(1, 2));
    assert_eq!(of(1, 3).times(U256::from(6)).per(U256::from(4)), of(1, 2));
}
