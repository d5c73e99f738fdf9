//! Who comes, and with how much: by chance, from a file, or from what was indexed.
//!
//! Chance is drawn in integers, so a seed gives the same run on every machine: waiting times and sizes are exponential by
//! von Neumann's comparison of uniform numbers (1951), which needs no logarithm.

use super::flags::BankRun;
use crate::{
    amount::Amount,
    args::Simulate,
    error::{Problem, Result},
};
use alloy::primitives::{B256, U256};
use model::{
    Assets, Shares,
    sim::{Demand, What},
};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::{collections::BTreeMap, path::Path};
use store::{EventFilter, PageRequest, Reader};

const DAY: u128 = 86_400;
const YEAR: u128 = 365 * DAY;
/// Times are counted in 2^-32 seconds on the way.
const FRACTION: u32 = 32;

/// Chance has streams, so that more of one kind of demand does not change another.
#[derive(Clone, Copy)]
enum Stream {
    Deposits,
    Exits,
    Bursts,
    /// The first of the bank runs; each has its own.
    BankRun,
}

fn rng(seed: u64, stream: Stream, nth: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((stream as u64).saturating_add(nth));
    rng
}

/// An exponential number with mean 1, times 2^32.
fn exponential(rng: &mut ChaCha8Rng) -> u128 {
    let mut whole = 0_u128;
    loop {
        let first = rng.next_u64();
        let (mut last, mut falls) = (first, 0_u32);
        loop {
            let next = rng.next_u64();
            if next >= last {
                break;
            }
            (last, falls) = (next, falls.saturating_add(1));
        }
        if falls.is_multiple_of(2) {
            return (whole << FRACTION) | (u128::from(first) >> FRACTION);
        }
        whole = whole.saturating_add(1);
    }
}

/// From `from` until `to` (seconds) arrivals come at `rate` in `per` seconds.
#[derive(Clone, Copy, Debug)]
struct Pace {
    from: u128,
    to: u128,
    rate: u128,
    per: u128,
}

/// A Poisson process whose pace changes in steps.
struct Arrivals {
    rng: ChaCha8Rng,
    paces: std::vec::IntoIter<Pace>,
    pace: Option<Pace>,
    /// Time, 2^-32 seconds.
    now: u128,
    mean: U256,
    what: fn(U256) -> What,
}

impl Arrivals {
    fn new(rng: ChaCha8Rng, paces: Vec<Pace>, mean: Amount, what: fn(U256) -> What) -> Self {
        let mut paces = paces.into_iter();
        let pace = paces.next();
        Self {
            rng,
            now: pace.map_or(0, |pace| pace.from << FRACTION),
            pace,
            paces,
            mean: mean.0,
            what,
        }
    }
}

impl Iterator for Arrivals {
    type Item = Demand;

    fn next(&mut self) -> Option<Demand> {
        // What is left of the wait, in means of the process.
        let mut left = exponential(&mut self.rng);
        loop {
            let pace = self.pace?;
            let end = pace.to << FRACTION;
            let room = end.saturating_sub(self.now);
            let wait = (pace.rate > 0).then(|| left.saturating_mul(pace.per) / pace.rate);
            if let Some(wait) = wait.filter(|wait| *wait < room) {
                self.now = self.now.saturating_add(wait);
                break;
            }
            left = left.saturating_sub(room.saturating_mul(pace.rate) / pace.per);
            self.pace = self.paces.next();
            self.now = end;
        }
        let size = exponential(&mut self.rng);
        let amount = self.mean.saturating_mul(U256::from(size)) >> FRACTION;
        Some(Demand {
            at: u64::try_from(self.now >> FRACTION).ok()?,
            what: (self.what)(amount.max(U256::from(1))),
        })
    }
}

/// Several of them, by time: what each has next, and the rest of it.
struct Merged(Vec<(Demand, Arrivals)>);

impl Merged {
    fn new(streams: Vec<Arrivals>) -> Self {
        let ready = |mut stream: Arrivals| Some((stream.next()?, stream));
        Self(streams.into_iter().filter_map(ready).collect())
    }
}

impl Iterator for Merged {
    type Item = Demand;

    fn next(&mut self) -> Option<Demand> {
        let streams = self.0.iter().enumerate();
        let (first, _) = streams.min_by_key(|(_, (demand, _))| demand.at)?;
        let (demand, stream) = self.0.get_mut(first)?;
        let came = *demand;
        match stream.next() {
            Some(next) => *demand = next,
            None => {
                self.0.remove(first);
            }
        }
        Some(came)
    }
}

fn deposit(amount: U256) -> What {
    What::Deposit(Assets::new(amount))
}

fn exit(amount: U256) -> What {
    What::Exit(Shares::new(amount))
}

/// A demand that can be played again and again.
#[derive(Debug)]
pub enum Source<'a> {
    /// By chance.
    Chance(&'a Simulate),
    /// As it was.
    Recorded(Vec<Demand>),
}

impl Source<'_> {
    /// All demand in order of time.
    pub fn play(&self) -> Box<dyn Iterator<Item = Demand> + '_> {
        match self {
            Self::Chance(args) => Box::new(chance(args)),
            Self::Recorded(list) => Box::new(list.iter().copied()),
        }
    }
}

/// What the flags ask for.
///
/// # Errors
/// [`Problem::Config`] for a file that does not read, [`Problem::Store`] for a database.
pub async fn source(args: &Simulate) -> Result<Source<'_>> {
    Ok(match (&args.replay, &args.history) {
        (Some(path), _) => Source::Recorded(replay(path)?),
        (None, Some(path)) => Source::Recorded(history(path).await?),
        (None, None) => Source::Chance(args),
    })
}

fn chance(args: &Simulate) -> impl Iterator<Item = Demand> + use<> {
    let span = u128::from(args.span.0);
    let steady = Pace {
        from: 0,
        to: span,
        rate: args.deposits.into(),
        per: DAY,
    };
    let mut all = vec![
        Arrivals::new(
            rng(args.seed, Stream::Deposits, 0),
            vec![steady],
            args.deposit_size,
            deposit,
        ),
        Arrivals::new(
            rng(args.seed, Stream::Exits, 0),
            bursts(args),
            args.exit_size,
            exit,
        ),
    ];
    for (nth, run) in (0_u64..).zip(&args.bank_run) {
        let rng = rng(args.seed, Stream::BankRun, nth);
        all.push(Arrivals::new(
            rng,
            vec![rush(args, run)],
            args.exit_size,
            exit,
        ));
    }
    Merged::new(all)
}

/// As many exits of the mean size as make the share.
fn rush(args: &Simulate, run: &BankRun) -> Pace {
    let coins = args.pot.0.saturating_mul(U256::from(run.share)) / U256::from(10_000);
    let exits = coins / args.exit_size.0.max(U256::from(1));
    let (from, to) = (u128::from(run.from), u128::from(run.to));
    Pace {
        from,
        to,
        rate: exits.saturating_to(),
        per: to.saturating_sub(from).max(1),
    }
}

/// The pace of exits: steady, and many times that in bursts.
fn bursts(args: &Simulate) -> Vec<Pace> {
    let (span, length) = (u128::from(args.span.0), u128::from(args.burst_length.0));
    let calm = u128::from(args.exits);
    let pace = |from, to, rate| Pace {
        from,
        to,
        rate,
        per: DAY,
    };
    let mut paces = Vec::new();
    let (mut rng, mut at) = (rng(args.seed, Stream::Bursts, 0), 0_u128);
    if args.bursts == 0 {
        return vec![pace(0, span, calm)];
    }
    loop {
        let gap = exponential(&mut rng).saturating_mul(YEAR) / u128::from(args.bursts);
        let begin = at.saturating_add(gap >> FRACTION);
        if begin >= span {
            break;
        }
        let end = begin.saturating_add(length).min(span);
        paces.push(pace(at, begin, calm));
        paces.push(pace(
            begin,
            end,
            calm.saturating_mul(args.burst_factor.into()),
        ));
        at = end;
    }
    paces.push(pace(at, span, calm));
    paces
}

/// One line of a CSV file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    seconds: u64,
    what: Kind,
    coins: Amount,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Deposit,
    Exit,
}

fn replay(path: &Path) -> Result<Vec<Demand>> {
    let wrong = |reason: String| Problem::Config {
        path: path.to_owned(),
        reason,
    };
    let mut reader = csv::Reader::from_path(path).map_err(|error| wrong(error.to_string()))?;
    let mut list: Vec<Demand> = Vec::new();
    for (number, line) in (2_u64..).zip(reader.deserialize()) {
        let line: Line = line.map_err(|error| wrong(error.to_string()))?;
        if let Some(before) = list.last().filter(|before| before.at > line.seconds) {
            let (at, before) = (line.seconds, before.at);
            return Err(wrong(format!(
                "line {number}: second {at} comes after second {before}"
            )));
        }
        list.push(Demand {
            at: line.seconds,
            what: match line.what {
                Kind::Deposit => deposit(line.coins.0),
                Kind::Exit => exit(line.coins.0),
            },
        });
    }
    Ok(list)
}

/// Deposits and exits of an index. Parts of one exit (buffer, pool, queue) are one transaction; what was cancelled is left
/// out. The first of them is second 0.
async fn history(path: &Path) -> Result<Vec<Demand>> {
    let reader = Reader::open(path).await?;
    let mut list: Vec<(u64, What)> = Vec::new();
    let mut exits: BTreeMap<(u64, B256), U256> = BTreeMap::new();
    let mut cancelled = Vec::new();
    for event in events(&reader, "ExitCancelled").await? {
        cancelled.push(event.args.get("id").cloned());
    }
    for event in events(&reader, "Deposited").await? {
        list.push((event.at, deposit(number(path, &event, "coins")?)));
    }
    for name in ["InstantExit", "AmmExit", "ExitRequested"] {
        for event in events(&reader, name).await? {
            if name == "ExitRequested" && cancelled.contains(&event.args.get("id").cloned()) {
                continue;
            }
            let lst = exits.entry((event.at, event.tx_hash)).or_default();
            *lst = lst.saturating_add(number(path, &event, "lst")?);
        }
    }
    list.extend(exits.into_iter().map(|((at, _), lst)| (at, exit(lst))));
    list.sort_by_key(|(at, _)| *at);
    let beginning = list.first().map_or(0, |(at, _)| *at);
    let demand = list.into_iter().map(|(at, what)| Demand {
        at: at.saturating_sub(beginning),
        what,
    });
    Ok(demand.collect())
}

async fn events(reader: &Reader, name: &str) -> Result<Vec<store::Event>> {
    let filter = EventFilter {
        name: Some(name.to_owned()),
        account: None,
    };
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = reader
            .events(&filter, &PageRequest { cursor, limit: 500 })
            .await?;
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

fn number(path: &Path, event: &store::Event, field: &str) -> Result<U256> {
    let text = event.args.get(field).and_then(serde_json::Value::as_str);
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| Problem::Config {
            path: path.to_owned(),
            reason: format!(
                "event {} of block {} has no number `{field}`",
                event.name, event.block
            ),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn simulate_exponential_numbers_have_mean_and_tail() {
        let mut rng = rng(7, Stream::Exits, 0);
        let draws: Vec<u128> = (0..200_000).map(|_| exponential(&mut rng)).collect();
        let one = 1_u128 << FRACTION;
        let mean = draws.iter().sum::<u128>() / 200_000;
        // The mean of 200,000 is 1 with a deviation of 0.0022: five of them.
        assert!(mean.abs_diff(one) < one / 90, "{mean}");
        // e^-1, e^-3 and e^-5 of them are above 1, 3 and 5.
        for (above, wanted) in [(1, 73_576), (3, 9_957), (5, 1_348)] {
            let count = draws.iter().filter(|draw| **draw > above * one).count();
            assert!(
                count.abs_diff(wanted) < wanted / 10 + 100,
                "{above}: {count}"
            );
        }
    }

    fn args(more: &[&str]) -> Simulate {
        use clap::Parser as _;
        let line = ["omnibus", "simulate"].iter().chain(more);
        match crate::args::Cli::parse_from(line).command {
            crate::args::Command::Simulate(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    fn exits(args: &Simulate) -> Vec<Demand> {
        chance(args)
            .filter(|demand| matches!(demand.what, What::Exit(_)))
            .collect()
    }

    #[test]
    fn simulate_chance_is_in_order_and_follows_from_its_seed() {
        let one = args(&["--bursts", "6", "--bank-run", "10d+1d:1000"]);
        let demand: Vec<_> = chance(&one).collect();
        assert!(demand.is_sorted_by_key(|demand| demand.at));
        assert_eq!(demand, chance(&one).collect::<Vec<_>>());
        assert_ne!(demand, chance(&args(&["--seed", "2"])).collect::<Vec<_>>());
        // 20 a day over 365 days; the deviation of a Poisson number is its root.
        let calm = exits(&args(&[])).len();
        assert!(calm.abs_diff(7_300) < 5 * 86, "{calm}");
    }

    #[test]
    fn simulate_more_of_one_demand_does_not_change_another() {
        let deposits = |more: &[&str]| -> Vec<_> {
            let args = args(more);
            chance(&args)
                .filter(|demand| matches!(demand.what, What::Deposit(_)))
                .collect()
        };
        assert_eq!(
            deposits(&[]),
            deposits(&["--exits", "100", "--bursts", "3"])
        );
    }

    #[test]
    fn simulate_a_bank_run_keeps_to_its_window_and_share() {
        let run = exits(&args(&["--exits", "0", "--bank-run", "100d+2d:3000"]));
        assert!(
            run.iter()
                .all(|exit| (100 * 86_400..102 * 86_400).contains(&exit.at))
        );
        let coins: U256 = run
            .iter()
            .map(|demand| match demand.what {
                What::Exit(lst) => lst.raw(),
                What::Deposit(_) => U256::ZERO,
            })
            .fold(U256::ZERO, U256::saturating_add);
        // 300,000 of a million coins in some 2,000 exits of 150: the deviation is 150 * sqrt(2 * 2000) = 9,487.
        let coins: u128 = (coins / U256::from(10_u64.pow(18))).saturating_to();
        assert!(coins.abs_diff(300_000) < 47_500, "{coins}");
    }

    #[test]
    fn simulate_bursts_multiply_exits() {
        // A burst lasts as long as the run: all of it, once the first has begun.
        let args = args(&[
            "--bursts",
            "1000",
            "--burst-length",
            "400d",
            "--burst-factor",
            "5",
        ]);
        let count = exits(&args).len();
        assert!(count.abs_diff(36_500) < 1_500, "{count}");
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn simulate_replays_a_file() {
        let file = file("seconds,what,coins\n0,deposit,10\n60,exit,2.5\n");
        let list = replay(file.path()).unwrap();
        let coin = 10_u128.pow(18);
        let wanted = [
            (0, What::Deposit(Assets::of(10 * coin))),
            (60, What::Exit(Shares::of(25 * coin / 10))),
        ];
        assert_eq!(list, wanted.map(|(at, what)| Demand { at, what }));
    }

    #[test]
    fn simulate_a_bad_file_names_line_and_value() {
        for (text, said) in [
            (
                "seconds,what,coins\n5,exit,1\n4,exit,1\n",
                "line 3: second 4 comes after second 5",
            ),
            ("seconds,what,coins\n5,leave,1\n", "leave"),
            ("seconds,what,coins\n5,exit,-1\n", "-1"),
            ("seconds,what,coins\nsoon,exit,1\n", "invalid digit"),
            ("seconds,coins\n5,1\n", "what"),
        ] {
            let file = file(text);
            let error = replay(file.path()).unwrap_err();
            assert!(matches!(error, Problem::Config { .. }), "{error}");
            assert!(error.to_string().contains(said), "{error}");
        }
        assert!(matches!(
            replay(Path::new("/nowhere.csv")),
            Err(Problem::Config { .. })
        ));
    }

    /// Deposit, an exit in two parts, and a request that is cancelled: a demand of two.
    #[tokio::test]
    async fn simulate_replays_an_index() {
        use serde_json::json;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("omnibus.sqlite");
        store::Store::migrate(&path).await.unwrap();
        let store = store::Store::open(&path, store::Options::default())
            .await
            .unwrap();
        let who = alloy::primitives::Address::repeat_byte(7);
        let block = |number: u64, timestamp| store::Block {
            number,
            hash: B256::with_last_byte(u8::try_from(number).unwrap()),
            parent: B256::with_last_byte(u8::try_from(number - 1).unwrap()),
            timestamp,
            events: 0,
        };
        let event = |block: u64, log_index, name: &str, args| store::Event {
            block,
            log_index,
            at: 0,
            tx_hash: B256::repeat_byte(u8::try_from(block).unwrap()),
            address: who,
            name: name.to_owned(),
            args,
            topics: Default::default(),
            data: Default::default(),
        };
        let asked =
            |id: &str, lst: &str| json!({ "id": id, "owner": who, "lst": lst, "hint": "65535" });
        let deposited = json!({ "account": who, "payer": who, "hint": "65535", "coins": "1000", "lst": "1000" });
        let instant =
            json!({ "account": who, "recipient": who, "lst": "50", "gross": "50", "fee": "1" });
        let batch = store::RangeBatch {
            first: 1,
            last: block(4, 1_200),
            blocks: vec![block(1, 1_000), block(2, 1_060), block(3, 1_090)],
            events: vec![
                event(1, 0, "Deposited", deposited),
                event(2, 0, "InstantExit", instant),
                event(2, 1, "ExitRequested", asked("1", "200")),
                event(3, 0, "ExitRequested", asked("2", "100")),
                event(
                    4,
                    0,
                    "ExitCancelled",
                    json!({ "id": "2", "owner": who, "lst": "100" }),
                ),
            ],
            alerts: vec![],
        };
        store.apply_range(batch).await.unwrap();

        let wanted = [
            (0, What::Deposit(Assets::of(1_000))),
            (60, What::Exit(Shares::of(250))),
        ];
        assert_eq!(
            history(&path).await.unwrap(),
            wanted.map(|(at, what)| Demand { at, what })
        );
    }
}
