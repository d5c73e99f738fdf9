//! Where a key comes from. Never from a flag or a file in plain text: both end in backups and process lists.

use crate::{
    config::Settings,
    error::{Problem, Result},
    profile::Kind,
};
use alloy::{
    hex,
    primitives::{B256, keccak256},
    signers::local::PrivateKeySigner,
};

/// The variable with a private key, for development.
pub const KEY: &str = "OMNIBUS_KEY";
/// The variable with the password of the keystore.
pub const PASSWORD: &str = "OMNIBUS_KEYSTORE_PASSWORD";

/// anvil's first account: published, funded on every local chain, worthless elsewhere.
const ANVIL: B256 = B256::new(hex!(
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
));

/// The key of a command: the keystore, else `OMNIBUS_KEY`, else on a local chain anvil's first account.
///
/// # Errors
/// [`Problem::MissingKey`], [`Problem::BadKey`].
pub fn signer(settings: &Settings) -> Result<PrivateKeySigner> {
    if let Some(path) = &settings.keystore {
        let password = std::env::var(PASSWORD).map_err(|_| Problem::MissingKey {
            var: PASSWORD.to_owned(),
        })?;
        // The library's error may say what it read; the path alone is enough.
        return PrivateKeySigner::decrypt_keystore(path, password).map_err(|_| Problem::BadKey {
            origin: path.display().to_string(),
        });
    }
    match std::env::var(KEY) {
        Ok(text) => text.trim().parse().map_err(|_| Problem::BadKey {
            origin: KEY.to_owned(),
        }),
        Err(_) if settings.profile.kind == Kind::Local => from_bytes(ANVIL),
        Err(_) => Err(Problem::MissingKey {
            var: KEY.to_owned(),
        }),
    }
}

/// A key for a local chain that follows from `label`: anybody can make it, so it is worth nothing elsewhere.
///
/// # Errors
/// [`Problem::BadKey`], with a probability of 2^-128.
pub fn published(label: &str) -> Result<PrivateKeySigner> {
    from_bytes(keccak256(format!(
        "omnibus local chain, published key: {label}"
    )))
}

fn from_bytes(bytes: B256) -> Result<PrivateKeySigner> {
    PrivateKeySigner::from_bytes(&bytes).map_err(|_| Problem::BadKey {
        origin: "a published key".to_owned(),
    })
}
