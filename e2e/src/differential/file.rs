//! A history in which contracts and model disagreed, as a file: `omnibus replay FILE` plays it on a local chain.

use std::{fs, io, path::PathBuf};

use serde::Serialize;

use super::compare::Difference;
use crate::world::journal::Deed;

/// The format; `omnibus replay` reads this one.
pub(super) const VERSION: u32 = 1;

/// One step: the call in words, and what it did to the chain.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// When, who and what.
    pub words: String,
    /// One transaction mostly.
    pub deeds: Vec<Deed>,
}

/// The whole of it.
#[derive(Debug, Clone, Serialize)]
pub struct File {
    /// Of this format.
    pub version: u32,
    /// Of the run.
    pub seed: u64,
    /// Its number in the run.
    pub history: u64,
    /// How the world was made.
    pub start: Vec<Deed>,
    /// What was done in it; the last step is the one that they disagree about.
    pub steps: Vec<Told>,
    /// Where they disagree.
    pub differences: Vec<Difference>,
}

impl File {
    /// Writes it below `target/differential` and says where.
    ///
    /// # Errors
    /// The folder's.
    pub fn write(&self) -> io::Result<PathBuf> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/differential");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}-{}.json", self.seed, self.history));
        fs::write(&path, serde_json::to_string_pretty(self)?)?;
        Ok(path)
    }
}
