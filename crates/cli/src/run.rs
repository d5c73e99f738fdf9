//! `omnibus run`: index, alerts, keepers, API and web app in one process on one database.

use crate::{
    args::{self, KeeperMode},
    config::{self, Settings},
    deployment::Deployment,
    error::{Problem, Result},
    journal::{self, Journal},
    keys,
    lock::Lock,
    output::Output,
    profile::Kind,
    session::Place,
};
use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use chain::SensitiveUrl;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::Store;
use tokio::{
    sync::watch::{Receiver, channel},
    task::JoinSet,
};
use watch::Channel;

/// Turns true when everything should stop.
pub type Stopping = Receiver<bool>;

/// The variable with the secret that signs webhooks.
const WEBHOOK_SECRET: &str = "OMNIBUS_WEBHOOK_SECRET";
/// The variable with the token of the Telegram bot.
const TELEGRAM_TOKEN: &str = "OMNIBUS_TELEGRAM_TOKEN";
/// The variables with which the mail server is logged in to.
const SMTP_USER: &str = "OMNIBUS_SMTP_USER";
const SMTP_PASSWORD: &str = "OMNIBUS_SMTP_PASSWORD";
/// The variable with PagerDuty's integration key.
const PAGERDUTY_KEY: &str = "OMNIBUS_PAGERDUTY_KEY";
/// Telegram's own bot server.
const TELEGRAM: &str = "https://api.telegram.org";
/// PagerDuty's first region.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";
/// The keeper looks at a fast local chain this often, milliseconds.
const FASTEST_TICK_MS: u64 = 500;
/// Where the server listens unless told otherwise.
const PORT: u16 = 8080;
/// Name of the database in the data folder.
pub(crate) const DATABASE: &str = "omnibus.sqlite";

/// How to run.
#[derive(Debug)]
pub struct Options {
    /// Where API and web app listen.
    pub listen: SocketAddr,
    /// Built web app.
    pub web: Option<PathBuf>,
    /// What the keeper does.
    pub keeper: KeeperMode,
    /// What single jobs do instead, never more than that.
    pub jobs: BTreeMap<keeper::Job, keeper::Mode>,
    /// The keeper's key; needed when it is on.
    pub signer: Option<PrivateKeySigner>,
    /// Chain seconds per real second.
    pub clock_factor: u64,
    /// For visitors' wallets.
    pub public_rpc_url: String,
}

/// The running parts.
#[derive(Debug)]
pub struct Service {
    addr: SocketAddr,
    /// The keeper's key is ours alone while this lives.
    _key: Option<Journal>,
    parts: JoinSet<(&'static str, std::result::Result<(), String>)>,
}

impl Service {
    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits until a part ends, which none should.
    pub async fn failed(&mut self) -> Problem {
        match self.parts.join_next().await {
            Some(Ok((part, result))) => Problem::Stopped {
                part,
                reason: result
                    .err()
                    .unwrap_or_else(|| "it came to its end".to_owned()),
            },
            Some(Err(error)) => Problem::unexpected(error),
            None => Problem::Unexpected("nothing runs".to_owned()),
        }
    }

    /// Waits until the parts have seen that they should stop.
    pub async fn finish(mut self) {
        while self.parts.join_next().await.is_some() {}
    }
}

/// `omnibus run`
///
/// # Errors
/// See [`start`]; later whatever part stops first.
pub async fn run(settings: &Settings, args: args::Run, out: Output) -> Result<()> {
    out.log(settings.file.log.level.unwrap_or_default());
    let _lock = Lock::take(&settings.data_dir)?;
    let place = Place::open(settings).await?;
    let api = &settings.file.api;
    let keeper = args
        .keeper
        .or(settings.file.keeper.mode)
        .unwrap_or(KeeperMode::DryRun);
    let public = settings
        .file
        .chain
        .public_rpc_url
        .clone()
        .or_else(|| settings.profile.public_rpc_url.clone());
    let options = Options {
        listen: args
            .listen
            .or(api.listen)
            .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))),
        web: args.web.or_else(|| api.web.clone()),
        keeper,
        jobs: settings.file.keeper.jobs.clone(),
        signer: if keeper == KeeperMode::On {
            Some(keys::signer(settings)?)
        } else {
            None
        },
        clock_factor: args.clock_factor,
        // Without one of its own a local chain is its own public endpoint; a real one may have a key in it.
        public_rpc_url: match public {
            Some(url) => url,
            None if settings.profile.kind == Kind::Local => settings
                .endpoints
                .first()
                .map(|url| url.expose().to_string())
                .unwrap_or_default(),
            None => {
                return Err(Problem::Argument {
                    what: "public_rpc_url".to_owned(),
                    reason: "visitors' wallets need an endpoint: set [chain] public_rpc_url in omnibus.toml".to_owned(),
                });
            }
        },
    };
    let (stop, stopping) = channel(false);
    let mut service = start(settings, &place, options, stopping).await?;
    out.line(format!("listening on http://{}", service.local_addr()));
    let ended = tokio::select! {
        () = asked_to_stop() => Ok(()),
        problem = service.failed() => Err(problem),
    };
    let _ = stop.send(true);
    service.finish().await;
    ended
}

/// Starts every part. They stop when `stopping` turns true.
///
/// # Errors
/// [`Problem::KeyBusy`], [`Problem::PortInUse`], [`Problem::NoWebApp`], and what database and settings say.
pub async fn start(
    settings: &Settings,
    place: &Place,
    options: Options,
    stopping: Stopping,
) -> Result<Service> {
    let sides = Sides::of(place)?;
    let key = match &options.signer {
        Some(signer) if options.keeper == KeeperMode::On => {
            Some(take_key(settings, place, signer).await?)
        }
        _ => None,
    };
    let store = open_store(settings).await?;
    let server = bind(settings, place, &sides, &options, &store).await?;
    let addr = server.local_addr();
    let mut parts = JoinSet::new();
    let fast = settings.profile.kind == Kind::Local;

    let contracts = watch::Contracts {
        liquid: sides.liquid,
        basket: sides.basket,
        first_block: place.deployment.block,
    };
    let source = format!("{}/{}", settings.profile.name, settings.deployment);
    let configured = &settings.file.alerts;
    let channels = channels(configured, source, |var| std::env::var(var).ok())?;
    let alerts = Arc::new(
        watch::AlertManager::new(
            watch::Rules::shipped().map_err(stop_of("alerts"))?,
            &channels,
        )
        .map_err(stop_of("alerts"))?,
    );
    let pace = watch::IndexerConfig {
        poll: if fast {
            Duration::from_millis(200)
        } else {
            Duration::from_secs(2)
        },
        ..watch::IndexerConfig::default()
    };
    let indexer = watch::Indexer::new(
        place.pool.clone(),
        store.clone(),
        contracts,
        Arc::clone(&alerts),
        pace,
    )
    .map_err(stop_of("index"))?;
    let monitor = watch::Monitor::new(
        place.pool.clone(),
        store.clone(),
        contracts,
        alerts,
        indexer.status(),
        watch::MonitorConfig {
            every: if fast {
                Duration::from_secs(2)
            } else {
                Duration::from_secs(60)
            },
            gas_accounts: place
                .deployment
                .roles
                .get("keeper")
                .copied()
                .into_iter()
                .collect(),
        },
    );
    let deliverer = watch::Deliverer::new(store.clone(), channels).map_err(stop_of("alerts"))?;
    spawn(&mut parts, "index", stopping.clone(), async move {
        indexer.run().await
    });
    if let Some(heartbeat) = &configured.heartbeat {
        let every = Duration::from_secs(heartbeat.every_s.get());
        let heartbeat = watch::Heartbeat::new(heartbeat.url.clone(), every, monitor.looks())
            .map_err(stop_of("heartbeat"))?;
        spawn(&mut parts, "heartbeat", stopping.clone(), async move {
            heartbeat.run().await;
            Ok::<_, Infallible>(())
        });
    }
    spawn(&mut parts, "monitor", stopping.clone(), async move {
        monitor.run().await
    });
    spawn(&mut parts, "alerts", stopping.clone(), async move {
        deliverer.run().await
    });

    if options.keeper != KeeperMode::Off {
        let mode = if options.keeper == KeeperMode::On {
            keeper::Mode::On
        } else {
            keeper::Mode::DryRun
        };
        let mut config = keeper::Config {
            minter: sides.liquid.map(|at| at.minter),
            basket: sides.basket,
            ..keeper::Config::default()
        }
        .with_all(mode);
        for (job, own) in options.jobs {
            config.jobs.insert(job, mode.min(own));
        }
        // The seeds' cadence is five minutes of the chain's time; a fast chain needs it sooner by ours.
        config.tick_ms = (config.tick_ms / options.clock_factor.max(1)).max(FASTEST_TICK_MS);
        if fast {
            config.send.poll_ms = config.send.poll_ms.min(FASTEST_TICK_MS);
        }
        if mode == keeper::Mode::DryRun {
            config.simulate_from = place.deployment.roles.get("keeper").copied();
        }
        let signer = options
            .signer
            .filter(|_| mode == keeper::Mode::On)
            .map(|key| Arc::new(key) as keeper::DynSigner);
        let (store, pool, stop) = (store.clone(), place.pool.clone(), stopped(stopping.clone()));
        parts.spawn(async move {
            let result = keeper::Keeper::run(config, store, pool, signer, stop).await;
            ("keeper", result.map_err(|error| error.to_string()))
        });
    } else {
        keeper::note_off(&store, |_| true)
            .await
            .map_err(stop_of("keeper"))?;
    }
    let stop = stopped(stopping);
    parts.spawn(async move {
        (
            "api",
            server.run(stop).await.map_err(|error| error.to_string()),
        )
    });
    Ok(Service {
        addr,
        _key: key,
        parts,
    })
}

/// Keeps commands from sending with the keeper's key, and waits for what one of them left on its way.
async fn take_key(settings: &Settings, site: &Place, signer: &PrivateKeySigner) -> Result<Journal> {
    let folder = journal::folder(&settings.data_dir, &site.pool, signer.address());
    let lock = journal::hold_key(&folder, signer.address())?;
    let journal = Journal::open(&folder, lock, &site.pool, settings.profile.kind).await?;
    let hand = journal.hand(&site.pool, signer.clone())?;
    for entry in hand.unfinished().await? {
        tracing::warn!(
            what = entry.attempt.reason,
            "a command was cut short; waiting for it"
        );
        hand.finish(&entry).await?;
    }
    Ok(journal)
}

/// Runs a part until it ends or is asked to stop. Each of them may be dropped at any moment.
fn spawn<E: std::fmt::Display + Send + 'static>(
    parts: &mut JoinSet<(&'static str, std::result::Result<(), String>)>,
    name: &'static str,
    stopping: Stopping,
    part: impl Future<Output = std::result::Result<(), E>> + Send + 'static,
) {
    parts.spawn(async move {
        tokio::select! {
            result = part => (name, result.map_err(|error| error.to_string())),
            () = stopped(stopping) => (name, Ok(())),
        }
    });
}

fn stop_of<E: std::fmt::Display>(part: &'static str) -> impl FnOnce(E) -> Problem {
    move |error| Problem::Stopped {
        part,
        reason: error.to_string(),
    }
}

/// Where the two sides of a deployment are.
struct Sides {
    liquid: Option<watch::Liquid>,
    basket: Option<chain::BasketContracts>,
}

impl Sides {
    fn of(place: &Place) -> Result<Self> {
        let deployment = &place.deployment;
        let liquid = if deployment.part("LiquidMinter").is_some() {
            let site = place.liquid()?;
            Some(watch::Liquid {
                minter: site.minter,
                token: site.token,
                rewards: deployment.address("LiquidRewards")?,
                factory: deployment.address("BucketFactory")?,
                staking: staking(deployment)?,
                parts: watch::Parts {
                    vault: deployment.part("LiquidVault"),
                    coin_vault: deployment.part("LiquidCoinVault"),
                    receipts: deployment.part("LiquidReceipts"),
                    route: deployment.part("AmmRoute"),
                    converter: deployment.part("RewardConverter"),
                },
            })
        } else {
            None
        };
        let basket = if deployment.part("Basket").is_some() {
            Some(place.basket()?.at)
        } else {
            None
        };
        Ok(Self { liquid, basket })
    }
}

/// The staking system, real or a stand-in.
fn staking(deployment: &Deployment) -> Result<Address> {
    match deployment.part("LocalStaking") {
        Some(stand_in) => Ok(stand_in),
        None => deployment.address("Staking"),
    }
}

/// Where alerts go. Secrets come from the `environment` and are in no message.
fn channels(
    alerts: &config::Alerts,
    source: String,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<watch::Channels> {
    // An empty secret would serve, and be none.
    let found = |var| environment(var).filter(|value| !value.is_empty());
    let secret = |var| {
        let value = found(var).ok_or(Problem::MissingSecret { var })?;
        Ok::<_, Problem>(watch::Secret::new(value))
    };
    let address = |own: &Option<SensitiveUrl>, shipped: &str| match own {
        Some(url) => Ok(url.clone()),
        None => shipped.parse().map_err(Problem::unexpected),
    };
    let mut channels = BTreeMap::new();
    let mut add = |name: &str, channel| {
        channels.insert(name.to_owned(), channel);
    };
    if let Some(url) = alerts.webhook.clone() {
        let secret = secret(WEBHOOK_SECRET)?;
        add("webhook", Channel::Webhook(watch::Webhook { url, secret }));
    }
    if let Some(url) = alerts.slack.clone() {
        add("slack", Channel::Slack(url));
    }
    if let Some(url) = alerts.discord.clone() {
        add("discord", Channel::Discord(url));
    }
    if let Some(bot) = &alerts.telegram {
        let api = address(&bot.api, TELEGRAM)?;
        let token = secret(TELEGRAM_TOKEN)?;
        let bot = watch::Telegram::new(&api, &token, bot.chat.clone());
        add(
            "telegram",
            Channel::Telegram(bot.map_err(Problem::unexpected)?),
        );
    }
    if let Some(email) = &alerts.email {
        let server = watch::MailServer {
            host: email.host.clone(),
            port: email.port,
            tls: email.tls,
        };
        let login = match found(SMTP_USER) {
            Some(user) => Some((user, secret(SMTP_PASSWORD)?)),
            None if found(SMTP_PASSWORD).is_some() => {
                return Err(Problem::MissingSecret { var: SMTP_USER });
            }
            None => None,
        };
        let email = watch::Email::new(&server, email.from.clone(), email.to.clone(), login)
            .map_err(stop_of("alerts"))?;
        add("email", Channel::Email(Box::new(email)));
    }
    if let Some(service) = &alerts.pagerduty {
        let url = address(&service.url, PAGERDUTY)?;
        let routing_key = secret(PAGERDUTY_KEY)?;
        add(
            "pagerduty",
            Channel::PagerDuty(watch::PagerDuty { url, routing_key }),
        );
    }
    Ok(watch::Channels::new(channels).from_source(source))
}

async fn open_store(settings: &Settings) -> Result<Store> {
    let path = settings.data_dir.join(DATABASE);
    if !path.exists() {
        migrate_file(&path).await?;
    }
    let options = store::Options {
        reorg_window: settings.profile.reorg_window,
        ..store::Options::default()
    };
    Ok(Store::open(&path, options).await?)
}

/// `omnibus migrate`
///
/// # Errors
/// [`Problem::Store`].
pub async fn migrate(settings: &Settings, out: Output) -> Result<()> {
    let path = settings.data_dir.join(DATABASE);
    let (from, to) = migrate_file(&path).await?;
    let value = serde_json::json!({ "path": path, "from": from, "to": to });
    out.result(&value, |_| {
        format!("{}: schema {from} -> {to}", path.display())
    });
    Ok(())
}

async fn migrate_file(path: &Path) -> Result<(i64, i64)> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Problem::io(folder.display().to_string()))?;
    }
    let migrated = Store::migrate(path).await?;
    Ok((migrated.from, migrated.to))
}

async fn bind(
    settings: &Settings,
    place: &Place,
    sides: &Sides,
    options: &Options,
    store: &Store,
) -> Result<api::Server> {
    let deployment = &place.deployment;
    let part = |name: &str| deployment.part(name).map(Into::into);
    let liquid = sides.liquid.map(|at| api::LiquidContracts {
        minter: at.minter.into(),
        token: at.token.into(),
        rewards: at.rewards.into(),
        factory: at.factory.into(),
        staking: at.staking.into(),
        vault: part("LiquidVault"),
        coin_vault: part("LiquidCoinVault"),
        receipts: part("LiquidReceipts"),
        amm_route: part("AmmRoute"),
        converter: part("RewardConverter"),
    });
    let has = |name: &str| deployment.part(name).is_some();
    let mut config = api::ApiConfig::new(api::PublicConfig {
        name: deployment.name.clone(),
        chain_id: deployment.chain_id,
        chain_name: settings.profile.chain_name.clone(),
        rpc_url: options.public_rpc_url.clone(),
        explorer_url: settings.profile.explorer_url.clone(),
        native_symbol: settings.profile.native_symbol.clone(),
        lst_symbol: liquid
            .is_some()
            .then(|| settings.profile.lst_symbol.clone()),
        decimals: 18,
        contracts: api::Contracts {
            liquid,
            basket: sides.basket.map(Into::into),
        },
        deployment_block: deployment.block,
        accelerated: options.clock_factor > 1,
        clock_factor: options.clock_factor,
        features: api::Features {
            vault: has("LiquidVault"),
            amm: has("AmmRoute"),
            receipts: has("LiquidReceipts"),
            async_exit: has("LiquidCoinVault"),
            insurance: liquid.is_some(),
            liquid: liquid.is_some(),
            basket: sides.basket.is_some(),
        },
    });
    config.bind = options.listen;
    config.web_dir.clone_from(&options.web);
    config
        .allowed_origins
        .clone_from(&settings.file.api.allowed_origins);
    let auth = &settings.file.api;
    config.auth = api::AuthConfig {
        operators: hashes(&auth.operator_token_hashes)?,
        viewer_tokens: hashes(&auth.viewer_token_hashes)?,
        viewers: auth.viewers.unwrap_or(match settings.profile.kind {
            Kind::Local => api::Viewers::Everyone,
            _ => api::Viewers::Tokens,
        }),
    };
    Ok(api::Server::bind(config, store.clone(), place.pool.clone()).await?)
}

fn hashes(texts: &[String]) -> Result<Vec<api::TokenHash>> {
    let hashes: std::result::Result<_, _> = texts
        .iter()
        .map(|text| api::TokenHash::from_hex(text))
        .collect();
    Ok(hashes?)
}

async fn stopped(mut stopping: Stopping) {
    // An error means that the other side is gone: stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Returns at Ctrl-C, or when the service manager asks.
pub async fn asked_to_stop() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"
        webhook = "https://hooks.example.org/a"
        slack = "https://hooks.slack.com/services/T0/B0/key"
        discord = "https://discord.com/api/webhooks/1/key"
        [telegram]
        chat = "-1001"
        [email]
        host = "mail.example.org"
        from = "omnibus@example.org"
        to = ["ops@example.org"]
        [pagerduty]
    "#;

    fn all() -> config::Alerts {
        toml::from_str(ALL).unwrap()
    }

    #[test]
    fn o15_every_channel_takes_its_secret_from_the_environment_and_shows_none() {
        let channels = channels(&all(), "plume/main".to_owned(), |var| {
            Some(format!("value of {var}"))
        });
        let channels = channels.unwrap();
        assert_eq!(
            channels.names(),
            [
                "discord",
                "email",
                "pagerduty",
                "slack",
                "telegram",
                "webhook"
            ]
        );
        let shown = format!("{channels:?}");
        assert!(
            shown.contains("https://api.telegram.org/[redacted]"),
            "{shown}"
        );
        assert!(
            shown.contains("https://events.pagerduty.com/[redacted]"),
            "{shown}"
        );
        assert!(
            !shown.contains("value of") && !shown.contains("value%20of"),
            "{shown}"
        );
        assert!(!shown.contains("/key"), "{shown}");
    }

    #[test]
    fn a_channel_without_its_secret_is_refused_by_the_name_of_the_variable() {
        for var in [
            "OMNIBUS_WEBHOOK_SECRET",
            "OMNIBUS_TELEGRAM_TOKEN",
            "OMNIBUS_SMTP_USER",
            "OMNIBUS_SMTP_PASSWORD",
            "OMNIBUS_PAGERDUTY_KEY",
        ] {
            for missing in [None, Some(String::new())] {
                let environment = |asked: &str| {
                    if asked == var {
                        missing.clone()
                    } else {
                        Some("x".to_owned())
                    }
                };
                let problem = channels(&all(), "s".to_owned(), environment).unwrap_err();
                assert_eq!(problem.to_string(), format!("{var} is not set"));
                assert_eq!(problem.exit_code(), 3);
            }
        }
        // A mail server may want no login; channels that are not there want nothing.
        let mut alone = config::Alerts::default();
        let nothing = |_: &str| None;
        assert!(
            channels(&alone, "s".to_owned(), nothing)
                .unwrap()
                .names()
                .is_empty()
        );
        alone.email = all().email;
        assert_eq!(
            channels(&alone, "s".to_owned(), nothing).unwrap().names(),
            ["email"]
        );
    }
}
