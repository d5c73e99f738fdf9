//! The committed artifacts, linked.

use crate::error::{Problem, Result};
use alloy::{
    hex,
    primitives::{Address, B256, Bytes, keccak256},
};
use serde::Deserialize;
use std::collections::BTreeMap;

mod files {
    include!(concat!(env!("OUT_DIR"), "/artifacts.rs"));
}

/// `contracts/artifacts/NAME.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    contract_name: String,
    bytecode: String,
    #[serde(default)]
    link_references: References,
}

/// Source file -> library -> places in the bytecode.
type References = BTreeMap<String, BTreeMap<String, Vec<Place>>>;

#[derive(Debug, Deserialize)]
struct Place {
    start: usize,
    length: usize,
}

impl Artifact {
    /// An artifact that is built in.
    ///
    /// # Errors
    /// [`Problem::Unexpected`] when there is none of that name.
    pub fn load(name: &str) -> Result<Self> {
        let (_, text) = files::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| {
                Problem::Unexpected(format!(
                    "this program was built without contracts/artifacts/{name}.json"
                ))
            })?;
        serde_json::from_str(text)
            .map_err(|error| Problem::Unexpected(format!("{name}.json: {error}")))
    }

    /// Libraries that it calls, by name.
    #[must_use]
    pub fn libraries(&self) -> Vec<&str> {
        let mut names: Vec<_> = self
            .link_references
            .values()
            .flat_map(BTreeMap::keys)
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Creation code with the libraries' addresses filled in, and the encoded constructor arguments behind it.
    ///
    /// # Errors
    /// [`Problem::Unexpected`] when a library is missing or the code is not hex.
    pub fn creation_code(
        &self,
        libraries: &BTreeMap<String, Address>,
        arguments: &[u8],
    ) -> Result<Bytes> {
        let mut text = self.bytecode.trim_start_matches("0x").to_owned();
        for (library, places) in self.link_references.values().flatten() {
            let address = libraries.get(library).ok_or_else(|| {
                Problem::Unexpected(format!(
                    "{} needs the library {library}, which is not deployed yet",
                    self.contract_name
                ))
            })?;
            for place in places {
                let (from, to) = (
                    place.start.saturating_mul(2),
                    place.start.saturating_add(place.length).saturating_mul(2),
                );
                if text.get(from..to).is_none() || place.length != 20 {
                    return Err(Problem::Unexpected(format!(
                        "{}: a link reference is out of range",
                        self.contract_name
                    )));
                }
                text.replace_range(from..to, &hex::encode(address));
            }
        }
        let mut code = hex::decode(&text).map_err(|_| {
            Problem::Unexpected(format!(
                "{}: bytecode is not linked hex",
                self.contract_name
            ))
        })?;
        code.extend_from_slice(arguments);
        Ok(code.into())
    }
}

/// Hash of deployed code, as the deployment file has it.
#[must_use]
pub fn code_hash(code: &Bytes) -> B256 {
    keccak256(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact() -> Artifact {
        let placeholder = "__$0123456789abcdef0123456789abcdef01$__";
        serde_json::from_value(serde_json::json!({
            "contractName": "T",
            "bytecode": format!("0x6001{placeholder}6002"),
            "deployedBytecode": "0x6002",
            "linkReferences": { "src/L.sol": { "Lib": [{ "start": 2, "length": 20 }] } },
        }))
        .unwrap()
    }

    #[test]
    fn links_at_the_place_and_appends_the_arguments() {
        let library = Address::repeat_byte(0xab);
        let code = artifact()
            .creation_code(&BTreeMap::from([("Lib".to_owned(), library)]), &[9])
            .unwrap();
        assert_eq!(hex::encode(&code), format!("6001{}600209", "ab".repeat(20)));
    }

    #[test]
    fn a_missing_library_is_named() {
        let error = artifact().creation_code(&BTreeMap::new(), &[]).unwrap_err();
        assert!(error.to_string().contains("Lib"), "{error}");
    }

    #[test]
    fn every_artifact_reads() {
        for (name, _) in files::ALL {
            let artifact = Artifact::load(name).unwrap();
            assert_eq!(artifact.contract_name, *name);
        }
    }
}
