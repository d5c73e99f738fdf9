//! `[basket]` of a profile: the basket, its sleeves, the outside that they work with, and who governs it.

use super::Kind;
use crate::{
    amount::Amount,
    error::{Problem, Result},
    keys,
};
use alloy::primitives::{Address, U256};
use serde::Deserialize;

/// A basket and its governance. Amounts are in whole coins or whole tokens, whatever decimals the token has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basket {
    /// Of the shares.
    pub name: String,
    /// Of the shares.
    pub symbol: String,
    /// The chain's coin as price sources name it.
    pub coin: String,
    /// Which of `templates` the basket is made of.
    pub template: String,
    /// What the factory can make.
    pub templates: Vec<Template>,
    /// Shares of the first deposit; what it takes of each sleeve is the sleeve's `seed`.
    pub seed_shares: Amount,
    /// Stays with the holders, on both ways in.
    pub entry_fee_bps: u16,
    /// Stays with the holders, on instant exits.
    #[serde(default)]
    pub instant_fee_bps: u16,
    /// A year; paid in shares.
    #[serde(default)]
    pub management_fee_bps: u16,
    /// Of yield; paid in units.
    #[serde(default)]
    pub performance_fee_bps: u16,
    /// Coins that instant exits leave idle.
    pub floor: Amount,
    /// Coins that dusk leaves idle beyond the floor.
    pub buffer: Amount,
    /// The most shares.
    pub share_cap: Amount,
    /// Coins that the deployer sends to the keeper for gas, where the liquid side does not.
    #[serde(default)]
    pub keeper_gas: Amount,
    /// Who pauses and cancels. None: locally a published key, elsewhere `--guardian` is needed.
    #[serde(default)]
    pub guardian: Option<Address>,
    /// Who runs the keepers. None: locally a published key, elsewhere the deployer.
    #[serde(default)]
    pub keeper: Option<Address>,
    /// Who gets the management and performance fees. None: locally a published key, elsewhere the timelock.
    #[serde(default)]
    pub fee_recipient: Option<Address>,
    /// CORE and its staking system.
    pub core: Core,
    /// stCORE and Earn.
    #[serde(default)]
    pub stcore: Option<StCore>,
    /// A held BTC token.
    #[serde(default)]
    pub btc: Option<Btc>,
    /// Who decides.
    pub gov: Gov,
}

/// What a basket of the factory holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// At most 31 bytes.
    pub name: String,
    /// In this order.
    pub sleeves: Vec<Share>,
}

/// A sleeve's place in a template.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Of what.
    pub kind: SleeveKind,
    /// All of a template add up to 10,000.
    pub target_bps: u16,
    /// A priced deposit may push it to target and band.
    pub band_bps: u16,
}

/// Kinds of sleeves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SleeveKind {
    /// Idle and delegated coins.
    Core,
    /// stCORE.
    StCore,
    /// A held BTC token.
    Btc,
    /// Our own liquid token; only as a template, where the liquid side is deployed too.
    Lst,
}

/// The coin's sleeve and the staking system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Core {
    /// Deploy `LocalCore*` instead of using the real system.
    #[serde(default)]
    pub stand_in: bool,
    /// `CoreAgent`.
    #[serde(default)]
    pub agent: Option<Address>,
    /// `StakeHub`.
    #[serde(default)]
    pub stake_hub: Option<Address>,
    /// `CandidateHub`.
    #[serde(default)]
    pub candidate_hub: Option<Address>,
    /// The most coins in the sleeve.
    pub cap: Amount,
    /// Net inflow of a day.
    pub limit: Amount,
    /// Of the first deposit.
    pub seed: Amount,
    /// Whom the sleeve delegates to, 8 at most. Empty: `--core-validators` is needed.
    #[serde(default)]
    pub validators: Vec<CoreValidator>,
    /// Stand-in: what the delegators of one validator share in a round.
    #[serde(default)]
    pub round_reward: Amount,
    /// Stand-in: coins that its rewards are paid from.
    #[serde(default)]
    pub treasury: Amount,
}

/// A validator of Core.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreValidator {
    /// The operator's address. A stand-in's follows from its name.
    #[serde(default)]
    pub address: Option<Address>,
    /// For people.
    pub name: String,
    /// Weights are relative, 1 to 255.
    pub weight: u8,
}

impl CoreValidator {
    /// Where stake for it goes.
    ///
    /// # Errors
    /// [`Problem::BadKey`], never in practice.
    pub fn account(&self) -> Result<Address> {
        match self.address {
            Some(address) => Ok(address),
            None => Ok(keys::published(&format!("core validator {}", self.name))?.address()),
        }
    }
}

/// The sleeve of stCORE, and Earn.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StCore {
    /// Deploy `LocalCoreEarn` instead of using the real one.
    #[serde(default)]
    pub stand_in: bool,
    /// Earn.
    #[serde(default)]
    pub earn: Option<Address>,
    /// stCORE.
    #[serde(default)]
    pub token: Option<Address>,
    /// The most stCORE in the sleeve.
    pub cap: Amount,
    /// Net inflow of a day.
    pub limit: Amount,
    /// Of the first deposit. The deployer mints it with Earn.
    pub seed: Amount,
    /// The declared longest exit, seconds: Earn's lock and a day for its operator.
    pub max_exit: u64,
    /// The highest fee of Earn, of 1e6, with which legs still go its way.
    pub max_fee: u64,
    /// Uncertainty of its rate, basis points.
    pub spread_bps: u16,
    /// The rate lies from here, coins for one stCORE ...
    pub least: Amount,
    /// ... to here when it is listed; at most twice `least`.
    pub most: Amount,
    /// Stand-in: by how much the rate rises in a round, of 1e6.
    #[serde(default)]
    pub growth: u64,
    /// Stand-in: coins that redemptions are paid from.
    #[serde(default)]
    pub treasury: Amount,
}

/// The sleeve of a BTC token of 8 decimals.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Btc {
    /// Deploy `LocalCoreBtc` instead of using the real token.
    #[serde(default)]
    pub stand_in: bool,
    /// The token.
    #[serde(default)]
    pub token: Option<Address>,
    /// The most BTC in the sleeve.
    pub cap: Amount,
    /// Net inflow of a day.
    pub limit: Amount,
    /// Of the first deposit. The deployer must hold it, except of a stand-in.
    pub seed: Amount,
    /// Stand-in: what the deployer may mint in a day.
    #[serde(default)]
    pub minter_cap: Amount,
    /// Where its price comes from.
    pub price: BtcPrice,
}

/// Two sources of BTC in the coin that share no origin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BtcPrice {
    /// Deploy `LocalAggregator` and `LocalReference` instead of using real ones.
    #[serde(default)]
    pub stand_in: bool,
    /// Chainlink-style, of "BTC / coin".
    #[serde(default)]
    pub aggregator: Option<Address>,
    /// Band's standard reference.
    #[serde(default)]
    pub reference: Option<Address>,
    /// Decimals of the aggregator.
    pub decimals: u8,
    /// Seconds that an answer may be old.
    pub heartbeat: u32,
    /// Both are updated when the price moved by it.
    pub deviation_bps: u16,
    /// What the price moves in a heartbeat beyond that.
    pub drift_bps: u16,
    /// The aggregator counts no further down, coins for one BTC.
    pub clamp_least: Amount,
    /// The aggregator counts no further up.
    pub clamp_most: Amount,
    /// Uncertainty of the price, basis points; at least that of each source.
    pub spread_bps: u16,
    /// Sources that are further apart are not believed.
    pub disagree_bps: u16,
    /// The price lies from here, coins for one BTC ...
    pub least: Amount,
    /// ... to here when it is listed; at most twice `least`.
    pub most: Amount,
    /// Stand-in: the first price, coins for one BTC.
    #[serde(default)]
    pub first: Amount,
}

/// GOV, governor, timelock and guardian.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gov {
    /// Of the token.
    pub name: String,
    /// Of the token.
    pub symbol: String,
    /// The timelock's delay, seconds; at least the basket's longest exit.
    pub delay: u64,
    /// GOV without which nothing passes.
    pub quorum_floor: Amount,
    /// The guardian's mandate, seconds; a year at most.
    pub mandate: u64,
    /// Who gets GOV: all that there will ever be.
    pub allocations: Vec<Allocation>,
}

/// Some GOV for somebody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    /// `timelock` (undistributed), `deployer`, an address, or on a local chain `key:LABEL`, a published key.
    pub to: String,
    /// GOV.
    pub amount: Amount,
}

impl Basket {
    /// The template that the basket is made of.
    ///
    /// # Errors
    /// [`Problem::Argument`] when there is none of that name.
    pub fn template(&self) -> Result<(usize, &Template)> {
        self.templates
            .iter()
            .enumerate()
            .find(|(_, template)| template.name == self.template)
            .ok_or_else(|| Problem::Argument {
                what: "[basket] template".to_owned(),
                reason: format!("there is no template `{}`", self.template),
            })
    }

    /// Is any part of the outside a stand-in?
    #[must_use]
    pub fn stand_ins(&self) -> Vec<&'static str> {
        let btc = self.btc.as_ref();
        [
            ("[basket.core]", self.core.stand_in),
            (
                "[basket.stcore]",
                self.stcore.as_ref().is_some_and(|part| part.stand_in),
            ),
            ("[basket.btc]", btc.is_some_and(|part| part.stand_in)),
            (
                "[basket.btc.price]",
                btc.is_some_and(|part| part.price.stand_in),
            ),
        ]
        .into_iter()
        .filter_map(|(name, is)| is.then_some(name))
        .collect()
    }

    /// What the file can be told without a chain.
    ///
    /// # Errors
    /// A sentence that names the value.
    pub fn check(&self, kind: Kind) -> std::result::Result<(), String> {
        let (_, chosen) = self
            .template()
            .map_err(|problem| format!("[basket] {problem}"))?;
        for template in &self.templates {
            let name = &template.name;
            if name.is_empty() || name.len() > 31 {
                return Err(format!(
                    "[[basket.templates]] `{name}`: a name has 1 to 31 bytes"
                ));
            }
            let sum: u32 = template
                .sleeves
                .iter()
                .map(|share| u32::from(share.target_bps))
                .sum();
            if sum != 10_000 {
                return Err(format!(
                    "[[basket.templates]] `{name}`: its targets are {sum} bps together, not 10000"
                ));
            }
            let mut kinds: Vec<_> = template.sleeves.iter().map(|share| share.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            if kinds.len() != template.sleeves.len() {
                return Err(format!(
                    "[[basket.templates]] `{name}`: a kind stands there twice"
                ));
            }
        }
        for share in &chosen.sleeves {
            let missing = match share.kind {
                SleeveKind::Core => false,
                SleeveKind::StCore => self.stcore.is_none(),
                SleeveKind::Btc => self.btc.is_none(),
                SleeveKind::Lst => {
                    return Err(format!(
                        "[basket] template `{}`: a basket of the liquid token is not deployed by this program",
                        chosen.name
                    ));
                }
            };
            if missing {
                return Err(format!(
                    "[basket] template `{}` has a sleeve of {:?}, which has no section",
                    chosen.name, share.kind
                ));
            }
        }
        if self.core.validators.len() > 8 {
            return Err(format!(
                "[[basket.core.validators]]: {} are more than 8",
                self.core.validators.len()
            ));
        }
        for validator in &self.core.validators {
            if validator.address.is_none() && !self.core.stand_in {
                return Err(format!(
                    "[[basket.core.validators]] `{}`: no address",
                    validator.name
                ));
            }
        }
        if self.gov.allocations.is_empty() {
            return Err("[[basket.gov.allocations]]: GOV needs an owner".to_owned());
        }
        if kind != Kind::Local
            && let Some(key) = self
                .gov
                .allocations
                .iter()
                .find(|allocation| allocation.to.starts_with("key:"))
        {
            return Err(format!(
                "[[basket.gov.allocations]] `{}`: published keys are for local chains",
                key.to
            ));
        }
        Ok(())
    }
}

/// An amount of whole tokens in smallest units of `decimals`.
///
/// # Errors
/// [`Problem::Argument`] when it has more digits than the token.
pub fn units(what: &str, amount: Amount, decimals: u8) -> Result<U256> {
    let step = U256::from(10).pow(U256::from(18_u8.saturating_sub(decimals)));
    let (units, rest) = amount.0.div_rem(step);
    if !rest.is_zero() {
        return Err(Problem::Argument {
            what: what.to_owned(),
            reason: format!("{amount} has more than {decimals} decimals"),
        });
    }
    Ok(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_tokens_become_units_of_their_decimals() {
        let of = |text: &str, decimals| units("x", text.parse().unwrap(), decimals);
        assert_eq!(of("0.25", 8).unwrap(), U256::from(25_000_000));
        assert_eq!(of("1", 18).unwrap(), U256::from(10).pow(U256::from(18)));
        let problem = of("0.000000001", 8).unwrap_err();
        assert!(problem.to_string().contains("0.000000001"), "{problem}");
    }
}
