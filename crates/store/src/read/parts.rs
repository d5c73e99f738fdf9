//! Readers of the parts around the minter.

use crate::{
    Page, PageRequest, Reader, Result,
    rows::{
        AutoPay, Conversion, ConversionSale, Delegate, Emergency, ExitPool, PoolSale, Receipt,
        ReserveMove, Scheduled, VaultHolder, VaultMove, VaultRequest,
    },
    value::Column as _,
};
use alloy::primitives::{Address, U256};

impl Reader {
    /// One account's part of the vault.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn vault_holder(&self, account: Address) -> Result<Option<VaultHolder>> {
        self.get(VaultHolder::key(&account)).await
    }

    /// How many accounts hold shares of the vault.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn vault_holder_count(&self) -> Result<u64> {
        let held = vec![U256::ZERO.to_value()];
        Ok(self
            .int("SELECT COUNT(*) FROM vault_holders WHERE shares > $1", held)
            .await?
            .unwrap_or_default())
    }

    /// What moved the vault, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn vault_moves(&self, page: &PageRequest) -> Result<Page<VaultMove>> {
        self.page("1 = 1", vec![], &["block", "log_index"], true, page)
            .await
    }

    /// A controller's exits from the vault, newest first. Those that were taken back are there with no shares.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn vault_requests_of(
        &self,
        controller: Address,
        page: &PageRequest,
    ) -> Result<Page<VaultRequest>> {
        let of = vec![controller.to_value()];
        self.page("controller = $1", of, &["controller", "id"], true, page)
            .await
    }

    /// One receipt.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn receipt(&self, id: U256) -> Result<Option<Receipt>> {
        self.get(Receipt::key(&id)).await
    }

    /// The receipts that an account owns, or owned last before they ended, newest id first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn receipts_of(&self, owner: Address, page: &PageRequest) -> Result<Page<Receipt>> {
        self.page("owner = $1", vec![owner.to_value()], &["id"], true, page)
            .await
    }

    /// What an account said about pushes; none: nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn auto_pay(&self, account: Address) -> Result<Option<AutoPay>> {
        self.get(AutoPay::key(&account)).await
    }

    /// Pools that are or were on a list, by route and address.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn pools(&self) -> Result<Vec<ExitPool>> {
        self.select("ORDER BY route, pool", vec![]).await
    }

    /// What pools bought, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn pool_sales(&self, page: &PageRequest) -> Result<Page<PoolSale>> {
        self.page("1 = 1", vec![], &["block", "log_index"], true, page)
            .await
    }

    /// Announced changes, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn scheduled(&self, page: &PageRequest) -> Result<Page<Scheduled>> {
        self.page("1 = 1", vec![], &["block", "operation"], true, page)
            .await
    }

    /// One contract's delegate.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delegate(&self, account: Address) -> Result<Option<Delegate>> {
        self.get(Delegate::key(&account)).await
    }

    /// Contracts that have, had or are to get a delegate, by address. Those that only refused are left out.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn delegates(&self, page: &PageRequest) -> Result<Page<Delegate>> {
        let spoken = "delegate IS NOT NULL OR proposed IS NOT NULL";
        self.page(spoken, vec![], &["account"], false, page).await
    }

    /// Signatures and executions of emergencies, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn emergencies(&self) -> Result<Vec<Emergency>> {
        self.select("ORDER BY block DESC, log_index DESC", vec![])
            .await
    }

    /// What moved the first-loss reserve, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn reserve_moves(&self, page: &PageRequest) -> Result<Page<ReserveMove>> {
        self.page("1 = 1", vec![], &["block", "log_index"], true, page)
            .await
    }

    /// Reward tokens, by address.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn conversions(&self) -> Result<Vec<Conversion>> {
        self.select("ORDER BY token", vec![]).await
    }

    /// Sales of reward tokens, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn conversion_sales(&self, page: &PageRequest) -> Result<Page<ConversionSale>> {
        self.page("1 = 1", vec![], &["block", "log_index"], true, page)
            .await
    }
}
