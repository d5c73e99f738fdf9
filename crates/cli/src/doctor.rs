//! `omnibus doctor`: looks at everything a command needs and says which part is wrong. It changes nothing.

use crate::{
    config::Settings,
    deployment::Deployment,
    error::{Problem, Result},
    keys,
    node::Anvil,
    output::Output,
    profile::Kind,
    run::DATABASE,
    session::{Place, connect},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, U256, utils::format_ether},
};
use chain::{LogFilter, LogReader, Pool};
use serde::Serialize;

/// The head of a chain may be so far ahead of this machine's clock, seconds: times that are promised and rules about age go by both
/// clocks.
const MOST_AHEAD: u64 = 60;
/// And so old: some chains make a block only when somebody sends something.
const MOST_AGE: u64 = 600;
/// Less is low: as the rule `gas-low` has it, wei.
const LEAST_GAS: u64 = 1_000_000_000_000_000_000;

#[derive(Serialize)]
struct Check {
    what: &'static str,
    ok: bool,
    found: String,
}

/// What was found, or what is wrong.
type Finding = std::result::Result<String, String>;

/// `omnibus doctor`
///
/// # Errors
/// [`Problem::Stopped`] when something is wrong, after all checks were shown.
pub async fn run(settings: &Settings, out: Output) -> Result<()> {
    let mut checks = Vec::new();
    let mut add = |what, finding: Finding| {
        let ok = finding.is_ok();
        checks.push(Check {
            what,
            ok,
            found: finding.unwrap_or_else(|reason| reason),
        });
    };
    add(
        "profile",
        Ok(format!(
            "{} (chain {})",
            settings.profile.name, settings.profile.chain_id
        )),
    );
    let key = keys::signer(settings);
    match connect(settings).await {
        Ok(pool) => {
            add("chain", chain(settings, &pool).await);
            add("clock", clock(settings, &pool).await);
            add("deployment", deployment(settings).await);
            add("history", history(settings, &pool).await);
            if let Ok(key) = &key {
                add("gas", gas(&pool, key.address()).await);
            }
        }
        Err(problem) => add("chain", Err(say(problem))),
    }
    add("key", key.map(|key| key.address().to_string()).map_err(say));
    add("data folder", folder(settings));
    add("database", database(settings).await);
    if settings.profile.kind == Kind::Local {
        let anvil = Anvil::find(None).map(|path| path.display().to_string());
        add("anvil", anvil.map_err(say));
    }
    let bad = checks.iter().filter(|check| !check.ok).count();
    out.result(&checks, |checks| {
        let line = |check: &Check| {
            format!(
                "{} {:<11} {}",
                if check.ok { "ok " } else { "BAD" },
                check.what,
                check.found
            )
        };
        checks.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    if bad > 0 {
        return Err(Problem::Stopped {
            part: "doctor",
            reason: format!("{bad} of {} checks are bad", checks.len()),
        });
    }
    Ok(())
}

fn say(problem: Problem) -> String {
    match problem.hint() {
        Some(hint) => format!("{problem}; {hint}"),
        None => problem.to_string(),
    }
}

async fn chain(settings: &Settings, pool: &Pool) -> Finding {
    let verified = pool
        .status()
        .iter()
        .filter(|endpoint| endpoint.verified)
        .count();
    let head = pool.latest().await.map_err(|error| error.to_string())?;
    Ok(format!(
        "{verified} of {} endpoints, head {}",
        settings.endpoints.len(),
        head.number
    ))
}

async fn clock(settings: &Settings, pool: &Pool) -> Finding {
    let head = pool.latest().await.map_err(|error| error.to_string())?;
    if settings.profile.kind == Kind::Local {
        return Ok("a local chain's is its own".to_owned());
    }
    skew(store::unix_now(), head.timestamp)
}

/// Both in unix seconds.
fn skew(here: u64, head: u64) -> Finding {
    if head > here.saturating_add(MOST_AHEAD) {
        let ahead = head.saturating_sub(here);
        return Err(format!(
            "the chain's head is {ahead} s ahead: this machine's clock is slow; let it follow a time server"
        ));
    }
    let age = here.saturating_sub(head);
    if age > MOST_AGE {
        return Err(format!(
            "the chain's head is {age} s old: the endpoints are behind, the chain stands, or this machine's clock is fast"
        ));
    }
    Ok(format!("the chain's head is {age} s old"))
}

async fn deployment(settings: &Settings) -> Finding {
    let place = Place::open(settings).await.map_err(say)?;
    let side = |name: &str, contract: &str| {
        let at = place.deployment.part(contract)?;
        Some(format!(" {name} {at},"))
    };
    Ok(format!(
        "`{}`,{}{} every code hash matches",
        place.deployment.name,
        side("minter", "LiquidMinter").unwrap_or_default(),
        side("basket", "Basket").unwrap_or_default()
    ))
}

/// Whether an index can be made anew from the deployment's first block on: a pruned node has forgotten it, or its logs.
async fn history(settings: &Settings, pool: &Pool) -> Finding {
    let place = Deployment::load(
        &settings.deployments,
        settings.profile.chain_id,
        &settings.deployment,
    )
    .map_err(say)?;
    let first = place.block;
    let advice = "an index begins there; add an endpoint that keeps all blocks";
    let filter = LogFilter {
        addresses: place.contracts.values().map(|one| one.address).collect(),
        ..LogFilter::default()
    };
    let reader = LogReader::new(pool.clone(), filter);
    reader
        .range(first, first)
        .await
        .map_err(|error| format!("block {first} cannot be read ({error}): {advice}"))?;
    for (name, contract) in &place.contracts {
        let Some(hash) = contract.transaction else {
            continue;
        };
        let receipt = pool.receipt(hash).await;
        if receipt.map_err(|error| error.to_string())?.is_none() {
            return Err(format!("the receipt of {name} ({hash}) is gone: {advice}"));
        }
    }
    Ok(format!("all there from block {first} on"))
}

async fn gas(pool: &Pool, account: Address) -> Finding {
    let balance = pool.balance(account, BlockId::latest()).await;
    enough(account, balance.map_err(|error| error.to_string())?)
}

fn enough(account: Address, balance: U256) -> Finding {
    let has = format!("{account} has {} coins", format_ether(balance));
    if balance < U256::from(LEAST_GAS) {
        return Err(format!("{has} for gas: send it some"));
    }
    Ok(has)
}

/// Whether the folder takes a file; one that is not there yet is made by the first command that needs it.
fn folder(settings: &Settings) -> Finding {
    let path = &settings.data_dir;
    let shown = path.display();
    if !path.exists() {
        return Ok(format!("{shown} is not there yet"));
    }
    tempfile::tempfile_in(path)
        .map(|_| format!("{shown} takes files"))
        .map_err(|error| {
            format!("{shown} takes no file ({error}): make room, or give the folder to this user")
        })
}

async fn database(settings: &Settings) -> Finding {
    let path = settings.data_dir.join(DATABASE);
    if !path.exists() {
        return Ok("none yet".to_owned());
    }
    store::Reader::open(&path)
        .await
        .map(|_| format!("{} has this program's tables", path.display()))
        .map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_said_with_its_direction() {
        assert!(skew(1_000, 400).is_ok() && skew(1_000, 1_060).is_ok());
        let slow = skew(1_000, 1_061).unwrap_err();
        assert!(
            slow.contains("61 s ahead") && slow.contains("slow"),
            "{slow}"
        );
        let fast = skew(1_000, 399).unwrap_err();
        assert!(
            fast.contains("601 s old") && fast.contains("fast"),
            "{fast}"
        );
    }

    #[test]
    fn less_than_a_coin_is_too_little_for_gas() {
        let coin = U256::from(LEAST_GAS);
        assert!(enough(Address::ZERO, coin).is_ok());
        let low = enough(Address::ZERO, coin / U256::from(2)).unwrap_err();
        assert!(low.contains("0.5") && low.contains("gas"), "{low}");
    }
}
