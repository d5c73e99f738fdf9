use super::{
    FakeChain,
    world::{Refusal, World},
};
use crate::{Block, Log, SensitiveUrl};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, U64, U128, U256},
    rpc::types::TransactionRequest,
};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// How a node misbehaves.
#[derive(Clone, Debug)]
pub enum NodeFault {
    /// An HTTP status with this body.
    Http(u16, String),
    /// 429 with `Retry-After` seconds.
    TooMany(u64),
    /// Never answers.
    Hang,
    /// HTTP 200 with a JSON-RPC error.
    Error(i64, String),
    /// HTTP 200 with these bytes.
    Malformed(String),
    /// HTTP 200 with this result, whatever was asked.
    Result(Value),
    /// A correct envelope with the wrong id.
    WrongId,
    /// Takes the transaction, but the answer is lost (HTTP 502).
    LoseAnswer,
}

struct Script {
    method: Option<String>,
    fault: NodeFault,
    /// Requests that pass before the fault starts.
    skip: u32,
    left: Option<u32>,
}

#[derive(Default)]
struct NodeState {
    lag: u64,
    chain_id: Option<u64>,
    genesis: Option<B256>,
    range_limit: Option<(u64, i64, String)>,
    result_limit: Option<(usize, i64, String)>,
    hidden: BTreeSet<u64>,
    foreign: Option<Log>,
    missing: BTreeSet<String>,
    scripts: Vec<Script>,
    counts: BTreeMap<String, u64>,
    requests: Vec<(String, Value)>,
}

/// One JSON-RPC endpoint of a [`FakeChain`] on a free loopback port. Stops when dropped.
pub struct FakeNode {
    url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    chain: FakeChain,
    state: Mutex<NodeState>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, NodeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeNode {
    /// Serves `chain`.
    pub async fn start(chain: &FakeChain) -> Self {
        let shared = Arc::new(Shared {
            chain: chain.clone(),
            state: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let router = Router::new()
            .fallback(serve)
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "fake node stopped");
            }
        });
        Self { url, shared, task }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> SensitiveUrl {
        self.url.parse().expect("an address")
    }

    /// Its address with a path or query added, such as a key.
    #[must_use]
    pub fn url_with(&self, tail: &str) -> SensitiveUrl {
        format!("{}{tail}", self.url).parse().expect("an address")
    }

    /// Fails the next `times` requests (all when `None`) of `method` (any when `None`).
    pub fn fail(&self, method: Option<&str>, fault: NodeFault, times: Option<u32>) {
        self.fail_after(0, method, fault, times);
    }

    /// As [`FakeNode::fail`], after `skip` of those requests went well.
    pub fn fail_after(
        &self,
        skip: u32,
        method: Option<&str>,
        fault: NodeFault,
        times: Option<u32>,
    ) {
        self.shared.state().scripts.push(Script {
            method: method.map(str::to_owned),
            fault,
            skip,
            left: times,
        });
    }

    /// Behaves again.
    pub fn heal(&self) {
        let mut state = self.shared.state();
        let counts = std::mem::take(&mut state.counts);
        let requests = std::mem::take(&mut state.requests);
        *state = NodeState {
            counts,
            requests,
            ..NodeState::default()
        };
    }

    /// Shows the chain as it was `blocks` ago.
    pub fn set_lag(&self, blocks: u64) {
        self.shared.state().lag = blocks;
    }

    /// Reports another chain id.
    pub fn set_chain_id(&self, id: u64) {
        self.shared.state().chain_id = Some(id);
    }

    /// Reports another genesis hash.
    pub fn set_genesis(&self, hash: B256) {
        self.shared.state().genesis = Some(hash);
    }

    /// Refuses log queries over more than `blocks` blocks, with these words.
    pub fn set_range_limit(&self, blocks: u64, code: i64, message: &str) {
        self.shared.state().range_limit = Some((blocks, code, message.to_owned()));
    }

    /// Refuses log queries with more than `logs` results, with these words.
    pub fn set_result_limit(&self, logs: usize, code: i64, message: &str) {
        self.shared.state().result_limit = Some((logs, code, message.to_owned()));
    }

    /// Leaves out all logs of a block, in every kind of answer.
    pub fn hide_logs(&self, number: u64) {
        self.shared.state().hidden.insert(number);
    }

    /// Adds this log to every log answer.
    pub fn add_foreign_log(&self, log: Log) {
        self.shared.state().foreign = Some(log);
    }

    /// Does not offer a method.
    pub fn without(&self, method: &str) {
        self.shared.state().missing.insert(method.to_owned());
    }

    /// How often a method was asked.
    #[must_use]
    pub fn count(&self, method: &str) -> u64 {
        self.shared.state().counts.get(method).copied().unwrap_or(0)
    }

    /// Every request so far: method and parameters.
    #[must_use]
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.shared.state().requests.clone()
    }
}

impl Drop for FakeNode {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(State(shared): State<Arc<Shared>>, Json(request): Json<Value>) -> Response {
    let method = request["method"].as_str().unwrap_or_default().to_owned();
    let id = request["id"].clone();
    let fault = {
        let mut state = shared.state();
        *state.counts.entry(method.clone()).or_default() += 1;
        state
            .requests
            .push((method.clone(), request["params"].clone()));
        let found = state.scripts.iter_mut().find(|script| {
            script.left != Some(0)
                && script
                    .method
                    .as_ref()
                    .is_none_or(|wanted| *wanted == method)
        });
        found.and_then(|script| {
            if script.skip > 0 {
                script.skip -= 1;
                return None;
            }
            script.left = script.left.map(|left| left - 1);
            Some(script.fault.clone())
        })
    };
    let envelope = |body: Value| Json(body).into_response();
    match fault {
        Some(NodeFault::Http(status, body)) => {
            return (StatusCode::from_u16(status).expect("a status"), body).into_response();
        }
        Some(NodeFault::TooMany(seconds)) => {
            let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            return response;
        }
        Some(NodeFault::Hang) => std::future::pending().await,
        Some(NodeFault::Error(code, message)) => {
            return envelope(
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}),
            );
        }
        Some(NodeFault::Result(result)) => {
            return envelope(json!({"jsonrpc": "2.0", "id": id, "result": result}));
        }
        Some(NodeFault::Malformed(body)) => return body.into_response(),
        Some(NodeFault::WrongId) => {
            return envelope(json!({"jsonrpc": "2.0", "id": 999_999_999, "result": "0x0"}));
        }
        Some(NodeFault::LoseAnswer) => {
            let _lost = answer(&shared, &method, &request["params"]);
            return StatusCode::BAD_GATEWAY.into_response();
        }
        None => {}
    }
    match answer(&shared, &method, &request["params"]) {
        Ok(result) => envelope(json!({"jsonrpc": "2.0", "id": id, "result": result})),
        Err(Refusal {
            code,
            message,
            data,
        }) => {
            let mut error = json!({"code": code, "message": message});
            if let Some(data) = data {
                error["data"] = json!(data);
            }
            envelope(json!({"jsonrpc": "2.0", "id": id, "error": error}))
        }
    }
}

fn param<T: DeserializeOwned>(params: &Value, index: usize) -> Result<T, Refusal> {
    serde_json::from_value(params[index].clone())
        .map_err(|error| Refusal::new(-32602, format!("invalid params: {error}")))
}

/// Resolves a block id on this node's view.
fn resolve(world: &World, id: BlockId, tip: u64) -> Option<u64> {
    let number = match id {
        BlockId::Hash(hash) => world.number_of(hash.block_hash)?,
        BlockId::Number(BlockNumberOrTag::Number(number)) => number,
        BlockId::Number(BlockNumberOrTag::Earliest) => 0,
        BlockId::Number(_) => tip,
    };
    (number <= tip).then_some(number)
}

fn block_json(block: &Block, genesis: Option<B256>) -> Value {
    let mut value = json!(block);
    if block.number == 0
        && let Some(genesis) = genesis
    {
        value["hash"] = json!(genesis);
    }
    value
}

fn answer(shared: &Shared, method: &str, params: &Value) -> Result<Value, Refusal> {
    let state = shared.state();
    let mut world = shared.chain.world();
    let tip = world.number().saturating_sub(state.lag);
    if state.missing.contains(method) {
        return Err(Refusal::new(
            -32601,
            format!("the method {method} does not exist/is not available"),
        ));
    }
    let known = |world: &World, id: BlockId| {
        resolve(world, id, tip).ok_or_else(|| Refusal::new(-32000, "header not found"))
    };
    let visible = |world: &World, number: u64| -> Vec<Log> {
        if state.hidden.contains(&number) {
            return Vec::new();
        }
        world
            .receipts_at(number)
            .iter()
            .flat_map(|receipt| receipt.logs.clone())
            .collect()
    };
    Ok(match method {
        "eth_chainId" => json!(U64::from(state.chain_id.unwrap_or(world.chain_id))),
        "eth_blockNumber" => json!(U64::from(tip)),
        "eth_getBlockByNumber" => {
            let number: BlockNumberOrTag = param(params, 0)?;
            resolve(&world, number.into(), tip)
                .and_then(|number| world.block_at(number))
                .map_or(Value::Null, |block| block_json(block, state.genesis))
        }
        "eth_getBlockByHash" => {
            let hash: B256 = param(params, 0)?;
            resolve(&world, hash.into(), tip)
                .and_then(|number| world.block_at(number))
                .map_or(Value::Null, |block| block_json(block, state.genesis))
        }
        "eth_getLogs" => {
            let filter = &params[0];
            let (from, to) = if filter["blockHash"].is_string() {
                let hash: B256 = serde_json::from_value(filter["blockHash"].clone())
                    .map_err(|error| Refusal::new(-32602, error.to_string()))?;
                let number = resolve(&world, hash.into(), tip)
                    .ok_or_else(|| Refusal::new(-32000, "unknown block"))?;
                (number, number)
            } else {
                let number = |name: &str| {
                    serde_json::from_value::<U64>(filter[name].clone())
                        .unwrap_or_default()
                        .to::<u64>()
                };
                (number("fromBlock"), number("toBlock"))
            };
            if let Some((limit, code, message)) = &state.range_limit
                && to - from + 1 > *limit
            {
                return Err(Refusal::new(*code, message.clone()));
            }
            let addresses: Vec<Address> =
                serde_json::from_value(filter["address"].clone()).unwrap_or_default();
            let topics: Vec<B256> =
                serde_json::from_value(filter["topics"][0].clone()).unwrap_or_default();
            let mut logs: Vec<Log> = (from..=to.min(tip))
                .flat_map(|number| visible(&world, number))
                .collect();
            logs.retain(|log| {
                (addresses.is_empty() || addresses.contains(&log.address()))
                    && (topics.is_empty()
                        || log.topic0().is_some_and(|topic| topics.contains(topic)))
            });
            if let Some((limit, code, message)) = &state.result_limit
                && logs.len() > *limit
            {
                return Err(Refusal::new(*code, message.clone()));
            }
            logs.extend(state.foreign.clone());
            json!(logs)
        }
        "eth_getBlockReceipts" => {
            let id: BlockId = match param::<B256>(params, 0) {
                Ok(hash) => hash.into(),
                Err(_) => param(params, 0)?,
            };
            match resolve(&world, id, tip) {
                None => Value::Null,
                Some(number) => {
                    let mut receipts = world.receipts_at(number).to_vec();
                    if state.hidden.contains(&number) {
                        receipts.iter_mut().for_each(|receipt| receipt.logs.clear());
                    }
                    json!(receipts)
                }
            }
        }
        "eth_getTransactionReceipt" => {
            let hash: B256 = param(params, 0)?;
            json!(
                world
                    .receipt(hash)
                    .filter(|receipt| receipt.block_number <= tip)
            )
        }
        "eth_getTransactionByHash" => {
            let hash: B256 = param(params, 0)?;
            if world.is_waiting(hash) || world.receipt(hash).is_some() {
                json!({"hash": hash})
            } else {
                Value::Null
            }
        }
        "eth_getTransactionCount" => {
            let account: Address = param(params, 0)?;
            let at: BlockId = param(params, 1)?;
            if at == BlockId::pending() {
                json!(U64::from(world.pending_nonce(account)))
            } else {
                json!(U64::from(world.account(account, known(&world, at)?).1))
            }
        }
        "eth_getBalance" => {
            let account: Address = param(params, 0)?;
            json!(world.account(account, known(&world, param(params, 1)?)?).0)
        }
        "eth_getCode" => {
            let address: Address = param(params, 0)?;
            let has = world.has_code(address, known(&world, param(params, 1)?)?);
            json!(if has {
                Bytes::from_static(&[0xfe])
            } else {
                Bytes::new()
            })
        }
        "eth_call" | "eth_estimateGas" => {
            let request: TransactionRequest = param(params, 0)?;
            let at: BlockId = if params[1].is_null() {
                BlockId::latest()
            } else {
                param(params, 1)?
            };
            let at = known(&world, at)?;
            let to = request
                .to
                .and_then(|to| to.to().copied())
                .unwrap_or_default();
            let data = request.input.input().cloned().unwrap_or_default();
            let reply = world.call(
                request.from.unwrap_or_default(),
                to,
                request.value.unwrap_or_default(),
                data,
                at,
            )?;
            if method == "eth_call" {
                json!(reply.output)
            } else {
                json!(U64::from(21_000 + reply.gas))
            }
        }
        "eth_maxPriorityFeePerGas" => json!(U128::from(world.tip)),
        "eth_gasPrice" => json!(U256::from(world.tip + world.head().base_fee_per_gas)),
        "eth_sendRawTransaction" => {
            let raw: Bytes = param(params, 0)?;
            json!(world.submit(&raw)?)
        }
        _ => {
            return Err(Refusal::new(
                -32601,
                format!("the method {method} does not exist/is not available"),
            ));
        }
    })
}
