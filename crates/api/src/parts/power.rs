//! Who may act for whom, what is announced, and whether the minter is halted.

use alloy::primitives::{Address, hex};
use chain::bindings::ILiquidMinter as Minter;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    dto::{Delegate, Emergency, EmergencyKind, Halt, Page, Payouts, Scheduled},
    error::ApiError,
    figures::{SIDE_BY_SIDE, secs},
    index::{index, page, page_request, paged, short_page_request},
    scalar::{Addr, Hash},
    server::AppState,
};

impl AppState {
    pub(crate) async fn payouts(&self, account: Address) -> Result<Payouts, ApiError> {
        let minter = self.liquid()?.minter.0;
        let now = self.now().await?;
        let ask = Minter::autoPayCall { owner: account };
        let auto_pay = now.read(minter, ask).await?;
        let said = self.store().auto_pay(account).await.map_err(index)?;
        let row = self.store().delegate(account).await.map_err(index)?;
        Ok(Payouts {
            account: Addr(account),
            auto_pay,
            auto_pay_set_at: said.map(|row| row.at),
            delegate: row.map_or(
                Delegate {
                    account: Addr(account),
                    delegate: None,
                    active_from: None,
                    proposed: None,
                    proposed_at: None,
                    closed: false,
                },
                delegate,
            ),
        })
    }

    pub(crate) async fn delegates(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Delegate>, ApiError> {
        self.liquid()?;
        let asked = page_request(cursor, limit);
        let rows = self
            .store()
            .delegates(&asked)
            .await
            .map_err(paged(cursor))?;
        Ok(page(rows, delegate))
    }

    pub(crate) async fn halt(&self) -> Result<Halt, ApiError> {
        self.liquid()?;
        let store = self.store();
        let named = async |name: &str| -> Result<Option<Addr>, ApiError> {
            let row = store.parameter(name).await.map_err(index)?;
            let address: Option<Address> = row.and_then(|row| row.value.parse().ok());
            Ok(address.filter(|at| !at.is_zero()).map(Addr))
        };
        let implementation = named("implementation").await?;
        let halt_code = named("haltCode").await?;
        let emergencies = store.emergencies().await.map_err(index)?;
        Ok(Halt {
            halted: implementation.is_some() && implementation == halt_code,
            implementation,
            halt_code,
            reader: named("stakingReader").await?,
            emergencies: emergencies
                .into_iter()
                .map(|row| Emergency {
                    what: match row.what {
                        store::EmergencyKind::Halt => EmergencyKind::Halt,
                        store::EmergencyKind::Reader => EmergencyKind::Reader,
                    },
                    target: Addr(row.target),
                    signer: Addr(row.signer),
                    done: row.done,
                    until: row.until,
                    at: row.at,
                    block: row.block,
                })
                .collect(),
        })
    }

    pub(crate) async fn scheduled(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Scheduled>, ApiError> {
        let minter = self.liquid()?.minter.0;
        let rows = self
            .store()
            .scheduled(&short_page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let now = self.now().await?;
        let delay = secs(now.read(minter, Minter::longestExitCall {}).await?);
        let items = stream::iter(rows.items)
            .map(|row| {
                let now = &now;
                async move {
                    let ask = Minter::scheduledAtCall {
                        operation: row.operation,
                    };
                    let waits = now.read(minter, ask).await?;
                    Ok::<_, ApiError>(Scheduled {
                        operation: Hash(row.operation),
                        call: name_of(&row.data),
                        data: hex::encode_prefixed(&row.data),
                        at: row.at,
                        waits: secs(waits) == row.at,
                        executable_at: row.at.saturating_add(delay),
                        cancelled: row.cancelled,
                        block: row.block,
                    })
                }
            })
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(Page {
            items,
            next_cursor: rows.next,
        })
    }
}

/// The minter's function that a call is to.
fn name_of(call: &[u8]) -> Option<String> {
    let selector = call.get(..4)?.try_into().ok()?;
    Minter::ILiquidMinterCalls::signature_by_selector(selector).map(str::to_owned)
}

fn delegate(row: store::Delegate) -> Delegate {
    Delegate {
        account: Addr(row.account),
        delegate: row.delegate.map(Addr),
        active_from: row.active_from,
        proposed: row.proposed.map(Addr),
        proposed_at: row.proposed_at,
        closed: row.closed,
    }
}
