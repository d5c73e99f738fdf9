//! `omnibus simulate`: what a ladder of buckets, a buffer and keepers make of a demand.

pub mod demand;
pub mod flags;
mod gas;
mod page;
mod summary;

use crate::{
    args::Simulate,
    error::{Problem, Result},
    output::{Bar, Output},
};
use demand::Source;
use flags::Goal;
use gas::Gas;
use model::{
    Bps, MAX_BUCKETS, Params,
    sim::{self, Keeper, Paid, Plan, Pool, Report, Trial, Watch},
};
use std::{fs::File, path::Path};
use summary::Summary;

/// Moves the bar, and writes a line for each queued exit.
struct Looker<'a> {
    bar: &'a Bar,
    csv: Option<csv::Writer<File>>,
    failed: Option<csv::Error>,
}

impl Watch for Looker<'_> {
    fn passed(&mut self, _: u64) {
        self.bar.done();
    }

    fn paid(&mut self, paid: &Paid) {
        if let Some(csv) = &mut self.csv
            && self.failed.is_none()
        {
            let line =
                [paid.requested, paid.promised, paid.paid].map(|seconds| seconds.to_string());
            self.failed = csv.write_record(line).err();
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Problem::Argument`] for a plan that cannot be, [`Problem::Config`] and [`Problem::Store`] for demand that does not read,
/// [`Problem::Unreached`] when no ladder reaches the goal.
pub async fn run(args: &Simulate, out: Output) -> Result<()> {
    let plan = plan(args)?;
    plan.check().map_err(wrong)?;
    let source = demand::source(args).await?;
    let gas = Gas::measured()?;
    let (plan, trials) = match &args.optimize {
        Some(goal) => search(&plan, &source, goal, out)?,
        None => (plan, Vec::new()),
    };
    let report = play(&plan, &source, args.csv.as_deref(), out)?;
    let summary = Summary::new(args, &plan, &report, &gas, &trials);
    if let Some(path) = &args.html {
        std::fs::write(path, page::html(&summary, &report))
            .map_err(Problem::io(path.display().to_string()))?;
    }
    out.result(&summary, Summary::text);
    Ok(())
}

/// The flags as the model's plan.
fn plan(args: &Simulate) -> Result<Plan> {
    let coins = |flag: &str, amount: crate::amount::Amount| {
        let coins = model::Assets::new(amount.0);
        if coins > model::MAX_AMOUNT {
            return Err(Problem::Argument {
                what: format!("--{flag} {amount}"),
                reason: "more than 2^96 - 1 wei".to_owned(),
            });
        }
        Ok(coins)
    };
    for (flag, size) in [
        ("exit-size", args.exit_size),
        ("deposit-size", args.deposit_size),
    ] {
        coins(flag, size)?;
    }
    let [min_fee, max_fee] = args.instant_fees[..] else {
        return Err(Problem::Unexpected("two instant fees".to_owned()));
    };
    let mut outages = args.outage.clone();
    outages.sort_unstable();
    let mut slashes = args.slash.clone();
    slashes.sort_unstable();
    let pool = args.pool.map(|amount| {
        Ok::<_, Problem>(Pool {
            coins: coins("pool", amount)?,
            fee: Bps::new(args.pool_fee),
            slippage: Bps::new(args.slippage),
            recovery: args.pool_recovery.0,
        })
    });
    Ok(Plan {
        validators: args.validators,
        buckets: args.buckets,
        pot: coins("pot", args.pot)?,
        cooldown: args.cooldown.0,
        params: Params {
            withhold: Bps::new(args.withhold),
            min_instant_fee: Bps::new(min_fee),
            max_instant_fee: Bps::new(max_fee),
            threshold: coins("threshold", args.threshold)?,
            interval: args.interval.0,
            min_stake: coins("min-stake", args.min_stake)?,
            keeper_grace: args.grace.0,
            safety: args.safety.0,
            ..Params::default()
        },
        keeper: Keeper {
            cadence: args.cadence.0,
            outages,
            ..Keeper::default()
        },
        slashes,
        pool: pool.transpose()?,
        span: args.span.0,
        ..Plan::default()
    })
}

/// The model's words about a plan, in those of the command line.
fn wrong(problem: sim::Problem) -> Problem {
    match problem {
        sim::Problem::Plan {
            field,
            value,
            reason,
        } => {
            let flag = match field {
                "min_instant_fee" | "max_instant_fee" => "instant-fees".to_owned(),
                field => field.replace('_', "-"),
            };
            Problem::Argument {
                what: format!("--{flag} {value}"),
                reason,
            }
        }
        problem @ sim::Problem::Lost { .. } => Problem::Argument {
            what: "--slash".to_owned(),
            reason: problem.to_string(),
        },
        other => Problem::unexpected(other),
    }
}

fn play(plan: &Plan, source: &Source, csv: Option<&Path>, out: Output) -> Result<Report> {
    let bar = out.bar(u64::from(plan.samples));
    bar.step(format!(
        "{} buckets for each of {} validators",
        plan.buckets, plan.validators
    ));
    let failed = |path: &Path| {
        let what = path.display().to_string();
        move |error: csv::Error| Problem::Io {
            what,
            source: std::io::Error::other(error),
        }
    };
    let csv = csv.map(|path| {
        let mut writer = csv::Writer::from_path(path).map_err(failed(path))?;
        writer
            .write_record(["requested", "promised", "paid"])
            .map_err(failed(path))?;
        Ok::<_, Problem>((path, writer))
    });
    let (path, writer) = csv.transpose()?.unzip();
    let mut looker = Looker {
        bar: &bar,
        csv: writer,
        failed: None,
    };
    let report = sim::run(plan, source.play(), &mut looker).map_err(wrong)?;
    bar.finish();
    if let Some(path) = path {
        if let Some(error) = looker.failed {
            return Err(failed(path)(error));
        }
        if let Some(mut writer) = looker.csv {
            writer
                .flush()
                .map_err(Problem::io(path.display().to_string()))?;
        }
    }
    Ok(report)
}

/// The shortest ladder that reaches the goal, and what was tried.
fn search(plan: &Plan, source: &Source, goal: &Goal, out: Output) -> Result<(Plan, Vec<Trial>)> {
    let most = usize::try_from(MAX_BUCKETS).unwrap_or(usize::MAX);
    let mut failed = None;
    let attempt = |plan: &Plan| {
        play(plan, source, None, out).map_err(|problem| {
            let said = problem.to_string();
            failed = Some(problem);
            sim::Problem::Plan {
                field: "plan",
                value: plan.buckets.to_string(),
                reason: said,
            }
        })
    };
    let trials = sim::cheapest(plan, most, attempt, |report| goal.holds(report));
    let trials = trials.map_err(|problem| failed.unwrap_or_else(|| wrong(problem)))?;
    let best = trials
        .iter()
        .filter(|trial| trial.holds)
        .map(|trial| trial.buckets)
        .min();
    let Some(buckets) = best else {
        let nearest = trials
            .iter()
            .map(|trial| goal.reached(&trial.report.waits))
            .min();
        return Err(Problem::Unreached {
            goal: goal.to_string(),
            most: MAX_BUCKETS,
            nearest: flags::Seconds(nearest.unwrap_or_default()).to_string(),
        });
    };
    let plan = Plan {
        buckets,
        ..plan.clone()
    };
    Ok((plan, trials))
}
