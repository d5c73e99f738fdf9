//! Wrong input, wrong machine: each is said in one line that names what to do, with its exit code.

use std::{
    path::Path,
    process::{Command, Output},
};

fn omnibus(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omnibus"));
    command.args(args).current_dir(folder);
    for name in ["OMNIBUS_KEY", "OMNIBUS_KEYSTORE_PASSWORD"] {
        command.env_remove(name);
    }
    command.envs(env.iter().copied()).output().unwrap()
}

/// Runs in an empty folder; returns exit code and standard error.
fn fails(args: &[&str], env: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let out = omnibus(folder.path(), args, env);
    assert!(
        out.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&out.stdout)
    );
    (
        out.status.code().unwrap(),
        String::from_utf8(out.stderr).unwrap(),
    )
}

/// A port on which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn input_a_chain_that_is_down_is_named_with_what_to_do() {
    let url = nobody();
    let (code, text) = fails(&["deploy", "--yes", "--rpc-url", &url], &[]);
    assert_eq!(code, 4, "{text}");
    assert!(
        text.contains(&url) && text.contains("start the node"),
        "{text}"
    );
}

#[test]
fn input_a_missing_deployment_names_the_file_and_the_command() {
    let (code, text) = fails(&["user", "deposit", "1", "--deployment", "nope"], &[]);
    assert_eq!(code, 5, "{text}");
    assert!(
        text.contains("deployments/31337/nope.json") && text.contains("omnibus deploy"),
        "{text}"
    );
}

#[test]
fn input_wrong_arguments_end_with_2() {
    for args in [
        &["user", "deposit", "-1"][..],
        &["user", "deposit", "1e18"],
        &["user", "balance", "--account", "0x12"],
        &["user", "claim", "seven"],
        &[
            "ops",
            "add-buckets",
            "--validators",
            "65536",
            "--count",
            "1",
        ],
        &["ops", "book-slash", "-1"],
        &["demo", "--speed", "0"],
        &["deploy", "--rpc-url", "ftp://x"],
        &["deploy", "--profile", "mars"],
        &["user", "balance", "--deployment", "../../etc/x"],
    ] {
        let (code, text) = fails(args, &[]);
        assert_eq!(code, 2, "{args:?}: {text}");
    }
}

#[test]
fn input_an_unknown_key_in_the_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("omnibus.toml"),
        "[keeper]\nmodus = \"on\"\n",
    )
    .unwrap();
    let out = omnibus(folder.path(), &["doctor"], &[]);
    let text = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(3), "{text}");
    assert!(
        text.contains("modus") && text.contains("omnibus.toml"),
        "{text}"
    );
}

#[test]
fn o15_a_bad_key_is_never_repeated() {
    let secret = "0xdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeXX";
    for args in [&["user", "balance"][..], &["doctor"], &["--json", "doctor"]] {
        let folder = tempfile::tempdir().unwrap();
        let out = omnibus(folder.path(), args, &[("OMNIBUS_KEY", secret)]);
        let text = [out.stdout, out.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(!out.status.success());
        assert!(
            text.contains("OMNIBUS_KEY") && !text.contains("deadbeef"),
            "{text}"
        );
    }
}

#[test]
fn o15_an_endpoint_with_a_key_shows_its_host_only() {
    let url = format!("{}/v3/averysecretprojectkey", nobody());
    for json in [
        &["deploy", "--plan", "--rpc-url"][..],
        &["--json", "deploy", "--plan", "--rpc-url"],
    ] {
        let (code, text) = fails(&[json, &[&url]].concat(), &[]);
        assert_eq!(code, 4, "{text}");
        assert!(!text.contains("averysecret"), "{text}");
    }
}

#[test]
fn input_a_real_chain_has_no_published_key() {
    let folder = tempfile::tempdir().unwrap();
    let out = omnibus(
        folder.path(),
        &["user", "balance", "--profile", "plume"],
        &[],
    );
    let text = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(3), "{text}");
    assert!(text.contains("OMNIBUS_KEY"), "{text}");
}

#[test]
fn input_json_errors_are_json() {
    let (code, text) = fails(&["--json", "user", "balance", "--deployment", "nope"], &[]);
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["error"]["exitCode"], code);
    assert!(
        body["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("omnibus deploy"),
        "{text}"
    );
}

#[test]
fn input_completions_are_written_for_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let out = omnibus(folder.path(), &["completions", shell], &[]);
        assert!(
            out.status.success()
                && String::from_utf8(out.stdout)
                    .unwrap()
                    .contains("sync-validators")
        );
    }
}

#[test]
fn input_a_plan_that_cannot_be_is_refused_with_flag_and_value() {
    for (args, said) in [
        (&["--buckets", "129"][..], "--buckets 129"),
        (&["--validators", "0"], "--validators 0"),
        (&["--withhold", "5001"], "--withhold 5001"),
        (&["--instant-fees", "100", "30"], "--instant-fees 100"),
        (&["--cadence", "0"], "--cadence 0"),
        (&["--pot", "99999999999999"], "--pot 99999999999999"),
        (&["--slash", "1d:10"], "--slash 10"),
        (&["--outage", "1d+3d", "--outage", "2d+1d"], "--outage"),
        (&["--pool", "5", "--slippage", "10000"], "--slippage 10000"),
        (&["--cooldown", "soon"], "--cooldown"),
        (&["--optimize", "exit-p96=1d"], "exit-p95=22d"),
        (&["--bank-run", "1d+1d:0"], "--bank-run"),
        (&["--replay", "a", "--history", "b"], "--history"),
    ] {
        let (code, text) = fails(&[&["simulate"], args].concat(), &[]);
        assert_eq!(code, 2, "{args:?}: {text}");
        assert!(text.contains(said), "{args:?}: {text}");
    }
}

#[test]
fn input_demand_that_does_not_read_is_refused_with_its_file() {
    for (flag, file) in [("--replay", "nothing.csv"), ("--history", "nothing.sqlite")] {
        let (code, text) = fails(&["simulate", flag, file], &[]);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains(file), "{text}");
    }
}

#[test]
fn input_a_goal_out_of_reach_ends_with_9_and_the_best_there_is() {
    // Nothing is quicker than the cooldown where nothing nets it.
    let args = [
        "simulate",
        "--span",
        "30d",
        "--deposits",
        "0",
        "--withhold",
        "0",
        "--optimize",
        "exit-p95=20d",
    ];
    let (code, text) = fails(&args, &[]);
    assert_eq!(code, 9, "{text}");
    assert!(
        text.contains("exit-p95=20d") && text.contains("21d"),
        "{text}"
    );
}

/// The same seed, the same words; another seed, others. What is written is one page that asks for nothing.
#[test]
fn simulate_is_deterministic_and_writes_a_page_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let play = |more: &[&str]| {
        let args = [
            "simulate",
            "--json",
            "--span",
            "90d",
            "--withhold",
            "100",
            "--exit-size",
            "300",
        ];
        let out = omnibus(folder.path(), &[&args, more].concat(), &[]);
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap()
    };
    let first = play(&["--html", "page.html", "--csv", "exits.csv"]);
    assert_eq!(first, play(&[]));
    assert_ne!(first, play(&["--seed", "2"]));
    let figures: serde_json::Value = serde_json::from_str(&first).unwrap();
    let queued = figures["queue"]["exits"].as_u64().unwrap();
    assert!(queued > 100, "{first}");

    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 4);
    for outside in [
        "http:", "https:", "src=", "href=", "url(", "@import", "<script",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    let mut lines = csv_lines(&folder.path().join("exits.csv"));
    assert_eq!(lines.remove(0), ["requested", "promised", "paid"]);
    assert_eq!(lines.len() as u64, queued);
    let waits: Vec<u64> = lines
        .iter()
        .map(|line| line[2].parse::<u64>().unwrap() - line[0].parse::<u64>().unwrap())
        .collect();
    assert_eq!(
        figures["queue"]["max"].as_u64(),
        waits.iter().max().copied()
    );
    let kept = lines
        .iter()
        .filter(|line| line[2].parse::<u64>().unwrap() <= line[1].parse::<u64>().unwrap())
        .count();
    assert_eq!(figures["promisesKept"].as_u64(), Some(kept as u64));
}

fn csv_lines(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}
