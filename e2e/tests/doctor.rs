//! `omnibus doctor` finds what is wrong, each fault by its name, and says what to do.

use crate::site::{ACCOUNTS, Site, root};
use alloy::primitives::{U256, hex};
use serde_json::Value;

/// All that the doctor says, and its exit code.
fn said(site: &Site, args: &[&str], env: &[(&str, &str)]) -> (Value, Option<i32>) {
    let mut command = site.command(1, &[args, &["doctor"]].concat());
    command.envs(env.iter().copied());
    let out = command.output().unwrap();
    let checks = serde_json::from_slice(&out.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&out.stderr));
    });
    (checks, out.status.code())
}

/// The one check that is bad.
fn bad(site: &Site, args: &[&str], env: &[(&str, &str)]) -> (String, String) {
    let (checks, code) = said(site, args, env);
    assert_eq!(code, Some(1), "{checks}");
    let all = checks.as_array().unwrap().clone();
    let [one] = all
        .into_iter()
        .filter(|check| check["ok"] == false)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap_or_else(|more| panic!("{more:?}"));
    let text = |key: &str| one[key].as_str().unwrap().to_owned();
    (text("what"), text("found"))
}

#[tokio::test]
async fn the_doctor_names_what_is_wrong() {
    let site = Site::deployed().await;
    // As in a checkout, where npm's anvil lies.
    std::os::unix::fs::symlink(
        root().join("contracts"),
        site.folder.path().join("contracts"),
    )
    .unwrap();
    let (checks, code) = said(&site, &[], &[]);
    assert_eq!(code, Some(0), "{checks}");
    let parts: Vec<&str> = checks
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        parts,
        [
            "profile",
            "chain",
            "clock",
            "deployment",
            "history",
            "gas",
            "key",
            "data folder",
            "database",
            "anvil"
        ]
    );

    // Another chain than the profile's.
    let (fine, found) = found_of(&said(&site, &["--profile", "plume"], &[]).0, "chain");
    assert!(!fine && found.contains("31337"), "{found}");

    // A key without coins.
    let poor = "0x00000000000000000000000000000000000000000000000000000000000000aa";
    let (what, found) = bad(&site, &[], &[("OMNIBUS_KEY", poor)]);
    assert_eq!(what, "gas");
    assert!(found.contains("0.000000000000000000"), "{found}");

    // A file where the folder should be.
    let file = site.folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (what, found) = bad(&site, &["--data-dir", file.to_str().unwrap()], &[]);
    assert_eq!(what, "data folder");
    assert!(found.contains("takes no file"), "{found}");

    // A database of nobody.
    let folder = site.folder.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("omnibus.sqlite"), "").unwrap();
    let (what, found) = bad(&site, &["--data-dir", folder.to_str().unwrap()], &[]);
    assert_eq!(what, "database");
    assert!(found.contains("omnibus.sqlite"), "{found}");

    // History that no endpoint has: the deployment began in a block that is not there, and its receipts are of another chain.
    let path = site.folder.path().join("deployments/31337/main.json");
    let kept = std::fs::read_to_string(&path).unwrap();
    let mut other: Value = serde_json::from_str(&kept).unwrap();
    other["block"] = 1_000_000.into();
    std::fs::write(&path, other.to_string()).unwrap();
    let (what, found) = bad(&site, &[], &[]);
    assert_eq!(what, "history");
    assert!(found.contains("block 1000000"), "{found}");
    let mut other: Value = serde_json::from_str(&kept).unwrap();
    let nowhere = hex::encode_prefixed([7; 32]);
    other["contracts"]["LiquidMinter"]["transaction"] = nowhere.as_str().into();
    std::fs::write(&path, other.to_string()).unwrap();
    let (what, found) = bad(&site, &[], &[]);
    assert_eq!(what, "history");
    assert!(
        found.contains("LiquidMinter") && found.contains(&nowhere),
        "{found}"
    );
    std::fs::write(&path, kept).unwrap();

    // Other code where a contract was.
    let minter = site.address("LiquidMinter");
    let _: Value = site
        .pool
        .request("anvil_setCode", (minter, "0x00"))
        .await
        .unwrap();
    let (what, found) = bad(&site, &[], &[]);
    assert_eq!(what, "deployment");
    assert!(found.contains(&minter.to_string()), "{found}");

    // Less than a coin of what its gas costs.
    let _: Value = site
        .pool
        .request("anvil_setBalance", (ACCOUNTS[1], U256::from(7)))
        .await
        .unwrap();
    let (checks, _) = said(&site, &[], &[]);
    let (fine, found) = found_of(&checks, "gas");
    assert!(!fine && found.contains(ACCOUNTS[1]), "{found}");
}

/// Whether a part is fine, and what was found of it.
fn found_of(checks: &Value, what: &str) -> (bool, String) {
    let list = checks.as_array().unwrap();
    let one = list.iter().find(|check| check["what"] == what).unwrap();
    (one["ok"] == true, one["found"].as_str().unwrap().to_owned())
}
