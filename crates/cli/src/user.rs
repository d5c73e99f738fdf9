//! `omnibus user …`: the depositor's journey, straight from the contracts. No server of ours is asked.

use crate::{
    abi::{ILiquidMinter, ILiquidMinterTypes, ILiquidRewards, ILiquidToken},
    amount::Amount,
    args::{DelegateCommand, Switch, User},
    config::Settings,
    deploy::vault_symbol,
    error::{Problem, Result},
    keys,
    output::Output,
    receipt,
    session::{Place, Session, Site},
    vault,
};
use alloy::{
    primitives::{Address, U256},
    sol_types::{SolEvent, SolEventInterface as _},
};
use chain::{ChainError, Log, Receipt};
use serde::Serialize;

/// Blocks per log query where the provider sets no narrower limit.
const LOG_SPAN: u64 = 100_000;

/// `omnibus user …`
///
/// # Errors
/// See [`Session::open`] and [`Session::send`].
pub async fn run(settings: &Settings, command: User, out: Output) -> Result<()> {
    let symbols = Symbols {
        coin: settings.profile.native_symbol.clone(),
        token: settings.profile.lst_symbol.clone(),
        share: vault_symbol(settings),
    };
    match command {
        User::Deposit { amount, min_out } => {
            deposit(
                &Session::open(settings, out).await?,
                amount,
                min_out,
                &symbols,
                out,
            )
            .await
        }
        User::Redeem {
            amount,
            instant_max,
            amm_max,
            fee_limit,
            min_out,
            recipient,
            quote,
        } => {
            if quote {
                return show_quote(&Site::open(settings).await?, amount, &symbols, out).await;
            }
            let session = Session::open(settings, out).await?;
            let recipient = recipient.unwrap_or(session.account());
            // A limit above zero is refused while the path is off.
            let route = session.site.read(&ILiquidMinter::ammRouteCall {}).await?;
            let amm = match amm_max {
                Some(most) => most.0,
                None if route.route.is_zero() || instant_max.is_some() => U256::ZERO,
                None => amount.0,
            };
            let p = exit_params(
                instant_max.map_or(amount.0, |most| most.0),
                amm,
                amount.0,
                min_out.unwrap_or_default().0,
                fee_limit,
                recipient,
            );
            redeem(&session, amount, p, &symbols, out).await
        }
        User::Cancel { id } => {
            let session = Session::open(settings, out).await?;
            let receipt = session
                .send(
                    "take the request back",
                    session.site.minter,
                    &ILiquidMinter::cancelCall { id },
                    U256::ZERO,
                )
                .await?;
            let lst = events(&receipt).find_map(|event| match event {
                ILiquidMinter::ILiquidMinterEvents::ExitCancelled(event) => Some(event.lst),
                _ => None,
            });
            done(
                &receipt,
                Amount(lst.unwrap_or_default()),
                "cancelled",
                &symbols.token,
                out,
            );
            Ok(())
        }
        User::Requests { account } => {
            let account =
                account.map_or_else(|| keys::signer(settings).map(|key| key.address()), Ok)?;
            let requests = requests(&Site::open(settings).await?, account).await?;
            out.result(&requests, |requests| requests_table(requests, &symbols));
            Ok(())
        }
        User::Claim { ids, recipient } => {
            claim(
                &Session::open(settings, out).await?,
                ids,
                recipient,
                &symbols,
                out,
            )
            .await
        }
        User::Rewards => {
            let session = Session::open(settings, out).await?;
            let receipt = session
                .send(
                    "take rewards",
                    session.site.minter,
                    &ILiquidMinter::unstakeRewardsCall {},
                    U256::ZERO,
                )
                .await?;
            let paid = rewards_paid(&receipt);
            done(&receipt, paid, "rewards paid", &symbols.coin, out);
            Ok(())
        }
        User::Vault(command) => vault::run(settings, command, &symbols, out).await,
        User::Receipt(command) => receipt::run(settings, command, &symbols, out).await,
        User::AutoPay { state } => {
            let session = Session::open(settings, out).await?;
            let on = state == Switch::On;
            let call = ILiquidMinter::setAutoPayCall { on };
            let title = if on {
                "let others pay out what is funded"
            } else {
                "claim by oneself only"
            };
            let minter = session.site.minter;
            let receipt = session.send(title, minter, &call, U256::ZERO).await?;
            let flag =
                serde_json::json!({ "autoPay": on, "transaction": receipt.transaction_hash });
            out.result(&flag, |_| {
                format!("{title} (transaction {})", receipt.transaction_hash)
            });
            Ok(())
        }
        User::Delegate(command) => delegate(settings, command, &symbols, out).await,
        User::Balance { account } => {
            let account =
                account.map_or_else(|| keys::signer(settings).map(|key| key.address()), Ok)?;
            balance(&Site::open(settings).await?, account, &symbols, out).await
        }
    }
}

/// How amounts are named.
#[derive(Debug)]
pub struct Symbols {
    /// The coin.
    pub coin: String,
    /// The token.
    pub token: String,
    /// The vault's shares.
    pub share: String,
}

async fn delegate(
    settings: &Settings,
    command: DelegateCommand,
    symbols: &Symbols,
    out: Output,
) -> Result<()> {
    let session = Session::open(settings, out).await?;
    let rewards = session.site.deployment.address("LiquidRewards")?;
    match command {
        DelegateCommand::Claim { account, recipient } => {
            let call = ILiquidRewards::claimAsDelegateCall {
                account,
                recipient: recipient.unwrap_or(session.account()),
            };
            let title = format!("claim the rewards of {account}");
            let receipt = session.send(&title, rewards, &call, U256::ZERO).await?;
            let paid = rewards_paid(&receipt);
            done(&receipt, paid, "rewards paid", &symbols.coin, out);
        }
        DelegateCommand::Refuse => {
            let call = ILiquidRewards::refuseDelegateCall {};
            let title = "refuse every delegate";
            let receipt = session.send(title, rewards, &call, U256::ZERO).await?;
            let said = serde_json::json!({ "transaction": receipt.transaction_hash });
            out.result(&said, |_| {
                format!(
                    "no delegate, for ever (transaction {})",
                    receipt.transaction_hash
                )
            });
        }
    }
    Ok(())
}

fn rewards_paid(receipt: &Receipt) -> Amount {
    let paid = receipt
        .logs
        .iter()
        .find_map(|log| ILiquidRewards::RewardsPaid::decode_log(&log.inner).ok());
    Amount(paid.map(|log| log.amount).unwrap_or_default())
}

/// Parameters of `redeem` whose deadline never passes: the transaction is waited for.
#[must_use]
pub fn exit_params(
    instant: U256,
    amm: U256,
    queue: U256,
    min_out: U256,
    fee_limit: u64,
    recipient: Address,
) -> ILiquidMinterTypes::ExitParams {
    ILiquidMinterTypes::ExitParams {
        instantMax: instant,
        ammMax: amm,
        queueMax: queue,
        minOutNow: min_out,
        feeLimitBps: U256::from(fee_limit),
        deadline: U256::from(u64::MAX),
        recipient,
    }
}

/// What an exit came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exit {
    /// Tokens redeemed at once.
    pub instant: U256,
    /// Coins paid at once from the buffer, after the fee.
    pub paid: U256,
    /// The fee.
    pub fee: U256,
    /// Tokens sold to a pool.
    pub sold: U256,
    /// Coins that they brought.
    pub proceeds: U256,
    /// Tokens queued.
    pub queued: U256,
    /// The request, if something was queued.
    pub id: Option<U256>,
}

/// Reads an exit from its receipt.
#[must_use]
pub fn exit_of(receipt: &Receipt) -> Exit {
    let mut exit = Exit::default();
    for event in events(receipt) {
        match event {
            ILiquidMinter::ILiquidMinterEvents::InstantExit(event) => {
                exit.instant = event.lst;
                exit.fee = event.fee;
                exit.paid = event.gross.saturating_sub(event.fee);
            }
            ILiquidMinter::ILiquidMinterEvents::AmmExit(event) => {
                exit.sold = exit.sold.saturating_add(event.lst);
                exit.proceeds = exit.proceeds.saturating_add(event.coins);
            }
            ILiquidMinter::ILiquidMinterEvents::ExitRequested(event) => {
                exit.queued = event.lst;
                exit.id = Some(event.id);
            }
            _ => {}
        }
    }
    exit
}

/// The minter's events of a transaction.
pub fn events(receipt: &Receipt) -> impl Iterator<Item = ILiquidMinter::ILiquidMinterEvents> {
    receipt
        .logs
        .iter()
        .filter_map(|log| ILiquidMinter::ILiquidMinterEvents::decode_log(&log.inner).ok())
        .map(|log| log.data)
}

/// The first event of its kind that a contract left in a transaction.
pub fn event<E: SolEvent>(receipt: &Receipt, from: Address) -> Option<E> {
    receipt
        .logs
        .iter()
        .filter(|log| log.address() == from)
        .find_map(|log| E::decode_log(&log.inner).ok())
        .map(|log| log.data)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    transaction: alloy::primitives::B256,
    block: u64,
    amount: Amount,
}

/// Reports one transaction that moved one amount.
pub fn done(receipt: &Receipt, amount: Amount, what: &str, symbol: &str, out: Output) {
    let done = Done {
        transaction: receipt.transaction_hash,
        block: receipt.block_number,
        amount,
    };
    out.result(&done, |done| {
        format!(
            "{what}: {} {symbol} (transaction {})",
            done.amount, done.transaction
        )
    });
}

async fn deposit(
    session: &Session,
    amount: Amount,
    min_out: Option<Amount>,
    symbols: &Symbols,
    out: Output,
) -> Result<()> {
    let call = ILiquidMinter::depositCall {
        recipient: session.account(),
        minOut: min_out.unwrap_or_default().0,
        deadline: U256::from(u64::MAX),
    };
    let title = format!("deposit {amount} {}", symbols.coin);
    let receipt = session
        .send(&title, session.site.minter, &call, amount.0)
        .await?;
    let lst = events(&receipt).find_map(|event| match event {
        ILiquidMinter::ILiquidMinterEvents::Deposited(event) => Some(event.lst),
        _ => None,
    });
    done(
        &receipt,
        Amount(lst.unwrap_or_default()),
        "deposited, got",
        &symbols.token,
        out,
    );
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Redeemed {
    transaction: alloy::primitives::B256,
    block: u64,
    instant: Amount,
    paid: Amount,
    fee: Amount,
    sold: Amount,
    proceeds: Amount,
    queued: Amount,
    request: Option<String>,
    promised_at: Option<u64>,
}

async fn redeem(
    session: &Session,
    amount: Amount,
    p: ILiquidMinterTypes::ExitParams,
    symbols: &Symbols,
    out: Output,
) -> Result<()> {
    let call = ILiquidMinter::redeemCall {
        amount: amount.0,
        p,
    };
    let title = format!("redeem {amount} {}", symbols.token);
    let receipt = session
        .send(&title, session.site.minter, &call, U256::ZERO)
        .await?;
    let exit = exit_of(&receipt);
    let promised_at = match exit.id {
        Some(id) => Some(seconds(
            session
                .site
                .read(&ILiquidMinter::exitEtaCall { id })
                .await?
                .eta,
        )),
        None => None,
    };
    let redeemed = Redeemed {
        transaction: receipt.transaction_hash,
        block: receipt.block_number,
        instant: Amount(exit.instant),
        paid: Amount(exit.paid),
        fee: Amount(exit.fee),
        sold: Amount(exit.sold),
        proceeds: Amount(exit.proceeds),
        queued: Amount(exit.queued),
        request: exit.id.map(|id| id.to_string()),
        promised_at,
    };
    let now = session.site.pool.latest().await?.timestamp;
    out.result(&redeemed, |r| {
        let mut lines = Vec::new();
        if !r.instant.0.is_zero() {
            lines.push(format!(
                "paid now: {} {} for {} {}, fee {} {}",
                r.paid, symbols.coin, r.instant, symbols.token, r.fee, symbols.coin
            ));
        }
        if !r.sold.0.is_zero() {
            lines.push(format!(
                "sold to a pool: {} {} for {} {}",
                r.sold, symbols.token, r.proceeds, symbols.coin
            ));
        }
        if let Some(id) = &r.request {
            let when = r.promised_at.map(|at| until(at, now)).unwrap_or_default();
            lines.push(format!(
                "queued: {} {} as request {id}; {when} if its rung closes as it stands",
                r.queued, symbols.token
            ));
        }
        lines.push(format!("transaction {}", r.transaction));
        lines.join("\n")
    });
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Quote {
    instant: Amount,
    instant_pay: Amount,
    instant_fee_bps: u64,
    amm: Amount,
    amm_pay: Amount,
    queued: Amount,
    queued_pay: Amount,
    queued_at: u64,
}

async fn show_quote(site: &Site, amount: Amount, symbols: &Symbols, out: Output) -> Result<()> {
    let quote = site
        .read(&ILiquidMinter::quoteExitCall { amount: amount.0 })
        .await?;
    let now = site.pool.latest().await?.timestamp;
    let quote = Quote {
        instant: Amount(quote.instantLst),
        instant_pay: Amount(quote.instantPay),
        instant_fee_bps: seconds(quote.instantFeeBps),
        amm: Amount(quote.ammLst),
        amm_pay: Amount(quote.ammPay),
        queued: Amount(quote.queueLst),
        queued_pay: Amount(quote.queueValue),
        queued_at: seconds(quote.queueEta),
    };
    out.result(&quote, |q| {
        format!(
            "now:   {} {} pay {} {} (fee {} bps)\npool:  {} {} pay {} {}\nqueue: {} {} pay {} {}, {}",
            q.instant,
            symbols.token,
            q.instant_pay,
            symbols.coin,
            q.instant_fee_bps,
            q.amm,
            symbols.token,
            q.amm_pay,
            symbols.coin,
            q.queued,
            symbols.token,
            q.queued_pay,
            symbols.coin,
            until(q.queued_at, now)
        )
    });
    Ok(())
}

/// A request as its owner sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Its id.
    pub id: String,
    /// The rung that it is in.
    pub rung: String,
    /// Tokens.
    pub lst: Amount,
    /// Coins paid so far.
    pub paid: Amount,
    /// Coins to claim now, after the fee.
    pub claimable: Amount,
    /// Unix seconds; 0 when its coins are here.
    pub promised_at: u64,
    /// The promise was missed or moved for one of its named reasons.
    pub revised: bool,
    /// It may still be cancelled.
    pub open: bool,
}

/// Every live request of `account`, oldest first.
///
/// # Errors
/// What the chain's access layer says; [`Problem::Refused`] when a view does.
pub async fn requests(site: &Site, account: Address) -> Result<Vec<Request>> {
    let line = site.read(&ILiquidMinter::lineCall {}).await?;
    let mut found = Vec::new();
    for id in requested(site, account).await? {
        let ticket = site.read(&ILiquidMinter::requestCall { id }).await?;
        if ticket.owner != account {
            continue; // Claimed in full, or cancelled.
        }
        let owed = site.read(&ILiquidMinter::claimableCall { id }).await?;
        let eta = site.read(&ILiquidMinter::exitEtaCall { id }).await?;
        let rung: U256 = id >> 32;
        found.push(Request {
            id: id.to_string(),
            rung: rung.to_string(),
            lst: Amount(ticket.lst),
            paid: Amount(ticket.paid),
            claimable: Amount(owed.gross.saturating_sub(owed.fee)),
            promised_at: seconds(eta.eta),
            revised: eta.revised,
            open: rung == line.openRung,
        });
    }
    Ok(found)
}

/// Ids that were ever requested for `account`.
async fn requested(site: &Site, account: Address) -> Result<Vec<U256>> {
    let topics = serde_json::json!([
        ILiquidMinter::ExitRequested::SIGNATURE_HASH,
        null,
        account.into_word()
    ]);
    let logs = logs(site, site.minter, topics).await?;
    let mut ids: Vec<_> = logs
        .iter()
        .filter_map(|log| ILiquidMinter::ExitRequested::decode_log(&log.inner).ok())
        .map(|log| log.id)
        .collect();
    ids.sort_unstable();
    Ok(ids)
}

/// All logs of a contract with these topics since the deployment, asked for in ranges that the endpoint serves.
///
/// # Errors
/// [`Problem::Chain`].
pub async fn logs(site: &Place, address: Address, topics: serde_json::Value) -> Result<Vec<Log>> {
    let head = site.pool.latest().await?.number;
    let mut found = Vec::new();
    let (mut from, mut span) = (site.deployment.block, LOG_SPAN);
    while from <= head {
        let to = from.saturating_add(span.saturating_sub(1)).min(head);
        let filter = serde_json::json!({
            "address": address,
            "fromBlock": format!("{from:#x}"),
            "toBlock": format!("{to:#x}"),
            "topics": topics,
        });
        match site
            .pool
            .request::<_, Vec<Log>>("eth_getLogs", (filter,))
            .await
        {
            Ok(logs) => {
                found.extend(logs);
                from = to.saturating_add(1);
            }
            Err(ChainError::RangeTooWide { .. }) if span > 1 => span /= 2,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

fn requests_table(requests: &[Request], symbols: &Symbols) -> String {
    if requests.is_empty() {
        return "no requests".to_owned();
    }
    let mut lines = vec![format!(
        "{:>14} {:>6} {:>18} {:>18}  promised (unix)",
        "request", "rung", symbols.token, "claimable"
    )];
    for request in requests {
        let promise = match request.promised_at {
            0 => "its coins are here".to_owned(),
            at if request.revised => format!("{at} (revised)"),
            at if request.open => format!("{at}, if its rung closes as it stands"),
            at => at.to_string(),
        };
        lines.push(format!(
            "{:>14} {:>6} {:>18} {:>18}  {promise}",
            request.id,
            request.rung,
            request.lst.to_string(),
            request.claimable.to_string()
        ));
    }
    lines.join("\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claimed {
    id: String,
    paid: Amount,
    fee: Amount,
    done: bool,
    transaction: alloy::primitives::B256,
}

async fn claim(
    session: &Session,
    ids: Vec<U256>,
    recipient: Option<Address>,
    symbols: &Symbols,
    out: Output,
) -> Result<()> {
    let site = &session.site;
    let ids = if ids.is_empty() {
        let ready = requests(site, session.account())
            .await?
            .into_iter()
            .filter(|request| !request.claimable.0.is_zero());
        ready
            .filter_map(|request| request.id.parse().ok())
            .collect()
    } else {
        ids
    };
    let mut claimed = Vec::new();
    for id in ids {
        let hints = site
            .read(&ILiquidMinter::findHintsCall { ids: vec![id] })
            .await?;
        let hint = |list: &[U256]| list.first().copied().unwrap_or_default();
        let call = ILiquidMinter::claimToCall {
            id,
            hintA: hint(&hints.hintsA),
            hintB: hint(&hints.hintsB),
            recipient: recipient.unwrap_or(session.account()),
        };
        let receipt = session
            .send(
                &format!("claim request {id}"),
                site.minter,
                &call,
                U256::ZERO,
            )
            .await?;
        let event = events(&receipt).find_map(|event| match event {
            ILiquidMinter::ILiquidMinterEvents::Claimed(event) => Some(event),
            _ => None,
        });
        let event =
            event.ok_or_else(|| Problem::Unexpected("a claim without its event".to_owned()))?;
        claimed.push(Claimed {
            id: id.to_string(),
            paid: Amount(event.paid),
            fee: Amount(event.fee),
            done: event.done,
            transaction: receipt.transaction_hash,
        });
    }
    out.result(&claimed, |claimed| {
        if claimed.is_empty() {
            return "nothing to claim yet; see `omnibus user requests`".to_owned();
        }
        let line = |c: &Claimed| {
            let rest = if c.done { "" } else { ", the rest follows" };
            format!(
                "request {}: paid {} {}, fee {}{rest} (transaction {})",
                c.id, c.paid, symbols.coin, c.fee, c.transaction
            )
        };
        claimed.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Holding {
    account: Address,
    coins: Amount,
    tokens: Amount,
    value: Amount,
    rewards: Amount,
}

async fn balance(site: &Site, account: Address, symbols: &Symbols, out: Output) -> Result<()> {
    let tokens = site
        .read_at(site.token, &ILiquidToken::balanceOfCall { account })
        .await?;
    let rate = site.read(&ILiquidMinter::rateCall {}).await?;
    let ray = U256::from(10).pow(U256::from(27));
    let holding = Holding {
        account,
        coins: Amount(
            site.pool
                .balance(account, alloy::eips::BlockId::latest())
                .await?,
        ),
        tokens: Amount(tokens),
        value: Amount(
            tokens
                .saturating_mul(rate)
                .checked_div(ray)
                .unwrap_or_default(),
        ),
        rewards: Amount(
            site.read_at(site.token, &ILiquidToken::earnedCall { account })
                .await?,
        ),
    };
    out.result(&holding, |h| {
        format!(
            "{}\n  coins    {} {}\n  tokens   {} {} worth {} {}\n  rewards  {} {}",
            h.account,
            h.coins,
            symbols.coin,
            h.tokens,
            symbols.token,
            h.value,
            symbols.coin,
            h.rewards,
            symbols.coin
        )
    });
    Ok(())
}

/// Seconds or basis points as the contracts give them: always far below 2^64.
#[must_use]
pub fn seconds(value: U256) -> u64 {
    value.saturating_to()
}

/// How long until a promised time, in words.
#[must_use]
pub fn until(at: u64, now: u64) -> String {
    let left = at.saturating_sub(now);
    if at == 0 || left == 0 {
        return "now".to_owned();
    }
    format!(
        "in {} d {} h {} min at the latest (unix {at})",
        left / 86_400,
        left % 86_400 / 3_600,
        left % 3_600 / 60
    )
}
