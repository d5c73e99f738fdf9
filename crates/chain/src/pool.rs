use crate::{
    ChainError, Fault, RpcFailure, SensitiveUrl,
    classify::{Verdict, judge},
    endpoint::{Answer, Endpoint, http_client},
    score::{Score, order},
};
use alloy::{
    primitives::{B256, U64},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::{
        client::RpcClient,
        json_rpc::{
            ErrorPayload, RequestPacket, Response, ResponsePacket, ResponsePayload,
            SerializedRequest,
        },
    },
    transports::{TransportError, TransportErrorKind, TransportFut},
};
use futures_util::{
    StreamExt,
    future::join_all,
    stream::{self, FuturesUnordered},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

/// How to reach one chain. Durations are in milliseconds in a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolConfig {
    /// Endpoints, any order; at least one.
    pub endpoints: Vec<SensitiveUrl>,
    /// The chain id that every endpoint must report. `None`: all must agree with each other.
    #[serde(default)]
    pub chain_id: Option<u64>,
    /// Longest wait for one answer, milliseconds.
    #[serde(default = "defaults::timeout_ms")]
    pub timeout_ms: u64,
    /// Blocks behind the best head before an endpoint is used only when nobody else is left.
    #[serde(default = "defaults::max_lag")]
    pub max_lag: u64,
    /// How often heads and chain ids are compared, milliseconds.
    #[serde(default = "defaults::probe_ms")]
    pub probe_ms: u64,
    /// How many times the whole list is tried before a request fails.
    #[serde(default = "defaults::rounds")]
    pub rounds: u32,
}

mod defaults {
    pub(super) fn timeout_ms() -> u64 {
        10_000
    }
    pub(super) fn max_lag() -> u64 {
        3
    }
    pub(super) fn probe_ms() -> u64 {
        5_000
    }
    pub(super) fn rounds() -> u32 {
        3
    }
}

impl PoolConfig {
    /// The defaults, for these endpoints.
    #[must_use]
    pub fn new(endpoints: Vec<SensitiveUrl>) -> Self {
        Self {
            endpoints,
            chain_id: None,
            timeout_ms: defaults::timeout_ms(),
            max_lag: defaults::max_lag(),
            probe_ms: defaults::probe_ms(),
            rounds: defaults::rounds(),
        }
    }
}

/// What an endpoint has shown about the chain it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identity {
    /// Not asked successfully yet: not used for requests.
    Unknown,
    Verified,
    /// Serves another chain: never used again.
    Banned,
}

#[derive(Debug)]
struct Member {
    endpoint: Endpoint,
    state: Mutex<(Identity, Score)>,
}

impl Member {
    fn state(&self) -> MutexGuard<'_, (Identity, Score)> {
        // A score is plain data: a panic elsewhere cannot leave it half-written in a harmful way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Inner {
    members: Vec<Member>,
    chain_id: u64,
    genesis: B256,
    /// Index of the primary; `usize::MAX` before the first choice.
    primary: AtomicUsize,
    max_lag: u64,
    rounds: u32,
    probe_every: Duration,
    last_probe: Mutex<Instant>,
    probing: AtomicBool,
}

/// Several endpoints of one chain behind one door. Cheap to clone.
///
/// See the crate's README for what counts as a failure and what never does.
#[derive(Clone, Debug)]
pub struct Pool {
    inner: Arc<Inner>,
}

/// One endpoint's health, for metrics and `doctor`.
#[derive(Clone, Debug, Serialize)]
pub struct EndpointStatus {
    /// The address, redacted.
    pub endpoint: SensitiveUrl,
    /// It has shown the right chain id and genesis.
    pub verified: bool,
    /// It has shown a wrong one and is never used.
    pub banned: bool,
    /// Requests go here first.
    pub primary: bool,
    /// Best head it reported.
    pub head: u64,
    /// Blocks behind the best head of the pool.
    pub lag: u64,
    /// Smoothed latency, microseconds.
    pub latency_us: u64,
    /// Smoothed share of failed attempts, per mille.
    pub errors_per_mille: u64,
    /// Times it throttled us.
    pub throttled: u64,
    /// Milliseconds until it is asked again by choice.
    pub paused_ms: u64,
}

/// An endpoint's number inside its pool.
pub(crate) type EndpointIndex = usize;

struct Seen {
    chain_id: u64,
    genesis: B256,
    head: u64,
    took: Duration,
}

#[derive(Deserialize)]
struct JustHash {
    hash: B256,
}

impl Pool {
    /// Asks every endpoint who it is and starts with those that answered.
    ///
    /// An endpoint that is down now joins when it comes up and shows the same chain.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`] or [`ChainError::WrongGenesis`] when two endpoints (or one and the configuration)
    /// disagree, [`ChainError::Unavailable`] when none answers.
    pub async fn connect(config: PoolConfig) -> Result<Self, ChainError> {
        let timeout = Duration::from_millis(config.timeout_ms.max(1));
        let client = http_client(timeout)?;
        let members: Vec<Member> = config
            .endpoints
            .into_iter()
            .map(|url| Member {
                endpoint: Endpoint::new(url, client.clone(), timeout),
                state: Mutex::new((Identity::Unknown, Score::default())),
            })
            .collect();
        if members.is_empty() {
            return Err(ChainError::NoEndpoints);
        }
        let seen = join_all(members.iter().map(|member| look(&member.endpoint, true))).await;
        let mut expected: Option<(u64, B256)> = None;
        let mut faults = Vec::new();
        let now = Instant::now();
        for (member, seen) in members.iter().zip(seen) {
            let url = || member.endpoint.url().clone();
            match seen {
                Ok(seen) => {
                    let chain_id = config
                        .chain_id
                        .or(expected.map(|(id, _)| id))
                        .unwrap_or(seen.chain_id);
                    if seen.chain_id != chain_id {
                        return Err(ChainError::WrongChain {
                            endpoint: url(),
                            found: seen.chain_id,
                            expected: chain_id,
                        });
                    }
                    let (_, genesis) = *expected.get_or_insert((chain_id, seen.genesis));
                    if seen.genesis != genesis {
                        return Err(ChainError::WrongGenesis {
                            endpoint: url(),
                            found: seen.genesis,
                            expected: genesis,
                        });
                    }
                    let mut state = member.state();
                    state.0 = Identity::Verified;
                    state.1.answered(seen.took);
                    state.1.saw_head(seen.head);
                }
                Err(fault) => {
                    member.state().1.failed(&fault, now);
                    tracing::warn!(endpoint = %url(), %fault, "endpoint does not answer yet");
                    faults.push((url(), fault));
                }
            }
        }
        let Some((chain_id, genesis)) = expected else {
            return Err(ChainError::Unavailable {
                method: "eth_chainId".into(),
                faults,
            });
        };
        let inner = Inner {
            members,
            chain_id,
            genesis,
            primary: AtomicUsize::new(usize::MAX),
            max_lag: config.max_lag,
            rounds: config.rounds.max(1),
            probe_every: Duration::from_millis(config.probe_ms.max(1)),
            last_probe: Mutex::new(now),
            probing: AtomicBool::new(false),
        };
        inner.rank_heads();
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The chain id that every used endpoint has shown.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.inner.chain_id
    }

    /// The hash of block 0.
    #[must_use]
    pub fn genesis(&self) -> B256 {
        self.inner.genesis
    }

    /// Health of each endpoint, in the order of the configuration.
    #[must_use]
    pub fn status(&self) -> Vec<EndpointStatus> {
        let primary = self.inner.primary.load(Ordering::Relaxed);
        let now = Instant::now();
        self.inner
            .members
            .iter()
            .enumerate()
            .map(|(index, member)| {
                let state = member.state();
                let (identity, score) = &*state;
                EndpointStatus {
                    endpoint: member.endpoint.url().clone(),
                    verified: *identity == Identity::Verified,
                    banned: *identity == Identity::Banned,
                    primary: index == primary,
                    head: score.head(),
                    lag: score.lag(),
                    latency_us: u64::try_from(score.latency().as_micros()).unwrap_or(u64::MAX),
                    errors_per_mille: score.errors_per_mille(),
                    throttled: score.throttled(),
                    paused_ms: u64::try_from(score.paused_for(now).as_millis()).unwrap_or(u64::MAX),
                }
            })
            .collect()
    }

    /// Sends one request through the pool and decodes the result.
    ///
    /// `params` is the JSON-RPC parameter list, such as a tuple or an array.
    ///
    /// # Errors
    /// See [`ChainError`]; an error object of the chain comes as [`ChainError::Rpc`].
    pub async fn request<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        params: P,
    ) -> Result<R, ChainError> {
        self.request_avoiding(method, params, &[])
            .await
            .map(|(result, _)| result)
    }

    /// As [`Pool::request`], but endpoints in `avoid` are asked only when nobody else is left. Says who answered.
    pub(crate) async fn request_avoiding<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        params: P,
        avoid: &[EndpointIndex],
    ) -> Result<(R, EndpointIndex), ChainError> {
        let (raw, index) = self.raw(method, &to_raw(method, &params)?, avoid).await?;
        let result = serde_json::from_str(raw.get()).map_err(|error| {
            // It quotes what it did not expect, and that may be an echo of the key.
            let reason = error.to_string();
            let reason = self
                .inner
                .members
                .get(index)
                .map_or(reason.clone(), |member| {
                    member.endpoint.url().scrub(&reason)
                });
            ChainError::Decode {
                method: method.to_owned(),
                reason,
            }
        })?;
        Ok((result, index))
    }

    fn echoes(&self, index: EndpointIndex, text: &str) -> bool {
        self.inner
            .members
            .get(index)
            .is_some_and(|member| member.endpoint.url().is_echoed_in(text))
    }

    /// Endpoints that may be asked at all.
    pub(crate) fn usable(&self) -> usize {
        self.inner
            .members
            .iter()
            .filter(|member| member.state().0 == Identity::Verified)
            .count()
    }

    /// Counts a wrong answer (a hole in its logs, say) against an endpoint.
    pub(crate) fn blame(&self, index: EndpointIndex, reason: &str) {
        if let Some(member) = self.inner.members.get(index) {
            tracing::warn!(endpoint = %member.endpoint.url(), reason, "endpoint gave a wrong answer");
            member
                .state()
                .1
                .failed(&Fault::Malformed(reason.to_owned()), Instant::now());
        }
    }

    /// Compares heads and chain ids of all endpoints now. Happens by itself every `probe_ms` while requests are made.
    pub async fn probe(&self) {
        self.inner.probe().await;
    }

    /// An alloy provider on top of this pool, for contract bindings. It holds no wallet and fills nothing.
    #[must_use]
    pub fn provider(&self) -> DynProvider {
        let client = RpcClient::new(PoolTransport(self.clone()), true);
        ProviderBuilder::new()
            .disable_recommended_fillers()
            .connect_client(client)
            .erased()
    }

    async fn raw(
        &self,
        method: &str,
        params: &RawValue,
        avoid: &[EndpointIndex],
    ) -> Result<(Box<RawValue>, EndpointIndex), ChainError> {
        self.probe_if_due();
        let inner = &self.inner;
        let mut faults: Vec<(EndpointIndex, Fault)> = Vec::new();
        for round in 0..inner.rounds {
            if round > 0 {
                // All have failed: wait for the one that may be asked soonest, within reason.
                tokio::time::sleep(
                    inner
                        .shortest_pause()
                        .clamp(Duration::from_millis(50), Duration::from_secs(2)),
                )
                .await;
            }
            let mut doubtful: Vec<(EndpointIndex, RpcFailure)> = Vec::new();
            for index in inner.order(avoid) {
                let Some(member) = inner.members.get(index) else {
                    continue;
                };
                let started = Instant::now();
                let fault = match member.endpoint.send(method, params).await {
                    Ok(Answer::Result(result)) => {
                        member.state().1.answered(started.elapsed());
                        // Somebody could answer: those who could not are at fault after all.
                        for (other, failure) in doubtful {
                            inner.punish(other, &Fault::Doubtful(failure));
                        }
                        return Ok((result, index));
                    }
                    Ok(Answer::Error(error)) => match judge(method, &error) {
                        Verdict::Deterministic => {
                            member.state().1.answered(started.elapsed());
                            return Err(ChainError::Rpc {
                                method: method.to_owned(),
                                error,
                            });
                        }
                        Verdict::Range => {
                            member.state().1.answered(started.elapsed());
                            return Err(ChainError::RangeTooWide {
                                method: method.to_owned(),
                                reason: error.message,
                            });
                        }
                        Verdict::Doubtful => {
                            if doubtful.iter().any(|(_, other)| {
                                other.code == error.code && other.message == error.message
                            }) {
                                // A second opinion agrees: it is the request.
                                return Err(ChainError::Rpc {
                                    method: method.to_owned(),
                                    error,
                                });
                            }
                            doubtful.push((index, error.clone()));
                            remember(&mut faults, index, Fault::Doubtful(error));
                            continue;
                        }
                        Verdict::Throttled => Fault::Throttled(None),
                        Verdict::Behind => Fault::Behind(error.message),
                        Verdict::Unsupported => Fault::Unsupported,
                    },
                    Err(fault) => fault,
                };
                inner.punish(index, &fault);
                remember(&mut faults, index, fault);
            }
            // Nobody else to ask: it may still be a hiccup, so only the last round decides.
            if let Some((_, error)) = doubtful.into_iter().next()
                && round.saturating_add(1) == inner.rounds
            {
                return Err(ChainError::Rpc {
                    method: method.to_owned(),
                    error,
                });
            }
            // Asking again does not make a method appear.
            if !faults.is_empty() && faults.iter().all(|(_, fault)| *fault == Fault::Unsupported) {
                break;
            }
        }
        let faults = faults
            .into_iter()
            .filter_map(|(index, fault)| {
                Some((inner.members.get(index)?.endpoint.url().clone(), fault))
            })
            .collect();
        Err(ChainError::Unavailable {
            method: method.to_owned(),
            faults,
        })
    }

    fn probe_if_due(&self) {
        let inner = &self.inner;
        let unverified = inner
            .members
            .iter()
            .any(|member| member.state().0 == Identity::Unknown);
        if inner.members.len() < 2 && !unverified {
            return;
        }
        let due = inner
            .last_probe
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
            >= inner.probe_every;
        if due && !inner.probing.swap(true, Ordering::AcqRel) {
            let weak: Weak<Inner> = Arc::downgrade(inner);
            tokio::spawn(async move {
                if let Some(inner) = weak.upgrade() {
                    inner.probe().await;
                    inner.probing.store(false, Ordering::Release);
                }
            });
        }
    }
}

impl Inner {
    fn order(&self, avoid: &[EndpointIndex]) -> Vec<EndpointIndex> {
        let now = Instant::now();
        let snapshot: Vec<(usize, Score)> = self
            .members
            .iter()
            .enumerate()
            .filter_map(|(index, member)| {
                let state = member.state();
                (state.0 == Identity::Verified).then(|| (index, state.1.clone()))
            })
            .collect();
        let scores: Vec<(usize, &Score)> = snapshot
            .iter()
            .map(|(index, score)| (*index, score))
            .collect();
        let primary = self.primary.load(Ordering::Relaxed);
        let mut order = order(&scores, Some(primary), now, self.max_lag);
        if let Some(first) = order.first().filter(|first| **first != primary) {
            self.primary.store(*first, Ordering::Relaxed);
        }
        order.sort_by_key(|index| avoid.contains(index)); // stable
        order
    }

    fn punish(&self, index: EndpointIndex, fault: &Fault) {
        if let Some(member) = self.members.get(index) {
            tracing::debug!(endpoint = %member.endpoint.url(), %fault, "endpoint failed");
            member.state().1.failed(fault, Instant::now());
        }
    }

    fn shortest_pause(&self) -> Duration {
        let now = Instant::now();
        self.members
            .iter()
            .map(|member| member.state())
            .filter(|state| state.0 == Identity::Verified)
            .map(|state| state.1.paused_for(now))
            .min()
            .unwrap_or_default()
    }

    async fn probe(&self) {
        *self
            .last_probe
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
        let mut looks: FuturesUnordered<_> = self
            .members
            .iter()
            .filter_map(|member| {
                let identity = member.state().0;
                (identity != Identity::Banned).then_some(async move {
                    (
                        member,
                        look(&member.endpoint, identity == Identity::Unknown).await,
                    )
                })
            })
            .collect();
        while let Some((member, seen)) = looks.next().await {
            let mut state = member.state();
            match seen {
                Ok(seen) => {
                    let new = state.0 == Identity::Unknown;
                    if seen.chain_id != self.chain_id || (new && seen.genesis != self.genesis) {
                        state.0 = Identity::Banned;
                        tracing::error!(
                            endpoint = %member.endpoint.url(), found = seen.chain_id, expected = self.chain_id,
                            "endpoint serves another chain; it is never used again"
                        );
                        continue;
                    }
                    state.0 = Identity::Verified;
                    state.1.answered(seen.took);
                    state.1.saw_head(seen.head);
                }
                Err(fault) => state.1.failed(&fault, Instant::now()),
            }
        }
        self.rank_heads();
    }

    fn rank_heads(&self) {
        let verified = || {
            self.members
                .iter()
                .map(Member::state)
                .filter(|state| state.0 == Identity::Verified)
        };
        let best = verified().map(|state| state.1.head()).max().unwrap_or(0);
        for mut state in verified() {
            state.1.set_best_head(best);
        }
    }
}

fn remember(faults: &mut Vec<(EndpointIndex, Fault)>, index: EndpointIndex, fault: Fault) {
    faults.retain(|(other, _)| *other != index);
    faults.push((index, fault));
}

/// Asks an endpoint who it is and how far it has come.
async fn look(endpoint: &Endpoint, with_genesis: bool) -> Result<Seen, Fault> {
    async fn ask<R: DeserializeOwned>(
        endpoint: &Endpoint,
        method: &str,
        params: impl Serialize,
    ) -> Result<R, Fault> {
        let params =
            to_raw(method, &params).map_err(|error| Fault::Malformed(error.to_string()))?;
        match endpoint.send(method, &params).await? {
            Answer::Result(raw) => serde_json::from_str(raw.get())
                .map_err(|error| Fault::Malformed(endpoint.url().scrub(&error.to_string()))),
            Answer::Error(error) => Err(match judge(method, &error) {
                Verdict::Throttled => Fault::Throttled(None),
                _ => Fault::Doubtful(error),
            }),
        }
    }
    let started = Instant::now();
    let chain_id: U64 = ask(endpoint, "eth_chainId", ()).await?;
    let took = started.elapsed();
    let head: U64 = ask(endpoint, "eth_blockNumber", ()).await?;
    let genesis = if with_genesis {
        ask::<JustHash>(endpoint, "eth_getBlockByNumber", ("0x0", false))
            .await?
            .hash
    } else {
        B256::ZERO
    };
    Ok(Seen {
        chain_id: chain_id.to(),
        genesis,
        head: head.to(),
        took,
    })
}

fn to_raw(method: &str, params: &impl Serialize) -> Result<Box<RawValue>, ChainError> {
    let decode = |reason: String| ChainError::Decode {
        method: method.to_owned(),
        reason,
    };
    let raw = serde_json::value::to_raw_value(params).map_err(|error| decode(error.to_string()))?;
    // `()` serializes to null, but JSON-RPC wants a list.
    if raw.get() == "null" {
        RawValue::from_string("[]".to_owned()).map_err(|error| decode(error.to_string()))
    } else {
        Ok(raw)
    }
}

/// The pool as an alloy transport. Batches are sent as single requests: not every provider takes batches.
#[derive(Clone, Debug)]
struct PoolTransport(Pool);

impl PoolTransport {
    async fn one(&self, request: &SerializedRequest) -> Result<Response, TransportError> {
        let empty;
        let params = match request.params() {
            Some(params) => params,
            None => {
                empty = to_raw(request.method(), &()).map_err(TransportErrorKind::custom)?;
                &empty
            }
        };
        let payload = match self.0.raw(request.method(), params, &[]).await {
            // alloy quotes a result that it cannot decode.
            Ok((result, index)) if self.0.echoes(index, result.get()) => {
                return Err(TransportErrorKind::custom_str(
                    "the answer repeats the endpoint's address",
                ));
            }
            Ok((result, _)) => ResponsePayload::Success(result),
            Err(ChainError::Rpc { error, .. }) => ResponsePayload::Failure(ErrorPayload {
                code: error.code,
                message: error.message.into(),
                data: error.data.and_then(|data| RawValue::from_string(data).ok()),
            }),
            Err(error) => return Err(TransportErrorKind::custom(error)),
        };
        Ok(Response {
            id: request.id().clone(),
            payload,
        })
    }
}

impl tower::Service<RequestPacket> for PoolTransport {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            match packet {
                RequestPacket::Single(request) => {
                    Ok(ResponsePacket::Single(this.one(&request).await?))
                }
                RequestPacket::Batch(requests) => {
                    let one = |request: SerializedRequest| {
                        let this = this.clone();
                        async move { this.one(&request).await }
                    };
                    let answers: Vec<_> =
                        stream::iter(requests).map(one).buffered(8).collect().await;
                    Ok(ResponsePacket::Batch(
                        answers.into_iter().collect::<Result<_, _>>()?,
                    ))
                }
            }
        })
    }
}
