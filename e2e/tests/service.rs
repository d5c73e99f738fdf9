//! `omnibus run` from outside: index, keepers and API beside the chain, killed and started again.

use crate::site::{ACCOUNTS, COIN, Running, Site, free_port, root, until, wei};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, U256},
};
use chain::bindings::ILiquidMinter;
use serde_json::Value;
use std::{
    process::Stdio,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(400);

/// A running `omnibus run`.
pub struct Service {
    pub base: String,
    pub process: Running,
    client: reqwest::Client,
}

impl Service {
    /// Starts it with a keeper that works (`on`), or none, and waits until it is ready.
    pub async fn start(site: &Site, data: &str, keeper: &str) -> Self {
        Self::start_logging(site, data, keeper, Stdio::inherit()).await
    }

    /// The same; what it logs goes to `log`.
    pub async fn start_logging(site: &Site, data: &str, keeper: &str, log: Stdio) -> Self {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let web = root().join("web/dist");
        // The factor only sets the keeper's pace: a look every half second.
        let mut command = site.command(
            1,
            &[
                "run",
                "--listen",
                &listen,
                "--keeper",
                keeper,
                "--data-dir",
                data,
                "--clock-factor",
                "600",
            ],
        );
        if web.join("index.html").is_file() {
            command.arg("--web").arg(&web);
        }
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let service = Self {
            base: format!("http://{listen}"),
            process: Running(child),
            client: chain::http_client(Duration::from_secs(10)).unwrap(),
        };
        service.ready(true).await;
        service
    }

    /// Waits until it says that it is ready, or that it is not; its words.
    pub async fn ready(&self, wanted: bool) -> Value {
        let what = format!("the service says ready: {wanted}");
        until(&what, || async {
            let url = format!("{}/readyz", self.base);
            let answer = self.client.get(url).send().await.ok()?;
            let ready = answer.status().is_success();
            let body: Value = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
            assert_eq!(body["ready"], ready, "status and words agree: {body}");
            (ready == wanted).then_some(body)
        })
        .await
    }

    /// Reads a path of the API.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self
            .client
            .get(format!("{}/api/v1{path}", self.base))
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert!(status.is_success(), "{path}: {body}");
        body
    }

    /// Waits until the index has the chain's head.
    pub async fn caught_up(&self, site: &Site) {
        until("the index has the head", || async {
            let head = site.pool.latest().await.unwrap().number;
            let status = self.get("/status").await;
            (status["indexed"]["number"].as_u64() >= Some(head)).then_some(())
        })
        .await;
    }

    /// Kills it without a word.
    pub fn kill(mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }
}

/// When an exit is paid: contract, REST and command line say one time, before it is asked for, in the open rung, and once its
/// stake is on the way. (The simulator's is compared with the contract's in `simulate`.)
#[tokio::test(flavor = "multi_thread")]
async fn the_contract_rest_and_the_command_line_promise_one_time() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        let service = Service::start(&site, "run", "off").await;
        let me = ACCOUNTS[2];
        site.ok(2, &["user", "deposit", "400"]);
        // All that may be staked is, so that stake has to leave.
        let mut staked = U256::ZERO;
        loop {
            site.run(1, &["ops", "rebalance"]);
            let active = wei(&site.ok(2, &["ops", "status"])["active"]);
            if active == std::mem::replace(&mut staked, active) {
                break;
            }
        }

        // More than the buffer can pay: two ways at once.
        let amount = U256::from(300 * COIN);
        service.caught_up(&site).await;
        let quote = site.read(&ILiquidMinter::quoteExitCall { amount }).await;
        assert!(
            quote.instantLst > U256::ZERO && quote.queueLst > U256::ZERO,
            "{quote:?}"
        );
        let eta: u64 = quote.queueEta.to();
        assert!(eta > site.now().await, "{quote:?}");
        // REST keeps a block for a moment.
        let head = site.pool.latest().await.unwrap().number;
        let rest = until("the quote is of the head", || async {
            let rest = service.get(&format!("/quote/exit?amount={amount}")).await;
            (rest["block"].as_u64() == Some(head)).then_some(rest)
        })
        .await;
        assert_eq!(wei(&rest["instantNow"]["lst"]), quote.instantLst);
        assert_eq!(wei(&rest["queue"]["lst"]), quote.queueLst);
        assert_eq!(wei(&rest["queue"]["value"]), quote.queueValue);
        assert_eq!(rest["queue"]["eta"].as_u64(), Some(eta));
        let told = site.ok(2, &["user", "redeem", "300", "--quote"]);
        assert_eq!(wei(&told["queued"]), quote.queueLst);
        assert_eq!(told["queuedAt"].as_u64(), Some(eta));

        let exit = site.ok(2, &["user", "redeem", "300"]);
        assert_eq!(wei(&exit["paid"]), quote.instantPay);
        let id: U256 = exit["request"].as_str().unwrap().parse().unwrap();
        let promised = async || {
            service.caught_up(&site).await;
            let told = site.read(&ILiquidMinter::exitEtaCall { id }).await;
            let eta: u64 = told.eta.to();
            let what = format!("REST promises {told:?}");
            until(&what, || async {
                let requests = service.get(&format!("/accounts/{me}/requests")).await;
                let request = &requests["items"][0];
                // Not even while REST keeps a block from before it was made.
                assert_ne!(request["state"], "claimed", "{request}");
                let same = request["promisedAt"].as_u64() == Some(eta);
                (same && request["revised"] == told.revised).then_some(())
            })
            .await;
            let requests = site.ok(2, &["user", "requests"]);
            assert_eq!(requests[0]["promisedAt"].as_u64(), Some(eta));
            eta
        };
        // An estimate, while others may join: the quote's, as little time as the command took.
        let open = promised().await;
        assert!(open.abs_diff(eta) <= 60, "{open} {eta}");
        site.pass(3_700).await;
        site.ok(1, &["ops", "close-rung"]);
        let closed = promised().await;
        site.ok(1, &["ops", "depart"]);
        let departed = promised().await;
        // The rung closed some minutes after it might have; from then on the promise only falls.
        assert!(closed <= eta + 3_700, "{closed} {eta}");
        assert!(departed <= closed, "{departed} {closed}");
        assert!(departed > site.now().await, "stake had to leave");
    })
    .await
    .expect("in time");
}

/// The keepers do the work, the payout included; REST says what the command line and the chain say.
#[tokio::test(flavor = "multi_thread")]
async fn journey_by_rest_reads_with_keepers_at_work() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        let service = Service::start(&site, "run", "on").await;
        let coin = U256::from(COIN);
        let me = ACCOUNTS[2];
        site.ok(2, &["user", "deposit", "50"]);
        until("the stake bus left", || async {
            let _ = site.pass(60).await;
            (wei(&site.ok(2, &["ops", "status"])["active"]) > coin * U256::from(50)).then_some(())
        })
        .await;
        let exit = site.ok(2, &["user", "redeem", "20", "--instant-max", "2"]);
        let id = exit["request"].as_str().unwrap();
        service.caught_up(&site).await;
        let account = service.get(&format!("/accounts/{me}")).await;
        assert_eq!(wei(&account["lstBalance"]), coin * U256::from(30));
        assert_eq!(wei(&account["deposited"]), coin * U256::from(50));
        let requests = service.get(&format!("/accounts/{me}/requests")).await;
        assert_eq!(requests["items"][0]["id"].as_str(), Some(id));
        assert_eq!(wei(&requests["items"][0]["lst"]), coin * U256::from(18));

        // Time passes in hours; rung, departures, sweep, funding and the payout are the keepers' work alone.
        let before = site.coins(2).await;
        let mut hours = 0_u64;
        loop {
            site.pass(if hours < 72 { 3_600 * 6 } else { 86_400 }).await;
            hours += 6;
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .as_secs();
            until("the keepers to look", async || {
                let status = service.get("/status").await;
                (status["keeper"]["lastRunAt"].as_u64() > Some(now)).then_some(())
            })
            .await;
            let requests = site.ok(2, &["user", "requests"]);
            if requests == Value::Array(Vec::new()) {
                break;
            }
            assert!(hours < 24 * 60, "no coins after two months: {requests}");
        }
        let standard = (coin * U256::from(18) * U256::from(5)).div_ceil(U256::from(10_000));
        let paid = site.coins(2).await - before;
        assert_eq!(
            paid,
            coin * U256::from(18) - standard,
            "unasked, and to the wei"
        );
        service.caught_up(&site).await;
        let history = service.get(&format!("/accounts/{me}/history")).await;
        let kinds: Vec<_> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["kind"].as_str().unwrap())
            .collect();
        for kind in ["deposit", "instantExit", "request", "claim"] {
            assert!(kinds.contains(&kind), "{kind} is missing in {kinds:?}");
        }
        let status = service.get("/status").await;
        assert_eq!(
            (status["holesFound"].as_u64(), status["holesLeft"].as_u64()),
            (Some(0), Some(0))
        );
    })
    .await
    .expect("in time");
}

/// The chain dies under a running service, with a keeper's transaction in its mempool, and comes back.
#[tokio::test(flavor = "multi_thread")]
async fn o1_the_chain_goes_down_under_a_running_service_and_comes_back() {
    timeout(LIMIT, async {
        let mut site = Site::deployed().await;
        let path = site.folder.path().join("service.log");
        let log = || std::fs::read_to_string(&path).unwrap();
        let file = std::fs::File::create(&path).unwrap();
        let mut service = Service::start_logging(&site, "down", "on", file.into()).await;
        let keeper: Address = ACCOUNTS[1].parse().unwrap();
        site.ok(2, &["user", "deposit", "50"]);
        until("the stake bus left", || async {
            let _ = site.pass(60).await;
            (wei(&site.ok(2, &["ops", "status"])["active"]) > U256::from(50 * COIN)).then_some(())
        })
        .await;
        // Nothing is mined any more, and validators are to be synced: the keeper's transaction waits.
        let _: Value = site
            .pool
            .request("evm_setAutomine", (false,))
            .await
            .unwrap();
        site.pass(3_600).await;
        let waiting = until("a transaction of the keeper waits", || async {
            let pool: Value = site.pool.request("txpool_content", ()).await.ok()?;
            let mut accounts = pool["pending"].as_object()?.iter();
            let (_, sent) =
                accounts.find(|(account, _)| account.eq_ignore_ascii_case(ACCOUNTS[1]))?;
            let hash = sent.as_object()?.values().next()?["hash"].as_str()?;
            Some(hash.parse::<B256>().unwrap())
        })
        .await;
        site.stop_chain().await;

        // It says so, and goes on answering from what it has.
        let words = service.ready(false).await;
        let chain = words["checks"].as_array().unwrap().iter();
        let chain = chain
            .clone()
            .find(|check| check["name"] == "chain")
            .unwrap();
        assert_eq!(
            (&chain["ok"], &chain["detail"]),
            (&false.into(), &"does not answer".into())
        );
        until("the log says so", || async {
            let log = log();
            (log.contains("the index waits") && log.contains("this tick failed")).then_some(())
        })
        .await;
        let account = service
            .get(&format!("/accounts/{}/history", ACCOUNTS[2]))
            .await;
        assert_eq!(account["items"].as_array().unwrap().len(), 1);
        assert!(service.process.0.try_wait().unwrap().is_none(), "it lives");
        // A service that is started meanwhile has nothing to go on: it says what to do and ends.
        let run = ["run", "--data-dir", "other", "--listen", "127.0.0.1:0"];
        let text = site.fails(1, &run, 4);
        assert!(
            text.contains("no endpoint answers") && text.contains("start the node"),
            "{text}"
        );

        site.start_chain().await;
        service.ready(true).await;
        // The mempool was lost with the chain; the journal was not.
        let receipt = until("what waited is mined", || async {
            site.pool.receipt(waiting).await.unwrap()
        })
        .await;
        assert!(receipt.succeeded());
        site.ok(2, &["user", "deposit", "7"]);
        site.ok(2, &["user", "redeem", "3", "--instant-max", "0"]);
        service.caught_up(&site).await;
        until("the log says that it goes on", || async {
            log().contains("the index goes on").then_some(())
        })
        .await;
        let rung = site.ok(2, &["ops", "status"])["openRung"].clone();
        until("the rung was closed", || async {
            let _ = site.pass(3_600).await;
            (site.ok(2, &["ops", "status"])["openRung"] != rung).then_some(())
        })
        .await;
        assert!(service.process.0.try_wait().unwrap().is_none(), "it lives");
        assert!(!log().contains(crate::site::KEYS[1].trim_start_matches("0x")));
        service.kill();

        // Nothing twice: as many transactions on chain as in the journal, one for each attempt.
        let journal = site.folder.path().join("down/omnibus.sqlite");
        let reader = store::Reader::open(&journal).await.unwrap();
        let page = store::PageRequest {
            limit: 200,
            ..store::PageRequest::default()
        };
        let entries = reader.journal(&page).await.unwrap().items;
        let rows: Vec<_> = entries.iter().flat_map(|entry| &entry.txs).collect();
        let nonces: std::collections::BTreeSet<_> = rows.iter().map(|row| row.nonce).collect();
        assert_eq!(nonces.len(), rows.len(), "a nonce for each, none replaced");
        let sent = site.pool.nonce(keeper, BlockId::latest()).await.unwrap();
        let mined = rows.iter().filter(|row| row.nonce < sent).count();
        assert_eq!(u64::try_from(mined).unwrap(), sent);
        // Nothing lost: the same answers as an index that never saw the chain die.
        let seen = Service::start(&site, "down", "off").await;
        let clean = Service::start(&site, "clean", "off").await;
        same_answers(&site, &seen, &clean).await;
    })
    .await
    .expect("in time");
}

/// Two services that both have the head say the same.
async fn same_answers(site: &Site, one: &Service, other: &Service) {
    one.caught_up(site).await;
    other.caught_up(site).await;
    for path in [
        "/monitoring/rungs".to_owned(),
        "/monitoring/events?limit=200".to_owned(),
        "/validators".to_owned(),
        format!("/accounts/{}", ACCOUNTS[2]),
        format!("/accounts/{}/requests", ACCOUNTS[2]),
        format!("/accounts/{}/history", ACCOUNTS[2]),
        format!("/accounts/{}/history", ACCOUNTS[3]),
    ] {
        assert_eq!(one.get(&path).await, other.get(&path).await, "{path}");
    }
}

/// A key has one sender, a folder one service; an operator with a key of their own acts beside both.
#[tokio::test(flavor = "multi_thread")]
async fn o6_a_command_beside_a_running_keeper_needs_a_key_of_its_own() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        let service = Service::start(&site, "run", "on").await;
        let sync = ["ops", "sync-validators", "--data-dir", "run"];
        let text = site.fails(1, &sync, 7);
        assert!(
            text.contains("is sending with the key of") && text.contains(ACCOUNTS[1]),
            "{text}"
        );
        assert!(text.contains("Operate"), "it says what to do: {text}");
        // Anybody may sync; the admin's key is not the keeper's.
        site.ok(0, &sync);
        // And the other way round: what a command holds, the keeper does not take.
        service.kill();
        let _: Value = site
            .pool
            .request("evm_setAutomine", (false,))
            .await
            .unwrap();
        let mut command = site.command(1, &sync);
        let mut command = Running(command.stdout(Stdio::null()).spawn().unwrap());
        let waits = || async {
            let pool: Value = site.pool.request("txpool_status", ()).await.ok()?;
            (pool["pending"] == "0x1").then_some(())
        };
        until("its transaction waits", waits).await;
        let run = [
            "run",
            "--data-dir",
            "run",
            "--keeper",
            "on",
            "--listen",
            "127.0.0.1:0",
        ];
        let text = site.fails(1, &run, 7);
        assert!(text.contains("is sending with the key of"), "{text}");
        // Cut short, it leaves the keeper what it sent; the keeper waits for it and sends nothing in its place.
        command.0.kill().unwrap();
        command.0.wait().unwrap();
        let keeper = ACCOUNTS[1].parse().unwrap();
        let before = site.pool.nonce(keeper, BlockId::latest()).await.unwrap();
        let _: Value = site.pool.request("evm_mine", ()).await.unwrap();
        let _: Value = site.pool.request("evm_setAutomine", (true,)).await.unwrap();
        let _service = Service::start(&site, "run", "on").await;
        let after = site.pool.nonce(keeper, BlockId::latest()).await.unwrap();
        assert!(after > before, "the command's transaction was mined");
    })
    .await
    .expect("in time");
}

/// Killed in the middle of its work, again and again: afterwards it answers as one that was never killed.
#[tokio::test(flavor = "multi_thread")]
async fn o3_a_service_killed_at_any_moment_ends_with_the_same_answers() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        for round in 0..4_u64 {
            let service = Service::start(&site, "killed", "on").await;
            site.ok(2, &["user", "deposit", "11"]);
            site.ok(3, &["user", "deposit", "3"]);
            site.ok(2, &["user", "redeem", "1.5", "--instant-max", "0.5"]);
            site.pass(3_700).await;
            // At another moment each time: while it indexes, plans, signs or waits.
            tokio::time::sleep(Duration::from_millis(150 * round)).await;
            service.kill();
        }
        // Nobody sends any more, so that both see the same chain.
        let killed = Service::start(&site, "killed", "off").await;
        let clean = Service::start(&site, "clean", "off").await;
        same_answers(&site, &killed, &clean).await;
        // The folder is one process's.
        let out = site.run(
            1,
            &["run", "--data-dir", "clean", "--listen", "127.0.0.1:0"],
        );
        assert_eq!(
            out.status.code(),
            Some(7),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        // So is the port.
        let listen = clean.base.trim_start_matches("http://");
        let text = site.fails(1, &["run", "--data-dir", "other", "--listen", listen], 7);
        assert!(text.contains("in use"), "{text}");
    })
    .await
    .expect("in time");
}

/// What alerts and graphs ask Prometheus for is what the program says: `scripts/check/deploy` holds them against this record.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_those_on_record_for_alerts_and_graphs() {
    timeout(LIMIT, async {
        let families = |text: &str| -> std::collections::BTreeSet<String> {
            let lines = text.lines().filter(|line| line.starts_with("# TYPE "));
            lines.map(str::to_owned).collect()
        };
        let path = root().join("deploy/prometheus/metrics.txt");
        let record = families(&std::fs::read_to_string(path).unwrap());
        let site = Site::with_basket(&[]).await;
        let service = Service::start(&site, "run", "dry-run").await;
        let url = format!("{}/metrics", service.base);
        let text = until(
            "the monitor to read a block, and a keeper to look",
            async || {
                let answer = service.client.get(&url).send().await.unwrap();
                assert!(answer.status().is_success());
                let text = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
                (text.contains("omnibus_sample{") && text.contains("omnibus_keeper_last_run"))
                    .then_some(text)
            },
        )
        .await;
        assert_eq!(
            families(&text),
            record,
            "deploy/README.md says how to record it anew"
        );
    })
    .await
    .expect("in time");
}
