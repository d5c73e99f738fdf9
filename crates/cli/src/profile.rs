//! Chain profiles: what differs from chain to chain. `deploy/profiles/*.toml` are built in; any other is given by path.

use crate::{
    amount::Amount,
    error::{Problem, Result},
};
use alloy::primitives::Address;
use chain::SensitiveUrl;
use serde::Deserialize;
use std::path::{Path, PathBuf};

const BUILT_IN: [(&str, &str); 3] = [
    ("local", include_str!("../../../deploy/profiles/local.toml")),
    ("plume", include_str!("../../../deploy/profiles/plume.toml")),
    (
        "plume-testnet",
        include_str!("../../../deploy/profiles/plume-testnet.toml"),
    ),
];

/// What is at stake on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A chain of one's own; published keys serve.
    Local,
    /// Coins without value; labelled stand-ins may be deployed.
    Testnet,
    /// Money is real.
    Mainnet,
}

/// One chain, and how a deployment on it begins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What is at stake.
    pub kind: Kind,
    /// EIP-155.
    pub chain_id: u64,
    /// For people.
    pub chain_name: String,
    /// Of the coin.
    pub native_symbol: String,
    /// Of the token.
    pub lst_name: String,
    /// Of the token.
    pub lst_symbol: String,
    /// Where the chain answers; `omnibus.toml` and `--rpc-url` replace them.
    pub endpoints: Vec<SensitiveUrl>,
    /// For visitors' wallets: never one with a key in it.
    #[serde(default)]
    pub public_rpc_url: Option<String>,
    /// For links.
    #[serde(default)]
    pub explorer_url: Option<String>,
    /// Blocks within which the chain may take something back.
    pub reorg_window: u64,
    /// The staking system.
    pub staking: Staking,
    /// The AMM path of exits.
    #[serde(default)]
    pub amm: Amm,
    /// The first state of a deployment.
    pub setup: Setup,
}

/// The staking system of a chain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staking {
    /// Deploy `LocalStaking` instead of using a real one.
    pub stand_in: bool,
    /// The real one.
    #[serde(default)]
    pub address: Option<Address>,
    /// The largest share of all stake that the system lets one validator have, basis points; it has no getter for it. 0: none.
    pub percentage_cap_bps: u64,
    /// Stand-in: least stake per call.
    #[serde(default)]
    pub min_stake: Amount,
    /// Stand-in: seconds.
    #[serde(default)]
    pub cooldown: u64,
    /// Stand-in: seconds that a vote to slash may last; below `cooldown`.
    #[serde(default)]
    pub max_vote_duration: u64,
    /// Stand-in: wei per staked wei and second, times 1e18.
    #[serde(default)]
    pub reward_rate: String,
    /// Stand-in: coins that each validator has staked itself, so that the system's percentage cap has something to count.
    #[serde(default)]
    pub self_stake: Amount,
    /// Stand-in: coins that its treasury starts with.
    #[serde(default)]
    pub treasury: Amount,
    /// Stand-in: who validates.
    #[serde(default)]
    pub validators: Vec<Validator>,
}

/// What the route to AMM pools is built with. It is deployed switched off: pools are allowed later, by the admin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Amm {
    /// The chain's wrapped coin. None, and no stand-in: no route is deployed.
    pub wrapped_coin: Option<Address>,
    /// Deploy `LocalToken` as the wrapped coin.
    pub stand_in: bool,
    /// Seconds of the mean that a V3 pool's price is compared with.
    pub twap_window: u32,
    /// The most ticks (0.01 % each) between a V3 pool's price and that mean.
    pub twap_ticks: u32,
}

impl Default for Amm {
    fn default() -> Self {
        Self {
            wrapped_coin: None,
            stand_in: false,
            twap_window: 1_800,
            twap_ticks: 200,
        }
    }
}

/// A validator of the stand-in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// 0 to 65535.
    pub id: u16,
    /// For people.
    pub name: String,
    /// Of rewards.
    pub commission_bps: u64,
    /// Most stake; 0 is unlimited.
    pub capacity: Amount,
}

/// How a deployment begins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The permanent first deposit, at least 1 coin.
    pub seed_deposit: Amount,
    /// Cooldown slots per validator.
    pub buckets_per_validator: u64,
    /// Target weight of each validator; weights are relative.
    pub weight: u64,
    /// Least stake per call; at least the staking system's.
    pub min_stake: Amount,
    /// Queued exits that depart before their timetable.
    pub batch_threshold: Amount,
    /// Least seconds between departures of a validator.
    #[serde(default = "defaults::interval")]
    pub interval: u32,
    /// Buffer target, share of all assets.
    #[serde(default = "defaults::withhold_bps")]
    pub withhold_bps: u16,
    /// Instant fee with a full buffer.
    #[serde(default = "defaults::min_instant_fee_bps")]
    pub min_instant_fee_bps: u16,
    /// Instant fee with an empty buffer.
    #[serde(default = "defaults::max_instant_fee_bps")]
    pub max_instant_fee_bps: u16,
    /// Fee of a queued exit.
    #[serde(default = "defaults::standard_fee_bps")]
    pub standard_fee_bps: u16,
    /// The protocol's share of rewards.
    #[serde(default = "defaults::reward_fee_bps")]
    pub reward_fee_bps: u16,
    /// After this long past due anybody may do a keeper's step.
    #[serde(default = "defaults::keeper_grace")]
    pub keeper_grace: u32,
    /// Seconds on top of a cooldown before a bucket is used again.
    #[serde(default = "defaults::hour")]
    pub safety: u32,
    /// Least seconds between the closes of two rungs.
    #[serde(default = "defaults::hour")]
    pub min_rung_age: u32,
    /// How old a validator's flags may be for small instant exits.
    #[serde(default = "defaults::hour")]
    pub max_sync_age: u32,
    /// Coins that the deployer sends to the keeper for gas.
    #[serde(default)]
    pub keeper_gas: Amount,
    /// Close the setup at the end: from then on every delay holds.
    pub seal: bool,
    /// Who governs. None: the deployer keeps it (testing only).
    #[serde(default)]
    pub admin: Option<Address>,
    /// Who proposes to a timelock that governs. None: `admin` governs itself.
    #[serde(default)]
    pub governor: Option<Address>,
    /// Who may pause. None: the deployer.
    #[serde(default)]
    pub guardian: Option<Address>,
    /// Who runs the keepers. None: the key in use for the keeper, or the deployer.
    #[serde(default)]
    pub keeper: Option<Address>,
    /// Who gets the fees. None: the admin.
    #[serde(default)]
    pub fee_recipient: Option<Address>,
}

/// The defaults of the design.
mod defaults {
    pub(super) fn interval() -> u32 {
        3_600
    }
    pub(super) fn withhold_bps() -> u16 {
        1_000
    }
    pub(super) fn min_instant_fee_bps() -> u16 {
        30
    }
    pub(super) fn max_instant_fee_bps() -> u16 {
        100
    }
    pub(super) fn standard_fee_bps() -> u16 {
        5
    }
    pub(super) fn reward_fee_bps() -> u16 {
        1_000
    }
    pub(super) fn keeper_grace() -> u32 {
        21_600
    }
    pub(super) fn hour() -> u32 {
        3_600
    }
}

impl Profile {
    /// A built-in profile by name, or one by path.
    ///
    /// # Errors
    /// [`Problem::UnknownProfile`], [`Problem::Config`], [`Problem::StandInRefused`].
    pub fn load(name: &str) -> Result<Self> {
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
        let (text, path) = match built_in {
            Some((_, text)) => (
                (*text).to_owned(),
                PathBuf::from(format!("deploy/profiles/{name}.toml")),
            ),
            None if Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "toml") =>
            {
                let path = PathBuf::from(name);
                let text = std::fs::read_to_string(&path).map_err(|error| Problem::Config {
                    path: path.clone(),
                    reason: error.to_string(),
                })?;
                (text, path)
            }
            None => {
                let known = BUILT_IN.map(|(known, _)| known).join(", ");
                return Err(Problem::UnknownProfile {
                    name: name.to_owned(),
                    known,
                });
            }
        };
        Self::parse(&text, &path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        let profile: Self = toml::from_str(text).map_err(|error| Problem::Config {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        if profile.kind == Kind::Mainnet && (profile.staking.stand_in || profile.amm.stand_in) {
            return Err(Problem::StandInRefused {
                profile: profile.name,
            });
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_profiles_read() {
        for (name, _) in BUILT_IN {
            let profile = Profile::load(name).unwrap();
            assert_eq!(profile.name, name);
            assert_eq!(
                profile.staking.stand_in,
                profile.kind == Kind::Local,
                "{name}"
            );
        }
        assert_eq!(Profile::load("plume").unwrap().chain_id, 98866);
        assert_eq!(Profile::load("plume-testnet").unwrap().chain_id, 98867);
    }

    #[test]
    fn a_mainnet_profile_refuses_stand_ins() {
        let text = BUILT_IN[1].1.replace("stand_in = false", "stand_in = true");
        let error = Profile::parse(&text, Path::new("x.toml")).unwrap_err();
        assert!(matches!(error, Problem::StandInRefused { .. }), "{error}");
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let text = BUILT_IN[1].1.replace("reorg_window", "reorg_windows");
        let error = Profile::parse(&text, Path::new("x.toml")).unwrap_err();
        assert!(error.to_string().contains("reorg_windows"), "{error}");
        let error = Profile::load("plum").unwrap_err();
        assert!(error.hint().unwrap().contains("plume-testnet"), "{error}");
    }
}
