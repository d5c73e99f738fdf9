//! The derived rows that a batch touches: each is read once, changed in memory, written once, with its image from before.

use crate::{
    Result,
    rows::DERIVED,
    value::{Key, Row, Value},
};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;

struct Entry {
    before: Option<Vec<Value>>,
    now: Option<Vec<Value>>,
}

/// Keyed by table and key, in a fixed order, so that the undo journal is the same however the batch was made.
pub(crate) struct Tables<'c> {
    conn: &'c mut SqliteConnection,
    entries: BTreeMap<(&'static str, String), (Vec<Value>, Entry)>,
}

impl<'c> Tables<'c> {
    pub(crate) fn new(conn: &'c mut SqliteConnection) -> Self {
        Self {
            conn,
            entries: BTreeMap::new(),
        }
    }

    async fn entry<R: Row>(&mut self, key: Vec<Value>) -> Result<&mut Entry> {
        let id = (R::SPEC.table, serde_json::to_string(&key)?);
        let loaded = if self.entries.contains_key(&id) {
            None
        } else {
            R::SPEC.fetch(self.conn, &key).await?
        };
        Ok(&mut self
            .entries
            .entry(id)
            .or_insert_with(|| {
                (
                    key,
                    Entry {
                        before: loaded.clone(),
                        now: loaded,
                    },
                )
            })
            .1)
    }

    pub(crate) async fn get<R: Row>(&mut self, key: Key<R>) -> Result<Option<R>> {
        self.entry::<R>(key.0)
            .await?
            .now
            .clone()
            .map(R::from_values)
            .transpose()
    }

    pub(crate) async fn put<R: Row>(&mut self, row: &R) -> Result<()> {
        let values = row.to_values();
        let key = values.iter().take(R::SPEC.keys).cloned().collect();
        self.entry::<R>(key).await?.now = Some(values);
        Ok(())
    }

    pub(crate) async fn remove<R: Row>(&mut self, key: Key<R>) -> Result<()> {
        self.entry::<R>(key.0).await?.now = None;
        Ok(())
    }

    /// Writes what changed. With `undo_for`, the images from before go to the journal of that block.
    pub(crate) async fn flush(self, undo_for: Option<u64>) -> Result<()> {
        let mut ord = 0_i64;
        for ((table, _), (key, entry)) in self.entries {
            if entry.before == entry.now {
                continue;
            }
            let Some(spec) = DERIVED.iter().find(|s| s.table == table) else {
                continue;
            };
            if let Some(block) = undo_for {
                let existed = entry.before.is_some();
                let image = serde_json::to_string(entry.before.as_ref().unwrap_or(&key))?;
                sqlx::query(
                    "INSERT INTO undo (block, ord, tbl, row, existed) VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(i64::try_from(block).unwrap_or(i64::MAX))
                .bind(ord)
                .bind(table)
                .bind(image)
                .bind(i64::from(existed))
                .execute(&mut *self.conn)
                .await?;
                ord += 1;
            }
            match entry.now {
                Some(row) => spec.upsert(self.conn, row).await?,
                None => spec.delete(self.conn, key).await?,
            }
        }
        Ok(())
    }
}
