//! An EVM in this process with a clock. What it is *not*: a chain. There are no blocks beyond a timestamp, gas costs nothing,
//! and nonces do not count.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a broken artifact or an answer that does not decode ends the run"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use alloy::{
    primitives::{Address, Bytes, KECCAK256_EMPTY, TxKind, U256},
    sol_types::SolCall,
};
use revm::{
    Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext, MainnetEvm,
    context::TxEnv,
    context_interface::{
        ContextTr,
        result::{ExecutionResult, Output},
    },
    database::InMemoryDB,
    handler::MainnetContext,
    primitives::hardfork::SpecId,
};

use crate::world::{GAS, Outcome, account};

/// See the module.
pub struct Chain {
    evm: MainnetEvm<MainnetContext<InMemoryDB>>,
    /// The block's timestamp, unix seconds.
    pub now: u64,
    /// Deploys, and administers the stand-ins.
    pub operator: Address,
}

/// A folder of forge's output whose contracts take the place of the committed ones: planted faults are run this way.
fn planted() -> Option<PathBuf> {
    std::env::var_os("OMNIBUS_PLANTED").map(PathBuf::from)
}

/// The creation code of a committed artifact, or of what is planted in its place. Worlds are many: each file is read once.
fn bytecode(name: &str) -> Vec<u8> {
    static READ: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let code = read.entry(name.to_owned()).or_insert_with(|| {
        let ours = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../contracts/artifacts/{name}.json"));
        let planted = planted().map(|out| out.join(format!("{name}.sol/{name}.json")));
        let file = planted.filter(|file| file.exists()).unwrap_or(ours);
        let text = fs::read_to_string(file).expect("a committed artifact");
        let json: serde_json::Value = serde_json::from_str(&text).expect("an artifact is JSON");
        let bytecode = json.get("bytecode").expect("an artifact has bytecode");
        // forge puts its own into an object.
        let hex = bytecode.get("object").unwrap_or(bytecode).as_str();
        alloy::primitives::hex::decode(hex.expect("bytecode is a string")).expect("linked hex")
    });
    code.clone()
}

impl Chain {
    /// An empty one at `now`.
    #[must_use]
    pub fn new(now: u64) -> Self {
        let mut ctx = Context::mainnet().with_db(InMemoryDB::default());
        ctx.cfg.set_spec_and_mainnet_gas_params(SpecId::CANCUN);
        ctx.cfg.disable_nonce_check = true;
        if planted().is_some() {
            // forge's quick profile makes code that no chain takes.
            ctx.cfg.limit_contract_code_size = Some(usize::MAX);
            ctx.cfg.limit_contract_initcode_size = Some(usize::MAX);
        }
        ctx.block.timestamp = U256::from(now);
        let mut chain = Self {
            evm: ctx.build_mainnet(),
            now,
            operator: account("operator"),
        };
        chain.give(chain.operator, 1_000_000_000 * crate::world::COIN);
        chain
    }

    /// Sets the clock; it never goes back.
    pub fn set(&mut self, now: u64) {
        self.now = self.now.max(now);
        self.evm.ctx.block.timestamp = U256::from(self.now);
    }

    /// Coins out of nothing.
    pub fn give(&mut self, who: Address, wei: u128) {
        let account = self.account(who);
        account.info.balance += U256::from(wei);
        // An account that was looked up before it had anything counts as absent until told otherwise.
        account.account_state = revm::database::AccountState::None;
    }

    /// Takes coins from an account, as many as it has.
    pub fn take(&mut self, who: Address, wei: u128) {
        let account = self.account(who);
        account.info.balance = account.info.balance.saturating_sub(U256::from(wei));
    }

    /// Coins of an account, wei.
    pub fn balance(&mut self, who: Address) -> U256 {
        self.account(who).info.balance
    }

    fn account(&mut self, who: Address) -> &mut revm::database::DbAccount {
        let db = self.evm.ctx.db_mut();
        db.load_account(who).expect("the database is memory")
    }

    /// The operator's next contract lives here if `more` others come first.
    pub fn next(&mut self, more: u64) -> Address {
        let nonce = self.account(self.operator).info.nonce;
        self.operator.create(nonce + more)
    }

    /// Deploys an artifact from the operator.
    pub fn deploy(&mut self, name: &str, args: &[u8]) -> Address {
        let mut code = bytecode(name);
        code.extend_from_slice(args);
        let nonce = self.account(self.operator).info.nonce;
        let tx = TxEnv::builder()
            .caller(self.operator)
            .kind(TxKind::Create)
            .data(code.into())
            .gas_limit(GAS)
            .nonce(nonce)
            .build()
            .expect("a legacy transaction");
        match self.evm.transact_commit(tx).expect("a valid transaction") {
            ExecutionResult::Success {
                output: Output::Create(_, Some(made)),
                ..
            } => made,
            other => panic!("{name} does not deploy: {other:?}"),
        }
    }

    fn tx(from: Address, to: Address, value: u128, data: Bytes, gas: u64) -> TxEnv {
        TxEnv::builder()
            .caller(from)
            .kind(TxKind::Call(to))
            .data(data)
            .value(U256::from(value))
            .gas_limit(gas)
            .build()
            .expect("a legacy transaction")
    }

    /// A transaction with all gas, kept or only tried. One that the chain would not take counts as failed.
    fn transact(&mut self, tx: TxEnv, keep: bool) -> Outcome {
        let failed = |output| Outcome {
            output,
            ..Outcome::default()
        };
        let done = match self.evm.transact(tx) {
            Ok(done) => done,
            Err(error) => return failed(error.to_string().into_bytes().into()),
        };
        if keep {
            self.evm.commit(done.state);
        }
        match done.result {
            ExecutionResult::Success {
                gas, logs, output, ..
            } => Outcome {
                ok: true,
                gas: gas.total_gas_spent(),
                logs,
                output: output.into_data(),
                wrote: BTreeSet::new(),
            },
            ExecutionResult::Revert { output, .. } => failed(output),
            ExecutionResult::Halt { reason, .. } => {
                failed(format!("{reason:?}").into_bytes().into())
            }
        }
    }

    /// Sends a transaction.
    pub fn send(&mut self, from: Address, to: Address, value: u128, data: Bytes) -> Outcome {
        self.transact(Self::tx(from, to, value, data, GAS), true)
    }

    /// What a transaction would do; nothing of it stays.
    pub fn attempt(&mut self, from: Address, to: Address, value: u128, data: Bytes) -> Outcome {
        self.transact(Self::tx(from, to, value, data, GAS), false)
    }

    /// A transaction out of a contract that has no such function: how a position loses what it holds.
    pub fn send_as(&mut self, from: Address, to: Address, data: Bytes) -> Outcome {
        // No transaction comes from an account with code: it has none meanwhile.
        let info = &mut self.account(from).info;
        let code = info.code.take();
        let hash = std::mem::replace(&mut info.code_hash, KECCAK256_EMPTY);
        let out = self.transact(Self::tx(from, to, 0, data, GAS), true);
        let info = &mut self.account(from).info;
        (info.code, info.code_hash) = (code, hash);
        out
    }

    /// A call that the setting of the scene needs.
    pub fn must<C: SolCall>(&mut self, from: Address, to: Address, value: u128, call: &C) {
        let out = self.send(from, to, value, call.abi_encode().into());
        assert!(out.ok, "{} failed: {}", C::SIGNATURE, out.output);
    }

    /// Reads. `Err` is the reason of a revert.
    ///
    /// # Errors
    /// What the contract says.
    pub fn try_view<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, Bytes> {
        let tx = Self::tx(
            Address::ZERO,
            to,
            0,
            call.abi_encode().into(),
            1_000_000_000,
        );
        match self.evm.transact(tx).expect("a valid transaction").result {
            ExecutionResult::Success { output, .. } => {
                Ok(C::abi_decode_returns(output.data()).expect("an answer of the declared type"))
            }
            ExecutionResult::Revert { output, .. } => Err(output),
            ExecutionResult::Halt { reason, .. } => panic!("{}: {reason:?}", C::SIGNATURE),
        }
    }

    /// Reads what always answers.
    pub fn view<C: SolCall>(&mut self, to: Address, call: &C) -> C::Return {
        self.try_view(to, call)
            .unwrap_or_else(|reason| panic!("{} reverts: {reason}", C::SIGNATURE))
    }
}
