//! Blocks in, blocks out: the transactions that keep the tables equal to the chain.

use crate::{
    AlertOp, Error, RESYNC, Reader, Result, Store,
    alerts::{self, apply_alerts},
    db::{Tx, unix_now},
    project::project,
    rows::DERIVED,
    tables::Tables,
    value::{Column as _, Row as _, Spec, Value, rows},
};
use alloy::primitives::{Address, B256, Bytes, Keccak256};
use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};

rows! {
    /// A block header, as much as the index needs of it.
    pub struct Block in "blocks" {
        /// Number.
        number: u64;
        /// Hash.
        hash: B256,
        /// Hash of the block before.
        parent: B256,
        /// Unix seconds.
        timestamp: u64,
        /// How many events of ours it has. Filled in by the store.
        events: u64,
    }

    /// A decoded log. `name` is empty where no decoder knew it: then only the raw part says something.
    pub struct Event in "events" {
        /// Block.
        block: u64,
        /// Log index in the block.
        log_index: u64;
        /// Timestamp of the block. Filled in by the store.
        at: u64,
        /// Transaction.
        tx_hash: B256,
        /// The contract that logged it.
        address: Address,
        /// Its name.
        name: String,
        /// Arguments by name: numbers as decimal strings, addresses and bytes as lower-case hex, booleans as such.
        args: serde_json::Value,
        /// The topics, 32 bytes each.
        topics: Bytes,
        /// The data.
        data: Bytes,
    }

    struct EventAccount in "event_accounts" {
        account: Address,
        block: u64,
        log_index: u64;
    }

    /// A range of blocks that may lack events.
    pub struct Hole in "holes" {
        /// Its id.
        id: i64;
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
        /// How it was found.
        reason: String,
        /// When.
        found_at: u64,
        /// When it was filled, or shown to be none.
        filled_at: Option<u64>,
    }
}

/// The last block applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its timestamp.
    pub timestamp: u64,
}

/// One block of the live chain.
#[derive(Debug, Clone)]
pub struct BlockBatch {
    /// Its header; it must build on the cursor's block.
    pub block: Block,
    /// All events of ours in it, by rising log index.
    pub events: Vec<Event>,
    /// What the rules say about it.
    pub alerts: Vec<AlertOp>,
}

/// A verified range of final blocks.
#[derive(Debug, Clone)]
pub struct RangeBatch {
    /// First block: the one after the cursor, or anywhere in an empty store.
    pub first: u64,
    /// Header of the last block. The store can never roll back below it.
    pub last: Block,
    /// Headers of the blocks with events, rising; the last block may be among them.
    pub blocks: Vec<Block>,
    /// All events of ours in the range, by rising block and log index.
    pub events: Vec<Event>,
    /// What the rules say about it.
    pub alerts: Vec<AlertOp>,
}

/// How complete the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Completeness {
    /// Holes ever found.
    pub found: u64,
    /// Holes left.
    pub left: u64,
}

/// Which events to read.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only of this name.
    pub name: Option<String>,
    /// Only those that mention this account in an argument, or come from it.
    pub account: Option<Address>,
}

impl Store {
    /// Notes whose events the index is made of. One that was made of others lacks what these logged so far: it is emptied,
    /// to be made anew. Journal, alerts and samples stay. Says whether that was so.
    ///
    /// `contracts` is any stable text that names them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn follow(&self, contracts: &str) -> Result<bool> {
        let wanted = contracts.to_owned();
        self.write("follow", move |tx| {
            Box::pin(async move {
                let noted = sqlx::query("SELECT value FROM meta WHERE key = 'follows'")
                    .fetch_optional(&mut *tx.conn)
                    .await?;
                let noted: Option<String> = noted.map(|row| row.try_get(0)).transpose()?;
                if noted.as_ref() == Some(&wanted) {
                    return Ok(false);
                }
                let anew = cursor(tx.conn).await?.is_some();
                let tables = DERIVED.iter().map(|spec| spec.table);
                for table in ["undo", "event_accounts", "events", "blocks", "cursor"]
                    .into_iter()
                    .chain(tables)
                {
                    let sql = AssertSqlSafe(format!("DELETE FROM {table}"));
                    sqlx::query(sql).execute(&mut *tx.conn).await?;
                }
                sqlx::query("DELETE FROM meta WHERE key = 'undo_floor'")
                    .execute(&mut *tx.conn)
                    .await?;
                sqlx::query("INSERT INTO meta (key, value) VALUES ('follows', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
                    .bind(wanted)
                    .execute(&mut *tx.conn)
                    .await?;
                if anew {
                    tx.change(RESYNC, Some(serde_json::json!({ "height": 0 })));
                }
                Ok(anew)
            })
        })
        .await
    }

    /// Applies one block: header, events, derived rows, alerts and cursor in one transaction, with what a rollback needs.
    ///
    /// # Errors
    /// [`Error::NotNext`] or [`Error::OtherBranch`] when it does not continue the cursor, [`Error::Event`] when an event does not fit the rows.
    /// Then nothing has changed.
    pub async fn apply_block(&self, batch: BlockBatch) -> Result<()> {
        let window = self.options.reorg_window;
        self.write("apply_block", move |tx| {
            Box::pin(async move {
                let BlockBatch {
                    mut block,
                    mut events,
                    alerts,
                } = batch;
                check_order(&events, block.number, block.number)?;
                if let Some(cursor) = cursor(tx.conn).await? {
                    if cursor.number.checked_add(1) != Some(block.number) {
                        return Err(Error::NotNext {
                            given: block.number,
                            cursor: cursor.number,
                        });
                    }
                    if block.parent != cursor.hash {
                        return Err(Error::OtherBranch {
                            number: block.number,
                            cursor: cursor.number,
                        });
                    }
                }
                block.events = events.len() as u64;
                for event in &mut events {
                    event.at = block.timestamp;
                }
                tx.insert(&block).await?;
                tx.reach("block");
                apply_events(tx, &events, Some(block.number)).await?;
                apply_alerts(tx, alerts).await?;
                tx.reach("alerts");
                set_cursor(tx, &block).await?;
                prune(tx, block.number.saturating_sub(window)).await
            })
        })
        .await
    }

    /// Applies a range of final blocks in one transaction, without images for a rollback.
    ///
    /// # Errors
    /// As [`Store::apply_block`].
    pub async fn apply_range(&self, batch: RangeBatch) -> Result<()> {
        self.write("apply_range", move |tx| {
            Box::pin(async move {
                let RangeBatch {
                    first,
                    last,
                    blocks,
                    mut events,
                    alerts,
                } = batch;
                check_order(&events, first, last.number)?;
                if last.number < first {
                    return Err(Error::BadBatch(format!(
                        "range {first}..={} is empty",
                        last.number
                    )));
                }
                if let Some(cursor) = cursor(tx.conn).await?
                    && cursor.number.checked_add(1) != Some(first)
                {
                    return Err(Error::NotNext {
                        given: first,
                        cursor: cursor.number,
                    });
                }
                let mut headers: BTreeMap<u64, Block> = blocks
                    .into_iter()
                    .map(|b| (b.number, Block { events: 0, ..b }))
                    .collect();
                headers.insert(
                    last.number,
                    Block {
                        events: 0,
                        ..last.clone()
                    },
                );
                for event in &mut events {
                    let header = headers.get_mut(&event.block).ok_or_else(|| {
                        Error::BadBatch(format!("no header for block {} with events", event.block))
                    })?;
                    header.events += 1;
                    event.at = header.timestamp;
                }
                for header in headers
                    .values()
                    .filter(|h| h.events > 0 || h.number == last.number)
                {
                    if header.number < first || header.number > last.number {
                        return Err(Error::BadBatch(format!(
                            "header {} outside {first}..={}",
                            header.number, last.number
                        )));
                    }
                    tx.insert(header).await?;
                }
                tx.reach("block");
                apply_events(tx, &events, None).await?;
                apply_alerts(tx, alerts).await?;
                tx.reach("alerts");
                set_cursor(tx, &last).await?;
                // Nothing before `last` can be undone any more, so nothing of it is kept for that.
                prune(tx, last.number).await
            })
        })
        .await
    }

    /// Takes back every block above `height`: events, derived rows, samples and alerts are as they were after `height`.
    /// Alerts that those blocks opened are retracted. Above the cursor it does nothing.
    ///
    /// # Errors
    /// [`Error::TooDeep`] below what can be restored. Then nothing has changed.
    pub async fn rollback_to(&self, height: u64) -> Result<()> {
        self.write("rollback", move |tx| {
            Box::pin(async move {
                let Some(cursor) = cursor(tx.conn).await? else {
                    return Ok(());
                };
                if height >= cursor.number {
                    return Ok(());
                }
                let floor = undo_floor(tx.conn).await?;
                let target = tx.get(Block::key(&height)).await?;
                let (Some(target), true) = (target, height >= floor) else {
                    return Err(Error::TooDeep { height, floor });
                };
                let at = height.to_value();
                let images = sqlx::query("SELECT tbl, row, existed FROM undo WHERE block > $1 ORDER BY block DESC, ord DESC")
                    .bind(i64::try_from(height).unwrap_or(i64::MAX))
                    .fetch_all(&mut *tx.conn)
                    .await?;
                for image in images {
                    let (table, row, existed): (String, String, i64) = (image.try_get(0)?, image.try_get(1)?, image.try_get(2)?);
                    let spec = DERIVED.iter().find(|s| s.table == table).ok_or(Error::Corrupt { column: "undo.tbl" })?;
                    let values: Vec<Value> = serde_json::from_str(&row)?;
                    if existed == 1 {
                        spec.upsert(tx.conn, values).await?;
                    } else {
                        spec.delete(tx.conn, values).await?;
                    }
                }
                tx.reach("derived");
                for sql in [
                    "DELETE FROM undo WHERE block > $1",
                    "DELETE FROM event_accounts WHERE block > $1",
                    "DELETE FROM events WHERE block > $1",
                    "DELETE FROM blocks WHERE number > $1",
                    "DELETE FROM samples WHERE block > $1",
                ] {
                    tx.execute(sql, vec![at.clone()]).await?;
                }
                tx.reach("events");
                alerts::retract(tx, height).await?;
                set_cursor(tx, &target).await?;
                tx.change(RESYNC, Some(serde_json::json!({ "height": height })));
                Ok(())
            })
        })
        .await
    }

    /// Notes that blocks `first..=last` may lack events. Returns the hole's id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn report_hole(&self, first: u64, last: u64, reason: String) -> Result<i64> {
        self.write("hole", move |tx| {
            Box::pin(async move {
                tx.insert_new(&Hole {
                    id: 0,
                    first,
                    last,
                    reason,
                    found_at: unix_now(),
                    filled_at: None,
                })
                .await
            })
        })
        .await
    }

    /// Notes that a hole is filled, or was none.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn fill_hole(&self, id: i64) -> Result<()> {
        self.write("hole", move |tx| {
            Box::pin(async move {
                let done = tx
                    .execute(
                        "UPDATE holes SET filled_at = $1 WHERE id = $2 AND filled_at IS NULL",
                        vec![unix_now().to_value(), id.to_value()],
                    )
                    .await?;
                if done == 0 {
                    Err(Error::NoSuch {
                        what: "hole",
                        id: id.to_string(),
                    })
                } else {
                    Ok(())
                }
            })
        })
        .await
    }
}

impl Reader {
    /// The last block applied; none in an empty store.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn cursor(&self) -> Result<Option<Cursor>> {
        cursor(&mut *self.pool.acquire().await?).await
    }

    /// The lowest height that [`Store::rollback_to`] can reach.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rollback_floor(&self) -> Result<u64> {
        undo_floor(&mut *self.pool.acquire().await?).await
    }

    /// A stored header: any of the window, older ones if they carry events.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn block(&self, number: u64) -> Result<Option<Block>> {
        self.get(Block::key(&number)).await
    }

    /// The headers from `first` on, rising.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn blocks_from(&self, first: u64) -> Result<Vec<Block>> {
        self.select("WHERE number >= $1 ORDER BY number", vec![first.to_value()])
            .await
    }

    /// Holes found and left.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn completeness(&self) -> Result<Completeness> {
        Ok(Completeness {
            found: self
                .int("SELECT COUNT(*) FROM holes", vec![])
                .await?
                .unwrap_or_default(),
            left: self
                .int("SELECT COUNT(*) FROM holes WHERE filled_at IS NULL", vec![])
                .await?
                .unwrap_or_default(),
        })
    }

    /// The holes left, by first block.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn holes(&self) -> Result<Vec<Hole>> {
        self.select("WHERE filled_at IS NULL ORDER BY first, id", vec![])
            .await
    }

    /// How many events there are.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn event_count(&self) -> Result<u64> {
        Ok(self
            .int("SELECT COUNT(*) FROM events", vec![])
            .await?
            .unwrap_or_default())
    }

    /// A hash of the cursor, all events with their headers, and all derived rows, in one snapshot.
    /// Two indexes of one history that stand at one block agree on it, however each got there.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn table_hash(&self) -> Result<B256> {
        let mut tx = self.pool.begin().await?;
        let mut hasher = Keccak256::new();
        if let Some(cursor) = cursor(&mut tx).await? {
            hasher.update(cursor.number.to_be_bytes());
            hasher.update(cursor.hash);
        }
        // Headers without events come and go with the window.
        hash_table(&mut tx, &Block::SPEC, "WHERE events > 0", &mut hasher).await?;
        for spec in [&Event::SPEC, &EventAccount::SPEC]
            .into_iter()
            .chain(DERIVED)
        {
            hash_table(&mut tx, spec, "", &mut hasher).await?;
        }
        Ok(hasher.finalize())
    }

    /// Derives every row anew from the stored events in `scratch`, an empty store, and says whether the tables agree.
    ///
    /// # Errors
    /// Those of the database, and [`Error::Event`].
    pub async fn verify(&self, scratch: &Store) -> Result<bool> {
        let Some(end) = self.cursor().await? else {
            return Ok(true);
        };
        let mut from = 0_u64;
        loop {
            // A page of blocks, each with all its events.
            let blocks: Vec<Block> = self
                .select(
                    "WHERE number >= $1 AND number <= $2 AND events > 0 ORDER BY number LIMIT 500",
                    vec![from.to_value(), end.number.to_value()],
                )
                .await?;
            let last = match blocks.last() {
                Some(block) => block.clone(),
                None => Block {
                    number: end.number,
                    hash: end.hash,
                    parent: B256::ZERO,
                    timestamp: end.timestamp,
                    events: 0,
                },
            };
            if blocks.is_empty() && from > end.number {
                break;
            }
            let events: Vec<Event> = self
                .select(
                    "WHERE block >= $1 AND block <= $2 ORDER BY block, log_index",
                    vec![from.to_value(), last.number.to_value()],
                )
                .await?;
            let next = last.number.saturating_add(1);
            scratch
                .apply_range(RangeBatch {
                    first: from,
                    last,
                    blocks,
                    events,
                    alerts: vec![],
                })
                .await?;
            from = next;
        }
        Ok(self.table_hash().await? == scratch.table_hash().await?)
    }
}

fn check_order(events: &[Event], first: u64, last: u64) -> Result<()> {
    let rising = events.windows(2).all(|pair| match pair {
        [a, b] => (a.block, a.log_index) < (b.block, b.log_index),
        _ => true,
    });
    if !rising {
        return Err(Error::BadBatch(
            "events are not in order, or one is there twice".to_owned(),
        ));
    }
    if let Some(event) = events.iter().find(|e| e.block < first || e.block > last) {
        return Err(Error::BadBatch(format!(
            "event of block {} in a batch of {first}..={last}",
            event.block
        )));
    }
    Ok(())
}

async fn apply_events(tx: &mut Tx<'_>, events: &[Event], undo_for: Option<u64>) -> Result<()> {
    for event in events {
        tx.insert(event).await?;
        for account in accounts(event) {
            tx.insert(&EventAccount {
                account,
                block: event.block,
                log_index: event.log_index,
            })
            .await?;
        }
    }
    tx.reach("events");
    let mut topics = BTreeSet::new();
    let mut tables = Tables::new(tx.conn);
    for event in events {
        project(&mut tables, event, &mut topics).await?;
    }
    tables.flush(undo_for).await?;
    tx.reach("derived");
    for topic in topics {
        tx.change(topic, None);
    }
    Ok(())
}

/// The accounts that an event mentions: its address arguments.
fn accounts(event: &Event) -> BTreeSet<Address> {
    let values = event
        .args
        .as_object()
        .into_iter()
        .flat_map(|args| args.values());
    values
        .filter_map(|v| v.as_str())
        .filter(|s| s.len() == 42 && s.starts_with("0x"))
        .filter_map(|s| s.parse().ok())
        .collect()
}

async fn cursor(conn: &mut SqliteConnection) -> Result<Option<Cursor>> {
    let Some(row) = sqlx::query("SELECT number, hash, timestamp FROM cursor WHERE id = 1")
        .fetch_optional(conn)
        .await?
    else {
        return Ok(None);
    };
    let corrupt = || Error::Corrupt { column: "cursor" };
    Ok(Some(Cursor {
        number: u64::from_value(Value::read(&row, 0)?).ok_or_else(corrupt)?,
        hash: B256::from_value(Value::read(&row, 1)?).ok_or_else(corrupt)?,
        timestamp: u64::from_value(Value::read(&row, 2)?).ok_or_else(corrupt)?,
    }))
}

async fn set_cursor(tx: &mut Tx<'_>, block: &Block) -> Result<()> {
    tx.execute(
        "INSERT INTO cursor (id, number, hash, timestamp) VALUES (1, $1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET number = excluded.number, hash = excluded.hash, timestamp = excluded.timestamp",
        vec![block.number.to_value(), block.hash.to_value(), block.timestamp.to_value()],
    )
    .await?;
    tx.reach("cursor");
    Ok(())
}

async fn undo_floor(conn: &mut SqliteConnection) -> Result<u64> {
    let row = sqlx::query("SELECT value FROM meta WHERE key = 'undo_floor'")
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else {
        return Ok(0);
    };
    row.try_get::<String, _>(0)?
        .parse()
        .map_err(|_| Error::Corrupt {
            column: "meta.undo_floor",
        })
}

/// From now on nothing goes back below `floor`.
async fn prune(tx: &mut Tx<'_>, floor: u64) -> Result<()> {
    tx.execute("DELETE FROM undo WHERE block <= $1", vec![floor.to_value()])
        .await?;
    tx.execute(
        "DELETE FROM blocks WHERE number < $1 AND events = 0",
        vec![floor.to_value()],
    )
    .await?;
    let old = undo_floor(tx.conn).await?;
    sqlx::query("INSERT INTO meta (key, value) VALUES ('undo_floor', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(old.max(floor).to_string())
        .execute(&mut *tx.conn)
        .await?;
    Ok(())
}

async fn hash_table(
    conn: &mut SqliteConnection,
    spec: &Spec,
    filter: &str,
    hasher: &mut Keccak256,
) -> Result<()> {
    hasher.update(spec.table);
    let sql = format!(
        "{} {filter} ORDER BY {}",
        spec.select(),
        spec.order_by_key()
    );
    let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(conn);
    let mut count = 0_u64;
    while let Some(row) = rows.try_next().await? {
        for value in spec.read(&row)? {
            value.hash_into(hasher);
        }
        count += 1;
    }
    hasher.update(count.to_be_bytes());
    Ok(())
}
