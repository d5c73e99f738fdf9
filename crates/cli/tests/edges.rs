//! The edges between crates are a security boundary: what serves the web cannot sign, what watches holds no keys.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

/// What each crate may depend on, of ours. A new edge needs a new line here, and a reason in ARCHITECTURE.md.
const ALLOWED: [(&str, &[&str]); 9] = [
    ("omnibus-model", &[]),
    ("omnibus-chain", &["omnibus-model"]),
    ("omnibus-store", &["omnibus-model"]),
    (
        "omnibus-watch",
        &["omnibus-chain", "omnibus-store", "omnibus-model"],
    ),
    (
        "omnibus-keeper",
        &["omnibus-chain", "omnibus-store", "omnibus-model"],
    ),
    (
        "omnibus-api",
        &["omnibus-store", "omnibus-model", "omnibus-chain"],
    ),
    (
        "omnibus",
        &[
            "omnibus-model",
            "omnibus-chain",
            "omnibus-store",
            "omnibus-watch",
            "omnibus-keeper",
            "omnibus-api",
        ],
    ),
    (
        // Tests only: it indexes what it did to a real chain and compares the tables with the contracts' views.
        "omnibus-e2e",
        &[
            "omnibus-model",
            "omnibus-chain",
            "omnibus-store",
            "omnibus-watch",
        ],
    ),
    ("omnibus-bench", &["omnibus-model", "omnibus-chain"]),
];

/// Crates whose sources may speak of keys. `chain` has the bindings, which both sides share, but no signer.
const MAY_SIGN: [&str; 4] = ["omnibus-keeper", "omnibus", "omnibus-e2e", "omnibus-bench"];

/// What only code that signs has a use for.
const SIGNING: [&str; 4] = [
    "alloy::signers",
    "PrivateKeySigner",
    "EthereumWallet",
    "sign_transaction",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn members() -> Vec<serde_json::Value> {
    let out = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let metadata: serde_json::Value =
        serde_json::from_slice(&out.stdout).expect("cargo metadata is JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// (crate, its normal dependencies among ours). Development dependencies never reach the binary.
fn edges() -> BTreeMap<String, BTreeSet<String>> {
    members()
        .iter()
        .map(|package| {
            let ours = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| dependency["kind"].is_null() && !dependency["path"].is_null())
                .map(|dependency| dependency["name"].as_str().expect("a name").to_owned())
                .collect();
            (package["name"].as_str().expect("a name").to_owned(), ours)
        })
        .collect()
}

/// `edges` that `allowed` does not have, as "from -> to".
fn outside(edges: &BTreeMap<String, BTreeSet<String>>, allowed: &[(&str, &[&str])]) -> Vec<String> {
    let allowed: BTreeMap<_, _> = allowed.iter().copied().collect();
    edges
        .iter()
        .flat_map(|(from, tos)| tos.iter().map(move |to| (from, to)))
        .filter(|(from, to)| {
            !allowed
                .get(from.as_str())
                .is_some_and(|list| list.contains(&to.as_str()))
        })
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect()
}

#[test]
fn edges_between_crates_are_those_of_the_table() {
    let edges = edges();
    let known: BTreeSet<_> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        edges.keys().cloned().collect::<BTreeSet<_>>(),
        known,
        "a crate came or went: put it into the table"
    );
    assert_eq!(outside(&edges, &ALLOWED), Vec::<String>::new());
}

#[test]
fn edges_that_are_not_in_the_table_are_found() {
    let mut edges = edges();
    edges
        .entry("omnibus-api".to_owned())
        .or_default()
        .insert("omnibus-keeper".to_owned());
    assert_eq!(outside(&edges, &ALLOWED), ["omnibus-api -> omnibus-keeper"]);
}

#[test]
fn edges_to_a_signer_exist_only_where_keys_belong() {
    let mut found = Vec::new();
    for package in members() {
        if MAY_SIGN.contains(&package["name"].as_str().expect("a name")) {
            continue;
        }
        let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
        for file in rust_files(&manifest.with_file_name("src")) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            found.extend(
                SIGNING
                    .iter()
                    .filter(|word| text.contains(*word))
                    .map(|word| format!("{}: {word}", file.display())),
            );
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)
        .expect("a source folder")
        .map(|entry| entry.expect("an entry").path())
    {
        if entry.is_dir() {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    files
}
