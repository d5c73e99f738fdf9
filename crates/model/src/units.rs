//! Quantities that cannot be mixed, and the only ways to turn one into another.

use crate::Error;
use ruint::{
    UintTryFrom,
    aliases::{U256, U512},
};

/// Seconds of a day.
pub const DAY: u64 = 86_400;

/// 1 in rates: `floor(lst * rate / RAY)` wei.
pub const RAY: U256 = U256::from_limbs([0x9fd0_803c_e800_0000, 0x033b_2e3c, 0, 0]);

/// Basis points in a whole.
pub const BPS: U256 = U256::from_limbs([10_000, 0, 0, 0]);

/// 2^96, the fixed point of the pro-rata accumulator `C`.
pub const SCALE: U256 = U256::from_limbs([0, 1 << 32, 0, 0]);

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(U256);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(U256::ZERO);
            /// The largest representable amount.
            pub const MAX: Self = Self(U256::MAX);

            /// From a raw integer of this unit.
            #[must_use]
            pub const fn new(raw: U256) -> Self {
                Self(raw)
            }

            /// From a small raw integer of this unit.
            #[must_use]
            pub const fn of(raw: u128) -> Self {
                let bytes = raw.to_le_bytes();
                Self(U256::from_le_slice(&bytes))
            }

            /// The raw integer.
            #[must_use]
            pub const fn raw(self) -> U256 {
                self.0
            }

            /// True for 0.
            #[must_use]
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }

            /// Sum.
            ///
            /// # Errors
            /// [`Error::Arithmetic`] above 2^256 - 1.
            pub fn plus(self, other: Self) -> Result<Self, Error> {
                self.0.checked_add(other.0).map(Self).ok_or(Error::Arithmetic)
            }

            /// Difference.
            ///
            /// # Errors
            /// [`Error::Arithmetic`] below 0.
            pub fn minus(self, other: Self) -> Result<Self, Error> {
                self.0.checked_sub(other.0).map(Self).ok_or(Error::Arithmetic)
            }

            /// Difference, 0 when it would be negative.
            #[must_use]
            pub fn min0(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }

            /// `floor(self * a / b)`.
            ///
            /// # Errors
            /// [`Error::Arithmetic`] when `b` is 0 or the result exceeds 256 bits.
            pub fn mul_div_down(self, a: U256, b: U256) -> Result<Self, Error> {
                mul_div_down(self.0, a, b).map(Self)
            }

            /// `ceil(self * a / b)`.
            ///
            /// # Errors
            /// As [`Self::mul_div_down`].
            pub fn mul_div_up(self, a: U256, b: U256) -> Result<Self, Error> {
                mul_div_up(self.0, a, b).map(Self)
            }
        }
    };
}

pub(crate) use quantity;

quantity! {
    /// Wei of the native coin.
    Assets
}
quantity! {
    /// Wei of the liquid token (LST).
    Shares
}
quantity! {
    /// Units of the exit line: what a stretch of the line is measured in.
    Units
}
quantity! {
    /// Coins per unit, scaled by 2^96.
    Scaled
}
quantity! {
    /// Coin wei per LST wei, scaled by 1e18: the reward index of the token's stream.
    Index
}
quantity! {
    /// Wei of the vault's shares.
    VaultShares
}
quantity! {
    /// Smallest units of a reward token.
    Goods
}
quantity! {
    /// Coin wei for 1e18 smallest units of a reward token.
    Price
}

impl Scaled {
    /// `floor(units * self / 2^96)` wei.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn times_down(self, units: Units) -> Result<Assets, Error> {
        mul_div_down(units.raw(), self.raw(), SCALE).map(Assets)
    }

    /// `ceil(units * self / 2^96)` wei.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn times_up(self, units: Units) -> Result<Assets, Error> {
        mul_div_up(units.raw(), self.raw(), SCALE).map(Assets)
    }
}

/// Coins per LST, scaled by 1e27. It starts at 1 and only ever falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(U256);

impl Rate {
    /// One coin per LST.
    pub const ONE: Self = Self(RAY);
    /// Deposits close below it: 0.01.
    pub const LOWEST: Self = Self(U256::from_limbs([0x1614_0148_4a00_0000, 0x0008_4595, 0, 0]));

    /// From the raw value (scaled by 1e27).
    #[must_use]
    pub const fn new(raw: U256) -> Self {
        Self(raw)
    }

    /// The raw value (scaled by 1e27).
    #[must_use]
    pub const fn raw(self) -> U256 {
        self.0
    }

    /// `floor(assets * RAY / supply)`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] when `supply` is 0.
    pub fn from_quotient_down(assets: Assets, supply: Shares) -> Result<Self, Error> {
        mul_div_down(assets.raw(), RAY, supply.raw()).map(Self)
    }

    /// `value(l) = floor(l * rate / RAY)` wei: what an exit of `l` is paid before fees.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn to_assets_down(self, lst: Shares) -> Result<Assets, Error> {
        mul_div_down(lst.raw(), self.0, RAY).map(Assets)
    }

    /// `ceil(l * rate / RAY)` wei: what surely pays for `l`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn to_assets_up(self, lst: Shares) -> Result<Assets, Error> {
        mul_div_up(lst.raw(), self.0, RAY).map(Assets)
    }

    /// `toLst(x) = floor(x * RAY / rate)` LST wei: what a deposit of `x` mints.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] when the rate is 0.
    pub fn to_shares_down(self, coins: Assets) -> Result<Shares, Error> {
        mul_div_down(coins.raw(), RAY, self.0).map(Shares)
    }
}

/// Basis points: 10,000 is the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bps(u64);

impl Bps {
    /// Everything.
    pub const ALL: Self = Self(10_000);

    /// From basis points.
    #[must_use]
    pub const fn new(bps: u64) -> Self {
        Self(bps)
    }

    /// Basis points.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Basis points as a wide integer.
    #[must_use]
    pub fn raw(self) -> U256 {
        U256::from(self.0)
    }

    /// `floor(x * self / 10,000)`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn of_down(self, x: Assets) -> Result<Assets, Error> {
        x.mul_div_down(self.raw(), BPS)
    }

    /// `ceil(x * self / 10,000)`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn of_up(self, x: Assets) -> Result<Assets, Error> {
        x.mul_div_up(self.raw(), BPS)
    }
}

/// A point in time or a span, unix seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The epoch; also "never".
    pub const ZERO: Self = Self(0);
    /// Later than everything: a thing that never opens.
    pub const NEVER: Self = Self(u64::MAX);

    /// From unix seconds.
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Unix seconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Seconds as a wide integer.
    #[must_use]
    pub fn raw(self) -> U256 {
        U256::from(self.0)
    }

    /// Later by `seconds`; [`Self::NEVER`] stays.
    #[must_use]
    pub const fn after(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds since `earlier`, 0 if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A validator of the staking system. 0 is legal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValidatorId(pub u16);

/// The `index`-th bucket of a validator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketId {
    /// Whose bucket.
    pub validator: ValidatorId,
    /// From 0.
    pub index: usize,
}

/// `rung << 32 | seq`, `seq` from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// From the integer that the chain shows.
    #[must_use]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// The `seq`-th request of a rung.
    #[must_use]
    pub const fn of(rung: u32, seq: u32) -> Self {
        Self(((rung as u64) << 32) | seq as u64)
    }

    /// The integer that the chain shows.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Its rung.
    #[must_use]
    pub const fn rung(self) -> u64 {
        self.0 >> 32
    }
}

/// `version << 64 | request`: one receipt of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptId {
    /// What it stands for.
    pub request: RequestId,
    /// From 0; a burned one never comes back.
    pub version: u64,
}

impl ReceiptId {
    /// The integer that the chain shows.
    #[must_use]
    pub const fn raw(self) -> U256 {
        U256::from_limbs([self.request.get(), self.version, 0, 0])
    }
}

/// An address of the chain.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 20]);

impl Address {
    /// The zero address.
    pub const ZERO: Self = Self([0; 20]);

    /// A short address for examples: `n` in its last bytes.
    #[must_use]
    pub const fn short(n: u16) -> Self {
        let [high, low] = n.to_be_bytes();
        Self([
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low,
        ])
    }

    /// True for the zero address.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// As a number, the way that errors show an address.
    #[must_use]
    pub fn raw(self) -> U256 {
        let mut word = [0; 32];
        word.iter_mut()
            .skip(12)
            .zip(self.0)
            .for_each(|(to, from)| *to = from);
        U256::from_be_bytes(word)
    }
}

impl core::fmt::Debug for Address {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// `floor(a * b / d)`, the product in full width.
///
/// # Errors
/// [`Error::Arithmetic`] when `d` is 0 or the result exceeds 256 bits.
pub fn mul_div_down(a: U256, b: U256, d: U256) -> Result<U256, Error> {
    let product: U512 = a.widening_mul(b);
    let quotient = product
        .checked_div(U512::from(d))
        .ok_or(Error::Arithmetic)?;
    U256::uint_try_from(quotient).map_err(|_| Error::Arithmetic)
}

/// `ceil(a * b / d)`, the product in full width.
///
/// # Errors
/// As [`mul_div_down`].
pub fn mul_div_up(a: U256, b: U256, d: U256) -> Result<U256, Error> {
    let product: U512 = a.widening_mul(b);
    let wide = U512::from(d);
    let quotient = product.checked_div(wide).ok_or(Error::Arithmetic)?;
    let rest = product.checked_rem(wide).ok_or(Error::Arithmetic)?;
    let floor = U256::uint_try_from(quotient).map_err(|_| Error::Arithmetic)?;
    if rest.is_zero() {
        Ok(floor)
    } else {
        floor.checked_add(U256::from(1)).ok_or(Error::Arithmetic)
    }
}

/// `ceil(a / b)` of seconds; 0 for `b = 0`.
#[must_use]
pub const fn ceil_div(a: u64, b: u64) -> u64 {
    if b == 0 { 0 } else { a.div_ceil(b) }
}

/// A length or position as a wide integer.
pub(crate) fn wide(n: usize) -> U256 {
    U256::from(n)
}

/// A length as seconds-sized integer; lengths never come near 2^64.
pub(crate) fn small(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
