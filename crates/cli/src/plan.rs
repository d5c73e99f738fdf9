//! A plan is a list of transactions of one account, complete before the first is sent: the account's nonces give the
//! addresses of what it will deploy. It is carried out exactly once, over any number of crashes:
//!
//! - `<name>.plan.json` holds the plan; it is written before anything is sent and never changed.
//! - `<name>.sent.jsonl` gets the signed bytes of each transaction, synced, before they are broadcast for the first time.
//!
//! So after a crash the same bytes go out again; a second transaction for the same step cannot exist, because the nonce
//! is the step's own.

use crate::{
    deployment::write_whole,
    error::{Problem, Result},
    output::Output,
    refusal,
};
use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::{BlockId, eip2718::Encodable2718 as _},
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256, utils::format_ether},
    rpc::types::TransactionRequest,
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use chain::{Broadcast, ChainError, Pool, Receipt};
use serde::{Deserialize, Serialize};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// After this long without a receipt a transaction is signed again with higher fees, same nonce.
const BUMP_AFTER: Duration = Duration::from_secs(60);
/// After this long a command gives up waiting; running it again waits on.
const GIVE_UP_AFTER: Duration = Duration::from_secs(300);

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it does, for people.
    pub title: String,
    /// Whom it calls; none deploys.
    pub to: Option<Address>,
    /// Calldata or creation code.
    pub data: Bytes,
    /// Wei.
    pub value: U256,
    /// The contract that it makes: name and address.
    pub creates: Option<(String, Address)>,
}

/// Transactions of one account on one chain, in the order of its nonces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// EIP-155.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis: B256,
    /// Who sends.
    pub account: Address,
    /// Nonce of the first step.
    pub first_nonce: u64,
    /// What is sent.
    pub steps: Vec<Step>,
}

impl Plan {
    /// A plan without steps.
    #[must_use]
    pub fn new(pool: &Pool, account: Address, first_nonce: u64) -> Self {
        Self {
            chain_id: pool.chain_id(),
            genesis: pool.genesis(),
            account,
            first_nonce,
            steps: Vec::new(),
        }
    }

    fn nonce(&self, index: usize) -> u64 {
        self.first_nonce
            .saturating_add(u64::try_from(index).unwrap_or(u64::MAX))
    }

    /// The address that the next deployment but `ahead` would get.
    #[must_use]
    pub fn address_ahead(&self, ahead: usize) -> Address {
        self.account
            .create(self.nonce(self.steps.len().saturating_add(ahead)))
    }

    /// Adds a deployment; says where it will be.
    pub fn deploy(&mut self, name: &str, code: Bytes, value: U256) -> Address {
        let address = self.address_ahead(0);
        let creates = Some((name.to_owned(), address));
        self.steps.push(Step {
            title: format!("deploy {name}"),
            to: None,
            data: code,
            value,
            creates,
        });
        address
    }

    /// Adds a call.
    pub fn call(
        &mut self,
        title: impl Into<String>,
        to: Address,
        data: impl Into<Bytes>,
        value: U256,
    ) {
        self.steps.push(Step {
            title: title.into(),
            to: Some(to),
            data: data.into(),
            value,
            creates: None,
        });
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    index: usize,
    hash: B256,
    raw: Bytes,
    max_fee: u128,
    tip: u128,
    gas: u64,
}

/// Where a plan and what was sent of it are kept.
#[derive(Debug)]
pub struct Journal {
    plan: PathBuf,
    sent: PathBuf,
}

impl Journal {
    /// `<folder>/<name>.plan.json` and its companion.
    #[must_use]
    pub fn new(folder: &Path, name: &str) -> Self {
        Self {
            plan: folder.join(format!("{name}.plan.json")),
            sent: folder.join(format!("{name}.sent.jsonl")),
        }
    }

    /// The plan of an earlier run that did not end.
    ///
    /// # Errors
    /// [`Problem::Io`], [`Problem::Config`].
    pub fn unfinished(&self) -> Result<Option<Plan>> {
        match std::fs::read_to_string(&self.plan) {
            Ok(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|error| Problem::Config {
                    path: self.plan.clone(),
                    reason: error.to_string(),
                }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem::io(self.plan.display().to_string())(error)),
        }
    }

    /// Keeps a plan. From here on [`Journal::unfinished`] has it.
    ///
    /// # Errors
    /// [`Problem::Io`].
    pub fn begin(&self, plan: &Plan) -> Result<()> {
        remove(&self.sent)?;
        write_whole(
            &self.plan,
            &serde_json::to_string_pretty(plan).map_err(Problem::unexpected)?,
        )
    }

    /// Forgets the plan: it was carried out, and its outcome is kept elsewhere.
    ///
    /// # Errors
    /// [`Problem::Io`].
    pub fn end(&self) -> Result<()> {
        remove(&self.plan)?;
        remove(&self.sent)
    }

    /// Has anything of the plan been signed, and so perhaps sent?
    ///
    /// # Errors
    /// [`Problem::Io`].
    pub fn has_sent(&self) -> Result<bool> {
        Ok(!self.sent()?.is_empty())
    }

    fn sent(&self) -> Result<Vec<Sent>> {
        match std::fs::read_to_string(&self.sent) {
            // A line that a crash cut short was never broadcast: broadcasting follows the sync of the whole line.
            Ok(text) => Ok(text
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Problem::io(self.sent.display().to_string())(error)),
        }
    }

    fn record(&self, sent: &Sent) -> Result<()> {
        let line = serde_json::to_string(sent).map_err(Problem::unexpected)?;
        let what = self.sent.display().to_string();
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.sent)
            .map_err(Problem::io(what.clone()))?;
        // The newline first: what a crash left half-written stays a line of its own.
        file.write_all(format!("\n{line}\n").as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(Problem::io(what))
    }
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Problem::io(path.display().to_string())(error))
        }
        _ => Ok(()),
    }
}

/// Carries a plan out: sends what is not sent, waits for what is not mined. `receipts` come in the order of the steps.
///
/// # Errors
/// The first step that does not succeed ends it: [`Problem::Refused`], [`Problem::Failed`], [`Problem::NotMined`],
/// [`Problem::NonceUsedElsewhere`], [`Problem::Funds`], or what the chain's access layer says. Calling it again resumes.
pub async fn carry_out(
    plan: &Plan,
    journal: &Journal,
    pool: &Pool,
    signer: &PrivateKeySigner,
    out: Output,
) -> Result<Vec<Receipt>> {
    if plan.chain_id != pool.chain_id() || plan.genesis != pool.genesis() {
        return Err(Problem::Config {
            path: journal.plan.clone(),
            reason: format!(
                "the unfinished plan is for chain {} with genesis {}, this is another chain",
                plan.chain_id, plan.genesis
            ),
        });
    }
    if plan.account != signer.address() {
        return Err(Problem::Config {
            path: journal.plan.clone(),
            reason: format!(
                "the unfinished plan was begun by {}, this key is {}",
                plan.account,
                signer.address()
            ),
        });
    }
    let sent = journal.sent()?;
    let bar = out.bar(plan.steps.len().try_into().unwrap_or(u64::MAX));
    let mut receipts = Vec::with_capacity(plan.steps.len());
    for (index, step) in plan.steps.iter().enumerate() {
        bar.step(&step.title);
        let mut tries: Vec<&Sent> = sent.iter().filter(|sent| sent.index == index).collect();
        tries.sort_by_key(|sent| sent.max_fee);
        let hashes: Vec<B256> = tries.iter().map(|sent| sent.hash).collect();
        let receipt = match mined(pool, &hashes).await? {
            Some(receipt) => receipt,
            None => {
                deliver(
                    plan,
                    index,
                    step,
                    tries.last().copied(),
                    hashes,
                    journal,
                    pool,
                    signer,
                )
                .await?
            }
        };
        if !receipt.succeeded() {
            return Err(Problem::Failed {
                what: step.title.clone(),
                hash: receipt.transaction_hash,
            });
        }
        receipts.push(receipt);
        bar.done();
    }
    bar.finish();
    Ok(receipts)
}

async fn mined(pool: &Pool, hashes: &[B256]) -> Result<Option<Receipt>> {
    for hash in hashes {
        if let Some(receipt) = pool.receipt(*hash).await? {
            return Ok(Some(receipt));
        }
    }
    Ok(None)
}

#[allow(
    clippy::too_many_arguments,
    reason = "one call site; a struct would only rename them"
)]
async fn deliver(
    plan: &Plan,
    index: usize,
    step: &Step,
    last: Option<&Sent>,
    mut hashes: Vec<B256>,
    journal: &Journal,
    pool: &Pool,
    signer: &PrivateKeySigner,
) -> Result<Receipt> {
    let nonce = plan.nonce(index);
    let (mut raw, mut max_fee, mut tip, gas) = match last {
        Some(sent) => (sent.raw.clone(), sent.max_fee, sent.tip, sent.gas),
        None => {
            let found = pool.nonce(plan.account, BlockId::latest()).await?;
            if found != nonce {
                return Err(Problem::NonceUsedElsewhere {
                    account: plan.account,
                    expected: nonce,
                    found,
                });
            }
            let gas = estimate(plan, step, pool).await?;
            let fees = pool.fees().await?;
            let max_fee = fees.base.saturating_mul(2).saturating_add(fees.tip).max(1);
            afford(plan, step, pool, gas, max_fee).await?;
            let sent = sign(plan, index, step, gas, max_fee, fees.tip, signer)?;
            journal.record(&sent)?;
            hashes.push(sent.hash);
            (sent.raw, max_fee, fees.tip, gas)
        }
    };
    let started = Instant::now();
    let mut bumped = Instant::now();
    let mut pause = Duration::from_millis(20);
    send(step, plan, pool, &raw).await?;
    loop {
        if let Some(receipt) = mined(pool, &hashes).await? {
            return Ok(receipt);
        }
        if started.elapsed() > GIVE_UP_AFTER {
            let hash = hashes.last().copied().unwrap_or_default();
            return Err(Problem::NotMined {
                what: step.title.clone(),
                hash,
                seconds: GIVE_UP_AFTER.as_secs(),
            });
        }
        if bumped.elapsed() > BUMP_AFTER {
            bumped = Instant::now();
            // Nodes ask for 10 % more to replace a waiting transaction; some for 12.5 %.
            let fees = pool.fees().await?;
            max_fee = (max_fee / 8)
                .saturating_mul(9)
                .saturating_add(8)
                .max(fees.base.saturating_mul(2).saturating_add(fees.tip));
            tip = (tip / 8).saturating_mul(9).saturating_add(8);
            let sent = sign(plan, index, step, gas, max_fee, tip, signer)?;
            journal.record(&sent)?;
            hashes.push(sent.hash);
            raw = sent.raw;
            send(step, plan, pool, &raw).await?;
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(Duration::from_secs(2));
    }
}

async fn send(step: &Step, plan: &Plan, pool: &Pool, raw: &Bytes) -> Result<()> {
    match pool.broadcast(raw).await {
        // Underpriced: an earlier one with this nonce waits; its receipt is waited for as well.
        Ok(Broadcast::Accepted | Broadcast::NonceUsed(_) | Broadcast::Underpriced(_)) => Ok(()),
        Ok(Broadcast::InsufficientFunds(_)) => Err(Problem::Funds {
            account: plan.account,
            have: format_ether(pool.balance(plan.account, BlockId::latest()).await?),
            need: "more".to_owned(),
        }),
        Ok(Broadcast::Refused(reason)) => Err(Problem::Refused {
            what: step.title.clone(),
            reason,
        }),
        // It may have arrived all the same: the loop asks for the receipt, and a later run sends the same bytes.
        Err(error) if error.is_transient() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn request(plan: &Plan, step: &Step) -> TransactionRequest {
    let mut request = TransactionRequest::default()
        .from(plan.account)
        .value(step.value)
        .input(step.data.clone().into());
    request.to = Some(step.to.map_or(TxKind::Create, TxKind::Call));
    request
}

async fn estimate(plan: &Plan, step: &Step, pool: &Pool) -> Result<u64> {
    match pool
        .estimate_gas(&request(plan, step), BlockId::latest())
        .await
    {
        // Half more: another transaction in between can make ours the first to write a slot. What is not used costs nothing.
        Ok(gas) => Ok(gas.saturating_add(gas / 2).saturating_add(50_000)),
        Err(ChainError::Rpc { error, .. })
            if error
                .message
                .to_ascii_lowercase()
                .contains("insufficient funds") =>
        {
            Err(Problem::Funds {
                account: plan.account,
                have: format_ether(pool.balance(plan.account, BlockId::latest()).await?),
                need: format!("{} and gas", format_ether(step.value)),
            })
        }
        Err(ChainError::Rpc { error, .. }) => Err(Problem::Refused {
            what: step.title.clone(),
            reason: refusal::explain(&error),
        }),
        Err(error) => Err(error.into()),
    }
}

async fn afford(plan: &Plan, step: &Step, pool: &Pool, gas: u64, max_fee: u128) -> Result<()> {
    let need = step
        .value
        .saturating_add(U256::from(gas).saturating_mul(U256::from(max_fee)));
    let have = pool.balance(plan.account, BlockId::latest()).await?;
    if have < need {
        return Err(Problem::Funds {
            account: plan.account,
            have: format_ether(have),
            need: format_ether(need),
        });
    }
    Ok(())
}

fn sign(
    plan: &Plan,
    index: usize,
    step: &Step,
    gas: u64,
    max_fee: u128,
    tip: u128,
    signer: &PrivateKeySigner,
) -> Result<Sent> {
    let tx = TxEip1559 {
        chain_id: plan.chain_id,
        nonce: plan.nonce(index),
        gas_limit: gas,
        max_fee_per_gas: max_fee,
        max_priority_fee_per_gas: tip.min(max_fee),
        to: step.to.map_or(TxKind::Create, TxKind::Call),
        value: step.value,
        input: step.data.clone(),
        ..TxEip1559::default()
    };
    let signature = signer
        .sign_hash_sync(&tx.signature_hash())
        .map_err(Problem::unexpected)?;
    let raw: Bytes = TxEnvelope::from(tx.into_signed(signature))
        .encoded_2718()
        .into();
    Ok(Sent {
        index,
        hash: keccak256(&raw),
        raw,
        max_fee,
        tip,
        gas,
    })
}
