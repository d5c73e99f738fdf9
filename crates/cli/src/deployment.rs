//! The deployment file: what is where on a chain. `omnibus deploy` writes it, every other command reads it.

use crate::error::{Problem, Result};
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Version of the file's form.
pub const SCHEMA: u32 = 1;

/// `deployments/<chainId>/<name>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployment {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Its name.
    pub name: String,
    /// The profile it was made with.
    pub profile: String,
    /// EIP-155.
    pub chain_id: u64,
    /// Hash of block 0, so that another local chain with the same id is noticed.
    pub genesis: B256,
    /// Version of the program that made it.
    pub version: String,
    /// The first block that matters to an index.
    pub block: u64,
    /// Who deployed.
    pub deployer: Address,
    /// Is the staking system a stand-in?
    pub stand_in: bool,
    /// By name: LiquidMinter, LiquidToken, …; what the protocol is called by is the proxy.
    pub contracts: BTreeMap<String, Contract>,
    /// By name: admin, guardian, keeper, feeRecipient.
    pub roles: BTreeMap<String, Address>,
}

/// One contract of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contract {
    /// Where it is.
    pub address: Address,
    /// Hash of the code there.
    pub code_hash: B256,
    /// The transaction that made it; none for one that was there before.
    pub transaction: Option<B256>,
    /// The block of that transaction.
    pub block: Option<u64>,
}

impl Deployment {
    /// Where the file of `name` on `chain_id` is.
    #[must_use]
    pub fn path(root: &Path, chain_id: u64, name: &str) -> PathBuf {
        root.join(chain_id.to_string()).join(format!("{name}.json"))
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Problem::NoDeployment`], [`Problem::Config`].
    pub fn load(root: &Path, chain_id: u64, name: &str) -> Result<Self> {
        let path = Self::path(root, chain_id, name);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Problem::NoDeployment { path });
            }
            Err(error) => return Err(Problem::io(path.display().to_string())(error)),
        };
        let deployment: Self = serde_json::from_str(&text).map_err(|error| Problem::Config {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        if deployment.schema != SCHEMA || deployment.chain_id != chain_id {
            let reason = format!(
                "schema {} for chain {}, expected schema {SCHEMA} for chain {chain_id}",
                deployment.schema, deployment.chain_id
            );
            return Err(Problem::Config { path, reason });
        }
        Ok(deployment)
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// [`Problem::Io`].
    pub fn save(&self, root: &Path) -> Result<PathBuf> {
        let path = Self::path(root, self.chain_id, &self.name);
        write_whole(
            &path,
            &serde_json::to_string_pretty(self).map_err(Problem::unexpected)?,
        )?;
        Ok(path)
    }

    /// The address of a contract.
    ///
    /// # Errors
    /// [`Problem::Config`] when the file does not name it.
    pub fn address(&self, name: &str) -> Result<Address> {
        self.part(name).ok_or_else(|| Problem::Config {
            path: Self::path(Path::new("deployments"), self.chain_id, &self.name),
            reason: format!("names no {name}"),
        })
    }

    /// The address of a contract that a deployment may lack.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Address> {
        self.contracts.get(name).map(|contract| contract.address)
    }
}

/// Writes `text` to `path` through a file beside it, synced, so that a crash leaves the old or the new text.
///
/// # Errors
/// [`Problem::Io`].
pub fn write_whole(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let what = || path.display().to_string();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Problem::io(what()))?;
    }
    let beside = path.with_extension("part");
    let mut file = std::fs::File::create(&beside).map_err(Problem::io(what()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(Problem::io(what()))?;
    std::fs::rename(&beside, path).map_err(Problem::io(what()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_says_what_to_run() {
        let error = Deployment::load(Path::new("/nowhere"), 1, "main").unwrap_err();
        assert_eq!(error.exit_code(), 5);
        assert!(error.hint().unwrap().contains("omnibus deploy"));
    }
}
