//! The compounding vault: its figures, an account's part, and exits through it.

use alloy::primitives::{Address, U256};
use chain::bindings::{
    ILiquidCoinVault as CoinVault, ILiquidMinter as Minter, ILiquidVault as Vaults,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::try_join;

use super::part;
use crate::{
    dto::{Page, Vault, VaultMove, VaultMoveKind, VaultPosition, VaultRequest, VaultRequestState},
    error::ApiError,
    figures::{RAY, SIDE_BY_SIDE, secs, value},
    index::{index, page, page_request, paged, short_page_request},
    live::Snapshot,
    scalar::{Addr, Hash, Ray, Wei},
    server::AppState,
};

impl AppState {
    pub(crate) async fn vault(&self) -> Result<Vault, ApiError> {
        let contracts = self.liquid()?;
        let at = part(contracts.vault, "vault")?;
        let now = self.now().await?;
        let (shares, lst, price, held, pending, terms) = try_join!(
            now.read(at, Vaults::totalSupplyCall {}),
            now.read(at, Vaults::totalAssetsCall {}),
            now.read(at, Vaults::convertToAssetsCall { shares: RAY }),
            now.read(at, Vaults::lstHeldCall {}),
            now.read(at, Vaults::pendingRewardsCall {}),
            now.read(contracts.minter.0, Minter::depositTermsCall {}),
        )?;
        let store = self.store();
        let harvest = store.last_event("vault.Harvested").await.map_err(index)?;
        let harvested = store.total(store::totals::VAULT_HARVESTED);
        Ok(Vault {
            address: Addr(at),
            coin_vault: contracts.coin_vault,
            shares: Wei(shares),
            lst: Wei(lst),
            value: Wei(value(lst, terms.rate)),
            price: Ray(price),
            lst_held: Wei(held),
            pending_coins: Wei(pending.coins),
            open: !terms.room.is_zero(),
            holders: store.vault_holder_count().await.map_err(index)?,
            harvested: Wei(harvested.await.map_err(index)?),
            harvested_at: harvest.map(|event| event.at),
            block: now.block.number,
        })
    }

    pub(crate) async fn vault_history(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<VaultMove>, ApiError> {
        part(self.liquid()?.vault, "vault")?;
        let asked = page_request(cursor, limit);
        let moves = self
            .store()
            .vault_moves(&asked)
            .await
            .map_err(paged(cursor))?;
        Ok(page(moves, |row| VaultMove {
            kind: match row.kind {
                store::VaultMoveKind::Deposit => VaultMoveKind::Deposit,
                store::VaultMoveKind::Withdraw => VaultMoveKind::Withdraw,
                store::VaultMoveKind::Harvest => VaultMoveKind::Harvest,
                store::VaultMoveKind::InKind => VaultMoveKind::InKind,
            },
            account: Addr(row.account),
            lst: Wei(row.lst),
            shares: Wei(row.shares),
            coins: Wei(row.coins),
            lst_after: Wei(row.lst_after),
            shares_after: Wei(row.shares_after),
            at: row.at,
            block: row.block,
        }))
    }

    pub(crate) async fn vault_position(&self, account: Address) -> Result<VaultPosition, ApiError> {
        let contracts = self.liquid()?;
        let at = part(contracts.vault, "vault")?;
        let now = self.now().await?;
        let (shares, redeemable, rate) = try_join!(
            now.read(at, Vaults::balanceOfCall { account }),
            now.read(at, Vaults::maxRedeemCall { owner: account }),
            now.read(contracts.minter.0, Minter::rateCall {}),
        )?;
        let lst = now.read(at, Vaults::convertToAssetsCall { shares }).await?;
        let holder = self.store().vault_holder(account).await.map_err(index)?;
        let ever =
            |of: fn(&store::VaultHolder) -> U256| Wei(holder.as_ref().map_or(U256::ZERO, of));
        Ok(VaultPosition {
            account: Addr(account),
            shares: Wei(shares),
            lst: Wei(lst),
            value: Wei(value(lst, rate)),
            redeemable: Wei(redeemable),
            deposited: ever(|h| h.lst_in),
            withdrawn: ever(|h| h.lst_out),
            claimed: ever(|h| h.coins_claimed),
            block: now.block.number,
        })
    }

    pub(crate) async fn vault_requests(
        &self,
        account: Address,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<VaultRequest>, ApiError> {
        let at = part(self.liquid()?.coin_vault, "coinVault")?;
        let rows = self
            .store()
            .vault_requests_of(account, &short_page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let now = self.now().await?;
        let open = now
            .read(self.liquid()?.minter.0, Minter::openRungCall {})
            .await?;
        let items = stream::iter(rows.items)
            .map(|row| self.vault_request(&now, at, secs(open), row))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(Page {
            items,
            next_cursor: rows.next,
        })
    }

    async fn vault_request(
        &self,
        now: &Snapshot,
        coin_vault: Address,
        open: u64,
        row: store::VaultRequest,
    ) -> Result<VaultRequest, ApiError> {
        let (id, controller) = (U256::from(row.id), row.controller);
        let (pending, claimable, coins, ticket) = try_join!(
            now.read(
                coin_vault,
                CoinVault::pendingRedeemRequestCall {
                    requestId: id,
                    controller
                }
            ),
            now.read(
                coin_vault,
                CoinVault::claimableRedeemRequestCall {
                    requestId: id,
                    controller
                }
            ),
            now.read(
                coin_vault,
                CoinVault::claimableAssetsCall {
                    requestId: id,
                    controller
                }
            ),
            now.read(coin_vault, CoinVault::ticketOfCall { requestId: id }),
        )?;
        let rung = row.id.saturating_sub(1);
        let state = if row.shares.is_zero() {
            VaultRequestState::Cancelled
        } else if pending.is_zero() && claimable.is_zero() {
            VaultRequestState::Claimed
        } else if rung == open {
            VaultRequestState::Open
        } else if pending.is_zero() {
            VaultRequestState::Ready
        } else if claimable.is_zero() {
            VaultRequestState::Waiting
        } else {
            VaultRequestState::Partial
        };
        let promised_at = if pending.is_zero() || ticket.is_zero() {
            None
        } else {
            let minter = self.liquid()?.minter.0;
            match now
                .try_read(minter, Minter::exitEtaCall { id: ticket })
                .await
            {
                // The coins are here.
                Ok(promise) if promise.eta.is_zero() => Some(now.block.timestamp),
                Ok(promise) => Some(secs(promise.eta)),
                Err(ApiError::Reverted(_)) => None,
                Err(error) => return Err(error),
            }
        };
        Ok(VaultRequest {
            id: row.id,
            rung,
            shares: Wei(row.shares),
            pending: Wei(pending),
            claimable: Wei(claimable),
            claimable_coins: Wei(coins),
            lst_back: Wei(row.lst_back),
            state,
            promised_at,
            requested_at: row.requested_at,
            tx_hash: Hash(row.tx_hash),
        })
    }
}
