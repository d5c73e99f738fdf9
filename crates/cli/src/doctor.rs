//! `omnibus doctor`: looks at everything a command needs and says which part is wrong. It changes nothing.

use crate::{
    config::Settings,
    error::{Problem, Result},
    keys,
    node::Anvil,
    output::Output,
    session::{Place, connect},
};
use serde::Serialize;

#[derive(Serialize)]
struct Check {
    what: &'static str,
    ok: bool,
    found: String,
}

/// `omnibus doctor`
///
/// # Errors
/// [`Problem::Stopped`] when something is wrong, after all checks were shown.
pub async fn run(settings: &Settings, out: Output) -> Result<()> {
    let mut checks = Vec::new();
    let mut add = |what, result: std::result::Result<String, String>| {
        let ok = result.is_ok();
        checks.push(Check {
            what,
            ok,
            found: result.unwrap_or_else(|reason| reason),
        });
    };
    let say = |problem: Problem| match problem.hint() {
        Some(hint) => format!("{problem}; {hint}"),
        None => problem.to_string(),
    };
    add(
        "profile",
        Ok(format!(
            "{} (chain {})",
            settings.profile.name, settings.profile.chain_id
        )),
    );
    add(
        "chain",
        match connect(settings).await {
            Ok(pool) => {
                let up = pool
                    .status()
                    .iter()
                    .filter(|endpoint| endpoint.verified)
                    .count();
                let head = pool.latest().await.map_or_else(
                    |error| error.to_string(),
                    |block| format!("head {}", block.number),
                );
                Ok(format!(
                    "{up} of {} endpoints, {head}",
                    settings.endpoints.len()
                ))
            }
            Err(problem) => Err(say(problem)),
        },
    );
    add(
        "deployment",
        match Place::open(settings).await {
            Ok(place) => {
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
            Err(problem) => Err(say(problem)),
        },
    );
    add(
        "key",
        keys::signer(settings)
            .map(|key| key.address().to_string())
            .map_err(say),
    );
    if settings.profile.kind == crate::profile::Kind::Local {
        add(
            "anvil",
            Anvil::find(None)
                .map(|path| path.display().to_string())
                .map_err(say),
        );
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
