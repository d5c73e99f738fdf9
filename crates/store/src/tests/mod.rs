mod alerts;
mod basket;
mod crash;
mod faults;
mod index;
mod journal;
mod journey;
mod open;
mod parts;

use crate::{AlertOp, Block, BlockBatch, Event, Options, Raise, RangeBatch, Severity, Store};
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use serde_json::json;
use std::{collections::BTreeMap, path::Path};
use tempfile::TempDir;

/// A store in a directory of its own.
async fn fresh(window: u64) -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), window).await;
    (dir, store)
}

async fn open(dir: &Path, window: u64) -> Store {
    let path = dir.join("omnibus.db");
    Store::migrate(&path).await.unwrap();
    Store::open(
        &path,
        Options {
            reorg_window: window,
            readers: 2,
            ..Options::default()
        },
    )
    .await
    .unwrap()
}

/// A scripted chain: blocks are a function of branch and number, branches agree up to `fork`.
struct Script {
    fork: u64,
}

impl Script {
    fn branch(&self, branch: u8, number: u64) -> u8 {
        if number <= self.fork { b'a' } else { branch }
    }

    fn block(&self, branch: u8, number: u64) -> Block {
        Block {
            number,
            hash: self.hash(branch, number),
            parent: self.hash(branch, number.saturating_sub(1)),
            timestamp: 1_000 + number * 12,
            events: 0,
        }
    }

    fn hash(&self, branch: u8, number: u64) -> B256 {
        keccak256(format!("{}{number}", self.branch(branch, number) as char))
    }

    /// Mints, transfers, burns and role changes that are valid whatever came before: each account first gets what it then sends.
    fn events(&self, branch: u8, number: u64) -> Vec<Event> {
        let seed = self.hash(branch, number);
        let count = seed[0] % 4;
        let mut events = Vec::new();
        for i in 0..count {
            let seed = keccak256([seed.as_slice(), &[i]].concat());
            let (from, to) = (account(seed[1] % 5), account(seed[2] % 5));
            let value = U256::from(1 + u64::from(seed[3])) << (seed[4] % 100);
            let mut push = |name: &str, args| {
                let log_index = events.len() as u64;
                events.push(event(number, log_index, seed, name, args));
            };
            push("Transfer", transfer(Address::ZERO, from, value));
            push("Transfer", transfer(from, to, value));
            if seed[5] % 2 == 0 {
                push("Transfer", transfer(to, Address::ZERO, value));
            }
            if seed[6] % 3 == 0 {
                push(
                    "RoleGranted",
                    json!({ "role": seed, "account": account(seed[7] % 5), "sender": account(9) }),
                );
            }
        }
        let told = journey::events(number)
            .into_iter()
            .chain(parts::events(number))
            .chain(basket::events(number));
        for (name, args) in told {
            let log_index = events.len() as u64;
            events.push(event(number, log_index, seed, name, args));
        }
        events
    }

    fn batch(&self, branch: u8, number: u64) -> BlockBatch {
        BlockBatch {
            block: self.block(branch, number),
            events: self.events(branch, number),
            alerts: vec![],
        }
    }

    fn range(&self, branch: u8, first: u64, last: u64) -> RangeBatch {
        let events: Vec<_> = (first..=last)
            .flat_map(|n| self.events(branch, n))
            .collect();
        let mut numbers: Vec<_> = events.iter().map(|e| e.block).collect();
        numbers.dedup();
        let blocks = numbers.into_iter().map(|n| self.block(branch, n)).collect();
        RangeBatch {
            first,
            last: self.block(branch, last),
            blocks,
            events,
            alerts: vec![],
        }
    }

    /// What the balances must be after `last`, added up without the store.
    fn balances(&self, branch: u8, last: u64) -> BTreeMap<Address, U256> {
        let mut balances = BTreeMap::new();
        for event in (1..=last)
            .flat_map(|n| self.events(branch, n))
            .filter(|e| e.name == "Transfer")
        {
            let get = |name: &str| {
                event.args[name]
                    .as_str()
                    .unwrap()
                    .parse::<Address>()
                    .unwrap()
            };
            let value: U256 = event.args["value"].as_str().unwrap().parse().unwrap();
            *balances.entry(get("to")).or_default() += value;
            if !get("from").is_zero() {
                *balances.entry(get("from")).or_default() -= value;
            }
        }
        balances.remove(&Address::ZERO);
        balances
    }
}

fn account(index: u8) -> Address {
    Address::repeat_byte(0x10 + index)
}

fn transfer(from: Address, to: Address, value: U256) -> serde_json::Value {
    json!({ "from": format!("{from:#x}"), "to": format!("{to:#x}"), "value": value.to_string() })
}

fn event(block: u64, log_index: u64, seed: B256, name: &str, args: serde_json::Value) -> Event {
    Event {
        block,
        log_index,
        at: 0,
        tx_hash: seed,
        address: Address::repeat_byte(0xee),
        name: name.to_owned(),
        args,
        topics: Bytes::copy_from_slice(seed.as_slice()),
        data: Bytes::from_static(&[1, 2, 3]),
    }
}

fn raise(dedupe: &str, block: u64, at: u64, cooldown: u64) -> AlertOp {
    AlertOp::Raise(Raise {
        dedupe: dedupe.to_owned(),
        rule: "test".to_owned(),
        severity: Severity::Warning,
        title: "title".to_owned(),
        detail: format!("at {at}"),
        block,
        at,
        channels: vec!["hook".to_owned()],
        cooldown,
    })
}
