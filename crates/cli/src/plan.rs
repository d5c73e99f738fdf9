//! A plan is a list of transactions of one account, complete before the first is sent: the account's nonces give the
//! addresses of what it will deploy. It is carried out exactly once, over any number of crashes:
//!
//! - `<name>.plan.json` holds the plan; it is written before anything is sent and never changed.
//! - each step is a work in the journal of the account ([`crate::journal`]), with the step's own nonce. The signed bytes are
//!   there before they are broadcast for the first time.
//!
//! So after a crash the same bytes go out again; a second transaction for the same step cannot exist, because the nonce
//! is the step's own.

use crate::{
    deployment::write_whole,
    error::{Problem, Result},
    journal::Hand,
    output::Output,
};
use alloy::primitives::{Address, B256, Bytes, Keccak256, U256};
use chain::{Pool, Receipt};
use keeper::{Call, Order};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use store::{AttemptState, WorkKey};

/// The error of a timelock that is asked to execute before its time.
const TOO_EARLY: &str = "TooEarly";
/// How long a step is tried again for that; the deployer's operations wait for a second.
const PATIENCE: Duration = Duration::from_secs(60);
/// EIP-155 id of local chains.
const LOCAL_CHAIN: u64 = 31_337;

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

/// Where an unfinished plan is kept.
#[derive(Debug)]
pub struct PlanFile(PathBuf);

impl PlanFile {
    /// `<folder>/<name>.plan.json`.
    #[must_use]
    pub fn new(folder: &Path, name: &str) -> Self {
        Self(folder.join(format!("{name}.plan.json")))
    }

    /// The plan of an earlier run that did not end.
    ///
    /// # Errors
    /// [`Problem::Io`], [`Problem::Config`].
    pub fn unfinished(&self) -> Result<Option<Plan>> {
        match std::fs::read_to_string(&self.0) {
            Ok(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|error| self.bad(error.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem::io(self.0.display().to_string())(error)),
        }
    }

    /// Keeps a plan. From here on [`PlanFile::unfinished`] has it.
    ///
    /// # Errors
    /// [`Problem::Io`].
    pub fn begin(&self, plan: &Plan) -> Result<()> {
        write_whole(
            &self.0,
            &serde_json::to_string_pretty(plan).map_err(Problem::unexpected)?,
        )
    }

    /// Forgets the plan: it was carried out, and its outcome is kept elsewhere.
    ///
    /// # Errors
    /// [`Problem::Io`].
    pub fn end(&self) -> Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Problem::io(self.0.display().to_string())(error))
            }
            _ => Ok(()),
        }
    }

    fn bad(&self, reason: String) -> Problem {
        Problem::Config {
            path: self.0.clone(),
            reason,
        }
    }

    /// A plan is of one account on one chain.
    ///
    /// # Errors
    /// [`Problem::Config`].
    pub fn check(&self, plan: &Plan, pool: &Pool, account: Address) -> Result<()> {
        if plan.chain_id != pool.chain_id() || plan.genesis != pool.genesis() {
            return Err(self.bad(format!(
                "the unfinished plan is for chain {} with genesis {}, this is another chain",
                plan.chain_id, plan.genesis
            )));
        }
        if plan.account != account {
            return Err(self.bad(format!(
                "the unfinished plan was begun by {}, this key is {account}",
                plan.account
            )));
        }
        Ok(())
    }
}

/// Carries a plan out: sends what is not sent, waits for what is not mined. `receipts` come in the order of the steps.
///
/// # Errors
/// The first step that does not succeed ends it; see [`Hand::send`]. Calling it again resumes.
pub async fn carry_out(plan: &Plan, name: &str, hand: &Hand, out: Output) -> Result<Vec<Receipt>> {
    let bar = out.bar(plan.steps.len().try_into().unwrap_or(u64::MAX));
    let orders: Vec<Order> = (0..)
        .zip(&plan.steps)
        .map(|(index, step)| order(plan, name, index, step))
        .collect();
    for order in &orders {
        bar.step(&order.reason);
        // What failed on chain fails again: its nonce is used, and what follows was made for the nonces after it.
        if let Some(entry) = hand.last(order.key.id()).await?
            && entry.attempt.state == AttemptState::Failed
        {
            return Err(Problem::Failed {
                what: order.reason.clone(),
                hash: entry.txs.last().map(|row| row.hash).unwrap_or_default(),
            });
        }
        send_in_time(plan, order, hand).await?;
        bar.done();
    }
    bar.finish();
    // Again, for the receipts: what a reorganisation undid on the way goes out once more, the same bytes.
    let mut receipts = Vec::with_capacity(orders.len());
    for order in &orders {
        receipts.push(hand.send(order).await?);
    }
    Ok(receipts)
}

/// Sends a step. One that a timelock holds back for a second, because its block came too soon after the one that scheduled
/// it, is tried again.
async fn send_in_time(plan: &Plan, order: &Order, hand: &Hand) -> Result<Receipt> {
    let started = Instant::now();
    loop {
        match hand.send(order).await {
            Err(Problem::Refused { reason, .. })
                if reason.starts_with(TOO_EARLY) && started.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(Duration::from_secs(1)).await;
                // On a local chain no time passes between transactions: it makes no block without one.
                if plan.chain_id == LOCAL_CHAIN {
                    let _: serde_json::Value = hand.pool().request("evm_mine", ()).await?;
                }
            }
            result => return result,
        }
    }
}

fn order(plan: &Plan, name: &str, index: usize, step: &Step) -> Order {
    let nonce = plan.nonce(index);
    let mut hasher = Keccak256::new();
    hasher.update(plan.account);
    hasher.update(nonce.to_be_bytes());
    hasher.update(step.value.to_be_bytes::<32>());
    hasher.update(&step.data);
    Order {
        key: WorkKey {
            chain_id: plan.chain_id,
            contract: step.to.unwrap_or_else(|| plan.account.create(nonce)),
            job: "deploy".to_owned(),
            target: format!("{name}#{index}"),
            precondition: hasher.finalize(),
        },
        call: Call {
            to: step.to,
            data: step.data.clone(),
            value: step.value,
            gas_least: 0,
        },
        reason: step.title.clone(),
        nonce: Some(nonce),
    }
}
