//! `openapi.json` is what the code says. Renew it with `UPDATE_OPENAPI=1 cargo test -p omnibus-api openapi`.

use std::path::Path;

#[test]
fn the_committed_document_is_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = omnibus_api::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (ours, theirs)) in made.lines().zip(committed.lines()).enumerate() {
        assert_eq!(
            ours,
            theirs,
            "line {}: run it with UPDATE_OPENAPI=1 and commit the file",
            number + 1
        );
    }
    assert_eq!(
        made.lines().count(),
        committed.lines().count(),
        "run it with UPDATE_OPENAPI=1 and commit the file"
    );
}
