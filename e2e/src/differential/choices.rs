//! Where the choices of a history come from.

use rand::{RngCore, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Bytes given from outside, as far as they reach; then what a seed makes. A fuzzer that changes one byte changes one choice.
pub(super) struct Choices {
    given: Vec<u8>,
    used: usize,
    rest: ChaCha8Rng,
}

impl Choices {
    /// Nothing given: a seed makes them all.
    pub(super) fn seeded(seed: u64) -> Self {
        Self::given(&[], seed)
    }

    pub(super) fn given(bytes: &[u8], seed: u64) -> Self {
        Self {
            given: bytes.to_vec(),
            used: 0,
            rest: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Whether none of what was given is left.
    pub(super) fn is_used_up(&self) -> bool {
        self.used >= self.given.len()
    }

    /// The next `N` of the bytes, if there are so many.
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = self.given.get(self.used..self.used + N);
        // What is shorter than a choice is left out.
        self.used += if bytes.is_some() { N } else { self.given.len() };
        bytes.and_then(|bytes| bytes.try_into().ok())
    }
}

impl RngCore for Choices {
    fn next_u32(&mut self) -> u32 {
        match self.take() {
            Some(bytes) => u32::from_le_bytes(bytes),
            None => self.rest.next_u32(),
        }
    }

    fn next_u64(&mut self) -> u64 {
        match self.take() {
            Some(bytes) => u64::from_le_bytes(bytes),
            None => self.rest.next_u64(),
        }
    }

    fn fill_bytes(&mut self, to: &mut [u8]) {
        self.rest.fill_bytes(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_the_bytes_given_and_then_the_seeds() {
        let mut c = Choices::given(&[1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9], 5);
        assert_eq!((c.next_u32(), c.next_u64()), (1, 2));
        assert!(!c.is_used_up());
        // One byte is no choice.
        assert_eq!(c.next_u32(), ChaCha8Rng::seed_from_u64(5).next_u32());
        assert!(c.is_used_up());
    }
}
