//! Sends a call once, whatever happens in between.

use crate::{DynSigner, Error, Result, abi::explain};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::{
        BlockId, BlockNumberOrTag,
        eip2718::{Decodable2718, Encodable2718},
        eip2930::AccessList,
    },
    primitives::{Address, Bytes, TxKind, U256, keccak256},
    rpc::types::TransactionRequest,
};
use chain::{Block, Broadcast, Fees, Pool, Receipt};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use store::{
    AttemptState, GiveUp, Inclusion, JournalEntry, SignedTx, Store, TxRow, TxState, WorkKey,
    unix_now,
};
use tokio::sync::Mutex;

/// How carefully and how dearly to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SendPolicy {
    /// The most to pay, wei per gas. Above it nothing is signed, and what is signed waits.
    pub max_fee_per_gas: u64,
    /// The least tip to offer, wei per gas.
    pub min_tip: u64,
    /// The most gas that one transaction may use.
    pub gas_limit: u64,
    /// Added to the estimate, percent.
    pub gas_margin: u64,
    /// Seconds without being mined before a transaction is replaced by a dearer one.
    pub replace_after: u64,
    /// Blocks on top of a transaction's block before its attempt is over.
    pub confirmations: u64,
    /// Blocks back that are checked for transactions of ours that left the chain. At least `confirmations`.
    pub reorg_watch: u64,
    /// Milliseconds between two looks at the chain while waiting.
    pub poll_ms: u64,
}

impl Default for SendPolicy {
    fn default() -> Self {
        Self {
            max_fee_per_gas: 2_000_000_000_000,
            min_tip: 0,
            gas_limit: 15_000_000,
            gas_margin: 25,
            replace_after: 60,
            confirmations: 3,
            reorg_watch: 128,
            poll_ms: 1_000,
        }
    }
}

/// A call to be made by transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract; `None` creates one.
    pub to: Option<Address>,
    /// Calldata, or creation code.
    pub data: Bytes,
    /// Coins sent along, wei.
    pub value: U256,
    /// At least this much gas, whatever the estimate says: for calls that do less with less and do not fail, of which an estimate
    /// finds the least. 0 for all others.
    pub gas_least: u64,
}

/// A call with the identity that keeps it from being made twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What it is.
    pub key: WorkKey,
    /// What to do.
    pub call: Call,
    /// Why, in words.
    pub reason: String,
    /// The nonce that the call must have, where its effect depends on it: the address of what it creates. `None`: the next one.
    pub nonce: Option<u64>,
}

/// The right to sign, taken from whoever had it before. One per process: share it between senders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    fence: u64,
}

impl Lease {
    /// Takes it. An older holder cannot journal another byte from now on, hence cannot send one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn take(store: &Store, holder: &str) -> Result<Self> {
        Ok(Self {
            fence: store.take_lease(holder.to_owned()).await?,
        })
    }

    /// Its number; higher is newer.
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.fence
    }
}

/// What became of an attempt in one look at the chain.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// Nothing to decide yet.
    Waiting {
        /// The attempt.
        attempt: i64,
        /// What it waits for.
        why: String,
    },
    /// Mined and deep enough. Whoever knows what it was for calls [`Sender::conclude`].
    Ready {
        /// The attempt, its work and its transactions.
        entry: Box<JournalEntry>,
        /// The receipt.
        receipt: Box<Receipt>,
    },
    /// Given up: nothing of it can ever have an effect.
    Abandoned {
        /// The attempt.
        attempt: i64,
        /// Why.
        why: String,
    },
}

/// Passes in a row that must see a nonce used elsewhere before we believe it: endpoints may disagree for a moment.
const DISBELIEF: u32 = 3;

/// The job of a transaction that only uses up a nonce.
const FILL_GAP: &str = "fill-gap";

/// Signs, journals, broadcasts, replaces, and finds out what became of it. One signer.
///
/// Everything it knows is in the journal, so it can be killed at any moment: signed bytes are stored before their first
/// broadcast, and nothing but stored bytes is ever broadcast.
#[derive(Clone)]
pub struct Sender {
    store: Store,
    pool: Pool,
    signer: DynSigner,
    policy: SendPolicy,
    lease: Lease,
    // One nonce at a time.
    turn: Arc<Mutex<Turn>>,
}

/// What a sender remembers between its turns.
#[derive(Default)]
struct Turn {
    /// How often each attempt looked as if its nonce was used elsewhere.
    suspicions: BTreeMap<i64, u32>,
    /// Attempts of ours that nothing was signed for, and whose end the journal did not take: a full disk, a locked database.
    unsigned: BTreeSet<i64>,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender")
            .field("signer", &self.signer.address())
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

/// What one pass knows about the chain.
struct Now {
    head: Block,
    fees: Fees,
    /// Next nonce by the head.
    nonce: u64,
    /// Next nonce by the block that is `confirmations` deep.
    settled_nonce: u64,
}

impl Sender {
    /// A sender for one signer.
    ///
    /// # Errors
    /// [`Error::Setting`] when `reorg_watch` is below `confirmations`.
    pub fn new(
        store: Store,
        pool: Pool,
        signer: DynSigner,
        policy: SendPolicy,
        lease: Lease,
    ) -> Result<Self> {
        if policy.reorg_watch < policy.confirmations {
            return Err(Error::Setting {
                name: "reorg_watch",
                why: "is below confirmations".into(),
            });
        }
        Ok(Self {
            store,
            pool,
            signer,
            policy,
            lease,
            turn: Arc::default(),
        })
    }

    /// Who signs.
    #[must_use]
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &SendPolicy {
        &self.policy
    }

    /// Makes a call once and waits until it is mined and deep enough. Asking again for work that is done (in an earlier
    /// run, too) answers with its receipt and sends nothing; work that an earlier run left unfinished is finished.
    ///
    /// Wrap it in a timeout if waiting must end: nothing is lost by cancelling it.
    ///
    /// # Errors
    /// See [`Error`]; after [`Error::Reverted`] or [`Error::Ended`] it may be asked again, which makes a new attempt.
    pub async fn send(&self, order: &Order) -> Result<Receipt> {
        let id = order.key.id();
        let mut ours: Option<i64> = None;
        loop {
            let last = self.store.attempts(id).await?.pop();
            match last {
                Some(entry) if entry.attempt.state == AttemptState::Succeeded => {
                    if let Some(receipt) = self.receipt_of(&entry).await? {
                        return Ok(receipt);
                    }
                    // It left the chain; settling puts it back into play.
                    self.settle().await?;
                }
                Some(entry) if is_live(entry.attempt.state) => {
                    ours = Some(entry.attempt.id);
                    for settled in self.settle().await? {
                        match settled {
                            Settled::Ready { entry, receipt } if entry.attempt.work == id => {
                                let (ok, why) = if receipt.succeeded() {
                                    (true, "mined")
                                } else {
                                    (false, "mined and reverted")
                                };
                                self.conclude(entry.attempt.id, ok, why).await?;
                                return if ok {
                                    Ok(*receipt)
                                } else {
                                    Err(Error::Reverted(receipt.transaction_hash))
                                };
                            }
                            _ => {}
                        }
                    }
                }
                // An attempt of an earlier call that failed does not count; one that was given up had no effect.
                Some(entry)
                    if ours == Some(entry.attempt.id)
                        && entry.attempt.state == AttemptState::Failed =>
                {
                    return Err(Error::Ended(entry.attempt.reason));
                }
                _ => {
                    ours = Some(self.submit(order).await?);
                    continue;
                }
            }
            tokio::time::sleep(Duration::from_millis(self.policy.poll_ms)).await;
        }
    }

    /// Starts an attempt: simulates, signs, journals, broadcasts. Does not wait. Returns the attempt's id.
    ///
    /// # Errors
    /// Any error means that nothing was signed, except that a broadcast which fails is not one: the bytes are in the
    /// journal, and [`Sender::settle`] sends them again.
    pub async fn submit(&self, order: &Order) -> Result<i64> {
        let mut turn = self.turn.lock().await;
        self.submit_in_turn(order, &mut turn).await
    }

    async fn submit_in_turn(&self, order: &Order, turn: &mut Turn) -> Result<i64> {
        let from = self.address();
        // Money first, before anything is written.
        let fees = self.pool.fees().await?;
        let tip = fees.tip.max(u128::from(self.policy.min_tip));
        let limit = u128::from(self.policy.max_fee_per_gas);
        if fees.base.saturating_add(tip) > limit {
            return Err(Error::FeesTooHigh {
                asked: fees.base.saturating_add(tip),
                limit,
            });
        }
        let max_fee = fees.base.saturating_mul(2).saturating_add(tip).min(limit);
        let mut request = TransactionRequest::default()
            .from(from)
            .value(order.call.value)
            .input(order.call.data.clone().into());
        request.to = Some(order.call.to.map_or(TxKind::Create, TxKind::Call));
        let estimate = self
            .pool
            .estimate_gas(&request, BlockId::latest())
            .await
            .map_err(refusal)?;
        let gas = estimate
            .saturating_add(estimate.saturating_mul(self.policy.gas_margin) / 100)
            .max(order.call.gas_least);
        if gas > self.policy.gas_limit {
            return Err(Error::GasAboveLimit {
                needed: gas,
                limit: self.policy.gas_limit,
            });
        }
        let needed = U256::from(max_fee)
            .saturating_mul(U256::from(gas))
            .saturating_add(order.call.value);
        let balance = self.pool.balance(from, BlockId::latest()).await?;
        if balance < needed {
            return Err(Error::FundsOut {
                signer: from,
                balance,
                needed,
            });
        }
        let nonce = self.free_nonce().await?;
        if let Some(expected) = order.nonce
            && expected != nonce
        {
            return Err(Error::NonceMoved {
                signer: from,
                expected,
                found: nonce,
            });
        }
        let attempt = self
            .store
            .begin_attempt(self.lease.fence, order.key.clone(), order.reason.clone())
            .await?;
        let transaction = TxEip1559 {
            chain_id: self.pool.chain_id(),
            nonce,
            gas_limit: gas,
            max_fee_per_gas: max_fee,
            max_priority_fee_per_gas: tip,
            to: order.call.to.map_or(TxKind::Create, TxKind::Call),
            value: order.call.value,
            access_list: AccessList::default(),
            input: order.call.data.clone(),
        };
        match self.sign_and_journal(attempt.id, transaction).await {
            Ok(row) => {
                self.broadcast(&row).await?;
                Ok(attempt.id)
            }
            Err(error) => {
                // Nothing is signed, so nothing can happen: let the work be tried again.
                let ended = self
                    .store
                    .abandon(attempt.id, GiveUp::NothingSigned, error.to_string())
                    .await;
                // What kept the bytes out of the journal may keep this out too. The next pass ends it.
                if ended.is_err() {
                    turn.unsigned.insert(attempt.id);
                }
                Err(error)
            }
        }
    }

    /// Ends an attempt that [`Settled::Ready`] named, by what the chain's state shows.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn conclude(&self, attempt: i64, succeeded: bool, why: &str) -> Result<()> {
        Ok(self
            .store
            .conclude(attempt, succeeded, why.to_owned())
            .await?)
    }

    /// One look at the chain for everything this signer has under way: takes up what an earlier run left, finds
    /// receipts, sends lost bytes again, replaces what is stuck, notices reorgs and nonces used by others.
    ///
    /// # Errors
    /// Those of chain and store; the next pass takes up where this one stopped.
    pub async fn settle(&self) -> Result<Vec<Settled>> {
        let mut turn = self.turn.lock().await;
        let now = self.look(self.address()).await?;
        self.put_back_reorganised(&now).await?;
        let mut settled = Vec::new();
        for entry in self.store.live_attempts().await? {
            let Some(last) = entry.txs.last() else {
                // Planned by an earlier holder that died before it signed, or by us when the journal did not take the bytes.
                // Any other of this lease is in `submit`.
                if entry.attempt.fence < self.lease.fence
                    || turn.unsigned.contains(&entry.attempt.id)
                {
                    let why = "interrupted before anything was signed";
                    self.store
                        .abandon(entry.attempt.id, GiveUp::NothingSigned, why.into())
                        .await?;
                    turn.unsigned.remove(&entry.attempt.id);
                    settled.push(Settled::Abandoned {
                        attempt: entry.attempt.id,
                        why: why.into(),
                    });
                }
                continue;
            };
            let last = last.clone();
            // What an earlier key sent is followed to its end, too: only nothing new is signed for it.
            let theirs;
            let of_signer = if last.signer == self.address() {
                &now
            } else {
                theirs = self.look(last.signer).await?;
                &theirs
            };
            match self
                .advance(entry, last, of_signer, &mut turn.suspicions)
                .await?
            {
                // Ours alone: nobody else knows what it was for.
                Settled::Ready { entry, receipt } if entry.work.job == FILL_GAP => {
                    self.conclude(entry.attempt.id, receipt.succeeded(), "gap filled")
                        .await?;
                }
                other => settled.push(other),
            }
        }
        self.fill_gap(&now, &mut turn).await?;
        Ok(settled)
    }

    /// When a transaction of another program with this key is reorganised away, ours with later nonces wait for one that
    /// nobody will send. An empty transfer to ourselves takes its place.
    async fn fill_gap(&self, now: &Now, turn: &mut Turn) -> Result<()> {
        let mine = self.address();
        let live = self.store.live_attempts().await?;
        let lowest = live
            .iter()
            .flat_map(|entry| &entry.txs)
            .filter(|row| {
                row.signer == mine && matches!(row.state, TxState::Signed | TxState::Broadcast)
            })
            .map(|row| row.nonce)
            .min();
        if lowest.is_none_or(|lowest| lowest <= now.nonce) || self.free_nonce().await? != now.nonce
        {
            return Ok(());
        }
        let key = WorkKey {
            chain_id: self.pool.chain_id(),
            contract: mine,
            job: FILL_GAP.to_owned(),
            target: now.nonce.to_string(),
            // The same gap can open again on another branch.
            precondition: now.head.hash,
        };
        let call = Call {
            to: Some(mine),
            data: Bytes::new(),
            value: U256::ZERO,
            gas_least: 0,
        };
        tracing::warn!(
            nonce = now.nonce,
            "filling a gap before our waiting transactions"
        );
        let order = Order {
            key,
            call,
            reason: "nonce gap".into(),
            nonce: Some(now.nonce),
        };
        self.submit_in_turn(&order, turn).await.map(drop)
    }

    async fn look(&self, signer: Address) -> Result<Now> {
        let head = self.pool.latest().await?;
        let fees = self.pool.fees().await?;
        let nonce = self.pool.nonce(signer, head.id()).await?;
        let settled_nonce = match head.number.checked_sub(self.policy.confirmations) {
            Some(number) => {
                let at = BlockNumberOrTag::Number(number).into();
                match self.pool.nonce(signer, at).await {
                    Ok(nonce) => nonce,
                    // A node that came back without the states of its past. Then no nonce is believed to be used elsewhere,
                    // and all that does not need to know it goes on.
                    Err(error) if error.rpc().is_some() => {
                        tracing::warn!(%error, number, "the node does not know our nonce of then");
                        0
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            None => 0,
        };
        Ok(Now {
            head,
            fees,
            nonce,
            settled_nonce,
        })
    }

    /// Transactions whose block is no longer in the chain are in play again, whatever their attempt had come to.
    async fn put_back_reorganised(&self, now: &Now) -> Result<()> {
        let first = now.head.number.saturating_sub(self.policy.reorg_watch);
        let mut canonical = BTreeMap::new();
        for entry in self.store.mined_from(first).await? {
            for row in entry.txs {
                let (TxState::Mined, Some(number), Some(hash)) =
                    (row.state, row.mined_block, row.mined_hash)
                else {
                    continue;
                };
                if number > now.head.number {
                    continue;
                }
                let known = match canonical.get(&number) {
                    Some(known) => *known,
                    None => {
                        let Some(block) = self.pool.block(BlockNumberOrTag::Number(number)).await?
                        else {
                            continue;
                        };
                        canonical.insert(number, block.hash);
                        block.hash
                    }
                };
                if known == hash {
                    continue;
                }
                tracing::warn!(tx = %row.hash, block = number, "our transaction was reorganised out");
                match self.store.mark_unmined(row.id).await {
                    Ok(()) => {}
                    // Its work has been taken up again meanwhile; the chain decides which one has the effect.
                    Err(store::Error::WorkTaken) => {
                        tracing::warn!(tx = %row.hash, "its work is under way again");
                        // Its nonce is open again, and nobody else would fill it before ours that come after.
                        if let Err(error) = self.pool.broadcast(&row.raw).await
                            && !error.is_transient()
                        {
                            return Err(error.into());
                        }
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    async fn advance(
        &self,
        entry: JournalEntry,
        last: TxRow,
        now: &Now,
        suspicions: &mut BTreeMap<i64, u32>,
    ) -> Result<Settled> {
        let attempt = entry.attempt.id;
        let waiting = |why: String| Ok(Settled::Waiting { attempt, why });
        // The newest is the likeliest, but any of them may be the one that was mined.
        for row in entry.txs.iter().rev() {
            let Some(receipt) = self.canonical_receipt(row).await? else {
                continue;
            };
            suspicions.remove(&attempt);
            if row.state != TxState::Mined || row.mined_hash != Some(receipt.block_hash) {
                for other in entry
                    .txs
                    .iter()
                    .filter(|other| other.state == TxState::Mined)
                {
                    self.store.mark_unmined(other.id).await?;
                }
                let inclusion = Inclusion {
                    block: receipt.block_number,
                    hash: receipt.block_hash,
                    success: receipt.succeeded(),
                    gas_used: receipt.gas_used,
                    gas_price: U256::from(receipt.effective_gas_price),
                };
                self.store.mark_mined(row.id, inclusion).await?;
            }
            let depth = now.head.number.saturating_sub(receipt.block_number);
            if depth < self.policy.confirmations {
                return waiting(format!(
                    "{depth} of {} blocks on top",
                    self.policy.confirmations
                ));
            }
            return Ok(Settled::Ready {
                entry: Box::new(entry),
                receipt: Box::new(receipt),
            });
        }
        if entry.txs.iter().any(|row| row.state == TxState::Mined) {
            return waiting("its block is not visible now".into());
        }
        if now.settled_nonce > last.nonce {
            // Who still knows one of ours is a node behind the one that told the nonce, and it may be ours that used it.
            for row in &entry.txs {
                if self.pool.knows_transaction(row.hash).await? {
                    suspicions.remove(&attempt);
                    return waiting("its nonce is used, and its receipt is not there yet".into());
                }
            }
            let seen = suspicions.entry(attempt).or_default();
            *seen = seen.saturating_add(1);
            if *seen < DISBELIEF {
                return waiting(format!(
                    "nonce {} seems to be used by another transaction",
                    last.nonce
                ));
            }
            suspicions.remove(&attempt);
            let why = format!(
                "nonce {} was used by a transaction that is not ours",
                last.nonce
            );
            tracing::warn!(
                attempt,
                nonce = last.nonce,
                "nonce used elsewhere: does another program use this key?"
            );
            self.store
                .abandon(attempt, GiveUp::NonceUsedElsewhere, why.clone())
                .await?;
            return Ok(Settled::Abandoned { attempt, why });
        }
        suspicions.remove(&attempt);
        if now.nonce > last.nonce {
            return waiting("its nonce is used in a block that may still change".into());
        }
        let below_base = last.max_fee < U256::from(now.fees.base);
        // Signed in the future: our clock was set back since, and tells nothing about how long it waits.
        let clock = unix_now();
        let old = last.created_at > clock
            || clock.saturating_sub(last.created_at) >= self.policy.replace_after;
        // A transaction behind a gap or another of ours is not stuck by its fee.
        let next = last.nonce == now.nonce && last.signer == self.address();
        if next
            && (below_base || old)
            && let Some(row) = self.replace(&entry, &last, now, false).await?
        {
            return waiting(match self.broadcast(&row).await? {
                Some(Broadcast::Accepted) => {
                    format!("replaced by {} at {} wei per gas", row.hash, row.max_fee)
                }
                Some(refusal) => format!("replacement refused: {refusal:?}"),
                None => "replacement stored; no endpoint took it yet".into(),
            });
        }
        if last.state == TxState::Broadcast && self.pool.knows_transaction(last.hash).await? {
            return waiting(if below_base {
                "its fee is below the base fee, and at our limit".into()
            } else {
                "not mined yet".into()
            });
        }
        match self.broadcast(&last).await? {
            Some(Broadcast::Underpriced(why)) if next => {
                match self.replace(&entry, &last, now, true).await? {
                    Some(row) => {
                        self.broadcast(&row).await?;
                        waiting(format!(
                            "underpriced ({why}): replaced at {} wei per gas",
                            row.max_fee
                        ))
                    }
                    None => waiting(format!("underpriced ({why}), and at our limit")),
                }
            }
            Some(Broadcast::Accepted) => waiting("sent".into()),
            Some(refusal) => waiting(format!("refused: {refusal:?}")),
            None => waiting("no endpoint took it yet".into()),
        }
    }

    /// Signs the same call with the same nonce at a higher price; `None` when that would exceed our limit. `outbid`: a
    /// transaction that we do not know holds the nonce at a price that we do not know either.
    async fn replace(
        &self,
        entry: &JournalEntry,
        last: &TxRow,
        now: &Now,
        outbid: bool,
    ) -> Result<Option<TxRow>> {
        let TxEnvelope::Eip1559(signed) = TxEnvelope::decode_2718(&mut last.raw.as_ref())
            .map_err(|_| Error::BadJournal(last.hash))?
        else {
            return Err(Error::BadJournal(last.hash));
        };
        let mut transaction = signed.tx().clone();
        // Nodes ask for 10 % more of both; an eighth satisfies them all. Above the dearest that we ever signed.
        let dearer = |old: u128| {
            old.saturating_add(if outbid { old } else { old / 8 })
                .saturating_add(1)
        };
        let dearest = entry
            .txs
            .iter()
            .map(|row| row.max_fee.saturating_to::<u128>())
            .max()
            .unwrap_or(transaction.max_fee_per_gas);
        let mut tip = now
            .fees
            .tip
            .max(u128::from(self.policy.min_tip))
            .max(dearer(transaction.max_priority_fee_per_gas));
        if outbid {
            tip = tip.max(dearest / 4);
        }
        let least = dearer(dearest).max(now.fees.base.saturating_add(tip));
        let limit = u128::from(self.policy.max_fee_per_gas);
        if least > limit {
            return Ok(None);
        }
        transaction.max_fee_per_gas = least
            .max(now.fees.base.saturating_mul(2).saturating_add(tip))
            .min(limit);
        transaction.max_priority_fee_per_gas = tip;
        self.sign_and_journal(entry.attempt.id, transaction)
            .await
            .map(Some)
    }

    async fn sign_and_journal(&self, attempt: i64, mut transaction: TxEip1559) -> Result<TxRow> {
        let signature = self
            .signer
            .sign_transaction(&mut transaction)
            .await
            .map_err(|error| Error::Signer(error.to_string()))?;
        let nonce = transaction.nonce;
        let (max_fee, priority_fee) = (
            transaction.max_fee_per_gas,
            transaction.max_priority_fee_per_gas,
        );
        let raw: Bytes = TxEnvelope::from(transaction.into_signed(signature))
            .encoded_2718()
            .into();
        let signed = SignedTx {
            signer: self.address(),
            nonce,
            hash: keccak256(&raw),
            raw,
            max_fee: U256::from(max_fee),
            priority_fee: U256::from(priority_fee),
        };
        Ok(self
            .store
            .journal_signed(self.lease.fence, attempt, signed)
            .await?)
    }

    /// Hands stored bytes to the network; `None` when no endpoint could be reached, which the next pass repairs.
    async fn broadcast(&self, row: &TxRow) -> Result<Option<Broadcast>> {
        let outcome = match self.pool.broadcast(&row.raw).await {
            Ok(outcome) => outcome,
            Err(error) if error.is_transient() => {
                tracing::warn!(tx = %row.hash, %error, "not sent yet");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if outcome == Broadcast::Accepted {
            self.store.mark_broadcast(row.id).await?;
        } else {
            tracing::warn!(tx = %row.hash, nonce = row.nonce, ?outcome, "not accepted");
        }
        Ok(Some(outcome))
    }

    /// The lowest nonce that is neither used on chain nor by a live attempt: fills gaps by itself.
    async fn free_nonce(&self) -> Result<u64> {
        let mine = self.address();
        let used: BTreeSet<u64> = self
            .store
            .live_attempts()
            .await?
            .into_iter()
            .flat_map(|entry| entry.txs)
            .filter(|row| row.signer == mine)
            .map(|row| row.nonce)
            .collect();
        let mut nonce = self.pool.nonce(mine, BlockId::latest()).await?;
        while used.contains(&nonce) {
            nonce = nonce.saturating_add(1);
        }
        Ok(nonce)
    }

    async fn canonical_receipt(&self, row: &TxRow) -> Result<Option<Receipt>> {
        let Some(receipt) = self.pool.receipt(row.hash).await? else {
            return Ok(None);
        };
        let block = self
            .pool
            .block(BlockNumberOrTag::Number(receipt.block_number))
            .await?;
        Ok(block
            .is_some_and(|block| block.hash == receipt.block_hash)
            .then_some(receipt))
    }

    async fn receipt_of(&self, entry: &JournalEntry) -> Result<Option<Receipt>> {
        match entry.txs.iter().find(|row| row.state == TxState::Mined) {
            Some(row) => self.canonical_receipt(row).await,
            None => Ok(None),
        }
    }
}

fn is_live(state: AttemptState) -> bool {
    matches!(
        state,
        AttemptState::Planned
            | AttemptState::Signed
            | AttemptState::Broadcast
            | AttemptState::Mined
    )
}

/// A revert in words; other errors as they are.
fn refusal(error: chain::ChainError) -> Error {
    match error.rpc() {
        Some(rpc) if rpc.is_revert() => Error::WouldRevert {
            reason: explain(rpc),
            data: rpc.revert_data(),
        },
        _ => error.into(),
    }
}
