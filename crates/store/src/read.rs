//! Readers of the derived tables, for the API and the monitors.

mod basket;
mod parts;

pub use basket::NavPoint;

use crate::{
    Page, PageRequest, Reader, Result,
    index::{Event, EventFilter},
    project::{RAY, totals},
    rows::{
        Bucket, Checkpoint, Claim, History, Holder, Parameter, Request, RewardLoad, RoleChange,
        Rung, Slash, Total, Validator,
    },
    value::Column as _,
};
use alloy::primitives::{Address, U256};

impl Reader {
    /// Events, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn events(&self, filter: &EventFilter, page: &PageRequest) -> Result<Page<Event>> {
        const MENTIONED: &str = "EXISTS (SELECT 1 FROM event_accounts AS a
            WHERE a.account = $1 AND a.block = events.block AND a.log_index = events.log_index)";
        const MENTIONED_AND_NAMED: &str = "EXISTS (SELECT 1 FROM event_accounts AS a
            WHERE a.account = $1 AND a.block = events.block AND a.log_index = events.log_index) AND name = $2";
        let (sql, values) = match (&filter.account, &filter.name) {
            (None, None) => ("1 = 1", vec![]),
            (None, Some(name)) => ("name = $1", vec![name.to_value()]),
            (Some(account), None) => (MENTIONED, vec![account.to_value()]),
            (Some(account), Some(name)) => (
                MENTIONED_AND_NAMED,
                vec![account.to_value(), name.to_value()],
            ),
        };
        self.page(sql, values, &["block", "log_index"], true, page)
            .await
    }

    /// The newest event of a name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn last_event(&self, name: &str) -> Result<Option<Event>> {
        const NEWEST: &str = "WHERE name = $1 ORDER BY block DESC, log_index DESC LIMIT 1";
        let newest = self.select(NEWEST, vec![name.to_owned().to_value()]);
        Ok(newest.await?.into_iter().next())
    }

    /// The oldest event of a name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn first_event(&self, name: &str) -> Result<Option<Event>> {
        const OLDEST: &str = "WHERE name = $1 ORDER BY block, log_index LIMIT 1";
        let oldest = self.select(OLDEST, vec![name.to_owned().to_value()]);
        Ok(oldest.await?.into_iter().next())
    }

    /// One account's totals.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn holder(&self, account: Address) -> Result<Option<Holder>> {
        self.get(Holder::key(&account)).await
    }

    /// Accounts that hold LST or have deposited.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn depositor_count(&self) -> Result<u64> {
        Ok(self
            .int("SELECT COUNT(*) FROM holders WHERE deposits > 0", vec![])
            .await?
            .unwrap_or_default())
    }

    /// One account's history, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn history(&self, account: Address, page: &PageRequest) -> Result<Page<History>> {
        self.page(
            "account = $1",
            vec![account.to_value()],
            &["block", "log_index", "kind"],
            true,
            page,
        )
        .await
    }

    /// One request.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn request(&self, id: U256) -> Result<Option<Request>> {
        self.get(Request::key(&id)).await
    }

    /// One account's requests, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn requests_of(&self, owner: Address, page: &PageRequest) -> Result<Page<Request>> {
        self.page("owner = $1", vec![owner.to_value()], &["id"], true, page)
            .await
    }

    /// A rung's requests, in order: candidates for a push.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn requests_in(&self, rung: u64, page: &PageRequest) -> Result<Page<Request>> {
        self.page(
            "rung = $1",
            vec![rung.to_value()],
            &["rung", "seq"],
            false,
            page,
        )
        .await
    }

    /// Live requests of closed rungs, without a receipt, oldest first: candidates for a push.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn live_requests(&self, page: &PageRequest) -> Result<Page<Request>> {
        let closed = "state = 'live' AND receipt IS NULL AND rung IN (SELECT rungs.id FROM rungs WHERE closed_at IS NOT NULL)";
        self.page(closed, vec![], &["rung", "seq"], false, page)
            .await
    }

    /// One rung.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rung(&self, id: u64) -> Result<Option<Rung>> {
        self.get(Rung::key(&id)).await
    }

    /// Rungs, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn rungs(&self, page: &PageRequest) -> Result<Page<Rung>> {
        self.page("1 = 1", vec![], &["id"], true, page).await
    }

    /// When the oldest rung that still waits for coins got its first request.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn oldest_waiting(&self) -> Result<Option<u64>> {
        let watermark = self.total(totals::WATERMARK).await?;
        self.int(
            "SELECT MIN(opened_at) FROM rungs WHERE (closed_at IS NULL AND lst > $1) OR (closed_at IS NOT NULL AND units_end > $2)",
            vec![U256::ZERO.to_value(), watermark.to_value()],
        )
        .await
    }

    /// The last checkpoint.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn last_checkpoint(&self) -> Result<Option<Checkpoint>> {
        Ok(self
            .select("ORDER BY idx DESC LIMIT 1", vec![])
            .await?
            .into_iter()
            .next())
    }

    /// The last checkpoint at or below a watermark: the first half of a claim's hint.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn checkpoint_at(&self, units: U256) -> Result<Option<Checkpoint>> {
        Ok(self
            .select(
                "WHERE w <= $1 ORDER BY idx DESC LIMIT 1",
                vec![units.to_value()],
            )
            .await?
            .into_iter()
            .next())
    }

    /// All validators, by id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn validators(&self) -> Result<Vec<Validator>> {
        self.select("ORDER BY id", vec![]).await
    }

    /// All buckets, by validator and index.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn buckets(&self) -> Result<Vec<Bucket>> {
        self.select("ORDER BY validator, idx", vec![]).await
    }

    /// A validator's buckets, by index.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn buckets_of(&self, validator: u16) -> Result<Vec<Bucket>> {
        self.select(
            "WHERE validator = $1 ORDER BY idx",
            vec![validator.to_value()],
        )
        .await
    }

    /// Reward loads, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn reward_loads(&self, page: &PageRequest) -> Result<Page<RewardLoad>> {
        self.page("1 = 1", vec![], &["block", "log_index"], true, page)
            .await
    }

    /// Claims, newest first.
    ///
    /// # Errors
    /// [`crate::Error::BadCursor`].
    pub async fn claims(&self, page: &PageRequest) -> Result<Page<Claim>> {
        self.page("1 = 1", vec![], &["block", "log_index"], true, page)
            .await
    }

    /// A parameter as last set.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn parameter(&self, name: &str) -> Result<Option<Parameter>> {
        self.get(Parameter::key(&name.to_owned())).await
    }

    /// All parameters as last set, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn parameters(&self) -> Result<Vec<Parameter>> {
        self.select("ORDER BY name", vec![]).await
    }

    /// Booked losses, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn slashes(&self) -> Result<Vec<Slash>> {
        self.select("ORDER BY block DESC, log_index DESC", vec![])
            .await
    }

    /// Role changes, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn role_changes(&self) -> Result<Vec<RoleChange>> {
        self.select("ORDER BY block DESC, log_index DESC", vec![])
            .await
    }

    /// A running total, by its name in [`totals`]. One that no event has told is zero; the rate is 1e27 then.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn total(&self, name: &str) -> Result<U256> {
        let untold = if name == totals::RATE {
            RAY
        } else {
            U256::ZERO
        };
        Ok(self
            .get(Total::key(&name.to_owned()))
            .await?
            .map_or(untold, |t| t.value))
    }

    /// All running totals that events have told, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn totals(&self) -> Result<Vec<Total>> {
        self.select("ORDER BY name", vec![]).await
    }
}
