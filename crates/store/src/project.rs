//! What each event does to the derived rows: a pure function of the row before and the event.
//!
//! Totals kept: `supply`.

use crate::{
    Error, Event, Result,
    rows::{History, HistoryKind, Holder, RoleChange, Total},
    tables::Tables,
};
use alloy::primitives::{Address, B256, U256};
use std::{collections::BTreeSet, str::FromStr};

/// An event's arguments, by type.
struct Args<'e>(&'e Event);

impl Args<'_> {
    fn error(&self, what: impl Into<String>) -> Error {
        let Event {
            name,
            block,
            log_index,
            ..
        } = self.0;
        Error::Event {
            name: name.clone(),
            block: *block,
            log_index: *log_index,
            what: what.into(),
        }
    }

    fn parse<T: FromStr>(&self, name: &str) -> Result<T> {
        let text = self.0.args.get(name).and_then(|v| v.as_str());
        text.and_then(|t| t.parse().ok())
            .ok_or_else(|| self.error(format!("argument {name} is missing or of another type")))
    }

    fn amount(&self, name: &str) -> Result<U256> {
        self.parse(name)
    }

    fn address(&self, name: &str) -> Result<Address> {
        self.parse(name)
    }
}

pub(crate) async fn project(
    tables: &mut Tables<'_>,
    event: &Event,
    topics: &mut BTreeSet<String>,
) -> Result<()> {
    let args = Args(event);
    match event.name.as_str() {
        "Transfer" => {
            let (from, to, value) = (
                args.address("from")?,
                args.address("to")?,
                args.amount("value")?,
            );
            if from.is_zero() {
                total(tables, &args, "supply", value, U256::ZERO).await?;
            } else {
                let mut holder = holder(tables, event, from).await?;
                holder.balance = holder
                    .balance
                    .checked_sub(value)
                    .ok_or_else(|| args.error("sends more than it holds"))?;
                tables.put(&holder).await?;
                topics.insert(account_topic(from));
            }
            if to.is_zero() {
                total(tables, &args, "supply", U256::ZERO, value).await?;
            } else {
                let mut holder = holder(tables, event, to).await?;
                holder.balance = holder
                    .balance
                    .checked_add(value)
                    .ok_or_else(|| args.error("overflows"))?;
                tables.put(&holder).await?;
                topics.insert(account_topic(to));
            }
            if !from.is_zero() && !to.is_zero() {
                history(
                    tables,
                    event,
                    from,
                    HistoryKind::TransferOut,
                    U256::ZERO,
                    value,
                    Some(to),
                    None,
                )
                .await?;
                history(
                    tables,
                    event,
                    to,
                    HistoryKind::TransferIn,
                    U256::ZERO,
                    value,
                    Some(from),
                    None,
                )
                .await?;
            }
            topics.insert("metrics".to_owned());
        }
        "RoleGranted" | "RoleRevoked" => {
            let row = RoleChange {
                block: event.block,
                log_index: event.log_index,
                at: event.at,
                contract: event.address,
                role: args.parse::<B256>("role")?,
                account: args.address("account")?,
                granted: event.name == "RoleGranted",
                sender: args.address("sender")?,
            };
            tables.put(&row).await?;
        }
        // Stored, and of no consequence for the derived rows.
        _ => {}
    }
    Ok(())
}

async fn holder(tables: &mut Tables<'_>, event: &Event, account: Address) -> Result<Holder> {
    Ok(tables.get(Holder::key(&account)).await?.unwrap_or(Holder {
        account,
        balance: U256::ZERO,
        deposited: U256::ZERO,
        deposits: 0,
        exited: U256::ZERO,
        rewards_claimed: U256::ZERO,
        requests: 0,
        first_at: event.at,
    }))
}

#[allow(clippy::too_many_arguments, reason = "one column each")]
async fn history(
    tables: &mut Tables<'_>,
    event: &Event,
    account: Address,
    kind: HistoryKind,
    amount: U256,
    lst: U256,
    counterparty: Option<Address>,
    request: Option<U256>,
) -> Result<()> {
    let Event {
        block,
        log_index,
        at,
        tx_hash,
        ..
    } = *event;
    tables
        .put(&History {
            account,
            block,
            log_index,
            kind,
            at,
            tx_hash,
            amount,
            lst,
            counterparty,
            request,
        })
        .await
}

async fn total(
    tables: &mut Tables<'_>,
    args: &Args<'_>,
    name: &str,
    plus: U256,
    minus: U256,
) -> Result<()> {
    let name = name.to_owned();
    let before = tables
        .get(Total::key(&name))
        .await?
        .map_or(U256::ZERO, |t| t.value);
    let value = before.checked_add(plus).and_then(|v| v.checked_sub(minus));
    let value = value.ok_or_else(|| args.error(format!("total {name} leaves its range")))?;
    tables.put(&Total { name, value }).await
}

fn account_topic(account: Address) -> String {
    format!("account:{account:#x}")
}
