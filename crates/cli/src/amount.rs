//! Coins as people write them: "1.5" is 1.5 * 10^18 wei. No float on the way.

use alloy::primitives::{
    U256,
    utils::{format_ether, parse_ether},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// An amount of a coin with 18 decimals. Written in coins, or in wei as `123wei`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub U256);

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'_')
        };
        if let Some(wei) = text.strip_suffix("wei").map(str::trim) {
            return if digits(wei) {
                wei.replace('_', "")
                    .parse()
                    .map(Self)
                    .map_err(|_| format!("`{text}` is too large"))
            } else {
                Err(format!("`{text}` is not a whole number of wei"))
            };
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if !digits(whole) || !digits(fraction) {
            return Err(format!(
                "`{text}` is not an amount: write coins as 12 or 0.5, or wei as 123wei"
            ));
        }
        if fraction.replace('_', "").len() > 18 {
            return Err(format!("`{text}` has more than 18 decimals"));
        }
        parse_ether(&text.replace('_', ""))
            .map(Self)
            .map_err(|_| format!("`{text}` is too large"))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format_ether(self.0);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.write_str(if text.is_empty() { "0" } else { text })
    }
}

impl Serialize for Amount {
    /// Wei as a decimal string, as everywhere in JSON.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_coins_and_wei() {
        let wei = |text: &str| text.parse::<Amount>().unwrap().0;
        assert_eq!(wei("1"), U256::from(1_000_000_000_000_000_000_u64));
        assert_eq!(wei("0.000000000000000001"), U256::from(1));
        assert_eq!(
            wei("1_000.5"),
            U256::from(1_000_500_000_000_000_000_000_u128)
        );
        assert_eq!(wei("7wei"), U256::from(7));
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in [
            "",
            "-1",
            "1e18",
            "1.",
            ".5",
            "1.0000000000000000001",
            "0x10",
            "1,5",
            "wei",
            "1.5wei",
            "NaN",
        ] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
        assert!("9".repeat(80).parse::<Amount>().is_err());
    }

    #[test]
    fn prints_without_a_tail_of_zeros() {
        assert_eq!(
            Amount(U256::from(1_500_000_000_000_000_000_u64)).to_string(),
            "1.5"
        );
        assert_eq!(
            Amount(U256::from(10_000_000_000_000_000_000_u64)).to_string(),
            "10"
        );
        assert_eq!(Amount(U256::ZERO).to_string(), "0");
    }
}
