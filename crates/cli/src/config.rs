//! `omnibus.toml`, and how flags, file and profile become one answer.

use crate::{
    args::{Common, KeeperMode},
    error::{Problem, Result},
    output::LogLevel,
    profile::Profile,
};
use chain::SensitiveUrl;
use serde::Deserialize;
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

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

/// `[alerts]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// Where alerts are posted. The signing secret is in OMNIBUS_WEBHOOK_SECRET.
    pub webhook: Option<SensitiveUrl>,
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
    toml::from_str(text).map_err(|error| error.to_string())
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
    fn an_empty_file_is_all_defaults() {
        let file = parse("").unwrap();
        assert!(
            file.profile.is_none() && file.chain.endpoints.is_empty() && file.keeper.mode.is_none()
        );
    }
}
