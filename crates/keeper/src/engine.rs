//! Observe, plan, simulate, send, confirm: again and again.

use crate::{
    Call, DynSigner, Error, Job, Lease, Order, Plan, Result, SendPolicy, Sender, Settled, Target,
    View,
    abi::{explain, not_yet},
    basket::{self, Backoff, BasketView, Legs, Scan, Step},
    counter, next_due, plan, worth,
};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, Keccak256, U256},
    rpc::types::TransactionRequest,
    sol_types::{SolCall, SolEvent},
};
use chain::{
    BasketContracts, Block, Pool, Receipt,
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
/// Longest target in an intent: a sleeve and an account.
const LONGEST_TARGET: usize = 48;
/// Decisions are recorded when they are news, and one of them after so long without any, seconds.
const SIGN_OF_LIFE: u64 = 600;

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
    /// The minter, where the deployment has one; comes from the deployment, not from the file.
    #[serde(skip)]
    pub minter: Option<Address>,
    /// The basket, where the deployment has one; as the minter. One of them there must be.
    #[serde(skip)]
    pub basket: Option<BasketContracts>,
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
    /// Rewards of a CORE sleeve below this, when they come after the round's harvest, are left for the next one.
    pub basket_harvest_least: u128,
    /// Less idle coins than this are not delegated; never less than the staking system's least.
    pub delegate_least: u128,
    /// Legs in kind that are worth less than this are left to their owners.
    pub deliver_least: u128,
    /// Legs in kind that are paid out in one tick.
    pub deliver_page: usize,
    /// Seconds between two observations of a price.
    pub observe_every: u64,
    /// Seconds between two readings of the drift while there is one; the basket takes none sooner than in an hour.
    pub drift_every: u64,
    /// Drifts worth less than this are not auctioned.
    pub auction_least: u128,
    /// Fees of the basket that are worth less than this are left to grow.
    pub fees_least: u128,
    /// Intents accepted in an hour.
    pub intents_per_hour: usize,
    /// How to send.
    pub send: SendPolicy,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            minter: None,
            basket: None,
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
            basket_harvest_least: 10_000_000_000_000_000,
            delegate_least: 1_000_000_000_000_000_000,
            deliver_least: 10_000_000_000_000_000,
            deliver_page: 20,
            observe_every: 3_600,
            drift_every: 3_600,
            auction_least: 1_000_000_000_000_000_000,
            fees_least: 1_000_000_000_000_000_000,
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

    /// The contract that a job is done for; `None` where the deployment lacks it.
    #[must_use]
    pub fn contract(&self, job: Job) -> Option<Address> {
        if job.is_basket() {
            self.basket.map(|contracts| contracts.basket)
        } else {
            self.minter
        }
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

/// What one tick looks at: both sides at one block, each where there is one and where it answered.
struct Seen {
    head: Block,
    minter: Option<View>,
    basket: Option<BasketView>,
    /// Why the side of a job has no view, where it should have.
    faults: BTreeMap<bool, String>,
}

/// What became of a plan.
struct Outcome {
    verdict: Verdict,
    reason: String,
    /// Refused, and when the refuser said that it might agree.
    refused: Option<Option<u64>>,
}

impl Outcome {
    fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: reason.into(),
            refused: None,
        }
    }
}

/// The engine of all jobs on one minter, one basket, or both.
#[derive(Debug)]
pub struct Keeper {
    config: Config,
    store: Store,
    pool: Pool,
    sender: Option<Sender>,
    /// What was last recorded of each job, so that only news is.
    recorded: BTreeMap<Job, (String, String)>,
    /// When anything was, unix seconds.
    pub(crate) recorded_at: u64,
    /// When intents were accepted, unix seconds.
    accepted: VecDeque<u64>,
    /// Where the next look for requests to push goes on; from the oldest when there is none.
    push_cursor: Option<String>,
    /// Payouts of that page that were tried in vain, the first ones.
    push_tried: usize,
    /// Which of the basket's epochs to look at.
    scan: Scan,
    /// Whose legs in kind to look at.
    legs: Legs,
    /// What of the basket refused lately.
    backoff: Backoff,
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
        let minter = config.minter.filter(|minter| !minter.is_zero());
        if minter.is_none() && config.basket.is_none() {
            return Err(Error::Setting {
                name: "minter",
                why: "is not set, and there is no basket; they come from the deployment file"
                    .into(),
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
            recorded_at: 0,
            accepted: VecDeque::new(),
            push_cursor: None,
            push_tried: 0,
            scan: Scan::default(),
            legs: Legs::default(),
            backoff: Backoff::default(),
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
        note_off(&store, |job| config.mode(job) == Mode::Off).await?;
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
            // A tick that could not take what is asked for must not be made again at once.
            let least = Duration::from_millis(self.config.send.poll_ms.min(tick));
            tokio::time::sleep(least).await;
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
        let mut seen = self.look().await?;
        for settled in settled {
            if let Settled::Ready { entry, receipt } = settled {
                self.confirm(&entry, &receipt, &seen).await?;
            }
        }
        if let Err(why) = self.index_is_near(&seen.head).await? {
            let mut reports = Vec::new();
            for job in Job::ALL
                .into_iter()
                .filter(|job| self.serves(*job) && self.config.mode(*job) != Mode::Off)
            {
                reports.push(Report {
                    job,
                    target: Target::All,
                    verdict: Verdict::Refused,
                    reason: why.clone(),
                });
            }
            self.record(&reports, &seen).await?;
            return Ok(reports);
        }
        let asked = self.take_intents(&seen).await?;
        if self.config.mode(Job::Push) != Mode::Off
            && let (Some(minter), Some(view)) = (self.config.minter, &mut seen.minter)
        {
            self.look_for_payouts(minter, view).await?;
        }
        if self.config.mode(Job::DeliverLeg) != Mode::Off
            && let Some(view) = &mut seen.basket
        {
            let page = self.config.deliver_page;
            let candidates = self.legs.candidates(&self.store, page).await?;
            view.look_at(&self.pool, &candidates).await?;
        }
        self.backoff.forget(seen.head.timestamp);
        let mut spending = self.is_spending(&seen.head).await?;
        let mut reports = Vec::new();
        for job in Job::ALL {
            let mode = self.config.mode(job);
            if mode == Mode::Off || !self.serves(job) {
                continue;
            }
            let asked = asked
                .iter()
                .find(|(other, _)| *other == job)
                .map(|(_, target)| *target);
            let steps = match (job.is_basket(), &seen.minter, &seen.basket) {
                (false, Some(view), _) => plan(job, view, &self.config, asked)
                    .into_iter()
                    .map(Step::Do)
                    .collect(),
                (true, _, Some(view)) => basket::plan(job, view, &self.config, asked),
                (side, ..) => {
                    reports.push(Report {
                        job,
                        target: Target::All,
                        verdict: Verdict::Refused,
                        reason: seen.faults.get(&side).cloned().unwrap_or_default(),
                    });
                    continue;
                }
            };
            if steps.is_empty() {
                reports.push(Report {
                    job,
                    target: Target::All,
                    verdict: Verdict::Idle,
                    reason: "nothing to do".into(),
                });
            }
            for step in steps {
                let plan = match step {
                    Step::Do(plan) => plan,
                    Step::Wait { target, reason, .. } => {
                        tracing::debug!(%job, %target, reason, "waits");
                        reports.push(Report {
                            job,
                            target,
                            verdict: Verdict::Waiting,
                            reason,
                        });
                        continue;
                    }
                };
                let (verdict, reason) = if spending && job.spends_free_money() {
                    let why = format!("{}; after what spends the same coins", plan.reason);
                    (Verdict::Waiting, why)
                } else {
                    let asked =
                        asked.is_some_and(|asked| [plan.target, Target::All].contains(&asked));
                    self.act(&plan, mode, &seen, asked).await?
                };
                spending |= verdict == Verdict::Sent && job.spends_free_money();
                if job == Job::Push {
                    self.push_tried = match verdict {
                        Verdict::Pointless | Verdict::Failed => {
                            self.push_tried.saturating_add(self.config.push_page)
                        }
                        _ => 0,
                    };
                }
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
        self.record(&reports, &seen).await?;
        Ok(reports)
    }

    /// Whether the deployment has what the job is for.
    fn serves(&self, job: Job) -> bool {
        self.config.contract(job).is_some()
    }

    /// Both sides at the head. A side that does not answer as what it should be must not keep the other one waiting; when it is
    /// the only one, that ends the tick.
    async fn look(&mut self) -> Result<Seen> {
        let head = self.pool.latest().await?;
        let mut seen = Seen {
            head: head.clone(),
            minter: None,
            basket: None,
            faults: BTreeMap::new(),
        };
        let both = self.config.minter.is_some() && self.config.basket.is_some();
        let mut fault = |error: Error, side: bool| match error {
            Error::Chain(error) if both && basket::is_own_fault(&error) => {
                tracing::warn!(%error, "one side of the deployment does not answer as it should");
                seen.faults
                    .insert(side, format!("it cannot be looked at: {error}"));
                Ok(())
            }
            error => Err(error),
        };
        if let Some(minter) = self.config.minter {
            match View::read(&self.pool, minter, head.clone()).await {
                Ok(view) => seen.minter = Some(view),
                Err(error) => fault(error, false)?,
            }
        }
        if let Some(contracts) = self.config.basket {
            match BasketView::read_with(&self.pool, contracts, head, &mut self.scan).await {
                Ok(view) => seen.basket = Some(view),
                Err(error) => fault(error, true)?,
            }
        }
        Ok(seen)
    }

    /// Asks the store for requests that may be ready, a page a tick, and the chain about them. A page that had nothing for us
    /// (contracts', dust) is passed by, so that it cannot hide what comes after it; at the first request that waits for coins
    /// it begins anew.
    async fn look_for_payouts(&mut self, minter: Address, view: &mut View) -> Result<()> {
        let request = PageRequest {
            cursor: self.push_cursor.take(),
            limit: PUSH_CANDIDATES,
        };
        let page = self.store.live_requests(&request).await?;
        let ids: Vec<U256> = page.items.iter().map(|request| request.id).collect();
        let funded = view.look_at(&self.pool, minter, &ids).await?;
        let least = U256::from(self.config.push_least.max(1));
        view.payouts.retain(|payout| payout.net >= least);
        // Those that were tried and could not be paid, or not at this price of gas, let the others by.
        let tried = self.push_tried.min(view.payouts.len());
        view.payouts.drain(..tried);
        self.push_cursor = match (view.payouts.is_empty(), funded == ids.len()) {
            (false, _) => request.cursor,
            (true, true) => page.next,
            (true, false) => None,
        };
        if view.payouts.is_empty() {
            self.push_tried = 0;
        }
        Ok(())
    }

    /// Whether a job that spends free money is under way, its effect not in the view.
    async fn is_spending(&self, head: &Block) -> Result<bool> {
        let live = self.store.live_attempts().await?;
        Ok(live.iter().any(|entry| {
            Some(entry.work.contract) == self.config.minter
                && entry
                    .work
                    .job
                    .parse()
                    .is_ok_and(|job: Job| job.spends_free_money())
                && mined_at(entry).is_none_or(|block| block > head.number)
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
        &mut self,
        plan: &Plan,
        mode: Mode,
        seen: &Seen,
        asked: bool,
    ) -> Result<(Verdict, String)> {
        let (job, target, counter) = (plan.job, plan.target, plan.precondition);
        let now = seen.head.timestamp;
        if job.is_basket()
            && !asked
            && let Some(why) = self.backoff.waits(job, target, counter, now)
        {
            return Ok((Verdict::Waiting, why));
        }
        let outcome = self.try_out(plan, mode, seen, asked).await?;
        if job.is_basket() {
            match outcome.refused {
                Some(at) => {
                    let why = outcome.reason.clone();
                    self.backoff.refused(job, target, counter, now, at, why);
                }
                None if outcome.verdict == Verdict::Sent => self.backoff.clear(job, target),
                None => {}
            }
        }
        Ok((outcome.verdict, outcome.reason))
    }

    async fn try_out(&self, plan: &Plan, mode: Mode, seen: &Seen, asked: bool) -> Result<Outcome> {
        let Some(key) = self.free_key(plan, &seen.head).await? else {
            let why = format!("under way or done: {}", plan.reason);
            return Ok(Outcome::new(Verdict::Waiting, why));
        };
        let from = self
            .sender
            .as_ref()
            .map(Sender::address)
            .or(self.config.simulate_from)
            .unwrap_or_default();
        let request = |data: &Bytes| {
            TransactionRequest::default()
                .from(from)
                .to(plan.to)
                .input(data.clone().into())
        };
        let reverts = |error: chain::ChainError| match error.rpc() {
            Some(rpc) => Ok(Outcome {
                verdict: Verdict::Pointless,
                reason: format!("{}, but it would revert: {}", plan.reason, explain(rpc)),
                refused: Some(not_yet(rpc)),
            }),
            None => Err(error.into()),
        };
        let at = seen.head.id();
        let mut data = plan.call.clone();
        let output = match self.pool.call_request(&request(&data), at).await {
            Ok(output) => output,
            Err(error) => match plan.or_else.clone().filter(|_| error.rpc().is_some()) {
                Some(other) => {
                    data = other;
                    match self.pool.call_request(&request(&data), at).await {
                        Ok(output) => output,
                        Err(error) => return reverts(error),
                    }
                }
                None => return reverts(error),
            },
        };
        let is_worth = |cost: U256| match &seen.minter {
            _ if plan.job.is_basket() => basket::worth(plan, &self.config, &output, cost),
            Some(view) => worth(plan, view, &self.config, &output, cost),
            None => false,
        };
        if !is_worth(U256::ZERO) && !self.clears_the_way(plan, from, at).await? {
            return Ok(Outcome::new(Verdict::Pointless, plan.reason.clone()));
        }
        // Whoever asks for it by hand has decided that it is worth its gas.
        let by_value = plan.job.is_by_value() || plan.value.is_some();
        if by_value && !asked {
            match self.cost(&request(&data), plan.gas_least).await {
                Ok(cost) if !is_worth(cost) => {
                    let why = "but its gas costs too large a share of that now";
                    let why = format!("{}, {why}", plan.reason);
                    return Ok(Outcome::new(Verdict::Pointless, why));
                }
                Ok(_) => {}
                Err(Error::Chain(error)) => return reverts(error),
                Err(error) => return Err(error),
            }
        }
        let (Mode::On, Some(sender)) = (mode, &self.sender) else {
            return Ok(Outcome::new(Verdict::WouldSend, plan.reason.clone()));
        };
        let call = Call {
            to: Some(plan.to),
            data,
            value: U256::ZERO,
            gas_least: plan.gas_least,
        };
        let order = Order {
            key,
            call,
            reason: plan.reason.clone(),
            nonce: None,
        };
        match sender.submit(&order).await {
            Ok(_) => Ok(Outcome::new(Verdict::Sent, plan.reason.clone())),
            Err(Error::Store(store::Error::WorkTaken)) => {
                Ok(Outcome::new(Verdict::Waiting, plan.reason.clone()))
            }
            // Anybody may do the basket's chores: somebody was there first, since the view was taken.
            Err(Error::WouldRevert { reason, .. }) if plan.job.is_basket() => Ok(Outcome {
                verdict: Verdict::Pointless,
                reason: format!("{}, but it would revert by now: {reason}", plan.reason),
                refused: Some(None),
            }),
            // These end the tick: nothing else would go better.
            Err(error @ (Error::Store(_) | Error::Chain(_))) => Err(error),
            Err(error) => Ok(Outcome::new(Verdict::Failed, error.to_string())),
        }
    }

    /// Whether a sweep that would bring nothing home is sent all the same: its page is of buckets that fail, and some after it
    /// would answer. The minter's cursor moves over a page that was tried, so the next one begins behind it; without that, a
    /// page of failing buckets would keep all the others waiting for good.
    async fn clears_the_way(&self, plan: &Plan, from: Address, at: BlockId) -> Result<bool> {
        let (Job::Sweep, Target::Validator(id)) = (plan.job, plan.target) else {
            return Ok(false);
        };
        let around = ILiquidMinter::sweepMaturedBucketsCall {
            validatorId: id,
            maxToSweep: U256::MAX,
        };
        let request = TransactionRequest::default()
            .from(from)
            .to(plan.to)
            .input(Bytes::from(around.abi_encode()).into());
        match self.pool.call_request(&request, at).await {
            Ok(output) => Ok(output.get(..32).is_some_and(|swept| swept != [0; 32])),
            Err(error) if error.rpc().is_some() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The identity of the work, or `None` when it is under way or done as of this view.
    ///
    /// A counter made of amounts may come round to an earlier value. When the work with that counter succeeded in a
    /// block that the view already contains, the same value now is another occasion: another generation.
    async fn free_key(&self, plan: &Plan, head: &Block) -> Result<Option<WorkKey>> {
        let Some(contract) = self.config.contract(plan.job) else {
            return Ok(None);
        };
        for entry in self.store.live_attempts().await? {
            let same = entry.work.contract == contract
                && entry.work.job == plan.job.name()
                && entry.work.target == plan.target.to_string();
            let seen = mined_at(&entry).is_some_and(|block| block <= head.number);
            if same && !seen {
                // The view cannot contain its effect yet.
                return Ok(None);
            }
        }
        for generation in 0..GENERATIONS {
            let key = WorkKey {
                chain_id: self.pool.chain_id(),
                contract,
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
                Some(entry) if mined_at(entry).is_none_or(|block| block > head.number) => {
                    return Ok(None);
                }
                Some(_) => {}
            }
        }
        Ok(None)
    }

    /// Ends an attempt by what the chain's state shows: mined is not done.
    async fn confirm(
        &mut self,
        entry: &JournalEntry,
        receipt: &Receipt,
        seen: &Seen,
    ) -> Result<()> {
        let Some(sender) = &self.sender else {
            return Ok(());
        };
        let id = entry.attempt.id;
        let work = &entry.work;
        let parsed = work
            .job
            .parse::<Job>()
            .ok()
            .and_then(|job| Some((job, Target::parse(job, &work.target)?)))
            .filter(|(job, _)| self.config.contract(*job) == Some(work.contract));
        if !receipt.succeeded() {
            if let (Some((job, target)), Some(view)) = (parsed, &seen.basket)
                && let Some(now) = basket::counter(job, target, view)
            {
                // It cost gas and would again, until something changes.
                let why = "it was mined and reverted".to_owned();
                self.backoff
                    .refused(job, target, now, seen.head.timestamp, None, why);
            }
            return sender.conclude(id, false, "mined and reverted").await;
        }
        let Some((job, target)) = parsed else {
            // Sent by another part of the program, which died: the receipt is all we know.
            return sender.conclude(id, true, "mined").await;
        };
        if seen.head.number < receipt.block_number {
            return Ok(());
        }
        let is_work = |counter: B256| {
            (0..GENERATIONS)
                .any(|generation| generation_of(counter, generation) == work.precondition)
        };
        let unchanged = match (
            job.is_basket(),
            &seen.minter,
            &seen.basket,
            self.config.basket,
        ) {
            (true, _, Some(view), Some(contracts)) => {
                !basket::is_done(job, target, receipt, &contracts, view, is_work)
            }
            (false, Some(view), _, _) => self.is_unchanged(job, target, receipt, view, is_work),
            // It cannot be looked at now.
            _ => return Ok(()),
        };
        let (done, why) = if unchanged {
            (false, "mined without effect")
        } else {
            (true, "the chain shows its effect")
        };
        tracing::info!(%job, target = work.target, tx = %receipt.transaction_hash, gas = receipt.gas_used, why, "over");
        sender.conclude(id, done, why).await
    }

    /// Whether a mined call of a job of the minter changed nothing.
    fn is_unchanged(
        &self,
        job: Job,
        target: Target,
        receipt: &Receipt,
        view: &View,
        is_work: impl Fn(B256) -> bool,
    ) -> bool {
        match job {
            // Rewards leave no counter: the page's cursor may come round to where it was.
            Job::ClaimRewards => false,
            // This view may look at other requests by now; what was paid is in the receipt.
            Job::Push => !self.config.minter.is_some_and(|minter| {
                told(receipt, minter, ILiquidMinter::Claimed::SIGNATURE_HASH)
            }),
            // Deposits and withdrawals move its counter too.
            Job::Harvest => !view.vault.as_ref().is_some_and(|vault| {
                told(
                    receipt,
                    vault.address,
                    ILiquidVault::Harvested::SIGNATURE_HASH,
                )
            }),
            _ => counter(job, target, view, &self.config).is_some_and(is_work),
        }
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
    async fn take_intents(&mut self, seen: &Seen) -> Result<Vec<(Job, Target)>> {
        let mut taken = Vec::new();
        for intent in self.store.pending_intents().await? {
            let answer = self.judge(&intent, seen);
            let (accepted, reason) = match answer {
                // A job is asked for one target a tick; the other one stays for the next.
                Ok((job, target)) if taken.iter().any(|(j, t)| *j == job && *t != target) => {
                    continue;
                }
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
        seen: &Seen,
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
            return Err(format!("{job} takes {}, or {ALL_OF_IT:?}", job.wanted()));
        };
        if !self.serves(job) {
            return Err(format!("{job} has nothing to serve in this deployment"));
        }
        match (target, &seen.minter, &seen.basket) {
            (Target::Validator(id), Some(view), _) if view.validator(id).is_none() => {
                return Err(format!("validator {id} is not registered"));
            }
            (
                Target::Sleeve(id)
                | Target::Leg { sleeve: id, .. }
                | Target::Account { sleeve: id, .. },
                _,
                Some(view),
            ) if view.sleeve(id).is_none() => {
                return Err(format!("the basket has no sleeve {id}"));
            }
            _ => {}
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
    async fn record(&mut self, reports: &[Report], seen: &Seen) -> Result<()> {
        // Without news for so long what is known is told again, once, to show that somebody is at work.
        let mut silent = unix_now() >= self.recorded_at.saturating_add(SIGN_OF_LIFE);
        for job in Job::ALL {
            let of_job: Vec<&Report> = reports.iter().filter(|report| report.job == job).collect();
            let Some(top) = of_job
                .iter()
                .find(|report| matches!(report.verdict, Verdict::Sent | Verdict::Failed))
                .or(of_job.first())
            else {
                continue;
            };
            let reason = format!("{}{}", basket::words(top.target), top.reason);
            let news = (top.verdict.name().to_owned(), reason);
            let is_known = self.recorded.get(&job) == Some(&news) && top.verdict != Verdict::Sent;
            if is_known && !silent {
                continue;
            }
            silent = false;
            let decision = Decision {
                id: 0,
                job: job.name().to_owned(),
                mode: self.config.mode(job).name().to_owned(),
                at: unix_now(),
                block: seen.head.number,
                decision: news.0.clone(),
                reason: news.1.clone(),
                work: None,
                next_due: match (job.is_basket(), &seen.minter, &seen.basket) {
                    (true, _, Some(view)) => basket::next_due(job, view, &self.config),
                    (false, Some(view), _) => next_due(job, view, &self.config),
                    _ => None,
                },
            };
            self.store.record_decision(decision).await?;
            self.recorded.insert(job, news);
            self.recorded_at = unix_now();
        }
        Ok(())
    }
}

/// Notes that these jobs are off, where the store's last word of them says otherwise: whoever reads it must not take them for stopped.
///
/// # Errors
/// Those of the store.
pub async fn note_off(store: &Store, is_off: impl Fn(Job) -> bool) -> Result<()> {
    let off = Mode::Off.name();
    for last in store.last_decisions().await? {
        if last.mode != off && last.job.parse().is_ok_and(&is_off) {
            let decision = Decision {
                id: 0,
                mode: off.to_owned(),
                at: unix_now(),
                decision: Verdict::Idle.name().to_owned(),
                reason: "it is off".to_owned(),
                work: None,
                next_due: None,
                ..last
            };
            store.record_decision(decision).await?;
        }
    }
    Ok(())
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
