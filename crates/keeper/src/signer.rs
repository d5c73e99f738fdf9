//! Where keys come from. Everything that signs is alloy's [`TxSigner`]: a remote signer implements that and is done.

use crate::{Error, Result};
use alloy::{network::TxSigner, primitives::Signature, signers::local::PrivateKeySigner};
use std::{path::Path, sync::Arc};

/// What the keeper signs with. It never shows its key.
pub type DynSigner = Arc<dyn TxSigner<Signature> + Send + Sync>;

/// Opens an encrypted keystore (Web3 secret storage, version 3).
///
/// # Errors
/// [`Error::Key`] when the file cannot be read or the password is wrong.
pub fn signer_from_keystore(path: &Path, password: &str) -> Result<DynSigner> {
    let key = PrivateKeySigner::decrypt_keystore(path, password).map_err(|error| Error::Key {
        what: format!("keystore {}", path.display()),
        why: error.to_string(),
    })?;
    Ok(Arc::new(key))
}

/// Reads a private key (64 hexadecimal digits) from an environment variable. For development only.
///
/// # Errors
/// [`Error::Key`] when it is not set or not a key; the text never holds its value.
pub fn signer_from_env(variable: &str) -> Result<DynSigner> {
    let bad = |why: &str| Error::Key {
        what: format!("environment variable {variable}"),
        why: why.to_owned(),
    };
    let text = std::env::var(variable).map_err(|_| bad("is not set"))?;
    let key: PrivateKeySigner = text
        .trim()
        .parse()
        .map_err(|_| bad("is not a private key of 64 hexadecimal digits"))?;
    Ok(Arc::new(key))
}
