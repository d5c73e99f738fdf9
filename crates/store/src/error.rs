use std::path::PathBuf;

/// What can go wrong in the store. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process has the store open for writing.
    #[error(
        "{path} is already open for writing by another process{holder}: stop that one, or read through its API; SQLite serves one writing process"
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// What the holder wrote about itself, or nothing.
        holder: String,
    },
    /// The file has another schema than this program.
    #[error("{path} has schema version {found}, this program needs {expected}: {advice}")]
    SchemaVersion {
        /// The database.
        path: PathBuf,
        /// The version in the file; 0 is an empty one.
        found: i64,
        /// The version of this program.
        expected: i64,
        /// What to do.
        advice: &'static str,
    },
    /// The file does not exist and was not to be made.
    #[error("{0} does not exist: run `omnibus migrate` to create it")]
    Missing(PathBuf),
    /// The store belongs to another deployment.
    #[error("this store belongs to {found}, not to {expected}: point `store.path` at another file")]
    WrongDeployment {
        /// What the file was made for.
        found: String,
        /// What was asked for.
        expected: String,
    },
    /// A batch does not continue where the store stands.
    #[error(
        "block {given} does not follow the cursor at {cursor}: re-read the cursor and continue from there"
    )]
    NotNext {
        /// The first block of the batch.
        given: u64,
        /// The last block applied.
        cursor: u64,
    },
    /// A batch is of another branch than the store.
    #[error(
        "block {number} does not build on the stored block {cursor}: the chain was reorganised, roll back first"
    )]
    OtherBranch {
        /// The block offered.
        number: u64,
        /// The last block applied.
        cursor: u64,
    },
    /// A batch contradicts itself.
    #[error("malformed batch: {0}")]
    BadBatch(String),
    /// A rollback reaches below what the undo journal covers.
    #[error(
        "cannot roll back to {height}: the undo journal starts at {floor}; the reorganisation is deeper than the window, re-index into a new file"
    )]
    TooDeep {
        /// Where the rollback was to end.
        height: u64,
        /// The lowest height that can be restored.
        floor: u64,
    },
    /// An event contradicts the rows derived so far.
    #[error(
        "event {name} at {block}/{log_index} does not fit: {what}; the index and the contracts disagree, check the deployment file"
    )]
    Event {
        /// Name of the event.
        name: String,
        /// Its block.
        block: u64,
        /// Its index in the block.
        log_index: u64,
        /// What does not fit.
        what: String,
    },
    /// A fence is no longer the current one.
    #[error("fencing number {given} is stale, {current} leads now: stop and take the lease again")]
    Fenced {
        /// The caller's.
        given: u64,
        /// The current one.
        current: u64,
    },
    /// The work already has a live or successful attempt.
    #[error("this work already has a live or successful attempt")]
    WorkTaken,
    /// The nonce already serves another attempt.
    #[error("nonce {0} already serves another live attempt of this signer")]
    NonceTaken(u64),
    /// A row that the caller names does not exist, or is not in a state that allows the step.
    #[error("{what} {id} does not exist or does not allow this step")]
    NoSuch {
        /// Kind of row.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A pagination cursor was not made by this store.
    #[error("malformed cursor: leave it out to start from the beginning")]
    BadCursor,
    /// A stored value cannot be what its column means.
    #[error(
        "column {column} holds a value that it cannot mean; the file is damaged, run `omnibus store verify`"
    )]
    Corrupt {
        /// The column.
        column: &'static str,
    },
    /// The disk is full.
    #[error(
        "no space left for the store: free some, nothing was lost, the last transaction was not applied"
    )]
    DiskFull,
    /// The disk refused a write for another reason than being full.
    #[error(
        "the disk refused a write of the store (SQLite code {code}): a quota or a limit on the size of files is reached, or the disk is damaged; make room or look at the disk, nothing was lost, the last transaction was not applied"
    )]
    Unwritable {
        /// SQLite's extended code.
        code: i64,
    },
    /// Another process kept the database locked for longer than a write waits.
    #[error(
        "another process keeps the store locked (a backup, or a shell with an open transaction?): end that one, nothing was lost, the last transaction was not applied and can be tried again"
    )]
    Busy,
    /// The writer stopped; only after an earlier failure or while shutting down.
    #[error("the store's writer has stopped")]
    Closed,
    /// The database refused.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// A migration failed.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// JSON that is none.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
}

/// The store's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether waiting cures it: nothing was applied, and the same call may be made again as it is.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::DiskFull | Self::Unwritable { .. } | Self::Busy)
    }
}

/// SQLITE_BUSY, SQLITE_IOERR and SQLITE_FULL; extended codes keep them in the low byte.
const BUSY: i64 = 5;
const IOERR: i64 = 10;
const FULL: i64 = 13;
/// SQLITE_IOERR_WRITE, _FSYNC, _TRUNCATE and _SHMSIZE: what an exceeded quota or file size limit comes as, in the second byte.
const WRITES: [i64; 4] = [3, 4, 6, 19];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // Every connection was in use for too long: as with a lock, that passes.
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy;
        }
        let code = error
            .as_database_error()
            .and_then(|e| e.code())
            .and_then(|code| code.parse::<i64>().ok());
        match code {
            Some(code) if code & 0xff == FULL => Self::DiskFull,
            Some(code) if code & 0xff == BUSY => Self::Busy,
            Some(code) if code & 0xff == IOERR && WRITES.contains(&(code >> 8)) => {
                Self::Unwritable { code }
            }
            _ => Self::Database(error),
        }
    }
}
