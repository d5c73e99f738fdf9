//! Logs to events, by the committed ABIs.

use crate::{Result, WatchError};
use alloy::{
    dyn_abi::{DynSolValue, EventExt as _},
    json_abi::{Event as AbiEvent, JsonAbi},
    primitives::{Address, B256, Bytes},
};
use chain::{BasketContracts, Log, LogFilter};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What every contract of ours may log besides its interface: OpenZeppelin's access control and proxies.
const COMMON: [&str; 5] = [
    "event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
    "event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)",
    "event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)",
    "event Upgraded(address indexed implementation)",
    "event Initialized(uint64 version)",
];

/// What is worth knowing of the staking system; its other events are everybody's.
const STAKING: [&str; 12] = [
    "ValidatorAdded",
    "ValidatorStatusUpdated",
    "ValidatorCapacityUpdated",
    "ValidatorCommissionSet",
    "MaxValidatorPercentageUpdated",
    "MinStakeAmountSet",
    "CooldownIntervalSet",
    "MaxSlashVoteDurationSet",
    "TreasurySet",
    "SlashVoteCast",
    "ValidatorSlashed",
    "RewardRateCheckpointCreated",
];

/// The contracts of one deployment: the liquid side, a basket, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contracts {
    /// The liquid side.
    pub liquid: Option<Liquid>,
    /// A basket and what governs it. Its sleeves are learned from its events.
    pub basket: Option<BasketContracts>,
    /// The first block that can have an event of these.
    pub first_block: u64,
}

/// The contracts of the liquid side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liquid {
    /// `LiquidMinter`'s proxy.
    pub minter: Address,
    /// `LiquidToken`.
    pub token: Address,
    /// `LiquidRewards`.
    pub rewards: Address,
    /// `BucketFactory`.
    pub factory: Address,
    /// The staking system.
    pub staking: Address,
    /// What a deployment may lack.
    pub parts: Parts,
}

impl Contracts {
    /// Whose events these are, as a stable text: an index of others is not one of these.
    pub(crate) fn followed(&self) -> String {
        let mut named = Vec::new();
        if let Some(liquid) = &self.liquid {
            named.extend([
                ("minter", liquid.minter),
                ("token", liquid.token),
                ("rewards", liquid.rewards),
                ("factory", liquid.factory),
                ("staking", liquid.staking),
            ]);
            let parts = liquid.parts.each();
            named.extend(parts.map(|(name, address, _)| (name, address)));
        }
        if let Some(basket) = &self.basket {
            let its = basket_events(basket);
            named.extend(its.map(|(name, address, _)| (name, address)));
        }
        let named: Vec<_> = named
            .into_iter()
            .map(|(name, address)| format!("{name} {address:#x}"))
            .collect();
        named.join(", ")
    }

    /// What the store is tied to: another deployment's index is not to be gone on with.
    pub(crate) fn identity(&self) -> String {
        match (&self.liquid, &self.basket) {
            (Some(liquid), _) => format!("minter {}", liquid.minter),
            (None, Some(basket)) => format!("basket {}", basket.basket),
            (None, None) => "no contracts".to_owned(),
        }
    }
}

/// The contracts around the minter, as far as a deployment has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// `LiquidVault`.
    pub vault: Option<Address>,
    /// `LiquidCoinVault`.
    pub coin_vault: Option<Address>,
    /// `LiquidReceipts`.
    pub receipts: Option<Address>,
    /// `AmmRoute`.
    pub route: Option<Address>,
    /// `RewardConverter`.
    pub converter: Option<Address>,
}

impl Parts {
    /// Name, address and artifact of those that are there. Several log events of one signature, so theirs are told apart
    /// by that name: `vault.Transfer`.
    fn each(&self) -> impl Iterator<Item = (&'static str, Address, &'static str)> {
        [
            (
                "vault",
                self.vault,
                include_str!("../../../contracts/artifacts/ILiquidVault.json"),
            ),
            (
                "coinVault",
                self.coin_vault,
                include_str!("../../../contracts/artifacts/ILiquidCoinVault.json"),
            ),
            (
                "receipts",
                self.receipts,
                include_str!("../../../contracts/artifacts/ILiquidReceipts.json"),
            ),
            (
                "route",
                self.route,
                include_str!("../../../contracts/artifacts/IAmmRoute.json"),
            ),
            (
                "converter",
                self.converter,
                include_str!("../../../contracts/artifacts/IRewardConverter.json"),
            ),
        ]
        .into_iter()
        .filter_map(|(name, address, artifact)| Some((name, address?, artifact)))
    }
}

/// Name, address and artifact of the basket's contracts. As for the parts, the name comes before each event's.
fn basket_events(
    of: &BasketContracts,
) -> impl Iterator<Item = (&'static str, Address, &'static str)> {
    [
        (
            "basket",
            Some(of.basket),
            include_str!("../../../contracts/artifacts/IBasket.json"),
        ),
        (
            "basketToken",
            Some(of.token),
            include_str!("../../../contracts/artifacts/IBasketToken.json"),
        ),
        (
            "queue",
            Some(of.queue),
            include_str!("../../../contracts/artifacts/IUnbondingQueue.json"),
        ),
        (
            "basketReceipts",
            Some(of.receipts),
            include_str!("../../../contracts/artifacts/IBasketReceipts.json"),
        ),
        (
            "feed",
            of.feed,
            include_str!("../../../contracts/artifacts/IPriceFeed.json"),
        ),
        // What these three take from OpenZeppelin is in no interface of ours.
        (
            "basketTimelock",
            Some(of.timelock),
            include_str!("../../../contracts/artifacts/BasketTimelock.json"),
        ),
        (
            "governor",
            Some(of.governor),
            include_str!("../../../contracts/artifacts/BasketGovernor.json"),
        ),
        (
            "gov",
            Some(of.gov),
            include_str!("../../../contracts/artifacts/GovToken.json"),
        ),
        (
            "guardian",
            Some(of.guardian),
            include_str!("../../../contracts/artifacts/IGuardian.json"),
        ),
    ]
    .into_iter()
    .filter_map(|(name, address, artifact)| Some((name, address?, artifact)))
}

/// What sleeves log: what all of them may, and what one kind of them adds. No two have a signature in common.
const SLEEVES: [(&str, &str); 3] = [
    (
        "sleeve",
        include_str!("../../../contracts/artifacts/ISleeve.json"),
    ),
    (
        "coreSleeve",
        include_str!("../../../contracts/artifacts/ICoreSleeve.json"),
    ),
    (
        "stCoreSleeve",
        include_str!("../../../contracts/artifacts/IStCoreSleeve.json"),
    ),
];

/// The event by which a basket takes a sleeve.
const SLEEVE_ADDED: &str = "basket.SleeveAdded";

/// Turns logs of one deployment into events.
#[derive(Debug, Clone)]
pub struct Decoder {
    contracts: Contracts,
    events: HashMap<(Address, B256), (String, AbiEvent)>,
    /// Adapters, and the block from which on their logs are the basket's.
    sleeves: BTreeMap<Address, u64>,
    sleeve_events: HashMap<B256, (String, AbiEvent)>,
}

impl Decoder {
    /// A decoder for these contracts, and for no sleeve yet.
    ///
    /// # Errors
    /// [`WatchError::Abi`] when a committed artifact does not parse.
    pub fn new(contracts: Contracts) -> Result<Self> {
        let mut events = HashMap::new();
        if let Some(liquid) = &contracts.liquid {
            liquid_events(liquid, &mut events)?;
        }
        let mut sleeve_events = HashMap::new();
        if let Some(basket) = &contracts.basket {
            for (part, address, artifact) in basket_events(basket) {
                for event in abi(part, artifact)?.events().filter(|event| kept(event)) {
                    let name = format!("{part}.{}", event.name);
                    events.insert((address, event.selector()), (name, event.clone()));
                }
            }
            for (kind, artifact) in SLEEVES {
                for event in abi(kind, artifact)?.events() {
                    let name = format!("{kind}.{}", event.name);
                    sleeve_events.insert(event.selector(), (name, event.clone()));
                }
            }
        }
        Ok(Self {
            contracts,
            events,
            sleeves: BTreeMap::new(),
            sleeve_events,
        })
    }

    /// The same for other sleeves: each adapter with the block in which the basket took it. What it logged before is not the
    /// basket's.
    #[must_use]
    pub fn with_sleeves(&self, sleeves: impl IntoIterator<Item = (Address, u64)>) -> Self {
        Self {
            sleeves: sleeves.into_iter().collect(),
            ..self.clone()
        }
    }

    /// The sleeves, as given.
    #[must_use]
    pub fn sleeves(&self) -> &BTreeMap<Address, u64> {
        &self.sleeves
    }

    /// The sleeve that the basket takes by this event, and the block of that.
    #[must_use]
    pub fn sleeve_added(event: &store::Event) -> Option<(Address, u64)> {
        if event.name != SLEEVE_ADDED {
            return None;
        }
        let adapter = event.args.get("adapter")?.as_str()?.parse().ok()?;
        Some((adapter, event.block))
    }

    /// The contracts.
    #[must_use]
    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// Every name that an event of these contracts can get.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let known = self.events.values().chain(self.sleeve_events.values());
        known.map(|(name, _)| name.clone()).collect()
    }

    /// What to ask a node for.
    #[must_use]
    pub fn filter(&self) -> LogFilter {
        let addresses: BTreeSet<_> = self
            .events
            .keys()
            .map(|(address, _)| *address)
            .chain(self.sleeves.keys().copied())
            .collect();
        let topics: BTreeSet<_> = self
            .events
            .keys()
            .map(|(_, topic)| *topic)
            .chain(self.sleeve_events.keys().copied())
            .collect();
        LogFilter {
            addresses: addresses.into_iter().collect(),
            topics: topics.into_iter().collect(),
        }
    }

    /// The event of a log; `None` for one that is not ours (the filter is a product of addresses and topics, so a
    /// contract may log another one's topic). A log that is ours and does not decode becomes an event without a name.
    #[must_use]
    pub fn decode(&self, log: &Log) -> Option<store::Event> {
        let (address, topic) = (log.address(), *log.topic0()?);
        let (name, abi) = match self.events.get(&(address, topic)) {
            Some(known) => known,
            None => {
                let since = *self.sleeves.get(&address)?;
                self.sleeve_events
                    .get(&topic)
                    .filter(|_| log.block_number >= Some(since))?
            }
        };
        let data = &log.inner.data;
        let (name, args) = match abi.decode_log_parts(data.topics().iter().copied(), &data.data) {
            Ok(decoded) => {
                let (mut indexed, mut body) = (decoded.indexed.iter(), decoded.body.iter());
                let args = abi.inputs.iter().filter_map(|input| {
                    let value = if input.indexed {
                        indexed.next()
                    } else {
                        body.next()
                    };
                    Some((input.name.clone(), json(value?)))
                });
                (name.clone(), Value::Object(args.collect()))
            }
            Err(error) => {
                tracing::warn!(name, block = log.block_number, %error, "a log does not decode");
                (String::new(), Value::Object(Map::new()))
            }
        };
        Some(store::Event {
            block: log.block_number?,
            log_index: log.log_index?,
            at: 0,
            tx_hash: log.transaction_hash?,
            address: log.address(),
            name,
            args,
            topics: data
                .topics()
                .iter()
                .flat_map(|topic| topic.0)
                .collect::<Vec<_>>()
                .into(),
            data: Bytes::clone(&data.data),
        })
    }
}

fn liquid_events(
    of: &Liquid,
    events: &mut HashMap<(Address, B256), (String, AbiEvent)>,
) -> Result<()> {
    let common = JsonAbi::parse(COMMON).map_err(|error| WatchError::Abi {
        contract: "common",
        reason: error.to_string(),
    })?;
    for (contract, address, artifact) in [
        (
            "ILiquidMinter",
            of.minter,
            include_str!("../../../contracts/artifacts/ILiquidMinter.json"),
        ),
        (
            "ILiquidToken",
            of.token,
            include_str!("../../../contracts/artifacts/ILiquidToken.json"),
        ),
        (
            "ILiquidRewards",
            of.rewards,
            include_str!("../../../contracts/artifacts/ILiquidRewards.json"),
        ),
        (
            "IBucketFactory",
            of.factory,
            include_str!("../../../contracts/artifacts/IBucketFactory.json"),
        ),
    ] {
        for event in common.events().chain(abi(contract, artifact)?.events()) {
            if kept(event) {
                events.insert(
                    (address, event.selector()),
                    (event.name.clone(), event.clone()),
                );
            }
        }
    }
    for (part, address, artifact) in of.parts.each() {
        for event in abi(part, artifact)?.events().filter(|event| kept(event)) {
            let name = format!("{part}.{}", event.name);
            events.insert((address, event.selector()), (name, event.clone()));
        }
    }
    let artifact = include_str!("../../../contracts/artifacts/IPlumeStaking.json");
    for event in abi("IPlumeStaking", artifact)?
        .events()
        .filter(|e| STAKING.contains(&e.name.as_str()))
    {
        // A name of its own: what the staking system says must not be taken for what our contracts say.
        let name = format!("staking.{}", event.name);
        events.insert((of.staking, event.selector()), (name, event.clone()));
    }
    Ok(())
}

/// Allowances change nothing that we keep, and there are many.
fn kept(event: &AbiEvent) -> bool {
    !event.name.starts_with("Approval")
}

fn abi(contract: &'static str, artifact: &str) -> Result<JsonAbi> {
    #[derive(serde::Deserialize)]
    struct Artifact {
        abi: JsonAbi,
    }
    let artifact: Artifact = serde_json::from_str(artifact).map_err(|error| WatchError::Abi {
        contract,
        reason: error.to_string(),
    })?;
    Ok(artifact.abi)
}

/// Numbers as decimal text, bytes and addresses as lower-case hex, text as it came.
fn json(value: &DynSolValue) -> Value {
    match value {
        DynSolValue::Bool(flag) => Value::Bool(*flag),
        DynSolValue::Uint(number, _) => Value::String(number.to_string()),
        DynSolValue::Int(number, _) => Value::String(number.to_string()),
        DynSolValue::Address(address) => Value::String(format!("{address:#x}")),
        DynSolValue::FixedBytes(word, size) => Value::String(format!(
            "0x{}",
            hex::encode(word.get(..*size).unwrap_or(word.as_slice()))
        )),
        DynSolValue::Function(function) => Value::String(format!("0x{}", hex::encode(function))),
        DynSolValue::Bytes(bytes) => Value::String(format!("0x{}", hex::encode(bytes))),
        DynSolValue::String(text) => Value::String(text.clone()),
        DynSolValue::Array(values)
        | DynSolValue::FixedArray(values)
        | DynSolValue::Tuple(values) => Value::Array(values.iter().map(json).collect()),
    }
}
