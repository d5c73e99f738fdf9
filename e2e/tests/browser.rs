//! Pages and the journey in a real browser (`web/e2e`), against the binary, a chain and keepers at work.

use crate::{
    service::Service,
    site::{KEYS, Site, root},
};
use std::{io::Write as _, path::Path, time::Duration};
use tokio::{process::Command, time::timeout};

const LIMIT: Duration = Duration::from_secs(900);
/// 71 s on two cores under a load of 20, where builds run beside it.
const PAGES_LIMIT: Duration = Duration::from_secs(300);

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

/// A script of `web/e2e`, in this browser; its words go to the terminal, its pictures to `web/e2e/out`.
fn script(name: &str, chromium: String) -> Command {
    assert!(
        root().join("web/dist/index.html").is_file(),
        "build the web app: npm --prefix web run build"
    );
    let mut command = Command::new(root().join("web/node_modules/.bin/tsx"));
    command
        .arg(format!("e2e/{name}.ts"))
        .current_dir(root().join("web"))
        .env("CHROMIUM", chromium)
        // Pictures only of what is bad.
        .env("PICTURES", "0")
        .env_remove("BASE_URL")
        .env_remove("ONLY")
        .kill_on_drop(true);
    command
}

/// Every page, and the dialogs and failures around them, on made-up data: nothing that axe calls serious or critical,
/// nothing cut off or wider than the screen, at 390 and at 1280 px, light and dark; hostile names stay text (O16).
#[tokio::test(flavor = "multi_thread")]
async fn o16_pages_are_clean_by_axe_and_fit_the_screen() {
    let Some(chromium) = chromium() else { return };
    let status = timeout(PAGES_LIMIT, script("pages", chromium).status())
        .await
        .expect("in time")
        .expect("tsx: run scripts/setup");
    assert!(
        status.success(),
        "a page is bad; the findings are above, the pictures in web/e2e/out"
    );
}

/// Deposit, partial instant exit, queue, the cooldown, claim, in headless Chromium with an injected wallet; balances to
/// the wei against the chain. The script moves the clock; the keepers do the rest.
#[tokio::test(flavor = "multi_thread")]
async fn journey_in_a_browser_to_the_wei() {
    let Some(chromium) = chromium() else { return };
    timeout(LIMIT, async {
        // Few buckets: the stake bus is through with the deposit before the visitor leaves, so the exit has to depart.
        let site = Site::deployed_with(&["--buckets", "4"]).await;
        // The visitor claims by hand.
        let config = "[keeper.jobs]\npush = \"off\"\n";
        std::fs::write(site.folder.path().join("omnibus.toml"), config).unwrap();
        let service = Service::start(&site, "run", "on").await;
        let status = script("journey", chromium)
            .env("BASE_URL", &service.base)
            .env("RPC_URL", &site.url)
            .env("PRIVATE_KEY", KEYS[3])
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

/// Vault in and out, an exit by pool, buffer and queue, a receipt that another wallet claims, rewards: with two wallets in
/// two browsers, to the wei against the contracts' views.
#[tokio::test(flavor = "multi_thread")]
async fn parts_in_a_browser_to_the_wei() {
    let Some(chromium) = chromium() else { return };
    timeout(LIMIT, async {
        let site = Site::deployed_with(&["--buckets", "4", "--pool", "2000"]).await;
        let config = "[keeper.jobs]\npush = \"off\"\n";
        std::fs::write(site.folder.path().join("omnibus.toml"), config).unwrap();
        let service = Service::start(&site, "run", "on").await;
        let status = script("parts", chromium)
            .env("BASE_URL", &service.base)
            .env("RPC_URL", &site.url)
            .env("PRIVATE_KEY", KEYS[3])
            .env("OTHER_KEY", KEYS[2])
            .env("PAIR", site.address("UniswapV2Pair").to_string())
            .status()
            .await
            .expect("tsx: run scripts/setup");
        assert!(
            status.success(),
            "the parts failed; the words are above, the pictures in web/e2e/out"
        );
    })
    .await
    .expect("in time");
}

/// Into the basket by one asset and by all, out at once, in kind and by an epoch that the keepers bring home, and new weights
/// from the proposal to their execution: in a browser, to the wei against the contracts' events and views.
#[tokio::test(flavor = "multi_thread")]
async fn basket_in_a_browser_to_the_wei() {
    let Some(chromium) = chromium() else { return };
    timeout(LIMIT, async {
        let site = Site::with_basket(&[]).await;
        let service = Service::start(&site, "run", "on").await;
        let status = script("basket", chromium)
            .env("BASE_URL", &service.base)
            .env("RPC_URL", &site.url)
            .env("PRIVATE_KEY", KEYS[3])
            .status()
            .await
            .expect("tsx: run scripts/setup");
        assert!(
            status.success(),
            "the basket failed; the words are above, the pictures in web/e2e/out"
        );
    })
    .await
    .expect("in time");
}
