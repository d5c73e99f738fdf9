//! Simulated users of the demo: each has a key of its own and does what a person with a wallet would do.

use crate::{
    abi::{ILiquidMinter, ILiquidToken},
    amount::Amount,
    error::{Problem, Result},
    journal::Journal,
    keys,
    output::{Mode, Output},
    session::{Session, Site},
    user,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, U256, uint},
};
use chain::Pool;
use rand::{Rng as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha20Rng;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// One coin.
const COIN: U256 = uint!(1_000_000_000_000_000_000_U256);
/// Coins that a user begins with.
const PURSE: u64 = 5_000;
/// Kept for gas.
const GAS_MONEY: U256 = uint!(5_000_000_000_000_000_000_U256);

/// What the users have done so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Deposits.
    pub deposits: AtomicU64,
    /// Transfers of tokens between users.
    pub transfers: AtomicU64,
    /// Exits, instant or queued.
    pub exits: AtomicU64,
    /// Claims.
    pub claims: AtomicU64,
    /// Tries that the contract or the chain refused.
    pub refused: AtomicU64,
}

/// The address of user `index`.
///
/// # Errors
/// [`Problem::BadKey`].
pub fn address(seed: u64, index: u16) -> Result<Address> {
    Ok(keys::published(&format!("user {index} of seed {seed}"))?.address())
}

/// Gives each user coins, where a user has none yet.
///
/// # Errors
/// [`Problem::Chain`].
pub async fn fund(pool: &Pool, seed: u64, users: u16) -> Result<()> {
    for index in 0..users {
        let account = address(seed, index)?;
        if pool.balance(account, BlockId::latest()).await?.is_zero() {
            let coins = COIN.saturating_mul(U256::from(PURSE));
            let _: serde_json::Value = pool.request("anvil_setBalance", (account, coins)).await?;
        }
    }
    Ok(())
}

/// Lives one user's life until it is dropped. What the contract refuses is counted and tried no further.
///
/// # Errors
/// Those of [`Session::for_key`]; a chain that stops answering.
pub async fn live(
    site: Site,
    journal: Journal,
    seed: u64,
    index: u16,
    users: u16,
    counts: Arc<Counts>,
) -> Result<()> {
    let key = keys::published(&format!("user {index} of seed {seed}"))?;
    let session = Session::for_key(site, key, &journal, Output::new(Mode::Quiet))?;
    // The user's own stream, so that adding a user changes nobody else's choices.
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(index));
    loop {
        tokio::time::sleep(Duration::from_millis(rng.random_range(1_000..9_000))).await;
        match act(&session, seed, index, users, &mut rng, &counts).await {
            Ok(()) => {}
            Err(Problem::Refused { .. } | Problem::Failed { .. } | Problem::Funds { .. }) => {
                counts.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(problem) => return Err(problem),
        }
    }
}

async fn act(
    session: &Session,
    seed: u64,
    index: u16,
    users: u16,
    rng: &mut ChaCha20Rng,
    counts: &Counts,
) -> Result<()> {
    let site = &session.site;
    let me = session.account();
    let tokens = site
        .read_at(site.token, &ILiquidToken::balanceOfCall { account: me })
        .await?;
    let coins = site
        .pool
        .balance(me, BlockId::latest())
        .await?
        .saturating_sub(GAS_MONEY);
    let part = |of: U256, rng: &mut ChaCha20Rng| {
        of.saturating_mul(U256::from(rng.random_range(2..40_u64))) / U256::from(100)
    };
    let none = tokens < COIN;
    match rng.random_range(0..100) {
        choice if (none || choice < 45) && coins > COIN => {
            let amount = part(coins, rng);
            session
                .send(
                    &format!("deposit {}", Amount(amount)),
                    site.minter,
                    &ILiquidMinter::submitCall {},
                    amount,
                )
                .await?;
            counts.deposits.fetch_add(1, Ordering::Relaxed);
        }
        _ if none => {}
        45..58 => {
            let others: Vec<u16> = (0..users).filter(|other| *other != index).collect();
            if let Some(other) = others.choose(rng) {
                let call = ILiquidToken::transferCall {
                    to: address(seed, *other)?,
                    value: part(tokens, rng),
                };
                session
                    .send("transfer", site.token, &call, U256::ZERO)
                    .await?;
                counts.transfers.fetch_add(1, Ordering::Relaxed);
            }
        }
        58..73 => {
            let amount = part(tokens, rng);
            // Some are in a hurry and take what the buffer pays; some wait for the lower fee of the queue.
            let instant = if rng.random_bool(0.5) {
                amount
            } else {
                U256::ZERO
            };
            let call = ILiquidMinter::redeemCall {
                amount,
                p: user::exit_params(instant, U256::ZERO, amount, U256::ZERO, 500, me),
            };
            session
                .send(
                    &format!("redeem {}", Amount(amount)),
                    site.minter,
                    &call,
                    U256::ZERO,
                )
                .await?;
            counts.exits.fetch_add(1, Ordering::Relaxed);
        }
        73..97 => {
            for request in user::requests(site, me).await? {
                if request.claimable.0.is_zero() {
                    continue;
                }
                let id = request.id.parse().map_err(Problem::unexpected)?;
                let call = ILiquidMinter::withdrawCall { recipient: me, id };
                session
                    .send("claim", site.minter, &call, U256::ZERO)
                    .await?;
                counts.claims.fetch_add(1, Ordering::Relaxed);
            }
        }
        _ => {
            let earned = site
                .read_at(site.token, &ILiquidToken::earnedCall { account: me })
                .await?;
            if !earned.is_zero() {
                session
                    .send(
                        "take rewards",
                        site.minter,
                        &ILiquidMinter::unstakeRewardsCall {},
                        U256::ZERO,
                    )
                    .await?;
            }
        }
    }
    Ok(())
}
