//! The page on planning a ladder (`docs/src/planning.md`) shows commands and what they print. Each is run again.
//! `UPDATE=1` writes what they print now into the page.

use std::{fmt::Write as _, path::Path, process::Command};

const BEGIN: &str = "```console\n$ omnibus ";
const END: &str = "```\n";

#[test]
fn simulate_the_page_on_planning_shows_what_its_commands_print() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/planning.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (mut renewed, mut commands) = (String::new(), 0);
    let mut rest = page.as_str();
    while let Some((before, block)) = rest.split_once(BEGIN) {
        let (shown, after) = block.split_once(END).unwrap();
        let (command, _) = shown.split_once('\n').unwrap();
        let out = Command::new(env!("CARGO_BIN_EXE_omnibus"))
            .args(command.split_whitespace())
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        let printed = String::from_utf8(out.stdout).unwrap();
        write!(renewed, "{before}{BEGIN}{command}\n{printed}{END}").unwrap();
        rest = after;
        commands += 1;
    }
    renewed.push_str(rest);
    assert!(commands >= 8, "{commands} commands");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &renewed).unwrap();
    }
    for (shown, printed) in page.lines().zip(renewed.lines()) {
        assert_eq!(
            shown, printed,
            "the page is stale: run this test with UPDATE=1"
        );
    }
    assert_eq!(
        page.lines().count(),
        renewed.lines().count(),
        "the page is stale"
    );
}
