//! Observe, plan, simulate, send, confirm: again and again.

use crate::{
    Call, DynSigner, Error, Job, Lease, Order, Plan, Result, SendPolicy, Sender, Settled, Target,
    View, abi::explain, counter, next_due, plan, worth,
};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Keccak256, U256},
    rpc::types::TransactionRequest,
    sol_types::SolEvent,
};
use chain::{
    Block, Pool, Receipt,
    bindings::{ILiquidMinter, ILiquidVault},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    time::Duration,
};
use store::{
    AttemptState, Decision, Intent, JournalEntry, PageRequest, Store, TxState, WorkKey, unix_now,
};

/// How often the same counter may come round before it is given up: a bound, not a figure that is ever reached.
const GENERATIONS: u64 = 64;
/// Requests that are looked at in one tick.
const PUSH_CANDIDATES: u32 = 60;
/// The target of an intent that wants a job for whatever it finds to do.
const ALL_OF_IT: &str = "all";
/// Longest target in an intent.
const LONGEST_TARGET: usize = 16;

/// Whether a job acts. In the order of how much it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Not even planned.
    Off,
    /// Planned and simulated; nothing is signed.
    #[default]
    DryRun,
    /// Sent.
    On,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::DryRun => "dryRun",
            Self::On => "on",
        }
    }
}

/// The keeper's settings. Times in seconds unless named otherwise, amounts in wei.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The minter; comes from the deployment, not from the file.
    #[serde(skip)]
    pub minter: Address,
    /// Milliseconds between two looks.
    pub tick_ms: u64,
    /// Blocks that the index may be behind the chain before nothing is planned.
    pub max_index_lag: u64,
    /// Mode of each job; dry-run for those that are not named.
    pub jobs: BTreeMap<Job, Mode>,
    /// Simulated as the sender while there is no signer.
    pub simulate_from: Option<Address>,
    /// The most age of the validators' mirrored state.
    pub sync_every: u64,
    /// Length of a claim period: each validator is claimed once in it.
    pub claim_every: u64,
    /// Rewards below this are left for the next period.
    pub claim_least: u128,
    /// Buckets per sweep transaction.
    pub sweep_page: u64,
    /// Less than this goes to the line only when it ends the line or is due.
    pub fulfil_least: u128,
    /// Requests paid out in one transaction.
    pub push_page: usize,
    /// Requests that pay less than this are left to their owners: dust must not cost us gas.
    pub push_least: u128,
    /// Less cooling stake than this is left to mature; never less than the minter's least stake.
    pub restake_least: u128,
    /// Less surplus than this is left.
    pub skim_least: u128,
    /// Less of the vault's rewards than this is left to wait.
    pub harvest_least: u128,
    /// Claims, pushes, skims and harvests wait while their gas costs more than this share of what they move, basis points.
    pub gas_share_bps: u64,
    /// Intents accepted in an hour.
    pub intents_per_hour: usize,
    /// How to send.
    pub send: SendPolicy,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            minter: Address::ZERO,
            tick_ms: 300_000,
            max_index_lag: 20,
            jobs: BTreeMap::new(),
            simulate_from: None,
            sync_every: 1_800,
            claim_every: 86_400,
            claim_least: 0,
            sweep_page: 25,
            fulfil_least: 10_000_000_000_000_000,
            push_page: 20,
            push_least: 10_000_000_000_000_000,
            restake_least: 0,
            skim_least: 10_000_000_000_000_000,
            harvest_least: 10_000_000_000_000_000,
            gas_share_bps: 1_000,
            intents_per_hour: 60,
            send: SendPolicy::default(),
        }
    }
}

impl Config {
    /// Every job in this mode.
    #[must_use]
    pub fn with_all(mut self, mode: Mode) -> Self {
        self.jobs = Job::ALL.into_iter().map(|job| (job, mode)).collect();
        self
    }

    /// The mode of a job.
    #[must_use]
    pub fn mode(&self, job: Job) -> Mode {
        self.jobs.get(&job).copied().unwrap_or_default()
    }
}

/// What a job came to in one tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The job.
    pub job: Job,
    /// What for.
    pub target: Target,
    /// In a word.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// The word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to do.
    Idle,
    /// It would be sent, were the job on.
    WouldSend,
    /// Sent.
    Sent,
    /// An earlier attempt is under way or has done it.
    Waiting,
    /// The chain would refuse it, or it would change nothing.
    Pointless,
    /// It could not be sent now.
    Failed,
    /// Nothing may be planned now.
    Refused,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::WouldSend => "would send",
            Self::Sent => "sent",
            Self::Waiting => "waiting",
            Self::Pointless => "nothing would change",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// The engine of all jobs on one minter.
#[derive(Debug)]
pub struct Keeper {
    config: Config,
    store: Store,
    pool: Pool,
    sender: Option<Sender>,
    /// What was last recorded of each job, so that only news is.
    recorded: BTreeMap<Job, (String, String)>,
    /// When intents were accepted, unix seconds.
    accepted: VecDeque<u64>,
    /// Where the next look for requests to push goes on; from the oldest when there is none.
    push_cursor: Option<String>,
}

impl Keeper {
    /// Takes the lease if there is a signer.
    ///
    /// # Errors
    /// [`Error::NoSigner`] when a job is on without one, [`Error::Setting`].
    pub async fn new(
        config: Config,
        store: Store,
        pool: Pool,
        signer: Option<DynSigner>,
    ) -> Result<Self> {
        if signer.is_none()
            && let Some(job) = Job::ALL
                .into_iter()
                .find(|job| config.mode(*job) == Mode::On)
        {
            return Err(Error::NoSigner(job.to_string()));
        }
        if config.minter.is_zero() {
            return Err(Error::Setting {
                name: "minter",
                why: "is not set; it comes from the deployment file".into(),
            });
        }
        let sender = match signer {
            Some(signer) => {
                let lease = Lease::take(&store, &format!("keeper {}", signer.address())).await?;
                Some(Sender::new(
                    store.clone(),
                    pool.clone(),
                    signer,
                    config.send,
                    lease,
                )?)
            }
            None => None,
        };
        Ok(Self {
            config,
            store,
            pool,
            sender,
            recorded: BTreeMap::new(),
            accepted: VecDeque::new(),
            push_cursor: None,
        })
    }

    /// Ticks until `shutdown` completes. A tick that fails is logged and the next one takes up.
    ///
    /// # Errors
    /// Those of [`Keeper::new`]; [`store::Error::Fenced`] when another keeper took the lease.
    pub async fn run(
        config: Config,
        store: Store,
        pool: Pool,
        signer: Option<DynSigner>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<()> {
        let mut keeper = Self::new(config, store, pool, signer).await?;
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            // Only waiting is interrupted: a tick ends by itself, and soon.
            match keeper.tick().await {
                Ok(_) => {}
                Err(error @ Error::Store(store::Error::Fenced { .. } | store::Error::Closed)) => {
                    return Err(error);
                }
                Err(error) => tracing::warn!(%error, "this tick failed"),
            }
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                () = keeper.pause() => {}
            }
        }
    }

    /// Sleeps for a tick, less while something is under way or asked for.
    async fn pause(&self) {
        let busy = match self.store.live_attempts().await {
            Ok(live) => !live.is_empty(),
            Err(_) => false,
        };
        let tick = if busy {
            self.config.tick_ms.min(self.config.send.poll_ms)
        } else {
            self.config.tick_ms
        };
        let mut changes = self.store.subscribe();
        let asked = async {
            loop {
                if changes.changed().await.is_err() {
                    return std::future::pending().await;
                }
                if self
                    .store
                    .pending_intents()
                    .await
                    .is_ok_and(|pending| !pending.is_empty())
                {
                    return;
                }
            }
        };
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(tick.max(1))) => {}
            () = asked => {}
        }
    }

    /// One round: settles what is under way, then plans and sends what is due.
    ///
    /// # Errors
    /// Those of chain and store. A job that cannot act is a [`Report`], not an error.
    pub async fn tick(&mut self) -> Result<Vec<Report>> {
        let settled = match &self.sender {
            Some(sender) => sender.settle().await?,
            None => Vec::new(),
        };
        let head = self.pool.latest().await?;
        let mut view = View::read(&self.pool, self.config.minter, head.clone()).await?;
        for settled in settled {
            if let Settled::Ready { entry, receipt } = settled {
                self.confirm(&entry, &receipt, &view).await?;
            }
        }
        if let Err(why) = self.index_is_near(&head).await? {
            let mut reports = Vec::new();
            for job in Job::ALL
                .into_iter()
                .filter(|job| self.config.mode(*job) != Mode::Off)
            {
                reports.push(Report {
                    job,
                    target: Target::All,
                    verdict: Verdict::Refused,
                    reason: why.clone(),
                });
            }
            self.record(&reports, &view).await?;
            return Ok(reports);
        }
        let asked = self.take_intents(&view).await?;
        if self.config.mode(Job::Push) != Mode::Off {
            self.look_for_payouts(&mut view).await?;
        }
        let mut spending = self.is_spending(&view).await?;
        let mut reports = Vec::new();
        for job in Job::ALL {
            let mode = self.config.mode(job);
            if mode == Mode::Off {
                continue;
            }
            let asked = asked
                .iter()
                .find(|(other, _)| *other == job)
                .map(|(_, target)| *target);
            let plans = plan(job, &view, &self.config, asked);
            if plans.is_empty() {
                reports.push(Report {
                    job,
                    target: Target::All,
                    verdict: Verdict::Idle,
                    reason: "nothing to do".into(),
                });
            }
            for plan in plans {
                let (verdict, reason) = if spending && job.spends_free_money() {
                    let why = format!("{}; after what spends the same coins", plan.reason);
                    (Verdict::Waiting, why)
                } else {
                    let asked =
                        asked.is_some_and(|asked| [plan.target, Target::All].contains(&asked));
                    self.act(&plan, mode, &view, asked).await?
                };
                spending |= verdict == Verdict::Sent && job.spends_free_money();
                // What was not done is looked at again in a moment: it is in the decisions, once, not in the log each time.
                if matches!(verdict, Verdict::Sent | Verdict::Failed) {
                    tracing::info!(%job, target = %plan.target, verdict = verdict.name(), reason, "decided");
                } else {
                    tracing::debug!(%job, target = %plan.target, verdict = verdict.name(), reason, "decided");
                }
                reports.push(Report {
                    job,
                    target: plan.target,
                    verdict,
                    reason,
                });
            }
        }
        self.record(&reports, &view).await?;
        Ok(reports)
    }

    /// Asks the store for requests that may be ready, a page a tick, and the chain about them. A page that had nothing for us
    /// (contracts', dust) is passed by, so that it cannot hide what comes after it; at the first request that waits for coins
    /// it begins anew.
    async fn look_for_payouts(&mut self, view: &mut View) -> Result<()> {
        let request = PageRequest {
            cursor: self.push_cursor.take(),
            limit: PUSH_CANDIDATES,
        };
        let page = self.store.live_requests(&request).await?;
        let ids: Vec<U256> = page.items.iter().map(|request| request.id).collect();
        let funded = view.look_at(&self.pool, self.config.minter, &ids).await?;
        let least = U256::from(self.config.push_least.max(1));
        let any = view.payouts.iter().any(|payout| payout.net >= least);
        self.push_cursor = match (any, funded == ids.len()) {
            (true, _) => request.cursor,
            (false, true) => page.next,
            (false, false) => None,
        };
        Ok(())
    }

    /// Whether a job that spends free money is under way, its effect not in the view.
    async fn is_spending(&self, view: &View) -> Result<bool> {
        let live = self.store.live_attempts().await?;
        Ok(live.iter().any(|entry| {
            entry.work.contract == self.config.minter
                && entry
                    .work
                    .job
                    .parse()
                    .is_ok_and(|job: Job| job.spends_free_money())
                && mined_at(entry).is_none_or(|block| block > view.block.number)
        }))
    }

    /// What the gas of a call costs now, wei.
    async fn cost(&self, request: &TransactionRequest, least: u64) -> Result<U256> {
        let gas = self.pool.estimate_gas(request, BlockId::latest()).await?;
        let gas = gas.max(least);
        let fees = self.pool.fees().await?;
        let price = fees.base.saturating_add(fees.tip);
        Ok(U256::from(gas).saturating_mul(U256::from(price)))
    }

    async fn act(
        &self,
        plan: &Plan,
        mode: Mode,
        view: &View,
        asked: bool,
    ) -> Result<(Verdict, String)> {
        let Some(key) = self.free_key(plan, view).await? else {
            return Ok((
                Verdict::Waiting,
                format!("under way or done: {}", plan.reason),
            ));
        };
        let from = self
            .sender
            .as_ref()
            .map(Sender::address)
            .or(self.config.simulate_from)
            .unwrap_or_default();
        let request = TransactionRequest::default()
            .from(from)
            .to(plan.to)
            .input(plan.call.clone().into());
        let reverts = |error: chain::ChainError| match error.rpc() {
            Some(rpc) => Ok((
                Verdict::Pointless,
                format!("{}, but it would revert: {}", plan.reason, explain(rpc)),
            )),
            None => Err(error.into()),
        };
        let output = match self.pool.call_request(&request, view.block.id()).await {
            Ok(output) => output,
            Err(error) => return reverts(error),
        };
        if !worth(plan, view, &self.config, &output, U256::ZERO) {
            return Ok((Verdict::Pointless, plan.reason.clone()));
        }
        // Whoever asks for it by hand has decided that it is worth its gas.
        if plan.job.is_by_value() && !asked {
            match self.cost(&request, plan.gas_least).await {
                Ok(cost) if !worth(plan, view, &self.config, &output, cost) => {
                    let why = "but its gas costs too large a share of that now";
                    return Ok((Verdict::Pointless, format!("{}, {why}", plan.reason)));
                }
                Ok(_) => {}
                Err(Error::Chain(error)) => return reverts(error),
                Err(error) => return Err(error),
            }
        }
        let (Mode::On, Some(sender)) = (mode, &self.sender) else {
            return Ok((Verdict::WouldSend, plan.reason.clone()));
        };
        let call = Call {
            to: Some(plan.to),
            data: plan.call.clone(),
            value: U256::ZERO,
            gas_least: plan.gas_least,
        };
        match sender
            .submit(&Order {
                key,
                call,
                reason: plan.reason.clone(),
                nonce: None,
            })
            .await
        {
            Ok(_) => Ok((Verdict::Sent, plan.reason.clone())),
            Err(Error::Store(store::Error::WorkTaken)) => {
                Ok((Verdict::Waiting, plan.reason.clone()))
            }
            // These end the tick: nothing else would go better.
            Err(error @ (Error::Store(_) | Error::Chain(_))) => Err(error),
            Err(error) => Ok((Verdict::Failed, error.to_string())),
        }
    }

    /// The identity of the work, or `None` when it is under way or done as of this view.
    ///
    /// A counter made of amounts may come round to an earlier value. When the work with that counter succeeded in a
    /// block that the view already contains, the same value now is another occasion: another generation.
    async fn free_key(&self, plan: &Plan, view: &View) -> Result<Option<WorkKey>> {
        for entry in self.store.live_attempts().await? {
            let same = entry.work.contract == self.config.minter
                && entry.work.job == plan.job.name()
                && entry.work.target == plan.target.to_string();
            let seen = mined_at(&entry).is_some_and(|block| block <= view.block.number);
            if same && !seen {
                // The view cannot contain its effect yet.
                return Ok(None);
            }
        }
        for generation in 0..GENERATIONS {
            let key = WorkKey {
                chain_id: self.pool.chain_id(),
                contract: self.config.minter,
                job: plan.job.name().to_owned(),
                target: plan.target.to_string(),
                precondition: generation_of(plan.precondition, generation),
            };
            let attempts = self.store.attempts(key.id()).await?;
            let taken = attempts.iter().rev().find(|entry| {
                !matches!(
                    entry.attempt.state,
                    AttemptState::Failed | AttemptState::Abandoned
                )
            });
            match taken {
                None => return Ok(Some(key)),
                // Done for good: once booked, always booked, and a period's claim is claimed.
                Some(_) if matches!(plan.job, Job::BookSlash | Job::ClaimRewards) => {
                    return Ok(None);
                }
                Some(entry) if entry.attempt.state != AttemptState::Succeeded => return Ok(None),
                Some(entry) if mined_at(entry).is_none_or(|block| block > view.block.number) => {
                    return Ok(None);
                }
                Some(_) => {}
            }
        }
        Ok(None)
    }

    /// Ends an attempt by what the chain's state shows: mined is not done.
    async fn confirm(&self, entry: &JournalEntry, receipt: &Receipt, view: &View) -> Result<()> {
        let Some(sender) = &self.sender else {
            return Ok(());
        };
        let id = entry.attempt.id;
        if !receipt.succeeded() {
            return sender.conclude(id, false, "mined and reverted").await;
        }
        let work = &entry.work;
        let parsed = work
            .job
            .parse::<Job>()
            .ok()
            .and_then(|job| Some((job, Target::parse(job, &work.target)?)));
        let (Some((job, target)), true) = (parsed, work.contract == self.config.minter) else {
            // Sent by another part of the program, which died: the receipt is all we know.
            return sender.conclude(id, true, "mined").await;
        };
        if view.block.number < receipt.block_number {
            return Ok(());
        }
        // Rewards leave no counter: the page's cursor may come round to where it was.
        let unchanged = match job {
            Job::ClaimRewards => false,
            // This view may look at other requests by now; what was paid is in the receipt.
            Job::Push => !told(
                receipt,
                self.config.minter,
                ILiquidMinter::Claimed::SIGNATURE_HASH,
            ),
            // Deposits and withdrawals move its counter too.
            Job::Harvest => !view.vault.as_ref().is_some_and(|vault| {
                told(
                    receipt,
                    vault.address,
                    ILiquidVault::Harvested::SIGNATURE_HASH,
                )
            }),
            _ => counter(job, target, view, &self.config).is_some_and(|now| {
                (0..GENERATIONS)
                    .any(|generation| generation_of(now, generation) == work.precondition)
            }),
        };
        let (done, why) = if unchanged {
            (false, "mined without effect")
        } else {
            (true, "the chain shows its effect")
        };
        tracing::info!(%job, target = work.target, tx = %receipt.transaction_hash, gas = receipt.gas_used, why, "over");
        sender.conclude(id, done, why).await
    }

    /// Why nothing may be planned, if so: the store's candidates and the chain must be about the same moment.
    async fn index_is_near(&self, head: &Block) -> Result<std::result::Result<(), String>> {
        let limit = self.config.max_index_lag;
        let Some(cursor) = self.store.cursor().await? else {
            return Ok(Err("the index is empty".into()));
        };
        if head.number.saturating_sub(cursor.number) > limit {
            let lag = head.number.saturating_sub(cursor.number);
            return Ok(Err(format!(
                "the index is {lag} blocks behind, at most {limit} are allowed"
            )));
        }
        if cursor.number.saturating_sub(head.number) > limit {
            return Ok(Err("the endpoints are behind the index".into()));
        }
        if cursor.number <= head.number {
            let block = self
                .pool
                .block(BlockNumberOrTag::Number(cursor.number))
                .await?;
            if block.is_none_or(|block| block.hash != cursor.hash) {
                return Ok(Err("the index is on another branch than the chain".into()));
            }
        }
        Ok(Ok(()))
    }

    /// Decides what was asked for. An intent names a job and a target; what is called is ours to say.
    async fn take_intents(&mut self, view: &View) -> Result<Vec<(Job, Target)>> {
        let mut taken = Vec::new();
        for intent in self.store.pending_intents().await? {
            let answer = self.judge(&intent, view);
            let (accepted, reason) = match answer {
                Ok((job, target)) => {
                    self.accepted.push_back(unix_now());
                    taken.push((job, target));
                    (true, "will be planned now".to_owned())
                }
                Err(reason) => (false, reason),
            };
            self.store
                .decide_intent(intent.id, accepted, reason)
                .await?;
        }
        Ok(taken)
    }

    fn judge(
        &mut self,
        intent: &Intent,
        view: &View,
    ) -> std::result::Result<(Job, Target), String> {
        let Ok(job) = intent.job.parse::<Job>() else {
            let known: Vec<&str> = Job::ALL.iter().map(|job| job.name()).collect();
            return Err(format!("no such job; known are {}", known.join(", ")));
        };
        if intent.target.len() > LONGEST_TARGET {
            return Err("the target is too long".into());
        }
        let target = match intent.target.as_str() {
            ALL_OF_IT => Some(Target::All),
            text => Target::parse(job, text),
        };
        let Some(target) = target else {
            let wants = if job.is_per_validator() {
                "a validator's id, or"
            } else {
                "no target, or"
            };
            return Err(format!("{job} takes {wants} {ALL_OF_IT:?}"));
        };
        if let Target::Validator(id) = target
            && view.validator(id).is_none()
        {
            return Err(format!("validator {id} is not registered"));
        }
        if self.config.mode(job) != Mode::On {
            return Err(format!("{job} is not on"));
        }
        let hour_ago = unix_now().saturating_sub(3_600);
        while self.accepted.front().is_some_and(|at| *at <= hour_ago) {
            self.accepted.pop_front();
        }
        if self.accepted.len() >= self.config.intents_per_hour {
            return Err(format!(
                "{} intents in an hour are the limit",
                self.config.intents_per_hour
            ));
        }
        Ok((job, target))
    }

    /// Records what is new: the most telling report of each job.
    async fn record(&mut self, reports: &[Report], view: &View) -> Result<()> {
        for job in Job::ALL {
            let of_job: Vec<&Report> = reports.iter().filter(|report| report.job == job).collect();
            let Some(top) = of_job
                .iter()
                .find(|report| matches!(report.verdict, Verdict::Sent | Verdict::Failed))
                .or(of_job.first())
            else {
                continue;
            };
            let reason = match top.target {
                Target::All => top.reason.clone(),
                Target::Validator(id) => format!("validator {id}: {}", top.reason),
            };
            let news = (top.verdict.name().to_owned(), reason);
            if self.recorded.get(&job) == Some(&news) && top.verdict != Verdict::Sent {
                continue;
            }
            let decision = Decision {
                id: 0,
                job: job.name().to_owned(),
                mode: self.config.mode(job).name().to_owned(),
                at: unix_now(),
                block: view.block.number,
                decision: news.0.clone(),
                reason: news.1.clone(),
                work: None,
                next_due: next_due(job, view, &self.config),
            };
            self.store.record_decision(decision).await?;
            self.recorded.insert(job, news);
        }
        Ok(())
    }
}

/// Whether the receipt has this event of this contract.
fn told(receipt: &Receipt, contract: Address, event: B256) -> bool {
    receipt
        .logs
        .iter()
        .any(|log| log.address() == contract && log.topic0() == Some(&event))
}

fn mined_at(entry: &JournalEntry) -> Option<u64> {
    entry
        .txs
        .iter()
        .find(|row| row.state == TxState::Mined)
        .and_then(|row| row.mined_block)
}

fn generation_of(precondition: B256, generation: u64) -> B256 {
    if generation == 0 {
        return precondition;
    }
    let mut hasher = Keccak256::new();
    hasher.update(precondition);
    hasher.update(generation.to_be_bytes());
    hasher.finalize()
}
