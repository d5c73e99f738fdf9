//! `omnibus basket …`: an investor's journey, straight from the contracts. No server of ours is asked.

use crate::{
    abi::{
        IBasket, ICoreEarn, ICoreSleeve, IPriceFeed, ISleeve, IToken, IUnbondingQueue, LocalCoreBtc,
    },
    amount::Amount,
    args::{BasketCommand, Exit},
    config::Settings,
    error::{Problem, Result},
    keys,
    output::Output,
    profile::units,
    session::{BasketSite, Session},
    user::{event, logs, seconds, until},
};
use alloy::{
    primitives::{Address, B256, U256, utils::format_units},
    sol_types::SolEvent as _,
};
use chain::Receipt;
use serde::Serialize;
use std::collections::BTreeSet;

/// The basket's name for the chain's coin.
const NATIVE: Address = alloy::primitives::address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
/// Of a quote for a deposit in kind: what a harvest in the same transaction may add, basis points.
const HARVEST_MARGIN_BPS: u64 = 50;
/// The same for prices, on what an exit or a deposit must bring at least.
const SLIPPAGE_BPS: u64 = 50;

/// `omnibus basket …`
///
/// # Errors
/// See [`Session::basket`] and [`Session::send`].
pub async fn run(settings: &Settings, command: BasketCommand, out: Output) -> Result<()> {
    match command {
        BasketCommand::Info => info(settings, out).await,
        BasketCommand::Balance { account } => {
            let account =
                account.map_or_else(|| keys::signer(settings).map(|key| key.address()), Ok)?;
            balance(settings, account, out).await
        }
        BasketCommand::Quote { shares } => quote(settings, shares, out).await,
        BasketCommand::Deposit {
            sleeve,
            amount,
            min_shares,
        } => deposit(settings, &sleeve, amount, min_shares, out).await,
        BasketCommand::Mint { shares } => mint(settings, shares, out).await,
        BasketCommand::Exit {
            shares,
            way,
            min_out,
            recipient,
        } => exit(settings, shares, way.chosen(), min_out, recipient, out).await,
        BasketCommand::Requests { account } => {
            let account =
                account.map_or_else(|| keys::signer(settings).map(|key| key.address()), Ok)?;
            let site = BasketSite::open(settings).await?;
            let sleeves = sleeves(&site, settings).await?;
            let requests = requests(&site, account, &sleeves).await?;
            out.result(&requests, |requests| {
                if requests.is_empty() {
                    return "no requests".to_owned();
                }
                let lines: Vec<_> = requests.iter().map(Request::line).collect();
                lines.join("\n")
            });
            Ok(())
        }
        BasketCommand::Claim { epochs, recipient } => claim(settings, epochs, recipient, out).await,
        BasketCommand::Cancel { epoch, shares } => cancel(settings, epoch, shares, out).await,
        BasketCommand::Deliver { sleeve, account } => {
            deliver(settings, &sleeve, account, out).await
        }
        BasketCommand::Faucet {
            stcore,
            btc,
            recipient,
        } => faucet(settings, stcore, btc, recipient, out).await,
    }
}

/// A sleeve as people see it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sleeve {
    /// In the basket.
    pub id: usize,
    /// `core`, `stcore`, `btc`, or the id.
    pub name: String,
    /// The sleeve's contract.
    pub adapter: Address,
    /// What it holds; 0xEeee…EEeE for the coin.
    pub token: Address,
    /// Of the token.
    pub symbol: String,
    /// Of the token.
    pub decimals: u8,
    /// Smallest units, decimal.
    pub units: String,
    /// Of those, what belongs to people who are leaving.
    pub owed: String,
    /// Harvested and not yet released.
    pub locked: String,
    /// Of the basket's worth, as governance wants it.
    pub target_bps: u16,
    /// The most above the target.
    pub band_bps: u16,
    /// Coins for 1e18 units, from below and from above.
    pub price_low: Amount,
    /// See `price_low`.
    pub price_high: Amount,
    /// 0 sound, 1 doubtful, 2 impaired.
    pub price_state: u8,
    /// Takes nothing in any more.
    pub retired: bool,
    /// Its system takes longer than it declared.
    pub slow: bool,
}

impl Sleeve {
    fn shown(&self, units: U256) -> String {
        format!("{} {}", whole(units, self.decimals), self.symbol)
    }

    /// Does it hold the chain's coin?
    #[must_use]
    pub fn is_coin(&self) -> bool {
        self.token == NATIVE
    }
}

fn whole(units: U256, decimals: u8) -> String {
    let text = format_units(units, decimals).unwrap_or_else(|_| units.to_string());
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn state(state: u8) -> &'static str {
    match state {
        0 => "sound",
        1 => "doubtful",
        _ => "impaired",
    }
}

/// All sleeves of the basket, retired ones included.
///
/// # Errors
/// Those of the chain.
pub async fn sleeves(site: &BasketSite, settings: &Settings) -> Result<Vec<Sleeve>> {
    let count = seconds(site.read(&IBasket::sleeveCountCall {}).await?);
    let mut list = Vec::new();
    for id in 0..count {
        let sleeve = U256::from(id);
        let info = site.read(&IBasket::sleeveInfoCall { sleeve }).await?;
        let owed = site.read(&IBasket::owedCall { sleeve }).await?;
        let coin = info.token == NATIVE;
        let (symbol, decimals) = if coin {
            (settings.profile.native_symbol.clone(), 18)
        } else {
            (
                site.read_at(info.token, &IToken::symbolCall {}).await?,
                site.read_at(info.token, &IToken::decimalsCall {}).await?,
            )
        };
        let one = U256::from(10).pow(U256::from(18));
        let (low, high, state) = match site.at.feed {
            Some(feed) if !coin => {
                let asset = info.token;
                let quote = site.read_at(feed, &IPriceFeed::quoteCall { asset }).await?;
                (quote.low, quote.high, quote.state)
            }
            _ => (one, one, 0),
        };
        let named = [
            ("core", "CoreSleeve"),
            ("stcore", "StCoreSleeve"),
            ("btc", "BtcSleeve"),
        ]
        .into_iter()
        .find(|(_, contract)| site.deployment.part(contract) == Some(info.sleeve));
        list.push(Sleeve {
            id: usize::try_from(id).unwrap_or_default(),
            name: named.map_or_else(|| id.to_string(), |(name, _)| name.to_owned()),
            adapter: info.sleeve,
            token: info.token,
            symbol,
            decimals,
            units: info.units.to_string(),
            owed: owed.to_string(),
            locked: info.locked.to_string(),
            target_bps: info.targetBps,
            band_bps: info.bandBps,
            price_low: Amount(low),
            price_high: Amount(high),
            price_state: state,
            retired: info.retired,
            slow: info.slow,
        });
    }
    Ok(list)
}

/// The sleeve that somebody named, by its name or its id.
fn find<'a>(sleeves: &'a [Sleeve], name: &str) -> Result<&'a Sleeve> {
    sleeves
        .iter()
        .find(|sleeve| sleeve.name == name || sleeve.id.to_string() == name)
        .ok_or_else(|| {
            let known: Vec<_> = sleeves.iter().map(|sleeve| sleeve.name.as_str()).collect();
            Problem::Argument {
                what: "sleeve".to_owned(),
                reason: format!("there is no sleeve `{name}`: {}", known.join(", ")),
            }
        })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    basket: Address,
    shares: Amount,
    nav_low: Amount,
    nav_high: Amount,
    state: u8,
    max_instant: Amount,
    epoch: String,
    closes_at: u64,
    longest_exit: u64,
    entry_fee_bps: u64,
    instant_fee_bps: u64,
    sleeves: Vec<Sleeve>,
}

async fn info(settings: &Settings, out: Output) -> Result<()> {
    let site = BasketSite::open(settings).await?;
    let nav = site.read(&IBasket::navCall {}).await?;
    let fees = site.read(&IBasket::feesCall {}).await?;
    let open = site
        .read_at(site.at.queue, &IUnbondingQueue::openEpochCall {})
        .await?;
    let info = Info {
        basket: site.at.basket,
        shares: Amount(site.read(&IBasket::effectiveSupplyCall {}).await?),
        nav_low: Amount(nav.low),
        nav_high: Amount(nav.high),
        state: nav.state.saturating_to(),
        max_instant: Amount(site.read(&IBasket::maxInstantCall {}).await?),
        epoch: open.epoch.to_string(),
        closes_at: seconds(open.closesAt),
        longest_exit: seconds(site.read(&IBasket::longestExitCall {}).await?),
        entry_fee_bps: seconds(fees.entryBps),
        instant_fee_bps: seconds(fees.instantBps),
        sleeves: sleeves(&site, settings).await?,
    };
    let (coin, symbol) = symbols(settings)?;
    out.result(&info, |info| {
        let mut lines = vec![
            format!("basket {}, {} {symbol}", info.basket, info.shares),
            format!(
                "one {symbol}: {} to {} {coin}, prices {}",
                info.nav_low,
                info.nav_high,
                state(info.state)
            ),
            format!(
                "at once at most {} {coin}; epoch {} closes at unix {}; entry {} bps, instant exit {} bps",
                info.max_instant,
                info.epoch,
                info.closes_at,
                info.entry_fee_bps,
                info.instant_fee_bps
            ),
        ];
        for sleeve in &info.sleeves {
            let units = sleeve.units.parse().unwrap_or_default();
            lines.push(format!(
                "  {:<7} {:>28}  target {} bps, price {}{}",
                sleeve.name,
                sleeve.shown(units),
                sleeve.target_bps,
                state(sleeve.price_state),
                if sleeve.retired { ", retired" } else { "" }
            ));
        }
        lines.join("\n")
    });
    Ok(())
}

/// Of the coin and of the shares.
fn symbols(settings: &Settings) -> Result<(String, String)> {
    Ok((
        settings.profile.native_symbol.clone(),
        settings.profile.basket()?.symbol.clone(),
    ))
}

/// Something of a sleeve.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    sleeve: String,
    /// Of what; the token, or the coin where a leg ends in coins.
    asset: String,
    /// Smallest units, decimal.
    amount: String,
    #[serde(skip)]
    text: String,
}

impl Part {
    fn of(sleeve: &Sleeve, units: U256) -> Self {
        Self {
            sleeve: sleeve.name.clone(),
            asset: sleeve.symbol.clone(),
            amount: units.to_string(),
            text: sleeve.shown(units),
        }
    }
}

fn parts(sleeves: &[Sleeve], units: &[U256]) -> Vec<Part> {
    sleeves
        .iter()
        .zip(units)
        .map(|(sleeve, units)| Part::of(sleeve, *units))
        .collect()
}

fn listed(parts: &[Part]) -> String {
    let texts: Vec<_> = parts.iter().map(|part| part.text.as_str()).collect();
    texts.join(", ")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Balance {
    account: Address,
    shares: Amount,
    /// What they are worth by the low price, coins; none where no price is believed.
    worth: Option<Amount>,
    /// Parts of in-kind legs that could not be paid yet, by sleeve.
    waiting: Vec<Part>,
}

async fn balance(settings: &Settings, account: Address, out: Output) -> Result<()> {
    let site = BasketSite::open(settings).await?;
    let shares = site
        .read_at(site.at.token, &IToken::balanceOfCall { account })
        .await?;
    let nav = site.read(&IBasket::navCall {}).await?;
    let one = U256::from(10).pow(U256::from(18));
    let mut waiting = Vec::new();
    for sleeve in sleeves(&site, settings).await? {
        let call = IBasket::waitingPartsCall {
            owner: account,
            sleeve: U256::from(sleeve.id),
        };
        let parts = site.read(&call).await?;
        if !parts.is_zero() {
            waiting.push(Part {
                sleeve: sleeve.name.clone(),
                asset: "parts".to_owned(),
                amount: parts.to_string(),
                text: format!("{parts} parts of {}", sleeve.name),
            });
        }
    }
    let balance = Balance {
        account,
        shares: Amount(shares),
        worth: nav
            .state
            .is_zero()
            .then(|| Amount(shares.saturating_mul(nav.low) / one)),
        waiting,
    };
    let (coin, symbol) = symbols(settings)?;
    out.result(&balance, |balance| {
        let mut lines = vec![match balance.worth {
            Some(worth) => format!("{} {symbol}, worth {worth} {coin}", balance.shares),
            None => format!("{} {symbol}; prices are not sound", balance.shares),
        }];
        if !balance.waiting.is_empty() {
            lines.push(format!(
                "waiting to be delivered: {}",
                listed(&balance.waiting)
            ));
        }
        lines.join("\n")
    });
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Quote {
    instant_coins: Amount,
    instant_fee: Amount,
    units: Vec<Part>,
    forgone: Vec<Part>,
    epoch: String,
    closes_at: u64,
    ready_by: u64,
}

async fn quote(settings: &Settings, shares: Amount, out: Output) -> Result<()> {
    let site = BasketSite::open(settings).await?;
    let sleeves = sleeves(&site, settings).await?;
    let q = site
        .read(&IBasket::quoteExitCall { shares: shares.0 })
        .await?;
    let now = site.pool.latest().await?.timestamp;
    let quote = Quote {
        instant_coins: Amount(q.instantCoins),
        instant_fee: Amount(q.instantFee),
        units: parts(&sleeves, &q.units),
        forgone: parts(&sleeves, &q.forgone),
        epoch: q.epoch.to_string(),
        closes_at: seconds(q.closesAt),
        ready_by: seconds(q.readyBy),
    };
    let (coin, _) = symbols(settings)?;
    out.result(&quote, |quote| {
        let instant = if quote.instant_coins.0.is_zero() {
            "at once: closed, or too little is idle".to_owned()
        } else {
            format!(
                "at once: {} {coin} (fee {} {coin})",
                quote.instant_coins, quote.instant_fee
            )
        };
        format!(
            "{instant}\nin kind: {}\nepoch:   {} as its sleeves pay it, {}",
            listed(&quote.units),
            quote.epoch,
            until(quote.ready_by, now)
        )
    });
    Ok(())
}

/// What went in and what came of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct In {
    transaction: B256,
    block: u64,
    units: Vec<Part>,
    shares: Amount,
}

impl In {
    fn tell(&self, symbol: &str) -> String {
        format!(
            "{} for {} {symbol} (transaction {})",
            listed(&self.units),
            self.shares,
            self.transaction
        )
    }
}

/// Lets the basket take what a deposit needs, where it may not yet.
async fn allow(session: &Session<BasketSite>, sleeve: &Sleeve, units: U256) -> Result<()> {
    if sleeve.is_coin() || units.is_zero() {
        return Ok(());
    }
    let site = &session.site;
    let spender = site.at.basket;
    let call = IToken::allowanceCall {
        owner: session.account(),
        spender,
    };
    if site.read_at(sleeve.token, &call).await? >= units {
        return Ok(());
    }
    let call = IToken::approveCall {
        spender,
        amount: units,
    };
    let title = format!("let the basket take {}", sleeve.shown(units));
    session
        .send(&title, sleeve.token, &call, U256::ZERO)
        .await?;
    Ok(())
}

/// `part` of 10,000 less.
fn less(amount: U256, part: u64) -> U256 {
    amount.saturating_mul(U256::from(10_000_u64.saturating_sub(part))) / U256::from(10_000)
}

async fn deposit(
    settings: &Settings,
    name: &str,
    amount: Amount,
    min_shares: Option<Amount>,
    out: Output,
) -> Result<()> {
    let session = Session::basket(settings, out).await?;
    let site = &session.site;
    let sleeves = sleeves(site, settings).await?;
    let sleeve = find(&sleeves, name)?;
    let units = units("amount", amount, sleeve.decimals)?;
    let id = U256::from(sleeve.id);
    let call = IBasket::quoteDepositCall { sleeve: id, units };
    let quoted = site.read(&call).await?;
    let receipt = into(
        &session,
        sleeve,
        units,
        min_shares.map_or_else(|| less(quoted, SLIPPAGE_BPS), |least| least.0),
    )
    .await?;
    let shares = event::<IBasket::Deposited>(&receipt, site.at.basket).map(|event| event.shares);
    let done = In {
        transaction: receipt.transaction_hash,
        block: receipt.block_number,
        units: vec![Part::of(sleeve, units)],
        shares: Amount(shares.unwrap_or_default()),
    };
    let (_, symbol) = symbols(settings)?;
    out.result(&done, |done| done.tell(&symbol));
    Ok(())
}

/// One priced deposit.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn into(
    session: &Session<BasketSite>,
    sleeve: &Sleeve,
    units: U256,
    least: U256,
) -> Result<Receipt> {
    allow(session, sleeve, units).await?;
    let call = IBasket::depositCall {
        sleeve: U256::from(sleeve.id),
        units,
        receiver: session.account(),
        minShares: least,
        deadline: U256::from(u64::MAX),
    };
    let value = if sleeve.is_coin() { units } else { U256::ZERO };
    let title = format!("deposit {}", sleeve.shown(units));
    session
        .send(&title, session.site.at.basket, &call, value)
        .await
}

/// A deposit in kind of `shares`, with what it may take at most.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn in_kind(
    session: &Session<BasketSite>,
    sleeves: &[Sleeve],
    shares: U256,
) -> Result<Receipt> {
    let site = &session.site;
    let call = IBasket::quoteMintInKindCall { priced: shares };
    let quoted = site.read(&call).await?.units;
    let most: Vec<U256> = quoted
        .iter()
        .map(|units| {
            units
                .saturating_mul(U256::from(10_000_u64.saturating_add(HARVEST_MARGIN_BPS)))
                .div_ceil(U256::from(10_000))
        })
        .collect();
    let mut value = U256::ZERO;
    for (sleeve, units) in sleeves.iter().zip(&most) {
        if sleeve.is_coin() {
            value = value.saturating_add(*units);
        }
        allow(session, sleeve, *units).await?;
    }
    let call = IBasket::mintInKindCall {
        priced: shares,
        maxUnits: most,
        receiver: session.account(),
        deadline: U256::from(u64::MAX),
    };
    let title = format!("mint {} shares in kind", Amount(shares));
    session.send(&title, site.at.basket, &call, value).await
}

async fn mint(settings: &Settings, shares: Amount, out: Output) -> Result<()> {
    let session = Session::basket(settings, out).await?;
    let sleeves = sleeves(&session.site, settings).await?;
    let receipt = in_kind(&session, &sleeves, shares.0).await?;
    let minted = event::<IBasket::MintedInKind>(&receipt, session.site.at.basket);
    let (units, shares) = minted.map_or_else(Default::default, |event| (event.units, event.shares));
    let done = In {
        transaction: receipt.transaction_hash,
        block: receipt.block_number,
        units: parts(&sleeves, &units),
        shares: Amount(shares),
    };
    let (_, symbol) = symbols(settings)?;
    out.result(&done, |done| done.tell(&symbol));
    Ok(())
}

/// What an exit came to.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Out {
    transaction: B256,
    block: u64,
    shares: Amount,
    /// Instant: coins after the fee.
    coins: Option<Amount>,
    fee: Option<Amount>,
    /// In kind: what was delivered, and the sleeves that still owe their leg.
    units: Vec<Part>,
    waiting: Vec<String>,
    /// Epoch: which one, and the time by which its slowest leg is promised.
    epoch: Option<String>,
    ready_by: Option<u64>,
}

async fn exit(
    settings: &Settings,
    shares: Amount,
    way: Exit,
    min_out: Option<Amount>,
    recipient: Option<Address>,
    out: Output,
) -> Result<()> {
    let session = Session::basket(settings, out).await?;
    let site = &session.site;
    let sleeves = sleeves(site, settings).await?;
    let me = session.account();
    let recipient = recipient.unwrap_or(me);
    let mut done = Out {
        shares,
        ..Out::default()
    };
    let receipt = match way {
        Exit::Instant => {
            let least = match min_out {
                Some(least) => least.0,
                None => {
                    let call = IBasket::quoteExitCall { shares: shares.0 };
                    less(site.read(&call).await?.instantCoins, SLIPPAGE_BPS)
                }
            };
            let receipt = instant(&session, shares.0, least, recipient).await?;
            if let Some(event) = event::<IBasket::InstantExit>(&receipt, site.at.basket) {
                done.coins = Some(Amount(event.coins));
                done.fee = Some(Amount(event.feeCoins));
            }
            receipt
        }
        Exit::InKind => {
            let receipt = leave_in_kind(&session, shares.0, recipient).await?;
            let delivered = event::<IBasket::RedeemedInKind>(&receipt, site.at.basket)
                .map(|event| event.delivered)
                .unwrap_or_default();
            let paid = delivered_units(&receipt, &sleeves);
            done.units = parts(&sleeves, &paid);
            done.waiting = sleeves
                .iter()
                .filter(|sleeve| !delivered.bit(sleeve.id))
                .map(|sleeve| sleeve.name.clone())
                .collect();
            receipt
        }
        Exit::Epoch => {
            let receipt = request(&session, shares.0).await?;
            let joined = event::<IUnbondingQueue::RedeemRequest>(&receipt, site.at.queue);
            done.epoch = joined.map(|event| event.requestId.to_string());
            let call = IBasket::quoteExitCall { shares: shares.0 };
            done.ready_by = Some(seconds(site.read(&call).await?.readyBy));
            receipt
        }
    };
    done.transaction = receipt.transaction_hash;
    done.block = receipt.block_number;
    let (coin, symbol) = symbols(settings)?;
    let now = site.pool.latest().await?.timestamp;
    out.result(&done, |done| {
        let mut lines = Vec::new();
        if let (Some(coins), Some(fee)) = (done.coins, done.fee) {
            lines.push(format!(
                "{} {symbol} for {coins} {coin}, fee {fee} {coin}",
                done.shares
            ));
        }
        if !done.units.is_empty() {
            lines.push(format!(
                "{} {symbol} for {}",
                done.shares,
                listed(&done.units)
            ));
        }
        if !done.waiting.is_empty() {
            lines.push(format!(
                "could not be paid now and waits in your name: {} (`omnibus basket deliver`)",
                done.waiting.join(", ")
            ));
        }
        if let Some(epoch) = &done.epoch {
            lines.push(format!(
                "{} {symbol} leave with epoch {epoch}, {}",
                done.shares,
                until(done.ready_by.unwrap_or_default(), now)
            ));
        }
        lines.push(format!("transaction {}", done.transaction));
        lines.join("\n")
    });
    Ok(())
}

/// What a transaction delivered of each sleeve, by the sleeves' own word.
fn delivered_units(receipt: &Receipt, sleeves: &[Sleeve]) -> Vec<U256> {
    let of = |sleeve: &Sleeve| {
        receipt
            .logs
            .iter()
            .filter(|log| log.address() == sleeve.adapter)
            .filter_map(|log| ISleeve::Delivered::decode_log(&log.inner).ok())
            .fold(U256::ZERO, |sum, event| sum.saturating_add(event.units))
    };
    sleeves.iter().map(of).collect()
}

/// Coins at once.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn instant(
    session: &Session<BasketSite>,
    shares: U256,
    least: U256,
    recipient: Address,
) -> Result<Receipt> {
    let call = IBasket::redeemInstantCall {
        shares,
        minOut: least,
        receiver: recipient,
        deadline: U256::from(u64::MAX),
    };
    let title = format!("redeem {} at once", Amount(shares));
    session
        .send(&title, session.site.at.basket, &call, U256::ZERO)
        .await
}

/// A part of every sleeve.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn leave_in_kind(
    session: &Session<BasketSite>,
    shares: U256,
    recipient: Address,
) -> Result<Receipt> {
    let call = IBasket::redeemInKindCall { shares, recipient };
    let title = format!("redeem {} in kind", Amount(shares));
    session
        .send(&title, session.site.at.basket, &call, U256::ZERO)
        .await
}

/// A request in the open epoch.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn request(session: &Session<BasketSite>, shares: U256) -> Result<Receipt> {
    let me = session.account();
    let call = IUnbondingQueue::requestRedeemCall {
        shares,
        controller: me,
        owner: me,
    };
    let title = format!("request the redemption of {}", Amount(shares));
    session
        .send(&title, session.site.at.queue, &call, U256::ZERO)
        .await
}

/// A position in an epoch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Its id.
    #[serde(serialize_with = "text")]
    pub epoch: U256,
    /// Of this account.
    pub shares: Amount,
    /// `open` or `closed`. A position that is paid in full is gone.
    pub state: &'static str,
    /// Unix seconds; the close is due.
    pub due_at: u64,
    /// What a claim would pay now, by leg.
    pub claimable: Vec<Part>,
    /// Bit for each leg that is paid in full.
    #[serde(serialize_with = "text")]
    pub mask: U256,
}

fn text<S: serde::Serializer>(value: &U256, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl Request {
    fn line(&self) -> String {
        let what = match self.state {
            "open" => format!("open, closes at unix {}", self.due_at),
            _ if self.payable() => format!("claimable: {}", listed(&self.claimable)),
            _ => "closed, its legs are on their way".to_owned(),
        };
        format!("epoch {:>4}  {:>24}  {what}", self.epoch, self.shares)
    }

    /// Is there something to claim?
    #[must_use]
    pub fn payable(&self) -> bool {
        self.claimable.iter().any(|part| part.amount != "0")
    }
}

/// The positions of an account, oldest first.
///
/// # Errors
/// Those of the chain.
pub async fn requests(
    site: &BasketSite,
    account: Address,
    sleeves: &[Sleeve],
) -> Result<Vec<Request>> {
    let queue = site.at.queue;
    let topics = serde_json::json!([
        IUnbondingQueue::RedeemRequest::SIGNATURE_HASH,
        account.into_word()
    ]);
    let epochs: BTreeSet<U256> = logs(site, queue, topics)
        .await?
        .iter()
        .filter_map(|log| IUnbondingQueue::RedeemRequest::decode_log(&log.inner).ok())
        .map(|log| log.requestId)
        .collect();
    let mut list = Vec::new();
    for epoch in epochs {
        let call = IUnbondingQueue::positionCall {
            epoch,
            owner: account,
        };
        let position = site.read_at(queue, &call).await?;
        if position.shares.is_zero() {
            continue;
        }
        let info = site
            .read_at(queue, &IUnbondingQueue::epochInfoCall { epoch })
            .await?;
        let call = IUnbondingQueue::claimableCall {
            epoch,
            owner: account,
        };
        let closed = !info.closedAt.is_zero();
        let mut claimable = Vec::new();
        if closed {
            let owed = site.read_at(queue, &call).await?;
            for (sleeve, amount) in sleeves.iter().zip(&owed.amounts) {
                let call = IUnbondingQueue::legInfoCall {
                    epoch,
                    sleeve: U256::from(sleeve.id),
                };
                let leg = site.read_at(queue, &call).await?;
                let coins = leg.asset == NATIVE;
                let coin = sleeves.iter().find(|sleeve| sleeve.is_coin());
                let mut part = Part::of(
                    if coins {
                        coin.unwrap_or(sleeve)
                    } else {
                        sleeve
                    },
                    *amount,
                );
                part.sleeve.clone_from(&sleeve.name);
                claimable.push(part);
            }
        }
        list.push(Request {
            epoch,
            shares: Amount(position.shares),
            state: if closed { "closed" } else { "open" },
            due_at: seconds(info.dueAt),
            claimable,
            mask: position.mask,
        });
    }
    Ok(list)
}

/// What claims paid.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claimed {
    epoch: String,
    transaction: B256,
    block: u64,
    paid: Vec<Part>,
    /// Every leg is paid in full.
    whole: bool,
}

async fn claim(
    settings: &Settings,
    epochs: Vec<U256>,
    recipient: Option<Address>,
    out: Output,
) -> Result<()> {
    let session = Session::basket(settings, out).await?;
    let sleeves = sleeves(&session.site, settings).await?;
    let requests = requests(&session.site, session.account(), &sleeves).await?;
    let chosen: Vec<_> = if epochs.is_empty() {
        requests
            .iter()
            .filter(|request| request.payable())
            .map(|request| request.epoch)
            .collect()
    } else {
        epochs
    };
    let mut done = Vec::new();
    for epoch in chosen {
        let receipt = claim_epoch(&session, epoch, recipient).await?;
        let paid = event::<IUnbondingQueue::Claimed>(&receipt, session.site.at.queue);
        let (amounts, all) = paid.map_or_else(Default::default, |event| (event.paid, event.whole));
        let assets = requests
            .iter()
            .find(|request| request.epoch == epoch)
            .map(|request| request.claimable.clone())
            .unwrap_or_default();
        let paid = assets
            .into_iter()
            .zip(&amounts)
            .zip(&sleeves)
            .map(|((part, amount), sleeve)| {
                let decimals = if part.asset == sleeve.symbol {
                    sleeve.decimals
                } else {
                    18
                };
                Part {
                    text: format!("{} {}", whole(*amount, decimals), part.asset),
                    amount: amount.to_string(),
                    ..part
                }
            })
            .collect();
        done.push(Claimed {
            epoch: epoch.to_string(),
            transaction: receipt.transaction_hash,
            block: receipt.block_number,
            paid,
            whole: all,
        });
    }
    out.result(&done, |done| {
        if done.is_empty() {
            return "nothing to claim".to_owned();
        }
        let lines: Vec<_> = done
            .iter()
            .map(|claim| {
                format!(
                    "epoch {}: {}{} (transaction {})",
                    claim.epoch,
                    listed(&claim.paid),
                    if claim.whole { "" } else { "; more is to come" },
                    claim.transaction
                )
            })
            .collect();
        lines.join("\n")
    });
    Ok(())
}

/// Claims every leg of an epoch that has something.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn claim_epoch(
    session: &Session<BasketSite>,
    epoch: U256,
    recipient: Option<Address>,
) -> Result<Receipt> {
    let me = session.account();
    let call = IUnbondingQueue::claimCall {
        epoch,
        owner: me,
        legMask: U256::MAX,
        recipient: recipient.unwrap_or(me),
    };
    session
        .send(
            &format!("claim epoch {epoch}"),
            session.site.at.queue,
            &call,
            U256::ZERO,
        )
        .await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Moved {
    transaction: B256,
    block: u64,
    amount: String,
}

async fn cancel(
    settings: &Settings,
    epoch: U256,
    shares: Option<Amount>,
    out: Output,
) -> Result<()> {
    let session = Session::basket(settings, out).await?;
    let (site, me) = (&session.site, session.account());
    let shares = match shares {
        Some(shares) => shares.0,
        None => {
            let call = IUnbondingQueue::positionCall { epoch, owner: me };
            site.read_at(site.at.queue, &call).await?.shares
        }
    };
    let receipt = take_back(&session, epoch, shares).await?;
    let done = Moved {
        transaction: receipt.transaction_hash,
        block: receipt.block_number,
        amount: shares.to_string(),
    };
    let (_, symbol) = symbols(settings)?;
    out.result(&done, |done| {
        format!(
            "{} {symbol} are back (transaction {})",
            Amount(shares),
            done.transaction
        )
    });
    Ok(())
}

/// Takes `shares` of a request out of the open epoch.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn take_back(
    session: &Session<BasketSite>,
    epoch: U256,
    shares: U256,
) -> Result<Receipt> {
    let me = session.account();
    let call = IUnbondingQueue::cancelCall {
        epoch,
        shares,
        controller: me,
        receiver: me,
    };
    let title = format!("take the request of epoch {epoch} back");
    session
        .send(&title, session.site.at.queue, &call, U256::ZERO)
        .await
}

async fn deliver(
    settings: &Settings,
    name: &str,
    account: Option<Address>,
    out: Output,
) -> Result<()> {
    let session = Session::basket(settings, out).await?;
    let site = &session.site;
    let sleeves = sleeves(site, settings).await?;
    let sleeve = find(&sleeves, name)?;
    let call = IBasket::deliverLegCall {
        owner: account.unwrap_or(session.account()),
        sleeve: U256::from(sleeve.id),
    };
    let title = format!("deliver the leg of {}", sleeve.name);
    let receipt = session
        .send(&title, site.at.basket, &call, U256::ZERO)
        .await?;
    let units = delivered_units(&receipt, &sleeves)
        .get(sleeve.id)
        .copied()
        .unwrap_or_default();
    let done = Moved {
        transaction: receipt.transaction_hash,
        block: receipt.block_number,
        amount: units.to_string(),
    };
    out.result(&done, |done| {
        format!("{} (transaction {})", sleeve.shown(units), done.transaction)
    });
    Ok(())
}

/// Tokens for somebody who is to try the basket: stCORE by Earn, for the coins of the key; BTC of the stand-in, for nothing.
async fn faucet(
    settings: &Settings,
    stcore: Option<Amount>,
    btc: Option<Amount>,
    recipient: Option<Address>,
    out: Output,
) -> Result<()> {
    let session = Session::basket(settings, out).await?;
    let site = &session.site;
    let to = recipient.unwrap_or(session.account());
    let mut sent = Vec::new();
    if let Some(coins) = stcore {
        let earn = site.deployment.address("CoreEarn")?;
        let token = site.deployment.address("StCore")?;
        let sleeve = site.deployment.address("CoreSleeve")?;
        let list = site
            .read_at(sleeve, &ICoreSleeve::validatorsCall {})
            .await?;
        let me = session.account();
        let held = IToken::balanceOfCall { account: me };
        let before = site.read_at(token, &held).await?;
        let call = ICoreEarn::mintCall {
            validator: list.first().map(|one| one.account).unwrap_or_default(),
        };
        let receipt = session
            .send(&format!("stCORE for {coins} coins"), earn, &call, coins.0)
            .await?;
        let got = site.read_at(token, &held).await?.saturating_sub(before);
        sent.push(Moved {
            transaction: receipt.transaction_hash,
            block: receipt.block_number,
            amount: got.to_string(),
        });
        if to != me {
            let call = IToken::transferCall { to, amount: got };
            let receipt = session
                .send("hand the stCORE on", token, &call, U256::ZERO)
                .await?;
            sent.push(Moved {
                transaction: receipt.transaction_hash,
                block: receipt.block_number,
                amount: got.to_string(),
            });
        }
    }
    if let Some(amount) = btc {
        let made = site.deployment.contracts.get("CoreBtc");
        if made.is_none_or(|token| token.block.is_none()) {
            return Err(Problem::Argument {
                what: "--btc".to_owned(),
                reason: format!(
                    "the BTC token of the deployment `{}` is no stand-in",
                    site.deployment.name
                ),
            });
        }
        let amount = units("--btc", amount, 8)?;
        let call = LocalCoreBtc::mintCall { to, amount };
        let token = site.deployment.address("CoreBtc")?;
        let receipt = session
            .send("BTC of the stand-in", token, &call, U256::ZERO)
            .await?;
        sent.push(Moved {
            transaction: receipt.transaction_hash,
            block: receipt.block_number,
            amount: amount.to_string(),
        });
    }
    out.result(&sent, |sent| {
        let lines: Vec<_> = sent
            .iter()
            .map(|one| format!("{} units (transaction {})", one.amount, one.transaction))
            .collect();
        lines.join("\n")
    });
    Ok(())
}
