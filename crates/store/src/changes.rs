//! Numbered changes: what a WebSocket client resumes from.

use crate::{
    Reader, Result,
    value::{Column as _, rows},
};

rows! {
    /// One change. Without a payload it says that the topic is to be fetched again.
    pub struct Change in "changes" {
        /// Its number; they rise by one from commit to commit.
        seq: u64;
        /// `metrics`, `validators`, `buckets`, `queue`, `nav`, `epochs`, `sleeves`, `prices`, `governance`, `alerts`, `jobs`,
        /// `account:0x…` (lower case), or `resync`.
        topic: String,
        /// What changed, if it is told here.
        payload: Option<serde_json::Value>,
        /// When it was committed.
        at: u64,
    }
}

/// The topic after which everything is to be fetched anew: the chain was reorganised.
pub const RESYNC: &str = "resync";

/// What a reader gets who saw everything up to some number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// What came since, oldest first; there may be more.
    Next(Vec<Change>),
    /// Some of what came since is gone (or the number was never given): fetch everything, go on from this number.
    Resync(u64),
}

impl Reader {
    /// The number of the newest change.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn seq(&self) -> Result<u64> {
        Ok(self
            .int("SELECT seq FROM change_counter WHERE id = 1", vec![])
            .await?
            .unwrap_or_default())
    }

    /// At most `limit` changes after `since`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn changes(&self, since: u64, limit: u32) -> Result<Changes> {
        // In this order: what is committed in between only makes the list longer.
        let newest = self.seq().await?;
        let changes: Vec<Change> = self
            .select(
                "WHERE seq > $1 ORDER BY seq LIMIT $2",
                vec![since.to_value(), limit.to_value()],
            )
            .await?;
        let contiguous = match changes.first() {
            Some(first) => first.seq == since + 1,
            None => since == newest,
        };
        let resync = changes.iter().rev().find(|c| c.topic == RESYNC);
        Ok(match (contiguous, resync) {
            (false, _) => Changes::Resync(newest),
            (true, Some(change)) => Changes::Resync(change.seq),
            (true, None) => Changes::Next(changes),
        })
    }
}
