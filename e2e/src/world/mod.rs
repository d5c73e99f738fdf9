//! The liquid side on a local staking system, in an EVM inside this process, from the committed artifacts.
//!
//! What it is *not*: a chain. There are no blocks beyond a timestamp, gas costs nothing, and nonces do not count.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a broken artifact or an answer that does not decode ends the run"
)]

pub mod journal;
pub mod later;

use journal::Deed;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use alloy::{
    primitives::{Address, B256, Bytes, Log, TxKind, U256, address, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::{SolCall, SolValue},
};
use chain::bindings::{ILiquidMinter, LocalStaking};
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
    state::Account,
};

alloy::sol! {
    #[sol(all_derives)]
    struct InitParams {
        address admin;
        address guardian;
        address rewards;
        address factory;
        address feeRecipient;
        uint16 withholdBps;
        uint16 minInstantFeeBps;
        uint16 maxInstantFeeBps;
        uint16 standardFeeBps;
        uint96 batchThreshold;
        uint32 interval;
        uint96 minStake;
        uint32 keeperGrace;
        uint32 safety;
        uint32 minRungAge;
        uint32 maxSyncAge;
    }
    /// ERC-2612.
    #[sol(all_derives)]
    interface Permit {
        function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
        function nonces(address owner) external view returns (uint256);
        function DOMAIN_SEPARATOR() external view returns (bytes32);
    }
    /// The claim of a request: the bindings number functions of one name.
    #[sol(all_derives)]
    interface Claims {
        function claim(uint256 id, uint256 hintA, uint256 hintB) external returns (uint256 paid);
    }
    function initialize(InitParams p) external payable;
    function grantRole(bytes32 role, address account) external;
}

/// Stands for the native coin in reward calls.
pub const NATIVE: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
/// One coin, wei.
pub const COIN: u128 = 1_000_000_000_000_000_000;
/// Unix second at which every world begins.
pub const T0: u64 = 1_700_000_000;
/// Gas that a call gets unless said otherwise.
pub const GAS: u64 = 30_000_000;

/// How a world begins.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Validators with ids from 0, each of weight 1.
    pub validators: u16,
    /// Buckets of each validator.
    pub buckets: u64,
    /// Cooldown of the staking system, seconds.
    pub cooldown: u64,
    /// How long a vote to slash may last there, seconds; below `cooldown`.
    pub vote: u64,
}

/// What a transaction did.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Whether it succeeded.
    pub ok: bool,
    /// Gas of the whole transaction, refunds not counted.
    pub gas: u64,
    /// Its logs; none when it failed.
    pub logs: Vec<Log>,
    /// Return data, or the reason of the failure.
    pub output: Bytes,
    /// Contracts whose storage it changed; none when it failed.
    pub wrote: BTreeSet<Address>,
}

/// One deployment and the EVM under it.
pub struct World {
    evm: Evm,
    /// The block's timestamp, unix seconds.
    pub now: u64,
    /// Administers the staking system and deploys.
    pub operator: Address,
    /// `DEFAULT_ADMIN_ROLE`.
    pub admin: Address,
    /// `GUARDIAN_ROLE`.
    pub guardian: Address,
    /// The three keeper roles.
    pub keeper: Address,
    /// Gets the fees.
    pub fee_recipient: Address,
    /// The staking system.
    pub staking: Address,
    /// Pays its rewards.
    pub treasury: Address,
    /// The LST.
    pub token: Address,
    /// Holds rewards.
    pub rewards: Address,
    /// Makes buckets.
    pub factory: Address,
    /// The minter (its proxy).
    pub minter: Address,
    /// Receipts of exits.
    pub receipts: Address,
    /// Sells reward tokens.
    pub converter: Address,
    /// The minter's code behind its proxy.
    pub code: Address,
    journal: Vec<Deed>,
}

/// An address of its own for every name.
#[must_use]
pub fn account(name: &str) -> Address {
    Address::from_word(keccak256(name))
}

fn json(path: impl AsRef<Path>) -> serde_json::Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../contracts")
        .join(path);
    let text = fs::read_to_string(&path).expect("a file of ours or of a package (scripts/setup)");
    serde_json::from_str(&text).expect("an artifact is JSON")
}

fn artifact(name: &str) -> serde_json::Value {
    json(format!("artifacts/{name}.json"))
}

/// A folder of forge's output whose contracts take the place of the committed ones: planted faults are run this way.
fn planted() -> Option<PathBuf> {
    std::env::var_os("OMNIBUS_PLANTED").map(PathBuf::from)
}

/// The creation code of a committed artifact, or of what is planted in its place.
pub(crate) fn bytecode(name: &str) -> Vec<u8> {
    let planted = planted().map(|out| out.join(format!("{name}.sol/{name}.json")));
    let file = planted.filter(|file| file.exists());
    code_in(&file.unwrap_or_else(|| PathBuf::from(format!("artifacts/{name}.json"))))
}

/// The creation code in a file of an npm package.
fn package(path: &str) -> Vec<u8> {
    code_in(Path::new(&format!("node_modules/{path}")))
}

/// Creation code in a JSON file below `contracts/`. Worlds are many: each file is read once.
fn code_in(path: &Path) -> Vec<u8> {
    static READ: Mutex<BTreeMap<PathBuf, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let code = read.entry(path.to_owned()).or_insert_with(|| {
        let json = json(path);
        let bytecode = json.get("bytecode").expect("an artifact has bytecode");
        // forge puts its own into an object.
        let hex = bytecode.get("object").unwrap_or(bytecode).as_str();
        let hex = hex.expect("bytecode is a string");
        alloy::primitives::hex::decode(hex).expect("bytecode is linked hex")
    });
    code.clone()
}

/// The ABI of a committed artifact.
#[must_use]
pub fn abi(name: &str) -> alloy::json_abi::JsonAbi {
    let json = artifact(name);
    let abi = json.get("abi").expect("an artifact has an ABI");
    serde_json::from_value(abi.clone()).expect("an ABI")
}

/// What runs the contracts: in this process, on a database in memory.
pub(crate) type Evm = MainnetEvm<MainnetContext<InMemoryDB>>;

/// An empty one at `now`, unix seconds.
pub(crate) fn evm_at(now: u64) -> Evm {
    let mut ctx = Context::mainnet().with_db(InMemoryDB::default());
    ctx.cfg.set_spec_and_mainnet_gas_params(SpecId::CANCUN);
    ctx.cfg.disable_nonce_check = true;
    if planted().is_some() {
        // forge's quick profile makes code that no chain takes.
        ctx.cfg.limit_contract_code_size = Some(usize::MAX);
        ctx.cfg.limit_contract_initcode_size = Some(usize::MAX);
    }
    ctx.block.timestamp = U256::from(now);
    ctx.build_mainnet()
}

/// A transaction that calls.
pub(crate) fn call_of(
    from: Address,
    to: Address,
    value: u128,
    data: impl Into<Bytes>,
    gas: u64,
) -> TxEnv {
    TxEnv::builder()
        .caller(from)
        .kind(TxKind::Call(to))
        .data(data.into())
        .value(U256::from(value))
        .gas_limit(gas)
        .build()
        .expect("a legacy transaction")
}

/// Reads. `Err` is the reason of a revert.
pub(crate) fn ask<C: SolCall>(evm: &mut Evm, to: Address, call: &C) -> Result<C::Return, Bytes> {
    let tx = call_of(Address::ZERO, to, 0, call.abi_encode(), 1_000_000_000);
    match evm.transact(tx).expect("a valid transaction").result {
        ExecutionResult::Success { output, .. } => {
            Ok(C::abi_decode_returns(output.data()).expect("an answer of the declared type"))
        }
        ExecutionResult::Revert { output, .. } => Err(output),
        ExecutionResult::Halt { reason, .. } => panic!("{}: {reason:?}", C::SIGNATURE),
    }
}

impl World {
    /// Deploys everything in the order of the real deployment and wires it; the roles are granted, the setup not sealed.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        let mut w = Self {
            evm: evm_at(T0),
            journal: Vec::new(),
            now: T0,
            operator: account("operator"),
            admin: account("admin"),
            guardian: account("guardian"),
            keeper: account("keeper"),
            fee_recipient: account("feeRecipient"),
            staking: Address::ZERO,
            treasury: Address::ZERO,
            token: Address::ZERO,
            rewards: Address::ZERO,
            factory: Address::ZERO,
            minter: Address::ZERO,
            receipts: Address::ZERO,
            converter: Address::ZERO,
            code: Address::ZERO,
        };
        w.give(w.operator, 1_000_000_000 * COIN);
        w.deploy_staking(setup);
        w.deploy_liquid();
        for id in 0..setup.validators {
            let (admin, minter) = (w.admin, w.minter);
            let call = ILiquidMinter::addBucketsCall {
                validatorId: id,
                count: U256::from(setup.buckets),
            };
            w.must(admin, minter, 0, &call);
            let call = ILiquidMinter::setValidatorWeightCall {
                validatorId: id,
                weight: U256::ONE,
            };
            w.must(admin, minter, 0, &call);
        }
        w
    }

    fn deploy_staking(&mut self, setup: &Setup) {
        let args = (
            self.operator,
            U256::from(COIN),
            U256::from(setup.cooldown),
            U256::from(setup.vote),
        );
        self.staking = self.deploy("LocalStaking", &args.abi_encode_params(), 0);
        self.treasury = self.deploy("LocalTreasury", &self.staking.abi_encode(), 0);
        let (operator, staking) = (self.operator, self.staking);
        self.must(
            operator,
            staking,
            0,
            &LocalStaking::setTreasuryCall {
                treasury: self.treasury,
            },
        );
        self.must(
            operator,
            staking,
            0,
            &LocalStaking::addRewardTokenCall { token: NATIVE },
        );
        for id in 0..setup.validators {
            self.add_validator(id);
        }
        self.give(self.treasury, 1_000_000 * COIN);
    }

    /// Adds an active validator to the staking system; its votes come from `validator_admin(id)`.
    pub fn add_validator(&mut self, id: u16) {
        let call = LocalStaking::addValidatorCall {
            id,
            commission: U256::from(COIN / 10),
            l2Admin: Self::validator_admin(id),
            l2Withdraw: self.operator,
            l1Validator: "l1".into(),
            l1Account: "account".into(),
            l1AccountEvm: Address::ZERO,
            maxCapacity: U256::ZERO,
        };
        let (operator, staking) = (self.operator, self.staking);
        self.must(operator, staking, 0, &call);
    }

    /// Who votes for a validator.
    #[must_use]
    pub fn validator_admin(id: u16) -> Address {
        account(&format!("validator{id}"))
    }

    /// Token, rewards, factory, the six parts, the proxy: addresses that refer to each other follow from the nonce.
    fn deploy_liquid(&mut self) {
        let nonce = self.nonce(self.operator);
        self.rewards = self.operator.create(nonce + 1);
        self.minter = self.operator.create(nonce + 9);
        self.receipts = self.operator.create(nonce + 10);
        let (rewards, minter, staking) = (self.rewards, self.minter, self.staking);
        let args = (
            "Staked PLUME".to_string(),
            "stPLUME".to_string(),
            minter,
            rewards,
        );
        self.token = self.deploy("LiquidToken", &args.abi_encode_params(), 0);
        let token = self.token;
        let at = self.deploy(
            "LiquidRewards",
            &(minter, token, U256::from(1_000)).abi_encode_params(),
            0,
        );
        assert_eq!(at, rewards, "the nonce predicts where rewards live");
        self.factory = self.deploy("BucketFactory", &(minter, staking).abi_encode_params(), 0);
        let factory = self.factory;
        let views = self.deploy("LiquidViews", &(token, staking).abi_encode_params(), 0);
        let admin = self.deploy(
            "LiquidAdmin",
            &(token, staking, views).abi_encode_params(),
            0,
        );
        let payouts = self.deploy(
            "LiquidPayouts",
            &(token, staking, admin).abi_encode_params(),
            0,
        );
        let staker = self.deploy(
            "LiquidStaker",
            &(token, staking, factory, payouts).abi_encode_params(),
            0,
        );
        let keeper = self.deploy(
            "LiquidKeeper",
            &(token, staking, factory).abi_encode_params(),
            0,
        );
        let main = self.deploy(
            "LiquidMinter",
            &(token, staking, factory, keeper, staker, self.receipts).abi_encode_params(),
            0,
        );
        let init = initializeCall {
            p: InitParams {
                admin: self.admin,
                guardian: self.guardian,
                rewards,
                factory,
                feeRecipient: self.fee_recipient,
                withholdBps: 1_000,
                minInstantFeeBps: 30,
                maxInstantFeeBps: 100,
                standardFeeBps: 5,
                batchThreshold: alloy::primitives::Uint::ZERO,
                interval: 3_600,
                minStake: alloy::primitives::Uint::from(COIN),
                keeperGrace: 21_600,
                safety: 3_600,
                minRungAge: 3_600,
                maxSyncAge: 3_600,
            },
        };
        let args = (main, Bytes::from(init.abi_encode())).abi_encode_params();
        let at = self.deploy("ERC1967Proxy", &args, COIN);
        assert_eq!(at, minter, "the nonce predicts where the minter lives");
        let args = (
            minter,
            "stPLUME exit receipt".to_string(),
            "stPLUME-EXIT".to_string(),
        );
        let at = self.deploy("LiquidReceipts", &args.abi_encode_params(), 0);
        assert_eq!(at, self.receipts, "the nonce predicts where receipts live");
        let converter = self.deploy("RewardConverter", &minter.abi_encode(), 0);
        self.converter = converter;
        self.code = main;
        self.must(
            self.admin,
            minter,
            0,
            &ILiquidMinter::setConverterCall { converter },
        );
        for role in ["REBALANCER_ROLE", "CLAIMER_ROLE", "HANDLER_ROLE"] {
            let call = grantRoleCall {
                role: keccak256(role),
                account: self.keeper,
            };
            self.must(self.admin, minter, 0, &call);
        }
        self.must(
            self.keeper,
            minter,
            0,
            &ILiquidMinter::syncValidatorsCall {},
        );
    }

    /// The permit that `key` signs for `owner`'s LST.
    pub fn permit(
        &mut self,
        key: &PrivateKeySigner,
        (owner, spender, value): (Address, Address, U256),
        nonce: U256,
        deadline: U256,
    ) -> Permit::permitCall {
        let typehash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",
        );
        let domain = self.view(self.token, &Permit::DOMAIN_SEPARATORCall {});
        let hash = keccak256(SolValue::abi_encode(&(
            typehash, owner, spender, value, nonce, deadline,
        )));
        let digest = keccak256([&[0x19, 0x01], domain.as_slice(), hash.as_slice()].concat());
        let s = key.sign_hash_sync(&digest).expect("a key in memory signs");
        Permit::permitCall {
            owner,
            spender,
            value,
            deadline,
            v: 27 + u8::from(s.v()),
            r: B256::from(s.r()),
            s: B256::from(s.s()),
        }
    }

    /// Moves the clock on.
    pub fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        self.evm.ctx.block.timestamp = U256::from(self.now);
    }

    /// All that has happened since the beginning, or since it was last taken.
    pub fn take_journal(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.journal)
    }

    fn note_balance(&mut self, who: Address) {
        let wei = U256::from(self.balance(who));
        self.journal.push(Deed::Balance { who, wei });
    }

    /// Gives an account coins out of nothing.
    pub fn give(&mut self, who: Address, wei: u128) {
        let account = self
            .evm
            .ctx
            .db_mut()
            .load_account(who)
            .expect("the database is memory");
        account.info.balance += U256::from(wei);
        // An account that was looked up before it had anything counts as absent until told otherwise.
        account.account_state = revm::database::AccountState::None;
        self.note_balance(who);
    }

    /// Takes coins from an account, as many as it has.
    pub fn take(&mut self, who: Address, wei: u128) {
        let account = self
            .evm
            .ctx
            .db_mut()
            .load_account(who)
            .expect("the database is memory");
        account.info.balance = account.info.balance.saturating_sub(U256::from(wei));
        self.note_balance(who);
    }

    /// Coins of an account, wei.
    pub fn balance(&mut self, who: Address) -> u128 {
        let account = self
            .evm
            .ctx
            .db_mut()
            .load_account(who)
            .expect("the database is memory");
        account
            .info
            .balance
            .try_into()
            .expect("fewer coins than 2^128 wei")
    }

    fn nonce(&mut self, who: Address) -> u64 {
        self.evm
            .ctx
            .db_mut()
            .load_account(who)
            .expect("the database is memory")
            .info
            .nonce
    }

    /// Deploys a committed artifact from the operator.
    pub fn deploy(&mut self, name: &str, args: &[u8], value: u128) -> Address {
        self.deploy_code(name, bytecode(name), args, value)
    }

    fn deploy_code(&mut self, name: &str, mut code: Vec<u8>, args: &[u8], value: u128) -> Address {
        code.extend_from_slice(args);
        let (at, from) = (self.now, self.operator);
        let nonce = self.nonce(self.operator);
        let tx = TxEnv::builder()
            .caller(self.operator)
            .kind(TxKind::Create)
            .data(code.into())
            .value(U256::from(value))
            .gas_limit(GAS)
            .nonce(nonce)
            .build()
            .expect("a legacy transaction");
        match self.evm.transact_commit(tx).expect("a valid transaction") {
            ExecutionResult::Success {
                output: Output::Create(_, Some(made)),
                ..
            } => {
                self.journal.push(Deed::Deploy {
                    at,
                    from,
                    name: name.to_owned(),
                    arguments: args.to_vec().into(),
                    value: U256::from(value),
                    made,
                });
                made
            }
            other => panic!("{name} does not deploy: {other:?}"),
        }
    }

    /// Sends a transaction with `gas`. One that the chain would not take (too few coins) counts as failed.
    pub fn send(
        &mut self,
        from: Address,
        to: Address,
        value: u128,
        data: Vec<u8>,
        gas: u64,
    ) -> Outcome {
        let failed = |output| Outcome {
            ok: false,
            gas: 0,
            logs: Vec::new(),
            output,
            wrote: BTreeSet::new(),
        };
        let tx = call_of(from, to, value, data.clone(), gas);
        let done = match self.evm.transact(tx) {
            Ok(done) => done,
            Err(error) => return failed(error.to_string().into_bytes().into()),
        };
        self.journal.push(Deed::Call {
            at: self.now,
            from,
            to,
            value: U256::from(value),
            data: data.into(),
            gas,
            ok: done.result.is_success(),
        });
        let changed = |account: &Account| account.storage.values().any(|slot| slot.is_changed());
        let wrote = done.state.iter().filter(|(_, account)| changed(account));
        let wrote = wrote.map(|(at, _)| *at).collect();
        self.evm.commit(done.state);
        match done.result {
            ExecutionResult::Success {
                gas, logs, output, ..
            } => Outcome {
                ok: true,
                gas: gas.total_gas_spent(),
                logs,
                output: output.into_data(),
                wrote,
            },
            ExecutionResult::Revert { output, .. } => failed(output),
            ExecutionResult::Halt { reason, .. } => {
                failed(format!("{reason:?}").into_bytes().into())
            }
        }
    }

    /// A call that the setting of the scene needs.
    pub fn must<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        value: u128,
        call: &C,
    ) -> Outcome {
        let out = self.send(from, to, value, call.abi_encode(), GAS);
        assert!(out.ok, "{} failed: {}", C::SIGNATURE, out.output);
        out
    }

    /// Reads. `Err` is the reason of a revert.
    pub fn try_view<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, Bytes> {
        ask(&mut self.evm, to, call)
    }

    /// Reads what always answers.
    pub fn view<C: SolCall>(&mut self, to: Address, call: &C) -> C::Return {
        self.try_view(to, call)
            .unwrap_or_else(|reason| panic!("{} reverts: {reason}", C::SIGNATURE))
    }
}
