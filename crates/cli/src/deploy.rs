//! `omnibus deploy`: a plan made whole and shown before anything is sent, carried out exactly once, read back, written down.

mod basket;
mod outside;

pub use outside::OPERATOR;

use crate::{
    abi::{
        IAccessControl, IAmmRoute, IBucketFactory, ILiquidCoinVault, ILiquidMinter,
        ILiquidReceipts, ILiquidRewards, ILiquidToken, ILiquidVault, IMinterSetup, IPlumeStaking,
        IRewardConverter, LiquidHalt, LocalStaking, TimelockController,
    },
    amount::Amount,
    args, artifact,
    artifact::Artifact,
    config::Settings,
    deployment::{Contract, Deployment, SCHEMA},
    error::{Problem, Result},
    journal::{self, Journal},
    keys,
    lock::Lock,
    output::Output,
    plan::{Plan, PlanFile, carry_out},
    profile::{Kind, Setup, Staking},
    session::{Place, connect},
    uniswap::{self, Pair},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U256, address, aliases::U96, keccak256},
    signers::local::PrivateKeySigner,
    sol_types::{SolCall as _, SolValue as _},
};
use chain::{Pool, Receipt};
use serde::Serialize;
use std::collections::BTreeMap;

/// The staking system's name for its own coin.
const NATIVE: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
/// ERC-1967: a proxy keeps its implementation at the hash of this, minus one.
const IMPLEMENTATION_SLOT: &str = "eip1967.proxy.implementation";
/// What is deployed, in this order. The minter is one address in several parts: the minter hands the exit bus to the
/// keeper and all else that it does not know to the staker, that to payouts, that to admin, that to views. Vault, halt,
/// receipts, converter and route come last: nothing but the minter (receipts) and the vault needs their addresses.
const CONTRACTS: [&str; 16] = [
    "BucketFactory",
    "LiquidToken",
    "LiquidRewards",
    "LiquidViews",
    "LiquidAdmin",
    "LiquidPayouts",
    "LiquidStaker",
    "LiquidKeeper",
    "LiquidMinter",
    "ERC1967Proxy",
    "LiquidVault",
    "LiquidCoinVault",
    "LiquidReceipts",
    "RewardConverter",
    "LiquidHalt",
    AMM_ROUTE,
];
/// The optional AMM path. It is deployed switched off, where there is a wrapped coin; the admin switches it on and allows pools.
const AMM_ROUTE: &str = "AmmRoute";
/// The wrapped coin that pools hold.
const WRAPPED_COIN: &str = "WrappedCoin";
/// A local chain's own Uniswap, and its pool.
const FACTORY: &str = "UniswapV2Factory";
/// See [`FACTORY`].
const PAIR: &str = "UniswapV2Pair";
/// The most that a sale may fall short of the rate where `--pool` switches the AMM path on, basis points.
const POOL_SLIPPAGE_BPS: u64 = 200;
/// The admin, where a governor is named: it has no delay of its own, because the minter enforces them.
pub const TIMELOCK: &str = "TimelockController";
/// Buckets created per transaction: about 2M gas.
const BUCKETS_PER_CALL: u64 = 16;

/// Who gets which power.
#[derive(Clone, Copy, Debug)]
struct Roles {
    admin: Address,
    /// Proposes to the timelock that is the admin then.
    governor: Option<Address>,
    guardian: Address,
    keeper: Address,
    fee_recipient: Address,
    /// What was not merely a fallback.
    named: Named,
}

/// Roles that somebody named: where the basket falls back on another account than the liquid side.
#[derive(Clone, Copy, Debug)]
struct Named {
    guardian: bool,
    fee_recipient: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    chain_id: u64,
    account: Address,
    first_nonce: u64,
    coins: Amount,
    /// All GOV that there will ever be; empty without a basket.
    gov: Vec<basket::Owner>,
    steps: Vec<ShownStep<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownStep<'a> {
    title: &'a str,
    to: Option<Address>,
    creates: Option<Address>,
    value: Amount,
}

/// What a deployment consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sides {
    liquid: bool,
    basket: bool,
}

impl Sides {
    /// What the profile has, or the one side of it that was asked for.
    fn wanted(settings: &Settings, args: &args::Deploy) -> Result<Self> {
        let profile = &settings.profile;
        match args.only {
            None => Ok(Self {
                liquid: profile.setup.is_some(),
                basket: profile.basket.is_some(),
            }),
            Some(args::Only::Liquid) => profile.liquid().map(|_| Self {
                liquid: true,
                basket: false,
            }),
            Some(args::Only::Basket) => profile.basket().map(|_| Self {
                liquid: false,
                basket: true,
            }),
        }
    }

    /// What a plan makes, whoever asked for it.
    fn of(plan: &Plan) -> Self {
        let makes = |wanted: &str| {
            plan.steps
                .iter()
                .filter_map(|step| step.creates.as_ref())
                .any(|(name, _)| name == wanted)
        };
        Self {
            liquid: makes("LiquidMinter proxy"),
            basket: makes("BasketFactory"),
        }
    }
}

/// How much to say and ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Show the plan, ask, and report.
    Yes,
    /// Show the plan and report.
    Confirmed,
    /// Progress only: part of another command.
    Quietly,
}

/// `omnibus deploy`.
///
/// # Errors
/// See [`deploy`].
pub async fn run(settings: &Settings, args: &args::Deploy, out: Output) -> Result<()> {
    if args.plan {
        let pool = connect(settings).await?;
        let signer = keys::signer(settings)?;
        let plan = plan(
            settings,
            args,
            &pool,
            &signer,
            roles(settings, args, &signer)?,
        )
        .await?;
        let shown = shown(settings, args, &plan)?;
        out.result(&shown, |shown| listing(settings, shown));
        return Ok(());
    }
    deploy(
        settings,
        args,
        if args.yes { Ask::Confirmed } else { Ask::Yes },
        out,
    )
    .await?;
    if args.smoke {
        // The liquid side's; the basket's own first deposit is in every deployment of it.
        settings.profile.liquid()?;
        crate::smoke::run(settings, out).await?;
    }
    Ok(())
}

/// Deploys, or finishes a deployment that was cut short.
///
/// # Errors
/// See [`carry_out`]; [`Problem::AlreadyDeployed`], [`Problem::NotConfirmed`], [`Problem::Verification`].
pub async fn deploy(
    settings: &Settings,
    args: &args::Deploy,
    ask: Ask,
    out: Output,
) -> Result<Deployment> {
    let pool = connect(settings).await?;
    let path = Deployment::path(
        &settings.deployments,
        settings.profile.chain_id,
        &settings.deployment,
    );
    if path.exists() {
        return Err(Problem::AlreadyDeployed { path });
    }
    let signer = keys::signer(settings)?;
    let folder = settings.deployments.join(pool.chain_id().to_string());
    let _lock = Lock::take(&folder)?;
    let file = PlanFile::new(&folder, &settings.deployment);
    let home = journal::folder(&settings.data_dir, &pool, signer.address());
    let key = journal::hold_key(&home, signer.address())?;
    let roles = roles(settings, args, &signer)?;
    let plan = match file.unfinished()? {
        Some(plan) => {
            file.check(&plan, &pool, signer.address())?;
            out.note(format!(
                "an earlier deployment of `{}` was cut short: going on with its plan",
                settings.deployment
            ));
            plan
        }
        None => {
            let plan = plan(settings, args, &pool, &signer, roles).await?;
            if ask != Ask::Quietly {
                out.note(listing(settings, &shown(settings, args, &plan)?));
            }
            if ask == Ask::Yes
                && !out.confirm(&format!(
                    "Send these transactions to {}?",
                    settings.profile.chain_name
                ))
            {
                return Err(Problem::NotConfirmed);
            }
            file.begin(&plan)?;
            plan
        }
    };
    let roles = governed(&plan, roles);
    let journal = Journal::open(&home, key, &pool, settings.profile.kind).await?;
    let hand = journal.hand(&pool, signer)?;
    let receipts = carry_out(&plan, &settings.deployment, &hand, out).await?;
    let deployment = describe(settings, &plan, &receipts, roles, &pool).await?;
    let pooled = args.pool.unwrap_or_default().0;
    verify(settings, &deployment, roles, pooled, &pool, out).await?;
    let path = deployment.save(&settings.deployments)?;
    file.end()?;
    if ask != Ask::Quietly {
        out.result(&deployment, |deployment| {
            summary(deployment, &path.display().to_string())
        });
    }
    Ok(deployment)
}

fn roles(settings: &Settings, args: &args::Deploy, signer: &PrivateKeySigner) -> Result<Roles> {
    let setup = settings.profile.setup.as_ref();
    let basket = settings.profile.basket.as_deref();
    let local = settings.profile.kind == Kind::Local;
    let published = |label: &str| keys::published(label).map(|key| key.address());
    let or = |given: Option<Address>, fallback: Address| given.unwrap_or(fallback);
    // The liquid side's word counts for both, where there is one.
    let named = |liquid: fn(&Setup) -> Option<Address>, other: Option<Address>| {
        setup.and_then(liquid).or(other)
    };
    let governor = args.governor.or(named(|setup| setup.governor, None));
    // With a governor the admin becomes the timelock as soon as its address is known.
    let admin = or(
        args.admin.or(named(|setup| setup.admin, None)).or(governor),
        signer.address(),
    );
    let guardian = args.guardian.or(named(
        |setup| setup.guardian,
        basket.and_then(|basket| basket.guardian),
    ));
    let keeper = args.keeper.or(named(
        |setup| setup.keeper,
        basket.and_then(|basket| basket.keeper),
    ));
    let fees = args.fee_recipient.or(named(
        |setup| setup.fee_recipient,
        basket.and_then(|basket| basket.fee_recipient),
    ));
    Ok(Roles {
        admin,
        governor,
        guardian: or(guardian, if local { published("guardian")? } else { admin }),
        keeper: or(
            keeper,
            if local {
                published("keeper")?
            } else {
                signer.address()
            },
        ),
        fee_recipient: or(fees, if local { published("fees")? } else { admin }),
        named: Named {
            guardian: local || guardian.is_some(),
            fee_recipient: local || fees.is_some(),
        },
    })
}

/// The roles with the timelock as the admin, if the plan has one.
fn governed(plan: &Plan, roles: Roles) -> Roles {
    let timelock = plan.steps.iter().find_map(|step| {
        step.creates
            .as_ref()
            .filter(|(name, _)| name == TIMELOCK)
            .map(|(_, address)| *address)
    });
    Roles {
        admin: timelock.unwrap_or(roles.admin),
        ..roles
    }
}

async fn plan(
    settings: &Settings,
    args: &args::Deploy,
    pool: &Pool,
    signer: &PrivateKeySigner,
    roles: Roles,
) -> Result<Plan> {
    let sides = Sides::wanted(settings, args)?;
    let nonce = pool.nonce(signer.address(), BlockId::latest()).await?;
    let mut plan = Plan::new(pool, signer.address(), nonce);
    if sides.liquid {
        plan_liquid(settings, args, pool, signer, roles, &mut plan).await?;
    }
    if sides.basket {
        basket::plan(settings, args, pool, roles, sides.liquid, &mut plan).await?;
    }
    Ok(plan)
}

async fn plan_liquid(
    settings: &Settings,
    args: &args::Deploy,
    pool: &Pool,
    signer: &PrivateKeySigner,
    roles: Roles,
    plan: &mut Plan,
) -> Result<()> {
    let profile = &settings.profile;
    let (system, setup) = profile.liquid()?;
    let (staking, validators) = match args.staking.or(system.address) {
        Some(staking) => (staking, read_validators(pool, staking).await?),
        None if system.stand_in && profile.kind != Kind::Mainnet => (
            stand_in(system, plan)?,
            system
                .validators
                .iter()
                .map(|validator| validator.id)
                .collect(),
        ),
        None => {
            return Err(Problem::Argument {
                what: "--staking".to_owned(),
                reason: format!(
                    "the profile `{}` names no staking system; give its address",
                    profile.name
                ),
            });
        }
    };

    let mut libraries = BTreeMap::new();
    for name in CONTRACTS {
        add_libraries(plan, &mut libraries, name)?;
    }
    // The contracts know each other's addresses for ever, so the addresses come first.
    let ahead = |name: &str| {
        plan.address_ahead(
            CONTRACTS
                .iter()
                .position(|known| *known == name)
                .unwrap_or_default(),
        )
    };
    let (rewards, minter) = (ahead("LiquidRewards"), ahead("ERC1967Proxy"));
    let coin_vault = ahead("LiquidCoinVault");
    let receipts = ahead("LiquidReceipts");
    let deploy =
        |plan: &mut Plan, name: &str, arguments: Vec<u8>, value: U256| -> Result<Address> {
            let code = Artifact::load(name)?.creation_code(&libraries, &arguments)?;
            Ok(plan.deploy(
                if name == "ERC1967Proxy" {
                    "LiquidMinter proxy"
                } else {
                    name
                },
                code,
                value,
            ))
        };
    let factory = deploy(
        plan,
        "BucketFactory",
        (minter, staking).abi_encode_params(),
        U256::ZERO,
    )?;
    let names = (
        profile.lst_name.clone(),
        profile.lst_symbol.clone(),
        minter,
        rewards,
    );
    let token = deploy(plan, "LiquidToken", names.abi_encode_params(), U256::ZERO)?;
    let fee = U256::from(setup.reward_fee_bps);
    deploy(
        plan,
        "LiquidRewards",
        (minter, token, fee).abi_encode_params(),
        U256::ZERO,
    )?;
    let views = deploy(
        plan,
        "LiquidViews",
        (token, staking).abi_encode_params(),
        U256::ZERO,
    )?;
    let admin = deploy(
        plan,
        "LiquidAdmin",
        (token, staking, views).abi_encode_params(),
        U256::ZERO,
    )?;
    let payouts = deploy(
        plan,
        "LiquidPayouts",
        (token, staking, admin).abi_encode_params(),
        U256::ZERO,
    )?;
    let staker = deploy(
        plan,
        "LiquidStaker",
        (token, staking, factory, payouts).abi_encode_params(),
        U256::ZERO,
    )?;
    let keeper = deploy(
        plan,
        "LiquidKeeper",
        (token, staking, factory).abi_encode_params(),
        U256::ZERO,
    )?;
    let code = deploy(
        plan,
        "LiquidMinter",
        (token, staking, factory, keeper, staker, receipts).abi_encode_params(),
        U256::ZERO,
    )?;
    let narrow = |what: &str, amount: Amount| {
        U96::checked_from_limbs_slice(amount.0.as_limbs()).ok_or_else(|| Problem::Argument {
            what: what.to_owned(),
            reason: "is too large".to_owned(),
        })
    };
    let initialize = IMinterSetup::initializeCall {
        p: IMinterSetup::InitParams {
            // The deployer governs until the last step hands over.
            admin: signer.address(),
            guardian: roles.guardian,
            rewards,
            factory,
            feeRecipient: roles.fee_recipient,
            withholdBps: setup.withhold_bps,
            minInstantFeeBps: setup.min_instant_fee_bps,
            maxInstantFeeBps: setup.max_instant_fee_bps,
            standardFeeBps: setup.standard_fee_bps,
            batchThreshold: narrow("batch_threshold", setup.batch_threshold)?,
            interval: setup.interval,
            minStake: narrow("min_stake", setup.min_stake)?,
            keeperGrace: setup.keeper_grace,
            safety: setup.safety,
            minRungAge: setup.min_rung_age,
            maxSyncAge: setup.max_sync_age,
        },
    };
    let arguments = (code, Bytes::from(initialize.abi_encode())).abi_encode_params();
    let proxy = deploy(plan, "ERC1967Proxy", arguments, setup.seed_deposit.0)?;
    let arguments = (
        vault_name(settings),
        vault_symbol(settings),
        token,
        minter,
        rewards,
        coin_vault,
    );
    let vault = deploy(
        plan,
        "LiquidVault",
        arguments.abi_encode_params(),
        U256::ZERO,
    )?;
    let entry = deploy(plan, "LiquidCoinVault", vault.abi_encode(), U256::ZERO)?;
    if proxy != minter || entry != coin_vault {
        return Err(Problem::Unexpected(
            "a contract is not where the other contracts expect it".to_owned(),
        ));
    }
    let names = (
        minter,
        format!("{} exit receipt", profile.lst_name),
        format!("{}-EXIT", profile.lst_symbol),
    );
    let at = deploy(
        plan,
        "LiquidReceipts",
        names.abi_encode_params(),
        U256::ZERO,
    )?;
    if at != receipts {
        return Err(Problem::Unexpected(
            "the receipts are not where the minter expects them".to_owned(),
        ));
    }
    let converter = deploy(plan, "RewardConverter", minter.abi_encode(), U256::ZERO)?;

    let halt = deploy(
        plan,
        "LiquidHalt",
        (token, staking, code).abi_encode_params(),
        U256::ZERO,
    )?;
    let wrapped = wrapped_coin(settings, args, pool, plan).await?;
    let route = match wrapped {
        Some(wrapped) => {
            let amm = &profile.amm;
            // None: an empty list is encoded alike, whatever it would hold.
            let no_pools = Vec::<Address>::new();
            let arguments = (
                minter,
                token,
                wrapped,
                amm.twap_window,
                U256::from(amm.twap_ticks),
                no_pools,
            );
            let route = deploy(plan, AMM_ROUTE, arguments.abi_encode_params(), U256::ZERO)?;
            Some((route, wrapped))
        }
        None => None,
    };
    if let Some(governor) = roles.governor {
        let only = vec![governor];
        let arguments = (U256::ZERO, only.clone(), only, Address::ZERO).abi_encode_params();
        deploy(plan, TIMELOCK, arguments, U256::ZERO)?;
    }
    let roles = governed(plan, roles);

    if let (Some(coins), Some((route, wrapped))) = (args.pool, route) {
        local_pool(
            plan,
            coins.0,
            Market {
                minter,
                token,
                wrapped,
                route,
            },
        )?;
    }
    let liquid = Liquid {
        minter,
        vault,
        halt,
        converter,
    };
    wire(args, plan, liquid, &validators, roles, (system, setup));
    Ok(())
}

/// The wrapped coin: the one that is named, else a stand-in where the profile allows one.
async fn wrapped_coin(
    settings: &Settings,
    args: &args::Deploy,
    pool: &Pool,
    plan: &mut Plan,
) -> Result<Option<Address>> {
    let amm = &settings.profile.amm;
    let refused = |what: &str, reason: String| Problem::Argument {
        what: what.to_owned(),
        reason,
    };
    if args.pool.is_some() && (settings.profile.kind != Kind::Local || !amm.stand_in) {
        return Err(refused(
            "--pool",
            format!(
                "a pool of one's own is for local chains, not for the profile `{}`",
                settings.profile.name
            ),
        ));
    }
    if let Some(wrapped) = args.wrapped_coin.or(amm.wrapped_coin) {
        if pool.code(wrapped, BlockId::latest()).await?.is_empty() {
            let reason = format!("there is no contract at {wrapped}");
            return Err(refused("--wrapped-coin", reason));
        }
        return Ok(Some(wrapped));
    }
    if !amm.stand_in || settings.profile.kind == Kind::Mainnet {
        return Ok(None);
    }
    let symbol = &settings.profile.native_symbol;
    let arguments = (format!("Wrapped {symbol}"), format!("W{symbol}")).abi_encode_params();
    let code = Artifact::load("LocalToken")?.creation_code(&BTreeMap::new(), &arguments)?;
    Ok(Some(plan.deploy(WRAPPED_COIN, code, U256::ZERO)))
}

/// Who trades where.
#[derive(Clone, Copy, Debug)]
struct Market {
    minter: Address,
    token: Address,
    wrapped: Address,
    route: Address,
}

/// The real Uniswap V2 with one pool of LST and wrapped coin, `coins` wei of each, and the AMM path switched on through it.
fn local_pool(plan: &mut Plan, coins: U256, market: Market) -> Result<()> {
    let Market {
        minter,
        token,
        wrapped,
        route,
    } = market;
    let me = plan.account;
    let factory = plan.deploy(
        FACTORY,
        uniswap::factory_code(&me.abi_encode())?,
        U256::ZERO,
    );
    let pair = uniswap::pair_address(factory, token, wrapped)?;
    let call = uniswap::Factory::createPairCall {
        a: token,
        b: wrapped,
    };
    plan.call(
        "stand-in: a Uniswap V2 pool",
        factory,
        call.abi_encode(),
        U256::ZERO,
    );
    plan.call(
        "stand-in: tokens for the pool",
        minter,
        ILiquidMinter::submitCall {}.abi_encode(),
        coins,
    );
    plan.call(
        "stand-in: wrapped coins for the pool",
        wrapped,
        uniswap::Wrapped::depositCall {}.abi_encode(),
        coins,
    );
    for (name, asset) in [("tokens", token), ("wrapped coins", wrapped)] {
        let call = ILiquidToken::transferCall {
            to: pair,
            value: coins,
        };
        plan.call(
            format!("stand-in: {name} into the pool"),
            asset,
            call.abi_encode(),
            U256::ZERO,
        );
    }
    plan.call(
        "stand-in: the pool's first liquidity",
        pair,
        Pair::mintCall { to: me }.abi_encode(),
        U256::ZERO,
    );
    let call = ILiquidMinter::setAmmRouteCall {
        route,
        slippageBps: U256::from(POOL_SLIPPAGE_BPS),
    };
    plan.call(
        format!("switch the AMM path on, at most {POOL_SLIPPAGE_BPS} bps below the rate"),
        minter,
        call.abi_encode(),
        U256::ZERO,
    );
    let call = ILiquidMinter::setAmmPoolCall {
        pool: pair,
        style: uniswap::V2,
        feeBps: U256::from(uniswap::FEE_BPS),
    };
    plan.call("allow the pool", minter, call.abi_encode(), U256::ZERO);
    Ok(())
}

fn add_libraries(plan: &mut Plan, known: &mut BTreeMap<String, Address>, name: &str) -> Result<()> {
    for library in Artifact::load(name)?.libraries() {
        if known.contains_key(library) {
            continue;
        }
        add_libraries(plan, known, library)?;
        let code = Artifact::load(library)?.creation_code(known, &[])?;
        let address = plan.deploy(library, code, U256::ZERO);
        known.insert(library.to_owned(), address);
    }
    Ok(())
}

/// Name of the vault's shares.
fn vault_name(settings: &Settings) -> String {
    format!("Compounding {}", settings.profile.lst_name)
}

/// Symbol of the vault's shares.
#[must_use]
pub fn vault_symbol(settings: &Settings) -> String {
    format!("c{}", settings.profile.lst_symbol)
}

/// What gets wired.
#[derive(Clone, Copy, Debug)]
struct Liquid {
    minter: Address,
    vault: Address,
    halt: Address,
    converter: Address,
}

/// Roles, parameters, validators and buckets; at the end the deployer hands over.
fn wire(
    args: &args::Deploy,
    plan: &mut Plan,
    Liquid {
        minter,
        vault,
        halt,
        converter,
    }: Liquid,
    validators: &[u16],
    roles: Roles,
    (system, setup): (&Staking, &Setup),
) {
    let me = plan.account;
    let call =
        |plan: &mut Plan, title: String, data: Vec<u8>| plan.call(title, minter, data, U256::ZERO);
    call(
        plan,
        "copy the validators into the registry".to_owned(),
        ILiquidMinter::syncValidatorsCall {}.abi_encode(),
    );
    call(
        plan,
        "name the vault".to_owned(),
        ILiquidMinter::setVaultCall { vault }.abi_encode(),
    );
    call(
        plan,
        "name the converter of rewards in tokens".to_owned(),
        ILiquidMinter::setConverterCall { converter }.abi_encode(),
    );
    call(
        plan,
        "name the code that governor and guardian may switch to".to_owned(),
        ILiquidMinter::setHaltCall { code: halt }.abi_encode(),
    );
    let grant = |plan: &mut Plan, role: &str, account: Address| {
        let data = IAccessControl::grantRoleCall {
            role: role_id(role),
            account,
        }
        .abi_encode();
        plan.call(
            format!("grant {role} to {account}"),
            minter,
            data,
            U256::ZERO,
        );
    };
    grant(plan, "REBALANCER_ROLE", me);
    for role in ["REBALANCER_ROLE", "CLAIMER_ROLE", "HANDLER_ROLE"] {
        if role != "REBALANCER_ROLE" || roles.keeper != me {
            grant(plan, role, roles.keeper);
        }
    }
    let bps = U256::from(system.percentage_cap_bps);
    let data = ILiquidMinter::setStakingPercentageCapCall { bps }.abi_encode();
    call(
        plan,
        format!("mirror the staking system's percentage cap of {bps} bps"),
        data,
    );
    let buckets = args.buckets.unwrap_or(setup.buckets_per_validator);
    for id in validators {
        let data = ILiquidMinter::setValidatorWeightCall {
            validatorId: *id,
            weight: U256::from(setup.weight),
        }
        .abi_encode();
        call(
            plan,
            format!("weight {} for validator {id}", setup.weight),
            data,
        );
        let mut left = buckets;
        while left > 0 {
            let count = left.min(BUCKETS_PER_CALL);
            let data = ILiquidMinter::addBucketsCall {
                validatorId: *id,
                count: U256::from(count),
            }
            .abi_encode();
            call(plan, format!("{count} buckets for validator {id}"), data);
            left = left.saturating_sub(count);
        }
    }
    if setup.keeper_gas.0 > U256::ZERO && roles.keeper != me {
        plan.call(
            format!("{} coins for the keeper's gas", setup.keeper_gas),
            roles.keeper,
            Bytes::new(),
            setup.keeper_gas.0,
        );
    }
    if roles.keeper != me {
        let data = IAccessControl::renounceRoleCall {
            role: role_id("REBALANCER_ROLE"),
            callerConfirmation: me,
        }
        .abi_encode();
        call(plan, "give up REBALANCER_ROLE".to_owned(), data);
    }
    if roles.admin != me {
        let data = IAccessControl::grantRoleCall {
            role: B256::ZERO,
            account: roles.admin,
        }
        .abi_encode();
        call(plan, format!("make {} the admin", roles.admin), data);
    }
    if setup.seal {
        call(
            plan,
            "end the setup: from here every delay holds".to_owned(),
            ILiquidMinter::sealSetupCall {}.abi_encode(),
        );
    }
    if roles.admin != me {
        let data = IAccessControl::renounceRoleCall {
            role: B256::ZERO,
            callerConfirmation: me,
        }
        .abi_encode();
        call(plan, "give up the deployer's power".to_owned(), data);
    }
}

/// The code that a proxy runs.
///
/// # Errors
/// Those of the chain.
pub async fn implementation(pool: &Pool, proxy: Address) -> Result<Address> {
    let slot = U256::from_be_bytes(keccak256(IMPLEMENTATION_SLOT).0).saturating_sub(U256::from(1));
    Ok(Address::from_word(
        pool.storage(proxy, slot, BlockId::latest()).await?,
    ))
}

/// The id of a role: `keccak256` of its name, as OpenZeppelin has it.
#[must_use]
pub fn role_id(name: &str) -> B256 {
    keccak256(name)
}

fn stand_in(local: &Staking, plan: &mut Plan) -> Result<Address> {
    let none = BTreeMap::new();
    let me = plan.account;
    let arguments = (
        me,
        local.min_stake.0,
        U256::from(local.cooldown),
        U256::from(local.max_vote_duration),
    )
        .abi_encode_params();
    let staking = plan.deploy(
        "LocalStaking",
        Artifact::load("LocalStaking")?.creation_code(&none, &arguments)?,
        U256::ZERO,
    );
    let code = Artifact::load("LocalTreasury")?.creation_code(&none, &staking.abi_encode())?;
    let treasury = plan.deploy("LocalTreasury", code, U256::ZERO);
    let mut call =
        |title: String, data: Vec<u8>, value: U256| plan.call(title, staking, data, value);
    call(
        "stand-in: set the treasury".to_owned(),
        LocalStaking::setTreasuryCall { treasury }.abi_encode(),
        U256::ZERO,
    );
    call(
        "stand-in: pay rewards in the coin".to_owned(),
        LocalStaking::addRewardTokenCall { token: NATIVE }.abi_encode(),
        U256::ZERO,
    );
    for validator in &local.validators {
        let admin = keys::published(&format!("validator {}", validator.id))?.address();
        let data = LocalStaking::addValidatorCall {
            id: validator.id,
            commission: U256::from(validator.commission_bps)
                .saturating_mul(U256::from(100_000_000_000_000_u64)),
            l2Admin: admin,
            l2Withdraw: admin,
            l1Validator: validator.name.clone(),
            l1Account: validator.name.clone(),
            l1AccountEvm: admin,
            maxCapacity: validator.capacity.0,
        };
        call(
            format!("stand-in: validator {} ({})", validator.id, validator.name),
            data.abi_encode(),
            U256::ZERO,
        );
        if local.self_stake.0 > U256::ZERO {
            let data = LocalStaking::stakeOnBehalfCall {
                id: validator.id,
                staker: admin,
            }
            .abi_encode();
            call(
                format!("stand-in: {} coins of its own", local.self_stake),
                data,
                local.self_stake.0,
            );
        }
    }
    let rate: U256 = local.reward_rate.parse().map_err(|_| Problem::Argument {
        what: "reward_rate".to_owned(),
        reason: "is not a number of wei".to_owned(),
    })?;
    let data = LocalStaking::setRewardRatesCall {
        tokens: vec![NATIVE],
        rates: vec![rate],
    }
    .abi_encode();
    call("stand-in: reward rate".to_owned(), data, U256::ZERO);
    let data = LocalStaking::setMaxValidatorPercentageCall {
        bps: U256::from(local.percentage_cap_bps),
    }
    .abi_encode();
    call("stand-in: percentage cap".to_owned(), data, U256::ZERO);
    plan.call(
        format!("stand-in: {} coins for its treasury", local.treasury),
        treasury,
        Bytes::new(),
        local.treasury.0,
    );
    Ok(staking)
}

async fn read_validators(pool: &Pool, staking: Address) -> Result<Vec<u16>> {
    let list = pool
        .read(
            staking,
            &IPlumeStaking::getValidatorsListCall {},
            BlockId::latest(),
        )
        .await
        .map_err(|error| Problem::Argument {
            what: "--staking".to_owned(),
            reason: format!("{staking} does not answer as the staking system does: {error}"),
        })?;
    Ok(list.iter().map(|item| item.id).collect())
}

fn shown<'a>(settings: &Settings, args: &args::Deploy, plan: &'a Plan) -> Result<Shown<'a>> {
    let gov = if Sides::wanted(settings, args)?.basket {
        basket::owners(settings, plan)?
    } else {
        Vec::new()
    };
    let coins = Amount(
        plan.steps
            .iter()
            .fold(U256::ZERO, |sum, step| sum.saturating_add(step.value)),
    );
    let steps = plan.steps.iter().map(|step| ShownStep {
        title: &step.title,
        to: step.to,
        creates: step.creates.as_ref().map(|(_, address)| *address),
        value: Amount(step.value),
    });
    Ok(Shown {
        chain_id: plan.chain_id,
        account: plan.account,
        first_nonce: plan.first_nonce,
        coins,
        gov,
        steps: steps.collect(),
    })
}

fn listing(settings: &Settings, shown: &Shown<'_>) -> String {
    let symbol = &settings.profile.native_symbol;
    // First what cannot be changed by any vote: who owns the votes.
    let mut lines = Vec::new();
    if !shown.gov.is_empty() {
        lines.push("GOV, all of it for ever:".to_owned());
        lines.extend(shown.gov.iter().map(|owner| {
            format!(
                "{:>20}  {} ({})",
                owner.amount.to_string(),
                owner.account,
                owner.name
            )
        }));
    }
    lines.push(format!(
        "{} (chain {}), {} transactions of {} from nonce {}, {} {symbol} besides gas:",
        settings.profile.chain_name,
        shown.chain_id,
        shown.steps.len(),
        shown.account,
        shown.first_nonce,
        shown.coins
    ));
    for (index, step) in shown.steps.iter().enumerate() {
        let value = if step.value.0.is_zero() {
            String::new()
        } else {
            format!(" with {} {symbol}", step.value)
        };
        let place = step
            .creates
            .map(|address| format!(" at {address}"))
            .unwrap_or_default();
        lines.push(format!(
            "{:>4}. {}{place}{value}",
            index.saturating_add(1),
            step.title
        ));
    }
    lines.join("\n")
}

async fn describe(
    settings: &Settings,
    plan: &Plan,
    receipts: &[Receipt],
    roles: Roles,
    pool: &Pool,
) -> Result<Deployment> {
    let mut contracts = BTreeMap::new();
    let mut first = u64::MAX;
    for (step, receipt) in plan.steps.iter().zip(receipts) {
        let Some((name, address)) = &step.creates else {
            continue;
        };
        if receipt.contract_address != Some(*address) {
            return Err(Problem::Verification {
                what: format!("the address of {name}"),
                expected: address.to_string(),
                found: format!("{:?}", receipt.contract_address),
            });
        }
        // The protocol is called by its proxy; the code behind it is named as such.
        let name = match name.as_str() {
            "LiquidMinter proxy" => "LiquidMinter",
            "LiquidMinter" => "LiquidMinterImplementation",
            name => name,
        };
        let code_hash = artifact::code_hash(&pool.code(*address, BlockId::latest()).await?);
        let contract = Contract {
            address: *address,
            code_hash,
            transaction: Some(receipt.transaction_hash),
            block: Some(receipt.block_number),
        };
        contracts.insert(name.to_owned(), contract);
        first = first.min(receipt.block_number);
    }
    let sides = Sides::of(plan);
    // What was there before, or was made by a contract.
    let mut others = Vec::new();
    if sides.liquid {
        others.extend(liquid_others(&contracts, pool).await?);
    }
    if sides.basket {
        others.extend(basket::others(settings, plan, &contracts, pool).await?);
    }
    for (name, address) in others {
        let code_hash = artifact::code_hash(&pool.code(address, BlockId::latest()).await?);
        let contract = Contract {
            address,
            code_hash,
            transaction: None,
            block: None,
        };
        contracts.insert(name.to_owned(), contract);
    }
    let stand_in = contracts.contains_key("LocalStaking")
        || basket::STAND_INS.iter().any(|name| {
            contracts
                .get(*name)
                .is_some_and(|made| made.block.is_some())
        });
    Ok(Deployment {
        schema: SCHEMA,
        name: settings.deployment.clone(),
        profile: settings.profile.name.clone(),
        chain_id: plan.chain_id,
        genesis: plan.genesis,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        block: first,
        deployer: plan.account,
        stand_in,
        contracts,
        roles: [
            ("admin", Some(roles.admin)),
            ("governor", roles.governor),
            ("guardian", Some(roles.guardian)),
            ("keeper", Some(roles.keeper)),
            ("feeRecipient", Some(roles.fee_recipient)),
        ]
        .into_iter()
        .filter_map(|(name, account)| Some((name.to_owned(), account?)))
        .collect(),
    })
}

/// The liquid side's contracts that no step of the plan made.
async fn liquid_others(
    contracts: &BTreeMap<String, Contract>,
    pool: &Pool,
) -> Result<Vec<(&'static str, Address)>> {
    let minter = contracts
        .get("LiquidMinter")
        .map(|contract: &Contract| contract.address)
        .unwrap_or_default();
    let mut others = Vec::new();
    if !contracts.contains_key("LocalStaking") {
        let staking = ILiquidMinter::stakingCall {};
        others.push((
            "Staking",
            pool.read(minter, &staking, BlockId::latest()).await?,
        ));
    }
    if let Some(route) = contracts.get(AMM_ROUTE)
        && !contracts.contains_key(WRAPPED_COIN)
    {
        let wrapped = pool
            .read(route.address, &IAmmRoute::WCOINCall {}, BlockId::latest())
            .await?;
        others.push((WRAPPED_COIN, wrapped));
    }
    if let (Some(factory), Some(wrapped)) = (contracts.get(FACTORY), contracts.get(WRAPPED_COIN)) {
        let token = pool
            .read(minter, &ILiquidMinter::tokenCall {}, BlockId::latest())
            .await?;
        let call = uniswap::Factory::getPairCall {
            a: token,
            b: wrapped.address,
        };
        let pair = pool.read(factory.address, &call, BlockId::latest()).await?;
        others.push((PAIR, pair));
    }
    Ok(others)
}

/// Reads the deployment back from the chain and compares it with what was asked for.
async fn verify(
    settings: &Settings,
    deployment: &Deployment,
    roles: Roles,
    pooled: U256,
    pool: &Pool,
    out: Output,
) -> Result<()> {
    let place = Place {
        pool: pool.clone(),
        deployment: deployment.clone(),
    };
    let mut checked = 0;
    if deployment.part("LiquidMinter").is_some() {
        checked += verify_liquid(settings, &place, roles, pooled).await?;
    }
    if deployment.part("Basket").is_some() {
        checked += basket::verify(settings, &place, roles).await?;
    }
    out.note(format!("verified: {checked} values read back"));
    Ok(())
}

/// How many values of the liquid side were compared.
async fn verify_liquid(
    settings: &Settings,
    place: &Place,
    roles: Roles,
    pooled: U256,
) -> Result<u32> {
    let (_, setup) = settings.profile.liquid()?;
    let (pool, deployment) = (&place.pool, &place.deployment);
    let site = place.liquid()?;
    let minter = site.minter;
    let mut checked = 0_u32;
    let mut same = |what: &str, expected: String, found: String| {
        checked = checked.saturating_add(1);
        if expected == found {
            Ok(())
        } else {
            Err(Problem::Verification {
                what: what.to_owned(),
                expected,
                found,
            })
        }
    };
    let text = |value: &dyn std::fmt::Display| value.to_string();
    let holds = |role: B256, account: Address| IAccessControl::hasRoleCall { role, account };

    let code = deployment.address("LiquidMinterImplementation")?;
    same(
        "the minter's implementation",
        text(&code),
        text(&implementation(pool, minter).await?),
    )?;
    let halt = pool
        .read(minter, &ILiquidMinter::haltCodeCall {}, BlockId::latest())
        .await?;
    same(
        "the halt",
        text(&deployment.address("LiquidHalt")?),
        text(&halt),
    )?;
    let (rewards, factory) = (
        deployment.address("LiquidRewards")?,
        deployment.address("BucketFactory")?,
    );
    same(
        "minter.token",
        text(&site.token),
        text(&site.read(&ILiquidMinter::tokenCall {}).await?),
    )?;
    same(
        "minter.rewards",
        text(&rewards),
        text(&site.read(&ILiquidMinter::rewardsCall {}).await?),
    )?;
    same(
        "minter.rewardsSink",
        text(&rewards),
        text(&site.read(&ILiquidMinter::rewardsSinkCall {}).await?),
    )?;
    same(
        "minter.factory",
        text(&factory),
        text(&site.read(&ILiquidMinter::factoryCall {}).await?),
    )?;
    same(
        "minter.receipts",
        text(&deployment.address("LiquidReceipts")?),
        text(&site.read(&ILiquidMinter::receiptsCall {}).await?),
    )?;
    same(
        "minter.converter",
        text(&deployment.address("RewardConverter")?),
        text(&site.read(&ILiquidMinter::converterCall {}).await?),
    )?;
    same(
        "minter.feeRecipient",
        text(&roles.fee_recipient),
        text(&site.read(&ILiquidMinter::feeRecipientCall {}).await?),
    )?;
    same(
        "token.MINTER",
        text(&minter),
        text(
            &site
                .read_at(site.token, &ILiquidToken::MINTERCall {})
                .await?,
        ),
    )?;
    same(
        "token.REWARDS",
        text(&rewards),
        text(
            &site
                .read_at(site.token, &ILiquidToken::REWARDSCall {})
                .await?,
        ),
    )?;
    let (vault, coin_vault) = (
        deployment.address("LiquidVault")?,
        deployment.address("LiquidCoinVault")?,
    );
    same(
        "minter.vault",
        text(&vault),
        text(&site.read(&ILiquidMinter::vaultCall {}).await?),
    )?;
    same(
        "vault.asset",
        text(&site.token),
        text(&site.read_at(vault, &ILiquidVault::assetCall {}).await?),
    )?;
    same(
        "vault.symbol",
        vault_symbol(settings),
        site.read_at(vault, &ILiquidVault::symbolCall {}).await?,
    )?;
    same(
        "vault.MINTER",
        text(&minter),
        text(&site.read_at(vault, &ILiquidVault::MINTERCall {}).await?),
    )?;
    same(
        "vault.REWARDS",
        text(&rewards),
        text(&site.read_at(vault, &ILiquidVault::REWARDSCall {}).await?),
    )?;
    same(
        "vault.COIN_VAULT",
        text(&coin_vault),
        text(
            &site
                .read_at(vault, &ILiquidVault::COIN_VAULTCall {})
                .await?,
        ),
    )?;
    same(
        "coinVault.share",
        text(&vault),
        text(
            &site
                .read_at(coin_vault, &ILiquidCoinVault::shareCall {})
                .await?,
        ),
    )?;
    let (receipts, converter, halt) = (
        deployment.address("LiquidReceipts")?,
        deployment.address("RewardConverter")?,
        deployment.address("LiquidHalt")?,
    );
    same(
        "coinVault.VAULT",
        text(&vault),
        text(
            &site
                .read_at(coin_vault, &ILiquidCoinVault::VAULTCall {})
                .await?,
        ),
    )?;
    same(
        "receipts.MINTER",
        text(&minter),
        text(
            &site
                .read_at(receipts, &ILiquidReceipts::MINTERCall {})
                .await?,
        ),
    )?;
    same(
        "converter.MINTER",
        text(&minter),
        text(
            &site
                .read_at(converter, &IRewardConverter::MINTERCall {})
                .await?,
        ),
    )?;
    same(
        "halt.CODE",
        text(&code),
        text(&site.read_at(halt, &LiquidHalt::CODECall {}).await?),
    )?;
    same(
        "minter.insurance",
        text(&U256::ZERO),
        text(&site.read(&ILiquidMinter::insuranceCall {}).await?),
    )?;
    let amm = site.read(&ILiquidMinter::ammRouteCall {}).await?;
    if let Ok(route) = deployment.address(AMM_ROUTE) {
        same(
            "route.MINTER",
            text(&minter),
            text(&site.read_at(route, &IAmmRoute::MINTERCall {}).await?),
        )?;
        same(
            "route.TOKEN",
            text(&site.token),
            text(&site.read_at(route, &IAmmRoute::TOKENCall {}).await?),
        )?;
        same(
            "route.WCOIN",
            text(&deployment.address(WRAPPED_COIN)?),
            text(&site.read_at(route, &IAmmRoute::WCOINCall {}).await?),
        )?;
        let pools = site.read_at(route, &IAmmRoute::poolsCall {}).await?;
        let pools: Vec<_> = pools.iter().map(|pool| pool.at).collect();
        let expected: Vec<_> = deployment.address(PAIR).into_iter().collect();
        same("route.pools", format!("{expected:?}"), format!("{pools:?}"))?;
        let on = if pooled.is_zero() {
            Address::ZERO
        } else {
            route
        };
        same("minter.ammRoute", text(&on), text(&amm.route))?;
    } else {
        same("minter.ammRoute", text(&Address::ZERO), text(&amm.route))?;
    }
    if let Some(governor) = roles.governor {
        let timelock = deployment.address(TIMELOCK)?;
        same(
            "timelock.getMinDelay",
            text(&U256::ZERO),
            text(
                &site
                    .read_at(timelock, &TimelockController::getMinDelayCall {})
                    .await?,
            ),
        )?;
        for role in ["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"] {
            let held = site
                .read_at(timelock, &holds(role_id(role), governor))
                .await?;
            same(&format!("the governor's {role}"), text(&true), text(&held))?;
        }
        // Its roles change by its own proposals and by nobody else's hand.
        for (account, expected) in [(timelock, true), (deployment.deployer, false)] {
            let held = site.read_at(timelock, &holds(B256::ZERO, account)).await?;
            same(
                &format!("the timelock's administration by {account}"),
                text(&expected),
                text(&held),
            )?;
        }
    }
    same(
        "factory.CONTROLLER",
        text(&minter),
        text(
            &site
                .read_at(factory, &IBucketFactory::CONTROLLERCall {})
                .await?,
        ),
    )?;
    let fee = site
        .read_at(rewards, &ILiquidRewards::rewardFeeBpsCall {})
        .await?;
    same(
        "rewards.rewardFeeBps",
        text(&setup.reward_fee_bps),
        text(&fee),
    )?;
    let supply = site
        .read_at(site.token, &ILiquidToken::totalSupplyCall {})
        .await?;
    same(
        "the seed deposit",
        text(&setup.seed_deposit.0.saturating_add(pooled)),
        text(&supply),
    )?;
    same(
        "the rate",
        text(&U256::from(10).pow(U256::from(27))),
        text(&site.read(&ILiquidMinter::rateCall {}).await?),
    )?;
    same(
        "setupSealed",
        text(&setup.seal),
        text(&site.read(&ILiquidMinter::setupSealedCall {}).await?),
    )?;
    for role in ["REBALANCER_ROLE", "CLAIMER_ROLE", "HANDLER_ROLE"] {
        same(
            &format!("the keeper's {role}"),
            text(&true),
            text(&site.read(&holds(role_id(role), roles.keeper)).await?),
        )?;
    }
    same(
        "the guardian's role",
        text(&true),
        text(
            &site
                .read(&holds(role_id("GUARDIAN_ROLE"), roles.guardian))
                .await?,
        ),
    )?;
    same(
        "the admin's role",
        text(&true),
        text(&site.read(&holds(B256::ZERO, roles.admin)).await?),
    )?;
    if roles.admin != deployment.deployer {
        same(
            "the deployer's power",
            text(&false),
            text(&site.read(&holds(B256::ZERO, deployment.deployer)).await?),
        )?;
    }
    let staking = site.read(&ILiquidMinter::stakingCall {}).await?;
    let listed = read_validators(pool, staking).await?;
    let registered = site.read(&ILiquidMinter::validatorsCall {}).await?;
    same(
        "the validators",
        format!("{listed:?}"),
        format!("{registered:?}"),
    )?;
    for id in registered {
        let state = site
            .read(&ILiquidMinter::validatorStateCall { validatorId: id })
            .await?;
        same(
            &format!("the weight of validator {id}"),
            text(&setup.weight),
            text(&state.weight),
        )?;
        let bucket = site
            .read_at(
                factory,
                &IBucketFactory::bucketAddressCall {
                    validatorId: id,
                    index: U256::ZERO,
                },
            )
            .await?;
        let deployed = !pool.code(bucket, BlockId::latest()).await?.is_empty();
        same(
            &format!("bucket 0 of validator {id} is deployed"),
            text(&(state.buckets > U256::ZERO)),
            text(&deployed),
        )?;
    }
    Ok(checked)
}

fn summary(deployment: &Deployment, path: &str) -> String {
    let mut lines = vec![format!(
        "deployed `{}` on chain {}:",
        deployment.name, deployment.chain_id
    )];
    lines.extend(
        deployment
            .contracts
            .iter()
            .map(|(name, contract)| format!("  {name:<28} {}", contract.address)),
    );
    lines.extend(
        deployment
            .roles
            .iter()
            .map(|(name, account)| format!("  {name:<28} {account}")),
    );
    lines.push(format!("written to {path}"));
    lines.join("\n")
}
