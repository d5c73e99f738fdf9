//! One file, one writer, many readers.

use crate::{
    Error, Result,
    changes::Change,
    failpoint::failpoint,
    value::{Column as _, Key, Row, Value, select},
};
use sqlx::{
    Connection as _, Row as _, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::{File, TryLockError},
    future::Future,
    io::{Read as _, Write as _},
    ops::Deref,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{mpsc, oneshot, watch};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Changes are kept this long; a reader further behind must start over.
const KEEP_CHANGES: i64 = 3600;

/// A checkpoint of another process, or a backup, is over by then.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type Job = Box<dyn for<'c> FnOnce(&'c mut Writer) -> BoxFuture<'c, ()> + Send>;

/// Unix seconds now, by this machine's clock.
#[must_use]
pub fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Blocks below the cursor that can be rolled back. Their headers and undo images are kept; older headers only with events.
    pub reorg_window: u64,
    /// Connections for reading.
    pub readers: u32,
    /// How long a statement waits for another process's lock before it fails with [`Error::Busy`].
    pub busy_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            reorg_window: 128,
            readers: 4,
            busy_timeout: BUSY_TIMEOUT,
        }
    }
}

/// What `migrate` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Version before; 0 for a new file.
    pub from: i64,
    /// Version now.
    pub to: i64,
}

/// The right to read. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(crate) pool: SqlitePool,
}

/// The right to write as well: one per file, on this machine, at a time. Cheap to clone.
///
/// Writes are serialised in one task. A write whose caller is cancelled is still completed or rolled back as a whole.
#[derive(Debug, Clone)]
pub struct Store {
    reader: Reader,
    jobs: mpsc::Sender<Job>,
    seq: watch::Receiver<u64>,
    pub(crate) options: Arc<Options>,
}

impl Deref for Store {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

/// The writer task's own things. The lock goes when the task ends.
pub(crate) struct Writer {
    conn: SqliteConnection,
    seq: watch::Sender<u64>,
    pruned_at: i64,
    _lock: Lock,
}

/// A transaction of the writer.
pub(crate) struct Tx<'c> {
    pub(crate) conn: &'c mut SqliteConnection,
    pub(crate) op: &'static str,
    changes: Vec<Change>,
}

impl Tx<'_> {
    /// Notes a change; it gets its number when the transaction commits. Repeated ones without a payload are told once.
    pub(crate) fn change(&mut self, topic: impl Into<String>, payload: Option<serde_json::Value>) {
        let change = Change {
            seq: 0,
            topic: topic.into(),
            payload,
            at: 0,
        };
        if change.payload.is_some() || !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    pub(crate) async fn execute(&mut self, sql: &'static str, values: Vec<Value>) -> Result<u64> {
        let query = values.into_iter().fold(sqlx::query(sql), |q, v| v.bind(q));
        Ok(query.execute(&mut *self.conn).await?.rows_affected())
    }

    pub(crate) async fn insert<R: Row>(&mut self, row: &R) -> Result<()> {
        R::SPEC.insert(self.conn, row.to_values()).await
    }

    /// Inserts into a table whose key the database gives out; the key in `row` is ignored.
    pub(crate) async fn insert_new<R: Row>(&mut self, row: &R) -> Result<i64> {
        let mut values = row.to_values();
        if let Some(id) = values.first_mut() {
            *id = Value::Null;
        }
        R::SPEC.insert(self.conn, values).await?;
        Ok(sqlx::query("SELECT last_insert_rowid()")
            .fetch_one(&mut *self.conn)
            .await?
            .try_get(0)?)
    }

    pub(crate) async fn get<R: Row>(&mut self, key: Key<R>) -> Result<Option<R>> {
        R::SPEC
            .fetch(self.conn, &key.0)
            .await?
            .map(R::from_values)
            .transpose()
    }

    pub(crate) async fn update<R: Row>(&mut self, row: &R) -> Result<()> {
        R::SPEC.upsert(self.conn, row.to_values()).await
    }

    pub(crate) async fn select<R: Row>(
        &mut self,
        tail: &str,
        values: Vec<Value>,
    ) -> Result<Vec<R>> {
        select(self.conn, tail, values).await
    }

    pub(crate) fn reach(&self, point: &str) {
        failpoint(self.op, point);
    }
}

impl Writer {
    async fn transact<T>(
        &mut self,
        op: &'static str,
        work: impl for<'t> FnOnce(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T>>,
    ) -> Result<T> {
        failpoint(op, "begin");
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut self.conn)
            .await?;
        match self.run(op, work).await {
            Ok((value, seq)) => {
                failpoint(op, "committed");
                if let Some(seq) = seq {
                    self.seq.send_replace(seq);
                }
                Ok(value)
            }
            Err(error) => {
                // The first error is the one that says something. SQLite may have rolled back by itself (a full disk): then this fails, and may.
                let _ = sqlx::query("ROLLBACK").execute(&mut self.conn).await;
                Err(error)
            }
        }
    }

    async fn run<T>(
        &mut self,
        op: &'static str,
        work: impl for<'t> FnOnce(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T>>,
    ) -> Result<(T, Option<u64>)> {
        let mut tx = Tx {
            conn: &mut self.conn,
            op,
            changes: Vec::new(),
        };
        let value = work(&mut tx).await?;
        let changes = std::mem::take(&mut tx.changes);
        let mut seq = None;
        if !changes.is_empty() {
            // The counter row is locked from here to the commit, so numbers become visible in order and without gaps.
            let now = i64::try_from(unix_now()).unwrap_or(i64::MAX);
            let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
            let last: i64 =
                sqlx::query("UPDATE change_counter SET seq = seq + $1 WHERE id = 1 RETURNING seq")
                    .bind(count)
                    .fetch_one(&mut *tx.conn)
                    .await?
                    .try_get(0)?;
            for (number, change) in (last - count + 1..).zip(changes) {
                sqlx::query(
                    "INSERT INTO changes (seq, topic, payload, at) VALUES ($1, $2, $3, $4)",
                )
                .bind(number)
                .bind(change.topic)
                .bind(change.payload.map(|p| p.to_string()))
                .bind(now)
                .execute(&mut *tx.conn)
                .await?;
            }
            if now - self.pruned_at > 60 {
                sqlx::query("DELETE FROM changes WHERE at < $1")
                    .bind(now - KEEP_CHANGES)
                    .execute(&mut *tx.conn)
                    .await?;
                self.pruned_at = now;
            }
            seq = u64::try_from(last).ok();
        }
        failpoint(op, "commit");
        sqlx::query("COMMIT").execute(&mut self.conn).await?;
        Ok((value, seq))
    }
}

impl Store {
    /// Creates the file or brings it to this program's schema. The only thing that changes a schema.
    ///
    /// # Errors
    /// [`Error::Locked`] while a process has it open, [`Error::SchemaVersion`] when the file is newer than the program.
    pub async fn migrate(path: &Path) -> Result<Migrated> {
        let _lock = lock(path)?;
        let mut conn =
            SqliteConnection::connect_with(&connect(path, BUSY_TIMEOUT).create_if_missing(true))
                .await?;
        let (from, to) = (version(&mut conn).await?, expected());
        if from > to {
            return Err(too_new(path, from));
        }
        MIGRATIONS.run(&mut conn).await?;
        conn.close().await?;
        Ok(Migrated { from, to })
    }

    /// Opens a migrated file for writing and takes its lock until the last clone is dropped and the queued writes are done.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Locked`], [`Error::SchemaVersion`].
    pub async fn open(path: &Path, options: Options) -> Result<Self> {
        if !path.exists() {
            return Err(Error::Missing(path.to_owned()));
        }
        let lock = lock(path)?;
        let mut conn = SqliteConnection::connect_with(&connect(path, options.busy_timeout)).await?;
        check_version(&mut conn, path).await?;
        let last: i64 = sqlx::query("SELECT seq FROM change_counter WHERE id = 1")
            .fetch_one(&mut conn)
            .await?
            .try_get(0)?;
        let (seq, seq_seen) = watch::channel(u64::try_from(last).unwrap_or_default());
        let (jobs, mut queue) = mpsc::channel::<Job>(64);
        let mut writer = Writer {
            conn,
            seq,
            pruned_at: 0,
            _lock: lock,
        };
        tokio::spawn(async move {
            while let Some(job) = queue.recv().await {
                job(&mut writer).await;
            }
            if let Err(error) = writer.conn.close().await {
                tracing::warn!(%error, "closing the store");
            }
        });
        let reader = Reader::connect(path, options.readers, options.busy_timeout).await?;
        Ok(Self {
            reader,
            jobs,
            seq: seq_seen,
            options: Arc::new(options),
        })
    }

    /// Ties the file to one deployment, at the first call, and refuses every other afterwards.
    ///
    /// `identity` is any stable text, say `chain id / genesis hash / minter address`.
    ///
    /// # Errors
    /// [`Error::WrongDeployment`].
    pub async fn bind_deployment(&self, identity: &str) -> Result<()> {
        let expected = identity.to_owned();
        self.write("bind", move |tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO meta (key, value) VALUES ('deployment', $1) ON CONFLICT (key) DO NOTHING")
                    .bind(&expected)
                    .execute(&mut *tx.conn)
                    .await?;
                let found: String = sqlx::query("SELECT value FROM meta WHERE key = 'deployment'").fetch_one(&mut *tx.conn).await?.try_get(0)?;
                if found == expected { Ok(()) } else { Err(Error::WrongDeployment { found, expected }) }
            })
        })
        .await
    }

    /// The reading half.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// How many blocks below the cursor can be rolled back, as long as they came one by one.
    #[must_use]
    pub fn reorg_window(&self) -> u64 {
        self.options.reorg_window
    }

    /// The number of the newest change, as a hint that there is something to read; it may skip numbers, never a commit.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.seq.clone()
    }

    pub(crate) async fn write<T, F>(&self, op: &'static str, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move |writer| {
            Box::pin(async move {
                // The caller may be gone; the write stands all the same.
                let _ = done.send(writer.transact(op, work).await);
            })
        });
        self.jobs.send(job).await.map_err(|_| Error::Closed)?;
        result.await.map_err(|_| Error::Closed)?
    }
}

impl Reader {
    /// Opens a migrated file for reading only, beside the process that writes it.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::SchemaVersion`].
    pub async fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(Error::Missing(path.to_owned()));
        }
        let reader = Self::connect(path, 2, BUSY_TIMEOUT).await?;
        check_version(&mut *reader.pool.acquire().await?, path).await?;
        Ok(reader)
    }

    async fn connect(path: &Path, readers: u32, busy_timeout: Duration) -> Result<Self> {
        let pool = SqlitePoolOptions::new()
            .max_connections(readers.max(1))
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(connect(path, busy_timeout).read_only(true))
            .await?;
        Ok(Self { pool })
    }

    pub(crate) async fn get<R: Row>(&self, key: Key<R>) -> Result<Option<R>> {
        let mut conn = self.pool.acquire().await?;
        R::SPEC
            .fetch(&mut conn, &key.0)
            .await?
            .map(R::from_values)
            .transpose()
    }

    pub(crate) async fn select<R: Row>(&self, tail: &str, values: Vec<Value>) -> Result<Vec<R>> {
        select(&mut *self.pool.acquire().await?, tail, values).await
    }

    pub(crate) async fn int(&self, sql: &'static str, values: Vec<Value>) -> Result<Option<u64>> {
        let query = values.into_iter().fold(sqlx::query(sql), |q, v| v.bind(q));
        let Some(row) = query.fetch_optional(&self.pool).await? else {
            return Ok(None);
        };
        Option::<u64>::from_value(Value::read(&row, 0)?).ok_or(Error::Corrupt { column: "integer" })
    }
}

fn connect(path: &Path, busy_timeout: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: signed bytes must be on disk before they are broadcast, also if the machine loses power.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(busy_timeout)
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// The lock is the operating system's: it goes with the process, however that ends.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child that is just being started holds the same open file until it execs.
        let _ = self.0.unlock();
    }
}

fn lock(path: &Path) -> Result<Lock> {
    let path = lock_path(path);
    let io = |source| Error::Io {
        path: path.clone(),
        source,
    };
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(io)?;
            writeln!(file, "{}", std::process::id()).map_err(io)?;
            Ok(Lock(file))
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            let pid: String = pid.chars().filter(char::is_ascii_digit).collect();
            let holder = if pid.is_empty() {
                pid
            } else {
                format!(" (pid {pid})")
            };
            Err(Error::Locked { path, holder })
        }
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

fn expected() -> i64 {
    MIGRATIONS
        .iter()
        .map(|m| m.version)
        .max()
        .unwrap_or_default()
}

async fn version(conn: &mut SqliteConnection) -> Result<i64> {
    let known = sqlx::query(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_optional(&mut *conn)
    .await?;
    if known.is_none() {
        return Ok(0);
    }
    Ok(
        sqlx::query("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success")
            .fetch_one(conn)
            .await?
            .try_get(0)?,
    )
}

fn too_new(path: &Path, found: i64) -> Error {
    Error::SchemaVersion {
        path: path.to_owned(),
        found,
        expected: expected(),
        advice: "it was written by a newer version, use that one",
    }
}

async fn check_version(conn: &mut SqliteConnection, path: &Path) -> Result<()> {
    let found = version(conn).await?;
    if found > expected() {
        return Err(too_new(path, found));
    }
    if found < expected() {
        return Err(Error::SchemaVersion {
            path: path.to_owned(),
            found,
            expected: expected(),
            advice: "run `omnibus migrate`",
        });
    }
    Ok(())
}
