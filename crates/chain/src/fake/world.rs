use crate::{Block, Log, Receipt};
use alloy::{
    consensus::{Transaction, TxEnvelope, transaction::SignerRecoverable},
    eips::eip2718::Decodable2718,
    primitives::{Address, B256, Bloom, Bytes, LogData, U256, keccak256},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Seconds between blocks.
const BLOCK_TIME: u64 = 12;
const GENESIS_TIME: u64 = 1_700_000_000;

/// A log that a test wants in a block.
#[derive(Clone, Debug)]
pub struct FakeLog {
    /// The emitting contract.
    pub address: Address,
    /// Topics, the signature first.
    pub topics: Vec<B256>,
    /// Data.
    pub data: Bytes,
}

/// A call or transaction that reaches a [`Contract`].
#[derive(Clone, Debug)]
pub struct Message {
    /// Sender.
    pub from: Address,
    /// The contract's own address.
    pub to: Address,
    /// Coins sent along, wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
    /// Time of the block.
    pub timestamp: u64,
    /// Height of the block.
    pub number: u64,
}

/// What a [`Contract`] answers.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Returned bytes.
    pub output: Bytes,
    /// Emitted logs.
    pub logs: Vec<FakeLog>,
    /// Gas used on top of 21,000.
    pub gas: u64,
}

/// A contract written in Rust. Its state is cloned with the chain's, so reorgs undo it.
pub trait Contract: Send {
    /// Runs a message. `Err` is a revert with these bytes; the chain undoes the state change.
    ///
    /// # Errors
    /// The revert bytes.
    fn call(&mut self, message: &Message) -> Result<Reply, Bytes>;
    /// A copy of the contract and its state.
    fn boxed(&self) -> Box<dyn Contract>;
}

/// What happens to the transactions of blocks that a reorg drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Back into the mempool, as nodes do.
    ToMempool,
    /// Gone, as if this branch never saw them.
    Vanish,
}

#[derive(Default)]
struct State {
    accounts: BTreeMap<Address, (U256, u64)>,
    contracts: BTreeMap<Address, Box<dyn Contract>>,
}

impl Clone for State {
    fn clone(&self) -> Self {
        Self {
            accounts: self.accounts.clone(),
            contracts: self
                .contracts
                .iter()
                .map(|(address, contract)| (*address, contract.boxed()))
                .collect(),
        }
    }
}

struct Mined {
    block: Block,
    receipts: Vec<Receipt>,
    transactions: Vec<(Address, Bytes)>,
    /// State after the block.
    state: State,
}

#[derive(Clone)]
struct Waiting {
    raw: Bytes,
    transaction: TxEnvelope,
}

pub(super) struct World {
    pub(super) chain_id: u64,
    salt: u64,
    blocks: Vec<Mined>,
    state: State,
    mempool: BTreeMap<(Address, u64), Waiting>,
    base_fee: u128,
    pub(super) tip: u128,
    queued_logs: Vec<FakeLog>,
    time_shift: u64,
    auto_mine: bool,
}

/// A refusal, as geth words it.
pub(super) struct Refusal {
    pub(super) code: i64,
    pub(super) message: String,
    pub(super) data: Option<Bytes>,
}

impl Refusal {
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }
}

/// The world that nodes serve. Cheap to clone.
#[derive(Clone)]
pub struct FakeChain {
    world: Arc<Mutex<World>>,
}

impl FakeChain {
    /// A chain with its genesis block only.
    #[must_use]
    pub fn new(chain_id: u64) -> Self {
        let mut world = World {
            chain_id,
            salt: chain_id,
            blocks: Vec::new(),
            state: State::default(),
            mempool: BTreeMap::new(),
            base_fee: 1_000_000_000,
            tip: 1_000_000,
            queued_logs: Vec::new(),
            time_shift: 0,
            auto_mine: false,
        };
        world.mine();
        Self {
            world: Arc::new(Mutex::new(world)),
        }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Mines `count` blocks; the first takes what waits in the mempool and can pay. Returns the head.
    pub fn mine(&self, count: u64) -> Block {
        let mut world = self.world();
        for _ in 0..count {
            world.mine();
        }
        world.head().clone()
    }

    /// Mines one block with these logs (in a transaction of their own).
    pub fn mine_logs(&self, logs: Vec<FakeLog>) -> Block {
        let mut world = self.world();
        world.queued_logs.extend(logs);
        world.mine();
        world.head().clone()
    }

    /// Drops the top `depth` blocks and everything they did; what is mined next is another branch.
    pub fn reorg(&self, depth: u64, dropped: Dropped) {
        let mut world = self.world();
        world.salt += 1_000_003;
        for _ in 0..depth {
            assert!(
                world.blocks.len() > 1,
                "the genesis block cannot be dropped"
            );
            let gone = world.blocks.pop().unwrap();
            if dropped == Dropped::ToMempool {
                for (from, raw) in gone.transactions {
                    let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).unwrap();
                    world
                        .mempool
                        .insert((from, transaction.nonce()), Waiting { raw, transaction });
                }
            }
        }
        world.state = world.blocks.last().unwrap().state.clone();
    }

    /// The head.
    #[must_use]
    pub fn head(&self) -> Block {
        self.world().head().clone()
    }

    /// A block by number.
    #[must_use]
    pub fn block(&self, number: u64) -> Block {
        self.world().blocks[usize::try_from(number).unwrap()]
            .block
            .clone()
    }

    /// All logs of the canonical chain, in order.
    #[must_use]
    pub fn logs(&self) -> Vec<Log> {
        self.world()
            .blocks
            .iter()
            .flat_map(|mined| &mined.receipts)
            .flat_map(|receipt| receipt.logs.clone())
            .collect()
    }

    /// Gives coins (before the next block), also visible at the head at once.
    pub fn fund(&self, account: Address, wei: U256) {
        let mut world = self.world();
        world.state.accounts.entry(account).or_default().0 = wei;
        let state = world.state.clone();
        world.blocks.last_mut().unwrap().state = state;
    }

    /// Puts a contract at an address, visible at the head at once.
    pub fn install(&self, address: Address, contract: impl Contract + 'static) {
        let mut world = self.world();
        world.state.contracts.insert(address, Box::new(contract));
        let state = world.state.clone();
        world.blocks.last_mut().unwrap().state = state;
    }

    /// Base fee of the next block, wei per gas.
    pub fn set_base_fee(&self, wei: u128) {
        self.world().base_fee = wei;
    }

    /// Mine a block whenever a transaction arrives.
    pub fn set_auto_mine(&self, on: bool) {
        self.world().auto_mine = on;
    }

    /// Moves the time of later blocks.
    pub fn warp(&self, seconds: u64) {
        self.world().time_shift += seconds;
    }

    /// Forgets all waiting transactions, as a full mempool does.
    pub fn drop_mempool(&self) {
        self.world().mempool.clear();
    }

    /// Hashes of waiting transactions.
    #[must_use]
    pub fn waiting(&self) -> Vec<B256> {
        self.world()
            .mempool
            .values()
            .map(|waiting| *waiting.transaction.tx_hash())
            .collect()
    }

    /// Transactions mined from `account`, canonical chain only.
    #[must_use]
    pub fn mined_from(&self, account: Address) -> Vec<Receipt> {
        self.world()
            .blocks
            .iter()
            .flat_map(|mined| &mined.receipts)
            .filter(|receipt| receipt.from == account)
            .cloned()
            .collect()
    }

    /// Takes a signed transaction as a node would.
    ///
    /// # Errors
    /// The refusal, in geth's words.
    pub fn submit(&self, raw: &Bytes) -> Result<B256, String> {
        self.world().submit(raw).map_err(|refusal| refusal.message)
    }
}

impl World {
    pub(super) fn head(&self) -> &Block {
        &self.blocks.last().unwrap().block
    }

    pub(super) fn number(&self) -> u64 {
        u64::try_from(self.blocks.len()).unwrap() - 1
    }

    pub(super) fn block_at(&self, number: u64) -> Option<&Block> {
        Some(&self.blocks.get(usize::try_from(number).ok()?)?.block)
    }

    pub(super) fn number_of(&self, hash: B256) -> Option<u64> {
        self.blocks
            .iter()
            .find(|mined| mined.block.hash == hash)
            .map(|mined| mined.block.number)
    }

    pub(super) fn receipts_at(&self, number: u64) -> &[Receipt] {
        self.blocks
            .get(usize::try_from(number).unwrap())
            .map_or(&[], |mined| &mined.receipts)
    }

    pub(super) fn receipt(&self, hash: B256) -> Option<&Receipt> {
        self.blocks
            .iter()
            .flat_map(|mined| &mined.receipts)
            .find(|receipt| receipt.transaction_hash == hash)
    }

    pub(super) fn is_waiting(&self, hash: B256) -> bool {
        self.mempool
            .values()
            .any(|waiting| *waiting.transaction.tx_hash() == hash)
    }

    fn state_at(&self, number: u64) -> Option<&State> {
        Some(&self.blocks.get(usize::try_from(number).ok()?)?.state)
    }

    pub(super) fn account(&self, account: Address, at: u64) -> (U256, u64) {
        self.state_at(at)
            .and_then(|state| state.accounts.get(&account))
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn pending_nonce(&self, account: Address) -> u64 {
        let mut nonce = self.account(account, self.number()).1;
        while self.mempool.contains_key(&(account, nonce)) {
            nonce += 1;
        }
        nonce
    }

    pub(super) fn has_code(&self, address: Address, at: u64) -> bool {
        self.state_at(at)
            .is_some_and(|state| state.contracts.contains_key(&address))
    }

    pub(super) fn call(
        &self,
        from: Address,
        to: Address,
        value: U256,
        data: Bytes,
        at: u64,
    ) -> Result<Reply, Refusal> {
        let state = self
            .state_at(at)
            .ok_or_else(|| Refusal::new(-32000, "header not found"))?;
        let block = self.block_at(at).unwrap();
        let Some(contract) = state.contracts.get(&to) else {
            return Ok(Reply::default());
        };
        let message = Message {
            from,
            to,
            value,
            data,
            timestamp: block.timestamp,
            number: at,
        };
        contract.boxed().call(&message).map_err(|data| Refusal {
            code: 3,
            message: "execution reverted".into(),
            data: Some(data),
        })
    }

    pub(super) fn submit(&mut self, raw: &Bytes) -> Result<B256, Refusal> {
        let refuse = |message: String| Err(Refusal::new(-32000, message));
        let Ok(transaction) = TxEnvelope::decode_2718(&mut raw.as_ref()) else {
            return refuse("rlp: malformed".into());
        };
        let Ok(from) = transaction.recover_signer() else {
            return refuse("invalid sender".into());
        };
        if transaction.chain_id().is_some_and(|id| id != self.chain_id) {
            return refuse("invalid chain id for signer".into());
        }
        let hash = *transaction.tx_hash();
        if self.is_waiting(hash) {
            return refuse("already known".into());
        }
        let (balance, next) = self.account(from, self.number());
        let nonce = transaction.nonce();
        if nonce < next {
            return refuse(format!(
                "nonce too low: next nonce {next}, tx nonce {nonce}"
            ));
        }
        let cost = U256::from(transaction.max_fee_per_gas()) * U256::from(transaction.gas_limit())
            + transaction.value();
        if balance < cost {
            return refuse(format!(
                "insufficient funds for gas * price + value: balance {balance}, tx cost {cost}"
            ));
        }
        if let Some(old) = self.mempool.get(&(from, nonce)) {
            // geth asks for 10 % more of both fees.
            let enough = |new: u128, old: u128| new * 10 >= old * 11;
            if !enough(
                transaction.max_fee_per_gas(),
                old.transaction.max_fee_per_gas(),
            ) || !enough(
                transaction.max_priority_fee_per_gas().unwrap_or_default(),
                old.transaction
                    .max_priority_fee_per_gas()
                    .unwrap_or_default(),
            ) {
                return refuse("replacement transaction underpriced".into());
            }
        }
        self.mempool.insert(
            (from, nonce),
            Waiting {
                raw: raw.clone(),
                transaction,
            },
        );
        if self.auto_mine {
            self.mine();
        }
        Ok(hash)
    }

    fn mine(&mut self) {
        let number = u64::try_from(self.blocks.len()).unwrap();
        let timestamp = GENESIS_TIME + number * BLOCK_TIME + self.time_shift;
        let parent_hash = self
            .blocks
            .last()
            .map_or(B256::ZERO, |mined| mined.block.hash);
        let mut receipts = Vec::new();
        let mut transactions = Vec::new();
        let mut emitted: Vec<(usize, FakeLog)> = Vec::new();
        if !self.queued_logs.is_empty() {
            let hash =
                keccak256([&self.salt.to_be_bytes()[..], &number.to_be_bytes(), b"logs"].concat());
            receipts.push(blank_receipt(hash, number, Address::ZERO, None));
            emitted.extend(
                std::mem::take(&mut self.queued_logs)
                    .into_iter()
                    .map(|log| (0, log)),
            );
        }
        // In nonce order per sender; whoever is next and pays the base fee gets in.
        while let Some((key, waiting)) = self
            .mempool
            .iter()
            .find(|((from, nonce), waiting)| {
                self.state.accounts.get(from).map_or(0, |(_, next)| *next) == *nonce
                    && waiting.transaction.max_fee_per_gas() >= self.base_fee
            })
            .map(|(key, waiting)| (*key, waiting.clone()))
        {
            self.mempool.remove(&key);
            let (receipt, logs) = self.execute(key.0, &waiting.transaction, number, timestamp);
            emitted.extend(logs.into_iter().map(|log| (receipts.len(), log)));
            receipts.push(receipt);
            transactions.push((key.0, waiting.raw));
        }
        // Whatever has a used nonce can never be mined.
        let accounts = &self.state.accounts;
        self.mempool
            .retain(|(from, nonce), _| *nonce >= accounts.get(from).map_or(0, |(_, next)| *next));
        let mut logs_bloom = Bloom::default();
        let mut seed = [
            &self.salt.to_be_bytes()[..],
            &number.to_be_bytes(),
            parent_hash.as_slice(),
        ]
        .concat();
        let mut indexed = Vec::new();
        for (index, (transaction, log)) in emitted.into_iter().enumerate() {
            let inner = alloy::primitives::Log {
                address: log.address,
                data: LogData::new_unchecked(log.topics, log.data),
            };
            logs_bloom.accrue_log(&inner);
            seed.extend_from_slice(inner.address.as_slice());
            seed.extend(inner.data.topics().iter().flatten());
            indexed.push((transaction, index, inner));
        }
        for (_, raw) in &transactions {
            seed.extend_from_slice(raw);
        }
        let hash = keccak256(&seed);
        for receipt in &mut receipts {
            receipt.block_hash = hash;
        }
        for (transaction, index, inner) in indexed {
            let receipt = &mut receipts[transaction];
            receipt.logs.push(Log {
                inner,
                block_hash: Some(hash),
                block_number: Some(number),
                block_timestamp: None,
                transaction_hash: Some(receipt.transaction_hash),
                transaction_index: Some(u64::try_from(transaction).unwrap()),
                log_index: Some(u64::try_from(index).unwrap()),
                removed: false,
            });
        }
        let block = Block {
            number,
            hash,
            parent_hash,
            timestamp,
            logs_bloom,
            base_fee_per_gas: self.base_fee,
            gas_limit: 30_000_000,
        };
        self.blocks.push(Mined {
            block,
            receipts,
            transactions,
            state: self.state.clone(),
        });
    }

    fn execute(
        &mut self,
        from: Address,
        transaction: &TxEnvelope,
        number: u64,
        timestamp: u64,
    ) -> (Receipt, Vec<FakeLog>) {
        let mut receipt = blank_receipt(*transaction.tx_hash(), number, from, transaction.to());
        let value = transaction.value();
        let price = transaction.effective_gas_price(Some(u64::try_from(self.base_fee).unwrap()));
        let mut gas = 21_000;
        let mut logs = Vec::new();
        let mut ok = true;
        if let Some(to) = transaction.to() {
            if let Some(mut contract) = self
                .state
                .contracts
                .get(&to)
                .map(|contract| contract.boxed())
            {
                let message = Message {
                    from,
                    to,
                    value,
                    data: transaction.input().clone(),
                    timestamp,
                    number,
                };
                match contract.call(&message) {
                    Ok(reply) => {
                        gas += reply.gas;
                        ok = gas <= transaction.gas_limit();
                        if ok {
                            logs = reply.logs;
                            self.state.contracts.insert(to, contract);
                        }
                    }
                    Err(_) => ok = false,
                }
            }
        } else {
            receipt.contract_address = Some(from.create(transaction.nonce()));
        }
        let gas = gas.min(transaction.gas_limit());
        let sender = self.state.accounts.entry(from).or_default();
        sender.1 += 1;
        sender.0 = sender.0.saturating_sub(U256::from(price) * U256::from(gas));
        if ok {
            sender.0 = sender.0.saturating_sub(value);
            if let Some(to) = transaction.to() {
                self.state.accounts.entry(to).or_default().0 += value;
            }
        }
        receipt.status = u64::from(ok);
        receipt.gas_used = gas;
        receipt.effective_gas_price = price;
        (receipt, logs)
    }
}

fn blank_receipt(
    transaction_hash: B256,
    block_number: u64,
    from: Address,
    to: Option<Address>,
) -> Receipt {
    Receipt {
        transaction_hash,
        block_hash: B256::ZERO,
        block_number,
        status: 1,
        from,
        to,
        contract_address: None,
        gas_used: 21_000,
        effective_gas_price: 0,
        logs: Vec::new(),
    }
}
