//! `omnibus user receipt …`: requests as ERC-721 tokens, which can be given and sold.

use crate::{
    abi::{ILiquidMinter, ILiquidReceipts},
    amount::Amount,
    args::ReceiptCommand,
    config::Settings,
    error::{Problem, Result},
    output::Output,
    session::{Session, Site},
    user::{self, Symbols, event, seconds, until},
};
use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Log,
    sol_types::SolEvent as _,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The low bits of a token id: the request.
pub const REQUEST: U256 = U256::from_limbs([u64::MAX, 0, 0, 0]);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Moved {
    receipt: String,
    transaction: B256,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claimed {
    receipt: String,
    paid: Amount,
    /// The receipt of what is left.
    next: Option<String>,
    transaction: B256,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    receipt: String,
    request: String,
    owner: Address,
    lst: Amount,
    paid: Amount,
    claimable: Amount,
    promised_at: u64,
    revised: bool,
}

/// `omnibus user receipt …`
///
/// # Errors
/// See [`Session::open`] and [`Session::send`].
pub async fn run(
    settings: &Settings,
    command: ReceiptCommand,
    symbols: &Symbols,
    out: Output,
) -> Result<()> {
    if let ReceiptCommand::Show { token } = command {
        return show(&Site::open(settings).await?, token, symbols, out).await;
    }
    let session = Session::open(settings, out).await?;
    let site = &session.site;
    let receipts = site.deployment.address("LiquidReceipts")?;
    let moved = |token: U256, transaction: B256, what: &str| {
        let moved = Moved {
            receipt: token.to_string(),
            transaction,
        };
        out.result(&moved, |m| {
            format!(
                "receipt {} {what} (transaction {})",
                m.receipt, m.transaction
            )
        });
    };
    match command {
        ReceiptCommand::Mint { id } => {
            let title = format!("a receipt of request {id}");
            let call = ILiquidMinter::mintReceiptCall { id };
            let receipt = session.send(&title, site.minter, &call, U256::ZERO).await?;
            let token = event::<ILiquidReceipts::Transfer>(&receipt, receipts)
                .map(|e| e.tokenId)
                .ok_or_else(|| Problem::Unexpected("a receipt without its event".to_owned()))?;
            moved(token, receipt.transaction_hash, "minted");
        }
        ReceiptCommand::Transfer { token, to } => {
            // Safe: a contract that does not know receipts refuses, instead of keeping it for ever.
            let call = ILiquidReceipts::safeTransferFrom_0Call {
                from: session.account(),
                to,
                tokenId: token,
            };
            let title = format!("receipt {token} to {to}");
            let receipt = session.send(&title, receipts, &call, U256::ZERO).await?;
            moved(token, receipt.transaction_hash, &format!("is {to}'s"));
        }
        ReceiptCommand::Unwrap { token } => {
            let call = ILiquidReceipts::unwrapCall { tokenId: token };
            let title = format!("receipt {token} back into a request");
            let receipt = session.send(&title, receipts, &call, U256::ZERO).await?;
            let what = format!("is request {} again", token & REQUEST);
            moved(token, receipt.transaction_hash, &what);
        }
        ReceiptCommand::Claim { token, recipient } => {
            let ids = vec![token & REQUEST];
            let hints = site.read(&ILiquidMinter::findHintsCall { ids }).await?;
            let hint = |list: &[U256]| list.first().copied().unwrap_or_default();
            let call = ILiquidReceipts::claimCall {
                tokenId: token,
                hintA: hint(&hints.hintsA),
                hintB: hint(&hints.hintsB),
                recipient: recipient.unwrap_or(session.account()),
            };
            let title = format!("claim receipt {token}");
            let receipt = session.send(&title, receipts, &call, U256::ZERO).await?;
            let event = event::<ILiquidReceipts::ReceiptClaimed>(&receipt, receipts)
                .ok_or_else(|| Problem::Unexpected("a claim without its event".to_owned()))?;
            let claimed = Claimed {
                receipt: token.to_string(),
                paid: Amount(event.paid),
                next: (!event.nextTokenId.is_zero()).then(|| event.nextTokenId.to_string()),
                transaction: receipt.transaction_hash,
            };
            out.result(&claimed, |c| {
                let rest = c
                    .next
                    .as_ref()
                    .map(|next| format!("; the rest is receipt {next}"))
                    .unwrap_or_default();
                format!(
                    "receipt {}: paid {} {}{rest} (transaction {})",
                    c.receipt, c.paid, symbols.coin, c.transaction
                )
            });
        }
        ReceiptCommand::Show { .. } => {}
    }
    Ok(())
}

/// The receipts that `account` holds, by the log: each that came to it more often than it left.
///
/// # Errors
/// [`Problem::Config`], [`Problem::Chain`].
pub async fn held(site: &Site, account: Address) -> Result<Vec<U256>> {
    let receipts = site.deployment.address("LiquidReceipts")?;
    let (moved, me) = (
        ILiquidReceipts::Transfer::SIGNATURE_HASH,
        account.into_word(),
    );
    let came = user::logs(site, receipts, serde_json::json!([moved, null, me])).await?;
    let left = user::logs(site, receipts, serde_json::json!([moved, me])).await?;
    let mut held: BTreeMap<U256, usize> = BTreeMap::new();
    let ids = |logs: Vec<Log>| {
        logs.into_iter()
            .filter_map(|log| ILiquidReceipts::Transfer::decode_log(&log.inner).ok())
            .map(|log| log.tokenId)
    };
    for id in ids(came) {
        *held.entry(id).or_default() += 1;
    }
    for id in ids(left) {
        if let Some(count) = held.get_mut(&id) {
            *count = count.saturating_sub(1);
        }
    }
    Ok(held
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(id, _)| id)
        .collect())
}

async fn show(site: &Site, token: U256, symbols: &Symbols, out: Output) -> Result<()> {
    let receipts = site.deployment.address("LiquidReceipts")?;
    let info = site
        .read_at(receipts, &ILiquidReceipts::infoCall { tokenId: token })
        .await?;
    let now = site.pool.latest().await?.timestamp;
    let shown = Shown {
        receipt: token.to_string(),
        request: info.requestId.to_string(),
        owner: info.owner,
        lst: Amount(info.lst),
        paid: Amount(info.paid),
        claimable: Amount(info.gross.saturating_sub(info.fee)),
        promised_at: seconds(info.eta),
        revised: info.revised,
    };
    out.result(&shown, |s| {
        format!(
            "receipt {} of request {}\n  owner      {}\n  tokens     {} {}\n  claimable  {} {}\n  rest       {}",
            s.receipt,
            s.request,
            s.owner,
            s.lst,
            symbols.token,
            s.claimable,
            symbols.coin,
            until(s.promised_at, now)
        )
    });
    Ok(())
}
