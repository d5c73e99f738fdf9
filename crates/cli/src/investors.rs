//! Simulated investors of the demo's basket: each has a key of its own, comes in both ways, leaves all three ways, and claims.

use crate::{
    abi::{IBasket, ICoreEarn, ICoreSleeve, IToken, LocalCoreBtc},
    basket::{self, Sleeve},
    config::Settings,
    error::{Problem, Result},
    journal::Journal,
    keys,
    output::{Mode, Output},
    session::{BasketSite, Session},
};
use alloy::{
    eips::BlockId,
    primitives::{U256, uint},
};
use rand::{Rng as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha20Rng;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Coins that an investor begins with.
const PURSE: U256 = uint!(5_000_000_000_000_000_000_000_U256);
/// Coins that it gives to Earn for stCORE.
const STAKED: U256 = uint!(1_500_000_000_000_000_000_000_U256);
/// BTC that it is given, of 1e8.
const BTC: U256 = uint!(1_000_000_U256);
/// Kept for gas.
const GAS_MONEY: U256 = uint!(20_000_000_000_000_000_000_U256);
/// The least that is worth a transaction: coins, stCORE or shares.
const LEAST: U256 = uint!(1_000_000_000_000_000_000_U256);

/// What the investors have done so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Deposits of one asset.
    pub deposits: AtomicU64,
    /// Deposits in kind.
    pub mints: AtomicU64,
    /// Exits at once.
    pub instant: AtomicU64,
    /// Exits in kind.
    pub in_kind: AtomicU64,
    /// Requests in the queue.
    pub requests: AtomicU64,
    /// Requests taken back.
    pub cancelled: AtomicU64,
    /// Claims, and legs that were delivered later.
    pub claims: AtomicU64,
    /// What the contracts refused: closed hours, prices in doubt, bands.
    pub refused: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn label(seed: u64, index: u16) -> String {
    format!("investor {index} of seed {seed}")
}

/// Gives each investor coins, stCORE and BTC, where one has none yet.
///
/// # Errors
/// [`Problem::Chain`], and those of [`Session::send`].
pub async fn fund(
    site: &BasketSite,
    journal: &Journal,
    settings: &Settings,
    seed: u64,
    investors: u16,
) -> Result<()> {
    let quiet = Output::new(Mode::Quiet);
    let admin =
        Session::<BasketSite>::for_key(site.clone(), keys::signer(settings)?, journal, quiet)?;
    let earn = site.deployment.address("CoreEarn")?;
    let btc = site.deployment.address("CoreBtc")?;
    let core = site.deployment.address("CoreSleeve")?;
    let list = site.read_at(core, &ICoreSleeve::validatorsCall {}).await?;
    let validator = list.first().map(|one| one.account).unwrap_or_default();
    for index in 0..investors {
        let key = keys::published(&label(seed, index))?;
        let account = key.address();
        if !site
            .pool
            .balance(account, BlockId::latest())
            .await?
            .is_zero()
        {
            continue;
        }
        let _: serde_json::Value = site
            .pool
            .request("anvil_setBalance", (account, PURSE))
            .await?;
        let session = Session::<BasketSite>::for_key(site.clone(), key, journal, quiet)?;
        let call = ICoreEarn::mintCall { validator };
        // Earn may be closed: its operator is late at times.
        match session.send("stake with Earn", earn, &call, STAKED).await {
            Ok(_) | Err(Problem::Refused { .. } | Problem::Failed { .. }) => {}
            Err(problem) => return Err(problem),
        }
        let call = LocalCoreBtc::mintCall {
            to: account,
            amount: BTC,
        };
        admin
            .send("BTC for an investor", btc, &call, U256::ZERO)
            .await?;
    }
    Ok(())
}

/// Lives one investor's life until it is dropped. What the contracts refuse is counted and tried no further.
///
/// # Errors
/// Those of [`Session::for_key`]; a chain that stops answering.
pub async fn live(
    site: BasketSite,
    journal: Journal,
    settings: Settings,
    seed: u64,
    index: u16,
    counts: Arc<Counts>,
) -> Result<()> {
    let key = keys::published(&label(seed, index))?;
    let session = Session::<BasketSite>::for_key(site, key, &journal, Output::new(Mode::Quiet))?;
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    // Beside those of the liquid side's users, which have 16 bits.
    rng.set_stream((1 << 32) | u64::from(index));
    loop {
        tokio::time::sleep(Duration::from_millis(rng.random_range(1_000..7_000))).await;
        match act(&session, &settings, &mut rng, &counts).await {
            Ok(()) => {}
            Err(Problem::Refused { .. } | Problem::Failed { .. } | Problem::Funds { .. }) => {
                count(&counts.refused);
            }
            // A busy chain is asked again later.
            Err(Problem::Chain(error)) if error.is_transient() => {}
            Err(problem) => return Err(problem),
        }
    }
}

/// A part of an amount, 2 to 29 %.
fn part(of: U256, rng: &mut ChaCha20Rng) -> U256 {
    of.saturating_mul(U256::from(rng.random_range(2..30_u64))) / U256::from(100)
}

async fn act(
    session: &Session<BasketSite>,
    settings: &Settings,
    rng: &mut ChaCha20Rng,
    counts: &Counts,
) -> Result<()> {
    let site = &session.site;
    let me = session.account();
    let sleeves = basket::sleeves(site, settings).await?;
    let shares = site
        .read_at(site.at.token, &IToken::balanceOfCall { account: me })
        .await?;
    let some = part(shares, rng);
    match rng.random_range(0..100) {
        choice if shares < LEAST || choice < 30 => {
            if rng.random_bool(0.4) {
                return mint(session, &sleeves, rng, counts).await;
            }
            deposit(session, &sleeves, rng, counts).await
        }
        30..40 => {
            basket::instant(session, some, U256::ZERO, me).await?;
            count(&counts.instant);
            Ok(())
        }
        40..50 => {
            basket::leave_in_kind(session, some, me).await?;
            count(&counts.in_kind);
            Ok(())
        }
        50..68 => {
            basket::request(session, some).await?;
            count(&counts.requests);
            Ok(())
        }
        _ => settle(session, &sleeves, rng, counts).await,
    }
}

/// In proportion, as much as a part of the coins at hand pays for.
async fn mint(
    session: &Session<BasketSite>,
    sleeves: &[Sleeve],
    rng: &mut ChaCha20Rng,
    counts: &Counts,
) -> Result<()> {
    let shares = LEAST.saturating_mul(U256::from(rng.random_range(1..60_u64)));
    basket::in_kind(session, sleeves, shares).await?;
    count(&counts.mints);
    Ok(())
}

async fn deposit(
    session: &Session<BasketSite>,
    sleeves: &[Sleeve],
    rng: &mut ChaCha20Rng,
    counts: &Counts,
) -> Result<()> {
    let Some(sleeve) = sleeves.choose(rng) else {
        return Ok(());
    };
    let units = part(held(session, sleeve).await?, rng);
    if units.is_zero() {
        return Ok(());
    }
    basket::into(session, sleeve, units, U256::ZERO).await?;
    count(&counts.deposits);
    Ok(())
}

/// What the investor has of a sleeve's token; gas money is not in it.
async fn held(session: &Session<BasketSite>, sleeve: &Sleeve) -> Result<U256> {
    let (site, account) = (&session.site, session.account());
    if sleeve.is_coin() {
        let coins = site.pool.balance(account, BlockId::latest()).await?;
        return Ok(coins.saturating_sub(GAS_MONEY));
    }
    site.read_at(sleeve.token, &IToken::balanceOfCall { account })
        .await
}

/// Claims what came, has waiting legs delivered, and now and then takes a request back.
async fn settle(
    session: &Session<BasketSite>,
    sleeves: &[Sleeve],
    rng: &mut ChaCha20Rng,
    counts: &Counts,
) -> Result<()> {
    let (site, me) = (&session.site, session.account());
    for sleeve in sleeves {
        let call = IBasket::waitingPartsCall {
            owner: me,
            sleeve: U256::from(sleeve.id),
        };
        if site.read(&call).await?.is_zero() {
            continue;
        }
        let call = IBasket::deliverLegCall {
            owner: me,
            sleeve: U256::from(sleeve.id),
        };
        session
            .send("deliver a leg", site.at.basket, &call, U256::ZERO)
            .await?;
        count(&counts.claims);
    }
    for request in basket::requests(site, me, sleeves).await? {
        if request.payable() {
            basket::claim_epoch(session, request.epoch, None).await?;
            count(&counts.claims);
        } else if request.state == "open" && rng.random_bool(0.1) {
            basket::take_back(session, request.epoch, request.shares.0).await?;
            count(&counts.cancelled);
        }
    }
    Ok(())
}
