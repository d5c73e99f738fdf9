//! An EVM in this process with a clock. What it is *not*: a chain. There are no blocks beyond a timestamp, gas costs nothing,
//! and nonces do not count.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a broken artifact or an answer that does not decode ends the run"
)]

use std::collections::BTreeSet;

use alloy::{
    primitives::{Address, Bytes, KECCAK256_EMPTY, TxKind, U256},
    sol_types::SolCall,
};
use revm::{
    ExecuteCommitEvm, ExecuteEvm,
    context::TxEnv,
    context_interface::{
        ContextTr,
        result::{ExecutionResult, Output},
    },
};

use crate::world::{COIN, Evm, GAS, Outcome, account, ask, bytecode, call_of, evm_at};

/// See the module.
pub struct Chain {
    evm: Evm,
    /// The block's timestamp, unix seconds.
    pub now: u64,
    /// Deploys, and administers the stand-ins.
    pub operator: Address,
}

impl Chain {
    /// An empty one at `now`.
    #[must_use]
    pub fn new(now: u64) -> Self {
        let mut chain = Self {
            evm: evm_at(now),
            now,
            operator: account("operator"),
        };
        chain.give(chain.operator, 1_000_000_000 * COIN);
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
        self.transact(call_of(from, to, value, data, GAS), true)
    }

    /// What a transaction would do; nothing of it stays.
    pub fn attempt(&mut self, from: Address, to: Address, value: u128, data: Bytes) -> Outcome {
        self.transact(call_of(from, to, value, data, GAS), false)
    }

    /// A transaction out of a contract that has no such function: how a position loses what it holds.
    pub fn send_as(&mut self, from: Address, to: Address, data: Bytes) -> Outcome {
        // No transaction comes from an account with code: it has none meanwhile.
        let info = &mut self.account(from).info;
        let code = info.code.take();
        let hash = std::mem::replace(&mut info.code_hash, KECCAK256_EMPTY);
        let out = self.transact(call_of(from, to, 0, data, GAS), true);
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
        ask(&mut self.evm, to, call)
    }

    /// Reads what always answers.
    pub fn view<C: SolCall>(&mut self, to: Address, call: &C) -> C::Return {
        self.try_view(to, call)
            .unwrap_or_else(|reason| panic!("{} reverts: {reason}", C::SIGNATURE))
    }
}
