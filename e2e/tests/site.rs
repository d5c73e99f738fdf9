//! One world per test: anvil on a free port, a folder, and the binary that a user would run.

use alloy::{
    eips::BlockId,
    hex,
    primitives::{Address, B256, Bytes, U256},
    sol_types::SolCall,
};
use chain::{Pool, PoolConfig, Receipt};
use serde_json::Value;
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// anvil's published keys: 0 deploys, 1 keeps, 2 and 3 are people.
pub const KEYS: [&str; 4] = [
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
];
/// Their addresses.
pub const ACCOUNTS: [&str; 4] = [
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
];
/// One coin, wei.
pub const COIN: u128 = 1_000_000_000_000_000_000;

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// The binary beside the test binary: `cargo test --workspace` builds both.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("omnibus");
    assert!(
        path.is_file(),
        "{} is missing: run `cargo test --workspace --profile ci`",
        path.display()
    );
    path
}

/// Kills its process when dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A chain, a folder, and what was deployed.
pub struct Site {
    pub url: String,
    pub pool: Pool,
    pub folder: TempDir,
    port: u16,
    anvil: Option<Running>,
}

impl Site {
    /// A fresh chain and an empty folder.
    pub async fn new() -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let anvil = anvil(port, folder.path());
        let url = format!("http://127.0.0.1:{port}");
        Self {
            pool: answers(&url).await,
            url,
            folder,
            port,
            anvil: Some(anvil),
        }
    }

    /// The chain goes down, by its process id; it writes its state first. What waited in its mempool is gone.
    pub async fn stop_chain(&mut self) {
        let mut anvil = self.anvil.take().unwrap();
        let pid = anvil.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &pid])
                .status()
                .unwrap()
                .success()
        );
        until("the chain is down", || {
            let ended = anvil.0.try_wait().unwrap();
            async move { ended }
        })
        .await;
    }

    /// The chain comes back at the same address, with the state that it had.
    pub async fn start_chain(&mut self) {
        self.anvil = Some(anvil(self.port, self.folder.path()));
        self.pool = answers(&self.url).await;
    }

    /// A fresh chain with a deployment of the liquid side whose keeper is account 1.
    pub async fn deployed() -> Self {
        Self::deployed_with(&[]).await
    }

    /// As [`Site::deployed`], with more flags for `omnibus deploy`.
    pub async fn deployed_with(flags: &[&str]) -> Self {
        let site = Self::new().await;
        site.ok(
            0,
            &[
                &[
                    "deploy",
                    "--yes",
                    "--keeper",
                    ACCOUNTS[1],
                    "--only",
                    "liquid",
                ],
                flags,
            ]
            .concat(),
        );
        site
    }

    /// A fresh chain with both sides of the local profile, or the one that `flags` ask for (`--only basket`). The keeper is
    /// account 1.
    pub async fn with_basket(flags: &[&str]) -> Self {
        let site = Self::new().await;
        site.ok(
            0,
            &[&["deploy", "--yes", "--keeper", ACCOUNTS[1]], flags].concat(),
        );
        site
    }

    /// The binary in this site's folder, with the key of account `key`.
    pub fn command(&self, key: usize, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(["--json", "--rpc-url", &self.url])
            .args(args)
            .current_dir(self.folder.path())
            .env("OMNIBUS_KEY", KEYS[key])
            .env(
                "OMNIBUS_UNISWAP",
                root().join("contracts/node_modules/@uniswap/v2-core/build"),
            )
            .env_remove("OMNIBUS_KEYSTORE_PASSWORD");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, key: usize, args: &[&str]) -> Output {
        self.command(key, args).output().unwrap()
    }

    /// Runs a command that must succeed; its JSON.
    pub fn ok(&self, key: usize, args: &[&str]) -> Value {
        let out = self.run(key, args);
        assert!(
            out.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        serde_json::from_slice(&out.stdout).unwrap_or(Value::Null)
    }

    /// Runs a command that must fail with this exit code; its message.
    pub fn fails(&self, key: usize, args: &[&str], code: i32) -> String {
        let out = self.run(key, args);
        let text = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(code), "{args:?}: {text}");
        text
    }

    /// The deployment file.
    pub fn deployment(&self) -> Value {
        let path = self.folder.path().join("deployments/31337/main.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The address of a deployed contract.
    pub fn address(&self, name: &str) -> Address {
        self.deployment()["contracts"][name]["address"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Reads the minter.
    pub async fn read<C: SolCall>(&self, call: &C) -> C::Return {
        self.pool
            .read(self.address("LiquidMinter"), call, BlockId::latest())
            .await
            .unwrap()
    }

    /// Somebody whose key this test has not: the chain sends for it. What was mined must have worked.
    pub async fn act(&self, from: Address, to: Option<Address>, data: Vec<u8>) -> Receipt {
        self.pay(from, to, data, U256::ZERO).await
    }

    /// As [`Site::act`], with so many wei.
    pub async fn pay(
        &self,
        from: Address,
        to: Option<Address>,
        data: Vec<u8>,
        value: U256,
    ) -> Receipt {
        let _: Value = self
            .pool
            .request("anvil_impersonateAccount", (from,))
            .await
            .unwrap();
        let _: Value = self
            .pool
            .request("anvil_setBalance", (from, U256::from(1_000_000 * COIN)))
            .await
            .unwrap();
        let what = format!("{from} calls {to:?} with {}", Bytes::from(data.clone()));
        // With gas to spare: what a step outside must be left with is not found by trying less and less.
        let mut transaction = serde_json::json!({
            "from": from, "data": Bytes::from(data), "value": value, "gas": U256::from(15_000_000),
        });
        if let Some(to) = to {
            transaction["to"] = serde_json::json!(to);
        }
        let hash: B256 = self
            .pool
            .request("eth_sendTransaction", (transaction,))
            .await
            .unwrap();
        let receipt = until("it is mined", || async {
            self.pool.receipt(hash).await.unwrap()
        })
        .await;
        assert!(receipt.succeeded(), "{what}");
        receipt
    }

    /// Deploys the contract of an artifact that needs no library; its path is from the root of the repository.
    pub async fn create(&self, artifact: &str, arguments: &[u8]) -> Address {
        let text = std::fs::read_to_string(root().join(artifact)).unwrap();
        let artifact: Value = serde_json::from_str(&text).unwrap();
        let mut code = hex::decode(artifact["bytecode"].as_str().unwrap()).unwrap();
        code.extend_from_slice(arguments);
        let receipt = self.act(ACCOUNTS[2].parse().unwrap(), None, code).await;
        receipt.contract_address.unwrap()
    }

    /// Coins of an account.
    pub async fn coins(&self, account: usize) -> U256 {
        self.pool
            .balance(ACCOUNTS[account].parse().unwrap(), BlockId::latest())
            .await
            .unwrap()
    }

    /// What an account paid for gas in a transaction.
    pub async fn gas_paid(&self, transaction: &Value) -> U256 {
        let hash = transaction.as_str().unwrap().parse().unwrap();
        let receipt = self.pool.receipt(hash).await.unwrap().unwrap();
        U256::from(receipt.gas_used) * U256::from(receipt.effective_gas_price)
    }

    /// The chain's time.
    pub async fn now(&self) -> u64 {
        self.pool.latest().await.unwrap().timestamp
    }

    /// Moves the chain's clock.
    pub async fn pass(&self, seconds: u64) {
        let _: Value = self
            .pool
            .request("evm_increaseTime", (U256::from(seconds),))
            .await
            .unwrap();
        let _: Value = self.pool.request("evm_mine", ()).await.unwrap();
    }
}

/// A local chain that keeps its state in the folder when it is asked to end.
fn anvil(port: u16, folder: &Path) -> Running {
    let scope = root().join("contracts/node_modules/@foundry-rs");
    let program = std::fs::read_dir(&scope)
        .into_iter()
        .flatten()
        .flatten()
        .map(|package| package.path().join("bin/anvil"))
        .find(|path| path.is_file())
        .expect("anvil: run scripts/setup");
    let child = Command::new(program)
        .args([
            "--silent",
            "--port",
            &port.to_string(),
            "--balance",
            "1000000",
        ])
        .arg("--state")
        .arg(folder.join("chain.json"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Running(child)
}

async fn answers(url: &str) -> Pool {
    until("anvil answers", || async {
        Pool::connect(PoolConfig::new(vec![url.parse().unwrap()]))
            .await
            .ok()
    })
    .await
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Asks again and again until there is an answer; a minute at most.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "waited for a minute: {what}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// An amount in a command's JSON: wei as a decimal string.
pub fn wei(value: &Value) -> U256 {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not an amount: {value}"))
        .parse()
        .unwrap()
}
