//! `omnibus demo`: a world of its own. Everything it keeps is in one folder; `--fresh` forgets it.

use crate::{
    amount::Amount,
    args,
    config::Settings,
    deploy,
    deployment::Deployment,
    director,
    error::{Problem, Result},
    investors,
    journal::Journal,
    keys,
    lock::Lock,
    node::{Anvil, clock_step, free_port, run_clock},
    output::{LogLevel, Output},
    run,
    session::Place,
    users::{self, Counts},
};
use alloy::primitives::{U256, uint};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::task::JoinSet;

/// Name of the demo's deployment.
const NAME: &str = "demo";
/// Coins, and as many tokens, in the demo's AMM pool.
const POOL: U256 = uint!(2_000_000_000_000_000_000_000_U256);
/// Coins in the demo's first-loss reserve.
const RESERVE: U256 = uint!(250_000_000_000_000_000_000_U256);
/// Simulated investors of the basket, at most: each look of theirs reads a dozen values.
const INVESTORS: u16 = 4;
/// How often a line says what the users have done.
const REPORT: Duration = Duration::from_secs(60);

/// `omnibus demo`
///
/// # Errors
/// [`Problem::MissingTool`], [`Problem::NoWebApp`], [`Problem::PortInUse`], [`Problem::Locked`]; later whatever part of
/// the world stops first.
pub async fn run(mut settings: Settings, args: args::Demo, out: Output) -> Result<()> {
    let folder = settings.data_dir.join("demo");
    // The demo speaks for itself; what it says must not drown in what is usual.
    out.log(settings.file.log.level.unwrap_or(LogLevel::Warn));
    // All that can be wrong with the machine is said before anything is started.
    let program = Anvil::find(args.anvil.as_deref())?;
    let web = web_app(args.web.as_deref())?;
    let _lock = Lock::take(&folder)?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(args.port)?));
    if args.fresh {
        forget(&folder)?;
    }

    let again = folder.join("state.json").exists();
    free_port(args.chain_port)?;
    out.note(if again {
        "going on where the last demo stopped (--fresh begins anew)"
    } else {
        "starting a local chain"
    });
    let (anvil, pool) = Anvil::start(&program, args.chain_port, &folder.join("state.json")).await?;
    settings.profile = crate::profile::Profile::load("local")?;
    settings.endpoints = vec![anvil.url().parse().map_err(Problem::unexpected)?];
    settings.deployment = NAME.to_owned();
    settings.deployments = folder.join("deployments");
    settings.data_dir = folder.clone();
    settings.keystore = None;

    let result = world(&settings, &args, &pool, anvil.url(), web, listen, out).await;
    out.note("stopping; the chain's state is kept");
    let stopped = anvil.stop().await;
    result.and(stopped)
}

#[allow(clippy::too_many_arguments, reason = "one call site")]
async fn world(
    settings: &Settings,
    args: &args::Demo,
    pool: &chain::Pool,
    chain_url: &str,
    web: PathBuf,
    listen: SocketAddr,
    out: Output,
) -> Result<()> {
    if !Deployment::path(&settings.deployments, settings.profile.chain_id, NAME).exists() {
        deploy::deploy(
            settings,
            &args::Deploy {
                pool: Some(Amount(POOL)),
                ..args::Deploy::default()
            },
            deploy::Ask::Quietly,
            out,
        )
        .await?;
    }
    let place = Place::open(settings).await?;
    let site = place.liquid()?;
    let basket = place.basket().map_err(|_| Problem::Argument {
        what: "--fresh".to_owned(),
        reason: "the demo that was left here has no basket; begin anew".to_owned(),
    })?;
    users::fund(pool, args.seed, args.users).await?;

    let options = run::Options {
        listen,
        web: Some(web),
        keeper: args::KeeperMode::On,
        // Visitors are to see a request become claimable, and to claim it.
        jobs: [(keeper::Job::Push, keeper::Mode::Off)].into(),
        signer: Some(keys::published("keeper")?),
        clock_factor: args.speed,
        public_rpc_url: chain_url.to_owned(),
    };
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let mut service = run::start(settings, &place, options, stopping).await?;
    let counts = Arc::new(Counts::default());
    let mut tasks = JoinSet::new();
    // One journal for all of them: they are one process.
    let folder = settings.data_dir.join("users");
    let journal = Journal::open(&folder, Lock::take(&folder)?, pool, settings.profile.kind).await?;
    users::endow(site.clone(), &journal, RESERVE).await?;
    for index in 0..args.users {
        let (site, counts, journal) = (site.clone(), counts.clone(), journal.clone());
        let (seed, users) = (args.seed, args.users);
        tasks.spawn(async move { users::live(site, journal, seed, index, users, counts).await });
    }
    let invested = Arc::new(investors::Counts::default());
    investors::fund(
        &basket,
        &journal,
        settings,
        args.seed,
        INVESTORS.min(args.users),
    )
    .await?;
    for index in 0..INVESTORS.min(args.users) {
        let (site, counts, journal) = (basket.clone(), invested.clone(), journal.clone());
        let (seed, settings) = (args.seed, settings.clone());
        tasks.spawn(
            async move { investors::live(site, journal, settings, seed, index, counts).await },
        );
    }
    tasks.spawn(director::play(
        basket,
        journal,
        settings.clone(),
        args.seed,
        out,
    ));
    tasks.spawn(report(counts, invested, out));
    tasks.spawn(run_clock(pool.clone(), args.speed));
    welcome(args, chain_url, service.local_addr(), out);

    let ended = tokio::select! {
        () = run::asked_to_stop() => Ok(()),
        Some(ended) = tasks.join_next() => ended.map_err(Problem::unexpected).and_then(|result| result),
        ended = service.failed() => Err(ended),
    };
    tasks.shutdown().await;
    let _ = stop.send(true);
    service.finish().await;
    ended
}

/// Real seconds of a day of the chain: its clock is slower at dusk.
fn day(speed: u64) -> u64 {
    let (mut now, mut seconds) = (0_u64, 0_u64);
    while now < 86_400 {
        now = now.saturating_add(clock_step(now, speed));
        seconds = seconds.saturating_add(1);
    }
    seconds
}

fn welcome(args: &args::Demo, chain_url: &str, addr: SocketAddr, out: Output) {
    let cooldown = 21 * day(args.speed);
    out.line(format!("
  Open http://{addr}

  One real second is {} seconds there (900 at most in a day's last hour, in which baskets delegate): a day takes {} s,
  a cooldown of 21 days {} min {} s.
  Wallet: add the network {chain_url} (chain 31337) and import anvil's second published key
          0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d (worthless anywhere else).
  Try:    deposit on *Stake*, into the wallet or the vault; watch it go into buckets on *Validators*; leave on *Exit*,
          by buffer, pool and queue; hand a queued exit on as a receipt; see the keepers sweep and pay on *Operate*; claim.
  Or:     omnibus --rpc-url {chain_url} --deployments .omnibus/demo/deployments --deployment demo user deposit 10
          (likewise: user redeem 4, user requests, user claim, ops status; basket info, basket deposit core 10,
          basket quote 5, basket exit 5 --in-kind, gov proposals)
  {} simulated users are at work. Ctrl-C stops; `make demo` again goes on; `make demo ARGS=--fresh` begins anew.
",
        args.speed, day(args.speed), cooldown / 60, cooldown % 60, args.users
    ));
}

async fn report(counts: Arc<Counts>, invested: Arc<investors::Counts>, out: Output) -> Result<()> {
    let of = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(REPORT).await;
        out.note(format!(
            "users so far: {} deposits, {} transfers, {} exits, {} in or out of the vault, {} receipts, {} claims ({} refused)",
            of(&counts.deposits),
            of(&counts.transfers),
            of(&counts.exits),
            of(&counts.vault),
            of(&counts.receipts),
            of(&counts.claims),
            of(&counts.refused)
        ));
        out.note(format!(
            "investors so far: {} deposits, {} in kind; out: {} at once, {} in kind, {} requests, {} taken back; {} claims ({} refused)",
            of(&invested.deposits),
            of(&invested.mints),
            of(&invested.instant),
            of(&invested.in_kind),
            of(&invested.requests),
            of(&invested.cancelled),
            of(&invested.claims),
            of(&invested.refused)
        ));
    }
}

fn web_app(given: Option<&Path>) -> Result<PathBuf> {
    let path = given.unwrap_or(Path::new("web/dist")).to_owned();
    if path.join("index.html").is_file() {
        Ok(path)
    } else {
        Err(Problem::NoWebApp { path })
    }
}

/// Removes what an earlier demo left, but not the lock that we hold.
fn forget(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)
        .map_err(Problem::io(folder.display().to_string()))?
        .flatten()
    {
        let path = entry.path();
        let removed = match (entry.file_name() == "lock", path.is_dir()) {
            (true, _) => Ok(()),
            (_, true) => std::fs::remove_dir_all(&path),
            _ => std::fs::remove_file(&path),
        };
        removed.map_err(Problem::io(path.display().to_string()))?;
    }
    Ok(())
}
