//! Simulated users of the demo: each has a key of its own and does what a person with a wallet would do.

use crate::{
    abi::{ILiquidCoinVault, ILiquidMinter, ILiquidReceipts, ILiquidToken, ILiquidVault},
    amount::Amount,
    error::{Problem, Result},
    journal::Journal,
    keys,
    output::{Mode, Output},
    receipt,
    session::{Session, Site},
    user,
    vault::Vaults,
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
    /// Exits, by buffer, pool or queue.
    pub exits: AtomicU64,
    /// Deposits into the vault, and exits from it.
    pub vault: AtomicU64,
    /// Receipts minted and handed on.
    pub receipts: AtomicU64,
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

/// Pays into the first-loss reserve, where there is none yet: somebody must, before there is something to see.
///
/// # Errors
/// Those of [`Session::for_key`] and [`Session::send`].
pub async fn endow(site: Site, journal: &Journal, amount: U256) -> Result<()> {
    if !site.read(&ILiquidMinter::insuranceCall {}).await?.is_zero() {
        return Ok(());
    }
    let key = keys::published("benefactor")?;
    let purse = amount.saturating_add(GAS_MONEY);
    let _: serde_json::Value = site
        .pool
        .request("anvil_setBalance", (key.address(), purse))
        .await?;
    let session = Session::for_key(site, key, journal, Output::new(Mode::Quiet))?;
    let minter = session.site.minter;
    let call = ILiquidMinter::fundInsuranceCall {};
    session
        .send("into the first-loss reserve", minter, &call, amount)
        .await?;
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

/// A user at one moment: what it can act with.
struct Actor<'a> {
    session: &'a Session,
    counts: &'a Counts,
    me: Address,
    tokens: U256,
    /// What it may spend; gas money is not in it.
    coins: U256,
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
    let user = Actor {
        session,
        counts,
        me,
        tokens,
        coins,
    };
    let others: Vec<u16> = (0..users).filter(|other| *other != index).collect();
    let other = match others.choose(rng) {
        Some(other) => Some(address(seed, *other)?),
        None => None,
    };
    let none = tokens < COIN;
    match rng.random_range(0..100) {
        choice if (none || choice < 38) && coins > COIN => user.deposit(rng).await,
        38..44 => user.leave_vault(rng).await,
        44..52 => user.receipt(other, rng).await,
        52..73 if none => Ok(()),
        52..58 => user.transfer(other, rng).await,
        58..73 => user.exit(rng).await,
        73..97 => user.claim().await,
        _ => user.take_rewards().await,
    }
}

/// A part of an amount, 2 to 39 %.
fn part(of: U256, rng: &mut ChaCha20Rng) -> U256 {
    of.saturating_mul(U256::from(rng.random_range(2..40_u64))) / U256::from(100)
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Actor<'_> {
    /// Some hold the token, some let the vault compound.
    async fn deposit(&self, rng: &mut ChaCha20Rng) -> Result<()> {
        let minter = self.session.site.minter;
        let amount = part(self.coins, rng);
        let title = format!("deposit {}", Amount(amount));
        if rng.random_bool(0.3) {
            let call = ILiquidMinter::submitAndDepositCall {
                recipient: self.me,
                minShares: U256::ZERO,
            };
            self.session.send(&title, minter, &call, amount).await?;
            count(&self.counts.vault);
        } else {
            let call = ILiquidMinter::submitCall {};
            self.session.send(&title, minter, &call, amount).await?;
            count(&self.counts.deposits);
        }
        Ok(())
    }

    /// Tokens at once, or coins by the queue.
    async fn leave_vault(&self, rng: &mut ChaCha20Rng) -> Result<()> {
        let site = &self.session.site;
        let (at, me) = (Vaults::of(site)?, self.me);
        let balance = ILiquidVault::balanceOfCall { account: me };
        let shares = part(site.read_at(at.vault, &balance).await?, rng);
        if shares.is_zero() {
            return Ok(());
        }
        if rng.random_bool(0.5) {
            let call = ILiquidVault::redeemCall {
                shares,
                receiver: me,
                owner: me,
            };
            self.session
                .send("out of the vault", at.vault, &call, U256::ZERO)
                .await?;
        } else {
            let call = ILiquidCoinVault::requestRedeemCall {
                shares,
                controller: me,
                owner: me,
            };
            self.session
                .send("out of the vault by the queue", at.coins, &call, U256::ZERO)
                .await?;
        }
        count(&self.counts.vault);
        Ok(())
    }

    /// Hands a receipt on; one who has none makes one of a request.
    async fn receipt(&self, other: Option<Address>, rng: &mut ChaCha20Rng) -> Result<()> {
        let site = &self.session.site;
        let held = receipt::held(site, self.me).await?;
        if let (Some(token), Some(to)) = (held.choose(rng), other) {
            let call = ILiquidReceipts::safeTransferFrom_0Call {
                from: self.me,
                to,
                tokenId: *token,
            };
            let receipts = site.deployment.address("LiquidReceipts")?;
            self.session
                .send("hand a receipt on", receipts, &call, U256::ZERO)
                .await?;
        } else {
            let requests = user::requests(site, self.me).await?;
            let Some(request) = requests.choose(rng) else {
                return Ok(());
            };
            let id = request.id.parse().map_err(Problem::unexpected)?;
            let call = ILiquidMinter::mintReceiptCall { id };
            self.session
                .send("make a receipt", site.minter, &call, U256::ZERO)
                .await?;
        }
        count(&self.counts.receipts);
        Ok(())
    }

    async fn transfer(&self, other: Option<Address>, rng: &mut ChaCha20Rng) -> Result<()> {
        let Some(to) = other else { return Ok(()) };
        let call = ILiquidToken::transferCall {
            to,
            value: part(self.tokens, rng),
        };
        let token = self.session.site.token;
        self.session
            .send("transfer", token, &call, U256::ZERO)
            .await?;
        count(&self.counts.transfers);
        Ok(())
    }

    /// Some are in a hurry and take what pool and buffer pay; some wait for the lower fee of the queue.
    async fn exit(&self, rng: &mut ChaCha20Rng) -> Result<()> {
        let amount = part(self.tokens, rng);
        let at_once = if rng.random_bool(0.5) {
            amount
        } else {
            U256::ZERO
        };
        let minter = self.session.site.minter;
        let on = self.session.site.read(&ILiquidMinter::ammRouteCall {});
        let pool = if on.await?.route.is_zero() {
            U256::ZERO
        } else {
            at_once
        };
        let call = ILiquidMinter::redeemCall {
            amount,
            p: user::exit_params(at_once, pool, amount, U256::ZERO, 500, self.me),
        };
        let title = format!("redeem {}", Amount(amount));
        self.session.send(&title, minter, &call, U256::ZERO).await?;
        count(&self.counts.exits);
        Ok(())
    }

    /// Whatever is funded: requests, receipts, and exits from the vault.
    async fn claim(&self) -> Result<()> {
        let (site, me) = (&self.session.site, self.me);
        for request in user::requests(site, me).await? {
            if request.claimable.0.is_zero() {
                continue;
            }
            let id = request.id.parse().map_err(Problem::unexpected)?;
            let call = ILiquidMinter::withdrawCall { recipient: me, id };
            self.session
                .send("claim", site.minter, &call, U256::ZERO)
                .await?;
            count(&self.counts.claims);
        }
        let receipts = site.deployment.address("LiquidReceipts")?;
        for token in receipt::held(site, me).await? {
            let id = token & receipt::REQUEST;
            let owed = site.read(&ILiquidMinter::claimableCall { id }).await?;
            if owed.gross.is_zero() {
                continue;
            }
            let call = ILiquidReceipts::redeemCall {
                tokenId: token,
                recipient: me,
            };
            self.session
                .send("claim a receipt", receipts, &call, U256::ZERO)
                .await?;
            count(&self.counts.claims);
        }
        let vaults = Vaults::of(site)?;
        let funded = ILiquidCoinVault::maxRedeemCall { controller: me };
        let shares = site.read_at(vaults.coins, &funded).await?;
        if !shares.is_zero() {
            let call = ILiquidCoinVault::redeemCall {
                shares,
                receiver: me,
                controller: me,
            };
            self.session
                .send("claim from the vault", vaults.coins, &call, U256::ZERO)
                .await?;
            count(&self.counts.claims);
        }
        Ok(())
    }

    async fn take_rewards(&self) -> Result<()> {
        let site = &self.session.site;
        let earned = ILiquidToken::earnedCall { account: self.me };
        if !site.read_at(site.token, &earned).await?.is_zero() {
            let call = ILiquidMinter::unstakeRewardsCall {};
            self.session
                .send("take rewards", site.minter, &call, U256::ZERO)
                .await?;
        }
        Ok(())
    }
}
