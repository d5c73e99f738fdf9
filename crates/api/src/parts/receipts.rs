//! Receipts of requests.

use alloy::primitives::{Address, U256};

use super::part;
use crate::{
    dto::{Page, Receipt, ReceiptState},
    error::ApiError,
    index::{index, paged, short_page_request},
    scalar::{Addr, Hash, RequestId, Wei},
    server::AppState,
};

impl AppState {
    pub(crate) async fn receipts(
        &self,
        owner: Address,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Receipt>, ApiError> {
        part(self.liquid()?.receipts, "receipts")?;
        let rows = self
            .store()
            .receipts_of(owner, &short_page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        Ok(Page {
            items: self.with_requests(rows.items).await?,
            next_cursor: rows.next,
        })
    }

    pub(crate) async fn receipt(&self, id: U256) -> Result<Receipt, ApiError> {
        part(self.liquid()?.receipts, "receipts")?;
        let unknown = || ApiError::NotFound {
            what: "receipt",
            id: id.to_string(),
        };
        let row = self.store().receipt(id).await.map_err(index)?;
        let found = self.with_requests(vec![row.ok_or_else(unknown)?]).await?;
        found.into_iter().next().ok_or_else(unknown)
    }

    async fn with_requests(&self, rows: Vec<store::Receipt>) -> Result<Vec<Receipt>, ApiError> {
        let mut requests = Vec::with_capacity(rows.len());
        for row in &rows {
            let request = self.store().request(row.request).await.map_err(index)?;
            requests.push(request.ok_or(ApiError::Internal)?);
        }
        let requests = self.exit_requests(requests).await?;
        let pairs = rows.into_iter().zip(requests);
        Ok(pairs
            .map(|(row, request)| Receipt {
                id: RequestId(row.id),
                owner: Addr(row.owner),
                state: match row.state {
                    store::ReceiptState::Live => ReceiptState::Live,
                    store::ReceiptState::Claimed => ReceiptState::Claimed,
                    store::ReceiptState::Unwrapped => ReceiptState::Unwrapped,
                },
                paid: Wei(row.paid),
                next: row.next.map(RequestId),
                minted_at: row.minted_at,
                tx_hash: Hash(row.tx_hash),
                request,
            })
            .collect())
    }
}
