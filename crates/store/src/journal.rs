//! The transaction journal: what is to be done, each try at it, and the signed bytes of each try.
//!
//! ```text
//! work     what: keccak(chain, contract, job, target, precondition)
//!   attempt    planned -> signed -> broadcast -> mined -> succeeded | failed
//!                 \-> abandoned                   \-> broadcast again, when its block is reorganised away
//!     tx          one signed transaction; a replacement is another row with the same nonce
//! ```

use crate::{
    Error, Page, PageRequest, Reader, Result, Store,
    db::{Tx, unix_now},
    value::{Column as _, rows, words},
};
use alloy::primitives::{Address, B256, Bytes, Keccak256, U256};
use serde_json::json;

words! {
    /// Where an attempt stands.
    pub enum AttemptState {
        /// Decided, nothing signed.
        Planned = "planned",
        /// Signed bytes are stored; they may have been sent.
        Signed = "signed",
        /// A node took them.
        Broadcast = "broadcast",
        /// In a block.
        Mined = "mined",
        /// Confirmed from the chain's state.
        Succeeded = "succeeded",
        /// Reverted, or without the effect.
        Failed = "failed",
        /// Given up before it could have an effect.
        Abandoned = "abandoned",
    }
    /// Where a transaction stands.
    pub enum TxState {
        /// Stored.
        Signed = "signed",
        /// A node took it.
        Broadcast = "broadcast",
        /// In a block.
        Mined = "mined",
        /// Another with its nonce was mined.
        Replaced = "replaced",
        /// Can never be mined any more.
        Dropped = "dropped",
    }
    /// Where an intent stands.
    pub enum IntentState {
        /// The keeper has not seen it.
        Pending = "pending",
        /// Within its limits: it will be planned.
        Accepted = "accepted",
        /// Not within its limits.
        Refused = "refused",
    }
}

/// What identifies a piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkKey {
    /// The chain.
    pub chain_id: u64,
    /// The contract called.
    pub contract: Address,
    /// The job.
    pub job: String,
    /// What the job is for: a validator, a bucket, a range.
    pub target: String,
    /// The counter on chain that the call advances (or a hash of several).
    pub precondition: B256,
}

impl WorkKey {
    /// The work's id: keccak over the five, each with its length.
    #[must_use]
    pub fn id(&self) -> B256 {
        let mut hasher = Keccak256::new();
        let chain = self.chain_id.to_be_bytes();
        let parts: [&[u8]; 5] = [
            &chain,
            self.contract.as_slice(),
            self.job.as_bytes(),
            self.target.as_bytes(),
            self.precondition.as_slice(),
        ];
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize()
    }
}

rows! {
    /// A piece of work.
    pub struct Work in "works" {
        /// Its id.
        id: B256;
        /// The chain.
        chain_id: u64,
        /// The contract called.
        contract: Address,
        /// The job.
        job: String,
        /// What for.
        target: String,
        /// The counter on chain.
        precondition: B256,
        /// When it was first planned.
        created_at: u64,
    }

    /// One try at a work.
    pub struct Attempt in "attempts" {
        /// Its id.
        id: i64;
        /// Its work.
        work: B256,
        /// Where it stands.
        state: AttemptState,
        /// Why it was made, and later why it ended.
        reason: String,
        /// The fencing number under which it was made.
        fence: u64,
        /// When.
        created_at: u64,
        /// When it last moved.
        updated_at: u64,
    }

    struct NonceSlot in "nonces" {
        id: i64;
        signer: Address,
        nonce: u64,
        attempt: i64,
        live: bool,
    }

    /// A signed transaction.
    pub struct TxRow in "txs" {
        /// Its id.
        id: i64;
        /// Its attempt.
        attempt: i64,
        /// Who signed.
        signer: Address,
        /// With which nonce.
        nonce: u64,
        /// Its hash.
        hash: B256,
        /// The bytes to broadcast. Only these ever are.
        raw: Bytes,
        /// Where it stands.
        state: TxState,
        /// Highest price, wei per gas.
        max_fee: U256,
        /// Highest tip, wei per gas.
        priority_fee: U256,
        /// The block it is in.
        mined_block: Option<u64>,
        /// That block's hash.
        mined_hash: Option<B256>,
        /// Whether it did not revert.
        success: Option<bool>,
        /// Gas used.
        gas_used: Option<u64>,
        /// Wei paid per gas.
        gas_price: Option<U256>,
        /// When it was signed.
        created_at: u64,
        /// When it last moved.
        updated_at: u64,
    }

    /// What somebody asked the keeper to do. There is no room for calldata in it.
    pub struct Intent in "intents" {
        /// Its id.
        id: i64;
        /// The job.
        job: String,
        /// What for.
        target: String,
        /// Who asked.
        requester: String,
        /// Where it stands.
        state: IntentState,
        /// Why.
        reason: String,
        /// When it was asked.
        created_at: u64,
        /// When it was decided.
        decided_at: Option<u64>,
    }

    /// What a job decided, whether or not anything followed.
    pub struct Decision in "decisions" {
        /// Its id; ignored when it is recorded.
        id: i64;
        /// The job.
        job: String,
        /// `off`, `dryRun` or `on`.
        mode: String,
        /// When.
        at: u64,
        /// The block that it was planned at.
        block: u64,
        /// What was decided, in a word.
        decision: String,
        /// Why.
        reason: String,
        /// The work that follows.
        work: Option<B256>,
        /// When the job expects to act next.
        next_due: Option<u64>,
    }
}

/// A transaction to be journalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTx {
    /// Who signed.
    pub signer: Address,
    /// With which nonce.
    pub nonce: u64,
    /// Its hash.
    pub hash: B256,
    /// The bytes.
    pub raw: Bytes,
    /// Highest price, wei per gas.
    pub max_fee: U256,
    /// Highest tip, wei per gas.
    pub priority_fee: U256,
}

/// Where a transaction was mined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inclusion {
    /// Block.
    pub block: u64,
    /// Its hash.
    pub hash: B256,
    /// Whether it did not revert.
    pub success: bool,
    /// Gas used.
    pub gas_used: u64,
    /// Wei paid per gas.
    pub gas_price: U256,
}

/// Why an attempt is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    /// Nothing was ever signed for it.
    NothingSigned,
    /// Its nonce was used up by a transaction that is not in this journal, finally.
    NonceUsedElsewhere,
}

/// One line of the journal: a work, its latest attempt and that one's latest transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The attempt.
    pub attempt: Attempt,
    /// Its work.
    pub work: Work,
    /// Its transactions, oldest first.
    pub txs: Vec<TxRow>,
}

impl Store {
    /// Takes the lease: whoever held it before is fenced off from now on. Returns the fencing number.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn take_lease(&self, holder: String) -> Result<u64> {
        self.write("lease", move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO leader (id, holder, fence, since) VALUES (1, $1, 1, $2)
                     ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, fence = leader.fence + 1, since = excluded.since",
                    vec![holder.to_value(), unix_now().to_value()],
                )
                .await?;
                fence(tx).await
            })
        })
        .await
    }

    /// Starts an attempt at a work, in state planned.
    ///
    /// # Errors
    /// [`Error::WorkTaken`] when one is live or has succeeded, [`Error::Fenced`].
    pub async fn begin_attempt(&self, fence: u64, key: WorkKey, reason: String) -> Result<Attempt> {
        self.write("begin_attempt", move |tx| {
            Box::pin(async move {
                check_fence(tx, fence).await?;
                let now = unix_now();
                let id = key.id();
                if tx.get(Work::key(&id)).await?.is_none() {
                    let WorkKey {
                        chain_id,
                        contract,
                        job,
                        target,
                        precondition,
                    } = key;
                    tx.insert(&Work {
                        id,
                        chain_id,
                        contract,
                        job,
                        target,
                        precondition,
                        created_at: now,
                    })
                    .await?;
                }
                let mut attempt = Attempt {
                    id: 0,
                    work: id,
                    state: AttemptState::Planned,
                    reason,
                    fence,
                    created_at: now,
                    updated_at: now,
                };
                attempt.id = tx
                    .insert_new(&attempt)
                    .await
                    .map_err(|e| unique(e, Error::WorkTaken))?;
                tell(tx, &attempt);
                Ok(attempt)
            })
        })
        .await
    }

    /// Stores signed bytes, before their first broadcast. A second transaction of the attempt must reuse its nonce: it replaces.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::NonceTaken`], [`Error::NoSuch`] when the attempt is over.
    pub async fn journal_signed(
        &self,
        fence: u64,
        attempt: i64,
        signed: SignedTx,
    ) -> Result<TxRow> {
        self.write("journal_signed", move |tx| {
            Box::pin(async move {
                check_fence(tx, fence).await?;
                let now = unix_now();
                let mut attempt = live(tx, attempt).await?;
                let SignedTx {
                    signer,
                    nonce,
                    hash,
                    raw,
                    max_fee,
                    priority_fee,
                } = signed;
                let slots: Vec<NonceSlot> = tx
                    .select(
                        "WHERE attempt = $1 AND live = 1",
                        vec![attempt.id.to_value()],
                    )
                    .await?;
                match slots.first() {
                    Some(slot) if slot.signer == signer && slot.nonce == nonce => {}
                    // An attempt with two nonces could have its effect twice.
                    Some(slot) => return Err(Error::NonceTaken(slot.nonce)),
                    None => {
                        let slot = NonceSlot {
                            id: 0,
                            signer,
                            nonce,
                            attempt: attempt.id,
                            live: true,
                        };
                        tx.insert_new(&slot)
                            .await
                            .map_err(|e| unique(e, Error::NonceTaken(nonce)))?;
                    }
                }
                let mut row = TxRow {
                    id: 0,
                    attempt: attempt.id,
                    signer,
                    nonce,
                    hash,
                    raw,
                    state: TxState::Signed,
                    max_fee,
                    priority_fee,
                    mined_block: None,
                    mined_hash: None,
                    success: None,
                    gas_used: None,
                    gas_price: None,
                    created_at: now,
                    updated_at: now,
                };
                row.id = tx
                    .insert_new(&row)
                    .await
                    .map_err(|e| unique(e, Error::NonceTaken(nonce)))?;
                if attempt.state == AttemptState::Planned {
                    attempt.state = AttemptState::Signed;
                }
                move_attempt(tx, attempt).await?;
                Ok(row)
            })
        })
        .await
    }

    /// A node took the bytes.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn mark_broadcast(&self, tx_id: i64) -> Result<()> {
        self.write("mark_broadcast", move |tx| {
            Box::pin(async move {
                let row = row(tx, tx_id).await?;
                let mut attempt = live(tx, row.attempt).await?;
                if row.state == TxState::Signed {
                    move_tx(
                        tx,
                        TxRow {
                            state: TxState::Broadcast,
                            ..row
                        },
                    )
                    .await?;
                }
                if attempt.state == AttemptState::Signed {
                    attempt.state = AttemptState::Broadcast;
                    move_attempt(tx, attempt).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The transaction is in a block; the others with its nonce are replaced.
    ///
    /// # Errors
    /// [`Error::NoSuch`].
    pub async fn mark_mined(&self, tx_id: i64, inclusion: Inclusion) -> Result<()> {
        self.write("mark_mined", move |tx| {
            Box::pin(async move {
                let row = row(tx, tx_id).await?;
                let mut attempt = live(tx, row.attempt).await?;
                for other in siblings(tx, &row).await? {
                    move_tx(
                        tx,
                        TxRow {
                            state: TxState::Replaced,
                            ..other
                        },
                    )
                    .await?;
                }
                let Inclusion {
                    block,
                    hash,
                    success,
                    gas_used,
                    gas_price,
                } = inclusion;
                let mined = TxRow {
                    state: TxState::Mined,
                    mined_block: Some(block),
                    mined_hash: Some(hash),
                    success: Some(success),
                    gas_used: Some(gas_used),
                    gas_price: Some(gas_price),
                    ..row
                };
                move_tx(tx, mined).await?;
                attempt.state = AttemptState::Mined;
                move_attempt(tx, attempt).await
            })
        })
        .await
    }

    /// The block of the transaction is no longer part of the chain: its bytes, and those it had replaced, are in play again.
    /// Also from `succeeded` and `failed`, unless the work has another live attempt by now.
    ///
    /// # Errors
    /// [`Error::NoSuch`] when the transaction is not mined, [`Error::WorkTaken`].
    pub async fn mark_unmined(&self, tx_id: i64) -> Result<()> {
        self.write("mark_unmined", move |tx| {
            Box::pin(async move {
                let row = row(tx, tx_id).await?;
                if row.state != TxState::Mined {
                    return Err(Error::NoSuch {
                        what: "mined transaction",
                        id: tx_id.to_string(),
                    });
                }
                let attempt = tx.get(Attempt::key(&row.attempt)).await?;
                let mut attempt = attempt.ok_or_else(|| Error::NoSuch {
                    what: "attempt",
                    id: row.attempt.to_string(),
                })?;
                for other in siblings(tx, &row).await? {
                    if other.state == TxState::Replaced {
                        move_tx(
                            tx,
                            TxRow {
                                state: TxState::Broadcast,
                                ..other
                            },
                        )
                        .await?;
                    }
                }
                let back = TxRow {
                    state: TxState::Broadcast,
                    mined_block: None,
                    mined_hash: None,
                    success: None,
                    gas_used: None,
                    gas_price: None,
                    ..row
                };
                move_tx(tx, back).await?;
                attempt.state = AttemptState::Broadcast;
                move_attempt(tx, attempt)
                    .await
                    .map_err(|e| unique(e, Error::WorkTaken))
            })
        })
        .await
    }

    /// Ends a mined attempt by what the chain's state shows.
    ///
    /// # Errors
    /// [`Error::NoSuch`] when it is not mined.
    pub async fn conclude(&self, attempt: i64, succeeded: bool, reason: String) -> Result<()> {
        self.write("conclude", move |tx| {
            Box::pin(async move {
                let mut attempt = live(tx, attempt).await?;
                if attempt.state != AttemptState::Mined {
                    return Err(Error::NoSuch {
                        what: "mined attempt",
                        id: attempt.id.to_string(),
                    });
                }
                attempt.state = if succeeded {
                    AttemptState::Succeeded
                } else {
                    AttemptState::Failed
                };
                attempt.reason = reason;
                move_attempt(tx, attempt).await
            })
        })
        .await
    }

    /// Gives an attempt up. Its nonce is free again only if nothing was signed with it: stored bytes count as sent.
    ///
    /// # Errors
    /// [`Error::NoSuch`] when it is over, or when something was signed and `why` says otherwise.
    pub async fn abandon(&self, attempt: i64, why: GiveUp, reason: String) -> Result<()> {
        self.write("abandon", move |tx| {
            Box::pin(async move {
                let mut attempt = live(tx, attempt).await?;
                let rows: Vec<TxRow> = tx
                    .select("WHERE attempt = $1", vec![attempt.id.to_value()])
                    .await?;
                if why == GiveUp::NothingSigned && !rows.is_empty() {
                    return Err(Error::NoSuch {
                        what: "attempt without signed bytes",
                        id: attempt.id.to_string(),
                    });
                }
                for row in rows {
                    move_tx(
                        tx,
                        TxRow {
                            state: TxState::Dropped,
                            ..row
                        },
                    )
                    .await?;
                }
                tx.execute(
                    "UPDATE nonces SET live = 0 WHERE attempt = $1",
                    vec![attempt.id.to_value()],
                )
                .await?;
                attempt.state = AttemptState::Abandoned;
                attempt.reason = reason;
                move_attempt(tx, attempt).await
            })
        })
        .await
    }

    /// Asks the keeper for a job. Returns the intent's id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn insert_intent(
        &self,
        job: String,
        target: String,
        requester: String,
    ) -> Result<i64> {
        self.write("intent", move |tx| {
            Box::pin(async move {
                let intent = Intent {
                    id: 0,
                    job,
                    target,
                    requester,
                    state: IntentState::Pending,
                    reason: String::new(),
                    created_at: unix_now(),
                    decided_at: None,
                };
                let id = tx.insert_new(&intent).await?;
                tx.change(
                    "jobs",
                    Some(json!({ "intent": id, "state": IntentState::Pending })),
                );
                Ok(id)
            })
        })
        .await
    }

    /// The keeper's answer to an intent.
    ///
    /// # Errors
    /// [`Error::NoSuch`] when it is not pending.
    pub async fn decide_intent(&self, id: i64, accepted: bool, reason: String) -> Result<()> {
        self.write("intent", move |tx| {
            Box::pin(async move {
                let intent = tx
                    .get(Intent::key(&id))
                    .await?
                    .filter(|i| i.state == IntentState::Pending);
                let intent = intent.ok_or_else(|| Error::NoSuch {
                    what: "pending intent",
                    id: id.to_string(),
                })?;
                let state = if accepted {
                    IntentState::Accepted
                } else {
                    IntentState::Refused
                };
                tx.update(&Intent {
                    state,
                    reason,
                    decided_at: Some(unix_now()),
                    ..intent
                })
                .await?;
                tx.change("jobs", Some(json!({ "intent": id, "state": state })));
                Ok(())
            })
        })
        .await
    }

    /// Records what a job decided; its `id` is given by the store. The last 1,000 of each job are kept.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn record_decision(&self, decision: Decision) -> Result<i64> {
        self.write("decision", move |tx| {
            Box::pin(async move {
                let id = tx.insert_new(&decision).await?;
                tx.execute(
                    "DELETE FROM decisions WHERE job = $1 AND id <= (SELECT id FROM decisions WHERE job = $1 ORDER BY id DESC LIMIT 1 OFFSET 1000)",
                    vec![decision.job.to_value()],
                )
                .await?;
                tx.change("jobs", Some(json!({ "job": decision.job, "decision": decision.decision })));
                Ok(id)
            })
        })
        .await
    }
}

impl Reader {
    /// The fencing number in force; 0 before the first lease.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn fence(&self) -> Result<u64> {
        Ok(self
            .int("SELECT fence FROM leader WHERE id = 1", vec![])
            .await?
            .unwrap_or_default())
    }

    /// Every attempt that is neither over nor forgotten, oldest first: what a keeper takes up after a start.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn live_attempts(&self) -> Result<Vec<JournalEntry>> {
        let attempts = self
            .select(
                "WHERE state IN ('planned', 'signed', 'broadcast', 'mined') ORDER BY id",
                vec![],
            )
            .await?;
        self.entries(attempts).await
    }

    /// Attempts that ended with a transaction in `block` or above: to be looked at again after a reorganisation.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn mined_from(&self, block: u64) -> Result<Vec<JournalEntry>> {
        let attempts = self
            .select(
                "WHERE id IN (SELECT attempt FROM txs WHERE state = 'mined' AND mined_block >= $1) ORDER BY id",
                vec![block.to_value()],
            )
            .await?;
        self.entries(attempts).await
    }

    /// The attempts at one work, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn attempts(&self, work: B256) -> Result<Vec<JournalEntry>> {
        let attempts = self
            .select("WHERE work = $1 ORDER BY id", vec![work.to_value()])
            .await?;
        self.entries(attempts).await
    }

    /// The journal, newest attempt first.
    ///
    /// # Errors
    /// [`Error::BadCursor`].
    pub async fn journal(&self, page: &PageRequest) -> Result<Page<JournalEntry>> {
        let Page { items, next } = self.page("1 = 1", vec![], &["id"], true, page).await?;
        Ok(Page {
            items: self.entries(items).await?,
            next,
        })
    }

    async fn entries(&self, attempts: Vec<Attempt>) -> Result<Vec<JournalEntry>> {
        let mut entries = Vec::with_capacity(attempts.len());
        for attempt in attempts {
            let work = self.get(Work::key(&attempt.work)).await?;
            let work = work.ok_or_else(|| Error::NoSuch {
                what: "work",
                id: attempt.work.to_string(),
            })?;
            let txs = self
                .select(
                    "WHERE attempt = $1 ORDER BY id",
                    vec![attempt.id.to_value()],
                )
                .await?;
            entries.push(JournalEntry { attempt, work, txs });
        }
        Ok(entries)
    }

    /// The highest nonce of a signer that the journal has given out and not taken back.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn highest_nonce(&self, signer: Address) -> Result<Option<u64>> {
        self.int(
            "SELECT MAX(nonce) FROM nonces WHERE signer = $1 AND live = 1",
            vec![signer.to_value()],
        )
        .await
    }

    /// The intents that wait for the keeper, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn pending_intents(&self) -> Result<Vec<Intent>> {
        self.select("WHERE state = 'pending' ORDER BY id LIMIT 500", vec![])
            .await
    }

    /// Intents, newest first.
    ///
    /// # Errors
    /// [`Error::BadCursor`].
    pub async fn intents(&self, page: &PageRequest) -> Result<Page<Intent>> {
        self.page("1 = 1", vec![], &["id"], true, page).await
    }

    /// The last decision of each job, by job.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn last_decisions(&self) -> Result<Vec<Decision>> {
        self.select(
            "WHERE id IN (SELECT MAX(id) FROM decisions GROUP BY job) ORDER BY job",
            vec![],
        )
        .await
    }

    /// The decisions of one job, newest first.
    ///
    /// # Errors
    /// [`Error::BadCursor`].
    pub async fn decisions(&self, job: &str, page: &PageRequest) -> Result<Page<Decision>> {
        self.page(
            "job = $1",
            vec![job.to_owned().to_value()],
            &["id"],
            true,
            page,
        )
        .await
    }
}

async fn fence(tx: &mut Tx<'_>) -> Result<u64> {
    use sqlx::Row as _;
    let row = sqlx::query("SELECT fence FROM leader WHERE id = 1")
        .fetch_optional(&mut *tx.conn)
        .await?;
    let fence: i64 = row.map_or(Ok(0), |row| row.try_get(0))?;
    u64::try_from(fence).map_err(|_| Error::Corrupt {
        column: "leader.fence",
    })
}

async fn check_fence(tx: &mut Tx<'_>, given: u64) -> Result<()> {
    let current = fence(tx).await?;
    if given == current {
        Ok(())
    } else {
        Err(Error::Fenced { given, current })
    }
}

async fn live(tx: &mut Tx<'_>, id: i64) -> Result<Attempt> {
    let attempt = tx.get(Attempt::key(&id)).await?.filter(|a| match a.state {
        AttemptState::Planned
        | AttemptState::Signed
        | AttemptState::Broadcast
        | AttemptState::Mined => true,
        AttemptState::Succeeded | AttemptState::Failed | AttemptState::Abandoned => false,
    });
    attempt.ok_or_else(|| Error::NoSuch {
        what: "live attempt",
        id: id.to_string(),
    })
}

async fn row(tx: &mut Tx<'_>, id: i64) -> Result<TxRow> {
    tx.get(TxRow::key(&id)).await?.ok_or_else(|| Error::NoSuch {
        what: "transaction",
        id: id.to_string(),
    })
}

async fn siblings(tx: &mut Tx<'_>, row: &TxRow) -> Result<Vec<TxRow>> {
    tx.select(
        "WHERE attempt = $1 AND id <> $2",
        vec![row.attempt.to_value(), row.id.to_value()],
    )
    .await
}

async fn move_tx(tx: &mut Tx<'_>, row: TxRow) -> Result<()> {
    tx.update(&TxRow {
        updated_at: unix_now(),
        ..row
    })
    .await
}

async fn move_attempt(tx: &mut Tx<'_>, mut attempt: Attempt) -> Result<()> {
    attempt.updated_at = unix_now();
    tx.update(&attempt).await?;
    tell(tx, &attempt);
    Ok(())
}

fn tell(tx: &mut Tx<'_>, attempt: &Attempt) {
    tx.change(
        "jobs",
        Some(json!({ "work": attempt.work, "attempt": attempt.id, "state": attempt.state })),
    );
}

fn unique(error: Error, otherwise: Error) -> Error {
    match &error {
        Error::Database(sqlx::Error::Database(e)) if e.is_unique_violation() => otherwise,
        _ => error,
    }
}

rows! {
    /// Who holds the lease.
    pub struct Leader in "leader" {
        /// Always 1: there is one lease.
        id: i64;
        /// Whoever took it last.
        holder: String,
        /// Its fencing number.
        fence: u64,
        /// When it was taken.
        since: u64,
    }
}

impl Reader {
    /// Who leads; nobody before the first lease.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn leader(&self) -> Result<Option<Leader>> {
        self.get(Leader::key(&1)).await
    }

    /// The newest transaction of a job.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn last_tx_of(&self, job: &str) -> Result<Option<TxRow>> {
        let tail = "WHERE attempt IN (SELECT attempts.id FROM attempts JOIN works ON works.id = attempts.work WHERE works.job = $1) ORDER BY id DESC LIMIT 1";
        let found = self.select(tail, vec![job.to_owned().to_value()]).await?;
        Ok(found.into_iter().next())
    }
}
