//! The basket's part of a plan, and of what is read back: factory, sleeves, prices, governance, the first deposit.
//!
//! The parts know each other for ever, so their addresses come first: the factory says where a basket will be before it is
//! made. What only the timelock may do at the beginning (the feed's listings, whom the coins are delegated to) goes through the timelock
//! while its delay is a second and the deployer may propose; the same operation that names the validators puts the real
//! delay in force, then the basket is registered, and the deployer renounces.

use super::{Roles, outside, role_id};
use crate::{
    abi::{
        GovAllocation, IAccessControl, IBasket, IBasketFactory, IBasketGovernor, IBasketTimelock,
        ICoreEarn, ICoreSleeve, IGovToken, IGovernor, IGuardian, IPriceFeed, ISleeve,
        IStCoreSleeve, ITimelock, IToken, IUnbondingQueue,
    },
    amount::Amount,
    args,
    artifact::Artifact,
    config::Settings,
    deployment::Contract,
    error::{Problem, Result},
    keys,
    plan::Plan,
    profile::{Basket, Kind, SleeveKind, Template, units},
    session::Place,
};
use alloy::{
    eips::BlockId,
    hex,
    primitives::{Address, B256, Bytes, U256, address, keccak256},
    sol_types::{SolCall as _, SolValue as _},
};
use chain::{Pool, bindings::basket::IBasketTypes};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Display};

/// The basket's name for the chain's coin.
pub(super) const NATIVE: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
/// Contracts that are stand-ins where a deployment made them.
pub(super) const STAND_INS: [&str; 6] = [
    "CoreAgent",
    "CoreStakeHub",
    "CoreCandidateHub",
    "CoreEarn",
    "CoreBtc",
    "BtcAggregator",
];
/// Seconds: the timelock's delay while the deployer sets up.
const FIRST_DELAY: u64 = 1;
/// Earn's rate may rise by so much between plan and deposit, basis points.
const RATE_MARGIN_BPS: u64 = 20;
/// Base of Earn's rate.
const RATE_BASE: u64 = 1_000_000;
/// A minimal proxy's creation code before the address of its code (EIP-1167), as OpenZeppelin's `Clones` has it.
const CLONE_HEAD: [u8; 20] = hex!("3d602d80600a3d3981f3363d3d373d3d3d363d73");
/// And behind it.
const CLONE_TAIL: [u8; 15] = hex!("5af43d82803e903d91602b57fd5bf3");

/// Some GOV, and whose.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Owner {
    /// As the profile says it.
    pub name: String,
    pub account: Address,
    pub amount: Amount,
}

/// The sleeve's name in the deployment file.
fn sleeve_name(kind: SleeveKind) -> &'static str {
    match kind {
        SleeveKind::Core => "CoreSleeve",
        SleeveKind::StCore => "StCoreSleeve",
        SleeveKind::Btc => "BtcSleeve",
        SleeveKind::Lst => "LstSleeve",
    }
}

fn made(plan: &Plan, wanted: &str) -> Option<Address> {
    plan.steps
        .iter()
        .filter_map(|step| step.creates.as_ref())
        .find(|(name, _)| name == wanted)
        .map(|(_, address)| *address)
}

/// Who gets GOV by this plan. It has the timelock already.
pub(super) fn owners(settings: &Settings, plan: &Plan) -> Result<Vec<Owner>> {
    let timelock = made(plan, "BasketTimelock")
        .ok_or_else(|| Problem::Unexpected("the plan has no timelock".to_owned()))?;
    allocations(settings, plan.account, timelock)
}

fn allocations(settings: &Settings, deployer: Address, timelock: Address) -> Result<Vec<Owner>> {
    let list = &settings.profile.basket()?.gov.allocations;
    list.iter()
        .map(|allocation| {
            let name = &allocation.to;
            let account = match name.as_str() {
                "timelock" => timelock,
                "deployer" => deployer,
                text => match text.strip_prefix("key:") {
                    Some(label) => keys::published(label)?.address(),
                    None => text.parse().map_err(|_| Problem::Argument {
                        what: "[[basket.gov.allocations]] to".to_owned(),
                        reason: format!("`{text}` is no address"),
                    })?,
                },
            };
            Ok(Owner {
                name: name.clone(),
                account,
                amount: allocation.amount,
            })
        })
        .collect()
}

/// A name in a word, as contracts keep it.
fn word(text: &str) -> B256 {
    B256::right_padding_from(text.as_bytes())
}

/// Where `factory` will put `creator`'s clone of `code`.
fn clone_address(factory: Address, code: Address, creator: Address, salt: B256) -> Address {
    let mut init = Vec::with_capacity(55);
    init.extend_from_slice(&CLONE_HEAD);
    init.extend_from_slice(code.as_slice());
    init.extend_from_slice(&CLONE_TAIL);
    factory.create2(keccak256((creator, salt).abi_encode()), keccak256(&init))
}

/// The salt that a deployment's basket is made with.
fn salt(settings: &Settings) -> B256 {
    keccak256(&settings.deployment)
}

fn make(plan: &mut Plan, name: &str, artifact: &str, arguments: &[u8]) -> Result<Address> {
    let code = Artifact::load(artifact)?.creation_code(&BTreeMap::new(), arguments)?;
    Ok(plan.deploy(name, code, U256::ZERO))
}

/// A batch of the timelock.
struct Batch {
    targets: Vec<Address>,
    payloads: Vec<Bytes>,
    salt: B256,
}

impl Batch {
    fn new(name: &str) -> Self {
        Self {
            targets: Vec::new(),
            payloads: Vec::new(),
            salt: keccak256(name),
        }
    }

    fn add(&mut self, target: Address, call: Vec<u8>) {
        self.targets.push(target);
        self.payloads.push(call.into());
    }

    fn values(&self) -> Vec<U256> {
        vec![U256::ZERO; self.targets.len()]
    }

    fn schedule(&self, plan: &mut Plan, timelock: Address, title: &str) {
        let call = ITimelock::scheduleBatchCall {
            targets: self.targets.clone(),
            values: self.values(),
            payloads: self.payloads.clone(),
            predecessor: B256::ZERO,
            salt: self.salt,
            delay: U256::from(FIRST_DELAY),
        };
        plan.call(title, timelock, call.abi_encode(), U256::ZERO);
    }

    fn execute(self, plan: &mut Plan, timelock: Address, title: &str) {
        let call = ITimelock::executeBatchCall {
            values: self.values(),
            targets: self.targets,
            payloads: self.payloads,
            predecessor: B256::ZERO,
            salt: self.salt,
        };
        plan.call(title, timelock, call.abi_encode(), U256::ZERO);
    }
}

fn grant(plan: &mut Plan, timelock: Address, role: &str, account: Address, whose: &str) {
    let call = IAccessControl::grantRoleCall {
        role: role_id(role),
        account,
    };
    plan.call(
        format!("grant {role} of the timelock to {whose}"),
        timelock,
        call.abi_encode(),
        U256::ZERO,
    );
}

fn renounce(plan: &mut Plan, timelock: Address, role: B256, title: &str) {
    let call = IAccessControl::renounceRoleCall {
        role,
        callerConfirmation: plan.account,
    };
    plan.call(title, timelock, call.abi_encode(), U256::ZERO);
}

/// Who pauses and who is paid, with the basket's own fallbacks.
fn holders(settings: &Settings, roles: Roles, timelock: Address) -> Result<(Address, Address)> {
    if !roles.named.guardian {
        return Err(Problem::Argument {
            what: "--guardian".to_owned(),
            reason: format!(
                "the profile `{}` names no guardian for the basket; give the address of a contract wallet",
                settings.profile.name
            ),
        });
    }
    let fees = if roles.named.fee_recipient {
        roles.fee_recipient
    } else {
        timelock
    };
    Ok((roles.guardian, fees))
}

/// Cap, limit and first deposit of a sleeve, in its units.
fn amounts(basket: &Basket, kind: SleeveKind) -> Result<(U256, U256, U256)> {
    let lacks = || Problem::Unexpected(format!("the profile was read without {kind:?}"));
    Ok(match kind {
        SleeveKind::Core => (basket.core.cap.0, basket.core.limit.0, basket.core.seed.0),
        SleeveKind::StCore => {
            let part = basket.stcore.as_ref().ok_or_else(lacks)?;
            (part.cap.0, part.limit.0, part.seed.0)
        }
        SleeveKind::Btc => {
            let part = basket.btc.as_ref().ok_or_else(lacks)?;
            (
                units("[basket.btc] cap", part.cap, 8)?,
                units("[basket.btc] limit", part.limit, 8)?,
                units("[basket.btc] seed", part.seed, 8)?,
            )
        }
        SleeveKind::Lst => return Err(lacks()),
    })
}

/// The token of a kind of sleeve, where it is known.
fn token_of(kind: SleeveKind, outside: &outside::Outside, lst: Option<Address>) -> Option<Address> {
    match kind {
        SleeveKind::Core => Some(NATIVE),
        SleeveKind::StCore => outside.stcore.map(|(_, token)| token),
        SleeveKind::Btc => outside.btc,
        SleeveKind::Lst => lst,
    }
}

/// The templates whose tokens this chain has, as the factory takes them.
fn templates<'a>(
    basket: &'a Basket,
    outside: &outside::Outside,
    lst: Option<Address>,
) -> Vec<(&'a Template, IBasketFactory::Template)> {
    basket
        .templates
        .iter()
        .filter_map(|template| {
            let tokens: Option<Vec<_>> = template
                .sleeves
                .iter()
                .map(|share| token_of(share.kind, outside, lst))
                .collect();
            let made = IBasketFactory::Template {
                name: word(&template.name),
                tokens: tokens?,
                targetBps: template
                    .sleeves
                    .iter()
                    .map(|share| share.target_bps)
                    .collect(),
                bandBps: template
                    .sleeves
                    .iter()
                    .map(|share| share.band_bps)
                    .collect(),
            };
            Some((template, made))
        })
        .collect()
}

/// Adds everything of the basket to a plan.
#[allow(
    clippy::too_many_lines,
    reason = "one list of transactions, in its order"
)]
pub(super) async fn plan(
    settings: &Settings,
    args: &args::Deploy,
    pool: &Pool,
    roles: Roles,
    with_liquid: bool,
    plan: &mut Plan,
) -> Result<()> {
    let basket = settings.profile.basket()?;
    let (_, template) = basket.template()?;
    let kinds: Vec<_> = template.sleeves.iter().map(|share| share.kind).collect();
    let me = plan.account;
    if roles.named.guardian
        && settings.profile.kind != Kind::Local
        && pool
            .code(roles.guardian, BlockId::latest())
            .await?
            .is_empty()
    {
        return Err(Problem::NotAsExpected {
            name: "guardian".to_owned(),
            address: roles.guardian,
            expected: "a contract wallet".to_owned(),
            found: "no code".to_owned(),
        });
    }
    let now = pool.latest().await?.timestamp;
    let outside = outside::prepare(settings, args, pool, &kinds, plan).await?;

    let views = make(plan, "BasketViews", "BasketViews", &[])?;
    let market = make(plan, "BasketMarket", "BasketMarket", &views.abi_encode())?;
    let desk = make(plan, "BasketDesk", "BasketDesk", &market.abi_encode())?;
    let code = make(plan, "BasketCode", "Basket", &desk.abi_encode())?;
    let queue_code = make(plan, "UnbondingQueueCode", "UnbondingQueue", &[])?;
    let known = templates(basket, &outside, made(plan, "LiquidToken"));
    let id = known
        .iter()
        .position(|(known, _)| known.name == template.name)
        .ok_or_else(|| Problem::Argument {
            what: "[basket] template".to_owned(),
            reason: format!("`{}` has a token that has no address", template.name),
        })?;
    let list: Vec<_> = known.into_iter().map(|(_, made)| made).collect();
    let arguments = (code, queue_code, list).abi_encode_params();
    let factory = make(plan, "BasketFactory", "BasketFactory", &arguments)?;
    let salt = salt(settings);
    let at = clone_address(factory, code, me, salt);

    // An empty list is encoded alike, whatever it would hold.
    let (nobody, anybody) = (Vec::<Address>::new(), vec![Address::ZERO]);
    let arguments = (U256::from(FIRST_DELAY), nobody, anybody, me).abi_encode_params();
    let timelock = make(plan, "BasketTimelock", "BasketTimelock", &arguments)?;
    let (guardian, fees) = holders(settings, roles, timelock)?;
    let owners = allocations(settings, me, timelock)?;

    let mut listing = Batch::new("the first listings");
    let feed = feed(basket, &kinds, &outside, timelock, plan, &mut listing)?;
    let mut sleeves = Vec::new();
    let mut wiring = Batch::new("the first validators, and the delay");
    for kind in &kinds {
        let name = sleeve_name(*kind);
        let sleeve = match (kind, outside.stcore, outside.btc) {
            (SleeveKind::Core, _, _) => {
                let arguments = (at, outside.agent, outside.stake_hub, outside.hub);
                let sleeve = make(plan, name, "CoreSleeve", &arguments.abi_encode_params())?;
                let call = ICoreSleeve::setValidatorsCall {
                    validators: outside
                        .validators
                        .iter()
                        .map(|(account, _)| *account)
                        .collect(),
                    weights: outside
                        .validators
                        .iter()
                        .map(|(_, weight)| *weight)
                        .collect(),
                };
                wiring.add(sleeve, call.abi_encode());
                sleeve
            }
            (SleeveKind::StCore, Some((earn, token)), _) => {
                let part = basket.stcore.as_ref();
                let (exit, fee) = part.map_or((0, 0), |part| (part.max_exit, part.max_fee));
                let arguments = (at, token, earn, U256::from(exit), U256::from(fee));
                make(plan, name, "StCoreSleeve", &arguments.abi_encode_params())?
            }
            (SleeveKind::Btc, _, Some(token)) => {
                make(plan, name, "HeldSleeve", &(at, token).abi_encode_params())?
            }
            _ => return Err(Problem::Unexpected(format!("{name} has no token"))),
        };
        sleeves.push(sleeve);
    }
    let call = ITimelock::updateDelayCall {
        newDelay: U256::from(basket.gov.delay),
    };
    wiring.add(timelock, call.abi_encode());

    // What is scheduled is tied to its targets' code, so it is scheduled when they are there; several transactions pass before
    // it is executed, so the second of delay is over by then.
    grant(
        plan,
        timelock,
        "PROPOSER_ROLE",
        me,
        "the deployer, for the setup",
    );
    if feed.is_some() {
        listing.schedule(plan, timelock, "schedule the listings of the feed");
    }
    wiring.schedule(plan, timelock, "schedule validators and delay");

    let list: Vec<_> = owners
        .iter()
        .map(|owner| GovAllocation {
            account: owner.account,
            amount: owner.amount.0,
        })
        .collect();
    let names = (
        basket.gov.name.clone(),
        basket.gov.symbol.clone(),
        timelock,
        list,
    );
    let gov = make(plan, "GovToken", "GovToken", &names.abi_encode_params())?;
    let until = U256::from(now.saturating_add(basket.gov.mandate));
    let arguments = (timelock, guardian, until).abi_encode_params();
    let mandate = make(plan, "Guardian", "Guardian", &arguments)?;
    let arguments = (gov, timelock, mandate, basket.gov.quorum_floor.0).abi_encode_params();
    let governor = make(plan, "BasketGovernor", "BasketGovernor", &arguments)?;
    grant(plan, timelock, "PROPOSER_ROLE", governor, "the governor");
    grant(plan, timelock, "CANCELLER_ROLE", governor, "the governor");
    if feed.is_some() {
        listing.execute(plan, timelock, "list what has a price");
    }

    let (mut caps, mut limits, mut seeds) = (Vec::new(), Vec::new(), Vec::new());
    for kind in &kinds {
        let (cap, limit, seed) = amounts(basket, *kind)?;
        caps.push(cap);
        limits.push(limit);
        seeds.push(seed);
    }
    let params = IBasketFactory::CreateParams {
        template: U256::from(id),
        salt,
        name: basket.name.clone(),
        symbol: basket.symbol.clone(),
        feed: feed.unwrap_or_default(),
        timelock,
        guardian: mandate,
        feeRecipient: fees,
        seeder: me,
        entryFeeBps: basket.entry_fee_bps,
        instantFeeBps: basket.instant_fee_bps,
        managementFeeBps: basket.management_fee_bps,
        performanceFeeBps: basket.performance_fee_bps,
        floor: basket.floor.0,
        buffer: basket.buffer.0,
        shareCap: basket.share_cap.0,
        sleeves,
        caps,
        limits,
    };
    let call = IBasketFactory::createCall { params };
    plan.call(
        format!(
            "make the basket at {at}, of the template `{}`",
            template.name
        ),
        factory,
        call.abi_encode(),
        U256::ZERO,
    );
    wiring.execute(
        plan,
        timelock,
        "name the validators; from here governance takes its real delay",
    );
    let call = IBasketTimelock::registerCall { basket: at };
    plan.call(
        "register the basket: no delay is shorter than its longest exit",
        timelock,
        call.abi_encode(),
        U256::ZERO,
    );
    seed(basket, pool, &kinds, &seeds, &outside, at, plan).await?;
    if !with_liquid && !basket.keeper_gas.0.is_zero() && roles.keeper != me {
        plan.call(
            format!("{} coins for the keeper's gas", basket.keeper_gas),
            roles.keeper,
            Bytes::new(),
            basket.keeper_gas.0,
        );
    }
    let proposer = role_id("PROPOSER_ROLE");
    renounce(
        plan,
        timelock,
        proposer,
        "give up PROPOSER_ROLE of the timelock",
    );
    renounce(
        plan,
        timelock,
        B256::ZERO,
        "give up the deployer's power over the timelock",
    );
    Ok(())
}

/// The feed and its sources; none where nothing needs a price.
fn feed(
    basket: &Basket,
    kinds: &[SleeveKind],
    outside: &outside::Outside,
    timelock: Address,
    plan: &mut Plan,
    listing: &mut Batch,
) -> Result<Option<Address>> {
    if kinds.iter().all(|kind| *kind == SleeveKind::Core) {
        return Ok(None);
    }
    let coin = word(&basket.coin);
    let feed = make(
        plan,
        "PriceFeed",
        "PriceFeed",
        &(timelock, coin).abi_encode_params(),
    )?;
    let narrow = |what: &str, amount: Amount| {
        u128::try_from(amount.0).map_err(|_| Problem::Argument {
            what: what.to_owned(),
            reason: format!("{amount} is too large"),
        })
    };
    if let (true, Some((earn, token)), Some(part)) = (
        kinds.contains(&SleeveKind::StCore),
        outside.stcore,
        &basket.stcore,
    ) {
        let source = make(plan, "EarnSource", "EarnSource", &earn.abi_encode())?;
        let listed = IPriceFeed::Listing {
            fair: source,
            isRate: true,
            // Half a basis point more than a year of staking pays; the source says the same.
            roundBps: 5,
            decimals: 18,
            spreadBps: part.spread_bps,
            disagreeBps: 0,
            market: Address::ZERO,
            guard: Address::ZERO,
            least: narrow("[basket.stcore] least", part.least)?,
            most: narrow("[basket.stcore] most", part.most)?,
        };
        let call = IPriceFeed::listCall {
            asset: token,
            listing: listed,
        };
        listing.add(feed, call.abi_encode());
    }
    if let (true, Some(token), Some((aggregator, reference)), Some(part)) = (
        kinds.contains(&SleeveKind::Btc),
        outside.btc,
        outside.prices,
        &basket.btc,
    ) {
        let (part, asset) = (&part.price, word("BTC"));
        let clamp = |what: &str, amount| units(what, amount, part.decimals);
        // The struct's words, one for each field.
        let declared = (
            aggregator,
            asset,
            coin,
            U256::from(part.decimals),
            U256::from(part.heartbeat),
            U256::from(part.deviation_bps),
            U256::from(part.drift_bps),
            clamp("[basket.btc.price] clamp_least", part.clamp_least)?,
            clamp("[basket.btc.price] clamp_most", part.clamp_most)?,
        );
        let fair = make(
            plan,
            "BtcAggregatorSource",
            "AggregatorSource",
            &declared.abi_encode(),
        )?;
        let arguments = (
            reference,
            asset,
            coin,
            U256::from(part.heartbeat),
            U256::from(part.deviation_bps),
            U256::from(part.drift_bps),
        );
        let market = make(
            plan,
            "BtcReferenceSource",
            "BandSource",
            &arguments.abi_encode_params(),
        )?;
        let listed = IPriceFeed::Listing {
            fair,
            isRate: false,
            roundBps: 0,
            decimals: 8,
            spreadBps: part.spread_bps,
            disagreeBps: part.disagree_bps,
            market,
            guard: Address::ZERO,
            least: narrow("[basket.btc.price] least", part.least)?,
            most: narrow("[basket.btc.price] most", part.most)?,
        };
        let call = IPriceFeed::listCall {
            asset: token,
            listing: listed,
        };
        listing.add(feed, call.abi_encode());
    }
    Ok(Some(feed))
}

/// The first deposit, in kind, with what it takes.
async fn seed(
    basket: &Basket,
    pool: &Pool,
    kinds: &[SleeveKind],
    seeds: &[U256],
    outside: &outside::Outside,
    at: Address,
    plan: &mut Plan,
) -> Result<()> {
    let mut coins = U256::ZERO;
    let approve = |plan: &mut Plan, token: Address, amount: U256, symbol: &str| {
        let call = IToken::approveCall {
            spender: at,
            amount,
        };
        plan.call(
            format!("let the basket take the {symbol} of the first deposit"),
            token,
            call.abi_encode(),
            U256::ZERO,
        );
    };
    for (kind, units) in kinds.iter().zip(seeds) {
        match (kind, outside.stcore, outside.btc) {
            (SleeveKind::StCore, Some((earn, token)), _) => {
                let fresh = outside.stand_ins.contains(&"CoreEarn");
                let rate = if fresh {
                    U256::from(RATE_BASE)
                } else {
                    let call = ICoreEarn::getCurrentExchangeRateCall {};
                    pool.read(earn, &call, BlockId::latest()).await?
                };
                let margin = if fresh { 0 } else { RATE_MARGIN_BPS };
                let value = units
                    .saturating_mul(rate)
                    .saturating_mul(U256::from(10_000_u64.saturating_add(margin)))
                    .div_ceil(U256::from(RATE_BASE).saturating_mul(U256::from(10_000)));
                let validator = outside.validators.first().map(|(account, _)| *account);
                let call = ICoreEarn::mintCall {
                    validator: validator.unwrap_or_default(),
                };
                plan.call(
                    format!("stCORE for the first deposit: {}", Amount(*units)),
                    earn,
                    call.abi_encode(),
                    value,
                );
                approve(plan, token, *units, "stCORE");
            }
            (SleeveKind::Btc, _, Some(token)) => {
                if outside.stand_ins.contains(&"CoreBtc") {
                    let call = crate::abi::ICoreBtc::mintCall {
                        to: plan.account,
                        amount: *units,
                    };
                    plan.call(
                        "stand-in: BTC for the first deposit",
                        token,
                        call.abi_encode(),
                        U256::ZERO,
                    );
                }
                approve(plan, token, *units, "BTC");
            }
            _ => coins = coins.saturating_add(*units),
        }
    }
    let call = IBasket::mintInKindCall {
        priced: basket.seed_shares.0,
        maxUnits: seeds.to_vec(),
        receiver: plan.account,
        deadline: U256::from(u64::MAX),
    };
    plan.call(
        format!(
            "the first deposit: {} {}",
            basket.seed_shares, basket.symbol
        ),
        at,
        call.abi_encode(),
        coins,
    );
    Ok(())
}

/// What no step of the plan made: clones and their companions, and the outside.
pub(super) async fn others(
    settings: &Settings,
    plan: &Plan,
    contracts: &BTreeMap<String, Contract>,
    pool: &Pool,
) -> Result<Vec<(&'static str, Address)>> {
    let head = BlockId::latest();
    let of = |name: &str| {
        contracts
            .get(name)
            .map(|contract| contract.address)
            .ok_or_else(|| Problem::Unexpected(format!("the plan made no {name}")))
    };
    let call = IBasketFactory::predictCall {
        creator: plan.account,
        salt: salt(settings),
    };
    let basket = pool.read(of("BasketFactory")?, &call, head).await?.basket;
    let queue = pool.read(basket, &IBasket::QUEUECall {}, head).await?;
    let mut others = vec![
        ("Basket", basket),
        ("UnbondingQueue", queue),
        (
            "BasketToken",
            pool.read(basket, &IBasket::TOKENCall {}, head).await?,
        ),
        (
            "BasketReceipts",
            pool.read(queue, &IUnbondingQueue::RECEIPTSCall {}, head)
                .await?,
        ),
    ];
    let core = &settings.profile.basket()?.core;
    for (name, real) in [
        ("CoreAgent", core.agent),
        ("CoreStakeHub", core.stake_hub),
        ("CoreCandidateHub", core.candidate_hub),
    ] {
        if let (false, Some(address)) = (contracts.contains_key(name), real) {
            others.push((name, address));
        }
    }
    if let Ok(sleeve) = of("StCoreSleeve") {
        let token = pool.read(sleeve, &ISleeve::TOKENCall {}, head).await?;
        others.push(("StCore", token));
        if !contracts.contains_key("CoreEarn") {
            let earn = pool.read(sleeve, &IStCoreSleeve::EARNCall {}, head).await?;
            others.push(("CoreEarn", earn));
        }
    }
    if let Ok(sleeve) = of("BtcSleeve")
        && !contracts.contains_key("CoreBtc")
    {
        let token = pool.read(sleeve, &ISleeve::TOKENCall {}, head).await?;
        others.push(("CoreBtc", token));
    }
    Ok(others)
}

/// Compares, and counts what was compared.
#[derive(Default)]
struct Checks {
    count: u32,
}

impl Checks {
    fn same<E: Display, F: Display>(&mut self, what: &str, expected: E, found: F) -> Result<()> {
        self.count = self.count.saturating_add(1);
        let (expected, found) = (expected.to_string(), found.to_string());
        if expected == found {
            return Ok(());
        }
        Err(Problem::Verification {
            what: what.to_owned(),
            expected,
            found,
        })
    }

    /// For limits, which the basket keeps rounded down by less than one part in eight million.
    fn nearly(&mut self, what: &str, expected: U256, found: U256) -> Result<()> {
        let step = expected / U256::from(8_000_000);
        if found <= expected && expected.saturating_sub(found) <= step {
            self.count = self.count.saturating_add(1);
            return Ok(());
        }
        self.same(what, expected, found)
    }
}

/// Reads the basket's side back and compares it with what was asked for. How many values were compared.
#[allow(clippy::too_many_lines, reason = "one list of what is compared")]
pub(super) async fn verify(settings: &Settings, place: &Place, roles: Roles) -> Result<u32> {
    let profile = settings.profile.basket()?;
    let (_, template) = profile.template()?;
    let site = place.basket()?;
    let (at, deployment) = (site.at, &place.deployment);
    let deployer = deployment.deployer;
    let mut checks = Checks::default();
    let (guardian, fees) = holders(settings, roles, at.timelock)?;

    // The basket and its companions.
    let factory = deployment.address("BasketFactory")?;
    for (what, expected, found) in [
        (
            "factory.BASKET_CODE",
            deployment.address("BasketCode")?,
            place
                .read_at(factory, &IBasketFactory::BASKET_CODECall {})
                .await?,
        ),
        (
            "factory.QUEUE_CODE",
            deployment.address("UnbondingQueueCode")?,
            place
                .read_at(factory, &IBasketFactory::QUEUE_CODECall {})
                .await?,
        ),
        (
            "basket.TIMELOCK",
            at.timelock,
            site.read(&IBasket::TIMELOCKCall {}).await?,
        ),
        (
            "basket.guardian",
            at.guardian,
            site.read(&IBasket::guardianCall {}).await?,
        ),
        (
            "basket.feed",
            at.feed.unwrap_or_default(),
            site.read(&IBasket::feedCall {}).await?,
        ),
        (
            "basket.feeRecipient",
            fees,
            site.read(&IBasket::feeRecipientCall {}).await?,
        ),
        (
            "queue.BASKET",
            at.basket,
            place
                .read_at(at.queue, &IUnbondingQueue::BASKETCall {})
                .await?,
        ),
        (
            "queue.TOKEN",
            at.token,
            place
                .read_at(at.queue, &IUnbondingQueue::TOKENCall {})
                .await?,
        ),
    ] {
        checks.same(what, expected, found)?;
    }
    let symbol = place.read_at(at.token, &IToken::symbolCall {}).await?;
    checks.same("the basket's symbol", &profile.symbol, symbol)?;
    let fees = site.read(&IBasket::feesCall {}).await?;
    for (what, expected, found) in [
        ("entry fee", profile.entry_fee_bps, fees.entryBps),
        ("instant fee", profile.instant_fee_bps, fees.instantBps),
        (
            "management fee",
            profile.management_fee_bps,
            fees.managementBps,
        ),
        (
            "performance fee",
            profile.performance_fee_bps,
            fees.performanceBps,
        ),
    ] {
        checks.same(&format!("the basket's {what}"), expected, found)?;
    }
    let idle = site.read(&IBasket::idleCall {}).await?;
    checks.same("basket.idle, the floor", profile.floor.0, idle.floor)?;
    checks.same("basket.idle, the buffer", profile.buffer.0, idle.buffer)?;
    let cap = site.read(&IBasket::shareCapCall {}).await?;
    checks.same("basket.shareCap", profile.share_cap.0, cap)?;
    let supply = place.read_at(at.token, &IToken::totalSupplyCall {}).await?;
    // Others may have come in since.
    checks.same(
        "the first deposit's shares are there",
        true,
        supply >= profile.seed_shares.0,
    )?;

    // Its sleeves.
    let count = site.read(&IBasket::sleeveCountCall {}).await?;
    checks.same("basket.sleeveCount", template.sleeves.len(), count)?;
    for (index, share) in template.sleeves.iter().enumerate() {
        let name = sleeve_name(share.kind);
        let what = |part: &str| format!("{name}: {part}");
        let sleeve = U256::from(index);
        let info: IBasketTypes::SleeveInfo = site.read(&IBasket::sleeveInfoCall { sleeve }).await?;
        let (cap, limit, seed) = amounts(profile, share.kind)?;
        let adapter = deployment.address(name)?;
        checks.same(&what("its place"), adapter, info.sleeve)?;
        checks.same(&what("its target"), share.target_bps, info.targetBps)?;
        checks.same(&what("its band"), share.band_bps, info.bandBps)?;
        checks.nearly(&what("its cap"), cap, info.cap)?;
        checks.nearly(&what("its limit of a day"), limit, info.limit)?;
        checks.same(
            &what("units of the first deposit are there"),
            true,
            info.units >= seed,
        )?;
        checks.same(&what("slow"), false, info.slow)?;
        let whose = place.read_at(adapter, &ISleeve::BASKETCall {}).await?;
        checks.same(&what("BASKET"), at.basket, whose)?;
        match share.kind {
            SleeveKind::Core => {
                checks.same(&what("TOKEN"), NATIVE, info.token)?;
                let list = place
                    .read_at(adapter, &ICoreSleeve::validatorsCall {})
                    .await?;
                checks.same(&what("it delegates to somebody"), true, !list.is_empty())?;
                for (place, validator) in list.iter().enumerate() {
                    // Those of `--core-validators` are in the plan, and nowhere else.
                    let Some(named) = profile.core.validators.get(place) else {
                        break;
                    };
                    if named.account()? == validator.account {
                        checks.same(&what("a weight"), named.weight, validator.weight)?;
                    }
                }
            }
            SleeveKind::StCore => {
                checks.same(&what("TOKEN"), deployment.address("StCore")?, info.token)?;
                let earn = place.read_at(adapter, &IStCoreSleeve::EARNCall {}).await?;
                checks.same(&what("EARN"), deployment.address("CoreEarn")?, earn)?;
                if let Some(part) = &profile.stcore {
                    let exit = place.read_at(adapter, &ISleeve::MAX_EXITCall {}).await?;
                    checks.same(&what("MAX_EXIT"), part.max_exit, exit)?;
                    let fee = place
                        .read_at(adapter, &IStCoreSleeve::MAX_FEECall {})
                        .await?;
                    checks.same(&what("MAX_FEE"), part.max_fee, fee)?;
                }
                let hold = place
                    .read_at(adapter, &IStCoreSleeve::termsHoldCall {})
                    .await?;
                checks.same(&what("termsHold"), true, hold)?;
            }
            SleeveKind::Btc | SleeveKind::Lst => {
                checks.same(&what("TOKEN"), deployment.address("CoreBtc")?, info.token)?;
            }
        }
        // Two sources that are one would have been refused; that they answer now is what is asked.
        if let (Some(feed), true) = (at.feed, share.kind != SleeveKind::Core) {
            let asset = info.token;
            let quote = place
                .read_at(feed, &IPriceFeed::quoteCall { asset })
                .await?;
            checks.same(&what("the state of its price"), 0, quote.state)?;
            let listed = place
                .read_at(feed, &IPriceFeed::listingCall { asset })
                .await?;
            let source = match share.kind {
                SleeveKind::StCore => "EarnSource",
                _ => "BtcAggregatorSource",
            };
            checks.same(
                &what("its source"),
                deployment.address(source)?,
                listed.fair,
            )?;
            if let Some(second) = deployment.part("BtcReferenceSource")
                && share.kind == SleeveKind::Btc
            {
                checks.same(&what("its second source"), second, listed.market)?;
            }
        }
    }
    if let Some(feed) = at.feed {
        let governor = place.read_at(feed, &IPriceFeed::GOVERNORCall {}).await?;
        checks.same("feed.GOVERNOR", at.timelock, governor)?;
    }

    // Governance is slower than every exit, and nobody else's.
    let delay = place
        .read_at(at.timelock, &ITimelock::getMinDelayCall {})
        .await?;
    checks.same("timelock.getMinDelay", profile.gov.delay, delay)?;
    let exit = site.read(&IBasket::longestExitCall {}).await?;
    checks.same(
        "the delay is as long as the longest exit",
        true,
        delay >= exit,
    )?;
    let longest = place
        .read_at(at.timelock, &IBasketTimelock::longestExitCall {})
        .await?;
    checks.same("timelock.longestExit", exit, longest)?;
    let baskets = place
        .read_at(at.timelock, &IBasketTimelock::basketsCall {})
        .await?;
    checks.same(
        "timelock.baskets",
        format!("{:?}", [at.basket]),
        format!("{baskets:?}"),
    )?;
    for (role, account, expected) in [
        ("PROPOSER_ROLE", at.governor, true),
        ("CANCELLER_ROLE", at.governor, true),
        ("EXECUTOR_ROLE", Address::ZERO, true),
        ("PROPOSER_ROLE", deployer, false),
        ("CANCELLER_ROLE", deployer, false),
        ("", deployer, false),
        ("", at.timelock, true),
    ] {
        let id = if role.is_empty() {
            B256::ZERO
        } else {
            role_id(role)
        };
        let call = IAccessControl::hasRoleCall { role: id, account };
        let found = place.read_at(at.timelock, &call).await?;
        let role = if role.is_empty() {
            "administration"
        } else {
            role
        };
        checks.same(
            &format!("the timelock's {role} of {account}"),
            expected,
            found,
        )?;
    }
    let mut sum = U256::ZERO;
    for owner in allocations(settings, deployer, at.timelock)? {
        let account = owner.account;
        let held = place
            .read_at(at.gov, &IToken::balanceOfCall { account })
            .await?;
        checks.same(
            &format!("GOV of {} ({account})", owner.name),
            owner.amount.0,
            held,
        )?;
        sum = sum.saturating_add(owner.amount.0);
    }
    let supply = place.read_at(at.gov, &IToken::totalSupplyCall {}).await?;
    checks.same("all GOV", sum, supply)?;
    for (what, expected, found) in [
        (
            "gov.TIMELOCK",
            at.timelock,
            place.read_at(at.gov, &IGovToken::TIMELOCKCall {}).await?,
        ),
        (
            "governor.timelock",
            at.timelock,
            place
                .read_at(at.governor, &IGovernor::timelockCall {})
                .await?,
        ),
        (
            "governor.token",
            at.gov,
            place.read_at(at.governor, &IGovernor::tokenCall {}).await?,
        ),
        (
            "governor.GUARDIAN",
            at.guardian,
            place
                .read_at(at.governor, &IBasketGovernor::GUARDIANCall {})
                .await?,
        ),
        (
            "guardian.TIMELOCK",
            at.timelock,
            place
                .read_at(at.guardian, &IGuardian::TIMELOCKCall {})
                .await?,
        ),
        (
            "guardian.holder",
            guardian,
            place
                .read_at(at.guardian, &IGuardian::holderCall {})
                .await?,
        ),
    ] {
        checks.same(what, expected, found)?;
    }
    let floor = place
        .read_at(at.governor, &IBasketGovernor::QUORUM_FLOORCall {})
        .await?;
    checks.same("governor.QUORUM_FLOOR", profile.gov.quorum_floor.0, floor)?;
    Ok(checks.count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clone of OpenZeppelin's: the address that EIP-1014 gives for its creation code, put together by hand.
    #[test]
    fn a_clone_is_where_the_rules_put_it() {
        let (factory, code) = (Address::repeat_byte(0xfa), Address::repeat_byte(0xc0));
        let (creator, salt) = (Address::repeat_byte(0xcc), B256::repeat_byte(0x5a));
        let init = hex::decode(format!(
            "3d602d80600a3d3981f3363d3d373d3d3d363d73{}5af43d82803e903d91602b57fd5bf3",
            "c0".repeat(20)
        ))
        .unwrap();
        let mut inner = vec![0; 12];
        inner.extend_from_slice(&[0xcc; 20]);
        inner.extend_from_slice(&[0x5a; 32]);
        let mut outer = vec![0xff];
        outer.extend_from_slice(&[0xfa; 20]);
        outer.extend_from_slice(keccak256(&inner).as_slice());
        outer.extend_from_slice(keccak256(&init).as_slice());
        let expected = Address::from_slice(&keccak256(&outer)[12..]);
        assert_eq!(clone_address(factory, code, creator, salt), expected);
    }

    #[test]
    fn a_limit_may_be_rounded_down_and_nothing_else() {
        let million = U256::from(16_000_000);
        let mut checks = Checks::default();
        checks
            .nearly("x", million, million - U256::from(2))
            .unwrap();
        checks
            .nearly("x", million, million - U256::from(3))
            .unwrap_err();
        checks
            .nearly("x", million, million + U256::from(1))
            .unwrap_err();
    }
}
