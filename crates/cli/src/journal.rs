//! What commands send travels as the keepers' transactions do: through [`keeper::Sender`], whose signed bytes are in a
//! database before they are broadcast. So a command can be killed at any moment, and the same bytes go out again.
//!
//! There is one journal for each key on each chain, `<data>/journal/<chain>-<genesis>/<account>/journal.sqlite`, because a
//! nonce belongs to an account, not to a command. It is not the database of `omnibus run`: that one serves one process, and
//! an operator must be able to act while it runs. What keeps two processes from sending with one key is the lock of the
//! folder, which `omnibus run` takes as well for its keeper's key.

use crate::{
    error::{Problem, Result},
    lock::Lock,
    profile::Kind,
    refusal,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, utils::format_ether},
    signers::local::PrivateKeySigner,
};
use chain::{ChainError, Pool, Receipt};
use keeper::{Lease, Order, SendPolicy, Sender, Settled};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use store::{AttemptState, JournalEntry, Store};

/// After this long a command gives up waiting; running it again waits on.
const GIVE_UP_AFTER: Duration = Duration::from_secs(300);
/// How long a journal that this process had open a moment ago may take to close.
const CLOSING: Duration = Duration::from_secs(10);

/// The folder of a key on a chain.
#[must_use]
pub fn folder(data_dir: &Path, pool: &Pool, account: Address) -> PathBuf {
    // A local chain that was started afresh has the same id and gives nonces again: the genesis tells them apart.
    let genesis = pool.genesis().to_string();
    let chain = format!(
        "{}-{}",
        pool.chain_id(),
        genesis.get(2..10).unwrap_or(&genesis)
    );
    data_dir
        .join("journal")
        .join(chain)
        .join(account.to_string())
}

/// Makes sure that no other process sends with this key, as long as it is held.
///
/// # Errors
/// [`Problem::KeyBusy`], [`Problem::Io`].
pub fn hold_key(folder: &Path, account: Address) -> Result<Lock> {
    Lock::take(folder).map_err(|problem| match problem {
        Problem::Locked { path } => Problem::KeyBusy { account, path },
        problem => problem,
    })
}

/// An open journal. Cheap to clone; senders of several keys may share it.
#[derive(Clone, Debug)]
pub struct Journal {
    store: Store,
    lease: Lease,
    policy: SendPolicy,
    _lock: Arc<Lock>,
}

impl Journal {
    /// Opens the journal in the folder that `lock` holds, and makes it if it is missing.
    ///
    /// # Errors
    /// [`Problem::Store`]: the file is damaged, of another chain, or the disk is full.
    pub async fn open(folder: &Path, lock: Lock, pool: &Pool, kind: Kind) -> Result<Self> {
        let path = folder.join("journal.sqlite");
        let started = Instant::now();
        // Nobody else can have it open: the folder is ours. A journal that this process closes is on its way out.
        while let Err(error) = Store::migrate(&path).await {
            if !matches!(error, store::Error::Locked { .. }) || started.elapsed() > CLOSING {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let options = store::Options {
            readers: 2,
            ..store::Options::default()
        };
        let store = Store::open(&path, options).await?;
        let identity = format!(
            "the keys on chain {} with genesis {}",
            pool.chain_id(),
            pool.genesis()
        );
        store.bind_deployment(&identity).await?;
        let lease = Lease::take(&store, "a command").await?;
        let policy = SendPolicy {
            // Another transaction in between can make ours the first to write a slot. What is not used costs nothing.
            gas_margin: 50,
            // A person waits. What a reorganisation undoes is found by the next look of whoever has this journal open.
            confirmations: 0,
            reorg_watch: 32,
            poll_ms: if kind == Kind::Local { 20 } else { 1_000 },
            ..SendPolicy::default()
        };
        Ok(Self {
            store,
            lease,
            policy,
            _lock: Arc::new(lock),
        })
    }

    /// A hand that sends with `signer`.
    ///
    /// # Errors
    /// None, unless the policy here contradicts itself.
    pub fn hand(&self, pool: &Pool, signer: PrivateKeySigner) -> Result<Hand> {
        let account = signer.address();
        let sender = Sender::new(
            self.store.clone(),
            pool.clone(),
            Arc::new(signer),
            self.policy,
            self.lease,
        )
        .map_err(Problem::unexpected)?;
        Ok(Hand {
            account,
            sender,
            journal: self.clone(),
            pool: pool.clone(),
        })
    }
}

/// Sends with one key through one journal.
#[derive(Debug)]
pub struct Hand {
    account: Address,
    sender: Sender,
    /// With its lock: the key is ours while this lives.
    journal: Journal,
    pool: Pool,
}

impl Hand {
    /// Whose key it is.
    #[must_use]
    pub fn account(&self) -> Address {
        self.account
    }

    /// The chain that it sends to.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Makes the call once and waits until it is mined. Asked again for work that is done, it answers with the receipt.
    ///
    /// # Errors
    /// [`Problem::Refused`], [`Problem::Funds`], [`Problem::NotSent`]: nothing was signed. [`Problem::Failed`],
    /// [`Problem::NotMined`], [`Problem::NonceUsedElsewhere`], or what chain and journal say.
    pub async fn send(&self, order: &Order) -> Result<Receipt> {
        match tokio::time::timeout(GIVE_UP_AFTER, self.sender.send(order)).await {
            Ok(Ok(receipt)) => Ok(receipt),
            Ok(Err(error)) => Err(self.problem(&order.reason, error).await),
            Err(_) => {
                let last = self.last(order.key.id()).await?;
                Err(self.not_mined(&order.reason, last.as_ref()).await)
            }
        }
    }

    /// The newest attempt at a work.
    ///
    /// # Errors
    /// Those of the journal.
    pub async fn last(&self, work: B256) -> Result<Option<JournalEntry>> {
        Ok(self.journal.store.attempts(work).await?.pop())
    }

    /// What this key has signed and not seen the end of, oldest first.
    ///
    /// # Errors
    /// Those of the journal.
    pub async fn unfinished(&self) -> Result<Vec<JournalEntry>> {
        let live = self.journal.store.live_attempts().await?;
        Ok(live
            .into_iter()
            .filter(|entry| entry.txs.iter().any(|row| row.signer == self.account))
            .collect())
    }

    /// The id of the newest attempt in this journal; 0 while it is empty.
    ///
    /// # Errors
    /// Those of the journal.
    pub async fn newest(&self) -> Result<i64> {
        let page = store::PageRequest {
            limit: 1,
            ..store::PageRequest::default()
        };
        let newest = self.journal.store.journal(&page).await?.items.pop();
        Ok(newest.map_or(0, |entry| entry.attempt.id))
    }

    /// Waits for the end of an attempt that an earlier command left, sending the same bytes again where they are lost.
    /// Says in what state it ended.
    ///
    /// # Errors
    /// [`Problem::NotMined`], and what chain and journal say.
    pub async fn finish(&self, entry: &JournalEntry) -> Result<AttemptState> {
        let started = Instant::now();
        let poll = Duration::from_millis(self.sender.policy().poll_ms);
        loop {
            for settled in self.sender.settle().await? {
                if let Settled::Ready { entry, receipt } = settled {
                    let (ok, why) = if receipt.succeeded() {
                        (true, "mined")
                    } else {
                        (false, "mined and reverted")
                    };
                    self.sender.conclude(entry.attempt.id, ok, why).await?;
                }
            }
            match self.last(entry.work.id).await? {
                Some(now)
                    if matches!(
                        now.attempt.state,
                        AttemptState::Succeeded | AttemptState::Failed | AttemptState::Abandoned
                    ) =>
                {
                    return Ok(now.attempt.state);
                }
                now if started.elapsed() > GIVE_UP_AFTER => {
                    return Err(self.not_mined(&entry.attempt.reason, now.as_ref()).await);
                }
                _ => tokio::time::sleep(poll).await,
            }
        }
    }

    async fn not_mined(&self, what: &str, last: Option<&JournalEntry>) -> Problem {
        let hash = last.and_then(|entry| entry.txs.last()).map(|row| row.hash);
        // One more look, for its reason.
        let settled = self.sender.settle().await.unwrap_or_default();
        let why = settled.into_iter().find_map(|settled| match settled {
            Settled::Waiting { attempt, why }
                if last.is_some_and(|entry| entry.attempt.id == attempt) =>
            {
                Some(why)
            }
            _ => None,
        });
        Problem::NotMined {
            what: what.to_owned(),
            hash: hash.unwrap_or_default(),
            seconds: GIVE_UP_AFTER.as_secs(),
            why: why.unwrap_or_else(|| "no endpoint says why".to_owned()),
        }
    }

    async fn problem(&self, what: &str, error: keeper::Error) -> Problem {
        let what = what.to_owned();
        match error {
            keeper::Error::WouldRevert { reason, data } => Problem::Refused {
                what,
                reason: data
                    .and_then(|data| refusal::decode(&data))
                    .unwrap_or(reason),
            },
            keeper::Error::Reverted(hash) => Problem::Failed { what, hash },
            keeper::Error::FundsOut {
                signer,
                balance,
                needed,
            } => Problem::Funds {
                account: signer,
                have: format_ether(balance),
                need: format_ether(needed),
            },
            // Some nodes look at the money before they estimate.
            keeper::Error::Chain(ChainError::Rpc { error, .. })
                if error
                    .message
                    .to_ascii_lowercase()
                    .contains("insufficient funds") =>
            {
                let have = self.pool.balance(self.account, BlockId::latest()).await;
                Problem::Funds {
                    account: self.account,
                    have: have.map_or_else(|_| "too little".to_owned(), format_ether),
                    need: "more, for the call and its gas".to_owned(),
                }
            }
            keeper::Error::Chain(ChainError::Rpc { error, .. }) => Problem::Refused {
                what,
                reason: refusal::explain(&error),
            },
            keeper::Error::NonceMoved {
                signer,
                expected,
                found,
            } => Problem::NonceUsedElsewhere {
                account: signer,
                expected,
                found,
            },
            error @ (keeper::Error::GasAboveLimit { .. }
            | keeper::Error::FeesTooHigh { .. }
            | keeper::Error::Ended(_)) => Problem::NotSent {
                what,
                reason: error.to_string(),
            },
            error => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_use_is_named_and_so_is_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let account = Address::repeat_byte(7);
        let held = hold_key(folder.path(), account).unwrap();
        let problem = hold_key(folder.path(), account).unwrap_err();
        assert_eq!(problem.exit_code(), 7);
        assert!(problem.to_string().contains(&account.to_string()));
        assert!(problem.hint().unwrap().contains("Operate"));
        drop(held);
        hold_key(folder.path(), account).unwrap();
    }
}
