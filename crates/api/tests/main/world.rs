//! A chain, an index and a server of one test, on free loopback ports.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use alloy::{
    primitives::{Address, B256, Bytes, U256, address},
    sol_types::SolCall,
};
use chain::{
    Pool, PoolConfig,
    fake::{Contract, FakeChain, FakeNode, Message, Reply},
};
use omnibus_api::{
    Addr, ApiConfig, ApiError, AuthConfig, Contracts, Features, LiquidContracts, PublicConfig,
    Server, TokenHash,
};
use serde_json::Value;
use store::{Block, BlockBatch, Event, Options, Store};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

pub const CHAIN_ID: u64 = 31_337;
pub const MINTER: Address = address!("00000000000000000000000000000000000000a1");
pub const TOKEN: Address = address!("00000000000000000000000000000000000000a2");
pub const STAKING: Address = address!("00000000000000000000000000000000000000a5");
pub const VAULT: Address = address!("00000000000000000000000000000000000000a6");
pub const COIN_VAULT: Address = address!("00000000000000000000000000000000000000a7");
pub const ROUTE: Address = address!("00000000000000000000000000000000000000a9");
pub const CONVERTER: Address = address!("00000000000000000000000000000000000000aa");
pub const OPERATOR: &str = "operator-token-of-this-test-only";
pub const VIEWER: &str = "viewer-token-of-this-test-only-1";

pub use chain::bindings::{
    ILiquidCoinVault as ICoinVault, ILiquidMinter as IMinter, ILiquidToken as IToken,
    ILiquidVault as IVault, IPlumeStaking as IStaking, IRewardConverter as IConverter,
    amm_route::IAmmRoute as IRoute,
    minter::ILiquidMinterTypes::{BucketInfo, ExitQuote, LineState, ValidatorState},
};

/// A contract that answers views as told: by whole calldata first, then by selector.
#[derive(Clone, Default)]
pub struct Views(HashMap<Vec<u8>, Result<Bytes, Bytes>>);

impl Views {
    /// The answer to a function, whatever its arguments.
    pub fn any<C: SolCall>(mut self, answer: &C::Return) -> Self {
        self.0.insert(
            C::SELECTOR.to_vec(),
            Ok(C::abi_encode_returns(answer).into()),
        );
        self
    }

    /// The answer to exactly this call.
    pub fn on<C: SolCall>(mut self, call: &C, answer: &C::Return) -> Self {
        self.0
            .insert(call.abi_encode(), Ok(C::abi_encode_returns(answer).into()));
        self
    }

    /// The refusal of exactly this call.
    pub fn refuse<C: SolCall>(mut self, call: &C, reason: impl Into<Bytes>) -> Self {
        self.0.insert(call.abi_encode(), Err(reason.into()));
        self
    }
}

impl Contract for Views {
    fn call(&mut self, message: &Message) -> Result<Reply, Bytes> {
        let data = message.data.to_vec();
        let answer = self
            .0
            .get(&data)
            .or_else(|| self.0.get(&data[..4]))
            .cloned();
        answer
            .unwrap_or_else(|| Err(Bytes::new()))
            .map(|output| Reply {
                output,
                ..Reply::default()
            })
    }

    fn boxed(&self) -> Box<dyn Contract> {
        Box::new(self.clone())
    }
}

pub fn wei(ether: u64) -> U256 {
    U256::from(ether) * U256::from(10).pow(U256::from(18))
}

pub fn ray() -> U256 {
    U256::from(10).pow(U256::from(27))
}

pub fn account(index: u8) -> Address {
    Address::repeat_byte(index)
}

/// What the server tells clients in these tests.
pub fn public() -> PublicConfig {
    PublicConfig {
        name: "test".into(),
        chain_id: CHAIN_ID,
        chain_name: "Test chain".into(),
        rpc_url: "http://127.0.0.1:8545".into(),
        explorer_url: None,
        native_symbol: "COIN".into(),
        lst_symbol: Some("stCOIN".into()),
        decimals: 18,
        contracts: Contracts {
            liquid: Some(LiquidContracts {
                minter: Addr(MINTER),
                token: Addr(TOKEN),
                rewards: Addr(account(0xa3)),
                factory: Addr(account(0xa4)),
                staking: Addr(STAKING),
                vault: Some(Addr(VAULT)),
                coin_vault: Some(Addr(COIN_VAULT)),
                receipts: Some(Addr(account(0xa8))),
                amm_route: Some(Addr(ROUTE)),
                converter: Some(Addr(CONVERTER)),
            }),
            basket: None,
        },
        deployment_block: 1,
        accelerated: true,
        clock_factor: 60,
        features: Features::default(),
    }
}

pub fn config() -> ApiConfig {
    ApiConfig {
        auth: AuthConfig {
            operators: vec![TokenHash::of(OPERATOR).unwrap()],
            viewer_tokens: vec![TokenHash::of(VIEWER).unwrap()],
            ..AuthConfig::default()
        },
        // Each test asks as it likes; the tests of cache and limits set their own.
        cache: Duration::ZERO,
        chain_timeout: Duration::from_secs(3),
        burst: 100_000.try_into().unwrap(),
        requests_per_second: 100_000.try_into().unwrap(),
        ..ApiConfig::new(public())
    }
}

pub struct World {
    pub chain: FakeChain,
    pub node: FakeNode,
    pub store: Store,
    pub addr: SocketAddr,
    pub http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<Result<(), ApiError>>>,
    _dir: TempDir,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The error's code; checks that message and hint are there.
    pub fn code(&self) -> String {
        let error = &self.json()["error"];
        assert!(!error["message"].as_str().unwrap().is_empty(), "{error}");
        assert!(!error["hint"].as_str().unwrap().is_empty(), "{error}");
        assert_eq!(self.header("content-type"), "application/json");
        error["code"].as_str().unwrap().to_owned()
    }

    pub fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap().to_owned()
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(config()).await
    }

    pub async fn with(config: ApiConfig) -> Self {
        Self::at(config, "").await
    }

    /// `tail` is added to the endpoint's address, as a key would be.
    pub async fn at(config: ApiConfig, tail: &str) -> Self {
        let chain = FakeChain::new(CHAIN_ID);
        let node = FakeNode::start(&chain).await;
        let mut pool_config = PoolConfig::new(vec![node.url_with(tail)]);
        pool_config.timeout_ms = u64::try_from(config.chain_timeout.as_millis() / 3).unwrap();
        pool_config.rounds = 1;
        let pool = Pool::connect(pool_config).await.unwrap();
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("store.sqlite");
        Store::migrate(&path).await.unwrap();
        let store = Store::open(&path, Options::default()).await.unwrap();
        let server = Server::bind(config, store.clone(), pool).await.unwrap();
        let addr = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        let http = chain::http_client(Duration::from_secs(20)).unwrap();
        Self {
            chain,
            node,
            store,
            addr,
            http,
            stop: Some(stop),
            server: Some(server),
            _dir: dir,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.url(path))).await
    }

    pub async fn get_as(&self, path: &str, token: &str) -> Answer {
        self.send(self.http.get(self.url(path)).bearer_auth(token))
            .await
    }

    pub async fn post_as(&self, path: &str, token: &str, body: &str) -> Answer {
        let request = self.http.post(self.url(path)).bearer_auth(token);
        self.send(
            request
                .header("content-type", "application/json")
                .body(body.to_owned()),
        )
        .await
    }

    /// Mines a block and indexes it with these events: (log index, name, arguments).
    pub async fn index(&self, events: Vec<(u64, &str, Value)>) -> chain::Block {
        let block = self.chain.mine(1);
        self.store
            .apply_block(BlockBatch {
                block: Block {
                    number: block.number,
                    hash: block.hash,
                    parent: block.parent_hash,
                    timestamp: block.timestamp,
                    events: 0,
                },
                events: events
                    .into_iter()
                    .map(|(log_index, name, args)| Event {
                        block: block.number,
                        log_index,
                        at: 0,
                        tx_hash: B256::repeat_byte(u8::try_from(block.number).unwrap()),
                        address: TOKEN,
                        name: name.to_owned(),
                        args,
                        topics: Bytes::new(),
                        data: Bytes::new(),
                    })
                    .collect(),
                alerts: Vec::new(),
            })
            .await
            .unwrap();
        block
    }

    /// Every endpoint stops answering.
    pub fn chain_down(&self) {
        self.node
            .fail(None, chain::fake::NodeFault::Http(503, "down".into()), None);
    }

    /// Stops the server and waits for it.
    pub async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(15), self.server.take().unwrap())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
        }
    }
}

/// `Transfer(from, to, value)` as the indexer stores it.
pub fn transfer(from: Address, to: Address, value: U256) -> Value {
    serde_json::json!({ "from": format!("{from:#x}"), "to": format!("{to:#x}"), "value": value.to_string() })
}
