//! Chain profiles: what differs from chain to chain. `deploy/profiles/*.toml` are built in; any other is given by path.

mod basket;

pub use basket::{Basket, Btc, BtcPrice, SleeveKind, StCore, Template, units};

use crate::{
    amount::Amount,
    error::{Problem, Result, Side},
};
use alloy::primitives::Address;
use chain::SensitiveUrl;
use serde::Deserialize;
use std::path::{Path, PathBuf};

const BUILT_IN: [(&str, &str); 5] = [
    ("local", include_str!("../../../deploy/profiles/local.toml")),
    ("plume", include_str!("../../../deploy/profiles/plume.toml")),
    (
        "plume-testnet",
        include_str!("../../../deploy/profiles/plume-testnet.toml"),
    ),
    ("core", include_str!("../../../deploy/profiles/core.toml")),
    (
        "core-testnet2",
        include_str!("../../../deploy/profiles/core-testnet2.toml"),
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

/// One chain, and how a deployment on it begins: the liquid side (`staking`, `setup`, `amm`), a basket, or both.
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
    /// Of the liquid token.
    #[serde(default)]
    pub lst_name: String,
    /// Of the liquid token.
    #[serde(default)]
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
    /// The staking system of the liquid side.
    #[serde(default)]
    pub staking: Option<Staking>,
    /// The AMM path of exits.
    #[serde(default)]
    pub amm: Amm,
    /// The first state of the liquid side.
    #[serde(default)]
    pub setup: Option<Setup>,
    /// The basket and its governance.
    #[serde(default)]
    pub basket: Option<Box<Basket>>,
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
        let bad = |reason: String| Problem::Config {
            path: path.to_owned(),
            reason,
        };
        if profile.staking.is_some() != profile.setup.is_some() {
            return Err(bad(
                "[staking] and [setup] belong together: the liquid side has both or none"
                    .to_owned(),
            ));
        }
        if profile.staking.is_some()
            && (profile.lst_name.is_empty() || profile.lst_symbol.is_empty())
        {
            return Err(bad("lst_name and lst_symbol are missing".to_owned()));
        }
        if profile.setup.is_none() && profile.basket.is_none() {
            return Err(bad(
                "there is nothing to deploy: neither [setup] nor [basket]".to_owned(),
            ));
        }
        let mut stand_ins = Vec::new();
        if profile.staking.as_ref().is_some_and(|part| part.stand_in) {
            stand_ins.push("[staking]");
        }
        if profile.amm.stand_in {
            stand_ins.push("[amm]");
        }
        if let Some(basket) = &profile.basket {
            basket.check(profile.kind).map_err(bad)?;
            stand_ins.extend(basket.stand_ins());
        }
        if profile.kind == Kind::Mainnet && !stand_ins.is_empty() {
            return Err(Problem::StandInRefused {
                profile: profile.name,
                sections: stand_ins.join(", "),
            });
        }
        Ok(profile)
    }

    /// The sections of the liquid side.
    ///
    /// # Errors
    /// [`Problem::NoSide`].
    pub fn liquid(&self) -> Result<(&Staking, &Setup)> {
        match (&self.staking, &self.setup) {
            (Some(staking), Some(setup)) => Ok((staking, setup)),
            _ => Err(self.lacks(Side::Liquid)),
        }
    }

    /// The basket's section.
    ///
    /// # Errors
    /// [`Problem::NoSide`].
    pub fn basket(&self) -> Result<&Basket> {
        self.basket
            .as_deref()
            .ok_or_else(|| self.lacks(Side::Basket))
    }

    fn lacks(&self, side: Side) -> Problem {
        Problem::NoSide {
            side,
            place: format!("the profile `{}`", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::address;

    fn text(name: &str) -> &'static str {
        BUILT_IN.iter().find(|(known, _)| *known == name).unwrap().1
    }

    #[test]
    fn built_in_profiles_read() {
        for (name, _) in BUILT_IN {
            let profile = Profile::load(name).unwrap();
            assert_eq!(profile.name, name);
            if let Some(staking) = &profile.staking {
                assert_eq!(staking.stand_in, profile.kind == Kind::Local, "{name}");
            }
            if let Some(basket) = &profile.basket {
                assert_eq!(
                    basket.stand_ins().is_empty(),
                    profile.kind == Kind::Mainnet,
                    "{name}"
                );
            }
        }
        for (name, id, sides) in [
            ("local", 31_337, (true, true)),
            ("plume", 98_866, (true, false)),
            ("plume-testnet", 98_867, (true, false)),
            ("core", 1_116, (false, true)),
            ("core-testnet2", 1_114, (false, true)),
        ] {
            let profile = Profile::load(name).unwrap();
            assert_eq!(profile.chain_id, id);
            assert_eq!(
                (profile.setup.is_some(), profile.basket.is_some()),
                sides,
                "{name}"
            );
        }
    }

    /// The addresses that the facts C9 and C13 and the list of system contracts name.
    #[test]
    fn the_core_profile_names_the_real_systems() {
        let profile = Profile::load("core").unwrap();
        let basket = profile.basket().unwrap();
        let system = |last: u16| Some(Address::left_padding_from(&last.to_be_bytes()));
        assert_eq!(basket.core.candidate_hub, system(0x1005));
        assert_eq!(basket.core.stake_hub, system(0x1010));
        assert_eq!(basket.core.agent, system(0x1011));
        let stcore = basket.stcore.as_ref().unwrap();
        assert_eq!(
            stcore.earn,
            Some(address!("f5fA1728bABc3f8D2a617397faC2696c958C3409"))
        );
        assert_eq!(
            stcore.token,
            Some(address!("b3A8F0f0da9ffC65318aA39E55079796093029AD"))
        );
        let btc = basket.btc.as_ref().unwrap();
        assert_eq!(
            btc.token,
            Some(address!("8034aB88C3512246Bf7894f57C834DdDBd1De01F"))
        );
    }

    #[test]
    fn a_mainnet_profile_refuses_stand_ins() {
        let with = text("plume").replace("stand_in = false", "stand_in = true");
        let error = Profile::parse(&with, Path::new("x.toml")).unwrap_err();
        assert!(matches!(error, Problem::StandInRefused { .. }), "{error}");
        for section in ["core", "stcore", "btc", "btc.price"] {
            let header = format!("[basket.{section}]\n");
            let with = text("core").replace(&header, &format!("{header}stand_in = true\n"));
            let error = Profile::parse(&with, Path::new("x.toml")).unwrap_err();
            assert!(matches!(error, Problem::StandInRefused { .. }), "{error}");
            assert!(error.to_string().contains(header.trim()), "{error}");
            assert_eq!(error.exit_code(), 3);
        }
    }

    #[test]
    fn a_basket_that_does_not_add_up_is_refused_with_the_value() {
        for (from, to, named) in [
            ("target_bps = 7_000", "target_bps = 7_001", "10001"),
            ("template = \"core-stcore\"", "template = \"gold\"", "gold"),
            ("to = \"timelock\"", "to = \"key:me\"", "key:me"),
        ] {
            let with = text("core").replace(from, to);
            assert_ne!(with, text("core"), "{from}");
            let error = Profile::parse(&with, Path::new("x.toml")).unwrap_err();
            assert!(matches!(error, Problem::Config { .. }), "{error}");
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn a_profile_without_a_side_says_which_it_lacks() {
        let core = Profile::load("core").unwrap();
        let error = core.liquid().unwrap_err();
        assert!(error.to_string().contains("liquid"), "{error}");
        let error = Profile::load("plume").unwrap().basket().err().unwrap();
        assert!(error.to_string().contains("basket"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let with = text("plume").replace("reorg_window", "reorg_windows");
        let error = Profile::parse(&with, Path::new("x.toml")).unwrap_err();
        assert!(error.to_string().contains("reorg_windows"), "{error}");
        let error = Profile::load("plum").unwrap_err();
        assert!(error.hint().unwrap().contains("plume-testnet"), "{error}");
    }
}
