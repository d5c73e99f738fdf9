//! Pages and the journey in a real browser (`web/e2e`), against the binary, a chain and keepers at work.

use crate::{
    service::Service,
    site::{KEYS, Site, root},
};
use std::{io::Write as _, path::Path, time::Duration};
use tokio::{process::Command, time::timeout};

const LIMIT: Duration = Duration::from_secs(900);

/// The browser, or a visible SKIP with the command that installs it.
fn chromium() -> Option<String> {
    let named = std::env::var("CHROMIUM").ok();
    let found = named
        .into_iter()
        .chain([
            "/usr/bin/chromium".to_owned(),
            "/usr/bin/chromium-browser".to_owned(),
        ])
        .find(|path| Path::new(path).is_file());
    if found.is_none() {
        // Not by the print macros: those are captured, and a skip has to be seen.
        let _ = writeln!(
            std::io::stderr(),
            "SKIP browser tests: no Chromium; install it with: apt-get install chromium, or set CHROMIUM"
        );
    }
    found
}

/// Deposit, partial instant exit, queue, the cooldown, claim, in headless Chromium with an injected wallet; balances to
/// the wei against the chain. The script moves the clock; the keepers do the rest.
#[tokio::test(flavor = "multi_thread")]
async fn journey_in_a_browser_to_the_wei() {
    let Some(chromium) = chromium() else { return };
    timeout(LIMIT, async {
        assert!(
            root().join("web/dist/index.html").is_file(),
            "build the web app: npm --prefix web run build"
        );
        // Few buckets: the stake bus is through with the deposit before the visitor leaves, so the exit has to depart.
        let site = Site::deployed_with(&["--buckets", "4"]).await;
        let service = Service::start(&site, "run", "on").await;
        let status = Command::new(root().join("web/node_modules/.bin/tsx"))
            .arg("e2e/journey.ts")
            .current_dir(root().join("web"))
            .env("BASE_URL", &service.base)
            .env("RPC_URL", &site.url)
            .env("PRIVATE_KEY", KEYS[3])
            .env("CHROMIUM", chromium)
            .kill_on_drop(true)
            .status()
            .await
            .expect("tsx: run scripts/setup");
        assert!(
            status.success(),
            "the journey failed; its words are above, its pictures in web/e2e/out"
        );
    })
    .await
    .expect("in time");
}
