//! `omnibus.toml`, and how flags, file and profile become one answer.

use crate::{
    args::{Common, KeeperMode},
    error::{Problem, Result},
    output::LogLevel,
    profile::Profile,
};
use chain::SensitiveUrl;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroU64, path::PathBuf};

/// `omnibus.toml`. Every key has a default; a key that is not here is refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// Chain profile.
    pub profile: Option<String>,
    /// Name of the deployment.
    pub deployment: Option<String>,
    /// Folder of deployment files.
    pub deployments: Option<PathBuf>,
    /// Folder for the database and journals.
    pub data_dir: Option<PathBuf>,
    /// Encrypted key file.
    pub keystore: Option<PathBuf>,
    /// How to reach the chain.
    pub chain: Chain,
    /// The server.
    pub api: Api,
    /// The keepers.
    pub keeper: Keeper,
    /// Where alerts go.
    pub alerts: Alerts,
    /// What is written to standard error.
    pub log: Log,
}

/// `[chain]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chain {
    /// Replace the profile's.
    pub endpoints: Vec<SensitiveUrl>,
    /// Replaces the profile's.
    pub public_rpc_url: Option<String>,
}

/// `[api]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// Loopback unless told otherwise.
    pub listen: Option<SocketAddr>,
    /// Built web app.
    pub web: Option<PathBuf>,
    /// Other origins that may call.
    pub allowed_origins: Vec<String>,
    /// SHA-256 of operators' tokens, hex.
    pub operator_token_hashes: Vec<String>,
    /// SHA-256 of viewers' tokens, hex.
    pub viewer_token_hashes: Vec<String>,
    /// `everyone`, or `tokens` only. A local chain of one's own is for everyone unless told otherwise.
    pub viewers: Option<api::Viewers>,
}

/// `[keeper]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keeper {
    /// `off`, `dry-run` or `on`.
    pub mode: Option<KeeperMode>,
    /// The same for a job by its name. Never more than `mode`.
    pub jobs: BTreeMap<keeper::Job, keeper::Mode>,
}

/// `[alerts]`: every channel that is named here is told, and is called by its key. No secret but an address has a key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// Where alerts are posted as signed JSON. The signing secret is in OMNIBUS_WEBHOOK_SECRET.
    pub webhook: Option<SensitiveUrl>,
    /// An incoming webhook of Slack.
    #[serde(deserialize_with = "unread")]
    pub slack: Option<SensitiveUrl>,
    /// A webhook of a Discord channel.
    #[serde(deserialize_with = "unread")]
    pub discord: Option<SensitiveUrl>,
    /// A bot of Telegram.
    pub telegram: Option<Telegram>,
    /// People who get mail.
    pub email: Option<Email>,
    /// A service of PagerDuty.
    pub pagerduty: Option<PagerDuty>,
    /// The dead man's switch.
    pub heartbeat: Option<Heartbeat>,
}

/// `[alerts.telegram]`. The bot's token is in OMNIBUS_TELEGRAM_TOKEN.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    /// A number, or `@name`.
    pub chat: String,
    /// Another bot server than Telegram's own.
    #[serde(default, deserialize_with = "unread")]
    pub api: Option<SensitiveUrl>,
}

/// `[alerts.email]`. Who logs in is in OMNIBUS_SMTP_USER and OMNIBUS_SMTP_PASSWORD; without both, nobody does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The mail server.
    pub host: String,
    /// 465, with `starttls` 587, on this machine in clear 25.
    #[serde(default)]
    pub port: Option<u16>,
    /// `implicit` (the default, except on this machine) or `starttls`.
    #[serde(default)]
    pub tls: Option<watch::MailTls>,
    /// Sender.
    pub from: watch::Mailbox,
    /// Everybody who is written to.
    #[serde(deserialize_with = "somebody")]
    pub to: Vec<watch::Mailbox>,
}

/// `[alerts.pagerduty]`. The integration key is in OMNIBUS_PAGERDUTY_KEY.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PagerDuty {
    /// Another region than the first one.
    #[serde(deserialize_with = "unread")]
    pub url: Option<SensitiveUrl>,
}

/// `[alerts.heartbeat]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// What is asked for while the monitor works.
    #[serde(deserialize_with = "unread_url")]
    pub url: SensitiveUrl,
    /// Seconds between two pings; a minute unless told otherwise.
    #[serde(default = "a_minute")]
    pub every_s: NonZeroU64,
}

fn a_minute() -> NonZeroU64 {
    NonZeroU64::MIN.saturating_add(59)
}

/// An address that is a secret: nobody on the way may read it.
fn unread_url<'de, D: Deserializer<'de>>(value: D) -> std::result::Result<SensitiveUrl, D::Error> {
    let url = SensitiveUrl::deserialize(value)?;
    let host = url.expose().host_str().unwrap_or_default();
    if url.expose().scheme() == "https" || watch::is_loopback(host) {
        Ok(url)
    } else {
        Err(D::Error::custom(
            "http would show it to everybody on the way: use https",
        ))
    }
}

fn unread<'de, D: Deserializer<'de>>(
    value: D,
) -> std::result::Result<Option<SensitiveUrl>, D::Error> {
    unread_url(value).map(Some)
}

fn somebody<'de, D: Deserializer<'de>>(
    value: D,
) -> std::result::Result<Vec<watch::Mailbox>, D::Error> {
    let list = Vec::deserialize(value)?;
    if list.is_empty() {
        return Err(D::Error::custom("nobody to write to"));
    }
    Ok(list)
}

/// `[log]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info` (the default) or `debug`.
    pub level: Option<LogLevel>,
}

/// Everything that a command needs to know before it begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The chain.
    pub profile: Profile,
    /// Name of the deployment.
    pub deployment: String,
    /// Folder of deployment files.
    pub deployments: PathBuf,
    /// Folder for the database and journals.
    pub data_dir: PathBuf,
    /// Where the chain answers.
    pub endpoints: Vec<SensitiveUrl>,
    /// Encrypted key file.
    pub keystore: Option<PathBuf>,
    /// The rest of the file.
    pub file: File,
}

impl Settings {
    /// Flags before file before profile.
    ///
    /// # Errors
    /// [`Problem::Config`], [`Problem::UnknownProfile`].
    pub fn resolve(common: &Common) -> Result<Self> {
        let file = read(common.config.as_ref())?;
        let name = common
            .profile
            .clone()
            .or_else(|| file.profile.clone())
            .unwrap_or_else(|| "local".to_owned());
        let profile = Profile::load(&name)?;
        let endpoints = [&common.rpc_url, &file.chain.endpoints, &profile.endpoints]
            .into_iter()
            .find(|list| !list.is_empty());
        let deployment = common
            .deployment
            .clone()
            .or_else(|| file.deployment.clone())
            .unwrap_or_else(|| "main".to_owned());
        if deployment.is_empty()
            || !deployment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(Problem::Argument {
                what: "--deployment".to_owned(),
                reason: "a name is letters, digits and -".to_owned(),
            });
        }
        Ok(Self {
            deployment,
            deployments: common
                .deployments
                .clone()
                .or_else(|| file.deployments.clone())
                .unwrap_or_else(|| PathBuf::from("deployments")),
            data_dir: common
                .data_dir
                .clone()
                .or_else(|| file.data_dir.clone())
                .unwrap_or_else(|| PathBuf::from(".omnibus")),
            endpoints: endpoints.cloned().unwrap_or_default(),
            keystore: common.keystore.clone().or_else(|| file.keystore.clone()),
            profile,
            file,
        })
    }
}

fn read(given: Option<&PathBuf>) -> Result<File> {
    let path = given
        .cloned()
        .unwrap_or_else(|| PathBuf::from("omnibus.toml"));
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text).map_err(|reason| Problem::Config { path, reason }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && given.is_none() => {
            Ok(File::default())
        }
        Err(error) => Err(Problem::Config {
            path,
            reason: error.to_string(),
        }),
    }
}

fn parse(text: &str) -> std::result::Result<File, String> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let number = before.map_or(0, |before| before.matches('\n').count());
        let line = text.lines().nth(number).unwrap_or_default();
        // Not the library's excerpt, and not a value in its words: both may hold a key.
        let named = line.split('=').next().unwrap_or_default().trim();
        let named = named
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte))
            .then_some(named)
            .filter(|name| !name.is_empty());
        let reason = match error.message() {
            message if message.contains("string \"") => "not what belongs here",
            message => message,
        };
        match named {
            Some(name) => format!("line {}, {name}: {reason}", number + 1),
            None => format!("line {}: {reason}", number + 1),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_with_its_name_and_line() {
        let error = parse("profile = \"plume\"\n[api]\nlisten_on = \"127.0.0.1:1\"").unwrap_err();
        assert!(
            error.contains("listen_on") && error.contains("line 3"),
            "{error}"
        );
        assert!(
            parse("private_key = \"0x00\"").is_err(),
            "secrets have no key in the file"
        );
    }

    #[test]
    fn a_job_has_a_mode_of_its_own_by_its_name() {
        let file =
            parse("[keeper]\nmode = \"on\"\n[keeper.jobs]\nfulfil-pro-rata = \"dry-run\"").unwrap();
        let own = file.keeper.jobs.get(&keeper::Job::FulfilProRata);
        assert_eq!(own, Some(&keeper::Mode::DryRun));
        assert!(parse("[keeper.jobs]\npsuh = \"off\"").is_err());
    }

    #[test]
    fn every_channel_has_its_keys() {
        let file = parse(
            r#"
            [alerts]
            webhook = "https://hooks.example.org/a"
            slack = "https://hooks.slack.com/services/T0/B0/key"
            discord = "https://discord.com/api/webhooks/1/key"
            [alerts.telegram]
            chat = "-1001"
            api = "http://127.0.0.1:8081"
            [alerts.email]
            host = "mail.example.org"
            port = 2525
            tls = "starttls"
            from = "Omnibus <omnibus@example.org>"
            to = ["a@example.org", "b@example.org"]
            [alerts.pagerduty]
            [alerts.heartbeat]
            url = "http://[::1]:9/ping"
            every_s = 30
            "#,
        );
        let alerts = file.unwrap().alerts;
        assert!(alerts.webhook.is_some() && alerts.slack.is_some() && alerts.discord.is_some());
        assert_eq!(alerts.telegram.unwrap().chat, "-1001");
        let email = alerts.email.unwrap();
        assert_eq!(
            (email.port, email.tls),
            (Some(2525), Some(watch::MailTls::Starttls))
        );
        assert_eq!(
            (email.from.email.to_string(), email.to.len()),
            ("omnibus@example.org".to_owned(), 2)
        );
        assert!(alerts.pagerduty.unwrap().url.is_none());
        assert_eq!(alerts.heartbeat.unwrap().every_s.get(), 30);
        let file = parse("[alerts.heartbeat]\nurl = \"https://example.org/x\"").unwrap();
        assert_eq!(file.alerts.heartbeat.unwrap().every_s.get(), 60);
    }

    #[test]
    fn o15_a_bad_value_is_refused_by_its_line_and_name_and_is_not_shown() {
        let mail = "[alerts.email]\nhost = \"h\"\nfrom = \"a@example.org\"\n";
        for (text, line, name) in [
            (
                "[alerts]\nslack = \"http://hooks.example.org/the-key\"".to_owned(),
                2,
                "slack",
            ),
            (
                "[alerts]\ndiscord = \"hooks.example.org/the-key\"".to_owned(),
                2,
                "discord",
            ),
            (
                "[alerts]\nheartbeat = \"https://example.org/the-key\"".to_owned(),
                2,
                "heartbeat",
            ),
            (
                "[alerts]\n\nslak = \"https://example.org/the-key\"".to_owned(),
                3,
                "slak",
            ),
            (
                "[chain]\nendpoints = [\n  \"ftp://example.org/the-key\",\n]".to_owned(),
                2,
                "endpoints",
            ),
            (
                "[alerts.heartbeat]\nurl = \"http://example.org/the-key\"".to_owned(),
                2,
                "url",
            ),
            (
                "[alerts.heartbeat]\nurl = \"https://example.org/the-key\"\nevery_s = 0".to_owned(),
                3,
                "every_s",
            ),
            (
                "[alerts.telegram]\nchat = \"1\"\napi = \"http://192.0.2.1/the-key\"".to_owned(),
                3,
                "api",
            ),
            (
                "[alerts.telegram]\nchat = \"1\"\ntoken = \"the-key\"".to_owned(),
                3,
                "token",
            ),
            ("[alerts.telegram]\n".to_owned(), 1, "chat"),
            ("[alerts.pagerduty]\nkey = \"the-key\"".to_owned(), 2, "key"),
            (
                "[alerts.pagerduty]\nurl = \"http://events.example.org/the-key\"".to_owned(),
                2,
                "url",
            ),
            (format!("{mail}to = []"), 4, "to"),
            (format!("{mail}to = [\"nobody\"]"), 4, "to"),
            (
                format!("{mail}to = [\"a@example.org\"]\ntls = \"none\""),
                5,
                "tls",
            ),
            (
                format!("{mail}to = [\"a@example.org\"]\npassword = \"the-key\""),
                5,
                "password",
            ),
            (
                format!("{mail}to = [\"a@example.org\"]\nport = 65536"),
                5,
                "port",
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.contains(&format!("line {line}")), "{text}: {error}");
            assert!(error.contains(name), "{text}: {error}");
            assert!(!error.contains("the-key"), "{text}: {error}");
        }
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        let file = parse("").unwrap();
        assert!(
            file.profile.is_none() && file.chain.endpoints.is_empty() && file.keeper.mode.is_none()
        );
    }
}
