//! Numbers and addresses as they travel: nothing that a JavaScript float could round.

use std::{fmt, str::FromStr};

use alloy::primitives::{Address, U256};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// An amount in wei of the native coin, of the liquid token, of shares, of GOV, or of queue units, as a decimal string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]+$", example = "1000000000000000000")]
pub struct Wei(pub U256);

/// A rate scaled by 1e27, as a decimal string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]+$", example = "1000000000000000000000000000")]
pub struct Ray(pub U256);

/// An amount in the smallest units of a sleeve's token, or of its parts, as a decimal string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]+$", example = "100000000")]
pub struct Units(pub U256);

/// Wei of the chain's coin for 1e18 smallest units of an asset, whatever its decimals, as a decimal string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]+$", example = "1000000000000000000")]
pub struct Price(pub U256);

/// The id of an exit request, a receipt, a ticket or a proposal, a `uint256`, as a decimal string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]+$", example = "4294967297")]
pub struct RequestId(pub U256);

/// A checksummed address (EIP-55).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^0x[0-9a-fA-F]{40}$", example = "0x52908400098527886E0F7030069857D2E4169EE7")]
pub struct Addr(pub Address);

/// A 32-byte hash in lowercase hex.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^0x[0-9a-f]{64}$", example = "0x0000000000000000000000000000000000000000000000000000000000000000")]
pub struct Hash(pub alloy::primitives::B256);

macro_rules! shows {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }
    )*};
}
shows!(Wei, Ray, Units, Price, RequestId, Addr);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<U256> for Wei {
    fn from(value: U256) -> Self {
        Self(value)
    }
}

impl From<Address> for Addr {
    fn from(value: Address) -> Self {
        Self(value)
    }
}

/// Reads a decimal `uint256` and nothing else: no sign, no hex, no exponent, no separators, no blanks.
pub(crate) fn parse_decimal(text: &str) -> Option<U256> {
    if text.is_empty() || text.len() > 78 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    U256::from_str_radix(text, 10).ok()
}

/// Reads `0x` and 40 hex digits. Mixed case must carry a right checksum: a typo in an address is money lost.
pub(crate) fn parse_address(text: &str) -> Option<Address> {
    let digits = text.strip_prefix("0x")?;
    if digits.len() != 40 {
        return None;
    }
    let address = Address::from_str(text).ok()?;
    let single_case = digits.bytes().all(|b| !b.is_ascii_uppercase())
        || digits.bytes().all(|b| !b.is_ascii_lowercase());
    (single_case || address.to_checksum(None) == text).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_decimal_strings_without_loss() {
        let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        let wei = Wei(parse_decimal(max).unwrap());
        assert_eq!(serde_json::to_string(&wei).unwrap(), format!("\"{max}\""));
        for bad in [
            "",
            "-1",
            "+1",
            "1e18",
            "0x10",
            "1_000",
            " 1",
            "1.0",
            "１",
            "115792089237316195423570985008687907853269984665640564039457584007913129639936",
            "0000000000000000000000000000000000000000000000000000000000000000000000000000001",
        ] {
            assert_eq!(parse_decimal(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn addresses_keep_and_check_their_checksum() {
        // The first examples of EIP-55.
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let parsed = parse_address(good).unwrap();
        assert_eq!(
            serde_json::to_string(&Addr(parsed)).unwrap(),
            format!("\"{good}\"")
        );
        assert_eq!(parse_address(&good.to_lowercase()), Some(parsed));
        for bad in [
            "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd",
            "0xzzAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "",
        ] {
            assert_eq!(parse_address(bad), None, "{bad:?}");
        }
    }
}
