//! What a basket is built on and does not own: Core's staking system, stCORE, a BTC token and its prices. Where it is real
//! it is asked before anything is sent whether it is what the profile takes it for; where it is not there, and money is not
//! real, stand-ins are planned.

use crate::{
    abi::{
        ICoreAgent, ICoreBtc, ICoreCandidateHub, ICoreEarn, ICoreStakeHub, ILocalPrices,
        ILocalReference, IToken, LocalCoreBtc, LocalCoreCandidateHub, LocalCoreEarn,
    },
    args,
    artifact::Artifact,
    config::Settings,
    error::{Problem, Result},
    keys,
    plan::Plan,
    profile::{self, Btc, Kind, SleeveKind, StCore, units},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, Bytes, U256, uint},
    rpc::types::{TransactionInput, TransactionRequest},
    sol_types::{SolCall, SolValue as _},
};
use chain::{ChainError, Pool};
use std::{collections::BTreeMap, fmt::Display};

/// Coins in the base of Earn's rate, 1e6, scaled to wei for one whole stCORE.
const RATE_SCALE: U256 = uint!(1_000_000_000_000_U256);
/// Seconds of a round.
const ROUND: u64 = 86_400;
/// The published key of the stand-in's operator, who settles Earn's rounds.
pub const OPERATOR: &str = "earn operator";

/// Where the outside is.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub agent: Address,
    pub stake_hub: Address,
    pub hub: Address,
    /// Earn and stCORE.
    pub stcore: Option<(Address, Address)>,
    pub btc: Option<Address>,
    /// Aggregator and reference; none where the basket holds no BTC.
    pub prices: Option<(Address, Address)>,
    /// Whom the coins are delegated to.
    pub validators: Vec<(Address, u8)>,
    /// Names of the stand-ins that are planned.
    pub stand_ins: Vec<&'static str>,
}

/// Checks what is real, plans what is not.
pub(super) async fn prepare(
    settings: &Settings,
    args: &args::Deploy,
    pool: &Pool,
    kinds: &[SleeveKind],
    plan: &mut Plan,
) -> Result<Outside> {
    let basket = settings.profile.basket()?;
    let look = Look {
        pool,
        me: plan.account,
    };
    let mut outside = Outside {
        agent: Address::ZERO,
        stake_hub: Address::ZERO,
        hub: Address::ZERO,
        stcore: None,
        btc: None,
        prices: None,
        validators: Vec::new(),
        stand_ins: Vec::new(),
    };
    if args.core_validators.is_empty() {
        for validator in &basket.core.validators {
            outside
                .validators
                .push((validator.account()?, validator.weight));
        }
    } else {
        outside.validators.clone_from(&args.core_validators);
    }
    if outside.validators.is_empty() && kinds.contains(&SleeveKind::Core) {
        return Err(Problem::Argument {
            what: "--core-validators".to_owned(),
            reason: format!(
                "the profile `{}` names no validators for the basket's coins; give some, as ADDRESS:WEIGHT,…",
                settings.profile.name
            ),
        });
    }
    // All that is real is looked at before anything is planned.
    let core = &basket.core;
    if !core.stand_in {
        let at = |name: &str, address: Option<Address>| {
            address.ok_or_else(|| missing(settings, &format!("[basket.core] {name}")))
        };
        outside.agent = at("agent", core.agent)?;
        outside.stake_hub = at("stake_hub", core.stake_hub)?;
        outside.hub = at("candidate_hub", core.candidate_hub)?;
        look.core(&outside).await?;
    }
    let needs_prices = kinds.contains(&SleeveKind::Btc);
    if let Some(part) = &basket.stcore
        && !part.stand_in
    {
        let earn = part
            .earn
            .ok_or_else(|| missing(settings, "[basket.stcore] earn"))?;
        let token = part
            .token
            .ok_or_else(|| missing(settings, "[basket.stcore] token"))?;
        look.earn(part, earn, token).await?;
        outside.stcore = Some((earn, token));
    }
    if let Some(part) = &basket.btc {
        if !part.stand_in {
            let token = part
                .token
                .ok_or_else(|| missing(settings, "[basket.btc] token"))?;
            look.btc(part, token, needs_prices).await?;
            outside.btc = Some(token);
        }
        if needs_prices && !part.price.stand_in {
            let aggregator = part
                .price
                .aggregator
                .ok_or_else(|| missing(settings, "[basket.btc.price] aggregator"))?;
            let reference = part
                .price
                .reference
                .ok_or_else(|| missing(settings, "[basket.btc.price] reference"))?;
            look.prices(&part.price, aggregator, reference, &basket.coin)
                .await?;
            outside.prices = Some((aggregator, reference));
        }
    }
    stand_in(settings, basket, needs_prices, plan, &mut outside)?;
    Ok(outside)
}

fn missing(settings: &Settings, what: &str) -> Problem {
    Problem::Argument {
        what: what.to_owned(),
        reason: format!(
            "the profile `{}` gives no address for it",
            settings.profile.name
        ),
    }
}

/// Asks what is there.
struct Look<'a> {
    pool: &'a Pool,
    me: Address,
}

impl Look<'_> {
    async fn code(&self, name: &str, address: Address) -> Result<()> {
        let code = self.pool.code(address, BlockId::latest()).await?;
        if code.is_empty() {
            return Err(unlike(name, address, "a contract", "no code"));
        }
        Ok(())
    }

    async fn answer<C: SolCall>(
        &self,
        name: &str,
        address: Address,
        call: &C,
    ) -> Result<C::Return> {
        self.pool
            .read(address, call, BlockId::latest())
            .await
            .map_err(|error| no_answer(name, address, C::SIGNATURE, error))
    }

    /// CoreAgent, StakeHub, CandidateHub and the validators.
    async fn core(&self, at: &Outside) -> Result<()> {
        let (agent, stake_hub, hub) = ("CoreAgent", "CoreStakeHub", "CoreCandidateHub");
        self.code(hub, at.hub).await?;
        let today = self.pool.latest().await?.timestamp / ROUND;
        let round = self
            .answer(hub, at.hub, &ICoreCandidateHub::getRoundTagCall {})
            .await?;
        // It turns some blocks after midnight.
        let known = [today, today.saturating_sub(1)].map(U256::from);
        if !known.contains(&round) {
            return Err(unlike(
                hub,
                at.hub,
                format!("getRoundTag() of today, {today}"),
                round,
            ));
        }
        self.code(agent, at.agent).await?;
        let least = self
            .answer(agent, at.agent, &ICoreAgent::requiredCoinDepositCall {})
            .await?;
        if least.is_zero() || least > uint!(1_000_000_000_000_000_000_000_U256) {
            let expected = "requiredCoinDeposit() above 0 and of 1000 coins at most";
            return Err(unlike(agent, at.agent, expected, least));
        }
        let delegator = ICoreAgent::delegatorMapCall { delegator: self.me };
        self.answer(agent, at.agent, &delegator).await?;
        self.code(stake_hub, at.stake_hub).await?;
        let delegator = ICoreStakeHub::getDelegatorCall { delegator: self.me };
        self.answer(stake_hub, at.stake_hub, &delegator).await?;
        for (candidate, _) in &at.validators {
            let call = ICoreCandidateHub::canDelegateCall {
                candidate: *candidate,
            };
            if !self.answer(hub, at.hub, &call).await? {
                let expected = "canDelegate(…) true of every validator that is named";
                return Err(unlike("validator", *candidate, expected, false));
            }
        }
        Ok(())
    }

    async fn earn(&self, part: &StCore, earn: Address, token: Address) -> Result<()> {
        let name = "CoreEarn";
        self.code(name, earn).await?;
        let rate = self
            .answer(name, earn, &ICoreEarn::getCurrentExchangeRateCall {})
            .await?;
        let price = rate.saturating_mul(RATE_SCALE);
        if price < part.least.0 || price > part.most.0 {
            let expected = format!(
                "getCurrentExchangeRate() of {} to {} coins, with base 1e6",
                part.least, part.most
            );
            return Err(unlike(name, earn, expected, rate));
        }
        let lock = self.answer(name, earn, &ICoreEarn::lockDayCall {}).await?;
        let exit = lock
            .saturating_add(U256::from(1))
            .saturating_mul(U256::from(ROUND));
        if exit > U256::from(part.max_exit) {
            let expected = format!(
                "lockDay() that ends a day before max_exit, {} s, at the latest",
                part.max_exit
            );
            return Err(unlike(name, earn, expected, lock));
        }
        let fee = self
            .answer(name, earn, &ICoreEarn::protocolFeePointsCall {})
            .await?;
        if fee > U256::from(part.max_fee) {
            let expected = format!("protocolFeePoints() of {} at most", part.max_fee);
            return Err(unlike(name, earn, expected, fee));
        }
        self.answer(name, earn, &ICoreEarn::redeemMinLimitCall {})
            .await?;
        self.answer(name, earn, &ICoreEarn::roundTagCall {}).await?;
        self.token("StCore", token, 18).await
    }

    async fn token(&self, name: &str, token: Address, decimals: u8) -> Result<()> {
        self.code(name, token).await?;
        let found = self.answer(name, token, &IToken::decimalsCall {}).await?;
        if found != decimals {
            return Err(unlike(
                name,
                token,
                format!("decimals() of {decimals}"),
                found,
            ));
        }
        self.answer(name, token, &IToken::totalSupplyCall {})
            .await?;
        Ok(())
    }

    /// The token; its blacklist, which must not have us; its minters' caps, which must not let anybody mint.
    async fn btc(&self, part: &Btc, token: Address, seeded: bool) -> Result<()> {
        let name = "CoreBtc";
        self.token(name, token, 8).await?;
        let call = ICoreBtc::isBlacklistedCall { account: self.me };
        if self.answer(name, token, &call).await? {
            let expected = format!("isBlacklisted({}) false", self.me);
            return Err(unlike(name, token, expected, true));
        }
        let mint = ICoreBtc::mintCall {
            to: self.me,
            amount: U256::from(1),
        };
        let request = TransactionRequest {
            from: Some(self.me),
            to: Some(token.into()),
            input: TransactionInput::new(mint.abi_encode().into()),
            ..TransactionRequest::default()
        };
        match self.pool.call_request(&request, BlockId::latest()).await {
            Ok(_) => {
                let expected = "a cap that keeps the deployer, who is no minter, from minting";
                return Err(unlike(name, token, expected, "mint(…) succeeds"));
            }
            Err(error) if error.rpc().is_some_and(|failure| failure.is_revert()) => {}
            Err(error) => return Err(error.into()),
        }
        if seeded {
            let needed = units("[basket.btc] seed", part.seed, 8)?;
            let account = self.me;
            let held = self
                .answer(name, token, &IToken::balanceOfCall { account })
                .await?;
            if held < needed {
                return Err(Problem::Funds {
                    account,
                    have: format!("{held} units of {token}"),
                    need: format!("{needed} for the first deposit"),
                });
            }
        }
        Ok(())
    }

    async fn prices(
        &self,
        part: &profile::BtcPrice,
        aggregator: Address,
        reference: Address,
        coin: &str,
    ) -> Result<()> {
        let name = "aggregator";
        self.code(name, aggregator).await?;
        let decimals = self
            .answer(name, aggregator, &ILocalPrices::decimalsCall {})
            .await?;
        if decimals != part.decimals {
            let expected = format!("decimals() of {}", part.decimals);
            return Err(unlike(name, aggregator, expected, decimals));
        }
        let pair = format!("BTC / {coin}");
        let text = self
            .answer(name, aggregator, &ILocalPrices::descriptionCall {})
            .await?;
        if text != pair {
            return Err(unlike(
                name,
                aggregator,
                format!("description() of `{pair}`"),
                text,
            ));
        }
        let answer = self
            .answer(name, aggregator, &ILocalPrices::latestRoundDataCall {})
            .await?;
        let step = U256::from(10).pow(U256::from(18_u8.saturating_sub(part.decimals)));
        in_range(
            name,
            aggregator,
            part,
            answer.answer.into_raw().saturating_mul(step),
        )?;
        let name = "reference";
        self.code(name, reference).await?;
        let call = ILocalPrices::getReferenceDataCall {
            base: "BTC".to_owned(),
            quote: coin.to_owned(),
        };
        let answer = self.answer(name, reference, &call).await?;
        in_range(name, reference, part, answer.rate)
    }
}

/// Is it a price that could be one?
fn in_range(name: &str, address: Address, part: &profile::BtcPrice, price: U256) -> Result<()> {
    if price >= part.least.0 && price <= part.most.0 {
        return Ok(());
    }
    let expected = format!("a price of {} to {} coins", part.least, part.most);
    Err(unlike(name, address, expected, format!("{price} wei")))
}

fn unlike(
    name: &str,
    address: Address,
    expected: impl Into<String>,
    found: impl Display,
) -> Problem {
    Problem::NotAsExpected {
        name: name.to_owned(),
        address,
        expected: expected.into(),
        found: found.to_string(),
    }
}

/// An endpoint that fails says nothing about the contract.
fn no_answer(name: &str, address: Address, signature: &str, error: ChainError) -> Problem {
    if error.is_transient() {
        return error.into();
    }
    unlike(name, address, format!("an answer to {signature}"), error)
}

/// Plans the stand-ins that the profile asks for. A mainnet's profile cannot.
fn stand_in(
    settings: &Settings,
    basket: &profile::Basket,
    needs_prices: bool,
    plan: &mut Plan,
    outside: &mut Outside,
) -> Result<()> {
    let me = plan.account;
    if settings.profile.kind == Kind::Mainnet {
        return Ok(());
    }
    let make = |plan: &mut Plan, name: &'static str, artifact: &str, arguments: Vec<u8>| {
        let code = Artifact::load(artifact)?.creation_code(&BTreeMap::new(), &arguments)?;
        Ok::<_, Problem>(plan.deploy(name, code, U256::ZERO))
    };
    if basket.core.stand_in {
        let part = &basket.core;
        let hub = make(
            plan,
            "CoreCandidateHub",
            "LocalCoreCandidateHub",
            me.abi_encode(),
        )?;
        let agent = make(plan, "CoreAgent", "LocalCoreAgent", hub.abi_encode())?;
        let stake_hub = make(plan, "CoreStakeHub", "LocalCoreStakeHub", hub.abi_encode())?;
        let call = LocalCoreCandidateHub::wireCall {
            coreAgent_: agent,
            stakeHub_: stake_hub,
            bitcoinAgent_: Address::ZERO,
        };
        plan.call(
            "stand-in: wire Core's staking system",
            hub,
            call.abi_encode(),
            U256::ZERO,
        );
        for (candidate, _) in &outside.validators {
            let call = LocalCoreCandidateHub::addCandidateCall {
                candidate: *candidate,
                rewardPerRound: part.round_reward.0,
            };
            plan.call(
                format!("stand-in: validator {candidate} of Core"),
                hub,
                call.abi_encode(),
                U256::ZERO,
            );
        }
        plan.call(
            format!("stand-in: {} coins for rewards", part.treasury),
            stake_hub,
            Bytes::new(),
            part.treasury.0,
        );
        (outside.agent, outside.stake_hub, outside.hub) = (agent, stake_hub, hub);
        outside
            .stand_ins
            .extend(["CoreCandidateHub", "CoreAgent", "CoreStakeHub"]);
    }
    if let Some(part) = basket.stcore.as_ref().filter(|part| part.stand_in) {
        let arguments = (me, outside.hub).abi_encode_params();
        let earn = make(plan, "CoreEarn", "LocalCoreEarn", arguments)?;
        // The first contract that it makes, in its constructor.
        let token = earn.create(1);
        let growth = LocalCoreEarn::setGrowthCall {
            growth_: U256::from(part.growth),
        };
        plan.call(
            "stand-in: growth of Earn's rate",
            earn,
            growth.abi_encode(),
            U256::ZERO,
        );
        plan.call(
            format!("stand-in: {} coins for redemptions", part.treasury),
            earn,
            Bytes::new(),
            part.treasury.0,
        );
        if settings.profile.kind == Kind::Local {
            let operator = keys::published(OPERATOR)?.address();
            let call = LocalCoreEarn::setOperatorCall {
                operator_: operator,
            };
            plan.call(
                format!("stand-in: {operator} is Earn's operator"),
                earn,
                call.abi_encode(),
                U256::ZERO,
            );
        }
        outside.stcore = Some((earn, token));
        outside.stand_ins.push("CoreEarn");
    }
    if let Some(part) = &basket.btc {
        if part.stand_in {
            let token = make(plan, "CoreBtc", "LocalCoreBtc", me.abi_encode())?;
            let cap = LocalCoreBtc::setMinterCapCall {
                minter: me,
                cap: units("[basket.btc] minter_cap", part.minter_cap, 8)?,
            };
            plan.call(
                format!(
                    "stand-in: the deployer may mint {} BTC a day",
                    part.minter_cap
                ),
                token,
                cap.abi_encode(),
                U256::ZERO,
            );
            outside.btc = Some(token);
            outside.stand_ins.push("CoreBtc");
        }
        if needs_prices && part.price.stand_in {
            let first = units("[basket.btc.price] first", part.price.first, 8)?;
            let arguments = (me, format!("BTC / {}", basket.coin), first).abi_encode_params();
            let aggregator = make(plan, "BtcAggregator", "LocalAggregator", arguments)?;
            let reference = make(plan, "BtcReference", "LocalReference", me.abi_encode())?;
            let call = ILocalReference::setCall {
                base: "BTC".to_owned(),
                quote: basket.coin.clone(),
                rate: part.price.first.0,
            };
            plan.call(
                format!("stand-in: {} {} for a BTC", part.price.first, basket.coin),
                reference,
                call.abi_encode(),
                U256::ZERO,
            );
            outside.prices = Some((aggregator, reference));
            outside.stand_ins.extend(["BtcAggregator", "BtcReference"]);
        }
    }
    Ok(())
}
