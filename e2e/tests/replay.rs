//! `omnibus replay FILE`: a history of the differential run, played again on a local chain.

use std::{fs, process::Command};

use crate::site::binary;
use alloy::{
    primitives::{Bytes, U256},
    sol_types::{SolCall as _, SolValue as _},
};
use chain::bindings::ILiquidMinter;
use omnibus_e2e::{
    differential::{Difference, File, View, record},
    world::journal::Deed,
};

/// The rate that a history without a loss ends with.
const RAY: u128 = 1_000_000_000_000_000_000_000_000_000;

/// The file says that the model expects `rate`; exit code, standard output and standard error of the replay.
fn replay(file: &File, rate: u128) -> (Option<i32>, String, String) {
    let mut file = file.clone();
    let minter = file.start.iter().find_map(|deed| match deed {
        Deed::Deploy { name, made, .. } if name == "ERC1967Proxy" => Some(*made),
        _ => None,
    });
    let last = file.steps.iter().flat_map(|step| &step.deeds);
    let at = last.filter_map(|deed| match deed {
        Deed::Call { at, .. } => Some(*at),
        _ => None,
    });
    file.differences = vec![Difference {
        field: "rate".into(),
        expected: rate.to_string(),
        actual: "as the test makes it".into(),
        view: Some(View {
            at: at.max().unwrap(),
            to: minter.unwrap(),
            data: ILiquidMinter::rateCall {}.abi_encode().into(),
            expected: Bytes::from(U256::from(rate).abi_encode()),
        }),
    }];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.json");
    fs::write(&path, serde_json::to_string(&file).unwrap()).unwrap();
    let out = Command::new(binary())
        .arg("replay")
        .arg(&path)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.code(), text(out.stdout), text(out.stderr))
}

#[test]
fn replay_goes_the_same_way_and_says_whether_the_contracts_agree() {
    let file = record(3, 25);
    let (code, said, error) = replay(&file, RAY);
    assert_eq!(code, Some(0), "{said}{error}");
    assert!(said.contains("25 steps, 0 of them otherwise"), "{said}");
    for step in &file.steps {
        assert!(said.contains(&step.words), "{} in {said}", step.words);
    }
    let (code, _, error) = replay(&file, RAY - 1);
    assert_eq!(code, Some(8), "{error}");
    assert!(
        error.contains("rate") && error.contains(&(RAY - 1).to_string()),
        "{error}"
    );
}

#[test]
fn replay_of_a_file_that_is_none_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.json");
    fs::write(&path, "{}").unwrap();
    let out = Command::new(binary())
        .arg("replay")
        .arg(&path)
        .output()
        .unwrap();
    let error = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(3), "{error}");
    assert!(error.contains("history.json"), "{error}");
}
