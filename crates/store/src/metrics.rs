//! Samples: figures read from the chain at one block.

use crate::{
    AlertOp, Error, Reader, Result, Store,
    alerts::apply_alerts,
    index::Block,
    value::{Column as _, rows},
};
use alloy::primitives::B256;

rows! {
    /// One figure at one time.
    pub struct Sample in "samples" {
        /// Its name; labels behind a slash, as `bucketCooling/3/1`.
        metric: String,
        /// Unix seconds of the block.
        at: u64;
        /// The block it was read at.
        block: u64,
        /// A decimal, or a word.
        value: String,
    }
}

/// (older than, one sample for each): seconds. Everything younger than a day is kept.
const KEEP: [(u64, u64); 3] = [(86_400, 60), (7 * 86_400, 3_600), (90 * 86_400, 86_400)];

impl Store {
    /// Stores what was read at a block of the index, and what the rules say about it, in one transaction.
    ///
    /// # Errors
    /// [`Error::OtherBranch`] when the block is not (or no longer) the stored one: read again.
    pub async fn record_samples(
        &self,
        block: u64,
        hash: B256,
        samples: Vec<(String, String)>,
        alerts: Vec<AlertOp>,
    ) -> Result<()> {
        self.write("samples", move |tx| {
            Box::pin(async move {
                let stored = tx.get(Block::key(&block)).await?.filter(|b| b.hash == hash);
                let stored = stored.ok_or(Error::OtherBranch {
                    number: block,
                    cursor: block,
                })?;
                // Figures of the basket are told to whoever watches it.
                let basket = samples.iter().any(|(name, _)| name.starts_with("basket/"));
                for (metric, value) in samples {
                    tx.update(&Sample {
                        metric,
                        at: stored.timestamp,
                        block,
                        value,
                    })
                    .await?;
                }
                apply_alerts(tx, alerts).await?;
                for topic in ["metrics", "validators", "buckets", "queue"] {
                    tx.change(topic, None);
                }
                if basket {
                    for topic in ["nav", "epochs", "sleeves", "prices", "governance"] {
                        tx.change(topic, None);
                    }
                }
                Ok(())
            })
        })
        .await
    }

    /// Thins old samples out: one a minute after a day, one an hour after a week, one a day after 90 days. The last of each span stays.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn thin_samples(&self, now: u64) -> Result<u64> {
        self.write("thin", move |tx| {
            Box::pin(async move {
                let mut gone = 0;
                for (age, step) in KEEP {
                    gone += tx
                        .execute(
                            "DELETE FROM samples WHERE at < $1 AND EXISTS (
                               SELECT 1 FROM samples AS later
                               WHERE later.metric = samples.metric AND later.at > samples.at
                                 AND later.at < (samples.at / $2 + 1) * $2 AND later.at < $1)",
                            vec![now.saturating_sub(age).to_value(), step.to_value()],
                        )
                        .await?;
                }
                Ok(gone)
            })
        })
        .await
    }
}

impl Reader {
    /// The samples of one metric with `from <= at <= to`, oldest first, at most one in each `step` seconds (its last).
    ///
    /// # Errors
    /// Those of the database.
    pub async fn samples(
        &self,
        metric: &str,
        from: u64,
        to: u64,
        step: u64,
    ) -> Result<Vec<Sample>> {
        self.select(
            "WHERE metric = $1 AND at IN (SELECT MAX(at) FROM samples WHERE metric = $1 AND at >= $2 AND at <= $3 GROUP BY at / $4) ORDER BY at",
            vec![metric.to_owned().to_value(), from.to_value(), to.to_value(), step.max(1).to_value()],
        )
        .await
    }

    /// The newest sample of one metric.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn latest_sample(&self, metric: &str) -> Result<Option<Sample>> {
        let found = self
            .select(
                "WHERE metric = $1 ORDER BY at DESC LIMIT 1",
                vec![metric.to_owned().to_value()],
            )
            .await?;
        Ok(found.into_iter().next())
    }

    /// The oldest sample of one metric that is not older than `from`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn sample_since(&self, metric: &str, from: u64) -> Result<Option<Sample>> {
        let found = self
            .select(
                "WHERE metric = $1 AND at >= $2 ORDER BY at LIMIT 1",
                vec![metric.to_owned().to_value(), from.to_value()],
            )
            .await?;
        Ok(found.into_iter().next())
    }

    /// All samples of the newest block that has any.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn latest_samples(&self) -> Result<Vec<Sample>> {
        self.select(
            "WHERE block = (SELECT MAX(block) FROM samples) ORDER BY metric",
            vec![],
        )
        .await
    }
}

impl Reader {
    /// The oldest sample of one metric.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn first_sample(&self, metric: &str) -> Result<Option<Sample>> {
        let found = self
            .select(
                "WHERE metric = $1 ORDER BY at LIMIT 1",
                vec![metric.to_owned().to_value()],
            )
            .await?;
        Ok(found.into_iter().next())
    }
}
