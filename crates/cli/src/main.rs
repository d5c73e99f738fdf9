//! `omnibus`: deploys, runs, operates and demonstrates liquid staking and the basket. See `omnibus --help` and docs/src/runbook.md.

mod abi;
mod amount;
mod args;
mod artifact;
mod basket;
mod config;
mod demo;
mod deploy;
mod deployment;
mod director;
mod doctor;
mod error;
mod gov;
mod investors;
mod journal;
mod keys;
mod lock;
mod node;
mod ops;
mod output;
mod plan;
mod profile;
mod receipt;
mod refusal;
mod replay;
mod run;
mod session;
mod simulate;
mod smoke;
mod uniswap;
mod user;
mod users;
mod vault;

use args::{Cli, Command};
use clap::{CommandFactory as _, Parser as _};
use config::Settings;
use error::{Problem, Result};
use output::{Mode, Output};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let out = Output::new(match (cli.common.json, cli.common.quiet) {
        (true, _) => Mode::Json,
        (_, true) => Mode::Quiet,
        _ => Mode::Human,
    });
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Problem::io("the runtime"))
        .and_then(|runtime| runtime.block_on(command(cli, out)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            out.problem(&problem);
            ExitCode::from(problem.exit_code())
        }
    }
}

async fn command(cli: Cli, out: Output) -> Result<()> {
    if let Command::Completions { shell } = cli.command {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "omnibus", &mut text);
        out.line(String::from_utf8_lossy(&text));
        return Ok(());
    }
    let settings = Settings::resolve(&cli.common)?;
    match cli.command {
        Command::Completions { .. } => Ok(()),
        Command::Deploy(args) => deploy::run(&settings, &args, out).await,
        Command::Ops(command) => ops::run(&settings, command, out).await,
        Command::User(command) => user::run(&settings, command, out).await,
        Command::Basket(command) => basket::run(&settings, command, out).await,
        Command::Gov(command) => gov::run(&settings, command, out).await,
        Command::Replay(args) => replay::run(&args.file, args.anvil.as_deref(), out).await,
        Command::Doctor => doctor::run(&settings, out).await,
        Command::Demo(args) => demo::run(settings, args, out).await,
        Command::Run(args) => run::run(&settings, args, out).await,
        Command::Simulate(args) => simulate::run(&args, out).await,
        Command::Migrate => run::migrate(&settings, out).await,
    }
}
