//! Puts the committed contract artifacts into the binary, so that `omnibus deploy` needs no files beside it.
#![allow(clippy::expect_used, reason = "a build script has nobody else to tell")]

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"))
        .join("../../contracts/artifacts");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let mut text = String::from("pub(super) const ALL: &[(&str, &str)] = &[\n");
    for path in files {
        let name = path.file_stem().expect("a .json file").to_string_lossy();
        let path = fs::canonicalize(&path).expect("it was listed");
        writeln!(text, "    ({name:?}, include_str!({path:?})),").expect("a string grows");
    }
    text.push_str("];\n");
    fs::write(
        Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("artifacts.rs"),
        text,
    )
    .expect("OUT_DIR is writable");
}
