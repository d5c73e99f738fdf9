//! `omnibus replay FILE`: plays a history in which contracts and model disagreed, step by step, on a local chain of its own
//! with the contracts of this program, and asks there what was asked then.

use crate::{
    artifact::Artifact,
    error::{Problem, Result},
    node::Anvil,
    output::Output,
    uniswap,
};
use alloy::primitives::{Address, Bytes, U64, U256};
use chain::Pool;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

/// The format that is read.
const VERSION: u32 = 1;
/// A local chain mines at once; it has this long.
const LONGEST: Duration = Duration::from_secs(30);
/// What `start` calls the factory of Uniswap V2, which is no contract of ours.
const FACTORY: &str = "UniswapV2Factory";

/// A history, as the differential run writes it.
#[derive(Debug, Deserialize)]
struct History {
    version: u32,
    seed: u64,
    history: u64,
    start: Vec<Deed>,
    steps: Vec<Step>,
    differences: Vec<Difference>,
}

#[derive(Debug, Deserialize)]
struct Step {
    words: String,
    deeds: Vec<Deed>,
}

/// Something that happened to the chain. Times are unix seconds, amounts wei.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Deed {
    Deploy {
        at: u64,
        from: Address,
        name: String,
        arguments: Bytes,
        value: U256,
        made: Address,
    },
    Call {
        at: u64,
        from: Address,
        to: Address,
        value: U256,
        data: Bytes,
        gas: u64,
        ok: bool,
    },
    Balance {
        who: Address,
        wei: U256,
    },
}

#[derive(Debug, Deserialize)]
struct Difference {
    field: String,
    expected: String,
    actual: String,
    view: Option<View>,
}

#[derive(Debug, Deserialize)]
struct View {
    at: u64,
    to: Address,
    data: Bytes,
    expected: Bytes,
}

/// What became of one difference.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    field: String,
    model: String,
    contract: String,
    /// Whether the contracts of this program agree with the model; unknown where no view can be asked.
    agrees: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    seed: u64,
    history: u64,
    steps: usize,
    /// Calls that went otherwise than in the file.
    otherwise: usize,
    differences: Vec<Found>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mined {
    status: U64,
    contract_address: Option<Address>,
}

/// `omnibus replay FILE`
///
/// # Errors
/// [`Problem::Config`] for a file that does not read, [`Problem::Verification`] while the contracts still disagree.
pub async fn run(file: &Path, anvil: Option<&Path>, out: Output) -> Result<()> {
    let history = read(file)?;
    let program = Anvil::find(anvil)?;
    let first = history.start.iter().find_map(Deed::at).unwrap_or_default();
    let (node, pool) = Anvil::bare(&program, first.saturating_sub(1)).await?;
    let report = play(&pool, &history, out).await;
    drop(node);
    let report = report?;
    out.result(&report, told);
    let still = report.differences.iter().find(|d| d.agrees == Some(false));
    still.map_or(Ok(()), |found| {
        Err(Problem::Verification {
            what: found.field.clone(),
            expected: found.model.clone(),
            found: found.contract.clone(),
        })
    })
}

fn read(file: &Path) -> Result<History> {
    let bad = |reason: String| Problem::Config {
        path: file.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
    let history: History = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    if history.version != VERSION {
        let version = history.version;
        return Err(bad(format!(
            "version {version} of the format, this program reads {VERSION}"
        )));
    }
    Ok(history)
}

async fn play(pool: &Pool, history: &History, out: Output) -> Result<Report> {
    for deed in &history.start {
        deed.repeat(pool).await?;
    }
    let mut otherwise = 0_usize;
    for (number, step) in history.steps.iter().enumerate() {
        let mut went = true;
        for deed in &step.deeds {
            let ok = deed.repeat(pool).await?;
            went &= ok;
            if let Deed::Call { ok: before, .. } = deed
                && ok != *before
            {
                otherwise = otherwise.saturating_add(1);
                out.note(format!("step {number} goes otherwise than in the file"));
            }
        }
        let how = if went { "succeeds" } else { "is refused" };
        out.line(format!("{number:>5}  {}: {how}", step.words));
    }
    let mut differences = Vec::new();
    for difference in &history.differences {
        let agrees = match &difference.view {
            Some(view) => Some(view.ask(pool).await? == view.expected),
            None => None,
        };
        differences.push(Found {
            field: difference.field.clone(),
            model: difference.expected.clone(),
            contract: difference.actual.clone(),
            agrees,
        });
    }
    Ok(Report {
        seed: history.seed,
        history: history.history,
        steps: history.steps.len(),
        otherwise,
        differences,
    })
}

fn told(report: &Report) -> String {
    let mut text = format!(
        "seed {}, history {}: {} steps, {} of them otherwise than in the file",
        report.seed, report.history, report.steps, report.otherwise
    );
    for found in &report.differences {
        let now = match found.agrees {
            Some(true) => "the contracts of this program agree with the model",
            Some(false) => "the contracts of this program still disagree",
            None => "no view shows it: see the last step",
        };
        text += &format!(
            "\n{}\n  model    {}\n  contract {}\n  {now}",
            found.field, found.model, found.contract
        );
    }
    text
}

impl Deed {
    fn at(&self) -> Option<u64> {
        match self {
            Self::Deploy { at, .. } | Self::Call { at, .. } => Some(*at),
            Self::Balance { .. } => None,
        }
    }

    /// Does it again; whether it succeeded.
    async fn repeat(&self, pool: &Pool) -> Result<bool> {
        match self {
            Self::Balance { who, wei } => {
                let _: serde_json::Value = pool.request("anvil_setBalance", (who, wei)).await?;
                Ok(true)
            }
            Self::Call {
                at,
                from,
                to,
                value,
                data,
                gas,
                ..
            } => {
                let tx = transaction(*from, Some(*to), *value, data, *gas);
                Ok(mined(pool, *at, tx).await?.status == U64::from(1))
            }
            Self::Deploy {
                at,
                from,
                name,
                arguments,
                value,
                made,
            } => {
                let code = if name == FACTORY {
                    uniswap::factory_code(arguments)?
                } else {
                    Artifact::load(name)?.creation_code(&BTreeMap::new(), arguments)?
                };
                let tx = transaction(*from, None, *value, &code, 30_000_000);
                let found = mined(pool, *at, tx).await?.contract_address;
                if found != Some(*made) {
                    return Err(Problem::Verification {
                        what: format!("the address of {name}"),
                        expected: made.to_string(),
                        found: format!("{found:?}"),
                    });
                }
                Ok(true)
            }
        }
    }
}

impl View {
    async fn ask(&self, pool: &Pool) -> Result<Bytes> {
        clock(pool, self.at).await?;
        let _: serde_json::Value = pool.request("evm_mine", ()).await?;
        let call = serde_json::json!({ "to": self.to, "data": self.data });
        Ok(pool.request("eth_call", (call, "latest")).await?)
    }
}

fn transaction(
    from: Address,
    to: Option<Address>,
    value: U256,
    data: &Bytes,
    gas: u64,
) -> serde_json::Value {
    let mut tx = serde_json::json!({
        "from": from,
        "value": value,
        "data": data,
        "gas": U64::from(gas),
        "gasPrice": U64::ZERO,
    });
    if let (Some(to), Some(fields)) = (to, tx.as_object_mut()) {
        fields.insert("to".into(), serde_json::json!(to));
    }
    tx
}

async fn clock(pool: &Pool, at: u64) -> Result<()> {
    let _: serde_json::Value = pool
        .request("evm_setNextBlockTimestamp", (U64::from(at),))
        .await?;
    Ok(())
}

/// Sends it in a block of its own at `at`.
async fn mined(pool: &Pool, at: u64, tx: serde_json::Value) -> Result<Mined> {
    clock(pool, at).await?;
    let hash: alloy::primitives::B256 = pool.request("eth_sendTransaction", (tx,)).await?;
    let started = Instant::now();
    loop {
        let receipt: Option<Mined> = pool.request("eth_getTransactionReceipt", (hash,)).await?;
        if let Some(receipt) = receipt {
            return Ok(receipt);
        }
        if started.elapsed() > LONGEST {
            return Err(Problem::Unexpected(format!("{hash} is not mined")));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
