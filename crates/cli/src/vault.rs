//! `omnibus user vault …`: the compounding vault, in coins or tokens, out as tokens at once or as coins by the queue.

use crate::{
    abi::{ILiquidCoinVault, ILiquidMinter, ILiquidToken, ILiquidVault},
    amount::Amount,
    args::Vault,
    config::Settings,
    error::{Problem, Result},
    keys,
    output::Output,
    session::{Session, Site},
    user::{Symbols, done, event},
};
use alloy::primitives::{Address, U256};
use serde::Serialize;

/// Where the vault and its entry in coins are.
#[derive(Clone, Copy, Debug)]
pub struct Vaults {
    /// `LiquidVault`: tokens and shares.
    pub vault: Address,
    /// `LiquidCoinVault`: coins.
    pub coins: Address,
}

impl Vaults {
    /// By the deployment.
    ///
    /// # Errors
    /// [`Problem::Config`].
    pub fn of(site: &Site) -> Result<Self> {
        Ok(Self {
            vault: site.deployment.address("LiquidVault")?,
            coins: site.deployment.address("LiquidCoinVault")?,
        })
    }
}

/// `omnibus user vault …`
///
/// # Errors
/// See [`Session::open`] and [`Session::send`].
pub async fn run(
    settings: &Settings,
    command: Vault,
    symbols: &Symbols,
    out: Output,
) -> Result<()> {
    match command {
        Vault::Deposit {
            amount,
            tokens,
            quote: true,
            ..
        } => {
            let site = Site::open(settings).await?;
            let at = Vaults::of(&site)?;
            let assets = amount.0;
            let shares = if tokens {
                let call = ILiquidVault::previewDepositCall { assets };
                site.read_at(at.vault, &call).await?
            } else {
                let call = ILiquidCoinVault::previewDepositCall { assets };
                site.read_at(at.coins, &call).await?
            };
            quoted(Amount(shares), "would give", &symbols.share, out);
            Ok(())
        }
        Vault::Redeem {
            shares,
            coins,
            quote: true,
        } => {
            let site = Site::open(settings).await?;
            let at = Vaults::of(&site)?;
            let shares = shares.0;
            // In coins by value at today's rate: what a claim brings is known at the claim (ERC-7540).
            let (worth, symbol) = if coins {
                let call = ILiquidCoinVault::convertToAssetsCall { shares };
                (site.read_at(at.coins, &call).await?, &symbols.coin)
            } else {
                let call = ILiquidVault::previewRedeemCall { shares };
                (site.read_at(at.vault, &call).await?, &symbols.token)
            };
            quoted(Amount(worth), "would give", symbol, out);
            Ok(())
        }
        Vault::Deposit {
            amount,
            tokens,
            min_shares,
            ..
        } => {
            let session = Session::open(settings, out).await?;
            deposit(&session, amount, tokens, min_shares, symbols, out).await
        }
        Vault::Redeem { shares, coins, .. } => {
            let session = Session::open(settings, out).await?;
            if coins {
                request(&session, shares, symbols, out).await
            } else {
                redeem(&session, shares, symbols, out).await
            }
        }
        Vault::Claim => claim(&Session::open(settings, out).await?, symbols, out).await,
        Vault::Show { account } => {
            let account =
                account.map_or_else(|| keys::signer(settings).map(|key| key.address()), Ok)?;
            show(&Site::open(settings).await?, account, symbols, out).await
        }
    }
}

fn quoted(amount: Amount, what: &str, symbol: &str, out: Output) {
    let value = serde_json::json!({ "amount": amount });
    out.result(&value, |_| format!("{what} {amount} {symbol}"));
}

async fn deposit(
    session: &Session,
    amount: Amount,
    tokens: bool,
    min_shares: Option<Amount>,
    symbols: &Symbols,
    out: Output,
) -> Result<()> {
    let site = &session.site;
    let at = Vaults::of(site)?;
    let receiver = session.account();
    let least = min_shares.unwrap_or_default().0;
    let receipt = if tokens {
        let assets = amount.0;
        let worth = site
            .read_at(at.vault, &ILiquidVault::previewDepositCall { assets })
            .await?;
        // ERC-4626 has no limit of its own; what is read here can only grow dearer by what accrues until the call.
        if worth < least {
            return Err(Problem::Argument {
                what: "--min-shares".to_owned(),
                reason: format!("the vault would give {}", Amount(worth)),
            });
        }
        let allowed = ILiquidToken::allowanceCall {
            owner: receiver,
            spender: at.vault,
        };
        if site.read_at(site.token, &allowed).await? < assets {
            let call = ILiquidToken::approveCall {
                spender: at.vault,
                value: assets,
            };
            let title = format!("let the vault take {amount} {}", symbols.token);
            session.send(&title, site.token, &call, U256::ZERO).await?;
        }
        let call = ILiquidVault::depositCall { assets, receiver };
        let title = format!("{amount} {} into the vault", symbols.token);
        session.send(&title, at.vault, &call, U256::ZERO).await?
    } else {
        let call = ILiquidMinter::submitAndDepositCall {
            recipient: receiver,
            minShares: least,
        };
        let title = format!("{amount} {} into the vault", symbols.coin);
        session.send(&title, site.minter, &call, amount.0).await?
    };
    let shares =
        event::<ILiquidVault::Deposit>(&receipt, at.vault).map_or(U256::ZERO, |e| e.shares);
    let shares = Amount(shares);
    done(&receipt, shares, "deposited, got", &symbols.share, out);
    Ok(())
}

async fn redeem(session: &Session, shares: Amount, symbols: &Symbols, out: Output) -> Result<()> {
    let at = Vaults::of(&session.site)?;
    let me = session.account();
    let call = ILiquidVault::redeemCall {
        shares: shares.0,
        receiver: me,
        owner: me,
    };
    let title = format!("redeem {shares} {}", symbols.share);
    let receipt = session.send(&title, at.vault, &call, U256::ZERO).await?;
    let got = event::<ILiquidVault::Withdraw>(&receipt, at.vault).map_or(U256::ZERO, |e| e.assets);
    let got = Amount(got);
    done(&receipt, got, "redeemed, got", &symbols.token, out);
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Requested {
    transaction: alloy::primitives::B256,
    request: String,
    shares: Amount,
}

async fn request(session: &Session, shares: Amount, symbols: &Symbols, out: Output) -> Result<()> {
    let at = Vaults::of(&session.site)?;
    let me = session.account();
    let call = ILiquidCoinVault::requestRedeemCall {
        shares: shares.0,
        controller: me,
        owner: me,
    };
    let title = format!("ask for the coins of {shares} {}", symbols.share);
    let receipt = session.send(&title, at.coins, &call, U256::ZERO).await?;
    let id = event::<ILiquidCoinVault::RedeemRequest>(&receipt, at.coins)
        .map(|e| e.requestId)
        .ok_or_else(|| Problem::Unexpected("a request without its event".to_owned()))?;
    let requested = Requested {
        transaction: receipt.transaction_hash,
        request: id.to_string(),
        shares,
    };
    out.result(&requested, |r| {
        format!(
            "{} {} wait as request {} (transaction {})",
            r.shares, symbols.share, r.request, r.transaction
        )
    });
    Ok(())
}

async fn claim(session: &Session, symbols: &Symbols, out: Output) -> Result<()> {
    let site = &session.site;
    let at = Vaults::of(site)?;
    let me = session.account();
    let shares = site
        .read_at(
            at.coins,
            &ILiquidCoinVault::maxRedeemCall { controller: me },
        )
        .await?;
    if shares.is_zero() {
        let nothing = serde_json::json!({ "amount": Amount::default() });
        out.result(&nothing, |_| "nothing to claim yet".to_owned());
        return Ok(());
    }
    let call = ILiquidCoinVault::redeemCall {
        shares,
        receiver: me,
        controller: me,
    };
    let title = format!("claim the coins of {} {}", Amount(shares), symbols.share);
    let receipt = session.send(&title, at.coins, &call, U256::ZERO).await?;
    let paid =
        event::<ILiquidCoinVault::Withdraw>(&receipt, at.coins).map_or(U256::ZERO, |e| e.assets);
    let paid = Amount(paid);
    done(&receipt, paid, "claimed", &symbols.coin, out);
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Holding {
    account: Address,
    shares: Amount,
    tokens: Amount,
    value: Amount,
    claimable: Amount,
    requests: Vec<Waiting>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    request: String,
    pending: Amount,
    claimable: Amount,
}

async fn show(site: &Site, account: Address, symbols: &Symbols, out: Output) -> Result<()> {
    let at = Vaults::of(site)?;
    let shares = site
        .read_at(at.vault, &ILiquidVault::balanceOfCall { account })
        .await?;
    let tokens = site
        .read_at(at.vault, &ILiquidVault::convertToAssetsCall { shares })
        .await?;
    let value = site
        .read_at(at.coins, &ILiquidCoinVault::convertToAssetsCall { shares })
        .await?;
    let controller = account;
    let claimable = site
        .read_at(at.coins, &ILiquidCoinVault::maxWithdrawCall { controller })
        .await?;
    let mut requests = Vec::new();
    let mut next = site
        .read_at(at.coins, &ILiquidCoinVault::firstRequestCall { controller })
        .await?;
    while !next.is_zero() {
        let pending = ILiquidCoinVault::pendingRedeemRequestCall {
            requestId: next,
            controller,
        };
        let funded = ILiquidCoinVault::claimableAssetsCall {
            requestId: next,
            controller,
        };
        requests.push(Waiting {
            request: next.to_string(),
            pending: Amount(site.read_at(at.coins, &pending).await?),
            claimable: Amount(site.read_at(at.coins, &funded).await?),
        });
        let after = ILiquidCoinVault::nextRequestCall {
            controller,
            requestId: next,
        };
        next = site.read_at(at.coins, &after).await?;
    }
    let holding = Holding {
        account,
        shares: Amount(shares),
        tokens: Amount(tokens),
        value: Amount(value),
        claimable: Amount(claimable),
        requests,
    };
    out.result(&holding, |h| {
        let mut lines = vec![format!(
            "{}\n  shares     {} {} worth {} {} or {} {}\n  claimable  {} {}",
            h.account,
            h.shares,
            symbols.share,
            h.tokens,
            symbols.token,
            h.value,
            symbols.coin,
            h.claimable,
            symbols.coin
        )];
        lines.extend(h.requests.iter().map(|r| {
            format!(
                "  request {}: {} {} wait, {} {} to claim",
                r.request, r.pending, symbols.share, r.claimable, symbols.coin
            )
        }));
        lines.join("\n")
    });
    Ok(())
}
